"""What happens around each lesson when sphinx-gallery runs it.

The worker processes of sphinx-gallery import these functions by name. ``reset`` puts
every lesson on the same footing and records the run; ``scrape`` saves each figure
twice, for light and for dark pages.
"""

import os
import platform
import resource
import sys
import time
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart by colour-blind readers; the yellow, too pale
# on white, comes last. https://jfly.uni-koeln.de/color/
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"]
LIGHT_INK, DARK_INK = "#24292f", "#d8dee6"
LIGHT_PAPER, DARK_PAPER = "#ffffff", "#131416"
SCALE = 1.6  # pixels of the picture to one pixel of the page

_INKED: list[Any] = [
    "text.color",
    "axes.edgecolor",
    "axes.labelcolor",
    "axes.titlecolor",
    "xtick.color",
    "ytick.color",
]
STYLE: dict[Any, Any] = {
    **dict.fromkeys(_INKED, LIGHT_INK),
    "axes.prop_cycle": cycler(color=PALETTE),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.facecolor": LIGHT_PAPER,
    "savefig.facecolor": "none",
    "figure.dpi": 100,
    "savefig.dpi": 100 * SCALE,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "figure.titlesize": 12,
    "image.cmap": "viridis",
    "figure.max_open_warning": 0,
}
_SWAP: dict[Any, str] = {
    to_rgba(LIGHT_INK)[:3]: DARK_INK,
    to_rgba(LIGHT_PAPER)[:3]: DARK_PAPER,
}
_PARTS = ("color", "facecolor", "edgecolor", "markeredgecolor", "markerfacecolor")

_PLACES: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")

_started: dict[str, float] = {}


def reset(conf: dict[str, Any], fname: str, when: str) -> None:
    """Give each lesson the same start; note afterwards how the run went.

    Args:
        conf: Configuration of sphinx-gallery.
        fname: File name of the lesson.
        when: ``"before"`` or ``"after"`` the lesson.
    """
    if when == "after":
        _record(next(Path(conf["src_dir"]).glob(f"lessons/*/{fname}")))
        return
    # Imported in the worker only: no thread of torch may live when Sphinx forks.
    import torch

    from eatorch.seeding import seed_everything

    torch.set_default_dtype(torch.float32)
    torch.set_default_device("cpu")
    torch.set_num_threads(1)  # tiny models are several times slower on two threads
    torch.set_grad_enabled(True)
    torch.set_printoptions(profile="default")  # type: ignore[no-untyped-call]
    np.set_printoptions(legacy=False)
    seed_everything(0)
    _rehearse()
    warnings.resetwarnings()
    # As in Python itself, what is deprecated is shown only to those who wrote the line.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    mpl.rcParams.update(STYLE)
    _forget_peak()
    _started[fname] = time.process_time()


def _rehearse() -> None:
    """Load what large packages load at their first use.

    The seconds that this takes would land on whichever lesson happens to come first.
    """
    import sklearn.datasets  # noqa: F401
    import torch

    torch.optim.SGD([torch.zeros(1, requires_grad=True)])


def _record(lesson: Path) -> None:
    """Record what ran where, and how long."""
    import torch

    # Imported here, so that ``reset`` works where nothing of the site is installed.
    from eatorch.sphinxext.runs import write_record

    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    run = {
        "date": now.date().isoformat(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": _device(),
    }
    # What a run measures differs each time: a build that is to be repeated leaves it.
    write_record(lesson, run if epoch else run | _measured(lesson))


def _measured(lesson: Path) -> dict[str, float]:
    return {
        "seconds": round(time.process_time() - _started[lesson.name], 2),
        "peak_mb": _peak_mb(),
    }


def _device() -> str:
    """Return what lessons that ask for the best device got."""
    from eatorch.devices import device

    return device().type.upper()


def _forget_peak() -> None:
    """Measure memory anew, where Linux can: this worker has run other lessons."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> int:
    """Return the most memory that this process held since :func:`_forget_peak`."""
    with suppress(OSError):
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def scrape(_block: Any, block_vars: dict[str, Any], conf: dict[str, Any]) -> str:
    """Save all open figures, light and dark, and return the reST that shows them.

    Args:
        _block: The code block, not used.
        block_vars: Variables of the block; holds the iterator of picture paths.
        conf: Configuration of sphinx-gallery.

    Returns:
        reST with one picture for each figure; its title is the alternative text.

    Raises:
        ValueError: If a figure has no title: it would have no alternative text.
    """
    parts = []
    for number in plt.get_fignums():
        figure = plt.figure(number)
        path = Path(next(block_vars["image_path_iterator"]))
        parts.append(_save_pair(figure, path, conf["src_dir"]))
    plt.close("all")
    return "\n".join(parts)


def _save_pair(figure: Figure, path: Path, src_dir: str) -> str:
    title = alternative_text(figure).replace("\\", "\\\\")
    figure.savefig(path)
    figure.set_layout_engine("none")  # both pictures keep the places found once
    with mpl.rc_context(dict.fromkeys(_INKED, DARK_INK)):
        darken(figure)
        figure.savefig(path.with_stem(path.stem + "_dark"))
    address = path.relative_to(src_dir).as_posix()
    # A plain image, unlike sphinx-gallery's own, has its alternative text translated.
    return f"\n.. image:: /{address}\n   :alt: {title}\n   :class: lesson-figure\n"


def alternative_text(figure: Figure) -> str:
    """Return what the titles of a figure say, on one line.

    Args:
        figure: The figure.

    Raises:
        ValueError: If it has no title.
    """
    titles = [figure.get_suptitle()]
    titles += [axes.get_title(loc) for axes in figure.axes for loc in _PLACES]
    line = ", ".join(" ".join(title.split()) for title in titles if title.strip())
    if not line:
        raise ValueError(
            "figure must have a title (it becomes the alternative text), got none"
        )
    return line


def darken(figure: Figure) -> None:
    """Swap the default ink and paper of a figure for those of a dark page.

    Colours that a lesson chose for its data stay as they are.

    Args:
        figure: The figure, changed in place.
    """
    for artist in figure.findobj():
        for part in _PARTS:
            get = getattr(artist, f"get_{part}", None)
            put = getattr(artist, f"set_{part}", None)
            if get and put:
                _swap(get(), put)


def _swap(colour: Any, put: Any) -> None:
    if isinstance(colour, np.ndarray) and colour.ndim == 2:  # noqa: PLR2004
        rows = [_swapped(row) for row in colour]
        if any(row is not None for row in rows):
            put([old if new is None else new for old, new in zip(colour, rows)])  # noqa: B905
    elif (new := _swapped(colour)) is not None:
        put(new)


def _swapped(colour: Any) -> tuple[float, ...] | None:
    """Return the dark twin of a colour, or None if it keeps its place."""
    try:
        *rgb, alpha = to_rgba(colour)
    except (TypeError, ValueError):  # "auto", a gradient or a list of names
        return None
    twin = _SWAP.get(tuple(rgb))
    return None if twin is None or alpha == 0 else (*to_rgba(twin)[:3], alpha)
