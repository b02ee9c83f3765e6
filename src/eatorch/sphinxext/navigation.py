"""Keep the navigation, which stands on every page, right and of a bearable length.

Sphinx writes again the pages that were edited, and those whose own list of contents
names an edited page. The theme's sidebar names every page on every page: without this,
a new title would stay old on all the others, and a page that is gone would stay. Where
there are very many pages, each names those of its own part only, else a site would grow
with the square of its lessons.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

__all__ = ["affected", "remove", "shorten"]

_MANY = 150  # pages; their names take more room in the sidebar than anyone scrolls


def affected(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return all pages if a title or a place in the navigation is another.

    Args:
        _app: The running Sphinx, not used.
        env: What Sphinx knows of all pages; it keeps the navigation for the next build.

    Returns:
        Names of the pages to write, besides those that Sphinx has found itself.
    """
    titles = {name: title.astext() for name, title in env.titles.items()}
    # Copies: what is kept must not change with what Sphinx knows.
    now = titles, {name: list(them) for name, them in env.toctree_includes.items()}
    before = getattr(env, "eatorch_navigation", now)
    env.eatorch_navigation = now  # type: ignore[attr-defined]
    return [] if now == before else sorted(env.found_docs)


def remove(app: Sphinx, _env: BuildEnvironment, docname: str) -> None:
    """Remove the page of a document that is gone, or that will be written again.

    Sphinx leaves it where it is, and it would be published for ever.

    Args:
        app: The running Sphinx.
        _env: What Sphinx knows of all pages, not used.
        docname: Name of the page without suffix.
    """
    if app.builder.format == "html":
        Path(app.outdir, f"{docname}.html").unlink(missing_ok=True)


def shorten(
    app: Sphinx,
    pagename: str,
    _template: str,
    context: dict[str, Any],
    _doctree: nodes.document | None,
) -> None:
    """Leave out of a page's sidebar what other parts hold, if there is very much.

    The home page keeps all; the book reads its table of contents there.

    Args:
        app: The running Sphinx.
        pagename: Name of the page without suffix.
        context: What the templates see; its ``toctree`` is what the theme calls.
    """
    toctree = context.get("toctree")
    many = len(app.env.found_docs) > _MANY
    if toctree and many and pagename != app.config.root_doc:
        context["toctree"] = lambda **options: toctree(**(options | {"collapse": True}))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all steps."""
    app.connect("env-purge-doc", remove)
    app.connect("env-updated", affected)
    app.connect("html-page-context", shorten, priority=400)  # before the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}
