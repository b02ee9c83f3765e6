"""Measures of a whole epoch: counted batch by batch, divided once at the end.

The mean of the batches' values is not the value of the epoch: batches differ in size,
and an AUC or a Dice score does not average at all. So each metric keeps counts (the AUC
keeps every score) and computes from them.
"""

from collections.abc import Iterable
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from eatorch.decisions import decided, same_shape, some
from eatorch.overlaps import Dice, IoU

__all__ = ["AUC", "Accuracy", "ConfusionMatrix", "Dice", "IoU", "Metric"]


@runtime_checkable
class Metric(Protocol):
    """What a :class:`~eatorch.training.Trainer` asks of a metric.

    The metrics of torchmetrics fit as they are. A metric that also has
    ``merge_state(others)`` works on several processes.
    """

    def reset(self) -> None:
        """Forget everything: a new epoch begins."""

    def update(self, output: Tensor, target: Tensor, /) -> None:
        """Count one batch."""

    def compute(self) -> float | Tensor:
        """Return the value over all batches since the last reset."""


class Accuracy:
    """Share of right answers.

    Args:
        threshold: Where two classes part: 0 for logits, 0.5 for probabilities.

    Example:
        >>> metric = Accuracy()
        >>> metric.update(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0]))
        >>> metric.compute()
        0.5
    """

    def __init__(self, *, threshold: float = 0.0) -> None:
        self.threshold = threshold
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new epoch begins."""
        self.hits: int | Tensor = 0
        self.samples = 0

    def update(self, output: Tensor, target: Tensor, /) -> None:
        """Count one batch.

        Args:
            output: One score per class, shape ``(batch, classes, ...)``; or, for two
                classes, one score per target; or the classes themselves, as integers.
            target: Right class of each sample, shape ``(batch, ...)``.

        Raises:
            ValueError: If the shapes do not belong together.
        """
        hits = (decided(output, target, self.threshold) == target).sum()
        # The CPU has the number at hand; a device would have to be waited for.
        self.hits += int(hits) if hits.device.type == "cpu" else hits
        self.samples += target.numel()

    def merge_state(self, others: Iterable[Self]) -> None:
        """Add what other processes have counted."""
        for other in others:
            self.hits = int(self.hits) + int(other.hits)
            self.samples += other.samples

    def compute(self) -> float:
        """Return the share, 0 to 1.

        Raises:
            ValueError: If nothing has been counted.
        """
        return float(self.hits) / some(self.samples)


class ConfusionMatrix:
    """How often each class was taken for which: right ones by given ones.

    Args:
        classes: Number of classes, at least 2.
        threshold: Where two classes part: 0 for logits, 0.5 for probabilities.

    Raises:
        ValueError: If there are fewer than two classes.

    Example:
        >>> metric = ConfusionMatrix(2)
        >>> metric.update(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]))
        >>> metric.compute()
        tensor([[1, 1],
                [0, 1]])
    """

    def __init__(self, classes: int, *, threshold: float = 0.0) -> None:
        if classes <= 1:
            raise ValueError(f"classes must be at least 2, got {classes}")
        self.classes, self.threshold = classes, threshold
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new epoch begins."""
        self.counts = torch.zeros(self.classes, self.classes, dtype=torch.int64)

    def update(self, output: Tensor, target: Tensor, /) -> None:
        """Count one batch.

        Args:
            output: As for :meth:`Accuracy.update`.
            target: Right class of each sample, shape ``(batch, ...)``.

        Raises:
            ValueError: If the shapes do not belong together, or a class is not among
                ``classes``.
        """
        pair = torch.stack([target, decided(output, target, self.threshold)])
        pair = pair.reshape(2, -1).long().cpu()
        if pair.numel() and not 0 <= pair.min() <= pair.max() < self.classes:
            raise ValueError(
                f"classes must lie from 0 to {self.classes - 1}, got "
                f"{int(pair.min())} to {int(pair.max())}"
            )
        cells = (self.classes * pair[0] + pair[1]).bincount(minlength=self.classes**2)
        self.counts += cells.reshape(self.classes, self.classes)

    def merge_state(self, others: Iterable[Self]) -> None:
        """Add what other processes have counted."""
        for other in others:
            self.counts += other.counts

    def compute(self) -> Tensor:
        """Return counts, int64, shape ``(classes, classes)``: right by given."""
        return self.counts.clone()


class AUC:
    """Area under the ROC curve of two classes, over the whole epoch.

    It is the chance that a random sample of class 1 gets a higher score than a random
    one of class 0, where a draw counts half. Only the order of the scores matters, so
    logits and probabilities give the same.

    Example:
        >>> metric = AUC()
        >>> targets = torch.tensor([0, 0, 1, 1])
        >>> metric.update(torch.tensor([0.1, 0.4, 0.35, 0.8]), targets)
        >>> metric.compute()
        0.75

    References:
        Mann and Whitney, "On a test of whether one of two random variables is
        stochastically larger than the other" (1947).
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new epoch begins."""
        self.scores: list[Tensor] = []
        self.targets: list[Tensor] = []

    def update(self, output: Tensor, target: Tensor, /) -> None:
        """Keep one batch.

        Args:
            output: Score for class 1, any shape.
            target: 0 or 1, of the same shape.

        Raises:
            ValueError: If the shapes differ.
        """
        same_shape(output, target)
        self.scores.append(output.detach().flatten().cpu())
        self.targets.append(target.detach().flatten().cpu())

    def merge_state(self, others: Iterable[Self]) -> None:
        """Add what other processes have kept."""
        for other in others:
            self.scores += other.scores
            self.targets += other.targets

    def compute(self) -> float:
        """Return the area, 0 to 1.

        Raises:
            ValueError: If a target is neither 0 nor 1, one of the two is missing, or a
                score is NaN.
        """
        some(len(self.scores))
        scores, targets = torch.cat(self.scores).double(), torch.cat(self.targets)
        if (kinds := set(targets.tolist())) != {0, 1}:
            raise ValueError(
                f"targets must hold 0 and 1, both, got {sorted(kinds)[:5]}"
            )
        if scores.isnan().any():
            raise ValueError(
                f"scores must be numbers, got {int(scores.isnan().sum())} NaN"
            )
        ones, zeros = scores[targets == 1], scores[targets == 0].sort().values
        below = torch.searchsorted(zeros, ones)
        up_to = torch.searchsorted(zeros, ones, right=True)  # draws included
        return float((below + up_to).sum()) / (2 * len(zeros) * len(ones))
