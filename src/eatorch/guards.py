"""Say at the call what cannot work, before anything has been trained."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, IterableDataset

from eatorch.batches import length

__all__: list[str] = []

PRECISIONS = ("fp32", "bf16", "fp16")


def check_setup(
    model: Any, loss: Any, optimizer: Any, metrics: Mapping[str, Any], precision: str
) -> None:
    """Check what a Trainer is made of."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if not callable(loss):
        raise TypeError(f"loss must be callable, got {type(loss).__name__}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"optimizer must be a torch.optim.Optimizer, got {type(optimizer).__name__}"
        )
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {PRECISIONS}, got {precision!r}")
    for name, metric in metrics.items():
        check_metric(name, metric)
    check_optimizer(model, optimizer)


def check_metric(name: str, metric: Any) -> None:
    """Refuse a metric without the three methods, or one that hides the loss."""
    missing = [m for m in ("reset", "update", "compute") if not hasattr(metric, m)]
    if missing or isinstance(metric, type):
        raise TypeError(
            f"metric {name!r} must be an object with reset(), update(output, target) "
            f"and compute(), got {metric!r}"
        )
    if name == "loss":
        raise ValueError(
            "a metric cannot be named 'loss': the row has that name already"
        )


def check_optimizer(model: nn.Module, optimizer: Optimizer) -> None:
    """Refuse an optimizer with weights that are not the model's, or none to move."""
    own = {id(weight): name for name, weight in model.named_parameters()}
    held = [weight for group in optimizer.param_groups for weight in group["params"]]
    foreign = [weight for weight in held if id(weight) not in own]
    names = ", ".join(map(repr, list(own.values())[:3]))
    if foreign:
        shapes = ", ".join(str(tuple(weight.shape)) for weight in foreign[:3])
        raise ValueError(
            f"optimizer holds {len(foreign)} of {len(held)} parameters that are not "
            f"the model's (shapes {shapes}); the model has {len(own)}: {names}, ..."
        )
    if not any(weight.requires_grad for weight in held):
        raise ValueError(
            f"nothing is trainable: none of the {len(held)} parameters that optimizer "
            f"holds requires a gradient; the model has {len(own)}: {names}, ..."
        )


def check_scheduler(scheduler: Any, optimizer: Optimizer) -> None:
    """Refuse a scheduler that steers another optimizer."""
    if scheduler is not None and getattr(scheduler, "optimizer", None) is not optimizer:
        raise ValueError(
            "scheduler must be a torch scheduler of this optimizer, "
            f"got a {type(scheduler).__name__} of another"
        )


def check_kinds(path: Any, there: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Refuse a checkpoint of another optimizer, scheduler or scaler."""
    for part, kind in here.items():
        if there[part] != kind:
            raise ValueError(f"{path}: its {part} is {there[part]}, here it is {kind}")


def check_positive(name: str, value: Any, kind: type = int) -> None:
    """Refuse anything but a positive whole (or, with ``float``, real) number."""
    allowed = int if kind is int else int | float
    if isinstance(value, bool) or not isinstance(value, allowed) or not value > 0:
        raise ValueError(f"{name} must be a positive {kind.__name__}, got {value!r}")


def check_batches(name: str, batches: Any, *, accumulate: int = 1) -> None:
    """Refuse data without a batch, or data that can be walked through only once."""
    if not isinstance(batches, Iterable):
        raise TypeError(
            f"{name} must be a DataLoader or a list of batches, "
            f"got {type(batches).__name__}"
        )
    if hasattr(batches, "__next__"):
        raise TypeError(
            f"{name} is a {type(batches).__name__}, which is empty after one epoch: "
            "give a DataLoader or a list of batches"
        )
    count = length(batches)
    if count == 0:
        raise ValueError(f"{name} has no batch: {_why_empty(batches)}")
    if count is None and accumulate > 1:
        raise ValueError(
            f"accumulate={accumulate} needs to know the last batch, "
            f"but {name} has no len()"
        )


def check_names(owner: str, monitor: str | None, names: Sequence[str]) -> None:
    """Refuse to watch a column that the history will not have."""
    if monitor is not None and monitor not in names:
        raise ValueError(
            f"{owner} watches {monitor!r}, but the history will have {list(names)}"
        )


def _why_empty(batches: Any) -> str:
    if not isinstance(batches, DataLoader) or isinstance(
        batches.dataset, IterableDataset
    ):
        return "its length is 0"
    samples = len(batches.dataset)  # type: ignore[arg-type]
    if samples and batches.drop_last:
        return (
            f"{samples} samples are less than one batch of {batches.batch_size}, "
            "and drop_last=True drops it"
        )
    return f"it has {samples} samples"
