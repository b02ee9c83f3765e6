"""Checks of lesson 09, The dynamic graph."""

from typing import Any

import torch
from torch import Tensor

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type
from eatorch.expecting import Untouched

NODES, EDGES, SLOPE = 5, 5, 5
ADDED = {"data", "grad", "grad_fn", "requires_grad", "is_leaf"}
OTHERS = {"device", "dtype", "shape"}

ERRORS = [
    (
        "NoneType",
        "After zero rounds the result is w itself, a leaf. What does its grad_fn hold?",
        "零轮之后，结果就是 w 本身，它是叶子张量。它的 grad_fn 里是什么？",
    ),
    (
        "incorrect number of gradients",
        "backward must return one gradient for each input of forward, in the same "
        "order. There are two inputs.",
        "backward 必须为 forward 的每个输入各返回一个梯度，顺序一致。这里有两个输入。",
    ),
    (
        "expected shape compatible with",
        "A gradient must have the shape of its input. Was something summed up, or did "
        "the incoming gradient get lost?",
        "梯度的形状必须与它对应的输入一致。是不是求了和，或者丢了传进来的梯度？",
    ),
    (
        "must define the forward",
        "forward is missing. Its name is forward, and @staticmethod stands above it.",
        "缺少 forward。方法名就叫 forward，上面要有 @staticmethod。",
    ),
    (
        "must implement either the backward",
        "backward is missing. Its name is backward, and @staticmethod stands above it.",
        "缺少 backward。方法名就叫 backward，上面要有 @staticmethod。",
    ),
    (
        "not enough values to unpack",
        "backward unpacks more tensors than were saved. Compare save_for_backward with "
        "saved_tensors.",
        "backward 取出的张量比保存的多。"
        "请对照 save_for_backward 与 saved_tensors 检查一遍。",
    ),
]


def _call_explained(answer: Any, *inputs: Any) -> Any:
    """Call the answer and explain the errors that this lesson provokes."""
    try:
        return call(answer, *inputs)
    except (RuntimeError, AttributeError, NotImplementedError, ValueError) as error:
        raise _explained(error) from error


def _explained(error: Exception) -> Exception:
    for sign, en, zh in ERRORS:
        if sign in str(error):
            return Slip(en, zh)
    return error


@exercise("09-1")
def nodes_and_edges(answer: Any) -> None:
    """Nodes, edges and slope of ``(x + w) * (w + 1)``."""
    expect_type(answer, (tuple, list), en="a tuple of three numbers", zh="三个数的元组")
    if len(answer) != 3:
        raise Slip(
            f"Expected three numbers (nodes, edges, slope), got {len(answer)}.",
            f"应有三个数（节点数、边数、斜率），得到 {len(answer)} 个。",
        )
    for value in answer:
        expect_type(value, (int, float), en="plain numbers", zh="普通的数")
    nodes, edges, slope = answer
    _judge_nodes(nodes)
    _judge_edges(edges)
    _judge_slope(slope)


def _judge_nodes(nodes: float) -> None:
    if nodes == NODES:
        return
    why = {
        6: (
            "Did you draw w twice, or count the number 1 or the result as a node?",
            "是不是把 w 画了两次，或者把数字 1、结果也算成了节点？",
        ),
        3: ("Leaves have a node, too.", "叶子张量也有节点。"),
    }.get(
        int(nodes) if nodes in (3, 6) else 0,
        (
            "Count each operation and each leaf that asks for a gradient, once.",
            "每个运算、每个需要梯度的叶子张量，都只数一次。",
        ),
    )
    raise Slip(
        f"{nodes:g} is not the number of nodes. {why[0]}",
        f"节点数不是 {nodes:g}。{why[1]}",
    )


