"""Checks of lesson 32, Save, resume, fine-tune."""

import io
from collections.abc import Iterator
from pathlib import Path
from pickle import UnpicklingError
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import ExponentialLR

from eatorch.checking import Slip, call, exercise, expect_entries, expect_type
from eatorch.expecting import Untouched, shorten
from eatorch.state import copied

_VALUE = 0.123
_PARTS = ("model", "optimizer", "scheduler", "random", "epoch")


def _small() -> nn.Module:
    """Build a net with parameters and buffers."""
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


@exercise("32-1")
def carry(answer: Any) -> None:
    """Carry 0.123 from one net to another through a file."""
    made: list[nn.Module] = []

    def build() -> nn.Module:
        made.append(_small())
        return made[-1]

    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        torch.random.fork_rng(devices=[]),
    ):
        file = Path(folder) / "carried.pt"
        got = call(answer, build, file)
        if not isinstance(got, nn.Module):
            raise Slip(
                f"Expected the second net, got {type(got).__name__} {shorten(got)}.",
                f"应当返回第二个网络，得到的却是 {type(got).__name__} {shorten(got)}。",
            )
        if len(made) < 2 or got is made[0]:
            raise Slip(
                f"build() was called {len(made)} time(s). One net is saved, a second "
                "one is made, filled from the file and returned.",
                f"build() 被调用了 {len(made)} 次。"
                "保存的是一个网络，另外再建一个，用文件填好后返回。",
            )
        _expect_weights_file(file)
    _expect_filled(got)


def _expect_weights_file(file: Path) -> None:
    """Require a state dict in the file, with the number in all its parameters."""
    try:
        state = torch.load(file, map_location="cpu")
    except FileNotFoundError:
        raise Slip(
            "There is no file after your function has run.",
            "你的函数运行之后，文件并不存在。",
        ) from None
    except (UnpicklingError, RuntimeError, OSError, ValueError) as error:
        raise Slip(
            "torch.load refuses the file. Does it hold more than a state dict?",
            "torch.load 拒绝读取这个文件。里面是不是不止状态字典？",
        ) from error
    if not isinstance(state, dict) or state.keys() != _small().state_dict().keys():
        raise Slip(
            f"The file should hold the state dict itself, got {shorten(state)}.",
            f"文件里应当就是状态字典本身，得到的是 {shorten(state)}。",
        )
    for name in dict(_small().named_parameters()):
        _expect_value(f"{name!r} in the file", f"文件里的 {name!r} ", state[name])


def _expect_filled(net: nn.Module) -> None:
    for name, parameter in net.named_parameters():
        _expect_value(
            f"{name!r} of the second net", f"第二个网络的 {name!r} ", parameter
        )
    fresh = dict(_small().named_buffers())
    for name, buffer in net.named_buffers():
        if not torch.equal(buffer.cpu(), fresh[name]):
            raise Slip(
                f"{name!r} was changed as well, but it is a buffer and no parameter.",
                f"{name!r} 也被改了，但它是缓冲区，不是参数。",
            )


def _expect_value(en: str, zh: str, tensor: Tensor) -> None:
    if not torch.allclose(
        tensor.detach().cpu().double(), torch.tensor(_VALUE).double()
    ):
        raise Slip(f"{en} is not {_VALUE} everywhere.", f"{zh}并非处处都是 {_VALUE}。")


