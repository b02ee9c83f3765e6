"""Typical wrong answers to the exercises of lesson 05."""

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

Vocabulary = dict[str, int]
Sentences = list[list[str]]


def ranked(scores: Tensor, vocabulary: Vocabulary) -> list[str]:
    words = [word for word in vocabulary if not word.startswith("<")]
    return sorted(words, key=lambda word: -abs(scores[vocabulary[word]].item()))


def only_for_torch(scores: Tensor, vocabulary: Vocabulary, count: int) -> set[str]:
    words = list(vocabulary)
    return {words[n] for n in scores[2:].topk(count).indices + 2}


def with_padding(scores: Tensor, vocabulary: Vocabulary, count: int) -> set[str]:
    words = list(vocabulary)
    return {words[n] for n in scores.abs().topk(count).indices}


def list_of_words(scores: Tensor, vocabulary: Vocabulary, count: int) -> list[str]:
    return ranked(scores, vocabulary)[:count]


def numbers_of_words(scores: Tensor, vocabulary: Vocabulary, count: int) -> set[int]:
    return {vocabulary[word] for word in ranked(scores, vocabulary)[:count]}


def one_too_few(scores: Tensor, vocabulary: Vocabulary, count: int) -> set[str]:
    return set(ranked(scores, vocabulary)[: count - 1])


def most_frequent(scores: Tensor, vocabulary: Vocabulary, count: int) -> set[str]:  # noqa: ARG001
    return set(list(vocabulary)[2 : 2 + count])


def share(known: set[str], sentences: Sentences) -> float:
    unknown = [word not in known for words in sentences for word in words]
    return sum(unknown) / len(unknown)


def most_common(sentences: Sentences, size: int) -> set[str]:
    counts = Counter(word for words in sentences for word in words)
    return {word for word, _ in counts.most_common(size)}


def known_share(seen: Sentences, unseen: Sentences, size: int) -> float:
    return 1 - share(most_common(seen, size), unseen)


def percent(seen: Sentences, unseen: Sentences, size: int) -> float:
    return 100 * share(most_common(seen, size), unseen)


def different_words(seen: Sentences, unseen: Sentences, size: int) -> float:
    words = {word for sentence in unseen for word in sentence}
    return len(words - most_common(seen, size)) / len(words)


def leaked(seen: Sentences, unseen: Sentences, size: int) -> float:
    return share(most_common(seen + unseen, size), unseen)


def two_places_gone(seen: Sentences, unseen: Sentences, size: int) -> float:
    return share(most_common(seen, max(size - 2, 0)), unseen)


def mean_of_sentences(seen: Sentences, unseen: Sentences, size: int) -> float:
    known = most_common(seen, size)
    return sum(share(known, [words]) for words in unseen) / len(unseen)


def from_validation(seen: Sentences, unseen: Sentences, size: int) -> float:  # noqa: ARG001
    return share(most_common(unseen, size), unseen)


def lowest_of_all(losses: list[float], patience: int) -> int:  # noqa: ARG001
    return losses.index(min(losses))


def first_rise(losses: list[float], patience: int) -> int:  # noqa: ARG001
    for epoch in range(1, len(losses)):
        if losses[epoch] > losses[epoch - 1]:
            return epoch - 1
    return len(losses) - 1


def epoch_of_the_stop(losses: list[float], patience: int) -> int:
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch
    return len(losses) - 1


def counted_from_one(losses: list[float], patience: int) -> int:
    return kept(losses, patience) + 1


def equal_is_a_low(losses: list[float], patience: int) -> int:
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


def loss_and_not_epoch(losses: list[float], patience: int) -> float:
    return losses[kept(losses, patience)]


def kept(losses: list[float], patience: int) -> int:
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


class PlainMean(nn.Module):
    """Divide by the length of the rectangle."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.table = nn.Embedding(words, 8, padding_idx=0)
        self.output = nn.Linear(8, classes)

    def forward(self, tokens: Tensor) -> Any:
        return self.output(self.table(tokens).mean(dim=1))


def bag(words: int, classes: int, *more: nn.Module) -> nn.Module:
    table = nn.EmbeddingBag(words, 8, padding_idx=0)
    return nn.Sequential(table, nn.Linear(8, classes), *more)


def with_softmax(words: int, classes: int) -> nn.Module:
    return bag(words, classes, nn.Softmax(dim=1))


def with_log_softmax(words: int, classes: int) -> nn.Module:
    return bag(words, classes, nn.LogSoftmax(dim=1))


def one_logit(words: int, classes: int) -> nn.Module:  # noqa: ARG001
    return bag(words, 1)


def always_five(words: int, classes: int) -> nn.Module:  # noqa: ARG001
    return bag(words, 5)


def bag_with_padding(words: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.EmbeddingBag(words, 8), nn.Linear(8, classes))


def a_logit_per_word(words: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.Embedding(words, 8, padding_idx=0), nn.Linear(8, classes))


def table_too_small(words: int, classes: int) -> nn.Module:
    return bag(words - 1, classes)


def frozen(words: int, classes: int) -> nn.Module:
    return bag(words, classes).requires_grad_(requires_grad=False)


def not_called(words: int, classes: int) -> Any:  # noqa: ARG001
    return nn.EmbeddingBag


WRONG: dict[str, list[Any]] = {
    "05-1": [
        only_for_torch,
        with_padding,
        list_of_words,
        numbers_of_words,
        one_too_few,
        most_frequent,
    ],
    "05-2": [
        known_share,
        percent,
        different_words,
        leaked,
        two_places_gone,
        mean_of_sentences,
        from_validation,
    ],
    "05-3": [
        lowest_of_all,
        first_rise,
        epoch_of_the_stop,
        counted_from_one,
        equal_is_a_low,
        loss_and_not_epoch,
    ],
    "05-4": [
        PlainMean,
        with_softmax,
        with_log_softmax,
        one_logit,
        always_five,
        bag_with_padding,
        a_logit_per_word,
        table_too_small,
        frozen,
        not_called,
        torch.zeros(3, 5),
    ],
}
