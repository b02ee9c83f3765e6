"""Downloads against a server that behaves, and one that does not."""

import hashlib
import io
import tarfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from eatorch import data
from eatorch.data import downloads

PASSENGERS = (
    b'"pclass","survived","name","sex","age","sibsp","parch","ticket","fare","cabin",'
    b'"embarked","boat","body","home.dest"\n'
    b'1,1,"Allen, Miss. Elisabeth","female",29,0,0,"24160",211.3375,"B5","S","2",?,?\n'
    b'3,0,"Zakarian, Mr. Mapriededer","male",?,1,2,"2656",?,?,?,?,304,?\n'
)


class Server(ThreadingHTTPServer):
    """A server of one file whose manners a test chooses."""

    daemon_threads = True
    content = PASSENGERS
    manners = "good"
    requests = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        content, manners = self.server.content, self.server.manners
        if manners == "missing":
            self.send_error(404)
            return
        if manners == "corrupted":
            content = content[:-1] + b"#"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if manners == "interrupted":
            content = content[: len(content) // 2]
        if manners == "silent":
            time.sleep(2)
        if manners == "slow":
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(0.001)
            return
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EATORCH_DATA", str(tmp_path))
    monkeypatch.setattr(downloads, "_SECONDS", 0.5)
    return tmp_path


def offer(
    monkeypatch: pytest.MonkeyPatch, server: Server, name: str, content: bytes
) -> None:
    """Let the server stand in for the real address of a data set."""
    server.content = content
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    url = f"http://127.0.0.1:{server.server_port}/{name}"
    source = downloads.Source(url, checksum, 0.1)
    monkeypatch.setitem(downloads.SOURCES, name, source)


@pytest.fixture
def titanic(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    offer(monkeypatch, server, "titanic", PASSENGERS)
    return server


@pytest.mark.parametrize("manners", ["good", "slow"])
def test_titanic_keeps_its_gaps(titanic: Server, manners: str) -> None:
    titanic.manners = manners
    people = data.titanic()
    assert len(people) == 2
    assert people.survived.tolist() == [1, 0]
    assert people.ticket_class.tolist() == [1, 3]
    assert people.age.isnan().tolist() == [False, True]
    assert people.fare.dtype == torch.float32
    assert people.relatives.tolist() == [[0, 0], [1, 2]]
    assert people.sex == ("female", "male")
    assert people.harbour == ("S", "")
    assert people.cabin == ("B5", "")
    assert people.name[0] == "Allen, Miss. Elisabeth"


def test_a_file_is_downloaded_once(titanic: Server) -> None:
    data.titanic()
    data.titanic()
    assert titanic.requests == 1


def test_a_damaged_file_in_the_cache_is_fetched_again(
    titanic: Server, cache: Path
) -> None:
    data.titanic()
    (cache / "titanic").write_bytes(b"half of")
    assert len(data.titanic()) == 2
    assert titanic.requests == 2


@pytest.mark.parametrize(
    ("manners", "reason"),
    [
        ("interrupted", "the network says: .*(IncompleteRead|broken)"),
        ("corrupted", "what came is damaged, or not the file it should be"),
        ("silent", "the network says: .*timed out"),
        ("missing", "the network says: 404"),
    ],
)
def test_bad_manners_are_told_and_leave_nothing(
    titanic: Server, cache: Path, manners: str, reason: str
) -> None:
    titanic.manners = manners
    with pytest.raises(
        data.DownloadError, match=f"titanic could not be downloaded from .*{reason}"
    ) as told:
        data.titanic()
    assert str(cache / "titanic") in str(told.value), "the message names the place"
    assert list(cache.iterdir()) == [], "nothing half may lie in the cache"
    titanic.manners = "good"
    assert len(data.titanic()) == 2


def test_without_a_network_the_message_says_what_to_do(
    titanic: Server, cache: Path
) -> None:
    titanic.shutdown()
    titanic.server_close()
    with pytest.raises(
        data.DownloadError, match=r"Try again later, or put the file at .* no network"
    ):
        data.titanic()
    (cache / "titanic").write_bytes(PASSENGERS)  # the reader follows the advice
    assert len(data.titanic()) == 2


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_cifar10_reads_the_binary_layout(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte of class, then the red, the green and the blue plane."""
    record = bytes([7]) + bytes([255] * 1024) + bytes([0] * 1024) + bytes([51] * 1024)
    names = [f"data_batch_{n}.bin" for n in range(1, 6)] + ["test_batch.bin"]
    files = {f"cifar-10-batches-bin/{name}": record * 2 for name in names}
    offer(monkeypatch, server, "cifar10", packed(files))
    pictures = data.cifar10()
    assert pictures.images.shape == (10, 3, 32, 32)
    assert pictures.images[0, :, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
    assert pictures.targets.tolist() == [7] * 10
    assert pictures.classes[7] == "horse"
    assert len(data.cifar10(train=False)) == 2
    assert server.requests == 1


def test_imdb_reads_both_halves(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "aclImdb/README": b"read me",
        "aclImdb/train/pos/1_9.txt": "Très good.".encode(),
        "aclImdb/train/neg/0_2.txt": b"Bad.",
        "aclImdb/train/unsup/0_0.txt": b"Unknown.",
        "aclImdb/test/pos/0_8.txt": b"Fine.",
    }
    offer(monkeypatch, server, "imdb", packed(files))
    reviews = data.imdb()
    assert reviews.texts == ("Bad.", "Très good.")
    assert reviews.targets.tolist() == [0, 1]
    assert data.imdb(train=False).texts == ("Fine.",)


def test_the_real_addresses_are_guarded() -> None:
    for source in downloads.SOURCES.values():
        assert source.url.startswith("https://")
        kind, _, digest = source.checksum.partition(":")
        assert len(bytes.fromhex(digest)) == {"sha256": 32, "md5": 16}[kind]
