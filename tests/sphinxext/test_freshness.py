"""Whoever reads a page can see what it was made from, and whether that is stale."""

from pathlib import Path

import pytest

from eatorch.sphinxext import freshness, runs
from eatorch.sphinxext.metadata import read_lessons

LESSON = '"""\n.. _one:\n\nOne\n===\n\n:Level: 1\n:Hours: 1\n"""\nimport torch\n'
PAGE = "lessons/1_part/01_one.html"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with one lesson, and the pages that it was published with."""
    script = tmp_path / "gallery" / "1_part" / "01_one.py"
    script.parent.mkdir(parents=True)
    script.write_text(LESSON)
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n")
    (lesson,) = read_lessons(tmp_path / "gallery")
    made = runs.inputs(lesson, tmp_path)
    record = f'<p class="run-record" data-script="{made["script"]}"'
    for tree in ("en", "zh-cn"):
        page = tmp_path / "build" / "site" / tree / PAGE
        page.parent.mkdir(parents=True)
        page.write_text(f'{record} data-code="{made["code"]}">Run</p>')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["freshness"])
    return tmp_path / "build" / "site"


def test_a_site_made_from_the_sources_is_fresh(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert freshness.main() == 0
    assert str(site.relative_to(Path.cwd())) in capsys.readouterr().out


def test_new_prose_makes_both_pages_stale(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("gallery/1_part/01_one.py").write_text(
        LESSON.replace(":Hours: 1", ":Hours: 2")
    )
    assert freshness.main() == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in told] == [f"en/{PAGE}", f"zh-cn/{PAGE}"]
    assert all("its script has changed (page " in line for line in told)
    assert site.exists()


def test_another_version_of_torch_is_seen(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("constraints.txt").write_text("torch==2.14.0\n")
    (site / "zh-cn" / PAGE).unlink()
    assert freshness.main() == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "or the constraints have changed" in first
    assert second == f"zh-cn/{PAGE}: the page is missing; 'make site' makes it anew"


@pytest.mark.usefixtures("site")
def test_a_wrong_header_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    script = Path("gallery/1_part/01_one.py")
    script.write_text(LESSON.replace(":Level: 1", ":Level: 9"))
    assert freshness.main() == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"eatorch: {script}:7: field :Level: must be a number")
    assert not Path("build/crash.log").exists()


def test_a_page_without_fingerprints_is_stale(site: Path) -> None:
    (site / "en" / PAGE).write_text("<p>Old</p>")
    faults = list(freshness.stale_pages(Path.cwd(), site))
    assert [fault.partition("(")[2][:9] for fault in faults] == ["page none"] * 2
