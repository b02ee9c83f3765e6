"""Tables of real measurements: one row per case, one column per feature."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Table", "breast_cancer", "iris", "wine"]


@dataclass(frozen=True, eq=False)
class Table:
    """Labelled rows of numbers.

    Attributes:
        inputs: Measurements, float32, shape ``(rows, features)``, unscaled.
        targets: Class of each row, int64, shape ``(rows,)``, from 0.
        features: Name of each column of ``inputs``, with its unit where it has one.
        classes: Name of each class; ``classes[targets[i]]`` names that of row ``i``.
    """

    inputs: Tensor
    targets: Tensor
    features: tuple[str, ...]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.inputs)


def breast_cancer() -> Table:
    """Load 569 tumours, described by 30 measurements of their cell nuclei.

    Returns:
        The table; class 0 is malignant (212 rows), class 1 benign (357). Columns come
        as mean, standard error and worst value of ten measurements, in no unit given.

    Example:
        >>> table = breast_cancer()
        >>> table.inputs.shape, table.classes
        (torch.Size([569, 30]), ('malignant', 'benign'))

    References:
        Wolberg, Mangasarian, Street and Street, "Breast Cancer Wisconsin (Diagnostic)"
        (1993), CC BY 4.0, as scikit-learn carries it.
        https://doi.org/10.24432/C5DW2B
    """
    from sklearn.datasets import load_breast_cancer

    return _table(load_breast_cancer)


def iris() -> Table:
    """Load 150 iris flowers of three species, each measured four times.

    Returns:
        The table; 50 rows per class, all columns in cm.

    Example:
        >>> iris().features
        ('sepal length (cm)', 'sepal width (cm)', 'petal length (cm)',
         'petal width (cm)')

    References:
        Fisher, "The use of multiple measurements in taxonomic problems" (1936),
        CC BY 4.0, as scikit-learn carries it. https://doi.org/10.24432/C56C76
    """
    from sklearn.datasets import load_iris

    return _table(load_iris)


def wine() -> Table:
    """Load chemical analyses of 178 wines from three growers.

    Returns:
        The table; 59, 71 and 48 rows of 13 columns on very different scales.

    Example:
        >>> wine().targets.bincount()
        tensor([59, 71, 48])

    References:
        Aeberhard and Forina, "Wine" (1992), CC BY 4.0, as scikit-learn carries it.
        https://doi.org/10.24432/C5PC7J
    """
    from sklearn.datasets import load_wine

    return _table(load_wine)


def _table(load: Callable[[], Any]) -> Table:
    bunch = load()
    return Table(
        inputs=torch.tensor(bunch.data, dtype=torch.float32),
        targets=torch.tensor(bunch.target, dtype=torch.int64),
        features=tuple(map(str, bunch.feature_names)),
        classes=tuple(map(str, bunch.target_names)),
    )
