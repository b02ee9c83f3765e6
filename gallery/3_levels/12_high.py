"""
.. _high:

High-level API: a Trainer
=========================

Train the plane and the rings with a few calls, then open the Trainer and find in it the
loop that you wrote yourself.

:Level: 3
:Hours: 1
:Day: 10
:Needs: :ref:`low`, :ref:`mid`
:Data: 400 points near a plane and two noisy rings of 2000 points each, generated

On the ground floor you wrote all five parts of a training program, one floor up you
plugged four of them together and wrote the loop.
Here the loop is gone, too.
A *trainer* is an object that takes model, loss and optimizer and offers three verbs:
``fit``, ``evaluate`` and ``predict``.
The one we use is :class:`eatorch.training.Trainer`, plain Python that you can read.
"""

import inspect
import math
from itertools import chain, pairwise

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

import eatorch
from eatorch.callbacks import Callback, EarlyStopping
from eatorch.metrics import Accuracy
from eatorch.plots import plot_history, plot_regions
from eatorch.training import Trainer

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _high-plane:
#
# The plane, in three verbs
# -------------------------
# The first task is the one of :ref:`mid`: 400 points near
# :math:`y = 2 x_1 - 3 x_2 + 10`, with noise of standard deviation 2.
# This time we keep three tenths of them apart, so that we can judge the model on points
# that it has not seen.
# :func:`~torch.utils.data.random_split` draws them.

inputs, targets = eatorch.data.line(400)  # (point, feature), (point,)
plane = TensorDataset(inputs, targets.unsqueeze(1))  # targets: (point, 1)
generator = torch.Generator().manual_seed(0)
seen, unseen = random_split(plane, [280, 120], generator)
shuffle = torch.Generator().manual_seed(0)
train = DataLoader(seen, 20, shuffle=True, generator=shuffle)
valid = DataLoader(unseen, 40)
len(seen), len(unseen)

# %%
# Model, loss and optimizer are the same plain objects of PyTorch as before.
# What is new is the last argument of the trainer: a *metric* is a number that we want
# to know but do not train on.
# You see the mean absolute error, whose unit is that of ``y``.
# We write it ourselves; a metric needs the three methods that you see.


class MeanAbsoluteError:
    """Mean distance between prediction and target, in the unit of the target."""

    def reset(self):
        self.total, self.rows = 0.0, 0

    def update(self, output, target):
        self.total += (output - target).abs().sum().item()
        self.rows += len(target)

    def compute(self):
        return self.total / self.rows


# %%
# The first verb is ``fit``.
# It trains for so many epochs, measures the ``valid`` part after each, and returns a
# *history*.
# ``device="cpu"`` keeps the numbers of this page the same on every machine; without it
# the trainer takes an accelerator if there is one.

torch.manual_seed(0)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
metrics = {"mae": MeanAbsoluteError()}
trainer = Trainer(model, nn.MSELoss(), optimizer, metrics=metrics, device="cpu")
history = trainer.fit(train, valid, epochs=10)

# %%
# A history is a list of rows, one for each epoch.
# ``best`` finds the row with the lowest value of a column, ``to_dict`` turns the rows
# into columns, and :func:`eatorch.plots.plot_history` draws them.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
plot_history(history, ax=left)
left.axhline(4, color="0.5", linestyle=":", label="variance of the noise")
left.set(ylabel="squared error (unit of y, squared)")
left.legend()
plot_history(history, "mae", ax=right)
right.axhline(2 * (2 / math.pi) ** 0.5, color="0.5", linestyle=":")
right.set(ylabel="absolute error (unit of y)")
fig.suptitle("Both errors fall to what the noise leaves")
plt.show()

# %%
# The dotted lines are known in advance.
# Noise with a standard deviation of 2 has a mean square of 4 and a mean distance of
# :math:`2 \sqrt{2 / \pi} \approx 1.6`.
#
# The second verb, ``evaluate``, measures any other data without learning from them.
# The third, ``predict``, returns the outputs one below the other, in the order of the
# data.

measured = trainer.evaluate(valid)
assert measured["loss"] == history[-1]["valid_loss"]
predictions = trainer.predict(valid)  # (point, 1)
{name: round(value, 2) for name, value in measured.items()}, predictions.shape

# %%
# Did three verbs find the plane?
# As on the floors below we ask :func:`torch.linalg.lstsq`, which needs no steps.

