"""Files that are whole or absent, and runs that go on bit for bit."""

import multiprocessing
import os
import pickle
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from eatorch.callbacks import Checkpoint, EarlyStopping
from eatorch.checkpoint import (
    load_weights,
    rng_state,
    save_weights,
    set_rng_state,
    write,
)
from eatorch.training import Trainer

KILLS = int(os.environ.get("EATORCH_KILLS", "10"))  # a night may have more


class Noisy(Dataset[Any]):
    """Draws from the streams of NumPy and Python for each sample."""

    def __len__(self) -> int:
        return 37

    def __getitem__(self, index: int) -> Any:
        noise = np.random.standard_normal() + random.random()  # noqa: NPY002
        return torch.full((4,), index / 37 + 0.1 * noise), index % 3


def make(directory: Path, *, precision: Any = "fp32") -> tuple[Trainer, dict[str, Any]]:
    """Return a trainer with all that a resumed run must get right."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    layers = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 3)
    model = nn.Sequential(*layers)
    optimizer = torch.optim.AdamW(model.parameters(), 0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 6)
    trainer = Trainer(
        model,
        nn.CrossEntropyLoss(),
        optimizer,
        scheduler=scheduler,
        device="cpu",
        precision=precision,
    )
    generator = torch.Generator().manual_seed(1)
    stopping = EarlyStopping(patience=99, restore_best=False)
    options = {
        "train": DataLoader(Noisy(), 8, shuffle=True, generator=generator),
        "valid": DataLoader(Noisy(), 8),
        "callbacks": [stopping, Checkpoint(directory, "valid_loss")],
        "progress": False,
    }
    return trainer, options


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def equal(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


# Going on bit for bit


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_resumed_is_unbroken_bit_for_bit(precision: str, tmp_path: Path) -> None:
    unbroken, options = make(tmp_path / "a", precision=precision)
    unbroken.fit(epochs=6, **options)
    first, options = make(tmp_path / "b", precision=precision)
    first.fit(epochs=3, **options)
    second, options = make(tmp_path / "b", precision=precision)
    torch.rand(7), random.random(), np.random.rand()  # noqa: NPY002 - another past
    second.resume(tmp_path / "b" / "last.pt").fit(epochs=6, **options)
    assert equal(weights(unbroken), weights(second))
    assert list(unbroken.history) == list(second.history)
    best = [Path(tmp_path, run, "best.pt") for run in "ab"]
    states = [torch.load(path, weights_only=True) for path in best]
    assert states[0]["epoch"] == states[1]["epoch"]


def test_early_stopping_remembers_over_a_restart(tmp_path: Path) -> None:
    """A run killed after the decision to stop does not train on."""
    ours, options = make(tmp_path)
    stopping = EarlyStopping(patience=1, min_delta=100.0)
    options["callbacks"] = [Checkpoint(tmp_path), stopping]
    history = ours.fit(epochs=9, **options)
    assert (len(history), stopping.waited) == (2, 1)
    again, options = make(tmp_path)
    options["callbacks"] = [EarlyStopping(patience=1, min_delta=100.0)]
    resumed = again.resume(tmp_path / "last.pt").fit(epochs=9, **options)
    assert list(resumed) == list(history)
    assert resumed.stopped == history.stopped
    assert equal(weights(ours), weights(again))


def test_random_streams_go_back() -> None:
    def draw() -> list[float]:
        return [random.random(), float(np.random.rand()), float(torch.rand(()))]  # noqa: NPY002

    np.random.standard_normal()  # noqa: NPY002 - leaves a second one in store
    state = rng_state()
    drawn = draw()
    assert draw() != drawn
    set_rng_state(state)
    assert draw() == drawn


# A write is whole or absent


def start(function: Any, *arguments: Any) -> Any:
    """Start a process; the server has imported torch once for all of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["eatorch.training", "torch._dynamo"])
    process = context.Process(target=function, args=arguments)
    process.start()
    return process


def until(done: Any) -> None:
    """Wait until something is so; a minute is enough even on a busy machine."""
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def save_again_and_again(directory: Path) -> None:
    trainer, _ = make(directory)
    trainer.model.ballast = nn.Parameter(torch.zeros(500_000))
    while True:
        trainer.save(directory / "last.pt")


