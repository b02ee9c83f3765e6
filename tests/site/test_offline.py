"""The offline editions of the built site, opened as a reader opens them."""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET
from zipfile import ZIP_STORED, ZipFile

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from site_pages import SITE, TREES, Silent, serve, soup

LESSON = "lessons/2_core/08_autograd.html"
# One promise that fails for a broken picture: the policy forbids the text that waiting
# for a condition would evaluate on the page again and again.
ALL_PICTURES = "Promise.all([...document.images].map((it) => it.decode()))"


@pytest.fixture(scope="module", params=list(TREES))
def folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Unpack the zip of a language."""
    target = tmp_path_factory.mktemp("offline")
    name = f"eatorch-site-{request.param}"
    with ZipFile(SITE / request.param / "downloads" / f"{name}.zip") as archive:
        archive.extractall(target)
    return target / name


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page that fails on any error in a script."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    opened.on("console", heard)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    opened.close()
    assert not faults


def test_it_opens_from_disk_and_asks_no_host(folder: Path, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda it: asked.append(it.url))
    page.goto((folder / "index.html").as_uri())
    page.locator(f"article a[href^='{LESSON}']").first.click()
    page.wait_for_url(f"**/{LESSON}")
    page.evaluate(
        "document.querySelectorAll('img').forEach(it => it.loading = 'eager')"
    )
    page.evaluate(ALL_PICTURES)
    assert page.locator(".peek-switch").count() == 0
    assert {urlsplit(url).scheme for url in asked} <= {"file", "data"}


def test_opened_as_a_file_the_search_says_why_it_does_not_work(
    folder: Path, page: Page
) -> None:
    page.goto((folder / "search.html").as_uri())
    expect(page.locator("#search-status")).to_contain_text("python -m http.server")


def test_served_the_search_works(folder: Path, page: Page) -> None:
    with serve(Silent, folder) as server:
        page.goto(server.url("search.html?q=retain_grad"))
        answers = page.locator("#search-results h2 a")
        expect(answers.first).to_be_visible()
        found = answers.evaluate_all("links => links.map(it => it.href)")
        assert any(url.startswith(server.url(LESSON)) for url in found)


def test_each_link_has_its_target_in_the_zip_or_on_the_web(folder: Path) -> None:
    lost = []
    for path in folder.rglob("*.html"):
        html = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for element in html.select("[href], [src]"):
            address = str(element.get("href") or element.get("src"))
            parts = urlsplit(urljoin(path.as_uri(), address))
            target = Path(unquote(parts.path))
            inside = target.is_relative_to(folder) and target.is_file()
            if parts.scheme == "file" and not inside:
                lost.append((path.name, address))
    assert lost == []


@pytest.mark.parametrize("tree", list(TREES))
def test_the_page_states_the_sizes_of_both_files(tree: str) -> None:
    lines = soup(f"{tree}/start/offline.html").select("p.offline-file")
    names = [f"eatorch-site-{tree}.zip", f"eatorch-{tree}.epub"]
    sizes = [(SITE / tree / "downloads" / it).stat().st_size for it in names]
    assert [line.get_text() for line in lines] == [
        f"{name} {size / 1e6:.1f}\N{NO-BREAK SPACE}MB"
        for name, size in zip(names, sizes, strict=True)
    ]


@pytest.mark.parametrize("tree", list(TREES))
def test_the_book_is_whole(tree: str) -> None:
    with ZipFile(SITE / tree / "downloads" / f"eatorch-{tree}.epub") as book:
        assert book.infolist()[0].filename == "mimetype"
        assert book.infolist()[0].compress_type == ZIP_STORED
        files = {name: book.read(name) for name in book.namelist()}
    pages = {it: ET.fromstring(files[it]) for it in files if it.endswith(".xhtml")}
    ids = {
        name: {it.attrib["id"] for it in page.iter() if "id" in it.attrib}
        for name, page in pages.items()
    }
    lost = []
    for name, page in pages.items():
        for element in page.iter():
            address = element.get("href") or element.get("src") or ""
            parts = urlsplit(address)
            if element.tag.endswith("}img"):
                assert "alt" in element.attrib
                assert not parts.scheme  # no remote picture
            if parts.scheme or not address:
                continue
            target = posixpath.normpath(
                posixpath.join(posixpath.dirname(name), parts.path)
            )
            target = target if parts.path else name
            if target not in files or (
                parts.fragment and parts.fragment not in ids[target]
            ):
                lost.append((name, address))
    assert lost == []
    numbered = [it for it in pages if it.rpartition("/")[2][:2].isdigit()]
    lessons = list((SITE / tree / "lessons").glob("*/[0-9][0-9]_*.html"))
    assert len(numbered) == len(lessons)


@pytest.mark.parametrize("tree", list(TREES))
def test_a_page_of_the_book_shows_text_formulas_and_pictures(
    tree: str, page: Page, tmp_path: Path
) -> None:
    with ZipFile(SITE / tree / "downloads" / f"eatorch-{tree}.epub") as book:
        book.extractall(tmp_path)
    lesson = (tmp_path / "OEBPS" / LESSON).with_suffix(".xhtml")
    page.set_viewport_size({"width": 360, "height": 640})  # as small as an e-reader
    page.goto(lesson.as_uri())
    page.evaluate(ALL_PICTURES)
    assert page.locator("math").first.bounding_box() is not None
    assert page.locator("script, button, input").count() == 0
    wide = page.evaluate(
        "[...document.querySelectorAll('pre, img')]"
        ".filter(it => it.getBoundingClientRect().right > innerWidth).length"
    )
    assert wide == 0
