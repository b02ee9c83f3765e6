"""
.. _train:

Three ways to train a model
===========================

Write one training as a script, as functions and as an object, get the same weights from
all three, and know what each line of the loop is there for.

:Level: 4
:Hours: 1
:Day: 19
:Needs: :ref:`build`, :ref:`high`
:Data: 1,797 handwritten digits of 8 x 8 pixels (CC BY 4.0, from scikit-learn)

:ref:`high` showed that a trainer is your own loop with care around it.
This lesson is about the loop: in which form to write it, in which order its lines must
stand, and what belongs around it when a result has to be trusted.
Each claim is tried out, mostly by breaking something on purpose.
"""

import copy
import itertools
import math
import time

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

import eatorch
from eatorch.callbacks import EarlyStopping
from eatorch.metrics import Accuracy
from eatorch.training import Trainer

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _train-data:
#
# The common ground
# -----------------
# All three ways get the same things: 1000 digits to learn from, 400 to steer by, 397
# that are put away for the end, and a small network with dropout.
# The loader that shuffles gets a generator of its own, so that every way sees the same
# batches.

digits = eatorch.data.digits()
generator = torch.Generator().manual_seed(0)
order = torch.randperm(len(digits), generator=generator)
train, valid, test = (
    TensorDataset(digits.images[part], digits.targets[part])
    for part in order.split([1000, 400, 397])
)
steer = DataLoader(valid, 150)  # 150, 150 and 100 pictures
loss_function = nn.CrossEntropyLoss()


def deal(batch_size=50):
    """Deal the training part in shuffled batches, the same way each time."""
    shuffle = torch.Generator().manual_seed(0)
    return DataLoader(train, batch_size, shuffle=True, generator=shuffle)


# %%
# The network starts from the same numbers each time.


