"""Pictures that the lessons draw again and again.

Each function draws into the Axes that ``ax`` names, or into a new figure, and returns
the Axes. None sets a title: that is for the finding. Colours come from the style that
is set, so that the pictures fit on light and on dark pages.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from eatorch.drawings import draw_flow, draw_tensor, new_axes
from eatorch.graphs import draw_graph

if TYPE_CHECKING:
    import matplotlib.axes

    from eatorch.data import Table

__all__ = [
    "draw_flow",
    "draw_graph",
    "draw_tensor",
    "plot_confusion",
    "plot_history",
    "plot_regions",
    "show_images",
]

_SHADE = 0.25  # of the colour of a region, so that the points stand out


def plot_history(
    history: Any, name: str = "loss", *, ax: "matplotlib.axes.Axes | None" = None
) -> "matplotlib.axes.Axes":
    """Draw how a measure changed over the epochs, in training and in validation.

    Args:
        history: A :class:`~eatorch.history.History`, rows of numbers like it, or a
            dict of columns.
        name: The measure; ``train_<name>`` and ``valid_<name>`` are drawn, and
            ``<name>`` itself, as far as they exist.
        ax: Where to draw; a new figure if None.

    Returns:
        The Axes.

    Raises:
        ValueError: If no column of that name exists.

    Example:
        >>> ax = plot_history({"train_loss": [2.0, 1.0], "valid_loss": [2.1, 1.5]})
        >>> [line.get_label() for line in ax.lines]
        ['training', 'validation']
    """
    from matplotlib.ticker import MaxNLocator

    columns = _columns(history)
    wanted = {f"train_{name}": "training", f"valid_{name}": "validation", name: name}
    found = {key: label for key, label in wanted.items() if key in columns}
    if not found:
        raise ValueError(f"name must be a column of {list(columns)}, got {name!r}")
    ax = new_axes(ax)
    for key, label in found.items():
        epochs = columns.get("epoch", range(1, len(columns[key]) + 1))
        ax.plot(epochs, columns[key], marker=".", label=label)
    ax.set(xlabel="epoch", ylabel=name)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def _columns(history: Any) -> Mapping[str, Sequence[float]]:
    if hasattr(history, "to_dict"):
        history = history.to_dict()
    if isinstance(history, Mapping):
        return history
    names = dict.fromkeys(name for row in history for name in row)
    return {name: [row.get(name, float("nan")) for row in history] for name in names}


def plot_confusion(
    matrix: Tensor,
    classes: Sequence[str] = (),
    *,
    ax: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw how often each class was taken for which.

    Args:
        matrix: Counts, shape ``(classes, classes)``, rows are the right classes: what
            :class:`~eatorch.metrics.ConfusionMatrix` computes.
        classes: Names of the classes; their numbers if empty.
        ax: Where to draw; a new figure if None.

    Returns:
        The Axes. A cell's colour is its share of its row, its number the count.

    Raises:
        ValueError: If ``matrix`` is not square, or names and classes differ in number.

    Example:
        >>> ax = plot_confusion(torch.tensor([[8, 2], [1, 9]]), ["cat", "dog"])
        >>> [text.get_text() for text in ax.texts]
        ['8', '2', '1', '9']
    """
    matrix = torch.as_tensor(matrix)
    size = len(matrix)
    if matrix.shape != (size, size):
        raise ValueError(f"matrix must be square, got shape {tuple(matrix.shape)}")
    if classes and len(classes) != size:
        raise ValueError(f"classes must have {size} names, got {len(classes)}")
    ax = new_axes(ax)
    share = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(share.numpy(), cmap="Blues", vmin=0, vmax=1)
    names = list(classes) or [str(number) for number in range(size)]
    for row in range(size):
        for column in range(size):
            # On top of a blue cell, so the colour is chosen here and not by the page.
            # Not pure white: dark pages swap that, as their paper, for near black.
            ink = "0.98" if share[row, column] > 0.5 else "black"  # noqa: PLR2004
            text = str(matrix[row, column].item())
            ax.text(column, row, text, color=ink, ha="center", va="center")
    ax.set(xlabel="class given", ylabel="right class")
    ax.set_xticks(range(size), names)
    ax.set_yticks(range(size), names)
    return ax


