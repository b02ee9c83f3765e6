"""The page of data sets leaves none out, counts right and knows each licence."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sphinx.testing.util import SphinxTestApp

from eatorch import data
from eatorch.sphinxext.data_table import _SAME, GROUPS, credit, size
from eatorch.sphinxext.lookup import translations

ROOT = Path(__file__).parents[2]
NAMES = [name for group in GROUPS.values() for name in group]
DIGITS = "1,797 × 1 × 8 × 8".replace(" ", "\N{NO-BREAK SPACE}")
LESSON = '''"""
.. _first:

First
=====

Promise.

:Level: 1
:Hours: 1
"""

import eatorch

# %%
# Load.

eatorch.data.digit_folders("place")
'''


def test_every_function_that_loads_data_is_on_the_page_once() -> None:
    functions = {it for it in data.__all__ if inspect.isfunction(getattr(data, it))}
    assert len(NAMES) == len(set(NAMES))
    assert set(NAMES) == functions - {"loaders"} - _SAME.keys()


@pytest.mark.parametrize("name", [*GROUPS["installed"], *GROUPS["downloaded"]])
def test_real_data_have_a_credit_and_the_licence_that_it_names(name: str) -> None:
    (thanks,) = credit(getattr(data, name))
    licences = ("CC BY 4.0", "CC BY 2.0", "ublic domain", "Unicode licence", "BSD")
    english, chinese = {**GROUPS["installed"], **GROUPS["downloaded"]}[name]
    for licence in licences:
        assert (licence in thanks) == (licence in english), licence
    assert ("没有" in chinese) == ("no licence" in english)


def test_all_texts_of_the_functions_have_their_chinese() -> None:
    page = ROOT / "locales" / "zh_CN" / "LC_MESSAGES" / "reference" / "data.po"
    chinese = translations(page)
    loads = [getattr(data, name) for name in NAMES]
    told = [(inspect.getdoc(load) or "").partition("\n")[0] for load in loads]
    told += [text for load in loads for text in credit(load)]
    assert [text for text in told if text not in chinese] == []


@pytest.mark.parametrize(
    ("value", "measured"),
    [
        (torch.zeros(3, 2), ((3, 2), 24)),
        ((torch.zeros(3), torch.zeros(2, dtype=torch.int64)), ((3,), 28)),
        (data.Texts(("ab", "的"), torch.zeros(2), ("x",)), ((2,), 2 + 3 + 8 + 1)),
        (
            data.Series(np.zeros(2, "datetime64[M]"), torch.zeros(2, 1), ("a",)),
            ((2, 1), 16 + 8 + 1),
        ),
    ],
)
def test_size_counts_numbers_and_texts(value: Any, measured: Any) -> None:
    assert size(value) == measured


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Load 1,797 handwritten", DIGITS, "as scikit-learn"]),
        (
            "zh_CN",
            ["加载 1,797 个", DIGITS, "随 scikit-learn 提供"],
        ),
    ],
)
def test_the_table_speaks_the_language_of_the_page(
    tmp_path: Path, language: str, words: list[str]
) -> None:
    """A lesson that loads a set in another form counts as using it."""
    docs, gallery = tmp_path / "docs", tmp_path / "gallery" / "1_part"
    (docs / "lessons" / "1_part").mkdir(parents=True)
    gallery.mkdir(parents=True)
    (gallery / "01_first.py").write_text(LESSON)
    (docs / "lessons" / "1_part" / "01_first.codeobj.json").write_text("{}")
    (docs / "index.rst").write_text(
        ".. _first:\n\nTitle\n=====\n\n.. data-table:: installed\n"
    )
    (docs / "conf.py").write_text("extensions = ['eatorch.sphinxext.data_table']")
    (tmp_path / "locales").symlink_to(ROOT / "locales")
    settings = {"language": language}
    app = SphinxTestApp("html", srcdir=docs, confoverrides=settings)
    app.build()
    page = (app.outdir / "index.html").read_text(encoding="utf-8")
    app.cleanup()
    text = page.partition("<table")[2]
    assert [word for word in words if word not in text] == []
    row = next(it for it in text.split("<tr") if DIGITS in it)
    assert ">01<" in row
    assert "–" in next(it for it in text.split("<tr") if "co2" in it)
