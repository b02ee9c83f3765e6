"""``make check`` says all that is wrong with a lesson, each with line and cure."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eatorch import checking
from eatorch.sphinxext import check as command
from eatorch.sphinxext import lesson_exercises
from eatorch.sphinxext.check import run_faults, text_faults
from eatorch.sphinxext.lesson_alone import alone_faults, import_faults
from eatorch.sphinxext.lesson_exercises import checks_of, slip_faults
from eatorch.sphinxext.lesson_run import (
    SECONDS,
    Run,
    figure_faults,
    run,
    time_faults,
)
from eatorch.sphinxext.lesson_source import Block, Exercise
from eatorch.sphinxext.lesson_text import SourceLinks

pytestmark = pytest.mark.xdist_group("check")  # they share a costly fixture
ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))

_LESSON = '''"""
.. _two:

Two things
==========

Use :func:`torch.rnad` as :ref:`nowhere` says.

:Level: 9
:Days: 2
"""

import warnings

import matplotlib.pyplot as plt
import torch

import eatorch

# %%
# .. |name| replace:: text
#
# A |name| that no notebook knows.

weight = torch.ones(2).data

# %%

warnings.warn("look out", stacklevel=1)

# %%
# A picture without words.

plt.plot([0, 1])
plt.show()

# %%
# A long cell.

a = 1
b = 2
c = 3
d = 4
e = 5
f = 6
g = 7
h = 8
i = 9
j = 10
k = 11
l = 12
m = 13
n = 14
o = 15
p = 16

# %%
# .. _two-ex1:
#
# Exercise 02-1: a number
# -----------------------
#
# How many?
#
# .. dropdown:: Hint
#
#    Count.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       number = 1

number = ...

eatorch.check("02-1", number)

# %%
# Exercise 02-2: no number
# ------------------------
#
# Why?

reason = ...

from pathlib import Path

Path(__file__).parents[2].joinpath("conf.py").read_text()
eatorch.check("02-2", reason)
'''

_CHECKS = '''"""Checks of lesson 02."""

from typing import Any

from eatorch.checking import Slip, exercise


@exercise("02-1")
def number(answer: Any) -> None:
    """Judge the number."""
    if answer != 2:
        raise Slip("Count again.", "Count again.")


@exercise("02-2")
def reason(answer: Any) -> None:
    """Judge nothing."""


@exercise("02-3")
def nothing(answer: Any) -> None:
    """Judge what nobody asks."""
'''

_CATALOG = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Two things"
msgstr "两件事"

msgid "Use :func:`torch.rnad` as :ref:`nowhere` says."
msgstr "照说的用torch.rnad。"

#, fuzzy
msgid "A picture without words."
msgstr "图"

msgid "A long cell."
msgstr ""

msgid "How many?"
msgstr "有多少个激励函数？"

#~ msgid "gone"
#~ msgstr "没了"
"""

_WRONG = """WRONG = {
    "02-1": [3, 4],
    "02-2": [5],
}
"""

FILES = {
    "gallery/1_part/02_two.py": _LESSON,
    "src/eatorch/exercises/lesson_02.py": _CHECKS,
    "locales/zh_CN/LC_MESSAGES/lessons/1_part/02_two.po": _CATALOG,
    "tests/exercises/wrong_02.py": _WRONG,
}


def check(project: Path, *number: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "eatorch.sphinxext.check", *number],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.fixture(scope="module")
def told(small_project: Path) -> list[str]:
    for name, text in FILES.items():
        path = small_project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = check(small_project, "02")
    assert done.returncode == 1, done.stderr
    _, *lines, last = done.stdout.splitlines()
    assert last == f"eatorch: {len(lines)} things to mend"
    return lines


LESSON, _, CATALOG, WRONG = FILES
NUMBERS = "tests/key_numbers/02_two.json"


