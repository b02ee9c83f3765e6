"""What several tests share."""

import shutil
import signal
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch

from eatorch import checking

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_works() -> None:
    """Undo what a shell does to a background job: it would not hear Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def patience() -> None:
    """Give answers more time than a reader: tests share the machine with others.

    The limit is by the clock, and a right answer has broken it where several builds
    ran. ``make check`` does the same in its own process. Tests of the limit set it.
    """
    checking._SECONDS = 300.0


@pytest.fixture(autouse=True)
def clean_slate() -> None:
    """Forget what the tests and examples that ran before in this process left."""
    plt.close("all")
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's folder."""
    return ROOT


@pytest.fixture(scope="module")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project's machinery around one small lesson and one page."""
    project = tmp_path_factory.mktemp("small") / "project"
    for name in ("docs/_static", "docs/_templates", "docs/_inventories"):
        shutil.copytree(ROOT / name, project / name)
    for name in (
        "conf.py",
        "docutils.conf",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "constraints.txt",
    ):
        shutil.copy(ROOT / name, project / name)
    shutil.copy(ROOT / "docs" / "terms.json", project / "docs")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", project / "src", ignore=ignore)
    for name, text in SMALL.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy(
        ROOT / "locales" / "zh_CN" / "LC_MESSAGES" / "sphinx.po",
        project / "locales" / "zh_CN" / "LC_MESSAGES",
    )
    return project


LESSON = '''"""
.. _one:

One plus one
============

Add two numbers.

:Level: 1
:Hours: 0.1
"""

import matplotlib.pyplot as plt

total = 1 + 1
print("the total is", total)

# %%
# Two is the answer.

figure, axes = plt.subplots()
axes.set_title("The line rises")
axes.plot([0, 1])
plt.show()
'''

_PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def _catalog(**pairs: str) -> str:
    lines = [f'msgid "{en}"\nmsgstr "{zh}"\n' for en, zh in pairs.items()]
    return _PO + "\n".join(lines)


SMALL = {
    "docs/index.md": "# Home\n\n```{toctree}\nlessons/index\n```\n",
    "gallery/GALLERY_HEADER.rst": ".. _lessons:\n\nLessons\n=======\n\nAll.\n",
    "gallery/1_part/GALLERY_HEADER.rst": ".. _part:\n\nPart\n====\n\nOne part.\n",
    "gallery/1_part/01_one.py": LESSON,
    "locales/zh_CN/LC_MESSAGES/index.po": _catalog(Home="首页"),
    "locales/zh_CN/LC_MESSAGES/lessons/index.po": _catalog(
        **{
            "Lessons": "课程",
            "All.": "全部。",
            "Part": "篇",
            "One part.": "一篇。",
        }
    ),
    "locales/zh_CN/LC_MESSAGES/lessons/1_part/index.po": _catalog(
        **{"Part": "篇", "One part.": "一篇。"}
    ),
    "locales/zh_CN/LC_MESSAGES/lessons/1_part/01_one.po": _catalog(
        **{
            "One plus one": "一加一",
            "Add two numbers.": "把两个数相加。",
            "Two is the answer.": "答案是二。",
            "The line rises": "直线上升",
        }
    ),
}
