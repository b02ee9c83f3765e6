"""Typical wrong answers to the exercises of lesson 27."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def first_of(net: nn.Module) -> nn.Conv2d:
    return next(it for it in net.modules() if isinstance(it, nn.Conv2d))


def without_copy(net: nn.Module, pictures: Tensor) -> Tensor:
    """Keep the tensor itself: right, unless a ReLU behind it works in place."""
    kept: list[Tensor] = []
    with first_of(net).register_forward_hook(lambda *it: kept.append(it[-1].detach())):
        net(pictures)
    return kept[0]


def copied_too_late(net: nn.Module, pictures: Tensor) -> Tensor:
    return without_copy(net, pictures).clone()


def with_graph(net: nn.Module, pictures: Tensor) -> Tensor:
    kept: list[Tensor] = []
    with first_of(net).register_forward_hook(lambda *it: kept.append(it[-1].clone())):
        net(pictures)
    return kept[0]


def hook_stays(net: nn.Module, pictures: Tensor) -> Tensor:
    kept: list[Tensor] = []
    first_of(net).register_forward_hook(
        lambda *it: kept.append(it[-1].detach().clone())
    )
    net(pictures)
    return kept[0]


def last_convolution(net: nn.Module, pictures: Tensor) -> Tensor:
    *_, last = (it for it in net.modules() if isinstance(it, nn.Conv2d))
    kept: list[Tensor] = []
    with last.register_forward_hook(lambda *it: kept.append(it[-1].detach().clone())):
        net(pictures)
    return kept[0]


def called_directly(net: nn.Module, pictures: Tensor) -> Tensor:
    """Overlook that the first convolution need not be the first layer."""
    with torch.no_grad():
        maps: Tensor = first_of(net)(pictures)
    return maps


def switches_in_place_off(net: nn.Module, pictures: Tensor) -> Tensor:
    """Repair the network instead of the copy."""
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return without_copy(net, pictures)


def listened(net: nn.Module, name: str, pictures: Tensor) -> Tensor:
    kept: list[Tensor] = []
    layer = net.get_submodule(name)
    with layer.register_forward_hook(lambda *it: kept.append(it[-1])), torch.no_grad():
        net(pictures)
    return kept[0]


def in_training_mode(net: nn.Module, name: str, pictures: Tensor) -> Tensor:
    return listened(net, name, pictures).flatten(1)


def stays_in_evaluation(net: nn.Module, name: str, pictures: Tensor) -> Tensor:
    return listened(net.eval(), name, pictures).flatten(1)


def always_back_to_training(net: nn.Module, name: str, pictures: Tensor) -> Tensor:
    features = stays_in_evaluation(net, name, pictures)
    net.train()
    return features


def not_a_table(net: nn.Module, name: str, pictures: Tensor) -> Tensor:
    before = net.training
    features = listened(net.eval(), name, pictures)
    net.train(before)
    return features


def probe_with_graph(net: nn.Module, name: str, pictures: Tensor) -> Tensor:
    before, kept = net.training, list[Tensor]()
    with net.get_submodule(name).register_forward_hook(lambda *it: kept.append(it[-1])):
        net.eval()(pictures)
    net.train(before)
    return kept[0].flatten(1)


def result_of_the_net(net: nn.Module, _: str, pictures: Tensor) -> Tensor:
    before = net.training
    with torch.no_grad():
        scores: Tensor = net.eval()(pictures)
    net.train(before)
    return scores


Note = Callable[[str, Tensor], None]


def walk(net: nn.Module, note: Note, *, all_of_them: bool = False) -> list[Any]:
    handles = []
    for name, module in net.named_modules():
        if all_of_them or not list(module.children()):
            handles.append(
                module.register_forward_hook(
                    lambda _m, _a, output, name=name: note(name, output)
                )
            )
    return handles


def no_finally(net: nn.Module, pictures: Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    handles = walk(net, lambda name, out: shapes.update({name: tuple(out.shape)}))
    net(pictures)
    for handle in handles:
        handle.remove()
    return shapes


def never_removed(net: nn.Module, pictures: Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    walk(net, lambda name, out: shapes.update({name: tuple(out.shape)}))
    net(pictures)
    return shapes


def cleared_everything(net: nn.Module, pictures: Tensor) -> dict[str, tuple[int, ...]]:
    shapes = never_removed(net, pictures)
    for module in net.modules():
        module._forward_hooks.clear()
    return shapes


def containers_too(net: nn.Module, pictures: Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    handles = walk(
        net,
        lambda name, out: shapes.update({name: tuple(out.shape)}),
        all_of_them=True,
    )
    net(pictures)
    for handle in handles:
        handle.remove()
    return shapes


def one_name_for_all(net: nn.Module, pictures: Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    handles = []
    for name, module in net.named_modules():
        handles.append(
            module.register_forward_hook(
                lambda _m, _a, out: shapes.update({name: tuple(out.shape)})  # noqa: B023
            )
        )
    net(pictures)
    for handle in handles:
        handle.remove()
    return shapes


def error_swallowed(net: nn.Module, pictures: Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    handles = walk(net, lambda name, out: shapes.update({name: tuple(out.shape)}))
    try:
        net(pictures)
    except RuntimeError:
        pass
    finally:
        for handle in handles:
            handle.remove()
    return shapes


def in_place(tensor: Any) -> Any:
    return tensor.register_hook(lambda gradient: gradient.mul_(2))


def nothing_returned(tensor: Any) -> Any:
    def twice(gradient: Tensor) -> None:
        gradient = 2 * gradient

    return tensor.register_hook(twice)


def after_accumulation(tensor: Any) -> Any:
    def twice(parameter: Tensor) -> None:
        if parameter.grad is not None:
            parameter.grad = 2 * parameter.grad

    return tensor.register_post_accumulate_grad_hook(twice)


def no_handle(tensor: Any) -> None:
    tensor.register_hook(lambda gradient: 2 * gradient)


def doubled_now(tensor: Tensor) -> Tensor:
    return 2 * tensor


def squared(tensor: Any) -> Any:
    return tensor.register_hook(lambda gradient: gradient**2)


WRONG: dict[str, list[Any]] = {
    "27-1": [
        without_copy,
        copied_too_late,
        with_graph,
        hook_stays,
        last_convolution,
        called_directly,
        switches_in_place_off,
    ],
    "27-2": [
        in_training_mode,
        stays_in_evaluation,
        always_back_to_training,
        not_a_table,
        probe_with_graph,
        result_of_the_net,
    ],
    "27-3": [
        no_finally,
        never_removed,
        cleared_everything,
        containers_too,
        one_name_for_all,
        error_swallowed,
    ],
    "27-4": [
        in_place,
        nothing_returned,
        after_accumulation,
        no_handle,
        doubled_now,
        squared,
    ],
}
