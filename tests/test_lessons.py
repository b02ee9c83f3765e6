"""Every lesson runs, its solutions pass their checks, typical slips do not.

What is asked here is what ``make check`` tells the author of a lesson.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eatorch import checking
from eatorch.sphinxext import lesson_exercises as answers
from eatorch.sphinxext.lesson_run import run
from eatorch.sphinxext.lesson_source import (
    Exercise,
    cell_faults,
    code_faults,
    exercise_faults,
    exercises_of,
)
from eatorch.sphinxext.lesson_text import (
    SourceLinks,
    export_faults,
    name_faults,
    picture_faults,
)

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))


def one_process(lesson: Path) -> pytest.MarkDecorator:
    """Keep the tests of a lesson in one process, where it runs once for all of them."""
    return pytest.mark.xdist_group(lesson.stem)


EACH = [pytest.param(it, id=it.stem, marks=one_process(it)) for it in LESSONS]
EXERCISES = [
    pytest.param(exercise, id=exercise.number, marks=one_process(lesson))
    for lesson in LESSONS
    for exercise in exercises_of(lesson)
]


@pytest.fixture(scope="module")
def links() -> SourceLinks:
    return SourceLinks(ROOT)


def names_after(exercise: Exercise) -> dict[str, Any]:
    done = run(exercise.lesson)
    assert done.finished, done.faults
    return done.names


def test_there_are_lessons() -> None:
    assert LESSONS


@pytest.mark.parametrize("lesson", EACH)
def test_lesson_runs_without_a_warning_and_labels_its_figures(lesson: Path) -> None:
    """From an empty folder, from top to bottom."""
    assert run(lesson).faults == []


@pytest.mark.parametrize("lesson", EACH)
def test_every_figure_is_told_in_chinese(lesson: Path) -> None:
    assert list(picture_faults(lesson, ROOT, run(lesson).titles)) == []


@pytest.mark.parametrize("lesson", EACH)
def test_cells_are_short_and_introduced(lesson: Path) -> None:
    assert list(cell_faults(lesson)) == []


@pytest.mark.parametrize("lesson", EACH)
def test_no_code_of_yesterday(lesson: Path) -> None:
    assert list(code_faults(lesson)) == []


@pytest.mark.parametrize("lesson", EACH)
def test_every_exercise_has_its_parts_and_its_check(lesson: Path) -> None:
    """And every check has its exercise."""
    assert list(exercise_faults(lesson, checking.numbers(lesson.name[:2]))) == []


@pytest.mark.parametrize("lesson", EACH)
def test_a_notebook_can_carry_the_text(lesson: Path, links: SourceLinks) -> None:
    assert list(export_faults(lesson, links)) == []


@pytest.mark.parametrize("lesson", EACH)
def test_what_the_text_names_exists(lesson: Path) -> None:
    assert list(name_faults(lesson, ROOT)) == []


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize(
    "faults",
    [
        answers.stub_faults,
        answers.solution_faults,
        answers.practice_faults,
        answers.definition_faults,
    ],
)
def test_stub_and_solution_do_what_they_should(
    exercise: Exercise, faults: Callable[[Exercise, dict[str, Any]], Iterator[str]]
) -> None:
    """The stub waits; the solution passes, on the page and in the terminal."""
    assert list(faults(exercise, names_after(exercise))) == []


@pytest.mark.parametrize("exercise", EXERCISES)
def test_typical_slips_are_told_what_is_wrong(exercise: Exercise) -> None:
    assert list(answers.slip_faults(exercise)) == []


@pytest.mark.parametrize("exercise", EXERCISES)
def test_hostile_answers_get_a_message(exercise: Exercise) -> None:
    """Whatever is handed in, the reader gets a sentence and no traceback."""
    assert list(answers.hostile_faults(exercise)) == []
