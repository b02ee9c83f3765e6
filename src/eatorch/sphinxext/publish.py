"""Turn the two trees of Sphinx into the site, and put it in place in one step."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from eatorch.sphinxext.downloads import write_downloads
from eatorch.sphinxext.languages import write_root
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.offline import write_edition
from eatorch.sphinxext.policy import write_headers
from eatorch.sphinxext.running import at_once
from eatorch.sphinxext.search import index_tree
from eatorch.sphinxext.trees import finish_tree

TREES = ("en", "zh-cn")


def publish(
    work: Path,
    build: Path,
    root: Path,
    *,
    url: str,
    catalogs: Path | None = None,
    first: Mapping[str, Callable[[], object]] | None = None,
) -> Path:
    """Finish both trees, add downloads, search and editions, and swap them in.

    Each language has a process of its own.

    Args:
        work: Folder with the trees as Sphinx wrote them.
        build: Folder that gets ``site``, or ``draft``.
        root: The project.
        url: Published address of the site, ends in ``/``.
        catalogs: Chinese catalogs of a draft, with English where a message is missing.
            A draft has no editions to be passed on: they leave the folder whose name
            says what they are.
        first: What else is to be done for a language before, such as its pages.

    Returns:
        The folder of the site.
    """
    draft = build / "next"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        wheel = build_wheel(root, build / "wheel")
        fill = partial(fill_tree, draft, work, root, wheel, url=url, catalogs=catalogs)
        begin = first or {}
        at_once([partial(fill, it, begin.get(it)) for it in TREES])
        write_root(root, draft, url=url)
        write_headers(draft)
    except BaseException:  # it may be what has filled the disk
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return swap(draft, build / ("draft" if catalogs else "site"))


def fill_tree(  # noqa: PLR0917 - all of them are needed, in this order
    draft: Path,
    work: Path,
    root: Path,
    wheel: Path,
    language: str,
    first: Callable[[], object] | None,
    *,
    url: str,
    catalogs: Path | None,
) -> None:
    """Make all that a draft holds in one language.

    Args:
        draft: Folder of the new site.
        work: Folder with the trees as Sphinx wrote them.
        root: The project.
        wheel: The wheel that the site carries.
        language: Name of the tree.
        first: What else is to be done before, if anything.
        url: Published address of the site, ends in ``/``.
        catalogs: Chinese catalogs of a draft.
    """
    if first:
        first()
    lessons = read_lessons(root / "gallery")
    finish_tree(work / language, draft / language, root, language, lessons)
    write_downloads(
        root / "gallery",
        catalogs or root / "locales" / "zh_CN" / "LC_MESSAGES",
        {language: work / language / "objects.inv"},
        draft,
        url,
        wheel,
    )
    index_tree(draft / language, root / "docs" / "terms.json")
    if not catalogs:
        write_edition(draft, root, language, url=url)


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of ``eatorch`` that the site carries.

    Args:
        root: The project.
        folder: Where the wheel goes; emptied first.

    Returns:
        The wheel.
    """
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
    epoch = {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "1580601600")}
    _quietly([*command, str(folder)], cwd=root, env={**os.environ, **epoch})
    return next(folder.glob("*.whl"))


def _quietly(
    command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None
) -> None:
    """Run a command and show what it printed only if it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=env, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def swap(draft: Path, site: Path, *, rename: Callable[..., object] = os.rename) -> Path:
    """Put a finished draft in the place of the site.

    Two renames: killed between them, the last good site waits as ``site.old``, a
    draft as ``draft.old``, and the next build puts it back first.

    Args:
        draft: The new site.
        site: The place to publish it.
        rename: How to move a folder; a test replaces it.

    Returns:
        ``site``.
    """
    old = _set_aside(site)
    restore(site)
    if site.exists():
        rename(site, old)
    rename(draft, site)
    shutil.rmtree(old, ignore_errors=True)
    return site


def restore(site: Path) -> None:
    """Bring the last good site back if a build was killed while it swapped.

    Args:
        site: The place of the site.
    """
    old = _set_aside(site)
    if old.exists() and not site.exists():
        old.rename(site)
    shutil.rmtree(old, ignore_errors=True)


def _set_aside(site: Path) -> Path:
    return site.with_name(f"{site.name}.old")
