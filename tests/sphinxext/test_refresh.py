"""``make catalogs L=01`` reads one lesson and touches one catalog."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("refresh")  # they share a costly fixture
LESSON = "gallery/1_part/01_one.py"
CATALOGS = "locales/zh_CN/LC_MESSAGES"


def refresh(project: Path, *number: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eatorch.sphinxext.refresh", *number]
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    return subprocess.run(
        command,
        cwd=project,
        text=True,
        capture_output=True,
        env=environment,
        check=False,
    )


def change(project: Path, old: str, new: str) -> None:
    path = project / LESSON
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def catalogs(project: Path) -> dict[str, str]:
    """Return the messages of each catalog, without its header."""
    folder = project / CATALOGS
    return {
        path.relative_to(folder).as_posix(): path.read_text().partition("\n\n")[2]
        for path in folder.rglob("*.po")
    }


def catalog_lines(project: Path) -> list[str]:
    path = project / CATALOGS / "lessons/1_part/01_one.po"
    return path.read_text().splitlines()


def test_only_the_lesson_that_is_named_is_read(small_project: Path) -> None:
    change(small_project, "Two is the answer.", "Two is the right answer.")
    change(small_project, "The line rises", "The line goes up")
    before = catalogs(small_project)
    done = refresh(small_project, "01")
    assert done.returncode == 0, done.stdout + done.stderr
    after = catalogs(small_project)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"lessons/1_part/01_one.po"}
    catalog = after["lessons/1_part/01_one.po"]
    assert 'msgid "Two is the right answer."' in catalog
    assert 'msgid "The line goes up"' in catalog  # a figure's title: the lesson ran
    moved = '#, fuzzy\n#| msgid "Two is the answer."\nmsgid "Two is the right answer."'
    assert f'{moved}\nmsgstr "答案是二。"' in catalog
    line = catalog_lines(small_project).index('msgid "Two is the right answer."') + 1
    assert f"{CATALOGS}/lessons/1_part/01_one.po:{line}: moved" in done.stdout
    assert re.search(
        r"Two is the answer\. +\| Two is the \{\+right\+\} answer\.\n  答案是二。",
        done.stdout,
    )
    assert "changed catalogs: 1, messages to translate or mend: 2" in done.stdout


def test_a_second_refresh_changes_nothing_and_shows_the_same(
    small_project: Path,
) -> None:
    before = catalogs(small_project)
    done = refresh(small_project, "01")
    assert done.returncode == 0, done.stdout + done.stderr
    assert catalogs(small_project) == before
    assert "Two is the {+right+} answer." in done.stdout
    assert "changed catalogs: 0, messages to translate or mend: 2" in done.stdout


def test_a_lesson_that_raises_is_named_and_its_catalog_stays(
    small_project: Path,
) -> None:
    change(small_project, "total = 1 + 1", "total = 1 / 0")
    before = catalogs(small_project)
    done = refresh(small_project, "01")
    assert done.returncode == 1
    assert f"{LESSON}:" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert catalogs(small_project) == before


def test_a_number_without_a_lesson_is_refused(small_project: Path) -> None:
    done = refresh(small_project, "77")
    assert done.returncode == 1
    assert "L must be the number of a lesson such as 07, got '77'" in done.stderr
