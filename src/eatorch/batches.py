"""Small things that a loop does with batches, whatever is in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

__all__: list[str] = []


def move(batch: Any, device: torch.device) -> Any:
    """Copy all tensors of a nested batch to a device."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=batch.is_pinned())
    if isinstance(batch, Mapping):
        return {name: move(part, device) for name, part in batch.items()}
    if isinstance(batch, tuple | list):
        return [move(part, device) for part in batch]
    return batch


def size(batch: Any) -> int:
    """Return the number of samples: the length of the first tensor in the batch."""
    if isinstance(batch, Tensor):
        return len(batch)
    parts = batch.values() if isinstance(batch, Mapping) else batch
    return next((len(part) for part in parts if isinstance(part, Tensor)), len(batch))


def length(batches: Any) -> int | None:
    """Return the number of batches, or None where it is not known."""
    try:
        return len(batches)
    except (TypeError, NotImplementedError):
        return None


def begin_epoch(batches: Any, epoch: int) -> None:
    """Tell samplers that shuffle by the number of the epoch, as the distributed one."""
    for sampler in ("sampler", "batch_sampler"):
        set_epoch = getattr(getattr(batches, sampler, None), "set_epoch", None)
        if set_epoch is not None:
            set_epoch(epoch)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Switch to evaluation mode, and each module back to its own mode."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
