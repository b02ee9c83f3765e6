"""Checks of lesson 08, Automatic differentiation."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import grad, jacrev, vmap

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type

Function = Callable[[Tensor], Tensor]

PRICES = torch.tensor([0.1, 2.0])  # of a kilometre and of a litre
FORGETFUL = (2.0, 3.6, 4.48, 4.464)

ERRORS = [
    (
        "does not require grad",
        "PyTorch found no record to follow. Either x requires no gradient, or the "
        "first derivative was taken without keeping a record of its own.",
        "PyTorch 找不到可以回溯的记录。要么 x 不需要梯度，"
        "要么求一阶导数时没有为它自己留下记录。",
    ),
    (
        "scalar outputs",
        "backward and grad begin with one number, but the function returned several. "
        "Which sum, or which gradient, turns them into one?",
        "backward 和 grad 要从一个数开始，而函数返回了好几个数。"
        "用怎样的求和，或怎样的 gradient，能把它们变成一个数？",
    ),
    (
        "Mismatch in shape",
        "gradient has the wrong shape. It needs one entry for each output of the "
        "function, not for each input.",
        "gradient 的形状不对。它的每个元素对应函数的一个输出，而不是一个输入。",
    ),
    (
        "backward through the graph a second time",
        "The record was read twice, but it is freed after the first reading. Keep it, "
        "or compute the outputs anew for each reading.",
        "同一份记录读了两次，而它在第一次读完后就释放了。"
        "要么保留它，要么每次都重新计算输出。",
    ),
]


@exercise("08-1")
def second_derivative(answer: Any) -> None:
    """The slope of the slope, for any function of one number."""
    x = torch.tensor([-1.5, 0.5, 2.0, 3.0])
    cases: list[tuple[Function, str]] = [
        (torch.square, "square"),
        (torch.sin, "sin"),
        (_cube, "x³"),
    ]
    for function, name in cases:
        got = _call_recorded(answer, function, x.clone())
        want = vmap(grad(grad(function)))(x)
        _refuse_first_derivative(got, name, function, x)
        expect_tensor(
            got,
            want,
            en=f"the second derivative of {name}",
            zh=f"{name} 的二阶导数",
            tolerance=1e-4,
        )


def _cube(x: Tensor) -> Tensor:
    return x * x * x


def _call_recorded(answer: Any, *inputs: Any) -> Any:
    """Call the answer and explain the errors that autograd beginners meet."""
    try:
        return call(answer, *inputs)
    except RuntimeError as error:
        for sign, en, zh in ERRORS:
            if sign in str(error):
                raise Slip(en, zh) from error
        raise


def _refuse_first_derivative(
    got: Any, name: str, function: Function, x: Tensor
) -> None:
    if not isinstance(got, Tensor):
        return
    first = vmap(grad(function))(x)
    if got.shape == first.shape and torch.allclose(got.detach().cpu().float(), first):
        raise Slip(
            f"For {name} the first derivative came back. Derive it once more.",
            f"对 {name} 返回的是一阶导数，还要再求一次导。",
        )
    if got.shape != x.shape and got.numel() == 1:
        raise Slip(
            f"For {name} one number came back, expected one for each of the "
            f"{len(x)} elements of x. A sum may start backward, but it is no result.",
            f"对 {name} 只返回了一个数，应当为 x 的 {len(x)} 个元素各给出一个。"
            "求和可以作为反向传播的起点，但不是结果。",
        )


@exercise("08-2")
def price_list(answer: Any) -> None:
    """A price for each output of the trip."""
    expect_type(answer, Tensor, en="a tensor", zh="一个张量")
    shape = tuple(answer.shape)
    if shape != (2,):
        why = "trip has two outputs, and each needs its price."
        why_zh = "trip 有两个输出，每个输出都要有一个价格。"
        if shape == (3,):
            why = "That is the shape of the input; " + why
            why_zh = "这是输入的形状；" + why_zh
        raise Slip(
            f"v should have shape (2,), got {shape}. {why}",
            f"v 的形状应为 (2,)，得到的是 {shape}。{why_zh}",
        )
    got = answer.detach().cpu().float()
    if torch.allclose(got, PRICES.flip(0)):
        raise Slip(
            "Both prices are there, but swapped. Which output does trip name first?",
            "两个价格都有，但顺序反了。trip 先返回哪一个输出？",
        )
    if torch.allclose(got, torch.ones(2)):
        raise Slip(
            "Ones add the kilometres and the litres up, as if both cost the same. "
            "Put the prices in.",
            "全 1 等于把千米和升直接相加，好像两者价格相同。请换成各自的价格。",
        )
    if not torch.allclose(got, PRICES):
        numbers = ", ".join(f"{value:g}" for value in got.tolist())
        raise Slip(
            f"The shape is right, but {numbers} are not the prices of the task.",
            f"形状对了，但 {numbers} 不是题目给出的价格。",
        )


@exercise("08-3")
def forgetful_rounds(answer: Any) -> None:
    """The stored gradient of four rounds without clearing."""
    if isinstance(answer, Tensor):
        answer = answer.tolist()
    expect_type(answer, (list, tuple), en="a list of numbers", zh="由数组成的列表")
    got = [value.item() if torch.is_tensor(value) else value for value in answer]
    for value in got:
        expect_type(value, (int, float), en="a number in the list", zh="列表中的数")
    if len(got) != 4:
        raise Slip(
            f"Four rounds give four numbers, got {len(got)}.",
            f"四轮应有四个数，得到 {len(got)} 个。",
        )
    _refuse_known_slips(got)
    for turn, (value, want) in enumerate(zip(got, FORGETFUL, strict=True), start=1):
        if not abs(value - want) < 0.005:
            raise Slip(
                f"{value:g} in round {turn} is the first number that is wrong. What "
                "was stored before, where is x now, and what is added?",
                f"第 {turn} 轮的 {value:g} 是第一个不对的数。"
                "之前存的是多少？现在 x 在哪里？又加上了多少？",
            )


def _refuse_known_slips(got: list[float]) -> None:
    slips = {
        (2.0, 1.6, 1.28, 1.024): (
            "These are the gradients of a loop that clears. This one forgets to.",
            "这是每轮都清零时的梯度，而这里的循环忘了清零。",
        ),
        (2.0, 4.0, 6.0, 8.0): (
            "The sum grows, but so it would if x stood still. It moves in each round.",
            "累加是对的，但这是 x 原地不动时的结果。x 每一轮都在移动。",
        ),
        (0.8, 0.44, -0.008, -0.4544): (
            "These are the places of x after each step. Asked for is x.grad.",
            "这是每一步之后 x 的位置，要的是 x.grad。",
        ),
        (2.0, 1.6, 0.88, -0.016): (
            "These are the shares that each round adds. x.grad holds their sum.",
            "这是每一轮新加上的那一份，x.grad 里存的是它们的和。",
        ),
    }
    for numbers, told in slips.items():
        if all(abs(a - b) < 0.005 for a, b in zip(got, numbers, strict=True)):
            raise Slip(*told)


@exercise("08-4")
def rosenbrock_hessian(answer: Any) -> None:
    """All second derivatives of the banana valley, at several points."""
    minimum = torch.tensor([1.0, 1.0])
    for point in [minimum, torch.tensor([-1.2, 1.0]), torch.tensor([0.5, -2.0])]:
        got = _call_recorded(answer, point.clone())
        want = jacrev(grad(_rosenbrock))(point)
        _refuse_other_tables(got, point, want)
        place = f"({point[0]:g}, {point[1]:g})"
        if point is not minimum and _same(got, jacrev(grad(_rosenbrock))(minimum)):
            raise Slip(
                f"At {place} the Hessian of the point (1, 1) came back. Use the point "
                "that is handed in.",
                f"在 {place} 处返回的仍是点 (1, 1) 的黑塞矩阵。请使用传入的点。",
            )
        expect_tensor(
            got,
            want,
            en=f"the Hessian at {place}",
            zh=f"{place} 处的黑塞矩阵",
            tolerance=1e-3,
        )


def _rosenbrock(point: Tensor) -> Tensor:
    x, y = point
    height: Tensor = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    return height


def _same(got: Any, want: Tensor) -> bool:
    return (
        isinstance(got, Tensor)
        and got.shape == want.shape
        and torch.allclose(got.detach().cpu().float(), want, rtol=1e-3, atol=1e-3)
    )


def _refuse_other_tables(got: Any, point: Tensor, want: Tensor) -> None:
    if isinstance(got, Tensor) and got.shape == (2,):
        raise Slip(
            "A tensor with two numbers came. The gradient has two numbers; the Hessian "
            "has one for each pair of inputs, shape (2, 2).",
            "得到的张量只有两个数。梯度才是两个数；黑塞矩阵对每一对输入都有一个数，"
            "形状是 (2, 2)。",
        )
    if _same(got, torch.diag(want.diagonal())):
        raise Slip(
            "The diagonal is right, but x and y also act on each other: the numbers "
            "beside the diagonal are not zero.",
            "对角线是对的，但 x 和 y 还会相互影响：对角线以外的数不为零。",
        )
    if _same(got, jacrev(grad(_unsquared))(point)):
        raise Slip(
            "This is the Hessian of 100 * (y - x)**2 + (1 - x)**2. In Rosenbrock's "
            "function the x inside the second bracket is squared.",
            "这是 100 * (y - x)**2 + (1 - x)**2 的黑塞矩阵。"
            "Rosenbrock 函数的第二个括号里，x 是平方的。",
        )


def _unsquared(point: Tensor) -> Tensor:
    x, y = point
    height: Tensor = (1 - x) ** 2 + 100 * (y - x) ** 2
    return height


@exercise("08-5")
def jacobian_by_rows(answer: Any) -> None:
    """A Jacobian made of vector-Jacobian products, never square by accident."""
    cases = [
        (_three_to_two, torch.tensor([1.0, 2.0, 3.0])),
        (_two_to_four, torch.tensor([0.5, -1.0])),
    ]
    for function, x in cases:
        got = _call_recorded(answer, function, x.clone())
        want = jacrev(function)(x)
        _refuse_wrong_rows(got, want)
        expect_tensor(got, want, en="the Jacobian", zh="雅可比矩阵", tolerance=1e-4)


def _three_to_two(x: Tensor) -> Tensor:
    return torch.stack([x[0] * x[1], x[1] + x[2] ** 2])


def _two_to_four(x: Tensor) -> Tensor:
    return torch.stack([x[0] * x[1], torch.sin(x[0]), x[1] ** 3, x[0] - x[1]])


def _refuse_wrong_rows(got: Any, want: Tensor) -> None:
    if _same(got, want.T):
        raise Slip(
            f"The numbers are right, but rows and columns are swapped: shape "
            f"{tuple(got.shape)} came. Rows are outputs, columns are inputs.",
            f"数都对，但行和列反了：得到的形状是 {tuple(got.shape)}。"
            "行对应输出，列对应输入。",
        )
    if _same(got, want.cumsum(0)):
        raise Slip(
            "Each row holds the rows above it as well. Something adds up and is not "
            "cleared.",
            "每一行都包含了上面各行的和。有东西在累加，却没有清零。",
        )
    total = want.sum(0)
    if _same(got, total) or _same(got, total.expand(want.shape)):
        raise Slip(
            "The sum of all rows came, each row alone was wanted. Either gradient "
            "picks all outputs at once, or the rows share one .grad tensor.",
            "得到的是各行之和，要的是单独的每一行。要么 gradient 一次选中了所有输出，"
            "要么各行共用了同一个 .grad 张量。",
        )
