"""Checks of lesson 16, Dataset and DataLoader."""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type
from eatorch.expecting import shorten

Action = Callable[[], Any]


@exercise("16-1")
def path_to(answer: Any) -> None:
    """Finished calls are left out, the first visit counts, the profiler goes off."""
    _first_letter()  # what runs for the first time only must not count as the path
    for action, name in [
        (_outer, "leaf"),
        (_first_letter, "__getitem__"),
        (_outer, "nobody"),
    ]:
        want = _open_calls(action, name)
        got = _profiled(answer, action, name)
        expect_type(got, (list, tuple), en="a list of names", zh="一个名字的列表")
        if list(got) != want:
            raise _wrong_path(list(got), want, name)


class _Letters(Dataset[str]):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> str:
        return "abc"[index]


def _first_letter() -> None:
    loader = DataLoader(_Letters(), generator=torch.Generator().manual_seed(0))
    assert next(iter(loader)) == ["a"]


def _outer() -> None:
    """Call something that returns, then go down to the leaf in two ways."""
    _side()
    _middle()
    leaf()


def _middle() -> None:
    _side()
    leaf()


def _side() -> None:
    pass


def leaf() -> None:
    """Stand at the end of the path."""


def _open_calls(action: Action, name: str) -> list[str]:
    calls: list[str] = []
    found: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_name)
            if calls[-1] == name and not found:
                found.extend(calls)
        elif event == "return":
            calls.pop()

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(before)
    return found


def _profiled(answer: Any, action: Action, name: str) -> Any:
    """Call the answer; whatever it leaves behind as profiler is taken away."""
    before = sys.getprofile()
    try:
        got = call(answer, action, name)
        left = sys.getprofile()
    finally:
        sys.setprofile(before)
    if left is not before:
        raise Slip(
            "After your function the profiler is still on and would watch everything "
            "that follows. Switch it off at the end.",
            "你的函数结束后，性能分析器仍然开着，会继续监视后面的一切。最后要把它关掉。",
        )
    return got


def _wrong_path(got: list[Any], want: list[str], name: str) -> Slip:
    told = shorten(got, 160)
    if not want:
        return Slip(
            f"No function called {name!r} was called, so the list should be empty; "
            f"got {told}.",
            f"没有调用过名为 {name!r} 的函数，列表应当是空的；得到的是 {told}。",
        )
    if got == want[::-1]:
        en, zh = "the order is reversed: outermost first", "顺序反了：最外层在最前"
    elif [str(call).rpartition(".")[2] for call in got] == want:
        en = "these are the long names: take co_name, not co_qualname"
        zh = "这些是长名：应取 co_name，而不是 co_qualname"
    elif got == want[1:]:
        en, zh = "the action itself is missing", "缺少动作本身"
    elif got == want[:-1]:
        en, zh = f"{name} itself is missing at the end", f"末尾缺少 {name} 本身"
    elif got[:1] == want[:1] and got[-1:] == want[-1:] and len(got) < len(want):
        en, zh = f"this is a later call of {name}, not the first", "这是后来的一次调用"
    elif set(want) < set(got):
        en = "it holds calls that had returned by then, or came later"
        zh = "其中有当时已经返回、或者后来才发生的调用"
    else:
        en = "when a call returns, its name has to go again"
        zh = "调用返回时，要把它的名字再去掉"
    return Slip(
        f"On the way to {name}, {len(want)} calls are open; your list has {len(got)}: "
        f"{told}. Perhaps {en}.",
        f"到达 {name} 时有 {len(want)} 个调用处于打开状态；"
        f"你的列表有 {len(got)} 个：{told}。也许是这样：{zh}。",
    )


