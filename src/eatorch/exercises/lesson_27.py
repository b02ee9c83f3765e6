"""Checks of lesson 27, Hooks, features and Grad-CAM."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type
from eatorch.expecting import shorten

_LEFT = (
    "The answer is right, but hooks of yours are still on the network: {count}. Remove "
    "each by its handle.",
    "答案是对的，但网络上还留着你的钩子：{count} 个。请用各自的句柄把它们移除。",
)


@exercise("27-1")
def first_maps(answer: Any) -> None:
    """A copy survives the ReLU that works in place."""
    torch_state = torch.get_rng_state()
    for inplace, nested in [(False, False), (True, False), (True, True)]:
        net, first = _alexnet_start(inplace=inplace, nested=nested)
        pictures = torch.randn(2, 3, 31, 31)
        with torch.no_grad():
            want = first(pictures.tanh() if nested else pictures)
        got = call(answer, net, pictures.clone())
        _explain_maps(got, want, inplace=inplace)
        expect_tensor(got, want, en="the maps", zh="特征图")
        _without_graph(got)
        _expect_no_hooks(net)
        _expect_relus(net, inplace=inplace)
    torch.set_rng_state(torch_state)


def _alexnet_start(*, inplace: bool, nested: bool) -> tuple[nn.Module, nn.Conv2d]:
    torch.manual_seed(0)
    first = nn.Conv2d(3, 6, 11, stride=4, padding=2)
    start: list[nn.Module] = [first, nn.ReLU(inplace=inplace)]
    rest = [nn.MaxPool2d(2), nn.Conv2d(6, 4, 3, padding=1), nn.ReLU(inplace=inplace)]
    if nested:
        return nn.Sequential(nn.Tanh(), nn.Sequential(*start, *rest)), first
    return nn.Sequential(*start, *rest), first


def _explain_maps(got: Any, want: Tensor, *, inplace: bool) -> None:
    if not isinstance(got, Tensor) or got.shape != want.shape:
        return
    if torch.allclose(got.detach(), want.relu()):
        place = " behind it works in place" if inplace else " made them"
        raise Slip(
            f"The smallest number is 0: these are the maps after the ReLU. The ReLU"
            f"{place}; when did you take your copy?",
            "最小的数是 0：这是经过 ReLU 之后的特征图。"
            + ("后面的 ReLU 是原地运算；" if inplace else "")
            + "你是什么时候复制的？",
        )


def _expect_relus(net: nn.Module, *, inplace: bool) -> None:
    relus = [module for module in net.modules() if isinstance(module, nn.ReLU)]
    if len(relus) != 2 or any(relu.inplace is not inplace for relu in relus):
        raise Slip(
            "The maps are right, but your function changed the network: a ReLU no "
            "longer works as before. Leave it as it is.",
            "特征图是对的，但你的函数改动了网络：有个 ReLU 不再像原来那样工作。"
            "请让网络保持原样。",
        )


@exercise("27-2")
def probe_features(answer: Any) -> None:
    """Rows of features, and a network that is as it was."""
    state = torch.get_rng_state()
    for training, name in [(True, "body.2"), (False, "body.4"), (True, "head")]:
        net = _probe_net().train(training)
        pictures = torch.randn(6, 1, 6, 6)
        want = _by_layers(net, name, pictures)
        before = {key: value.clone() for key, value in net.state_dict().items()}
        got = call(answer, net, name, pictures.clone())
        _explain_mode(net, before, training=training)
        _explain_table(got, want)
        expect_tensor(got, want.flatten(1), en="the features", zh="特征")
        _without_graph(got)
        _expect_no_hooks(net)
    torch.set_rng_state(state)


class _ProbeNet(nn.Module):
    """A net with layers that behave otherwise while training."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(), nn.Flatten()
        )
        self.head = nn.Linear(48, 2)

    def forward(self, pictures: Tensor) -> Tensor:
        scores: Tensor = self.head(self.body(pictures))
        return scores


def _probe_net() -> _ProbeNet:
    torch.manual_seed(0)
    net = _ProbeNet()
    norm = net.body[1]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    norm.running_mean.add_(0.5)
    return net