def build():
    """Return the network, with the same first weights each time."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10)
    )


# %%
# .. _train-script:
#
# The first way: a script
# -----------------------
# Everything in a row, from top to bottom.
# You can stop anywhere and look at anything: the best form for a first try.

first, script = build(), []
optimizer, loader = torch.optim.SGD(first.parameters(), lr=0.3), deal()
for _ in range(12):
    first.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss_function(first(images), labels).backward()
        optimizer.step()
    first.eval()
    total = 0.0
    with torch.inference_mode():
        for images, labels in steer:
            total += loss_function(first(images), labels).item() * len(labels)
    script.append(total / len(valid))
f"{script[0]:.3f} after the first epoch, {script[-1]:.3f} after the last"

# %%
# Six things happen, and most mistakes of this lesson are one of them left out: the
# mode for training, clear, backward, step, the mode for evaluation, and a loss that
# counts each picture once.
#
# .. _train-functions:
#
# The second way: functions
# -------------------------
# With a second model to compare you would copy the script, and from then on repair two.
# So cut it where it repeats: one function walks through the data and learns, one walks
# through and measures, and one calls them in turn.


def train_epoch(model, loader, optimizer):
    """Walk through the data once and learn."""
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss_function(model(images), labels).backward()
        optimizer.step()


# %%
# The second one may not record anything, and adds up so that each picture counts once.


@torch.inference_mode()
def evaluate(model, loader):
    """Return the mean loss over all pictures, measured in evaluation mode."""
    model.eval()
    total, seen = 0.0, 0
    for images, labels in loader:
        total += loss_function(model(images), labels).item() * len(labels)
        seen += len(labels)
    return total / seen


# %%
# Each function sets the mode that *it* needs, at its top.
# Then nobody has to remember what ran before.


def fit(model, loader, optimizer, epochs):
    """Train and return the validation loss after each epoch."""
    curve = []
    for _ in range(epochs):
        train_epoch(model, loader, optimizer)
        curve.append(evaluate(model, steer))
    return curve


second = build()
functions = fit(second, deal(), torch.optim.SGD(second.parameters(), lr=0.3), 12)

# %%
# .. _train-object:
#
# The third way: an object
# ------------------------
# A training has a state, and it is more than the weights: the optimizer with its
# memory, the epoch, the curve so far.
# An object keeps it together, so that it can be stopped, saved and taken up again.
# :class:`eatorch.training.Trainer` is such an object.

third = build()
optimizer = torch.optim.SGD(third.parameters(), lr=0.3)
trainer = Trainer(
    third, loss_function, optimizer, metrics={"accuracy": Accuracy()}, device="cpu"
)
history = trainer.fit(deal(), steer, epochs=12, progress=False)
trained = history.to_dict()["valid_loss"]
trainer.epoch, len(history)

# %%
# Same seed, same batches, same steps.
# So the three must agree, and not merely nearly: in every bit of every weight.

for model in (second, third):
    pairs = zip(first.parameters(), model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
styles = {"script": (script, 9), "functions": (functions, 5), "object": (trained, 1.5)}
for number, (name, (losses, width)) in enumerate(styles.items()):
    assert all(map(math.isclose, losses, script))
    ax.plot(range(1, 13), losses, color=f"C{number}", linewidth=width, label=name)
ax.set(xlabel="epoch", ylabel="validation loss (nats)", title="Three ways, one curve")
ax.legend()
plt.show()

# %%
# The lines lie on one another, which is why they are drawn with different widths.
# So the way is a matter of *form*, and you may change it at any time.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Way
#      - Good for
#      - Weak at
#    * - script
#      - a first try, a question in a forum, a lesson
#      - comparing: each copy is changed by itself
#    * - functions
#      - experiments with several models, loops that are unusual
#      - stopping and going on: the state lies in many variables
#    * - object
#      - long runs, checkpoints, several devices
#      - seeing what happens, until you have read its source
#
# .. _train-order:
#
# The order of three lines
# ------------------------
# After the forward pass come three lines: clear, backward, step.
# They have six orders.
# Which of them learn?
# Guess before you go on.
# This loop takes the order as an argument.


def in_order(moves, epochs=4, **options):
    """Train with the lines in a given order; return the model and its curve."""
    model, loader, curve = build(), deal(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, **options)
    lines = {"clear": optimizer.zero_grad, "step": optimizer.step}
    for _ in range(epochs):
        model.train()
        for images, labels in loader:
            lines["backward"] = loss_function(model(images), labels).backward
            for move in moves:
                lines[move]()
        curve.append(evaluate(model, steer))
    return model, curve


# %%
# One of the six does not run at all.
# It steps with the gradient of the batch before, but *after* the forward pass, and so
# overwrites weights that ``backward`` is about to need.
# PyTorch notices; :ref:`graph` shows how.

names = ("clear", "backward", "step")
with eatorch.show_error(RuntimeError):
    in_order(("step", "clear", "backward"))

# %%
# The other five run to their end.

runs, start = {}, build()[1].weight
for moves in itertools.permutations(names):
    if moves != ("step", "clear", "backward"):
        runs[moves] = in_order(moves)
        model, losses = runs[moves]
        learned = "no" if torch.equal(start, model[1].weight) else "yes"
        print(f"{' > '.join(moves):25} learned: {learned:4} loss {losses[-1]:.2f}")

# %%
# Two learn, and they are the same: whether you clear at the beginning of a round or at
# its end does not change a bit.
# The other three never move a single weight, because each gradient is cleared away
# before a step has used it.
# No message tells you.

at_start, at_end = (runs[m][0] for m in (names, ("backward", "step", "clear")))
pairs = zip(at_start.parameters(), at_end.parameters(), strict=True)
assert all(torch.equal(a, b) for a, b in pairs)
idle = [net for net, _ in runs.values() if torch.equal(start, net[1].weight)]
assert len(idle) == 3

# %%
# And what if you forget to clear at all?
# Then each step uses the sum of *all* gradients so far.
# That has a name: it is plain descent with a momentum of 1, which never forgets and
# never brakes.

forgetful, without = in_order(("backward", "step"), epochs=8)
eternal, momentum = in_order(names, epochs=8, momentum=1.0)
pairs = zip(forgetful.parameters(), eternal.parameters(), strict=True)
assert all(torch.equal(a, b) for a, b in pairs)
proper = in_order(names, epochs=8)[1]
assert min(without) > 2 * proper[-1]

# %%
# The curves of all of them.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.3), layout="constrained")
for model, curve in runs.values():
    color = "C3" if model in idle else "C0"
    left.plot(range(1, 5), curve, "o-", color=color, alpha=0.5)
left.set(xlabel="epoch", ylabel="validation loss (nats)", xticks=range(1, 5))
left.set_title("Two orders learn, three stand still")
right.plot(range(1, 9), proper, color="C0", label="cleared")
right.plot(range(1, 9), without, color="C3", linewidth=5, label="never cleared")
right.plot(range(1, 9), momentum, color="C1", linewidth=1.5, label="momentum 1")
right.set(xlabel="epoch", title="No clearing is a momentum of 1")
right.legend()
fig.suptitle("A wrong line gives a wrong curve, and seldom an error")
plt.show()

# %%
# So read your curves.
# If a loss stays exactly where it was, look for a ``zero_grad`` in the wrong place (or
# an optimizer that holds another model); if it runs wild, look whether it is there.
#
# .. _train-trace:
#
# Measure without a trace
# -----------------------
# An evaluation should change nothing.
# Two ways in which it does are common.
# First, it leaves the model in evaluation mode.
# If ``train()`` stands *before* the loop over epochs instead of inside, dropout works
# in the first epoch and never again.

model = build().train()
modes = []
for _ in range(3):
    modes.append(model.training)  # train_epoch without its first line would run here
    evaluate(model, steer)
modes

# %%
# Second, it keeps what it measures.
# A loss is a tensor with the whole graph behind it, and a sum of losses holds *all* the
# graphs, with everything that they have stored for ``backward``.
# ``item()`` takes the number and lets the rest go.
# We count the recorded operations behind a sum of losses.


def behind(tensor):
    """Count the recorded operations that a tensor holds on to."""
    seen, waiting = set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return len(seen)


# %%
# The first of the two sums is the mistake.

total, number = torch.zeros(()), 0.0
for batch, (images, labels) in enumerate(deal(), start=1):
    loss = loss_function(model(images), labels)
    total += loss  # a classic mistake
    number += loss.item()
    if batch in {1, 10, 20}:
        print(f"after {batch:2} batches the sum holds {behind(total):3} operations")
type(number)

# %%
# The memory in use grows with every batch, until the sum is thrown away or no memory is
# left.
#
# .. _train-time:
#
# Where the time goes
# -------------------
# Before you make a loop faster, measure it.
# A stopwatch between the lines is enough.
# (On a GPU it is not: there you have to wait for the device, see :ref:`device`.)


def walk(model, optimizer, images, labels, lap):
    """Take one step and call the stopwatch ``lap`` after each line."""
    optimizer.zero_grad()
    lap("clear")
    output = model(images)
    lap("forward")
    loss = loss_function(output, labels)
    lap("loss")
    loss.backward()
    lap("backward")
    optimizer.step()
    lap("step")


# %%
# The stopwatch adds each lap to the time of its line.


def laps(batch_size):
    """Return the seconds that each line of the loop took in two epochs."""
    model, spent = build(), {}
    optimizer, start = torch.optim.SGD(model.parameters(), lr=0.3), time.perf_counter()

    def lap(line):
        nonlocal start
        now = time.perf_counter()
        spent[line] = spent.get(line, 0.0) + now - start
        start = now

    for images, labels in itertools.chain(deal(batch_size), deal(batch_size)):
        lap("fetch")
        walk(model, optimizer, images, labels, lap)
    return spent


# %%
# Three batch sizes, the same 2000 pictures each time, and the fastest of three tries.
# Your machine will draw other bars.

sizes = (10, 50, 250)
laps(50)  # the first steps of a process are slow and do not count
spent = {}
for size in sizes:
    tries = [laps(size) for _ in range(3)]
    spent[size] = {line: min(lap[line] for lap in tries) for line in tries[0]}

# %%
# Each bar is an epoch, divided by its pictures.

fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
left = torch.zeros(3)
for number, line in enumerate(spent[50]):
    times = torch.tensor([1e6 * spent[size][line] / 2000 for size in sizes])
    ax.barh(range(3), times, left=left, color=f"C{number}", label=line)
    left += times
ax.set(xlabel="time per picture (microseconds)", ylabel="batch size")
ax.set_yticks(range(3), sizes)
ax.legend(ncols=2)
ax.set_title("In a larger batch each picture costs less time")
plt.show()

# %%
# A large part is the fixed price of a call, which a large batch shares among more
# pictures.
# A large batch helps *fetch* least, because the loader takes the pictures one by one.
# So look at the shares before you tune: where *fetch* is the longest part of a bar, a
# faster optimizer gains little, and :ref:`data` is the lesson to read.
#
# .. _train-accumulate:
#
# A large batch in small pieces
# -----------------------------
# A batch does not fit into memory?
# Since ``backward`` adds, you may send it through in pieces and step once.
# This is called *gradient accumulation*.
# But ``CrossEntropyLoss`` takes the mean over a piece.
# To get the mean over all, each piece must count as much as it has rows.


def gradient(model, pieces, weight):
    """Return the gradient after all pieces, as one long vector."""
    model.zero_grad()
    for images, labels in pieces:
        (loss_function(model(images), labels) * weight(len(labels))).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def cut(*sizes):
    """Cut the first 96 pictures into pieces of the given sizes."""
    images, labels = train[:96]
    return list(zip(images.split(sizes), labels.split(sizes), strict=True))


# %%
# Five ways to send 96 pictures through, against the gradient of all at once.
# The last way has a batch norm in the network, which looks at the pieces one by one.

plain = build().eval()  # no dropout: it would draw other neurons for each piece
normed = nn.Sequential(*build()[:2], nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10))
ways = {
    "equal pieces, sum": (plain, cut(32, 32, 32), lambda _: 1),
    "equal pieces, divided by 3": (plain, cut(32, 32, 32), lambda _: 1 / 3),
    "80 and 16, divided by 2": (plain, cut(80, 16), lambda _: 1 / 2),
    "80 and 16, by their rows": (plain, cut(80, 16), lambda rows: rows / 96),
    "equal pieces, batch norm": (normed, cut(32, 32, 32), lambda _: 1 / 3),
}
errors = {}
for name, (model, pieces, weight) in ways.items():
    whole = gradient(model, cut(96), lambda _: 1)
    errors[name] = (
        (gradient(model, pieces, weight) - whole).norm() / whole.norm()
    ).item()

# %%
# The axis is logarithmic: two of the five are right up to rounding.

fig, ax = plt.subplots(figsize=(8, 2.9), layout="constrained")
right = [error < 1e-5 for error in errors.values()]
ax.barh(
    list(errors), list(errors.values()), color=["C0" if ok else "C3" for ok in right]
)
ax.set(xscale="log", xlabel="distance to the gradient of the whole batch (relative)")
ax.invert_yaxis()
ax.set_title("Small pieces give the large batch if each counts by its rows")
plt.show()
assert right == [False, True, False, True, False]
assert abs(errors["equal pieces, sum"] - 2) < 1e-4  # three times as long

# %%
# The sum is three times too long: with plain descent the same as a learning rate three
# times as large.
# The mean of means favours the pictures in the small piece.
# And with batch norm no weighing helps, because the network itself computes something
# else; choose a norm that looks at one picture at a time (:ref:`norm`).
#
# The order of the lines grows by one rule: what looks at *the* gradient comes after the
# last piece.
# So with :func:`torch.nn.utils.clip_grad_norm_` it is clear, all pieces, clip, step.
#
# .. _train-clip:
#
# One bad batch
# -------------
# What is clipping good for when all goes well?
# For the day on which something does not.
# Here one batch of the second epoch comes without the division by 16 that brings
# pixels to the range from 0 to 1, and worse, with the labels of other pictures.


def batches(epochs):
    """Yield the batches of all epochs, one of them spoilt, and the steps' numbers."""
    loader = deal()
    for step, (images, labels) in enumerate(
        itertools.chain.from_iterable(itertools.repeat(loader, epochs))
    ):
        spoilt = step == 30
        yield step, (16 * images if spoilt else images), labels.roll(int(spoilt))


