"""
.. _tensor:

Tensors
=======

Read any tensor at a glance: what its numbers are made of, how they are arranged, where
they live, and who else can change them.

:Level: 4
:Hours: 1
:Day: 5
:Needs: :ref:`hello`
:Data: flower photo by vultilion (CC BY 2.0, from scikit-learn), Google share 2004 to
    2008 (from Matplotlib)
"""

import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch

import eatorch

# %%
# .. _tensor-dimensions:
#
# From a number to a video
# ------------------------
# PyTorch has one kind of data.
# A share price, a sentence, a photograph, the weights of a network: each is a *tensor*,
# a block of numbers of one type, arranged along zero or more axes.
# Why not a Python list?
# A list strings separate objects together, of any type.
# One block of one type is something that a processor works through without asking, that
# a GPU can work on in many places at once, and whose derivatives PyTorch can keep track
# of.
#
# Let us take five tensors from real data: how many Google shares changed hands each day
# after the company went public, and a photograph of a dahlia.

volume = eatorch.data.google_stock().volume  # (day,)
picture = eatorch.data.photo("flower")  # (height, width, channel)

scalar = volume[0]  # ()
matrix = picture[:, :, 0]  # (height, width): how red each pixel is
frames = [picture[80:330, left : left + 250] for left in (0, 130, 260, 390)]
video = torch.stack(frames)  # (time, height, width, channel)

five = {
    "scalar": scalar,
    "vector": volume,
    "matrix": matrix,
    "3-d tensor": picture,
    "4-d tensor": video,
}
[tuple(tensor.shape) for tensor in five.values()]

# %%
# Each step adds one axis.
# To see it, we write a small helper that draws rows of values as boxes; it will serve
# us all lesson long.


def draw_cells(ax, rows, color="C0"):
    """Draw a list of rows as boxes with a value in each."""
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            box = plt.Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, color=color)
            box.set_alpha(0.3)
            ax.add_patch(box)
            ax.text(x + 0.5, y + 0.5, value, ha="center", va="center", fontsize=9)
    ax.set(xlim=(0, len(rows[0])), ylim=(len(rows), 0), aspect="equal")
    ax.axis("off")


# %%
# Of the long vector and the large matrix we draw a corner with its true values.
# The film is the photograph seen through a window that moves to the right.

fig, axes = plt.subplots(1, 5, figsize=(7.6, 2.4), layout="constrained")
millions = [f"{count / 1e6:.0f}M" for count in volume[:4].tolist()]
draw_cells(axes[0], [millions[:1]])
draw_cells(axes[1], [[million] for million in millions])
draw_cells(axes[2], matrix[200:204, 300:304].tolist())
axes[0].set(xlim=(-1.5, 2.5), ylim=(2.5, -1.5))  # boxes as large as those beside them
axes[3].imshow(picture[::2, ::2].numpy())
for shift, frame in zip((0, 70, 140, 210), video, strict=True):
    axes[4].imshow(frame.numpy(), extent=(shift, shift + 250, shift + 250, shift))
axes[4].set(xlim=(0, 460), ylim=(460, 0))
for ax, (name, tensor) in zip(axes, five.items(), strict=True):
    ax.set_title(f"{name}\n{tuple(tensor.shape)}", fontsize=9)
    ax.axis("off")
fig.suptitle("From scalar to video, each step adds one axis")
plt.show()

# %%
# Mathematics and programming use different words for the same things:
#
# .. list-table::
#    :header-rows: 1
#
#    * - Axes (``ndim``)
#      - In mathematics
#      - In programming
#      - Here
#    * - 0
#      - scalar
#      - number
#      - the shares traded on one day
#    * - 1
#      - vector
#      - array, list
#      - the shares traded on all days
#    * - 2
#      - matrix
#      - table, 2-d array
#      - one colour of a photograph
#    * - 3
#      - tensor of order 3
#      - 3-d array
#      - a colour photograph
#    * - 4
#      - tensor of order 4
#      - 4-d array
#      - a film, or a batch of photographs
#
# So scalars, vectors and matrices *are* tensors, with zero, one and two axes.
# Beware of the word "dimension".
# A vector of 1,047 numbers points to a place in a space of 1,047 dimensions, yet as a
# tensor it has one dimension, because one index is enough to find a number in it.
# This lesson says *axis* for the direction and *size* for its length.

assert volume.shape == (1047,)
volume.ndim, volume.size(0), volume.numel()

# %%
# .. _tensor-create:
#
# Three ways to make a tensor
# ---------------------------
# **By value**, from numbers that you have: :func:`torch.tensor` takes a number, a list,
# or lists of lists, and always copies.
# Rows must be equally long, as PyTorch says when we try something else.
# A helper catches such errors, for we shall make many mistakes on purpose.


