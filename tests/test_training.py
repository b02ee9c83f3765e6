"""The promises of the training loop, row by row."""

import itertools
import math
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.metrics import accuracy_score
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from eatorch import faults
from eatorch.callbacks import Callback, Checkpoint, EarlyStopping, TensorBoard
from eatorch.history import History
from eatorch.training import Trainer, TrainingError


class Hits:
    """Accuracy, as small as a metric can be."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.right, self.count = 0, 0

    def update(self, output: Tensor, target: Tensor) -> None:
        self.right += int((output.argmax(1) == target).sum())
        self.count += len(target)

    def compute(self) -> float:
        return self.right / self.count


def samples(count: int = 50, classes: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, 4, generator=generator)
    return inputs, inputs[:, :classes].argmax(1)


def loader(batch_size: int = 16, *, shuffle: bool = True, **options: Any) -> Any:
    generator = torch.Generator().manual_seed(1)
    data = TensorDataset(*samples())
    return DataLoader(data, batch_size, shuffle, generator=generator, **options)


def network() -> nn.Module:
    layers = (nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3))
    return nn.Sequential(*layers)


def trainer(
    model: nn.Module | None = None, *, seed: int = 0, **options: Any
) -> Trainer:
    torch.manual_seed(seed)
    model = model or network()
    optimizer = options.pop("optimizer", None)
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 0.01)
    loss = options.pop("loss", nn.CrossEntropyLoss())
    return Trainer(model, loss, optimizer, device="cpu", **options)


def regression(targets: Tensor, **options: Any) -> tuple[Trainer, list[Any]]:
    inputs = torch.randn(len(targets), 2, generator=torch.Generator().manual_seed(0))
    options.setdefault("loss", nn.MSELoss())
    return trainer(nn.Linear(2, 1), **options), [(inputs, targets)]


def same(first: Trainer, second: Trainer) -> bool:
    """Compare weights and buffers bit for bit."""
    pairs = zip(
        first.model.state_dict().values(),
        second.model.state_dict().values(),
        strict=True,
    )
    return all(torch.equal(a, b) for a, b in pairs)


def hand_loop(model: nn.Module, batches: Any, epochs: int) -> list[float]:
    loss_fn, losses = nn.CrossEntropyLoss(), []
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(epochs):
        total, count = 0.0, 0
        model.train()
        for inputs, target in batches:
            optimizer.zero_grad()
            loss = loss_fn(model(inputs), target)
            loss.backward()
            optimizer.step()
            total, count = total + loss.item() * len(target), count + len(target)
        losses.append(total / count)
    return losses


# Right numbers


def test_fit_is_the_hand_loop_bit_for_bit() -> None:
    ours = trainer()
    history = ours.fit(loader(), epochs=3, progress=False)
    torch.manual_seed(0)
    model = network()
    losses = hand_loop(model, loader(), 3)
    assert history.to_dict()["train_loss"] == pytest.approx(losses, rel=1e-15)
    pairs = zip(ours.model.parameters(), model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_loss_weighs_samples_not_batches() -> None:
    """33 samples in batches of 32 and 1: a mean of batch means would be wrong."""
    ours = trainer(metrics={"accuracy": Hits()})
    inputs, target = samples(33)
    measured = ours.evaluate(DataLoader(TensorDataset(inputs, target), 32))
    ours.model.eval()
    with torch.no_grad():
        output = ours.model(inputs)
    whole = nn.functional.cross_entropy(output, target).item()
    assert measured["loss"] == pytest.approx(whole, rel=1e-6)
    assert measured["accuracy"] == accuracy_score(target, output.argmax(1))


def test_history_has_one_row_per_epoch_in_a_fixed_order() -> None:
    ours = trainer(metrics={"accuracy": Hits()})
    history = ours.fit(loader(), loader(shuffle=False), epochs=2, progress=False)
    assert [row["epoch"] for row in history] == [1, 2]
    assert list(history[0]) == [
        *("epoch", "train_loss", "train_accuracy"),
        *("valid_loss", "valid_accuracy", "lr"),
    ]
    assert history.stopped is None
    assert ours.epoch == 2


def test_row_holds_the_learning_rate_of_its_own_epoch() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    ours = trainer(model, optimizer=optimizer, scheduler=scheduler)
    assert ours.fit(loader(), epochs=3, progress=False).to_dict()["lr"] == [
        1,
        0.5,
        0.25,
    ]


def test_plateau_scheduler_sees_the_validation_loss() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    ours = trainer(model, optimizer=optimizer, scheduler=plateau)
    row = ours.fit(loader(), loader(shuffle=False), epochs=1, progress=False)[0]
    assert plateau.best == row["valid_loss"]


def test_accumulating_equals_the_larger_batch() -> None:
    inputs, target = samples(48)
    results = []
    for size, accumulate in ((24, 1), (8, 3)):
        data = list(
            zip(torch.split(inputs, size), torch.split(target, size), strict=True)
        )
        torch.manual_seed(0)
        model = nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        ours = trainer(model, optimizer=optimizer, accumulate=accumulate)
        ours.fit(data, epochs=2, progress=False)
        results.append(model.weight.detach())
    assert torch.allclose(results[0], results[1], atol=1e-6)


def test_last_group_may_be_shorter() -> None:
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    ours = trainer(model, optimizer=optimizer, accumulate=2)
    before, (inputs, target) = model.weight.detach().clone(), samples(24)
    data = list(zip(torch.split(inputs, 8), torch.split(target, 8), strict=True))
    expected = nn.Linear(4, 3)
    expected.load_state_dict(model.state_dict())
    other = torch.optim.SGD(expected.parameters(), 0.5)
    for part in (slice(0, 16), slice(16, 24)):
        other.zero_grad()
        loss = nn.functional.cross_entropy(expected(inputs[part]), target[part])
        torch.autograd.backward(loss)
        other.step()
    ours.fit(data, epochs=1, progress=False)
    assert not torch.equal(before, model.weight)
    assert torch.allclose(model.weight, expected.weight, atol=1e-6)


def test_clip_bounds_the_step() -> None:
    model = nn.Linear(4, 3)
    before = torch.cat([p.detach().clone().flatten() for p in model.parameters()])
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    ours = trainer(model, optimizer=optimizer, clip=0.01)
    ours.fit([samples(16)], epochs=1, progress=False)
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert (after - before).norm().item() == pytest.approx(0.01, rel=1e-3)


def test_predict_keeps_the_order_of_the_data() -> None:
    ours, (inputs, _) = trainer(), samples()
    predicted = ours.predict(loader(16, shuffle=True, drop_last=True))
    ours.model.eval()
    with torch.no_grad():
        assert torch.allclose(predicted, ours.model(inputs), atol=1e-6)
    assert torch.equal(predicted, ours.predict(list(torch.split(inputs, 16))))


def test_measuring_leaves_the_mode_of_each_module() -> None:
    model = network()
    model.train()
    model[1].eval()  # type: ignore[index]
    ours = trainer(model)
    ours.evaluate(loader())
    ours.predict(loader())
    assert [m.training for m in model.children()] == [True, False, True, True]  # type: ignore[attr-defined, unused-ignore]


def test_torchmetrics_fit_in() -> None:
    from torchmetrics.classification import MulticlassAccuracy

    accuracy = MulticlassAccuracy(3, average="micro")
    measured = trainer(metrics={"a": accuracy, "b": Hits()}).evaluate(loader())
    assert measured["a"] == pytest.approx(measured["b"])


# Precision, compilation, a step of one's own


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns(precision: Any) -> None:
    ours = trainer(precision=precision)
    losses = ours.fit(loader(), epochs=4, progress=False).to_dict()["train_loss"]
    assert losses[-1] < losses[0]
    assert ours.predict(loader()).dtype == torch.float32
    assert all(p.dtype == torch.float32 for p in ours.model.parameters())


def test_clip_sees_unscaled_gradients_in_fp16() -> None:
    model = nn.Linear(4, 3)
    before = model.bias.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    ours = trainer(model, optimizer=optimizer, clip=0.01, precision="fp16")
    ours.fit([samples(16)], epochs=1, progress=False)
    assert 0 < (model.bias - before).norm().item() <= 0.011


def test_endless_fp16_overflow_is_told() -> None:
    steep = trainer(
        nn.Linear(4, 3), precision="fp16", loss=lambda o, _: o.float().sum() * 1e36
    )
    with pytest.raises(TrainingError, match="fp16 gradients overflowed") as caught:
        steep.fit([samples(16)] * 40, epochs=1, progress=False)
    assert (caught.value.where, caught.value.batch) == ("the gradients", 20)


def test_compiled_model_keeps_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = torch.compile
    monkeypatch.setattr(torch, "compile", lambda f, **_: plain(f, backend="eager"))
    ours = trainer(compile=True)
    ours.fit(loader(), epochs=1, progress=False)
    assert not any(name.startswith("_orig_mod") for name in ours.model.state_dict())
    assert ours.model._compiled_call_impl is not None


def test_without_a_compiler_one_warning_and_eager(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no C++ compiler found\nmore")

    monkeypatch.setattr(torch, "compile", fail)
    with pytest.warns(UserWarning, match="compile=True has no effect.*no C") as caught:
        ours = trainer(compile=True)
    assert len(caught) == 1
    assert ours.fit(loader(), epochs=1, progress=False)


class Reconstruct(Trainer):
    """A step of another kind: batches are dicts, the target is the input."""

    def step(self, batch: Any) -> tuple[Tensor, Any, Any]:
        output = self.model(batch["x"])
        return self.loss(output, batch["x"]), output, batch["x"]


def test_step_can_be_overridden() -> None:
    model = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    ours = Reconstruct(model, nn.MSELoss(), optimizer, device="cpu")
    data = [{"x": samples(8)[0], "name": "a"}, {"x": samples(4)[0], "name": "b"}]
    history = ours.fit(data, data, epochs=2, progress=False)
    assert history[1]["valid_loss"] < history[0]["valid_loss"]
    assert ours.predict(data).shape == (12, 4)


# What is told at the edge


@pytest.mark.parametrize("epochs", [0, -1, True, 2.0, "3", None])
def test_epochs_must_be_a_positive_int(epochs: Any) -> None:
    message = f"epochs must be a positive int, got {epochs!r}"
    with pytest.raises(ValueError, match=message):
        trainer().fit(loader(), epochs=epochs)


def test_epochs_already_reached(capsys: pytest.CaptureFixture[str]) -> None:
    ours = trainer()
    history = ours.fit(loader(), epochs=2, progress=False)
    before = dict(history[-1])
    assert ours.fit(loader(), epochs=2) is history
    assert dict(history[-1]) == before
    assert capsys.readouterr().out == "nothing to do: 2 epochs are done, epochs=2\n"


class Stream(IterableDataset[Any]):
    """A data set without a length."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[Any]:
        return iter(zip(*samples(self.count), strict=True))