def _by_layers(net: _ProbeNet, name: str, pictures: Tensor) -> Tensor:
    """Compute the output of a module in evaluation mode, without hooks."""
    was = net.training
    net.eval()
    with torch.no_grad():
        want: Tensor = net(pictures)
        if name.startswith("body"):
            want = net.body[: int(name[-1]) + 1](pictures)
    net.train(was)
    return want


def _explain_mode(
    net: nn.Module, before: Mapping[str, Tensor], *, training: bool
) -> None:
    after = net.state_dict()
    if any(not torch.equal(value, after[key]) for key, value in before.items()):
        raise Slip(
            "Your function changed the network: the running mean of its batch "
            "normalisation has moved. Compute in evaluation mode.",
            "你的函数改变了网络：批归一化的滑动均值变了。请在评估模式下计算。",
        )
    if any(module.training is not training for module in net.modules()):
        modes = ("training", "evaluation")
        was, now = modes if training else modes[::-1]
        zh = {"training": "训练", "evaluation": "评估"}
        raise Slip(
            f"The network was in {was} mode and is now in {now} mode.",
            f"网络原来处于{zh[was]}模式，现在却处于{zh[now]}模式。",
        )


def _explain_table(got: Any, want: Tensor) -> None:
    if isinstance(got, Tensor) and got.shape == want.shape and want.ndim > 2:
        raise Slip(
            f"The output has shape {tuple(got.shape)}. A table has two axes: join all "
            "but the first.",
            f"输出的形状是 {tuple(got.shape)}。表格只有两个轴："
            "请把第一个轴以外的轴合并。",
        )


@exercise("27-3")
def output_shapes(answer: Any) -> None:
    """Shapes by name; own hooks go, others stay, errors pass."""
    state = torch.get_rng_state()
    net, heard = _probe_net().eval(), list[str]()
    net.body[0].register_forward_hook(lambda *_: heard.append("called"))
    got = call(answer, net, torch.randn(2, 1, 6, 6))
    _expect_shapes(got, _true_shapes(net))
    _expect_others(net, heard)
    _expect_no_hooks(net, others=1)
    _expect_error_passes(answer)
    torch.set_rng_state(state)


def _true_shapes(net: _ProbeNet) -> dict[str, tuple[int, ...]]:
    value, shapes = torch.zeros(2, 1, 6, 6), dict[str, tuple[int, ...]]()
    layers = {f"body.{n}": layer for n, layer in enumerate(net.body)}
    for name, layer in {**layers, "head": net.head}.items():
        value = layer.forward(value)  # hooks do not hear this
        shapes[name] = tuple(value.shape)
    return shapes


def _expect_shapes(got: Any, want: dict[str, tuple[int, ...]]) -> None:
    expect_type(got, Mapping, en="a dictionary", zh="一个字典")
    if missing := want.keys() - got.keys():
        raise Slip(
            f"{len(missing)} of {len(want)} modules are missing, for example "
            f"{min(missing)!r}.",
            f"{len(want)} 个模块中缺了 {len(missing)} 个，例如 {min(missing)!r}。",
        )
    if extra := sorted(map(str, got.keys() - want.keys())):
        raise Slip(
            f"{extra[0]!r} has modules inside or does not exist; only innermost "
            "modules are asked for.",
            f"{extra[0]!r} 里面还有别的模块，或者不存在；这里只要最里层的模块。",
        )
    for name, shape in want.items():
        if not isinstance(got[name], (tuple, list)) or tuple(got[name]) != shape:
            raise Slip(
                f"{name!r} does not make {shorten(got[name])}. Does each hook know "
                "its own name?",
                f"{name!r} 的输出不是 {shorten(got[name])}。"
                "每个钩子都知道自己的名字吗？",
            )


def _expect_others(net: _ProbeNet, heard: list[str]) -> None:
    if not net.body[0]._forward_hooks:
        raise Slip(
            "A hook that was on the network before is gone. Remove only your own.",
            "网络上原有的钩子不见了。只能移除你自己的。",
        )
    if len(heard) != 1:
        raise Slip(
            f"The network should be called once; its hook heard {len(heard)} calls.",
            f"网络应当只调用一次；它原有的钩子听到了 {len(heard)} 次调用。",
        )


