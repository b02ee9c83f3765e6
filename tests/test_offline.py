"""The offline editions: a zip that stands alone and a book that readers accept."""

import io
import random
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET
from zipfile import ZIP_STORED, ZipFile

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTCollection, TTFont
from PIL import Image

from eatorch.sphinxext import book as booking
from eatorch.sphinxext import fonts, offline
from eatorch.sphinxext.book import book_files, outline
from eatorch.sphinxext.fonts import chinese_letters, cut_font, find_font
from eatorch.sphinxext.offline import offer, write_offline, zip_files
from eatorch.sphinxext.running import one_at_a_time

URL = "https://example.org/site/"
HEAD = """<link href="../_static/eatorch.css" rel="stylesheet"/>
<link as="font" href="../_static/fonts/stix.woff2" rel="preload"/>"""
NAVIGATION = """<div class="sidebar-tree"><ul>
<li><a href="lessons/index.html">Lessons &amp; more</a><input type="checkbox"/><ul>
<li><a href="lessons/01_one.html">One</a></li></ul></li>
<li><a href="contributing/index.html">Contributing</a></li></ul></div>"""
HOME = f"""<!DOCTYPE html><html><body>{NAVIGATION}
<article id="furo-main-content"><h1>eatorch</h1>
<a class="card" href="lessons/01_one.html"><img alt="" src="_images/one.webp"/>One</a>
</article></body></html>"""
PARTS = """<!DOCTYPE html><html><body><article><h1>Lessons</h1>
<p><a href="01_one.html#one-part">One</a></p></article></body></html>"""
LESSON = f"""<!DOCTYPE html><html><head>{HEAD}</head><body>
<div class="language-switch"><a href="../../zh-cn/lessons/01_one.html">中文</a>
<button type="button" class="peek-switch" title="t">中</button></div>
<article data-copy="Copy"><section id="one"><h1>One<a class="headerlink" href="#one">#
</a></h1><p class="downloads"><a href="../downloads/01_one.zip">Zip</a>
<a href="../downloads/01_one.py">Script</a></p>
<p tabindex="0">A &lt;tag&gt;, <math data-tex="x" xmlns="http://www.w3.org/1998/Math/MathML"
display="inline"><mi>x</mi></math>,
<a href="../contributing/index.html?a=1#b">help</a>, <a href="https://pytorch.org">web</a>
and <span class="term"><a href="../index.html">a term</a><span class="tip">Its
meaning.</span></span></p><section id="one-part"><h2>Part</h2>
<img alt="A line" class="only-light" loading="lazy" src="../_images/one.webp"/><img
alt="A line" class="only-dark" src="../_images/one_dark.webp"/>
<pre>red \x1b[31m &lt;a href="not/a/link.html"&gt;</pre></section></section></article>
<script defer src="../_static/peek.js"></script><script src="../_static/eatorch.js">
</script></body></html>"""
OFFLINE = """<!DOCTYPE html><html><body><article><h1>Offline</h1>
<section id="offline-zip">\n<span id="a"></span><h2>Zip</h2><p>It is.</p></section>
<section id="offline-book"><h2>Book</h2><p>It is.</p></section></article>
</body></html>"""
CODE = ".highlight .k { color: #000 }\nbody[data-theme] .highlight .k { color: #fff }\n"


def picture(mode: str, ground: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (20, 10), ground).save(buffer, "WEBP", lossless=True)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write two small finished trees as publishing leaves them."""
    tree: dict[str, str | bytes] = {
        "index.html": HOME,
        "404.html": "<html></html>",
        "objects.inv": b"names",
        "lessons/index.html": PARTS,
        "lessons/01_one.html": LESSON,
        "contributing/index.html": "<article><h1>Help</h1></article>",
        "start/offline.html": OFFLINE,
        "_static/eatorch.css": "p {}",
        "_static/eatorch.js": "1;",
        "_static/peek.js": "2;",
        "_static/pygments.css": CODE,
        "_static/fonts/stix.woff2": b"font",
        "_static/fonts/OFL.txt": "licence",
        "_images/one.webp": picture("RGBA", (0, 0, 0, 0)),
        "_images/one_dark.webp": picture("RGB", "black"),
        "downloads/01_one.py": "print(1)\n",
        "downloads/01_one.zip": b"zip",
    }
    files = {
        f"{it}/{name}": data for it in ("en", "zh-cn") for name, data in tree.items()
    }
    files["wheels/eatorch-1-py3-none-any.whl"] = b"wheel"
    for name, data in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    (tmp_path / "LICENSE").write_text("free")
    return tmp_path / "site"


class Links(HTMLParser):
    """Collects the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for key, value in attrs if key in {"href", "src"}]


