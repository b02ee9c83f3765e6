"""
.. _schedule:

Learning-rate schedules
=======================

Let the learning rate rise and fall while you train: draw every schedule before you use
it, and measure what it brings.

:Level: 3
:Hours: 0.5
:Needs: :ref:`optim`
:Data: noise from the random generator; 1,797 handwritten digits of 8 x 8 pixels
    (CC BY 4.0, from scikit-learn)

A large learning rate gets you near the goal quickly, and a small one lets you arrive.
A *schedule* gives you both, one after the other.
The object that carries it out is called a *scheduler*.
It does very little, and most trouble with it comes from calling it at the wrong time.
"""

import math
import warnings
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import optim
from torch.nn import functional
from torch.optim import lr_scheduler

import eatorch

torch.set_num_threads(1)  # on networks this small, threads cost more than they bring

# %%
# .. _schedule-noise:
#
# Why the rate should fall
# ------------------------
# The gradient of a small batch is the true gradient plus noise.
# We can copy that without a network.
# Two thousand walkers stand at 10 and go down :math:`x^2 / 2`, whose slope is
# :math:`x`.
# Each sees the slope with a random error of size 1 of its own.
# How far from the minimum are they on average?


def crowd(rates):
    """Return the root mean square distance of 2,000 noisy walkers after each step."""
    generator = torch.Generator().manual_seed(0)
    x, distances = torch.full((2000,), 10.0), []
    for rate in rates:
        x = x - rate * (x + torch.randn(2000, generator=generator))
        distances.append(x.square().mean().sqrt().item())
    return distances


constant = {rate: crowd([rate] * 200) for rate in (0.5, 0.05)}
falling = crowd([0.5 / (1 + step / 4) for step in range(200)])

# %%
# First the two constant rates, then one that falls from the first to less than the
# second.

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for rate, distances in constant.items():
    ax.semilogy(distances, label=f"rate {rate} all the time")
ax.semilogy(falling, label="rate falls from 0.5")
ax.set(xlabel="step", ylabel="distance to the minimum")
ax.set_title("A large rate is fast, a small one exact, a falling one both")
ax.legend(fontsize=8)
plt.show()
for rate, distances in constant.items():
    floor = math.sqrt(rate / (2 - rate))
    assert abs(distances[-1] / floor - 1) < 0.1
    print(f"rate {rate}: distance {distances[-1]:.3f}, predicted {floor:.3f}")
assert falling[-1] < constant[0.05][-1] < constant[0.5][-1]

# %%
# With a constant rate :math:`r` the walk does not end at the minimum.
# It dances around it, because each step brings in fresh noise.
# Here the distance can be predicted: :math:`\sqrt{r / (2 - r)}`, about the square root
# of half the rate.
# To come closer, the rate has to fall.
#
# .. _schedule-object:
#
# What a scheduler does
# ---------------------
# It writes a number into ``param_groups``, and hardly more.
# The two ``step`` methods know nothing of each other, so you call both, in this order:
# first the optimizer uses the rate, then the scheduler sets the next one.

weight = torch.zeros(1, requires_grad=True)
optimizer = optim.SGD([weight], lr=0.8)
scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
for step in range(6):
    used = optimizer.param_groups[0]["lr"]
    optimizer.step()
    scheduler.step()
    print(f"step {step}: used {used}, next {scheduler.get_last_lr()[0]}")

# %%
# :meth:`~torch.optim.lr_scheduler.LRScheduler.get_last_lr` returns a list with one rate
# for each parameter group.
# The rate that you gave to the optimizer is kept in the group as ``initial_lr``, and
# most schedules multiply it by a factor.
# So a model whose groups have different rates keeps their ratio.
#
# .. _schedule-order:
#
# In the wrong order
# ^^^^^^^^^^^^^^^^^^
# If the scheduler comes first, everything happens one step early, and the first rate is
# used one time too few.
# PyTorch notices it and warns, once, and goes on.

optimizer = optim.SGD([weight], lr=0.8)
scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
used = []
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(4):
        scheduler.step()
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
assert used == [0.8, 0.4, 0.4, 0.2]  # one time too few at 0.8
print(len(caught), str(caught[0].message).partition(". ")[0])

# %%
# You get the same warning in the right order if the optimizer's step did not happen
# at all, for instance because mixed precision has skipped it (:ref:`device`).
# Then it is harmless.
#
# .. _schedule-sheet:
#
# Twelve schedules on one sheet
# -----------------------------
# Never trust a schedule that you have not drawn.
# It costs nothing, since no model is needed: a parameter that nobody uses is enough.


