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

# Terms of the glossary, on whose sentences the made-up lessons are built.
QUERIES = {
    "en": ("gradient", "loss", "learning rate", "tensor", "overfitting"),
    "zh-cn": ("梯度", "损失", "学习率", "张量", "过拟合"),
}
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

    rows = []
    with _served(site) as address, sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        for tree, queries in QUERIES.items():
            rows += [_asked(browser, f"{address}/{tree}", query) for query in queries]
        browser.close()
    index = sum(it.stat().st_size for it in site.glob("*/pagefind/**/*.*"))
    start, asked, times, answers = zip(*rows, strict=True)
    return {
        "index_kb": round(index / 1000),
        "start_kb": round(statistics.median(start) / 1000),
        "query_kb": round(statistics.median(asked) / 1000),
        "query_ms": round(statistics.median(times), 1),
        "slowest_ms": round(max(times), 1),
        "answers": statistics.median(answers),
    }


def _asked(browser: object, tree: str, query: str) -> tuple[int, int, float, int]:
    """Return bytes before and for a question, its milliseconds and its answers."""
    context = browser.new_context()  # type: ignore[attr-defined]
    page = context.new_page()
    loaded: list[int] = []
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.on(
        "Network.loadingFinished", lambda it: loaded.append(it["encodedDataLength"])
    )
    page.goto(f"{tree}/search.html", wait_until="networkidle")
    start = int(sum(loaded))
    milliseconds, answers = page.evaluate(_ASK, query)
    page.wait_for_load_state("networkidle")
    if not answers:
        raise SystemExit(f"{tree}: the search has no answer to {query!r}")
    context.close()
    return start, int(sum(loaded)) - start, milliseconds, answers


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _served(site: Path) -> Iterator[str]:
    handler = functools.partial(_Silent, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
