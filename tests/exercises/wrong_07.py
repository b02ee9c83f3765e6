"""Typical wrong answers to the exercises of lesson 07."""

from typing import Any

import torch
from torch import Tensor

F16, F32, F64 = torch.float16, torch.float32, torch.float64
I64 = torch.int64


def by_count(tensor: Tensor) -> str:
    """One number is not always a scalar."""
    words = {0: "vector", 1: "vector", 2: "matrix"}
    if tensor.numel() == 1:
        return "scalar"
    return words.get(tensor.ndim, f"{tensor.ndim}-d tensor")


def squeezed(tensor: Tensor) -> str:
    words = {0: "scalar", 1: "vector", 2: "matrix"}
    axes = tensor.squeeze().ndim
    return words.get(axes, f"{axes}-d tensor")


def everything_from_three_on(tensor: Tensor) -> str:
    return ["scalar", "vector", "matrix", "3-d tensor"][min(tensor.ndim, 3)]


def same_object(a: Tensor, b: Tensor) -> bool:
    return id(a) == id(b)


def same_start(a: Tensor, b: Tensor) -> bool:
    return a.data_ptr() == b.data_ptr()


def equal_numbers(a: Tensor, b: Tensor) -> bool:
    return a.flatten().tolist() == b.flatten().tolist()


def all_pairs(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).square().mean()


def no_mean(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction.squeeze(1) - target).square()


def summed(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction.squeeze(1) - target).square().sum()


def not_squared(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction.squeeze(1) - target).mean()


def plain_number(prediction: Tensor, target: Tensor) -> float:
    return (prediction.squeeze(1) - target).square().mean().item()


WRONG: dict[str, list[Any]] = {
    "07-1": [by_count, squeezed, everything_from_three_on, lambda tensor: tensor.ndim],
    "07-2": [same_object, same_start, equal_numbers, torch.equal],
    "07-3": [all_pairs, no_mean, summed, not_squared, plain_number],
    "07-4": [
        [F64, F16, I64, F16, F32, "error", "error"],  # Python floats are 64 bits wide
        [F32, F32, I64, F32, F64, F64, F32],  # the wider type always wins
        [F32, F16, I64, F16, F64, "error", "error"],  # f64[0] still has its axis
        [F32, F16, I64, F16, F32, F64, "error"],  # @ promotes like +
        ["float32", "float16", "int64", "float16", "float32", "error", "error"],
        [F32, F16, I64, F16, F32, "error"],
    ],
}
