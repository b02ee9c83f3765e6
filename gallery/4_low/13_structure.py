"""
.. _structure:

Structure operations
====================

Make, pick, reshape, join and repeat tensors, and know each time which cell goes where
and whether anything was copied.

:Level: 5
:Hours: 2
:Day: 11
:Needs: :ref:`tensor`
:Data: grade book of 4 classes (generated), the Summer Palace by danielbuechele (CC BY
    2.0, from scikit-learn)
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn import functional

import eatorch

# %%
# .. _structure-pictures:
#
# How to read the pictures
# ------------------------
# Structure operations do not calculate.
# They only move numbers, so one question explains each of them: *which cell goes
# where?*
# We answer it with coloured cells, and with a trick: a second tensor holds the number
# of a colour for every cell, and goes through the same operation.
# Where a colour arrives, its cell has arrived.
#
# The next two functions only draw: run them, and read on if the pictures are all you
# want.
# First the paper:


def canvas(width, height, title):
    """Return Axes on which one cell is a third of an inch wide."""
    fig = plt.figure(figsize=(width / 3 + 0.1, height / 3 + 0.4))  # 0.4: the title
    ax = fig.add_axes((0, 0, 1, height / (height + 1.2)))
    ax.set(xlim=(-0.15, width + 0.15), ylim=(height, 0), aspect="equal", title=title)
    ax.axis("off")
    return ax


# %%
# Then the cells, with their upper left corner at ``corner``:


def draw(ax, corner, name, values, paint):
    """Draw a vector or matrix as cells in the colours of ``paint``, -1 for grey."""
    left, top = corner
    ax.text(left, top - 0.3, name, fontsize=9)
    values, paint = torch.atleast_2d(values), torch.atleast_2d(paint)
    for y, x in np.ndindex(*values.shape):
        word, colour = str(values[y, x].item()), paint[y, x].item()
        place = (left + x + 0.04, top + y + 0.04)
        shade = ("0.5", 0.15) if colour < 0 else (f"C{colour}", 0.4)
        ax.add_patch(plt.Rectangle(place, 0.92, 0.92, color=shade))
        middle = {"ha": "center", "va": "center"}
        size = 8 - 2 * (len(word) > 3)  # so that False fits into its cell
        ax.text(left + x + 0.5, top + y + 0.5, word, size=size, **middle)


# %%
# The other question is *view or copy?*
# A view reads the same storage as its source (see :ref:`tensor-strides`), costs next to
# nothing, and passes writes on.
# The answer to exercise 07-2 will tell us each time.


def kind(result, source):
    """Tell whether a result reads the storage of its source."""
    addresses = [t.untyped_storage().data_ptr() for t in (result, source)]
    return "view" if addresses[0] == addresses[1] else "copy"


small = torch.arange(6)
kind(small[2:], small), kind(small.clone(), small)

# %%
# .. _structure-create:
#
# Make a tensor
# -------------
# :ref:`tensor-create` made tensors by value, by number and by distribution.
# From lists, from NumPy, ``zeros``, ``ones``, ``arange`` and ``rand`` you know.
# Two things are still missing: patterns in a matrix, and writing into a tensor that
# exists.

numbers = torch.tensor([5, 6, 7, 8])
colours = torch.tensor([0, 1, 2, 3])
square = torch.arange(16).view(4, 4)
hues = torch.full((4, 4), -1)
diagonal = (colours + 1).diag() - 1  # 0 to 3 on the diagonal, -1 beside it

ax = canvas(20, 5.2, "Patterns: diag writes a diagonal, or reads one")
draw(ax, (0, 1), "eye(4)", torch.eye(4).long(), hues + torch.eye(4).long())
draw(ax, (5, 1), "diag(numbers)", numbers.diag(), diagonal)
draw(ax, (10, 1), "square", square, diagonal)
draw(ax, (15, 1), "square.diag()", square.diag(), colours)
draw(ax, (15, 4), "numbers", numbers, colours)
plt.show()

# %%
# - ``eye`` is the identity matrix.
# - ``diag`` turns a vector into a matrix and a matrix into a vector. So applying it
#   twice gives you back what you had, but only if you begin with a vector. It copies
#   both ways; :func:`torch.diagonal` reads the diagonal as a view, into which you can
#   write.
# - :func:`torch.tril` and :func:`torch.triu` keep the triangle below or above the
#   diagonal and make the rest zero.
# - ``fill_`` and ``zero_`` overwrite a tensor that exists, so all its views change
#   too. ``full``, ``zeros_like`` and their relatives make a new one.

page = torch.zeros(2, 3)
page[0].fill_(7)  # the row is a view
assert numbers.diag().diag().equal(numbers)
assert kind(square.diag(), square) == "copy"
assert kind(square.diagonal(), square) == "view"
page, torch.full_like(page, 7)[1], torch.ones(3, 3).tril()

# %%
# .. _structure-normal:
#
# normal has four modes
# ^^^^^^^^^^^^^^^^^^^^^
# :func:`torch.normal` asks for a mean and a standard deviation, and each may be a
# number or a tensor.
# That makes four modes, and they differ in who decides the shape.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Mean
#      - Standard deviation
#      - Shape of the result
#      - For example
#    * - number
#      - number
#      - you must pass it as ``size``
#      - noise of one strength
#    * - tensor
#      - number
#      - that of the mean
#      - measurements round known values
#    * - number
#      - tensor
#      - that of the standard deviation
#      - errors that grow
#    * - tensor
#      - tensor
#      - the two broadcast
#      - each element with a bell curve of its own
#
# ``size`` is for the first mode and forbidden in the others.
# Tensors must hold floats, and a standard deviation is never negative.

generator = torch.Generator().manual_seed(13)
with eatorch.show_error(TypeError, lines=1):
    torch.normal(torch.zeros(7), 1.0, (10, 7))
with eatorch.show_error(NotImplementedError):
    torch.normal(torch.arange(3), 1.0)
with eatorch.show_error(RuntimeError):
    torch.normal(torch.zeros(3), -1.0)
torch.normal(0.0, torch.tensor([0.0, 1.0, 100.0]), generator=generator)

# %%
# The fourth mode makes our data: a grade book of 4 classes with 10 students each, who
# sat exams in 7 subjects.
# Every subject has a mean and a spread of its own.
# ``size`` is not allowed, so the shape comes from ``expand``, which this lesson
# explains further down.

subjects = ["Chinese", "maths", "English", "physics", "chemistry", "biology", "art"]
means = torch.tensor([76.0, 66, 72, 63, 68, 74, 82]).expand(4, 10, 7)
spreads = torch.tensor([7.0, 17, 11, 14, 12, 9, 6]).expand(4, 10, 7)
grades = torch.normal(means, spreads, generator=generator)
book = grades.round().clamp(0, 100).long()  # (class, student, subject)

assert book.shape == (4, 10, 7)
assert (book == 60).any()  # a grade on the border: we shall need it
book[0]

# %%
# .. _structure-slices:
#
# Square brackets: regular pieces
# -------------------------------
# An index inside brackets can be a number, a slice, a list, or a mask.
# Axes that you do not mention are taken whole; ``...`` stands for as many of them as
# fit.
# Six examples (``np.s_`` keeps what stands in brackets for later):

picks = {
    "book[0]  a class": np.s_[0],
    "book[:, 3]  student 3": np.s_[:, 3],
    "book[..., 1]  maths": np.s_[..., 1],
    "book[1:3, ::3, :2]  steps": np.s_[1:3, ::3, :2],
    "book[:, [0, 9, 4]]  a list": np.s_[:, [0, 9, 4]],
    "book[[0, 3], [2, 7]]  pairs!": np.s_[[0, 3], [2, 7]],
}

# %%
# To draw what is picked from the whole book, we mark the picked cells in a tensor of
# zeros, and lay the four classes side by side, a row for each student and a column for
# each subject: ``movedim`` puts the class beside the subject, ``pad`` adds a gap after
# each class, and ``flatten`` makes them one axis.

fig, axes = plt.subplots(2, 3, figsize=(7.6, 3.6), layout="constrained")
for ax, (name, pick) in zip(axes.flat, picks.items(), strict=True):
    marked = torch.zeros(book.shape)
    marked[pick] = 1
    marked = functional.pad(marked.movedim(0, 1), (0, 1), value=torch.nan).flatten(1)
    ax.pcolormesh(marked, cmap="cividis", edgecolors="0.5", linewidth=0.3)
    shape, copied = tuple(book[pick].shape), kind(book[pick], book)
    ax.set_title(f"{name}\n{shape}, {copied}", fontsize=8)
    ax.axis("off")
    ax.invert_yaxis()
fig.suptitle("Numbers and slices cut out views, lists collect copies")
plt.show()

# %%
# Shape rule: a number removes its axis, a slice keeps it, and a list replaces it by its
# own length.
# Numbers and slices keep the distances in memory regular, so strides can describe the
# result: a view.
# A list can name any rows in any order, so PyTorch has to copy.
#
# The last picture is the surprise.
# Two lists do not mean "these rows and these columns"; they are paired like a zip, and
# pick student 2 of class 0 and student 7 of class 3.
# For the block, index twice, or let a column of class numbers meet a row of student
# numbers.

block = book[[0, 3]][:, [2, 7]]
assert block.equal(book[torch.tensor([[0], [3]]), torch.tensor([2, 7])])
with eatorch.show_error(IndexError):
    book[[0, 3], [2, 7, 8]]
book[[0, 3], [2, 7]].shape, block.shape

# %%
# Two differences from NumPy are worth remembering.
# A step must be positive; :func:`torch.flip` turns an axis round, and copies.
# And a number and a list with a slice between them put the axes in another order than
# in NumPy, so write such an index in two steps.
# Out of range, all is as in Python: an index is an error, a *slice* is simply shorter.

with eatorch.show_error(ValueError):
    book[::-1]
with eatorch.show_error(IndexError):
    book[4]
assert kind(book.flip(0), book) == "copy"
ours, theirs = book[0, :, [1, 2]], book.numpy()[0, :, [1, 2]]
assert np.array_equal(ours.T, theirs)
print("torch", tuple(ours.shape), "numpy", theirs.shape)
book[2:99].shape

# %%
# What stands left of ``=`` is written to, copy or not: ``x[[0, 2]] = 5`` changes ``x``.
# But only the *last* pair of brackets writes.
# In ``x[[0, 2]][0] = 5`` the first pair has already made a copy, and the five is lost
# with it, without a word.

x = torch.zeros(3, 2)
x[[0, 2]][0] = 5  # lost
lost = x.tolist()
x[[0, 2]] = 5
lost, x.tolist()

# %%
# .. _structure-pick:
#
# Pick by number: ``index_select`` and ``take``
# ---------------------------------------------
# From here on we draw 4 students and 5 subjects of the first class, one colour per
# subject.
#
# - ``index_select(dim, index)`` takes whole rows or columns, like a list in brackets,
#   in the order and as often as you name them.
# - ``take(index)`` first thinks of the tensor as one long line, then takes from it; the
#   result has the shape of the index.

marks = book[0, :4, :5]
columns = torch.arange(5).expand(4, 5)  # the colour of each cell is its column
some, places = torch.tensor([3, 0, 3]), torch.tensor([[0, 6], [12, 18]])

ax = canvas(22, 5.2, "index_select picks whole lines, take picks single cells")
draw(ax, (0, 1), "marks", marks, columns)
chosen = (marks.index_select(1, some), columns.index_select(1, some))
draw(ax, (6, 1), "index_select(1, [3, 0, 3])", *chosen)
chosen = (marks.index_select(0, some), columns.index_select(0, some))
draw(ax, (13, 1), "index_select(0, [3, 0, 3])", *chosen)
chosen = (marks.take(places), columns.take(places))
draw(ax, (19.5, 1), "take([[0, 6],\n  [12, 18]])", *chosen)
plt.show()

# %%
# :func:`torch.take` is the twin of ``np.take`` without an axis.
# With an axis, ``np.take`` is :func:`torch.index_select`.
# Both copy.
# ``index_select`` wants a vector of integers, and no negative ones, while brackets and
# ``take`` count them from the end.

with eatorch.show_error(IndexError):
    marks.index_select(1, torch.tensor([[3, 0]]))
with eatorch.show_error(RuntimeError):
    marks.index_select(1, torch.tensor([3.0, 0.0]))
with eatorch.show_error(RuntimeError):
    marks.index_select(1, torch.tensor([-1]))
marks.take(torch.tensor([-1])), marks[-1, -1]

# %%
# .. _structure-mask:
#
# Pick by condition: masks and where
# ----------------------------------
# A comparison gives a *boolean mask*, one yes or no per cell.
# Who passes? Sixty is enough, so the rule is ``>=``.
# A mask can select (:func:`torch.masked_select`), overwrite
# (:meth:`~torch.Tensor.masked_fill`), or choose between two tensors
# (:func:`torch.where`).
# ``index_fill`` overwrites by number what ``masked_fill`` overwrites by condition.

mask = marks >= 60
none = torch.full((4, 5), -1)
paint = torch.where(mask, columns, none)

ax = canvas(23, 12.4, "The same mask selects, fills, or chooses")
draw(ax, (0, 1), "marks", marks, paint)
draw(ax, (6, 1), "marks >= 60", mask, paint)
draw(ax, (12, 1), "where(mask, marks, 0)", torch.where(mask, marks, 0), paint)
draw(ax, (18, 1), "masked_fill(mask, 100)", marks.masked_fill(mask, 100), paint)
filled = (marks.index_fill(1, some, 0), none.index_fill(1, some, 1))
draw(ax, (0, 7), "index_fill(1, [3, 0, 3], 0)", *filled)
draw(ax, (7, 7), "masked_select(mask)", marks.masked_select(mask), columns[mask])
found = mask[:2].nonzero().T  # where is the mask true, in the first two rows?
draw(ax, (7, 10), "mask[:2].nonzero().T", found, columns[0, found[1]].expand(2, -1))
plt.show()

# %%
# Shape rule: ``where`` and ``masked_fill`` keep the shape, and the three arguments of
# ``where`` broadcast.
# ``masked_select``, which is ``marks[mask]``, gives a *vector* in reading order,
# because the survivors no longer form rows.
# Its length depends on the data; :func:`torch.nonzero` tells the places, one row each.
# All of them copy, and ``masked_fill_`` writes in place.
#
# Inside brackets the shape of the mask must match the axes it stands for, from the
# left.
# A mask of students selects whole rows; a mask of subjects needs ``:`` in front.
# Join masks with ``&``, ``|`` and ``~``; Python's ``and`` and ``or`` want one yes or no
# for the whole tensor, and a mask has none.

good = marks.float().mean(dim=0) >= 65  # (5,): one answer per subject
with eatorch.show_error(IndexError):
    marks[good]
with eatorch.show_error(RuntimeError):
    marks[(marks >= 60) and (marks < 90)]
between = (marks >= 60) & (marks < 90)  # the brackets are needed: & binds tightly
assert marks.masked_select(good).equal(marks[:, good].flatten())
marks[:, good].shape, between.sum()

# %%
# The assertion shows a trap: ``masked_select`` broadcasts its mask, the brackets do
# not.
# A mask must also really be boolean.
# Zeros and ones in brackets are *places*, and quietly pick the students 1, 0, 1 and 0:

flags = torch.tensor([1, 0, 1, 0])
with eatorch.show_error(RuntimeError):
    marks.masked_fill(flags[:, None], 0)
with eatorch.show_error(RuntimeError):
    torch.where(marks, 1, 0)
marks[flags].shape, marks[flags.bool()].shape, torch.where(flags.bool())

# %%
# With a condition alone, ``where`` is ``nonzero`` as a tuple, one vector per axis,
# ready to be used as an index.
# That is how NumPy does it, too.
#
# .. _structure-gather:
#
# gather: every row picks for itself
# ----------------------------------
# ``index_select`` takes the *same* columns from all rows.
# Often each row wants its own: the best subject of each student, the probability of the
# true class of each sample, the action that each player chose.
# That is :func:`torch.gather`.
# Say it in one sentence:
#
# *The result has the shape of the index; each cell keeps its place, except along*
# ``dim``, *where the index says from where.*
#
# .. math::
#
#    \text{dim} = 1: \quad \text{result}[i, j] = \text{source}[i, \text{index}[i, j]]
#
# .. math::
#
#    \text{dim} = 0: \quad \text{result}[i, j] = \text{source}[\text{index}[i, j], j]
#
# In the picture a colour stands for a number in the index: for a column above, and for
# a row below.

table = marks[:3, :4]
column = torch.arange(4).expand(3, 4)
row = torch.arange(3)[:, None].expand(3, 4)
across = torch.tensor([[0, 3], [2, 2], [1, 0]])
down = torch.tensor([[0, 2, 1, 2], [1, 1, 0, 0]])

ax = canvas(17, 9.2, "gather: the index says from which column, or from which row")
draw(ax, (0, 1), "table", table, column)
draw(ax, (6, 1), "index", across, across)
draw(ax, (12, 1), "table.gather(1, index)", table.gather(1, across), across)
draw(ax, (0, 6), "table", table, row)
draw(ax, (6, 6), "index", down, down)
draw(ax, (12, 6), "table.gather(0, index)", table.gather(0, down), down)
plt.show()

# %%
# Check it against the loops of the definition, and against NumPy, which calls it
# ``take_along_axis``.
# Gathering from a table that holds its own column numbers returns the index itself,
# which is why index and result could share their colours.

by_hand = [[table[i, across[i, j]].item() for j in range(2)] for i in range(3)]
assert table.gather(1, across).tolist() == by_hand
assert column.gather(1, across).equal(across)
assert np.array_equal(
    table.gather(0, down), np.take_along_axis(table.numpy(), down.numpy(), 0)
)

best = marks.argmax(dim=1, keepdim=True)  # (student, 1): which subject was best?
marks.gather(1, best).squeeze(1), marks[torch.arange(4), best.squeeze(1)]

# %%
# Shape rules: source and index have equally many axes; apart from ``dim``, the index is
# at most as long as the source (rows that it does not reach are left out); along
# ``dim`` it may have any length.
# The dtype of the index is ``int64`` or ``int32``.
# Nothing broadcasts, and negative numbers are refused.

with eatorch.show_error(RuntimeError):
    marks.gather(1, best.squeeze(1))  # (4,): an axis is missing
with eatorch.show_error(RuntimeError):
    marks.gather(1, best.float())
with eatorch.show_error(RuntimeError):
    marks.gather(1, torch.zeros(8, 1, dtype=torch.int64))  # eight rows, four students
with eatorch.show_error(RuntimeError):
    marks.gather(1, best - 5)

# %%
# The first error is the most common one: labels have shape ``(n,)``, so write
# ``labels[:, None]``.
# Where you do want broadcasting and counting from the end, use
# :func:`torch.take_along_dim`.
#
# With three axes people stumble most.
# Say each class has an exam in one subject today, and we want the grades of all its
# students in that subject.
# Give the index three axes, and *expand* it along those that should be taken whole.

today = torch.tensor([1, 6, 0, 3])  # (class,)
index = today[:, None, None].expand(4, 10, 1)
taken = book.gather(2, index).squeeze(2)  # (class, student)
assert taken.equal(torch.take_along_dim(book, today[:, None, None], 2).squeeze(2))
assert taken.equal(torch.stack([book[c, :, s] for c, s in enumerate(today)]))
taken.shape

# %%
# .. _structure-scatter:
#
# scatter: the way back
# ---------------------
# :func:`torch.scatter` is ``gather`` read backwards: the index says *to* where.
#
# .. math::
#
#    \text{dim} = 1: \quad \text{result}[i, \text{index}[i, j]] = \text{source}[i, j]
#
# So it needs a tensor to write to, which gives the shape of the result.
# In the lower half, two cells of the source want the same place.

source = torch.tensor([[10, 20], [30, 40], [50, 60]])
twice = torch.tensor([[0, 3], [2, 2], [1, 1]])
zeros, grey = torch.zeros(3, 4, dtype=torch.int64), torch.full((3, 4), -1)

ax = canvas(20, 9.2, "scatter: the index says to which column, and scatter_add adds")
draw(ax, (0, 1), "source", source, across)
draw(ax, (4, 1), "index", across, across)
spread = (zeros.scatter(1, across, source), grey.scatter(1, across, across))
draw(ax, (8, 1), "zeros.scatter(1, index, source)", *spread)
draw(ax, (0, 6), "source", source, twice)
draw(ax, (4, 6), "index", twice, twice)
spread = grey.scatter(1, twice, twice)
draw(ax, (8, 6), "scatter_add", zeros.scatter_add(1, twice, source), spread)
highest = zeros.scatter_reduce(1, twice, source, reduce="amax")
draw(ax, (14, 6), 'scatter_reduce, "amax"', highest, spread)
plt.show()

# %%
# With duplicates, plain ``scatter`` keeps *one* of the candidates, and nobody promises
# which: on a GPU it can change from run to run, and users have reported that CPU and
# GPU disagree (for example in PyTorch's issue 133204).
# Its gradient is then wrong, too, as the documentation warns.
# Say what should happen instead: add (:func:`torch.scatter_add`), or take the largest,
# smallest or mean (:func:`torch.scatter_reduce`; the old value takes part, unless you
# say ``include_self=False``).
# Brackets have the same trap, and NumPy with them:

votes = torch.tensor([2, 0, 2, 2])
lost, kept = torch.zeros(3), torch.zeros(3)
lost[votes] += 1  # reads, adds, writes: three votes for 2 become one
kept.scatter_add_(0, votes, torch.ones(4))
assert kept.tolist() == torch.bincount(votes).tolist()
lost, kept

# %%
# Rules: source and target have one dtype, and all three have equally many axes.
# The index is nowhere longer than the source, and nowhere but along ``dim`` longer than
# the target.
# ``scatter`` copies the target first, ``scatter_`` writes into it.
# NumPy says ``put_along_axis`` and ``np.add.at``.
#
# The uses come in pairs.
# What gathers forwards, scatters backwards: the gradient of ``gather`` (see
# :ref:`autograd`) is a ``scatter_add``, so a cell that was picked three times gets
# three times the gradient.
# And scattering a 1 into zeros makes *one-hot* rows.

weight = torch.zeros(3, requires_grad=True)
weight.gather(0, votes).sum().backward()
assert weight.grad.equal(kept)

with eatorch.show_error(RuntimeError):
    torch.zeros(3).scatter(0, votes, torch.ones(4, dtype=torch.int64))
one_hot = torch.zeros(4, 3, dtype=torch.int64).scatter(1, votes[:, None], 1)
assert one_hot.equal(functional.one_hot(votes, 3))
one_hot

# %%
# For whole rows :meth:`~torch.Tensor.index_add` saves you from expanding the index.
# It answers a question that comes up with every table: what is the mean *per group*?

groups = torch.tensor([0, 1, 0, 1])  # (student,)
sums = torch.zeros(2, 5).index_add(0, groups, marks.float())  # (group, subject)
index = groups[:, None].expand(4, 5)
assert sums.equal(torch.zeros(2, 5).scatter_add(0, index, marks.float()))
assert sums[0].equal(marks[groups == 0].sum(dim=0).float())
sums / groups.bincount()[:, None]

# %%
# .. _structure-which:
#
# Which one do you need?
# ----------------------
# .. list-table::
#    :header-rows: 1
#
#    * - You want
#      - Write
#      - Shape of the result
#    * - a regular block
#      - ``x[2:5, ::2]``
#      - an axis per slice
#    * - the same rows for all columns
#      - ``x[rows]`` or ``x.index_select(0, rows)``
#      - as many rows as indices
#    * - single cells, named by coordinates
#      - ``x[rows, columns]``
#      - that of the indices
#    * - from each row cells of its own
#      - ``x.gather(1, index)``
#      - that of the index
#    * - all cells that meet a condition
#      - ``x[mask]``
#      - a vector
#    * - one of two values in each cell
#      - ``torch.where(mask, x, y)``
#      - all three, broadcast
#    * - to write into each row at places of its own
#      - ``x.scatter_(1, index, source)``
#      - that of ``x``
#    * - to add up whatever has the same label
#      - ``x.scatter_add_(0, index, source)`` or ``x.index_add_(0, labels, source)``
#      - that of ``x``
#
# .. _structure-shape:
#
# Fold the line anew: view
# ------------------------
# :ref:`tensor-view` explained *when* ``view`` works.
# Now we look at *where the cells go*, beside the operation that it is confused with.
# With ``view(-1, 8)`` the columns are fixed at eight, and PyTorch works out the rows:
# 16 numbers by 8 make 2.

hue = torch.arange(4)[:, None].expand(4, 4)
cube, sheet = torch.arange(24).view(2, 3, 4), torch.arange(2)[:, None, None]
sheet = (sheet + 4).expand(2, 3, 4)

ax = canvas(23, 12.4, "view keeps the reading order, transpose and permute do not")
draw(ax, (0, 1), "square", square, hue)
draw(ax, (5, 1), "square.view(-1, 8)", square.view(-1, 8), hue.reshape(-1, 8))
draw(ax, (14, 1), "square.T", square.T, hue.T)
draw(ax, (19, 1), "square[:, 1:3]", square[:, 1:3], hue[:, 1:3])
for n in range(2):
    draw(ax, (5 * n, 7), f"cube[{n}]", cube[n], sheet[n])
for n in range(4):
    moved, paint = cube.permute(2, 0, 1)[n], sheet.permute(2, 0, 1)[n]
    draw(ax, (12 + 4 * (n % 2), 7 + 3 * (n // 2)), f"permuted[{n}]", moved, paint)
plt.show()

# %%
# ``view`` lets you read on as before, line by line, and only the line breaks move.
# ``T`` has the same shape as ``view(4, 4)`` would, and different cells.
# ``permute(2, 0, 1)`` builds each new axis from the old axis of that number: the new
# first axis is the old axis 2, so ``permuted[0]`` collects the first column of every
# sheet.
#
# .. _structure-order:
#
# Move axes: transpose, permute, movedim
# --------------------------------------
# Four names move axes:
#
# - :func:`torch.permute` lists *all* axes in their new order.
# - :func:`torch.transpose` swaps any two; ``mT`` swaps the last two, and so transposes
#   every matrix of a batch.
# - :func:`torch.movedim` (in NumPy ``moveaxis``) moves one and lets the others close
#   up.
#
# All are views, whatever the size.
# Moving a channel axis with ``transpose`` is a classic slip: it swaps height and width,
# too.

photo = eatorch.data.photo("china")  # (height, width, channel)
moved, swapped = photo.movedim(-1, 0), photo.transpose(0, 2)
assert moved.equal(photo.permute(2, 0, 1))
assert swapped.equal(moved.mT)  # the picture lies on its side
with eatorch.show_error(RuntimeError):
    photo.permute(2, 0, 0)
moved.shape, swapped.shape, kind(moved, photo)

# %%
# .. _structure-merge:
#
# When view fails and reshape copies
# ----------------------------------
# What may ``view`` do with moved axes?
# It can always *split* an axis, and insert or drop axes of size 1.
# It can *merge* two neighbours only if one step along the left axis is as far in memory
# as a whole walk along the right one:
#
# .. math::
#
#    \text{stride}_i = \text{stride}_{i + 1} \cdot \text{size}_{i + 1}
#
# After a transpose, the condition fails where two axes follow each other that did not
# do so before.
# After a slice such as ``square[:, 1:3]``, it fails because between two rows some cells
# are left out.

turned = cube.transpose(0, 1)  # (3, 2, 4)
print("strides", turned.stride(), "contiguous:", turned.is_contiguous())
print("split works:", tuple(turned.view(3, 2, 2, 2).shape))
with eatorch.show_error(RuntimeError):
    turned.view(6, 4)  # merges axes 0 and 1: 4 is not 12 * 2
with eatorch.show_error(RuntimeError, lines=1):
    square[:, 1:3].view(8)  # strides (4, 1), sizes (4, 2): 4 is not 1 * 2
with eatorch.show_error(RuntimeError):
    square.view(-1, 5)
kind(turned.reshape(6, 4), cube), kind(turned.contiguous(), cube)

# %%
# The messages ask for different cures: the first two for :func:`torch.reshape`, which
# is a view where that is possible and copies where it is not, the last for other
# numbers.
# When you build a model, prefer names that say what you mean: ``flatten(1)`` merges
# everything after the batch axis, ``unflatten`` splits an axis.
#
# .. _structure-squeeze:
#
# Axes of size 1: squeeze and unsqueeze
# -------------------------------------
# ``squeeze`` drops axes of size 1, ``unsqueeze`` adds one, and indexing with ``None``
# does so as well.
# Always tell ``squeeze`` which axis.
# Without it, a batch that happens to hold a single sample loses its batch axis, and the
# program fails on the last batch of the epoch.

batch = torch.zeros(1, 10, 1)  # one sample
assert batch.squeeze(2).shape == (1, 10)
assert batch.squeeze(1).shape == (1, 10, 1)  # not of size 1: nothing happens
with eatorch.show_error(IndexError):
    batch.unsqueeze(4)
batch.squeeze().shape, numbers.unsqueeze(0).shape, numbers[:, None].shape

# %%
# .. _structure-join:
#
# Join and split: cat, stack, split, chunk
# ----------------------------------------
# :func:`torch.cat` glues tensors together along an axis that they have;
# :func:`torch.stack` puts them side by side along a *new* axis.
# Hence ``stack`` needs equal shapes, and ``cat`` equal sizes except along ``dim``.

a, b = torch.arange(6).view(2, 3), torch.arange(10, 16).view(2, 3)
ca, cb = torch.zeros_like(a), torch.ones_like(b)
line, tint = torch.arange(10), torch.arange(10) // 3

ax = canvas(22, 9.4, "cat lengthens an axis, stack adds one, split takes apart")
draw(ax, (0, 1), "a (2, 3)", a, ca)
draw(ax, (0, 4), "b (2, 3)", b, cb)
draw(ax, (4, 1), "cat dim 0 (4, 3)", torch.cat([a, b]), torch.cat([ca, cb]))
draw(ax, (9, 1), "cat dim 1 (2, 6)", torch.cat([a, b], 1), torch.cat([ca, cb], 1))
for n, (part, paint) in enumerate(zip((a, b), (ca, cb), strict=True)):
    draw(ax, (9 + 4 * n, 4), f"stack[{n}]", part, paint)
for left, part in zip((0, 5, 9, 13), line.split(3), strict=True):
    draw(ax, (left, 7.4), f"line.split(3)[{left // 4}]", part, tint[part])
plt.show()

# %%
# The check: ``stack`` is ``unsqueeze`` and then ``cat``, and ``unbind`` takes it apart.
# ``cat`` and ``stack`` copy, because the parts lie in different places.
# Both want *one list* of tensors, and forgetting its brackets is the first mistake
# below.

assert torch.stack([a, b], 1).equal(torch.cat([a[:, None], b[:, None]], 1))
with eatorch.show_error(TypeError):
    torch.cat(a, b)
with eatorch.show_error(RuntimeError):
    torch.cat([a, b[:, :2]])
with eatorch.show_error(RuntimeError):
    torch.cat([a, line])
with eatorch.show_error(RuntimeError):
    torch.stack([a, b[:, :2]])
[tuple(torch.stack([a, b], dim).shape) for dim in (0, 1, 2)]

# %%
# Read such messages from the end: tensor number 1 is the second in the list.
# Mixed dtypes are promoted.
# And do not call ``cat`` inside a loop to grow a tensor: every call copies all that was
# there; collect a list and join once.
#
# Splitting needs no copy, all parts are views.
# There are four ways to say how:

ten = torch.arange(10)
ways = {
    "split(4): size of a part": ten.split(4),
    "split([2, 3, 5]): all sizes": ten.split([2, 3, 5]),
    "chunk(4): how many at most": ten.chunk(4),
    "tensor_split(4): how many": ten.tensor_split(4),
    "six numbers, chunk(4)": torch.arange(6).chunk(4),
}
for way, parts in ways.items():
    print(f"{way:28}", [len(part) for part in parts])
with eatorch.show_error(RuntimeError):
    ten.split([3, 3])
kind(ten.chunk(4)[2], ten), len(book.unbind(0))

# %%
# ``chunk`` rounds the size of a part up, so it can run out of numbers early: asked for
# four parts of six numbers it returns three.
# :func:`torch.tensor_split` always keeps its promise, as ``np.array_split`` does.
#
# .. _structure-repeat:
#
# Repeat: expand is a view, repeat a copy
# ---------------------------------------
# :meth:`~torch.Tensor.expand` stretches axes of size 1 and adds axes on the left,
# without moving anything: its stride along such an axis is 0, so every step returns to
# the same number.
# :meth:`~torch.Tensor.repeat` really writes the copies, like tiles; it counts *times*,
# where ``expand`` names *sizes*.
# :func:`torch.repeat_interleave` repeats each number on the spot.

three, three_hues = torch.tensor([7, 8, 9]), torch.tensor([0, 1, 2])
upright, upright_hues = three[:, None], three_hues[:, None]

ax = canvas(22, 5, "Stretch, tile, or repeat on the spot")
draw(ax, (0, 1), "(3, 1)", upright, upright_hues)
stretched = (upright.expand(3, 4), upright_hues.expand(3, 4))
draw(ax, (2, 1), "expand(3, 4)", *stretched)
draw(ax, (7, 1), "(3,)", three, three_hues)
tiled = (three.repeat(2, 2), three_hues.repeat(2, 2))
draw(ax, (7, 3), "repeat(2, 2)", *tiled)
spot = (three.repeat_interleave(2), three_hues.repeat_interleave(2))
draw(ax, (15, 1), "repeat_interleave(2)", *spot)
plt.show()

# %%
# Beware of the names: PyTorch's ``repeat`` is NumPy's ``np.tile``, and NumPy's
# ``np.repeat`` is PyTorch's ``repeat_interleave``.
# The twin of ``expand`` is ``np.broadcast_to``.
# A view with stride 0 is cheap, but many cells are one number, so do not write to it.
# PyTorch stops in-place *arithmetic*; a single cell it lets you write, and the whole
# row changes, and the source with it.

wide = upright.expand(3, 4)
print(wide.stride(), upright.repeat(1, 4).stride(), kind(wide, upright))
with eatorch.show_error(RuntimeError):
    wide.add_(1)
with eatorch.show_error(RuntimeError):
    three.expand(3, 4)  # (3,) is a row of three: 3 is not 1
with eatorch.show_error(RuntimeError):
    upright.repeat(4)
wide[0, 0] = 0
safe = wide.clone()  # numbers of its own: write as you like
wide, three

# %%
# Which one to use?
# For arithmetic neither, broadcasting expands for you.
# For reading, ``expand``; when you want to write into the result, ``expand`` and then
# ``clone()``, or ``repeat``.
# In ``expand``, -1 means "leave this axis alone".
#
# .. _structure-unfold:
#
# unfold: sliding windows without a copy
# --------------------------------------
# :meth:`~torch.Tensor.unfold` is called as ``x.unfold(dim, size, step)`` and cuts
# windows out of an axis.
# Windows may overlap and still nothing is copied: both axes step along the same line.
# The axis now counts windows, and a new *last* axis counts within a window.
#
# .. math::
#
#    \text{windows} = \left\lfloor \frac{\text{length} - \text{size}}{\text{step}}
#    \right\rfloor + 1

walk, shades = torch.arange(8), torch.arange(8) % 7

ax = canvas(20, 7.4, "Each row is a window: step 1 overlaps, a long step leaves gaps")
draw(ax, (0, 1), "walk", walk, shades)
draw(ax, (10, 1), "unfold(0, 3, 1)", walk.unfold(0, 3, 1), shades.unfold(0, 3, 1))
draw(ax, (14, 1), "unfold(0, 3, 3)", walk.unfold(0, 3, 3), shades.unfold(0, 3, 3))
draw(ax, (0, 4), "unfold(0, 2, 4)", walk.unfold(0, 2, 4), shades.unfold(0, 2, 4))
plt.show()

# %%
# With ``(0, 3, 3)`` the last two numbers are missing: a window that does not fit is
# dropped in silence, so check the length, or pad first.
# NumPy's twin is ``sliding_window_view`` with a step.
# A moving average is one line.

windows = walk.unfold(0, 3, 1)
twin = np.lib.stride_tricks.sliding_window_view(walk.numpy(), 3)
assert np.array_equal(windows, twin)
with eatorch.show_error(RuntimeError):
    walk.unfold(0, 9, 1)
windows.stride(), kind(windows, walk), windows.float().mean(dim=1)

# %%
# ``unfold``, used twice, cuts a picture into tiles, which is how a vision transformer
# begins.
# The channel axis stays where it was, and the axes within a tile go to the end.
# To see the tiles we colour a frame round each, and move the axes back to
# ``(tile row, y, tile column, x, channel)``, where neighbours can be merged.
# ``randperm`` shuffles the tiles; their means make a mosaic.

tiles = photo.unfold(0, 70, 70).unfold(1, 70, 70)  # (6, 9, channel, y, x)
order = torch.randperm(54, generator=generator)
shuffled = tiles.flatten(0, 1)[order].unflatten(0, (6, 9))
mosaic = tiles.float().mean(dim=(3, 4), keepdim=True).byte().expand_as(tiles)

fig, axes = plt.subplots(1, 3, figsize=(7.6, 2.1), layout="constrained")
shown = {"tiles": tiles, "shuffled": shuffled, "mean of each tile": mosaic}
for ax, (name, pieces) in zip(axes, shown.items(), strict=True):
    framed = functional.pad(pieces[..., ::2, ::2], (2, 2, 2, 2), value=127)
    whole = framed.permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1)
    ax.imshow(whole.numpy())
    ax.set_title(name, fontsize=9)
    ax.axis("off")
fig.suptitle("Two unfolds cut the photo into 54 tiles")
plt.show()

# %%
# 427 is no multiple of 70, so the lowest seven rows of pixels and ten columns at the
# right are gone.
# Do not mix this method up with :func:`torch.nn.functional.unfold`.
# That one works on a batch ``(batch, channel, height, width)``, *copies*, and writes
# every tile into one column; :func:`torch.nn.functional.fold` adds the columns back
# into a picture.

picture = photo.movedim(-1, 0)[None, :, :420, :630].float()
flat = functional.unfold(picture, 70, stride=70)  # (batch, 3 * 70 * 70, tiles)
assert flat[0, :, 10].equal(tiles[1, 1].float().flatten())  # 10 = row 1, column 1
assert functional.fold(flat, (420, 630), 70, stride=70).equal(picture)
tiles.shape, kind(tiles, photo), flat.shape

# %%
# .. _structure-table:
#
# All on one page
# ---------------
# The table below is a program: each line is run in PyTorch and in NumPy, the results
# are compared, and the storage is asked whether it was copied.
# First what picks:

t, n, i = book, book.numpy(), torch.tensor([3, 0])
at = today[:, None, None].expand(4, 10, 1)
pick = """
t[1] | n[1]
t[..., ::2] | n[..., ::2]
t[:, i] | n[:, i]
t[t >= 60] | n[n >= 60]
t.index_select(1, i) | np.take(n, i, axis=1)
t.take(i) | np.take(n, i)
t.gather(2, at) | np.take_along_axis(n, at.numpy(), axis=2)
torch.where(t >= 60, t, 0) | np.where(n >= 60, n, 0)
t.flip(0) | n[::-1]
t.diagonal() | np.diagonal(n)
"""

# %%
# Then what folds, joins and repeats:

fold = """
t.view(-1, 7) | n.reshape(-1, 7)
t.flatten(1) | n.reshape(4, -1)
t.permute(2, 0, 1) | n.transpose(2, 0, 1)
t.movedim(-1, 0) | np.moveaxis(n, -1, 0)
t.transpose(0, 2) | n.swapaxes(0, 2)
t.unsqueeze(0) | np.expand_dims(n, 0)
torch.cat((t, t)) | np.concatenate((n, n))
torch.stack((t, t), 1) | np.stack((n, n), 1)
t.split(3)[1] | np.split(n, [3])[1]
t.expand(2, 4, 10, 7) | np.broadcast_to(n, (2, 4, 10, 7))
t.repeat(2, 1, 1) | np.tile(n, (2, 1, 1))
t.repeat_interleave(2, 0) | np.repeat(n, 2, 0)
"""

# %%
# And now all of them run:

for entry in (pick + fold).split("\n"):
    if entry:
        ours, theirs = entry.split(" | ")
        result = eval(ours)
        assert np.array_equal(result, eval(theirs))
        shape = "x".join(map(str, result.shape))
        print(f"{ours:27}{theirs:42}{shape:10}{kind(result, t)}")

# %%
# The pattern in the last column: what strides can describe is a view; what has to pick
# at will, or to join, or to write repetitions, is a copy.
#
# .. admonition:: Then and now
#
#    - Older grade books let a student pass with ``grade > 60``. Sixty passes: ``>=``.
#    - Masks used to be ``uint8``. They still work as an index, with a warning that they
#      are deprecated; use ``bool``.
#    - ``scatter_(..., reduce="add")`` with a source tensor is deprecated in favour of
#      ``scatter_add_`` and ``scatter_reduce_``.
#    - ``x.T`` on anything but a matrix is deprecated: write ``mT`` or ``permute``.
#    - Models used to pass from convolutions to linear layers by
#      ``x.view(x.size(0), -1)``, which puzzled many readers. ``x.flatten(1)`` says the
#      same, and copies only if it must.
#
# .. _structure-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _structure-ex1:
#
# Exercise 13-1: questions to the grade book
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``ask(book)`` for a grade book of shape ``(class, student, subject)``.
# It returns a dictionary with five tensors:
#
# - ``"three"``: the grades of students 0, 4 and 9 of every class in subjects 1 and 5,
#   shape ``(class, 3, 2)``;
# - ``"passed"``: in how many subjects each student passed, with 60 or more, shape
#   ``(class, student)``;
# - ``"failed"``: all grades below 60 as a vector, in reading order;
# - ``"lifted"``: the book with every grade from 55 to 59 raised to 60;
# - ``"own"``: of student :math:`s` of each class the grade in subject :math:`s`, for
#   the first seven students, shape ``(class, 7)``.
#
# The book itself must not change.
#
# .. dropdown:: Hint
#
#    Two lists in one pair of brackets are paired, and that is what one of the five
#    wants and another does not.
#    Conditions are joined by ``&``, with round brackets.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def ask(book):
#           close = (book >= 55) & (book < 60)
#           each = torch.arange(7)
#           return {
#               "three": book[:, [0, 4, 9]][:, :, [1, 5]],
#               "passed": (book >= 60).sum(dim=2),
#               "failed": book[book < 60],
#               "lifted": book.masked_fill(close, 60),
#               "own": book[:, each, each],
#           }


def ask(book):
    """Return the answers to five questions, by name."""
    ...  # your code here


eatorch.check("13-1", ask)

# %%
# .. _structure-ex2:
#
# Exercise 13-2: the four modes of normal
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Predict for each of these seven calls the shape of the result as a tuple, or
# ``"error"``.
# Decide first, then run them.
#
# .. code-block:: python
#
#    torch.normal(0.0, 1.0, (2, 3))  # 1
#    torch.normal(torch.zeros(4), 1.0)  # 2
#    torch.normal(0.0, torch.ones(2, 1))  # 3
#    torch.normal(torch.zeros(4, 1), torch.ones(3))  # 4
#    torch.normal(0.0, 1.0)  # 5
#    torch.normal(torch.zeros(4), torch.ones(3))  # 6
#    torch.normal(torch.zeros(3), 1.0, (2, 3))  # 7
#
# .. dropdown:: Hint
#
#    Ask of each call: which argument decides the shape?
#    If there are two, do their shapes broadcast?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       shapes = [
#           (2, 3),  # two numbers: size decides
#           (4,),  # the mean decides
#           (2, 1),  # the standard deviation decides
#           (4, 3),  # both decide, and broadcast
#           "error",  # nobody decides
#           "error",  # 4 and 3 do not broadcast
#           "error",  # size belongs to two numbers only
#       ]

shapes = ...  # your code here

eatorch.check("13-2", shapes)

# %%
# .. _structure-ex3:
#
# Exercise 13-3: which views fail after a transpose?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Let ``y = torch.arange(24).view(2, 3, 4).transpose(1, 2)``, of shape ``(2, 4, 3)``.
# Answer for each call with ``"view"`` if it works and with ``"error"`` if it does not.
#
# .. code-block:: python
#
#    y.view(24)  # 1
#    y.view(2, 12)  # 2
#    y.view(8, 3)  # 3
#    y.view(2, 2, 2, 3)  # 4
#    y.view(2, 4, 1, 3)  # 5
#    y.transpose(1, 2).view(6, 4)  # 6
#    y[:, 1].view(6)  # 7
#
# .. dropdown:: Hint
#
#    Write the strides of ``y`` down, beside its sizes.
#    Splitting is always allowed; for merging there is a rule with two strides and one
#    size.
#
# .. dropdown:: Solution
#
#    The strides of ``y`` are ``(12, 1, 4)``.
#
#    .. code-block:: python
#
#       verdicts = [
#           "error",  # merges all three
#           "error",  # merges axes 1 and 2: 1 is not 4 * 3
#           "error",  # merges axes 0 and 1: 12 is not 1 * 4
#           "view",  # splits the 4
#           "view",  # inserts an axis of size 1
#           "view",  # transposed back, it is contiguous again
#           "view",  # strides (12, 4) with sizes (2, 3): 12 is 4 * 3
#       ]

verdicts = ...  # your code here

eatorch.check("13-3", verdicts)

# %%
# .. _structure-ex4:
#
# Exercise 13-4: chunk 7 by 3
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^
# How long are the parts of seven numbers in three chunks, and what is the rule?
# Write ``chunk_sizes(length, chunks)`` that returns the list of sizes which
# :func:`torch.chunk` gives, without calling ``chunk``, for ``length`` and ``chunks``
# of at least 1.
#
# .. dropdown:: Hint
#
#    All parts but the last have one size.
#    It is rounded up, and the last part gets what is left, if anything is.
#
# .. dropdown:: Solution
#
#    Seven in three chunks are 3, 3 and 1.
#
#    .. code-block:: python
#
#       def chunk_sizes(length, chunks):
#           size = -(-length // chunks)  # rounded up
#           return [min(size, length - start) for start in range(0, length, size)]


def chunk_sizes(length, chunks):
    """Return the sizes of the parts that ``torch.chunk`` would make."""
    ...  # your code here


eatorch.check("13-4", chunk_sizes)

# %%
# .. _structure-ex5:
#
# Exercise 13-5: the score of the true class
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A classifier returns ``scores`` of shape ``(sample, class)``, and ``labels`` of shape
# ``(sample,)`` hold the true classes.
# Write ``true_scores(scores, labels)`` that returns the score of the true class of each
# sample, shape ``(sample,)``, without a loop.
# The cross entropy is built on this line.
#
# .. dropdown:: Hint
#
#    Every row picks for itself.
#    The index needs as many axes as the source, and the result has one too many.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def true_scores(scores, labels):
#           return scores.gather(1, labels[:, None]).squeeze(1)


def true_scores(scores, labels):
    """Return the score of the true class of each sample."""
    ...  # your code here


eatorch.check("13-5", true_scores)

# %%
# .. _structure-summary:
#
# In one minute
# -------------
# - Ask two questions of every operation: which cell goes where, and is it a view or a
#   copy?
# - Numbers and slices cut out views; lists, masks, ``index_select``, ``take`` and
#   ``gather`` copy. Two lists are paired.
# - ``gather``: the result looks like the index, and the index says *from* where along
#   ``dim``. ``scatter``: *to* where. With duplicates, use ``scatter_add``.
# - ``view`` moves line breaks, ``permute`` and ``movedim`` move axes. ``view`` merges
#   only what lies side by side in memory.
# - ``cat`` lengthens an axis, ``stack`` adds one; ``split`` and ``chunk`` give views.
# - ``expand`` repeats without memory, so never write to it; ``repeat`` is ``np.tile``.
# - ``unfold`` makes windows without a copy, and drops what does not fit.
#
# .. _structure-next:
#
# Read next
# ---------
# - :ref:`math` calculates with tensors: element by element, along axes, and as
#   matrices.
# - :ref:`tensor` explains storage and strides, on which every view rests.
# - :ref:`data` collects samples into batches, which is ``stack`` at work.
