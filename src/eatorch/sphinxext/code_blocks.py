"""Spare the parser the code: seven of ten tags on the site's pages colour it.

Nothing in these blocks needs a tree, for they hold spans and links only. So the passes
over whole pages set them aside as text, and put them back at the end.
"""

import re
from collections.abc import Callable, Sequence

__all__ = ["drop_links_of_variables", "lead", "put_back", "set_aside"]

# What Pygments and sphinx-gallery write; a block with any other tag is parsed.
_BLOCK = re.compile(
    r'(<div class="highlight"><pre(?: tabindex="0")?>)'
    r'((?:[^<]|</?span>|<span class="[^"]*">|</a>'
    r'|<a class="[^"]*" href="[^"]*" title="[^"]*">)*+)(?=</pre>)'
)
_ASIDE = re.compile(r"<!--code (\d+)-->")
_INSTANCE = re.compile(
    r'<a class="([^"]*\bsphx-glr-backref-instance\b[^"]*)"[^>]*>(.*?)</a>', re.DOTALL
)
_TAG = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r'(?<= href=")[^"]*(?=")')


def set_aside(html: str) -> tuple[str, list[str]]:
    """Take the code out of a page.

    Args:
        html: The page.

    Returns:
        The page with a comment in place of each piece of code, and the pieces.

    Example:
        >>> page = '<div class="highlight"><pre><span class="k">def</span></pre></div>'
        >>> short, code = set_aside(page)
        >>> short
        '<div class="highlight"><pre><!--code 0--></pre></div>'
        >>> put_back(short, code) == page
        True
    """
    code: list[str] = []

    def keep(block: re.Match[str]) -> str:
        code.append(block[2])
        return f"{block[1]}<!--code {len(code) - 1}-->"

    return _BLOCK.sub(keep, html), code


def put_back(html: str, code: Sequence[str]) -> str:
    """Return a page with its code again."""
    return _ASIDE.sub(lambda place: code[int(place[1])], html)


def drop_links_of_variables(html: str) -> str:
    """Keep the links of names in code; drop those of a lesson's own variables."""
    return _INSTANCE.sub(lambda link: link[0] if _is_name(link) else link[2], html)


def _is_name(link: re.Match[str]) -> bool:
    return "." in _TAG.sub("", link[2]) and "builtins" not in link[1]


def lead(code: str, address: Callable[[str], str]) -> str:
    """Give each link in a piece of code another address."""
    return _ADDRESS.sub(lambda link: address(link[0]), code)
