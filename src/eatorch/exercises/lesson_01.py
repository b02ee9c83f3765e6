"""Checks of lesson 01, Hello, PyTorch."""

import platform
from typing import Any

import torch
from torch import Tensor

from eatorch.checking import Slip, call, exercise, expect_type

Shape = tuple[int, int]


@exercise("01-1")
def versions(answer: Any) -> None:
    """Python's and PyTorch's version, asked from the machine."""
    got = call(answer)
    expect_type(got, dict, en="a dictionary", zh="一个字典")
    truth = {"python": platform.python_version(), "torch": str(torch.__version__)}
    for key, version in truth.items():
        if key not in got:
            keys = ", ".join(map(repr, got)) or "none"
            raise Slip(
                f'The key "{key}" is missing; your keys: {keys}. Small letters matter.',
                f'缺少键 "{key}"；你的键有：{keys}。注意大小写。',
            )
        _expect_version(key, got[key], version)


def _expect_version(key: str, got: Any, version: str) -> None:
    if not isinstance(got, str):
        raise Slip(
            f'"{key}" should be text, got {type(got).__name__}. A version is text; '
            "a module or a tuple of numbers is not.",
            f'"{key}" 应当是文本，得到的是 {type(got).__name__}。'
            "版本号是文本，模块和数字元组都不是。",
        )
    if got == version:
        return
    came = got if len(got) <= 20 else f"{got[:17]}..."
    if got.startswith(version):
        raise Slip(
            f'"{key}" holds more than the version: {came!r}. Ask for the number alone.',
            f'"{key}" 里除了版本号还有别的内容：{came!r}。只要版本号本身。',
        )
    raise Slip(
        f'"{key}" says {came!r}, but that is not what runs here. Ask the machine '
        "instead of typing a version in; do not shorten it.",
        f'"{key}" 写的是 {came!r}，与正在运行的版本不符。'
        "应向机器查询，不要手写，也不要截短。",
    )


@exercise("01-2")
def seven(answer: Any) -> None:
    """A row and a column with the product 7."""
    if isinstance(answer, Tensor):
        raise Slip(
            "One tensor came, two were expected: the pair (row, column), from which "
            "the check makes the product itself.",
            "应当是两个张量，只收到一个：请给出 (row, column)，乘积由检查程序来算。",
        )
    kinds = (tuple, list)
    expect_type(answer, kinds, en="a pair (row, column)", zh="一对 (row, column)")
    if len(answer) != 2:
        raise Slip(
            f"Expected two tensors, row and column, got {len(answer)} things.",
            f"应当是 row 和 column 两个张量，得到 {len(answer)} 个东西。",
        )
    row, column = answer
    _expect_shape("row", row, (1, 2))
    _expect_shape("column", column, (2, 1))
    if row.dtype != column.dtype:
        kinds_got = f"{row.dtype}, {column.dtype}"
        raise Slip(
            f"The matrices hold different kinds of numbers ({kinds_got}), so @ refuses "
            "them. A decimal point in one asks for a decimal point in the other.",
            f"两个矩阵的数的类型不同（{kinds_got}），@ 会拒绝计算。"
            "一个写了小数点，另一个也要写。",
        )
    product = (row @ column).item()
    if product != 7:
        raise Slip(
            f"The shapes are right, but the product is {product:g}, not 7.",
            f"形状对了，但乘积是 {product:g}，不是 7。",
        )


def _expect_shape(name: str, got: Any, want: Shape) -> None:
    expect_type(got, Tensor, en=f"a tensor as {name}", zh=f"张量（{name}）")
    shape = tuple(got.shape)
    if shape == want:
        return
    hint, hint_zh = "Keep the shapes of the lesson.", "形状要与课文中的一样。"
    if len(shape) == 1:
        hint = "One pair of brackets makes one axis; a matrix needs two pairs."
        hint_zh = "一层方括号只有一个轴；矩阵需要两层。"
    elif shape == want[::-1]:
        hint, hint_zh = "Row and column seem swapped.", "行和列似乎放反了。"
    raise Slip(
        f"{name} should have shape {want}, got {shape}. {hint}",
        f"{name} 的形状应为 {want}，得到的是 {shape}。{hint_zh}",
    )


@exercise("01-3")
def shapes(answer: Any) -> None:
    """The rule of the matrix product, tried on shapes that work and that fail."""
    pairs: list[tuple[Shape, Shape]] = [
        ((2, 3), (3, 4)),
        ((2, 3), (2, 3)),
        ((4, 1), (1, 4)),
        ((1, 4), (4, 1)),
        ((3, 2), (5, 3)),
        ((3, 3), (3, 3)),
        ((5, 1), (2, 5)),
    ]
    for left, right in pairs:
        _compare(call(answer, left, right), left, right)


def _compare(got: Any, left: Shape, right: Shape) -> None:
    what = f"{left} @ {right}"
    truth = _product_shape(left, right)
    if isinstance(got, str) == isinstance(truth, str) and got == truth:
        return
    if not isinstance(got, str | tuple):
        kinds, kinds_zh = 'a tuple or the text "fails"', '一个元组，或文本 "fails"'
        expect_type(got, (str, tuple), en=kinds, zh=kinds_zh)
    if isinstance(got, str) and got != "fails":
        raise Slip(
            f'The word for a refusal is "fails", you returned {got!r}.',
            f'表示拒绝的词是 "fails"，你返回的是 {got!r}。',
        )
    if truth == "fails":
        raise Slip(
            f"PyTorch refuses {what}, you answered {got!r}. Which two of the four "
            "numbers have to agree?",
            f"PyTorch 会拒绝 {what}，你的答案却是 {got!r}。四个数里哪两个必须相等？",
        )
    if isinstance(got, str):
        raise Slip(
            f"{what} works, you answered {got!r}. Which two of the four numbers have "
            "to agree?",
            f"{what} 是可以算的，你的答案却是 {got!r}。四个数里哪两个必须相等？",
        )
    raise Slip(
        f"{what} works, but its shape is not {got!r}. Rows come from one side, "
        "columns from the other: which from which?",
        f"{what} 可以算，但结果的形状不是 {got!r}。"
        "行数来自一边，列数来自另一边：各来自哪一边？",
    )


def _product_shape(left: Shape, right: Shape) -> Shape | str:
    """Let PyTorch itself decide, so that the check cannot be wrong."""
    try:
        rows, columns = (torch.ones(left) @ torch.ones(right)).shape
    except RuntimeError:
        return "fails"
    return rows, columns