def addresses(page: str) -> list[str]:
    """Return all addresses of a page."""
    links = Links()
    links.feed(page)
    return links.found


def test_every_link_of_the_zip_stays_inside_or_goes_to_the_web(site: Path) -> None:
    files = zip_files(site, "en", URL)
    for name in (name for name in files if name.endswith(".html")):
        for address in addresses(files[name].decode()):
            parts = urlsplit(urljoin(f"file:///zip/{name}", address))
            inside = unquote(parts.path).removeprefix("/zip/")
            assert parts.scheme == "https" or inside in files, (name, address)


def test_links_that_leave_the_zip_lead_to_their_target_on_the_web(site: Path) -> None:
    found = addresses(zip_files(site, "en", URL)["lessons/01_one.html"].decode())
    assert f"{URL}zh-cn/lessons/01_one.html" in found
    assert f"{URL}en/downloads/01_one.zip" in found
    assert "../downloads/01_one.py" in found
    assert "../contributing/index.html?a=1#b" in found
    assert "https://pytorch.org" in found


def test_the_zip_holds_the_wheel_beside_the_scripts_and_no_dead_weight(
    site: Path,
) -> None:
    files = zip_files(site, "en", URL)
    assert files["downloads/eatorch-1-py3-none-any.whl"] == b"wheel"
    left_out = {"404.html", "objects.inv", "_static/peek.js", "downloads/01_one.zip"}
    assert not left_out & set(files)
    lesson = files["lessons/01_one.html"].decode()
    assert "peek" not in lesson
    assert "preload" not in lesson  # refused for pages that are opened as files
    assert "_static/eatorch.js" in lesson
    assert '&lt;a href="not/a/link.html"&gt;' in lesson  # code is no link


