"""Build the whole site: run once, publish twice, and never publish half a site.

``python -m eatorch.sphinxext.build`` is what ``make site`` calls. Everything is made
in ``build/work`` and ``build/next``; the last good ``build/site`` is replaced in one
step at the very end.
"""

import argparse
import shutil
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eatorch.sphinxext import runs
from eatorch.sphinxext.catalogs import check_syntax, gaps, missing_messages
from eatorch.sphinxext.drift import fill, told
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.glossary import terms
from eatorch.sphinxext.metadata import Lesson, read_lessons
from eatorch.sphinxext.mishaps import clock_went_back, forget_damaged, reason
from eatorch.sphinxext.publish import publish, restore
from eatorch.sphinxext.running import BuildError, failure, one_at_a_time, say, stream
from eatorch.sphinxext.settings import read_settings

LANGUAGES = {"en": "en", "zh-cn": "zh_CN"}


@dataclass(frozen=True)
class Paths:
    """Where a build of the project at ``root`` finds and puts things."""

    root: Path

    @property
    def gallery(self) -> Path:
        """The lessons."""
        return self.root / "gallery"

    @property
    def generated(self) -> Path:
        """What sphinx-gallery makes of them."""
        return self.root / "docs" / "lessons"

    @property
    def build(self) -> Path:
        """Everything that may be deleted."""
        return self.root / "build"

    @property
    def work(self) -> Path:
        """Both trees as Sphinx writes them, and what Sphinx remembers."""
        return self.build / "work"

    @property
    def unfinished(self) -> Path:
        """Marks a build that has begun and not ended."""
        return self.build / "UNFINISHED"

    @property
    def locales(self) -> Path:
        """The Chinese catalogs."""
        return self.root / "locales" / "zh_CN" / "LC_MESSAGES"


def build_site(root: Path, *, url: str, draft: bool = False) -> Path:
    """Build both languages and publish them to ``build/site``.

    Args:
        root: The project.
        url: Published address of the site, ends in ``/``.
        draft: Whether to go on when a translation is missing, to ``build/draft``; the
            pages say what they lack.

    Returns:
        The folder of the finished site.

    Raises:
        BuildError: If a lesson or page is wrong or lacks words. Whatever is raised,
            ``build/site`` is as it was before.
    """
    paths = Paths(root)
    with one_at_a_time(paths.build / "lock"):
        lessons, ran = _begin(paths)
        lost = gaps(paths.work / "messages", paths.locales)
        if lost and not draft:
            paths.unfinished.unlink()  # all pages are sound, only words are missing
            faults = missing_messages(paths.work / "messages", paths.locales)
            cure = "'make site DRAFT=1' shows them in English, in build/draft"
            raise BuildError("\n".join([*faults, f"{told(lost)}; {cure}"]))
        catalogs = _filled(paths) if draft else None
        chinese = partial(build_chinese, paths, lessons)
        site = publish(
            *(paths.work, paths.build, root),
            url=url,
            catalogs=catalogs,
            first={"zh-cn": chinese},
        )
        paths.unfinished.unlink()
    say(f"{len(ran)} of {len(lessons)} lessons ran, none of them for Chinese.")
    if draft:
        say(f"build/draft is a draft: {told(lost)}")
    return site


def read_english(root: Path) -> None:
    """Bring the English pages up to date, and with them the lists of their messages.

    Args:
        root: The project.

    Raises:
        BuildError: If a lesson raises or Sphinx warns.
    """
    paths = Paths(root)
    with one_at_a_time(paths.build / "lock"):
        _begin(paths)
        paths.unfinished.unlink()


def _begin(paths: Paths) -> tuple[list[Lesson], list[Lesson]]:
    """Mend what the last build left, build English; return all lessons and who ran."""
    lessons = _read(paths)
    restore(paths.build / "site")
    _recover(paths)
    paths.unfinished.touch()
    return lessons, build_english(paths, lessons)


def _filled(paths: Paths) -> Path:
    return fill(paths.work / "messages", paths.locales, paths.work / "catalogs")


def build_english(paths: Paths, lessons: list[Lesson]) -> list[Lesson]:
    """Run the lessons that need it and build the English tree.

    Args:
        paths: The project's folders.
        lessons: All lessons.

    Returns:
        The lessons that ran.

    Raises:
        BuildError: If a lesson raises or Sphinx warns.
    """
    runs.forget_gone(lessons, paths.generated)
    stale = runs.forget_stale(lessons, paths.generated, paths.root)
    say(f"English: {len(stale)} of {len(lessons)} lessons to run")
    sphinx(paths, "en")
    return stale


