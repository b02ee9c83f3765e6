"""What can be seen in a lesson's source without running it: cells and exercises."""

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from sphinx_gallery.py_source_parser import split_code_and_text_blocks

__all__ = [
    "Block",
    "Exercise",
    "blocks_of",
    "cell_faults",
    "code_faults",
    "exercise_faults",
    "exercises_of",
    "placeholder_faults",
    "solution_of",
]

LONGEST_CELL = 15
FEWEST, MOST = 2, 5  # exercises of a lesson
_SOLUTION = re.compile(
    r"^\.\. dropdown:: Solution\n(?P<body>(?:[ \t]+.*\n|\n)*)", re.MULTILINE
)
# Objects whose ``.data`` is no way around autograd.
_OTHER_DATA = {"eatorch", "torch.utils", "array.ctypes"}


@dataclass(frozen=True)
class Block:
    """One cell of a lesson.

    Attributes:
        kind: ``"text"`` or ``"code"``.
        text: Its content, prose without the comment signs.
        line: Line of the script where the content begins.
    """

    kind: str
    text: str
    line: int

    def line_of(self, words: str) -> int:
        """Return the line of the script where words stand, or the first one."""
        before, found, _ = self.text.partition(words)
        return self.line + (before.count("\n") if found else 0)

    @property
    def first_line(self) -> int:
        """The first line that is not empty."""
        return self.line_of(self.text.strip()[:1])


@dataclass(frozen=True)
class Exercise:
    """A task with its code cell.

    Attributes:
        lesson: The script.
        number: For example ``"07-1"``.
        answer: The expression that is handed to the check.
        task: The text before the cell.
        stub: The cell, which ends with ``eatorch.check(number, answer)``.
    """

    lesson: Path
    number: str
    answer: str
    task: Block
    stub: Block

    @property
    def place(self) -> str:
        """File and line of the call of the check."""
        return f"{self.lesson}:{self.stub.line_of('eatorch.check(')}"

    @property
    def solution_place(self) -> str:
        """File and line of the folded solution."""
        return f"{self.lesson}:{self.task.line_of('.. dropdown:: Solution')}"


@cache
def blocks_of(lesson: Path) -> list[Block]:
    """Split a lesson as sphinx-gallery does.

    Args:
        lesson: The script; must be Python.

    Returns:
        The cells; the header comes first.
    """
    _, blocks = split_code_and_text_blocks(lesson)
    return [Block(kind, text, line) for kind, text, line in blocks if text]


def exercises_of(lesson: Path) -> Iterator[Exercise]:
    """Yield the exercises of a lesson in their order.

    Args:
        lesson: The script.
    """
    for before, block in pairwise(blocks_of(lesson)):
        if block.kind == "code" and (found := _check_in(block)):
            yield Exercise(lesson, *found, before, block)


def _check_in(code: Block) -> tuple[str, str] | None:
    """Return number and answer if the cell ends with ``eatorch.check(...)``."""
    *_, last = ast.parse(code.text).body or [ast.Pass()]
    match last:
        case ast.Expr(
            ast.Call(
                ast.Attribute(ast.Name("eatorch"), "check"),
                [ast.Constant(str(number)), answer],
            )
        ):
            return number, ast.unparse(answer)
    return None


def solution_of(task: Block) -> str:
    """Return the code inside the folded solution, empty if there is none.

    Args:
        task: The text of an exercise.
    """
    found = _SOLUTION.search(task.text + "\n")
    lines = iter(textwrap.dedent(found["body"]).splitlines() if found else ())
    if not any(line.startswith(".. code-block:: python") for line in lines):
        return ""
    code = []
    for line in lines:
        if line and not line.startswith(" "):
            break
        code.append(line)
    return textwrap.dedent("\n".join(code))


