"""Checks of lesson 21, Layers IV: attention and transformer."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_number, expect_type
from eatorch.expecting import shorten

_PLACES, _WIDTH = 6, 8


def _plain(got: Any) -> Any:
    """Take the value out of a NumPy scalar or a tensor of one element."""
    if isinstance(got, np.generic) or (isinstance(got, Tensor) and got.numel() == 1):
        return got.item()
    return got


@exercise("21-1")
def divisor(answer: Any) -> None:
    """Compare the divisor with the root of d times both spreads."""
    for d, query_std, key_std in [(64, 1.0, 1.0), (16, 2.0, 1.0), (9, 0.5, 3.0)]:
        got = call(answer, d, query_std, key_std)
        want = math.sqrt(d) * query_std * key_std
        _explain_divisor(got, want, d, query_std * key_std)
        try:
            expect_number(got, want)
        except Slip as slip:
            told = f"d={d}, query_std={query_std:g}, key_std={key_std:g}"
            raise Slip(f"For {told}: {slip.en}", f"当 {told} 时：{slip.zh}") from None


def _explain_divisor(got: Any, want: float, d: int, spreads: float) -> None:
    """Name a divisor that forgets something, if that is what came."""
    got = _plain(got)
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return
    if math.isclose(got, want):
        return
    if math.isclose(got, want**2):
        raise Slip(
            f"{got:g} is the variance of the dot products. Which number has the same "
            "unit as a score?",
            f"{got:g} 是点积的方差。哪个数和分数的单位相同？",
        )
    if math.isclose(got, d * spreads):
        raise Slip(
            "Variances of the d products add up, standard deviations do not.",
            "相加的是 d 个乘积的方差，而不是标准差。",
        )
    if math.isclose(got, math.sqrt(d)):
        raise Slip(
            "That is right only for numbers whose standard deviation is 1.",
            "只有当这些数的标准差是 1 时，这才对。",
        )
    if math.isclose(got, 1 / want):
        raise Slip(
            "That is what to multiply with, not what to divide by.",
            "这是要乘的数，不是要除的数。",
        )


@exercise("21-2")
def layer_parameters(answer: Any) -> None:
    """Compare the formula with ``numel`` of real layers."""
    cases = [(16, 4, 64, True), (16, 1, 64, True), (12, 3, 20, False)]
    for width, heads, hidden, bias in cases:
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden, bias=bias, batch_first=True, device="meta"
        )
        want = sum(parameter.numel() for parameter in layer.parameters())
        got = _plain(call(answer, width, heads, hidden, bias=bias))
        expect_type(got, (int, float), en="a number", zh="一个数")
        if got != want:
            _explain_count(got, layer, f"{width}, {heads}, {hidden}, bias={bias}")
    _expect_refusal(answer)


def _explain_count(got: float, layer: nn.TransformerEncoderLayer, told: str) -> None:
    """Say which part the count forgets, if a single part explains it."""
    parts = {name: _count(part) for name, part in layer.named_children()}
    want = sum(parts.values())
    en, zh = "", ""
    for name, size in parts.items():
        if size and got == want - size:
            en, zh = f" Is {name} counted?", f"{name} 算进去了吗？"
    if got == want - parts["norm1"] - parts["norm2"]:
        en, zh = " Are both norms counted?", "两个归一化都算进去了吗？"
    elif got > want and layer.linear1.bias is None:
        en, zh = " This layer was told to have no bias.", "这一层指定了不要偏置。"
    raise Slip(
        f"For ({told}) your function says {shorten(got)}, which is wrong.{en}",
        f"对于（{told}），你的函数给出 {shorten(got)}，不对。{zh}",
    )


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _expect_refusal(answer: Any) -> None:
    """Require a ValueError where the heads do not divide the width."""
    try:
        got = call(answer, 10, 4, 20)
    except ValueError:
        return
    except AssertionError:
        raise Slip(
            "Width 10 cannot be cut into 4 heads, and your function notices, but with "
            "an AssertionError. Raise a ValueError.",
            "宽度 10 不能切成 4 个头，你的函数发现了这一点，"
            "但抛出的是 AssertionError。请抛出 ValueError。",
        ) from None
    raise Slip(
        f"Width 10 cannot be cut into 4 heads. Your function says {shorten(got)} where "
        "it should raise a ValueError.",
        f"宽度 10 不能切成 4 个头。你的函数给出了 {shorten(got)}，"
        "而这里应当抛出 ValueError。",
    )


class _Placed(nn.Module):
    """Attention with positions: each place adds a vector of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = _Plain()
        self.place = nn.Parameter(torch.randn(_PLACES, _WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.inner(x + self.place)
        return result


class _Plain(nn.Module):
    """Attention without positions."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(_WIDTH, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.attention(x, x, x, need_weights=False)[0]
        return result


class _Mirrored(nn.Module):
    """Adds both neighbours, in a ring: a mirror cannot tell, other orders can."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.roll(1, dims=1) + x.roll(-1, dims=1)


@exercise("21-3")
def ignores_order(answer: Any) -> None:
    """Tell layers that know the order from those that do not."""
    state = torch.get_rng_state()
    torch.manual_seed(0)
    try:
        cases = [
            (_Plain(), True, "attention without positions", "没有位置的注意力"),
            (_Placed(), False, "attention with positions", "有位置的注意力"),
            (nn.Linear(_WIDTH, 3), True, "a linear layer", "线性层"),
            (
                _Mirrored(),
                False,
                "a layer that a mirror fools",
                "一个骗得过镜像的层",
            ),
        ]
        for layer, want, en, zh in cases:
            x = torch.randn(2, _PLACES, _WIDTH)
            _judge(call(answer, layer, x), want, en, zh)
    finally:
        torch.set_rng_state(state)


def _judge(got: Any, want: bool, en: str, zh: str) -> None:
    got = _plain(got)
    expect_type(got, bool, en="True or False", zh=" True 或 False")
    if got == want:
        return
    if want:
        raise Slip(
            f"For {en} your function says False. Is the result shuffled in the same "
            "way before you compare, and is there room for rounding?",
            f"对于{zh}，你的函数给出 False。比较之前，结果也按同样的方式打乱了吗？"
            "给舍入误差留余地了吗？",
        )
    raise Slip(
        f"For {en} your function says True, but some order tells. How many orders did "
        "you try, and does every one of them move something?",
        f"对于{zh}，你的函数给出 True，但有的顺序能看出差别。"
        "你试了几种顺序？每一种都真的移动了位置吗？",
    )


@exercise("21-4")
def longest(answer: Any) -> None:
    """Compare with the whole root of the scores that fit."""
    cases = [(4_000_000, 1, 1), (2**30, 8, 12), (4 * 2 * 3 * 49, 2, 3), (1199, 3, 1)]
    for memory, batch, heads in cases:
        want = math.isqrt(memory // (4 * batch * heads))
        got = _plain(call(answer, memory, batch, heads))
        expect_type(got, (int, float), en="a whole number", zh="一个整数")
        told = f"memory={memory}, batch={batch}, heads={heads}"
        if got == want and isinstance(got, float):
            raise Slip("Return a whole number, an int.", "请返回整数（int）。")
        if got != want:
            raise _length_slip(got, want, told, 4 * batch * heads)


def _length_slip(got: float, want: int, told: str, table: int) -> Slip:
    """Say whether such a row would fit, and what the number may have forgotten."""
    en, zh = f"For {told} {shorten(got)} is wrong.", f"当 {told} 时，{got} 不对。"
    if not math.isfinite(got):
        return Slip(en, zh)
    if isinstance(got, float) and int(got) == want:
        return Slip(
            f"{en} A row has a whole number of places.",
            f"{zh}一行的位置个数是整数。",
        )
    if got > want:
        return Slip(
            f"{en} A row of that length needs {table * got * got:,.0f} bytes.",
            f"{zh}这么长的一行需要 {table * got * got:,.0f} 字节。",
        )
    return Slip(f"{en} A longer row still fits.", f"{zh}更长的一行也放得下。")
