"""Mend in the finished HTML what the generators get wrong, one page at a time.

Each repair is a function from a parsed page to the same page; ``finish_page`` applies
them in order. Nothing here knows Sphinx: it works on files, so it is easy to test.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

from eatorch.sphinxext.code_blocks import (
    drop_links_of_variables,
    put_back,
    set_aside,
)
from eatorch.sphinxext.glossary import Term
from eatorch.sphinxext.hovers import explain_terms
from eatorch.sphinxext.metadata import Lesson
from eatorch.sphinxext.policy import seal
from eatorch.sphinxext.strings import text
from eatorch.sphinxext.usage import Use

__all__ = ["Page", "Picture", "finish_page", "summary_of"]


@dataclass(frozen=True)
class Picture:
    """A picture as it is published.

    Attributes:
        name: File name in ``_images``.
        width: Width on the page, in CSS pixels.
        height: Height on the page, in CSS pixels.
        dark: File name of its twin for dark pages, if there is one.
    """

    name: str
    width: int
    height: int
    dark: str | None = None


@dataclass(frozen=True)
class Page:
    """A page and what the repairs need to know of it.

    Attributes:
        path: Address inside the tree, for example ``lessons/2_core/07_tensor.html``.
        language: ``"en"`` or ``"zh-cn"``.
        lesson: The lesson that the page shows, if it shows one.
        run: Record of the lesson's last run.
        pictures: All pictures of the tree by their name in Sphinx's output.
        intros: Page address → first sentence, for the cards.
        terms: The glossary, for the lessons.
        uses: The public names that the lesson uses.
    """

    path: str
    language: str
    lesson: Lesson | None = None
    run: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    intros: dict[str, str] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    def text(self, key: str, **values: object) -> str:
        """Return a string of the frame in the page's language."""
        return text(key, self.language, **values)

    @property
    def root(self) -> str:
        """Relative way from the page to the root of its tree."""
        return "../" * self.path.count("/")


def finish_page(html: str, page: Page) -> str:
    """Apply all repairs.

    Args:
        html: The page as Sphinx wrote it.
        page: What is known of it.

    Returns:
        The page as it is published.
    """
    short, code = set_aside(drop_links_of_variables(html))
    soup = BeautifulSoup(short, "html.parser")
    for repair in REPAIRS:
        repair(soup, page)
    seal(soup)  # last, when the page is what the browser gets
    return put_back(str(soup), code)


def summary_of(html: str) -> str:
    """Return the text of the first paragraph under a page's title."""
    start = html.find("<h1")
    opening = html[start : html.find("<section", start)] if start >= 0 else ""
    for part in (opening, html):  # nearly always it is in the first: parse no more
        title = BeautifulSoup(part, "html.parser").find("h1")
        paragraph = title.find_next_sibling("p") if title else None
        if paragraph:
            return paragraph.get_text(" ", strip=True)
    return ""


def lesson_card(soup: BeautifulSoup, page: Page) -> None:
    """Turn the field list of a lesson into its card."""
    fields = soup.select_one("article dl.field-list")
    if page.lesson is None or fields is None:
        return
    values = {
        name.get_text().rstrip(":：").strip(): name.find_next_sibling("dd")
        for name in fields.find_all("dt")
    }
    card = soup.new_tag("aside", attrs={"class": "lesson-card"})
    card["aria-label"] = page.text("about_lesson")
    card.append(_facts(soup, page, values))
    card.append(_downloads(soup, page))
    if page.run:
        card.append(_run_record(soup, page))
    fields.replace_with(card)


def _run_record(soup: BeautifulSoup, page: Page) -> Tag:
    """Tell the run, and for ``freshness`` what the page was made from."""
    record = soup.new_tag("p", attrs={"class": "run-record"})
    record.string = page.text("run_line", **page.run)
    if "seconds" in page.run:  # a build that can be repeated measures nothing
        record.append(page.text("run_measured", **page.run))
    if "code" in page.run:
        record["data-script"] = page.run["script"]
        record["data-code"] = page.run["code"]
        record.append(page.text("made_from", **page.run))
    return record


