"""Places for the nodes of a graph that runs downwards, without a word on drawing.

Every node gets a row below all of its inputs, every edge that passes a row a lane of
its own in it, so that no edge runs through a box. Lengths are inches: letters fit into
boxes whatever the graph.

References:
    Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
    structures" (1981).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from networkx import DiGraph

__all__ = ["BOX", "GAP", "ROW", "Point", "Spot", "place"]

LETTER, BOX, ROW, GAP, LANE = 0.078, 0.38, 0.66, 0.16, 0.14
_ROWS = 12  # in a column; longer graphs go on in the next one
_SWEEPS = 12  # after which hardly anything moves any more

Point = tuple[float, float]


@dataclass
class Spot:
    """Where a node is in its row; or a lane, the place of an edge that passes a row."""

    width: float
    x: float = 0.0
    y: float = 0.0  # rows below the first one of the column, times -1
    column: int = 0
    exit: tuple[float, float] = (0.0, 0.0)  # detour to the next column: place, distance
    uppers: list["Spot"] = field(default_factory=list)
    lowers: list["Spot"] = field(default_factory=list)


def place(graph: "DiGraph") -> tuple[dict[Any, Spot], list[list[Point]]]:
    """Return the place of each node and the corners of each edge.

    Args:
        graph: Without circles; its nodes have a ``label`` of one or more lines.

    Returns:
        The spots by node (the lanes too), and a list of corners per edge.
    """
    level = _levels(graph)
    spots = {
        node: Spot(LETTER * max(map(len, label.split("\n"))) + GAP)
        for node, label in graph.nodes(data="label")
    }
    chains = [_chain(start, end, level, spots) for start, end in graph.edges]
    rows: list[list[Spot]] = [[] for _ in range(1 + max(level.values()))]
    for key, spot in spots.items():
        rows[level[key]].append(spot)
    _order(rows)
    _spread(rows)
    return spots, [list(_corners(chain)) for chain in chains]


def _levels(graph: "DiGraph") -> dict[Any, int]:
    """Number the rows from the top; each node stands right above its first user."""
    from networkx import topological_sort

    below: dict[Any, int] = {}
    for node in reversed(list(topological_sort(graph))):
        below[node] = max((below[user] + 1 for user in graph[node]), default=0)
    deepest = max(below.values())
    return {node: deepest - rows for node, rows in below.items()}


def _chain(
    start: Any, end: Any, level: dict[Any, int], spots: dict[Any, Spot]
) -> list[Spot]:
    """Split an edge into steps of one row. Edges of one node share their lanes."""
    chain = [spots[start]]
    for row in range(level[start] + 1, level[end]):
        level[start, row] = row
        chain.append(spots.setdefault((start, row), Spot(LANE)))
    chain.append(spots[end])
    for upper, lower in pairwise(chain):
        if not any(lower is known for known in upper.lowers):
            upper.lowers.append(lower)
            lower.uppers.append(upper)
    return chain


def _order(rows: list[list[Spot]]) -> None:
    """Sort each row by the mean place of its neighbours: fewer edges cross."""
    for row in rows:
        _number(row)
    for row, _ in _sweeps(rows):
        row.sort(key=lambda spot: _middle(spot, spot.uppers + spot.lowers))
        _number(row)


def _number(row: list[Spot]) -> None:
    for place, spot in enumerate(row):
        spot.x = (place + 0.5) / len(row)


def _sweeps(rows: list[list[Spot]]) -> Iterator[tuple[list[Spot], bool]]:
    """Walk over the rows upwards and downwards in turn, downwards at last."""
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 1
        for row in rows if down else reversed(rows):
            yield row, down


def _middle(spot: Spot, near: list[Spot]) -> float:
    """Return the mean place of neighbours in the same column, else its own place."""
    places = [other.x for other in near if other.column == spot.column]
    return sum(places) / len(places) if places else spot.x


def _spread(rows: list[list[Spot]]) -> None:
    """Lay the rows out, twelve to a column, with room for detours in between."""
    for number, row in enumerate(rows):
        for spot in row:
            spot.column, depth = divmod(number, _ROWS)
            spot.y = -depth
    left = GAP
    for first in range(0, len(rows), _ROWS):
        part = rows[first : first + _ROWS]
        for row, down in _sweeps(part):
            # Hanging everything on what is above makes chains straight.
            _push_apart(row, [_middle(s, s.uppers if down else s.lowers) for s in row])
        left = _shift(part, left) + GAP
        exits = [spot for spot in part[-1] if spot.lowers]
        for number, spot in enumerate(exits):
            spot.exit = (left + number * LANE, 0.08 + 0.04 * number)
        left += len(exits) * LANE


def _push_apart(row: list[Spot], wishes: list[float]) -> None:
    """Place a row near its wishes, without overlaps and in its order."""
    steps = [GAP + (a.width + b.width) / 2 for a, b in pairwise(row)]
    right = wishes[:1]
    for wish, step in zip(wishes[1:], steps, strict=True):
        right.append(max(wish, right[-1] + step))
    left = wishes[-1:]
    for wish, step in zip(wishes[-2::-1], steps[::-1], strict=True):
        left.append(min(wish, left[-1] - step))
    # Both keep their distances, so their mean does as well.
    for spot, a, b in zip(row, right, reversed(left), strict=True):
        spot.x = (a + b) / 2


def _shift(rows: list[list[Spot]], left: float) -> float:
    """Move a column to ``left`` and return its right edge."""
    spots = [spot for row in rows for spot in row]
    shift = left - min(spot.x - spot.width / 2 for spot in spots)
    for spot in spots:
        spot.x += shift
    return max(spot.x + spot.width / 2 for spot in spots)


def _corners(chain: list[Spot]) -> Iterator[Point]:
    """Yield the corners of an edge, in inches from the first row down."""
    half = BOX / 2
    for upper, lower in pairwise(chain):
        top, bottom = ROW * upper.y - half, ROW * lower.y + half
        yield upper.x, top
        if lower.column != upper.column:  # down, along the gap and up again
            x, away = upper.exit
            yield upper.x, top - away
            yield x, top - away
            yield x, bottom + away
            yield lower.x, bottom + away
        yield lower.x, bottom