EMPTY = TensorDataset(torch.empty(0, 4), torch.empty(0))


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize(
    ("batches", "reason"),
    [
        (DataLoader(EMPTY), "it has 0 samples"),
        ([], "its length is 0"),
        (
            DataLoader(TensorDataset(*samples(3)), 4, drop_last=True),
            "3 samples are less than one batch of 4, and drop_last=True drops it",
        ),
    ],
)
def test_no_batch(part: str, batches: Any, reason: str) -> None:
    data = {"train": loader(), "valid": loader(), part: batches}
    with pytest.raises(ValueError, match=f"^{part} has no batch: {reason}$"):
        trainer().fit(**data, epochs=1)


def test_stream_works_and_an_empty_one_is_told() -> None:
    ours = trainer()
    history = ours.fit(DataLoader(Stream(20), 8), epochs=2, progress=False)
    assert len(history) == 2
    with pytest.raises(ValueError, match="have no batch: nothing came out"):
        ours.fit(DataLoader(Stream(0), 8), epochs=3, progress=False)
    with pytest.raises(ValueError, match=r"accumulate=2 needs .* train has no len\(\)"):
        trainer(accumulate=2).fit(DataLoader(Stream(20), 8), epochs=1)


@pytest.mark.parametrize("part", ["train", "valid"])
def test_iterator_that_can_be_walked_once(part: str) -> None:
    data = {"train": loader(), "valid": loader(), part: iter([samples()])}
    message = f"{part} is a list_iterator, which is empty after one epoch"
    with pytest.raises(TypeError, match=message):
        trainer().fit(**data, epochs=2)
    with pytest.raises(TypeError, match="data must be a DataLoader or a list"):
        trainer().evaluate(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("batch", [samples()[0], (samples()[0],), {"x": 1}, "ab"])
def test_batch_that_is_no_pair(batch: Any) -> None:
    message = r"must be a pair \(inputs, target\), got a .*: override Trainer.step"
    with pytest.raises(TypeError, match=message) as caught:
        trainer().fit([batch], epochs=1)
    assert type(batch).__name__ in str(caught.value)


def test_optimizer_of_another_model() -> None:
    foreign = torch.optim.SGD(nn.Linear(7, 2).parameters(), 0.1)
    message = (
        r"optimizer holds 2 of 2 parameters that are not the model's "
        r"\(shapes \(2, 7\), \(2,\)\); the model has 2: 'weight', 'bias'"
    )
    with pytest.raises(ValueError, match=message):
        trainer(nn.Linear(4, 3), optimizer=foreign)


def test_nothing_is_trainable_but_some_is_enough() -> None:
    model = nn.Linear(4, 3)
    model.weight.requires_grad_(False)
    part = torch.optim.SGD([model.bias], 0.1)
    assert trainer(model, optimizer=part).fit([samples()], epochs=1, progress=False)
    model.bias.requires_grad_(False)
    with pytest.raises(ValueError, match="nothing is trainable: none of the 1 param"):
        trainer(model, optimizer=part)


def test_loss_that_is_no_number() -> None:
    with pytest.raises(TypeError, match="the loss must be a tensor, got float"):
        trainer(loss=lambda *_: 1.0).fit(loader(), epochs=1)
    each = nn.CrossEntropyLoss(reduction="none")
    with pytest.raises(ValueError, match=r'shape \(16,\): .* reduction="none"'):
        trainer(loss=each).fit(loader(), epochs=1)


LOSSES: list[Callable[..., Tensor]] = [
    nn.MSELoss(),
    nn.HuberLoss(),
    lambda output, target: (output - target).square().mean(),
    lambda output, target: nn.functional.l1_loss(input=output, target=target),
]


@pytest.mark.parametrize("loss", LOSSES)
def test_outer_difference_in_regression(loss: Any) -> None:
    ours, data = regression(torch.randn(5), loss=loss)
    message = r"target has shape \(5,\) and output \(5, 1\): .* 5 x 5 differences"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=message):
            ours.fit(data, epochs=1)


