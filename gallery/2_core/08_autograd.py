"""
.. _autograd:

Automatic differentiation
=========================

Let PyTorch find every slope, see what it really computes, and walk downhill with it.

:Level: 3
:Hours: 1
:Day: 6
:Needs: :ref:`tensor`
:Data: none, only functions that you can check with pencil and paper

If this subject felt hard elsewhere, the words were probably to blame: leaf, graph,
Jacobian, accumulate.
Behind all of them is one school idea, the slope of a curve.
We take the words one at a time, and each comes with a number small enough to check by
hand.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.func import grad, hessian, jacfwd, jacrev, vmap

import eatorch

# %%
# .. _autograd-slope:
#
# Ask for a slope
# ---------------
# The *gradient* answers one question: if an input grows a little, how fast does the
# output grow?
# For the parabola :math:`y = x^2 - 2x` the rules from school give the slope
# :math:`2x - 2`, so at :math:`x = 3` it is 4.
# PyTorch finds the same number in two moves.
# ``requires_grad=True`` says "keep a record of what happens to this tensor".
# :meth:`~torch.Tensor.backward` reads the record from its end to its start and leaves
# the slope in ``x.grad``.


def parabola(x):
    """Return ``x**2 - 2*x``, which has its minimum -1 at ``x = 1``."""
    return x**2 - 2 * x


x = torch.tensor(3.0, requires_grad=True)
y = parabola(x)
y.backward()
x.grad

# %%
# Do not take that on trust.
# Push ``x`` a little to each side and divide the change of the output by the change of
# the input.
# This *difference quotient* needs no rule of calculus at all.

step = 1e-3
(parabola(3.0 + step) - parabola(3.0 - step)) / (2 * step)  # plain Python numbers

# %%
# Why then bother with ``backward``?
# Because the quotient has to choose a step, and every choice is wrong.
# A large step measures the wrong place, and a small one drowns in rounding, since
# ``float32`` keeps only about seven digits.
# Autograd takes no step: it applies the exact rule of each operation.
# It also needs one pass for a million inputs, where the quotient needs a million.

steps = torch.logspace(-7, 0, 36)
at = torch.tensor(3.0)
errors = ((parabola(at + steps) - parabola(at)) / steps - 4).abs()

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
curve = torch.linspace(-1, 5, 61)
left.plot(curve, parabola(curve))
left.plot(curve, y.item() + x.grad * (curve - 3), "--", label="slope 4")
left.plot(3, y.item(), "o", color="C1")
left.set(title="backward finds the tangent", xlabel="x", ylabel="y", ylim=(-4, 12))
left.legend()
right.loglog(steps, errors, "o-", markersize=3)
right.minorticks_off()
right.set(title="Every step size errs", xlabel="step", ylabel="error of the slope")
fig.suptitle("Autograd gives the exact slope; a difference quotient only comes near")
plt.show()

# %%
# .. _autograd-chain:
#
# Chain steps together
# --------------------
# A network is a long chain of simple functions.
# Take the shortest chain, :math:`z = g(f(x))`, with :math:`f(x) = 3x` and
# :math:`g(y) = y^2`.
# The chain rule multiplies the slopes of the links, and ``backward`` does just that,
# beginning at the end.
# PyTorch keeps gradients only for the tensors that *you* made, so we ask it with
# :meth:`~torch.Tensor.retain_grad` to keep those on the way too.

x = torch.tensor(2.0, requires_grad=True)
y = 3 * x
z = y**2
y.retain_grad()
z.retain_grad()
z.backward()
x.grad, y.grad, z.grad

# %%
# Read the picture from left to right above, and from right to left below.

fig, axes = plt.subplots(figsize=(8, 2), layout="constrained")


def boxed(place, height, text, shape, color):
    frame = {"boxstyle": shape, "facecolor": "none", "edgecolor": color}
    axes.text(place, height, text, ha="center", va="center", bbox=frame)


for place, (name, tensor) in enumerate({"x": x, "y": y, "z": z}.items()):
    boxed(place, 0.5, f"{name} = {tensor.item():g}", "round", "0.5")
    boxed(place, -0.5, f"dz/d{name} = {tensor.grad.item():g}", "round", "0.5")
links = [("f: times 3", x.grad / y.grad), ("g: square", y.grad / z.grad)]
for place, (rule, factor) in enumerate(links):
    boxed(place + 0.5, 0.5, rule, "rarrow", "C0")
    boxed(place + 0.5, -0.5, f"times {factor.item():g}", "larrow", "C1")
axes.set_title("Values run forward; slopes run back and are multiplied: 1, 12, 36")
axes.axis((-0.3, 2.3, -0.9, 0.9))
axes.axis("off")
plt.show()

# %%
# The backward row starts with 1, because ``z`` changes exactly as fast as ``z``.
# You may write that 1 yourself: ``z.backward()`` is short for
# ``z.backward(torch.tensor(1.0))``.
# Any other number simply scales the answer.
# Keep this in mind, it is the key to the section on several outputs.

for start in [1.0, 10.0]:
    x = torch.tensor(2.0, requires_grad=True)
    z = (3 * x) ** 2
    z.backward(torch.tensor(start))
    print(f"start with {start:4.1f}: x.grad = {x.grad.item():.0f}")

# %%
# Now the words, on the tensors that you have just seen:
#
# - A *leaf* is a tensor that no recorded operation made: ``x``.
#   ``backward`` leaves gradients in leaves that require them.
# - ``grad_fn`` is the recorded operation that made a tensor.
#   A leaf has none.
# - The *computation graph* is all of these records, tied together.
#   It is built anew each time your code runs.

x.is_leaf, x.grad_fn, z.is_leaf, z.grad_fn.name()

# %%
# .. _autograd-once:
#
# A record is read once
# ---------------------
# The rule for a square needs the value of ``y``, so the graph stores it.
# After ``backward`` PyTorch frees what was stored, and a second reading fails.
# It is one of the most common errors of all.
# :func:`eatorch.show_error` runs a block that must fail and prints what PyTorch says.

with eatorch.show_error(RuntimeError, lines=5):
    z.backward()

# %%
# The cure is nearly always to compute ``z`` again: it is cheap, and a training loop
# does it anyway.
# If you really need two readings of one graph, keep it with ``retain_graph=True``.
# But look what the second reading did: 72 instead of 36.

x = torch.tensor(2.0, requires_grad=True)
z = (3 * x) ** 2
z.backward(retain_graph=True)
z.backward()
x.grad

# %%
# .. _autograd-accumulate:
#
# Gradients add up
# ----------------
# ``backward`` *adds* to ``x.grad``, it does not replace.
# That is no accident.
# If ``x`` is used in several places, each place sends its share, and the slope is the
# sum of the shares.
# Here ``x * x`` is a use on the left and a use on the right: at 3 each sends 3.

x = torch.tensor(3.0, requires_grad=True)
(x * x).backward()
x.grad

# %%
# The same sum lets you send a large batch through in small pieces: the gradient of a
# sum of losses is the sum of their gradients.
# In a training loop, however, each round should begin with an empty ``x.grad``.
# We run six rounds without clearing and six with.

histories = {"never cleared": [], "cleared each round": []}
for name, history in histories.items():
    x = torch.tensor(3.0, requires_grad=True)
    for _ in range(6):
        if name == "cleared each round":
            x.grad = None
        (x**2).backward()
        history.append(x.grad.item())
    print(f"{name:18}", *history)

# %%
# The true slope is 6 in every round.
# Without clearing, the stored number climbs like a staircase, and a step along it would
# be too long by a factor that grows with each round.

fig, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
rounds = torch.arange(0.5, 7)
for name, history in histories.items():
    axes.stairs(history, rounds, baseline=None, linewidth=2.5, label=name)
axes.set(xlabel="round", ylabel="x.grad after backward", ylim=(0, 40))
axes.set_title("Without clearing, the gradient climbs by 6 in each round")
axes.legend()
plt.show()

# %%
# An *optimizer*, the object that takes the steps for you, clears all of its parameters
# with
# :meth:`~torch.optim.Optimizer.zero_grad`.
# Despite the name it stores ``None``, which saves memory and shows that nothing has
# arrived yet.
# ``set_to_none=False`` fills with zeros as in older days.
# The two differ: an optimizer passes over ``None``, but takes a step on a zero.
# With *momentum*, which keeps part of the speed of earlier steps, that step can still
# move the parameter.

for to_none in [True, False]:
    x = torch.tensor(3.0, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1, momentum=0.9)
    parabola(x).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=to_none)
    cleared, before = x.grad, x.item()
    optimizer.step()  # no backward since the last step
    print(f"x.grad = {cleared}: the idle step moved x by {x.item() - before:.2f}")

# %%
# .. _autograd-descend:
#
# Walk downhill
# -------------
# A slope tells which way is up, so its negative leads down.
# Repeat "find the slope, take a small step" and you have the method that trains every
# network.
# First try to write the step in the obvious way.

x = torch.tensor(3.0, requires_grad=True)
parabola(x).backward()
with eatorch.show_error(RuntimeError):
    x -= 0.1 * x.grad

# %%
# PyTorch refuses: overwriting a leaf in place would falsify what was recorded.
# Writing ``x = x - 0.1 * x.grad`` raises nothing, but is no better.
# The new ``x`` is the result of an operation and no longer a leaf, so the next
# ``backward`` leaves no gradient in it.

moved = x - 0.1 * x.grad
moved.is_leaf, moved.grad_fn.name()

# %%
# The step is no part of the function, so it should not be recorded at all.
# :class:`torch.no_grad` switches recording off for a block.

with torch.no_grad():
    x -= 0.1 * x.grad
x.grad = None
x

# %%
# :class:`torch.optim.SGD` packs these lines into ``step`` and ``zero_grad``.
# The factor in front of the slope, 0.1 above, is the *learning rate*.
# Five hundred steps with a learning rate of 0.01 bring us to the minimum at 1.


def descend(function, start, learning_rate, steps):
    """Return all places on the way down, shape ``(steps + 1, *start.shape)``."""
    x = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([x], lr=learning_rate)
    places = [start]
    for _ in range(steps):
        optimizer.zero_grad()
        function(x).backward()
        optimizer.step()
        places.append(x.detach().clone())
    return torch.stack(places)


start = torch.tensor(3.0)
slow = descend(parabola, start, learning_rate=0.01, steps=500)
slow[-1], parabola(slow[-1])

# %%
# Five hundred is a lot.
# The slope at ``x`` is twice the distance to the minimum, so a step with learning rate
# :math:`r` multiplies the distance by :math:`1 - 2r`.
# With 0.01 that is 0.98, hence the patience.
# With 0.4 it is 0.2, with 0.5 it is 0 and one step is enough, and with more than 1 we
# would be thrown out of the valley.

close = (slow[-1] - 1).abs()
for learning_rate in [0.01, 0.1, 0.4, 0.5]:
    places = descend(parabola, start, learning_rate, steps=500)
    needed = int(((places - 1).abs() <= close).nonzero()[0])
    print(f"learning rate {learning_rate:4}: steps needed {needed:3}")

# %%
# On a logarithmic scale a constant factor is a straight line.

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
left.plot(curve, parabola(curve), color="0.6")
for number, rate in enumerate([0.01, 0.1, 0.4, 0.8]):
    places, color = descend(parabola, start, rate, steps=40), f"C{number}"
    left.plot(places[:7], parabola(places[:7]), "o-", color=color, markersize=4)
    right.semilogy((places - 1).abs(), color=color, label=f"learning rate {rate}")
left.set(title="The first six steps", xlabel="x", ylabel="y")
left.set(xlim=(-1, 3.3), ylim=(-1.4, 3.6))
right.set(title="Distance to the minimum", xlabel="step", ylabel="distance")
right.set_ylim(1e-6, 9)
right.minorticks_off()
fig.legend(loc="outside right center")
fig.suptitle("Each step shrinks the distance by the same factor")
plt.show()

# %%
# With two inputs the gradient is an arrow that points straight uphill, across the
# contour lines.
# A long valley is the hard case: it is steep across and flat along.
# The steep direction limits the learning rate, the flat one pays for it.


def valley(point):
    """Return ``u**2 + 8 * v**2`` for ``point = (u, v)``."""
    return point[0] ** 2 + 8 * point[1] ** 2


u, v = torch.linspace(-4.5, 2, 80), torch.linspace(-2, 2, 80)
fig, panels = plt.subplots(1, 3, figsize=(8, 3), sharey=True, layout="constrained")
rates = {0.01: "0.01 crawls", 0.11: "0.11 arrives", 0.13: "0.13 is thrown out"}
for axes, (rate, verdict) in zip(panels, rates.items(), strict=True):
    path = descend(valley, torch.tensor([-4.0, 1.0]), rate, steps=25)
    axes.contour(u, v, valley([u, v[:, None]]), levels=12, colors="0.5", linewidths=0.7)
    axes.plot(path[:, 0], path[:, 1], "o-", color="C1", markersize=3, linewidth=1)
    axes.plot(0, 0, "*", color="C0", markersize=12)
    axes.set(title=verdict, xlabel="u", xlim=(-4.5, 2), ylim=(-2, 2))
panels[0].set_ylabel("v")
fig.suptitle("Twenty-five steps in a long valley: the steep side limits the rate")
plt.show()

# %%
# .. _autograd-vjp:
#
# Several outputs: ``gradient`` is a price list
# ---------------------------------------------
# So far the end of the chain was one number.
# Now take a function with *three* inputs and *two* outputs: a box of given width, depth
# and height in cm has a volume in cm³ and a surface in cm².
# "The slope of the outputs" would be six numbers, one for each pair, while ``x.grad``
# has room for three.
# So PyTorch asks back.


def box(size):
    """Map (width, depth, height) to (volume, surface)."""
    width, depth, height = size
    surface = 2 * (width * depth + depth * height + height * width)
    return torch.stack([width * depth * height, surface])


size = torch.tensor([2.0, 3.0, 4.0], requires_grad=True)  # cm
with eatorch.show_error(RuntimeError):
    box(size).backward()

# %%
# What is missing is a decision: how much does each output matter?
# Let filling cost 0.5 per cm³ of volume and paint 0.1 per cm² of surface.
# The price list has one entry for each *output*, so its shape is ``(2,)``.
# The answer has one entry for each *input*, shape ``(3,)``: what one more cm of width,
# depth or height costs.

prices = torch.tensor([0.5, 0.1])  # (volume, surface)
box(size).backward(gradient=prices)
size.grad  # (width, depth, height)

# %%
# So ``gradient`` is no mystery: it turns many outputs into one sum of money, and the
# slope of that sum is what you get.
# Writing the weighted sum yourself gives the same three numbers.

again = torch.tensor([2.0, 3.0, 4.0], requires_grad=True)
(prices * box(again)).sum().backward()
assert torch.equal(again.grad, size.grad)

# %%
# All six slopes form the *Jacobian*, with a row for each output and a column for each
# input.
# :func:`torch.func.jacrev` computes it.
# What ``backward`` gave us is the price list times this matrix, a
# *vector-Jacobian product*:
#
# .. math:: (v J)_i = \sum_k v_k \frac{\partial y_k}{\partial x_i}
#
# PyTorch never builds the matrix for it.
# With a million inputs and a thousand outputs that would be a billion numbers.

jacobian = jacrev(box)(size.detach())  # (2 outputs, 3 inputs)
assert torch.allclose(prices @ jacobian, size.grad)
jacobian

# %%
# In the picture no two shapes are equal by accident: ``(2,) @ (2, 3)`` gives ``(3,)``.

outputs, inputs = ["volume", "surface"], ["width", "depth", "height"]
parts = {
    "v: prices": (prices[None], outputs, ["cost"]),
    "times J: all slopes": (jacobian, inputs, outputs),
    "is v J: the gradient": (size.grad[None], inputs, ["cost"]),
}
fig, grid = plt.subplots(1, 3, figsize=(9, 3), width_ratios=[2, 3, 3], layout="tight")
for axes, (title, (table, columns, rows)) in zip(grid, parts.items(), strict=True):
    axes.imshow(table.numpy(), cmap="Blues", vmin=0, vmax=30)
    axes.set(title=title, xticks=range(len(columns)), xticklabels=columns)
    axes.set_yticks(range(len(rows)), rows)
    for (row, column), value in np.ndenumerate(table.numpy()):
        axes.text(column, row, f"{value:.1f}", ha="center", va="center", color="black")
fig.suptitle("Two prices times a table of two by three slopes give three slopes")
plt.show()

# %%
# A price list with the shape of the *input* cannot work.
# In many tutorials both shapes happen to agree, which hides the mistake.

with eatorch.show_error(RuntimeError):
    box(size).backward(gradient=torch.ones(3))

# %%
# Two price lists deserve a name.
# ``[1, 0]`` picks one output and so one row of the Jacobian.
# ``ones`` adds all outputs up, exactly like ``.sum().backward()``.

for v in [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]:
    size.grad = None
    box(size).backward(gradient=torch.tensor(v))
    print(v, size.grad.tolist())

# %%
# .. _autograd-grad:
#
# Return the gradient instead of storing it
# -----------------------------------------
# ``backward`` leaves its result in ``.grad``, where it adds up.
# :func:`torch.autograd.grad` *returns* it instead and touches nothing.
# You name the inputs, and you get a tuple with one gradient for each.

first = torch.tensor(2.0, requires_grad=True)
second = torch.tensor(5.0, requires_grad=True)
product, total = first * second, first + second
torch.autograd.grad(product, [first, second], retain_graph=True)

# %%
# With several outputs their gradients are added, as if all prices were one.
# For ``first`` that is 5 from the product and 1 from the sum.

torch.autograd.grad([product, total], [first, second])

# %%
# With ``create_graph=True`` the gradient is itself recorded.
# So we can ask for the slope of the slope: the *second derivative*, which says how the
# curve bends.
# Each element of ``wave`` below depends on its own ``x`` only.
# Hence the gradient of the sum holds all slopes at once.


def swell(x):
    """Return a wave that grows."""
    return x * torch.sin(x)


x = torch.linspace(0, 10, 201, requires_grad=True)
wave = swell(x)
(slope,) = torch.autograd.grad(wave.sum(), x, create_graph=True)
(bend,) = torch.autograd.grad(slope.sum(), x)
x, wave, slope = x.detach(), wave.detach(), slope.detach()

# %%
# We check against the rules from school, and against difference quotients in
# ``float64``.

assert torch.allclose(slope, torch.sin(x) + x * torch.cos(x), atol=1e-5)
assert torch.allclose(bend, 2 * torch.cos(x) - x * torch.sin(x), atol=1e-5)
ahead, here, behind = (swell(x.double() + h) for h in (1e-4, 0, -1e-4))
assert torch.allclose(slope.double(), (ahead - behind) / 2e-4, atol=1e-5)
assert torch.allclose(bend.double(), (ahead - 2 * here + behind) / 1e-8, atol=1e-5)

# %%
# Where the slope is zero the curve turns.
# The second derivative tells which way: negative on a hill, positive in a valley.

turns = (slope[:-1] * slope[1:] < 0).nonzero().flatten()
fig, panels = plt.subplots(3, 1, figsize=(8, 5.4), sharex=True, layout="constrained")
names = ["x sin x", "slope", "second derivative"]
for axes, values, name in zip(panels, [wave, slope, bend], names, strict=True):
    axes.plot(x, values)
    axes.axhline(0, color="0.6", linewidth=0.8)
    for turn in turns:
        color, marker = ("C1", "^") if bend[turn] < 0 else ("C2", "v")
        axes.axvline(x[turn], color=color, linestyle="--", linewidth=1)
        axes.plot(x[turn], values[turn], marker, color=color, markersize=9)
    axes.set_ylabel(name)
panels[-1].set_xlabel("x (triangle up: hill, triangle down: valley)")
fig.suptitle("Each turn has slope zero; the second derivative tells hill from valley")
plt.show()

# %%
# .. _autograd-func:
#
# Gradients as functions
# ----------------------
# The module :mod:`torch.func` looks at the same thing from the other side.
# :func:`torch.func.grad` takes a *function* and returns a new function, its derivative.
# No ``requires_grad``, no ``.grad``, nothing to clear.
# For the second derivative you say it twice.
# :func:`torch.func.vmap` lets a function for one number run on a whole batch.

slope_of_sin = vmap(grad(torch.sin))
bend_of_sin = vmap(grad(grad(torch.sin)))
points = torch.tensor([0.0, 0.5, 1.0])
assert torch.allclose(slope_of_sin(points), torch.cos(points))
bend_of_sin(points)  # the same as -sin(points)

# %%
# Together they answer a question that ``backward`` cannot: which *sample* asks for
# which change?
# ``backward`` on a mean loss gives only the mean of these wishes.
# ``in_dims=(None, 0, 0)`` means: the same weight for all, but each sample has its own
# element of ``inputs`` and ``targets``.


def squared_error(weight, x, target):
    """Return the error of the line ``weight * x`` at one point."""
    return (weight * x - target) ** 2


weight = torch.tensor(1.5, requires_grad=True)
inputs = torch.tensor([1.0, 2.0, 3.0])
targets = torch.tensor([2.0, 4.0, 3.0])  # the last one lies off the line 2 * x
wishes = vmap(grad(squared_error), in_dims=(None, 0, 0))(weight, inputs, targets)
squared_error(weight, inputs, targets).mean().backward()
assert torch.allclose(wishes.mean(), weight.grad)
wishes.detach()

# %%
# A negative slope asks for a larger weight.
# So the first two points want it larger, the third one wants it smaller, and its voice
# is the loudest.
# The mean alone would not have told us.
#
# The second derivatives of a function of several inputs form the *Hessian*, a square
# table.
# It is the Jacobian of the gradient, and you may write it exactly so.

point = torch.tensor([-4.0, 1.0])
jacrev(grad(valley))(point)

# %%
# :func:`torch.func.hessian` is the ready-made form.
# It also uses :func:`torch.func.jacfwd`, which makes a Jacobian column by column, one
# pass for each input, and so suits few inputs and many outputs.
# In PyTorch 2.13 the first call of either loads code *inside* PyTorch that still uses
# the deprecated ``torch.jit.script``, and a :class:`DeprecationWarning` says so.
# Our code has no part in that, so we silence this one message here.
# The line above gives the same numbers without any warning.

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=".*torch.jit.script.*")
    bends = hessian(valley)(point)
    by_columns = jacfwd(box)(size.detach())
assert torch.equal(bends, jacrev(grad(valley))(point))
assert torch.allclose(by_columns, jacobian)

# %%
# And here is what it is good for.
# The valley bends by 2 along and by 16 across, so no single learning rate suits both.
# Above 2 / 16 = 0.125 each step across lands farther out than it began: that is why
# 0.13 was thrown out.
# Dividing the gradient by the Hessian gives each direction its own rate.
# This is Newton's step, and it reaches the bottom of our valley in a single stride.

point - torch.linalg.solve(bends, grad(valley)(point))

# %%
# Which tool when?
# Let the function have :math:`n` inputs and :math:`m` outputs.
#
# .. list-table::
#    :header-rows: 1
#
#    * - You want
#      - You write
#      - Shape
#    * - gradients of one loss, for training
#      - ``loss.backward()``
#      - as each leaf, in ``.grad``
#    * - a gradient to calculate with
#      - ``torch.autograd.grad(y, x)``
#      - ``(n,)``
#    * - prices times Jacobian
#      - ``y.backward(gradient=v)`` with ``v`` of shape ``(m,)``
#      - ``(n,)``
#    * - the whole Jacobian
#      - ``jacrev(f)(x)``
#      - ``(m, n)``
#    * - all second derivatives, if ``m`` is one
#      - ``hessian(f)(x)``
#      - ``(n, n)``
#    * - one gradient for each of ``b`` samples
#      - ``vmap(grad(f))(batch)``
#      - ``(b, n)``
#
# .. _autograd-off:
#
# Stop recording
# --------------
# Recording costs memory, and sometimes it is simply wrong.
# There are two switches.
# ``torch.no_grad()`` works on a block of code.
# :meth:`~torch.Tensor.detach` works on one tensor: it hands you the same numbers as a
# constant, without a past.
# In ``x.detach() * x`` only the right factor counts as a variable, so at 3 the slope is
# 3 and not 6.

x = torch.tensor(3.0, requires_grad=True)
with torch.no_grad():
    silent = x * x
(half,) = torch.autograd.grad(x.detach() * x, x)
silent.requires_grad, half

# %%
# ``detach`` copies nothing: both tensors look at the same memory, as views do in
# :ref:`tensor`.
# Say ``x.detach().clone()`` if you want to keep a value while ``x`` moves on.
# NumPy knows nothing of records, so PyTorch insists on it, too.

with eatorch.show_error(RuntimeError):
    x.numpy()

# %%
# For pure prediction there is :class:`torch.inference_mode`, a stricter and slightly
# faster ``no_grad``.
# PyTorch refuses to store its results for a later ``backward``.
#
# .. _autograd-mistakes:
#
# Two quiet mistakes
# ------------------
# You have met the loud mistakes already: a second ``backward``, a leaf changed in
# place, a missing ``gradient``, and one of the wrong shape.
# Two more begin quietly.
# The first is a forgotten decimal point.
# A whole number cannot be nudged a little, so it has no slope.

with eatorch.show_error(RuntimeError):
    torch.tensor(3, requires_grad=True)

# %%
# The second is to leave PyTorch on the way.
# :meth:`~torch.Tensor.item`, ``float()``, NumPy and ``torch.tensor(...)`` return plain
# numbers or fresh leaves, so the record breaks off there.
# Nothing complains until ``backward`` finds no way back.

weight = torch.tensor(3.0, requires_grad=True)
loss = torch.tensor(weight.item() ** 2)
with eatorch.show_error(RuntimeError):
    loss.backward()

# %%
# Cure: stay with tensors until ``backward`` is done, and join them with
# :func:`torch.stack` as ``box`` does, not with ``torch.tensor([...])``.
#
# .. _autograd-check:
#
# Trust, but check
# ----------------
# You can compare autograd with difference quotients whenever you like.
# :func:`torch.autograd.gradcheck` does it for every pair of input and output, in
# ``float64`` because ``float32`` would drown in rounding, as our first picture showed.
# It returns ``True`` or raises an error with both Jacobians.

torch.autograd.gradcheck(box, size.detach().double().requires_grad_())

# %%
# It works because it really looks.
# Here a function cheats: ``detach`` hides one factor from autograd.


def cheat(x):
    """Return the square of ``x``, half of it unrecorded."""
    return x.detach() * x


with eatorch.show_error(RuntimeError):
    torch.autograd.gradcheck(cheat, torch.tensor(3.0).double().requires_grad_())

# %%
# .. admonition:: Then and now
#
#    Older tutorials look different in five places.
#
#    - ``Variable(x)``: until PyTorch 0.4 (2018) only a tensor wrapped in a ``Variable``
#      was recorded.
#      Today every tensor can be, with ``requires_grad=True``.
#      The wrapper is left as a name and does nothing for you.
#    - ``volatile=True`` became ``torch.no_grad()`` in the same release.
#    - ``x.data`` gives the numbers behind autograd's back: change them in place and the
#      gradient can be wrong without a word.
#      ``x.detach()`` gives the same numbers, but autograd notices the change and stops
#      with an error; to change a parameter use ``torch.no_grad()``.
#    - ``zero_grad`` filled with zeros until 2.0 (2023); now it stores ``None``.
#    - The extra package ``functorch`` moved into PyTorch 2.0 as :mod:`torch.func`.
#      :func:`torch.autograd.functional.jacobian` is an older way to the same matrix.

# %%
# .. _autograd-exercises:
#
# Exercises
# ---------
# Predict first, with a pencil, then run.
# A wrong prediction is worth more than a right one: it shows where to read again.
#
# .. _autograd-ex1:
#
# Exercise 08-1: the slope of the slope
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that returns the second derivative of any function of one number, at
# each element of a tensor ``x`` that requires no gradient.
# What should come out for :func:`torch.square`, what for :func:`torch.sin`?
#
# .. dropdown:: Hint
#
#    Begin with a copy of ``x`` that is recorded.
#    The first derivative needs a record of its own if you want to derive it again.
#    Or nest two functions of :mod:`torch.func` and map the result over ``x``.
#
# .. dropdown:: Solution
#
#    For the square it is 2 everywhere, for the sine it is minus the sine.
#    ``vmap(grad(grad(function)))(x)`` gives the same.
#
#    .. code-block:: python
#
#       def second_derivative(function, x):
#           """Return the second derivative of ``function`` at each element of ``x``."""
#           x = x.clone().requires_grad_()
#           (first,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
#           (second,) = torch.autograd.grad(first.sum(), x)
#           return second


def second_derivative(function, x):
    """Return the second derivative of ``function`` at each element of ``x``."""
    ...  # your code here


eatorch.check("08-1", second_derivative)

# %%
# .. _autograd-ex2:
#
# Exercise 08-2: the price list of a trip
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# The function below maps three inputs to two outputs.
# A road costs 0.1 for each km, fuel costs 2 for each litre.
# Which tensor ``v`` makes ``trip(x).backward(gradient=v)`` leave the slopes of the
# total cost in ``x.grad``?
# Say its shape aloud before you write it.
#
# .. dropdown:: Hint
#
#    Does the list have a price for each thing that goes into the function, or for each
#    thing that comes out?
#
# .. dropdown:: Solution
#
#    Two outputs, so two prices, in the order of the outputs.
#    The gradient that comes back has three entries.
#
#    .. code-block:: python
#
#       v = torch.tensor([0.1, 2.0])


def trip(x):
    """Map (km per hour, hours, litres per 100 km) to (km, litres)."""
    distance = x[0] * x[1]
    return torch.stack([distance, distance * x[2] / 100])


v = ...  # your code here

eatorch.check("08-2", v)

# %%
# .. _autograd-ex3:
#
# Exercise 08-3: four forgetful rounds
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Somebody forgot to clear the gradient:
#
# .. code-block:: python
#
#    x = torch.tensor(1.0, requires_grad=True)
#    for _ in range(4):
#        (x**2).backward()
#        with torch.no_grad():
#            x -= 0.1 * x.grad
#
# Which four numbers does ``x.grad`` hold, one after each ``backward``?
# Give a list.
# Then ask yourself where ``x`` is after the fourth step.
#
# .. dropdown:: Hint
#
#    Keep two columns on paper, ``x`` and ``x.grad``.
#    In each round :math:`2x` is *added* to the second, then a tenth of the second is
#    taken from the first.
#
# .. dropdown:: Solution
#
#    The stored gradient keeps pushing although the slope shrinks, so ``x`` shoots past
#    the minimum at 0 and ends near -0.45.
#
#    .. code-block:: python
#
#       slopes = []
#       x = torch.tensor(1.0, requires_grad=True)
#       for _ in range(4):
#           (x**2).backward()
#           slopes.append(x.grad.item())  # 2, 3.6, 4.48, 4.464
#           with torch.no_grad():
#               x -= 0.1 * x.grad

slopes = ...  # your code here

eatorch.check("08-3", slopes)

# %%
# .. _autograd-ex4:
#
# Exercise 08-4: how the banana valley bends
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Rosenbrock's function :math:`(1 - x)^2 + 100\,(y - x^2)^2` is the classic test for
# methods that walk downhill: a long, curved valley.
# Write a function that returns its Hessian at a point ``(x, y)``.
# Compare the steep and the flat direction at the minimum ``(1, 1)``.
#
# .. dropdown:: Hint
#
#    Write the function itself first, for one tensor of two numbers.
#    The Hessian is the Jacobian of the gradient.
#
# .. dropdown:: Solution
#
#    At the minimum :func:`torch.linalg.eigvalsh` gives bends of about 0.4 and 1000.
#    No single learning rate suits both.
#
#    .. code-block:: python
#
#       def rosenbrock(point):
#           x, y = point
#           return (1 - x) ** 2 + 100 * (y - x**2) ** 2
#
#
#       def rosenbrock_hessian(point):
#           """Return the Hessian of Rosenbrock's function, shape ``(2, 2)``."""
#           return jacrev(grad(rosenbrock))(point)


