"""Cut a Chinese font down to the characters of a book, so that the book can carry it.

The font is Noto Sans CJK, which Debian has in ``fonts-noto-cjk``. Its licence, the SIL
Open Font License, allows a part of it to travel with a document.
"""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from eatorch.sphinxext.files import write_whole

__all__ = ["chinese_letters", "cut_font", "find_font"]

_FAMILY = "Noto Sans CJK SC"
_FILE = "NotoSansCJK-Regular.ttc"
_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_FIRST_CHINESE = 0x2E80  # radicals; signs and full-width letters come after them
_FAMILY_NAME, _COPYRIGHT, _LICENCE = 1, 0, 13  # numbers of the font's own notes
_OPTIONS = {
    "layout_features": [],
    "hinting": False,
    "recalc_timestamp": False,  # the same letters give the same bytes
    "name_IDs": [_COPYRIGHT, _FAMILY_NAME, 2, 4, 6, _LICENCE],
    "notdef_outline": True,
}


def find_font() -> Path | None:
    """Return the installed font file, or None if there is none."""
    found = (path for folder in _FOLDERS for path in folder.rglob(_FILE))
    return next(found, None)


def chinese_letters(pages: Iterable[bytes]) -> str:
    """Return each Chinese character, sign and full-width letter of the pages, once."""
    letters = {letter for page in pages for letter in page.decode()}
    return "".join(sorted(it for it in letters if ord(it) >= _FIRST_CHINESE))


def cut_font(source: Path, letters: str, cache: Path) -> tuple[bytes, str]:
    """Cut a font down to some letters.

    Args:
        source: The font file, a collection that holds Noto Sans CJK SC.
        letters: The letters to keep.
        cache: Folder that keeps fonts that were cut before.

    Returns:
        The smaller font as OpenType, and its copyright with its licence.

    Raises:
        ValueError: If the collection has no font of that family.
    """
    made_from = f"{source.stat().st_size} {_OPTIONS} {letters}".encode()
    kept = cache / f"{hashlib.sha256(made_from).hexdigest()[:24]}.otf"
    if not kept.exists():
        write_whole(kept, _cut(source, letters))
    data = kept.read_bytes()
    names = TTFont(io.BytesIO(data))["name"]
    notes = [names.getDebugName(number) for number in (_COPYRIGHT, _LICENCE)]
    return data, "\n\n".join(filter(None, notes)) + "\n"


def _cut(source: Path, letters: str) -> bytes:
    font = _of_family(source)
    cutter = Subsetter(Options(**_OPTIONS))
    cutter.populate(text=letters)
    cutter.subset(font)
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def _of_family(source: Path) -> TTFont:
    for font in TTCollection(source, lazy=True).fonts:
        if font["name"].getDebugName(_FAMILY_NAME) == _FAMILY:
            font.recalcTimestamp = False
            return font
    raise ValueError(f"source must hold the font {_FAMILY!r}, got {source}")
