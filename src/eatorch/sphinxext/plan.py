"""The study plan: tables made from the lessons' own headers, and the planner's form."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from eatorch.sphinxext.metadata import Lesson, read_lessons
from eatorch.sphinxext.strings import text
from eatorch.sphinxext.tables import steady_table

__all__ = ["TRACKS", "Planner", "StudyPlan", "link_to"]

_WIDTHS = (10, 10, 30, 15, 10, 25)

# Other ways through the same lessons: name → (word for a step, labels step by step).
TRACKS: dict[str, tuple[str, list[list[str]]]] = {
    "camp": (
        "week",
        [
            ["hello", "tensor", "autograd", "graph", "low", "mid", "structure"],
            ["data", "transform"],
            ["module", "conv", "build"],
            ["norm", "loss", "optim"],
            ["schedule", "tensorboard", "hook"],
            ["regular"],
            ["device", "save", "errors"],
            ["segment", "detect"],
            ["generate", "rnn"],
        ],
    ),
    "hour": ("step", [["tensor"], ["autograd"], ["tour"], ["conv"], ["data"]]),
    "self": (
        "step",
        [
            *(["tensor"], ["graph"], ["conv"], ["mid"], ["module"]),
            *(["save"], ["hook"], ["build"]),
        ],
    ),
    "university": (
        "step",
        [
            *(["tensor"], ["structure"], ["autograd"], ["data"], ["module"]),
            *(["optim"], ["train"], ["save"]),
        ],
    ),
}


class StudyPlan(SphinxDirective):
    """``{study-plan}``: a row per lesson; a name of ``TRACKS`` chooses another path."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the table and note that it depends on every lesson."""
        lessons = read_lessons(Path(self.env.srcdir).parent / "gallery")
        for lesson in lessons:
            self.env.note_dependency(str(lesson.path))
        if not self.arguments:
            return [self._table("day", _by_day(lessons))]
        word, steps = TRACKS[directives.choice(self.arguments[0], [*TRACKS])]
        known = {lesson.label: lesson for lesson in lessons}
        unknown = [label for labels in steps for label in labels if label not in known]
        if unknown:
            raise self.error(f"TRACKS in plan.py names no lesson: {unknown}")
        rows = [
            ("" if index else str(number), known[label])
            for number, labels in enumerate(steps, start=1)
            for index, label in enumerate(labels)
        ]
        return [self._table(word, rows)]

    def _table(self, word: str, rows: Iterable[tuple[str, Lesson]]) -> nodes.table:
        keys = (word, "tick", "lesson", "level", "hours", "needs")
        words = [text(key, self.config.language) for key in keys]
        steps = list(rows)
        total = f"{sum(lesson.hours for _, lesson in steps):g}"
        foot = ["", "", text("total", self.config.language), "", total, ""]
        body = [_row(step, lesson) for step, lesson in steps]
        whole = [_plain_row(words), *body, _plain_row(foot)]
        return steady_table("study-plan", _WIDTHS, whole, stub=False)


class Planner(SphinxDirective):
    """``{planner}`` or ``{planner} progress``: a form that needs JavaScript."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Fill the template with the words of the page's language."""
        templates = Path(self.env.srcdir) / "_templates"
        environment = Environment(
            loader=FileSystemLoader(templates),
            undefined=StrictUndefined,
            autoescape=True,
        )
        page = environment.get_template("planner.html").render(
            frame=partial(text, language=self.config.language),
            part=self.arguments[0] if self.arguments else "planner",
        )
        self.env.note_dependency(str(templates / "planner.html"))
        return [nodes.raw("", page, format="html")]


def _by_day(lessons: list[Lesson]) -> list[tuple[str, Lesson]]:
    """Put the days first, the extras after them."""
    order = sorted(lessons, key=lambda it: (it.day is None, it.day or 0, it.number))
    return [("" if it.day is None else str(it.day), it) for it in order]


def _row(step: str, lesson: Lesson) -> nodes.row:
    needs = nodes.paragraph()
    for number, label in enumerate(lesson.needs):
        needs += [nodes.Text(", ")] * bool(number) + [link_to(label)]
    cells = [
        _plain(step),
        _plain("☐"),
        nodes.paragraph("", "", link_to(lesson.label)),
        _plain("★" * lesson.level + "☆" * (5 - lesson.level)),
        _plain(f"{lesson.hours:g}"),
        needs,
    ]
    entries = [nodes.entry("", cell) for cell in cells]
    entries[1]["classes"] += ["own-tick"]
    entries[4]["classes"] += ["plan-hours"]
    row = nodes.row("", *entries)
    row["classes"] += ["on-path"] if lesson.day is not None else []
    return row


def _plain_row(words: list[str]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", _plain(word)) for word in words])


def _plain(content: str) -> nodes.paragraph:
    return nodes.paragraph("", content)


def link_to(label: str) -> addnodes.pending_xref:
    """Return a link to a label, such as a lesson's, that shows the title there.

    Example:
        >>> link_to("tensor")["reftarget"]
        'tensor'
    """
    return addnodes.pending_xref(
        "",
        nodes.inline(),
        refdomain="std",
        reftype="ref",
        reftarget=label,
        refexplicit=False,
        refwarn=True,
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("study-plan", StudyPlan)
    app.add_directive("planner", Planner)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
