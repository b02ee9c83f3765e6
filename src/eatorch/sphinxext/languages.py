"""Tell each page its language, its twin and its words, and write the root page.

The two trees lie side by side: ``<root>/en/`` and ``<root>/zh-cn/``, with the same page
names and section ids in both.
"""

import html
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from docutils import nodes
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from eatorch.sphinxext.policy import seal
from eatorch.sphinxext.strings import is_chinese, text

__all__ = ["TREES", "describe", "localise", "write_root"]

# Folder of each language's tree → its language tag.
TREES = {"en": "en", "zh-cn": "zh-CN"}

# The theme writes these in English whatever the language: (its markup, our key).
_ATTRIBUTES = [
    ('aria-label="Toggle site navigation sidebar"', "toggle_navigation"),
    ('aria-label="Toggle table of contents sidebar"', "toggle_contents"),
    ('aria-label="Toggle Light / Dark / Auto color theme"', "toggle_theme"),
]
_ICONS = [
    ("Contents", "contents"),
    ("Menu", "menu"),
    ("Expand", "expand"),
    ("Light mode", "light_mode"),
    ("Dark mode", "dark_mode"),
    ("Auto light/dark, in light mode", "auto_light_mode"),
    ("Auto light/dark, in dark mode", "auto_dark_mode"),
]
# Landmarks need names, and the phone's header a language switch.
_LEFT, _RIGHT = '<aside class="sidebar-drawer"', '<aside class="toc-drawer'
_HEADER = '<div class="header-right">'
_ARTICLE = '<article role="main"'
# Left out of every page: Sphinx's search and keyboard shortcuts, of which our pages use
# neither, and style sheets that ours replaces.
_UNUSED = re.compile(
    r"(documentation_options|doctools|sphinx_highlight|translations|sg-tags)\.js$"
    r"|(sg_gallery[\w-]*|mystnb[\w.]*)\.css$"
)
_TABS = "design-tabs.js"
# What eatorch.js, progress.js and peek.js say.
_SPOKEN = (
    *("copy", "copied", "copy_failed"),
    *("tick_exercise", "tick_named", "done"),
    *("continue_at", "store_failed"),
    *("peek_short", "peek_paragraph", "peek_failed"),
    "keys_switch",
)
_SHORTEST_DESCRIPTION, _LONGEST_DESCRIPTION = 50, 155


