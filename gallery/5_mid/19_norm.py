"""
.. _norm:

Layers II: initialisation and normalisation
===========================================

Keep the numbers in a deep network neither too small nor too large: begin with the right
weights, and add layers that repair the size on the way.

:Level: 4
:Hours: 1.5
:Needs: :ref:`module`, :ref:`conv`
:Data: random numbers; 1,797 handwritten digits of 8 x 8 pixels (CC BY 4.0, from
    scikit-learn)

A deep network multiplies, layer after layer.
Multiply 1 a hundred times by 1.1 and you get 13,781; by 0.9, and 0.00003 is left.
So the size of the first weights decides whether a network can learn at all.
This lesson measures that size, sets it, and then meets the layers that keep it right
while the network learns.
"""

import inspect
import math
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_linear_bn_eval

import eatorch

torch.set_num_threads(1)  # on layers this small, threads cost more than they bring

# %%
# .. _norm-sum:
#
# How large is a sum?
# -------------------
# One unit of a layer adds up :math:`n` products, :math:`y = \sum_i w_i x_i`.
# Let the weights be random, independent of each other and of the inputs, with mean 0.
# When :math:`y` is squared, the mixed products cancel on average, since a weight is
# positive as often as negative.
# The :math:`n` squares remain:
#
# .. math::
#
#    \mathrm{E}[y^2] = n \cdot \mathrm{Var}(w) \cdot \mathrm{E}[x^2]
#
# So the measure to watch is the *root mean square*, RMS for short.
# For numbers with mean 0 it is the standard deviation.
# A layer multiplies it by :math:`\sqrt{n}` times the deviation of its weights.


def rms(x):
    """Return the root mean square; in float64, so that large squares fit."""
    return x.detach().double().square().mean().sqrt().item()


torch.manual_seed(0)
for inputs, deviation in [(16, 1.0), (256, 1.0), (1024, 1.0), (1024, 1 / 32)]:
    x = torch.randn(200, inputs)
    weight = deviation * torch.randn(500, inputs)  # (outputs, inputs)
    predicted, measured = math.sqrt(inputs) * deviation, rms(x @ weight.mT)
    assert abs(measured / predicted - 1) < 0.05
    print(f"{inputs:4} inputs, {deviation:.2f}: {predicted:5.2f}, {measured:5.2f}")

# %%
# Predicted and measured agree, and the last line shows the cure.
# A deviation of :math:`1/\sqrt{n}` makes the factor 1.
#
# .. _norm-hundred:
#
# A hundred layers
# ----------------
# We send a batch through 100 layers of 256 units with ReLU, and a random gradient back
# again.
# At every layer we note the RMS of both.
# Only the first weights differ: numbers of deviation 1, what
# :class:`~torch.nn.Linear` does by itself, and two methods named after their inventors,
# Xavier Glorot and Kaiming He.

starts = {
    "normal": nn.init.normal_,
    "default": partial(nn.init.kaiming_uniform_, a=math.sqrt(5)),
    "Xavier": nn.init.xavier_normal_,
    "Kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
}

# %%
# One function measures both ways.
# It needs no layer objects: a weight is drawn, used and forgotten.


def through_layers(bend, start, dtype=torch.float64):
    """Return the RMS of the signal, and of its gradient, behind each of 100 layers."""
    torch.manual_seed(0)
    signal = torch.randn(32, 256, dtype=dtype, requires_grad=True)
    signals = []
    for _ in range(100):
        weight = torch.empty(256, 256, dtype=dtype)
        start(weight)
        signal = bend(signal @ weight.mT)
        signal.retain_grad()
        signals.append(signal)
    signal.backward(torch.randn_like(signal))
    return [rms(s) for s in signals], [rms(s.grad) for s in signals]


# %%
# First in ``float32``, as in real life.
# Weights of deviation 1 multiply by :math:`\sqrt{256} = 16` in each layer, and ReLU
# takes half of the squares away, so the factor is :math:`\sqrt{128}`.
# How many layers until ``float32`` is full?

forward, _ = through_layers(torch.relu, starts["normal"], torch.float32)
first_bad = next(n for n, size in enumerate(forward, 1) if not math.isfinite(size))
room = math.log(torch.finfo(torch.float32).max) / math.log(math.sqrt(128))
assert room - 2 < first_bad < room + 2
print(f"room for {room:.1f} layers; not finite from layer {first_bad} on")

# %%
# For the picture we calculate in ``float64``, whose range is far larger, so that the
# lines can be followed to their end.
# The grey lines are the largest and the smallest normal number of ``float32``.

sizes = {name: through_layers(torch.relu, start) for name, start in starts.items()}
limits = torch.finfo(torch.float32).max, torch.finfo(torch.float32).smallest_normal

fig, axes = plt.subplots(1, 2, figsize=(8, 3.5), sharey=True, layout="constrained")
for ax, way in zip(axes, (0, 1), strict=True):
    for name, both in sizes.items():
        ax.semilogy(range(1, 101), both[way], label=name, linewidth=2)
    for limit in limits:
        ax.axhline(limit, color="0.5", linewidth=1, linestyle="--")
    ax.set(title=("signal, forward", "gradient, backward")[way], xlabel="layer")
axes[0].set_ylabel("root mean square")
axes[1].legend(fontsize=8)
fig.suptitle("Only Kaiming's start brings signal and gradient through a hundred layers")
plt.show()

# %%
# Read the right panel from right to left: the gradient starts at layer 100.
# Both ways tell the same story.
# Numbers that are too large leave the range of ``float32`` and become ``inf`` and
# ``nan``.
# Those of the default fade until nothing is left.
# Kaiming's line wanders, since chance has its say in every layer, but it stays.

for name, (forward, backward) in sizes.items():
    print(f"{name:8} signal {forward[-1]:8.1e}, gradient {backward[0]:8.1e}")
assert 0.1 < sizes["Kaiming"][0][-1] < 10
assert sizes["default"][0][-1] < 1e-37

# %%
# Perhaps you object that real layers have a bias, and that hundred-layer networks
# of :class:`~torch.nn.Linear` do give out numbers.
# They do.
# But look at what distinguishes one *sample* from another.

torch.manual_seed(0)
signal = torch.randn(32, 256)  # 32 different samples
for _ in range(100):
    signal = torch.relu(nn.Linear(256, 256)(signal))
difference = rms(signal - signal.mean(0))
assert difference < 1e-6 < rms(signal)
print(f"RMS {rms(signal):.3f}, of what differs between samples {difference:.0e}")

