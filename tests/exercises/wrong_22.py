"""Typical wrong answers to the exercises of lesson 22."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def with_object(loss: nn.Module) -> list[str]:
    return [kind.__name__ for kind in type(loss).__mro__]


def as_classes(loss: nn.Module) -> list[type]:
    return list(type(loss).__mro__)[:-1]


def reversed_family(loss: nn.Module) -> list[str]:
    names = with_object(loss)
    return names[: names.index("Module") + 1][::-1]


def without_itself(loss: nn.Module) -> list[str]:
    names = with_object(loss)
    return names[1 : names.index("Module") + 1]


def without_module(loss: nn.Module) -> list[str]:
    names = with_object(loss)
    return names[: names.index("Module")]


def only_parents(loss: nn.Module) -> list[str]:
    return [kind.__name__ for kind in type(loss).__bases__]


def by_hand(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.logsumexp(dim=1) - logits[torch.arange(len(classes)), classes]


Three = tuple[Tensor, Tensor, Tensor]


def by_count(logits: Tensor, classes: Tensor, weight: Tensor) -> Three:
    losses = weight[classes] * by_hand(logits, classes)
    return losses, losses.sum(), losses.mean()


def by_class_weights(logits: Tensor, classes: Tensor, weight: Tensor) -> Three:
    losses = weight[classes] * by_hand(logits, classes)
    return losses, losses.sum(), losses.sum() / weight.sum()


def unweighted(logits: Tensor, classes: Tensor, weight: Tensor) -> Three:
    losses = by_hand(logits, classes)
    return losses, losses.sum(), losses.sum() / weight[classes].sum()


def negative(logits: Tensor, classes: Tensor, weight: Tensor) -> Three:
    losses = -weight[classes] * by_hand(logits, classes)
    return losses, losses.sum(), losses.sum() / weight[classes].sum()


def only_mean(logits: Tensor, classes: Tensor, weight: Tensor) -> Tensor:
    losses = weight[classes] * by_hand(logits, classes)
    return losses.sum() / weight[classes].sum()


def with_pytorch(logits: Tensor, classes: Tensor, weight: Tensor) -> list[Tensor]:
    return [
        functional.cross_entropy(logits, classes, weight, reduction=way)
        for way in ("none", "sum", "mean")
    ]


RIGHT = ["HuberLoss", "PoissonNLLLoss", "GaussianNLLLoss", "CrossEntropyLoss"]
RIGHT += ["NLLLoss", "BCEWithLogitsLoss", "KLDivLoss", "MarginRankingLoss"]
RIGHT += ["TripletMarginLoss", "CTCLoss"]


def with_entry(number: int, name: Any) -> list[Any]:
    return [*RIGHT[: number - 1], name, *RIGHT[number:]]


def to_the_wrong_ones(classes: int, smoothing: float) -> float:
    label = torch.full((classes,), smoothing / (classes - 1))
    label[0] = 1 - smoothing
    return float(torch.special.entr(label).sum())


def only_the_right_class(classes: int, smoothing: float) -> float:
    return -math.log(1 - smoothing + smoothing / classes)


def without_care_for_zero(classes: int, smoothing: float) -> float:
    label = torch.full((classes,), smoothing / classes)
    label[0] += 1 - smoothing
    return -(label * label.log()).sum().item()


def in_bits(classes: int, smoothing: float) -> float:
    label = torch.full((classes,), smoothing / classes)
    label[0] += 1 - smoothing
    return float(torch.special.entr(label).sum()) / math.log(2)


def negative_entropy(classes: int, smoothing: float) -> float:
    return -in_bits(classes, smoothing) * math.log(2)


def always_zero(classes: int, smoothing: float) -> float:
    del classes, smoothing
    return 0.0


WRONG: dict[str, list[Any]] = {
    "22-1": [
        with_object,
        as_classes,
        reversed_family,
        without_itself,
        without_module,
        only_parents,
        ["CrossEntropyLoss", "_WeightedLoss", "_Loss", "Module"],
    ],
    "22-2": [
        by_count,
        by_class_weights,
        unweighted,
        negative,
        only_mean,
        with_pytorch,
    ],
    "22-3": [
        RIGHT[:-1],
        with_entry(1, "MSELoss"),
        with_entry(4, "NLLLoss"),
        with_entry(6, "CrossEntropyLoss"),
        with_entry(7, "CrossEntropy"),
        with_entry(9, 3),
        "HuberLoss",
    ],
    "22-4": [
        to_the_wrong_ones,
        only_the_right_class,
        without_care_for_zero,
        in_bits,
        negative_entropy,
        always_zero,
    ],
}
