"""A change of the English keeps the Chinese, and shows what is to be mended."""

from pathlib import Path

from babel.messages.catalog import Catalog

from eatorch.sphinxext.catalogs import previous, read_catalog
from eatorch.sphinxext.merging import catalog_text, merge
from eatorch.sphinxext.moves import Move, dropped, moves, side_by_side

FIRST = "A tensor has a shape, a dtype and a device."
SECOND = "A tensor has a shape, a dtype, a layout and a device."
THIRD = "Every tensor has a shape, a dtype, a layout and a device."
CHINESE = "张量有形状、dtype 和设备。"


def catalog(path: Path, **translated: str) -> Path:
    made = Catalog(locale="zh_CN")
    for message, string in translated.items():
        made.add(message, string)
    path.write_text(catalog_text(made), encoding="utf-8")
    return path


def moved(path: Path, *messages: str) -> Path:
    """Merge what the page says now, as ``make catalogs`` does."""
    template = Catalog()
    for message in messages:
        template.add(message)
    text = catalog_text(merge(read_catalog(path), template))
    path.write_text(text, encoding="utf-8")
    return path


def test_a_moved_message_keeps_its_translation_and_its_old_english(
    tmp_path: Path,
) -> None:
    path = moved(catalog(tmp_path / "a.po", **{FIRST: CHINESE, "Two": "二"}), SECOND)
    (entry,) = path.read_text(encoding="utf-8").split("\n\n")[1:]
    assert entry == (
        f'#, fuzzy\n#| msgid "{FIRST}"\nmsgid "{SECOND}"\nmsgstr "{CHINESE}"\n'
    )
    message = read_catalog(path)[SECOND]
    assert message.fuzzy
    assert previous(message) == FIRST
    assert message.user_comments == []


def test_a_message_that_moves_twice_remembers_what_was_translated(
    tmp_path: Path,
) -> None:
    path = moved(moved(catalog(tmp_path / "a.po", **{FIRST: CHINESE}), SECOND), THIRD)
    assert previous(read_catalog(path)[THIRD]) == FIRST
    again = path.read_text(encoding="utf-8")
    assert moved(path, THIRD).read_text(encoding="utf-8") == again


def test_a_message_that_moves_back_is_finished_again(tmp_path: Path) -> None:
    path = catalog(tmp_path / "a.po", **{FIRST: CHINESE})
    before = path.read_text(encoding="utf-8")
    assert moved(moved(path, SECOND), FIRST).read_text(encoding="utf-8") == before


def test_a_mended_message_loses_its_old_english(tmp_path: Path) -> None:
    path = moved(catalog(tmp_path / "a.po", **{FIRST: CHINESE}), SECOND)
    mended = path.read_text(encoding="utf-8").replace("#, fuzzy\n", "")
    path.write_text(mended, encoding="utf-8")
    assert "#|" not in moved(path, SECOND).read_text(encoding="utf-8")


def test_formulas_of_several_lines_come_back_as_they_were(tmp_path: Path) -> None:
    old, new = "a = \\frac{1}{2}\n\nb = 2\n", "a = \\frac{1}{2}\n\nb = 3\n"
    path = moved(catalog(tmp_path / "a.po", **{old: old}), new)
    message = read_catalog(path)[new]
    assert (previous(message), message.string) == (old, old)


def test_what_waits_is_shown_with_its_place(tmp_path: Path) -> None:
    path = moved(catalog(tmp_path / "a.po", **{FIRST: CHINESE}), SECOND, "Loss")
    first, second = moves(Path("a.po"), read_catalog(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    place = f"a.po:{1 + next(n for n, it in enumerate(lines) if SECOND in it)}"
    assert first == Move(place, FIRST, SECOND, CHINESE)
    assert second.headline.endswith(": new")


def test_a_translation_that_no_page_needs_is_shown_once_more(tmp_path: Path) -> None:
    path = catalog(tmp_path / "a.po", **{FIRST: CHINESE})
    before = list(read_catalog(path))
    after = read_catalog(moved(path, "Loss"))
    (move,) = dropped(Path("a.po"), before, after)
    assert side_by_side(move).splitlines() == [
        "a.po: dropped, no page says it any more",
        f"  {FIRST}",
        f"  {CHINESE}",
    ]


def test_old_and_new_stand_side_by_side() -> None:
    move = Move("a.po:7", FIRST, SECOND, CHINESE)
    place, *rows, chinese = side_by_side(move, width=60).splitlines()
    assert place == "a.po:7: moved"
    assert chinese.strip() == CHINESE
    left, right = zip(*(row.split(" | ") for row in rows), strict=True)
    assert " ".join(" ".join(left).split()) == (
        "A tensor has a shape, a [-dtype-] and a device."
    )
    assert " ".join(" ".join(right).split()) == (
        "A tensor has a shape, a {+dtype, a layout+} and a device."
    )
    assert all(len(row) <= 60 for row in rows)
