"""
.. _loss:

Loss functions
==============

Read every loss of PyTorch as one line of arithmetic, and choose the one whose best
answer is the answer that you want.

:Level: 4
:Hours: 1.5
:Day: 16
:Needs: :ref:`mid`, :ref:`module`
:Data: generated points; 1,797 handwritten digits of 8 x 8 pixels (CC BY 4.0, from
    scikit-learn)

A network does not know what you want.
It knows one number, the loss, and makes it small.
So the loss is the place where you say what counts as a mistake, and how much.
PyTorch has over twenty of them.
We write each as a formula in plain tensor operations, check it, and put it on a sheet.
"""

import inspect
import math
import re
from itertools import groupby, product

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional

import eatorch

torch.set_num_threads(1)  # on models this small, threads cost more than they bring

# %%
# .. _loss-guess:
#
# The loss decides what is best
# -----------------------------
# Nine bus rides took between 11 and 47 minutes.
# Which single number would you tell a friend?
# That depends on what a wrong guess costs.
# We try all guesses, with three kinds of cost.

rides = torch.tensor([11.0, 12, 12, 13, 13, 14, 15, 16, 47])  # minutes
guesses = torch.linspace(8, 30, 2201)
error = guesses[:, None] - rides  # (guess, ride)
late = "too short costs four times as much"
costs = {
    "squared error": error.square(),
    "absolute error": error.abs(),
    late: torch.where(error < 0, -4 * error, error),
}
costs = {name: cost.mean(1) for name, cost in costs.items()}
best = {name: guesses[cost.argmin()].item() for name, cost in costs.items()}
for name, guess in best.items():
    print(f"{name:34} best guess {guess:.2f} minutes")

# %%
# The dots are the best guesses.
# Each curve is divided by its lowest value, so that all three fit into one picture.

fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
for name, cost in costs.items():
    ax.plot(guesses, cost / cost.min(), linewidth=2, label=name)
    ax.plot(best[name], 1, "o", color=ax.lines[-1].get_color())
ax.set(xlabel="guess (minutes)", ylabel="cost, relative to the lowest", ylim=(0.95, 2))
ax.set_title("Each loss has a best guess of its own")
fig.legend(loc="outside lower center", ncols=3, fontsize=8)
plt.show()

# %%
# The squared error wants the *mean*, which one bad ride pulls up to 17 minutes.
# The absolute error wants the *median*, 13, and does not care how bad that ride was.
# The lopsided cost wants a number that is too short for one ride in five only, as one
# against four asks for: the 0.8 *quantile*.
# A network is no different, except that it makes such a guess for each input.
# It predicts the mean, the median or a quantile of what it saw there, as you asked.
#
# Three words are used for what we compute.
# The *loss* of one sample; the *cost*, its mean over a batch or a data set; and the
# *objective*, the cost plus whatever else you want to be small, such as the weights.
# PyTorch, and most people, call all three a loss.

assert abs(best["squared error"] - rides.mean()) < 0.01
assert abs(best["absolute error"] - rides.median()) < 0.01
wanted = rides.quantile(0.8, interpolation="higher")
assert abs(best[late] - wanted) < 0.01

# %%
# .. _loss-numbers:
#
# Losses for numbers
# ------------------
# We begin the sheet.
# Each loss gets 121 samples that differ in a single number, :math:`u` from -3 to 3.
# So one call gives a whole curve, and we can compare each point with our formula.
# ``reduction="none"`` asks for the loss of every sample in place of their mean.

u = torch.linspace(-3, 3, 121)  # (sample,)
zero, one = torch.zeros(121), torch.ones(121)
sheet = {}  # class name: what the loss gets, what our formula gives


def enter(**rows):
    """Check losses against formulas, at every sample, and put them on the sheet."""
    for name, (inputs, by_hand) in rows.items():
        given = getattr(nn, name)(reduction="none")(*inputs)
        assert torch.allclose(given, by_hand, atol=1e-5), name
        sheet[name] = inputs, by_hand
    print(f"formulas confirmed: {len(rows)}")


# %%
# For predictions that are numbers, everything depends on the error, prediction minus
# target.
# With a target of zero the error is :math:`u` itself.

bowl, straight = u.square() / 2, u.abs() - 0.5
enter(
    L1Loss=((u, zero), u.abs()),
    MSELoss=((u, zero), u.square()),
    SmoothL1Loss=((u, zero), torch.where(u.abs() < 1, bowl, straight)),
    HuberLoss=((u, zero), torch.where(u.abs() < 1, bowl, straight)),
)

# %%
# Two names, one formula?
# Only at a width of 1, the default of both.
# Beyond the width :math:`d` Huber's line gets steeper with it, while SmoothL1 always
# ends with slope 1, so Huber is :math:`d` times SmoothL1:

for d in (0.5, 1.0, 3.0):
    huber = functional.huber_loss(u, zero, reduction="none", delta=d)
    smooth = functional.smooth_l1_loss(u, zero, reduction="none", beta=d)
    assert torch.allclose(huber, d * smooth)
    print(f"width {d}: an error of 3 costs {huber[-1]:.3f} and {smooth[-1]:.3f}")

# %%
# What moves the weights is not the loss but its slope.
# On the left the curves, on the right the slope that autograd finds: how hard does a
# sample pull?

fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for name in ("MSELoss", "L1Loss", "HuberLoss"):
    x = u.clone().requires_grad_()
    loss = getattr(nn, name)(reduction="none")(x, zero)
    (slope,) = torch.autograd.grad(loss.sum(), x)
    axes[0].plot(u, loss.detach(), linewidth=2, label=name)
    axes[1].plot(u, slope, linewidth=2)
axes[0].set(xlabel="error", ylabel="loss", ylim=(0, 5))
axes[1].set(xlabel="error", ylabel="slope of the loss")
axes[0].legend()
fig.suptitle("Only the squared error pulls harder and harder")
plt.show()

# %%
# MSE lets large errors rule, which is right as long as they are no accidents.
# L1 gives each sample the same pull, but also pulls at full strength when almost
# nothing is wrong, so training trembles around its goal.
# Huber has the bowl near zero and the straight line outside.
# What that means for a line through 40 points, four of which are typing errors:

