"""Turn one language's tree, as Sphinx wrote it, into what is published."""

import json
import re
import shutil
from pathlib import Path

from eatorch.sphinxext.finish import Page, Picture, finish_page, summary_of
from eatorch.sphinxext.glossary import terms
from eatorch.sphinxext.kept import fingerprint, kept
from eatorch.sphinxext.metadata import Lesson
from eatorch.sphinxext.pictures import publish_pictures
from eatorch.sphinxext.usage import Use, documented, uses

# What Sphinx leaves in a tree and no reader asks for: its search is not ours.
_PRIVATE = ("_sources", "_downloads", ".buildinfo", "searchindex.js", ".doctrees")
_PICTURE = re.compile(r'_images/([^"]+)"')
_CARD = "sphx-glr-thumbcontainer"


def finish_tree(
    source: Path, target: Path, root: Path, language: str, lessons: list[Lesson]
) -> None:
    """Copy one language's tree and finish each of its pages.

    Args:
        source: The tree as Sphinx wrote it.
        target: Where the finished tree goes.
        root: The project.
        language: ``"en"`` or ``"zh-cn"``.
        lessons: All lessons.
    """
    skip = shutil.ignore_patterns(*_PRIVATE, "*.html", "_images")
    shutil.copytree(source, target, ignore=skip)
    pictures = publish_pictures(
        source / "_images", root / "docs", target, root / "build" / "pictures"
    )
    pages = {
        path.relative_to(source).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(source.rglob("*.html"))
    }
    by_page = {f"{lesson.docname}.html": lesson for lesson in lessons}
    intros = {name: summary_of(pages[name]) for name in by_page if name in pages}
    words = terms(root / "docs" / "terms.json")
    known = documented(root)
    for name, html in pages.items():
        page = Page(
            path=name,
            language=language,
            lesson=by_page.get(name),
            run=_run(root, by_page.get(name)),
            pictures=_shown(html, pictures),
            intros=intros if _CARD in html else {},
            terms=words,
            uses=_uses(root, by_page.get(name), known),
        )
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        place = root / "build" / "finished" / language / name
        (target / name).write_bytes(_finished(html, page, place))


def _shown(html: str, pictures: dict[str, Picture]) -> dict[str, Picture]:
    """Return the pictures of a page: those of others are no reason to finish it."""
    names = set(_PICTURE.findall(html))
    return {name: it for name, it in pictures.items() if name in names}


def _finished(html: str, page: Page, place: Path) -> bytes:
    """Finish a page; one that is as it was in the last build is taken from there."""
    mark = fingerprint(html.encode(), repr(page).encode())
    return kept(place, mark, lambda: finish_page(html, page).encode())


def _uses(root: Path, lesson: Lesson | None, known: dict[str, str]) -> list[Use]:
    return uses(lesson, root / "docs" / "lessons", known) if lesson else []


def _run(root: Path, lesson: Lesson | None) -> dict[str, object]:
    if lesson is None:
        return {}
    path = root / "docs" / f"{lesson.docname}.run.json"
    run: dict[str, object] = json.loads(path.read_text("utf-8"))
    return run
