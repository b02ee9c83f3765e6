"""A lesson's header is read right, and a wrong one is named with its cure."""

from pathlib import Path

import pytest

from eatorch.sphinxext.metadata import (
    LessonError,
    header_faults,
    read_lesson,
    read_lessons,
)

HEADER = '''"""
.. _{label}:

{title}
=======

A promise.

{fields}
"""

print("hello")
'''
GOOD = ":Level: 2\n:Hours: 0.5"


def write(gallery: Path, name: str, *, label: str = "one", fields: str = GOOD) -> Path:
    path = gallery / "1_part" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER.format(label=label, title="A title", fields=fields))
    return path


def test_all_fields_are_read(tmp_path: Path) -> None:
    write(tmp_path, "01_one.py")
    fields = ":Level: 4\n:Hours: 1.5\n:Day: 7\n:Needs:\n    :ref:`one`\n:Data: iris"
    write(tmp_path, "02_two.py", label="two", fields=fields)
    lesson = read_lessons(tmp_path)[1]
    assert (lesson.number, lesson.label, lesson.title) == ("02", "two", "A title")
    assert (lesson.level, lesson.hours, lesson.day) == (4, 1.5, 7)
    assert lesson.needs == ("one",)
    assert lesson.docname == "lessons/1_part/02_two"


@pytest.mark.parametrize(
    ("fields", "line", "message"),
    [
        (":Level: 9\n:Hours: 1", 9, "must be a number from 1 to 5, got '9'"),
        (":Level: 2.5\n:Hours: 1", 9, "must be a number from 1 to 5, got '2.5'"),
        (":Level: hard\n:Hours: 1", 9, "must be a number from 1 to 5, got 'hard'"),
        (":Level: 2", 1, ":Hours: is missing; add it under the title"),
        (f"{GOOD}\n:Days: 3", 11, "is unknown; use Data, Day, Hours, Level, Needs"),
        (f"{GOOD}\n:Day: 21", 11, ":Day: must be a number from 0 to 20, got '21'"),
        (f"{GOOD}\n:Needs: tensors", 11, ":Needs: must be a list of :ref:`label`"),
    ],
)
def test_a_wrong_field_names_file_line_rule_and_value(
    tmp_path: Path, fields: str, line: int, message: str
) -> None:
    path = write(tmp_path, "01_one.py", fields=fields)
    with pytest.raises(LessonError) as caught:
        read_lesson(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("print(1)", "no header; begin with a docstring"),
        ('"""Words only."""', "lacks a label"),
        ('"""\n.. _one:\n\nNo title\n"""\n', "lacks a title underlined"),
        ("print(", "01_one.py:1: '(' was never closed; repair"),
    ],
)
def test_a_broken_script_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "01_one.py")
    if "title" in message:
        text = text.replace("No title", f"{GOOD}\n\nNo title")
    if "label" in message:
        text = f'"""Title\n=====\n\n{GOOD}\n"""'
    path.write_text(text)
    with pytest.raises(LessonError, match=r"01_one\.py") as caught:
        read_lesson(path)
    assert message in str(caught.value)


def test_a_header_says_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "1_one.py", fields=":Level: 9\n:Days: 3\n:Needs: none")
    told = [fault.removeprefix(str(path)) for fault in header_faults(path)]
    assert [fault.partition(" ")[0] for fault in told] == [
        *(":1:", ":9:", ":1:", ":11:", ":10:")  # name, level, hours, needs, days
    ]


def test_a_file_name_without_number_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "1_one.py")
    with pytest.raises(LessonError, match="must be two digits"):
        read_lesson(path)


def test_a_number_or_label_is_used_once(tmp_path: Path) -> None:
    write(tmp_path, "01_one.py")
    write(tmp_path, "01_other.py", label="other")
    told = r"01_other\.py:1: number '01' is taken by .*01_one.py"
    with pytest.raises(LessonError, match=told):
        read_lessons(tmp_path)
    (tmp_path / "1_part" / "01_other.py").unlink()
    write(tmp_path, "02_two.py", label="one")
    told = r"02_two\.py:2: label 'one' is taken by .*01_one.py; choose another"
    with pytest.raises(LessonError, match=told):
        read_lessons(tmp_path)


def test_a_letter_of_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "01_one.py")
    path.write_bytes(path.read_bytes().replace(b"promise", b"caf\xe9"))
    told = r"01_one\.py:7: .*can't decode byte 0xe9.*; save it as UTF-8"
    with pytest.raises(LessonError, match=told):
        read_lesson(path)


def test_an_unknown_prerequisite_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "01_one.py", fields=f"{GOOD}\n:Needs: :ref:`tensors`")
    told = r"01_one\.py:11: needs unknown lesson 'tensors'; name one of one"
    with pytest.raises(LessonError, match=told):
        read_lessons(tmp_path)


def test_a_circle_of_prerequisites_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "01_one.py", fields=f"{GOOD}\n:Needs: :ref:`two`")
    write(tmp_path, "02_two.py", label="two", fields=f"{GOOD}\n:Needs: :ref:`one`")
    told = r"_(one|two)\.py:11: .* form a circle .*one.*; remove one of them"
    with pytest.raises(LessonError, match=told):
        read_lessons(tmp_path)