def build_chinese(paths: Paths, lessons: list[Lesson]) -> None:
    """Build the Chinese tree and make sure that nothing ran for it.

    Args:
        paths: The project's folders.
        lessons: All lessons.

    Raises:
        BuildError: If Sphinx warns or a lesson or page ran.
    """
    before = runs.records(lessons, paths.generated)
    say("Chinese: nothing to run")
    log = sphinx(paths, "zh-cn")
    if runs.records(lessons, paths.generated) != before or "Executing notebook" in log:
        raise BuildError(
            "the Chinese build ran code that the English build had run already; "
            f"see {paths.build / 'zh-cn.log'}"
        )


def sphinx(paths: Paths, name: str, *options: str) -> str:
    """Run sphinx-build for one language.

    Args:
        paths: The project's folders.
        name: Name of the tree, ``"en"`` or ``"zh-cn"``.
        *options: More options for sphinx-build.

    Returns:
        All that sphinx-build printed.

    Raises:
        BuildError: If it fails; names the lesson or page and what is wrong.
    """
    command = [
        *(sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "-T"),
        *("-c", ".", "-d", str(paths.work / "doctrees" / name)),
        *("-D", f"language={LANGUAGES[name]}"),
        # Dashes only in Chinese: curly quotes lean the wrong way beside its signs.
        *(("-D", "smartquotes_action=D") if name == "zh-cn" else ()),
        *("-D", f"nb_execution_cache_path={paths.build / 'notebook-cache'}"),
        *options,
        *("docs", str(paths.work / name)),
    ]
    log = paths.build / f"{name}.log"
    code = stream(command, paths.root, log)
    text = log.read_text(encoding="utf-8")
    if code:
        raise BuildError(f"{failure(code, text, paths.root)} (whole log: {log})")
    return text


def _read(paths: Paths) -> list[Lesson]:
    """Read what people write, so that a fault is told before anything runs."""
    terms(paths.root / "docs" / "terms.json")
    for catalog in sorted(paths.locales.rglob("*.po")):
        check_syntax(catalog)
    return read_lessons(paths.gallery)


def _recover(paths: Paths) -> None:
    """Make all pages anew where Sphinx would not see that it must.

    Finished lessons are kept: their runs are remembered with a hash of each file.
    """
    damaged = forget_damaged(paths.build, paths.locales)
    for path in damaged:
        say(f"{path.relative_to(paths.root)} was damaged; it is made anew")
    machinery, now = paths.work / "machinery", runs.machinery(paths.root)
    known = machinery.read_bytes() if machinery.exists() else b""
    doubts = {
        "the last build did not end": paths.unfinished.exists(),
        "the last build ended later than now": clock_went_back(paths.work),
        # English must run them again, for the Chinese build must run nothing.
        "what pages printed is lost": paths.build / "notebook-cache" in damaged,
        "the machinery of the site is another": known != now.encode(),
    }
    if paths.work.exists() and any(doubts.values()):
        why = ", ".join(doubt for doubt, holds in doubts.items() if holds)
        say(f"{why}: all pages are made anew")
        shutil.rmtree(paths.work, ignore_errors=True)
    write_whole(machinery, now)


def main() -> int:
    """Build from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path.cwd())
    parser.add_argument("--draft", action="store_true", help="write build/draft")
    options = parser.parse_args()
    start, root = time.monotonic(), options.root.resolve()
    try:
        site = build_site(root, url=published_at(root), draft=options.draft)
    except KeyboardInterrupt:
        print("\neatorch: stopped; build/site is as it was.", file=sys.stderr)
        return 130
    except Exception as error:
        why = reason(error, root)
        print(f"\neatorch: the site was not built.\n{why}", file=sys.stderr)
        return 1
    show = "make serve DRAFT=1" if options.draft else "make serve"
    say(f"{site} is ready after {time.monotonic() - start:.0f} s: '{show}' shows it")
    return 0


def published_at(root: Path) -> str:
    """Return the address that ``conf.py`` names, ending in a slash."""
    return str(read_settings(root)["html_baseurl"]).rstrip("/") + "/"


if __name__ == "__main__":
    sys.exit(main())
