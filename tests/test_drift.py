"""English that moves on stops a release, shows in a draft, and can be mended.

One sentence of the small project changes, and the tests follow it in their order.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup, Tag

pytestmark = pytest.mark.xdist_group("drift")  # they share a costly fixture
LESSON = "gallery/1_part/01_one.py"
CATALOG = "locales/zh_CN/LC_MESSAGES/lessons/1_part/01_one.po"
PAGE = "lessons/1_part/01_one.html"
OLD, NEW = "Two is the answer.", "Two is the only answer."


@pytest.fixture(scope="module")
def project(small_project: Path) -> Path:
    change(small_project / LESSON, OLD, NEW)
    return small_project


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(project: Path, module: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"eatorch.sphinxext.{module}", *options],
        cwd=project,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
    )


def page(project: Path, site: str, name: str) -> BeautifulSoup:
    html = (project / "build" / site / name).read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser")


def banner(project: Path, site: str, name: str) -> Tag | None:
    return page(project, site, name).select_one("article .drift[role=note]")


def test_a_release_stops_and_says_how_much_is_missing(project: Path) -> None:
    done = run(project, "build")
    assert done.returncode == 1
    assert (
        f"01_one.po: 1 of 4 messages are not translated, first '{NEW}'" in done.stderr
    )
    assert "1 message on 1 page is not translated; 'make site DRAFT=1'" in done.stderr
    assert not (project / "build" / "site").exists()


def test_a_draft_is_built_beside_the_site(project: Path) -> None:
    done = run(project, "build", "--draft")
    assert done.returncode == 0, done.stderr
    told = "build/draft is a draft: 1 message on 1 page is not translated"
    assert told in done.stdout
    assert not (project / "build" / "site").exists()


def test_only_the_page_that_lags_has_the_banner(project: Path) -> None:
    note = banner(project, "draft", f"zh-cn/{PAGE}")
    assert note is not None
    assert "本页有 1 处文字尚未翻译" in note.get_text()
    english, guide = (str(link["href"]) for link in note.find_all("a"))
    assert english == f"../../../en/{PAGE}#one-plus-one"
    twin = page(project, "draft", f"en/{PAGE}")
    assert twin.find(id="one-plus-one")
    assert guide.endswith("/zh-cn/contributing/translate-a-page.html")
    lagging = {
        path.relative_to(project / "build" / "draft").as_posix()
        for path in (project / "build" / "draft").rglob("*.html")
        if 'class="drift"' in path.read_text(encoding="utf-8")
    }
    assert lagging == {f"zh-cn/{PAGE}"}


def test_english_words_are_marked_as_english(project: Path) -> None:
    chinese = page(project, "draft", f"zh-cn/{PAGE}")
    marked = chinese.select("article [lang=en]")
    assert [words.get_text() for words in marked] == [NEW]
    assert chinese.select_one("meta[name=robots][content=noindex]")
    other = page(project, "draft", "zh-cn/index.html")
    assert not other.select("meta[name=robots], article [lang=en]")


def test_downloads_of_a_draft_have_the_english_sentence(project: Path) -> None:
    downloads = project / "build" / "draft" / "zh-cn" / "downloads"
    with ZipFile(downloads / "01_one.zh.zip") as packed:
        script = packed.read("01_one.zh.py").decode()
    assert f"# {NEW}" in script
    assert "把两个数相加。" in script
    assert not list(downloads.glob("*.epub"))  # what could pass for a release


def test_the_gate_names_file_line_page_and_share(project: Path) -> None:
    done = run(project, "gate")
    assert done.returncode == 1
    line = (project / LESSON).read_text().splitlines().index(f"# {NEW}") + 1
    assert f"{LESSON}:{line}: the catalog lacks '{NEW}'" in done.stdout
    assert re.search(r"^ +1 of +4  lessons/1_part/01_one$", done.stdout, re.MULTILINE)
    assert re.search(r"texts are finished, 99\.\d\d %$", done.stdout, re.MULTILINE)
    assert "no release" in done.stderr


def test_catalogs_show_old_and_new_and_keep_the_chinese(project: Path) -> None:
    done = run(project, "refresh")
    assert done.returncode == 0, done.stderr
    row = r"Two is the answer\. +\| Two is the \{\+only\+\} answer\.\n  答案是二。"
    assert re.search(row, done.stdout)
    entry = f'#, fuzzy\n#| msgid "{OLD}"\nmsgid "{NEW}"\nmsgstr "答案是二。"\n'
    assert entry in (project / CATALOG).read_text(encoding="utf-8")


def test_a_fuzzy_translation_is_none(project: Path) -> None:
    done = run(project, "gate")
    assert re.search(rf"{CATALOG}:\d+: unchecked \(fuzzy\) translation", done.stdout)
    assert done.returncode == 1
    stopped = run(project, "build")
    assert "1 message on 1 page is not translated" in stopped.stderr
    assert stopped.returncode == 1


def test_mended_the_release_passes_and_the_banner_is_gone(project: Path) -> None:
    change(
        project / CATALOG,
        f'#, fuzzy\n#| msgid "{OLD}"\nmsgid "{NEW}"\nmsgstr "答案是二。"',
        f'msgid "{NEW}"\nmsgstr "唯一的答案是二。"',
    )
    gate = run(project, "gate")
    assert gate.returncode == 0, gate.stdout + gate.stderr
    assert re.search(r"(\d+) of \1 texts are finished, 100 %", gate.stdout)
    done = run(project, "build")
    assert done.returncode == 0, done.stderr
    chinese = f"zh-cn/{PAGE}"
    assert "唯一的答案是二。" in page(project, "site", chinese).get_text()
    assert banner(project, "site", chinese) is None
    assert not page(project, "site", chinese).select("meta[name=robots]")


def test_the_gate_reads_what_no_catalog_carries(project: Path) -> None:
    strings = project / "src" / "eatorch" / "sphinxext" / "strings.py"
    change(strings, '"搜索全站"', '""')
    rows = json.loads((project / "docs" / "terms.json").read_text(encoding="utf-8"))
    assert "权值" in next(it for it in rows if it["en"] == "weight")["avoid_zh"]
    change(project / CATALOG, "唯一的答案是二。", "唯一的权值是二。")
    done = run(project, "gate")
    assert done.returncode == 1
    assert re.search(
        r"src/eatorch/sphinxext/strings\.py:\d+: only one language of 'Search the",
        done.stdout,
    )
    assert re.search(rf"{CATALOG}:\d+: term '权值' should be '权重'", done.stdout)
