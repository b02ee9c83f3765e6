"""One call makes a run repeatable."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from eatorch import seed_everything


@pytest.fixture(autouse=True)
def streams() -> Iterator[None]:
    """Put the random streams and the flag back."""
    state, modern = random.getstate(), torch.get_rng_state()
    old = np.random.get_state()  # noqa: NPY002 - the old stream is seeded too
    yield
    random.setstate(state)
    np.random.set_state(old)  # noqa: NPY002
    torch.set_rng_state(modern)
    torch.use_deterministic_algorithms(False)


def draws() -> list[float]:
    old = float(np.random.rand())  # noqa: NPY002
    return [random.random(), old, torch.rand(()).item()]


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_every_stream_repeats(seed: int) -> None:
    seed_everything(seed)
    first = draws()
    seed_everything(seed)
    assert draws() == first


def test_other_seeds_give_other_numbers() -> None:
    seed_everything(0)
    first = draws()
    seed_everything(1)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


def test_the_generator_shuffles_alike_and_draws_on_its_own() -> None:
    def order() -> list[Any]:
        loader: DataLoader[int] = DataLoader(
            range(20),  # type: ignore[arg-type]
            batch_size=None,
            shuffle=True,
            generator=seed_everything(3),
        )
        return list(loader)

    first = order()
    before = torch.get_rng_state()
    assert order() == first
    seed_everything(3)
    assert torch.equal(
        torch.get_rng_state(), torch.Generator().manual_seed(3).get_state()
    )
    assert len(before) > 0


def test_the_flag_follows_the_argument() -> None:
    seed_everything(deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    seed_everything()
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("seed", [True, 1.0, "7", None])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(
        TypeError, match=f"seed must be an int, got {type(seed).__name__}"
    ):
        seed_everything(seed)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_has_a_range(seed: int) -> None:
    with pytest.raises(
        ValueError, match=rf"seed must satisfy 0 <= seed < 2\*\*32, got {seed}"
    ):
        seed_everything(seed)
