"""Checks of lesson 10, Low-level API."""

import math
from typing import Any

import torch
from torch import Tensor

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_number,
    expect_tensor,
    expect_type,
)

Fit = tuple[float, float, int]


@exercise("10-1")
def fit_line(answer: Any) -> None:
    """A stop rule that looks at the progress, not at the loss."""
    for slope, intercept, noise in [(2.0, 5.0, 0.5), (-3.0, 1.0, 2.0)]:
        generator = torch.Generator().manual_seed(1)
        x = 5 * torch.rand(40, generator=generator)
        y = slope * x + intercept + noise * torch.randn(40, generator=generator)
        got = call(answer, x.clone(), y.clone(), 0.05, 1e-4)
        want = _fit_line(x, y, 0.05, 1e-4)
        _judge_fit(got, want, slope)


def _fit_line(x: Tensor, y: Tensor, learning_rate: float, tolerance: float) -> Fit:
    inputs = torch.stack([x, torch.ones_like(x)], dim=1)
    line, before, steps = torch.zeros(2), math.inf, 0
    while True:
        error = inputs @ line - y
        loss = error.square().mean().item()
        if before - loss < tolerance:
            return line[0].item(), line[1].item(), steps
        before = loss
        line -= learning_rate * 2 * inputs.T @ error / len(x)
        steps += 1


def _judge_fit(got: Any, want: Fit, slope: float) -> None:
    expect_type(got, (tuple, list), en="three numbers", zh="三个数")
    if len(got) != 3:
        raise Slip(
            f"Expected slope, intercept and number of steps, got {len(got)} values.",
            f"应当返回斜率、截距和步数，得到 {len(got)} 个值。",
        )
    numbers = [value.item() if _is_scalar(value) else value for value in got]
    for value in numbers:
        expect_type(value, (int, float), en="a plain number", zh="一个普通的数")
    _refuse_known_fits(numbers, want, slope)
    if abs(numbers[2] - want[2]) > 2:
        more = numbers[2] > want[2]
        raise Slip(
            f"With slope {slope:g} the loop stopped after {numbers[2]:g} steps. That "
            f"is too {'late' if more else 'early'}: compare the loss with that of the "
            "step before.",
            f"斜率为 {slope:g} 时，循环走了 {numbers[2]:g} 步才停，"
            f"太{'晚' if more else '早'}了：请把损失与上一步的损失比较。",
        )
    for value, right in zip(numbers[:2], want[:2], strict=True):
        expect_number(value, right, tolerance=0.02)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, Tensor) and value.numel() == 1


def _refuse_known_fits(got: list[Any], want: Fit, slope: float) -> None:
    if any(math.isnan(value) or math.isinf(value) for value in got):
        raise Slip(
            "The walk ran off to infinity. Is the gradient cleared in each step, and "
            "does the step go against it?",
            "参数跑到无穷远去了。每一步都清空梯度了吗？是沿着梯度的反方向走的吗？",
        )
    if got[2] == 0:
        raise Slip(
            "The loop stopped before the first step. What does it compare the first "
            "loss with?",
            "循环还没走第一步就停了。第一个损失是和什么比较的？",
        )
    swapped = abs(got[0] - want[1]) < 0.02 and abs(got[1] - want[0]) < 0.02
    if swapped:
        raise Slip(
            f"With slope {slope:g} the answer has slope and intercept swapped.",
            f"斜率为 {slope:g} 时，答案里斜率和截距的顺序反了。",
        )


@exercise("10-2")
def hand_gradient(answer: Any) -> None:
    """Autograd knows the answer; the reader must find it without."""
    for points, features in [(6, 2), (5, 3), (3, 3)]:
        inputs, targets, weight, bias = _problem(points, features)
        got = _call_without_record(answer, inputs, targets, weight, bias)
        error = inputs @ weight + bias - targets
        want = 2 * inputs.T @ error / points, 2 * error.mean(dim=0)
        _judge_gradients(got, want, points)


