"""``make lesson L=07``: run and show one lesson, in both languages, in seconds.

The lesson is built in a folder of its own with nothing else around it, so links to
other pages stay open; everything else is as on the site.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from eatorch.sphinxext import inventory
from eatorch.sphinxext.catalogs import gaps
from eatorch.sphinxext.drift import told
from eatorch.sphinxext.metadata import Lesson, LessonError, read_lesson
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.running import BuildError, failure, one_at_a_time, say, stream
from eatorch.sphinxext.runs import forget_stale
from eatorch.sphinxext.trees import finish_tree

# Links to pages that a preview does not hold; those of other projects must be right.
_OPEN = re.compile(
    r"undefined label|unknown document|reference target not found: eatorch"
)


def preview(root: Path, number: str) -> Path:
    """Build one lesson.

    Args:
        root: The project.
        number: The lesson's two digits.

    Returns:
        Folder with one tree per language.

    Raises:
        BuildError: If there is no such lesson, it raises, or its text is wrong.
    """
    lesson = find_lesson(root, number)
    with one_at_a_time(shared_lock(root)):
        inventory.refresh(root)  # a new text may link to a new name
    site = root / "build" / "preview" / number
    scratch = copy_lesson(root, lesson)
    for language, code in (("en", "en"), ("zh-cn", "zh_CN")):
        tree = scratch / "trees" / language
        log = _sphinx(scratch, tree, code)
        for line in complaints(log):
            say(line)
        shutil.rmtree(site / language, ignore_errors=True)
        finish_tree(tree, site / language, scratch, language, [lesson])
    locales = root / "locales" / "zh_CN" / "LC_MESSAGES"
    lost = gaps(scratch / "trees" / "messages", locales).get(lesson.docname)
    if lost:
        say(f"{told({lesson.docname: lost})}; 'make catalogs L={number}' shows them")
    return site


def find_lesson(root: Path, number: str) -> Lesson:
    """Read the header of the lesson with a number.

    Args:
        root: The project.
        number: The lesson's two digits.

    Returns:
        The lesson.

    Raises:
        BuildError: If there is none, several, or the header is wrong.
    """
    found = sorted((root / "gallery").glob(f"*/{number}_*.py"))
    if len(found) != 1:
        raise BuildError(
            f"L must be the number of a lesson such as 07, got {number!r}; "
            "'ls gallery/*' lists them"
        )
    try:
        return read_lesson(found[0])
    except LessonError as error:
        raise BuildError(str(error)) from None


def copy_lesson(root: Path, lesson: Lesson) -> Path:
    """Copy what the lesson's page needs; its last run stays for a quick second go.

    Args:
        root: The project.
        lesson: The lesson.

    Returns:
        Folder of the copy, a small project with one lesson.
    """
    scratch = root / "build" / "preview-source" / lesson.path.name[:2]
    for name in ("gallery", "locales", "docs/_static", "docs/_templates"):
        shutil.rmtree(scratch / name, ignore_errors=True)
    for name in ("docs/_static", "docs/_templates", "docs/_inventories", "locales"):
        shutil.copytree(root / name, scratch / name, dirs_exist_ok=True)
    for name in ("conf.py", "docutils.conf", "docs/terms.json"):
        shutil.copy(root / name, scratch / name)
    chapter = scratch / "gallery" / lesson.chapter
    chapter.mkdir(parents=True)
    shutil.copy(lesson.path, chapter)
    for folder in (lesson.path.parent, lesson.path.parent.parent):
        header = folder / "GALLERY_HEADER.rst"
        shutil.copy(header, scratch / header.relative_to(root))
    _forget_others(scratch / "docs" / "lessons", lesson)
    forget_stale([lesson], scratch / "docs" / "lessons", root)
    return scratch


def lock_of(root: Path, number: str) -> Path:
    """Return the lock of the copy of a lesson."""
    return root / "build" / f"preview-{number}.lock"


def shared_lock(root: Path) -> Path:
    """Return the lock of what is written for all lessons: catalogs, names in use."""
    return root / "build" / "shared.lock"


def _forget_others(generated: Path, lesson: Lesson) -> None:
    """Remove what earlier previews of other lessons left."""
    for old in generated.glob("*_*"):
        if old.name != lesson.chapter:
            shutil.rmtree(old)
    for old in generated.glob("*/[0-9]*"):
        if old.name.partition(".")[0] != lesson.path.stem:
            old.unlink()


def _sphinx(scratch: Path, tree: Path, code: str) -> str:
    command = [
        *(sys.executable, "-m", "sphinx", "-c", ".", "-T"),
        *("-D", f"language={code}", "-D", "root_doc=lessons/index"),
        *("-D", "nitpicky=1", "-d", str(scratch / "doctrees" / code)),
        *("docs", str(tree)),
    ]
    log = scratch / f"{code}.log"
    status = stream(command, scratch, log)
    text = log.read_text(encoding="utf-8")
    if status:
        raise BuildError(failure(status, text, scratch))
    return text


def complaints(log: str) -> list[str]:
    """Return the warnings of a preview, without those on pages that it does not hold.

    Args:
        log: What Sphinx printed.

    Returns:
        One line each.
    """
    lines = re.findall(r"^.*(?:WARNING|ERROR): .*$", log, re.MULTILINE)
    return [line for line in lines if not _OPEN.search(line)]


@in_one_line
def main() -> int:
    """Preview the lesson that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", nargs="?", default="", help="two digits, such as 07")
    root = Path.cwd()
    number = parser.parse_args().number
    with one_at_a_time(lock_of(root, number)):
        site = preview(root, number)
    for page in sorted(site.glob("*/lessons/*/[0-9]*.html")):
        say(f"look at {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
