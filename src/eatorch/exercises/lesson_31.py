"""Checks of lesson 31, torch.compile and torch.export."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_entries,
    expect_tensor,
    expect_type,
)
from eatorch.expecting import Untouched, shorten

_VECTORS = ([3.0, 4.0], [0.3, 0.4], [0.0, 0.0, 0.0], [-2.0, 0.5, 1.0], [1.0])


class _Counter:
    """A backend that counts the graphs it is given."""

    def __init__(self) -> None:
        self.plans = 0

    def __call__(self, plan: Any, _examples: Any) -> Callable[..., Any]:
        self.plans += 1
        run: Callable[..., Any] = plan.forward
        return run


@exercise("31-1")
def limited(answer: Any) -> None:
    """Compare the values, then ask for one graph."""
    for numbers in _VECTORS:
        x = torch.tensor(numbers)
        want = x / x.norm().clamp(min=1)
        told = f"[{', '.join(f'{number:g}' for number in numbers)}]"
        expect_tensor(
            call(answer, x.clone()),
            want,
            en=f"the result for {told}",
            zh=f"{told} 的结果",
        )
    _expect_one_graph(answer)


def _expect_one_graph(answer: Any) -> None:
    """Capture the answer with fullgraph and without: one plan for both ways."""
    long, short = torch.tensor([3.0, 4.0]), torch.tensor([0.3, 0.4])
    for fullgraph in (True, False):
        torch.compiler.reset()
        counter = _Counter()
        planned: Callable[[Tensor], Any] = torch.compile(
            answer, backend=counter, fullgraph=fullgraph
        )
        results = [_run_plan(planned, x) for x in (long, short)]
        _expect_one_plan(counter.plans)
        for result, x in zip(results, (long, short), strict=True):
            expect_tensor(
                result,
                x / x.norm().clamp(min=1),
                en="the result of the plan",
                zh="计划的结果",
            )


def _run_plan(planned: Callable[[Tensor], Any], x: Tensor) -> Any:
    try:
        return planned(x.clone())
    except Exception as error:
        first = str(error).partition("\n")[0] or type(error).__name__
        raise Slip(
            "The values are right, but with fullgraph=True the capture stops: "
            f"{first}. Does a line ask for the value of a tensor, or print?",
            f"数值都对，但用 fullgraph=True 捕获时中断了：{first}。"
            "有没有哪一行在询问张量的值，或者在打印？",
        ) from None


def _expect_one_plan(plans: int) -> None:
    if plans != 1:
        raise Slip(
            f"The values are right, but {plans} graphs were captured where one is "
            "enough. Does a line make a Python number of a tensor, or hide from the "
            "compiler?",
            f"数值都对，但捕获了 {plans} 张图，而一张就够了。"
            "有没有哪一行把张量变成 Python 数，或者对编译器藏起来了？",
        )


def _network() -> nn.Module:
    torch.manual_seed(31)
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10))


@exercise("31-2")
def exported(answer: Any) -> None:
    """Run the program with several batch sizes and compare with the network."""
    state = torch.get_rng_state()
    try:
        network, twin = _network(), _network().eval()
        program = _exported(answer, network)
        for batch in (5, 1, 64):
            pictures = torch.rand(batch, 1, 8, 8)
            with torch.no_grad():
                _judge_program(program, pictures, twin(pictures))
    finally:
        torch.set_rng_state(state)


def _exported(answer: Any, network: nn.Module) -> Callable[[Tensor], Any]:
    """Call the answer, and explain the refusals that the lesson tells of."""
    try:
        program = call(answer, network)
    except Exception as error:
        if "specialized it to be a constant (1)" in str(error):
            raise Slip(
                "Export refuses: the example has a batch of 1, a size that PyTorch "
                "treats as a case of its own. Take a larger one.",
                "导出被拒绝：示例的批次大小是 1，而 PyTorch 把这个大小当作特例。"
                "请用更大的批次。",
            ) from None
        raise
    if not isinstance(program, torch.export.ExportedProgram):
        raise Slip(
            "Expected an ExportedProgram, as export returns it, got "
            f"{type(program).__name__}.",
            "应当是 export 返回的 ExportedProgram，得到的却是 "
            f"{type(program).__name__}。",
        )
    run: Callable[[Tensor], Any] = program.module()
    return run


def _judge_program(
    run: Callable[[Tensor], Any], pictures: Tensor, want: Tensor
) -> None:
    batch = len(pictures)
    try:
        got, again = run(pictures.clone()), run(pictures.clone())
    except AssertionError as error:
        told = shorten(error, 120)
        raise Slip(
            f"With {batch} pictures the program refuses: {told}. Which axis should be "
            "free?",
            f"给出 {batch} 张图片时，程序拒绝运行：{told}。应当放开哪个轴？",
        ) from None
    if isinstance(got, Tensor) and not torch.equal(got, again):
        raise Slip(
            "Two runs with the same pictures differ: dropout is at work. Which mode "
            "was on when you exported?",
            "同样的图片运行两次，结果不同：dropout 还在起作用。导出时是哪种模式？",
        )
    expect_tensor(
        got,
        want,
        en=f"the scores of {batch} pictures",
        zh=f"{batch} 张图片的分数",
        tolerance=1e-4,
    )


_CALLS: tuple[tuple[Tensor, int], ...] = (
    (torch.ones(3), 2),
    (torch.zeros(3), 2),
    (torch.ones(3), 5),
    (torch.ones(3), 2),
    (torch.ones(4), 2),
    (torch.ones(9), 2),
    (torch.ones(3).double(), 2),
)
_HINTS = [
    ("something must be captured once.", "总得先捕获一次。"),
    ("are values of a tensor guarded?", "张量的值有守卫吗？"),
    ("what steers the loop?", "循环由什么决定？"),
    ("are old plans thrown away?", "旧的计划会被扔掉吗？"),
    ("does a plan for 3 numbers fit 4?", "3 个数的计划适用于 4 个数吗？"),
    ("what does the second size teach Dynamo?", "第二种大小教会了 Dynamo 什么？"),
    ("does a plan for float32 fit float64?", "float32 的计划适用于 float64 吗？"),
]


def _wander(x: Tensor, rounds: int) -> Tensor:
    for _ in range(rounds):
        x = torch.sin(x)
    return x


@exercise("31-3")
def plan_counts(answer: Any) -> None:
    """Count the plans of the seven calls, and compare."""
    if isinstance(answer, (Tensor, np.ndarray)):
        answer = answer.tolist()
    expect_type(answer, (list, tuple), en="a list", zh="一个列表")
    if any(entry is ... for entry in answer):
        raise Untouched
    torch.compiler.reset()
    counter = _Counter()
    planned = torch.compile(_wander, backend=counter)
    want = []
    for x, rounds in _CALLS:
        planned(x, rounds)
        want.append(counter.plans)
    expect_entries(answer, want, _HINTS, read=_read_count)


def _is_single(value: Any) -> bool:
    """Tell whether a tensor or an array holds one number."""
    if isinstance(value, Tensor):
        return value.numel() == 1
    return isinstance(value, np.ndarray | np.generic) and value.size == 1


def _read_count(number: int, entry: Any) -> int:
    if _is_single(entry):
        entry = entry.item()
    if isinstance(entry, bool) or not isinstance(entry, (int, float)):
        raise Slip(
            f"Entry {number} must be a whole number, got {shorten(entry)}.",
            f"第 {number} 项应当是整数，得到的是 {shorten(entry)}。",
        )
    if entry != entry // 1:
        raise Slip(
            f"Entry {number} must be a whole number, got {entry}.",
            f"第 {number} 项应当是整数，得到的是 {entry}。",
        )
    return int(entry)


_PRICES = (
    (30.0, 0.002, 0.0075),
    (30.0, 0.003, 0.002),
    (10.0, 1.0, 3.0),
    (12.5, 0.5, 0.5),
    (9.0, 1.5, 2.25),
)


@exercise("31-4")
def calls_until_worth(answer: Any) -> None:
    """Compare with the smallest number that is found by trying."""
    for first, compiled, plain in _PRICES:
        got = call(answer, first, compiled, plain)
        if _is_single(got):
            got = got.item()
        expect_type(got, (int, float), en="a number", zh="一个数")
        want = _smallest(first, compiled, plain)
        if got != want:
            told = f"first={first:g}, compiled={compiled:g}, plain={plain:g}"
            raise _price_slip(got, want, told)


def _smallest(first: float, compiled: float, plain: float) -> float:
    """Find the answer by trying one number after the other."""
    if compiled >= plain:
        return math.inf
    near = max(1, math.floor((first - compiled) / (plain - compiled)) - 2)
    while first + (near - 1) * compiled >= near * plain:
        near += 1
    return near


def _price_slip(got: float, want: float, told: str) -> Slip:
    en, zh = f"For {told} {shorten(got)} is wrong.", f"当 {told} 时，{got} 不对。"
    if math.isinf(want):
        return Slip(
            f"{en} Does the compiled function ever catch up?",
            f"{zh}编译后的函数追得上吗？",
        )
    if isinstance(got, float) and math.isfinite(got) and got != int(got):
        return Slip(f"{en} Calls come whole.", f"{zh}调用次数是整数。")
    if got == want - 1:
        return Slip(
            f"{en} After so many calls the two are level at best. Is the first call "
            "one of them?",
            f"{zh}这么多次之后，两者最多持平。第一次调用算在里面了吗？",
        )
    if got > want:
        return Slip(f"{en} It pays sooner.", f"{zh}回本要更早。")
    return Slip(f"{en} It takes longer to pay.", f"{zh}回本要更久。")
