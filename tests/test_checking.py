"""Exercises check themselves: in two languages, within time, whatever is handed in."""

import io
import json
import os
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from eatorch import checking, languages
from eatorch.checking import Slip, check, exercise, language, numbers, verdict
from eatorch.expecting import call, expect_number, expect_tensor, expect_type, shorten


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test register exercises of lesson 99 without leaving them behind."""
    monkeypatch.delenv("EATORCH_LANG", raising=False)
    yield
    for number in numbers("99"):
        del checking._CHECKS[number]


@pytest.fixture
def ask() -> Callable[[Any], checking.Verdict]:
    """Offer an exercise that wants a function which doubles."""

    @exercise("99-1")
    def doubles(answer: Any) -> None:
        expect_number(call(answer, 2), 4)

    return lambda answer: verdict("99-1", answer)


Ask = Callable[[Any], checking.Verdict]


def test_right_answers_are_praised(
    ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = ask(lambda x: 2 * x)
    assert outcome.passed
    assert outcome.told("en").startswith("✓ 99-1  ")
    assert outcome.told("zh") != outcome.told("en")
    check("99-1", lambda x: 2 * x)
    line = capsys.readouterr().out
    assert line.startswith("✓ 99-1")
    assert line.endswith("Tick 99-1 on the lesson's page.\n")


def test_wrong_answers_are_explained(
    ask: Ask, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = ask(lambda x: x)
    assert not outcome.passed
    assert outcome.told("en") == "✗ 99-1  2 is too small."
    assert outcome.told("zh") == "✗ 99-1  2 偏小。"
    monkeypatch.setenv("EATORCH_LANG", "zh")
    check("99-1", lambda x: x)
    assert capsys.readouterr().out == "✗ 99-1  2 偏小。\n"


def stub(x: Tensor) -> Any:
    """Do something."""
    ...  # noqa: PIE790 - as a lesson has it


def half_done(x: Tensor) -> Any:
    return ... if x else x


@pytest.mark.parametrize("untouched", [..., None, stub, half_done])
def test_untouched_stubs_wait(
    ask: Ask, untouched: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not ask(untouched).passed
    check("99-1", untouched)
    assert capsys.readouterr().out == "○ 99-1  Not answered yet · 还没有作答\n"


def test_a_forgotten_return_is_no_untouched_stub(ask: Ask) -> None:
    def forgot(x: int) -> None:
        2 * x

    assert ask(forgot).en == (
        "Your function returned nothing (None). Is the return line missing?"
    )
    assert "return" in ask(forgot).zh


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Mute(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise RuntimeError("no")


def raises(error: BaseException) -> Callable[[int], Any]:
    def answer(_: int) -> Any:
        raise error

    return answer


@pytest.mark.parametrize(
    "hostile",
    [
        "text", 3, [], object(), Unshowable(), torch.ones(3), type, lambda: 2,
        raises(ValueError("x" * 10_000)), raises(Mute()), raises(SystemExit(3)),
        raises(RecursionError()), raises(AssertionError()), lambda _: Unshowable(),
        lambda _: float("nan"), lambda _: "4", lambda _: True, lambda _: 4j,
        lambda _: 10**400, lambda _: torch.ones(2), stub,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_hostile_answers_get_a_short_sentence(ask: Ask, hostile: Any) -> None:
    outcome = ask(hostile)
    assert not outcome.passed
    assert 5 < len(outcome.en) < 500
    assert any("\u4e00" <= letter <= "\u9fff" for letter in outcome.zh)


def test_a_crash_is_told_with_its_message(ask: Ask) -> None:
    outcome = ask(raises(ValueError("two\nlines.")))
    assert outcome.en.startswith("Your code stopped with ValueError: two lines. ")
    assert outcome.zh.startswith("你的代码中断了：ValueError: two lines。")


def test_an_endless_answer_is_given_up(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_SECONDS", 0.2)
    free = threading.Event()
    start = time.perf_counter()
    outcome = ask(lambda _: free.wait(30))
    free.set()
    assert time.perf_counter() - start < 5
    assert outcome.en.startswith("The answer still ran after 0.2 seconds")
    assert "0.2 秒" in outcome.zh


def test_a_script_with_an_endless_answer_ends() -> None:
    """The daemon thread must not keep Python from leaving."""
    code = (
        "from eatorch import checking, languages\n"
        "checking._SECONDS = 0.2\n"
        "@checking.exercise('99-1')\n"
        "def judge(answer): answer()\n"
        "def endless():\n"
        "    while True: pass\n"
        "checking.check('99-1', endless)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "EATORCH_LANG": "en", "PYTHONIOENCODING": "utf-8"},
        timeout=60,
        check=True,
    )
    assert "still ran after 0.2 seconds" in run.stdout.decode()


def test_in_a_notebook_the_answer_runs_in_the_readers_thread(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the reader can press stop, and a second thread would be in the way."""
    ipython = types.SimpleNamespace(
        get_ipython=lambda: types.SimpleNamespace(kernel=object())
    )
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    seen: list[threading.Thread] = []

    def answer(x: int) -> int:
        seen.append(threading.current_thread())
        return 2 * x

    assert ask(answer).passed
    assert seen == [threading.main_thread()]