@exercise("16-2")
def cats_and_dogs(answer: Any) -> None:
    """Eleven cats, so that names sort otherwise than numbers, two dogs and a note."""
    names = [f"cat.{number}.png" for number in range(11)] + ["dog.0.png", "dog.7.png"]
    with TemporaryDirectory() as place:
        # One grey value per name, so that each picture can be told from the others.
        greys = {name: 15 * (number + 1) for number, name in enumerate(names)}
        _write(Path(place), greys)
        if not isinstance(answer, type) or not issubclass(answer, Dataset):
            raise Slip(
                "Expected a class that is derived from torch.utils.data.Dataset, got "
                f"{type(answer).__name__} {shorten(answer)}.",
                "应当是继承 torch.utils.data.Dataset 的类，"
                f"得到的是 {type(answer).__name__} {shorten(answer)}。",
            )
        made: Any = answer
        dataset = made(Path(place))
        _right_length(call(made.__len__, dataset), len(names))
        for index, name in enumerate(sorted(names)):
            pair = call(made.__getitem__, dataset, index)
            _right_pair(pair, name, greys[name])


def _write(folder: Path, greys: dict[str, int]) -> None:
    from PIL import Image

    for name, grey in greys.items():
        pixels = np.full((4, 5), grey, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    (folder / "Thumbs.db").write_bytes(b"not a picture")


def _right_length(got: Any, want: int) -> None:
    expect_type(got, int, en="a whole number from len", zh="len 给出的整数")
    if got == want + 1:
        raise Slip(
            f"The folder holds {want} pictures and one other file, and your data set "
            f"counts {got}. Which files belong to it?",
            f"文件夹里有 {want} 张图片和一个别的文件，你的数据集数出 {got} 个。"
            "哪些文件才算数？",
        )
    if got != want:
        raise Slip(
            f"Expected {want} pictures, got {got}.",
            f"应有 {want} 张图片，得到 {got} 张。",
        )


def _right_pair(pair: Any, name: str, grey: int) -> None:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise Slip(
            "Expected a pair of picture and label as sample, got "
            f"{type(pair).__name__} {shorten(pair)}.",
            "样本应当是图片和标签组成的一对，"
            f"得到的是 {type(pair).__name__} {shorten(pair)}。",
        )
    image, label = pair
    if isinstance(image, Tensor) and image.dtype == torch.float32 and image.numel():
        _known_images(image, name, grey)
    want = torch.full((1, 4, 5), grey / 255)
    expect_tensor(image, want, en="the picture", zh="图片")
    right = int(name.startswith("dog"))
    if isinstance(label, Tensor | np.generic) and len(label.reshape(-1)) == 1:
        label = label.item()
    expect_type(label, int, en="0 or 1 as label", zh="标签 0 或 1")
    if label != right:
        raise Slip(
            f"The label of {name} should not be {label}. What does the name begin "
            "with, and which class is number 0?",
            f"{name} 的标签不应是 {label}。文件名以什么开头？哪个类别是 0 号？",
        )


def _known_images(image: Tensor, name: str, grey: int) -> None:
    value = image.flatten()[0].item()
    if image.shape == (4, 5):
        raise Slip(
            "The picture has shape (4, 5); the axis for the channel is missing in "
            "front.",
            "图片的形状是 (4, 5)；前面少了通道轴。",
        )
    if value == grey:
        raise Slip(
            f"A pixel of {name} is {value:g}; the values should lie from 0 to 1.",
            f"{name} 的一个像素是 {value:g}；数值应在 0 到 1 之间。",
        )
    if abs(value - grey / 255) > 1e-3:
        raise Slip(
            f"The picture at the place of {name} is another one. Are the files in the "
            "order of sorted names, cat.10.png before cat.2.png?",
            f"{name} 的位置上是另一张图片。"
            "文件是按名字排序的吗？cat.10.png 应排在 cat.2.png 之前。",
        )


@exercise("16-3")
def collate(answer: Any) -> None:
    """Word 0 occurs at the beginning, inside and at the end of sentences."""
    for texts in [[[5, 0, 2], [0], [7, 8, 9, 0]], [[4, 0], [3, 1]], [[6]]]:
        sentences = [torch.tensor(text) for text in texts]
        samples = [
            (sentence.clone(), number % 3) for number, sentence in enumerate(sentences)
        ]
        got = call(answer, samples)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Slip(
                "Expected three tensors, sentences, mask and labels, got "
                f"{type(got).__name__} {shorten(got)}.",
                "应当是三个张量：句子、掩码和标签，"
                f"得到的是 {type(got).__name__} {shorten(got)}。",
            )
        longest = max(map(len, texts))
        tokens = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
        mask = torch.tensor(
            [[place < len(text) for place in range(longest)] for text in texts]
        )
        _known_masks(got, tokens, mask)
        expect_tensor(got[0], tokens, en="the sentences", zh="句子")
        expect_tensor(got[1], mask, en="the mask", zh="掩码")
        labels = torch.tensor([label for _, label in samples])
        expect_tensor(got[2], labels, en="the labels", zh="标签")


def _known_masks(got: Any, tokens: Tensor, mask: Tensor) -> None:
    first, second = got[0], got[1]
    if isinstance(first, Tensor) and first.shape == tokens.T.shape != tokens.shape:
        raise Slip(
            f"The sentences have shape {tuple(first.shape)}: here the words come "
            "first, the batch second. It should be the other way round.",
            f"句子的形状是 {tuple(first.shape)}：这里词在前、批次在后，应当反过来。",
        )
    if not isinstance(second, Tensor) or second.shape != mask.shape:
        return
    if torch.equal(second, ~mask) and second.dtype == torch.bool:
        raise Slip(
            "The mask is turned round: True should stand where there is a word.",
            "掩码反了：有词的地方才应是 True。",
        )
    if torch.equal(second.bool(), tokens != 0) and not mask.equal(tokens != 0):
        raise Slip(
            "The mask is False where the sentence holds word 0. Padding and word 0 "
            "look alike; what tells them apart?",
            "句子里的 0 号词也被掩码标成了 False。填充和 0 号词长得一样，靠什么区分？",
        )


@exercise("16-4")
def loader_for_epoch(answer: Any) -> None:
    """Same epoch, same order, whatever the global random numbers do meanwhile."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        before = torch.get_rng_state()
        orders = [_order(answer, epoch) for epoch in (7, 0, 1, 2)]
        disturbed = not torch.equal(before, torch.get_rng_state())
        torch.manual_seed(6)
        again = _order(answer, 7)
    if orders[0] != again:
        raise Slip(
            "Asked twice for epoch 7, your loader gave two orders. Something besides "
            "the epoch's number decides.",
            "两次要第 7 轮的加载器，得到两种顺序。除了轮数之外，还有别的东西在起作用。",
        )
    if disturbed:
        raise Slip(
            "The order is repeatable, but the global random numbers have changed: "
            "other parts of a program would notice. Use random numbers of your own.",
            "顺序可以重现，但全局随机数变了，程序的其他部分会受影响。"
            "请使用自己的随机数。",
        )
    if any(one == other for one, other in pairwise(orders)):
        raise Slip(
            "Two different epochs have the same order.",
            "不同的两轮，顺序却相同。",
        )


def _order(answer: Any, epoch: int) -> list[int]:
    """Return the order of one epoch, after a look at its batches."""
    loader = call(answer, list(range(22)), epoch)
    expect_type(loader, DataLoader, en="a DataLoader", zh="一个 DataLoader")
    batches = [list(batch) for batch in loader]
    order = [int(number) for batch in batches for number in batch]
    sizes = sorted({len(batch) for batch in batches[:-1]})
    if sizes != [4]:
        raise Slip(
            f"Expected batches of 4, got batches of {shorten(sizes)}.",
            f"批次应当各有 4 个样本，得到的大小是 {shorten(sizes)}。",
        )
    if sorted(order) != list(range(22)):
        raise Slip(
            f"In one epoch each of the 22 samples should come once; {len(order)} "
            f"came, {len(set(order))} of them different.",
            f"一轮中 22 个样本应当各出现一次；来了 {len(order)} 个，"
            f"其中不同的有 {len(set(order))} 个。",
        )
    if order == list(range(22)):
        raise Slip("The samples come unshuffled.", "样本没有打乱。")
    return order
