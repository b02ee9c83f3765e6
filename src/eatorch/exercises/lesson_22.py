"""Checks of lesson 22, Loss functions."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_entries,
    expect_number,
    expect_tensor,
    expect_type,
)
from eatorch.exercises.common import ByHand

Words = tuple[str, str]

_PARTS: tuple[Words, ...] = (
    ("the losses of the samples", "各样本的损失"),
    ("the sum", "总和"),
    ("the mean", "均值"),
)
_FORBIDDEN = ("cross_entropy", "nll_loss", "kl_div")

# Each row of the table: the loss that the solution names, and what does as well.
_TABLE: list[tuple[str, set[str]]] = [
    ("HuberLoss", {"SmoothL1Loss"}),
    ("PoissonNLLLoss", set()),
    ("GaussianNLLLoss", set()),
    ("CrossEntropyLoss", set()),
    ("NLLLoss", set()),
    ("BCEWithLogitsLoss", {"MultiLabelSoftMarginLoss"}),
    ("KLDivLoss", set()),
    ("MarginRankingLoss", set()),
    ("TripletMarginLoss", {"TripletMarginWithDistanceLoss"}),
    ("CTCLoss", set()),
]
_HINTS: list[Words] = [
    (
        "mistyped prices should not rule, and near zero a bowl is wanted.",
        "写错的价格不应该左右结果，而在零附近要像碗一样平缓。",
    ),
    (
        "which assumption about chance fits counts?",
        "计数适合哪一种关于随机性的假定？",
    ),
    (
        "the network predicts two numbers, and one of them is a width.",
        "网络预测两个数，其中一个是宽度。",
    ),
    (
        "one class of ten is right, and the loss gets the logits.",
        "十个类别中只有一个正确，损失函数拿到的是 logit。",
    ),
    (
        "the logarithm has been taken already.",
        "对数已经取过了。",
    ),
    (
        "two separate questions, each with yes or no.",
        "这是两个独立的问题，各自回答是或否。",
    ),
    (
        "the target is a probability for each class, the network gives logarithms.",
        "目标是每个类别的概率，网络给出的是对数。",
    ),
    (
        "only the order of two scores is known.",
        "只知道两个得分的先后。",
    ),
    (
        "an anchor, one that belongs to it, and one that does not.",
        "一个锚点，一个与它相配的，一个不相配的。",
    ),
    (
        "which loss adds up all the ways to say a text?",
        "哪个损失把说出一段文本的所有方式加起来？",
    ),
]


class _OwnLoss(nn.SmoothL1Loss):
    """A loss that no reader can have foreseen."""


@exercise("22-1")
def family(answer: Any) -> None:
    """Name the classes of a loss, up to Module."""
    losses = nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss(), nn.HuberLoss(), _OwnLoss()
    for loss in losses:
        kind = type(loss).__name__
        names = [each.__name__ for each in type(loss).__mro__]
        want = names[: names.index("Module") + 1]
        got = call(answer, loss)
        expect_type(got, (list, tuple), en="a list of names", zh="一个名字的列表")
        _compare_family(list(got), want, kind)


def _compare_family(got: list[Any], want: list[str], kind: str) -> None:
    if any(isinstance(name, type) for name in got):
        raise Slip(
            "The list holds classes. Their names are wanted, as strings.",
            "列表里放的是类本身，要的是它们的名字（字符串）。",
        )
    if got == want:
        return
    if got == want[::-1]:
        raise Slip(
            "The order is reversed: the class itself comes first.",
            "顺序反了：最前面应当是这个类自己。",
        )
    if got[: len(want)] == want:
        raise Slip(
            f"For {kind} the list goes on after 'Module', with {got[len(want)]!r}.",
            f"对 {kind}，列表在 'Module' 之后还有 {got[len(want)]!r}。",
        )
    if got == want[1:]:
        raise Slip(
            f"{kind} itself is missing at the front of the list.",
            f"列表最前面缺少 {kind} 自己。",
        )
    if got == want[:-1]:
        raise Slip(
            "'Module' itself belongs to the list.",
            "'Module' 本身也要列进去。",
        )
    raise Slip(
        f"For {kind} expected {len(want)} names from its own to 'Module', got "
        f"{len(got)} that do not agree.",
        f"对 {kind}，从它自己到 'Module' 应有 {len(want)} 个名字，"
        f"得到的 {len(got)} 个与之不符。",
    )


@exercise("22-2")
def three_reductions(answer: Any) -> None:
    """Weigh the cross entropy by hand, in all three reductions."""
    generator = torch.Generator().manual_seed(0)
    cases = [
        (
            torch.tensor([[1.0, 2.0], [1.0, 3.0], [1.0, 3.0]]),
            torch.tensor([0, 1, 1]),
            torch.tensor([1.0, 2.0]),
        ),
        (
            torch.randn(7, 4, generator=generator),
            torch.tensor([3, 0, 0, 2, 1, 3, 3]),
            torch.tensor([0.5, 2.0, 1.0, 3.0]),
        ),
    ]
    for inputs in cases:
        with ByHand(*_FORBIDDEN) as watch:
            got = call(answer, *(each.clone() for each in inputs))
        watch.refuse()
        _compare_reductions(got, *inputs)


def _compare_reductions(
    got: Any, logits: Tensor, classes: Tensor, weight: Tensor
) -> None:
    if isinstance(got, dict):
        got = tuple(got.values())
    expect_type(got, (list, tuple), en="three results", zh="三个结果")
    if len(got) != len(_PARTS):
        raise Slip(
            f"Expected three results, none, sum and mean, got {len(got)}.",
            f"应有三个结果：none、sum 和 mean，得到 {len(got)} 个。",
        )
    want = [
        functional.cross_entropy(logits, classes, weight, reduction=way)
        for way in ("none", "sum", "mean")
    ]
    parts = [_tensor(part) for part in got]
    _refuse_known_reductions(parts, logits, classes, weight)
    for part, right, (en, zh) in zip(parts, want, _PARTS, strict=True):
        one = right.ndim == 0 and part.numel() == 1  # (1,) is as good as ()
        shaped = part.reshape(()) if one else part
        expect_tensor(shaped, right, en=en, zh=zh, tolerance=1e-3)


def _tensor(part: Any) -> Tensor:
    """Accept numbers, lists and arrays: how one writes a number is no mistake here."""
    try:
        return torch.as_tensor(part).detach().cpu().float()
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(part).__name__
        raise Slip(
            f"Expected tensors or numbers, got {kind}.",
            f"应当是张量或数，得到的却是 {kind}。",
        ) from error


def _refuse_known_reductions(
    parts: list[Tensor], logits: Tensor, classes: Tensor, weight: Tensor
) -> None:
    losses, _, mean = parts
    plain = functional.cross_entropy(logits, classes, reduction="none")
    right = weight[classes] * plain
    if _same(losses, plain) and not _same(losses, right):
        raise Slip(
            "The losses do not feel the weights yet.",
            "损失还没有乘上权重。",
        )
    if _same(losses, -right):
        raise Slip(
            "All signs are turned round: the loss is minus the logarithm.",
            "所有的符号都反了：损失是对数的相反数。",
        )
    if _same(losses, right) and _same(mean, right.mean()):
        raise Slip(
            "The mean is divided by the number of samples. With weights, PyTorch "
            "divides by something else.",
            "均值除以了样本数。有权重时，PyTorch 除以的是别的数。",
        )
    if _same(losses, right) and _same(mean, right.sum() / weight.sum()):
        raise Slip(
            "The mean is divided by the sum of the class weights. Each sample brings "
            "its own weight along, so some count several times.",
            "均值除以了各类别权重之和。每个样本都带着自己的权重，有的权重要计入多次。",
        )


@exercise("22-3")
def table(answer: Any) -> None:
    """Choose a loss for ten situations."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    expect_entries(answer, [name for name, _ in _TABLE], _HINTS, read=_read_loss)


