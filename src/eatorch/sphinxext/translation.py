"""Put the messages of a catalog in the place of a lesson's English prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from docutils import nodes
from docutils.utils import column_width
from sphinx.util.nodes import _clean_extracted_message

from eatorch.sphinxext.restructured import BETWEEN, ExportError, Page, parse
from eatorch.sphinxext.strings import STRINGS, text

__all__ = ["translate", "untranslated"]

# What may stand on a line before the text of a block: indentation, bullets, numbers,
# the cells of a list table, a field's name, a directive's name.
_LEAD = r"(?P<lead>[ \t]*(?:(?:[-*+]|\w+[.)]|\#\.|:[^:\n]+:|\.\. [\w-]+::)[ \t]+)*)"
_UNDERLINE = re.compile(r"[ \t]*\n(?P<char>[^\w\s])(?P=char)+[ \t]*(?=\n|$)")
_ROLE = re.compile(r":[\w:]+:`[^`]*`")
_SILENT = (nodes.Inline, nodes.Invisible, nodes.literal_block, nodes.doctest_block)


@dataclass(frozen=True)
class _Translated(Page):
    """The translated prose of a lesson; its faults lie in the catalog.

    Attributes:
        messages: Line in ``text`` and line in the catalog of each message, in order.
    """

    messages: list[tuple[int, int]] = field(default_factory=list)

    def error(self, line: int | None, fault: str) -> ExportError:
        """Describe a fault at a line of ``text``, with its place in the catalog."""
        return ExportError(f"{super().error(line, fault)}; correct the msgstr")

    def place(self, line: int | None) -> str:
        """Return the catalog, with the line of the message that ``line`` is part of."""
        before = [at for start, at in self.messages if start <= (line or 0)]
        return f"{self.source}:{before[-1] if before else 1}"


def translate(page: Page, catalog: Catalog, path: Path) -> Page:
    """Replace each message of a page by its translation; all else stays as it is.

    Args:
        page: The English prose of a lesson.
        catalog: Its catalog.
        path: File of the catalog, for errors.

    Returns:
        The translated page.

    Raises:
        ExportError: If a message has no translation or can't be found in the source.
    """
    source, parts = page.text, []
    messages = []
    done = seen = 0  # what is copied, and where to look for the next message
    document = parse(page)
    for node in document.findall(nodes.TextElement):
        if isinstance(node, nodes.literal_block):
            seen = _skip(source, node, seen)
        elif not isinstance(node, _SILENT) and node.rawsource.strip():
            new = _translation(node, catalog, path)
            start, end, words = _place(source, node, new, seen, page)
            parts.append(source[done:start])
            line = "".join(parts).count("\n") + 1
            messages.append((line, _catalog_line(node, catalog)))
            parts.append(words)
            done = seen = end
    blocks = "".join([*parts, source[done:]]).split(BETWEEN)
    translated = _Translated(str(path), blocks, messages=messages)
    _check_structure(document, parse(translated), translated)
    return translated


def untranslated(page: Page, catalog: Catalog, path: Path) -> Iterator[str]:
    """List the messages of a page that its catalog does not know yet.

    Those that stand there empty or fuzzy have a line of their own in the catalog.

    Args:
        page: The English prose of a lesson.
        catalog: Its catalog.
        path: File of the catalog, for errors.

    Yields:
        File and line of the lesson, what is missing, and the cure.
    """
    for node in parse(page).findall(nodes.TextElement):
        if isinstance(node, _SILENT) or not node.rawsource.strip():
            continue
        try:
            _translation(node, catalog, path)
        except ExportError:
            message = _message(node)
            if message not in catalog:
                told = f"{path.name} lacks the message {message!r}"
                yield f"{page.place(_line(node))}: {told}; run 'make catalogs'"


def _line(node: nodes.TextElement) -> int | None:
    """Return the line where a message begins; docutils puts titles at their rule."""
    at: Any = node
    while at is not None and not at.line:
        at = at.parent
    return at.line - isinstance(at, nodes.title) if at is not None else None


def _check_structure(
    document: nodes.document, other: nodes.document, page: Page
) -> None:
    """Make sure that translated prose is built as the English is, block by block."""
    for ours, theirs in zip_longest(_bodies(document), _bodies(other)):
        if ours is None or theirs is None or ours.tagname != theirs.tagname:
            near = ours if theirs is None else theirs
            line = page.text.count("\n") if theirs is None else _line(theirs)
            raise ExportError(
                f"{page.place(line)}: a translation changes lists, titles or "
                f"directives near {near.astext()[:60]!r}; keep the structure of the "
                "English message"
            )


def _bodies(document: nodes.document) -> Iterator[Any]:
    return document.findall(lambda node: isinstance(node, nodes.Body | nodes.title))


def _message(node: nodes.TextElement) -> str:
    """Return the message as Sphinx writes it into the catalog."""
    if isinstance(node, nodes.math_block):
        return node.rawsource
    return _clean_extracted_message(node.rawsource)


def _translation(node: nodes.TextElement, catalog: Catalog, path: Path) -> str:
    message = _message(node)
    found = catalog.get(message)
    if found and found.string and not found.fuzzy:
        return str(found.string).strip()
    key = message.lower()
    if isinstance(node, nodes.field_name) and key in STRINGS:
        return text(key, "zh")
    if not re.search(r"[^\W\d_]", _ROLE.sub("", message)):
        return message.strip()  # a number or a list of links
    raise ExportError(
        f"{path}: no translation of {message!r}; run 'make catalogs' and translate it"
    )


def _catalog_line(node: nodes.TextElement, catalog: Catalog) -> int:
    found = catalog.get(_message(node))
    return (found.lineno if found else None) or 1


def _skip(source: str, node: nodes.TextElement, start: int) -> int:
    """Return where a code block ends, so that no message is looked for inside it."""
    found = re.compile(_words(node.astext())).search(source, start)
    return found.end() if found else start


def _words(raw: str) -> str:
    """Return a pattern for a text whose lines may be broken and indented anyhow."""
    return r"\s+".join(re.escape(word) for word in raw.split())


def _place(
    source: str, node: nodes.TextElement, new: str, start: int, page: Page
) -> tuple[int, int, str]:
    """Find where a message stands; return begin, end and what to put there."""
    if isinstance(node, nodes.field_name):
        pattern = rf"^(?P<lead>[ \t]*:)(?P<text>{_words(node.rawsource)})(?=:)"
    else:
        pattern = rf"^{_LEAD}(?P<text>{_words(node.rawsource)})(?=[ \t]*$)"
    line = source.rfind("\n", 0, start) + 1
    matches = re.compile(pattern, re.MULTILINE).finditer(source, line)
    found = next((match for match in matches if match.start("text") >= start), None)
    if not found:
        raise ExportError(
            f"{page.place(_line(node))}: the message {_message(node)!r} can't be found "
            "in the source; write tables as list-table and every text on lines of its "
            "own"
        )
    words = _indented(new, found["lead"])
    if not isinstance(node, nodes.title) or not isinstance(node.parent, nodes.section):
        return found.start("text"), found.end("text"), words
    under = _UNDERLINE.match(source, found.end("text"))
    if not under:
        raise ExportError(
            f"{page.place(_line(node))}: title {node.astext()!r} has no underline; "
            "draw one below it, as long as the title"
        )
    line_below = under["char"] * max(3, column_width(words))
    return found.start("text"), under.end(), f"{words}\n{line_below}"


def _indented(words: str, lead: str) -> str:
    """Indent the further lines of a message (only formulas have them)."""
    margin = len(lead) - len(lead.lstrip())
    width = margin + 3 if "::" in lead else len(lead)
    first, *more = words.splitlines()
    return "\n".join([first, *(f"{' ' * width}{line}".rstrip() for line in more)])
