"""A page is kept only if everything that it was made from is unchanged."""

from pathlib import Path

import pytest

from eatorch.sphinxext import runs
from eatorch.sphinxext.metadata import Lesson, read_lessons

LESSON = '"""\n.. _one:\n\nOne\n===\n\n:Level: 1\n:Hours: 1\n"""\n'
LESSON += "import eatorch\neatorch.helper.x\n"


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, list[Lesson], Path]:
    (tmp_path / "gallery" / "1_part").mkdir(parents=True)
    (tmp_path / "gallery" / "1_part" / "01_one.py").write_text(LESSON)
    (tmp_path / "src" / "eatorch" / "sphinxext").mkdir(parents=True)
    for name in ("__init__", "helper", "other"):
        (tmp_path / "src" / "eatorch" / f"{name}.py").write_text("x = 1\n")
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n")
    generated = tmp_path / "docs" / "lessons"
    (generated / "1_part" / "images").mkdir(parents=True)
    page = generated / "1_part" / "01_one"
    for ending in (".rst", ".run.json", ".py.md5"):
        page.with_suffix(ending).write_text("made")
    (generated / "1_part" / "images" / "sphx_glr_01_one_001.png").write_bytes(b"p")
    lessons = read_lessons(tmp_path / "gallery")
    runs.remember(lessons, generated, tmp_path)
    return tmp_path, lessons, generated


def stale(project: tuple[Path, list[Lesson], Path]) -> bool:
    root, lessons, generated = project
    found = bool(runs.forget_stale(lessons, generated, root))
    checksum = generated / "1_part" / "01_one.py.md5"
    assert checksum.exists() != found, "sphinx-gallery must run exactly the stale ones"
    return found


def test_an_unchanged_lesson_is_kept(project: tuple[Path, list[Lesson], Path]) -> None:
    assert not stale(project)


@pytest.mark.parametrize(
    "changed",
    [
        "gallery/1_part/01_one.py",
        "src/eatorch/helper.py",
        "constraints.txt",
        "docs/lessons/1_part/01_one.rst",
        "docs/lessons/1_part/images/sphx_glr_01_one_001.png",
    ],
)
def test_any_change_runs_the_lesson_again(
    project: tuple[Path, list[Lesson], Path], changed: str
) -> None:
    path = project[0] / changed
    path.write_bytes(path.read_bytes() + b"\n")
    assert stale(project)


def test_a_module_that_the_lesson_does_not_reach_runs_nothing(
    project: tuple[Path, list[Lesson], Path],
) -> None:
    (project[0] / "src" / "eatorch" / "other.py").write_text("x = 2\n")
    assert not stale(project)


def test_a_page_cut_off_by_a_kill_is_made_again(
    project: tuple[Path, list[Lesson], Path],
) -> None:
    (project[2] / "1_part" / "01_one.py.md5").unlink()
    root, lessons, generated = project
    assert runs.forget_stale(lessons, generated, root) == lessons


def test_the_machinery_of_the_site_runs_nothing_again(
    project: tuple[Path, list[Lesson], Path],
) -> None:
    (project[0] / "src" / "eatorch" / "sphinxext" / "plan.py").write_text("y = 2\n")
    assert not stale(project)


def test_a_damaged_ledger_runs_everything(
    project: tuple[Path, list[Lesson], Path],
) -> None:
    (project[2] / "runs.json").write_text("{")
    assert stale(project)


def test_a_lesson_that_did_not_end_is_not_remembered(
    project: tuple[Path, list[Lesson], Path],
) -> None:
    root, lessons, generated = project
    (generated / "1_part" / "01_one.py.md5").unlink()  # written when a run has ended
    runs.remember(lessons, generated, root)
    assert runs.forget_stale(lessons, generated, root) == lessons
