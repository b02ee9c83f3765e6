"""The commands and addresses that lesson 26 gives are tried on a real server."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from torch.utils.tensorboard import SummaryWriter

ADDRESS = re.compile(r"http://[\w.]+:\d+")
LONG = 1_500  # points
PATIENCE = 180.0  # seconds; the first start on a slow machine loads many modules


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Log the parabola of the lesson and a curve of more than 1,000 points."""
    folder = tmp_path_factory.mktemp("runs")
    with SummaryWriter(folder / "parabola") as writer:
        for step in range(-10, 11):
            writer.add_scalar("y", step**2, step)
    with SummaryWriter(folder / "long") as writer:
        for step in range(LONG):
            writer.add_scalar("y", step, step)
    return folder


@contextmanager
def started(folder: Path, *options: str) -> Iterator[str]:
    """Run TensorBoard on a folder and yield its address."""
    told = folder.parent / f"told{len(options)}.txt"
    where = ["--logdir", str(folder), "--host", "127.0.0.1", "--port", "0"]
    command = [sys.executable, "-m", "tensorboard.main", *where, *options]
    with told.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield address(process, told)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def server(runs: Path) -> Iterator[str]:
    """Yield the address of a server with the settings of the lesson."""
    with started(runs) as address:
        yield address


def address(process: subprocess.Popen[bytes], told: Path) -> str:
    """Return the address that the server prints when it is ready."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := ADDRESS.search(told.read_text()):
            return found[0]
        assert process.poll() is None, told.read_text()
        time.sleep(0.2)
    pytest.fail(f"no address after {PATIENCE:g} seconds: {told.read_text()}")


def fetch(url: str) -> Any:
    """Ask the server; it first has to load the files, and says 404 until then."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with opener.open(url, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def curve(server: str, run: str) -> Any:
    """Return time, step and value of each point, from the address in the lesson."""
    return fetch(f"{server}/data/plugin/scalars/scalars?run={run}&tag=y")


def test_a_logged_curve_arrives_over_http(server: str) -> None:
    """The line with ``curl`` in the lesson returns time, step and value."""
    answer = curve(server, "parabola")
    assert [step for _, step, _ in answer] == list(range(-10, 11))
    assert [value for _, _, value in answer] == [step**2 for step in range(-10, 11)]


def test_a_folder_is_a_run(server: str) -> None:
    """Below the folder of ``--logdir`` each folder with events is a run."""
    curve(server, "parabola")  # now the files are loaded
    assert sorted(fetch(f"{server}/data/runs")) == ["long", "parabola"]


def test_a_long_curve_is_thinned_out_unless_told_otherwise(
    server: str, runs: Path
) -> None:
    """The option that the lesson names keeps all points."""
    assert len(curve(server, "long")) == 1_000
    with started(runs, "--samples_per_plugin", "images=100,scalars=10000") as other:
        assert len(curve(other, "long")) == LONG
