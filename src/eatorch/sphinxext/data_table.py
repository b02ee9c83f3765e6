"""The page of data sets: sizes counted, credits read from the functions that load them.

A function's docstring is the one place for what a set is and whose it is; its size is
that of what the function returns while the page is built; the lessons that load it are
found in their code.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from torch import Tensor

from eatorch import data
from eatorch.data.downloads import SOURCES
from eatorch.sphinxext.lookup import Lookup
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.usage import uses

__all__ = ["GROUPS", "credit", "size"]

# Group → name of the function → licence. The docstrings hold the rest.
_OWN = ("made by code: no rights of others", "由代码生成：不涉及他人的权利")
_SILENT = ("no licence comes with the file", "文件没有附带许可证")
_CC_BY = ("CC BY 4.0", "CC BY 4.0")
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "installed": {
        "iris": _CC_BY,
        "wine": _CC_BY,
        "breast_cancer": _CC_BY,
        "digits": _CC_BY,
        "photo": (
            "CC BY 2.0 (flower, china), public domain (grace_hopper)",
            "CC BY 2.0（flower、china），公有领域（grace_hopper）",
        ),
        "elevation": _SILENT,
        "co2": ("public domain", "公有领域"),
        "google_stock": _SILENT,
        "stocks": _SILENT,
        "docstrings": ("BSD and PSF licences", "BSD 和 PSF 许可证"),
        "names_by_language": ("Unicode licence v3", "Unicode 许可证 v3"),
    },
    "generated": {
        "line": _OWN,
        "clouds": _OWN,
        "rings": _OWN,
        "digit_scenes": (
            "digits CC BY 4.0, photographs CC BY 2.0",
            "数字 CC BY 4.0，照片 CC BY 2.0",
        ),
    },
    "downloaded": {"titanic": _SILENT, "cifar10": _SILENT, "imdb": _SILENT},
}
# A function that hands out the data of another one in another form.
_SAME = {"digit_folders": "digits"}
_PHOTOS = ("flower", "china", "grace_hopper")
_HEAD = {
    False: ("Data set and size", "What it is, licence and credit", "Lessons"),
    True: ("数据集与大小", "内容、许可证与来源", "课程"),
}
_WIDTHS = (25, 55, 20)
_THOUSAND = 1000


def size(value: Any) -> tuple[tuple[int, ...], int]:
    """Measure a loaded data set.

    Args:
        value: What a function of :mod:`eatorch.data` returned.

    Returns:
        Shape of its first tensor, and the bytes that its numbers and texts take.

    Example:
        >>> size(data.iris())
        ((150, 4), 3691)
    """
    parts = list(_parts(value))
    first = next(part for part in parts if isinstance(part, Tensor))
    return tuple(first.shape), sum(_bytes(part) for part in parts)


def credit(load: Callable[..., Any]) -> list[str]:
    """Return what a data set's docstring says in its last section, by paragraph.

    Args:
        load: A function of :mod:`eatorch.data`.
    """
    _, _, section = (inspect.getdoc(load) or "").partition("\nReferences:\n")
    return [" ".join(text.split()) for text in section.split("\n\n") if text.strip()]


def _parts(value: Any) -> Iterator[Tensor | np.ndarray[Any, Any] | str]:
    if isinstance(value, (Tensor, np.ndarray, str)):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _parts(part)


def _bytes(part: Tensor | np.ndarray[Any, Any] | str) -> int:
    return len(part.encode()) if isinstance(part, str) else part.nbytes


def _told(name: str) -> str:
    """Say how large a set is: shapes and kilobytes, or megabytes to download."""
    if name in SOURCES:
        return f"{SOURCES[name].megabytes:g} MB"
    load = getattr(data, name)
    loaded = [load(it) for it in _PHOTOS] if name == "photo" else [load()]
    shapes = dict.fromkeys(" × ".join(f"{n:,}" for n in size(it)[0]) for it in loaded)
    kilobytes = max(1, round(sum(size(it)[1] for it in loaded) / _THOUSAND))
    return "\n\n".join([*shapes, f"{kilobytes:,} kB"]).replace(
        " ", "\N{NO-BREAK SPACE}"
    )


class DataTable(Lookup):
    """``data-table:: installed``, ``generated`` or ``downloaded``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the table; it depends on every lesson and on what loads the data."""
        for path in Path(data.__file__).parent.glob("*.py"):
            self.env.note_dependency(str(path))
        group = GROUPS[directives.choice(self.arguments[0], [*GROUPS])]
        chinese = self.translated("reference/data")
        lessons = self._lessons()
        rows = []
        for name, licence in group.items():
            load = getattr(data, name)
            first = (inspect.getdoc(load) or "").partition("\n")[0]
            told = chinese.get(first, first)
            thanks = [chinese.get(text, text) for text in credit(load)]
            rows.append(
                (
                    f":func:`~eatorch.data.{name}`\n\n{_told(name)}",
                    "\n\n".join([told, f"*{licence[self.chinese]}*", *thanks]),
                    ", ".join(lessons.get(name, ["–"])),
                )
            )
        return [self.table("data-sets", _WIDTHS, _HEAD[self.chinese], rows)]

    def _lessons(self) -> dict[str, list[str]]:
        """Find the lessons that load a set, as links."""
        found: dict[str, list[str]] = {}
        for lesson in read_lessons(self.root / "gallery"):
            self.env.note_dependency(str(lesson.path))
            used = uses(lesson, self.root / "docs" / "lessons", {})
            names = [use.name.removeprefix("eatorch.data.") for use in used]
            for name in dict.fromkeys(_SAME.get(it, it) for it in names):
                link = f":ref:`{lesson.number} <{lesson.label}>`"
                found.setdefault(name, []).append(link)
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("data-table", DataTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
