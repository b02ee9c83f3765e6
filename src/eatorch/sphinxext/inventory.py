"""Keep the small inventories that resolve links to other projects without a network.

``docs/_inventories/names.txt`` lists, one per line, the names that lessons, docstrings
and pages use: project, type, name and page. This module adds the names that it finds
in the sources, looks their types up in the installed packages, and compiles the list
into the ``.inv`` files that intersphinx reads::

    python -m eatorch.sphinxext.inventory                 # scan the sources, compile
    python -m eatorch.sphinxext.inventory torch.linalg.qr # add this name as well

A line that is already in the list stays as it is, so an address can be mended by hand.
"""

import ast
import builtins
import importlib
import inspect
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from eatorch.sphinxext.addresses import CLASSES, UNDOCUMENTED, address
from eatorch.sphinxext.files import write_whole

PROJECTS = ("python", "torch", "numpy", "matplotlib", "sklearn")
ROLE = re.compile(
    r"[:{]((?:py:)?(?:func|class|meth|mod|attr|data|exc|obj))[:}]"
    r"`(?:[^`<]*<)?[~!]?([\w.]+)>?`"
)


class Entry(NamedTuple):
    """One name of another project: what it is and where its documentation stands."""

    project: str
    kind: str
    name: str
    location: str

    def __str__(self) -> str:
        """Return the line of ``names.txt``."""
        return " ".join(self)


def read(path: Path) -> dict[str, Entry]:
    """Read ``names.txt``.

    Args:
        path: The list; empty lines and lines that start with ``#`` are skipped.

    Returns:
        The entries by name.

    Raises:
        ValueError: If a line has not four words or names an unknown project.
    """
    entries = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) != len(Entry._fields) or words[0] not in PROJECTS:
            raise ValueError(
                f"{path}:{number}: a line must be 'project type name page' with a "
                f"project of {', '.join(PROJECTS)}, got {line!r}"
            )
        entries[words[2]] = Entry(*words)
    return entries


