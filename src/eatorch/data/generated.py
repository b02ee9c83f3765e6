"""Data made to measure, with a known answer. The same seed gives the same data."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import tau
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from eatorch.data.pictures import digits, photo
from eatorch.data.tables import Table

__all__ = ["Scenes", "clouds", "digit_scenes", "line", "rings"]

_DIGIT = 12  # pixels: height and width of a digit before its margin is cut off
_LARGEST = 256  # pixels: a patch must fit into the photographs
_DIM = 0.6
_INK = 0.5  # darker pixels belong to the digit
_PLANE = ("x1", "x2")
_RINGS = ("inner", "outer")
_QUARTERS = 4


def line(
    points: int = 100,
    *,
    weights: Sequence[float] = (2.0, -3.0),
    intercept: float = 10.0,
    noise: float = 2.0,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Scatter points about a line (with one weight) or a plane (with two).

    Args:
        points: Number of points, at least 1.
        weights: Slope along each input, no unit.
        intercept: Value where all inputs are 0.
        noise: Standard deviation about the line, at least 0.
        seed: Start of the random numbers.

    Returns:
        Inputs, uniform in -5 to 5, float32, shape ``(points, len(weights))``, and
        targets, float32, shape ``(points,)``.

    Raises:
        ValueError: If ``points`` is not positive or ``noise`` is negative.

    Example:
        >>> inputs, targets = line(weights=[2.0], intercept=1.0, noise=0.0)
        >>> torch.allclose(targets, 2 * inputs[:, 0] + 1)
        True
    """
    _require(points=points, noise=noise)
    generator = torch.Generator().manual_seed(seed)
    inputs = 10 * torch.rand(points, len(weights), generator=generator) - 5
    scatter = noise * torch.randn(points, generator=generator)
    return inputs, inputs @ torch.tensor(weights) + intercept + scatter


def clouds(
    points: int = 200, *, distance: float = 3.4, noise: float = 1.0, seed: int = 0
) -> Table:
    """Draw two round clouds of points on a plane.

    Args:
        points: Number of points in each cloud, at least 1.
        distance: Between the centres along each axis, no unit.
        noise: Standard deviation about the centres, at least 0.
        seed: Start of the random numbers.

    Returns:
        Table of ``2 * points`` rows and columns ``x1``, ``x2``; class 0 lies low.

    Raises:
        ValueError: If ``points`` is not positive or ``noise`` is negative.

    Example:
        >>> clouds(3).targets
        tensor([0, 0, 0, 1, 1, 1])
    """
    _require(points=points, noise=noise)
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(2).repeat_interleave(points)
    centres = distance * (targets - 0.5).unsqueeze(1)
    inputs = centres + noise * torch.randn(2 * points, 2, generator=generator)
    return Table(inputs, targets, _PLANE, ("low", "high"))


def rings(
    points: Sequence[int] = (200, 200), *, noise: float = 0.5, seed: int = 0
) -> Table:
    """Draw a ring of points inside another one: no line parts the two.

    Args:
        points: Number of points in the inner (radius 2) and the outer ring (radius 5).
        noise: Standard deviation of the radius, at least 0.
        seed: Start of the random numbers.

    Returns:
        Table of columns ``x1``, ``x2``; class 0 is the inner ring.

    Raises:
        ValueError: If ``points`` is not two positive numbers or ``noise`` is negative.

    Example:
        >>> rings((100, 600)).targets.bincount()
        tensor([100, 600])
    """
    if len(points) != len(_RINGS):
        raise ValueError(f"points must be two numbers, got {list(points)}")
    _require(points=min(points), noise=noise)
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(2).repeat_interleave(torch.tensor(points))
    radius = 2 + 3 * targets + noise * torch.randn(sum(points), generator=generator)
    angle = tau * torch.rand(sum(points), generator=generator)
    inputs = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return Table(inputs, targets, _PLANE, _RINGS)


def _require(*, points: int, noise: float) -> None:
    if points < 1:
        raise ValueError(f"points must be at least 1, got {points}")
    if noise < 0:
        raise ValueError(f"noise must be at least 0, got {noise}")


@dataclass(frozen=True, eq=False)
class Scenes:
    """Small pictures with digits on them, and where the digits are.

    Attributes:
        images: Red, green, blue, float32 from 0 to 1, shape
            ``(scenes, 3, size, size)``.
        masks: Whether a pixel belongs to a digit, bool, shape
            ``(scenes, size, size)``.
        boxes: Left, top, right and bottom edge of each digit in pixels from the upper
            left corner, float32, shape ``(scenes, digits, 4)``.
        labels: Which digit each box holds, int64, shape ``(scenes, digits)``.
    """

    images: Tensor
    masks: Tensor
    boxes: Tensor
    labels: Tensor

    def __len__(self) -> int:
        """Return the number of scenes."""
        return len(self.images)