torch.manual_seed(0)
x = torch.linspace(-1, 1, 40)
y = 2 * x + 0.1 * torch.randn(40)
y[-4:] -= 5  # the accidents


def fit_line(loss_function):
    """Return slope and intercept of the line that makes the loss small."""
    line = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([line], lr=0.1)
    for step in range(120):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 120)  # end with short steps
        optimizer.zero_grad()
        loss_function(line[0] * x + line[1], y).backward()
        optimizer.step()
    return line.tolist()


# %%
# The true slope is 2.

fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(x, y, ".", color="0.5")
slopes = {}
for loss_function in (nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(delta=0.3)):
    name = type(loss_function).__name__
    slopes[name], intercept = fit_line(loss_function)
    ax.plot(x, slopes[name] * x + intercept, linewidth=2, label=name)
ax.set(xlabel="x", ylabel="y", title="Four outliers turn the line of the squared error")
ax.legend()
plt.show()
assert slopes["MSELoss"] < 1
assert 1.8 < min(slopes["L1Loss"], slopes["HuberLoss"]) < 2.1

# %%
# .. _loss-likelihood:
#
# Where losses come from
# ----------------------
# Behind most losses stands one idea: *make what really happened as probable as you
# can*.
# Instead of multiplying probabilities we add their logarithms, and instead of making
# the sum large we make its negative small: the *negative log-likelihood*, NLL.
# Each assumption about chance then gives a loss.
#
# - Errors with a bell curve of fixed width: the square of the error, MSE.
# - Errors with heavier tails (the Laplace distribution): the absolute value, L1.
# - Counts, such as calls per hour, whose rate the network gives as a logarithm:
#   ``PoissonNLLLoss``.
# - A bell curve whose *width* the network predicts too: ``GaussianNLLLoss``.

two, variance = 2 * one, 0.5 * one
enter(
    PoissonNLLLoss=((u, two), u.exp() - two * u),
    GaussianNLLLoss=(
        (u, zero, variance),
        (variance.log() + u.square() / variance) / 2,
    ),
)
bell = -torch.distributions.Normal(0, 1).log_prob(u)
tails = -torch.distributions.Laplace(0, 1).log_prob(u)
assert torch.allclose(bell - bell.min(), u.square() / 2, atol=1e-5)
assert torch.allclose(tails - tails.min(), u.abs(), atol=1e-5)

# %%
# The last one is useful when you need to know *how sure* a prediction is.
# Here the noise grows with :math:`x`.
# A model of four numbers gives mean and width; the width as a logarithm, so that it
# cannot become negative.

torch.manual_seed(0)
x = torch.rand(1000) * 3
y = x + (0.1 + 0.3 * x) * torch.randn(1000)
centre, spread = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
optimizer = torch.optim.Adam([centre, spread], lr=0.05)
for _ in range(300):
    optimizer.zero_grad()
    mean = centre[0] * x + centre[1]
    log_width = spread[0] * x + spread[1]
    nn.GaussianNLLLoss()(mean, y, (2 * log_width).exp()).backward()
    optimizer.step()

# %%
# Between the thin lines should lie 95 % of all points.

with torch.no_grad():
    grid = torch.linspace(0, 3, 100)
    mean, width = centre[0] * grid + centre[1], (spread[0] * grid + spread[1]).exp()
    off = (y - centre[0] * x - centre[1]).abs() / (spread[0] * x + spread[1]).exp()
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.plot(x, y, ".", color="0.5", markersize=3)
ax.plot(grid, mean, color="C1", linewidth=2)
for sign in (-1.96, 1.96):
    ax.plot(grid, mean + sign * width, color="C1", linewidth=1)
ax.set(xlabel="x", ylabel="y", title="GaussianNLLLoss learns where to be unsure")
plt.show()
print(f"{(off < 1.96).double().mean():.1%} of the points lie inside")

# %%
# .. _loss-entropy:
#
# Surprise, entropy, cross entropy, divergence
# --------------------------------------------
# For classes the same idea has names of its own.
# They sound harder than they are, so here are numbers that you can work out in your
# head.
# In a town it is sunny every second day, cloudy on a quarter of the days and rainy on a
# quarter.
# The *surprise* at an event is :math:`-\log_2 p`: 1 bit for sun, 2 for clouds or rain.
#
# - *Entropy* is the mean surprise of somebody who knows the town.
# - *Cross entropy* is the mean surprise of somebody who believes something else,
#   :math:`q`.
# - The *Kullback-Leibler divergence* is the difference: the price of the wrong belief.

truth = torch.tensor([0.5, 0.25, 0.25])  # sun, clouds, rain
belief = torch.tensor([0.25, 0.25, 0.5])
entropy = -(truth * truth.log2()).sum()
cross = -(truth * belief.log2()).sum()
divergence = (truth * (truth / belief).log2()).sum()
assert cross == entropy + divergence
print(f"entropy {entropy} + divergence {divergence} = cross entropy {cross} bits")

# %%
# PyTorch takes the natural logarithm, so its unit is the *nat*, 1.44 bits.
# Its two losses compute just these sums.
# Mind the order of the arguments: first the belief, then the truth.
# ``cross_entropy`` expects logits, and log-probabilities are logits too: softmax leaves
# them as they are.

bits = math.log(2)  # nats in a bit
given = functional.cross_entropy(belief.log(), truth) / bits
assert torch.isclose(given, cross)
given = functional.kl_div(belief.log(), truth, reduction="sum") / bits
assert torch.isclose(given, divergence)

# %%
# Why do we train with the cross entropy and call it a distance, if it does not end at
# zero?
# Take two classes and a true share of 0.7, and try all beliefs.

q = torch.linspace(0.02, 0.98, 200)
share = torch.tensor(0.7)
cross = -(share * q.log() + (1 - share) * (1 - q).log())
entropy = -(share * share.log() + (1 - share) * (1 - share).log())
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.plot(q, cross, linewidth=2, label="cross entropy")
ax.axhline(entropy.item(), color="C1", linewidth=2, label="entropy")
ax.fill_between(q, entropy, cross, color="0.5", alpha=0.3, label="divergence")
ax.set(xlabel="believed share", ylabel="nats", ylim=(0, 2))
ax.set_title("Cross entropy is lowest where the belief is true")
ax.legend()
plt.show()

