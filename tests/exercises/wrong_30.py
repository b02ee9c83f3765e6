"""Typical wrong answers to the exercises of lesson 30."""

import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Do = Callable[[], None]
Clock = Callable[[], float]


def without_waiting(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    del wait
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    return statistics.median(times)


def waits_only_at_the_end(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        wait()
        times.append(clock() - start)
    return statistics.median(times)


def waits_only_before(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        wait()
        start = clock()
        work()
        times.append(clock() - start)
    return statistics.median(times)


def without_warm_up(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    del warmup
    times = []
    for _ in range(repeats):
        wait()
        start = clock()
        work()
        wait()
        times.append(clock() - start)
    return statistics.median(times)


def of_the_times(
    pick: Callable[[list[float]], float],
) -> Callable[..., float]:
    def timed(
        work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
    ) -> float:
        for _ in range(warmup):
            work()
        times = []
        for _ in range(repeats):
            wait()
            start = clock()
            work()
            wait()
            times.append(clock() - start)
        return pick(times)

    return timed


def all_at_once(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    for _ in range(warmup):
        work()
    wait()
    start = clock()
    for _ in range(repeats):
        work()
    wait()
    return clock() - start


def fixed_repeats(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    del warmup, repeats
    result: float = of_the_times(statistics.median)(work, wait, clock, 3, 5)
    return result


def no_clock(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    del clock
    for _ in range(warmup + repeats):
        work()
    wait()
    return 3.0


def clock_from_the_start(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> float:
    start = clock()
    for _ in range(warmup + repeats):
        work()
    wait()
    return (clock() - start) / (warmup + repeats)


def in_words(
    work: Do, wait: Do, clock: Clock, warmup: int = 3, repeats: int = 5
) -> str:
    return f"fast: {all_at_once(work, wait, clock, warmup, repeats)}"


Machine = dict[str, float]


def model(
    work: float = 2.0, travel: float = 12.0, *, calls: bool = True, turned: bool = False
) -> Callable[[int, Machine, Machine], bool]:
    def wins(n: int, cpu: Machine, gpu: Machine) -> bool:
        on_cpu = calls * cpu["call"] + work * n**3 / cpu["rate"]
        on_gpu = calls * gpu["call"] + work * n**3 / gpu["rate"]
        on_gpu += travel * n**2 / gpu["copy"]
        return (on_gpu < on_cpu) != turned

    return wins


def seconds_instead(n: int, cpu: Machine, gpu: Machine) -> float:
    return 2 * n**3 / gpu["rate"] - 2 * n**3 / cpu["rate"]


def always(n: int, cpu: Machine, gpu: Machine) -> bool:
    return n > 0 and gpu["rate"] > cpu["rate"]


def plain_mean(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    del sizes
    return torch.stack(gradients).mean(0)


def plain_sum(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    del sizes
    return torch.stack(gradients).sum(0)


def weighted_sum(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    parts = [size * gradient for gradient, size in zip(gradients, sizes, strict=True)]
    return torch.stack(parts).sum(0)


def by_processes(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    return weighted_sum(gradients, sizes) / len(sizes)


def turned_weights(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    weights = [1 / size for size in sizes]
    parts = [w * gradient for gradient, w in zip(gradients, weights, strict=True)]
    return torch.stack(parts).sum(0) / sum(weights)


def one_number(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    return (weighted_sum(gradients, sizes) / sum(sizes)).mean()


def unjoined(gradients: list[Tensor], sizes: list[int]) -> list[Tensor]:
    return gradients[: len(sizes)]


WRONG: dict[str, list[Any]] = {
    "30-1": [
        without_waiting,
        waits_only_at_the_end,
        waits_only_before,
        without_warm_up,
        of_the_times(statistics.mean),
        of_the_times(min),
        of_the_times(sum),
        all_at_once,
        fixed_repeats,
        no_clock,
        clock_from_the_start,
        in_words,
        3.26,
    ],
    "30-2": [
        [257, 259, 301, 301, 301, True],
        [256, 258, 300, 301, 256, True],
        [256, 260, 301, 301, 256, True],
        [256, 260, 256, 301, 256, True],
        [256, 260, 300, 300, 256, True],
        [256, 260, 300, 301, 300, True],
        [256, 260, 300, 301, 256, False],
        [256, 260, 300, 301, 256, 0.99],
        [256, 260, 300, 301, 256],
        [256, 260, 300, 301, True, True],
        torch.tensor([257.0, 259.0, 301.0, 301.0, 301.0, 1.0]),
        "256",
    ],
    "30-3": [
        model(travel=0),
        model(travel=8),
        model(travel=4),
        model(travel=3),
        model(travel=6),
        model(work=1),
        model(calls=False),
        model(turned=True),
        seconds_instead,
        always,
        True,
    ],
    "30-4": [
        plain_mean,
        plain_sum,
        weighted_sum,
        by_processes,
        turned_weights,
        one_number,
        unjoined,
    ],
}
