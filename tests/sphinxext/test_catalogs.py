"""The gate of the translation lets nothing unfinished through."""

import json
from pathlib import Path

import pytest

from eatorch.sphinxext.catalogs import (
    catalog_at,
    catalog_faults,
    gaps,
    missing_messages,
)
from eatorch.sphinxext.lesson_text import catalog_of, picture_faults
from eatorch.sphinxext.wording import is_english, markup

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def catalog(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "page.po"
    path.write_text(HEADER + body, encoding="utf-8")
    return path


def faults(tmp_path: Path, body: str, **avoid: list[str]) -> list[str]:
    return list(catalog_faults(catalog(tmp_path, body), avoid))


def test_a_finished_message_has_no_fault(tmp_path: Path) -> None:
    body = 'msgid "Use :func:`abs` on ``x``."\nmsgstr "对 ``x`` 用 :func:`abs`。"\n'
    assert faults(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('msgid "one"\nmsgstr ""\n', "no translation"),
        ('#, fuzzy\nmsgid "one"\nmsgstr "一"\n', "fuzzy"),
        ('#~ msgid "one"\n#~ msgstr "一"\n', "obsolete"),
        ('msgid "``a`` b"\nmsgstr "`a` b"\n', "lost ['``a``']"),
        ('msgid ":ref:`a`"\nmsgstr ":ref:`b`"\n', "lost ['a'], new ['b']"),
        (
            'msgid "`a <https://x.org>`_"\nmsgstr "`甲 <https://y.org>`_"\n',
            "https://x.org",
        ),
        ('msgid "{ref}`a`"\nmsgstr "甲"\n', "lost ['a']"),
        ('msgid "Save it now."\nmsgstr "Save it now."\n', "no Chinese in 'Save it"),
    ],
)
def test_each_fault_is_found(tmp_path: Path, body: str, fault: str) -> None:
    found = faults(tmp_path, body)
    assert len(found) == 1
    assert fault in found[0]
    assert "page.po" in found[0]


def test_a_rejected_term_is_named_with_the_right_one(tmp_path: Path) -> None:
    body = 'msgid "the gradient"\nmsgstr "斜率向量"\n'
    assert "should be '梯度'" in faults(tmp_path, body, 斜率向量=["梯度"])[0]


def test_titles_of_links_may_be_translated() -> None:
    assert markup("`PyTorch <https://a.b>`_") == markup("`火炬 <https://a.b>`_")
    assert markup(":ref:`Tensors <tensor>`") == markup("见 :ref:`张量 <tensor>`")


def test_missing_messages_name_catalog_count_and_cure(tmp_path: Path) -> None:
    messages, locales = tmp_path / "messages", tmp_path / "locales"
    messages.mkdir()
    (messages / "page.json").write_text(json.dumps({"one": "a.md:1", "two": "a.md:2"}))
    locales.mkdir()
    (locales / "page.po").write_text(HEADER + 'msgid "one"\nmsgstr "一"\n')
    (line,) = missing_messages(messages, locales)
    assert "page.po: 1 of 2 messages" in line
    assert "first 'two'; run 'make catalogs'" in line


def test_a_fuzzy_message_counts_as_missing_for_sphinx_leaves_it_out(
    tmp_path: Path,
) -> None:
    messages = tmp_path / "messages"
    messages.mkdir()
    (messages / "page.json").write_text(json.dumps({"one": "a.md:1"}))
    catalog(tmp_path, '#, fuzzy\nmsgid "one"\nmsgstr "一"\n')
    assert gaps(messages, tmp_path) == {"page": ["one"]}
    catalog(tmp_path, 'msgid "one"\nmsgstr "一"\n')
    assert gaps(messages, tmp_path) == {}


def test_a_message_with_several_faults_is_one_line(tmp_path: Path) -> None:
    (line,) = faults(tmp_path, '#, fuzzy\nmsgid "one"\nmsgstr "用GPU"\n')
    assert "fuzzy" in line
    assert "needs a space" in line


def test_a_damaged_catalog_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.po"
    path.write_bytes(b'msgid "a\xff\xfe')
    with pytest.raises(ValueError, match=r"page.po: not a readable catalog .*git"):
        list(catalog_faults(path, {}))


@pytest.mark.parametrize(
    "text",
    [
        "PyTorch",
        "dropout",
        "N、C、H、W",
        "``size mismatch for``, :ref:`read this <x>`, `make a lesson`",
        'Mann and Whitney, "On a test of whether" (1947)。https://doi.org/a-b',
        "numpy.ndarray[tuple[Any, ...], numpy.dtype[numpy.datetime64]]",
        "tuple[float, float]",
        "str | None",
        r"\text{fan in} \cdot x_t",
        "https://docs.pytorch.org/docs/2.13/notes/randomness.html",
        "Xavier（Glorot），2010",
        "保存 the file now",
    ],
)
def test_what_is_the_same_in_both_languages_is_not_taken_for_english(text: str) -> None:
    assert not is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Read next",
        "Run a lesson",
        "Two is\nthe answer.",
        "``x`` has the wrong shape.",
        "Day {day} of 20",
        r"With :math:`\gamma=0` it is the loss.",
    ],
)
def test_a_phrase_that_was_copied_is_english(text: str) -> None:
    assert is_english(text)


def test_a_catalog_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert len(catalog_at(tmp_path / "page.po")) == 0
    assert "one" in catalog_at(catalog(tmp_path, 'msgid "one"\nmsgstr "一"\n'))


@pytest.mark.parametrize("damage", [b'msgid "a\xff\xfe"', b"<<<<<<< HEAD\n"])
def test_pictures_are_not_sought_in_a_damaged_catalog(
    tmp_path: Path, damage: bytes
) -> None:
    lesson = tmp_path / "gallery" / "1_part" / "01_one.py"
    path = catalog_of(tmp_path, lesson)
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"01_one\.po"):  # so it is told, and once
        catalog_at(path)
    assert list(picture_faults(lesson, tmp_path, {"The line rises": 3})) == []
