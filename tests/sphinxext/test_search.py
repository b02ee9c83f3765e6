"""The index holds every page in a form that answers Chinese and API names."""

import json
from pathlib import Path

import pytest

from eatorch.sphinxext.search import index_tree, synonyms

PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<title>T</title></head><body><article id="furo-main-content"><section id="top">
<h1>{title}</h1><p>{text}</p></section></article></body></html>"""


def test_synonyms_lead_from_each_language_to_the_other() -> None:
    table = synonyms(
        [
            {"en": "gradient", "zh": "梯度", "also_en": ["gradients", "grad"]},
            {"en": "GPU", "zh": "GPU", "also_en": []},
        ]
    )
    assert table["gradients"] == ["梯度"]
    assert table["梯度"] == ["gradient", "gradients", "grad"]
    assert "gpu" not in table


def make_tree(folder: Path, pages: dict[str, str], lang: str = "zh-CN") -> Path:
    for name, text in pages.items():
        page = PAGE.format(lang=lang, title=name, text=text)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    path = tmp_path / "terms.json"
    path.write_text(json.dumps([{"en": "tensor", "zh": "张量", "also_en": []}]))
    return path


def test_index_counts_all_pages_and_drops_spare_parts(
    tmp_path: Path, terms: Path
) -> None:
    tree = make_tree(tmp_path, {"one": "张量的形状", "two": "梯度"})
    index_tree(tree, terms)
    entry = json.loads((tree / "pagefind" / "pagefind-entry.json").read_text())
    assert entry["languages"]["zh-cn"]["page_count"] == 2
    assert not list((tree / "pagefind").glob("*-ui.*"))
    assert json.loads((tree / "synonyms.json").read_text())["张量"] == ["tensor"]


def test_pages_themselves_stay_as_they_are(tmp_path: Path, terms: Path) -> None:
    tree = make_tree(tmp_path, {"one": "张量的形状"})
    before = (tree / "one.html").read_bytes()
    index_tree(tree, terms)
    assert (tree / "one.html").read_bytes() == before


def test_a_failing_index_says_where(tmp_path: Path, terms: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RuntimeError, match=r"pagefind failed on .*empty"):
        index_tree(empty, terms)