def _facts(soup: BeautifulSoup, page: Page, values: dict[str, Any]) -> Tag:
    lesson = page.lesson
    assert lesson is not None
    stars = soup.new_tag("span", attrs={"class": "stars", "role": "img"})
    stars["aria-label"] = page.text("level_of_five", level=lesson.level)
    stars.string = "★" * lesson.level + "☆" * (5 - lesson.level)
    rows: list[tuple[str, Any]] = [
        ("level", stars),
        ("hours", page.text("hours_of_work", hours=f"{lesson.hours:g}")),
    ]
    if lesson.day is not None:
        rows.append(("day", page.text("day_of_path", day=lesson.day)))
    rows += [
        (name.lower(), values[name]) for name in ("Needs", "Data") if name in values
    ]
    facts = soup.new_tag("dl")
    for key, value in rows:
        facts.append(_row(soup, page.text(key), value))
    return facts


def _row(soup: BeautifulSoup, name: str, value: Any) -> Tag:
    row, term, content = soup.new_tag("div"), soup.new_tag("dt"), soup.new_tag("dd")
    term.string = name
    if isinstance(value, Tag) and value.name == "dd":
        paragraph = value.find("p")
        for part in list((paragraph or value).contents):
            content.append(part)
    else:
        content.append(value)
    row.extend([term, content])
    return row


def _downloads(soup: BeautifulSoup, page: Page) -> Tag:
    assert page.lesson is not None
    suffix = ".zh" if page.language == "zh-cn" else ""
    name = f"{page.root}downloads/{page.lesson.path.stem}{suffix}"
    links = soup.new_tag("p", attrs={"class": "downloads"})
    for key, ending in (("notebook", ".ipynb"), ("script", ".py"), ("zip", ".zip")):
        link = soup.new_tag("a", attrs={"href": name + ending, "download": ""})
        link.string = page.text(key)
        links.extend([link, " "])
    links.extend(_switches(soup, page))
    return links


def _switches(soup: BeautifulSoup, page: Page) -> list[Tag]:
    """Return the tick box and the peek switch; the scripts only give them life.

    They stand on the page from the start, so that nothing moves when a script comes.
    """
    assert page.lesson is not None
    tick = soup.new_tag("label", attrs={"class": "tick"})
    box = soup.new_tag("input", attrs={"type": "checkbox"})
    box["data-tick"] = page.lesson.number
    tick.extend([box, f" {page.text('tick_lesson')}"])
    peek = soup.new_tag("button", attrs={"type": "button", "class": "peek-switch"})
    peek["aria-pressed"] = "false"
    peek["title"] = page.text("peek_mode")
    peek.string = page.text("peek_long")
    return [tick, peek]


def pictures(soup: BeautifulSoup, page: Page) -> None:
    """Give each picture its size, its lighter file and its twin for dark pages."""
    for image in soup.select("img[src*='_images/']"):
        source = str(image["src"])
        folder, _, name = source.rpartition("/")
        picture = page.pictures.get(name)
        if picture is None:
            continue
        image["src"] = f"{folder}/{picture.name}"
        image["width"], image["height"] = str(picture.width), str(picture.height)
        image["loading"] = "lazy"
        image["decoding"] = "async"
        if picture.dark:
            _add_dark_twin(image, f"{folder}/{picture.dark}")


def _add_dark_twin(image: Tag, source: str) -> None:
    twin = copy.copy(image)
    twin["src"] = source
    classes = image.get_attribute_list("class")
    image["class"] = " ".join([*filter(None, classes), "only-light"])
    twin["class"] = " ".join([*filter(None, classes), "only-dark"])
    image.insert_after(twin)


