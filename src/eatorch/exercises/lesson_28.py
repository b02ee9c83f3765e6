"""Checks of lesson 28, Three ways to build a model."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type
from eatorch.expecting import Untouched, shorten

Words = tuple[str, str]

_SHAPES = {
    "conv1": (64, 3, 11, 11),
    "conv2": (192, 64, 5, 5),
    "conv3": (384, 192, 3, 3),
    "conv4": (256, 384, 3, 3),
    "conv5": (256, 256, 3, 3),
    "fc6": (4096, 9216),
    "fc7": (4096, 4096),
    "fc8": (-1, 4096),  # as many rows as classes
}
_COUNTS = {nn.ReLU: 7, nn.MaxPool2d: 3, nn.Dropout: 2}
_SIDES = [55, 27, 13, 13, 13]  # of the map that leaves each convolution


@exercise("28-1")
def alexnet(answer: Any) -> None:
    """Names, shapes and order of the layers, built without numbers."""
    if isinstance(answer, nn.Module):
        raise Slip(
            "Hand in the function alexnet itself, not the net that it returns.",
            "请交上函数 alexnet 本身，而不是它返回的网络。",
        )
    for classes in (1000, 7):
        with torch.device("meta"):
            net = call(answer, classes)
            expect_type(net, nn.Sequential, en="a Sequential", zh="一个 Sequential")
            _expect_flat(net)
            _expect_names(net, classes)
            _expect_path(net, classes)


def _expect_flat(net: nn.Sequential) -> None:
    for name, layer in net.named_children():
        if next(layer.children(), None) is not None:
            raise Slip(
                f"{name!r} is a block with layers inside. One flat line is wanted.",
                f"{name!r} 是一个里面还有层的块。要的是平铺的一条流水线。",
            )


def _expect_names(net: nn.Sequential, classes: int) -> None:
    """Compare the layers that have weights, by name, order and shape."""
    found = {
        n: layer for n, layer in net.named_children() if _weight(layer) is not None
    }
    if list(found) != list(_SHAPES):
        en, zh = _name_slip(list(found))
        raise Slip(
            f"The layers with weights should be {', '.join(_SHAPES)}; yours are "
            f"{', '.join(found) or 'none'}.{en}",
            f"带权重的层应当是 {', '.join(_SHAPES)}，你的是 "
            f"{', '.join(found) or '一个也没有'}。{zh}",
        )
    for name, layer in found.items():
        shape = tuple(classes if size < 0 else size for size in _SHAPES[name])
        if (got := tuple(_weight(layer).shape)) != shape:
            raise Slip(
                f"For {classes} classes the weight of {name} should have shape "
                f"{shape}, got {got}.",
                f"类别数为 {classes} 时，{name} 的权重形状应为 {shape}，"
                f"得到的是 {got}。",
            )
        if layer.bias is None:
            raise Slip(f"{name} has no bias.", f"{name} 没有偏置。")


def _weight(layer: nn.Module) -> Any:
    return getattr(layer, "weight", None)


def _name_slip(found: list[str]) -> Words:
    if all(name.isdecimal() for name in found):
        return " Who gives the names?", "名字由谁来取？"
    if len(found) < len(_SHAPES):
        return (
            " Some are missing: was a name used twice?",
            "少了几个：是不是有名字用了两次？",
        )
    return "", ""


def _expect_path(net: nn.Sequential, classes: int) -> None:
    """Walk through the line and compare what leaves the layers."""
    for kind, count in _COUNTS.items():
        got = sum(isinstance(layer, kind) for layer in net)
        if got != count:
            raise Slip(
                f"AlexNet has {count} layers of kind {kind.__name__}, yours has {got}. "
                "Was a name used twice, so that one replaced the other?",
                f"AlexNet 有 {count} 个 {kind.__name__} 层，你的有 {got} 个。"
                "是不是同一个名字用了两次，后一个顶掉了前一个？",
            )
    x, sides = torch.empty(2, 3, 224, 224), []
    for name, layer in net.named_children():
        try:
            x = layer(x)
        except (RuntimeError, ValueError) as error:
            raise Slip(
                f"A picture of 224 x 224 gets stuck at {name}: {shorten(error)}",
                f"224 x 224 的图片卡在了 {name}：{shorten(error)}",
            ) from None
        if isinstance(layer, nn.Conv2d):
            sides.append(x.shape[-1])
    if sides != _SIDES:
        raise Slip(
            f"The maps behind the convolutions should be {_SIDES} cells wide, yours "
            f"are {sides}. Look at stride and padding, and at where the pools stand.",
            f"各个卷积之后，图的宽度应为 {_SIDES}，你的是 {sides}。"
            "看看步长和填充，以及池化的位置。",
        )
    _expect_order(net)
    if tuple(x.shape) != (2, classes):
        raise Slip(
            f"Two pictures should give scores of shape {(2, classes)}, got "
            f"{tuple(x.shape)}.",
            f"两张图片的得分形状应为 {(2, classes)}，得到的是 {tuple(x.shape)}。",
        )


def _expect_order(net: nn.Sequential) -> None:
    """Require an activation behind every layer with weights but the last."""
    layers = [(n, layer) for n, layer in net.named_children() if not _silent(layer)]
    for (name, layer), (_, after) in pairwise(layers):
        if _weight(layer) is not None and not isinstance(after, nn.ReLU):
            raise Slip(f"Behind {name} there is no ReLU.", f"{name} 后面没有 ReLU。")
    if layers[-1][0] != "fc8":
        raise Slip(
            f"The line should end with fc8, the raw scores; yours ends with "
            f"{layers[-1][0]}.",
            f"这条流水线应当以 fc8（原始得分）结束，你的以 {layers[-1][0]} 结束。",
        )


def _silent(layer: nn.Module) -> bool:
    """Tell whether a layer may stand between a layer with weights and its ReLU."""
    return isinstance(layer, (nn.Dropout, nn.Identity))


@exercise("28-2")
def tied_coder(answer: Any) -> None:
    """One matrix for both ways: numbers, outputs and gradients."""
    _expect_class(answer)
    for inputs, hidden in ((5, 3), (4, 6), (3, 2)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(28)
            net = answer(inputs, hidden)
        found = _expect_numbers(net, inputs, hidden)
        generator = torch.Generator().manual_seed(inputs)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        x = torch.randn(7, inputs, generator=generator)
        _compare_coders(net, x, found)


def _expect_class(answer: Any) -> None:
    """Require a class made from ``nn.Module`` that has been filled in."""
    if not (isinstance(answer, type) and issubclass(answer, nn.Module)):
        name = getattr(answer, "__name__", type(answer).__name__)
        raise Slip(
            f"Expected a class made from nn.Module, got {name}.",
            f"应当是 nn.Module 的子类，得到的却是 {name}。",
        )
    if answer.__init__ is nn.Module.__init__ and answer.forward is nn.Module.forward:
        raise Untouched


def _expect_numbers(net: nn.Module, inputs: int, hidden: int) -> Sequence[Tensor]:
    """Return matrix and biases, if these are all there is."""
    parameters = list(net.parameters())
    total, product = sum(p.numel() for p in parameters), inputs * hidden
    want = product + hidden + inputs
    if total != want:
        en, zh = "", ""
        if total >= 2 * product + inputs:
            en = " Is there a second matrix, a copy of the first?"
            zh = "是不是有第二个矩阵，第一个的副本？"
        elif total < want:
            en = " Something is no parameter, or a bias is missing."
            zh = "有东西不是参数，或者少了一个偏置。"
        raise Slip(
            f"TiedCoder({inputs}, {hidden}) should have {want} numbers, yours has "
            f"{total}.{en}",
            f"TiedCoder({inputs}, {hidden}) 应有 {want} 个数，你的有 {total} 个。{zh}",
        )
    matrices: set[tuple[int, ...]] = {(hidden, inputs), (inputs, hidden)}
    biases: list[set[tuple[int, ...]]] = [{(n,), (1, n)} for n in (hidden, inputs)]
    shapes = [matrices, *biases]
    found = [p for allowed in shapes for p in parameters if tuple(p.shape) in allowed]
    if len(found) != len(shapes) or len(parameters) != len(shapes):
        got = [tuple(p.shape) for p in parameters]
        raise Slip(
            f"Expected a matrix {(hidden, inputs)} and biases {(hidden,)} and "
            f"{(inputs,)}, got parameters of the shapes {got}.",
            f"应当有矩阵 {(hidden, inputs)} 以及偏置 {(hidden,)} 和 {(inputs,)}，"
            f"得到的参数形状是 {got}。",
        )
    return found


def _compare_coders(net: nn.Module, x: Tensor, found: Sequence[Tensor]) -> None:
    """Compare output and gradients with the formula."""
    matrix, bias, back = found
    shape = (bias.shape[-1], x.shape[1])
    weight = matrix if tuple(matrix.shape) == shape else matrix.T
    want = torch.tanh(x @ weight.T + bias) @ weight + back
    got = call(net, x.clone())
    expect_tensor(got, want, en="the output", zh="输出", tolerance=1e-4)
    if not got.requires_grad:
        raise Slip(
            "The output has no record, so the coder could not learn.",
            "输出没有记录，这个编码器就学不到东西。",
        )
    right = torch.autograd.grad(want.square().sum(), found)
    grads = torch.autograd.grad(got.square().sum(), found, allow_unused=True)
    for wanted, grad in zip(right, grads, strict=True):
        if grad is None or not torch.allclose(grad, wanted, rtol=1e-3, atol=1e-3):
            raise Slip(
                "The output is right, but a gradient is not: the matrix should learn "
                "from both of its uses. Is one of them cut off from the record?",
                "输出是对的，但有一个梯度不对：矩阵的两次使用都应当参与学习。"
                "是不是有一次脱离了记录？",
            )


class _Counted(nn.Module):
    """A linear layer that counts its calls."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer, self.calls = nn.Linear(inputs, outputs), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        out: Tensor = self.layer(x).tanh()
        return out


