"""Read the prose of a lesson as its page, its notebook and its translation will.

Nothing is built: labels and pages are looked up in the sources, so a lesson can be
read before there is a site.
"""

import json
import pydoc
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from eatorch.sphinxext import inventory, tasks
from eatorch.sphinxext.catalogs import catalog_at, catalog_faults, read_catalog
from eatorch.sphinxext.downloads import Script
from eatorch.sphinxext.glossary import avoided, terms
from eatorch.sphinxext.lesson_source import blocks_of
from eatorch.sphinxext.links import Link, Links
from eatorch.sphinxext.markdown import to_markdown
from eatorch.sphinxext.restructured import ExportError, Page
from eatorch.sphinxext.translation import translate, untranslated

__all__ = [
    "SourceLinks",
    "catalog_of",
    "export_faults",
    "name_faults",
    "picture_faults",
    "tasks_faults",
    "translation_faults",
]

_LABEL = re.compile(r"^(?:# )?\.\. _([\w-]+):$|^\(([\w-]+)\)=$", re.MULTILINE)


class SourceLinks(Links):
    """The labels and pages of the site, read from its sources.

    Args:
        root: The project.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(None, "", root / "docs" / "_inventories")
        pages = dict(_pages(root))
        labels = {
            "".join(found).lower()
            for path in pages.values()
            for found in _LABEL.findall(path.read_text("utf-8", "replace"))
        }
        self._own = {("std:doc", name): Link(name, f"/{name}") for name in pages}
        self._own |= {("std:label", name): Link(name, f"#{name}") for name in labels}


def _pages(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and source of each page, as Sphinx will name it."""
    docs, gallery = root / "docs", root / "gallery"
    for path in [*docs.rglob("*.md"), *docs.rglob("*.rst")]:
        if "lessons" not in path.parts:  # generated
            yield path.relative_to(docs).with_suffix("").as_posix(), path
    for path in [*gallery.rglob("[0-9]*.py"), *gallery.rglob("GALLERY_HEADER.rst")]:
        page = "lessons" / path.relative_to(gallery).with_suffix("")
        named = page if path.suffix == ".py" else page.with_name("index")
        yield named.as_posix(), path


def catalog_of(root: Path, lesson: Path) -> Path:
    """Return the Chinese catalog of a lesson.

    Args:
        root: The project.
        lesson: The script.
    """
    folder = root / "locales" / "zh_CN" / "LC_MESSAGES" / "lessons"
    return folder / lesson.parent.name / f"{lesson.stem}.po"


def export_faults(lesson: Path, links: Links) -> Iterator[str]:
    """List the text blocks that a notebook can't carry.

    Args:
        lesson: The script.
        links: The labels and pages that exist.

    Yields:
        File and line, and what is wrong; one for each block, which is read alone.
    """
    prose = Script.read(lesson).prose
    for block, start in zip(prose.blocks, prose.starts, strict=True):
        page = Page(prose.source, [block], [start])
        try:
            to_markdown(page, links, f"lessons/{lesson.parent.name}", "en")
        except ExportError as error:
            yield f"{error}; correct it, or write it as other lessons do"


def name_faults(lesson: Path, root: Path) -> Iterator[str]:
    """List the names of functions and classes in the prose that do not exist.

    Args:
        lesson: The script.
        root: The project.

    Yields:
        File and line, what is wrong, and the cure.
    """
    known = inventory.read(root / "docs" / "_inventories" / "names.txt")
    for block in blocks_of(lesson):
        prose = block.text if block.kind == "text" else ""
        for found in inventory.ROLE.finditer(prose):
            name = found[2]
            if name not in known and not _exists(name):
                line = block.line + prose.count("\n", 0, found.start())
                told = f"{found[0]} names {name!r}, which does not exist"
                yield f"{lesson}:{line}: {told}; correct it or write it as ``code``"


def _exists(name: str) -> bool:
    ours = name.partition(".")[0] == "eatorch"
    return pydoc.locate(name) is not None if ours else bool(inventory.entries_for(name))


def translation_faults(lesson: Path, root: Path, links: Links) -> Iterator[str]:
    """List what the Chinese of a lesson lacks, in all its messages.

    Args:
        lesson: The script.
        root: The project.
        links: The labels and pages that exist.

    Yields:
        File and line, what is wrong, and the cure.
    """
    cure = "correct the msgstr"
    path, prose = catalog_of(root, lesson), Script.read(lesson).prose
    if not path.exists():
        yield f"{path}:1: no such catalog; {_refresh(lesson)}"
        return
    try:
        words = avoided(terms(root / "docs" / "terms.json"))
        found = [
            fault if "; run" in fault else f"{fault}; {cure}"
            for fault in catalog_faults(path, words)
        ]
        catalog = read_catalog(path)
        found += untranslated(prose, catalog, path)
        if not found:  # else it would only stop at the first of them
            page = translate(prose, catalog, path)
            to_markdown(page, links, f"lessons/{lesson.parent.name}", "zh-cn")
    except ExportError as error:  # of the English text it is told already
        found += [str(error)] if str(error).startswith(str(path)) else []
    except ValueError as error:
        found = [str(error)]
    yield from found


def picture_faults(lesson: Path, root: Path, titles: dict[str, int]) -> Iterator[str]:
    """List the figures whose alternative text has no place in the catalog.

    Args:
        lesson: The script.
        root: The project.
        titles: The texts, each with the line of its figure.

    Yields:
        File and line, what is wrong, and the cure.
    """
    path = catalog_of(root, lesson)
    try:
        catalog = catalog_at(path)
    except ValueError:  # damaged: told with its other texts already
        return
    for title, line in titles.items():
        if path.exists() and title not in catalog:
            told = f"{path.name} lacks the alternative text {title!r}"
            yield f"{lesson}:{line}: {told}; {_refresh(lesson)}"


def tasks_faults(lesson: Path, root: Path) -> Iterator[str]:
    """See that the terminal asks what the page asks.

    Args:
        lesson: The script.
        root: The project.

    Yields:
        File and line, what is wrong, and the cure.
    """
    path = root / "src" / "eatorch" / "exercises" / f"{lesson.stem}.json"
    try:
        wanted = tasks.record(root, lesson, _titles(root))
    except ValueError:  # not translated, or not readable: told already
        return
    have = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if wanted["exercises"] and have != wanted:
        yield f"{path}:1: does not ask what the lesson asks; {_refresh(lesson)}"


@cache
def _titles(root: Path) -> dict[str, dict[str, str]]:
    return tasks.titles(root)  # reads all lessons and catalogs


def _refresh(lesson: Path) -> str:
    return f"run 'make catalogs L={lesson.name[:2]}' and translate what is new"