def test_kill_during_save_leaves_a_whole_file(tmp_path: Path) -> None:
    """SIGKILL to processes that do nothing but save 2 MB."""
    generator, path = random.Random(0), tmp_path / "last.pt"
    halves = 0
    for _ in range(KILLS):
        path.unlink(missing_ok=True)
        process = start(save_again_and_again, tmp_path)
        until(path.exists)
        time.sleep(generator.uniform(0.0, 0.02))
        process.kill()
        process.join()
        state = torch.load(path, weights_only=True)
        assert len(state["model"]["ballast"]) == 500_000
        halves += len(list(tmp_path.glob(".last.pt.*.tmp")))
    assert halves > 0  # some of the kills did hit a write


def fit_from_where_it_stands(directory: Path) -> None:
    trainer, options = make(directory)
    if (directory / "last.pt").exists():
        trainer.resume(directory / "last.pt")
    trainer.fit(epochs=30, **options)


def epochs_done(directory: Path) -> int:
    path = directory / "last.pt"
    return int(torch.load(path, weights_only=True)["epoch"]) if path.exists() else 0


def test_kill_during_fit_then_resume_bit_for_bit(tmp_path: Path) -> None:
    """SIGKILL at random moments, again and again, until the run gets through."""
    unbroken, options = make(tmp_path / "a")
    unbroken.fit(epochs=30, **options)
    generator, directory, done = random.Random(1), tmp_path / "b", 0
    for _ in range(5):
        process = start(fit_from_where_it_stands, directory)
        until(lambda before=done: epochs_done(directory) > before)
        time.sleep(generator.uniform(0.0, 0.01))
        process.kill()
        process.join()
        before, done = done, epochs_done(directory)
        assert done > before
    assert done < 30  # the kills hit a run that was under way
    process = start(fit_from_where_it_stands, directory)
    process.join()
    last = torch.load(directory / "last.pt", weights_only=True)
    assert equal(weights(unbroken), last["model"])
    assert last["history"]["rows"] == list(unbroken.history)
    assert not list(directory.glob(".*"))  # swept up by the next fit


def test_a_failing_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write(path, lambda file: file.write(b"old"))

    def fail(file: Any) -> None:
        file.write(b"new")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["file"]  # noqa: PTH208


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_a_full_disk_is_named(suffix: str, tmp_path: Path) -> None:
    """The device of Linux that is always full, in the place of the file."""
    path = tmp_path / f"model.{suffix}"
    path.with_name(f".{path.name}.{os.getpid()}.tmp").symlink_to("/dev/full")
    with pytest.raises(
        OSError, match=r"No space left on device: free some space"
    ) as it:
        save_weights(nn.Linear(9, 9), path)
    assert it.value.filename == str(path)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


# What resume refuses


def test_missing_foreign_damaged(tmp_path: Path) -> None:
    ours, _ = make(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file '.*none.pt'"):
        ours.resume(tmp_path / "none.pt")
    whole = ours.save(tmp_path / "whole.pt").read_bytes()
    contents = {
        "half": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"not a checkpoint",
        "pickle": pickle.dumps({"eatorch_format": 1}),
    }
    for name, content in contents.items():
        path = tmp_path / f"{name}.pt"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}.pt is not an eatorch checkpoint"):
            ours.resume(path)
    torch.save(ours.model.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=r"weights.pt is not an eatorch checkpoint"):
        ours.resume(tmp_path / "weights.pt")


def test_a_file_of_another_format_is_told(tmp_path: Path) -> None:
    ours, _ = make(tmp_path)
    torch.save({"eatorch_format": 99}, tmp_path / "later.pt")
    with pytest.raises(ValueError, match=r"of format 99, this eatorch reads format 1"):
        ours.resume(tmp_path / "later.pt")


