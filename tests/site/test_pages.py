"""Every page, read as a file: what search engines, screen readers and links need."""

import re
import subprocess
from pathlib import Path
from posixpath import dirname, join, normpath
from statistics import median
from urllib.parse import urljoin

import pytest
from bs4 import Tag
from site_pages import (
    CHINESE,
    ENGLISH,
    HERE,
    LESSONS,
    PAGES,
    SITE,
    TOP,
    TREES,
    soup,
    twin,
)

from eatorch.sphinxext.build import published_at

ADDRESS = published_at(HERE.parents[1])


@pytest.mark.parametrize("page", PAGES)
def test_page_names_its_language_and_says_what_it_is(page: str) -> None:
    html = soup(page)
    assert html.html is not None
    assert html.html["lang"] == TREES[page.split("/", maxsplit=1)[0]]
    assert html.title is not None
    assert html.title.get_text(strip=True)
    descriptions = html.select("meta[name=description]")
    assert len(descriptions) == 1
    assert 15 <= len(str(descriptions[0]["content"])) <= 160
    assert len(html.select("meta[name=viewport]")) == 1
    assert html.select("link[rel~=icon]")


@pytest.mark.parametrize("page", PAGES)
def test_page_has_one_title_and_headings_in_order(page: str) -> None:
    levels = [int(it.name[1]) for it in soup(page).select("h1, h2, h3, h4, h5, h6")]
    assert levels.count(1) == 1
    steps = zip([0, *levels], levels, strict=False)
    assert all(level <= before + 1 for before, level in steps), levels


@pytest.mark.parametrize("page", PAGES)
def test_page_names_its_alternates_with_absolute_addresses(page: str) -> None:
    html = soup(page)
    links = {
        str(it["hreflang"]): str(it["href"]) for it in html.select("link[hreflang]")
    }
    assert set(links) == {"en", "zh-CN", "x-default"}
    own = TREES[page.split("/", maxsplit=1)[0]]
    other = TREES[twin(page).split("/")[0]]
    assert links[own].endswith("/" + page)
    assert links[other].endswith("/" + twin(page))
    assert all(url.startswith("https://") for url in links.values())
    canonical = [str(it["href"]) for it in html.select("link[rel=canonical]")]
    assert canonical == [links[own]]


@pytest.mark.parametrize("page", PAGES)
def test_switch_leads_to_the_twin(page: str) -> None:
    links = soup(page).select(".language-switch a")
    assert len(links) == 2  # in the sidebar and in the phone's header
    for link in links:
        target = normpath(join(dirname(page), str(link["href"])))
        assert target == twin(page)
        assert (SITE / target).exists()
        assert link["hreflang"] == link["lang"] == TREES[twin(page).split("/")[0]]


@pytest.mark.parametrize("page", ENGLISH)
def test_sections_have_the_same_address_in_both_languages(page: str) -> None:
    both = [
        [str(it["id"]) for it in soup(name).select("article section[id]")]
        for name in (page, twin(page))
    ]
    assert both[0] == both[1]
    assert not [name for name in both[0] if re.fullmatch(r"id\d+", name)]


@pytest.mark.parametrize("page", PAGES)
def test_pictures_have_words_and_sizes(page: str) -> None:
    for image in soup(page).select("img"):
        assert image.get("width"), image
        assert image.get("height"), image
        assert image.has_attr("alt"), image
        decoration = image.find_parent(["a", "summary"]) is not None
        assert image["alt"] or decoration, image


@pytest.mark.parametrize("page", PAGES)
def test_no_warning_and_no_path_of_the_machine_that_built_it(page: str) -> None:
    text = soup(page).get_text()
    for leak in ("site-packages", "DeprecationWarning: ", str(HERE.parents[1])):
        assert leak not in text


@pytest.mark.parametrize("page", TOP + PAGES)
def test_links_inside_the_site_lead_somewhere(page: str) -> None:
    for element in soup(page).select("[href], [src]"):
        address = str(element.get("href") or element.get("src"))
        if re.match(r"[a-z]+:", address) or address in {"", "#"}:
            continue
        url, _, anchor = urljoin(ADDRESS + page, address).partition("#")
        assert url.startswith(ADDRESS), f"{address} in {page}"
        target = url.removeprefix(ADDRESS).partition("?")[0]
        assert (SITE / target).is_file(), f"{address} in {page}"
        if anchor and target.endswith(".html"):
            found = soup(target).find(id=anchor)
            assert found is not None, f"{address} in {page}"


