"""Typical wrong answers to the exercises of lesson 04."""

from typing import Any

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn


def without_zero(model: nn.Module, first: Tensor, second: Tensor) -> Any:
    model.eval()
    return (model(first + second) - model(first) - model(second)).abs().max().item()


def dropout_left_on(model: nn.Module, first: Tensor, second: Tensor) -> Any:
    zero = model(torch.zeros_like(first))
    gap = model(first + second) - model(first) - model(second) + zero
    return gap.abs().max().item()


def _left_side(model: nn.Module, first: Tensor, second: Tensor) -> Tensor:
    model.eval()
    parts = [model(it) for it in (first + second, first, second, 0 * first)]
    gap: Tensor = parts[0] - parts[1] - parts[2] + parts[3]
    return gap


def signs_kept(model: nn.Module, first: Tensor, second: Tensor) -> Any:
    return _left_side(model, first, second).max().item()


def mean_instead(model: nn.Module, first: Tensor, second: Tensor) -> Any:
    return _left_side(model, first, second).abs().mean().item()


def whole_tensor(model: nn.Module, first: Tensor, second: Tensor) -> Any:
    return _left_side(model, first, second)


def yes_or_no(model: nn.Module, first: Tensor, second: Tensor) -> Any:
    return bool(_left_side(model, first, second).abs().max() > 1e-4)


def _areas(truth: Tensor, scores: Tensor, size: int) -> list[float]:
    batches = zip(torch.split(truth, size), torch.split(scores, size), strict=True)
    return [roc_auc_score(*pair) for pair in batches if pair[0].min() < pair[0].max()]


def other_order(truth: Tensor, scores: Tensor, size: int) -> Any:
    areas = _areas(truth, scores, size)
    return roc_auc_score(truth, scores), sum(areas) / len(areas)


def mean_twice(truth: Tensor, scores: Tensor, size: int) -> Any:
    areas = _areas(truth, scores, size)
    return sum(areas) / len(areas), sum(areas) / len(areas)


def one_class_counts_half(truth: Tensor, scores: Tensor, size: int) -> Any:
    areas = _areas(truth, scores, size)
    missing = len(torch.split(truth, size)) - len(areas)
    mean = (sum(areas) + 0.5 * missing) / (len(areas) + missing)
    return mean, roc_auc_score(truth, scores)


def truth_second(truth: Tensor, scores: Tensor, size: int) -> Any:
    return sum(_areas(scores, truth, size)), roc_auc_score(scores, truth)


def last_batch_dropped(truth: Tensor, scores: Tensor, size: int) -> Any:
    whole = len(truth) // size * size
    areas = _areas(truth[:whole], scores[:whole], size)
    return sum(areas) / len(areas), roc_auc_score(truth, scores)


def signs_of_scores(truth: Tensor, scores: Tensor, size: int) -> Any:
    areas = _areas(truth, -scores, size)
    return sum(areas) / len(areas), roc_auc_score(truth, -scores)


def only_one(truth: Tensor, scores: Tensor, size: int) -> Any:  # noqa: ARG001
    return roc_auc_score(truth, scores)


RIGHT = [(427, 640, 3), (1, 3, 427, 640), (1, 16, 423, 636), (1, 16, 211, 318), (1, 16)]


def but(number: int, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [*RIGHT[: number - 1], shape, *RIGHT[number:]]


def too_many() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def too_few() -> nn.Module:
    layers = [nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(2, 10))


def one_output() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 1))


def maps_instead() -> nn.Module:
    return nn.Conv2d(1, 10, 3)


def no_parameters() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.AdaptiveMaxPool1d(10))


WRONG: dict[str, list[Any]] = {
    "04-1": [
        without_zero,
        dropout_left_on,
        signs_kept,
        mean_instead,
        whole_tensor,
        yes_or_no,
    ],
    "04-2": [
        other_order,
        mean_twice,
        one_class_counts_half,
        truth_second,
        last_batch_dropped,
        signs_of_scores,
        only_one,
    ],
    "04-3": [
        but(1, (640, 427, 3)),
        but(2, (1, 427, 640, 3)),
        but(2, (3, 427, 640)),
        but(3, (1, 16, 427, 640)),
        but(4, (1, 16, 212, 318)),
        but(4, (1, 16, 423, 636)),
        but(5, (16,)),
        but(5, (1, 16, 1, 1)),
        RIGHT[:4],
    ],
    "04-4": [too_many, too_few, one_output, maps_instead, no_parameters, too_few()],
}
