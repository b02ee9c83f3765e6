"""Checks of lesson 15, Functions and modules."""

from collections.abc import Callable
from numbers import Integral
from operator import index
from typing import Any

import torch
from torch import Tensor, nn

from eatorch.checking import (
    Slip,
    call,
    exercise,
    expect_entries,
    expect_tensor,
    expect_type,
)
from eatorch.expecting import Untouched, shorten

Step = tuple[str, list[str]]


class _Plain(nn.Module):
    """Two modules with a number between them, then one is replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.width = 3
        self.second = nn.ReLU()
        self.first = nn.Linear(3, 3)


class _Nested(nn.Module):
    """A container, a list, a parameter, and a module added by another door."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.body = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        self.loose = [nn.Linear(2, 2)]
        self.add_module("extra", nn.Flatten())
        self.head = nn.Linear(2, 1)


_STEPS: tuple[tuple[type[nn.Module], list[Step]], ...] = (
    (
        _Plain,
        [
            ("first", ["first"]),
            ("width", ["first"]),
            ("second", ["first", "second"]),
            ("first", ["first", "second"]),
        ],
    ),
    (
        _Nested,
        [
            ("scale", []),
            ("body", ["body"]),
            ("loose", ["body"]),
            ("head", ["body", "extra", "head"]),
        ],
    ),
)


@exercise("15-1")
def filling(answer: Any) -> None:
    """The assignments of two nets, each with a copy of what is registered then."""
    for net_class, want in _STEPS:
        got = call(answer, net_class)
        kinds = (list, tuple)
        expect_type(got, kinds, en="a list of pairs", zh="一个由二元组构成的列表")
        _compare_steps([_step(entry) for entry in got], want)


def _step(entry: Any) -> Step:
    """Return one entry as a pair if it has the form of one."""
    match entry:
        case (str(name), names) if not isinstance(names, str):
            try:
                return name, [str(held) for held in names]
            except TypeError:
                pass
    raise Slip(
        f"Each entry should be a pair (name, names in _modules), got {shorten(entry)}.",
        f"每一项应当是二元组（名字，_modules 里的名字），得到的却是 {shorten(entry)}。",
    )


def _compare_steps(got: list[Step], want: list[Step]) -> None:
    names, right = [name for name, _ in got], [name for name, _ in want]
    if names != right:
        raise Slip(
            f"The assignments of a test net are {right}, yours are {names}. Every "
            "self.name = value counts, whatever the value, and only on the net itself.",
            f"测试网络的赋值依次是 {right}，你得到的是 {names}。"
            "每一次 self.name = value 都算，不论值是什么，但只算网络自己的。",
        )
    last = want[-1][1]
    for (name, held), (_, wanted) in zip(got, want, strict=True):
        if held == wanted:
            continue
        if held == last:
            en, zh = (
                "this is how it looks at the very end. A dictionary goes on changing "
                "after you have noted it",
                "这是全部结束之后的样子。字典在你记下之后还会变",
            )
        elif name in wanted and name not in held:
            en, zh = (
                "the new one is missing. Was it noted before it was registered?",
                "少了新来的这一个。是不是在注册之前就记下了？",
            )
        else:
            en, zh = (
                f"_modules has {len(wanted)} names then",
                f"这时 _modules 里有 {len(wanted)} 个名字",
            )
        raise Slip(
            f"Right after {name!r} you noted {held}: {en}.".replace("?.", "?"),
            f"在 {name!r} 之后你记下的是 {held}：{zh}。".replace("？。", "？"),
        )


@exercise("15-2")
def own_linear(answer: Any) -> None:
    """Same numbers, names, seed and results as the layer of PyTorch."""
    if not (isinstance(answer, type) and issubclass(answer, nn.Module)):
        name = getattr(answer, "__name__", type(answer).__name__)
        raise Slip(
            f"Expected a class made from nn.Module, got {name}.",
            f"应当是 nn.Module 的子类，得到的却是 {name}。",
        )
    if answer.__init__ is nn.Module.__init__ and answer.forward is nn.Module.forward:
        raise Untouched
    for inputs, outputs, bias in ((5, 3, True), (4, 1, True), (3, 6, False)):
        want = _seeded(nn.Linear, inputs, outputs, bias)
        got = _seeded(answer, inputs, outputs, bias)
        _compare_states(got, want)
        _compare_results(got, want)


