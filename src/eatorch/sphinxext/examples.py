"""Show under each function of the API docs the lessons that use it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

__all__ = ["append_lessons"]


def append_lessons(
    app: Sphinx, what: str, name: str, _obj: Any, _options: Any, lines: list[str]
) -> None:
    """Add a mini-gallery to a docstring if a lesson uses the object.

    The page depends on the list of all uses, for the first use of a name concerns it
    as much as the last one that is given up. sphinx-gallery writes that list anew only
    if it differs; what it writes for a single name stays for ever.

    Args:
        app: The running Sphinx.
        what: Kind of the object.
        name: Its full name.
        _obj: The object, not used.
        _options: Options of the directive, not used.
        lines: The docstring, changed in place.
    """
    if what not in {"function", "class"}:
        return
    folder = Path(app.srcdir) / app.config.sphinx_gallery_conf["backreferences_dir"]
    listed = folder / "backreferences_all.json"
    app.env.note_dependency(str(listed))
    used = _used(listed, listed.stat().st_mtime_ns) if listed.exists() else set()
    top = f"eatorch.{name.rpartition('.')[2]}"
    for known in dict.fromkeys([name, top]):
        if known in used:
            lines += ["", ".. container:: used-in-lessons", ""]
            lines += [f"   .. minigallery:: {known}", ""]
            return


@lru_cache(maxsize=1)
def _used(listed: Path, _changed: int) -> set[str]:
    """Return the names that lessons use; read once, not for each object."""
    uses = json.loads(listed.read_text("utf-8"))
    return {name for name, lessons in uses.items() if lessons}


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to autodoc, after napoleon has made sections of the docstring."""
    app.connect("autodoc-process-docstring", append_lessons, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
