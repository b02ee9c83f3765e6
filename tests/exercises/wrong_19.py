"""Typical wrong answers to the exercises of lesson 19."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Quantities = dict[str, Tensor]


def follow(
    batches: list[Tensor], momentum: float, correction: int = 1, start: float = 1.0
) -> Quantities:
    channels = batches[0].shape[1]
    mean, variance = torch.zeros(channels), torch.full((channels,), start)
    for batch in batches:
        mean = (1 - momentum) * mean + momentum * batch.mean(0)
        new = batch.var(0, correction=correction)
        variance = (1 - momentum) * variance + momentum * new
    return {
        "running_mean": mean,
        "running_var": variance,
        "weight": torch.ones(channels),
        "bias": torch.zeros(channels),
    }


def swapped_momentum(batches: list[Tensor], momentum: float = 0.1) -> Quantities:
    return follow(batches, 1 - momentum)


def biased(batches: list[Tensor], momentum: float = 0.1) -> Quantities:
    return follow(batches, momentum, correction=0)


def from_zero(batches: list[Tensor], momentum: float = 0.1) -> Quantities:
    return follow(batches, momentum, start=0.0)


def last_batch(batches: list[Tensor], momentum: float = 0.1) -> Quantities:
    del momentum
    return follow(batches[-1:], 1.0)


def fixed_momentum(batches: list[Tensor], momentum: float = 0.1) -> Quantities:
    del momentum
    return follow(batches, 0.1)


def weight_of_zeros(batches: list[Tensor], momentum: float = 0.1) -> Quantities:
    quantities = follow(batches, momentum)
    return {**quantities, "weight": torch.zeros(3)}


def only_two(batches: list[Tensor], momentum: float = 0.1) -> Quantities:
    quantities = follow(batches, momentum)
    return {key: quantities[key] for key in ("running_mean", "running_var")}


def by_the_layer(batches: list[Tensor], momentum: float = 0.1) -> dict[str, Any]:
    layer = nn.BatchNorm1d(batches[0].shape[1], momentum=momentum)
    for batch in batches:
        layer(batch)
    return layer.state_dict()


def parts(x: Tensor, layer: Any) -> list[Tensor]:
    shape = (1, -1, *[1] * (x.ndim - 2))
    names = ("running_mean", "running_var", "weight", "bias")
    return [getattr(layer, name).view(shape) for name in names]


def not_viewed(x: Tensor, layer: Any) -> Tensor:
    x = (x - layer.running_mean) / (layer.running_var + layer.eps).sqrt()
    result: Tensor = x * layer.weight + layer.bias
    return result


def by_variance(x: Tensor, layer: Any) -> Tensor:
    mean, variance, weight, bias = parts(x, layer)
    result: Tensor = (x - mean) / (variance + layer.eps) * weight + bias
    return result


def eps_outside(x: Tensor, layer: Any) -> Tensor:
    mean, variance, weight, bias = parts(x, layer)
    result: Tensor = (x - mean) / (variance.sqrt() + layer.eps) * weight + bias
    return result


def no_eps(x: Tensor, layer: Any) -> Tensor:
    mean, variance, weight, bias = parts(x, layer)
    result: Tensor = (x - mean) / variance.sqrt() * weight + bias
    return result


def usual_eps(x: Tensor, layer: Any) -> Tensor:
    mean, variance, weight, bias = parts(x, layer)
    result: Tensor = (x - mean) / (variance + 1e-5).sqrt() * weight + bias
    return result


def two_steps(x: Tensor, layer: Any) -> Tensor:
    mean, variance, _, _ = parts(x, layer)
    result: Tensor = (x - mean) / (variance + layer.eps).sqrt()
    return result


def plus_first(x: Tensor, layer: Any) -> Tensor:
    weight, bias = parts(x, layer)[2:]
    return (two_steps(x, layer) + bias) * weight


def by_the_batch(x: Tensor, layer: Any) -> Tensor:
    weight, bias = parts(x, layer)[2:]
    axes = [axis for axis in range(x.ndim) if axis != 1]
    variance = x.var(axes, correction=0, keepdim=True)
    mean = x.mean(axes, keepdim=True)
    result: Tensor = (x - mean) / (variance + layer.eps).sqrt() * weight + bias
    return result


def call_layer(x: Tensor, layer: Any) -> Any:
    return layer(x)


def call_function(x: Tensor, layer: Any) -> Tensor:
    mean, variance = layer.running_mean, layer.running_var
    weight, bias, eps = layer.weight, layer.bias, layer.eps
    return functional.batch_norm(x, mean, variance, weight, bias, eps=eps)


Bend = Callable[[Tensor], Tensor]


def rms(x: Tensor) -> float:
    return float(x.square().mean().sqrt())


def what_is_left(bend: Bend) -> float:
    x = torch.randn(200_000)
    return rms(bend(x)) / rms(x)


def of_squares(bend: Bend) -> float:
    x = torch.randn(200_000)
    return float(x.square().mean() / bend(x).square().mean())


def of_deviations(bend: Bend) -> float:
    x = torch.randn(200_000)
    return float(x.std() / bend(x).std())


def even_numbers(bend: Bend) -> float:
    x = torch.rand(200_000)
    return rms(x) / rms(bend(x))


def few_numbers(bend: Bend) -> float:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2_000, generator=generator)
    return rms(x) / rms(bend(x))


def looked_up(bend: Bend) -> float:
    del bend
    return nn.init.calculate_gain("tanh")


OUTPUTS = [[-1, 0, 1], [1, 0, -1]]
RUNNING = [1.7, 0.9, 0.95]

WRONG: dict[str, list[Any]] = {
    "19-1": [
        swapped_momentum,
        biased,
        from_zero,
        last_batch,
        fixed_momentum,
        weight_of_zeros,
        only_two,
        by_the_layer,
    ],
    "19-2": [
        not_viewed,
        by_variance,
        eps_outside,
        no_eps,
        usual_eps,
        two_steps,
        plus_first,
        by_the_batch,
        call_layer,
        call_function,
    ],
    "19-3": [
        what_is_left,
        of_squares,
        of_deviations,
        even_numbers,
        few_numbers,
        looked_up,
        1.6,
    ],
    "19-4": [
        ([[1, 0, -1], [-1, 0, 1]], RUNNING),
        ([[-2, 0, 0.5], [2, 0, -0.5]], RUNNING),
        ([[-1, -1, 1], [1, 1, -1]], RUNNING),
        ([[-0.7071, 0, 0.7071], [0.7071, 0, 0.7]], RUNNING),
        (OUTPUTS, [1.3, 0.9, 0.925]),
        (OUTPUTS, [8.0, 0.0, 0.5]),
        (OUTPUTS, [0.8, 0.0, 0.05]),
        (OUTPUTS, [7.3, 0.1, 0.55]),
        (OUTPUTS, [1.7, 1.0, 0.95]),
        (OUTPUTS, "1.7"),
        OUTPUTS,
    ],
}
