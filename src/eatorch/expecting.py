"""What the checks of the lessons are built from: expectations that explain themselves.

Each function compares the reader's answer with what was expected and raises
:class:`Slip` with a message in English and Chinese. No message gives the solution away.
"""

import dis
import math
from collections.abc import Callable, Sequence
from numbers import Real
from types import FunctionType
from typing import Any, NoReturn

import torch
from torch import Tensor

from eatorch.languages import Language

__all__ = [
    "Slip",
    "Untouched",
    "call",
    "expect_entries",
    "expect_number",
    "expect_tensor",
    "expect_type",
]

_LONGEST = 60  # letters of an answer that a message quotes
_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}


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
        """Return the message in ``language``, ``"en"`` or ``"zh"``."""
        return self.zh if language == "zh" else self.en


class Untouched(Exception):  # noqa: N818 - a stub is no error
    """The reader has not filled in the stub yet."""


def call(answer: Any, *inputs: Any, **options: Any) -> Any:
    """Call the reader's function and return what it gives.

    Args:
        answer: What the reader handed in, hopefully a function.
        *inputs: Positional arguments of the call.
        **options: Keyword arguments of the call.

    Returns:
        The result, neither ``None`` nor ``...``.

    Raises:
        Slip: If ``answer`` is not callable or returns nothing.
        Untouched: If ``answer`` is still the stub.

    Example:
        >>> call(max, 3, 5)
        5
    """
    if not callable(answer):
        _not_a("a function", "一个函数", answer)
    result = answer(*inputs, **options)
    if result is ... or (result is None and _is_stub(answer)):
        raise Untouched
    if result is None:
        raise Slip(
            "Your function returned nothing (None). Is the return line missing?",
            "你的函数什么也没有返回（None）。是不是漏了 return 这一行？",
        )
    return result


def _is_stub(function: Any) -> bool:
    """Tell whether the body is nothing but a docstring and ``...``."""
    if not isinstance(function, FunctionType):
        return False
    return {step.opname for step in dis.get_instructions(function)} <= _NOTHING


def expect_type(got: Any, kind: type | tuple[type, ...], *, en: str, zh: str) -> None:
    """Require that an answer is of one kind. A bool does not count as a number.

    Args:
        got: The answer.
        kind: The type or types allowed.
        en: Name of the kind in English, such as ``"a string"``.
        zh: The same in Chinese.

    Raises:
        Slip: If it is not.

    Example:
        >>> expect_type("abc", int, en="a whole number", zh="一个整数")
        Traceback (most recent call last):
        eatorch.expecting.Slip: Expected a whole number, got str 'abc'.
    """
    if not isinstance(got, kind) or (isinstance(got, bool) and kind in (int, float)):
        _not_a(en, zh, got)


def expect_number(got: Any, want: float, *, tolerance: float = 1e-4) -> None:
    """Require a number close to ``want``.

    Args:
        got: The answer; a tensor of one element counts as a number.
        want: The right number, which no message shows.
        tolerance: Difference allowed, relative to ``want`` where that exceeds 1.

    Raises:
        Slip: If the answer is no number, or too large or small, or not a number (NaN).

    Example:
        >>> expect_number(torch.tensor(2.5), 3)
        Traceback (most recent call last):
        eatorch.expecting.Slip: 2.5 is too small.
    """
    if isinstance(got, Tensor) and got.numel() == 1:
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, Real):
        _not_a("a number", "一个数", got)
    number = float(got)
    if math.isnan(number):
        raise Slip("The answer is NaN, not a number.", "答案是 NaN，不是一个数。")
    if not abs(number - want) <= tolerance * max(1.0, abs(want)):
        en, zh = ("too large", "偏大") if number > want else ("too small", "偏小")
        raise Slip(f"{number:g} is {en}.", f"{number:g} {zh}。")


def expect_tensor(
    got: Any,
    want: Tensor,
    *,
    en: str = "the result",
    zh: str = "结果",
    tolerance: float = 1e-5,
) -> None:
    """Require a tensor equal to ``want`` in shape, dtype and values, on any device.

    Args:
        got: The answer.
        want: The right tensor, any shape and dtype. NaN equals NaN.
        en: What the tensor is called in the message, in English.
        zh: The same in Chinese.
        tolerance: Difference allowed, absolute and relative.

    Raises:
        Slip: With the first difference: type, shape, dtype, number of wrong values.

    Example:
        >>> expect_tensor(torch.tensor([1, 2]), torch.tensor([1, 3]))
        Traceback (most recent call last):
        eatorch.expecting.Slip: Shape and dtype of the result are right, but 1 of 2
        values is not.
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
        got.detach().cpu(), want.detach().cpu(), tolerance, tolerance, equal_nan=True
    )
    if wrong := int((~same).sum()):
        verb = "is" if wrong == 1 else "are"
        raise Slip(
            f"Shape and dtype of {en} are right, but {wrong} of {same.numel()} values "
            f"{verb} not.",
            f"{zh}的形状和 dtype 都对，但 {same.numel()} 个值里有 {wrong} 个不对。",
        )


def expect_entries(
    got: Any,
    want: Sequence[Any],
    hints: Sequence[tuple[str, str]],
    *,
    read: Callable[[int, Any], Any],
) -> None:
    """Require a list of predictions that agrees with what really happens.

    Args:
        got: The answer, a list or a tuple.
        want: What happens in each case; no message shows it.
        hints: For each case a word of help in English and in Chinese.
        read: Gets the number of an entry, from 1, and the entry; returns it in the
            form that ``want`` has, or raises :class:`Slip`.

    Raises:
        Slip: With the number of right entries and help with the first wrong one.

    Example:
        >>> hint = ("which is larger?", "哪个更大？")
        >>> expect_entries([1, 2], [1, 3], [hint, hint], read=lambda number, it: it)
        Traceback (most recent call last):
        eatorch.expecting.Slip: 1 of 2 are right. Number 2 is not 2: which is larger?
    """
    expect_type(got, (list, tuple), en="a list", zh="一个列表")
    if len(got) != len(want):
        raise Slip(
            f"Expected {len(want)} entries, got {len(got)}.",
            f"应有 {len(want)} 项，得到 {len(got)} 项。",
        )
    entries = [read(number, entry) for number, entry in enumerate(got, start=1)]
    wrong = [at for at, entry in enumerate(entries) if entry != want[at]]
    if wrong:
        right, at = len(want) - len(wrong), wrong[0]
        en, zh = hints[at]
        raise Slip(
            f"{right} of {len(want)} are right. Number {at + 1} is not {entries[at]}: "
            f"{en}",
            f"{len(want)} 项中答对 {right} 项。第 {at + 1} 项不是 {entries[at]}：{zh}",
        )


def _not_a(en: str, zh: str, got: Any) -> NoReturn:
    came = f"{type(got).__name__} {shorten(got)}"
    raise Slip(f"Expected {en}, got {came}.", f"应当是{zh}，得到的却是 {came}。")


def shorten(value: Any, longest: int = _LONGEST) -> str:
    """Return ``repr(value)``, or an error's text, on one line of bounded length."""
    try:
        text = str(value) if isinstance(value, BaseException) else repr(value)
    except Exception:  # an answer may even refuse to be shown
        text = "(cannot be shown)"
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
