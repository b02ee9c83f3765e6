"""The stages of a build, each run by itself: ``_stages.py NAME [LANGUAGE ...]``.

They call what ``make site`` calls, in its order, on the project in the current folder.
Each stage has a process of its own, so that its memory is its own as well.
"""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from eatorch.sphinxext import build, downloads, offline, publish, search, trees
from eatorch.sphinxext.metadata import read_lessons

TREES = ("en", "zh-cn")


def english(paths: build.Paths, _: Sequence[str]) -> None:
    """Run the lessons and write the English tree."""
    paths.build.mkdir(exist_ok=True)
    build.build_english(paths, read_lessons(paths.gallery))


def alone(paths: build.Paths, _: Sequence[str]) -> None:
    """Build what there would be if the site had one language."""
    english(paths, ())
    wheel = publish.build_wheel(paths.root, paths.build / "wheel")
    url = build.published_at(paths.root)
    places = _draft(paths), paths.work, paths.root, wheel
    publish.fill_tree(*places, "en", None, url=url, catalogs=None)


def chinese(paths: build.Paths, _: Sequence[str]) -> None:
    """Write the Chinese tree from nothing; no lesson runs."""
    for folder in (paths.work / "zh-cn", paths.work / "doctrees" / "zh-cn"):
        shutil.rmtree(folder, ignore_errors=True)
    build.build_chinese(paths, read_lessons(paths.gallery))


def finish(paths: build.Paths, languages: Sequence[str]) -> None:
    """Finish the pages and pictures of some trees in an empty draft."""
    shutil.rmtree(_draft(paths), ignore_errors=True)
    lessons = read_lessons(paths.gallery)
    for tree in languages:
        trees.finish_tree(
            paths.work / tree, _draft(paths) / tree, paths.root, tree, lessons
        )


def write_downloads(paths: build.Paths, languages: Sequence[str]) -> None:
    """Write scripts, notebooks and zips."""
    wheel = publish.build_wheel(paths.root, paths.build / "wheel")
    inventories = {tree: paths.work / tree / "objects.inv" for tree in languages}
    url = build.published_at(paths.root)
    downloads.write_downloads(
        paths.gallery, paths.locales, inventories, _draft(paths), url, wheel
    )


def index(paths: build.Paths, languages: Sequence[str]) -> None:
    """Write the search index."""
    for tree in languages:
        search.index_tree(_draft(paths) / tree, paths.root / "docs" / "terms.json")


def editions(paths: build.Paths, languages: Sequence[str]) -> None:
    """Write the zip and the book for reading offline."""
    url = build.published_at(paths.root)
    for tree in languages:
        offline.write_edition(_draft(paths), paths.root, tree, url=url)


def _draft(paths: build.Paths) -> Path:
    return paths.build / "next"


STAGES: dict[str, Callable[[build.Paths, Sequence[str]], None]] = {
    "English": english,
    "Chinese": chinese,
    "finish": finish,
    "downloads": write_downloads,
    "search": index,
    "offline": editions,
}

if __name__ == "__main__":
    stage, *trees_of_it = sys.argv[1:]
    task = alone if stage == "alone" else STAGES[stage]
    task(build.Paths(Path.cwd()), trees_of_it or TREES)
