"""A new title reaches the sidebar of every page, in the next build too."""

from pathlib import Path

from sphinx.cmd.build import main

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
