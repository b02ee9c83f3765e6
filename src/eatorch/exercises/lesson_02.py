"""Checks of lesson 02, The 60-minute tour."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_number,
    expect_tensor,
    expect_type,
)
from eatorch.expecting import shorten

_CLASSES, _LINEAR = 10, 3
_STATIONS = ("conv1", "pool 1", "conv2", "pool 2", "flatten")


@exercise("02-1")
def layer_shapes(answer: Any) -> None:
    """Ask for the side of the lesson, one of MNIST and two that pooling cuts."""
    for side in (32, 28, 45, 19):
        got = call(answer, side)
        expect_type(
            got, (list, tuple), en="a list of shapes", zh="一个由形状组成的列表"
        )
        wanted = _shapes(side)
        if len(got) != len(wanted):
            raise Slip(
                f"Expected {len(wanted)} shapes, one after each of "
                f"{', '.join(_STATIONS)}; got {len(got)}.",
                f"应有 {len(wanted)} 个形状，分别在 {'、'.join(_STATIONS)} 之后；"
                f"得到的是 {len(got)} 个。",
            )
        for station, shape, want in zip(_STATIONS, got, wanted, strict=True):
            _expect_shape(station, shape, want, side)


def _shapes(side: int) -> list[tuple[int, ...]]:
    """Return the right shapes for pictures of one side."""
    shapes: list[tuple[int, ...]] = []
    for maps in (6, 16):
        side -= 4
        shapes.append((maps, side, side))
        side //= 2
        shapes.append((maps, side, side))
    return [*shapes, (16 * side * side,)]


def _expect_shape(station: str, got: Any, want: tuple[int, ...], side: int) -> None:
    where_en, where_zh = f"Side {side}, {station}: ", f"边长 {side}，{station}："
    if not isinstance(got, tuple | list):
        raise Slip(
            f"{where_en}expected a tuple such as (6, 28, 28), got {got!r:.40}.",
            f"{where_zh}应当是一个形状，即 (6, 28, 28) 这样的元组，"
            f"得到的却是 {got!r:.40}。",
        )
    if tuple(got) == want and not any(isinstance(size, float) for size in got):
        return
    _known_shapes(tuple(got), want, where_en, where_zh)
    raise Slip(
        f"{where_en}{tuple(got)} is not what the network gives. Go through the rules: "
        "what does a window of 5 take away, and what does pooling by 2 do to an odd "
        "side?",
        f"{where_zh}{tuple(got)} 与网络给出的不一致。再过一遍规则："
        "宽为 5 的窗口会减去多少？2 × 2 池化遇到奇数边长会怎样？",
    )


def _known_shapes(
    got: tuple[Any, ...], want: tuple[int, ...], where_en: str, where_zh: str
) -> None:
    """Name the slips that can be recognised."""
    if any(isinstance(size, float) for size in got):
        raise Slip(
            f"{where_en}{got} holds a float. A size is a whole number, and pooling "
            "rounds it down.",
            f"{where_zh}{got} 里有浮点数。大小是整数，池化会向下取整。",
        )
    if len(got) == len(want) + 1:
        raise Slip(
            f"{where_en}{got} has an axis too many. Leave the batch out, and remember "
            "what flatten does to the other axes.",
            f"{where_zh}{got} 多了一个轴。不要写批次轴，"
            "也想想 flatten 对其余的轴做了什么。",
        )
    maps = 3  # axes of (channel, height, width)
    if len(got) == len(want) == maps and got == (want[1], want[2], want[0]):
        raise Slip(
            f"{where_en}the numbers are right, the order is not: channels come before "
            "height and width.",
            f"{where_zh}数字都对，顺序不对：通道在高和宽之前。",
        )


@exercise("02-2")
def two_pulls(answer: Any) -> None:
    """Compare both gradients with autograd; the logits must stay as they are."""
    generator = torch.Generator().manual_seed(2)
    logits = 2 * torch.randn(4, _CLASSES, generator=generator)
    answers = torch.tensor([3, 0, 9, 3])
    with torch.enable_grad():
        wanted = _gradients(logits, answers)
        given = logits.clone()
        got = call(answer, given, answers.clone())
    expect_type(got, (tuple, list), en="a pair of tensors", zh="一对张量")
    if len(got) != len(wanted):
        raise Slip(
            f"Expected a pair of tensors, got {len(got)} values.",
            f"应当返回一对张量，得到的是 {len(got)} 个值。",
        )
    if all(isinstance(pull, Tensor) and pull.shape == logits.shape for pull in got):
        _known_pulls([pull.detach().float() for pull in got], wanted, logits, answers)
    names = (
        ("the gradient of MSELoss", "MSELoss 的梯度"),
        ("the gradient of CrossEntropyLoss", "CrossEntropyLoss 的梯度"),
    )
    for pull, want, (en, zh) in zip(got, wanted, names, strict=True):
        expect_tensor(pull, want, en=en, zh=zh)
    if not torch.equal(given, logits):
        raise Slip(
            "The gradients are right, but the logits that came in were changed. Work "
            "on a clone.",
            "梯度是对的，可是传进来的 logit 被改动了。请在副本（clone）上计算。",
        )


def _gradients(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    logits = logits.clone().requires_grad_()
    one_hot = functional.one_hot(answers, _CLASSES).float()
    squared = nn.MSELoss()(logits, one_hot)
    entropy = nn.CrossEntropyLoss()(logits, answers)
    return (
        torch.autograd.grad(squared, logits)[0],
        torch.autograd.grad(entropy, logits)[0],
    )


def _known_pulls(
    got: list[Tensor], wanted: tuple[Tensor, Tensor], logits: Tensor, answers: Tensor
) -> None:
    squared, entropy = wanted
    first, second = got
    if torch.allclose(first, entropy) and torch.allclose(second, squared):
        raise Slip(
            "Both gradients are right, but they stand in the wrong order.",
            "两个梯度都对，只是顺序反了。",
        )
    both = squared + entropy
    if torch.allclose(second, both) or torch.allclose(first, both):
        raise Slip(
            "One of your results is the sum of both gradients: backward adds to what "
            "is already in grad.",
            "其中一个结果是两个梯度之和：backward 会累加到 grad 里已有的值上。",
        )
    numbers = 2 * (logits - answers[:, None]) / logits.numel()
    if torch.allclose(first, numbers):
        raise Slip(
            "Your MSELoss compares the logits with the class numbers, as if a 9 were "
            "three times a 3. It needs the one-hot labels.",
            "你的 MSELoss 拿 logit 和类别编号相比，好像 9 是 3 的三倍一样。"
            "它需要 one-hot 编码的标签。",
        )
    _known_factors(first, second, wanted, rows=len(answers))
    twice = logits.softmax(dim=1).requires_grad_()
    with torch.enable_grad():
        through = logits.clone().requires_grad_()
        loss = nn.CrossEntropyLoss()(through.softmax(dim=1), answers)
        doubled = torch.autograd.grad(loss, through)[0]
        inner = nn.CrossEntropyLoss()(twice, answers)
        direct = torch.autograd.grad(inner, twice)[0]
    if torch.allclose(second, doubled) or torch.allclose(second, direct):
        raise Slip(
            "The second gradient belongs to a loss with two softmaxes. "
            "CrossEntropyLoss already holds one: give it the logits.",
            "第二个梯度来自做了两次 softmax 的损失。"
            "CrossEntropyLoss 里已经有一次 softmax：直接把 logit 交给它。",
        )


def _known_factors(
    first: Tensor, second: Tensor, wanted: tuple[Tensor, Tensor], *, rows: int
) -> None:
    """Recognise sums that should be means, and turned signs."""
    squared, entropy = wanted
    if torch.allclose(first, -squared) or torch.allclose(second, -entropy):
        raise Slip(
            "The sign is turned round: that is the step downhill. The gradient points "
            "to where the loss grows.",
            "符号反了：那是下降的方向，而梯度指向损失增大的方向。",
        )
    if torch.allclose(second, entropy * rows, atol=1e-6):
        raise Slip(
            f"The second gradient is {rows} times too large, and the batch has {rows} "
            "rows: the loss is a mean over them, not a sum.",
            f"第二个梯度大了 {rows} 倍，而批次里正好有 {rows} 行："
            "损失是各行的平均，不是总和。",
        )
    if torch.allclose(first, squared * _CLASSES, atol=1e-6):
        raise Slip(
            f"The first gradient is {_CLASSES} times too large: MSELoss averages over "
            "all numbers, over the classes as well as over the batch.",
            f"第一个梯度大了 {_CLASSES} 倍：MSELoss 对所有的数取平均，"
            "既对批次，也对类别。",
        )


@exercise("02-3")
def forgetful_weights(answer: Any) -> None:
    """Follow one weight over a few steps, twice."""
    _follow(answer, 1.0, [2.0, -1.0, 0.5, 3.0], 0.1)
    _follow(answer, -3.0, [-1.0, -1.0, -1.0], 0.5)


def _follow(
    answer: Any, start: float, gradients: list[float], learning_rate: float
) -> None:
    got = call(answer, start, list(gradients), learning_rate)
    expect_type(
        got, (list, tuple, Tensor), en="a list of weights", zh="一个由权重组成的列表"
    )
    values = got.tolist() if isinstance(got, Tensor) else list(got)
    wanted = _walk(start, gradients, learning_rate, forget=True)
    if len(values) != len(wanted):
        raise Slip(
            f"Expected one weight after each of {len(wanted)} steps, got "
            f"{len(values)}. The start is not a step.",
            f"应当在 {len(wanted)} 步中每走一步给出一个权重，"
            f"得到的是 {len(values)} 个。起点不算一步。",
        )
    if all(isinstance(value, float | int) for value in values):
        _known_walks(values, start, gradients, learning_rate)
    for value, want in zip(values, wanted, strict=True):
        expect_number(value, want)


def _walk(
    start: float, gradients: list[float], learning_rate: float, *, forget: bool
) -> list[float]:
    weight, grad, weights = start, 0.0, []
    for gradient in gradients:
        grad = grad + gradient if forget else gradient
        weight -= learning_rate * grad
        weights.append(weight)
    return weights


def _known_walks(
    got: list[float], start: float, gradients: list[float], learning_rate: float
) -> None:
    if _near(got, _walk(start, gradients, learning_rate, forget=False)):
        raise Slip(
            "This is SGD with zero_grad: each step uses only the newest gradient. "
            "What does grad hold if nobody clears it?",
            "这是调用了 zero_grad 的 SGD：每一步只用最新的梯度。"
            "如果没有人清零，grad 里会是什么？",
        )
    if _near(got, _walk(start, gradients, -learning_rate, forget=True)):
        raise Slip(
            "Every step goes the wrong way: the weight moves against its gradient.",
            "每一步的方向都反了：权重要逆着梯度移动。",
        )


def _near(got: list[float], wanted: list[float]) -> bool:
    return all(abs(a - b) < 1e-5 for a, b in zip(got, wanted, strict=True))


@exercise("02-4")
def lenet_for(answer: Any) -> None:
    """Build the network for MNIST, for CIFAR-10 and for a larger picture."""
    for channels, side in ((1, 28), (3, 32), (1, 45)):
        net = call(answer, channels, side)
        expect_type(
            net, nn.Module, en="a network (nn.Module)", zh="一个网络 (nn.Module)"
        )
        net.eval()
        generator = torch.Generator().manual_seed(4)
        batch = torch.randn(25, channels, side, side, generator=generator)
        _expect_logits(net, batch)
        _expect_lenet(net, channels)


def _expect_logits(net: nn.Module, batch: Tensor) -> None:
    """Require ten logits for each picture, whatever else is in the batch."""
    shape = tuple(batch.shape)
    with torch.no_grad():
        try:
            output = net(batch)
        except RuntimeError as error:
            raise Slip(
                f"The network for this size cannot take a batch of shape {shape}: "
                f"{shorten(error, 160)}",
                f"为这个尺寸建的网络接受不了形状为 {shape} 的批次："
                f"{shorten(error, 160)}",
            ) from error
        want = (len(batch), _CLASSES)
        if not isinstance(output, Tensor) or tuple(output.shape) != want:
            came = tuple(getattr(output, "shape", ()))
            raise Slip(
                f"For a batch of shape {shape} expected logits of shape {want}, got "
                f"{came}. Flatten must keep the batch axis.",
                f"输入形状为 {shape} 的批次，应得到形状为 {want} 的 logit，"
                f"得到的是 {came}。展平时要保留批次轴。",
            )
        alone = net(batch[:1])
    if not torch.allclose(output[:1], alone, atol=1e-4):
        raise Slip(
            "The first picture gets other logits alone than in a batch: somewhere the "
            "pictures are mixed.",
            "第一张图片单独输入和放在批次里，得到的 logit 不一样："
            "图片在某处混在了一起。",
        )
    if torch.allclose(output.sum(dim=1), torch.ones(len(batch)), atol=1e-4):
        raise Slip(
            "The ten numbers of each picture add up to 1: these are probabilities. "
            "Return the logits, without softmax.",
            "每张图片的十个数加起来等于 1：这是概率。请返回 logit，不要做 softmax。",
        )


def _expect_lenet(net: nn.Module, channels: int) -> None:
    """Require the layers that make it a LeNet."""
    convs = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    found = [(conv.in_channels, conv.out_channels, *conv.kernel_size) for conv in convs]
    if found != [(channels, 6, 5, 5), (6, 16, 5, 5)]:
        raise Slip(
            f"Expected two convolutions with windows of 5, {channels} -> 6 and "
            f"6 -> 16 channels; found (in, out, height, width): {found}.",
            f"应有两个卷积层，窗口为 5，通道数为 {channels} -> 6 和 6 -> 16；"
            f"得到的（输入、输出、高、宽）是：{found}。",
        )
    linear = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    if len(linear) != _LINEAR:
        raise Slip(
            f"Expected {_LINEAR} linear layers after the convolutions, got "
            f"{len(linear)}.",
            f"卷积之后应有 {_LINEAR} 个线性层，得到的是 {len(linear)} 个。",
        )
