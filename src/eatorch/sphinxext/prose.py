"""Tell a lesson's new prose on its page without running its code again.

sphinx-gallery runs a lesson whenever its script has changed, be it by a comma, and has
no setting for less. Yet it joins text, code and outputs in a function of their own,
``rst_blocks``. The outputs are cut out of the page of the last run, between the parts
that this function makes of the old script, and the same function joins them with the
new text: the page becomes what a run would make of it, byte for byte.

It is done only if the cells are the same in the same order, each part of the old script
stands on the page exactly once, and no output names a line of the script, as a warning
does: lines move with the prose. Otherwise the lesson runs. What is not seen is a line
number that stands alone, without the script's name; no lesson prints one.
"""

import json
import re
from pathlib import Path
from typing import Any

from sphinx_gallery.backreferences import identify_names
from sphinx_gallery.gen_rst import DOWNLOAD_LINKS_HEADER, rst_blocks
from sphinx_gallery.py_source_parser import Block, split_code_and_text_blocks
from sphinx_gallery.utils import get_md5sum

__all__ = ["cells", "retold"]

Names = dict[str, list[dict[str, Any]]]

_OUTPUT = "\0"  # stands for what a cell printed and drew
_FOOT = DOWNLOAD_LINKS_HEADER.partition("{")[0]
_SETTING = "sphinx_gallery_"  # in a comment, it changes how the page is made
# Roles by which a text names a function; these names lead from there to the lesson.
_NAMED = r":(?:func|meth|attr|obj|class):`(?:[^`<]*<)?~?([\w.]+)>?`"


def cells(script: Path) -> list[str]:
    """Return the code of a lesson, cell by cell, as it is shown and run.

    Args:
        script: The lesson.
    """
    return [block.content for block in _blocks(script) if block.type == "code"]


def retold(script: Path, copy: Path) -> dict[Path, str] | None:
    """Work out what a run would leave of a lesson whose prose alone has changed.

    Args:
        script: The lesson as it is now.
        copy: The script as it ran; sphinx-gallery keeps it beside the page.

    Returns:
        New contents by file, the checksum that spares the run last; None if the lesson
        must run.
    """
    page, names = copy.with_suffix(".rst"), copy.with_suffix(".codeobj.json")
    if not all(path.exists() for path in (copy, page, names)):
        return None
    if cells(script) != cells(copy) or _has_settings(script, copy):
        return None
    new = _blocks(script)
    head, *outputs, foot = _take_apart(page.read_text(encoding="utf-8"), _blocks(copy))
    line = re.compile(rf"{re.escape(script.name)}\W+(?:line\W+)?\d")
    if not head or any(line.search(output) for output in outputs):
        return None
    return {
        page: head + _join(new, outputs) + foot,
        names: _renamed(json.loads(names.read_text(encoding="utf-8")), new),
        copy: script.read_text(encoding="utf-8"),
        Path(f"{copy}.md5"): get_md5sum(script, mode="t"),
    }


def _blocks(script: Path) -> list[Block]:
    return list(split_code_and_text_blocks(script)[1])


def _has_settings(*scripts: Path) -> bool:
    return any(_SETTING in script.read_text(encoding="utf-8") for script in scripts)


def _join(blocks: list[Block], outputs: list[str]) -> str:
    """Join a script and what its cells left, as sphinx-gallery does after a run."""
    waiting = iter(outputs)
    beside = [next(waiting) if block.type == "code" else "" for block in blocks]
    page = rst_blocks(blocks, beside, {}, {"line_numbers": False}, language="Python")
    return str(page)


def _take_apart(page: str, blocks: list[Block]) -> list[str]:
    """Return a page's head, what each cell left, and its foot; empty ones on doubt."""
    start = page.rfind(_FOOT)
    rest, foot = page[:start], page[start:]
    *parts, last = _join(blocks, [_OUTPUT] * len(blocks)).split(_OUTPUT)
    rest, pieces = rest.removesuffix(last), []
    if all(rest.count(part) == 1 for part in parts):
        for part in parts:
            before, _, rest = rest.partition(part)
            pieces.append(before)
    head, *outputs = [*pieces, rest]
    whole = len(outputs) == len(parts) and head + _join(blocks, outputs) + foot == page
    return [head, *outputs, foot] if whole else ["", ""]


def _renamed(known: Names, blocks: list[Block]) -> str:
    """Replace the names that the text tells; those in code were looked up in the run.

    Args:
        known: What sphinx-gallery noted of each name.
        blocks: The new script.

    Returns:
        The notes as sphinx-gallery writes them.
    """
    in_code = {
        name: [kind for kind in kinds if not kind["is_explicit"]]
        for name, kinds in known.items()
    }
    told = {
        name: kind
        for name, kinds in known.items()
        for kind in kinds
        if kind["is_explicit"]
    }
    notes = {name: kinds for name, kinds in in_code.items() if kinds}
    for name, kinds in identify_names(blocks, _NAMED, None, None).items():
        notes.setdefault(name, []).extend(told.get(name, kind) for kind in kinds)
    return json.dumps(notes, sort_keys=True, ensure_ascii=False, indent=1)