# %%
# The entropy is a floor that belongs to the data and does not depend on the network.
# So pushing down the cross entropy and pushing down the divergence is the same.
# For hard labels, one class for sure, the floor is zero, and only one term is left of
# the sum: minus the logarithm of the probability of the right class.
# *Log loss*, *negative log-likelihood*, *cross entropy* and, with two classes, *binary
# cross entropy* are then four names for one number.
#
# .. _loss-chances:
#
# Losses for classes
# ------------------
# The five losses of this family differ in what they take.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Loss
#      - What the network gives
#      - Target
#    * - ``BCEWithLogitsLoss``
#      - a logit for each yes or no
#      - floats from 0 to 1, same shape
#    * - ``BCELoss``
#      - a probability for each yes or no
#      - floats from 0 to 1, same shape
#    * - ``CrossEntropyLoss``
#      - a logit per class
#      - class numbers, or a probability per class
#    * - ``NLLLoss``
#      - a *log*-probability per class
#      - class numbers
#    * - ``KLDivLoss``
#      - a *log*-probability per class
#      - a probability per class
#
# For the sheet we let the logit of the right class be :math:`u` and those of two others
# 0.5 and -0.5.

scores = torch.stack([u, 0.5 * one, -0.5 * one], dim=1)  # (sample, class)
first = torch.zeros(121, dtype=torch.int64)  # class 0 is right
log_q = scores - scores.exp().sum(1, keepdim=True).log()  # log_softmax by hand
wish = torch.tensor([0.7, 0.2, 0.1]).expand(121, 3)
chance = 1 / (1 + (-u).exp())  # the sigmoid
enter(
    BCEWithLogitsLoss=((u, one), (1 + (-u).exp()).log()),
    BCELoss=((chance, one), -chance.log()),
    CrossEntropyLoss=((scores, first), scores.exp().sum(1).log() - u),
    NLLLoss=((log_q, first), -log_q[:, 0]),
    KLDivLoss=((log_q, wish), wish * (wish.log() - log_q)),
)

# %%
# So ``CrossEntropyLoss`` is ``log_softmax`` and ``NLLLoss`` in one, and
# ``BCEWithLogitsLoss`` is the sigmoid and ``BCELoss``.
# The versions in one step survive large logits: :ref:`tabular` shows how the detour
# loses the gradient.
#
# The formula does not depend on training, so you know the *first* value of a run before
# it starts.
# A network that knows nothing gives all :math:`C` classes the same probability, which
# costs :math:`\log C`.
# If your first loss is much higher, something is wrong already.

for classes in (2, 10, 1000):
    clueless = torch.zeros(5, classes)
    loss = functional.cross_entropy(clueless, torch.tensor([0, 1, 0, 1, 1]))
    assert math.isclose(loss.item(), math.log(classes), rel_tol=1e-6)
    print(f"{classes:4} classes: a clueless network begins at {loss:.2f}")

# %%
# What happens if a loss gets the wrong kind of number?
# ``BCELoss`` notices a logit, provided that it lies outside 0 to 1.
# ``NLLLoss`` and ``KLDivLoss`` take any float for a log-probability, but a *negative*
# loss gives the mistake away.
# The quietest is ``CrossEntropyLoss`` behind a softmax: the second softmax flattens the
# probabilities, and even a perfect network keeps a loss far above zero.

q = torch.tensor([[0.7, 0.2, 0.1]])  # probabilities, no logarithm taken
with eatorch.show_error(RuntimeError):
    nn.BCELoss()(torch.tensor([2.5]), torch.tensor([1.0]))  # a logit
wrong = nn.NLLLoss()(q, torch.tensor([0]))
print(f"NLLLoss   {wrong:.2f} instead of {-math.log(0.7):.2f}")
print(f"KLDivLoss {nn.KLDivLoss(reduction='batchmean')(q, q):.2f} instead of 0")
perfect = nn.CrossEntropyLoss()(torch.eye(10), torch.arange(10))
print(f"CrossEntropyLoss of perfect probabilities {perfect:.2f} instead of 0")

# %%
# ``KLDivLoss`` has one more trap.
# It returns a term for each *class*, and the default mean is taken over all of them, so
# the result is too small by the number of classes; PyTorch warns when you use it.
# ``reduction="batchmean"`` divides by the number of samples, which is the divergence as
# the books have it.

terms = functional.kl_div(log_q, wish, reduction="none")  # (sample, class)
mean = functional.kl_div(log_q, wish, reduction="batchmean")
assert torch.isclose(mean, terms.sum(1).mean())
assert torch.isclose(3 * terms.mean(), mean)
terms.shape, mean, terms.mean()

# %%
# .. _loss-smoothing:
#
# Soft labels and label smoothing
# -------------------------------
# ``CrossEntropyLoss`` also takes a probability for each class as its target, of the
# same shape as the logits.
# You need that when people disagreed about a label, or when one network learns from
# another.
# *Label smoothing* makes such a target by itself: it takes the share :math:`s` away
# from the right class and deals it out to all classes evenly.

s, classes = 0.1, 3
hard = functional.one_hot(first, classes).float()
soft = (1 - s) * hard + s / classes
by_hand = -(soft * log_q).sum(1)
smoothed = nn.CrossEntropyLoss(label_smoothing=s, reduction="none")(scores, first)
assert torch.allclose(smoothed, by_hand, atol=1e-5)
assert torch.allclose(functional.cross_entropy(scores, soft), by_hand.mean())
soft[0]

# %%
# Without smoothing the loss gets smaller forever as the logit of the right class grows.
# With it, there is such a thing as too sure, and a lowest value above zero that even a
# perfect network cannot beat.
# :ref:`Exercise 22-4 <loss-ex4>` asks for that value.
#
# .. _loss-reduction:
#
# From many losses to one
# -----------------------
# ``reduction="mean"`` is the default, ``"sum"`` and ``"none"`` are the others.
# The sum is the mean times the number of terms, and so are its gradients, so it needs a
# learning rate that depends on the batch.
# With *weights* for the classes the mean becomes interesting.
# What happens if all weights are doubled?

