"""Figures that were taken once on a real GPU, for readers and builds without one.

``benchmarks/record_gpu.py`` measures and writes them into ``gpu.json`` beside the data
of this package. As long as nobody has done so there is no such file, and the functions
below say so.
"""

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

__all__ = ["gpu_record", "gpu_report"]

_NONE = "No figures from a GPU have been recorded yet."
_UNITS = ((1.0, "s"), (1e-3, "ms"), (0.0, "µs"))


def gpu_record(path: Path | None = None) -> dict[str, Any] | None:
    """Return the figures that were recorded on a GPU, or None if nobody has taken any.

    Args:
        path: A record of your own; the one that comes with the package if None.

    Returns:
        Device, versions, date and command, and one list per subject. Names that end in
        ``_s`` hold seconds, in ``_bytes`` bytes.

    Raises:
        FileNotFoundError: If you name a file that is not there.
        ValueError: If the file is no record.

    Example:
        >>> record = gpu_record()
        >>> record is None or record["date"] > "2026"
        True
    """
    source = path or files("eatorch.data").joinpath("gpu.json")
    if path is None and not source.is_file():
        return None
    record = json.loads(source.read_text("utf-8"))
    if not isinstance(record, dict) or "device" not in record:
        raise ValueError(f"path must hold a record of record_gpu.py, got {source}")
    return record


def gpu_report(record: dict[str, Any] | None) -> str:
    """Return a record as a few short tables, or the sentence that there is none.

    Args:
        record: What :func:`gpu_record` returned.

    Returns:
        Lines of text.

    Example:
        >>> gpu_report(None)
        'No figures from a GPU have been recorded yet.'
    """
    return _NONE if record is None else "\n".join(_lines(record))


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield f"recorded on {record['date']}: {record['device']}, beside {record['cpu']}"
    software = f"torch {record['torch']}, CUDA {record['cuda']}"
    yield f"{software}, {record['cpu_threads']} CPU threads"
    yield f"command: {record['command']}"
    pays = (_from(record[name]) for name in ("pays_from", "pays_from_with_copies"))
    yield "the GPU wins {}, with copies {}".format(*pays)
    for title, rows in record["tables"].items():
        names = list(rows[0])
        cells = [[_cell(name, row[name]) for name in names] for row in rows]
        yield ""
        yield title
        yield from _aligned([[_head(name) for name in names], *cells])


def _from(size: int | None) -> str:
    return "at no size" if size is None else f"from size {size:,} on"


def _head(name: str) -> str:
    return name.removesuffix("_s").removesuffix("_bytes").replace("_", " ")


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True))


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name.endswith("_s"):
        least, unit = next(pair for pair in _UNITS if value >= pair[0])
        return f"{value / (least or 1e-6):.3g} {unit}"
    if name.endswith("_bytes"):
        return f"{value / 2**20:,.0f} MiB"
    return f"{value:,}" if isinstance(value, int) else str(value)
