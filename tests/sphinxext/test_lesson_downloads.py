"""Downloads of a small gallery: scripts, notebooks, zips, in both languages."""

import io
import json
import re
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import nbformat
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po

from eatorch.sphinxext.addresses import BASES
from eatorch.sphinxext.catalogs import read_catalog
from eatorch.sphinxext.downloads import (
    EXTRAS,
    Script,
    install_code,
    python_script,
    write_downloads,
)
from eatorch.sphinxext.links import Link, Links
from eatorch.sphinxext.markdown import to_markdown
from eatorch.sphinxext.restructured import ExportError
from eatorch.sphinxext.translation import translate

ROOT = Path(__file__).parents[2]
REAL = sorted((ROOT / "gallery").glob("*/[0-9]*.py"))
LOCALES = ROOT / "locales" / "zh_CN" / "LC_MESSAGES" / "lessons"
URL = "https://x.org/"
LESSONS = {
    "1_workflow/01_hello.py": '''\
"""
.. _hello:

Hello
=====

Promise.

:Level: 1
"""

import math

# %%
# Look
# ----
# Text.

math.pi


def answer():
    """Return 1."""
    ...  # your code here


# %%
# First text.

# %%
# Second text.

math.e
''',
    "2_core/07_tensor.py": '"""\nTensors\n=======\n"""\nx = 1\n',
}
MESSAGES = {
    "1_workflow/01_hello": {
        "Hello": "你好",
        "Promise.": "承诺。",
        "Look": "看一看",
        "Text.": "文字。",
        "First text.": "第一段。",
        "Second text.": "第二段。",
    },
    "2_core/07_tensor": {"Tensors": "张量"},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in LESSONS.items():
        _fill(tmp_path / "gallery" / name, text.encode())
    for name, messages in MESSAGES.items():
        catalog = Catalog("zh_CN")
        for english, chinese in messages.items():
            catalog.add(english, chinese)
        packed = io.BytesIO()
        write_po(packed, catalog)
        _fill(tmp_path / "locales" / "lessons" / f"{name}.po", packed.getvalue())
    head = b"# Sphinx inventory version 2\n# Project: p\n# Version: \n# zlib\n"
    _fill(tmp_path / "objects.inv", head + zlib.compress(b""))
    for name in BASES:
        inventory = ROOT / "docs" / "_inventories" / f"{name}.inv"
        _fill(tmp_path / "docs/_inventories" / inventory.name, inventory.read_bytes())
    _fill(tmp_path / "eatorch-0.1.0-py3-none-any.whl", b"wheel")
    return tmp_path


def _fill(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write(project: Path, site: str = "site") -> list[Path]:
    return write_downloads(
        project / "gallery",
        project / "locales",
        dict.fromkeys(["en", "zh-cn"], project / "objects.inv"),
        project / site,
        URL,
        project / "eatorch-0.1.0-py3-none-any.whl",
    )


def test_every_file_stands_at_its_address(project: Path) -> None:
    written = {str(path.relative_to(project / "site")) for path in write(project)}
    expected = {"wheels/eatorch-0.1.0-py3-none-any.whl"}
    for lesson in ("01_hello", "07_tensor"):
        for suffix in ("py", "ipynb", "zip"):
            expected.add(f"en/downloads/{lesson}.{suffix}")
            expected.add(f"zh-cn/downloads/{lesson}.zh.{suffix}")
    for pack in ("1_workflow", "2_core", "eatorch-lessons"):
        expected.add(f"en/downloads/{pack}.zip")
        expected.add(f"zh-cn/downloads/{pack}.zh.zip")
    assert written == expected
    present = [path for path in (project / "site").rglob("*") if path.is_file()]
    assert len(present) == len(expected)  # no draft is left behind


def test_english_script_is_the_lesson_and_one_cell(project: Path) -> None:
    write(project)
    install = install_code(URL, "eatorch-0.1.0-py3-none-any.whl")
    text = (project / "site/en/downloads/01_hello.py").read_text()
    assert text.count(install) == 1
    assert text.replace(f"\n{install}\n# %%\n", "") == LESSONS["1_workflow/01_hello.py"]


def test_chinese_script_has_chinese_prose_and_the_same_code(project: Path) -> None:
    write(project)
    english = Script.read(project / "site/en/downloads/01_hello.py")
    chinese = Script.read(project / "site/zh-cn/downloads/01_hello.zh.py")
    original = Script.read(project / "gallery/1_workflow/01_hello.py")
    assert chinese.code == english.code
    assert chinese.code[1:] == original.code
    assert chinese.order == english.order
    assert chinese.prose.blocks[0].startswith("\n.. _hello:\n\n你好\n====\n\n承诺。")
    assert chinese.prose.blocks[1] == "看一看\n------\n文字。\n"


def test_script_with_backslashes_in_its_header_keeps_them(project: Path) -> None:
    lesson = project / "gallery/2_core/07_tensor.py"
    lesson.write_text('r"""\nT\n===\n\n:math:`\\pi`\n"""\n\nx = 1\n')
    (project / "locales/lessons/2_core/07_tensor.po").write_text(
        'msgid ""\nmsgstr ""\n\nmsgid "T"\nmsgstr "张"\n'
        '\nmsgid ":math:`\\\\pi`"\nmsgstr ":math:`\\\\pi`"\n'
    )
    write(project)
    text = (project / "site/en/downloads/07_tensor.py").read_text()
    assert text.startswith('r"""\nT\n===\n\n:math:`\\pi`\n"""\n')
    compile(text, "07_tensor.py", "exec")


@pytest.mark.parametrize(
    "name", ["en/downloads/01_hello", "zh-cn/downloads/01_hello.zh"]
)
def test_notebook_is_valid_and_has_the_code_of_the_script(
    project: Path, name: str
) -> None:
    write(project)
    notebook = nbformat.read(  # type: ignore[no-untyped-call]
        project / f"site/{name}.ipynb", as_version=4
    )
    nbformat.validate(notebook)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == [
        "markdown",
        "code",
        "code",
        *["markdown", "code"],
        *["markdown"] * 2,
        "code",
    ]
    script = Script.read(project / f"site/{name}.py")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert "\n".join(code).split() == " ".join(script.code).split()
    assert code[0].endswith("importlib.invalidate_caches()")
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(kinds)


def test_notebooks_of_both_languages_have_the_same_code(project: Path) -> None:
    write(project)
    english, chinese = (
        json.loads((project / "site" / name).read_text())["cells"]
        for name in ("en/downloads/01_hello.ipynb", "zh-cn/downloads/01_hello.zh.ipynb")
    )
    for one, other in zip(english, chinese, strict=True):
        assert one["id"] == other["id"]
        assert (one["source"] == other["source"]) == (one["cell_type"] == "code")
    assert "".join(chinese[0]["source"]) == "# 你好\n\n承诺。\n\n- **难度：** 1"


def test_zips_hold_what_a_reader_needs_and_are_equal_each_time(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    packs = {path.name: path for path in write(project) if path.suffix == ".zip"}
    with ZipFile(packs["eatorch-lessons.zh.zip"]) as archive:
        wheel = "eatorch-0.1.0-py3-none-any.whl"
        lessons = ["01_hello.zh.ipynb", "01_hello.zh.py"]
        assert archive.namelist() == [
            *lessons,
            "07_tensor.zh.ipynb",
            "07_tensor.zh.py",
            wheel,
        ]
        assert {info.date_time for info in archive.infolist()} == {
            (2023, 11, 14, 22, 13, 20)
        }
    with ZipFile(packs["1_workflow.zh.zip"]) as archive:
        assert archive.namelist() == [*lessons, wheel]
    again = {path.name: path for path in write(project, "again")}
    assert all(again[name].read_bytes() == packs[name].read_bytes() for name in packs)


def test_missing_translation_names_catalog_and_message(project: Path) -> None:
    catalog = project / "locales/lessons/2_core/07_tensor.po"
    catalog.write_text('msgid ""\nmsgstr ""\n')
    with pytest.raises(
        ExportError, match=r"07_tensor\.po: no translation of 'Tensors'"
    ):
        write(project)
    catalog.unlink()
    with pytest.raises(ExportError, match=r"07_tensor\.po: no such catalog"):
        write(project)


def test_install_cell_does_nothing_where_eatorch_is_installed() -> None:
    code = install_code("http://nowhere.invalid/", "none.whl")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_install_cell_brings_what_the_lesson_imports() -> None:
    lesson = (
        "from babel import Locale\nfrom torch.utils.tensorboard import SummaryWriter"
    )
    needed = 'needed = ["eatorch", "babel", "tensorboard"]\n'
    assert needed in install_code("http://nowhere.invalid/", "none.whl", lesson)


def test_extras_of_the_install_cell_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert sorted(project["optional-dependencies"]["extras"]) == list(EXTRAS)


def test_bases_are_those_of_the_site() -> None:
    settings: dict[str, object] = {}
    exec((ROOT / "conf.py").read_text(), settings)
    mapping = settings["intersphinx_mapping"]
    assert isinstance(mapping, dict)
    assert {
        name: f"{where.rstrip('/')}/" for name, (where, _) in mapping.items()
    } == BASES


class AnyLinks(Links):
    """Finds each section and page: whether it exists is the site's to know."""

    def label(self, name: str) -> Link:
        return Link(name, f"{URL}{name}")

    def page(self, name: str, folder: str) -> Link:
        return Link(f"{folder} {name}", f"{URL}{name}")


@pytest.mark.parametrize("lesson", REAL, ids=lambda path: path.stem)
def test_real_lesson_exports_in_both_languages(lesson: Path, project: Path) -> None:
    links = AnyLinks(project / "objects.inv", URL, ROOT / "docs" / "_inventories")
    script = Script.read(lesson)
    catalog = LOCALES / lesson.parent.name / f"{lesson.stem}.po"
    chinese = translate(script.prose, read_catalog(catalog), catalog)
    for page in (script.prose, chinese):
        cells = to_markdown(page, links, "lessons/x", "en")
        assert len(cells) == script.order.count("text")
        assert all(cells)
    rebuilt = python_script(script.merge(script.prose.blocks), "INSTALL")
    assert rebuilt.replace("\nINSTALL\n# %%\n", "") == lesson.read_text()


@pytest.mark.parametrize("lesson", REAL, ids=lambda path: path.stem)
def test_every_message_of_a_real_lesson_finds_its_place(lesson: Path) -> None:
    """Each gets a word in front; taking it away gives the lesson back."""
    page = Script.read(lesson).prose
    marked = Marked("zh_CN")
    translated = translate(page, marked, lesson)
    words = " ".join(translated.text.replace("译", "").split())
    assert translated.text.count("译") > 3 * len(page.blocks) / 2
    assert _without_rules(words) == _without_rules(" ".join(page.text.split()))


class Marked(Catalog):
    """A catalog that knows every message."""

    def get(self, message: Any, *_: Any) -> Message:
        return Message(message, f"译{message}")


def _without_rules(text: str) -> str:
    """Drop title underlines, whose length follows the title."""
    return re.sub(r" ([=^~-])\1+ ", " ", text)