@pytest.mark.parametrize(
    ("path", "line", "words"),
    [
        # Header
        (LESSON, 9, "field :Level: must be a number from 1 to 5, got '9'"),
        (LESSON, 1, "field :Hours: is missing"),
        (LESSON, 10, "field :Days: is unknown"),
        # Cells
        (LESSON, 29, "two code cells in a row"),
        (LESSON, 40, "the cell has 16 lines, at most 15"),
        (LESSON, 25, ".data hides changes from autograd; use .detach()"),
        # Text
        (LESSON, 7, ":ref: names 'nowhere', which does not exist"),
        (LESSON, 7, ":func:`torch.rnad` names 'torch.rnad', which does not exist"),
        (LESSON, 21, "substitution_definition can't be exported"),
        # Chinese
        (LESSON, 10, "02_two.po lacks the message 'Days'; run 'make catalogs'"),
        (LESSON, 60, "02_two.po lacks the message 'Exercise 02-1: a number'"),
        (LESSON, 65, "02_two.po lacks the message 'Hint'"),
        (LESSON, 83, "02_two.po lacks the message 'Why?'"),
        (CATALOG, 8, "lost ['nowhere', 'torch.rnad']"),
        (CATALOG, 8, "needs a space between '用t'"),
        (CATALOG, 12, "fuzzy"),
        (CATALOG, 15, "no translation in 'A long cell.'"),
        (CATALOG, 18, "term '激励函数' should be '激活函数'"),
        (CATALOG, 21, "obsolete message 'gone'"),
        # Run
        (LESSON, 29, "UserWarning: look out; remove its cause"),
        (LESSON, 35, "figure must have a title"),
        (LESSON, 35, "the x axis of '' has no label"),
        (LESSON, 35, "the y axis of '' has no label"),
        (LESSON, 89, 'the downloaded script stops with "FileNotFoundError'),
        # Exercises
        (LESSON, 80, "exercise 02-2 lacks a label that ends in -ex2"),
        (LESSON, 80, "exercise 02-2 lacks a hint"),
        (LESSON, 80, "exercise 02-2 lacks a solution"),
        (LESSON, 1, "no exercise calls the check 02-3"),
        (LESSON, 69, "the solution fails its own check: 'Count again.'"),
        (LESSON, 77, "for 0 the Chinese message is 'Count again.'; write Chinese"),
        (LESSON, 90, "the wrong answer 0 to 02-2 passes"),
        (WRONG, 2, "for 3 the Chinese message is 'Count again.'; write Chinese"),
        (WRONG, 3, "for 02-2 1 of at least 2 wrong answers are there"),
        (WRONG, 3, "the wrong answer 5 to 02-2 passes"),
        # Key numbers
        (NUMBERS, 1, "no such file; list there 3 to 8 numbers of the lesson"),
    ],
)
def test_each_fault_is_told_with_its_line(
    told: list[str], path: str, line: int, words: str
) -> None:
    assert [it for it in told if it.startswith(f"{path}:{line}: ") and words in it]


def assert_form(found: list[str]) -> None:
    for line in found:
        assert re.fullmatch(r"[\w/.-]+:\d+: .+; \w.+", line), line
    assert len(set(found)) == len(found)


def test_each_finding_names_a_line_and_a_cure(told: list[str]) -> None:
    assert_form(told)