known = torch.cat([inputs[seen.indices], torch.ones(280, 1)], dim=1)
exact = torch.linalg.lstsq(known, targets[seen.indices]).solution
learned = torch.cat([model.weight[0], model.bias]).detach()
assert torch.allclose(learned, exact, atol=0.2)
learned, exact

# %%
# Older courses report a *percentage* error for this task as well: the mean of
# :math:`|\text{error}| / |\text{target}|`.
# Before you use such a metric, ask what a perfect model gets.
# Here is the plane behind the data.

perfect = inputs @ torch.tensor([2.0, -3.0]) + 10
share = ((perfect - targets) / targets).abs()
assert share.mean() > 3 * share.median()
print(f"mean {share.mean():.0%}, median {share.median():.0%}, worst {share.max():.0%}")

# %%
# A few targets lie close to 0, and dividing by them spoils the mean.
# Where targets may change sign, leave percentages alone.
#
# .. _high-first-row:
#
# A row that surprises
# ^^^^^^^^^^^^^^^^^^^^
# Look at the first epoch: the points that the model has never seen have the far lower
# loss.
# Is the split wrong?
# No, the two numbers were taken at different times.
# The training loss is the mean over the epoch *while* the model learns, from its first
# step on.
# The validation loss is measured when the epoch is over.
# We repeat the epoch and then measure both parts with one and the same model.

torch.manual_seed(0)
shuffle.manual_seed(0)
again = nn.Linear(2, 1)
optimizer = torch.optim.SGD(again.parameters(), lr=0.01, momentum=0.9)
once = Trainer(again, nn.MSELoss(), optimizer, device="cpu")
first = once.fit(train, valid, epochs=1, progress=False)[0]
assert first["train_loss"] == history[0]["train_loss"]  # the same epoch once more
after = once.evaluate(train)["loss"]
assert abs(after - first["valid_loss"]) < 0.2 * after < 0.1 * first["train_loss"]
print(f"during the epoch {first['train_loss']:.1f}, after it {after:.1f}")
print(f"unseen points, after it {first['valid_loss']:.1f}")

# %%
# Measured at the same moment, the two agree.
# (A model with dropout has one more reason: it is at its best only in evaluation mode.)
#
# .. _high-summary:
#
# What is in the model?
# ---------------------
# For the rings we need the network of :ref:`low`, with widths 2, 4, 8 and 1.
# :func:`eatorch.summary` runs a model once and lists what comes out of each layer and
# how many numbers it holds.
# There you counted 61 with pencil and paper.


def build():
    """Return the network, with the same random weights at each call."""
    # model
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)
    )


report = eatorch.summary(build(), torch.zeros(50, 2))
assert report.parameters == 61
report

# %%
# It takes a real batch, because only a run shows the shapes.
# That also finds a slip that is hard to see: a ``forward`` without ``return`` gives
# ``None``, and the layer that gets it complains about something else.


class Forgetful(nn.Linear):
    def forward(self, inputs):
        super().forward(inputs)  # the return is missing


with eatorch.show_error(TypeError):
    eatorch.summary(nn.Sequential(Forgetful(2, 4), nn.ReLU()), torch.zeros(50, 2))

# %%
# .. _high-rings:
#
# Two rings on three floors
# -------------------------
# The second task is the one of :ref:`low`: an inner ring of radius 5, an outer one of
# radius 8, each with noise of 1.
# We draw them with the same function.


def ring(points, radius):
    """Return points near a circle, shape ``(points, 2)``."""
    angle = 2 * math.pi * torch.rand(points, generator=generator)
    distance = radius + torch.normal(0.0, 1.0, (points,), generator=generator)
    return torch.stack([distance * angle.cos(), distance * angle.sin()], dim=1)


generator.manual_seed(0)
places = torch.cat([ring(2000, radius=5), ring(2000, radius=8)])  # (point, 2)
labels = torch.arange(2).repeat_interleave(2000)  # (point,), 0 inside, 1 outside

# %%
# Three parts now: 2400 points to learn from, 600 to decide *when to stop*, and 1000 to
# judge the result.
# The last ones must not take part in any decision.
#
# The best possible rule cuts at radius 6.5, that is 1.5 standard deviations from either
# ring.
# So the best share is :math:`\Phi(1.5)`, the area under the bell curve up to 1.5.

parts = torch.randperm(4000, generator=generator).split([2400, 600, 1000])
rings = [TensorDataset(places[p], labels[p].float().unsqueeze(1)) for p in parts]


