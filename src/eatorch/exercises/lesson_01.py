"""Checks of lesson 01, Hello, PyTorch."""

from typing import Any

from eatorch.checking import exercise, expect_type


@exercise("01-1")
def placeholder(answer: Any) -> None:
    expect_type(answer, str, en="a string", zh="字符串")
