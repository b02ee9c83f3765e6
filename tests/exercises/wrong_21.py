"""Typical wrong answers to the exercises of lesson 21."""

import math
from typing import Any

import torch
from torch import Tensor, nn


def always_root(d: int, *_: float) -> float:
    """Forget that the numbers need not have a spread of 1."""
    return math.sqrt(d)


def by_d(d: int, query_std: float, key_std: float) -> float:
    """Add standard deviations instead of variances."""
    return d * query_std * key_std


def variance(d: int, query_std: float, key_std: float) -> float:
    return d * query_std**2 * key_std**2


def factor(d: int, query_std: float, key_std: float) -> float:
    return 1 / (math.sqrt(d) * query_std * key_std)


def no_refusal(width: int, _: int, hidden: int, bias: bool = True) -> int:
    weights = 4 * width**2 + 2 * width * hidden + 2 * width
    return weights + (7 * width + hidden if bias else 0)


def asserts(width: int, heads: int, hidden: int, bias: bool = True) -> int:
    """Refuse with the wrong kind of error."""
    assert width % heads == 0
    return no_refusal(width, heads, hidden, bias)


def times_heads(width: int, heads: int, hidden: int, bias: bool = True) -> int:
    """Believe that each head brings matrices of the full width."""
    biases = 7 * width + hidden if bias else 0
    return 4 * width**2 * heads + 2 * width * hidden + 2 * width + biases


def no_norms(width: int, heads: int, hidden: int, bias: bool = True) -> int:
    if width % heads:
        raise ValueError("heads must divide width")
    return no_refusal(width, heads, hidden, bias) - (4 if bias else 2) * width


def no_outward(width: int, heads: int, hidden: int, bias: bool = True) -> int:
    """Forget the layer that mixes the heads."""
    if width % heads:
        raise ValueError("heads must divide width")
    count = no_refusal(width, heads, hidden, bias)
    return count - width**2 - (width if bias else 0)


def always_bias(width: int, heads: int, hidden: int, **_: Any) -> int:
    if width % heads:
        raise ValueError("heads must divide width")
    return no_refusal(width, heads, hidden)


def compares_unshuffled(layer: nn.Module, x: Tensor) -> bool:
    """Ask for invariance: the result must not move at all."""
    order = torch.tensor([1, 2, 3, 4, 5, 0])
    return torch.allclose(layer(x[:, order]), layer(x), atol=1e-5)


def mirror_only(layer: nn.Module, x: Tensor) -> bool:
    return torch.allclose(layer(x.flip(1)), layer(x).flip(1), atol=1e-5)


def exactly_equal(layer: nn.Module, x: Tensor) -> bool:
    """Leave no room for rounding."""
    orders = [torch.randperm(x.shape[1]) for _ in range(20)]
    return all(torch.equal(layer(x[:, order]), layer(x)[:, order]) for order in orders)


def shuffles_batch(layer: nn.Module, x: Tensor) -> bool:
    order = torch.tensor([1, 0])
    return torch.allclose(layer(x[order]), layer(x)[order], atol=1e-5)


def gives_string(*_: Any) -> str:
    return "yes"


def no_root(memory: int, batch: int, heads: int) -> int:
    return memory // (4 * batch * heads)


def one_byte(memory: int, batch: int, heads: int) -> int:
    return math.isqrt(memory // (batch * heads))


def one_head(memory: int, batch: int, _: int) -> int:
    return math.isqrt(memory // (4 * batch))


def rounded(memory: int, batch: int, heads: int) -> int:
    return round(math.sqrt(memory / (4 * batch * heads)))


def not_whole(memory: int, batch: int, heads: int) -> float:
    return math.sqrt(memory / (4 * batch * heads))


WRONG: dict[str, list[Any]] = {
    "21-1": [always_root, by_d, variance, factor],
    "21-2": [
        no_refusal,
        asserts,
        times_heads,
        no_norms,
        no_outward,
        always_bias,
    ],
    "21-3": [
        compares_unshuffled,
        mirror_only,
        exactly_equal,
        shuffles_batch,
        gives_string,
    ],
    "21-4": [no_root, one_byte, one_head, rounded, not_whole],
}
