"""Measure built pages with Lighthouse (simulated phone) and check the targets.

Run it as ``python tests/site/lighthouse.py [page ...]``; without pages it takes one of
each kind in both languages. It needs Node, npm and Chromium, takes about 20 seconds a
page, and is a measurement of its own: the machine must be idle while it runs.
"""

import gzip
import http
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from site_pages import SITE, Silent, serve

LIGHTHOUSE = "lighthouse@12.8.2"
KINDS = [
    "index.html",
    "start/install.html",
    "plan.html",
    "glossary.html",
    "lessons/index.html",
    "lessons/2_core/index.html",
    "lessons/1_workflow/03_tabular.html",
    "lessons/2_core/08_autograd.html",
    "reference/index.html",
]
TARGETS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
PACKED = (".html", ".css", ".js", ".json", ".svg", "/")


class Packing(Silent):
    """Serve files packed and with a lifetime, as hosts do."""

    def do_GET(self) -> None:  # noqa: N802 (the base class calls it so)
        """Answer with gzip where text is asked for."""
        path = Path(self.translate_path(self.path))
        if not path.is_file() or path.suffix not in PACKED:
            super().do_GET()
            return
        body = gzip.compress(path.read_bytes())
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=1200")
        self.end_headers()
        self.wfile.write(body)


def measure(url: str) -> dict[str, Any]:
    """Run Lighthouse on a page.

    Args:
        url: Address of the page.

    Returns:
        The report.
    """
    flags = "--headless=new --no-sandbox --disable-gpu --disable-quic"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = ["npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json"]
        command += [f"--output-path={report}", f"--chrome-flags={flags}"]
        subprocess.run(command, check=True)
        result: dict[str, Any] = json.loads(report.read_text())
    return result


def faults(report: dict[str, Any]) -> list[str]:
    """Name the audits that cost points outside performance."""
    wanted = {
        it["id"]
        for name, part in report["categories"].items()
        if name != "performance"
        for it in part["auditRefs"]
        if it["weight"]
    }
    return [
        name
        for name in sorted(wanted)
        if report["audits"][name]["score"] not in {None, 1}
    ]


def main(pages: list[str]) -> int:
    """Measure pages, print a table, and say whether all targets are met."""
    missed, speeds = 0, []
    with serve(Packing, SITE) as server:
        for page in pages:
            report = measure(server.url(page))
            scores = {
                name: round(100 * (report["categories"][name]["score"] or 0))
                for name in TARGETS
            }
            missed += any(scores[name] < least for name, least in TARGETS.items())
            speeds.append(scores["performance"])
            paint = report["audits"]["largest-contentful-paint"]["numericValue"] / 1000
            shift = report["audits"]["cumulative-layout-shift"]["numericValue"]
            print(*scores.values(), f"LCP {paint:.1f} s, shift {shift:.3f}", page)
            for name in faults(report):
                print("   ", name, report["audits"][name]["title"])
    print(f"performance: median {median(speeds):.0f}; pages below a target: {missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    both = [f"{tree}/{page}" for tree in ("en", "zh-cn") for page in KINDS]
    sys.exit(main(sys.argv[1:] or both))
