"""The training loop, written once and in full.

Read from the top: :meth:`Trainer.fit` walks over epochs, ``_train`` over batches,
:meth:`Trainer.step` turns a batch into a loss. The rest is care: what cannot work is
said before the first step, numbers are counted before they are divided, and whatever
goes wrong inside an epoch, the trainer goes back to the end of the last whole one.
"""

import math
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from eatorch import faults, guards, parallel
from eatorch.batches import begin_epoch, evaluating, length, move
from eatorch.callbacks import Callback, Checkpoint
from eatorch.checkpoint import check_fits, read_checkpoint, write
from eatorch.devices import device as choose_device
from eatorch.faults import NotFiniteError, TrainingError
from eatorch.history import History, Row
from eatorch.metrics import Metric
from eatorch.progress import Progress
from eatorch.state import hand_out, kinds, own_state, restore, shared_state, snapshot
from eatorch.tally import Tally
from eatorch.updates import Updater

__all__ = ["History", "Trainer", "TrainingError"]

Batches = Iterable[Any]
LossFn = Callable[[Any, Any], Tensor]
Result = tuple[Tensor, Any, Any]

_SECONDS = 0.1  # between two looks at the losses of an accelerator


class Trainer:
    """Fit a model to data, measure it, save it and go on later with the same bits.

    Model, loss, optimizer and loaders stay plain torch objects. Under ``torchrun`` the
    same script trains on several processes; ``batch_size`` then counts per process.

    Args:
        model: The network. It is moved to ``device``.
        loss: Called as ``loss(output, target)``; returns the mean over the batch, a
            tensor with one number.
        optimizer: Built from ``model.parameters()``.
        metrics: What else to measure, by name: objects with ``reset()``,
            ``update(output, target)`` and ``compute()``, which returns one number.
        scheduler: Stepped once per epoch; ``ReduceLROnPlateau`` gets the validation
            loss, or the training loss where there is none.
        device: Where to train, by default :func:`eatorch.device`.
        precision: ``"fp32"``, or the type that autocast uses: ``"bf16"``, or ``"fp16"``
            with a gradient scaler.
        compile: Compile the model in place; without a compiler warn and go on.
        accumulate: Sum the gradients of so many batches for one step of the optimizer.
            Each batch of such a group counts alike.
        clip: Longest gradient (2-norm over all parameters), or None for no limit.

    Attributes:
        epoch: Whole epochs done so far.
        history: One row per epoch.

    Raises:
        TypeError: If an argument is of the wrong kind or a metric lacks a method.
        ValueError: If a value is not allowed, or ``optimizer`` holds other parameters
            than the model's or none that can be trained.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> model = nn.Linear(2, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> trainer = Trainer(model, nn.MSELoss(), optimizer, device="cpu")
        >>> batches = [(torch.ones(4, 2), torch.ones(4, 1))]
        >>> history = trainer.fit(batches, epochs=3, progress=False)
        >>> history[-1]["train_loss"] < history[0]["train_loss"]
        True

    References:
        https://docs.pytorch.org/tutorials/beginner/introyt/trainingyt.html
    """

    def __init__(
        self,
        model: nn.Module,
        loss: LossFn,
        optimizer: Optimizer,
        *,
        metrics: Mapping[str, Metric] | None = None,
        scheduler: LRScheduler | ReduceLROnPlateau | None = None,
        device: torch.device | str | None = None,
        precision: Literal["fp32", "bf16", "fp16"] = "fp32",
        compile: bool = False,  # noqa: A002 - the word of torch
        accumulate: int = 1,
        clip: float | None = None,
    ) -> None:
        self.metrics = dict(metrics or {})
        guards.check_setup(model, loss, optimizer, self.metrics, precision)
        guards.check_scheduler(scheduler, optimizer)
        guards.check_positive("accumulate", accumulate)
        if clip is not None:
            guards.check_positive("clip", clip, float)
        self.device = choose_device(device)
        parallel.start(self.device)
        self.model, self.loss = model.to(self.device), loss
        self.optimizer, self.scheduler = optimizer, scheduler
        self.epoch, self.history = 0, History()
        self._accumulate = accumulate
        half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        kind = self.device.type
        self._cast: AbstractContextManager[Any] = (
            torch.autocast(kind, half) if half else nullcontext()
        )
        self.scaler = torch.amp.GradScaler(kind) if precision == "fp16" else None
        self._updater = Updater(optimizer, self.scaler, clip)
        self._compiled = compile and self._compile()
        self._prepare()

    def _prepare(self) -> None:
        """Set up what exists only between the start and the end of a fit."""
        for part in (self.loss, *self.metrics.values()):
            if isinstance(part, nn.Module):
                part.to(self.device)
        self._engine: Callable[[Any], Result] = self.step
        self._watchful = self.device.type == "cpu" and parallel.world_size() == 1
        self.callbacks: Sequence[Callback] = ()
        self.loaders: dict[str, Batches] = {}
        self._seen: set[str] = set()
        self._at: tuple[int, Any] | None = None
        self._anchor: dict[str, Any] | Path | None = None
        self._waiting: dict[str, Any] | None = None

    def fit(
        self,
        train: Batches,
        valid: Batches | None = None,
        *,
        epochs: int,
        callbacks: Sequence[Callback] = (),
        progress: bool | None = None,
    ) -> History:
        """Train until ``epochs`` epochs are done in all.

        After Ctrl-C the unfinished epoch is undone, ``history.stopped`` says so, and
        calling ``fit`` again with the same arguments gives what the unbroken run gives.
        On several processes Ctrl-C ends them, and the last checkpoint is whole.

        Args:
            train: A ``DataLoader`` or a list of batches, each a pair (inputs, target).
            valid: The like, to measure after each epoch.
            epochs: The total, counting those done before or in a checkpoint.
            callbacks: Called between epochs, each
                :class:`~eatorch.callbacks.Checkpoint` after the others.
            progress: True for a bar, False for silence, None for a bar where somebody
                watches and else one line per epoch.

        Returns:
            The history of all epochs so far.

        Raises:
            TypeError: If the data are of the wrong kind or can be walked through once.
            ValueError: If ``epochs`` is not a positive int, the data have no batch or a
                callback watches a name that the history will not have.
            TrainingError: If the loss or the weights are not finite any more; the
                trainer is then back at the end of the last whole epoch.
        """
        guards.check_positive("epochs", epochs)
        self._check_data(train, valid, callbacks)
        show = Progress(progress, epochs)
        self.history.stopped = None
        if self.epoch >= epochs:
            show.say(f"nothing to do: {self.epoch} epochs are done, epochs={epochs}")
            return self.history
        with self._back_to_whole_epochs():
            self._begin(train, valid, callbacks)
            while self.epoch < epochs and self.history.stopped is None:
                self._finish(self._one_epoch(show))
                show.epoch(self.history[-1])
            for callback in self.callbacks:
                callback.on_fit_end(self)
        return self.history

    def _one_epoch(self, show: Progress) -> Row:
        """Train and measure once, and return the row of the history."""
        row = {"epoch": self.epoch + 1, **self._train(self.loaders["train"], show)}
        if "valid" in self.loaders:
            row |= self._measure(self.loaders["valid"], "valid")
        row["lr"] = float(self.optimizer.param_groups[0]["lr"])
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(row.get("valid_loss", row["train_loss"]))
        elif self.scheduler is not None:
            self.scheduler.step()
        return row

    def _train(self, batches: Batches, show: Progress) -> dict[str, float]:
        """Walk through the training data once, one step of the optimizer per group."""
        self.model.train()
        begin_epoch(batches, self.epoch)
        tally, count, batch = Tally(self.metrics), length(batches), None
        for number, given in enumerate(show.steps(batches, self.epoch + 1)):
            batch = self._moved(given)
            self._at = number, batch
            group, last = self._group(number, count)
            with nullcontext() if last else self._without_sync():
                loss, output, target = self._result("train", batch)
                value = self._looked_at(loss, number, batch)
                self._updater.backward(loss if group == 1 else loss / group)
            if last and not self._updater.step(self.model):
                what = "the fp16 gradients overflowed again and again"
                raise NotFiniteError(what, number, batch, where="the gradients")
            tally.add(value, output, target, batch)
            self._look_now_and_then(tally, batch)
            self._at = None
        return self._finite_results(tally, batch)

    def step(self, batch: Any) -> Result:
        """Turn a batch into a loss: the one method to override.

        Args:
            batch: What the loader yields, moved to the device.

        Returns:
            The loss (one number, with its graph), the output and the target; the last
            two are what the metrics see.
        """
        inputs, target = batch
        output = self.model(inputs)
        return self.loss(output, target), output, target

    def evaluate(self, data: Batches) -> dict[str, float]:
        """Return the loss and the metrics over all samples, in evaluation mode.

        Args:
            data: A ``DataLoader`` or a list of batches.

        Returns:
            ``loss`` and each metric by its name, the same on every process.

        Raises:
            TypeError: If ``data`` can be walked through only once.
            ValueError: If ``data`` has no batch.
        """
        guards.check_batches("data", data)
        return self._measure(data, "data")

    @torch.no_grad()
    def _measure(self, batches: Batches, part: str) -> dict[str, float]:
        """Walk through the data once without learning."""
        parallel.share_buffers(self.model)
        tally = Tally(self.metrics)
        with evaluating(self.model), self._noting(part):
            for number, given in enumerate(parallel.evaluation_shard(batches)):
                batch = self._moved(given)
                self._at = number, batch
                loss, output, target = self._result(part, batch)
                tally.add(loss.detach(), output, target, batch)
                self._at = None
        return tally.results("valid_" if part == "valid" else "")

    @torch.no_grad()
    def predict(self, data: Batches) -> Tensor:
        """Return the model's outputs for all samples, in the order of the data.

        A shuffling loader is walked in the order of its data set. Of a pair the first
        part is the input; an overridden :meth:`step` is asked for the output instead.

        Args:
            data: A ``DataLoader`` or a list of batches, with or without targets.

        Returns:
            The outputs one below the other, on the CPU, shape ``(samples, ...)``;
            float32 if they were computed in half precision.

        Raises:
            TypeError: If ``data`` can be walked through only once, or an output is no
                tensor.
            ValueError: If ``data`` has no batch.
        """
        guards.check_batches("data", data)
        parallel.share_buffers(self.model)
        shard = parallel.evaluation_shard(data, in_order=True)
        with evaluating(self.model):
            parts = [self._output(self._moved(batch)) for batch in shard]
        return torch.cat(parallel.in_turn(parallel.gather(parts)))

    def _output(self, batch: Any) -> Tensor:
        with self._cast:
            if type(self).step is Trainer.step:
                pair = isinstance(batch, tuple | list)
                output = self.model(batch[0] if pair else batch)
            else:
                output = self.step(batch)[1]
        if not isinstance(output, Tensor):
            raise TypeError(f"predict needs tensors, got a {type(output).__name__}")
        half = output.dtype in (torch.bfloat16, torch.float16)
        return (output.float() if half else output).cpu()

    def stop(self, reason: str) -> None:
        """End the fit after this epoch; ``history.stopped`` tells the first reason."""
        self.history.stopped = self.history.stopped or reason

    def save(self, path: str | Path) -> Path:
        """Save all that decides what comes next, as a file that is whole or absent.

        Weights, optimizer, scheduler, scaler, callbacks, history, and the random states
        of each process. On several processes all must call it; rank 0 writes.

        Args:
            path: Where to; missing folders are made.

        Returns:
            The path.
        """
        state = shared_state(self)
        state["ranks"] = parallel.gather(own_state(self))
        if parallel.rank() == 0:
            write(path, lambda file: torch.save(state, file))
        parallel.wait()
        return Path(path)

    def resume(self, path: str | Path) -> Self:
        """Go back to where :meth:`save` was called, in this or a new process.

        On the CPU, with as many processes as before and ``persistent_workers=False``,
        training then goes on bit for bit as the unbroken run.

        Args:
            path: A file of :meth:`save` or :class:`~eatorch.callbacks.Checkpoint`.
                Reading it runs no code.

        Returns:
            The trainer.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no checkpoint, damaged, or of another model, optimizer
                or scheduler. The trainer then stays as it was.
        """
        state = read_checkpoint(path)
        check_fits(self.model.state_dict(), state["model"], path)
        guards.check_kinds(path, state["kinds"], kinds(self))
        before = snapshot(self)
        try:
            self._waiting = restore(self, state)
        except Exception as error:
            self._waiting = restore(self, before)
            raise ValueError(f"{path} does not fit this trainer: {error}") from error
        if len(state["ranks"]) != parallel.world_size():
            warnings.warn(
                f"{path} was saved by {len(state['ranks'])} processes, here are "
                f"{parallel.world_size()}: results may differ from the unbroken run",
                stacklevel=2,
            )
        return self

    def _check_data(
        self, train: Batches, valid: Batches | None, callbacks: Sequence[Callback]
    ) -> None:
        guards.check_batches("train", train, accumulate=self._accumulate)
        parts = ["train"]
        if valid is not None:
            guards.check_batches("valid", valid)
            parts.append("valid")
        columns = [f"{part}_{n}" for part in parts for n in ("loss", *self.metrics)]
        for callback in callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(f"callbacks must be Callback objects, got {callback!r}")
            name = type(callback).__name__
            guards.check_names(name, callback.monitor, ["epoch", *columns, "lr"])

    def _begin(
        self, train: Batches, valid: Batches | None, callbacks: Sequence[Callback]
    ) -> None:
        """Take up the data and callbacks, and what a checkpoint knows about them."""
        # A checkpoint is to hold what the other callbacks know after the epoch.
        self.callbacks = sorted(callbacks, key=lambda c: isinstance(c, Checkpoint))
        self.loaders = {"train": train}
        if valid is not None:
            self.loaders["valid"] = valid
        if self._waiting is not None:
            # Kept until an epoch is finished: the next fit may bring new objects.
            hand_out(self, self._waiting)
        self.loaders["train"] = parallel.training_shard(train)
        self._seen.clear()
        self._join_processes()
        self._anchor = snapshot(self)
        for callback in self.callbacks:
            callback.on_fit_start(self)

    def _join_processes(self) -> None:
        """Let DDP average the gradients, and settle the order in which it adds.

        DDP lays out its gradient buckets anew after its first backward pass, so a
        resumed process would add in another order for one step. Two passes whose
        results are thrown away, in every run, bring all processes past that point.
        """
        joined = isinstance(self._engine, DistributedDataParallel)
        if parallel.world_size() == 1 or joined:
            return
        self._engine = DistributedDataParallel(_Step(self))
        before = snapshot(self)
        batch = self._moved(next(iter(self.loaders["train"])))
        self.model.train()
        for _ in range(2):
            torch.autograd.backward(self._result("train", batch)[0])
        self.optimizer.zero_grad()
        self._waiting = restore(self, before)

    def _finish(self, row: Row) -> None:
        """Close an epoch: from here on a fault goes back to this point."""
        self.epoch += 1
        self.history.append(row)
        for name, value in row.items():
            if name.startswith("valid_") and not math.isfinite(value):
                self.stop(f"{name} is {value} in epoch {self.epoch}")
        for callback in self.callbacks:
            callback.on_epoch_end(self, row)
        self.history.stopped = parallel.agree(self.history.stopped)
        files = [c.last for c in self.callbacks if isinstance(c, Checkpoint)]
        self._anchor = files[0] if files else snapshot(self)
        self._waiting = None

    def _result(self, part: str, batch: Any) -> Result:
        """Run a step; the first one of each kind is watched closely."""
        run = self._engine if part == "train" else self.step
        if part in self._seen:
            with self._cast:
                return run(batch)
        if type(self).step is Trainer.step:
            faults.check_pair(batch)
        # Hooks would make a compiled model compile twice.
        watch = faults.first_step(self.model, batch)
        with nullcontext() if self._compiled else watch, self._cast:
            result = run(batch)
        faults.check_result(result)
        self._seen.add(part)
        return result

    def _moved(self, batch: Any) -> Any:
        return batch if self.device.type == "cpu" else move(batch, self.device)

    def _group(self, number: int, count: int | None) -> tuple[int, bool]:
        """Return how many batches share this one's step, and if it is the last."""
        if self._accumulate == 1 or count is None:
            return 1, True
        place = number % self._accumulate
        group = min(self._accumulate, count - number + place)
        return group, place == group - 1

    def _without_sync(self) -> AbstractContextManager[Any]:
        """Keep DDP from averaging gradients that are not complete yet."""
        if isinstance(self._engine, DistributedDataParallel):
            return self._engine.no_sync()
        return nullcontext()

    def _looked_at(self, loss: Tensor, number: int, batch: Any) -> float | Tensor:
        """Return the loss; on one CPU process look at it before it does any harm.

        An accelerator would have to wait for each look, and several processes must
        find out together.
        """
        if not self._watchful:
            return loss.detach()
        value = loss.item()
        if not math.isfinite(value):
            raise NotFiniteError(f"the loss became {value}", number, batch)
        return value

    def _look_now_and_then(self, tally: Tally, batch: Any) -> None:
        if self._watchful or parallel.world_size() > 1:
            return
        now = time.monotonic()
        if now - tally.looked_at > _SECONDS:
            tally.look(batch)
            tally.looked_at = now

    def _finite_results(self, tally: Tally, batch: Any) -> dict[str, float]:
        """Return the means of the epoch if they and the weights are finite."""
        row = tally.results("train_")
        loss = row["train_loss"]
        if not math.isfinite(loss):
            raise NotFiniteError(f"the loss became {loss}", tally.first_bad(), batch)
        if not faults.weights_are_finite(self.model):
            number = len(tally.losses) - 1
            raise NotFiniteError("a weight is not finite any more", number, batch)
        return row

    @contextmanager
    def _back_to_whole_epochs(self) -> Iterator[None]:
        """Undo an unfinished epoch, whatever ended it."""
        self._anchor = None
        try:
            with self._noting("train"):
                yield
        except KeyboardInterrupt:
            if parallel.world_size() > 1:
                raise  # the other processes wait in vain; torchrun ends them all
            self._put_back()
            self.history.stopped = f"interrupted in epoch {self.epoch + 1}, now undone"
        except NotFiniteError as fault:
            raise self._explained(fault) from None
        except Exception:
            self._put_back()
            raise
        finally:
            self._anchor = None  # a copy of the model need not stay

    @contextmanager
    def _noting(self, part: str) -> Iterator[None]:
        """Tell of any exception in which batch it arose."""
        try:
            yield
        except Exception as error:
            if self._at and not isinstance(error, NotFiniteError):
                number, batch = self._at
                note = faults.note(self.model, part, self.epoch + 1, number, batch)
                error.add_note(note)
            raise
        finally:
            self._at = None

    def _explained(self, fault: NotFiniteError) -> TrainingError:
        """Find the module that is to blame, go back, and tell all of it."""
        with torch.no_grad(), self._cast:
            where = fault.where or faults.blame(self.model, fault.data, self.step)
        rate, epoch = self.optimizer.param_groups[0]["lr"], self.epoch + 1
        self._put_back()
        return TrainingError(
            f"{fault.what} in epoch {epoch}, batch {fault.batch}, at learning rate "
            f"{float(rate):g}; it was first seen in {where}. The trainer is back at "
            f"the end of epoch {self.epoch}.",
            epoch=epoch,
            batch=fault.batch,
            where=where,
        )

    def _put_back(self) -> None:
        """Return to the end of the last whole epoch, whatever is pressed meanwhile."""
        with unhurried():
            self.optimizer.zero_grad()
            if isinstance(self._anchor, Path):
                self._waiting = restore(self, read_checkpoint(self._anchor))
            elif self._anchor is not None:
                self._waiting = restore(self, self._anchor)

    def _compile(self) -> bool:
        """Compile the model in place, so that its names stay; False if that fails."""
        try:
            torch.compile(lambda x: x + 1)(torch.ones(1, device=self.device))
        except Exception as error:  # many kinds, one meaning: no working compiler
            reason = str(error).strip().partition("\n")[0]
            warnings.warn(
                f"compile=True has no effect, the compiler does not work: {reason}",
                stacklevel=3,
            )
            return False
        self.model.compile()
        return True


class _Step(nn.Module):
    """The step as a module: DDP prepares its reduction around any override."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.model = trainer.model
        self.step = trainer.step

    def forward(self, batch: Any) -> Result:
        return self.step(batch)


@contextmanager
def unhurried() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; only the main thread can, and only it gets one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
