"""The recorder of lesson 31, tried with tiny sizes and a backend without compiler."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "src" / "eatorch" / "data" / "compile.json"
TIMES = ("first_s", "first_cpu_s", "again_s", "again_cpu_s", "plain_s", "compiled_s")


@pytest.fixture(scope="module")
def recorder() -> Iterator[ModuleType]:
    """Import it as Python does when it runs it."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield import_module("record_compile")
    sys.path.remove(str(ROOT / "benchmarks"))


def assert_complete(record: dict[str, Any]) -> None:
    """A record names its origin and holds the four cases of the lesson."""
    for name in ("device", "torch", "python", "compiler", "command"):
        assert record[name]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["date"])
    cases = [row["case"] for row in record["cases"]]
    assert cases == ["chain", "predict", "train", "average"]
    for row in record["cases"]:
        assert all(row[name] > 0 for name in TIMES)
        low, high = row["ratio_quartiles"]
        assert low <= row["ratio"] <= high


def test_the_record_of_the_package_is_complete() -> None:
    """It was taken with inductor, in full size."""
    record = json.loads(KEPT.read_text("utf-8"))
    assert_complete(record)
    assert "g++" in record["compiler"]
    assert "--quick" not in record["command"]
    assert "--backend" not in record["command"]


def test_a_tiny_run_writes_the_same_kind_of_record(
    recorder: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its processes are replaced by one call each, for they would take a minute."""

    def here(name: str, options: Any, _cache: str) -> dict[str, Any]:
        measured: dict[str, Any] = recorder.measure(
            name, options.backend, options.rounds, options.quick
        )
        return measured

    monkeypatch.setattr(recorder, "apart", here)
    path = tmp_path / "try.json"
    threads = torch.get_num_threads()
    try:
        tiny = ["--quick", "--backend", "eager", "--rounds", "2"]
        recorder.main([*tiny, "--out", str(path)])
    finally:
        torch.set_num_threads(threads)
        torch.compiler.reset()
    record = json.loads(path.read_text("utf-8"))
    assert_complete(record)
    assert record["torch"] == torch.__version__
    assert abs((date.today() - date.fromisoformat(record["date"])).days) <= 1
    assert record["command"] == (
        "python benchmarks/record_compile.py --rounds 2 --quick --backend eager"
    )
    assert f"torch: {torch.__version__}" in capsys.readouterr().out


@pytest.mark.parametrize("rounds", ["1", "0", "-3"])
def test_too_few_rounds_are_refused_before_anything_is_measured(
    rounds: str,
    recorder: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(recorder, "apart", None)
    with pytest.raises(SystemExit):
        recorder.main(["--rounds", rounds])
    told = capsys.readouterr().err
    assert f"--rounds must be 2 or more, for quartiles, got {rounds}" in told


def test_one_case_runs_in_a_process_of_its_own(
    recorder: ModuleType, tmp_path: Path
) -> None:
    options = recorder.argparse.Namespace(backend="eager", rounds=2, quick=True)
    row = recorder.apart("chain", options, str(tmp_path))
    assert row["case"] == "chain"
    assert row["first_cpu_s"] > 0
