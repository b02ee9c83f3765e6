"""What was made before comes back only while nothing that it depends on has changed."""

import json
import shutil
from pathlib import Path

import pytest

from eatorch.sphinxext import trees
from eatorch.sphinxext.finish import Page, finish_page
from eatorch.sphinxext.kept import fingerprint, kept

ROOT = Path(__file__).parents[2]
HTML = """<html><head><meta charset="utf-8"></head><body><article><h1>{title}</h1>
<p>Text.</p></article></body></html>"""


def test_the_same_mark_brings_back_what_was_made(tmp_path: Path) -> None:
    place = tmp_path / "folder" / "a.txt"
    other = tmp_path / "folder" / "not-a.txt"
    assert kept(other, fingerprint(b"1"), lambda: b"other") == b"other"
    assert kept(place, fingerprint(b"1"), lambda: b"first") == b"first"
    assert kept(place, fingerprint(b"1"), lambda: b"second") == b"first"
    assert kept(place, fingerprint(b"2"), lambda: b"third") == b"third"
    assert kept(place, fingerprint(b"1"), lambda: b"fourth") == b"fourth"
    assert kept(other, fingerprint(b"1"), lambda: b"lost") == b"other"
    assert len(list(place.parent.iterdir())) == 2, "older ones are thrown away"


def test_what_a_disk_has_damaged_is_made_again(tmp_path: Path) -> None:
    assert kept(tmp_path / "a", fingerprint(), lambda: b"whole") == b"whole"
    (place,) = tmp_path.iterdir()
    place.write_bytes(b"who")
    assert kept(tmp_path / "a", fingerprint(), lambda: b"whole again") == b"whole again"
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"whole again"]


def test_what_stops_half_way_is_not_kept(tmp_path: Path) -> None:
    def stops() -> bytes:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        kept(tmp_path / "a", fingerprint(), stops)
    assert kept(tmp_path / "a", fingerprint(), lambda: b"whole") == b"whole"


def test_only_changed_pages_are_finished_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_inventories/names.txt", "terms.json"):
        copy = tmp_path / "docs" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "docs" / name, copy)
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "_images").mkdir(parents=True)
    for name in ("one", "two"):
        (source / f"{name}.html").write_text(HTML.format(title=name))

    def finished() -> list[str]:
        """Finish the tree; return the pages that this was done for."""
        names: list[str] = []

        def finish(html: str, page: Page) -> str:
            names.append(page.path)
            return finish_page(html, page)

        monkeypatch.setattr(trees, "finish_page", finish)
        shutil.rmtree(target, ignore_errors=True)
        trees.finish_tree(source, target, tmp_path, "en", [])
        return names

    assert finished() == ["one.html", "two.html"]
    pages = {path.name: path.read_text() for path in target.glob("*.html")}
    assert finished() == []
    assert {path.name: path.read_text() for path in target.glob("*.html")} == pages

    (source / "one.html").write_text(HTML.format(title="another"))
    assert finished() == ["one.html"]
    assert "another" in (target / "one.html").read_text()
    glossary = json.loads((tmp_path / "docs" / "terms.json").read_text())
    (tmp_path / "docs" / "terms.json").write_text(json.dumps(glossary[:-1]))
    assert finished() == ["one.html", "two.html"]