def attempt(action):
    """Run something that fails, and print what PyTorch says."""
    try:
        action()
    except (RuntimeError, TypeError, ValueError) as error:
        message = f"{type(error).__name__}: {error}"
        print(textwrap.fill(message, 76, subsequent_indent="    "))
    else:
        raise AssertionError("expected an error, and none came")


attempt(lambda: torch.tensor([[1, 2, 3], [4, 5]]))
table = torch.tensor([[1, 2, 3], [4, 5, 6]])
table

# %%
# **By number**, from a rule.
# Note that :func:`torch.arange` stops *before* its end and :func:`torch.linspace` *at*
# it.
# Each function has a relative that ends in ``_like`` and copies the shape, dtype and
# device of another tensor.

made = {
    "zeros(3)": torch.zeros(3),
    "full((3,), 7)": torch.full((3,), 7),
    "arange(0, 10, 3)": torch.arange(0, 10, 3),
    "linspace(0, 1, 5)": torch.linspace(0, 1, 5),
    "logspace(0, 3, 4)": torch.logspace(0, 3, 4),
    "ones_like(table)[0]": torch.ones_like(table)[0],
    "eye(3)[1]": torch.eye(3)[1],
}
for call, result in made.items():
    print(f"{call:20} {result}")

# %%
# **By distribution**, from dice.
# Give the dice a seed through a :class:`torch.Generator` and they fall the same way
# each time you run the cell.

generator = torch.Generator().manual_seed(0)
drawn = {
    "rand: even from 0 to 1": torch.rand(10_000, generator=generator),
    "randn: a bell round 0": torch.randn(10_000, generator=generator),
    "normal(2, 0.5): your bell": torch.normal(2, 0.5, (10_000,), generator=generator),
    "randint(0, 6): whole": torch.randint(0, 6, (10_000,), generator=generator),
}
fig, axes = plt.subplots(2, 2, figsize=(7, 4), sharey=True, layout="constrained")
for ax, (name, values) in zip(axes.flat, drawn.items(), strict=True):
    ax.hist(values, bins=60, range=(-4, 6), histtype="stepfilled")
    ax.set_title(name, fontsize=10)
    ax.set(xlabel="value", ylabel="draws per bin")
    ax.label_outer()
fig.suptitle("Same number of draws, four distributions")
plt.show()

# %%
# Two more are worth knowing.
# :func:`torch.randperm` shuffles indices, which is how a data loader deals its samples.
# :func:`torch.empty` does not make numbers at all: it reserves memory and shows
# whatever lay there before, so write to it before you read it.

torch.randperm(10, generator=generator), torch.empty(2, 3).shape

# %%
# .. _tensor-basics:
#
# Read, write, calculate
# ----------------------
# Square brackets read, and on the left of ``=`` they write; a colon means everything
# along that axis.
# Arithmetic works number by number, while ``@`` is the matrix product.
# A method whose name ends in an underscore changes the tensor itself, *in place*.

table[0, 2] = 9  # one number
table[1] = torch.tensor([0, 1, 0])  # a row
table.mul_(10)  # in place
print(table)
print("second column:", table[:, 1], "sum:", table.sum())
print("number by number:", table[0] + table[1], table[0] * table[1])
table @ table.T

# %%
# .. _tensor-dtype:
#
# dtype: what one number is made of
# ---------------------------------
# All numbers of a tensor have the same type, its ``dtype``.
# You choose it with ``dtype=``; if you do not, PyTorch infers it from what you pass in.

for value in (True, 1, 1.0, 1j, [1, 2.5], [True, 2], np.array(1.0), np.array(1)):
    kind = type(value).__name__
    print(f"{kind:8} {value!s:10} {torch.tensor(value).dtype}")

# %%
# Two lines of this list matter every day.
# A Python ``1.0`` becomes ``float32``, the default of PyTorch
# (:func:`torch.get_default_dtype`), and the same number out of NumPy stays ``float64``.
# And one ``2.5`` among whole numbers is enough to turn all of them into floats.
#
# You will meet two dtypes most: ``float32`` for inputs and weights, ``int64`` for
# labels and indices.
# The others trade range and precision for memory.
# How well do they keep the shares traded on the first day?

integers = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
floats = [torch.float8_e5m2, torch.float8_e4m3fn, torch.float16, torch.bfloat16]
floats += [torch.float32, torch.float64, torch.complex64]

print(f"{'dtype':20} bytes  largest    first day")
for dtype in integers + floats:
    limits = torch.finfo(dtype) if dtype in floats else torch.iinfo(dtype)
    count = scalar.to(dtype).item()
    print(f"{dtype!s:20} {dtype.itemsize:5}  {float(limits.max):<9.3g}  {count:,}")

