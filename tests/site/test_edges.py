"""What readers seldom meet: a slow network, a full storage, another host, a draft."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from site_pages import SITE, Server, soup

from eatorch.sphinxext.languages import write_root

ROOT = Path(__file__).parents[2]
LESSON = "lessons/2_core/07_tensor.html"
BANNER = '<div class="drift"><p>Draft: 3 texts are not translated.</p></div>'
FULL = "Storage.prototype.setItem = () => { throw new Error('full'); }"
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}


def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page of a new reader; no script on it may fail."""
    context = browser.new_context(**options)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page on a wide screen."""
    yield from opened(browser, viewport={"width": 1280, "height": 800})


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Return a page on a phone."""
    yield from opened(browser, **PHONE)


def peek_at_a_term(page: Page, tree: str) -> str:
    """Wait for a paragraph in the other language; return where its term leads."""
    link = page.locator(".peek a[href*='glossary.html#']").first
    expect(link).to_be_visible()
    assert page.locator(".peek .term, .peek .tip").count() == 0
    assert link.get_attribute("aria-describedby") is None
    target = (link.get_attribute("href") or "").partition("#")[2]
    assert soup(f"{tree}/glossary.html").find(id=target) is not None
    return target


@pytest.mark.parametrize("tree", ["en", "zh-cn"])
def test_a_term_in_the_other_language_is_a_plain_link(
    tree: str, page: Page, server: Server
) -> None:
    page.goto(server.url(f"{tree}/{LESSON}"))
    page.locator("article p:has(.term)").first.hover(position={"x": 2, "y": 2})
    page.keyboard.press("t")
    peek_at_a_term(page, tree)
    page.locator(".peek a[href*='glossary.html#']").first.hover()
    page.locator(".peek a[href*='glossary.html#']").first.focus()


def test_a_term_in_the_other_language_takes_one_tap(
    phone: Page, server: Server
) -> None:
    phone.goto(server.url(f"zh-cn/{LESSON}"))
    phone.locator(".mobile-header .peek-switch").tap()
    phone.locator("article p:has(.term) > .peek-button").first.tap()
    target = peek_at_a_term(phone, "zh-cn")
    phone.locator(".peek a[href*='glossary.html#']").first.tap()
    phone.wait_for_url(f"**/zh-cn/glossary.html#{target}")


@pytest.mark.parametrize("tree", ["en", "zh-cn"])
def test_a_draft_can_be_read_beside_its_twin(
    tree: str, page: Page, server: Server
) -> None:
    def with_banner(route: Route) -> None:
        html = (SITE / "zh-cn" / LESSON).read_text(encoding="utf-8")
        before, article, after = html.partition('role="main">')
        route.fulfill(body=before + article + BANNER + after, content_type="text/html")

    page.route(f"**/zh-cn/{LESSON}", with_banner)
    page.goto(server.url(f"{tree}/{LESSON}"))
    page.locator("article h1 + p").hover()
    page.keyboard.press("t")
    peek = page.locator("article h1 + p > .peek")
    expect(peek).to_have_attribute("lang", {"en": "zh-CN", "zh-cn": "en"}[tree])


def test_a_mode_that_ended_opens_nothing(page: Page, server: Server) -> None:
    page.goto(server.url(f"en/{LESSON}"))
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route(f"**/zh-cn/{LESSON}", hold)
    switch = page.locator(".lesson-card .peek-switch")
    switch.click()
    with page.expect_request(f"**/zh-cn/{LESSON}") as request:
        page.locator("article h1 + p > .peek-button").click()
    switch.click()
    waiting[0].continue_()
    request.value.response()
    page.wait_for_timeout(500)
    assert page.locator(".peek, .peek-button, [aria-expanded=true]").count() == 0
    switch.click()  # and the page that came is kept for the next time
    page.locator("article h1 + p > .peek-button").click()
    expect(page.locator("article h1 + p .peek")).to_be_visible()


def test_escape_closes_a_term_however_it_was_opened(page: Page, server: Server) -> None:
    page.goto(server.url(f"en/{LESSON}"))
    term = page.locator("article p .term").first
    tip = term.locator(".tip")
    term.locator("a").focus()
    term.hover()
    page.mouse.move(0, 0)
    expect(tip).to_be_visible()  # it still has the focus
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    term.hover()
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()  # closed is closed, as long as it has the focus
    page.keyboard.press("Tab")
    term.locator("a").focus()
    expect(tip).to_be_visible()


