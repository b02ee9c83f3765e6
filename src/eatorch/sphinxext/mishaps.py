"""When the machine fails: tell the cause in one line, and drop what is damaged.

What a build remembers for the next one may be half written after a power cut or a full
disk, and the tools that read it trust it. It is looked through before each build; what
can't be read is made anew.
"""

import errno
import gettext
import json
import os
import re
import shutil
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from functools import wraps
from pathlib import Path
from zipfile import is_zipfile

__all__ = [
    "cause_of",
    "clock_went_back",
    "forget_damaged",
    "full_disk",
    "in_one_line",
    "machine_fault",
    "reason",
]

_FREE = "free some space and build again"
_CURES = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EFBIG: "allow larger files ('ulimit -f') and build again",
    errno.EROFS: "make it writable and build again",
    errno.EACCES: "give yourself the right to read and write it, and build again",
    errno.EPERM: "give yourself the right to change it, and build again",
    errno.ENOENT: "restore it; 'git status' shows what is missing",
    errno.EMFILE: "allow more open files ('ulimit -n') and build again",
    errno.ENOMEM: "close other programs and build again",
}
_FULL = re.compile(r"No space left on device|database or disk is full|os error 28\b")
_FORGOTTEN = re.compile(r"UnpicklingError|pickle\.loads?\(")
# As Python's own file functions put it.
_OS_ERROR = re.compile(r"\[Errno (\d+)\] [^:\n]+(?:: \\?'([^'\\\n]+))?")


def cause_of(error: Exception, root: Path) -> str:
    """Tell in one line what stopped a build.

    Args:
        error: What was raised.
        root: The project; its path is cut from file names.

    Returns:
        The file as far as it is known, what is wrong and the cure.

    Example:
        >>> cause_of(FileNotFoundError(2, "No such file or directory", "a"), Path("/b"))
        "a: No such file or directory; restore it; 'git status' shows what is missing"
    """
    match error:
        case OSError(errno=int(number)):
            return _os_fault(number, str(error.filename or ""), root)
        case SyntaxError():
            place = f"{error.filename}:{error.lineno}".replace(f"{root}/", "")
            return f"{place}: {error.msg}; repair the Python code"
    message = str(error).replace(f"{root}/", "") or type(error).__name__
    told = type(error).__module__.startswith("eatorch.")  # it names its cause itself
    return message if told else machine_fault(message, root) or message


def reason(error: Exception, root: Path) -> str:
    """Tell what stopped a command, and keep the traceback of what nobody foresaw.

    Args:
        error: What was raised.
        root: The project; ``build/crash.log`` in it gets the traceback.

    Returns:
        The line of :func:`cause_of`, and where the traceback lies, if there is one.
    """
    told = cause_of(error, root)
    if type(error).__module__.startswith("eatorch."):
        return told
    log = root / "build" / "crash.log"
    with suppress(OSError):
        log.parent.mkdir(exist_ok=True)
        report = "".join(traceback.format_exception(error))
        log.write_text(report, encoding="utf-8")
        told += f" (whole report: {log})"
    return told


def in_one_line(command: Callable[[], int]) -> Callable[[], int]:
    """Let a command that fails, or is stopped, say so in one line.

    Args:
        command: Works in the project's folder and returns its exit status.

    Returns:
        The same, with the status 1 for what it raises and 130 for Ctrl-C.
    """

    @wraps(command)
    def run() -> int:
        root = Path.cwd()
        try:
            return command()
        except KeyboardInterrupt:
            print("\neatorch: stopped", file=sys.stderr)
            return 130
        except Exception as error:
            print(f"eatorch: {reason(error, root)}", file=sys.stderr)
            return 1

    return run


def full_disk(log: str, root: Path) -> str | None:
    """Find in the log of a program that there was no space left.

    Args:
        log: What the program printed.
        root: The project.

    Returns:
        What is wrong and the cure in one line, or None.

    Example:
        >>> full_disk("sqlite3.OperationalError: database or disk is full", Path("/b"))
        'no space left on the disk of /b: free some space and build again'
    """
    return _os_fault(errno.ENOSPC, "", root) if _FULL.search(log) else None


def machine_fault(log: str, root: Path) -> str | None:
    """Find in the log of a program that the machine, not a text, is at fault.

    Args:
        log: What the program printed.
        root: The project; its path is cut from file names.

    Returns:
        What is wrong and the cure in one line, or None.
    """
    found = [it for it in _OS_ERROR.finditer(log) if int(it[1]) in _CURES]
    told = _os_fault(int(found[-1][1]), found[-1][2] or "", root) if found else None
    if not told and _FORGOTTEN.search(log):
        told = "what Sphinx remembers is damaged; build again: it is then made anew"
    return full_disk(log, root) or told


def _os_fault(number: int, name: str, root: Path) -> str:
    if number == errno.ENOSPC:
        return f"no space left on the disk of {root}: {_FREE}"
    place = name.replace(f"{root}/", "") or "a file of the build"
    cure = _CURES.get(number, "see the whole report")
    return f"{place}: {os.strerror(number)}; {cure}"


def forget_damaged(build: Path, locales: Path) -> list[Path]:
    """Remove damaged memories of earlier builds; the build makes them anew.

    Args:
        build: Folder with the cache of the executed pages and the kept editions.
        locales: Folder of the catalogs, with the compiled ones that Sphinx reads.

    Returns:
        What was removed.
    """
    damaged = [path for path in locales.rglob("*.mo") if not _is_compiled(path)]
    editions = (build / "editions").glob("*.*")
    damaged += [path for path in editions if not is_zipfile(path)]
    for path in damaged:
        path.unlink()
    notebooks = build / "notebook-cache"
    if notebooks.exists() and not _is_cache(notebooks):
        damaged.append(notebooks)
        shutil.rmtree(notebooks)
    return damaged


def _is_compiled(path: Path) -> bool:
    """Tell whether a compiled catalog is whole; Sphinx takes another one for empty."""
    try:
        with path.open("rb") as file:
            gettext.GNUTranslations(file)
    except Exception:  # the reader checks little, so damage may raise anything
        return False
    return path.stat().st_mtime <= time.time()  # else no edit would ever be newer


def _is_cache(cache: Path) -> bool:
    """Tell whether all pages that the cache lists can be read."""
    database = f"file:{cache / 'global.db'}?mode=ro"
    try:
        with closing(sqlite3.connect(database, uri=True)) as connection:
            found = connection.execute("PRAGMA quick_check").fetchall()
            keys = connection.execute("SELECT hashkey FROM nbcache").fetchall()
        for (key,) in keys:
            page = cache / "executed" / key / "base.ipynb"
            json.loads(page.read_text(encoding="utf-8"))["cells"]
    except (sqlite3.Error, OSError, ValueError, LookupError, TypeError):
        return False
    return bool(found == [("ok",)])


def clock_went_back(work: Path) -> bool:
    """Tell whether the last build ended later than now.

    Sphinx would find no edit newer than what it remembers.

    Args:
        work: Folder of what Sphinx remembers.
    """
    memories = work.glob("doctrees/*/environment.pickle")
    return any(path.stat().st_mtime > time.time() for path in memories)
