"""On a bad day the last good site stays, the cause is told, and the next build heals.

Every test begins with the same small project after one good build. That build, and all
later ones, run with ``SOURCE_DATE_EPOCH`` at zero and without a network.
"""

import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.test_build import change, command, environment

pytestmark = pytest.mark.xdist_group("bad days")  # they share a costly fixture
KILLS = int(os.environ.get("EATORCH_KILLS", "3"))  # a night may have more
LESSON = "gallery/1_part/01_one.py"
GENERATED = "docs/lessons/1_part"
CATALOGS = "locales/zh_CN/LC_MESSAGES"
CACHE = "build/notebook-cache"

PAGE = """\
---
file_format: mystnb
kernelspec:
  name: python3
---

# Page

```{code-cell}
1 + 2
```
"""
CATALOG = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Page"
msgstr "页面"
"""
# Python tells of all that it does before it does it. What asks for a network is noted
# and refused; what writes is counted, and at a chosen moment all processes are killed.
GUARD = """\
import os, signal, sys

LOCAL = {None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1"}
ASKS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}
COUNTER = os.open(os.environ["COUNTER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
MOMENT = os.environ.get("MOMENT", "")

def watch(event, arguments):
    if event in ASKS:
        address = arguments[1] if event == "socket.connect" else arguments
        if isinstance(address, tuple) and address[0] not in LOCAL:
            with open(os.environ["ATTEMPTS"], "a") as file:
                print(event, address, sys.argv[:3], file=file)
            raise ConnectionError(f"no network: {event} {address}")
    if event == "os.rename" or (event == "open" and writes(*arguments)):
        os.write(COUNTER, b".")
        if MOMENT and has_come(str(arguments[1])):
            os.killpg(0, signal.SIGKILL)

def writes(path, mode, flags):
    return isinstance(path, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR)

def has_come(target):
    if MOMENT.isdigit():
        return os.fstat(COUNTER).st_size >= int(MOMENT)
    return target.endswith(MOMENT)

sys.addaudithook(watch)
"""
# In a namespace of its own a process has no interface but the one to itself.
ALONE = [*("unshare", "-rn", "sh", "-c"), 'ip link set lo up && exec "$@"', "sh"]
# Root reads and writes anything, unless it gives this up.
HUMBLE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def works(*words: str) -> bool:
    """Tell whether this machine allows something; the command does nothing else."""
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def surroundings(project: Path) -> dict[str, str]:
    """Return the environment of a build: early in history and far from any network."""
    variables = environment(project)
    guard, attempts = project.with_name("guard"), project.with_name("attempts")
    return {
        **variables,
        "PYTHONPATH": f"{guard}{os.pathsep}{variables['PYTHONPATH']}",
        "ATTEMPTS": str(attempts),
        "COUNTER": str(project.with_name("counter")),
        "SOURCE_DATE_EPOCH": "0",
    }


def build(project: Path, *prefix: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, *command(project)],
        cwd=project,
        text=True,
        capture_output=True,
        check=False,
        env=surroundings(project),
    )


def contents(site: Path) -> dict[str, bytes]:
    """Return all files of a site; where the clock stands still, no seconds are told."""
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def differences(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    names = first.keys() | second.keys()
    return sorted(name for name in names if first.get(name) != second.get(name))


def published(project: Path) -> dict[str, bytes]:
    """Return the site; between the two renames of a swap it bears its other name."""
    site = project / "build" / "site"
    return contents(site if site.exists() else site.with_name("site.old"))


@pytest.fixture(scope="module")
def whole(small_project: Path) -> Path:
    """Return the small project, with an executed page, after one good build."""
    guard = small_project.with_name("guard")
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    (small_project / "docs" / "page.md").write_text(PAGE, encoding="utf-8")
    (small_project / CATALOGS / "page.po").write_text(CATALOG, encoding="utf-8")
    change(small_project, "docs/index.md", "lessons/index", "lessons/index\npage")
    done = build(small_project, *(ALONE if works(*ALONE, "true") else ()))
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.copytree(small_project, small_project.with_name("kept"), symlinks=True)
    return small_project


@pytest.fixture
def project(whole: Path) -> Path:
    """Return the project as the good build left it, whatever tests did to it since."""
    restore(whole)
    return whole


def restore(whole: Path) -> None:
    shutil.rmtree(whole)
    shutil.copytree(whole.with_name("kept"), whole, symlinks=True)


@pytest.fixture(scope="module")
def good(whole: Path) -> dict[str, bytes]:
    return contents(whole.with_name("kept") / "build" / "site")


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line in which a failed build tells a person why."""
    assert done.returncode == 1, done.stdout + done.stderr
    head, *told = done.stderr.strip().splitlines()
    assert head == "eatorch: the site was not built."
    assert len(told) == 1, done.stderr
    return told[0]


# Killed


@pytest.fixture(scope="module")
def changed(whole: Path, good: dict[str, bytes]) -> tuple[int, dict[str, bytes]]:
    """Return the number of writes and the result of a build that nobody disturbs."""
    restore(whole)
    change(whole, LESSON, "1 + 1", "2 + 0")
    counter = whole.with_name("counter")
    counter.unlink(missing_ok=True)
    done = build(whole)
    assert done.returncode == 0, done.stderr
    site = published(whole)
    assert differences(good, site)
    return counter.stat().st_size, site


def killed(project: Path, moment: str) -> int:
    """Build the changed lesson and be killed, children and all; return how it ended.

    The moment is a number of writes, which a busy machine does not change, or the end
    of the name to which a folder is about to be renamed.
    """
    change(project, LESSON, "1 + 1", "2 + 0")
    project.with_name("counter").unlink(missing_ok=True)
    return subprocess.run(
        command(project),
        cwd=project,
        capture_output=True,
        check=False,
        env=surroundings(project) | {"MOMENT": moment},
        start_new_session=True,  # so that nobody else is killed
    ).returncode


def check_after_kill(
    project: Path, old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    """The old site is whole, and the next build is as if nothing had happened."""
    assert differences(published(project), old) == []
    done = build(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert differences(published(project), new) == []
    left_over = {"site.old", "next", "UNFINISHED"}
    assert not left_over & {path.name for path in (project / "build").iterdir()}


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_kill_at_a_random_moment(
    kill: int,
    project: Path,
    good: dict[str, bytes],
    changed: tuple[int, dict[str, bytes]],
) -> None:
    """One moment in each of as many equal parts of a build as there are kills."""
    writes, new = changed
    moment = int((kill + random.Random(kill).uniform(0, 0.9)) * writes / KILLS)
    assert killed(project, str(moment)) == -signal.SIGKILL
    check_after_kill(project, good, new)


def test_a_kill_between_the_two_steps_of_publishing(
    project: Path, good: dict[str, bytes], changed: tuple[int, dict[str, bytes]]
) -> None:
    assert killed(project, "build/site") == -signal.SIGKILL
    assert not (project / "build" / "site").exists(), "it waits under its other name"
    check_after_kill(project, good, changed[1])


# Starved


@contextmanager
def small_disk(project: Path, *, room: int) -> Iterator[tuple[list[str], Path]]:
    """Put the project on a disk with little room.

    Yields:
        What to write before a command so that it sees that disk, and the project as
        it is seen from here.
    """
    script = """
    mkdir "$2.disk" && mount -t tmpfs -o size="$1" none "$2.disk" &&
    cp -a "$2/." "$2.disk" && mount --bind "$2.disk" "$2" && echo ready && exec cat
    """
    holder = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(room), str(project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    ready = holder.stdout.readline()
    inside = ["nsenter", "--preserve-credentials", "-U", "-m", "-t", str(holder.pid)]
    try:
        assert ready == "ready\n", holder.communicate()[1]
        yield inside, Path(f"/proc/{holder.pid}/root{project}")
    finally:
        holder.communicate()
        project.with_name(f"{project.name}.disk").rmdir()


@pytest.fixture
def mounts(tmp_path: Path) -> None:
    check_mounts(tmp_path)


def check_mounts(folder: Path) -> None:
    mount = 'mount -t tmpfs none "$1"'
    if works("unshare", "-rm", "sh", "-c", mount, "sh", str(folder)):
        return
    why = "this machine lets us mount no file system"
    if os.environ.get("EATORCH_MOUNTS") == "1":
        pytest.fail(f"{why}, but EATORCH_MOUNTS=1 says that it does")
    pytest.skip(f"{why}; see the test of a log that cannot grow")


def space(folder: Path) -> int:
    """Return how many bytes a folder takes up."""
    return 512 * sum(path.lstat().st_blocks for path in folder.rglob("*"))


@pytest.mark.usefixtures("mounts")
def test_a_full_disk(project: Path, good: dict[str, bytes]) -> None:
    change(project, "docs/page.md", "1 + 2", "3 + 0")
    pages = space(project / "build" / "work")
    shutil.rmtree(project / "build" / "work")
    room = space(project) + pages + 60_000_000
    with small_disk(project, room=room) as (inside, seen):
        for left in (1_000_000, pages + 3_000_000):  # in English, while it publishes
            disk = os.statvfs(seen)
            fill = disk.f_bavail * disk.f_frsize - left
            with (seen / "ballast").open("wb") as ballast:
                os.posix_fallocate(ballast.fileno(), 0, fill)
            told = refused(build(project, *inside))
            assert told.startswith(
                f"no space left on the disk of {project}: free some space"
            )
            assert differences(published(seen), good) == []
            assert not (seen / "build" / "next").exists()
            (seen / "ballast").unlink()
        done = build(project, *inside)
        assert done.returncode == 0, done.stderr
        site = published(seen)
        assert b'<span class="mi">3</span>' in site["en/page.html"]
        remount = ["mount", "-o", "remount,bind,ro", str(project)]
        subprocess.run([*inside, *remount], check=True)
        told = refused(build(project, *inside))
        assert told == (
            "build/lock: Read-only file system; make it writable and build again"
        )


def test_where_mounts_are_promised_their_test_is_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "works", lambda *_: False)
    monkeypatch.setenv("EATORCH_MOUNTS", "1")
    with pytest.raises(pytest.fail.Exception, match="EATORCH_MOUNTS=1"):
        check_mounts(tmp_path)
    monkeypatch.delenv("EATORCH_MOUNTS")
    with pytest.raises(pytest.skip.Exception, match="mount no file system"):
        check_mounts(tmp_path)


def test_a_log_that_cannot_grow(project: Path, good: dict[str, bytes]) -> None:
    """The device of Linux that is always full needs no right to mount."""
    log = project / "build" / "en.log"
    log.unlink()
    log.symlink_to("/dev/full")
    told = refused(build(project))
    assert told.startswith(f"no space left on the disk of {project}: free some space")
    assert differences(published(project), good) == []


def test_a_limit_on_the_size_of_files(project: Path, good: dict[str, bytes]) -> None:
    shutil.rmtree(project / "build" / "work")
    told = refused(build(project, "sh", "-c", 'ulimit -f 200; exec "$@"', "sh"))
    assert "File too large; allow larger files ('ulimit -f')" in told
    assert differences(published(project), good) == []


# Cut off


def test_nothing_asks_for_a_network(whole: Path) -> None:
    """The good build ran under the guard; the guard itself is no dummy."""
    attempts = whole.with_name("attempts")
    assert not attempts.exists(), attempts.read_text()
    ask = "import urllib.request as it; it.urlopen('http://192.0.2.1/')"
    script = [sys.executable, "-c", ask]
    done = subprocess.run(
        script, env=surroundings(whole), capture_output=True, check=False
    )
    assert done.returncode
    assert "'192.0.2.1'" in attempts.read_text()
    attempts.unlink()


def test_the_clock_stands_at_zero(whole: Path, good: dict[str, bytes]) -> None:
    """Zips know no time before 1980."""
    assert (
        b"Run on 1970-01-01"
        in (
            whole.with_name("kept") / "build/site/en/lessons/1_part/01_one.html"
        ).read_bytes()
    )
    zips = list((whole.with_name("kept") / "build" / "site").rglob("*.zip"))
    times = {
        entry.date_time for path in zips for entry in zipfile.ZipFile(path).infolist()
    }
    assert times == {(1980, 1, 1, 0, 0, 0)}
    assert good


# Damaged


def cut(*patterns: str) -> Callable[[Path], None]:
    """Return what cuts files off in the middle."""

    def damage(project: Path) -> None:
        for path in matching(project, patterns):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return damage


def garble(*patterns: str) -> Callable[[Path], None]:
    """Return what fills files with bytes that mean nothing."""

    def damage(project: Path) -> None:
        for path in matching(project, patterns):
            path.write_bytes(b"\x80garbage\x00\xff")

    return damage


def matching(project: Path, patterns: tuple[str, ...]) -> list[Path]:
    found = [list(project.glob(pattern)) for pattern in patterns]
    assert all(found), f"one of {patterns} names nothing"
    return [path for paths in found for path in paths]


HEALED = {
    "the memory of executed pages, the compiled catalogs": (
        garble(f"{CACHE}/global.db", f"{CATALOGS}/*.mo"),
        f"eatorch: {CACHE} was damaged; it is made anew",
    ),
    "half an executed page, half a compiled catalog, half of each edition": (
        cut(
            f"{CACHE}/executed/*/*.ipynb",
            f"{CATALOGS}/lessons/1_part/01_one.mo",
            "build/editions/*",
        ),
        "eatorch-site-en.zip was damaged; it is made anew",
    ),
    "what a lesson left": (
        cut(
            f"{GENERATED}/01_one.rst",
            f"{GENERATED}/images/*_001.png",
            f"{GENERATED}/images/thumb/*.png",
            "docs/lessons/index.rst",
        ),
        "1 of 1 lessons ran",
    ),
    "the record of a run": (
        garble(f"{GENERATED}/*.run.json", "build/work/machinery"),
        "1 of 1 lessons ran",
    ),
    "what Sphinx remembers": (
        garble("build/work/doctrees/*/environment.pickle"),
        "0 of 1 lessons ran",
    ),
}


@pytest.mark.parametrize("name", HEALED)
def test_damage_is_healed(name: str, project: Path, good: dict[str, bytes]) -> None:
    damage, told = HEALED[name]
    damage(project)
    done = build(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told in done.stdout
    assert differences(published(project), good) == []


def test_a_page_that_sphinx_cannot_read_back(
    project: Path, good: dict[str, bytes]
) -> None:
    """Only the build that stumbles over it sees it; the one after makes all anew."""
    garble("build/work/doctrees/en/index.doctree")(project)
    change(project, "docs/page.md", "# Page", "# Page\n")
    told = refused(build(project))
    assert told.startswith("what Sphinx remembers is damaged; build again")
    assert differences(published(project), good) == []
    done = build(project)
    assert done.returncode == 0, done.stderr
    assert differences(published(project), good) == []


def spoil(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """Return what changes a file that people write."""

    def damage(project: Path) -> None:
        data = (project / name).read_bytes()
        assert old in data
        (project / name).write_bytes(data.replace(old, new))

    return damage


HOME = "首页"
TOLD = {
    "a broken line in a catalog": (
        spoil(f"{CATALOGS}/index.po", b'"Home"', b'"Home'),
        f"{CATALOGS}/index.po:5: damaged line 'msgid \"Home'; repair it or restore it "
        "with 'git checkout'",
    ),
    "a catalog in another encoding": (
        spoil(f"{CATALOGS}/index.po", HOME.encode(), HOME.encode("gb18030")),
        f"{CATALOGS}/index.po: 'utf-8' codec can't decode byte",
    ),
    "half a catalog of the theme": (
        cut(f"{CATALOGS}/sphinx.po"),
        f"{CATALOGS}/sphinx.po:",
    ),
    "half a glossary": (cut("docs/terms.json"), "docs/terms.json:"),
    "a glossary of garbage": (
        garble("docs/terms.json"),
        "docs/terms.json: 'utf-8' codec can't decode byte 0x80 in position 0: invalid "
        "start byte; save it as UTF-8",
    ),
    "a lesson of garbage": (
        garble(LESSON),
        f"{LESSON}:1: 'utf-8' codec can't decode byte 0x80 in position 0: invalid "
        "start byte; save it as UTF-8",
    ),
    "settings that are no Python": (
        spoil("conf.py", b"extensions = [", b"extensions = [["),
        "conf.py:",
    ),
    "a lost glossary": (
        lambda project: (project / "docs" / "terms.json").unlink(),
        "docs/terms.json: No such file or directory; restore it; 'git status' shows "
        "what is missing",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_people_write_is_told(
    name: str, project: Path, good: dict[str, bytes]
) -> None:
    damage, told = TOLD[name]
    damage(project)
    done = build(project)
    assert refused(done).startswith(told)
    assert "English" not in done.stdout, "it is told before anything runs"
    assert differences(published(project), good) == []


def test_a_file_that_nobody_may_read(project: Path) -> None:
    humble = HUMBLE if os.geteuid() == 0 else []
    if humble and not works(*humble, "true"):
        pytest.skip("root reads everything here, and can't give up that right")
    (project / LESSON).chmod(0)
    told = refused(build(project, *humble))
    assert told.startswith(
        f"{LESSON}: Permission denied; give yourself the right to read and write it"
    )


# Crowded, and out of time


def start(project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(project),
        cwd=project,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=surroundings(project),
    )


def test_builds_wait_for_each_other(project: Path, good: dict[str, bytes]) -> None:
    """Both find the lock taken; once it is free, one waits for the other."""
    with (project / "build" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        both = [start(project), start(project)]
        for process in both:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said == "eatorch: another build runs; waiting for it\n"
    rest = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], rest
    assert differences(published(project), good) == []


def test_a_clock_that_was_set_back(project: Path) -> None:
    """A later edit looks older than what Sphinx remembers, and is seen all the same."""
    for name in ("doctrees/en", "doctrees/zh-cn"):
        memory = project / "build" / "work" / name / "environment.pickle"
        tomorrow = time.time() + 86_400
        os.utime(memory, (tomorrow, tomorrow))
    change(project, "docs/page.md", "1 + 2", "3 + 0")
    os.utime(project / "docs" / "page.md", (0, 0))
    done = build(project)
    assert "the last build ended later than now: all pages are made anew" in done.stdout
    page = project / "build" / "site" / "en" / "page.html"
    assert '<span class="mi">0</span>' in page.read_text(encoding="utf-8")