def _problem(points: int, features: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(points)
    shapes = [(points, features), (points, 1), (features, 1), (1,)]
    inputs, targets, weight, bias = (
        torch.randn(shape, generator=generator) for shape in shapes
    )
    return inputs, targets, weight, bias


def _call_without_record(answer: Any, *inputs: Tensor) -> Any:
    try:
        with torch.no_grad():
            return call(answer, *(tensor.clone() for tensor in inputs))
    except RuntimeError as error:
        if "does not require grad" in str(error):
            raise Slip(
                "This asks autograd. Here you are the one who finds the gradient.",
                "这是让自动微分来算。这一题要由你自己求出梯度。",
            ) from error
        if "shapes cannot be multiplied" in str(error):
            raise Slip(
                "The product does not fit. inputs has shape (points, features), the "
                "errors have (points, 1), and the result should have (features, 1).",
                "矩阵乘积的形状对不上。inputs 的形状是 (点, 特征)，误差是 (点, 1)，"
                "结果应为 (特征, 1)。",
            ) from error
        raise


def _judge_gradients(got: Any, want: tuple[Tensor, Tensor], points: int) -> None:
    expect_type(got, (tuple, list), en="two gradients", zh="两个梯度")
    if len(got) != 2:
        raise Slip(
            f"Expected the gradients of weight and bias, got {len(got)} values.",
            f"应当返回 weight 和 bias 的梯度，得到 {len(got)} 个值。",
        )
    names = [("weight", "weight 的梯度"), ("bias", "bias 的梯度")]
    for value, right, (name, chinese) in zip(got, want, names, strict=True):
        _refuse_scaled(value, right, name, points)
        expect_tensor(
            value, right, en=f"the gradient of {name}", zh=chinese, tolerance=1e-4
        )


def _refuse_scaled(got: Any, want: Tensor, name: str, points: int) -> None:
    slips = [
        (
            -1.0,
            "The sign is turned. The error is prediction minus target.",
            "符号反了。误差是预测减去目标。",
        ),
        (
            0.5,
            "It is half of what it should be. What is the derivative of a square?",
            "只有应有的一半。平方的导数是什么？",
        ),
        (
            float(points),
            "It is the gradient of the sum. The loss is a mean over the points.",
            "这是总和的梯度，而损失是对各点求的平均。",
        ),
        (
            points / 2,
            "Two things are missing: the 2 of the square and the mean over the points.",
            "少了两样：平方求导带出的 2，以及对各点求平均。",
        ),
    ]
    for factor, en, zh in slips:
        if factor != 1 and _same(got, factor * want):
            raise Slip(f"{name}: {en}", f"{name}：{zh}")


def _same(got: Any, want: Tensor) -> bool:
    return (
        isinstance(got, Tensor)
        and got.shape == want.shape
        and torch.allclose(got.detach().cpu().float(), want, rtol=1e-4, atol=1e-4)
    )


@exercise("10-3")
def momentum_step(answer: Any) -> None:
    """In place, unrecorded, cleared, and with the right velocities."""
    parameters = [
        torch.tensor([[1.0], [2.0]], requires_grad=True),
        torch.tensor([3.0], requires_grad=True),
    ]
    places = [parameter.detach().clone() for parameter in parameters]
    speeds = [torch.zeros_like(place) for place in places]
    velocities: Any = [speed.clone() for speed in speeds]
    for turn in range(1, 4):
        gradients = [turn * torch.ones_like(place) for place in places]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.clone()
        velocities = _step_once(answer, parameters, velocities)
        speeds = [0.9 * v + g for v, g in zip(speeds, gradients, strict=True)]
        places = [place - 0.1 * v for place, v in zip(places, speeds, strict=True)]
        _judge_step(parameters, velocities, places, speeds)


def _step_once(answer: Any, parameters: list[Tensor], velocities: Any) -> Any:
    try:
        with torch.enable_grad():
            return call(answer, list(parameters), velocities, 0.1, 0.9)
    except RuntimeError as error:
        if "leaf Variable" in str(error):
            raise Slip(
                "PyTorch refused to change a leaf in place, because the change would "
                "be recorded. Which switch is missing?",
                "PyTorch 拒绝原地修改叶子张量，因为这个修改会被记录。少了哪个开关？",
            ) from error
        raise


def _judge_step(
    parameters: list[Tensor], got: Any, places: list[Tensor], speeds: list[Tensor]
) -> None:
    expect_type(got, (list, tuple), en="a list of velocities", zh="速度的列表")
    if len(got) != len(speeds):
        raise Slip(
            f"Expected one velocity for each of {len(speeds)} parameters, got "
            f"{len(got)}.",
            f"应当为 {len(speeds)} 个参数各给出一个速度，得到 {len(got)} 个。",
        )
    for value, speed in zip(got, speeds, strict=True):
        if _same(value, 0.1 * speed):
            raise Slip(
                "The learning rate got into the velocity. It belongs to the step.",
                "学习率乘进了速度里。它应当只用在更新参数时。",
            )
        expect_tensor(value, speed, en="a velocity", zh="速度")
        if value.requires_grad:
            raise Slip(
                "A velocity is recorded, and its record would grow with each step.",
                "速度被记录了，这份记录会随着每一步不断变长。",
            )
    _judge_parameters(parameters, places, speeds)


def _judge_parameters(
    parameters: list[Tensor], places: list[Tensor], speeds: list[Tensor]
) -> None:
    for parameter, place, speed in zip(parameters, places, speeds, strict=True):
        if _same(parameter, place + 0.1 * speed):
            raise Slip(
                "The velocities are right, but the parameters did not move. A line "
                "such as parameter = ... only makes a new tensor.",
                "速度是对的，但参数没有移动。像 parameter = ... 这样的一行"
                "只是造了一个新张量。",
            )
        if _same(parameter, place + 0.2 * speed):
            raise Slip(
                "The parameters moved uphill. The step is subtracted.",
                "参数往上坡走了。这一步应当减去。",
            )
        expect_tensor(parameter, place, en="a parameter", zh="参数")
        if parameter.grad is not None:
            raise Slip(
                "A gradient is left in grad, and the next backward would add to it.",
                "grad 里还留着梯度，下一次 backward 会加在它上面。",
            )


@exercise("10-4")
def batch_gradients(answer: Any) -> None:
    """One gradient for each batch, the short last one included."""
    inputs, targets, weight, bias = _problem(10, 2)
    for size in [5, 4, 1, 10]:
        batch = [tensor.clone() for tensor in (inputs, targets, weight, bias)]
        with torch.enable_grad():
            got = call(answer, *batch, size)
        errors = torch.split((inputs @ weight + bias - targets).flatten(), size)
        want = torch.stack([2 * part.mean() for part in errors])
        _refuse_wrong_batches(got, want, size)
        expect_tensor(
            got,
            want,
            en=f"the gradients with batches of {size}",
            zh=f"批次大小为 {size} 时的梯度",
            tolerance=1e-4,
        )


def _refuse_wrong_batches(got: Any, want: Tensor, size: int) -> None:
    if not isinstance(got, Tensor):
        return
    if len(want) > 1 and _same(got, want.cumsum(0)):
        raise Slip(
            "Each gradient holds those of the batches before as well. Something adds "
            "up and is not cleared.",
            "每个梯度都包含了前面各批次的梯度。有东西在累加，却没有清零。",
        )
    if _same(got, want[-1].expand(len(want))) and len(want) > 1:
        raise Slip(
            "All entries are the gradient of the last batch. They share one tensor "
            "that is overwritten; keep a copy of each.",
            "每一项都是最后一个批次的梯度。它们共用一个被反复改写的张量，请各存一份。",
        )
    if 10 % size and _same(got, want[:-1]):
        raise Slip(
            f"10 rows in batches of {size} leave {10 % size} rows over. Their batch is "
            "missing.",
            f"10 行按每批 {size} 行来分，还剩 {10 % size} 行，少了它们这一批。",
        )
    if _same(got.flatten(), want) and got.ndim != 1:
        raise Slip(
            f"The numbers are right, but shape {tuple(got.shape)} came instead of "
            "(batches,).",
            f"数都对，但形状是 {tuple(got.shape)}，应为 (批次数,)。",
        )
    rows = torch.tensor([len(part) for part in torch.split(torch.arange(10), size)])
    if size > 1 and _same(got, want * rows):
        raise Slip(
            "These are the gradients of the summed squared errors. Take the mean over "
            "the batch.",
            "这是平方误差总和的梯度。请对批次求平均。",
        )
