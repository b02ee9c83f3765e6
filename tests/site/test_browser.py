"""Every page, opened in Chromium: access, weight, quiet, and fit on a phone."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    ViewportSize,
    expect,
)
from site_pages import LESSONS, PAGES, SITE, TOP, Server

KILOBYTE = 1000
PACKED = {".html", ".css", ".js", ".json", ".svg", ".txt"}
# Colours move when the reader changes them; judge them at rest.
STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { transition: none !important; }");
  document.adoptedStyleSheets = [sheet]; // the pages' policy forbids a style element
}"""
AXE_TAGS = [f"wcag{it}" for it in ("2a", "2aa", "21a", "21aa", "22aa")]
AXE = {"runOnly": [*AXE_TAGS, "best-practice"], "resultTypes": ["violations"]}
SHIFT = """() => {
  window.layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.layoutShift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""

# The root page leads on at once to one of the trees.
STAY = "navigation.addEventListener('navigate', (event) => event.preventDefault());"

# Chinese may break anywhere, so a narrow column tears words of two signs apart.
TORN = """() => {
  const lines = (cell) => {
    const words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const tops = new Set();
    while (words.nextNode()) {
      range.selectNodeContents(words.currentNode);
      for (const box of range.getClientRects()) if (box.width) tops.add(box.top);
    }
    return tops.size;
  };
  const cells = document.querySelectorAll("table.docutils :is(th, td)");
  return [...cells]
    .filter((it) => /^\\p{Script=Han}{2}$/u.test(it.innerText.trim()) && lines(it) > 1)
    .map((it) => it.innerText.trim());
}"""


@dataclass
class Visit:
    """What was seen when a page was opened and read to its end."""

    requests: list[str] = field(default_factory=list)  # to show the page
    later: list[str] = field(default_factory=list)  # to show it in the other scheme
    complaints: list[str] = field(default_factory=list)
    shift: float = 0.0
    width: int = 0
    torn: list[str] = field(default_factory=list)
    violations: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Visitor:
    """Opens pages, each only once."""

    server: Server
    context: BrowserContext
    axe: str
    seen: dict[str, Visit] = field(default_factory=dict)

    def visit(self, page: str) -> Visit:
        """Open a page, or remember what was seen when it was opened."""
        if page not in self.seen:
            self.seen[page] = self.look_at(page)
        return self.seen[page]

    def look_at(self, name: str) -> Visit:
        """Open a page and read it to its end."""
        visit = Visit()
        page = self.context.new_page()
        asked: list[str] = []
        heard: list[str] = []
        page.on("request", lambda it: asked.append(it.url))
        page.on("requestfailed", lambda it: heard.append(_failed(it)))
        page.on("pageerror", lambda it: heard.append(str(it)))
        page.on("console", lambda it: heard.append(it.text))
        page.add_init_script(f"({SHIFT})()")
        if name == "index.html":
            page.add_init_script(STAY)
        page.goto(self.server.url(name), wait_until="networkidle")
        visit.requests = asked.copy()
        visit.shift = page.evaluate("window.layoutShift")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            visit.violations[scheme] = self._judge(page)
        page.set_viewport_size({"width": 360, "height": 740})
        visit.width = page.evaluate("document.documentElement.scrollWidth")
        visit.torn = page.evaluate(TORN)
        visit.later = asked[len(visit.requests) :]
        visit.complaints = heard.copy()  # closing breaks off what is still loading
        page.close()
        return visit

    def _judge(self, page: Page) -> list[str]:
        page.evaluate(STILL)
        page.evaluate(self.axe)
        result: dict[str, Any] = page.evaluate(f"axe.run({json.dumps(AXE)})")
        return [
            f"{fault['id']}: {node['html'][:150]} {node['failureSummary'][:300]}"
            for fault in result["violations"]
            for node in fault["nodes"]
        ]


def _failed(request: Request) -> str:
    return f"{request.url}: {request.failure}"


@pytest.fixture(scope="module")
def visitor(server: Server, browser: Browser, tools: Path) -> Iterator[Visitor]:
    """Return a visitor with a clean profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Visitor(server, context, (tools / "axe-core" / "axe.min.js").read_text())
    context.close()


