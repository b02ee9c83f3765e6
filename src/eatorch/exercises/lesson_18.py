"""Checks of lesson 18, Layers I: convolution, pooling, linear, activation."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy import generic, ndarray
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_number,
    expect_tensor,
    expect_type,
)
from eatorch.expecting import shorten

Words = tuple[str, str]

_QUESTIONS: tuple[Words, ...] = (
    ("the first map without padding", "不填充时第一张图"),
    ("the second map without padding", "不填充时第二张图"),
    ("a corner with padding=1", "padding=1 时的角"),
    ("an edge with padding=1", "padding=1 时的边"),
    ("a cell inside with padding=1", "padding=1 时的内部"),
)


@exercise("18-1")
def by_hand(answer: Any) -> None:
    """Convolve three filled channels with kernels of ones and twos."""
    answer = _plain(answer)
    expect_type(answer, (list, tuple), en="a list of numbers", zh="由数组成的列表")
    truth = _filled_channels()
    if len(answer) != len(truth):
        raise Slip(
            f"Expected {len(truth)} numbers, got {len(answer)}.",
            f"应有 {len(truth)} 个数，得到 {len(answer)} 个。",
        )
    for number, (got, want) in enumerate(zip(answer, truth, strict=True), start=1):
        _expect_sum(number, got, want)


def _plain(answer: Any) -> Any:
    """Turn tensors and arrays into Python's own numbers and lists."""
    return answer.tolist() if isinstance(answer, (Tensor, ndarray, generic)) else answer


def _filled_channels() -> list[float]:
    picture = torch.arange(1.0, 4).view(1, 3, 1, 1).expand(1, 3, 5, 5)
    weight = torch.tensor([1.0, 2]).view(2, 1, 1, 1).expand(2, 3, 3, 3)
    first, second = functional.conv2d(picture, weight)[0]
    padded = functional.conv2d(picture, weight, padding=1)[0, 0]
    cells = [first[1, 1], second[1, 1], padded[0, 0], padded[0, 2], padded[2, 2]]
    return [cell.item() for cell in cells]


def _expect_sum(number: int, got: Any, want: float) -> None:
    """Compare one sum, and name the part that is missing if it shows."""
    en, zh = _QUESTIONS[number - 1]
    try:
        expect_number(got, want)
    except Slip as slip:
        hint = _missing(got, want)
        raise Slip(
            f"Number {number}, {en}: {slip.en}{hint[0]}",
            f"第 {number} 个数，{zh}：{slip.zh}{hint[1]}",
        ) from None


def _missing(got: Any, want: float) -> Words:
    if isinstance(got, (int, float)) and not isinstance(got, bool):
        if got in (want / 6, want / 6 * 2, want / 2):
            return (
                " All three channels go into one sum.",
                "三个通道都要加进同一个和里。",
            )
        if got in (want / 6 * 9, want / 4 * 6, want / 6 * 4):
            return (
                " How many of the nine cells are inside the picture here?",
                "这里九个格子中有几个落在图片里？",
            )
    return ("", "")


@exercise("18-2")
def conv2d_by_3d(answer: Any) -> None:
    """A kernel as deep as the picture has one place along the depth."""
    generator = torch.Generator().manual_seed(0)
    for batch, channels, outputs, size in [(2, 3, 4, 3), (1, 1, 1, 2), (3, 5, 2, 1)]:
        pictures = torch.randn(batch, channels, 6, 7, generator=generator)
        weight = torch.randn(outputs, channels, size, size, generator=generator)
        with _Calls() as calls:
            got = call(answer, pictures.clone(), weight.clone())
        want = functional.conv2d(pictures, weight)
        _explain_depth(got, want)
        expect_tensor(got, want, en="the maps", zh="特征图")
        if set(calls.padding) != {"conv3d"}:
            raise Slip(
                "The numbers are right, but they did not come from conv3d alone.",
                "数是对的，但它们不是只靠 conv3d 得来的。",
            )
        if calls.weight["conv3d"][2] != channels:
            raise Slip(
                "The numbers are right, but the colours are still channels. Make them "
                "the depth, along which conv3d slides.",
                "数是对的，但颜色仍然是通道。请把颜色当作深度，让 conv3d 沿着它滑动。",
            )


def _explain_depth(got: Any, want: Tensor) -> None:
    if isinstance(got, Tensor) and got.ndim == want.ndim + 1:
        raise Slip(
            f"The result has {got.ndim} axes, shape {tuple(got.shape)}; pictures have "
            f"{want.ndim}. Which axis is left over after the kernel slid along it?",
            f"结果有 {got.ndim} 个轴，形状是 {tuple(got.shape)}；图片应有 {want.ndim} "
            "个。卷积核沿着哪个轴滑完之后，留下了一个多余的轴？",
        )
    if isinstance(got, Tensor) and got.shape == want[0].shape != want.shape:
        raise Slip(
            "The axis of the batch is gone, although it has size 1. Take away one axis "
            "by its number.",
            "批次轴不见了，虽然它的大小只是 1。去掉轴的时候请指明是第几个。",
        )


class _Calls(TorchFunctionMode):
    """Notes each convolution that is called, its weight's shape and its padding."""

    def __init__(self) -> None:
        super().__init__()
        self.padding: dict[str, Any] = {}
        self.weight: dict[str, tuple[int, ...]] = {}

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name, options = getattr(func, "__name__", ""), kwargs or {}
        if name in ("conv2d", "conv3d"):
            place = 4  # of the padding among the arguments
            given = args[place] if len(args) > place else 0
            self.padding[name] = options.get("padding", given)
            weight = options["weight"] if "weight" in options else args[1]
            self.weight[name] = tuple(weight.shape)
        return func(*args, **options)