def test_gradient_mode_is_the_readers() -> None:
    @exercise("99-2")
    def judge(answer: Any) -> None:
        if answer() is not False:
            raise Slip("on", "开")

    with torch.no_grad():
        assert verdict("99-2", torch.is_grad_enabled).passed
    assert not verdict("99-2", torch.is_grad_enabled).passed


def test_an_old_console_gets_question_marks(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", console)
    check("99-1", lambda x: x)
    console.flush()
    assert b"99-1" in console.buffer.getvalue()
    assert ask(3).en


def test_numbers_belong_to_lessons() -> None:
    assert numbers("01") == ("01-1", "01-2", "01-3")
    assert numbers("98") == ()
    assert numbers("os") == ()


def test_unknown_exercises_name_those_nearby(ask: Ask) -> None:
    assert ask(...)
    with pytest.raises(ValueError, match=r"lesson 99 has 99-1\), got '99-7'"):
        check("99-7", 1)
    for wrong in ("98-1", "abc", "", "1/../2-1", 7):
        with pytest.raises(
            ValueError, match="number must name an exercise such as '07-"
        ):
            check(wrong, 1)  # type: ignore[arg-type]


def test_a_number_has_one_check(ask: Ask) -> None:
    assert ask(...)
    with pytest.raises(
        ValueError, match="number must be new, got '99-1' a second time"
    ):
        exercise("99-1")(lambda _: None)


# ---- The language of the messages ---------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "text", "notebook", "place", "expected"),
    [
        ("zh", "English", "", "en_US", "zh"),
        ("zh_CN.UTF-8", "", "", "en_US", "zh"),
        ("en", "中文脚本", "", "zh_CN", "en"),
        ("fr", "", "", "zh_CN", "en"),
        ("", "张量", "", "en_US", "zh"),
        ("", "Tensors", "/home/me/07_tensor.zh.ipynb", "en_US", "zh"),
        ("", "Tensors", "/home/me/07_tensor.ipynb", "en_US", "en"),
        ("", "Tensors", "", "zh_CN", "zh"),
        ("", "Tensors", "", "Chinese (Simplified)_China", "zh"),
        ("", None, "", None, "en"),
    ],
)
def test_the_first_that_speaks_decides(  # noqa: PLR0917
    monkeypatch: pytest.MonkeyPatch,
    wish: str,
    text: str | None,
    notebook: str,
    place: str | None,
    expected: str,
) -> None:
    monkeypatch.setenv("EATORCH_LANG", wish)
    monkeypatch.setenv("JPY_SESSION_NAME", notebook)
    monkeypatch.setattr(sys.modules["__main__"], "__doc__", text)
    monkeypatch.setattr(languages, "getlocale", lambda: (place, None))
    assert language() == expected


