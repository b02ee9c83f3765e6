"""Take the exercises out of the lessons, for practice in the terminal.

Each lesson gives one JSON file in ``src/eatorch/exercises``: its tasks in both
languages, stubs, solutions, and what they need of the lesson. ``make catalogs`` keeps
the files in step, and a test fails if they are not.
"""

import ast
import builtins
import json
import re
import symtable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes

from eatorch.sphinxext.catalogs import catalog_at, read_catalog
from eatorch.sphinxext.downloads import Script
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.markdown import Writer, flow
from eatorch.sphinxext.markdown_text import code_span, joined
from eatorch.sphinxext.restructured import (
    API_ROLES,
    ExportError,
    Page,
    cell,
    dropdown,
    parse,
)
from eatorch.sphinxext.translation import translate

__all__ = ["needs", "record", "titles", "write_tasks"]

_LABEL = re.compile(r"^\.\. _([\w-]+):\n\n(.+)\n([=\-~^\"])\3+$", re.MULTILINE)


def write_tasks(root: Path, number: str = "") -> list[Path]:
    """Write the tasks of the lessons that are translated.

    Args:
        root: The project.
        number: Two digits of the only lesson to write; all lessons if empty.

    Returns:
        The files, one for each lesson with exercises.
    """
    known = titles(root)
    written = []
    for lesson in sorted((root / "gallery").glob(f"*/{number or '[0-9][0-9]'}_*.py")):
        try:
            made = record(root, lesson, known)
        except ExportError:  # not translated yet: the test of the catalogs tells
            continue
        if made["exercises"]:
            path = root / "src" / "eatorch" / "exercises" / f"{lesson.stem}.json"
            text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
            written.append(write_whole(path, text))
    return written


def titles(root: Path) -> dict[str, dict[str, str]]:
    """Map each language to the title of every label of the lessons.

    Args:
        root: The project.
    """
    known: dict[str, dict[str, str]] = {"en": {}, "zh": {}}
    for lesson in sorted((root / "gallery").glob("*/[0-9][0-9]_*.py")):
        path = _catalog(root, lesson)
        catalog = catalog_at(path)
        text = "\n\n".join(Script.read(lesson).prose.blocks)
        for label, title, _ in _LABEL.findall(text):
            known["en"][label] = title
            message = catalog.get(title)
            known["zh"][label] = str(message.string) if message else title
    return known


