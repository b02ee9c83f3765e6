"""What the tests of the built site share: where it is, its pages, how it is served."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

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


class Silent(SimpleHTTPRequestHandler):
    """What ``python -m http.server`` does, without its log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Listener(ThreadingHTTPServer):
    """A server that lets a whole page's requests wait; Python's lets five."""

    request_queue_size = 128


@contextmanager
def serve(handler: type[Silent], folder: Path) -> Iterator[Server]:
    """Serve a folder on a free port."""
    answer = partial(handler, directory=str(folder))
    with Listener(("127.0.0.1", 0), answer) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        try:
            yield Server(f"http://127.0.0.1:{running.server_port}/")
        finally:
            running.shutdown()


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
