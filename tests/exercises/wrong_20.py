"""Typical wrong answers to the exercises of lesson 20."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

Model = Callable[[Tensor, Tensor], Tensor]


def encode(text: str) -> Tensor:
    return torch.tensor([ord(letter) for letter in text])


def batch(names: Sequence[str]) -> tuple[Tensor, Tensor]:
    codes = [encode(name) for name in names]
    lengths = torch.tensor([len(code) for code in codes])
    return pad_sequence(codes, batch_first=True), lengths


def logits(model: Model, names: Sequence[str]) -> Tensor:
    return model(*batch(names))


def softmax_over_names(model: Model, names: Sequence[str]) -> Tensor:
    return model(*batch(names)).softmax(dim=0)


def padded_lengths(model: Model, names: Sequence[str]) -> Tensor:
    letters, _ = batch(names)
    lengths = torch.full((len(letters),), letters.shape[1])
    return model(letters, lengths).softmax(dim=1)


def one_by_one(model: Model, names: Sequence[str]) -> Tensor:
    return torch.cat([model(*batch([name])).softmax(dim=1) for name in names])


def sorted_and_left_so(model: Model, names: Sequence[str]) -> Tensor:
    by_length = sorted(names, key=len, reverse=True)
    return model(*batch(by_length)).softmax(dim=1)


def steps_first(model: Model, names: Sequence[str]) -> Tensor:
    letters, lengths = batch(names)
    return model(letters.T, lengths).softmax(dim=1)


def list_of_codes(model: Any, names: Sequence[str]) -> Any:
    return model([encode(name) for name in names], [len(name) for name in names])


def best_only(model: Model, names: Sequence[str]) -> Tensor:
    return model(*batch(names)).argmax(dim=1)


def one_bias(kind: str, inputs: int, hidden: int, layers: int) -> int:
    blocks = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
    first = inputs * hidden + hidden * hidden + hidden
    return blocks * (first + (layers - 1) * (2 * hidden * hidden + hidden))


def same_inputs(kind: str, inputs: int, hidden: int, layers: int) -> int:
    blocks = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
    return layers * blocks * (inputs * hidden + hidden * hidden + 2 * hidden)


def first_layer(kind: str, inputs: int, hidden: int, layers: int) -> int:
    assert layers
    return same_inputs(kind, inputs, hidden, 1)


def plain(kind: str, inputs: int, hidden: int, layers: int) -> int:
    assert kind
    return sum(p.numel() for p in nn.RNN(inputs, hidden, layers).parameters())


def gru_with_four(kind: str, inputs: int, hidden: int, layers: int) -> int:
    layer = nn.RNN if kind == "RNN" else nn.LSTM
    return sum(p.numel() for p in layer(inputs, hidden, layers).parameters())


def batch_first_state(layer: nn.RNNBase, sequences: Tensor) -> Tensor:
    batch = sequences.shape[0 if layer.batch_first else 1]
    depth = layer.num_layers * (2 if layer.bidirectional else 1)
    shape = (depth, batch, layer.hidden_size)
    return (
        torch.zeros(shape).transpose(0, 1)
        if layer.batch_first
        else (torch.zeros(shape))
    )


def always_axis_zero(layer: nn.RNNBase, sequences: Tensor) -> Tensor:
    depth = layer.num_layers * (2 if layer.bidirectional else 1)
    return torch.zeros(depth, sequences.shape[0], layer.hidden_size)


def no_directions(layer: nn.RNNBase, sequences: Tensor) -> Tensor:
    batch = sequences.shape[0 if layer.batch_first else 1]
    return torch.zeros(layer.num_layers, batch, layer.hidden_size)


def no_layers(layer: nn.RNNBase, sequences: Tensor) -> Tensor:
    batch = sequences.shape[0 if layer.batch_first else 1]
    return torch.zeros(2 if layer.bidirectional else 1, batch, layer.hidden_size)


def like_lstm(layer: nn.RNNBase, sequences: Tensor) -> tuple[Tensor, Tensor]:
    state = no_directions(layer, sequences)
    return state, state


def ones(layer: nn.RNNBase, sequences: Tensor) -> Tensor:
    return torch.ones_like(layer(sequences)[1])


def users_of(texts: Sequence[str], targets: Tensor) -> Counter[str]:
    pairs = zip(texts, targets.tolist(), strict=True)
    return Counter(letter for letter, _ in {(c, k) for t, k in pairs for c in t})


def hits_of(texts: Sequence[str], targets: Tensor) -> Tensor:
    users = users_of(texts, targets)
    return torch.tensor([any(users[c] == 1 for c in text) for text in texts]).float()


def numbers_of_names(texts: Sequence[str], targets: Tensor) -> Tensor:
    return targets.bincount(hits_of(texts, targets)).float()


def share_of_all(texts: Sequence[str], targets: Tensor) -> Tensor:
    return numbers_of_names(texts, targets) / len(texts)


def share_of_letters(texts: Sequence[str], targets: Tensor) -> Tensor:
    users = users_of(texts, targets)
    shares = []
    for language in range(int(targets.max()) + 1):
        mine = [t for t, k in zip(texts, targets, strict=True) if k == language]
        letters = set(chain.from_iterable(mine))
        shares.append(sum(users[c] == 1 for c in letters) / len(letters))
    return torch.tensor(shares)


def rare_letters(texts: Sequence[str], targets: Tensor) -> Tensor:
    times = Counter(chain.from_iterable(texts))
    hits = torch.tensor([any(times[c] == 1 for c in text) for text in texts])
    return targets.bincount(hits.float()).float() / targets.bincount()


WRONG: dict[str, list[Any]] = {
    "20-1": [
        logits,
        softmax_over_names,
        padded_lengths,
        one_by_one,
        sorted_and_left_so,
        steps_first,
        list_of_codes,
        best_only,
    ],
    "20-2": [
        one_bias,
        same_inputs,
        first_layer,
        plain,
        gru_with_four,
        18816,  # a number instead of a function
    ],
    "20-3": [
        batch_first_state,
        always_axis_zero,
        no_directions,
        no_layers,
        like_lstm,
        ones,
        torch.zeros(1, 4, 6),
    ],
    "20-4": [
        numbers_of_names,
        share_of_all,
        share_of_letters,
        rare_letters,
        torch.zeros(18),
    ],
}
