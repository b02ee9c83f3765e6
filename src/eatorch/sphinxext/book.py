"""Turn the finished pages of one language into the files of an EPUB 3 book.

A book has no scripts, no second colour scheme and no downloads; its formulas are the
pages' own MathML. It carries a font for formulas and, where one is installed, a Chinese
one with just the characters that it uses; else it relies on the e-reader's own.
"""

import hashlib
import html
import io
import posixpath
import re
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit
from xml.etree import ElementTree as ET

from bs4 import BeautifulSoup, Tag
from PIL import Image

from eatorch.sphinxext.code_blocks import lead, put_back, set_aside
from eatorch.sphinxext.downloads import build_time
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.fonts import chinese_letters, cut_font, find_font
from eatorch.sphinxext.strings import text

__all__ = ["Chapter", "book_files", "outline"]

_TAGS = {"en": "en", "zh-cn": "zh-CN"}
# Pages about the site rather than about its subject stay on the web.
_LEFT_OUT = ("contributing/", "start/built.html", "start/offline.html", "search.html")
_DROPPED = {
    *("script", "style", "noscript", "template", "button", "form", "input", "label"),
    *("svg", "annotation"),
}
_DROPPED_CLASSES = {"headerlink", "downloads", "only-dark", "tip", "used-here"}
# Read by the site's scripts or of no meaning in a book.
_DROPPED_KEYS = re.compile(
    r"data-|aria-describedby|tabindex|loading|decoding|download|target|rel$|border"
)
_ARTICLE = re.compile(r"<article\b.*</article>", re.DOTALL)
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LIGHT = re.compile(r"^\.highlight .*$", re.MULTILINE)
_STYLE = """\
@font-face {
  font-family: "STIX Two Math";
  src: url(_static/fonts/stix-two-math.woff2);
}
math { font-family: "STIX Two Math", math; }
body { line-height: 1.5; }
h1 { break-before: page; }
h1, h2, h3, h4, summary, th { break-after: avoid; line-height: 1.25; }
img { max-width: 100%; height: auto; background: #fff; }
code, pre { font-family: monospace; font-size: 0.85em; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.35; }
div.highlight pre {
  margin: 0.6em 0; padding: 0.5em 0.7em; border-left: 3px solid #0b6470;
}
.sphx-glr-script-out pre, .cell_output pre { border-left-color: #999; }
pre a, pre a:visited { color: inherit; text-decoration: none; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 0.2em 0.5em; border: 1px solid #999; }
th, td { vertical-align: top; text-align: left; }
th p, td p, dd p { margin: 0; }
.admonition, details, .lesson-card {
  margin: 1em 0; padding: 0.3em 0.8em; border: 1px solid #999;
}
.admonition-title, summary, .rubric { font-weight: bold; }
.lesson-card dl div { display: flex; gap: 0.5em; }
.lesson-card dt { font-weight: bold; }
.lesson-card dd { margin: 0; }
.card { display: block; margin: 0.6em 0; }
.card strong, .card span { display: block; }
"""
_PAGE = """\
<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" \
lang="{language}" xml:lang="{language}">
<head>
<title>{title}</title>
<link rel="stylesheet" type="text/css" href="{root}book.css"/>
</head>
<body>
{body}
</body>
</html>
"""
_CONTAINER = """\
<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""
_PACKAGE = """\
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" \
xml:lang="{language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>{language}</dc:language>
<dc:creator>eatorch</dc:creator>
<dc:description>{description}</dc:description>
<dc:source>{address}</dc:source>
<dc:rights>{rights}</dc:rights>
<meta property="dcterms:modified">{modified}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
</metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""
_MEDIA = {
    ".xhtml": "application/xhtml+xml",
    ".css": "text/css",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".woff2": "font/woff2",
    ".otf": "font/otf",
    ".txt": "text/plain",
}
_COLOURS, _QUALITY = 256, 85  # of PNG and JPEG
_FONT = "_static/fonts/noto-sans-cjk-sc"
# Latin letters stay with the reader's font: the Chinese one is cut down to Chinese.
_FONT_STYLE = f"""\
@font-face {{
  font-family: "Noto Sans CJK SC";
  src: url({_FONT}.otf);
  unicode-range: U+2E80-FFFF, U+20000-2FA1F;
}}
body {{ font-family: "Noto Sans CJK SC", serif; }}
code, pre {{ font-family: "Noto Sans CJK SC", monospace; }}
"""


@dataclass
class Chapter:
    """A page of the book.

    Attributes:
        title: Its title in the table of contents.
        page: Address of the page in the tree.
        parts: The chapters below it.
    """

    title: str
    page: str
    parts: list["Chapter"] = field(default_factory=list)

    def walk(self) -> list["Chapter"]:
        """Return this chapter and all below it, in reading order."""
        return [self, *(it for part in self.parts for it in part.walk())]


def outline(home: str, title: str) -> list[Chapter]:
    """Read the book's chapters from the navigation of the home page.

    Args:
        home: The home page, as HTML.
        title: What the home page is called in the table of contents.
    """
    top = BeautifulSoup(home, "html.parser").select(".sidebar-tree > ul")
    chapters = [it for items in top for it in _chapters(items)]
    return [Chapter(title, "index.html"), *chapters]


def _chapters(items: Tag) -> list[Chapter]:
    found = []
    for item in items.find_all("li", recursive=False):
        link, below = item.find("a"), item.find("ul", recursive=False)
        if link is None or str(link["href"]).startswith(_LEFT_OUT):
            continue
        page = urldefrag(str(link["href"])).url
        if urlsplit(page).scheme:
            continue
        parts = _chapters(below) if below else []
        found.append(Chapter(link.get_text(), page, parts))
    return found


def book_files(tree: Path, language: str, url: str, cache: Path) -> dict[str, bytes]:
    """Return the files of the book by their names in it.

    Args:
        tree: The finished tree of the language.
        language: ``"en"`` or ``"zh-cn"``.
        url: Where the tree is published, ends in ``/``.
        cache: Folder that keeps converted pictures by their content.

    Raises:
        RuntimeError: If a page does not become well-formed XML.
    """
    home = (tree / "index.html").read_text(encoding="utf-8")
    chapters = outline(home, text("home", language))
    every = [it for chapter in chapters for it in chapter.walk()]
    book = _Book(tree, language, url, {it.page for it in every}, cache)
    pages = {_name(it.page): book.page(it.page, it.title) for it in every}
    contents = _contents(chapters, text("contents", language), language)
    files = {"contents.xhtml": contents, **pages, **book.pictures}
    carried = _chinese_font([contents, *pages.values()], cache)
    files |= carried
    files["book.css"] = _style(tree) + (_FONT_STYLE.encode() if carried else b"")
    for font in sorted((tree / "_static" / "fonts").glob("*")):
        files[f"_static/fonts/{font.name}"] = font.read_bytes()
    package = _package(files, list(pages), language, url)
    inside = {f"OEBPS/{name}": data for name, data in files.items()}
    return {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": _CONTAINER.encode(),
        "OEBPS/book.opf": package.encode(),
        **inside,
    }


def _chinese_font(pages: list[bytes], cache: Path) -> dict[str, bytes]:
    """Return the Chinese font of the book with its licence; nothing if none is here."""
    source, letters = find_font(), chinese_letters(pages)
    if source is None or not letters:
        return {}
    font, notes = cut_font(source, letters, cache)
    return {f"{_FONT}.otf": font, f"{_FONT}-licence.txt": notes.encode()}


def _name(page: str) -> str:
    """Return a page's name in the book."""
    return page.removesuffix(".html") + ".xhtml"


class _Book:
    """Converts pages and gathers the pictures that they show."""

    def __init__(
        self, tree: Path, language: str, url: str, pages: set[str], cache: Path
    ) -> None:
        self._tree, self._language, self._url = tree, language, url
        self._pages, self._cache = pages, cache
        self.pictures: dict[str, bytes] = {}

    def page(self, name: str, title: str) -> bytes:
        """Return a page of the tree as a page of the book."""
        source = (self._tree / name).read_text(encoding="utf-8")
        article = _ARTICLE.search(source)
        if article is None:
            raise RuntimeError(f"{self._tree / name}: has no <article>")
        short, code = set_aside(article[0])
        soup = BeautifulSoup(short, "html.parser")
        for element in soup.find_all(_is_dropped):
            if not element.find_parent(_is_dropped):  # it goes with its parent
                element.extract()
        for element in soup.find_all(True):
            self._convert(element, name)
        assert soup.article is not None
        code = [lead(it, lambda address: self._link(address, name)) for it in code]
        body = _NO_XML.sub("", put_back(soup.article.decode_contents(), code))
        return _xhtml(body, title, _name(name), self._language)

    def _convert(self, element: Tag, page: str) -> None:
        for key in [key for key in element.attrs if _DROPPED_KEYS.match(key)]:
            del element[key]
        if element.name == "a" and "href" in element.attrs:
            element["href"] = self._link(str(element["href"]), page)
        if element.name == "img":
            element["src"] = self._picture(str(element["src"]), page)

    def _link(self, address: str, page: str) -> str:
        """Keep a link inside the book, or send it to the web."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not parts.path:
            return address
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), parts.path))
        if target not in self._pages:
            return urljoin(self._url + page, address)
        return parts._replace(path=_name(parts.path)).geturl()

    def _picture(self, address: str, page: str) -> str:
        """Take a picture into the book and return its address there."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
        data, suffix = _convert(self._tree / path, self._cache)
        self.pictures[str(Path(path).with_suffix(suffix))] = data
        return str(Path(address).with_suffix(suffix))


def _is_dropped(element: Tag) -> bool:
    if element.name == "img" and element.find_parent(class_="card"):
        return True  # a thumbnail
    classes = set(element.get_attribute_list("class"))
    return element.name in _DROPPED or bool(classes & _DROPPED_CLASSES)


def _xhtml(body: str, title: str, name: str, language: str) -> bytes:
    page = _PAGE.format(
        language=_TAGS[language],
        title=html.escape(title),
        root="../" * name.count("/"),
        body=body,
    )
    try:
        ET.fromstring(page)
    except ET.ParseError as error:
        raise RuntimeError(f"{name} of the book is no XML: {error}") from error
    return page.encode()


def _convert(path: Path, cache: Path) -> tuple[bytes, str]:
    """Turn a picture into PNG or JPEG, whichever is smaller: old e-readers know both.

    It gets a white ground, because its dark lines would vanish on a black page.
    """
    key = hashlib.sha256(repr((_COLOURS, _QUALITY)).encode() + path.read_bytes())
    kept = cache / key.hexdigest()[:24]
    for suffix in (".png", ".jpg"):
        if kept.with_suffix(suffix).exists():
            return kept.with_suffix(suffix).read_bytes(), suffix
    with Image.open(path) as image:
        seen = image.convert("RGBA")
    ground = Image.new("RGBA", seen.size, "white")
    flat = Image.alpha_composite(ground, seen).convert("RGB")
    png, jpg = io.BytesIO(), io.BytesIO()
    flat.quantize(_COLOURS, dither=Image.Dither.NONE).save(png, "PNG", optimize=True)
    flat.save(jpg, "JPEG", quality=_QUALITY)
    data, suffix = min((png.getvalue(), ".png"), (jpg.getvalue(), ".jpg"), key=_weight)
    write_whole(kept.with_suffix(suffix), data)
    return data, suffix


def _weight(picture: tuple[bytes, str]) -> int:
    return len(picture[0])


def _style(tree: Path) -> bytes:
    """Return the book's style with the colours that code has on light pages."""
    colours = (tree / "_static" / "pygments.css").read_text(encoding="utf-8")
    return (_STYLE + "\n".join(_LIGHT.findall(colours)) + "\n").encode()


def _contents(chapters: list[Chapter], title: str, language: str) -> bytes:
    def listed(parts: list[Chapter]) -> str:
        rows = [
            f'<li><a href="{html.escape(_name(it.page))}">{html.escape(it.title)}</a>'
            + (listed(it.parts) if it.parts else "")
            + "</li>"
            for it in parts
        ]
        return "<ol>\n" + "\n".join(rows) + "\n</ol>"

    body = f'<nav epub:type="toc"><h1>{html.escape(title)}</h1>{listed(chapters)}</nav>'
    return _xhtml(body, title, "contents.xhtml", language)


def _package(files: dict[str, bytes], pages: list[str], language: str, url: str) -> str:
    """Write the book's list of its own parts."""
    ids = {name: f"f{number}" for number, name in enumerate(sorted(files))}
    rows = []
    for name in sorted(files):
        kind = _MEDIA[posixpath.splitext(name)[1]]
        properties = " ".join(
            ["nav"] * (name == "contents.xhtml")
            + ["mathml"] * (b"<math" in files[name] and name.endswith(".xhtml"))
        )
        extra = f' properties="{properties}"' if properties else ""
        href = html.escape(name)
        rows.append(
            f'<item id="{ids[name]}" href="{href}" media-type="{kind}"{extra}/>'
        )
    tagline = text("tagline", language)
    return _PACKAGE.format(
        language=_TAGS[language],
        identifier=uuid.uuid5(uuid.NAMESPACE_URL, url),
        title=html.escape(f"{text('site', language)} · {tagline}"),
        description=html.escape(text("description", language)),
        address=html.escape(url),
        rights=html.escape(text("copyright_holders", language)),
        modified=time.strftime("%Y-%m-%dT%H:%M:%SZ", build_time()),
        manifest="\n".join(rows),
        spine="\n".join(f'<itemref idref="{ids[name]}"/>' for name in pages),
    )