ALL = TOP + PAGES


@pytest.mark.parametrize("page", ALL)
def test_nobody_is_locked_out_in_light_or_dark(page: str, visitor: Visitor) -> None:
    violations = visitor.visit(page).violations
    assert violations == {"light": [], "dark": []}


@pytest.mark.parametrize("page", ALL)
def test_browser_has_nothing_to_complain_about(page: str, visitor: Visitor) -> None:
    assert visitor.visit(page).complaints == []


@pytest.mark.parametrize("page", ALL)
def test_nothing_comes_from_another_host(page: str, visitor: Visitor) -> None:
    root = visitor.server.root
    local = (root, "data:", "blob:")
    visit = visitor.visit(page)
    asked = visit.requests + visit.later
    assert [it for it in asked if not it.startswith(local)] == []


@pytest.mark.parametrize("page", ALL)
def test_page_stays_still_while_it_loads(page: str, visitor: Visitor) -> None:
    shift = visitor.visit(page).shift
    if shift > 0.02:  # on a busy machine a file may come late once
        shift = min(shift, visitor.look_at(page).shift)
    assert shift <= 0.02


@pytest.mark.parametrize("page", ALL)
def test_page_fits_a_phone(page: str, visitor: Visitor) -> None:
    assert visitor.visit(page).width <= 360


@pytest.mark.parametrize("page", [page for page in ALL if page.startswith("zh-cn/")])
def test_a_phone_tears_no_short_word_in_a_table(page: str, visitor: Visitor) -> None:
    assert visitor.visit(page).torn == []


@cache
def packed_size(path: Path) -> int:
    """Return the size of a file as a host sends it, in bytes."""
    content = path.read_bytes()
    return len(gzip.compress(content) if path.suffix in PACKED else content)


def weight(visit: Visit, root: str) -> float:
    """Return the weight of all that a page loaded, in kilobytes."""
    names = {url.removeprefix(root).partition("?")[0] for url in visit.requests}
    return sum(packed_size(SITE / name) for name in names) / KILOBYTE


@pytest.mark.parametrize("page", ALL)
def test_page_asks_for_little(page: str, visitor: Visitor) -> None:
    visit = visitor.visit(page)
    assert len(visit.requests) <= 28
    assert weight(visit, visitor.server.root) <= 500


def test_pages_are_light(visitor: Visitor) -> None:
    weights = [weight(visitor.visit(page), visitor.server.root) for page in PAGES]
    counts = [len(visitor.visit(page).requests) for page in PAGES]
    print(
        f"weight: median {median(weights):.0f} KB, largest {max(weights):.0f} KB; "
        f"requests: median {median(counts):.0f}, most {max(counts)}"
    )
    assert median(weights) <= 150


