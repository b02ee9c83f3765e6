"""The search, asked in the browser as a reader asks it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from site_pages import HERE, SITE, Server

QUERIES: dict[str, Any] = {
    tree: json.loads((HERE / f"queries_{name}.json").read_text(encoding="utf-8"))
    for tree, name in (("en", "en"), ("zh-cn", "zh"))
}
FIND = [
    (tree, query, page)
    for tree, queries in QUERIES.items()
    for query, page in queries["find"].items()
]
NOTHING = [(tree, it) for tree, queries in QUERIES.items() for it in queries["nothing"]]


class Searcher:
    """Search pages of both languages, kept open."""

    def __init__(self, server: Server, browser: Browser) -> None:
        """Open both pages."""
        self.tabs: dict[str, Page] = {}
        for tree in QUERIES:
            self.tabs[tree] = browser.new_page()
            self.tabs[tree].goto(server.url(f"{tree}/search.html"))

    def ask(self, tree: str, query: str) -> list[str]:
        """Type a query; return the pages found, best first."""
        tab = self.tabs[tree]
        tab.locator("#search-input").fill(query)
        tab.keyboard.press("Enter")
        expect(tab.locator("#search-status")).to_contain_text(f"“{query}”")
        links = tab.locator("#search-results h2 a")
        found = links.evaluate_all("links => links.map((it) => it.pathname)")
        return [str(it).partition(f"/{tree}/")[2] for it in found]


@pytest.fixture(scope="module")
def searcher(server: Server, browser: Browser) -> Iterator[Searcher]:
    """Return the open search pages."""
    running = Searcher(server, browser)
    yield running
    for tab in running.tabs.values():
        tab.close()


@pytest.mark.parametrize("tree", QUERIES)
def test_query_set_is_large_enough(tree: str) -> None:
    assert len(QUERIES[tree]["find"]) >= 60
    assert len(QUERIES[tree]["nothing"]) >= 10


@pytest.mark.parametrize(("tree", "query", "page"), FIND)
def test_page_is_among_the_first_three(
    tree: str, query: str, page: str, searcher: Searcher
) -> None:
    assert page in searcher.ask(tree, query)[:3]


@pytest.mark.parametrize(("tree", "query"), NOTHING)
def test_nothing_is_found(tree: str, query: str, searcher: Searcher) -> None:
    assert searcher.ask(tree, query) == []


@pytest.mark.parametrize("tree", QUERIES)
def test_every_glossary_term_is_found_in_both_languages(
    tree: str, searcher: Searcher
) -> None:
    terms = json.loads((HERE.parents[1] / "docs" / "terms.json").read_text("utf-8"))
    words = [term[language] for term in terms for language in ("en", "zh")]
    missing = [it for it in words if "glossary.html" not in searcher.ask(tree, it)]
    assert missing == []


@pytest.mark.parametrize("tree", QUERIES)
def test_sidebar_box_leads_to_the_answers(
    tree: str, server: Server, browser: Browser
) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto(server.url(f"{tree}/index.html"))
    tab.keyboard.press("/")
    tab.keyboard.type("tensor")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=tensor")
    expect(tab.locator("#search-results li").first).to_be_visible()
    tab.keyboard.press("Tab")  # the button
    tab.keyboard.press("Tab")  # the first answer
    tab.keyboard.press("Enter")
    tab.wait_for_url(lambda url: "/search.html" not in url)
    tab.close()


@pytest.mark.parametrize("tree", QUERIES)
def test_number_of_answers_is_announced(tree: str, searcher: Searcher) -> None:
    found = searcher.ask(tree, "NumPy")
    status = searcher.tabs[tree].locator("#search-status")
    assert status.get_attribute("role") == "status"
    assert str(len(found)) in status.inner_text()


@pytest.mark.parametrize(("tree", "word"), [("en", "JavaScript"), ("zh-cn", "启用")])
def test_search_says_that_it_needs_scripts(
    tree: str, word: str, server: Server, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(server.url(f"{tree}/search.html"))
    assert (
        word
        in tab.locator("article noscript, article .search-notice").all_inner_texts()[0]
    )
    assert tab.locator("#search-form").is_hidden()
    context.close()


@pytest.mark.parametrize(("tree", "word"), [("en", "as a file"), ("zh-cn", "本地文件")])
def test_search_says_that_it_needs_a_server(
    tree: str, word: str, browser: Browser
) -> None:
    tab = browser.new_page()
    tab.goto((SITE / tree / "search.html").as_uri())
    expect(tab.locator("#search-status")).to_contain_text(word)
    tab.close()
