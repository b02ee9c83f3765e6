"""New prose reaches the page as a run would bring it there, without a run."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sphinx_gallery.backreferences import _make_ref_regex

from eatorch.sphinxext import prose, runs
from eatorch.sphinxext.build import Paths, build_site
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.freshness import stale_pages
from eatorch.sphinxext.metadata import read_lessons
from eatorch.sphinxext.preview import preview

pytestmark = pytest.mark.xdist_group("prose")  # they share a costly fixture
ROOT = Path(__file__).parents[2]
URL = "https://example.org/"
SCRIPT = "gallery/1_part/01_one.py"
CATALOG = "locales/zh_CN/LC_MESSAGES/lessons/1_part/01_one.po"
PAGE = "lessons/1_part/01_one.html"
CELL = "\n\n# %%\n# Two is the answer.\n\n"

# A paragraph above all cells, so that these move; another link; a new section; a field.
NEW_PROSE = {
    "Add two numbers.": "Add two numbers.\n\nWithout help.",
    ":Level: 1": ":Level: 2",
    "# Two is the answer.": "# See :func:`torch.zeros`.\n#\n# Last\n# ----\n# Draw it.",
}
NEW_MESSAGES = {
    "Without help.": "不用帮忙。",
    "See :func:`torch.zeros`.": "见 :func:`torch.zeros`。",
    "Last": "最后",
    "Draw it.": "画出来。",
}


def generated(project: Path) -> dict[str, bytes]:
    """Return what sphinx-gallery keeps of the lesson; archives hold dates."""
    folder = project / "docs" / "lessons" / "1_part"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*01_one*"))
        if path.is_file() and path.suffixes[-1] != ".zip"
    }


def pages(project: Path) -> dict[str, str]:
    """Return both finished pages of the lesson, without the time of the run."""
    site = project / "build" / "site"
    return {
        tree: re.sub(r"[\d.]+ (s of|秒|MB)|\d{4}-\d\d-\d\d", "", html)
        for tree in ("en", "zh-cn")
        for html in [(site / tree / PAGE).read_text(encoding="utf-8")]
    }


def replace(path: Path, pairs: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def record(project: Path) -> dict[str, object]:
    path = project / "docs" / "lessons" / "1_part" / "01_one.run.json"
    run: dict[str, object] = json.loads(path.read_text())
    return run


@pytest.fixture(scope="module")
def built(small_project: Path) -> Path:
    build_site(small_project, url=URL)
    return small_project


@pytest.fixture
def kept(built: Path, tmp_path: Path) -> Iterator[Path]:
    """Give the lesson and its page to a test, and put them back afterwards."""
    for name in ("gallery", "docs/lessons"):
        shutil.copytree(built / name, tmp_path / name)
    yield built
    for name in ("gallery", "docs/lessons"):
        shutil.rmtree(built / name)
        shutil.copytree(tmp_path / name, built / name)


def stale(project: Path) -> bool:
    paths = Paths(project)
    return bool(
        runs.forget_stale(read_lessons(paths.gallery), paths.generated, project)
    )


def retold(project: Path) -> dict[Path, str] | None:
    copy = project / "docs" / "lessons" / "1_part" / "01_one.py"
    return prose.retold(project / SCRIPT, copy)


def test_an_unchanged_script_gives_the_page_that_it_has(kept: Path) -> None:
    texts = retold(kept)
    assert texts
    assert {path: path.read_text(encoding="utf-8") for path in texts} == texts


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1 + 1", "2 + 0"),
        ("total = 1 + 1", "total = 1 + 1  # two"),
        ("total = 1 + 1", "# two\ntotal = 1 + 1"),
        ("plt.show()", "plt.show()  # %%"),
        ("print(", "\n# %%\n# Print it.\n\nprint("),
        ("# Two", "# sphinx_gallery_line_numbers = True\n# Two"),
    ],
    ids=["code", "comment", "line", "end", "split", "setting"],
)
def test_what_a_cell_shows_or_does_needs_a_run(kept: Path, old: str, new: str) -> None:
    replace(kept / SCRIPT, {old: new})
    assert retold(kept) is None
    assert stale(kept)


def test_a_cell_at_another_place_needs_a_run(kept: Path) -> None:
    header, body = (kept / SCRIPT).read_text().split('"""\n\n')
    first, second = body.split(CELL)
    (kept / SCRIPT).write_text(f'{header}"""\n\n{second}{CELL}{first}')
    assert retold(kept) is None
    assert stale(kept)


