"""Read the header of every lesson, and say clearly what is wrong with one.

A lesson's field list is the one place for its level, hours, day, needs and data; the
study plan, the header card and the order of prerequisites are made from it.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

__all__ = ["Lesson", "LessonError", "header_faults", "read_lesson", "read_lessons"]

_FIELDS = {"Level", "Hours", "Day", "Needs", "Data"}
_LABEL = re.compile(r"^\.\. _([\w-]+):\s*$", re.MULTILINE)
_FIELD = re.compile(r"^:(\w+):(?:\n?[ \t]+)(\S.*(?:\n[ \t]+\S.*)*)$", re.MULTILINE)
_REF = re.compile(r":ref:`(?:[^`<]*<)?([\w-]+)>?`")
_MOST_STARS, _MOST_HOURS, _LAST_DAY = 5, 12, 20


class LessonError(ValueError):
    """A lesson that the site can't be built from; the message names file and cure."""


@dataclass(frozen=True)
class Lesson:
    """What a lesson says of itself.

    Attributes:
        path: The script.
        number: Its two digits, part of the file name and of the address.
        label: Name for references, unique in the site.
        title: Title in English.
        level: Difficulty, 1 to 5.
        hours: Time a reader needs, in hours.
        day: Day on the 20-day path, or None.
        needs: Labels of the lessons to read before.
    """

    path: Path
    number: str
    label: str
    title: str
    level: int
    hours: float
    day: int | None
    needs: tuple[str, ...]

    @property
    def chapter(self) -> str:
        """Name of the folder, for example ``2_core``."""
        return self.path.parent.name

    @property
    def docname(self) -> str:
        """Name of the page for Sphinx, for example ``lessons/2_core/07_tensor``."""
        return f"lessons/{self.chapter}/{self.path.stem}"


def read_lessons(gallery: Path) -> list[Lesson]:
    """Read all lessons of a gallery folder, in the order of their numbers.

    Args:
        gallery: Folder with one folder per chapter.

    Returns:
        The lessons.

    Raises:
        LessonError: If a header is wrong, a number or label is taken twice, a
            prerequisite is unknown, or prerequisites form a circle.
    """
    lessons = [read_lesson(path) for path in sorted(gallery.glob("*/[0-9]*.py"))]
    _check_unique(lessons)
    _check_needs(lessons)
    return sorted(lessons, key=lambda lesson: lesson.number)


def read_lesson(path: Path) -> Lesson:
    """Read one lesson's header.

    Args:
        path: The script.

    Returns:
        What its header says.

    Raises:
        LessonError: If the file name, label, title or a field is wrong.
    """
    values, faults = _attempt(path)
    for fault in faults:
        raise LessonError(fault)
    return Lesson(path, **values)


def header_faults(path: Path) -> list[str]:
    """List all that is wrong with one lesson's header, without stopping at the first.

    Args:
        path: The script.

    Returns:
        File and line, what is wrong, and the cure, for each fault.
    """
    return _attempt(path)[1]


