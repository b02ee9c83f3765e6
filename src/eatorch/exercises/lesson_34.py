"""Checks of lesson 34, Classification and segmentation."""

import math
from typing import Any

import torch
from numpy import generic, ndarray
from torch import Tensor
from torch.nn import functional

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_number,
    expect_tensor,
    expect_type,
)
from eatorch.exercises.common import expect_kinds

Words = tuple[str, str]

_KINDS = ("classification", "segmentation", "both")
_TRUTH = (
    "segmentation",
    "classification",
    "both",
    "classification",
    "segmentation",
    "segmentation",
)
_HINTS: tuple[Words, ...] = (
    ("which of the two answers pixel by pixel?", "两者之中，哪一个逐像素作答？"),
    ("what is lost when a map becomes its mean?", "一张图变成均值，丢掉了什么？"),
    ("look at the last layer of each network.", "看看两个网络的最后一层。"),
    ("does a label say anything about pixels?", "标签对像素有没有说什么？"),
    (
        "of which kind of answers are most a rightful no?",
        "哪一种任务里，大多数答案本来就该是“否”？",
    ),
    (
        "does the target still fit if only the picture is cropped?",
        "如果只裁剪图片，目标还对得上吗？",
    ),
)


@exercise("34-1")
def kinds(answer: Any) -> None:
    """Sort six statements."""
    expect_kinds(answer, _TRUTH, _HINTS, _KINDS)


@exercise("34-2")
def cut_out(answer: Any) -> None:
    """Combine two pictures by masks of several types."""
    generator = torch.Generator().manual_seed(0)
    marks = torch.tensor([[0, 0, 1, 1, 0]] * 2 + [[1, 0, 0, 0, 1]] * 2)
    for mask in (marks.bool(), marks, 255 * marks.to(torch.uint8)):
        picture = torch.rand(3, 4, 5, generator=generator)
        background = torch.rand(3, 4, 5, generator=generator)
        given = picture.clone(), mask.clone(), background.clone()
        got = _picture(call(answer, *given))
        want = torch.where(mask != 0, picture, background)
        _explain_cut(got, picture, background, mask)
        expect_tensor(got, want, en="the result", zh="结果")
        for before, after in zip((picture, mask, background), given, strict=True):
            if not torch.equal(before, after):
                raise Slip(
                    "The result is right, but one of the arguments was changed. Make a "
                    "new tensor instead.",
                    "结果是对的，但有一个参数被改动了。请另做一个新的张量。",
                )


def _picture(got: Any) -> Any:
    """Take NumPy's arrays and other precisions too: the pixels are what counts."""
    if isinstance(got, ndarray):
        got = torch.from_numpy(got.copy())
    if isinstance(got, Tensor) and got.is_floating_point():
        return got.float()
    return got


def _explain_cut(got: Any, picture: Tensor, background: Tensor, mask: Tensor) -> None:
    if not isinstance(got, Tensor) or got.shape != picture.shape:
        return
    if torch.equal(got, torch.where(mask != 0, background, picture)):
        raise Slip(
            "Picture and background are swapped.",
            "图片和背景弄反了。",
        )
    if torch.equal(got, picture * (mask != 0)):
        raise Slip(
            "Outside the mask the result is black; there should be the background.",
            "掩码之外是黑的；那里应当是背景。",
        )
    want = torch.where(mask != 0, picture, background)
    if mask.dtype != torch.bool and not torch.equal(got, want):
        values = sorted(set(mask.flatten().tolist()))
        raise Slip(
            f"With a mask of {mask.dtype} and values {values} the result is wrong. "
            "What counts is whether a pixel is 0.",
            f"掩码为 {mask.dtype}、取值为 {values} 时结果不对。要看的是像素是不是 0。",
        )


@exercise("34-3")
def merge(answer: Any) -> None:
    """Join maps whose sizes differ by a few pixels along either axis, or not at all."""
    generator = torch.Generator().manual_seed(0)
    cases = [((6, 6), (6, 6)), ((6, 6), (7, 7)), ((4, 6), (4, 7)), ((4, 6), (7, 6))]
    for small, large in cases:
        below = torch.randn(2, 3, *small, generator=generator)
        skip = torch.randn(2, 4, *large, generator=generator)
        got = call(answer, below.clone(), skip.clone())
        rest = (0, large[1] - small[1], 0, large[0] - small[0])
        padded = functional.pad(below, rest)
        _explain_merge(got, padded, skip, small)
        expect_tensor(
            got,
            torch.cat([padded, skip], dim=1),
            en="the joined maps",
            zh="合并的特征图",
        )


