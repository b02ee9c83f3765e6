"""Numbers that follow one another in time."""

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Prices", "Series", "co2", "google_stock", "stocks"]


@dataclass(frozen=True, eq=False)
class Series:
    """One or more quantities over time.

    Attributes:
        dates: Points in time in order, numpy ``datetime64``, shape ``(steps,)``;
            Matplotlib draws them as they are.
        values: float32, shape ``(steps, columns)``, NaN where nothing was measured.
        columns: Name of each column of ``values``, with its unit.
    """

    dates: NDArray[np.datetime64]
    values: Tensor
    columns: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of points in time."""
        return len(self.dates)


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


def co2() -> Series:
    """Load the carbon dioxide in the air above Mauna Loa, month by month.

    Returns:
        526 months from March 1958 to December 2001 (``datetime64[M]``), one column in
        parts per million by volume. Each value is the mean of the weekly means of its
        month; five months without any week are NaN.

    Example:
        >>> series = co2()
        >>> len(series), series.values[0], series.values.isnan().sum()
        (526, tensor([316.1000]), tensor(5))

    References:
        Keeling and Whorf, "Atmospheric CO2 concentrations derived from flask air
        samples at sites in the SIO network", in Trends: A Compendium of Data on Global
        Change, Oak Ridge National Laboratory (2004). Public domain; monthly means of
        the weekly values that statsmodels carries.
    """
    text = files("eatorch.data").joinpath("co2.csv").read_text("ascii")
    rows = list(csv.DictReader(text.splitlines()))
    return Series(
        dates=np.array([row["month"] for row in rows], dtype="datetime64[M]"),
        values=torch.tensor([[float(row["ppm"] or "nan")] for row in rows]),
        columns=("CO2 (ppm)",),
    )


def stocks() -> Series:
    """Load monthly prices of eight shares and two indices, 1990 to June 2022.

    Returns:
        390 months (``datetime64[M]``) of ten columns. Shares are in US dollars,
        adjusted for splits and dividends, the indices S&P 500 (``^GSPC``) and NASDAQ
        (``^IXIC``) in points. A share is NaN before its first month.

    Example:
        >>> series = stocks()
        >>> series.values.shape, series.columns[:3]
        (torch.Size([390, 10]), ('IBM', 'AAPL', 'MSFT'))

    References:
        Yahoo Finance, as Matplotlib carries it (``Stocks.csv``).
    """
    from matplotlib import cbook

    path = Path(str(cbook.get_sample_data("Stocks.csv", asfileobj=False)))
    _credit, header, *lines = path.read_text("ascii").splitlines()
    rows = [line.split(",") for line in lines]
    # Rows inside a month mark dividends and hold no price; the last is a single day.
    rows = [row for row in rows if row[0].endswith("-01")]
    return Series(
        dates=np.array([row[0][:7] for row in rows], dtype="datetime64[M]"),
        values=torch.tensor([[float(cell or "nan") for cell in r[1:]] for r in rows]),
        columns=tuple(header.split(",")[1:]),
    )
