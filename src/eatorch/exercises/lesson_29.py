"""Checks of lesson 29, Three ways to train a model."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_entries,
    expect_number,
    expect_type,
)
from eatorch.expecting import shorten

Words = tuple[str, str]
Pair = tuple[Tensor, Tensor]

_MODULES: tuple[tuple[Callable[[], nn.Module], Words], ...] = (
    (
        lambda: nn.Linear(4, 4),
        ("does anything in it ask for the mode?", "它里面有什么会看模式吗？"),
    ),
    (
        lambda: nn.Dropout(0.5),
        ("what does it keep from one call to the next?", "它从上一次调用留下了什么？"),
    ),
    (
        lambda: nn.BatchNorm1d(4),
        (
            "look at its buffers before and after the call.",
            "看看调用前后它的缓冲区。",
        ),
    ),
    (
        lambda: nn.LayerNorm(4),
        ("over what does it take its mean?", "它的均值是对什么取的？"),
    ),
    (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.0)),
        ("how many numbers does it drop?", "它会丢掉多少个数？"),
    ),
    (
        lambda: nn.BatchNorm1d(4, track_running_stats=False),
        ("what can it use in evaluation mode?", "在评估模式下，它能用什么？"),
    ),
    (
        nn.RReLU,
        ("what does its first letter stand for?", "它的第一个字母代表什么？"),
    ),
)


@exercise("29-1")
def betrayed(answer: Any) -> None:
    """Find out by calling each module in both modes."""
    want = [_difference(make) for make, _ in _MODULES]
    hints = [words for _, words in _MODULES]
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    expect_entries(answer, want, hints, read=_word)


def _difference(make: Callable[[], nn.Module]) -> str:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(29)
        batch, module = torch.randn(8, 4), make()
        before = {name: value.clone() for name, value in module.state_dict().items()}
        trained = module.train()(batch)
        moved = any(
            not torch.equal(value, before[name])
            for name, value in module.state_dict().items()
        )
        module.load_state_dict(before)
        same = torch.allclose(module.eval()(batch), trained)
    if moved:
        return "both"
    return "nothing" if same else "output"


def _word(number: int, entry: Any) -> str:
    if isinstance(entry, str):
        word = entry.strip().lower()
        if word in ("nothing", "output", "both"):
            return word
    raise Slip(
        f'Entry {number} should be "nothing", "output" or "both", got '
        f"{shorten(entry)}.",
        f'第 {number} 项应当是 "nothing"、"output" 或 "both"，得到的是 '
        f"{shorten(entry)}。",
    )


class _Watched(nn.Module):
    """A small net that knows how many of its graphs wait for ``backward``."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        self.waiting, self.most, self.rows = 0, 0, 0

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.net(x)
        self.rows = max(self.rows, len(x))
        if output.requires_grad:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            output.register_hook(self._read)  # type: ignore[no-untyped-call]
        return output

    def _read(self, _: Tensor) -> None:
        self.waiting -= 1


class _Steps(torch.optim.SGD):
    """Plain descent that counts its steps."""

    steps = 0

    def step(self, closure: Any = None) -> Any:
        self.steps += 1
        return super().step(closure)


@exercise("29-2")
def step_over(answer: Any) -> None:
    """Compare with one step on all rows together."""
    for sizes in ((5, 2, 1), (4,), (3, 3)):
        generator = torch.Generator().manual_seed(29)
        pieces = [
            (
                torch.randn(n, 3, generator=generator),
                torch.randn(n, 2, generator=generator),
            )
            for n in sizes
        ]
        model, optimizer = _fresh()
        start = _flat(model)
        loss, gradient = _whole(pieces)
        got = call(answer, model, nn.MSELoss(), optimizer, [*pieces])
        _expect_one_step(optimizer, model, sizes)
        _compare_move(start - _flat(model), gradient, pieces)
        if isinstance(got, Tensor) and got.requires_grad:
            raise Slip(
                "The loss that you return is a tensor with its graph. Return a number.",
                "你返回的损失是带着计算图的张量。请返回一个数。",
            )
        _expect_loss(got, loss)


