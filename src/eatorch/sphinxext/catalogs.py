"""Read and judge catalogs: every message finished and faithful."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import denormalize, read_po

from eatorch.sphinxext.messages import read_messages
from eatorch.sphinxext.wording import is_english, markup, typography

__all__ = [
    "CatalogError",
    "catalog_at",
    "catalog_faults",
    "check_syntax",
    "gaps",
    "is_finished",
    "missing_messages",
    "previous",
    "read_catalog",
    "short",
    "unfinished",
]

# A line of a catalog: nothing, a comment, or a quoted text with or without a keyword.
_LINE = re.compile(
    r"\s*(?:#.*)?$"
    r"|\s*(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?"
    r'"(?:[^"\\]|\\.)*"\s*$'
)


class CatalogError(ValueError):
    """A catalog that can't be read; the message names file, line and cure."""


def check_syntax(path: Path) -> None:
    """Refuse a catalog with a damaged line; what reads catalogs would skip it.

    Args:
        path: A ``.po`` file.

    Raises:
        CatalogError: If it is not UTF-8, or a line is no part of a catalog.
    """
    cure = "repair it or restore it with 'git checkout'"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: {error}; {cure}") from None
    for number, line in enumerate(text.split("\n"), 1):
        if not _LINE.match(line):
            raise CatalogError(f"{path}:{number}: damaged line {line[:60]!r}; {cure}")


def read_catalog(path: Path) -> Catalog:
    """Read a catalog.

    Args:
        path: A ``.po`` file.

    Returns:
        The catalog; a message whose English has moved knows its previous one.

    Raises:
        ValueError: If the file is damaged; the message names it.
    """
    try:
        with path.open("rb") as file:
            catalog = read_po(file, locale="zh_CN", abort_invalid=True)
    except Exception as error:
        raise ValueError(
            f"{path}: not a readable catalog ({error}); repair it or restore it with "
            "git checkout"
        ) from error
    for message in catalog:
        _read_previous(message)
    return catalog


def catalog_at(path: Path) -> Catalog:
    """Read a catalog like :func:`read_catalog`; one that is not there yet is empty."""
    return read_catalog(path) if path.exists() else Catalog(locale="zh_CN")


def _read_previous(message: Message) -> None:
    """Take the lines ``#| msgid "…"`` out of the comments, where babel leaves them."""
    lines = [it[1:].strip() for it in message.user_comments if it.startswith("|")]
    if lines:
        message.user_comments = [
            it for it in message.user_comments if not it.startswith("|")
        ]
        message.previous_id = [denormalize("\n".join(lines).removeprefix("msgid "))]


def previous(message: Message) -> str:
    """Return the English that the translation of a message belongs to, if it moved."""
    return str(message.previous_id[0]) if message.previous_id else ""


def is_finished(message: Message | None) -> bool:
    """Tell whether Sphinx will show the translation: it leaves out fuzzy ones."""
    return message is not None and bool(message.string) and not message.fuzzy


def unfinished(wanted: Iterable[str], catalog: Catalog) -> list[str]:
    """Return the messages that stay English on the Chinese page.

    Args:
        wanted: All messages of the page.
        catalog: Its catalog.
    """
    return [text for text in wanted if not is_finished(catalog.get(text))]


def gaps(messages: Path, locales: Path) -> dict[str, list[str]]:
    """Compare the messages of the built pages with the catalogs.

    Args:
        messages: Folder that ``eatorch.sphinxext.messages`` filled.
        locales: Folder of the catalogs.

    Returns:
        The messages without a finished translation, by page; only pages that have any.

    Raises:
        ValueError: If a catalog is damaged.
    """
    found = {}
    for page, wanted in read_messages(messages).items():
        found[page] = unfinished(wanted, catalog_at(locales / f"{page}.po"))
    return {page: lost for page, lost in found.items() if lost}


def missing_messages(messages: Path, locales: Path) -> Iterator[str]:
    """Describe the gaps, one line for each page that has any.

    Args:
        messages: Folder that ``eatorch.sphinxext.messages`` filled.
        locales: Folder of the catalogs.

    Yields:
        The catalog, how much is missing, and the cure.
    """
    pages = read_messages(messages)
    for page, lost in gaps(messages, locales).items():
        yield (
            f"{locales / page}.po: {len(lost)} of {len(pages[page])} messages are "
            f"not translated, first {short(lost[0])}; "
            "run 'make catalogs' and translate them"
        )


def catalog_faults(path: Path, avoid: dict[str, list[str]]) -> Iterator[str]:
    """List what is wrong inside one catalog.

    Args:
        path: The ``.po`` file.
        avoid: Chinese words that the glossary rejects, each with what to write.

    Yields:
        One line for each message that is empty, fuzzy, obsolete or still in English,
        has changed markup or a wrong term.
    """
    catalog = read_catalog(path)
    for obsolete in catalog.obsolete.values():
        told = f"obsolete message {short(obsolete.id)}; run 'make catalogs'"
        yield f"{path}:{obsolete.lineno}: {told}"
    for message in catalog:
        if message.id and (faults := list(_message_faults(message, avoid))):
            told = "; ".join(faults)
            yield f"{path}:{message.lineno}: {told} in {short(message.id)}"


def _message_faults(message: Message, avoid: dict[str, list[str]]) -> Iterator[str]:
    source, target = str(message.id), str(message.string or "")
    if not target:
        yield "no translation"
        return
    if message.fuzzy:
        yield "unchecked (fuzzy) translation"
    if is_english(target):
        yield "no Chinese"
    before, after = markup(source), markup(target)
    if before != after:
        lost, new = sorted(before - after), sorted(after - before)
        yield f"roles, links or code differ (lost {lost}, new {new})"
    yield from typography(target)
    for wrong, right in avoid.items():
        if wrong in target:
            yield f"term {wrong!r} should be {' or '.join(map(repr, right))}"


def short(text: object) -> str:
    """Quote the beginning of a message, on one line."""
    line = " ".join(str(text).split())
    return repr(line if len(line) <= 60 else f"{line[:57]}...")  # noqa: PLR2004
