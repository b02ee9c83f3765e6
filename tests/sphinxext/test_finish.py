"""Each repair of the finished HTML does what it says and nothing else."""

from pathlib import Path

from bs4 import BeautifulSoup

from eatorch.sphinxext.finish import Page, Picture, finish_page, summary_of
from eatorch.sphinxext.metadata import Lesson

LESSON = Lesson(
    path=Path("gallery/2_core/07_tensor.py"),
    number="07",
    label="tensor",
    title="Tensors",
    level=4,
    hours=1.0,
    day=5,
    needs=("hello",),
)
RUN = {
    "date": "2026-01-02",
    "torch": "2.13.0",
    "python": "3.11.7",
    "device": "CPU",
    "seconds": 1.5,
    "peak_mb": 300,
}
FIELDS = """<article><h1>Tensors</h1><p>A promise.</p>
<dl class="field-list simple">
<dt>Level<span class="colon">:</span></dt><dd><p>4</p></dd>
<dt>Needs<span class="colon">:</span></dt><dd><p><a href="x.html">Hello</a></p></dd>
</dl></article>"""


def finished(html: str, **known: object) -> BeautifulSoup:
    page = Page(**{"path": "lessons/2_core/07_tensor.html", "language": "en", **known})  # type: ignore[arg-type]
    return BeautifulSoup(finish_page(html, page), "html.parser")


def test_the_field_list_becomes_a_card() -> None:
    soup = finished(FIELDS, lesson=LESSON, run=RUN)
    card = soup.select_one("aside.lesson-card")
    assert card is not None
    assert card["aria-label"] == "About this lesson"
    assert "★★★★☆" in card.get_text()
    assert card.select_one("dd a[href='x.html']") is not None
    assert "2.13.0" in card.get_text()
    links = [link["href"] for link in card.select(".downloads a")]
    assert links == [
        f"../../downloads/07_tensor{end}" for end in (".ipynb", ".py", ".zip")
    ]
    assert soup.select_one("dl.field-list") is None


def test_the_chinese_card_has_no_english_word_and_chinese_files() -> None:
    soup = finished(FIELDS, lesson=LESSON, run=RUN, language="zh-cn")
    card = soup.select_one("aside.lesson-card")
    assert card is not None
    names = [term.get_text() for term in card.select("dt")]
    assert names == ["难度", "学时", "第几天", "先修"]
    assert (
        card.select(".downloads a")[0]["href"] == "../../downloads/07_tensor.zh.ipynb"
    )


def test_the_card_of_a_run_without_measures_tells_the_rest() -> None:
    run = {key: RUN[key] for key in RUN.keys() - {"seconds", "peak_mb"}}
    soup = finished(FIELDS, lesson=LESSON, run=run)
    record = soup.select_one(".run-record")
    assert record is not None
    assert "2.13.0" in record.get_text()
    assert "processor" not in record.get_text()
    assert "1.5 s of processor time" in str(finished(FIELDS, lesson=LESSON, run=RUN))


def test_other_field_lists_stay() -> None:
    assert finished(FIELDS).select_one("dl.field-list") is not None


def test_pictures_get_size_light_file_and_dark_twin() -> None:
    pictures = {"a.png": Picture("a.webp", 400, 200, "a_dark.webp")}
    soup = finished(
        '<img alt="It grows" src="../../_images/a.png"/>', pictures=pictures
    )
    light, dark = soup.find_all("img")
    assert (light["src"], dark["src"]) == (
        "../../_images/a.webp",
        "../../_images/a_dark.webp",
    )
    assert (light["width"], light["height"]) == ("400", "200")
    assert "only-light" in light["class"]
    assert "only-dark" in dark["class"]
    assert light["alt"] == dark["alt"] == "It grows"


def test_a_thumbnail_becomes_one_named_link() -> None:
    html = """<div class="sphx-glr-thumbcontainer" tooltip="English words">
    <img alt="" src="_images/t.png"/><p><a class="reference" href="07_tensor.html">
    <span class="doc">张量</span></a></p>
    <div class="sphx-glr-thumbnail-title">Tensors</div></div>"""
    intros = {"lessons/2_core/07_tensor.html": "一句话。"}
    soup = finished(
        html, path="lessons/2_core/index.html", intros=intros, language="zh-cn"
    )
    (card,) = soup.select("a.card")
    assert card["href"] == "07_tensor.html"
    assert card.get_text(" ", strip=True) == "张量 一句话。"
    assert "English" not in str(soup)
    assert "Tensors" not in str(soup)


def test_a_part_offers_its_lessons_as_one_file() -> None:
    html = "<h1>Core</h1><p>Words.</p>"
    link = finished(html, path="lessons/2_core/index.html").select_one(
        "a.part-download"
    )
    assert link is not None
    assert link["href"] == "../../downloads/2_core.zip"
    whole = finished(html, path="lessons/index.html", language="zh-cn")
    assert (
        whole.select("a.part-download")[0]["href"]
        == "../downloads/eatorch-lessons.zh.zip"
    )


def test_what_scrolls_takes_the_focus_and_captions_have_a_level() -> None:
    html = """<p class="caption" role="heading"><span>Part</span></p>
    <div class="highlight"><pre>code</pre></div>"""
    soup = finished(html)
    assert soup.select_one("pre[tabindex='0']") is not None
    assert soup.select_one("[role=heading][aria-level='2']") is not None


def test_the_summary_is_the_first_paragraph_under_the_title() -> None:
    assert summary_of(FIELDS) == "A promise."
    assert summary_of("<p>no title</p>") == ""


def test_names_keep_their_links_and_variables_lose_them() -> None:
    html = """<a class="sphx-glr-backref-instance" href="t">row</a>
    <a class="sphx-glr-backref-instance" href="u">axes.plot</a>
    <a class="sphx-glr-backref-module-torch" href="v">torch.tensor</a>"""
    soup = finished(html)
    assert [link.get_text() for link in soup.find_all("a")] == [
        "axes.plot",
        "torch.tensor",
    ]
    assert "row" in soup.get_text()


def test_the_lines_of_a_long_signature_are_lines() -> None:
    html = """<dl><dt class="sig">fit(<dl><dd>model,</dd><dd>data,</dd></dl>)</dt>
    <dd>Text.</dd></dl>"""
    soup = finished(html)
    assert soup.select("dt dl, dt dd") == []
    lines = [it.get_text() for it in soup.select("dt .sig-line")]
    assert lines == ["model,", "data,"]
    assert len(soup.select("dl > dd")) == 1
