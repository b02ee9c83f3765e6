"""Read the Docs' commands, run here, publish both languages with the root page."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from site_pages import PAGES, SITE

from eatorch.sphinxext.build import published_at

ROOT = Path(__file__).parents[2]
ADDRESS = "https://example.readthedocs.io/en/stable/"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the commands in a copy of the project, as Read the Docs would."""
    folder = tmp_path_factory.mktemp("rtd")
    project, output = folder / "project", folder / "output"
    own = [".git", ".venv", "site", "next", "preview*"]
    passing = ["__pycache__", ".*_cache", ".hypothesis", "node_modules"]  # others write
    ignore = shutil.ignore_patterns(*own, *passing)
    shutil.copytree(ROOT, project, ignore=ignore, symlinks=True)
    (project / ".venv").symlink_to(ROOT / ".venv")
    settings = yaml.safe_load((project / ".readthedocs.yaml").read_text())
    environment = {
        **os.environ,
        "READTHEDOCS": "True",
        "READTHEDOCS_OUTPUT": str(output),
        "READTHEDOCS_CANONICAL_URL": ADDRESS,
        "READTHEDOCS_LANGUAGE": "en",
        "READTHEDOCS_VERSION": "stable",
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
    }
    for command in settings["build"]["commands"]:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=project,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return output / "html"


def test_both_languages_and_the_root_page_are_there(published: Path) -> None:
    for name in ("index.html", "en/index.html", "zh-cn/index.html", "404.html"):
        assert (published / name).is_file()


def test_pages_name_the_address_that_read_the_docs_gives(published: Path) -> None:
    page = (published / "zh-cn" / "index.html").read_text(encoding="utf-8")
    assert f'href="{ADDRESS}en/index.html"' in page or f'href="{ADDRESS}en/"' in page
    assert 'lang="zh' in page


def test_downloads_install_from_that_address(published: Path) -> None:
    script = published / "en" / "downloads" / "07_tensor.py"
    assert ADDRESS in script.read_text(encoding="utf-8")
    assert list((published / "wheels").glob("eatorch-*.whl"))


def test_a_second_build_makes_the_same_pages(published: Path) -> None:
    """Only the address differs; the runs are those of the first build."""
    home = published_at(ROOT)
    moved = [
        name
        for name in PAGES
        if (published / name).read_text(encoding="utf-8").replace(ADDRESS, home)
        != (SITE / name).read_text(encoding="utf-8")
    ]
    assert moved == []
