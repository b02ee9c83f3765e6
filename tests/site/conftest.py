"""The built site behind a real server, seen by a real browser."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from site_pages import HERE, SITE, Server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serve files in silence, and the site's own page for a wrong address."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        """Send what the site's own list of headers says."""
        for line in (SITE / "_headers").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):
                name, _, value = line.strip().partition(": ")
                self.send_header(name, value)
        super().end_headers()

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Answer a wrong address with 404.html, as hosts do."""
        if code != http.HTTPStatus.NOT_FOUND:
            super().send_error(code, message, explain)
            return
        page = (SITE / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(page)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Serve the built site on a free port."""
    handler = functools.partial(Handler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield Server(f"http://127.0.0.1:{running.server_port}/")
        running.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the folder of the npm tools that package-lock.json names."""
    modules = HERE / "node_modules"
    if not (modules / ".package-lock.json").exists():
        raise FileNotFoundError(f"{modules} is missing; run 'npm ci' in {HERE}")
    return modules