torch.manual_seed(0)
logits, classes = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 0, 1])
yes, twice = functional.one_hot(classes, 3).float(), torch.full((3,), 2.0)
for name, target in {
    "CrossEntropyLoss": classes,
    "MultiMarginLoss": classes,
    "BCEWithLogitsLoss": yes,
    "MultiLabelSoftMarginLoss": yes,
}.items():
    kind = getattr(nn, name)
    ratio = kind(weight=twice)(logits, target) / kind()(logits, target)
    print(f"{name:24} {ratio:.2f} times the loss")

# %%
# ``CrossEntropyLoss``, and ``NLLLoss`` with it, divide by the sum of the *weights* that
# took part, the others by the number of samples.
# This matters when you put together the loss of an epoch: weighted means of batches
# have to be averaged by their weights, or better, computed once from sums.
#
# Samples can also be left out.
# The target ``-100`` (or what you name in ``ignore_index``) counts neither in the sum
# nor in the number that it is divided by, which is how padding in sentences is handled.
# Mind the order of the axes for a class at each place: ``(sample, class, place)``.

torch.manual_seed(0)
logits = torch.randn(2, 5, 4)  # (sentence, class, place)
words = torch.tensor([[1, 0, 3, 2], [4, 4, -100, -100]])  # the second is shorter
every = functional.cross_entropy(logits, words, reduction="none")  # (sentence, place)
loss = functional.cross_entropy(logits, words)
assert torch.isclose(loss, every.sum() / 6)
print(every)
empty = torch.full((2, 4), -100)
print("a batch of nothing but padding:", functional.cross_entropy(logits, empty))

# %%
# The mean over no samples is ``nan``, and it has ruined many training runs.
# Use the sum and divide by ``max(count, 1)`` if that can happen to you.
#
# .. _loss-margins:
#
# Losses with a margin
# --------------------
# The next group is older and asks for less: the right score should be ahead, by a
# *margin* of 1.
# Once it is, the sample stops pulling.
# The function :math:`\max(0, 1 - u)` is called a *hinge*, after its shape.
# Four of them, with the target 1 for "yes", a class number, a list of class numbers
# (filled up with -1), and a yes or no for each class:

both = torch.tensor([[0, 1, -1]]).expand(121, 3)  # classes 0 and 1 are right
yes = torch.tensor([[1.0, 1.0, 0.0]]).expand(121, 3)
hinge = (1 - u[:, None] + scores[:, 1:]).clamp(min=0)  # class 0 against 1 and 2
ahead = (1 - scores[:, :2] + scores[:, 2:]).clamp(min=0)  # 0 and 1 against 2
enter(
    SoftMarginLoss=((u, one), (1 + (-u).exp()).log()),
    MultiMarginLoss=((scores, first), hinge.sum(1) / 3),
    MultiLabelMarginLoss=((scores, both), ahead.sum(1) / 3),
    MultiLabelSoftMarginLoss=(
        (scores, yes),
        ((1 + (-scores).exp()).log() + (1 - yes) * scores).mean(1),
    ),
)

# %%
# Two old acquaintances are among them.
# ``SoftMarginLoss`` is ``BCEWithLogitsLoss`` for labels -1 and 1, and
# ``MultiLabelSoftMarginLoss`` is its mean over the classes.
# (A "soft" margin has no corner.)
#
# Below are the losses of a single score whose right answer is "yes".
# What we would like to count is the grey staircase, mistake or not, but its slope is
# zero everywhere, so no network can learn from it.

curves = {
    "BCEWithLogitsLoss = SoftMarginLoss": (1 + (-u).exp()).log(),
    "hinge": (1 - u).clamp(min=0),
    "squared hinge": (1 - u).clamp(min=0).square(),
    "MSELoss, target 1": (u - 1).square(),
}
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.step(u, (u < 0).float(), color="0.5", linewidth=3, label="mistake or not")
for name, curve in curves.items():
    ax.plot(u, curve, "--" if "MSE" in name else "-", linewidth=2, label=name)
ax.set(xlabel="score, right if positive", ylabel="loss", ylim=(0, 4))
ax.set_title("A hinge is content at 1, the cross entropy goes on, a square turns back")
fig.legend(loc="outside lower center", ncols=3, fontsize=8)
plt.show()

# %%
# The squared error blames a network for being *too* right.
# The cross entropy never lets go entirely, which gives probabilities; the hinge gives
# scores that are right, and no more.
#
# .. _loss-pairs:
#
# Losses that compare
# -------------------
# Sometimes there is no right answer for one input, only for a pair: this film is liked
# *more* than that one; these two faces are the *same* person.
# The network turns each input into a vector, and the loss looks at order, angle or
# distance.
# Targets are 1 and -1, for "first before second" and "second before first", or for
# "same" and "different".

angle = torch.stack([u.cos(), u.sin()], dim=1)  # a vector that turns by u
east = torch.tensor([[1.0, 0.0]]).expand(121, 2)
near = torch.stack([u, zero], dim=1)  # the same person, at a distance |u|
far = torch.tensor([[0.0, 1.5]]).expand(121, 2)  # another one, at 1.5
triplet = (u.abs() - 1.5 + 1).clamp(min=0)
enter(
    MarginRankingLoss=((u, zero, one), (-u).clamp(min=0)),
    CosineEmbeddingLoss=((angle, east, one), 1 - u.cos()),
    HingeEmbeddingLoss=((u.abs(), -one), (1 - u.abs()).clamp(min=0)),
    TripletMarginLoss=((0 * near, near, far), triplet),
    TripletMarginWithDistanceLoss=((0 * near, near, far), triplet),
)

# %%
# A triplet is an anchor, a vector that belongs to it and one that does not.
# The one that belongs should be nearer, by a margin of 1, and the second class lets you
# choose how distance is measured.
# If such a loss sticks at its margin, look at the vectors: the network probably maps
# everything to one point.

same = torch.zeros(4, 8)
nn.TripletMarginLoss(margin=0.3)(same, same, same)

# %%
# .. _loss-ctc:
#
# A loss that adds up paths
# -------------------------
# In speech nobody tells you *when* a letter is spoken.
# ``CTCLoss`` knows the text, "ab", and the network's letters at each moment, with one
# more symbol 0 for "nothing new".
# It adds up the probabilities of all ways to say it: repeat letters, put in zeros.
# With three moments we can list them.


