"""Measure what a training loop costs beside one written by hand.

The same network, data, seeds and number of steps for everybody. A busy machine blurs
single figures, so each run of a contender has a run of the hand loop right next to it,
before it and after it in turn, and only the ratios of such pairs are compared: of CPU
time, as median and quartiles. All must end with the same loss. The peers come with
``pip install -e '.[bench]'``; give them a virtual environment of their own.
"""

import argparse
import contextlib
import io
import logging
import os
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

BATCH, CLASSES = 32, 10
LOSS = nn.CrossEntropyLoss()


def digits() -> TensorDataset:
    """Return 1797 pictures of 8 x 8 pixels, flat, and their digits."""
    pixels, labels = load_digits(return_X_y=True)
    return TensorDataset(
        torch.tensor(pixels, dtype=torch.float32) / 16, torch.tensor(labels)
    )


DATA = digits()


def made() -> tuple[nn.Module, torch.optim.Optimizer, DataLoader[Any]]:
    """Return the same network, optimizer and order of the data for everybody."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES))
    order = torch.Generator().manual_seed(0)
    loader = DataLoader(DATA, BATCH, shuffle=True, generator=order)
    return model, torch.optim.Adam(model.parameters(), 1e-3), loader


def by_hand(epochs: int, clip: float | None = None) -> nn.Module:
    """Train as a page of a book would, with loss and accuracy of each epoch."""
    model, optimizer, loader = made()
    for _ in range(epochs):
        model.train()
        total, hits, count = 0.0, 0, 0
        for inputs, target in loader:
            optimizer.zero_grad()
            output = model(inputs)
            loss = LOSS(output, target)
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(target)
            hits += int((output.argmax(1) == target).sum())
            count += len(target)
        _ = total / count, hits / count
    return model


def by_hand_clipped(epochs: int) -> nn.Module:
    """Train by hand as torchkeras does unasked: with gradients clipped at 1."""
    return by_hand(epochs, clip=1.0)


def by_hand_torchmetrics(epochs: int) -> nn.Module:
    """Train by hand, but let torchmetrics do the counting."""
    from torchmetrics import MeanMetric

    model, optimizer, loader = made()
    accuracy, mean = torchmetrics_accuracy(), MeanMetric()
    for _ in range(epochs):
        model.train()
        for inputs, target in loader:
            optimizer.zero_grad()
            output = model(inputs)
            loss = LOSS(output, target)
            loss.backward()
            optimizer.step()
            accuracy.update(output, target)
            mean.update(loss.detach(), len(target))
        _ = mean.compute(), accuracy.compute()
        accuracy.reset()
        mean.reset()
    return model


def torchmetrics_accuracy() -> Any:
    """Return the accuracy that Lightning and torchkeras users reach for."""
    from torchmetrics.classification import MulticlassAccuracy

    return MulticlassAccuracy(CLASSES, average="micro")


def with_eatorch(epochs: int) -> nn.Module:
    """Train with this package."""
    from eatorch.metrics import Accuracy
    from eatorch.training import Trainer

    model, optimizer, loader = made()
    metrics = {"accuracy": Accuracy()}
    trainer = Trainer(model, LOSS, optimizer, metrics=metrics, device="cpu")
    trainer.fit(loader, epochs=epochs, progress=False)
    return model


def with_fabric(epochs: int) -> nn.Module:
    """Train by hand on Fabric's wrappers, counting by hand too."""
    from lightning.fabric import Fabric

    model, optimizer, loader = made()
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped, optimizer = fabric.setup(model, optimizer)
    loader = fabric.setup_dataloaders(loader)
    return _loop(wrapped, optimizer, loader, fabric.backward, epochs, model)


def with_accelerate(epochs: int) -> nn.Module:
    """Train by hand on accelerate's wrappers, counting by hand too."""
    from accelerate import Accelerator

    model, optimizer, loader = made()
    accelerator = Accelerator(cpu=True)
    wrapped, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    return _loop(wrapped, optimizer, loader, accelerator.backward, epochs, model)


def _loop(  # noqa: PLR0917 - the parts of a training loop
    wrapped: Any,
    optimizer: Any,
    loader: Any,
    backward: Callable[[Tensor], Any],
    epochs: int,
    model: nn.Module,
) -> nn.Module:
    for _ in range(epochs):
        wrapped.train()
        total, hits, count = 0.0, 0, 0
        for inputs, target in loader:
            optimizer.zero_grad()
            output = wrapped(inputs)
            loss = LOSS(output, target)
            backward(loss)
            optimizer.step()
            total += loss.item() * len(target)
            hits += int((output.argmax(1) == target).sum())
            count += len(target)
        _ = total / count, hits / count
    return model


def with_ignite(epochs: int) -> nn.Module:
    """Train with Ignite's engine and metrics."""
    from ignite.engine import create_supervised_trainer
    from ignite.metrics import Accuracy, Loss

    model, optimizer, loader = made()
    engine = create_supervised_trainer(
        model, optimizer, LOSS, output_transform=lambda _, y, out, loss: (out, y, loss)
    )
    Accuracy(output_transform=lambda o: (o[0], o[1])).attach(engine, "accuracy")
    # The loss is there already; the metric only has to weigh it.
    mean = Loss(
        lambda loss, _: loss, lambda o: (o[2], o[1]), batch_size=lambda _: BATCH
    )
    mean.attach(engine, "loss")
    engine.run(loader, max_epochs=epochs)
    return model