def cards(soup: BeautifulSoup, page: Page) -> None:
    """Make each thumbnail a card: one link, a named picture, the page's first words."""
    for thumbnail in soup.find_all("div", class_="sphx-glr-thumbcontainer"):
        link = thumbnail.find("a")
        assert link is not None
        card = soup.new_tag("a", attrs={"class": "card"})
        card["href"] = str(link["href"])
        image, title = thumbnail.find("img"), soup.new_tag("strong")
        title.string = link.get_text()
        if image:
            image["alt"] = ""  # the link already says it all
            card.append(image)
        card.append(title)
        intro = page.intros.get(_target(page.path, str(link["href"])), "")
        if intro:
            words = soup.new_tag("span")
            words.string = intro
            card.append(words)
        thumbnail.replace_with(card)
    for gallery in soup.find_all("div", class_="used-in-lessons"):
        heading = soup.new_tag("p", attrs={"class": "rubric"})
        heading.string = page.text("used_in")
        gallery.insert(0, heading)
    for tags in soup.find_all("div", id="sg-tag-list"):
        tags.decompose()


def _target(base: str, href: str) -> str:
    """Return the address inside the tree that a relative link leads to."""
    parts = list(Path(base).parent.parts)
    for part in href.partition("#")[0].split("/"):
        if part == "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def semantics(soup: BeautifulSoup, _page: Page) -> None:
    """Say to machines what the markup means."""
    for caption in soup.find_all("p", role="heading"):
        caption.attrs.setdefault("aria-level", "2")
    for block in soup.find_all("pre"):
        if block.find_parent("div", class_="highlight"):
            block["tabindex"] = "0"  # it scrolls, so the keyboard must reach it
    for label in soup.find_all("label", class_="sd-tab-label"):
        del label["aria-controls"]
    for extra in soup.find_all("meta", attrs={"name": "viewport"})[1:]:
        extra.decompose()


def part_download(soup: BeautifulSoup, page: Page) -> None:
    """Offer the lessons of a part, or all of them, as one file."""
    parts = page.path.split("/")
    title = soup.find("h1")
    if parts[0] != "lessons" or parts[-1] != "index.html" or title is None:
        return
    suffix = ".zh" if page.language == "zh-cn" else ""
    whole = len(parts) == 2  # noqa: PLR2004 - lessons/index.html
    name = "eatorch-lessons" if whole else parts[1]
    link = soup.new_tag("a", attrs={"download": "", "class": "part-download"})
    link["href"] = f"{page.root}downloads/{name}{suffix}.zip"
    link.string = page.text("download_all" if whole else "download_part")
    paragraph = soup.new_tag("p", attrs={"class": "downloads"})
    paragraph.append(link)
    (title.find_next_sibling("p") or title).insert_after(paragraph)


def signatures(soup: BeautifulSoup, _page: Page) -> None:
    """Write a long signature's lines as lines: a list without terms is none."""
    for lines in soup.select("dt.sig > dl"):
        lines.name = "span"
        for line in lines.find_all("dd", recursive=False):
            line.name = "span"
            line["class"] = "sig-line"


def used_here(soup: BeautifulSoup, page: Page) -> None:
    """List a lesson's functions at its end, each with the section that has it."""
    title = soup.select_one("article section > h1")
    if page.lesson is None or not page.uses or title is None or title.parent is None:
        return
    best: dict[str, Use] = {}
    for use in page.uses:  # the section that explains it, else the first that uses it
        if use.name not in best or (use.explained and not best[use.name].explained):
            best[use.name] = use
    box = soup.new_tag("details", attrs={"class": "used-here"})
    summary = soup.new_tag("summary")
    summary.string = page.text("used_here", count=len(best))
    names = soup.new_tag("ul")
    for use in sorted(best.values(), key=lambda it: it.name.lower()):
        item, link = soup.new_tag("li"), soup.new_tag("a", href=f"#{use.label}")
        code = soup.new_tag("code")
        code.string = use.name
        link.append(code)
        item.append(link)
        names.append(item)
    box.extend([summary, names])
    title.parent.append(box)


def hovers(soup: BeautifulSoup, page: Page) -> None:
    """Let the terms in a lesson explain themselves."""
    if page.lesson is None:
        return
    explain_terms(
        soup,
        page.terms,
        chinese=page.language == "zh-cn",
        glossary=f"{page.root}glossary.html",
    )


REPAIRS: list[Callable[[BeautifulSoup, Page], None]] = [
    lesson_card,
    cards,
    pictures,
    part_download,
    semantics,
    signatures,
    hovers,
    used_here,
]