# %%
# The biases keep the signal alive, but all samples have become the same.
# The network has forgotten its input.
#
# .. _norm-fans:
#
# Fan in, fan out: Xavier and Kaiming
# -----------------------------------
# A layer's *fan in* is the number of inputs that one output adds up, its *fan out* the
# number of outputs that one input goes to.
# Forward, a sum has fan-in terms.
# Backward, the gradient of an input adds up what comes from fan-out outputs.
# So there are two wishes for the variance of the weights, :math:`1/\text{fan in}` and
# :math:`1/\text{fan out}`, and unless both fans are equal you cannot have both.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Method
#      - Variance of the weights
#      - Idea
#    * - Xavier (Glorot), 2010
#      - :math:`2\,/\,(\text{fan in} + \text{fan out})`
#      - a compromise of both ways; made for tanh
#    * - Kaiming (He), 2015
#      - :math:`2\,/\,\text{fan in}`
#      - ReLU loses half of the squares, so twice as much
#
# Each exists in a *normal* form and in a *uniform* one.
# Evenly drawn numbers from :math:`-b` to :math:`b` have the deviation
# :math:`b/\sqrt{3}`, so the bound is :math:`\sqrt{3}` times the wanted deviation.
# Here is a layer from 512 to 128, without a bend, so with ``nonlinearity="linear"``.

torch.manual_seed(0)
x, gradient = torch.randn(1000, 512), torch.randn(1000, 128)
kaiming = partial(nn.init.kaiming_normal_, nonlinearity="linear")
wishes = {
    "Kaiming, fan_in": partial(kaiming, mode="fan_in"),
    "Kaiming, fan_out": partial(kaiming, mode="fan_out"),
    "Xavier": nn.init.xavier_normal_,
}
for name, start in wishes.items():
    weight = start(torch.empty(128, 512))  # (outputs, inputs)
    forward, backward = rms(x @ weight.mT), rms(gradient @ weight)
    print(f"{name:16} forward {forward:.2f}, backward {backward:.2f}")

# %%
# ``fan_in`` keeps the signal and is the default, ``fan_out`` keeps the gradient, and
# Xavier lies in between.
# PyTorch reads the fans from the shape: fan in from axis 1, fan out from axis 0.
# If you make a matrix of your own with shape ``(inputs, outputs)`` for ``x @ weight``,
# hand over ``weight.mT``, or the fans are swapped.
#
# In a convolution each output adds up a whole window, so both fans are multiplied by
# the area of the kernel.

torch.manual_seed(0)
conv = nn.Conv2d(16, 32, kernel_size=3)
nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
fan_in = 16 * 3 * 3
wanted = math.sqrt(2 / fan_in)
assert abs(rms(conv.weight) / wanted - 1) < 0.05
f"deviation {rms(conv.weight):.4f}, wanted {wanted:.4f}"

# %%
# .. _norm-default:
#
# What nn.Linear does by itself
# -----------------------------
# Its documentation says: evenly between :math:`\pm 1/\sqrt{\text{fan in}}`.
# Its code says ``kaiming_uniform_`` with the strange argument ``a=math.sqrt(5)``.
# Ask the installed PyTorch:

source = inspect.getsource(nn.Linear.reset_parameters)
print("\n".join(line for line in source.splitlines() if "init." in line))

# %%
# Both are right.
# ``a`` is the slope of a leaky ReLU, for which the method multiplies the deviation by
# :math:`\sqrt{2 / (1 + a^2)}`.
# With :math:`a = \sqrt{5}` that is :math:`\sqrt{2/6} = 1/\sqrt{3}`, and it just cancels
# the :math:`\sqrt{3}` of the even distribution.
# Nobody has a ReLU with a slope of 2.2.
# The number reproduces, by way of a newer function, what Torch did before PyTorch
# existed.

torch.manual_seed(0)
linear = nn.Linear(256, 256)
torch.manual_seed(0)
by_hand = torch.empty(256, 256).uniform_(-1 / 16, 1 / 16)
assert torch.allclose(linear.weight, by_hand)
print(f"deviation {rms(linear.weight):.4f}, {1 / math.sqrt(3 * 256):.4f} expected")

# %%
# So the default is smaller than Kaiming's for ReLU by a factor of :math:`\sqrt{6}`, and
# each layer with ReLU divides the signal by that.
# After 100 layers it is :math:`6^{-50}`, about :math:`10^{-39}`: the orange line of
# the picture.
# For a network of two or three layers this hardly matters.
# The convolutions start in the same way, :class:`~torch.nn.Embedding` with deviation 1,
# and the norm layers below with ones and zeros.
#
# .. _norm-gain:
#
# The gain of a bend
# ------------------
# What a bend takes away, the weights have to give back.
# :func:`torch.nn.init.calculate_gain` knows by how much.

for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
    print(f"{name:10} {nn.init.calculate_gain(name):.4f}")
with eatorch.show_error(ValueError):
    nn.init.calculate_gain("gelu")

# %%
# For ReLU you can derive the number: it zeroes half of a symmetric signal, so half of
# the mean square is left, and :math:`\sqrt{2}` restores it.
# For tanh there is no such formula.
# You can measure how much one tanh takes from standard normal numbers, and
# :ref:`exercise 19-3 <norm-ex3>` asks for just that: the answer is about 1.6.
# PyTorch uses 5/3.
# Its 1 for the sigmoid is a convention and no remedy.
# For SELU the documentation itself advises ``"linear"`` where the network is to
# normalise itself.
#
# One layer is not a hundred, so let us see what these gains do in depth.

gains = {"1": 1.0, "5/3": 5 / 3, "3": 3.0}
depths = {
    name: through_layers(torch.tanh, partial(nn.init.xavier_normal_, gain=gain))
    for name, gain in gains.items()
}

fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for name, (forward, backward) in depths.items():
    axes[0].plot(range(1, 101), forward, linewidth=2, label=f"gain {name}")
    axes[1].semilogy(range(1, 101), backward, linewidth=2)
axes[0].set(title="signal, forward", xlabel="layer", ylabel="root mean square")
axes[1].set(title="gradient, backward", xlabel="layer", ylabel="root mean square")
axes[0].legend(fontsize=8)
fig.suptitle("With tanh, gains above one settle forward but grow backward")
plt.show()

# %%
# With gain 1 the signal fades, slowly.
# With any larger gain it settles, because tanh cannot exceed 1: the larger the gain,
# the closer to the flat ends.
# But the gradient does not settle.
# The gain is chosen for the forward way, and at a gain of 5/3 each layer already
# lengthens the gradient a little.
# A good start is a compromise, and this is one reason why very deep networks use ReLU
# and its relatives, shortcuts past the layers, and the norms below.

