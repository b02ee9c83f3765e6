"""Publish pictures in a light format, with their sizes and their dark twins."""

import hashlib
import io
import shutil
from pathlib import Path

from PIL import Image

from eatorch.sphinxext.finish import Picture
from eatorch.sphinxext.gallery import SCALE

_QUALITY = 88
_THUMBNAIL = "_thumb"


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
    kept = cache / f"{hashlib.sha256(path.read_bytes()).hexdigest()[:24]}.webp"
    if not kept.exists():
        with Image.open(path) as image:
            ways = [_encoded(image, lossless=True), _encoded(image, lossless=False)]
        draft = kept.with_suffix(".new")
        draft.write_bytes(min(ways, key=len))
        draft.replace(kept)
    shutil.copy(kept, target / name)
    return name


def _encoded(image: Image.Image, *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=lossless, quality=_QUALITY, method=4)
    return buffer.getvalue()
