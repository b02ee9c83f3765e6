"""``make catalogs``: bring the Chinese catalogs up to date, with small diffs.

The messages are read from a copy of the sources. A changed lesson runs there once: the
titles of its figures are alternative texts, and those are translated too. For a single
lesson, ``make catalogs L=07``, it is the copy that ``make lesson L=07`` runs.
"""

import argparse
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from eatorch.sphinxext import inventory, tasks
from eatorch.sphinxext.catalogs import previous, read_catalog
from eatorch.sphinxext.merging import catalog_text, merge
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.mishaps import reason
from eatorch.sphinxext.moves import Move, dropped, moves, side_by_side
from eatorch.sphinxext.preview import copy_lesson, find_lesson, lock_of
from eatorch.sphinxext.running import BuildError, explain, one_at_a_time, say, stream
from eatorch.sphinxext.runs import forget_stale

_FRAME = "sphinx.po"  # words of the theme, written by hand


def refresh(root: Path, number: str = "") -> tuple[list[Path], list[Move]]:
    """Extract all messages and merge them into the catalogs.

    Args:
        root: The project.
        number: Merge only the catalog of this lesson; all if empty.

    Returns:
        The catalogs that changed, and what waits for a translator.

    Raises:
        BuildError: If there is no such lesson, it raises, or a text can't be read.
    """
    inventory.refresh(root)  # a new text may link to a new name
    before = _contents(root)
    try:
        waiting = _refresh_lesson(root, number) if number else _refresh_all(root)
    except ValueError as error:
        raise BuildError(str(error)) from error
    tasks.write_tasks(root, number)
    after = _contents(root)
    return [path for path, text in after.items() if before.get(path) != text], waiting


def _refresh_lesson(root: Path, number: str) -> list[Move]:
    scratch = copy_lesson(root, find_lesson(root, number))
    templates = scratch / "templates"
    log = _sphinx_gettext(scratch, templates, "-D", "root_doc=lessons/index")
    if _raising(log):
        raise BuildError(explain(log, scratch))
    for template in templates.rglob("*.pot"):
        if not template.name.startswith(f"{number}_"):
            template.unlink()
    return _merge_all(root, templates)


def _refresh_all(root: Path) -> list[Move]:
    scratch = root / "build" / "catalogs"
    _copy_sources(root, scratch)
    forget_stale(read_lessons(root / "gallery"), scratch / "docs" / "lessons", root)
    templates = scratch / "templates"
    log = _sphinx_gettext(scratch, templates)
    (templates / "sphinx.pot").unlink(missing_ok=True)
    for lesson in _raising(log):  # with its figures, messages would be missing
        say(
            f"gallery/{lesson}.py raises, so its catalog stays: {explain(log, scratch)}"
        )
        (templates / "lessons" / f"{lesson}.pot").unlink(missing_ok=True)
    waiting = _merge_all(root, templates)
    _remove_orphans(root, templates, {f"lessons/{it}.pot" for it in _raising(log)})
    return waiting


def _raising(log: str) -> list[str]:
    return re.findall(r"gallery/(\S+)\.py (?:unexpectedly )?failed", log)


def _copy_sources(root: Path, scratch: Path) -> None:
    """Copy all sources; lessons that ran there before stay."""
    shutil.rmtree(scratch / "gallery", ignore_errors=True)
    for old in (scratch / "docs").glob("*"):
        if old.is_dir() and old.name != "lessons":
            shutil.rmtree(old)
        elif old.is_file():
            old.unlink()
    ignore = shutil.ignore_patterns("lessons", "__pycache__")
    for name in ("docs", "gallery"):
        shutil.copytree(root / name, scratch / name, ignore=ignore, dirs_exist_ok=True)
    # CONTRIBUTING.md is included in pages.
    for name in ("conf.py", "docutils.conf", "CONTRIBUTING.md"):
        if (root / name).exists():
            shutil.copy(root / name, scratch)


def _sphinx_gettext(scratch: Path, templates: Path, *options: str) -> str:
    """Write the templates; return the log, in which lessons that raise are named."""
    shutil.rmtree(templates, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "sphinx", "-b", "gettext", "-E", "-c", "."),
        *("-D", "nb_execution_mode=off", "-D", "nitpicky=0", *options),
        *("-d", "doctrees", "docs", str(templates)),
    ]
    log = scratch / "gettext.log"
    code = stream(command, scratch, log)
    if code and not _raising(log.read_text()):
        raise BuildError(explain(log.read_text(), scratch))
    return log.read_text()


def _merge_all(root: Path, templates: Path) -> list[Move]:
    waiting: list[Move] = []
    for template in sorted(templates.rglob("*.pot")):
        page = template.relative_to(templates).with_suffix(".po")
        waiting += _merge_page(_catalogs(root) / page, read_catalog(template), root)
    return waiting


def _merge_page(path: Path, template: Catalog, root: Path) -> list[Move]:
    """Merge one catalog; write it only if a message has moved, for small diffs."""
    catalog = read_catalog(path) if path.exists() else Catalog(locale="zh_CN")
    before = list(catalog)
    merge(catalog, template)
    if _told(before) != _told(catalog):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(catalog_text(catalog), encoding="utf-8")
    shown = path.relative_to(root)
    return [*moves(shown, read_catalog(path)), *dropped(shown, before, catalog)]


def _told(messages: Iterable[Message]) -> dict[object, object]:
    """Return what a catalog says, whatever its order and its line breaks."""
    return {it.id: (it.string or "", it.fuzzy, previous(it)) for it in messages}


def _catalogs(root: Path) -> Path:
    return root / "locales" / "zh_CN" / "LC_MESSAGES"


def _contents(root: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in _catalogs(root).rglob("*.po")}


def _remove_orphans(root: Path, templates: Path, keep: set[str]) -> None:
    """Remove the catalog of a page that is gone; the theme's own one stays."""
    for catalog in _catalogs(root).rglob("*.po"):
        page = catalog.relative_to(_catalogs(root)).with_suffix(".pot")
        known = (templates / page).exists() or page.as_posix() in keep
        if catalog.name != _FRAME and not known:
            catalog.unlink()


def main() -> int:
    """Refresh the catalogs of the project here; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", nargs="?", default="", help="two digits, such as 07")
    root = Path.cwd()
    try:
        number = parser.parse_args().number
        catalogs = root / "build" / "catalogs.lock"
        with one_at_a_time(lock_of(root, number) if number else catalogs):
            changed, waiting = refresh(root, number)
    except Exception as error:
        print(f"eatorch: {reason(error, root)}", file=sys.stderr)
        return 1
    for move in waiting:
        print(side_by_side(move, width=shutil.get_terminal_size().columns), end="\n\n")
    for path in changed:
        print("   ", path.relative_to(root))
    to_do = sum(bool(move.new) for move in waiting)
    say(f"changed catalogs: {len(changed)}, messages to translate or mend: {to_do}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
