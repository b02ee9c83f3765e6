"""Show an error on purpose and carry on."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["show_error"]

_WIDTH = 88  # letters on a line of a lesson


@contextmanager
def show_error(*kinds: type[Exception], lines: int = 4) -> Iterator[None]:
    """Run a block that must fail, and print the message of its error.

    A lesson shows a classic mistake this way: the page gets the message that PyTorch
    really gives. If the block stops failing one day, the lesson fails instead.

    Args:
        *kinds: Errors to expect; any :class:`Exception` if none is named.
        lines: Longest message to print, in lines of 88 letters, at least 1.

    Yields:
        Nothing; use it with ``with``.

    Raises:
        AssertionError: If the block ran without an error.
        ValueError: If ``lines`` is not positive.

    Example:
        >>> with show_error(ValueError):
        ...     int("five")
        ValueError: invalid literal for int() with base 10: 'five'
    """
    if lines < 1:
        raise ValueError(f"lines must be at least 1, got {lines}")
    expected = kinds if kinds else (Exception,)
    try:
        yield
    except expected as error:
        print(_shortened(error, lines))
        return
    wanted = " or ".join(kind.__name__ for kind in kinds) or "an error"
    raise AssertionError(f"the block must raise {wanted}, but it ran to its end")


def _shortened(error: Exception, lines: int) -> str:
    """Return kind and message, wrapped, without blank lines and C++ stack frames."""
    message = str(error).partition("\nException raised from")[0]
    told = f"{type(error).__name__}: {message}".removesuffix(": ")
    wrapped = [
        piece
        for line in told.splitlines()
        for piece in textwrap.wrap(line, _WIDTH, break_long_words=False)
    ]
    if len(wrapped) > lines:
        wrapped = [*wrapped[: lines - 1], f"{wrapped[lines - 1]} […]"]
    return "\n".join(wrapped)
