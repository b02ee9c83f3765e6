"""Try the exercises of a lesson that ran: stubs, solutions and wrong answers.

A check must tell right from wrong, and say in both languages what is wrong.
"""

import ast
import math
import re
import runpy
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import torch

import eatorch
from eatorch.checking import Verdict, numbers, verdict
from eatorch.sphinxext.downloads import Script
from eatorch.sphinxext.lesson_run import execute, quietly
from eatorch.sphinxext.lesson_source import Exercise, solution_of
from eatorch.sphinxext.tasks import needs

__all__ = [
    "answer_faults",
    "checks_of",
    "definition_faults",
    "hostile_faults",
    "practice_faults",
    "slip_faults",
    "solution_faults",
    "stub_faults",
]

# Whatever is handed in, the reader gets a sentence and no traceback.
HOSTILE = [0, "", "torch", [], {}, object(), math.nan, torch.empty(0), len, type, exit]
FEWEST_SLIPS = 2
_WAITING = "Not answered yet"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_Names = dict[str, Any]
_Trial = Callable[[Exercise, _Names], Iterator[str]]


@cache
def checks_of(lesson: Path) -> tuple[tuple[str, ...], list[str]]:
    """Load the checks of a lesson once: if that fails, half of them are there.

    Args:
        lesson: The script.

    Returns:
        Their numbers, none if they can't be loaded; file, line and cure if so.
    """
    number = lesson.name[:2]
    home = lesson.parents[2] / "src" / "eatorch" / "exercises" / f"lesson_{number}.py"
    try:
        return numbers(number), []
    except (Exception, SystemExit) as error:
        return (), [f"{_told(home, error)}; repair the checks"]


