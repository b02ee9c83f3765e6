"""A page is kept only if everything that it was made from is unchanged."""

import json
from pathlib import Path

import pytest

from eatorch.sphinxext import runs
from eatorch.sphinxext.metadata import Lesson, read_lessons

LESSON = '"""\n.. _one:\n\nOne\n===\n\n:Level: 1\n:Hours: 1\n"""\n'
LESSON += "import torch\nimport eatorch\neatorch.helper.x\n"
CONSTRAINTS = "ruff==0.17.5\nscikit-learn==1.9.1\nsympy==1.14.0\ntorch==2.13.0\n"
PAGE = "docs/lessons/1_part/01_one"

Project = tuple[Path, list[Lesson], Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "gallery" / "1_part").mkdir(parents=True)
    (tmp_path / "gallery" / "1_part" / "01_one.py").write_text(LESSON)
    (tmp_path / "src" / "eatorch" / "sphinxext").mkdir(parents=True)
    for name in ("__init__", "helper", "other"):
        (tmp_path / "src" / "eatorch" / f"{name}.py").write_text("x = 1\n")
    (tmp_path / "constraints.txt").write_text(CONSTRAINTS)
    generated = tmp_path / "docs" / "lessons"
    lessons = read_lessons(tmp_path / "gallery")
    assert runs.forget_stale(lessons, generated, tmp_path) == lessons, "never ran"
    run(generated)
    return tmp_path, lessons, generated


def run(generated: Path) -> None:
    """Leave what a run of the lesson leaves."""
    page = generated / "1_part" / "01_one"
    (page.parent / "images" / "thumb").mkdir(parents=True, exist_ok=True)
    for ending in (".rst", ".codeobj.json", ".py.md5"):
        page.with_suffix(ending).write_text("made")
    for name in ("sphx_glr_01_one_001.png", "thumb/sphx_glr_01_one_thumb.png"):
        (page.parent / "images" / name).write_bytes(b"p")
    runs.write_record(page.with_suffix(".py"), {"seconds": 1})


def stale(project: Project) -> bool:
    root, lessons, generated = project
    found = bool(runs.forget_stale(lessons, generated, root))
    checksum = generated / "1_part" / "01_one.py.md5"
    assert checksum.exists() != found, "sphinx-gallery must run exactly the stale ones"
    return found


def test_an_unchanged_lesson_is_kept(project: Project) -> None:
    assert not stale(project)


@pytest.mark.parametrize(
    "changed",
    [
        "gallery/1_part/01_one.py",
        "src/eatorch/helper.py",
        f"{PAGE}.rst",
        f"{PAGE}.codeobj.json",
        f"{PAGE}.run.json",
        "docs/lessons/1_part/images/sphx_glr_01_one_001.png",
        "docs/lessons/1_part/images/thumb/sphx_glr_01_one_thumb.png",
    ],
)
def test_any_change_runs_the_lesson_again(project: Project, changed: str) -> None:
    path = project[0] / changed
    path.write_bytes(path.read_bytes() + b"x\n")
    assert stale(project)


def test_a_module_that_the_lesson_does_not_reach_runs_nothing(project: Project) -> None:
    (project[0] / "src" / "eatorch" / "other.py").write_text("x = 2\n")
    assert not stale(project)


@pytest.mark.parametrize(
    ("package", "matters"),
    [("torch", True), ("sympy", True), ("scikit-learn", False), ("ruff", False)],
)
def test_another_version_runs_the_lessons_that_reach_it(
    project: Project, package: str, matters: bool
) -> None:
    """torch requires sympy; the lesson imports no scikit-learn, and none needs ruff."""
    path = project[0] / "constraints.txt"
    path.write_text(CONSTRAINTS.replace(f"{package}==", f"{package}==9."))
    assert stale(project) == matters


def test_the_machinery_of_the_site_runs_nothing_again(project: Project) -> None:
    (project[0] / "src" / "eatorch" / "sphinxext" / "plan.py").write_text("y = 2\n")
    assert not stale(project)


@pytest.mark.parametrize("ending", [".py.md5", ".rst", ".run.json"])
def test_a_page_cut_off_by_a_kill_is_made_again(project: Project, ending: str) -> None:
    (project[0] / f"{PAGE}{ending}").unlink()
    root, lessons, generated = project
    assert runs.forget_stale(lessons, generated, root) == lessons


def test_a_lesson_that_did_not_end_is_not_trusted(project: Project) -> None:
    root, lessons, generated = project
    (root / f"{PAGE}.py.md5").unlink()  # written when a run has ended
    runs.write_record(root / f"{PAGE}.py", {"seconds": 1})
    assert runs.forget_stale(lessons, generated, root) == lessons


def test_an_edit_while_the_lesson_runs_makes_it_run_again(project: Project) -> None:
    root, lessons, generated = project
    helper = root / "src" / "eatorch" / "helper.py"
    helper.write_text("x = 2\n")
    runs.forget_stale(lessons, generated, root)
    helper.write_text("x = 3\n")  # the build that has begun may have read x = 2
    run(generated)
    assert stale(project)


def test_the_record_tells_what_the_lesson_was_made_from(project: Project) -> None:
    root, (lesson,), _ = project
    record = json.loads((root / f"{PAGE}.run.json").read_text())
    assert record["seconds"] == 1
    assert runs.inputs(lesson, root).items() <= record.items()


def changed_fingerprints(project: Project, old: str, new: str) -> set[str]:
    root, (lesson,), _ = project
    before = runs.inputs(lesson, root)
    lesson.path.write_text(LESSON.replace(old, new))
    after = runs.inputs(lesson, root)
    return {name for name in before if before[name] != after[name]}


def test_prose_changes_the_fingerprint_of_the_script_alone(project: Project) -> None:
    assert changed_fingerprints(project, "Hours: 1", "Hours: 2") == {"script"}


def test_a_comment_in_code_is_code(project: Project) -> None:
    changed = changed_fingerprints(project, "helper.x", "helper.x  # why")
    assert changed == {"script", "code"}


def test_what_conf_says_of_results_counts_and_nothing_else(project: Project) -> None:
    conf = project[0] / "conf.py"
    conf.write_text('html_title = "one"\n')
    stale(project)
    run(project[2])
    conf.write_text('html_title = "two"\n')
    assert not stale(project)
    conf.write_text('sphinx_gallery_conf = {"capture_repr": ("__repr__",)}\n')
    assert stale(project)


def test_pages_of_a_lesson_that_moved_do_not_stay(project: Project) -> None:
    root, _, generated = project
    (generated / "1_part" / "index.rst").touch()
    (root / "gallery" / "2_part").mkdir()
    (root / "gallery" / "1_part" / "01_one.py").rename(
        root / "gallery" / "2_part" / "01_one.py"
    )
    moved = read_lessons(root / "gallery")
    (generated / "2_part").mkdir()
    (generated / "2_part" / "index.rst").touch()
    (generated / "2_part" / "01_one.rst").touch()
    runs.forget_gone(moved, generated)
    assert sorted(it.name for it in generated.glob("*_part")) == ["2_part"]
    assert (generated / "2_part" / "01_one.rst").exists()


def test_pages_of_a_lesson_that_is_gone_do_not_stay(project: Project) -> None:
    root, lessons, generated = project
    for ending in (".rst", ".py", ".run.json"):
        (generated / "1_part" / f"02_two{ending}").touch()
    runs.forget_gone(lessons, generated)
    assert not list(generated.glob("*/02_*"))
    assert (root / f"{PAGE}.rst").exists()