# %%
# Read the last column with care: most of these answers are wrong, and none raised an
# error.
#
# - ``uint8``, ``int8`` and ``int16`` are too small for this number. They keep its
#   lowest bits: a number, but not ours.
# - ``float16`` ends at 65,504, so it says infinity. ``bfloat16`` has the same two bytes
#   but reaches as far as ``float32``; it pays with digits, and only the first two or
#   three are right.
# - The two ``float8`` types are made for storing weights, after scaling them into
#   range. One byte holds no more.
# - ``float32`` is right here partly by luck: above :math:`2^{24}`, about 16.8 million,
#   it skips every other whole number.
# - ``int32``, ``int64`` and ``float64`` are exact, and so is ``complex64``, which is
#   two ``float32`` side by side.
# - Beyond the table, ``bool`` takes one byte too and knows only zero and not zero, and
#   ``complex128`` is two ``float64``.

assert torch.finfo(torch.float16).max == 65504
assert torch.tensor(2**24 + 1, dtype=torch.float32) == 2**24
scalar.to(torch.bool), scalar.to(torch.complex128), torch.bool.itemsize

# %%
# How coarse are the small floats?
# One or two bytes have few enough patterns that we can list them all: make every
# pattern as an integer, then look at the same bytes as a float.
# That is what ``view`` with a dtype does; it converts nothing.

fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
small = [torch.float8_e5m2, torch.float8_e4m3fn, torch.bfloat16, torch.float16]
labels = []
for line, dtype in enumerate(small):
    integer = {1: torch.uint8, 2: torch.uint16}[dtype.itemsize]
    patterns = torch.arange(256**dtype.itemsize).to(integer)
    values = patterns.view(dtype).float()
    values = values[(values >= 1) & (values < 4)]
    ax.plot(values, torch.full_like(values, line), "|", markersize=18, color=f"C{line}")
    labels.append(f"{str(dtype).removeprefix('torch.')}\n{len(values)} numbers")
ax.set_yticks(range(4), labels)
ax.set(xlabel="value", ylim=(-0.6, 3.6))
ax.set_title("Every number from 1 up to 4 that a small float can hold")
plt.show()

# %%
# From 1 to 2 the marks are twice as close as from 2 to 4: a float keeps a number of
# *digits*, not a number of decimal places.
# ``float8`` is for storage, not for sums:

tiny = torch.tensor([1.0, 2.0], dtype=torch.float8_e4m3fn)
attempt(lambda: tiny + 1)

# %%
# .. _tensor-convert:
#
# Convert, and mind the edges
# ---------------------------
# :meth:`~torch.Tensor.to` converts, and short names such as ``float()``, ``double()``,
# ``int()`` and ``long()`` do the same; ``torch.long`` is just another name of
# ``torch.int64``, as ``torch.float`` is of ``torch.float32``. ``a.to(b)`` takes dtype
# and device from another tensor.
# Floats turned into integers lose what stands after the point; they are not rounded.

prices = torch.tensor([1.2, 2.7, -2.7])
assert torch.long is torch.int64
prices.int().tolist(), prices.round().int().tolist(), prices.bool().tolist()

# %%
# Integers that do not fit wrap around like the counter of an old car.
# A photograph shows it best.
# We want it brighter, so we add 100 to each of its ``uint8`` numbers, once carelessly
# and once by way of floats.

careless = picture + 100
careful = (picture.float() + 100).clamp(0, 255).to(torch.uint8)

fig, axes = plt.subplots(1, 3, figsize=(7, 2.1))
fig.subplots_adjust(left=0, bottom=0, right=1, top=0.7, wspace=0.03)
shown = {"picture": picture, "picture + 100": careless, "float, clamp, uint8": careful}
for ax, (name, pixels) in zip(axes, shown.items(), strict=True):
    ax.imshow(pixels[::2, ::2].numpy())
    ax.set_title(f"{name}\nred pixel: {pixels[120, 300, 0]}", fontsize=9)
    ax.axis("off")
fig.suptitle("Brighter by 100: uint8 wraps past 255, a detour over float does not")
plt.show()

# %%
# No error, no warning: the orange petals turned blue and green, because their red
# passed 255 and began again at 0.
# A conversion does not check either; only a Python number that enters a tensor is asked
# whether it fits.

attempt(lambda: torch.tensor(300, dtype=torch.uint8))
torch.tensor(300).to(torch.uint8)

# %%
# Integers have another edge: some results are not integers.
# A mean seldom is one, and PyTorch asks what you want instead of guessing.

attempt(volume.mean)
f"{volume.mean(dtype=torch.float64):,.0f} shares a day"

# %%
# .. _tensor-promote:
#
# When two dtypes meet
# --------------------
# Add an ``int64`` to a ``float32`` and PyTorch converts for you; the result has the
# dtype that :func:`torch.promote_types` names.
# Let us ask it about every pair of the common ones.

common = "bool uint8 int8 int64 float16 bfloat16 float32 float64"
dtypes = [getattr(torch, name) for name in common.split()]
sums = [[torch.promote_types(a, b) for b in dtypes] for a in dtypes]


