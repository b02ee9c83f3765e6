"""The study plan: a table made from the lessons' own headers."""

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from eatorch.sphinxext.metadata import Lesson, read_lessons
from eatorch.sphinxext.strings import text


class StudyPlan(SphinxDirective):
    """``{study-plan}``: one row per lesson, days first."""

    def run(self) -> list[nodes.Node]:
        """Build the table and note that it depends on every lesson."""
        lessons = read_lessons(Path(self.env.srcdir).parent / "gallery")
        for lesson in lessons:
            self.env.note_dependency(str(lesson.path))
        lessons.sort(key=lambda it: (it.day is None, it.day or 0, it.number))
        head = [
            text(key, self.config.language)
            for key in ("day", "lesson", "level", "hours", "needs")
        ]
        total = sum(lesson.hours for lesson in lessons)
        foot = ["", text("total", self.config.language), "", f"{total:g}", ""]
        rows = [[_plain(cell) for cell in head]]
        rows += [_row(lesson) for lesson in lessons]
        rows += [[_plain(cell) for cell in foot]]
        return [_table(rows)]


def _row(lesson: Lesson) -> list[nodes.paragraph]:
    needs = nodes.paragraph()
    for number, label in enumerate(lesson.needs):
        needs += [nodes.Text(", ")] * bool(number) + [_link(label)]
    return [
        _plain("" if lesson.day is None else str(lesson.day)),
        nodes.paragraph("", "", _link(lesson.label)),
        _plain("★" * lesson.level + "☆" * (5 - lesson.level)),
        _plain(f"{lesson.hours:g}"),
        needs,
    ]


def _plain(content: str) -> nodes.paragraph:
    return nodes.paragraph("", content)


def _link(label: str) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        nodes.inline(),
        refdomain="std",
        reftype="ref",
        reftarget=label,
        refexplicit=False,
        refwarn=True,
    )


def _table(rows: list[list[nodes.paragraph]]) -> nodes.table:
    head, *body = [
        nodes.row("", *[nodes.entry("", cell) for cell in row]) for row in rows
    ]
    columns = [nodes.colspec(colwidth=1) for _ in rows[0]]
    group = nodes.tgroup(
        "", *columns, nodes.thead("", head), nodes.tbody("", *body), cols=len(columns)
    )
    table = nodes.table("", group, classes=["study-plan"])
    for paragraph in table.findall(nodes.paragraph):
        paragraph["translatable"] = False
    return table


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("study-plan", StudyPlan)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
