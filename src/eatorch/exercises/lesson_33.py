"""Checks of lesson 33, Common errors."""

import dis
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from eatorch.checking import Slip, call, exercise, expect_entries, expect_type
from eatorch.expecting import shorten

_STEPS = 10


def _task() -> tuple[Tensor, Tensor]:
    """Make flowers of three kinds, with labels as an old file holds them."""
    generator = torch.Generator().manual_seed(33)
    labels = torch.arange(150) % 3 + 1
    noise = torch.randn(150, 4, generator=generator, dtype=torch.float64)
    return noise + labels[:, None], labels[:, None]


def _losses(rows: Tensor, labels: Tensor, *, zero: bool = True) -> list[float]:
    """Run the ten steps of the exercise, repaired."""
    into, out = (
        nn.Linear(*size, dtype=rows.dtype) for size in ((rows.shape[1], 8), (8, 3))
    )
    net = nn.Sequential(into, nn.Tanh(), out)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(_STEPS):
        if zero:
            optimizer.zero_grad()
        loss = functional.cross_entropy(net(rows), labels)
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    return losses


def _seeded(
    rows: Tensor,
    labels: Tensor,
    *,
    zero: bool = True,
    dtype: torch.dtype = torch.float32,
) -> list[float]:
    torch.manual_seed(0)
    return _losses(rows.to(dtype), labels.flatten(), zero=zero)


@exercise("33-1")
def learn(answer: Any) -> None:
    """Compare the ten losses with those of the repaired program."""
    state = torch.get_rng_state()
    rows, labels = _task()
    kept = rows.clone(), labels.clone()
    try:
        with torch.enable_grad():
            got = _ten_numbers(call(answer, rows, labels))
            if not (torch.equal(rows, kept[0]) and torch.equal(labels, kept[1])):
                raise Slip(
                    "The losses come, but rows or labels were changed in place. Make "
                    "new tensors.",
                    "损失得到了，但 rows 或 labels 被原地改动了。请生成新的张量。",
                )
            _compare_losses(got, *kept)
    finally:
        torch.set_rng_state(state)


def _ten_numbers(got: Any) -> list[float]:
    """Read the losses from an array, a list or a tensor."""
    if isinstance(got, np.ndarray) or (isinstance(got, Tensor) and got.ndim):
        got = [*got]
    expect_type(got, (list, tuple), en="ten losses", zh="十个损失")
    if len(got) != _STEPS:
        raise Slip(
            f"Expected {_STEPS} losses, got {len(got)}.",
            f"应有 {_STEPS} 个损失，得到 {len(got)} 个。",
        )
    if any(isinstance(loss, Tensor) and loss.requires_grad for loss in got):
        raise Slip(
            "The losses still carry their records. Keep plain numbers.",
            "损失还带着各自的记录。只留下普通的数。",
        )
    return [float(loss) for loss in got]  # may be NumPy numbers or 0-d tensors


def _compare_losses(got: list[float], rows: Tensor, labels: Tensor) -> None:
    slips: list[tuple[Callable[[], list[float]], str, str]] = [
        (
            lambda: _seeded(rows, labels - 1, zero=False),
            "Five messages are gone. The sixth slip is silent: the gradients of all "
            "steps pile up.",
            "五条报错都解决了。第六个错误没有声音：每一步的梯度都累加起来了。",
        ),
        (
            lambda: _seeded(rows, (labels - 1).clamp(max=1)),
            "The classes 2 and 3 became one class. Number all three from 0.",
            "类别 2 和 3 变成了同一类。三个类别都要从 0 开始编号。",
        ),
        (
            lambda: _seeded(rows, labels % 3),
            "The classes are 0, 1 and 2 now, but in another order: 3 became 0.",
            "类别变成了 0、1、2，但顺序变了：3 变成了 0。",
        ),
        (
            lambda: _seeded(rows, labels.clamp(max=2)),
            "The classes 2 and 3 became one class. Number all three from 0.",
            "类别 2 和 3 变成了同一类。三个类别都要从 0 开始编号。",
        ),
        (
            lambda: _seeded(rows[:, :3], labels - 1),
            "One of the four features is thrown away. Mend the layer, not the data.",
            "四个特征里丢掉了一个。该改的是层，不是数据。",
        ),
    ]
    for dtype in (torch.float32, torch.float64):  # rows or layers may be converted
        if _close(got, _seeded(rows, labels - 1, dtype=dtype)):
            return
    for losses, en, zh in slips:
        if _close(got, losses()):
            raise Slip(en, zh)
    raise Slip(
        f"Ten losses come, from {got[0]:.3f} to {got[-1]:.3f}, but not those of the "
        "repaired program. Are seed, hidden width and rate as they were, and is "
        "nothing else added?",
        f"得到了十个损失，从 {got[0]:.3f} 到 {got[-1]:.3f}，但与修好的程序不同。"
        "种子、隐藏宽度和学习率都没动吗？有没有添加别的东西？",
    )


