"""
.. _mid:

Mid-level API and logistic regression
=====================================

Train four models with one and the same loop, and say exactly why a sigmoid can tell two
classes apart.

:Level: 3
:Hours: 1
:Day: 9
:Needs: :ref:`tabular`, :ref:`autograd`
:Data: generated points (a plane, two clouds, two rings); iris, 150 rows, CC BY 4.0

Tensors and ``backward`` are enough to train anything, but you would write the same
lines again and again.
The *mid-level* API keeps them for you: layers, losses, optimizers and loaders.
They are parts with fitting plugs.
Here we plug them together four times, change a part or two each time, and look inside
each.
"""

import warnings
from dataclasses import replace
from functools import cached_property, partial

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import eatorch

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _mid-parts:
#
# Five parts
# ----------
# Every training has the same five parts, whatever it learns:
#
# 1. **Data** hands out batches of inputs and targets.
# 2. The **model** turns inputs into predictions.
# 3. The **loss** says in one number how bad the predictions are.
# 4. The **optimizer** changes the parameters so that the loss falls.
# 5. The **loop** calls the other four in this order, again and again.
#
# Our first task has a known answer: 400 points scatter around the plane
# :math:`y = 2 x_1 - 3 x_2 + 10`.
# Each of the four parts takes a line or two.
# The loader shuffles with a ``generator`` of its own, so that a run can be repeated.


def batches(inputs, targets, batch_size=40):
    """Deal rows out in shuffled batches, the same way for each new loader."""
    generator = torch.Generator().manual_seed(0)
    dataset = TensorDataset(inputs, targets)
    return DataLoader(dataset, batch_size, shuffle=True, generator=generator)


inputs, targets = eatorch.data.line(400)  # (point, feature), (point,)
loader = batches(inputs, targets.unsqueeze(1))  # targets: (point, 1)
torch.manual_seed(0)  # a layer starts from random weights
model = nn.Linear(in_features=2, out_features=1)
loss_function = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

# %%
# The fifth part calls them.
# Before we write it, we push a single batch through by hand and note what travels from
# part to part.

batch, wanted = next(iter(loader))
predictions = model(batch)
loss = loss_function(predictions, wanted)
loss.backward()
boxes = {
    "data": (loader, (0, 1)),
    "model": (model, (2, 1)),
    "loss": (loss_function, (4, 1)),
    "optimizer": (optimizer, (3, 0)),
}
print(f"the loss is {loss.item():.1f}, its shape {tuple(loss.shape)}")

# %%
# The loss is a single number: that is where ``backward`` starts.
# Now the arrows: from where to where, what, and how large.

arrows = [
    ("data", "model", "inputs", batch, (1, 0.8)),
    ("data", "loss", "targets", wanted, (2, 1.85)),
    ("model", "loss", "predictions", predictions, (3, 0.8)),
    ("loss", "optimizer", "gradient", model.weight.grad, (4.05, 0.4)),
    ("optimizer", "model", "new weights", model.weight, (1.95, 0.4)),
]
centred = {"ha": "center", "va": "center"}
line = {"arrowstyle": "->", "shrinkA": 42, "shrinkB": 42, "color": "0.5"}
curve = {"targets": "arc3,rad=-0.32"}  # around the model

# %%
# Follow them once round.
# It is one turn of the loop, drawn from the objects above.

fig, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
for number, (name, (part, place)) in enumerate(boxes.items()):
    frame = {"boxstyle": "round,pad=0.7", "fc": "none", "ec": f"C{number}", "lw": 2}
    kind = f"{number + 1}. {name}\n{type(part).__name__}"
    axes.text(*place, kind, **centred, bbox=frame)
for start, end, name, tensor, spot in arrows:
    line["connectionstyle"] = curve.get(name, "arc3")
    axes.annotate("", boxes[end][1], boxes[start][1], arrowprops=line)
    axes.text(*spot, f"{name}\n{tuple(tensor.shape)}", **centred)
axes.add_patch(plt.Rectangle((-0.6, -0.45), 5.3, 2.5, fill=False, ls="--", ec="0.5"))
axes.text(-0.4, -0.2, "5. loop: once round for each batch", va="center")
axes.set_title("Four parts hand tensors on, and the loop drives them round")
axes.axis((-0.7, 4.8, -0.5, 2.1))
axes.axis("off")
plt.show()

