"""Practice in the terminal: files that are the learner's own, runs that end."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from eatorch.__main__ import main
from eatorch.practice.folder import FolderError, file_of, file_text, write_files
from eatorch.practice.progress import Progress
from eatorch.practice.runs import Outcome, run
from eatorch.practice.tasks import Task, lessons, tasks
from eatorch.practice.watch import Practice


@pytest.fixture
def task() -> Task:
    return next(it for it in tasks(["07"]) if it.number == "07-2")


def written(folder: Path, task: Task, code: str) -> Path:
    path = file_of(folder, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    return path


def outcome_of(folder: Path, task: Task, code: str, limit: float = 60) -> Outcome:
    return run(written(folder, task, code), task, "en", limit)


# ---- The folder ----------------------------------------------------------------------


def test_there_is_a_file_for_each_exercise(tmp_path: Path) -> None:
    wanted = tasks()
    made, kept = write_files(tmp_path / "new" / "folder", wanted, "zh")
    assert (made, kept) == (len(wanted), 0)
    assert len(list(tmp_path.rglob("[0-9]*_*.py"))) == len(wanted)
    for task in wanted:
        text = file_of(tmp_path / "new" / "folder", task).read_text(encoding="utf-8")
        compile(text, task.number, "exec")
        assert task.zh.title in text.replace("\n# ", "")


def test_a_learners_file_is_never_written_over(tmp_path: Path, task: Task) -> None:
    path = written(tmp_path, task, "mine = 1\n")
    assert write_files(tmp_path, [task], "en") == (0, 1)
    assert path.read_text() == "mine = 1\n"


def test_a_folder_that_is_a_file_is_named(tmp_path: Path, task: Task) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(FolderError, match=r"folder must be .*taken"):
        write_files(tmp_path / "taken", [task], "en")


def test_lines_of_a_file_fit_a_screen() -> None:
    for task in tasks():
        for line in file_text(task, "zh").splitlines():
            if line.startswith("#") and "`" not in line and "$" not in line:
                assert len(line) <= 90


def test_an_unknown_lesson_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=rf"one of 01 to {lessons()[-1]}, got '99'"):
        tasks(["99"])
    with pytest.raises(SystemExit):
        main(["practice", "99"])
    assert "got '99'" in capsys.readouterr().err


# ---- One run -------------------------------------------------------------------------


def test_an_untouched_file_waits(tmp_path: Path, task: Task) -> None:
    outcome = outcome_of(tmp_path, task, file_text(task, "en"))
    assert outcome == Outcome(False, "○ 07-2  Not answered yet")


def test_a_solution_passes(tmp_path: Path, task: Task) -> None:
    check = task.stub.splitlines()[-1]
    answer = file_text(task, "en", f"{task.code}\nprint('mine')\n{check}\n")
    outcome = outcome_of(tmp_path, task, answer)
    assert outcome.passed
    assert outcome.told.startswith("mine\n✓ 07-2")


def test_a_wrong_answer_gets_the_message_of_the_check(
    tmp_path: Path, task: Task
) -> None:
    path = written(tmp_path, task, file_text(task, "zh").replace("...", "return True"))
    outcome = run(path, task, "zh", 60)
    assert not outcome.passed
    assert outcome.told.startswith("✗ 07-2")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in outcome.told)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print('before')\n1 / 0\n", "ZeroDivisionError"),
        ("def f(:\n", "SyntaxError"),
        ("import sys\nsys.exit(3)\n", "stopped before the check"),
        ("print('no check')\n", 'eatorch.check("07-2", …)'),
        ("import os\nos.kill(os.getpid(), 9)\n", "stopped before the check"),
        ("print('x' * 10_000_000)\n1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_file_that_fails_gets_a_clear_message(
    tmp_path: Path, task: Task, code: str, told: str
) -> None:
    outcome = outcome_of(tmp_path, task, code)
    assert not outcome.passed
    assert told in outcome.told


def test_bytes_that_are_no_text_get_a_clear_message(tmp_path: Path, task: Task) -> None:
    path = written(tmp_path, task, "")
    path.write_bytes(b"# \xff\xfe\x00\n")
    assert "SyntaxError" in run(path, task, "en", 60).told


def test_a_lost_file_is_named(tmp_path: Path, task: Task) -> None:
    assert "is gone" in run(tmp_path / "07_2.py", task, "en", 60).told


@pytest.mark.parametrize("noise", ["pass", "print('x' * 1000)"])
def test_an_endless_file_is_stopped_with_all_that_it_started(
    tmp_path: Path, task: Task, noise: str
) -> None:
    code = (
        "import subprocess, sys\n"
        "nap = [sys.executable, '-c', 'import time; time.sleep(99)']\n"
        "child = subprocess.Popen(nap)\n"
        "open('child', 'w').write(str(child.pid))\n"
        f"while True: {noise}\n"
    )
    outcome = outcome_of(tmp_path, task, code, limit=2)
    assert "Still running after 2 seconds" in outcome.told
    pid = (file_of(tmp_path, task).parent / "child").read_text()
    assert ends(int(pid))


def ends(pid: int, seconds: float = 10) -> bool:
    """Wait until a process has ended, for its end takes a moment."""
    stop = time.monotonic() + seconds
    state = Path(f"/proc/{pid}/stat")
    while state.exists() and state.read_text().split()[2] != "Z":
        if time.monotonic() > stop:
            return False
        time.sleep(0.05)
    return True


# ---- Progress ------------------------------------------------------------------------


def test_progress_is_kept(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.note("07-1", passed=True)
    progress.note("07-2", passed=True)
    progress.note("07-2", passed=False)
    again = Progress(tmp_path)
    assert "07-1" in again
    assert "07-2" not in again
    assert again.bar(["07-1", "07-2"]).endswith("] 1/2")


@pytest.mark.parametrize("text", ["{", "[]", '{"done": 3}', "null"])
def test_damaged_progress_is_put_aside(tmp_path: Path, text: str) -> None:
    (tmp_path / "progress.json").write_text(text)
    progress = Progress(tmp_path)
    assert progress.damaged is not None
    assert progress.damaged.read_text() == text
    progress.note("07-1", passed=True)
    assert json.loads((tmp_path / "progress.json").read_text()) == {"done": ["07-1"]}


# ---- Keys ----------------------------------------------------------------------------


def test_keys_show_hints_and_the_solution(tmp_path: Path) -> None:
    told: list[str] = []
    wanted = tasks(["07"])
    practice = Practice(tmp_path, wanted, language="en", show=told.append)
    hints = len(wanted[0].en.hints)
    for _ in range(hints + 1):
        practice.press("h")
    assert told[-1 - hints].startswith(f"Hint 1 of {hints}: ")
    assert "all hints" in told[-1]
    practice.press("s")
    assert wanted[0].code in told
    practice.press("p")
    assert practice.now == wanted[-1]
    practice.press("n")
    assert practice.now == wanted[0]
    assert practice.press("x")
    assert "'x' is no key." in told
    assert not practice.press("q")


def test_a_saved_file_is_seen_once(tmp_path: Path, task: Task) -> None:
    practice = Practice(tmp_path, [task], language="en", show=lambda _: None)
    assert practice.saved() == []
    written(tmp_path, task, "saved = 1\n")
    assert practice.saved() == [task]
    assert practice.saved() == []


def test_once_checks_all_and_tells_by_its_status(tmp_path: Path) -> None:
    wanted = tasks(["01"])
    for task in wanted:
        check = task.stub.splitlines()[-1]
        written(tmp_path, task, file_text(task, "en", f"{task.code}\n{check}\n"))
    command = ["practice", "01", "--once", "--folder", str(tmp_path)]
    assert main(command) == 0
    written(tmp_path, wanted[0], "pass\n")
    assert main(command) == 1


# ---- A real terminal -----------------------------------------------------------------


class Terminal:
    """``python -m eatorch practice`` at a terminal, as a learner sees it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "eatorch", "practice", *options]
        self.process = subprocess.Popen(
            [*command, "--folder", str(folder)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self.ours, False)
        self.seen = ""

    def wait_for(self, text: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not come:\n{self.seen}"
            try:
                self.seen += os.read(self.ours, 65_536).decode("utf-8", "replace")
            except (BlockingIOError, OSError):
                time.sleep(0.1)

    def type(self, key: str) -> None:
        os.write(self.ours, f"{key}\n".encode())


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    running = Terminal(tmp_path / "mine", "07", "--language", "zh", "--limit", "50")
    yield running
    running.process.kill()
    running.process.wait()
    os.close(running.ours)


def test_a_learner_practises(terminal: Terminal, tmp_path: Path, task: Task) -> None:
    terminal.wait_for("0/4")
    terminal.type("h")
    terminal.wait_for("提示 1/")
    path = file_of(tmp_path / "mine", task)
    path.write_text("1 / 0\n", encoding="utf-8")
    terminal.wait_for("ZeroDivisionError")
    check = task.stub.splitlines()[-1]
    path.write_text(file_text(task, "zh", f"{task.code}\n{check}\n"), encoding="utf-8")
    terminal.wait_for("✓ 07-2")
    terminal.wait_for("1/4")
    terminal.type("q")
    terminal.wait_for("再见")
    assert terminal.process.wait(10) == 0


def test_ctrl_c_leaves_quietly(terminal: Terminal) -> None:
    terminal.wait_for("0/4")
    time.sleep(0.5)
    terminal.process.send_signal(2)
    assert terminal.process.wait(10) == 0
    assert "Traceback" not in terminal.seen