def _told(path: Path, error: BaseException) -> str:
    """Tell an error with the last line of a file that it went through."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines.append(error.lineno)
    message = next(iter(str(error).strip().splitlines()), "no message")
    line = lines[-1] if lines else 1
    return f"{path}:{line or 1}: {type(error).__name__}: {message}"


def answer_faults(exercise: Exercise, names: _Names) -> Iterator[str]:
    """Try everything that may be handed in as an answer.

    Args:
        exercise: An exercise that has a check.
        names: What the lesson left when it ran.

    Yields:
        File and line, what is wrong, and the cure.
    """
    if exercise.number not in checks_of(exercise.lesson)[0]:
        return  # told already, and nothing can be tried
    yield from _without_a_crash(stub_faults, exercise, names)
    if solution_of(exercise.task):  # a missing one is told already
        yield from (
            _without_a_crash(solution_faults, exercise, names)
            or _without_a_crash(practice_faults, exercise, names)
        )
        yield from _without_a_crash(definition_faults, exercise, names)
    yield from slip_faults(exercise)
    yield from islice(hostile_faults(exercise), 1)  # one shows the gap in the check


def _without_a_crash(tried: _Trial, exercise: Exercise, names: _Names) -> list[str]:
    """Tell of an error in a solution as of any other fault."""
    try:
        with quietly():
            return list(tried(exercise, names))
    except (Exception, SystemExit) as error:
        told = f"the solution stops with {type(error).__name__}: {error}"
        return [f"{exercise.solution_place}: {told}; mend it"]


def stub_faults(exercise: Exercise, names: _Names) -> Iterator[str]:
    """See that the untouched stub waits for an answer.

    Args:
        exercise: The exercise.
        names: What the lesson left.

    Yields:
        File and line, what is wrong, and the cure.
    """
    outcome = verdict(exercise.number, eval(exercise.answer, names))
    if outcome.passed or outcome.en != _WAITING:
        told = f"the untouched stub is told {outcome.en!r}, not {_WAITING!r}"
        cure = "leave '...' as its answer, and let the check use it before all else"
        yield f"{exercise.place}: {told}; {cure}"


def solution_faults(exercise: Exercise, names: _Names) -> Iterator[str]:
    """See that the solution passes after the lesson's cells.

    Args:
        exercise: The exercise.
        names: What the lesson left.

    Yields:
        File and line, what is wrong, and the cure.
    """
    names = dict(names)
    execute(solution_of(exercise.task), 1, Path("solution"), names)
    yield from _refused(exercise, names, "the solution")


def practice_faults(exercise: Exercise, names: _Names) -> Iterator[str]:
    """See that the solution passes with what the terminal's file brings of the lesson.

    Args:
        exercise: The exercise.
        names: What the lesson left.

    Yields:
        File and line, what is wrong, and the cure.
    """
    code = solution_of(exercise.task)
    script = Script.read(exercise.lesson)
    imports, given = needs(script, f"{code}\n{exercise.stub.text}")
    known = {name: names[name] for name in given}
    execute("\n".join([*imports, code]), 1, Path("solution"), known)
    yield from _refused(exercise, known, "in the terminal the solution")


def _refused(exercise: Exercise, names: _Names, what: str) -> Iterator[str]:
    outcome = verdict(exercise.number, eval(exercise.answer, names))
    if not outcome.passed:
        told = f"{what} fails its own check: {outcome.en!r}"
        yield f"{exercise.solution_place}: {told}; mend the solution or the check"


def definition_faults(exercise: Exercise, names: _Names) -> Iterator[str]:
    """See that the solution defines what the stub does, so that it can be pasted over.

    Args:
        exercise: The exercise.
        names: What the lesson left.

    Yields:
        File and line, what is wrong, and the cure.
    """
    root = re.split(r"[.(]", exercise.answer)[0]
    defined = {
        node.id if isinstance(node, ast.Name) else node.name
        for node in ast.walk(ast.parse(solution_of(exercise.task)))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    }
    known = {"torch": torch, "eatorch": eatorch, **names}
    if root not in defined | {"lambda"} or root not in known:
        told = f"the solution does not define {root!r}, which the check is given"
        yield f"{exercise.solution_place}: {told}; give both the same name"


def slip_faults(exercise: Exercise) -> Iterator[str]:
    """See that typical wrong answers are told what is wrong with them.

    Args:
        exercise: The exercise.

    Yields:
        File and line, what is wrong, and the cure.
    """
    path = _wrong_file(exercise)
    try:
        place, answers = _wrong_answers(exercise, path)
    except (Exception, SystemExit) as error:
        cure = "mend it: WRONG maps the number of each exercise to a list of answers"
        yield f"{_told(path, error)}; {cure}"
        return
    if len(answers) < FEWEST_SLIPS:
        told = f"{len(answers)} of at least {FEWEST_SLIPS} wrong answers are there"
        cure = "add those that people really give"
        yield f"{place}: for {exercise.number} {told}; {cure}"
    for answer in answers:
        outcome = verdict(exercise.number, answer)
        yield from _untold(exercise, answer, outcome, place)
        if outcome.en == _WAITING:
            told = f"the wrong answer {answer!r} is taken for an untouched stub"
            yield f"{place}: {told}; give one that a reader would write"


def _wrong_file(exercise: Exercise) -> Path:
    name = f"wrong_{exercise.number[:2]}.py"
    return exercise.lesson.parents[2] / "tests" / "exercises" / name


def _wrong_answers(exercise: Exercise, path: Path) -> tuple[str, list[Any]]:
    """Return where the wrong answers to an exercise stand, and the answers."""
    if not path.exists():
        return f"{path}:1", []
    lines = path.read_text(encoding="utf-8").splitlines()
    at = (at for at, line in enumerate(lines, 1) if f'"{exercise.number}"' in line)
    answers = runpy.run_path(str(path))["WRONG"].get(exercise.number, [])
    return f"{path}:{next(at, 1)}", list(answers)


def hostile_faults(exercise: Exercise) -> Iterator[str]:
    """See that an answer of any type gets a sentence.

    Args:
        exercise: The exercise.

    Yields:
        File and line, what is wrong, and the cure.
    """
    for hostile in HOSTILE:
        outcome = verdict(exercise.number, hostile)
        yield from _untold(exercise, hostile, outcome, exercise.place)


def _untold(
    exercise: Exercise, answer: Any, outcome: Verdict, place: str
) -> Iterator[str]:
    """Say what a reader would miss in the verdict on a wrong answer."""
    if outcome.passed:
        told = f"the wrong answer {answer!r} to {exercise.number} passes"
        yield f"{place}: {told}; make the check look closer"
        return
    if not outcome.en.strip() or _CHINESE.search(outcome.en):
        told = f"the English message is {outcome.en!r}"
        yield f"{place}: for {answer!r} {told}; write English"
    if not _CHINESE.search(outcome.zh):
        told = f"the Chinese message is {outcome.zh!r}"
        yield f"{place}: for {answer!r} {told}; write Chinese"
