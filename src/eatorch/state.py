"""All that decides what a trainer does next, taken out of it and put back."""

import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from eatorch import parallel
from eatorch.callbacks import Callback
from eatorch.checkpoint import FORMAT, rng_state, set_rng_state

if TYPE_CHECKING:
    from eatorch.training import Trainer

__all__: list[str] = []


def snapshot(trainer: "Trainer") -> dict[str, Any]:
    """Return a copy of everything, as a checkpoint of this process alone."""
    state = shared_state(trainer)
    for part in ("model", "optimizer", "scheduler", "scaler", "callbacks"):
        state[part] = copied(state[part])  # the others are new objects already
    return {**state, "ranks": [own_state(trainer)]}


def copied(value: Any) -> Any:
    """Copy nested tensors; ``deepcopy`` would take several times as long."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        new = copy.copy(value)  # keeps the versions that a state dict carries
        new.update((key, copied(part)) for key, part in value.items())
        return new
    if type(value) in (list, tuple):
        return type(value)(map(copied, value))
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else copy.deepcopy(value)


def shared_state(trainer: "Trainer") -> dict[str, Any]:
    """Return what all processes share; the tensors are those in use."""
    scheduler, scaler = trainer.scheduler, trainer.scaler
    return {
        "eatorch_format": FORMAT,
        "torch": str(torch.__version__),
        "kinds": kinds(trainer),
        "epoch": trainer.epoch,
        "history": trainer.history.state_dict(),
        "model": trainer.model.state_dict(),
        "optimizer": trainer.optimizer.state_dict(),
        "scheduler": scheduler.state_dict() if scheduler else None,
        "scaler": scaler.state_dict() if scaler else None,
        "callbacks": {k: c.state_dict() for k, c in _named(trainer.callbacks)},
    }


def own_state(trainer: "Trainer") -> dict[str, Any]:
    """Return what belongs to this process: its random streams."""
    streams = {
        name: [generator.get_state() for generator in generators(loader)]
        for name, loader in trainer.loaders.items()
    }
    return {"random": rng_state(), "loaders": streams}


def kinds(trainer: "Trainer") -> dict[str, str]:
    """Name the parts in which a checkpoint and its trainer must agree."""
    groups = [len(group["params"]) for group in trainer.optimizer.param_groups]
    return {
        "optimizer": f"{type(trainer.optimizer).__name__} of {groups} parameters",
        "scheduler": type(trainer.scheduler).__name__ if trainer.scheduler else "None",
        "scaler": type(trainer.scaler).__name__ if trainer.scaler else "None",
    }


def restore(trainer: "Trainer", state: dict[str, Any]) -> dict[str, Any]:
    """Take over a checkpoint or snapshot, which stays as it is.

    Returns:
        What callbacks and loaders are to know, see :func:`hand_out`.
    """
    state = copied(state)  # an optimizer keeps the tensors it is given
    trainer.model.load_state_dict(state["model"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    if trainer.scheduler:
        trainer.scheduler.load_state_dict(state["scheduler"])
    if trainer.scaler:
        trainer.scaler.load_state_dict(state["scaler"])
    trainer.epoch = state["epoch"]
    trainer.history.load_state_dict(state["history"])
    ranks, rank = state["ranks"], parallel.rank()
    own = ranks[rank if len(ranks) == parallel.world_size() else 0]
    waiting = {"callbacks": state["callbacks"], "loaders": own["loaders"]}
    hand_out(trainer, waiting)
    set_rng_state(own["random"])
    return waiting


def hand_out(trainer: "Trainer", waiting: dict[str, Any]) -> None:
    """Give the callbacks and loaders at hand what a checkpoint knows of them."""
    for key, callback in _named(trainer.callbacks):
        if key in waiting["callbacks"]:
            callback.load_state_dict(waiting["callbacks"][key])
    for name, loader in trainer.loaders.items():
        states = waiting["loaders"].get(name, ())
        for generator, state in zip(generators(loader), states, strict=False):
            generator.set_state(state)


def generators(batches: Any) -> list[torch.Generator]:
    """Return the generators that a loader and its samplers draw from, each once."""
    batch_sampler = getattr(batches, "batch_sampler", None)
    owners = (
        batches,
        getattr(batches, "sampler", None),
        batch_sampler,
        getattr(batch_sampler, "sampler", None),
    )
    found = [getattr(owner, "generator", None) for owner in owners]
    return list({id(g): g for g in found if isinstance(g, torch.Generator)}.values())


def _named(callbacks: Sequence[Callback]) -> Iterator[tuple[str, Callback]]:
    """Yield each callback with a name that does not depend on the other kinds."""
    counts: dict[str, int] = {}
    for callback in callbacks:
        kind = type(callback).__name__
        counts[kind] = counts.get(kind, -1) + 1
        yield f"{kind}-{counts[kind]}", callback
