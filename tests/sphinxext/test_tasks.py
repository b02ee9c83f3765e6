"""The exercises for the terminal are those of the lessons."""

import json
import os
from pathlib import Path

import pytest

from eatorch.sphinxext import tasks
from eatorch.sphinxext.tasks import record, titles, write_tasks

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))
LESSON = '''"""
.. _one:

One
===

A promise.
"""

import torch
from torch import nn

import eatorch

# %%
# Given.

size = 3

# %%
# .. _one-ex1:
#
# Exercise 39-1: a layer
# ----------------------
#
# Make a :class:`~torch.nn.Linear` as in :ref:`one`.
#
# .. dropdown:: Hint
#
#    First.
#
#    Second.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       answer = nn.Linear(size, 1)
#
#    That is all.

answer = ...  # your code here
eatorch.check("39-1", answer)
'''


@pytest.fixture(scope="module")
def known() -> dict[str, dict[str, str]]:
    return titles(ROOT)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_tasks_are_in_step_with_their_lesson(
    lesson: Path, known: dict[str, dict[str, str]]
) -> None:
    path = ROOT / "src" / "eatorch" / "exercises" / f"{lesson.stem}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept == record(ROOT, lesson, known), f"run 'make catalogs L={path.name[:2]}'"


def test_no_tasks_are_left_of_a_lesson_that_went() -> None:
    kept = (ROOT / "src" / "eatorch" / "exercises").glob("*.json")
    assert {path.stem for path in kept} == {path.stem for path in LESSONS}


def test_a_task_has_its_words_its_imports_and_what_it_goes_on_from(
    tmp_path: Path,
) -> None:
    lesson = tmp_path / "gallery" / "1_part" / "39_one.py"
    lesson.parent.mkdir(parents=True)
    lesson.write_text(LESSON)
    known = {"en": {"one": "One"}}
    made = record(tmp_path, lesson, known)
    [task] = made["exercises"]
    assert task["number"] == "39-1"
    assert task["imports"] == ["import torch", "from torch import nn", "import eatorch"]
    assert task["given"] == ["size"]
    assert task["code"] == "answer = nn.Linear(size, 1)\n"
    assert task["en"] == {
        "title": "Exercise 39-1: a layer",
        "task": "Make a `Linear` as in One.",
        "hints": ["First.", "Second."],
        "solution": "That is all.",
    }
    assert "size = 3" in made["code"]
    assert "eatorch.check" not in made["code"]


def test_a_full_disk_leaves_the_old_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "src" / "eatorch" / "exercises"
    for path in (tmp_path / "gallery" / "1_part" / "39_one.py", folder / "39_one.json"):
        path.parent.mkdir(parents=True)
        path.write_text('"""One."""\n')

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    made = {"exercises": [{"number": "39-1"}]}
    monkeypatch.setattr(tasks, "record", lambda *_: made)
    [path] = write_tasks(tmp_path)
    assert json.loads(path.read_text()) == made
    made["exercises"] *= 2
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_tasks(tmp_path)
    assert len(json.loads(path.read_text())["exercises"]) == 1


def test_a_lesson_that_is_not_translated_keeps_its_file(tmp_path: Path) -> None:
    lesson = tmp_path / "gallery" / "1_part" / "39_one.py"
    lesson.parent.mkdir(parents=True)
    lesson.write_text(LESSON)
    assert write_tasks(tmp_path) == []