def heard(path):
    """Return a path without repetitions and without zeros."""
    return [letter for letter, _ in groupby(path) if letter != 0]


paths = [path for path in product(range(3), repeat=3) if heard(path) == [1, 2]]
print(paths)

# %%
# The formula is the sum over these five, and PyTorch agrees.
# The arguments are log-probabilities ``(moment, sample, symbol)``, texts, and the
# lengths of both.
# The mean of this loss is special too: it divides each text by its length first.

spoken = torch.zeros(3, 121, 3)
spoken[0, :, 1] = u  # how clearly "a" is heard at the first moment
spoken = spoken.log_softmax(dim=2)
text = torch.tensor([[1, 2]]).expand(121, 2)
lengths = torch.full((121,), 3), torch.full((121,), 2)
ways = [spoken[0, :, i] + spoken[1, :, j] + spoken[2, :, k] for i, j, k in paths]
by_hand = -torch.stack(ways).exp().sum(0).log()
enter(CTCLoss=((spoken, text, *lengths), by_hand))
mean = nn.CTCLoss()(spoken, text, *lengths)
assert torch.isclose(mean, by_hand.mean() / 2)

# %%
# A text longer than the sound has no path at all, and the loss is ``inf``.
# ``zero_infinity=True`` leaves such samples out.
#
# A new loss is a layer too.
# ``LinearCrossEntropyLoss`` holds the last linear layer and can work through its logits
# in pieces, because for a vocabulary of 100,000 words they fill the memory.
# It has weights to learn, so hand *its* parameters to the optimizer as well.

torch.manual_seed(0)
layer = nn.LinearCrossEntropyLoss(3, 5, reduction="none")
logits = scores @ layer.linear.weight.mT  # (sample, 5)
by_hand = (logits.exp().sum(1).log() - logits[:, 0]).detach()
assert torch.allclose(layer(scores, first), by_hand)
sheet["LinearCrossEntropyLoss"] = (scores, first), by_hand

# %%
# .. _loss-sheet:
#
# The sheet
# ---------
# PyTorch can write down the rest by itself: which function is the twin of each class,
# what both take, which options there are and what they are by default.
# We read it from the source code and the signatures, leave out the arguments
# ``size_average`` and ``reduce``, which ``reduction`` replaced, and let the code prove
# that no loss of ``torch.nn.modules.loss`` is missing.
# (``AdaptiveLogSoftmaxWithLoss`` lives elsewhere: a last layer for huge vocabularies
# that returns its loss along with its output.)

known = nn.modules.loss.__all__
found = sorted(name for name in known if name.endswith("Loss"))  # not NLLLoss2d
assert set(found) == set(sheet)
hidden = {"size_average", "reduce", "reduction", "device", "dtype"}
for name in found:
    kind = getattr(nn, name)
    (twin,) = re.findall(r"F\.(\w+)\(", inspect.getsource(kind.forward))
    takes = ", ".join([*inspect.signature(kind.forward).parameters][1:])
    print(f"{name} = {twin}({takes})")
    options = inspect.signature(kind).parameters.values()
    shown = [
        str(o.replace(annotation=o.empty)) for o in options if o.name not in hidden
    ]
    print("    options:", ", ".join(shown) or "none")

# %%
# Class and function compute the same.
# Take the class where you set options once, the function where you need it on the spot.
#
# And here is the sheet as a picture: the loss of each sample against its :math:`u`,
# drawn from the values that our formulas gave.

room = {"left": 0.1, "right": 0.98, "bottom": 0.06, "top": 0.93}
room |= {"wspace": 0.4, "hspace": 0.35}
fig, axes = plt.subplots(6, 4, figsize=(8, 9.5), sharex=True, gridspec_kw=room)
for ax, (name, (_, values)) in zip(axes.flat, sheet.items(), strict=False):
    ax.plot(u, values.reshape(121, -1).sum(1), linewidth=2)
    ax.set_title(name.removesuffix("Loss"), fontsize=8)
for ax in axes.flat[len(sheet) :]:
    ax.axis("off")
fig.supxlabel("u, the number that differs between the samples")
fig.supylabel("loss")
fig.suptitle("Most losses are a bowl, a hinge or a soft hinge")
plt.show()

# %%
# .. _loss-rare:
#
# When one class is rare
# ----------------------
# 1,200 points of an inner ring, 200 of an outer one, and both scatter so much that they
# overlap.
# We know how the points were made, so we know the ideal answer too: the border is a
# circle, and its radius follows from the two bell curves and the ratio of 6 to 1.
# If both rings were equally frequent, it would lie in the middle, at 3.5.

train = eatorch.data.rings((1200, 200), noise=1.0, seed=0)
test = eatorch.data.rings((12000, 2000), noise=1.0, seed=1)
borders = {"6 to 1": (10.5 + math.log(6)) / 3, "equal": 3.5}
borders

# %%
# Three remedies are on offer.
# ``pos_weight`` multiplies the loss of the class 1.
# :ref:`data` dealt out the rare samples more often, which comes to the same on average.
# The *focal loss* (Lin and others, 2017) was invented for detectors that look at a
# hundred thousand places of an empty background.
# It multiplies each loss by :math:`(1-p)^\gamma`, with :math:`p` the probability of the
# right class, so that easy samples count less, and adds a weight :math:`\alpha` for
# class 1 and :math:`1-\alpha` for class 0.


def focal_loss(logits, targets, gamma=2.0, alpha=0.5):
    """Return the mean focal loss for logits and targets of 0 and 1."""
    losses = functional.binary_cross_entropy_with_logits(
        logits, targets, reduction="none"
    )
    right = (-losses).exp()  # probability of the right class
    share = alpha * targets + (1 - alpha) * (1 - targets)
    return (share * (1 - right) ** gamma * losses).mean()


# %%
# With :math:`\gamma=0` it is the binary cross entropy, up to a factor.

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for gamma in (0, 1, 2, 5):
    curve = (1 - chance) ** gamma * -chance.log()
    ax.plot(chance, curve, linewidth=2, label=f"gamma {gamma}")
