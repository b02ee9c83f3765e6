"""What a lesson's file of key numbers lacks, and which of them a run has moved."""

import ast
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eatorch.sphinxext.final_values import evaluate
from eatorch.sphinxext.key_numbers import KeyNumber, compare, line_of, read
from eatorch.sphinxext.lesson_source import placeholder_faults
from eatorch.sphinxext.running import BuildError

__all__ = ["moved_faults", "number_faults"]

FEWEST, MOST = 3, 8  # key numbers of a lesson
FEWEST_WORDS = 3


def number_faults(path: Path) -> Iterator[str]:
    """List what is missing or wrong in the key numbers of a lesson.

    Args:
        path: The JSON file, named after the lesson.

    Yields:
        File and line, what is wrong, and the cure.
    """
    if not path.exists():
        told = f"no such file; list there {FEWEST} to {MOST} numbers of the lesson"
        yield f'{path}:1: {told}, each with "value": null, and {_keep(path)}'
        return
    yield from placeholder_faults(path)
    try:
        numbers = read(path)
    except BuildError as error:
        yield str(error)
        return
    if not FEWEST <= len(numbers) <= MOST:
        told = f"a lesson has {FEWEST} to {MOST} key numbers, this one {len(numbers)}"
        yield f"{path}:1: {told}; add some or leave some out"
    for what, times in Counter(number.what for number in numbers).items():
        if times > 1:
            yield f"{line_of(path, what)}: {what!r} stands there twice; drop one"
    for number in numbers:
        for fault in _entry_faults(number, _keep(path)):
            yield f"{line_of(path, number.what)}: {fault}"


def _keep(path: Path) -> str:
    return f"run 'make compare L={path.name[:2]} KEEP=1'"


def _entry_faults(number: KeyNumber, keep: str) -> Iterator[str]:
    leaves = list(_leaves(number.value))
    if len(number.what.split()) < FEWEST_WORDS:
        yield f"{number.what!r} says too little; use {FEWEST_WORDS} words or more"
    try:
        ast.parse(number.expression, mode="eval")
    except SyntaxError as error:
        yield f"{number.expression!r}: {error.msg}; write one Python expression"
    if number.value is None:
        yield f"{number.what!r} has no value yet; {keep}"
    elif not leaves or not all(map(_is_plain, leaves)):
        yield f"{number.value!r} is no finite value; choose another expression"
    elif number.tolerance != "exact" and all(isinstance(it, str) for it in leaves):
        yield f"{number.what!r} is text, which has no distance; write 'exact'"


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _is_plain(leaf: Any) -> bool:
    return isinstance(leaf, str) or (
        isinstance(leaf, bool | int | float) and math.isfinite(leaf)
    )


def moved_faults(path: Path, names: dict[str, Any]) -> Iterator[str]:
    """Compare the key numbers of a lesson with those of a run.

    Args:
        path: The JSON file; if it is missing or wrong, that is told already.
        names: What the lesson left when it ran.

    Yields:
        File and line, what is wrong, and the cure.
    """
    try:
        numbers = [number for number in read(path) if number.value is not None]
    except BuildError:
        return
    known = dict(names)
    found = {"values": [evaluate(number.expression, known) for number in numbers]}
    for row in compare(path.stem, numbers, found):
        if row.verdict not in ("same", "within"):
            told = f"{row.what!r} was {row.kept} and is {row.now}"
            yield f"{line_of(path, row.what)}: {told}; mend the lesson or {_keep(path)}"
