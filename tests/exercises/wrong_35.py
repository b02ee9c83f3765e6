"""Typical wrong answers to the exercises of lesson 35."""

from typing import Any

from torch import Tensor


def different(cells: Tensor) -> int:
    return len({tuple(cell) for cell in cells.tolist()})


def centres_of(boxes: Tensor) -> Tensor:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def by_corner(boxes: Tensor, cell: float) -> int:
    return len(boxes) - different((boxes[:, :2] / cell).floor())


def rounded(boxes: Tensor, cell: float) -> int:
    return len(boxes) - different((centres_of(boxes) / cell).round())


def kept_instead(boxes: Tensor, cell: float) -> int:
    return different((centres_of(boxes) / cell).floor())


def counts_cells(boxes: Tensor, cell: float) -> int:
    """Count the cells that are wanted twice, not the boxes that are lost."""
    cells = [tuple(place) for place in (centres_of(boxes) / cell).floor().tolist()]
    return len({place for place in cells if cells.count(place) > 1})


def one_axis(boxes: Tensor, cell: float) -> int:
    return len(boxes) - different((centres_of(boxes) / cell).floor()[:, :1])


def tensors_in_a_set(boxes: Tensor, cell: float) -> int:
    """Tensors are equal to a set only if they are the same object."""
    return len(boxes) - len(set((centres_of(boxes) / cell).floor()))


WRONG: dict[str, list[Any]] = {
    "35-1": [
        # width before height
        [
            (1, 512, 15, 10),
            (1, 3, 15, 10),
            (1, 12, 15, 10),
            (100, 512, 7, 7),
            (100, 21),
            (100, 84),
        ],
        # no background
        [
            (1, 512, 10, 15),
            (1, 3, 10, 15),
            (1, 12, 10, 15),
            (100, 512, 7, 7),
            (100, 20),
            (100, 80),
        ],
        # the picture's axis kept to the end
        [
            (1, 512, 10, 15),
            (1, 3, 10, 15),
            (1, 12, 10, 15),
            (1, 512, 7, 7),
            (1, 21),
            (1, 84),
        ],
        [(1, 512, 10, 15), (1, 3, 10, 15)],
        [1, 2, 3, 4, 5, 6],
    ],
    "35-2": [
        [1, 3],  # box 2, gone already, removes box 4
        [1, 2, 4],
        [4, 1],
        [1],
        [1, 4, 3],
        [2, 5],
        [False, True, False, False, True],  # a mask instead of numbers
        [True, 4],
    ],
    "35-3": [
        by_corner,
        rounded,
        kept_instead,
        counts_cells,
        one_axis,
        tensors_in_a_set,
    ],
    "35-4": [
        ["two", "two", "one", "two", "both", "two"],
        ["two", "both", "one", "both", "both", "both"],
        ["one", "both", "two", "one", "both", "one"],
        ["two", "both", "one"],
        [2, 3, 1, 2, 3, 2],
    ],
}
