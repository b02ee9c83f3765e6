"""Typical wrong answers to the exercises of lesson 11."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

import eatorch


def solved(model: nn.Linear, x1: Tensor, logit: Tensor | float, bias: float) -> Tensor:
    w1, w2 = model.weight[0].tolist()
    x2: Tensor = (logit - bias - w1 * x1) / w2
    return x2


def probability_as_logit(model: nn.Linear, x1: Tensor, probability: float) -> Tensor:
    return solved(model, x1, probability, model.bias.item())


def bias_of_wrong_sign(model: nn.Linear, x1: Tensor, probability: float) -> Tensor:
    return solved(model, x1, torch.tensor(probability).logit(), -model.bias.item())


def without_bias(model: nn.Linear, x1: Tensor, probability: float) -> Tensor:
    return solved(model, x1, torch.tensor(probability).logit(), 0.0)


def swapped_weights(model: nn.Linear, x1: Tensor, probability: float) -> Tensor:
    w2, w1 = model.weight[0].tolist()
    z = torch.tensor(probability).logit()
    x2: Tensor = (z - model.bias.item() - w1 * x1) / w2
    return x2


def always_half(model: nn.Linear, x1: Tensor, _: float) -> Tensor:
    return solved(model, x1, 0.0, model.bias.item())


def sigmoid_instead(model: nn.Linear, x1: Tensor, probability: float) -> Tensor:
    return solved(model, x1, torch.tensor(probability).sigmoid(), model.bias.item())


def plain_numbers(model: nn.Linear, x1: Tensor, probability: float) -> Any:
    logit = torch.tensor(probability).logit()
    return solved(model, x1, logit, model.bias.item()).tolist()


def measured(
    means: Sequence[float],
    biases: Sequence[float],
    *,
    bias: bool = True,
    move: float = 1,
) -> Tensor:
    """The right grid, or one without a bias, or with points that move otherwise."""
    numbers = torch.empty(len(means), len(biases), 2)
    for row, mean in enumerate(means):
        table = eatorch.data.clouds(200, distance=2 * mean)
        for column, moved in enumerate(biases):
            inputs = table.inputs + move * moved
            layer = nn.Linear(2, 1, bias=bias)
            optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
            for _ in range(150):
                optimizer.zero_grad()
                loss = nn.functional.binary_cross_entropy_with_logits(
                    layer(inputs).squeeze(1), table.targets.float()
                )
                torch.autograd.backward(loss)
                optimizer.step()
            right = (layer(inputs).squeeze(1) > 0) == table.targets.bool()
            offset = layer.bias.item() if bias else 0.0
            numbers[row, column, 0] = -offset / layer.weight.sum().item()
            numbers[row, column, 1] = right.float().mean()
    return numbers


def wrong_sign(means: Sequence[float], biases: Sequence[float]) -> Tensor:
    return measured(means, biases) * torch.tensor([-1.0, 1.0])


def per_cent(means: Sequence[float], biases: Sequence[float]) -> Tensor:
    return measured(means, biases) * torch.tensor([1.0, 100.0])


def half_the_place(means: Sequence[float], biases: Sequence[float]) -> Tensor:
    return measured(means, biases) * torch.tensor([2.0, 1.0])


def trained(
    model: nn.Module,
    loader: Any,
    epochs: int,
    *,
    new_in_batch: bool = False,
    new_in_epoch: bool = False,
    clear: bool = True,
    learning_rate: float = 0.1,
) -> nn.Module:
    """Train with one of the slips switched on."""

    def make() -> torch.optim.SGD:
        return torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)

    optimizer = make()
    for _ in range(epochs):
        optimizer = make() if new_in_epoch else optimizer
        for batch, labels in loader:
            optimizer = make() if new_in_batch else optimizer
            if clear:
                optimizer.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(model(batch), labels)
            torch.autograd.backward(loss)
            optimizer.step()
    return model


def returns_nothing(model: nn.Module, loader: Any, epochs: int) -> None:
    trained(model, loader, epochs)


WRONG: dict[str, list[Any]] = {
    "11-1": [
        probability_as_logit,
        bias_of_wrong_sign,
        without_bias,
        swapped_weights,
        always_half,
        sigmoid_instead,
        plain_numbers,
        lambda model, x1, _: model(torch.stack([x1, x1], dim=1)).sigmoid(),
        "a straight line",
    ],
    "11-2": [
        lambda means, biases: measured(means, biases, bias=False),
        lambda means, biases: measured(means, biases, move=0),  # points stay
        lambda means, biases: measured(biases, means),  # arguments swapped
        lambda means, biases: measured(means, biases).transpose(0, 1),
        lambda means, biases: measured(means, biases).flip(-1),
        lambda means, biases: measured(means, biases)[..., 1],
        lambda means, biases: measured(means, biases).tolist(),
        lambda means, biases: torch.zeros(len(means), len(biases), 2),  # untrained
        wrong_sign,
        per_cent,
        half_the_place,
    ],
    "11-3": [
        lambda *parts: trained(*parts, new_in_batch=True),  # the bug itself
        lambda *parts: trained(*parts, new_in_epoch=True),  # half a cure
        lambda *parts: trained(*parts, clear=False),
        lambda *parts: trained(*parts, learning_rate=0.01),
        lambda model, *_: model,
        lambda *_: nn.Linear(4, 4),
        lambda *parts: trained(*parts).state_dict(),
        returns_nothing,
    ],
    "11-4": [
        lambda _, labels, *__: labels,  # as the file gave them
        lambda _, labels, *__: labels.float(),
        lambda _, labels, *__: labels.long(),
        lambda _, labels, outputs: labels.reshape(outputs.shape).float(),
        lambda loss, labels, _: (
            labels.long()  # the dtypes are right, the shapes are not
            if isinstance(loss, nn.CrossEntropyLoss)
            else labels.float()
        ),
        lambda *parts: parts[2].argmax(-1),
        lambda _, labels, *__: labels.tolist(),
        lambda loss, labels, outputs: (
            torch.zeros(len(labels), dtype=torch.int64)  # the right kind of nothing
            if isinstance(loss, nn.CrossEntropyLoss)
            else torch.zeros_like(outputs)
        ),
    ],
}
