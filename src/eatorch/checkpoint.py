"""Files that are whole or absent, and what it takes to continue bit for bit.

A checkpoint is written beside its final name and then renamed: whoever reads the name
finds the old file or the new one, never half of one. It is read with
``weights_only=True``, so that opening a file runs no code.
"""

import errno
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["load_weights", "rng_state", "save_weights", "set_rng_state"]

FORMAT = 1  # raised when the layout of a checkpoint changes


def save_weights(model: nn.Module, path: str | Path) -> Path:
    """Save the parameters and buffers of a model for use elsewhere.

    The suffix chooses the format: ``.safetensors``, which many tools read and which
    can hold no code, or anything else for :func:`torch.save`. A model wrapped by
    :func:`torch.compile` or ``DistributedDataParallel`` is unwrapped first, so the
    names in the file are those of the bare model.

    Args:
        model: The model to save.
        path: Where to; missing folders are made.

    Returns:
        The path.

    Raises:
        ImportError: If the suffix asks for safetensors and it is not installed.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = save_weights(nn.Linear(2, 1), Path(mkdtemp(), "linear.pt"))
        >>> load_weights(nn.Linear(2, 1), path)

    References:
        https://docs.pytorch.org/docs/2.13/notes/serialization.html
    """
    state = bare(model).state_dict(keep_vars=True)
    if Path(path).suffix == ".safetensors":
        from safetensors.torch import save

        first = {id(tensor): name for name, tensor in state.items()}  # tied: one name
        tensors = {n: state[n].detach().cpu().contiguous() for n in first.values()}
        return write(path, lambda file: file.write(save(tensors)))
    detached = {name: tensor.detach() for name, tensor in state.items()}
    return write(path, lambda file: torch.save(detached, file))


def load_weights(model: nn.Module, path: str | Path, *, strict: bool = True) -> None:
    """Load what :func:`save_weights` wrote into a model, on the model's devices.

    Args:
        model: The model that takes the values.
        path: A ``.safetensors`` file, or one of :func:`torch.save` with a state dict.
        strict: Refuse names that only one side has. Shapes must agree in any case.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no state dict or does not fit the model; it then
            keeps its old values.

    References:
        https://docs.pytorch.org/docs/2.13/notes/serialization.html
    """
    target = bare(model)
    state = _read_weights(Path(path))
    own = target.state_dict(keep_vars=True)
    _share_tied(own, state)
    check_fits(own, state, path, strict=strict)
    target.load_state_dict(state, strict=strict)


def rng_state() -> dict[str, Any]:
    """Return the state of every global random stream, as plain values and tensors.

    Python's ``random``, NumPy, PyTorch on the CPU and on the accelerators: what a
    resumed run needs to draw the numbers that the unbroken run would have drawn.

    Example:
        >>> before = rng_state()
        >>> first = torch.rand(2)
        >>> set_rng_state(before)
        >>> torch.equal(first, torch.rand(2))
        True
    """
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - the stream libraries use
    accelerator = _accelerator()
    devices = accelerator.get_rng_state_all() if accelerator else []
    return {
        "python": random.getstate(),
        "numpy": [str(kind), torch.from_numpy(np.array(keys, np.int64)), *rest],
        "torch": torch.get_rng_state(),
        "devices": devices,
    }


def set_rng_state(state: Mapping[str, Any]) -> None:
    """Put every global random stream back to a state from :func:`rng_state`.

    States of more accelerators than this machine has are left out.

    Raises:
        KeyError: If ``state`` lacks one of the streams.
    """
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    accelerator = _accelerator()
    if accelerator:
        for index, device in enumerate(state["devices"][: accelerator.device_count()]):
            accelerator.set_rng_state(device, index)


def write(path: str | Path, fill: Callable[[BinaryIO], Any]) -> Path:
    """Write a file that is whole or absent, whenever the process is killed.

    The temporary file lies in the same folder, because only within one file system is
    a rename a single step; ``fsync`` keeps the rename from overtaking the bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        if told := _with_cause(error, path):
            raise told from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _with_cause(error: Exception, path: Path) -> OSError | None:
    """Name the file, and the cause that torch's writer of zips hides behind its own."""
    cause = error if isinstance(error, OSError) else error.__context__
    if not isinstance(cause, OSError) or cause.errno is None:
        return None
    hint = ": free some space" if cause.errno == errno.ENOSPC else ""
    return OSError(cause.errno, f"{os.strerror(cause.errno)}{hint}", os.fspath(path))


def read(path: str | Path) -> Any:
    """Read a file of tensors and plain values onto the CPU, running no code."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {os.fspath(path)!r}") from None
    except (PermissionError, IsADirectoryError):
        raise
    except (
        UnpicklingError,
        RuntimeError,
        EOFError,
        LookupError,
        ValueError,
        OSError,
    ) as error:
        raise ValueError(f"{path} is damaged or holds more than tensors") from error


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read what :meth:`eatorch.training.Trainer.save` wrote."""
    try:
        state = read(path)
    except ValueError as error:
        raise ValueError(f"{path} is not an eatorch checkpoint") from error
    if not isinstance(state, dict) or "eatorch_format" not in state:
        raise ValueError(f"{path} is not an eatorch checkpoint")
    if state["eatorch_format"] != FORMAT:
        raise ValueError(
            f"{path} is an eatorch checkpoint of format {state['eatorch_format']}, "
            f"this eatorch reads format {FORMAT}"
        )
    return state


def check_fits(
    own: Mapping[str, Tensor],
    state: Mapping[str, Tensor],
    path: str | Path,
    *,
    strict: bool = True,
) -> None:
    """Refuse a state dict whose names or shapes are not those of the model."""
    slips = [
        f"{name!r} has shape {tuple(state[name].shape)} in the file, "
        f"{tuple(tensor.shape)} here"
        for name, tensor in own.items()
        if name in state and tensor.shape != state[name].shape
    ]
    if strict:
        slips += [
            f"{name!r} is missing in the file" for name in own if name not in state
        ]
        slips += [f"{name!r} is unknown here" for name in state if name not in own]
    if slips:
        raise ValueError(f"{path} is of another model: {'; '.join(slips)}")


def bare(model: nn.Module) -> nn.Module:
    """Return the model without the wrappers of ``torch.compile`` and DDP."""
    inner = getattr(model, "_orig_mod", None)
    if inner is None and isinstance(model, nn.parallel.DistributedDataParallel):
        inner = model.module
    return bare(inner) if isinstance(inner, nn.Module) else model


def _read_weights(path: Path) -> dict[str, Tensor]:
    if path.suffix != ".safetensors":
        state = read(path)
        if isinstance(state, dict) and all(map(torch.is_tensor, state.values())):
            return state
        raise ValueError(f"{path} holds no state dict of a model")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {os.fspath(path)!r}") from None
    except SafetensorError as error:
        raise ValueError(f"{path} is no whole safetensors file") from error


def _share_tied(own: Mapping[str, Tensor], state: dict[str, Tensor]) -> None:
    """Give a tied tensor, stored once, under each of its names."""
    stored = {id(own[name]): tensor for name, tensor in state.items() if name in own}
    for name, tensor in own.items():
        if name not in state and id(tensor) in stored:
            state[name] = stored[id(tensor)]


def _accelerator() -> Any:
    """Return ``torch.cuda`` or ``torch.xpu`` where there is one; MPS keeps no list."""
    return next((m for m in (torch.cuda, torch.xpu) if m.is_available()), None)