def _contents() -> list[tuple[Any, tuple[str, str]]]:
    """Return what the lesson's list asks about, and a word of help for each."""
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    plain = (
        "which kinds of object does it consist of, down to the last one?",
        "它一层层拆到底，由哪些种类的对象组成？",
    )
    numpy = (
        "what type does NumPy's mean return?",
        "NumPy 的 mean 返回什么类型？",
    )
    torchs = (
        "PyTorch's own small types are on the list of those let in.",
        "PyTorch 自己的小类型在放行名单上。",
    )
    return [
        (model.state_dict(), plain),
        ({"losses": [0.5, 0.4], "name": "first"}, plain),
        (model, ("a model is an object of a class.", "模型是某个类的对象。")),
        ({"optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}, plain),
        ({"accuracy": np.mean([0.9, 0.8])}, numpy),
        ({"shape": torch.Size([3]), "dtype": torch.float32}, torchs),
        ({"folder": Path("runs")}, ("Path is a class.", "Path 是一个类。")),
    ]


@exercise("32-2")
def let_in(answer: Any) -> None:
    """Say which contents a load with weights_only lets in."""
    if isinstance(answer, Tensor | np.ndarray) and answer.ndim == 1:
        answer = answer.tolist()
    if isinstance(answer, list | tuple) and any(entry is ... for entry in answer):
        raise Untouched
    contents = _contents()
    want = [_opens(content) for content, _ in contents]
    expect_entries(answer, want, [hint for _, hint in contents], read=_yes_or_no)


def _opens(content: Any) -> bool:
    file = io.BytesIO()
    torch.save(content, file)
    file.seek(0)
    try:
        torch.load(file, weights_only=True)
    except UnpicklingError:
        return False
    return True


def _yes_or_no(number: int, entry: Any) -> bool:
    if isinstance(entry, Tensor) and entry.numel() == 1:
        entry = entry.item()
    if isinstance(entry, np.ndarray | np.generic) and entry.size == 1:
        entry = entry.item()
    if not isinstance(entry, bool | int | float) or entry not in (0, 1):
        raise Slip(
            f"Entry {number} should be True or False, got {shorten(entry)}.",
            f"第 {number} 项应当是 True 或 False，得到的是 {shorten(entry)}。",
        )
    return bool(entry)


class _Run:
    """A little run with momentum, a schedule and dropout."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.model = nn.Sequential(
            nn.Linear(3, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1)
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.05)
        self.scheduler = ExponentialLR(self.optimizer, 0.7)

    def go_on(self, epochs: int) -> list[float]:
        """Train on the same rows and return the losses."""
        generator = torch.Generator().manual_seed(32)
        inputs = torch.randn(20, 3, generator=generator)
        targets = inputs.sum(1, keepdim=True)
        losses = []
        for _ in range(epochs):
            loss = functional.mse_loss(self.model(inputs), targets)
            self.optimizer.zero_grad()
            torch.autograd.backward(loss)
            self.optimizer.step()
            self.scheduler.step()
            losses.append(loss.item())
        return losses


@exercise("32-3")
def snapshot(answer: Any) -> None:
    """Take a snapshot, go on training, then come back to it from a file."""
    with torch.random.fork_rng(devices=[]):
        run = _Run(seed=0)
        run.go_on(4)
        now = {
            "model": copied(run.model.state_dict()),
            "optimizer": copied(run.optimizer.state_dict()),
            "scheduler": copied(run.scheduler.state_dict()),
            "random": torch.get_rng_state(),
        }
        got = call(answer, run.model, run.optimizer, run.scheduler, 4)
        expect_type(got, dict, en="a dict", zh="一个字典")
        if missing := [part for part in _PARTS if part not in got]:
            raise Slip(
                f"The snapshot lacks {', '.join(map(repr, missing))}.",
                f"快照里缺少 {'、'.join(map(repr, missing))}。",
            )
        _expect_undisturbed(now["random"])
        losses = run.go_on(4)
        state = _through_file(got)
        for part in ("model", "optimizer", "scheduler"):
            _expect_kept(part, state[part], now[part], getattr(run, part).state_dict())
        _expect_epoch(state["epoch"])
        _expect_same_curve(state, losses)


def _expect_undisturbed(before: Tensor) -> None:
    if not torch.equal(torch.get_rng_state(), before):
        raise Slip(
            "Taking the snapshot has drawn random numbers. It must only look.",
            "拍快照时抽取了随机数。它只应当看，不应当动。",
        )


def _through_file(state: dict[Any, Any]) -> dict[Any, Any]:
    file = io.BytesIO()
    try:
        torch.save(state, file)
        file.seek(0)
        loaded: dict[Any, Any] = torch.load(file, weights_only=True)
    except Exception as error:  # whatever the reader has put in
        raise Slip(
            "The snapshot cannot be saved and read again with weights_only=True: "
            f"{shorten(error)}",
            f"快照无法保存后再用 weights_only=True 读回：{shorten(error)}",
        ) from error
    return loaded


def _expect_kept(part: str, got: Any, want: Any, later: Any) -> None:
    if _equal(got, want):
        return
    if _equal(got, later):
        raise Slip(
            f"The part {part!r} has followed the training that came after. Its tensors "
            "are those of the run itself.",
            f"{part!r} 这一部分跟着后来的训练变了。里面的张量就是训练本身的那些。",
        )
    raise Slip(
        f"The part {part!r} is not the state dict at the moment of the snapshot. If it "
        "has changed afterwards, was every level of it copied?",
        f"{part!r} 这一部分不是拍快照那一刻的状态字典。"
        "如果是后来变的：每一层都复制了吗？",
    )


def _equal(a: Any, b: Any) -> bool:
    """Compare nested containers of tensors and plain values."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and bool(torch.equal(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    return type(a) is type(b) and bool(a == b)


def _expect_epoch(got: Any) -> None:
    if isinstance(got, Tensor) and got.numel() == 1:
        got = got.item()
    if isinstance(got, bool) or got != 4:
        raise Slip(
            f"The epoch handed in was 4, the snapshot says {shorten(got)}.",
            f"传入的轮数是 4，快照里却是 {shorten(got)}。",
        )


def _expect_same_curve(state: dict[Any, Any], want: list[float]) -> None:
    again = _Run(seed=1)
    for part in ("model", "optimizer", "scheduler"):
        getattr(again, part).load_state_dict(state[part])
    try:
        torch.set_rng_state(state["random"])
    except (TypeError, RuntimeError, AttributeError) as error:
        raise Slip(
            f"torch.set_rng_state does not take the part 'random': {shorten(error)}",
            f"torch.set_rng_state 不接受 'random' 这一部分：{shorten(error)}",
        ) from error
    if again.go_on(4) != want:
        raise Slip(
            "All parts are there, but the run goes on otherwise. Is 'random' the state "
            "of the stream that dropout draws from?",
            "各部分都在，但接下去的训练不一样。"
            "'random' 是 dropout 所用的那个随机数流的状态吗？",
        )


class _Split(nn.Module):
    """A backbone and a head, as in the lesson."""

    def __init__(self, *, frozen: int = 0) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4))
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(4, 2))
        for layer in list(self.backbone.children())[:frozen]:
            layer.requires_grad_(False)


