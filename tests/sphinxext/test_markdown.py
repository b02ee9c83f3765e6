"""Each construct of a lesson's prose becomes the Markdown of its notebook."""

import zlib
from pathlib import Path

import pytest

from eatorch.sphinxext.links import Links
from eatorch.sphinxext.markdown import to_markdown
from eatorch.sphinxext.markdown_text import escaped, leftovers, marked, paragraph
from eatorch.sphinxext.restructured import ExportError, Page

ROOT = Path(__file__).parents[2]
LINEAR = "https://docs.pytorch.org/docs/2.13/generated/torch.nn.Linear.html"
SUM = "https://docs.pytorch.org/docs/2.13/generated/torch.arange.html#torch.arange"
OWN = """\
tensor std:label -1 lessons/2_core/07_tensor.html#tensor Tensors * all
start/install std:doc -1 start/install.html Install
lessons/2_core/08_autograd std:doc -1 lessons/2_core/08_autograd.html Autograd
eatorch.check py:function 1 reference/checking.html#$ -
"""


@pytest.fixture
def links(tmp_path: Path) -> Links:
    head = "# Sphinx inventory version 2\n# Project: p\n# Version: \n# zlib\n"
    inventory = tmp_path / "objects.inv"
    inventory.write_bytes(head.encode() + zlib.compress(OWN.encode()))
    return Links(inventory, "https://x.org/en/", ROOT / "docs" / "_inventories")


def export(links: Links, *blocks: str, language: str = "en") -> list[str]:
    page = Page("07_x.py", list(blocks), [1] * len(blocks))
    return to_markdown(page, links, "lessons/2_core", language)


@pytest.mark.parametrize(
    ("rest", "markdown"),
    [
        ("Plain *soft* **loud** ``a_b``.", "Plain *soft* **loud** `a_b`."),
        ("Lines\nof one\nparagraph.", "Lines of one paragraph."),
        (r"5 * 3, a\_b, _c, $1, x <b>", r"5 \* 3, a_b, \_c, \$1, x \<b>"),
        (r"\- no list", r"\- no list"),
        ("See `here <https://x.org/a>`_.", "See [here](https://x.org/a)."),
        ("See https://x.org/a now.", "See <https://x.org/a> now."),
        ("2\\ :sup:`24` and x\\ :sub:`i`", "2<sup>24</sup> and x<sub>i</sub>"),
        (":math:`x^2 |y|` is", r"$x^2 \vert y\vert $ is"),
        (".. math:: a + b", "$$\na + b\n$$"),
        (".. math::\n\n   a + b\n   = c", "$$\na + b\n= c\n$$"),
        (
            ".. code-block:: python\n\n   x = 1\n\n   y = 2",
            "```python\nx = 1\n\ny = 2\n```",
        ),
        ("As here::\n\n   ``` x", "As here:\n\n````\n``` x\n````"),
        (">>> 1 + 1\n2", "```python\n>>> 1 + 1\n2\n```"),
        ("- a\n- b\n  c", "- a\n- b c"),
        ("- a\n\n  - b\n  - c\n\n- d", "- a\n  - b\n  - c\n- d"),
        ("1. a\n\n   more\n\n2. b", "1. a\n\n   more\n2. b"),
        ("#. a\n#. b", "1. a\n2. b"),
        ("3. a\n4. b", "3. a\n4. b"),
        (":Level: 4\n:Needs: :ref:`tensor`", None),
        (".. note:: Mind the gap.", "> **Note**\n>\n> Mind the gap."),
        (
            ".. admonition:: Then and now\n\n   Old.\n\n   - a\n   - b",
            "> **Then and now**\n>\n> Old.\n>\n> - a\n> - b",
        ),
        (
            ".. dropdown:: Hint\n   :open:\n\n   Think.\n\n"
            "   .. code-block:: python\n\n      x = 1",
            "<details>\n<summary>Hint</summary>\n\nThink.\n\n```python\nx = 1\n```\n\n"
            "</details>",
        ),
        (
            ".. list-table::\n   :header-rows: 1\n\n   * - a\\|b\n     - c\n"
            "   * - ``d|e``\n     -",
            "| a\\|b | c |\n| --- | --- |\n| `d\\|e` |  |",
        ),
        (
            ".. list-table:: Numbers\n\n   * - 1\n     - 2",
            "**Numbers**\n\n|  |  |\n| --- | --- |\n| 1 | 2 |",
        ),
        (
            '.. csv-table::\n   :header: "a", "b"\n\n   1, 2',
            "| a | b |\n| --- | --- |\n| 1 | 2 |",
        ),
        (".. rubric:: Aside", "**Aside**"),
        (".. _here:\n\nText.", "Text."),
    ],
)
def test_construct(links: Links, rest: str, markdown: str | None) -> None:
    expected = markdown or (
        "- **Level:** 4\n- **Needs:** "
        "[Tensors \\* all](https://x.org/en/lessons/2_core/07_tensor.html#tensor)"
    )
    assert export(links, rest) == [expected]


