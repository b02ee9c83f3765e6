"""Checks of lesson 04, Image data."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_number, expect_type
from eatorch.data import digits

_MOST_PARAMETERS = 3000
_LEAST_ACCURACY = 0.93


@exercise("04-1")
def bend(answer: Any) -> None:
    """Try two convolutions, first without a bend, then with a ReLU and dropout."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        one, two = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 3, 3)
        first, second = torch.randn(2, 5, 1, 6, 6)
        straight = nn.Sequential(one, two)
        _bend_of(answer, straight, first, second)
        bent = nn.Sequential(one, nn.ReLU(), two)
        for _ in range(2):  # once the largest value is positive, once negative
            _bend_of(answer, bent, first, second)
            with torch.no_grad():
                two.weight.neg_()
        dropping = nn.Sequential(one, nn.ReLU(), nn.Dropout2d(0.5), two)
        _bend_of(answer, dropping, first, second)


def _bend_of(answer: Any, model: nn.Module, first: Tensor, second: Tensor) -> None:
    model.eval()
    with torch.no_grad():
        both, zero = model(first + second), model(torch.zeros_like(first))
        gap = both - model(first) - model(second) + zero
    got, again = (
        call(answer, model.train(), first.clone(), second.clone()) for _ in range(2)
    )
    if isinstance(got, float) and isinstance(again, float) and got != again:
        raise Slip(
            "Called twice with the same pictures, your function gives two results. "
            "Is the dropout still on?",
            "用同样的图片调用两次，你的函数给出两个不同的结果。dropout 是不是还开着？",
        )
    if isinstance(got, Tensor) and got.numel() == 1:
        got = got.item()
    if isinstance(got, Tensor):
        raise Slip(
            f"Expected a single number, got a tensor of shape {tuple(got.shape)}. "
            "Asked for is the largest of its absolute values.",
            f"应当是一个数，得到的是形状为 {tuple(got.shape)} 的张量。"
            "题目要的是其中绝对值最大的那个值。",
        )
    if isinstance(got, float | int):
        _known_bends(float(got), gap, zero)
    expect_number(got, gap.abs().max().item(), tolerance=1e-4)


def _known_bends(got: float, gap: Tensor, zero: Tensor) -> None:
    """Name the slips whose numbers are known."""
    if _near(got, gap.abs().max()):
        return
    if _near(got, (gap - zero).abs().max()):
        raise Slip(
            f"{got:g} is what is left without the term f(0). A convolution with a "
            "bias does not map zero to zero, so this term has to be there.",
            f"{got:g} 是漏掉 f(0) 这一项的结果。"
            "带偏置的卷积不会把零变成零，所以不能少了这一项。",
        )
    if _near(got, gap.max()) or _near(got, gap.sum()) or _near(got, gap.min()):
        raise Slip(
            f"{got:g} comes from values of both signs. Take the absolute values "
            "first, then the largest.",
            f"{got:g} 是从有正有负的值得来的。先取绝对值，再取最大值。",
        )
    if _near(got, gap.abs().mean()):
        raise Slip(
            f"{got:g} is the mean of the absolute values. Asked for is the largest.",
            f"{got:g} 是绝对值的平均，题目要的是最大值。",
        )


def _near(got: float, value: Tensor) -> bool:
    return abs(got - value.item()) <= 1e-5


@exercise("04-2")
def two_aucs(answer: Any) -> None:
    """Use batches that disagree, a smaller last one, and one with a single class."""
    truth = torch.tensor([0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 0])
    scores = [0.1, 0.4, 0.3, 0.2, 2.0, 3.0, 2.5, 1.0, -1.0, 0.0, 2.0, 2.5, -3.0, -4.0]
    _compare(answer, truth, torch.tensor(scores), size=4)
    _compare(answer, truth, torch.tensor(scores), size=14)


