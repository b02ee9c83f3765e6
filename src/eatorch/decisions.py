"""From scores to classes, with the checks that every metric shares."""

from torch import Tensor

__all__ = ["decided", "same_shape", "some"]


def decided(output: Tensor, target: Tensor, threshold: float) -> Tensor:
    """Return the class that each output stands for, in the shape of the targets."""
    if 1 < output.ndim == target.ndim + 1 and output.shape[1] > 1:
        scores, output = output, output.argmax(dim=1)
        if output.shape != target.shape:
            _mismatch(scores, target)
        return output
    same_shape(output, target)
    return (output > threshold).long() if output.is_floating_point() else output


def same_shape(output: Tensor, target: Tensor) -> None:
    """Refuse shapes that torch would stretch to fit each other."""
    if output.shape != target.shape:
        _mismatch(output, target)


def _mismatch(output: Tensor, target: Tensor) -> None:
    raise ValueError(
        "output must have the shape of target, or one more axis for the classes, got "
        f"{tuple(output.shape)} and {tuple(target.shape)}"
    )


def some(count: int) -> int:
    """Return a count, or refuse to compute from nothing."""
    if not count:
        raise ValueError("compute needs at least one batch, got none since the reset")
    return count