class Bomb:
    """Runs code when it is unpickled without care."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("exploded",)


def test_opening_a_file_runs_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"eatorch_format": 1, "model": Bomb()}, tmp_path / "bomb.pt")
    ours, _ = make(tmp_path)
    with pytest.raises(ValueError, match="not an eatorch checkpoint"):
        ours.resume(tmp_path / "bomb.pt")
    with pytest.raises(ValueError, match="damaged or holds more than tensors"):
        load_weights(ours.model, tmp_path / "bomb.pt")
    assert not (tmp_path / "exploded").exists()


def test_another_model_is_told_and_nothing_half_loaded(tmp_path: Path) -> None:
    ours, _ = make(tmp_path)
    path = ours.save(tmp_path / "last.pt")
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    other = Trainer(
        model,
        nn.CrossEntropyLoss(),
        torch.optim.AdamW(model.parameters()),
        device="cpu",
    )
    before = weights(other)
    with pytest.raises(ValueError, match="is of another model") as caught:
        other.resume(path)
    message = str(caught.value)
    assert "'0.weight' has shape (8, 4) in the file, (8, 5) here" in message
    assert "'2.weight' is missing in the file" in message
    assert "'3.weight' is unknown here" in message
    assert equal(before, weights(other))


def test_another_optimizer_or_scheduler_is_told(tmp_path: Path) -> None:
    ours, _ = make(tmp_path)
    path = ours.save(tmp_path / "last.pt")
    sgd = torch.optim.SGD(ours.model.parameters(), 0.1)
    other = Trainer(ours.model, nn.CrossEntropyLoss(), sgd, device="cpu")
    with pytest.raises(ValueError, match=r"is AdamW of \[6\].*here it is SGD"):
        other.resume(path)
    adam = torch.optim.AdamW(ours.model.parameters(), 0.1)
    plain = Trainer(ours.model, nn.CrossEntropyLoss(), adam, device="cpu")
    with pytest.raises(ValueError, match="is CosineAnnealingLR, here it is None"):
        plain.resume(path)


def test_what_fails_halfway_is_undone(tmp_path: Path) -> None:
    ours, options = make(tmp_path)
    ours.fit(epochs=1, **options)
    path = ours.save(tmp_path / "a.pt")
    state = torch.load(path, weights_only=True)
    state["ranks"][0]["random"].pop("torch")
    torch.save(state, path)
    other, _ = make(tmp_path)
    before = weights(other)
    with pytest.raises(ValueError, match="does not fit this trainer: 'torch'"):
        other.resume(path)
    assert equal(before, weights(other))
    assert (other.epoch, len(other.history)) == (0, 0)


def test_another_number_of_processes_warns(tmp_path: Path) -> None:
    ours, options = make(tmp_path)
    ours.fit(epochs=1, **options)
    path = tmp_path / "last.pt"
    state = torch.load(path, weights_only=True)
    state["ranks"] *= 4
    torch.save(state, path)
    with pytest.warns(UserWarning, match="saved by 4 processes, here are 1: results"):
        ours.resume(path)
    assert ours.epoch == 1


# Weights for use elsewhere


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_weights_survive(suffix: str, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    model[2].weight = model[0].weight  # tied: stored once, loaded twice
    path = save_weights(model, tmp_path / f"new/model.{suffix}")
    other = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    other[2].weight = other[0].weight
    load_weights(other, path)
    assert equal(model.state_dict(), other.state_dict())
    assert other[2].weight is other[0].weight


def test_wrappers_leave_no_prefix(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    wrapped: Any = torch.compile(model, backend="eager")
    path = save_weights(wrapped, tmp_path / "model.pt")
    assert sorted(torch.load(path, weights_only=True)) == ["bias", "weight"]
    load_weights(wrapped, path)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_weights_that_do_not_fit(suffix: str, tmp_path: Path) -> None:
    path = save_weights(nn.Linear(2, 1), tmp_path / f"a.{suffix}")
    other = nn.Linear(3, 1, bias=False)
    before = other.weight.detach().clone()
    for strict in (True, False):
        with pytest.raises(ValueError, match=r"'weight' has shape \(1, 2\) in the"):
            load_weights(other, path, strict=strict)
    assert torch.equal(before, other.weight)
    with pytest.raises(ValueError, match="'bias' is unknown here"):
        load_weights(nn.Linear(2, 1, bias=False), path)
    load_weights(nn.Linear(2, 1, bias=False), path, strict=False)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_weights(other, tmp_path / f"none.{suffix}")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match=r"damaged|no whole safetensors file"):
        load_weights(other, path)


def test_a_checkpoint_is_no_state_dict(tmp_path: Path) -> None:
    ours, _ = make(tmp_path)
    path = ours.save(tmp_path / "last.pt")
    with pytest.raises(ValueError, match="holds no state dict of a model"):
        load_weights(ours.model, path)
