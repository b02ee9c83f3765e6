"""``make catalogs``: bring the Chinese catalogs up to date, with small diffs.

The messages are read from a copy of the sources in which no lesson runs: what lessons
say does not depend on what they print.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from eatorch.sphinxext.running import say


def refresh(root: Path) -> list[Path]:
    """Extract all messages and merge them into the catalogs.

    Args:
        root: The project.

    Returns:
        The catalogs that changed.
    """
    scratch = root / "build" / "catalogs"
    _copy_sources(root, scratch)
    templates = scratch / "templates"
    _sphinx_gettext(scratch, templates)
    (templates / "sphinx.pot").unlink(missing_ok=True)
    before = _contents(root)
    _merge(root, templates)
    _remove_orphans(root, templates)
    after = _contents(root)
    return [path for path, text in after.items() if before.get(path) != text]


def _copy_sources(root: Path, scratch: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    ignore = shutil.ignore_patterns("lessons", "__pycache__")
    for name in ("docs", "gallery"):
        shutil.copytree(root / name, scratch / name, ignore=ignore)
    shutil.copy(root / "conf.py", scratch)


def _sphinx_gettext(scratch: Path, templates: Path) -> None:
    command = [
        *(sys.executable, "-m", "sphinx", "-q", "-b", "gettext", "-c", "."),
        *("-D", "sphinx_gallery_conf.plot_gallery=0", "-D", "plot_gallery=0"),
        *("-D", "sphinx_gallery_conf.parallel=0", "-D", "nb_execution_mode=off"),
        *("-d", "doctrees", "docs", str(templates)),
    ]
    subprocess.run(command, cwd=scratch, check=True)


def _merge(root: Path, templates: Path) -> None:
    command = [sys.executable, "-m", "sphinx_intl", "update", "-w", "0", "-l", "zh_CN"]
    folders = ["-p", str(templates), "-d", str(root / "locales"), "--no-obsolete"]
    subprocess.run([*command, *folders], check=True, stdout=subprocess.DEVNULL)


def _catalogs(root: Path) -> Path:
    return root / "locales" / "zh_CN" / "LC_MESSAGES"


def _contents(root: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in _catalogs(root).rglob("*.po")}


def _remove_orphans(root: Path, templates: Path) -> None:
    """Remove the catalog of a page that is gone; the theme's own one stays."""
    for catalog in _catalogs(root).rglob("*.po"):
        page = catalog.relative_to(_catalogs(root)).with_suffix(".pot")
        if page.name != "sphinx.pot" and not (templates / page).exists():
            catalog.unlink()


def main() -> None:
    """Refresh the catalogs of the project in the current folder."""
    root = Path.cwd()
    changed = refresh(root)
    for path in changed:
        print("   ", path.relative_to(root))
    say(f"{len(changed)} catalogs changed; translate what is empty or fuzzy in them")


if __name__ == "__main__":
    main()
