"""Messages of a catalog take the place of the English prose, and nothing else moves."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from docutils import nodes

from eatorch.sphinxext.catalogs import read_catalog
from eatorch.sphinxext.restructured import ExportError, Page, parse
from eatorch.sphinxext.translation import translate

PO = Path("07_x.po")
ENGLISH = """\
.. _top:

Tensors
=======

Shape of
a thing.

:Level: 4
:Needs: :ref:`hello`, :ref:`top`
:Data: none

- Shape
- one

  - two
    lines
  - Shape

.. note:: Mind the gap.

.. dropdown:: Hint

   Shape

   .. code-block:: python

      Shape = 1

   Shape

.. list-table::
   :header-rows: 1

   * - Shape
     - b
   * - c
     - Shape

.. math:: a_{\\text{b}}

.. math::

   x &= y \\\\
   &= z"""
CHINESE = {
    "Tensors": "张量入门",
    "Shape of a thing.": "一个东西的形状。",
    "Level": "星级",
    "none": "无",
    "Shape": "形状",
    "one": "一",
    "two lines": "两行",
    "Mind the gap.": "小心。",
    "Hint": "提示",
    "b": "乙",
    "c": "丙",
    "a_{\\text{b}}\n\n": "a_{\\text{乙}}\n\n",
    "x &= y \\\\\n&= z": "x &= y \\\\\n&= \\text{丁}",
}
EXPECTED = """\
.. _top:

张量入门
========

一个东西的形状。

:星级: 4
:先修: :ref:`hello`, :ref:`top`
:数据: 无

- 形状
- 一

  - 两行
  - 形状

.. note:: 小心。

.. dropdown:: 提示

   形状

   .. code-block:: python

      Shape = 1

   形状

.. list-table::
   :header-rows: 1

   * - 形状
     - 乙
   * - 丙
     - 形状

.. math:: a_{\\text{乙}}

.. math::

   x &= y \\\\
   &= \\text{丁}"""


def catalog(messages: dict[str, str]) -> Catalog:
    made = Catalog("zh_CN")
    for english, chinese in messages.items():
        made.add(english, chinese)
    return made


def test_messages_are_replaced_and_code_is_not() -> None:
    page = Page("07_x.py", [ENGLISH, "Shape"], [1, 60])
    translated = translate(page, catalog(CHINESE), PO)
    assert translated.blocks == [EXPECTED, "形状"]
    assert translated.source == "07_x.po"


def test_title_underlines_cover_double_width_letters() -> None:
    page = Page("07_x.py", ["Ab\n==\n\nCd\n--\n"], [1])
    translated = translate(page, catalog({"Ab": "张量 view", "Cd": "长"}), PO)
    assert translated.blocks == ["张量 view\n=========\n\n长\n---\n"]


def test_a_message_that_repeats_a_shorter_one_stays_whole() -> None:
    page = Page("07_x.py", ["a tensor\n\ntensor\n"], [1])
    translated = translate(page, catalog({"a tensor": "一", "tensor": "二"}), PO)
    assert translated.blocks == ["一\n\n二\n"]


@pytest.mark.parametrize(
    ("english", "messages", "message"),
    [
        ("One.", {}, r"07_x\.po: no translation of 'One\.'; run 'make catalogs'"),
        ("One.", {"One.": ""}, r"07_x\.po: no translation of 'One\.'"),
        ("One.", {"One.": "- 一"}, r"07_x\.po:1: a translation changes lists"),
        ("One.", {"One.": "一::"}, r"07_x\.po:1: Literal block.*; correct the"),
        ("One.", {"One.": "``一"}, r"07_x\.po:1: .* in '``一'; correct the msgstr"),
        (
            '.. csv-table::\n\n   "One", "Two"',
            {"One": "一", "Two": "二"},
            r"07_x\.py:1: the message 'One' can't be found .* list-table",
        ),
    ],
)
def test_what_cannot_be_translated_names_file_and_message(
    english: str, messages: dict[str, str], message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        translate(Page("07_x.py", [english], [1]), catalog(messages), PO)


@pytest.mark.parametrize(
    ("chinese", "told"),
    [
        ("* 一", r"07_x\.po:7: a translation changes .* near '一'; keep the structure"),
        ("``一", r"07_x\.po:7: Inline literal .* in '``一'; correct the msgstr"),
        (":foo:`一`", r"07_x\.po:7: Unknown .*; correct the msgstr"),
    ],
)
def test_a_translation_that_breaks_the_page_is_told_with_its_line(
    tmp_path: Path, chinese: str, told: str
) -> None:
    path = tmp_path / "07_x.po"
    pairs = {"": "", "Top": "顶", "One.": chinese, "Two.": "二"}
    messages = [f'msgid "{en}"\nmsgstr "{zh}"\n' for en, zh in pairs.items()]
    path.write_text("\n".join(messages), encoding="utf-8")
    page = Page("07_x.py", ["Top\n===\n\n2 + 2\n\nOne.", "Two."], [1, 60])
    with pytest.raises(ExportError, match=told):
        translate(page, read_catalog(path), path)


def test_a_fuzzy_translation_is_none() -> None:
    unchecked = catalog({})
    unchecked.add("One.", "一。", flags=["fuzzy"])
    with pytest.raises(ExportError, match=r"no translation of 'One\.'"):
        translate(Page("07_x.py", ["One."], [1]), unchecked, PO)


def test_page_is_parsed_with_markers_between_blocks() -> None:
    document = parse(Page("07_x.py", ["a", "b"], [1, 9]))
    assert [node.astext() for node in document.findall(nodes.paragraph)] == ["a", "b"]
