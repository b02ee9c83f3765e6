"""The figures of ``make bench`` on the page that tells how this site is built.

``docs/build_figures.json`` holds what ``benchmarks/build_time.py`` and
``benchmarks/scale.py`` recorded with ``--keep``, with machine and date. Nothing is
measured while the page is built, and where nothing is recorded the page says so.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx

from eatorch.sphinxext.lookup import Lookup

__all__ = ["growth_rows", "time_rows"]

# Each text as (English, Chinese).
_RECORDED = (
    "Recorded on {date} by ``{command}``, not measured now: {device}, {cores} cores "
    "with a load of {load}, Python {python}, PyTorch {torch}, Sphinx {sphinx}.",
    "以下数字由 ``{command}`` 记录于 {date}，并非构建本页时所测：{device}，"
    "{cores} 个核（负载 {load}），Python {python}、PyTorch {torch}、Sphinx {sphinx}。",
)
_NOT_RECORDED = (
    "No figures are recorded here yet. ``{command}`` measures them and writes them "
    "to this page.",
    "这里还没有记录数字。``{command}`` 会测量它们，并写进本页。",
)
_SCRIPTS = {"time": "build_time", "growth": "scale"}
_TIME_HEAD = (
    ("What, {lessons} lessons", "Beside", "By the clock", "Processor time"),
    ("对象（{lessons} 课）", "与什么相比", "按时钟", "处理器时间"),
)
_TIMES = {
    "both": (
        ("Both languages, from nothing", "从零构建两种语言"),
        ("just running all scripts", "只运行全部脚本"),
    ),
    "languages": (
        ("Both languages, from nothing", "从零构建两种语言"),
        ("English alone", "只构建英文"),
    ),
    "again": (
        ("Build again, nothing changed", "没有改动，再构建一次"),
        ("the first build", "第一次构建"),
    ),
    "preview": (
        ("Preview of one lesson, both languages", "预览一课，两种语言"),
        ("just running its script", "只运行它的脚本"),
    ),
}
_GROWTH_HEAD = (
    ("What", "{first} lessons", "{last} lessons", "Times"),
    ("对象", "{first} 课", "{last} 课", "倍数"),
)
_STAGES = {
    "English": ("Run the lessons, write English", "运行课程，写出英文"),
    "Chinese": ("Write Chinese", "写出中文"),
    "finish": ("Finish the pages", "完善页面"),
    "downloads": ("Downloads", "下载文件"),
    "search": ("Search index", "搜索索引"),
    "offline": ("Offline editions", "离线版本"),
    "all": ("All of it", "全部"),
}
_PEAK = ("Memory of the largest process", "最大进程占用的内存")
_SEARCH = {
    "index_kb": (("Both search indexes", "两种语言的搜索索引"), "kB"),
    "query_kb": (("Loaded for one question", "一次搜索加载的数据"), "kB"),
    "query_ms": (("Time to an answer", "得到结果所需的时间"), "ms"),
}
_TIME_WIDTHS, _GROWTH_WIDTHS = (35, 30, 15, 20), (45, 20, 20, 15)


def time_rows(record: dict[str, Any], *, chinese: bool) -> list[list[str]]:
    """Return the rows of the table of times: what, beside what, and both ratios.

    Args:
        record: What ``build_time.py`` recorded.
        chinese: Whether the page is in Chinese.

    >>> record = {"ratios": {"again": {"clock": 0.254, "processor": 0.3}}}
    >>> time_rows(record, chinese=False)
    [['Build again, nothing changed', 'the first build', '0.25', '0.30']]
    """
    return [
        [what[chinese], base[chinese], *(f"{it:.2f}" for it in _both(found))]
        for name, (what, base) in _TIMES.items()
        if (found := record["ratios"].get(name))
    ]


def _both(found: dict[str, float]) -> tuple[float, float]:
    return found["clock"], found["processor"]


def growth_rows(record: dict[str, Any], *, chinese: bool) -> list[list[str]]:
    """Return the rows of the table of growth: what, at both ends, and their ratio.

    Args:
        record: What ``scale.py`` recorded.
        chinese: Whether the page is in Chinese.
    """
    ends = [str(record["sizes"][0]), str(record["sizes"][-1])]
    return [
        [what[chinese], _told(first, unit), _told(last, unit), f"{last / first:.1f}"]
        for what, unit, (first, last) in _grown(record, ends)
    ]


def _grown(
    record: dict[str, Any], ends: list[str]
) -> Iterator[tuple[tuple[str, str], str, list[float]]]:
    """Yield name, unit and the figures at both ends."""
    for stage, name in _STAGES.items():
        yield name, "s", [record["costs"][end][stage]["processor"] for end in ends]
    yield _PEAK, "MB", [record["costs"][end]["all"]["peak_mb"] for end in ends]
    for key, (name, unit) in _SEARCH.items():
        if all(record["search"][end] for end in ends):  # else there was no browser
            yield name, unit, [record["search"][end][key] for end in ends]


def _told(value: float, unit: str) -> str:
    return f"{value:,.0f}\N{NO-BREAK SPACE}{unit}"


class BuildFigures(Lookup):
    """``build-figures:: time`` or ``growth``: a table and where it was recorded."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build both and note that they depend on the file of figures."""
        kind = directives.choice(self.arguments[0], [*_SCRIPTS])
        path = Path(self.env.srcdir) / "build_figures.json"
        self.env.note_dependency(str(path))
        figures = json.loads(path.read_text("utf-8")) if path.exists() else {}
        record = figures.get(_SCRIPTS[kind])
        if record is None:
            command = f"python benchmarks/{_SCRIPTS[kind]}.py --keep"
            return self.cell(_NOT_RECORDED[self.chinese].format(command=command))
        return [*self.cell(self._origin(record)), self._table(kind, record)]

    def _table(self, kind: str, record: dict[str, Any]) -> nodes.table:
        if kind == "time":
            head, widths, rows = _TIME_HEAD, _TIME_WIDTHS, time_rows
            names = {"lessons": record["lessons"]}
        else:
            head, widths, rows = _GROWTH_HEAD, _GROWTH_WIDTHS, growth_rows
            names = {"first": record["sizes"][0], "last": record["sizes"][-1]}
        titles = [title.format(**names) for title in head[self.chinese]]
        found = rows(record, chinese=self.chinese)
        return self.table("build-figures", widths, titles, found, stacked=False)

    def _origin(self, record: dict[str, Any]) -> str:
        origin = record["origin"]
        text = _RECORDED[self.chinese]
        return text.format(**origin, **origin["versions"], command=record["command"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("build-figures", BuildFigures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
