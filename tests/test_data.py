"""Each loader keeps its promise on shapes, dtypes, units and errors."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from eatorch import data

TABLES = [
    (data.breast_cancer, 569, 30, 2),
    (data.iris, 150, 4, 3),
    (data.wine, 178, 13, 3),
    (data.clouds, 400, 2, 2),
    (data.rings, 400, 2, 2),
]


@pytest.mark.parametrize(("load", "rows", "columns", "classes"), TABLES)
def test_table_has_the_documented_form(
    load: Any, rows: int, columns: int, classes: int
) -> None:
    table = load()
    assert len(table) == rows
    assert table.inputs.shape == (rows, columns)
    assert table.inputs.dtype == torch.float32
    assert table.targets.shape == (rows,)
    assert table.targets.dtype == torch.int64
    assert table.targets.unique().tolist() == list(range(classes))
    assert len(table.features) == columns
    assert len(table.classes) == classes
    assert table.inputs.isfinite().all()


def test_breast_cancer_is_the_one_of_scikit_learn() -> None:
    from sklearn.datasets import load_breast_cancer

    inputs, targets = load_breast_cancer(return_X_y=True)
    table = data.breast_cancer()
    assert np.allclose(table.inputs.numpy(), inputs)
    assert table.targets.tolist() == targets.tolist()
    assert table.targets.bincount().tolist() == [212, 357]


def test_each_call_returns_fresh_tensors() -> None:
    """Who writes into a data set must not change it for the next reader."""
    for load in (data.iris, data.clouds):
        load().inputs.zero_()
        assert load().inputs.any()
    data.photo("china").zero_()
    assert data.photo("china").any()
    data.google_stock().volume.zero_()
    assert data.google_stock().volume.any()


@pytest.mark.parametrize(
    ("name", "shape"),
    [("flower", (427, 640)), ("china", (427, 640)), ("grace_hopper", (600, 512))],
)
def test_photo_is_height_width_colour(name: str, shape: tuple[int, int]) -> None:
    photo = data.photo(name)
    assert photo.shape == (*shape, 3)
    assert photo.dtype == torch.uint8
    assert photo.float().std() > 20


def test_photo_names_the_ones_that_exist() -> None:
    with pytest.raises(
        ValueError, match="name must be one of flower, china, grace_hopper, got 'cat'"
    ):
        data.photo("cat")


def test_digits_lie_between_paper_and_ink() -> None:
    pictures = data.digits()
    assert pictures.images.shape == (1797, 1, 8, 8)
    assert pictures.images.dtype == torch.float32
    assert pictures.images.min() == 0
    assert pictures.images.max() == 1
    assert pictures.targets.bincount().min() >= 174
    assert len(pictures) == 1797


def test_digit_folders_hold_every_picture(tmp_path: Path) -> None:
    from PIL import Image

    root = data.digit_folders(tmp_path / "new", classes=(3, 8), size=16)
    files = sorted(root.glob("*/*.png"))
    pictures = data.digits()
    wanted = (pictures.targets == 3) | (pictures.targets == 8)
    assert len(files) == wanted.sum()
    assert {file.parent.name for file in files} == {"3", "8"}
    assert Image.open(files[0]).size == (16, 16)


def test_digit_files_equal_the_arrays(tmp_path: Path) -> None:
    from PIL import Image

    root = data.digit_folders(tmp_path, classes=[0])
    pictures = data.digits()
    first = pictures.images[pictures.targets == 0][0, 0]
    read = torch.tensor(np.asarray(Image.open(root / "0" / "0000.png"))) / 255
    assert torch.allclose(read, first, atol=1 / 255)


def test_digit_folders_refuse_what_they_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"classes must hold digits .* got \[3, 12\]"):
        data.digit_folders(tmp_path, classes=[3, 12])
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        data.digit_folders(tmp_path, size=0)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="directory must be empty, got "):
        data.digit_folders(tmp_path)


def test_elevation_has_metres_both_ways() -> None:
    land = data.elevation()
    assert land.heights.shape == (344, 403)
    assert land.heights.dtype == torch.float32
    north, east = land.spacing
    assert 92 < north < 93
    assert 74 < east < 75


def test_prices_are_days_in_order() -> None:
    prices = data.google_stock()
    assert len(prices) == 1047
    assert prices.dates.dtype == np.dtype("datetime64[D]")
    assert (np.diff(prices.dates) > np.timedelta64(0)).all()
    assert prices.volume.dtype == torch.int64
    for price in (prices.open, prices.high, prices.low, prices.close):
        assert price.shape == (1047,)
        assert price.dtype == torch.float32
    assert (prices.high >= prices.low).all()


@pytest.mark.parametrize(
    ("load", "steps", "columns", "gaps"),
    [(data.co2, 526, 1, 5), (data.stocks, 390, 10, None)],
)
def test_series_are_unbroken_months(
    load: Any, steps: int, columns: int, gaps: int | None
) -> None:
    series = load()
    assert len(series) == steps
    assert series.values.shape == (steps, columns) == (steps, len(series.columns))
    assert series.values.dtype == torch.float32
    assert (np.diff(series.dates) == np.timedelta64(1, "M")).all()
    if gaps is not None:
        assert series.values.isnan().sum() == gaps


def test_co2_rises_by_about_fifty_five_ppm() -> None:
    values = data.co2().values[:, 0]
    rise = values[-12:].nanmean() - values[:12].nanmean()
    assert 54 < rise < 57


def test_docstrings_are_sentences_of_one_library_each() -> None:
    found = data.docstrings()
    assert found.classes == ("numpy", "torch")
    assert len(found) == len(found.targets) == len(set(found.texts)) > 5000
    assert min(found.targets.bincount()) > 2000
    assert all(text[0].isupper() and text.endswith(".") for text in found.texts)
    assert not any(">>>" in text or "\n" in text for text in found.texts)


def test_docstrings_refuse_unknown_libraries() -> None:
    for wrong in (["numpy"], ["numpy", "numpy"], ["numpy", "jax"]):
        with pytest.raises(
            ValueError, match="libraries must name two or more of numpy"
        ):
            data.docstrings(wrong)


def test_names_belong_to_one_language() -> None:
    found = data.names_by_language()
    assert len(found.classes) == 18
    assert len(found) == len(set(found.texts)) > 7000
    assert found.targets.bincount().min() > 200
    name = found.texts.index("Griechenland")
    assert found.classes[found.targets[name]] == "de"


def test_names_in_other_scripts_can_be_asked_for() -> None:
    found = data.names_by_language(["zh", "ja", "ru", "ar"])
    assert "希腊" in found.texts
    with pytest.raises(ValueError, match=r"two or more codes of the CLDR.*'xx'"):
        data.names_by_language(["de", "xx"])


@pytest.mark.parametrize(
    ("package", "load"),
    [("babel", data.names_by_language), ("pooch", data.titanic)],
)
def test_a_missing_package_is_named_with_its_cure(
    package: str, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ImportError, match=rf"needs the package {package}, .*: pip install {package}"
    ):
        load()


@given(
    points=st.integers(1, 50),
    seed=st.integers(0, 2**32 - 1),
    weights=st.lists(st.floats(-9, 9), min_size=1, max_size=4),
)
@settings(max_examples=30, deadline=None)
def test_line_without_noise_is_a_line(
    points: int, seed: int, weights: list[float]
) -> None:
    inputs, targets = data.line(
        points, weights=weights, intercept=1.5, noise=0, seed=seed
    )
    assert inputs.shape == (points, len(weights))
    assert torch.allclose(targets, inputs @ torch.tensor(weights) + 1.5, atol=1e-4)


def test_rings_keep_their_radius_and_clouds_their_centres() -> None:
    rings = data.rings(noise=0.0)
    radius = rings.inputs.norm(dim=1)
    assert torch.allclose(radius, 2 + 3 * rings.targets.float())
    clouds = data.clouds(distance=4.0, noise=0.0)
    assert {tuple(point) for point in clouds.inputs.tolist()} == {(-2, -2), (2, 2)}


@pytest.mark.parametrize("make", [data.clouds, data.rings, data.digit_scenes])
def test_generated_data_depend_on_the_seed_alone(make: Any) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = make(seed=3), make(seed=3), make(seed=4)
    field = "images" if make is data.digit_scenes else "inputs"
    assert torch.equal(getattr(first, field), getattr(again, field))
    assert not torch.equal(getattr(first, field), getattr(other, field))
    assert torch.equal(before, torch.get_rng_state()), "the global stream was used"


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (data.line, {"points": 0}, "points must be at least 1, got 0"),
        (data.clouds, {"noise": -1.0}, "noise must be at least 0, got -1.0"),
        (data.rings, {"points": (1, 0)}, "points must be at least 1, got 0"),
        (data.rings, {"points": (1,)}, r"points must be two numbers, got \[1\]"),
        (data.digit_scenes, {"scenes": 0}, "scenes must be at least 1, got 0"),
        (data.digit_scenes, {"size": 8}, "size must be from 24 to 256, got 8"),
        (data.digit_scenes, {"digits_per_scene": 5}, "must be 1 to 4, got 5"),
        (data.digit_scenes, {"background": "sea"}, "'photo' or 'noise', got 'sea'"),
    ],
)
def test_generators_name_the_wrong_argument(
    make: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(**arguments)


@pytest.mark.parametrize("background", ["photo", "noise"])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_boxes_enclose_the_masks(background: Any, count: int) -> None:
    scenes = data.digit_scenes(20, digits_per_scene=count, background=background)
    assert scenes.images.shape == (20, 3, 32, 32)
    assert scenes.images.min() >= 0
    assert scenes.images.max() <= 1
    assert scenes.masks.dtype == torch.bool
    assert scenes.boxes.shape == (20, count, 4)
    assert scenes.labels.shape == (20, count)
    for mask, boxes in zip(scenes.masks, scenes.boxes.int().tolist(), strict=True):
        inside = torch.zeros_like(mask)
        for left, top, right, bottom in boxes:
            assert mask[top:bottom, left].any()
            assert mask[top, left:right].any()
            assert not inside[top:bottom, left:right].any(), "two digits overlap"
            inside[top:bottom, left:right] = True
        assert not mask[~inside].any()


@given(size=st.integers(2, 60), batch=st.integers(1, 20), seed=st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_loaders_deal_each_sample_once(size: int, batch: int, seed: int) -> None:
    train, valid = data.loaders(
        TensorDataset(torch.arange(size)), batch, split=0.5, seed=seed
    )
    dealt = [int(n) for loader in (train, valid) for (part,) in loader for n in part]
    assert sorted(dealt) == list(range(size))


def test_loaders_repeat_themselves_but_not_their_epochs() -> None:
    def epochs(seed: int) -> list[list[int]]:
        train, _ = data.loaders(TensorDataset(torch.arange(64)), 8, seed=seed)
        return [[int(n) for (part,) in train for n in part] for _ in range(2)]

    first, second = epochs(0)
    assert first != second
    assert epochs(0) == [first, second]
    assert epochs(1) != [first, second]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2, "split": 1.0}, "got 1.0 of 5 samples"),
        ({"batch_size": 2, "split": 0.01}, "got 0.01 of 5 samples"),
    ],
)
def test_loaders_refuse_an_empty_side(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data.loaders(TensorDataset(torch.arange(5)), **arguments)


def test_loaders_need_a_length() -> None:
    with pytest.raises(TypeError, match="dataset must have a length, got generator"):
        data.loaders((n for n in range(3)), 1)  # type: ignore[arg-type]


def test_import_loads_torch_and_nothing_heavy() -> None:
    """``import eatorch`` is quick; libraries come with the functions that need them."""
    code = (
        "import sys, torch; before = set(sys.modules); import eatorch; "
        "assert not {'sklearn', 'matplotlib', 'pooch'} & set(sys.modules); "
        "import eatorch.data; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "assert not new & {'sklearn', 'matplotlib', 'scipy', 'PIL', 'babel', 'pooch'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