assert depths["1"][0][-1] < depths["1"][0][9] < depths["5/3"][0][-1]
assert 1 < depths["5/3"][1][0] < depths["3"][1][0]

# %%
# .. _norm-init:
#
# The functions of torch.nn.init
# ------------------------------
# The underscore at the end says: they write into the tensor that you hand over.
# They do it without a record, so you need no ``no_grad``.
# Eight of them draw random numbers for a whole matrix; here each fills one of
# 100 x 100.

draws = {
    "uniform_": nn.init.uniform_,
    "normal_": nn.init.normal_,
    "trunc_normal_": nn.init.trunc_normal_,
    "orthogonal_": nn.init.orthogonal_,
    "xavier_uniform_": nn.init.xavier_uniform_,
    "xavier_normal_": nn.init.xavier_normal_,
    "kaiming_uniform_": nn.init.kaiming_uniform_,
    "kaiming_normal_": nn.init.kaiming_normal_,
}
torch.manual_seed(0)
drawn = {name: draw(torch.empty(100, 100)) for name, draw in draws.items()}

# %%
# Look at the horizontal axes: how wide does each function draw?

room = {"left": 0.09, "right": 0.99, "bottom": 0.15, "top": 0.85}
room |= {"wspace": 0.35, "hspace": 0.55}
fig, axes = plt.subplots(2, 4, figsize=(8, 3.8), gridspec_kw=room)
for ax, (name, weight) in zip(axes.flat, drawn.items(), strict=True):
    ax.hist(weight.flatten().numpy(), bins=40, histtype="stepfilled")
    ax.locator_params(axis="x", nbins=3, steps=[1, 2, 3, 4, 5, 10])
    ax.set_title(name, fontsize=10)
for ax in axes[:, 0]:
    ax.set_ylabel("number of weights")
fig.supxlabel("value of a weight")
fig.suptitle("The lower functions and orthogonal_ look at the shape of the matrix")
plt.show()

# %%
# The first three draw as wide as you tell them, by default from 0 to 1 or with a
# deviation of 1; the others are as narrow as 100 inputs require.
# ``trunc_normal_`` cuts at -2 and 2, and these are *values*, not deviations: with
# ``std=0.02`` you have to set ``a`` and ``b`` yourself, or it cuts nothing.
# ``orthogonal_`` looks like a normal distribution, but its rows stand at right angles
# to each other and have length 1, so it keeps the length of each vector exactly.
# That is not only on average, as with the others.

rotation = drawn["orthogonal_"]
arrow = torch.randn(100)
assert torch.allclose(rotation @ rotation.mT, torch.eye(100), atol=1e-5)
arrow.norm(), (rotation @ arrow).norm()

# %%
# The others are simpler.
# :func:`~torch.nn.init.zeros_`, :func:`~torch.nn.init.ones_` and
# :func:`~torch.nn.init.constant_` fill, :func:`~torch.nn.init.eye_` and
# :func:`~torch.nn.init.dirac_` let the input pass unchanged through a linear layer or a
# convolution, and :func:`~torch.nn.init.sparse_` draws only a part of the weights and
# sets the others to zero.
#
# .. _norm-apply:
#
# Initialise a whole model
# ^^^^^^^^^^^^^^^^^^^^^^^^
# :ref:`module` has shown :meth:`~torch.nn.Module.apply`.
# The function asks for the *type* of each module, so it works for any model.
# What it does not name keeps its default.


