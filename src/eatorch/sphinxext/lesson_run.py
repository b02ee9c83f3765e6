"""Run a lesson cell by cell, as the site does, and note what a reader would trip over.

Nothing stops at the first fault: warnings and figures are noted as they come, and only
a cell that raises ends the run.
"""

import re
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

import eatorch
from eatorch.sphinxext.gallery import alternative_text
from eatorch.sphinxext.lesson_source import Block, blocks_of

__all__ = [
    "SECONDS",
    "Run",
    "execute",
    "figure_faults",
    "quietly",
    "run",
    "time_faults",
]

SECONDS = 20  # of one processor: so much a lesson may take
_QUIET = (  # Python shows these only to those who wrote the line
    DeprecationWarning,
    PendingDeprecationWarning,
    ImportWarning,
    ResourceWarning,
)


@dataclass
class Run:
    """What a run of a lesson left.

    Attributes:
        names: Its variables at the end.
        faults: File and line, what is wrong, and the cure.
        titles: Alternative text of each figure, with the line of its cell.
        finished: Whether every cell ran.
        seconds: Processor time of all cells.
    """

    names: dict[str, Any]
    faults: list[str] = field(default_factory=list)
    titles: dict[str, int] = field(default_factory=dict)
    finished: bool = True
    seconds: float = 0.0


@cache
def run(lesson: Path) -> Run:
    """Run a lesson once, in an empty folder.

    Args:
        lesson: The script.

    Returns:
        What it left; the same object when asked again.
    """
    done = Run({"__name__": "__main__", "__file__": str(lesson)})
    start = time.process_time()
    with _clean_slate(), quietly(), warnings.catch_warnings():
        _note_warnings(lesson, done)
        for block in blocks_of(lesson):
            if block.kind == "code" and done.finished:
                _run_cell(lesson, block, done)
    done.seconds = time.process_time() - start
    return done


def time_faults(lesson: Path, seconds: float) -> Iterator[str]:
    """Find a lesson that takes too long; tests leave it out, as busy machines differ.

    Args:
        lesson: The script.
        seconds: Processor time of its run.

    Yields:
        File, what is wrong, and the cure.
    """
    if seconds > SECONDS:
        yield (
            f"{lesson}:1: the run took {seconds:.0f} s of processor time, at most "
            f"{SECONDS} s are allowed; use less data or fewer steps"
        )


def execute(code: str, line: int, lesson: Path, names: dict[str, Any]) -> None:
    """Run code so that a traceback points into the lesson.

    Args:
        code: The code.
        line: Its first line in the lesson.
        lesson: The script.
        names: Variables that the code sees and changes.
    """
    exec(compile("\n" * (line - 1) + code, str(lesson), "exec"), names)


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what a lesson prints out of the findings."""
    silent = StringIO()
    with redirect_stdout(silent), redirect_stderr(silent):
        yield


@contextmanager
def _clean_slate() -> Iterator[None]:
    """Begin as the site does, and leave nothing behind that others would notice."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    eatorch.seed_everything(0)
    try:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            yield
    finally:
        plt.close("all")
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)


def _note_warnings(lesson: Path, done: Run) -> None:
    warnings.resetwarnings()
    for quiet in _QUIET:
        warnings.simplefilter("ignore", quiet)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    # plt.show() without a screen
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

    def note(message: Warning | str, category: type[Warning], *_: Any) -> None:
        told = f"{category.__name__}: {_first_line(message)}"
        cure = "remove its cause, or catch it where the lesson shows it"
        done.faults.append(
            f"{_place(lesson, traceback.extract_stack())}: {told}; {cure}"
        )

    warnings.showwarning = note  # type: ignore[assignment]  # takes the same arguments


def _run_cell(lesson: Path, block: Block, done: Run) -> None:
    try:
        execute(block.text, block.line, lesson, done.names)
    except (Exception, SystemExit) as error:
        done.finished = False
        place = _place(lesson, traceback.extract_tb(error.__traceback__))
        told = f"{type(error).__name__}: {_first_line(error)}"
        rest = "mend it; nothing after it was run, and no exercise was tried"
        done.faults.append(f"{place}: {told}; {rest}")
    for number in plt.get_fignums():
        _note_figure(lesson, block, plt.figure(number), done)
    plt.close("all")


def _place(lesson: Path, stack: traceback.StackSummary) -> str:
    """Return the lesson with the line of the innermost frame that is its own."""
    lines = [frame.lineno for frame in stack if frame.filename == str(lesson)]
    return f"{lesson}:{lines[-1] if lines else 1}"


def _first_line(message: object) -> str:
    return next(iter(str(message).strip().splitlines()), "")


def _note_figure(lesson: Path, block: Block, figure: Figure, done: Run) -> None:
    line = block.line_of("plt.show(")
    faults = [f"{lesson}:{line}: {fault}" for fault in figure_faults(figure)]
    done.faults += faults
    try:
        done.titles.setdefault(alternative_text(figure), line)
    except ValueError:  # told already
        return


def figure_faults(figure: Figure) -> Iterator[str]:
    """Say what a figure lacks: a title, or a label where an axis shows numbers.

    Args:
        figure: The figure, finished.

    Yields:
        What is wrong, and the cure.
    """
    try:
        alternative_text(figure)
    except ValueError as error:
        yield f"{error}; add one that states the finding"
    figure.canvas.draw()  # finds the numbers beside the axes
    for axes in figure.axes:
        # Who sees a picture knows what its rows, columns and colour bar count.
        if not axes.axison or axes.images or axes.get_label() == "<colorbar>":
            continue
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            if _shows_numbers(axis) and not _named(figure, axes, name):
                what = f"the {name} axis of '{axes.get_title()}' has no label"
                yield f"{what}; set {name}label with the unit, or take the ticks away"


def _named(figure: Figure, axes: Axes, name: str) -> bool:
    """Tell whether an axis has a label, or one of its row or column has it for all."""

    def span(other: Axes) -> range | None:
        place = other.get_subplotspec()
        if place is None:
            return None
        return place.colspan if name == "x" else place.rowspan

    peers = [it for it in figure.axes if span(it) and span(it) == span(axes)]
    labels = [getattr(it, f"get_{name}label")() for it in (axes, *peers)]
    return any((*labels, getattr(figure, f"get_sup{name}label")()))


def _shows_numbers(axis: Axis) -> bool:
    """Tell whether a reader sees numbers beside an axis, and not names or nothing."""
    texts = [
        label.get_text().replace("mathdefault", "")  # of a logarithmic scale
        for label in axis.get_ticklabels()
        if axis.get_visible() and label.get_visible()
    ]
    return any(re.fullmatch(r"[\d\W]*\d[\d\W]*", text) for text in texts)
