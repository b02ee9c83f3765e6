"""Which public names each lesson uses and explains, and in which section.

The names come from the executed lesson: sphinx-gallery notes the type of every variable
when a lesson has run (``NN_name.codeobj.json``), so ``x.view(3)`` is known to be
``torch.Tensor.view`` and not a method of something else. A name counts if our link
inventory has it, that is, if it is documented.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sphinx_gallery.py_source_parser import split_code_and_text_blocks

import eatorch
from eatorch.sphinxext.addresses import BASES
from eatorch.sphinxext.inventory import ROLE, chain, imports, read
from eatorch.sphinxext.metadata import Lesson

__all__ = ["Use", "documented", "uses"]

# A label with its section's title; a label of a mere paragraph has none to show.
_LABEL = re.compile(r"^\.\. _([\w-]+):\n+\S.*\n([-=~^])\2+$", re.MULTILINE)


@dataclass(frozen=True)
class Use:
    """A name in a section of a lesson.

    Attributes:
        name: The full name, for example ``torch.Tensor.view``.
        label: Label of the section.
        explained: Whether the section's text names it, not only its code.
    """

    name: str
    label: str
    explained: bool


def documented(root: Path) -> dict[str, str]:
    """Map each documented name of torch to the address of its documentation.

    Args:
        root: The project.
    """
    entries = read(root / "docs" / "_inventories" / "names.txt").values()
    return {
        entry.name: BASES["torch"] + entry.location.replace("$", entry.name)
        for entry in entries
        if entry.project == "torch" and entry.kind != "py:module"
    }


def uses(lesson: Lesson, generated: Path, known: dict[str, str]) -> list[Use]:
    """List the public torch and eatorch names of a lesson, section by section.

    Args:
        lesson: The lesson, which must have been run.
        generated: Folder of the generated pages, ``docs/lessons``.
        known: The documented names of torch.

    Returns:
        One entry per name and section, in the order of the page.
    """
    notes = generated / lesson.chapter / f"{lesson.path.stem}.codeobj.json"
    texts = [path.read_text(encoding="utf-8") for path in (lesson.path, notes)]
    found: dict[tuple[str, str], bool] = {}
    for use in _all_uses(str(lesson.path), lesson.label, *texts):
        if use.name in known or _is_ours(use.name):
            place = use.name, use.label
            found[place] = found.get(place, False) or use.explained
    return [Use(name, label, told) for (name, label), told in found.items()]


@cache
def _all_uses(path: str, label: str, script: str, notes: str) -> list[Use]:
    """List what may be a public name; several pages ask it of the same lesson."""
    _, blocks = split_code_and_text_blocks(path)
    types, roots = _types(notes), dict(imports(ast.parse(script)))
    found = []
    for kind, content, *_ in blocks:
        if kind == "text":
            label = [label, *(title[0] for title in _LABEL.findall(content))][-1]
            names = [name for _, name in ROLE.findall(content)]
        else:
            names = list(_in_code(content, roots, types))
        found += [Use(name, label, kind == "text") for name in names]
    return found


def _is_ours(name: str) -> bool:
    """Tell whether a name is a public one of the helper package, and no module."""
    parts = name.split(".")
    if parts[0] != "eatorch" or any(part.startswith("_") for part in parts):
        return False
    return len(parts) > 2 or parts[-1] in eatorch.__all__  # noqa: PLR2004


def _in_code(code: str, roots: dict[str, str], types: dict[str, str]) -> Iterator[str]:
    """Yield the full names in a piece of code, of imports and of variables' members."""
    for node in ast.walk(ast.parse(code)):
        parts = chain(node)
        if not parts:
            continue
        owner = ".".join(parts[:-1])
        if parts[0] in roots:
            yield ".".join([roots[parts[0]], *parts[1:]])
        elif owner in types:
            yield f"{types[owner]}.{parts[-1]}"


def _types(text: str) -> dict[str, str]:
    """Read what the variables of a lesson were when it had run."""
    notes: dict[str, list[dict[str, str]]] = json.loads(text)
    return {
        variable: f"{kinds[0]['module_short']}.{kinds[0]['name']}"
        for variable, kinds in notes.items()
        if kinds
    }
