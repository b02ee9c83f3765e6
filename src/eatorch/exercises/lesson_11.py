"""Checks of lesson 11, Mid-level API and logistic regression."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type

MEANS, BIASES = (1.0, 2.0), (-1.0, 0.0, 2.0)
EPOCHS = 3
_FIT = 0.5  # how far a trained line may lie from the middle of the clouds
_LUCK = 0.05  # how far a measured accuracy may lie from the expected one
_FAR = 1.0  # a share above it must be a percentage

Formula = Callable[[Tensor, float], Tensor]


@exercise("11-1")
def border(answer: Any) -> None:
    """The line of one probability, for a layer with uneven weights."""
    layer = _layer(2.0, -0.5, 0.7)
    x1 = torch.tensor([-2.0, 0.0, 1.0, 3.0])
    for probability in (0.5, 0.9, 0.2):
        logit = torch.tensor(probability).logit()
        got = call(answer, layer, x1.clone(), probability)
        if isinstance(got, Tensor):
            _known_borders(got.detach().float(), x1, probability, float(logit))
        expect_tensor(
            got,
            (logit - 0.7 - 2.0 * x1) / -0.5,
            en=f"x2 for a probability of {probability}",
            zh=f"概率为 {probability} 时的 x2 值",
        )


def _layer(first: float, second: float, bias: float) -> nn.Linear:
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[first, second]]))
        layer.bias.fill_(bias)
    return layer


def _known_borders(got: Tensor, x1: Tensor, probability: float, logit: float) -> None:
    """Name the slips of rearranging; the layer is (2, -0.5) with bias 0.7."""
    slips = [
        (
            (probability - 0.7 - 2.0 * x1) / -0.5,
            "The probability was put where a logit belongs. Which logit does the "
            "sigmoid turn into this probability?",
            "把概率直接放在了 logit 的位置上。sigmoid 把哪个 logit 变成这个概率？",
        ),
        (
            (logit + 0.7 - 2.0 * x1) / -0.5,
            "The bias has the wrong sign: it changes sides in the equation.",
            "偏置的符号反了：移到等式另一边时要变号。",
        ),
        (
            (logit - 2.0 * x1) / -0.5,
            "The line has the right slope but goes through the wrong place. The bias "
            "of the layer is missing.",
            "直线的斜率对了，位置却不对：漏了这一层的偏置。",
        ),
        (
            (logit - 0.7 + 0.5 * x1) / 2.0,
            "The two weights are swapped. Asked for is x2, so divide by its weight.",
            "两个权重用反了。要求的是 x2，所以应除以 x2 的权重。",
        ),
        (
            (-0.7 - 2.0 * x1) / -0.5,
            "This is the border for a probability of 0.5, whatever was asked for.",
            "无论问的是哪个概率，得到的都是 0.5 的边界。",
        ),
    ]
    wanted = (logit - 0.7 - 2.0 * x1) / -0.5
    if got.shape != x1.shape or torch.allclose(got, wanted, atol=1e-4):
        return
    for slip, en, zh in slips:
        if torch.allclose(got, slip, atol=1e-4):
            raise Slip(en, zh)


@exercise("11-2")
def grid(answer: Any) -> None:
    """Place and accuracy of the boundary, for two means and three biases."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on fits this small, threads cost more than they bring
    try:
        got = call(answer, MEANS, BIASES)
    finally:
        torch.set_num_threads(threads)
    expect_type(got, Tensor, en="a tensor", zh="一个张量")
    shape, want = tuple(got.shape), (len(MEANS), len(BIASES), 2)
    if shape != want:
        swapped = shape == (want[1], want[0], 2)
        why = " Rows and columns are swapped." if swapped else ""
        why_zh = "行和列反了。" if swapped else ""
        raise Slip(
            f"{want[0]} means and {want[1]} biases should give shape {want}, got "
            f"{shape}.{why}",
            f"{want[0]} 个均值和 {want[1]} 个偏置应得到形状 {want}，实际是 {shape}。"
            f"{why_zh}",
        )
    numbers = got.detach().cpu().float()
    _expect_accuracies(numbers[..., 1])
    _expect_places(numbers[..., 0])


