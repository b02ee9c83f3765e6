"""
.. _generate:

Autoencoder, GAN, DCGAN
=======================

Train networks that draw digits and curves nobody has drawn before, and measure how
good, how varied and how new their drawings are.

:Level: 5
:Hours: 1.5
:Needs: :ref:`image`, :ref:`graph`, :ref:`conv`, :ref:`norm`, :ref:`loss`
:Data: handwritten digits (1,797 pictures, CC BY 4.0, from scikit-learn) and parabolas
    made here

All networks so far answered a question about something we gave them.
Now the answer itself is the product: a new picture.
There is no right picture to compare it with, so half of this lesson is about training
without one, and the other half about measuring without one.
"""

import math

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional

import eatorch

torch.manual_seed(0)
torch.set_num_threads(1)  # for networks this small, threads cost more than they bring

# %%
# .. _generate-autoencoder:
#
# Squeeze a picture through a few numbers
# ---------------------------------------
# We divide the digits in the order of the collection, since neighbours are mostly by
# the same hand (:ref:`image`): 60 % to learn from, 20 % to watch with, 20 % for the
# test.
# The values go from -1, paper, to 1, ink.

collection = eatorch.data.digits()
edges = [int(share * len(collection)) for share in (0.6, 0.8)]
parts = (2 * collection.images - 1).tensor_split(edges)  # (picture, 1, 8, 8) each
labels = collection.targets.tensor_split(edges)
train, valid, test = parts
[tuple(part.shape) for part in parts]

# %%
# An *autoencoder* is two networks in a row.
# The *encoder* turns a picture into a few numbers, its *code*; the *decoder* turns the
# code into a picture again.
# The target is the input itself, so no labels are needed.
# What makes it hard is the narrow place in the middle.


def autoencoder(width):
    """Return an encoder to codes of some width, and a decoder back."""
    encoder = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, width)
    )
    decoder = nn.Sequential(
        nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh()
    )
    return encoder, nn.Sequential(*decoder, nn.Unflatten(1, (1, 8, 8)))


# %%
# ``Tanh`` keeps the result between -1 and 1, like the pictures.
# Training is the loop you know, with one optimizer for both halves.


def compress(width, epochs=30):
    """Train an autoencoder on the training pictures."""
    torch.manual_seed(0)
    encoder, decoder = autoencoder(width)
    both = nn.Sequential(encoder, decoder)
    optimizer = torch.optim.AdamW(both.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(train)).split(64):
            optimizer.zero_grad()
            functional.mse_loss(both(train[rows]), train[rows]).backward()
            optimizer.step()
    return encoder, decoder


coders = {width: compress(width) for width in (2, 8)}

# %%
# How much of a picture survives?
# We measure on test pictures, next to two ways that need no network: the mean training
# picture for everybody, and *principal component analysis*, which keeps the directions
# in which the training pictures differ most.
# By squared error, linear layers cannot do better on the training pictures.

flat, middle = train.flatten(1), train.flatten(1).mean(dim=0)
directions = torch.linalg.svd(flat - middle, full_matrices=False).Vh
rebuilt = {"mean picture": middle.view(1, 1, 8, 8).expand(len(test), -1, -1, -1)}
for width, (encoder, decoder) in coders.items():
    basis = directions[:width]  # (width, 64)
    linear = (test.flatten(1) - middle) @ basis.T @ basis + middle
    rebuilt[f"components, {width}"] = linear.view(-1, 1, 8, 8)
    with torch.no_grad():
        rebuilt[f"autoencoder, {width}"] = decoder(encoder(test))
errors = {n: functional.mse_loss(made, test).item() for n, made in rebuilt.items()}
for width in coders:
    assert errors[f"autoencoder, {width}"] < 0.9 * errors[f"components, {width}"]
{name: round(error, 3) for name, error in errors.items()}

# %%
# With the same number of values, the network keeps more: components can only be added
# up, while the network bends.
# To see what the numbers mean, the first ten test pictures:

fig, axes = plt.subplots(4, 1, figsize=(7, 4), layout="constrained")
shown = {"test pictures": test, **rebuilt}
names = ["test pictures", "components, 2", "autoencoder, 2", "autoencoder, 8"]
for ax, name in zip(axes, names, strict=True):
    eatorch.plots.show_images(shown[name][:10], columns=10, ax=ax)
    ax.set_title(name, fontsize=9, loc="left")
fig.suptitle("Two numbers keep the rough shape, eight keep most of the strokes")
plt.show()

# %%
# .. _generate-map:
#
# A map of all digits
# -------------------
# Two numbers are a place on a map.
# On the left every test picture stands at its code, written as its label, which the
# network has never seen.
# On the right the decoder draws what belongs to each place of a regular grid.

encoder, decoder = coders[2]
with torch.no_grad():
    codes, places = encoder(train), encoder(test)  # (picture, 2)
    low, high = codes.quantile(0.02, dim=0), codes.quantile(0.98, dim=0)
    steps = torch.linspace(0, 1, 11)
    grid = torch.cartesian_prod(1 - steps, steps).flip(1)  # upper left place first
    drawn = decoder(low + grid * (high - low))
nearest = torch.cdist(places, codes).argmin(dim=1)
same = (labels[0][nearest] == labels[2]).float().mean()
assert same > 0.4
f"{same:.0%} of the test pictures have the label of the nearest training code"

# %%
# By chance it would be about 10 %.
# Equal digits lie together, though nobody told the network what is equal; where it is
# crowded, they mix.

fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
for (x, y), label in zip(places.tolist(), labels[2].tolist(), strict=True):
    told = {"color": f"C{label % 7}", "fontsize": 8, "clip_on": True}
    left.text(x, y, str(label), **told)
