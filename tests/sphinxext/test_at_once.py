"""Functions in processes of their own: at once, and what goes wrong comes back."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from eatorch.sphinxext.running import BuildError, at_once

HOLDER = """
import os, sys, time
from pathlib import Path
from eatorch.sphinxext.running import one_at_a_time, at_once

root = Path(sys.argv[1])

def work():
    root.joinpath("begun").touch()
    while not root.joinpath("go").exists():
        time.sleep(0.01)
    root.joinpath("done").touch()

with one_at_a_time(root / "lock"):
    at_once([work])
"""


def appear(path: Path) -> None:
    """Wait for a file."""
    for _ in range(3000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


def meet(mine: Path, other: Path) -> None:
    mine.touch()
    appear(other)


def test_they_run_at_the_same_time(tmp_path: Path) -> None:
    """Each waits for the other, so one after the other would never end."""
    one, two = tmp_path / "one", tmp_path / "two"
    at_once([partial(meet, one, two), partial(meet, two, one)])


def test_the_error_of_one_comes_back_with_its_place(tmp_path: Path) -> None:
    def fail() -> None:
        raise BuildError("lesson 07 is wrong")

    done = tmp_path / "done"
    with pytest.raises(BuildError, match="lesson 07 is wrong") as caught:
        at_once([fail, done.touch])
    assert done.exists()
    assert "in fail" in caught.value.__notes__[0]


def test_an_error_that_cannot_travel_is_told_in_words() -> None:
    class LocalError(Exception):
        pass

    def fail() -> None:
        raise LocalError("of this test")

    with pytest.raises(RuntimeError, match="LocalError: of this test"):
        at_once([fail])


def test_a_killed_process_is_told() -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(BuildError, match=r"was killed \(exit status -9\)"):
        at_once([die])


def test_the_next_build_waits_for_what_a_killed_one_left(tmp_path: Path) -> None:
    """Else both would write the same draft."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command) as first:
        appear(tmp_path / "begun")
        first.kill()
    (tmp_path / "begun").unlink()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
        assert second.stdout is not None
        assert "waiting for it" in second.stdout.readline()
        assert not (tmp_path / "done").exists()
        (tmp_path / "go").touch()
        assert second.wait(30) == 0
    assert (tmp_path / "begun").exists()


class PickyError(Exception):
    """Can be packed, but not unpacked with one argument."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"{name}: {rule}")


def refuse() -> None:
    raise PickyError("width", "must be even")


def test_an_error_that_cannot_travel_is_told_all_the_same() -> None:
    with pytest.raises(RuntimeError, match="PickyError: width: must be even"):
        at_once([refuse])
