"""Typical wrong answers to the exercises of lesson 15."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Steps = list[tuple[str, Any]]


def traced(net_class: type[nn.Module], note: Any, *, before: bool = False) -> Steps:
    """Build a net and note something at each assignment."""
    steps: Steps = []

    class Traced(net_class):  # type: ignore[misc, valid-type]
        def __setattr__(self, name: str, value: Any) -> None:
            if before:
                steps.extend(note(self, name, value))
            super().__setattr__(name, value)
            if not before:
                steps.extend(note(self, name, value))

    Traced()
    return steps


def too_early(net_class: type[nn.Module]) -> Steps:
    return traced(net_class, lambda s, n, _: [(n, list(s._modules))], before=True)


def alive(net_class: type[nn.Module]) -> Steps:
    """The dictionary itself goes on changing."""
    return traced(net_class, lambda s, n, _: [(n, s._modules)])


def modules_only(net_class: type[nn.Module]) -> Steps:
    return traced(
        net_class,
        lambda s, n, v: [(n, list(s._modules))] if isinstance(v, nn.Module) else [],
    )


def names_only(net_class: type[nn.Module]) -> list[str]:
    return [name for name, _ in net_class().named_children()]


def counted(net_class: type[nn.Module]) -> Steps:
    return traced(net_class, lambda s, n, _: [(n, len(s._modules))])


class Own(nn.Module):
    """Right, but for what the subclasses change."""

    bias: Any

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.make(inputs, outputs, bias)

    def make(self, inputs: int, outputs: int, bias: bool) -> None:
        bound = inputs**-0.5
        weight = torch.empty(outputs, inputs).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight)
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight, self.bias)


class PlainTensors(Own):
    def make(self, inputs: int, outputs: int, bias: bool) -> None:
        bound = inputs**-0.5
        w = torch.empty(outputs, inputs).uniform_(-bound, bound)
        self.w = w.requires_grad_()
        self.bias = torch.empty(outputs).uniform_(-bound, bound) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.w, self.bias)


class BiasFirst(Own):
    def make(self, inputs: int, outputs: int, bias: bool) -> None:
        bound = inputs**-0.5
        start = torch.empty(outputs).uniform_(-bound, bound)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(start) if bias else None


class ZeroBias(Own):
    def make(self, inputs: int, outputs: int, bias: bool) -> None:
        super().make(inputs, outputs, bias)
        if bias:
            nn.init.zeros_(self.bias)


class AlwaysBias(Own):
    def make(self, inputs: int, outputs: int, bias: bool) -> None:
        super().make(inputs, outputs, True)
        assert bias in (True, False)


class NoAttribute(Own):
    def make(self, inputs: int, outputs: int, bias: bool) -> None:
        super().make(inputs, outputs, bias)
        if not bias:
            del self.bias

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight, getattr(self, "bias", None))


class Turned(Own):
    def make(self, inputs: int, outputs: int, bias: bool) -> None:
        super().make(inputs, outputs, bias)
        self.weight = nn.Parameter(self.weight.detach().T.clone())

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight.T, self.bias)


class BiasForgotten(Own):
    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight)


class Wrapped(nn.Module):
    """Right numbers under other names."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.inner = nn.Linear(inputs, outputs, bias=bias)

    def forward(self, x: Tensor) -> Any:
        return self.inner(x)


class NoSuper(Own):
    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        self.make(inputs, outputs, bias)


class CutOff(Own):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach()


def totals(net: nn.Module) -> tuple[int, int]:
    parameters = list(net.parameters())
    frozen = sum(p.numel() for p in parameters if not p.requires_grad)
    return frozen, sum(p.numel() for p in parameters)


def by_beginning(net: nn.Module, path: str) -> tuple[int, int]:
    """``conv`` is also the beginning of ``conv_last``."""
    for name, parameter in net.named_parameters():
        if name.startswith(path):
            parameter.requires_grad_(False)
    return totals(net)


def without_underscore(net: nn.Module, path: str) -> tuple[int, int]:
    net.get_submodule(path).requires_grad = False  # type: ignore[assignment]
    return totals(net)


def counts_tensors(net: nn.Module, path: str) -> tuple[int, int]:
    net.get_submodule(path).requires_grad_(False)
    frozen = [not p.requires_grad for p in net.parameters()]
    return sum(frozen), len(frozen)


def counts_twice(net: nn.Module, path: str) -> tuple[int, int]:
    net.get_submodule(path).requires_grad_(False)
    total = sum(tensor.numel() for tensor in net.state_dict().values())
    return totals(net)[0], total


def only_this_part(net: nn.Module, path: str) -> tuple[int, int]:
    part = net.get_submodule(path).requires_grad_(False)
    return sum(p.numel() for p in part.parameters()), totals(net)[1]


def total_first(net: nn.Module, path: str) -> tuple[int, int]:
    net.get_submodule(path).requires_grad_(False)
    frozen, total = totals(net)
    return total, frozen


def wakes_the_others(net: nn.Module, path: str) -> tuple[int, int]:
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(not name.startswith(f"{path}."))
    return totals(net)


def still_learning(net: nn.Module, path: str) -> tuple[int, int]:
    net.get_submodule(path).requires_grad_(False)
    frozen, total = totals(net)
    return total - frozen, total


WRONG: dict[str, list[Any]] = {
    "15-1": [too_early, alive, modules_only, names_only, counted],
    "15-2": [
        PlainTensors,
        BiasFirst,
        ZeroBias,
        AlwaysBias,
        NoAttribute,
        Turned,
        BiasForgotten,
        Wrapped,
        NoSuper,
        CutOff,
        nn.Linear(2, 3),
    ],
    "15-3": [
        by_beginning,
        without_underscore,
        counts_tensors,
        counts_twice,
        only_this_part,
        still_learning,
        total_first,
        wakes_the_others,
    ],
    "15-4": [
        [9, "error", "error", 9, "error", 9, 0],  # a second call does no harm
        [9, "error", "error", 9, "error", 18, 9],
        [9, "error", "error", "error", "error", 0, 0],
        [9, 0, 0, 9, 0, 0, 0],  # never an error, only nothing found
        [9, "error", 9, 9, 9, 0, 9],
        [9, "error", "error", 9, "error", 0],
    ],
}
