"""What a training run leaves behind: one row of numbers per epoch."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, overload

__all__ = ["History"]

Mode = Literal["min", "max"]
Row = Mapping[str, float]


class History(Sequence[Row]):
    """The rows that :meth:`~eatorch.training.Trainer.fit` writes, one per epoch.

    A row maps names to numbers: ``epoch`` (from 1), ``train_loss``, ``train_<metric>``,
    ``valid_loss``, ``valid_<metric>`` and ``lr``, the learning rate of that epoch.

    Args:
        rows: Rows to begin with.

    Attributes:
        stopped: Why training ended before its last epoch, else None.

    Example:
        >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.2}])
        >>> history[-1]["loss"], history.best("loss")["epoch"]
        (0.2, 2)
        >>> history.to_dict()
        {'epoch': [1, 2], 'loss': [0.5, 0.2]}
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows = [dict(row) for row in rows]
        self.stopped: str | None = None

    def append(self, row: Row) -> None:
        """Add the row of one more epoch."""
        self._rows.append(dict(row))

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]

    def __repr__(self) -> str:
        lines = [
            " ".join(f"{name}={value:.6g}" for name, value in r.items()) for r in self
        ]
        ending = [f"stopped: {self.stopped}"] if self.stopped else []
        return "\n".join([f"History of {len(self)} epochs", *lines, *ending])

    def best(self, name: str = "valid_loss", mode: Mode = "min") -> Row:
        """Return the row whose ``name`` is best; NaN and infinity never are.

        Args:
            name: A column of the history.
            mode: ``"min"`` if small is good, ``"max"`` if large is good.

        Raises:
            KeyError: If there is no such column.
            ValueError: If ``mode`` is unknown or no value is finite.
        """
        check_mode(mode)
        if not any(name in row for row in self._rows):
            raise KeyError(f"the history has no {name!r}, only {list(self.to_dict())}")
        finite = [row for row in self._rows if math.isfinite(row.get(name, math.nan))]
        if not finite:
            raise ValueError(f"no epoch has a finite {name!r}")
        return (min if mode == "min" else max)(finite, key=lambda row: row[name])

    def to_dict(self) -> dict[str, list[float]]:
        """Return the columns by name; an epoch without a value has NaN."""
        names = dict.fromkeys(name for row in self._rows for name in row)
        return {n: [row.get(n, math.nan) for row in self._rows] for n in names}

    def to_frame(self) -> Any:
        """Return the columns as a ``pandas.DataFrame``, which needs pandas."""
        from pandas import DataFrame  # type: ignore[import-untyped, unused-ignore]

        return DataFrame(self.to_dict())

    def state_dict(self) -> dict[str, Any]:
        """Return rows and stopping reason, as plain values for a checkpoint."""
        return {"rows": [dict(row) for row in self._rows], "stopped": self.stopped}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self._rows = [dict(row) for row in state["rows"]]
        self.stopped = state["stopped"]


def check_mode(mode: str) -> None:
    """Refuse a ``mode`` that is neither ``"min"`` nor ``"max"``."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")


def is_better(
    value: float, best: float | None, mode: Mode, *, min_delta: float = 0.0
) -> bool:
    """Return True if ``value`` beats ``best`` by more than ``min_delta``.

    A value that is not finite never does; any finite value beats None.

    Example:
        >>> is_better(0.4, 0.5, "min"), is_better(float("nan"), 0.5, "min")
        (True, False)
    """
    if not math.isfinite(value):
        return False
    if best is None:
        return True
    gain = best - value if mode == "min" else value - best
    return gain > min_delta
