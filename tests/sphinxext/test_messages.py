"""Each page's messages are listed while Sphinx reads it, and only as long as it is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from docutils.core import publish_doctree

from eatorch.sphinxext.messages import collect, forget, read_messages


def sphinx(tmp_path: Path, language: str = "en", builder: str = "html") -> Any:
    """Return what the handlers see of an application that reads the page ``a/b``."""
    return SimpleNamespace(
        config=SimpleNamespace(language=language),
        builder=SimpleNamespace(name=builder),
        env=SimpleNamespace(docname="a/b"),
        outdir=str(tmp_path / "trees" / "en"),
        srcdir=str(tmp_path / "docs"),
    )


def read(tmp_path: Path, app: Any) -> dict[str, dict[str, str]]:
    source = "Title\n=====\n\nOne.\n\nTwo.\n\nOne.\n"
    collect(app, publish_doctree(source, source_path=str(tmp_path / "docs/a/b.rst")))
    return read_messages(tmp_path / "trees" / "messages")


def test_messages_come_in_order_with_their_first_place(tmp_path: Path) -> None:
    listed = read(tmp_path, sphinx(tmp_path))["a/b"]
    assert list(listed) == ["Title", "One.", "Two."]
    assert listed["One."] == "docs/a/b.rst:4"


def test_only_the_english_pages_are_listed(tmp_path: Path) -> None:
    assert read(tmp_path, sphinx(tmp_path, "zh_CN")) == {}
    assert read(tmp_path, sphinx(tmp_path, builder="gettext")) == {}


def test_the_list_of_a_page_that_is_gone_goes_too(tmp_path: Path) -> None:
    app = sphinx(tmp_path)
    read(tmp_path, app)
    forget(sphinx(tmp_path, "zh_CN"), app.env, "a/b")
    assert read_messages(tmp_path / "trees" / "messages")
    forget(app, app.env, "a/b")
    assert read_messages(tmp_path / "trees" / "messages") == {}
