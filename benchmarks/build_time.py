"""Measure what building the site costs beside just running its lessons.

All in one run, on a copy of the project: every script run plainly, one process per
core; the build of English alone, and of both languages, from nothing; a second build
without a change; a preview of one lesson beside that script alone. Ratios are
given by the clock, where parallel work counts, and in processor time, which a busy
machine blurs less.
"""

import argparse
import os
import runpy
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _costs import Cost, keep, keep_option, measured, origin, ratios, rounded
from _projects import copy_project

HERE = Path(__file__).resolve()
STAGES = str(HERE.with_name("_stages.py"))
NAMES = {
    "both": "both languages, from nothing",
    "again": "a second build, nothing changed",
    "preview": "preview of one lesson",
}
BASES = {
    "both": "running all scripts",
    "again": "the first build",
    "preview": "running its script",
    "languages": "English alone",
}
GOALS = {"both": 1.3, "languages": 1.15}


def run_plainly(scripts: list[Path], processes: int) -> None:
    """Run scripts, one after the other in each of some processes.

    Raises:
        SystemExit: If one fails; names it.
    """
    context = get_context("spawn")  # as on the site: torch starts in each process
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for script, fault in zip(scripts, pool.map(_run, scripts), strict=True):
            if fault:
                raise SystemExit(f"{script}: {fault}")


def _run(script: Path) -> str:
    """Run a script as the gallery does, from its start settings; return its fault."""
    from eatorch.sphinxext.gallery import reset

    os.chdir(script.parent)
    reset({}, script.name, "before")
    try:
        runpy.run_path(str(script))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def measure(root: Path, preview: str, processes: int) -> dict[str, Cost]:
    """Build a copy of the project in several ways.

    Args:
        root: The copy, of which nothing has been built yet.
        preview: Number of the lesson to preview.
        processes: How many of them run the scripts plainly.
    """
    module = ["-m", "eatorch.sphinxext.build"]
    plain = [str(HERE), "--plain", str(processes)]
    here = partial(measured, root=root)
    costs = {"plain": _told("scripts", here([*plain, *_scripts(root)]))}
    costs["english"] = _told("English alone", here([STAGES, "alone"]))
    for made in (root / "build", root / "docs" / "lessons"):
        shutil.rmtree(made)
    costs["both"] = _told("both languages", here(module))
    costs["again"] = _told("again", here(module))
    costs["script"] = here([*plain, *_scripts(root, preview)])
    command = ["-m", "eatorch.sphinxext.preview", preview]
    costs["preview"] = _told("preview", here(command))
    return costs


def _scripts(root: Path, number: str = "") -> list[str]:
    return [str(it) for it in sorted(root.glob(f"gallery/*/{number or '[0-9]'}*.py"))]


def _told(name: str, cost: Cost) -> Cost:
    print(f"{name}: {cost.clock:.0f} s, {cost.processor:.0f} s CPU", flush=True)
    return cost


def compare(costs: dict[str, Cost]) -> dict[str, dict[str, float]]:
    """Divide each cost by what it stands beside."""
    pairs = {
        "both": ("both", "plain"),
        "languages": ("both", "english"),
        "again": ("again", "both"),
        "preview": ("preview", "script"),
    }
    return {name: ratios(costs[it], costs[base]) for name, (it, base) in pairs.items()}


def show(record: dict[str, Any]) -> None:
    """Print the ratios as a Markdown table."""
    print(f"\n{record['lessons']} lessons; ", end="")
    print(", ".join(f"{key} {record['origin'][key]}" for key in ("date", "device")))
    print("\n| what | beside | by the clock | processor time | goal |")
    print("|---|---|---|---|---|")
    for name, base in BASES.items():
        found, goal = record["ratios"][name], GOALS.get(name, "")
        row = (NAMES.get(name, NAMES["both"]), base)
        print("|", " | ".join(row), end=" | ")
        print(f"{found['clock']:.2f} | {found['processor']:.2f} | {goal} |")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", nargs="+", default=[], help="only these, as 01 28")
    parser.add_argument("--preview", default="01", help="lesson to preview")
    parser.add_argument("--plain", nargs="+", help=argparse.SUPPRESS)
    keep_option(parser)
    options = parser.parse_args(arguments)
    if options.plain:
        processes, *scripts = options.plain
        return run_plainly([Path(it) for it in scripts], int(processes))
    processes, before = os.cpu_count() or 1, origin()
    with tempfile.TemporaryDirectory() as folder:
        root = copy_project(Path(folder, "project"), options.lessons)
        lessons = len(_scripts(root))
        preview = options.lessons[0] if options.lessons else options.preview
        costs = measure(root, preview, processes)
    record = {"origin": before, "lessons": lessons, "processes": processes}
    record |= {"costs": rounded(costs), "ratios": compare(costs)}
    show(record)
    keep("build_time", record, options)
    return None


if __name__ == "__main__":
    sys.exit(main())
