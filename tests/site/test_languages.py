"""The switch between the languages, and the page that chooses one."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from site_pages import LESSONS, Server, soup, twin


@pytest.mark.parametrize("page", LESSONS)
def test_switch_keeps_the_section_that_is_being_read(
    page: str, server: Server, browser: Browser
) -> None:
    sections = [str(it["id"]) for it in soup(page).select("section section[id]")]
    reading = sections[len(sections) // 2]
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    heading = tab.locator(f'[id="{reading}"] > :is(h2, h3, h4)').first
    tab.goto(f"{server.url(page)}#{reading}", wait_until="networkidle")
    expect(heading).to_be_in_viewport()  # a busy browser scrolls later than it loads
    tab.locator(".language-switch.in-sidebar a").click()
    tab.wait_for_url(f"{server.url(twin(page))}*", wait_until="networkidle")
    assert tab.url.partition("#")[2] == reading
    expect(heading).to_be_in_viewport()
    top = f"document.getElementById('{reading}').getBoundingClientRect().top"
    assert 0 <= tab.evaluate(top) < 400
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
    tab.goto(server.root, wait_until="networkidle")
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
    tab.goto(server.root, wait_until="networkidle")
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