def rosenbrock_hessian(point):
    """Return the Hessian of Rosenbrock's function, shape ``(2, 2)``."""
    ...  # your code here


eatorch.check("08-4", rosenbrock_hessian)

# %%
# .. _autograd-ex5:
#
# Exercise 08-5: a Jacobian, row by row
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Build the Jacobian of any function from vectors to vectors with ``backward`` or
# ``torch.autograd.grad`` alone, without the helpers of :mod:`torch.func`.
# Everything of this lesson comes together here: the shape of ``gradient``, the record
# that is read once, and gradients that add up.
#
# .. dropdown:: Hint
#
#    Which ``gradient`` picks a single output?
#    :func:`torch.eye` has one such row for each output.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def jacobian_by_rows(function, x):
#           """Return all slopes of ``function`` at ``x``, one row for each output."""
#           x = x.clone().requires_grad_()
#           y = function(x)
#           rows = [
#               torch.autograd.grad(y, x, gradient, retain_graph=True)[0]
#               for gradient in torch.eye(len(y))
#           ]
#           return torch.stack(rows)


def jacobian_by_rows(function, x):
    """Return all slopes of ``function`` at ``x``, one row for each output."""
    ...  # your code here


eatorch.check("08-5", jacobian_by_rows)

# %%
# .. _autograd-minute:
#
# In one minute
# -------------
# - ``requires_grad=True`` starts a record.
#   ``backward()`` reads it once, from the end, and adds a slope to ``.grad`` of each
#   leaf.
# - Clear ``.grad`` in each round, with ``zero_grad()`` or ``x.grad = None``.
# - Take steps under ``torch.no_grad()``, in place, and let an optimizer do it.
# - ``gradient=v`` has the shape of the *output*.
#   The result is :math:`vJ` and has the shape of the *input*.
# - ``create_graph=True`` records the gradient itself, for second derivatives.
# - ``grad``, ``vmap``, ``jacrev`` and ``hessian`` turn functions into functions.
# - Stay with tensors from the first recorded number to ``backward``.
#
# .. _autograd-next:
#
# Read next
# ---------
# - :ref:`graph` opens the record that ``backward`` reads.
# - :ref:`tensor` if shapes, views and shared memory still surprise you.
# - :ref:`tabular` puts ``backward``, ``zero_grad`` and ``step`` to work on real data.
# - :mod:`torch.autograd` and :mod:`torch.func` in the documentation of PyTorch.