def compiled(project: str, entries: Iterable[Entry]) -> bytes:
    """Return the entries of one project in the inventory format of Sphinx.

    Args:
        project: The project, for example ``"torch"``.
        entries: Entries of any projects; those of others are left out.

    Returns:
        The bytes of the ``.inv`` file, equal for equal entries.
    """
    lines = [
        f"{entry.name} {entry.kind} 1 {entry.location} -\n"
        for entry in sorted(entries)
        if entry.project == project
    ]
    head = (
        f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    return head.encode() + zlib.compress("".join(lines).encode(), 9)


def entries_for(name: str) -> list[Entry]:
    """Describe a name of an installed package.

    Args:
        name: The full name, for example ``"torch.nn.Linear"``.

    Returns:
        Its entry; for a class that is defined elsewhere than it is documented, a
        second one under the name that signatures show. Empty for a name that is
        private, does not exist or belongs to no project we link to.
    """
    project = _project(name)
    if project is None or any(part.startswith("_") for part in name.split(".")):
        return []
    try:
        found = look_up(name)
        owner = look_up(name.rpartition(".")[0] or "builtins")
    except (ImportError, AttributeError):
        return []
    if not (inspect.ismodule(owner) or inspect.isclass(owner)):
        return []  # a member of a mere value, such as os.environ.get
    if re.fullmatch(UNDOCUMENTED, name) or _is_inherited(name, found):
        return []
    kind = _kind(name, found)
    names = {name}
    if inspect.isclass(found) and _is_reachable(_defined_as(found)):
        names.add(_defined_as(found))
    location = address(project, _documented_as(names), module=kind == "module")
    return [Entry(project, f"py:{kind}", each, location) for each in sorted(names)]


def look_up(name: str) -> Any:
    """Fetch an object by its dotted name, importing modules on the way.

    Args:
        name: The full name; a bare one is a builtin or a module.

    Returns:
        The object.

    Raises:
        ImportError: If the name, or a module in it, does not exist.
        AttributeError: If a package hides the module from its users.
    """
    root, *rest = name.split(".")
    if not rest and hasattr(builtins, root):
        return getattr(builtins, root)
    found: Any = importlib.import_module(root)
    for part in rest:
        if not hasattr(found, part):
            importlib.import_module(f"{found.__name__}.{part}")
        found = getattr(found, part)
    return found


def _project(name: str) -> str | None:
    root = name.partition(".")[0]
    if root in PROJECTS[1:]:
        return root
    builtin = "." not in name and hasattr(builtins, name)
    return "python" if builtin or root in sys.stdlib_module_names else None


def _kind(name: str, found: Any) -> str:
    """Return the type that the Python domain of Sphinx gives to an object."""
    if inspect.ismodule(found):
        return "module"
    if inspect.isclass(found):
        return "exception" if issubclass(found, BaseException) else "class"
    owner, _, _ = name.rpartition(".")
    in_class = owner and inspect.isclass(look_up(owner))
    if callable(found):
        return "method" if in_class else "function"
    return "attribute" if in_class else "data"


def _defined_as(found: type) -> str:
    if found.__module__ == "builtins":
        return found.__qualname__
    return f"{found.__module__}.{found.__qualname__}"


def _is_reachable(name: str) -> bool:
    """Tell whether the name leads somewhere: the type ``function`` has none."""
    return "." in name or hasattr(builtins, name)


def _is_inherited(name: str, found: Any) -> bool:
    """Tell whether an artist has a member from its base class, without a page."""
    return "Artist." in getattr(found, "__qualname__", "") and "Artist" not in name


def _documented_as(names: set[str]) -> str:
    """Choose the public name: ``patches.Rectangle``, not ``pyplot.Rectangle``."""
    public = [name for name in names if "._" not in name and ".pyplot." not in name]
    return min(public or names, key=len)


def used(paths: Iterable[Path]) -> set[str]:
    """Collect the dotted names that sources use, in code and in roles.

    Args:
        paths: Python scripts, Markdown pages and reST pages.

    Returns:
        Full names, of any project, plus the members of often used classes (a lesson
        writes ``x.view(-1)``, and the page links ``view`` to ``torch.Tensor.view``).
    """
    names: set[str] = set()
    for path in paths:
        text = path.read_text()
        names |= {name for _, name in ROLE.findall(text)}
        if path.suffix == ".py":
            tree = ast.parse(text, str(path))
            names |= set(_names_in_code(tree))
            if path.name[:2].isdigit():
                names |= set(_members_in_lesson(tree))
    return names


def _names_in_code(tree: ast.AST) -> Iterator[str]:
    imported = dict(imports(tree))
    for node in ast.walk(tree):
        words = chain(node)
        if words and words[0] in imported:
            parts = [imported[words[0]], *words[1:]]
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _members_in_lesson(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield from (f"{each}.{node.attr}" for each in CLASSES)


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each imported local name with what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                yield (alias.asname or root), (alias.name if alias.asname else root)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def chain(node: ast.AST) -> list[str]:
    """Return ``["a", "b", "c"]`` for the expression ``a.b.c``, else nothing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else []


def sources(root: Path) -> list[Path]:
    """Return the files whose names the site may link: lessons, package and pages."""
    package = (root / "src" / "eatorch").rglob("*.py")
    pages = [*(root / "docs").rglob("*.md"), *(root / "gallery").rglob("*.rst")]
    lessons = (root / "gallery").rglob("*.py")
    hidden = {"sphinxext", "exercises"}
    shown = [path for path in package if not hidden & set(path.parts)]
    return sorted([*lessons, *shown, *pages])


def refresh(root: Path, extra: Iterable[str] = ()) -> list[Entry]:
    """Add the names in use to ``names.txt`` and compile the inventories.

    Args:
        root: The repository.
        extra: More names to add.

    Returns:
        The entries that are new.

    Raises:
        ValueError: If a name in ``extra`` does not exist.
    """
    folder = root / "docs" / "_inventories"
    known = read(folder / "names.txt")
    for name in extra:
        if not entries_for(name):
            raise ValueError(f"name must exist in {', '.join(PROJECTS)}, got {name!r}")
    wanted = sorted(used(sources(root)).union(extra) - set(known))
    new = {each.name: each for name in wanted for each in entries_for(name)}
    fresh = [entry for name, entry in new.items() if name not in known]
    _write(folder, [*known.values(), *fresh])
    return fresh


def _write(folder: Path, entries: list[Entry]) -> None:
    head = "# Names of other projects that this site links: project type name page\n"
    lines = "".join(f"{entry}\n" for entry in sorted(entries))
    write_whole(folder / "names.txt", head + lines)
    for project in PROJECTS:
        write_whole(folder / f"{project}.inv", compiled(project, entries))


if __name__ == "__main__":
    for entry in refresh(Path.cwd(), sys.argv[1:]):
        print(entry)
