"""Which exercises are done, kept in the learner's folder."""

import json
from collections.abc import Iterable
from pathlib import Path

__all__ = ["Progress"]

_NAME = "progress.json"
_CELLS = 24


class Progress:
    """The numbers of the exercises that passed.

    Args:
        folder: The learner's folder.

    Attributes:
        path: The file that keeps them.
        damaged: Where a file that could not be read was put, or None.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / _NAME
        self.damaged: Path | None = None
        self._done: set[str] = set()
        if self.path.exists():
            try:
                done = json.loads(self.path.read_text(encoding="utf-8"))["done"]
                self._done = {str(number) for number in done}
            except (ValueError, KeyError, TypeError):
                self.damaged = self.path.with_suffix(".damaged.json")
                self.path.replace(self.damaged)

    def __contains__(self, number: str) -> bool:
        return number in self._done

    def note(self, number: str, *, passed: bool) -> None:
        """Remember an outcome; the file is whole at any moment.

        Args:
            number: The exercise.
            passed: Whether its answer is right now.
        """
        before = number in self._done
        (self._done.add if passed else self._done.discard)(number)
        if before != passed:
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps({"done": sorted(self._done)}) + "\n")
            part.replace(self.path)

    def bar(self, numbers: Iterable[str]) -> str:
        """Draw how many of some exercises are done.

        Args:
            numbers: The exercises.

        Example:
            >>> Progress(Path("nowhere")).bar(["01-1", "01-2"])
            '[························] 0/2'
        """
        wanted = list(numbers)
        done = sum(number in self._done for number in wanted)
        full = _CELLS * done // max(1, len(wanted))
        return f"[{'#' * full}{'·' * (_CELLS - full)}] {done}/{len(wanted)}"
