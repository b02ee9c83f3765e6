"""Typical wrong answers to the exercises of lesson 09."""

from typing import Any

import torch
from torch import Tensor


def all_nodes(result: Tensor) -> int:
    found, waiting = set(), [result.grad_fn]
    while waiting:
        function = waiting.pop()
        if function is not None and function not in found:
            found.add(function)
            waiting += [earlier for earlier, _ in function.next_functions]
    return len(found)


def operations(result: Tensor) -> int:
    return all_nodes(result) - 1


def sines_by_tree(function: Any) -> int:
    below = sum(sines_by_tree(node) for node, _ in function.next_functions if node)
    return below + str(function.name()).startswith("Sin")


def without_zero(result: Tensor) -> int:
    return sines_by_tree(result.grad_fn)


def every_path(result: Tensor) -> int:
    def walk(function: Any) -> int:
        below = sum(walk(node) for node, _ in function.next_functions if node)
        return 1 + below

    return walk(result.grad_fn) if result.grad_fn else 0


def first_node_only(result: Tensor) -> int:
    return int(result.grad_fn is not None)


class Legs(torch.autograd.Function):
    """The right forward pass, for the wrong ways back below."""

    @staticmethod
    def forward(a: Tensor, b: Tensor) -> Tensor:
        return torch.sqrt(a**2 + b**2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs, output)


class BareSlopes(Legs):
    @staticmethod
    def backward(ctx: Any, _gradient: Tensor) -> Any:
        a, b, c = ctx.saved_tensors
        return a / c, b / c


class OneGradient(Legs):
    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        a, _, c = ctx.saved_tensors
        return gradient * a / c


class Swapped(Legs):
    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        a, b, c = ctx.saved_tensors
        return gradient * b / c, gradient * a / c


class InverseSlopes(Legs):
    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        a, b, c = ctx.saved_tensors
        return gradient * c / a, gradient * c / b


class SummedUp(Legs):
    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        a, b, c = ctx.saved_tensors
        return (gradient * a / c).sum(), (gradient * b / c).sum()


class OneLeg(Legs):
    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        a, _, c = ctx.saved_tensors
        return gradient * a / c, None


class NoBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return torch.sqrt(a**2 + b**2)


class TooFewSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return torch.sqrt(a**2 + b**2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        a, b, c = ctx.saved_tensors
        return gradient * a / c, gradient * b / c


class NoRoot(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a**2 + b**2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        a, b = ctx.saved_tensors
        return 2 * gradient * a, 2 * gradient * b


WRONG: dict[str, list[Any]] = {
    "09-1": [
        (6, 5, 5),  # w drawn twice
        (3, 5, 5),  # operations only
        (7, 6, 5),  # w twice, the number 1 and its edge
        (5, 6, 5),  # an edge to the number 1
        (5, 4, 5),
        (5, 5, 2),  # one path
        (5, 5, 3),  # the other one
        (5, 5, 6),  # y, or a product
        (5, 5),
        5,
        ("5", "5", "5"),
    ],
    "09-2": [
        all_nodes,
        operations,
        without_zero,
        every_path,
        first_node_only,
        lambda result: result.grad_fn.name().count("Sin"),
        lambda _result: 3,
        lambda result: str(all_nodes(result)),
        3,
    ],
    "09-3": [
        {"grad", "grad_fn", "requires_grad"},
        {"grad", "grad_fn", "requires_grad", "is_leaf"},
        {"data", "grad", "grad_fn", "requires_grad", "is_leaf", "device"},
        {"data", "grad", "grad_fn", "requires_grad", "is_leaf", "dtype", "shape"},
        {"data", "gradient", "grad_fn", "requires_grad", "is_leaf"},
        "grad",
        5,
        [["grad"]],
    ],
    "09-4": [
        BareSlopes,
        OneGradient,
        Swapped,
        InverseSlopes,
        SummedUp,
        OneLeg,
        NoBackward,
        TooFewSaved,
        NoRoot,
        torch.hypot,
        Legs.apply,
    ],
}
