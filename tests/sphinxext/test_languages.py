"""Pages know their twin and their words, and the root page chooses a language."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

from eatorch.sphinxext.languages import add_context, describe, localise, write_root
from eatorch.sphinxext.strings import STRINGS, text

ROOT = Path(__file__).parents[2]
THEME = """
<title>Contents</title><title>Menu</title><title>Expand</title>
<title>Light mode</title><title>Dark mode</title>
<title>Auto light/dark, in light mode</title>
<title>Auto light/dark, in dark mode</title>
<input aria-label="Toggle site navigation sidebar">
<input aria-label="Toggle table of contents sidebar">
<button aria-label="Toggle Light / Dark / Auto color theme">
<div class="header-right"></div>
<aside class="sidebar-drawer"></aside><aside class="toc-drawer no-toc"></aside>
<article role="main" id="furo-main-content">
"""


def test_every_text_exists_in_both_languages_with_the_same_braces() -> None:
    for key, (english, chinese) in STRINGS.items():
        assert english, key
        assert chinese, key
        braces = [set(re.findall(r"{\w+}", it)) for it in (english, chinese)]
        assert braces[0] == braces[1], key


def test_chinese_texts_use_full_width_punctuation() -> None:
    for key, (_, chinese) in STRINGS.items():
        assert not re.search(r"[\u4e00-\u9fff][,;:!?()]", chinese), key


def test_every_text_is_used() -> None:
    code = [it for it in (ROOT / "src").rglob("*.py") if it.name != "strings.py"]
    templates = (ROOT / "docs" / "_templates").rglob("*.html")
    sources = "".join(it.read_text(encoding="utf-8") for it in [*code, *templates])
    assert [key for key in STRINGS if not re.search(f"[\"']{key}[\"']", sources)] == []


@pytest.mark.parametrize("language", ["zh_CN", "zh-CN", "zh-cn"])
def test_text_knows_every_spelling_of_chinese(language: str) -> None:
    assert text("search", language) == "搜索"
    assert text("level_of_five", language, level=3) == "3/5"


def test_unknown_text_is_named() -> None:
    with pytest.raises(KeyError, match=r"key must be one of .*got 'serach'"):
        text("serach", "en")


def test_fixed_words_of_the_theme_become_chinese() -> None:
    page = localise(THEME, "<nav></nav>", language="zh_CN")
    assert not re.search(r"Toggle|Menu|Expand| mode|>Contents", page)
    assert '<div class="header-right"><nav></nav>' in page
    assert 'class="toc-drawer no-toc"' in page
    assert 'data-copy="复制" data-copied="已复制"' in page
    assert page.count("<aside aria-label=") + page.count('drawer" aria-label=') == 2


def test_a_changed_theme_stops_the_build() -> None:
    changed = THEME.replace("<title>Menu</title>", "<title>Main menu</title>")
    with pytest.raises(ExtensionError, match="no longer holds '<title>Menu</title>'"):
        localise(changed, "", language="en")


@pytest.mark.parametrize("address", ["https://x.org/docs", "https://x.org/docs/"])
def test_the_address_of_the_site_may_lack_its_last_slash(address: str) -> None:
    app: Any = SimpleNamespace(
        config=SimpleNamespace(language="zh_CN", html_baseurl=address)
    )
    context: dict[str, Any] = {"script_files": [], "css_files": []}
    add_context(app, "start/why", "page.html", context, None)
    pages = [f"https://x.org/docs/{it}/start/why.html" for it in ("en", "zh-cn")]
    assert [it["url"] for it in context["languages"]] == pages
    assert context["pageurl"] == pages[1]


def page_with(*paragraphs: str) -> nodes.document:
    document = nodes.document(None, None)  # type: ignore[arg-type]
    section = nodes.section("", nodes.title("", "Title"))
    section += nodes.note("", nodes.paragraph("", "A note."))
    section += [nodes.paragraph("", it) for it in paragraphs]
    document += section
    return document


def test_description_is_the_first_paragraph_and_more_if_that_is_short() -> None:
    long = "A sentence that says in many words what this page is about."
    assert describe(page_with(long, "More.")) == long
    assert describe(page_with("Two\nlines.", "More.")) == "Two lines. More."
    assert describe(None) == ""


def test_long_description_is_cut_at_a_word() -> None:
    words = describe(page_with("word " * 50))
    assert len(words) <= 157
    assert words.endswith("word …")


def test_root_page_needs_no_script_and_names_both_languages(tmp_path: Path) -> None:
    write_root(ROOT, tmp_path, url="https://example.org/docs/")
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert 'href="en/index.html"' in index
    assert 'href="zh-cn/index.html"' in index
    assert 'href="https://example.org/docs/zh-cn/index.html" hreflang="zh-CN"' in index
    lost = (tmp_path / "404.html").read_text(encoding="utf-8")
    assert 'href="/docs/en/index.html"' in lost
    assert (tmp_path / "favicon.svg").exists()
