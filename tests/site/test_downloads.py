"""Every download runs where nothing is installed, in the language of its reader."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest
from site_pages import HERE, SITE, Server
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

CONSTRAINTS = HERE.parents[1] / "constraints.txt"
SCRIPTS = sorted(SITE.glob("*/downloads/*.py"))
NOTEBOOKS = sorted(SITE.glob("*/downloads/*.ipynb"))
DOWNLOADS = SCRIPTS + NOTEBOOKS
NOWHERE = "http://127.0.0.1:9/"  # the discard port: nobody serves there
# In seconds: torch is large and the network may be slow.
INSTALL_LIMIT, RUN_LIMIT = 3600, 900
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
    limit: int = RUN_LIMIT

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
            timeout=self.limit,
            check=False,
        )


@pytest.fixture(scope="module")
def fresh(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """Make the environment; the first script installs eatorch from the site."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    environment = Fresh(python, server.root, limit=INSTALL_LIMIT)
    pip = ["-m", "pip", "install", "--quiet", "nbclient", "ipykernel"]
    environment.run(*pip, folder=folder)
    assert "eatorch" not in environment.run("-m", "pip", "list", folder=folder)
    shutil.copy(SCRIPTS[0], folder)
    environment.run(SCRIPTS[0].name, folder=folder)
    where = "import eatorch; print(eatorch.__file__)"
    assert environment.run("-c", where, folder=folder).startswith(str(folder / "venv"))
    yield replace(environment, limit=RUN_LIMIT)
    shutil.rmtree(folder)


def test_there_are_downloads_in_both_languages() -> None:
    for files in (SCRIPTS, NOTEBOOKS):
        names = [path.name for path in files]
        english = [name for name in names if ".zh." not in name]
        assert english
        assert sorted(names) == sorted(
            [*english, *(name.replace(".", ".zh.") for name in english)]
        )


def test_code_is_the_same_in_all_files_of_a_lesson() -> None:
    for english in (path for path in SCRIPTS if ".zh." not in path.name):
        code = code_of(english)
        chinese = SITE / "zh-cn" / "downloads" / f"{english.stem}.zh.py"
        assert code == code_of(chinese)
        for script in (english, chinese):
            assert code == code_of(script.with_suffix(".ipynb"))


def code_of(download: Path) -> list[str]:
    """Return the code cells of a script or a notebook."""
    if download.suffix == ".py":
        blocks = split_code_and_text_blocks(download)[1]
        return [text.strip() for kind, text, _ in blocks if kind == "code"]
    cells = json.loads(download.read_text())["cells"]
    return ["".join(it["source"]) for it in cells if it["cell_type"] == "code"]


# The code of a lesson is the same in all its files, so it runs once, as a Chinese
# notebook: what runs in its cells also runs as a script, unless it starts processes,
# which import their script again. Such lessons run as English scripts as well, and the
# first lesson in all four forms.
PROCESSES = {"16", "26", "30"}


def is_run(download: Path) -> bool:
    """Tell whether a download is one of those that run."""
    number, chinese = download.name[:2], ".zh." in download.name
    if number == SCRIPTS[0].name[:2]:
        return True
    if download.suffix == ".py":
        return number in PROCESSES and not chinese
    return chinese


RUN = [path for path in DOWNLOADS if is_run(path)]


@pytest.fixture(scope="module")
def printed(
    fresh: Fresh,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[Path, Future[str]]]:
    """Run the downloads that are asked for, as many at a time as there are cores."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    params = [spec.params for spec in specs if spec is not None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            path: pool.submit(
                run_with_a_slip, fresh, path, tmp_path_factory.mktemp("run")
            )
            for path in RUN
            if {"download": path} in params
        }


def run_with_a_slip(fresh: Fresh, download: Path, folder: Path) -> str:
    """Run a download with a wrong answer at its end; return what it printed."""
    slip = f'eatorch.check("{exercises_of(download)[0]}", object())'
    if download.suffix == ".py":
        (folder / download.name).write_text(f"{download.read_text()}\n{slip}\n")
        return fresh.run(download.name, folder=folder)
    content = json.loads(download.read_text())
    cell = {**content["cells"][1], "id": "slip", "source": [slip]}
    content["cells"].append(cell)
    path = folder / download.name
    path.write_text(json.dumps(content))
    # Jupyter tells the kernel the name of the notebook in this variable.
    session = {"JPY_SESSION_NAME": str(path)}
    fresh.run("-c", RUN_NOTEBOOK, path.name, folder=folder, **session)
    return _printed(path)


def exercises_of(download: Path) -> list[str]:
    """Return the numbers of the exercises that a download checks."""
    code = "\n".join(code_of(download))
    return re.findall(r'^eatorch\.check\("([\d-]+)"', code, re.MULTILINE)


@pytest.mark.parametrize("download", RUN, ids=lambda path: path.name)
def test_download_runs_and_its_checks_speak(
    download: Path, printed: dict[Path, Future[str]]
) -> None:
    exercises = exercises_of(download)
    *told, last = TOLD.findall(printed[download].result())
    assert [line.split()[1] for line in told] == exercises
    assert last.startswith(f"✗ {exercises[0]}")
    assert bool(CHINESE.search(last)) == (".zh." in download.name)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_obeys_the_format(notebook: Path) -> None:
    nbformat.validate(json.loads(notebook.read_text()))


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
    assert last.startswith("packages are missing; install by hand: ")
    assert f"{NOWHERE}wheels/eatorch-" in last
