"""Long tables whose columns stand still while their rows arrive."""

from collections.abc import Sequence

from docutils import nodes

__all__ = ["steady_table"]

_WHOLE = 100


def steady_table(
    name: str,
    widths: Sequence[int],
    rows: Sequence[nodes.row],
    *,
    stub: bool = True,
) -> nodes.table:
    """Build a table with fixed columns, whose texts no catalog translates again.

    A browser that sets the columns by their words moves them again with each piece of
    a long table that the network brings; the style sheet fixes those of these tables.

    Args:
        name: Class of the table, for the style sheet and ``{filter}``.
        widths: Width of each column in per cent.
        rows: The head and the other rows.
        stub: Whether the first cell heads its row.

    Returns:
        The table.

    Raises:
        ValueError: If the widths are not 100 per cent together.

    >>> rows = [nodes.row(), nodes.row()]
    >>> steady_table("finder", [30, 70], rows)["classes"]
    ['finder', 'steady', 'colwidths-given']
    """
    if sum(widths) != _WHOLE:
        msg = f"widths must be 100 per cent together, got {list(widths)}"
        raise ValueError(msg)
    columns = [nodes.colspec(colwidth=width) for width in widths]
    if stub:
        columns[0]["stub"] = 1
    head, *body = rows
    group = nodes.tgroup(
        "", *columns, nodes.thead("", head), nodes.tbody("", *body), cols=len(columns)
    )
    classes = [*name.split(), "steady", "colwidths-given"]
    table = nodes.table("", group, classes=classes)
    for paragraph in table.findall(nodes.paragraph):
        paragraph["translatable"] = False
    return table
