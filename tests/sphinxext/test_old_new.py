"""The table of old ways forgets no box of a lesson, and names what really exists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.utils.tensorboard
from sphinx.testing.util import SphinxTestApp
from torch import nn

from eatorch.sphinxext.glossary import avoided, terms
from eatorch.sphinxext.old_new import ChangeError, boxes, changes
from eatorch.sphinxext.wording import markup, typography

ROOT = Path(__file__).parents[2]
ROWS = changes(ROOT / "docs" / "old_new.json")
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9]*.py"))
GOOD = {
    "old_en": "``a`` is old",
    "old_zh": "``a`` 旧了",
    "new_en": "``b``",
    "new_zh": "``b``",
    "since": "2.0",
    "at": ["part"],
}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_box_of_a_lesson_is_linked(lesson: Path) -> None:
    """A lesson without one is fine: older tutorials may never have had its subject."""
    assert set(boxes(lesson)) <= {label for row in ROWS for label in row.at}


def test_every_row_leads_to_a_box() -> None:
    known = {label for lesson in LESSONS for label in boxes(lesson)}
    assert {label for row in ROWS for label in row.at} <= known


def test_no_old_way_stands_there_twice() -> None:
    assert len({row.old_en for row in ROWS}) == len({row.old_zh for row in ROWS})
    assert len({row.old_en for row in ROWS}) == len(ROWS) > 90


def test_both_languages_have_the_same_code_and_good_typography() -> None:
    wrong = avoided(terms(ROOT / "docs" / "terms.json"))
    for row in ROWS:
        for english, chinese in ((row.old_en, row.old_zh), (row.new_en, row.new_zh)):
            assert markup(english) == markup(chinese), english
            assert typography(chinese) == [], english
            assert [word for word in wrong if word in chinese] == [], english


def test_versions_are_versions_or_a_dash() -> None:
    for row in ROWS:
        assert re.fullmatch(r"–|((torchvision|pandas) )?\d\.\d+|Python 3", row.since)


def test_todays_names_of_pytorch_exist() -> None:
    """Each full name in the column of today can be reached."""
    homes = {"torch": torch, "nn": nn, "F": nn.functional}
    names = [
        name
        for row in ROWS
        for name in re.findall(r"``((?:torch|nn|F)(?:\.\w+)+)", row.new_en)
    ]
    assert len(names) > 30
    for name in names:
        first, *rest = name.split(".")
        found: Any = homes[first]
        for word in rest:
            assert hasattr(found, word), name
            found = getattr(found, word)


@pytest.mark.parametrize("name", ["eig", "symeig", "solve", "lstsq", "matrix_rank"])
def test_what_the_table_says_to_raise_raises(name: str) -> None:
    old = getattr(torch, name)
    matrix = torch.eye(2)
    arguments = (matrix, matrix) if name in {"solve", "lstsq"} else (matrix,)
    with pytest.raises(RuntimeError, match=r"deprecated since version 1\.9"):
        old(*arguments)


def build(folder: Path, rows: list[Any], settings: dict[str, str]) -> SphinxTestApp:
    """Build a page with the table beside a gallery of one lesson, number 07."""
    docs, gallery = folder / "docs", folder / "gallery" / "1_part"
    docs.mkdir()
    gallery.mkdir(parents=True)
    box = "# .. _part:\n#\n# .. admonition:: Then and now\n#\n#    Old.\n"
    (gallery / "07_part.py").write_text(box)
    (docs / "old_new.json").write_text(json.dumps(rows))
    (docs / "index.rst").write_text(".. _part:\n\nPart\n====\n\n.. old-new::\n")
    (docs / "conf.py").write_text("extensions = ['eatorch.sphinxext.old_new']")
    app = SphinxTestApp("html", srcdir=docs, confoverrides=settings)
    app.build()
    app.cleanup()
    return app


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**GOOD, "new_zh": ""}, "row 1: 'new_zh' is empty"),
        ({**GOOD, "at": []}, "row 1: 'at' is empty"),
        ({**GOOD, "when": "2020"}, "row 1: the fields must be"),
    ],
)
def test_a_wrong_row_is_told_what_is_wrong(
    tmp_path: Path, entry: dict[str, Any], message: str
) -> None:
    path = tmp_path / "old_new.json"
    path.write_text(json.dumps([entry]))
    with pytest.raises(ChangeError, match=message):
        changes(path)


@pytest.mark.parametrize(("language", "word"), [("en", "is old"), ("zh_CN", "旧了")])
def test_the_table_speaks_the_language_of_the_page(
    tmp_path: Path, language: str, word: str
) -> None:
    app = build(tmp_path, [GOOD], {"language": language})
    table = (app.outdir / "index.html").read_text("utf-8").partition("<table")[2]
    assert word in table
    assert 'href="#part"' in table
    assert ">07<" in table


def test_a_row_that_leads_to_no_box_is_told(tmp_path: Path) -> None:
    app = build(tmp_path, [{**GOOD, "at": ["elsewhere"]}], {})
    assert "no lesson has a box at ['elsewhere']" in app.warning.getvalue()