def _close(got: Sequence[float], want: Sequence[float]) -> bool:
    return bool(np.allclose(got, want, atol=2e-3))


_LINES: list[tuple[Callable[[], Any], str, str]] = [
    (
        lambda: functional.mse_loss(torch.zeros(3, 1), torch.zeros(3)),
        "the shapes differ but broadcast, and this loss looks at them.",
        "形状不同却可以广播，而这个损失函数会检查形状。",
    ),
    (
        lambda: (torch.zeros(3, 1) - torch.zeros(3)).square().mean(),
        "the same shapes, but who would notice here?",
        "形状还是那样，但这里有谁会注意到呢？",
    ),
    (
        lambda: torch.zeros(3, 2) - torch.zeros(3),
        "lay the shapes over each other from the right: 2 above 3.",
        "把两个形状靠右对齐：2 的下面是 3。",
    ),
    (
        lambda: functional.cross_entropy(torch.zeros(3, 3), torch.tensor([1, 2, 3])),
        "three classes are numbered 0, 1 and 2.",
        "三个类别的编号是 0、1、2。",
    ),
    (
        lambda: functional.cross_entropy(
            torch.zeros(3, 4).softmax(dim=1), torch.tensor([1, 2, 3])
        ),
        "four classes are enough; does the loss know what a softmax did before it?",
        "四个类别足够了；在它之前做过 softmax，损失函数会知道吗？",
    ),
    (
        lambda: torch.zeros(28, 28, 3).reshape(3, 28, 28),
        "is the number of numbers the same?",
        "数的个数一样吗？",
    ),
    (
        lambda: torch.zeros(28, 28, 3).permute(2, 0, 1).view(-1),
        "do the numbers lie in the order that view needs?",
        "这些数的存放顺序是 view 需要的吗？",
    ),
]


@exercise("33-2")
def outcomes(answer: Any) -> None:
    """Compare the predictions with what the seven lines really do."""
    want = [_outcome(line) for line, _, _ in _LINES]
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    hints = [(en, zh) for _, en, zh in _LINES]
    expect_entries(answer, want, hints, read=_read_outcome)


def _outcome(line: Callable[[], Any]) -> str:
    with warnings.catch_warnings(record=True, action="always") as heard:
        try:
            line()
        except (RuntimeError, IndexError):
            return "error"
    return "warning" if heard else "silence"


def _read_outcome(number: int, entry: Any) -> str:
    if isinstance(entry, str) and entry.strip().lower() in {
        "error",
        "warning",
        "silence",
    }:
        return entry.strip().lower()
    told = shorten(entry)
    raise Slip(
        f'Entry {number} must be "error", "warning" or "silence", got {told}.',
        f'第 {number} 项应当是 "error"、"warning" 或 "silence"，得到的是 {told}。',
    )


def _root(x: Tensor) -> Tensor:
    return (x**2).sqrt()


def _late(x: Tensor) -> Tensor:
    return torch.where(x > 0, x.log(), 0.0)


def _clean(x: Tensor) -> Tensor:
    return (x**2 + 1).sqrt()


def _quotient(x: Tensor) -> Tensor:
    return torch.where(x > 0, x.sin() / x, 1.0)


_BIRTHS: list[tuple[Callable[[Tensor], Tensor], str]] = [
    (_root, "Pow"),
    (_late, "Log"),
    (_quotient, "Div"),
    (_clean, ""),
]


@exercise("33-3")
def first_nan(answer: Any) -> None:
    """Ask about three functions that make NaN and one that does not."""
    enabled = torch.is_anomaly_enabled()
    try:
        with torch.enable_grad():
            for function, want in _BIRTHS:
                _judge_birth(answer, function, want)
    finally:
        torch.autograd.set_detect_anomaly(enabled)