def follow(make, steps=100, rate=1.0):
    """Return the rates that a schedule gives to the first ``steps`` steps."""
    optimizer = optim.SGD([torch.zeros(1)], lr=rate, momentum=0.9)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return torch.tensor(rates)


# %%
# All for 100 steps and a rate of 1.
# Of the names you need perhaps five; what matters is that you read off a picture what
# the arguments do.

makers = {
    "StepLR": partial(lr_scheduler.StepLR, step_size=30, gamma=0.3),
    "MultiStepLR": partial(lr_scheduler.MultiStepLR, milestones=[50, 80], gamma=0.3),
    "ExponentialLR": partial(lr_scheduler.ExponentialLR, gamma=0.96),
    "CosineAnnealingLR": partial(lr_scheduler.CosineAnnealingLR, T_max=100),
    "LambdaLR": partial(lr_scheduler.LambdaLR, lr_lambda=lambda n: 1 / (1 + n / 10)),
    "MultiplicativeLR": partial(lr_scheduler.MultiplicativeLR, lr_lambda=lambda _: 0.9),
    "LinearLR": partial(lr_scheduler.LinearLR, start_factor=0.1, total_iters=40),
    "ConstantLR": partial(lr_scheduler.ConstantLR, factor=0.3, total_iters=40),
    "PolynomialLR": partial(lr_scheduler.PolynomialLR, total_iters=100, power=2),
}
makers["CosineAnnealingWarmRestarts"] = partial(
    lr_scheduler.CosineAnnealingWarmRestarts, T_0=20, T_mult=2
)

# %%
# The last two take the rate as an argument of their own and overwrite the optimizer's.

makers["CyclicLR"] = partial(
    lr_scheduler.CyclicLR, base_lr=0.1, max_lr=1.0, step_size_up=20
)
makers["OneCycleLR"] = partial(lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=100)
curves = {name: follow(make) for name, make in makers.items()}

fig, axes = plt.subplots(4, 3, figsize=(8.5, 6.5), sharex=True, sharey=True)
for ax, (name, rates) in zip(axes.flat, curves.items(), strict=True):
    ax.plot(rates, linewidth=2)
    ax.set_title(name, fontsize=9)
fig.supxlabel("scheduler steps")
fig.supylabel("learning rate")
fig.suptitle("Most schedules fall, some climb first, two come back again")
fig.tight_layout()
plt.show()

# %%
# What they are used for:
#
# - ``StepLR`` and ``MultiStepLR`` multiply by ``gamma`` now and then. They are old
#   friends of networks for images.
# - ``ExponentialLR`` multiplies by ``gamma`` at each step. A ``gamma`` of 0.9 is a lot
#   if there are many steps.
# - ``CosineAnnealingLR`` stays high for a while and then goes gently to ``eta_min``. It
#   is the usual choice when you know how long you will train.
# - ``LambdaLR`` multiplies the *initial* rate by whatever your function returns,
#   ``MultiplicativeLR`` the *current* one.
# - ``LinearLR`` and ``ConstantLR`` are made for a start, ``PolynomialLR`` for the way
#   to zero.
# - ``CosineAnnealingWarmRestarts`` and ``CyclicLR`` go up again, on purpose.
# - ``OneCycleLR`` goes up once and then far down.
#
# There is no magic in any of them.
# With a formula and ``LambdaLR`` you can write each yourself, for example the cosine:
#
# .. math:: r_n = \frac{r}{2} \left(1 + \cos \frac{n \pi}{N}\right)


def cosine(step, total=100):
    """Return the factor of a cosine that goes from 1 to 0."""
    return (1 + math.cos(math.pi * step / total)) / 2


