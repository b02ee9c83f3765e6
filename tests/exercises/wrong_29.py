"""Typical wrong answers to the exercises of lesson 29."""

import math
from typing import Any

import torch
from torch import Tensor, nn

Pieces = list[tuple[Tensor, Tensor]]


def sums_means(model: Any, loss_function: Any, optimizer: Any, pieces: Pieces) -> float:
    optimizer.zero_grad()
    total = 0.0
    for inputs, targets in pieces:
        loss = loss_function(model(inputs), targets)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def mean_of_means(
    model: Any, loss_function: Any, optimizer: Any, pieces: Pieces
) -> float:
    optimizer.zero_grad()
    total = 0.0
    for inputs, targets in pieces:
        loss = loss_function(model(inputs), targets) / len(pieces)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def never_cleared(
    model: Any, loss_function: Any, optimizer: Any, pieces: Pieces
) -> float:
    rows = sum(len(targets) for _, targets in pieces)
    total = 0.0
    for inputs, targets in pieces:
        loss = loss_function(model(inputs), targets) * len(targets) / rows
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def step_for_each(
    model: Any, loss_function: Any, optimizer: Any, pieces: Pieces
) -> float:
    total = 0.0
    for inputs, targets in pieces:
        optimizer.zero_grad()
        loss = loss_function(model(inputs), targets)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(pieces)


def one_backward(
    model: Any, loss_function: Any, optimizer: Any, pieces: Pieces
) -> float:
    rows = sum(len(targets) for _, targets in pieces)
    optimizer.zero_grad()
    losses = [loss_function(model(i), t) * len(t) / rows for i, t in pieces]
    loss = torch.stack(losses).sum()
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def one_batch(model: Any, loss_function: Any, optimizer: Any, pieces: Pieces) -> float:
    inputs, targets = (torch.cat(parts) for parts in zip(*pieces, strict=True))
    optimizer.zero_grad()
    loss: Tensor = loss_function(model(inputs), targets)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def clears_each(
    model: Any, loss_function: Any, optimizer: Any, pieces: Pieces
) -> float:
    rows = sum(len(targets) for _, targets in pieces)
    total = 0.0
    for inputs, targets in pieces:
        optimizer.zero_grad()
        loss = loss_function(model(inputs), targets) * len(targets) / rows
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def last_piece_only(
    model: Any, loss_function: Any, optimizer: Any, pieces: Pieces
) -> float:
    rows = sum(len(targets) for _, targets in pieces)
    optimizer.zero_grad()
    last = 0.0
    for inputs, targets in pieces:
        loss = loss_function(model(inputs), targets) * len(targets) / rows
        loss.backward()
        last = loss.item()
    optimizer.step()
    return last


def restores_inside(
    model: nn.Module, learn: Any, measure: Any, epochs: int, patience: int
) -> list[float]:
    losses: list[float] = []
    best, waited, kept = math.inf, 0, model.state_dict()
    for _ in range(epochs):
        learn(model)
        losses.append(measure(model))
        waited += 1
        if losses[-1] < best:
            best, waited = losses[-1], 0
            kept = {k: v.clone() for k, v in model.state_dict().items()}
        model.load_state_dict(kept)
        if waited == patience:
            break
    return losses


def fit_with(
    model: nn.Module,
    learn: Any,
    measure: Any,
    epochs: int,
    patience: int,
    *,
    copy: bool = True,
    equal: bool = False,
    restore: bool = True,
    buffers: bool = True,
) -> list[float]:
    """Fit as the solution does, with one thing wrong."""
    losses: list[float] = []
    best, waited = math.inf, 0
    kept: dict[str, Tensor] = {}
    for _ in range(epochs):
        learn(model)
        losses.append(measure(model))
        waited += 1
        if losses[-1] < best or (equal and losses[-1] == best):
            best, waited = losses[-1], 0
            kept = model.state_dict() if buffers else dict(model.named_parameters())
            if copy:
                kept = {k: v.detach().clone() for k, v in kept.items()}
        if waited == patience:
            break
    if restore:
        model.load_state_dict(kept, strict=False)
    return losses


def no_copy(*arguments: Any) -> list[float]:
    return fit_with(*arguments, copy=False)


def equal_counts(*arguments: Any) -> list[float]:
    return fit_with(*arguments, equal=True)


def never_restores(*arguments: Any) -> list[float]:
    return fit_with(*arguments, restore=False)


def parameters_only(*arguments: Any) -> list[float]:
    return fit_with(*arguments, buffers=False)


def impatient(
    model: nn.Module, learn: Any, measure: Any, epochs: int, patience: int
) -> list[float]:
    return fit_with(model, learn, measure, epochs, patience - 1)


def best_only(*arguments: Any) -> float:
    return min(fit_with(*arguments))


Folds = list[tuple[Tensor, Tensor]]


def from_order(order: Tensor, folds: int) -> Folds:
    parts = order.tensor_split(folds)
    return [
        (torch.cat([*parts[:n], *parts[n + 1 :]]), part) for n, part in enumerate(parts)
    ]


def not_shuffled(rows: int, folds: int, generator: Any) -> Folds:  # noqa: ARG001
    return from_order(torch.arange(rows), folds)


def other_generator(rows: int, folds: int, generator: Any) -> Folds:  # noqa: ARG001
    return from_order(torch.randperm(rows), folds)


def fixed_seed(rows: int, folds: int, generator: Any) -> Folds:  # noqa: ARG001
    own = torch.Generator().manual_seed(0)
    return from_order(torch.randperm(rows, generator=own), folds)


def shuffled_each_time(rows: int, folds: int, generator: Any) -> Folds:
    size = rows // folds
    orders = [torch.randperm(rows, generator=generator) for _ in range(folds)]
    return [(order[size:], order[:size]) for order in orders]


def remainder_lost(rows: int, folds: int, generator: Any) -> Folds:
    size = rows // folds
    order = torch.randperm(rows, generator=generator)
    return from_order(order[: size * folds], folds)


def swapped(rows: int, folds: int, generator: Any) -> Folds:
    pairs = from_order(torch.randperm(rows, generator=generator), folds)
    return [(judged, chosen) for chosen, judged in pairs]


def from_one(rows: int, folds: int, generator: Any) -> Folds:
    return from_order(torch.randperm(rows, generator=generator) + 1, folds)


def learns_from_all(rows: int, folds: int, generator: Any) -> Folds:
    order = torch.randperm(rows, generator=generator)
    return [(order, part) for part in order.tensor_split(folds)]


WRONG: dict[str, list[Any]] = {
    "29-1": [
        ["nothing", "output", "output", "nothing", "nothing", "output", "output"],
        ["nothing", "output", "both", "both", "output", "both", "nothing"],
        ["nothing"] * 7,
        ["nothing", "output", "both"],
        [False, True, True, False, False, False, True],
    ],
    "29-2": [
        sums_means,
        mean_of_means,
        never_cleared,
        step_for_each,
        one_backward,
        one_batch,
        clears_each,
        last_piece_only,
    ],
    "29-3": [
        restores_inside,
        no_copy,
        equal_counts,
        never_restores,
        parameters_only,
        impatient,
        best_only,
    ],
    "29-4": [
        not_shuffled,
        other_generator,
        fixed_seed,
        shuffled_each_time,
        remainder_lost,
        swapped,
        from_one,
        learns_from_all,
    ],
}
