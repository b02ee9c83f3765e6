"""Each page says what it may load, and asks for nothing that it forbids."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from eatorch.sphinxext.policy import seal, write_headers

PAGE = """<html><head><meta charset="utf-8"><script src="a.js"></script></head>
<body><script>let one = 1;</script><style>p { color: red }</style>{}</body></html>"""


def sealed(body: str) -> BeautifulSoup:
    soup = BeautifulSoup(PAGE.replace("{}", body), "html.parser")
    seal(soup)
    return soup


def policy(soup: BeautifulSoup) -> dict[str, list[str]]:
    meta = soup.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert isinstance(meta, Tag)
    parts = (it.split() for it in str(meta["content"]).split("; "))
    return {name: values for name, *values in parts}


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_only_our_own_files_and_the_known_inline_texts_are_allowed() -> None:
    found = policy(sealed("<p>Hello</p>"))
    assert found["default-src"] == ["'none'"]
    assert found["script-src"] == ["'self'", digest("let one = 1;")]
    assert found["style-src"] == ["'self'", digest("p { color: red }")]
    assert not any("unsafe" in it for values in found.values() for it in values)


def test_the_policy_comes_before_anything_that_it_governs() -> None:
    names = [tag.name for tag in sealed("").head.find_all(True)]  # type: ignore[union-attr]
    assert names == ["meta", "meta", "script"]


def test_only_the_search_page_may_run_webassembly() -> None:
    search = sealed('<form id="search-form"></form>')
    assert "'wasm-unsafe-eval'" in policy(search)["script-src"]


def test_attributes_with_styles_get_another_form() -> None:
    soup = sealed(
        '<table><col style="width: 26.0%"/></table>'
        '<svg style="display: none;"><path style="opacity: 50%"/></svg>'
    )
    assert "style=" not in str(soup.body)
    assert soup.find("col", {"class": "width-25"})
    assert soup.find("svg", display="none")
    assert soup.find("path", opacity="50%")


@pytest.mark.parametrize(
    "body", ['<p style="color: red">no</p>', '<p onclick="go()">no</p>']
)
def test_what_the_policy_would_silently_drop_stops_the_build(body: str) -> None:
    with pytest.raises(ValueError, match=r"the policy forbids .* in <p>; give it"):
        sealed(body)


def test_headers_allow_what_any_page_needs_and_forbid_frames(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "index.html").write_text(str(sealed("<script>two()</script>")))
    (tmp_path / "en" / "index.html").write_text(str(sealed("")))
    write_headers(tmp_path)
    text = (tmp_path / "_headers").read_text()
    assert text.splitlines()[1] == "/*"
    assert digest("two()") in text
    assert digest("let one = 1;") in text
    assert "frame-ancestors 'none'" in text


def test_a_page_without_a_policy_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html></html>")
    with pytest.raises(ValueError, match="has no policy"):
        write_headers(tmp_path)
