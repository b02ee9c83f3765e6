"""Tell how far training is: a bar for people, one line per epoch for files."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from eatorch.parallel import rank

__all__ = ["Progress"]


class Progress:
    """What :meth:`~eatorch.training.Trainer.fit` shows while it runs, on rank 0 only.

    Args:
        wish: True for a bar, False for silence, None for what suits the place: a bar in
            a terminal or notebook, else one line per epoch without times.
        epochs: How many epochs there will be.
    """

    def __init__(self, wish: bool | None, epochs: int) -> None:
        self.silent = wish is False or rank() > 0
        self.bar = not self.silent and (bool(wish) or _watched())
        self.epochs = epochs

    def steps(self, batches: Iterable[Any], epoch: int) -> Iterator[Any]:
        """Walk through the batches of one epoch under a bar."""
        if not self.bar:
            return iter(batches)
        from tqdm.auto import tqdm

        title = f"epoch {epoch}/{self.epochs}"
        return iter(tqdm(batches, desc=title, leave=False, mininterval=0.1))

    def epoch(self, row: Mapping[str, float]) -> None:
        """Tell the numbers of a whole epoch."""
        numbers = "  ".join(f"{n} {v:.4g}" for n, v in row.items() if n != "epoch")
        self.say(f"epoch {row['epoch']:.0f}/{self.epochs}  {numbers}")

    def say(self, text: str) -> None:
        """Print one line, past the bar if there is one."""
        if not self.silent:
            print(text, flush=True)


def _watched() -> bool:
    """Return True in a terminal, or in a notebook that can draw a bar."""
    if sys.stderr.isatty() and sys.stdout.isatty():
        return True
    shell = sys.modules.get("IPython")
    kernel = shell and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
    # A notebook that is executed for a site sets no one before it.
    return bool(kernel) and find_spec("ipywidgets") is not None
