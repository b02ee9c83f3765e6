"""What may happen between two epochs: stop, save, log.

A callback has three hooks, all optional. What it must remember over a restart it
returns from ``state_dict``; the checkpoint carries it along.
"""

import copy
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eatorch.guards import check_positive
from eatorch.history import Mode, Row, check_mode, is_better
from eatorch.parallel import rank

if TYPE_CHECKING:
    from eatorch.training import Trainer

__all__ = ["Callback", "Checkpoint", "EarlyStopping", "TensorBoard"]


class Callback:
    """Base of what :meth:`~eatorch.training.Trainer.fit` calls between epochs.

    Override the hooks that you need. On several processes each process calls them.

    Attributes:
        monitor: A column of the history that the callback reads, or None; ``fit``
            refuses a name that will not exist.
    """

    monitor: str | None = None

    def on_fit_start(self, trainer: "Trainer") -> None:
        """Run before the first epoch of a fit."""

    def on_epoch_end(self, trainer: "Trainer", row: Row) -> None:
        """Run after an epoch; ``row`` is already in ``trainer.history``."""

    def on_fit_end(self, trainer: "Trainer") -> None:
        """Run when a fit has come to its end, not after an error or Ctrl-C."""

    def state_dict(self) -> dict[str, Any]:
        """Return what to remember, as tensors and plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""


class _Watcher(Callback):
    """A callback that follows the best value of one column."""

    def __init__(self, monitor: str | None, mode: Mode, min_delta: float = 0.0) -> None:
        check_mode(mode)
        self.monitor, self.mode, self.min_delta = monitor, mode, min_delta
        self.best: float | None = None

    def improved(self, row: Row) -> bool:
        """Return True, and remember the value, if it is the best so far."""
        value = row[self.monitor] if self.monitor else math.nan
        if not is_better(value, self.best, self.mode, min_delta=self.min_delta):
            return False
        self.best = value
        return True


class EarlyStopping(_Watcher):
    """Stop when a column has not improved for some epochs, and go back to the best.

    Args:
        monitor: The column of the history to follow.
        mode: ``"min"`` if small is good, ``"max"`` if large is good.
        patience: How many epochs without improvement end the fit.
        min_delta: What counts as an improvement, in the unit of the column.
        restore_best: Put the weights of the best epoch back when the fit has ended.

    Raises:
        ValueError: If ``mode`` is unknown, ``patience`` not a positive int or
            ``min_delta`` negative.

    References:
        Prechelt, "Early Stopping - But When?" (1998).
        https://doi.org/10.1007/3-540-49430-8%5F3
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        mode: Mode = "min",
        patience: int = 5,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        check_positive("patience", patience)
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be 0 or more, got {min_delta!r}")
        self.patience, self.restore_best = patience, restore_best
        self.waited = 0
        self.weights: dict[str, Any] | None = None

    def on_fit_start(self, trainer: "Trainer") -> None:
        """Begin anew with a new trainer; stop again what was stopped before."""
        if trainer.epoch == 0:
            self.best, self.waited, self.weights = None, 0, None
        self._stop_if_patience_is_over(trainer)

    def on_epoch_end(self, trainer: "Trainer", row: Row) -> None:
        """Count the epochs since the best one."""
        if not self.improved(row):
            self.waited += 1
            self._stop_if_patience_is_over(trainer)
            return
        self.waited = 0
        if self.restore_best:
            self.weights = copy.deepcopy(trainer.model.state_dict())

    def on_fit_end(self, trainer: "Trainer") -> None:
        """Put the best weights back."""
        if self.restore_best and self.weights is not None:
            trainer.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, its weights and the epochs since."""
        return {"best": self.best, "waited": self.waited, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self.best, self.waited = state["best"], state["waited"]
        self.weights = copy.deepcopy(state["weights"])

    def _stop_if_patience_is_over(self, trainer: "Trainer") -> None:
        if self.waited >= self.patience:
            trainer.stop(f"{self.monitor} has not improved for {self.waited} epochs")


class Checkpoint(_Watcher):
    """Save after each epoch: ``last.pt`` and, with a monitor, ``best.pt``.

    Both are whole checkpoints for :meth:`~eatorch.training.Trainer.resume`. ``best.pt``
    is written first: if the process is killed between the two, the resumed run repeats
    the epoch and writes it again.

    Args:
        directory: The folder to write to; it is made if it is missing.
        monitor: The column of the history that decides which epoch is best.
        mode: ``"min"`` if small is good, ``"max"`` if large is good.

    Attributes:
        last: Path of the newest checkpoint.
        best_path: Path of the best one.

    Raises:
        ValueError: If ``mode`` is unknown.
    """

    def __init__(
        self, directory: str | Path, monitor: str | None = None, mode: Mode = "min"
    ) -> None:
        super().__init__(monitor, mode)
        self.last = Path(directory) / "last.pt"
        self.best_path = Path(directory) / "best.pt"

    def on_fit_start(self, trainer: "Trainer") -> None:
        """Begin anew with a new trainer; sweep up what a killed process left."""
        if trainer.epoch == 0:
            self.best = None
        if rank() == 0:
            for path in self.last.parent.glob(".*.pt.*.tmp"):
                path.unlink(missing_ok=True)

    def on_epoch_end(self, trainer: "Trainer", row: Row) -> None:
        """Write the one or two files."""
        if self.improved(row):
            trainer.save(self.best_path)
        trainer.save(self.last)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value so far."""
        return {"best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self.best = state["best"]


class TensorBoard(Callback):
    """Write the history, and figures if asked for, for TensorBoard to show.

    Needs the package ``tensorboard``. The tags are ``train/loss``, ``valid/loss``,
    ``lr`` and so on, the steps are epochs.

    Args:
        directory: The folder of this run.
        figures: Functions that draw a figure of the trainer after each epoch, by tag.

    References:
        https://docs.pytorch.org/docs/2.13/tensorboard.html
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        figures: Mapping[str, Callable[["Trainer"], Any]] | None = None,
    ) -> None:
        self.directory = Path(directory)
        self.figures = dict(figures or {})
        self._writer: Any = None

    def on_fit_start(self, trainer: "Trainer") -> None:
        """Open a file of events; epochs that are repeated replace the old ones."""
        self._close()
        if rank() == 0:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(self.directory, purge_step=trainer.epoch + 1)

    def on_epoch_end(self, trainer: "Trainer", row: Row) -> None:
        """Write the row and the figures, so that they can be looked at now."""
        if self._writer is None:
            return
        epoch = int(row["epoch"])
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name.replace("_", "/", 1), value, epoch)
        for tag, draw in self.figures.items():
            self._writer.add_figure(tag, draw(trainer), epoch)
        self._writer.flush()

    def on_fit_end(self, trainer: "Trainer") -> None:  # noqa: ARG002
        """Close the file."""
        self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
