"""Checks of lesson 23, Regularisation: weight decay, dropout."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type
from eatorch.exercises.common import ByHand

Words = tuple[str, str]

_MANY = 20_000  # ones, whose mean after dropout tells the scale
_PASSES, _SAMPLES, _OUTPUTS = 200, 6, 2  # of the network with dropout
_PAIR = 2  # mean and spread


@exercise("23-1")
def sgd_step(answer: Any) -> None:
    """Take a step of SGD with weight decay."""
    generator = torch.Generator().manual_seed(0)
    for rate, decay in ((0.1, 0.5), (0.1, 0.0), (0.5, 0.2)):
        weight = torch.randn(4, 3, generator=generator)
        gradient = torch.randn(4, 3, generator=generator)
        given = weight.clone(), gradient.clone()
        got = _tensor(call(answer, *given, rate, decay))
        if not (torch.equal(given[0], weight) and torch.equal(given[1], gradient)):
            raise Slip(
                "Your function changed what it was given. Return a new weight instead.",
                "你的函数改动了传进来的张量。请返回一个新的权重。",
            )
        _refuse_known_steps(got, weight, gradient, rate, decay)
        want = _sgd(weight, gradient, rate, decay)
        expect_tensor(got, want, en="the new weight", zh="新的权重", tolerance=1e-4)


def _sgd(weight: Tensor, gradient: Tensor, rate: float, decay: float) -> Tensor:
    parameter = weight.clone().requires_grad_()
    parameter.grad = gradient.clone()
    torch.optim.SGD([parameter], lr=rate, weight_decay=decay).step()
    return parameter.detach()


def _refuse_known_steps(
    got: Any, weight: Tensor, gradient: Tensor, rate: float, decay: float
) -> None:
    want = weight - rate * (gradient + decay * weight)
    slips: list[tuple[Tensor, Words]] = [
        (
            weight - rate * gradient,
            (
                "That is the step without any decay.",
                "这一步里没有权重衰减。",
            ),
        ),
        (
            weight - rate * (gradient + 2 * decay * weight),
            (
                "That is the slope of decay times the squared weights. The line in "
                "PyTorch has no 2.",
                "这是衰减系数乘以权重平方和的斜率。PyTorch 的那一行没有 2。",
            ),
        ),
        (
            weight - rate * (gradient - decay * weight),
            (
                "With this sign the weights grow.",
                "用这个符号，权重会变大。",
            ),
        ),
        (
            weight - rate * gradient - decay * weight,
            (
                "The decay has missed the learning rate: in SGD it is part of the "
                "gradient.",
                "衰减没有乘上学习率：在 SGD 里它是梯度的一部分。",
            ),
        ),
        (
            (1 - rate * decay) * (weight - rate * gradient),
            (
                "You decayed after the step. The line adds to the gradient before it.",
                "你在更新之后才衰减。那一行是在更新之前加到梯度上的。",
            ),
        ),
        (
            gradient + decay * weight,
            (
                "That is the new gradient. The step is still missing.",
                "这是新的梯度，还没有走这一步。",
            ),
        ),
        (
            weight + rate * (gradient + decay * weight),
            ("The step goes uphill.", "这一步走的是上坡。"),
        ),
    ]
    _refuse(got, want, slips)


@exercise("23-2")
def own_dropout(answer: Any) -> None:
    """Drop numbers by chance and keep the mean."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        x = torch.randn(5, 4)
        calm = _forward(answer, x, 0.3, training=False)
        if _same(calm, 0.7 * x):
            raise Slip(
                "In evaluation you multiplied by the share that is kept. Divide in "
                "training instead, then nothing is left to do here.",
                "评估时你乘以了保留的比例。请改为在训练时做除法，评估时就什么都不用做。",
            )
        expect_tensor(
            calm, x, en="the result in evaluation", zh="评估时的结果", tolerance=1e-6
        )
        for p in (0.5, 0.2, 0.9):
            _look_at_ones(answer, p)
        whole = _forward(answer, x, 0.0, training=True)
        expect_tensor(
            whole, x, en="the result for p=0", zh="当 p=0 时的结果", tolerance=1e-6
        )
        nothing = _forward(answer, x, 1.0, training=True)
        if bool(nothing.isnan().any()):
            raise Slip(
                "For p=1 the result holds NaN: zero divided by zero.",
                "p=1 时结果里有 NaN：零除以零。",
            )
        expect_tensor(
            nothing, torch.zeros(5, 4), en="the result for p=1", zh="当 p=1 时的结果"
        )