def test_squeezing_in_the_loss_is_legal() -> None:
    ours, data = regression(
        torch.randn(5), loss=lambda o, t: (o.squeeze(1) - t).square().mean()
    )
    assert ours.fit(data, epochs=1, progress=False)
    ours, data = regression(torch.randn(1))  # one sample cannot go wrong
    assert trainer(nn.Linear(2, 1), loss=lambda o, t: (o - t).square().mean()).fit(
        data, epochs=1, progress=False
    )


def test_label_out_of_range_is_torchs_error_with_a_note() -> None:
    inputs, target = samples(16)
    target[3] = 7
    with pytest.raises(IndexError, match="Target 7 is out of bounds") as caught:
        trainer().fit([samples(16), (inputs, target)], epochs=1)
    note = "\n".join(caught.value.__notes__)
    assert "in epoch 1, batch 1 of train" in note
    assert "target: shape (16,), torch.int64, from 0 to 7" in note
    assert "output: shape (16, 3)" in note


def test_labels_as_floats_are_torchs_error_with_a_note() -> None:
    inputs, target = samples(16)
    with pytest.raises(RuntimeError, match="Long") as caught:
        trainer().evaluate([(inputs, target.float())])
    assert "torch.float32, from 0 to 2" in caught.value.__notes__[0]


