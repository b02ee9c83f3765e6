"""The device is the machine's best, or the one that was asked for."""

from typing import Any

import pytest
import torch

from eatorch import device


def pretend(monkeypatch: pytest.MonkeyPatch, kind: str | None, count: int = 4) -> None:
    """Let torch report an accelerator, or none."""
    found = torch.device(kind) if kind else None
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: found)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: count)


def test_without_an_accelerator_it_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, None)
    assert device() == torch.device("cpu")


@pytest.mark.parametrize("kind", ["cuda", "mps", "xpu"])
def test_the_accelerator_is_taken(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    pretend(monkeypatch, kind)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert device() == torch.device(kind, 0)


def test_under_torchrun_each_process_has_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, "cuda")
    monkeypatch.setenv("LOCAL_RANK", "2")
    assert device() == torch.device("cuda", 2)


@pytest.mark.parametrize("rank", ["4", "-1", "two"])
def test_a_rank_without_a_device_is_told(
    monkeypatch: pytest.MonkeyPatch, rank: str
) -> None:
    pretend(monkeypatch, "cuda")
    monkeypatch.setenv("LOCAL_RANK", rank)
    with pytest.raises(
        ValueError, match=f"LOCAL_RANK must be 0 to 3, one cuda device .* got '{rank}'"
    ):
        device()


@pytest.mark.parametrize("prefer", ["cpu", torch.device("cpu"), "meta"])
def test_a_wish_is_granted(prefer: Any) -> None:
    assert device(prefer) == torch.device(prefer)


@pytest.mark.parametrize("prefer", ["gpu", "cuda:99", "", "cpu:x", 3.5])
def test_a_wish_must_name_a_device_of_this_machine(prefer: Any) -> None:
    with pytest.raises(
        ValueError, match=f"prefer must name a device of this machine, got {prefer!r}"
    ):
        device(prefer)


def test_the_result_takes_tensors() -> None:
    assert torch.ones(1).to(device("cpu")).device.type == "cpu"
