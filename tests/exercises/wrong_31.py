"""Typical wrong answers to the exercises of lesson 31."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, export


def still_asks(x: Tensor) -> Tensor:
    length = x.norm()
    if length > 1:
        x = x / length
    return x


def asks_by_item(x: Tensor) -> Any:
    return x / max(1.0, x.norm().item())


def always_divides(x: Tensor) -> Any:
    return x / x.norm()


def clamps_entries(x: Tensor) -> Tensor:
    return x.clamp(-1, 1)


def prints(x: Tensor) -> Any:
    print(end="")
    return x / x.norm().clamp(min=1)


def repaired(x: Tensor) -> Any:
    return x / x.norm().clamp(min=1)


def hides(x: Tensor) -> Any:
    """Keep the compiler out: there is no graph at all."""
    return torch.compiler.disable(repaired)(x)  # type: ignore[no-untyped-call]


def fixed(net: nn.Module) -> ExportedProgram:
    return export(net.eval(), (torch.zeros(2, 1, 8, 8),))


def in_training(net: nn.Module) -> ExportedProgram:
    shapes = ({0: Dim("batch")},)
    return export(net, (torch.zeros(2, 1, 8, 8),), dynamic_shapes=shapes)


def from_one(net: nn.Module) -> ExportedProgram:
    shapes = ({0: Dim("batch")},)
    return export(net.eval(), (torch.zeros(1, 1, 8, 8),), dynamic_shapes=shapes)


def only_module(net: nn.Module) -> Any:
    shapes = ({0: Dim("batch")},)
    program = export(net.eval(), (torch.zeros(2, 1, 8, 8),), dynamic_shapes=shapes)
    return program.module()


def small_batches(net: nn.Module) -> ExportedProgram:
    shapes = ({0: Dim("batch", min=1, max=32)},)
    return export(net.eval(), (torch.zeros(2, 1, 8, 8),), dynamic_shapes=shapes)


def one_too_few(first: float, compiled: float, plain: float) -> float:
    """Forget to round up past the point where both are level."""
    if compiled >= plain:
        return math.inf
    return math.floor((first - compiled) / (plain - compiled))


def no_inf(first: float, compiled: float, plain: float) -> float:
    if compiled == plain:
        return math.inf
    return max(1, math.floor((first - compiled) / (plain - compiled)) + 1)


def fraction(first: float, compiled: float, plain: float) -> float:
    return (first - compiled) / (plain - compiled) if compiled < plain else math.inf


def counts_first_twice(first: float, compiled: float, plain: float) -> float:
    """Let the first call come on top of all others."""
    if compiled >= plain:
        return math.inf
    return math.floor(first / (plain - compiled)) + 2


WRONG: dict[str, list[Any]] = {
    "31-1": [still_asks, asks_by_item, always_divides, clamps_entries, prints, hides],
    "31-2": [fixed, in_training, from_one, only_module, small_batches],
    "31-3": [
        [1, 2, 3, 4, 5, 6, 7],
        [1, 1, 2, 2, 3, 4, 5],
        [1, 1, 2, 3, 4, 4, 5],
        [1, 1, 1, 1, 1, 1, 1],
        [1, 0, 1, 0, 1, 0, 1],
        ["1", "1", "2", "2", "3", "3", "4"],
        [1.5, 1, 2, 2, 3, 3, 4],
    ],
    "31-4": [one_too_few, no_inf, fraction, counts_first_twice],
}