left.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
left.set(xlabel="first number of the code", ylabel="second number of the code")
left.set_title("test pictures at their codes", fontsize=10)
eatorch.plots.show_images(drawn, columns=11, ax=right)
right.set_title("what the decoder draws there", fontsize=10)
fig.suptitle("The code is a map on which many neighbours are equal digits")
plt.show()

# %%
# The decoder draws at *any* place, so it can make new pictures.
# But where shall we point?
# Between the islands it draws blends of two digits, and no rule says how densely the
# islands lie.
# A simple answer is to draw codes from a normal distribution with the mean and the
# covariance of the training codes.
# That works a little; we will measure how much.
#
# .. note::
#
#    A *variational* autoencoder builds this rule into the training: the encoder returns
#    a mean and a deviation, the code is drawn from them, and a penalty (the
#    Kullback-Leibler divergence of :ref:`loss`) pulls all codes together towards a
#    standard normal distribution, from which you then draw.
#
# .. _generate-ruler:
#
# A ruler for pictures nobody has drawn
# -------------------------------------
# A new picture has no target, so there is no error to measure.
# What we can ask is whether a *crowd* of new pictures resembles a crowd of real ones.
# We look through the eyes of a classifier that was trained on real digits: its last
# layer but one turns a picture into 16 numbers that matter for telling digits apart.

torch.manual_seed(0)
features = nn.Sequential(
    *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
    *(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
    *(nn.Flatten(), nn.Linear(32 * 4 * 4, 16), nn.ReLU()),
)
judge = nn.Sequential(features, nn.Linear(16, 10))
optimizer = torch.optim.AdamW(judge.parameters(), lr=3e-3)
for _ in range(8):
    for rows in torch.randperm(len(train)).split(64):
        optimizer.zero_grad()
        functional.cross_entropy(judge(train[rows]), labels[0][rows]).backward()
        optimizer.step()
right = judge(test).argmax(dim=1) == labels[2]
f"right on {right.float().mean():.0%} of the test pictures"

# %%
# The *Fréchet distance* describes each crowd by the mean :math:`m` and the covariance
# :math:`C` of its features, as if both were normal distributions, and says how far one
# has to move and spread to become the other:
#
# .. math::
#
#    d = \|m_1 - m_2\|^2 + \mathrm{tr}\left(C_1 + C_2 - 2 (C_1 C_2)^{1/2}\right)
#
# Strictly, this is the square of the distance.
# With the features of a large network (Inception) that was trained on photos it is
# called FID, the usual measure for generated photos.
#
# The trace of the matrix root is the sum of the roots of the eigenvalues
# (:ref:`math`).
# These are never negative in exact arithmetic; ``clamp`` removes what rounding makes
# negative.


def frechet(first, second):
    """Return the Fréchet distance of two crowds of features, (member, feature)."""
    first, second = first.double(), second.double()
    apart = (first.mean(dim=0) - second.mean(dim=0)).square().sum()
    one, two = first.T.cov(), second.T.cov()
    roots = torch.linalg.eigvals(one @ two).real.clamp(min=0).sqrt()
    return (apart + one.trace() + two.trace() - 2 * roots.sum()).item()


# %%
# Two cases in which we know the answer: a crowd of two features that moves by 3 in one
# of them, at a square of 9, and one whose two deviations grow from 1 to 2, at a square
# of 1 each.

crowd = torch.randn(5000, 2, dtype=torch.float64)
crowd = (crowd - crowd.mean(dim=0)) / crowd.std(dim=0)
assert math.isclose(frechet(crowd, crowd + torch.tensor([3, 0])), 9, rel_tol=1e-6)
assert math.isclose(frechet(crowd, 2 * crowd), 1 + 1, rel_tol=1e-6)

# %%
# Beside the distance we note how often the judge is *sure*, giving one class more than
# 0.9, and how many of the ten classes get at least 2 % of the pictures.


@torch.no_grad()
def measure(pictures, against=test):
    """Return distance to real pictures, share of sure answers, number of classes."""
    distance = frechet(features(pictures), features(against))
    chances, found = judge(pictures).softmax(dim=1).max(dim=1)
    covered = (found.bincount(minlength=10) >= 0.02 * len(pictures)).sum()
    return distance, (chances > 0.9).float().mean().item(), covered.item()


# %%
# A ruler needs marks.
# At one end stand real pictures that are compared with other real ones, at the other
# end stands noise, and in between the autoencoders with their normally distributed
# codes.
# All crowds have the same size, give or take one picture, for means and covariances of
# small crowds scatter, and that alone makes distances larger.


@torch.no_grad()
def decoded(width, count=360):
    """Draw pictures from an autoencoder at normally distributed codes."""
    encoder, decoder = coders[width]
    codes = encoder(train)
    bend = torch.linalg.cholesky(codes.T.cov())
    return decoder(codes.mean(dim=0) + torch.randn(count, width) @ bend.T)


# %%
# Every row is measured against the 360 test pictures; the last line takes two crowds by
# the same hands.

torch.manual_seed(1)
crowds = {
    "real, validation": valid,
    "real, training": train[torch.randperm(len(train))[:360]],
    "autoencoder, 8": decoded(8),
    "autoencoder, 2": decoded(2),
    "noise": 2 * torch.rand(360, 1, 8, 8) - 1,
}
marks = {name: measure(pictures) for name, pictures in crowds.items()}
for name, (distance, sure, covered) in marks.items():
    print(f"{name:18} distance {distance:5.0f}   sure {sure:4.0%}   classes {covered}")
one, other = train[torch.randperm(len(train))[:720]].split(360)
print(f"two crowds of training pictures: distance {measure(one, other)[0]:.0f}")
real = max(marks["real, validation"][0], marks["real, training"][0])
assert 2 * real < marks["autoencoder, 2"][0] < 0.5 * marks["noise"][0]

# %%
# Real pictures are not at 0: two crowds differ by chance, as the last line shows, and
# other people write differently.
# So a network that simply repeated its training pictures would reach about the second
# row; remember that.
# Nor is anything proven by many classes: noise covers them too.
# No single number is enough, which is why we keep three.
#
# .. _generate-game:
#
# Two networks, one game
# ----------------------
# Supervised training compares an output with the right answer.
# *Adversarial* training replaces the right answer by a second network.
# The *generator* turns random numbers, the *noise*, into a sample.
# The *discriminator* gets real and generated samples and returns a score: positive for
# "real", negative for "made up".
# Each learns from the other, and together they are a *generative adversarial network*,
# GAN.
# (This generator is a network; it has nothing to do with
# :class:`torch.Generator`, the source of random numbers.)
#
# .. list-table::
#    :header-rows: 1
#
#    * - Aspect
#      - supervised
#      - adversarial
#    * - The target
#      - stands in the data, one for each sample
#      - is given by the discriminator, and moves while it learns
#    * - What an output is compared with
#      - its own right answer
#      - the whole crowd of real samples
#    * - Networks and optimizers
#      - one and one
#      - two and two, with opposite wishes
#    * - A falling loss means
#      - that the answers get better
#      - that one player is ahead at the moment
#    * - When to stop
#      - when the validation loss rises
#      - when samples, measured from outside, stop getting better
#
# The discriminator is a classifier with two classes, so its loss is the binary cross
# entropy with logits (:ref:`loss`).
# For a target of 1 that is ``softplus(-score)``, for a target of 0 it is
# ``softplus(score)``, where :func:`~torch.nn.functional.softplus` is
# :math:`\log(1 + e^s)`.
# Written like this, no tensors full of ones and zeros are needed.

scores = torch.randn(5)
for target, sign in ((1.0, -1), (0.0, 1)):
    wanted = torch.full((5,), target)
    loss = functional.binary_cross_entropy_with_logits(scores, wanted)
    assert torch.allclose(functional.softplus(sign * scores).mean(), loss)

# %%
# Our first real samples are curves: each is a parabola :math:`a x^2 + (a - 1)` at 15
# places, with :math:`a` drawn between 1 and 2.
# All of them lie between two bounds, and each is told by one number.

x = torch.linspace(-1, 1, 15)


def parabolas(count):
    """Draw real curves, (curve, 15)."""
    a = 1 + torch.rand(count, 1)
    return a * x**2 + (a - 1)


def network(inputs, outputs, hidden=64):
    first = [nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden)]
    return nn.Sequential(*first, nn.ReLU(), nn.Linear(hidden, outputs))


