"""Code leaves a page and comes back; only what has links of variables loses them."""

from eatorch.sphinxext.code_blocks import (
    drop_links_of_variables,
    lead,
    put_back,
    set_aside,
)

LINK = (
    '<a class="sphx-glr-backref-type-py-class sphx-glr-backref-instance reference" '
    'href="x.html#torch.nn" title="torch.nn">{}</a>'
)


def block(code: str) -> str:
    return f'<div class="highlight"><pre>{code}</pre></div>'


def test_only_the_code_leaves_the_page() -> None:
    first, second = '<span class="n">a</span> &lt; 1\n', LINK.format("b.c")
    page = f"<p>Look:</p>{block(first)}<pre>no code</pre>{block(second)}"
    short, code = set_aside(page)
    assert code == [first, second]
    assert short == (
        f"<p>Look:</p>{block('<!--code 0-->')}<pre>no code</pre>"
        f"{block('<!--code 1-->')}"
    )
    assert put_back(short, code) == page


def test_a_block_with_any_other_tag_is_left_to_the_parser() -> None:
    for tag in ('<span onclick="x()">a</span>', "<img>", '<span style="a">b</span>'):
        assert set_aside(block(tag)) == (block(tag), [])


def test_names_keep_their_links_and_variables_lose_them() -> None:
    name, variable = LINK.format("<span>nn</span>.<span>Linear</span>"), "<b>net</b>"
    builtin = LINK.replace("-class ", "-builtins ").format("a.b")
    page = f"{name} {LINK.format(variable)} {builtin}"
    assert drop_links_of_variables(page) == f"{name} {variable} a.b"


def test_links_in_code_can_lead_elsewhere() -> None:
    assert lead(LINK.format("nn"), str.upper) == LINK.format("nn").replace(
        "x.html#torch.nn", "X.HTML#TORCH.NN"
    )
