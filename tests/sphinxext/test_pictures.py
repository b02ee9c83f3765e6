"""A picture is converted once, and again only where its result would be another."""

import random
from pathlib import Path

import pytest
from PIL import Image

from eatorch.sphinxext import pictures
from eatorch.sphinxext.pictures import publish_pictures


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder with one picture of many shades."""
    folder = tmp_path / "images"
    folder.mkdir()
    pixels = random.Random(0).randbytes(64 * 64 * 3)
    Image.frombytes("RGB", (64, 64), pixels).save(folder / "one.png")
    return folder


def publish(images: Path) -> bytes:
    root = images.parent
    tree = root / "tree"
    found = publish_pictures(images, root / "docs", tree, root / "cache")
    assert (found["one.png"].width, found["one.png"].height) == (64, 64)
    return (tree / "_images" / found["one.png"].name).read_bytes()


def test_a_picture_is_converted_once(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(images)
    monkeypatch.setattr(pictures, "_encoded", None)
    assert publish(images) == first


@pytest.mark.parametrize(
    ("setting", "value"),
    [("_LOSSY", {"quality": 10, "method": 4}), ("_DRAWING", 100_000)],
)
def test_another_setting_converts_it_again(
    setting: str, value: object, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(images)
    monkeypatch.setattr(pictures, setting, value)
    assert publish(images) != first
