"""Checks of lesson 03, Tabular data."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_number, expect_tensor


@exercise("03-1")
def weight_gradients(answer: Any) -> None:
    """Compare with autograd on a small table whose columns differ in scale."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(7, 3, generator=generator) * torch.tensor([1.0, 1000.0, 0.01])
    labels = torch.tensor([1.0, 0, 1, 1, 0, 1, 1])
    weights = torch.zeros(3, requires_grad=True)
    with torch.enable_grad():
        nn.BCEWithLogitsLoss()(inputs @ weights, labels).backward()
        got = call(answer, inputs.clone(), labels.clone())
        again = call(answer, inputs.clone(), labels.clone())
    want = weights.grad
    assert want is not None
    if isinstance(got, Tensor) and not _same(got, again):
        raise Slip(
            "Called twice with the same table, your function gives two results. Do "
            "the weights and the bias really start at zero?",
            "用同一张表调用两次，你的函数给出两个不同的结果。"
            "权重和偏置真的都从 0 开始吗？",
        )
    if isinstance(got, Tensor) and got.shape == want.shape:
        _known_gradients(got.detach().float(), want, rows=len(labels))
    expect_tensor(got, want, en="the gradient", zh="梯度")


def _same(got: Tensor, again: Any) -> bool:
    return isinstance(again, Tensor) and torch.equal(got, again)


def _known_gradients(got: Tensor, want: Tensor, *, rows: int) -> None:
    """Name the slips that leave the shape right."""
    if torch.allclose(got, -want):
        raise Slip(
            "Every sign is turned round: this is the direction in which the loss "
            "falls. The gradient points to where it grows.",
            "每个值的符号都反了：这是损失下降的方向，而梯度指向损失增大的方向。",
        )
    if torch.allclose(got, want * rows):
        raise Slip(
            f"Every value is {rows} times too large, and the table has {rows} rows: "
            "you summed the loss over the rows instead of averaging it.",
            f"每个值都大了 {rows} 倍，而表里正好有 {rows} 行："
            "你把各行的损失加了起来，没有取平均。",
        )
    if not bool(got.any()):
        raise Slip(
            "All values are zero. That is where the weights stand; asked for is the "
            "gradient of the loss at this place.",
            "所有的值都是 0。那是权重所在的位置；题目要的是损失在这个位置上的梯度。",
        )


@exercise("03-2")
def with_flags(answer: Any) -> None:
    """Fill and flag a table in which only some columns have gaps, then one without."""
    nan = torch.nan
    rows = torch.tensor([[1.0, nan, 3.0], [nan, nan, 0.0], [7.0, 8.0, 9.0]])
    medians = torch.tensor([4.0, 5.0, 6.0])
    _filled_and_flagged(answer, rows, medians)
    _filled_and_flagged(answer, rows[2:], medians)


def _filled_and_flagged(answer: Any, rows: Tensor, medians: Tensor) -> None:
    gaps = rows.isnan()
    given = rows.clone()
    got = call(answer, given, medians.clone())
    want = torch.cat([torch.where(gaps, medians, rows), gaps.float()], dim=1)
    if isinstance(got, Tensor):
        _known_widths(got, rows)
        _known_fillings(got, want)
    expect_tensor(got, want, en="the table with its flags", zh="带标记的表")
    if not torch.equal(given.isnan(), gaps):
        raise Slip(
            "The result is right, but the table that came in lost its gaps. Make a "
            "new tensor instead of writing into the one you were given.",
            "结果是对的，可是传进来的那张表里的空缺也被填掉了。"
            "请生成新的张量，不要改写收到的张量。",
        )


def _known_widths(got: Tensor, rows: Tensor) -> None:
    count, width = rows.shape
    if got.shape == rows.shape:
        raise Slip(
            "The flags are missing: the table came back as wide as it went in.",
            "缺少标记列：返回的表和传入的一样宽。",
        )
    if got.shape == (2 * count, width):
        raise Slip(
            "The flags lie below the rows. They should stand beside them: think of "
            "the dimension along which you join.",
            "标记排在了各行的下面，而它们应当在各行的右边：想想是沿着哪一维拼接的。",
        )
    if got.ndim == 2 and len(got) == count and got.shape[1] < 2 * width:
        raise Slip(
            f"For {width} columns expected {2 * width}, got {got.shape[1]}. If only "
            "columns with gaps get a flag, the width depends on the rows that happen "
            "to come in, and the network cannot cope with that.",
            f"{width} 列应当变成 {2 * width} 列，得到的是 {got.shape[1]} 列。"
            "如果只有带空缺的列才有标记，宽度就取决于碰巧传进来的是哪些行，"
            "网络无法应付这种变化。",
        )