by_hand = follow(partial(lr_scheduler.LambdaLR, lr_lambda=cosine))
assert torch.allclose(by_hand, curves["CosineAnnealingLR"], atol=1e-5)
steps = torch.arange(100)
assert torch.allclose(curves["StepLR"], 0.3 ** (steps // 30), atol=1e-5)
assert torch.allclose(curves["ExponentialLR"], 0.96**steps, atol=1e-5)

# %%
# .. _schedule-cycle:
#
# What else OneCycleLR changes
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# It starts at ``max_lr`` divided by 25 and ends at that divided by 10,000.
# It also moves the *momentum*, against the rate, and overwrites the one that you gave
# to the optimizer (for Adam the first of the ``betas``).
# ``CyclicLR`` does the same.
# ``cycle_momentum=False`` forbids it.

optimizer = optim.SGD([torch.zeros(1)], lr=0.5, momentum=0.9)
scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=100)
for step in range(100):
    group = optimizer.param_groups[0]
    rate, momentum = group["lr"], group["momentum"]
    if step in (0, 29, 99):
        print(f"step {step:2}: rate {rate:.6f}, momentum {momentum:.2f}")
    optimizer.step()
    scheduler.step()
with eatorch.show_error(ValueError):
    scheduler.step()

# %%
# The error at the end is worth a thought.
# ``OneCycleLR`` knows how many steps there will be and refuses the next one.
# All others go on without a word, and some do strange things.
#
# .. _schedule-often:
#
# Per batch or per epoch?
# -----------------------
# A scheduler has no idea what an epoch is.
# It counts its own steps, and all numbers that you give it (``step_size``, ``T_max``,
# ``total_steps``) are in this unit.
# You choose it, by where you put ``scheduler.step()``.
# Ten epochs of 20 batches: what happens if a schedule made for 10 steps is called after
# each batch?

ten = partial(lr_scheduler.CosineAnnealingLR, T_max=10)
per_epoch = follow(ten, steps=10).repeat_interleave(20)
per_batch = follow(partial(lr_scheduler.CosineAnnealingLR, T_max=200), steps=200)
mixed_up = follow(ten, steps=200)

fig, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
ax.plot(mixed_up, color="C1", linewidth=1, label="T_max=10, called per batch: wrong")
ax.plot(per_epoch, color="C0", linewidth=2, label="T_max=10, called per epoch")
ax.plot(per_batch, color="C2", linewidth=2, label="T_max=200, called per batch")
ax.set(xlabel="batch", ylabel="learning rate", ylim=(-0.05, 1.55))
ax.set_title("With the wrong unit the rate swings up and down ten times")
ax.legend(fontsize=8, loc="upper right")
plt.show()

# %%
# The blue stairs and the green line are both fine.
# The orange line is a common bug, and nothing warns you: beyond ``T_max`` the cosine
# rises again.
# ``StepLR`` and ``ExponentialLR`` fail in the other way, their rate is soon practically
# zero, and the model seems to have stopped learning.
# The reverse mistake exists as well: ``OneCycleLR`` for 200 steps, called ten times,
# never gets beyond its slow start.
#
# Rule: schedules in epochs (``StepLR``, ``MultiStepLR``, ``ReduceLROnPlateau``) step in
# the outer loop, and warm-up, cosine and ``OneCycleLR`` in the inner one, with the
# number of batches in their arguments.
# :class:`eatorch.training.Trainer` calls its scheduler once per epoch.

mistaken = follow(partial(lr_scheduler.ExponentialLR, gamma=0.9), steps=200)
assert mixed_up[20] == 1
assert mistaken[-1] < 1e-8
print(f"ExponentialLR with gamma 0.9 after 200 batches: {mistaken[-1]:.0e}")

# %%
# .. _schedule-plateau:
#
# Wait and see: ReduceLROnPlateau
# -------------------------------
# All schedules so far are fixed before you start.
# :class:`~torch.optim.lr_scheduler.ReduceLROnPlateau` watches.
# Its ``step`` wants the measure, as a rule the validation loss, and when this has not
# improved for longer than ``patience`` it multiplies the rate by ``factor``.

optimizer = optim.SGD([weight], lr=0.1)
scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=2)
for loss in (0.90, 0.70, 0.71, 0.69995, 0.72, 0.70, 0.60, 0.61):
    optimizer.step()
    scheduler.step(loss)
    bad, rate = scheduler.num_bad_epochs, scheduler.get_last_lr()[0]
    print(f"loss {loss:7}: bad epochs {bad}, rate {rate:.3f}")

# %%
# Three things to read off:
#
# - With ``patience=2`` two bad epochs are forgiven, and the *third* lowers the rate.
#   Then the count starts again at 0.
# - 0.69995 is smaller than 0.70, but it did not count as better: by default the loss
#   has to fall by a ten-thousandth of its value, the ``threshold``.
# - What counts is the best value so far, not the one before.
#
# If you watch an accuracy, say ``mode="max"``, or a rising accuracy will be taken for a
# loss that gets worse and worse.
# And do not forget the measure.