def test_metric_that_is_none() -> None:
    message = r"metric 'a' must be an object with reset\(\), update"
    for metric in (accuracy_score, Hits, 3):
        with pytest.raises(TypeError, match=message):
            trainer(metrics={"a": metric})
    with pytest.raises(ValueError, match="a metric cannot be named 'loss'"):
        trainer(metrics={"loss": Hits()})


def test_metric_that_is_no_number() -> None:
    class Matrix(Hits):
        def compute(self) -> Any:
            return torch.eye(3)

    with pytest.raises(ValueError, match=r"'m' must compute one number .* \(3, 3\)"):
        trainer(metrics={"m": Matrix()}).evaluate(loader())


@pytest.mark.parametrize(
    ("monitor", "valid"), [("val_loss", True), ("valid_loss", False)]
)
def test_unknown_monitor_is_told_before_the_first_epoch(
    monitor: str, valid: bool
) -> None:
    ours = trainer(metrics={"hits": Hits()})
    names = "'epoch', 'train_loss', 'train_hits'"
    message = rf"EarlyStopping watches '{monitor}', but the history will have \[{names}"
    with pytest.raises(ValueError, match=message):
        ours.fit(
            loader(),
            loader() if valid else None,
            epochs=1,
            callbacks=[EarlyStopping(monitor)],
        )
    assert ours.epoch == 0