def test_the_notebook_of_an_editor_speaks_its_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("EATORCH_LANG", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__doc__", None)
    monkeypatch.setattr(languages, "getlocale", lambda: (None, None))
    assert language() == "en"
    monkeypatch.setattr(main, "__vsc_ipynb_file__", "/a/07_tensor.zh.ipynb", False)
    assert language() == "zh"


def test_an_exotic_locale_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ValueError("unknown locale: UTF-8")

    monkeypatch.setattr(sys.modules["__main__"], "__doc__", None)
    monkeypatch.setattr(languages, "getlocale", broken)
    assert language() == "en"


# ---- What checks are built from -----------------------------------------------------


@pytest.mark.parametrize(
    ("got", "en"),
    [
        (torch.tensor([1, 2]), "Expected the result of shape (3,), got shape (2,)."),
        (
            torch.ones(3),
            "Expected the result with dtype torch.int64, got torch.float32.",
        ),
        (
            torch.tensor([1, 2, 4]),
            "Shape and dtype of the result are right, but 1 of 3",
        ),
        (
            torch.tensor([2, 3, 4]),
            "Shape and dtype of the result are right, but 3 of 3",
        ),
        ([1, 2, 3], "Expected a tensor, got list [1, 2, 3]."),
    ],
)
def test_the_first_difference_is_named(got: Any, en: str) -> None:
    with pytest.raises(Slip) as told:
        expect_tensor(got, torch.tensor([1, 2, 3]))
    assert told.value.en.startswith(en)
    assert told.value.told("en") == told.value.en


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.complex64]
)
def test_equal_tensors_of_every_kind_pass(dtype: torch.dtype) -> None:
    tensor = torch.ones(2).to(dtype)
    expect_tensor(tensor.clone(), tensor)


def test_a_tensor_may_carry_a_gradient_and_nan() -> None:
    want = torch.tensor([1.0, torch.nan])
    expect_tensor(want.clone().requires_grad_(), want)


@pytest.mark.parametrize(
    "number", [2, 2.0, np.float64(2), np.int32(2), torch.tensor(2.0), torch.tensor([2])]
)
def test_numbers_of_every_kind_pass(number: Any) -> None:
    expect_number(number, 2)


@pytest.mark.parametrize(
    ("got", "en"),
    [
        (True, "Expected a number, got bool True."),
        ("2", "Expected a number, got str '2'."),
        (float("nan"), "The answer is NaN, not a number."),
        (float("inf"), "inf is too large."),
        (1.99, "1.99 is too small."),
    ],
)
def test_other_numbers_are_told(got: Any, en: str) -> None:
    with pytest.raises(Slip, match=f"^{en}$"):
        expect_number(got, 2)


def test_the_tolerance_is_relative_for_large_numbers() -> None:
    expect_number(1_000_050, 1_000_000)
    with pytest.raises(Slip):
        expect_number(1_000_200, 1_000_000)


def test_types_are_named_in_words() -> None:
    expect_type(3, int, en="a whole number", zh="一个整数")
    with pytest.raises(Slip) as told:
        expect_type(True, int, en="a whole number", zh="一个整数")
    assert told.value.zh == "应当是一个整数，得到的却是 bool True。"


def test_long_answers_are_cut() -> None:
    assert shorten("x" * 1000).endswith("...")
    assert len(shorten("x" * 1000)) == 60
    assert shorten("a\n b") == r"'a\n b'"
    assert shorten(Unshowable()) == "(cannot be shown)"


def test_call_passes_arguments_on() -> None:
    assert call(json.dumps, {"a": 1}, indent=None) == '{"a": 1}'
    with pytest.raises(Slip, match=r"Expected a function, got int 3\."):
        call(3)
