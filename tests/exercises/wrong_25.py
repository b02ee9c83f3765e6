"""Typical wrong answers to the exercises of lesson 25."""

import math
from typing import Any

from torch import optim
from torch.optim import lr_scheduler

Optimizer = optim.Optimizer


def no_warmup(optimizer: Optimizer, warmup: int, total: int) -> Any:
    del warmup
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max=total)


def whole_length(optimizer: Optimizer, warmup: int, total: int) -> Any:
    rise = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warmup)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])


def default_start(optimizer: Optimizer, warmup: int, total: int) -> Any:
    rise = lr_scheduler.LinearLR(optimizer, total_iters=warmup)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])


def default_length(optimizer: Optimizer, warmup: int, total: int) -> Any:
    rise = lr_scheduler.LinearLR(optimizer, 0.1)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])


def chained(optimizer: Optimizer, warmup: int, total: int) -> Any:
    rise = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warmup)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup)
    return lr_scheduler.ChainedScheduler([rise, fall])


def straight_down(optimizer: Optimizer, warmup: int, total: int) -> Any:
    rise = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warmup)
    fall = lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=total - warmup)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])


def count_goes_on(optimizer: Optimizer, warmup: int, total: int) -> Any:
    def factor(step: int) -> float:
        if step < warmup:
            return 0.1 + 0.9 * step / warmup
        return (1 + math.cos(math.pi * step / total)) / 2

    return lr_scheduler.LambdaLR(optimizer, factor)


def two_of_them(optimizer: Optimizer, warmup: int, total: int) -> Any:
    return [
        lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warmup),
        lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup),
    ]


def as_of_2018(optimizer: Optimizer, scheduler: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        scheduler.step()
        rates.append(scheduler.get_lr()[0])
        optimizer.step()
    return rates


def order_only(optimizer: Optimizer, scheduler: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        optimizer.step()
        rates.append(scheduler.get_lr()[0])
        scheduler.step()
    return rates


def name_only(optimizer: Optimizer, scheduler: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
    return rates


def one_ahead(optimizer: Optimizer, scheduler: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


def idle_optimizer(optimizer: Optimizer, scheduler: Any, steps: int) -> list[float]:
    del optimizer, steps
    return [scheduler.get_last_lr()[0]]


def once_too_often(optimizer: Optimizer, scheduler: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps + 1):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


WRONG: dict[str, list[Any]] = {
    "25-1": [
        [0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2],
        [0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4],
        [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.1],
        [0.8, 0.8, 0.8, 0.4, 0.8, 0.8, 0.4, 0.4],
        [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.4],
        [0.8, 0.4, 0.2],
        ["0.8"] * 8,
        0.8,
    ],
    "25-2": [
        no_warmup,
        whole_length,
        default_start,
        default_length,
        chained,
        straight_down,
        count_goes_on,
        two_of_them,
    ],
    "25-3": [
        as_of_2018,
        order_only,
        name_only,
        one_ahead,
        idle_optimizer,
        once_too_often,
    ],
}
