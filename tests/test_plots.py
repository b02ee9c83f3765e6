"""The pictures show what they are given, in the Axes they are given."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from torch import Tensor, nn

from eatorch import data, plots, summary
from eatorch.history import History
from eatorch.metrics import ConfusionMatrix
from eatorch.sphinxext.gallery import darken

ROWS = [
    {"epoch": 1, "train_loss": 2.0, "valid_loss": 2.5, "lr": 0.1},
    {"epoch": 2, "train_loss": 1.0, "valid_loss": 1.5, "lr": 0.1},
]


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plots.plot_history(ROWS, ax=ax),
        lambda ax: plots.plot_confusion(torch.eye(2), ax=ax),
        lambda ax: plots.show_images(torch.rand(3, 4, 4), ax=ax),
        lambda ax: plots.draw_tensor(torch.ones(2), ax=ax),
        lambda ax: plots.plot_regions(lambda p: p.sum(1), data.clouds(9), ax=ax),
        lambda ax: plots.draw_flow(summary(nn.ReLU(), torch.ones(1)), ax=ax),
        lambda ax: plots.draw_graph(torch.ones(1, requires_grad=True) + 1, ax=ax),
    ],
)
def test_everything_draws_into_the_given_axes(draw: Any) -> None:
    figure, ax = plt.subplots()
    assert draw(ax) is ax
    assert figure.axes == [ax]
    assert ax.get_title() == "", "the title is for the finding"
    assert plt.get_fignums() == [figure.number]
    assert draw(None).figure is not figure


@pytest.mark.parametrize("history", [ROWS, History(ROWS), History(ROWS).to_dict()])
def test_history_draws_both_curves(history: Any) -> None:
    ax = plots.plot_history(history)
    curves = {line.get_label(): line.get_xydata() for line in ax.lines}
    assert np.array_equal(curves["training"], [[1, 2.0], [2, 1.0]])
    assert np.array_equal(curves["validation"], [[1, 2.5], [2, 1.5]])
    assert ax.get_xlabel() == "epoch"
    assert ax.get_ylabel() == "loss"


def test_history_draws_a_bare_column_and_gaps() -> None:
    assert len(plots.plot_history(ROWS, "lr").lines) == 1
    ax = plots.plot_history([{"train_loss": 1.0}, {"valid_loss": 2.0}])
    assert len(ax.lines) == 2


def test_history_lists_what_there_is() -> None:
    with pytest.raises(
        ValueError, match=r"name must be a column of \['epoch'.*\], got 'accuracy'"
    ):
        plots.plot_history(ROWS, "accuracy")


def test_confusion_shows_counts_and_names() -> None:
    metric = ConfusionMatrix(3)
    metric.update(torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 1, 2]))
    ax = plots.plot_confusion(metric.compute(), ["a", "b", "c"])
    assert texts(ax) == ["1", "0", "0", "0", "1", "1", "0", "0", "1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    shares = np.asarray(ax.images[0].get_array()).tolist()
    assert shares == [[1, 0, 0], [0, 0.5, 0.5], [0, 0, 1]]


def test_confusion_keeps_its_numbers_readable_on_dark_pages() -> None:
    figure, ax = plt.subplots()
    plots.plot_confusion(torch.tensor([[8, 2], [1, 9]]), ax=ax)
    light = [to_rgb(text.get_color()) for text in ax.texts]
    darken(figure)
    assert [to_rgb(text.get_color()) for text in ax.texts] == light
    on_dark_cell = [min(ink) > 0.9 for ink in light]
    assert on_dark_cell == [True, False, False, True]


def test_confusion_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"matrix must be square, got shape \(2, 3\)"):
        plots.plot_confusion(torch.ones(2, 3))
    with pytest.raises(ValueError, match="classes must have 2 names, got 1"):
        plots.plot_confusion(torch.ones(2, 2), ["a"])


@pytest.mark.parametrize("shape", [(5, 4, 6), (5, 1, 4, 6), (5, 3, 4, 6)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_images_lie_on_a_grid_with_clear_gaps(
    shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    images = torch.randint(1, 255, shape, generator=torch.Generator()).to(dtype)
    images = images / 255 if dtype == torch.float32 else images
    sheet = np.asarray(plots.show_images(images, columns=3).images[0].get_array())
    assert sheet.shape[:2] == (2 * 5, 3 * 7 - 1)
    shown = sheet if sheet.ndim == 2 else sheet[..., 0]
    first = images[0] if images.ndim == 3 else images[0, 0]
    scaled = first / 255 if dtype == torch.uint8 else first
    assert np.allclose(shown[1:5, 0:6], scaled, atol=1e-6)


def test_images_have_their_titles() -> None:
    pictures = data.digits()
    ax = plots.show_images(pictures.images[:3], pictures.targets[:3].tolist())
    assert texts(ax) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (torch.ones(2, 2, 4, 4), {}, r"images must have shape .* got \(2, 2, 4, 4\)"),
        (torch.ones(4, 4), {}, r"got \(4, 4\)"),
        (torch.ones(0, 4, 4), {}, r"got \(0, 1, 4, 4\)"),
        (torch.ones(2, 4, 4), {"titles": "abc"}, "titles must be 2 or none, got 3"),
        (torch.ones(2, 4, 4), {"columns": 0}, "columns must be at least 1, got 0"),
    ],
)
def test_images_refuse_other_shapes(
    images: Tensor, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        plots.show_images(images, **options)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 2, 3)])
def test_a_tensor_is_drawn_cell_by_cell(shape: tuple[int, ...]) -> None:
    tensor = torch.arange(int(np.prod(shape))).reshape(shape)
    ax = plots.draw_tensor(tensor)
    values = [text for text in texts(ax) if not text.startswith("[")]
    assert values == [str(value) for value in tensor.flatten().tolist()]
    assert len(ax.patches) == tensor.numel()
    assert ax.get_xlabel() == (f"axis {tensor.ndim - 1}" if shape else "")


def test_values_are_rounded_and_flags_written_out() -> None:
    assert texts(plots.draw_tensor(torch.tensor([1 / 3, 1e6]))) == ["0.333", "1e+06"]
    assert texts(plots.draw_tensor(torch.tensor([True]))) == ["True"]
    assert texts(plots.draw_tensor(torch.tensor([0.123], requires_grad=True)))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (17,), (0,)])
def test_a_large_tensor_asks_for_a_slice(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="tensor must have at most 3 axes of 1 to 16"):
        plots.draw_tensor(torch.ones(shape))


@pytest.mark.parametrize(
    "decide",
    [
        lambda points: points[:, 0],
        lambda points: points[:, :1],
        lambda points: torch.stack([-points[:, 0], points[:, 0]], dim=1),
    ],
)
def test_regions_understand_one_score_or_many(decide: Any) -> None:
    ax = plots.plot_regions(decide, data.clouds(5), steps=20)
    assert len(ax.collections) == 3, "the regions and two clouds"
    assert ax.get_xlabel() == "x1"


def test_regions_leave_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(2, 1), nn.Dropout())
    plots.plot_regions(model, data.rings((5, 5)), steps=5)
    assert model.training
    plots.plot_regions(model.eval(), data.rings((5, 5)), steps=5)
    assert not model.training


def test_regions_refuse_what_is_no_plane() -> None:
    with pytest.raises(ValueError, match="table must have 2 features, got 4"):
        plots.plot_regions(lambda points: points, data.iris())
    with pytest.raises(ValueError, match="steps must be at least 2, got 1"):
        plots.plot_regions(lambda points: points, data.clouds(), steps=1)
    with pytest.raises(ValueError, match=r"one row for each of 4 points.*\(2,\)"):
        plots.plot_regions(lambda points: points[0], data.clouds(), steps=2)


def test_flow_names_layers_and_shapes_in_order() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)), nn.Flatten(),
        nn.Linear(18, 4),
    )  # fmt: skip
    ax = plots.draw_flow(summary(model, torch.ones(1, 1, 8, 8)))
    lines = [text.split("\n") for text in texts(ax)]
    assert [line[0] for line in lines] == ["input", "0", "1.0", "1.1", "2", "3"]
    assert lines[0][-1] == "(1, 1, 8, 8)"
    assert lines[3] == ["1.1", "MaxPool2d", "(1, 2, 3, 3)"]
    assert lines[-1][-1] == "(1, 4)"
    assert len(ax.patches) == 6 + 5


def test_flow_labels_stay_inside_their_boxes() -> None:
    layers = [nn.AdaptiveAvgPool2d(3), nn.LazyInstanceNorm2d(), nn.Flatten()] * 2
    ax = plots.draw_flow(summary(nn.Sequential(*layers[:3]), torch.ones(2, 3, 32, 32)))
    ax.figure.canvas.draw()
    for text, box in zip(ax.texts, ax.patches, strict=False):
        edge = box.get_window_extent()
        words = text.get_window_extent()
        assert edge.x0 < words.x0 < words.x1 < edge.x1
        assert edge.y0 < words.y0 < words.y1 < edge.y1
