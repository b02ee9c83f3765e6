"""Typical wrong answers to the exercises of lesson 23."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def without_decay(
    weight: Tensor, gradient: Tensor, rate: float, decay: float
) -> Tensor:
    del decay
    return weight - rate * gradient


def with_a_two(weight: Tensor, gradient: Tensor, rate: float, decay: float) -> Tensor:
    return weight - rate * (gradient + 2 * decay * weight)


def without_rate(weight: Tensor, gradient: Tensor, rate: float, decay: float) -> Tensor:
    return (1 - decay) * weight - rate * gradient


def growing(weight: Tensor, gradient: Tensor, rate: float, decay: float) -> Tensor:
    return weight - rate * (gradient - decay * weight)


def after_the_step(
    weight: Tensor, gradient: Tensor, rate: float, decay: float
) -> Tensor:
    return (weight - rate * gradient) * (1 - rate * decay)


def in_place(weight: Tensor, gradient: Tensor, rate: float, decay: float) -> Tensor:
    weight -= rate * (gradient + decay * weight)
    return weight


def only_the_gradient(
    weight: Tensor, gradient: Tensor, rate: float, decay: float
) -> Tensor:
    del rate
    return gradient + decay * weight


def kept(x: Tensor, p: float) -> Tensor:
    return torch.rand_like(x).ge(p)


def not_divided(x: Tensor, p: float, training: bool) -> Tensor:
    return x * kept(x, p) if training else x


def multiplied(x: Tensor, p: float, training: bool) -> Tensor:
    return x * kept(x, p) * (1 - p) if training else x


def keeps_p(x: Tensor, p: float, training: bool) -> Tensor:
    return x * ~kept(x, p) / p if training else x


def divided_by_p(x: Tensor, p: float, training: bool) -> Tensor:
    return x * kept(x, p) / p if training else x


def always_training(x: Tensor, p: float, training: bool) -> Tensor:
    del training
    return x * kept(x, p) / (1 - p)


def nan_at_one(x: Tensor, p: float, training: bool) -> Tensor:
    return x * kept(x, p) / (1 - p) if training else x


def one_mask_for_all_rows(x: Tensor, p: float, training: bool) -> Tensor:
    return x * torch.rand(x.shape[-1]).ge(p) / (1 - p) if training else x


def same_mask(x: Tensor, p: float, training: bool) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(x.shape, generator=generator).ge(p)
    return x * mask / (1 - p) if training else x


def with_pytorch(x: Tensor, p: float, training: bool) -> Tensor:
    return functional.dropout(x, p, training)


def scaled_in_evaluation(x: Tensor, p: float, training: bool) -> Tensor:
    return x * kept(x, p) if training else x * (1 - p)


def spoils_x(x: Tensor, p: float, training: bool) -> Tensor:
    if training:
        x[torch.rand_like(x) < p] = 0
        x /= 1 - p
    return x


def always_l2(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, decoupled: bool
) -> Tensor:
    del decoupled
    return weight - rate * torch.sign(gradient + decay * weight)


def always_decoupled(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, decoupled: bool
) -> Tensor:
    del decoupled
    return (1 - rate * decay) * weight - rate * torch.sign(gradient)


def exchanged(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, decoupled: bool
) -> Tensor:
    right = always_l2 if decoupled else always_decoupled
    return right(weight, gradient, rate, decay, decoupled)


def like_sgd(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, decoupled: bool
) -> Tensor:
    del decoupled
    return weight - rate * (gradient + decay * weight)


def whole_decay(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, decoupled: bool
) -> Tensor:
    if decoupled:
        return (1 - decay) * weight - rate * torch.sign(gradient)
    return always_l2(weight, gradient, rate, decay, decoupled)


def decays_last(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, decoupled: bool
) -> Tensor:
    if decoupled:
        return (weight - rate * torch.sign(gradient)) * (1 - rate * decay)
    return always_l2(weight, gradient, rate, decay, decoupled)


def without_any(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, decoupled: bool
) -> Tensor:
    del decay, decoupled
    return weight - rate * torch.sign(gradient)


Pair = tuple[Tensor, Tensor]


def passes_of(model: nn.Module, x: Tensor, passes: int) -> Tensor:
    with torch.no_grad():
        return torch.stack([model(x) for _ in range(passes)])


def everything_trains(model: nn.Module, x: Tensor, passes: int) -> Pair:
    outputs = passes_of(model.train(), x, passes)
    model.eval()
    return outputs.mean(0), outputs.std(0)


def nothing_drops(model: nn.Module, x: Tensor, passes: int) -> Pair:
    outputs = passes_of(model.eval(), x, passes)
    return outputs.mean(0), outputs.std(0)


def drops_on(model: nn.Module, x: Tensor, passes: int) -> Tensor:
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    return passes_of(model, x, passes)


def leaves_it_on(model: nn.Module, x: Tensor, passes: int) -> Pair:
    outputs = drops_on(model, x, passes)
    return outputs.mean(0), outputs.std(0)


def mode_of_the_model_only(model: nn.Module, x: Tensor, passes: int) -> Pair:
    mode = model.training
    outputs = drops_on(model, x, passes)
    model.train(mode)
    return outputs.mean(0), outputs.std(0)


def variance(model: nn.Module, x: Tensor, passes: int) -> Pair:
    modes = {module: module.training for module in model.modules()}
    outputs = drops_on(model, x, passes)
    for module, mode in modes.items():
        module.training = mode
    return outputs.mean(0), outputs.var(0)


def exchanged_pair(model: nn.Module, x: Tensor, passes: int) -> Pair:
    modes = {module: module.training for module in model.modules()}
    outputs = drops_on(model, x, passes)
    for module, mode in modes.items():
        module.training = mode
    return outputs.std(0), outputs.mean(0)


def over_the_samples(model: nn.Module, x: Tensor, passes: int) -> Pair:
    modes = {module: module.training for module in model.modules()}
    outputs = drops_on(model, x, passes)
    for module, mode in modes.items():
        module.training = mode
    return outputs.mean(1), outputs.std(1)


WRONG: dict[str, list[Any]] = {
    "23-1": [
        without_decay,
        with_a_two,
        without_rate,
        growing,
        after_the_step,
        in_place,
        only_the_gradient,
    ],
    "23-2": [
        not_divided,
        multiplied,
        keeps_p,
        divided_by_p,
        always_training,
        nan_at_one,
        one_mask_for_all_rows,
        same_mask,
        with_pytorch,
        scaled_in_evaluation,
        spoils_x,
    ],
    "23-3": [
        always_l2,
        always_decoupled,
        exchanged,
        like_sgd,
        whole_decay,
        decays_last,
        without_any,
    ],
    "23-4": [
        everything_trains,
        nothing_drops,
        leaves_it_on,
        mode_of_the_model_only,
        variance,
        exchanged_pair,
        over_the_samples,
    ],
}
