"""Sections keep their English addresses, whatever a translation does to them."""

from docutils import nodes
from docutils.utils import new_document

from eatorch.sphinxext.sections import RememberIds, RestoreIds


def test_a_renamed_section_gets_its_english_id_back() -> None:
    document = new_document("page")
    section = nodes.section(ids=["one"], names=["one"])
    document += section
    document.nameids["one"] = "one"
    RememberIds(document).apply()
    section["ids"], section["names"] = ["id3"], ["一"]
    document.nameids["一"] = "id3"
    RestoreIds(document).apply()
    assert section["ids"] == ["one"]
    assert document.nameids["一"] == "one"
    assert document.ids["one"] is section


def test_a_section_that_came_later_is_left_alone() -> None:
    document = new_document("page")
    section = nodes.section(ids=["later"], names=["later"])
    document += section
    RestoreIds(document).apply()
    assert section["ids"] == ["later"]
    assert document.nameids == {}
