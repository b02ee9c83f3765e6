"""The benchmarks of the build measure real builds, and count right."""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from eatorch.sphinxext.catalogs import missing_messages

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
pytestmark = pytest.mark.xdist_group("build")  # they share a costly fixture


@pytest.fixture(scope="module")
def script() -> Iterator[Callable[[str], ModuleType]]:
    """Import the benchmarks as Python does when it runs one of them."""
    sys.path.insert(0, str(FOLDER))
    yield import_module
    sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def made(
    script: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Build two made-up lessons stage by stage; return the project and the costs."""
    root = tmp_path_factory.mktemp("made") / "project"
    script("_made_up").make_project(root, 2)
    run = partial(script("_costs").measured, root=root)
    stages = str(FOLDER / "_stages.py")
    return root, {name: run([stages, name]) for name in script("_stages").STAGES}


def test_made_up_lessons_become_a_whole_site_in_both_languages(
    made: tuple[Path, dict[str, Any]],
) -> None:
    root, costs = made
    site = root / "build" / "next"
    english, chinese = (
        next(site.glob(f"{tree}/lessons/*/002_made.html")).read_text("utf-8")
        for tree in ("en", "zh-cn")
    )
    assert "the sum is" in english
    assert "the sum is" in chinese
    assert "Divide the sum by 2." in english
    assert "把总和除以 2。" in chinese
    locales = root / "locales" / "zh_CN" / "LC_MESSAGES"
    assert list(missing_messages(root / "build" / "work" / "messages", locales)) == []
    for tree in ("en", "zh-cn"):
        assert (site / tree / "downloads" / f"eatorch-{tree}.epub").exists()
        assert (site / tree / "pagefind" / "pagefind-entry.json").exists()
    assert all(it.processor > 0 and it.peak_mb > 10 for it in costs.values())


def test_the_scripts_alone_are_run_as_the_gallery_runs_them(
    script: Callable[[str], ModuleType], made: tuple[Path, dict[str, Any]]
) -> None:
    """The plain run starts them all, and a script that fails ends the measurement."""
    root, _ = made
    measured = script("_costs").measured
    plain = [str(FOLDER / "build_time.py"), "--plain", "1"]
    lesson = next(root.glob("gallery/*/001_made.py"))
    note = root / "ran.txt"
    seen = lesson.with_name("seen.py")
    seen.write_text(
        "import torch\nfrom pathlib import Path\n"
        f"Path({str(note)!r}).write_text(str(torch.initial_seed()))\n"
    )
    assert measured([*plain, str(lesson), str(seen)], root).processor > 0.5
    assert note.read_text() == "0"
    seen.write_text("1 / 0\n")
    with pytest.raises(SystemExit, match=r"seen\.py: ZeroDivisionError"):
        measured([*plain, str(seen)], root)


def test_processor_time_counts_the_processes_of_a_process(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    work = "import time\nwhile time.process_time() < 0.5: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    cost = script("_costs").measured(["-c", code], tmp_path)
    assert 0.5 <= cost.processor < 5
    assert cost.peak_mb > 5


def test_a_copy_with_few_lessons_keeps_every_label(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    root = script("_projects").copy_project(tmp_path / "copy", ["01", "28"])
    lessons = sorted(path.name for path in root.glob("gallery/*/[0-9]*.py"))
    assert lessons == ["01_hello.py", "28_build.py"]
    assert ":Needs:" not in (root / "gallery/6_high/28_build.py").read_text("utf-8")
    pages = [it for it in root.rglob("*") if it.suffix in {".md", ".py", ".rst"}]
    texts = [path.read_text("utf-8") for path in pages if "tests" not in path.parts]
    found = re.compile(r"^(?:# )?(?:\.\. _([\w-]+):|\(([\w-]+)\)=)\s*$", re.MULTILINE)
    labels = [one or two for text in texts for one, two in found.findall(text)]
    links = re.compile(r":ref:`(?:[^`<]*<)?([\w-]+)>?`")
    asked = {
        link
        for path in root.glob("gallery/*/*.py")
        for link in links.findall(path.read_text("utf-8"))
    }
    assert asked <= set(labels)
    with pytest.raises(SystemExit, match=r"--lessons must name lessons.* got 99"):
        script("_projects").copy_project(tmp_path / "other", ["99"])


def test_ratios_are_those_of_hand_worked_costs(
    script: Callable[[str], ModuleType],
) -> None:
    cost = script("_costs").Cost
    costs = {
        "plain": cost(50, 100, 1),
        "both": cost(100, 150, 1),
        "again": cost(10, 15, 1),
        "english": cost(80, 120, 1),
        "script": cost(4, 5, 1),
        "preview": cost(8, 10, 1),
    }
    assert script("build_time").compare(costs) == {
        "both": {"clock": 2.0, "processor": 1.5},
        "languages": {"clock": 1.25, "processor": 1.25},
        "again": {"clock": 0.1, "processor": 0.1},
        "preview": {"clock": 2.0, "processor": 2.0},
    }


def test_growth_is_recorded_with_its_origin(
    script: Callable[[str], ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Linear and square growth are told apart; the figures of others stay."""
    scale, cost = script("scale"), script("_costs").Cost
    search = {"index_kb": 10, "query_kb": 2, "query_ms": 3.0}

    def made_up(count: int) -> tuple[dict[str, Any], dict[str, float]]:
        costs = {
            "English": cost(1, 0.5 * count, 100),
            "search": cost(1, count * count / 100, 90),
        }
        return costs, search

    monkeypatch.setattr(scale, "measure", made_up)
    path = tmp_path / "figures.json"
    path.write_text('{"build_time": 1}')
    scale.main(["--sizes", "10", "40", "20", "--out", str(path)])
    figures = json.loads(path.read_text())
    assert figures["build_time"] == 1
    record = figures["scale"]
    assert record["sizes"] == [10, 20, 40]
    assert record["exponents"]["English"] == {"fitted": 1.0, "last": 1.0}
    assert record["exponents"]["search"] == {"fitted": 2.0, "last": 2.0}
    assert record["search"]["40"] == search
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["origin"]["date"])
    assert "| search | 1.0 s | 4.0 s | 16.0 s | 2.0 | 2.0 |" in capsys.readouterr().out


@pytest.mark.parametrize("sizes", [["10"], ["0", "2"]])
def test_growth_needs_two_sizes(
    script: Callable[[str], ModuleType], sizes: Sequence[str]
) -> None:
    with pytest.raises(SystemExit):
        script("scale").main(["--sizes", *sizes])


def test_figures_go_to_one_place(
    script: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    script("_costs").keep_option(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--keep", "--out", "figures.json"])
    assert "not allowed with" in capsys.readouterr().err


class SlowSize(str):
    """A size that takes a while to read, so that another thread reads one meanwhile."""

    __slots__ = ()

    def __int__(self) -> int:
        time.sleep(0.05)
        return 7


def test_what_a_server_sends_at_once_is_all_counted(
    script: Callable[[str], ModuleType],
) -> None:
    browser = script("_browser")

    def send(server: Any) -> None:
        handler = object.__new__(browser._Handler)
        handler.server, handler.request_version = server, "HTTP/0.9"  # no answer
        handler.send_header("Content-Length", SlowSize("7"))

    with (
        browser._Server(("127.0.0.1", 0), browser._Handler) as server,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(send, [server] * 8))
        assert server.sent == 8 * 7
