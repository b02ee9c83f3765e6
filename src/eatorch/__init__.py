"""The helper package of the eatorch lessons.

``import eatorch`` is light: every submodule is loaded on first use. The lessons link
to each function where they use it, and the source is meant to be read.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eatorch.checking import check as check
    from eatorch.devices import device as device
    from eatorch.errors import show_error as show_error
    from eatorch.seeding import seed_everything as seed_everything
    from eatorch.summaries import summary as summary

__version__ = "0.1.0"

# Where each top-level name lives; the submodule is imported when the name is asked for.
_HOMES = {
    "check": "eatorch.checking",
    "device": "eatorch.devices",
    "seed_everything": "eatorch.seeding",
    "show_error": "eatorch.errors",
    "summary": "eatorch.summaries",
}
_SUBMODULES = frozenset(
    {
        "callbacks",
        "checking",
        "checkpoint",
        "data",
        "devices",
        "errors",
        "expecting",
        "faults",
        "graphs",
        "history",
        "metrics",
        "parallel",
        "plots",
        "recorded",
        "seeding",
        "summaries",
        "training",
    }
)

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the keys are strings


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _SUBMODULES:
        return import_module(f"eatorch.{name}")
    raise AttributeError(f"module 'eatorch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_SUBMODULES})