ax.set(xlabel="probability of the right class", ylabel="loss", ylim=(0, 2.5))
ax.set_title("The focal loss cares less about samples that are nearly right")
ax.legend()
plt.show()

# %%
# One small network, the same start and the same steps for all.


def train_on_rings(loss_function, steps=400):
    """Return a network that was trained on the rings with this loss."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        logits = net(train.inputs).squeeze(1)
        loss_function(logits, train.targets.float()).backward()
        optimizer.step()
    return net.requires_grad_(False)


# %%
# 1,200 divided by 200 is 6, so that is the weight.

nets = {
    "BCE": train_on_rings(nn.BCEWithLogitsLoss()),
    "pos_weight 6": train_on_rings(nn.BCEWithLogitsLoss(pos_weight=torch.tensor(6.0))),
    "focal": train_on_rings(focal_loss),
}

# %%
# Now 14,000 new points.
# *Recall* is the share of the outer ring that is found, *precision* the share of the
# finds that are right (:ref:`tabular`).
# The last row is the first network again, with the threshold for its logit moved from 0
# to :math:`-\log 6`, which is a probability of 1/7.

logits = {name: net(test.inputs).squeeze(1) for name, net in nets.items()}
logits["BCE, moved"] = logits["BCE"] + math.log(6)
outer, recall, auc = test.targets == 1, {}, {}
for name, z in logits.items():
    found, metric = z > 0, eatorch.metrics.AUC()
    metric.update(z, test.targets)
    hits = (found & outer).sum()
    recall[name], auc[name] = hits / outer.sum(), metric.compute()
    print(
        f"{name:12} recall {recall[name]:.2f}, precision {hits / found.sum():.2f}",
        end="",
    )
    print(f", accuracy {(found == outer).double().mean():.3f}, AUC {auc[name]:.3f}")

# %%
# And what do they say about the share of the outer ring, on average?
# It is 1 in 7.
# And how sure do they sound: how far from a half is their answer, on average?

share = outer.double().mean().item()
means = {name: logits[name].sigmoid().mean().item() for name in nets}
print(f"truth {share:.3f}", {name: round(mean, 3) for name, mean in means.items()})
sure = {name: (logits[name].sigmoid() - 0.5).abs().mean().item() for name in nets}
print("distance from a half:", {name: round(far, 3) for name, far in sure.items()})
assert sure["focal"] < sure["BCE"] - 0.03
assert min(means, key=lambda name: abs(means[name] - share)) == "BCE"

# %%
# In the picture the circles are the ideal borders, dashed for rings as they are and
# dotted for rings of equal frequency.
# We draw a fifth of the points, so that the borders can be seen.

some = eatorch.data.rings((240, 40), noise=1.0, seed=2)
fig, axes = plt.subplots(1, 3, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, (name, net) in zip(axes, nets.items(), strict=True):
    eatorch.plots.plot_regions(net, some, ax=ax)
    for radius, style in zip(borders.values(), ("--", ":"), strict=True):
        circle = plt.Circle((0, 0), radius, fill=False, linestyle=style, linewidth=2)
        circle.set_edgecolor("C3")
        ax.add_patch(circle)
    ax.get_legend().remove()
    ax.set(title=name, aspect="equal")
fig.suptitle("pos_weight moves the border inwards; the focal loss hardly does")
plt.show()

# %%
# Read the table with care.
#
# - Plain BCE misses more of the rare ring than ``pos_weight``, but it makes fewer
#   mistakes in all, and its mean probability is closest to the true share.
# - ``pos_weight`` finds more and raises more false alarms.
#   Moving the threshold does the same, without training anything anew.
# - The focal loss finds a few more than BCE and makes about as many mistakes.
# - The AUC, which does not depend on the threshold, is nearly the same for all.
#   No loss has found a better *order* of the points.
#
# So first ask what a miss costs and what a false alarm costs, then move the threshold.
# Weights help where the rare class would hardly be learned at all (try ``steps=100``),
# and they spoil the probabilities.
# The focal loss does so as well: it makes everything look less sure.
# The paper takes :math:`\alpha=0.25`, *less* weight for the rare class, because its
# :math:`\gamma` already silences the many others; try that here, and the recall falls.

assert recall["pos_weight 6"] > recall["BCE"] + 0.08
assert abs(recall["pos_weight 6"] - recall["BCE, moved"]) < 0.05
assert recall["BCE"] < recall["focal"] < recall["pos_weight 6"]
assert max(auc.values()) - min(auc.values()) < 0.02

# %%
# .. _loss-noise:
#
# When labels are wrong
# ---------------------
# We take 1,000 digits for training and give 40 % of them another label at random.
# A network that is large enough learns even these by heart.
# The *symmetric cross entropy* (Wang and others, 2019) also computes the cross entropy
# the other way round: how surprised is the *label* by the prediction?
# For a hard label that would be :math:`\log 0`, so the authors put a fixed negative
# number in its place, here -4.
# What remains is :math:`4\,(1-p)`, with :math:`p` the probability of the given label:
# like L1, it pulls no harder at a sample just because it is hopeless.


def symmetric(logits, labels, alpha=0.1, beta=1.0):
    """Return a symmetric cross entropy, with the paper's numbers for small pictures."""
    p = logits.softmax(1).gather(1, labels[:, None]).squeeze(1)
    return alpha * functional.cross_entropy(logits, labels) + beta * 4 * (1 - p).mean()


def smoothed(logits, labels):
    return functional.cross_entropy(logits, labels, label_smoothing=0.1)


digits = eatorch.data.digits()
order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
pixels, truth = digits.images.flatten(1)[order], digits.targets[order]

# %%
# The test set keeps its true labels, since it is to tell what was really learned.


def accuracies(loss_function, seed, epochs=30):
    """Return the accuracy on clean test digits after each epoch."""
    torch.manual_seed(seed)
    wrong = torch.rand(1000) < 0.4
    labels = (truth[:1000] + wrong * torch.randint(1, 10, (1000,))) % 10
    net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer, scores = torch.optim.Adam(net.parameters(), lr=5e-3), []
    for _ in range(epochs):
        for rows in torch.randperm(1000).split(100):
            optimizer.zero_grad()
            loss_function(net(pixels[rows]), labels[rows]).backward()
            optimizer.step()
        guesses = net(pixels[1000:]).argmax(1)
        scores.append((guesses == truth[1000:]).double().mean().item())
    return scores


