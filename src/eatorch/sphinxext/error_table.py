"""The look-up page of error messages, made from the lesson that provokes them.

The lesson is the only source: its tables give message, cause and cure, its cells tell
in which section a message is met, its catalog has the Chinese.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

from eatorch.sphinxext.lookup import Lookup
from eatorch.sphinxext.metadata import read_lesson

__all__ = ["Met", "messages", "old_words"]

LESSON = Path("gallery") / "6_high" / "33_errors.py"
_HEAD = {
    False: ("Message", "Cause", "Cure"),
    True: ("报错信息", "原因", "解决办法"),
}
_WIDTHS = (35, 30, 35)
_LABEL = re.compile(r"^\.\. _([\w-]+):\s*$", re.MULTILINE)
_TABLE = re.compile(r"^\.\. list-table::\n((?:   .*\n?|\n)+)", re.MULTILINE)
_BOX = re.compile(r"^\.\. admonition:: Then and now\n((?:   .*\n?|\n)+)", re.MULTILINE)
_CELLS = 3


@dataclass(frozen=True)
class Met:
    """A row of the lesson's tables.

    Attributes:
        message: The words, as code in reStructuredText.
        cause: What brings it about.
        cure: What helps.
        label: Section of the lesson that has it.
    """

    message: str
    cause: str
    cure: str
    label: str


def messages(lesson: Path) -> list[Met]:
    """Read the messages of the lesson, those that it runs first.

    Args:
        lesson: The script.

    Returns:
        The rows in the order of the lesson.

    Raises:
        ValueError: If a row of a table has no three cells, or names a message of the
            last table that no cell meets.
    """
    caught: dict[str, str] = {}
    tables: list[tuple[str, list[list[str]]]] = []
    label = ""
    for kind, content, *_ in split_code_and_text_blocks(str(lesson))[1]:
        if kind == "code":
            caught |= dict.fromkeys(_met(content), label)
            continue
        for part in re.split(r"(?=^\.\. _[\w-]+:$)", content, flags=re.MULTILINE):
            label = (_LABEL.findall(part) or [label])[-1]
            tables += [(label, _rows(table)) for table in _TABLE.findall(part)]
    *quoted, (home, ran) = tables
    missing = [row[0] for row in ran if row[0].strip("`") not in caught]
    if missing:
        raise ValueError(f"{lesson}: no cell of {home} meets {missing[0]}")
    rows = [(caught[row[0].strip("`")], row) for row in ran]
    rows += [(label, row) for label, more in quoted for row in more]
    return [Met(message, cause, cure, at) for at, (message, cause, cure) in rows]


def old_words(lesson: Path) -> list[str]:
    """Read which old wordings the lesson's last box translates into today's.

    Args:
        lesson: The script.

    Returns:
        One sentence for each, in reStructuredText.
    """
    texts = [it[1] for it in split_code_and_text_blocks(str(lesson))[1]]
    (box,) = [found for text in texts for found in _BOX.findall(text)]
    return [" ".join(it.split()) for it in re.split(r"^   - ", box, flags=re.M)[1:]]


def _met(code: str) -> list[str]:
    """Return the words that a cell looks for in a message."""
    return [
        str(ast.literal_eval(call.args[0]))
        for call in ast.walk(ast.parse(code))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"meet", "meet_in_script"}
    ]


def _rows(table: str) -> list[list[str]]:
    """Split a list-table into cells, without its head."""
    _options, _head, *rows = re.split(r"^   \* - ", table, flags=re.MULTILINE)
    cells = [
        [" ".join(cell.split()) for cell in re.split(r"^     - ", row, flags=re.M)]
        for row in rows
    ]
    for row in cells:
        if len(row) != _CELLS:
            raise ValueError(f"a row must have message, cause and cure, got {row}")
    return cells


class ErrorTable(Lookup):
    """``error-table``: all messages; ``error-table:: old``: a list of old wordings."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the table or the list, and note that it depends on the lesson."""
        path = self.root / LESSON
        self.env.note_dependency(str(path))
        lesson = read_lesson(path)
        chinese = self.translated(lesson.docname)

        def tell(text: str) -> str:
            return chinese.get(text, text)

        if self.arguments:
            told = [self.cell(tell(text)) for text in old_words(path)]
            return [nodes.bullet_list("", *[nodes.list_item("", *it) for it in told])]
        rows = [
            (
                f"{tell(it.message)}\n\n:ref:`{it.label}`",
                tell(it.cause),
                tell(it.cure),
            )
            for it in messages(path)
        ]
        return [self.table("errors-table", _WIDTHS, _HEAD[self.chinese], rows)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("error-table", ErrorTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