def short(dtype):
    """Abbreviate a dtype: i for int, u for unsigned, f for float, bf for bfloat."""
    name = str(dtype).removeprefix("torch.")
    return name.replace("float", "f").replace("uint", "u").replace("int", "i")


# %%
# The answers fall into two blocks: as soon as one of the two is a float, the sum is
# one.

fig, ax = plt.subplots(figsize=(5.4, 5), layout="constrained")
rows = [[short(a), *map(short, row)] for a, row in zip(dtypes, sums, strict=True)]
draw_cells(ax, [["+", *map(short, dtypes)], *rows])
for box in ax.patches:
    x, y = int(box.get_x()), int(box.get_y())
    result = sums[y - 1][x - 1] if x and y else None
    box.set_color("0.5" if result is None else f"C{1 + result.is_floating_point}")
ax.set_title("The higher kind wins: any float beats any integer")
plt.show()

# %%
# Three rules are behind it.
#
# - Kinds are ordered: bool, integer, float, complex. The higher kind wins, so even
#   ``int64 + float16`` is only ``float16``.
# - Within a kind, the result is the smallest type that can hold both. ``u8`` with
#   ``i8`` needs ``i16``; ``f16`` with ``bf16`` needs ``f32``.
# - A Python number, or a tensor without axes, may change the kind but never the size.
#   So ``0.5`` does not blow up a ``float16`` network, and ``int64`` plus ``0.5`` gets
#   the default float. Give the tensor an axis, and it counts in full: see the third
#   answer.

half = torch.ones(3, dtype=torch.float16)
whole = torch.ones(3, dtype=torch.int64)
wide = torch.tensor(0.5, dtype=torch.float64)  # no axes
(half + 0.5).dtype, (half + wide).dtype, (half + wide[None]).dtype, (whole + 0.5).dtype

# %%
# Promotion stops in three places, and each has its error.
# Matrix products want equal dtypes; you will meet this one whenever NumPy data,
# ``float64`` by habit, enters a network of ``float32``.
# A result in place must fit the tensor that it is written to.
# And the ``float8`` types never promote.

inputs = torch.from_numpy(np.ones((2, 3)))  # float64
weights = torch.ones(3, 1)  # float32
attempt(lambda: inputs @ weights)
attempt(lambda: whole.add_(0.5))
attempt(lambda: torch.promote_types(torch.float8_e5m2, torch.float32))
inputs.float() @ weights

# %%
# .. _tensor-shape:
#
# Shape: how many along each axis
# -------------------------------
# ``shape`` and ``size()`` are two spellings of one thing, a :class:`torch.Size`, which
# is a tuple.
# From it follow the number of axes and of elements, and with the dtype the number of
# bytes.

assert picture.shape == picture.size() == (427, 640, 3)
picture.size(0), picture.ndim, picture.numel(), picture.nbytes, len(picture)

# %%
# What the axes *mean* is not stored anywhere, so we write it behind the line, as in
# ``# (height, width, channel)``.
# Photo files put the channel last; the layers of PyTorch want it first.
# :meth:`~torch.Tensor.permute` changes the order of axes.
# A batch of pictures then has four: ``(batch, channel, height, width)``.

channels = picture.permute(2, 0, 1)  # (channel, height, width)

fig, axes = plt.subplots(1, 4, figsize=(7.6, 1.8))
fig.subplots_adjust(left=0, bottom=0, right=1, top=0.72, wspace=0.03)
axes[0].imshow(picture[::2, ::2].numpy())
axes[0].set_title("picture")
for ax, channel, name in zip(axes[1:], channels, ("red", "green", "blue"), strict=True):
    ax.imshow(channel[::2, ::2].numpy(), cmap="gray", vmin=0, vmax=255)
    ax.set_title(f"{name}, mean {channel.float().mean():.0f}")
for ax in axes:
    ax.axis("off")
fig.suptitle("Three channels: the flower is bright in red, the leaves are not")
plt.show()

# %%
# Many functions take the axis to work along as ``dim``; NumPy calls it ``axis``.
# The axis that you name is the one that *disappears*: a mean over height and width
# leaves the channels.

colour = picture.float().mean(dim=(0, 1))  # (channel,)
assert np.allclose(colour, picture.numpy().mean(axis=(0, 1)))
colour

# %%
# .. _tensor-five:
#
# (5,) is not (1, 5)
# ------------------
# Five numbers can be a vector ``(5,)``, a row ``(1, 5)`` or a column ``(5, 1)``.
# And none of them is the plain number 5: a shape is always a tuple, hence the comma.

vector = torch.arange(1.0, 6.0)  # (5,)
row = vector[None, :]  # (1, 5)
column = vector[:, None]  # (5, 1)
print(vector.shape == 5, vector.shape == (5,), len(vector) == 5)
print(row)
column

