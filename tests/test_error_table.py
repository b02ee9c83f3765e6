"""The table of lesson 33 lists the messages that the page runs, and no others."""

import ast
import re
from pathlib import Path

LESSON = Path(__file__).parents[1] / "gallery" / "6_high" / "33_errors.py"


def caught(source: str) -> list[str]:
    """Return the words that the cells look for, in the order of the page."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        str(ast.literal_eval(call.args[0]))
        for call in sorted(calls, key=lambda call: call.lineno)
        if isinstance(call.func, ast.Name)
        and call.func.id in {"meet", "meet_in_script"}
    ]


def test_each_message_of_the_page_has_its_row_in_the_same_order() -> None:
    source = LESSON.read_text("utf-8")
    table = source.partition("# .. _errors-table:")[2]
    rows = re.findall(r"^#    \* - ``(.*)``$", table, re.MULTILINE)
    assert rows == caught(source)
    assert len(rows) == len(set(rows)) > 50
