"""
.. _regular:

Regularisation: weight decay, dropout
=====================================

See a network learn its data by heart, and stop it in three ways: by a price on weights,
by chance, and in time.

:Level: 3
:Hours: 1
:Needs: :ref:`mid`, :ref:`loss`
:Data: generated points; Breast Cancer Wisconsin (Diagnostic), 569 rows, and 1,797
    handwritten digits of 8 x 8 pixels (both CC BY 4.0, from scikit-learn)

A network with more parameters than samples can learn every sample by heart, the noise
included.
That is *overfitting*, and *regularisation* is everything that holds it back.
This lesson takes the two common cures apart, weight decay and dropout, down to the line
of code that does the work.
Then it measures, fairly, how much they bring.
"""

import math

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional

import eatorch

torch.set_num_threads(1)  # on models this small, threads cost more than they bring

# %%
# .. _regular-overfit:
#
# Twenty points, learned by heart
# -------------------------------
# Twenty noisy points on a sine curve, a thousand more to test, and a network with over
# ten thousand parameters.


def points(count, seed):
    """Draw points on a sine curve with noise of standard deviation 0.5."""
    generator = torch.Generator().manual_seed(seed)
    x = 6 * torch.rand(count, 1, generator=generator) - 3
    return x, x.sin() + 0.5 * torch.randn(count, 1, generator=generator)


x, y = points(20, seed=0)
test_x, test_y = points(1000, seed=1)


def build(p=0.0, seed=0, ends=(1, 1)):
    """Return a network with dropout of the share p; ends are inputs and outputs."""
    torch.manual_seed(seed)
    hidden = [nn.Linear(ends[0], 100), nn.ReLU(), nn.Dropout(p)]
    hidden += [nn.Linear(100, 100), nn.ReLU(), nn.Dropout(p)]
    return nn.Sequential(*hidden, nn.Linear(100, ends[1]))


# %%
# The loop is the usual one.
# It notes both errors every 20 steps, measured in evaluation mode.


