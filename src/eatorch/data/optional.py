"""Packages that a few functions need and most readers do not."""

from importlib import import_module
from typing import Any

__all__ = ["need"]


def need(package: str, user: str) -> Any:
    """Import a package, or say how to get it.

    Args:
        package: Name of the package, the same for import and installation.
        user: The function that asks.

    Returns:
        The imported package.

    Raises:
        ImportError: If it is not installed.

    Example:
        >>> need("math", "this example").floor(2.5)
        2
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{user} needs the package {package}, which is not installed: "
            f"pip install {package}"
        ) from error
