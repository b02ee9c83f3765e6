"""What the checks of several lessons share."""

from collections.abc import Sequence
from typing import Any

from numpy import ndarray
from torch.overrides import TorchFunctionMode

from eatorch.checking import Slip, expect_entries, expect_type
from eatorch.expecting import shorten

Words = tuple[str, str]


class ByHand(TorchFunctionMode):
    """Refuses an answer that calls what it should compute by itself.

    Args:
        *names: Parts of the names of functions that may not be called in the block.
    """

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names, self.heard = names, list[str]()

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Note the call and let it happen."""
        name = getattr(func, "__name__", "")
        if any(forbidden in name for forbidden in self.names):
            self.heard.append(name)
        return func(*args, **(kwargs or {}))

    def refuse(self) -> None:
        """Raise a Slip if one of the functions was called."""
        if self.heard:
            raise Slip(
                f"Your function calls {self.heard[0]}. Do its work by hand instead.",
                f"你的函数调用了 {self.heard[0]}。本题要求自己动手算。",
            )


def expect_kinds(
    answer: Any,
    want: Sequence[str],
    hints: Sequence[Words],
    kinds: Sequence[str],
) -> None:
    """Require a list of words that sorts statements into kinds.

    Args:
        answer: The reader's list, tuple or array of strings, in any case.
        want: The right kind of each statement.
        hints: For each statement a word of help in English and in Chinese.
        kinds: The words to choose from.

    Raises:
        Slip: If an entry is none of the kinds, or a wrong one.
    """

    def read(number: int, entry: Any) -> str:
        word = entry.strip().lower() if isinstance(entry, str) else ""
        if word not in kinds:
            raise Slip(
                f"Number {number} is {shorten(entry)}; expected one of "
                f"{', '.join(kinds)}.",
                f"第 {number} 项是 {shorten(entry)}；应为 {'、'.join(kinds)} 之一。",
            )
        return word

    if isinstance(answer, ndarray):
        answer = answer.tolist()
    expect_type(answer, (list, tuple), en="a list of strings", zh="由字符串组成的列表")
    expect_entries(answer, want, hints, read=read)
