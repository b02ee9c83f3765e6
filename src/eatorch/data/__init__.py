"""Real and generated data for the lessons.

Nearly everything comes out of packages that are installed anyway, so it loads without a
network. Each function says what it returns, in which shape, dtype and unit, and to whom
thanks are due.
"""

from eatorch.data.pictures import photo
from eatorch.data.series import Prices, google_stock
from eatorch.data.tables import Table, breast_cancer, iris, wine

__all__ = [
    "Prices",
    "Table",
    "breast_cancer",
    "google_stock",
    "iris",
    "photo",
    "wine",
]
