"""Write down the translatable messages of every page while Sphinx reads it.

The site's build compares them with the catalogs: so a missing translation is found
without a third build, and no lesson runs twice.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import extract_messages

__all__ = ["messages_folder", "path_of", "read_messages"]


def messages_folder(outdir: Path) -> Path:
    """Return the folder of the lists, which lies beside the trees of both languages."""
    return outdir.parent / "messages"


def path_of(folder: Path, docname: str) -> Path:
    """Return the file that lists the messages of a page."""
    return folder / f"{docname}.json"


def read_messages(folder: Path) -> dict[str, dict[str, str]]:
    """Read all lists.

    Args:
        folder: Where they lie.

    Returns:
        For each page its messages, in their order, each with file and line.
    """
    return {
        path.relative_to(folder).with_suffix("").as_posix(): json.loads(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(folder.rglob("*.json"))
    }


def _listens(app: Sphinx) -> bool:
    return app.config.language == "en" and app.builder.name != "gettext"


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Store a page's messages, in their order and without doubles."""
    if not _listens(app):
        return
    found: dict[str, str] = {}
    for message, place in _placed(doctree, Path(app.srcdir).parent):
        found.setdefault(message, place)
    target = path_of(messages_folder(Path(app.outdir)), app.env.docname)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def _placed(doctree: nodes.document, root: Path) -> Iterator[tuple[str, str]]:
    """Yield each message with the place that has it, as far as docutils knows."""
    for node, message in extract_messages(doctree):
        source = str(node.source or doctree["source"]).removeprefix(f"{root}/")
        yield message, f"{source}:{node.line}" if node.line else source


def forget(app: Sphinx, _env: BuildEnvironment, docname: str) -> None:
    """Drop the list of a page that is gone or will be read again."""
    if _listens(app):
        folder = messages_folder(Path(app.outdir))
        path_of(folder, docname).unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to each page as it is read."""
    app.connect("env-purge-doc", forget)
    app.connect("doctree-read", collect, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