def deal(part, batch_size=50):
    """Deal one of the three parts out in shuffled batches, the same way each time."""
    shuffle = torch.Generator().manual_seed(0)
    return DataLoader(rings[part], batch_size, shuffle=True, generator=shuffle)


limit = torch.special.ndtr(torch.tensor(1.5)).item()
print(f"no rule gets more than {limit:.1%} of many new points right")

# %%
# Here is the **ground floor**.
# All that is new against :ref:`low` is the start: :class:`~torch.nn.Linear` draws
# weights and biases evenly between plus and minus :math:`1 / \sqrt{\text{inputs}}`, and
# we do the same, so that we can compare.
# The comments name the parts; we will count by them.


def start():
    """Return weight and bias of each layer, drawn as ``nn.Linear`` draws them."""
    # model
    torch.manual_seed(0)
    layers = []
    for before, after in pairwise([2, 4, 8, 1]):
        edge = before**-0.5
        weight = torch.empty(after, before).uniform_(-edge, edge)
        bias = torch.empty(after).uniform_(-edge, edge)
        layers.append([weight.requires_grad_(), bias.requires_grad_()])
    return layers


# %%
# A forward pass, and the cross entropy of logits.


def network(batch, layers):
    """Return a logit for each point, shape ``(points, 1)``."""
    # model
    *hidden, (weight, bias) = layers
    for hidden_weight, hidden_bias in hidden:
        batch = torch.relu(batch @ hidden_weight.T + hidden_bias)
    return batch @ weight.T + bias


def cross_entropy(logits, wanted):
    """Return the mean loss of two classes, a scalar."""
    # loss
    return (torch.logaddexp(logits, torch.zeros(())) - wanted * logits).mean()


# %%
# Then the step and the loop.


def low(loader, epochs):
    """Train with tensors and ``backward`` alone."""
    layers = start()
    # loop
    for _ in range(epochs):
        for batch, wanted in loader:
            cross_entropy(network(batch, layers), wanted).backward()
            # step
            with torch.no_grad():
                for parameter in chain(*layers):
                    parameter.sub_(0.1 * parameter.grad)
                    parameter.grad = None
    return list(chain(*layers))


# %%
# The **middle floor** has the layers in ``build``, and a loss and an optimizer from the
# shelf.
# The loop is that of :ref:`mid`.


def mid(loader, epochs):
    """Train with ready-made parts and a loop of our own."""
    model = build()
    # loss
    loss_function = nn.BCEWithLogitsLoss()
    # step
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    # loop
    for _ in range(epochs):
        for batch, wanted in loader:
            optimizer.zero_grad()
            loss_function(model(batch), wanted).backward()
            optimizer.step()
    return list(model.parameters())


# %%
# And the **upper floor**.


def high(loader, epochs):
    """Hand all parts to a trainer."""
    model = build()
    # loss
    loss_function = nn.BCEWithLogitsLoss()
    # step
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    # loop
    trainer = Trainer(model, loss_function, optimizer, device="cpu")
    trainer.fit(loader, epochs=epochs, progress=False)
    return list(model.parameters())


# %%
# Each floor gets the same points in the same batches.
# How close are the results?

walked, looped, fitted = (floor(deal(0), epochs=5) for floor in (low, mid, high))
assert all(map(torch.equal, looped, fitted))
furthest = max((a - b).abs().max().item() for a, b in zip(walked, looped, strict=True))
assert furthest < 1e-4
print(f"low to mid: at most {furthest:.0e} apart; mid to high: the same bits")

# %%
# The trainer and our own loop agree in *every bit* of all 61 numbers, after 240 steps.
# The ground floor differs only by rounding: ``nn.Linear`` adds the bias inside the
# product, and :class:`~torch.optim.SGD` multiplies and subtracts at once.
# Three programs, one computation.
#
# .. _high-lines:
#
# What the floors save
# ^^^^^^^^^^^^^^^^^^^^
# So the floors differ in what you have to write.
# We let Python read its own source, with :func:`inspect.getsource`, and count the lines
# under each comment.


def lines_of(*functions):
    """Return (part, line) for each line of code; comments name the part."""
    found = []
    for function in functions:
        part = "frame"
        for line in inspect.getsource(function).splitlines():
            text = line.strip()
            if text.startswith("# "):
                part = text[2:]
            elif text and not text.startswith('"""'):
                found.append((part, line))
    return found


# %%
# The frame is what makes a function of it: ``def``, and the call of the model.