def _seeded(
    make: Callable[..., nn.Module], inputs: int, outputs: int, bias: bool
) -> nn.Module:
    """Build a layer from seed 15 without touching the reader's random numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(15)
        return make(inputs, outputs, bias=bias)


def _compare_states(got: nn.Module, want: nn.Module) -> None:
    """Compare the parameters by name, shape and number."""
    found, wanted = dict(got.named_parameters()), dict(want.named_parameters())
    if "bias" not in wanted and "bias" not in found:
        _expect_no_bias(got)
    saved = list(got.state_dict())
    if found.keys() != wanted.keys() or sorted(saved) != sorted(wanted):
        en, zh = _name_slip(set(found), set(wanted))
        raise Slip(
            f"Expected the parameters {list(wanted)}, got {list(found)}, and in the "
            f"state dict {saved}. {en}",
            f"参数应当是 {list(wanted)}，得到的是 {list(found)}，"
            f"状态字典里是 {saved}。{zh}",
        )
    for name, right in wanted.items():
        _expect_even(name, found[name], right)


def _name_slip(found: set[str], wanted: set[str]) -> tuple[str, str]:
    if found < wanted:
        return "What makes a tensor a parameter?", "怎样的张量才算参数？"
    if "bias" in found - wanted:
        return "With bias=False there is no bias.", "bias=False 时没有偏置。"
    return (
        "The names have to be the same, or the state dict of the one does not fit.",
        "名字必须一样，否则一方的状态字典装不进另一方。",
    )


def _expect_no_bias(got: nn.Module) -> None:
    if getattr(got, "bias", "missing") is not None:
        raise Slip(
            "With bias=False the attribute bias should be there and be None.",
            "bias=False 时，属性 bias 应当存在，并且是 None。",
        )


def _expect_even(name: str, got: Tensor, want: Tensor) -> None:
    """Require the numbers that nn.Linear draws, and say what is odd about others."""
    same_shape = got.shape == want.shape
    if same_shape and torch.allclose(got, want, atol=1e-6):
        return
    if same_shape and not bool(got.any()):
        raise Slip(
            f"The {name} is all zeros. PyTorch draws it evenly, like the weight.",
            f"{name} 全是零。PyTorch 会像权重那样均匀地抽取它。",
        )
    if same_shape and got.dtype == want.dtype:
        raise Slip(
            f"The {name} has the right shape, but not the numbers that nn.Linear draws "
            "from the same seed. Check the two ends, and which is drawn first.",
            f"{name} 的形状对，但不是 nn.Linear 用同一个随机种子抽到的数。"
            "检查区间的两端，以及先抽取的是哪一个。",
        )
    expect_tensor(got, want, en=f"the {name}", zh=f"{name} ")


def _compare_results(got: nn.Module, want: nn.Module) -> None:
    """Lend both layers new numbers and compare what they compute."""
    with torch.no_grad():
        for parameter in want.parameters():
            parameter.copy_(torch.linspace(-1, 2, parameter.numel()).view_as(parameter))
        got.load_state_dict(want.state_dict())
    width = next(want.parameters()).shape[1]
    for shape in ((width,), (4, width), (2, 3, width)):
        x = torch.linspace(-2, 1, torch.Size(shape).numel()).view(shape)
        result = call(got, x.clone())
        right = want(x)
        expect_tensor(result, right, en="the output", zh="输出")
        if not result.requires_grad:
            raise Slip(
                "The output has no record, so the layer could not learn. Is something "
                "detached or under no_grad?",
                "输出没有记录，这个层就学不到东西。是不是用了 detach 或 no_grad？",
            )


class _Freezer(nn.Module):
    """A net with two similar names, a layer in two places and a frozen part."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(1, 2, 3), nn.ReLU(), nn.Conv1d(2, 2, 3))
        self.conv_last = nn.Conv1d(2, 4, 3)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 4)
        self.tied = self.head
        self.norm.weight.requires_grad_(False)


@exercise("15-3")
def freeze(answer: Any) -> None:
    """Exactly one path rests, and each number counts once."""
    for path in ("conv", "conv.0", "head", "norm", "conv_last"):
        net, twin = _Freezer(), _Freezer()
        twin.get_submodule(path).requires_grad_(False)
        got = call(answer, net, path)
        _expect_frozen(net, twin, path)
        total = sum(p.numel() for p in twin.parameters())
        frozen = sum(p.numel() for p in twin.parameters() if not p.requires_grad)
        _expect_counts(got, (frozen, total), twin, path)


def _expect_frozen(net: nn.Module, twin: nn.Module, path: str) -> None:
    for (name, got), want in zip(
        net.named_parameters(), twin.parameters(), strict=True
    ):
        if got.requires_grad == want.requires_grad:
            continue
        if not name.startswith(f"{path}.") and not want.requires_grad:
            raise Slip(
                f"For the path {path!r} the parameter {name!r} learns again. It was "
                "frozen before, and does not belong to that module.",
                f"路径为 {path!r} 时，参数 {name!r} 又在学习了。"
                "它早已冻结，也不属于那个模块。",
            )
        if want.requires_grad:
            raise Slip(
                f"For the path {path!r} the parameter {name!r} is frozen too, but it "
                "does not belong to that module.",
                f"路径为 {path!r} 时，参数 {name!r} 也被冻结了，但它不属于那个模块。",
            )
        raise Slip(
            f"For the path {path!r} the parameter {name!r} is not frozen. Does a "
            "module know requires_grad, or only its parameters?",
            f"路径为 {path!r} 时，参数 {name!r} 没有冻结。"
            "认识 requires_grad 的是模块，还是它的参数？",
        )