def add_context(
    app: Sphinx,
    pagename: str,
    _template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the templates all that depends on the language.

    Args:
        app: The application.
        pagename: Name of the page without suffix.
        context: What the templates see; gets the new values.
        doctree: The page's document, None for pages that have no source.
    """
    language = app.config.language
    page = f"{pagename}.html"
    here = "zh-cn" if is_chinese(language) else "en"
    to_root = "../" * page.count("/") + "../"
    site = app.config.html_baseurl.rstrip("/")  # a person may leave the slash out
    context["frame"] = partial(text, language=language)
    context["localise"] = partial(localise, language=language)
    context["copyright"] = text("copyright_holders", language)
    context["languages"] = [
        {
            "tag": tag,
            "name": text("this_language", tag),
            "href": f"{to_root}{tree}/{page}",
            "url": f"{site}/{tree}/{page}",
            "current": tree == here,
        }
        for tree, tag in TREES.items()
    ]
    context["pageurl"] = f"{site}/{here}/{page}"
    context["description"] = describe(doctree) or text("description", language)
    context["has_math"] = doctree is not None and any(doctree.findall(_is_math))
    tabs = "sd-tab-set" in context.get("body", "")
    for kind in ("script_files", "css_files"):
        context[kind] = [it for it in context[kind] if _is_used(it, tabs=tabs)]
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = _name_switches(tree, language)


def _is_used(file: Any, *, tabs: bool) -> bool:
    name = str(getattr(file, "filename", file))
    return not _UNUSED.search(name) and (tabs or not name.endswith(_TABS))


def _is_math(node: nodes.Node) -> bool:
    return isinstance(node, nodes.math | nodes.math_block)


def describe(doctree: nodes.document | None) -> str:
    """Take a page's description from its first paragraphs.

    Args:
        doctree: The page's document, None for pages that have no source.

    Returns:
        About 50 to 155 characters, cut at a word; empty if there is no paragraph.
    """
    if doctree is None:
        return ""
    paragraphs = doctree.findall(
        lambda node: (
            isinstance(node, nodes.paragraph) and isinstance(node.parent, nodes.section)
        )
    )
    words = ""
    for paragraph in paragraphs:
        words = " ".join([words, *paragraph.astext().split()]).strip()
        if len(words) >= _SHORTEST_DESCRIPTION:
            break
    if len(words) <= _LONGEST_DESCRIPTION:
        return words
    cut = words[:_LONGEST_DESCRIPTION]
    return (cut.rpartition(" ")[0] or cut) + " …"


def localise(body: str, switch: str, *, language: str | None) -> str:
    """Put our words in the places where the theme has fixed English ones.

    Args:
        body: The theme's page, as HTML.
        switch: HTML of the language switch for the phone's header.
        language: Language code of the page.

    Returns:
        The page with our words.

    Raises:
        ExtensionError: If the theme no longer holds one of the places.
    """
    pairs = [(old, f'aria-label="{text(key, language)}"') for old, key in _ATTRIBUTES]
    pairs += [
        (f"<title>{old}</title>", f"<title>{text(key, language)}</title>")
        for old, key in _ICONS
    ]
    pairs += [
        (_LEFT, f'{_LEFT} aria-label="{text("site_navigation", language)}"'),
        (
            _RIGHT,
            _RIGHT.replace(
                "<aside", f'<aside aria-label="{text("contents", language)}"'
            ),
        ),
        (_HEADER, _HEADER + switch),
        (_ARTICLE, _ARTICLE + _words(language)),
    ]
    for old, new in pairs:
        if old not in body:
            raise ExtensionError(
                f"the theme's page no longer holds {old!r}; adapt languages.py to the "
                "version of furo that is installed"
            )
        body = body.replace(old, new)
    return body


def _words(language: str | None) -> str:
    """Hand the words of buttons and boxes to the scripts of every page."""
    return "".join(
        f' data-{key.replace("_", "-")}="{text(key, language)}"' for key in _SPOKEN
    )


def _name_switches(tree: str, language: str | None) -> str:
    """Translate the names of the navigation's folding switches."""

    def named(match: re.Match[str]) -> str:
        label = text("expand_named", language, title=html.unescape(match[1]))
        return f'aria-label="{html.escape(label)}"'

    return re.sub(r'aria-label="Toggle navigation of ([^"]*)"', named, tree)


def add_pages(_app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Add the search page and the page for wrong addresses."""
    yield "search", {}, "search.html"
    yield "404", {}, "404.html"


def _no_own_search(app: Sphinx) -> None:
    """Stop Sphinx from building its search, which knows no Chinese."""
    if app.builder.format == "html":
        app.builder.search = False  # type: ignore[attr-defined]


def write_root(root: Path, site: Path, *, url: str) -> None:
    """Write the pages above both trees: the choice of language and the lost address.

    Args:
        root: The project; its templates and logo are used.
        site: Folder that holds the trees.
        url: Published address of the site, ends in ``/``.
    """
    templates = root / "docs" / "_templates"
    environment = Environment(  # pages of our own words only
        loader=FileSystemLoader(templates), undefined=StrictUndefined, autoescape=True
    )
    values = {"text": text, "url": url, "path": urlsplit(url).path or "/"}
    for name, template in (("index", "root.html"), ("404", "root-404.html")):
        page = environment.get_template(template).render(values)
        soup = BeautifulSoup(page, "html.parser")
        seal(soup)
        (site / f"{name}.html").write_text(str(soup), encoding="utf-8")
    shutil.copy(root / "docs" / "_static" / "favicon.svg", site)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the steps."""
    app.connect("builder-inited", _no_own_search)
    app.connect("html-collect-pages", add_pages)
    # After the theme, which makes the navigation in its own handler.
    app.connect("html-page-context", add_context, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
