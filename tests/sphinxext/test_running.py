"""A failed build says in one line which file is wrong and how to mend it."""

import fcntl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eatorch.sphinxext.running import explain, one_at_a_time, stream

RAISED = """
../gallery/2_core/07_tensor.py unexpectedly failed to execute correctly:

    Traceback (most recent call last):
      File "/p/gallery/2_core/07_tensor.py", line 31, in <module>
        x[0]
    TypeError: 'Prices' object is not subscriptable
"""


def test_a_lesson_that_raises_is_named_with_line_and_cure() -> None:
    assert explain(RAISED, Path("/p")) == (
        "gallery/2_core/07_tensor.py:31: TypeError: 'Prices' object is not "
        "subscriptable; "
        "run '.venv/bin/python gallery/2_core/07_tensor.py' to see it alone"
    )


def test_a_warning_names_the_script_and_not_the_generated_page() -> None:
    log = "/p/docs/lessons/2_core/07_tensor.rst:90: WARNING: undefined label: 'x'\n"
    log += "/p/docs/index.md:3: WARNING: unknown document: 'y'\n"
    told = explain(log, Path("/p"))
    assert told.startswith("gallery/2_core/07_tensor.py: WARNING: undefined label: 'x'")
    assert told.endswith("(and 1 more)")


def test_colours_of_the_terminal_do_not_hide_a_warning() -> None:
    log = "\x1b[91m/p/docs/index.md:3: WARNING: unknown document: 'y'\x1b[0m"
    assert explain(log, Path("/p")) == "docs/index.md:3: WARNING: unknown document: 'y'"


def test_output_is_kept_and_the_exit_status_comes_back(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", "print('hello'); raise SystemExit(3)"]
    assert stream(command, tmp_path, log) == 3
    assert log.read_text() == "hello\n"


def test_a_second_build_waits_for_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = (
        "import sys, pathlib; from eatorch.sphinxext.running import one_at_a_time\n"
        "with one_at_a_time(pathlib.Path(sys.argv[1])): print('in', flush=True)"
    )
    with one_at_a_time(lock):
        second = subprocess.Popen(
            [sys.executable, "-c", code, str(lock)], text=True, stdout=subprocess.PIPE
        )
        assert second.stdout is not None
        assert "waiting" in second.stdout.readline()
        time.sleep(0.2)
        assert second.poll() is None
    assert second.communicate()[0] == "in\n"


def test_a_command_whose_caller_is_killed_keeps_the_lock(tmp_path: Path) -> None:
    """Else the next build would write where the old Sphinx still writes."""
    lock, begun, go = (tmp_path / name for name in ("lock", "begun", "go"))
    waits = f"""
import pathlib, time
pathlib.Path({str(begun)!r}).touch()
while not pathlib.Path({str(go)!r}).exists():
    time.sleep(0.01)
"""
    holds = f"""
import pathlib, sys
from eatorch.sphinxext.running import one_at_a_time, stream
root = pathlib.Path({str(tmp_path)!r})
with one_at_a_time(root / "lock"):
    stream([sys.executable, "-c", {waits!r}], root, root / "log")
"""
    with subprocess.Popen([sys.executable, "-c", holds]) as caller:
        while not begun.exists():
            time.sleep(0.01)
        caller.kill()
    with lock.open("w") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    go.touch()
    with one_at_a_time(lock):
        assert go.exists()
