"""Typical wrong answers to the exercises of lesson 24."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, optim

RATES, MOMENTUMS = (0.01, 0.02, 0.03), (0.9, 0.8, 0.7)
Function = Callable[[Tensor], Tensor]


def groups(
    parameters: list[Tensor],
    rates: tuple[float, ...] = RATES,
    momentums: tuple[float, ...] = MOMENTUMS,
) -> optim.SGD:
    settings = zip(parameters, rates, momentums, strict=True)
    return optim.SGD([{"params": [p], "lr": r, "momentum": m} for p, r, m in settings])


def keys_of(optimizer: optim.Optimizer) -> list[str]:
    return list(optimizer.param_groups[0])


def no_keys(parameters: list[Tensor]) -> optim.SGD:
    return groups(parameters)


def own_keys(parameters: list[Tensor]) -> Any:
    return groups(parameters), ["params", "lr", "momentum"]


def state_keys(parameters: list[Tensor]) -> Any:
    optimizer = groups(parameters)
    return optimizer, list(optimizer.state_dict())


def one_momentum(parameters: list[Tensor]) -> Any:
    optimizer = groups(parameters, momentums=(0.9, 0.9, 0.9))
    return optimizer, keys_of(optimizer)


def turned_round(parameters: list[Tensor]) -> Any:
    optimizer = groups(parameters, rates=RATES[::-1])
    return optimizer, keys_of(optimizer)


def one_group(parameters: list[Tensor]) -> Any:
    optimizer = optim.SGD(parameters, lr=0.01, momentum=0.9)
    return optimizer, keys_of(optimizer)


def three_optimizers(parameters: list[Tensor]) -> Any:
    return [optim.SGD([p], lr=r) for p, r in zip(parameters, RATES, strict=True)]


def copies(parameters: list[Tensor]) -> Any:
    optimizer = groups([p.clone() for p in parameters])
    return optimizer, keys_of(optimizer)


def adam_groups(parameters: list[Tensor]) -> Any:
    optimizer = optim.Adam([{"params": [p]} for p in parameters])
    return optimizer, keys_of(optimizer)


def curvature(function: Function) -> float:
    return float(torch.func.grad(torch.func.grad(function))(torch.tensor(1.0)))


def swapped(function: Function) -> tuple[float, float]:
    return 2 / curvature(function), 1 / curvature(function)


def by_coefficient(function: Function) -> tuple[float, float]:
    return 2 / curvature(function), 4 / curvature(function)


def first_derivative(function: Function) -> tuple[float, float]:
    slope = float(torch.func.grad(function)(torch.tensor(1.0)))
    return 1 / slope, 2 / slope


def learned_by_heart(function: Function) -> tuple[float, float]:
    del function
    return 0.125, 0.25


def curvature_itself(function: Function) -> tuple[float, float]:
    return curvature(function), 2 * curvature(function)


def only_limit(function: Function) -> float:
    return 2 / curvature(function)


def walk(momentum: float, rate: float = 0.01, start: float = 2.0) -> Tensor:
    x, velocity = start, 0.0
    places = [x]
    for _ in range(500):
        velocity = momentum * velocity + 8 * x
        x -= rate * velocity
        places.append(x)
    return torch.tensor(places)


def first_time(momentum: float) -> int:
    return int((walk(momentum).abs() < 0.01).nonzero().min())


def last_far(momentum: float) -> int:
    return int((walk(momentum).abs() >= 0.01).nonzero().max())


def without_abs(momentum: float) -> int:
    return int((walk(momentum) >= 0.01).nonzero().max()) + 1


def averaged(momentum: float) -> int:
    places = walk(momentum, rate=0.01 * (1 - momentum))
    return int((places.abs() >= 0.01).nonzero().max()) + 1


def forgot_momentum(momentum: float) -> int:
    del momentum
    return int((walk(0.0).abs() >= 0.01).nonzero().max()) + 1


class Base(optim.Optimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})


class Recorded(Base):
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] * p.grad)


class DefaultRate(Base):
    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(self.defaults["lr"] * p.grad)


class NoIdle(Base):
    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * p.grad)


class Copied(Base):
    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p = p - group["lr"] * p.grad  # noqa: PLW2901


class Uphill(Base):
    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.add_(group["lr"] * p.grad)


class OnlyFirstGroup(Base):
    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        group = self.param_groups[0]
        for p in group["params"]:
            if p.grad is not None:
                p.sub_(group["lr"] * p.grad)


WRONG: dict[str, list[Any]] = {
    "24-1": [
        no_keys,
        own_keys,
        state_keys,
        one_momentum,
        turned_round,
        one_group,
        three_optimizers,
        copies,
        adam_groups,
    ],
    "24-2": [
        swapped,
        by_coefficient,
        first_derivative,
        learned_by_heart,
        curvature_itself,
        only_limit,
        (0.125, 0.25),
    ],
    "24-3": [first_time, last_far, without_abs, averaged, forgot_momentum, 22],
    "24-4": [
        Recorded,
        DefaultRate,
        NoIdle,
        Copied,
        Uphill,
        OnlyFirstGroup,
        optim.SGD,
        Base([torch.zeros(1)]),
    ],
}
