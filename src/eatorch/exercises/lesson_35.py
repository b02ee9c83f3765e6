"""Checks of lesson 35, Object detection."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy import generic, ndarray
from torch import Tensor

from eatorch.checking import Slip, call, exercise, expect_entries, expect_type
from eatorch.exercises.common import expect_kinds
from eatorch.expecting import shorten

Words = tuple[str, str]

_SHAPES = (
    (1, 512, 10, 15),
    (1, 3, 10, 15),
    (1, 12, 10, 15),
    (100, 512, 7, 7),
    (100, 21),
    (100, 84),
)
_SHAPE_HINTS: tuple[Words, ...] = (
    (
        "one picture, the channels of the backbone, and how many cells along height "
        "and width?",
        "一张图片、骨干网络的通道数，高和宽上各有多少个格子？",
    ),
    (
        "one number for each anchor at each place of the features.",
        "特征的每个位置上，每个锚框一个数。",
    ),
    ("how many numbers move and stretch one anchor?", "移动和拉伸一个锚框要几个数？"),
    (
        "the first axis now counts proposals, the channels stay.",
        "第一个轴现在数的是候选框，通道数不变。",
    ),
    ("the background is a class too.", "背景也是一个类别。"),
    (
        "four numbers for each class, the background included.",
        "每个类别四个数，背景也算。",
    ),
)
_LEFT, _SCORES, _WIDTH, _OVERLAP = (0, 2, 5, 12, 9), (0.6, 0.9, 0.8, 0.5, 0.7), 10, 0.3
_KINDS = ("one", "two", "both")
_STAGES = ("two", "both", "one", "two", "both", "two")
_STAGE_HINTS: tuple[Words, ...] = (
    ("where do such candidates come from?", "这样的候选区域从哪里来？"),
    ("which of them may find one thing twice?", "哪一种会把同一个东西找到两次？"),
    ("is there a list of proposals here?", "这里有候选框的列表吗？"),
    ("who has proposals?", "谁有候选框？"),
    ("what do both look at?", "两者看的都是什么？"),
    ("who needs a word for a wrong proposal?", "谁需要一个词来称呼错误的候选框？"),
)


def _plain(value: Any) -> Any:
    """Turn tensors and arrays into numbers and lists of Python."""
    if isinstance(value, (Tensor, ndarray, generic)):
        return value.tolist()
    return value


@exercise("35-1")
def shapes(answer: Any) -> None:
    """Follow the shapes through both stages."""
    expect_type(answer, (list, tuple), en="a list of shapes", zh="由形状组成的列表")
    expect_entries(answer, _SHAPES, _SHAPE_HINTS, read=_shape)


def _shape(number: int, entry: Any) -> tuple[Any, ...]:
    entry = _plain(entry)
    if not isinstance(entry, Sequence) or isinstance(entry, str):
        raise Slip(
            f"Number {number} is {shorten(entry)}; expected a shape such as (1, 3).",
            f"第 {number} 项是 {shorten(entry)}；应为一个形状，例如 (1, 3)。",
        )
    return tuple(map(_plain, entry))


@exercise("35-2")
def kept(answer: Any) -> None:
    """Suppress boxes by hand."""
    answer = _plain(answer)
    expect_type(answer, (list, tuple), en="a list of numbers", zh="由数组成的列表")
    got = [_plain(entry) for entry in answer]
    want = _suppress()
    if any(isinstance(n, bool) or n not in range(len(_LEFT)) for n in got):
        raise Slip(
            f"{shorten(answer)} should hold numbers of boxes, 0 to {len(_LEFT) - 1}.",
            f"{shorten(answer)} 里应当是框的编号，从 0 到 {len(_LEFT) - 1}。",
        )
    if got == want:
        return
    if sorted(got) == sorted(want):
        raise Slip(
            "These are the right boxes, but not with the best first.",
            "框是对的，但没有把得分最高的放在最前面。",
        )
    _explain_kept(got, want)


def _suppress() -> list[int]:
    order = sorted(range(len(_LEFT)), key=lambda n: -_SCORES[n])
    keep: list[int] = []
    for box in order:
        if all(_iou(box, other) <= _OVERLAP for other in keep):
            keep.append(box)
    return keep


def _iou(one: int, other: int) -> float:
    distance = abs(_LEFT[one] - _LEFT[other])
    return max(_WIDTH - distance, 0) / (_WIDTH + distance)


def _explain_kept(got: list[int], want: list[int]) -> None:
    """Name a pair that cannot both stay, or a box that nothing removes."""
    for number, one in enumerate(got):
        for other in got[:number]:
            if one == other or _iou(one, other) > _OVERLAP:
                raise Slip(
                    f"Boxes {other} and {one} overlap by an IoU of "
                    f"{_iou(one, other):.2f}: both cannot stay.",
                    f"框 {other} 和框 {one} 的 IoU 是 {_iou(one, other):.2f}："
                    "不能都留下。",
                )
    lost = next(box for box in want if box not in got)
    raise Slip(
        f"Box {lost} is missing. Which box that is itself kept would remove it?",
        f"少了框 {lost}。有哪个留下来的框会去掉它吗？",
    )


@exercise("35-3")
def lost(answer: Any) -> None:
    """Count boxes whose centre falls into a cell that is taken."""
    boxes = torch.tensor(
        [
            [0.0, 0, 6, 6],  # centre 3, 3
            [0, 0, 10, 4],  # 5, 2
            [1, 3, 3, 11],  # 2, 7
            [6, 4, 10, 12],  # 8, 8, on a corner of cells
            [5, 7, 9, 11],  # 7, 9
            [3, 3, 4, 4],  # 3.5, 3.5
        ]
    )
    cases = [(boxes, 8), (boxes, 4), (boxes, 16), (boxes[:1], 4), (boxes[[0, 0, 5]], 4)]
    for given, cell in cases:
        got = _plain(call(answer, given.clone(), cell))
        expect_type(got, (int, float), en="a number", zh="一个数")
        centres = (given[:, :2] + given[:, 2:]) / 2
        if got != _collisions(centres, cell):
            _explain_lost(got, given, centres, cell)


def _collisions(points: Tensor, cell: int) -> int:
    places = {tuple(place) for place in (points / cell).floor().tolist()}
    return len(points) - len(places)


def _explain_lost(got: float, boxes: Tensor, centres: Tensor, cell: int) -> None:
    en, zh = "", ""
    if got == _collisions(boxes[:, :2], cell):
        en, zh = " It is the centre that counts.", "起作用的是中心。"
    elif got == _collisions((centres / cell).round() * cell, cell):
        en = (
            " A centre belongs to the cell in which it lies, not to the nearest corner."
        )
        zh = "中心属于它所在的格子，而不是最近的格点。"
    elif got == len(boxes) - _collisions(centres, cell):
        en, zh = " That is how many are kept.", "这是留下来的个数。"
    elif got == 0 and cell == 8:  # the first case, where three boxes are lost
        en = " Did you put tensors into a set? To it they are all different."
        zh = "是不是把张量放进了集合？在集合看来，它们两两不同。"
    raise Slip(
        f"For {len(boxes)} boxes with centres {centres.tolist()} and cells of {cell} "
        f"pixels your function says {shorten(got)}, which is wrong.{en}",
        f"对于中心在 {centres.tolist()} 的 {len(boxes)} 个框和 {cell} 像素的格子，"
        f"你的函数给出 {shorten(got)}，不对。{zh}",
    )


@exercise("35-4")
def stages(answer: Any) -> None:
    """Sort statements about detectors."""
    expect_kinds(answer, _STAGES, _STAGE_HINTS, _KINDS)
