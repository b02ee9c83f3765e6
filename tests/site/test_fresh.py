"""Every lesson tells what its page was made from, and that is what lies here."""

import pytest
from site_pages import HERE, LESSONS, SITE, soup

from eatorch.sphinxext.freshness import stale_pages


def test_every_lesson_was_made_from_the_sources_here() -> None:
    assert list(stale_pages(HERE.parents[1], SITE)) == []


@pytest.mark.parametrize("page", LESSONS)
def test_a_reader_sees_the_fingerprints(page: str) -> None:
    record = soup(page).select_one(".lesson-card .run-record")
    assert record is not None
    for name in ("data-script", "data-code"):
        assert f" {str(record[name])[:8]}" in record.get_text()
