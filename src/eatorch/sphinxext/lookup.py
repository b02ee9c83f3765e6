"""Tables to look things up in, made from texts in reStructuredText."""

from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from eatorch.sphinxext.catalogs import catalog_at
from eatorch.sphinxext.strings import is_chinese
from eatorch.sphinxext.tables import steady_table

__all__ = ["Lookup", "translations"]


class Lookup(SphinxDirective):
    """A directive that builds a table; pages use it inside ``{eval-rst}``."""

    def table(
        self,
        name: str,
        widths: Sequence[int],
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        stacked: bool = True,
    ) -> nodes.table:
        """Build a table of texts.

        Args:
            name: Class of the table, for ``{filter}``.
            widths: Width of each column in per cent.
            head: Titles of the columns.
            rows: Cells in reStructuredText; the first one heads its row.
            stacked: Whether a phone shows the cells of a row below each other and no
                head, like the glossary; numbers need theirs.

        Returns:
            The table.
        """
        found = [self._row(cells) for cells in (head, *rows)]
        return steady_table(f"{name} glossary" if stacked else name, widths, found)

    def cell(self, text: str) -> list[nodes.Node]:
        """Parse a text that is already in the page's language."""
        parsed = self.parse_text_to_nodes(text)
        for part in parsed:
            for paragraph in part.findall(nodes.paragraph):
                paragraph["translatable"] = False
        return parsed

    def _row(self, cells: Sequence[str]) -> nodes.row:
        return nodes.row("", *[nodes.entry("", *self.cell(text)) for text in cells])

    @property
    def root(self) -> Path:
        """The project's folder."""
        return Path(self.env.srcdir).parent

    @property
    def chinese(self) -> bool:
        """Whether the page is in Chinese."""
        return is_chinese(self.config.language)

    def translated(self, page: str) -> dict[str, str]:
        """Return the messages of another page, empty if this page is in English."""
        if not self.chinese:
            return {}
        catalog = self.root / "locales" / "zh_CN" / "LC_MESSAGES" / f"{page}.po"
        self.env.note_dependency(str(catalog))
        return translations(catalog)


def translations(catalog: Path) -> dict[str, str]:
    """Read the finished translations of a page.

    Args:
        catalog: Its ``.po`` file; there may be none in a draft.

    Returns:
        Chinese texts by English ones.
    """
    return {
        str(message.id): str(message.string)
        for message in catalog_at(catalog)
        if message.id and message.string and not message.fuzzy
    }
