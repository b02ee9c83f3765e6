"""A lesson may show an error on purpose, and notices when it is gone."""

import pytest
import torch

from eatorch import show_error


def test_the_real_message_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with show_error(RuntimeError):
        torch.ones(2, 3) @ torch.ones(2, 3)
    assert capsys.readouterr().out == (
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)\n"
    )


def test_any_error_will_do_if_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with show_error():
        raise KeyError("weight")
    assert capsys.readouterr().out == "KeyError: 'weight'\n"


def test_a_bare_error_has_no_colon(capsys: pytest.CaptureFixture[str]) -> None:
    with show_error():
        raise NotImplementedError
    assert capsys.readouterr().out == "NotImplementedError\n"


def test_long_messages_are_wrapped_and_cut(capsys: pytest.CaptureFixture[str]) -> None:
    with show_error(lines=2):
        raise ValueError("word " * 100 + "\n\nlast")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert len(lines[0]) <= 88
    assert lines[1].endswith(" […]")


def test_frames_of_the_library_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with show_error():
        raise RuntimeError("bad\nException raised from f at x.cpp:1\nframe #0: g")
    assert capsys.readouterr().out == "RuntimeError: bad\n"


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), show_error(ValueError):
        1 / 0  # noqa: B018
    with pytest.raises(KeyboardInterrupt), show_error():
        raise KeyboardInterrupt


def test_a_block_that_works_is_a_mistake_in_the_lesson() -> None:
    with (
        pytest.raises(
            AssertionError, match="must raise ValueError or TypeError, but it"
        ),
        show_error(ValueError, TypeError),
    ):
        pass
    with pytest.raises(AssertionError, match="must raise an error"), show_error():
        pass


def test_lines_must_be_positive() -> None:
    with (
        pytest.raises(ValueError, match="lines must be at least 1, got 0"),
        show_error(lines=0),
    ):
        pass
