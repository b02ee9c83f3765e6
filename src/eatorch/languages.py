"""The language in which the package speaks to its reader."""

import os
import sys
from contextlib import suppress
from locale import getlocale
from typing import Literal

__all__ = ["Language", "language"]

Language = Literal["en", "zh"]

_CHINESE = range(0x4E00, 0xA000)


def language() -> Language:
    """Choose the language of messages.

    The first that speaks decides: the environment variable ``EATORCH_LANG`` (``en`` or
    ``zh``), the text of the running script or the name of the running notebook (the
    Chinese downloads show what their reader reads), the locale of the machine.

    Returns:
        ``"en"`` or ``"zh"``.
    """
    wish = os.environ.get("EATORCH_LANG", "")
    if wish:
        return "zh" if wish.lower().startswith("zh") else "en"
    main = sys.modules.get("__main__")
    text = getattr(main, "__doc__", None) or ""
    # Jupyter names its notebook in the environment, VS Code in the main module.
    notebook = os.environ.get("JPY_SESSION_NAME") or str(
        getattr(main, "__vsc_ipynb_file__", "")
    )
    if any(ord(letter) in _CHINESE for letter in text) or ".zh" in notebook:
        return "zh"
    with suppress(ValueError):  # an exotic locale is no reason to fail
        if (getlocale()[0] or "").lower().startswith(("zh", "chinese")):
            return "zh"
    return "en"