# %%
# The difference decides what happens when two of them meet.
# PyTorch lines shapes up from the right and stretches every size 1 to match its
# partner, which is called *broadcasting*.
# So a column minus a vector is neither: it is a table of all pairs.
# A network returns a column, the targets are a vector, and here every prediction is
# exactly right:

prediction, target = column, vector
difference = prediction - target  # (5, 5)
assert (difference != 0).sum() == 20

fig, axes = plt.subplots(1, 3, figsize=(7, 2.6), layout="constrained")
for ax, tensor in zip(axes, (prediction, row, difference), strict=True):
    draw_cells(ax, [[f"{value:g}" for value in line] for line in tensor.tolist()])
for box, value in zip(axes[2].patches, difference.flatten(), strict=True):
    box.set_color("C2" if value == 0 else "C1")
axes[0].set_title("prediction (5, 1)")
axes[1].set_title("target (5,) as (1, 5)")
axes[2].set_title("difference (5, 5)")
fig.suptitle("Five perfect predictions, and 20 of 25 differences are wrong")
plt.show()

# %%
# The mean square of this table is a loss that looks plausible and teaches the network
# nonsense.
# :func:`torch.nn.functional.mse_loss` at least warns.
# The cure is one line: give both the same shape before they meet.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    wrong = torch.nn.functional.mse_loss(prediction, target)
right = torch.nn.functional.mse_loss(prediction.squeeze(1), target)
print(textwrap.fill(str(caught[0].message), 76))
wrong, right

# %%
# .. _tensor-strides:
#
# Memory is a line, and strides fold it
# -------------------------------------
# Memory has no rows and columns; it is one long line.
# A tensor is a *storage*, the line of numbers, plus three notes: its shape, where it
# begins (the offset), and its *strides*, how far to walk along the line for one step
# along each axis.
# Transposing swaps the notes and leaves the numbers alone.


def draw_memory(matrix_ax, line_ax, tensor, storage):
    """Draw a matrix above the storage it reads, with an arrow for each stride."""
    draw_cells(matrix_ax, tensor.tolist())
    matrix_ax.set_title(f"shape {tuple(tensor.shape)}, strides {tensor.stride()}")
    matrix_ax.set(xlim=(-1.5, 4.5), ylim=(3, 0))  # boxes as large as those below
    draw_cells(line_ax, [storage.tolist(), [f"[{place}]" for place in range(6)]])
    bend = {"arrowstyle": "->", "connectionstyle": "arc3,rad=-0.6", "lw": 2}
    steps = {"down": tensor.stride(0), "right": tensor.stride(1)}
    for (name, step), color in zip(steps.items(), ("C2", "C1"), strict=True):
        arrow = bend | {"color": color}
        line_ax.annotate("", (step + 0.5, 0), (0.5, 0), arrowprops=arrow)
        line_ax.text(step + 0.65, -0.12, f"{name} +{step}", color=color)
    line_ax.set_ylim(2, -1.2)


# %%
# Below each matrix lies the storage, with the place of every number under it.
# The green arrow is one step down in the matrix, the orange one a step to the right.

storage = torch.arange(10, 16)
grid = storage.view(2, 3)
fig, axes = plt.subplots(2, 2, figsize=(7, 3.8), layout="constrained")
draw_memory(*axes[:, 0], grid, storage)
draw_memory(*axes[:, 1], grid.T, storage)
fig.suptitle("A matrix and its transpose read the same line with swapped strides")
plt.show()

# %%
# So the place of an element in memory is a sum, for two axes
#
# .. math::
#
#    \text{place} = \text{offset}
#    + i \cdot \text{stride}_0 + j \cdot \text{stride}_1
#
# and one term more for each further axis.
# Let us find the blue value of a pixel of the photograph by hand.

y, x, blue = 200, 300, 2
steps = picture.stride()
place = picture.storage_offset() + y * steps[0] + x * steps[1] + blue * steps[2]
line = torch.tensor(picture.untyped_storage(), dtype=torch.uint8)
assert line[place] == picture[y, x, blue]
steps, place

# %%
# .. _tensor-view:
#
# view, reshape and permute
# -------------------------
# A tensor whose strides simply count through the line, last axis first, is
# *contiguous*.
# :meth:`~torch.Tensor.view` gives such a line other folds: new notes, same numbers, no
# copy.
# Use -1 for one size that follows from the others.
#
# After a transpose the strides no longer fit, and ``view`` refuses.
# :meth:`~torch.Tensor.reshape` never refuses, because it copies when it must; so it may
# or may not share memory, and you should not rely on either.

assert grid.is_contiguous()
assert not grid.T.is_contiguous()
assert grid.T.contiguous().view(6).tolist() == [10, 13, 11, 14, 12, 15]
attempt(lambda: grid.T.view(6))
attempt(lambda: grid.view(4, 2))
same, moved = grid.reshape(-1), grid.T.reshape(-1)
same, same.data_ptr() == grid.data_ptr(), moved, moved.data_ptr() == grid.data_ptr()