def _forward(answer: Any, x: Tensor, p: float, *, training: bool) -> Tensor:
    given = x.clone()
    with ByHand("dropout") as watch:
        got = _tensor(call(answer, given, p, training))
    watch.refuse()
    if not torch.equal(given, x):
        raise Slip(
            "Your function changed x itself. Return a new tensor instead.",
            "你的函数改动了 x 本身。请返回一个新的张量。",
        )
    expect_type(got, Tensor, en="a tensor", zh="一个张量")
    return torch.as_tensor(got)


def _look_at_ones(answer: Any, p: float) -> None:
    ones = torch.ones(100, _MANY // 100)
    got = _forward(answer, ones, p, training=True)
    if got.shape != ones.shape:
        raise Slip(
            f"Expected a result of shape {tuple(ones.shape)}, got {tuple(got.shape)}.",
            f"结果的形状应为 {tuple(ones.shape)}，得到的是 {tuple(got.shape)}。",
        )
    share = float((got == 0).double().mean())
    room = 5 * math.sqrt(p * (1 - p) / _MANY)
    if abs(share - p) > room:
        _refuse_share(share, p, room)
    kept = got[got != 0]
    if not torch.allclose(kept, torch.full_like(kept, 1 / (1 - p)), rtol=1e-4):
        _refuse_scale(kept, p)
    if bool((got == got[:1]).all()) or bool((got == got[:, :1]).all()):
        raise Slip(
            "All rows or all columns are dropped alike. Each number has a chance of "
            "its own.",
            "所有的行或所有的列都丢得一样。每个数都应当独立决定去留。",
        )
    again = _forward(answer, ones, p, training=True)
    if torch.equal(got, again):
        raise Slip(
            "Two calls dropped the same numbers. Each pass needs a new mask.",
            "两次调用丢掉的是同样的数。每次前向传播都要重新抽取掩码。",
        )


def _refuse_share(share: float, p: float, room: float) -> None:
    if share == 0:
        raise Slip(
            f"With p={p:g} in training nothing was dropped.",
            f"训练时 p={p:g}，却什么也没有丢掉。",
        )
    if abs(share - (1 - p)) < room:
        raise Slip(
            f"With p={p:g} a share of {share:.2f} was dropped. p is the share that is "
            "dropped, not the share that is kept.",
            f"p={p:g} 时丢掉了 {share:.2f}。p 是丢掉的比例，不是保留的比例。",
        )
    raise Slip(
        f"With p={p:g} a share of {share:.2f} was dropped.",
        f"p={p:g} 时丢掉了 {share:.2f}。",
    )


def _refuse_scale(kept: Tensor, p: float) -> None:
    value = float(kept.double().mean())
    told = {
        1.0: (
            "they were left as they were, so the mean falls.",
            "它们原样保留，于是均值变小了。",
        ),
        1 - p: (
            "they were multiplied by the share that stays. That makes the mean even "
            "smaller.",
            "它们被乘以了保留的比例，这样均值更小。",
        ),
        1 / p: (
            "they were divided by the share that is dropped.",
            "它们被除以了丢掉的比例。",
        ),
    }
    for wrong, (en, zh) in told.items():
        if math.isclose(value, wrong, rel_tol=1e-3):
            raise Slip(
                f"With p={p:g} the surviving ones became {value:.3g}: {en}",
                f"p={p:g} 时，留下来的 1 变成了 {value:.3g}：{zh}",
            )
    raise Slip(
        f"With p={p:g} the surviving ones became {value:.3g}, and the mean does not "
        "stay 1.",
        f"p={p:g} 时，留下来的 1 变成了 {value:.3g}，均值没有保持为 1。",
    )


@exercise("23-3")
def first_step(answer: Any) -> None:
    """Predict the first step of Adam and AdamW."""
    weight = torch.tensor([5.0, -2.0, 0.3, 1.0, 4.0])
    gradient = torch.tensor([-0.1, -0.5, 2.0, 0.4, -0.3])
    for rate, decay in ((0.1, 0.1), (0.02, 0.5)):
        for decoupled in (False, True):
            given = weight.clone(), gradient.clone()
            got = _tensor(call(answer, *given, rate, decay, decoupled))
            if not (torch.equal(given[0], weight) and torch.equal(given[1], gradient)):
                raise Slip(
                    "Your function changed what it was given. Return a new weight.",
                    "你的函数改动了传进来的张量。请返回一个新的权重。",
                )
            _refuse_known_first_steps(got, given, rate, decay, decoupled=decoupled)
            want = _adam(weight, gradient, rate, decay, decoupled=decoupled)
            kind = "AdamW" if decoupled else "Adam"
            expect_tensor(
                got,
                want,
                en=f"the new weight of {kind}",
                zh=f"用 {kind} 得到的新权重",
                tolerance=1e-4,
            )


def _adam(
    weight: Tensor, gradient: Tensor, rate: float, decay: float, *, decoupled: bool
) -> Tensor:
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    parameter = weight.clone().requires_grad_()
    parameter.grad = gradient.clone()
    kind([parameter], lr=rate, weight_decay=decay).step()
    return parameter.detach()


def _refuse_known_first_steps(
    got: Any,
    given: tuple[Tensor, Tensor],
    rate: float,
    decay: float,
    *,
    decoupled: bool,
) -> None:
    weight, gradient = given
    l2 = weight - rate * torch.sign(gradient + decay * weight)
    apart = (1 - rate * decay) * weight - rate * torch.sign(gradient)
    want, other = (apart, l2) if decoupled else (l2, apart)
    slips: list[tuple[Tensor, Words]] = [
        (
            other,
            (
                f"For decoupled={decoupled} you took the other way to decay.",
                f"decoupled={decoupled} 时，你用了另一种衰减方式。",
            ),
        ),
        (
            weight - rate * torch.sign(gradient),
            (
                f"For decoupled={decoupled} the weight does not decay at all.",
                f"decoupled={decoupled} 时，权重完全没有衰减。",
            ),
        ),
        (
            (1 - rate * decay) * weight - rate * gradient,
            (
                "The bare gradient moves the weight. At the first step of Adam only "
                "its sign is left.",
                "推动权重的是梯度本身。Adam 的第一步只剩下它的符号。",
            ),
        ),
        (
            weight - rate * (gradient + decay * weight),
            (
                "That is a step of SGD. At the first step of Adam only the sign is "
                "left.",
                "这是 SGD 的一步。Adam 的第一步只剩下符号。",
            ),
        ),
        (
            (1 - decay) * weight - rate * torch.sign(gradient),
            (
                "AdamW multiplies the decay by the learning rate.",
                "AdamW 的衰减要乘以学习率。",
            ),
        ),
        (
            (1 - rate * decay) * (weight - rate * torch.sign(gradient)),
            (
                "You decayed after the step. AdamW decays the old weight.",
                "你在更新之后才衰减。AdamW 衰减的是旧的权重。",
            ),
        ),
        (
            weight - rate * (torch.sign(gradient) + decay * weight.sign()),
            (
                "The sign is taken of the sum, not of its parts.",
                "符号要对和来取，而不是分别取。",
            ),
        ),
        (
            weight - rate * torch.sign(gradient) - rate * torch.sign(decay * weight),
            (
                "The sign is taken of the sum, not of its parts.",
                "符号要对和来取，而不是分别取。",
            ),
        ),
    ]
    _refuse(got, want, slips)


@exercise("23-4")
def mc_predict(answer: Any) -> None:
    """Average several passes with dropout and see that nothing else has changed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for mode in (False, True):
            _predict_once(answer, mode=mode)


def _predict_once(answer: Any, *, mode: bool) -> None:
    model = _Counted().train(mode)
    model.layers[4].train(not mode)  # one layer in another mode than the rest
    x = torch.randn(_SAMPLES, 3)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    got = call(answer, model, x.clone(), _PASSES)
    expect_type(
        got,
        (tuple, list, Tensor, np.ndarray),  # both may also come stacked
        en="a pair, mean and spread",
        zh="一对：均值和标准差",
    )
    if len(got) != _PAIR:
        raise Slip(
            f"Expected two results, mean and spread, got {len(got)}.",
            f"应有两个结果，均值和标准差，得到 {len(got)} 个。",
        )
    _look_at_model(model, state, modes)
    mean, spread = (_tensor(part) for part in got)
    _look_at_passes(mean, spread, model)


class _Log:
    """How the passes were made; a copy of the network writes into the same log."""

    def __init__(self) -> None:
        self.outputs: list[Tensor] = []
        self.norm_trained = self.still = False

    def __deepcopy__(self, _: Any) -> "_Log":
        return self


class _Counted(nn.Module):
    """A network with dropout and batch norm that notes how its passes were made."""

    def __init__(self) -> None:
        super().__init__()
        norm, near, last = nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Dropout(0.2)
        norm.running_mean = 2 * torch.rand(8) - 1
        norm.running_var = 0.5 + torch.rand(8)
        self.norm, self.drops = norm, (near, last)
        self.layers = nn.Sequential(nn.Linear(3, 8), norm, near, nn.Linear(8, 2), last)
        self.log = _Log()

    def forward(self, x: Tensor) -> Tensor:
        self.log.norm_trained |= self.norm.training
        self.log.still |= not all(drop.training for drop in self.drops)
        output: Tensor = self.layers(x)
        self.log.outputs.append(output.detach())
        return output


def _look_at_model(
    model: _Counted, state: dict[str, Tensor], modes: list[bool]
) -> None:
    if model.log.norm_trained:
        raise Slip(
            "The batch norm was in training mode, so it took mean and variance of x "
            "and changed its averages.",
            "批归一化处于训练模式，于是用了 x 自己的均值和方差，还改动了它的滑动平均。",
        )
    if model.log.still:
        raise Slip(
            "A dropout layer was in evaluation mode during a pass.",
            "有一次前向传播时，某个 dropout 层处于评估模式。",
        )
    after = model.state_dict()
    changed = [
        key for key, value in state.items() if not torch.equal(value, after[key])
    ]
    if changed:
        raise Slip(
            f"Your function changed {changed[0]} of the model.",
            f"你的函数改动了模型的 {changed[0]}。",
        )
    if [module.training for module in model.modules()] != modes:
        raise Slip(
            "A layer is not in the mode it was in before. Note the mode of each "
            "module, not only that of the model.",
            "有一层没有回到原来的模式。请记下每个模块的模式，而不只是整个模型的。",
        )


def _look_at_passes(mean: Any, spread: Any, model: _Counted) -> None:
    seen = model.log.outputs
    samples = torch.cat(seen) if seen else torch.zeros(0, _OUTPUTS)
    if len(samples) != _PASSES * _SAMPLES:
        count = len(samples) // _SAMPLES
        raise Slip(
            f"Asked for {_PASSES} passes, the model was used for {count}.",
            f"要求 {_PASSES} 次前向传播，模型用了 {count} 次。",
        )
    outputs = samples.view(_PASSES, _SAMPLES, _OUTPUTS)
    if not _same(mean, outputs.mean(0)):  # perhaps one batch, sample by sample
        sorted_by_sample = samples.view(_SAMPLES, _PASSES, _OUTPUTS).transpose(0, 1)
        if _same(mean, sorted_by_sample.mean(0)):
            outputs = sorted_by_sample
    for part in (mean, spread):
        if isinstance(part, Tensor) and part.requires_grad:
            raise Slip(
                "The result drags a record along. Predict without one.",
                "结果还带着计算记录。预测时不要记录。",
            )
    slips: list[tuple[Tensor, Words]] = [
        (
            outputs.var(0),
            ("That is the variance. Take the root.", "这是方差，还要开方。"),
        ),
    ]
    right = outputs.std(0)
    if _same(spread, outputs.mean(0)) and _same(mean, right):
        raise Slip(
            "Mean and spread are exchanged. The mean comes first.",
            "均值和标准差的次序反了，均值应当在前。",
        )
    expect_tensor(mean, outputs.mean(0), en="the mean", zh="均值", tolerance=1e-4)
    _refuse(spread, right, slips)
    biased = outputs.std(0, correction=0)
    want = biased if _same(spread, biased) else right  # both are called deviation
    expect_tensor(spread, want, en="the spread", zh="标准差", tolerance=1e-4)


def _tensor(got: Any) -> Any:
    """Accept arrays and any float: how precisely one calculates is no mistake here."""
    if isinstance(got, np.ndarray):
        got = torch.as_tensor(got)
    return got.float() if isinstance(got, Tensor) and got.is_floating_point() else got


def _refuse(got: Any, want: Tensor, slips: list[tuple[Tensor, Words]]) -> None:
    """Name a typical slip, unless the answer is right all the same."""
    if _same(got, want):
        return
    for wrong, told in slips:
        if _same(got, wrong):
            raise Slip(*told)


def _same(got: Any, want: Tensor) -> bool:
    return (
        isinstance(got, Tensor)
        and got.shape == want.shape
        and torch.allclose(got.detach().cpu().float(), want, rtol=1e-4, atol=1e-5)
    )