@exercise("32-4")
def groups(answer: Any) -> None:
    """Give the head its rate, the backbone a tenth, frozen parameters none."""
    for rate, frozen in ((0.01, 0), (0.2, 1), (0.03, 3)):
        net = _Split(frozen=frozen)
        learns = {name: p.requires_grad for name, p in net.named_parameters()}
        got = call(answer, net, rate)
        optimizer = _optimizer(got)
        rates = dict(_rates(optimizer))
        for name, parameter in net.named_parameters():
            _expect_left_alone(name, parameter.requires_grad, learns[name])
            want = rate if name.startswith("head") else rate / 10
            _expect_rate(name, rates.get(id(parameter)), want, learns[name])


def _optimizer(got: Any) -> torch.optim.Optimizer:
    kinds = (list, tuple)
    expect_type(got, kinds, en="a list of dicts", zh="一个由字典构成的列表")
    if not got or not all(isinstance(group, dict) for group in got):
        raise Slip(
            f"Each group should be a dict with 'params' and 'lr', got {shorten(got)}.",
            f"每一组应当是含有 'params' 和 'lr' 的字典，得到的是 {shorten(got)}。",
        )
    if bare := [set(group) for group in got if not {"params", "lr"} <= set(group)]:
        raise Slip(
            f"A group has the keys {sorted(map(str, bare[0]))}. It needs 'params' and "
            "'lr'.",
            f"有一组的键是 {sorted(map(str, bare[0]))}。它需要 'params' 和 'lr'。",
        )
    groups = [{**group, "lr": float(group["lr"])} for group in got]
    try:
        return torch.optim.SGD(groups)
    except (TypeError, ValueError) as error:
        raise Slip(
            f"No optimizer can be made of your groups: {shorten(error)}",
            f"用你的分组建不出优化器：{shorten(error)}",
        ) from error


def _rates(optimizer: torch.optim.Optimizer) -> Iterator[tuple[int, float]]:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            yield id(parameter), group["lr"]


def _expect_left_alone(name: str, got: bool, want: bool) -> None:
    if got != want:
        en, zh = ("unfrozen", "解冻") if got else ("frozen", "冻结")
        raise Slip(
            f"Your function has {en} {name!r}. It should only sort what it finds.",
            f"你的函数把 {name!r} {zh}了。它只应当把现有的参数分组。",
        )


def _expect_rate(name: str, got: float | None, want: float, learns: bool) -> None:
    if not learns and got is not None:
        raise Slip(
            f"{name!r} is frozen, but it is in a group.",
            f"{name!r} 已经冻结，却还在某一组里。",
        )
    if learns and got is None:
        raise Slip(
            f"{name!r} is not frozen, but it is in no group.",
            f"{name!r} 没有冻结，却不在任何一组里。",
        )
    if learns and got is not None and not abs(got / want - 1) < 1e-6:
        raise Slip(
            f"{name!r} gets the rate {got:g}, where {want:g} was asked for.",
            f"{name!r} 的学习率是 {got:g}，题目要的是 {want:g}。",
        )
