"""The look-up page of error messages says what lesson 33 says, in both languages."""

import re
from pathlib import Path

import pytest

from eatorch.sphinxext.error_table import LESSON, messages, old_words
from eatorch.sphinxext.lookup import translations

ROOT = Path(__file__).parents[2]
CATALOGS = ROOT / "locales" / "zh_CN" / "LC_MESSAGES"
SOURCE = """\
\"\"\"
Errors
======
\"\"\"

# %%
# .. _errors-shape:
#
# Shapes
# ------

with meet("sizes differ: …"):
    pass

# %%
# .. _errors-device:
#
# Devices
# -------
#
# .. list-table::
#    :header-rows: 1
#
#    * - Message
#      - Cause
#      - Cure
#    * - ``only quoted``
#      - No GPU.
#      - Find
#        one.
#
# .. _errors-table:
#
# Table
# -----
#
# .. list-table::
#    :header-rows: 1
#
#    * - Message
#      - Cause
#      - Cure
#    * - ``sizes differ: …``
#      - Two sizes.
#      - ``reshape``
"""


def test_every_row_of_the_lesson_is_there_with_its_section() -> None:
    source = (ROOT / LESSON).read_text(encoding="utf-8")
    found = messages(ROOT / LESSON)
    rows = re.findall(r"^#    \* - (``.*``)$", source, re.MULTILINE)
    assert sorted(it.message for it in found) == sorted(rows)
    assert all(f"# .. _{it.label}:\n" in source for it in found)
    assert {it.label for it in found} >= {"errors-shape", "errors-nan", "errors-file"}
    assert "errors-table" not in {it.label for it in found}


def test_all_words_have_their_chinese_in_the_lessons_catalog() -> None:
    chinese = translations(CATALOGS / "lessons" / "6_high" / "33_errors.po")
    told = [it for row in messages(ROOT / LESSON) for it in (row.cause, row.cure)]
    told += old_words(ROOT / LESSON)
    assert [text for text in told if text not in chinese] == []
    assert len(old_words(ROOT / LESSON)) > 5


def test_a_message_leads_to_the_cell_that_meets_it(tmp_path: Path) -> None:
    path = tmp_path / "33_errors.py"
    path.write_text(SOURCE, encoding="utf-8")
    ran, quoted = messages(path)
    assert (ran.message, ran.label) == ("``sizes differ: …``", "errors-shape")
    assert (quoted.cure, quoted.label) == ("Find one.", "errors-device")


def test_a_row_that_no_cell_meets_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "33_errors.py"
    path.write_text(SOURCE.replace("with meet", "with other"), encoding="utf-8")
    with pytest.raises(ValueError, match="no cell of errors-table meets ``sizes"):
        messages(path)


def test_a_row_without_a_cure_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "33_errors.py"
    path.write_text(SOURCE.replace("#      - ``reshape``\n", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="message, cause and cure"):
        messages(path)
