"""Checks of lesson 12, High-level API: a Trainer."""

import math
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

from eatorch.callbacks import Callback
from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_number,
    expect_tensor,
    expect_type,
)
from eatorch.expecting import Untouched
from eatorch.history import History
from eatorch.training import Trainer

Pair = tuple[Tensor, Tensor]
EPOCHS = 8


def _expect_class(answer: Any, names: tuple[str, ...]) -> None:
    """Require a class that defines some names itself."""
    expect_type(
        answer, type, en="a class, not an object of it", zh="一个类，不是它的对象"
    )
    own = {name for name in vars(answer) if not name.startswith("__")}
    if not own and "__init__" not in vars(answer):
        raise Untouched
    if missing := [name for name in names if not hasattr(answer, name)]:
        raise Slip(
            f"{answer.__name__} has no method {', '.join(missing)}.",
            f"{answer.__name__} 没有方法 {'、'.join(missing)}。",
        )


@exercise("12-1")
def root_mean_squared_error(answer: Any) -> None:
    """Batches of different sizes, and two epochs of one metric."""
    _expect_class(answer, ("reset", "update", "compute"))
    metric = answer()
    for seed, sizes in [(0, (4, 4, 1)), (1, (1, 7)), (2, (3,))]:
        pairs = _pairs(seed, sizes)
        metric.reset()
        for output, target in pairs:
            metric.update(output.clone(), target.clone())
        got = call(metric.compute)
        _refuse_known_roots(got, pairs)
        expect_number(got, _root(pairs))


def _pairs(seed: int, sizes: tuple[int, ...]) -> list[Pair]:
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(size, 1, generator=generator),
            (4 + number) * torch.randn(size, 1, generator=generator),
        )
        for number, size in enumerate(sizes)
    ]


def _squares(pairs: list[Pair]) -> list[Tensor]:
    return [(output - target).square() for output, target in pairs]


def _root(pairs: list[Pair]) -> float:
    return torch.cat(_squares(pairs)).mean().sqrt().item()


def _refuse_known_roots(got: Any, pairs: list[Pair]) -> None:
    expect_type(got, (Real, Tensor), en="a number", zh="一个数")
    if isinstance(got, Tensor) and got.numel() != 1:
        expect_tensor(got, torch.tensor(0.0))
    means = torch.stack([square.mean() for square in _squares(pairs)])
    slips = {
        means.sqrt().mean().item(): (
            "This is the mean of the batches' roots. A small batch counts as much as "
            "a large one then, and a root does not average.",
            "这是各批次的根的平均。这样小批次和大批次分量一样，而且根不能取平均。",
        ),
        means.mean().sqrt().item(): (
            "This is the root of the mean of the batches' means: a small batch counts "
            "as much as a large one.",
            "这是各批次均值的平均再开方：小批次和大批次分量一样。",
        ),
        torch.cat(_squares(pairs)).mean().item(): (
            "This is the mean squared error itself. The root is missing.",
            "这是均方误差本身，还没有开方。",
        ),
        _root(pairs[-1:]): (
            "This is the value of the last batch alone. Where are the earlier ones?",
            "这只是最后一个批次的值。前面的批次到哪里去了？",
        ),
        torch.cat(_squares(pairs)).sqrt().mean().item(): (
            "This is the mean absolute error: the root is taken before the mean.",
            "这是平均绝对误差：开方开在了取平均之前。",
        ),
    }
    right = _root(pairs)
    for value, told in slips.items():
        near = math.isclose(float(got), value, rel_tol=1e-4)
        if near and not math.isclose(value, right, rel_tol=1e-4):
            raise Slip(*told)


@exercise("12-2")
def stop_at(answer: Any) -> None:
    """Fit a small model for real, and look where it stops."""
    _expect_class(answer, ())
    if not issubclass(answer, Callback):
        raise Slip(
            f"{answer.__name__} is no Callback, so fit would refuse it.",
            f"{answer.__name__} 不是 Callback，fit 会拒绝它。",
        )
    if answer.on_epoch_end is Callback.on_epoch_end:
        raise Slip(
            "The class does not define on_epoch_end, the hook that runs after each "
            "epoch.",
            "这个类没有定义 on_epoch_end，也就是每一轮之后运行的那个方法。",
        )
    whole = _fit()
    for monitor in ("valid_loss", "train_loss"):
        values = whole.to_dict()[monitor]
        for last in (1, 4):
            goal = (values[last - 1] + values[last]) / 2
            _judge_stop(answer(monitor, goal), monitor, last + 1)
        _judge_stop(answer(monitor, values[-1] / 2), monitor, EPOCHS)
    _judge_monitor(answer("valid_loss", 0.0))