def _read_loss(number: int, entry: Any) -> str:
    if isinstance(entry, nn.Module):
        entry = type(entry)
    name = entry.__name__ if isinstance(entry, type) else entry
    if not isinstance(name, str):
        kind = type(entry).__name__
        raise Slip(
            f"Entry {number} should be the name of a class, got {kind}.",
            f"第 {number} 项应当是类的名字，得到的是 {kind}。",
        )
    name = name.strip().removeprefix("torch.").removeprefix("nn.").removesuffix("()")
    if name not in nn.modules.loss.__all__:
        raise Slip(
            f"Entry {number}: PyTorch has no loss class called {name!r}.",
            f"第 {number} 项：PyTorch 没有叫 {name!r} 的损失类。",
        )
    want, also = _TABLE[number - 1]
    return want if name in also else name


@exercise("22-4")
def lowest_loss(answer: Any) -> None:
    """Find the entropy of a smoothed label."""
    for classes, smoothing in ((3, 0.1), (10, 0.1), (1000, 0.2), (2, 1.0), (10, 0.0)):
        got = call(answer, classes, smoothing)
        if isinstance(got, np.ndarray | np.generic) and got.size == 1:
            got = got.item()
        _refuse_known_floors(got, classes, smoothing)
        expect_number(got, _floor(classes, smoothing), tolerance=1e-3)


def _floor(classes: int, smoothing: float) -> float:
    small = smoothing / classes
    return _entropy(1 - smoothing + small, small, classes)


def _entropy(large: float, small: float, classes: int) -> float:
    shares = [large] + (classes - 1) * [small]
    return -sum(share * math.log(share) for share in shares if share > 0)


def _refuse_known_floors(got: Any, classes: int, smoothing: float) -> None:
    try:
        number = float(got)
    except (TypeError, ValueError, RuntimeError):
        return
    want = _floor(classes, smoothing)
    if math.isnan(number):
        raise Slip(
            f"For smoothing {smoothing:g} the answer is NaN: a share of zero times the "
            "logarithm of zero.",
            f"smoothing 为 {smoothing:g} 时答案是 NaN：份额零乘以零的对数。",
        )
    uneven = _entropy(1 - smoothing, smoothing / (classes - 1), classes)
    large = 1 - smoothing + smoothing / classes
    slips: list[tuple[float, Words]] = [
        (
            uneven,
            (
                "You dealt the share out to the wrong classes only. PyTorch deals it "
                "out to all of them, the right one included.",
                "你只把份额分给了错误的类别。PyTorch 分给所有类别，"
                "正确的那个也有一份。",
            ),
        ),
        (
            -math.log(large) if large > 0 else 0.0,
            (
                "That is the term of the right class alone. The others take part in a "
                "smoothed loss.",
                "这只是正确类别的那一项。标签平滑后，其余类别也参与损失。",
            ),
        ),
        (
            -want,
            ("The sign is turned round.", "符号反了。"),
        ),
        (
            want / math.log(2),
            (
                "That is in bits. PyTorch takes the natural logarithm.",
                "这是以比特为单位的。PyTorch 用的是自然对数。",
            ),
        ),
    ]
    for wrong, told in slips:
        if math.isclose(number, wrong, rel_tol=1e-3) and not math.isclose(
            number, want, rel_tol=2e-3, abs_tol=1e-4
        ):
            raise Slip(*told)


def _same(got: Tensor, want: Tensor) -> bool:
    return got.shape == want.shape and torch.allclose(got, want, rtol=1e-3, atol=1e-4)
