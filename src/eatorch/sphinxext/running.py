"""Run Sphinx, show how far it is, and say in one line what went wrong."""

import fcntl
import os
import pickle
import re
import signal
import subprocess
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from eatorch.sphinxext.mishaps import full_disk, machine_fault

__all__ = [
    "BuildError",
    "at_once",
    "explain",
    "failure",
    "one_at_a_time",
    "say",
    "stream",
]


class BuildError(Exception):
    """The build can't go on; the message is one line with the file and the cure."""


def stream(command: list[str], root: Path, log: Path) -> int:
    """Run a command; keep its output in a file and show the lines that matter.

    It holds the lock of :func:`one_at_a_time` too: should this process be killed, the
    next build waits until the command has ended.

    Args:
        command: Program and arguments.
        root: Folder to run in.
        log: File that gets all output.

    Returns:
        The exit status.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "MPLBACKEND": "agg"}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    environment |= {"PYTHONUTF8": "1", "CUDA_VISIBLE_DEVICES": ""}  # alike everywhere
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            encoding="utf-8",
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            close_fds=False,  # the lock's is the only one that can be inherited
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            file.flush()
            if re.match(r"(generating gallery|building|.*Executing notebook)", line):
                print("   ", line.strip(), flush=True)
    return process.returncode


def failure(code: int, log: str, root: Path) -> str:
    """Tell in one line why a program failed.

    Args:
        code: Its exit status; negative if a signal ended it.
        log: What it printed.
        root: The project; its path is cut from file names.

    Returns:
        The line of :func:`explain`, or the signal and the cure.

    Example:
        >>> failure(-9, "reading sources...", Path("/project"))
        'it was killed (SIGKILL); free some memory and build again'
    """
    if code >= 0:
        return explain(log, root)
    if code == -signal.SIGKILL:  # by the system, as a rule
        return "it was killed (SIGKILL); free some memory and build again"
    return f"it was ended from outside ({signal.Signals(-code).name}); build again"


def explain(log: str, root: Path) -> str:
    """Turn a failed Sphinx log into the one line that a person needs.

    Args:
        log: What sphinx-build printed.
        root: The project; its path is cut from file names.

    Returns:
        Name of the file, what is wrong and the cure.
    """
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log).replace(f"{root}/", "")
    if full := full_disk(plain, root):  # all else went wrong for this
        return full
    lesson = re.search(r"(gallery/\S+\.py) (?:unexpectedly )?failed", plain)
    error = re.findall(r"^\s*((?:\w+\.)*\w*(?:Error|Exception|Slip): .*)$", plain, re.M)
    if lesson and error:
        line = re.findall(rf'{re.escape(lesson[1])}", line (\d+)', plain)
        place = f"{lesson[1]}:{line[-1]}" if line else lesson[1]
        alone = f".venv/bin/python {lesson[1]}"
        return f"{place}: {error[0]}; run '{alone}' to see it alone"
    warning = re.findall(r"^(.*(?:WARNING|ERROR): .*)$", plain, re.M)
    if warning:
        more = f" (and {len(warning) - 1} more)" if len(warning) > 1 else ""
        return _source_of(warning[0]) + more
    last = (error or plain.strip().splitlines() or ["it printed nothing"])[-1]
    return machine_fault(plain, root) or last


def _source_of(warning: str) -> str:
    """Name the script instead of the page that was generated from it."""
    return re.sub(r"docs/lessons/(\S+?)\.rst(:\d+)?", r"gallery/\1.py", warning)


def say(line: str) -> None:
    """Tell the person at the terminal what happens."""
    print(f"eatorch: {line}", flush=True)


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Let a second run wait; the lock ends with the process, however it ends.

    Args:
        lock: A file for the lock; its folder is made.

    Yields:
        Nothing, once the lock is held.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build runs; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def at_once(tasks: Sequence[Callable[[], object]]) -> None:
    """Call functions at the same time, each in a process of its own.

    These processes hold the lock of :func:`one_at_a_time` too: if this one is killed,
    the next build waits until they have ended. A pool's would wait for work for ever.

    Args:
        tasks: The functions; what they return is dropped.

    Raises:
        BuildError: If a process was killed.
        Exception: What the first of them that failed raised, once all have ended.
    """
    begun = [_begin(task) for task in tasks]
    try:
        faults = [_fault(*it) for it in begun]
    except BaseException:
        for process, _ in begun:  # they end like this one, and clean up
            if process.is_alive() and process.pid:
                os.kill(process.pid, signal.SIGINT)
        raise
    finally:
        for process, _ in begun:
            process.join()
    for fault in filter(None, faults):
        raise fault


def _begin(task: Callable[[], object]) -> tuple[BaseProcess, Connection]:
    fork = get_context("fork")
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=_call, args=(task, there))
    with warnings.catch_warnings():  # numpy has threads, but the tasks use none of it
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    there.close()
    return process, here


def _call(task: Callable[[], object], there: Connection) -> None:
    """Call a function and send what it raised; a traceback travels as a note."""
    fault = None
    try:
        task()
    except BaseException as error:
        fault = error
        fault.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(fault))  # not every error can travel, or arrive
        there.send(fault)
    except Exception:
        there.send(RuntimeError(f"{type(fault).__name__}: {fault}"))


def _fault(process: BaseProcess, there: Connection) -> BaseException | None:
    try:
        fault: BaseException | None = there.recv()
    except EOFError:
        process.join()
        raise BuildError(
            f"a process of the build was killed (exit status {process.exitcode}); "
            "free some memory and build again"
        ) from None
    return fault
