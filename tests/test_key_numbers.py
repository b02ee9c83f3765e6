"""Every lesson has key numbers, and they are what they were."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from eatorch.sphinxext.key_numbers import read
from eatorch.sphinxext.lesson_numbers import moved_faults, number_faults
from eatorch.sphinxext.lesson_run import run

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "tests" / "key_numbers"
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))
EACH = [
    # The group of test_lessons.py: the lesson runs once for the tests of both files.
    pytest.param(it, id=it.stem, marks=pytest.mark.xdist_group(it.stem))
    for it in LESSONS
]


def test_each_file_belongs_to_a_lesson() -> None:
    assert {it.stem for it in KEPT.glob("*")} == {it.stem for it in LESSONS}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda it: it.stem)
def test_a_lesson_has_key_numbers_with_value_tolerance_and_words(lesson: Path) -> None:
    path = KEPT / f"{lesson.stem}.json"
    assert list(number_faults(path)) == []
    # One line for each, as 'make compare KEEP=1' writes them.
    lines = path.read_text(encoding="utf-8").splitlines()[1:-1]
    assert [json.loads(line.rstrip(","))["what"] for line in lines] == [
        number.what for number in read(path)
    ]


@pytest.mark.parametrize("lesson", EACH)
def test_key_numbers_are_what_they_were(lesson: Path) -> None:
    done = run(lesson)
    assert done.finished, done.faults
    assert list(moved_faults(KEPT / f"{lesson.stem}.json", done.names)) == []


def write(path: Path, *changes: dict[str, Any]) -> Path:
    """Write three good entries, with changes in the first ones."""
    entries = [
        {"what": f"loss number {at}", "expression": "x", "value": 1, "tolerance": "1"}
        for at in range(3)
    ]
    for entry, change in zip(entries, changes, strict=False):
        entry.update(change)
    lines = ",\n".join(map(json.dumps, [*entries, *changes[3:]]))
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        ({"what": "loss"}, 2, "'loss' says too little; use 3 words or more"),
        ({"what": "loss number 1"}, 2, "'loss number 1' stands there twice; drop one"),
        ({"expression": "x +"}, 2, "'x +': invalid syntax; write one Python"),
        ({"value": None}, 2, "no value yet; run 'make compare L=07 KEEP=1'"),
        ({"value": []}, 2, "[] is no finite value; choose another expression"),
        ({"value": [1, {}]}, 2, "[1, {}] is no finite value; choose"),
        ({"value": math.inf}, 2, "inf is no finite value; choose"),
        ({"value": "text"}, 2, "is text, which has no distance; write 'exact'"),
        ({"tolerance": "much"}, 2, "tolerance of 'loss number 0' must be 'exact'"),
    ],
)
def test_a_wrong_entry_is_told_with_line_and_cure(
    tmp_path: Path, change: dict[str, Any], line: int, told: str
) -> None:
    path = write(tmp_path / "07_x.json", change)
    (fault,) = number_faults(path)
    assert fault.startswith(f"{path}:{line}: ")
    assert told in fault


def test_a_missing_file_is_told_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "07_x.json"
    (fault,) = number_faults(path)
    assert fault.startswith(f"{path}:1: no such file; list there 3 to 8 numbers")
    assert fault.endswith("run 'make compare L=07 KEEP=1'")


def test_too_few_and_a_damaged_file_are_told(tmp_path: Path) -> None:
    path = tmp_path / "07_x.json"
    path.write_text("[]")
    (fault,) = number_faults(path)
    assert fault.startswith(f"{path}:1: a lesson has 3 to 8 key numbers, this one 0; ")
    path.write_text("[\n{]")
    (fault,) = number_faults(path)
    assert fault.startswith(f"{path}:2: must be a list of entries")
    assert list(moved_faults(path, {})) == [], "told already"


def test_what_moved_is_told_with_line_and_cure(tmp_path: Path) -> None:
    path = write(tmp_path / "07_x.json", {}, {"expression": "y"}, {"value": None})
    assert list(moved_faults(path, {"x": 2, "y": 2})) == []
    moved, failed = moved_faults(path, {"x": 3})
    cure = "mend the lesson or run 'make compare L=07 KEEP=1'"
    assert moved == f"{path}:2: 'loss number 0' was 1 and is 3; {cure}"
    assert failed.startswith(f"{path}:3: 'loss number 1' was 1 and is NameError: ")
