"""A box that filters a long table while the reader types."""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from eatorch.sphinxext.strings import text

__all__ = ["Filter"]


class Filter(SphinxDirective):
    """``{filter} name``: filters the table of that class; hidden without JavaScript."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the box in the page's language and ask for its script."""
        name = escape(self.arguments[0])
        language = self.config.language
        box = (
            f'<p class="filter" data-table="{name}"'
            f' data-count="{text("filter_count", language)}">'
            f"<label>{text('filter', language)} "
            '<input type="search" autocomplete="off" spellcheck="false"></label>'
            '<span role="status"></span></p>'
        )
        self.env.metadata[self.env.docname]["filter"] = name
        return [nodes.raw("", box, format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("filter", Filter)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
