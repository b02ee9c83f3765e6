"""The API docs name the lessons that use an object, and only as long as they do."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sphinx.application import Sphinx

from eatorch.sphinxext.examples import append_lessons


class Docs(SimpleNamespace):
    """As much of Sphinx as the step needs."""

    def __init__(self, folder: Path) -> None:
        settings = {"backreferences_dir": "uses"}
        super().__init__(
            srcdir=folder,
            config=SimpleNamespace(sphinx_gallery_conf=settings),
            env=SimpleNamespace(note_dependency=self.note),
            noted=[],
        )

    def note(self, path: str) -> None:
        """Remember on what the page depends."""
        self.noted.append(path)

    def lists(self, **uses: list[str]) -> None:
        """Write the list of uses as sphinx-gallery does."""
        path = self.srcdir / "uses" / "backreferences_all.json"
        path.parent.mkdir(exist_ok=True)
        before = path.stat().st_mtime_ns if path.exists() else 0
        path.write_text(json.dumps({f"eatorch.{name}": uses[name] for name in uses}))
        os.utime(path, ns=(before + 1, before + 1))

    def shown(self, name: str) -> str:
        """Return what is added to the docstring of a function."""
        lines: list[str] = []
        append_lessons(cast("Sphinx", self), "function", name, None, None, lines)
        return "\n".join(lines)


@pytest.fixture
def docs(tmp_path: Path) -> Any:
    return Docs(tmp_path)


def test_the_first_use_and_the_last_one_count(docs: Docs) -> None:
    assert docs.shown("eatorch.fit") == ""
    docs.lists(fit=["01_one.py"])
    (docs.srcdir / "uses" / "eatorch.fit.examples").write_text("it stays for ever")
    assert "minigallery:: eatorch.fit" in docs.shown("eatorch.fit")
    docs.lists(check=["01_one.py"])
    assert docs.shown("eatorch.fit") == ""


def test_a_use_by_the_short_name_counts(docs: Docs) -> None:
    docs.lists(fit=["01_one.py"])
    assert "minigallery:: eatorch.fit" in docs.shown("eatorch.training.fit")


def test_a_page_whose_names_nobody_uses_yet_waits_for_the_list(docs: Docs) -> None:
    docs.shown("eatorch.fit")
    assert docs.noted == [str(docs.srcdir / "uses" / "backreferences_all.json")]