def _compare(answer: Any, truth: Tensor, scores: Tensor, *, size: int) -> None:
    pairs = list(zip(torch.split(truth, size), torch.split(scores, size), strict=True))
    areas = [_area(*pair) for pair in pairs if len(set(pair[0].tolist())) > 1]
    want = sum(areas) / len(areas), _area(truth, scores)
    got = call(answer, truth.clone(), scores.clone(), size)
    if not isinstance(got, tuple | list) or len(got) != len(want):
        expect_type(got, (tuple, list), en="two numbers", zh="两个数")
        raise Slip(
            f"Expected two numbers, got {len(got)}.",
            f"应当是两个数，得到 {len(got)} 个。",
        )
    if all(_close(one, other) for one, other in zip(got, want, strict=True)):
        return
    _known_areas(list(got), want, len(areas), len(pairs))
    for value, right in zip(got, want, strict=True):
        expect_number(value, right, tolerance=1e-6)


def _known_areas(
    got: Sequence[Any], want: tuple[float, float], used: int, batches: int
) -> None:
    if all(_close(one, other) for one, other in zip(got, want[::-1], strict=True)):
        raise Slip(
            "The two numbers are there, but in the other order: the mean of the "
            "batches comes first.",
            "两个数都有了，但次序反了：各批次的平均在前。",
        )
    if all(_close(one, 1 - other) for one, other in zip(got, want, strict=True)):
        raise Slip(
            "Each of your numbers is one minus the right one. Which class should get "
            "the higher scores?",
            "你的每个数都等于 1 减去正确的数。应当是哪个类别得分更高？",
        )
    mean, total = want
    if _close(got[1], mean) and _close(got[0], mean) and used > 1:
        raise Slip(
            "Both numbers are the mean of the batches. The second needs all scores "
            "at once.",
            "两个数都是各批次的平均。第二个数要用全部得分一次算出。",
        )
    if _close(got[1], total) and any(
        _close(got[0], (mean * used + filler * (batches - used)) / batches)
        for filler in (0.0, 0.5, 1.0)
    ):
        raise Slip(
            f"The first number divides by {batches} batches, but only {used} of them "
            "hold both classes. A batch with one class has no AUC and must not count.",
            f"第一个数除以了 {batches} 个批次，但其中只有 {used} 个含有两个类别。"
            "只有一个类别的批次没有 AUC，不能计入。",
        )


def _close(got: Any, want: float) -> bool:
    try:
        return abs(float(got) - want) <= 1e-6
    except (TypeError, ValueError, RuntimeError):
        return False


def _area(truth: Tensor, scores: Tensor) -> float:
    ones, zeros = scores[truth == 1], scores[truth == 0]
    above = (ones[:, None] > zeros).double() + (ones[:, None] == zeros).double() / 2
    return above.mean().item()


_SHAPES = (
    (427, 640, 3),
    (1, 3, 427, 640),
    (1, 16, 423, 636),
    (1, 16, 211, 318),
    (1, 16),
)


@exercise("04-3")
def shapes(answer: Any) -> None:
    """Compare shape by shape and name the likely slip of the first wrong one."""
    expect_type(answer, (list, tuple), en="a list of five tuples", zh="五个元组的列表")
    if len(answer) != len(_SHAPES):
        raise Slip(
            f"Expected five shapes, got {len(answer)}.",
            f"应当有五个形状，得到 {len(answer)} 个。",
        )
    for number, (given, want) in enumerate(zip(answer, _SHAPES, strict=True), start=1):
        if not isinstance(given, tuple | list):
            raise Slip(
                f"Answer {number} should be a tuple of numbers, got {given!r:.40}.",
                f"第 {number} 个答案应当是由数组成的元组，得到的是 {given!r:.40}。",
            )
        if tuple(given) != want:
            raise _wrong_shape(number, tuple(given), want)


