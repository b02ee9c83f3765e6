"""Checks of lesson 20, Layers III: recurrent networks."""

from collections import Counter
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_number, expect_tensor

LANGUAGES = 18
BLOCKS = {"RNN": 1, "GRU": 3, "LSTM": 4}


class _Judge(nn.Module):
    """Stands in for the lesson's network and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Tensor, Tensor]] = []

    def forward(self, letters: Any, lengths: Any) -> Tensor:
        """Return logits that depend on every real letter and on its place."""
        self._look(letters, lengths)
        self.asked.append((letters, torch.as_tensor(lengths)))
        place = torch.arange(1, letters.shape[1] + 1)
        inside = place <= torch.as_tensor(lengths)[:, None]
        digest = (inside * letters * place).sum(dim=1, keepdim=True)
        return torch.sin(digest * torch.arange(1, LANGUAGES + 1) / 7) * 3

    @staticmethod
    def _look(letters: Any, lengths: Any) -> None:
        if not isinstance(letters, Tensor) or letters.ndim != 2:
            told = tuple(getattr(letters, "shape", ())) or type(letters).__name__
            raise Slip(
                "The model wants padded letters, a tensor of shape (name, letter). "
                f"It was given {told}.",
                "模型要的是填充后的字母，形状为（名称，字母）的张量，"
                f"得到的是 {told}。",
            )
        if len(torch.as_tensor(lengths)) != len(letters):
            raise Slip(
                f"The model was given {len(letters)} names but {len(lengths)} lengths.",
                f"传给模型的有 {len(letters)} 个名称，却有 {len(lengths)} 个长度。",
            )


@exercise("20-1")
def your_own_name(answer: Any) -> None:
    """Many names at once, each judged as if it were alone."""
    words = ["Li", "Konstantinopel", "東京", "Ada"]
    judge = _Judge()
    got = call(answer, judge, list(words))
    _one_call(judge, words)
    letters, lengths = judge.asked[0]
    wanted = [len(word) for word in words]
    if sorted(lengths.tolist()) != sorted(wanted):  # the batch may be sorted
        expect_tensor(
            lengths,
            torch.tensor(wanted),
            en="the lengths given to the model",
            zh="传给模型的长度",
        )
    with torch.no_grad():
        batch = _Judge()(letters, lengths)
    logits = _alone(answer, words, batch)
    got = _single(got)
    _refuse_other_scales(got, logits)
    _refuse_other_order(got, batch, logits)
    expect_tensor(got, logits.softmax(dim=1), en="the probabilities", zh="概率")


def _single(got: Any) -> Any:
    """Return double precision as float32: no slip where it is not asked about."""
    return got.float() if isinstance(got, Tensor) and got.is_floating_point() else got


def _one_call(judge: _Judge, words: list[str]) -> None:
    if len(judge.asked) != 1:
        raise Slip(
            f"The model was called {len(judge.asked)} times. One call is enough for "
            "all names: pad them into one batch.",
            f"模型被调用了 {len(judge.asked)} 次。把所有名称填充成一个批次，"
            "调用一次就够了。",
        )
    rows, columns = judge.asked[0][0].shape
    if (rows, columns) != (len(words), max(map(len, words))):
        raise Slip(
            f"The model was given letters of shape {(rows, columns)}, expected (name, "
            f"letter) = {(len(words), max(map(len, words)))}. Did you say "
            "batch_first=True?",
            f"传给模型的字母形状是 {(rows, columns)}，应为（名称，字母）= "
            f"{(len(words), max(map(len, words)))}。写了 batch_first=True 吗？",
        )


def _refuse_other_scales(got: Any, logits: Tensor) -> None:
    if not isinstance(got, Tensor) or got.shape != logits.shape:
        return
    if torch.allclose(got.float(), logits, atol=1e-5):
        raise Slip(
            "These are logits: some are negative, and a row does not add up to 1.",
            "这些是 logit：有的是负数，每一行的和也不是 1。",
        )
    if torch.allclose(got.float(), logits.softmax(dim=0), atol=1e-5):
        raise Slip(
            "Each column adds up to 1. The shares of one name stand in a row.",
            "现在是每一列的和为 1。而一个名称的各项概率排在一行里。",
        )


def _refuse_other_order(got: Any, batch: Tensor, logits: Tensor) -> None:
    if not isinstance(got, Tensor) or got.shape != batch.shape:
        return
    if torch.allclose(batch, logits, atol=1e-5):
        return
    if torch.allclose(got, batch.softmax(dim=1), atol=1e-5):
        raise Slip(
            "The rows stand in the order of your batch. Put them back into the order "
            "of the names.",
            "各行还是你那个批次的顺序，要放回名称原来的顺序。",
        )


def _alone(answer: Any, words: list[str], batch: Tensor) -> Tensor:
    """Return the logits of each name alone; all must turn up in the batch."""
    rows = []
    for word in words:
        judge = _Judge()
        call(answer, judge, [word])
        with torch.no_grad():
            rows.append(_Judge()(*judge.asked[0])[0])
        if not torch.isclose(batch, rows[-1], atol=1e-5).all(dim=1).any():
            raise Slip(
                f"{word!r} is judged differently in company than alone. Is its row "
                "still its own, with its own letters and length?",
                f"{word!r} 和别的名称放在一起时，判断结果与单独时不同。"
                "它那一行还是它自己的字母和长度吗？",
            )
    return torch.stack(rows)


@exercise("20-2")
def count_parameters(answer: Any) -> None:
    """The formula against layers that torch builds."""
    for kind, inputs, hidden, layers in [
        ("RNN", 3, 5, 1),
        ("LSTM", 3, 5, 1),
        ("GRU", 7, 4, 1),
        ("GRU", 7, 4, 3),
        ("LSTM", 2, 6, 2),
    ]:
        got = call(answer, kind, inputs, hidden, layers)
        want = _count(kind, inputs, hidden, layers)
        _refuse_known_counts(got, kind, inputs, hidden, layers)
        try:
            expect_number(got, want, tolerance=1e-9)
        except Slip as slip:
            case = f"{kind}, inputs={inputs}, hidden={hidden}, layers={layers}"
            raise Slip(f"For {case}: {slip.en}", f"{case}：{slip.zh}") from slip


def _count(kind: str, inputs: int, hidden: int, layers: int) -> int:
    layer: nn.RNNBase = getattr(nn, kind)(inputs, hidden, layers, device="meta")
    return sum(parameter.numel() for parameter in layer.parameters())


def _refuse_known_counts(
    got: Any, kind: str, inputs: int, hidden: int, layers: int
) -> None:
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return
    blocks, first = BLOCKS[kind], _count(kind, inputs, hidden, 1)
    case = f"{kind}(inputs={inputs}, hidden={hidden}, layers={layers})"
    if got == _count(kind, inputs, hidden, layers) - blocks * hidden * layers:
        raise Slip(
            f"{case}: exactly {blocks * hidden * layers} are missing. PyTorch adds a "
            "bias to the input and one to the state.",
            f"{case}：正好少了 {blocks * hidden * layers} 个。"
            "PyTorch 给输入加一个偏置，给状态也加一个。",
        )
    if layers > 1 and got == layers * first:
        raise Slip(
            f"{case}: that is {layers} times the first layer. But the second one does "
            "not read the inputs.",
            f"{case}：这是第一层的 {layers} 倍。可是第二层读的并不是输入。",
        )
    if layers > 1 and got == first:
        raise Slip(
            f"{case}: that is the first layer alone.",
            f"{case}：这只是第一层的个数。",
        )
    if kind != "RNN" and got == _count("RNN", inputs, hidden, layers):
        raise Slip(
            f"{case}: that is the count of a plain RNN. How many blocks has a {kind}?",
            f"{case}：这是普通 RNN 的个数。{kind} 有几块？",
        )


@exercise("20-3")
def first_state(answer: Any) -> None:
    """Zeros that the layer takes, whatever its options are."""
    for kind, layers, both, first in [
        (nn.RNN, 1, False, True),
        (nn.RNN, 1, False, False),
        (nn.GRU, 3, False, True),
        (nn.GRU, 1, True, True),
        (nn.GRU, 2, True, False),
    ]:
        layer = kind(3, 6, layers, batch_first=first, bidirectional=both)
        sequences = torch.randn((5, 7, 3) if first else (7, 5, 3))
        got = call(answer, layer, sequences)
        _refuse_other_shapes(got, layer)
        expect_tensor(
            got,
            torch.zeros(layers * (1 + both), 5, 6),
            en=f"the first state of {layer}",
            zh=f"{layer} 的初始状态",
        )


def _refuse_other_shapes(got: Any, layer: nn.RNNBase) -> None:
    if isinstance(got, tuple):
        raise Slip(
            "A tuple came. Two states in a tuple are for an LSTM; RNN and GRU want one "
            "tensor.",
            "得到的是元组。两个状态组成的元组是给 LSTM 的；RNN 和 GRU 要一个张量。",
        )
    if not isinstance(got, Tensor):
        return
    shape, depth = tuple(got.shape), layer.num_layers * (1 + layer.bidirectional)
    if shape == (5, depth, 6):
        raise Slip(
            f"Shape {shape} came for {layer}: the batch stands first. Does the state "
            "obey batch_first?",
            f"对 {layer} 得到形状 {shape}：批次排在了最前面。状态听 batch_first 的吗？",
        )
    if shape == (depth, 7, 6):
        raise Slip(
            f"Shape {shape} came for {layer}: 7 is the number of steps, there are 5 "
            "sequences.",
            f"对 {layer} 得到形状 {shape}：7 是步数，而序列有 5 条。",
        )
    if shape[1:] == (5, 6) and shape[0] != depth:
        raise Slip(
            f"{shape[0]} on the first axis came for {layer}. Each layer needs a state, "
            "and each direction too.",
            f"对 {layer}，第一个轴的长度是 {shape[0]}。每一层都要有状态，"
            "每个方向也要有。",
        )


@exercise("20-4")
def own_letters(answer: Any) -> None:
    """Shares of names with a letter that no other language uses."""
    cases = [
        (["аб", "ba", "cab", "да", "abc", "ba"], [0, 1, 2, 0, 2, 1]),
        (["xy", "zz", "yz", "yx", "w", "yyx"], [1, 0, 0, 1, 2, 1]),
    ]
    for texts, targets in cases:
        got = call(answer, tuple(texts), torch.tensor(targets))
        if isinstance(got, (list, np.ndarray)):
            got = _as_tensor(got)
        got = _single(got)
        want = torch.tensor(_own(texts, targets))
        _refuse_other_shares(got, texts, targets, want)
        expect_tensor(got, want, en="the shares", zh="比例")


def _as_tensor(got: Any) -> Any:
    """Return numbers of a list or an array as a tensor, anything else as it is."""
    try:
        return torch.as_tensor(got, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        return got


def _alphabets(texts: list[str], targets: list[int]) -> list[set[str]]:
    found: list[set[str]] = [set() for _ in range(max(targets) + 1)]
    for text, target in zip(texts, targets, strict=True):
        found[target] |= set(text)
    return found


def _own(texts: list[str], targets: list[int]) -> list[float]:
    alphabets = _alphabets(texts, targets)
    users = Counter(chain.from_iterable(alphabets))
    shares = []
    for language in range(len(alphabets)):
        mine = [t for t, k in zip(texts, targets, strict=True) if k == language]
        hits = [any(users[letter] == 1 for letter in text) for text in mine]
        shares.append(sum(hits) / len(hits))
    return shares


def _refuse_other_shares(
    got: Any, texts: list[str], targets: list[int], want: Tensor
) -> None:
    if not isinstance(got, Tensor) or got.shape != want.shape:
        return
    sizes = torch.tensor(targets).bincount()
    alphabets = _alphabets(texts, targets)
    users = Counter(chain.from_iterable(alphabets))
    kinds = torch.tensor(
        [sum(users[c] == 1 for c in letters) / len(letters) for letters in alphabets]
    )
    if torch.allclose(got.float(), want * sizes):
        raise Slip(
            "These are numbers of names. Asked for are shares of each language.",
            "这是名称的个数，要的是在各语言中所占的比例。",
        )
    if torch.allclose(got.float(), kinds):
        raise Slip(
            "This is the share of *letters* that are own. Asked for is the share of "
            "names that hold one.",
            "这是独有字母在字母表中所占的比例。要的是含有独有字母的名称所占的比例。",
        )
    if torch.allclose(got.float(), want * sizes / sizes.sum()):
        raise Slip(
            "You divided by the number of all names. Divide by those of the language.",
            "你除以了全部名称的个数，应当除以该语言的名称个数。",
        )