# %%
# ``data_ptr()`` is the address of the first number, so equal addresses mean shared
# memory.
# The two errors differ: the first is about strides, and ``reshape`` or ``contiguous()``
# cures it; the second says that six numbers do not make eight, and nothing cures that.
#
# The next mistake gives no error.
# A layer wants ``(channel, height, width)``, so someone writes
# ``reshape(3, 427, 640)``.
# The shape is right, and the picture is torn: ``reshape`` reads the line in its old
# order and cuts it into three, so the first "channel" is the top third of the
# photograph with its colours mixed.
# Only ``permute`` moves axes.

cut = picture.reshape(3, 427, 640)
assert cut.shape == channels.shape

fig, axes = plt.subplots(1, 2, figsize=(6, 2.3))
fig.subplots_adjust(left=0, bottom=0, right=1, top=0.78, wspace=0.03)
firsts = {"permute": channels[0], "reshape": cut[0]}
for ax, (name, first) in zip(axes, firsts.items(), strict=True):
    ax.imshow(first[::2, ::2].numpy(), cmap="gray")
    ax.set_title(f"first channel after {name}", fontsize=9)
    ax.axis("off")
fig.suptitle("Same shape, but only permute keeps the picture")
plt.show()

# %%
# A slice is a view as well: same storage, its own offset.
# What you write into a view, you write into the original.
# And a small slice keeps the whole storage alive; ``clone()`` makes a copy of just the
# part.

corner = picture[:2, 600:602, 0]
spare = corner.clone()
before = picture[0, 600, 0].item()
corner[0, 0] = 255
assert picture[0, 600, 0] == 255
assert spare[0, 0] == before
corner[0, 0] = before  # put the picture right again
print(corner.stride(), corner.storage_offset())
corner.untyped_storage().nbytes(), spare.untyped_storage().nbytes()

# %%
# .. _tensor-numpy:
#
# The bridge to NumPy: same memory or a copy?
# -------------------------------------------
# On the CPU a tensor and a NumPy array can be two windows on the same numbers.
# Whether they are depends on the function, so let us measure: make a tensor from an
# array, write into the array, and see whether the tensor notices.

ways = {
    "torch.from_numpy(array)": torch.from_numpy,
    "torch.as_tensor(array)": torch.as_tensor,
    "torch.tensor(array)": torch.tensor,
    "torch.from_numpy(array).clone()": lambda array: torch.from_numpy(array).clone(),
    "torch.from_numpy(array).float()": lambda array: torch.from_numpy(array).float(),
}
for name, convert in ways.items():
    array = np.zeros(3)
    tensor = convert(array)
    address = "same" if tensor.data_ptr() == array.ctypes.data else "other"
    array[0] = 7
    verdict = "shares memory" if tensor[0] == 7 else "is a copy"
    print(f"{name:32} {address:5} address, {verdict}")

# %%
# The rule: :func:`torch.tensor` always copies, :func:`torch.from_numpy` never does,
# :func:`torch.as_tensor` only when it has to.
# A change of dtype cannot share, since the bytes differ.
# ``tensor.numpy()`` goes back without a copy, and takes the writes along:

array = np.zeros(3)
tensor = torch.from_numpy(array)
tensor += 1  # writes into the shared numbers
shared = array.tolist()
tensor = tensor + 1  # makes new numbers and calls them "tensor"
shared, array, tensor

# %%
# This pair of lines makes the bridge look broken when it is not.
# ``+=`` works *in place*, as the methods with an underscore do;
# ``tensor = tensor + 1`` only moves the name to a new tensor.
#
# Python's own ``id()`` is no help here.
# It tells whether two *names* mean the same Python object, and says nothing about the
# numbers inside: a view is a new object on old memory.
# Ask for the address of the storage, which even a slice has in common with its base.

base = torch.arange(6)
part = base[2:]
line, same_line = base.untyped_storage(), part.untyped_storage()
print("same object: ", id(base) == id(part))
print("same start:  ", base.data_ptr() == part.data_ptr())
print("same storage:", line.data_ptr() == same_line.data_ptr())

# %%
# To leave tensors altogether, take ``item()`` for one number and ``tolist()`` for all
# of them; both give plain Python copies.
# Plotting needs neither: Matplotlib works on NumPy arrays, and ``numpy()`` hands one
# over for free, as ``imshow`` got it in this lesson.

attempt(volume.item)
volume[0].item(), grid.tolist(), type(grid.tolist()[0][0])

# %%
# And what cannot cross the bridge?
# Arrays that run backwards, dtypes that NumPy lacks, tensors that record gradients, and
# tensors that live elsewhere than on the CPU.
# The cures, in this order, are ``copy()``, ``float()``, ``detach()`` and ``cpu()``;
# three of the four messages name theirs.