def record(
    root: Path, lesson: Path, known: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """Return the tasks of a lesson as they stand in its file.

    Args:
        root: The project.
        lesson: The script.
        known: What :func:`titles` returned.

    Raises:
        ExportError: If the translation is not complete.
    """
    script = Script.read(lesson)
    words = {
        language: _words(_page(root, script, language), titled, language)
        for language, titled in known.items()
    }
    made = [
        _entry(script, stub, {key: words[key][place] for key in words})
        for stub, place in _stubs(script)
    ]
    code = {"code": _lesson_code(script)} if any(it["given"] for it in made) else {}
    return {**code, "exercises": made}


def _page(root: Path, script: Script, language: str) -> Page:
    if language == "en":
        return script.prose
    path = _catalog(root, script.path)
    if not path.exists():
        raise ExportError(f"{path}: no such catalog; run 'make catalogs'")
    return translate(script.prose, read_catalog(path), path)


def _catalog(root: Path, lesson: Path) -> Path:
    folder = root / "locales" / "zh_CN" / "LC_MESSAGES" / "lessons"
    return folder / lesson.parent.name / f"{lesson.stem}.po"


def _stubs(script: Script) -> Iterator[tuple[str, int]]:
    """Yield each exercise's code and the place of the text block before it."""
    texts = -1
    for kind, content in script.merge(script.prose.blocks):
        texts += kind == "text"
        if kind == "code" and _number(content):
            yield content.strip() + "\n", texts


def _number(code: str) -> str | None:
    """Return the number if the code ends with ``eatorch.check(number, answer)``."""
    *_, last = ast.parse(code).body or [ast.Pass()]
    match last:
        case ast.Expr(
            ast.Call(
                ast.Attribute(ast.Name("eatorch"), "check"),
                [ast.Constant(str(number)), _],
            )
        ):
            return number
    return None


def _lesson_code(script: Script) -> str:
    cells = [code.strip("\n") for code in script.code if not _number(code)]
    return "\n\n".join(cells) + "\n"


def _entry(script: Script, stub: str, words: dict[str, Any]) -> dict[str, Any]:
    code = words["en"]["code"]
    imports, given = needs(script, f"{code}\n{stub}")
    return {
        "number": _number(stub),
        "imports": imports,
        "given": given,
        "stub": stub,
        "code": code,
        **{
            language: {key: value for key, value in told.items() if key != "code"}
            for language, told in words.items()
        },
    }


def needs(script: Script, code: str) -> tuple[list[str], list[str]]:
    """Say what the code of an exercise needs to run outside its lesson.

    Args:
        script: The lesson.
        code: Solution and stub.

    Returns:
        Lines that import, and names that the lesson made.
    """
    free = _free(code)
    imports = _imports(script, free | {"torch"})  # most answers need it
    made = {name for line in imports for name in _imported(line)}
    return imports, sorted(free - made)


def _imports(script: Script, used: set[str]) -> list[str]:
    """Return the imports of the lesson that an exercise uses, one name a line."""
    lines = []
    for node in ast.walk(ast.parse("\n".join(script.code))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = (alias.asname or alias.name).partition(".")[0]
                node.names = [alias]
                if name in used:
                    lines.append(ast.unparse(node))
    return list(dict.fromkeys(lines))


def _imported(line: str) -> set[str]:
    module = symtable.symtable(line, "import", "exec")
    return {symbol.get_name() for symbol in module.get_symbols()}


def _free(code: str) -> set[str]:
    """Return the names that code takes from outside, in whatever scope it does."""
    module = symtable.symtable(code, "exercise", "exec")
    bound = {it.get_name() for it in module.get_symbols() if it.is_assigned()}
    bound |= {it.get_name() for it in module.get_symbols() if it.is_namespace()}
    taken = {
        symbol.get_name()
        for scope in _scopes(module)
        for symbol in scope.get_symbols()
        if symbol.is_global() and symbol.is_referenced()
    }
    return taken - bound - set(dir(builtins))


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from _scopes(inner)


def _words(page: Page, titled: dict[str, str], language: str) -> list[dict[str, Any]]:
    """Return what each text block says, if it says a task."""
    blocks: list[list[nodes.Node]] = [[]]
    for node, _ in flow(parse(page).children, 0):
        if isinstance(node, cell):
            blocks.append([])
        else:
            blocks[-1].append(node)
    writer = _Plain(page, titled, language)
    return [writer.task(block) for block in blocks]


class _Plain(Writer):
    """Writes Markdown without links, for a terminal."""

    def __init__(self, page: Page, titled: dict[str, str], language: str) -> None:
        self.page, self.titled = page, titled
        self.chinese = language == "zh"

    def task(self, block: list[nodes.Node]) -> dict[str, Any]:
        """Return title, task, hints and solution of a text block."""
        heads = [it for it, node in enumerate(block) if isinstance(node, nodes.title)]
        rest = block[heads[-1] + 1 :] if heads else block
        folded = [node for node in rest if isinstance(node, dropdown)]
        open_ = [node for node in rest if not isinstance(node, dropdown)]
        hint, solution = [*folded, dropdown(), dropdown()][:2]
        about = [it for it in solution[1:] if not isinstance(it, nodes.literal_block)]
        code = [it.astext() for it in solution if isinstance(it, nodes.literal_block)]
        return {
            "title": self.inline(block[heads[-1]]) if heads else "",
            "task": joined(self.block(node) for node in open_),
            "hints": [self.block(node) for node in hint[1:]],
            "code": "".join(f"{it}\n" for it in code[:1]),
            "solution": joined(self.block(node) for node in about),
        }

    def inline_reference(self, node: nodes.reference, *_: str) -> str:
        title, address = node.astext(), node.get("refuri", "")
        return title if title == address else f"{title} <{address}>"

    def inline_xref(self, node: nodes.Element, *_: str) -> str:
        role, target, title = node["role"], node["target"], node["title"]
        if role not in API_ROLES:
            return str(title or self.titled.get(target, target))
        name = target.lstrip("!~.")
        shown = name.rpartition(".")[2] if target.startswith("~") else name
        return code_span(title or shown + ("()" if role in ("func", "meth") else ""))
