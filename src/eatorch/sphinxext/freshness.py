"""``make fresh``: prove that each published page was made from today's sources.

A lesson's page carries the fingerprints of its script and of its code with all that
this needs. They are compared with those of the files here, so a copy of the site that
was published long ago shows what is stale on it.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup

from eatorch.sphinxext import runs
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.running import say

__all__ = ["stale_pages"]

TREES = ("en", "zh-cn")
_WHAT = {
    "script": "its script has changed",
    "code": "its code, a module that it reaches, or the constraints have changed",
}


def stale_pages(root: Path, site: Path) -> Iterator[str]:
    """List the pages of lessons that differ from the sources.

    Args:
        root: The project.
        site: The finished site, ``build/site`` or a copy of a published one.

    Yields:
        One line for each stale page: what differs, both fingerprints and the cure.
    """
    for lesson in read_lessons(root / "gallery"):
        now = runs.inputs(lesson, root)
        for tree in TREES:
            page = f"{tree}/{lesson.docname}.html"
            for fault in _faults(site / page, now):
                yield f"{page}: {fault}; 'make site' makes it anew"


def _faults(page: Path, now: dict[str, str]) -> Iterator[str]:
    if not page.exists():
        yield "the page is missing"
        return
    html = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    record = html.select_one(".run-record")
    for what, told in _WHAT.items():
        shown = record.get(f"data-{what}", "none") if record else "none"
        if shown != now[what]:
            yield f"{told} (page {shown}, sources {now[what]})"


@in_one_line
def main() -> int:
    """Compare the site with the sources here; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", nargs="?", type=Path, default=Path("build/site"))
    site, root = parser.parse_args().site, Path.cwd()
    faults = list(stale_pages(root, site))
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        say(f"every lesson in {site} was made from these sources")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
