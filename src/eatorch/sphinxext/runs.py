"""Which lessons ran on what: their fingerprints, so that no page is ever stale.

sphinx-gallery runs a lesson again when its script changes. A changed helper package or
a new version of torch matters just as much, and a build that was killed may leave half
a page; both are seen here.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from eatorch.sphinxext.dependencies import dependencies
from eatorch.sphinxext.metadata import Lesson

__all__ = ["forget_stale", "machinery", "records", "remember"]

_LEDGER = "runs.json"
_INCOMPLETE = "incomplete"


def forget_stale(lessons: list[Lesson], generated: Path, root: Path) -> list[Lesson]:
    """Make sphinx-gallery run the lessons whose pages can't be trusted.

    Args:
        lessons: All lessons.
        generated: Folder of the generated pages.
        root: The project; what the lesson reaches of the package, and the constraints,
            count as much as its script.

    Returns:
        The lessons that will run.
    """
    ledger = _read(generated / _LEDGER)
    stale = []
    for lesson in lessons:
        known = ledger.get(lesson.path.stem)
        now = [_hash(_inputs(lesson, root), root), _output(lesson, generated)]
        if known != now:
            _checksum(lesson, generated).unlink(missing_ok=True)
            stale.append(lesson)
    return stale


def remember(lessons: list[Lesson], generated: Path, root: Path) -> None:
    """Write down which lessons ran to their end.

    Args:
        lessons: All lessons.
        generated: Folder of the generated pages.
        root: The project.
    """
    outputs = {lesson: _output(lesson, generated) for lesson in lessons}
    ledger = {
        lesson.path.stem: [_hash(_inputs(lesson, root), root), output]
        for lesson, output in outputs.items()
        if output != _INCOMPLETE
    }
    write_whole(generated / _LEDGER, json.dumps(ledger, indent=1))


def records(lessons: Iterable[Lesson], generated: Path) -> dict[str, str]:
    """Read the run record of each lesson.

    Args:
        lessons: The lessons.
        generated: Folder of the generated pages.

    Returns:
        Name of the lesson → the text of its record.
    """
    paths = {
        lesson.path.stem: generated / lesson.chapter / f"{lesson.path.stem}.run.json"
        for lesson in lessons
    }
    return {name: path.read_text() for name, path in paths.items() if path.exists()}


def machinery(root: Path) -> str:
    """Hash what shapes every page and what Sphinx does not watch.

    Args:
        root: The project.

    Returns:
        A fingerprint of the extensions, templates, inventories and settings.
    """
    folders = ("src/eatorch/sphinxext", "docs/_templates", "docs/_inventories")
    paths = [
        path
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    ]
    return _hash([*paths, root / "conf.py", root / "docutils.conf"], root)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path) -> dict[str, list[str]]:
    try:
        ledger: dict[str, list[str]] = json.loads(path.read_text())
    except (OSError, ValueError):  # none yet, or damaged: everything runs again
        return {}
    return ledger


def _inputs(lesson: Lesson, root: Path) -> list[Path]:
    """Return the files that decide what a lesson prints and draws."""
    package = root / "src" / "eatorch"
    around = [package / "sphinxext" / "gallery.py", root / "constraints.txt"]
    return [lesson.path, *dependencies(lesson.path, package), *around]


def _checksum(lesson: Lesson, generated: Path) -> Path:
    return generated / lesson.chapter / f"{lesson.path.name}.md5"


def _output(lesson: Lesson, generated: Path) -> str:
    """Hash what the lesson left: page, record and pictures."""
    folder = generated / lesson.chapter
    stem = lesson.path.stem
    left = [folder / f"{stem}.rst", folder / f"{stem}.run.json"]
    left += sorted((folder / "images").glob(f"sphx_glr_{stem}_*"))
    whole = (
        all(path.exists() for path in left) and _checksum(lesson, generated).exists()
    )
    return _hash(left, generated) if whole else _INCOMPLETE


def _hash(paths: list[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:16]
