"""Drawings of shapes: a tensor as cells, a model as boxes."""

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    import matplotlib.axes

    from eatorch.summaries import Summary

__all__ = ["draw_flow", "draw_tensor"]

_LARGEST = 16  # cells along an axis of a drawn tensor
_SHEETS = 3  # axes that a drawn tensor may have
_SHADE = 0.25  # of colour behind text: light enough on white, dark enough on black
_PER_ROW = 4  # boxes of a flow side by side
_WIDE, _HIGH = 0.8, 0.62  # of a box, as shares of its place

Point = tuple[float, float]


def draw_tensor(
    tensor: Tensor, *, digits: int = 3, ax: "matplotlib.axes.Axes | None" = None
) -> "matplotlib.axes.Axes":
    """Draw a small tensor as cells with its values.

    Args:
        tensor: Zero to three axes of at most 16 cells each; the sheets of a tensor with
            three axes stand side by side, numbered above.
        digits: Significant digits of the values.
        ax: Where to draw; a new figure if None.

    Returns:
        The Axes; its ticks count along the last two axes.

    Raises:
        ValueError: If the tensor has more axes, longer ones, or is empty.

    Example:
        >>> import torch
        >>> ax = draw_tensor(torch.arange(24).view(2, 3, 4))
        >>> len(ax.patches), [text.get_text() for text in ax.texts][-1]
        (24, '23')
    """
    if (
        tensor.ndim > _SHEETS
        or not 0 < tensor.numel() <= _LARGEST**_SHEETS
        or (tensor.ndim and max(tensor.shape) > _LARGEST)
    ):
        raise ValueError(
            f"tensor must have at most {_SHEETS} axes of 1 to {_LARGEST} cells, got "
            f"shape {tuple(tensor.shape)}: draw a slice of it"
        )
    sheets = tensor.detach().cpu()
    while sheets.ndim < _SHEETS:
        sheets = sheets.unsqueeze(0)
    count, height, width = sheets.shape
    ax = new_axes(ax)
    for number, sheet in enumerate(sheets):
        left = number * (width + 1)
        if tensor.ndim == _SHEETS:
            ax.text(left + width / 2 - 0.5, -0.7, f"[{number}]", ha="center")
        _draw_cells(ax, sheet, left, digits)
    ax.set(xlim=(-0.5, count * (width + 1) - 1.5), ylim=(height - 0.5, -0.5))
    _count_cells(ax, tensor, count)
    return ax


def _draw_cells(
    ax: "matplotlib.axes.Axes", sheet: Tensor, left: int, digits: int
) -> None:
    from matplotlib.patches import Rectangle

    for row, values in enumerate(sheet.tolist()):
        for column, value in enumerate(values):
            x = left + column
            cell = Rectangle((x - 0.46, row - 0.46), 0.92, 0.92, facecolor="C0")
            cell.set_alpha(_SHADE)
            ax.add_patch(cell)
            text = f"{value:.{digits}g}" if isinstance(value, float) else str(value)
            ax.text(x, row, text, ha="center", va="center", fontsize="small")


def _count_cells(ax: "matplotlib.axes.Axes", tensor: Tensor, sheets: int) -> None:
    """Number the cells along the last two axes."""
    ax.set(aspect="equal", frame_on=False)
    ax.tick_params(length=0)
    height, width = (1, 1, *tensor.shape)[-2:]
    places = [sheet * (width + 1) + n for sheet in range(sheets) for n in range(width)]
    numbers = [str(n) for _ in range(sheets) for n in range(width)]
    if tensor.ndim:
        ax.set_xticks(places, numbers)
        ax.set_xlabel(f"axis {tensor.ndim - 1}")
    else:
        ax.set_xticks([])
    ax.set_yticks(range(height) if tensor.ndim > 1 else [])
    if tensor.ndim > 1:
        ax.set_ylabel(f"axis {tensor.ndim - 2}")


def draw_flow(
    summary: "Summary", *, ax: "matplotlib.axes.Axes | None" = None
) -> "matplotlib.axes.Axes":
    """Draw the layers of a model as boxes, with the shape that leaves each of them.

    Args:
        summary: What :func:`eatorch.summary` returned; its innermost modules are drawn
            in the order in which they stand in the model.
        ax: Where to draw; a new figure if None. Four boxes stand in a row.

    Returns:
        The Axes.

    Raises:
        ValueError: If the summary has no layer.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from eatorch import summary
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
        >>> ax = draw_flow(summary(model, torch.ones(1, 2, 3)))
        >>> [text.get_text().split()[:1] for text in ax.texts if text.get_text()]
        [['input'], ['0'], ['1']]
    """
    if not summary.layers:
        raise ValueError("summary must have a layer, got none")
    outer = {layer.name.rpartition(".")[0] for layer in summary.layers if layer.name}
    inner = [layer for layer in summary.layers if layer.name not in outer]
    labels = [f"input\n\n{summary.inputs}"]
    labels += [f"{layer.name}\n{layer.kind}\n{layer.output}" for layer in inner]
    width = max(len(line) for label in labels for line in label.split("\n"))
    ax = new_axes(ax, size=(8.0, 1.1 * -(-len(labels) // _PER_ROW) + 0.3))
    font = min(9.0, 170 / width)  # points: the longest line fits into its box
    places = [(n % _PER_ROW, -(n // _PER_ROW)) for n in range(len(labels))]
    for number, ((x, y), label) in enumerate(zip(places, labels, strict=True)):
        _draw_layer(ax, x, y, "C1" if number else "C2")
        ax.text(x, y, label, ha="center", va="center", fontsize=font)
    for start, end in pairwise(places):
        _draw_step(ax, start, end)
    last = min(len(labels), _PER_ROW)
    ax.set(xlim=(-0.5, last - 0.5), ylim=(places[-1][1] - 0.4, 0.4))
    ax.axis("off")
    return ax


def _draw_layer(ax: "matplotlib.axes.Axes", x: float, y: float, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    box = FancyBboxPatch(
        (x - _WIDE / 2, y - _HIGH / 2),
        _WIDE,
        _HIGH,
        boxstyle="round,pad=0,rounding_size=0.04",
        facecolor=(colour, _SHADE),
        edgecolor=colour,
    )
    ax.add_patch(box)


def _draw_step(ax: "matplotlib.axes.Axes", start: Point, end: Point) -> None:
    """Draw an arrow to the next box, or round the corner to the next row."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    (x, y), (to_x, to_y) = start, end
    corners: list[Point] = [(x + _WIDE / 2, y), (to_x - _WIDE / 2, y)]
    if y != to_y:
        between = (y + to_y) / 2
        corners = [(x, y - _HIGH / 2), (x, between)]
        corners += [(to_x, between), (to_x, to_y + _HIGH / 2)]
    arrow = FancyArrowPatch(
        path=Path(corners), arrowstyle="-|>", mutation_scale=9, color="0.5"
    )
    ax.add_patch(arrow)


def new_axes(
    ax: "matplotlib.axes.Axes | None", size: tuple[float, float] | None = None
) -> "matplotlib.axes.Axes":
    """Return ``ax``, or the Axes of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]
