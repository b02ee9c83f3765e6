"""The gate of the translation: every message of every page, finished and faithful."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

__all__ = ["catalog_faults", "markup", "missing_messages", "typography"]

# What a translation must carry over as it is: roles and code spans of reST (with the
# same target), of MyST, and the addresses of links.
_MARKUP = [
    re.compile(r":[\w:+-]+:`(?:[^`<]*<)?([^`>]+)>?`"),
    re.compile(r"\{[\w:-]+\}`(?:[^`<]*<)?([^`>]+)>?`"),
    re.compile(r"(``[^`]+``)"),
    re.compile(r"(?<![`:}\w])(`[^`<]+`)(?![`_])"),
    re.compile(r"(?:<|\]\()((?:https?:|#|\.{0,2}/|[\w./-]+\.(?:md|html))[^>)\s]*)[>)]"),
]


def markup(text: str) -> Counter[str]:
    """Count the roles, code spans and link targets of a message.

    Args:
        text: A message in reST or MyST.

    Returns:
        How often each occurs.

    Example:
        >>> markup("Use :func:`abs` on ``x``.") == markup("对 ``x`` 用 :func:`abs`。")
        True
    """
    found: Counter[str] = Counter()
    for pattern in _MARKUP:
        found.update(match.strip() for match in pattern.findall(text))
        text = pattern.sub(" ", text)
    return found


# A role or link counts as a Latin word; one with a Chinese title fits in anywhere.
_WORD = re.compile(
    r":[\w:+-]+:`([^`]*)`|`([^`<]+<[^`]*)`_+|\{[\w:-]+\}`([^`]*)`|``[^`]+``"
)
_CHINESE = "\u4e00-\u9fff"
_TYPOGRAPHY = [
    (re.compile(f"[{_CHINESE}][A-Za-z0-9`$]"), "needs a space between"),
    (re.compile(f"[A-Za-z0-9`$%][{_CHINESE}]"), "needs a space between"),
    (re.compile(f"[{_CHINESE}][,;:!?]"), "needs full-width punctuation"),
    (re.compile("[，。；：！？、（] | [，。；：！？、）]"), "has a space too many at"),
]


def typography(text: str) -> list[str]:
    """List where a Chinese text departs from the typography of the site.

    One space stands between Chinese and Latin letters or digits, none beside
    full-width punctuation, and Chinese words take full-width punctuation.

    Args:
        text: A translated message.

    Returns:
        What is wrong, each with the place.

    Example:
        >>> typography("用GPU 训练"), typography("用 GPU 训练。")
        (["needs a space between '用G'"], [])
    """
    plain = _WORD.sub(_as_word, text).replace("*", "")
    return [
        f"{told} {match[0]!r}"
        for pattern, told in _TYPOGRAPHY
        for match in pattern.finditer(plain)
    ]


def _as_word(match: re.Match[str]) -> str:
    title = next((group for group in match.groups() if group), "")
    return "X" if not re.search(f"[{_CHINESE}]", title) else ""


def read_catalog(path: Path) -> Catalog:
    """Read a catalog.

    Args:
        path: A ``.po`` file.

    Returns:
        The catalog.

    Raises:
        ValueError: If the file is damaged; the message names it.
    """
    try:
        with path.open("rb") as file:
            return read_po(file, locale="zh_CN", abort_invalid=True)
    except Exception as error:
        raise ValueError(
            f"{path}: not a readable catalog ({error}); repair it or restore it with "
            "git checkout"
        ) from error


def missing_messages(messages: Path, locales: Path) -> Iterator[str]:
    """Compare the messages of the built pages with the catalogs.

    Args:
        messages: Folder that ``eatorch.sphinxext.messages`` filled.
        locales: Folder of the catalogs.

    Yields:
        One line for each page that lacks a translation, with file and cure.
    """
    for listed in sorted(messages.rglob("*.json")):
        page = listed.relative_to(messages).with_suffix("")
        wanted = json.loads(listed.read_text())
        catalog = locales / page.with_suffix(".po")
        have = read_catalog(catalog) if catalog.exists() else Catalog()
        lost = [text for text in wanted if not (text in have and have[text].string)]
        if lost:
            yield (
                f"{catalog}: {len(lost)} of {len(wanted)} messages are not translated, "
                f"first {_short(lost[0])}; run 'make catalogs' and translate them"
            )


def catalog_faults(path: Path, avoid: dict[str, list[str]]) -> Iterator[str]:
    """List what is wrong inside one catalog.

    Args:
        path: The ``.po`` file.
        avoid: Chinese words that the glossary rejects, each with what to write.

    Yields:
        One line per empty, fuzzy or obsolete message, changed markup or wrong term.
    """
    catalog = read_catalog(path)
    for obsolete in catalog.obsolete.values():
        yield f"{path}: obsolete message {_short(obsolete.id)}; run 'make catalogs'"
    for message in catalog:
        if message.id:
            for fault in _message_faults(message, avoid):
                yield f"{path}:{message.lineno}: {fault} in {_short(message.id)}"


def _message_faults(message: Message, avoid: dict[str, list[str]]) -> Iterator[str]:
    source, target = str(message.id), str(message.string or "")
    if not target:
        yield "no translation"
        return
    if message.fuzzy:
        yield "unchecked (fuzzy) translation"
    before, after = markup(source), markup(target)
    if before != after:
        lost, new = sorted(before - after), sorted(after - before)
        yield f"roles, links or code differ (lost {lost}, new {new})"
    yield from typography(target)
    for wrong, right in avoid.items():
        if wrong in target:
            yield f"term {wrong!r} should be {' or '.join(map(repr, right))}"


def _short(text: object) -> str:
    line = " ".join(str(text).split())
    return repr(line if len(line) <= 60 else f"{line[:57]}...")  # noqa: PLR2004