# %%
# Clipping stands between ``backward`` and the step.


def with_accident(longest, epochs=8):
    """Train through an accident; return the losses and the gradients' lengths."""
    model, curve, lengths = build(), [], []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    for step, images, labels in batches(epochs):
        model.train()
        optimizer.zero_grad()
        loss_function(model(images), labels).backward()
        length = nn.utils.clip_grad_norm_(model.parameters(), longest)
        lengths.append(length.item())
        optimizer.step()
        if step % 20 == 19:
            curve.append(evaluate(model, steer))
    return curve, lengths


# %%
# :func:`~torch.nn.utils.clip_grad_norm_` returns the length *before* it clips.
# With no limit, ``math.inf``, it only measures.

free, lengths = with_accident(math.inf)
clipped, _ = with_accident(3.0)
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
left.plot(lengths, color="C3")
left.axhline(3, color="0.5", linestyle=":", label="longest allowed")
left.set(xlabel="step", ylabel="length of the gradient", yscale="log")
left.legend()
right.plot(range(1, 9), free, "o-", color="C3", label="free")
right.plot(range(1, 9), clipped, "o-", color="C0", label="clipped")
right.set(xlabel="epoch", ylabel="validation loss (nats)")
right.legend()
fig.suptitle("One bad batch throws the model back, unless its gradient is clipped")
plt.show()
assert sorted(lengths)[-2] < 3 < max(lengths)  # one is too long
assert all(a < b for a, b in zip(clipped[1:], free[1:], strict=True))

