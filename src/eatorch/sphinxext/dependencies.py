"""What a lesson depends on: the modules of the helper package that it really reaches.

Imports are followed in the source, without running anything. What a lesson names as
``eatorch.plots.show_images`` reaches ``eatorch.plots`` and all that this imports; its
exercises reach the checks of that lesson only.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from eatorch.sphinxext.inventory import chain, imports

__all__ = ["dependencies"]

_CHECKING = "checking.py"  # loads the checks of a lesson by its number
_ALWAYS = ("__init__.py", "seeding.py")  # gallery.reset seeds every lesson


def dependencies(lesson: Path, package: Path) -> list[Path]:
    """List the files of the package that can change what a lesson prints.

    Args:
        lesson: The script.
        package: The helper package, ``src/eatorch``.

    Returns:
        Modules and data files, sorted.
    """
    homes = _homes(package)
    waiting = [package / name for name in _ALWAYS]
    waiting += _reached(lesson, package, homes)
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        if path.suffix != ".py":
            continue
        waiting += _reached(path, package, homes)
        if path == package / _CHECKING:
            checks = package / "exercises"
            waiting += [checks / "__init__.py", checks / f"lesson_{lesson.name[:2]}.py"]
    return sorted(found)


def _reached(path: Path, package: Path, homes: dict[str, str]) -> list[Path]:
    """Return what a script or module names of the package, and the data it reads."""
    source = path.read_text(encoding="utf-8")
    reached = {file for name in _names(source) for file in _files(name, package, homes)}
    data = (package / "data").glob("*.*")
    reached |= {it for it in data if it.suffix != ".py" and it.name in source}
    return sorted(reached)


class _WithoutTypes(ast.NodeTransformer):
    """Drop what is imported for the type checker alone: it never runs."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Leave out ``if TYPE_CHECKING:``."""
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else node


@cache  # lessons share their modules
def _names(source: str) -> set[str]:
    """Return the dotted names in a module that begin with ``eatorch``."""
    tree = _WithoutTypes().visit(ast.parse(source))
    imported = dict(imports(tree))
    names = {name for name in imported.values() if name.startswith("eatorch")}
    for node in ast.walk(tree):
        words = chain(node)
        if words and imported.get(words[0], "").startswith("eatorch"):
            names.add(".".join([imported[words[0]], *words[1:]]))
    return names


def _files(name: str, package: Path, homes: dict[str, str]) -> Iterator[Path]:
    """Yield the modules on the way to a name; of a package only what it names."""
    words = name.split(".")[1:]
    words = homes.get(words[0], words[0]).split(".") + words[1:] if words else words
    for end in range(1, len(words) + 1):
        place = package.joinpath(*words[:end])
        yield from (place.with_suffix(".py"), place / "__init__.py")


def _homes(package: Path) -> dict[str, str]:
    """Map the package's top-level names to their modules, as ``__init__`` does."""
    init = package / "__init__.py"
    text = init.read_text("utf-8") if init.exists() else ""
    return dict(_assigned(ast.parse(text).body))


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
            homes: dict[str, str] = ast.literal_eval(node.value)
            yield from (
                (name, home.removeprefix("eatorch.")) for name, home in homes.items()
            )
