"""The hosted workflow runs the gates of `.ci/run`, with actions pinned by hash."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path: Path) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return workflow


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in load(path)["jobs"].values() for step in job["steps"]]


def jobs() -> list[dict[str, Any]]:
    return [job for path in WORKFLOWS for job in load(path)["jobs"].values()]


def test_the_workflow_runs_what_a_person_runs() -> None:
    commands = [it.get("run") for path in WORKFLOWS for it in steps(path)]
    assert ".ci/run" in commands
    targets = {it.split()[1] for it in commands if it and it.startswith("make ")}
    makefile = (ROOT / "Makefile").read_text()
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda it: it.name)
def test_actions_are_pinned_by_hash_and_say_their_version(path: Path) -> None:
    lines = re.findall(r"uses: (.*)", path.read_text())
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda it: it.name)
def test_a_run_may_only_read_and_ends_in_time(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())
    kept = [it["with"] for it in steps(path) if "checkout" in it.get("uses", "")]
    assert all(it["persist-credentials"] is False for it in kept)


def test_builds_are_killed_more_often_each_week() -> None:
    (job,) = [it for it in jobs() if "EATORCH_KILLS" in it.get("env", {})]
    assert int(job["env"]["EATORCH_KILLS"]) >= 20
    assert "'schedule'" in job["if"]
    assert any("tests/test_bad_days.py" in it.get("run", "") for it in job["steps"])


def test_in_a_container_a_test_may_mount_a_disk_and_must() -> None:
    contained = [job for job in jobs() if "container" in job]
    assert contained
    for job in contained:
        options = job["container"]["options"]
        assert "--cap-add SYS_ADMIN --security-opt apparmor=unconfined" in options
        assert job["env"]["EATORCH_MOUNTS"] == "1"


def test_the_gates_are_in_ci_run() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    gates = ["make lint", "make test", "make site", "make gate", "make test-site"]
    places = [script.index(f"\n{gate}\n") for gate in gates]
    assert places == sorted(places)


@pytest.mark.xdist_group("together")
def test_tests_of_a_group_stay_together(request: pytest.FixtureRequest) -> None:
    """Else each process runs every lesson and builds every small site anew."""
    node = str(request.node.nodeid)
    assert node.endswith("@together") == ("PYTEST_XDIST_WORKER" in os.environ)
