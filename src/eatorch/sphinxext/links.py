"""Full addresses for the links of a notebook, which stands alone."""

import posixpath
from pathlib import Path
from typing import NamedTuple

from sphinx.util.inventory import InventoryFile

from eatorch.sphinxext.addresses import BASES

__all__ = ["Link", "Links"]


class Link(NamedTuple):
    """A place on the web.

    Attributes:
        title: Its title in the language of the inventory.
        address: Full address.
    """

    title: str
    address: str


class Links:
    """The names that the notebooks of one language can link.

    Args:
        inventory: ``objects.inv`` of the built tree; None if none is built.
        address: Where the tree is published, ends in ``/``.
        others: Folder with the inventories of other projects.
    """

    def __init__(self, inventory: Path | None, address: str, others: Path) -> None:
        self._own = _read(inventory, address) if inventory else {}
        books = [_read(others / f"{name}.inv", base) for name, base in BASES.items()]
        self._api = {
            name: link.address
            for names in (*reversed(books), self._own)  # our own names come first
            for (kind, name), link in names.items()
            if kind.startswith("py:")
        }

    def label(self, name: str) -> Link | None:
        """Return the section that a ``:ref:`` names, or None."""
        return self._own.get(("std:label", name.lower()))

    def page(self, name: str, folder: str) -> Link | None:
        """Return the page that a ``:doc:`` in ``folder`` names, or None."""
        path = posixpath.normpath(posixpath.join("/", folder, name)).lstrip("/")
        return self._own.get(("std:doc", path))

    def api(self, name: str) -> str | None:
        """Return the address of a Python name, of this project or another, or None."""
        return self._api.get(name)


def _read(path: Path, base: str) -> dict[tuple[str, str], Link]:
    """Read an inventory into ``{(type, name): link}``."""
    data = InventoryFile.loads(path.read_bytes(), uri=base).data
    return {
        (kind, name): Link(
            name if item.display_name == "-" else item.display_name, item.uri
        )
        for kind, names in data.items()
        for name, item in names.items()
    }
