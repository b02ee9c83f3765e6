"""Show the translator what moved: old and new English side by side, and the Chinese."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap

from babel.messages.catalog import Catalog, Message

from eatorch.sphinxext.catalogs import is_finished, previous

__all__ = ["Move", "dropped", "marked", "moves", "side_by_side"]

_NARROWEST = 20  # letters of a column


@dataclass(frozen=True)
class Move:
    """A message whose translation has to be written, mended or thrown away.

    Attributes:
        place: Catalog and line.
        old: The English from before; empty for a new message.
        new: The English of today; empty for a message that no page has any more.
        chinese: The translation of the old one.
    """

    place: str
    old: str
    new: str
    chinese: str

    @property
    def headline(self) -> str:
        """The place, and what happened there."""
        if not self.new:
            return f"{self.place}: dropped, no page says it any more"
        return f"{self.place}: {'moved' if self.chinese else 'new'}"


def moves(path: Path, catalog: Catalog) -> list[Move]:
    """List the messages of a catalog that wait for a translator.

    Args:
        path: Its file, for the places.
        catalog: The catalog as it stands in the file.
    """
    return [
        Move(
            f"{path}:{message.lineno}",
            previous(message),
            str(message.id),
            str(message.string or ""),
        )
        for message in catalog
        if message.id and not is_finished(message)
    ]


def dropped(
    path: Path, before: Iterable[Message], after: Iterable[Message]
) -> list[Move]:
    """List the translations that a refresh threw away.

    Args:
        path: File of the catalog.
        before: The messages as they were.
        after: The messages as they are.
    """
    kept = {previous(message) or message.id for message in after}
    return [
        Move(str(path), str(message.id), "", str(message.string))
        for message in before
        if message.id and message.string and message.id not in kept
    ]


def side_by_side(move: Move, *, width: int = 100) -> str:
    """Write a move as a small table.

    Args:
        move: What moved.
        width: Letters that fit on a line of the terminal.

    Returns:
        Headline, both English texts in two columns, the Chinese below.

    Example:
        >>> print(side_by_side(Move("a.po:8", "Two cats.", "Two dogs.", "两只猫。")))
        a.po:8: moved
          Two [-cats.-]                                  | Two {+dogs.+}
          两只猫。
    """
    column = max(_NARROWEST, (width - 5) // 2)
    columns = [_wrapped(text, column) for text in _texts(move)]
    rows = [" | ".join(row) for row in _rows(columns, column)]
    below = [move.headline, *rows, *move.chinese.splitlines()]
    return "\n  ".join(line.rstrip() for line in below)


def _texts(move: Move) -> list[str]:
    both = [move.old, move.new]
    return marked(*both) if all(both) else [text for text in both if text]


def _wrapped(text: str, column: int) -> list[str]:
    return [line for it in text.splitlines() for line in wrap(it, column) or [""]]


def _rows(columns: list[list[str]], column: int) -> Iterator[list[str]]:
    for lines in zip_longest(*columns, fillvalue=""):
        yield [line.ljust(column) for line in lines]


def marked(old: str, new: str) -> list[str]:
    """Mark the words that differ, as git does: ``[-gone-]`` and ``{+come+}``.

    Args:
        old: A text.
        new: Another one.

    Returns:
        Both with their marks.

    Example:
        >>> marked("One small step.", "One step.")
        ['One [-small-] step.', 'One step.']
    """
    before, after = old.split(), new.split()
    was, now = [], []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        gone, come = " ".join(before[a:b]), " ".join(after[c:d])
        was.append(gone if kind == "equal" or not gone else f"[-{gone}-]")
        now.append(come if kind == "equal" or not come else f"{{+{come}+}}")
    return [" ".join(filter(None, words)) for words in (was, now)]