# %%
# .. _mid-linear:
#
# What a layer holds
# ^^^^^^^^^^^^^^^^^^
# :class:`~torch.nn.Linear` is a matrix, a bias and one line of arithmetic:
# :math:`X W^\top + b`.
# Its weight has shape ``(out_features, in_features)``, so it is transposed before it
# is applied.
# Both are a :class:`~torch.nn.Parameter`: a tensor that requires a gradient and that
# ``model.parameters()`` finds.

by_hand = batch @ model.weight.T + model.bias
assert torch.allclose(by_hand, model(batch))
[(name, tuple(value.shape)) for name, value in model.named_parameters()]

# %%
# The layer expects a feature dimension at the end.
# A list of 100 numbers has none, and a layer with one input takes it for *one row of
# 100 features*:

numbers = torch.linspace(0, 1, 100)  # (row,)
with eatorch.show_error(RuntimeError):
    nn.Linear(1, 1)(numbers)

# %%
# Cure: :meth:`~torch.Tensor.unsqueeze` makes it 100 rows of one feature.

nn.Linear(1, 1)(numbers.unsqueeze(1)).shape

# %%
# With the *targets* the same slip raises no error.
# Predictions of shape ``(row, 1)`` minus targets of shape ``(row,)`` broadcast to a
# table of every prediction against every target.
# Here the predictions are perfect, yet the loss is not zero.

perfect, wanted = numbers.unsqueeze(1), numbers
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(f"loss of perfect predictions: {nn.MSELoss()(perfect, wanted):.3f}")
print(str(caught[0].message).partition(". ")[0])
print(f"with equal shapes:           {nn.MSELoss()(perfect, wanted.unsqueeze(1)):.3f}")

# %%
# So take this warning for an error.
# That is why ``targets.unsqueeze(1)`` stands in our first cell.
#
# .. _mid-loop:
#
# One loop for everything
# -----------------------
# The loop knows nothing of planes or classes.
# It takes the four parts as arguments, so any of them can be exchanged.
# It returns the mean loss of each epoch; a batch counts as often as it has rows.


def fit(model, loader, loss_function, optimizer, epochs):
    """Train the model in place and return the mean loss of each epoch."""
    history = []
    for _ in range(epochs):
        total = 0.0
        for batch, targets in loader:
            optimizer.zero_grad()
            loss = loss_function(model(batch), targets)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        history.append(total / len(loader.dataset))
    return history


history = fit(model, loader, loss_function, optimizer, epochs=12)
model.weight.detach(), model.bias.detach()

# %%
# The numbers behind the data were 2, -3 and 10.
# For a plane the best answer is known without any loop: :func:`torch.linalg.lstsq`
# solves it in one step.
# Ours must come close to it.

table = torch.cat([inputs, torch.ones(400, 1)], dim=1)  # the ones belong to the bias
best = torch.linalg.lstsq(table, targets).solution
learned = torch.cat([model.weight[0], model.bias]).detach()
assert torch.allclose(learned, best, atol=0.2)
best

# %%
# Two slopes fit into two plain pictures, if we take away the share of the other
# feature.
# The loss levels off near 4, not at 0: 4 is the variance of the noise that was mixed
# into the targets, and no plane can follow noise.

fig, panels = plt.subplots(1, 3, figsize=(8.5, 3), layout="constrained")
slopes, intercept = learned[:2].tolist(), learned[2].item()
for feature, axes in enumerate(panels[:2]):
    other = 1 - feature
    rest = targets - slopes[other] * inputs[:, other]
    axes.scatter(inputs[:, feature], rest, s=5, color="0.6")
    axes.axline((0, intercept), slope=slopes[feature], color="C1", linewidth=2)
    axes.set(xlabel=f"x{feature + 1}", ylabel=f"y without the share of x{other + 1}")
panels[2].semilogy(range(1, 13), history, ".-")
panels[2].axhline(4, color="0.5", linestyle=":", label="variance of the noise")
panels[2].set(xlabel="epoch", ylabel="squared error (log scale)", xticks=[1, 4, 8, 12])
panels[2].legend(loc="center right")
fig.suptitle("The layer finds both slopes; the loss stops at the noise")
plt.show()
assert 3 < history[-1] < 5

