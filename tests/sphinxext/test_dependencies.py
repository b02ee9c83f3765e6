"""A lesson depends on the modules that it reaches, and on no others."""

import subprocess
import sys
from pathlib import Path

import pytest

from eatorch.sphinxext.dependencies import dependencies

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "eatorch"
LESSONS = sorted((ROOT / "gallery").glob("*/[0-9]*.py"))


def names(lesson: Path) -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix() for path in dependencies(lesson, PACKAGE)
    }


def written(folder: Path, code: str) -> Path:
    path = folder / "01_hello.py"
    path.write_text(code, encoding="utf-8")
    return path


def test_a_name_reaches_its_module_and_what_that_imports(tmp_path: Path) -> None:
    found = names(written(tmp_path, "import eatorch\neatorch.plots.plot_history\n"))
    assert {"plots.py", "layout.py", "seeding.py"} <= found
    assert not {"training.py", "metrics.py", "data/series.py"} & found


def test_a_name_at_the_top_reaches_its_home(tmp_path: Path) -> None:
    found = names(written(tmp_path, "import eatorch\neatorch.summary\n"))
    assert "summaries.py" in found


def test_data_belongs_to_who_reads_it(tmp_path: Path) -> None:
    found = names(written(tmp_path, "import eatorch\neatorch.data.co2()\n"))
    assert "data/co2.csv" in found
    assert "data/compile.json" not in found


def test_checks_of_other_lessons_do_not_count(tmp_path: Path) -> None:
    found = names(written(tmp_path, 'import eatorch\neatorch.check("01-1", 1)\n'))
    assert {it for it in found if "lesson_" in it} == {"exercises/lesson_01.py"}


_LOADED = """
import sys, runpy, matplotlib
matplotlib.use("agg")
runpy.run_path(sys.argv[1])
print("\\nLOADED", *(m.__file__ for n, m in sys.modules.items()
    if n.split(".")[0] == "eatorch" and getattr(m, "__file__", None)))
"""


@pytest.mark.parametrize("number", ["01", "03", "08", "12"])
def test_nothing_that_a_run_loads_is_overlooked(number: str) -> None:
    lesson = next(path for path in LESSONS if path.name.startswith(number))
    run = subprocess.run(
        [sys.executable, "-c", _LOADED, str(lesson)],
        text=True,
        capture_output=True,
        check=True,
    )
    loaded = run.stdout.rpartition("LOADED")[2].split()
    assert {Path(it).relative_to(PACKAGE).as_posix() for it in loaded} <= names(lesson)
