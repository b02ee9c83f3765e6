"""``make check L=39``: say everything that is wrong with a lesson, in one go.

Each finding is a line with file and line, what is wrong, and the cure. Without ``L``
all lessons are read, and none is run.
"""

import argparse
import ast
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from eatorch import checking
from eatorch.sphinxext.compare import file_of
from eatorch.sphinxext.lesson_alone import alone_faults, import_faults
from eatorch.sphinxext.lesson_exercises import answer_faults, checks_of
from eatorch.sphinxext.lesson_numbers import moved_faults, number_faults
from eatorch.sphinxext.lesson_run import run, time_faults
from eatorch.sphinxext.lesson_source import (
    cell_faults,
    code_faults,
    exercise_faults,
    exercises_of,
    placeholder_faults,
)
from eatorch.sphinxext.lesson_text import (
    SourceLinks,
    export_faults,
    name_faults,
    picture_faults,
    tasks_faults,
    translation_faults,
)
from eatorch.sphinxext.links import Links
from eatorch.sphinxext.metadata import (
    LessonError,
    header_faults,
    read_lessons,
)
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.running import say

__all__ = ["check", "run_faults", "text_faults"]

# The limit of a check is by the clock: on a busy machine a right answer would break it.
_SECONDS = 300.0


def text_faults(lesson: Path, root: Path, links: Links) -> Iterator[str]:
    """Read a lesson and all that belongs to it, without running it.

    Args:
        lesson: The script.
        root: The project.
        links: The labels and pages that exist.

    Yields:
        File and line, what is wrong, and the cure.
    """
    yield from header_faults(lesson)
    if not _is_readable(lesson):
        return
    yield from placeholder_faults(lesson)
    yield from cell_faults(lesson)
    yield from code_faults(lesson)
    yield from import_faults(lesson)
    checks, faults = checks_of(lesson)
    yield from faults or exercise_faults(lesson, checks)
    yield from export_faults(lesson, links)
    yield from name_faults(lesson, root)
    yield from translation_faults(lesson, root, links)
    yield from tasks_faults(lesson, root)
    yield from number_faults(file_of(root, lesson))


def run_faults(lesson: Path, root: Path) -> Iterator[str]:
    """Run a lesson, try its exercises, and run it alone.

    Args:
        lesson: The script.
        root: The project.

    Yields:
        File and line, what is wrong, and the cure.
    """
    if not _is_readable(lesson):
        return
    done = run(lesson)
    yield from done.faults
    yield from time_faults(lesson, done.seconds)
    yield from picture_faults(lesson, root, done.titles)
    if done.finished:
        yield from moved_faults(file_of(root, lesson), done.names)
        for exercise in exercises_of(lesson):
            yield from answer_faults(exercise, done.names)
        yield from alone_faults(lesson, root)


def _is_readable(lesson: Path) -> bool:
    """Tell whether the lesson is Python with a header; if not, that is told already."""
    try:
        return ast.get_docstring(ast.parse(lesson.read_text("utf-8"))) is not None
    except (SyntaxError, UnicodeDecodeError):
        return False


@in_one_line
def main() -> int:
    """Check the lesson that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", nargs="?", default="", help="two digits, such as 07")
    root, number = Path.cwd(), parser.parse_args().number
    return check(root, number)


def check(root: Path, number: str) -> int:
    """Say all that is wrong with one lesson or, without running them, with all.

    Args:
        root: The project.
        number: The lesson's two digits; empty for all lessons.

    Returns:
        Exit status: 0 if there is nothing to mend.
    """
    checking._SECONDS = _SECONDS
    lessons = sorted((root / "gallery").glob(f"*/{number or '[0-9]*'}_*.py"))
    if not lessons:
        told = f"L must be the number of a lesson such as 07, got {number!r}"
        print(f"eatorch: {told}; 'ls gallery/*' lists them", file=sys.stderr)
        return 1
    say(f"reads and runs {lessons[0].stem}" if number else "reads all lessons")
    found = 0
    for found, fault in enumerate(_told(lessons, root, bool(number)), 1):  # noqa: B007
        print(fault.replace(f"{root}/", ""), flush=True)
    say(f"{found} thing{'s' * (found > 1)} to mend" if found else "nothing to mend")
    return int(found > 0)


def _told(lessons: list[Path], root: Path, running: bool) -> Iterator[str]:
    """Yield each finding once, as soon as it is known."""
    links = SourceLinks(root)
    told: set[str] = set()
    for lesson in lessons:
        read = text_faults(lesson, root, links)
        for fault in chain(read, run_faults(lesson, root) if running else ()):
            if fault not in told:
                yield fault
            told.add(fault)
    try:
        read_lessons(root / "gallery")
    except LessonError as error:  # between this lesson and others
        yield from {str(error)} - told


if __name__ == "__main__":
    sys.exit(main())