floors = {
    "low": lines_of(start, network, cross_entropy, low),
    "mid": lines_of(build, mid),
    "high": lines_of(build, high),
}
names = ("model", "loss", "step", "loop", "frame")
print("".ljust(6), *(name.rjust(6) for name in (*names, "all")))
for floor, lines in floors.items():
    counts = [sum(part == name for part, _ in lines) for name in names]
    print(floor.ljust(6), *(f"{count:6}" for count in (*counts, len(lines))))
assert len(floors["low"]) > len(floors["mid"]) > len(floors["high"])

# %%
# Now the same lines as a picture.
# Each bar is a line of the program, from its first letter to its last.

fig, panels = plt.subplots(1, 3, figsize=(8.5, 4.4), sharey=True, layout="constrained")
colours = dict(zip(names, ("C0", "C1", "C2", "C3", "0.6"), strict=True))
for axes, (floor, lines) in zip(panels, floors.items(), strict=True):
    for row, (part, line) in enumerate(lines, start=1):
        begin = len(line) - len(line.lstrip())
        axes.barh(row, len(line) - begin, left=begin, color=colours[part])
    axes.set(title=f"{floor}: {len(lines)} lines", xlabel="column", xlim=(0, 88))
panels[0].set(ylabel="line of code")
panels[0].invert_yaxis()
handles = [plt.Rectangle((0, 0), 1, 1, color=colours[name]) for name in names]
panels[2].legend(handles, names, loc="lower right")
fig.suptitle("Each floor takes lines off your hands")
plt.show()

# %%
# Be honest about the last step: from the middle floor to the upper one only the inner
# loop goes, a few lines.
# If training were all, a trainer would not be worth an import.
# It pays when you want what those lines do not give: losses that count each row once, a
# validation after each epoch in the right mode, metrics, the best weights, a way back
# after an error.
# Everybody who adds that to the loop by hand writes a trainer, and most of the mistakes
# that the next sections show.
#
# .. _high-inside:
#
# Open the box
# ------------
# The lines have not vanished, they have moved.
# Let us look at them: this is the method that walks through one epoch, printed from the
# package that is running here.

print(inspect.getsource(Trainer._train))

# %%
# And this is the method that turns a batch into a loss, without its docstring.

source = inspect.getsource(Trainer.step)
print("...\n" + source.rpartition('"""\n')[2])

# %%
# Lay the two beside the loop of ``mid``.
# You find ``model.train()``, the walk over the batches, the model, the loss,
# ``backward`` (in ``_updater.backward``), the step of the optimizer and ``zero_grad``
# (in ``_updater.step``).
# The rest is care.
#
# .. list-table::
#    :header-rows: 1
#
#    * - In the trainer
#      - What it spares you
#    * - ``self.model.train()``; ``evaluating(model)`` in ``evaluate``
#      - dropout and batch norm in the wrong mode
#    * - ``tally.add`` and ``tally.results``
#      - a mean of batch means, wrong as soon as the last batch is smaller
#    * - ``_looked_at``
#      - a whole night of training on ``nan``
#    * - ``_result``, on the first batch
#      - shapes that broadcast, a forward that returns ``None``
#    * - ``_moved``
#      - data on one device, model on another
#    * - ``_group``, ``_without_sync``
#      - steps over several batches and several processes
#
# On a single process nothing of it draws random numbers or touches the weights.
# That is why the bits agree.
# And nothing forces you to stay: model, optimizer and loader are plain objects of
# PyTorch, so you can go on by hand where the trainer does not fit, or override ``step``
# in a subclass.
#
# .. _high-refuse:
#
# What it refuses
# ^^^^^^^^^^^^^^^
# On the ground floor nothing guarded you.
# Here is the quietest mistake of all three lessons once more: targets of shape
# ``(row,)`` against outputs of shape ``(row, 1)``.
# PyTorch warns and trains on nonsense, the trainer stops.

torch.manual_seed(0)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
trainer = Trainer(model, nn.MSELoss(), optimizer, device="cpu")
with eatorch.show_error(ValueError):
    trainer.fit([(inputs, targets)], epochs=1, progress=False)

# %%
# The next one is common in notebooks: you run the cell of the model again, but not the
# one of the optimizer.
# Then the optimizer still holds the weights of the *old* model, and a loop of your own
# runs to its end without learning anything.

model = nn.Linear(2, 1)
with eatorch.show_error(ValueError):
    Trainer(model, nn.MSELoss(), optimizer, device="cpu")

