"""Checks of lesson 30, GPU, mixed precision, several processes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from numpy import generic, ndarray
from torch import Tensor

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_entries,
    expect_number,
    expect_tensor,
    expect_type,
)

Words = tuple[str, str]

_BOOL = ("True or False", " True 或 False")
_FIRST, _WAITING = 100.0, 0.25  # seconds of the first call, and of an empty wait


class _Device:
    """A device with a clock of its own: it takes orders at once and works later."""

    def __init__(self, durations: Sequence[float]) -> None:
        self.now, self.ready = 0.0, 0.0
        self.durations, self.calls = durations, 0
        self.events = ""

    def work(self) -> None:
        """Order a piece of work; the first one takes very long."""
        took = self.durations[self.calls % len(self.durations)]
        took = took if self.calls else _FIRST
        self.now += 0.01
        self.ready = max(self.ready, self.now) + took
        self.calls += 1
        self.events += "w"

    def wait(self) -> None:
        """Let the clock go on until all work is done."""
        self.now = max(self.now, self.ready) + _WAITING
        self.events += "s"

    def clock(self) -> float:
        """Tell the time."""
        self.events += "c"
        return self.now


@exercise("30-1")
def clock_that_waits(answer: Any) -> None:
    """Time a device that answers before it has worked."""
    for durations, median, options in (
        ((2.0, 3.0, 40.0, 2.0, 3.0, 40.0, 2.0, 3.0), 3.0, {}),
        ((7.0,) * 12, 7.0, {"warmup": 1, "repeats": 9}),
        ((1.0, 9.0, 1.0, 1.0, 30.0), 1.0, {"warmup": 2, "repeats": 3}),
    ):
        device = _Device(durations)
        got = call(answer, device.work, device.wait, device.clock, **options)
        got = got.item() if isinstance(got, ndarray | generic) else got
        expect_type(got, (int, float, Tensor), en="a number of seconds", zh="秒数")
        warmup, repeats = options.get("warmup", 3), options.get("repeats", 5)
        _explain_clock(device, float(got), warmup, repeats)
        try:
            expect_number(float(got), median + _WAITING + 0.01)
        except Slip as slip:
            raise Slip(
                f"{slip.en} Is it the median of single calls?",
                f"{slip.zh}它是单次调用的中位数吗？",
            ) from None


def _explain_clock(device: _Device, got: float, warmup: int, repeats: int) -> None:
    """Read from the order of the events what is missing."""
    if device.calls != warmup + repeats:
        raise Slip(
            f"With warmup={warmup} and repeats={repeats} work() should be called "
            f"{warmup + repeats} times; it was called {device.calls} times.",
            f"warmup={warmup}、repeats={repeats} 时，work() 应被调用 "
            f"{warmup + repeats} 次，实际调用了 {device.calls} 次。",
        )
    if "c" not in device.events:
        raise Slip("The clock was never read.", "从来没有读过时钟。")
    timed = device.events.split("w", warmup)[-1]  # all after the warm-up's last call
    before, read, _ = timed.partition("w")[0].rpartition("c")
    if not read:
        raise Slip(
            "The clock is not read between the warm-up and the first call to be timed.",
            "预热之后、第一次要计时的调用之前，没有读时钟。",
        )
    if "s" not in before:
        raise Slip(
            "When the clock starts, the device still works on the warm-up. Wait first.",
            "开始计时的时候，设备还在做预热的工作。要先等它做完。",
        )
    if "wc" in timed:
        raise Slip(
            "You read the clock right after work(): the order is given, but not done.",
            "work() 之后马上读了时钟：这时命令已下达，工作却还没做完。",
        )
    if got <= 0:
        raise Slip(
            f"A time should be positive, got {got:g}.", f"时间应为正数，得到 {got:g}。"
        )


_HINTS: tuple[Words, ...] = (
    ("can bfloat16 hold 257?", "bfloat16 装得下 257 吗？"),
    (
        "259 has two neighbours, 258 and 260. Which of them ends in binary 0?",
        "259 的两个邻居是 258 和 260，其中哪个的最后一位二进制数字是 0？",
    ),
    (
        "the sum is exact inside; only the result has to fit.",
        "求和在内部是精确的，只有结果需要放得下。",
    ),
    ("float32 has 24 binary digits.", "float32 有 24 位二进制数字。"),
    (
        "at which total does adding 1 change nothing any more?",
        "总数到多少之后，再加 1 就不再变化？",
    ),
    ("just below 1 the step is 1/256.", "紧挨着 1 的下方，间隔是 1/256。"),
)


@exercise("30-2")
def left_of_it(answer: Any) -> None:
    """Predict what bfloat16 keeps."""
    if isinstance(answer, Tensor | ndarray):
        answer = answer.tolist()
    expect_entries(answer, _kept(), _HINTS, read=_entry)


def _kept() -> list[float]:
    low = torch.bfloat16
    total = torch.tensor(0.0, dtype=low)
    for _ in range(301):
        total += 1
    one = torch.tensor(1.0, dtype=low)
    return [
        (256 * one + 1).item(),
        (256 * one + 3).item(),
        torch.ones(301, dtype=low).sum().item(),
        torch.ones(301).sum().item(),
        total.item(),
        (one - 0.01).item() < 1,
    ]


def _entry(number: int, got: Any) -> float:
    """Return one entry as a number; the last one is a yes or no."""
    if isinstance(got, Tensor | ndarray | generic) and getattr(got, "size", 0) != 0:
        got = got.item() if _single(got) else got
    wants_bool = number == 6
    if isinstance(got, bool) and not wants_bool:
        raise Slip(
            f"Entry {number} should be a number, got {got}.",
            f"第 {number} 项应为一个数，得到 {got}。",
        )
    if not isinstance(got, bool | int | float):
        kind = _BOOL if wants_bool else ("a number", "一个数")
        raise Slip(
            f"Entry {number} should be {kind[0]}, got {type(got).__name__}.",
            f"第 {number} 项应为{kind[1]}，得到 {type(got).__name__}。",
        )
    if wants_bool and got not in (0, 1):
        raise Slip(
            f"Entry 6 answers a question: True or False, got {got}.",
            f"第 6 项回答的是一个问题：True 或 False，得到 {got}。",
        )
    return bool(got) if wants_bool else float(got)


def _single(got: Any) -> bool:
    return bool((got.numel() if isinstance(got, Tensor) else got.size) == 1)


@exercise("30-3")
def where_it_pays(answer: Any) -> None:
    """Compare two devices by a model of calls, rates and copies."""
    cpu = {"call": 1e-6, "rate": 1e11}
    gpu = {"call": 1e-5, "rate": 1e13, "copy": 1e10}
    slow_road = {**gpu, "copy": 1e6}
    late = {**gpu, "call": 1.0}
    cases: list[tuple[dict[str, float], dict[str, float]]] = [
        (cpu, gpu),
        (cpu, slow_road),
        (cpu, late),
        ({"call": 1e-3, "rate": 1e9}, {"call": 2e-3, "rate": 1.2e9, "copy": 1e9}),
    ]
    for here, there in cases:
        border = _border(here, there, _truth)
        for n in (8, border - 1, border, 4 * border):
            got = call(answer, n, dict(here), dict(there))
            if isinstance(got, Tensor | ndarray | generic) and _single(got):
                got = got.item()
            expect_type(got, bool, en=_BOOL[0], zh=_BOOL[1])
            if got != _truth(n, here, there):
                raise _misjudged(answer, here, there, n, bool(got))


Model = Callable[[float, dict[str, float], dict[str, float]], bool]


def _cost(
    n: float, device: dict[str, float], *, work: float = 2.0, travel: float = 0.0
) -> float:
    road = travel * n**2 / device["copy"] if travel else 0.0
    return device["call"] + work * n**3 / device["rate"] + road


def _truth(n: float, cpu: dict[str, float], gpu: dict[str, float]) -> bool:
    return _cost(n, gpu, travel=12) < _cost(n, cpu)


def _model(*, work: float = 2.0, travel: float = 12.0, calls: bool = True) -> Model:
    def wins(n: float, cpu: dict[str, float], gpu: dict[str, float]) -> bool:
        cpu, gpu = (d if calls else {**d, "call": 0.0} for d in (cpu, gpu))
        return _cost(n, gpu, work=work, travel=travel) < _cost(n, cpu, work=work)

    return wins


_MODELS: tuple[tuple[Model, Words], ...] = (
    (
        lambda n, cpu, gpu: not _truth(n, cpu, gpu),
        (
            "Your answer is turned round: True means that the GPU wins.",
            "答案反了：True 表示 GPU 更快。",
        ),
    ),
    (
        _model(travel=0),
        ("The copies are missing.", "没有算上复制。"),
    ),
    (
        _model(travel=8),
        (
            "Two matrices go there, and one comes back.",
            "两个矩阵过去，还有一个矩阵回来。",
        ),
    ),
    (
        _model(travel=4),
        ("Three matrices travel, not one.", "要传的是三个矩阵，不是一个。"),
    ),
    (
        _model(travel=3),
        (
            "A copy is counted in bytes, and a float32 has four of them.",
            "复制以字节计，一个 float32 有四个字节。",
        ),
    ),
    (
        _model(work=1),
        (
            "Each of the n * n sums has n products and n additions.",
            "n * n 个和，每个有 n 次乘法和 n 次加法。",
        ),
    ),
    (
        _model(calls=False),
        ("The fixed time of a call is missing.", "没有算上每次调用的固定时间。"),
    ),
)


def _border(cpu: dict[str, float], gpu: dict[str, float], model: Model) -> int:
    """Return the smallest size for which the model lets the GPU win."""
    low, high = 1, 2
    while not model(high, cpu, gpu):
        low, high = high, 2 * high
        if high > 2**40:
            return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if model(middle, cpu, gpu) else (middle, high)
    return high


def _misjudged(
    answer: Any, cpu: dict[str, float], gpu: dict[str, float], n: int, got: bool
) -> Slip:
    """Find the model that the answer follows, and name what it lacks."""
    for model, told in _MODELS:
        borders = _border(cpu, gpu, model), _border(cpu, gpu, _truth)
        sizes = {n, 8, *(m for b in borders for m in (b - 1, b, 4 * b))}
        if all(
            bool(answer(m, dict(cpu), dict(gpu))) == model(m, cpu, gpu)
            for m in sizes
            if m > 0
        ):
            return Slip(*told)
    return Slip(
        f"For n={n}, cpu={cpu} and gpu={gpu} your function says {got}. Work the two "
        "times out on paper for this case.",
        f"n={n}、cpu={cpu}、gpu={gpu} 时，你的函数给出 {got}。"
        "请在纸上把这种情况的两个时间算一遍。",
    )


@exercise("30-4")
def unequal_parts(answer: Any) -> None:
    """Join the gradients of batches of different sizes."""
    generator = torch.Generator().manual_seed(0)
    for sizes in ([30, 10], [1, 2, 7], [5, 5]):
        samples = [torch.randn(size, 2, 3, generator=generator) for size in sizes]
        means = [part.mean(0) for part in samples]
        got = call(answer, [mean.clone() for mean in means], list(sizes))
        got = torch.as_tensor(got) if isinstance(got, ndarray) else got
        if isinstance(got, Tensor) and got.is_floating_point():
            got = got.float()
        if len(set(sizes)) > 1:
            _explain_joined(got, means, sizes)
        want = torch.cat(samples).mean(0)
        expect_tensor(got, want, en="the gradient", zh="梯度", tolerance=1e-4)


def _explain_joined(got: Any, means: list[Tensor], sizes: list[int]) -> None:
    stacked = torch.stack(means)
    weights = torch.tensor(sizes).view(-1, 1, 1)
    slips: list[tuple[Tensor, Words]] = [
        (
            stacked.mean(0),
            (
                "That is the plain mean. A small batch then counts as much as a large "
                "one.",
                "这是简单平均。这样一来，小批次和大批次就一样重了。",
            ),
        ),
        (
            stacked.sum(0),
            (
                "That is the sum of the means. Where do the sizes come in?",
                "这是各均值之和。批次大小用在哪里？",
            ),
        ),
        (
            (weights * stacked).sum(0),
            (
                "That is the sum over all samples. The mean divides it once more.",
                "这是所有样本之和。求均值还要再除一次。",
            ),
        ),
        (
            (weights * stacked).mean(0),
            (
                "You divide by the number of processes. How many samples are there?",
                "你除以的是进程数。样本一共有多少个？",
            ),
        ),
        (
            (stacked / weights).sum(0) / (1 / weights).sum(),
            (
                "Small batches weigh most here. Turn the weights round.",
                "这里小批次的权重最大。要反过来。",
            ),
        ),
    ]
    for wrong, told in slips:
        if (
            isinstance(got, Tensor)
            and got.shape == wrong.shape
            and torch.allclose(got.detach().cpu(), wrong, atol=1e-4)
        ):
            raise Slip(*told)