# %%
# .. _mid-logistic:
#
# Logistic regression
# -------------------
# Now the targets are classes: 0 for the lower cloud, 1 for the upper one.
# The centres lie at (-1.7, -1.7) and (1.7, 1.7), and each cloud scatters with a
# standard deviation of 1.
# Two parts change.
# The data carry other targets, and the loss becomes
# :class:`~torch.nn.BCEWithLogitsLoss`.
# Model, optimizer and loop stay as they were: *logistic regression is a linear layer
# with another loss*.


def train(model, points, labels, epochs=20):
    """Train a model that gives one logit for each point; return the history."""
    loader = batches(points, labels.float().unsqueeze(1))  # (row, 1), float32
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return fit(model, loader, nn.BCEWithLogitsLoss(), optimizer, epochs)


clouds = eatorch.data.clouds(200, distance=2 * 1.7)  # 200 points in each cloud
torch.manual_seed(0)
model = nn.Linear(2, 1)
history = train(model, clouds.inputs, clouds.targets)
print(f"loss of epoch 1: {history[0]:.3f}, of epoch 20: {history[-1]:.3f}")

# %%
# How many points are on the right side?
# We ask about the points of the training and about 4000 new ones.


def accuracy(model, table):
    """Return the share of rows to which the model gives the right class."""
    with torch.inference_mode():
        found = model(table.inputs).squeeze(1) > 0
    return (found == table.targets.bool()).float().mean().item()


fresh = eatorch.data.clouds(2000, distance=2 * 1.7, seed=1)
print(
    f"training {accuracy(model, clouds):.1%}, new points {accuracy(model, fresh):.1%}"
)

# %%
# The model gives one number for each point, the **logit** :math:`z = w \cdot x + b`.
# The sigmoid :math:`\sigma(z) = 1 / (1 + e^{-z})` makes a probability of it.
# To every probability belongs one logit, and to every logit a line on the plane.

(w1, w2), b = model.weight[0].tolist(), model.bias.item()
logits = model(clouds.inputs).squeeze(1).detach()
levels = {":": 0.1, "-": 0.5, "--": 0.9}
starts = {  # x2 of each line at x1 = 0
    style: (torch.tensor(level).logit().item() - b) / w2
    for style, level in levels.items()
}

# %%
# On the left we draw how the logits of the two classes lie along the sigmoid, on the
# right the lines of 10, 50 and 90 per cent.

z = torch.linspace(-16, 16, 200)
fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
left.plot(z, z.sigmoid(), color="0.5")
for label, name in enumerate(clouds.classes):
    chosen = logits[clouds.targets == label]
    left.plot(chosen, chosen.sigmoid(), "o", markersize=4, alpha=0.4, label=name)
left.set(xlabel="logit z", ylabel="probability of class high")
left.legend()
eatorch.plots.plot_regions(model, clouds, ax=right)
for style, level in levels.items():
    line = {"ls": style, "color": "0.4", "label": f"{level:.0%}"}
    right.axline((0, starts[style]), slope=-w1 / w2, **line)
right.legend(loc="upper left", fontsize="small")
fig.suptitle("Each probability is a straight line, and 50 % is the boundary")
plt.show()

# %%
# .. _mid-why:
#
# Why the sigmoid can separate
# ----------------------------
# The sigmoid alone separates nothing.
# Three parts work together, and each does one thing:
#
# 1. The **linear layer** draws the line.
#    All points with :math:`w \cdot x + b = 0` lie on it, the logit is positive on one
#    side and negative on the other, and it grows with the distance.
# 2. The **sigmoid** reads the logit as a probability.
#    It rises from 0 to 1 without ever turning back and passes 0.5 exactly at
#    :math:`z = 0`.
#    So "probability above one half" and "logit above zero" are the same question, and
#    the boundary stays the straight line that the layer drew.
# 3. The **loss** moves the line.
#    Its slope at the logit is just :math:`\sigma(z) - y`: the probability minus the
#    truth.
#
# The last point deserves a check, since it is what makes the training work.

z = torch.tensor([-4.0, 0.0, 4.0], requires_grad=True)
y = torch.ones(3)  # all three belong to class 1
nn.BCEWithLogitsLoss(reduction="sum")(z, y).backward()
assert torch.allclose(z.grad, z.detach().sigmoid() - y)
z.grad

