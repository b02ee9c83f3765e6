"""The first use of a term explains itself, in running text only."""

import pytest
from bs4 import BeautifulSoup

from eatorch.sphinxext.glossary import Term
from eatorch.sphinxext.hovers import explain_terms

TERMS = [
    Term("gradient", "梯度", "The slopes.", "坡度。", also_en=("gradients",)),
    Term("gradient descent", "梯度下降", "Walking down.", "往下走。"),
    Term("layer", "层", "A step.", "一步。"),
    Term("class", "类别", "An answer.", "一种答案。", quiet=True),
]


def explained(html: str, *, chinese: bool = False) -> list[tuple[str, str]]:
    """Return each marked word with its meaning."""
    soup = BeautifulSoup(f"<article><section>{html}</section></article>", "html.parser")
    before = soup.get_text()
    explain_terms(soup, TERMS, chinese=chinese, glossary="../glossary.html")
    found = []
    for term in soup.select(".term"):
        link, tip = term.select("a, .tip")
        assert str(link["href"]).startswith("../glossary.html#term-")
        assert link["aria-describedby"] == tip["id"]
        found.append((link.get_text(), tip.get_text()))
        tip.decompose()
    assert soup.get_text() == before  # not a letter of the text is lost
    return found


def test_the_first_use_is_marked_and_the_longest_term_wins() -> None:
    html = "<p>Gradient descent follows the gradient; the gradients, again.</p>"
    assert explained(html) == [
        ("Gradient descent", "Walking down."),
        ("gradient", "The slopes."),
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<h2>The gradient</h2>",
        "<p><code>gradient</code></p>",
        '<p><a href="#x">the gradient</a></p>',
        "<pre>gradient</pre>",
        "<p>gradientology and regradient</p>",
        "<p>a class of its own</p>",
    ],
)
def test_names_links_headings_and_quiet_words_are_left_alone(html: str) -> None:
    assert explained(html) == []


def test_chinese_words_need_no_edge_but_two_characters() -> None:
    assert explained("<p>沿梯度下降，每一层的梯度。</p>", chinese=True) == [
        ("梯度下降", "往下走。"),
        ("梯度", "坡度。"),
    ]


def test_no_terms_change_nothing() -> None:
    soup = BeautifulSoup("<article><p>gradient</p></article>", "html.parser")
    explain_terms(soup, [], chinese=False, glossary="")
    assert str(soup) == "<article><p>gradient</p></article>"
