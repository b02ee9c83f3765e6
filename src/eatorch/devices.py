"""Choose where tensors live."""

import os

import torch

__all__ = ["device"]


def device(prefer: str | torch.device | None = None) -> torch.device:
    """Return the best device of this machine.

    The accelerator if there is one (under ``torchrun`` the one that belongs to this
    process), else the CPU.

    Args:
        prefer: A device to use instead, such as ``"cpu"`` or ``"cuda:1"``.

    Returns:
        The device, ready for ``tensor.to(device)``.

    Raises:
        ValueError: If ``prefer`` names no device, or one that this machine lacks; or if
            ``torchrun`` started more processes than there are accelerators.

    Example:
        >>> device("cpu")
        device(type='cpu')

    References:
        https://docs.pytorch.org/docs/2.13/accelerator.html
    """
    if prefer is not None:
        return _wished(prefer)
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return torch.device("cpu")
    return torch.device(accelerator.type, _local_rank(accelerator.type))


def _local_rank(kind: str) -> int:
    """Return the number that ``torchrun`` gave to this process, else 0."""
    rank, count = os.environ.get("LOCAL_RANK", "0"), torch.accelerator.device_count()
    if not rank.isdecimal() or int(rank) >= count:
        raise ValueError(
            f"LOCAL_RANK must be 0 to {count - 1}, one {kind} device for each process, "
            f"got {rank!r}"
        )
    return int(rank)


def _wished(prefer: str | torch.device) -> torch.device:
    try:
        wished = torch.device(prefer)
        torch.empty(0, device=wished)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise ValueError(
            f"prefer must name a device of this machine, got {prefer!r}"
        ) from error
    return wished