# %%
# A point on the wrong side pulls with nearly full strength, one on the line with half,
# and one that is safely right hardly at all.
# A hard step from 0 to 1 would answer the same question, but its slope is zero
# everywhere: no pull, no training.
#
# For two round clouds of equal width there is even more to say.
# The chance that a point belongs to the upper cloud *is* a sigmoid of a linear function
# (Bayes' rule: the squares of the two bell curves cancel).
# With centres at :math:`\pm m` along both axes and a spread of 1 the best weights are
# :math:`w = (2m, 2m)` and :math:`b = 0`, and the best accuracy is
# :math:`\Phi(\sqrt 2\, m)`, where :math:`\Phi` is the area under the bell curve up to
# a point (:func:`torch.special.ndtr`).
# So we know how good *any* classifier can be.

for mean in (1.0, 1.7, 5.0):
    limit = torch.special.ndtr(torch.tensor(2**0.5 * mean)).item()
    print(f"mean {mean}: at best {limit:.4%} right, with weights of {2 * mean:g}")

# %%
# .. _mid-grid:
#
# Move the clouds
# ---------------
# Now we change two things about the data:
#
# - the class **mean** 1, 1.7 or 5: how far the centres lie from the middle,
# - the **bias** 0, 1 or 5: a number that is added to *all* points, so that both clouds
#   move together.
#
# And one thing about the model: with its own bias :math:`b` (solid line) and without
# (dashed).
# :func:`~dataclasses.replace` copies a table with one of its parts exchanged.
# Before you scroll on: in which of the nine pictures will the dashed line fail?

results = {}
for mean in (1.0, 1.7, 5.0):
    limit = torch.special.ndtr(torch.tensor(2**0.5 * mean)).item()
    table = eatorch.data.clouds(100, distance=2 * mean)
    fresh = eatorch.data.clouds(2000, distance=2 * mean, seed=1)
    for moved in (0.0, 1.0, 5.0):
        here, there = (replace(t, inputs=t.inputs + moved) for t in (table, fresh))
        torch.manual_seed(0)
        pair = nn.Linear(2, 1), nn.Linear(2, 1, bias=False)
        for layer in pair:
            train(layer, here.inputs, here.targets)
        shares = [*(accuracy(layer, there) for layer in pair), limit]
        results[mean, moved] = here, pair, shares
        assert shares[0] < limit + 0.01

# %%
# Below each picture stands how many *new* points are on the right side: of the solid
# line, of the dashed one, and at best.

fig, panels = plt.subplots(3, 3, figsize=(8.5, 7.6), sharex=True, sharey=True)
fig.subplots_adjust(0.07, 0.07, 0.99, 0.9, wspace=0.06, hspace=0.42)
for axes, ((mean, moved), row) in zip(panels.flat, results.items(), strict=True):
    here, pair, shares = row
    for label in (0, 1):
        axes.scatter(*here.inputs[here.targets == label].T, s=5, alpha=0.6)
    for layer, style in zip(pair, ("-", "--"), strict=True):
        w1, w2 = layer.weight[0].tolist()
        b = 0.0 if layer.bias is None else layer.bias.item()
        axes.axline((0, -b / w2), slope=-w1 / w2, color="C2", linestyle=style)
    percent = " | ".join(f"{share:.0%}" for share in shares)
    axes.set(title=f"mean {mean:g}, bias {moved:g}", xlabel=f"x1   (right: {percent})")
plt.setp(panels[:, 0], ylabel="x2")
fig.suptitle("The mean decides how well, the bias only where")
plt.show()

# %%
# Compare the rows first.
# A larger mean pulls the clouds apart, and the accuracy climbs to the limits that we
# computed.
# At mean 5 the clouds do not touch: many lines are perfect, and the weights would grow
# for ever if we let the loop run, since a surer sigmoid always costs a little less.
#
# Then the columns.
# Moving both clouds changes nothing about how hard the task is.
# The solid line moves along, because :math:`b` moves it.
# The dashed line is tied to the point (0, 0) and can only turn.
# The farther the middle of the data moves away, the worse it gets, and where both
# clouds lie on the same side of (0, 0) it is no better than a coin.
#
# The move has a price for the solid line, too.
# In the right column the inputs are far from 0, weights and :math:`b` pull at each
# other, and twenty epochs no longer suffice to bring the line quite into the middle.
# Standardised inputs, as in :ref:`tabular`, spare you that.