rising = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)  # mode="min"
for accuracy in (0.5, 0.7, 0.8, 0.9, 0.95):
    rising.step(accuracy)
print(f"the better the accuracy, the smaller the rate: {rising.get_last_lr()[0]:.0e}")
with eatorch.show_error(TypeError):
    rising.step()

# %%
# .. _schedule-warmup:
#
# Warm-up, and schedules in a row
# -------------------------------
# At the very beginning the weights are random, the gradients are large and unreliable,
# and Adam knows the usual size of a gradient from a few batches only.
# So many recipes begin with a *warm-up*: a few hundred steps in which the rate rises
# from nearly zero.
# ``LinearLR`` can do it.
# :class:`~torch.optim.lr_scheduler.SequentialLR` puts schedules one after the other;
# at each of the ``milestones`` the next one takes over and counts from 0.


def warm_then_fall(optimizer):
    """Rise for 10 steps, then multiply by 0.95 at each step."""
    warm = lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=10)
    fall = lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
    return lr_scheduler.SequentialLR(optimizer, [warm, fall], milestones=[10])


def both_at_once(optimizer):
    """Multiply both factors at each step."""
    warm = lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=10)
    fall = lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
    return lr_scheduler.ChainedScheduler([warm, fall])


# %%
# The second function multiplies the factors of both schedules in each step.

fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
ax.plot(follow(warm_then_fall, 60), linewidth=2, label="SequentialLR")
ax.plot(follow(both_at_once, 60), linewidth=2, label="ChainedScheduler")
ax.set(xlabel="scheduler steps", ylabel="learning rate")
ax.set_title("Sequential: first one, then the other; chained: both all the time")
ax.legend(fontsize=8)
plt.show()

# %%
# Only ``scheduler.step()`` of the outer one is called.
# ``SequentialLR`` does not take a ``ReduceLROnPlateau``, because that needs a measure:

optimizer = optim.SGD([weight], lr=0.1)
warm = lr_scheduler.LinearLR(optimizer)
plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
with eatorch.show_error(ValueError):
    lr_scheduler.SequentialLR(optimizer, [warm, plateau], milestones=[5])

# %%
# .. _schedule-digits:
#
# What it brings: digits
# ----------------------
# Now a network on the digits, with 1,000 pictures to train on, 397 to choose the rate
# and 400 for the judgement.
# One network proves little, so we train four at once.
# Their weights lie along a leading axis, and ``@`` takes care of that axis
# (:ref:`math`).
# They share nothing: each has its own start and its own order of the pictures.

digits = eatorch.data.digits()
pixels, targets = digits.images.flatten(1), digits.targets
torch.manual_seed(0)
train, valid, test = torch.randperm(1797).split([1000, 397, 400])


# %%
# A start, and the loss of each of the four:


def four_nets():
    """Return the parameters of four networks 64-32-10, all with a leading axis."""
    torch.manual_seed(0)
    first, second = torch.randn(4, 64, 32) / 8, torch.randn(4, 32, 10) / math.sqrt(32)
    parts = [first, torch.zeros(4, 1, 32), second, torch.zeros(4, 1, 10)]
    return [part.requires_grad_() for part in parts]


def errors(net, rows):
    """Return the cross entropy of each network on its rows, (4,)."""
    first, bias, second, shift = net
    logits = torch.relu(pixels[rows] @ first + bias) @ second + shift
    labels = targets[rows].expand(logits.shape[:2])
    each = functional.cross_entropy(logits.mT, labels, reduction="none")
    return each.mean(1)


# %%
# Two schedules, constant and cosine; four *peaks*, the largest rate; and for all of
# them the same starts, batches and number of steps, eight epochs of 20.


def fit(make, peak):
    """Return the training loss of each epoch and the trained networks."""
    net, history = four_nets(), []
    optimizer = optim.SGD(net, lr=peak, momentum=0.9)
    scheduler = make(optimizer)
    for _ in range(8):
        orders = train[torch.rand(4, 1000).argsort(1)]  # (network, picture)
        for rows in orders.split(50, dim=1):
            optimizer.zero_grad()
            errors(net, rows).sum().backward()
            optimizer.step()
            scheduler.step()
        history.append(errors(net, train).mean().item())
    return history, net


# %%
# ``ConstantLR`` with a factor of 1 changes nothing.

schedules = {
    "constant": partial(lr_scheduler.ConstantLR, factor=1.0),
    "cosine": partial(lr_scheduler.CosineAnnealingLR, T_max=160),
}
peaks = [0.03, 0.1, 0.3, 1.0]
runs = {name: [fit(make, peak) for peak in peaks] for name, make in schedules.items()}

