"""A glossary that acts: the first use of a term on a lesson's page explains itself.

Without JavaScript a term is a link to its row of the glossary; its meaning appears on
hover and on focus by CSS alone, and screen readers read it as the link's description.
"""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from eatorch.sphinxext.glossary import Term

__all__ = ["explain_terms"]

# Text in these is a name, a number, a link or a heading: no place for a term.
_CLOSED = ("a", "code", "pre", "math", "button", "summary", "label", "dt")
_SHORTEST_CHINESE = 2  # a single character is part of too many other words


def explain_terms(
    soup: BeautifulSoup, found: list[Term], *, chinese: bool, glossary: str
) -> None:
    """Give the first use of each term in the page's paragraphs its meaning.

    Args:
        soup: The page, changed in place.
        found: The glossary's terms.
        chinese: Whether the page is in Chinese.
        glossary: Address of the glossary, seen from the page.
    """
    words = _words(found, chinese=chinese)
    if not words:
        return
    edge = "" if chinese else r"\b"
    longest_first = sorted(words, key=len, reverse=True)
    pattern = re.compile(
        rf"{edge}(?:{'|'.join(map(re.escape, longest_first))}){edge}",
        re.IGNORECASE,
    )
    seen: set[str] = set()
    for text in list(_open_text(soup)):
        _mark(soup, text, pattern, words, seen, chinese=chinese, glossary=glossary)


def _words(found: list[Term], *, chinese: bool) -> dict[str, Term]:
    """Map what a reader may meet, in lower case, to its term."""
    loud = [term for term in found if not term.quiet]
    if chinese:
        return {
            term.zh.lower(): term for term in loud if len(term.zh) >= _SHORTEST_CHINESE
        }
    return {word.lower(): term for term in loud for word in (*term.also_en, term.en)}


def _open_text(soup: BeautifulSoup) -> Iterator[NavigableString]:
    for paragraph in soup.select(
        "article section > p, article section > :is(ul, ol) p"
    ):
        for text in paragraph.find_all(string=True):
            if not text.find_parent(_CLOSED):
                yield text


def _mark(
    soup: BeautifulSoup,
    text: NavigableString,
    pattern: re.Pattern[str],
    words: dict[str, Term],
    seen: set[str],
    *,
    chinese: bool,
    glossary: str,
) -> None:
    """Replace a text by itself with its new terms marked."""
    parts: list[str | Tag] = []
    end = 0
    for match in pattern.finditer(text):
        term = words[match[0].lower()]
        if term.id in seen:
            continue
        seen.add(term.id)
        meaning = term.meaning_zh if chinese else term.meaning_en
        parts += [
            text[end : match.start()],
            _explained(soup, match[0], term, meaning, glossary),
        ]
        end = match.end()
    if parts:
        text.replace_with(*[part for part in (*parts, text[end:]) if part])


def _explained(
    soup: BeautifulSoup, word: str, term: Term, meaning: str, glossary: str
) -> Tag:
    frame = soup.new_tag("span", attrs={"class": "term"})
    tip = soup.new_tag("span", attrs={"class": "tip", "role": "tooltip"})
    tip["id"] = f"tip-{term.id}"
    tip.string = meaning
    link = soup.new_tag("a", attrs={"href": f"{glossary}#{term.id}"})
    link["aria-describedby"] = tip["id"]
    link.string = word
    frame.extend([link, tip])
    return frame
