"""Find by function, in the browser: names, lessons, and the filter."""

from statistics import median

import pytest
from playwright.sync_api import Browser, expect
from site_pages import LESSONS, SITE, Server, soup


@pytest.mark.parametrize("tree", ["en", "zh-cn"])
def test_every_name_leads_to_a_section_that_exists(tree: str) -> None:
    table = soup(f"{tree}/functions.html").select_one("table.finder")
    assert table is not None
    rows = table.select("tbody tr")
    assert len(rows) > 300
    for row in rows:
        links = [str(it["href"]) for it in row.select("td a")]
        assert links, row["id"]
        for link in links:
            page, _, section = link.partition("#")
            assert soup(f"{tree}/{page}").find(id=section), link


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_lesson_lists_its_own_functions(lesson: str) -> None:
    html = soup(lesson)
    links = [str(it["href"]) for it in html.select(".used-here a")]
    assert links  # at least the checks of its exercises
    assert not [link for link in links if not html.find(id=link.removeprefix("#"))]


@pytest.mark.parametrize("tree", ["en", "zh-cn"])
def test_most_lessons_list_many_functions(tree: str) -> None:
    lessons = [it for it in LESSONS if it.startswith(f"{tree}/")]
    assert median(len(soup(it).select(".used-here a")) for it in lessons) >= 25


@pytest.mark.parametrize(
    ("tree", "words", "name"),
    [("en", "einsum", "torch.einsum"), ("zh-cn", "Tensor.backward", "backward")],
)
def test_filter_narrows_the_list_as_the_reader_types(
    tree: str, words: str, name: str, server: Server, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(server.url(f"{tree}/functions.html"))
    page.locator(".filter input").fill(words)
    shown = page.locator("table.finder tbody tr:visible")
    expect(shown.first).to_contain_text(name)
    assert 1 <= shown.count() < 10
    page.locator(".filter input").fill("zzqx")
    expect(shown).to_have_count(0)
    expect(page.locator(".filter [role=status]")).to_contain_text("0")
    page.close()


def test_the_list_stands_without_scripts(server: Server, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url("en/functions.html"))
    assert not page.locator(".filter").is_visible()
    assert page.locator("table.finder tbody tr").first.is_visible()
    context.close()
    assert (SITE / "en" / "functions.html").stat().st_size < 2_000_000
