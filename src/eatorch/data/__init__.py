"""Real and generated data for the lessons.

Nearly everything comes out of packages that are installed anyway, so it loads without a
network. Each function says what it returns, in which shape, dtype and unit, and to whom
thanks are due.
"""

from eatorch.data.downloads import DownloadError, Passengers, cifar10, imdb, titanic
from eatorch.data.generated import Scenes, clouds, digit_scenes, line, rings
from eatorch.data.loading import loaders
from eatorch.data.pictures import (
    Elevation,
    Pictures,
    digit_folders,
    digits,
    elevation,
    photo,
)
from eatorch.data.series import Prices, Series, co2, google_stock, stocks
from eatorch.data.tables import Table, breast_cancer, iris, wine
from eatorch.data.texts import Texts, docstrings, names_by_language

__all__ = [
    "DownloadError",
    "Elevation",
    "Passengers",
    "Pictures",
    "Prices",
    "Scenes",
    "Series",
    "Table",
    "Texts",
    "breast_cancer",
    "cifar10",
    "clouds",
    "co2",
    "digit_folders",
    "digit_scenes",
    "digits",
    "docstrings",
    "elevation",
    "google_stock",
    "imdb",
    "iris",
    "line",
    "loaders",
    "names_by_language",
    "photo",
    "rings",
    "stocks",
    "titanic",
    "wine",
]
