"""A new title reaches the sidebar of every page, in the next build too."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.cmd.build import main

from eatorch.sphinxext import navigation

CONF = 'extensions = ["eatorch.sphinxext.navigation"]\nhtml_theme = "furo"\n'
ROOT = "Home\n====\n\n.. toctree::\n\n   one\n   two\n"


def build(folder: Path) -> str:
    assert main(["-q", str(folder), str(folder / "out")]) == 0
    return (folder / "out" / "one.html").read_text(encoding="utf-8")


def test_a_title_that_changes_changes_on_the_other_pages(tmp_path: Path) -> None:
    for name, text in {"conf.py": CONF, "index.rst": ROOT}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "one.rst").write_text("One\n===\n")
    (tmp_path / "two.rst").write_text("Two\n===\n")
    assert ">Two</a>" in build(tmp_path)
    (tmp_path / "two.rst").write_text("Second\n======\n")
    assert ">Second</a>" in build(tmp_path)


def test_a_page_that_keeps_its_title_writes_no_other(tmp_path: Path) -> None:
    for name, text in {"conf.py": CONF, "index.rst": ROOT}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "one.rst").write_text("One\n===\n")
    (tmp_path / "two.rst").write_text("Two\n===\n")
    build(tmp_path)
    written = (tmp_path / "out" / "one.html").stat().st_mtime_ns
    (tmp_path / "two.rst").write_text("Two\n===\n\nMore.\n")
    build(tmp_path)
    assert (tmp_path / "out" / "one.html").stat().st_mtime_ns == written


def built(folder: Path) -> None:
    """Build a home page and the two pages that it lists."""
    (folder / "conf.py").write_text(CONF)
    (folder / "index.rst").write_text(ROOT)
    for name in ("one", "two"):
        (folder / f"{name}.rst").write_text(f"{name}\n===\n")
    build(folder)


def test_another_order_reaches_all_pages(tmp_path: Path) -> None:
    built(tmp_path)
    (tmp_path / "index.rst").write_text(
        "Home\n====\n\n.. toctree::\n\n   two\n   one\n"
    )
    build(tmp_path)
    assert sidebar(tmp_path / "out" / "one.html") == ["two", "one"]


def test_a_page_that_is_gone_does_not_stay(tmp_path: Path) -> None:
    built(tmp_path)
    (tmp_path / "two.rst").unlink()
    (tmp_path / "index.rst").write_text("Home\n====\n\n.. toctree::\n\n   one\n")
    build(tmp_path)
    pages = sorted(it.name for it in (tmp_path / "out").glob("*.html"))
    assert pages == ["genindex.html", "index.html", "one.html", "search.html"]


@pytest.mark.parametrize("many", [3, 4, 5])
def test_a_sidebar_of_very_many_pages_opens_its_own_part_only(
    many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five pages: home, two parts, and a page in each of them."""
    monkeypatch.setattr(navigation, "_MANY", many)
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "index.rst").write_text(ROOT)
    for part in ("one", "two"):
        text = f"{part}\n===\n\n.. toctree::\n\n   in_{part}\n"
        (tmp_path / f"{part}.rst").write_text(text)
        (tmp_path / f"in_{part}.rst").write_text(f"in {part}\n======\n")
    build(tmp_path)
    whole = ["one", "in one", "two", "in two"]
    assert sidebar(tmp_path / "out" / "index.html") == whole
    short = ["one", "in one", "two"]
    expected = short if many < 5 else whole
    assert sidebar(tmp_path / "out" / "one.html") == expected
    assert sidebar(tmp_path / "out" / "in_one.html") == expected


def sidebar(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return [link.get_text() for link in soup.select(".sidebar-tree a.reference")]
