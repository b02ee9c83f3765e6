"""Exercises that check themselves: one call on the page, in scripts and notebooks.

A lesson ends with exercises. Each has a stub that the reader fills in, followed by
``eatorch.check("07-1", answer)``. The hidden assertions live in ``eatorch.exercises``,
one module per lesson, and speak through :class:`Slip` in English and Chinese.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module, util
from locale import getlocale
from typing import Any, Literal, NoReturn

import torch
from torch import Tensor

__all__ = ["Slip", "Verdict", "check", "exercise", "verdict"]

Language = Literal["en", "zh"]
Check = Callable[[Any], None]

_CHECKS: dict[str, Check] = {}
_SECONDS = 20.0  # how long an answer may run outside a notebook
_CHINESE = range(0x4E00, 0xA000)

_PRAISE = (
    ("Right. On to the next one.", "答对了，继续下一题。"),
    ("Correct, well done.", "正确，做得好。"),
    ("Yes, that is it.", "没错，就是这样。"),
)


class Slip(AssertionError):  # noqa: N818 - a reader's slip is no program error
    """What an answer got wrong, told in both languages.

    Args:
        en: What was expected, what came and the likely slip, in English.
        zh: The same in Chinese.

    Example:
        >>> Slip("Expected 3 rows, got 2.", "应有 3 行，得到 2 行。").told("zh")
        '应有 3 行，得到 2 行。'
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh

    def told(self, language: Language) -> str:
        """Return the message in ``language``."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        number: The exercise, for example ``"07-1"``.
        passed: Whether the answer is right.
        en: The message in English.
        zh: The message in Chinese.
    """

    number: str
    passed: bool
    en: str
    zh: str

    def told(self, language: Language) -> str:
        """Return the line that the reader sees, in ``language``."""
        mark = "✓" if self.passed else "✗"
        return f"{mark} {self.number}  {self.zh if language == 'zh' else self.en}"


def exercise(number: str) -> Callable[[Check], Check]:
    """Register the check of an exercise.

    Args:
        number: Lesson and exercise, two digits, a hyphen and the exercise's number.

    Returns:
        A decorator for a function that takes the answer and raises :class:`Slip`.

    Raises:
        ValueError: If ``number`` already has a check.
    """

    def register(function: Check) -> Check:
        if number in _CHECKS:
            raise ValueError(f"number must be new, got {number!r} a second time")
        _CHECKS[number] = function
        return function

    return register


def check(number: str, answer: Any) -> None:
    """Check the answer to an exercise and print what there is to say.

    Args:
        number: Lesson and exercise as the page names it, for example ``"07-1"``.
        answer: What the exercise asks for: a function, tensor, number, module, …
            An untouched stub (``...``, or a function that returns nothing) is told
            that it waits for an answer.

    Raises:
        ValueError: If there is no exercise of that number.

    Example:
        >>> check("01-1", ...)
        ○ 01-1  Not answered yet · 还没有作答
    """
    outcome = verdict(number, answer)
    if not outcome.passed and outcome.en == _WAITING:
        print(f"○ {number}  {outcome.en} · {outcome.zh}")
    else:
        print(outcome.told(language()))


_WAITING = "Not answered yet"
_WAITING_ZH = "还没有作答"


def verdict(number: str, answer: Any) -> Verdict:
    """Judge an answer without printing.

    Args:
        number: Lesson and exercise, for example ``"07-1"``.
        answer: The reader's answer, of any type.

    Returns:
        The verdict with its message in both languages.

    Raises:
        ValueError: If there is no exercise of that number.
    """
    judge = _find(number)
    if answer is ... or answer is None:
        return Verdict(number, False, _WAITING, _WAITING_ZH)
    try:
        _within_time(judge, answer)
    except Slip as slip:
        return Verdict(number, False, slip.en, slip.zh)
    except _Untouched:
        return Verdict(number, False, _WAITING, _WAITING_ZH)
    except Exception as error:  # a reader's code may raise anything
        return Verdict(number, False, *_crash(error))
    en, zh = _PRAISE[sum(map(ord, number)) % len(_PRAISE)]
    return Verdict(number, True, en, zh)


def _find(number: str) -> Check:
    """Load the lesson's checks and return the one asked for."""
    lesson = str(number).partition("-")[0]
    module = f"eatorch.exercises.lesson_{lesson}"
    if lesson.isdigit() and util.find_spec(module):
        import_module(module)
    if number not in _CHECKS:
        known = sorted(name for name in _CHECKS if name.startswith(f"{lesson}-"))
        near = f"; lesson {lesson} has {', '.join(known)}" if known else ""
        raise ValueError(
            "number must name an exercise such as '07-1' "
            f"(there is none here{near}), got {number!r}"
        )
    return _CHECKS[number]


def _crash(error: Exception) -> tuple[str, str]:
    told = f"{type(error).__name__}: {error}"
    return (
        f"Your code stopped with {told}. Read the last line first: it names what failed.",
        f"你的代码中断了：{told}。先读最后一行，它说明了哪里出错。",
    )


