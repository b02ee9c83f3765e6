"""Checks of lesson 36, Autoencoder, GAN, DCGAN."""

import copy
import math
from typing import Any

import torch
from numpy import ndarray
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
from eatorch.data import digits
from eatorch.exercises.common import expect_kinds

Words = tuple[str, str]

_KINDS = ("adversarial", "supervised", "both")
_TRUTH = ("supervised", "both", "adversarial", "supervised", "adversarial", "both")
_HINTS: tuple[Words, ...] = (
    (
        "which right answer does one new digit have?",
        "一张新画的数字，有哪个正确答案可比？",
    ),
    ("what does backward do in each of the two?", "两者之中，backward 各做什么？"),
    ("who moves the target?", "谁会移动目标？"),
    (
        "in the game, what does a falling loss of one player mean?",
        "在博弈里，一方的损失下降意味着什么？",
    ),
    (
        "through what does the generator's gradient come?",
        "生成器的梯度是穿过什么传来的？",
    ),
    (
        "on what did the lesson measure its samples? And all other lessons?",
        "这一课用什么数据来衡量样本？其他各课呢？",
    ),
)

_DRAWINGS = 360
_SHAPE = (_DRAWINGS, 1, 8, 8)
_COMPONENTS = 10
_FAR = 1.4  # distance; about 0.4 for training pictures, 0.8 after 600 rounds
_ALIKE = 0.6  # spread of the drawings, real digits have 1
_CLOSE = 0.5  # per picture: nearer than that to a real picture is a copy
_TRAINING = 0.6  # share of the digits that the lesson trains on


@exercise("36-1")
def kinds(answer: Any) -> None:
    """Sort six statements."""
    expect_kinds(answer, _TRUTH, _HINTS, _KINDS)


@exercise("36-2")
def longer(answer: Any) -> None:
    """Measure drawings on the principal components of their pixels."""
    drawings = _drawings(answer)
    real = 2 * digits().images.flatten(1) - 1
    fresh = real[int(_TRAINING * len(real)) :]
    if (copies := int((torch.cdist(drawings, real).amin(1) < _CLOSE).sum())) > 0:
        raise Slip(
            f"{copies} of the drawings are copies of real pictures. Hand in what the "
            "generator draws.",
            f"有 {copies} 张是真图片的复制品。请交上生成器画的图片。",
        )
    spread = _spread(drawings) / _spread(fresh)
    if spread < _ALIKE:
        raise Slip(
            f"The drawings are too much alike: they vary {spread:.2f} times as much as "
            "real digits. Did the generator collapse, or get the same noise each time?",
            f"这些图片彼此太像：变化只有真实数字的 {spread:.2f} 倍。"
            "是生成器坍缩了，还是每次给的噪声都一样？",
        )
    distance = _distance(drawings, fresh)
    if distance > _FAR:
        raise Slip(
            f"The drawings are still far from real digits: distance {distance:.1f}, "
            f"expected at most {_FAR}. Did the generator train at all, and does it "
            "draw in evaluation mode?",
            f"这些图片离真实数字还远：距离 {distance:.1f}，应不超过 {_FAR}。"
            "生成器真的训练过吗？画图时处在评估模式吗？",
        )


def _drawings(answer: Any) -> Tensor:
    """Return the drawings as rows of pixels, or say what is wrong with them."""
    if isinstance(answer, ndarray):
        answer = torch.as_tensor(answer)
    expect_type(answer, Tensor, en="a tensor of drawings", zh="一个装着图片的张量")
    if tuple(answer.shape) != _SHAPE:
        raise Slip(
            f"Expected drawings of shape {_SHAPE}, got {tuple(answer.shape)}.",
            f"图片的形状应为 {_SHAPE}，得到的是 {tuple(answer.shape)}。",
        )
    pixels: Tensor = answer.detach().cpu().float().flatten(1)
    if not pixels.isfinite().all():
        raise Slip(
            "Some values are not finite. Did the training run away?",
            "有的值不是有限的数。训练是不是发散了？",
        )
    low, high = pixels.min().item(), pixels.max().item()
    if low < -1.001 or high > 1.001 or low > -0.5:
        raise Slip(
            f"Expected values from -1 (paper) to 1 (ink), got {low:.2f} to {high:.2f}.",
            f"值应从 -1（纸）到 1（墨），得到的是 {low:.2f} 到 {high:.2f}。",
        )
    return pixels