# %%
# A single gradient is far longer than all the others.
# Free to act, it throws the model back, and epochs go by until the loss has recovered.
# Clipped, it is a step among others.
# The limit lies above all ordinary lengths, so in ordinary times it does nothing.
# Measure first, then choose it.
#
# .. _train-stop:
#
# Which epoch to keep
# -------------------
# The last epoch need not be the best.
# *Early stopping* watches for a new lowest validation loss.
# If none has come for a number of epochs, its *patience*, it ends the training and goes
# back to the best weights.
# :ref:`tabular` showed the trap (going back too early, inside the loop) and
# :ref:`high` the ready-made callback.
# One question is left, and everybody asks it: *how much* patience?
# We train once, far too long, on 100 digits of which a fifth got random labels, and ask
# the recorded curve afterwards.

few = train[:100]
wrong = torch.randint(10, (100,), generator=generator)
noisy = TensorDataset(few[0], torch.where(torch.arange(100) < 20, wrong, few[1]))


def deal_noisy():
    """Deal the noisy digits in shuffled batches, the same way each time."""
    shuffle = torch.Generator().manual_seed(0)
    return DataLoader(noisy, 20, shuffle=True, generator=shuffle)


greedy = build()
long = fit(greedy, deal_noisy(), torch.optim.Adam(greedy.parameters(), lr=0.01), 60)

