"""Typical wrong answers to the exercises of lesson 03."""

from typing import Any

import torch
from torch import Tensor, nn


def summed_loss(inputs: Tensor, labels: Tensor) -> Any:
    weights = torch.zeros(inputs.shape[1], requires_grad=True)
    nn.BCEWithLogitsLoss(reduction="sum")(inputs @ weights, labels).backward()
    return weights.grad


def descent_direction(inputs: Tensor, labels: Tensor) -> Any:
    return ((labels - 0.5)[:, None] * inputs).mean(dim=0)


def column_of_gradients(inputs: Tensor, labels: Tensor) -> Any:
    layer = nn.Linear(inputs.shape[1], 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    nn.BCEWithLogitsLoss()(layer(inputs).squeeze(1), labels).backward()
    return layer.weight.grad  # (1, column)


def random_start(inputs: Tensor, labels: Tensor) -> Any:
    layer = nn.Linear(inputs.shape[1], 1)
    nn.BCEWithLogitsLoss()(layer(inputs).squeeze(1), labels).backward()
    assert layer.weight.grad is not None
    return layer.weight.grad[0]


def weights_themselves(inputs: Tensor, labels: Tensor) -> Any:  # noqa: ARG001
    return torch.zeros(inputs.shape[1])


def only_filled(rows: Tensor, medians: Tensor) -> Tensor:
    return torch.where(rows.isnan(), medians, rows)


def flags_where_needed(rows: Tensor, medians: Tensor) -> Tensor:
    gaps = rows.isnan()
    flags = gaps[:, gaps.any(dim=0)].float()
    return torch.cat([torch.where(gaps, medians, rows), flags], dim=1)


def compared_with_nan(rows: Tensor, medians: Tensor) -> Tensor:
    gaps = rows == torch.nan
    return torch.cat([torch.where(gaps, medians, rows), gaps.float()], dim=1)


def flags_turned_round(rows: Tensor, medians: Tensor) -> Tensor:
    known = ~rows.isnan()
    return torch.cat([torch.where(known, rows, medians), known.float()], dim=1)


def flags_below(rows: Tensor, medians: Tensor) -> Tensor:
    gaps = rows.isnan()
    return torch.cat([torch.where(gaps, medians, rows), gaps.float()])


def filled_with_zero(rows: Tensor, medians: Tensor) -> Tensor:  # noqa: ARG001
    return torch.cat([rows.nan_to_num(0.0), rows.isnan().float()], dim=1)


def filled_in_place(rows: Tensor, medians: Tensor) -> Tensor:
    gaps = rows.isnan()
    rows[gaps] = medians.expand_as(rows)[gaps]
    return torch.cat([rows, gaps.float()], dim=1)


def quantile_of_all(chances: Tensor, labels: Tensor, recall: float) -> float:  # noqa: ARG001
    return chances.quantile(1 - recall).item()


def quantile_of_sick(chances: Tensor, labels: Tensor, recall: float) -> float:
    return chances[labels == 1].quantile(1 - recall).item()


def catch_everybody(chances: Tensor, labels: Tensor, recall: float) -> float:  # noqa: ARG001
    return chances[labels == 1].min().item()


def rounded_down(chances: Tensor, labels: Tensor, recall: float) -> float:
    sick = chances[labels == 1].sort(descending=True).values
    return sick[int(recall * len(sick)) - 1].item()


def true_minus_plain(losses: list[float], sizes: list[int]) -> float:
    true = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
    return true / sum(sizes) - sum(losses) / len(losses)


def only_the_true_mean(losses: list[float], sizes: list[int]) -> float:
    total = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
    return total / sum(sizes)


def divided_twice(losses: list[float], sizes: list[int]) -> float:
    return sum(losses) / len(losses) - sum(losses) / sum(sizes)


WRONG: dict[str, list[Any]] = {
    "03-1": [
        summed_loss,
        descent_direction,
        column_of_gradients,
        random_start,
        weights_themselves,
    ],
    "03-2": [
        only_filled,
        flags_where_needed,
        compared_with_nan,
        flags_turned_round,
        flags_below,
        filled_with_zero,
        filled_in_place,
    ],
    "03-3": [quantile_of_all, quantile_of_sick, catch_everybody, rounded_down],
    "03-4": [true_minus_plain, only_the_true_mean, divided_twice, 0.0],
}