# %%
# A learning rate that is too large makes the loss explode.
# The trainer stops at the first number that is not finite, says where it first
# appeared, and puts everything back to the end of the last whole epoch.

optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
trainer = Trainer(model, nn.MSELoss(), optimizer, device="cpu")
with eatorch.show_error(eatorch.training.TrainingError):
    trainer.fit(train, epochs=20, progress=False)
assert all(weight.isfinite().all() for weight in model.parameters())

# %%
# .. _high-hides:
#
# What it hides
# ^^^^^^^^^^^^^
# Two habits of ``fit`` surprise at first.
# ``epochs`` is the *total*, so that a training that was interrupted needs no sums: a
# second call with the same number has nothing left to do.
# And a new trainer does not make a new model.
# It goes on from the weights that the model has, whatever trained them.

model = build()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = Trainer(model, nn.BCEWithLogitsLoss(), optimizer, device="cpu")
for epochs in (2, 2, 3):
    trainer.fit(deal(0), epochs=epochs, progress=False)
    print(f"epochs={epochs}: {trainer.epoch} done")
fresh = Trainer(model, nn.BCEWithLogitsLoss(), optimizer, device="cpu")
assert fresh.epoch == 0
assert fresh.evaluate(deal(1)) == trainer.evaluate(deal(1))

# %%
# .. _high-callbacks:
#
# A word between two epochs
# -------------------------
# What if you want something that ``fit`` does not do?
# A *callback* is an object with methods that the trainer calls at certain moments:
# before the first epoch, after each epoch and at the end.
# It gets the trainer itself and the new row of the history.
# In :ref:`low` we kept copies of the weights in the middle of the loop.
# Now the loop is not ours, and the same wish becomes a class.


class Snapshots(Callback):
    """Keep the model as it was after some of the epochs."""

    def __init__(self, *epochs):
        self.epochs, self.kept = epochs, {}

    def on_epoch_end(self, trainer, row):
        if row["epoch"] in self.epochs:
            model = build()
            model.load_state_dict(trainer.model.state_dict())
            self.kept[row["epoch"]] = model, row["valid_accuracy"]


# %%
# This is the rings' training in full, with a better optimizer than above,
# :class:`~torch.optim.Adam`, and with two metrics.
# Both are an accuracy; the second one cuts the logits at 0.5.
# Keep an eye on it.

model = build()
metrics = {"accuracy": Accuracy(), "at_half": Accuracy(threshold=0.5)}
trainer = Trainer(
    model,
    nn.BCEWithLogitsLoss(),
    torch.optim.Adam(model.parameters(), lr=0.01),
    metrics=metrics,
    device="cpu",
)
snapshots = Snapshots(1, 3, 15)
history = trainer.fit(
    deal(0, 100), deal(1), epochs=15, callbacks=[snapshots], progress=False
)
{name: round(value, 3) for name, value in trainer.evaluate(deal(2)).items()}

# %%
# On the points that decided nothing, the network comes close to the limit that we
# computed.
# Compare with the pictures of :ref:`low`: the same story, told by a callback.

shown = eatorch.data.Table(
    places[parts[2]][:300], labels[parts[2]][:300], ("x1", "x2"), ("inner", "outer")
)
fig, panels = plt.subplots(1, 3, figsize=(8.5, 3.7), sharey=True, layout="constrained")
for axes, (epoch, (copy, share)) in zip(panels, snapshots.kept.items(), strict=True):
    plot_regions(copy, shown, ax=axes)
    axes.get_legend().remove()
    axes.set(title=f"epoch {epoch}", aspect="equal", ylabel="")
    axes.set_xlabel(f"x1     (right: {share:.0%})")
panels[0].set_ylabel("x2")
fig.suptitle("A callback keeps the boundary at three moments")
plt.show()
assert trainer.evaluate(deal(2))["accuracy"] > limit - 0.02

# %%
# A callback that watches a column says so in its attribute ``monitor``.
# Then a slip of the pen is found before the training and not after it.

with eatorch.show_error(ValueError):
    trainer.fit(deal(0), deal(1), epochs=16, callbacks=[EarlyStopping("val_loss")])

# %%
# .. _high-early:
#
# Stop in time
# ------------
# :class:`~eatorch.callbacks.EarlyStopping` is such a callback.
# It waits until the validation loss has not improved for ``patience`` epochs, ends the
# fit, and puts the weights of the best epoch back.
# To see it at work we need a model that overfits: only 60 points to learn from, and a
# network with over 4000 numbers.


