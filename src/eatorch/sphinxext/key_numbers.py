"""Key numbers: the few values that carry a lesson's message, kept with tolerances.

``tests/key_numbers/07_tensor.json`` is a list with one line for each number::

    {"what": "numbers in a batch", "expression": "batch.numel()", "value": 96,
     "tolerance": "exact"}

The expression is evaluated where the lesson ends. The tolerance is ``"exact"``, a
distance such as ``"0.02"`` or a share of the kept value such as ``"10 %"``. A value of
``null`` is not known yet; ``make compare KEEP=1`` fills it in.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.running import BuildError

__all__ = [
    "KeyNumber",
    "Row",
    "agrees",
    "compare",
    "keep",
    "line_of",
    "read",
    "table",
]

_TOLERANCE = re.compile(r"exact|\d*\.?\d+(e-\d+)?( %)?")
_DIGITS = 6  # of a number that is kept; what follows differs between machines
_WIDEST = 44  # characters of a cell


@dataclass(frozen=True)
class KeyNumber:
    """One value of a lesson that is watched.

    Attributes:
        what: What it is, in a few words.
        expression: Python expression among the names that the lesson leaves.
        value: Number, text, truth value or list of them; None if not known yet.
        tolerance: How far it may move: ``"exact"``, ``"0.02"`` or ``"10 %"``.
    """

    what: str
    expression: str
    value: Any
    tolerance: str


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        lesson: Name of the lesson.
        what: What the value is.
        kept: The value in the repository.
        now: The value of this run, or what went wrong.
        tolerance: How far it may move.
        verdict: ``"same"``, ``"within"`` its tolerance, ``"moved"`` outside it, or
            ``"failed"`` if there is no value.
    """

    lesson: str
    what: str
    kept: str
    now: str
    tolerance: str
    verdict: str


def read(path: Path) -> list[KeyNumber]:
    """Read the key numbers of a lesson.

    Args:
        path: The JSON file.

    Returns:
        Its entries.

    Raises:
        BuildError: If the file is missing or damaged, or an entry is wrong.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        numbers = [KeyNumber(**entry) for entry in entries]
    except FileNotFoundError:
        raise BuildError(
            f"{path} is missing; list there three to eight numbers of the lesson"
        ) from None
    except (ValueError, TypeError) as error:
        raise BuildError(
            f"{path}:{getattr(error, 'lineno', 1)}: must be a list of entries with "
            f"what, expression, value and tolerance ({error}); correct it"
        ) from None
    for number in numbers:
        _check_tolerance(path, number)
    return numbers


def line_of(path: Path, what: str) -> str:
    """Return the file of key numbers with the line of an entry.

    Args:
        path: The JSON file.
        what: What the entry is, in words.
    """
    words = json.dumps(what, ensure_ascii=False)
    lines = path.read_text(encoding="utf-8").splitlines()
    return f"{path}:{next((at for at, it in enumerate(lines, 1) if words in it), 1)}"


def _check_tolerance(path: Path, number: KeyNumber) -> None:
    given = number.tolerance
    if not isinstance(given, str) or not _TOLERANCE.fullmatch(given):
        raise BuildError(
            f"{line_of(path, number.what)}: tolerance of {number.what!r} must be "
            "'exact', a distance such as '0.02' or a share such as '10 %', got "
            f"{given!r}; correct it"
        )


def agrees(kept: Any, now: Any, tolerance: str) -> bool:
    """Tell whether a value is what it was, within a tolerance.

    Lists must have the same shape, and each of their numbers must agree.

    Args:
        kept: The value in the repository.
        now: The value of this run.
        tolerance: ``"exact"``, a distance or a share of the kept value.

    Returns:
        True if it is; NaN agrees with nothing.

    Example:
        >>> agrees(0.50, 0.54, "10 %"), agrees(0.50, 0.56, "10 %")
        (True, False)
        >>> agrees([32, 10], [32, 10, 1], "exact")
        False
    """
    if isinstance(kept, list) and isinstance(now, list):
        pairs = zip(kept, now, strict=False)
        return len(kept) == len(now) and all(agrees(*it, tolerance) for it in pairs)
    if _is_number(kept) and _is_number(now):
        return bool(kept == now or abs(now - kept) <= _margin(kept, tolerance))
    return type(kept) is type(now) and bool(kept == now)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _margin(kept: float, tolerance: str) -> float:
    if tolerance == "exact":
        return 0.0
    if tolerance.endswith("%"):
        return abs(kept) * float(tolerance.rstrip(" %")) / 100
    return float(tolerance)


def compare(lesson: str, numbers: list[KeyNumber], found: dict[str, Any]) -> list[Row]:
    """Set the values of a run beside those that are kept.

    Args:
        lesson: Name of the lesson.
        numbers: Its key numbers.
        found: What ``final_values`` wrote: ``{"values": …}`` or ``{"raised": …}``.

    Returns:
        A row for each number, or a single one if the lesson has raised.
    """
    if "raised" in found:
        return [Row(lesson, "the lesson", "runs", found["raised"], "", "failed")]
    pairs = zip(numbers, found["values"], strict=True)
    return [_row(lesson, number, value) for number, value in pairs]


def _row(lesson: str, number: KeyNumber, value: dict[str, Any]) -> Row:
    kept = _text(number.value, number.tolerance)
    if "error" in value:
        now, verdict = value["error"], "failed"
    else:
        now = _text(value["value"], number.tolerance)
        verdict = _verdict(number, value["value"])
    return Row(lesson, number.what, kept, now, number.tolerance, verdict)


def _verdict(number: KeyNumber, now: Any) -> str:
    if agrees(number.value, _rounded(now, number.tolerance), "exact"):
        return "same"
    return "within" if agrees(number.value, now, number.tolerance) else "moved"


def _rounded(value: Any, tolerance: str) -> Any:
    """Drop the digits that differ between machines, unless each of them counts."""
    if isinstance(value, list):
        return [_rounded(item, tolerance) for item in value]
    if isinstance(value, float) and tolerance != "exact":
        return float(f"{value:.{_DIGITS}g}")
    return value


def _text(value: Any, tolerance: str) -> str:
    return json.dumps(_rounded(value, tolerance), ensure_ascii=False)


def keep(path: Path, values: Sequence[dict[str, Any]]) -> None:
    """Write the values that moved into the repository.

    Those within their tolerance stay as they are, so that they cannot creep away in
    small steps and a change shows only what matters.

    Args:
        path: File of the key numbers.
        values: What ``final_values`` found for its entries.
    """
    pairs = zip(read(path), values, strict=True)
    rows = [asdict(_kept(number, value)) for number, value in pairs]
    # A line for each entry, so that a diff names what moved.
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    write_whole(path, f"[\n{lines}\n]\n")


def _kept(number: KeyNumber, found: dict[str, Any]) -> KeyNumber:
    if "error" in found or _verdict(number, found["value"]) != "moved":
        return number
    return replace(number, value=_rounded(found["value"], number.tolerance))


def table(rows: Sequence[Row]) -> str:
    """Set rows in columns for the terminal.

    Args:
        rows: The rows.

    Returns:
        Lines with a head.

    Example:
        >>> print(table([Row("07_tensor", "loss", "0.5", "0.56", "10 %", "moved")]))
        lesson     what  kept  now   tolerance  verdict
        07_tensor  loss  0.5   0.56  10 %       moved
    """
    head = tuple(Row.__dataclass_fields__)
    cells = [head, *(tuple(map(_short, asdict(row).values())) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def _short(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"