# %%
# Two runs of each, with different noise.

losses = {"CE": functional.cross_entropy, "smoothing": smoothed, "symmetric": symmetric}
runs = {
    name: torch.tensor([accuracies(loss, seed) for seed in (0, 1)])
    for name, loss in losses.items()
}
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (name, scores), colour in zip(runs.items(), ("C0", "C1", "C2"), strict=True):
    ax.plot(range(1, 31), scores.mT, color=colour, label=[name, None])
ax.set(xlabel="epoch", ylabel="accuracy on clean digits", ylim=(0.3, 1))
ax.set_title("With wrong labels, the plain cross entropy gets worse after a few epochs")
ax.legend()
plt.show()

# %%
# All of them learn the digits first and the wrong labels later.
# The plain cross entropy pulls hardest at the samples that contradict everything else,
# and these are the wrong ones.
# Smoothing by 0.1 changes little here.
# The symmetric one falls far less, with alpha and beta taken from the paper and not
# tuned on this test set.
# Its price stands at the left: it begins more slowly, since it pulls less at a sample
# that it gets entirely wrong, and at first there are many of those.
# And whoever stops the plain one at its best epoch ends almost as high, provided that
# there are some clean samples to tell when that is (:ref:`high`); here we peeked at the
# test set.

best, last = runs["CE"].amax(1), runs["CE"][:, -1]
assert (last < best - 0.03).all()
assert (runs["symmetric"][:, -1] > last + 0.04).all()
assert (runs["symmetric"][:, -1] < best + 0.04).all()
assert (runs["symmetric"][:, 0] < runs["CE"][:, 0]).all()
for name, scores in runs.items():
    print(f"{name:9} best {scores.amax(1).mean():.3f}, last {scores[:, -1].mean():.3f}")

# %%
# .. _loss-objective:
#
# The objective: loss plus penalty
# --------------------------------
# You may add anything to a loss that you also want to be small, as long as it is made
# of tensors.
# The usual addition is the sum of all squared weights.
# It is so usual that optimizers have it built in, as ``weight_decay``: for plain SGD
# one step with it equals one step with half that factor in the loss.
# Parameter groups say who takes part; biases usually do not.