def show_images(
    images: Tensor,
    titles: Sequence[Any] = (),
    *,
    columns: int = 8,
    cmap: str = "gray",
    ax: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Show pictures of one size side by side.

    Args:
        images: Shape ``(pictures, height, width)``, or
            ``(pictures, channels, height, width)`` with 1 or 3 channels; floats from 0
            to 1 or uint8. Grey values are stretched over all pictures together.
        titles: What to write above each picture, nothing if empty.
        columns: Pictures in a row.
        cmap: Colours of pictures with one channel, a name of Matplotlib.
        ax: Where to draw; a new figure if None.

    Returns:
        The Axes.

    Raises:
        ValueError: If the shape is another one, there is no picture, titles and
            pictures differ in number, or ``columns`` is not positive.

    Example:
        >>> ax = show_images(torch.rand(10, 1, 8, 8), range(10), columns=5)
        >>> ax.images[0].get_size(), len(ax.texts)  # pixels, with gaps
        ((22, 44), 10)
    """
    images = torch.as_tensor(images).detach().cpu()
    if images.ndim == 3:  # noqa: PLR2004 - (pictures, height, width)
        images = images.unsqueeze(1)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):  # noqa: PLR2004
        raise ValueError(
            "images must have shape (pictures, height, width) or (pictures, 1 or 3, "
            f"height, width), got {tuple(images.shape)}"
        )
    if len(titles) not in (0, len(images)):
        raise ValueError(f"titles must be {len(images)} or none, got {len(titles)}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    images = images / 255 if images.dtype == torch.uint8 else images.float()
    gap = round(0.4 * images.shape[-2]) if len(titles) else 1  # room for a title
    columns = min(columns, len(images))
    ax = new_axes(ax)
    ax.imshow(_sheet(images, columns, gap), cmap=cmap, interpolation="nearest")
    for number, title in enumerate(titles):
        row, column = divmod(number, columns)
        x = column * (images.shape[-1] + 1) + images.shape[-1] / 2 - 0.5
        y = row * (images.shape[-2] + gap) + gap - 1
        ax.text(x, y, str(title), ha="center", va="bottom", fontsize="small")
    ax.axis("off")
    return ax


def _sheet(images: Tensor, columns: int, gap: int) -> Any:
    """Lay pictures out on one sheet that is transparent between them."""
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    shape = (channels, rows * (height + gap), columns * (width + 1) - 1)
    sheet = torch.full(shape, torch.nan)
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        top, left = row * (height + gap) + gap, column * (width + 1)
        sheet[:, top : top + height, left : left + width] = image
    if channels == 1:
        return sheet[0].numpy()  # Matplotlib leaves NaN out
    opaque = (~sheet[:1].isnan()).float()
    return torch.cat([sheet.nan_to_num().clamp(0, 1), opaque]).permute(1, 2, 0).numpy()


def plot_regions(
    decide: Callable[[Tensor], Tensor],
    table: "Table",
    *,
    threshold: float = 0.0,
    steps: int = 200,
    ax: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Colour a plane by the class that a model gives to each point.

    Args:
        decide: Model or function from points, float32, shape ``(points, 2)``, to one
            score per class, shape ``(points, classes)``, or to one score in all,
            shape ``(points,)`` or ``(points, 1)``.
        table: Labelled points to draw on top, with two features.
        threshold: Of a single score: 0 for logits, 0.5 for probabilities.
        steps: Points along each side of the plane, at least 2.
        ax: Where to draw; a new figure if None.

    Returns:
        The Axes.

    Raises:
        ValueError: If the table has not two features, ``steps`` is too small, or the
            scores have another shape.

    Example:
        >>> from eatorch.data import clouds
        >>> ax = plot_regions(lambda points: points.sum(1), clouds())
        >>> ax.get_xlabel(), [text.get_text() for text in ax.get_legend().get_texts()]
        ('x1', ['low', 'high'])
    """
    if table.inputs.shape[1:] != (2,):
        raise ValueError(
            f"table must have 2 features, got {len(table.features)}: {table.features}"
        )
    if steps <= 1:
        raise ValueError(f"steps must be at least 2, got {steps}")
    ax = new_axes(ax)
    low, high = table.inputs.min(0).values, table.inputs.max(0).values
    margin = 0.05 * (high - low)
    x, y = (
        torch.linspace(float(a), float(b), steps)
        for a, b in zip(low - margin, high + margin, strict=True)
    )
    plane = torch.cartesian_prod(x, y)
    classes = _decisions(decide, plane, threshold).view(steps, steps).T
    levels = [n - 0.5 for n in range(len(table.classes) + 1)]
    colours = [f"C{n}" for n in range(len(table.classes))]
    ax.contourf(x, y, classes, levels=levels, colors=colours, alpha=_SHADE)
    for number, name in enumerate(table.classes):
        points = table.inputs[table.targets == number]
        ax.scatter(points[:, 0], points[:, 1], s=9, color=f"C{number}", label=name)
    ax.set(xlabel=table.features[0], ylabel=table.features[1])
    ax.legend()
    return ax


def _decisions(
    decide: Callable[[Tensor], Tensor], plane: Tensor, threshold: float
) -> Tensor:
    training = isinstance(decide, nn.Module) and decide.training
    with torch.no_grad():
        scores = (
            decide.eval()(plane) if isinstance(decide, nn.Module) else decide(plane)
        )
    if isinstance(decide, nn.Module):
        decide.train(training)
    if scores.shape == (len(plane), 1):
        scores = scores.squeeze(1)
    if scores.ndim > 2 or len(scores) != len(plane):  # noqa: PLR2004
        raise ValueError(
            f"decide must return one row for each of {len(plane)} points, got shape "
            f"{tuple(scores.shape)}"
        )
    return scores.argmax(1) if scores.ndim > 1 else (scores > threshold).long()