@pytest.mark.parametrize("page", LESSONS)
def test_formulas_are_readable_without_scripts(
    page: str, server: Server, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(server.url(page))
    assert tab.locator("script[src*=mathjax i]").count() == 0
    for text in tab.locator("article p").all_inner_texts():
        assert "\\(" not in text
        assert "\\frac" not in text
    context.close()


@pytest.mark.parametrize("page", ["en/index.html", *LESSONS[:1], "zh-cn/search.html"])
def test_keyboard_focus_is_always_seen(
    page: str, server: Server, browser: Browser
) -> None:
    """Whatever the Tab key reaches is drawn with an outline, inside the window."""
    size: ViewportSize = {"width": 1280, "height": 800}
    tab = browser.new_page(viewport=size, reduced_motion="reduce")  # nothing fades in
    tab.goto(server.url(page))
    tab.evaluate("document.activeElement.blur()")
    for _ in range(40):
        tab.keyboard.press("Tab")
        seen = tab.evaluate(
            """() => {
              const element = document.activeElement;
              if (element === document.body) return "";
              const style = getComputedStyle(element);
              const marked = (it) => it && getComputedStyle(it).outlineStyle !== "none";
              const label = element.labels && element.labels[0];
              if (!marked(element) && !marked(label)) return element.outerHTML;
              return style.opacity === "0" && !marked(label) ? element.outerHTML : "";
            }"""
        )
        assert seen == ""
    tab.close()


@pytest.mark.parametrize("page", LESSONS)
def test_print_shows_the_article_only(
    page: str, server: Server, browser: Browser
) -> None:
    tab = browser.new_page(viewport={"width": 800, "height": 1000})
    tab.goto(server.url(page))
    tab.emulate_media(media="print", color_scheme="dark")
    for name in (".sidebar-drawer", ".mobile-header", ".skip-to-content", "footer"):
        assert not tab.locator(name).first.is_visible(), name
    assert tab.locator("article h1").is_visible()
    assert tab.evaluate("getComputedStyle(document.body).colorScheme") == "light"
    wrap = "getComputedStyle(document.querySelector('.highlight pre')).whiteSpace"
    assert tab.evaluate(wrap).startswith("pre-wrap")
    tab.close()


@pytest.mark.parametrize("page", LESSONS)
def test_each_colour_scheme_shows_its_own_figures(
    page: str, server: Server, browser: Browser
) -> None:
    for scheme, shown, hidden in (
        ("light", ".only-light", ".only-dark"),
        ("dark", ".only-dark", ".only-light"),
    ):
        tab = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
        tab.goto(server.url(page))
        figures = tab.locator(f"article img{shown}").all()
        others = tab.locator(f"article img{hidden}").all()
        assert len(figures) == len(others)
        assert all(it.is_visible() for it in figures)
        assert all(it.is_hidden() for it in others)
        tab.close()


@pytest.mark.parametrize(("tree", "word"), [("en", "Copy"), ("zh-cn", "复制")])
def test_code_is_copied_without_prompts_and_output(
    tree: str, word: str, server: Server, browser: Browser
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.clock.install()
    tab.goto(server.url(f"{tree}/reference/eatorch.html"))
    tab.clock.pause_at("2100-01-01")  # or the mark could go before it is seen
    session = tab.locator(".highlight", has=tab.locator(".gp")).first
    session.hover()
    session.get_by_role("button", name=word).click()
    tab.wait_for_selector("button.copy[data-result]")
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("check(")
    assert ">>>" not in copied
    assert len(copied.splitlines()) == 1
    tab.clock.run_for(2000)
    expect(session.get_by_role("button", name=word, exact=True)).to_be_visible()
    context.close()


INJECTED = """async (address) => {
  const script = document.createElement("script");
  script.textContent = "window.injected = true";
  document.body.append(script);
  const trap = '<i onclick="window.injected = 1">i</i>';
  document.body.insertAdjacentHTML("beforeend", trap);
  document.body.lastChild.click();
  // Without "no-cors" the other host would have to allow it, policy or not.
  const asked = await fetch(address, { mode: "no-cors" })
    .then(() => "answered", () => "refused");
  return [window.injected ?? "nothing ran", asked];
}"""


@pytest.mark.parametrize("host", ["server", "plain_server"])
@pytest.mark.parametrize(
    "page", ["en/index.html", "zh-cn/lessons/2_core/07_tensor.html"]
)
def test_what_somebody_slips_into_a_page_does_not_run(
    page: str, host: str, browser: Browser, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(host)
    tab = browser.new_page()
    tab.goto(server.url(page))
    elsewhere = server.root.replace("127.0.0.1", "localhost")
    assert tab.evaluate(INJECTED, elsewhere) == ["nothing ran", "refused"]
    tab.close()