def _expect_loss(got: Any, want: float) -> None:
    if isinstance(got, np.ndarray) and got.size == 1:
        got = got.item()
    try:
        expect_number(got, want)
    except Slip as slip:
        raise Slip(
            f"The step is right, but the loss that you return is not: {slip.en}",
            f"这一步是对的，但返回的损失不对：{slip.zh}",
        ) from None


def _fresh() -> tuple[_Watched, _Steps]:
    """Return a model with old gradients lying around, and its optimizer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(29)
        model = _Watched()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model, _Steps(model.parameters(), lr=1.0)


def _flat(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def _whole(pieces: Sequence[Pair]) -> tuple[float, Tensor]:
    """Return loss and gradient of all rows in one batch."""
    inputs, targets = (torch.cat(parts) for parts in zip(*pieces, strict=True))
    return _gradient([(inputs, targets)], [1.0])


def _gradient(pieces: Sequence[Pair], weights: Sequence[float]) -> tuple[float, Tensor]:
    model, _ = _fresh()
    losses = [
        weight * nn.functional.mse_loss(model(inputs), targets)
        for (inputs, targets), weight in zip(pieces, weights, strict=True)
    ]
    loss = torch.stack(losses).sum()
    found = torch.autograd.grad(loss, list(model.parameters()))
    return loss.item(), torch.cat([part.flatten() for part in found])


def _expect_one_step(optimizer: _Steps, model: _Watched, sizes: Sequence[int]) -> None:
    if optimizer.steps != 1:
        raise Slip(
            f"For {len(sizes)} pieces the optimizer should take 1 step, it took "
            f"{optimizer.steps}.",
            f"有 {len(sizes)} 份时，优化器应当走 1 步，它走了 {optimizer.steps} 步。",
        )
    if model.rows > max(sizes) or model.most > 1:
        raise Slip(
            f"Pieces of {list(sizes)} rows: the graphs of several pieces were in "
            "memory at the same time. When is a graph let go?",
            f"各份有 {list(sizes)} 行：几份的计算图同时在内存里。"
            "计算图什么时候才会释放？",
        )


def _compare_move(moved: Tensor, want: Tensor, pieces: Sequence[Pair]) -> None:
    """Require the move of the whole batch, and name the usual slips."""
    if torch.allclose(moved, want, atol=1e-5):
        return
    count = len(pieces)
    rows = [len(inputs) for inputs, _ in pieces]
    slips = {
        "sum": [1.0] * count,
        "mean": [1 / count] * count,
        "rows": [float(n) for n in rows],
    }
    told = {
        "sum": (
            "it is the sum over the pieces. What does the loss divide by?",
            "这是各份之和。损失除以的是什么？",
        ),
        "mean": (
            "each piece counts alike, whatever its length.",
            "每一份不论长短都算得一样重。",
        ),
        "rows": (
            "it is as many times too long as there are rows.",
            "总共有多少行，它就长了多少倍。",
        ),
    }
    en, zh = "", ""
    if torch.allclose(moved, want + 1, atol=1e-5):
        en, zh = "the old gradients are still in it.", "旧的梯度还在里面。"
    for name, weights in slips.items():
        if torch.allclose(moved, _gradient(pieces, weights)[1], atol=1e-5):
            en, zh = told[name]
    raise Slip(
        f"With pieces of {rows} rows the step is not that of the whole batch"
        f"{': ' + en if en else '.'}",
        f"各份有 {rows} 行时，这一步与整个批次的那一步不同{'：' + zh if zh else '。'}",
    )


class _Counter(nn.Module):
    """A model that learns nothing but the number of its epochs, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seen = nn.Buffer(torch.zeros(1))


_NAN = math.nan
_COURSES: tuple[tuple[list[float], int, int, int], ...] = (
    ([5, 4, 3, 4, 5, 6, 7, 8], 3, 6, 3),  # losses, patience, epochs run, best
    ([3, 3.5, 3, 2, 9], 10, 5, 4),
    ([2, 2, 2, 2], 2, 3, 1),
    ([_NAN, 4, _NAN, 3, 5], 3, 5, 4),
    ([4, 5, 3, 4, 2, 3, 4, 1], 2, 7, 5),
)


