"""An environment with another version of torch, in which lessons can run.

It holds what a lesson needs and nothing of the site; the package itself is found
through ``PYTHONPATH``. All packages but torch have the versions of constraints.txt.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from eatorch.sphinxext.mishaps import machine_fault
from eatorch.sphinxext.running import BuildError, one_at_a_time, say

__all__ = ["constraints", "python_with", "requirements"]

_VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc|\.dev)\d+)?(\+\w+)?")
_NAME = re.compile(r"[\w.-]+")


def python_with(root: Path, version: str) -> Path:
    """Return the interpreter of an environment with a version of torch; make it first.

    It is made anew where the lessons need other packages or versions than it has.

    Args:
        root: The project.
        version: Version of torch, such as ``"2.12.1"``.

    Returns:
        Path of the interpreter.

    Raises:
        BuildError: If the version is none, or the environment can't be made.
    """
    if not _VERSION.fullmatch(version):
        raise BuildError(
            f"TORCH must be a version such as 2.12.1, got {version!r}; "
            "'pip index versions torch' lists them"
        )
    folder = root / "build" / f"venv-torch-{version}"
    ready = folder / "ready"
    wanted = constraints(root) + "\n".join(requirements(root, version))
    with one_at_a_time(folder.with_name(f"{folder.name}.lock")):
        if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
            say(f"installing torch {version} into {folder} (this takes minutes)")
            _install(root, version, folder)
            ready.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "python"


def _install(root: Path, version: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _call(
        [sys.executable, "-m", "venv", str(folder)],
        root,
        f"{folder} could not be made",
        "install Python's venv (on Debian 'apt install python3-venv')",
    )
    pinned = folder / "constraints.txt"
    pinned.write_text(constraints(root), encoding="utf-8")
    command = [
        *(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"),
        *("--disable-pip-version-check", "-c", str(pinned)),
        *requirements(root, version),
    ]
    what = f"torch {version} could not be installed"
    _call(command, root, what, "check the version and the network")


def _call(command: list[str], root: Path, what: str, cure: str) -> None:
    """Run a command; tell in one line why it failed.

    Raises:
        BuildError: If it fails.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stdout + done.stderr
        errors = re.findall(r"^error: (.*)$", told, re.MULTILINE | re.IGNORECASE)
        first = [*told.strip().splitlines(), "it printed nothing"][0]
        why = errors[-1] if errors else first
        raise BuildError(machine_fault(why, root) or f"{what}: {why}; {cure}")


def requirements(root: Path, version: str) -> list[str]:
    """List what lessons need, with another version of torch.

    Args:
        root: The project; its pyproject.toml says what lessons need.
        version: Version of torch.

    Returns:
        Requirements for pip.
    """
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["extras"]]
    return [f"torch=={version}", *(it for it in needed if _name(it) != "torch")]


def constraints(root: Path) -> str:
    """Return the versions of constraints.txt without that of torch.

    Args:
        root: The project.

    Returns:
        Text for a file of constraints.
    """
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if _name(line) != "torch") + "\n"


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else ""
