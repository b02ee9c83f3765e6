"""Write the search index of a finished tree: Pagefind's pieces and the synonyms."""

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

# A section that has an id, the empty targets of its labels, and its heading.
_SECTION = re.compile(
    r'<section id="([^"]+)">\s*((?:<span id="[^"]+"></span>\s*)*)<h([2-4])(?=[ >])'
)
_SIGNATURE = re.compile(r'<dt class="sig[^"]*" id="([^"]+)">')
# "torch.as_tensor" becomes "torch .as_tensor", so that its last part is a word as well.
_TEXT = re.compile(r">([^<>]+)<")
_DOT = re.compile(r"(?<=[A-Za-z0-9_])\.(?=[A-Za-z_])")
_DOT_IN_CODE = '<span class="o">.</span>'
_CHINESE = re.compile("([\u4e00-\u9fff])(?=[\u4e00-\u9fff])")

__all__ = ["index_tree", "synonyms"]

# Pagefind brings its own search boxes; search.js is ours.
_SPARE = (
    "pagefind-component-ui.*",
    "pagefind-highlight.js",
    "pagefind-modular-ui.*",
    "pagefind-ui.*",
)
# Signs after headings and the words of the frame are not part of a page's text.
_IGNORED = (
    "a.headerlink, .lesson-card, .downloads, .tip, .used-here, table.finder, "
    "math annotation"
)


def index_tree(tree: Path, terms: Path) -> None:
    """Write the index of one language beside its pages.

    Args:
        tree: The finished tree of one language.
        terms: The glossary, a JSON list of objects with ``en``, ``zh``, ``also_en``.

    Raises:
        RuntimeError: If Pagefind fails; holds what it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        _copy_pages(tree, Path(folder))
        command = [
            *(sys.executable, "-m", "pagefind", "--quiet", "--site", folder),
            *("--output-path", str(tree / "pagefind")),
            *("--root-selector", "#furo-main-content", "--keep-index-url"),
            *("--exclude-selectors", _IGNORED),
        ]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pagefind failed on {tree}:\n{done.stdout}{done.stderr}")
    for pattern in _SPARE:
        for path in (tree / "pagefind").glob(pattern):
            path.unlink()
    table = synonyms(json.loads(terms.read_text(encoding="utf-8")))
    (tree / "synonyms.json").write_text(
        json.dumps(table, ensure_ascii=False, sort_keys=True), encoding="utf-8"
    )


def _copy_pages(tree: Path, folder: Path) -> None:
    """Copy the pages in the form that Pagefind reads best.

    Each section's id moves to its heading and each documented name becomes a heading,
    so that answers link to them. Each Chinese character becomes a word, and so does
    each part of a dotted name: page and query are cut alike, and compounds are found;
    search.js puts the text together again.
    """
    for path in tree.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        page = _SECTION.sub(r'<section>\2<h\3 id="\1"', page)
        page = _SIGNATURE.sub(r'<dt><h4 id="\1">\1</h4>', page)
        page = _TEXT.sub(lambda text: _DOT.sub(" .", text[0]), page)
        page = page.replace(_DOT_IN_CODE, _DOT_IN_CODE.replace(">.", "> ."))
        page = _CHINESE.sub(r"\1 ", page)
        copy = folder / path.relative_to(tree)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(page, encoding="utf-8")


def synonyms(terms: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Map each term to the words for the same thing in the other language.

    Args:
        terms: The glossary's entries.

    Returns:
        Lower-case term → lower-case words, most usual first; terms that are the same
        in both languages are left out.
    """
    table: dict[str, list[str]] = defaultdict(list)
    for term in terms:
        english = [str(word).lower() for word in (term["en"], *term.get("also_en", []))]
        chinese = str(term["zh"]).lower()
        if chinese in english:
            continue
        for word in english:
            table[word].append(chinese)
        table[chinese] += english
    return {word: list(dict.fromkeys(others)) for word, others in table.items()}
