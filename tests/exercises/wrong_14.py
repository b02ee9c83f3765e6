"""Typical wrong answers to the exercises of lesson 14."""

from typing import Any

import torch
from torch import Tensor


def farthest(train: Tensor, known: Tensor, test: Tensor, true: Tensor, k: int) -> float:
    nearest = torch.cdist(test, train).topk(k).indices
    return (known[nearest].mode(dim=1).values == true).float().mean().item()


def only_one(
    train: Tensor, known: Tensor, test: Tensor, true: Tensor, _k: int
) -> float:
    nearest = torch.cdist(test, train).argmin(dim=1)
    return (known[nearest] == true).float().mean().item()


def counted(train: Tensor, known: Tensor, test: Tensor, true: Tensor, k: int) -> int:
    nearest = torch.cdist(test, train).topk(k, largest=False).indices
    return int((known[nearest].mode(dim=1).values == true).sum())


def each_vote(
    train: Tensor, known: Tensor, test: Tensor, true: Tensor, k: int
) -> float:
    """Share of right neighbours instead of right votes."""
    nearest = torch.cdist(test, train).topk(k, largest=False).indices
    return (known[nearest] == true[:, None]).float().mean().item()


def no_mean(train: Tensor, known: Tensor, test: Tensor, true: Tensor, k: int) -> Tensor:
    nearest = torch.cdist(test, train).topk(k, largest=False).indices
    return known[nearest].mode(dim=1).values == true


def not_squared(matrix: Tensor, share: float) -> int:
    values = torch.linalg.svdvals(matrix)
    return int((values.cumsum(0) / values.sum() < share).sum()) + 1


def from_zero(matrix: Tensor, share: float) -> int:
    squares = torch.linalg.svdvals(matrix).square()
    return int((squares.cumsum(0) / squares.sum() < share).sum())


def all_of_them(matrix: Tensor, _share: float) -> int:
    return int(torch.linalg.matrix_rank(matrix))


def always_one(_matrix: Tensor, _share: float) -> int:
    return 1


GOOD = ["ii->", "nm->m", "nd,nd->n", "i,ij,j->", "bchw,nc->bnhw", "bhqk,bkhd->bqhd"]

WRONG: dict[str, list[Any]] = {
    "14-1": [farthest, only_one, counted, each_vote, no_mean],
    "14-2": [not_squared, from_zero, all_of_them, always_one],
    "14-3": [
        ["ij->", *GOOD[1:]],  # the sum of all, not of the diagonal
        ["ii->i", *GOOD[1:]],
        [GOOD[0], "nm->n", *GOOD[2:]],
        [*GOOD[:2], "nd,md->nm", *GOOD[3:]],
        [*GOOD[:4], "bchw,cn->bnhw", GOOD[5]],
        [*GOOD[:5], "bhqk,bkhd->bhqd"],
        GOOD[:5],
        [1, *GOOD[1:]],
    ],
    "14-4": [
        [5, -4, -3, -4, 2, -3, -2, -2],  # halves go up
        [4, -4, -4, -4, 2, -3, -2, -2],
        [4, -4, -3, -3, 2, -3, -2, -2],
        [4, -4, -3, -4, -3, -3, 3, -1],  # everything cuts towards zero
        [4, -4, -3, -4, 2, -3, -2],
        [4, -4, -3, -4, "2", -3, -2, -2],
    ],
}
