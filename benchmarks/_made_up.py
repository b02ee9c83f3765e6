"""Made-up lessons in both languages, as many as wanted: the growth of a site."""

import json
import random
from collections.abc import Iterable
from pathlib import Path

from _costs import ROOT
from _projects import LOCALES, copy_machinery, write_catalog

_PARTS = 7  # as the real gallery has
_SECTIONS = 3
_LESSON = '''"""
.. _made-{number}:

{title}
{line}

{first}

:Level: 2
:Hours: 0.5
{needs}"""

import matplotlib.pyplot as plt
import torch

'''
_SECTION = """\
# %%
# .. _made-{number}-{section}:
#
# {heading}
# {line}
# {text}
#
# :ref:`made-{other}` has more, and so has :func:`torch.linspace`.

steps = torch.linspace(0, {section}, {length})  # (length,)
print("the sum is", steps.sum().item())

"""
_FIGURE = """\
# %%
# {text}

figure, axes = plt.subplots(layout="constrained")
axes.plot(steps, (steps * {number:d}).sin())
axes.set(title="{title}", xlabel="step", ylabel="sine")
plt.show()

# %%
# {heading}
# {line}
# {task}
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       answer = steps.sum() / {number:d}
"""
_MORE = ":ref:`made-{other}` has more, and so has :func:`torch.linspace`."
_MORE_ZH = "更多内容见 :ref:`made-{other}` 和 :func:`torch.linspace`。"


def make_project(target: Path, count: int) -> Path:
    """Write a project of made-up lessons around the machinery of the real one.

    Their sentences are those of the glossary, in both languages, drawn by chance.

    Args:
        target: A folder that does not exist.
        count: How many lessons.
    """
    copy_machinery(target)
    terms = json.loads((ROOT / "docs" / "terms.json").read_text("utf-8"))
    for number in range(1, count + 1):
        _write_lesson(target, number, count, terms)
    _write_frame(target, count)
    return target


def _write_lesson(
    target: Path, number: int, count: int, terms: list[dict[str, str]]
) -> None:
    chance = random.Random(number)
    drawn = chance.sample(terms, 3 * _SECTIONS)
    title, zh = (
        f"Lesson {number}: {drawn[0]['en']}",
        f"第 {number} 课：{drawn[0]['zh']}",
    )
    words = {title: zh, drawn[0]["meaning_en"]: drawn[0]["meaning_zh"]}
    name, before = f"{number:03}", f"{number - 1:03}"
    needs = f":Needs: :ref:`made-{before}`\n" if number > 1 else ""
    first = drawn[0]["meaning_en"]
    line = "=" * len(title)
    script = _LESSON.format(
        number=name, title=title, line=line, first=first, needs=needs
    )
    for section in range(1, _SECTIONS + 1):
        one, two, three = drawn[3 * section - 3 : 3 * section]
        text, text_zh = _sentences((one, two, three))
        other = f"{chance.randint(1, count):03}"
        words |= {one["en"]: one["zh"], text: text_zh}
        words[_MORE.format(other=other)] = _MORE_ZH.format(other=other)
        script += _SECTION.format(
            number=name,
            section=section,
            heading=one["en"],
            line="-" * len(one["en"]),
            text=text,
            other=other,
            length=10 * section,
        )
    script += _figure(number, drawn[-1], words)
    path = target / "gallery" / _part(number, count) / f"{name}_made.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, "utf-8")
    catalog = Path("lessons", _part(number, count), f"{name}_made.po")
    write_catalog(target / LOCALES / catalog, words)


def _figure(number: int, term: dict[str, str], words: dict[str, str]) -> str:
    """Return the end of a lesson, and add its messages to the others."""
    title, task = f"The sine of {number} waves", f"Divide the sum by {number}."
    words |= {
        title: f"{number} 个波的正弦",
        task: f"把总和除以 {number}。",
        "Exercise": "练习",
        "Solution": "参考答案",
        term["meaning_en"]: term["meaning_zh"],
    }
    return _FIGURE.format(
        number=number,
        title=title,
        task=task,
        heading="Exercise",
        line="-" * len("Exercise"),
        text=term["meaning_en"],
    )


def _sentences(terms: Iterable[dict[str, str]]) -> tuple[str, str]:
    """Return a paragraph in both languages."""
    drawn = list(terms)
    english = " ".join(it["meaning_en"] for it in drawn)
    return english, "".join(it["meaning_zh"] for it in drawn)


def _part(number: int, count: int) -> str:
    return f"{1 + (number - 1) * _PARTS // count}_part"


def _write_frame(target: Path, count: int) -> None:
    """Write the home page and the header of each part, with their catalogs."""
    files = {"docs/index.md": "# Home\n\n```{toctree}\nlessons/index\n```\n"}
    header = ".. _{label}:\n\n{title}\n{line}\n\nAll of it.\n"
    whole = header.format(label="lessons", title="Lessons", line="=" * 7)
    files["gallery/GALLERY_HEADER.rst"] = whole
    words = {"Lessons": "课程", "All of it.": "全部。"}
    for part in sorted({_part(number, count) for number in range(1, count + 1)}):
        title = f"Part {part[0]}"
        text = header.format(label=part, title=title, line="=" * len(title))
        files[f"gallery/{part}/GALLERY_HEADER.rst"] = text
        words[title] = f"第 {part[0]} 篇"
        mine = {title: words[title], "All of it.": "全部。"}
        write_catalog(target / LOCALES / "lessons" / part / "index.po", mine)
    for name, text in files.items():
        (target / name).write_text(text, "utf-8")
    write_catalog(target / LOCALES / "lessons" / "index.po", words)
    write_catalog(target / LOCALES / "index.po", {"Home": "首页"})