def _judge_edges(edges: float) -> None:
    if edges != EDGES:
        raise Slip(
            f"The nodes are right, but {edges:g} is not the number of edges. Two "
            "numbers go into each operation; which of them ask for a gradient?",
            f"节点数对了，但边数不是 {edges:g}。"
            "每个运算都有两个数进去，其中哪些需要梯度？",
        )


def _judge_slope(slope: float) -> None:
    if abs(slope - SLOPE) < 1e-6:
        return
    why, why_zh = (
        "Follow both paths from y back to w.",
        "请沿着从 y 回到 w 的两条路走。",
    )
    if slope in (2, 3):
        why = "That is what one of two paths brings. Gradients add up at a leaf."
        why_zh = "这只是两条路中的一条带回来的。梯度在叶子张量处相加。"
    if slope == 6:
        why = "That is y itself, or a product of what should be added."
        why_zh = "这是 y 本身，或者把该相加的相乘了。"
    raise Slip(
        f"The graph is right, but {slope:g} is not the slope. {why}",
        f"图对了，但斜率不是 {slope:g}。{why_zh}",
    )


def _wander(w: Tensor, rounds: int) -> Tensor:
    y = w
    for _ in range(rounds):
        y = torch.sin(w * y)
    return y


@exercise("09-2")
def rounds_of(answer: Any) -> None:
    """The length of a random loop, read from the record."""
    for rounds in (3, 7, 1, 0):
        w = torch.tensor(0.7, requires_grad=True)
        got = _call_explained(answer, _wander(w, rounds))
        if isinstance(got, Tensor) and got.numel() == 1:
            got = got.item()
        expect_type(got, (int, float), en="a whole number", zh="一个整数")
        if got != rounds:
            raise Slip(*_wrong_rounds(got, rounds))


def _wrong_rounds(got: float, rounds: int) -> tuple[str, str]:
    plural = "" if rounds == 1 else "s"
    told = f"After {rounds} round{plural} your function says {got:g}."
    told_zh = f"循环了 {rounds} 轮，你的函数却说是 {got:g}。"
    if got == 2 * rounds + 1:
        why = "That is the number of all nodes. Each round leaves two, and w one."
        why_zh = "这是全部节点的个数：每一轮留下两个，w 还有一个。"
    elif got == 2 * rounds:
        why = "Each round leaves two operations. Count one kind."
        why_zh = "每一轮留下两个运算。只数其中一种。"
    elif got == rounds + 1:
        why = "One too many: is the leaf counted as well?"
        why_zh = "多了一个：是不是把叶子张量也数了？"
    elif got > 2 * rounds:
        why = "Two paths lead to many a node. Remember which nodes you have seen."
        why_zh = "许多节点有两条路可达。要记住哪些节点已经见过。"
    else:
        why = "Does it look at the record behind the result, all the way to w?"
        why_zh = "它是否查看了结果背后的整条记录，一直走到 w？"
    return f"{told} {why}", told_zh + why_zh


@exercise("09-3")
def added_by_variable(answer: Any) -> None:
    """Five attributes of the old wrapper."""
    kinds = (set, frozenset, list, tuple)
    expect_type(answer, kinds, en="a set of names", zh="由名字组成的集合")
    for name in answer:
        expect_type(name, str, en="names as strings", zh="字符串形式的名字")
    got = set(answer)
    if unknown := got - ADDED - OTHERS:
        listed = ", ".join(sorted(unknown))
        raise Slip(
            f"Not among the eight names of the task: {listed}.",
            f"不在题目的八个名字之中：{listed}。",
        )
    if surplus := got & OTHERS:
        raise Slip(
            f"{min(surplus)} describes numbers, not a record. Numbers had their shape "
            "before, and the rest came without a wrapper.",
            f"{min(surplus)} 描述的是数，不是记录。"
            "形状本来就属于数，其余的则出现在没有包装之后。",
        )
    if missing := len(ADDED - got):
        verb = "is" if missing == 1 else "are"
        raise Slip(
            f"What is there is right, but {missing} {verb} missing. Think of the "
            "numbers inside, of the slope, of the node, and of two questions with the "
            "answer yes or no.",
            f"写出来的都对，但还缺 {missing} 个。"
            "想想里面的数、斜率、节点，以及两个只答是或否的问题。",
        )


