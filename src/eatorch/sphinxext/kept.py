"""Keep what was made before, for as long as everything that it was made from stays."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from eatorch.sphinxext.files import write_whole

__all__ = ["fingerprint", "kept"]

_DIGITS = 24
_ANY = "[0-9a-f]" * _DIGITS


def fingerprint(*parts: bytes) -> str:
    """Hash what something is made from, and the code that makes it.

    Args:
        *parts: All else that decides what it looks like, in this order.

    Returns:
        24 hexadecimal digits.

    Example:
        >>> fingerprint(b"a", b"b") == fingerprint(b"a", b"b")
        True
        >>> fingerprint(b"a", b"b") == fingerprint(b"ab")
        False
    """
    digest = hashlib.sha256(_code())
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:_DIGITS]


@cache
def _code() -> bytes:
    """Hash the code of this package; it does not change while it runs."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def kept(path: Path, mark: str, make: Callable[[], bytes]) -> bytes:
    """Return what was made before from the same things, or make it now.

    Args:
        path: Where to keep it; its name gets fingerprints in front, of what it is made
            from and of what it holds.
        mark: The fingerprint.
        make: Makes it.

    Returns:
        What ``make`` returns or once returned; that of another fingerprint is gone,
        and what a disk has damaged is made again.
    """
    for place in path.parent.glob(f"{mark}-{_ANY}-{path.name}"):
        data = place.read_bytes()
        if place.name == _named(path, mark, data):
            return data
    data = make()
    for old in path.parent.glob(f"{_ANY}-{_ANY}-{path.name}"):
        old.unlink()
    write_whole(path.with_name(_named(path, mark, data)), data)
    return data


def _named(path: Path, mark: str, data: bytes) -> str:
    return f"{mark}-{hashlib.sha256(data).hexdigest()[:_DIGITS]}-{path.name}"
