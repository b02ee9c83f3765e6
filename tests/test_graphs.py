"""An autograd graph is drawn whole, and so that it can be read."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.transforms import Bbox
from torch import Tensor, nn

from eatorch.graphs import draw_graph, graph_of


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def leaf(*shape: int) -> Tensor:
    return torch.ones(shape, requires_grad=True)


def labels(tensor: Tensor, **names: Tensor) -> list[str]:
    graph = graph_of(tensor, names=names)
    return sorted(label.replace("\n", " ") for _, label in graph.nodes(data="label"))


def random_graph(seed: int, size: int) -> Tensor:
    """Combine earlier results at random, until there are about ``size`` nodes."""
    generator = torch.Generator().manual_seed(seed)
    known = [leaf() for _ in range(3)]
    for _ in range(size):
        picks = torch.randint(len(known), (3,), generator=generator).tolist()
        kind = int(torch.randint(4, (), generator=generator))
        left, right = known[picks[0]], known[picks[1]]
        makers = [left * right, left + right, left.sin(), left - leaf()]
        known.append(makers[kind])
    return known[-1] + known[-2]


def boxes_of(ax: Axes) -> list[Bbox]:
    """Return the boxes in pixels."""
    patches = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    return [patch.get_path().get_extents(patch.get_transform()) for patch in patches]


def assert_legible(ax: Axes) -> None:
    """No box touches another, every label fits into its box, no edge crosses a box."""
    ax.figure.canvas.draw()
    boxes = boxes_of(ax)
    for number, box in enumerate(boxes):
        assert ax.bbox.padded(2).containsx(box.x0)
        assert ax.bbox.padded(2).containsx(box.x1)
        for other in boxes[:number]:
            assert not box.overlaps(other)
    for text, box in zip(ax.texts, boxes, strict=True):
        words = text.get_window_extent()
        assert box.x0 <= words.x0 <= words.x1 <= box.x1, text.get_text()
        assert box.y0 <= words.y0 <= words.y1 <= box.y1, text.get_text()
        assert float(text.get_fontsize()) >= 7
    for arrow in ax.patches:
        if isinstance(arrow, FancyArrowPatch):
            assert_passes_between(arrow, boxes)


def assert_passes_between(arrow: Any, boxes: list[Bbox]) -> None:
    corners = arrow.get_transform().transform(arrow._path_original.vertices)
    steps = np.linspace(0.02, 0.98, 25)[:, None]
    points = np.concatenate([a + steps * (b - a) for a, b in pairwise(corners)])
    inner = np.array([box.padded(-2).get_points() for box in boxes])
    low, high = inner[:, 0], inner[:, 1]
    inside = (low < points[:, None]) & (points[:, None] < high)  # (points, boxes, 2)
    assert not inside.all(axis=2).any(), "an edge runs through a box"


def test_nodes_and_edges_are_those_of_autograd() -> None:
    x, w = leaf(3), leaf(3)
    graph = graph_of(((x + w) * (w + 1)).sum(), names={"x": x, "w": w})
    assert labels(((x + w) * (w + 1)).sum(), x=x, w=w) == [
        "Add", "Add", "Mul", "Sum", "result ()", "w (3,)", "x (3,)",
    ]  # fmt: skip
    assert graph.number_of_edges() == 7
    kinds = [kind for _, kind in graph.nodes(data="kind")]
    assert sorted(set(kinds)) == ["leaf", "operation", "result"]


def test_inputs_without_gradient_are_left_out() -> None:
    assert labels(leaf(2) * torch.ones(2)) == ["Mul", "leaf (2,)", "result (2,)"]


def test_a_leaf_alone_is_a_graph_too() -> None:
    assert labels(leaf(2, 3)) == ["leaf (2, 3)"]
    assert_legible(draw_graph(leaf(2, 3)))


def test_parameters_are_named_as_the_model_names_them() -> None:
    model = nn.Linear(2, 1)
    names = dict(model.named_parameters())
    assert "weight (1, 2)" in labels(model(torch.ones(1, 2)), **names)


def test_many_leaves_of_one_operation_share_a_box() -> None:
    assert labels(torch.stack([leaf() for _ in range(90)])) == [
        "90 leaves", "Stack", "result (90,)",
    ]  # fmt: skip
    assert labels(torch.stack([leaf() for _ in range(3)])).count("leaf ()") == 3


@given(seed=st.integers(0, 10_000), size=st.integers(1, 45))
@settings(max_examples=25, deadline=None)
def test_random_graphs_are_legible(seed: int, size: int) -> None:
    assert_legible(draw_graph(random_graph(seed, size)))
    plt.close("all")


def test_a_chain_of_a_hundred_nodes_is_legible() -> None:
    value = leaf()
    for _ in range(99):
        value = value.sin()
    ax = draw_graph(value)
    assert_legible(ax)
    assert len(ax.texts) == 101
    width, height = ax.get_figure(root=True).get_size_inches()  # type: ignore[union-attr]
    assert height < 10, "the chain goes on in the next column"
    assert width < 12


def test_networks_of_the_lessons_are_legible() -> None:
    cell, hidden = nn.GRUCell(3, 4), torch.zeros(1, 4)
    for _ in range(4):
        hidden = cell(torch.ones(1, 3), hidden)
    assert_legible(draw_graph(hidden.sum(), names=dict(cell.named_parameters())))
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)
    )
    output = network(torch.randn(2, 1, 8, 8, generator=torch.Generator()))
    loss = nn.functional.cross_entropy(output, torch.tensor([0, 1]))
    assert_legible(draw_graph(loss, names=dict(network.named_parameters())))


def test_letters_shrink_with_given_axes() -> None:
    _, ax = plt.subplots(figsize=(2, 2))
    assert draw_graph((leaf(2) * leaf(2)).sum(), ax=ax) is ax
    assert float(ax.texts[0].get_fontsize()) < 8
    assert len(boxes_of(ax)) == 5


def test_drawing_keeps_the_graph_alive() -> None:
    w = leaf(2)
    loss = (w * w).sum()
    draw_graph(loss)
    torch.autograd.backward(loss)
    assert w.grad is not None
    assert w.grad.tolist() == [2, 2]


def test_what_cannot_be_drawn_is_told() -> None:
    with pytest.raises(TypeError, match=r"tensor must be a torch.Tensor, got float"):
        draw_graph(1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tensor must ask for a gradient"):
        draw_graph(torch.ones(2))
    value = leaf()
    for _ in range(100):
        value = value.sin()
    with pytest.raises(ValueError, match="at most 100 operations and leaves, got 101"):
        draw_graph(value)
