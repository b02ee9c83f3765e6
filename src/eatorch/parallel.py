"""The same script on one process or on many, with PyTorch's own means.

``torchrun`` starts the script several times and tells each process its rank in
environment variables. :func:`start` joins the processes into a group; the functions
below split the data between them and bring their numbers together again. With one
process each of them does nothing.
"""

import atexit
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
)

__all__ = ["launch", "rank", "start", "world_size"]

T = TypeVar("T")
Batches = Iterable[Any]


def start(device: torch.device) -> None:
    """Join the processes that ``torchrun`` started; alone, do nothing.

    CUDA devices talk through NCCL, the CPU through gloo. The group is taken down when
    the process ends. A group that the script has made itself is left as it is.

    Args:
        device: The device of this process, see :func:`eatorch.device`.

    References:
        https://docs.pytorch.org/docs/2.13/elastic/run.html
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group(dist.get_default_backend_for_device(device))
    atexit.register(_leave)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """Return the number of this process, 0 if it is the only one.

    Example:
        >>> rank()
        0
    """
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def world_size() -> int:
    """Return the number of processes that train together.

    Example:
        >>> world_size()
        1
    """
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def gather(value: T) -> list[T]:
    """Return the ``value`` of every process, by rank."""
    if world_size() == 1:
        return [value]
    values: list[Any] = [None] * world_size()
    dist.all_gather_object(values, value)
    return values


def agree(value: T | None) -> T | None:
    """Return on all processes the first value that is not None."""
    return next((v for v in gather(value) if v is not None), None)


def wait() -> None:
    """Wait until every process is here."""
    if world_size() > 1:
        dist.barrier()


def share_buffers(model: nn.Module) -> None:
    """Give all processes the buffers of rank 0, such as the means of batch norm.

    DDP does so before a forward pass in training, so after the last one the
    processes differ; they must agree before they measure.
    """
    if world_size() > 1:
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)


def training_shard(batches: Batches) -> Batches:
    """Return this process's share of the training batches.

    A ``DataLoader`` gets a :class:`~torch.utils.data.DistributedSampler`, which fills
    up the last round with samples from the start so that all have as many; a list of
    batches is dealt out in turn and filled up alike. ``batch_size`` counts per process.
    """
    if world_size() == 1 or isinstance(_sampler(batches), DistributedSampler):
        return batches
    if isinstance(batches, DataLoader):
        return _with_distributed_sampler(batches)
    listed = _sequence(batches)
    rounds = -(-len(listed) // world_size())
    turns = range(rank(), rounds * world_size(), world_size())
    return [listed[turn % len(listed)] for turn in turns]


def evaluation_shard(batches: Batches, *, in_order: bool = False) -> Batches:
    """Return every ``world_size``-th batch, each sample in exactly one of them.

    Args:
        batches: A loader or a list of batches.
        in_order: Walk a shuffling loader in the order of its data set.
    """
    if not isinstance(batches, DataLoader):
        return (
            batches if world_size() == 1 else _sequence(batches)[rank() :: world_size()]
        )
    shuffled = in_order and isinstance(batches.sampler, RandomSampler)
    if shuffled or isinstance(batches.sampler, DistributedSampler):
        order: Iterable[Any] = BatchSampler(
            SequentialSampler(_sized(batches)), batches.batch_size or 1, drop_last=False
        )
    elif world_size() == 1:
        return batches
    else:
        _sized(batches)
        order = batches.batch_sampler or ()
    # The order of rank 0 rules: a sampler may draw at random.
    shares = gather(list(order))[0]
    return _loader(batches, batch_sampler=shares[rank() :: world_size()])


def in_turn(parts: Sequence[Sequence[T]]) -> list[T]:
    """Put the results of dealt-out batches back into one order.

    Example:
        >>> in_turn([["a", "c", "e"], ["b", "d"]])
        ['a', 'b', 'c', 'd', 'e']
    """
    count = sum(map(len, parts))
    return [parts[i % len(parts)][i // len(parts)] for i in range(count)]


def launch(
    function: Callable[..., Any], *arguments: Any, processes: int = 2
) -> list[Any]:
    """Run a function in several new processes that form a gloo group.

    It does from within a notebook what ``torchrun`` does for a script. The function
    and its arguments travel by pickle: the function must live in a module that the new
    processes can import.

    Args:
        function: What each process calls.
        *arguments: What it is called with, the same in each process.
        processes: How many to start.

    Returns:
        What the function returned, by rank.

    Raises:
        ValueError: If ``processes`` is not a positive int.

    Example:
        >>> launch(world_size, processes=2)  # doctest: +SKIP
        [2, 2]

    References:
        https://docs.pytorch.org/docs/2.13/multiprocessing.html#spawning-subprocesses
    """
    if isinstance(processes, bool) or not isinstance(processes, int) or processes < 1:
        raise ValueError(f"processes must be a positive int, got {processes!r}")
    from torch.multiprocessing.spawn import spawn

    with TemporaryDirectory() as folder:
        work = (function, arguments, processes, folder)
        spawn(_work, work, processes)  # type: ignore[no-untyped-call]
        results = [Path(folder, f"{number}.pt") for number in range(processes)]
        return [torch.load(path, weights_only=False) for path in results]


def _work(
    number: int,
    function: Callable[..., Any],
    arguments: Any,
    processes: int,
    folder: str,
) -> None:
    """Join the group, call the function and leave its result in the folder."""
    meeting = Path(folder, "meeting").as_uri()
    torch.set_num_threads(1)  # the processes share the cores
    dist.init_process_group(
        "gloo", init_method=meeting, rank=number, world_size=processes
    )
    try:
        torch.save(function(*arguments), Path(folder, f"{number}.pt"))
        dist.barrier()
    finally:
        _leave()


def _with_distributed_sampler(loader: DataLoader[Any]) -> DataLoader[Any]:
    dataset = _sized(loader)
    shuffle = isinstance(loader.sampler, RandomSampler)
    plain = shuffle or isinstance(loader.sampler, SequentialSampler)
    if not plain or loader.batch_size is None:
        raise ValueError(
            "train has a sampler of its own, which cannot be split over "
            f"{world_size()} processes: give it a DistributedSampler"
        )
    seed = loader.generator.initial_seed() if loader.generator else torch.initial_seed()
    sampler: DistributedSampler[Any] = DistributedSampler(
        dataset, shuffle=shuffle, seed=gather(seed)[0] % 2**32
    )
    return _loader(
        loader,
        batch_size=loader.batch_size,
        sampler=sampler,
        drop_last=loader.drop_last,
    )


def _loader(loader: DataLoader[Any], **changes: Any) -> DataLoader[Any]:
    """Return a loader like ``loader`` that walks its data in another order."""
    kept = "num_workers collate_fn pin_memory timeout worker_init_fn generator"
    kept += " multiprocessing_context prefetch_factor persistent_workers"
    options = {name: getattr(loader, name) for name in kept.split()}
    return DataLoader(loader.dataset, **options, **changes)


def _sampler(batches: Batches) -> Any:
    return getattr(batches, "sampler", None)


def _sized(loader: DataLoader[Any]) -> Any:
    if isinstance(loader.dataset, IterableDataset):
        raise TypeError(
            "an IterableDataset has no indices to deal out or to put in order"
        )
    if loader.batch_sampler is None:
        raise ValueError("a loader with batch_size=None has no batches to deal out")
    return loader.dataset


def _sequence(batches: Batches) -> Sequence[Any]:
    if not isinstance(batches, Sequence):
        raise TypeError(
            f"a {type(batches).__name__} cannot be split over {world_size()} "
            "processes: give a DataLoader or a list of batches"
        )
    return batches
