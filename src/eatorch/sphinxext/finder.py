"""Find by function: every public name that the lessons use, with where they do so."""

from collections import defaultdict
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from eatorch.sphinxext.metadata import Lesson, read_lessons
from eatorch.sphinxext.plan import link_to
from eatorch.sphinxext.strings import text
from eatorch.sphinxext.tables import steady_table
from eatorch.sphinxext.usage import Use, documented, uses

__all__ = ["FunctionFinder"]

_MOST_SECTIONS = 3  # of one lesson for one name; the first ones say enough

Places = list[tuple[Lesson, list[Use]]]


class FunctionFinder(SphinxDirective):
    """``{function-finder}``: a table of names, made from the lessons that were run."""

    def run(self) -> list[nodes.Node]:
        """Build the table and note that it depends on every lesson."""
        root = Path(self.env.srcdir).parent
        generated = Path(self.env.srcdir) / "lessons"
        known = documented(root)
        places: dict[str, Places] = defaultdict(list)
        for lesson in read_lessons(root / "gallery"):
            self.env.note_dependency(str(lesson.path))
            for name, found in _by_name(uses(lesson, generated, known)).items():
                places[name].append((lesson, found))
        rows = [
            _row(name, places[name], known) for name in sorted(places, key=_sort_key)
        ]
        return [_table([text(it, self.config.language) for it in _HEAD], rows)]


_HEAD = ("name", "lessons_and_sections")


def _sort_key(name: str) -> tuple[str, str]:
    """Sort by the last word, as readers look for ``view`` and not for ``torch``."""
    return name.rpartition(".")[2].lower(), name


def _by_name(found: list[Use]) -> dict[str, list[Use]]:
    names: dict[str, list[Use]] = defaultdict(list)
    for use in found:
        names[use.name].append(use)
    return names


def _row(name: str, places: Places, known: dict[str, str]) -> nodes.row:
    where = nodes.bullet_list()
    for lesson, found in places:
        told = [use for use in found if use.explained]
        for use in (told or found[:1])[:_MOST_SECTIONS]:
            where += nodes.list_item("", _place(lesson, use))
    cells = [nodes.paragraph("", "", _link(name, known)), where]
    row = nodes.row("", *[nodes.entry("", cell) for cell in cells])
    row["ids"] = [f"name-{name}"]  # as it is: torch.tensor is not torch.Tensor
    return row


def _place(lesson: Lesson, use: Use) -> nodes.paragraph:
    link = link_to(use.label)
    shown = nodes.strong("", "", link) if use.explained else link
    return nodes.paragraph("", "", nodes.Text(f"{lesson.number} "), shown)


def _link(name: str, known: dict[str, str]) -> nodes.Node:
    code = nodes.literal(name, name)
    if name in known:
        return nodes.reference("", "", code, refuri=known[name], internal=False)
    return addnodes.pending_xref(
        "", code, refdomain="py", reftype="obj", reftarget=name, finder=True
    )


def _table(head: list[str], rows: list[nodes.row]) -> nodes.table:
    top = nodes.row("", *[nodes.entry("", nodes.paragraph("", it)) for it in head])
    return steady_table("finder", [35, 65], [top, *rows])


def _allow_undocumented(
    _app: Sphinx,
    _env: BuildEnvironment,
    node: addnodes.pending_xref,
    content: nodes.TextElement,
) -> nodes.TextElement | None:
    """Show a member of ours that has no entry of its own, without a link."""
    return content if node.get("finder") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("function-finder", FunctionFinder)
    app.connect("missing-reference", _allow_undocumented)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