def _explain_merge(
    got: Any, padded: Tensor, skip: Tensor, small: tuple[int, int]
) -> None:
    if not isinstance(got, Tensor):
        return
    height, width = small
    channels = padded.shape[1] + skip.shape[1]
    if (
        got.shape == (len(skip), channels, height, width)
        and got.shape[2:] != skip.shape[2:]
    ):
        raise Slip(
            "The maps of the skip were cut. Pad those from below instead, so that no "
            "pixel is lost.",
            "跳跃连接的特征图被裁小了。请改为填充来自下方的特征图，这样不丢像素。",
        )
    if got.shape != (len(skip), channels, *skip.shape[2:]):
        return
    if torch.equal(got, torch.cat([skip, padded], dim=1)):
        raise Slip(
            "The order is the other way round: the maps from below come first.",
            "顺序反了：来自下方的特征图在前。",
        )
    lower = got[:, : padded.shape[1]]
    inside = lower[:, :, :height, :width]
    if not torch.equal(inside, padded[:, :, :height, :width]):
        raise Slip(
            f"For maps of {small} below and {tuple(skip.shape[2:])} in the skip, the "
            "maps from below do not keep their numbers and their place at the upper "
            "left.",
            f"下方为 {small}、跳跃连接为 {tuple(skip.shape[2:])} 时，"
            "来自下方的特征图没有保持原来的数和左上角的位置。",
        )


@exercise("34-4")
def scores(answer: Any) -> None:
    """Measure masks, the empty ones too."""
    empty = torch.zeros(4, 5, dtype=torch.bool)
    right, marked = empty.clone(), empty.clone()
    right[1:3, 1:4] = True
    marked[2:4, 2:5] = True
    batch = torch.stack([marked, right]), torch.stack([right, right])
    cases = [
        (marked, right, ("two masks that overlap", "两个有重叠的掩码")),
        (empty, right, ("an empty answer", "空的答案")),
        (empty, empty, ("two empty masks", "两个空掩码")),
        (*batch, ("two pictures at once", "两张图片一起")),
    ]
    for first, second, (en, zh) in cases:
        got = call(answer, first.clone(), second.clone())
        _expect_scores(got, first, second, en, zh)


def _expect_scores(got: Any, marked: Tensor, right: Tensor, en: str, zh: str) -> None:
    if isinstance(got, (Tensor, ndarray)):
        got = got.tolist()
    expect_type(got, (list, tuple), en="a pair of numbers", zh="一对数")
    if len(got) != 2:
        raise Slip(
            f"Expected 2 numbers, got {len(got)}.", f"应有 2 个数，得到 {len(got)} 个。"
        )
    names = (("pixel accuracy", "像素准确率"), ("Dice", " Dice"))
    truth = _measure(marked, right)
    for value, want, name in zip(map(_number, got), truth, names, strict=True):
        try:
            expect_number(value, want)
        except Slip as slip:
            hint = _likely(value, want, marked, right)
            raise Slip(
                f"{name[0]} of {en}: {slip.en}{hint[0]}",
                f"{zh}的{name[1]}：{slip.zh}{hint[1]}",
            ) from None


def _measure(marked: Tensor, right: Tensor) -> tuple[float, float]:
    """Return pixel accuracy and Dice."""
    accuracy = (marked == right).double().mean().item()
    total = int(marked.sum() + right.sum())
    return accuracy, 2 * int((marked & right).sum()) / total if total else 1.0


def _number(entry: Any) -> Any:
    """Turn a single number of NumPy or torch into one of Python."""
    if isinstance(entry, (Tensor, ndarray, generic)):
        values = torch.as_tensor(entry)
        return values.item() if values.numel() == 1 else entry
    return entry


def _likely(value: Any, want: float, marked: Tensor, right: Tensor) -> Words:
    """Name the slip behind a wrong number, if it shows."""
    if not (marked | right).any():
        return (" What is 0 / 0 here?", "这里 0 / 0 是什么？")
    if not isinstance(value, (int, float)) or math.isnan(value):
        return ("", "")
    other = sum(_measure(marked, right)) - want
    if math.isclose(value, other, rel_tol=1e-4):
        return (" Is the pair in the right order?", "这一对的顺序对吗？")
    if math.isclose(value, want / (2 - want), rel_tol=1e-4):
        return (
            " This is the IoU. What does Dice divide by?",
            "这是 IoU。Dice 除以的是什么？",
        )
    if math.isclose(value, want / 2, rel_tol=1e-4):
        return (" The shared pixels count twice.", "共同的像素要算两次。")
    return ("", "")