def _attempt(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what can be read of a header, and what is wrong with the rest."""
    values: dict[str, Any] = {}
    faults = []
    try:
        header = _docstring(path)
    except LessonError as error:  # no Python, or no header
        return values, [str(error)]
    fields = dict(_FIELD.findall(header))
    for name, read in _readers(path, header, fields).items():
        try:
            values[name] = read()
        except LessonError as error:
            faults.append(str(error))
    known = f"use {', '.join(sorted(_FIELDS))}"
    for name in sorted(fields.keys() - _FIELDS):
        place = _place(path, f":{name}:")
        faults.append(f"{place}: field :{name}: is unknown; {known}")
    return values, faults


def _readers(
    path: Path, header: str, fields: dict[str, str]
) -> dict[str, Callable[[], Any]]:
    """Return how to read each attribute of a lesson; each may raise a LessonError."""
    has_day = "Day" in fields
    return {
        "number": lambda: _digits(path),
        "label": lambda: _first(
            _LABEL, header, path, "a label such as '.. _tensor:' above the title"
        ),
        "title": lambda: _title(path, header),
        "level": lambda: int(_number(path, fields, "Level", 1, _MOST_STARS)),
        "hours": lambda: _number(path, fields, "Hours", 0.1, _MOST_HOURS),
        "day": lambda: (
            int(_number(path, fields, "Day", 0, _LAST_DAY)) if has_day else None
        ),
        "needs": lambda: _needs(path, fields.get("Needs", "")),
    }


def _digits(path: Path) -> str:
    number = re.match(r"(\d\d)_[a-z0-9_]+\.py$", path.name)
    if not number:
        raise LessonError(
            f"{path}:1: the file name must be two digits, '_' and lower-case words "
            "such as 07_tensor.py; rename the file"
        )
    return number[1]


def _place(path: Path, start: str) -> str:
    """Return the file with the line that starts so, or the first line without one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (at for at, text in enumerate(lines, 1) if text.startswith(start))
    return f"{path}:{next(found, 1)}"


@cache
def _first_docstring(script: str) -> str | None:
    """Parse a script once, however often a page asks for its header."""
    return ast.get_docstring(ast.parse(script))


def _docstring(path: Path) -> str:
    try:
        docstring = _first_docstring(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise LessonError(
            f"{path}:{error.lineno or 1}: {error.msg}; repair the Python code"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise LessonError(f"{path}:{line}: {error}; save it as UTF-8") from None
    if not docstring:
        raise LessonError(
            f"{path}:1: no header; begin with a docstring that has a title"
        )
    return docstring


def _first(pattern: re.Pattern[str], header: str, path: Path, what: str) -> str:
    match = pattern.search(header)
    if not match:
        raise LessonError(f"{path}:1: the header lacks {what}; add it")
    return match[1]


def _title(path: Path, header: str) -> str:
    pattern = re.compile(r"^(\S.*)\n=+[ \t]*$", re.MULTILINE)
    return _first(pattern, header, path, "a title underlined with '='")


def _number(
    path: Path, fields: dict[str, str], name: str, low: float, high: float
) -> float:
    place = _place(path, f":{name}:")
    if name not in fields:
        raise LessonError(f"{place}: field :{name}: is missing; add it under the title")
    try:
        value = float(fields[name])
    except ValueError:
        value = float("nan")
    if not low <= value <= high or (name != "Hours" and value != int(value)):
        raise LessonError(
            f"{place}: field :{name}: must be a number from {low:g} to {high:g}, "
            f"got {fields[name]!r}; correct it"
        )
    return value


def _needs(path: Path, text: str) -> tuple[str, ...]:
    if _REF.sub("", text).strip(" ,"):
        raise LessonError(
            f"{_place(path, ':Needs:')}: field :Needs: must be a list of :ref:`label`, "
            f"got {text!r}; correct it"
        )
    return tuple(_REF.findall(text))


def _check_unique(lessons: list[Lesson]) -> None:
    for what in ("number", "label"):
        seen: dict[str, Lesson] = {}
        for lesson in lessons:
            value = getattr(lesson, what)
            if value in seen:  # the number has no line, it is in the file's name
                raise LessonError(
                    f"{_place(lesson.path, f'.. _{value}:')}: {what} {value!r} is "
                    f"taken by {seen[value].path}; choose another"
                )
            seen[value] = lesson


def _check_needs(lessons: list[Lesson]) -> None:
    known = {lesson.label: lesson for lesson in lessons}
    for lesson in lessons:
        for label in lesson.needs:
            if label not in known:
                raise LessonError(
                    f"{_place(lesson.path, ':Needs:')}: needs unknown lesson "
                    f"{label!r}; name one of {', '.join(sorted(known))}"
                )
    try:
        graph = {lesson.label: lesson.needs for lesson in lessons}
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        first, *_ = circle = error.args[1]
        raise LessonError(
            f"{_place(known[first].path, ':Needs:')}: prerequisites form a circle "
            f"({' → '.join(circle)}); remove one of them from :Needs:"
        ) from None
