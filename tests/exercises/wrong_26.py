"""Typical wrong answers to the exercises of lesson 26."""

import math
from pathlib import Path
from typing import Any

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

Losses = list[float]


def line_without_step(folder: Path) -> Path:
    with SummaryWriter(folder) as writer:
        for x in range(100):
            writer.add_scalar("y = 2x", 2 * x)
    return folder


def line_left_open(folder: Path) -> Path:
    writer = SummaryWriter(folder)
    for x in range(100):
        writer.add_scalar("y = 2x", 2 * x, x)
    return folder


def line_other_tag(folder: Path) -> Path:
    with SummaryWriter(folder) as writer:
        for x in range(100):
            writer.add_scalar("y", 2 * x, x)
    return folder


def line_with_swapped_arguments(folder: Path) -> Path:
    with SummaryWriter(folder) as writer:
        for x in range(100):
            writer.add_scalar("y = 2x", x, 2 * x)
    return folder


def line_one_too_many(folder: Path) -> Path:
    with SummaryWriter(folder) as writer:
        for x in range(101):
            writer.add_scalar("y = 2x", 2 * x, x)
    return folder


def line_in_a_subfolder(folder: Path) -> Path:
    with SummaryWriter(folder) as writer:
        for x in range(100):
            writer.add_scalars("y = 2x", {"y": 2 * x}, x)
    return folder


def nothing_logged(folder: Path) -> Path:
    with SummaryWriter(folder):
        return folder


def nothing_returned(folder: Path) -> None:
    with SummaryWriter(folder) as writer:
        for x in range(100):
            writer.add_scalar("y = 2x", 2 * x, x)


def two_charts(folder: Path, train: Losses, valid: Losses) -> Path:
    with SummaryWriter(folder) as writer:
        for epoch, (one, other) in enumerate(zip(train, valid, strict=True), start=1):
            writer.add_scalar("loss/train", one, epoch)
            writer.add_scalar("loss/valid", other, epoch)
    return folder


def zigzag(folder: Path, train: Losses, valid: Losses) -> Path:
    with SummaryWriter(folder) as writer:
        for losses in (train, valid):
            for epoch, loss in enumerate(losses, start=1):
                writer.add_scalar("loss", loss, epoch)
    return folder


def from_zero(folder: Path, train: Losses, valid: Losses) -> Path:
    with SummaryWriter(folder) as writer:
        for epoch, (one, other) in enumerate(zip(train, valid, strict=True)):
            writer.add_scalars("loss", {"train": one, "valid": other}, epoch)
    return folder


def swapped(folder: Path, train: Losses, valid: Losses) -> Path:
    with SummaryWriter(folder) as writer:
        for epoch, (one, other) in enumerate(zip(train, valid, strict=True), start=1):
            writer.add_scalars("loss", {"train": other, "valid": one}, epoch)
    return folder


def nameless(folder: Path, train: Losses, valid: Losses) -> Path:
    for name, losses in {"a": train, "b": valid}.items():
        with SummaryWriter(folder / name) as writer:
            for epoch, loss in enumerate(losses, start=1):
                writer.add_scalar("loss", loss, epoch)
    return folder


def torn(pictures: Tensor, columns: int) -> Tensor:
    count, channels, height, width = pictures.shape
    rows = math.ceil(count / columns)
    full = pictures.new_zeros(rows * columns, channels, height, width)
    full[:count] = pictures
    return full.reshape(channels, rows * height, columns * width)


def by_columns(pictures: Tensor, columns: int) -> Tensor:
    count, channels, height, width = pictures.shape
    rows = math.ceil(count / columns)
    full = pictures.new_zeros(rows * columns, channels, height, width)
    full[:count] = pictures
    grid = full.view(columns, rows, channels, height, width).permute(2, 1, 3, 0, 4)
    return grid.reshape(channels, rows * height, columns * width)


def only_full_rows(pictures: Tensor, columns: int) -> Tensor:
    rows = len(pictures) // columns
    _, channels, height, width = pictures.shape
    grid = pictures[: rows * columns].view(rows, columns, channels, height, width)
    grid = grid.permute(2, 0, 3, 1, 4)
    return grid.reshape(channels, rows * height, columns * width)


def one_long_row(pictures: Tensor, columns: int) -> Tensor:
    del columns
    return torch.cat(list(pictures), dim=-1)


def histograms(folder: Path) -> dict[str, Any]:
    events = EventAccumulator(str(folder), {"histograms": 0}).Reload()
    return {tag: events.Histograms(tag) for tag in events.Tags()["histograms"]}


def of_the_first(folder: Path) -> list[str]:
    return [
        tag
        for tag, found in histograms(folder).items()
        if tag.startswith("gradient/") and found[0].histogram_value.max == 0
    ]


def weights_too(folder: Path) -> list[str]:
    return [
        tag
        for tag, found in histograms(folder).items()
        if found[-1].histogram_value.sum_squares == 0
    ]


def by_the_sum(folder: Path) -> list[str]:
    return [
        tag
        for tag, found in histograms(folder).items()
        if tag.startswith("gradient/") and found[-1].histogram_value.sum == 0
    ]


def nearly_zero(folder: Path) -> list[str]:
    return [
        tag
        for tag, found in histograms(folder).items()
        if tag.startswith("gradient/") and abs(found[-1].histogram_value.max) < 1e-6
    ]


def always_dead(folder: Path) -> list[str]:
    return [
        tag
        for tag, found in histograms(folder).items()
        if tag.startswith("gradient/")
        and all(event.histogram_value.sum_squares == 0 for event in found)
    ]


def without_prefix(folder: Path) -> list[str]:
    return [
        tag.removeprefix("gradient/")
        for tag, found in histograms(folder).items()
        if tag.startswith("gradient/") and found[-1].histogram_value.sum_squares == 0
    ]


WRONG: dict[str, list[Any]] = {
    "26-1": [
        line_without_step,
        line_left_open,
        line_other_tag,
        line_with_swapped_arguments,
        line_one_too_many,
        line_in_a_subfolder,
        nothing_logged,
        nothing_returned,
    ],
    "26-2": [two_charts, zigzag, from_zero, swapped, nameless],
    "26-3": [torn, by_columns, only_full_rows, one_long_row],
    "26-4": [
        of_the_first,
        weights_too,
        by_the_sum,
        nearly_zero,
        always_dead,
        without_prefix,
    ],
}
