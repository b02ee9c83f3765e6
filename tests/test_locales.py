"""Every catalog in the repository is whole, faithful and in the glossary's terms."""

from pathlib import Path

import pytest

from eatorch.sphinxext.catalogs import catalog_faults
from eatorch.sphinxext.glossary import avoided, terms

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "locales" / "zh_CN" / "LC_MESSAGES"
CATALOGS = sorted(LOCALES.rglob("*.po"))
AVOID = avoided(terms(ROOT / "docs" / "terms.json"))


@pytest.mark.parametrize(
    "path", CATALOGS, ids=lambda path: str(path.relative_to(LOCALES))
)
def test_the_catalog_has_no_fault(path: Path) -> None:
    assert "\n".join(catalog_faults(path, AVOID)) == ""


def test_there_is_a_catalog_for_every_lesson() -> None:
    lessons = {path.stem for path in (ROOT / "gallery").glob("*/[0-9]*.py")}
    assert lessons <= {path.stem for path in CATALOGS}