@pytest.mark.parametrize("names_line", [True, False])
def test_an_output_that_names_a_line_needs_a_run(kept: Path, names_line: bool) -> None:
    output = "01_one.py:14: UserWarning" if names_line else "01_one.py, in <module>:"
    replace(kept / "docs/lessons/1_part/01_one.rst", {"the total is 2": output})
    replace(kept / SCRIPT, NEW_PROSE)
    assert (retold(kept) is None) == names_line


def test_a_page_that_says_a_part_twice_needs_a_run(kept: Path) -> None:
    page = kept / "docs/lessons/1_part/01_one.rst"
    part = page.read_text().partition(".. GENERATED FROM PYTHON SOURCE LINES")
    second = "".join(part[1:]).partition(".. _sphx_glr_download_")[0]
    replace(page, {"the total is 2": second})
    assert retold(kept) is None


def test_a_writing_that_was_cut_off_makes_the_lesson_run(kept: Path) -> None:
    before = generated(kept)
    replace(kept / SCRIPT, NEW_PROSE)
    texts = list((retold(kept) or {}).items())
    assert len(texts) == 4
    for end in range(1, len(texts) + 1):  # all are written, but not the record
        for path, text in texts[:end]:
            write_whole(path, text)
        assert stale(kept), f"{end} files were written"
        folder = kept / "docs" / "lessons" / "1_part"
        for name, content in before.items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_bytes(content)


def test_names_are_found_in_text_as_sphinx_gallery_finds_them() -> None:
    theirs = _make_ref_regex("")
    for script in sorted((ROOT / "gallery").glob("*/[0-9]*.py")):
        text = script.read_text(encoding="utf-8")
        assert re.findall(prose._NAMED, text) == re.findall(theirs, text), script.name


def test_a_preview_shows_new_prose_without_a_run(kept: Path) -> None:
    preview(kept, "01")
    copy = kept / "build" / "preview-source" / "01"
    ran = record(copy)
    replace(kept / SCRIPT, {"Two is the answer.": "Three is wrong."})
    site = preview(kept, "01")
    assert "Three is wrong." in (site / "en" / PAGE).read_text(encoding="utf-8")
    now = record(copy)
    assert {name for name in ran if ran[name] != now[name]} == {"script", "output"}


def test_new_prose_is_on_both_pages_without_a_run(
    built: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ran, site = record(built), built / "build" / "site"
    assert not list(stale_pages(built, site))
    replace(built / SCRIPT, NEW_PROSE)
    told = list(stale_pages(built, site))
    assert len(told) == 2, "a page in each language"
    assert "its script has changed" in told[0]

    with (built / CATALOG).open("a", encoding="utf-8") as catalog:
        for english, chinese in NEW_MESSAGES.items():
            catalog.write(f'\nmsgid "{english}"\nmsgstr "{chinese}"\n')
    build_site(built, url=URL)
    assert "0 of 1 lessons ran" in capfd.readouterr().out
    assert not list(stale_pages(built, site))
    now = record(built)
    assert {name for name in ran if ran[name] != now[name]} == {"script", "output"}
    english, chinese = pages(built).values()
    assert "Without help." in english
    assert "Two is the answer" not in english
    assert "不用帮忙。" in chinese
    for html in (english, chinese):
        assert "the total is 2" in html
        assert "torch.zeros.html" in html
        assert "★★☆☆☆" in html

    retold_files, retold_pages = generated(built), pages(built)
    shutil.rmtree(built / "docs" / "lessons")
    build_site(built, url=URL)
    assert "1 of 1 lessons ran" in capfd.readouterr().out
    made = generated(built)
    for files in (made, retold_files):
        del files["01_one.run.json"], files["01_one.cost.json"]  # hold the time
    assert made == retold_files
    assert pages(built) == retold_pages
