"""Which of the pinned packages a lesson can reach: others may change without a run.

What a script and its modules import is followed to the packages that these require. The
answer depends on the requirements alone, not on what else happens to be installed.
"""

import ast
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from eatorch.sphinxext.downloads import EXTRAS

__all__ = ["distributions", "imported", "pinned", "reach"]

# What stands behind every page, whether the lesson names it or not.
_ALWAYS = ("torch", "numpy", "matplotlib")
_MAKER = "sphinx-gallery"  # without what it needs in turn: that only shapes the site


def pinned(modules: Iterable[Path], constraints: Path) -> list[str]:
    """Return the constraints that count for some modules.

    Args:
        modules: Scripts and modules.
        constraints: File with one ``name==version`` a line.

    Returns:
        The lines for packages that the modules import, directly or not.
    """
    sources = [path.read_text(encoding="utf-8") for path in modules]
    named = {name for source in sources for name in imported(source)}
    found = {it for name in named for it in distributions().get(name, [])}
    ours = reach(frozenset({"eatorch", *EXTRAS}))  # what else is installed is not
    count = {*reach(frozenset({*_ALWAYS, *found & ours})), _MAKER}
    lines = constraints.read_text(encoding="utf-8").split()
    return [line for line in lines if canonicalize_name(line.split("==")[0]) in count]


@cache
def imported(source: str) -> dict[str, int]:
    r"""Map the first word of all that a module imports, now or later, to a line.

    Args:
        source: The module.

    Example:
        >>> imported("import os.path\nfrom torch import nn")
        {'os': 1, 'torch': 2}
    """
    lines: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module)):
                found = [module]
            case _:
                continue
        for name in found:
            lines.setdefault(name.partition(".")[0], node.lineno)
    return lines


@cache
def distributions() -> dict[str, list[str]]:
    """Map what can be imported to the packages that hold it, ``PIL`` to ``pillow``."""
    return {
        name: [canonicalize_name(it) for it in packages]
        for name, packages in metadata.packages_distributions().items()
    }


@cache
def reach(names: frozenset[str]) -> set[str]:
    """Return packages with all that they require, without their extras.

    Args:
        names: Names of packages.
    """
    waiting, found = list(names), set[str]()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += _required(name)
    return found


def _required(name: str) -> list[str]:
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    needs = [Requirement(line) for line in lines]
    # On any machine alike: the system and the version of Python are left open.
    return [need.name for need in needs if "extra" not in str(need.marker)]
