"""Typical wrong answers to the exercises of lesson 13."""

from typing import Any

import torch
from torch import Tensor

Answers = dict[str, Tensor]
ERROR, VIEW = "error", "view"


def right(book: Tensor) -> Answers:
    each = torch.arange(7)
    return {
        "three": book[:, [0, 4, 9]][:, :, [1, 5]],
        "passed": (book >= 60).sum(dim=2),
        "failed": book[book < 60],
        "lifted": book.masked_fill((book >= 55) & (book < 60), 60),
        "own": book[:, each, each],
    }


def more_than_60(book: Tensor) -> Answers:
    return right(book) | {"passed": (book > 60).sum(dim=2)}


def sixty_fails(book: Tensor) -> Answers:
    return right(book) | {"failed": book[book <= 60]}


def paired(book: Tensor) -> Answers:
    return right(book) | {"three": book[:, [0, 4], [1, 5]]}


def summed_over_students(book: Tensor) -> Answers:
    return right(book) | {"passed": (book >= 60).sum(dim=1)}


def zeros_instead_of_a_vector(book: Tensor) -> Answers:
    return right(book) | {"failed": torch.where(book < 60, book, 0)}


def in_place(book: Tensor) -> Answers:
    answers = right(book)
    return answers | {"lifted": book.masked_fill_((book >= 55) & (book < 60), 60)}


def a_block(book: Tensor) -> Answers:
    return right(book) | {"own": book[:, :7, :7]}


def forgot_one(book: Tensor) -> Answers:
    return {name: value for name, value in right(book).items() if name != "own"}


def a_list_of_grades(book: Tensor) -> dict[str, Any]:
    return right(book) | {"failed": [grade for grade in book.flatten() if grade < 60]}


def whole_only(length: int, chunks: int) -> list[int]:
    return [length // chunks] * chunks


def shared_evenly(length: int, chunks: int) -> list[int]:
    return [len(part) for part in torch.arange(length).tensor_split(chunks)]


def even_without_empty(length: int, chunks: int) -> list[int]:
    return [size for size in shared_evenly(length, chunks) if size]


def rest_goes_to_the_last(length: int, chunks: int) -> list[int]:
    size = max(1, length // chunks)
    full = min(chunks, length) - 1
    return [size] * full + [length - size * full]


def always_the_rounded_size(length: int, chunks: int) -> list[int]:
    size = -(-length // chunks)
    return [size] * -(-length // size)


def floats(length: int, chunks: int) -> list[float]:
    size = -(-length // chunks)
    starts = range(0, length, size)
    return [float(min(size, length - start)) for start in starts]


def split_into_size(length: int, chunks: int) -> list[int]:
    return [len(part) for part in torch.split(torch.arange(length), chunks)]


def all_labels(scores: Tensor, labels: Tensor) -> Tensor:
    return scores[:, labels]


def still_a_column(scores: Tensor, labels: Tensor) -> Tensor:
    return scores.gather(1, labels[:, None])


def along_the_samples(scores: Tensor, labels: Tensor) -> Tensor:
    return scores.gather(0, labels.clamp(max=len(scores) - 1)[None, :])[0]


def axis_missing(scores: Tensor, labels: Tensor) -> Tensor:
    return scores.gather(1, labels)


def all_axes_of_size_1_gone(scores: Tensor, labels: Tensor) -> Tensor:
    return scores.gather(1, labels[:, None]).squeeze()


def the_best_class(scores: Tensor, labels: Tensor) -> Tensor:
    del labels
    return scores.amax(dim=1)


WRONG: dict[str, list[Any]] = {
    "13-1": [
        more_than_60,
        sixty_fails,
        paired,
        summed_over_students,
        zeros_instead_of_a_vector,
        in_place,
        a_block,
        forgot_one,
        a_list_of_grades,
    ],
    "13-2": [
        [(2, 3), (4,), (2, 1), (4, 3), (), ERROR, ERROR],  # a number by default
        [(2, 3), (4,), (2, 1), ERROR, ERROR, ERROR, ERROR],  # nothing broadcasts
        [(2, 3), (4,), (2, 1), (4, 3), ERROR, ERROR, (2, 3)],  # size for all modes
        [(2, 3), (4,), (2, 1), (4, 3), ERROR, (4, 3), ERROR],
        ["(2, 3)", "(4,)", "(2, 1)", "(4, 3)", ERROR, ERROR, ERROR],
        [(2, 3), 4, (2, 1), (4, 3), ERROR, ERROR, ERROR],
    ],
    "13-3": [
        [ERROR] * 7,  # nothing works after a transpose
        [VIEW] * 7,
        [ERROR, ERROR, VIEW, VIEW, VIEW, VIEW, VIEW],  # only swapped axes matter
        [ERROR, ERROR, ERROR, VIEW, VIEW, VIEW, ERROR],  # a slice stays broken
        [False, False, False, True, True, True, True],
        [ERROR, ERROR, ERROR],
    ],
    "13-4": [
        whole_only,
        shared_evenly,
        even_without_empty,
        rest_goes_to_the_last,
        always_the_rounded_size,
        split_into_size,
        floats,
        [3, 3, 1],
    ],
    "13-5": [
        all_labels,
        still_a_column,
        along_the_samples,
        axis_missing,
        all_axes_of_size_1_gone,
        the_best_class,
    ],
}
