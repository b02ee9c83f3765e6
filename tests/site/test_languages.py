"""The switch between the languages, and the page that chooses one."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from site_pages import LESSONS, Server, soup, twin


def poll(page: Page, script: str, wanted: Callable[[Any], bool]) -> Any:
    """Evaluate a script until its value is wanted, for 30 s at most; return the value.

    ``Page.wait_for_function`` can't do it: the pages' policy forbids its ``eval``.
    """
    for _ in range(150):
        value = page.evaluate(script)
        if wanted(value):
            break
        page.wait_for_timeout(200)
    return value


@pytest.mark.parametrize("page", LESSONS)
def test_switch_keeps_the_section_that_is_being_read(
    page: str, server: Server, browser: Browser
) -> None:
    sections = [str(it["id"]) for it in soup(page).select("section section[id]")]
    reading = sections[len(sections) // 2]
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    top = f"document.getElementById('{reading}').getBoundingClientRect().top"
    tab.goto(f"{server.url(page)}#{reading}", wait_until="networkidle")
    # A busy browser scrolls later than it loads; reading goes on in the top quarter.
    assert -1 <= poll(tab, top, lambda it: -1 <= it <= 200) <= 200
    tab.locator(".language-switch.in-sidebar a").click()
    tab.wait_for_url(f"{server.url(twin(page))}*", wait_until="networkidle")
    assert tab.url.partition("#")[2] == reading
    assert -1 <= poll(tab, top, lambda it: -1 <= it < 400) < 400
    tab.close()


@pytest.mark.parametrize("page", ["en/index.html", "zh-cn/search.html"])
def test_switch_in_the_header_of_a_phone(
    page: str, server: Server, browser: Browser
) -> None:
    tab = browser.new_page(viewport={"width": 360, "height": 740})
    tab.goto(server.url(page))
    tab.locator(".language-switch.in-header a").click()
    tab.wait_for_url(server.url(twin(page)) + "*")
    tab.close()


def landing(server: Server, browser: Browser, **options: Any) -> str:
    """Open the root page in a fresh profile; return where it led."""
    context = browser.new_context(**options)
    tab = context.new_page()
    tab.goto(server.root, wait_until="commit")
    tab.wait_for_url("**/index.html")
    address = tab.url.removeprefix(server.root)
    context.close()
    return address


@pytest.mark.parametrize(
    ("locale", "tree"),
    [("en-US", "en"), ("zh-CN", "zh-cn"), ("zh-TW", "zh-cn"), ("fr-FR", "en")],
)
def test_root_page_takes_the_language_of_the_browser(
    locale: str, tree: str, server: Server, browser: Browser
) -> None:
    assert landing(server, browser, locale=locale) == f"{tree}/index.html"


def test_root_page_remembers_the_last_visit(server: Server, browser: Browser) -> None:
    context = browser.new_context(locale="en-US")
    tab = context.new_page()
    tab.goto(server.url("zh-cn/index.html"), wait_until="networkidle")
    tab.goto(server.root, wait_until="commit")
    tab.wait_for_url("**/index.html")
    assert tab.url == server.url("zh-cn/index.html")
    context.close()


def test_root_page_offers_both_languages_without_scripts(
    server: Server, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    for name, page in (("English", "en"), ("中文", "zh-cn")):
        tab.goto(server.root)
        tab.get_by_role("link", name=name).click()
        tab.wait_for_url(server.url(f"{page}/index.html"))
    context.close()


@pytest.mark.parametrize("address", ["en/no/such/page.html", "zh-cn/nothing", "lost"])
def test_lost_address_leads_back(
    address: str, server: Server, browser: Browser
) -> None:
    tab = browser.new_page()
    answer = tab.goto(server.url(address))
    assert answer is not None
    assert answer.status == 404
    tab.get_by_role("link", name="首页").click()
    tab.wait_for_url(server.url("zh-cn/index.html"))
    tab.close()