def test_the_editions_are_equal_each_time_and_carry_the_given_time(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first = [path.read_bytes() for path in write_offline(site, site.parent, url=URL)]
    shutil.rmtree(site.parent / "build" / "editions")  # nothing is taken from there
    again = write_offline(site, site.parent, url=URL)
    assert [path.read_bytes() for path in again] == first
    assert [path.name for path in again] == [
        "eatorch-site-en.zip",
        "eatorch-en.epub",
        "eatorch-site-zh-cn.zip",
        "eatorch-zh-cn.epub",
    ]
    for path in again:
        with ZipFile(path) as archive:
            assert {it.date_time for it in archive.infolist()} == {
                (2023, 11, 14, 22, 13, 20)
            }
    with ZipFile(again[0]) as archive:
        assert "eatorch-site-en/index.html" in archive.namelist()
        assert archive.read("eatorch-site-en/LICENSE") == b"free"
    with ZipFile(again[1]) as archive:
        package = archive.read("OEBPS/book.opf").decode()
    assert "2023-11-14T22:13:20Z" in package


def test_the_page_offers_both_files_with_their_sizes(site: Path) -> None:
    for path in write_offline(site, site.parent, url=URL):
        page = (path.parent.parent / "start" / "offline.html").read_text()
        size = f"{path.stat().st_size / 1e6:.1f}\N{NO-BREAK SPACE}MB"
        line = f'href="../downloads/{path.name}">{path.name}</a> {size}</p>'
        assert page.count(line) == 1
    with ZipFile(site / "en/downloads/eatorch-site-en.zip") as archive:
        inside = archive.read("eatorch-site-en/start/offline.html").decode()
    assert f'href="{URL}en/downloads/eatorch-en.epub">eatorch-en.epub</a></p>' in inside


def test_editions_are_made_again_only_where_something_changed(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made() -> list[str]:
        """Write the editions; return the languages whose book was made."""
        books: list[str] = []

        def make(tree: Path, *rest: Any) -> dict[str, bytes]:
            books.append(tree.name)
            return book_files(tree, *rest)

        monkeypatch.setattr("eatorch.sphinxext.offline.book_files", make)
        write_offline(site, site.parent, url=URL)
        return books

    assert made() == ["en", "zh-cn"]
    first = [path.read_bytes() for path in sorted(site.glob("*/downloads/eatorch-*"))]
    assert made() == []
    again = [path.read_bytes() for path in sorted(site.glob("*/downloads/eatorch-*"))]
    assert again == first

    lesson = site / "en" / "lessons" / "01_one.html"
    lesson.write_text(LESSON.replace("a term", "another term"), encoding="utf-8")
    assert made() == ["en"]
    with ZipFile(site / "en/downloads/eatorch-en.epub") as book:
        assert b"another term" in book.read("OEBPS/lessons/01_one.xhtml")
    with ZipFile(site / "en/downloads/eatorch-site-en.zip") as zipped:
        page = zipped.read("eatorch-site-en/lessons/01_one.html")
    assert b"another term" in page
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # files carry that time
    assert made() == ["en", "zh-cn"]
    kept = sorted((site.parent / "build" / "editions").iterdir())
    assert len(kept) == 4, "editions of the past are thrown away"


def test_an_offer_takes_the_place_of_the_one_before() -> None:
    once = offer(OFFLINE, {"offline-zip": "a.zip"}, {"offline-zip": 1_000_000})
    twice = offer(once, {"offline-zip": "a.zip"}, {"offline-zip": 2_000_000})
    assert "1.0\N{NO-BREAK SPACE}MB" in once
    assert "2.0\N{NO-BREAK SPACE}MB" in twice
    assert twice.count("offline-file") == 1
    assert offer(OFFLINE, {"no-such-section": "a.zip"}, {}) == OFFLINE


def test_the_outline_follows_the_navigation() -> None:
    home, lessons = outline(HOME, "Home")
    assert (home.title, home.page) == ("Home", "index.html")
    assert [it.page for it in lessons.walk()] == [
        "lessons/index.html",
        "lessons/01_one.html",
    ]


@pytest.fixture
def book(site: Path, tmp_path: Path) -> dict[str, bytes]:
    """Make the Chinese book."""
    return book_files(site / "zh-cn", "zh-cn", f"{URL}zh-cn/", tmp_path / "cache")


def test_mimetype_comes_first_and_is_stored(site: Path) -> None:
    book = write_offline(site, site.parent, url=URL)[1]
    with ZipFile(book) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)
        assert archive.read(first) == b"application/epub+zip"
        assert archive.testzip() is None


def test_the_manifest_names_exactly_the_files_of_the_book(
    book: dict[str, bytes],
) -> None:
    space = {"": "http://www.idpf.org/2007/opf"}
    package = ET.fromstring(book["OEBPS/book.opf"])
    items = {it.attrib["href"]: it.attrib for it in package.iterfind(".//item", space)}
    frame = {"mimetype", "META-INF/container.xml", "OEBPS/book.opf"}
    assert {f"OEBPS/{name}" for name in items} == set(book) - frame
    assert items["contents.xhtml"]["properties"] == "nav"
    assert items["lessons/01_one.xhtml"]["properties"] == "mathml"
    spine = [it.attrib["idref"] for it in package.iterfind(".//itemref", space)]
    names = ["index.xhtml", "lessons/index.xhtml", "lessons/01_one.xhtml"]
    assert spine == [items[name]["id"] for name in names]


def test_every_page_is_xml_with_its_language_and_nothing_remote(
    book: dict[str, bytes],
) -> None:
    for name in (name for name in book if name.endswith(".xhtml")):
        page = ET.fromstring(book[name])
        assert page.attrib["lang"] == "zh-CN"
        for element in page.iter():
            kind = element.tag.rpartition("}")[2]
            assert kind not in {"script", "button", "input", "svg", "iframe"}
            if kind in {"img", "link"}:
                source = element.get("src") or element.attrib["href"]
                target = urljoin(f"https://book/{name}", source)
                assert target.removeprefix("https://book/") in book
            if kind == "img":
                assert "alt" in element.attrib


def test_a_lesson_reads_well_in_the_book(book: dict[str, bytes]) -> None:
    lesson = book["OEBPS/lessons/01_one.xhtml"].decode()
    assert "Its\nmeaning." not in lesson
    assert "Zip" not in lesson
    assert "red [31m" in lesson  # a control character is no XML
    assert re.search(r'<math display="inline" xmlns="[^"]*"><mi>x</mi></math>', lesson)
    found = addresses(lesson)
    assert f"{URL}zh-cn/contributing/index.html?a=1#b" in found
    assert "../index.xhtml" in found
    assert "01_one.xhtml#one-part" in addresses(
        book["OEBPS/lessons/index.xhtml"].decode()
    )


def test_a_picture_is_there_once_light_and_on_white(book: dict[str, bytes]) -> None:
    pictures = [name for name in book if "/_images/" in name]
    assert pictures == ["OEBPS/_images/one.png"]
    with Image.open(io.BytesIO(book[pictures[0]])) as image:
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(("setting", "value"), [("_COLOURS", 2), ("_QUALITY", 5)])
def test_another_setting_converts_a_picture_again(
    setting: str, value: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "shades.png"
    shades = Image.linear_gradient("L").convert("RGB")
    if setting == "_QUALITY":  # only as JPEG is noise small
        shades = Image.frombytes("RGB", (99, 99), random.Random(0).randbytes(99**2 * 3))
    shades.save(source)
    first, suffix = booking._convert(source, tmp_path)
    assert booking._convert(source, tmp_path) == (first, suffix)
    monkeypatch.setattr(booking, setting, value)
    assert booking._convert(source, tmp_path)[0] != first


def test_the_style_has_the_colours_of_light_pages_only(book: dict[str, bytes]) -> None:
    style = book["OEBPS/book.css"].decode()
    assert ".highlight .k { color: #000 }" in style
    assert "#fff }" not in style


def test_a_page_that_is_no_xml_is_named(site: Path, tmp_path: Path) -> None:
    page = "<article><p>one</p><!-- a -- b --></article>"
    (site / "en" / "lessons" / "01_one.html").write_text(page)
    with pytest.raises(RuntimeError, match=r"lessons/01_one\.xhtml of the book"):
        book_files(site / "en", "en", f"{URL}en/", tmp_path / "cache")


def test_book_carries_its_chinese_letters_if_a_font_is_here(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = site / "zh-cn"
    name = "OEBPS/_static/fonts/noto-sans-cjk-sc.otf"
    if find_font():
        files = book_files(tree, "zh-cn", URL, tmp_path)
        font = TTFont(io.BytesIO(files[name]))
        pages = [data for key, data in files.items() if key.endswith(".xhtml")]
        wanted = {ord(letter) for letter in chinese_letters(pages)}
        assert wanted
        assert wanted <= set(font.getBestCmap())
        assert len(files[name]) < 1_000_000
        assert b"Open Font License" in files[name.replace(".otf", "-licence.txt")]
        assert b"noto-sans-cjk-sc.otf" in files["OEBPS/book.css"]
        assert files == book_files(tree, "zh-cn", URL, tmp_path / "another")
    monkeypatch.setattr("eatorch.sphinxext.book.find_font", lambda: None)
    without = book_files(tree, "zh-cn", URL, tmp_path)
    assert name not in without
    assert b"noto" not in without["OEBPS/book.css"]


def test_other_options_cut_a_font_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DejaVu plays the part of the font, for not every machine has that."""
    collection = TTCollection()
    collection.fonts = [TTFont(Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")]
    source = tmp_path / "font.ttc"
    collection.save(source)
    monkeypatch.setattr(fonts, "_FAMILY", "DejaVu Sans")
    first = cut_font(source, "ab", tmp_path)
    assert cut_font(source, "ab", tmp_path) == first
    monkeypatch.setitem(fonts._OPTIONS, "hinting", True)
    assert len(cut_font(source, "ab", tmp_path)[0]) > len(first[0])


def test_a_collection_without_the_font_is_told(tmp_path: Path) -> None:
    other = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    collection = TTCollection()
    collection.fonts = [TTFont(other)]
    collection.save(tmp_path / "other.ttc")
    with pytest.raises(ValueError, match="must hold the font 'Noto Sans CJK SC'"):
        cut_font(tmp_path / "other.ttc", "中", tmp_path / "cache")


CONF = Path(__file__).parents[1] / "conf.py"


def test_the_command_waits_for_a_build_and_writes_into_its_site(site: Path) -> None:
    root = site.parent
    shutil.copy(CONF, root)
    (root / "build").mkdir()
    command = [sys.executable, "-m", offline.__name__]
    with one_at_a_time(root / "build" / "lock"):
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert "waiting" in process.stdout.readline()
        site.rename(root / "build" / "site")  # as a build does at its very end
        (root / "build" / "site" / "index.html").touch()
    assert process.wait(60) == 0
    assert (root / "build/site/zh-cn/downloads/eatorch-zh-cn.epub").exists()


def test_without_a_site_the_command_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["offline"])
    assert offline.main() == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert told == "eatorch: build/site holds no site; run 'make site' first"
