"""The glossary: one file of terms, which a table, the search and the term check share.

``docs/terms.json`` is a list of objects. Each has the term in both languages, other
forms that a reader may search for, Chinese words that this site avoids for it, and the
meaning in both languages.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from eatorch.sphinxext.strings import is_chinese
from eatorch.sphinxext.tables import steady_table

__all__ = ["Term", "TermError", "avoided", "terms"]

_TEXTS = ("en", "zh", "meaning_en", "meaning_zh")
_LISTS = ("also_en", "avoid_zh")
_FIELDS = (*_TEXTS, *_LISTS, "quiet")
_HEAD = {False: ("English", "中文", "Meaning"), True: ("英文", "中文", "含义")}
_WIDTHS = (25, 20, 55)


class TermError(ValueError):
    """A file of terms that can't be used; the message names the entry and the cure."""


@dataclass(frozen=True)
class Term:
    """One entry of the glossary.

    Attributes:
        en: The term in English.
        zh: The term in Chinese.
        meaning_en: What it means, in English, one sentence.
        meaning_zh: The same in Chinese.
        also_en: Other English forms, for the search: plurals, spellings, synonyms.
        avoid_zh: Other Chinese words for it; the search knows them, the site's own
            text does not use them.
        quiet: Whether lessons leave the word unexplained: one of the site itself, or
            one that often means something else.
    """

    en: str
    zh: str
    meaning_en: str
    meaning_zh: str
    also_en: tuple[str, ...] = ()
    avoid_zh: tuple[str, ...] = ()
    quiet: bool = False

    @property
    def id(self) -> str:
        """The term's address on the page, for example ``term-gradient``."""
        return f"term-{nodes.make_id(self.en)}"


def terms(path: Path) -> list[Term]:
    """Load the glossary.

    Args:
        path: The file, usually ``docs/terms.json``.

    Returns:
        The terms in the order of their English names.

    Raises:
        TermError: If the file is no list of terms, an entry lacks a field, has an
            unknown or empty one, or a term occurs twice.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise TermError(
            f"{path}:{error.lineno}: {error.msg}; repair the JSON"
        ) from None
    except UnicodeDecodeError as error:
        raise TermError(f"{path}: {error}; save it as UTF-8") from None
    if not isinstance(entries, list):
        raise TermError(f"{path}: must hold a list of terms, got {type(entries)}")
    found = [_term(f"{path}: term {n}", entry) for n, entry in enumerate(entries, 1)]
    _check_unique(path, found)
    return sorted(found, key=lambda term: (term.en.lower(), term.en))


def avoided(found: list[Term]) -> dict[str, list[str]]:
    """Return the Chinese words that the site avoids, each with what to write.

    Args:
        found: The terms.

    Returns:
        Lists of the right words by wrong word.

    Example:
        >>> avoided([Term("weight", "权重", "…", "…", avoid_zh=("权值",))])
        {'权值': ['权重']}
    """
    words: dict[str, list[str]] = {}
    for term in found:
        for wrong in term.avoid_zh:
            words.setdefault(wrong, []).append(term.zh)
    return words


def _term(place: str, entry: Any) -> Term:
    if not isinstance(entry, dict):
        raise TermError(f"{place}: must be an object, got {entry!r}")
    place = f"{place} ({entry.get('en', 'no English name')})"
    for field in _TEXTS:
        if field not in entry:
            raise TermError(f"{place}: field {field!r} is missing; add it")
        if not isinstance(entry[field], str) or not entry[field].strip():
            raise TermError(f"{place}: {field!r} must be text, got {entry[field]!r}")
    for field in entry.keys() - set(_FIELDS):
        raise TermError(f"{place}: field {field!r} is unknown; use {_FIELDS}")
    if entry.get("quiet", False) not in (True, False):
        raise TermError(f"{place}: 'quiet' must be true or false; correct it")
    en, zh, meaning_en, meaning_zh = (entry[field] for field in _TEXTS)
    also, avoid = [_words(place, field, entry.get(field, [])) for field in _LISTS]
    return Term(en, zh, meaning_en, meaning_zh, also, avoid, entry.get("quiet", False))


def _words(place: str, field: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
        raise TermError(f"{place}: {field!r} must be a list of texts, got {value!r}")
    return tuple(value)


def _check_unique(path: Path, found: list[Term]) -> None:
    seen: dict[str, Term] = {}
    for term in found:
        if term.id in seen:
            raise TermError(
                f"{path}: term {term.en!r} occurs twice (as {seen[term.id].en!r} "
                "before); keep one"
            )
        seen[term.id] = term


class GlossaryTable(SphinxDirective):
    """``{glossary-table}``: both languages side by side, meaning in the page's own."""

    def run(self) -> list[nodes.Node]:
        """Build the table and note that it depends on the file of terms."""
        path = Path(self.env.srcdir) / "terms.json"
        self.env.note_dependency(str(path))
        try:
            found = terms(path)
        except TermError as error:
            raise self.error(str(error)) from None
        return [_table(found, chinese=is_chinese(self.config.language))]


def _table(found: list[Term], *, chinese: bool) -> nodes.table:
    rows = [_row(term, chinese=chinese) for term in found]
    head = nodes.row("", *[_cell(word) for word in _HEAD[chinese]])
    return steady_table("glossary", _WIDTHS, [head, *rows])


def _row(term: Term, *, chinese: bool) -> nodes.row:
    meaning = term.meaning_zh if chinese else term.meaning_en
    cells = [_cell(term.en, "en"), _cell(term.zh, "zh-CN"), _cell(meaning)]
    return nodes.row("", *cells, ids=[term.id])


def _cell(content: str, language: str = "") -> nodes.entry:
    """Return a table cell whose text no catalog translates again."""
    paragraph = nodes.paragraph("", content)
    paragraph["translatable"] = False
    # docutils turns this class into the attribute lang="…".
    classes = [f"language-{language}"] if language else []
    return nodes.entry("", paragraph, classes=classes)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("glossary-table", GlossaryTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
