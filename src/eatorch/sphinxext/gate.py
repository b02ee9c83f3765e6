"""``make gate``: let no release through in which a text is not in both languages.

Reads the English pages, which runs lessons only where ``make site`` would have to, and
then counts everything that a reader can see: messages of the pages with alternative
texts and documentation of the package, words of the frame, of the checks and of the
terminal, the tables, the tasks for the terminal and the downloads.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eatorch.sphinxext.build import Paths, read_english
from eatorch.sphinxext.catalogs import catalog_at, catalog_faults, read_catalog, short
from eatorch.sphinxext.downloads import Script
from eatorch.sphinxext.glossary import avoided, terms
from eatorch.sphinxext.lesson_text import SourceLinks, catalog_of, tasks_faults
from eatorch.sphinxext.markdown import to_markdown
from eatorch.sphinxext.messages import read_messages
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.pairs import Pair, json_pairs, pair_faults, python_pairs
from eatorch.sphinxext.restructured import ExportError
from eatorch.sphinxext.running import say
from eatorch.sphinxext.translation import translate

__all__ = ["Account", "accounts", "percent", "report"]

_THEME = "sphinx.po"  # belongs to no page
_SPOKEN = (
    *("exercises/*.py", "expecting.py", "checking.py"),
    *("practice/words.py", "sphinxext/strings.py"),
)
_TABLES = ("terms.json", "old_new.json")


@dataclass(frozen=True)
class Account:
    """What there is to translate in one place.

    Attributes:
        name: The place: a page, a module, the downloads.
        total: How many texts it has.
        faults: What is wrong, one line for each text, with file and line.
    """

    name: str
    total: int
    faults: list[str]


def accounts(root: Path) -> list[Account]:
    """Count every text of the project.

    Args:
        root: The project; its English pages were read just now.

    Returns:
        An account for each page and for each place beside the pages.

    Raises:
        ValueError: If a catalog or a file of terms is damaged.
    """
    return [*_pages(root), *_pairs(root), _tasks(root), _downloads(root)]


def _pages(root: Path) -> Iterator[Account]:
    paths = Paths(root)
    avoid = avoided(terms(root / "docs" / "terms.json"))
    pages = read_messages(paths.work / "messages")
    for page, wanted in pages.items():
        path = paths.locales / f"{page}.po"
        faults = list(catalog_faults(path, avoid)) if path.exists() else []
        faults += _lost(wanted, path, root)
        yield Account(page, len(wanted), faults)
    known = {*pages, Path(_THEME).stem}
    for path in sorted(paths.locales.rglob("*.po")):
        page = path.relative_to(paths.locales).with_suffix("").as_posix()
        if page not in known:
            told = f"{path}:1: no page has this catalog; run 'make catalogs'"
            yield Account(page, 1, [told])
    theme = paths.locales / _THEME
    yield Account("theme", len(read_catalog(theme)), list(catalog_faults(theme, avoid)))


def _lost(wanted: dict[str, str], path: Path, root: Path) -> list[str]:
    """Name what the page says and the catalog does not know, or the other way."""
    catalog = catalog_at(path)
    lacks = [
        f"{_place(root, place, message)}: the catalog lacks {short(message)}; "
        "run 'make catalogs' and translate it"
        for message, place in wanted.items()
        if message not in catalog
    ]
    return lacks or [  # while some are lacking, these are the same, as they were
        f"{path}:{it.lineno}: the page does not say {short(it.id)}; run 'make catalogs'"
        for it in catalog
        if it.id and it.id not in wanted
    ]


def _place(root: Path, place: str, message: str) -> str:
    """Name the line of the script instead of that of the page made from it."""
    page = re.match(r"docs/lessons/(.*)\.rst", place)
    if not page:
        return place
    source = root / "gallery" / f"{page[1]}.py"
    if source.stem == "index":
        source = source.with_name("GALLERY_HEADER.rst")
    words = r"\W+".join(map(re.escape, message.split()[:4]))
    text = source.read_text(encoding="utf-8")
    found = re.search(words, text)
    return f"{source}:{text.count(chr(10), 0, found.start() if found else 0) + 1}"


def _pairs(root: Path) -> Iterator[Account]:
    package = root / "src" / "eatorch"
    for path in [it for glob in _SPOKEN for it in sorted(package.glob(glob))]:
        yield _account(path, python_pairs(path))
    for path in [root / "docs" / name for name in _TABLES]:
        if path.exists():
            yield _account(path, json_pairs(path))


def _account(path: Path, pairs: list[Pair]) -> Account:
    return Account(str(path), len(pairs), list(filter(None, map(pair_faults, pairs))))


def _lessons(root: Path) -> list[Path]:
    return sorted((root / "gallery").glob("*/[0-9][0-9]_*.py"))


def _tasks(root: Path) -> Account:
    """Compare the tasks for the terminal with the lessons and their catalogs."""
    found = [fault for it in _lessons(root) for fault in tasks_faults(it, root)]
    return Account("tasks for the terminal", len(_lessons(root)), found)


def _downloads(root: Path) -> Account:
    """Translate the prose of each lesson as its script and notebook need it."""
    links, faults = SourceLinks(root), []
    for lesson in _lessons(root):
        path = catalog_of(root, lesson)
        catalog = catalog_at(path)
        try:
            page = translate(Script.read(lesson).prose, catalog, path)
            to_markdown(page, links, f"lessons/{lesson.parent.name}", "zh-cn")
        except ExportError as error:
            faults.append(str(error))
    return Account("downloads", len(_lessons(root)), faults)


def percent(done: int, total: int) -> str:
    """Return a share in hundredths, cut off: only all of it is 100 %.

    Args:
        done: How many are finished.
        total: How many there are.

    Example:
        >>> percent(29_999, 30_000), percent(3, 3)
        ('99.99 %', '100 %')
    """
    return "100 %" if done == total else f"{10_000 * done // total / 100:.2f} %"


def report(found: list[Account]) -> str:
    """List the faults, then how many there are in each place.

    Args:
        found: All accounts.

    Returns:
        Nothing but the last line if all is finished.
    """
    wrong = [account for account in found if account.faults]
    lines = [fault for account in wrong for fault in account.faults]
    lines += [f"{len(it.faults):7} of {it.total:4}  {it.name}" for it in wrong]
    total = sum(account.total for account in found)
    done = total - sum(min(len(it.faults), it.total) for it in wrong)
    share = f"{done} of {total} texts are finished, {percent(done, total)}"
    return "\n".join([*lines, share])


@in_one_line
def main() -> int:
    """Judge the project here; return the exit status."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    root = Path.cwd()
    read_english(root)
    found = accounts(root)
    print(report(found).replace(f"{root}/", ""))
    if any(account.faults for account in found):
        print("eatorch: no release: a text is not in both languages", file=sys.stderr)
        return 1
    say("every text is in both languages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
