"""Write down the translatable messages of every page while Sphinx reads it.

The site's build compares them with the catalogs: so a missing translation is found
without a third build, and no lesson runs twice.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import extract_messages


def path_of(folder: Path, docname: str) -> Path:
    """Return the file that lists the messages of a page."""
    return folder / f"{docname}.json"


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Store a page's messages, in their order and without doubles."""
    if app.config.language != "en" or app.builder.name == "gettext":
        return
    messages = [message for _, message in extract_messages(doctree) if message]
    target = path_of(Path(app.outdir).parent / "messages", app.env.docname)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(list(dict.fromkeys(messages)), ensure_ascii=False))


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to each page as it is read."""
    app.connect("doctree-read", collect, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