def cell_faults(lesson: Path) -> Iterator[str]:
    """List cells that are too long or that no text introduces.

    Args:
        lesson: The script.

    Yields:
        File and line, what is wrong, and the cure.
    """
    for before, block in pairwise(blocks_of(lesson)):
        if block.kind != "code":
            continue
        place = f"{lesson}:{block.first_line}"
        if before.kind == "code":
            yield f"{place}: two code cells in a row; say between them what comes next"
        lines = [line for line in block.text.splitlines() if line.strip()]
        if len(lines) > LONGEST_CELL:
            yield (
                f"{place}: the cell has {len(lines)} lines, at most {LONGEST_CELL} are "
                "read with ease; split it by '# %%' and a text"
            )


def code_faults(lesson: Path) -> Iterator[str]:
    """List what older tutorials taught: ``.data`` of a tensor, and ``Variable``.

    Args:
        lesson: The script.

    Yields:
        File and line, what is wrong, and the cure.
    """
    for block in blocks_of(lesson):
        for node in ast.walk(ast.parse(block.text if block.kind == "code" else "")):
            match node:
                case ast.Attribute(value=owner, attr="data"):
                    wrong = ast.unparse(owner) not in _OTHER_DATA
                    cure = ".data hides changes from autograd; use .detach()"
                case ast.Attribute(attr="Variable") | ast.Name(id="Variable"):
                    wrong, cure = True, "Variable is of the past; use the tensor itself"
                case _:
                    continue
            if wrong:
                yield f"{lesson}:{block.line + node.lineno - 1}: {cure}"


def placeholder_faults(lesson: Path) -> Iterator[str]:
    """List what ``make new`` wrote between « and » for the author to replace.

    Args:
        lesson: The script.

    Yields:
        File and line, what is wrong, and the cure.
    """
    lines = lesson.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        for words in re.findall("«.*?»", line):
            yield f"{lesson}:{number}: {words} still waits for you; write your own text"


def exercise_faults(lesson: Path, checks: Iterable[str]) -> Iterator[str]:
    """List exercises that lack a part, a check or a page.

    Args:
        lesson: The script.
        checks: Numbers of the checks that the package has for the lesson.

    Yields:
        File and line, what is wrong, and the cure.
    """
    found = list(exercises_of(lesson))
    numbers = [exercise.number for exercise in found]
    for exercise in found:
        yield from _part_faults(exercise)
    if numbers != sorted(set(numbers)):
        order = f"the exercises are numbered {', '.join(numbers)}"
        yield f"{found[0].place}: {order}; count them up from 1"
    if not FEWEST <= len(found) <= MOST:
        wanted = f"a lesson has {FEWEST} to {MOST} exercises, this one {len(found)}"
        yield f"{lesson}:1: {wanted}; add some or leave some out"
    home = f"src/eatorch/exercises/lesson_{lesson.name[:2]}.py"
    for exercise in found:
        if exercise.number not in checks:
            yield f"{exercise.place}: {exercise.number} has no check; add it to {home}"
    for number in sorted(set(checks) - set(numbers)):
        yield f"{lesson}:1: no exercise calls the check {number}; drop it from {home}"


def _part_faults(exercise: Exercise) -> Iterator[str]:
    number, text = exercise.number, exercise.task.text
    place = f"{exercise.lesson}:{exercise.task.line}"
    digits, _, index = number.partition("-")
    if digits != exercise.lesson.name[:2]:
        cure = f"write {exercise.lesson.name[:2]}-{index}"
        yield f"{exercise.place}: {number} is no number of this lesson; {cure}"
    parts = {
        f"a title that begins 'Exercise {number}: '": f"^Exercise {number}: ",
        f"a label that ends in -ex{index}": rf"^\.\. _[a-z0-9-]+-ex{index}:$",
        "a hint": r"^\.\. dropdown:: Hint$",
        "a solution": r"^\.\. dropdown:: Solution$",
    }
    for what, pattern in parts.items():
        if not re.search(pattern, text, re.MULTILINE):
            cure = "add it to the text above the cell"
            yield f"{place}: exercise {number} lacks {what}; {cure}"
