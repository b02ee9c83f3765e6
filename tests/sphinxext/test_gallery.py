"""Lessons start alike, figures serve light and dark pages, each run is told."""

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from eatorch.sphinxext import gallery


@pytest.fixture(autouse=True)
def styled() -> Any:
    with mpl.rc_context():
        mpl.use("agg")
        mpl.rcParams.update(gallery.STYLE)
        yield
        plt.close("all")


def scraped(tmp_path: Path) -> str:
    paths = (tmp_path / f"image_{number}.png" for number in range(9))
    variables = {"image_path_iterator": paths}
    return gallery.scrape(None, variables, {"src_dir": str(tmp_path)})


def test_each_figure_is_saved_twice_and_its_titles_are_the_alternative_text(
    tmp_path: Path,
) -> None:
    figure, axes = plt.subplots(1, 2)
    figure.suptitle("Both\nrise")
    axes[1].set_title("This one faster")
    rest = scraped(tmp_path)
    assert ":alt: Both rise, This one faster" in rest
    assert ".. image:: /image_0.png" in rest
    light, dark = (Image.open(tmp_path / f"image_0{end}.png") for end in ("", "_dark"))
    assert light.size == dark.size
    assert light.tobytes() != dark.tobytes()
    assert not plt.get_fignums()


def test_a_figure_without_title_is_refused(tmp_path: Path) -> None:
    plt.subplots()
    with pytest.raises(ValueError, match="figure must have a title"):
        scraped(tmp_path)


def test_dark_pages_change_ink_and_leave_data_alone() -> None:
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1], label="data")
    dots = axes.scatter([0, 1], [1, 0], c=["#D55E00", gallery.LIGHT_INK])
    title = axes.set_title("Title")
    legend = axes.legend()
    before = to_rgba(line.get_color())
    gallery.darken(figure)
    assert to_rgba(line.get_color()) == before
    assert to_rgba(title.get_color()) == to_rgba(gallery.DARK_INK)
    colours = np.asarray(dots.get_facecolor())
    assert tuple(colours[0]) == to_rgba("#D55E00")
    assert tuple(colours[1]) == to_rgba(gallery.DARK_INK)
    paper = to_rgba(legend.get_frame().get_facecolor())
    assert paper[:3] == to_rgba(gallery.DARK_PAPER)[:3]


def test_lessons_start_alike_and_leave_a_record(tmp_path: Path) -> None:
    conf = {"src_dir": str(tmp_path)}
    (tmp_path / "lessons" / "1_part").mkdir(parents=True)
    (tmp_path / "lessons" / "1_part" / "01_one.py").touch()
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    gallery.reset(conf, "01_one.py", "before")
    assert torch.get_default_dtype() is torch.float32
    assert torch.is_grad_enabled()
    first = torch.rand(1)
    gallery.reset(conf, "01_one.py", "before")
    assert torch.equal(torch.rand(1), first)
    gallery.reset(conf, "01_one.py", "after")
    run = json.loads((tmp_path / "lessons" / "1_part" / "01_one.run.json").read_text())
    assert run["torch"] == torch.__version__
    assert run["seconds"] >= 0
    assert run["device"] == "CPU"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems never forget a peak")
def test_a_lesson_does_not_answer_for_the_memory_of_another(tmp_path: Path) -> None:
    (tmp_path / "lessons" / "1_part").mkdir(parents=True)
    (tmp_path / "lessons" / "1_part" / "01_one.py").touch()
    conf = {"src_dir": str(tmp_path)}
    peaks = []
    for megabytes in (0, 300, 0):
        gallery.reset(conf, "01_one.py", "before")
        bytearray(b"x") * (megabytes << 20)
        gallery.reset(conf, "01_one.py", "after")
        record = tmp_path / "lessons" / "1_part" / "01_one.run.json"
        peaks.append(json.loads(record.read_text())["peak_mb"])
    assert peaks[1] > peaks[0] + 250
    assert peaks[2] < peaks[1] - 250


def test_a_run_that_is_to_be_repeated_has_a_fixed_date_and_no_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lessons" / "1_part").mkdir(parents=True)
    (tmp_path / "lessons" / "1_part" / "01_one.py").touch()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1580601600")
    conf = {"src_dir": str(tmp_path)}
    gallery.reset(conf, "01_one.py", "before")
    gallery.reset(conf, "01_one.py", "after")
    run = json.loads((tmp_path / "lessons" / "1_part" / "01_one.run.json").read_text())
    assert run["date"] == "2020-02-02"
    assert run.keys() & {"seconds", "peak_mb"} == set()


def test_no_lesson_pays_for_what_packages_load_once(tmp_path: Path) -> None:
    conf = {"src_dir": str(tmp_path)}
    heavy = ["torch._dynamo", "sklearn.datasets"]
    code = (
        "import sys; from eatorch.sphinxext import gallery; "
        f"gallery.reset({conf}, '01_one.py', 'before'); "
        f"print([name in sys.modules for name in {heavy}])"
    )
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    assert printed.strip() == "[True, True]"


def test_both_pictures_of_a_figure_share_one_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[Figure] = []
    solve = ConstrainedLayoutEngine.execute

    def count(engine: ConstrainedLayoutEngine, figure: Figure) -> Any:
        solved.append(figure)
        return solve(engine, figure)

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", count)
    plt.subplots(layout="constrained")[1].set_title("Once")
    scraped(tmp_path)
    assert len(solved) == 1


def test_a_lesson_shows_only_warnings_that_concern_its_author(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        gallery.reset({"src_dir": str(tmp_path)}, "01_one.py", "before")
        assert warned(DeprecationWarning, by="matplotlib.cbook") == 0
        assert warned(DeprecationWarning, by="__main__") == 1
        assert warned(UserWarning, by="matplotlib.cbook") == 1


def warned(kind: type[Warning], *, by: str) -> int:
    """Return how many warnings a module's single one makes under today's filters."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.warn_explicit("old", kind, "file.py", 1, module=by)
    return len(caught)
