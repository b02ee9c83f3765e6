"""How well two areas agree, counted over a whole epoch."""

from collections.abc import Iterable
from typing import Self

from torch import Tensor

from eatorch.decisions import decided, same_shape, some

__all__ = ["Dice", "IoU"]


class _Overlap:
    """Counts of a marked area, a right area and what they share."""

    def __init__(self, *, threshold: float = 0.0) -> None:
        self.threshold = threshold
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new epoch begins."""
        self.shared: int | Tensor = 0
        self.both: int | Tensor = 0  # one area plus the other
        self.batches = 0

    def update(self, output: Tensor, target: Tensor, /) -> None:
        """Count one batch.

        Args:
            output: Score of each pixel, any shape; or the area itself, as bool or 0/1.
            target: Right area, bool or 0/1, of the same shape.

        Raises:
            ValueError: If the shapes differ.
        """
        same_shape(output, target)
        marked, right = decided(output, target, self.threshold) > 0, target > 0
        self.shared = self.shared + (marked & right).sum()
        self.both = self.both + marked.sum() + right.sum()
        self.batches += 1

    def merge_state(self, others: Iterable[Self]) -> None:
        """Add what other processes have counted."""
        for other in others:
            self.shared = int(self.shared) + int(other.shared)
            self.both = int(self.both) + int(other.both)
            self.batches += other.batches


class Dice(_Overlap):
    """How well a marked area covers the right one: twice the shared part by the sum.

    Two empty areas agree: 1.

    Args:
        threshold: Above it a pixel is marked: 0 for logits, 0.5 for probabilities.

    Example:
        >>> import torch
        >>> metric = Dice()
        >>> metric.update(torch.tensor([1, 1, 0, 0]), torch.tensor([1, 0, 0, 0]))
        >>> round(metric.compute(), 4)
        0.6667

    References:
        Dice, "Measures of the amount of ecologic association between species" (1945).
    """

    def compute(self) -> float:
        """Return the score, 0 to 1.

        Raises:
            ValueError: If nothing has been counted.
        """
        some(self.batches)
        return 2 * int(self.shared) / int(self.both) if self.both else 1.0


class IoU(_Overlap):
    """Intersection over union: the shared area by the area that either covers.

    Two empty areas agree: 1.

    Args:
        threshold: Above it a pixel is marked: 0 for logits, 0.5 for probabilities.

    Example:
        >>> import torch
        >>> metric = IoU()
        >>> metric.update(torch.tensor([1, 1, 0, 0]), torch.tensor([1, 0, 0, 0]))
        >>> metric.compute()
        0.5

    References:
        Jaccard, "The distribution of the flora in the alpine zone" (1912).
    """

    def compute(self) -> float:
        """Return the score, 0 to 1.

        Raises:
            ValueError: If nothing has been counted.
        """
        some(self.batches)
        union = int(self.both) - int(self.shared)
        return int(self.shared) / union if union else 1.0
