"""Every download runs where nothing is installed, in the language of its reader."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest
from site_pages import HERE, SITE, Server

CONSTRAINTS = HERE.parents[1] / "constraints.txt"
SCRIPTS = sorted(SITE.glob("*/downloads/*.py"))
NOTEBOOKS = sorted(SITE.glob("*/downloads/*.ipynb"))
NOWHERE = "http://127.0.0.1:9/"  # the discard port: nobody serves there
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TOLD = re.compile(r"^[○✓✗] +\d\d-\d.*$", re.MULTILINE)
RUN_NOTEBOOK = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


@dataclass(frozen=True)
class Fresh:
    """A virtual environment outside the repository, and the site it may ask."""

    python: Path
    site: str

    def run(self, *command: str, folder: Path, **extra: str) -> str:
        """Run Python in a folder; return what it printed, fail if it fails."""
        done = self.attempt(*command, folder=folder, **extra)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def attempt(
        self, *command: str, folder: Path, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Python in a folder, with nothing of the project in its surroundings."""
        kept = {name: os.environ[name] for name in os.environ if name[:4] == "PIP_"}
        environment = {
            "PATH": f"{self.python.parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "PIP_CONSTRAINT": str(CONSTRAINTS),
            "EATORCH_SITE": self.site,
            **kept,
            **extra,
        }
        return subprocess.run(
            [str(self.python), *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


@pytest.fixture(scope="module")
def fresh(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """Make the environment; the first script installs eatorch from the site."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    environment = Fresh(folder / "venv" / "bin" / "python", server.root)
    pip = ["-m", "pip", "install", "--quiet", "nbclient", "ipykernel"]
    environment.run(*pip, folder=folder)
    assert "eatorch" not in environment.run("-m", "pip", "list", folder=folder)
    shutil.copy(SCRIPTS[0], folder)
    environment.run(SCRIPTS[0].name, folder=folder)
    where = "import eatorch; print(eatorch.__file__)"
    assert environment.run("-c", where, folder=folder).startswith(str(folder / "venv"))
    yield environment
    shutil.rmtree(folder)


def test_there_are_downloads_in_both_languages() -> None:
    for files in (SCRIPTS, NOTEBOOKS):
        names = [path.name for path in files]
        english = [name for name in names if ".zh." not in name]
        assert english
        assert sorted(names) == sorted(
            [*english, *(name.replace(".", ".zh.") for name in english)]
        )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_runs_and_its_checks_speak(
    fresh: Fresh, script: Path, tmp_path: Path
) -> None:
    source = script.read_text()
    exercises = re.findall(r'^eatorch\.check\("([\d-]+)"', source, re.MULTILINE)
    wrong = f'\neatorch.check("{exercises[0]}", object())\n'
    (tmp_path / script.name).write_text(source + wrong)
    *told, last = TOLD.findall(fresh.run(script.name, folder=tmp_path))
    assert [line.split()[1] for line in told] == exercises
    assert last.startswith(f"✗ {exercises[0]}")
    assert bool(CHINESE.search(last)) == (".zh." in script.name)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_runs_and_its_checks_speak(
    fresh: Fresh, notebook: Path, tmp_path: Path
) -> None:
    content = json.loads(notebook.read_text())
    nbformat.validate(content)
    code = ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]
    exercises = re.findall(
        r'^eatorch\.check\("([\d-]+)"', "\n".join(code), re.MULTILINE
    )
    extra = {**content["cells"][1], "id": "wrong"}
    extra["source"] = [f'eatorch.check("{exercises[0]}", object())']
    content["cells"].append(extra)
    path = tmp_path / notebook.name
    path.write_text(json.dumps(content))
    # Jupyter tells the kernel the name of the notebook in this variable.
    session = {"JPY_SESSION_NAME": str(path)}
    fresh.run("-c", RUN_NOTEBOOK, notebook.name, folder=tmp_path, **session)
    *told, last = TOLD.findall(_printed(path))
    assert [line.split()[1] for line in told] == exercises
    assert last.startswith(f"✗ {exercises[0]}")
    assert bool(CHINESE.search(last)) == (".zh." in notebook.name)


def _printed(path: Path) -> str:
    outputs = [
        output
        for cell in json.loads(path.read_text())["cells"]
        for output in cell.get("outputs", [])
    ]
    return "".join("".join(output.get("text", "")) for output in outputs)


@pytest.mark.parametrize("language", ["en", "zh-cn"])
def test_zip_needs_no_site(fresh: Fresh, language: str, tmp_path: Path) -> None:
    script = next(path for path in SCRIPTS if path.parent.parent.name == language)
    with ZipFile(script.with_suffix(".zip")) as archive:
        archive.extractall(tmp_path)
    fresh.run("-m", "pip", "uninstall", "--yes", "--quiet", "eatorch", folder=tmp_path)
    fresh.run(script.name, folder=tmp_path, EATORCH_SITE=NOWHERE)
    fresh.run("-c", "import eatorch", folder=tmp_path)


def test_without_site_and_wheel_the_script_says_what_to_do(
    fresh: Fresh, tmp_path: Path
) -> None:
    script = SCRIPTS[0]
    shutil.copy(script, tmp_path)
    fresh.run("-m", "pip", "uninstall", "--yes", "--quiet", "eatorch", folder=tmp_path)
    offline = {"EATORCH_SITE": NOWHERE, "PIP_RETRIES": "0"}
    done = fresh.attempt(script.name, folder=tmp_path, **offline)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("eatorch is missing; install it by hand: ")
    assert f"{NOWHERE}wheels/eatorch-" in last
