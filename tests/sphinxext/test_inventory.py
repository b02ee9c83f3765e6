"""The inventories of other projects: names, types, addresses, reproducible files."""

import os
import shutil
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

from eatorch.sphinxext.addresses import address
from eatorch.sphinxext.inventory import (
    PROJECTS,
    Entry,
    compiled,
    entries_for,
    read,
    refresh,
    used,
)

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "_inventories"


@pytest.mark.parametrize(
    ("name", "kind", "location"),
    [
        ("torch.from_numpy", "function", "generated/torch.from_numpy.html#{}"),
        ("torch.Tensor", "class", "tensors.html#{}"),
        ("torch.Tensor.view", "method", "generated/torch.Tensor.view.html#{}"),
        ("torch.Tensor.shape", "attribute", "generated/torch.Tensor.shape.html#{}"),
        ("torch.nn.Linear", "class", "generated/torch.nn.Linear.html#{}"),
        ("torch.nn.Module.zero_grad", "method", "generated/torch.nn.Module.html#{}"),
        ("torch.utils.data.DataLoader", "class", "data.html#{}"),
        ("torch.nn", "module", "nn.html#module-{}"),
        ("torch.float32", "data", "tensor_attributes.html#torch.dtype"),
        ("numpy.add", "function", "reference/generated/numpy.add.html#{}"),
        (
            "matplotlib.axes.Axes.set",
            "method",
            "api/_as_gen/matplotlib.axes.Axes.set.html#{}",
        ),
        ("pathlib.Path", "class", "library/pathlib.html#{}"),
        ("ValueError", "exception", "library/exceptions.html#{}"),
        ("int", "class", "library/functions.html#{}"),
        (
            "sklearn.datasets.load_digits",
            "function",
            "modules/generated/sklearn.datasets.load_digits.html#{}",
        ),
    ],
)
def test_type_and_address_of_a_name(name: str, kind: str, location: str) -> None:
    found = {entry.name: entry for entry in entries_for(name)}[name]
    assert (found.kind, found.location) == (f"py:{kind}", location.format(name))


def test_function_that_shares_its_name_with_a_module_is_the_function() -> None:
    (entry,) = entries_for("torch.autograd.gradcheck")
    assert entry.kind == "py:function"


def test_class_is_also_known_by_the_name_that_signatures_show() -> None:
    names = [entry.name for entry in entries_for("torch.nn.Module")]
    assert names == ["torch.nn.Module", "torch.nn.modules.module.Module"]


@pytest.mark.parametrize(
    "name", ["torch.no_such_name", "torch._C", "tqdm.tqdm", "os.environ.get", "foo"]
)
def test_name_that_cannot_be_linked_has_no_entry(name: str) -> None:
    assert entries_for(name) == []


def test_address_without_a_rule_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"name must have a rule for torch, got 'x'"):
        address("torch", "x")


def test_names_are_found_in_code_and_in_roles(tmp_path: Path) -> None:
    lesson = tmp_path / "07_x.py"
    lesson.write_text(
        '"""See :func:`the sum <torch.sum>` and :class:`~torch.nn.Linear`."""\n'
        "import numpy as np\nfrom torch import nn\n"
        "nn.functional.relu(np.array([1.0])).view(-1)\n"
    )
    page = tmp_path / "page.md"
    page.write_text("{func}`torch.einsum`\n")
    names = used([lesson, page])
    assert {"torch.sum", "torch.nn.Linear", "torch.einsum"} <= names
    assert {"torch.nn.functional.relu", "numpy.array", "torch.Tensor.view"} <= names


def test_sphinx_reads_what_we_compile() -> None:
    entries = entries_for("torch.nn.Linear") + entries_for("numpy.add")
    data = InventoryFile.loads(compiled("torch", entries), uri="https://x").data
    item = data["py:class"]["torch.nn.Linear"]
    assert item.uri == "https://x/generated/torch.nn.Linear.html#torch.nn.Linear"
    assert "py:function" not in data
    assert compiled("torch", entries) == compiled("torch", entries[::-1])


def test_refresh_adds_names_and_keeps_mended_lines(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "_inventories"
    folder.mkdir(parents=True)
    mended = "torch py:function torch.sum elsewhere.html#torch.sum"
    (folder / "names.txt").write_text(f"# head\n{mended}\n")
    lesson = tmp_path / "gallery" / "1_x" / "01_y.py"
    lesson.parent.mkdir(parents=True)
    lesson.write_text("import torch\ntorch.sum, torch.mean\n")
    new = [entry.name for entry in refresh(tmp_path, ["torch.einsum"])]
    assert {"torch", "torch.mean", "torch.einsum"} <= set(new)
    assert mended in (folder / "names.txt").read_text()
    assert refresh(tmp_path) == []


def test_a_full_disk_leaves_the_inventories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "docs" / "_inventories"
    shutil.copytree(FOLDER, folder)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        refresh(tmp_path)
    for path in FOLDER.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_a_wrong_name_and_a_wrong_line_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "_inventories"
    folder.mkdir(parents=True)
    names = folder / "names.txt"
    names.write_text("")
    with pytest.raises(ValueError, match=r"got 'torch\.nope'"):
        refresh(tmp_path, ["torch.nope"])
    names.write_text("torch py:function\n")
    with pytest.raises(ValueError, match=r"names\.txt:1: .* got 'torch py:function'"):
        read(names)


def test_committed_inventories_are_those_of_the_committed_list() -> None:
    entries = read(FOLDER / "names.txt").values()
    for project in PROJECTS:
        assert (FOLDER / f"{project}.inv").read_bytes() == compiled(project, entries)


def test_every_committed_name_exists() -> None:
    for entry in read(FOLDER / "names.txt").values():
        assert isinstance(entry, Entry)
        if entry.location.endswith(f"#{entry.name}"):
            assert entries_for(entry.name), entry
