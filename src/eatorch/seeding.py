"""One call that makes a run repeatable."""

import random

import numpy as np
import torch

__all__ = ["seed_everything"]


def seed_everything(seed: int = 0, *, deterministic: bool = False) -> torch.Generator:
    """Seed Python, NumPy and PyTorch on every device.

    Args:
        seed: Start of all random streams, ``0 <= seed < 2**32``.
        deterministic: Ask PyTorch for algorithms that give the same bits every time.
            They can be slower, and an operation that has none raises an error.

    Returns:
        A new CPU generator seeded alike, for a ``DataLoader`` that shuffles.

    Raises:
        TypeError: If ``seed`` is not an int.
        ValueError: If ``seed`` is out of range.

    Example:
        >>> generator = seed_everything(7)
        >>> first = torch.rand(2)
        >>> _ = seed_everything(7)
        >>> torch.equal(first, torch.rand(2))
        True

    References:
        https://docs.pytorch.org/docs/2.13/notes/randomness.html
    """
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed must be an int, got {type(seed).__name__} {seed!r}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must satisfy 0 <= seed < 2**32, got {seed}")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from the old stream
    torch.manual_seed(seed)  # seeds every accelerator too
    torch.use_deterministic_algorithms(deterministic)
    return torch.Generator().manual_seed(seed)
