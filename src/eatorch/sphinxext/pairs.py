"""Find the texts that stand in both languages side by side, and judge them.

The frame of the site, the checks of the exercises and the terminal say a thing twice,
in code, where no catalog reaches: ``Slip("…", "……")``, ``en="…", zh="……"`` or a row
``"key": ("…", "……")`` of a table. The rows of a JSON file have fields ``…_en`` and
``…_zh``.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eatorch.sphinxext.catalogs import short
from eatorch.sphinxext.wording import is_english, typography

__all__ = ["Pair", "json_pairs", "pair_faults", "python_pairs"]

_HOLE = "{0}"  # what is filled in by a running program
# A shape such as (点, 特征) is written as in Python.
_NO_PROSE = re.compile(r"\{\w*\}|\([^()]*\)")


@dataclass(frozen=True)
class Pair:
    """A text in both languages; None for one that only a running program knows.

    Attributes:
        place: File and line.
        en: The English.
        zh: The Chinese.
    """

    place: str
    en: str | None
    zh: str | None


def python_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a module.

    Args:
        path: The module.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        Pair(f"{path}:{en.lineno}", _text(en), _text(zh))
        for node in ast.walk(tree)
        for en, zh in _pairs(node)
    ]


def _pairs(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.Call(ast.Name("Slip"), [en, zh]):
            yield en, zh
        case ast.Call(keywords=keywords):
            given = {it.arg: it.value for it in keywords}
            if "en" in given or "zh" in given:  # one without the other is a fault
                nothing = ast.Constant("", lineno=node.lineno)
                yield given.get("en", nothing), given.get("zh", nothing)
        case ast.Dict(values=values):
            for value in values:
                if isinstance(value, ast.Tuple) and _are_texts(value.elts):
                    yield value.elts[0], value.elts[1]


def _are_texts(elements: list[ast.expr]) -> bool:
    return len(elements) == 2 and all(  # noqa: PLR2004 - a pair
        isinstance(it, ast.Constant) and isinstance(it.value, str) for it in elements
    )


def _text(node: ast.expr) -> str | None:
    """Return what a text says, with a hole for each value that it shows."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(_text(part) or _HOLE for part in parts)
        case _:
            return None


def json_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a file of rows.

    Args:
        path: A JSON file that holds a list of objects.
    """
    text = path.read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return [
        Pair(f"{path}:{_line(text, en)}", en, str(row.get(f"{name[:-3]}_zh", "")))
        for row in rows
        for name, en in row.items()
        if name.endswith("_en") and isinstance(en, str)
    ]


def _line(text: str, value: str) -> int:
    quoted = json.dumps(value, ensure_ascii=False)
    return text.count("\n", 0, max(0, text.find(quoted))) + 1


def pair_faults(pair: Pair) -> str:
    """Say what is wrong with a pair, in one line; empty if nothing is.

    Args:
        pair: A text in both languages.

    Example:
        >>> pair_faults(Pair("a.py:7", "Save the file.", "保存文件。"))
        ''
        >>> pair_faults(Pair("a.py:7", "Save this file.", "Save this file."))
        "a.py:7: no Chinese in 'Save this file.'; write it"
    """
    if pair.en is None or pair.zh is None:
        return ""
    if not pair.en.strip() or not pair.zh.strip():
        told = short(pair.en.strip() or pair.zh)
        return f"{pair.place}: only one language of {told}; write both"
    if is_english(pair.zh):
        return f"{pair.place}: no Chinese in {short(pair.en)}; write it"
    faults = typography(_NO_PROSE.sub("（）", pair.zh))
    return f"{pair.place}: {'; '.join(faults)} in {short(pair.zh)}" if faults else ""