def test_most_lessons_have_figures_for_both_schemes() -> None:
    for kind in ("light", "dark"):
        assert median(len(soup(it).select(f"img.only-{kind}")) for it in LESSONS) >= 4


# What Sphinx, furo, sphinx-gallery, copybutton and our own table write in English.
FRAME = (
    """
Skip to content|Back to top|On this page|Next|Previous|Search|Contents|Menu|Expand|Home
Light mode|Dark mode|Auto light/dark, in light mode|Auto light/dark, in dark mode
Toggle site navigation sidebar|Toggle table of contents sidebar
Toggle Light / Dark / Auto color theme|View this page|Edit this page|Copyright|Made with
Go to the end|to download the full example code.|Total running time of the script:
Download Jupyter notebook|Download Python source code|Download zipped|Out:|Tags:
Gallery generated by Sphinx-Gallery|Related examples|Examples using|Error|Logo
Copy|Copy to clipboard|Copied!|Failed to copy|Permalink to this heading
Link to this heading|Link to this definition|Link to this table|Link to this image
Note|Warning|Tip|Hint|Important|Caution|Danger|See also|Solution|Click to show
Parameters|Returns|Raises|Return type|Yields|Example|Examples|References|Attributes
Level|Hours|Day|Needs|Data|Level:|Hours:|Needs:|Data:|Downloads|Script|Zip|Last run
Bases:|Index|Module Index|Table of Contents|Previous topic|Next topic|Quick search
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("page", CHINESE)
def test_no_english_word_of_the_frame_on_a_chinese_page(page: str) -> None:
    html = soup(page)
    for code in html.select("code, pre"):  # what a reader types is no word of ours
        code.decompose()
    texts = [text.strip() for text in html.find_all(string=True)]
    for name in ("title", "alt", "aria-label", "placeholder", "data-tooltip"):
        texts += [str(it[name]).strip() for it in html.select(f"[{name}]")]
    assert sorted(set(texts) & set(FRAME)) == []
    assert not [text for text in texts if text.startswith("Toggle ")]


# The only Latin words outside a page's own content: names.
NAMES = {"eatorch", "English", "Furo"}


@pytest.mark.parametrize("page", CHINESE)
def test_frame_of_a_chinese_page_is_chinese(page: str) -> None:
    frame = soup(page).body
    assert frame is not None
    words: set[str] = set()
    own = ("article", "script", "style")
    for text in frame.find_all(string=True):
        parents = {parent.name for parent in text.parents}
        linked = text.find_parent(class_=re.compile("toc-tree|sidebar-tree|related"))
        if not parents & set(own) and linked is None:
            words |= set(re.findall(r"[A-Za-z]{2,}", text))
    for element in frame.select("[aria-label], [title], [placeholder]"):
        if element.find_parent("article") or element.find_parent(class_="sidebar-tree"):
            continue
        for name in ("aria-label", "title", "placeholder"):
            words |= set(re.findall(r"[A-Za-z]{2,}", str(element.get(name, ""))))
    assert sorted(words - NAMES) == []


def test_both_trees_have_the_same_pages() -> None:
    assert [twin(page) for page in ENGLISH] == CHINESE


def test_markup_conforms(tools: Path) -> None:
    """Every page obeys the HTML standard, as html-validate reads it."""
    command = [str(tools / ".bin" / "html-validate"), "--formatter", "text"]
    command += ["--config", str(tools.parent / "html-validate.json")]
    command += [str(SITE / page) for page in TOP + PAGES]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[:5000] + done.stderr[:2000]


@pytest.mark.parametrize("page", TOP)
def test_top_pages_need_nothing_else(page: str) -> None:
    """A lost address can be at any depth, so its page carries its own style."""
    html = soup(page)
    assert not html.select("link[rel=stylesheet], script[src]")
    links = [it for it in html.select("main a") if isinstance(it, Tag)]
    assert {str(it["hreflang"]) for it in links} == {"en", "zh-CN"}