@exercise("29-3")
def fit_best(answer: Any) -> None:
    """Walk through made-up curves and look where the model ends."""
    for losses, patience, run, best in _COURSES:
        model, starts = _Counter(), list[float]()

        def learn(given: nn.Module, starts: list[float] = starts) -> None:
            starts.append(next(given.parameters()).item())
            with torch.no_grad():
                for tensor in (*given.parameters(), *given.buffers()):
                    tensor.add_(1)

        def measure(
            _: nn.Module, starts: list[float] = starts, losses: list[float] = losses
        ) -> float:
            return float(losses[len(starts) - 1])

        got = call(answer, model, learn, measure, len(losses), patience)
        told = f"{shorten(losses)}, patience={patience}"
        _expect_course(starts, run, told)
        _expect_losses(got, losses[:run], told)
        _expect_best(model, run, best, told)


def _expect_course(starts: list[float], run: int, told: str) -> None:
    if starts[:run] != [float(n) for n in range(len(starts[:run]))]:
        raise Slip(
            f"Losses {told}: an epoch did not start from the weights of the one before "
            "it. Something was put back inside the loop.",
            f"损失 {told}：有一轮没有从前一轮的权重出发。"
            "有东西在循环里面就被放回去了。",
        )
    if len(starts) != run:
        raise Slip(
            f"Losses {told}: {run} epochs should run, yours were {len(starts)}. Only a "
            "lower loss than the best ends the waiting.",
            f"损失 {told}：应当运行 {run} 轮，你的运行了 {len(starts)} 轮。"
            "只有比最好的更低的损失，才会让等待重新计数。",
        )


def _expect_losses(got: Any, want: list[float], told: str) -> None:
    if isinstance(got, (Tensor, np.ndarray)):
        got = got.tolist()
    expect_type(got, (list, tuple), en="a list of losses", zh="一个由损失组成的列表")
    try:
        numbers = [float(loss) for loss in got]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != len(want) or not all(
        a == b or (math.isnan(a) and math.isnan(b))
        for a, b in zip(numbers, want, strict=True)
    ):
        raise Slip(
            f"Losses {told}: return what was measured in each epoch, in order; you "
            f"returned {shorten(got)}.",
            f"损失 {told}：请按顺序返回每一轮测得的值，你返回的是 {shorten(got)}。",
        )


def _expect_best(model: _Counter, run: int, best: int, told: str) -> None:
    weight, seen = model.weight.item(), model.seen.item()
    if weight == best and seen == best:
        return
    en, zh = "", ""
    if weight == run:
        en = " Those are the last ones: a state dict goes on changing."
        zh = "那是最后一轮的：状态字典会一直跟着变。"
    if weight == best:
        raise Slip(
            "The parameters are back, but the buffers are not. They belong to the "
            "state as well.",
            "参数回来了，缓冲区却没有。它们也是状态的一部分。",
        )
    raise Slip(
        f"Losses {told}: the model should end with the weights of epoch {best}, it has "
        f"those of epoch {weight:g}.{en}",
        f"损失 {told}：模型最后应当是第 {best} 轮的权重，"
        f"现在是第 {weight:g} 轮的。{zh}",
    )