# %%
# The rule, applied to a curve that is already there.


def stopped_at(curve, patience):
    """Return the epoch that ends the training and the one that is kept."""
    best = 0
    for epoch, loss in enumerate(curve):
        if loss < curve[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch + 1, best + 1
    return len(curve), best + 1


# %%
# A curve with bumps makes an impatient rule stop at the first of them.

outcomes = {wait: stopped_at(long, wait) for wait in (1, 2, 3, 5, 10, 20)}
for wait, (end, kept) in outcomes.items():
    print(f"patience {wait:2}: {end:2} epochs, keeps {kept:2}: {long[kept - 1]:.3f}")
found = [long[kept - 1] for _, kept in outcomes.values()]
assert found == sorted(found, reverse=True)
assert long[-1] > 1.2 * min(long)

# %%
# Several of them keep the same epoch, so they share a dot.

fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
ax.plot(range(1, 61), long, color="0.5")
for number, kept in enumerate(sorted({kept for _, kept in outcomes.values()})):
    waits = ", ".join(str(w) for w, outcome in outcomes.items() if outcome[1] == kept)
    ax.plot(kept, long[kept - 1], "o", color=f"C{number}", label=f"patience {waits}")
ax.set(xlabel="epoch", ylabel="validation loss (nats)")
ax.legend()
ax.set_title("Patience pays until the lowest point is found, then it only costs")
plt.show()

# %%
# More patience never keeps a worse epoch, it only costs time.
# So when in doubt, be patient.
# Note that the pictures that choose the epoch can no longer judge it: the lowest of
# sixty losses owes something to luck.
#
# .. _train-whole:
#
# Everything in its place
# -----------------------
# Now put all the parts into one loop, and a schedule for the learning rate with them
# (:ref:`schedule`).
# Inside an epoch only one line is new.


def parts(model):
    """Return an optimizer for the model and a schedule of 60 epochs."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return optimizer, CosineAnnealingLR(optimizer, T_max=60)


def careful_epoch(model, loader, optimizer, longest):
    """Walk through the data once and learn, with clipped gradients."""
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss_function(model(images), labels).backward()
        nn.utils.clip_grad_norm_(model.parameters(), longest)
        optimizer.step()


# %%
# The comments say why each line stands where it does.


def careful_fit(model, loader, epochs, patience):
    """Train with clipping, schedule and early stopping; return the losses."""
    optimizer, schedule = parts(model)
    losses, lowest, best = [], math.inf, 0
    for epoch in range(epochs):
        careful_epoch(model, loader, optimizer, longest=1.5)
        schedule.step()  # counts epochs, and comes after the optimizer's steps
        losses.append(evaluate(model, steer))
        if losses[-1] < lowest:
            lowest, best = losses[-1], epoch
            weights = copy.deepcopy(model.state_dict())  # a copy: it goes on changing
        if epoch - best == patience:
            break
    model.load_state_dict(weights)  # once, behind the loop
    return losses


# %%
# The trainer takes the same parts as arguments.
# If each of them stands in the right place, both ways end with the same bits again.
# (The limit is low enough here for some batches to be clipped.)

fourth = build()
careful = careful_fit(fourth, deal_noisy(), epochs=60, patience=10)
fifth = build()  # here, since it also sets the seed that dropout draws with
optimizer, schedule = parts(fifth)
options = {"scheduler": schedule, "clip": 1.5, "device": "cpu"}
keeper = Trainer(fifth, loss_function, optimizer, **options)
stop = EarlyStopping(patience=10)
keeper.fit(deal_noisy(), steer, epochs=60, callbacks=[stop], progress=False)
pairs = zip(fourth.parameters(), fifth.parameters(), strict=True)
assert all(torch.equal(a, b) for a, b in pairs)
f"{len(careful)} and {keeper.epoch} epochs, lowest loss {min(careful):.3f}"

# %%
# Two remarks on the schedule.
# One that counts *batches*, such as a warm-up, steps inside ``careful_epoch``, right
# after ``optimizer.step()``; ``ReduceLROnPlateau`` steps after the evaluation, whose
# loss it needs.
# And early stopping does not fit every schedule well: one that falls over 60 epochs has
# done only a part of its way when training ends before.
#
# .. _train-folds:
#
# How much is luck?
# -----------------
# With few data even the split is a draw of lots.
# *Cross-validation* cuts the data into ``k`` folds, trains ``k`` times with one fold
# left out, and takes the mean: every row is judged once, by a model that has not seen
# it.
# Two hundred digits, five folds, and all of it ten times with other folds.


def score(chosen, judged):
    """Train on the chosen rows and return the share right among the judged ones."""
    net = build()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(12):
        net.train()
        rows = chosen[torch.randperm(len(chosen))]
        for part in rows.split(32):
            optimizer.zero_grad()
            loss_function(net(digits.images[part]), digits.targets[part]).backward()
            optimizer.step()
    with torch.inference_mode():
        answers = net.eval()(digits.images[judged]).argmax(1)
    return (answers == digits.targets[judged]).float().mean().item()


# %%
# For once we can come close to the truth as well: 1200 other digits judge one model of
# each round.
# (The 397 that were put away stay away.)

rows, others = order[:200], order[200:1400]
single, truth = [], []
for _ in range(10):
    folds = rows[torch.randperm(200, generator=generator)].split(40)
    for fold in range(5):
        rest = torch.cat([part for n, part in enumerate(folds) if n != fold])
        single.append(score(rest, folds[fold]))
    truth.append(score(rest, others))
means = torch.tensor(single).view(10, 5).mean(1)

# %%
# Each dot on the left is what you would have reported after *one* split.

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
jitter = torch.linspace(-0.2, 0.2, 50)
ax.scatter(jitter, single, s=14, color="C3")
ax.scatter(1 + jitter[::5], means, s=22, color="C0")
ax.axhline(sum(truth) / 10, color="0.5", linestyle=":", label="other digits, mean")
ax.set_xticks([0, 1], ["one split each", "means of five folds"])
ax.set(xlabel="how it is measured", ylabel="accuracy (share right)")
ax.legend()
ax.set_title("One split is a draw of lots; the mean of five folds scatters less")
plt.show()
spreads = torch.tensor(single).std().item(), means.std().item()
assert spreads[0] > 1.3 * spreads[1]
f"spread of single splits {spreads[0]:.3f}, of means {spreads[1]:.3f}"

# %%
# Two models that differ by less than this scatter cannot be told apart by one split
# each.
# And do not take the narrow cloud for certainty: all its dots share the same 200
# digits, so it shows the luck of the *split* alone, not that of the *data*.
#
# Last of all comes the part that has been waiting.
# It is used once, for the model that was chosen; here it is the model of the first
# sections.
# Report its result with the uncertainty: a share :math:`p` among :math:`n` pictures has
# a standard error of :math:`\sqrt{p (1 - p) / n}`.

share = trainer.evaluate(DataLoader(test, 397))["accuracy"]
error = math.sqrt(share * (1 - share) / len(test))
assert share > 0.9
f"{share:.1%} right, give or take {2 * error:.1%}"

# %%
# .. admonition:: Then and now
#
#    - Older courses train on MNIST, whose download is often the first thing to fail;
#      the digits here come with a package.
#    - They add up ``loss.data[0]``; today it is ``loss.item()``.
#    - They average the accuracies of batches; count right answers and divide once.
#    - A widely read one loads the best weights *inside* the loop over epochs, so that
#      each epoch without a new best is thrown away.
#    - Since PyTorch 2.0 ``zero_grad`` stores ``None`` instead of zeros.
#    - ``with torch.no_grad():`` around an evaluation is fine;
#      :class:`~torch.inference_mode` is stricter and a little faster.
#    - ``clip_grad_norm`` without the underscore is deprecated.
#
# .. _train-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _train-ex1:
#
# Exercise 29-1: who betrays a missing eval?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Seven modules in training mode get the same batch, under ``torch.no_grad()``.
# For each answer ``"nothing"`` if neither its output nor its state differs from what
# happens in evaluation mode, ``"output"`` if only the output differs, ``"both"`` if the
# call also changes the state dict.
#
# .. code-block:: python
#
#    nn.Linear(4, 4)  # 1
#    nn.Dropout(0.5)  # 2
#    nn.BatchNorm1d(4)  # 3
#    nn.LayerNorm(4)  # 4
#    nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.0))  # 5
#    nn.BatchNorm1d(4, track_running_stats=False)  # 6
#    nn.RReLU()  # 7
#
# Answer with a list of seven words.
#
# .. dropdown:: Hint
#
#    Make each module twice from one seed, switch one of them to ``eval()``, and compare
#    outputs and state dicts.
#    ``no_grad`` stops the record, and nothing else.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       betrayed = [
#           "nothing",
#           "output",  # some numbers are zero, the others doubled
#           "both",  # means of the batch, and the running means move
#           "nothing",  # looks at one row at a time, in either mode
#           "nothing",  # drops no number
#           "nothing",  # keeps no running means, so uses the batch in either mode
#           "output",  # a random slope for negative numbers, the mean slope after eval
#       ]

betrayed = ...  # your code here

eatorch.check("29-1", betrayed)

# %%
# .. _train-ex2:
#
# Exercise 29-2: one step over many pieces
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``step_over(model, loss_function, optimizer, pieces)``.
# ``pieces`` is a list of pairs (inputs, targets) of different lengths, and
# ``loss_function`` returns the mean over its rows.
# Take *one* step of the optimizer, the same as if all rows had come in one batch, and
# return the mean loss over all rows as a plain number.
# Old gradients may still be lying around when your function is called.
# At no time may the graphs of two pieces be in memory together.
#
# .. dropdown:: Hint
#
#    Count the rows first.
#    Each piece needs its own ``backward``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def step_over(model, loss_function, optimizer, pieces):
#           rows = sum(len(targets) for _, targets in pieces)
#           optimizer.zero_grad()
#           total = 0.0
#           for inputs, targets in pieces:
#               loss = loss_function(model(inputs), targets) * len(targets) / rows
#               loss.backward()
#               total += loss.item()
#           optimizer.step()
#           return total


def step_over(model, loss_function, optimizer, pieces):
    """Take one step over all pieces and return the mean loss."""
    ...  # your code here


eatorch.check("29-2", step_over)

# %%
# .. _train-ex3:
#
# Exercise 29-3: the best weights, at the end
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``fit_best(model, learn, measure, epochs, patience)``.
# In each epoch call ``learn(model)``, which trains it in place, then
# ``measure(model)``, which returns the validation loss.
# Stop when ``patience`` epochs in a row have brought no loss *lower* than the best, or
# after ``epochs``.
# Then, once, put the state of the best epoch back, parameters and buffers, and return
# the list of all losses that were measured.
# A loss that is ``nan`` is never the best.
#
# .. dropdown:: Hint
#
#    A state dict holds the model's own tensors (:ref:`module`); they go on changing.
#    ``loss < best`` is false for ``nan``.
#    Where does the line that restores belong: inside the loop or behind it?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def fit_best(model, learn, measure, epochs, patience):
#           losses, best, waited, kept = [], math.inf, 0, None
#           for _ in range(epochs):
#               learn(model)
#               losses.append(measure(model))
#               waited += 1
#               if losses[-1] < best:
#                   best, waited = losses[-1], 0
#                   kept = {k: v.clone() for k, v in model.state_dict().items()}
#               if waited == patience:
#                   break
#           if kept is not None:
#               model.load_state_dict(kept)
#           return losses


def fit_best(model, learn, measure, epochs, patience):
    """Train with early stopping and leave the model with its best weights."""
    ...  # your code here


eatorch.check("29-3", fit_best)

# %%
# .. _train-ex4:
#
# Exercise 29-4: fold by fold
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``k_folds(rows, folds, generator)`` for a cross-validation over ``rows`` rows.
# Return a list with one pair ``(chosen, judged)`` for each fold: two tensors of row
# numbers, ``int64``.
# Every row is judged exactly once, and in each pair the two parts together are all
# rows.
# The folds differ in size by at most 1, and the rows are shuffled with ``generator``.
#
# .. dropdown:: Hint
#
#    :func:`torch.randperm` shuffles and :func:`torch.tensor_split` cuts into parts that
#    differ by at most 1 (:func:`torch.chunk` does not promise that).
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def k_folds(rows, folds, generator):
#           order = torch.randperm(rows, generator=generator)
#           parts = order.tensor_split(folds)
#           return [
#               (torch.cat([*parts[:fold], *parts[fold + 1 :]]), parts[fold])
#               for fold in range(folds)
#           ]


def k_folds(rows, folds, generator):
    """Return the rows to learn from and to judge by, for each fold."""
    ...  # your code here


eatorch.check("29-4", k_folds)

# %%
# .. _train-minute:
#
# In one minute
# -------------
# - Script, functions, object: a matter of form. With the same seed they give the same
#   bits.
# - The circle is clear, backward, step. Between ``backward`` and ``step`` goes what
#   needs the whole gradient, such as clipping; the schedule steps last.
# - Set the mode at the top of what needs it, inside the loop.
# - Keep numbers, not losses: ``item()``.
# - Pieces of a batch count by their rows; batch norm spoils the sum.
# - Restore the best weights once, after the loop, and be patient.
# - One split is a draw of lots. Cross-validate where data are few, and touch the test
#   part once.
#
# .. _train-next:
#
# Read next
# ---------
# - :ref:`device` moves this loop to a GPU and to several processes.
# - :ref:`save` stops it and goes on later with the same bits.
# - :ref:`high` opens the trainer and writes callbacks for it.
# - :ref:`tabular` judges a classifier on real measurements.
