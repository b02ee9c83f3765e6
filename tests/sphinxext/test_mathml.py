"""Formulas are made at build time, whole or not at all."""

import pytest

from eatorch.sphinxext.mathml import to_mathml


def test_a_formula_becomes_mathml_and_keeps_its_tex() -> None:
    markup = to_mathml(r"\frac{a}{b} < 1")
    assert "<mfrac>" in markup
    assert r'data-tex="\frac{a}{b} &lt; 1"' in markup
    assert 'display="block"' in to_mathml("x", display=True)


def test_an_unknown_command_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"known commands, got \\nonsense in"):
        to_mathml(r"\nonsense x")