def _expect_accuracies(shares: Tensor) -> None:
    if not bool(((shares >= 0) & (shares <= _FAR)).all()):
        raise Slip(
            "The second number should be a share between 0 and 1. Is it in per cent, "
            "a count, or has it changed places with the first?",
            "第二个数应当是 0 到 1 之间的比例。是不是写成了百分数或个数，"
            "或者和第一个数换了位置？",
        )
    best = torch.special.ndtr(2**0.5 * torch.tensor(MEANS)).unsqueeze(1)
    off = (shares - best).abs() > _LUCK
    if bool(off.any()):
        row, column = off.nonzero()[0].tolist()
        raise Slip(
            f"For mean {MEANS[row]:g} and bias {BIASES[column]:g} the accuracy "
            f"{shares[row, column]:.2f} is not what a trained layer reaches. Is the "
            "layer new for each pair, trained, and has it a bias of its own?",
            f"均值 {MEANS[row]:g}、偏置 {BIASES[column]:g} 时的准确率 "
            f"{shares[row, column]:.2f} 不像是训练好的层能达到的。"
            "每一对是否都用了新的层、做了训练，并且层自己带有偏置？",
        )


def _expect_places(places: Tensor) -> None:
    want = torch.tensor(BIASES).expand(places.shape)
    if bool(((places - want).abs() <= _FIT).all()):
        return
    if bool(((places + want).abs() <= _FIT).all()):
        raise Slip(
            "Every place has the wrong sign. Bring the bias of the layer to the other "
            "side of the equation.",
            "每个位置的符号都反了。请把层的偏置移到等式的另一边。",
        )
    if bool((places.abs() <= _FIT).all()):
        raise Slip(
            "All boundaries cross the diagonal near 0. Were the points really moved by "
            "the bias?",
            "所有边界都在 0 附近穿过对角线。数据点真的按偏置平移了吗？",
        )
    row, column = ((places - want).abs() > _FIT).nonzero()[0].tolist()
    raise Slip(
        f"For mean {MEANS[row]:g} and bias {BIASES[column]:g} the boundary should "
        f"cross the diagonal between the clouds, got {places[row, column]:.2f}. Solve "
        "the equation of the line for x1 = x2 once more.",
        f"均值 {MEANS[row]:g}、偏置 {BIASES[column]:g} 时，边界应当在两团点之间"
        f"穿过对角线，得到的是 {places[row, column]:.2f}。"
        "请再解一次 x1 = x2 时的直线方程。",
    )


@exercise("11-3")
def repaired(answer: Any) -> None:
    """The weights after three epochs tell how long the optimizer lived."""
    model = _layer(0.3, -0.2, 0.1)
    got = call(answer, model, _loader(), EPOCHS)
    expect_type(got, nn.Module, en="the trained model", zh="训练好的模型")
    found = nn.utils.parameters_to_vector(got.parameters()).detach()
    if found.shape != (3,):
        raise Slip(
            "Another model came back than the one that was handed in.",
            "返回的不是传进来的那个模型。",
        )
    if torch.allclose(found, _trained("never"), atol=1e-5):
        return
    slips = {
        "start": (
            "The weights are where they started. Is step() called for each batch?",
            "权重还停在起点。每个批次都调用 step() 了吗？",
        ),
        "batch": (
            "This is still plain SGD: the optimizer forgets between two batches, or "
            "its momentum is 0.",
            "这仍是普通的 SGD：优化器在两个批次之间忘掉了一切，或者动量为 0。",
        ),
        "epoch": (
            "The memory now lasts for one epoch, then it is lost. How often is the "
            "optimizer made?",
            "记忆现在能维持一轮，然后就丢了。优化器一共创建了几次？",
        ),
        "uncleared": (
            "Momentum works, but the gradients of earlier batches are still in .grad. "
            "Clear them in each step.",
            "动量起作用了，但 .grad 里还留着前面批次的梯度。每一步都要清零。",
        ),
    }
    for rebuilt, told in slips.items():
        if torch.allclose(found, _trained(rebuilt), atol=1e-5):
            raise Slip(*told)
    raise Slip(
        "The weights after three epochs are others than with lr=0.1, momentum=0.9 and "
        "one step for each batch. Compare your loop with the task line by line.",
        "三轮之后的权重，与 lr=0.1、momentum=0.9、每批走一步得到的不同。"
        "请逐行对照题目里的循环。",
    )


