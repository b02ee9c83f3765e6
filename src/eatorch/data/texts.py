"""Words: sentences out of documentation, names out of a dictionary of languages."""

import inspect
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from eatorch.data.optional import need

__all__ = ["Texts", "docstrings", "names_by_language"]

# The namespaces that users of each library call; together they take a second or two.
_NAMESPACES = {
    "numpy": "numpy numpy.fft numpy.linalg numpy.ma numpy.polynomial numpy.random "
    "numpy.testing numpy.strings numpy.lib.stride_tricks",
    "torch": "torch torch.nn torch.nn.functional torch.nn.init torch.nn.utils "
    "torch.optim torch.optim.lr_scheduler torch.linalg torch.fft torch.special "
    "torch.autograd torch.distributions torch.utils.data torch.func torch.sparse "
    "torch.cuda torch.amp torch.fx torch.export torch.nn.utils.parametrize",
    "sklearn": "sklearn.cluster sklearn.datasets sklearn.decomposition "
    "sklearn.ensemble sklearn.linear_model sklearn.metrics sklearn.model_selection "
    "sklearn.neighbors sklearn.preprocessing sklearn.svm sklearn.tree",
    "matplotlib": "matplotlib.pyplot matplotlib.axes matplotlib.figure "
    "matplotlib.lines matplotlib.patches matplotlib.colors matplotlib.text "
    "matplotlib.ticker matplotlib.collections matplotlib.transforms",
    "python": "asyncio argparse collections datetime email.message functools "
    "http.client inspect itertools json logging math os pathlib random re socket "
    "statistics string subprocess tarfile threading unittest urllib.parse zipfile",
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_WORD = re.compile(r"[A-Za-z]{2,}")
_SHORTEST, _LONGEST = 5, 40  # words in a sentence
_LANGUAGES = (
    "cs", "da", "de", "en", "es", "fi", "fr", "hu", "id",
    "it", "nl", "pl", "pt", "ro", "sv", "sw", "tr", "vi",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Texts:
    """Labelled pieces of text.

    Attributes:
        texts: The pieces.
        targets: Class of each piece, int64, shape ``(texts,)``, from 0.
        classes: Name of each class.
    """

    texts: tuple[str, ...]
    targets: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.texts)


def docstrings(libraries: Sequence[str] = ("numpy", "torch")) -> Texts:
    """Collect sentences from the docstrings of installed libraries.

    Args:
        libraries: Two or more of ``"numpy"``, ``"torch"``, ``"sklearn"``,
            ``"matplotlib"`` and ``"python"`` (the standard library).

    Returns:
        Sentences of 5 to 40 words, sorted within each library, without the ones that
        two libraries share. How many there are depends on the installed versions.

    Raises:
        ValueError: If ``libraries`` names fewer than two, or one that is not listed.

    Example:
        >>> found = docstrings(["numpy", "python"])
        >>> found.classes, len(found) > 2000
        (('numpy', 'python'), True)

    References:
        The authors of NumPy, PyTorch and scikit-learn (BSD licences), Matplotlib and
        Python (PSF licences).
    """
    unknown = sorted(set(libraries) - set(_NAMESPACES))
    if unknown or len(set(libraries)) < max(2, len(libraries)):
        raise ValueError(
            f"libraries must name two or more of {', '.join(_NAMESPACES)}, each once, "
            f"got {list(libraries)}"
        )
    return _labelled({name: set(_sentences_of(name)) for name in libraries})


def names_by_language(languages: Sequence[str] = _LANGUAGES) -> Texts:
    """Collect what countries and languages are called in many languages.

    Args:
        languages: Two or more codes of the CLDR, such as ``"de"`` or ``"zh"``. The
            default is 18 languages in Latin letters.

    Returns:
        Names, sorted within each language, without those that two of the languages
        share. How many there are depends on the installed version of Babel.

    Raises:
        ImportError: If Babel is not installed.
        ValueError: If ``languages`` names fewer than two, or an unknown one.

    Example:
        >>> names = names_by_language(["de", "fr"])
        >>> names.classes, "Griechenland" in names.texts
        (('de', 'fr'), True)

    References:
        Unicode Common Locale Data Repository, Unicode licence v3, as Babel carries it.
        https://cldr.unicode.org
    """
    need("babel", "names_by_language")
    from babel.localedata import exists

    unknown = [code for code in languages if not exists(code)]
    if unknown or len(set(languages)) < max(2, len(languages)):
        raise ValueError(
            "languages must name two or more codes of the CLDR, each once, "
            f"got {list(languages)}"
        )
    return _labelled({code: set(_names_in(code)) for code in languages})


def _labelled(found: dict[str, set[str]]) -> Texts:
    """Drop what two classes share, sort the rest and number the classes."""
    seen = Counter(text for texts in found.values() for text in texts)
    groups = [sorted(t for t in texts if seen[t] == 1) for texts in found.values()]
    sizes = torch.tensor([len(group) for group in groups])
    return Texts(
        texts=tuple(text for group in groups for text in group),
        targets=torch.arange(len(groups)).repeat_interleave(sizes),
        classes=tuple(found),
    )


def _names_in(code: str) -> Iterator[str]:
    from babel import Locale

    locale = Locale.parse(code)
    for names in (locale.territories, locale.languages):
        # Numbered keys are regions such as 419, Latin America.
        yield from (name for key, name in names.items() if not key.isdigit())


def _sentences_of(library: str) -> Iterator[str]:
    for name in _NAMESPACES[library].split():
        for text in _docs_of(import_module(name)):
            yield from _sentences(text)


def _docs_of(module: ModuleType) -> Iterator[str]:
    """Walk over the docstrings of a module, of what it offers and of its methods."""
    yield inspect.getdoc(module) or ""
    for member in _public(module):
        if inspect.isclass(member):
            yield from (inspect.getdoc(method) or "" for method in _public(member))
        if callable(member):
            yield inspect.getdoc(member) or ""


def _public(owner: Any) -> list[Any]:
    # Not getattr: some old names warn, or work, when they are touched.
    return [value for name, value in vars(owner).items() if not name.startswith("_")]


def _sentences(text: str) -> Iterator[str]:
    """Split prose into sentences; leave out code, tables and headings."""
    for paragraph in re.split(r"\n\s*\n", text):
        if ">>>" in paragraph or "::" in paragraph or "---" in paragraph:
            continue
        for sentence in _SENTENCE.split(" ".join(paragraph.split())):
            words = len(_WORD.findall(sentence))
            whole = sentence[:1].isupper() and sentence.endswith(".")
            if whole and _SHORTEST <= words <= _LONGEST:
                yield sentence
