"""Typical wrong answers to the exercises of lesson 28."""

from collections import OrderedDict
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Plan = list[tuple[int, int, int, int] | str]

PLAN: Plan = [
    (64, 11, 4, 2),
    "pool",
    (192, 5, 1, 2),
    "pool",
    (384, 3, 1, 1),
    (256, 3, 1, 1),
    (256, 3, 1, 1),
    "pool",
]


def features(plan: Plan = PLAN) -> list[nn.Module]:
    layers: list[nn.Module] = []
    channels = 3
    for step in plan:
        if isinstance(step, str):
            layers.append(nn.MaxPool2d(3, stride=2))
        else:
            maps, size, stride, padding = step
            layers += [nn.Conv2d(channels, maps, size, stride, padding), nn.ReLU()]
            channels = maps
    return layers


def classifier(classes: int) -> list[nn.Module]:
    return [
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(9216, 4096),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Linear(4096, classes),
    ]


def named(layers: list[nn.Module], *, once: bool = False) -> nn.Sequential:
    """Name the layers as the task asks; with ``once`` all others by their kind."""
    line, weights = OrderedDict[str, nn.Module](), 0
    for place, layer in enumerate(layers):
        name = type(layer).__name__.lower()
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weights += 1
            name = f"{'conv' if isinstance(layer, nn.Conv2d) else 'fc'}{weights}"
        elif not once:
            name += str(place)
        line[name] = layer
    return nn.Sequential(line)


def numbered(classes: int) -> nn.Sequential:
    return nn.Sequential(*features(), *classifier(classes))


def one_relu(classes: int) -> nn.Sequential:
    return named([*features(), *classifier(classes)], once=True)


def blocks(classes: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            features=nn.Sequential(*features()),
            classifier=nn.Sequential(*classifier(classes)),
        )
    )


def always_thousand(classes: int) -> nn.Sequential:  # noqa: ARG001
    return named([*features(), *classifier(1000)])


def no_padding(classes: int) -> nn.Sequential:
    plan: Plan = [(64, 11, 4, 0), *PLAN[1:]]
    return named([*features(plan), *classifier(classes)])


def no_relu(classes: int) -> nn.Sequential:
    layers = features()
    return named([layers[0], *layers[2:], *classifier(classes)])


def with_softmax(classes: int) -> nn.Sequential:
    return named([*features(), *classifier(classes), nn.Softmax(1)])


def relu_too_early(classes: int) -> nn.Sequential:
    layers = features()
    layers[0], layers[1] = layers[1], layers[0]
    return named([*layers, *classifier(classes)])


class TwoMatrices(nn.Module):
    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.encode = nn.Linear(inputs, hidden)
        self.decode = nn.Linear(hidden, inputs)
        self.decode.weight = nn.Parameter(self.encode.weight.T)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decode(self.encode(x).tanh())
        return out


