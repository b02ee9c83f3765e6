"""
.. _hello:

Hello, PyTorch
==============

Check that PyTorch works on your machine, and meet the two things it does for you.

:Level: 1
:Hours: 0.3
:Day: 0
:Data: none
"""

import platform

import matplotlib.pyplot as plt
import torch

import eatorch

# %%
# .. _hello-versions:
#
# What is installed here?
# -----------------------
# Before anything else we ask the machine what it has.
# The table below was printed when this page was built; run the cell yourself and
# compare.
# An ending such as ``+cpu`` after the version of PyTorch names the build: ``+cpu``
# cannot use a GPU, ``+cu`` and a number can use one from NVIDIA.
# Without an ending, the build is the standard one for your system.

facts = {
    "Python": platform.python_version(),
    "PyTorch": torch.__version__,
    "system": platform.system(),
    "best device": eatorch.device(),
}
for name, value in facts.items():
    print(f"{name:<12} {value}")

# %%
# If you see four lines, the installation works.
# If ``import torch`` already failed, :doc:`/start/install` helps.
#
# .. _hello-product:
#
# The first product
# -----------------
# PyTorch keeps numbers in *tensors*: boxes of numbers with any number of axes.
# We make two with two axes each, that is two matrices.
# The brackets show the shape: ``row`` is one row of two numbers, ``column`` two rows of
# one number.

row = torch.tensor([[2, 1]])  # (1, 2)
column = torch.tensor([[-1], [2]])  # (2, 1)
row @ column

# %%
# ``@`` is the matrix product: multiply the numbers that meet, then add up.
#
# .. math:: 2 \cdot (-1) + 1 \cdot 2 = 0
#
# The answer is again a matrix, with one row and one column, hence the double brackets.
# :meth:`~torch.Tensor.item` takes the plain Python number out of a tensor that holds
# just one.

number = (row @ column).item()
print(f"The product is {number}, an ordinary {type(number).__name__}.")

# %%
# Zero is no accident.
# Read each pair of numbers as an arrow, so many steps to the right and so many up, and
# the product tells how much of one arrow lies along the other.
# Here it is nothing at all.

figure, axes = plt.subplots(figsize=(5, 3.6), layout="constrained")
for name, matrix, color in (("row", row, "C0"), ("column", column, "C1")):
    right, up = matrix.flatten().tolist()
    axes.arrow(0, 0, right, up, width=0.04, length_includes_head=True, color=color)
    axes.text(right, up + 0.15, f"{name} ({right}, {up})", ha="center")
axes.set_title("The arrows meet at a right angle, so their product is 0")
axes.set(xlabel="steps to the right", ylabel="steps up")
axes.set(xlim=(-2, 3), ylim=(-0.2, 2.6), aspect="equal")
plt.show()

# %%
# .. _hello-shapes:
#
# Shapes that fail, and why
# -------------------------
# Everybody meets shape errors, so we meet them now, on purpose.
# The cell tries all four products of our two matrices and prints either the shape of
# the result or the message that PyTorch gives.


def attempt(name, left, right):
    try:
        print(f"{name:<16} shape {tuple((left @ right).shape)}")
    except RuntimeError as error:
        print(f"{name:<16} {error}")


attempt("row @ column", row, column)
attempt("column @ row", column, row)
attempt("row @ row", row, row)
attempt("column @ column", column, column)

# %%
# Write the two shapes side by side and look at the two numbers in the middle: they have
# to be equal.
# The two outer numbers are the shape of the result.
#
# .. list-table::
#    :header-rows: 1
#
#    * - product
#      - shapes
#      - the middle
#      - result
#    * - ``row @ column``
#      - (1, 2) and (2, 1)
#      - 2 and 2: equal
#      - (1, 1)
#    * - ``column @ row``
#      - (2, 1) and (1, 2)
#      - 1 and 1: equal
#      - (2, 2)
#    * - ``row @ row``
#      - (1, 2) and (1, 2)
#      - 2 and 1: not equal
#      - an error
#    * - ``column @ column``
#      - (2, 1) and (2, 1)
#      - 1 and 2: not equal
#      - an error
#
# The reason is in the sum above: each number of a row on the left needs a partner in a
# column on the right.
# With ``row @ row`` there are two numbers on the left and only one partner.
#
# An error is the good case, because you notice it.
# Worse is a slip that runs: ``*`` instead of ``@``.
# It multiplies number by number and stretches the shorter axes until the shapes fit, so
# four numbers come out where one was wanted.

row * column

