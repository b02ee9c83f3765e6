"""A build publishes both languages, or nothing, whatever goes wrong."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("build")  # they share a costly fixture
PAGE = "lessons/1_part/01_one.html"


def command(project: Path) -> list[str]:
    code = (
        "import sys; sys.path.insert(0, 'src')\n"
        "from eatorch.sphinxext import build\n"
        "sys.exit(build.main())"
    )
    return [sys.executable, "-c", code, "--root", str(project)]


def build(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(project),
        cwd=project,
        text=True,
        capture_output=True,
        check=False,
        env=environment(project),
    )


def environment(project: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(project / "src")}


def sections(html: str) -> list[str]:
    return re.findall(r'<section[^>]* id="([^"]+)"', html)


def fingerprint(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*.html")
    }


@pytest.fixture(scope="module")
def built(small_project: Path) -> Path:
    done = build(small_project)
    assert done.returncode == 0, done.stdout + done.stderr
    return small_project


def change(project: Path, name: str, old: str, new: str) -> None:
    path = project / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_one_execution_makes_two_languages(built: Path) -> None:
    site = built / "build" / "site"
    english = (site / "en" / PAGE).read_text(encoding="utf-8")
    chinese = (site / "zh-cn" / PAGE).read_text(encoding="utf-8")
    assert "the total is 2" in english
    assert "the total is 2" in chinese
    assert "答案是二。" in chinese
    assert 'alt="直线上升"' in chinese
    assert "Two is the answer" not in chinese
    ids = [
        re.findall(r'<section[^>]* id="([^"]+)"', html) for html in (english, chinese)
    ]
    assert ids[0] == ids[1], "the language switch keeps the place"
    assert (site / "en" / "pagefind" / "pagefind.js").exists()
    assert (site / "index.html").exists()
    assert list((site / "wheels").glob("eatorch-*.whl"))

    again = build(built)
    assert "0 of 1 lessons ran" in again.stdout
    assert fingerprint(site) == fingerprint(built / "build" / "site")


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "gallery/1_part/01_one.py",
            "total = 1 + 1",
            "total = 1 + one",
            "gallery/1_part/01_one.py:15: NameError: name 'one' is not defined",
        ),
        (
            "gallery/1_part/01_one.py",
            "Two is the answer.",
            "Two is the answer to :ref:`nothing`.",
            "gallery/1_part/01_one.py: WARNING: undefined label: 'nothing'",
        ),
        (
            "gallery/1_part/01_one.py",
            "Two is the answer.",
            "Three is the answer.",
            "01_one.po: 1 of 4 messages are not translated, first 'Three is",
        ),
        (
            "gallery/1_part/01_one.py",
            ":Level: 1",
            ":Level: 7",
            "gallery/1_part/01_one.py:9: field :Level: must be a number from 1 to 5",
        ),
    ],
)
def test_a_fault_is_named_and_the_last_good_site_stays(
    built: Path, name: str, old: str, new: str, told: str
) -> None:
    before = fingerprint(built / "build" / "site")
    change(built, name, old, new)
    done = build(built)
    assert done.returncode == 1
    assert told in done.stderr
    assert fingerprint(built / "build" / "site") == before
    change(built, name, new, old)
    mended = build(built)
    assert mended.returncode == 0, mended.stderr
    assert fingerprint(built / "build" / "site").keys() == before.keys()


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("moment", ["generating gallery", "Chinese"])
def test_after_a_kill_the_next_build_is_right(
    built: Path, stop: signal.Signals, moment: str
) -> None:
    before = fingerprint(built / "build" / "site")
    change(built, "gallery/1_part/01_one.py", "1 + 1", "2 + 0")
    process = subprocess.Popen(
        command(built),
        cwd=built,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(built),
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if moment in line:
            break
    time.sleep(1)
    os.killpg(process.pid, stop)
    process.wait()
    assert fingerprint(built / "build" / "site") == before

    done = build(built)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (built / "build" / "site" / "zh-cn" / PAGE).read_text(encoding="utf-8")
    assert '2</span> <span class="o">+</span> <span class="mi">0' in page
    assert not (built / "build" / "UNFINISHED").exists()
    change(built, "gallery/1_part/01_one.py", "2 + 0", "1 + 1")
