"""Typical wrong answers to the exercises of lesson 06."""

from typing import Any

import torch
from torch import Tensor


def without_target(known: Tensor, length: int) -> int:
    return int(known.unfold(0, length, 1).all(dim=1).sum())


def all_windows(known: Tensor, length: int) -> int:
    return len(known.unfold(0, length + 1, 1))


def any_known(known: Tensor, length: int) -> int:
    return int(known.unfold(0, length + 1, 1).any(dim=1).sum())


def one_per_gap(known: Tensor, length: int) -> int:
    return len(known) - length - int((~known).sum())


def disjoint_windows(known: Tensor, length: int) -> int:
    return int(known.unfold(0, length + 1, length + 1).all(dim=1).sum())


def leaky(values: Tensor, stop: int) -> Tensor:  # noqa: ARG001
    known = values[~values.isnan()]
    return (values - known.mean()) / known.std()


def gaps_in_the_mean(values: Tensor, stop: int) -> Tensor:
    return (values - values[:stop].mean()) / values[:stop].std()


def not_divided(values: Tensor, stop: int) -> Tensor:
    return values - values[:stop].nanmean()


def gaps_filled(values: Tensor, stop: int) -> Tensor:
    past = values[:stop][~values[:stop].isnan()]
    return ((values - past.mean()) / past.std()).nan_to_num(0.0)


def zeros_counted(values: Tensor, stop: int) -> Tensor:
    past = values[:stop].nan_to_num(0.0)
    return (values - past.mean()) / past.std()


def only_the_past(values: Tensor, stop: int) -> Tensor:
    past = values[:stop][~values[:stop].isnan()]
    return (values[:stop] - past.mean()) / past.std()


def population_deviation(values: Tensor, stop: int) -> Tensor:
    past = values[:stop][~values[:stop].isnan()]
    return (values - past.mean()) / past.std(correction=0)


def scaled_in_place(values: Tensor, stop: int) -> Tensor:
    past = values[:stop][~values[:stop].isnan()]
    values -= past.mean()
    values /= past.std()
    return values


def percent(forecast: Tensor, truth: Tensor, past: Tensor, season: int) -> float:  # noqa: ARG001
    return ((forecast - truth) / truth).abs().mean().item()


def not_relative(forecast: Tensor, truth: Tensor, past: Tensor, season: int) -> float:  # noqa: ARG001
    return (forecast - truth).abs().mean().item()


def last_month(forecast: Tensor, truth: Tensor, past: Tensor, season: int) -> float:  # noqa: ARG001
    return ((forecast - truth).abs().mean() / past.diff().abs().mean()).item()


def squared(forecast: Tensor, truth: Tensor, past: Tensor, season: int) -> float:
    rule = (past[season:] - past[:-season]).square().mean().sqrt()
    return ((forecast - truth).square().mean().sqrt() / rule).item()


def signs_cancel(forecast: Tensor, truth: Tensor, past: Tensor, season: int) -> float:
    rule = (past[season:] - past[:-season]).mean()
    return ((forecast - truth).mean() / rule).item()


def _truth(forecasts: Tensor, series: Tensor, starts: list[int]) -> Tensor:
    return series.unfold(0, forecasts.shape[1], 1)[starts]


def per_start(forecasts: Tensor, series: Tensor, starts: list[int]) -> Tensor:
    return (forecasts - _truth(forecasts, series, starts)).square().mean(1).sqrt()


def without_root(forecasts: Tensor, series: Tensor, starts: list[int]) -> Tensor:
    return (forecasts - _truth(forecasts, series, starts)).square().mean(0)


def absolute(forecasts: Tensor, series: Tensor, starts: list[int]) -> Tensor:
    return (forecasts - _truth(forecasts, series, starts)).abs().mean(0)


def one_number(forecasts: Tensor, series: Tensor, starts: list[int]) -> Tensor:
    return (forecasts - _truth(forecasts, series, starts)).square().mean().sqrt()


def starts_ignored(forecasts: Tensor, series: Tensor, starts: list[int]) -> Tensor:
    truth = series.unfold(0, forecasts.shape[1], 1)[: len(starts)]
    return (forecasts - truth).square().mean(0).sqrt()


def one_month_late(forecasts: Tensor, series: Tensor, starts: list[int]) -> Tensor:
    late = torch.tensor(starts) - 1
    truth = series.unfold(0, forecasts.shape[1], 1)[late]
    return (forecasts - truth).square().mean(0).sqrt()


WRONG: dict[str, list[Any]] = {
    "06-1": [without_target, all_windows, any_known, one_per_gap, disjoint_windows],
    "06-2": [
        leaky,
        gaps_in_the_mean,
        not_divided,
        gaps_filled,
        zeros_counted,
        only_the_past,
        population_deviation,
        scaled_in_place,
    ],
    "06-3": [percent, not_relative, last_month, squared, signs_cancel],
    "06-4": [
        per_start,
        without_root,
        absolute,
        one_number,
        starts_ignored,
        one_month_late,
    ],
}