class NoSecondBias(nn.Module):
    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.encode = nn.Linear(inputs, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(self.encode(x).tanh(), self.encode.weight.T)


class OneWay(nn.Module):
    """The way back is cut off from the record."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.encode = nn.Linear(inputs, hidden)
        self.back = nn.Parameter(torch.zeros(inputs))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.encode.weight.detach().T
        return functional.linear(self.encode(x).tanh(), weight, self.back)


class NoTanh(nn.Module):
    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.encode = nn.Linear(inputs, hidden)
        self.back = nn.Parameter(torch.zeros(inputs))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(self.encode(x), self.encode.weight.T, self.back)


class PlainBias(nn.Module):
    """The second bias is a plain tensor."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.encode = nn.Linear(inputs, hidden)
        self.back = torch.zeros(inputs, requires_grad=True)

    def forward(self, x: Tensor) -> Tensor:
        code = self.encode(x).tanh()
        return functional.linear(code, self.encode.weight.T, self.back)


Modules = list[nn.Module]


class PlainLists(nn.Module):
    def __init__(self, blocks: Modules, heads: Modules) -> None:
        super().__init__()
        self.blocks, self.heads = blocks, heads

    def forward(self, x: Tensor, depth: int | None = None) -> Tensor:
        depth = depth or len(self.blocks)
        for block in self.blocks[:depth]:
            x = block(x)
        out: Tensor = self.heads[depth - 1](x)
        return out


class LastHead(nn.Module):
    def __init__(self, blocks: Modules, heads: Modules) -> None:
        super().__init__()
        self.blocks, self.heads = nn.ModuleList(blocks), nn.ModuleList(heads)

    def forward(self, x: Tensor, depth: int | None = None) -> Tensor:
        for block in self.blocks[:depth]:
            x = block(x)
        out: Tensor = self.heads[-1](x)
        return out


class NextHead(LastHead):
    """Counts the heads from 1."""

    def forward(self, x: Tensor, depth: int | None = None) -> Tensor:
        depth = depth or len(self.blocks)
        for block in self.blocks[:depth]:
            x = block(x)
        out: Tensor = self.heads[min(depth, len(self.heads) - 1)](x)
        return out


class RunsAll(LastHead):
    """Computes everything and picks."""

    def forward(self, x: Tensor, depth: int | None = None) -> Tensor:
        outputs: list[Tensor] = []
        for block, head in zip(self.blocks, self.heads, strict=True):
            x = block(x)
            outputs.append(head(x))
        return outputs[-1 if depth is None else depth - 1]


class OneTooMany(LastHead):
    def forward(self, x: Tensor, depth: int | None = None) -> Tensor:
        depth = depth or len(self.blocks)
        for block in self.blocks[: depth + 1]:
            x = block(x)
        out: Tensor = self.heads[depth - 1](x)
        return out


State = dict[str, Tensor]
Names = dict[str, str]


def replaces_anywhere(state: State, names: Names) -> State:
    renamed = {}
    for key, tensor in state.items():
        new = key
        for old, path in names.items():
            new = new.replace(old, path)
        renamed[new] = tensor
    return renamed


def without_the_dot(state: State, names: Names) -> State:
    def new(key: str) -> str:
        for old, path in names.items():
            if key.startswith(old):
                return path + key[len(old) :]
        return key

    return {new(key): tensor for key, tensor in state.items()}


def one_after_the_other(state: State, names: Names) -> State:
    renamed = dict(state)
    for old, path in names.items():
        for key in list(renamed):
            if key.startswith(f"{old}."):
                renamed[path + key[len(old) :]] = renamed.pop(key)
    return renamed


def in_place(state: State, names: Names) -> State:
    for old, path in names.items():
        for key in list(state):
            if key.startswith(f"{old}."):
                state[path + key[len(old) :]] = state.pop(key)
    return state


def only_renamed(state: State, names: Names) -> State:
    return {
        path + key[len(old) :]: tensor
        for old, path in names.items()
        for key, tensor in state.items()
        if key.startswith(f"{old}.")
    }


def other_order(state: State, names: Names) -> State:
    moved = only_renamed(state, names)
    kept = {
        key: tensor
        for key, tensor in state.items()
        if not any(key.startswith(f"{old}.") for old in names)
    }
    return dict(chain(moved.items(), kept.items()))


WRONG: dict[str, list[Any]] = {
    "28-1": [
        numbered,
        one_relu,
        blocks,
        always_thousand,
        no_padding,
        no_relu,
        relu_too_early,
        with_softmax,
        nn.Sequential(nn.Linear(2, 2)),
    ],
    "28-2": [TwoMatrices, NoSecondBias, OneWay, NoTanh, PlainBias],
    "28-3": [PlainLists, LastHead, NextHead, RunsAll, OneTooMany],
    "28-4": [
        replaces_anywhere,
        without_the_dot,
        one_after_the_other,
        in_place,
        only_renamed,
        other_order,
    ],
}