WRONG_VALUES: list[tuple[Callable[[], Any], str]] = [
    (lambda: EarlyStopping(mode="maximum"), "mode must be 'min' or 'max', got 'maxi"),  # type: ignore[arg-type]
    (lambda: Checkpoint("x", mode="up"), "mode must be 'min' or 'max', got 'up'"),  # type: ignore[arg-type]
    (lambda: EarlyStopping(patience=0), "patience must be a positive int, got 0"),
    (lambda: EarlyStopping(min_delta=-1), "min_delta must be 0 or more, got -1"),
    (lambda: trainer(precision="half"), r"one of \('fp32', 'bf16', 'fp16'\), got 'h"),
    (lambda: trainer(accumulate=0), "accumulate must be a positive int, got 0"),
    (lambda: trainer(accumulate=1.5), "accumulate must be a positive int, got 1.5"),
    (lambda: trainer(clip=0), "clip must be a positive float, got 0"),
    (lambda: trainer(clip=math.nan), "clip must be a positive float, got nan"),
]


@pytest.mark.parametrize(("make", "message"), WRONG_VALUES)
def test_wrong_values(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_wrong_kinds() -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(TypeError, match=r"model must be a torch.nn.Module, got str"):
        Trainer("model", nn.MSELoss(), optimizer)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="loss must be callable, got str"):
        Trainer(model, "mse", optimizer)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"must be a torch.optim.Optimizer, got str"):
        Trainer(model, nn.MSELoss(), "adam")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="callbacks must be Callback objects"):
        trainer().fit(loader(), epochs=1, callbacks=[print])  # type: ignore[list-item]
    other = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    with pytest.raises(
        ValueError, match="a torch scheduler of this optimizer, got a S"
    ):
        trainer(scheduler=other)


