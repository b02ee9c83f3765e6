"""Count over an epoch first, divide once at its end.

A mean of batch means is wrong when the last batch is smaller, and a mean of the means
of several processes is wrong when one has seen fewer samples.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from eatorch.batches import size
from eatorch.faults import NotFiniteError
from eatorch.metrics import Metric
from eatorch.parallel import gather, world_size

__all__: list[str] = []


class Tally:
    """The losses and metrics of one walk through the data, on this process."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self.metrics = metrics
        self.losses: list[float | Tensor] = []  # a device is not asked before the end
        self.sizes: list[int] = []
        self.looked, self.looked_at = 0, 0.0
        for metric in metrics.values():
            metric.reset()

    def add(self, loss: float | Tensor, output: Any, target: Any, batch: Any) -> None:
        """Note the results of one batch."""
        self.losses.append(loss)
        self.sizes.append(len(target) if isinstance(target, Tensor) else size(batch))
        if self.metrics:
            output = output.detach() if isinstance(output, Tensor) else output
            for metric in self.metrics.values():
                metric.update(output, target)

    def look(self, batch: Any) -> None:
        """Raise if one of the losses since the last look is not finite."""
        values = _floats(self.losses[self.looked :])
        for number, value in enumerate(values, self.looked):
            if not math.isfinite(value):
                raise NotFiniteError(f"the loss became {value}", number, batch)
        self.looked = len(self.losses)

    def first_bad(self) -> int:
        """Return the first batch, of any process, whose loss is not finite."""
        values = _floats(self.losses)
        bad = [i for i, value in enumerate(values) if not math.isfinite(value)]
        return min(gather(min(bad, default=len(values))))

    def results(self, prefix: str) -> dict[str, float]:
        """Return the means over all samples of all processes."""
        losses = _floats(self.losses)
        total = math.fsum(v * n for v, n in zip(losses, self.sizes, strict=True))
        sums = gather((total, sum(self.sizes)))
        samples = sum(count for _, count in sums)
        if not samples:
            raise ValueError("the data have no batch: nothing came out of the iterator")
        values = {f"{prefix}loss": sum(part for part, _ in sums) / samples}
        for name, metric in self.metrics.items():
            values[prefix + name] = _computed(name, metric)
        return values


def _floats(losses: list[float | Tensor]) -> list[float]:
    """Bring the losses over from the device, all at once."""
    tensors = [loss for loss in losses if isinstance(loss, Tensor)]
    if not tensors:
        return [float(loss) for loss in losses]
    return torch.stack([loss.reshape(()) for loss in tensors]).double().tolist()


def _computed(name: str, metric: Any) -> float:
    """Return a metric's value over all processes."""
    # torchmetrics brings its processes together in compute().
    if world_size() > 1 and not hasattr(metric, "sync_on_compute"):
        if not hasattr(metric, "merge_state"):
            raise TypeError(
                f"metric {name!r} needs merge_state(others) to be counted over "
                f"{world_size()} processes"
            )
        metric, *others = gather(metric)
        metric.merge_state(others)
    value = metric.compute()
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        shape = tuple(value.shape) if isinstance(value, Tensor) else value
        raise ValueError(
            f"metric {name!r} must compute one number for the history, got {shape}"
        ) from error
