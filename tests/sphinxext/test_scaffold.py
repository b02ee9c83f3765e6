"""A new lesson is a few files that run; nothing that exists is written over."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eatorch.sphinxext.catalogs import read_catalog
from eatorch.sphinxext.final_values import evaluate
from eatorch.sphinxext.key_numbers import keep, read
from eatorch.sphinxext.lesson_numbers import number_faults
from eatorch.sphinxext.lesson_source import placeholder_faults
from eatorch.sphinxext.metadata import read_lesson, read_lessons
from eatorch.sphinxext.running import BuildError
from eatorch.sphinxext.scaffold import reuse, scaffold

ROOT = Path(__file__).parents[2]
_HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy what a new lesson is made from, and two lessons."""
    shutil.copytree(ROOT / "docs" / "_templates", tmp_path / "docs" / "_templates")
    for name in ("1_workflow/01_hello", "2_core/07_tensor"):
        target = tmp_path / "gallery" / f"{name}.py"
        target.parent.mkdir(parents=True)
        shutil.copy(ROOT / "gallery" / f"{name}.py", target)
    (tmp_path / "src" / "eatorch" / "exercises").mkdir(parents=True)
    (tmp_path / "tests" / "exercises").mkdir(parents=True)
    return tmp_path


def test_a_new_lesson_has_header_checks_and_wrong_answers(project: Path) -> None:
    script, checks, wrong, _ = scaffold(project, "39", "Graphs of networks")
    lesson = read_lesson(script)
    assert script == project / "gallery" / "2_core" / "39_graphs.py"
    assert (lesson.number, lesson.label) == ("39", "graphs")
    assert lesson.title == "Graphs of networks"
    assert len(read_lessons(project / "gallery")) == 3
    for path in (script, checks, wrong):
        ast.parse(path.read_text(encoding="utf-8"))
        assert "$" not in path.read_text(encoding="utf-8")


def test_a_new_lesson_runs_and_its_checks_fail(project: Path) -> None:
    script, checks, *_ = scaffold(project, "39", "Graphs")
    run = (
        "import runpy, sys, matplotlib; matplotlib.use('agg')\n"
        "runpy.run_path(sys.argv[2])\n"  # registers the checks
        "from eatorch import checking\n"
        "checking._find = checking._CHECKS.__getitem__\n"
        "runpy.run_path(sys.argv[1])\n"
        "print(checking.verdict('39-2', 50).en)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", run, str(script), str(checks)],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Not answered yet") == 2
    assert "not written" in done.stdout


def test_a_new_lesson_says_what_is_left_to_write(project: Path) -> None:
    script, *_ = scaffold(project, "39", "Graphs")
    faults = list(placeholder_faults(script))
    assert len(faults) == script.read_text(encoding="utf-8").count("«") >= 10
    assert faults[0].startswith(f"{script}:7: «In one sentence: what ")


def test_key_numbers_wait_for_words_and_values(project: Path) -> None:
    script, *_, numbers = scaffold(project, "39", "Graphs")
    assert numbers == project / "tests" / "key_numbers" / "39_graphs.json"
    told = "\n".join(number_faults(numbers))
    assert told.count("still waits for you; write your own text") == len(read(numbers))
    assert told.count("has no value yet; run 'make compare L=39 KEEP=1'") == 3
    names: dict[str, Any] = {}
    exec(script.read_text(encoding="utf-8").partition("\nfig, ax")[0], names)
    keep(numbers, [evaluate(it.expression, names) for it in read(numbers)])
    assert "has no value" not in "\n".join(number_faults(numbers))


def test_words_that_all_lessons_share_are_translated(tmp_path: Path) -> None:
    new = tmp_path / "2_core" / "39_graphs.po"
    body = 'msgid "Hint"\nmsgstr "{}"\n\n#, fuzzy\nmsgid "Graph"\nmsgstr "{}"\n'
    for path, words in ((new, ("", "")), (tmp_path / "1_part" / "01_one.po", "示图")):
        path.parent.mkdir()
        path.write_text(_HEADER + body.format(*words), encoding="utf-8")
    reuse(new)
    catalog = read_catalog(new)
    assert [catalog[it].string for it in ("Hint", "Graph")] == ["示", ""]


def test_the_part_can_be_chosen(project: Path) -> None:
    script, *_ = scaffold(project, "39", "Graphs", "1_workflow")
    assert script.parent.name == "1_workflow"


def test_a_full_disk_leaves_the_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "2_core" / "39_graphs.po"
    new.parent.mkdir()
    new.write_text(_HEADER)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        reuse(new)
    assert new.read_text() == _HEADER


@pytest.mark.parametrize(
    ("number", "title", "part", "told"),
    [
        ("7", "Graphs", "", "L must be two digits"),
        ("07", "Graphs", "", "not 01, 07, got '07'"),
        ("39", "", "", "T must begin with an English word"),
        ("39", "Tensor again", "", "no lesson's label, got 'Tensor again'"),
        ("39", "Graphs", "9_none", "P must be a folder of gallery, got '9_none'"),
    ],
)
def test_wrong_wishes_are_told(
    project: Path, number: str, title: str, part: str, told: str
) -> None:
    with pytest.raises(BuildError, match=told):
        scaffold(project, number, title, part)
    assert len(read_lessons(project / "gallery")) == 2


def test_nothing_is_written_over(project: Path) -> None:
    own = project / "tests" / "exercises" / "wrong_39.py"
    own.write_text("mine")
    with pytest.raises(BuildError, match=r"wrong_39\.py exists"):
        scaffold(project, "39", "Graphs")
    assert own.read_text() == "mine"
    assert len(read_lessons(project / "gallery")) == 2
