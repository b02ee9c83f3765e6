"""Measure how the build and the search grow with the number of lessons.

Made-up lessons, built stage by stage, each stage in a process of its own: processor
time, clock and the memory of its largest process. Where cost is n to the power of an
exponent, 1 means linear: it is fitted to all sizes, and told once more for the two
largest, where fixed costs weigh least.
"""

import argparse
import math
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _browser import has_browser, search_costs
from _costs import Cost, keep, keep_option, measured, origin, rounded
from _made_up import make_project
from _stages import STAGES

SIZES = (36, 120, 360)
_STAGES = str(Path(__file__).with_name("_stages.py").resolve())


def measure(count: int) -> tuple[dict[str, Cost], dict[str, float]]:
    """Build a project of made-up lessons.

    Args:
        count: How many lessons.

    Returns:
        The cost of each stage, and of the search; empty without a browser.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = make_project(Path(folder, "project"), count)
        here = partial(measured, root=root)
        costs = {}
        for stage in STAGES:
            costs[stage] = here([_STAGES, stage])
            print(f"{count} lessons, {stage}: {_told(costs[stage])}", flush=True)
        search = search_costs(root / "build" / "next") if has_browser() else {}
    costs["all"] = sum(costs.values(), Cost(0, 0, 0))
    return costs, search


def _told(cost: Cost) -> str:
    return f"{cost.processor:.1f} s CPU, {cost.clock:.1f} s, {cost.peak_mb:.0f} MB"


def exponents(costs: dict[int, dict[str, Cost]]) -> dict[str, dict[str, float]]:
    """Fit the growth of each stage's processor time.

    >>> costs = {n: {"all": Cost(0, 2.0 * n**2, 0)} for n in (10, 20, 40)}
    >>> exponents(costs)
    {'all': {'fitted': 2.0, 'last': 2.0}}
    """
    sizes = sorted(costs)
    found = {}
    for stage in costs[sizes[0]]:
        logs = np.log([costs[size][stage].processor for size in sizes])
        fitted = np.polyfit(np.log(sizes), logs, 1)[0]
        last = (logs[-1] - logs[-2]) / math.log(sizes[-1] / sizes[-2])
        found[stage] = {"fitted": round(float(fitted), 2), "last": round(last, 2)}
    return found


def show(record: dict[str, Any]) -> None:
    """Print costs and exponents as Markdown tables."""
    sizes = [str(size) for size in record["sizes"]]
    print(f"\n{record['origin']['date']}, {record['origin']['device']}")
    print("\n| stage |", " | ".join(f"{it} lessons" for it in sizes), end=" | ")
    print("exponent | last | peak MB |")
    print("|---" * (len(sizes) + 4) + "|")
    for stage, growth in record["exponents"].items():
        costs = [record["costs"][size][stage] for size in sizes]
        seconds = " | ".join(f"{it['processor']:.1f} s" for it in costs)
        peaks = f"{costs[0]['peak_mb']:.0f} to {costs[-1]['peak_mb']:.0f}"
        print(
            f"| {stage} | {seconds} | {growth['fitted']} | {growth['last']} | {peaks} |"
        )
    if not all(record["search"].values()):
        print("\nNo search was timed: that needs Chromium and playwright.")
        return
    print("\n| search |", " | ".join(f"{it} lessons" for it in sizes), "|")
    print("|---" * (len(sizes) + 1) + "|")
    for key in record["search"][sizes[0]]:
        found = " | ".join(str(record["search"][size][key]) for size in sizes)
        print(f"| {key} | {found} |")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="N")
    keep_option(parser)
    options = parser.parse_args(arguments)
    sizes = sorted(set(options.sizes))
    if len(sizes) < 2 or sizes[0] < 1:
        parser.error(f"--sizes must be two numbers of lessons or more, got {sizes}")
    before = origin()
    found = {size: measure(size) for size in sizes}
    costs = {size: stages for size, (stages, _) in found.items()}
    record = {
        "origin": before,
        "sizes": sizes,
        "costs": {str(size): rounded(stages) for size, stages in costs.items()},
        "exponents": exponents(costs),
        "search": {str(size): search for size, (_, search) in found.items()},
    }
    show(record)
    keep("scale", record, options)


if __name__ == "__main__":
    sys.exit(main())
