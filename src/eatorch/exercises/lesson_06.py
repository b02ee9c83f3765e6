"""Checks of lesson 06, Time series."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eatorch.checking import Slip, call, exercise, expect_number, expect_tensor


@exercise("06-1")
def whole_windows(answer: Any) -> None:
    """Count windows in a series with gaps, for several lengths."""
    known = torch.ones(40, dtype=torch.bool)
    known[[0, 5, 20, 21]] = False
    for length in (1, 3, 12):
        windows = known.unfold(0, length + 1, 1)
        want = int(windows.all(dim=1).sum())
        got = _plain(call(answer, known.clone(), length))
        if isinstance(got, float) and got != want:
            _known_counts(got, known, length)
        expect_number(got, want, tolerance=1e-6)


def _known_counts(got: float, known: Tensor, length: int) -> None:
    windows = known.unfold(0, length + 1, 1)
    if got == int(known.unfold(0, length, 1).all(dim=1).sum()):
        raise Slip(
            f"{got:g} windows is right for {length} months without a target. The "
            "month that a window forecasts must be known too.",
            f"如果只有 {length} 个月、没有目标，{got:g} 个窗口是对的。"
            "可是窗口要预测的那个月也必须已知。",
        )
    if got == len(windows):
        raise Slip(
            f"{got:g} is the number of all windows, with and without a gap.",
            f"{got:g} 是全部窗口的个数，有空缺的也算进去了。",
        )
    if got == int(windows.any(dim=1).sum()):
        raise Slip(
            f"{got:g} windows hold at least one known month. A whole window has no "
            "unknown one.",
            f"有 {got:g} 个窗口至少含一个已知的月份。完整的窗口里不能有未知的月份。",
        )
    if got == len(windows) - int((~known).sum()):
        raise Slip(
            "You took one window away for each gap. A gap lies in several windows.",
            "你为每个空缺只减去一个窗口。一个空缺会落在好几个窗口里。",
        )


@exercise("06-2")
def standardise(answer: Any) -> None:
    """Scale a rising series with gaps, then change its future."""
    nan = torch.nan
    values = torch.tensor([1.0, nan, 2.0, 4.0, 5.0, 40.0, nan, 80.0])
    stop = 5
    past = values[:stop]
    past = past[~past.isnan()]
    want = (values - past.mean()) / past.std()
    given = values.clone()
    got = _floats(call(answer, given, stop))
    if isinstance(got, Tensor) and got.shape == values.shape:
        _known_scales(got, values, stop)
    expect_tensor(got, want, en="the scaled series", zh="缩放后的序列")
    if not torch.equal(given.nan_to_num(-1), values.nan_to_num(-1)):
        raise Slip(
            "The result is right, but the series that came in was changed. Make a "
            "new tensor instead of writing into the one you were given.",
            "结果是对的，可是传进来的序列也被改动了。请生成新的张量，不要改写收到的张量。",
        )


def _known_scales(got: Tensor, values: Tensor, stop: int) -> None:
    every = values[~values.isnan()]
    past = values[:stop]
    past = past[~past.isnan()]
    if bool(got.isnan().all()):
        raise Slip(
            "All values are nan: the gaps got into the mean or the standard "
            "deviation. Pick the known values first.",
            "所有的值都成了 nan：空缺混进了均值或标准差。先挑出已知的值。",
        )
    if _alike(got, (values - every.mean()) / every.std()):
        raise Slip(
            "You took mean and standard deviation from the whole series. This is the "
            "leak: only the first `stop` values may be used for the two numbers.",
            "均值和标准差取自了整个序列，这正是数据泄漏："
            "这两个数只能用前 `stop` 个值来算。",
        )
    if _alike(got, (values - past.mean()) / past.std(correction=0)):
        raise Slip(
            "Nearly: you divided by the standard deviation without correction. "
            "Tensor.std uses one by default; do the same.",
            "差一点：你除以的是未作修正的标准差。Tensor.std 默认带修正，请与它一致。",
        )
    if _alike(got, values - past.mean()):
        raise Slip(
            "The mean is subtracted, but the division is missing.",
            "均值已经减去，但还没有做除法。",
        )
    if not bool(got[values.isnan()].isnan().all()):
        raise Slip(
            "A gap was filled. Gaps should stay nan, so that windows can avoid them.",
            "有空缺被填上了。空缺应当仍是 nan，这样切窗口时才能避开它们。",
        )


@exercise("06-3")
def scaled_error(answer: Any) -> None:
    """Try two seasons on a short past, with a target of zero."""
    past = torch.tensor([1.0, 4.0, 2.0, 6.0, 3.0, 9.0])
    truth, forecast = torch.tensor([0.0, 10.0, 4.0]), torch.tensor([1.0, 8.0, 4.0])
    for season in (2, 1):
        rule = (past[season:] - past[:-season]).abs().mean()
        want = float((forecast - truth).abs().mean() / rule)
        got = call(answer, forecast.clone(), truth.clone(), past.clone(), season)
        got = _plain(got)
        if isinstance(got, float) and abs(got - want) > 1e-4:
            _known_errors(got, forecast - truth, truth, past, season)
        expect_number(got, want, tolerance=1e-4)


def _known_errors(
    got: float, error: Tensor, truth: Tensor, past: Tensor, season: int
) -> None:
    rule = past[season:] - past[:-season]
    mean = float(error.abs().mean())
    if _near(got, mean):
        raise Slip(
            "This is the error of the forecast alone. Divide it by that of the rule.",
            "这只是预测本身的误差，还要除以那条规则的误差。",
        )
    if _near(got, float(error.square().mean().sqrt() / rule.square().mean().sqrt())):
        raise Slip(
            "You squared the errors. Asked for are mean absolute errors.",
            "你把误差平方了。题目要的是平均绝对误差。",
        )
    if _near(got, mean / float((past[1:] - past[:-1]).abs().mean())):
        raise Slip(
            f"The rule looks {season} months back, yours looks back a single month.",
            f"规则看的是 {season} 个月以前，你的只看前一个月。",
        )
    if _near(got, float(error.mean() / rule.mean())):
        raise Slip(
            "Errors of both signs cancelled out. Take absolute values before the mean.",
            "正负误差互相抵消了。先取绝对值，再求平均。",
        )
    if not math.isfinite(got):
        raise Slip(
            "The result is not finite. Did you divide by the truth? It holds a zero.",
            "结果不是有限的数。你是不是除以了真实值？其中有一个是 0。",
        )
    if _near(got, mean / float(past.abs().mean())) or _near(
        got, mean / float(truth.abs().mean())
    ):
        raise Slip(
            "You divided by the mean size of the values. Divide by the mean absolute "
            "error of the rule.",
            "你除以的是数值的平均大小，应当除以那条规则的平均绝对误差。",
        )


@exercise("06-4")
def horizon_errors(answer: Any) -> None:
    """Compare five forecasts of three months, from starts out of order."""
    generator = torch.Generator().manual_seed(6)
    series = torch.randn(20, generator=generator).cumsum(0)
    starts = [4, 9, 2, 17, 12]
    forecasts = torch.randn(5, 3, generator=generator)
    error = forecasts - torch.stack([series[start : start + 3] for start in starts])
    want = error.square().mean(dim=0).sqrt()
    got = _floats(call(answer, forecasts.clone(), series.clone(), list(starts)))
    if isinstance(got, Tensor):
        _known_horizons(got, error, forecasts, series)
    expect_tensor(got, want, en="the errors", zh="误差")


def _known_horizons(
    got: Tensor, error: Tensor, forecasts: Tensor, series: Tensor
) -> None:
    if got.shape == error.shape[:1]:
        raise Slip(
            "You got one error per start. Asked for is one per horizon: average over "
            "the other dimension.",
            "你得到的是每个起点一个误差。题目要的是每个提前量一个：沿另一维求平均。",
        )
    if got.ndim == 0:
        raise Slip(
            "You averaged over everything. Keep one error per horizon.",
            "你把所有的误差都平均掉了。请为每个提前量保留一个误差。",
        )
    if _alike(got, error.square().mean(dim=0)):
        raise Slip(
            "These are mean squared errors. The root is missing.",
            "这是均方误差，还差开平方。",
        )
    if _alike(got, error.abs().mean(dim=0)):
        raise Slip(
            "These are mean absolute errors. Asked for is the root of the mean square.",
            "这是平均绝对误差。题目要的是平方的平均再开方。",
        )
    first = forecasts - series.unfold(0, forecasts.shape[1], 1)[: len(forecasts)]
    if _alike(got, first.square().mean(dim=0).sqrt()):
        raise Slip(
            "You compared with the first months of the series. Row i belongs to "
            "starts[i].",
            "你是和序列开头的几个月比较的。第 i 行对应的是 starts[i]。",
        )


def _alike(got: Tensor, want: Tensor) -> bool:
    if got.shape != want.shape:
        return False
    got = got.detach().cpu().to(want.dtype)
    return torch.allclose(got, want, atol=1e-4, equal_nan=True)


def _floats(got: Any) -> Any:
    """Turn an array, a float64 tensor or a list of numbers into a float32 tensor."""
    if isinstance(got, list | tuple) and got:
        got = [_plain(number) for number in got]
        numbers = all(isinstance(number, float) for number in got)
        return torch.tensor(got) if numbers else got
    if isinstance(got, np.ndarray) and got.dtype.kind == "f":
        got = torch.from_numpy(got)
    return got.float() if isinstance(got, Tensor) and got.is_floating_point() else got


def _near(got: float, want: float) -> bool:
    return abs(got - want) < 1e-4


def _plain(got: Any) -> Any:
    """Turn any single number, of PyTorch, NumPy or Python, into a float."""
    if isinstance(got, Tensor | np.generic | np.ndarray) and len(got.reshape(-1)) == 1:
        got = got.item()
    return float(got) if isinstance(got, int) and not isinstance(got, bool) else got
