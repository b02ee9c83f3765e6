"""What a command takes: clock, processor and memory, and on which machine."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "build_figures.json"
_PACKAGES = ("torch", "sphinx", "sphinx-gallery", "myst-nb", "furo", "pagefind")


@dataclass(frozen=True)
class Cost:
    """What a command took, with all processes that it started.

    Attributes:
        clock: Seconds from start to end.
        processor: Seconds of processor time.
        peak_mb: Memory of its largest process, in MB.
    """

    clock: float
    processor: float
    peak_mb: float

    def __add__(self, other: "Cost") -> "Cost":
        """Return the cost of both, one after the other."""
        return Cost(
            self.clock + other.clock,
            self.processor + other.processor,
            max(self.peak_mb, other.peak_mb),
        )


def measured(command: Sequence[str], root: Path) -> Cost:
    """Run a Python command on a copy of the project and return what it took.

    Args:
        command: Arguments for this Python.
        root: The copy; its package is used, not the installed one.

    Raises:
        SystemExit: If the command fails; holds the end of what it printed.
    """
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "MPLBACKEND": "agg"}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryFile("w+") as log:
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        clock = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{log.read()[-3000:]}")
    return Cost(clock, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def ratios(cost: Cost, base: Cost) -> dict[str, float]:
    """Divide a cost by another one: by the clock and in processor time.

    >>> ratios(Cost(3, 4, 1), Cost(2, 2, 1))
    {'clock': 1.5, 'processor': 2.0}
    """
    return {
        "clock": round(cost.clock / base.clock, 3),
        "processor": round(cost.processor / base.processor, 3),
    }


def rounded(costs: dict[str, Cost]) -> dict[str, dict[str, float]]:
    """Return costs as they are recorded."""
    return {
        name: {key: round(value, 2) for key, value in asdict(cost).items()}
        for name, cost in costs.items()
    }


def origin() -> dict[str, Any]:
    """Tell machine, date and versions of a measurement."""
    return {
        "date": date.today().isoformat(),
        "device": processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def processor() -> str:
    """Return the name of the CPU."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return next(iter(names), platform.processor() or platform.machine())


def keep_option(parser: argparse.ArgumentParser) -> None:
    """Give a script the options that say where its figures go."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, help="write the figures to this file")
    where.add_argument(
        "--keep", action="store_true", help=f"write them to {KEPT.relative_to(ROOT)}"
    )


def keep(name: str, record: dict[str, Any], options: argparse.Namespace) -> None:
    """Write a script's part of the figures beside those of the others."""
    path = KEPT if options.keep else options.out
    if path is None:
        return
    record["command"] = " ".join([f"python benchmarks/{name}.py", *sys.argv[1:]])
    figures = json.loads(path.read_text("utf-8")) if path.exists() else {}
    figures[name] = record
    path.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", "utf-8")