@exercise("18-3")
def conv_parameters(answer: Any) -> None:
    """Compare the formula with ``numel`` of real layers."""
    cases = [
        (3, 32, (3, 3), 1, True),
        (3, 32, (3, 3), 1, False),
        (1, 6, (5, 2), 1, True),
        (8, 12, (3, 3), 4, True),
        (16, 16, (3, 1), 16, False),
    ]
    for inputs, outputs, size, groups, bias in cases:
        layer = nn.Conv2d(
            inputs, outputs, size, groups=groups, bias=bias, device="meta"
        )
        want = sum(parameter.numel() for parameter in layer.parameters())
        got = _plain(call(answer, inputs, outputs, size, groups=groups, bias=bias))
        expect_type(got, (int, float), en="a number", zh="一个数")
        if got != want:
            _explain_count(got, layer)


def _explain_count(got: float, layer: nn.Conv2d) -> None:
    weights = layer.weight.numel()
    biases = 0 if layer.bias is None else layer.bias.numel()
    places = layer.weight[0, 0].numel()
    en, zh = ("", "")
    if biases and got == weights + places:
        en = " How many biases are there: one per cell of a kernel, or one per map?"
        zh = "偏置有几个：卷积核的每格一个，还是每张图一个？"
    elif biases and got in (weights, weights + 1):
        en = " Count the biases again."
        zh = "再数一数偏置。"
    elif not biases and got > weights and layer.groups == 1:
        en = " This layer was told to have no bias."
        zh = "这一层指定了不要偏置。"
    elif layer.groups > 1:
        en = " What does one kernel read when the channels are cut into groups?"
        zh = "通道分组以后，一个卷积核读哪些通道？"
    raise Slip(
        f"For {layer} your function says {shorten(got)}, which is wrong.{en}",
        f"对于 {layer}，你的函数给出 {shorten(got)}，不对。{zh}",
    )


@exercise("18-4")
def soft_knee(answer: Any) -> None:
    """Values and derivative on both sides, also where a branch divides by zero."""
    points = torch.tensor([-9.0, -2, -0.5, 0, 0.5, 1, 2, 9], dtype=torch.float64)
    left = points.clamp(max=0)
    values = torch.where(points >= 0, points, left / (1 - left))
    slopes = torch.where(points >= 0, 1, 1 / (1 - left).square())
    x = points.clone().requires_grad_()
    got = call(answer, x)
    expect_tensor(got, values, en="the activation", zh="激活值")
    if not got.requires_grad:
        raise Slip(
            "The values are right, but the result does not remember how it was made, "
            "so there is no derivative. Use tensor operations on x all the way.",
            "值是对的，但结果不记得自己是怎么来的，所以没有导数。"
            "请从头到尾都对 x 使用张量运算。",
        )
    (slope,) = torch.autograd.grad(got.sum(), x)
    if slope.isnan().any():
        place = points[slope.isnan()][0].item()
        raise Slip(
            f"The derivative at x = {place:g} is NaN. The branch that is not chosen is "
            "computed as well: what does it divide by there?",
            f"x = {place:g} 处的导数是 NaN。没有选中的那一支也会计算："
            "它在那里除以什么？",
        )
    expect_tensor(slope, slopes, en="the derivative", zh="导数")
    expect_tensor(call(answer, points[:1, None].float()), values[:1, None].float())


@exercise("18-5")
def conv_padded(answer: Any) -> None:
    """Zeros around the input, the bias on every cell of the output."""
    generator = torch.Generator().manual_seed(0)
    for padding in (1, 2, 0):
        pictures = torch.randn(2, 3, 6, 5, generator=generator)
        weight = torch.randn(4, 3, 3, 3, generator=generator)
        bias = torch.randn(4, generator=generator)
        with _Calls() as calls:
            got = call(answer, pictures.clone(), weight.clone(), bias.clone(), padding)
        want = functional.conv2d(pictures, weight, bias, padding=padding)
        _explain_border(got, want, bias, padding)
        expect_tensor(got, want, en="the result", zh="结果", tolerance=1e-4)
        if any(_pads(given) for given in calls.padding.values()):
            raise Slip(
                "The numbers are right, but conv2d did the padding. Pad the input "
                "yourself first.",
                "数是对的，但填充是 conv2d 做的。请先自己填充输入。",
            )


def _pads(given: Any) -> bool:
    """Tell whether a value of ``padding`` adds any cell."""
    return given != "valid" and any(given if isinstance(given, Sequence) else [given])


def _explain_border(got: Any, want: Tensor, bias: Tensor, padding: int) -> None:
    """Name the usual slips of a border."""
    if not isinstance(got, Tensor) or got.shape != want.shape:
        return
    bias = bias.view(-1, 1, 1)
    if torch.allclose(got, want - bias, atol=1e-4):
        raise Slip("The bias is missing everywhere.", "到处都少了偏置。")
    wrong = ~torch.isclose(got, want, rtol=1e-4, atol=1e-4)
    rim = torch.ones_like(wrong)
    if padding:
        rim[..., padding:-padding, padding:-padding] = False
    if padding and wrong.any() and not (wrong & ~rim).any():
        raise Slip(
            "Inside all is right, on the border it is not: what did you put around the "
            "input, and does the bias reach the border?",
            "内部都对，边上不对：你在输入四周放了什么？偏置加到边上了吗？",
        )