_HEADER = """r\"\"\"
.. _three:

Three
=====

One promise.

:Level: 1
:Hours: 1
\"\"\"
"""
_PO = """msgid ""
msgstr ""

msgid "Three"
msgstr "三"

msgid "One promise."
msgstr "{}"
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("_three:", "_one:", "03_three.py:2: label 'one' is taken by"),
        ('1\n"', '1\n:Needs: :ref:`no`\n"', "03_three.py:11: needs unknown lesson"),
        ('1\n"', '1\n:Needs: :ref:`three`\n"', "03_three.py:11: prerequisites form"),
        (".. _three:", "", "03_three.py:1: the header lacks a label"),
        ("=====", "", "03_three.py:1: the header lacks a title"),
        ("promise", "\udce9", "03_three.py:7: 'utf-8' codec can't decode byte 0xe9"),
        ("One promise.", r"\:ref:\`b\`", "03_three.py:7: ':ref:\\\\`' would stand"),
        ('1\n"""', '1\n"""\nimport yaml', "03_three.py:12: a reader has no 'yaml'"),
        ('1\n"""', '1\n"""\nprint(', "03_three.py:12: '(' was never closed"),
        ("", "", "03_three.po:7: a translation changes lists"),
        ("", "", "03_three.json:1: no such file"),
    ],
)
def test_findings_of_many_kinds_have_that_form(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    place = Path("1_part", "03_three")
    catalogs = tmp_path / "locales" / "zh_CN" / "LC_MESSAGES" / "lessons"
    other = _HEADER.replace("three", "one")
    for path, text in {
        tmp_path / "gallery" / "1_part" / "01_one.py": other,
        tmp_path / "gallery" / place.with_suffix(".py"): _HEADER.replace(old, new, 1),
        catalogs / place.with_suffix(".po"): _PO.format("* 一"),
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(errors="surrogateescape"))
    lesson = tmp_path / "gallery" / place.with_suffix(".py")
    found = list(command._told([lesson], tmp_path, running=False))
    assert_form(found)
    assert [it for it in found if told in it], found


def test_checks_that_cannot_be_loaded_are_told_and_the_rest_goes_on(
    small_project: Path,
) -> None:
    """Half of them are registered then, so nobody may load them once more."""
    checks = _CHECKS.replace("02-", "04-")
    lesson = _LESSON.replace("02-", "04-").replace("two", "four")
    for name, text in {
        "gallery/1_part/04_four.py": lesson,
        "src/eatorch/exercises/lesson_04.py": checks.replace("@exercise", "@exrcise"),
    }.items():
        (small_project / name).write_text(text, encoding="utf-8")
    done = check(small_project, "04")
    (small_project / "gallery/1_part/04_four.py").unlink()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr, done.stderr
    home = "src/eatorch/exercises/lesson_04.py"
    told = f"{home}:8: NameError: name 'exrcise' is not defined; repair the checks"
    assert told in done.stdout.splitlines()
    assert "UserWarning: look out" in done.stdout, "it goes on"
    assert_form([it for it in done.stdout.splitlines() if "eatorch: " not in it])


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("import os\n\nraise SystemExit(os.EX_OK)", 3, "SystemExit: 0; repair"),
        ("print(1)\nexpect(", 2, "SyntaxError: '(' was never closed"),
        ("def ask():\n    1 / 0\n\nask()", 2, "ZeroDivisionError: division by zero"),
    ],
)
def test_checks_that_fail_are_told_with_their_line(
    lesson: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int, told: str
) -> None:
    home = lesson.parents[2] / "src" / "eatorch" / "exercises" / "lesson_03.py"
    home.parent.mkdir(parents=True)
    home.write_text(text)
    monkeypatch.setattr(
        lesson_exercises, "numbers", lambda _: runpy.run_path(str(home))
    )
    none, (fault,) = checks_of(lesson)
    assert none == ()
    assert fault.startswith(f"{home}:{line}: {told}")
    assert_form([fault])


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("answers = 1\n\nWRONG = {'03-1': [nn, 2]}", 3, "NameError: name 'nn' is not"),
        ("answers = 1\n\nWRONG = {'03-1': [", 3, "SyntaxError: '[' was never closed"),
        ("answers = 1", 1, "KeyError: 'WRONG'"),
        ("WRONG = []", 1, "AttributeError: 'list' object has no attribute 'get'"),
        ("WRONG = {'03-1': 3}", 1, "TypeError: 'int' object is not iterable"),
        ("raise SystemExit", 1, "SystemExit: no message"),
    ],
)
def test_wrong_answers_that_fail_are_told_with_their_line(
    lesson: Path, text: str, line: int, told: str
) -> None:
    path = lesson.parents[2] / "tests" / "exercises" / "wrong_03.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    nothing = Block("code", "", 1)
    (fault,) = slip_faults(Exercise(lesson, "03-1", "x", nothing, nothing))
    assert fault.startswith(f"{path}:{line}: {told}")
    assert fault.endswith("WRONG maps the number of each exercise to a list of answers")
    assert_form([fault])


def test_a_script_that_leaves_no_line_is_told(lesson: Path) -> None:
    """Killed for its memory, for example."""
    lesson.parent.mkdir(parents=True)
    code = "import os\n\n# %%\n# Bye.\n\nos._exit(3)\n"
    lesson.write_text(f'"""\nThree\n=====\n"""\n\n{code}', encoding="utf-8")
    (fault,) = alone_faults(lesson, ROOT)
    assert fault.startswith(
        f"{lesson}:1: the downloaded script stops with 'status 3'; "
    )


def test_what_a_reader_lacks_is_told(lesson: Path) -> None:
    """Though the project has it."""
    lesson.parent.mkdir(parents=True)
    code = "import os, yaml\nimport torch, requests\nfrom bs4.element import Tag\n"
    lesson.write_text(f'"""\nThree\n=====\n"""\n\n{code}', encoding="utf-8")
    told = [it.removeprefix(f"{lesson}:") for it in import_faults(lesson)]
    assert [it.partition(",")[0] for it in told] == [
        "6: a reader has no 'yaml'",
        "7: a reader has no 'requests'",
        "8: a reader has no 'bs4'",
    ]


@pytest.mark.parametrize("path", LESSONS, ids=lambda it: it.stem)
def test_a_reader_has_what_a_lesson_imports(path: Path) -> None:
    assert list(import_faults(path)) == []


def test_a_busy_machine_breaks_no_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_SECONDS", 20.0)
    command.check(tmp_path, "77")
    assert checking._SECONDS > 60


def test_a_good_lesson_has_nothing_to_mend() -> None:
    done = check(ROOT, "01")
    assert done.stdout.splitlines()[1:] == ["eatorch: nothing to mend"], done.stdout
    assert done.returncode == 0


def test_all_lessons_can_be_read_at_once(told: list[str], small_project: Path) -> None:
    done = check(small_project)
    assert f"{LESSON}:9: field :Level:" in done.stdout
    assert "gallery/1_part/01_one.py:1: a lesson has 2 to 5 exercises" in done.stdout
    assert "UserWarning" not in done.stdout, "nothing runs"
    assert len(told) > done.stdout.count("02_two")


def test_an_unknown_number_is_told(small_project: Path) -> None:
    done = check(small_project, "77")
    assert done.returncode == 1
    assert "L must be the number of a lesson such as 07, got '77'" in done.stderr


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    return tmp_path / "gallery" / "1_part" / "03_three.py"


def ran(lesson: Path, code: str) -> Run:
    lesson.parent.mkdir(parents=True)
    lesson.write_text(f'"""\nThree\n=====\n"""\n\n{code}\n', encoding="utf-8")
    return run(lesson)


def test_what_is_no_python_is_told_once(lesson: Path) -> None:
    lesson.parent.mkdir(parents=True)
    lesson.write_text('"""Three."""\n\nprint(\n', encoding="utf-8")
    links = SourceLinks(ROOT)
    (fault,) = text_faults(lesson, lesson.parents[2], links)
    assert fault.startswith(f"{lesson}:3: '(' was never closed")
    assert list(run_faults(lesson, lesson.parents[2])) == []


def test_a_lesson_that_raises_is_told_with_the_line(lesson: Path) -> None:
    done = ran(lesson, "def divide():\n    return 1 / 0\n\n\ndivide()")
    assert not done.finished
    (fault,) = done.faults
    assert fault.startswith(f"{lesson}:7: ZeroDivisionError: division by zero; mend it")


def test_a_lesson_that_ends_python_is_told(lesson: Path) -> None:
    done = ran(lesson, "raise SystemExit(3)")
    assert done.faults[0].startswith(f"{lesson}:6: SystemExit: 3; mend it")


def test_a_warning_of_a_library_is_told_with_the_line_of_the_lesson(
    lesson: Path,
) -> None:
    code = "import textwrap\nimport torch\n\ntorch.nn.functional.mse_loss("
    done = ran(lesson, f"{code}torch.ones(2), torch.ones(2, 1))")
    (fault,) = done.faults
    assert fault.startswith(f"{lesson}:9: UserWarning: Using a target size")


def test_a_lesson_that_takes_too_long_is_told(lesson: Path) -> None:
    assert ran(lesson, "total = sum(range(1000))").seconds > 0
    assert list(time_faults(lesson, SECONDS - 1)) == []
    (fault,) = time_faults(lesson, SECONDS + 1)
    assert "the run took 21 s of processor time, at most 20 s are allowed" in fault


def test_a_run_leaves_the_process_as_it_was(lesson: Path) -> None:
    before = Path.cwd()
    done = ran(lesson, "open('left', 'w').close()\nprint('a line')")
    assert done.faults == []
    assert Path.cwd() == before
    assert not Path("left").exists()


def labels_missing(axes: Axes) -> list[str]:
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    return [fault.split()[1] for fault in figure_faults(figure)]


def test_only_an_axis_with_numbers_needs_a_label() -> None:
    axes = plt.figure().add_subplot(title="A finding")
    axes.plot([1, 2])
    assert labels_missing(axes) == ["x", "y"]
    axes.set(xlabel="step")
    assert labels_missing(axes) == ["y"]
    axes.get_figure().supylabel("error")  # type: ignore[union-attr]
    assert labels_missing(axes) == []


@pytest.mark.parametrize("quiet", ["names", "no ticks", "switched off"])
def test_names_or_no_ticks_need_no_label(quiet: str) -> None:
    axes = plt.figure().add_subplot(title="A finding")
    axes.bar(["cat", "dog"] if quiet == "names" else [1, 2], [1, 2])
    axes.set(yticks=[])
    if quiet == "no ticks":
        axes.set(xticks=[])
    if quiet == "switched off":
        axes.set_axis_off()
    assert labels_missing(axes) == []


def test_an_axis_of_powers_needs_a_label() -> None:
    axes = plt.figure().add_subplot(title="A finding", yscale="log", xticks=[])
    axes.plot([1, 1000])
    assert labels_missing(axes) == ["y"]


def test_one_label_serves_a_column_of_axes() -> None:
    _, panels = plt.subplots(2, 2)
    for panel in panels.flat:
        panel.set(title="A finding", ylabel="y")
    panels[1, 0].set(xlabel="x")
    assert labels_missing(panels[0, 0]) == ["x", "x"], "of the second column"


def test_inner_axes_and_colour_bars_need_no_label() -> None:
    figure, (left, right) = plt.subplots(1, 2, sharey=True)
    left.set(title="A finding", xlabel="x", ylabel="y")
    figure.colorbar(right.imshow([[0, 1]]), ax=right)
    assert labels_missing(left) == []
