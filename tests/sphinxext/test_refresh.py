"""``make catalogs`` keeps every translation; with ``L=01`` it touches one catalog."""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from eatorch.sphinxext import inventory, preview, refresh
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.running import BuildError

pytestmark = pytest.mark.xdist_group("refresh")  # they share a costly fixture
LESSON = "gallery/1_part/01_one.py"
CATALOGS = "locales/zh_CN/LC_MESSAGES"


def run(project: Path, *number: str) -> subprocess.CompletedProcess[str]:
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
    done = run(small_project, "01")
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
    done = run(small_project, "01")
    assert done.returncode == 0, done.stdout + done.stderr
    assert catalogs(small_project) == before
    assert "Two is the {+right+} answer." in done.stdout
    assert "changed catalogs: 0, messages to translate or mend: 2" in done.stdout


def test_a_lesson_that_raises_is_named_and_its_catalog_stays(
    small_project: Path,
) -> None:
    change(small_project, "total = 1 + 1", "total = 1 / 0")
    before = catalogs(small_project)
    done = run(small_project, "01")
    assert done.returncode == 1
    assert f"{LESSON}:" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert catalogs(small_project) == before


def test_a_number_without_a_lesson_is_refused(small_project: Path) -> None:
    done = run(small_project, "77")
    assert done.returncode == 1
    assert "L must be the number of a lesson such as 07, got '77'" in done.stderr


# Below, Sphinx is played: what it writes and how it ends is what the tests are about.

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
PAGES = ["index", "lessons/index", "lessons/1_part/index", "lessons/1_part/01_one"]
FULL = "OSError: [Errno 28] No space left on device"
NAMED = f"../{LESSON} unexpectedly failed to execute correctly:\n{FULL}\n"
SUMMED_UP = f"""
    ../{LESSON} failed leaving traceback:
      File "{LESSON}", line 15, in <module>
    ZeroDivisionError: division by zero
"""


class Sphinx:
    """Writes a template for each page, a log, and ends as it is told."""

    def __init__(self) -> None:
        self.pages, self.log, self.code = PAGES, "build succeeded.\n", 0

    def __call__(self, command: list[str], _root: Path, log: Path) -> int:
        for page in self.pages:
            template = Path(command[-1], f"{page}.pot")
            write_whole(template, f'{HEAD}msgid "About {page}"\nmsgstr ""\n')
        write_whole(log, self.log)
        return self.code


