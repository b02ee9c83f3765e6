"""Write what readers download: script, notebook and zip of each lesson, both languages.

The English script is the lesson itself. The Chinese one has its text blocks from the
catalog and the same code, byte for byte. A first cell, equal in both, installs
``eatorch`` where it is missing.
"""

import ast
import io
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sphinx_gallery.py_source_parser import split_code_and_text_blocks

from eatorch.sphinxext.catalogs import read_catalog
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.links import Links
from eatorch.sphinxext.markdown import to_markdown
from eatorch.sphinxext.restructured import ExportError, Page
from eatorch.sphinxext.strings import is_chinese
from eatorch.sphinxext.translation import translate

__all__ = [
    "Script",
    "build_time",
    "download_name",
    "install_code",
    "pack",
    "write_downloads",
]

_EVERYTHING = "eatorch-lessons"
_FIRST_OF_ZIP = 315532800  # 1 January 1980: zips know no earlier time
_EPOCH = (
    1580601600  # 2 February 2020: the time in zips, unless SOURCE_DATE_EPOCH is set
)
_INSTALL = """\
# This lesson uses the package eatorch. Where it is missing, install it: from the wheel
# beside this file (the zip holds one) or else from the site that published the lesson.
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

needed = NEEDED
missing = [name for name in needed if importlib.util.find_spec(name) is None]
if missing:
    wheel = "WHEEL_NAME"
    site = os.environ.get("EATORCH_SITE", "SITE_URL").rstrip("/")
    beside = Path(globals().get("__file__", "notebook")).with_name(wheel)
    source = str(beside) if beside.exists() else f"{site}/wheels/{wheel}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    pip += [source if name == "eatorch" else name for name in missing]
    if subprocess.run(pip).returncode:
        raise SystemExit("packages are missing; install by hand: " + " ".join(pip))
    importlib.invalidate_caches()
"""
# What a lesson may use beyond what eatorch itself needs: the extras of pyproject.toml.
EXTRAS = ("babel", "pooch", "safetensors", "tensorboard", "torchmetrics")


@dataclass(frozen=True)
class Script:
    """A lesson in its parts.

    Attributes:
        path: The script.
        prose: The text blocks.
        code: The code blocks, byte for byte.
        order: ``"text"`` or ``"code"`` for each block of the script.
    """

    path: Path
    prose: Page
    code: list[str]
    order: list[str]

    @classmethod
    def read(cls, path: Path) -> "Script":
        """Split a lesson as sphinx-gallery does."""
        _, blocks = split_code_and_text_blocks(path)
        texts = [block for block in blocks if block.type == "text"]
        starts = [block.lineno for block in texts]
        prose = Page(str(path), [block.content for block in texts], starts)
        code = [block.content for block in blocks if block.type == "code"]
        return cls(path, prose, code, [block.type for block in blocks])

    def merge(self, texts: list[str]) -> list[tuple[str, str]]:
        """Return type and content of each block, with other texts."""
        rest = {"text": iter(texts), "code": iter(self.code)}
        return [(kind, next(rest[kind])) for kind in self.order]


def install_code(url: str, wheel: str, lesson: str = "") -> str:
    """Return the first cell of a download.

    Args:
        url: Where the site is published; the root of both languages.
        wheel: File name of the wheel that the site carries.
        lesson: The lesson's code; what it imports beyond the usual is installed too.
    """
    imported = {
        part
        for node in ast.walk(ast.parse(lesson))
        for name in _imported(node)
        for part in name.split(".")  # torch.utils.tensorboard needs tensorboard
    }
    needed = ["eatorch", *(name for name in EXTRAS if name in imported)]
    code = _INSTALL.replace("SITE_URL", url).replace("WHEEL_NAME", wheel)
    return code.replace("NEEDED", json.dumps(needed))


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
    return []


def download_name(stem: str, language: str, suffix: str) -> str:
    """Return the file name of a download.

    The language is part of it: ``eatorch.check`` reads it in a notebook, and files of
    both languages can lie side by side.

    Args:
        stem: Name of the lesson, of the part or of the whole.
        language: Language of the tree.
        suffix: ``".py"``, ``".ipynb"`` or ``".zip"``.

    Example:
        >>> download_name("07_tensor", "zh-cn", ".ipynb")
        '07_tensor.zh.ipynb'
    """
    return f"{stem}{'.zh' if is_chinese(language) else ''}{suffix}"


