"""On a Chinese page say what is still in English, and mark it as English.

A published page holds nothing of the kind: ``make site`` stops at a missing message.
This is for drafts (``make lesson L=07``, ``make site DRAFT=1``), whose English tree was
built just before and left its messages beside the trees.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import extract_messages

from eatorch.sphinxext.catalogs import catalog_at, unfinished
from eatorch.sphinxext.merging import catalog_text
from eatorch.sphinxext.messages import messages_folder, path_of, read_messages
from eatorch.sphinxext.strings import is_chinese

__all__ = ["fill", "mark", "told"]


def mark(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the messages of a page that are not translated; note count and place.

    The template ``drift.html`` reads both from the page's metadata.

    Args:
        app: The application.
        doctree: The page, translated as far as its catalog goes.
    """
    docname = app.env.docname
    lost = set(_lost(app, docname)) if is_chinese(app.config.language) else set()
    if not lost:
        return
    found = [node for node, message in extract_messages(doctree) if message in lost]
    for node in found:
        _mark_english(node)
    place = next(filter(None, map(_section, found)), "")
    app.env.metadata[docname] |= {"untranslated": len(lost), "untranslated_at": place}


def _lost(app: Sphinx, docname: str) -> list[str]:
    listed = path_of(messages_folder(Path(app.outdir)), docname)
    if not listed.exists():  # the English tree was not built here
        return []
    catalog = Path(app.srcdir, app.config.locale_dirs[0], "zh_CN", "LC_MESSAGES")
    return unfinished(
        json.loads(listed.read_text(encoding="utf-8")),
        catalog_at(catalog / f"{docname}.po"),
    )


def _mark_english(node: nodes.Element) -> None:
    """Let docutils write ``lang="en"``; titles keep it in every table of contents."""
    if isinstance(node, nodes.image):
        node["classes"].append("language-en")
    elif isinstance(node, nodes.TextElement) and not isinstance(node, nodes.math_block):
        words = nodes.inline("", "", *node.children, classes=["language-en"])
        node.children = []
        node += words


def _section(node: nodes.Node | None) -> str:
    """Return the address of the section that a message stands in."""
    while node and not isinstance(node, nodes.section):
        node = node.parent
    return str(node["ids"][0]) if node else ""


def fill(messages: Path, locales: Path, filled: Path) -> Path:
    """Copy the catalogs with the English in place of each missing message.

    The downloads of a draft are made from the copy.

    Args:
        messages: Folder that ``eatorch.sphinxext.messages`` filled.
        locales: Folder of the catalogs.
        filled: Folder of the copy.

    Returns:
        ``filled``.
    """
    for page, wanted in read_messages(messages).items():
        catalog = catalog_at(locales / f"{page}.po")
        path = filled / f"{page}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(catalog_text(_whole(catalog, wanted)), encoding="utf-8")
    return filled


def _whole(catalog: Catalog, wanted: Iterable[str]) -> Catalog:
    for text in unfinished(wanted, catalog):
        catalog.delete(text)
        catalog.add(text, text)
    return catalog


def told(lost: dict[str, list[str]]) -> str:
    """Say how much is still in English.

    Args:
        lost: The messages without a translation, by page.

    Example:
        >>> told({"index": ["Home", "All"], "plan": ["Home"]})
        '3 messages on 2 pages are not translated'
        >>> told({})
        'every message is translated'
    """
    count, pages = sum(map(len, lost.values())), len(lost)
    if not count:
        return "every message is translated"
    messages = "1 message" if count == 1 else f"{count} messages"
    on = "1 page" if pages == 1 else f"{pages} pages"
    return f"{messages} on {on} {'is' if count == 1 else 'are'} not translated"


def setup(app: Sphinx) -> dict[str, bool]:
    """Mark a page after the neutral fields (400), before its title is noted (500)."""
    app.connect("doctree-read", mark, priority=450)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
