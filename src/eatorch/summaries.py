"""What a network is made of, measured by running it once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Layer", "Summary", "summary"]


@dataclass(frozen=True)
class Layer:
    """One line of a summary.

    Attributes:
        name: Path of the module inside the model, empty for the model itself.
        kind: Its class.
        output: Shape of what it returned, ``"not called"`` if it was left out.
        parameters: Numbers it holds itself; those of modules below the last shown
            level count here too, those that an earlier line shares do not.
    """

    name: str
    kind: str
    output: str
    parameters: int


@dataclass(frozen=True)
class Summary:
    """The layers of a model and what they weigh; ``print`` shows a table.

    Attributes:
        inputs: Shapes of what went in.
        layers: One entry per module, from the outside in.
        parameters: Numbers in all parameters; a shared one counts once.
        trainable: Those of them that ask for a gradient.
        bytes: Memory of parameters and buffers.
    """

    inputs: str
    layers: tuple[Layer, ...]
    parameters: int
    trainable: int
    bytes: int

    def __str__(self) -> str:
        """Return the table."""
        rows = [("layer", "kind", "output", "parameters")]
        for layer in self.layers:
            *parents, own = layer.name.split(".")
            depth = len(parents) + bool(own)
            name = "  " * depth + (own or "(model)")
            rows.append((name, layer.kind, layer.output, f"{layer.parameters:,}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([*map(str.ljust, row[:3], widths), row[3].rjust(widths[3])])
            for row in rows
        ]
        rule = "-" * len(lines[0])
        total = f"{self.parameters:,} parameters, {self.trainable:,} trainable"
        ending = f"{total}, {self.bytes / 1e6:.2f} MB"
        return "\n".join([lines[0], rule, *lines[1:], rule, ending])

    __repr__ = __str__


def summary(model: nn.Module, *inputs: Any, depth: int = 3) -> Summary:
    """Run a model once and list its layers with shapes and parameter counts.

    Nothing changes by looking: the run is in evaluation mode and without gradients, the
    random streams stay where they are.

    Args:
        model: The network.
        *inputs: What its ``forward`` takes, for example one batch, on its device.
        depth: Levels of modules inside modules to list, at least 0.

    Returns:
        The summary; ``print`` it for the table.

    Raises:
        TypeError: If the model returns None, or fails because a module inside it does;
            the message names that module.
        ValueError: If ``depth`` is negative.

    Example:
        >>> summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), torch.ones(2, 4))
        layer    kind        output  parameters
        ---------------------------------------
        (model)  Sequential  (2, 3)           0
          0      Linear      (2, 3)          15
          1      ReLU        (2, 3)           0
        ---------------------------------------
        15 parameters, 15 trainable, 0.00 MB
    """
    if depth < 0:
        raise ValueError(f"depth must be at least 0, got {depth}")
    outputs = _run(model, inputs)
    tensors = [*model.parameters(), *model.buffers()]
    return Summary(
        inputs=", ".join(map(_shape, inputs)),
        layers=tuple(_layers(model, outputs, depth)),
        parameters=sum(p.numel() for p in model.parameters()),
        trainable=sum(p.numel() for p in model.parameters() if p.requires_grad),
        bytes=sum(tensor.nbytes for tensor in tensors),
    )


def _run(model: nn.Module, inputs: tuple[Any, ...]) -> dict[nn.Module, Any]:
    """Call the model and return what each of its modules gave first."""
    outputs: dict[nn.Module, Any] = {}

    def note(module: nn.Module, _inputs: Any, output: Any) -> None:
        outputs.setdefault(module, output)

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with _untouched(model), torch.no_grad():
            model(*inputs)
    except Exception as error:
        _blame_silent(model, outputs, error)
        raise
    finally:
        for handle in handles:
            handle.remove()
    if outputs[model] is None:
        _blame_silent(model, outputs, None)
    return outputs


def _blame_silent(
    model: nn.Module, outputs: dict[nn.Module, Any], error: Exception | None
) -> None:
    """Name the first module that returned None: the rest is a consequence."""
    names = {module: name for name, module in model.named_modules()}
    for module, output in outputs.items():
        if output is None:
            where = f"module {names[module]!r} of " if names[module] else ""
            raise TypeError(
                f"{where}model must return a tensor, got None from forward of "
                f"{type(module).__name__}; is its return line missing?"
            ) from error


@contextmanager
def _untouched(model: nn.Module) -> Iterator[None]:
    """Evaluate for a moment; put modes and random streams back."""
    training = {module: module.training for module in model.modules()}
    devices = {p.device for p in model.parameters() if p.device.type != "cpu"}
    kinds = {device.type for device in devices} - {"meta"}
    numbers = [d.index or 0 for d in devices if d.type in kinds]
    device_type = kinds.pop() if kinds else "cuda"
    model.eval()
    try:
        with torch.random.fork_rng(numbers, device_type=device_type):
            yield
    finally:
        for module, mode in training.items():
            module.training = mode


def _layers(
    model: nn.Module, outputs: dict[nn.Module, Any], depth: int
) -> Iterator[Layer]:
    counted: set[int] = set()
    for name, module in model.named_modules():
        level = len(name.split(".")) if name else 0
        if level > depth:
            continue
        own = {id(p): p.numel() for p in module.parameters(recurse=level == depth)}
        new = sum(count for key, count in own.items() if key not in counted)
        counted |= own.keys()
        shape = _shape(outputs[module]) if module in outputs else "not called"
        yield Layer(name, type(module).__name__, shape, new)


def _shape(output: Any) -> str:
    """Describe an output: the shape of a tensor, the parts of anything else."""
    if isinstance(output, Tensor):
        return str(tuple(output.shape))
    if isinstance(output, dict):
        parts = (f"{key}: {_shape(value)}" for key, value in output.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(output, tuple | list):
        return "[" + ", ".join(map(_shape, output)) + "]"
    return type(output).__name__