# %%
# .. _mid-optimizer:
#
# An optimizer has a memory
# -------------------------
# Up to here we made each optimizer once, before the loop.
# You will meet courses that make it in a *property*, and so make a new one at each
# access.
# Nothing fails and the loss falls: ``zero_grad`` and ``step`` work on the parameters
# and their ``grad``, and those outlive the optimizer.
# But what the optimizer *remembers* is thrown away with it.


class Careless:
    """A model whose optimizer is built anew each time it is named."""

    def __init__(self, make):
        self.model, self.make = nn.Linear(2, 1), make
        nn.init.zeros_(self.model.weight)
        nn.init.zeros_(self.model.bias)

    @property
    def optimizer(self):
        return self.make(self.model.parameters())


# %%
# For comparison the same class with one optimizer for its whole life.
# A :func:`~functools.cached_property` runs once and keeps its result.


class Careful(Careless):
    """A model whose optimizer is built once and kept."""

    @cached_property
    def optimizer(self):
        return self.make(self.model.parameters())


# %%
# We let both learn our plane, on all rows at once, with
# :class:`~torch.optim.SGD` and with :class:`~torch.optim.Adam`.


def walk(learner, steps=120):
    """Return slope 1, slope 2 and intercept after each step, shape ``(steps, 3)``."""
    path = []
    for _ in range(steps):
        learner.optimizer.zero_grad()
        nn.MSELoss()(learner.model(inputs), targets.unsqueeze(1)).backward()
        learner.optimizer.step()
        path.append(nn.utils.parameters_to_vector(learner.model.parameters()).detach())
    return torch.stack(path)


# %%
# First Adam.
# :class:`~functools.partial` fills in arguments beforehand, here the learning rate, so
# that only the parameters are left to give.
# For each parameter that it knows it should remember two averages and a count of steps.

momentum = partial(torch.optim.SGD, lr=0.02, momentum=0.8)
adam = partial(torch.optim.Adam, lr=0.3)
careless, careful = Careless(adam), Careful(adam)
paths = {"Adam, rebuilt": walk(careless), "Adam, kept": walk(careful)}
for learner in (careless, careful):
    same = learner.optimizer is learner.optimizer
    remembered = len(learner.optimizer.state)
    print(f"{type(learner).__name__:9} same object: {same}, remembers {remembered}")

# %%
# The careful learner remembers both parameters, weight and bias.
# The memory of a rebuilt optimizer is always empty.
# What is left of the two methods then?
#
# - Momentum adds up past gradients, older ones with less weight.
#   Without a past it is *plain* SGD, to the last digit.
# - Adam divides the average gradient by its usual size.
#   In a first step both are the same number, so the quotient is 1 or -1: each step is
#   exactly as long as the learning rate, near the goal as far from it.

paths["SGD with momentum, rebuilt"] = walk(Careless(momentum))
paths["SGD with momentum, kept"] = walk(Careful(momentum))
plain = walk(Careful(partial(torch.optim.SGD, lr=0.02)))
assert torch.equal(paths["SGD with momentum, rebuilt"], plain)
lengths = paths["Adam, rebuilt"].diff(dim=0).abs()
assert torch.allclose(lengths, torch.tensor(0.3), atol=1e-4)
lengths.min().item(), lengths.max().item()

# %%
# And so it looks, for the intercept, whose way is the longest.

fig, panels = plt.subplots(1, 2, figsize=(8.5, 3.4), sharey=True, layout="constrained")
for axes, method in zip(panels, ("SGD with momentum", "Adam"), strict=True):
    for name in ("kept", "rebuilt"):
        axes.plot(range(1, 121), paths[f"{method}, {name}"][:, 2], label=name)
    axes.axhline(best[2].item(), color="0.5", linestyle=":", label="best value")
    axes.set(title=method, xlabel="step", ylabel="intercept")
panels[0].legend()
fig.suptitle("Rebuilt, momentum loses its run-up and Adam can never settle")
plt.show()

