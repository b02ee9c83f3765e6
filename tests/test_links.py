"""Outside links are well-formed, carry no tracker and have one spelling each.

Whether they still lead somewhere is asked by ``make linkcheck``, which needs a network.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    *ROOT.glob("*.md"),
    *(path for path in ROOT.glob("docs/**/*.md") if "lessons" not in path.parts),
    *ROOT.glob("docs/reference/*.rst"),
    *ROOT.glob("gallery/**/*.py"),
    *ROOT.glob("gallery/**/*.rst"),
    *ROOT.glob("src/eatorch/*.py"),
]

# An address ends before white space, quotes and brackets; one pair of round brackets
# may be part of it, as in Wikipedia's.
_ADDRESS = re.compile(r"\b[a-z]+://(?:[^\s<>\"'`()\[\]{}\\]|\([^\s()]*\))+", re.I)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_TRACKERS = re.compile(r"utm_.*|fbclid|gclid|msclkid|spm|ref|ref_src|igshid|si|source")
_OWN_MACHINE = ("localhost", "127.0.0.1")


def addresses(text: str) -> list[str]:
    """Find the addresses in a text, without the punctuation that follows them."""
    return [found.rstrip(".,;:!?*") for found in _ADDRESS.findall(text)]


def form_fault(address: str) -> str | None:
    """Say what is wrong with the form of an address, or return None."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"}:
        return f"{address}: must begin with http:// or https://"
    if parts.username or not _HOST.fullmatch(parts.hostname or ""):
        return f"{address}: '{parts.netloc}' is not the name of a public host"
    if "//" in parts.path:
        return f"{address}: has two slashes in a row"
    trackers = [key for key, _ in parse_qsl(parts.query) if _TRACKERS.fullmatch(key)]
    if trackers:
        return f"{address}: drop '{trackers[0]}', it only tracks the reader"
    return None


def spellings(known: Iterable[str]) -> list[set[str]]:
    """Group the addresses that differ only in their spelling."""
    same: dict[str, set[str]] = defaultdict(set)
    for address in known:
        parts = urlsplit(address)
        host = parts.netloc.lower().removeprefix("www.")
        path = parts.path.removesuffix("index.html").rstrip("/")
        same[f"{host}{path}?{parts.query}#{parts.fragment}"].add(address)
    return [group for group in same.values() if len(group) > 1]


def outside_links() -> dict[str, str]:
    """Return each address of the sources with the first file that has it."""
    links: dict[str, str] = {}
    for path in sorted(SOURCES):
        for address in addresses(path.read_text("utf-8")):
            if urlsplit(address).hostname not in _OWN_MACHINE:
                links.setdefault(address, str(path.relative_to(ROOT)))
    return links


def test_every_outside_link_is_well_formed() -> None:
    links = outside_links()
    faults = [f"{path}: {form_fault(it)}" for it, path in links.items()]
    assert [fault for fault in faults if not fault.endswith(": None")] == []


def test_every_page_outside_is_spelled_in_one_way() -> None:
    assert spellings(outside_links()) == []


def test_the_pages_with_many_links_are_among_the_sources() -> None:
    links = outside_links()
    assert {"docs/start/why.md", "docs/start/path.md"} <= set(links.values())


def test_addresses_end_where_the_sentence_goes_on() -> None:
    text = "See <https://a.org/b>, [c](http://d.org/e_(f)) and *https://g.org/h*."
    assert addresses(text) == [
        "https://a.org/b",
        "http://d.org/e_(f)",
        "https://g.org/h",
    ]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ftp://example.org/data", "must begin with"),
        ("https://example/page", "public host"),
        ("https://someone@example.org", "public host"),
        ("https://example.org//page", "two slashes"),
        ("https://example.org/?utm_source=mail", "utm_source"),
        ("https://example.org/?page=2&fbclid=1", "fbclid"),
    ],
)
def test_a_fault_of_form_is_named(address: str, told: str) -> None:
    fault = form_fault(address)
    assert fault is not None
    assert told in fault


def test_an_ordinary_address_has_no_fault() -> None:
    assert form_fault("https://example.org/a/b.html?page=2#part") is None


def test_two_spellings_of_one_page_are_found() -> None:
    pair = {"https://www.example.org/a/", "http://example.org/a"}
    assert spellings([*pair, "https://example.org/b"]) == [pair]