# %%
# Shapes are the first suspect, the kind of number is the second.
# ``row`` holds integers; if the other matrix holds floating-point numbers, the product
# stops.

try:
    row @ column.float()
except RuntimeError as error:
    print(error)

# %%
# ``long int`` is what C++ calls ``int64``.
# The cure is to make both alike: ``row.float() @ column.float()``.
# Most tensors in machine learning are ``float32`` from the start, which is what
# ``torch.tensor([[2.0, 1.0]])`` gives.
#
# .. _hello-pillars:
#
# What PyTorch is
# ---------------
# PyTorch stands on two pillars.
#
# * **A tensor library.** It computes with arrays of numbers, as NumPy does, on the CPU
#   or on a GPU.
#   You have just used it.
# * **A derivative package.** You compute something with tensors, in plain Python, and
#   it finds out how the result changes when the inputs change.
#   This is called *automatic differentiation*.
#
# The second pillar is *tape-based*: while your code runs, PyTorch notes each step as a
# tape recorder would, and then plays the tape backwards to get the derivatives.
# Everything else in PyTorch is built on these two.
#
# .. list-table::
#    :header-rows: 1
#
#    * - part
#      - what it is for
#    * - :mod:`torch`
#      - tensors and the mathematics on them (pillar one)
#    * - :mod:`torch.autograd`
#      - derivatives (pillar two)
#    * - :mod:`torch.nn`
#      - layers and losses: the parts of a neural network
#    * - :mod:`torch.optim`
#      - optimizers: they change a network's numbers so that its error falls
#    * - :mod:`torch.utils.data`
#      - data sets, and loaders that deal them out in batches
#
# .. _hello-gradient:
#
# The second pillar: one gradient
# -------------------------------
# Here is a valley with its lowest point at 1.
# We stand at 2.5 and tell PyTorch, with ``requires_grad=True``, to record what happens
# to ``x``.


def valley(x):
    return (x - 1) ** 2


x = torch.tensor(2.5, requires_grad=True)
height = valley(x)
height

# %%
# The height is 2.25, and ``grad_fn`` is the end of the tape: the last step was a power.
# :meth:`~torch.Tensor.backward` plays the tape backwards and leaves the slope in
# ``x.grad``.

height.backward()
x.grad

# %%
# The slope is 3: around this place the height grows three times as fast as ``x``.
# On paper the derivative of :math:`(x-1)^2` is :math:`2(x-1)`, which at 2.5 is 3 as
# well.
# We need not even trust the paper: we can walk a tiny step to each side and measure.

measured = (valley(2.51) - valley(2.49)) / 0.02
assert abs(measured - x.grad.item()) < 1e-6
print(f"measured {measured:.4f}, from backward() {x.grad.item():.4f}")

# %%
# In a picture, the slope is the steepness of the line that just touches the curve.

places = torch.linspace(-0.5, 3.5, 100)
line = height.item() + x.grad.item() * (places - x.item())
figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
axes.plot(places, valley(places), label="the valley")
axes.plot(places, line, "--", label="line with slope x.grad")
axes.plot(x.item(), height.item(), "o", color="C2", label="we stand here")
axes.set_title("The line with the slope from backward() touches the curve")
axes.set(xlabel="x", ylabel="height", ylim=(-0.7, 5))
axes.legend()
plt.show()

# %%
# A slope tells where *down* is: against it.
# One step that way, and we stand lower.

with torch.no_grad():  # moving is not part of what we want to record
    lower = x - 0.3 * x.grad
print(f"height {height.item():.2f} before, {valley(lower).item():.2f} after")

# %%
# That is how a network learns.
# Its error is the height, its millions of numbers are the ``x``, and PyTorch finds all
# the slopes at once.
#
# .. _hello-gpu:
#
# A GPU, if there is one
# ----------------------
# A GPU is a processor with thousands of small cores; PyTorch calls it an *accelerator*.
# You do not need one for these lessons.
# The question "is there one?" has an answer on every machine and never an error.

torch.accelerator.is_available()

# %%
# Many older programs end with a line that asks for the *name* of the GPU.
# Without a GPU from NVIDIA or AMD that line is an error, and the very first program
# fails.

try:
    print(torch.cuda.get_device_name(0))
except (AssertionError, RuntimeError) as error:
    print(f"{type(error).__name__}: {str(error).splitlines()[0]}")

# %%
# So ask first, and let one variable carry the answer.
# :func:`eatorch.device` does both: it gives the accelerator if there is one that works,
# else the CPU.
# The same two lines then run on every machine.
# We convert to floating point on the way, because many GPUs refuse to multiply integer
# matrices.

