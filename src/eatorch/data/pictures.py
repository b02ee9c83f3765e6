"""Pictures and other grids of numbers."""

from collections.abc import Collection
from dataclasses import dataclass
from math import cos, radians
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

__all__ = ["Elevation", "Pictures", "digit_folders", "digits", "elevation", "photo"]

_PHOTOS = ("flower", "china", "grace_hopper")
_METRES_PER_DEGREE = 111_200  # of latitude


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labelled pictures of one size.

    Attributes:
        images: float32 from 0 to 1, shape ``(pictures, channels, height, width)``.
        targets: Class of each picture, int64, shape ``(pictures,)``, from 0.
        classes: Name of each class.
    """

    images: Tensor
    targets: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Elevation:
    """Heights of a piece of land.

    Attributes:
        heights: Metres above sea level, float32, shape ``(rows, columns)``; the first
            row lies in the north, the first column in the west.
        spacing: Metres between two rows, and between two columns.
    """

    heights: Tensor
    spacing: tuple[float, float]


def photo(name: str) -> Tensor:
    """Load a colour photograph.

    Args:
        name: ``"flower"`` (a dahlia, 427 x 640 pixels), ``"china"`` (the Summer Palace
            in Beijing, 427 x 640) or ``"grace_hopper"`` (a portrait, 600 x 512).

    Returns:
        Red, green and blue of each pixel, uint8 (0 to 255), shape
        ``(height, width, 3)``.

    Raises:
        ValueError: If ``name`` is none of the three.

    Example:
        >>> photo("flower").shape
        torch.Size([427, 640, 3])

    References:
        ``flower``: vultilion on Flickr,
        https://www.flickr.com/photos/vultilion/6056698931; ``china``: danielbuechele on
        Flickr, https://www.flickr.com/photos/danielbuechele/6061409035; both CC BY 2.0,
        as scikit-learn carries them. ``grace_hopper``: US Navy, public domain, as
        Matplotlib carries it.
    """
    if name not in _PHOTOS:
        raise ValueError(f"name must be one of {', '.join(_PHOTOS)}, got {name!r}")
    if name == "grace_hopper":
        return _portrait()
    from sklearn.datasets import load_sample_image

    return torch.tensor(load_sample_image(f"{name}.jpg"))


def _portrait() -> Tensor:
    from matplotlib import cbook
    from PIL import Image

    path = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    return torch.tensor(np.asarray(Image.open(path)))


def digits() -> Pictures:
    """Load 1,797 handwritten digits of 8 x 8 pixels.

    Returns:
        The pictures with one channel; 0 is paper, 1 is ink. About 180 of each digit.

    Example:
        >>> digits().images.shape
        torch.Size([1797, 1, 8, 8])

    References:
        Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (1998),
        CC BY 4.0, as scikit-learn carries it. https://doi.org/10.24432/C50P49
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) / 16
    targets = torch.tensor(bunch.target, dtype=torch.int64)
    return Pictures(images, targets, tuple("0123456789"))


def digit_folders(
    directory: str | Path, *, classes: Collection[int] = range(10), size: int = 8
) -> Path:
    """Write the digits as PNG files, one folder per class.

    ``directory/3/0012.png`` is a three: the layout in which picture collections are
    handed around.

    Args:
        directory: Where to write; made if it is missing, and must be empty.
        classes: Digits to write.
        size: Height and width of the files in pixels.

    Returns:
        The directory.

    Raises:
        FileExistsError: If ``directory`` holds something already.
        ValueError: If ``classes`` holds anything but digits, or ``size`` is not
            positive.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as place:
        ...     root = digit_folders(place, classes=[3, 8])
        ...     sorted(path.name for path in root.iterdir())
        ['3', '8']
    """
    if not classes or not set(classes) <= set(range(10)):
        raise ValueError(f"classes must hold digits from 0 to 9, got {list(classes)}")
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}")
    root = Path(directory)
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise FileExistsError(f"directory must be empty, got {root}")
    pictures = digits()
    for digit in classes:
        images = pictures.images[pictures.targets == digit]
        _write_folder(root / str(digit), images, size)
    return root


def _write_folder(folder: Path, images: Tensor, size: int) -> None:
    from PIL import Image

    folder.mkdir()
    grey = (images.squeeze(1) * 255).round().to(torch.uint8).numpy()
    for number, pixels in enumerate(grey):
        picture = Image.fromarray(pixels).resize((size, size))
        picture.save(folder / f"{number:04}.png")


def elevation() -> Elevation:
    """Load a height map of hills and a fault near Jacksboro, Tennessee.

    Returns:
        Heights from 236 to 1,076 m on 344 x 403 points, about 93 x 74 m apart.

    Example:
        >>> land = elevation()
        >>> land.heights.shape, land.heights.max()
        (torch.Size([344, 403]), tensor(1076.))

    References:
        Matplotlib carries it (``jacksboro_fault_dem.npz``) for its hill-shading
        example. https://matplotlib.org/stable/gallery/
    """
    from matplotlib import cbook

    path = str(cbook.get_sample_data("jacksboro_fault_dem.npz", asfileobj=False))
    with np.load(path) as file:
        heights = torch.tensor(file["elevation"], dtype=torch.float32)
        rows = _METRES_PER_DEGREE * float(file["dy"])
        east = cos(radians(float(file["ymin"])))  # degrees of longitude are shorter
        columns = _METRES_PER_DEGREE * float(file["dx"]) * east
    return Elevation(heights, (rows, columns))