def _spread(rows: Tensor) -> float:
    return float(rows.var(dim=0).sum().sqrt())


def _distance(drawings: Tensor, real: Tensor) -> float:
    """Return the Fréchet distance on the principal components of the real ones."""
    middle = real.mean(dim=0)
    basis = torch.linalg.svd(real - middle, full_matrices=False).Vh[:_COMPONENTS].T
    first, second = ((rows - middle) @ basis for rows in (drawings, real))
    one, two = first.T.cov().double(), second.T.cov().double()
    roots = torch.linalg.eigvals(one @ two).real.clamp(min=0).sqrt().sum()
    apart = (first.mean(dim=0) - second.mean(dim=0)).square().sum()
    return float(apart + one.trace() + two.trace() - 2 * roots)


@exercise("36-3")
def guard_step(answer: Any) -> None:
    """Let the discriminator of a tiny game take one step."""
    for seed in range(2):
        torch.manual_seed(seed)
        generator, discriminator = nn.Linear(2, 3), nn.Linear(3, 1)
        real, noise = torch.randn(6, 3) + 1, torch.randn(6, 2)
        for weights in discriminator.parameters():  # what the other half left behind
            weights.grad = torch.ones_like(weights)
        before = copy.deepcopy(generator), copy.deepcopy(discriminator)
        optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.5)
        got = call(
            answer, real.clone(), noise.clone(), generator, discriminator, optimizer
        )
        _untouched(generator, before[0])
        _expect_loss(got, real, noise, *before)
        _stepped(discriminator, real, noise, *before)


