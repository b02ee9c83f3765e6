"""What the Makefile does by itself, tried on a copy of it in an empty project."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder whose packages look as if they were installed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt", ".venv/docs.stamp"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def make(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call make as a person does, without the options of a make that runs the tests."""
    return subprocess.run(
        ["make", *words],
        cwd=project,
        env={"PATH": os.environ["PATH"]},
        text=True,
        capture_output=True,
        timeout=20,
        check=False,
    )


def test_clean_leaves_only_what_people_write(project: Path) -> None:
    written = ["locales/zh_CN/a.po", "docs/index.md", "tests/site/package.json"]
    made = [
        *("build/site/index.html", "docs/lessons/a.rst", "locales/zh_CN/a.mo"),
        "tests/site/node_modules/a.js",
    ]
    for name in [*written, *made]:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    done = make(project, "clean")
    assert done.returncode == 0, done.stderr
    files = {it.relative_to(project).as_posix() for it in project.rglob("*.*")}
    assert {*written, "pyproject.toml", "constraints.txt"} <= files
    assert not files & {*made, ".venv", ".venv/docs.stamp"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "build/site holds no site; run 'make site' first"),
        (["DRAFT=1"], "build/draft holds no site; run 'make site DRAFT=1' first"),
    ],
)
def test_without_a_site_serve_says_what_to_run(
    project: Path, words: list[str], told: str
) -> None:
    other = "site" if words else "draft"
    (project / "build" / other).mkdir(parents=True)
    (project / "build" / other / "index.html").touch()
    done = make(project, "serve", *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"eatorch: {told}\n")