def kaiming_start(module):
    """Start linear layers and convolutions for ReLU, with biases of zero."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))
net.apply(kaiming_start)
{name: round(rms(p), 3) for name, p in net.named_parameters()}

# %%
# Two slips are common here.
# Whoever fills a weight *without* :mod:`torch.nn.init` writes into a leaf that asks
# for a gradient, and needs :class:`torch.no_grad`; :ref:`autograd` shows why.
# And a bias has one axis, so it has no fans.

with eatorch.show_error(RuntimeError):
    net[0].weight.normal_(std=0.1)
with torch.no_grad():
    net[0].weight.normal_(std=0.1)  # this is allowed
with eatorch.show_error(ValueError):
    nn.init.xavier_normal_(net[0].bias)

# %%
# .. _norm-zero:
#
# Why not start with zeros?
# ^^^^^^^^^^^^^^^^^^^^^^^^^
# Because equal units stay equal.
# If all weights are the same number, all hidden units compute the same, get the same
# gradient and take the same step, for ever.
# With zeros it is worse: no gradient reaches any weight, and only the last bias learns.
# We train a small network on the digits and ask how far its eight hidden units are
# apart.

digits = eatorch.data.digits()
pixels = digits.images.flatten(1)  # (picture, pixel), from 0 to 1
generator = torch.Generator().manual_seed(0)
order = torch.randperm(len(pixels), generator=generator)
inputs, targets = pixels[order[:1297]], digits.targets[order[:1297]]
test_inputs, test_targets = pixels[order[1297:]], digits.targets[order[1297:]]

# %%
# The training loop is the plainest there is, so that nothing hides the effect of the
# start.


def fit(net, rate, steps):
    """Train with plain steps on batches of 64, in an order that is always the same."""
    generator = torch.Generator().manual_seed(1)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    net.train()
    for _ in range(steps):
        chosen = torch.randint(len(inputs), (64,), generator=generator)
        loss = functional.cross_entropy(net(inputs[chosen]), targets[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# %%
# ``accuracy`` switches to evaluation, for reasons that come soon.


def accuracy(net):
    """Return the share of test digits that the network reads correctly."""
    net.eval()
    with torch.no_grad():
        return (net(test_inputs).argmax(1) == test_targets).float().mean().item()


# %%
# Three starts, one network.

filled = partial(nn.init.constant_, val=0.1)
tried = {"zeros": nn.init.zeros_, "all 0.1": filled, "random": starts["Kaiming"]}
for name, start in tried.items():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))
    for layer in (net[0], net[2]):
        start(layer.weight)
        nn.init.zeros_(layer.bias)
    fit(net, rate=0.5, steps=100)
    apart = rms(net[0].weight - net[0].weight.mean(0))
    print(f"{name:8} accuracy {accuracy(net):.2f}, units apart by {apart:.1e}")

# %%
# Zeros have learned nothing.
# Eight equal units have stayed equal, up to rounding, and are worth one.
# Randomness is there to break the symmetry.
# A *bias* may start at zero, for the weights beside it already differ.
#
# .. _norm-batch:
#
# Batch normalisation by hand
# ---------------------------
# A good start does not last: after a few steps the weights are others.
# The idea of `batch normalisation <https://arxiv.org/abs/1502.03167>`_ (2015): do not
# hope for the right size, *make* it, in the middle of the network, in each pass.
# It takes one channel, over all samples of the batch, and does four things: minus,
# divided by, times, plus.
# The small :math:`\epsilon` only guards against a division by zero.
#
# .. math::
#
#    y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \cdot \gamma + \beta
#
# .. list-table::
#    :header-rows: 1
#
#    * - Step
#      - Quantity
#      - In PyTorch
#      - Comes from
#    * - minus
#      - mean :math:`\mu`
#      - ``running_mean``, a buffer
#      - the batch; in evaluation, a running average
#    * - divided by
#      - variance :math:`\sigma^2`
#      - ``running_var``, a buffer
#      - the batch; in evaluation, a running average
#    * - times
#      - scale :math:`\gamma`
#      - ``weight``, a parameter
#      - learned, starts at 1
#    * - plus
#      - shift :math:`\beta`
#      - ``bias``, a parameter
#      - learned, starts at 0
#
# As a picture, for one channel: how much ink the digits have.

ink = pixels.sum(1)
centred = ink - ink.mean()
scaled = centred / (ink.var(correction=0) + 1e-5).sqrt()
steps = {
    "the channel": ink,
    "minus mean": centred,
    "by deviation": scaled,
    "times 3": 3 * scaled,
    "plus 5": 3 * scaled + 5,
}

# %%
# From left to right; keep an eye on the zero line and on the width.

room = {"left": 0.08, "right": 0.99, "bottom": 0.2, "top": 0.8, "wspace": 0.12}
fig, axes = plt.subplots(1, 5, figsize=(8, 2.6), sharey=True, gridspec_kw=room)
for ax, (name, values) in zip(axes, steps.items(), strict=True):
    ax.hist(values, 30, orientation="horizontal", histtype="stepfilled")
    ax.set_title(name, fontsize=10)
    ax.axhline(0, color="0.5", linewidth=1)
axes[0].set_ylabel("value")
fig.supxlabel("number of digits")
fig.suptitle("Two steps remove place and width, two steps set them as learned")
plt.show()

# %%
# Why take the size away and then give one back?
# Because the new one belongs to the layer alone.
# Place and width no longer depend on all the weights before, but on two numbers that
# the optimizer can turn directly.
#
# Now the layer of PyTorch, and beside it the formula.
# In training the variance is the *biased* one: divide by :math:`n`, ``correction=0``.

torch.manual_seed(0)
x = 3 + 2 * torch.randn(16, 4)  # (sample, channel)
layer = nn.BatchNorm1d(4)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([1.0, 2, 0.5, 1]))
    layer.bias.copy_(torch.tensor([0.0, 1, -1, 5]))
mean, variance = x.mean(0), x.var(0, correction=0)
by_hand = (x - mean) / (variance + layer.eps).sqrt() * layer.weight + layer.bias
assert torch.allclose(layer(x), by_hand, atol=1e-6)
layer.running_mean, layer.running_var, layer.num_batches_tracked

# %%
# The same call has moved the running averages, from 0 and 1 a tenth of the way towards
# the batch.
# Here the variance is the *unbiased* one, divided by :math:`n - 1`.
# People `report this as a bug <https://github.com/pytorch/pytorch/issues/3122>`_ again
# and again.
# It is intended, and as in the paper: the biased variance is that of this batch, the
# unbiased one is the better guess for all data.

unbiased = x.var(0, correction=1)
assert torch.allclose(layer.running_mean, 0.9 * torch.zeros(4) + 0.1 * mean)
assert torch.allclose(layer.running_var, 0.9 * torch.ones(4) + 0.1 * unbiased)

layer.eval()
by_hand = (x - layer.running_mean) / (layer.running_var + layer.eps).sqrt()
by_hand = by_hand * layer.weight + layer.bias
assert torch.allclose(layer(x), by_hand, atol=1e-6)

# %%
# In evaluation the running averages take the place of the batch, and nothing moves.
# For pictures :class:`~torch.nn.BatchNorm2d` does the same for each channel, over
# samples, height and width: ``x.mean((0, 2, 3))``.
#
# .. _norm-momentum:
#
# What momentum means here
# ^^^^^^^^^^^^^^^^^^^^^^^^
# Not what it means in an optimizer.
# It is the share of the *new* value:
#
# .. math::
#
#    \text{running} \leftarrow (1 - m) \cdot \text{running} + m \cdot \text{batch}
#
# Other libraries write 0.9 or 0.99 where PyTorch writes 0.1 or 0.01.
# ``momentum=None`` is the plain average of all batches.

torch.manual_seed(0)
batches = 3 + 2 * torch.randn(60, 32, 1)  # (batch, sample, channel)
paths = {}
for momentum in (0.01, 0.1, 0.9, None):
    follower = nn.BatchNorm1d(1, momentum=momentum)
    paths[momentum] = [0.0]
    for batch in batches:
        follower(batch)
        paths[momentum].append(follower.running_mean.item())

# %%
# The data have the mean 3; each batch of 32 has one of its own.

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for momentum, path in paths.items():
    ax.plot(path, linewidth=2, label=f"momentum={momentum}")
ax.axhline(3, color="0.5", linewidth=1, linestyle="--")
ax.set(xlabel="batches seen in training mode", ylabel="running mean")
ax.set_title("A small momentum is slow, a large one believes the last batch")
ax.legend(fontsize=8, ncols=2, loc="lower right")
plt.show()

# %%
# With 0.1, ten batches leave :math:`0.9^{10} = 35\,\%` of the starting value.
# So after a *very* short training the averages are still wrong, and evaluation can be
# much worse than training; give it more batches, or use
# :func:`torch.optim.swa_utils.update_bn`, which runs once through the data and takes
# plain averages.
#
# .. _norm-modes:
#
# Training and evaluation
# -----------------------
# In training a sample's output depends on its company.
# Take one and the same sample, put it into 40 random batches, and look at one channel.

torch.manual_seed(0)
crowd = 3 + 2 * torch.randn(5000, 1)
sample = torch.tensor([[5.0]])
layer = nn.BatchNorm1d(1, momentum=None)
for batch in crowd.split(50):
    layer(batch)


def in_company(size):
    """Return the sample's output in 40 random batches of that size."""
    company = crowd[torch.randint(5000, (40, size - 1))]
    return [layer(torch.cat([sample, others]))[0].item() for others in company]


# %%
# The value that the sample should get is :math:`(5 - 3) / 2 = 1`.
# Evaluation comes first, because each pass in training also moves the averages.