def _loader() -> "DataLoader[tuple[Tensor, ...]]":
    generator = torch.Generator().manual_seed(11)
    inputs = torch.randn(12, 2, generator=generator)
    labels = (inputs.sum(1, keepdim=True) > 0).float()
    return DataLoader(TensorDataset(inputs, labels), batch_size=4)


def _trained(rebuilt: str) -> Tensor:
    """Return the weights after training; the optimizer is new in each ``rebuilt``."""
    model = _layer(0.3, -0.2, 0.1)
    optimizer = _momentum(model)
    with torch.enable_grad():
        for _ in range(0 if rebuilt == "start" else EPOCHS):
            optimizer = _momentum(model) if rebuilt == "epoch" else optimizer
            for batch, labels in _loader():
                optimizer = _momentum(model) if rebuilt == "batch" else optimizer
                if rebuilt != "uncleared":
                    optimizer.zero_grad()
                loss = nn.functional.binary_cross_entropy_with_logits
                torch.autograd.backward(loss(model(batch), labels))
                optimizer.step()
    return nn.utils.parameters_to_vector(model.parameters()).detach()


def _momentum(model: nn.Module) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


@exercise("11-4")
def labels_for(answer: Any) -> None:
    """Each loss with labels as files give them: whole, float, row or column."""
    column = torch.zeros(4, 1)
    cases = [
        (nn.BCEWithLogitsLoss(), torch.tensor([1, 0, 1, 1]), column),
        (nn.CrossEntropyLoss(), torch.tensor([2, 0, 1, 2]), torch.zeros(4, 3)),
        (
            nn.CrossEntropyLoss(),
            torch.tensor([[2.0], [0], [1], [2]]),
            column.expand(4, 3),
        ),
        (nn.MSELoss(), torch.tensor([3, 5, 2, 8]), column),
        (nn.BCEWithLogitsLoss(), torch.tensor([[1.0], [0], [1], [1]]), column[:, 0]),
    ]
    for loss_function, labels, outputs in cases:
        got = call(answer, loss_function, labels.clone(), outputs.clone())
        expect_type(got, Tensor, en="a tensor", zh="一个张量")
        place = type(loss_function).__name__
        whole = isinstance(loss_function, nn.CrossEntropyLoss)
        _expect_dtype(got, torch.int64 if whole else torch.float32, place)
        _expect_shape(got, (4,) if whole else tuple(outputs.shape), place, labels)
        if got.tolist() != labels.reshape(got.shape).tolist():
            raise Slip(
                f"For {place} dtype and shape are right, but the labels have other "
                "values or another order now.",
                f"{place} 的 dtype 和形状都对了，但标签的值或顺序变了。",
            )


def _expect_dtype(got: Tensor, want: torch.dtype, place: str) -> None:
    if got.dtype == want:
        return
    calculates = want == torch.float32
    reason = "calculates with its labels" if calculates else "looks up the class"
    reason_zh = "要用标签做计算" if calculates else "要用标签去查类别"
    raise Slip(
        f"{place} {reason}, so it wants {want}; got {got.dtype}.",
        f"{place} {reason_zh}，需要 {want}；得到的是 {got.dtype}。",
    )


def _expect_shape(
    got: Tensor, want: tuple[int, ...], place: str, labels: Tensor
) -> None:
    shape = tuple(got.shape)
    if shape != want:
        came = tuple(labels.shape)
        raise Slip(
            f"{place} got labels of shape {shape}, but wants {want}. They came as "
            f"{came}: look at the outputs to see what fits.",
            f"传给 {place} 的标签形状是 {shape}，应为 {want}。"
            f"它们原来的形状是 {came}：看看输出的形状，想想怎样才对得上。",
        )
