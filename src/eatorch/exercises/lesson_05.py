"""Checks of lesson 05, Text data."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_number,
    expect_tensor,
    expect_type,
)


@exercise("05-1")
def most_telling(answer: Any) -> None:
    """Ask for the strongest words of a small vocabulary, with strong special rows."""
    words = ["<pad>", "<unk>", "the", "tensor", "array", "of", "ndarray", "gpu"]
    vocabulary = {word: number for number, word in enumerate(words)}
    scores = torch.tensor([9.0, -8.0, 0.1, 5.0, -6.0, -0.2, -3.0, 2.0])
    for count, want in (
        (3, {"array", "tensor", "ndarray"}),
        (1, {"array"}),
        (4, {"array", "tensor", "ndarray", "gpu"}),
    ):
        got = call(answer, scores.clone(), dict(vocabulary), count)
        _words_only(got)
        _known_choices(set(got), want)


def _words_only(got: Any) -> None:
    expect_type(got, (set, frozenset), en="a set of words", zh="一个由词组成的集合")
    if not all(isinstance(word, str) for word in got):
        raise Slip(
            "The set should hold words (strings), not their numbers or scores.",
            "集合里应当是词（字符串），而不是词的编号或得分。",
        )


def _known_choices(got: set[str], want: set[str]) -> None:
    if got == want:
        return
    if special := got & {"<pad>", "<unk>"}:
        told = " ".join(sorted(special))
        raise Slip(
            f"{told} got in, but it is no word of the language.",
            f"{told} 混进来了，可它不是语言里的词。",
        )
    if len(got) != len(want):
        raise Slip(
            f"Asked for {len(want)} words, got {len(got)}.",
            f"要求 {len(want)} 个词，得到 {len(got)} 个。",
        )
    if "array" not in got:
        raise Slip(
            "The strongest word of the test speaks against torch: its score is far "
            "below zero. Both sides count.",
            "测试里最有力的词是反对 torch 的：它的得分远小于 0。正负两边都要算。",
        )
    raise Slip(
        f"These are not the {len(want)} words whose scores are farthest from zero. "
        "Does each word meet the score of its own number?",
        f"这不是得分离 0 最远的 {len(want)} 个词。每个词取的是自己编号的得分吗？",
    )


@exercise("05-2")
def unknown_share(answer: Any) -> None:
    """Use sentences in which every usual slip gives another share."""
    seen = [["a"] * 5 + ["b"] * 4, ["b", "c", "c", "c", "a"], ["d", "d"]]
    unseen = [["a", "z", "z", "z"], ["c", "d", "z", "b", "d"]]
    for size, want in ((1, 8 / 9), (2, 7 / 9), (3, 6 / 9), (10, 4 / 9)):
        copies = [[list(words) for words in part] for part in (seen, unseen)]
        got = call(answer, *copies, size)
        if isinstance(got, Tensor) and got.numel() == 1:
            got = got.item()
        if isinstance(got, float | int):
            _known_shares(float(got), want, size)
        expect_number(got, want, tolerance=1e-6)


def _known_shares(got: float, want: float, size: int) -> None:
    if abs(got - want) <= 1e-6:
        return
    # Different words of the validation sentences: a b c d z, all but z can be known.
    different = 1 - min(size, 4) / 5
    special = {1: 1.0, 2: 1.0, 3: 8 / 9, 10: 4 / 9}[size]
    per_sentence = {1: 35, 2: 31, 3: 27, 10: 19}[size] / 40
    if abs(got - 100 * want) <= 1e-4:
        raise Slip(
            "These are percent. Return a share from 0 to 1.",
            "这是百分数，请返回 0 到 1 之间的比例。",
        )
    if abs(got - (1 - want)) <= 1e-6 and want != 1 - want:
        raise Slip(
            "This is the share of known words. Asked for are the unknown ones.",
            "这是已知词的比例，题目要的是未知词的比例。",
        )
    if abs(got - different) <= 1e-6:
        raise Slip(
            "Each different word was counted once. Count a word as often as it occurs.",
            "每个不同的词只数了一次。一个词出现几次就要数几次。",
        )
    if abs(got - per_sentence) <= 1e-6:
        raise Slip(
            "This is the mean of the sentences' shares, in which a short sentence "
            "weighs as much as a long one. Count the words of all sentences together.",
            "这是各句比例的平均值，短句和长句的分量一样了。"
            "请把所有句子的词放在一起数。",
        )
    if got == 0 or (size == 1 and abs(got - 5 / 9) <= 1e-6):
        raise Slip(
            "The vocabulary has seen the validation words too. Build it from the "
            "training sentences alone.",
            "词表里也有验证集的词。只用训练句子来建词表。",
        )
    if abs(got - special) <= 1e-6:
        raise Slip(
            f"Fewer than {size} words are known. Do <pad> and <unk> take two of the "
            "places? Here the size counts words only.",
            f"已知的词不到 {size} 个。是不是 <pad> 和 <unk> 占了两个名额？"
            "这里的 size 只数词。",
        )


@exercise("05-3")
def kept_epoch(answer: Any) -> None:
    """Walk through runs that turn early, late, twice, never or not in time."""
    early = [0.9, 0.5, 0.6, 0.7, 0.8, 0.4]
    runs: list[tuple[list[float], int, int]] = [
        ([0.9, 0.5, 0.4, 0.5, 0.6, 0.7], 2, 2),
        (early, 2, 1),  # the low at the end comes too late
        (early, 4, 5),
        ([0.9, 0.5, 0.6, 0.45, 0.5, 0.44, 0.6, 0.7], 2, 5),
        ([0.9, 0.8, 0.7], 3, 2),
        ([0.5, 0.5, 0.5], 2, 0),
    ]
    for losses, patience, want in runs:
        got = call(answer, list(losses), patience)
        if isinstance(got, Tensor | np.integer) and len(got.reshape(-1)) == 1:
            got = got.item()
        expect_type(got, int, en="an epoch, a whole number", zh="一个轮数（整数）")
        _known_epochs(got, want, losses, patience)


def _known_epochs(got: int, want: int, losses: list[float], patience: int) -> None:
    if got == want:
        return
    told = f"{losses}, patience={patience}"
    if got == want + 1:
        raise Slip(
            f"{told}: got {got}, one too many. Epochs are counted from 0, and a loss "
            "that only equals the lowest is no new low.",
            f"{told}：得到 {got}，多了 1。轮数从 0 数起；与最低值相等的损失不算新低。",
        )
    if want < got == losses.index(min(losses)):
        raise Slip(
            f"{told}: got {got}, the lowest loss of the whole run. But training had "
            "stopped before it came to that epoch.",
            f"{told}：得到 {got}，这是整个过程的最低损失。"
            "可是训练在到达那一轮之前就已经停了。",
        )
    if got == min(want + patience, len(losses) - 1):
        raise Slip(
            f"{told}: got {got}, the epoch at which training stops. Asked for is the "
            "one whose weights are kept.",
            f"{told}：得到 {got}，这是训练停下的那一轮。题目要的是保留其权重的那一轮。",
        )
    raise Slip(
        f"{told}: {got} is not the epoch that is kept. Patience begins anew with each "
        "new low, and a single rise is no reason to stop.",
        f"{told}：保留的不是第 {got} 轮。每出现一次新低，耐心就重新计算；"
        "只升高一次还不到停的时候。",
    )


@exercise("05-4")
def network_for(answer: Any) -> None:
    """Send a batch through, then its sentences one by one, and train a step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, other = call(answer, 50, 5), call(answer, 20, 3)
    for network in (model, other):
        expect_type(network, nn.Module, en="a network", zh="一个网络")
        network.cpu().eval()
    tokens = torch.tensor(
        [
            [3, 49, 7, 2, 9, 11, 1, 5],
            [8, 4, 30, 6, 12, 0, 0, 0],
            [7, 2, 3, 8, 8, 40, 0, 0],
        ]
    )
    with torch.enable_grad():
        got = call(model, tokens.clone())
    _logits(got, sentences=3, classes=5)
    _padding_changes_nothing(model, tokens, got.detach())
    _every_word_counts(model, tokens)
    _can_learn(model, got)
    _logits(call(other, tokens.clamp(max=19)), sentences=3, classes=3)


