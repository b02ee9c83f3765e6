"""``make catalogs``: bring the Chinese catalogs up to date, with small diffs.

The messages are read from a copy of the sources. A changed lesson runs there once: the
titles of its figures are alternative texts, and those are translated too. For a single
lesson, ``make catalogs L=07``, it is the copy that ``make lesson L=07`` runs.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from eatorch.sphinxext import inventory, tasks
from eatorch.sphinxext.preview import copy_lesson, find_lesson, lock_of
from eatorch.sphinxext.running import BuildError, explain, one_at_a_time, say, stream

_FRAME = "sphinx.po"  # words of the theme, written by hand
_HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: eatorch\\n"
"Language: zh_CN\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def refresh(root: Path, number: str = "") -> list[Path]:
    """Extract all messages and merge them into the catalogs.

    Args:
        root: The project.
        number: Merge only the catalog of this lesson; all if empty.

    Returns:
        The catalogs that changed.

    Raises:
        BuildError: If there is no such lesson, it raises, or a text can't be read.
    """
    inventory.refresh(root)  # a new text may link to a new name
    before = _contents(root)
    if number:
        _refresh_lesson(root, number)
    else:
        _refresh_all(root)
    _plain_headers(root)
    tasks.write_tasks(root, number)
    after = _contents(root)
    return [path for path, text in after.items() if before.get(path) != text]


def _refresh_lesson(root: Path, number: str) -> None:
    scratch = copy_lesson(root, find_lesson(root, number))
    templates = scratch / "templates"
    log = _sphinx_gettext(scratch, templates, "-D", "root_doc=lessons/index")
    if _raising(log):
        raise BuildError(explain(log, scratch))
    for template in templates.rglob("*.pot"):
        if not template.name.startswith(f"{number}_"):
            template.unlink()
    _merge(root, templates)


def _refresh_all(root: Path) -> None:
    scratch = root / "build" / "catalogs"
    _copy_sources(root, scratch)
    templates = scratch / "templates"
    log = _sphinx_gettext(scratch, templates)
    (templates / "sphinx.pot").unlink(missing_ok=True)
    for lesson in _raising(log):  # with its figures, messages would be missing
        say(
            f"gallery/{lesson}.py raises, so its catalog stays: {explain(log, scratch)}"
        )
        (templates / "lessons" / f"{lesson}.pot").unlink(missing_ok=True)
    _merge(root, templates)
    _remove_orphans(root, templates, {f"lessons/{it}.pot" for it in _raising(log)})


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


def _merge(root: Path, templates: Path) -> None:
    command = [sys.executable, "-m", "sphinx_intl", "update", "-w", "0", "-l", "zh_CN"]
    folders = ["-p", str(templates), "-d", str(root / "locales"), "--no-obsolete"]
    subprocess.run([*command, *folders], check=True, stdout=subprocess.DEVNULL)


def _plain_headers(root: Path) -> None:
    """Drop dates and placeholders from the headers: they only make diffs."""
    for catalog in _catalogs(root).rglob("*.po"):
        if catalog.name == _FRAME:
            continue
        text = catalog.read_text(encoding="utf-8")
        body = text.partition("\n\n")[2]
        if text != _HEADER + body:
            catalog.write_text(_HEADER + body, encoding="utf-8")


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
            changed = refresh(root, number)
    except BuildError as error:
        print(f"eatorch: {error}", file=sys.stderr)
        return 1
    for path in changed:
        print("   ", path.relative_to(root))
    say(f"{len(changed)} catalogs changed; translate what is empty or fuzzy in them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
