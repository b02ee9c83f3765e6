"""``make compare``: do the lessons still say what they said, under this torch?

Each lesson runs in a process of its own, as on the site, and its key numbers are set
beside those in ``tests/key_numbers``. The table shows what is not the same.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eatorch.sphinxext.key_numbers import Row, compare, keep, read, table
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.other_torch import python_with
from eatorch.sphinxext.running import BuildError, say

__all__ = ["Outcome", "compare_lesson", "file_of", "report", "run_lesson"]

_LONGEST = 900  # seconds for a lesson, which takes at most some twenty


@dataclass(frozen=True)
class Outcome:
    """What the run of one lesson showed.

    Attributes:
        rows: Its rows of the table.
        torch: The version it ran under, empty if it did not get that far.
    """

    rows: list[Row]
    torch: str


def file_of(root: Path, lesson: Path) -> Path:
    """Return the file with the key numbers of a lesson."""
    return root / "tests" / "key_numbers" / f"{lesson.stem}.json"


def run_lesson(
    root: Path, lesson: Path, expressions: list[str], python: str = sys.executable
) -> dict[str, Any]:
    """Run a lesson in a process of its own, in an empty folder.

    Args:
        root: The project.
        lesson: The script.
        expressions: What to evaluate at its end.
        python: Interpreter of an environment with the lesson's packages.

    Returns:
        What ``final_values`` wrote, or ``{"raised": …}`` if the process broke off.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.NamedTemporaryFile("r", encoding="utf-8") as result,
    ):
        try:
            done = subprocess.run(
                [python, "-m", "eatorch.sphinxext.final_values", lesson, result.name],
                cwd=folder,
                env=_environment(root),
                input=json.dumps(expressions),
                text=True,
                capture_output=True,
                timeout=_LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"raised": f"{lesson.name} did not end within {_LONGEST} s"}
        text = result.read()
        return json.loads(text) if text else {"raised": _broke_off(lesson, done)}


def _environment(root: Path) -> dict[str, str]:
    """Return the environment in which the site runs its lessons."""
    return {
        **os.environ,
        "PYTHONPATH": str(root / "src"),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "NO_COLOR": "1",
    }


def _broke_off(lesson: Path, done: subprocess.CompletedProcess[str]) -> str:
    last = done.stderr.strip().splitlines()[-1:] or ["no message"]
    return f"{lesson.name} ended its process with {done.returncode}: {last[0]}"


def compare_lesson(root: Path, lesson: Path, python: str, keeping: bool) -> Outcome:
    """Run a lesson and compare its key numbers.

    Args:
        root: The project.
        lesson: The script.
        python: Interpreter to run it with.
        keeping: Whether values that moved are written into the repository.

    Returns:
        What came out, even if the lesson raises or has no key numbers.
    """
    path = file_of(root, lesson)
    try:
        numbers = read(path)
    except BuildError as error:
        return Outcome(compare(lesson.stem, [], {"raised": str(error)}), "")
    found = run_lesson(root, lesson, [it.expression for it in numbers], python)
    rows = compare(lesson.stem, numbers, found)
    if keeping and "values" in found:
        keep(path, found["values"])
    return Outcome(rows, found.get("torch", ""))


def _chosen(root: Path, numbers: list[str]) -> list[Path]:
    lessons = {it.number: it.path for it in read_lessons(root / "gallery")}
    for number in numbers:
        if number not in lessons:
            raise BuildError(
                f"L must hold numbers of lessons such as '07 08', got {number!r}; "
                "'ls gallery/*' lists them"
            )
    return [lessons[number] for number in numbers or lessons]


def report(outcomes: list[Outcome]) -> str:
    """Tell what is not the same, and what failed and why.

    Args:
        outcomes: One for each lesson.

    Returns:
        Lines for the terminal; the last one counts.
    """
    rows = [row for outcome in outcomes for row in outcome.rows]
    other = [row for row in rows if row.verdict != "same"]
    failed = [row for row in rows if row.verdict == "failed"]
    parts = [
        table(other) if other else "",
        "\n".join(f"{row.lesson}, {row.what}: {row.now}" for row in failed),
        _summary(rows, outcomes),
    ]
    return "\n\n".join(part for part in parts if part)


def _summary(rows: list[Row], outcomes: list[Outcome]) -> str:
    count = Counter(row.verdict for row in rows)
    verdicts = ("same", "within", "moved", "failed")
    numbers = ", ".join(f"{count[verdict]} {verdict}" for verdict in verdicts)
    versions = sorted({it.torch for it in outcomes if it.torch})
    return f"torch {' and '.join(versions) or 'unknown'}: {numbers}"


def _run(root: Path, given: argparse.Namespace) -> list[Outcome]:
    if given.keep and given.torch:
        raise BuildError(
            "KEEP=1 writes what the torch of constraints.txt gives; "
            "leave out TORCH, or pin that version first"
        )
    lessons = _chosen(root, given.numbers)
    python = str(python_with(root, given.torch) if given.torch else sys.executable)
    one = partial(compare_lesson, root, python=python, keeping=given.keep)
    outcomes = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for lesson, outcome in zip(lessons, pool.map(one, lessons), strict=True):
            verdicts = {row.verdict for row in outcome.rows} - {"same"}
            say(f"{lesson.stem}: {', '.join(sorted(verdicts)) or 'same'}")
            outcomes.append(outcome)
    return outcomes


@in_one_line
def main() -> int:
    """Compare the lessons of the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", help="two digits each")
    parser.add_argument("--torch", default="", help="another version, such as 2.12.1")
    parser.add_argument("--keep", action="store_true", help="write what moved")
    parser.add_argument("--jobs", type=int, default=2, help="lessons at a time")
    given, root = parser.parse_args(), Path.cwd()
    outcomes = _run(root, given)
    print(f"\n{report(outcomes)}")
    if given.keep:
        say("what moved is kept; 'git diff tests/key_numbers' shows it")
    bad = {"failed"} if given.keep else {"failed", "moved"}
    return int(any(row.verdict in bad for it in outcomes for row in it.rows))


if __name__ == "__main__":
    sys.exit(main())
