"""Pictures and other grids of numbers."""

import torch
from torch import Tensor

__all__ = ["photo"]

_PHOTOS = ("flower", "china", "grace_hopper")


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
        flower: vultilion on Flickr, https://www.flickr.com/photos/vultilion/6056698931;
        china: danielbuechele on Flickr,
        https://www.flickr.com/photos/danielbuechele/6061409035; both CC BY 2.0, as
        scikit-learn carries them. grace_hopper: US Navy, public domain, as Matplotlib
        carries it.
    """
    if name not in _PHOTOS:
        raise ValueError(f"name must be one of {', '.join(_PHOTOS)}, got {name!r}")
    if name == "grace_hopper":
        return _portrait()
    from sklearn.datasets import load_sample_image

    return torch.tensor(load_sample_image(f"{name}.jpg"))


def _portrait() -> Tensor:
    import numpy as np
    from matplotlib import cbook
    from PIL import Image

    path = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    return torch.tensor(np.asarray(Image.open(path)))
