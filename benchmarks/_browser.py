"""How long a question to the search takes in a real browser, and how much it loads."""

import contextlib
import functools
import http.server
import shutil
import statistics
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Terms of the glossary, on whose sentences the made-up lessons are built.
QUERIES = {
    "en": ("gradient", "loss", "learning rate", "tensor", "overfitting"),
    "zh-cn": ("梯度", "损失", "学习率", "张量", "过拟合"),
}
_Row = tuple[int, int, float, int]  # bytes before, bytes for it, ms, answers
_ASK = """async (query) => {
  const form = document.getElementById("search-form");
  const status = document.getElementById("search-status");
  document.getElementById("search-input").value = query;
  const start = performance.now();
  form.requestSubmit();
  while (status.textContent === status.dataset.working)
    await new Promise((next) => setTimeout(next));
  const milliseconds = performance.now() - start;
  return [milliseconds, document.querySelectorAll("#search-results > li").length];
}"""


def has_browser() -> bool:
    """Tell whether Chromium and playwright are here."""
    return bool(shutil.which("chromium") and find_spec("playwright"))


def search_costs(site: Path) -> dict[str, float]:
    """Ask each question on a page of its own, with nothing in the cache.

    Args:
        site: A finished site with its search index.

    Returns:
        Size of both indexes, what a page loads before the first question and for one
        question (kB, medians), milliseconds and answers of a question (medians), and
        the slowest question.
    """
    from playwright.sync_api import sync_playwright

    rows: list[_Row] = []
    with _served(site) as server, sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        for tree, queries in QUERIES.items():
            rows += [_asked(browser, server, tree, query) for query in queries]
        browser.close()
    index = sum(it.stat().st_size for it in site.glob("*/pagefind/**/*.*"))
    start, asked, times, answers = zip(*rows, strict=True)
    if not any(answers):  # one may be missing in few lessons, but not all
        raise SystemExit(f"{site}: the search has no answer to any of {QUERIES}")
    return {
        "index_kb": round(index / 1000),
        "start_kb": round(statistics.median(start) / 1000),
        "query_kb": round(statistics.median(asked) / 1000),
        "query_ms": round(statistics.median(times), 1),
        "slowest_ms": round(max(times), 1),
        "answers": statistics.median(answers),
    }


def _asked(browser: Any, server: "_Server", tree: str, query: str) -> _Row:
    """Return bytes before and for a question, its milliseconds and its answers."""
    context = browser.new_context()
    page = context.new_page()
    before = server.sent
    page.goto(f"{server.address}/{tree}/search.html", wait_until="networkidle")
    start = server.sent - before
    milliseconds, answers = page.evaluate(_ASK, query)
    context.close()
    return start, server.sent - before - start, milliseconds, answers


class _Server(http.server.ThreadingHTTPServer):
    """Counts what it sends: a browser tells nothing of what its workers load."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sizes: list[int] = []  # a sum would lose what two threads add at once

    @property
    def sent(self) -> int:
        """Return how many bytes of files were sent so far."""
        return sum(self.sizes)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: _Server

    def send_header(self, keyword: str, value: str) -> None:
        """Count the bytes of the file that follows."""
        if keyword == "Content-Length":
            self.server.sizes.append(int(value))
        super().send_header(keyword, value)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _served(site: Path) -> Iterator[_Server]:
    handler = functools.partial(_Handler, directory=str(site))
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