class Silent(nn.Module):
    """Forgets to return."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> None:
        self.layer(inputs)


def test_forward_that_returns_none_is_named() -> None:
    with pytest.raises(TypeError, match=r"forward of '' \(Silent\) returned None"):
        trainer(Silent()).fit(loader(), epochs=1)
    inner = nn.Sequential(Silent(), nn.Linear(3, 3))
    with pytest.raises(TypeError, match=r"forward of '0' \(Silent\) returned None"):
        trainer(inner).fit(loader(), epochs=1)


def test_predict_needs_tensors() -> None:
    class Pair(nn.Linear):
        def forward(self, inputs: Tensor) -> Any:
            return inputs, inputs

    with pytest.raises(TypeError, match="predict needs tensors, got a tuple"):
        trainer(Pair(4, 3)).predict(loader())


def test_step_must_return_three_things() -> None:
    class Short(Trainer):
        def step(self, batch: Any) -> Any:
            return self.model(batch[0]).mean()

    model = nn.Linear(4, 3)
    ours = Short(
        model, nn.MSELoss(), torch.optim.SGD(model.parameters(), 1), device="cpu"
    )
    with pytest.raises(TypeError, match=r"step must return \(loss, output, target\)"):
        ours.fit(loader(), epochs=1)


# Not a number


class Poison(nn.Module):
    """Turns its output to NaN at one of its calls in training."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.calls, self.at = itertools.count(), at

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training and next(self.calls) >= self.at:
            return inputs * math.nan
        return inputs


@pytest.mark.parametrize("files", [False, True])
def test_nan_names_the_module_and_goes_back(files: bool, tmp_path: Path) -> None:
    def model(middle: nn.Module) -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), middle, nn.Linear(8, 3))

    ours = trainer(model(nn.Sequential(Poison(9))))
    callbacks = [Checkpoint(tmp_path)] if files else []
    with pytest.raises(TrainingError) as caught:
        ours.fit(loader(), epochs=5, callbacks=callbacks, progress=False)
    error = caught.value  # 4 batches per epoch: the tenth call is in epoch 3, batch 1
    assert (error.epoch, error.batch, error.where) == (3, 1, "'1.0' (Poison)")
    assert str(error) == (
        "the loss became nan in epoch 3, batch 1, at learning rate 0.01; it was first "
        "seen in '1.0' (Poison). The trainer is back at the end of epoch 2."
    )
    assert (ours.epoch, len(ours.history)) == (2, 2)
    healthy = trainer(model(nn.Identity()))
    healthy.fit(loader(), epochs=2, progress=False)
    assert same(ours, healthy)