def _judge_birth(answer: Any, function: Callable[[Tensor], Tensor], want: str) -> None:
    torch.autograd.set_detect_anomaly(False)
    x = torch.arange(3.0)
    kept = x.clone()
    with warnings.catch_warnings(action="ignore"):
        got = call(answer, function, x)
    _expect_tidy(x, kept)
    expect_type(got, str, en="a name as a string", zh="字符串形式的名字")
    name = function.__name__.removeprefix("_")
    if want and not got.strip("'\" "):
        raise Slip(
            f"For {name} your function finds nothing, but its slope at 0 is NaN. Was "
            "anomaly detection on during the forward pass, and is x among the inputs?",
            f"对于 {name}，你的函数什么也没找到，但它在 0 处的斜率是 NaN。"
            "前向传播时打开异常检测了吗？求的是 x 的梯度吗？",
        )
    if not want and got:
        raise Slip(
            "For a function whose way back is clean, your function answers "
            f"{shorten(got)} where it should return an empty string.",
            f"有一个函数反向传播没有问题，你的函数却给出 {shorten(got)}，"
            "而这里应当返回空字符串。",
        )
    if not re.fullmatch(rf"['\"]?{want}(Backward\d*)?['\"]?", got):
        raise Slip(
            f"For {name} your function answers {shorten(got)}. Which name stands in "
            "quotes in the message?",
            f"对于 {name}，你的函数给出 {shorten(got)}。报错信息的引号里是哪个名字？",
        )


def _expect_tidy(x: Tensor, kept: Tensor) -> None:
    """Require that nothing was left changed."""
    if torch.is_anomaly_enabled():
        raise Slip(
            "Anomaly detection is still on afterwards, and slows all that follows. Use "
            "it with 'with'.",
            "之后异常检测仍然开着，会拖慢后面的一切。请配合 with 使用。",
        )
    if x.requires_grad or x.grad is not None or not torch.equal(x, kept):
        raise Slip(
            "x itself was changed: it asks for a gradient now, or has other values. "
            "Work with a copy.",
            "x 本身被改动了：它现在需要梯度，或者值变了。请用它的副本。",
        )


_PYTHONS_OWN = (NameError, SyntaxError, ZeroDivisionError, RecursionError)


@exercise("33-4")
def row(answer: Any) -> None:
    """Run both functions of the row and look for the words in the message."""
    expect_type(answer, (tuple, list), en="a tuple of three", zh="由三项组成的元组")
    if len(answer) != 3:
        raise Slip(
            f"Expected three entries (words, broken, cured), got {len(answer)}.",
            f"应有三项（报错的文字、出错的函数、修好的函数），得到 {len(answer)} 项。",
        )
    words, broken, cured = answer
    expect_type(words, str, en="the words as a string", zh="字符串形式的报错文字")
    _expect_words(words)
    message = _message_of(broken)
    if not re.search(".*".join(map(re.escape, words.split("…"))), message, re.DOTALL):
        raise Slip(
            f"The words are not in the message, which reads: {shorten(message, 200)}",
            f"这些文字不在报错信息里，信息是：{shorten(message, 200)}",
        )
    try:
        call(cured)
    except Slip:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {shorten(error, 200)}"
        raise Slip(
            f"The cure fails, too, with {told}",
            f"修好的函数也出错了：{told}",
        ) from None


def _expect_words(words: str) -> None:
    if len(words.replace("…", "").strip()) < 12:
        raise Slip(
            f"{shorten(words)} is too short to search for. Quote a few words more.",
            f"{shorten(words)} 太短，不便搜索。请多引用几个词。",
        )
    if re.search(r"\d{2,}", words):
        raise Slip(
            "The words hold numbers, which differ from reader to reader. Put … there.",
            "文字里有数字，而数字因人而异。请用 … 代替。",
        )


def _message_of(broken: Any) -> str:
    """Run the function that must fail, and return what PyTorch says."""
    if not callable(broken):
        told = f"{type(broken).__name__} {shorten(broken)}"
        raise Slip(
            f"The second entry must be a function, got {told}. Is it called already?",
            f"第二项应当是函数，得到的是 {told}。是不是已经调用过了？",
        )
    try:
        broken()
    except _PYTHONS_OWN as error:
        name = type(error).__name__
        raise Slip(
            f"{name} is an error of Python. Show one of PyTorch.",
            f"{name} 是 Python 的错误。请举一个 PyTorch 的。",
        ) from None
    except Exception as error:
        if _raised_by_hand(error.__traceback__):
            raise Slip(
                "Your function raises the error itself. Let PyTorch do it.",
                "这个错误是你的函数自己抛出的。请让 PyTorch 来抛出。",
            ) from None
        return str(error)
    raise Slip(
        "The second entry runs without an error, but it should fail.",
        "第二项运行时没有出错，而它本该出错。",
    )


def _raised_by_hand(trace: TracebackType | None) -> bool:
    """Tell whether the innermost frame is the reader's and stands at a ``raise``."""
    if trace is None:
        return False
    while trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    if code.co_filename.startswith(str(Path(torch.__file__).parent)):
        return False
    steps = {step.offset: step.opname for step in dis.get_instructions(code)}
    return steps.get(trace.tb_lasti) == "RAISE_VARARGS"
