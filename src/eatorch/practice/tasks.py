"""The exercises as data: what the lessons ask, in both languages.

One JSON file for each lesson lies in ``eatorch/exercises``. They are made from the
lessons and their translations, so the terminal and the page ask the same.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from eatorch.languages import Language

__all__ = ["Task", "Words", "lesson_code", "lessons", "tasks"]


@dataclass(frozen=True)
class Words:
    """What a task says in one language.

    Attributes:
        title: Its title, with the number.
        task: What to do; paragraphs with an empty line between two.
        hints: What helps, one paragraph at a time.
        solution: What is to be said about the solution; may be empty.
    """

    title: str
    task: str
    hints: tuple[str, ...]
    solution: str


@dataclass(frozen=True)
class Task:
    """An exercise.

    Attributes:
        number: Lesson and exercise, for example ``"07-2"``.
        lesson: The lesson's file name without its ending.
        imports: The lines that import what stub and solution use.
        given: Names that the lesson made and the exercise goes on with.
        stub: The code to fill in; it ends with the call of the check.
        code: The solution's code, which defines what the stub defines.
        en: The words in English.
        zh: The words in Chinese.
    """

    number: str
    lesson: str
    imports: tuple[str, ...]
    given: tuple[str, ...]
    stub: str
    code: str
    en: Words
    zh: Words

    def told(self, language: Language) -> Words:
        """Return the words in ``language``."""
        return self.zh if language == "zh" else self.en


def lessons() -> tuple[str, ...]:
    """List the two digits of the lessons that have exercises.

    Example:
        >>> lessons()[:3]
        ('01', '02', '03')
    """
    names = (path.name for path in files("eatorch.exercises").iterdir())
    return tuple(sorted(name[:2] for name in names if name.endswith(".json")))


def tasks(wanted: Sequence[str] = ()) -> list[Task]:
    """Read the exercises of some lessons.

    Args:
        wanted: Two digits of each lesson; all lessons if empty.

    Returns:
        The exercises in the order of the lessons.

    Raises:
        ValueError: If a lesson does not exist or has no exercises.

    Example:
        >>> tasks(["07"])[0].number
        '07-1'
    """
    known = lessons()
    for lesson in wanted:
        if lesson not in known:
            raise ValueError(
                f"a lesson must be one of {known[0]} to {known[-1]}, got {lesson!r}"
            )
    return [
        _task(record, entry)
        for record in map(_record, sorted(set(wanted)) or known)
        for entry in record["exercises"]
    ]


def lesson_code(lesson: str) -> str:
    """Return the code of a lesson that some exercise goes on from, else nothing.

    Args:
        lesson: Two digits.

    Example:
        >>> "import torch" in lesson_code("02")
        True
    """
    return str(_record(lesson).get("code", ""))


def _record(lesson: str) -> dict[str, Any]:
    [path] = [
        path
        for path in files("eatorch.exercises").iterdir()
        if path.name.startswith(f"{lesson}_") and path.name.endswith(".json")
    ]
    record = json.loads(path.read_text(encoding="utf-8"))
    return {"name": path.name.removesuffix(".json"), **record}


def _task(record: dict[str, Any], entry: dict[str, Any]) -> Task:
    words = {
        language: Words(**{**entry[language], "hints": tuple(entry[language]["hints"])})
        for language in ("en", "zh")
    }
    return Task(
        number=entry["number"],
        lesson=record["name"],
        imports=tuple(entry["imports"]),
        given=tuple(entry["given"]),
        stub=entry["stub"],
        code=entry["code"],
        **words,
    )