@exercise("28-3")
def any_depth(answer: Any) -> None:
    """Each depth has its blocks and its head, and nothing else runs."""
    _expect_class(answer)
    for length in (3, 1):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(28)
            blocks = [_Counted(4, 4) for _ in range(length)]
            heads = [_Counted(4, 2) for _ in range(length)]
            x = torch.randn(5, 4)
        net = answer(list(blocks), list(heads))
        _expect_registered(net, [*blocks, *heads])
        for depth in (*range(1, length + 1), None):
            _expect_depth(net, blocks, heads, x, depth)


def _expect_registered(net: nn.Module, parts: Sequence[nn.Module]) -> None:
    inside = set(net.modules())
    missing = sum(part not in inside for part in parts)
    if missing:
        raise Slip(
            f"{missing} of {len(parts)} blocks and heads are not registered. What are "
            "they held in, and are they the ones that were handed over?",
            f"{len(parts)} 个块和头里有 {missing} 个没有注册。"
            "它们放在什么里面？是交给你的那些吗？",
        )


def _expect_depth(
    net: nn.Module,
    blocks: Sequence[_Counted],
    heads: Sequence[_Counted],
    x: Tensor,
    depth: int | None,
) -> None:
    used = len(blocks) if depth is None else depth
    want = x
    for block in blocks[:used]:
        want = block(want)
    want = heads[used - 1](want)
    for part in (*blocks, *heads):
        part.calls = 0
    got = call(net, x.clone()) if depth is None else call(net, x.clone(), depth=depth)
    en, zh = f"the output for depth={depth}", f"depth={depth} 时的输出"
    calls = [part.calls for part in blocks], [part.calls for part in heads]
    right = [int(n < used) for n in range(len(blocks))]
    if calls[0] != right:
        raise Slip(
            f"For depth={depth} the {len(blocks)} blocks should run {right} times, but "
            f"ran {calls[0]} times.",
            f"depth={depth} 时，{len(blocks)} 个块应当各运行 {right} 次，"
            f"实际运行了 {calls[0]} 次。",
        )
    if calls[1] != [int(n == used - 1) for n in range(len(heads))]:
        raise Slip(
            f"For depth={depth} the heads ran {calls[1]} times. Only the one of the "
            "last block should, once.",
            f"depth={depth} 时，各个头运行了 {calls[1]} 次。"
            "只有最后一个块的那一个应当运行一次。",
        )
    expect_tensor(got, want, en=en, zh=zh)