def _wrong_shape(number: int, given: tuple[Any, ...], want: tuple[int, ...]) -> Slip:
    en, zh = f"Answer {number} is not {given}", f"第 {number} 个答案不是 {given}"
    if len(given) != len(want):
        return Slip(
            f"{en}: count its axes again. A batch of one is still a batch, and "
            "Flatten leaves the first axis alone.",
            f"{zh}：再数一数它有几个轴。只有一张图片的批次仍然是批次，"
            "而 Flatten 不动第一个轴。",
        )
    if sorted(map(str, given)) == sorted(map(str, want)):
        return Slip(
            f"{en}. The numbers are right, their order is not: where do the channels "
            "stand, and which comes first, height or width?",
            f"{zh}。数都对，次序不对：通道在哪里？高和宽哪个在前？",
        )
    if set(given[2:]) & {640, 427, 320, 214, 213, 212, 319} and number > 2:
        return Slip(
            f"{en}. Without padding a convolution shrinks the picture, and pooling "
            "drops a last row or column that fills no block.",
            f"{zh}。没有 padding，卷积会使图片变小；"
            "池化会丢掉凑不成一块的最后一行或一列。",
        )
    return Slip(
        f"{en}. Go through its axes one by one, in the order N, C, H, W for layers "
        "and H, W, C for NumPy.",
        f"{zh}。逐个核对它的轴：层用 N、C、H、W 的次序，NumPy 用 H、W、C。",
    )


@exercise("04-4")
def small_network(answer: Any) -> None:
    """Count, then train the network from a known seed and validate it."""
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        model = call(answer)
        expect_type(model, nn.Module, en="a network", zh="一个网络")
        model = model.cpu()
        count = sum(parameter.numel() for parameter in model.parameters())
        if count > _MOST_PARAMETERS:
            raise Slip(
                f"Your network has {count:,} parameters, allowed are "
                f"{_MOST_PARAMETERS:,}.",
                f"你的网络有 {count:,} 个参数，最多允许 {_MOST_PARAMETERS:,} 个。",
            )
        _fits_digits(model)
        if not count:
            raise Slip(
                "Your network has nothing to train.", "你的网络没有可训练的参数。"
            )
        share = _trained_accuracy(model)
    if not share >= _LEAST_ACCURACY:
        raise Slip(
            f"{count:,} parameters are few enough, but after the training only "
            f"{share:.1%} of the validation pictures are right, wanted are "
            f"{_LEAST_ACCURACY:.0%}. Too few kernels, or a softmax at the end?",
            f"{count:,} 个参数够少了，但训练之后验证集上只有 {share:.1%} 答对，"
            f"要求是 {_LEAST_ACCURACY:.0%}。是卷积核太少，还是末尾多了一个 softmax？",
        )


def _fits_digits(model: nn.Module) -> None:
    with torch.no_grad():
        output = model.eval()(torch.zeros(3, 1, 8, 8))
    shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if shape != (3, 10):
        raise Slip(
            "A batch of shape (3, 1, 8, 8) should give logits of shape (3, 10), got "
            f"{shape}.",
            f"形状为 (3, 1, 8, 8) 的批次应当得到形状为 (3, 10) 的 logit，"
            f"得到的是 {shape}。",
        )


def _trained_accuracy(model: nn.Module) -> float:
    """Train for 15 epochs on the lesson's training files; return the share right."""
    table = digits()
    groups = [(table.targets == digit).nonzero().squeeze(1) for digit in range(10)]
    train = torch.cat([group[: round(0.6 * len(group))] for group in groups])
    valid = torch.cat(
        [group[round(0.6 * len(group)) : round(0.8 * len(group))] for group in groups]
    )
    images = (table.images - table.images[train].mean()) / table.images[train].std()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    loss_function = nn.CrossEntropyLoss()
    model.train()
    for _ in range(15):
        for batch in torch.split(train[torch.randperm(len(train))], 32):
            optimizer.zero_grad()
            loss_function(model(images[batch]), table.targets[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        found = model.eval()(images[valid]).argmax(dim=1)
    return float((found == table.targets[valid]).double().mean())
