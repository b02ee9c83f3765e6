"""Typical wrong answers to the exercises of lesson 18."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def kept_depth(pictures: Tensor, weight: Tensor) -> Tensor:
    return functional.conv3d(pictures.unsqueeze(1), weight.unsqueeze(1))


def squeezed_everything(pictures: Tensor, weight: Tensor) -> Tensor:
    return functional.conv3d(pictures.unsqueeze(1), weight.unsqueeze(1)).squeeze()


def colours_stay_channels(pictures: Tensor, weight: Tensor) -> Tensor:
    """Right numbers by a kernel of depth 1: slides along nothing, and keeps an axis."""
    return functional.conv3d(pictures.unsqueeze(2), weight.unsqueeze(2))


def depth_of_one(pictures: Tensor, weight: Tensor) -> Tensor:
    return colours_stay_channels(pictures, weight).squeeze(2)


def no_third_dimension(pictures: Tensor, weight: Tensor) -> Tensor:
    return functional.conv2d(pictures, weight)


def bias_per_cell(
    inputs: int,
    outputs: int,
    size: tuple[int, int],
    groups: int = 1,
    bias: bool = True,
) -> int:
    """Give 873 for 3 -> 32 channels, as some course notes do."""
    cells = size[0] * size[1]
    return inputs // groups * cells * outputs + (cells if bias else 0)


def shared_groups(
    inputs: int,
    outputs: int,
    size: tuple[int, int],
    groups: int = 1,
    bias: bool = True,
) -> int:
    """Count the kernels of one group only."""
    kernel = inputs // groups * size[0] * size[1]
    return outputs // groups * kernel + (outputs if bias else 0)


def groups_forgotten(
    inputs: int, outputs: int, size: tuple[int, int], bias: bool = True, **_: Any
) -> int:
    return outputs * (inputs * size[0] * size[1] + bias)


def always_a_bias(
    inputs: int, outputs: int, size: tuple[int, int], groups: int = 1, **_: Any
) -> int:
    return outputs * (inputs // groups * size[0] * size[1] + 1)


def no_bias(
    inputs: int, outputs: int, size: tuple[int, int], groups: int = 1, **_: Any
) -> int:
    return outputs * inputs // groups * size[0] * size[1]


def divides_by_zero(x: Tensor) -> Tensor:
    return torch.where(x >= 0, x, x / (1 - x))


def detached(x: Tensor) -> Tensor:
    return torch.where(x >= 0, x, x / (1 + x.abs())).detach()


def by_item(x: Tensor) -> Tensor:
    numbers = [n if n >= 0 else n / (1 - n) for n in x.flatten().tolist()]
    return torch.tensor(numbers, dtype=x.dtype).view(x.shape)


def both_sides(x: Tensor) -> Tensor:
    return x / (1 + x.abs())


def padded_with_bias(
    pictures: Tensor, weight: Tensor, bias: Tensor, padding: int
) -> Tensor:
    padded = functional.pad(pictures, (padding,) * 4, value=float(bias[0]))
    return functional.conv2d(padded, weight, bias)


def bias_forgotten(pictures: Tensor, weight: Tensor, _: Tensor, padding: int) -> Tensor:
    return functional.conv2d(functional.pad(pictures, (padding,) * 4), weight)


def padding_left_to_torch(
    pictures: Tensor, weight: Tensor, bias: Tensor, padding: int
) -> Tensor:
    return functional.conv2d(pictures, weight, bias, padding=padding)


def bias_inside_only(
    pictures: Tensor, weight: Tensor, bias: Tensor, padding: int
) -> Tensor:
    result = functional.conv2d(functional.pad(pictures, (padding,) * 4), weight)
    height, width = result.shape[2:]
    rows, columns = slice(padding, height - padding), slice(padding, width - padding)
    result[:, :, rows, columns] += bias.view(-1, 1, 1)
    return result


def one_axis(pictures: Tensor, weight: Tensor, bias: Tensor, padding: int) -> Tensor:
    padded = functional.pad(pictures, (padding, padding))
    return functional.conv2d(padded, weight, bias)


WRONG: dict[str, list[Any]] = {
    "18-1": [
        [9, 18, 4, 6, 9],  # one channel
        [54, 54, 24, 36, 54],  # the second kernel has twos
        [54, 108, 54, 54, 54],  # as if padding repeated the picture
        [54, 108, 24, 24, 54],
        [54, 108, 24, 36],
    ],
    "18-2": [
        kept_depth,
        squeezed_everything,
        colours_stay_channels,
        depth_of_one,
        no_third_dimension,
    ],
    "18-3": [
        bias_per_cell,
        shared_groups,
        groups_forgotten,
        always_a_bias,
        no_bias,
    ],
    "18-4": [divides_by_zero, detached, by_item, both_sides],
    "18-5": [
        padded_with_bias,
        bias_forgotten,
        bias_inside_only,
        one_axis,
        padding_left_to_torch,
    ],
}
