"""Run one lesson in this process and write what expressions give at its end.

    echo '["len(losses)"]' | python -m eatorch.sphinxext.final_values LESSON RESULT

It needs nothing but what the lesson needs, so it runs under any version of torch.
"""

import json
import sys
import traceback
import types
from pathlib import Path
from typing import Any

from eatorch.sphinxext.gallery import reset

__all__ = ["evaluate", "plain", "run"]


def run(lesson: Path) -> dict[str, Any]:
    """Run a lesson from top to bottom, on the same footing as on the site.

    Args:
        lesson: The script.

    Returns:
        The names that it leaves.
    """
    reset({}, lesson.name, "before")
    # What a lesson defines is found here by pickle, as in a script of its own.
    module = types.ModuleType("__main__")
    module.__file__ = str(lesson)
    sys.modules["__main__"] = module
    code = compile(lesson.read_text(encoding="utf-8"), str(lesson), "exec")
    exec(code, module.__dict__)
    return module.__dict__


def evaluate(expression: str, names: dict[str, Any]) -> dict[str, Any]:
    """Evaluate an expression among the names of a lesson.

    Args:
        expression: A Python expression.
        names: What the lesson left.

    Returns:
        ``{"value": …}``, or ``{"error": …}`` if it raises or gives no plain value.

    Example:
        >>> evaluate("x + 1", {"x": 1}), evaluate("y", {})
        ({'value': 2}, {'error': "NameError: name 'y' is not defined"})
    """
    try:
        return {"value": plain(eval(expression, names))}
    except Exception as error:
        return {"error": _line(error)}


def plain(value: Any) -> Any:
    """Turn a value into numbers, text and lists that JSON can hold.

    Args:
        value: A number, text or truth value, a tensor or array of numbers, or a list
            or tuple of such values.

    Returns:
        The same without tensors, arrays and tuples.

    Raises:
        TypeError: If it is anything else.

    Example:
        >>> import torch
        >>> plain((torch.zeros(2).shape, torch.tensor([1.5])))
        [[2], [1.5]]
    """
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(
        "the expression must give numbers, text, truth values or lists of them, "
        f"got {type(value).__name__}"
    )


def _line(error: BaseException) -> str:
    """Return name and first line of an error's message."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}".rstrip(": ")


def _told(error: BaseException, lesson: Path) -> str:
    """Tell an error with the line of the lesson that it came from."""
    stack = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in stack if frame.filename == str(lesson)]
    line = own[-1].lineno if own else getattr(error, "lineno", None)
    # A bare assertion has no message; what it claims says more.
    code = f" ({own[-1].line})" if own and not str(error) else ""
    return f"{lesson.name}:{line or 1}: {_line(error)}{code}"


def main() -> None:
    """Write the version of torch, and the values or what the lesson raised."""
    lesson, result = map(Path, sys.argv[1:])
    expressions = json.load(sys.stdin)
    found: dict[str, Any] = {}
    try:
        names = run(lesson)
        found["values"] = [evaluate(expression, names) for expression in expressions]
    except (Exception, SystemExit) as error:
        found["raised"] = _told(error, lesson)
    import torch

    found["torch"] = torch.__version__
    result.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