@exercise("09-4")
def hypotenuse(answer: Any) -> None:
    """A Function of two inputs with the right value and the right way back."""
    if not (isinstance(answer, type) and issubclass(answer, torch.autograd.Function)):
        raise Slip(
            "Expected a class made from torch.autograd.Function, got "
            f"{getattr(answer, '__name__', type(answer).__name__)}.",
            "应当是 torch.autograd.Function 的子类，得到的却是 "
            f"{getattr(answer, '__name__', type(answer).__name__)}。",
        )
    base = torch.autograd.Function
    if answer.forward is base.forward and answer.backward is base.backward:
        raise Untouched
    for legs in _legs():
        _judge_triangle(answer, *legs)


def _legs() -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(9)
    several = torch.rand(2, 2, 3, generator=generator, dtype=torch.float64) + 0.5
    return [
        (torch.tensor(3.0).double(), torch.tensor(4.0).double()),
        (several[0], -several[1]),
    ]


def _judge_triangle(answer: Any, a: Tensor, b: Tensor) -> None:
    a, b = (leg.clone().requires_grad_() for leg in (a, b))
    c = _call_explained(answer.apply, a, b)
    want = torch.sqrt(a.detach() ** 2 + b.detach() ** 2)
    expect_tensor(c, want, en="the hypotenuse", zh="斜边")
    if c.grad_fn is None:
        raise Slip(
            "The result has no grad_fn: apply did not record it.",
            "结果没有 grad_fn：apply 没有把它记录下来。",
        )
    gradient = torch.arange(2.0, 2 + c.numel(), dtype=c.dtype).reshape(c.shape)
    got = _gradients(c, (a, b), gradient)
    slopes = (a.detach() / want, b.detach() / want)
    _judge_gradients(got, slopes, gradient)


def _gradients(c: Tensor, legs: tuple[Tensor, Tensor], gradient: Tensor) -> Any:
    try:
        return torch.autograd.grad(c, legs, gradient, allow_unused=True)
    except (RuntimeError, AttributeError, NotImplementedError, ValueError) as error:
        raise _explained(error) from error


def _judge_gradients(got: Any, slopes: tuple[Tensor, Tensor], gradient: Tensor) -> None:
    if any(share is None for share in got):
        raise Slip(
            "backward gave None for a leg, but both legs have a slope.",
            "backward 为一条直角边返回了 None，但两条直角边都有斜率。",
        )
    if all(torch.allclose(*pair) for pair in zip(got, slopes, strict=True)):
        raise Slip(
            "These are the bare slopes. The gradient that comes from behind is "
            "missing, and the chain breaks here.",
            "这只是斜率本身，缺少从后面传来的梯度，链条在这里断了。",
        )
    swapped = [gradient * slope for slope in slopes[::-1]]
    if all(torch.allclose(*pair) for pair in zip(got, swapped, strict=True)):
        raise Slip(
            "Both gradients are there, but swapped: the first belongs to a.",
            "两个梯度都有，但顺序反了：第一个属于 a。",
        )
    upside_down = [gradient / slope for slope in slopes]
    if all(torch.allclose(*pair) for pair in zip(got, upside_down, strict=True)):
        raise Slip(
            "The slopes stand upside down: a leg is never longer than the hypotenuse, "
            "so no slope exceeds 1.",
            "斜率的分子和分母颠倒了：直角边不会比斜边长，所以斜率不会超过 1。",
        )
    for name, share, slope in zip("ab", got, slopes, strict=True):
        expect_tensor(
            share,
            gradient * slope,
            en=f"the gradient of {name}",
            zh=f"{name} 的梯度",
            tolerance=1e-6,
        )
