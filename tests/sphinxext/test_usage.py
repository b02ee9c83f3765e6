"""The names that a lesson uses are found in what ran, with the sections."""

import json
from pathlib import Path

import pytest

from eatorch.sphinxext.metadata import Lesson, read_lessons
from eatorch.sphinxext.usage import Use, documented, uses

ROOT = Path(__file__).parents[2]
KNOWN = {
    name: f"https://docs.pytorch.org/{name}"
    for name in (
        "torch.arange",
        "torch.Tensor.view",
        "torch.Tensor.sum",
        "torch.nn.Linear",
    )
}
LESSON = '''"""
.. _one:

One
===

See :func:`torch.arange`.

:Level: 1
:Hours: 1
"""

import torch
from torch import nn

import eatorch

x = torch.arange(6)

# %%
# .. _one-views:
#
# Views
# -----
#
# :meth:`torch.Tensor.view` copies nothing.
#
# .. _one-paragraph:
#
# A label of a mere paragraph has no title to show.

x.view(2, 3)
words.view(2, 3)
nn.Linear(1, 1)
torch.not_documented(x)
eatorch.plots.show_images
eatorch.plots._private
eatorch.check("01-1", x.view)
eatorch.data
'''


@pytest.fixture
def lesson(tmp_path: Path) -> tuple[Lesson, Path]:
    """Write a lesson and what sphinx-gallery noted when it ran."""
    chapter = tmp_path / "gallery" / "1_part"
    generated = tmp_path / "docs" / "lessons"
    chapter.mkdir(parents=True)
    (chapter / "01_one.py").write_text(LESSON, encoding="utf-8")
    (generated / "1_part").mkdir(parents=True)
    tensor = {"module": "torch", "module_short": "torch", "name": "Tensor"}
    text = {"module": "builtins", "module_short": "builtins", "name": "str"}
    (generated / "1_part" / "01_one.codeobj.json").write_text(
        json.dumps({"x": [tensor], "words": [text], "empty": []})
    )
    return read_lessons(tmp_path / "gallery")[0], generated


def test_names_come_with_section_and_whether_the_text_explains_them(
    lesson: tuple[Lesson, Path],
) -> None:
    found = uses(*lesson, KNOWN)
    assert Use("torch.arange", "one", explained=True) in found
    assert Use("torch.Tensor.view", "one-views", explained=True) in found
    assert Use("torch.nn.Linear", "one-views", explained=False) in found
    assert Use("eatorch.plots.show_images", "one-views", explained=False) in found
    assert Use("eatorch.check", "one-views", explained=False) in found


def test_private_undocumented_and_foreign_names_are_left_out(
    lesson: tuple[Lesson, Path],
) -> None:
    names = {use.name for use in uses(*lesson, KNOWN)}
    assert names == {
        *("torch.arange", "torch.Tensor.view", "torch.nn.Linear"),
        *("eatorch.plots.show_images", "eatorch.check"),
    }


def test_a_type_is_what_it_was_when_the_lesson_ran(
    lesson: tuple[Lesson, Path],
) -> None:
    page = lesson[1] / "1_part" / "01_one.codeobj.json"
    page.write_text("{}")  # nothing is known of x: its members are nobody's
    names = [use.name for use in uses(*lesson, KNOWN) if not use.explained]
    assert "torch.Tensor.view" not in names


def test_documented_names_lead_to_the_documentation_of_torch() -> None:
    known = documented(ROOT)
    assert known["torch.arange"].startswith("https://docs.pytorch.org/docs/2.13/")
    assert "torch" not in known  # a module is no function
    assert not [url for url in known.values() if "$" in url]