# %%
# The validation loss of each run, the mean of its four networks:

judged = {
    name: torch.stack([errors(net, valid).mean().detach() for _, net in tried])
    for name, tried in runs.items()
}

# %%
# Left the training loss at one and the same peak, right the validation loss at all
# four.

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2), layout="constrained")
for name, tried in runs.items():
    left.semilogy(range(1, 9), tried[2][0], "o-", markersize=4, label=name)
    right.loglog(peaks, judged[name], "o-", markersize=4)
left.set(title="peak rate 0.3", xlabel="epoch", ylabel="training loss (nats)")
right.set(title="after 8 epochs", xlabel="peak learning rate")
right.set(ylabel="validation loss (nats)", xticks=peaks, xticklabels=peaks)
right.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
left.set_yticks([0.03, 0.1, 0.3], ["0.03", "0.1", "0.3"])
for ax in (left, right):
    ax.minorticks_off()
left.legend(fontsize=8)
fig.suptitle("The cosine bears a higher peak and ends lower")
plt.show()

# %%
# In the first epochs the cosine is hardly ahead; its harvest comes at the end, when the
# rate falls and the noise settles.
# The right panel has a warning in it.
# At a small peak the schedule *loses*: there the rate was too small anyway, and the
# schedule makes it smaller still.
# A schedule is an invitation to start higher.
# Each with the peak that was best in validation:

for name, tried in runs.items():
    best = int(judged[name].nan_to_num(math.inf).argmin())
    result = errors(tried[best][1], test).detach()
    spread = f"{result.min():.3f} to {result.max():.3f}"
    print(f"{name:8} peak {peaks[best]}: test loss {result.mean():.3f}, {spread}")
assert judged["cosine"][0] > judged["constant"][0]
assert judged["cosine"].nan_to_num(9).min() < judged["constant"].nan_to_num(9).min()

# %%
# It is a gain, and a modest one; compare it with the spread between the four networks.
# As a rule, longer training and noisier batches leave more to gain.
#
# .. _schedule-resume:
#
# Save, resume, interfere
# -----------------------
# A scheduler has a ``state_dict`` too, and a checkpoint needs both, the optimizer's and
# the scheduler's (:ref:`save`).
# If only the optimizer is loaded, the counter starts again at 0.

optimizer = optim.SGD([weight], lr=1.0)
scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
for _ in range(5):
    optimizer.step()
    scheduler.step()
saved = optimizer.state_dict(), scheduler.state_dict()

# %%
# We go on once with both, and once with the optimizer's alone.

for both in (True, False):
    optimizer = optim.SGD([weight], lr=1.0)
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    optimizer.load_state_dict(saved[0])
    if both:
        scheduler.load_state_dict(saved[1])
    optimizer.step()
    scheduler.step()
    rate = scheduler.get_last_lr()[0]
    print(f"both loaded: {both}, step {scheduler.last_epoch}, next rate {rate:.3f}")

# %%
# (``last_epoch`` is the count of scheduler steps, whatever its name says.)
# A function in ``LambdaLR`` is not saved; you write it again when you resume.
#
# And if you change the rate by hand in between?
# Most schedulers calculate the next rate from the *present* one, so your change stays
# in force; some, such as ``LambdaLR``, calculate from the initial one and wipe it out.

for kind in (
    partial(lr_scheduler.ExponentialLR, gamma=0.9),
    partial(lr_scheduler.LambdaLR, lr_lambda=lambda step: 0.9**step),
):
    optimizer = optim.SGD([weight], lr=1.0)
    scheduler = kind(optimizer)
    optimizer.param_groups[0]["lr"] = 0.1
    optimizer.step()
    scheduler.step()
    print(f"{kind.func.__name__:13} {scheduler.get_last_lr()[0]:.2f}")

# %%
# .. admonition:: Then and now
#
#    - Before PyTorch 1.1 (2019) ``scheduler.step()`` came *first*. Code from that time
#      skips the first rate today, with a warning.
#    - The rate was read with ``get_lr()``. It is meant for use inside ``step`` and
#      warns now; use ``get_last_lr()``, which ``ReduceLROnPlateau`` has got as well.
#    - ``step(epoch)`` with a number is deprecated, except for
#      ``CosineAnnealingWarmRestarts``.
#    - ``verbose=True`` is gone. Print ``get_last_lr()`` instead.
#    - Lessons from before 2020 show six schedulers: step, multi-step, exponential,
#      cosine, plateau and lambda. The sheet above and the plateau contain them all.

