"""Checks of lesson 26, TensorBoard."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from eatorch.checking import Slip, call, exercise, expect_tensor, expect_type

Line = list[tuple[int, float]]  # step and value of each point

_POINTS = 100
_TAG = "y = 2x"


@exercise("26-1")
def log_line(answer: Any) -> None:
    """Log a straight line and close the writer."""
    with _scratch() as folder:
        _call_and_close(answer, folder)
        lines = _lines(folder)
    tags = sorted({tag for _, tag in lines})
    if tags != [_TAG]:
        raise Slip(
            f"Expected the one tag {_TAG!r}, found {tags}.",
            f"应当只有一个标签 {_TAG!r}，找到的是 {tags}。",
        )
    if [run for run, _ in lines] != ["."]:
        raise Slip(
            "The points lie in folders below. Write straight into the folder.",
            "这些点写进了下面的子文件夹。请直接写进给出的文件夹。",
        )
    (line,) = lines.values()
    _check_line(line, [(x, 2.0 * x) for x in range(_POINTS)])


@exercise("26-2")
def log_losses(answer: Any) -> None:
    """Log two curves that TensorBoard draws into one chart."""
    train, valid = [2.5, 1.25, 0.5, 0.25], [2.75, 1.5, 1.0, 1.125]
    with _scratch() as folder:
        _call_and_close(answer, folder, list(train), list(valid))
        lines = _lines(folder)
    if len({tag for _, tag in lines}) > 1:
        tags = sorted({tag for _, tag in lines})
        raise Slip(
            f"{len(tags)} tags make {len(tags)} charts: {tags}.",
            f"{len(tags)} 个标签会画成 {len(tags)} 张图：{tags}。",
        )
    if len(lines) != 2:
        raise Slip(
            f"Expected two runs, found {len(lines)}. All points of one tag in one run "
            "are joined to a single line.",
            f"应有两次运行，找到 {len(lines)} 次。同一次运行里同一个标签的所有点会连成"
            "一条线。",
        )
    for name, losses in (("train", train), ("valid", valid)):
        points = [(epoch, loss) for epoch, loss in enumerate(losses, start=1)]
        _check_line(_line_of(lines, name), points)


def _line_of(lines: dict[tuple[str, str], Line], name: str) -> Line:
    found = [line for (run, _), line in lines.items() if name in run.lower()]
    if len(found) != 1:
        runs = sorted(run for run, _ in lines)
        raise Slip(
            f"Expected one run with {name!r} in its name, found the runs {runs}.",
            f"名字里含有 {name!r} 的运行应当恰好一次，找到的运行是 {runs}。",
        )
    return found[0]


def _check_line(line: Line, want: Line) -> None:
    """Compare steps, then values."""
    steps = [step for step, _ in line]
    if len(set(steps)) == 1 and len(want) > 1:
        raise Slip(
            f"All {len(steps)} points lie at step {steps[0]}. The step is an argument "
            "of its own.",
            f"全部 {len(steps)} 个点都在第 {steps[0]} 步。步数是一个单独的参数。",
        )
    if steps != [step for step, _ in want]:
        raise Slip(
            f"Expected the steps {want[0][0]} to {want[-1][0]}, once each, in order; "
            f"the {len(steps)} points go from {steps[0]} to {steps[-1]}.",
            f"步数应当从 {want[0][0]} 到 {want[-1][0]}，依次各一个；"
            f"这 {len(steps)} 个点却从 {steps[0]} 到 {steps[-1]}。",
        )
    for (step, value), (_, right) in zip(line, want, strict=True):
        if not math.isclose(value, right, rel_tol=1e-5, abs_tol=1e-6):
            raise Slip(
                f"The value {value:g} at step {step} is not right.",
                f"第 {step} 步的值 {value:g} 不对。",
            )


def _call_and_close(answer: Any, folder: Path, *inputs: Any) -> None:
    """Call the answer; it must have closed every writer that it opened."""
    before = set(threading.enumerate())
    call(answer, folder, *inputs)
    left = [thread for thread in threading.enumerate() if thread not in before]
    if any(type(thread).__module__.startswith("tensorboard") for thread in left):
        time.sleep(0.2)  # what it still writes must not meet a missing folder
        raise Slip(
            "A writer is still open, so its last events may not be on disk yet.",
            "还有写入器没有关闭，最后的事件可能还没有写到磁盘上。",
        )


def _lines(folder: Path) -> dict[tuple[str, str], Line]:
    """Return the scalars in a folder by run and tag."""
    files = list(folder.rglob("*tfevents*"))
    if not files:
        raise Slip(
            "There is no event file in the folder. Does the writer know the folder?",
            "文件夹里没有事件文件。写入器知道要写进这个文件夹吗？",
        )
    lines = {}
    for run in sorted({file.parent for file in files}):
        events = _read(run)
        for tag in events.Tags()["scalars"]:
            line = [(event.step, event.value) for event in events.Scalars(tag)]
            lines[str(run.relative_to(folder)), tag] = line
    if not lines:
        raise Slip(
            "The event file holds no scalar.",
            "事件文件里没有标量。",
        )
    return lines


def _read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), {"scalars": 0, "histograms": 0}).Reload()


@contextmanager
def _scratch() -> Iterator[Path]:
    """Yield an empty folder that vanishes afterwards."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@exercise("26-3")