def test_a_term_stays_inside_the_window_each_time(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 760, "height": 800})
    page.goto(server.url(f"en/{LESSON}"))
    right = "all => all.findIndex(it => it.getBoundingClientRect().left > 500)"
    terms = page.locator("article p .term")
    term = terms.nth(terms.evaluate_all(right))
    for _ in range(3):
        term.locator("a").hover()
        box = term.locator(".tip").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 760
        page.mouse.move(0, 0)


@pytest.mark.parametrize("tree", ["en", "zh-cn"])
def test_single_keys_can_be_switched_off(tree: str, page: Page, server: Server) -> None:
    page.goto(server.url(f"{tree}/{LESSON}"))
    keys = page.locator("footer").get_by_role("checkbox")
    keys.uncheck()
    page.reload()
    assert not keys.is_checked()
    page.locator("article h1 + p").hover()
    page.keyboard.press("/")
    page.keyboard.press("t")
    page.wait_for_timeout(500)
    assert page.evaluate("document.activeElement.matches('body')")
    assert page.locator(".peek").count() == 0
    keys.check()
    page.locator("article h1 + p").hover()
    page.keyboard.press("t")  # the box has the focus and takes no text
    expect(page.locator("article h1 + p > .peek")).to_be_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.matches('.sidebar-search')")


def test_copying_leaves_the_focus_where_it_was(page: Page, server: Server) -> None:
    page.add_init_script(NO_CLIPBOARD)
    page.goto(server.url(f"en/{LESSON}"))
    button = page.locator("button.copy").first
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("data-result", "Copied")
    expect(button).to_be_focused()


def test_a_damaged_record_in_a_full_storage_harms_nothing(
    page: Page, server: Server
) -> None:
    page.goto(server.url("en/plan.html"))
    page.evaluate("localStorage.setItem('eatorch-progress', '{broken')")
    page.add_init_script(FULL)
    page.reload()
    expect(page.locator("#progress .progress-count")).to_contain_text("0 of")
    page.locator(".own-tick [data-tick='01']").first.click()
    expect(page.locator("#progress [role=status]")).to_contain_text("keeps nothing")


def test_a_host_may_leave_html_out_of_its_addresses(page: Page, server: Server) -> None:
    page.route(
        "**/07_tensor",
        lambda route: route.fulfill(
            path=SITE / "en" / LESSON, content_type="text/html"
        ),
    )
    page.goto(server.url(f"en/{LESSON}".removesuffix(".html")))
    page.get_by_label("I have solved 07-2").check()
    page.goto(server.url("zh-cn/index.html"))
    page.locator(".continue-here a").click()
    page.wait_for_url(f"**/zh-cn/{LESSON}*")
    expect(page.get_by_label("我已做完 07-2")).to_be_checked()


@pytest.mark.parametrize(
    ("published", "asked", "root"),
    [
        ("https://x.org/", "https://x.org/children/a.html", "/"),
        ("https://x.org/", "https://x.org/en/children/a.html", "/"),
        ("https://x.org/", "http://localhost:8000/children/a.html", "/"),
        ("https://x.org/eatorch/", "https://x.org/eatorch/children/a", "/eatorch/"),
        ("https://x.org/eatorch/", "https://mirror.org/eatorch/a/b/", "/eatorch/"),
        ("https://x.org/eatorch/", "http://localhost:8000/en/a/b.html", "/"),
        ("https://x.org/eatorch/", "http://localhost:8000/lost.html", "/"),
        ("https://x.org/eatorch/", "http://localhost:8000/my/zh-cn/a.html", "/my/"),
        ("https://x.org/eatorch/", "http://localhost:8000/children/en/a", "/children/"),
        (
            "https://x.org/en/latest/",
            "https://x.org/en/latest/en/a.html",
            "/en/latest/",
        ),
        ("https://x.org/en/latest/", "https://x.org/en/old/en/a.html", "/en/latest/"),
        ("https://x.org/en/latest/", "http://localhost:8000/en/a.html", "/"),
        ("https://x.org/en/latest/", "http://localhost:8000/zh-cn/en/a.html", "/"),
    ],
)
def test_a_lost_address_leads_back_to_the_site(
    published: str, asked: str, root: str, page: Page, tmp_path: Path
) -> None:
    write_root(ROOT, tmp_path, url=published)
    page.route("**/*", lambda route: route.fulfill(path=tmp_path / "404.html"))
    page.goto(asked)
    links = page.locator("a").evaluate_all("all => all.map(it => it.pathname)")
    pages = ["en/index.html", "en/search.html", "zh-cn/index.html", "zh-cn/search.html"]
    assert links == [root + it for it in pages]
