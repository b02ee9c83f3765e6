"""
.. _low:

Low-level API
=============

Fit a plane and part two rings with nothing but tensors and ``backward``, and know
afterwards what every layer, loss and optimizer does for you.

:Level: 4
:Hours: 1
:Day: 8
:Needs: :ref:`tensor`, :ref:`autograd`
:Data: 400 points near a plane and two noisy rings of 2000 points each, generated

There is no ``torch.nn`` and no ``torch.optim`` on this page.
Every training program has five parts, and here you write all of them: the data in
batches, the model, the loss, the gradient and the step.
Each is a function of a few lines.
We make the data ourselves, so the right answer is known and you can judge the result.
"""

import math
import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import torch

import eatorch
from eatorch.plots import plot_regions

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _low-data:
#
# Make data with a known answer
# -----------------------------
# First a regression: 400 points with two features, drawn evenly from -5 to 5.
# The target is :math:`y = 2 x_1 - 3 x_2 + 10`, plus noise with a standard deviation
# of 2.
# For all points at once this is a matrix product, ``inputs @ weight + bias``.
# Watch the shapes: everything that belongs to a point keeps the point in dimension 0,
# and a target is a column, shape ``(400, 1)``, just as the product is.

generator = torch.Generator().manual_seed(0)
true_weight = torch.tensor([[2.0], [-3.0]])  # (feature, output)
true_bias = torch.tensor([10.0])  # (output,)

inputs = 10 * torch.rand(400, 2, generator=generator) - 5  # (point, feature)
noise = torch.normal(0.0, 2.0, (400, 1), generator=generator)  # (point, output)
targets = inputs @ true_weight + true_bias + noise  # (point, output)
inputs.shape, targets.shape

# %%
# Seen along one feature the line is hard to make out, because the other feature pushes
# the points up and down as well.

fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
for feature, ax in enumerate(axes):
    ax.scatter(inputs[:, feature], targets, s=8, color=f"C{feature}")
    ax.set(title=f"Feature {feature + 1}", xlabel=f"x{feature + 1}")
axes[0].set_ylabel("y")
fig.suptitle("The target rises with the first feature and falls with the second")
plt.show()

# %%
# .. _low-batches:
#
# Part 1: batches
# ---------------
# A training loop does not look at all points before each step, but at a few.
# :func:`torch.randperm` shuffles the row numbers, :meth:`~torch.Tensor.split` cuts them
# into pieces, and indexing with a piece picks its rows.
# Inputs and targets are picked with the *same* numbers, so pairs stay together.
# ``yield`` makes the function a generator: it hands out one batch at a time.


def batches(inputs, targets, batch_size, generator):
    """Yield the rows in random order, ``batch_size`` at a time."""
    order = torch.randperm(len(inputs), generator=generator)
    for rows in order.split(batch_size):
        yield inputs[rows], targets[rows]


# %%
# Does it hand out each row exactly once?
# Do not believe it, count.
# The last batch takes what is left.

numbers = torch.arange(400)
parts = [rows for rows, _ in batches(numbers, numbers, 150, generator)]
assert torch.equal(torch.cat(parts).sort().values, numbers)
[len(part) for part in parts]

# %%
# .. _low-model:
#
# Parts 2 and 3: model and loss
# -----------------------------
# The model turns inputs into predictions.
# The loss is one number that says how bad these are.
# We take the *mean* of the squared errors: the sum that some tutorials use grows with
# the batch, and then every new batch size wants a new learning rate.


def plane(inputs, weight, bias):
    """Return a prediction for each point, shape ``(points, 1)``."""
    return inputs @ weight + bias


def mean_squared_error(predictions, targets):
    """Return the mean of the squared differences, a scalar."""
    return (predictions - targets).square().mean()


mean_squared_error(plane(inputs, true_weight, true_bias), targets)