def sheet(answer: Any) -> None:
    """Lay pictures out on a sheet, row by row."""
    for count, channels, columns in ((6, 1, 3), (5, 1, 3), (7, 3, 2), (2, 1, 4)):
        pictures = 1 + torch.arange(count * channels * 6.0).view(count, channels, 2, 3)
        want = _lay_out(pictures, columns)
        got = call(answer, pictures.clone(), columns)
        got = torch.from_numpy(got) if isinstance(got, np.ndarray) else got
        got = got.to(want.dtype) if isinstance(got, torch.Tensor) else got
        _refuse_known_sheets(got, want, pictures)
        expect_tensor(got, want, en="the sheet", zh="拼图")


def _lay_out(pictures: torch.Tensor, columns: int) -> torch.Tensor:
    count, channels, height, width = pictures.shape
    rows = math.ceil(count / columns)
    result = torch.zeros(channels, rows * height, columns * width)
    for number, picture in enumerate(pictures):
        top, left = number // columns * height, number % columns * width
        result[:, top : top + height, left : left + width] = picture
    return result


def _refuse_known_sheets(got: Any, want: torch.Tensor, pictures: torch.Tensor) -> None:
    """Name the usual ways to a wrong sheet."""
    if not isinstance(got, torch.Tensor) or got.shape != want.shape:
        return
    full = torch.zeros(want.numel())
    full[: pictures.numel()] = pictures.flatten()
    if not torch.equal(full.view_as(want), want) and torch.equal(
        got, full.view_as(want)
    ):
        raise Slip(
            "The size is right, but the pictures are torn: each row of the sheet is "
            "filled with one picture after the other. Axes have to change places.",
            "大小对了，但图片被撕碎了：一张图接一张图地填满了拼图的每一行。"
            "有些轴需要换位置。",
        )
    height, width = pictures.shape[2:]
    rows = want.shape[1] // height
    if rows > 1 and torch.equal(got[:, height : 2 * height, :width], pictures[1]):
        raise Slip(
            "The pictures run down the columns; they should fill row by row.",
            "图片是一列一列往下排的；应当一行一行地排。",
        )


@exercise("26-4")
def dead(answer: Any) -> None:
    """Find the gradients that are zero in the end."""
    with _scratch() as folder:
        _write_gradients(folder)
        got = call(answer, folder)
    got = got.tolist() if isinstance(got, np.ndarray) else got
    expect_type(got, (list, tuple, set), en="a list of tags", zh="标签的列表")
    for tag in got:
        if not isinstance(tag, str) or tag not in _GRADIENTS:
            raise Slip(
                f"{tag!r} is no tag of this folder. A tag is a string such as "
                "'gradient/first.weight'.",
                f"{tag!r} 不是这个文件夹里的标签。标签是字符串，"
                "例如 'gradient/first.weight'。",
            )
        if (reason := _GRADIENTS[tag][2]) is not None:
            en, zh = reason
            raise Slip(
                f"{tag!r} does not belong into the list: {en}.",
                f"{tag!r} 不该在列表里：{zh}。",
            )
    missing = [tag for tag, (*_, why) in _GRADIENTS.items() if not (why or tag in got)]
    if missing:
        raise Slip(
            f"Tags that are missing: {len(missing)}. Look at the last histogram of "
            "each tag.",
            f"还缺 {len(missing)} 个死掉的标签。看看每个标签最后的直方图。",
        )
    if len(got) != len(set(got)):
        raise Slip("A tag stands in the list twice.", "有一个标签在列表里出现了两次。")


_NONE, _SOME = [0.0, 0.0, 0.0], [-0.5, 0.25, 1.0]
# First and last values of each tag, and why it is not dead.
_GRADIENTS: dict[str, tuple[list[float], list[float], tuple[str, str] | None]] = {
    "gradient/first.weight": (_SOME, _NONE, None),
    "gradient/first.bias": (_NONE, _NONE, None),
    "gradient/second.weight": (
        _NONE,
        _SOME,
        ("it was zero at first, but not in the end", "它起初为零，最后却不是"),
    ),
    "gradient/second.bias": (
        _SOME,
        [-1.0, 0.0, 1.0],
        ("its values only add up to zero", "它的值只是加起来为零"),
    ),
    "gradient/third.weight": (
        _SOME,
        [0.0, 0.0, 1e-9],
        ("one of its values is tiny, but not zero", "它有一个值很小，但不是零"),
    ),
    "gradient/third.bias": (
        _SOME,
        [-2.0, -1.0, 0.0],
        ("only its largest value is zero", "它只有最大的值为零"),
    ),
    "weight/last.bias": (
        _NONE,
        _NONE,
        ("it is a weight, not a gradient", "它是权重，不是梯度"),
    ),
}


def _write_gradients(folder: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(folder) as writer:
        for step in (0, 1):
            for tag, values in _GRADIENTS.items():
                numbers = torch.tensor(values[step])
                writer.add_histogram(tag, numbers, step)
