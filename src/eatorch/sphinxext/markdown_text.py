"""Pieces of Markdown: escaping, code spans, emphasis, quotes."""

import re
import unicodedata
from collections.abc import Iterable

# Characters that Markdown or a formula would take for markup.
_SPECIAL = re.compile(r"[\\`*$]|<(?=[A-Za-z/!])|\](?=\()|(?<!\w)_|_(?!\w)")
_START = re.compile(r"^(?:[-+#>](?=\s)|\d+(?=[.)]\s))")


def escaped(text: str) -> str:
    r"""Write text on one line so that Markdown shows it as it is.

    Example:
        >>> escaped("2 * 3 < x_1")
        '2 \\* 3 < x_1'
    """
    return _SPECIAL.sub(r"\\\g<0>", re.sub(r"\s*\n\s*", " ", text))


def paragraph(line: str) -> str:
    r"""Keep the first word of a paragraph from starting a list or title.

    Example:
        >>> paragraph("1. is no list here")
        '1\\. is no list here'
    """
    match = _START.match(line)
    if not match:
        return line
    word, rest = match[0], line[match.end() :]
    return f"{word}\\{rest}" if word.isdigit() else f"\\{word}{rest}"


def code_span(text: str) -> str:
    """Write code inside a line, whatever backticks it holds.

    Example:
        >>> code_span("x = 1")
        '`x = 1`'
    """
    ticks = longest_ticks(text)
    fence, space = "`" * (ticks + 1), " " * (ticks > 0)
    return f"{fence}{space}{text}{space}{fence}"


def longest_ticks(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


def marked(text: str, mark: str, element: str, before: str, after: str) -> str:
    """Emphasise; in Chinese often by HTML.

    Markdown does not see the end of ``**重点。**`` when a letter follows: after a
    punctuation mark it wants a space, which Chinese does not have.

    Args:
        text: What to emphasise, as Markdown.
        mark: ``"*"`` or ``"**"``.
        element: HTML element with the same meaning.
        before: The character before, or nothing.
        after: The character after, or nothing.

    Example:
        >>> marked("word", "**", "strong", " ", ",")
        '**word**'
        >>> marked("重点。", "**", "strong", "", "下")
        '<strong>重点。</strong>'
    """
    glued_before = _is_letter(before) and not _is_letter(text[0])
    glued_after = _is_letter(after) and not _is_letter(text[-1])
    if glued_before or glued_after:
        return f"<{element}>{text}</{element}>"
    return f"{mark}{text}{mark}"


def _is_letter(character: str) -> bool:
    """Tell whether a character is neither space nor punctuation (nor missing)."""
    return bool(character) and unicodedata.category(character)[0] not in "PSZC"


def joined(blocks: Iterable[str]) -> str:
    """Put blocks one after another, with an empty line between two."""
    return "\n\n".join(block for block in blocks if block)


def indented(text: str, width: int) -> str:
    """Indent all lines but the first."""
    return re.sub(r"\n(?=[^\n])", "\n" + " " * width, text)


def quoted(text: str) -> str:
    """Write blocks as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


_FENCED = re.compile(r"^[ >]*(`{3,})[^`]*?^[ >]*\1$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_REST = re.compile(
    r":[\w+-]+:(?:\\?`|\0)|^[ >]*\.\. .*|\\?`\\?`|(?:\\?`|\0)\\?_(?!\w)", re.MULTILINE
)


def leftovers(markdown: str) -> list[str]:
    r"""List the reST markup that stands outside code.

    Args:
        markdown: Text cells of a notebook.

    Example:
        >>> leftovers("See `:ref:` and\n\n.. note:: this")
        ['.. note:: this']
    """
    prose = _SPAN.sub(_hide, _FENCED.sub("", markdown))
    return [match[0].replace("\0", "`") for match in _REST.finditer(prose)]


def _hide(span: re.Match[str]) -> str:
    """Hide a code span; two backticks without need are those of reST."""
    ticks, text = span.groups()
    return "\0" if len(ticks) == 1 or "`" in text else span[0]
