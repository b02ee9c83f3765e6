"""Formulas as MathML, made when the site is built.

The browser needs no script to show them, and a formula that the converter does not
know stops the build instead of reaching the page as raw TeX.
"""

import re
from xml.sax.saxutils import escape

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator


def to_mathml(tex: str, *, display: bool = False) -> str:
    r"""Convert a formula.

    Args:
        tex: The formula in TeX.
        display: Set it on a line of its own.

    Returns:
        A ``<math>`` element that also carries its TeX, for copying.

    Raises:
        ValueError: If the formula holds a command that the converter does not know.

    Example:
        >>> to_mathml(r"x^2").startswith('<math')
        True
    """
    markup = convert(tex, display="block" if display else "inline")
    unknown = re.search(r">\s*(\\[A-Za-z]+)", markup)
    if unknown:
        raise ValueError(f"tex must use known commands, got {unknown[1]} in {tex!r}")
    label = escape(tex, {'"': "&quot;"})
    return str(markup).replace("<math ", f'<math data-tex="{label}" ', 1)


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(_converted(node, display=False))
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{_converted(node, display=True)}</div>\n')
    raise nodes.SkipNode


def _converted(node: nodes.Element, *, display: bool) -> str:
    try:
        return to_mathml(node.astext(), display=display)
    except Exception as error:
        raise ExtensionError(
            f"{node.source}:{node.line}: formula {node.astext()!r}: {error}"
        ) from error


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer; ``html_math_renderer = "mathml"`` chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
