"""A paragraph in the other language, and terms that explain themselves."""

from collections.abc import Iterator
from statistics import median

import pytest
from bs4 import Tag
from playwright.sync_api import Browser, Page, expect
from site_pages import LESSONS, Server, soup, twin

LESSON = "lessons/2_core/08_autograd.html"
BLOCKS = ":is(p, h1, h2, h3, h4, li, dt, dd, th, td, summary):not(:has(p, ul, ol, li))"
SKIP = [".lesson-card", ".highlight", ".output", ".sphx-glr-script-out", ".tip"]


def blocks(page: str) -> list[str]:
    """Return the kinds of a page's blocks, as peek.js counts them."""
    article = soup(page).article
    assert isinstance(article, Tag)
    skipped = {id(it) for rule in SKIP for it in article.select(rule)}
    return [
        it.name
        for it in article.select(BLOCKS)
        if not any(id(above) in skipped for above in (it, *it.parents))
    ]


@pytest.mark.parametrize("page", [it for it in LESSONS if it.startswith("en/")])
def test_both_languages_have_the_same_blocks(page: str) -> None:
    assert blocks(page) == blocks(twin(page))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page of a new reader."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    yield opened
    context.close()


def first_paragraph(page: Page, tree: str, server: Server) -> str:
    page.goto(server.url(f"{tree}/{LESSON}"))
    return page.locator("article h1 + p").inner_text()


@pytest.mark.parametrize(("tree", "other"), [("en", "zh-cn"), ("zh-cn", "en")])
def test_a_key_shows_the_paragraph_and_hides_it(
    tree: str, other: str, page: Page, server: Server
) -> None:
    theirs = first_paragraph(page, other, server)
    ours = first_paragraph(page, tree, server)
    paragraph = page.locator("article h1 + p")
    paragraph.hover()
    page.keyboard.press("t")
    peek = paragraph.locator(".peek")
    expect(peek).to_have_text(theirs)
    assert peek.get_attribute("lang") == {"en": "en", "zh-cn": "zh-CN"}[other]
    boxes = [paragraph.locator(it).bounding_box() for it in (".peek-original", ".peek")]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[1]["x"] > boxes[0]["x"]  # beside it
    page.keyboard.press("t")
    expect(peek).to_have_count(0)
    page.mouse.move(0, 0)  # off any term, whose meaning would count as text
    expect(paragraph).to_have_text(ours, use_inner_text=True)


def test_a_tap_shows_it_only_in_the_mode_for_it(page: Page, server: Server) -> None:
    theirs = first_paragraph(page, "zh-cn", server)
    first_paragraph(page, "en", server)
    paragraph = page.locator("article h1 + p")
    asked: list[str] = []
    page.on("request", lambda it: asked.append(it.url))
    paragraph.click()
    page.wait_for_timeout(500)  # time to ask for the twin, which no tap may do yet
    assert server.url(f"zh-cn/{LESSON}") not in asked
    assert page.locator(".peek").count() == 0
    switch = page.locator(".lesson-card .peek-switch")
    switch.click()
    assert switch.get_attribute("aria-pressed") == "true"
    button = paragraph.get_by_role("button", name="This paragraph in Chinese")
    button.focus()
    page.keyboard.press("Enter")
    expect(paragraph.locator(".peek")).to_have_text(theirs)
    assert button.get_attribute("aria-expanded") == "true"
    switch.click()
    assert page.locator(".peek, .peek-button").count() == 0


def test_on_a_phone_it_stands_below(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    first_paragraph(page, "en", server)
    page.locator(".mobile-header .peek-switch").click()
    page.locator("article h1 + p").click(position={"x": 20, "y": 10})
    peek = page.locator(".peek")
    expect(peek).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_lost_twin_is_told(page: Page, server: Server) -> None:
    first_paragraph(page, "en", server)
    page.route("**/zh-cn/**", lambda route: route.abort())
    page.locator("article h1 + p").hover()
    page.keyboard.press("t")
    expect(page.locator(".peek")).to_contain_text("could not be loaded")


@pytest.mark.parametrize("lesson", LESSONS)
def test_terms_are_explained_once_and_lead_to_the_glossary(lesson: str) -> None:
    html = soup(lesson)
    terms = html.select(".term")
    rows = {
        str(it["id"])
        for it in soup(lesson[: lesson.index("/")] + "/glossary.html").select("tr[id]")
    }
    targets = []
    for term in terms:
        link, tip = term.select_one("a"), term.select_one(".tip")
        assert link is not None
        assert tip is not None
        assert link["aria-describedby"] == tip["id"]
        assert tip.get_text(strip=True)
        targets.append(str(link["href"]).partition("#")[2])
    assert len(targets) == len(set(targets))
    assert set(targets) <= rows


@pytest.mark.parametrize("tree", ["en", "zh-cn"])
def test_most_lessons_have_many_terms(tree: str) -> None:
    lessons = [it for it in LESSONS if it.startswith(f"{tree}/")]
    assert median(len(soup(it).select(".term")) for it in lessons) >= 15


@pytest.mark.parametrize("tree", ["en", "zh-cn"])
def test_a_term_speaks_to_pointer_and_keyboard(
    tree: str, page: Page, server: Server
) -> None:
    first_paragraph(page, tree, server)
    term = page.locator(".term").first
    tip = term.locator(".tip")
    expect(tip).to_be_hidden()
    term.hover()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(0, 0)
    term.locator("a").focus()
    expect(tip).to_be_visible()
    name = term.locator("a").evaluate(
        "it => document.getElementById(it.getAttribute('aria-describedby')).textContent"
    )
    assert name == tip.inner_text()


def test_the_first_tap_explains_the_second_follows(
    browser: Browser, server: Server
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(server.url(f"en/{LESSON}"))
    term = page.locator(".term").first
    term.locator("a").tap()
    expect(term.locator(".tip")).to_be_visible()
    box = term.locator(".tip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.wait_for_timeout(500)  # time for a wrong step to the glossary
    assert page.url.endswith(LESSON)
    term.locator("a").tap()
    page.wait_for_url("**/glossary.html#term-*")
    context.close()