def with_skorch(epochs: int) -> nn.Module:
    """Train with skorch and scikit-learn's accuracy."""
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EpochScoring

    model, _, _ = made()
    scoring = EpochScoring("accuracy", lower_is_better=False, on_train=True)
    net = NeuralNetClassifier(
        model,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        max_epochs=epochs,
        batch_size=BATCH,
        train_split=None,
        callbacks=[("train_accuracy", scoring)],
        callbacks__print_log=None,
        callbacks__valid_acc=None,
        iterator_train__shuffle=True,
        iterator_train__generator=torch.Generator().manual_seed(0),
        verbose=0,
    )
    inputs, target = DATA.tensors
    net.fit(inputs, target)
    return model


def with_lightning(epochs: int) -> nn.Module:
    """Train with Lightning's Trainer, logging loss and accuracy as its guide does."""
    import lightning

    model, optimizer, loader = made()

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.accuracy = model, torchmetrics_accuracy()

        def training_step(self, batch: Any, _: int) -> Tensor:
            output = self.model(batch[0])
            loss: Tensor = LOSS(output, batch[1])
            self.accuracy(output, batch[1])
            self.log("loss", loss, on_step=False, on_epoch=True)
            self.log("accuracy", self.accuracy, on_step=False, on_epoch=True)
            return loss

        def configure_optimizers(self) -> Any:
            return optimizer

    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Module(), loader)
    return model


def with_torchkeras(epochs: int) -> nn.Module:
    """Train with torchkeras, its bar and prints caught."""
    from torchkeras import KerasModel

    model, optimizer, loader = made()
    metrics = {"accuracy": torchmetrics_accuracy()}
    keras = KerasModel(model, LOSS, metrics_dict=metrics, optimizer=optimizer)
    with tempfile.TemporaryDirectory() as folder:
        keras.fit(
            loader,
            epochs=epochs,
            ckpt_path=f"{folder}/checkpoint",
            monitor="train_loss",
            plot=False,
            cpu=True,
        )
    return model


CONTENDERS = {
    "hand loop, counting with torchmetrics": by_hand_torchmetrics,
    "hand loop, clipping": by_hand_clipped,
    "**eatorch**": with_eatorch,
    "Fabric, counting by hand": with_fabric,
    "accelerate, counting by hand": with_accelerate,
    "Ignite": with_ignite,
    "skorch": with_skorch,
    "Lightning": with_lightning,
    "torchkeras (clips)": with_torchkeras,
}
NEEDS = {
    "hand loop, counting with torchmetrics": "torchmetrics",
    "Fabric, counting by hand": "lightning",
    "accelerate, counting by hand": "accelerate",
    "Ignite": "ignite",
    "skorch": "skorch",
    "Lightning": "lightning",
    "torchkeras (clips)": "torchkeras",
}
CLIPPING = {"hand loop, clipping", "torchkeras (clips)"}


def seconds(run: Callable[[int], nn.Module], epochs: int) -> tuple[float, nn.Module]:
    """Return the CPU time of a run and the trained network."""
    start = time.process_time()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        model = run(epochs)
    return time.process_time() - start, model


def loss_of(model: nn.Module) -> float:
    """Return the loss over all data in evaluation mode."""
    inputs, target = DATA.tensors
    with torch.no_grad():
        return float(LOSS(model.eval()(inputs), target))


def check_same(name: str, model: nn.Module, epochs: int) -> None:
    """Refuse a contender that has not trained what the hand loop has."""
    clip = 1.0 if name in CLIPPING else None
    expected, got = loss_of(by_hand(epochs, clip)), loss_of(model)
    if abs(expected - got) > 1e-6:
        raise SystemExit(f"{name} ends with loss {got:.9f}, by hand {expected:.9f}")


def measure(name: str, repeats: int, epochs: int) -> tuple[list[float], list[float]]:
    """Return the sorted ratios of the pairs and the hand loop's seconds."""
    run = CONTENDERS[name]
    check_same(name, seconds(run, epochs)[1], epochs)  # the first run imports as well
    ratios, hands = [], []
    for repeat in range(repeats):
        pair = [by_hand, run] if repeat % 2 else [run, by_hand]
        spent = {function: seconds(function, epochs)[0] for function in pair}
        ratios.append(spent[run] / spent[by_hand])
        hands.append(spent[by_hand])
    return sorted(ratios), hands


def table(repeats: int, epochs: int) -> None:
    """Measure all contenders and print a Markdown table."""
    steps = epochs * -(-len(DATA) // BATCH)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, ",
        end="",
    )
    print(
        f"Python {platform.python_version()}, torch {torch.__version__}, one thread; "
    )
    print(
        f"{steps} steps of {BATCH} samples, {repeats} pairs each; all losses agree.\n"
    )
    print("| contender | ratio to the hand loop | quartiles | µs more per step |")
    print("|---|---|---|---|")
    for name in CONTENDERS:
        if name in absent():
            continue
        ratios, hands = measure(name, repeats, epochs)
        low, median, high = statistics.quantiles(ratios, n=4)
        more = (median - 1) * statistics.median(hands) / steps * 1e6
        print(
            f"| {name} | {median:.2f} | {low:.2f}-{high:.2f} | {more:.0f} |", flush=True
        )


def absent() -> list[str]:
    """Return the contenders whose package is not installed here."""
    return [name for name, package in NEEDS.items() if not find_spec(package)]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20, help="pairs, 10 or more")
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    if options.repeats < 10:
        parser.error("fewer than 10 pairs say nothing on a busy machine")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    by_hand(1)  # the first step of a process imports torch's compiler front end
    table(options.repeats, options.epochs)
    if absent():
        print(f"\nNot installed: {', '.join(absent())}; pip install -e '.[bench]'")


if __name__ == "__main__":
    main()
