"""In the lessons every name of torch, NumPy, Matplotlib and eatorch has a link."""

import ast
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from site_pages import SITE

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9]*.py"))
LINKED = {"torch", "numpy", "matplotlib", "eatorch"}


class Names(ast.NodeVisitor):
    """Collect dotted names, such as ``plt.show``, that begin with an import."""

    def __init__(self) -> None:
        self.roots: dict[str, str] = {}
        self.found: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self.roots[name.asname or name.name] = name.name.partition(".")[0]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Pass over decorators: a highlighter marks ``@torch.no_grad`` as one word."""
        for part in (node.args, *node.body):
            self.visit(part)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = ast.unparse(node)
        if dotted.partition(".")[0] in self.roots and "(" not in dotted:
            self.found.add(dotted)
        else:
            self.generic_visit(node)


def public_names(script: Path) -> set[str]:
    names = Names()
    names.visit(ast.parse(script.read_text(encoding="utf-8")))
    return {
        name
        for name in names.found
        if names.roots[name.partition(".")[0]] in LINKED and "._" not in name
    }


def has_page(dotted: str) -> bool:
    """Tell whether docs can have a page for a name: constants have none.

    ``torch.nan`` is a mere float, and ``np.minimum.accumulate`` belongs to a value.
    """
    root, *path = dotted.split(".")
    module = {"np": "numpy", "plt": "matplotlib.pyplot"}.get(root, root)
    owner: Any = None
    found: Any = import_module(module)
    for part in path:
        owner, found = found, getattr(found, part)
    named = inspect.ismodule(owner) or inspect.isclass(owner)
    return named and (callable(found) or type(found).__module__ != "builtins")


@pytest.mark.parametrize("language", ["en", "zh-cn"])
@pytest.mark.parametrize("script", LESSONS, ids=lambda path: path.stem)
def test_every_public_name_is_linked(script: Path, language: str) -> None:
    page = SITE / language / "lessons" / script.parent.name
    html = (page / f"{script.stem}.html").read_text(encoding="utf-8")
    links = {
        link.get_text()
        for link in BeautifulSoup(html, "html.parser").select(".highlight a[href]")
    }
    missing = public_names(script) - links
    assert sorted(name for name in missing if has_page(name)) == []
