"""Checks of lesson 19, Layers II: initialisation and normalisation."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type
from eatorch.exercises.common import ByHand
from eatorch.expecting import Untouched

Words = tuple[str, str]

_KEYS = ("running_mean", "running_var", "weight", "bias")
_OUTPUTS = [[-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]]
_RUNNING = [1.7, 0.9, 0.95]
_ONE = ((), (1,), (1, 1))  # shapes of a single number
_LEAST = 100_000  # numbers that a measured gain has to rest on


@exercise("19-1")
def four_quantities(answer: Any) -> None:
    """Follow the running averages of a batch norm without one."""
    generator = torch.Generator().manual_seed(0)
    batches = [3 + 2 * torch.randn(n, 3, generator=generator) for n in (4, 8, 5)]
    for momentum in (0.1, 0.3):
        layer = nn.BatchNorm1d(3, momentum=momentum)
        for batch in batches:
            layer(batch)
        options = {} if momentum == 0.1 else {"momentum": momentum}
        copies = [batch.clone() for batch in batches]
        with ByHand("batch_norm") as watch:
            got = call(answer, copies, **options)
        watch.refuse()
        _compare_quantities(got, layer, batches, momentum)


def _compare_quantities(
    got: Any, layer: nn.BatchNorm1d, batches: list[Tensor], momentum: float
) -> None:
    expect_type(got, dict, en="a dictionary", zh="一个字典")
    missing = [key for key in _KEYS if key not in got]
    if missing:
        raise Slip(
            f"The dictionary has no key {missing[0]!r}.",
            f"字典里缺少键 {missing[0]!r}。",
        )
    got = {key: _single(got[key]) for key in _KEYS}
    _refuse_known_averages(got, batches, momentum)
    state = layer.state_dict()
    for key in _KEYS:
        expect_tensor(got[key], state[key], en=key, zh=f" {key} ", tolerance=1e-4)


def _refuse_known_averages(
    got: dict[str, Any], batches: list[Tensor], momentum: float
) -> None:
    """Name the usual ways to a wrong average."""
    swapped = _follow(batches, 1 - momentum, 1)
    if _same(got["running_mean"], swapped[0]):
        raise Slip(
            "The weights of the average are swapped: in PyTorch momentum is the share "
            "of the new batch.",
            "平均的两个权重反了：在 PyTorch 里，momentum 是新批次所占的份额。",
        )
    if _same(got["running_var"], _follow(batches, momentum, 0)[1]):
        raise Slip(
            "running_var followed the biased variance. The average is made of the "
            "unbiased one.",
            "running_var 用的是有偏方差。滑动平均用的是无偏方差。",
        )
    from_zero = _follow(batches, momentum, 1, start=0.0)
    if _same(got["running_var"], from_zero[1]):
        raise Slip(
            "running_var began at 0. A new layer assumes that the data have variance "
            "1.",
            "running_var 从 0 开始了。新建的层假定数据的方差为 1。",
        )
    last = batches[-1]
    if _same(got["running_mean"], last.mean(0)):
        raise Slip(
            "running_mean is the mean of the last batch. It should remember the others "
            "as well.",
            "running_mean 成了最后一个批次的均值，它还应当记得前面的批次。",
        )


def _follow(
    batches: list[Tensor], momentum: float, correction: int, start: float = 1.0
) -> tuple[Tensor, Tensor]:
    mean, variance = torch.zeros(3), torch.full((3,), start)
    for batch in batches:
        mean = mean + momentum * (batch.mean(0) - mean)
        new = batch.var(0, correction=correction)
        variance = variance + momentum * (new - variance)
    return mean, variance


@exercise("19-2")
def four_steps(answer: Any) -> None:
    """Apply a batch norm in evaluation mode by hand, for rows and for pictures."""
    generator = torch.Generator().manual_seed(0)
    cases: list[tuple[nn.Module, tuple[int, ...], Words]] = [
        (
            nn.BatchNorm1d(3, eps=0.05),
            (5, 3),
            ("(sample, channel)", "(sample, channel)"),
        ),
        (
            nn.BatchNorm2d(3, eps=0.1),
            (2, 3, 4, 3),
            ("(sample, channel, height, width)", "(sample, channel, height, width)"),
        ),
    ]
    for layer, shape, (en, zh) in cases:
        _fill(layer, generator)
        x = 1 + 2 * torch.randn(shape, generator=generator)
        want = layer(x)
        with ByHand("batch_norm", "layer_norm", "group_norm", "instance_norm") as watch:
            got = _single(_call_broadcast(answer, x.clone(), layer))
        watch.refuse()
        _refuse_known_steps(got, x, layer)
        expect_tensor(
            got,
            want,
            en=f"the output for x of shape {en}",
            zh=f" x 的形状为 {zh} 时的输出",
            tolerance=1e-4,
        )


def _fill(layer: nn.Module, generator: torch.Generator) -> None:
    """Give the four quantities values that no two of them share."""
    layer.eval()
    with torch.no_grad():
        for tensor in (*layer.parameters(), *layer.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(0.5 + torch.rand(3, generator=generator))


def _call_broadcast(answer: Any, x: Tensor, layer: nn.Module) -> Any:
    try:
        return call(answer, x, layer)
    except RuntimeError as error:
        if "must match the size" in str(error):
            raise Slip(
                f"x of shape {tuple(x.shape)} and a tensor of shape (3,) do not fit: "
                "broadcasting begins at the right. The channels are on axis 1.",
                f"形状为 {tuple(x.shape)} 的 x 与形状为 (3,) 的张量对不上："
                "广播从右边开始对齐，而通道在轴 1 上。",
            ) from error
        raise


def _refuse_known_steps(got: Any, x: Tensor, layer: nn.Module) -> None:
    mean, variance, weight, bias = (
        getattr(layer, key).detach().view(1, -1, *[1] * (x.ndim - 2)) for key in _KEYS
    )
    eps = float(layer.eps)  # type: ignore[arg-type]
    slips: list[tuple[Tensor, Words]] = [
        (
            (x - mean) / (variance + eps) * weight + bias,
            (
                "You divided by the variance. Its root is wanted.",
                "你除以了方差，应当除以它的平方根。",
            ),
        ),
        (
            (x - mean) / (variance.sqrt() + eps) * weight + bias,
            (
                "eps is added after the root. It belongs under the root.",
                "eps 加在了开方之后，它应当在根号里面。",
            ),
        ),
        (
            (x - mean) / variance.sqrt() * weight + bias,
            (
                "eps is missing, or is not the one of this layer, layer.eps.",
                "缺了 eps，或者用的不是这一层自己的 layer.eps。",
            ),
        ),
        (
            (x - mean) / (variance + eps).sqrt(),
            (
                "That is half of it: minus and divided by. Times and plus are missing.",
                "这只是一半：减和除。还缺乘和加。",
            ),
        ),
        (
            ((x - mean) / (variance + eps).sqrt() + bias) * weight,
            (
                "Plus came before times. The order of the four steps matters.",
                "加在了乘的前面。四步的顺序不能换。",
            ),
        ),
        (
            _by_batch(x, eps) * weight + bias,
            (
                "You took mean and variance of x. In evaluation the layer has its own.",
                "你用了 x 自己的均值和方差。评估时，层用的是它存下来的那一份。",
            ),
        ),
    ]
    for wrong, told in slips:
        if _same(got, wrong):
            raise Slip(*told)


def _by_batch(x: Tensor, eps: float) -> Tensor:
    axes = [axis for axis in range(x.ndim) if axis != 1]
    variance = x.var(axes, correction=0, keepdim=True)
    return (x - x.mean(axes, keepdim=True)) / (variance + eps).sqrt()


@exercise("19-3")
def measured_gain(answer: Any) -> None:
    """Measure what a bend takes from a standard normal signal."""
    cases: list[tuple[Callable[[Tensor], Tensor], str, float]] = [
        (torch.tanh, "tanh", 1.5926),
        (_identity, "x", 1.0),
        (torch.relu, "relu", math.sqrt(2)),
    ]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for bend, name, want in cases:
            counter = _Counted(bend, name)
            got = call(answer, counter)
            if isinstance(got, Tensor | np.ndarray | np.generic) and got.shape in _ONE:
                got = got.item()
            expect_type(got, (int, float), en="a number", zh="一个数")
            _refuse_known_gains(float(got), name, want)
            _refuse_little_data(counter)


class _Counted:
    """A bend that notes what it was given."""

    def __init__(self, bend: Callable[[Tensor], Tensor], name: str) -> None:
        self.bend, self.seen, self.__name__ = bend, 0, name

    def __call__(self, x: Any) -> Tensor:
        if not isinstance(x, Tensor):
            kind = type(x).__name__
            raise Slip(
                f"bend takes a tensor, and your function gave it {kind}.",
                f"bend 要的是张量，你的函数传给它的是 {kind}。",
            )
        self.seen += x.numel()
        return self.bend(x.clone())


def _refuse_known_gains(got: float, name: str, want: float) -> None:
    known: dict[str, list[tuple[float, Words]]] = {
        "tanh": [
            (
                1 / want,
                (
                    "That is what tanh leaves. The gain has to restore it.",
                    "这是经过 tanh 后剩下的比例。增益要把失去的补回来。",
                ),
            ),
            (
                want**2,
                (
                    "That is the ratio of the squares. Take the root.",
                    "这是平方的比值，还要开方。",
                ),
            ),
            (
                5 / 3,
                (
                    "5/3 is what PyTorch's table says. Measure it instead.",
                    "5/3 是 PyTorch 表里的值，这里要的是测量结果。",
                ),
            ),
        ],
        "relu": [
            (
                1.7129,
                (
                    "For relu that is the ratio of deviations. The sum of the next "
                    "layer feels the RMS.",
                    "对 relu，这是标准差之比。下一层求和时感受到的是均方根。",
                ),
            ),
        ],
    }
    for value, told in known.get(name, []):
        if abs(got / value - 1) < 0.015 and abs(got / want - 1) > 0.02:
            raise Slip(*told)
    if not abs(got / want - 1) < 0.02:
        raise Slip(
            f"For {name} your function returned {got:.4g}. That is not the RMS of a "
            "standard normal signal divided by the RMS behind the function.",
            f"对 {name}，你的函数返回 {got:.4g}。"
            "这不是标准正态信号经过函数之前与之后的 RMS 之比。",
        )


def _refuse_little_data(counter: _Counted) -> None:
    if counter.seen < _LEAST:
        raise Slip(
            f"bend saw {counter.seen:,} numbers. Draw at least {_LEAST:,}, so that "
            "chance does not matter.",
            f"bend 只处理了 {counter.seen:,} 个数。请至少抽取 {_LEAST:,} 个，"
            "让偶然性不起作用。",
        )


@exercise("19-4")
def batch_of_two(answer: Any) -> None:
    """Predict what batch norm makes of two samples."""
    expect_type(answer, (list, tuple), en="a pair of lists", zh="一对列表")
    if any(part is ... for part in answer):
        raise Untouched
    if len(answer) != 2:
        raise Slip(
            f"Expected a pair, outputs and running_var, got {len(answer)} parts.",
            f"应当是一对：输出和 running_var，得到 {len(answer)} 个部分。",
        )
    outputs = _table(answer[0], (2, 3), ("The outputs", "输出"))
    running = _table(answer[1], (3,), ("running_var", " running_var "))
    _compare_outputs(outputs.round())
    _compare_running(running)


def _table(got: Any, shape: tuple[int, ...], name: Words) -> Tensor:
    try:
        table = torch.tensor(_plain(got), dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise Slip(
            f"{name[0]} should be lists of numbers, of shape {shape}.",
            f"{name[1]}应当是数字列表，形状为 {shape}。",
        ) from error
    if table.shape != shape:
        raise Slip(
            f"{name[0]} should have shape {shape}, got {tuple(table.shape)}.",
            f"{name[1]}的形状应为 {shape}，得到的是 {tuple(table.shape)}。",
        )
    return table


def _plain(got: Any) -> Any:
    """Return plain lists of numbers, whatever arrays or tensors they came in."""
    if isinstance(got, Tensor | np.ndarray | np.generic):
        return got.tolist()
    return [_plain(part) for part in got] if isinstance(got, list | tuple) else got


def _compare_outputs(outputs: Tensor) -> None:
    want = torch.tensor(_OUTPUTS)
    if torch.equal(outputs, -want):
        raise Slip(
            "All signs are turned round. Minus comes first: x minus the mean.",
            "所有的符号都反了。第一步是减：x 减去均值。",
        )
    centred = torch.tensor([[-2.0, 0, 0.5], [2, 0, -0.5]])
    if torch.equal(outputs, centred.round()):
        raise Slip(
            "The mean is gone, but the deviation is not yet divided out.",
            "均值已经减去，但还没有除以标准差。",
        )
    if not torch.equal(outputs, want):
        wrong = int((outputs != want).any(0).nonzero()[0])
        raise Slip(
            f"Column {wrong} of the outputs is not right. Where is its mean, and how "
            "many deviations is each of the two away from it?",
            f"输出的第 {wrong} 列不对。它的均值在哪里？两个数各离均值几个标准差？",
        )


def _compare_running(running: Tensor) -> None:
    slips: list[tuple[list[float], Words]] = [
        (
            [1.3, 0.9, 0.925],
            (
                "running_var took the biased variance. The average is made of the "
                "unbiased one.",
                "running_var 用了有偏方差，滑动平均用的是无偏方差。",
            ),
        ),
        (
            [8.0, 0.0, 0.5],
            (
                "These are the variances of the batch. The running average moves only "
                "a tenth of the way.",
                "这是批次的方差。滑动平均只向它移动十分之一。",
            ),
        ),
        (
            [0.8, 0.0, 0.05],
            (
                "The new share is right, but something was there before: a new layer "
                "starts at 1.",
                "新的份额对了，但原来已经有值：新建的层从 1 开始。",
            ),
        ),
        (
            [7.3, 0.1, 0.55],
            (
                "The shares are swapped: momentum is the share of the new batch.",
                "份额反了：momentum 是新批次所占的份额。",
            ),
        ),
    ]
    for wrong, told in slips:
        if torch.allclose(running, torch.tensor(wrong), atol=0.006):
            raise Slip(*told)
    off = (running - torch.tensor(_RUNNING)).abs()
    if not bool((off < 0.006).all()):
        place = int((~(off < 0.006)).nonzero()[0])
        raise Slip(
            f"Number {place} of running_var is not right. What was there before, and "
            "which variance comes in?",
            f"running_var 的第 {place} 个数不对。原来是多少？进来的是哪一种方差？",
        )


def _identity(x: Tensor) -> Tensor:
    return x


def _single(got: Any) -> Any:
    """Accept arrays and any float: how precisely one calculates is no mistake here."""
    got = torch.as_tensor(got) if isinstance(got, np.ndarray) else got
    return got.float() if isinstance(got, Tensor) and got.is_floating_point() else got


def _same(got: Any, want: Tensor) -> bool:
    return (
        isinstance(got, Tensor)
        and got.shape == want.shape
        and torch.allclose(got.detach().cpu().float(), want, rtol=1e-4, atol=1e-4)
    )
