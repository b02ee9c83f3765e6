"""Typical wrong answers to the exercises of lesson 16."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

Action = Callable[[], Any]
Samples = list[tuple[Tensor, int]]


def _watched(action: Action, note: Callable[[FrameType, str, Any], None]) -> None:
    sys.setprofile(note)
    action()
    sys.setprofile(None)


def _open_calls(action: Action, name: str, *, last: bool = False) -> list[str]:
    calls: list[str] = []
    found: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_name)
            if calls[-1] == name and (last or not found):
                found[:] = calls
        elif event == "return":
            calls.pop()

    _watched(action, note)
    return found


def finished_too(action: Action, name: str) -> list[str]:
    """Calls that have returned stay in the list."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and name not in calls:
            calls.append(frame.f_code.co_name)

    _watched(action, note)
    return calls


def last_visit(action: Action, name: str) -> list[str]:
    return _open_calls(action, name, last=True)


def innermost_first(action: Action, name: str) -> list[str]:
    return _open_calls(action, name)[::-1]


def without_the_action(action: Action, name: str) -> list[str]:
    return _open_calls(action, name)[1:]


def without_the_end(action: Action, name: str) -> list[str]:
    return _open_calls(action, name)[:-1]


def left_on(action: Action, name: str) -> list[str]:
    found = _open_calls(action, name)
    sys.setprofile(lambda *_: None)
    return found


def long_names(action: Action, name: str) -> list[str]:
    calls: list[str] = []
    found: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)
            if frame.f_code.co_name == name and not found:
                found.extend(calls)
        elif event == "return":
            calls.pop()

    _watched(action, note)
    return found


class _Right(Dataset[Any]):
    pattern = "*.png"

    def __init__(self, folder: Path) -> None:
        self.files = sorted(folder.glob(self.pattern))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Any:
        pixels = np.array(Image.open(self.files[index]), dtype=np.float32) / 255
        label = ["cat", "dog"].index(self.files[index].name.split(".")[0])
        return torch.from_numpy(pixels).unsqueeze(0), label


class EveryFile(_Right):
    pattern = "*"


class SubFolders(_Right):
    pattern = "*/*.png"


class ByNumber(_Right):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files.sort(key=lambda file: (file.name[:3], int(file.name.split(".")[1])))


class NoChannel(_Right):
    def __getitem__(self, index: int) -> Any:
        image, label = super().__getitem__(index)
        return image[0], label


class NotScaled(_Right):
    def __getitem__(self, index: int) -> Any:
        image, label = super().__getitem__(index)
        return image * 255, label


class Doubles(_Right):
    def __getitem__(self, index: int) -> Any:
        image, label = super().__getitem__(index)
        return image.double(), label


class DogsFirst(_Right):
    def __getitem__(self, index: int) -> Any:
        image, label = super().__getitem__(index)
        return image, 1 - label


class Words(_Right):
    def __getitem__(self, index: int) -> Any:
        image, label = super().__getitem__(index)
        return image, ["cat", "dog"][label]


class PictureOnly(_Right):
    def __getitem__(self, index: int) -> Any:
        return super().__getitem__(index)[0]


def _parts(samples: Samples) -> tuple[Tensor, Tensor, Tensor]:
    sentences = [sentence for sentence, _ in samples]
    tokens = pad_sequence(sentences, batch_first=True)
    lengths = torch.tensor([len(sentence) for sentence in sentences])
    mask = torch.arange(tokens.shape[1]) < lengths.unsqueeze(1)
    return tokens, mask, torch.tensor([label for _, label in samples])


def mask_by_zero(samples: Samples) -> Any:
    tokens, _, labels = _parts(samples)
    return tokens, tokens != 0, labels


def mask_of_filling(samples: Samples) -> Any:
    tokens, mask, labels = _parts(samples)
    return tokens, ~mask, labels


def float_mask(samples: Samples) -> Any:
    tokens, mask, labels = _parts(samples)
    return tokens, mask.float(), labels


def words_first(samples: Samples) -> Any:
    tokens, mask, labels = _parts(samples)
    return tokens.T, mask.T, labels


def lengths_instead(samples: Samples) -> Any:
    tokens, mask, labels = _parts(samples)
    return tokens, mask.sum(1), labels


def list_of_labels(samples: Samples) -> Any:
    tokens, mask, labels = _parts(samples)
    return tokens, mask, labels.tolist()


def no_labels(samples: Samples) -> Any:
    return _parts(samples)[:2]


def default_collate(samples: Samples) -> Any:
    return torch.utils.data.default_collate(samples)


def global_seed(dataset: Any, epoch: int) -> Any:
    torch.manual_seed(epoch)
    return DataLoader(dataset, 4, shuffle=True)


def no_generator(dataset: Any, _epoch: int) -> Any:
    return DataLoader(dataset, 4, shuffle=True)


def always_seven(dataset: Any, _epoch: int) -> Any:
    generator = torch.Generator().manual_seed(7)
    return DataLoader(dataset, 4, shuffle=True, generator=generator)


_SHARED = torch.Generator().manual_seed(0)


def one_generator_for_all(dataset: Any, _epoch: int) -> Any:
    return DataLoader(dataset, 4, shuffle=True, generator=_SHARED)


def not_shuffled(dataset: Any, epoch: int) -> Any:
    return DataLoader(dataset, 4, generator=torch.Generator().manual_seed(epoch))


def batch_of_one(dataset: Any, epoch: int) -> Any:
    generator = torch.Generator().manual_seed(epoch)
    return DataLoader(dataset, shuffle=True, generator=generator)


def rest_dropped(dataset: Any, epoch: int) -> Any:
    generator = torch.Generator().manual_seed(epoch)
    return DataLoader(dataset, 4, shuffle=True, drop_last=True, generator=generator)


def first_batch(dataset: Any, epoch: int) -> Any:
    return next(iter(always_seven(dataset, epoch)))


WRONG: dict[str, list[Any]] = {
    "16-1": [
        finished_too,
        last_visit,
        innermost_first,
        without_the_action,
        without_the_end,
        left_on,
        long_names,
    ],
    "16-2": [
        EveryFile,
        SubFolders,
        ByNumber,
        NoChannel,
        NotScaled,
        Doubles,
        DogsFirst,
        Words,
        PictureOnly,
    ],
    "16-3": [
        mask_by_zero,
        mask_of_filling,
        float_mask,
        words_first,
        lengths_instead,
        list_of_labels,
        no_labels,
        default_collate,
    ],
    "16-4": [
        global_seed,
        no_generator,
        always_seven,
        one_generator_for_all,
        not_shuffled,
        batch_of_one,
        rest_dropped,
        first_batch,
    ],
}
