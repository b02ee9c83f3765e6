"""Write all pages anew when the navigation changes that stands on each of them.

Sphinx writes again the pages that were edited, and those whose own list of contents
names an edited page. The theme's sidebar names every page on every page: without this,
a new title would stay old on all the others.
"""

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

__all__ = ["affected"]


def affected(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return all pages if a title or a place in the navigation is another.

    Args:
        _app: The running Sphinx, not used.
        env: What Sphinx knows of all pages; it keeps the navigation for the next build.

    Returns:
        Names of the pages to write, besides those that Sphinx has found itself.
    """
    titles = {name: title.astext() for name, title in env.titles.items()}
    now = titles, env.toctree_includes
    before = getattr(env, "eatorch_navigation", now)
    env.eatorch_navigation = now  # type: ignore[attr-defined]
    return [] if now == before else sorted(env.found_docs)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the step."""
    app.connect("env-updated", affected)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
