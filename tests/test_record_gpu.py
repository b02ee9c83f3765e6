"""The recorder of GPU figures, tried on the CPU with tiny sizes."""

import json
import sys
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import torch

from eatorch import recorded
from eatorch.recorded import gpu_record, gpu_report

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "record_gpu.py"


@pytest.fixture(scope="module")
def recorder() -> Iterator[ModuleType]:
    """Import it as Python does when it runs it."""
    sys.path.insert(0, str(SCRIPT.parent))
    yield import_module(SCRIPT.stem)
    sys.path.remove(str(SCRIPT.parent))


@pytest.fixture(scope="module")
def written(recorder: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("record") / "cpu.json"
    recorder.main(["--device", "cpu", "--quick", "--out", str(path)])
    return path


def without_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: None)


def test_the_record_says_where_it_comes_from(written: Path) -> None:
    record = gpu_record(written)
    assert record
    assert record["kind"] == "cpu"
    assert record["device"] == record["cpu"] != ""
    assert record["torch"] == torch.__version__
    assert abs((date.today() - date.fromisoformat(record["date"])).days) <= 1
    assert record["command"] == (
        "python benchmarks/record_gpu.py --device cpu --quick"  # and no path
    )


def test_every_subject_is_measured_in_seconds(written: Path) -> None:
    record = gpu_record(written)
    assert record
    tables = record["tables"]
    assert [row["size"] for row in tables["product of two square matrices"]] == [8, 16]
    assert [row["call"] for row in tables["first calls"]][1] == "second"
    assert len(tables["two classic examples"]) == 2
    assert tables["copies"][0]["pinned_s"] is None  # the CPU needs no pinned memory
    steps = tables["one training step, by precision"]
    assert [row["precision"] for row in steps] == ["float32", "bfloat16, autocast"]
    assert len(tables["one training step, small and large"]) == 2
    times = [
        value
        for rows in tables.values()
        for row in rows
        for name, value in row.items()
        if name.endswith("_s") and value is not None
    ]
    assert len(times) == 22
    assert all(0 < value < 60 for value in times)


def test_the_report_shows_device_date_command_and_every_row(written: Path) -> None:
    record = gpu_record(written)
    assert record
    report = gpu_report(record)
    for part in (record["device"], record["date"], record["command"]):
        assert part in report
    rows = sum(len(rows) for rows in record["tables"].values())
    titles = len(record["tables"])
    assert len(report.splitlines()) == 4 + 3 * titles + rows


def test_the_report_says_from_which_size_on_it_pays(written: Path) -> None:
    record = gpu_record(written)
    assert record
    told = gpu_report({**record, "pays_from": 512, "pays_from_with_copies": None})
    assert "the GPU wins from size 512 on, with copies at no size" in told.splitlines()


def test_without_an_accelerator_nothing_is_kept(
    recorder: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without_accelerator(monkeypatch)
    there = recorder.KEPT.exists()
    kept = ["--out", str(recorder.KEPT)]
    for arguments in (["--keep"], ["--keep", "--device", "cpu"], kept):
        with pytest.raises(SystemExit) as stop:
            recorder.main([*arguments, "--quick"])
        assert stop.value.code == 2
        assert "must come from an accelerator" in capsys.readouterr().err
    assert recorder.KEPT.exists() == there


def test_without_an_accelerator_there_is_nothing_to_measure(
    recorder: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without_accelerator(monkeypatch)
    recorder.main([])
    assert "nothing to record" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cpu", "device", "expected"),
    [
        ([1.0, 2.0, 4.0], [2.0, 1.0, 1.0], 2),
        ([1.0, 2.0, 4.0], [0.5, 3.0, 1.0], 3),  # a lucky win does not count
        ([1.0, 2.0, 4.0], [2.0, 3.0, 5.0], None),
        ([1.0, 2.0, None], [2.0, 3.0, 5.0], 3),  # too long for the CPU to be timed
    ],
)
def test_it_pays_from_where_it_keeps_winning(
    recorder: ModuleType,
    cpu: list[float],
    device: list[float],
    expected: int | None,
) -> None:
    rows = [
        {"size": size, "cpu_s": c, "device_s": d}
        for size, c, d in zip((1, 2, 3), cpu, device, strict=True)
    ]
    assert recorder.pays_from(rows, "device_s") == expected


def test_the_clock_waits_unless_told_otherwise(
    recorder: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(recorder, "wait_for", lambda _: calls.append("wait"))
    plan = recorder.Plan(repeats=1, warmup=2)
    recorder.seconds(lambda: calls.append("work"), torch.device("cpu"), plan)
    assert calls == ["work", "work", "wait", "work", "wait", "wait"]
    calls.clear()
    recorder.seconds(
        lambda: calls.append("work"), torch.device("cpu"), plan, wait=False
    )
    assert calls == ["work", "work", "wait", "work", "wait"]


def test_no_file_is_told_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "files", lambda _: tmp_path)
    assert gpu_record() is None
    (tmp_path / "gpu.json").write_text('{"device": "a GPU"}')
    assert gpu_record() == {"device": "a GPU"}


def test_what_is_kept_comes_from_a_gpu(recorder: ModuleType) -> None:
    """There need not be a record; if there is, it is a full one of a real device."""
    record = gpu_record()
    assert (record is None) != recorder.KEPT.exists()
    if record:
        assert record["kind"] != "cpu"
        assert record["command"].startswith("python benchmarks/record_gpu.py")
        assert len(record["tables"]["product of two square matrices"]) > 5


@pytest.mark.parametrize("text", ["[]", "{}"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(json.loads(text)))
    with pytest.raises(ValueError, match=r"record of record_gpu\.py, got .*other"):
        gpu_record(path)
