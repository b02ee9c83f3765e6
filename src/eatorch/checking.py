"""Exercises that check themselves: one call on the page, in scripts and notebooks.

A lesson ends with exercises. Each has a stub that the reader fills in, followed by
``eatorch.check("07-1", answer)``. The hidden assertions live in ``eatorch.exercises``,
one module per lesson, and speak through :class:`Slip` in English and Chinese.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, util
from typing import Any

import torch

from eatorch.expecting import (
    Slip,
    Untouched,
    call,
    expect_entries,
    expect_number,
    expect_tensor,
    expect_type,
    shorten,
)
from eatorch.languages import Language, language

__all__ = [
    "Slip",
    "Verdict",
    "call",
    "check",
    "exercise",
    "expect_entries",
    "expect_number",
    "expect_tensor",
    "expect_type",
    "language",
    "numbers",
    "verdict",
]

Check = Callable[[Any], None]

_CHECKS: dict[str, Check] = {}
_SECONDS = 20.0  # how long an answer may run outside a notebook

_WAITING = ("Not answered yet", "还没有作答")
_TICK = ("Tick {number} on the lesson's page.", "到课程页面上勾选 {number} 吧。")
_PRAISE = (
    ("Right. On to the next one.", "答对了，继续下一题。"),
    ("Correct, well done.", "正确，做得好。"),
    ("Yes, that is it.", "没错，就是这样。"),
)


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
        if (self.en, self.zh) == _WAITING:  # the page shows it to readers of both
            return f"○ {self.number}  {self.en} · {self.zh}"
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
            An untouched stub (``...``, or a function without a body) is told that it
            waits for an answer.

    Raises:
        ValueError: If there is no exercise of that number.

    Example:
        >>> check("01-1", ...)
        ○ 01-1  Not answered yet · 还没有作答
    """
    judged = verdict(number, answer)
    line = judged.told(language())
    if judged.passed:  # the page keeps the reader's progress, but sees no answers
        line += f" {_TICK[language() == 'zh'].format(number=number)}"
    try:
        print(line)
    except UnicodeEncodeError:  # an old console without Chinese letters or marks
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        print(line.encode(encoding, "replace").decode(encoding))


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
        return Verdict(number, False, *_WAITING)
    try:
        _within_time(judge, answer)
    except Slip as slip:
        return Verdict(number, False, slip.en, slip.zh)
    except Untouched:
        return Verdict(number, False, *_WAITING)
    except (Exception, SystemExit) as error:  # a reader's code may raise anything
        return Verdict(number, False, *_crash(error))
    return Verdict(number, True, *_PRAISE[sum(map(ord, number)) % len(_PRAISE)])


def numbers(lesson: str) -> tuple[str, ...]:
    """List the exercises of a lesson that have a check.

    Args:
        lesson: The lesson's two digits.

    Returns:
        Their numbers in order; none for a lesson that does not exist.

    Example:
        >>> numbers("00")
        ()
    """
    module = f"eatorch.exercises.lesson_{lesson}"
    if lesson.isdecimal() and util.find_spec(module):
        import_module(module)
    return tuple(sorted(name for name in _CHECKS if name.startswith(f"{lesson}-")))


def _find(number: str) -> Check:
    """Load the lesson's checks and return the one asked for."""
    lesson = str(number).partition("-")[0]
    known = numbers(lesson)
    if number not in known:
        near = f"; lesson {lesson} has {', '.join(known)}" if known else ""
        raise ValueError(
            "number must name an exercise such as '07-1' "
            f"(there is none here{near}), got {number!r}"
        )
    return _CHECKS[number]


def _crash(error: BaseException) -> tuple[str, str]:
    told = f"{type(error).__name__}: {shorten(error, 300)}".rstrip(".。")
    return (
        f"Your code stopped with {told}. Run it by itself to see the line.",
        f"你的代码中断了：{told}。单独运行它，就能看到出错的那一行。",
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
    grad = torch.is_grad_enabled()  # belongs to a thread: the new one takes it over

    def run() -> None:
        try:
            with torch.set_grad_enabled(grad):
                judge(answer)
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_SECONDS)
    if thread.is_alive():
        raise _endless()
    if outcome:
        raise outcome[0]


def _endless() -> Slip:
    return Slip(
        f"The answer still ran after {_SECONDS:g} seconds, so the check gave up. "
        "Look for a loop that never ends.",
        f"答案运行了 {_SECONDS:g} 秒还没有结束，检查已放弃等待。"
        "看看有没有停不下来的循环。",
    )


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")