attempt(lambda: torch.from_numpy(np.arange(3)[::-1]))
attempt(lambda: torch.ones(3, dtype=torch.bfloat16).numpy())
attempt(lambda: torch.ones(3, requires_grad=True).numpy())
attempt(lambda: torch.ones(3, device="meta").numpy())

# %%
# .. _tensor-device:
#
# device: where the numbers live
# ------------------------------
# Every tensor lives on one device, the memory of the CPU or that of an accelerator, and
# computing happens where the numbers are.
# :func:`eatorch.device` names the best device of the machine; on a laptop without a GPU
# that is the CPU, and the same lines run on both.
# ``to`` moves a tensor, ``device=`` makes it in the right place at once.

device = eatorch.device()
there = volume.to(device)
noise = torch.randn(3, device=device)
assert there.device == noise.device == device
volume.device, volume.to("cpu") is volume, volume.to(torch.float32) is volume

# %%
# ``to`` changes nothing in place; it returns a tensor, and where nothing has to change
# it returns the very same one.
# So ``volume.to(device)`` alone on a line does nothing that lasts: write
# ``volume = volume.to(device)``.
#
# What must agree when tensors meet?
# Dtypes are promoted, as we saw; **devices are not**, for moving data is slow and
# PyTorch wants you to decide.
# Every machine has one more device to show it with: ``meta``, where tensors have a
# shape and a dtype but no numbers.
# We ask :func:`torch.lerp` for the point half way between a tensor there and one on the
# CPU.

ghost = torch.ones(3, device="meta")
attempt(lambda: torch.lerp(ghost, torch.ones(3), 0.5))
print(torch.lerp(ghost, torch.tensor(1.0), 0.5))
huge = torch.empty(1000, 3, 2160, 3840, device="meta")
f"{huge.nbytes / 2**30:.0f} GiB, had it numbers"

# %%
# Between a CPU and a GPU the message begins "Expected all tensors to be on the same
# device".
# Look for the one tensor that you forgot to move, often the targets or a mask made
# inside a function.
# The exception is printed above: a tensor without axes may stay on the CPU, since it is
# only a number.
# And the last line shows what ``meta`` is for: planning for 1,000 frames of
# ultra-high-definition film without owning that much memory.
#
# .. _tensor-attributes:
#
# The other attributes
# --------------------
# Four attributes are left, and they belong to the other half of PyTorch.
# A tensor with ``requires_grad=True`` is watched: what is computed from it remembers
# how (``grad_fn``), and ``backward()`` leaves the slope in ``grad``.
# A tensor that no recorded operation made is a *leaf*; parameters are leaves, results
# are not.

weight = torch.tensor([2.0, 3.0], requires_grad=True)
loss = (weight**2).sum()
loss.backward()
for name in ("dtype", "shape", "device", "requires_grad", "is_leaf"):
    print(f"{name:14} {getattr(weight, name)!s:22} {getattr(loss, name)}")
print(f"{'grad_fn':14} {weight.grad_fn!s:22} {loss.grad_fn.name()}")
weight.grad

# %%
# The slope of a square is twice the number, and that is what stands in ``grad``.
# :ref:`autograd` tells the whole story.
#
# .. admonition:: Then and now
#
#    Older tutorials make tensors with typed constructors:
#    ``torch.FloatTensor([1, 2])``, ``torch.IntTensor(1)``, ``torch.Tensor(...)``.
#    They still work, and they set traps.
#    ``torch.Tensor([1, 2])`` turns whole numbers into ``float32`` without asking.
#    ``torch.IntTensor(1)`` does not hold the number 1: it holds *one number that nobody
#    has written*, whatever lay in memory.
#    Write ``torch.tensor(1, dtype=torch.int32)``.
#
#    ``tensor.data`` used to be the way to get at the numbers behind the gradient's
#    back; today it is ``detach()``, which still notices a harmful write.
#    ``Variable`` has been a plain tensor since 2018, ``.cuda()`` is written
#    ``.to(device)``, and ``tensor.storage()`` is ``untyped_storage()``.
#    Where an old text says that two tensors must have the same dtype to be added, read
#    it as history: since 2019 they are promoted.
#
# The shapes give the trap away: three unwritten numbers, against one tensor that holds
# a 3.

torch.IntTensor(3).shape, torch.tensor(3).shape, torch.Tensor([1, 2]).dtype