def _known_fillings(got: Tensor, want: Tensor) -> None:
    if got.shape != want.shape:
        return
    width = want.shape[1] // 2
    if bool(got.isnan().any()):
        raise Slip(
            "There is still a nan in the result. Comparing with == never finds one, "
            "since nan is not equal to itself.",
            "结果里还有 nan。用 == 比较永远找不到它，因为 nan 不等于它自己。",
        )
    if torch.equal(got[:, width:].float(), 1 - want[:, width:]):
        raise Slip(
            "The flags are the wrong way round: 1 should mean that the value was "
            "missing.",
            "标记反了：1 应当表示这个值缺失。",
        )
    if not torch.equal(got[:, :width].float(), want[:, :width]):
        raise Slip(
            "The flags may be right, but the filled values are not: each gap takes "
            "the median of its own column, and nothing else changes.",
            "标记也许没错，但填入的值不对：每个空缺填所在列的中位数，其余的值不变。",
        )


@exercise("03-3")
def threshold_for_recall(answer: Any) -> None:
    """Ask for several recalls on one list of ten patients."""
    order = torch.randperm(10, generator=torch.Generator().manual_seed(5))
    chances = torch.tensor([0.95, 0.9, 0.85, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])[order]
    labels = torch.tensor([1.0, 0, 1, 1, 1, 0, 1, 0, 0, 0])[order]
    for recall, want in ((0.99, 0.4), (0.8, 0.6), (0.5, 0.8), (0.4, 0.85)):
        got = call(answer, chances.clone(), labels.clone(), recall)
        got = _plain(got)
        if isinstance(got, float):
            _known_thresholds(got, want, chances, labels == 1, recall)
        expect_number(got, want, tolerance=1e-6)


def _known_thresholds(
    got: float, want: float, chances: Tensor, sick: Tensor, recall: float
) -> None:
    if abs(got - want) <= 1e-6:
        return
    found, total = int((chances[sick] >= got - 1e-6).sum()), int(sick.sum())
    if found / total < recall - 1e-6:
        raise Slip(
            f"Wanted recall {recall}, but at your threshold only {found} of {total} "
            "malignant rows are found. Count the malignant rows alone, and round the "
            "number that you need up.",
            f"要求的召回率是 {recall}，可是按你的阈值，"
            f"{total} 个恶性样本只找到 {found} 个。"
            "只数恶性样本，并把需要的个数向上取整。",
        )
    raise Slip(
        f"For recall {recall} your threshold finds enough malignant rows, but it is "
        "not the largest that does: each step down costs false alarms for nothing.",
        f"召回率 {recall} 达到了，但你的阈值不是满足要求的最大值："
        "每往下降一点，都会白白增加误报。",
    )


@exercise("03-4")
def plain_minus_true(answer: Any) -> None:
    """Try unequal batches, in both directions, then equal ones."""
    _difference(answer, [0.5, 0.5, 2.0], [32, 32, 1])
    _difference(answer, [1.0, 0.0], [30, 10])
    _difference(answer, [0.25, 0.75], [8, 8])


def _difference(answer: Any, losses: list[float], sizes: list[int]) -> None:
    plain = sum(losses) / len(losses)
    total = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
    true = total / sum(sizes)
    got = _plain(call(answer, list(losses), list(sizes)))
    if isinstance(got, float):
        _known_differences(got, plain, true, sum(losses) / sum(sizes))
    expect_number(got, plain - true, tolerance=1e-5)


def _known_differences(
    got: float, plain: float, true: float, unweighted: float
) -> None:
    if abs(got - (plain - true)) <= 1e-5:
        return
    if abs(got - (true - plain)) <= 1e-5:
        raise Slip(
            "The size is right, the sign is not: asked for is plain minus true.",
            "大小是对的，符号反了：题目要的是简单平均减去真实平均。",
        )
    if min(abs(got - true), abs(got - plain)) <= 1e-5:
        raise Slip(
            f"{got:g} is one of the two means. Asked for is the difference.",
            f"{got:g} 是两个平均值中的一个，题目要的是它们的差。",
        )
    if abs(got - (plain - unweighted)) <= 1e-5:
        raise Slip(
            "A batch loss is already a mean over its rows. Dividing the sum of such "
            "means by the number of rows divides twice: multiply by the sizes first.",
            "每个批次的损失已经是该批次各行的平均值。"
            "把这些平均值之和再除以行数，就除了两次：要先乘以各批次的行数。",
        )


def _plain(got: Any) -> Any:
    """Turn any single number, of PyTorch, NumPy or Python, into a float."""
    if isinstance(got, Tensor | np.generic | np.ndarray) and np.size(got) == 1:
        got = got.item()
    return float(got) if isinstance(got, int) and not isinstance(got, bool) else got