# %%
# The cure is a rule: *make the optimizer once, after the model and before the loop*.
# In a class its place is ``__init__``, as a plain attribute.
#
# .. _mid-rings:
#
# Exchange the model
# ------------------
# Two rings, one inside the other: no straight line parts them.
# So we exchange one part, the model.
# :class:`~torch.nn.Sequential` chains layers, and each :class:`~torch.nn.ReLU` bends
# the line.

rings = eatorch.data.rings((200, 200))
fresh = eatorch.data.rings((2000, 2000), seed=1)
torch.manual_seed(0)
straight = nn.Linear(2, 1)
bent = nn.Sequential(
    nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)
)
for name, model in {"straight": straight, "bent": bent}.items():
    history = train(model, rings.inputs, rings.targets, epochs=25)
    print(f"{name:9} loss {history[-1]:.3f}, new points {accuracy(model, fresh):.1%}")

# %%
# The loss of a coin is :math:`\log 2 \approx 0.69`, and the straight model is no better
# than a coin.
# The bent one closes around the inner ring.

fig, panels = plt.subplots(1, 2, figsize=(8.5, 4), layout="constrained")
models = {"One linear layer": straight, "2-4-8-1 with ReLU": bent}
for axes, (name, model) in zip(panels, models.items(), strict=True):
    eatorch.plots.plot_regions(model, rings, ax=axes)
    axes.set_title(name)
fig.suptitle("A sigmoid bends no boundary; hidden layers do")
plt.show()

# %%
# .. _mid-iris:
#
# Three classes
# -------------
# A sigmoid answers yes or no.
# For three species of iris the model gives three logits, one for each class, and
# :class:`~torch.nn.CrossEntropyLoss` takes the place of the loss.
# It wants something else from the labels: the *number* of the class, as ``int64``, of
# shape ``(row,)``.
# Whole numbers become ``int64`` in PyTorch by themselves, so here you leave them alone.
# We use two of the four measurements, so that we can draw the result.
# Every third flower is kept for the test.