def one_step(decay, penalty):
    """Return the weights of a rings network after one step of SGD."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    weights, biases = list(net.parameters())[::2], list(net.parameters())[1::2]
    groups = [{"params": weights, "weight_decay": decay}, {"params": biases}]
    loss = nn.BCEWithLogitsLoss()(net(train.inputs).squeeze(1), train.targets.float())
    (loss + penalty * sum(w.square().sum() for w in weights)).backward()
    torch.optim.SGD(groups, lr=0.1).step()
    return torch.cat([p.detach().flatten() for p in net.parameters()])


assert torch.allclose(one_step(0.02, 0.0), one_step(0.0, 0.01))
assert not torch.equal(one_step(0.02, 0.0), one_step(0.0, 0.0))

# %%
# For Adam this is not so, and there the difference has a name, AdamW.
# :ref:`regular` goes into it, and into what a penalty is good for.
#
# .. _loss-own:
#
# Your own loss, and what breaks it
# ---------------------------------
# A loss is any function that returns one number as a tensor with a record.
# Make it a class only if it has options.
# If one of them is a tensor, keep it as a buffer (:ref:`module`), as PyTorch does with
# ``weight``: then it moves to the GPU with the loss.

[name for name, _ in nn.CrossEntropyLoss(weight=torch.ones(3)).named_buffers()]

# %%
# Three things break a loss.
# The first breaks the record: nothing leads back through ``argmax``, a comparison or
# ``item()``, so the accuracy can be measured, but not trained.
# (``round`` keeps the record, but its slope is zero, which is no better.)

logits = torch.randn(4, 3, requires_grad=True)
with eatorch.show_error(RuntimeError):
    mistakes = (logits.argmax(1) != torch.tensor([0, 1, 2, 0])).float().mean()
    mistakes.backward()

# %%
# The second is a slope that is infinite.
# The root of the mean squared error is a fine number to report, but at a perfect
# prediction the root is vertical, and infinity times zero is ``nan``.
# Train on the square, or add a tiny number under the root.

for tiny in (0.0, 1e-8):
    prediction = torch.tensor([1.0, 2.0], requires_grad=True)
    perfect = functional.mse_loss(prediction, torch.tensor([1.0, 2.0]))
    (perfect + tiny).sqrt().backward()
    print(f"gradient with {tiny} under the root:", prediction.grad)

# %%
# The third is a shape that broadcasts: a column of 4 predictions against a row of 4
# targets makes 16 errors.
# ``MSELoss`` warns, your own formula does not (:ref:`tabular` shows the damage).
# A line such as ``assert prediction.shape == target.shape`` costs nothing.

column, row = torch.zeros(4, 1), torch.arange(4.0)
(column - row).square().shape

# %%
# .. admonition:: Then and now
#
#    - ``size_average`` and ``reduce`` became ``reduction``; the old arguments still
#      exist, and warn.
#    - Courses count 18 losses. The sheet above is counted by code.
#    - Label smoothing and class probabilities were written by hand; both have been
#      part of :class:`~torch.nn.CrossEntropyLoss` since 1.10 (2021).
#    - Networks ended in a sigmoid or softmax. Today they return logits, and the loss
#      does the rest.
#    - ``NLLLoss2d`` for pictures is deprecated: :class:`~torch.nn.NLLLoss` and
#      :class:`~torch.nn.CrossEntropyLoss` take any number of axes behind the classes.
#    - An L2 penalty and ``weight_decay`` were used as two words for one thing. For
#      plain SGD they are, for :class:`~torch.optim.AdamW` they are not.
#
# .. _loss-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _loss-ex1:
#
# Exercise 22-1: the family tree
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Every loss class stands at the end of a chain of classes.
# Write ``family(loss)``: the names of the classes of a loss object, from its own to
# ``"Module"``, in the order in which Python looks for a method.
# Which losses come by way of ``_WeightedLoss``?
# Is ``BCEWithLogitsLoss`` one of them?
#
# .. dropdown:: Hint
#
#    Each class has an attribute ``__mro__``, the *method resolution order*, and a
#    ``__name__``.
#    What stands behind ``Module`` is not wanted.
#
# .. dropdown:: Solution
#
#    ``_WeightedLoss`` keeps the buffer ``weight``.
#    ``BCEWithLogitsLoss`` has two such tensors and looks after them itself.
#
#    .. code-block:: python
#
#       def family(loss):
#           names = [kind.__name__ for kind in type(loss).__mro__]
#           return names[: names.index("Module") + 1]


def family(loss):
    """Return the names of the classes of a loss, up to Module."""
    ...  # your code here


eatorch.check("22-1", family)

# %%
# .. _loss-ex2:
#
# Exercise 22-2: a weighted mean by hand
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Three samples have the logits (1, 2), (1, 3) and (1, 3) and the classes 0, 1 and 1.
# The classes weigh 1 and 2.
# Work out with a pocket calculator what ``reduction="none"``, ``"sum"`` and ``"mean"``
# give.
# Then write ``three_reductions(logits, classes, weight)``, which returns these three in
# this order, for any logits ``(sample, class)``, without a loss of PyTorch.
#
# .. dropdown:: Hint
#
#    ``weight[classes]`` is the weight of each *sample*.
#    By what does ``CrossEntropyLoss`` divide, if all weights are doubled and the mean
#    stays?
#
# .. dropdown:: Solution
#
#    Without weights the losses are 1.3133, 0.1269 and 0.1269.
#    With them 1.3133, 0.2539 and 0.2539; the sum is 1.8210 and the mean
#    1.8210 / (1 + 2 + 2) = 0.3642.
#
#    .. code-block:: python
#
#       def three_reductions(logits, classes, weight):
#           rows = torch.arange(len(classes))
#           losses = logits.logsumexp(dim=1) - logits[rows, classes]
#           losses = weight[classes] * losses
#           total = losses.sum()
#           return losses, total, total / weight[classes].sum()


def three_reductions(logits, classes, weight):
    """Return the weighted cross entropy of each sample, its sum and its mean."""
    ...  # your code here


eatorch.check("22-2", three_reductions)

# %%
# .. _loss-ex3:
#
# Exercise 22-3: complete the table
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Which loss would you take?
# Answer with a list of ten *different* class names, such as ``"MSELoss"``.
#
# 1. Prices, some of them mistyped, and a slope that fades as the error does.
# 2. Calls per hour; the network gives the logarithm of the rate.
# 3. A temperature, and how sure the network is of it.
# 4. One of ten digits; the network gives logits.
# 5. One of ten digits; the network ends in ``log_softmax``.
# 6. A photo with a cat, a dog, both or neither; the network gives two logits.
# 7. The probabilities of a larger network as target; ours ends in ``log_softmax``.
# 8. Two films, and which of the two was liked more.
# 9. Three photos, two of them of the same person.
# 10. A recording and its text, without times.
#
# .. dropdown:: Hint
#
#    Ask first what the network gives: a number, logits, log-probabilities or vectors.
#    Then look at the target.
#
# .. dropdown:: Solution
#
#    In rows 1, 6 and 9 a close relative does as well: ``SmoothL1Loss``,
#    ``MultiLabelSoftMarginLoss`` and ``TripletMarginWithDistanceLoss``.
#    In rows 5 and 7 ``CrossEntropyLoss`` would train the network in the same way, but
#    row 4 needs it, and a second ``log_softmax`` changes nothing.
#
#    .. code-block:: python
#
#       table = ["HuberLoss", "PoissonNLLLoss", "GaussianNLLLoss"]
#       table += ["CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss", "KLDivLoss"]
#       table += ["MarginRankingLoss", "TripletMarginLoss", "CTCLoss"]

table = ...  # your code here

eatorch.check("22-3", table)

# %%
# .. _loss-ex4:
#
# Exercise 22-4: the floor of a smoothed loss
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# With label smoothing, the cross entropy is the divergence from the soft label plus the
# entropy of that label.
# A perfect network brings the divergence to zero.
# Write ``lowest_loss(classes, smoothing)``: what is the lowest value that
# ``CrossEntropyLoss(label_smoothing=smoothing)`` can have with so many classes?
# Do not forget ``smoothing=0``.
#
# .. dropdown:: Hint
#
#    Write down the soft label: one large share and ``classes - 1`` small ones.
#    Its entropy is the answer.
#    A share of zero adds nothing to an entropy; :func:`torch.special.entr` knows that.
#
# .. dropdown:: Solution
#
#    For ten classes and 0.1 it is 0.50.
#    So a training loss of 0.5 may be perfect, and curves with and without smoothing
#    cannot be compared.
#
#    .. code-block:: python
#
#       def lowest_loss(classes, smoothing):
#           label = torch.full((classes,), smoothing / classes)
#           label[0] += 1 - smoothing
#           return torch.special.entr(label).sum().item()


def lowest_loss(classes, smoothing):
    """Return the lowest cross entropy that smoothed labels allow."""
    ...  # your code here


eatorch.check("22-4", lowest_loss)

# %%
# .. _loss-minute:
#
# In one minute
# -------------
# - The loss decides what is predicted: MSE the mean, L1 the median.
# - Most losses are a negative log-likelihood. For classes this is the cross entropy,
#   entropy plus divergence.
# - Know what goes in: logits, probabilities or log-probabilities. A negative loss gives
#   a wrong choice away, and a first loss above :math:`\log C` is a warning.
# - ``CrossEntropyLoss`` divides by the sum of weights, the others by the number.
# - For rare classes move the threshold first.
#   Weights and the focal loss change the probabilities, rarely the order.
# - A bounded pull is robust: L1 and Huber against outliers, the symmetric cross entropy
#   against wrong labels.
# - No ``argmax`` and no ``item()`` in a loss, and no root of zero.
#
# .. _loss-next:
#
# Read next
# ---------
# - :ref:`mid` for the shapes and dtypes of the three losses of every day.
# - :ref:`tabular` for the ROC curve and the choice of a threshold.
# - :ref:`regular` for what else goes into the objective.
# - :ref:`segment` has a loss of its own, made from the overlap of two shapes.