def _within_time(judge: Check, answer: Any) -> None:
    """Run a check, but do not wait for an endless answer.

    In a notebook the reader can press stop, and a thread would only get in the way.
    Elsewhere the check runs in a daemon thread: it works on every system, and Python
    may end while an endless answer still spins.
    """
    if _in_notebook():
        judge(answer)
        return
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            judge(answer)
        except BaseException as error:
            outcome.append(error)

    # Gradient mode belongs to a thread, so the new one must take over the caller's.
    thread = threading.Thread(target=_with_modes_of_caller(run), daemon=True)
    thread.start()
    thread.join(_SECONDS)
    if thread.is_alive():
        raise Slip(
            f"The answer still ran after {_SECONDS:.0f} seconds, so the check gave up. "
            "Look for a loop that never ends.",
            f"答案运行了 {_SECONDS:.0f} 秒还没有结束，检查已放弃等待。"
            "看看有没有停不下来的循环。",
        )
    if outcome:
        raise outcome[0]


def _with_modes_of_caller(run: Callable[[], None]) -> Callable[[], None]:
    enabled = torch.is_grad_enabled()

    def wrapped() -> None:
        with torch.set_grad_enabled(enabled):
            run()

    return wrapped


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


def language() -> Language:
    """Choose the language of messages.

    The first that speaks decides: the environment variable ``EATORCH_LANG`` (``en`` or
    ``zh``), the text of the running script or the name of the running notebook (the
    Chinese downloads show what their reader reads), the locale of the machine.
    """
    wish = os.environ.get("EATORCH_LANG", "")
    if wish:
        return "zh" if wish.lower().startswith("zh") else "en"
    text = getattr(sys.modules.get("__main__"), "__doc__", None) or ""
    notebook = os.environ.get("JPY_SESSION_NAME", "")
    if any(ord(letter) in _CHINESE for letter in text) or ".zh" in notebook:
        return "zh"
    with suppress(ValueError):  # an exotic locale is no reason to fail
        if (getlocale()[0] or "").lower().startswith(("zh", "chinese")):
            return "zh"
    return "en"


# ---- What the checks of the lessons are built from ----------------------------------


class _Untouched(Exception):  # noqa: N818 - a stub is no error
    """The reader's function still returns nothing."""


def call(answer: Any, *inputs: Any, **options: Any) -> Any:
    """Call the reader's function and return what it gives.

    Raises:
        Slip: If ``answer`` is not callable.
    """
    if not callable(answer):
        _not_a("a function", "一个函数", answer)
    result = answer(*inputs, **options)
    if result is None or result is ...:
        raise _Untouched
    return result


def expect_type(got: Any, kind: type | tuple[type, ...], *, en: str, zh: str) -> None:
    """Raise :class:`Slip` unless ``got`` is of ``kind``; ``en``/``zh`` name the kind."""
    if not isinstance(got, kind) or (isinstance(got, bool) and kind in (int, float)):
        _not_a(en, zh, got)


def _not_a(en: str, zh: str, got: Any) -> NoReturn:
    came = f"{type(got).__name__} {_short(got)}"
    raise Slip(f"Expected {en}, got {came}.", f"应当是{zh}，得到的却是 {came}。")


def expect_number(got: Any, want: float, *, tolerance: float = 1e-4) -> None:
    """Raise :class:`Slip` unless ``got`` is a number close to ``want``.

    The message does not show ``want``: it would give the solution away.
    """
    if isinstance(got, Tensor) and got.numel() == 1:
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, int | float):
        _not_a("a number", "一个数", got)
    if not abs(got - want) <= tolerance * max(1.0, abs(want)):
        side = ("too large", "偏大") if got > want else ("too small", "偏小")
        if got != got:
            side = ("not a number", "不是一个数（NaN）")
        raise Slip(f"{got:g} is {side[0]}.", f"{got:g} {side[1]}。")


def expect_tensor(
    got: Any,
    want: Tensor,
    *,
    en: str = "the result",
    zh: str = "结果",
    tolerance: float = 1e-5,
) -> None:
    """Raise :class:`Slip` unless ``got`` equals ``want`` in shape, dtype and values.

    The message names the first difference; ``en``/``zh`` say which tensor is meant.
    """
    if not isinstance(got, Tensor):
        _not_a("a tensor", "一个张量", got)
    if got.shape != want.shape:
        shapes = tuple(want.shape), tuple(got.shape)
        raise Slip(
            f"Expected {en} of shape {shapes[0]}, got shape {shapes[1]}.",
            f"{zh}的形状应为 {shapes[0]}，得到的是 {shapes[1]}。",
        )
    if got.dtype != want.dtype:
        raise Slip(
            f"Expected {en} with dtype {want.dtype}, got {got.dtype}.",
            f"{zh}的 dtype 应为 {want.dtype}，得到的是 {got.dtype}。",
        )
    same = torch.isclose(
        got.detach().double(), want.detach().double(), tolerance, tolerance
    )
    if not bool(same.all()):
        wrong = int((~same).sum())
        raise Slip(
            f"Shape and dtype of {en} are right, but {wrong} of {same.numel()} values "
            "are not.",
            f"{zh}的形状和 dtype 都对，但 {same.numel()} 个值里有 {wrong} 个不对。",
        )


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