def write_downloads(  # noqa: PLR0917 - all of them are needed, in this order
    gallery: Path,
    locales: Path,
    inventories: dict[str, Path],
    site: Path,
    url: str,
    wheel: Path,
) -> list[Path]:
    """Write all downloads of all languages into a site.

    Args:
        gallery: Folder of the lessons, with one folder for each part.
        locales: Folder of the Chinese catalogs.
        inventories: ``objects.inv`` of the built tree of each language.
        site: Folder of the site; it has one folder for each language.
        url: Where the site is published, ends in ``/``.
        wheel: The wheel of ``eatorch``.

    Returns:
        The written files.

    Raises:
        ExportError: If a lesson can't be exported or a translation is missing.
    """
    scripts = [Script.read(path) for path in sorted(gallery.glob("*/[0-9]*.py"))]
    others = gallery.parent / "docs" / "_inventories"
    written = [write_whole(site / "wheels" / wheel.name, wheel.read_bytes())]
    for language, inventory in inventories.items():
        links = Links(inventory, f"{url}{language}/", others)
        folder = site / language / "downloads"
        parts: dict[str, dict[str, bytes]] = {}
        for script in scripts:
            texts = _texts(script, locales, language)
            install = install_code(url, wheel.name, "\n".join(script.code))
            files = _files(script, texts, links, language, install)
            written += [
                write_whole(folder / name, data) for name, data in files.items()
            ]
            parts[script.path.stem] = files
            parts.setdefault(script.path.parent.name, {}).update(files)
            parts.setdefault(_EVERYTHING, {}).update(files)
        for stem, files in parts.items():
            packed = pack({**files, wheel.name: wheel.read_bytes()})
            name = download_name(stem, language, ".zip")
            written.append(write_whole(folder / name, packed))
    return written


def _texts(script: Script, locales: Path, language: str) -> Page:
    """Return the prose of a lesson in a language."""
    if not is_chinese(language):
        return script.prose
    lesson = Path("lessons", script.path.parent.name, script.path.stem)
    catalog = locales / lesson.with_suffix(".po")
    if not catalog.exists():
        raise ExportError(f"{catalog}: no such catalog; run 'make catalogs'")
    return translate(script.prose, read_catalog(catalog), catalog)


def _files(
    script: Script, page: Page, links: Links, language: str, install: str
) -> dict[str, bytes]:
    """Return script and notebook of a lesson by their names."""
    folder = f"lessons/{script.path.parent.name}"
    cells = to_markdown(page, links, folder, language)
    made = {
        ".py": python_script(script.merge(page.blocks), install),
        ".ipynb": notebook(script.merge(cells), install, language),
    }
    return {
        download_name(script.path.stem, language, suffix): text.encode()
        for suffix, text in made.items()
    }


def python_script(blocks: list[tuple[str, str]], install: str) -> str:
    """Write a script as the lesson was written, plus the cell that installs.

    Args:
        blocks: Type and content of each block; the first is the header.
        install: Code of the cell that installs.

    Returns:
        The text of the script.
    """
    (_, header), *rest = blocks
    raw = "r" if "\\" in header else ""
    script = f'{raw}"""{header.rstrip()}\n"""\n\n{install}'
    before = "install"
    for kind, content in rest:
        if kind == "text":
            script += "\n" * (before != "code") + _commented(content)
        else:
            script += ("\n# %%\n" if before == "install" else "") + content
        before = kind
    return script


def _commented(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    return "# %%\n" + "".join(f"# {line}".rstrip() + "\n" for line in lines)


def notebook(blocks: list[tuple[str, str]], install: str, language: str) -> str:
    """Write a notebook.

    Args:
        blocks: Type and content of each block, the text as Markdown.
        install: Code of the cell that installs.
        language: Language of the text.

    Returns:
        The JSON text of a notebook in format 4.5.
    """
    (_, title), *rest = blocks
    cells = [("text", title), ("code", install), *rest]
    document = {
        "cells": [_cell(index, *cell) for index, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
            "eatorch": {"language": language},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _cell(index: int, kind: str, content: str) -> dict[str, object]:
    code: dict[str, object] = (
        {"execution_count": None, "outputs": []} if kind == "code" else {}
    )
    return {
        "cell_type": "code" if kind == "code" else "markdown",
        "id": f"{kind}-{index:03}",  # the same in each build and each language
        "metadata": {},
        "source": content.strip("\n").splitlines(keepends=True),
        **code,
    }


def build_time() -> time.struct_time:
    """Return the time that files carry: ``SOURCE_DATE_EPOCH``, or always the same."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", _EPOCH))
    return time.gmtime(max(epoch, _FIRST_OF_ZIP))


def pack(files: dict[str, bytes], *, stored: str = "") -> bytes:
    """Pack files so that equal files make an equal zip.

    Args:
        files: Contents by their names in the zip.
        stored: Name of a file that comes first and is not compressed.
    """
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items(), key=lambda it: (it[0] != stored, it)):
            info = ZipInfo(name, build_time()[:6])
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, data, ZIP_STORED if name == stored else ZIP_DEFLATED)
    return packed.getvalue()
