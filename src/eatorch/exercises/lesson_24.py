"""Checks of lesson 24, Optimizers."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn, optim

from eatorch.checking import Slip, call, exercise, expect_number, expect_type
from eatorch.expecting import Untouched

Words = tuple[str, str]

_RATES, _MOMENTUMS = (0.01, 0.02, 0.03), (0.9, 0.8, 0.7)
_CLOSE = 1e-6  # how far a setting may lie from the one asked for
_NEAR, _STEPS = 0.01, 500  # when a walk has settled; how long it is followed


@exercise("24-1")
def three_groups(answer: Any) -> None:
    """One SGD with three groups, and the keys of a group."""
    parameters = [torch.zeros(2), torch.zeros(3, 1), torch.zeros(4)]
    got = call(answer, list(parameters))
    if isinstance(got, optim.Optimizer):
        raise Slip(
            "The optimizer came alone. Return a pair: the optimizer and the keys.",
            "只返回了优化器。应当返回一对：优化器和键的列表。",
        )
    expect_type(got, (tuple, list), en="a pair", zh="一对")
    if len(got) != 2:
        raise Slip(
            f"Expected a pair, the optimizer and the keys, got {len(got)} parts.",
            f"应当是一对：优化器和键，得到 {len(got)} 个部分。",
        )
    optimizer, keys = got
    expect_type(optimizer, optim.SGD, en="an SGD optimizer", zh="一个 SGD 优化器")
    _compare_groups(optimizer.param_groups, parameters)
    _compare_keys(keys, set(optimizer.param_groups[0]))


def _compare_groups(groups: list[dict[str, Any]], parameters: list[Tensor]) -> None:
    if len(groups) != len(parameters):
        raise Slip(
            f"The optimizer has {len(groups)} group(s), not 3. Each dictionary becomes "
            "a group.",
            f"优化器里有 {len(groups)} 个参数组，不是 3 个。每个字典成为一组。",
        )
    for place, (group, parameter) in enumerate(zip(groups, parameters, strict=True)):
        if [id(held) for held in group["params"]] != [id(parameter)]:
            raise Slip(
                f"Group {place} should hold tensor {place} of the list itself, and "
                "nothing else.",
                f"第 {place} 组应当只装着列表里的第 {place} 个张量本身。",
            )
        for key, wanted in (("lr", _RATES[place]), ("momentum", _MOMENTUMS[place])):
            if abs(float(group[key]) - wanted) > _CLOSE:
                raise Slip(
                    f"In group {place}, {key} is {float(group[key]):g}. Did the group "
                    "name it?",
                    f"第 {place} 组的 {key} 是 {float(group[key]):g}。"
                    "这一组自己写明它了吗？",
                )


def _compare_keys(keys: Any, wanted: set[str]) -> None:
    if not isinstance(keys, Iterable) or isinstance(keys, str):
        kind = type(keys).__name__
        raise Slip(
            f"Expected a list of keys, got {kind}.",
            f"应当是键的列表，得到的却是 {kind}。",
        )
    named = {str(key) for key in keys}
    if "state" in named or named >= {"state", "param_groups"}:
        raise Slip(
            "These are the keys of the state dict. Asked for are those of one group.",
            "这些是状态字典的键，要的是一个参数组的键。",
        )
    if missing := wanted - named:
        raise Slip(
            f"{len(missing)} of the {len(wanted)} keys of a group are missing. Ask the "
            "optimizer's group, not your own dictionary.",
            f"一个组有 {len(wanted)} 个键，还缺 {len(missing)} 个。"
            "去问优化器里的组，不要问你自己写的字典。",
        )
    if extra := named - wanted:
        raise Slip(
            f"A group has no key {min(extra)!r}.", f"参数组里没有键 {min(extra)!r}。"
        )


@exercise("24-2")
def rate_limits(answer: Any) -> None:
    """Best rate and limit from the curvature of a parabola."""
    cases: list[tuple[Callable[[Any], Any], str, float]] = [
        (_steep, "4x²", 8.0),
        (_flat, "0.5x² - 3x", 1.0),
        (_shifted, "3(x - 2)² + 1", 6.0),
    ]
    for function, name, curvature in cases:
        best, limit = _pair(call(answer, function))
        _refuse_known_rates(best, limit, name, curvature)
        for got, want, (en, zh) in (
            (
                best,
                1 / curvature,
                ("rate to arrive in one step", "一步到位的学习率"),
            ),
            (limit, 2 / curvature, ("limit", "上限")),
        ):
            try:
                expect_number(got, want, tolerance=1e-3)
            except Slip as slip:
                raise Slip(
                    f"For {name}, the {en}: {slip.en}", f"对 {name}，{zh}：{slip.zh}"
                ) from None


def _steep(x: Any) -> Any:
    return 4 * x**2


def _flat(x: Any) -> Any:
    return 0.5 * x**2 - 3 * x


def _shifted(x: Any) -> Any:
    return 3 * (x - 2) ** 2 + 1


def _pair(got: Any) -> list[Any]:
    """Return two numbers, whatever held them."""
    if isinstance(got, Tensor | np.ndarray):
        got = got.tolist()
    if isinstance(got, dict):
        got = list(got.values())
    expect_type(got, (tuple, list), en="a pair of rates", zh="一对学习率")
    if len(got) != 2:
        raise Slip(
            f"Expected a pair, the best rate and the limit, got {len(got)} parts.",
            f"应当是一对：最好的学习率和上限，得到 {len(got)} 个部分。",
        )
    return [_plain(part) for part in got]


def _plain(got: Any) -> Any:
    """Return a plain number if it came as an array or tensor of one element."""
    if isinstance(got, Tensor | np.ndarray | np.generic):
        numbers = np.asarray(got.detach() if isinstance(got, Tensor) else got)
        return numbers.item() if numbers.size == 1 else got
    return got


def _refuse_known_rates(best: Any, limit: Any, name: str, curvature: float) -> None:
    try:
        near = [abs(float(best) * curvature - k) < 1e-3 for k in (1, 2)]
        far = [abs(float(limit) * curvature - k) < 1e-3 for k in (1, 2)]
    except (TypeError, ValueError):  # no numbers: expect_number says so
        return
    if near[1] and far[0]:
        raise Slip(
            "The two rates are swapped: first the best, then the limit.",
            "两个学习率写反了：先是最好的，再是上限。",
        )
    if near[1]:
        raise Slip(
            f"For {name} the first rate is twice too large. Is it the factor before x² "
            "that counts, or the second derivative?",
            f"对 {name}，第一个学习率大了一倍。该用 x² 前的系数，还是二阶导数？",
        )


@exercise("24-3")
def settled(answer: Any) -> None:
    """Count the steps until a walk stays close to the minimum."""
    for momentum in (0.63, 0.9, 0.0, 0.8):
        got = call(answer, momentum)
        got = _plain(got)
        expect_type(got, (int, float), en="a number of steps", zh="一个数，表示步数")
        _compare_settled(float(got), momentum)


def _compare_settled(got: float, momentum: float) -> None:
    places = _walk(momentum)
    far = [step for step, x in enumerate(places) if abs(x) >= _NEAR]
    wanted = far[-1] + 1
    first = next(step for step, x in enumerate(places) if abs(x) < _NEAR)
    if got == first != wanted:
        raise Slip(
            f"With momentum {momentum}, x is close to 0 for the first time after "
            f"{first} steps, but it leaves again.",
            f"动量为 {momentum} 时，{first} 步之后 x 第一次接近 0，但它又离开了。",
        )
    if got == wanted - 1:
        raise Slip(
            f"With momentum {momentum}, after {wanted - 1} steps x is still too far "
            "away. The place after no step is number 0.",
            f"动量为 {momentum} 时，走了 {wanted - 1} 步，x 还是太远。"
            "一步没走时的位置是第 0 个。",
        )
    if got != wanted:
        en, zh = ("too many", "太多") if got > wanted else ("too few", "太少")
        raise Slip(
            f"With momentum {momentum}, {got:g} steps are {en}. Is it the rate 0.01, "
            "the start 2, and |x| below 0.01?",
            f"动量为 {momentum} 时，{got:g} 步{zh}。"
            "学习率是 0.01 吗？起点是 2 吗？条件是 |x| 小于 0.01 吗？",
        )


def _walk(momentum: float) -> list[float]:
    """Walk down 4x² from 2 with a rate of 0.01."""
    x, velocity = 2.0, 0.0
    places = [x]
    for _ in range(_STEPS):
        velocity = momentum * velocity + 8 * x
        x -= 0.01 * velocity
        places.append(x)
    return places


@exercise("24-4")
def plain_sgd(answer: Any) -> None:
    """An optimizer without a memory, with groups and idle parameters."""
    if not (isinstance(answer, type) and issubclass(answer, optim.Optimizer)):
        name = getattr(answer, "__name__", type(answer).__name__)
        raise Slip(
            f"Expected a class made from torch.optim.Optimizer, got {name}.",
            f"应当是 torch.optim.Optimizer 的子类，得到的却是 {name}。",
        )
    step = answer.step  # PyTorch wraps it when the first object is made
    if getattr(step, "__wrapped__", step) is optim.Optimizer.step:
        raise Untouched
    if answer.__module__.startswith("torch.") or issubclass(answer, optim.SGD):
        raise Slip(
            "This is an optimizer of PyTorch. Write the step yourself.",
            "这是 PyTorch 自带的优化器。请自己写 step。",
        )
    _compare_steps(answer)


def _compare_steps(kind: Any) -> None:
    mine, theirs = (_three_parameters() for _ in range(2))
    idle = mine[2].detach().clone()
    optimizer, reference = kind(_groups(mine), lr=0.1), optim.SGD(_groups(theirs), 0.1)
    for round_ in range(2):
        for parameters in (mine, theirs):
            for number, parameter in enumerate(parameters[: 2 + round_]):
                parameter.grad = torch.full_like(parameter, 1.0 + number + round_)
        _step_once(optimizer, mine)
        reference.step()
        if round_ == 0 and not torch.equal(mine[2], idle):
            raise Slip(
                "A parameter whose .grad is None has moved.",
                "一个 .grad 为 None 的参数动了。",
            )
        _compare_places(mine, theirs, round_)


def _step_once(optimizer: optim.Optimizer, parameters: list[nn.Parameter]) -> None:
    try:
        optimizer.step()
    except TypeError as error:
        if "NoneType" in str(error):
            raise Slip(
                "step stumbled over a parameter without a gradient: its .grad is None.",
                "step 绊在了一个没有梯度的参数上：它的 .grad 是 None。",
            ) from error
        raise
    except RuntimeError as error:
        if "leaf" in str(error):
            raise Slip(
                "PyTorch refused the change in place, because it was being recorded. "
                "What switches recording off?",
                "PyTorch 拒绝了这次原地修改，因为它正在被记录。用什么关掉记录？",
            ) from error
        raise
    if any(p.grad_fn is not None or not p.requires_grad for p in parameters):
        raise Slip(
            "After the step a parameter is no longer a leaf that wants a gradient.",
            "这一步之后，有参数不再是需要梯度的叶子张量了。",
        )


def _compare_places(
    mine: list[nn.Parameter], theirs: list[nn.Parameter], round_: int
) -> None:
    starts = _three_parameters()
    for number, (got, want) in enumerate(zip(mine, theirs, strict=True)):
        if torch.allclose(got, want, atol=1e-6):
            continue
        start = starts[number]
        if torch.equal(got, start):
            en, zh = (
                "it has not moved. Was a copy changed, and not the parameter itself",
                "它没有动。是不是改了副本，而不是参数本身",
            )
        elif torch.allclose(got - start, start - want, atol=1e-6):
            en, zh = "it moved uphill", "它在往上坡走"
        elif number == 2:  # the group with a rate of its own
            en, zh = (
                "its group has a rate of its own, 0.5",
                "它所在的组有自己的学习率 0.5",
            )
        else:
            en, zh = "it moved by another length", "它移动的长度不对"
        raise Slip(
            f"After step {round_ + 1}, parameter {number} is not right: {en}.",
            f"第 {round_ + 1} 步之后，参数 {number} 不对：{zh}。",
        )


def _three_parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.arange(1.0, n + 1)) for n in (2, 3, 4)]


def _groups(parameters: list[nn.Parameter]) -> list[dict[str, Any]]:
    """Put the last parameter into a group with a rate of its own."""
    return [{"params": parameters[:2]}, {"params": parameters[2:], "lr": 0.5}]
