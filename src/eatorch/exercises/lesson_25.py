"""Checks of lesson 25, Learning-rate schedules."""

import math
import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor, optim
from torch.optim import lr_scheduler

from eatorch.checking import Slip, call, exercise, expect_entries, expect_type

Words = tuple[str, str]

_LOSSES = (2.0, 1.5, 1.6, 1.49999, 1.4, 1.45, 1.42, 1.41)
_HINTS: tuple[Words, ...] = (
    ("what could be bad about the first loss?", "第一个损失有什么可算作不好的？"),
    ("is 1.5 the best so far?", "1.5 是不是迄今最好的？"),
    ("how many bad epochs does patience=1 forgive?", "patience=1 宽恕几个坏的轮？"),
    (
        "is 1.49999 better than 1.5 by more than the threshold?",
        "1.49999 比 1.5 好出来的部分，超过阈值了吗？",
    ),
    ("does a good epoch bring the rate back?", "好的一轮会把学习率变回去吗？"),
    ("where did the count begin again?", "计数从哪里重新开始？"),
    ("is 1.42 better than the best so far?", "1.42 比迄今最好的还好吗？"),
    ("how many bad epochs since the last reduction?", "上次降低之后有几个坏的轮？"),
)
_CLOSE = 1e-4  # how far a rate may lie from the right one


@exercise("25-1")
def plateau(answer: Any) -> None:
    """Predict the rates of ReduceLROnPlateau for a fixed list."""
    optimizer = optim.SGD([torch.zeros(1)], lr=0.8)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    wanted = []
    for loss in _LOSSES:
        scheduler.step(loss)
        wanted.append(round(float(scheduler.get_last_lr()[0]), 4))
    if isinstance(answer, Tensor | np.ndarray):
        answer = answer.tolist()
    expect_entries(answer, wanted, _HINTS, read=_rate)


def _rate(number: int, entry: Any) -> float:
    """Read one rate; an optimizer with one group gives a list of one number."""
    if isinstance(entry, Tensor | np.ndarray | np.generic):
        entry = entry.tolist()
    while isinstance(entry, list | tuple) and len(entry) == 1:
        entry = entry[0]
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        kind = type(entry).__name__
        raise Slip(
            f"Entry {number} should be a number, got {kind}.",
            f"第 {number} 项应当是一个数，得到的却是 {kind}。",
        )
    return round(float(entry), 4)


@exercise("25-2")
def warmup_cosine(answer: Any) -> None:
    """A scheduler that rises in equal steps, then follows half a cosine."""
    for rate, warmup, total in ((1.0, 10, 50), (0.02, 4, 30)):
        optimizer = optim.SGD([torch.zeros(1)], lr=rate)
        scheduler = call(answer, optimizer, warmup, total)
        if not isinstance(scheduler, lr_scheduler.LRScheduler):
            kind = type(scheduler).__name__
            raise Slip(
                f"Expected a scheduler, got {kind}.",
                f"应当是一个学习率调度器，得到的却是 {kind}。",
            )
        got = _follow(optimizer, scheduler, total)
        _compare_schedules([each / rate for each in got], warmup, total)


def _follow(optimizer: optim.Optimizer, scheduler: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def _factor(step: int, warmup: int, total: int) -> float:
    if step < warmup:
        return 0.1 + 0.9 * step / warmup
    return (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2


def _compare_schedules(got: list[float], warmup: int, total: int) -> None:
    asked = f"warmup={warmup}, total={total}"
    if abs(got[0] - 0.1) > _CLOSE:
        raise Slip(
            f"With {asked} the first step uses {got[0]:.3g} of the rate, not a tenth.",
            f"{asked} 时，第一步用了初始学习率的 {got[0]:.3g} 倍，不是十分之一。",
        )
    for step, factor in enumerate(got):
        wanted = _factor(step, warmup, total)
        if abs(factor - wanted) <= _CLOSE:
            continue
        en, zh = _told(step, factor, wanted, warmup)
        raise Slip(
            f"With {asked}, step {step} uses {factor:.4g} of the rate: {en}",
            f"{asked} 时，第 {step} 步用了初始学习率的 {factor:.4g} 倍：{zh}",
        )


def _told(step: int, factor: float, wanted: float, warmup: int) -> Words:
    if step < warmup:
        return (
            f"it should rise in equal steps and be full at step {warmup}.",
            f"它应当等步上升，到第 {warmup} 步升满。",
        )
    if step == warmup:
        return "it should be full here.", "这里应当升满。"
    if factor > wanted:
        return (
            "it falls too slowly. How many steps are left after the warm-up?",
            "它降得太慢。预热之后还剩多少步？",
        )
    return (
        "it falls too early. From which step on does the cosine count?",
        "它降得太早。余弦从哪一步开始计数？",
    )


class _Spy(optim.SGD):
    """Notes the rate of each step."""

    def __init__(self) -> None:
        super().__init__([torch.zeros(1)], lr=0.8)
        self.used: list[float] = []

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        self.used.append(float(self.param_groups[0]["lr"]))
        super().step(closure)


@exercise("25-3")
def rates_used(answer: Any) -> None:
    """Both steps in the right order, and the rates that were used."""
    for steps in (5, 8):
        optimizer = _Spy()
        scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            got = call(answer, optimizer, scheduler, steps)
        _refuse_warnings([str(warning.message) for warning in caught])
        _compare_counts(optimizer, scheduler, steps)
        if isinstance(got, Tensor | np.ndarray):
            got = got.tolist()
        expect_type(got, (list, tuple), en="a list of rates", zh="学习率的列表")
        rates = [_rate(number, entry) for number, entry in enumerate(got, start=1)]
        _compare_rates(rates, [round(rate, 4) for rate in optimizer.used])


def _refuse_warnings(messages: list[str]) -> None:
    for message in messages:
        if "before `optimizer.step()`" in message:
            raise Slip(
                "PyTorch still warns: the scheduler steps before the optimizer.",
                "PyTorch 仍然警告：学习率调度器走在了优化器前面。",
            )
        if "get_last_lr" in message:
            raise Slip(
                "PyTorch still warns: get_lr is not made for this place.",
                "PyTorch 仍然警告：get_lr 不是用在这里的。",
            )


def _compare_counts(optimizer: _Spy, scheduler: Any, steps: int) -> None:
    taken = (len(optimizer.used), int(scheduler.last_epoch))
    names = (("optimizer", "优化器"), ("scheduler", "学习率调度器"))
    for count, (en, zh) in zip(taken, names, strict=True):
        if count != steps:
            raise Slip(
                f"The {en} took {count} steps, {steps} were asked for.",
                f"{zh}走了 {count} 步，要求的是 {steps} 步。",
            )


def _compare_rates(rates: list[float], used: list[float]) -> None:
    if len(rates) != len(used):
        raise Slip(
            f"The list has {len(rates)} rates for {len(used)} steps.",
            f"列表里有 {len(rates)} 个学习率，步数却是 {len(used)}。",
        )
    if rates != used and rates[:-1] == used[1:]:
        raise Slip(
            "The list is one step ahead: it holds the rate of the *next* step.",
            "列表早了一步：记下的是下一步的学习率。",
        )
    if rates != used:
        place = next(n for n, rate in enumerate(rates) if rate != used[n])
        raise Slip(
            f"Step {place} was made with {used[place]:g}, your list says "
            f"{rates[place]:g}.",
            f"第 {place} 步用的是 {used[place]:g}，你的列表里却是 {rates[place]:g}。",
        )