# %%
# One round of the game has two halves, each with its own loss and its own optimizer.
# The discriminator goes first.
# It needs the generated samples as plain numbers, so they are *detached*: its loss must
# not reach the generator, whose wish is the opposite.
# In the second half the generator wants the same samples to be taken for real, and now
# the gradient has to come *through* the discriminator.


def play(real, noise, generator, discriminator, optimizers):
    """Let the discriminator take a step, then the generator; return both losses."""
    made = generator(noise)
    right, wrong = discriminator(real), discriminator(made.detach())
    guard = functional.softplus(-right).mean() + functional.softplus(wrong).mean()
    optimizers[1].zero_grad()
    guard.backward()
    optimizers[1].step()
    fool = functional.softplus(-discriminator(made)).mean()
    optimizers[0].zero_grad()
    fool.backward()
    optimizers[0].step()
    return fool.item(), guard.item()


# %%
# ``fool.backward()`` leaves gradients in the discriminator too.
# They do no harm, because ``zero_grad`` removes them before its next step.
#
# Adam gets ``betas=(0.5, 0.999)``, the advice of the DCGAN paper, whose training swung
# to and fro with the usual 0.9.
# That would remember old directions for longer, and the opponent has moved on by then.


def opponents(generator, discriminator, rate=1e-3):
    """Return one Adam for each player."""
    betas, players = (0.5, 0.999), (generator, discriminator)
    return [torch.optim.Adam(p.parameters(), rate, betas=betas) for p in players]


def learn_curves(game, optimizers_of, seed=0, rounds=400, looks=()):
    """Play some rounds; return all losses and looks at the generator's work."""
    torch.manual_seed(seed)
    players = network(5, 15), network(15, 1)
    optimizers = optimizers_of(*players)
    fixed, losses, seen = torch.randn(1000, 5), [], {}
    for number in range(1, rounds + 1):
        losses.append(game(parabolas(64), torch.randn(64, 5), *players, optimizers))
        if number in looks:
            seen[number] = players[0](fixed).detach()
    return losses, seen


# %%
# The same noise after 1, 60 and all rounds, and the two losses.

losses, seen = learn_curves(play, opponents, looks=(1, 60, 400))
fig, axes = plt.subplots(1, 4, figsize=(9, 2.7), layout="constrained")
for ax, (number, curves) in zip(axes, seen.items(), strict=False):
    ax.plot(x, curves[:40].T, color="C0", linewidth=0.6)
    ax.plot(x, x**2, "C1--", x, 2 * x**2 + 1, "C1--")
    ax.set(xlabel="x", ylabel="y", ylim=(-1, 3.5))
    ax.set_title(f"after round {number}", fontsize=10)
axes[3].plot(losses, linewidth=0.8, label=["generator", "discriminator"])
axes[3].axhline(2 * math.log(2), color="0.5", linestyle=":")
axes[3].set(xlabel="round", ylabel="loss", ylim=(0, 3))
axes[3].legend(fontsize=8)
fig.suptitle("Noise becomes curves between two bounds, while the losses stand still")
plt.show()

