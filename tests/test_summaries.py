"""A summary counts right, changes nothing and names who returned nothing."""

from itertools import pairwise
from typing import Any

import pytest
import torch
import torchinfo
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from eatorch import summary


class Tied(nn.Module):
    """Two layers that share one weight, as a language model does."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(8, 8)
        self.head = nn.Linear(8, 8, bias=False)
        self.head.weight = self.embed.weight
        self.scale = nn.Parameter(torch.ones(2, 3))
        self.register_buffer("steps", torch.zeros(4))

    def forward(self, x: Tensor) -> Any:
        return self.head(self.embed(x)) * self.scale.sum()


class Silent(nn.Module):
    """A classic: the last line computes but does not return."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> None:
        self.linear(x)


class TwoInTwoOut(nn.Module):
    def forward(self, left: Tensor, right: Tensor) -> Any:
        return {"sum": left + right, "parts": (left, [right])}


@given(widths=st.lists(st.integers(1, 9), min_size=2, max_size=6), bias=st.booleans())
@settings(max_examples=30, deadline=None)
def test_counts_equal_torch_and_torchinfo(widths: list[int], bias: bool) -> None:
    layers = [nn.Linear(a, b, bias=bias) for a, b in pairwise(widths)]
    model = nn.Sequential(*layers)
    for parameter in layers[0].parameters():
        parameter.requires_grad_(False)
    found = summary(model, torch.ones(3, widths[0]))
    reference = torchinfo.summary(model, (3, widths[0]), verbose=0)
    assert found.parameters == reference.total_params
    assert found.trainable == reference.trainable_params
    assert found.bytes == 4 * found.parameters
    assert sum(layer.parameters for layer in found.layers) == found.parameters
    assert found.layers[-1].output == f"(3, {widths[-1]})"


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_column_adds_up_at_any_depth(depth: int) -> None:
    inner = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 2)))
    model = nn.Sequential(inner, nn.Linear(2, 1))
    found = summary(model, torch.ones(1, 4), depth=depth)
    assert len(found.layers) == [1, 3, 5, 6][depth]
    assert sum(layer.parameters for layer in found.layers) == found.parameters == 33


def test_shared_and_bare_parameters_count_once() -> None:
    found = summary(Tied(), torch.tensor([1, 2]))
    assert found.parameters == 64 + 6
    assert found.bytes == 4 * (70 + 4)
    counts = {layer.name: layer.parameters for layer in found.layers}
    assert counts == {"": 6, "embed": 64, "head": 0}


def test_looking_changes_nothing() -> None:
    """Not the random stream, not the mode, not the running statistics, no gradient."""
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    model[1].eval()
    modes = [module.training for module in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stream = torch.get_rng_state()
    summary(model, torch.randn(4, 3, generator=torch.Generator()))
    assert torch.equal(stream, torch.get_rng_state())
    assert modes == [module.training for module in model.modules()]
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(not module._forward_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_model_that_draws_leaves_the_stream_alone() -> None:
    class Noisy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.rand(())

    stream = torch.get_rng_state()
    summary(Noisy(), torch.ones(1))
    assert torch.equal(stream, torch.get_rng_state())


def test_the_silent_module_is_named() -> None:
    message = "model must return a tensor, got None from forward of Silent; is its "
    with pytest.raises(TypeError, match=f"^{message}"):
        summary(Silent(), torch.ones(1, 2))
    inside = nn.Sequential(nn.Linear(2, 2), Silent(), nn.Linear(2, 2))
    with pytest.raises(TypeError, match=f"^module '1' of {message}") as told:
        summary(inside, torch.ones(1, 2))
    assert told.value.__cause__ is not None, "the first error stays visible"


def test_other_errors_pass_unchanged() -> None:
    model = nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        summary(model, torch.ones(1, 3))
    assert not model._forward_hooks, "the hooks must go in any case"
    assert model.training


def test_depth_must_not_be_negative() -> None:
    with pytest.raises(ValueError, match="depth must be at least 0, got -1"):
        summary(nn.ReLU(), torch.ones(1), depth=-1)


def test_several_inputs_and_nested_outputs() -> None:
    found = summary(TwoInTwoOut(), torch.ones(2), torch.ones(2))
    assert found.layers[0].output == "{sum: (2,), parts: [(2,), [(2,)]]}"


def test_unused_and_repeated_modules_show() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Any:
            return self.used(self.used(x))

    found = summary(Model(), torch.ones(1, 2))
    assert [layer.output for layer in found.layers] == [
        "(1, 2)",
        "(1, 2)",
        "not called",
    ]
    assert found.parameters == 12


def test_the_table_is_aligned() -> None:
    lines = str(summary(nn.Sequential(nn.Linear(1000, 10)), torch.ones(1, 1000)))
    head, rule, *rows, _, total = lines.splitlines()
    assert {len(row) for row in (head, rule, *rows)} == {len(head)}
    assert rows[1].endswith("10,010")
    assert total == "10,010 parameters, 10,010 trainable, 0.04 MB"


def test_lazy_layers_are_counted_after_their_first_run() -> None:
    found = summary(nn.Sequential(nn.LazyLinear(3)), torch.ones(2, 5))
    assert found.parameters == 18
