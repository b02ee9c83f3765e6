"""Checks of lesson 14, Mathematics, broadcasting, einsum."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_entries,
    expect_number,
    expect_type,
)
from eatorch.expecting import shorten

Words = tuple[str, str]


@exercise("14-1")
def knn_accuracy(answer: Any) -> None:
    """Two clouds that overlap, and odd k, so that no vote ends in a tie."""
    clouds = _clouds()
    for k in (1, 5, 31):
        got = call(answer, *(part.clone() for part in clouds), k)
        want = _accuracy(*clouds, k)
        _explain_accuracy(got, want, _accuracy(*clouds, k, largest=True), k)
        expect_number(got, want)


def _clouds() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return training points, their classes (7 or 3), test points, their classes."""
    generator = torch.Generator().manual_seed(14)
    chosen = torch.rand(160, generator=generator) < 0.4
    classes = torch.where(chosen, 7, 3)
    points = torch.randn(160, 3, generator=generator) + chosen[:, None] * 1.2
    return points[:100], classes[:100], points[100:], classes[100:]


def _accuracy(
    train: Tensor,
    train_classes: Tensor,
    test: Tensor,
    test_classes: Tensor,
    k: int,
    *,
    largest: bool = False,
) -> float:
    nearest = torch.cdist(test, train).topk(k, largest=largest).indices
    votes = train_classes[nearest].mode(dim=1).values
    return (votes == test_classes).double().mean().item()


def _explain_accuracy(got: Any, want: float, farthest: float, k: int) -> None:
    """Name the usual slips; ``farthest`` is the share if the farthest points vote."""
    if isinstance(got, Tensor) and got.numel() > 1:
        raise Slip(
            f"Expected one share, got a tensor of shape {tuple(got.shape)}. What "
            "turns right and wrong answers into a share?",
            f"应当是一个比例，得到的却是形状为 {tuple(got.shape)} 的张量。"
            "怎样把对与错变成一个比例？",
        )
    if not _is_number(got):
        expect_number(got, want)
    number = float(got)
    if number > 1:
        raise Slip(
            f"For k = {k} the result is {number:g}. Expected a share from 0 to 1, not "
            "a count or a percentage.",
            f"k = {k} 时结果是 {number:g}。应当是 0 到 1 之间的比例，"
            "而不是个数或百分数。",
        )
    if abs(number - farthest) < 1e-6 < abs(want - farthest):
        raise Slip(
            f"For k = {k} the farthest points voted. Which distances does topk "
            "return if you say nothing else?",
            f"k = {k} 时投票的是最远的点。不另外说明时，topk 返回哪些距离？",
        )
    if abs(number - want) > 1e-4:
        raise Slip(
            f"For k = {k} the share {number:.3f} is not right. Do exactly k training "
            "points vote on each test point, and does the most frequent class win?",
            f"k = {k} 时，比例 {number:.3f} 不对。"
            "每个测试点是否恰好由 k 个训练点投票，并由最多的类别获胜？",
        )


def _is_number(got: Any) -> bool:
    single = isinstance(got, Tensor) and got.numel() == 1 and not got.is_complex()
    return single or (isinstance(got, Real) and not isinstance(got, bool))


@exercise("14-2")
def rank_for(answer: Any) -> None:
    """Matrices made from known singular values, tall, wide and square."""
    cases = [
        ((6, 4), (3.0, 2.0, 1.0, 0.5), 0.9),  # squares 9, 4, 1, 0.25
        ((4, 7), (3.0, 2.0, 1.0, 0.5), 0.5),
        ((5, 5), (2.0, 1.9, 1.8, 1.7, 1.6), 0.9),
        ((8, 3), (4.0, 1.0, 0.2), 0.999),
    ]
    for shape, values, share in cases:
        matrix = _with_values(shape, values)
        got = call(answer, matrix.clone(), share)
        if isinstance(got, Tensor | np.generic) and len(got.reshape(-1)) == 1:
            got = got.item()
        expect_type(got, (int, float), en="a whole number", zh="一个整数")
        _explain_rank(got, values, share)


def _with_values(shape: tuple[int, int], values: tuple[float, ...]) -> Tensor:
    """Return a matrix with these singular values, between two random turns."""
    generator = torch.Generator().manual_seed(len(values))
    left, right = (
        torch.linalg.qr(torch.randn(size, len(values), generator=generator)).Q
        for size in shape
    )
    matrix: Tensor = (left * torch.tensor(values)) @ right.T
    return matrix


def _explain_rank(got: float, values: tuple[float, ...], share: float) -> None:
    want = _first(values, share, power=2)
    if got == want:
        return
    told = ", ".join(f"{value:g}" for value in values)
    if got == _first(values, share, power=1):
        en = "This share counts the singular values themselves; energy is their square."
        zh = "这里按奇异值本身计算比例；能量是它们的平方。"
    elif got == want - 1:
        en = "With this rank the energy is still below the share; count from 1."
        zh = "这个秩的能量还没有达到所要的比例；从 1 开始数。"
    elif got > want:
        en = "A smaller rank is enough already."
        zh = "更小的秩就已足够。"
    else:
        en = "This rank keeps too little energy."
        zh = "这个秩保留的能量太少。"
    raise Slip(
        f"For singular values {told} and share {share:g} you say {got:g}. {en}",
        f"奇异值为 {told}、比例为 {share:g} 时，你的答案是 {got:g}。{zh}",
    )


