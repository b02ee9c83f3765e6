"""The page shows what was recorded, with its origin, and nothing of its own."""

import json
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp

from eatorch.sphinxext.build_figures import growth_rows, time_rows

ORIGIN = {
    "date": "2026-11-21",
    "device": "a machine",
    "cores": 2,
    "load": 1.5,
    "python": "3.11.7",
    "versions": {"torch": "2.13.0", "sphinx": "9.0.4"},
}
RATIOS = {"both": 1.25, "languages": 1.1, "again": 0.2, "preview": 3.0}
STAGES = ("English", "Chinese", "finish", "downloads", "search", "offline", "all")


def costs(size: int) -> dict[str, Any]:
    return {stage: {"processor": 2.0 * size, "peak_mb": 300 + size} for stage in STAGES}


def asked(size: int) -> dict[str, float]:
    return {"index_kb": 5 * size, "query_kb": 20, "query_ms": 12.0}


FIGURES: dict[str, Any] = {
    "build_time": {
        "origin": ORIGIN,
        "command": "python benchmarks/build_time.py --keep",
        "lessons": 36,
        "ratios": {
            name: {"clock": it, "processor": it / 2} for name, it in RATIOS.items()
        },
    },
    "scale": {
        "origin": ORIGIN,
        "command": "python benchmarks/scale.py --keep",
        "sizes": [10, 50, 100],
        "costs": {str(size): costs(size) for size in (10, 50, 100)},
        "search": {str(size): asked(size) for size in (10, 50, 100)},
    },
}


def build(folder: Path, figures: object, language: str) -> tuple[str, str]:
    """Build a page with both tables; return it and the warnings."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    (docs / "build_figures.json").write_text(json.dumps(figures))
    tables = "".join(f".. build-figures:: {kind}\n\n" for kind in ("time", "growth"))
    (docs / "index.rst").write_text(f"Title\n=====\n\n{tables}")
    (docs / "conf.py").write_text("extensions = ['eatorch.sphinxext.build_figures']")
    app = SphinxTestApp("html", srcdir=docs, confoverrides={"language": language})
    app.build()
    app.cleanup()
    return (app.outdir / "index.html").read_text("utf-8"), app.warning.getvalue()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["Recorded on 2026-11-21", "English alone", "100 lessons", "Finish the"],
        ),
        ("zh_CN", ["记录于 2026-11-21", "只构建英文", "100 课", "完善页面"]),
    ],
)
def test_both_tables_tell_their_origin_in_the_language_of_the_page(
    tmp_path: Path, language: str, words: list[str]
) -> None:
    page, warnings = build(tmp_path, FIGURES, language)
    assert warnings == ""
    for word in [*words, "a machine", "benchmarks/scale.py", "2.13.0"]:
        assert word in page
    assert page.count("<table") == 2
    assert "glossary" not in page  # on a phone it would hide what the numbers mean


def test_times_are_both_ratios() -> None:
    rows = time_rows(FIGURES["build_time"], chinese=False)
    assert [row[2:] for row in rows] == [
        ["1.25", "0.62"],
        ["1.10", "0.55"],
        ["0.20", "0.10"],
        ["3.00", "1.50"],
    ]


def test_growth_compares_the_smallest_with_the_largest() -> None:
    rows = growth_rows(FIGURES["scale"], chinese=False)
    space = "\N{NO-BREAK SPACE}"
    assert rows[0][1:] == [f"20{space}s", f"200{space}s", "10.0"]
    assert rows[-4][1:] == [f"310{space}MB", f"400{space}MB", "1.3"]
    assert [row[3] for row in rows[-3:]] == ["10.0", "1.0", "1.0"]


def test_without_a_browser_there_are_no_figures_of_the_search() -> None:
    record = {**FIGURES["scale"], "search": {it: {} for it in ("10", "50", "100")}}
    assert len(growth_rows(record, chinese=True)) == len(STAGES) + 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "No figures are recorded"), ("zh_CN", "这里还没有记录数字")],
)
def test_figures_that_were_not_recorded_are_told_with_the_command(
    tmp_path: Path, language: str, words: str
) -> None:
    page, warnings = build(tmp_path, {"scale": FIGURES["scale"]}, language)
    assert warnings == ""
    assert page.count(words) == 1
    assert "benchmarks/build_time.py" in page
    assert page.count("<table") == 1
