"""Metrics equal scikit-learn's on the same predictions, however they are batched."""

from typing import Any

import pytest
import sklearn.metrics
import torch
import torchmetrics
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from eatorch.metrics import AUC, Accuracy, ConfusionMatrix, Dice, IoU, Metric

ALL = [Accuracy(), ConfusionMatrix(3), AUC(), Dice(), IoU()]


def scores(seed: int, samples: int, classes: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    output = torch.randn(samples, classes, generator=generator)
    return output, torch.randint(classes, (samples,), generator=generator)


def feed(metric: Any, output: Tensor, target: Tensor, batch: int) -> Any:
    metric.reset()
    for part, right in zip(
        torch.split(output, batch), torch.split(target, batch), strict=True
    ):
        metric.update(part, right)
    return metric.compute()


seeds = st.integers(0, 2**31)
sizes = st.integers(1, 60)


@given(seed=seeds, samples=sizes, classes=st.integers(2, 6), batch=sizes)
@settings(max_examples=60, deadline=None)
def test_accuracy_and_confusion_equal_scikit_learn(
    seed: int, samples: int, classes: int, batch: int
) -> None:
    output, target = scores(seed, samples, classes)
    decided = output.argmax(1)
    assert feed(Accuracy(), output, target, batch) == pytest.approx(
        sklearn.metrics.accuracy_score(target, decided)
    )
    matrix = sklearn.metrics.confusion_matrix(target, decided, labels=range(classes))
    assert feed(ConfusionMatrix(classes), output, target, batch).tolist() == (
        matrix.tolist()
    )


@given(seed=seeds, samples=sizes, batch=sizes, ties=st.booleans())
@settings(max_examples=60, deadline=None)
def test_auc_equals_scikit_learn_with_ties_too(
    seed: int, samples: int, batch: int, ties: bool
) -> None:
    output, target = scores(seed, samples, 2)
    score = (2 * output[:, 0]).round() if ties else output[:, 0]
    assume(set(target.tolist()) == {0, 1})
    expected = sklearn.metrics.roc_auc_score(target, score)
    assert feed(AUC(), score, target, batch) == pytest.approx(expected)
    assert feed(AUC(), score.sigmoid(), target, batch) == pytest.approx(expected)


@given(seed=seeds, samples=sizes, batch=sizes)
@settings(max_examples=60, deadline=None)
def test_overlaps_equal_scikit_learn_and_each_other(
    seed: int, samples: int, batch: int
) -> None:
    output, target = scores(seed, samples, 2)
    logit, marked = output[:, 0], output[:, 0] > 0
    dice, iou = (feed(kind(), logit, target, batch) for kind in (Dice, IoU))
    assert dice == pytest.approx(
        sklearn.metrics.f1_score(target, marked, zero_division=1.0)
    )
    assert iou == pytest.approx(
        sklearn.metrics.jaccard_score(
            target,
            marked,
            zero_division=1.0 if not (marked | (target > 0)).any() else 0,
        )
    )
    assert dice == pytest.approx(2 * iou / (1 + iou))
    assert feed(Dice(), marked, target, batch) == dice, "areas count as they are"


@given(seed=seeds, samples=sizes, cut=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_several_processes_count_as_one(seed: int, samples: int, cut: int) -> None:
    output, target = scores(seed, samples, 2)
    assume(set(target.tolist()) == {0, 1})
    score = output[:, 0]
    for kind in (Accuracy, AUC, Dice, IoU, lambda: ConfusionMatrix(2)):
        makers: list[Any] = [kind] * 3
        whole, first, second = (make() for make in makers)
        whole.update(score, target)
        first.update(score[:cut], target[:cut])
        second.update(score[cut:], target[cut:])
        first.merge_state([second])
        assert torch.equal(
            torch.as_tensor(first.compute()), torch.as_tensor(whole.compute())
        )


def test_accuracy_of_pictures_counts_pixels() -> None:
    output = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    target = output.argmax(1)
    assert feed(Accuracy(), output, target, 1) == 1


def test_threshold_parts_logits_or_probabilities() -> None:
    logits, target = torch.tensor([-1.0, 0.2, 3.0]), torch.tensor([0.0, 1.0, 1.0])
    assert feed(Accuracy(), logits, target, 2) == 1
    assert feed(Accuracy(threshold=0.5), logits.sigmoid(), target, 2) == 1
    # Probabilities against the threshold of logits: everything counts as class 1.
    assert feed(Accuracy(), logits.sigmoid(), target, 2) == pytest.approx(2 / 3)


def test_the_mean_of_batches_would_be_another_number() -> None:
    score, target = torch.tensor([0.1, 0.9, 0.8, 0.2]), torch.tensor([0, 1, 0, 1])
    metric = AUC()
    halves = [feed(metric, score[i : i + 2], target[i : i + 2], 2) for i in (0, 2)]
    assert sum(halves) / 2 == 0.5
    assert feed(metric, score, target, 2) == 0.75


def test_empty_areas_agree() -> None:
    nothing = torch.zeros(4, dtype=torch.bool)
    assert feed(Dice(), nothing, nothing, 4) == 1
    assert feed(IoU(), nothing, nothing, 4) == 1


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: type(metric).__name__)
def test_each_is_a_metric(metric: Any) -> None:
    assert isinstance(metric, Metric)


def test_torchmetrics_fit_the_protocol() -> None:
    assert isinstance(torchmetrics.MeanMetric(), Metric)


def test_matrix_is_the_readers_own() -> None:
    metric = ConfusionMatrix(2)
    metric.update(torch.tensor([0, 1]), torch.tensor([0, 1]))
    metric.compute().zero_()
    assert metric.compute().sum() == 2


@pytest.mark.parametrize("metric", [Accuracy(), AUC(), Dice(), IoU()])
def test_nothing_counted_is_an_error(metric: Any) -> None:
    with pytest.raises(ValueError, match="compute needs at least one batch, got none"):
        metric.compute()


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: type(metric).__name__)
def test_shapes_that_would_broadcast_are_refused(metric: Any) -> None:
    """(4, 1) against (4,) is the classic: torch would compare all with all."""
    with pytest.raises(ValueError, match=r"shape of target.*got \(4, 1\) and \(4,\)"):
        metric.update(torch.zeros(4, 1), torch.zeros(4, dtype=torch.int64))


