"""Two builds of the same sources at the same SOURCE_DATE_EPOCH are the same files."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.test_build import command, environment

pytestmark = pytest.mark.xdist_group("reproducible")


def site(project: Path) -> dict[str, bytes]:
    """Build a project from nothing and return every file that it publishes."""
    done = subprocess.run(
        command(project),
        cwd=project,
        env=environment(project) | {"SOURCE_DATE_EPOCH": "1700000000"},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project / "build" / "site"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_two_builds_in_two_folders_give_the_same_files(
    small_project: Path, tmp_path: Path
) -> None:
    again = tmp_path / "another" / "place"
    shutil.copytree(small_project, again)
    first, second = site(small_project), site(again)
    assert first.keys() == second.keys()
    assert any(name.endswith(".epub") for name in first)
    assert any(name.endswith(".whl") for name in first)
    assert any("pagefind" in name for name in first)
    assert [name for name in first if first[name] != second[name]] == []
