"""Who reads a file sees the old one or the new one, never a part."""

import os
from pathlib import Path

import pytest

from eatorch.sphinxext.files import write_whole


def test_text_and_bytes_are_written_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    assert write_whole(path, "梯度").read_text("utf-8") == "梯度"
    assert write_whole(path, b"\x00").read_bytes() == b"\x00"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_whole(tmp_path / "a.txt", "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