def _first(values: tuple[float, ...], share: float, *, power: int) -> int:
    """Return how many values it takes to reach the share of the sum of powers."""
    parts = torch.tensor(values, dtype=torch.float64) ** power
    return int((parts.cumsum(0) / parts.sum() < share).sum()) + 1


_SHAPES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((4, 4),),
    ((3, 5),),
    ((4, 3), (4, 3)),
    ((3,), (3, 5), (5,)),
    ((2, 3, 4, 5), (6, 3)),
    ((2, 3, 4, 5), (2, 5, 3, 6)),
)


@exercise("14-3")
def equations(answer: Any) -> None:
    """Run each equation on tensors whose axes all have lengths of their own."""
    expect_type(answer, (list, tuple), en="a list", zh="一个列表")
    if len(answer) != len(_SHAPES):
        raise Slip(
            f"Expected {len(_SHAPES)} equations, got {len(answer)}.",
            f"应有 {len(_SHAPES)} 个式子，得到 {len(answer)} 个。",
        )
    generator = torch.Generator().manual_seed(0)
    for number, (equation, shapes) in enumerate(
        zip(answer, _SHAPES, strict=True), start=1
    ):
        operands = [torch.randn(shape, generator=generator) for shape in shapes]
        _judge_equation(number, equation, operands)


_TRUTHS: tuple[Callable[..., Tensor], ...] = (  # the six without einsum
    torch.trace,
    lambda matrix: matrix.sum(0),
    lambda a, b: (a * b).sum(1),
    lambda x, matrix, y: x @ matrix @ y,
    lambda pictures, matrix: (pictures.movedim(1, -1) @ matrix.T).movedim(-1, 1),
    lambda weights, values: (weights @ values.movedim(1, 2)).movedim(1, 2),
)


def _judge_equation(number: int, equation: Any, tensors: list[Tensor]) -> None:
    if not isinstance(equation, str):
        raise Slip(
            f"Equation {number} should be a string, got {shorten(equation)}.",
            f"第 {number} 个式子应当是字符串，得到的是 {shorten(equation)}。",
        )
    try:
        got = torch.einsum(equation, *tensors)
    except (RuntimeError, ValueError) as error:
        raise Slip(
            f"Equation {number}, {shorten(equation)}, does not run on shapes "
            f"{_told(tensors)}: {shorten(error, 160)}",
            f"第 {number} 个式子 {shorten(equation)} "
            f"在形状 {_told(tensors)} 上不能运行：{shorten(error, 160)}",
        ) from error
    want = _TRUTHS[number - 1](*tensors)
    if got.shape != want.shape:
        raise Slip(
            f"Equation {number} gives shape {tuple(got.shape)}, expected "
            f"{tuple(want.shape)}. Compare the letters on the right with the task.",
            f"第 {number} 个式子给出形状 {tuple(got.shape)}，应当是 "
            f"{tuple(want.shape)}。把右边的字母与题目对照一下。",
        )
    if not torch.allclose(got, want, atol=1e-4):
        raise Slip(
            f"Equation {number} gives the right shape but other numbers. Which axes "
            "should run together, and which should be summed?",
            f"第 {number} 个式子形状正确，但数值不对。"
            "哪些轴应当同步前进，哪些应当求和？",
        )


def _told(tensors: list[Tensor]) -> str:
    return ", ".join(str(tuple(tensor.shape)) for tensor in tensors)


@exercise("14-4")
def results(answer: Any) -> None:
    """Eight lines whose values PyTorch itself is asked for."""
    if isinstance(answer, Tensor | np.ndarray) and answer.ndim == 1:
        answer = answer.tolist()
    expect_entries(answer, _eight(), _HINTS, read=_number)


def _number(number: int, got: Any) -> float:
    if not _is_number(got):
        raise Slip(
            f"Entry {number} should be a number, got {shorten(got)}.",
            f"第 {number} 项应当是一个数，得到的是 {shorten(got)}。",
        )
    return float(got)


def _eight() -> list[float]:
    eight = [
        torch.tensor(4.5).round(),
        torch.tensor(-3.5).round(),
        torch.tensor(-3.5).trunc(),
        torch.tensor(-3.2).floor(),
        torch.tensor(-8) % 5,
        torch.tensor(-8).fmod(5),
        torch.tensor(8) % -5,
        torch.tensor(-8) // 5,
    ]
    return [float(value) for value in eight]


_HALF: Words = (
    "it lies half way between two neighbours. Which of them is even?",
    "它在两个相邻整数的正中。哪一个是偶数？",
)
_DIVISOR: Words = (
    "% has the sign of the divisor, and quotient times divisor must add up.",
    "% 与除数同号，而且商乘除数再加余数要等于被除数。",
)
_HINTS: tuple[Words, ...] = (
    _HALF,
    _HALF,
    ("trunc goes towards zero.", "trunc 向零取整。"),
    ("floor goes down, also below zero.", "floor 总是向下，零以下也一样。"),
    _DIVISOR,
    ("fmod has the sign of the number divided.", "fmod 与被除数同号。"),
    _DIVISOR,
    ("// cuts with floor, not with trunc.", "// 用 floor 取整，不是 trunc。"),
)
