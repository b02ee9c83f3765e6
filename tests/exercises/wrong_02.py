"""Typical wrong answers to the exercises of lesson 02."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Shapes = list[tuple[Any, ...]]


def sides(side: Any, *, lost: int = 4, floor: bool = True) -> Shapes:
    shapes: Shapes = []
    for maps in (6, 16):
        side = side - lost
        shapes.append((maps, side, side))
        side = side // 2 if floor else side / 2
        shapes.append((maps, side, side))
    return [*shapes, (16 * side * side,)]


def minus_the_window(side: int) -> Shapes:
    return sides(side, lost=5)


def halved_with_fractions(side: int) -> Shapes:
    return sides(side, floor=False)


def padded_convolutions(side: int) -> Shapes:
    return sides(side, lost=0)


def only_for_32(side: int) -> Shapes:  # noqa: ARG001
    return sides(32)


def channels_last(side: int) -> Shapes:
    *maps, flat = sides(side)
    return [*((height, width, channels) for channels, height, width in maps), flat]


def with_the_batch(side: int) -> Shapes:
    return [(1, *shape) for shape in sides(side)]


def without_flatten(side: int) -> Shapes:
    return sides(side)[:-1]


def bare_count(side: int) -> list[Any]:
    *maps, flat = sides(side)
    return [*maps, flat[0]]


def losses(logits: Tensor, answers: Tensor, reduction: str = "mean") -> tuple[Any, Any]:
    one_hot = functional.one_hot(answers, 10).float()
    squared = nn.MSELoss(reduction=reduction)(logits, one_hot)
    return squared, nn.CrossEntropyLoss(reduction=reduction)(logits, answers)


def backward_twice(logits: Tensor, answers: Tensor) -> tuple[Any, Any]:
    logits = logits.clone().requires_grad_()
    squared, entropy = losses(logits, answers)
    squared.backward()
    assert logits.grad is not None
    first = logits.grad.clone()
    entropy.backward()
    return first, logits.grad


def same_object(logits: Tensor, answers: Tensor) -> tuple[Any, Any]:
    logits = logits.clone().requires_grad_()
    squared, entropy = losses(logits, answers)
    squared.backward()
    first = logits.grad
    entropy.backward()
    return first, logits.grad


def wrong_order(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    logits = logits.clone().requires_grad_()
    squared, entropy = losses(logits, answers)
    (first,) = torch.autograd.grad(squared, logits)
    (second,) = torch.autograd.grad(entropy, logits)
    return second, first


def softmax_first(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    logits = logits.clone().requires_grad_()
    squared, _ = losses(logits, answers)
    _, entropy = losses(logits.softmax(dim=1), answers)
    (first,) = torch.autograd.grad(squared, logits)
    (second,) = torch.autograd.grad(entropy, logits)
    return first, second


def summed(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    logits = logits.clone().requires_grad_()
    squared, entropy = losses(logits, answers, reduction="sum")
    (first,) = torch.autograd.grad(squared, logits)
    (second,) = torch.autograd.grad(entropy, logits)
    return first, second


def formula_without_mean(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    one_hot = functional.one_hot(answers, 10).float()
    return 2 * (logits - one_hot) / logits.numel(), logits.softmax(dim=1) - one_hot


def class_numbers_as_targets(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    logits = logits.clone().requires_grad_()
    squared = (logits - answers[:, None]).square().mean()
    _, entropy = losses(logits, answers)
    (first,) = torch.autograd.grad(squared, logits)
    (second,) = torch.autograd.grad(entropy, logits)
    return first, second


def the_losses_themselves(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    return losses(logits, answers)


def cleared_each_step(start: float, gradients: list[float], rate: float) -> list[float]:
    weights = [start]
    for gradient in gradients:
        weights.append(weights[-1] - rate * gradient)
    return weights[1:]


def from_the_start(start: float, gradients: list[float], rate: float) -> list[float]:
    return [start - rate * sum(gradients[: n + 1]) for n in range(len(gradients))]


def forgetful(start: float, gradients: list[float], rate: float) -> list[float]:
    weights, grad = [start], 0.0
    for gradient in gradients:
        grad += gradient
        weights.append(weights[-1] - rate * grad)
    return weights


def uphill(start: float, gradients: list[float], rate: float) -> list[float]:
    return forgetful(start, gradients, -rate)[1:]


def last_weight(start: float, gradients: list[float], rate: float) -> float:
    return forgetful(start, gradients, rate)[-1]


class Lenet(nn.Module):
    """LeNet with a few places to go wrong."""

    def __init__(self, channels: int, left: int, *, flatten: str = "batch") -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2 = nn.Linear(16 * left * left, 120), nn.Linear(120, 84)
        self.fc3, self.flatten = nn.Linear(84, 10), flatten

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        if self.flatten == "view":
            x = x.view(-1, self.fc1.in_features)
        else:
            x = torch.flatten(x, 1 if self.flatten == "batch" else 0)
        x = functional.relu(self.fc2(functional.relu(self.fc1(x))))
        logits: Tensor = self.fc3(x)
        return logits


def always_400(channels: int, side: int) -> nn.Module:  # noqa: ARG001
    return Lenet(channels, 5)


def always_grey(channels: int, side: int) -> nn.Module:  # noqa: ARG001
    return Lenet(1, ((side - 4) // 2 - 4) // 2)


def viewed(channels: int, side: int) -> nn.Module:  # noqa: ARG001
    return Lenet(channels, 5, flatten="view")


def everything_flat(channels: int, side: int) -> nn.Module:
    return Lenet(channels, ((side - 4) // 2 - 4) // 2, flatten="all")


def with_softmax(channels: int, side: int) -> nn.Module:
    return nn.Sequential(Lenet(channels, ((side - 4) // 2 - 4) // 2), nn.Softmax(dim=1))


def one_linear(channels: int, side: int) -> nn.Module:
    left = ((side - 4) // 2 - 4) // 2
    start: list[nn.Module] = [nn.Conv2d(channels, 6, 5), nn.ReLU(), nn.MaxPool2d(2)]
    end = [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*start, *end, nn.Linear(16 * left * left, 10))


def the_number(channels: int, side: int) -> int:  # noqa: ARG001
    return 16 * (((side - 4) // 2 - 4) // 2) ** 2


WRONG: dict[str, list[Any]] = {
    "02-1": [
        minus_the_window,
        halved_with_fractions,
        padded_convolutions,
        only_for_32,
        channels_last,
        with_the_batch,
        without_flatten,
        bare_count,
    ],
    "02-2": [
        backward_twice,
        same_object,
        wrong_order,
        softmax_first,
        summed,
        formula_without_mean,
        class_numbers_as_targets,
        the_losses_themselves,
    ],
    "02-3": [cleared_each_step, from_the_start, forgetful, uphill, last_weight],
    "02-4": [
        always_400,
        always_grey,
        viewed,
        everything_flat,
        with_softmax,
        one_linear,
        the_number,
    ],
}