def _expect_error_passes(answer: Any) -> None:
    net, stopped = _probe_net().eval(), False
    try:
        answer(net, torch.zeros(2, 1, 9, 9))  # too large for the head
    except RuntimeError:
        stopped = True
    if any(module._forward_hooks for module in net.modules()):
        raise Slip(
            "With pictures of a wrong size the network stops with an error, and then "
            "your hooks stay on it. Which block of Python runs in both cases?",
            "图片大小不对时，网络会报错中断，而你的钩子就留在了上面。"
            "Python 的哪种语句块在两种情况下都会执行？",
        )
    if not stopped:
        raise Slip(
            "The network stopped with an error, but your function swallowed it.",
            "网络报错中断了，但你的函数把错误吞掉了。",
        )


@exercise("27-4")
def double_gradient(answer: Any) -> None:
    """Twice the gradient, for this tensor only, until the handle is removed."""
    factors = torch.tensor([3.0, -1, 0.5])
    one, other = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    handle = call(answer, one)
    _expect_handle(handle)
    torch.autograd.backward(one + other, factors.clone())
    _explain_double(one, other, factors)
    torch.autograd.backward(one + other, factors.clone())
    _explain_again(one, 4 * factors)
    handle.remove()
    torch.autograd.backward(one + other, factors.clone())
    if not torch.allclose(_gradient(one), 5 * factors):
        raise Slip(
            "After handle.remove() the gradient is still not the plain one.",
            "调用 handle.remove() 之后，梯度仍然没有恢复原样。",
        )
    _on_the_way(answer)


def _expect_handle(handle: Any) -> None:
    if not callable(getattr(handle, "remove", None)):
        raise Slip(
            f"Expected the handle of the hook, got {shorten(handle)}.",
            f"应当返回钩子的句柄，得到的却是 {shorten(handle)}。",
        )


def _gradient(tensor: Tensor) -> Tensor:
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def _explain_double(one: Tensor, other: Tensor, factors: Tensor) -> None:
    if not torch.allclose(_gradient(other), factors):
        raise Slip(
            "The gradient of another tensor changed as well. Both got the same tensor, "
            "and your hook wrote into it.",
            "另一个张量的梯度也变了。两者收到的是同一个张量，而你的钩子往里面写了。",
        )
    if torch.allclose(_gradient(one), factors):
        raise Slip(
            "The gradient is the plain one. What does your hook return?",
            "梯度没有变。你的钩子返回了什么？",
        )
    expect_tensor(_gradient(one), 2 * factors, en="the gradient", zh="梯度")


def _explain_again(one: Tensor, want: Tensor) -> None:
    if not torch.allclose(_gradient(one), want):
        raise Slip(
            "The first backward pass is right, the second is not: what earlier passes "
            "had left in .grad must not be doubled again.",
            "第一次反向传播是对的，第二次不对：之前留在 .grad 里的部分不应再次翻倍。",
        )


def _on_the_way(answer: Any) -> None:
    """Take a tensor in the middle, whose gradient arrives as an expanded one."""
    start = torch.ones(2, requires_grad=True)
    middle = 5 * start
    call(answer, middle)
    torch.autograd.backward(middle.sum())
    expect_tensor(
        _gradient(start),
        torch.full((2,), 10.0),
        en="the gradient behind a tensor on the way",
        zh="中间张量之后的梯度",
    )


def _without_graph(got: Tensor) -> None:
    if got.requires_grad:
        raise Slip(
            "The numbers are right, but they keep their whole graph in memory.",
            "数是对的，但它们把整个计算图都留在了内存里。",
        )


def _expect_no_hooks(net: nn.Module, *, others: int = 0) -> None:
    count = sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks)
        for module in net.modules()
    )
    if count > others:
        en, zh = _LEFT
        raise Slip(en.format(count=count - others), zh.format(count=count - others))