# %%
# The losses tell almost nothing.
# The samples have moved to where they belong, though they are not smooth yet, and the
# discriminator's loss stays near the dotted line at :math:`2 \log 2`, which is what
# guessing costs: two answers of 0.5.
# That it cannot tell the two apart is what we want, but a discriminator too weak to see
# anything would show the same line.
#
# .. _generate-bounds:
#
# Between the bounds is not enough
# --------------------------------
# So we measure from outside again.
# The share of points between the bounds is easy to compute.
# Better is to fit the :math:`a` of each curve and to compare 1,000 of them with 1,000
# fresh real ones: sort both lists and take the mean difference.
# This is the *earth mover's distance*: how far a pile of sand has to be carried, on
# average, to become the other one.


def fitted(curves):
    """Return the a that fits each curve best in the sense of least squares."""
    base = x**2 + 1  # y = a (x² + 1) - 1
    return ((curves + 1) @ base) / (base @ base)


def carried(one, other):
    """Return the earth mover's distance of two lists of equal length."""
    return (one.sort().values - other.sort().values).abs().mean().item()


torch.manual_seed(99)
fresh, again = fitted(parabolas(1000)), fitted(parabolas(1000))
print(f"real against real {carried(fresh, again):.3f}")
for number, curves in seen.items():
    between = ((curves >= x**2) & (curves <= 2 * x**2 + 1)).float().mean()
    distance = carried(fitted(curves), fresh)
    print(f"round {number:3}   between {between:4.0%}   distance {distance:.3f}")

# %%
# A generator that has learned one single curve in the middle would have all of its
# points between the bounds.
# Its distance would give it away:

middle_curve = (1.5 * x**2 + 0.5).expand(1000, -1)
between = (middle_curve >= x**2) & (middle_curve <= 2 * x**2 + 1)
assert between.all()
distance = carried(fitted(middle_curve), fresh)
f"one curve only: between {between.float().mean():.0%}, distance {distance:.3f}"

# %%
# Drawing few of the possible samples, however good, is called *mode collapse*.
# Nothing in the game forbids it: the discriminator judges one sample at a time.
#
# .. _generate-detach:
#
# detach, and why the order matters
# ---------------------------------
# Three classic mistakes.
# The first is to compute both losses, then to call ``backward`` twice.
# Both need the same pass through the networks, and the first call frees it
# (:ref:`graph`).


def both_losses():
    """Return the two losses, computed from one pass through both networks."""
    scores = discriminator(generator(torch.randn(64, 5)))
    return functional.softplus(scores).mean(), functional.softplus(-scores).mean()


generator, discriminator = network(5, 15), network(15, 1)
first, second = opponents(generator, discriminator)
guard, fool = both_losses()
with eatorch.show_error(RuntimeError):
    guard.backward()
    fool.backward()

# %%
# The message recommends ``retain_graph=True``, and many programs on the net follow it.
# Then the second mistake appears.
# The step of the discriminator changes its weights in place, while the generator's
# gradient still needs the old ones:

guard, fool = both_losses()
with eatorch.show_error(RuntimeError):
    guard.backward(retain_graph=True)
    second.step()
    fool.backward()

# %%
# Neither error is cured by ``retain_graph``.
# Both say: this pass is over, make a new one.
# That is what ``play`` does: the discriminator sees detached samples and takes its
# step, and then the generator asks it anew.
#
# The third mistake need not give a message.
# Without ``detach`` the loss of the discriminator flows on into the generator and
# leaves gradients there with which it would help its opponent.


def leak(detach):
    """Return the largest gradient that the discriminator's half leaves behind."""
    generator.zero_grad()
    made = generator(torch.randn(64, 5))
    scores = discriminator(made.detach() if detach else made)
    functional.softplus(scores).mean().backward()
    grads = [weights.grad for weights in generator.parameters()]
    return max((g.abs().max().item() for g in grads if g is not None), default=0.0)


assert leak(detach=True) == 0
assert leak(detach=False) > 0
{"with detach": leak(True), "without": round(leak(False), 3)}

# %%
# In a program that draws new samples for the second half, nobody complains.
# If ``zero_grad`` stands right before the generator's ``backward``, the stray gradients
# are wiped away, and only time is lost.
# If it stands at the top of the round, they stay, and pull the generator towards being
# caught.
#
# .. _generate-saturate:
#
# Why the generator's loss is turned round
# ----------------------------------------
# The wish of the generator is the opposite of the discriminator's.
# So the obvious loss is the same expression with the sign changed,
# ``-softplus(score)``.
# We used ``softplus(-score)`` instead.
# Both want the score to rise; look at how strongly they pull when the discriminator is
# sure that a sample is made up, on the left:

scores = torch.linspace(-8, 4, 200, requires_grad=True)
pulls = {}
for name, loss in {
    "-softplus(score)": -functional.softplus(scores),
    "softplus(-score)": functional.softplus(-scores),
}.items():
    (slope,) = torch.autograd.grad(loss.sum(), scores)
    pulls[name] = -slope
fig, ax = plt.subplots(figsize=(6, 2.7), layout="constrained")
for name, pull in pulls.items():
    ax.plot(scores.detach(), pull, label=name)
ax.set(xlabel="score of a generated sample", ylabel="pull on the score")
ax.set_title("Only the turned loss pulls hard on samples that fool nobody")
ax.legend()
plt.show()

# %%
# At the beginning all samples are easily caught.
# There the obvious loss has almost no slope, and the generator would hardly start.
# The turned one pulls with full force exactly where there is most to mend.
#
# .. _generate-wgan:
#
# WGAN: a small change
# --------------------
# What does the discriminator's loss tell the generator?
# If the discriminator is as good as it can be, its loss is :math:`2 \log 2` less twice
# the *Jensen-Shannon divergence*, a relative of the Kullback-Leibler divergence that
# treats both crowds alike.
# This has a blind spot.
# Take two piles of sand and move one away:


