"""What a preview complains of, and how it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eatorch.sphinxext import preview
from eatorch.sphinxext.preview import complaints
from eatorch.sphinxext.running import BuildError


@pytest.mark.parametrize(
    "open_link",
    [
        "undefined label: 'graph' [ref.ref]",
        "unknown document: '../start/install' [ref.doc]",
        "py:func reference target not found: eatorch.check [ref.func]",
    ],
)
def test_links_to_pages_that_are_not_built_are_no_complaint(open_link: str) -> None:
    assert complaints(f"done\nlesson.rst:7: WARNING: {open_link}\n") == []


def test_a_wrong_name_of_another_library_is_one() -> None:
    line = "07.rst:3: WARNING: py:func reference target not found: torch.rnad"
    assert complaints(f"reading\n{line}\nwriting\n") == [line]


def test_a_sphinx_that_was_killed_is_told_by_its_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_command: list[str], _root: Path, log: Path) -> int:
        log.write_text("reading sources... [ 50%] lessons/index\n", encoding="utf-8")
        return -9

    monkeypatch.setattr(preview, "stream", killed)
    with pytest.raises(BuildError, match="SIGKILL"):
        preview._sphinx(tmp_path, tmp_path / "tree", "en")


READ = """
import sys
from pathlib import Path
from eatorch.sphinxext import preview, refresh

def sphinx(_command, _root, log):
    log.write_text("课程 …", encoding="utf-8")
    return 0

preview.stream = refresh.stream = sphinx
here = Path(sys.argv[1])
assert preview._sphinx(here, here / "tree", "en") == "课程 …"
assert refresh._sphinx_gettext(here, here / "templates") == "课程 …"
"""


def test_a_log_is_read_as_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    script = tmp_path / "read.py"
    script.write_text(READ, encoding="utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, script, tmp_path],
        env={**os.environ, **ascii_only},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