layer.eval()
company = {"evaluation": in_company(16)}
assert len(set(company["evaluation"])) == 1
layer.train()
for size in (64, 16, 4, 2):
    company[f"training,\nbatch of {size}"] = in_company(size)

fig, ax = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
for place, outputs in enumerate(company.values()):
    spots = place + torch.linspace(-0.25, 0.25, 40)
    ax.scatter(spots, outputs, s=12, color="C0" if place else "C1")
ax.axhline(1, color="0.5", linewidth=1, linestyle="--")
ax.set_xticks(range(5), company)
ax.set(xlabel="mode", ylabel="output for the same sample")
ax.set_title("In training the output depends on the company, in evaluation it does not")
plt.show()

# %%
# In training this is noise, and a little of it may even help against overfitting.
# The smaller the batch, the more noise; with two samples only the sign is left, as
# :ref:`exercise 19-4 <norm-ex4>` shows.
# For predictions the noise is a fault: the answer for your picture must not depend on
# whose pictures came with it.
#
# With one sample there is nothing to compare with, and PyTorch refuses.
# The usual cause is the last batch of an epoch, when the number of samples leaves a
# remainder of one: ``drop_last=True`` in the loader cures it.
# A single *picture* passes, for it has many values in each channel.

with eatorch.show_error(ValueError):
    nn.BatchNorm1d(4)(torch.randn(1, 4))
nn.BatchNorm2d(4)(torch.randn(1, 4, 8, 8)).shape

# %%
# A forgotten ``eval()`` is the classic mistake.
# Nothing fails; the numbers are just wrong, and how wrong depends on the order of the
# data.
# Let us train well, then test on digits *sorted by class*, as folders often are.


