"""Every lesson has key numbers, and they are what they were."""

import ast
import json
import math
from pathlib import Path
from typing import Any

import pytest

from eatorch.sphinxext.final_values import evaluate
from eatorch.sphinxext.key_numbers import compare, read
from eatorch.sphinxext.lesson_run import run

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "tests" / "key_numbers"
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))
EACH = [
    # The group of test_lessons.py: the lesson runs once for the tests of both files.
    pytest.param(it, id=it.stem, marks=pytest.mark.xdist_group(it.stem))
    for it in LESSONS
]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def test_each_file_belongs_to_a_lesson() -> None:
    assert {it.stem for it in KEPT.glob("*")} == {it.stem for it in LESSONS}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda it: it.stem)
def test_a_lesson_has_key_numbers_with_value_tolerance_and_words(lesson: Path) -> None:
    path = KEPT / f"{lesson.stem}.json"
    numbers = read(path)
    assert 3 <= len(numbers) <= 8
    assert len({number.what for number in numbers}) == len(numbers)
    for number in numbers:
        assert len(number.what.split()) >= 3, number
        ast.parse(number.expression, mode="eval")
        assert leaves(number.value), number
        for leaf in leaves(number.value):
            assert isinstance(leaf, bool | int | float | str), number
            assert isinstance(leaf, str) or math.isfinite(leaf), number
        if not any(isinstance(leaf, int | float) for leaf in leaves(number.value)):
            assert number.tolerance == "exact", "text has no distance"
    # One line for each, as 'make compare KEEP=1' writes them.
    lines = path.read_text(encoding="utf-8").splitlines()[1:-1]
    assert [json.loads(line.rstrip(","))["what"] for line in lines] == [
        number.what for number in numbers
    ]


@pytest.mark.parametrize("lesson", EACH)
def test_key_numbers_are_what_they_were(lesson: Path) -> None:
    numbers = read(KEPT / f"{lesson.stem}.json")
    done = run(lesson)
    assert done.finished, done.faults
    names = dict(done.names)
    found = {"values": [evaluate(number.expression, names) for number in numbers]}
    for row in compare(lesson.stem, numbers, found):
        assert row.verdict in ("same", "within"), row
