"""Checks of lesson 17, Transforms and augmentation."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type

FILES = [f"{number}.png" for number in range(10)]
MAY_SWAP = [True, False, True, False, False, True, True, False]
HALF_TURNS = {0: 0, 1: 1, 6: 9, 8: 8, 9: 6}


@exercise("17-1")
def save_ten(answer: Any) -> None:
    """Ten different files of the right size, repeatable, made from the picture."""
    rows = torch.linspace(0, 1, 40)
    image = torch.stack([rows.view(40, 1), rows.flip(0).view(40, 1)])
    image = torch.cat(
        [image.expand(2, 40, 56), torch.linspace(0, 1, 56).expand(1, 40, -1)]
    )
    views = _saved(answer, image, 1)
    for number, view in enumerate(views):
        if view.shape[:2] != (40, 56):
            raise Slip(
                f"{number}.png should be 40 pixels high and 56 wide like the input, "
                f"got {view.shape[0]} x {view.shape[1]}.",
                f"{number}.png 应与输入一样高 40 像素、宽 56 像素，"
                f"得到的是 {view.shape[0]} x {view.shape[1]}。",
            )
        for other in range(number):
            if np.array_equal(view, views[other]):
                raise Slip(
                    f"{other}.png and {number}.png are equal. Ten looks should differ.",
                    f"{other}.png 和 {number}.png 一模一样。十张图应当各不相同。",
                )
    _expect_dice(answer, image, views)
    _expect_from_picture(answer)


def _saved(answer: Any, image: Tensor, seed: int) -> list[Any]:
    """Run the answer in an empty folder and read what it wrote."""
    given = image.clone()
    with TemporaryDirectory() as name, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        folder = Path(name)
        _run(answer, given, folder)
        found = sorted(path.name for path in folder.iterdir())
        missing = [file for file in FILES if file not in found]
        if missing:
            raise Slip(
                f"{missing[0]} is missing in the folder; it holds "
                f"{', '.join(found) or 'nothing'}.",
                f"文件夹里缺少 {missing[0]}；其中有 {'、'.join(found) or '零个文件'}。",
            )
        views = [_read(folder / file) for file in FILES]
    if not torch.equal(given, image):
        raise Slip(
            "The picture that was handed in has changed. Work on a copy.",
            "传入的图像被改动了。请在副本上操作。",
        )
    return views


def _run(answer: Any, image: Tensor, folder: Path) -> None:
    """Call the answer, which may return nothing: its files are looked at."""
    if not callable(answer):
        call(answer)
    with suppress(Slip):
        call(answer, image, folder)


def _read(path: Path) -> Any:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise Slip(
            f"{path.name} cannot be read as a picture.",
            f"{path.name} 无法作为图像读取。",
        ) from error


def _expect_dice(answer: Any, image: Tensor, views: list[Any]) -> None:
    again, other = _saved(answer, image, 1), _saved(answer, image, 2)
    if not all(map(np.array_equal, views, again)):
        raise Slip(
            "With the same seed of PyTorch other pictures came. Whose dice do you use?",
            "PyTorch 的种子相同，得到的图像却不同。你用的是谁的骰子？",
        )
    if all(map(np.array_equal, views, other)):
        raise Slip(
            "With another seed the same ten pictures came. Draw some numbers at random "
            "and do not seed inside the function.",
            "换了种子，得到的还是同样的十张图。请随机抽取一些数，"
            "并且不要在函数里设种子。",
        )


def _expect_from_picture(answer: Any) -> None:
    dark = np.mean(_saved(answer, torch.full((3, 40, 56), 0.1), 3))
    light = np.mean(_saved(answer, torch.full((3, 40, 56), 0.8), 3))
    if light < dark + 30:  # of 255
        raise Slip(
            "A dark and a light picture give nearly the same files. The ten should be "
            "versions of the picture that is handed in.",
            "暗的图像和亮的图像给出几乎一样的文件。十张图应当由传入的图像变化而来。",
        )


@exercise("17-2")
def salt_and_pepper(answer: Any) -> None:
    """Single pixels turn white or black in all channels, the others stay."""
    image = 0.25 + 0.5 * torch.rand(
        3, 80, 100, generator=torch.Generator().manual_seed(0)
    )
    for share in (0.3, 0.1, 0.8):
        result = _noisy(answer, image, share)
        _expect_extremes(result, image)
        _expect_shares(result, share)
    expect_tensor(
        _noisy(answer, image, 0.0), image, en="share 0", zh="share 为 0 时的结果"
    )
    grey = image[:1]
    _expect_extremes(_noisy(answer, grey, 0.2), grey)
    if torch.equal(_noisy(answer, image, 0.2, 1), _noisy(answer, image, 0.2, 2)):
        raise Slip(
            "Two seeds gave the same noise. Draw it anew at each call.",
            "两个种子给出了同样的噪声。每次调用都要重新抽取。",
        )


def _noisy(answer: Any, image: Tensor, share: float, seed: int = 0) -> Tensor:
    given = image.clone()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        result = call(answer, given, share)
    if not torch.equal(given, image):
        raise Slip(
            "The input itself has changed. The data set would get noisier each time.",
            "输入本身被改动了。这样数据集会一次比一次嘈杂。",
        )
    expect_type(result, Tensor, en="a tensor", zh="一个张量")
    if result.shape != image.shape or not result.is_floating_point():
        raise Slip(
            f"Expected floats of shape {tuple(image.shape)}, got "
            f"{tuple(result.shape)} and {result.dtype}.",
            f"应为形状 {tuple(image.shape)} 的浮点数，"
            f"得到的是 {tuple(result.shape)} 和 {result.dtype}。",
        )
    return torch.as_tensor(result).detach().cpu().to(image.dtype)


def _expect_extremes(result: Tensor, image: Tensor) -> None:
    hit = result != image
    if not bool(((result == 0) | (result == 1) | ~hit).all()):
        raise Slip(
            "Some changed values are neither 0 nor 1. A hit pixel is white or black, "
            "nothing between.",
            "有些改动过的值既不是 0 也不是 1。被击中的像素非白即黑，没有中间值。",
        )
    if not torch.equal(hit.any(0), hit.all(0)):
        raise Slip(
            "Some pixels changed in one channel only, which makes them coloured. A "
            "pixel is hit in all channels.",
            "有些像素只改动了一个通道，于是成了彩色。像素被击中时，所有通道都要改。",
        )
    if not bool((result == result[:1])[hit].all()):
        raise Slip(
            "Some pixels are 0 in one channel and 1 in another. Salt is white in all "
            "channels.",
            "有些像素在一个通道是 0，在另一个通道是 1。盐在所有通道都是白色。",
        )


def _expect_shares(result: Tensor, share: float) -> None:
    white = (result[0] == 1).float().mean().item()
    black = (result[0] == 0).float().mean().item()
    for got, en, zh in [(white, "white", "白"), (black, "black", "黑")]:
        if abs(got - share / 2) > share / 8:  # about 3.5 standard deviations, or more
            raise Slip(
                f"With share={share:g}, {got:.1%} of the pixels are {en}, expected "
                f"about {share / 2:.1%}.",
                f"share={share:g} 时，{got:.1%} 的像素是{zh}的，"
                f"应当约为 {share / 2:.1%}。",
            )


@exercise("17-3")
def honest_half_turn(answer: Any) -> None:
    """Turn the digits that survive it, and translate their labels."""
    labels = torch.tensor([3, 6, 0, 9, 9, 5, 8, 1, 7, 6, 2, 4])
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(len(labels), 1, 8, 8, generator=generator)
    _expect_half_turn(answer, images, labels)
    _expect_half_turn(answer, images[:3], torch.tensor([9, 1, 6]))


def _expect_half_turn(answer: Any, images: Tensor, labels: Tensor) -> None:
    given = images.clone(), labels.clone()
    result = call(answer, *given)
    expect_type(
        result, (tuple, list), en="a pair of pictures and labels", zh="图像和标签的一对"
    )
    if len(result) != 2:
        raise Slip(
            f"Expected two things, pictures and labels, got {len(result)}.",
            f"应当返回图像和标签两样，得到 {len(result)} 样。",
        )
    if not (torch.equal(given[0], images) and torch.equal(given[1], labels)):
        raise Slip(
            "The pictures or labels that were handed in have changed.",
            "传入的图像或标签被改动了。",
        )
    turned, new = result
    kept = torch.tensor([label in HALF_TURNS for label in labels.tolist()])
    want = torch.tensor([HALF_TURNS[label] for label in labels[kept].tolist()])
    if isinstance(new, Tensor) and new.dtype in (torch.int32, torch.int16, torch.uint8):
        new = new.long()  # other whole numbers name the same digits
    _refuse_label_slips(new, labels, labels[kept], want)
    expect_tensor(new, want, en="the labels", zh="标签")
    _refuse_other_turns(turned, images[kept])
    expect_tensor(turned, images[kept].flip(-1, -2), en="the pictures", zh="图像")


def _refuse_label_slips(got: Any, all_: Tensor, kept: Tensor, want: Tensor) -> None:
    if not isinstance(got, Tensor):
        return
    if got.shape == all_.shape and len(all_) != len(want):
        raise Slip(
            f"All {len(all_)} digits came back. A 3 on its head is no digit.",
            f"{len(all_)} 个数字全都返回了。倒过来的 3 不是数字。",
        )
    if torch.equal(got, kept):
        raise Slip(
            "The right digits were kept, under their old labels. What does a 6 show "
            "after the turn?",
            "留下的数字是对的，但标签还是旧的。6 转过来之后是什么？",
        )
    if got.shape == want.shape and set(got.tolist()) < set(want.tolist()):
        raise Slip(
            "Sixes and nines have run together. If you change one after the other, the "
            "second change also meets the results of the first.",
            "6 和 9 混到一起了。如果先改一个再改另一个，后一次会碰到前一次的结果。",
        )


def _refuse_other_turns(got: Any, images: Tensor) -> None:
    if not isinstance(got, Tensor):
        return
    others = {
        "unturned": (images, "没有转动"),
        "mirrored left to right": (images.flip(-1), "左右翻转了"),
        "mirrored top to bottom": (images.flip(-2), "上下翻转了"),
    }
    for en, (image, zh) in others.items():
        if torch.equal(got, image):
            raise Slip(
                f"The labels are right, but the pictures came {en}. A half turn "
                "reverses both axes.",
                f"标签是对的，但图像{zh}。转半圈要把两个轴都反过来。",
            )


@exercise("17-4")
def may_swap(answer: Any) -> None:
    """Which pairs of transforms commute."""
    if isinstance(answer, (Tensor, np.ndarray)):
        answer = answer.tolist()
    if isinstance(answer, (list, tuple)):
        answer = [bool(x) if isinstance(x, np.bool_) else x for x in answer]
    expect_type(
        answer,
        (list, tuple),
        en="a list of True and False",
        zh="由 True 和 False 组成的列表",
    )
    if len(answer) != len(MAY_SWAP):
        raise Slip(
            f"There are {len(MAY_SWAP)} pairs, but {len(answer)} answers.",
            f"一共有 {len(MAY_SWAP)} 对，答案却有 {len(answer)} 个。",
        )
    for value in answer:
        expect_type(
            value, bool, en="True or False in the list", zh="列表中的 True 或 False"
        )
    wrong = [
        pair
        for pair, (a, b) in enumerate(zip(answer, MAY_SWAP, strict=True), 1)
        if a != b
    ]
    if wrong:
        en, zh = _WHY[wrong[0]]
        raise Slip(
            f"{len(MAY_SWAP) - len(wrong)} of {len(MAY_SWAP)} are right. Look at pair "
            f"{wrong[0]} again: {en}",
            f"{len(MAY_SWAP)} 个里对了 {len(MAY_SWAP) - len(wrong)} 个。"
            f"再看看第 {wrong[0]} 对：{zh}",
        )


_WHY = {
    1: (
        "does a crop ever calculate with values?",
        "裁剪会对数值做计算吗？",
    ),
    2: (
        "what becomes of the new zeros in either order?",
        "两种顺序下，新补上的零各会变成什么？",
    ),
    3: (
        "where do the values outside the edge come from?",
        "边缘之外的值是从哪里来的？",
    ),
    4: (
        "write both orders as formulas, and think of the cut to 0 and 1.",
        "把两种顺序写成公式，再想想截断到 0 和 1 这一步。",
    ),
    5: (
        "which side of the photo is left over in either order?",
        "两种顺序下，留下的各是照片的哪一边？",
    ),
    6: (
        "how far is the window from the left and from the right edge?",
        "窗口离左边缘和右边缘各有多远？",
    ),
    7: (
        "what is the sum of the weights with which bilinear mixes?",
        "双线性插值混合时，各权重之和是多少？",
    ),
    8: (
        "are the three channels still on one scale after normalising?",
        "归一化之后，三个通道还在同一个尺度上吗？",
    ),
}
