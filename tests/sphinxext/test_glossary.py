"""The glossary is one file that is checked on loading and shown in both languages."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from eatorch.sphinxext.glossary import TermError, avoided, terms

ROOT = Path(__file__).parents[2]
GOOD = {"en": "weight", "zh": "权重", "meaning_en": "A factor.", "meaning_zh": "系数"}


def write(folder: Path, content: Any) -> Path:
    path = folder / "terms.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def build(folder: Path, content: Any, language: str) -> tuple[str, str]:
    """Build a page with the table; return its HTML and what Sphinx complained of."""
    write(folder, content)
    (folder / "index.rst").write_text("Words\n=====\n\n.. glossary-table::\n")
    settings = ["extensions=eatorch.sphinxext.glossary", f"language={language}"]
    command = [sys.executable, "-m", "sphinx", "-C", "-q"]
    command += [part for setting in settings for part in ("-D", setting)]
    command += [str(folder), str(folder / "out")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return (folder / "out" / "index.html").read_text(encoding="utf-8"), ran.stderr


def test_own_terms_load_in_order_of_their_english_names() -> None:
    names = [term.en.lower() for term in terms(ROOT / "docs" / "terms.json")]
    assert names == sorted(names)
    assert {"tensor", "gradient", "automatic differentiation"} <= set(names)


def test_own_terms_keep_to_their_own_words() -> None:
    found = terms(ROOT / "docs" / "terms.json")
    for term in found:
        for wrong in avoided(found):
            assert wrong not in term.zh + term.meaning_zh, term.en


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"en": "weight"}, "must hold a list"),
        (["weight"], "term 1: must be an object, got 'weight'"),
        ([{**GOOD, "zh": " "}], r"term 1 \(weight\): 'zh' must be text, got ' '"),
        ([{"en": "weight"}], "field 'zh' is missing; add it"),
        ([{**GOOD, "zhh": "x"}], "field 'zhh' is unknown"),
        ([{**GOOD, "also_en": "weights"}], "'also_en' must be a list of texts"),
        ([GOOD, {**GOOD, "en": "Weight"}], "term 'Weight' occurs twice"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(
    tmp_path: Path, content: Any, message: str
) -> None:
    with pytest.raises(TermError, match=message):
        terms(write(tmp_path, content))


def test_broken_json_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "terms.json"
    path.write_text('[\n{"en": }]')
    with pytest.raises(TermError, match=r"terms\.json:2: .*; repair the JSON"):
        terms(path)


def test_avoided_words_name_what_to_write(tmp_path: Path) -> None:
    path = write(tmp_path, [{**GOOD, "avoid_zh": ["权值"]}])
    assert avoided(terms(path)) == {"权值": ["权重"]}


@pytest.mark.parametrize(("language", "meaning"), [("en", "A factor."), ("zh", "系数")])
def test_the_table_has_both_languages_and_the_page_language_explains(
    tmp_path: Path, language: str, meaning: str
) -> None:
    batch = {**GOOD, "en": "Batch size", "zh": "批次大小", "also_en": ["batch sizes"]}
    html, complaints = build(tmp_path, [GOOD, batch], language)
    rows = BeautifulSoup(html, "html.parser").select("table.glossary tbody tr")
    assert [row["id"] for row in rows] == ["term-batch-size", "term-weight"]
    english, chinese, explained = rows[1].select("th, td")
    texts = [cell.text.strip() for cell in (english, chinese, explained)]
    assert texts == ["weight", "权重", meaning]
    assert (english["lang"], chinese["lang"]) == ("en", "zh-CN")
    assert not complaints


def test_a_page_with_a_broken_file_says_so(tmp_path: Path) -> None:
    _, complaints = build(tmp_path, [{"en": "weight"}], "en")
    assert "index.rst:4: ERROR" in complaints
    assert "field 'zh' is missing; add it" in complaints