_STATE = (
    "conv.weight",
    "conv.bias",
    "conv1.weight",
    "body.conv.weight",
    "body.conv.bias",
    "body.norm.weight",
    "head.weight",
    "scale",
)
_NAMES: tuple[tuple[dict[str, str], Words], ...] = (
    ({}, ("nothing is to be renamed", "没有要改的名字")),
    (
        {"conv": "features.0"},
        (
            "conv is neither conv1 nor body.conv",
            "conv 既不是 conv1，也不是 body.conv",
        ),
    ),
    (
        {"body.conv": "conv", "conv": "body.conv"},
        (
            "two modules change places, so each key may be renamed only once",
            "两个模块互换位置，所以每个键只能改一次名",
        ),
    ),
    (
        {"body": "features.body", "head": "fc"},
        (
            "everything below a module moves along",
            "模块下面的一切都跟着走",
        ),
    ),
)


@exercise("28-4")
def rename(answer: Any) -> None:
    """Whole paths, all at once, in order, without touching the old one."""
    for names, (en, zh) in _NAMES:
        state = {key: torch.full((2,), float(n)) for n, key in enumerate(_STATE)}
        got = call(answer, state, dict(names))
        expect_type(got, Mapping, en="a dictionary", zh="一个字典")
        if list(state) != list(_STATE):
            raise Slip(
                "Your function changes the dictionary that it was given. Make a new "
                "one.",
                "你的函数改动了交给它的字典。请造一个新的。",
            )
        want = [_moved(key, names) for key in _STATE]
        if sorted(map(str, got)) != sorted(want):
            odd = [key for key in got if key not in want][:3]
            raise Slip(
                f"With {names} the keys are wrong ({en}): {odd or 'some are missing'}.",
                f"用 {names} 时键不对（{zh}）：{odd or '少了几个'}。",
            )
        _expect_values(got, dict(zip(want, state.values(), strict=True)), names)


def _moved(key: str, names: Mapping[str, str]) -> str:
    for old, path in names.items():
        if key.startswith(f"{old}."):
            return path + key.removeprefix(old)
    return key


def _expect_values(
    got: Mapping[str, Any], want: dict[str, Tensor], names: Mapping[str, str]
) -> None:
    for key, tensor in want.items():
        if not (isinstance(got[key], Tensor) and torch.equal(got[key], tensor)):
            raise Slip(
                f"With {names} the key {key!r} holds the tensor of another one.",
                f"用 {names} 时，键 {key!r} 里放的是别的键的张量。",
            )
    if list(got) != list(want):
        raise Slip(
            "Keys and tensors are right, but not in the old order.",
            "键和张量都对，但不是原来的次序。",
        )
