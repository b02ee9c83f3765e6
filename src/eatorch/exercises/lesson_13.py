"""Checks of lesson 13, Structure operations."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

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


@exercise("13-1")
def ask(answer: Any) -> None:
    """Five questions to two grade books, one with many grades on the border."""
    generator = torch.Generator().manual_seed(0)
    for classes, low in ((4, 30), (2, 54)):
        high = 101 if low < 50 else 62
        book = torch.randint(low, high, (classes, 10, 7), generator=generator)
        book[0, 0, :2] = torch.tensor([60, 55])
        given = book.clone()
        got = call(answer, given)
        expect_type(got, dict, en="a dictionary", zh="一个字典")
        if not given.equal(book):
            raise Slip(
                "The book has changed: one of your lines writes into it in place.",
                "成绩册被改动了：你有一行代码原地写了进去。",
            )
        for name, want in _answers(book).items():
            if name not in got:
                raise Slip(
                    f'The dictionary has no "{name}".',
                    f'字典里没有 "{name}"。',
                )
            _explain_border(name, got[name], book)
            part = _whole(name, got[name])
            expect_tensor(part, want, en=f'"{name}"', zh=f'"{name}" ')


def _answers(book: Tensor) -> dict[str, Tensor]:
    each = torch.arange(7)
    return {
        "three": book[:, [0, 4, 9]][:, :, [1, 5]],
        "passed": (book >= 60).sum(dim=2),
        "failed": book[book < 60],
        "lifted": book.masked_fill((book >= 55) & (book < 60), 60),
        "own": book[:, each, each],
    }


def _whole(name: str, got: Any) -> Tensor:
    """Return a part of the answer in the dtype of the book, if that loses nothing."""
    if not isinstance(got, Tensor):
        came = f"{type(got).__name__} {shorten(got)}"
        raise Slip(
            f'"{name}" should be a tensor, got {came}.',
            f'"{name}" 应当是张量，得到的却是 {came}。',
        )
    if got.is_complex() or got.dtype == torch.bool:
        return got
    whole = got.long()
    return whole if bool((whole == got).all()) else got


def _explain_border(name: str, got: Any, book: Tensor) -> None:
    """Recognise ``>`` where 60 is enough."""
    strict = {"passed": (book > 60).sum(dim=2), "failed": book[book <= 60]}
    if isinstance(got, Tensor) and name in strict and got.equal(strict[name]):
        raise Slip(
            f'In "{name}" a grade of exactly 60 counts as failed. Is 60 enough?',
            f'在 "{name}" 里，恰好 60 分被算作不及格。60 分够不够？',
        )


@exercise("13-2")
def shapes(answer: Any) -> None:
    """The shapes of seven calls of normal, asked from PyTorch itself."""
    truth = [_shape_of(action) for action in _NORMALS]
    expect_entries(answer, truth, _SIZES, read=_shape)


def _shape_of(action: Callable[[], Tensor]) -> tuple[int, ...] | str:
    try:
        return tuple(action().shape)
    except (RuntimeError, TypeError):
        return "error"


_NORMALS: tuple[Callable[..., Tensor], ...] = (
    lambda: torch.normal(0.0, 1.0, (2, 3)),
    lambda: torch.normal(torch.zeros(4), 1.0),
    lambda: torch.normal(0.0, torch.ones(2, 1)),
    lambda: torch.normal(torch.zeros(4, 1), torch.ones(3)),
    lambda: torch.normal(0.0, 1.0),  # type: ignore[call-overload]
    lambda: torch.normal(torch.zeros(4), torch.ones(3)),
    lambda: torch.normal(torch.zeros(3), 1.0, (2, 3)),  # type: ignore[call-overload]
)

_SIZES: tuple[Words, ...] = (
    ("two numbers, and the shape is passed.", "两个数，形状是传进去的。"),
    ("the mean is a tensor. What is its shape?", "均值是张量，它的形状是什么？"),
    (
        "the standard deviation is a tensor. What is its shape?",
        "标准差是张量，它的形状是什么？",
    ),
    (
        "line the two shapes up from the right and stretch every 1.",
        "把两个形状靠右对齐，再把每个 1 拉长。",
    ),
    ("who decides the shape here?", "这里由谁决定形状？"),
    (
        "line the two shapes up from the right. Is one of the sizes 1?",
        "把两个形状靠右对齐。其中有大小为 1 的吗？",
    ),
    ("for which mode is the third argument made?", "第三个参数是为哪种模式准备的？"),
)


def _shape(number: int, got: Any) -> tuple[int, ...] | str:
    if isinstance(got, str) and got.strip().lower() == "error":
        return "error"
    if isinstance(got, list | tuple):
        return tuple(got)
    raise Slip(
        f'Entry {number} should be a shape such as (2, 3), or "error", got '
        f"{type(got).__name__} {shorten(got)}.",
        f'第 {number} 项应当是 (2, 3) 这样的形状或 "error"，'
        f"得到的是 {type(got).__name__} {shorten(got)}。",
    )


@exercise("13-3")
def verdicts(answer: Any) -> None:
    """Whether seven views of a transposed tensor work, asked from PyTorch itself."""
    y = torch.arange(24).view(2, 3, 4).transpose(1, 2)
    views: list[Callable[[], Tensor]] = [
        lambda: y.view(24),
        lambda: y.view(2, 12),
        lambda: y.view(8, 3),
        lambda: y.view(2, 2, 2, 3),
        lambda: y.view(2, 4, 1, 3),
        lambda: y.transpose(1, 2).view(6, 4),
        lambda: y[:, 1].view(6),
    ]
    expect_entries(answer, [_works(view) for view in views], _VIEWS, read=_verdict)


def _works(view: Callable[[], Tensor]) -> str:
    try:
        view()
    except RuntimeError:
        return "error"
    return "view"


_VIEWS: tuple[Words, ...] = (
    ("this merges all axes into one.", "它把所有的轴合成一个。"),
    ("this merges the two axes that were swapped.", "它合并了互换过的两个轴。"),
    (
        "compare the stride of axis 0 with stride times size of axis 1.",
        "把轴 0 的步长与轴 1 的步长乘大小比一比。",
    ),
    ("does this merge anything, or only split?", "它合并了什么，还是只有拆分？"),
    ("what does an axis of size 1 ask of memory?", "大小为 1 的轴对内存有什么要求？"),
    ("what are the strides after the second transpose?", "第二次转置之后步长是多少？"),
    (
        "an index removes an axis. Which strides and sizes are left?",
        "索引去掉了一个轴。剩下的步长和大小是什么？",
    ),
)


def _verdict(number: int, got: Any) -> str:
    word = got.strip().lower() if isinstance(got, str) else ""
    if word not in {"view", "error"}:
        raise Slip(
            f'Entry {number} should be "view" or "error", got '
            f"{type(got).__name__} {shorten(got)}.",
            f'第 {number} 项应当是 "view" 或 "error"，'
            f"得到的是 {type(got).__name__} {shorten(got)}。",
        )
    return word


@exercise("13-4")
def chunk_sizes(answer: Any) -> None:
    """The rule of chunk for all small lengths, with fewer parts than asked for."""
    small = [(length, chunks) for length in range(1, 13) for chunks in _TO]
    for length, chunks in [(7, 3), (6, 4), *small]:
        got = call(answer, length, chunks)
        expect_type(got, (list, tuple), en="a list of sizes", zh="由大小组成的列表")
        want = [len(part) for part in torch.arange(length).chunk(chunks)]
        if list(got) == want and _all_whole(got):
            continue
        told = f"chunk_sizes({length}, {chunks})"
        en, zh = _chunk_slip(got, length, chunks)
        raise Slip(
            f"{told} is not {shorten(list(got))}: {en}",
            f"{told} 不是 {shorten(list(got))}：{zh}",
        )


_TO = (1, 2, 3, 5, 8)  # parts to ask for


def _all_whole(sizes: Any) -> bool:
    return all(isinstance(size, Integral) for size in sizes)


def _chunk_slip(got: Any, length: int, chunks: int) -> Words:
    if not _all_whole(got):
        return "the sizes should be whole numbers.", "大小应当是整数。"
    if sum(got) != length:
        return (
            f"these parts hold {sum(got)} numbers together, not {length}.",
            f"这些部分合起来有 {sum(got)} 个数，而不是 {length} 个。",
        )
    if 0 in got:
        return "chunk returns no empty part.", "chunk 不会返回空的部分。"
    even = [len(part) for part in torch.arange(length).tensor_split(chunks)]
    if list(got) == [size for size in even if size]:
        return (
            "this is how tensor_split shares out. chunk rounds its size differently.",
            "这是 tensor_split 的分法。chunk 对大小的取整方式不同。",
        )
    return "all parts but the last have one size.", "除了最后一份，各份一样大。"


@exercise("13-5")
def true_scores(answer: Any) -> None:
    """One score per row, at the place that the label names."""
    generator = torch.Generator().manual_seed(0)
    for samples, classes in ((5, 3), (4, 4), (1, 6)):
        scores = torch.randn(samples, classes, generator=generator)
        labels = torch.randint(0, classes, (samples,), generator=generator)
        got = call(answer, scores.clone(), labels.clone())
        if isinstance(got, Tensor):
            _explain_shape(got, samples)
        want = scores[torch.arange(samples), labels]
        expect_tensor(got, want, en="the scores", zh="得分")


def _explain_shape(got: Tensor, samples: int) -> None:
    if samples == 1 and got.ndim == 0:
        raise Slip(
            "With a single sample the result has no axis left. Which axis should go, "
            "and which should stay even if its size is 1?",
            "只有一个样本时，结果一个轴也没有了。哪个轴该去掉，"
            "哪个轴即使大小为 1 也该留下？",
        )
    if got.shape == (samples, 1):
        raise Slip(
            f"The result has shape {tuple(got.shape)}: it looks like the index. One "
            "axis is left to remove.",
            f"结果的形状是 {tuple(got.shape)}，与索引相同。还有一个轴要去掉。",
        )
    if samples > 1 and got.shape == (samples, samples):
        raise Slip(
            f"The result has shape {tuple(got.shape)}: every row took the labels of "
            "all samples, not just its own.",
            f"结果的形状是 {tuple(got.shape)}："
            "每一行取了所有样本的标签，而不只是自己的。",
        )