@pytest.mark.parametrize(
    ("role", "markdown"),
    [
        (":class:`torch.nn.Linear`", f"[`torch.nn.Linear`]({LINEAR}#torch.nn.Linear)"),
        (":class:`~torch.nn.Linear`", f"[`Linear`]({LINEAR}#torch.nn.Linear)"),
        (":func:`torch.arange`", f"[`torch.arange()`]({SUM})"),
        (":func:`~torch.arange`", f"[`arange()`]({SUM})"),
        (":py:func:`count <torch.arange>`", f"[`count`]({SUM})"),
        (":func:`!torch.arange`", "`torch.arange()`"),
        (":func:`some.other.name`", "`some.other.name()`"),
        (
            ":func:`eatorch.check`",
            "[`eatorch.check()`](https://x.org/en/reference/checking.html#eatorch.check)",
        ),
        (":doc:`/start/install`", "[Install](https://x.org/en/start/install.html)"),
        (
            ":doc:`next <08_autograd>`",
            "[next](https://x.org/en/lessons/2_core/08_autograd.html)",
        ),
        (
            ":ref:`a shape <tensor>`",
            "[a shape](https://x.org/en/lessons/2_core/07_tensor.html#tensor)",
        ),
    ],
)
def test_role(links: Links, role: str, markdown: str) -> None:
    assert export(links, f"See {role}.") == [f"See {markdown}."]


def test_titles_have_the_levels_of_the_page(links: Links) -> None:
    blocks = ["Top\n===\n\nText.", "One\n---\nText.\n\nTwo\n^^^", "Three\n-----", "End"]
    assert export(links, *blocks) == [
        "# Top\n\nText.",
        "## One\n\nText.\n\n### Two",
        "## Three",
        "End",
    ]


def test_chinese_markup_needs_no_spaces(links: Links) -> None:
    text = "用**张量。**把``x``存进:class:`torch.nn.Linear`里，*很*好。"
    assert export(links, text, language="zh-cn") == [
        f"用<strong>张量。</strong>把`x`存进[`torch.nn.Linear`]({LINEAR}"
        "#torch.nn.Linear)里，*很*好。"
    ]


def test_chinese_words_of_the_frame(links: Links) -> None:
    note = export(links, ".. note:: 小心。\n\n:难度: 4", language="zh-cn")
    assert note == ["> **注意**\n>\n> 小心。\n\n- **难度：** 4"]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("a\n\n.. figure:: x.png", r"07_x\.py:3: .*image|figure"),
        ("a\n\n.. image:: x.png", r"07_x\.py:3: image can't be exported"),
        ("a\n\n.. foo:: x", r'07_x\.py:3: Unknown directive type "foo"'),
        ("a :foo:`x`", r'07_x\.py:1: .*"foo"'),
        ("a `x`", r"07_x\.py:1: title_reference can't be exported"),
        ("a\n\n.. note: x", r"07_x\.py:3: comment can't be exported"),
        ("term\n  text", r"07_x\.py:1: definition_list can't be exported"),
        ("a. x\nb. y", r"07_x\.py:1: only lists numbered 1, 2, 3"),
        ("a :ref:`nowhere`", r"07_x\.py:1: :ref: names 'nowhere', which does not"),
        ("a :doc:`nowhere`", r"07_x\.py:1: :doc: names 'nowhere', which does not"),
        ("a `b`_", r"07_x\.py:1: 'b_' is read as a link without an address"),
        ("zero_grad", r"07_x\.py:1: 'zero_' is read as a link .* ``code``"),
        ("Title\n==", r"07_x\.py:.*Possible title underline"),
        (".. list-table::\n\n   * - - a", "a table cell must hold text only"),
        (r"a \:ref:\`b\`", r"07_x\.py:1: .* would stand in the notebook as it is"),
    ],
)
def test_what_cannot_be_exported_stops_with_its_place(
    links: Links, rest: str, message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        export(links, rest)


def test_error_in_a_later_block_names_the_line_of_the_file(links: Links) -> None:
    page = Page("07_x.py", ["Top\n===\n\nText.", "One\n\n.. image:: x.png"], [1, 40])
    with pytest.raises(ExportError, match=r"07_x\.py:42: image .* in '.. image:: x"):
        to_markdown(page, links, "lessons/2_core", "en")


def test_markup_that_stays_names_the_line_of_its_block(links: Links) -> None:
    page = Page("07_x.py", ["Top\n===\n\nText.", "One\n\n\\:ref:\\`b\\`"], [1, 40])
    with pytest.raises(ExportError, match=r"07_x\.py:4[02]: .* would stand .*; write"):
        to_markdown(page, links, "lessons/2_core", "en")


def test_pieces() -> None:
    assert escaped("a\n  b") == "a b"
    assert paragraph("1) x") == r"1\) x"
    assert paragraph("2.5 x") == "2.5 x"
    assert marked("词", "*", "em", "个", "语") == "*词*"
    assert marked("`x`", "**", "strong", "用", " ") == "<strong>`x`</strong>"


@pytest.mark.parametrize("rest", ["a :ref:`b`", ".. note:: x", "a ``b`` c", "`a`_"])
def test_leftovers_are_found_outside_code_only(rest: str) -> None:
    assert leftovers(rest)
    assert not leftovers(f"x\n\n```\n{rest}\n```\n\n> y")