device = eatorch.device()
product = row.float().to(device) @ column.float().to(device)
print(f"On {product.device} the product is {product.item():.0f} too.")

# %%
# .. admonition:: Then and now
#
#    Older tutorials write ``"cuda" if torch.cuda.is_available() else "cpu"``.
#    It still works for GPUs from NVIDIA and AMD, and misses those of Intel and Apple.
#    Since version 2.6 :mod:`torch.accelerator` asks the same question for all of them.
#
#    They also multiply matrices with ``row.dot(column)``, which once laid both out
#    flat.
#    Today :func:`torch.dot` takes two tensors with one axis and refuses matrices; write
#    ``@``.
#
# .. _hello-threads:
#
# How many threads?
# -----------------
# A CPU has several cores too, and PyTorch spreads one large operation over them.
# This is how many threads it may use.

torch.get_num_threads()

# %%
# On your machine you will probably see the number of its cores.
# This site sets 1 when it runs a lesson, so that lessons which run side by side do not
# get in each other's way.
# On tensors as small as ours you will not notice a difference.
#
# .. _hello-exercises:
#
# Exercises
# ---------
# Each exercise has a stub, a piece of code with a hole.
# Fill the hole and run the cell: the last line checks your answer and tells you what it
# saw.
#
# .. _hello-ex1:
#
# Exercise 01-1: which versions are yours?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Download this lesson and run it in an environment of your own (:doc:`/start/install`).
# Then write a function that returns a dictionary with two entries: under ``"python"``
# the version of Python and under ``"torch"`` that of PyTorch, both as text and both
# asked from the machine, not typed in.
#
# .. dropdown:: Hint
#
#    Both are asked for under :ref:`hello-versions`.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def my_versions():
#           return {"python": platform.python_version(), "torch": torch.__version__}


def my_versions():
    """Return the versions of Python and PyTorch as text, in a dictionary."""
    ...  # your code here


eatorch.check("01-1", my_versions)

# %%
# .. _hello-ex2:
#
# Exercise 01-2: make it seven
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Change the numbers in ``row`` and ``column``, but not their shapes, until the product
# is 7.
# Your answer is the pair ``(row, column)``.
#
# .. dropdown:: Hint
#
#    The product is the sum of two small multiplications.
#    Keep one matrix, choose what the first multiplication gives, and make the second
#    give the rest.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       answer = (torch.tensor([[2, 1]]), torch.tensor([[3], [1]]))
#
#    Because :math:`2 \cdot 3 + 1 \cdot 1 = 7`.
#    There are endlessly many others.

answer = ...  # your code here

eatorch.check("01-2", answer)

# %%
# .. _hello-ex3:
#
# Exercise 01-3: which shapes fail?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write the rule of the matrix product as a function of two shapes, each a tuple such as
# ``(2, 3)``.
# It returns the shape of the product, or the text ``"fails"`` if PyTorch refuses.
# Before you run it, say aloud what happens with (2, 3) and (3, 4), and with (2, 3) and
# (2, 3), and why.
#
# .. dropdown:: Hint
#
#    Name the four numbers: ``rows, inner = left`` and ``partner, columns = right``.
#    Two of them decide whether it works, the other two are the result.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def product_shape(left, right):
#           rows, inner = left
#           partner, columns = right
#           return (rows, columns) if inner == partner else "fails"
#
#    (2, 3) and (3, 4) give (2, 4), because 3 equals 3.
#    (2, 3) and (2, 3) fail, because each row on the left has three numbers and each
#    column on the right has only two partners for them.


def product_shape(left, right):
    """Return the shape of the product of two matrices, or ``"fails"``."""
    ...  # your code here


eatorch.check("01-3", product_shape)

# %%
# .. _hello-remember:
#
# In one minute
# -------------
# * PyTorch is a tensor library and a derivative package; the rest is built on these
#   two.
# * ``@`` multiplies matrices. The two middle numbers of the shapes must agree, the two
#   outer ones are the result.
# * ``*`` multiplies number by number. It often runs where ``@`` was meant, and gives
#   something else.
# * ``requires_grad=True`` starts the record, ``backward()`` plays it backwards,
#   ``x.grad`` holds the slope.
# * Ask whether there is a GPU before you use it; :func:`eatorch.device` does.
#
# .. _hello-next:
#
# Read next
# ---------
# :ref:`tabular` is day 1 of the 20-day path: a whole model from data to prediction.
# If you would rather know the two pillars first, read :ref:`tensor` and then
# :ref:`autograd`.
