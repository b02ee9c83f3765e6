"""Typical wrong answers to the exercises of lesson 17."""

import random
from pathlib import Path
from typing import Any

import torch
from matplotlib.image import imsave
from torch import Tensor


def _save(views: list[Tensor], folder: Path) -> None:
    for number, view in enumerate(views):
        imsave(folder / f"{number}.png", view.permute(1, 2, 0).clamp(0, 1).numpy())


def _brighter(image: Tensor) -> Tensor:
    return (image * (0.5 + torch.rand(()))).clamp(0, 1)


def same_ten(image: Tensor, folder: Path) -> None:
    _save([image] * 10, folder)


def nine_only(image: Tensor, folder: Path) -> None:
    _save([_brighter(image) for _ in range(9)], folder)


def counted_from_one(image: Tensor, folder: Path) -> None:
    for number in range(1, 11):
        view = _brighter(image).permute(1, 2, 0).numpy()
        imsave(folder / f"{number}.png", view)


def smaller(image: Tensor, folder: Path) -> None:
    _save([_brighter(image)[:, :32, :32] for _ in range(10)], folder)


def python_dice(image: Tensor, folder: Path) -> None:
    _save([image * random.uniform(0.5, 1) for _ in range(10)], folder)


def no_dice(image: Tensor, folder: Path) -> None:
    _save([image * (1 - number / 20) for number in range(10)], folder)


def seeded_inside(image: Tensor, folder: Path) -> None:
    torch.manual_seed(0)
    _save([_brighter(image) for _ in range(10)], folder)


def pure_noise(image: Tensor, folder: Path) -> None:
    _save([torch.rand(image.shape) for _ in range(10)], folder)


def spoiled(image: Tensor, folder: Path) -> None:
    views = []
    for _ in range(10):
        image.mul_(0.9 + 0.1 * torch.rand(()))
        views.append(image.clone())
    _save(views, folder)


def saved_elsewhere(image: Tensor, folder: Path) -> None:
    (folder / "views").mkdir()
    _save([_brighter(image) for _ in range(10)], folder / "views")


def not_saved(image: Tensor, folder: Path) -> list[Tensor]:
    assert folder.is_dir()
    return [_brighter(image) for _ in range(10)]


def per_channel(image: Tensor, share: float) -> Tensor:
    dice = torch.rand(image.shape)
    salted = torch.where(dice < share / 2, torch.ones(()), image)
    return torch.where((dice >= share / 2) & (dice < share), torch.zeros(()), salted)


def in_place(image: Tensor, share: float) -> Tensor:
    dice = torch.rand(image.shape[-2:])
    image[:, dice < share / 2] = 1
    image[:, dice > 1 - share / 2] = 0
    return image


def twice_as_much(image: Tensor, share: float) -> Tensor:
    dice = torch.rand(image.shape[-2:])
    result = image.clone()
    result[:, dice < share] = 1
    result[:, dice > 1 - share] = 0
    return result


def pepper_on_salt(image: Tensor, share: float) -> Tensor:
    result = image.clone()
    result[:, torch.rand(image.shape[-2:]) < share / 2] = 1
    result[:, torch.rand(image.shape[-2:]) < share / 2] = 0  # hits white pixels too
    return result


def salt_only(image: Tensor, share: float) -> Tensor:
    return torch.where(torch.rand(image.shape[-2:]) < share, torch.ones(()), image)


def white_is_255(image: Tensor, share: float) -> Tensor:
    dice = torch.rand(image.shape[-2:])
    result = image.clone()
    result[:, dice < share / 2] = 255
    result[:, dice > 1 - share / 2] = 0
    return result


def gaussian(image: Tensor, share: float) -> Tensor:
    return image + share * torch.randn_like(image)


def one_row(image: Tensor, share: float) -> Tensor:
    dice = torch.rand(image.shape[-1])
    salted = torch.where(dice < share / 2, torch.ones(()), image)
    return torch.where(dice > 1 - share / 2, torch.zeros(()), salted)


def first_channel(image: Tensor, share: float) -> Tensor:
    return per_channel(image, share)[:1]


def frozen(image: Tensor, share: float) -> Tensor:
    dice = torch.rand(image.shape[-2:], generator=torch.Generator().manual_seed(5))
    salted = torch.where(dice < share / 2, torch.ones(()), image)
    return torch.where(dice > 1 - share / 2, torch.zeros(()), salted)


STAY = torch.tensor([0, 1, 6, 8, 9])


def old_labels(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    kept = torch.isin(labels, STAY)
    return images[kept].flip(-1, -2), labels[kept]


def all_kept(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    table = torch.tensor([0, 1, 2, 3, 4, 5, 9, 7, 8, 6])
    return images.flip(-1, -2), table[labels]


def one_after_the_other(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    kept = torch.isin(labels, STAY)
    new = labels[kept]
    new[new == 6] = 9
    new[new == 9] = 6
    return images[kept].flip(-1, -2), new


def mirrored(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    kept = torch.isin(labels, STAY)
    table = torch.tensor([0, 1, 2, 3, 4, 5, 9, 7, 8, 6])
    return images[kept].flip(-1), table[labels[kept]]


def unturned(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    kept = torch.isin(labels, STAY)
    table = torch.tensor([0, 1, 2, 3, 4, 5, 9, 7, 8, 6])
    return images[kept], table[labels[kept]]


def without_one(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    kept = torch.isin(labels, torch.tensor([0, 6, 8, 9]))
    table = torch.tensor([0, 1, 2, 3, 4, 5, 9, 7, 8, 6])
    return images[kept].flip(-1, -2), table[labels[kept]]


def pictures_only(images: Tensor, labels: Tensor) -> Tensor:
    return old_labels(images, labels)[0]


def labels_in_place(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    six, nine = labels == 6, labels == 9
    labels[six], labels[nine] = 9, 6
    kept = torch.isin(labels, STAY)
    return images[kept].flip(-1, -2), labels[kept]


WRONG: dict[str, list[Any]] = {
    "17-1": [
        same_ten,
        nine_only,
        counted_from_one,
        smaller,
        python_dice,
        no_dice,
        seeded_inside,
        pure_noise,
        spoiled,
        saved_elsewhere,
        not_saved,
    ],
    "17-2": [
        per_channel,
        in_place,
        twice_as_much,
        pepper_on_salt,
        salt_only,
        white_is_255,
        gaussian,
        one_row,
        first_channel,
        frozen,
    ],
    "17-3": [
        old_labels,
        all_kept,
        one_after_the_other,
        mirrored,
        unturned,
        without_one,
        pictures_only,
        labels_in_place,
    ],
    "17-4": [
        [True] * 8,  # "geometry and colour never meet"
        [False] * 8,
        [True, True, True, False, False, True, True, False],  # zero is zero
        [True, False, True, False, True, True, True, False],  # left stays left
        [True, False, True, False, False, True, False, False],  # resizing mixes
        [True, False, True, False, False, True, True],
        ["yes", "no", "yes", "no", "no", "yes", "yes", "no"],
        torch.tensor([1, 0, 1, 0, 0, 1, 1, 0]),
    ],
}
