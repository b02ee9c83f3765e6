"""The graph that autograd records, drawn with Matplotlib alone.

Three steps: :func:`graph_of` walks over ``grad_fn.next_functions``,
:mod:`eatorch.layout` finds a place for each node, and :func:`draw_graph` draws.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from eatorch.layout import BOX, GAP, ROW, Point, Spot, place

if TYPE_CHECKING:
    import matplotlib.axes
    from networkx import DiGraph

__all__ = ["draw_graph", "graph_of"]

_MOST = 100  # operations and leaves: more is a carpet, not a picture
_CROWD = 8  # leaves of one operation, above which they share a box

_FONT = 8.0  # points


def graph_of(tensor: Tensor, *, names: Mapping[str, Tensor] | None = None) -> "DiGraph":
    """Walk over the record of a tensor and return it as a graph.

    Args:
        tensor: A result that asks for a gradient.
        names: What leaves are called, for example ``{"w": w}``.

    Returns:
        Graph from leaves to the result. Each node has a ``label``, the operation's name
        or the leaf's name with its shape, and a ``kind``: ``"leaf"``, ``"operation"``
        or ``"result"``. More than eight nameless leaves of one operation share a node.

    Raises:
        TypeError: If ``tensor`` is no tensor.
        ValueError: If nothing was recorded, or more than 100 nodes.

    Example:
        >>> import torch
        >>> w = torch.ones(2, requires_grad=True)
        >>> graph = graph_of((w * w).sum(), names={"w": w})
        >>> [label.split() for _, label in graph.nodes(data="label")]
        [['result', '()'], ['Sum'], ['Mul'], ['w', '(2,)']]
    """
    from networkx import DiGraph

    if not isinstance(tensor, Tensor):
        raise TypeError(f"tensor must be a torch.Tensor, got {type(tensor).__name__}")
    if not tensor.requires_grad:
        raise ValueError(
            "tensor must ask for a gradient (requires_grad), got one without a record"
        )
    called = {id(leaf): name for name, leaf in (names or {}).items()}
    graph = DiGraph()
    if tensor.grad_fn is None:
        graph.add_node("leaf", label=_leaf_label(tensor, called), kind="leaf")
        return graph
    graph.add_node("result", label=f"result\n{tuple(tensor.shape)}", kind="result")
    for user, function in _walk(tensor.grad_fn):
        leaf = getattr(function, "variable", None)
        label = _leaf_label(leaf, called) if leaf is not None else _short(function)
        kind = "operation" if leaf is None else "leaf"
        graph.add_node(function, label=label, kind=kind)
        graph.add_edge(function, user or "result")
    _gather_crowds(graph)
    if len(graph) > _MOST + 1:
        raise ValueError(
            f"tensor must have at most {_MOST} operations and leaves, "
            f"got {len(graph) - 1}: draw a part of it"
        )
    return graph


def _walk(root: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each edge as (user, input); the result has no user."""
    yield None, root
    seen, waiting = {root}, [root]
    while waiting:
        user = waiting.pop()
        for function, _ in user.next_functions:
            if function is None:  # an input that asked for no gradient
                continue
            yield user, function
            if function not in seen:
                seen.add(function)
                waiting.append(function)


def _short(function: Any) -> str:
    """Shorten ``MulBackward0`` to ``Mul``: every node of the record ends alike."""
    return str(function.name()).rstrip("0123456789").removesuffix("Backward")


def _leaf_label(leaf: Tensor, called: Mapping[int, str]) -> str:
    return f"{called.get(id(leaf), 'leaf')}\n{tuple(leaf.shape)}"


def _gather_crowds(graph: "DiGraph") -> None:
    """Let many nameless leaves of one operation share a node."""
    for user in [node for node, kind in graph.nodes(data="kind") if kind != "leaf"]:
        crowd = [
            node
            for node in graph.predecessors(user)
            if graph.out_degree(node) == 1
            and graph.nodes[node]["label"].startswith("leaf\n")
        ]
        if len(crowd) > _CROWD:
            graph.remove_nodes_from(crowd)
            together = ("crowd", user)
            graph.add_node(together, label=f"{len(crowd)}\nleaves", kind="leaf")
            graph.add_edge(together, user)


def draw_graph(
    tensor: Tensor,
    *,
    names: Mapping[str, Tensor] | None = None,
    ax: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw what autograd recorded: leaves above, operations below them, the result.

    Arrows follow the computation; ``backward()`` walks against them. An input that is
    used twice by one operation has one arrow, one that asks for no gradient is not in
    the record.

    Args:
        tensor: A result that asks for a gradient, with up to 100 nodes.
        names: What leaves are called, for example ``{"w": w}``.
        ax: Where to draw; a new figure that fits the graph if None. A graph of more
            than 12 rows goes on in the next column.

    Returns:
        The Axes. It has no title yet.

    Raises:
        TypeError: If ``tensor`` is no tensor.
        ValueError: If nothing was recorded, or more than 100 nodes.

    Example:
        >>> import torch
        >>> w = torch.ones(2, requires_grad=True)
        >>> ax = draw_graph((w * w).sum(), names={"w": w})
        >>> len(ax.texts), len(ax.patches)  # four boxes, three arrows
        (4, 7)
    """
    graph = graph_of(tensor, names=names)
    spots, paths = place(graph)
    width = max(s.x + s.width / 2 for s in spots.values()) + GAP
    rows = 1 + max(-s.y for s in spots.values())
    margin = ROW / 2 + max(s.exit[1] for s in spots.values())
    ax, font = _canvas(ax, width, ROW * (rows - 1), margin)
    for path in paths:
        _draw_arrow(ax, path, font)
    for node, data in graph.nodes(data=True):
        _draw_box(ax, spots[node], data["label"], data["kind"], font)
    return ax


def _canvas(
    ax: "matplotlib.axes.Axes | None", width: float, depth: float, margin: float
) -> "tuple[matplotlib.axes.Axes, float]":
    """Return Axes that measure in inches, and the size of letters that fits them."""
    import matplotlib.pyplot as plt

    height, font = depth + 2 * margin, _FONT
    if ax is None:
        size = (max(width, 2.0), height + 0.4)  # room for a title
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    else:
        figure = ax.get_figure(root=True)
        assert figure is not None  # Axes live in a figure
        room = ax.get_position().size * figure.get_size_inches()
        font *= min(1.0, room[0] / width, room[1] / height)
    ax.set(xlim=(0, width), ylim=(-depth - margin, margin), aspect="equal")
    ax.axis("off")
    return ax, font


def _draw_arrow(ax: "matplotlib.axes.Axes", corners: list[Point], font: float) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    arrow = FancyArrowPatch(
        path=Path(corners),
        arrowstyle="-|>",
        mutation_scale=font,
        color="0.5",
        linewidth=font / _FONT,
        joinstyle="round",
    )
    ax.add_patch(arrow)


def _draw_box(
    ax: "matplotlib.axes.Axes", spot: Spot, label: str, kind: str, font: float
) -> None:
    from matplotlib.patches import FancyBboxPatch

    colour = {"leaf": "C2", "operation": "C0", "result": "C1"}[kind]
    corner = spot.x - spot.width / 2, ROW * spot.y - BOX / 2
    box = FancyBboxPatch(
        corner,
        spot.width,
        BOX,
        boxstyle=f"round,pad=0,rounding_size={0.3 * BOX if kind == 'leaf' else 0.03}",
        facecolor=(colour, 0.25),
        edgecolor=colour,
    )
    ax.add_patch(box)
    ax.text(spot.x, ROW * spot.y, label, fontsize=font, ha="center", va="center")
