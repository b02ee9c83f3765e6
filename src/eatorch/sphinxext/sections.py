"""Give every section the same address in both languages.

Sphinx renames a translated section, and a Chinese title leaves nothing for an address
but ``id3``. This keeps the English ids, so that the language switch can stay in place.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_KEPT = "english_ids"


class RememberIds(SphinxTransform):
    """Note the ids before Sphinx translates (its own transform has priority 20)."""

    default_priority = 19

    def apply(self, **_: Any) -> None:
        """Store the ids on each section."""
        for section in self.document.findall(nodes.section):
            section[_KEPT] = list(section["ids"])


class RestoreIds(SphinxTransform):
    """Put the English ids back and drop the numbered ones."""

    default_priority = 21

    def apply(self, **_: Any) -> None:
        """Restore the ids of each section."""
        for section in self.document.findall(nodes.section):
            kept = section.attributes.pop(_KEPT, [])
            if not kept:  # another extension has made the section since
                continue
            for name in section["names"]:
                self.document.nameids[name] = self.document.nameids.get(name) or kept[0]
            renamed = set(section["ids"]) - set(kept)
            for name, old in list(self.document.nameids.items()):
                if old in renamed:
                    self.document.nameids[name] = kept[0]
            section["ids"] = kept
            for identifier in kept:
                self.document.ids[identifier] = section


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both transforms."""
    app.add_transform(RememberIds)
    app.add_transform(RestoreIds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
