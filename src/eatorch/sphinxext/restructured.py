"""Read the prose of a lesson with docutils, without a Sphinx process.

The text blocks of a lesson become one page, so that titles have their levels, with a
marker between two blocks. The constructs that lessons may use are registered here;
docutils refuses all others.
"""

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, ClassVar

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Directive, Parser, directives, roles
from docutils.utils import SystemMessage, new_document
from sphinx.util.docutils import ReferenceRole, docutils_namespace

__all__ = ["ExportError", "Page", "cell", "dropdown", "parse", "xref"]

BETWEEN = "\n\n.. cell::\n\n"
LOOK_UPS = ("ref", "doc")
# A label like its title; a list that goes on after something else.
_HARMLESS = ("Duplicate implicit target name", "Enumerated list start value")
API_ROLES = ("func", "class", "meth", "mod", "attr", "data", "exc", "obj")


class ExportError(ValueError):
    """A lesson that can't be offered for download; names file, place and cure."""


@dataclass(frozen=True)
class Page:
    """The prose of a lesson as one reST text.

    Attributes:
        source: File to name in errors: the lesson, or the catalog of a translation.
        blocks: The text blocks.
        starts: Line of each block in the file; empty if the text is translated.
    """

    source: str
    blocks: list[str]
    starts: list[int] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All blocks with a marker between two of them."""
        return BETWEEN.join(self.blocks)

    def error(self, line: int | None, fault: str) -> ExportError:
        """Describe a fault at a line of ``text``, with its place in the file."""
        lines = self.text.splitlines()
        shown = lines[line - 1].strip() if line and line <= len(lines) else ""
        told = f"{self.place(line)}: {fault}"
        return ExportError(told + (f" in {shown!r}" if shown else ""))

    def place(self, line: int | None) -> str:
        """Return the file, with the line of it that is a line of ``text``."""
        if not line or not self.starts:
            return self.source
        sizes = [block.count("\n") + BETWEEN.count("\n") for block in self.blocks]
        before = [0, *accumulate(sizes)]
        index = max(i for i, begin in enumerate(before[:-1]) if begin < line)
        return f"{self.source}:{self.starts[index] + line - 1 - before[index]}"


class cell(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """The border between two text blocks."""


class dropdown(nodes.General, nodes.Element):  # noqa: N801
    """A folded text; its first child is the title."""


class xref(nodes.Inline, nodes.TextElement):  # noqa: N801
    """What a role names: ``role``, ``target``, ``title``; ``plain`` means no link."""


class Cell(Directive):
    """The marker that ``Page.text`` puts between two blocks."""

    def run(self) -> list[nodes.Node]:
        """Return the border."""
        return [cell()]


class Dropdown(Directive):
    """``.. dropdown:: Title`` of sphinx-design; its looks mean nothing here."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(["color", "icon", "chevron", "animate"], directives.unchanged),
        "open": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the title and what is folded under it."""
        title = self.arguments[0]
        inlines, messages = self.state.inline_text(title, self.lineno)
        folded = dropdown("", nodes.rubric(title, "", *inlines), *messages)
        folded.line = self.lineno
        self.state.nested_parse(self.content, self.content_offset, folded)
        return [folded]


class Math(Directive):
    """``.. math::`` as Sphinx reads it: argument and content are one formula."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the formula."""
        latex = "\n".join(self.content)
        if self.arguments:
            latex = f"{self.arguments[0]}\n\n{latex}"
        formula = nodes.math_block(latex, latex)
        formula.line = self.lineno
        return [formula]


class LookUp(ReferenceRole):
    """A role that names something: ``:role:`target``` or ``:role:`title <target>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return what the role says; the links are looked up when it is written."""
        named = xref(self.rawtext, "", nodes.Text(self.title))
        named["role"] = self.name.removeprefix("py:")
        named["target"] = self.target
        named["title"] = self.title if self.has_explicit_title else ""
        named["plain"] = self.disabled
        return [named], []


def parse(page: Page) -> nodes.document:
    """Parse a page.

    Args:
        page: The prose of a lesson.

    Returns:
        Its document tree, without any transform.

    Raises:
        ExportError: If docutils finds a fault or an unknown construct.
    """
    document = new_document(page.source, _settings())
    with docutils_namespace():
        _register()
        try:
            Parser().parse(page.text, document)
        except SystemMessage as fault:
            line = re.search(r":(\d+): \(", str(fault))
            what = str(fault).partition(") ")[2]
            raise page.error(int(line[1]) if line else None, what) from None
    _drop_remarks(document, page)
    return document


def _drop_remarks(document: nodes.document, page: Page) -> None:
    """Remove docutils' remarks on correct text; others hint at a slip."""
    for message in list(document.findall(nodes.system_message)):
        remark = message.children[0].astext()
        if not remark.startswith(_HARMLESS):
            raise page.error(message.get("line"), remark)
        message.parent.remove(message)


def _settings() -> Any:
    settings = get_default_settings(Parser)
    settings.character_level_inline_markup = True  # Chinese has no spaces around it
    settings.report_level, settings.halt_level = 5, 2
    settings.file_insertion_enabled = settings.raw_enabled = False
    settings.syntax_highlight, settings.warning_stream = "none", False
    return settings


def _register() -> None:
    directives.register_directive("cell", Cell)
    directives.register_directive("dropdown", Dropdown)
    directives.register_directive("math", Math)
    look_up: Any = LookUp()  # returns other nodes than docutils' own roles
    for name in (*LOOK_UPS, *API_ROLES):
        roles.register_local_role(name, look_up)
        roles.register_local_role(f"py:{name}", look_up)