def digit_scenes(
    scenes: int = 600,
    *,
    size: int = 32,
    digits_per_scene: int = 1,
    background: Literal["photo", "noise"] = "photo",
    seed: int = 0,
) -> Scenes:
    """Paste handwritten digits on patches of photographs, or on noise.

    Args:
        scenes: Number of pictures, at least 1.
        size: Height and width of a picture in pixels, 24 to 256.
        digits_per_scene: Digits on each picture, 1 to 4; they do not overlap.
        background: Patches of the two photographs, or grey noise.
        seed: Start of the random numbers.

    Returns:
        The pictures with a mask, and a box and a label for each digit.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> made = digit_scenes(2, digits_per_scene=2)
        >>> made.images.shape, made.boxes.shape
        (torch.Size([2, 3, 32, 32]), torch.Size([2, 2, 4]))
    """
    if scenes < 1:
        raise ValueError(f"scenes must be at least 1, got {scenes}")
    if not 2 * _DIGIT <= size <= _LARGEST:
        raise ValueError(f"size must be from {2 * _DIGIT} to {_LARGEST}, got {size}")
    if not 1 <= digits_per_scene <= _QUARTERS:
        raise ValueError(f"digits_per_scene must be 1 to 4, got {digits_per_scene}")
    if background not in ("photo", "noise"):
        raise ValueError(f"background must be 'photo' or 'noise', got {background!r}")
    generator = torch.Generator().manual_seed(seed)
    images = _backgrounds(background, scenes, size, generator)
    return _paste_digits(images, digits_per_scene, generator)


def _backgrounds(
    kind: str, scenes: int, size: int, generator: torch.Generator
) -> Tensor:
    if kind == "noise":
        grey = 0.4 * torch.rand(scenes, 1, size, size, generator=generator)
        return grey.repeat(1, 3, 1, 1)
    photos = torch.stack([photo("china"), photo("flower")]).permute(0, 3, 1, 2)
    photos = _DIM * photos / 255  # white digits must not vanish on a bright sky
    _, _, height, width = photos.shape
    patches = []
    for _ in range(scenes):
        which = _draw(2, generator)
        top, left = _draw(height - size, generator), _draw(width - size, generator)
        patches.append(photos[which, :, top : top + size, left : left + size])
    return torch.stack(patches)


def _paste_digits(images: Tensor, count: int, generator: torch.Generator) -> Scenes:
    """Put each digit into a corner field of its own, at a random place inside."""
    scenes, _, size, _ = images.shape
    source = digits()
    ink = functional.interpolate(source.images, _DIGIT, mode="bilinear")
    masks = torch.zeros(scenes, size, size, dtype=torch.bool)
    boxes = torch.zeros(scenes, count, 4)
    labels = torch.zeros(scenes, count, dtype=torch.int64)
    for scene in range(scenes):
        for place, corner in enumerate(_places(size, count, generator)):
            which = _draw(len(source), generator)
            labels[scene, place] = source.targets[which]
            boxes[scene, place] = _paste(
                images[scene], masks[scene], ink[which, 0], corner
            )
    return Scenes(images, masks, boxes, labels)


def _places(size: int, count: int, generator: torch.Generator) -> list[tuple[int, int]]:
    """Return the upper left corner of each digit: anywhere, or one per quarter."""
    if count == 1:
        room = size - _DIGIT + 1
        return [(_draw(room, generator), _draw(room, generator))]
    half = size // 2
    room = half - _DIGIT + 1
    quarters = torch.randperm(_QUARTERS, generator=generator)[:count].tolist()
    return [
        (
            half * (quarter // 2) + _draw(room, generator),
            half * (quarter % 2) + _draw(room, generator),
        )
        for quarter in quarters
    ]


def _paste(image: Tensor, mask: Tensor, ink: Tensor, corner: tuple[int, int]) -> Tensor:
    """Draw a white digit in place and return its box."""
    top, left = corner
    window = slice(top, top + _DIGIT), slice(left, left + _DIGIT)
    image[:, *window] = torch.maximum(image[:, *window], ink)
    mask[window] = ink > _INK
    rows, columns = (ink > _INK).nonzero(as_tuple=True)
    return torch.stack(
        [
            left + columns.min(),
            top + rows.min(),
            left + columns.max() + 1,
            top + rows.max() + 1,
        ]
    ).float()


def _draw(below: int, generator: torch.Generator) -> int:
    return int(torch.randint(below, (), generator=generator))
