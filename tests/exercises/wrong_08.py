"""Typical wrong answers to the exercises of lesson 08."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import grad, jacrev

Function = Callable[[Tensor], Tensor]


def first_derivative(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    torch.autograd.backward(function(x).sum())
    assert x.grad is not None
    return x.grad


def without_create_graph(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(function(x).sum(), x)
    (second,) = torch.autograd.grad(first.sum(), x)
    return second


def not_recorded(function: Function, x: Tensor) -> Tensor:
    return torch.autograd.grad(function(x).sum(), x)[0]


def no_sum(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x), x, create_graph=True)[0]


def summed_up(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    return second.sum()


def squared_slope(function: Function, x: Tensor) -> Tensor:
    return first_derivative(function, x) ** 2


def tuple_of_grad(function: Function, x: Tensor) -> Any:
    x = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    return torch.autograd.grad(first.sum(), x)


def rosenbrock(point: Tensor) -> Tensor:
    x, y = point
    height: Tensor = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    return height


def without_square(point: Tensor) -> Tensor:
    x, y = point
    height: Tensor = (1 - x) ** 2 + 100 * (y - x) ** 2
    return height


def without_hundred(point: Tensor) -> Tensor:
    x, y = point
    height: Tensor = (1 - x) ** 2 + (y - x**2) ** 2
    return height


def by_input_shape(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    y = function(x)
    rows = [
        torch.autograd.grad(y, x, one_hot, retain_graph=True)[0]
        for one_hot in torch.eye(len(x))
    ]
    return torch.stack(rows)


def never_cleared(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    rows = []
    for row in range(len(function(x))):
        torch.autograd.backward(function(x)[row])
        assert x.grad is not None
        rows.append(x.grad.clone())
    return torch.stack(rows)


def shared_memory(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    rows = []
    for row in range(len(function(x))):
        torch.autograd.backward(function(x)[row])
        assert x.grad is not None
        rows.append(x.grad)
    return torch.stack(rows)


def freed(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    y = function(x)
    return torch.stack([torch.autograd.grad(y, x, v)[0] for v in torch.eye(len(y))])


def ones(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    y = function(x)
    return torch.autograd.grad(y, x, torch.ones_like(y))[0]


def no_gradient(function: Function, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x), x)[0]


WRONG: dict[str, list[Any]] = {
    "08-1": [
        first_derivative,
        without_create_graph,
        not_recorded,
        no_sum,
        summed_up,
        squared_slope,
        tuple_of_grad,
        torch.tensor([2.0, 2.0]),  # a result instead of a function
    ],
    "08-2": [
        torch.ones(3),  # the shape of the input
        torch.tensor([2.0, 0.1]),  # swapped
        torch.ones(2),  # a plain sum
        torch.tensor(2.1),  # both in one
        torch.tensor([[0.1, 2.0]]),  # a row of a matrix
        torch.tensor([0.1, 0.2]),
        [0.1, 2.0],
    ],
    "08-3": [
        [2.0, 1.6, 1.28, 1.024],  # cleared
        [2.0, 4.0, 6.0, 8.0],  # x stands still
        [0.8, 0.44, -0.008, -0.4544],  # x instead of x.grad
        [2.0, 1.6, 0.88, -0.016],  # shares instead of sums
        [2.0, 3.6, 4.48, 4.56],  # one slip of the pencil
        [2.0, 3.6, 4.48],
        {2.0, 3.6, 4.48, 4.464},
        torch.tensor(4.464),
        ["2", "3.6", "4.48", "4.464"],
    ],
    "08-4": [
        grad(rosenbrock),
        lambda point: torch.diag(jacrev(grad(rosenbrock))(point).diagonal()),
        jacrev(grad(without_square)),
        jacrev(grad(without_hundred)),
        lambda point: jacrev(grad(rosenbrock))(torch.ones_like(point)),
        rosenbrock,
        lambda point: jacrev(grad(rosenbrock))(point).tolist(),
        torch.tensor([[802.0, -400.0], [-400.0, 200.0]]),
    ],
    "08-5": [
        by_input_shape,
        lambda function, x: jacrev(function)(x).T,
        never_cleared,
        shared_memory,
        freed,
        ones,
        no_gradient,
    ],
}
