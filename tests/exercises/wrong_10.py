"""Typical wrong answers to the exercises of lesson 10."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Rule = Callable[[float, float, float], bool]


def fit(stop: Rule, *, sign: float = 1.0) -> Any:
    """Return an answer that stops when ``stop(loss before, loss, tolerance)``."""

    def fit_line(x: Tensor, y: Tensor, rate: float, tolerance: float) -> Any:
        inputs = torch.stack([x, torch.ones_like(x)], dim=1)
        line, losses = torch.zeros(2), [math.inf]
        while len(losses) < 3000:
            error = inputs @ line - y
            losses.append(error.square().mean().item())
            if stop(losses[-2], losses[-1], tolerance):
                break
            line -= sign * rate * 2 * inputs.T @ error / len(x)
        return line[0].item(), line[1].item(), len(losses) - 2

    return fit_line


right_fit = fit(lambda before, loss, tolerance: before - loss < tolerance)


def swapped_fit(x: Tensor, y: Tensor, rate: float, tolerance: float) -> Any:
    slope, intercept, steps = right_fit(x, y, rate, tolerance)
    return intercept, slope, steps


def gradients(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    error = inputs @ weight + bias - targets
    return 2 * inputs.T @ error / len(inputs), 2 * error.mean(dim=0)


def by_autograd(inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor) -> Any:
    weight.requires_grad_()
    bias.requires_grad_()
    loss = (inputs @ weight + bias - targets).square().mean()
    torch.autograd.backward(loss)
    return weight.grad, bias.grad


def not_transposed(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor
) -> Any:
    error = inputs @ weight + bias - targets
    return 2 * inputs @ error / len(inputs), 2 * error.mean(dim=0)


def flat_bias(inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor) -> Any:
    of_weight, of_bias = gradients(inputs, targets, weight, bias)
    return of_weight, of_bias.squeeze()


def forgot_no_grad(
    parameters: Any, velocities: Any, rate: float, momentum: float
) -> Any:
    moved = []
    for parameter, velocity in zip(parameters, velocities, strict=True):
        moved.append(momentum * velocity + parameter.grad)
        parameter.sub_(rate * moved[-1])
        parameter.grad = None
    return moved


def rebound(parameters: Any, velocities: Any, rate: float, momentum: float) -> Any:
    moved = []
    for parameter, velocity in zip(parameters, velocities, strict=True):
        moved.append(momentum * velocity + parameter.grad)
        parameter.grad = None
        _new = parameter - rate * moved[-1]  # the list still holds the old one
    return moved


def steps(
    *, forget: float = 1.0, sign: float = -1.0, clear: bool = True, inside: bool = False
) -> Any:
    """Return a momentum step with one slip."""

    def step(parameters: Any, velocities: Any, rate: float, momentum: float) -> Any:
        moved = []
        with torch.no_grad():
            for parameter, velocity in zip(parameters, velocities, strict=True):
                gradient = parameter.grad * (rate if inside else 1)
                moved.append(forget * momentum * velocity + gradient)
                parameter.add_(sign * (1 if inside else rate) * moved[-1])
                if clear:
                    parameter.grad = None
        return moved

    return step


def nothing_returned(parameters: Any, velocities: Any, rate: float, m: float) -> None:
    steps()(parameters, velocities, rate, m)


def errors(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor, size: int
) -> tuple[Tensor, ...]:
    return torch.split((inputs @ weight + bias - targets).flatten(), size)


def never_cleared(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor, size: int
) -> Tensor:
    bias.requires_grad_()
    found = []
    for error in errors(inputs, targets, weight, bias, size):
        torch.autograd.backward(error.square().mean(), retain_graph=True)
        assert bias.grad is not None
        found.append(bias.grad.clone().squeeze())
    return torch.stack(found)


def shared_gradient(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor, size: int
) -> Tensor:
    found = []
    kept = torch.zeros(())
    for error in errors(inputs, targets, weight, bias, size):
        kept.copy_(2 * error.mean())
        found.append(kept)
    return torch.stack(found)


def last_dropped(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor, size: int
) -> Tensor:
    parts = errors(inputs, targets, weight, bias, size)[: len(inputs) // size]
    return torch.stack([2 * error.mean() for error in parts])


def as_columns(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor, size: int
) -> Tensor:
    parts = errors(inputs, targets, weight, bias, size)
    return torch.stack([2 * error.mean(dim=0, keepdim=True) for error in parts])


def summed(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor, size: int
) -> Tensor:
    parts = errors(inputs, targets, weight, bias, size)
    return torch.stack([2 * error.sum() for error in parts])


def no_tensor(
    inputs: Tensor, targets: Tensor, weight: Tensor, bias: Tensor, size: int
) -> list[float]:
    parts = errors(inputs, targets, weight, bias, size)
    return [2 * error.mean().item() for error in parts]


WRONG: dict[str, list[Any]] = {
    "10-1": [
        fit(lambda _before, loss, _tolerance: loss < 1),  # knows the noise
        fit(lambda _before, loss, tolerance: loss < tolerance),
        fit(lambda before, loss, tolerance: loss - before < tolerance),  # turned
        fit(lambda before, loss, tolerance: 1 - loss / before < tolerance),  # share
        fit(lambda _before, _loss, _tolerance: False, sign=-1),  # uphill
        swapped_fit,
        lambda *args: right_fit(*args)[:2],  # no steps
        (2.0, 5.0, 100),  # numbers instead of a function
    ],
    "10-2": [
        by_autograd,
        not_transposed,
        flat_bias,
        lambda *args: tuple(-gradient for gradient in gradients(*args)),
        lambda *args: tuple(gradient / 2 for gradient in gradients(*args)),
        lambda x, *rest: tuple(len(x) * g for g in gradients(x, *rest)),
        lambda x, *rest: tuple(len(x) / 2 * g for g in gradients(x, *rest)),
        lambda *args: gradients(*args)[0],
    ],
    "10-3": [
        forgot_no_grad,
        rebound,
        steps(forget=0),  # no memory
        steps(sign=1),
        steps(clear=False),
        steps(inside=True),  # learning rate in the velocity
        nothing_returned,
    ],
    "10-4": [
        never_cleared,
        shared_gradient,
        last_dropped,
        as_columns,
        summed,
        no_tensor,
    ],
}
