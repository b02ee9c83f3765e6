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
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from eatorch.sphinxext import inventory, runs, tasks
from eatorch.sphinxext.catalogs import catalog_at, previous, read_catalog
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.merging import catalog_text, merge
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.moves import Move, dropped, moves, side_by_side
from eatorch.sphinxext.preview import copy_lesson, find_lesson, lock_of, shared_lock
from eatorch.sphinxext.running import (
    BuildError,
    explain,
    failure,
    one_at_a_time,
    say,
    stream,
)

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
    with one_at_a_time(shared_lock(root)):
        inventory.refresh(root)  # a new text may link to a new name
        _follow(root)
    try:
        read = _read_lesson(root, number) if number else _read_all(root)
        with one_at_a_time(shared_lock(root)):
            return _merge_all(root, read, number)
    except ValueError as error:
        raise BuildError(str(error)) from error


def _follow(root: Path) -> None:
    """Move the catalog of a lesson that has moved to another part along with it."""
    for lesson in sorted((root / "gallery").glob("*/[0-9]*.py")):
        pages = _catalogs(root) / "lessons"
        catalog = pages / lesson.parent.name / f"{lesson.stem}.po"
        for old in pages.glob(f"*/{lesson.stem}.po"):
            if not catalog.exists():
                catalog.parent.mkdir(parents=True, exist_ok=True)
                old.rename(catalog)


@dataclass(frozen=True)
class _Read:
    """The templates of what was read; whether they are those of all pages there are."""

    templates: Path
    whole: bool


def _read_lesson(root: Path, number: str) -> _Read:
    scratch = copy_lesson(root, find_lesson(root, number))
    templates = scratch / "templates"
    log = _sphinx_gettext(scratch, templates, "-D", "root_doc=lessons/index")
    if _raising(log):
        raise BuildError(explain(log, scratch))
    for template in templates.rglob("*.pot"):
        if not template.name.startswith(f"{number}_"):
            template.unlink()
    return _Read(templates, whole=False)


def _read_all(root: Path) -> _Read:
    scratch = root / "build" / "catalogs"
    _copy_sources(root, scratch)
    lessons = read_lessons(root / "gallery")
    runs.forget_gone(lessons, scratch / "docs" / "lessons")
    runs.forget_stale(lessons, scratch / "docs" / "lessons", root)
    templates = scratch / "templates"
    log = _sphinx_gettext(scratch, templates)
    (templates / "sphinx.pot").unlink(missing_ok=True)
    for lesson in _raising(log):  # with its figures, messages would be missing
        why = explain(log[log.rindex(f"gallery/{lesson}.py failed") :], scratch)
        say(f"gallery/{lesson}.py raises, so its catalog stays: {why}")
        (templates / "lessons" / f"{lesson}.pot").unlink(missing_ok=True)
    return _Read(templates, whole=not _raising(log))


def _raising(log: str) -> list[str]:
    """Read the lessons that raise in what sphinx-gallery says at the very end.

    It does so only if Sphinx has written every template: a log that names a lesson
    further up may be that of a run that broke off, for the disk was full.
    """
    return sorted(set(re.findall(r"gallery/(\S+)\.py failed leaving traceback", log)))


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
    text = log.read_text(encoding="utf-8")
    if code < 0 or (code and not _raising(text)):
        raise BuildError(failure(code, text, scratch))
    return text


def _merge_all(root: Path, read: _Read, number: str) -> tuple[list[Path], list[Move]]:
    """Merge each template into its catalog; write the tasks for the terminal anew."""
    before = _contents(root)
    waiting: list[Move] = []
    for template in sorted(read.templates.rglob("*.pot")):
        page = template.relative_to(read.templates).with_suffix(".po")
        waiting += _merge_page(_catalogs(root) / page, read_catalog(template), root)
    if read.whole:
        _remove_orphans(root, read.templates)
    tasks.write_tasks(root, number)
    after = _contents(root)
    return [path for path, text in after.items() if before.get(path) != text], waiting


def _merge_page(path: Path, template: Catalog, root: Path) -> list[Move]:
    """Merge one catalog; write it only if a message has moved, for small diffs."""
    catalog = catalog_at(path)
    before = list(catalog)
    merge(catalog, template)
    if _told(before) != _told(catalog):
        write_whole(path, catalog_text(catalog))
    shown = path.relative_to(root)
    return [*moves(shown, catalog_at(path)), *dropped(shown, before, catalog)]


def _told(messages: Iterable[Message]) -> dict[object, object]:
    """Return what a catalog says, whatever its order and its line breaks."""
    return {it.id: (it.string or "", it.fuzzy, previous(it)) for it in messages}


def _catalogs(root: Path) -> Path:
    return root / "locales" / "zh_CN" / "LC_MESSAGES"


def _contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in _catalogs(root).rglob("*.po")}


def _remove_orphans(root: Path, templates: Path) -> None:
    """Remove the catalog of a page that is gone; the theme's own one stays."""
    for catalog in _catalogs(root).rglob("*.po"):
        page = catalog.relative_to(_catalogs(root)).with_suffix(".pot")
        if catalog.name != _FRAME and not (templates / page).exists():
            catalog.unlink()


@in_one_line
def main() -> int:
    """Refresh the catalogs of the project here; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", nargs="?", default="", help="two digits, such as 07")
    root = Path.cwd()
    number = parser.parse_args().number
    catalogs = root / "build" / "catalogs.lock"
    with one_at_a_time(lock_of(root, number) if number else catalogs):
        changed, waiting = refresh(root, number)
    for move in waiting:
        print(side_by_side(move, width=shutil.get_terminal_size().columns), end="\n\n")
    for path in changed:
        print("   ", path.relative_to(root))
    to_do = sum(bool(move.new) for move in waiting)
    say(f"changed catalogs: {len(changed)}, messages to translate or mend: {to_do}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
