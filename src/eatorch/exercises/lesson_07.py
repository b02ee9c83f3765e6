"""Checks of lesson 07, Tensors."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_entries,
    expect_tensor,
    expect_type,
)
from eatorch.expecting import shorten

Words = tuple[str, str]


@exercise("07-1")
def name_of(answer: Any) -> None:
    """Names depend on the number of axes, also where an axis has size 1 or 0."""
    words = {0: "scalar", 1: "vector", 2: "matrix"}
    for shape in [(), (3,), (2, 3), (1,), (1, 1), (0,), (2, 1, 2), (1,) * 4, (2,) * 5]:
        got = call(answer, torch.zeros(shape))
        expect_type(got, str, en="a name in quotes", zh="一个带引号的名字")
        want = words.get(len(shape), f"{len(shape)}-d tensor")
        if got.strip().lower() == want:
            continue
        count, axes = torch.zeros(shape).numel(), len(shape)
        raise Slip(
            f"For shape {shape} your function says {shorten(got)}. This tensor has "
            f"{count} {'number' if count == 1 else 'numbers'} on {axes} "
            f"{'axis' if axes == 1 else 'axes'}; which of the two decides the name, "
            "and is the name spelled as in the task?",
            f"形状为 {shape} 时，你的函数给出 {shorten(got)}。"
            f"这个张量有 {count} 个数、{axes} 个轴；名字由哪一个决定？"
            "写法与题目一致吗？",
        )


@exercise("07-2")
def shares_memory(answer: Any) -> None:
    """Storage decides, not the object, the numbers or the first address."""
    for a, b, want, (en, zh) in _pairs():
        got = call(answer, a, b)
        expect_type(got, bool, en="True or False", zh="True 或 False")
        if got != want:
            raise Slip(
                f"Your function says {got} here, which is wrong: {en}.",
                f"你的函数在这里给出 {got}，不对：{zh}。",
            )


def _pairs() -> list[tuple[Tensor, Tensor, bool, Words]]:
    """Return pairs of tensors, whether they share, and what is special about them."""
    base, array = torch.arange(6.0), np.arange(6.0)
    window, other = torch.from_numpy(array), torch.from_numpy(array)
    view = ("a view is a new Python object on old memory", "视图是旧内存上的新对象")
    copy = (
        "these two hold equal numbers, but each has its own memory",
        "两者的数相等，但各有各的内存",
    )
    slices = (
        "a slice may begin elsewhere in the storage of its base",
        "切片可以从同一块存储的别处开始",
    )
    bridge = (
        "both were made by torch.from_numpy from one array",
        "两者都由 torch.from_numpy 从同一个数组得来",
    )
    parts = (
        "two slices of one tensor read one storage, even where they do not overlap",
        "同一张量的两个切片即使不重叠，读的也是同一块存储",
    )
    return [
        (base, base.view(2, 3), True, view),
        (base, base.clone(), False, copy),
        (base, base[2:], True, slices),
        (base.view(2, 3), base.view(2, 3).T, True, view),
        (base, base.view(torch.int32), True, view),
        (window, other, True, bridge),
        (window, torch.tensor(array), False, copy),
        (base[:2], base[4:], True, parts),
    ]


@exercise("07-3")
def mean_square_error(answer: Any) -> None:
    """The column loses its second axis before it meets the vector."""
    generator = torch.Generator().manual_seed(0)
    for count in (5, 4, 1):
        target = torch.randn(count, generator=generator)
        prediction = torch.randn(count, 1, generator=generator)
        got = call(answer, prediction.clone(), target.clone())
        squares = (prediction - target).square()  # all pairs, (count, count)
        _explain_error(got, squares)
        mean = squares.diagonal().mean()
        expect_tensor(got, mean, en="the error", zh="误差")


def _explain_error(got: Any, squares: Tensor) -> None:
    """Name the usual slips; ``squares`` holds those of all pairs."""
    if not isinstance(got, Tensor):
        return
    own = squares.diagonal()
    count = len(own)
    if got.ndim:
        raise Slip(
            f"Expected one number without axes, got shape {tuple(got.shape)}. "
            "Has the mean been taken over everything?",
            f"应当是没有轴的一个数，得到的形状是 {tuple(got.shape)}。"
            "是否对所有元素取了平均？",
        )
    if count > 1 and math.isclose(got, squares.mean(), rel_tol=1e-5):
        raise Slip(
            f"This is the mean of {count * count} squares, expected {count}: each "
            "prediction was compared with every target. Look at the two shapes.",
            f"这是 {count * count} 个平方的平均，应当只有 {count} 个："
            "每个预测都与所有目标比较了一遍。看看两者的形状。",
        )
    if count > 1 and math.isclose(got, own.sum(), rel_tol=1e-5):
        raise Slip(
            f"This is the sum of the {count} squares, not their mean.",
            f"这是 {count} 个平方之和，不是平均。",
        )
    if not math.isclose(got, own.mean(), rel_tol=1e-5):
        raise Slip(
            f"For {count} predictions the result {got:g} is wrong. First the "
            "differences, then their squares, then the mean: which step is missing?",
            f"对 {count} 个预测，结果 {got:g} 不对。"
            "先求差，再平方，最后求平均：少了哪一步？",
        )


@exercise("07-4")
def mixes(answer: Any) -> None:
    """What PyTorch does with seven mixtures of dtypes, asked from PyTorch itself."""
    truth = [_outcome(action) for action in _actions()]
    expect_entries(answer, truth, _HINTS, read=_entry)


def _actions() -> list[Callable[[], Tensor]]:
    i64 = torch.ones(2, dtype=torch.int64)
    u8 = torch.ones(2, dtype=torch.uint8)
    f16 = torch.ones(2, dtype=torch.float16)
    f32 = torch.ones(2)
    f64 = torch.ones(2, dtype=torch.float64)
    return [
        lambda: i64 + 0.5,
        lambda: f16 * 2.0,
        lambda: u8 + i64,
        lambda: i64 + f16,
        lambda: f32 + f64[0],
        lambda: f32 @ f64,
        lambda: i64.mul_(1.5),
    ]


_HINTS: tuple[Words, ...] = (
    (
        "a Python float may change the kind. To which dtype, if it names none?",
        "Python 浮点数可以改变种类。它没有指明 dtype，那会变成哪一个？",
    ),
    (
        "does a Python number change the size of a dtype of its own kind?",
        "种类相同时，Python 的数会改变 dtype 的大小吗？",
    ),
    (
        "both are integers, so the result must be able to hold both.",
        "两者都是整数，结果要装得下两者。",
    ),
    (
        "compare the kinds before you compare the sizes.",
        "先比较种类，再比较大小。",
    ),
    (
        "how many axes has an element taken out of a vector?",
        "从向量中取出的一个元素有几个轴？",
    ),
    (
        "this is a product of vectors, not an element-wise sum.",
        "这是向量的乘积，不是逐元素相加。",
    ),
    (
        "the underscore writes the result back. Does it fit?",
        "下划线表示把结果写回去。写得下吗？",
    ),
)


def _outcome(action: Callable[[], Tensor]) -> torch.dtype | str:
    try:
        return action().dtype
    except RuntimeError:
        return "error"


def _entry(number: int, got: Any) -> torch.dtype | str:
    """Return one entry of the list if it is a dtype or the word "error"."""
    if isinstance(got, torch.dtype):
        return got
    if isinstance(got, str) and got.strip().lower() == "error":
        return "error"
    raise Slip(
        f"Entry {number} should be a dtype such as torch.int64 (without quotes) or "
        f'"error", got {type(got).__name__} {shorten(got)}.',
        f'第 {number} 项应当是 torch.int64 这样的 dtype（不带引号）或 "error"，'
        f"得到的是 {type(got).__name__} {shorten(got)}。",
    )
