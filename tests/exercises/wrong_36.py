"""Typical wrong answers to the exercises of lesson 36."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

import eatorch

SUPERVISED, ADVERSARIAL = "supervised", "adversarial"


def noise() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    values: Tensor = 2 * torch.rand(360, 1, 8, 8, generator=generator) - 1
    return values


def learned_by_heart() -> Tensor:
    real: Tensor = 2 * eatorch.data.digits().images[:360] - 1
    return real


def copied_from_the_test() -> Tensor:
    real: Tensor = 2 * eatorch.data.digits().images[-360:] - 1
    return real


def one_drawing() -> Tensor:
    """The mode collapse: the same picture with a little noise, 360 times."""
    drawings: Tensor = 2 * eatorch.data.digits().images[1500] - 1 + 0.1 * noise()
    return drawings.clamp_(-1, 1)


def from_zero_to_one() -> Tensor:
    return (noise() + 1) / 2


def losses(real: Tensor, made: Tensor, discriminator: nn.Module, sign: int = 1) -> Any:
    good, bad = discriminator(real), discriminator(made)
    first, second = functional.softplus(-sign * good), functional.softplus(sign * bad)
    return first.mean() + second.mean()


def without_detach(
    real: Tensor, noise: Tensor, generator: Any, discriminator: Any, optimizer: Any
) -> float:
    loss = losses(real, generator(noise), discriminator)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def signs_exchanged(
    real: Tensor, noise: Tensor, generator: Any, discriminator: Any, optimizer: Any
) -> float:
    loss = losses(real, generator(noise).detach(), discriminator, sign=-1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def never_cleared(
    real: Tensor, noise: Tensor, generator: Any, discriminator: Any, optimizer: Any
) -> float:
    loss = losses(real, generator(noise).detach(), discriminator)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def no_step(
    real: Tensor, noise: Tensor, generator: Any, discriminator: Any, optimizer: Any
) -> float:
    loss = losses(real, generator(noise).detach(), discriminator)
    optimizer.zero_grad()
    loss.backward()
    return float(loss.detach())


def detached_too_late(
    real: Tensor, noise: Tensor, generator: Any, discriminator: Any, optimizer: Any
) -> float:
    """The score is cut, so the discriminator learns nothing from made-up samples."""
    loss: Any = functional.softplus(-discriminator(real)).mean()
    loss = loss + functional.softplus(discriminator(generator(noise)).detach()).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def half_of_it(
    real: Tensor, noise: Tensor, generator: Any, discriminator: Any, optimizer: Any
) -> float:
    loss = losses(real, generator(noise).detach(), discriminator) / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def sums_instead_of_means(
    real: Tensor, noise: Tensor, generator: Any, discriminator: Any, optimizer: Any
) -> float:
    loss = losses(real, generator(noise).detach(), discriminator) * len(real)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def freezes_the_generator(
    real: Tensor,
    noise: Tensor,
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: Optimizer,
) -> float:
    generator.requires_grad_(False)
    return without_detach(real, noise, generator, discriminator, optimizer)


def as_a_number(values: Tensor, labels: Tensor) -> Tensor:
    column = labels.to(values.dtype).view(-1, *[1] * (values.ndim - 1))
    return torch.cat([values, column.expand(-1, 1, *values.shape[2:])], dim=1)


def classes_not_counted(values: Tensor, labels: Tensor) -> Tensor:
    return torch.cat([values, functional.one_hot(labels).to(values.dtype)], dim=1)


def in_front(values: Tensor, labels: Tensor) -> Tensor:
    return torch.cat([functional.one_hot(labels, 10).to(values.dtype), values], dim=1)


def only_for_noise(values: Tensor, labels: Tensor) -> Tensor:
    return torch.cat([values, functional.one_hot(labels, 10)], dim=1)


def reshaped(values: Tensor, labels: Tensor) -> Tensor:
    """Repeats the row of ten and deals the numbers out in the wrong order."""
    hot = functional.one_hot(labels, 10).to(values.dtype)
    places = values[0, 0].numel()
    hot = hot.repeat(1, places).reshape(len(values), 10, *values.shape[2:])
    return torch.cat([values, hot], dim=1)


WRONG: dict[str, list[Any]] = {
    "36-1": [
        [SUPERVISED, SUPERVISED, ADVERSARIAL, SUPERVISED, ADVERSARIAL, "both"],
        [SUPERVISED, "both", ADVERSARIAL, "both", ADVERSARIAL, "both"],
        [SUPERVISED, "both", ADVERSARIAL, SUPERVISED, ADVERSARIAL, SUPERVISED],
        [SUPERVISED, "both", ADVERSARIAL, SUPERVISED, ADVERSARIAL],
        [1, 3, 2, 1, 2, 3],
    ],
    "36-2": [
        noise(),
        learned_by_heart(),
        copied_from_the_test(),
        one_drawing(),
        from_zero_to_one(),
        noise()[:64],
        noise().flatten(1),
        torch.full((360, 1, 8, 8), torch.nan),
        0.9 * noise() - 0.1,
    ],
    "36-3": [
        without_detach,
        signs_exchanged,
        never_cleared,
        no_step,
        detached_too_late,
        half_of_it,
        sums_instead_of_means,
        freezes_the_generator,
    ],
    "36-4": [as_a_number, classes_not_counted, in_front, only_for_noise, reshaped],
}
