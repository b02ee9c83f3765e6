"""Show under each function of the API docs the lessons that use it."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def append_lessons(
    app: Sphinx, what: str, name: str, _obj: Any, _options: Any, lines: list[str]
) -> None:
    """Add a mini-gallery to a docstring if a lesson uses the object."""
    if what not in {"function", "class"}:
        return
    folder = Path(app.srcdir) / app.config.sphinx_gallery_conf["backreferences_dir"]
    top = f"eatorch.{name.rpartition('.')[2]}"
    for known in dict.fromkeys([name, top]):
        examples = folder / f"{known}.examples"
        if examples.exists() and examples.stat().st_size:
            app.env.note_dependency(str(examples))
            lines += ["", ".. container:: used-in-lessons", ""]
            lines += [f"   .. minigallery:: {known}", ""]
            return


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to autodoc, after napoleon has made sections of the docstring."""
    app.connect("autodoc-process-docstring", append_lessons, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
