"""Typical wrong answers to the exercises of lesson 12."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from eatorch.callbacks import Callback
from eatorch.history import Row


class Root:
    """The right metric; the others change a part of it."""

    def reset(self) -> None:
        self.total, self.rows = 0.0, 0

    def update(self, output: Tensor, target: Tensor) -> None:
        self.total += (output - target).square().sum().item()
        self.rows += len(target)

    def compute(self) -> Any:
        return math.sqrt(self.total / self.rows)


class MeanOfRoots(Root):
    def update(self, output: Tensor, target: Tensor) -> None:
        self.total += (output - target).square().mean().sqrt().item()
        self.rows += 1

    def compute(self) -> float:
        return self.total / self.rows


class RootOfMeans(Root):
    def update(self, output: Tensor, target: Tensor) -> None:
        self.total += (output - target).square().mean().item()
        self.rows += 1


class WithoutRoot(Root):
    def compute(self) -> float:
        return self.total / self.rows


class LastBatch(Root):
    def update(self, output: Tensor, target: Tensor) -> None:
        self.reset()
        super().update(output, target)


class Absolute(Root):
    def update(self, output: Tensor, target: Tensor) -> None:
        self.total += (output - target).abs().sum().item()
        self.rows += len(target)

    def compute(self) -> float:
        return self.total / self.rows


class NeverReset(Root):
    def __init__(self) -> None:
        super().reset()

    def reset(self) -> None:
        pass


class ReturnsNothing(Root):
    def compute(self) -> None:
        math.sqrt(self.total / self.rows)


class NoReset:
    def update(self, output: Tensor, target: Tensor) -> None:
        self.total = (output - target).square().sum()

    def compute(self) -> Tensor:
        return self.total.sqrt()


class PerRow(Root):
    def update(self, output: Tensor, target: Tensor) -> None:
        self.errors = (output - target).square()

    def compute(self) -> Tensor:
        return self.errors.sqrt()


class StopAt(Callback):
    """The right callback; the others change a part of it."""

    def __init__(self, monitor: str, goal: float) -> None:
        self.monitor, self.goal = monitor, goal

    def on_epoch_end(self, trainer: Any, row: Row) -> None:
        if self.reached(row):
            trainer.stop("below the goal")

    def reached(self, row: Row) -> bool:
        return row[self.monitor or ""] < self.goal


class AboveGoal(StopAt):
    def reached(self, row: Row) -> bool:
        return row[self.monitor or ""] > self.goal


class WrongColumn(StopAt):
    def reached(self, row: Row) -> bool:
        return row["train_loss"] < self.goal


class Never(StopAt):
    def on_epoch_end(self, trainer: Any, row: Row) -> None:
        trainer.stopped = self.reached(row)


class Raises(StopAt):
    def on_epoch_end(self, _trainer: Any, row: Row) -> None:
        if self.reached(row):
            raise StopIteration


class Unannounced(StopAt):
    def __init__(self, monitor: str, goal: float) -> None:
        self.column, self.goal = monitor, goal

    def reached(self, row: Row) -> bool:
        return row[self.column] < self.goal


class OtherHook(Callback):
    def __init__(self, monitor: str, goal: float) -> None:
        self.monitor, self.goal = monitor, goal

    def on_epoch(self, trainer: Any, row: Row) -> None:
        if row[self.monitor or ""] < self.goal:
            trainer.stop("below the goal")


class NoCallback:
    def __init__(self, monitor: str, goal: float) -> None:
        self.monitor, self.goal = monitor, goal

    def on_epoch_end(self, trainer: Any, row: Row) -> None:
        if row[self.monitor] < self.goal:
            trainer.stop("below the goal")


def decided(logits: Tensor, cut: float) -> Tensor:
    return (logits > cut).long()


def measured(
    model: nn.Module,
    loader: Any,
    loss_function: Any,
    *,
    switch: bool = True,
    back: bool = True,
    weigh: bool = True,
    divide: bool = True,
) -> float:
    """The right mean, or one with a slip switched on."""
    mode = model.training
    if switch:
        model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for batch, wanted in loader:
            weight = len(wanted) if weigh else 1
            total += loss_function(model(batch), wanted).item() * weight
            rows += weight
    if back:
        model.train(mode)
    return total / rows if divide else total


def recorded(model: nn.Module, loader: Any, loss_function: Any) -> Tensor:
    mode = model.training
    model.eval()
    losses = [loss_function(model(x), y) * len(y) for x, y in loader]
    model.train(mode)
    total: Tensor = torch.stack(losses).sum() / sum(len(y) for _, y in loader)
    return total


def always_back_to_training(model: nn.Module, loader: Any, loss: Any) -> float:
    value = measured(model, loader, loss)
    model.train()
    return value


def trains(model: nn.Module, loader: Any, loss_function: Any) -> float:
    model.eval()
    for batch, wanted in loader:
        torch.autograd.backward(loss_function(model(batch), wanted))
    model.train()
    return measured(model, loader, loss_function)


def returns_nothing(model: nn.Module, loader: Any, loss_function: Any) -> None:
    measured(model, loader, loss_function)


WRONG: dict[str, list[Any]] = {
    "12-1": [
        MeanOfRoots,
        RootOfMeans,
        WithoutRoot,
        LastBatch,
        Absolute,
        NeverReset,
        ReturnsNothing,
        NoReset,
        PerRow,
        Root(),  # an object instead of the class
    ],
    "12-2": [
        AboveGoal,
        WrongColumn,
        Never,
        Raises,
        Unannounced,
        OtherHook,
        NoCallback,
        StopAt("valid_loss", 1.0),
    ],
    "12-3": [
        decided,  # the cut of the course
        lambda logits, _: decided(logits, 0.0),
        lambda logits, probability: logits.sigmoid() > probability,  # bool
        lambda logits, probability: (logits.sigmoid() > probability).float(),
        lambda logits, probability: decided(logits, 1 / (1 + math.exp(-probability))),
        lambda logits, probability: decided(logits.sigmoid(), 1 - probability),
        lambda logits, probability: (logits.sigmoid() > probability).long().tolist(),
        lambda logits, probability: (logits.sigmoid() < probability).long(),
    ],
    "12-4": [
        lambda *parts: measured(*parts, switch=False),
        lambda *parts: measured(*parts, back=False),
        lambda *parts: measured(*parts, weigh=False),
        lambda *parts: measured(*parts, divide=False),
        lambda *parts: measured(*parts, weigh=False, divide=False),
        recorded,
        always_back_to_training,
        trains,
        returns_nothing,
    ],
}
