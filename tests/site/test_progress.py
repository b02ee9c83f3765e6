"""Ticks, the planner and the way back, in a real browser and in both languages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from site_pages import Server, soup

LESSON = "lessons/2_core/07_tensor.html"
RECORD = {"eatorch": "progress", "version": 1, "done": {"07": "2026-01-02"}}


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """Return a page of a reader who has never been here."""
    context = browser.new_context(accept_downloads=True, locale="en-GB")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []
    context.close()


def stored(page: Page) -> dict[str, str]:
    text: str = page.evaluate("localStorage.getItem('eatorch-progress')")
    done: dict[str, str] = json.loads(text)["done"]
    return done


def bring(page: Page, folder: Path, content: object) -> str:
    """Import a file and return what the page says."""
    path = folder / "progress.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    status = page.locator("#progress [role=status]")
    page.evaluate("document.querySelector('#progress [role=status]').textContent = ''")
    page.locator("[name=import]").set_input_files(path)
    expect(status).not_to_be_empty()
    return status.inner_text()


def test_a_tick_is_kept_and_counts_in_both_languages(
    server: Server, reader: Page
) -> None:
    reader.goto(server.url(f"en/{LESSON}"))
    reader.get_by_label("I have read this lesson").check()
    reader.get_by_label("I have solved 07-2").check()
    assert set(stored(reader)) == {"07", "07-2"}
    reader.goto(server.url(f"zh-cn/{LESSON}"))
    assert reader.get_by_label("我已读完本课").is_checked()
    assert reader.get_by_label("我已做完 07-2").is_checked()
    assert not reader.get_by_label("我已做完 07-1").is_checked()
    reader.goto(server.url("zh-cn/plan.html"))
    expect(reader.locator(".progress-count")).to_contain_text("1 道练习")
    assert reader.locator("tr.done [data-tick='07']").count() >= 2  # two paths have it
    reader.locator("[data-tick='07']").first.uncheck()
    assert reader.locator("tr.done").count() == 0
    assert set(stored(reader)) == {"07-2"}


def test_every_exercise_of_a_lesson_has_a_box(server: Server, reader: Page) -> None:
    reader.goto(server.url(f"en/{LESSON}"))
    headings = [
        it.get_text() for it in soup(f"en/{LESSON}").select("h3") if "07-" in str(it)
    ]
    assert reader.locator("section > .tick").count() == len(headings) > 2


def test_home_leads_back_to_where_the_reader_was(server: Server, reader: Page) -> None:
    reader.goto(server.url("en/index.html"))
    expect(reader.locator(".continue-here")).to_contain_text("New here?")
    reader.goto(server.url(f"en/{LESSON}#tensor-ex1"))
    exercise = reader.get_by_role("heading", name="Exercise 07-1")
    expect(exercise).to_be_in_viewport()
    reader.goto(server.url("zh-cn/index.html"))
    link = reader.locator(".continue-here a")
    expect(link).to_have_text("张量")
    link.click()
    reader.wait_for_url(f"**/zh-cn/{LESSON}#*")


def test_progress_travels_in_a_file(
    server: Server, reader: Page, tmp_path: Path
) -> None:
    reader.goto(server.url("en/plan.html"))
    reader.locator("[data-tick='01']").first.check()
    with reader.expect_download() as download:
        reader.locator("[name=export]").click()
    saved = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert set(saved["done"]) == {"01"}
    assert "1 ticks read" in bring(reader, tmp_path, RECORD)
    assert set(stored(reader)) == {"01", "07"}  # nothing was taken away
    assert "reset" not in reader.url


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no JSON at all", "no JSON"),
        ([], "no progress of eatorch"),
        ({"eatorch": "progress", "version": 1}, "no progress of eatorch"),
        ({**RECORD, "version": 7}, "got 7"),
        ({**RECORD, "done": {"7": "2026-01-02"}}, "7: 2026-01-02"),
        ({**RECORD, "done": {"07": "yesterday"}}, "07: yesterday"),
    ],
)
def test_a_bad_file_is_refused_and_changes_nothing(
    content: object, told: str, server: Server, reader: Page, tmp_path: Path
) -> None:
    reader.goto(server.url("en/plan.html"))
    reader.locator("[data-tick='01']").first.check()
    assert told in bring(reader, tmp_path, content)
    assert set(stored(reader)) == {"01"}


def test_a_damaged_record_is_put_aside(server: Server, reader: Page) -> None:
    reader.goto(server.url("en/plan.html"))
    reader.evaluate("localStorage.setItem('eatorch-progress', '{broken')")
    reader.reload()
    reader.locator("[data-tick='01']").first.check()
    assert set(stored(reader)) == {"01"}
    aside = reader.evaluate("localStorage.getItem('eatorch-progress-damaged')")
    assert aside == "{broken"


def test_planner_gives_dates_to_what_is_left(server: Server, reader: Page) -> None:
    reader.goto(server.url("en/plan.html"))
    form = reader.locator("#planner")
    form.locator("[name=start]").fill("2026-03-02")  # a Monday
    form.locator("[name=exercises]").uncheck()
    form.locator("[name=hours]").fill("2")
    for day in ("0", "6"):  # no weekends
        form.locator(f"[name=weekday][value='{day}']").uncheck()
    rows = form.locator("tbody tr")
    everything = form.locator("[role=status]").inner_text()
    assert rows.first.locator("th").inner_text() == "Mon, Mar 2, 2026"
    days = rows.locator("th").all_inner_texts()
    assert not [day for day in days if day.startswith(("Sat", "Sun"))]
    first = rows.first.locator("a").first.inner_text()
    reader.locator("[data-tick='01']").first.check()
    assert form.locator("[role=status]").inner_text() != everything
    assert rows.first.locator("a").first.inner_text() != first


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("hours", "0", "from 0.25 to 12"), ("start", "", "must be a date")],
)
def test_planner_says_what_it_cannot_use(
    name: str, value: str, told: str, server: Server, reader: Page
) -> None:
    reader.goto(server.url("en/plan.html"))
    reader.locator(f"#planner [name={name}]").fill(value)
    expect(reader.locator("#planner [role=status]")).to_contain_text(told)
    expect(reader.locator("#planner-days")).to_be_hidden()
    expect(reader.locator("#planner [name=calendar]")).to_be_disabled()


@pytest.mark.parametrize("language", ["en", "zh-cn"])
def test_calendar_follows_its_standard(
    language: str, server: Server, reader: Page
) -> None:
    reader.goto(server.url(f"{language}/plan.html"))
    days = reader.locator("#planner-days tbody tr").count()
    with reader.expect_download() as download:
        reader.locator("#planner [name=calendar]").click()
    assert download.value.suggested_filename == "eatorch-plan.ics"
    calendar = Path(download.value.path()).read_bytes()
    lines = calendar.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert (lines[0], lines[-2:]) == (b"BEGIN:VCALENDAR", [b"END:VCALENDAR", b""])
    assert lines.count(b"BEGIN:VEVENT") == lines.count(b"END:VEVENT") == days
    unfolded = calendar.replace(b"\r\n ", b"").decode()
    starts = re.findall(r"DTSTART;VALUE=DATE:(\d{8})", unfolded)
    assert len(starts) == len(set(starts)) == days
    assert re.search(r"SUMMARY:eatorch: \S", unfolded)


def test_plan_stands_without_scripts(server: Server, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url("en/plan.html"))
    assert page.locator("td.own-tick").first.inner_text() == "☐"
    assert not page.locator("#planner").is_visible()
    assert not page.locator("#progress").is_visible()
    page.goto(server.url("en/index.html"))
    assert "New here?" in page.locator(".continue-here").inner_text()
    context.close()