def jensen_shannon(p, q):
    """Return the divergence of two histograms, at most log 2."""
    mean = ((p + q) / 2).clamp(min=1e-9)  # no 0 / 0 where both are empty
    both = torch.xlogy(p, p / mean) + torch.xlogy(q, q / mean)
    return both.sum() / 2


piles, shifts = torch.rand(5000), torch.linspace(0, 3, 31)
still = torch.histc(piles, 60, 0, 4) / 5000
divergences = [
    jensen_shannon(still, torch.histc(piles + shift, 60, 0, 4) / 5000)
    for shift in shifts
]
distances = [carried(piles, piles + shift) for shift in shifts]

# %%
# Each pile is one wide, so from a shift of 1 on they do not touch any more.

fig, ax = plt.subplots(figsize=(6, 2.7), layout="constrained")
ax.plot(shifts, distances, label="earth mover's distance")
ax.plot(shifts, divergences, label="Jensen-Shannon divergence")
ax.set(xlabel="how far one pile was moved", ylabel="distance")
ax.set_title("The divergence sees that two piles are apart, but not how far")
ax.legend()
plt.show()
assert divergences[-1] - divergences[15] < 1e-3
assert distances[-1] > 1.9 * distances[15]

# %%
# The *Wasserstein GAN* therefore aims at the earth mover's distance.
# In more than one dimension nobody can sort, but there is another way to get it: it is
# the largest difference of mean scores, real minus generated, among all scoring
# functions that never rise by more than 1 per unit of distance.
# In code the change is small:
#
# - the losses are plain means, without softplus;
# - the weights of the *critic*, as it is now called, are clamped after each step, so
#   that its scores cannot be arbitrarily steep (how steep exactly stays open, and with
#   it the unit of the distance);
# - the paper uses RMSprop, because momentum made its training unstable at times.


def play_wasserstein(real, noise, generator, critic, optimizers):
    """Like play, with mean scores and clamped weights."""
    made = generator(noise)
    guard = critic(made.detach()).mean() - critic(real).mean()
    optimizers[1].zero_grad()
    guard.backward()
    optimizers[1].step()
    with torch.no_grad():
        for weights in critic.parameters():
            weights.clamp_(-0.1, 0.1)
    fool = -critic(made).mean()
    optimizers[0].zero_grad()
    fool.backward()
    optimizers[0].step()
    return fool.item(), guard.item()


# %%
# The paper also gives the critic five steps for each one of the generator; we keep one,
# so that both games have equal numbers.
# It clamps at 0.01, we at 0.1.
# One run proves nothing, since these trainings depend on their seed.
# We play both games three times.


def steady(generator, critic, rate=1e-3):
    return [torch.optim.RMSprop(p.parameters(), rate) for p in (generator, critic)]


games = {"GAN": (play, opponents), "WGAN": (play_wasserstein, steady)}
runs = {"GAN, seed 0": fitted(seen[400])}  # played above
for name, game in games.items():
    for seed in range(3):
        if f"{name}, seed {seed}" not in runs:
            made = learn_curves(*game, seed=seed, looks=(400,))[1][400]
            runs[f"{name}, seed {seed}"] = fitted(made)

# %%
# Each line shows from where to where 90 % of the fitted :math:`a` reach, the dot is
# their median.

fig, ax = plt.subplots(figsize=(7, 2.9), layout="constrained")
for row, (name, values) in enumerate({"real": fresh, **runs}.items()):
    low, half, high = values.quantile(torch.tensor([0.05, 0.5, 0.95])).tolist()
    colour = {"r": "0.5", "G": "C0", "W": "C1"}[name[0]]
    ax.plot([low, high], [row, row], color=colour, linewidth=4)
    ax.plot(half, row, "o", color=colour, markersize=9)
    told = f"{carried(values, fresh):.3f}" if row else "distance"
    ax.text(2.75, row, told, va="center", ha="right")
ax.set_yticks(range(7), ["real", *runs])
ax.set(xlabel="fitted a", xlim=(0.8, 2.8), ylim=(6.6, -0.6))
ax.set_title("Equal games with other seeds draw more or less of the true range")
plt.show()

# %%
# Compare each line with the grey one.
# A short line is a partial collapse: good curves, but not all of them.
# Whether the WGAN wins depends on seed, time and settings; with three runs we would not
# bet on either.
# What it changes for sure is the meaning of the loss, and that the pull on a score is
# always the same: it does not vanish when the critic gets good.
# Clamping is crude, as its authors say themselves.
# Most later work replaces it by a penalty on the critic's gradient (WGAN-GP) or by
# :func:`~torch.nn.utils.parametrizations.spectral_norm`.
#
# .. _generate-dcgan:
#
# DCGAN: the game with convolutions
# ---------------------------------
# For pictures, both players become convolutional.
# The *deep convolutional GAN* of 2015 is a list of rules that made this work:
#
# - no pooling: strided convolutions on the way down, transposed ones on the way up;
# - no hidden linear layers;
# - batch normalisation in both networks, but not in the generator's last layer nor in
#   the discriminator's first;
# - ReLU in the generator with ``Tanh`` at its end, LeakyReLU with 0.2 in the
#   discriminator;
# - Adam with a first beta of 0.5 and a learning rate of 0.0002, and starting weights of
#   deviation 0.02.
#
# We take a larger learning rate, since our networks are small and train briefly, and
# PyTorch's own starting weights.
#
# The kernels of 4 with stride 2 are no accident: the stride divides the kernel, so the
# stamps overlap evenly and no checkerboard appears (:ref:`conv`).


