"""The table of old ways and today's: one file of rows in both languages.

``docs/old_new.json`` is a list of objects: the old way and today's in English and in
Chinese (reStructuredText), the version that brought the change, or a dash where none is
sure, and the labels of the lessons' sections that tell more.
"""

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from eatorch.sphinxext.lookup import Lookup

__all__ = ["Change", "ChangeError", "boxes", "changes"]

_HEAD = {
    False: ("Old", "Today", "Since", "Lessons"),
    True: ("旧写法", "现在", "起始版本", "课程"),
}
_WIDTHS = (35, 35, 15, 15)
_LABEL_OR_BOX = re.compile(
    r"^#? ?\.\. (?:_([\w-]+):|admonition:: Then and now)\s*$", re.MULTILINE
)


class ChangeError(ValueError):
    """A file of changes that can't be used; the message names row and cure."""


@dataclass(frozen=True)
class Change:
    """A row of the table.

    Attributes:
        old_en: What older material has, in English.
        old_zh: The same in Chinese.
        new_en: What to write today, in English.
        new_zh: The same in Chinese.
        since: Version of PyTorch, or of the package named with it; a dash if unsure.
        at: Labels of sections.
    """

    old_en: str
    old_zh: str
    new_en: str
    new_zh: str
    since: str
    at: tuple[str, ...]


def changes(path: Path) -> list[Change]:
    """Load the rows.

    Args:
        path: The file, usually ``docs/old_new.json``.

    Returns:
        The rows in the order of the file.

    Raises:
        ChangeError: If a row lacks a field, has an unknown or an empty one.
    """
    entries: list[Any] = json.loads(path.read_text(encoding="utf-8"))
    return [_change(f"{path}: row {n}", it) for n, it in enumerate(entries, 1)]


def boxes(lesson: Path) -> list[str]:
    """Return the labels of the sections in which a lesson has a box "Then and now".

    Args:
        lesson: The script.
    """
    label, found = "", []
    for match in _LABEL_OR_BOX.finditer(lesson.read_text(encoding="utf-8")):
        if match[1]:
            label = match[1]
        else:
            found.append(label)
    return found


def _change(place: str, entry: dict[str, Any]) -> Change:
    names = [field.name for field in fields(Change)]
    if set(entry) != set(names):
        raise ChangeError(f"{place}: the fields must be {names}, got {[*entry]}")
    for name, value in entry.items():
        if not value:
            raise ChangeError(f"{place}: {name!r} is empty; fill it in")
    return Change(**{**entry, "at": tuple(entry["at"])})


class OldNew(Lookup):
    """``old-new``: the table, in the language of the page."""

    def run(self) -> list[nodes.Node]:
        """Build the table and note that it depends on the file of rows."""
        path = Path(self.env.srcdir) / "old_new.json"
        self.env.note_dependency(str(path))
        numbers = self._numbers()
        found = changes(path)
        lost = {label for it in found for label in it.at} - numbers.keys()
        if lost:
            raise self.error(f"{path}: no lesson has a box at {sorted(lost)}")
        rows = [
            (
                it.old_zh if self.chinese else it.old_en,
                it.new_zh if self.chinese else it.new_en,
                it.since,
                ", ".join(f":ref:`{numbers[label]} <{label}>`" for label in it.at),
            )
            for it in found
        ]
        return [self.table("old-new", _WIDTHS, _HEAD[self.chinese], rows)]

    def _numbers(self) -> dict[str, str]:
        """Map the section of each box to the number of its lesson."""
        numbers: dict[str, str] = {}
        for lesson in sorted((self.root / "gallery").glob("*/[0-9]*.py")):
            self.env.note_dependency(str(lesson))
            numbers |= dict.fromkeys(boxes(lesson), lesson.name[:2])
        return numbers


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("old-new", OldNew)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
