"""The learner's folder: one small file for each exercise, never written over."""

import textwrap
from pathlib import Path

from eatorch.languages import Language
from eatorch.practice.tasks import Task, lesson_code
from eatorch.practice.words import say

__all__ = ["FolderError", "file_of", "file_text", "write_files"]

_WIDTH = 84


class FolderError(OSError):
    """The folder can't be used; the message names it and the cure."""


def file_of(folder: Path, task: Task) -> Path:
    """Return where the file of an exercise lies.

    Args:
        folder: The learner's folder.
        task: The exercise.
    """
    return folder / task.lesson / f"{task.number.replace('-', '_')}.py"


def file_text(task: Task, language: Language, code: str | None = None) -> str:
    """Return the text of an exercise's file.

    Args:
        task: The exercise.
        language: Language of its words.
        code: What stands in it instead of the stub.
    """
    words = task.told(language)
    header = f"{words.title}\n\n{words.task}\n\n{say('header', language)}"
    lines = [_commented(header), "", *task.imports]
    if task.given:
        names = ",\n    ".join(task.given)
        lines += [
            *("", _commented(say("given", language))),
            f"from lesson import (\n    {names},\n)",
        ]
    return "\n".join(lines) + f"\n\n\n{code or task.stub}"


def write_files(folder: Path, tasks: list[Task], language: Language) -> tuple[int, int]:
    """Write the files that are missing.

    Args:
        folder: The learner's folder; made if it is missing.
        tasks: The exercises.
        language: Language of the words in new files.

    Returns:
        How many files were written, and how many were there and stay as they are.

    Raises:
        FolderError: If the folder can't be written.
    """
    made = 0
    try:
        for task in tasks:
            path = file_of(folder, task)
            path.parent.mkdir(parents=True, exist_ok=True)
            made += _write_new(path, file_text(task, language))
            if task.given:
                _write_lesson(path.with_name("lesson.py"), task, language)
    except OSError as error:
        raise FolderError(
            f"folder must be one that can be written, got {str(folder)!r} ({error})"
        ) from error
    return made, len(tasks) - made


def _write_new(path: Path, text: str) -> bool:
    """Write a file unless it is there, even if it comes up at the same moment."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _write_lesson(path: Path, task: Task, language: Language) -> None:
    note = _commented(say("lesson", language))
    _write_new(path, f"{note}\n{lesson_code(task.lesson[:2])}")


def _commented(text: str) -> str:
    """Turn paragraphs into comments; code in them keeps its lines."""
    lines = []
    for line in text.splitlines():
        lead = len(line) - len(line.lstrip())
        inside = " " * (lead + 2 * line.lstrip().startswith("- "))
        lines += textwrap.wrap(
            line,
            _WIDTH // (1 + (not line.isascii())),  # Chinese letters take two columns
            subsequent_indent=inside,
            drop_whitespace=True,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(f"# {line}".rstrip() for line in lines)