def painter(normalise=nn.BatchNorm2d):
    """Return a generator from 16 random numbers to pictures of 8 x 8."""
    return nn.Sequential(
        nn.Unflatten(1, (16, 1, 1)),
        *(nn.ConvTranspose2d(16, 32, 2), normalise(32), nn.ReLU()),  # 2 x 2
        *(nn.ConvTranspose2d(32, 16, 4, 2, 1), normalise(16), nn.ReLU()),  # 4 x 4
        *(nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Tanh()),  # 8 x 8
    )


def expert(normalise=nn.BatchNorm2d):
    """Return a discriminator from pictures of 8 x 8 to one score."""
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2)),  # 4 x 4
        *(nn.Conv2d(16, 32, 4, 2, 1), normalise(32), nn.LeakyReLU(0.2)),  # 2 x 2
        *(nn.Conv2d(32, 1, 2), nn.Flatten(0)),
    )


# %%
# Layer by layer, the generator's maps grow:

eatorch.summary(painter(), torch.randn(2, 16))

# %%
# The game is the same; ``play`` did not know what it was playing with.
# Only drawing samples needs care: batch normalisation has two modes, and for a sample
# that does not depend on its neighbours we need the evaluation mode (:ref:`norm`).


@torch.no_grad()
def paint(generator, noise):
    """Draw pictures in evaluation mode."""
    generator.eval()
    pictures = generator(noise)
    generator.train()
    return pictures


def learn_digits(players, rounds, every=50):
    """Play on; yield round and generator now and then."""
    optimizers = opponents(*players)
    for number in range(1, rounds + 1):
        rows = torch.randint(len(train), (64,))
        play(train[rows], torch.randn(64, 16), *players, optimizers)
        if number % every == 0:
            yield number, players[0]


# %%
# While it trains we look at the same noise every 50 rounds, and measure against the
# *validation* pictures.
# The test pictures wait until everything is decided.

torch.manual_seed(0)
artist, detective = painter(), expert()
fixed = torch.randn(360, 16)
frames = {0: paint(artist, fixed)}
for number, generator in learn_digits((artist, detective), 500):
    frames[number] = paint(generator, fixed)
progress = {number: measure(made, valid)[0] for number, made in frames.items()}

# %%
# Every row is one round, every column the same 16 random numbers.

fig, (left, right) = plt.subplots(
    1, 2, figsize=(9, 3.7), layout="constrained", gridspec_kw={"width_ratios": [3, 2]}
)
chosen = [0, 100, 200, 300, 500]
rows = torch.cat([frames[number][:10] for number in chosen])
eatorch.plots.show_images(rows, columns=10, ax=left)
left.set_title(f"rounds {', '.join(map(str, chosen))}, from top to bottom", fontsize=10)
right.semilogy(list(progress), list(progress.values()), "o-", label="DCGAN")
yard = measure(train[torch.randperm(len(train))[:360]], valid)[0]
right.axhline(yard, color="0.5", linestyle=":", label="real training pictures")
right.set(xlabel="round", ylabel="Fréchet distance to validation")
right.legend()
fig.suptitle("From grey to strokes to shapes of digits, and the distance falls")
plt.show()

# %%
# The fall is not smooth: in the end the distance swings, since both players keep
# moving.
# We had set 500 rounds beforehand; whoever wants to choose the best round may do so
# here, on the validation pictures.
#
# Now the test, on the same ruler as before.

marks["DCGAN"] = measure(frames[500])
order = ["real, validation", "real, training", "DCGAN", "autoencoder, 8"]
for name in [*order, "autoencoder, 2", "noise"]:
    distance, sure, covered = marks[name]
    print(f"{name:18} distance {distance:5.0f}   sure {sure:4.0%}   classes {covered}")
assert marks["DCGAN"][0] < 0.15 * marks["noise"][0]
assert marks["DCGAN"][2] >= 9

# %%
# The DCGAN draws all kinds of digits, far from noise.
# On the scale from noise to real pictures it stands near the real ones, yet the judge
# is sure less often: some drawings are nothing yet.
# Again, one number is not enough, and this one looks at means and covariances only.
#
# Compare it with the humble autoencoder above and be sober: on digits this small, a
# decoder at random codes comes close, without any opponent.
# The two rows of real pictures differ from each other as well, so a gap of that size
# decides nothing.
# What the squared error costs is sharpness: where several strokes are possible, their
# mean is the safest answer, and the mean is grey.
# This may be one reason why the judge is sure of its drawings less often still; on
# large pictures the grey becomes a blur that everybody sees.
#
# .. _generate-copies:
#
# Does it only copy?
# ------------------
# A generator that had learned its training pictures by heart would score well.
# So look for the nearest training picture of every sample, and compare: how near do
# real test pictures come to a training picture?

painted = frames[500]
pixels = train.flatten(1)
nearest = {
    name: torch.cdist(pictures.flatten(1), pixels).min(dim=1)
    for name, pictures in {"samples": painted, "test pictures": test}.items()
}
noise = torch.cdist(crowds["noise"].flatten(1), pixels).amin(dim=1).mean()
for name, (apart, _) in nearest.items():
    print(f"{name:14} mean distance {apart.mean():.2f}, smallest {apart.min():.2f}")
print(f"{'noise':14} mean distance {noise:.2f}")
assert nearest["samples"].values.min() > nearest["test pictures"].values.min()

# %%
# A copy would be at 0, and no sample is nearer to the training pictures than the
# nearest new picture by a new hand.
# On average they are even farther; that is no merit in itself, for bad drawings are far
# too, and noise is farthest.
# A second sign is a walk: between two random inputs the drawings change step by step,
# instead of jumping from one memory to the next.