# %%
# Even the true weights have a loss of about 4: that is the noise, 2 squared.
# A training that ends there has found all there is to find.
#
# .. _low-step:
#
# Parts 4 and 5: gradient and step
# --------------------------------
# ``backward`` finds the gradient, as in :ref:`autograd`.
# A check with pencil and paper: the loss depends on the bias through each error
# :math:`e = \hat y - y`, the derivative of :math:`e^2` is :math:`2 e`, so the slope of
# the loss with respect to the bias is twice the mean error.

weight = torch.zeros(2, 1, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
loss = mean_squared_error(plane(inputs, weight, bias), targets)
loss.backward()
error = plane(inputs, weight, bias) - targets
assert torch.allclose(bias.grad, 2 * error.mean())
weight.grad, bias.grad

# %%
# The signs already make sense: the first weight should grow, the second should shrink,
# the bias should grow, and we step *against* the gradient.
#
# A step must change the parameters in place, must not be recorded, and must leave
# ``grad`` empty for the next batch.
# Three duties, three lines; ``sub_`` subtracts in place, as its underscore says.


def step(parameters, learning_rate):
    """Move each parameter a little downhill and clear its gradient."""
    with torch.no_grad():
        for parameter in parameters:
            parameter.sub_(learning_rate * parameter.grad)
            parameter.grad = None


# %%
# .. _low-loop:
#
# The loop
# --------
# Now put the five parts together.
# Twenty epochs, that is twenty times through all points, in batches of 20.

weight = torch.zeros(2, 1, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
for epoch in range(1, 21):
    for batch, wanted in batches(inputs, targets, 20, generator):
        loss = mean_squared_error(plane(batch, weight, bias), wanted)
        loss.backward()
        step([weight, bias], learning_rate=0.01)
    if epoch in [1, 2, 5, 10, 20]:
        with torch.no_grad():
            overall = mean_squared_error(plane(inputs, weight, bias), targets)
        print(f"epoch {epoch:2}: loss {overall:6.2f}, bias {bias.item():5.2f}")

# %%
# It arrives at the floor of about 4.
# For a plane there is also an exact answer, :func:`torch.linalg.lstsq`, which needs no
# steps at all.
# Walking downhill comes close to it, and unlike the formula it works for any model.

columns = torch.cat([inputs, torch.ones(400, 1)], dim=1)
exact = torch.linalg.lstsq(columns, targets).solution.flatten()
walked = torch.cat([weight.flatten(), bias]).detach()
assert torch.allclose(walked, exact, atol=0.1)
for name, numbers in {"walked": walked, "exact": exact}.items():
    print(name.ljust(7), *(f"{number:6.2f}" for number in numbers))

# %%
# To see the fit along one feature, take off what the model says about the other one.
# What remains should lie along a line whose slope is the weight that we found.

fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
for feature, ax in enumerate(axes):
    x, slope = inputs[:, feature], walked[feature]
    rest = targets.flatten() - inputs[:, 1 - feature] * walked[1 - feature]
    ax.scatter(x, rest, s=8, color=f"C{feature}", alpha=0.5)
    ends = torch.tensor([-5.0, 5.0])
    line = {"color": "C3", "linewidth": 2, "label": f"slope {slope:.2f}"}
    ax.plot(ends, slope * ends + walked[2], **line)
    ax.set(title=f"Fit of feature {feature + 1}", xlabel=f"x{feature + 1}")
    ax.legend(loc="lower center")
axes[0].set_ylabel("y without the other feature")
fig.suptitle("Without the share of the other feature, the points lie along the fit")
plt.show()

# %%
# .. _low-stop:
#
# When to stop?
# -------------
# Twenty epochs were a guess.
# A stop rule asks the loss instead.
# Here are 20 points near :math:`y = 2x + 5`, with noise of standard deviation 1, and
# the simplest rule: stop as soon as the loss is below 1.
# With so few points each step may use all of them.

x = 10 * torch.rand(20, 1, generator=generator)
y = 2 * x + 5 + torch.randn(20, 1, generator=generator)

line = torch.zeros(2, requires_grad=True)  # (slope, intercept)
path, losses = [], []
for _ in range(1000):  # a rule may never come true, so there is a limit as well
    loss = mean_squared_error(line[0] * x + line[1], y)
    path.append(line.detach().clone())
    losses.append(loss.item())
    if loss < 1:
        break
    loss.backward()
    step([line], learning_rate=0.02)
slope, intercept = path[-1]
print(f"stopped after {len(losses) - 1} steps at {slope:.2f} x + {intercept:.2f}")

# %%
# Look at the two phases on the right: a steep fall, then a long crawl.
# The reason is in the data.
# All ``x`` are positive, so an intercept that is too small can hide behind a slope that
# is too large, and undoing both together is slow.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
left.scatter(x, y, s=12, color="0.5")
ends = torch.tensor([0.0, 10.0])
for number, color in [(1, "C0"), (10, "C1"), (len(path) - 1, "C3")]:
    slope, intercept = path[number]
    left.plot(ends, slope * ends + intercept, color=color, label=f"step {number}")
left.set(title="The line tilts into place", xlabel="x", ylabel="y")
left.legend()
right.semilogy(losses)
right.axhline(1, color="C3", linestyle="--", label="stop rule")
right.set(title="A steep fall, then a crawl", xlabel="step", ylabel="loss")
right.legend()
fig.suptitle("The rule stops the loop as soon as the loss is below 1")
plt.show()

# %%
# Was the walk over?
# Compare with the exact answer.

columns = torch.cat([x, torch.ones_like(x)], dim=1)
solution = torch.linalg.lstsq(columns, y).solution  # (2, 1)
lowest = mean_squared_error(columns @ solution, y).item()
assert lowest < losses[-1] < 1
slope, intercept = solution.flatten()
print(f"best line {slope:.2f} x + {intercept:.2f}, loss {lowest:.2f}")

# %%
# It was not: the rule let go as soon as the loss was good enough for *it*.
# And had the lowest loss been above 1, only the limit of 1000 steps would have ended
# the loop.
# A fixed threshold has to know the noise in advance.
# In Exercise 10-1 you write a rule that does not.
#
# .. _low-rings:
#
# Two rings
# ---------
# Next a classification that no straight line can solve.
# A point on a ring has an angle, drawn evenly from the full circle, and a radius near 5
# or near 8.
# Sine and cosine turn both into coordinates.
# The radius has a noise of 1, so the rings overlap a little.
# (:func:`eatorch.data.rings` draws such rings, with other radii, in a single call.)


def ring(points, radius):
    """Return points near a circle, shape ``(points, 2)``."""
    angle = 2 * math.pi * torch.rand(points, generator=generator)
    distance = radius + torch.normal(0.0, 1.0, (points,), generator=generator)
    return torch.stack([distance * angle.cos(), distance * angle.sin()], dim=1)


places = torch.cat([ring(2000, radius=5), ring(2000, radius=8)])  # (point, 2)
labels = torch.arange(2).repeat_interleave(2000)  # (point,), 0 inside, 1 outside

# %%
# We set 1000 points aside and never train on them.
# Since we know how the points were made, we also know the best possible rule: cut
# halfway, at radius 6.5.
# It gives us a mark that no model can beat except by luck.

train, test = torch.randperm(4000, generator=generator).split([3000, 1000])
best = ((places[test].norm(dim=1) > 6.5) == labels[test]).float().mean().item()

fig, ax = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
for label, name in enumerate(["inner", "outer"]):
    shown = places[test][labels[test] == label]
    ax.scatter(shown[:, 0], shown[:, 1], s=6, color=f"C{label}", label=name)
ax.add_patch(plt.Circle((0, 0), 6.5, fill=False, color="C3", linewidth=2))
ax.set(xlabel=f"x1     (circle right: {best:.1%})", ylabel="x2", aspect="equal")
ax.set_title("Where the rings overlap, even the best circle errs")
ax.legend(loc="center")
plt.show()

# %%
# .. _low-network:
#
# A network is a chain of planes
# ------------------------------
# A layer is the plane from above with several outputs.
# Two planes in a row would only be another plane, so we bend between them:
# :func:`torch.relu` sets everything negative to zero.
# Our network has widths 2, 4, 8 and 1: two coordinates come in, one number comes out.
# The number, called *logit*, is positive for "outer" and negative for "inner".


def network(inputs, parameters):
    """Return a logit for each point, shape ``(points,)``."""
    *hidden, (weight, bias) = parameters
    for hidden_weight, hidden_bias in hidden:
        inputs = torch.relu(inputs @ hidden_weight + hidden_bias)
    return (inputs @ weight + bias).squeeze(1)


def start(widths, generator):
    """Return a random weight and a zero bias for each layer."""
    parameters = []
    for before, after in pairwise(widths):
        weight = torch.randn(before, after, generator=generator)
        weight *= math.sqrt(2 / before)  # keeps the size of the numbers on their way
        bias = torch.zeros(after)
        parameters.append((weight.requires_grad_(), bias.requires_grad_()))
    return parameters


# %%
# How many numbers will be learned?
# Each layer has a weight for each pair of input and output, and a bias for each output.

parameters = start([2, 4, 8, 1], torch.Generator().manual_seed(0))
for weight, bias in parameters:
    print(tuple(weight.shape), tuple(bias.shape), weight.numel() + bias.numel())
sum(tensor.numel() for layer in parameters for tensor in layer)

# %%
# Why random, when zeros did well for the plane?
# Because with zeros all hidden units are twins, and worse, nothing reaches them: the
# gradient of every weight is multiplied by a weight or an activation that is zero.
# Only the last bias would ever learn.
# The loss for this comes next, any loss will do here.

zeros = [
    (torch.zeros_like(weight).requires_grad_(), torch.zeros_like(bias).requires_grad_())
    for weight, bias in parameters
]
network(places, zeros).sub(1).square().mean().backward()
[[int(tensor.grad.count_nonzero()) for tensor in layer] for layer in zeros]

# %%
# .. _low-loss:
#
# A loss for two classes
# ----------------------
# The sigmoid turns a logit :math:`z` into the probability
# :math:`p = 1 / (1 + e^{-z})` of class 1.
# The loss of a point is :math:`-\log` of the probability of its right class: zero if
# that is 1, and large if the model was sure and wrong.
# Written down like this it has a trap, though.
# Here are points of class 0, and the model grows more and more sure of class 1.

logits = torch.tensor([1.0, 10.0, 100.0])
-torch.log(1 - torch.sigmoid(logits))

# %%
# The last one should be 100, but ``float32`` rounds its probability to exactly 1, and
# the logarithm of zero is infinite.
# With pencil and paper the loss becomes :math:`\log(1 + e^{z}) - y z`, and
# :func:`torch.logaddexp` computes the first term without ever forming :math:`e^{z}`.
# We ask for the two arguments by name, for a reason that you will see below.


def cross_entropy(*, logits, labels):
    """Return the mean loss of two classes, a scalar."""
    zero = torch.zeros(())
    return (torch.logaddexp(logits, zero) - labels * logits).mean()


one_by_one = [cross_entropy(logits=z, labels=torch.tensor(0)).item() for z in logits]
[round(value, 4) for value in one_by_one]

# %%
# .. _low-regions:
#
# Watch it learn
# --------------
# The loop is the same as for the plane: batches, model, loss, gradient, step.
# We keep a copy of the parameters now and then, to look back later.
# ``clone`` is needed: ``step`` changes the numbers in place, and a plain ``detach``
# would change along with them.

tensors = [tensor for layer in parameters for tensor in layer]
generator.manual_seed(1)
kept = {}
for epoch in range(41):
    if epoch in [0, 5, 20, 40]:
        kept[epoch] = [(w.detach().clone(), b.detach().clone()) for w, b in parameters]
    for batch, wanted in batches(places[train], labels[train], 50, generator):
        loss = cross_entropy(logits=network(batch, parameters), labels=wanted)
        loss.backward()
        step(tensors, learning_rate=0.05)


def accuracy(parameters, rows):
    """Return the share of rows whose logit has the sign of its class."""
    right = (network(places[rows], parameters) > 0) == labels[rows]
    return right.float().mean().item()


{epoch: round(accuracy(copy, test), 3) for epoch, copy in kept.items()}

# %%
# Each panel shows which class the network gives to each place, with 300 test points;
# :func:`~eatorch.plots.plot_regions` takes them as a table with names for features and
# classes.
# Below stands the share of all test points that are right.
# Before training everything is "inner"; then a rough outline appears and grows corners.

shown = eatorch.data.Table(
    places[test][:300], labels[test][:300], ("x1", "x2"), ("inner", "outer")
)
fig, axes = plt.subplots(1, 4, figsize=(10, 3.2), sharey=True, layout="constrained")
for ax, (epoch, copy) in zip(axes, kept.items(), strict=True):
    plot_regions(lambda plane, copy=copy: network(plane, copy), shown, ax=ax)
    ax.get_legend().remove()
    ax.set(title=f"epoch {epoch}", xlabel=f"x1     (right: {accuracy(copy, test):.0%})")
    ax.set_aspect("equal")
    ax.label_outer()
fig.suptitle("Training grows a boundary round the inner ring, corner by corner")
plt.show()

# %%
# In the end it is about as good as the best circle, with only 61 numbers.
# How can something straight be round?
# Each unit of the first layer is a plane with a crease, where ``relu`` begins to cut.
# Seen from above the crease is a straight line, and the four lie like spokes.
# The second layer folds the result again, so the boundary has more corners than the
# creases alone would give it.

first_weight, first_bias = kept[40][0]
fig, ax = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
plot_regions(lambda plane: network(plane, kept[40]), shown, ax=ax)
ax.get_legend().remove()
limits = ax.axis()
for across, offset in zip(first_weight.T, first_bias, strict=True):
    foot = -offset * across / across.square().sum()  # the point nearest to the origin
    along = torch.stack([-across[1], across[0]])
    ax.axline(foot.tolist(), (foot + along).tolist(), color="C3", linestyle="--")
ax.set_title("The boundary bends at each crease")
ax.set(aspect="equal", xlim=limits[:2], ylim=limits[2:])
plt.show()

# %%
# .. _low-mistakes:
#
# Loud and quiet mistakes
# -----------------------
# On this level nothing guards you.
# First the step, in three wrong variants.
# The first one lacks ``no_grad``, and it is loud.

weight = torch.zeros(2, 1, requires_grad=True)
mean_squared_error(inputs @ weight, targets).backward()
with eatorch.show_error(RuntimeError):
    weight -= 0.01 * weight.grad

# %%
# The advice that one often finds is to write ``weight = weight - ...``.
# Now the error is gone from this round.
# It comes back in the next, because the new ``weight`` is no leaf: ``backward`` leaves
# it no gradient.
# PyTorch warns when you read the gradient anyway, and then ``None`` cannot be
# multiplied.

weight = weight - 0.01 * weight.grad
mean_squared_error(inputs @ weight, targets).backward()
with warnings.catch_warnings(record=True) as heard, eatorch.show_error(TypeError):
    warnings.simplefilter("always")
    weight = weight - 0.01 * weight.grad
print("and before that:", str(heard[0].message).partition(". ")[0])

# %%
# The third variant has ``no_grad``, but makes a new tensor, and one that is made under
# ``no_grad`` requires no gradient.
# Again the next round fails.
# So both are needed: ``no_grad`` *and* the change in place.

weight = torch.zeros(2, 1, requires_grad=True)
mean_squared_error(inputs @ weight, targets).backward()
with torch.no_grad():
    weight = weight - 0.01 * weight.grad
with eatorch.show_error(RuntimeError):
    mean_squared_error(inputs @ weight, targets).backward()

# %%
# The quiet mistakes are worse, because the program runs to its end.
# We repeat the fit of the plane with two of them: a step that does not clear the
# gradient, and targets of shape ``(points,)`` instead of ``(points, 1)``.


def forgetful_step(parameters, learning_rate):
    with torch.no_grad():
        for parameter in parameters:
            parameter.sub_(learning_rate * parameter.grad)


def flat_loss(predictions, targets):
    return mean_squared_error(predictions, targets.squeeze(1))


# %%
# Everything else is the loop from above.


def fit_plane(loss_function, move):
    """Return the weight found and the loss after each of ten epochs."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.zeros(2, 1, requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    losses = []
    for _ in range(10):
        for batch, wanted in batches(inputs, targets, 20, generator):
            loss_function(plane(batch, weight, bias), wanted).backward()
            move([weight, bias], 0.01)
        overall = mean_squared_error(plane(inputs, weight, bias), targets)
        losses.append(overall.item())
    return weight.detach().flatten(), losses


# %%
# Three runs, and the weights that they find.
# You know the right ones: 2 and -3.

runs = {
    "right": fit_plane(mean_squared_error, step),
    "never cleared": fit_plane(mean_squared_error, forgetful_step),
    "flat targets": fit_plane(flat_loss, step),
}
for name, (found, _) in runs.items():
    print(f"{name:14}", *(f"{number:6.2f}" for number in found))

# %%
# Two of the three answers are wrong, and nobody complained.

fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
for name, (_, losses) in runs.items():
    ax.semilogy(range(1, 11), losses, "o-", label=name)
ax.axhline(targets.var().item(), color="0.5", linestyle=":", label="a constant guess")
ax.set(xlabel="epoch", ylabel="loss on all points")
ax.set_title("Gradients that pile up overshoot; flat targets teach only the mean")
ax.legend(loc="center right")
plt.show()

# %%
# Without clearing, old gradients keep pushing, and the parameters swing about the goal
# wider and wider instead of settling.
# With flat targets the difference of shapes ``(20, 1)`` and ``(20,)`` broadcasts to
# ``(20, 20)``: each prediction is compared with *every* target of the batch.
# The best answer to all of them at once is their mean, so the weights stay near zero.
#
# One line guards against that.
# Put it into every loss that you write.


def guarded_loss(predictions, targets):
    """Return the mean squared error, but only of equal shapes."""
    if predictions.shape != targets.shape:
        shapes = tuple(predictions.shape), tuple(targets.shape)
        raise ValueError(f"predictions and targets must have one shape, got {shapes}")
    return mean_squared_error(predictions, targets)


with eatorch.show_error(ValueError):
    guarded_loss(plane(inputs, true_weight, true_bias), targets.squeeze(1))

# %%
# The last mistake is to swap the arguments.
# The squared error does not mind, since it is symmetric, and so the habit forms.
# The cross entropy minds, but says nothing.
# Here are right and swapped for two test points.

logits, wanted = torch.tensor([4.0, -1.0]), torch.tensor([1.0, 0.0])
right = cross_entropy(logits=logits, labels=wanted)
swapped = cross_entropy(logits=wanted, labels=logits)
right, swapped

# %%
# Swapped, the loss is even negative, and minus the logarithm of a probability never is.
# Training would push it down for ever.
# That is why ``cross_entropy`` takes its arguments by name only: the ``*`` in its
# definition turns the swap into an error.

with eatorch.show_error(TypeError):
    cross_entropy(wanted, logits)

# %%
# .. _low-parts:
#
# What the next floors will take over
# -----------------------------------
# You have written every part of a training program.
# This is what PyTorch offers for each of them, one floor up.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Part
#      - Here
#      - Ready-made
#    * - data
#      - ``batches``
#      - :class:`~torch.utils.data.TensorDataset`, :class:`~torch.utils.data.DataLoader`
#    * - model
#      - ``plane``, ``network``, ``start``
#      - :class:`~torch.nn.Linear`, :class:`~torch.nn.ReLU`,
#        :class:`~torch.nn.Sequential`
#    * - loss
#      - ``guarded_loss``, ``cross_entropy``
#      - :class:`~torch.nn.MSELoss`, :class:`~torch.nn.BCEWithLogitsLoss`
#    * - gradient
#      - ``backward``
#      - ``backward``, the same on every floor
#    * - step
#      - ``step``
#      - :class:`~torch.optim.SGD`, with ``zero_grad`` and ``step``
#
# .. admonition:: Then and now
#
#    Older code for this level looks different in three places.
#
#    - ``weight.data -= rate * weight.grad.data`` was the step before PyTorch 0.4
#      (2018).
#      It still runs, but works behind the back of autograd: if ``weight.data`` is
#      changed *between* forward and ``backward``, the gradient is wrong without a word.
#      Under ``no_grad`` PyTorch keeps count of such changes and stops with an error.
#    - ``weight.grad.zero_()`` fills the gradient with zeros.
#      ``weight.grad = None`` frees it, and ``zero_grad`` has done so since 2.0 (2023).
#    - ``loss(labels, predictions)``: Keras has the targets first, PyTorch the
#      predictions.
#      Arguments are easily swapped where code moves from one to the other.

# %%
# Watch PyTorch keep count.
# The slope of ``weight ** 2`` at 3 is 6, but here the weight is changed before
# ``backward`` reads it.

weight = torch.tensor(3.0, requires_grad=True)
loss = weight**2
with torch.no_grad():
    weight += 1
with eatorch.show_error(RuntimeError):
    loss.backward()

# %%
# .. _low-exercises:
#
# Exercises
# ---------
# All four can be solved with the functions of this page and a pencil.
#
# .. _low-ex1:
#
# Exercise 10-1: a rule that does not know the noise
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Fit :math:`y = a x + b` to points ``x`` and ``y`` of shape ``(points,)``.
# Begin with zeros and use all points in each step.
# Stop when a step has lowered the mean squared error by less than ``tolerance``.
# Return the slope, the intercept and the number of steps, three plain numbers.
# The check tries other slopes than 2, and more noise.
#
# .. dropdown:: Hint
#
#    Keep the loss of the round before in a variable.
#    What could it hold in the first round, so that the rule cannot fire there?
#
# .. dropdown:: Solution
#
#    Infinity is larger than any loss.
#    A loop ``while True`` is safe here only because the loss cannot fall by
#    ``tolerance`` for ever.
#
#    .. code-block:: python
#
#       def fit_line(x, y, learning_rate, tolerance):
#           """Return slope, intercept and the number of steps."""
#           line = torch.zeros(2, requires_grad=True)
#           before, steps = math.inf, 0
#           while True:
#               loss = mean_squared_error(line[0] * x + line[1], y)
#               if before - loss.item() < tolerance:
#                   return line[0].item(), line[1].item(), steps
#               before = loss.item()
#               loss.backward()
#               step([line], learning_rate)
#               steps += 1


def fit_line(x, y, learning_rate, tolerance):
    """Return slope, intercept and the number of steps."""
    ...  # your code here


eatorch.check("10-1", fit_line)

# %%
# .. _low-ex2:
#
# Exercise 10-2: the gradient by hand
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Return the gradients of the mean squared error of ``plane`` with respect to weight and
# bias, without ``backward``.
# The lesson has shown the one of the bias.
# The check compares you with autograd, for other numbers of points and features.
#
# .. dropdown:: Hint
#
#    A weight acts through its feature: what is the slope of one prediction with respect
#    to ``weight[j]``?
#    The gradient has the shape of the weight, ``(features, 1)``.
#    Which product of ``inputs`` and the errors has that shape?
#
# .. dropdown:: Solution
#
#    Each error is weighted with the feature of its point, and the sum over the points
#    is a matrix product with the transposed inputs.
#
#    .. code-block:: python
#
#       def hand_gradient(inputs, targets, weight, bias):
#           """Return the gradients of weight, (features, 1), and bias, (1,)."""
#           error = plane(inputs, weight, bias) - targets
#           return 2 * inputs.T @ error / len(inputs), 2 * error.mean(dim=0)


def hand_gradient(inputs, targets, weight, bias):
    """Return the gradients of weight, (features, 1), and bias, (1,)."""
    ...  # your code here


eatorch.check("10-2", hand_gradient)

# %%
# .. _low-ex3:
#
# Exercise 10-3: a step with a memory, but no record
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A heavy ball rolls on where a light one stops.
# A step with *momentum* :math:`m` keeps a velocity for each parameter, in each step
# :math:`v \leftarrow m v + g` with the gradient :math:`g`, and then takes the learning
# rate times :math:`v` from the parameter.
# Write it for a list of parameters and a list of velocities.
# Change the parameters in place, leave each ``grad`` at ``None``, and return the list
# of new velocities.
# What happens if you forget ``no_grad``?
# Try it.
#
# .. dropdown:: Hint
#
#    Start from ``step``.
#    The velocity is computed from the gradient alone, so it needs no record either.
#
# .. dropdown:: Solution
#
#    Without ``no_grad`` PyTorch refuses the change in place, as in the section on
#    mistakes.
#
#    .. code-block:: python
#
#       def momentum_step(parameters, velocities, learning_rate, momentum):
#           """Move the parameters and return the list of new velocities."""
#           moved = []
#           with torch.no_grad():
#               for parameter, velocity in zip(parameters, velocities, strict=True):
#                   moved.append(momentum * velocity + parameter.grad)
#                   parameter.sub_(learning_rate * moved[-1])
#                   parameter.grad = None
#           return moved


def momentum_step(parameters, velocities, learning_rate, momentum):
    """Move the parameters and return the list of new velocities."""
    ...  # your code here


eatorch.check("10-3", momentum_step)

# %%
# .. _low-ex4:
#
# Exercise 10-4: how sure is a small batch?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A batch sees a part of the points, so its gradient is a guess.
# Return the gradient of the bias that each batch gives, for the same ``weight`` and
# ``bias`` all the time and without shuffling: the first ``batch_size`` rows, then the
# next ones, and what is left at the end.
# The result has shape ``(batches,)``.
# Then predict: how does the standard deviation of these gradients at ``true_weight``
# and ``true_bias`` change when the batches become four times as large?
#
# .. dropdown:: Hint
#
#    ``split`` cuts a tensor into pieces.
#    Let autograd find each gradient, but mind what it does to an old one, or use the
#    formula of the lesson.
#
# .. dropdown:: Solution
#
#    The mean of four times as many errors scatters half as much.
#    So a large batch gives a better direction, but the gain shrinks: four times the
#    work for half the noise.
#
#    .. code-block:: python
#
#       def batch_gradients(inputs, targets, weight, bias, batch_size):
#           """Return the gradient of the bias for each batch, shape ``(batches,)``."""
#           gradients = []
#           for rows in torch.arange(len(inputs)).split(batch_size):
#               error = plane(inputs[rows], weight, bias) - targets[rows]
#               gradients.append(2 * error.mean())
#           return torch.stack(gradients)
#
#
#       for size in [4, 16]:
#           known = batch_gradients(inputs, targets, true_weight, true_bias, size)
#           print(size, known.std())  # about 2 and about 1


def batch_gradients(inputs, targets, weight, bias, batch_size):
    """Return the gradient of the bias for each batch, shape ``(batches,)``."""
    ...  # your code here


eatorch.check("10-4", batch_gradients)

# %%
# .. _low-minute:
#
# In one minute
# -------------
# - Five parts make a training program: batches, model, loss, gradient, step.
# - A step changes the parameters in place, under ``no_grad``, and clears ``grad``.
# - Keep the shapes of predictions and targets equal, and let the loss insist on it.
# - Use the mean over a batch, so that the learning rate does not depend on its size.
# - Start a network with random weights; zeros let nothing through.
# - Compute a loss from logits, not from the logarithm of a rounded probability.
# - Know what can be reached at best, the noise or the overlap, before you judge a loss.
#
# .. _low-next:
#
# Read next
# ---------
# - :ref:`mid` goes one floor up: the plane and the rings again, with ready-made parts.
# - :ref:`high` goes up two: it fits both with a few calls and compares the three
#   floors.
# - :ref:`autograd` for gradients, leaves and the record behind ``backward``.
# - :ref:`tensor` for shapes and broadcasting.
# - :ref:`tabular` trains a network on real data with layers and an optimizer.
