"""What ``conf.py`` says, for steps that run outside of Sphinx."""

from pathlib import Path
from typing import Any

__all__ = ["read_settings"]


def read_settings(root: Path) -> dict[str, Any]:
    """Read the settings of the site.

    Args:
        root: The project.

    Returns:
        Name → value; empty if the project has no ``conf.py``.
    """
    path, settings = root / "conf.py", dict[str, Any]()
    if path.exists():  # values only, so running it is safe
        exec(compile(path.read_text("utf-8"), path, "exec"), settings)
    return settings