ends = fixed[[0, 3, 5]], fixed[[7, 8, 2]]
walk = torch.stack([torch.lerp(*ends, share) for share in torch.linspace(0, 1, 10)], 1)
fig, axes = plt.subplots(1, 2, figsize=(9, 2.2), layout="constrained")
pairs = torch.cat([painted[:10], train[nearest["samples"].indices[:10]]])
eatorch.plots.show_images(pairs, columns=10, ax=axes[0])
axes[0].set_title("samples and their nearest training pictures", fontsize=10)
eatorch.plots.show_images(paint(artist, walk.flatten(0, 1)), columns=10, ax=axes[1])
axes[1].set_title("three walks from noise to noise", fontsize=10)
fig.suptitle("The samples resemble training pictures without being copies of them")
plt.show()

# %%
# .. _generate-collapse:
#
# Mode collapse, measured
# -----------------------
# How much do the rules matter?
# We vary one, batch normalisation.
# The DCGAN above has it in both networks.
# The next version has :class:`~torch.nn.GroupNorm` in the discriminator, which never
# looks at a second sample (:ref:`norm`), another has nothing there, and the last has
# nothing in either.
# Starting weights, noise and batches are those of the first 150 rounds above.


def one_group(channels):
    return nn.GroupNorm(1, channels)


def nothing(_channels):
    return nn.Identity()


versions = {  # generator / discriminator
    "batch norm / group norm": (nn.BatchNorm2d, one_group),
    "batch norm / nothing": (nn.BatchNorm2d, nothing),
    "nothing / nothing": (nothing, nothing),
}
drawings = {"batch norm / batch norm": frames}

# %%
# The same seed and the same order of draws give the same random numbers as above.

for name, (inside, opposite) in versions.items():
    torch.manual_seed(0)
    players = painter(inside), expert(opposite)
    again = torch.randn(360, 16)
    assert torch.equal(again, fixed)
    rounds = learn_digits(players, 150)
    drawings[name] = {number: paint(one, again) for number, one in rounds}

# %%
# Each block has the drawings after 50, 100 and 150 rounds, from the same ten inputs;
# its title says what normalises generator / discriminator.

fig, axes = plt.subplots(2, 2, figsize=(8, 3.3), layout="constrained")
for ax, (name, made) in zip(axes.flat, drawings.items(), strict=True):
    rows = torch.cat([made[number][:10] for number in (50, 100, 150)])
    eatorch.plots.show_images(rows, columns=10, ax=ax)
    ax.set_title(name, fontsize=10)
fig.suptitle("With a bare discriminator all drawings of a round look alike")
plt.show()

# %%
# In numbers we add the *variety*: the deviation of a pixel over the crowd, averaged
# over all pixels, as a share of that of the test pictures.

variety = {}
for name, made in drawings.items():
    distance, sure, covered = measure(made[150])
    share = made[150].std(dim=0).mean() / test.std(dim=0).mean()
    told = f"distance {distance:4.0f}   sure {sure:4.0%}   classes {covered:2}"
    print(f"{name:23}   {told}   variety {share:4.0%}")
    variety[name] = share.item()
both, group, bare, neither = variety.values()
assert min(both, group) > 1.3 * max(bare, neither)

# %%
# In the two collapsed games every noise becomes nearly the same drawing.
# Follow the rows: that drawing changes.
# The generator puts everything on a drawing that fools the discriminator at the moment;
# when the discriminator has learned it, the generator moves on to the next one, and the
# chase goes round in circles.
# The share of sure answers is no protection: a single convincing digit, repeated, would
# satisfy it.
# Variety, classes and distance notice.
#
# Why does normalisation help here?
# Two explanations come to mind.
# In the generator, batch normalisation divides by the deviation over the batch, so the
# samples are kept apart by force.
# In the discriminator, it lets every score depend on the whole batch, so that equal
# drawings can be noticed.
# Both sound good, and the versions speak against both.
# The generator with batch normalisation collapses all the same, and group
# normalisation, which sees one sample at a time, protects as well.
# What is left is modest: in these runs the discriminator had to be normalised, one way
# or the other.
# Had we compared only the first version with the last, we could have told any of these
# stories.
# One seed is little, too: change it and see whether the order of the versions stays.
#
# It is one remedy among several.
# Others in use are a discriminator that is shown several samples together, the loss of
# the WGAN, spectral normalisation, or other learning rates; none of them is certain.
#
# .. admonition:: Then and now
#
#    Older GAN code ends the discriminator in a sigmoid, uses ``nn.BCELoss`` and fills
#    tensors with ``real_label`` and ``fake_label``, wrapped in ``Variable``; samples
#    were passed on as ``fake.data``.
#    Today the score stays a logit, softplus or
#    :class:`~torch.nn.BCEWithLogitsLoss` takes care of large numbers, and ``detach()``
#    says what is meant.
#
#    Since PyTorch 1.5 an ordinary optimizer step in the wrong place stops with the
#    message you have seen above.
#    Before that, such code ran in silence with wrong gradients, and examples from that
#    time still go round.
#
#    And for large pictures GANs have been joined, and mostly overtaken, by diffusion
#    models: they learn to remove a little noise from a picture, again and again, with a
#    plain supervised loss.
#    Adversarial losses live on inside many of them, for instance in the decoders.
#
# .. _generate-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _generate-ex1:
#
# Exercise 36-1: adversarial or supervised?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Explain to somebody, in your own words, how adversarial training differs from
# supervised training.
# Then test yourself: which of the two does each statement describe,
# ``"adversarial"``, ``"supervised"`` or ``"both"``?
# Give a list of six strings.
#
# 1. Each output has one right answer that stands in the data.
# 2. Gradients tell a network how to change its weights.
# 3. What counts as a good output changes during training.
# 4. A falling training loss means that the outputs come closer to their targets.
# 5. The gradient that trains a network comes through a second one, whose own wish is
#    the opposite.
# 6. Only data that was kept away from training shows how good the result is.
#
# .. dropdown:: Hint
#
#    Who says what is right: the data, or an opponent who learns as well?
#
# .. dropdown:: Solution
#
#    In our words: in supervised training a fixed answer is given for each sample, and
#    the loss says how far away we are.
#    In adversarial training an opponent sets the target and moves it; the loss only
#    says who is ahead, and the result has to be measured from outside.
#
#    .. code-block:: python
#
#       kinds = ["supervised", "both", "adversarial"]
#       kinds += ["supervised", "adversarial", "both"]

