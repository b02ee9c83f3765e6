"""Choose where tensors live."""

import os

import torch


def device(prefer: str | torch.device | None = None) -> torch.device:
    """Return the best device of this machine.

    The accelerator if there is one (under ``torchrun`` the one that belongs to this
    process), else the CPU.

    Args:
        prefer: A device to use instead, such as ``"cpu"`` or ``"cuda:1"``.

    Returns:
        The device, ready for ``tensor.to(device)``.

    Raises:
        ValueError: If ``prefer`` names no device, or one that this machine lacks.

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
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    return torch.device(accelerator.type, local_rank)


def _wished(prefer: str | torch.device) -> torch.device:
    try:
        wished = torch.device(prefer)
        torch.empty(0, device=wished)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"prefer must name a device of this machine, got {prefer!r}"
        ) from error
    return wished
