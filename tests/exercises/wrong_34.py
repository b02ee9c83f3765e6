"""Typical wrong answers to the exercises of lesson 34."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def swapped(picture: Tensor, mask: Tensor, background: Tensor) -> Tensor:
    return torch.where(mask > 0, background, picture)


def black_outside(picture: Tensor, mask: Tensor, _: Tensor) -> Tensor:
    return picture * (mask > 0)


def multiplied(picture: Tensor, mask: Tensor, background: Tensor) -> Tensor:
    """Works for 0 and 1, not for 0 and 255."""
    share = mask.float()
    return picture * share + background * (1 - share)


def in_place(picture: Tensor, mask: Tensor, background: Tensor) -> Tensor:
    background[:, mask != 0] = picture[:, mask != 0]
    return background


def needs_equal_sizes(below: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([below, skip], dim=1)


def cuts_the_skip(below: Tensor, skip: Tensor) -> Tensor:
    height, width = below.shape[2:]
    return torch.cat([below, skip[:, :, :height, :width]], dim=1)


def skip_first(below: Tensor, skip: Tensor) -> Tensor:
    rest = [0, skip.shape[3] - below.shape[3], 0, skip.shape[2] - below.shape[2]]
    return torch.cat([skip, functional.pad(below, rest)], dim=1)


def pads_left_and_top(below: Tensor, skip: Tensor) -> Tensor:
    rest = [skip.shape[3] - below.shape[3], 0, skip.shape[2] - below.shape[2], 0]
    return torch.cat([functional.pad(below, rest), skip], dim=1)


def axes_confused(below: Tensor, skip: Tensor) -> Tensor:
    rest = [0, skip.shape[2] - below.shape[2], 0, skip.shape[3] - below.shape[3]]
    return torch.cat([functional.pad(below, rest), skip], dim=1)


def added(below: Tensor, skip: Tensor) -> Tensor:
    rest = [0, skip.shape[3] - below.shape[3], 0, skip.shape[2] - below.shape[2]]
    return functional.pad(below, rest)[:, :3] + skip[:, :3]


def accuracy_of(marked: Tensor, right: Tensor) -> float:
    return (marked == right).float().mean().item()


def not_a_number(marked: Tensor, right: Tensor) -> tuple[float, float]:
    shared, total = (marked & right).sum(), marked.sum() + right.sum()
    return accuracy_of(marked, right), (2 * shared / total).item()


def iou(marked: Tensor, right: Tensor) -> tuple[float, float]:
    shared, union = (marked & right).sum().item(), (marked | right).sum().item()
    return accuracy_of(marked, right), shared / union if union else 1.0


def turned_round(marked: Tensor, right: Tensor) -> tuple[float, float]:
    shared, total = (marked & right).sum().item(), (marked.sum() + right.sum()).item()
    return 2 * shared / total if total else 1.0, accuracy_of(marked, right)


def without_the_two(marked: Tensor, right: Tensor) -> tuple[float, float]:
    shared, total = (marked & right).sum().item(), (marked.sum() + right.sum()).item()
    return accuracy_of(marked, right), shared / total if total else 1.0


def empty_is_zero(marked: Tensor, right: Tensor) -> tuple[float, float]:
    shared, total = (marked & right).sum().item(), (marked.sum() + right.sum()).item()
    return accuracy_of(marked, right), 2 * shared / max(total, 1)


def only_dice(marked: Tensor, right: Tensor) -> float:
    return empty_is_zero(marked, right)[1]


CLASSES, PIXELS = "classification", "segmentation"

WRONG: dict[str, list[Any]] = {
    "34-1": [
        [PIXELS, "both", "both", CLASSES, PIXELS, PIXELS],
        [PIXELS, CLASSES, CLASSES, CLASSES, PIXELS, PIXELS],
        [PIXELS, CLASSES, "both", "both", "both", "both"],
        [PIXELS, CLASSES, "both", CLASSES, PIXELS],
        [1, 2, 3, 2, 1, 1],
    ],
    "34-2": [swapped, black_outside, multiplied, in_place],
    "34-3": [
        needs_equal_sizes,
        cuts_the_skip,
        skip_first,
        pads_left_and_top,
        axes_confused,
        added,
    ],
    "34-4": [
        not_a_number,
        iou,
        turned_round,
        without_the_two,
        empty_is_zero,
        only_dice,
    ],
}
