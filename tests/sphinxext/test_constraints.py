"""A pinned package counts for the lessons that can reach it, and for no others."""

from pathlib import Path

from eatorch.sphinxext.constraints import pinned

ROOT = Path(__file__).parents[2]


def names(folder: Path, code: str) -> set[str]:
    module = folder / "module.py"
    module.write_text(code, encoding="utf-8")
    found = pinned([module], ROOT / "constraints.txt")
    assert all("==" in line for line in found)
    return {line.partition("==")[0] for line in found}


def test_what_stands_behind_every_page_always_counts(tmp_path: Path) -> None:
    found = names(tmp_path, "x = 1\n")
    assert {"torch", "numpy", "matplotlib", "sphinx-gallery"} <= found
    assert {"sympy", "typing_extensions"} <= found, "torch requires them"


def test_tools_and_what_no_module_imports_do_not_count(tmp_path: Path) -> None:
    tools = {"ruff", "mypy", "pytest", "furo", "Sphinx", "playwright", "Pygments"}
    assert not names(tmp_path, "import torch\n") & {*tools, "scikit-learn", "pooch"}


def test_an_import_is_followed_to_what_the_package_requires(tmp_path: Path) -> None:
    found = names(tmp_path, "from sklearn.datasets import load_iris\n")
    assert {"scikit-learn", "scipy", "joblib"} <= found


def test_a_late_import_counts_and_one_of_an_own_module_does_not(tmp_path: Path) -> None:
    late = "def load():\n    import safetensors.torch\n    from . import ruff\n"
    found = names(tmp_path, late)
    assert "safetensors" in found
    assert "ruff" not in found


def test_a_package_that_ours_does_not_require_does_not_count(tmp_path: Path) -> None:
    assert "pytest" not in names(tmp_path, "import pytest\n")
