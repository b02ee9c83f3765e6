"""Numbers that follow one another in time."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Prices", "google_stock"]


@dataclass(frozen=True, eq=False)
class Prices:
    """A share on each day of trading.

    Attributes:
        dates: Days in order, numpy ``datetime64[D]``, shape ``(days,)``; Matplotlib
            draws them as they are.
        open: First price of the day in US dollars, float32, shape ``(days,)``.
        high: Highest price, likewise.
        low: Lowest price, likewise.
        close: Last price, likewise.
        volume: Shares that changed hands, int64, shape ``(days,)``.
    """

    dates: NDArray[np.datetime64]
    open: Tensor
    high: Tensor
    low: Tensor
    close: Tensor
    volume: Tensor

    def __len__(self) -> int:
        """Return the number of days."""
        return len(self.dates)


def google_stock() -> Prices:
    """Load the Google share from its first day on 2004-08-19 to 2008-10-14.

    Returns:
        1,047 days of trading; weekends and holidays are left out.

    Example:
        >>> prices = google_stock()
        >>> len(prices), prices.close[:2], prices.volume.dtype
        (1047, tensor([100.3400, 108.3100]), torch.int64)

    References:
        Yahoo Finance, as Matplotlib carries it (``goog.npz``).
    """
    from matplotlib import cbook

    path = str(cbook.get_sample_data("goog.npz", asfileobj=False))
    rows = np.load(path)["price_data"]
    prices = {
        name: torch.tensor(rows[name], dtype=torch.float32)
        for name in ("open", "high", "low", "close")
    }
    return Prices(rows["date"], volume=torch.tensor(rows["volume"]), **prices)
