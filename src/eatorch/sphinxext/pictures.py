"""Publish pictures in a light format, with their sizes and their dark twins."""

import hashlib
import io
import shutil
from pathlib import Path
from typing import Any

from PIL import Image

from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.finish import Picture
from eatorch.sphinxext.gallery import SCALE

_LOSSY = {"quality": 88, "method": 4}
# Here "quality" is effort: 88 by method 4 took half as much time again for files that
# were 1 per cent smaller.
_LOSSLESS = {"lossless": True, "quality": 50, "method": 2}
_DRAWING = 2500  # colours; of 51 figures with fewer each was smaller without loss


def publish_pictures(
    images: Path, docs: Path, tree: Path, cache: Path
) -> dict[str, Picture]:
    """Convert the pictures of one tree.

    Args:
        images: Folder where Sphinx put the pictures that pages show.
        docs: Sources; hold the dark twins, which no page mentions.
        tree: The finished tree; gets a folder ``_images``.
        cache: Folder that keeps converted pictures by their content.

    Returns:
        Name in Sphinx's output → the picture as it is published.
    """
    target = tree / "_images"
    target.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    twins = {path.name: path for path in docs.glob("lessons/*/images/*_dark.png")}
    return {
        path.name: _publish(path, twins.get(f"{path.stem}_dark.png"), target, cache)
        for path in sorted(images.glob("*"))
    }


def _publish(path: Path, twin: Path | None, target: Path, cache: Path) -> Picture:
    if path.suffix != ".png":
        shutil.copy(path, target)
        return Picture(path.name, *_size(path, 1))
    # Only the gallery's own figures are drawn with more pixels than they take up.
    scale = SCALE if twin else 1
    width, height = _size(path, scale)
    dark = _convert(twin, target, cache) if twin else None
    return Picture(_convert(path, target, cache), width, height, dark)


def _size(path: Path, scale: float) -> tuple[int, int]:
    if path.suffix == ".svg":
        raise ValueError(f"{path}: pictures must be PNG, got an SVG without a size")
    with Image.open(path) as image:
        return round(image.width / scale), round(image.height / scale)


def _convert(path: Path, target: Path, cache: Path) -> str:
    """Write a picture as WebP, in whichever of its two ways is smaller."""
    name = f"{path.stem}.webp"
    ways = repr((_LOSSY, _LOSSLESS, _DRAWING)).encode()
    key = hashlib.sha256(ways + path.read_bytes()).hexdigest()[:24]
    kept = cache / f"{key}.webp"
    if not kept.exists():
        with Image.open(path) as image:
            drafts = [_encoded(image, it) for it in _worth_trying(image)]
        write_whole(kept, min(drafts, key=len))
    shutil.copy(kept, target / name)
    return name


def _worth_trying(image: Image.Image) -> list[dict[str, Any]]:
    """A drawing is smaller without loss; only what has shades can be either."""
    return [_LOSSLESS] if image.getcolors(_DRAWING) else [_LOSSLESS, _LOSSY]


def _encoded(image: Image.Image, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    return buffer.getvalue()