def _fit(*callbacks: Callback) -> History:
    x = torch.linspace(-1, 1, 8).unsqueeze(1)
    model = nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(-1.0)
        model.bias.fill_(2.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = Trainer(model, nn.MSELoss(), optimizer, device="cpu")
    with torch.enable_grad():
        return trainer.fit(
            [(x, 3 * x)],
            [(x, 3 * x + 0.5)],
            epochs=EPOCHS,
            callbacks=callbacks,
            progress=False,
        )


def _judge_stop(callback: Any, monitor: str, want: int) -> None:
    epochs = len(_fit(callback))
    if epochs == want:
        return
    if epochs == EPOCHS:
        raise Slip(
            f"{monitor} fell below the goal in epoch {want}, but the fit went on to "
            f"its end, epoch {EPOCHS}.",
            f"{monitor} 在第 {want} 轮已低于目标，"
            f"训练却一直进行到最后的第 {EPOCHS} 轮。",
        )
    if want == EPOCHS:
        raise Slip(
            f"{monitor} never fell below the goal, but the fit ended after epoch "
            f"{epochs}.",
            f"{monitor} 从未低于目标，训练却在第 {epochs} 轮之后结束了。",
        )
    raise Slip(
        f"{monitor} fell below the goal in epoch {want} for the first time, but the "
        f"fit ended after epoch {epochs}. Which column do you compare, and in which "
        "direction?",
        f"{monitor} 在第 {want} 轮才首次低于目标，训练却在第 {epochs} 轮之后结束了。"
        "你比较的是哪一列？方向对吗？",
    )


def _judge_monitor(callback: Any) -> None:
    if callback.monitor != "valid_loss":
        raise Slip(
            "It stops where it should, but fit cannot know which column it reads, so "
            "it cannot refuse a misspelt one. What does a Callback have for that?",
            "停的位置对了，但 fit 不知道它读的是哪一列，列名写错了也无法拒绝。"
            "Callback 为此准备了什么？",
        )


@exercise("12-3")
def decide(answer: Any) -> None:
    """Cuts on both sides of one half, logits of both signs and any shape."""
    generator = torch.Generator().manual_seed(3)
    for shape, probability in [((400, 1), 0.9), ((300,), 0.5), ((300,), 0.2)]:
        logits = 4 * torch.randn(shape, generator=generator)
        got = call(answer, logits.clone(), probability)
        _refuse_known_cuts(got, logits, probability)
        cut = math.log(probability / (1 - probability))
        expect_tensor(got, (logits > cut).long(), en="the classes", zh="类别")


def _refuse_known_cuts(got: Any, logits: Tensor, probability: float) -> None:
    if not isinstance(got, Tensor) or got.shape != logits.shape:
        return
    slips = [
        (
            logits > probability,
            f"These are the logits above {probability}: the cut of the course. A "
            "probability is no logit.",
            f"这是大于 {probability} 的 logit：正是那门课程的切法。概率不是 logit。",
        ),
        (
            logits > 0,
            f"This is the cut at 0, whatever the probability is; here it is "
            f"{probability}.",
            f"无论概率是多少都切在 0；而这里的概率是 {probability}。",
        ),
        (
            logits > 1 / (1 + math.exp(-probability)),
            "The probability has been taken for a logit and made smaller still. Which "
            "of the two has to change its scale, and in which direction?",
            "这里把概率当成 logit 又压了一遍。该换算的是哪一个，往哪个方向换算？",
        ),
    ]
    right = logits > math.log(probability / (1 - probability))
    for classes, en, zh in slips:
        same = torch.equal(got.detach().cpu().bool(), classes)
        if same and not torch.equal(classes, right):
            raise Slip(en, zh)


@exercise("12-4")
def evaluate(answer: Any) -> None:
    """Unequal batches, dropout, and both modes to begin with."""
    model = _noisy_model()
    for sizes, training in [((5, 5, 1), True), ((2, 6), False)]:
        loader = _pairs(sum(sizes), sizes)
        model.train(training)
        before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
        with torch.enable_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            got = call(answer, model, [(a.clone(), b.clone()) for a, b in loader], _mse)
        _refuse_traces(model, training, before, got)
        _refuse_known_means(got, model, loader)
        with torch.no_grad():
            errors = [(model.eval()(x) - y).square() for x, y in loader]
        expect_number(got, torch.cat(errors).mean().item())


def _mse(output: Tensor, target: Tensor) -> Tensor:
    return nn.functional.mse_loss(output, target)


def _noisy_model() -> nn.Module:
    model = nn.Sequential(nn.Linear(1, 16), nn.Dropout(0.5), nn.Linear(16, 1))
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model


def _refuse_traces(model: nn.Module, training: bool, before: Tensor, got: Any) -> None:
    if isinstance(got, Tensor) and got.requires_grad:
        raise Slip(
            "The result still requires a gradient: the measuring was recorded.",
            "结果仍然需要梯度：测量过程被记录下来了。",
        )
    after = nn.utils.parameters_to_vector(model.parameters()).detach()
    learned = any(parameter.grad is not None for parameter in model.parameters())
    if learned or not torch.equal(before, after):
        raise Slip(
            "The model has learned something. To evaluate is only to measure.",
            "模型学到了东西。评估只是测量。",
        )
    if model.training != training:
        modes = ("training", "evaluation") if training else ("evaluation", "training")
        zh = ("训练", "评估") if training else ("评估", "训练")
        raise Slip(
            f"The model came in {modes[0]} mode and was left in {modes[1]} mode.",
            f"模型来的时候处于{zh[0]}模式，走的时候却是{zh[1]}模式。",
        )


def _refuse_known_means(got: Any, model: nn.Module, loader: list[Pair]) -> None:
    expect_type(got, (Real, Tensor), en="a plain number", zh="一个普通的数")
    if isinstance(got, Tensor) and got.numel() != 1:
        expect_tensor(got, torch.tensor(0.0))
    training = model.training
    with torch.no_grad():
        means = [_mse(model.eval()(x), y).item() for x, y in loader]
    model.train(training)
    rows = sum(len(y) for _, y in loader)
    slips = {
        sum(means) / len(means): (
            "This is the mean of the batch means. The last batch is smaller, so its "
            "rows count too much.",
            "这是各批次均值的平均。各批次大小不一，小批次里的行分量就太重了。",
        ),
        sum(means): ("This is a sum over the batches.", "这是各批次之和，没有取平均。"),
        sum(means) / rows: (
            "The batch means are added as they are and then divided by the rows.",
            "各批次的均值直接相加，然后除以了行数。",
        ),
    }
    for value, told in slips.items():
        if math.isclose(float(got), value, rel_tol=1e-4):
            raise Slip(*told)
