"""The window in which a learner practises: it watches files and answers keys."""

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from eatorch.languages import Language
from eatorch.practice.folder import file_of, write_files
from eatorch.practice.progress import Progress
from eatorch.practice.runs import run
from eatorch.practice.tasks import Task
from eatorch.practice.words import say

__all__ = ["Practice"]

_PAUSE = 0.3  # seconds between two looks at the files


class Practice:
    """Exercises in a folder, watched until all are done or the learner leaves.

    Args:
        folder: The learner's folder; files in it are never written over.
        tasks: The exercises.
        language: Language of all words.
        limit: Seconds that one run may take.
        show: Prints one message.
    """

    def __init__(
        self,
        folder: Path,
        tasks: list[Task],
        *,
        language: Language,
        limit: float = 60.0,
        show: Callable[[str], object] = print,
    ) -> None:
        self.folder, self.tasks = folder, tasks
        self.language, self.limit = language, limit
        self._show = show
        _, kept = write_files(folder, tasks, language)
        self._tell("written", count=len(tasks), folder=folder, kept=kept)
        self.progress = Progress(folder)
        if kept_as := self.progress.damaged:
            self._tell("damaged", path=self.progress.path, kept=kept_as)
        self.now = self._next_open(tasks[0])
        self._hints = 0  # how many hints of the present task were shown
        self._seen = {task: self._stamp(task) for task in tasks}

    @property
    def done(self) -> bool:
        """Whether all exercises are right."""
        return all(task.number in self.progress for task in self.tasks)

    def watch(self, keys: TextIO) -> None:
        """Check each file that is saved and answer keys, until the learner leaves.

        Args:
            keys: Where the keys come from, one on each line; when it ends, the watch
                goes on.
        """
        typed: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(keys, typed), daemon=True).start()
        self._tell("keys")
        self._introduce()
        while not self.done:
            for task in self.saved():
                self.check(task)
            while not typed.empty():
                if not self.press(typed.get()):
                    return self._tell("bye")
            time.sleep(_PAUSE)
        return self._tell("all_done")

    def saved(self) -> list[Task]:
        """Return the exercises whose files changed since the last look."""
        found = {task: self._stamp(task) for task in self.tasks}
        changed = [task for task in self.tasks if found[task] != self._seen[task]]
        self._seen = found
        return changed

    def check(self, task: Task) -> bool:
        """Run a file, say what came of it and go on if it is right.

        Args:
            task: The exercise.
        """
        self._turn_to(task)
        self._tell("running", number=task.number)
        path = file_of(self.folder, task)
        outcome = run(path, task, self.language, self.limit)
        self._show(outcome.told)
        self.progress.note(task.number, passed=outcome.passed)
        if outcome.passed and not self.done:
            self._turn_to(self._next_open(task))
            self._introduce()
        return outcome.passed

    def press(self, key: str) -> bool:
        """Answer a key.

        Args:
            key: What was typed; nothing means that the present task is shown again.

        Returns:
            False if the learner leaves.
        """
        actions: dict[str, Callable[[], object]] = {
            "": self._introduce,
            "h": self._hint,
            "s": self._solve,
            "c": lambda: self.check(self.now),
            "n": lambda: self._step(1),
            "p": lambda: self._step(-1),
        }
        if key == "q":
            return False
        if action := actions.get(key):
            action()
        else:
            self._tell("unknown_key", typed=key)
            self._tell("keys")
        return True

    def _hint(self) -> None:
        hints = self.now.told(self.language).hints
        if self._hints == len(hints):
            return self._tell("no_hint")
        text = hints[self._hints]
        self._hints += 1
        return self._tell("hint", index=self._hints, count=len(hints), text=text)

    def _solve(self) -> None:
        self._tell("solution")
        self._show(self.now.code)
        if about := self.now.told(self.language).solution:
            self._show(about)

    def _step(self, by: int) -> None:
        place = (self.tasks.index(self.now) + by) % len(self.tasks)
        self._turn_to(self.tasks[place])
        self._introduce()

    def _turn_to(self, task: Task) -> None:
        if task != self.now:
            self.now, self._hints = task, 0

    def _introduce(self) -> None:
        self._show(self.progress.bar(task.number for task in self.tasks))
        title = self.now.told(self.language).title
        self._tell("now", title=title, path=file_of(self.folder, self.now))

    def _next_open(self, task: Task) -> Task:
        """Return the first exercise from ``task`` on, and round, that is not done."""
        place = self.tasks.index(task)
        turn = self.tasks[place:] + self.tasks[:place]
        return next((it for it in turn if it.number not in self.progress), task)

    def _stamp(self, task: Task) -> tuple[int, int]:
        """Return what changes when a file is saved; zeros while there is none."""
        try:
            status = file_of(self.folder, task).stat()
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size

    def _tell(self, key: str, **values: object) -> None:
        self._show(say(key, self.language, **values))


def _listen(keys: TextIO, typed: "queue.SimpleQueue[str]") -> None:
    for line in keys:
        typed.put(line.strip().lower())
