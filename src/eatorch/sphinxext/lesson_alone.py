"""Run a lesson as a reader does: the downloaded script, and nothing of the project.

It runs in a process of its own, in an empty folder and with an empty home, with the
package from its wheel; two variables send what asks for a proxy nowhere. The
interpreter is the project's, which has more packages than a reader's, so what the
lesson imports is compared with what a reader gets.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from eatorch.sphinxext.constraints import distributions, imported, reach
from eatorch.sphinxext.downloads import Script, install_code, python_script
from eatorch.sphinxext.publish import build_wheel

__all__ = ["alone_faults", "import_faults"]

_NOWHERE = "http://127.0.0.1:9"  # no server listens on the port of "discard"
_KEPT = ("PATH", "LANG", "SYSTEMROOT", "OMP_NUM_THREADS", "MPLCONFIGDIR")


def import_faults(lesson: Path) -> Iterator[str]:
    """List what a lesson imports and a reader lacks.

    Args:
        lesson: The script; must be Python.

    Yields:
        File and line, what is wrong, and the cure.
    """
    there = reach(frozenset(_installed(lesson)))
    for name, line in imported(lesson.read_text(encoding="utf-8")).items():
        packages = {*distributions().get(name, ()), name}
        if name not in sys.stdlib_module_names and not packages & there:
            yield (
                f"{lesson}:{line}: a reader has no {name!r}, which does not come with "
                "eatorch; do without it, or add its package to 'extras' in "
                "pyproject.toml and to EXTRAS in src/eatorch/sphinxext/downloads.py"
            )


def _installed(lesson: Path) -> list[str]:
    """Return the packages that the first cell of the download looks for."""
    cell = install_code("", "", "\n".join(Script.read(lesson).code))
    (needed,) = re.findall(r"^needed = (.+)$", cell, re.MULTILINE)
    names: list[str] = json.loads(needed)
    return names


def alone_faults(lesson: Path, root: Path) -> Iterator[str]:
    """Run what a reader downloads, in a clean environment.

    Args:
        lesson: The script.
        root: The project.

    Yields:
        File and line, what is wrong, and the cure.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = _download(lesson, root, folder)
        empty = folder / "empty"
        empty.mkdir()
        done = subprocess.run(
            [sys.executable, script],
            cwd=empty,
            env=_environment(folder),
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            line = _line(lesson, script, done.stderr)
            told = [f"status {done.returncode}", *done.stderr.strip().splitlines()]
            yield (
                f"{lesson}:{line}: the downloaded script stops with {told[-1]!r}; "
                "let it need nothing but the package and what this installs"
            )


def _download(lesson: Path, root: Path, folder: Path) -> Path:
    """Write the script as it is downloaded, beside the package out of its wheel."""
    wheel = build_wheel(root, folder / "wheel")
    shutil.unpack_archive(wheel, folder / "packages", "zip")
    parts = Script.read(lesson)
    install = install_code("", wheel.name, "\n".join(parts.code))
    path = folder / lesson.name
    path.write_text(python_script(parts.merge(parts.prose.blocks), install), "utf-8")
    return path


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    offline = dict.fromkeys(("http_proxy", "https_proxy"), _NOWHERE)
    home = {"HOME": str(folder), "MPLBACKEND": "agg", "no_proxy": "localhost,127.0.0.1"}
    return {**kept, **offline, **home, "PYTHONPATH": str(folder / "packages")}


def _line(lesson: Path, script: Path, stderr: str) -> int:
    """Find the line of the lesson that failed; the download counts its own."""
    lines = re.findall(rf'File "{re.escape(str(script))}", line (\d+)', stderr)
    if not lines:  # it was killed, or ended Python by itself
        return 1
    failed = script.read_text(encoding="utf-8").splitlines()[int(lines[-1]) - 1 :][:1]
    source = lesson.read_text(encoding="utf-8").splitlines()
    return next((at for at, line in enumerate(source, 1) if [line] == failed), 1)