# %%
# .. _tensor-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _tensor-ex1:
#
# Exercise 07-1: what is it called?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``name_of(tensor)`` that returns ``"scalar"``, ``"vector"`` or ``"matrix"``, and
# from three axes on ``"3-d tensor"``, ``"4-d tensor"`` and so on.
# Before you run it: what should it say to ``torch.tensor([7.0])``, one number in
# brackets?
#
# .. dropdown:: Hint
#
#    The name depends on the number of axes alone, not on how many numbers there are.
#    One attribute of a tensor holds that number.
#
# .. dropdown:: Solution
#
#    One number in brackets has one axis, so it is a vector of size 1.
#
#    .. code-block:: python
#
#       def name_of(tensor):
#           words = {0: "scalar", 1: "vector", 2: "matrix"}
#           return words.get(tensor.ndim, f"{tensor.ndim}-d tensor")


def name_of(tensor):
    """Return the name that mathematics gives to a tensor."""
    ...  # your code here


eatorch.check("07-1", name_of)

# %%
# .. _tensor-ex2:
#
# Exercise 07-2: who shares memory?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``shares_memory(a, b)`` that returns ``True`` if two CPU tensors are windows on
# the same storage, and ``False`` otherwise.
# It has to recognise views, slices that begin elsewhere, transposes, and two tensors
# made by :func:`torch.from_numpy` from one array.
# Equal numbers prove nothing, and two different Python objects prove nothing either.
#
# .. dropdown:: Hint
#
#    ``id()`` looks at the Python object, ``data_ptr()`` at the first number of *this*
#    tensor.
#    A slice begins elsewhere, but its storage does not.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def shares_memory(a, b):
#           return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def shares_memory(a, b):
    """Return True if ``a`` and ``b`` read the same storage."""
    ...  # your code here


eatorch.check("07-2", shares_memory)

# %%
# .. _tensor-ex3:
#
# Exercise 07-3: a column meets a vector
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A network returns predictions of shape ``(n, 1)``, the targets have shape ``(n,)``.
# Write ``mean_square_error(prediction, target)`` that returns the mean of the n squared
# differences as a tensor without axes.
#
# .. dropdown:: Hint
#
#    Print the shape of the difference first.
#    It should have n numbers, not n times n.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def mean_square_error(prediction, target):
#           return (prediction.squeeze(1) - target).square().mean()


def mean_square_error(prediction, target):
    """Return the mean of the squared differences, shape ``()``."""
    ...  # your code here


eatorch.check("07-3", mean_square_error)

# %%
# .. _tensor-ex4:
#
# Exercise 07-4: result or error?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Predict the dtype of each of these seven results, or ``"error"`` if PyTorch refuses.
# Decide first, then run them to see whether you were right.
#
# .. code-block:: python
#
#    i64 = torch.ones(2, dtype=torch.int64)
#    u8 = torch.ones(2, dtype=torch.uint8)
#    f16 = torch.ones(2, dtype=torch.float16)
#    f32 = torch.ones(2)
#    f64 = torch.ones(2, dtype=torch.float64)
#
#    i64 + 0.5  # 1
#    f16 * 2.0  # 2
#    u8 + i64  # 3
#    i64 + f16  # 4
#    f32 + f64[0]  # 5
#    f32 @ f64  # 6
#    i64.mul_(1.5)  # 7
#
# Answer with a list of seven entries such as ``torch.int64`` or ``"error"``.
#
# .. dropdown:: Hint
#
#    Ask three questions in turn: is it a product of matrices or a write in place?
#    Which kind is higher?
#    Does one side have no axes?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       dtypes = [
#           torch.float32,  # a Python float lifts the kind, to the default dtype
#           torch.float16,  # the same kind already, so the number changes nothing
#           torch.int64,  # the same kind, the wider type wins
#           torch.float16,  # any float beats any integer
#           torch.float32,  # f64[0] has no axes, so it counts as a number
#           "error",  # matrix products do not promote
#           "error",  # a float result does not fit into int64
#       ]

dtypes = ...  # your code here

eatorch.check("07-4", dtypes)

# %%
# .. _tensor-summary:
#
# In one minute
# -------------
# - A tensor is a storage (one line of numbers of one dtype, on one device) with a
#   shape, strides and an offset to read it by.
# - Floats become ``float32``, whole numbers ``int64``, and NumPy keeps its own
#   ``float64``. Small integers wrap around in silence.
# - Mixed dtypes are promoted, kind first; matrix products and writes in place are not.
#   Devices never mix.
# - ``view``, slices, ``permute``, ``from_numpy`` and ``numpy()`` share memory;
#   ``clone``, ``torch.tensor`` and a new dtype copy; ``reshape`` does either.
# - ``(5,)``, ``(1, 5)`` and ``(5, 1)`` are three different shapes. Look at shapes
#   before you subtract.
# - ``reshape`` never reorders axes; ``permute`` does.
#
# .. _tensor-next:
#
# Read next
# ---------
# - :ref:`autograd` is the other pillar of PyTorch: tensors that know how they were
#   made.
# - :ref:`tabular` puts tensors to work on real measurements, from the raw table to the
#   saved model.
# - The reference pages of :class:`torch.Tensor` and :class:`torch.dtype` list every
#   method and every type.
