"""``make new L=39 T="Title"``: the files of a new lesson, ready to be filled in.

The lesson runs as it is. Its checks fail until they are written, and so do its tests,
so that nothing is forgotten. Nothing that exists is written over.
"""

import argparse
import re
import sys
from pathlib import Path
from string import Template

from eatorch.sphinxext.catalogs import read_catalog
from eatorch.sphinxext.compare import file_of
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.merging import catalog_text
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.refresh import refresh
from eatorch.sphinxext.running import BuildError, say

__all__ = ["reuse", "scaffold"]


def scaffold(root: Path, number: str, title: str, part: str = "") -> list[Path]:
    """Write script, checks, wrong answers and key numbers of a new lesson.

    Args:
        root: The project.
        number: Two digits that no lesson has.
        title: Title in English; its first word becomes name and label.
        part: Folder in ``gallery``; the one of the lesson before it if empty.

    Returns:
        The new files.

    Raises:
        BuildError: If the number is wrong or taken, the title has no word for a name
            or one that is taken, the part does not exist, or a file is in the way.
    """
    lessons = read_lessons(root / "gallery")
    if not re.fullmatch(r"\d\d", number) or number in {it.number for it in lessons}:
        taken = ", ".join(it.number for it in lessons)
        raise BuildError(f"L must be two digits but not {taken}, got {number!r}")
    label = "".join(re.findall(r"[a-z0-9]+", title.lower())[:1])
    if not label or label in {it.label for it in lessons}:
        raise BuildError(
            "T must begin with an English word that is no lesson's label, "
            f"got {title!r}"
        )
    before = [it.chapter for it in lessons if it.number < number]
    chapter = root / "gallery" / (part or (before or [lessons[0].chapter])[-1])
    if not chapter.is_dir():
        raise BuildError(f"P must be a folder of gallery, got {part!r}")
    values = {"number": number, "label": label, "title": title}
    values["underline"] = "=" * len(title)
    return _write(root, chapter / f"{number}_{label}.py", values)


def _write(root: Path, script: Path, values: dict[str, str]) -> list[Path]:
    number = values["number"]
    places = {
        "lesson": script,
        "checks": root / "src" / "eatorch" / "exercises" / f"lesson_{number}.py",
        "wrong": root / "tests" / "exercises" / f"wrong_{number}.py",
        "key_numbers": file_of(root, script),
    }
    for path in places.values():
        if path.exists():
            raise BuildError(f"{path} exists; move it away or choose another number")
    for name, path in places.items():
        template = root / "docs" / "_templates" / "new" / f"{name}{path.suffix}.txt"
        text = Template(template.read_text(encoding="utf-8")).substitute(values)
        write_whole(path, text)
    return list(places.values())


def reuse(catalog: Path) -> None:
    """Fill in what other lessons have translated already, such as "Hint".

    Args:
        catalog: The catalog of a new lesson.
    """
    known: dict[object, str] = {}
    for other in sorted(catalog.parents[1].glob("*/[0-9]*.po")):
        for message in read_catalog(other):
            if message.string and not message.fuzzy:
                known.setdefault(message.id, str(message.string))
    ours = read_catalog(catalog)
    for message in ours:
        message.string = message.string or known.get(message.id, "")
    write_whole(catalog, catalog_text(ours))


@in_one_line
def main() -> int:
    """Write the lesson that the command line describes; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number")
    parser.add_argument("title")
    parser.add_argument("part", nargs="?", default="")
    given = parser.parse_args()
    root = Path.cwd()
    written = scaffold(root, given.number, given.title, given.part)
    changed, _ = refresh(root, given.number)
    for catalog in changed:
        reuse(catalog)
    for path in [*written, *changed]:
        say(f"wrote {path.relative_to(root)}")
    say(
        f"write what stands between « and »; 'make lesson L={given.number}' shows the "
        f"lesson, 'make check L={given.number}' what is left to do"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