def _expect_counts(got: Any, want: tuple[int, int], twin: nn.Module, path: str) -> None:
    try:
        frozen, total = (index(number) for number in got)
    except (TypeError, ValueError):
        raise Slip(
            f"Expected two whole numbers (frozen, total), got {shorten(got)}.",
            f"应当是两个整数（frozen, total），得到的却是 {shorten(got)}。",
        ) from None
    if (frozen, total) == want:
        return
    en, zh = _slip_of((frozen, total), want, list(twin.parameters()))
    raise Slip(
        f"For the path {path!r} you counted {frozen} frozen of {total}: {en}",
        f"路径为 {path!r} 时，你数出 {total} 个中冻结了 {frozen} 个：{zh}",
    )


def _slip_of(
    got: tuple[int, int], want: tuple[int, int], parameters: list[Tensor]
) -> tuple[str, str]:
    if got == want[::-1]:
        return "the order is (frozen, total).", "次序是（frozen, total）。"
    if got[1] == len(parameters):
        return (
            "those are the tensors. Count the numbers in them.",
            "这是张量的个数。要数的是里面的数。",
        )
    if got[1] > want[1]:
        return (
            "that is more than there are. Is the shared layer counted twice, or a "
            "buffer with it?",
            "比实际的还多。是不是共享的层数了两遍，或者把缓冲区也算上了？",
        )
    if got == (want[1] - want[0], want[1]):
        return (
            "those are the ones that still learn.",
            "那是仍在学习的个数。",
        )
    if got[0] < want[0]:
        return (
            "some are missing. A part may have been frozen before.",
            "少了一些。有一部分可能早已冻结。",
        )
    return ("one of the two is wrong.", "两个数中有一个不对。")


@exercise("15-4")
def counts(answer: Any) -> None:
    """What seven classes hold, found out by building them."""
    truth = [_outcome(build) for build in _CLASSES]
    expect_entries(answer, truth, _HINTS, read=_entry)


def _first(self: nn.Module) -> None:
    nn.Module.__init__(self)
    self.layer = nn.Linear(2, 3)


def _never(self: nn.Module) -> None:
    self.layer = nn.Linear(2, 3)


def _late(self: nn.Module) -> None:
    self.layer = nn.Linear(2, 3)
    nn.Module.__init__(self)


def _after_number(self: nn.Module) -> None:
    vars(self)["width"] = 3
    _first(self)


def _not_called(self: nn.Module) -> None:
    _ = nn.Module.__init__
    self.layer = nn.Linear(2, 3)


def _twice(self: nn.Module) -> None:
    _first(self)
    nn.Module.__init__(self)


def _with(start: Callable[[nn.Module], None]) -> Callable[[], nn.Module]:
    """Return a maker of modules whose ``__init__`` is ``start``."""
    made: type[nn.Module] = type("Net", (nn.Module,), {"__init__": start})
    return made


def _in_the_class() -> nn.Module:
    made: type[nn.Module] = type("Net", (nn.Module,), {"layer": nn.Linear(2, 3)})
    return made()


_CLASSES: tuple[Callable[[], nn.Module], ...] = (
    _with(_first),
    _with(_never),
    _with(_late),
    _with(_after_number),
    _with(_not_called),
    _with(_twice),
    _in_the_class,
)

_HINTS = (
    ("this is the ordinary case.", "这是最平常的写法。"),
    (
        "which drawer could take the layer, if nobody has made one?",
        "没有人造抽屉，层能放进哪里？",
    ),
    (
        "what does the first line find, when it runs before the second?",
        "第一行先于第二行运行，它找得到抽屉吗？",
    ),
    ("does a plain number need a drawer?", "普通的数需要抽屉吗？"),
    ("look at the end of super().__init__.", "看看 super().__init__ 的末尾。"),
    (
        "what does a second super().__init__() do to drawers that are full?",
        "抽屉已经装了东西，第二次 super().__init__() 会对它们做什么？",
    ),
    (
        "whose __setattr__ runs when the class body is read?",
        "读类体的时候，运行的是谁的 __setattr__？",
    ),
)


def _outcome(build: Callable[[], nn.Module]) -> int | str:
    try:
        return sum(parameter.numel() for parameter in build().parameters())
    except AttributeError:
        return "error"


def _entry(number: int, got: Any) -> int | str:
    """Return one entry of the list if it is a whole number or the word "error"."""
    if isinstance(got, Integral) and not isinstance(got, bool):
        return int(got)
    if isinstance(got, str) and got.strip().lower() == "error":
        return "error"
    raise Slip(
        f'Entry {number} should be a whole number or "error", got '
        f"{type(got).__name__} {shorten(got)}.",
        f'第 {number} 项应当是整数或 "error"，'
        f"得到的是 {type(got).__name__} {shorten(got)}。",
    )
