"""What is still in English on a Chinese page is counted and marked."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from docutils import nodes
from docutils.core import publish_doctree

from eatorch.sphinxext.catalogs import is_finished, read_catalog
from eatorch.sphinxext.drift import fill, mark
from eatorch.sphinxext.lookup import translations
from eatorch.sphinxext.merging import catalog_text

SOURCE = """\
Title
=====

Part
----

One *and* two.

.. image:: a.png
   :alt: The line rises

.. math:: a = b
"""
ALL = ["Title", "Part", "One *and* two.", "The line rises", "a = b"]


@pytest.fixture
def app(tmp_path: Path) -> Any:
    """Return what the handler sees of the Chinese build of the page ``page``."""
    listed = tmp_path / "work" / "messages" / "page.json"
    listed.parent.mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    listed.write_text(json.dumps(dict.fromkeys(ALL, "docs/page.rst:1")))
    return SimpleNamespace(
        config=SimpleNamespace(language="zh_CN", locale_dirs=["../locales"]),
        env=SimpleNamespace(docname="page", metadata={"page": {}}),
        outdir=str(tmp_path / "work" / "zh-cn"),
        srcdir=str(tmp_path / "docs"),
    )


def translated(tmp_path: Path, *messages: str) -> None:
    catalog = Catalog(locale="zh_CN")
    for message in messages:
        catalog.add(message, "中文")
    path = tmp_path / "locales" / "zh_CN" / "LC_MESSAGES" / "page.po"
    path.parent.mkdir(parents=True)
    path.write_text(catalog_text(catalog), encoding="utf-8")


def page() -> nodes.document:
    settings = {"doctitle_xform": False}
    return publish_doctree(SOURCE, settings_overrides=settings)


def marked(app: Any) -> nodes.document:
    doctree = page()
    mark(app, doctree)
    return doctree


def english(doctree: nodes.document) -> list[str]:
    return [
        node.astext() or node["alt"]
        for node in doctree.findall(nodes.Element)
        if "language-en" in node.get("classes", [])
    ]


def test_a_finished_page_is_left_alone(tmp_path: Path, app: Any) -> None:
    translated(tmp_path, *ALL)
    assert marked(app).pformat() == page().pformat()
    assert app.env.metadata["page"] == {}


def test_what_is_missing_is_counted_and_marked(tmp_path: Path, app: Any) -> None:
    translated(tmp_path, "Title", "Part", "a = b")
    assert english(marked(app)) == ["One and two.", "The line rises"]
    assert app.env.metadata["page"] == {"untranslated": 2, "untranslated_at": "part"}


def test_a_page_without_a_catalog_is_all_english(app: Any) -> None:
    words = ["Title", "Part", "One and two.", "The line rises"]
    assert english(marked(app)) == words  # a formula is no English
    assert app.env.metadata["page"]["untranslated"] == len(ALL)


def test_english_pages_are_never_marked(app: Any) -> None:
    app.config.language = "en"
    assert english(marked(app)) == []


def test_a_page_that_no_english_build_has_listed_is_not_judged(app: Any) -> None:
    app.env.docname = "other"
    assert english(marked(app)) == []


def test_the_downloads_of_a_draft_find_every_message(tmp_path: Path, app: Any) -> None:
    translated(tmp_path, "Title")
    locales = tmp_path / "locales" / "zh_CN" / "LC_MESSAGES"
    fill(Path(app.outdir).parent / "messages", locales, tmp_path / "filled")
    catalog = read_catalog(tmp_path / "filled" / "page.po")
    assert all(is_finished(catalog.get(text)) for text in ALL)
    assert [catalog[text].string for text in ALL[:2]] == ["中文", "Part"]


def test_a_table_of_a_draft_needs_no_catalog(tmp_path: Path) -> None:
    assert translations(tmp_path / "none.po") == {}