def overfit(epochs, callbacks=()):
    """Train a network that is far too large and return its trainer."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss_function, metrics = nn.BCEWithLogitsLoss(), {"accuracy": Accuracy()}
    trainer = Trainer(model, loss_function, optimizer, metrics=metrics, device="cpu")
    few = [rings[0][:60]]  # a list of batches will do; here it is a single one
    trainer.fit(few, [rings[1][:]], epochs=epochs, callbacks=callbacks, progress=False)
    return trainer


# %%
# Once to the very end, once with a patience of 15 epochs.

to_the_end = overfit(150)
stopped = overfit(150, [EarlyStopping(patience=15)])
best = stopped.history.best("valid_loss")
for name, run in {"to the end": to_the_end, "stopped": stopped}.items():
    new = run.evaluate([rings[2][:]])
    told = f"loss {new['loss']:.3f}, accuracy {new['accuracy']:.1%}"
    print(f"{name:10} {run.epoch:3} epochs, new points: {told}")
print(f"best epoch {best['epoch']:.0f}; {stopped.history.stopped}")

# %%
# The training loss alone would have told you that all is well.

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
for name, axes in {"loss": left, "accuracy": right}.items():
    plot_history(to_the_end.history, name, ax=axes)
    axes.axvline(best["epoch"], color="C3", linestyle="--", label="best weights")
    axes.axvline(stopped.epoch, color="0.5", linestyle=":", label="stopped")
left.get_legend().remove()
right.legend(loc="lower right")
fig.suptitle("The training loss falls on while the validation loss climbs again")
plt.show()
last = to_the_end.history[-1]
assert last["train_loss"] < 0.02 < 1.5 * best["valid_loss"] < last["valid_loss"]

# %%
# Look at the right panel as well.
# The accuracy hardly suffers; the *loss* does, because the model grows ever surer of
# its wrong answers.
# Which column you monitor decides what you get.
#
# One more caution: the validation points have chosen the epoch, so their best loss is a
# little flattering.
# The honest number comes from the third part, which has decided nothing.
#
# .. _high-half:
#
# A logit is not a probability
# ----------------------------
# Now for the second metric.
# A course of 2025 trains these rings on logits, as we do, and then draws the classes
# with the rule ``output > 0.5``.
# But 0.5 is the middle for *probabilities*.
# For logits the middle is 0, and a logit of 0.5 is a probability of 0.62.
# What did it cost in our training?

half = torch.tensor(0.5)
print(f"probability of a logit of 0.5: {half.sigmoid():.2f}")
print("epoch   cut at 0   cut at 0.5")
for row in (history[0], history[4], history[-1]):
    right, wrong = row["valid_accuracy"], row["valid_at_half"]
    print(f"{row['epoch']:5}   {right:8.1%}   {wrong:10.1%}")
assert any(row["valid_at_half"] > row["valid_accuracy"] for row in history)

# %%
# Hardly anything!
# In some epochs the wrong cut even happens to be the better one, since the boundary of
# a network of corners is off by a little everywhere.
# That is why such a mistake lives on for years.
# It shows up only where the model is *unsure*, and there we can compute it.
# Take the clouds of :ref:`mid`, with centres at :math:`\pm m` along both axes.
# The right logit is :math:`2 m (x_1 + x_2)`, which has mean :math:`\pm 4 m^2` and
# standard deviation :math:`2 \sqrt 2\, m`.
# So the share of the upper cloud that lies above a cut is an area under a bell curve.


def found(mean, cut):
    """Return the share of the upper cloud whose right logit is above the cut."""
    return torch.special.ndtr((4 * mean**2 - cut) / (8**0.5 * mean))


means = torch.linspace(0.1, 1.7, 100)
curves = {cut: found(means, cut) for cut in (0.0, 0.5)}

# %%
# And we measure it: five logistic regressions, each judged on 4000 new points.
# The share found of a class is called its *recall*.

recalls = {0.0: [], 0.5: []}
distances = (0.1, 0.2, 0.4, 0.8, 1.6)
for mean in distances:
    cloud = eatorch.data.clouds(400, distance=2 * mean)
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    judge = Trainer(layer, nn.BCEWithLogitsLoss(), optimizer, device="cpu")
    batch = cloud.inputs, cloud.targets.float().unsqueeze(1)
    judge.fit([batch], epochs=100, progress=False)
    new = eatorch.data.clouds(2000, distance=2 * mean, seed=1)
    logits = judge.predict([new.inputs])[new.targets == 1]
    for cut, shares in recalls.items():
        shares.append((logits > cut).float().mean().item())

# %%
# On the left the rings, epoch by epoch; on the right the clouds, where lines are
# computed and points are measured.

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
columns = history.to_dict()
left.plot(columns["epoch"], columns["valid_accuracy"], color="C0")
left.plot(columns["epoch"], columns["valid_at_half"], color="C3")
left.set(title="Rings", xlabel="epoch", ylabel="accuracy", xticks=[1, 5, 10, 15])
for cut, colour in zip(recalls, ("C0", "C3"), strict=True):
    right.plot(means, curves[cut], color=colour)
    right.plot(distances, recalls[cut], "o", color=colour, label=f"logit > {cut:g}")
right.set(xlabel="class mean m", ylabel="upper cloud found (share)", ylim=(0, 1))
right.set_title("Clouds")
right.legend()
fig.suptitle("Cut at 0.5, an unsure model loses one of its classes")
plt.show()
assert 2 * recalls[0.5][0] < recalls[0.0][0]

# %%
# Where the clouds nearly coincide, hardly any logit ever reaches 0.5, and the upper
# class all but disappears.
# Whoever looks only at a well separated task will not notice.
#
# The other way round it is worse.
# Cut *probabilities* at 0, and everything belongs to class 1.

with torch.no_grad():
    probabilities = model(places[parts[2]]).sigmoid().squeeze(1)
metric = Accuracy(threshold=0)
metric.update(probabilities, labels[parts[2]])
share = labels[parts[2]].float().mean().item()
assert math.isclose(metric.compute(), share, rel_tol=1e-6)
print(f"right {metric.compute():.1%}, points of class 1 {share:.1%}")

# %%
# That is why :class:`eatorch.metrics.Accuracy` has an argument ``threshold``.
# The rule to remember: *the cut belongs to the scale*, 0 for logits, 0.5 for
# probabilities, and the two give the same answers.
#
# .. admonition:: Then and now
#
#    Wrappers of this kind are older than this site, and their names have changed faster
#    than PyTorch itself.
#    A widely read Chinese course used the package torchkeras:
#
#    - **2020**: ``torchkeras.Model``, to subclass or to wrap around a module;
#      ``compile`` with loss, optimizer and metrics, then ``fit``, ``evaluate`` and
#      ``predict``, as in Keras.
#    - **2021**: ``LightModel``, the same verbs on top of PyTorch Lightning.
#      It was dropped in 2023, because the versions of Lightning did not stay
#      compatible.
#    - **Since 2022**: ``KerasModel``, today on top of Hugging Face's accelerate:
#      metrics, callbacks, Weights & Biases, mixed precision, several GPUs.
#
#    Readers of the book met each change as an error at the first line.
#    What lasts is below: ``forward``, the loss, the optimizer, the loop.
#    Other trainers today are Lightning, Ignite, skorch and the one of Hugging Face
#    transformers.
#    Their words differ a little, the parts do not: who has written the loop once can
#    read each of them.
#
# .. _high-exercises:
#
# Exercises
# ---------
# The first two add what a trainer does not bring along, the others look under the hood.
#
# .. _high-ex1:
#
# Exercise 12-1: a metric of your own
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write the *root* of the mean squared error as a metric.
# It has the unit of the target, like the mean absolute error, but punishes large errors
# more.
# The class is made without arguments; the check feeds it batches of different sizes.
# Then think: why can it not be the mean of the batches' roots?
#
# .. dropdown:: Hint
#
#    ``MeanAbsoluteError`` above has all you need.
#    What must be counted in ``update``, and what may wait until ``compute``?
#
# .. dropdown:: Solution
#
#    A root of a mean is not the mean of roots, even if all batches have the same size.
#    Sums add up over batches, so count sums, divide once and take the root last.
#
#    .. code-block:: python
#
#       class RootMeanSquaredError:
#           """Root of the mean squared error, in the unit of the target."""
#
#           def reset(self):
#               self.total, self.rows = 0.0, 0
#
#           def update(self, output, target):
#               self.total += (output - target).square().sum().item()
#               self.rows += len(target)
#
#           def compute(self):
#               return math.sqrt(self.total / self.rows)


class RootMeanSquaredError:
    """Root of the mean squared error, in the unit of the target."""

    ...  # your code here


eatorch.check("12-1", RootMeanSquaredError)

# %%
# .. _high-ex2:
#
# Exercise 12-2: a callback of your own
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Sometimes good is good enough.
# Write a callback ``StopAt(monitor, goal)`` that ends the fit after the first epoch in
# which the column ``monitor`` is *below* ``goal``.
# A misspelt column should be refused before the first epoch.
#
# .. dropdown:: Hint
#
#    ``Snapshots`` shows the hook, and ``trainer.stop("a reason")`` ends the fit after
#    the present epoch.
#    How does ``fit`` know which column a callback reads?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       class StopAt(Callback):
#           """End the fit as soon as a column is below a goal."""
#
#           def __init__(self, monitor, goal):
#               self.monitor, self.goal = monitor, goal
#
#           def on_epoch_end(self, trainer, row):
#               if row[self.monitor] < self.goal:
#                   trainer.stop(f"{self.monitor} is below {self.goal}")


class StopAt(Callback):
    """End the fit as soon as a column is below a goal."""

    ...  # your code here


eatorch.check("12-2", StopAt)

# %%
# .. _high-ex3:
#
# Exercise 12-3: where to cut
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A screening test should say "ill" only if the model gives it a probability of more
# than 0.9.
# Return the class of each logit, 0 or 1 as ``int64``, for any such ``probability``
# between 0 and 1.
# For 0.5 the answer must be that of the cut at 0.
# Can you do without computing a sigmoid for each logit?
#
# .. dropdown:: Hint
#
#    The sigmoid rises everywhere, so it keeps the order.
#    Either bring the logits to the scale of the probability, or the other way round:
#    :func:`torch.logit` is the way back.
#
# .. dropdown:: Solution
#
#    One number changes scale instead of all of them.
#    Read backwards, the cut of the course, a logit of 0.5, asks for a probability of
#    more than 0.62.
#
#    .. code-block:: python
#
#       def decide(logits, probability):
#           """Return class 1 where its probability is above the given one."""
#           cut = math.log(probability / (1 - probability))
#           return (logits > cut).long()


def decide(logits, probability):
    """Return class 1 where its probability is above the given one."""
    ...  # your code here


eatorch.check("12-3", decide)

# %%
# .. _high-ex4:
#
# Exercise 12-4: evaluate, by hand
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write what the second verb does: return the mean loss over all *rows* of a loader, as
# a plain number.
# The model must be in evaluation mode while you measure, and afterwards in the mode in
# which you found it.
# Nothing may be recorded for a gradient.
# ``loss_function`` returns the mean over a batch.
#
# .. dropdown:: Hint
#
#    ``model.training`` tells the mode, ``model.train(mode)`` sets it.
#    By what do you have to multiply the mean of a batch before you add?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       @torch.no_grad()
#       def evaluate(model, loader, loss_function):
#           """Return the mean loss over all rows, measured in evaluation mode."""
#           mode = model.training
#           model.eval()
#           total, rows = 0.0, 0
#           for batch, wanted in loader:
#               total += loss_function(model(batch), wanted).item() * len(wanted)
#               rows += len(wanted)
#           model.train(mode)
#           return total / rows


def evaluate(model, loader, loss_function):
    """Return the mean loss over all rows, measured in evaluation mode."""
    ...  # your code here


eatorch.check("12-4", evaluate)

# %%
# .. _high-minute:
#
# In one minute
# -------------
# - A trainer takes model, loss and optimizer and offers ``fit``, ``evaluate`` and
#   ``predict``; a history keeps one row for each epoch.
# - It is your loop with care around it: with the same seed it gives the same bits.
# - The training loss of an epoch is measured on the way, the validation loss at its
#   end.
# - A metric counts in ``update`` and divides once in ``compute``.
# - A callback speaks between two epochs; early stopping is one, and it needs a
#   validation part that is not the test.
# - ``epochs`` is the total, and a new trainer goes on with the old weights.
# - Cut logits at 0 and probabilities at 0.5.
# - Learn the loop, not the wrapper: wrappers come and go.
#
# .. _high-next:
#
# Read next
# ---------
# - :ref:`structure` begins the lessons that look at the tools of the ground floor one
#   by one, with the shapes of tensors.
# - :ref:`low` and :ref:`mid` if you skipped a floor.
# - :ref:`tabular` judges a classifier on real measurements.
# - :mod:`eatorch.training` documents every argument of the trainer.
