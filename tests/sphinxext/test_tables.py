"""Long tables must not move while they arrive."""

import pytest
from docutils import nodes

from eatorch.sphinxext.tables import steady_table


def test_columns_have_their_widths_before_any_row() -> None:
    rows = [nodes.row("", nodes.entry("", nodes.paragraph("", "word")))]
    table = steady_table("finder", [30, 70], rows)
    assert [it["colwidth"] for it in table.findall(nodes.colspec)] == [30, 70]
    assert "colwidths-given" in table["classes"]  # or docutils writes no widths
    assert not any(it["translatable"] for it in table.findall(nodes.paragraph))


def test_widths_that_do_not_fill_the_page_are_refused() -> None:
    with pytest.raises(ValueError, match=r"widths must be 100 .* got \[30, 60\]"):
        steady_table("finder", [30, 60], [nodes.row("")])
