"""Run a learner's file in a process of its own and hear what the check said."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from eatorch.languages import Language
from eatorch.practice.tasks import Task
from eatorch.practice.words import say

__all__ = ["Outcome", "run"]

_KEPT = 8_000  # bytes of a file's output that are kept
_TOLD = 12  # lines of it that are shown


@dataclass(frozen=True)
class Outcome:
    """What came of one run.

    Attributes:
        passed: Whether the answer is right.
        told: What the learner reads.
    """

    passed: bool
    told: str


def run(path: Path, task: Task, language: Language, limit: float) -> Outcome:
    """Run the file of an exercise and judge its answer.

    Args:
        path: The file.
        task: The exercise.
        language: Language of the messages.
        limit: Seconds that it may run; then it is stopped with all that it started.

    Returns:
        The outcome; a file that crashes or never ends is an outcome too.
    """
    if not path.exists():
        return Outcome(False, say("gone", language, path=path))
    status, output = _run(path, language, limit)
    heard = re.findall(rf"^[✓✗○] {task.number}  .*$", output, re.MULTILINE)
    values = {"number": task.number, "limit": limit}
    if status is None:
        return Outcome(False, say("slow", language, **values))
    if heard:
        return _judged(heard[-1], task, language, output)
    if status:
        told = "\n".join(output.strip().splitlines()[-_TOLD:])
        return Outcome(False, say("crashed", language, told=told, **values))
    return Outcome(False, say("silent", language, **values))


def _judged(verdict: str, task: Task, language: Language, output: str) -> Outcome:
    before = output.partition(verdict)[0].strip().splitlines()[-_TOLD:]
    if verdict.startswith("○"):
        verdict = say("waiting", language, number=task.number)
    return Outcome(verdict.startswith("✓"), "\n".join([*before, verdict]))


def _run(path: Path, language: Language, limit: float) -> tuple[int | None, str]:
    """Return the exit status, None if time ran out, and the end of the output."""
    own = {"EATORCH_LANG": language, "MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [sys.executable, path.name],
        cwd=path.parent,
        env={**os.environ, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that what it starts ends with it
    )
    assert process.stdout is not None
    end: deque[int] = deque(maxlen=_KEPT)
    reader = threading.Thread(target=_drain, args=(process.stdout, end), daemon=True)
    reader.start()
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        _stop(process)
    reader.join(1.0)
    return process.returncode, bytes(list(end)).decode("utf-8", "replace")


def _drain(stream: IO[bytes], end: deque[int]) -> None:
    """Keep only the end: an endless print must not fill the memory."""
    while chunk := os.read(stream.fileno(), 65_536):
        end.extend(chunk[-_KEPT:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started; harmless if it has ended."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()
