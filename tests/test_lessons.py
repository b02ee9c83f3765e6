"""Every lesson runs, its solutions pass their checks, typical slips do not."""

import ast
import importlib.util
import math
import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
import torch
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

import eatorch
from eatorch import checking
from eatorch.checking import Verdict, verdict
from eatorch.sphinxext.downloads import Script
from eatorch.sphinxext.tasks import needs

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))
HOSTILE = [0, "", "torch", [], {}, object(), math.nan, torch.empty(0), len, type, exit]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Block:
    """One cell of a lesson: prose or code."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Exercise:
    """A task with its code cell."""

    number: str
    answer: str  # the expression handed to the check
    task: Block
    stub: Block


@cache
def blocks_of(lesson: Path) -> list[Block]:
    return [
        Block(*block) for block in split_code_and_text_blocks(lesson)[1] if block[1]
    ]


def check_in(code: Block) -> tuple[str, str] | None:
    """Return number and answer if the cell ends with ``eatorch.check(...)``."""
    *_, last = ast.parse(code.text).body or [ast.Pass()]
    match last:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("eatorch"), "check"), [n, a])):
            return ast.literal_eval(n), ast.unparse(a)
    return None


def exercises_of(lesson: Path) -> Iterator[Exercise]:
    before = Block("text", "", 0)
    for block in blocks_of(lesson):
        if block.kind == "code" and (found := check_in(block)):
            yield Exercise(*found, before, block)
        before = block


def one_process(lesson: Path) -> pytest.MarkDecorator:
    """Keep the tests of a lesson in one process, where it runs once for all of them."""
    return pytest.mark.xdist_group(lesson.stem)


EACH = [pytest.param(it, id=it.stem, marks=one_process(it)) for it in LESSONS]
EXERCISES = [
    pytest.param(lesson, exercise, id=exercise.number, marks=one_process(lesson))
    for lesson in LESSONS
    for exercise in exercises_of(lesson)
]


def solution_of(task: Block) -> str:
    """Return the code inside the folded solution."""
    found = re.search(
        r"^\.\. dropdown:: Solution\n(?P<body>(?:[ \t]+.*\n|\n)*)",
        task.text + "\n",
        re.MULTILINE,
    )
    assert found, "the task has no '.. dropdown:: Solution'"
    lines = iter(textwrap.dedent(found["body"]).splitlines())
    assert any(line.startswith(".. code-block:: python") for line in lines)
    code = []
    for line in lines:
        if line and not line.startswith(" "):
            break
        code.append(line)
    return textwrap.dedent("\n".join(code))


def execute(code: str, line: int, lesson: Path, names: dict[str, Any]) -> None:
    """Run code so that a traceback points into the lesson."""
    exec(compile("\n" * (line - 1) + code, str(lesson), "exec"), names)


def strict_as_for_a_script() -> None:
    """Turn each warning that a reader of the script would see into an error."""
    warnings.simplefilter("error")
    # Python shows what is deprecated only to those who wrote the line.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("error", category=DeprecationWarning, module="__main__")
    # plt.show() without a screen
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")


def names_after(lesson: Path) -> dict[str, Any]:
    """Return what a whole run of the lesson leaves; it runs once, or fails once."""
    outcome = run(lesson)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@cache
def run(lesson: Path) -> dict[str, Any] | Exception:
    """Run the cells from top to bottom, as the site does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    eatorch.seed_everything(0)
    names: dict[str, Any] = {"__name__": "__main__", "__file__": str(lesson)}
    try:
        with warnings.catch_warnings():
            strict_as_for_a_script()
            for block in blocks_of(lesson):
                if block.kind == "code":
                    execute(block.text, block.line, lesson, names)
    except Exception as error:
        return error
    finally:
        plt.close("all")
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)
    return names


def wrong_answers(number: str) -> list[Any]:
    path = ROOT / "tests" / "exercises" / f"wrong_{number[:2]}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answers: list[Any] = module.WRONG.get(number, [])
    return answers


def assert_told_in_both_languages(outcome: Verdict) -> None:
    assert not outcome.passed
    assert outcome.en.strip()
    assert not CHINESE.search(outcome.en)
    assert CHINESE.search(outcome.zh)


def test_there_are_lessons_and_they_have_exercises() -> None:
    assert LESSONS
    for lesson in LESSONS:
        assert 2 <= len(list(exercises_of(lesson))) <= 5, lesson.name


