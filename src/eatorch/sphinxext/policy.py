"""Say on each page what a browser may load and run, and say it again for servers.

A Content-Security-Policy stands in each page, so that it holds on any host and on
disk; ``_headers``, which common static hosts read, repeats it with what a page can't
say of itself. Inline scripts and styles are allowed one by one, by their hashes.
See https://www.w3.org/TR/CSP3/.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from bs4 import BeautifulSoup, Tag

__all__ = ["seal", "write_headers"]

_LOCAL = "'self'"
# Pagefind, behind the search page, is compiled to WebAssembly.
_COMPILED = "'wasm-unsafe-eval'"
_SEARCH = "search-form"
_INLINE = re.compile(r"'sha256-[^']+'")
_META = re.compile(r'<meta content="([^"]+)" http-equiv="Content-Security-Policy"')
_STEP = 5  # the style sheet has a class for every 5 per cent of width
_HEADERS = """\
# Read by static hosts such as Netlify and Cloudflare Pages.
/*
  Content-Security-Policy: {policy}
  X-Content-Type-Options: nosniff
  Referrer-Policy: strict-origin-when-cross-origin
  Permissions-Policy: camera=(), geolocation=(), microphone=()
  Cross-Origin-Opener-Policy: same-origin
"""


def seal(soup: BeautifulSoup) -> None:
    """Put the policy into a page that needs nothing that it forbids.

    Args:
        soup: The page, changed in place.

    Raises:
        ValueError: If an attribute of the page holds a script or a style that has no
            other form.

    >>> soup = BeautifulSoup("<head></head><p>Hello</p>", "html.parser")
    >>> seal(soup)
    >>> soup.meta["content"].split("; ")[:2]
    ["default-src 'none'", "script-src 'self'"]
    """
    for tag in soup.find_all(True):
        _no_inline_attributes(tag)
    compiled = [_COMPILED] if soup.find(id=_SEARCH) else []
    scripts = _hashes(it for it in soup.find_all("script") if not it.get("src"))
    policy = _policy([*compiled, *scripts], _hashes(soup.find_all("style")))
    attributes = {"http-equiv": "Content-Security-Policy", "content": policy}
    meta = soup.new_tag("meta", attrs=attributes)
    head = soup.head or soup  # a part of a page, as in tests, has no head
    first = head.find("meta", charset=True)  # browsers look for it at the very start
    if isinstance(first, Tag):
        first.insert_after("\n", meta)
    else:
        head.insert(0, meta)


def write_headers(site: Path) -> None:
    """Write ``_headers``: what every page needs, and that no other site may frame it.

    Args:
        site: The finished site.

    Raises:
        ValueError: If a page has no policy.
    """
    scripts, styles = {_COMPILED}, set[str]()
    for path in site.rglob("*.html"):
        found = _META.search(path.read_text(encoding="utf-8"))
        if not found:
            raise ValueError(f"{path} has no policy; seal() every page")
        parts = dict(it.split(" ", 1) for it in found[1].split("; "))
        scripts |= set(_INLINE.findall(parts["script-src"]))
        styles |= set(_INLINE.findall(parts["style-src"]))
    policy = _policy(sorted(scripts), sorted(styles)) + "; frame-ancestors 'none'"
    (site / "_headers").write_text(_HEADERS.format(policy=policy), encoding="utf-8")


def _policy(scripts: list[str], styles: list[str]) -> str:
    allowed = {
        "default-src": ["'none'"],
        "script-src": [_LOCAL, *scripts],
        "style-src": [_LOCAL, *styles],
        "img-src": [_LOCAL, "data:"],  # the theme's icons stand in its style sheet
        "font-src": [_LOCAL],
        "connect-src": [_LOCAL],
        "worker-src": [_LOCAL],
        "form-action": [_LOCAL],
        "base-uri": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(them)}" for name, them in allowed.items())


def _hashes(tags: Iterable[Tag]) -> list[str]:
    texts = {tag.string or "" for tag in tags}
    digests = (sha256(it.encode()).digest() for it in texts)
    return sorted(f"'sha256-{b64encode(it).decode()}'" for it in digests)


def _no_inline_attributes(tag: Tag) -> None:
    """Say in other attributes what ``style`` says; there is no other for scripts."""
    handlers = [name for name in tag.attrs if name.startswith("on")]
    style = str(tag.attrs.pop("style", "")).replace(" ", "").rstrip(";")
    name, _, value = style.partition(":")
    if tag.name == "col" and name == "width":
        tag["class"] = f"width-{_STEP * round(float(value.rstrip('%')) / _STEP)}"
    elif name in {"opacity", "display"} and _drawn(tag):
        tag[name] = value
    elif style or handlers:
        raise ValueError(
            f"the policy forbids {style or handlers[0]!r} in <{tag.name}>; give it a "
            "class and put it into docs/_static"
        )


def _drawn(tag: Tag) -> bool:
    return tag.name == "svg" or tag.find_parent("svg") is not None
