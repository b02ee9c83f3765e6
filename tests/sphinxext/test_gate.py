"""The gate counts every text, and nothing unfinished passes for finished."""

import json
from pathlib import Path

import pytest

from eatorch.sphinxext.gate import Account, accounts, percent, report

CATALOGS = Path("locales", "zh_CN", "LC_MESSAGES")
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """Lay out a project whose English tree stands: one page, nothing missing."""
    messages = {"Home": "docs/index.md:1", "A shape": "docs/index.md:3"}
    write(tmp_path / "build/work/messages/index.json", json.dumps(messages))
    pairs = 'msgid "Home"\nmsgstr "首页"\n\nmsgid "A shape"\nmsgstr "形状"\n'
    write(tmp_path / CATALOGS / "index.po", HEADER + pairs)
    write(tmp_path / CATALOGS / "sphinx.po", HEADER + 'msgid "Next"\nmsgstr "下一页"\n')
    write(tmp_path / "docs/terms.json", "[]")
    (tmp_path / "docs/_inventories").symlink_to(root / "docs/_inventories")
    return tmp_path


def faults(project: Path) -> list[str]:
    return [
        fault.replace(f"{project}/", "")
        for account in accounts(project)
        for fault in account.faults
    ]


def test_a_finished_project_has_no_fault(project: Path) -> None:
    assert faults(project) == []
    assert report(accounts(project)) == "3 of 3 texts are finished, 100 %"


def test_a_message_that_the_catalog_lacks_is_named_with_its_source(
    project: Path,
) -> None:
    write(project / CATALOGS / "index.po", HEADER + 'msgid "Home"\nmsgstr "首页"\n')
    (fault,) = faults(project)
    assert fault.startswith("docs/index.md:3: the catalog lacks 'A shape'; run")


def test_a_page_without_a_catalog_lacks_all_of_it(project: Path) -> None:
    (project / CATALOGS / "index.po").unlink()
    assert len(faults(project)) == 2


def test_what_no_page_says_is_named_with_its_line(project: Path) -> None:
    text = (project / CATALOGS / "index.po").read_text(encoding="utf-8")
    write(project / CATALOGS / "index.po", text + '\nmsgid "Gone"\nmsgstr "没了"\n')
    (fault,) = faults(project)
    assert fault == f"{CATALOGS}/index.po:11: the page does not say 'Gone'; run " + (
        "'make catalogs'"
    )


def test_a_catalog_without_a_page_is_named(project: Path) -> None:
    write(project / CATALOGS / "old.po", HEADER)
    assert "old.po:1: no page has this catalog" in faults(project)[0]


def test_words_of_checks_and_tables_count(project: Path) -> None:
    check = 'raise Slip("Expected three rows here.", "Expected three rows here.")\n'
    write(project / "src/eatorch/exercises/lesson_01.py", check)
    write(project / "docs/old_new.json", json.dumps([{"old_en": "a loop"}]))
    found = faults(project)
    assert "exercises/lesson_01.py:1: no Chinese in 'Expected three rows" in found[0]
    assert "docs/old_new.json:1: only one language of 'a loop'" in found[1]


LESSON = '"""\n.. _one:\n\nOne\n===\n\nA promise.\n"""\n\nprint(1)\n'
BROKEN = 'msgid "One"\nmsgstr "一"\n\nmsgid "A promise."\nmsgstr "* 一个承诺"\n'


def test_a_translation_that_spoils_the_downloads_is_named(project: Path) -> None:
    write(project / "gallery/1_part/01_one.py", LESSON)
    messages = {"One": "docs/lessons/1_part/01_one.rst:7", "A promise.": "…:9"}
    listed = project / "build/work/messages/lessons/1_part/01_one.json"
    write(listed, json.dumps(messages))
    write(project / CATALOGS / "lessons/1_part/01_one.po", HEADER + BROKEN)
    (fault,) = faults(project)
    assert "01_one.po:8: a translation changes lists, titles" in fault


def test_a_message_of_a_lesson_is_named_with_the_line_of_the_script(
    project: Path,
) -> None:
    write(project / "gallery/1_part/01_one.py", LESSON)
    listed = project / "build/work/messages/lessons/1_part/01_one.json"
    write(listed, json.dumps({"A promise.": "docs/lessons/1_part/01_one.rst:19"}))
    assert faults(project)[0].startswith(
        "gallery/1_part/01_one.py:7: the catalog lacks 'A promise.'"
    )


def test_a_place_that_is_half_finished_shows_in_the_table() -> None:
    found = [
        Account("index", 4, ["index.po:7: no translation"]),
        Account("plan", 4, []),
    ]
    assert report(found).splitlines() == [
        "index.po:7: no translation",
        "      1 of    4  index",
        "7 of 8 texts are finished, 87.50 %",
    ]


def test_no_share_is_rounded_up_to_all() -> None:
    assert percent(99_999, 100_000) == "99.99 %"
