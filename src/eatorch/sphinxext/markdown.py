"""Write the prose of a lesson as Markdown, for the text cells of its notebook.

The reST is parsed, not patched: each construct that lessons may use has a method
below, and any other stops the export with an error.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.util.math import wrap_displaymath

from eatorch.sphinxext.links import Link, Links
from eatorch.sphinxext.markdown_text import (
    code_span,
    escaped,
    indented,
    joined,
    leftovers,
    longest_ticks,
    marked,
    paragraph,
    quoted,
)
from eatorch.sphinxext.restructured import (
    API_ROLES,
    BETWEEN,
    ExportError,
    Page,
    cell,
    parse,
)
from eatorch.sphinxext.strings import is_chinese

__all__ = ["Writer", "flow", "to_markdown"]

_ADMONITIONS = {
    "note": ("Note", "注意"),
    "tip": ("Tip", "提示"),
    "warning": ("Warning", "警告"),
}


def to_markdown(page: Page, links: Links, folder: str, language: str) -> list[str]:
    """Write each text block of a page as Markdown.

    Args:
        page: The prose of a lesson.
        links: Addresses for its roles.
        folder: Folder of the page on the site, which ``:doc:`` starts from.
        language: Language of the page.

    Returns:
        One text for each block.

    Raises:
        ExportError: If the page holds a construct or a name that can't be exported.
    """
    cells = Writer(page, links, folder, language).cells()
    for index, text in enumerate(cells):
        for markup in leftovers(text):
            raise ExportError(
                f"{_place(page, index, markup)}: {markup!r} would stand in the "
                "notebook as it is; write it as one of the constructs that lessons "
                "may use"
            )
    return cells


def _place(page: Page, index: int, words: str) -> str:
    """Return file and line of words in a block, or of its beginning."""
    block = page.blocks[index]
    here = block[: max(block.find(words), 0)]  # the words may be marked up there
    return page.place(BETWEEN.join([*page.blocks[:index], here]).count("\n") + 1)


class Writer:
    """One method for each construct, named after its docutils node."""

    def __init__(self, page: Page, links: Links, folder: str, language: str) -> None:
        self.page, self.links = page, links
        self.folder, self.chinese = folder, is_chinese(language)

    def cells(self) -> list[str]:
        """Cut the flow of blocks at the borders."""
        cells: list[list[str]] = [[]]
        for node, level in flow(parse(self.page).children, 0):
            if isinstance(node, cell):
                cells.append([])
            elif isinstance(node, nodes.title):
                cells[-1].append(f"{'#' * level} {self.inline(node)}")
            else:
                cells[-1].append(self.block(node))
        return [joined(blocks) for blocks in cells]

    def fail(self, node: nodes.Node, fault: str) -> ExportError:
        """Describe a fault at a node."""
        at: nodes.Node | None = node
        while at is not None and at.line is None:
            at = at.parent
        return self.page.error(at.line if at else None, fault)

    # ---- Blocks ----

    def block(self, node: nodes.Node) -> str:
        """Write a block without empty lines around it."""
        method = getattr(self, f"block_{_name(node)}", None)
        if method is None:
            raise self.fail(node, f"{_name(node)} can't be exported to a notebook")
        return str(method(node))

    def blocks(self, node: nodes.Element, start: int = 0) -> str:
        """Write the children of a node from ``start`` on."""
        return joined(self.block(child) for child in node.children[start:])

    def block_paragraph(self, node: nodes.paragraph) -> str:
        return paragraph(self.inline(node))

    def block_target(self, _: nodes.target) -> str:
        return ""

    def block_rubric(self, node: nodes.TextElement) -> str:
        return f"**{self.inline(node)}**"

    def block_transition(self, _: nodes.transition) -> str:
        return "---"

    def block_bullet_list(self, node: nodes.bullet_list) -> str:
        return self._list(node, ["- "] * len(node))

    def block_enumerated_list(self, node: nodes.enumerated_list) -> str:
        if node["enumtype"] != "arabic":
            raise self.fail(node, "only lists numbered 1, 2, 3 can be exported")
        first = node.get("start", 1)
        return self._list(node, [f"{first + i}. " for i in range(len(node))])

    def _list(self, node: nodes.Element, markers: list[str]) -> str:
        items = [
            marker + indented(self.item(item), len(marker))
            for marker, item in zip(markers, node.children, strict=True)
        ]
        return "\n".join(items)

    def item(self, node: Any) -> str:
        """Write a list item; a list right under a line of text stays close to it."""
        text = self.blocks(node)
        return re.sub(r"\n\n(?=(?:-|\d+\.) )", "\n", text)

    def block_field_list(self, node: nodes.field_list) -> str:
        colon = "：" if self.chinese else ":"
        lines = []
        for name, body in (field.children for field in node.findall(nodes.field)):
            value = " ".join(self.inline(part) for part in body.children)
            lines.append(f"- **{self.inline(name)}{colon}** {value}".rstrip())
        return "\n".join(lines)

    def block_block_quote(self, node: nodes.Element) -> str:
        return quoted(self.blocks(node))

    def block_note(self, node: nodes.Element) -> str:
        title = _ADMONITIONS[_name(node)][self.chinese]
        return quoted(f"**{title}**\n\n{self.blocks(node)}")

    block_tip = block_warning = block_note

    def block_admonition(self, node: nodes.admonition) -> str:
        title = self.inline(node.children[0])
        return quoted(f"**{title}**\n\n{self.blocks(node, 1)}")

    def block_dropdown(self, node: nodes.Element) -> str:
        title = self.inline(node.children[0])
        opening = f"<details>\n<summary>{title}</summary>"
        return joined([opening, self.blocks(node, 1), "</details>"])

    def block_literal_block(self, node: nodes.literal_block) -> str:
        code, words = node.astext(), [*node["classes"], "code"]
        language = next((word for word in words if word != "code"), "")
        fence = "`" * max(3, longest_ticks(code) + 1)
        return f"{fence}{language}\n{code}\n{fence}"

    def block_doctest_block(self, node: nodes.doctest_block) -> str:
        return f"```python\n{node.astext()}\n```"

    def block_math_block(self, node: nodes.math_block) -> str:
        latex = node.astext().strip()
        if re.search(r"\\\\|\n\n|&", latex) and r"\begin" not in latex:
            latex = wrap_displaymath(latex, None, False)
        return f"$$\n{latex}\n$$"

    def block_table(self, node: nodes.table) -> str:
        rows = [self._row(row) for row in node.findall(nodes.row)]
        head = len(next(node.findall(nodes.thead), ()))
        if head > 1:
            raise self.fail(node, "a table with several header rows can't be exported")
        if not head:
            rows.insert(0, "|" + "  |" * rows[0].count(" |"))
        columns = len(next(node.findall(nodes.row)))
        rows.insert(1, "|" + " --- |" * columns)
        captions = [self.block_rubric(title) for title in node.findall(nodes.title)]
        return joined([*captions, "\n".join(rows)])

    def _row(self, row: nodes.row) -> str:
        return "| " + " | ".join(self._entry(entry) for entry in row.children) + " |"

    def _entry(self, entry: Any) -> str:
        wrong = [p for p in entry.children if not isinstance(p, nodes.paragraph)]
        if wrong or entry.get("morecols") or entry.get("morerows"):
            raise self.fail(entry, "a table cell must hold text only to be exported")
        lines = "<br>".join(self.inline(part) for part in entry.children)
        return re.sub(r"(?<!\\)\|", r"\\|", lines)

    # ---- Inline ----

    def inline(self, node: Any) -> str:
        """Write what stands inside a paragraph or title, on one line."""
        text = ""
        for child, after in _with_next(node):
            method = getattr(self, f"inline_{_name(child)}", None)
            if method is None:
                raise self.fail(child, f"{_name(child)} can't be exported")
            text += str(method(child, text[-1:], after))
        return text

    def inline_text(self, node: nodes.Text, *_: str) -> str:
        return escaped(node.astext())

    def inline_emphasis(self, node: nodes.Element, before: str, after: str) -> str:
        return marked(self.inline(node), "*", "em", before, after)

    def inline_strong(self, node: nodes.Element, before: str, after: str) -> str:
        return marked(self.inline(node), "**", "strong", before, after)

    def inline_superscript(self, node: nodes.Element, *_: str) -> str:
        return f"<sup>{self.inline(node)}</sup>"

    def inline_subscript(self, node: nodes.Element, *_: str) -> str:
        return f"<sub>{self.inline(node)}</sub>"

    def inline_literal(self, node: nodes.Element, *_: str) -> str:
        return code_span(node.astext())

    def inline_math(self, node: nodes.math, *_: str) -> str:
        return f"${node.astext()}$".replace("|", r"\vert ")

    def inline_reference(self, node: nodes.reference, *_: str) -> str:
        if "refuri" not in node:
            raise self.fail(
                node,
                f"{node.astext() + '_'!r} is read as a link without an address; "
                "write a name as ``code`` and a link as `title <url>`_",
            )
        title, address = self.inline(node), node["refuri"]
        return f"<{address}>" if node.astext() == address else f"[{title}]({address})"

    def inline_target(self, _: nodes.target, *__: str) -> str:
        return ""

    def inline_xref(self, node: nodes.Element, *_: str) -> str:
        role, target, title = node["role"], node["target"], node["title"]
        if role in API_ROLES:
            return self._api(node)
        link = self._page(target) if role == "doc" else self.links.label(target)
        if link is None:
            raise self.fail(node, f":{role}: names {target!r}, which does not exist")
        return f"[{escaped(title or link.title)}]({link.address})"

    def _page(self, target: str) -> Link | None:
        return self.links.page(target, self.folder)

    def _api(self, node: nodes.Element) -> str:
        role, target, title = node["role"], node["target"], node["title"]
        name = target.lstrip("!~.")
        shown = name.rpartition(".")[2] if target.startswith("~") else name
        shown = title or shown + ("()" if role in ("func", "meth") else "")
        address = None if node["plain"] else self.links.api(name)
        return f"[{code_span(shown)}]({address})" if address else code_span(shown)


def flow(children: list[nodes.Node], level: int) -> Iterator[tuple[nodes.Node, int]]:
    """Yield the blocks of nested sections one after another, with their level."""
    for node in children:
        if isinstance(node, nodes.section):
            yield from flow(node.children, level + 1)
        else:
            yield node, level


def _name(node: Any) -> str:
    return "text" if isinstance(node, nodes.Text) else str(node.tagname)


def _with_next(node: nodes.Element) -> Iterator[tuple[nodes.Node, str]]:
    """Yield each child with the first letter of what follows it."""
    for index, child in enumerate(node.children):
        yield child, "".join(each.astext() for each in node.children[index + 1 :])[:1]