def train(net, decay=0.0, steps=800):
    """Train on the twenty points; return the errors (step, training or test)."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=decay)
    errors, parts = [], ((x, y), (test_x, test_y))
    for step in range(steps):
        optimizer.zero_grad()
        functional.mse_loss(net.train()(x), y).backward()
        optimizer.step()
        if step % 20 == 19:
            net.eval()
            with torch.no_grad():
                errors.append([functional.mse_loss(net(a), b) for a, b in parts])
    return torch.tensor(errors)


free = build()
errors = {"nothing": train(free)}

# %%
# On the right, no model can get below the grey line on new points, except by luck: it
# is the variance of the noise, 0.5 squared.

grid = torch.linspace(-3, 3, 300)[:, None]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
axes[0].plot(test_x, test_y, ".", color="0.5", markersize=2, label="new points")
axes[0].plot(x, y, "o", color="C1", label="training points")
axes[0].plot(grid, free(grid).detach(), color="C0", linewidth=2)
axes[0].set(xlabel="x", ylabel="y", ylim=(-2.5, 2.5))
axes[0].legend(fontsize=8)
steps = range(20, 801, 20)
axes[1].plot(steps, errors["nothing"], label=["training", "test"], linewidth=2)
axes[1].axhline(0.25, color="0.5", linestyle="--")
axes[1].set(xlabel="step", ylabel="mean squared error", ylim=(0, 0.8))
axes[1].legend(fontsize=8)
fig.suptitle("The network learns the noise, and gets worse on new points")
plt.show()

# %%
# The training error falls and falls.
# The test error has its best time near the beginning, and climbs from there.
# The gap between the two is the overfitting.

training, new = errors["nothing"][-1]
lowest, best = errors["nothing"][:, 1].min(dim=0)
print(f"training {training:.2f}, test {new:.2f}, at its lowest {lowest:.2f}")
size = sum(weight.numel() for weight in free.parameters())
print(f"{size} parameters, lowest test error at step {steps[best]}")
assert training < 0.1
assert new > lowest + 0.1
assert steps[best] < 200

# %%
# .. _regular-price:
#
# A price on weights
# ------------------
# To bend sharply through each point, a network needs large weights.
# So let large weights cost something.
# To the loss we add a *penalty*, a sum over all weights, times a number
# :math:`\lambda` that says how much it counts:
#
# .. math::
#
#    \text{objective} = \text{loss} + \lambda \sum w^2
#
# The sum of squares is called L2, the sum of absolute values, :math:`\sum |w|`, L1.
# Both want small weights, but not in the same way.
# Here is a linear model with two weights, small enough to try every pair.
# The feature of the first weight matters much, that of the second a little.
# The two are made uncorrelated, so that each weight can be watched by itself.

torch.manual_seed(0)
features = torch.linalg.qr(torch.randn(200, 2)).Q * 200**0.5  # uncorrelated, size 1
target = features @ torch.tensor([1.5, 0.4]) + 0.1 * torch.randn(200)
axis = torch.linspace(-0.5, 2, 126)
pairs = torch.cartesian_prod(axis, axis)  # (pair, weight)
loss = (features @ pairs.mT - target[:, None]).square().mean(0)  # (pair,)
prices = {"L2": pairs.square().sum(1), "L1": pairs.abs().sum(1)}
strengths = torch.linspace(0, 2, 81)
ways = {
    name: torch.stack([pairs[(loss + s * price).argmin()] for s in strengths])
    for name, price in prices.items()
}

# %%
# The blue circles are lines of equal loss.
# The grey lines connect pairs of equal price: circles for L2, diamonds for L1.
# The orange dots show where the best pair goes as :math:`\lambda` grows from 0.

fig, axes = plt.subplots(1, 2, figsize=(8, 4), sharey=True, layout="constrained")
for ax, (name, price) in zip(axes, prices.items(), strict=True):
    square = (axis, axis)
    ax.contour(
        *square, loss.view(126, 126).T, levels=[0.05, 0.2, 0.5, 1, 2], colors="C0"
    )
    rings = [0.25, 1, 2.25] if name == "L2" else [0.5, 1, 1.5]
    ax.contour(*square, price.view(126, 126).T, levels=rings, colors="0.5")
    ax.plot(*ways[name].mT, ".", color="C1", markersize=6)
    ax.set(title=name, xlabel="first weight", aspect="equal")
axes[0].set_ylabel("second weight")
fig.suptitle("L2 shrinks both weights, L1 sets the small one to zero")
plt.show()

# %%
# The circle has no corners: L2 makes both weights smaller, here by the same *share*
# (correlated features would share it out unevenly), and none becomes zero.
# The diamond has its corners on the axes, and there the best pair gets caught: L1 takes
# the same *amount* from each weight until it is gone.
# The slopes say it too.
# That of :math:`w^2` is :math:`2w` and fades with the weight, that of :math:`|w|` stays
# 1 as long as anything is left.

shrunk = ways["L2"][-1] / ways["L2"][0]
print(f"L2 has left {shrunk[0]:.2f} of the first weight, {shrunk[1]:.2f} of the second")
assert abs(shrunk[0] - shrunk[1]) < 0.05  # the grid has steps of 0.02
caught = (ways["L1"][:, 1].abs() < 1e-6) & (ways["L1"][:, 0] > 0.1)
assert caught.any()
print(f"L1: the second weight is gone from lambda {strengths[caught][0]:.2f} on")

# %%
# .. _regular-zeros:
#
# L1 throws features out
# ----------------------
# That is how L1 chooses features.
# A tumour is described by 30 numbers; which of them does a linear model need?
# There is one catch.
# If you just add :math:`\lambda \sum |w|` to the loss, no weight ever becomes *exactly*
# zero: each step overshoots a little, to and fro.
# The cure is to take a step for the loss alone and then cut each weight by a fixed
# amount, down to zero at most (*soft thresholding*).

table = eatorch.data.breast_cancer()
inputs = (table.inputs - table.inputs.mean(0)) / table.inputs.std(0)
labels = table.targets.float()


def select(strength, cut, steps=200, rate=0.2):
    """Return 30 weights trained with an L1 penalty, by cutting or by the loss."""
    weights = torch.zeros(30, requires_grad=True)
    for _ in range(steps):
        penalty = 0 if cut else strength * weights.abs().sum()
        loss = nn.BCEWithLogitsLoss()(inputs @ weights, labels) + penalty
        (slope,) = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            weights -= rate * slope
            if cut:
                weights.copy_(functional.softshrink(weights, rate * strength))
    return weights.detach()


# %%
# Count the zeros.

for strength in (0.0, 0.01, 0.05, 0.2):
    added, cut = select(strength, cut=False), select(strength, cut=True)
    zeros = (added == 0).sum().item(), (cut == 0).sum().item()
    print(f"lambda {strength:.2f}: zeros by the loss {zeros[0]}, by cutting {zeros[1]}")
    assert zeros[0] == 0
    assert (zeros[1] > 0) == (strength > 0)

# %%
# Added to the loss, the penalty makes weights small, but not one of them zero.
# Cutting makes zeros, the more the larger :math:`\lambda`.
# PyTorch has no optimizer that cuts; you write the line yourself.
# These are the measurements that are left at the last strength:

print([table.features[n] for n in cut.nonzero().flatten().tolist()])

# %%
# .. _regular-decay:
#
# Weight decay
# ------------
# The slope of :math:`\lambda w^2` is :math:`2 \lambda w`, so a step downhill takes a
# fixed share of each weight away.
# Optimizers do this themselves if you ask for ``weight_decay``; :ref:`loss-objective`
# shows that for plain SGD it is the same as a penalty of half that number.
# There are two places where one can do it, and with Adam they differ.
#
# - *L2 in the gradient*, the way of SGD and Adam: :math:`g \leftarrow g + \lambda w`,
#   and then the usual step.
# - *Decoupled*, the way of AdamW: :math:`w \leftarrow (1 - r \lambda)\,w`, with the
#   learning rate :math:`r`, and then the usual step with the bare gradient.
#
# Adam divides each gradient by its usual size (:ref:`optim`), and with the first way
# :math:`\lambda w` is divided with it.
# Let us give three groups of a thousand weights nothing but noise as gradient, small,
# medium and large.
# All weights start at 1.


def decay_only(kind, steps=300):
    """Return the mean weight of the three groups after each step."""
    torch.manual_seed(0)
    weights = torch.ones(3, 1000, requires_grad=True)
    optimizer = kind([weights], lr=0.01, weight_decay=0.5)
    means = []
    for _ in range(steps):
        weights.grad = torch.tensor([[0.1], [1.0], [10.0]]) * torch.randn(3, 1000)
        optimizer.step()
        means.append(weights.detach().mean(dim=1))
    return torch.stack(means)  # (step, group)


optimizers = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
means = {kind.__name__: decay_only(kind) for kind in optimizers}

# %%
# The dashed line is :math:`(1 - r \lambda)^n` after :math:`n` steps.

fig, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
expected = (1 - 0.01 * 0.5) ** torch.arange(1, 301)
for ax, (name, curves) in zip(axes, means.items(), strict=True):
    for curve, size in zip(curves.mT, (0.1, 1, 10), strict=True):
        ax.plot(curve, linewidth=2, label=f"noise {size:g}")
    ax.plot(expected, color="0.5", linestyle="--")
    ax.set(title=name, xlabel="step")
axes[0].set_ylabel("mean weight")
axes[0].legend(fontsize=8)
fig.suptitle(
    "In Adam the gradient decides how much a weight decays, in AdamW it does not"
)
plt.show()

# %%
# SGD and AdamW keep their promise.
# With Adam, quiet weights are gone long before, and noisy ones, which may need it most,
# hardly decay at all.
# That is why AdamW was invented (Loshchilov and Hutter, 2017).
# Note what stands in the formula: the learning rate :math:`r` is part of the decay.
# Halve it, or let a schedule lower it, and the weights decay more slowly.
# So :math:`\lambda` alone says little.
# A weight whose gradient is zero falls to about a third (:math:`1/\mathrm{e}`) in
# :math:`1/(r \lambda)` steps, here 200; where training takes a hundred times as many
# steps, a hundredth of it does the same.
# Mind the defaults, too: AdamW takes 0.01 if you say nothing, Adam and SGD take 0
# (:ref:`optim-adamw`).

for name in ("SGD", "AdamW"):
    assert torch.allclose(means[name][-1], expected[-1], atol=0.05)
quiet, middle, noisy = means["Adam"][-1]
assert quiet < middle - 0.1
assert noisy > middle + 0.1
assert abs(expected[199] - 1 / math.e) < 0.01
print(f"Adam: {quiet:.3f}, {middle:.3f}, {noisy:.3f}; expected {expected[-1]:.3f}")

# %%
# Which parameters should decay?
# Usually the matrices and kernels, and not the biases and norms, whose values are no
# sign of a bend; :ref:`optim-groups` sorts them into two groups.
# One more thing surprises people.
# A parameter decays even when its gradient is *zero*, for example because its unit is
# never active.
# Only one whose gradient is ``None`` is skipped, as in a frozen layer.

zero = torch.ones(1, requires_grad=True)
frozen = torch.ones(1, requires_grad=True)
zero.grad = torch.zeros(1)  # the gradient of frozen stays None
torch.optim.AdamW([zero, frozen], lr=0.1, weight_decay=0.5).step()
assert frozen.item() == 1
zero.item(), frozen.item()

# %%
# .. _regular-dropout:
#
# Dropout
# -------
# The other cure works by chance.
# In training, :class:`~torch.nn.Dropout` sets each number that passes to zero with
# probability :math:`p`, so that no unit can rely on a certain other one.
# Usual values of :math:`p` are 0.1 to 0.5.
# And it divides the survivors by :math:`1-p`.
# Why?
# Because a number survives with probability :math:`1-p`, so that its mean is
#
# .. math::
#
#    \mathrm{E} = p \cdot 0 + (1 - p) \cdot \frac{x}{1 - p} = x
#
# The next layer gets, on average, what it will get later without dropout.
# In evaluation there is nothing left to do.

torch.manual_seed(0)
ones = torch.ones(100_000)
for p in (0.1, 0.5, 0.8):
    dropped = functional.dropout(ones, p)  # as in training
    share = (dropped == 0).float().mean()
    print(
        f"p {p}: {share:.3f} are zero, the others {dropped.max():.3f}, "
        f"mean {dropped.mean():.3f}, variance {dropped.var():.2f}"
    )
    assert abs(dropped.mean() - 1) < 0.02
    assert abs(dropped.var() - p / (1 - p)) < 0.05 / (1 - p)

# %%
# The mean stays, the variance does not: chance gives each number :math:`x` a variance
# of :math:`x^2 p/(1-p)`.
# A batch norm behind the dropout remembers the larger variance and uses it in
# evaluation, where it is wrong (Li and others, 2018).

numbers = torch.randn(100_000, 1)
norm = nn.BatchNorm1d(1, momentum=None)  # remember the mean over all batches
trained = norm(functional.dropout(numbers, 0.5))
evaluated = norm.eval()(numbers)  # without dropout
print(f"training {trained.var():.2f}, evaluation {evaluated.var():.2f}")
assert abs(trained.var() - 1) < 0.02
assert abs(evaluated.var() - 0.5) < 0.02

# %%
# In training the output of the norm has variance 1, in evaluation half of that.
# So put dropout behind the last batch norm.
#
# Each sample of a batch gets a mask of its own, at each pass a new one, so each goes
# through another, thinner network.
# Here we train with dropout on the twenty points and send the line through ten times in
# training mode, then once in evaluation mode.
# The grey lines are so ragged because neighbouring points meet different masks.

thinned = build(p=0.3)
errors["dropout 0.3"] = train(thinned)
with torch.no_grad():
    thinned.train()
    passes = torch.stack([thinned(grid) for _ in range(10)])  # (pass, point, 1)
    calm = thinned.eval()(grid)
fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(grid, passes.squeeze(2).mT, color="0.5", linewidth=0.7)
ax.plot(grid, calm, color="C0", linewidth=3, label="evaluation mode")
ax.plot(x, y, "o", color="C1", label="training points")
ax.set(
    xlabel="x", ylabel="y", title="In training mode every point meets another network"
)
ax.legend(fontsize=8)
plt.show()

# %%
# One can see dropout as training very many networks that share their weights, and the
# evaluation as their mean; with a bend in the network it is only nearly the mean.
# :ref:`Exercise 23-4 <regular-ex4>` uses the spread of the passes.
#
# Dropout has relatives.
# Two of them belong to SELU, an activation function made to keep mean and variance
# through many layers; a zero would disturb them.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Layer
#      - What it drops
#      - Where
#    * - :class:`~torch.nn.Dropout`
#      - single numbers
#      - behind linear layers, in transformers
#    * - :class:`~torch.nn.Dropout1d`, ``2d``, ``3d``
#      - whole channels
#      - behind convolutions (:ref:`conv-dropout`)
#    * - :class:`~torch.nn.AlphaDropout`
#      - single numbers, but sets them to a negative value
#      - with SELU: mean and variance stay
#    * - :class:`~torch.nn.FeatureAlphaDropout`
#      - whole channels, in the same way
#      - with SELU, behind convolutions

torch.manual_seed(0)
normal = torch.randn(100_000)
layers = nn.Dropout(0.2), nn.AlphaDropout(0.2)
for layer in layers:  # in training mode, as made
    out = layer(normal)
    print(f"{layer}: mean {out.mean():.2f}, variance {out.var():.2f}")
assert abs(layers[0](normal).var() - 1 / 0.8) < 0.03
assert abs(layers[1](normal).var() - 1) < 0.03

# %%
# .. _regular-cured:
#
# The twenty points, treated
# --------------------------
# Now the other cure, weight decay, for the same points.

decayed = build()
errors["weight decay 3"] = train(decayed, decay=3.0)
models = {"nothing": free, "dropout 0.3": thinned, "weight decay 3": decayed}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
axes[0].plot(x, y, "o", color="0.5", label="training points")
for name, model in models.items():
    axes[0].plot(grid, model(grid).detach(), linewidth=2, label=name)
    axes[1].plot(steps, errors[name][:, 1], linewidth=2, label=name)
axes[1].axhline(0.25, color="0.5", linestyle="--")
axes[0].set(xlabel="x", ylabel="y", ylim=(-2.5, 2.5))
axes[1].set(xlabel="step", ylabel="mean squared error, test", ylim=(0, 0.8))
axes[1].legend(fontsize=8)
fig.suptitle("Both cures smooth the curve and keep the test error down")
plt.show()

# %%
# Both strengths are the result of a few tries, so take this as a picture of what the
# cures do, and not as a race.
# (A decay of 3 is large because the training is short: :math:`1/(r \lambda)` is 33
# steps.)
# The next picture shows *how* weight decay does it: the ten thousand weights of the
# middle layer.

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
edges = torch.linspace(-0.6, 0.6, 81).numpy()
for name in ("nothing", "weight decay 3"):
    values = models[name][3].weight.detach().flatten()
    ax.hist(values.numpy(), bins=edges, histtype="step", linewidth=2, label=name)
ax.set(xlabel="weight", ylabel="number of weights", yscale="log")
ax.set_title("Weight decay leaves a peak at zero and a few large weights")
ax.legend()
plt.show()

# %%
# Weights that the data do not hold in place are pulled to zero, and those that are
# needed stay.

for name, model in models.items():
    weight = model[3].weight.detach()
    near = (weight.abs() < 0.01).double().mean().item()
    print(f"{name:14} test {errors[name][-1, 1]:.2f}, below 0.01: {near:.0%}")
assert near > 0.5  # of the last, with weight decay
assert all(errors[n][-1, 1] < new - 0.1 for n in ("dropout 0.3", "weight decay 3"))

# %%
# .. _regular-fair:
#
# How much does it bring? A fair comparison
# -----------------------------------------
# Now real data: digits, with labels for only 100 of them.
# 100 others serve for *choosing* (:ref:`high` has shown why the test set must not), and
# 797 for the test.
# Each run also notes where *early stopping* would have stopped: at the lowest
# validation loss.
# And because there is one more cure, better data, one run gets 800 labels.

digits = eatorch.data.digits()
pixels, labels = digits.images.flatten(1), digits.targets


def losses_of(net, rows):
    """Return loss and accuracy of a network on some digits."""
    with torch.no_grad():
        logits = net.eval()(pixels[rows])
    loss = functional.cross_entropy(logits, labels[rows])
    hits = logits.argmax(dim=1) == labels[rows]
    return loss.item(), hits.double().mean().item()


# %%
# ``run`` returns three numbers twice, at the end and at the stop: the validation loss,
# the test loss, the test accuracy.
# The batch has 100 digits in every case, so that the number of steps is the same.


def run(seed, p=0.0, decay=0.0, count=100):
    """Train one network; return three numbers, at the end and at the best step."""
    net, noted = build(p, seed, ends=(64, 10)), []
    order = torch.randperm(1797)
    valid, known, test = order[:100], order[100 : 100 + count], order[1000:]
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=decay)
    for step in range(80):
        rows = known[torch.randperm(count)[:100]]
        optimizer.zero_grad()
        functional.cross_entropy(net.train()(pixels[rows]), labels[rows]).backward()
        optimizer.step()
        if step % 10 == 9:
            noted.append((losses_of(net, valid)[0], *losses_of(net, test)))
    return noted[-1], min(noted)


# %%
# Two strengths of each cure, three different splits of the data, and as many steps for
# all.

settings = {
    "nothing": {},
    "weight decay 1": {"decay": 1.0},
    "weight decay 3": {"decay": 3.0},
    "dropout 0.3": {"p": 0.3},
    "dropout 0.6": {"p": 0.6},
    "800 labels": {"count": 800},
}
found = {
    name: torch.tensor([run(seed, **options) for seed in range(3)])
    for name, options in settings.items()
}  # each (split, end or stop, number)

# %%
# Means over the splits, without stopping.
# Early stopping is the run without a cure, with its two rows exchanged.

found["early stopping"] = found["nothing"].flip(1)
for name, noted in found.items():
    valid, test, accuracy = noted[:, 0].mean(0).tolist()
    print(f"{name:14} valid {valid:.2f}, test {test:.2f}, accuracy {accuracy:.3f}")

# %%
# In the picture the dots are the three splits.

fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
names = [*list(settings)[:5], "early stopping", "800 labels"]
for place, name in enumerate(names):
    axes[0].plot(found[name][:, 0, 1], [place] * 3, "o", color="C0")
    axes[1].plot(100 * found[name][:, 0, 2], [place] * 3, "o", color="C1")
axes[0].set(xlabel="test loss (nats)", xlim=(0, None))
axes[0].set_yticks(range(7), names)
axes[0].set_ylabel("method")
axes[1].set(xlabel="test accuracy (%)")
axes[0].invert_yaxis()
fig.suptitle("The cures lower the loss; only more labels raise the accuracy much")
plt.show()

# %%
# A sobering picture, and a true one.
#
# - Every cure lowers the *loss* in each of the three splits.
#   With about as many mistakes as before, that means a network less sure of its
#   mistakes.
# - The *accuracy* changes by little, and chance alone moves it by about one point when
#   797 digits are counted (below).
# - Seven hundred more labels do far more than any cure.
#   Where they cannot be had, turned and shifted copies of the old ones come next
#   (:ref:`transform`).
# - Early stopping costs nothing, but it needs the validation digits.
#
# To choose a cure, take the one with the lowest *validation* loss and report its test
# loss, whatever it is.

plain = found["nothing"][:, 0]
for name in names[1:]:
    assert (found[name][:, 0, 1] < plain[:, 1]).all()
cures = torch.stack([found[name][:, 0, 2].mean() for name in names[1:6]])
assert (cures - plain[:, 2].mean()).abs().max() < 0.03
assert found["800 labels"][:, 0, 2].mean() > cures.max() + 0.04
chance = (cures.mean() * (1 - cures.mean()) / 797).sqrt()
print(f"standard deviation of an accuracy on 797 digits: {chance:.3f}")
chosen = min(names[:6], key=lambda name: found[name][:, 0, 0].mean())
print(f"chosen: {chosen}, test loss {found[chosen][:, 0, 1].mean():.2f}")

# %%
# .. _regular-mistakes:
#
# Classic mistakes
# ----------------
# **A share in percent.**
# ``p`` is the share that is *dropped*, from 0 to 1.
# (Old TensorFlow programs give the share that is *kept*.)

with eatorch.show_error(ValueError):
    nn.Dropout(p=30)

# %%
# **A penalty without a record.**
# No error, and no effect: ``item()`` makes a plain number of the penalty, and a plain
# number has no slope.

weight = torch.ones(3, requires_grad=True)
for penalty in (weight.square().sum().item(), weight.square().sum()):
    loss = (weight - 1).sum() + 0.1 * penalty
    (gradient,) = torch.autograd.grad(loss, weight)
    print(gradient)

# %%
# **Dropout that never stops.**
# ``functional.dropout`` trains unless you hand over ``training=self.training``, and a
# forgotten ``eval()`` has the same effect; :ref:`module` shows both.
#
# **Decay times rate.**
# With AdamW the product of the two is what counts.
# At 1 each weight is wiped out before every step.

weight = torch.tensor([5.0], requires_grad=True)
weight.grad = torch.zeros(1)
torch.optim.AdamW([weight], lr=0.1, weight_decay=10.0).step()
weight.item()

# %%
# **Too much of everything.**
# A network that cannot even learn its training set needs less regularisation, or none.
# First make sure that it *can* overfit, then hold it back.
#
# .. admonition:: Then and now
#
#    - The first papers on dropout left the survivors alone in training, and at the test
#      multiplied by the share that is kept. PyTorch divides in training (*inverted
#      dropout*), so that prediction needs no thought.
#    - "Weight decay" and "L2" were one word. Since AdamW they are two.
#    - Courses watched the weights in TensorBoard's histograms, as in
#      :ref:`tensorboard`; the picture above is the same.
#    - Dropout of 0.5 used to stand behind every large linear layer. Batch norm and more
#      data have replaced it in pictures, and very large language models are often
#      trained without it, since they see each text about once
#      (`PaLM, 2022 <https://arxiv.org/abs/2204.02311>`_). Weight decay has stayed.
#
# .. _regular-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _regular-ex1:
#
# Exercise 23-1: the line that decays
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Which line of :class:`~torch.optim.SGD` does the weight decay, and what is its
# formula?
# Import ``inspect`` and print the source of ``torch.optim.sgd._single_tensor_sgd`` with
# ``inspect.getsource``.
# Then write one step of SGD yourself: ``sgd_step`` returns the new weight and leaves
# the old one alone.
#
# .. dropdown:: Hint
#
#    Look for ``weight_decay`` in the source.
#    Is the line before the step or after it?
#    What is :math:`\alpha` in ``add``?
#
# .. dropdown:: Solution
#
#    The line is ``grad = grad.add(param, alpha=weight_decay)``, that is
#    :math:`g + \lambda w`.
#
#    .. code-block:: python
#
#       def sgd_step(weight, gradient, learning_rate, weight_decay):
#           gradient = gradient + weight_decay * weight
#           return weight - learning_rate * gradient


def sgd_step(weight, gradient, learning_rate, weight_decay):
    """Return the weight after one step of SGD with weight decay."""
    ...  # your code here


eatorch.check("23-1", sgd_step)

# %%
# .. _regular-ex2:
#
# Exercise 23-2: your own dropout
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# What happens to the scale in training?
# Write ``own_dropout(x, p, training)`` without PyTorch's dropout.
# In training the mean of many ones must stay near 1; in evaluation ``x`` comes back
# unchanged.
# Does it also work for ``p=1``, where everything is dropped?
#
# .. dropdown:: Hint
#
#    ``torch.rand_like(x) >= p`` is true with probability :math:`1-p`.
#    For ``p=1``, what is zero divided by zero?
#
# .. dropdown:: Solution
#
#    The mean stays 1 because the survivors are divided by :math:`1-p`.
#
#    .. code-block:: python
#
#       def own_dropout(x, p, training):
#           if not training:
#               return x
#           if p == 1:
#               return torch.zeros_like(x)
#           return x * (torch.rand_like(x) >= p) / (1 - p)


def own_dropout(x, p, training):
    """Drop numbers with probability p in training, and keep the mean."""
    ...  # your code here


eatorch.check("23-2", own_dropout)

# %%
# .. _regular-ex3:
#
# Exercise 23-3: two ways to decay
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# At its *first* step Adam divides the gradient by its own size, so only the sign is
# left: the weight moves by the learning rate, against the sign.
# Write ``first_step`` on that ground.
# It returns the new weight of Adam with L2 (``decoupled=False``) or of AdamW
# (``decoupled=True``).
# Then try a weight of 5 with a gradient of -0.1 and a decay of 0.1.
# Who moves which way?
#
# .. dropdown:: Hint
#
#    With L2 the decay is in the gradient *before* the sign is taken.
#    Decoupled, it multiplies the weight, and the sign is that of the bare gradient.
#    :func:`torch.sign` helps.
#
# .. dropdown:: Solution
#
#    With L2 the sum -0.1 + 0.5 is positive, so Adam moves down; the gradient itself
#    wanted to go up, and AdamW does.
#
#    .. code-block:: python
#
#       def first_step(weight, gradient, learning_rate, decay, decoupled):
#           if decoupled:
#               weight = (1 - learning_rate * decay) * weight
#           else:
#               gradient = gradient + decay * weight
#           return weight - learning_rate * torch.sign(gradient)


def first_step(weight, gradient, learning_rate, decay, decoupled):
    """Return the weight after the first step of Adam or AdamW."""
    ...  # your code here


eatorch.check("23-3", first_step)

# %%
# .. _regular-ex4:
#
# Exercise 23-4: how sure is the network?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# If dropout stays on while predicting, the passes differ, and their spread says a
# little about how sure the network is.
# This is called *Monte-Carlo dropout*.
# Write ``mc_predict(model, x, passes)``.
# It returns the mean and the standard deviation over so many passes, both of the shape
# of ``model(x)``, without a record.
# The dropout layers must be in training mode and everything else, batch norms for
# example, in evaluation mode; afterwards each layer is in the mode it was in before.
#
# .. dropdown:: Hint
#
#    Remember ``module.training`` of all modules in ``model.modules()``.
#    Then ``model.eval()``, and ``train()`` only for the instances of
#    :class:`~torch.nn.Dropout`.
#
# .. dropdown:: Solution
#
#    Plot mean and spread of ``thinned`` from -6 to 6: outside the points the spread
#    grows.
#
#    .. code-block:: python
#
#       def mc_predict(model, x, passes):
#           modes = {module: module.training for module in model.modules()}
#           model.eval()
#           for module in modes:
#               if isinstance(module, nn.Dropout):
#                   module.train()
#           with torch.no_grad():
#               outputs = torch.stack([model(x) for _ in range(passes)])
#           for module, mode in modes.items():
#               module.training = mode
#           return outputs.mean(dim=0), outputs.std(dim=0)


def mc_predict(model, x, passes):
    """Return mean and spread of several passes with dropout."""
    ...  # your code here


eatorch.check("23-4", mc_predict)

# %%
# .. _regular-minute:
#
# In one minute
# -------------
# - Overfitting: the training loss falls, the test loss rises.
# - L2 shrinks all weights, L1 makes zeros, but only if you cut.
# - ``weight_decay`` is L2 in SGD and Adam, decoupled in AdamW. If you decay with Adam,
#   take AdamW; what counts there is the product of learning rate and decay.
# - Dropout zeroes with probability ``p`` and divides by :math:`1-p`, in training only.
# - Choose strengths by the validation loss. Expect a better loss more than a better
#   accuracy, and look for more data first.
#
# .. _regular-next:
#
# Read next
# ---------
# - :ref:`loss` for the objective that the penalty joins.
# - :ref:`optim` for Adam, AdamW and parameter groups.
# - :ref:`transform` for more data from the same pictures.
# - :ref:`high` for early stopping with a trainer.