@pytest.mark.parametrize("lesson", EACH)
def test_lesson_runs_without_a_warning(
    lesson: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an empty folder, from top to bottom, like the downloaded script."""
    monkeypatch.chdir(tmp_path)
    assert names_after(lesson)


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_untouched_stub_waits_for_an_answer(lesson: Path, exercise: Exercise) -> None:
    stub = eval(exercise.answer, names_after(lesson))
    outcome = verdict(exercise.number, stub)
    assert_told_in_both_languages(outcome)
    assert outcome.en == "Not answered yet"


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_solution_passes(lesson: Path, exercise: Exercise) -> None:
    names = dict(names_after(lesson))
    execute(solution_of(exercise.task), 1, lesson, names)
    outcome = verdict(exercise.number, eval(exercise.answer, names))
    assert outcome.passed, outcome.en


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_solution_passes_with_what_the_file_for_practice_brings(
    lesson: Path, exercise: Exercise
) -> None:
    code = solution_of(exercise.task)
    imports, given = needs(Script.read(lesson), f"{code}\n{exercise.stub.text}")
    made = names_after(lesson)
    names = {name: made[name] for name in given}
    execute("\n".join([*imports, code]), 1, lesson, names)
    assert verdict(exercise.number, eval(exercise.answer, names)).passed


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_solution_defines_what_the_stub_defines(
    lesson: Path, exercise: Exercise
) -> None:
    """A reader who pastes the solution over the stub changes nothing else."""
    names = {"torch": torch, "eatorch": eatorch, **names_after(lesson)}
    root = exercise.answer.partition(".")[0].partition("(")[0]
    defined = {
        name.id if isinstance(name, ast.Name) else name.name
        for node in ast.walk(ast.parse(solution_of(exercise.task)))
        for name in [node]
        if isinstance(name, ast.FunctionDef | ast.ClassDef)
        or (isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store))
    }
    assert root in defined | {"lambda"}
    assert root in names


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_typical_slips_are_told_what_is_wrong(lesson: Path, exercise: Exercise) -> None:
    answers = wrong_answers(exercise.number)
    assert len(answers) >= 2, f"{lesson.stem} has too few slips in tests/exercises"
    for answer in answers:
        outcome = verdict(exercise.number, answer)
        assert_told_in_both_languages(outcome)
        assert outcome.en != "Not answered yet", answer


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_hostile_answers_get_a_message(lesson: Path, exercise: Exercise) -> None:
    """Whatever is handed in, the reader gets a sentence and no traceback."""
    assert lesson.exists()
    for hostile in HOSTILE:
        assert_told_in_both_languages(verdict(exercise.number, hostile))


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_exercise_has_task_hint_label_and_number(
    lesson: Path, exercise: Exercise
) -> None:
    number = exercise.number
    assert number.startswith(f"{lesson.name[:2]}-")
    text = exercise.task.text
    assert f"Exercise {number}: " in text
    assert re.search(rf"^\.\. _[a-z0-9-]+-ex{number[3:]}:$", text, re.MULTILINE)
    assert re.search(r"^\.\. dropdown:: Hint$", text, re.MULTILINE)
    assert re.search(r"^\.\. dropdown:: Solution$", text, re.MULTILINE)


@pytest.mark.parametrize("lesson", EACH)
def test_every_check_has_its_exercise(lesson: Path) -> None:
    on_page = [exercise.number for exercise in exercises_of(lesson)]
    assert on_page == sorted(set(on_page))
    checks = checking.numbers(lesson.name[:2])
    assert list(checks) == on_page


@pytest.mark.parametrize("lesson", EACH)
def test_cells_are_short_and_introduced(lesson: Path) -> None:
    """A cell has at most 15 lines, and text stands between two cells."""
    blocks = blocks_of(lesson)
    for before, block in pairwise(blocks):
        if block.kind == "code":
            assert before.kind == "text", f"line {block.line}: two code cells in a row"
            lines = [line for line in block.text.splitlines() if line.strip()]
            assert len(lines) <= 15, f"line {block.line}: {len(lines)} lines"


@pytest.mark.parametrize("lesson", EACH)
def test_no_code_of_yesterday(lesson: Path) -> None:
    """Lesson code uses neither ``.data`` of a tensor nor ``Variable``."""
    for block in blocks_of(lesson):
        if block.kind == "code":
            tree = ast.parse(block.text)
            names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
            names |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            assert "Variable" not in names
            owners = {
                ast.unparse(n.value)
                for n in ast.walk(tree)
                if isinstance(n, ast.Attribute) and n.attr == "data"
            }
            assert owners <= {"eatorch", "torch.utils", "array.ctypes"}, (
                f"line {block.line}: .data"
            )