@pytest.mark.parametrize("pause", [0.0, 1e9])
def test_a_device_that_must_not_wait_finds_the_batch_later(
    pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an accelerator losses are looked at now and then and at the epoch's end."""
    monkeypatch.setattr("eatorch.training._SECONDS", pause)
    ours = trainer(nn.Sequential(nn.Linear(4, 8), Poison(5), nn.Linear(8, 3)))
    monkeypatch.setattr(ours, "_watchful", False)
    monkeypatch.setattr(ours, "device", torch.device("meta"))
    monkeypatch.setattr(ours, "_moved", lambda batch: batch)
    with pytest.raises(TrainingError) as caught:
        ours.fit(loader(), epochs=3, progress=False)
    assert (caught.value.epoch, caught.value.batch) == (2, 1)
    assert ours.epoch == 1
    assert faults.weights_are_finite(ours.model)


def test_nan_in_the_data_and_in_the_loss() -> None:
    inputs, target = samples(16)
    inputs[0, 0] = math.nan
    with pytest.raises(TrainingError, match="first seen in the inputs"):
        trainer().fit([(inputs, target)], epochs=1)
    with pytest.raises(TrainingError, match=r"the loss became inf .* in the loss"):
        trainer(loss=lambda o, _: o.mean() + math.inf).fit([samples()], epochs=1)


def test_weights_that_break_in_the_last_step_do_not_survive() -> None:
    """The loss is finite, its gradient is not: the square root of zero."""
    model = nn.Linear(4, 1, bias=False)
    nn.init.zeros_(model.weight)
    ours = trainer(model, loss=lambda o, _: (o * 0).square().sum().sqrt() + 1)
    with pytest.raises(TrainingError, match="a weight is not finite any more"):
        ours.fit([samples(8)], epochs=1)
    assert torch.equal(model.weight, torch.zeros(1, 4))


def test_validation_that_is_not_finite_ends_the_fit_and_is_never_best(
    tmp_path: Path,
) -> None:
    class Drift(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            bad = not self.training and ours.epoch == 2
            return inputs * math.inf if bad else inputs

    model = nn.Sequential(nn.Linear(4, 3), Drift())
    ours = trainer(model)
    best = Checkpoint(tmp_path, "valid_loss")
    history = ours.fit(loader(), loader(), epochs=9, callbacks=[best], progress=False)
    assert history.stopped is not None
    assert history.stopped.startswith("valid_loss is nan in epoch 3")
    assert len(history) == 3
    assert history.best()["epoch"] == 2
    assert trainer(model).resume(best.best_path).epoch == 2


# Ctrl-C


class Interrupt(Callback):
    """Press Ctrl-C for real, a moment after an epoch has ended or in a step."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_end(self, trainer: Trainer, row: Any) -> None:  # noqa: ARG002
        if row["epoch"] == self.epoch:
            os.kill(os.getpid(), signal.SIGINT)


class Slow(nn.Module):
    """Presses Ctrl-C inside a forward pass."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.calls, self.at = itertools.count(), at

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training and next(self.calls) == self.at:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        return inputs


@pytest.mark.parametrize("files", [False, True])
def test_ctrl_c_gives_control_back_and_fit_goes_on(files: bool, tmp_path: Path) -> None:
    def model(at: int) -> nn.Module:
        return nn.Sequential(network(), Slow(at))

    torch.manual_seed(0)
    unbroken = trainer(model(-1))
    stopping = EarlyStopping("train_loss", restore_best=False)
    unbroken.fit(loader(), epochs=5, callbacks=[stopping], progress=False)
    torch.manual_seed(0)
    ours, batches = trainer(model(9)), loader()
    for _ in range(2):  # as a notebook does it: the same cell again, new callbacks
        callbacks: list[Callback] = [EarlyStopping("train_loss", restore_best=False)]
        callbacks += [Checkpoint(tmp_path)] if files else []
        history = ours.fit(batches, epochs=5, callbacks=callbacks, progress=False)
        if ours.epoch == 2:
            assert history.stopped == "interrupted in epoch 3, now undone"
            assert len(history) == 2
    assert list(history) == list(unbroken.history)
    assert history.stopped is None
    assert same(ours, unbroken)


def test_ctrl_c_between_epochs_repeats_the_epoch() -> None:
    unbroken = trainer()
    unbroken.fit(loader(), epochs=3, progress=False)
    ours, batches = trainer(), loader()
    ours.fit(batches, epochs=3, callbacks=[Interrupt(2)], progress=False)
    assert ours.epoch == 1
    ours.fit(batches, epochs=3, progress=False)
    assert same(ours, unbroken)


def test_a_fit_in_another_thread_goes_back_too() -> None:
    """Only the main thread may touch signals."""
    ours, errors = trainer(nn.Sequential(nn.Linear(4, 3), Poison(2))), []

    def work() -> None:
        try:
            ours.fit(loader(), epochs=2, progress=False)
        except TrainingError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors[0].batch == 2
    assert ours.epoch == 0


def test_any_other_error_goes_back_too() -> None:
    ours, (inputs, target) = trainer(), samples(16)
    before = {name: value.clone() for name, value in ours.model.state_dict().items()}
    with pytest.raises(RuntimeError, match="shape"):
        ours.fit([(inputs, target), (inputs[:, :2], target)], epochs=1)
    after = ours.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


# Callbacks


def test_early_stopping_returns_to_the_best_epoch() -> None:
    class Scripted(Trainer):
        """Loses as told, so that the best epoch is known."""

        def step(self, batch: Any) -> Any:
            output = self.model(batch[0])
            told = [3.0, 1.0, 2.0, 2.0, 2.0][self.epoch]
            return output.mean() * 0 + told + model.bias[0], output, batch[1]

    model = nn.Linear(4, 3)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    ours = Scripted(model, nn.MSELoss(), optimizer, device="cpu")
    stopping = EarlyStopping(patience=2)
    data = [samples(8)]
    history = ours.fit(data, data, epochs=5, callbacks=[stopping], progress=False)
    assert history.stopped == "valid_loss has not improved for 2 epochs"
    assert len(history) == 4
    assert model.bias[0].item() == pytest.approx(-0.2)  # after two steps, not four


def test_min_delta_asks_for_more_than_a_trifle() -> None:
    frozen = EarlyStopping("train_loss", patience=1, min_delta=100.0)
    history = trainer().fit(loader(), epochs=9, callbacks=[frozen], progress=False)
    assert len(history) == 2


def test_hooks_run_in_order_and_checkpoints_last(tmp_path: Path) -> None:
    told: list[str] = []

    class Teller(Callback):
        def on_fit_start(self, trainer: Trainer) -> None:
            told.append(f"start {trainer.epoch}")

        def on_epoch_end(self, trainer: Trainer, row: Any) -> None:
            saved = (tmp_path / "last.pt").exists()
            told.append(f"{row['epoch']} {len(trainer.history)} {saved}")

        def on_fit_end(self, trainer: Trainer) -> None:
            told.append(f"end {trainer.epoch}")

    callbacks = [Checkpoint(tmp_path), Teller()]
    trainer().fit(loader(), epochs=2, callbacks=callbacks, progress=False)
    assert told == ["start 0", "1 1 False", "2 2 True", "end 2"]


def test_anyone_may_stop() -> None:
    class Enough(Callback):
        def on_epoch_end(self, trainer: Trainer, row: Any) -> None:  # noqa: ARG002
            trainer.stop("enough")
            trainer.stop("more than enough")

    history = trainer().fit(loader(), epochs=3, callbacks=[Enough()], progress=False)
    assert (history.stopped, len(history)) == ("enough", 1)


def test_tensorboard_gets_scalars_and_figures(tmp_path: Path) -> None:
    from matplotlib.figure import Figure
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = TensorBoard(tmp_path, figures={"empty": lambda _: Figure((1, 1))})
    ours = trainer()
    history = ours.fit(loader(), loader(), epochs=2, callbacks=[board], progress=False)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert events.Tags()["scalars"] == ["train/loss", "valid/loss", "lr"]
    assert events.Tags()["images"] == ["empty"]
    logged = [event.value for event in events.Scalars("valid/loss")]
    assert logged == pytest.approx(history.to_dict()["valid_loss"], rel=1e-6)


# What it leaves alone


def test_nothing_is_left_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = dict(os.environ)
    trainer().fit(loader(), loader(), epochs=1, progress=False)
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == environment
    assert capsys.readouterr() == ("", "")


def test_lines_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    trainer().fit(loader(), epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:22] for line in lines] == [
        "epoch 1/2  train_loss ",
        "epoch 2/2  train_loss ",
    ]
    assert lines[0].endswith("  lr 0.01")


def test_a_bar_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    trainer().fit(loader(), epochs=1, progress=True)
    assert "epoch 1/1:" in capsys.readouterr().err


# History


def test_history_finds_the_best_finite_row() -> None:
    rows = [{"epoch": 1, "a": 2.0}, {"epoch": 2, "a": math.nan}, {"epoch": 3, "a": 1.0}]
    history = History(rows)
    assert history.best("a")["epoch"] == 3
    assert history.best("a", "max")["epoch"] == 1
    assert [row["epoch"] for row in history[1:]] == [2, 3]
    with pytest.raises(KeyError, match="no 'b', only"):
        history.best("b")
    with pytest.raises(ValueError, match="mode must be 'min' or 'max', got 'best'"):
        history.best("a", "best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no epoch has a finite 'a'"):
        History(rows[1:2]).best("a")


def test_history_tells_itself() -> None:
    history = History([{"epoch": 1, "loss": 0.5}])
    history.stopped = "enough"
    assert repr(history) == "History of 1 epochs\nepoch=1 loss=0.5\nstopped: enough"
    copied = History()
    copied.load_state_dict(history.state_dict())
    assert (list(copied), copied.stopped) == (list(history), "enough")