@pytest.fixture
def sphinx(monkeypatch: pytest.MonkeyPatch) -> Sphinx:
    played = Sphinx()
    monkeypatch.setattr(refresh, "stream", played)
    monkeypatch.setattr(inventory, "refresh", lambda _root: [])
    return played


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Lay out a project of one lesson, in which every page is translated."""
    lesson = '"""\n.. _one:\n\nOne\n===\n\nA promise.\n\n:Level: 1\n:Hours: 1\n"""\n'
    write_whole(tmp_path / LESSON, lesson)
    write_whole(tmp_path / "docs" / "index.md", "# Home\n")
    write_whole(tmp_path / "constraints.txt", "")
    for page in [*PAGES, "sphinx", "old"]:
        text = f'{HEAD}msgid "About {page}"\nmsgstr "关于 {page}"\n'
        write_whole(tmp_path / CATALOGS / f"{page}.po", text)
    return tmp_path


def names(project: Path) -> set[str]:
    return {it.removesuffix(".po") for it in catalogs(project)}


def test_the_catalog_of_a_page_that_is_gone_is_removed(
    project: Path, sphinx: Sphinx
) -> None:
    assert refresh.refresh(project) == ([], [])
    assert names(project) == {*PAGES, "sphinx"}
    assert sphinx.code == 0


@pytest.mark.parametrize(
    ("log", "code", "told"),
    [
        (f"{NAMED}{FULL}\n", 2, "no space left"),
        ("writing message catalogs... [ 50%] index\n", -9, "SIGKILL"),
        (f"writing\n{SUMMED_UP}", -15, "SIGTERM"),
        ("Extension error!\n", 2, "Extension error!"),
    ],
)
def test_a_sphinx_that_broke_off_changes_no_catalog(
    project: Path, sphinx: Sphinx, log: str, code: int, told: str
) -> None:
    sphinx.pages, sphinx.log, sphinx.code = [], log, code
    before = catalogs(project)
    with pytest.raises(BuildError, match=told):
        refresh.refresh(project)
    assert catalogs(project) == before


def test_a_template_that_was_cut_off_drops_no_message(
    project: Path, sphinx: Sphinx
) -> None:
    more = '\nmsgid "Two"\nmsgstr "二"\n'
    path = project / CATALOGS / "index.po"
    write_whole(path, path.read_text(encoding="utf-8") + more)
    sphinx.log, sphinx.code = f"{NAMED}{FULL}\n", 2
    with pytest.raises(BuildError, match="no space left"):
        refresh.refresh(project)
    assert more in path.read_text(encoding="utf-8")


def test_while_a_lesson_raises_no_catalog_is_removed(
    project: Path, sphinx: Sphinx, capsys: pytest.CaptureFixture[str]
) -> None:
    sphinx.log, sphinx.code = SUMMED_UP, 2
    before = catalogs(project)
    refresh.refresh(project)
    assert catalogs(project) == before
    why = f"{LESSON}:15: ZeroDivisionError: division by zero"
    told = f"{LESSON} raises, so its catalog stays: {why}"
    assert told in capsys.readouterr().out


def test_each_lesson_that_raises_is_told_with_its_own_error(
    project: Path, sphinx: Sphinx, capsys: pytest.CaptureFixture[str]
) -> None:
    other = SUMMED_UP.replace("01_one", "02_two").replace("ZeroDivision", "Type")
    sphinx.log, sphinx.code = SUMMED_UP + other, 2
    refresh.refresh(project)
    one, two = capsys.readouterr().out.splitlines()
    assert "01_one.py:15: ZeroDivisionError" in one
    assert "02_two.py:15: TypeError" in two


def test_a_lesson_that_has_moved_leaves_no_catalog(
    project: Path, sphinx: Sphinx, monkeypatch: pytest.MonkeyPatch
) -> None:
    generated = project / "build" / "catalogs" / "docs" / "lessons"
    for page in ("1_part/index", "1_part/01_one", "2_gone/index", "2_gone/01_one"):
        write_whole(generated / f"{page}.rst", "left by the last run")
    write_whole(project / CATALOGS / "lessons" / "2_gone" / "01_one.po", HEAD)

    def read(command: list[str], root: Path, log: Path) -> int:
        found = (root / "docs").rglob("*.rst")
        left = [str(it.relative_to(root / "docs").with_suffix("")) for it in found]
        sphinx.pages = ["index", "lessons/index", *left]
        return sphinx(command, root, log)

    monkeypatch.setattr(refresh, "stream", read)
    refresh.refresh(project)
    assert names(project) == {*PAGES, "sphinx"}


def test_a_lesson_that_has_moved_keeps_its_translation(
    project: Path, sphinx: Sphinx
) -> None:
    (project / "gallery" / "2_new").mkdir()
    (project / LESSON).rename(project / "gallery" / "2_new" / "01_one.py")
    old = project / CATALOGS / "lessons" / "1_part" / "01_one.po"
    moved = project / CATALOGS / "lessons" / "2_new" / "01_one.po"
    page = "lessons/2_new/01_one"
    write_whole(old, old.read_text("utf-8").replace("lessons/1_part/01_one", page))
    translated = old.read_text("utf-8")
    sphinx.pages = ["index", "lessons/index", "lessons/2_new/index", page]
    refresh.refresh(project)
    assert moved.read_text("utf-8") == translated
    assert not old.exists()


def test_a_full_disk_leaves_the_old_catalog(
    project: Path, sphinx: Sphinx, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    sphinx.pages = ["new", *PAGES]
    path = project / CATALOGS / "index.po"
    write_whole(path, HEAD + 'msgid "One"\nmsgstr "一"\n')
    before = catalogs(project)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        refresh._merge_page(path, Catalog(), project)
    assert catalogs(project) == before


@pytest.mark.parametrize("number", ["", "01"])
def test_catalogs_are_merged_under_one_lock(
    project: Path, sphinx: Sphinx, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    sphinx.pages = ["lessons/1_part/01_one"]
    monkeypatch.setattr(refresh, "copy_lesson", lambda root, _lesson: root / "build")
    held = []
    merge = refresh._merge_page

    def watched(*given: Any) -> Any:
        with preview.shared_lock(project).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(given)
        return merge(*given)

    monkeypatch.setattr(refresh, "_merge_page", watched)
    refresh.refresh(project, number)
    assert len(held) == 1
