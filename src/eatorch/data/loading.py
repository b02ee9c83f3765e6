"""From a data set to batches."""

from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, random_split

__all__ = ["loaders"]


def loaders(
    dataset: Dataset[Any], batch_size: int, *, split: float = 0.8, seed: int = 0
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Split a data set at random into a training and a validation loader.

    Args:
        dataset: Anything with a length and samples by number.
        batch_size: Samples in a batch, at least 1; the last one may be smaller.
        split: Share of the samples for training, between 0 and 1.
        seed: Start of the split and of the order of training. The order changes from
            epoch to epoch, and is the same in each run.

    Returns:
        A shuffling loader for training and one in fixed order for validation.

    Raises:
        TypeError: If ``dataset`` has no length.
        ValueError: If ``batch_size`` is not positive, or ``split`` leaves one side
            without a sample.

    Example:
        >>> from torch.utils.data import TensorDataset
        >>> train, valid = loaders(TensorDataset(torch.arange(10)), 4)
        >>> len(train.dataset), len(valid.dataset), len(train)
        (8, 2, 2)
    """
    if not hasattr(dataset, "__len__"):
        raise TypeError(f"dataset must have a length, got {type(dataset).__name__}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    size = len(dataset)
    first = round(split * size)
    if not 0 < split < 1 or not 0 < first < size:
        raise ValueError(
            "split must leave samples on both sides (0 < split < 1), "
            f"got {split} of {size} samples"
        )
    generator = torch.Generator().manual_seed(seed)
    train, valid = random_split(dataset, [first, size - first], generator)
    return (
        DataLoader(train, batch_size, shuffle=True, generator=generator),
        DataLoader(valid, batch_size),
    )
