"""Typical wrong answers to the exercises of lesson 01."""

import platform
import sys
from typing import Any

import torch

TORCH = torch.__version__
ROW, COLUMN = torch.tensor([[2, 1]]), torch.tensor([[-1], [2]])


def never_fails(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    return left[0], right[1]


def same_shapes_only(left: tuple[int, int], right: tuple[int, int]) -> Any:
    return (left[0], right[1]) if left == right else "fails"


def outer_numbers(left: tuple[int, int], right: tuple[int, int]) -> Any:
    return (left[1], right[0]) if left[0] == right[1] else "fails"


def transposed(left: tuple[int, int], right: tuple[int, int]) -> Any:
    return (right[1], left[0]) if left[1] == right[0] else "fails"


def another_word(left: tuple[int, int], right: tuple[int, int]) -> Any:
    return (left[0], right[1]) if left[1] == right[0] else "error"


def list_for_tuple(left: tuple[int, int], right: tuple[int, int]) -> Any:
    return [left[0], right[1]] if left[1] == right[0] else "fails"


WRONG: dict[str, list[Any]] = {
    "01-1": [
        lambda: {"python": sys.version, "torch": TORCH},  # the whole banner
        lambda: {"python": sys.version_info, "torch": TORCH},  # a tuple of numbers
        lambda: {"python": platform.python_version(), "torch": torch.version},
        lambda: {"python": "3.8", "torch": "1.5.0"},  # typed in
        lambda: {"Python": platform.python_version(), "PyTorch": TORCH},
        lambda: f"{platform.python_version()} {TORCH}",
        {"python": platform.python_version(), "torch": TORCH},  # no function
    ],
    "01-2": [
        (ROW, COLUMN),  # nothing changed: 0
        (COLUMN, ROW),  # swapped
        (torch.tensor([2, 1]), torch.tensor([3, 1])),  # one pair of brackets
        torch.tensor([[7]]),  # the product instead of the pair
        (ROW, torch.tensor([[3.0], [1.0]])),  # two kinds of numbers
        ([[2, 1]], [[3], [1]]),  # lists, not tensors
        (ROW,),
    ],
    "01-3": [
        never_fails,
        same_shapes_only,
        outer_numbers,
        transposed,
        another_word,
        list_for_tuple,
        (2, 4),  # one result instead of a rule
    ],
}
