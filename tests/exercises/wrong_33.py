"""Typical wrong answers to the exercises of lesson 33."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def _learn(rows: Tensor, labels: Tensor, *, zero: bool = True) -> list[Tensor]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(rows.shape[1], 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(10):
        if zero:
            optimizer.zero_grad()
        loss = functional.cross_entropy(net(rows), labels)
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss)
    return losses


def untouched_below(rows: Tensor, labels: Tensor) -> Any:
    """Delete the dots and mend nothing."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3))
    return functional.cross_entropy(net(rows), labels)


def piles_up(rows: Tensor, labels: Tensor) -> Any:
    losses = _learn(rows.float(), labels.flatten() - 1, zero=False)
    return np.array([loss.item() for loss in losses])


def keeps_records(rows: Tensor, labels: Tensor) -> Any:
    return _learn(rows.float(), labels.flatten() - 1)


def drops_feature(rows: Tensor, labels: Tensor) -> Any:
    losses = _learn(rows[:, :3].float(), labels.flatten() - 1)
    return [loss.item() for loss in losses]


def clamps(rows: Tensor, labels: Tensor) -> Any:
    losses = _learn(rows.float(), labels.flatten().clamp(max=2))
    return [loss.item() for loss in losses]


def in_place(rows: Tensor, labels: Tensor) -> Any:
    labels -= 1
    losses = _learn(rows.float(), labels.flatten())
    return [loss.item() for loss in losses]


def only_last(rows: Tensor, labels: Tensor) -> Any:
    return _learn(rows.float(), labels.flatten() - 1)[-1].item()


def never_on(function: Callable[[Tensor], Tensor], x: Tensor) -> str:
    """Run without anomaly detection: nothing complains."""
    x = x.clone().requires_grad_()
    try:
        torch.autograd.backward(function(x).sum())
    except RuntimeError as error:
        return str(error).split("'")[1]
    return ""


def stays_on(function: Callable[[Tensor], Tensor], x: Tensor) -> str:
    torch.autograd.set_detect_anomaly(True)
    x = x.clone().requires_grad_()
    try:
        torch.autograd.backward(function(x).sum())
    except RuntimeError as error:
        return str(error).split("'")[1]
    return ""


def marks_x(function: Callable[[Tensor], Tensor], x: Tensor) -> str:
    x.requires_grad_()
    with warnings.catch_warnings(), torch.autograd.detect_anomaly():
        warnings.simplefilter("ignore")
        try:
            torch.autograd.backward(function(x).sum())
        except RuntimeError as error:
            return str(error).split("'")[1]
    return ""


def whole_message(function: Callable[[Tensor], Tensor], x: Tensor) -> str:
    x = x.clone().requires_grad_()
    with torch.autograd.detect_anomaly():
        try:
            torch.autograd.backward(function(x).sum())
        except RuntimeError as error:
            return str(error)
    return ""


def too_late(function: Callable[[Tensor], Tensor], x: Tensor) -> str:
    """Name the last operation, and not the guilty one."""
    node = function(x.clone().requires_grad_()).grad_fn
    return node.name() if node else ""


def by_hand() -> None:
    raise RuntimeError("selected index k out of range")


def top(k: int) -> Callable[[], Any]:
    return lambda: torch.ones(3).topk(k)


WRONG: dict[str, list[Any]] = {
    "33-1": [
        untouched_below,
        piles_up,
        keeps_records,
        drops_feature,
        clamps,
        in_place,
        only_last,
    ],
    "33-2": [
        ["error", "silence", "error", "error", "silence", "silence", "error"],
        ["warning", "warning", "error", "error", "silence", "error", "error"],
        ["warning", "silence", "error", "error", "silence", "silence", "silence"],
        ["warning", "silence"],
        [1, 2, 3, 4, 5, 6, 7],
    ],
    "33-3": [never_on, stays_on, marks_x, whole_message, too_late],
    "33-4": [
        ("selected index k out of range", by_hand, top(3)),
        ("selected index k out of range", top(3), top(3)),
        ("selected index k out of range", top(5), top(4)),
        ("index error", top(5), top(3)),
        ("selected index k out of space", top(5), top(3)),
        ("selected index k out of range", "top(5)", top(3)),
        ("division by zero", lambda: 1 / 0, top(3)),
    ],
}
