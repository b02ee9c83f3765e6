"""``make compare`` tells what moved, and goes on after a lesson that fails."""

import json
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from eatorch.sphinxext import compare as comparing
from eatorch.sphinxext import other_torch
from eatorch.sphinxext.compare import run_lesson
from eatorch.sphinxext.final_values import plain
from eatorch.sphinxext.key_numbers import KeyNumber, agrees, compare, keep, read
from eatorch.sphinxext.other_torch import constraints, python_with, requirements
from eatorch.sphinxext.running import BuildError

ROOT = Path(__file__).parents[2]
HEADER = '"""\n.. _{0}:\n\n{0}\n====\n\nA lesson.\n\n:Level: 1\n:Hours: 0.1\n"""\n\n'
LESSONS = {
    "01_good": "import torch\n\nloss = torch.tensor(0.5)\nrows = torch.zeros(3, 2)\n",
    "02_raises": "x = 1\nraise ValueError('too small\\nmore')\n",
    "03_dies": "import os\n\nos._exit(3)\n",
    "04_bare": "x = 1\n",
    "05_claims": "x = 1\nassert x == 2\n",
}
GOOD = [
    {"what": what, "expression": expression, "value": value, "tolerance": tolerance}
    for what, expression, value, tolerance in (
        ("loss at the end", "loss", 0.48, "5 %"),
        ("shape", "rows.shape", [3, 2], "exact"),
        ("sum", "rows.sum()", 1.0, "0.5"),
        ("gone", "losses[0]", 1.0, "0.5"),
    )
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project of five lessons, of which one is good."""
    kept = tmp_path / "tests" / "key_numbers"
    kept.mkdir(parents=True)
    for name, code in LESSONS.items():
        script = tmp_path / "gallery" / "1_part" / f"{name}.py"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(HEADER.format(name[3:]) + code)
        if name != "04_bare":
            (kept / f"{name}.json").write_text(json.dumps(GOOD))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["compare", *arguments])
    return comparing.main()


def verdicts(value: Any, now: Any, tolerance: str) -> str:
    number = KeyNumber("loss", "loss", value, tolerance)
    (row,) = compare("01_good", [number], {"values": [{"value": now}]})
    return row.verdict


@pytest.mark.parametrize(
    ("kept", "now", "tolerance", "agree"),
    [
        (0.5, 0.5, "exact", True),
        (0.5, 0.5000001, "exact", False),
        (0.5, 0.519, "0.02", True),
        (0.5, 0.521, "0.02", False),
        (-2.0, -2.19, "10 %", True),
        (-2.0, -2.21, "10 %", False),
        (1e-5, 2e-5, "1e-6", False),
        (61_706, 61_706, "exact", True),
        (61_706, 61_707, "exact", False),
        (3, 3.0, "exact", True),
        (0.5, math.nan, "100 %", False),
        (math.nan, math.nan, "1", False),
        (0.5, math.inf, "100 %", False),
        (math.inf, math.inf, "exact", True),
        (True, True, "exact", True),
        (True, 1, "exact", False),
        ("mul", "mul", "exact", True),
        ("mul", "add", "exact", False),
        ("1", 1, "exact", False),
        ([3, 2], [3, 2], "exact", True),
        ([3, 2], [3, 2, 1], "exact", False),
        ([0.5, [1.0]], [0.51, [1.01]], "0.02", True),
        ([0.5, [1.0]], [0.51, [1.03]], "0.02", False),
        ([0.5], 0.5, "1", False),
        (None, 0.5, "1", False),
    ],
)
def test_a_value_agrees_within_its_tolerance(
    kept: Any, now: Any, tolerance: str, agree: bool
) -> None:
    assert agrees(kept, now, tolerance) is agree


def test_a_change_is_told_even_within_the_tolerance() -> None:
    assert verdicts(0.333333, 1 / 3, "10 %") == "same"
    assert verdicts(0.333333, 0.34, "10 %") == "within"
    assert verdicts(0.333333, 0.4, "10 %") == "moved"
    assert verdicts(1 / 3, 0.333333, "exact") == "moved"


def test_a_lesson_that_raised_is_one_row() -> None:
    number = KeyNumber("loss", "loss", 1.0, "exact")
    (row,) = compare("01_good", [number], {"raised": "01_good.py:3: ValueError: no"})
    assert (row.verdict, row.now) == ("failed", "01_good.py:3: ValueError: no")


@pytest.mark.parametrize("value", [None, {}, 1j, object(), [1, {2}]])
def test_what_json_cannot_compare_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="must give numbers, text, truth values"):
        plain(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "must be a list of entries"),
        ('{"what": 1}', "must be a list of entries"),
        ('[{"what": "loss"}]', "must be a list of entries.*expression"),
        (json.dumps([{**GOOD[0], "tolerance": "much"}]), "'exact', a distance.*'much'"),
        (json.dumps([{**GOOD[0], "tolerance": 0.1}]), "'exact', a distance.*0.1"),
        (json.dumps([{**GOOD[0], "tolerance": "-1"}]), "'exact', a distance.*'-1'"),
    ],
)
def test_a_wrong_file_is_named_with_rule_and_cure(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "01_good.json"
    path.write_text(text)
    with pytest.raises(BuildError, match=rf"01_good\.json.*{message}.*correct it"):
        read(path)


def test_keeping_writes_what_moved_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "01_good.json"
    path.write_text(json.dumps([*GOOD[:3], {**GOOD[3], "value": None}]))
    now: list[dict[str, Any]]
    now = [{"value": 0.49}, {"value": [4, 2]}, {"error": "gone"}, {"value": 2 / 3}]
    keep(path, now)
    assert [number.value for number in read(path)] == [0.48, [4, 2], 1.0, 0.666667]
    assert path.read_text().count("\n") == 6, "a line for each entry"
    before = path.read_text()
    keep(path, now)
    assert path.read_text() == before


def test_all_lessons_are_told_and_the_good_one_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch) == 1
    told = capsys.readouterr().out
    rows = {line.split()[-1]: line for line in told.splitlines() if line.strip()}
    assert "0.48" in rows["within"]
    assert "0.5" in rows["within"]
    assert "sum" in rows["moved"]
    assert "shape" not in told, "the same is only counted"
    assert "01_good, gone: NameError: name 'losses' is not defined" in told
    assert "02_raises, the lesson: 02_raises.py:14: ValueError: too small" in told
    assert "05_claims.py:14: AssertionError (assert x == 2)" in told
    assert "03_dies, the lesson: 03_dies.py ended its process with 3" in told
    assert "04_bare.json is missing; list there three to eight" in told
    assert "1 same, 1 within, 1 moved, 5 failed" in told
    assert call(monkeypatch, "01", "--keep") == 1, "one has no value"
    kept = read(project / "tests" / "key_numbers" / "01_good.json")
    assert [number.value for number in kept] == [0.48, [3, 2], 0.0, 1.0]
    (project / "tests/key_numbers/01_good.json").write_text(json.dumps(GOOD[:2]))
    assert call(monkeypatch, "01") == 0


@pytest.mark.usefixtures("project")
def test_a_wrong_call_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "7") == 1
    assert "L must hold numbers of lessons such as '07 08', got '7'" in (
        capsys.readouterr().err
    )
    assert call(monkeypatch, "01", "--keep", "--torch", "2.12.1") == 1
    assert "leave out TORCH, or pin that version first" in capsys.readouterr().err
    assert call(monkeypatch, "01", "--torch", "newest") == 1
    assert "TORCH must be a version such as 2.12.1, got 'newest'" in (
        capsys.readouterr().err
    )


def test_a_wrong_header_is_told_in_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = project / "gallery" / "1_part" / "01_good.py"
    script.write_text(script.read_text().replace(":Level: 1", ":Level: 9"))
    assert call(monkeypatch) == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("eatorch: gallery/1_part/01_good.py:9: field :Level: must")


def test_a_short_lesson_gives_its_values_as_on_the_site() -> None:
    (lesson,) = (ROOT / "gallery").glob("*/01_*.py")
    found = run_lesson(ROOT, lesson, ["x.grad", "row.shape", "__name__", "nothing"])
    value, shape, name, missing = found["values"]
    assert value["value"] == pytest.approx(3)
    assert shape == {"value": [1, 2]}
    assert name == {"value": "__main__"}
    assert missing["error"].startswith("NameError")
    assert found["torch"].startswith("2.")


def test_another_torch_gets_the_lessons_packages_with_the_pinned_versions() -> None:
    needed = requirements(ROOT, "2.12.1")
    assert needed[0] == "torch==2.12.1"
    assert {"scikit-learn>=1.7", "safetensors"} <= set(needed)
    assert not any(it.startswith(("torch>", "sphinx")) for it in needed)
    pinned = constraints(ROOT).splitlines()
    assert not any(line.startswith("torch==") for line in pinned)
    assert any(line.startswith("torchmetrics==") for line in pinned)
    both = len((ROOT / "constraints.txt").read_text().split())
    assert len(pinned) == both - 1


@pytest.fixture
def requiring(tmp_path: Path) -> Path:
    """Return a folder that says what lessons need."""
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


def count_installs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the installation by a slow one of nothing; return what it was asked."""
    asked: list[str] = []

    def install(_: Path, version: str, folder: Path) -> None:
        asked.append(version)
        time.sleep(0.1)
        folder.mkdir(exist_ok=True)

    monkeypatch.setattr(other_torch, "_install", install)
    return asked


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_an_environment_of_old_pins_is_made_anew(
    name: str, requiring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_installs(monkeypatch)
    first = python_with(requiring, "2.12.1")
    assert python_with(requiring, "2.12.1") == first
    assert asked == ["2.12.1"]
    path = requiring / name
    path.write_text(path.read_text().replace("safetensors", "safetensors2"))
    assert python_with(requiring, "2.12.1") == first
    assert asked == ["2.12.1"] * 2
    python_with(requiring, "2.12.0")
    assert asked[2:] == ["2.12.0"]


def test_two_commands_do_not_install_into_one_folder(
    requiring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_installs(monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(python_with, [requiring] * 2, ["2.12.1"] * 2))
    assert asked == ["2.12.1"]


def test_without_venv_the_cause_is_told(
    requiring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (requiring / "venv.py").write_text("raise SystemExit('ensurepip is not here')")
    monkeypatch.setenv("PYTHONPATH", str(requiring))
    with pytest.raises(BuildError, match=r"9\.9\.9 could.*ensurepip is not.*'apt inst"):
        python_with(requiring, "9.9.9")


def test_a_full_disk_is_not_blamed_on_the_network(tmp_path: Path) -> None:
    said = "ERROR: Could not install: [Errno 28] No space left on device"
    script = ["sh", "-c", f"echo {said!r} >&2; exit 1"]
    with pytest.raises(BuildError, match=f"^no space left on the disk of {tmp_path}"):
        other_torch._call(script, tmp_path, "torch", "check the network")


def test_without_a_network_the_cause_is_told_and_nothing_looks_ready(
    requiring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    for _ in range(2):  # the second call begins anew
        with pytest.raises(BuildError, match=r"torch==9\.9\.9.*and the network"):
            python_with(requiring, "9.9.9")
