"""Texts that stand in both languages side by side are found and judged."""

import json
from pathlib import Path

import pytest

from eatorch.sphinxext.pairs import json_pairs, pair_faults, python_pairs


def faults(tmp_path: Path, code: str) -> list[str]:
    path = tmp_path / "words.py"
    path.write_text(code, encoding="utf-8")
    told = [pair_faults(pair) for pair in python_pairs(path)]
    return [fault.removeprefix(f"{path}:") for fault in told if fault]


@pytest.mark.parametrize(
    "code",
    [
        'Slip(f"Expected {rows} rows here.", f"应有 {rows} 行。")',
        'expect_type(got, int, en="a whole number", zh="一个整数")',
        'WORDS = {"file": ("Save this file now.", "现在保存文件。")}',
        'WORDS = {"zip": ("Zip", "Zip")}',  # a name
        'Slip(f"The shape should be {a}.", f"形状应为 (点, {a})。")',  # as in Python
        "Slip(en, zh)",  # made elsewhere
        'PLACES = {"x": ("left", 3)}',  # no texts
    ],
)
def test_a_good_pair_has_no_fault(tmp_path: Path, code: str) -> None:
    assert faults(tmp_path, code) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ('Slip("Save this file now.", "")', "1: only one language of 'Save this"),
        ('Slip("Save this file now.", "Save this.")', "1: no Chinese in 'Save this"),
        ('\nSlip("Use a GPU.", "用GPU。")', "2: needs a space between '用G'"),
        ('Slip("Read next", "Read next")', "1: no Chinese in 'Read next'"),
        ('call(en="a whole number")', "1: only one language of 'a whole number'"),
        ('W = {"a": ("Save this file.", " ")}', "1: only one language of 'Save this"),
    ],
)
def test_each_fault_is_found(tmp_path: Path, code: str, fault: str) -> None:
    (found,) = faults(tmp_path, code)
    assert found.startswith(fault)


def test_rows_of_a_table_know_their_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    rows = [{"a_en": "one", "a_zh": "一"}, {"a_en": "two", "a_zh": ""}]
    path.write_text(json.dumps(rows, indent=0))
    good, bad = json_pairs(path)
    assert pair_faults(good) == ""
    assert pair_faults(bad) == f"{path}:7: only one language of 'two'; write both"