def _logits(got: Any, *, sentences: int, classes: int) -> None:
    expect_type(got, Tensor, en="a tensor of logits", zh="由 logit 组成的张量")
    want = torch.zeros(sentences, classes)
    if got.shape != want.shape:
        expect_tensor(got, want, en="the logits", zh="logit")
    got = got.detach().float()
    if bool(got.isnan().any()):
        raise Slip("There is nan among the logits.", "logit 里出现了 nan。")
    ones = torch.ones(sentences)
    summed = torch.allclose(got.sum(1), ones, atol=1e-4) and bool((got >= 0).all())
    if summed or torch.allclose(got.exp().sum(1), ones, atol=1e-4):
        raise Slip(
            "The outputs are probabilities, or their logarithms: they went through a "
            "softmax. The loss does that itself and wants logits.",
            "输出是概率或概率的对数：它们经过了 softmax。"
            "损失函数自己会做这一步，它要的是 logit。",
        )


def _padding_changes_nothing(model: Any, tokens: Tensor, got: Tensor) -> None:
    with torch.no_grad():
        for sentence, row in zip(tokens, got, strict=True):
            alone = model(sentence[sentence != 0].unsqueeze(0))[0]
            if not torch.allclose(alone, row, atol=1e-4):
                raise Slip(
                    "A sentence gets other logits alone than in a batch that fills it "
                    "up with <pad>: the padding takes part.",
                    "同一个句子单独送入，和放在用 <pad> 补齐的批次里，"
                    "得到的 logit 不同：填充也参与了计算。",
                )


def _every_word_counts(model: Any, tokens: Tensor) -> None:
    other = tokens.clone()
    other[0] = torch.arange(20, 28)
    with torch.no_grad():
        if torch.allclose(model(tokens)[0], model(other)[0]):
            raise Slip(
                "Two sentences without a common word get the same logits: the words "
                "have no influence.",
                "两个没有共同词的句子得到同样的 logit：词没有起作用。",
            )


def _can_learn(model: Any, got: Tensor) -> None:
    parameters = [weight for weight in model.parameters() if weight.requires_grad]
    if not parameters or not got.requires_grad:
        raise Slip(
            "Nothing in this network can be trained: no gradient leads from the "
            "logits to a parameter.",
            "这个网络没有可以训练的东西：从 logit 没有梯度通向任何参数。",
        )
    with torch.enable_grad():
        nn.CrossEntropyLoss()(got, torch.tensor([0, 4, 2])).backward()
    idle = sum(weight.grad is None for weight in parameters)
    if idle:
        raise Slip(
            f"{idle} of the network's parameters got no gradient. Is each layer used?",
            f"网络中有 {idle} 个参数没有得到梯度。每一层都用上了吗？",
        )