iris = eatorch.data.iris()
petals = replace(iris, inputs=iris.inputs[:, 2:], features=iris.features[2:])
test = torch.arange(150) % 3 == 0
loader = batches(petals.inputs[~test], petals.targets[~test], batch_size=25)
torch.manual_seed(0)
model = nn.Linear(2, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
fit(model, loader, nn.CrossEntropyLoss(), optimizer, epochs=25)
right = model(petals.inputs[test]).argmax(dim=1) == petals.targets[test]
print(f"{int(right.sum())} of {len(right)} test flowers, labels {petals.targets.dtype}")

# %%
# The class with the largest logit wins, so two classes meet where their logits are
# equal: again along straight lines.

axes = eatorch.plots.plot_regions(model, petals)
axes.set_title("Three logits cut the plane into three pieces with straight borders")
plt.show()

# %%
# Is that another method than before?
# No: with two classes, a first logit that is always 0 and a second one :math:`z`, it is
# the same loss.

z, y = torch.tensor([-2.0, 0.5, 3.0]), torch.tensor([1, 0, 1])
pairs = torch.stack([torch.zeros(3), z], dim=1)  # (row, class)
assert torch.allclose(
    nn.CrossEntropyLoss()(pairs, y), nn.BCEWithLogitsLoss()(z, y.float())
)

# %%
# .. _mid-labels:
#
# Labels that fit the loss
# ------------------------
# Many errors of the first weeks are made here.
# The labels go to the wrong loss in the wrong type, and the two losses complain in two
# ways.
# First whole numbers for a loss that calculates with its labels:

with eatorch.show_error(RuntimeError):
    nn.BCEWithLogitsLoss()(z, torch.tensor([1, 0, 1]))

# %%
# Then floats for a loss that uses its labels as a place to look:

with eatorch.show_error(RuntimeError):
    nn.CrossEntropyLoss()(pairs, torch.tensor([1.0, 0.0, 1.0]))

# %%
# A column of class numbers is wrong too.
# PyTorch takes it for several classes in each row:

with eatorch.show_error(RuntimeError):
    nn.CrossEntropyLoss()(pairs, torch.tensor([[1], [0], [1]]))

# %%
# And a number that no class has:

with eatorch.show_error(IndexError):
    nn.CrossEntropyLoss()(pairs, torch.tensor([1, 2, 1]))

# %%
# Keep this table at hand.
# Let a batch have :math:`n` rows.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Loss
#      - Model returns
#      - Labels
#    * - :class:`~torch.nn.MSELoss`
#      - values, ``(n, 1)``
#      - float, ``(n, 1)``
#    * - :class:`~torch.nn.BCEWithLogitsLoss`
#      - one logit, ``(n, 1)``
#      - float 0 or 1, ``(n, 1)``
#    * - :class:`~torch.nn.CrossEntropyLoss`
#      - a logit for each of ``c`` classes, ``(n, c)``
#      - ``int64`` from 0 to ``c - 1``, ``(n,)``
#
# .. admonition:: Then and now
#
#    - Older courses end the model with a sigmoid and take :class:`~torch.nn.BCELoss`.
#      Today the model returns logits, and the loss does both in one stable step.
#      The boundary then lies at a logit of 0, not of 0.5.
#    - Labels of a yes-or-no task were sometimes reshaped with ``view(-1, 1)`` in the
#      middle of the loop.
#      Give them their shape once, where the data are made.
#    - ``loss(labels, predictions)`` can still be read here and there.
#      PyTorch takes the predictions first.
#      With :class:`~torch.nn.MSELoss` the order makes no difference, with the two
#      losses for classes it does.
#    - The optimizer in a property comes from such a course.
#      Now you know what it costs.
#
# .. _mid-exercises:
#
# Exercises
# ---------
# Two of them are about thinking, two about the slips that cost the most hours.
#
# .. _mid-ex1:
#
# Exercise 11-1: why can a sigmoid separate?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Answer with a formula.
# ``model`` is a ``nn.Linear(2, 1)`` that returns logits.
# For each ``x1``, where must ``x2`` lie so that the model says exactly ``probability``?
# Return a tensor of the shape of ``x1``.
# Then put your result into words: which shape does the border have for 0.5, which for
# 0.9, and what does that say about the sigmoid?
#
# .. dropdown:: Hint
#
#    First ask which *logit* belongs to the probability.
#    Then solve :math:`w_1 x_1 + w_2 x_2 + b = z` for :math:`x_2`.
#
# .. dropdown:: Solution
#
#    For each probability a straight line comes out, and all of them are parallel.
#    The sigmoid rises without turning back, so it only writes numbers on lines that the
#    layer has drawn.
#    It separates two classes as well as a straight line can, and no better.
#
#    .. code-block:: python
#
#       def border(model, x1, probability):
#           """Return the x2 at which the model says ``probability``."""
#           w1, w2 = model.weight[0].detach()
#           logit = torch.tensor(probability).logit()
#           return (logit - model.bias.detach() - w1 * x1) / w2


def border(model, x1, probability):
    """Return the x2 at which the model says ``probability``."""
    ...  # your code here


eatorch.check("11-1", border)

# %%
# .. _mid-ex2:
#
# Exercise 11-2: mean and bias, measured
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# The nine pictures in numbers.
# Write a function that trains a linear layer for each pair of a class mean and a bias
# of the data, as above, and returns a tensor of shape ``(means, biases, 2)``.
# The two numbers are the place :math:`t` at which the boundary crosses the diagonal,
# that is the point :math:`(t, t)`, and the accuracy as a share.
# Predict first: on which of mean and bias does each number depend?
#
# .. dropdown:: Hint
#
#    Put :math:`x_1 = x_2 = t` into :math:`w_1 x_1 + w_2 x_2 + b = 0`.
#    ``train``, ``accuracy`` and ``replace`` from above do the rest.
#
# .. dropdown:: Solution
#
#    The place follows the bias and hardly cares for the mean.
#    The accuracy follows the mean and does not care for the bias.
#
#    .. code-block:: python
#
#       def grid(means, biases):
#           """Return place and accuracy, shape ``(means, biases, 2)``."""
#           numbers = torch.empty(len(means), len(biases), 2)
#           for row, mean in enumerate(means):
#               table = eatorch.data.clouds(200, distance=2 * mean)
#               for column, moved in enumerate(biases):
#                   here = replace(table, inputs=table.inputs + moved)
#                   layer = nn.Linear(2, 1)
#                   train(layer, here.inputs, here.targets)
#                   place = -layer.bias / layer.weight.sum()
#                   numbers[row, column, 0] = place.item()
#                   numbers[row, column, 1] = accuracy(layer, here)
#           return numbers
#
#
#       print(grid([1.0, 1.7, 5.0], [0.0, 1.0, 5.0]))


def grid(means, biases):
    """Return place and accuracy, shape ``(means, biases, 2)``."""
    ...  # your code here


eatorch.check("11-2", grid)

# %%
# .. _mid-ex3:
#
# Exercise 11-3: find the bug
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^
# This code runs, and the loss falls.
# But whatever you write for ``momentum``, the result stays the same.
#
# .. code-block:: python
#
#    def step(model, batch, labels):
#        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
#        optimizer.zero_grad()
#        nn.BCEWithLogitsLoss()(model(batch), labels).backward()
#        optimizer.step()
#
#
#    def repaired(model, loader, epochs):
#        for _ in range(epochs):
#            for batch, labels in loader:
#                step(model, batch, labels)
#        return model
#
# Write ``repaired`` so that momentum works, with the same learning rate and momentum.
# Return the trained model.
#
# .. dropdown:: Hint
#
#    How long does the optimizer live?
#    Where is its memory when the next batch comes?
#
# .. dropdown:: Solution
#
#    The optimizer was built in each step and forgotten at its end.
#    It has to live as long as the training, so it is made in front of *both* loops.
#
#    .. code-block:: python
#
#       def repaired(model, loader, epochs):
#           """Train with a momentum that works and return the model."""
#           optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
#           for _ in range(epochs):
#               for batch, labels in loader:
#                   optimizer.zero_grad()
#                   nn.BCEWithLogitsLoss()(model(batch), labels).backward()
#                   optimizer.step()
#           return model


def repaired(model, loader, epochs):
    """Train with a momentum that works and return the model."""
    ...  # your code here


eatorch.check("11-3", repaired)

# %%
# .. _mid-ex4:
#
# Exercise 11-4: labels for any loss
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Labels come out of files in all shapes: whole numbers or floats, ``(row,)`` or
# ``(row, 1)``.
# Write a function that returns them in the dtype and the shape that the loss wants.
# ``loss_function`` is a :class:`~torch.nn.CrossEntropyLoss`, a
# :class:`~torch.nn.BCEWithLogitsLoss` or a :class:`~torch.nn.MSELoss`, and ``outputs``
# is what the model returned.
#
# .. dropdown:: Hint
#
#    One loss looks up a place, the others calculate.
#    Those that calculate compare each output with one label: which shape fits for sure?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def labels_for(loss_function, labels, outputs):
#           """Return the labels in the dtype and shape that the loss wants."""
#           if isinstance(loss_function, nn.CrossEntropyLoss):
#               return labels.flatten().long()
#           return labels.reshape(outputs.shape).to(outputs.dtype)


def labels_for(loss_function, labels, outputs):
    """Return the labels in the dtype and shape that the loss wants."""
    ...  # your code here


eatorch.check("11-4", labels_for)

# %%
# .. _mid-minute:
#
# In one minute
# -------------
# - Data, model, loss, optimizer, loop: five parts, and each can be exchanged alone.
# - A layer wants ``(row, feature)``.
#   ``unsqueeze(1)`` turns a list of numbers into a column, for inputs and for targets.
# - Logistic regression is a linear layer with
#   :class:`~torch.nn.BCEWithLogitsLoss`.
#   The layer draws the line, the sigmoid reads it as a probability, the loss pulls with
#   :math:`\sigma(z) - y`.
# - How far the classes lie apart decides how good you can be; the bias of the layer
#   decides where the line lies.
# - Make the optimizer once: it remembers.
# - ``CrossEntropyLoss`` wants ``int64`` of shape ``(row,)``; the others want floats of
#   the shape of the output.
#
# .. _mid-next:
#
# Read next
# ---------
# - :ref:`high` takes the loop off your hands, too, and shows that the weights stay the
#   same to the last bit.
# - :ref:`tabular` uses the same five parts on real measurements and judges the result.
# - :ref:`low` writes each of the five parts by hand.
# - :ref:`autograd` shows what ``backward`` does between loss and optimizer.
# - :mod:`torch.nn`, :mod:`torch.optim` and :mod:`torch.utils.data` list all the parts
#   that you can plug in.