@exercise("29-4")
def k_folds(answer: Any) -> None:
    """Each row is judged once, and learnt from in all other folds."""
    for rows, folds in ((12, 4), (11, 3), (5, 5), (40, 7)):
        got = _folds(answer, rows, folds, seed=29)
        told = f"k_folds({rows}, {folds})"
        _expect_partition([judged for _, judged in got], rows, told)
        for chosen, judged in got:
            _expect_rest(chosen, judged, rows, told)
    judged = torch.cat([part for _, part in got])
    if torch.equal(judged, judged.sort().values):
        raise Slip(
            "The rows are judged in their old order. Shuffle them first: data are "
            "often sorted.",
            "各行还是按原来的次序接受评判。请先打乱：数据往往是排好序的。",
        )
    again, other = (_folds(answer, rows, folds, seed=seed) for seed in (29, 30))
    if not all(torch.equal(a[1], b[1]) for a, b in zip(got, again, strict=True)):
        raise Slip(
            "A generator with the same seed gives other folds. Is it used at all?",
            "同一个随机种子的生成器给出了不同的分法。用到它了吗？",
        )
    if all(torch.equal(a[1], b[1]) for a, b in zip(got, other, strict=True)):
        raise Slip(
            "A generator with another seed gives the same folds. Is it used at all?",
            "换了随机种子，分法却没有变。用到生成器了吗？",
        )


def _folds(answer: Any, rows: int, folds: int, *, seed: int) -> list[Pair]:
    """Call the answer and return its pairs as tensors."""
    got = call(answer, rows, folds, torch.Generator().manual_seed(seed))
    expect_type(got, (list, tuple), en="a list of pairs", zh="一个由二元组构成的列表")
    if len(got) != folds:
        raise Slip(
            f"k_folds({rows}, {folds}) should have {folds} pairs, got {len(got)}.",
            f"k_folds({rows}, {folds}) 应有 {folds} 对，得到 {len(got)} 对。",
        )
    return [_pair(entry) for entry in got]


def _pair(entry: Any) -> Pair:
    try:
        chosen, judged = (torch.as_tensor(part).flatten() for part in entry)
    except (TypeError, ValueError, RuntimeError):
        raise Slip(
            f"Each entry should be a pair (chosen, judged), got {shorten(entry)}.",
            f"每一项应当是二元组（chosen, judged），得到的是 {shorten(entry)}。",
        ) from None
    for part in (chosen, judged):
        if part.numel() and (part.is_floating_point() or part.dtype == torch.bool):
            raise Slip(
                f"Row numbers should be whole numbers, got {part.dtype}.",
                f"行号应当是整数，得到的是 {part.dtype}。",
            )
    return chosen.long(), judged.long()


def _expect_partition(judged: Sequence[Tensor], rows: int, told: str) -> None:
    every = torch.cat(list(judged))
    strange = every[(every < 0) | (every >= rows)]
    if len(strange):
        raise Slip(
            f"{told}: row numbers go from 0 to {rows - 1}, yours include "
            f"{int(strange[0])}.",
            f"{told}：行号从 0 到 {rows - 1}，你的里面有 {int(strange[0])}。",
        )
    counts = every.bincount(minlength=rows)
    if not bool((counts == 1).all()):
        missing = int((counts == 0).sum())
        raise Slip(
            f"{told}: every row should be judged exactly once; {missing} never are. "
            "Is it shuffled anew for each fold, or is a remainder left out?",
            f"{told}：每一行都应当恰好被评判一次；有 {missing} 行一次也没有。"
            "是不是每一折都重新打乱了，或者漏掉了余数？",
        )
    sizes = [len(part) for part in judged]
    if max(sizes) - min(sizes) > 1:
        raise Slip(
            f"{told}: the folds have sizes {sizes}; they should differ by at most 1.",
            f"{told}：各折的大小是 {sizes}；它们最多只应相差 1。",
        )


def _expect_rest(chosen: Tensor, judged: Tensor, rows: int, told: str) -> None:
    if torch.isin(chosen, judged).any():
        raise Slip(
            f"{told}: a model learns from rows by which it is judged. (Is the order "
            "(chosen, judged)?)",
            f"{told}：模型在评判它的行上学习了。（次序是（chosen, judged）吗？）",
        )
    if len(chosen) != rows - len(judged) or len(set(chosen.tolist())) != len(chosen):
        raise Slip(
            f"{told}: {len(judged)} rows are judged, so {rows - len(judged)} different "
            f"ones are left to learn from, got {len(chosen)}.",
            f"{told}：有 {len(judged)} 行用于评判，所以应有 {rows - len(judged)} "
            f"个不同的行用于学习，得到 {len(chosen)} 个。",
        )
