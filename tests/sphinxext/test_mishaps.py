"""The machine's faults are told from those of a text, and damage is thrown away."""

import json
import os
import shutil
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from eatorch.sphinxext import (
    build,
    check,
    compare,
    freshness,
    gate,
    offline,
    preview,
    refresh,
    scaffold,
)
from eatorch.sphinxext.mishaps import (
    cause_of,
    clock_went_back,
    forget_damaged,
    machine_fault,
)
from eatorch.sphinxext.running import BuildError, explain

ROOT = Path("/project")
CONF = Path(__file__).parents[2] / "conf.py"
FULL = "no space left on the disk of /project: free some space and build again"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("OSError: [Errno 28] No space left on device", FULL),
        ("sqlite3.OperationalError: database or disk is full", FULL),
        ("Error: No space left on device (os error 28)", FULL),
        (
            "PermissionError: [Errno 13] Permission denied: '/project/docs/a.md'",
            "docs/a.md: Permission denied; give yourself the right to read and write "
            "it, and build again",
        ),
        (
            "_pickle.UnpicklingError: invalid load key, 'g'.",
            "what Sphinx remembers is damaged; build again: it is then made anew",
        ),
        ("docs/a.md:3: WARNING: undefined label: 'b'", None),
    ],
)
def test_a_log_tells_what_the_machine_did(log: str, told: str | None) -> None:
    assert machine_fault(f"reading sources\n{log}\nended", ROOT) == told


def test_a_full_disk_comes_before_what_it_caused() -> None:
    log = "docs/a.md: WARNING: no such picture\nOSError: [Errno 28] No space left on"
    assert explain(f"{log} device: '/project/build/x'", ROOT) == FULL


def test_a_lesson_that_misses_a_file_is_no_fault_of_the_machine() -> None:
    log = "FileNotFoundError: [Errno 2] No such file or directory: 'x.pt'"
    told = explain(f"gallery/1_part/01_one.py failed\n{log}", ROOT)
    assert told.startswith("gallery/1_part/01_one.py: FileNotFoundError")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), FULL),
        (
            shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
            FULL,
        ),
        (
            OSError(30, "Read-only file system", "/project/build/lock"),
            "build/lock: Read-only file system; make it writable and build again",
        ),
        (
            SyntaxError("invalid syntax", ("/project/conf.py", 3, 1, "")),
            "conf.py:3: invalid syntax; repair the Python code",
        ),
        (ValueError("/project/docs/terms.json: no list"), "docs/terms.json: no list"),
        (KeyError(), "KeyError"),
        (  # told by the build: a file of the lesson, not of the project
            BuildError("gallery/2_core/07_tensor.py:9: [Errno 2] No such file: 'a'"),
            "gallery/2_core/07_tensor.py:9: [Errno 2] No such file: 'a'",
        ),
    ],
)
def test_an_error_is_told_in_one_line(error: Exception, told: str) -> None:
    assert cause_of(error, ROOT) == told


COMMANDS = [
    (build, "build_site"),
    (check, "check"),
    (compare, "read_lessons"),
    (freshness, "stale_pages"),
    (gate, "read_english"),
    (offline, "one_at_a_time"),
    (preview, "preview"),
    (refresh, "refresh"),
    (scaffold, "scaffold"),
]


def status(
    command: ModuleType,
    step: str,
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
) -> int:
    """Let a step of a command raise an error; return how the command ends."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(command, step, fail)
    shutil.copy(CONF, Path.cwd())
    given = ["39", "Title"] if command is scaffold else []
    monkeypatch.setattr("sys.argv", [command.__name__, *given])
    ended: int = command.main()
    return ended


@pytest.mark.parametrize(("command", "step"), COMMANDS)
def test_every_command_tells_the_cause_and_keeps_the_traceback(
    command: ModuleType,
    step: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    full = OSError(28, "No space left on device")
    assert status(command, step, full, monkeypatch) == 1
    told = capsys.readouterr().err
    assert f"no space left on the disk of {tmp_path}: free some space" in told
    assert "Traceback" not in told
    report = tmp_path / "build" / "crash.log"
    assert str(report) in told
    assert "in fail" in report.read_text()


@pytest.mark.parametrize(("command", "step"), COMMANDS)
def test_ctrl_c_ends_a_command_without_a_traceback(
    command: ModuleType,
    step: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(command, step, KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr().err.startswith("\neatorch: stopped")


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    """Return a folder with one whole memory of each kind."""
    for folder in ("locales", "editions", "notebook-cache/executed/abc"):
        (tmp_path / folder).mkdir(parents=True)
    catalog = Catalog(locale="zh_CN")
    catalog.add("Home", "首页")
    with (tmp_path / "locales" / "index.mo").open("wb") as file:
        write_mo(file, catalog)
    with zipfile.ZipFile(tmp_path / "editions" / "site.zip", "w") as archive:
        archive.writestr("index.html", "<p>Home</p>")
    page = tmp_path / "notebook-cache" / "executed" / "abc" / "base.ipynb"
    page.write_text(json.dumps({"cells": []}), encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "notebook-cache" / "global.db")) as base:
        base.execute("CREATE TABLE nbcache (hashkey TEXT)")
        base.execute("INSERT INTO nbcache VALUES ('abc')")
        base.commit()
    return tmp_path


def test_what_is_whole_stays(remembered: Path) -> None:
    before = sorted(remembered.rglob("*"))
    assert forget_damaged(remembered, remembered / "locales") == []
    assert sorted(remembered.rglob("*")) == before


@pytest.mark.parametrize(
    ("damaged", "gone"),
    [
        ("locales/index.mo", "locales/index.mo"),
        ("editions/site.zip", "editions/site.zip"),
        ("notebook-cache/global.db", "notebook-cache"),
        ("notebook-cache/executed/abc/base.ipynb", "notebook-cache"),
    ],
)
@pytest.mark.parametrize("left", [0, 5, 10])
def test_what_is_damaged_goes(
    damaged: str, gone: str, left: int, remembered: Path
) -> None:
    path = remembered / damaged
    path.write_bytes(path.read_bytes()[:left])
    found = forget_damaged(remembered, remembered / "locales")
    assert found == [remembered / gone]
    assert not (remembered / gone).exists()


def test_a_page_that_the_cache_lists_and_lacks(remembered: Path) -> None:
    (remembered / "notebook-cache" / "executed" / "abc" / "base.ipynb").unlink()
    found = forget_damaged(remembered, remembered / "locales")
    assert found == [remembered / "notebook-cache"]


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    memory = tmp_path / "doctrees" / "en" / "environment.pickle"
    memory.parent.mkdir(parents=True)
    memory.touch()
    assert not clock_went_back(tmp_path)
    os.utime(memory, (time.time() + 60, time.time() + 60))
    assert clock_went_back(tmp_path)
