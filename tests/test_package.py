"""The package as a whole: every name leads somewhere, modules keep to the style."""

import ast
import inspect
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import eatorch

MODULES = sorted(
    name
    for _, name, _ in pkgutil.walk_packages(eatorch.__path__, "eatorch.")
    if ".sphinxext" not in name and ".exercises" not in name
)
PUBLIC = [
    pytest.param(name, thing, id=f"{name}.{thing}")
    for name in MODULES
    for thing in getattr(import_module(name), "__all__", ())
]


def test_top_level_names_load_on_first_use() -> None:
    for name in eatorch.__all__:
        assert getattr(eatorch, name) is not None
        assert name in dir(eatorch)
    for name in eatorch._SUBMODULES:
        assert inspect.ismodule(getattr(eatorch, name))
    with pytest.raises(AttributeError, match="module 'eatorch' has no attribute 'foo'"):
        _ = eatorch.foo


def test_top_level_functions_are_those_of_their_modules() -> None:
    for name, home in eatorch._HOMES.items():
        assert getattr(eatorch, name) is getattr(import_module(home), name)


def test_no_module_hides_a_function() -> None:
    """A submodule called like a function would replace it once it is imported."""
    assert not set(eatorch._HOMES) & {name.rpartition(".")[2] for name in MODULES}


@pytest.mark.parametrize("modules", [MODULES, MODULES[::-1]], ids=["a to z", "z to a"])
def test_modules_import_in_any_order_without_a_warning(modules: list[str]) -> None:
    code = (
        "import importlib, sys, torch, warnings\n"
        "warnings.simplefilter('error')\n"
        "for name in sys.argv[1:]: importlib.import_module(name)"
    )
    subprocess.run([sys.executable, "-c", code, *modules], check=True, timeout=120)


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_every_public_name_is_documented(module: str, name: str) -> None:
    thing = getattr(import_module(module), name)
    if inspect.isfunction(thing) or inspect.isclass(thing):
        assert inspect.getdoc(thing)


@pytest.mark.parametrize("name", MODULES)
def test_functions_stay_short(name: str) -> None:
    """A function has 30 lines of code at most, its docstring aside."""
    path = Path(str(import_module(name).__file__))
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1:] if ast.get_docstring(node) else node.body
            lines = node.body[-1].end_lineno or 0
            length = lines - first[0].lineno + 1 if first else 0
            assert length <= 30, f"{name}.{node.name} has {length} lines"