def test_class_scores_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got \(4, 3\) and \(5,\)"):
        Accuracy().update(torch.zeros(4, 3), torch.zeros(5, dtype=torch.int64))


@pytest.mark.parametrize("bad", [-1, 2])
def test_confusion_refuses_unknown_classes(bad: int) -> None:
    with pytest.raises(ValueError, match=f"classes must lie from 0 to 1, got .*{bad}"):
        ConfusionMatrix(2).update(torch.tensor([0, 1]), torch.tensor([0, bad]))
    with pytest.raises(ValueError, match="classes must be at least 2, got 1"):
        ConfusionMatrix(1)


def test_auc_needs_both_classes_and_numbers() -> None:
    metric = AUC()
    metric.update(torch.tensor([0.1, 0.2]), torch.tensor([1, 1]))
    with pytest.raises(ValueError, match=r"targets must hold 0 and 1, both, got \[1\]"):
        metric.compute()
    metric.update(torch.tensor([torch.nan]), torch.tensor([0]))
    with pytest.raises(ValueError, match="scores must be numbers, got 1 NaN"):
        metric.compute()


def test_gradients_are_not_kept() -> None:
    output = torch.zeros(2, requires_grad=True)
    metric = AUC()
    metric.update(output, torch.tensor([0, 1]))
    assert not metric.scores[0].requires_grad


def test_a_lone_sample_must_come_as_a_batch() -> None:
    with pytest.raises(ValueError, match=r"got \(3,\) and \(\)"):
        Accuracy().update(torch.zeros(3), torch.tensor(1))
