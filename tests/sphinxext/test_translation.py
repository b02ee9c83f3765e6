"""Messages of a catalog take the place of the English prose, and nothing else moves."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from docutils import nodes

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
        ("One.", {"One.": "- 一"}, r"07_x\.po: a translation changes lists"),
        ("One.", {"One.": "一::"}, r"07_x\.po: .*(Literal block|changes)"),
        ("One.", {"One.": "``一"}, r"07_x\.po: .* in '``一'"),
        (
            '.. csv-table::\n\n   "One", "Two"',
            {"One": "一", "Two": "二"},
            r"07_x\.py: the message 'One' can't be found .* list-table",
        ),
    ],
)
def test_what_cannot_be_translated_names_file_and_message(
    english: str, messages: dict[str, str], message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        translate(Page("07_x.py", [english], [1]), catalog(messages), PO)


def test_a_fuzzy_translation_is_none() -> None:
    unchecked = catalog({})
    unchecked.add("One.", "一。", flags=["fuzzy"])
    with pytest.raises(ExportError, match=r"no translation of 'One\.'"):
        translate(Page("07_x.py", ["One."], [1]), unchecked, PO)


def test_page_is_parsed_with_markers_between_blocks() -> None:
    document = parse(Page("07_x.py", ["a", "b"], [1, 9]))
    assert [node.astext() for node in document.findall(nodes.paragraph)] == ["a", "b"]
