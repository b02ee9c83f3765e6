"""Keep the English sentences of sphinx-gallery out of the pages.

Its notes and download lines never pass through a translation. The lesson's card says
the same in both languages, so they are removed while Sphinx reads the generated file.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx

# From "Go to the end" above the title, and from the download links to the end.
_TOP = re.compile(
    r"\.\. only:: html\n\n"
    r"    \.\. note::\n        :class: sphx-glr-download-link-note\n"
    r".*?(?=\n\.\. rst-class:: sphx-glr-example-title)",
    re.DOTALL,
)
_END = re.compile(
    r"\n(\.\. rst-class:: sphx-glr-timing|\.\. _sphx_glr_download_).*", re.DOTALL
)
# A card's link takes its words from the page that it leads to.
_CARD = re.compile(r":doc:`/lessons/[^`<]+`")
# These fields hold a number or links: nothing to translate.
_NEUTRAL = {"Level", "Hours", "Day", "Needs"}
_FIELDS = {*_NEUTRAL, "Data"}


def strip(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Remove the generated sentences from a lesson's source."""
    if docname.startswith("lessons/"):
        source[0] = _END.sub("\n", _TOP.sub("", source[0]))


def mark_neutral(_app: Sphinx, doctree: nodes.document) -> None:
    """Exempt the header's names and numbers and the cards' links from translation."""
    for field in doctree.findall(nodes.field):
        name = next(field.findall(nodes.field_name))
        if name.astext() in _FIELDS:  # the card names them in both languages
            name["translatable"] = False
        if name.astext() in _NEUTRAL:
            for paragraph in field.findall(nodes.paragraph):
                paragraph["translatable"] = False
    for paragraph in doctree.findall(nodes.paragraph):
        if _CARD.fullmatch(paragraph.rawsource):
            paragraph["translatable"] = False


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both steps."""
    app.connect("source-read", strip)
    # Before the messages are collected (default priority 500).
    app.connect("doctree-read", mark_neutral, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
