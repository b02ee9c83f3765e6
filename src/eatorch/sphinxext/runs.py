"""Which lessons ran on what: their fingerprints, so that no page is ever stale.

sphinx-gallery runs a lesson again when its script changes. A changed helper package or
a new version of torch matters just as much, and a build that was killed may leave half
a page; both are seen here. The other way round, a lesson whose prose alone has changed
needs no run: see ``prose``.

The record of a run carries two fingerprints. ``script`` is the beginning of the
script's SHA-256; ``code`` is made of its cells, the modules that they reach, the
constraints on the packages that these import, the version of Python and the settings of
the gallery, that is, of all that decides what the lesson prints and draws. A third,
``output``, is made of what the run left.
"""

import hashlib
import json
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import eatorch
from eatorch.sphinxext.constraints import pinned
from eatorch.sphinxext.dependencies import dependencies
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.metadata import Lesson
from eatorch.sphinxext.prose import cells, retold
from eatorch.sphinxext.settings import read_settings

__all__ = [
    "forget_gone",
    "forget_stale",
    "inputs",
    "machinery",
    "records",
    "write_record",
]

_PLANNED = "inputs.json"  # what the lessons were when the build began
_SHOWING = ("capture_repr", "ignore_repr_types", "image_scrapers", "reset_modules")


def forget_gone(lessons: list[Lesson], generated: Path) -> None:
    """Remove what sphinx-gallery leaves of lessons that are gone or have moved.

    Args:
        lessons: All lessons.
        generated: Folder of the generated pages.
    """
    known = {(lesson.chapter, lesson.path.stem) for lesson in lessons}
    for page in generated.glob("*/[0-9]*.rst"):
        if (page.parent.name, page.stem) not in known:
            for path in page.parent.glob(f"{page.stem}.*"):
                path.unlink()
    chapters = {lesson.chapter for lesson in lessons}
    for index in generated.glob("*/index.rst"):
        if index.parent.name not in chapters:
            shutil.rmtree(index.parent)


def forget_stale(lessons: list[Lesson], generated: Path, root: Path) -> list[Lesson]:
    """Make sphinx-gallery run the lessons whose pages can't be trusted, and no others.

    Args:
        lessons: All lessons; new prose of one that needs no run is put on its page.
        generated: Folder of the generated pages.
        root: The project; what the lesson reaches of the package and of the pinned
            packages counts as much as its script.

    Returns:
        The lessons that will run.
    """
    planned = {lesson.path.stem: inputs(lesson, root) for lesson in lessons}
    write_whole(generated / _PLANNED, json.dumps(planned, indent=1))
    stale = []
    for lesson in lessons:
        copy = generated / lesson.chapter / lesson.path.name
        if not _kept(lesson, copy, planned[lesson.path.stem]):
            _checksum(copy).unlink(missing_ok=True)
            stale.append(lesson)
    return stale


def inputs(lesson: Lesson, root: Path) -> dict[str, str]:
    """Describe what a lesson is made from.

    Args:
        lesson: The lesson.
        root: The project.

    Returns:
        The fingerprints ``script`` and ``code``, and the version of ``eatorch``.
    """
    package = root / "src" / "eatorch"
    reached = dependencies(lesson.path, package)
    modules = [lesson.path, *(path for path in reached if path.suffix == ".py")]
    limits = pinned(modules, root / "constraints.txt")
    code = _hash([*reached, package / "sphinxext" / "gallery.py"], root)
    around = [platform.python_version_tuple()[:2], _settings(root)]
    code.update(json.dumps([cells(lesson.path), limits, *around]).encode())
    script = hashlib.sha256(lesson.path.read_bytes())
    return {
        "eatorch": eatorch.__version__,
        "script": _short(script),
        "code": _short(code),
    }


def _settings(root: Path) -> str:
    """Return what ``conf.py`` says about how results are shown."""
    gallery = read_settings(root).get("sphinx_gallery_conf", {})
    return repr([gallery.get(name) for name in _SHOWING])


def write_record(copy: Path, run: dict[str, Any]) -> None:
    """Write down a run that has just ended, with what it was made from and left.

    Args:
        copy: The script as it ran; sphinx-gallery keeps it beside the page.
        run: What else to record of the run.
    """
    # Not what the files are now: they may have been edited since the build began.
    planned = _read(copy.parents[1] / _PLANNED).get(copy.stem, {})
    record = {**run, **planned, "output": _output(copy)}
    write_whole(copy.with_suffix(".run.json"), json.dumps(record) + "\n")


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
    return {
        name: path.read_text("utf-8") for name, path in paths.items() if path.exists()
    }


def machinery(root: Path) -> str:
    """Hash what shapes every page and what Sphinx does not watch.

    Args:
        root: The project.

    Returns:
        A fingerprint of the extensions, templates, inventories, settings and versions.
    """
    folders = ("src/eatorch/sphinxext", "docs/_templates", "docs/_inventories")
    paths = [
        path
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    ]
    paths += [root / name for name in ("conf.py", "docutils.conf", "constraints.txt")]
    return _short(_hash(paths, root))


def _kept(lesson: Lesson, copy: Path, now: dict[str, str]) -> bool:
    """Tell whether a page needs no run; tell new prose on it."""
    record = _read(copy.with_suffix(".run.json"))
    output = _output(copy)
    if record.get("code") != now["code"] or output is None:
        return False
    if record.get("output") != output:
        return False
    if record.get("script") == now["script"]:
        return True
    texts = retold(lesson.path, copy) or {}
    for path, text in texts.items():
        write_whole(path, text)
    if texts:
        write_record(copy, record)
    return bool(texts)


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # none yet, or damaged: the lesson runs again
        return {}
    return content


def _checksum(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.md5")


def _output(copy: Path) -> str | None:
    """Hash what a lesson left: page, names and pictures; None if it did not end."""
    page = copy.with_suffix(".rst")
    if not (page.exists() and _checksum(copy).exists()):
        return None
    pictures = sorted((copy.parent / "images").rglob(f"sphx_glr_{copy.stem}_*"))
    left = [page, copy.with_suffix(".codeobj.json"), *pictures]
    return _short(_hash(left, copy.parent))


def _hash(paths: list[Path], root: Path) -> "hashlib._Hash":
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest


def _short(digest: "hashlib._Hash") -> str:
    return digest.hexdigest()[:16]
