"""The built site behind a real server, seen by a real browser."""

import contextlib
import http
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from site_pages import HERE, SITE, Server, Silent, serve

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # in a container that memory is small
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Plain(Silent):
    """Serve files, and the site's own page for a wrong address."""

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


class Host(Plain):
    """Send what the site's own list of headers says, too."""

    def end_headers(self) -> None:
        """Add the list."""
        for line in (SITE / "_headers").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):
                name, _, value = line.strip().partition(": ")
                self.send_header(name, value)
        super().end_headers()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Serve the built site as a host does that reads ``_headers``."""
    with serve(Host, SITE) as running:
        yield running


@pytest.fixture(scope="session")
def plain_server() -> Iterator[Server]:
    """Serve the built site as a host does that has its own headers."""
    with serve(Plain, SITE) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("no chromium on the PATH; .ci/run installs Debian's")
    expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the folder of the npm tools that package-lock.json names."""
    modules = HERE / "node_modules"
    if not (modules / ".package-lock.json").exists():
        raise FileNotFoundError(f"{modules} is missing; run 'npm ci' in {HERE}")
    return modules