def _losses(
    real: Tensor, noise: Tensor, generator: nn.Module, discriminator: nn.Module
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the right loss, and the one with the roles exchanged, and half."""
    good, made = discriminator(real), discriminator(generator(noise).detach())
    loss = functional.softplus(-good).mean() + functional.softplus(made).mean()
    swapped = functional.softplus(good).mean() + functional.softplus(-made).mean()
    return loss, swapped, loss / 2


def _untouched(generator: nn.Module, before: nn.Module) -> None:
    pairs = zip(generator.parameters(), before.parameters(), strict=True)
    for now, then in pairs:
        if not torch.equal(now, then):
            raise Slip(
                "The generator's weights have changed. Only the discriminator may "
                "learn here.",
                "生成器的权重变了。这里只有判别器可以学习。",
            )
        if now.grad is not None and bool(now.grad.ne(0).any()):
            raise Slip(
                "Gradients were left in the generator: the discriminator's loss flowed "
                "back into it.",
                "生成器里留下了梯度：判别器的损失一路流回了生成器。",
            )
        if not now.requires_grad:
            raise Slip(
                "The generator's weights no longer require gradients, so it could "
                "never learn again.",
                "生成器的权重不再需要梯度，它以后就再也学不了了。",
            )


def _expect_loss(got: Any, real: Tensor, noise: Tensor, *nets: nn.Module) -> None:
    want, swapped, half = (loss.item() for loss in _losses(real, noise, *nets))
    if isinstance(got, (Tensor, ndarray)) and math.prod(got.shape) == 1:
        got = got.item()
    if isinstance(got, float) and math.isclose(got, swapped, rel_tol=1e-4):
        raise Slip(
            "The signs are exchanged: this is the loss of a discriminator that takes "
            "made-up samples for real ones.",
            "符号弄反了：这是把生成样本当成真样本的判别器的损失。",
        )
    if isinstance(got, float) and math.isclose(got, half, rel_tol=1e-4):
        raise Slip(
            "This is half of the loss: add the two means, as the lesson does.",
            "这是损失的一半：像课文那样，把两个均值加起来。",
        )
    if isinstance(got, float) and math.isclose(got, want * len(real), rel_tol=1e-4):
        raise Slip(
            "This is the sum over the batch: take the mean of each part.",
            "这是整个批次的总和：每一部分都应取均值。",
        )
    try:
        expect_number(got, want)
    except Slip as slip:
        raise Slip(f"The loss: {slip.en}", f"损失：{slip.zh}") from None


def _stepped(now: nn.Module, real: Tensor, noise: Tensor, *nets: nn.Module) -> None:
    """Compare the discriminator with one that took the right step."""
    generator, right = nets
    left_over = copy.deepcopy(right)
    for model, clear in ((right, True), (left_over, False)):
        kept = [torch.ones_like(weights) for weights in model.parameters()]
        loss = _losses(real, noise, generator, model)[0]
        slopes = torch.autograd.grad(loss, list(model.parameters()))
        step = zip(model.parameters(), slopes, kept, strict=True)
        with torch.no_grad():
            for weights, slope, old in step:
                weights.sub_(0.5 * (slope if clear else slope + old))
    if _same(now, right):
        return
    if _same(now, left_over):
        raise Slip(
            "Old gradients were still there when backward added the new ones.",
            "backward 加上新梯度时，旧的梯度还在。",
        )
    raise Slip(
        "The loss is right, but the discriminator did not take exactly one step along "
        "its gradient.",
        "损失是对的，但判别器没有沿着它的梯度恰好走一步。",
    )


def _same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.allclose(a, b, atol=1e-6) for a, b in pairs)


@exercise("36-4")
def add_class(answer: Any) -> None:
    """Append classes to noise and to pictures of several sizes and dtypes."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.tensor([3, 0, 7, 3])
    for shape, dtype in (
        ((4, 5), torch.float32),
        ((4, 5), torch.float64),
        ((4, 1, 8, 8), torch.float32),
        ((4, 2, 3, 6), torch.float32),
    ):
        values = torch.randn(*shape, generator=generator, dtype=dtype)
        given = values.clone(), labels.clone()
        got = call(answer, *given)
        want = _with_class(values, labels)
        _explain_class(got, want, values)
        expect_tensor(got, want, en="the result", zh="结果")
        if not (torch.equal(given[0], values) and torch.equal(given[1], labels)):
            raise Slip(
                "The result is right, but one of the arguments was changed. Make a new "
                "tensor instead.",
                "结果是对的，但有一个参数被改动了。请另做一个新的张量。",
            )


def _with_class(values: Tensor, labels: Tensor) -> Tensor:
    hot = torch.eye(10, dtype=values.dtype)[labels]
    hot = hot.reshape(*hot.shape, *[1] * (values.ndim - 2))
    return torch.cat([values, hot.expand(-1, -1, *values.shape[2:])], dim=1)


def _explain_class(got: Any, want: Tensor, values: Tensor) -> None:
    if not isinstance(got, Tensor) or got.ndim != want.ndim:
        return
    grown = got.shape[1] - values.shape[1]
    if got.shape[0] == len(want) and got.shape[2:] == want.shape[2:] and grown == 1:
        raise Slip(
            "One number was appended for the class. As a number, a 9 would be nine "
            "times a 1; ten separate ones are wanted.",
            "只为类别加了一个数。作为数值，9 就成了 1 的九倍；这里要的是分开的十个。",
        )
    if got.shape[0] == len(want) and got.shape[2:] == want.shape[2:] and grown == 8:
        raise Slip(
            "Eight classes were appended: the largest label in this batch is 7. How "
            "many classes are there?",
            "只加了八个类别：这一批次里最大的标签是 7。一共有多少个类别？",
        )
    if got.shape == want.shape and not torch.equal(got, want):
        turned = torch.cat([want[:, values.shape[1] :], values], dim=1)
        if torch.equal(got.to(want.dtype), turned):
            raise Slip(
                "The class stands in front; it should be appended behind.",
                "类别放在了前面；应当加在后面。",
            )