kinds = ...  # your code here

eatorch.check("36-1", kinds)

# %%
# .. _generate-ex2:
#
# Exercise 36-2: train the DCGAN longer
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Play on with ``artist`` and ``detective``, 400 rounds or more, and hand in 360
# drawings, a tensor of shape ``(360, 1, 8, 8)`` with values from -1 to 1.
# The check measures them in another way than the lesson: it looks at the principal
# components of the pixels, at how much the drawings differ from each other, and at
# whether they are copies.
# Whether longer is better, you see by comparing ``measure(longer)`` with
# ``marks["DCGAN"]``; expect ups and downs.
#
# .. dropdown:: Hint
#
#    ``learn_digits`` is a generator function: nothing happens until a loop asks for its
#    results.
#    ``paint`` draws in the right mode.
#
# .. dropdown:: Solution
#
#    ``learn_digits`` makes new optimizers, whose memory is empty.
#    For a proper continuation they would have to be kept, as in :ref:`save`.
#
#    .. code-block:: python
#
#       torch.manual_seed(1)
#       for _ in learn_digits((artist, detective), 400):
#           pass
#       longer = paint(artist, torch.randn(360, 16))

longer = ...  # your code here

eatorch.check("36-2", longer)

# %%
# .. _generate-ex3:
#
# Exercise 36-3: leave detach out
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# First take ``detach()`` out of ``play`` and run ``learn_curves`` again: which message
# comes, and why?
# Then write the discriminator's half on its own:
# ``guard_step(real, noise, generator, discriminator, optimizer)`` lets only the
# discriminator take one step and returns its loss.
# The generator must come out as it went in, without any gradients left behind.
#
# .. dropdown:: Hint
#
#    Either cut with ``detach()``, or do not record the generator's pass at all.
#
# .. dropdown:: Solution
#
#    Without ``detach`` the discriminator's ``backward`` walks on through the generator
#    and frees the pass that the second half still needs: "a second time".
#    If the second half then calls ``generator(noise)`` again, the curves are those from
#    above, since ``zero_grad`` wipes the stray gradients away; only time is lost.
#    With :class:`torch.no_grad` the generator's pass is not even recorded, but then,
#    too, the second half needs one of its own.
#
#    .. code-block:: python
#
#       def guard_step(real, noise, generator, discriminator, optimizer):
#           made = generator(noise).detach()
#           right, wrong = discriminator(real), discriminator(made)
#           loss = functional.softplus(-right).mean()
#           loss = loss + functional.softplus(wrong).mean()
#           optimizer.zero_grad()
#           loss.backward()
#           optimizer.step()
#           return loss.item()


def guard_step(real, noise, generator, discriminator, optimizer):
    """Let the discriminator take one step and return its loss."""
    ...  # your code here


eatorch.check("36-3", guard_step)

# %%
# .. _generate-ex4:
#
# Exercise 36-4: a digit on request
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Our generator draws what it likes.
# A *conditional* GAN tells both players the class: the generator what to draw, the
# discriminator what the picture claims to be.
# Write ``add_class(values, labels)`` for both uses.
# For noise ``(batch, width)`` it appends ten columns, one-hot, and returns
# ``(batch, width + 10)``.
# For pictures ``(batch, channels, height, width)`` it appends ten channels: that of the
# label is 1 everywhere, the others are 0.
# Keep the dtype of ``values``; ``labels`` is int64, ``(batch,)``.
#
# .. dropdown:: Hint
#
#    :func:`torch.nn.functional.one_hot` makes the columns.
#    For pictures they need two more axes, which ``expand`` can stretch.
#
# .. dropdown:: Solution
#
#    With it, give ``painter`` 26 inputs instead of 16 and ``expert`` 11 channels
#    instead of 1, and pass real pictures with their own labels, generated ones with the
#    labels that were asked for.
#
#    .. code-block:: python
#
#       def add_class(values, labels):
#           hot = functional.one_hot(labels, 10).to(values.dtype)
#           if values.ndim == 4:
#               hot = hot[:, :, None, None].expand(-1, -1, *values.shape[2:])
#           return torch.cat([values, hot], dim=1)


def add_class(values, labels):
    """Append the class, one-hot, to noise or to pictures."""
    ...  # your code here


eatorch.check("36-4", add_class)

# %%
# .. _generate-minute:
#
# In one minute
# -------------
# - An autoencoder squeezes samples through a short code; measure it by the
#   reconstruction error on held-out data, next to principal components.
# - A GAN has two networks, two optimizers and two losses. First the discriminator with
#   ``detach()``, then the generator with a fresh pass.
# - Never answer the two error messages with ``retain_graph=True``.
# - ``softplus(-score)`` for "should be real", ``softplus(score)`` for "should be made
#   up".
# - Losses of a GAN do not tell how good it is. Measure samples from outside: distance
#   to held-out real ones, coverage, copies; with real against real and noise as marks.
# - Mode collapse: always the same drawing, perhaps a convincing one. Sure answers do
#   not reveal it.
# - Before you explain why a rule helps, take it away piece by piece.
# - WGAN: mean scores and a critic kept from being steep.
#
# .. _generate-next:
#
# Read next
# ---------
# - :ref:`graph` explains both error messages to the bottom.
# - :ref:`conv` shows what a transposed convolution does, stamp by stamp.
# - :ref:`norm` has more on starting weights and batch normalisation.
# - :ref:`save` keeps networks and optimizers, so that training can go on.
