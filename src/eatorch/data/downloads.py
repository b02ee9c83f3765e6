"""Classic data sets that come over the network: checked, kept, and loud when missing.

Each file is downloaded once, into a folder of the user's cache (the environment
variable ``EATORCH_DATA`` names another one). It counts only if its checksum is the one
written here, so a broken or changed file is never read. No lesson needs these sets.
"""

import csv
import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from eatorch.data.optional import need
from eatorch.data.pictures import Pictures
from eatorch.data.texts import Texts

__all__ = ["DownloadError", "Passengers", "cifar10", "imdb", "titanic"]

_SECONDS = 20.0  # without a byte until a server counts as silent
_OBJECTS = (
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Where a file is and what it must hold."""

    url: str
    checksum: str
    megabytes: float


SOURCES = {
    "titanic": Source(
        "https://www.openml.org/data/get_csv/16826755/phpMYEkMl",
        "sha256:c617db2c7470716250f6f001be51304c76bcc8815527ab8bae734bdca0735737",
        0.1,
    ),
    "cifar10": Source(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        170,
    ),
    "imdb": Source(
        "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        "md5:7c2ac02c03563afcf9b574c7e56c153a",
        84,
    ),
}


class DownloadError(OSError):
    """A data set could not be fetched; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Passengers:
    """The people on board the Titanic, one entry per passenger in each attribute.

    Attributes:
        survived: 1 for those who lived, int64, shape ``(passengers,)``.
        ticket_class: 1, 2 or 3, int64, shape ``(passengers,)``.
        age: Years, float32, shape ``(passengers,)``, NaN where unknown.
        fare: Pounds, float32, shape ``(passengers,)``, NaN where unknown.
        relatives: Brothers, sisters and spouses, then parents and children on board,
            int64, shape ``(passengers, 2)``.
        sex: ``"female"`` or ``"male"``.
        harbour: ``"C"``, ``"Q"``, ``"S"`` (Cherbourg, Queenstown, Southampton), or
            empty where unknown.
        cabin: Numbers of the cabins, empty where unknown.
        name: Name with title.
    """

    survived: Tensor
    ticket_class: Tensor
    age: Tensor
    fare: Tensor
    relatives: Tensor
    sex: tuple[str, ...]
    harbour: tuple[str, ...]
    cabin: tuple[str, ...]
    name: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of passengers."""
        return len(self.name)


def titanic() -> Passengers:
    """Load the 1,309 passengers of the Titanic; downloads 0.1 MB once.

    Returns:
        The passengers, with gaps in age, fare, harbour and cabin as they are.

    Raises:
        DownloadError: If the file cannot be fetched whole.
        ImportError: If pooch is not installed.

    References:
        Encyclopedia Titanica, collected by Frank Harrell and Thomas Cason.
        https://www.openml.org/d/40945
    """
    text = fetch("titanic").read_text("utf-8")
    rows = [
        {key: "" if cell == "?" else cell for key, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]

    def column(name: str) -> tuple[str, ...]:
        return tuple(row[name] for row in rows)

    def counts(name: str) -> Tensor:
        return torch.tensor([int(cell) for cell in column(name)])

    def measures(name: str) -> Tensor:
        return torch.tensor([float(cell or "nan") for cell in column(name)])

    return Passengers(
        survived=counts("survived"),
        ticket_class=counts("pclass"),
        age=measures("age"),
        fare=measures("fare"),
        relatives=torch.stack([counts("sibsp"), counts("parch")], dim=1),
        sex=column("sex"),
        harbour=column("embarked"),
        cabin=column("cabin"),
        name=column("name"),
    )


def cifar10(*, train: bool = True) -> Pictures:
    """Load small colour pictures of ten kinds of things; downloads 170 MB once.

    Args:
        train: Load the 50,000 pictures for training, else the 10,000 for testing.

    Returns:
        Pictures of shape ``(pictures, 3, 32, 32)``.

    Raises:
        DownloadError: If the file cannot be fetched whole.
        ImportError: If pooch is not installed.

    References:
        Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).
        https://www.cs.toronto.edu/~kriz/cifar.html
    """
    names = (
        [f"data_batch_{n}.bin" for n in range(1, 6)] if train else ["test_batch.bin"]
    )
    with tarfile.open(fetch("cifar10")) as archive:
        wanted = {Path(member.name).name: member for member in archive}
        parts = [_read(archive, wanted[name]) for name in names]
    # A record is one byte for the class, then 1024 bytes each of red, green and blue.
    records = torch.tensor(np.frombuffer(b"".join(parts), dtype=np.uint8))
    records = records.view(-1, 1 + 3 * 32 * 32)
    images = records[:, 1:].view(-1, 3, 32, 32).float() / 255
    return Pictures(images, records[:, 0].long(), _OBJECTS)


def imdb(*, train: bool = True) -> Texts:
    """Load 25,000 film reviews, half of them friendly; downloads 84 MB once.

    Args:
        train: Load the reviews for training, else as many others for testing.

    Returns:
        The reviews, negative ones (class 0) first.

    Raises:
        DownloadError: If the file cannot be fetched whole.
        ImportError: If pooch is not installed.

    References:
        Maas and others, "Learning Word Vectors for Sentiment Analysis" (2011).
        https://ai.stanford.edu/~amaas/data/sentiment/
    """
    reviews = dict(_reviews("train" if train else "test"))
    kinds = [path.split("/")[2] for path in sorted(reviews)]
    return Texts(
        texts=tuple(reviews[path] for path in sorted(reviews)),
        targets=torch.tensor([int(kind == "pos") for kind in kinds]),
        classes=("negative", "positive"),
    )


def _reviews(part: str) -> Iterator[tuple[str, str]]:
    folders = {("aclImdb", part, "neg"), ("aclImdb", part, "pos")}
    with tarfile.open(fetch("imdb")) as archive:
        for member in archive:
            if tuple(member.name.split("/")[:-1]) in folders and member.isfile():
                yield member.name, _read(archive, member).decode("utf-8")


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def cache_folder() -> Path:
    """Return where downloads are kept."""
    import pooch

    return Path(os.environ.get("EATORCH_DATA") or pooch.os_cache("eatorch"))


def fetch(name: str) -> Path:
    """Return the path of a data set's file, after downloading it if need be.

    A download is written beside its place and moved there once its checksum is right:
    what lies in the cache is whole, whenever the last run was cut off.
    """
    pooch = need("pooch", name)
    from requests import RequestException

    source = SOURCES[name]
    try:
        path = pooch.retrieve(
            source.url,
            source.checksum,
            fname=name,
            path=cache_folder(),
            downloader=pooch.HTTPDownloader(timeout=_SECONDS),
        )
    except (RequestException, OSError) as error:
        raise DownloadError(_advice(name, f"the network says: {error}")) from error
    except ValueError as error:  # pooch found another checksum and threw the file away
        reason = "what came is damaged, or not the file it should be"
        raise DownloadError(_advice(name, reason)) from error
    return Path(path)


def _advice(name: str, reason: str) -> str:
    source = SOURCES[name]
    return (
        f"{name} could not be downloaded from {source.url} ({source.megabytes:g} MB): "
        f"{reason}. Try again later, or put the file at {cache_folder() / name}. "
        "The other functions of eatorch.data need no network."
    )
