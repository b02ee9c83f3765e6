"""
.. _math:

Mathematics, broadcasting, einsum
=================================

See what goes where in every operation, so that you know the shape of the answer before
PyTorch tells you.

:Level: 4
:Hours: 1
:Day: 12
:Needs: :ref:`tensor`
:Data: handwritten digits (CC BY 4.0, from scikit-learn), heights near Jacksboro,
    Tennessee (from Matplotlib)
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch

import eatorch

# %%
# .. _math-rounding:
#
# Number by number: the rounding family
# -------------------------------------
# An *element-wise* operation looks at each number alone: the result is a new tensor of
# the same shape, and no number knows its neighbours.
# ``sqrt``, ``exp``, ``log``, ``sin``, ``abs``, ``sign`` and the five that cut off
# digits are of this kind.
# We shall draw many tensors as cells, so two helpers come first.


def stage(width, height, scale=0.42):
    """Return empty axes on which one unit is one cell; y counts downwards."""
    fig, ax = plt.subplots(figsize=(scale * width, scale * height + 0.3))
    fig.subplots_adjust(0.01, 0.01, 0.99, 1 - 0.3 / (scale * height + 0.3))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return ax


# %%
# ``draw`` puts the numbers of a tensor into cells; ``pale`` marks cells that shall step
# back.


def draw(ax, tensor, x=0, y=0, *, color="C0", pale=None, text=None):
    """Draw rows of cells with their corner at (x, y) and a note above them."""
    rows = torch.atleast_2d(tensor)
    pale = torch.zeros(rows.shape) if pale is None else torch.atleast_2d(pale)
    for (i, j), value in np.ndenumerate(rows.numpy()):
        alpha = 0.1 if pale[i, j] else 0.4
        corner = (x + j + 0.05, y + i + 0.05)
        ax.add_patch(plt.Rectangle(corner, 0.9, 0.9, color=color, alpha=alpha))
        place = {"ha": "center", "va": "center", "fontsize": 8}
        ax.text(x + j + 0.5, y + i + 0.5, f"{value:g}", alpha=alpha + 0.5, **place)
    if text:
        ax.text(x + rows.shape[1] / 2, y - 0.3, text, ha="center", fontsize=8)


# %%
# All six inputs lie half way between two whole numbers, where the functions differ
# most.

halves = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
family = [torch.round, torch.floor, torch.ceil, torch.trunc, torch.frac]

ax = stage(11.5, 6.6)
draw(ax, halves, 4, 0, color="0.5")
for line, function in enumerate(family):
    ax.text(3.8, line + 1.8, function.__name__, ha="right", va="center")
    draw(ax, function(halves) + 0.0, 4, line + 1.3, color=f"C{line}")  # -0 becomes 0
ax.set_title("round goes to the even neighbour, trunc towards zero", fontsize=10)
plt.show()

# %%
# - ``floor`` goes down, ``ceil`` goes up, ``trunc`` towards zero. A conversion to an
#   integer dtype truncates too.
# - ``frac`` is what ``trunc`` leaves over, with the sign of the input.
# - ``round`` sends a half to the nearest *even* number, not always up. School rounds
#   2.5 to 3; PyTorch, NumPy and Python round it to 2, so that rounding a large table
#   does not push its mean upwards.
#
# School's rule is one line; the mean of the 1,000 halves shows why it is not the
# default.

thousand = torch.arange(1000) + 0.5
school = (thousand + 0.5).floor()
assert np.array_equal(thousand.round().numpy(), np.round(thousand.numpy()))
assert thousand.round().mean() == thousand.mean() == school.mean() - 0.5
torch.round(torch.tensor([3.14159, 0.125]), decimals=2)

# %%
# ``decimals=`` rounds to places after the point; a half goes to the even digit there
# as well.
#
# .. _math-remainder:
#
# Two kinds of remainder
# ----------------------
# A division gives two numbers, the quotient and what is left over, and both depend on
# where the quotient is cut.
# ``//`` and ``%`` (:func:`torch.remainder`) cut with ``floor``;
# :func:`torch.fmod` cuts with ``trunc``, as the language C does.
# With positive numbers you cannot tell them apart.

a, b = torch.tensor([7, 7, -7, -7]), torch.tensor([3, -3, 3, -3])
results = {
    "a": a,
    "b": b,
    "a // b": a // b,
    "a % b": a % b,
    "trunc(a / b)": torch.div(a, b, rounding_mode="trunc"),
    "fmod(a, b)": torch.fmod(a, b),
}
for name, values in results.items():
    print(f"{name:13}", " ".join(f"{value:4d}" for value in values.tolist()))
assert np.array_equal(torch.fmod(a, b), np.fmod(a.numpy(), b.numpy()))
assert np.array_equal(a % b, np.remainder(a.numpy(), b.numpy()))

# %%
# In both pairs quotient times ``b`` plus remainder is ``a`` again.
# The sign tells them apart: ``a % b`` has the sign of ``b``, ``fmod(a, b)`` that of
# ``a``.
# The picture shows what that means.

assert torch.equal((a // b) * b + a % b, a)
assert torch.equal(results["trunc(a / b)"] * b + results["fmod(a, b)"], a)
x = torch.linspace(-7, 7, 561)
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.4), sharey=True)
fig.subplots_adjust(0.08, 0.2, 0.99, 0.78)
left.plot(x, x.remainder(3), ".", markersize=2)
right.plot(x, x.fmod(3), ".", markersize=2, color="C1")
left.set(title="x % 3", xlabel="x", ylabel="remainder")
right.set(title="fmod(x, 3)", xlabel="x")
fig.suptitle("% repeats itself across zero, fmod changes its sign there", fontsize=10)
plt.show()

# %%
# Whatever goes round in circles wants ``%``: hours, angles, places in a ring.
# Ten degrees to the left of north is 350, and only one of the two says so.

course = torch.tensor([0, 90]) - 10
course % 360, course.fmod(360)

# %%
# .. _math-clamp:
#
# clamp: keep within bounds
# -------------------------
# :func:`torch.clamp` (``clip`` is its other name, and the one of NumPy) sets what is
# too small to the lower bound and what is too large to the upper one.
# Either bound may be missing or be a tensor.
# NaN stays NaN, so ``clamp`` repairs no missing values.

values = torch.tensor([-3.0, 0.4, 9.0, torch.nan])
print(values.clamp(0, 1), values.clamp(min=0))
assert np.array_equal(values.clamp(0, 1), np.clip(values.numpy(), 0, 1), equal_nan=True)
values.clamp(max=torch.tensor([-5.0, 0.0, 5.0, 5.0]))

# %%
# .. _math-light:
#
# Land in light
# -------------
# With nothing but element-wise operations we can let the sun shine on a map.
# ``heights`` says how high the land near Jacksboro lies, in metres.
# :func:`torch.gradient` compares each point with its neighbours and divides by the
# distance: how many metres the land rises per metre.
# ``atan`` of the steepest rise is the slope as an angle.

land = eatorch.data.elevation()
heights = land.heights  # (row, column), rows run from north to south
south, east = torch.gradient(heights, spacing=list(land.spacing))
slope = torch.hypot(south, east).atan().rad2deg()
assert np.allclose(south, np.gradient(heights.numpy(), *land.spacing)[0], atol=1e-4)
heights.shape, slope.shape, f"steepest: {slope.max():.0f} degrees"

# %%
# A surface is bright where it faces the light.
# The arrow that stands upright on the land is ``(-east, south, 1)`` in the directions
# east, north and up, divided by its length.
# Its dot product with the direction of the sun is the cosine of the angle between the
# two, and a negative one means shade, so we clamp.
# Heights are stretched three times to make gentle hills visible.

sun = torch.tensor([-0.5, 0.5, 0.5**0.5])  # from the north-west, length 1
upright = torch.stack([-3 * east, 3 * south, torch.ones_like(east)])
upright = upright / torch.linalg.vector_norm(upright, dim=0)  # (3, row, column)
light = (upright * sun[:, None, None]).sum(dim=0).clamp(min=0)

fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.4))
fig.subplots_adjust(0.01, 0.02, 0.99, 0.84, wspace=0.03)
axes[0].imshow(heights.numpy(), cmap="cividis")
axes[1].imshow(light.numpy(), cmap="gray")
for ax, name in zip(axes, ("height: dark is low", "sunlight"), strict=True):
    ax.set_title(name, fontsize=9)
    ax.axis("off")
fig.suptitle("A few element-wise lines turn heights into a landscape", fontsize=10)
plt.show()

# %%
# Two details return below: ``sum(dim=0)`` is a reduction, and ``sun[:, None, None]``
# was made ready for broadcasting.
#
# .. _math-reduce:
#
# Reductions: the axis that you name disappears
# ---------------------------------------------
# ``sum``, ``mean``, ``std``, ``max``, ``any`` and their relatives make one number out
# of many.
# Without ``dim`` they take everything; with ``dim`` they walk along that axis and leave
# the others alone.

m = torch.tensor([[3, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8]])  # (3, 4)

ax = stage(10.4, 5.4, scale=0.5)
draw(ax, m, 1.2, 0.8, text="m (3, 4)")
draw(ax, m.sum(dim=0), 1.2, 4.3, color="C1")
draw(ax, m.sum(dim=1, keepdim=True), 6.2, 0.8, color="C2", text="(3, 1)")
draw(ax, m.sum(), 6.2, 4.3, color="C3")
ax.text(7.4, 2.3, "sum(dim=1,\nkeepdim=True)", va="center", fontsize=9)
ax.text(1.1, 4.8, "dim=0", ha="right", va="center", fontsize=9)
ax.text(7.4, 4.8, "no dim", va="center", fontsize=9)
ax.set_title("dim=0 walks down the rows, dim=1 along the columns", fontsize=10)
plt.show()

# %%
# The rule of shapes: strike out the axis that you name.
# ``(3, 4)`` without axis 0 is ``(4,)``.
# ``keepdim=True`` leaves a 1 in its place, which is what broadcasting needs.
# ``dim`` may be negative (counted from the end) or a tuple.

shapes = {
    "sum(0)": m.sum(0),
    "sum(-1)": m.sum(-1),
    "sum(1, keepdim=True)": m.sum(1, keepdim=True),
    "sum((0, 1))": m.sum((0, 1)),
}
for call, result in shapes.items():
    print(f"{call:22} {tuple(result.shape)}")
assert np.array_equal(m.sum(1, keepdim=True), m.numpy().sum(axis=1, keepdims=True))
m.float().mean(0), m.prod(1), (m > 1).all(0), m.amax(1), m.argmax(1)

# %%
# Four surprises wait here.
#
# - ``max`` with ``dim`` returns *two* tensors, the values and where they stand, and so
#   do ``min``, ``median`` and ``mode``. ``amax`` and ``amin`` return the values only.
#   The larger of *two tensors*, cell by cell, is :func:`torch.maximum`.
# - ``std`` and ``var`` divide by n - 1; those of NumPy divide by n. Say
#   ``correction=0`` here or ``ddof=1`` there.
# - The median of an even count is the *lower* of the two in the middle; NumPy takes
#   their mean, as :func:`torch.quantile` at 0.5 does.
# - A single NaN makes the sum, the mean and the maximum NaN. ``nansum`` and ``nanmean``
#   leave it out.

four = torch.tensor([1.0, 2.0, 3.0, 10.0])
best = m.max(dim=1)
print(best.values, best.indices)
print(f"std: {four.std():.3f} and {np.std(four.numpy()):.3f}")
assert four.std(correction=0).isclose(torch.tensor(np.std(four.numpy())))
hole = torch.tensor([1.0, torch.nan, 3.0])
print(hole.sum(), hole.mean(), hole.max(), hole.nanmean())
assert (four.median(), np.median(four.numpy()), four.quantile(0.5)) == (2, 2.5, 2.5)

# %%
# And a mean needs floats.
# PyTorch does not guess whether you want a rounded mean of integers, so it refuses;
# ``sum`` needs no such care, for it adds small integers up in ``int64``.

with eatorch.show_error(RuntimeError):
    m.mean()
m.mean(dtype=torch.float32), torch.tensor([250, 10], dtype=torch.uint8).sum()

# %%
# .. _math-cumulative:
#
# Cumulative operations: everything so far
# ----------------------------------------
# ``cumsum``, ``cumprod``, ``cummax`` and ``cummin`` walk along an axis like a
# reduction, but write down each stage, so the shape stays.
# ``diff`` goes back: it is one shorter.

print(m[0], m[0].cumsum(0), m[0].cumprod(0), m[0].cummax(0).values)
assert torch.equal(m[0].cumsum(0).diff(), m[0][1:])
with eatorch.show_error(TypeError):
    m.cumsum()  # NumPy would flatten; PyTorch wants to know the axis

# %%
# Let us walk across the map from west to east.
# ``cummax`` is the highest point so far, and the sum of all rises so far is what our
# legs feel.

path = heights[100]  # (column,)
distance = torch.arange(len(path)) * land.spacing[1] / 1000  # km
climbed = path.diff().clamp(min=0).cumsum(0)  # one shorter than the path

fig, ax = plt.subplots(figsize=(7, 2.8))
fig.subplots_adjust(0.11, 0.17, 0.99, 0.9)
ax.plot(distance, path, label="height of the path")
ax.plot(distance, path.cummax(0).values, label="highest so far (cummax)")
ax.plot(distance[1:], climbed, label="climbed so far (cumsum)")
ax.set(xlabel="distance from the western edge (km)", ylabel="metres")
ax.legend(fontsize=8)
ax.set_title("The rises add up to far more than the highest point", fontsize=10)
plt.show()
f"climbed {climbed[-1]:.0f} m, highest point {path.max():.0f} m"

# %%
# .. _math-sort:
#
# Order: sort, argsort, topk
# --------------------------
# ``sort`` returns the values in order and the *indices* where they came from;
# ``argsort`` returns the indices alone.
# ``topk`` finds the k largest without sorting the rest, and with ``largest=False`` the
# k smallest; ``kthvalue`` finds the k-th smallest alone.
# All four work along the last axis unless you name another.

scores = torch.tensor([0.1, 0.7, 0.3, 0.9, 0.2, 0.6])
top = scores.topk(3)

ax = stage(11, 5.6)
draw(ax, torch.arange(6), 2.2, 0, color="0.5", pale=torch.ones(6))
draw(ax, scores, 2.2, 1.1)
draw(ax, top.values, 2.2, 3.4, color="C1")
draw(ax, top.indices, 6.4, 3.4, color="C2")
for rank, index in enumerate(top.indices.tolist()):
    ax.plot([index + 2.7, rank + 2.7], [2.05, 3.4], color="C1")
for y, word in ((0.5, "index"), (1.6, "scores"), (3.9, "topk(3)")):
    ax.text(2, y, word, ha="right", va="center", fontsize=9)
ax.text(3.7, 4.9, "values", ha="center", fontsize=9)
ax.text(7.9, 4.9, "indices", ha="center", fontsize=9)
ax.set_title("topk gives the largest values and where they stood", fontsize=10)
plt.show()

# %%
# The indices are the useful part: they fetch the names, pictures or labels that belong
# to the values.
# Equal values may come in any order; ``sort(stable=True)`` keeps that of the input.
# NumPy has no ``topk``; its ``argpartition`` comes close.

assert torch.equal(scores[top.indices], top.values)
assert torch.equal(scores.sort(descending=True).indices[:3], top.indices)
assert set(np.argpartition(scores.numpy(), -3)[-3:]) == {1, 3, 5}
with eatorch.show_error(RuntimeError):
    scores.topk(7)
scores.argsort(), scores.kthvalue(2).values

# %%
# .. _math-broadcasting:
#
# Broadcasting: how shapes meet
# -----------------------------
# What if the shapes differ?
# Three steps decide, and they are all there is:
#
# 1. Write both shapes one below the other, *aligned at the right*.
# 2. Fill the shorter one up with 1 on the left.
# 3. In each column the sizes must be equal, or one of them must be 1. A size of 1 is
#    stretched: its cells are read again and again.
#
# We draw three sums, with the cells pale that exist only in our heads.


def draw_sum(ax, a, b, y):
    """Draw a + b = c with the stretched cells pale, and the three shapes."""
    c = a + b
    for tensor, x, color in ((a, 0.3, "C0"), (b, 5.7, "C1"), (c, 11.1, "C2")):
        rows = torch.atleast_2d(tensor)
        real = torch.zeros(c.shape)
        real[: rows.shape[0], : rows.shape[1]] = 1
        text = str(tuple(tensor.shape))
        draw(ax, rows.expand(c.shape), x, y, color=color, pale=real == 0, text=text)
    for x, sign in ((5, "+"), (10.4, "=")):
        ax.text(x, y + len(c) / 2, sign, ha="center", va="center")


# %%
# A table meets a row, then a column; at last a column meets a row.

table = torch.arange(0, 120, 10).view(3, 4)
row = torch.tensor([1, 2, 3, 4])
column = torch.tensor([[100], [200], [300]])
ax = stage(15.6, 12.2)
draw_sum(ax, table, row, 0.8)
draw_sum(ax, table, column, 4.9)
draw_sum(ax, column, row, 9)
ax.set_title("Axes of size 1, and missing axes, are stretched to fit", fontsize=10)
plt.show()

# %%
# The last sum is the most useful one: a column and a row make a table of all pairs.
# :func:`torch.broadcast_shapes` does the three steps for you, without any numbers.

pairs = [((3, 4), (4,)), ((3, 1), (4,)), ((5, 3, 4), (3, 1)), ((2, 1, 6), (7, 1))]
for first, second in pairs:
    result = tuple(torch.broadcast_shapes(first, second))
    assert result == np.broadcast_shapes(first, second)
    print(f"{first!s:10} {second!s:7} -> {result}")

# %%
# Nothing is copied.
# ``expand`` shows the trick: the stretched axis has stride 0, so every step along it
# reads the same number again (:ref:`tensor-strides`).

wide = column.expand(3, 4)
assert wide.untyped_storage().nbytes() == column.untyped_storage().nbytes()
column.stride(), wide.stride()

# %%
# The failure: 4 meets 3, and neither is 1.
# Alignment at the right is what surprises here; the vector has as many numbers as the
# table has rows, but it was laid along the columns.
# ``[:, None]`` turns it into a column, and it fits.

per_row = torch.tensor([100, 200, 300])  # (3,)
with eatorch.show_error(RuntimeError):
    table + per_row
(table + per_row[:, None])[:, 0]

# %%
# Worse is the mistake that does *not* fail (:ref:`tensor-five` draws it).
# A network returns ``(n, 1)`` and the targets are ``(n,)``: their difference has
# ``n * n`` numbers.
# And in a square table the wrong axis always fits.
# We want each row of a digit's picture to have the mean 0:

digits = eatorch.data.digits()
picture = digits.images[0, 0]  # (8, 8)
silent = torch.zeros(1797) - torch.zeros(1797, 1)
wrong = picture - picture.mean(1)  # (8, 8) - (8,), aligned with the columns
right = picture - picture.mean(1, keepdim=True)  # (8, 8) - (8, 1)
assert right.mean(1).abs().max() < 1e-6 < wrong.mean(1).abs().max()
print(f"{tuple(silent.shape)}: {silent.numel():,} numbers from {len(silent):,}")
wrong.shape, wrong.mean(1)

# %%
# No error, the right shape, and wrong numbers.
# Two habits protect you: ``keepdim=True`` in every reduction whose result meets its own
# input, and ``assert prediction.shape == target.shape`` before every loss.
#
# .. _math-inplace:
#
# In place: the left side decides
# -------------------------------
# ``+=`` and the methods with an underscore write into the tensor on the left.
# So its shape and its dtype are fixed: it is never stretched, and a float does not fit
# into an integer.

counts = torch.tensor([1, 2, 3])
with eatorch.show_error(RuntimeError):
    counts += torch.ones(2, 3)  # the left would have to grow
with eatorch.show_error(RuntimeError):
    counts /= 2  # a true division gives floats
counts //= 2
counts, counts / 2

# %%
# .. _math-matmul:
#
# Matrix products
# ---------------
# ``*`` multiplies number by number.
# ``@`` multiplies *row by column*: the cell in row i and column k is the dot product of
# row i of the left and column k of the right.
# Put the right matrix on top, and each result stands where its row and column cross.

left = torch.tensor([[1, 2, 3], [4, 5, 6]])  # (2, 3)
right = torch.tensor([[1, 0, 2, 1], [0, 1, 1, 3], [2, 1, 0, 1]])  # (3, 4)

ax = stage(13, 6.6, scale=0.45)
draw(ax, right, 4.5, 0.6, pale=torch.arange(4).expand(3, 4) != 3, text="right (3, 4)")
draw(ax, left, 1, 4.2, pale=torch.arange(2)[:, None].expand(2, 3) != 1)
cross = torch.ones(2, 4)
cross[1, 3] = 0
draw(ax, left @ right, 4.5, 4.2, color="C1", pale=cross)
ax.text(2.5, 3.9, "left (2, 3)", ha="center", fontsize=8)
ax.text(8.7, 5.7, "4·1 + 5·3 + 6·1 = 25", va="center", fontsize=9)
ax.set_title("A row and a column meet where their product stands", fontsize=10)
plt.show()

# %%
# The rule of shapes: ``(n, m) @ (m, p)`` gives ``(n, p)``; the inner sizes must be
# equal and vanish.
# ``@`` (:func:`torch.matmul`) is the one spelling you need.
# It treats axes before the last two as a batch and broadcasts them, and a vector as a
# row or column whose extra axis is taken off again.
# The others are stricter, which is their use: they refuse what you did not mean.

ones = torch.ones
products = {
    "dot     (3)       (3)": torch.dot(ones(3), ones(3)),
    "mv      (2,3)     (3)": torch.mv(ones(2, 3), ones(3)),
    "mm      (2,3)     (3,4)": torch.mm(ones(2, 3), ones(3, 4)),
    "bmm     (5,2,3)   (5,3,4)": torch.bmm(ones(5, 2, 3), ones(5, 3, 4)),
    "@       (5,2,3)   (3,4)": ones(5, 2, 3) @ ones(3, 4),
    "@       (5,1,2,3) (7,3,4)": ones(5, 1, 2, 3) @ ones(7, 3, 4),
    "@       (5,2,3)   (3)": ones(5, 2, 3) @ ones(3),
}
for call, result in products.items():
    print(f"{call:27} -> {tuple(result.shape)}")

# %%
# Three failures: sizes that do not match, ``mm`` with a vector, and different dtypes.
# The first message names both matrices; compare the two numbers in the middle.

with eatorch.show_error(RuntimeError):
    ones(2, 3) @ ones(2, 3)
with eatorch.show_error(RuntimeError):
    torch.mm(ones(2, 3), ones(3))
with eatorch.show_error(RuntimeError):
    ones(2, 3) @ ones(3, 2, dtype=torch.float64)
(ones(2, 3) @ ones(2, 3).T).shape, ones(5, 2, 3).mT.shape

# %%
# ``.T`` is for matrices; ``.mT`` transposes the last two axes and leaves the batch
# alone.
# Both are views and copy nothing.
#
# .. _math-solve:
#
# Linear systems: solve, not invert
# ---------------------------------
# :mod:`torch.linalg` is the home of linear algebra, and its names are those of
# :mod:`numpy.linalg`.
# To find x with ``A @ x = b``, textbooks write :math:`x = A^{-1} b`.
# :func:`torch.linalg.solve` finds x without the inverse, which is faster and loses
# fewer digits.
# The Hilbert matrix, :math:`a_{ij} = 1 / (i + j + 1)`, is a famous example.

index = torch.arange(5)
hilbert = 1 / (index[:, None] + index + 1)  # broadcasting makes the table
b = hilbert @ torch.ones(5)  # so the answer is five ones
solved = torch.linalg.solve(hilbert, b)
inverted = torch.linalg.inv(hilbert) @ b
for name, answer in (("solve", solved), ("inv", inverted)):
    rest = (hilbert.double() @ answer.double() - b.double()).abs().max()
    print(f"{name:6} misses b by {rest:.0e}: {answer}")

# %%
# ``solve`` comes much closer to b.
# Yet both answers are a little off, for this matrix enlarges every rounding error.
# How much, says its *condition number*: at 10 to the power k, up to k of the seven
# digits of ``float32`` may be lost, here between five and six.
# The determinant is tiny too, but it is no measure of trouble: it shrinks with the mere
# size of the numbers.

print(f"condition number {torch.linalg.cond(hilbert):.0e}")
print(f"determinant {torch.linalg.det(hilbert):.0e}, of 0.001 I:", end=" ")
print(f"{torch.linalg.det(0.001 * torch.eye(5)):.0e}")
with eatorch.show_error(RuntimeError):
    torch.linalg.solve(torch.ones(2, 2), torch.ones(2))
torch.trace(hilbert), torch.linalg.matrix_rank(torch.ones(2, 2))

# %%
# ``0.001 I`` has an even smaller determinant and is as harmless as can be.
# The error appears when two rows say the same, so that no answer or many exist.
# With more equations than unknowns there is rarely an exact answer either;
# :func:`torch.linalg.lstsq` finds the one with the least squared error.
#
# .. _math-norm:
#
# How long is a tensor?
# ---------------------
# A *norm* measures size.
# For vectors, ``ord=2`` is the length, ``ord=1`` the way along the streets, and
# ``torch.inf`` the largest absolute value.
# For a matrix ``ord=2`` means something else: the most it can stretch a vector, which
# the next sections explain.
# Two functions keep the readings apart.

vector = torch.tensor([3.0, -4.0])
stretch = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
lengths = [torch.linalg.vector_norm(vector, ord=p) for p in (1, 2, torch.inf)]
assert [value.item() for value in lengths] == [7, 5, 4]
torch.linalg.vector_norm(stretch), torch.linalg.matrix_norm(stretch, ord=2)

# %%
# .. _math-eigen:
#
# What a matrix does: eig, eigh, qr
# ---------------------------------
# A matrix moves every vector, most of them into a new direction.
# *Eigenvectors* keep theirs; they only become longer or shorter, by their *eigenvalue*:
# :math:`A v = \lambda v`.
# A symmetric matrix has real eigenvalues and eigenvectors at right angles;
# :func:`torch.linalg.eigh` finds them in ascending order of the eigenvalues.
# :func:`torch.linalg.eig` takes any square matrix, so its answer is always complex: a
# rotation keeps no real direction.

values, vectors = torch.linalg.eigh(stretch)  # (2,), (2, 2): one vector per column
assert torch.allclose(stretch @ vectors, vectors * values, atol=1e-6)
assert torch.allclose(values.sum(), stretch.trace())
rotation = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
values, torch.linalg.eig(rotation).eigenvalues

# %%
# Note ``vectors * values``: broadcasting scales each *column*.
# The eigenvectors are the columns, so write ``for v in vectors.T`` to walk through
# them.
#
# ``eigh`` reads only one triangle of the matrix and trusts you about the other.
# Hand it a matrix that is not symmetric, and it answers wrongly without a word:

lopsided = torch.tensor([[2.0, 9.0], [1.0, 3.0]])
careless = torch.linalg.eigh(lopsided).eigenvalues
honest = torch.linalg.eigvals(lopsided).real.sort().values
assert not torch.allclose(careless, honest, atol=0.1)
careless, honest

# %%
# :func:`torch.linalg.qr` splits a matrix into Q, whose columns have length 1 and stand
# at right angles, and R, which is zero below the diagonal.
# It is one way to least squares: multiplying by ``Q.T`` undoes Q without an inverse.
# Here a line through four points, by hand and by :func:`torch.linalg.lstsq`.

x, y = torch.tensor([0.0, 1, 2, 3]), torch.tensor([1.0, 3, 4, 8])
design = torch.stack([torch.ones(4), x], dim=1)  # (points, 2)
q, r = torch.linalg.qr(design)  # (points, 2), (2, 2)
line = torch.linalg.solve_triangular(r, (q.T @ y)[:, None], upper=True).squeeze(1)
assert torch.allclose(q.T @ q, torch.eye(2), atol=1e-6)
assert torch.allclose(line, torch.linalg.lstsq(design, y).solution, atol=1e-5)
line, r

# %%
# .. _math-svd:
#
# SVD: every matrix turns, stretches and turns
# --------------------------------------------
# The singular value decomposition works for *every* matrix, square or not:
#
# .. math::
#
#    A = U \, \mathrm{diag}(S) \, V^h
#
# Read it from the right: turn (:math:`V^h`), stretch along the axes by the singular
# values S, turn again (U).
# In the picture two arrows at a right angle, the rows of ``Vh``, become two arrows at a
# right angle, the columns of U times S.

shear = torch.tensor([[1.5, 1.0], [0.0, 1.0]])
u, s, vh = torch.linalg.svd(shear)
angle = torch.linspace(0, 2 * torch.pi, 100)
circle = torch.stack([angle.cos(), angle.sin()])  # (2, points)
fig, axes = plt.subplots(1, 2, figsize=(7, 3.3), layout="constrained")
arrows = (circle, vh.T), (shear @ circle, u * s)
for ax, (curve, ends) in zip(axes, arrows, strict=True):
    ax.plot(*curve, color="0.5")
    for number, end in enumerate(ends.T):
        ax.annotate("", end, (0, 0), arrowprops={"color": f"C{number}", "width": 2})
    ax.set(aspect="equal", xlabel="first coordinate", xlim=(-2, 2), ylim=(-2, 2))
axes[0].set(title="before: circle, rows of Vh", ylabel="second coordinate")
axes[1].set(title="after: ellipse, columns of U S")
fig.suptitle("Every matrix turns a circle into an ellipse", fontsize=10)
plt.show()

# %%
# Now the detail that many texts get wrong.
# ``torch.linalg.svd`` returns ``Vh``, *already transposed*, and the product wants it as
# it is.
# Some older notes transpose it once more and find their matrix again.
# How can that be?
# We try it with two columns, and then with three.


def distance_to(a, last):
    """Return how far U diag(S) times ``last(Vh)`` lies from the matrix."""
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    return (u @ torch.diag(s) @ last(vh) - a).abs().max().item()


lucky = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
other = torch.tensor([[1.0, 2.0, 0.0], [3.0, 4.0, 1.0], [5.0, 6.0, 7.0]])
for a in (lucky, other):
    vh = torch.linalg.svd(a).Vh
    print(f"Vh: {distance_to(a, torch.clone):.6f}", end="   ")
    print(f"Vh.T: {distance_to(a, torch.t):.6f}", end="   ")
    print("Vh symmetric:", torch.allclose(vh, vh.T, atol=1e-5))

# %%
# The first is right by luck: its ``Vh`` is a mirror, and the matrix of a mirror is
# symmetric, so the transpose changes nothing.
# (Turn the sign of one row and of its column of U, as another machine may do.
# That is just as good an SVD, but ``Vh`` is a rotation now, and the luck is gone.)
# With three columns nobody raises an error, and the result is wrong.
# Always test a decomposition by putting it together again.
#
# ``full_matrices=False`` leaves out the columns of U that meet no singular value.
# It is what you want nearly always, for the default makes U square: a table of a
# million rows would get a million columns.
# Now the whole map, put together again; ``u * s`` is a short form of ``u @ diag(s)``.

centred = heights - heights.mean()  # (row, column)
u, s, vh = torch.linalg.svd(centred, full_matrices=False)
assert torch.allclose((u * s) @ vh, centred, atol=0.05)  # to 5 centimetres
twin = np.linalg.svd(other.numpy())[1]
assert np.allclose(torch.linalg.svdvals(other), twin, atol=1e-4)
u.shape, s.shape, vh.shape, torch.linalg.svd(torch.ones(9, 2)).U.shape

# %%
# .. _math-low-rank:
#
# Low rank: the land in a few strokes
# -----------------------------------
# The product is a sum of layers: column of U times singular value times row of ``Vh``,
# the strongest first.
# Keep only the first r layers, and you have the matrix of rank r that comes closest to
# the whole.
# Its *energy* is the share of the squares that it keeps.

energy = s.square().cumsum(0) / s.square().sum()

fig, axes = plt.subplots(1, 4, figsize=(7.6, 2.2))
fig.subplots_adjust(0.01, 0.02, 0.99, 0.72, wspace=0.05)
for ax, rank in zip(axes, (1, 4, 16, 64), strict=True):
    layers = (u[:, :rank] * s[:rank]) @ vh[:rank]
    ax.imshow(layers.numpy(), cmap="cividis")
    numbers = rank * (sum(heights.shape) + 1) / heights.numel()
    ax.set_title(f"rank {rank}, energy {energy[rank - 1]:.1%}\n", fontsize=8)
    ax.text(200, -12, f"{numbers:.0%} of the numbers", ha="center", fontsize=8)
    ax.axis("off")
fig.suptitle("A few layers of the SVD draw most of the land", fontsize=10)
plt.show()

# %%
# Each layer is a column times a row, so few of them draw well what runs along the rows
# and columns of the map; a slanting ridge costs many.
# And a high energy is not yet a sharp picture: energy measures squares, the eye looks
# for edges.
#
# .. _math-pca:
#
# PCA: 64 pixels on a sheet of paper
# ----------------------------------
# Principal component analysis is an SVD after one subtraction.
# Each digit is a point in a space of 64 pixels; we move the mean to the origin, and the
# rows of ``Vh`` are the directions in which the points spread most, at right angles to
# each other.
# A product with the first two gives two coordinates per digit.

flat = digits.images.flatten(1)  # (picture, 64)
mean = flat.mean(0)  # (64,)
u, s, vh = torch.linalg.svd(flat - mean, full_matrices=False)
coordinates = (flat - mean) @ vh[:2].T  # (picture, 2)
assert torch.allclose(coordinates, u[:, :2] * s[:2], atol=1e-3)
variance = s.square() / s.square().sum()

fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
ax.scatter(*coordinates.T, c=digits.targets, cmap="tab10", s=5, alpha=0.6)
for digit in range(10):
    middle = coordinates[digits.targets == digit].mean(0)
    ax.text(*middle.tolist(), str(digit), fontsize=18, ha="center", va="center")
ax.set(xlabel="first component", ylabel="second component")
ax.set_title("Two of 64 directions already tell many digits apart", fontsize=10)
plt.show()
f"these two keep {variance[:2].sum():.0%} of the variance"

# %%
# Each big figure stands in the middle of its class.
# Most of the variance is still in the other 62 directions, so classes that overlap here
# may well be apart there.
# The sign of a component is a matter of chance: another machine may mirror your
# picture, and both are right.
# For tables too large for a whole SVD, :func:`torch.pca_lowrank` estimates the first
# few components.
#
# .. _math-knn:
#
# Nearest neighbours: cdist and topk
# ----------------------------------
# A classifier in two lines: find the k training pictures that are closest, and let them
# vote.
# :func:`torch.cdist` gives all distances between two sets of points, ``(n, d)`` and
# ``(m, d)`` to ``(n, m)``.
# It is broadcasting with care for memory: the plain way makes a tensor of
# ``(n, m, d)`` on its way.

train, test = flat[:1400], flat[1400:]
train_targets = digits.targets[:1400]
distances = torch.cdist(test, train)  # (test, train)
nearest = distances.topk(5, largest=False).indices  # (test, 5)
plain = (test[:50, None] - train[None]).square().sum(-1).sqrt()  # (50, 1400)
assert torch.allclose(plain, distances[:50], atol=1e-3)
distances.shape, nearest.shape, train_targets[nearest[:3]]

# %%
# ``train_targets[nearest]`` fetches the five labels of every test picture in one step.
# The last column of pictures shows the digits that the program has to name, the others
# their neighbours.

shown = torch.cat([train[nearest[:3]], test[:3, None]], dim=1)  # (3, 6, 64)
labels = [*"12345", "test"] * 3
fig, ax = plt.subplots(figsize=(5.4, 3.2), layout="constrained")
eatorch.plots.show_images(shown.view(18, 8, 8), labels, columns=6, ax=ax)
ax.set_title("The five nearest neighbours look like the test digit", fontsize=10)
plt.show()

# %%
# Exercise 14-1 asks you to count how often the vote is right.
#
# .. _math-einsum:
#
# einsum: name the axes
# ---------------------
# :func:`torch.einsum` writes products and sums as one line of letters.
# Each letter is an axis.
# Three rules:
#
# 1. The same letter, in two tensors or twice in one, means the same index: those axes
#    run together.
# 2. A letter that is missing on the right is summed over.
# 3. The order of letters on the right is the order of axes in the result.
#
# Five examples with one matrix follow, each with the cells to look at.

square = torch.arange(1, 10).view(3, 3)
at = torch.arange(3)
rows = at[:, None].expand(3, 3)
examples = [  # equation, strong cells of the input, strong cell of the result
    ("ij->ji", (rows == 0) & (rows.T == 2), (rows == 2) & (rows.T == 0)),
    ("ij->i", rows == 1, at == 1),
    ("ij->j", rows.T == 1, at == 1),
    ("ii->i", (rows == 2) & (rows.T == 2), at == 2),
    ("ii->", rows == rows.T, torch.ones(1)),
]

# %%
# The strong cells above make the strong cell below.

ax = stage(19, 8.3, scale=0.38)
for number, (equation, cells, cell) in enumerate(examples):
    x = 0.4 + 3.8 * number
    draw(ax, square, x, 0.8, pale=cells == 0, text=equation)
    result = torch.einsum(equation, square)
    draw(ax, result, x, 4.7, color="C1", pale=cell == 0)
ax.set_title("Letters on the right stay, missing letters are summed", fontsize=10)
plt.show()

# %%
# Eight everyday operations, and the function each stands for.
# Read the equations aloud: "i j, j k to i k" is the matrix product, and j, which
# vanishes, is the axis that is summed.

generator = torch.Generator().manual_seed(0)
v, w = torch.randn(2, 3, generator=generator)  # two vectors (3,)
p, q = torch.randn(2, 3, 3, generator=generator)  # two matrices (3, 3)
stack, pile = torch.randn(2, 5, 3, 3, generator=generator)  # two batches (5, 3, 3)
basic = {
    "transpose": ("ij->ji", [p], p.T),
    "sum of all": ("ij->", [p], p.sum()),
    "row sums": ("ij->i", [p], p.sum(1)),
    "dot product": ("i,i->", [v, w], v @ w),
    "outer product": ("i,j->ij", [v, w], torch.outer(v, w)),
    "matrix times vector": ("ij,j->i", [p, v], p @ v),
    "matrix product": ("ij,jk->ik", [p, q], p @ q),
    "batch of products": ("bij,bjk->bik", [stack, pile], stack @ pile),
}

# %%
# Each must agree with the function that you know, in PyTorch and in NumPy.

for name, (equation, operands, expected) in basic.items():
    result = torch.einsum(equation, *operands)
    assert torch.allclose(result, expected, atol=1e-5)
    twin = np.einsum(equation, *(operand.numpy() for operand in operands))
    assert np.allclose(result, twin, atol=1e-5)
    print(f"{equation:13} {name:20} {tuple(result.shape)}")

# %%
# More letters are no more difficult, which is where ``einsum`` shines; ``...`` stands
# for any axes that you do not care about.
# Always write the arrow: without it you get the letters that occur once, in the order
# of the alphabet.
# Its errors speak in letters, too.

batch_trace = torch.einsum("...ii->...", stack)  # (5,)
quadratic = torch.einsum("bi,ij,bj->b", ones(5, 3), p, ones(5, 3))  # (5,)
assert torch.allclose(quadratic, p.sum().expand(5), atol=1e-5)
with eatorch.show_error(RuntimeError):
    torch.einsum("ij,jk->ik", ones(2, 3), ones(2, 3))
with eatorch.show_error(RuntimeError):
    torch.einsum("ij->ik", ones(2, 3))
batch_trace.shape

# %%
# .. _math-attention:
#
# Attention in two lines of letters
# ---------------------------------
# Every query q asks every key k how well they match; the answers, after ``softmax``,
# are the weights of a mean over the values.
# One einsum for the scores, one for the mean, with a batch b, and heads h that work
# side by side:

size = (3, 2, 4, 10, 64)  # (q k v, batch, head, place, d)
query, key, value = torch.randn(size, generator=generator)
d = query.shape[-1]
scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / d**0.5
attended = torch.einsum("bhqk,bhkd->bhqd", scores.softmax(-1), value)
same = torch.nn.functional.scaled_dot_product_attention(query, key, value)
assert torch.allclose(attended, same, atol=1e-5)
scores.shape, attended.shape

# %%
# The divisor is the *root* of d.
# Divide by d itself, and no error tells you.
# Why the root?
# A dot product of two random vectors is a sum of d products with variance 1, so its
# variance is d and its typical size :math:`\sqrt{d}`.
# We measure it:

sizes = [4, 16, 64, 256, 1024]
spread = {"undivided": [], "divided by the root of d": [], "divided by d": []}
for d in sizes:
    first, second = torch.randn(2, 1000, d, generator=generator)
    typical = torch.einsum("nd,nd->n", first, second).std().item()
    for name, divisor in zip(spread, (1, d**0.5, d), strict=True):
        spread[name].append(typical / divisor)

fig, ax = plt.subplots(figsize=(6, 2.8))
fig.subplots_adjust(0.13, 0.17, 0.99, 0.9)
for name, values in spread.items():
    ax.loglog(sizes, values, "o-", label=name)
ax.set(xlabel="d, size of a query", ylabel="typical score (std)", ylim=(0.02, 900))
ax.legend(fontsize=8, loc="upper left")
ax.set_title("Only the root keeps scores at the same size for every d", fontsize=10)
plt.show()

# %%
# What does that do to the weights?
# Ten keys, and how much the strongest gets on average, for d = 1,024; an even share
# would be 10 %.

first = torch.randn(1000, 1024, generator=generator)
keys = torch.randn(10, 1024, generator=generator)
scores = torch.einsum("nd,kd->nk", first, keys)
for name, divisor in zip(spread, (1, 32, 1024), strict=True):
    strongest = (scores / divisor).softmax(-1).amax(-1).mean()
    print(f"{name:26} {strongest:.0%}")

# %%
# Undivided, one key takes nearly everything, and a ``softmax`` so sure of itself has
# almost no gradient left to learn from; divided by d, all keys get about the same, and
# attention is a plain mean.
# :ref:`attention` builds the whole layer.
#
# .. _math-floats:
#
# Pitfalls of float numbers
# -------------------------
# A float has a fixed number of digits, so most results are rounded.
# Four habits follow, each from one line below.

tenth = torch.tensor([0.1, 0.2], dtype=torch.float64)
print("0.1 + 0.2 == 0.3:", (tenth.sum() == 0.3).item())
print("isclose:         ", tenth.sum().isclose(torch.tensor(0.3).double()).item())
big = torch.tensor([1e8, 1.0, -1e8])
print("order:           ", (big[0] + big[1]) + big[2], (big[0] + big[2]) + big[1])
print("7 / 2, 7 // 2:   ", torch.tensor(7) / 2, torch.tensor(7) // 2)
ties = torch.tensor([1, 3, 3, 2])
print("ties:            ", (ties == ties.max()).nonzero().squeeze(1))

# %%
# - **Never compare floats with** ``==``; use :func:`torch.isclose`, or
#   :func:`torch.testing.assert_close` in tests, which says how far off you are.
# - **The order of a sum matters.** Beside 1e8 a ``float32`` cannot hold 1. So the same
#   sum may differ in the last digits between CPU and GPU, or between one and many
#   threads. For long sums of large numbers, pass ``dtype=torch.float64``.
# - ``/`` **makes floats out of integers**, ``//`` does not.
# - ``argmax`` **returns one index even if several are equal**, the first of them. If
#   ties matter, ask for all of them, as the last line does.
#
# And mind the range of the small dtypes.
# Here are 2,000 heights of the map, added up in ``float16`` and with care:

one_by_one = heights.flatten()[:2000].half().cumsum(0)[-1]
with_care = heights.flatten()[:2000].sum(dtype=torch.float64)
print(f"float16: {one_by_one:.0f}, float64: {with_care:.0f}")
assert one_by_one.isinf()

# %%
# ``float16`` ends at 65,504, so the sum is infinite long before the last height.
#
# .. _math-numpy:
#
# The NumPy twins
# ---------------
# Nearly every function here has a twin of the same name, with ``axis`` for ``dim`` and
# ``keepdims`` for ``keepdim``.
# These are the pairs that differ:
#
# .. list-table::
#    :header-rows: 1
#
#    * - PyTorch
#      - NumPy
#      - Difference
#    * - ``x.clamp(0, 1)``
#      - ``np.clip(x, 0, 1)``
#      - the name only
#    * - ``x.std()``
#      - ``np.std(x, ddof=1)``
#      - NumPy divides by n if you do not ask
#    * - ``x.max(dim=1)``
#      - ``np.max(x, axis=1)``
#      - PyTorch adds the indices; its twin is ``amax``
#    * - ``x.median()``
#      - ``np.median(x)``
#      - lower of two against their mean
#    * - ``x.topk(k)``
#      - ``np.argpartition``
#      - NumPy gives indices only, unsorted
#    * - ``x.cumsum(0)``
#      - ``np.cumsum(x, axis=0)``
#      - NumPy flattens without ``axis``
#    * - ``ints.mean()``
#      - ``np.mean(ints)``
#      - PyTorch refuses, NumPy gives ``float64``
#    * - ``a.mT``
#      - ``a.mT`` (2.0 and later)
#      - for matrices ``.T`` in both
#
# .. admonition:: Then and now
#
#    Linear algebra moved from ``torch`` to :mod:`torch.linalg`.
#    ``torch.eig``, ``torch.symeig``, ``torch.solve``, ``torch.lstsq`` and
#    ``torch.matrix_rank`` are still there only to tell you so; ``torch.qr``,
#    ``torch.cholesky``, ``torch.lu`` and ``torch.chain_matmul`` still run and warn.
#    ``torch.svd`` runs without a warning and returns V *not* transposed, where
#    :func:`torch.linalg.svd` returns ``Vh``: copy a line from one to the other, and you
#    have the mistake from above.
#    ``torch.norm`` is deprecated in its documentation; write
#    :func:`torch.linalg.vector_norm`.
#    On integers ``torch.div`` and ``/`` once cut off what stands after the point; since
#    2020 they divide truly.
#    ``.T`` on anything but a matrix warns today; write ``.mT`` or ``permute``.
#
# The first message is an error, the second a warning that we catch.

with eatorch.show_error(RuntimeError):
    torch.eig(stretch)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    torch.qr(stretch)
print(str(caught[0].message).partition("\n")[0])
u, s, v = torch.svd(other)
assert torch.allclose(u @ torch.diag(s) @ v.T, other, atol=1e-5)  # v, not vh

# %%
# .. _math-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _math-ex1:
#
# Exercise 14-1: the neighbours vote
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``knn_accuracy`` that returns the share of test points, a number from 0 to 1,
# whose class is the most frequent one among their ``k`` nearest training points.
# Then try it on the digits: what do you get for ``k`` = 1, 5 and 50?
#
# .. dropdown:: Hint
#
#    ``cdist`` and ``topk`` give the indices, as above; the smallest distances count.
#    :func:`torch.mode` finds the most frequent value along an axis.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def knn_accuracy(train, train_targets, test, test_targets, k):
#           distances = torch.cdist(test, train)  # (test, train)
#           nearest = distances.topk(k, largest=False).indices  # (test, k)
#           votes = train_targets[nearest].mode(dim=1).values  # (test,)
#           return (votes == test_targets).float().mean().item()
#
#       for k in (1, 5, 50):
#           rest = flat[1400:], digits.targets[1400:]
#           print(k, knn_accuracy(flat[:1400], digits.targets[:1400], *rest, k))


def knn_accuracy(train, train_targets, test, test_targets, k):
    """Return the share of test points that their k neighbours name rightly."""
    ...  # your code here


eatorch.check("14-1", knn_accuracy)

# %%
# .. _math-ex2:
#
# Exercise 14-2: how many layers?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``rank_for(matrix, share)`` that returns the smallest rank whose layers keep at
# least ``share`` of the energy, the sum of the squared singular values.
# How many does the land need for 95 %?
#
# .. dropdown:: Hint
#
#    You need the singular values only: :func:`torch.linalg.svdvals`.
#    Square, then accumulate.
#    If two entries are below the share, which rank is the first to reach it?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def rank_for(matrix, share):
#           squares = torch.linalg.svdvals(matrix).square()
#           energy = squares.cumsum(0) / squares.sum()
#           return int((energy < share).sum()) + 1
#
#       print(rank_for(centred, 0.95))


def rank_for(matrix, share):
    """Return the smallest rank that keeps ``share`` of the energy."""
    ...  # your code here


eatorch.check("14-2", rank_for)

# %%
# .. _math-ex3:
#
# Exercise 14-3: six equations
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write each operation as an equation for :func:`torch.einsum`, six strings in a list.
# The check runs them on shapes that it makes up.
#
# 1. the trace of a square matrix, the sum of its diagonal
# 2. the column sums of a matrix: ``(n, m)`` to ``(m,)``
# 3. the dot products of the rows of two matrices: ``(n, d)`` and ``(n, d)`` to ``(n,)``
# 4. the number :math:`x^T A y`, from a vector, a matrix and a vector, in this order
# 5. new colours for a batch of pictures: ``(batch, channel, height, width)`` and a
#    matrix ``(new, channel)`` to ``(batch, new, height, width)``
# 6. attention's mean with the heads behind the places: weights
#    ``(batch, head, query, key)`` and values ``(batch, key, head, d)`` to
#    ``(batch, query, head, d)``
#
# .. dropdown:: Hint
#
#    Give every axis in the text its own letter and write the letters down in the order
#    of the shapes.
#    What stands only on the left is summed.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       equations = [
#           "ii->",
#           "nm->m",
#           "nd,nd->n",
#           "i,ij,j->",
#           "bchw,nc->bnhw",
#           "bhqk,bkhd->bqhd",
#       ]

equations = ...  # your code here

eatorch.check("14-3", equations)

# %%
# .. _math-ex4:
#
# Exercise 14-4: round and remainder in your head
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# What do these eight lines give?
# Decide first, then run them.
#
# .. code-block:: python
#
#    torch.tensor(4.5).round()  # 1
#    torch.tensor(-3.5).round()  # 2
#    torch.tensor(-3.5).trunc()  # 3
#    torch.tensor(-3.2).floor()  # 4
#    torch.tensor(-8) % 5  # 5
#    torch.tensor(-8).fmod(5)  # 6
#    torch.tensor(8) % -5  # 7
#    torch.tensor(-8) // 5  # 8
#
# Answer with a list of eight numbers.
#
# .. dropdown:: Hint
#
#    Halves go to the even neighbour.
#    ``%`` has the sign of the divisor, ``fmod`` that of the number divided, and ``//``
#    goes down.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       results = [4, -4, -3, -4, 2, -3, -2, -2]

results = ...  # your code here

eatorch.check("14-4", results)

# %%
# .. _math-summary:
#
# In one minute
# -------------
# - Element-wise keeps the shape, a reduction strikes out the axis named in ``dim``, a
#   cumulative operation keeps the axis and every stage.
# - ``round`` goes to even; ``%`` takes the sign of the divisor, ``fmod`` that of the
#   number divided.
# - Broadcasting aligns shapes at the right and stretches 1. Use ``keepdim=True``, and
#   compare shapes before a loss: ``(n,)`` and ``(n, 1)`` make ``(n, n)`` in silence.
# - ``@``: inner sizes equal and gone, the axes before them are a batch.
# - ``solve`` instead of ``inv``, ``eigh`` for symmetric matrices only, and
#   ``(U * S) @ Vh`` without another transpose.
# - In einsum equal letters run together, missing letters are summed. Attention divides
#   by the root of d.
#
# .. _math-next:
#
# Read next
# ---------
# - :ref:`structure` cuts, joins and reorders tensors, the other half of the everyday
#   vocabulary.
# - :ref:`module` puts these operations into layers with parameters.
# - :ref:`attention` makes a network of the two lines of letters.
# - The reference pages of :mod:`torch.linalg` and :func:`torch.einsum` list every
#   option.
