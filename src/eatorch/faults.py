"""Find out what went wrong in a step, and say so in the reader's words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

__all__ = ["TrainingError"]


class TrainingError(RuntimeError):
    """Training produced a number that is not finite.

    Args:
        message: What happened and what to try.
        epoch: The epoch it happened in, from 1.
        batch: The batch it happened in, from 0.
        where: The place that first held such a number: ``"the inputs"``, a module such
            as ``"'net.2' (Linear)"``, or ``"the loss"``.

    Attributes:
        epoch: As given.
        batch: As given.
        where: As given.
    """

    def __init__(self, message: str, *, epoch: int, batch: int, where: str) -> None:
        super().__init__(message)
        self.epoch, self.batch, self.where = epoch, batch, where


class NotFiniteError(ArithmeticError):
    """Inside ``fit``: a number of this batch is not finite."""

    def __init__(
        self, what: str, batch: int, data: Any, where: str | None = None
    ) -> None:
        super().__init__(what)
        self.what, self.batch, self.data, self.where = what, batch, data, where


def blame(model: nn.Module, batch: Any, step: Callable[[Any], Any]) -> str:
    """Replay a step and name the first place that holds a number that is not finite."""
    if not _finite(batch):
        return "the inputs"
    found: list[str] = []

    def look(name: str, output: Any) -> None:
        if not _finite(output):
            found.append(name)

    with _after_each_module(model, look):
        loss, _, _ = step(batch)
    if found:
        return found[0]
    return "no place: replayed, it is finite" if _finite(loss) else "the loss"


def weights_are_finite(model: nn.Module) -> bool:
    """Return True if every parameter is; asked once per epoch."""
    trained = (weight for weight in model.parameters() if weight.requires_grad)
    return all(bool(weight.isfinite().all()) for weight in trained)


@contextmanager
def first_step(model: nn.Module, batch: Any) -> Iterator[None]:
    """Watch one step for slips that torch passes over or explains badly."""
    silent: list[str] = []

    def look(name: str, output: Any) -> None:
        if output is None:
            silent.append(name)

    with _after_each_module(model, look), _NoOuterProduct(batch):
        try:
            yield
        except (TypeError, AttributeError) as error:
            if silent:  # whatever then failed on None is only a consequence
                raise TypeError(f"forward of {silent[0]} returned None") from error
            raise


def check_pair(batch: Any) -> None:
    """Refuse a batch that the default step cannot unpack."""
    if _is_pair(batch):
        return
    size = f" of {len(batch)}" if isinstance(batch, tuple | list | dict) else ""
    raise TypeError(
        f"a batch must be a pair (inputs, target), got a {type(batch).__name__}{size}: "
        "override Trainer.step to unpack another kind"
    )


def check_result(result: Any) -> None:
    """Refuse a result without a loss that can be minimised."""
    if not isinstance(result, tuple | list) or len(result) != 3:  # noqa: PLR2004
        raise TypeError(f"step must return (loss, output, target), got {result!r:.80}")
    loss = result[0]
    if not isinstance(loss, Tensor):
        raise TypeError(f"the loss must be a tensor, got {type(loss).__name__}")
    if loss.numel() != 1:
        raise ValueError(
            f"the loss must be one number, got shape {tuple(loss.shape)}: "
            'is it made with reduction="none"?'
        )


def note(model: nn.Module, part: str, epoch: int, number: int, batch: Any) -> str:
    """Describe the batch in which an exception arose, for ``add_note``."""
    lines = [f"in epoch {epoch}, batch {number} of {part}"]
    names = ("inputs", "target") if isinstance(batch, tuple | list) else ()
    parts = zip(names, batch, strict=False) if names else [("batch", batch)]
    lines += [f"{name}: {_told(value)}" for name, value in parts]
    with suppress(Exception), torch.no_grad():  # the model may be what has failed
        lines.append(f"output: shape {tuple(model(batch[0]).shape)}")
    return "\n".join(lines)


class _NoOuterProduct(TorchFunctionMode):
    """Refuse to combine a target (N,) with an output (N, 1): torch makes N x N of it.

    Nothing else is touched: only a float target that is handed on as it is counts.
    """

    def __init__(self, batch: Any) -> None:
        super().__init__()
        self.target = batch[1] if _is_pair(batch) else None

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Look at the operands, then let torch do what it was asked for."""
        kwargs = kwargs or {}
        operands = [*args, *kwargs.values()]
        if any(operand is self.target for operand in operands):
            for operand in operands:
                _check_no_outer(operand, self.target)
        return func(*args, **kwargs)


def _check_no_outer(output: Any, target: Any) -> None:
    if not isinstance(output, Tensor) or not isinstance(target, Tensor):
        return
    shapes = [tuple(output.shape), tuple(target.shape)]
    (short, long), n = sorted(shapes, key=len), len(target) if target.ndim else 0
    both_float = output.is_floating_point() and target.is_floating_point()
    if both_float and n > 1 and short == (n,) and long == (n, 1):
        raise ValueError(
            f"target has shape {shapes[1]} and output {shapes[0]}: together they would "
            f"become {n} x {n} differences; reshape one, as in target.view(-1, 1)"
        )


@contextmanager
def _after_each_module(
    model: nn.Module, look: Callable[[str, Any], None]
) -> Iterator[None]:
    """Call ``look(name, output)`` after each module's forward."""

    def hook(name: str) -> Callable[..., None]:
        return lambda module, _, out: look(f"{name!r} ({type(module).__name__})", out)

    handles = [m.register_forward_hook(hook(n)) for n, m in model.named_modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _is_pair(batch: Any) -> bool:
    return isinstance(batch, tuple | list) and len(batch) == 2  # noqa: PLR2004


def _finite(value: Any) -> bool:
    """Return False if any float tensor in a nest of values is not finite."""
    if isinstance(value, Tensor):
        return not value.is_floating_point() or bool(value.isfinite().all())
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(map(_finite, value))
    return True


def _told(value: Any) -> str:
    """Describe a part of a batch: shape, dtype and range of a tensor, else its type."""
    if not isinstance(value, Tensor):
        return type(value).__name__
    told = f"shape {tuple(value.shape)}, {value.dtype}"
    if value.numel() and not value.is_complex():
        told += f", from {value.min().item():.6g} to {value.max().item():.6g}"
    return told
