"""Copies of the project to build, so that the user's ``build`` stays as it is."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from _costs import ROOT

_FILES = ("conf.py", "docutils.conf", "constraints.txt", "pyproject.toml")
_FILES += ("README.md", "CONTRIBUTING.md", "LICENSE")
LOCALES = Path("locales", "zh_CN", "LC_MESSAGES")
_LABELS = re.compile(r"^(?:# )?(?:\.\. _([\w-]+):|\(([\w-]+)\)=)\s*$", re.MULTILINE)
_NEEDS = re.compile(r"^:Needs:.*\n(?:[ \t]+\S.*\n)*", re.MULTILINE)
_CATALOG = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def copy_project(target: Path, numbers: Sequence[str] = ()) -> Path:
    """Copy the project, whole or with a few lessons.

    Args:
        target: A folder that does not exist.
        numbers: The lessons to keep, as two digits; all if empty. With a few, every
            page outside the API docs is replaced by one that only has its labels, so
            that no link of a lesson ends in nothing.

    Raises:
        SystemExit: If there is no lesson of a given number.
    """
    ignore = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in ("src", "gallery", "locales"):
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
    generated = shutil.ignore_patterns("lessons")
    shutil.copytree(ROOT / "docs", target / "docs", ignore=generated)
    for name in _FILES:
        shutil.copy(ROOT / name, target)
    if numbers:
        _keep_lessons(target, numbers)
        _keep_labels(target)
    return target


def _keep_lessons(target: Path, numbers: Sequence[str]) -> None:
    lessons = sorted(target.glob("gallery/*/[0-9]*.py"))
    absent = set(numbers) - {path.name[:2] for path in lessons}
    if absent:
        raise SystemExit(
            f"--lessons must name lessons of gallery, got {', '.join(sorted(absent))}; "
            "'ls gallery/*' lists them"
        )
    for path in lessons:
        if path.name[:2] in numbers:
            header = _NEEDS.sub("", path.read_text("utf-8"), count=1)
            path.write_text(header, "utf-8")
        else:
            path.unlink()
    for part in target.glob("gallery/*/"):
        if not any(part.glob("*.py")):
            shutil.rmtree(part)


def _keep_labels(target: Path) -> None:
    """Keep the pages' labels only; the home page gets those of absent lessons."""
    there = {label for path in _texts(target / "gallery") for label in _labels(path)}
    absent = {label for path in _texts(ROOT / "gallery") for label in _labels(path)}
    pages = [
        path
        for path in sorted((target / "docs").rglob("*.md"))
        if "reference" not in path.parts
    ]
    home = target / "docs" / "index.md"
    names = [path.relative_to(home.parent).as_posix() for path in pages if path != home]
    toctree = "\n".join(["```{toctree}", "lessons/index", "reference/index", *names])
    for path in pages:
        labels = sorted((absent - there) if path == home else _labels(path))
        text = "# Elsewhere\n\n" + "".join(
            f"({it})=\n## Elsewhere\n\n" for it in labels
        )
        path.write_text(text + (f"{toctree}\n```\n" if path == home else ""), "utf-8")
        catalog = (target / LOCALES / path.relative_to(home.parent)).with_suffix(".po")
        write_catalog(catalog, {"Elsewhere": "别处"})


def _texts(folder: Path) -> list[Path]:
    return [it for it in folder.rglob("*") if it.suffix in {".py", ".rst", ".md"}]


def _labels(path: Path) -> set[str]:
    found = _LABELS.findall(path.read_text("utf-8"))
    return {one or other for one, other in found}


def write_catalog(path: Path, messages: dict[str, str]) -> None:
    """Write a Chinese catalog."""
    entries = [
        f"\nmsgid {json.dumps(en)}\nmsgstr {json.dumps(zh, ensure_ascii=False)}\n"
        for en, zh in messages.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_CATALOG + "".join(entries), "utf-8")


def copy_machinery(target: Path) -> None:
    """Copy all but texts; let the copy number more than a hundred lessons.

    The real project has two digits for the number of a lesson, also in its addresses.
    """
    ignore = shutil.ignore_patterns("__pycache__", "exercises")
    shutil.copytree(ROOT / "src", target / "src", ignore=ignore)
    for name in ("_static", "_templates", "_inventories", "terms.json"):
        source, copy = ROOT / "docs" / name, target / "docs" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
    for name in _FILES:
        shutil.copy(ROOT / name, target)
    for name in ("conf.py", "src/eatorch/sphinxext/metadata.py"):
        text = (target / name).read_text("utf-8")
        if r"\d\d" not in text:
            raise SystemExit(f"{name} names no number of two digits (\\d\\d) any more")
        (target / name).write_text(text.replace(r"\d\d", r"\d+"), "utf-8")
    (target / LOCALES).mkdir(parents=True)
    shutil.copy(ROOT / LOCALES / "sphinx.po", target / LOCALES)