def normed_net(norm, depth=2):
    """Return a network on digits with a norm, or None, behind each linear layer."""
    layers, width = [], 64
    for _ in range(depth):
        layers += [nn.Linear(64, width, bias=norm is None)]
        layers += [nn.ReLU()] if norm is None else [norm(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


torch.manual_seed(0)
net = normed_net(nn.BatchNorm1d)
fit(net, rate=0.3, steps=100)
right = accuracy(net)

# %%
# Only the mode differs between the two numbers.

net.train()  # eval() forgotten
with torch.no_grad():
    batches = test_inputs[test_targets.argsort()].split(25)
    outputs = torch.cat([net(batch) for batch in batches])
wrong = (outputs.argmax(1) == test_targets.sort().values).float().mean().item()
assert right > 0.9
assert wrong < 0.6
print(f"eval: {right:.2f}, eval forgotten and sorted by class: {wrong:.2f}")

# %%
# A batch of nothing but sevens has the mean of a seven, and after the subtraction no
# seven is left to see.
# (The forgotten pass has also moved the running averages, so it spoils the model for
# later.)
#
# In evaluation all four quantities are constants, so the layer is nothing but a scale
# and a shift, and melts into the layer before it.
# That costs no time at all any more.

torch.manual_seed(0)
linear, layer = nn.Linear(64, 32).eval(), nn.BatchNorm1d(32)
layer(linear(inputs))
layer.eval()
fused = fuse_linear_bn_eval(linear, layer)
assert torch.allclose(fused(inputs), layer(linear(inputs)), atol=1e-4)
fused

# %%
# .. _norm-axes:
#
# Which cells share a mean?
# -------------------------
# The other norms differ from this one mostly in one point: over which cells they take
# the mean.
# We need not believe a drawing, since autograd knows.
# Ask one output which inputs it depends on; where the gradient is not zero, there is a
# shared cell.
# The input has 3 samples, 4 channels and 5 positions.


def shared_cells(norm):
    """Return which inputs the output of sample 1, channel 1, position 2 depends on."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 4, 5, generator=generator).requires_grad_()
    norm(x)[1, 1, 2].backward()
    return x.grad != 0  # (sample, channel, position)


# %%
# A transformer has the channels on the *last* axis, ``(batch, token, channel)``, and
# normalises each token by itself.
# To compare, we turn the axes round before and after.


def per_token(norm):
    """Let a norm of the last axis see the channels, as in a transformer."""
    return lambda x: norm(x.mT).mT


norms = {
    "BatchNorm1d(4)": nn.BatchNorm1d(4),
    "InstanceNorm1d(4)": nn.InstanceNorm1d(4),
    "GroupNorm(2, 4)": nn.GroupNorm(2, 4),
    "LayerNorm((4, 5))": nn.LayerNorm((4, 5)),
    "LayerNorm(4), per token": per_token(nn.LayerNorm(4)),
    "RMSNorm(4), per token": per_token(nn.RMSNorm(4)),
}

# %%
# Each panel shows the three samples side by side; rows are channels, columns positions.


def draw_cells(ax, shared):
    """Draw the cells: asked one orange, those it depends on blue, others grey."""
    sample, channel, position = torch.nonzero(torch.ones(3, 4, 5)).T
    colours = [("0.5", 0.3), "C0"]
    chosen = [colours[int(cell)] for cell in shared.flatten()]
    chosen[1 * 20 + 1 * 5 + 2] = "C1"  # sample 1, channel 1, position 2
    ax.scatter(6 * sample + position, channel, c=chosen, marker="s", s=62)
    ax.set_xticks([2, 8, 14], ["sample 0", "sample 1", "sample 2"], fontsize=8)
    ax.set(ylabel="channel", yticks=range(4), xlim=(-0.8, 16.8), ylim=(3.6, -0.6))


fig, axes = plt.subplots(3, 2, figsize=(8, 5.4), layout="constrained")
for ax, (name, norm) in zip(axes.flat, norms.items(), strict=True):
    draw_cells(ax, shared_cells(norm))
    ax.set_title(name, fontsize=10)
fig.suptitle("Blue cells share their statistics with the orange one")
plt.show()

# %%
# One look answers most questions about norms.
#
# - **BatchNorm** is the only one that crosses samples. Hence the batch size matters,
#   hence training and evaluation differ, hence it needs running averages.
# - **InstanceNorm** takes each channel of each sample alone: contrast and brightness of
#   a picture vanish, which is what style transfer wants.
# - **GroupNorm** takes some channels of one sample together. With one group it takes
#   all of them, with as many groups as channels it is InstanceNorm. It serves pictures
#   when the batches have to be small.
# - **LayerNorm** takes the *last* axes, as many as ``normalized_shape`` has numbers.
#   The usual drawing, one whole sample, is only one way to call it. In a transformer it
#   takes the channels of one token.
# - **RMSNorm** takes the same cells as LayerNorm, and computes less.
#
# One function of a few lines covers all but RMSNorm, which comes next: only the axes
# change.


def normalise(x, axes, eps=1e-5):
    """Bring the numbers along some axes to mean 0 and variance 1."""
    mean = x.mean(axes, keepdim=True)
    variance = x.var(axes, correction=0, keepdim=True)
    return (x - mean) / (variance + eps).sqrt()


def close(a, b):
    return torch.allclose(a, b, atol=1e-5)


torch.manual_seed(0)
x = 3 + 2 * torch.randn(3, 4, 5)  # (sample, channel, position)
assert close(norms["BatchNorm1d(4)"](x), normalise(x, (0, 2)))
assert close(norms["InstanceNorm1d(4)"](x), normalise(x, 2))
assert close(norms["LayerNorm((4, 5))"](x), normalise(x, (1, 2)))
assert close(norms["LayerNorm(4), per token"](x), normalise(x, 1))
in_groups = normalise(x.view(3, 2, 2, 5), (2, 3)).view(3, 4, 5)
assert close(norms["GroupNorm(2, 4)"](x), in_groups)

# %%
# And the two borders of GroupNorm:

assert close(nn.GroupNorm(1, 4)(x), nn.LayerNorm((4, 5))(x))
assert close(nn.GroupNorm(4, 4)(x), nn.InstanceNorm1d(4)(x))

# %%
# .. _norm-rms:
#
# RMSNorm: leave the mean alone
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# :class:`~torch.nn.RMSNorm` divides by the root mean square, the very number that we
# have watched from the start.
# Nothing is subtracted and nothing is added:
#
# .. math::
#
#    y = \frac{x}{\sqrt{\mathrm{mean}(x^2) + \epsilon}} \cdot \gamma
#
# Many large language models use it: it does about the same good with less work.
# Note two defaults: no bias, and for ``eps`` the machine precision instead of ``1e-5``.

token = torch.tensor([[1.0, 2.0, 3.0, 6.0]])
eps = torch.finfo(token.dtype).eps
by_hand = token / (token.square().mean(-1, keepdim=True) + eps).sqrt()
assert close(nn.RMSNorm(4)(token), by_hand)
for norm in (nn.LayerNorm(4), nn.RMSNorm(4)):
    print(f"{type(norm).__name__:9} of x, 10 x and x + 10")
    for changed in (token, 10 * token, token + 10):
        print("         ", *(f"{n:6.2f}" for n in norm(changed)[0].tolist()))

# %%
# Both forget the scale of their input.
# LayerNorm also forgets a number that is added to all channels; RMSNorm does not.
#
# .. _norm-count:
#
# What does each norm keep?
# ^^^^^^^^^^^^^^^^^^^^^^^^^
# Count the learned numbers and the buffers, for 64 channels.

kept = {
    "BatchNorm2d(64)": nn.BatchNorm2d(64),
    "InstanceNorm2d(64)": nn.InstanceNorm2d(64),
    "GroupNorm(8, 64)": nn.GroupNorm(8, 64),
    "LayerNorm(64)": nn.LayerNorm(64),
    "LayerNorm((64, 8, 8))": nn.LayerNorm((64, 8, 8)),
    "RMSNorm(64)": nn.RMSNorm(64),
}
for name, norm in kept.items():
    learned = sum(p.numel() for p in norm.parameters())
    buffers = sum(b.numel() for b in norm.buffers())
    print(f"{name:21} learned {learned:5,}, buffers {buffers:3}")

# %%
# BatchNorm has a scale and a shift for each channel, two running averages for each, and
# a counter of batches.
# InstanceNorm learns nothing unless you ask with ``affine=True``.
# LayerNorm has two numbers for each *cell* of ``normalized_shape``, which is much for
# whole pictures and ties the layer to their size.
#
# .. _norm-train:
#
# Bad start, good start, with and without a norm
# ----------------------------------------------
# Now to the question that counts: what does all this bring in training?
# A network of nine layers learns to read digits in 40 steps.
# We try no norm and two norms, four starts and three learning rates, and note the share
# of test digits that is read correctly.
# Guessing gives 0.1.


def started(norm, start):
    """Return a network of nine layers whose weights are set by ``start``."""
    torch.manual_seed(0)
    net = normed_net(norm, depth=8)
    for module in net:
        if isinstance(module, nn.Linear):
            start(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def score(norm, start, rate):
    """Return the test accuracy after a short training."""
    net = started(norm, start)
    fit(net, rate, steps=40)
    return accuracy(net)


# %%
# Thirty-six short trainings.

rates = [0.01, 0.1, 1.0]
choices = {
    "std 0.01": partial(nn.init.normal_, std=0.01),
    "default": starts["default"],
    "Kaiming": starts["Kaiming"],
    "std 1": nn.init.normal_,
}
kinds = {"no norm": None, "BatchNorm": nn.BatchNorm1d, "LayerNorm": nn.LayerNorm}
scores = {
    kind: torch.tensor([[score(n, s, r) for r in rates] for s in choices.values()])
    for kind, n in kinds.items()
}

# %%
# Dark cells have learned, pale ones have not.

fig, axes = plt.subplots(1, 3, figsize=(8, 3.1), sharey=True, layout="constrained")
for ax, (kind, table) in zip(axes, scores.items(), strict=True):
    cells = ax.imshow(table.numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in torch.nonzero(torch.ones_like(table)).tolist():
        value = table[row, column].item()
        ink = "0.98" if value > 0.5 else "0.1"  # readable on the cell's own colour
        ax.text(column, row, f"{value:.2f}", color=ink, ha="center", va="center")
    ax.set(title=kind, xlabel="learning rate")
    ax.set_xticks(range(3), rates)
axes[0].set_yticks(range(4), choices)
axes[0].set_ylabel("start of the weights")
fig.colorbar(cells, ax=axes, label="test accuracy")
fig.suptitle("Without a norm hardly any start learns, with BatchNorm each of them does")
plt.show()

# %%
# Without a norm, only Kaiming's start learns anything, and the default of
# :class:`~torch.nn.Linear` does not: nine layers are deep for it.
# With BatchNorm every start gets somewhere, and higher learning rates pay.
# LayerNorm is ahead of BatchNorm at the smallest rate, and learns nothing at the
# highest.
# In front of a norm only the *direction* of the weights matters, not their length, as
# the next section shows.
# So the shorter they are, the farther one step turns them: tiny weights are thrown
# about.
# A norm is no licence for carelessness, and how far you get still depends on the start.
#
# Take such a table with a grain of salt.
# It shows one seed, one depth, forty plain steps.
# Play with it: with ``depth=1`` in ``started`` all four starts learn, norm or not.
# Put :class:`torch.optim.Adam` with a rate of 0.01 into ``fit``, and Kaiming's start
# gets farther, but Adam cannot revive a signal that has faded: the first two rows
# without a norm stay far behind.

plain, by_batch, by_layer = scores.values()
assert (plain[[0, 1, 3]] < 0.3).all()
assert 0.3 < plain[2].max() < by_batch.max()
assert (by_batch.amax(1) > 0.3).all()
assert (by_batch[:, 1:] > by_batch[:, :1]).all()  # higher rates pay
assert (by_layer[:, 0] > by_batch[:, 0]).all()
assert (by_layer[:, 2] < 0.3).all()
for kind, table in scores.items():
    print(f"{kind:9} best start: {list(choices)[table.amax(1).argmax()]}")

# %%
# .. _norm-bias:
#
# A bias in front of a norm is useless
# ------------------------------------
# Whatever the bias adds, the norm subtracts.
# Its gradient is zero, up to rounding, so it does not even learn.
# Write ``bias=False`` in front of BatchNorm, as ``normed_net`` does; the shift of the
# norm does that work.
# For the *weight*, the same holds of its size: twice the weight, the same output, apart
# from the small share of :math:`\epsilon`.

torch.manual_seed(0)
linear, norm = nn.Linear(64, 32), nn.BatchNorm1d(32)
before = norm(linear(inputs[:100]))
(before * torch.randn_like(before)).sum().backward()
with torch.no_grad():
    linear.bias += 7
    linear.weight *= 2
    assert torch.allclose(norm(linear(inputs[:100])), before, atol=1e-2)  # eps stays
assert rms(linear.bias.grad) < 1e-4 * rms(linear.weight.grad)
for name, p in linear.named_parameters():
    print(f"RMS of the gradient of the {name:6}: {rms(p.grad):.0e}")

# %%
# This holds where the norm takes each channel by itself.
# LayerNorm takes the mean over channels, so only what is *common* to all biases is
# lost there.
#
# .. _norm-small:
#
# Small batches, frozen layers
# ----------------------------
# When memory is short, people send a batch in four parts and add up the gradients, as
# in :ref:`autograd`.
# For most networks this is the same, up to rounding.
# With BatchNorm it is not, because each part has its own mean.


def gradients(norm, parts):
    """Return the gradient of the first weight, the batch being sent in parts."""
    torch.manual_seed(0)
    net = normed_net(norm)
    for rows in torch.arange(64).chunk(parts):
        loss = functional.cross_entropy(net(inputs[rows]), targets[rows])
        (loss / parts).backward()
    return net[0].weight.grad


for name, norm in {**kinds, "RMSNorm": nn.RMSNorm}.items():
    whole, added = gradients(norm, 1), gradients(norm, 4)
    off = rms(whole - added) / rms(whole)
    assert (off > 0.1) == (name == "BatchNorm")
    print(f"{name:9} relative difference {off:.0e}")

# %%
# For BatchNorm, adding up does not turn four small batches into a large one.
# Use GroupNorm or LayerNorm then, or, if the parts are on several GPUs,
# :class:`~torch.nn.SyncBatchNorm`, which takes mean and variance over all of them.
#
# The other surprise comes with *frozen* layers.
# :ref:`module` has shown that a frozen BatchNorm goes on following the data, since its
# averages are buffers.
# And ``net.train()`` at the start of each epoch sets everything back to training.
# So freeze both, the parameters and the mode, and do it *after* ``train()``:


def train_except_norms(net):
    """Switch to training, but let every BatchNorm keep its averages."""
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eval()
            module.requires_grad_(False)


net = normed_net(nn.BatchNorm1d)
fit(net, rate=0.3, steps=20)
before = net[1].running_mean.clone()
train_except_norms(net)
net(inputs[:64])
assert torch.equal(net[1].running_mean, before)

# %%
# .. _norm-mistakes:
#
# Wrong shapes
# ------------
# The number in the name of a batch norm counts the axes *behind* the channels, which
# have to lie on axis 1; only ``BatchNorm1d`` is also content with none behind.
# LayerNorm and RMSNorm want the last axes to have exactly the sizes that you named.

sentences = torch.randn(8, 20, 32)  # (sentence, token, channel)
with eatorch.show_error(RuntimeError):
    nn.BatchNorm1d(32)(sentences)
with eatorch.show_error(ValueError):
    nn.BatchNorm2d(32)(sentences[:, 0])
with eatorch.show_error(RuntimeError):
    nn.LayerNorm(20)(sentences)
nn.BatchNorm1d(32)(sentences.mT).mT.shape, nn.LayerNorm(32)(sentences).shape

# %%
# The first message means: on axis 1 there are 20, where the layer expects 32 channels.
# The cure is ``mT`` before and after, as in the last line.
# It becomes a trap when there happen to be as many tokens as channels.
# Then nothing complains, and each *position* is normalised in place of each channel.

square = 3 + torch.arange(32) * torch.randn(8, 32, 32)  # channels of different size
silent = nn.BatchNorm1d(32)(square)
meant = nn.BatchNorm1d(32)(square.mT).mT
for name, normed in {"silent": silent, "meant": meant}.items():
    sizes = ", ".join(f"{rms(normed[..., n]):.2f}" for n in (1, 16, 31))
    print(f"{name:6} RMS of channels 1, 16 and 31: {sizes}")

# %%
# Which norm, then?
# As a rule of thumb, BatchNorm for convolutions with batches of 16 and more, GroupNorm
# if the batches are smaller, and LayerNorm or RMSNorm for sequences and transformers,
# in front of each block; :ref:`attention` builds one.
# The usual place of a BatchNorm is between the layer and its ReLU.
#
# .. admonition:: Then and now
#
#    - Older courses call LayerNorm rare. Today the usual transformer has it, or has
#      RMSNorm in its place, which PyTorch has had since 2.4 (2024).
#    - The paper of 2015 explained the success of BatchNorm by a "reduced internal
#      covariate shift". `Experiments of 2018 <https://arxiv.org/abs/1805.11604>`_ did
#      not confirm this and found that the loss becomes smoother, so that longer steps
#      are safe. That it works is certain, why is still discussed.
#    - Weights were set with ``layer.weight.data.normal_()``, and the functions of
#      :mod:`torch.nn.init` had no underscore: ``xavier_uniform`` is deprecated, write
#      :func:`~torch.nn.init.xavier_uniform_`.
#    - ``var(unbiased=False)`` is now written ``var(correction=0)``.
#    - LayerNorm has taken ``bias=False`` since 2.1; in the version on this page,
#      BatchNorm, InstanceNorm and GroupNorm take it as well.
#    - :class:`~torch.nn.LocalResponseNorm`, found in networks of 2012, is history.
#
# .. _norm-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _norm-ex1:
#
# Exercise 19-1: four quantities
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Which four quantities does a batch norm have, and which of them does a *forward pass*
# change?
# Write ``four_quantities(batches, momentum=0.1)``.
# It returns what a new :class:`~torch.nn.BatchNorm1d` holds after it has seen the
# batches in training mode, without any step of an optimizer: a dictionary with the keys
# ``"running_mean"``, ``"running_var"``, ``"weight"`` and ``"bias"``.
# ``batches`` is a list of tensors ``(sample, channel)``.
# Do it without a batch norm.
#
# .. dropdown:: Hint
#
#    Two of the four wait for the optimizer.
#    The other two start at 0 and 1, and move a little at each batch.
#    Which variance goes into the average?
#
# .. dropdown:: Solution
#
#    The mean and the variance are followed in each forward pass, scale and shift are
#    learned.
#
#    .. code-block:: python
#
#       def four_quantities(batches, momentum=0.1):
#           channels = batches[0].shape[1]
#           mean, variance = torch.zeros(channels), torch.ones(channels)
#           for batch in batches:
#               mean = (1 - momentum) * mean + momentum * batch.mean(0)
#               unbiased = batch.var(0, correction=1)
#               variance = (1 - momentum) * variance + momentum * unbiased
#           return {
#               "running_mean": mean,
#               "running_var": variance,
#               "weight": torch.ones(channels),
#               "bias": torch.zeros(channels),
#           }


def four_quantities(batches, momentum=0.1):
    """Return what a new batch norm holds after these batches."""
    ...  # your code here


eatorch.check("19-1", four_quantities)

# %%
# .. _norm-ex2:
#
# Exercise 19-2: minus, divided by, times, plus
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Somebody summed a batch norm up as "minus, divided by, times, plus".
# Write it so, for evaluation: ``four_steps(x, layer)`` returns what ``layer(x)``
# returns, ``layer`` being a batch norm in evaluation mode, and calls no norm.
# ``x`` may be ``(sample, channel)`` or ``(sample, channel, height, width)``.
#
# .. dropdown:: Hint
#
#    The four tensors have the shape ``(channel,)``, and broadcasting lines shapes up at
#    the *right* end.
#    Which shape puts them on axis 1?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def four_steps(x, layer):
#           shape = (1, -1) + (1,) * (x.ndim - 2)
#           x = x - layer.running_mean.view(shape)
#           x = x / (layer.running_var.view(shape) + layer.eps).sqrt()
#           x = x * layer.weight.view(shape)
#           return x + layer.bias.view(shape)


def four_steps(x, layer):
    """Return what a batch norm in evaluation mode makes of ``x``."""
    ...  # your code here


eatorch.check("19-2", four_steps)

# %%
# .. _norm-ex3:
#
# Exercise 19-3: the gain of tanh, by experiment
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``measured_gain(bend)``: by which factor does the RMS of a standard normal
# signal shrink when it goes through the function ``bend``?
# Draw at least 100,000 numbers.
# The gain restores what was lost, so it is above 1 for tanh.
# Compare with :func:`~torch.nn.init.calculate_gain`, for tanh and for ReLU.
#
# .. dropdown:: Hint
#
#    Divide the RMS before by the RMS after.
#    The deviation will not do: for ReLU it differs, because the mean of the output is
#    not zero, and the sum of the next layer feels the square, not the deviation.
#
# .. dropdown:: Solution
#
#    For tanh about 1.59, which courses round to 1.6; PyTorch has 5/3.
#    For ReLU it is :math:`\sqrt{2}`.
#
#    .. code-block:: python
#
#       def measured_gain(bend):
#           signal = torch.randn(200_000)
#           return rms(signal) / rms(bend(signal))


def measured_gain(bend):
    """Return the factor that restores the RMS of a signal behind ``bend``."""
    ...  # your code here


eatorch.check("19-3", measured_gain)

# %%
# .. _norm-ex4:
#
# Exercise 19-4: a batch of two
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A new ``nn.BatchNorm1d(3)`` in training mode gets this batch of two samples:
#
# .. code-block:: python
#
#    x = torch.tensor([[3.0, 5.0, -1.0], [7.0, 5.0, -2.0]])
#
# Take paper.
# What comes out, two rows of three numbers, rounded to whole numbers?
# And what is ``running_var`` afterwards, three numbers, to two decimals?
# Answer with a pair: a list of two rows, and a list of three numbers.
#
# .. dropdown:: Hint
#
#    The mean of two numbers lies in the middle, so both are equally far from it.
#    How far, measured in deviations?
#    For the second question divide by :math:`n - 1 = 1`, and remember the momentum.
#
# .. dropdown:: Solution
#
#    Of two numbers only the order is left: the smaller becomes -1 and the larger 1,
#    whether they were 4 apart or 1.
#    Equal numbers give 0.
#    The unbiased variances are 8, 0 and 0.5, and a tenth of them goes to nine tenths
#    of 1.
#
#    .. code-block:: python
#
#       pair = [[-1, 0, 1], [1, 0, -1]], [1.7, 0.9, 0.95]

pair = ...  # your code here

eatorch.check("19-4", pair)

# %%
# .. _norm-minute:
#
# In one minute
# -------------
# - A layer multiplies the RMS by the root of fan in, times its weights' deviation.
#   A hundred layers turn small errors into ``nan`` or nothing.
# - Kaiming for ReLU, Xavier for tanh. The default of :class:`~torch.nn.Linear` is
#   usually smaller than both, and fine for shallow networks.
# - Weights random, biases zero; ``apply`` and :mod:`torch.nn.init` set a whole model.
# - A batch norm: minus mean, divided by deviation, times scale, plus shift. The first
#   two are measured, the last two learned.
# - Training normalises with the batch (biased variance), evaluation with running
#   averages (unbiased). ``momentum`` is the share of the new batch.
# - ``eval()`` before predicting, never a single value per channel in training, and no
#   bias in front.
# - BatchNorm crosses samples, the others do not. LayerNorm and RMSNorm are the standard
#   of transformers.
#
# .. _norm-next:
#
# Read next
# ---------
# - :ref:`module` for buffers, freezing and the two modes.
# - :ref:`conv` for the layers that stand in front of these norms.
# - :ref:`rnn` multiplies by the *same* matrix at every step, so all of this comes back.
# - :ref:`attention` puts LayerNorm where it is at home.