with eatorch.show_error(TypeError):
    lr_scheduler.ReduceLROnPlateau(optimizer, verbose=True)

# %%
# .. _schedule-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _schedule-ex1:
#
# Exercise 25-1: what does the plateau do?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A ``ReduceLROnPlateau(optimizer, factor=0.5, patience=1)`` begins with the rate 0.8
# and is fed these eight losses:
#
# .. code-block:: python
#
#    losses = [2.0, 1.5, 1.6, 1.49999, 1.4, 1.45, 1.42, 1.41]
#
# What is the rate after each of them?
# Take paper first, then let PyTorch judge.
#
# .. dropdown:: Hint
#
#    Note the best value so far and the number of bad epochs, line by line.
#    Is 1.49999 better than 1.5?
#    After a reduction the count begins again.
#
# .. dropdown:: Solution
#
#    1.6 and 1.49999 are bad (the latter is better, but by too little), so the second of
#    them halves the rate.
#    After 1.4 the same happens with 1.45 and 1.42, and 1.41 is the first bad one of the
#    next count.
#
#    .. code-block:: python
#
#       rates = [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2]

rates = ...  # your code here

eatorch.check("25-1", rates)

# %%
# .. _schedule-ex2:
#
# Exercise 25-2: warm up, then cosine
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# The schedule of most transformers.
# Write ``warmup_cosine(optimizer, warmup, total)``.
# The scheduler that it returns begins at a tenth of the optimizer's rate, rises in
# equal steps, reaches the full rate at step ``warmup``, and follows half a cosine
# that would be 0 at step ``total``.
# Draw it with ``follow(partial(warmup_cosine, warmup=10, total=50), 50)``.
#
# .. dropdown:: Hint
#
#    Two schedulers in a ``SequentialLR``.
#    The second counts from 0 when it takes over: how many steps are left for it?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def warmup_cosine(optimizer, warmup, total):
#           rise = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warmup)
#           fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup)
#           return lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])


def warmup_cosine(optimizer, warmup, total):
    """Return a scheduler that rises for ``warmup`` steps, then falls to 0."""
    ...  # your code here


eatorch.check("25-2", warmup_cosine)

# %%
# .. _schedule-ex3:
#
# Exercise 25-3: in the right order
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# This function comes from a course of 2018.
# It warns, and the first rate is missing from its list.
#
# .. code-block:: python
#
#    def rates_used(optimizer, scheduler, steps):
#        rates = []
#        for _ in range(steps):
#            scheduler.step()
#            rates.append(scheduler.get_lr()[0])
#            optimizer.step()
#        return rates
#
# Repair it: no warning, ``steps`` steps of each, and a list of the rates with which the
# optimizer really stepped.
#
# .. dropdown:: Hint
#
#    Two things are outdated: an order and a name.
#    At which moment does the list have to be filled?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def rates_used(optimizer, scheduler, steps):
#           rates = []
#           for _ in range(steps):
#               rates.append(scheduler.get_last_lr()[0])
#               optimizer.step()
#               scheduler.step()
#           return rates


def rates_used(optimizer, scheduler, steps):
    """Step both, in the right order, and return the rates of the optimizer's steps."""
    ...  # your code here


eatorch.check("25-3", rates_used)

# %%
# .. _schedule-minute:
#
# In one minute
# -------------
# - At a constant rate small batches keep the weights dancing; a falling rate lets them
#   settle.
# - A scheduler writes ``lr`` into the groups. First ``optimizer.step()``, then
#   ``scheduler.step()``.
# - It counts its own steps. Decide on batches or epochs, and give all numbers in that
#   unit. Draw the schedule before you train.
# - Cosine when the length is known, ``ReduceLROnPlateau`` with the validation loss when
#   it is not, a warm-up in front for transformers.
# - ``OneCycleLR`` brings its own rate and changes momentum as well.
# - With a schedule, search the peak anew: it may be higher.
# - Save the scheduler together with the optimizer.
#
# .. _schedule-next:
#
# Read next
# ---------
# - :ref:`optim` for the methods whose rate is changed here.
# - :ref:`tensorboard` draws the rate while you train.
# - :ref:`train` puts scheduler, clipping and early stopping into one loop.
# - :ref:`attention` trains a transformer with ``OneCycleLR``.
