"""What the tests of the built site share: where it is and which pages it has."""

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup

HERE = Path(__file__).parent
SITE = Path(os.environ.get("EATORCH_SITE_FOLDER", HERE.parents[1] / "build" / "site"))
TREES = {"en": "en", "zh-cn": "zh-CN"}

if not (SITE / "index.html").exists():
    raise FileNotFoundError(f"{SITE} holds no site; run 'make site' first")


@dataclass(frozen=True)
class Server:
    """Address of the running server, ends in ``/``."""

    root: str

    def url(self, page: str) -> str:
        """Return the address of a page of the site."""
        return self.root + page


def _pages(tree: str) -> list[str]:
    return sorted(
        path.relative_to(SITE).as_posix() for path in (SITE / tree).rglob("*.html")
    )


ENGLISH, CHINESE = _pages("en"), _pages("zh-cn")
PAGES = ENGLISH + CHINESE
LESSONS = [page for page in PAGES if re.search(r"/\d\d_\w+\.html$", page)]
TOP = ["index.html", "404.html"]


@cache
def soup(page: str) -> BeautifulSoup:
    """Parse a page of the site."""
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


def twin(page: str) -> str:
    """Return the same page in the other language."""
    tree, _, rest = page.partition("/")
    return f"{'zh-cn' if tree == 'en' else 'en'}/{rest}"
