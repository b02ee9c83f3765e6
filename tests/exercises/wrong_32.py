"""Typical wrong answers to the exercises of lesson 32."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

Build = Callable[[], nn.Module]
State = dict[str, Any]


def fill(net: nn.Module) -> nn.Module:
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.123)
    return net


def whole_model(build: Build, file: Path) -> nn.Module:
    torch.save(fill(build()), file)
    second = build()
    loaded: nn.Module = torch.load(file, weights_only=False)
    second.load_state_dict(loaded.state_dict())
    return second


def same_net(build: Build, file: Path) -> nn.Module:
    net = fill(build())
    torch.save(net.state_dict(), file)
    net.load_state_dict(torch.load(file))
    return net


def returns_the_first(build: Build, file: Path) -> nn.Module:
    first = fill(build())
    torch.save(first.state_dict(), file)
    build().load_state_dict(torch.load(file))
    return first


def never_loaded(build: Build, file: Path) -> nn.Module:
    torch.save(fill(build()).state_dict(), file)
    return build()


def message_of_load(build: Build, file: Path) -> Any:
    torch.save(fill(build()).state_dict(), file)
    return build().load_state_dict(torch.load(file))


def only_weights(build: Build, file: Path) -> nn.Module:
    first, second = build(), build()
    for name, parameter in first.named_parameters():
        if "weight" in name:
            nn.init.constant_(parameter, 0.123)
    torch.save(first.state_dict(), file)
    second.load_state_dict(torch.load(file))
    return second


def buffers_too(build: Build, file: Path) -> nn.Module:
    first, second = build(), build()
    for tensor in first.state_dict().values():
        tensor.fill_(0.123)
    torch.save(first.state_dict(), file)
    second.load_state_dict(torch.load(file))
    return second


def no_file(build: Build, file: Path) -> nn.Module:
    del file
    first, second = fill(build()), build()
    second.load_state_dict(first.state_dict())
    return second


def in_a_dict(build: Build, file: Path) -> nn.Module:
    first, second = fill(build()), build()
    torch.save({"model": first.state_dict()}, file)
    second.load_state_dict(torch.load(file)["model"])
    return second


def saved_before_filled(build: Build, file: Path) -> nn.Module:
    first, second = build(), build()
    torch.save(first.state_dict(), file)
    fill(first)
    second.load_state_dict(torch.load(file))
    return second


def parts(
    model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, epoch: int
) -> State:
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "epoch": epoch,
    }


def cloned(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: cloned(part) for key, part in value.items()}
    return [cloned(part) for part in value] if isinstance(value, list) else value


def shallow(*objects: Any) -> State:
    return {
        key: dict(v) if isinstance(v, dict) else v for key, v in parts(*objects).items()
    }


def only_the_model_copied(*objects: Any) -> State:
    state = parts(*objects)
    return {**state, "model": cloned(state["model"])}


def no_random(*objects: Any) -> State:
    state: State = cloned(parts(*objects))
    del state["random"]
    return state


def seed_for_state(*objects: Any) -> State:
    return {**cloned(parts(*objects)), "random": torch.initial_seed()}


def new_stream(*objects: Any) -> State:
    return {**cloned(parts(*objects)), "random": torch.Generator().get_state()}


def draws(*objects: Any) -> State:
    torch.rand(1)
    return dict(cloned(parts(*objects)))


def whole_objects(
    model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, epoch: int
) -> State:
    state = parts(model, optimizer, scheduler, epoch)
    return {**state, "model": model, "optimizer": optimizer}


def epoch_plus_one(*objects: Any) -> State:
    state: State = cloned(parts(*objects))
    return {**state, "epoch": state["epoch"] + 1}


def all_alike(net: Any, rate: float) -> list[State]:
    return [{"params": list(net.parameters()), "lr": rate}]


def swapped(net: Any, rate: float) -> list[State]:
    return [
        {
            "params": [p for p in net.backbone.parameters() if p.requires_grad],
            "lr": rate,
        },
        {"params": list(net.head.parameters()), "lr": rate / 10},
    ]


def frozen_too(net: Any, rate: float) -> list[State]:
    return [
        {"params": net.backbone.parameters(), "lr": rate / 10},
        {"params": net.head.parameters(), "lr": rate},
    ]


def head_twice(net: Any, rate: float) -> list[State]:
    return [
        {"params": [p for p in net.parameters() if p.requires_grad], "lr": rate / 10},
        {"params": list(net.head.parameters()), "lr": rate},
    ]


def head_only(net: Any, rate: float) -> list[State]:
    return [{"params": list(net.head.parameters()), "lr": rate}]


def freezes_first(net: Any, rate: float) -> list[State]:
    net.backbone.requires_grad_(False)
    return head_only(net, rate)


def thaws_first(net: Any, rate: float) -> list[State]:
    net.requires_grad_(True)
    return frozen_too(net, rate)


def no_rate(net: Any, rate: float) -> list[State]:
    learning = [p for p in net.backbone.parameters() if p.requires_grad]
    return [
        {"params": learning, "lr": rate / 10},
        {"params": list(net.head.parameters())},
    ]


def tensors(net: Any, rate: float) -> list[Tensor]:
    del rate
    return list(net.parameters())


WRONG: dict[str, list[Any]] = {
    "32-1": [
        whole_model,
        same_net,
        returns_the_first,
        never_loaded,
        message_of_load,
        only_weights,
        buffers_too,
        no_file,
        in_a_dict,
        saved_before_filled,
        0.123,
    ],
    "32-2": [
        [True, True, True, True, True, True, True],
        [True, True, False, False, False, False, False],
        [True, True, False, True, True, True, False],
        [True, True, False, True, False, True, True],
        [True, False, False],
        ["yes"] * 7,
        True,
    ],
    "32-3": [
        parts,
        shallow,
        only_the_model_copied,
        no_random,
        seed_for_state,
        new_stream,
        draws,
        whole_objects,
        epoch_plus_one,
    ],
    "32-4": [
        all_alike,
        swapped,
        frozen_too,
        head_twice,
        head_only,
        freezes_first,
        thaws_first,
        no_rate,
        tensors,
        0.01,
    ],
}
