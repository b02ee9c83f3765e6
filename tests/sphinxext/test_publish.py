"""The site is replaced in one step, and a kill in between loses nothing."""

from pathlib import Path

import pytest

from eatorch.sphinxext.publish import restore, swap


def site(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "index.html").write_text(text)
    return folder


def test_the_draft_takes_the_place_of_the_site(tmp_path: Path) -> None:
    old, new = site(tmp_path / "site", "old"), site(tmp_path / "next", "new")
    assert swap(new, old) == old
    assert (old / "index.html").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("survived", [0, 1])
def test_after_a_kill_between_the_renames_the_last_good_site_is_back(
    tmp_path: Path, survived: int
) -> None:
    old, new = site(tmp_path / "site", "old"), site(tmp_path / "next", "new")
    renames: list[Path] = []

    def killed(source: Path, target: Path) -> None:
        if len(renames) == survived:
            raise KeyboardInterrupt
        renames.append(source)
        source.rename(target)

    with pytest.raises(KeyboardInterrupt):
        swap(new, old, rename=killed)
    restore(old)
    assert (old / "index.html").read_text() == "old"
