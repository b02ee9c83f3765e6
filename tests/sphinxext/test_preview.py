"""What a preview complains of."""

import pytest

from eatorch.sphinxext.preview import complaints


@pytest.mark.parametrize(
    "open_link",
    [
        "undefined label: 'graph' [ref.ref]",
        "unknown document: '../start/install' [ref.doc]",
        "py:func reference target not found: eatorch.check [ref.func]",
    ],
)
def test_links_to_pages_that_are_not_built_are_no_complaint(open_link: str) -> None:
    assert complaints(f"done\nlesson.rst:7: WARNING: {open_link}\n") == []


def test_a_wrong_name_of_another_library_is_one() -> None:
    line = "07.rst:3: WARNING: py:func reference target not found: torch.rnad"
    assert complaints(f"reading\n{line}\nwriting\n") == [line]
