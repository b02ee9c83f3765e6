"""
.. _optim:

Optimizers
==========

Open the object that takes the steps: what it remembers, which rate each method can
bear, and how to race the methods fairly.

:Level: 3
:Hours: 1
:Needs: :ref:`autograd`, :ref:`mid`, :ref:`module`
:Data: functions whose minimum we know; 1,000 noisy points of a parabola, made on the
    page

After ``backward`` each parameter knows which way is downhill.
An *optimizer* decides how far to go.
All of them read the gradient, and what sets them apart is what they remember of earlier
gradients.
We take the methods apart one by one, on functions so simple that every number can be
checked by hand, and let them race at the end.
"""

import copy
import math
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import nn, optim
from torch.nn import functional

import eatorch

torch.set_num_threads(1)  # on tensors this small, threads cost more than they bring

# %%
# .. _optim-object:
#
# What an optimizer is
# --------------------
# It is a plain object with three attributes.
# ``param_groups`` lists the parameters with the settings that apply to them, ``state``
# holds what it remembers of each parameter, and ``defaults`` are the settings for
# groups that name none.

torch.manual_seed(0)
layer = nn.Linear(2, 1)
optimizer = optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
(group,) = optimizer.param_groups
assert group["params"][0] is layer.weight
print("keys:", *group)
print("remembers", len(optimizer.state), "parameters")

# %%
# The group holds the parameters *themselves* and no copies.
# That is how a step changes your model although the two know nothing of each other.
# The memory is empty until the first step.
#
# The methods are few as well:
#
# .. list-table::
#    :header-rows: 1
#
#    * - Method
#      - What it does
#    * - :meth:`~torch.optim.Optimizer.zero_grad`
#      - sets each ``.grad`` to ``None``; :ref:`autograd` shows why this is needed
#    * - :meth:`~torch.optim.Optimizer.step`
#      - changes the parameters, once, by what it finds in ``.grad``
#    * - :meth:`~torch.optim.Optimizer.add_param_group`
#      - takes in more parameters, with settings of their own
#    * - :meth:`~torch.optim.Optimizer.state_dict`
#      - returns groups and memory, to be saved
#    * - :meth:`~torch.optim.Optimizer.load_state_dict`
#      - takes them over again
#
# A step needs no loss and no model.
# It asks for nothing but ``.grad``, and passes over a parameter where that is ``None``.
# So we can write a gradient by hand and look at what happens.

layer.weight.grad = torch.tensor([[1.0, -1.0]])
before = layer.weight.detach().clone()
optimizer.step()
assert torch.allclose(before - layer.weight, torch.tensor([[0.1, -0.1]]))
assert layer.weight in optimizer.state
assert layer.bias not in optimizer.state
optimizer.state[layer.weight]

# %%
# .. _optim-rate:
#
# How large may the learning rate be?
# -----------------------------------
# :ref:`autograd` has walked down a parabola, and each step shrank the distance to the
# goal by the same factor.
# Now take :math:`y = 4x^2`.
# Its slope is :math:`8x`, so a step with learning rate :math:`r` leads to
#
# .. math:: x - r \cdot 8x = (1 - 8r)\,x
#
# Everything depends on that factor.
# Between 0 and 1 we come closer, at 0 we arrive in one step, below 0 we jump to the
# other side, and below -1 farther away with every step.


def descend(make, start=2.0, steps=60):
    """Return the places on the way down 4 x**2, shape (steps + 1,)."""
    x = torch.tensor(start, requires_grad=True)
    optimizer = make([x])
    places = [start]
    for _ in range(steps):
        optimizer.zero_grad()
        (4 * x**2).backward()
        optimizer.step()
        places.append(x.item())
    return torch.tensor(places)


for rate in (0.01, 0.1, 0.125, 0.2, 0.25, 0.26):
    places = descend(partial(optim.SGD, lr=rate), steps=40)
    print(f"rate {rate:5}: factor {1 - 8 * rate:5.2f}, x {places[-1].item():10.2e}")

# %%
# The same for many rates.
# What is the distance after 5, 10 and 20 steps?

rates = torch.linspace(0.002, 0.27, 68)
ends = torch.stack([descend(partial(optim.SGD, lr=r.item()), steps=20) for r in rates])

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for number, steps in enumerate((5, 10, 20)):
    ax.semilogy(rates, ends[:, steps].abs(), color=f"C{number}", label=f"{steps} steps")
ax.axhline(2, color="0.5", linestyle=":", label="start")
ax.axvline(0.25, color="0.5", linewidth=1)
ax.set(xlabel="learning rate", ylabel="distance to the minimum", ylim=(1e-9, 50))
ax.set_title("Best at an eighth; beyond a quarter every step leads away")
ax.legend(fontsize=8)
plt.show()

# %%
# All lines cross at 0.25, where the walk jumps from 2 to -2 and back for ever.
# The 8 is the *curvature*, the second derivative: how fast the slope changes.
# For a parabola of curvature :math:`c` the best rate is :math:`1/c`, and
# :math:`2/c` is the limit.
#
# A network has a different curvature in each direction.
# The steepest one sets the limit for all, and the flattest pays for it; that is the
# long valley of :ref:`autograd`.
# Every method below is an answer to this one problem.
#
# .. _optim-momentum:
#
# Momentum: a sum of past gradients
# ---------------------------------
# With momentum :math:`m` the optimizer keeps a velocity :math:`v` for each parameter.
# From the gradient :math:`g` of each step it makes
#
# .. math:: v \leftarrow m\,v + g
#
# .. math:: x \leftarrow x - r\,v
#
# What is left of a gradient later on?
# We push once, with a gradient of 1, and never again.
# The first step has no gradient, so that the velocity exists before the push.


def echoes(steps=40, **settings):
    """Return how far a single push still moves a parameter, step by step."""
    x = torch.zeros(1, requires_grad=True)
    optimizer = optim.SGD([x], lr=1.0, **settings)
    places = []
    for step in range(steps + 1):
        x.grad = torch.tensor([1.0 if step == 1 else 0.0])
        optimizer.step()
        places.append(-x.item())
    return torch.tensor(places).diff()


pushes = {m: echoes(momentum=m) for m in (0.5, 0.63, 0.9, 0.98)}
for momentum, moved in pushes.items():
    assert torch.allclose(moved, momentum ** torch.arange(40), atol=1e-5)

# %%
# The push echoes: 1, :math:`m`, :math:`m^2` and so on.
# Turned round, this says how much a step listens to each past gradient.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for number, (momentum, moved) in enumerate(pushes.items()):
    left.plot(moved, color=f"C{number}", label=f"momentum {momentum}")
    right.plot(moved.cumsum(0), color=f"C{number}")
    right.axhline(1 / (1 - momentum), color=f"C{number}", linestyle=":", linewidth=1)
left.set(title="one gradient", xlabel="steps later", ylabel="its weight in the step")
right.set(title="the same gradient again and again", xlabel="steps")
right.set(ylabel="length of the step", ylim=(0, 12))
left.legend(fontsize=8)
fig.suptitle("Momentum remembers, so steady gradients make longer steps")
plt.show()

# %%
# If the gradient stays the same, the weights add up to
# :math:`1 + m + m^2 + \dots = 1/(1 - m)`, the dotted lines: a momentum of 0.9 makes the
# steps ten times as long, and 0.98 fifty times (its line lies above the picture).
# Gradients that change their sign cancel.
# So momentum speeds up along the valley, and calms the zigzag across it.
#
# It also means that momentum and rate belong together.
# If you go from 0 to 0.9 and keep the rate, steady gradients move ten times as far.
#
# A sum is not an average.
# In an *exponential moving average* the weights add up to 1, because the new value
# enters with :math:`1 - m`.
# ``dampening`` makes SGD do that, and the methods further down do it of themselves.
# ``nesterov=True`` steps as if the velocity had already been updated once more: the
# fresh gradient counts :math:`1 + m` at once.

average = echoes(momentum=0.9, dampening=0.9)
ahead = echoes(momentum=0.9, nesterov=True)
assert abs(average.sum() - 1) < 0.02
print("average: ", *(f"{moved:.3f}" for moved in average[:4]))
print("Nesterov:", *(f"{moved:.3f}" for moved in ahead[:4]))

# %%
# .. _optim-heavy:
#
# Too much of a good thing
# ^^^^^^^^^^^^^^^^^^^^^^^^
# On our parabola there is no valley, only one curvature.
# Is more momentum better?

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for momentum in (0, 0.63, 0.9):
    places = descend(partial(optim.SGD, lr=0.01, momentum=momentum))
    ax.plot(places, label=f"momentum {momentum}")
ax.axhline(0, color="0.5", linewidth=1)
ax.set(xlabel="step", ylabel="x")
ax.set_title("With a learning rate of 0.01, momentum 0.9 overshoots, 0.63 hardly")
ax.legend(fontsize=8)
plt.show()

# %%
# A heavy ball rolls through the valley floor and up the other side.
# :ref:`Exercise 24-3 <optim-ex3>` counts the steps.
# On the other hand momentum bears higher rates: the limit rises from :math:`2/c` to
# :math:`2(1 + m)/c`, here from 0.25 to 0.475.

for momentum, rate in [(0, 0.26), (0.9, 0.26), (0.9, 0.47), (0.9, 0.48)]:
    make = partial(optim.SGD, lr=rate, momentum=momentum)
    end = descend(make, steps=500)[-1].item()
    print(f"momentum {momentum}, rate {rate}: x {end:8.1e} after 500 steps")

# %%
# .. _optim-adam:
#
# RMSprop and Adam: a rate for each parameter
# -------------------------------------------
# The other answer is to measure.
# :class:`~torch.optim.RMSprop` follows the *square* of each parameter's gradient with a
# moving average, and divides the step by its root.
# A parameter with large gradients gets short steps, one with small gradients long ones.
# :class:`~torch.optim.Adam` does the same, and puts a moving average of the gradient in
# the place of the gradient, which is momentum again:
#
# .. math:: m \leftarrow \beta_1 m + (1 - \beta_1)\,g
#
# .. math:: s \leftarrow \beta_2 s + (1 - \beta_2)\,g^2
#
# .. math:: x \leftarrow x - r \cdot \frac{m'}{\sqrt{s'} + \epsilon}
#
# Both averages start at 0, so they are too small at first.
# The last line therefore takes corrected ones: after :math:`t` steps
# :math:`m' = m / (1 - \beta_1^t)` and :math:`s' = s / (1 - \beta_2^t)`.
# That is all of Adam, and it fits on a dozen lines.


def adam_by_hand(x, rate, steps, betas=(0.9, 0.999), epsilon=1e-8):
    """Return the places of Adam on the way down 4 x**2."""
    mean = square = 0.0
    places = [x]
    for step in range(1, steps + 1):
        gradient = 8 * x
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        fair_mean = mean / (1 - betas[0] ** step)
        fair_square = square / (1 - betas[1] ** step)
        x -= rate * fair_mean / (math.sqrt(fair_square) + epsilon)
        places.append(x)
    return torch.tensor(places)


# %%
# Does it agree with PyTorch?
# And how long are the first two steps?

by_hand = adam_by_hand(2.0, rate=0.1, steps=60)
adam = descend(partial(optim.Adam, lr=0.1))
assert torch.allclose(by_hand, adam, atol=1e-4)
(adam[0] - adam[1]).item(), (adam[1] - adam[2]).item()

# %%
# The first steps are as long as the learning rate, however steep the function is.
# In the first one :math:`m' = g` and :math:`\sqrt{s'} = |g|`, so nothing but the sign
# of the gradient is left.
# Hence two rules of thumb: the rate of Adam has the *unit of the parameter*, and about
# as many steps are needed as the way is long, divided by the rate.
#
# Without the correction the first steps would be longer by :math:`(1 - \beta_1^t)`
# divided by :math:`\sqrt{1 - \beta_2^t}`:

for step in (1, 3, 10, 100, 1000):
    factor = (1 - 0.9**step) / math.sqrt(1 - 0.999**step)
    print(f"step {step:4}: {factor:.2f} times as long")

# %%
# What does the division buy?
# Multiply the loss by 1000, as somebody does who sums where others average.

for factor in (1, 1000):
    for kind in (optim.SGD, optim.Adam):
        x = torch.tensor(2.0, requires_grad=True)
        optimizer = kind([x], lr=0.1)
        for _ in range(10):
            optimizer.zero_grad()
            (factor * 4 * x**2).backward()
            optimizer.step()
        print(f"loss times {factor:4}, {kind.__name__:4}: x = {x.item():.3g}")

# %%
# Plain SGD is thrown out, Adam does not notice.
# So one rate, 0.001, is a fair start for very different networks; that is why Adam is
# so popular.
# The price: Adam cannot see how far away the goal is.
# Near the minimum the noise of small batches keeps it in motion by up to the
# rate, and so the rate has to fall at the end; :ref:`schedule` is about that.
#
# .. _optim-adamw:
#
# The W in AdamW
# ^^^^^^^^^^^^^^
# *Weight decay* pulls all weights towards zero; :ref:`regular` is about its use.
# ``Adam`` adds :math:`\lambda x` to the gradient, and then divides the sum.
# ``AdamW`` multiplies the weight by :math:`1 - r\lambda` and keeps it out of the
# averages.
# To see the difference, take two weights, one large and one small, whose loss has no
# slope at all.

for kind in (optim.Adam, optim.AdamW):
    weights = torch.tensor([10.0, 0.1], requires_grad=True)
    optimizer = kind([weights], lr=0.05, weight_decay=0.1)
    weights.grad = torch.zeros(2)
    optimizer.step()
    print(f"{kind.__name__:5}", *(f"{weight:.4f}" for weight in weights.tolist()))

# %%
# Adam has divided the size away: both weights moved by the rate, 0.05, no matter what
# you write for ``weight_decay``.
# AdamW took half a percent of each, which is what was meant.
# If you decay, take AdamW.
# Mind that its ``weight_decay`` is 0.01 if you say nothing, while that of Adam and SGD
# is 0.

assert optim.AdamW([torch.zeros(1)]).defaults["weight_decay"] == 0.01
assert optim.Adam([torch.zeros(1)]).defaults["weight_decay"] == 0
assert optim.SGD([torch.zeros(1)]).defaults["weight_decay"] == 0

# %%
# .. _optim-closure:
#
# L-BFGS and the closure
# ----------------------
# :class:`~torch.optim.LBFGS` learns the curvature from how the gradient changed during
# the last hundred steps.
# It tries out several places within *one* step, so it has to call the loss itself.
# You hand it a *closure*: a function that clears the gradients, computes the loss,
# calls ``backward`` and returns the loss.
# All other optimizers accept a closure, too, and call it once.

with eatorch.show_error(TypeError):
    optim.LBFGS([torch.zeros(1, requires_grad=True)]).step()

# %%
# .. _optim-valley:
#
# Six paths through a bent valley
# -------------------------------
# Rosenbrock's function, known from :ref:`Exercise 08-4 <autograd-ex4>`, is the classic
# test.
# Its valley is narrow and bent, and nearly flat along the floor; the minimum lies at
# (1, 1).
# Each method may ask for 200 gradients.


def rosenbrock(x, y):
    """Return (1 - x)**2 + 100 (y - x**2)**2."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


# %%
# The closure also notes where it was called.


def walk(make, gradients=200):
    """Return the points where the optimizer asked for a gradient, (gradients, 2)."""
    point = torch.tensor([-1.5, 2.0], requires_grad=True)
    optimizer, places = make([point]), []

    def closure():
        places.append(point.detach().clone())
        optimizer.zero_grad()
        loss = rosenbrock(*point)
        loss.backward()
        return loss

    while len(places) < gradients and point.isfinite().all():
        optimizer.step(closure)
    return torch.stack(places[:gradients])


# %%
# A race of methods is worth as much as the choice of the rates.
# So all get the same nine, from 0.0003 to 3, and each shows its best.
# A rate with which the walk leaves for infinity counts as infinitely bad.
# A best rate at the end of the list would be no best rate, so we make sure that there
# is none.

grid = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
wide = [0.0003, *grid, 3.0]
methods = {
    "SGD": optim.SGD,
    "SGD, momentum 0.9": partial(optim.SGD, momentum=0.9),
    "Nesterov, momentum 0.9": partial(optim.SGD, momentum=0.9, nesterov=True),
    "RMSprop": optim.RMSprop,
    "Adam": optim.Adam,
}

# %%
# The best is the one that is lowest at its end.


def height(places):
    """Return the last height, infinite for a walk that left the plane."""
    last = rosenbrock(*places[-1]).item()
    return last if len(places) == 200 and math.isfinite(last) else math.inf


walks = {}
for name, kind in methods.items():
    tried = {rate: walk(partial(kind, lr=rate)) for rate in wide}
    best = min(tried, key=lambda rate: height(tried[rate]))
    assert best in grid, name  # not at an end of the list
    walks[f"{name}, rate {best}"] = tried[best]
walks["L-BFGS"] = walk(partial(optim.LBFGS, line_search_fn="strong_wolfe"))

# %%
# Dots are the points where a gradient was asked for.

x, y = torch.linspace(-2.1, 2.1, 120), torch.linspace(-1, 4.2, 120)
levels = torch.logspace(-1, 3, 9).tolist()
fig, axes = plt.subplots(2, 3, figsize=(8.5, 5), sharex=True, sharey=True)
for ax, (name, places) in zip(axes.flat, walks.items(), strict=True):
    heights = rosenbrock(x, y[:, None])
    ax.contour(x, y, heights, levels=levels, colors="0.5", linewidths=0.6)
    ax.plot(*places.T, "o-", color="C1", markersize=2, linewidth=0.8)
    ax.plot(1, 1, "*", color="C0", markersize=11)
    ax.set(xlim=(-2.1, 2.1), ylim=(-1, 4.2))
    ax.set_title(name.replace(", rate", "\nrate"), fontsize=9)
fig.supxlabel("x")
fig.supylabel("y")
fig.suptitle("Only L-BFGS reaches the star within 200 gradients")
fig.tight_layout()
plt.show()

# %%
# Plain SGD drops to the floor of the valley and stays there: the steep walls allow no
# higher rate.
# With momentum the same rate gets it most of the way.
# RMSprop and Adam divide by the size of the gradient, and can afford rates that would
# throw SGD out.
# RMSprop does not correct its average, which begins at 0: the first step is ten times
# as long as the rate, and here it jumps out of the picture and across the valley.
# L-BFGS measures the bend, and arrives.

fig, ax = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
for name, places in walks.items():
    ax.semilogy(rosenbrock(*places.T), label=name)
ax.set(xlabel="gradients asked for", ylabel="height above the minimum")
ax.set_ylim(1e-9, 1e3)
ax.legend(fontsize=7, loc="lower right")
ax.set_title("L-BFGS falls like a stone, the others glide")
plt.show()
assert rosenbrock(*walks["L-BFGS"][60]) < 1e-6
assert all(height(p) > 1e-3 for name, p in walks.items() if name != "L-BFGS")

# %%
# Why, then, does not everybody use L-BFGS?
# It trusts that two gradients belong to the *same* function.
# With small batches each gradient belongs to another one, and the method loses its
# footing; and its memory holds up to a hundred pairs of vectors as long as all the
# parameters.
# It is the right tool for small, smooth problems whose loss is computed on all data at
# once.
# Two numbers and no noise: this race says little about networks, so we run another.
#
# .. _optim-sweep:
#
# A race with a network: sweep the rate
# -------------------------------------
# A thousand points of a noisy parabola, 600 to train on, 200 to choose the rate, 200
# for the final judgement; a network with 20 hidden units, batches of 50.

generator = torch.Generator().manual_seed(0)
inputs = torch.linspace(-1, 1, 1000).unsqueeze(1)  # (point, 1)
targets = inputs.square() + 0.1 * torch.randn(1000, 1, generator=generator)
train, valid, test = torch.randperm(1000, generator=generator).split([600, 200, 200])


def error(net, rows):
    """Return the mean squared error on these rows."""
    with torch.no_grad():
        return functional.mse_loss(net(inputs[rows]), targets[rows]).item()


# %%
# Same start, same batches, same number of steps; only method and rate differ.


def fit(make, epochs=8):
    """Return a trained network and its validation error after each epoch."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1))
    optimizer, errors = make(net.parameters()), []
    for _ in range(epochs):
        for rows in train[torch.randperm(600)].split(50):
            loss = functional.mse_loss(net(inputs[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        errors.append(error(net, valid))
    return net, errors


# %%
# Four methods, the seven rates in the middle.

racers = {name: kind for name, kind in methods.items() if "Nesterov" not in name}
runs = {
    name: {rate: fit(partial(kind, lr=rate)) for rate in grid}
    for name, kind in racers.items()
}

# %%
# The best rate of each method is the one with the smallest validation error; a network
# that ended in ``nan`` cannot win.

chosen = {
    name: min(tried, key=lambda rate: torch.tensor(tried[rate][1][-1]).nan_to_num(9e9))
    for name, tried in runs.items()
}

# %%
# The noise has variance 0.01, so a mean squared error of about 0.01 is the best that
# anybody can reach.
# Look at the *width* of each bowl, not only at its depth.

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
for name, tried in runs.items():
    last = [errors[-1] for _, errors in tried.values()]
    left.loglog(grid, last, "o-", markersize=4, label=name)
    right.semilogy(range(1, 9), tried[chosen[name]][1], "o-", markersize=4)
left.set(title="after 8 epochs", xlabel="learning rate", ylim=(0.008, 1))
left.set_ylabel("validation error")
right.set(title="each with its best rate", xlabel="epoch")
right.set_yticks([0.01, 0.02, 0.05, 0.1], ["0.01", "0.02", "0.05", "0.1"])
right.minorticks_off()
left.legend(fontsize=8)
fig.suptitle("Each method has a rate of its own, and with it each one learns")
plt.show()

# %%
# At a common rate, the choice of that rate decides who wins: at 0.01 Adam is far ahead
# of plain SGD, and at 0.3 SGD is ahead of Adam.
# This is how many comparisons on the web come about.
# With its own best rate each of them learns the parabola.
# The points to judge by have not been touched so far.

for name, rate in chosen.items():
    net, _ = runs[name][rate]
    print(f"{name:18} rate {rate:5}: test error {error(net, test):.4f}")
last = {(n, r): run[1][-1] for n in runs for r, run in runs[n].items()}
assert last["Adam", 0.01] < last["SGD", 0.01] / 2
assert last["SGD", 0.3] < last["Adam", 0.3]
assert all(error(runs[n][r][0], test) < 0.02 for n, r in chosen.items())

# %%
# Take small differences in such a table as chance: another seed may well give another
# order.
# The rule that remains: *search the rate first*, in factors of 3, before you change the
# method.
#
# .. _optim-muon:
#
# Muon: a step for whole matrices
# -------------------------------
# All methods so far treat a matrix as a bag of numbers.
# :class:`~torch.optim.Muon`, in PyTorch since 2.9 (2025), looks at the matrix.
# It takes the momentum and makes all its singular values nearly equal, so that a step
# turns each direction of the matrix about as far.
# The singular values of a gradient usually differ a lot; here they reach from 100 to 1.

torch.manual_seed(0)
left_turn, right_turn = (torch.linalg.qr(torch.randn(8, 8)).Q for _ in range(2))
gradient = left_turn @ torch.logspace(2, 0, 8).diag() @ right_turn
for kind in (optim.SGD, optim.Muon):
    weight = nn.Parameter(torch.zeros(8, 8))
    weight.grad = gradient.clone()
    kind([weight], lr=1.0, weight_decay=0.0).step()
    sizes = torch.linalg.svdvals(weight.detach())
    print(f"{kind.__name__:4} singular values {sizes[-1]:.2f} to {sizes[0]:.2f}")

# %%
# "Nearly" is meant literally: five rounds of a fast approximation, in ``bfloat16``,
# leave them somewhat apart, and a singular value that was tiny at the start lags
# behind.
# It is made for the hidden matrices of large networks, and refuses what is no matrix.
# Biases, norms, embeddings and the last layer go to AdamW, so you have two optimizers,
# and clear and step both.

net = nn.Sequential(nn.Linear(1, 32), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
with eatorch.show_error(ValueError):
    optim.Muon(net.parameters())
hidden = [net[1].weight]
others = [p for p in net.parameters() if p is not net[1].weight]
optimizers = [optim.Muon(hidden, lr=0.02), optim.AdamW(others, lr=0.003)]
functional.mse_loss(net(inputs), targets).backward()
for optimizer in optimizers:
    optimizer.step()
    optimizer.zero_grad()

# %%
# We left it out of the race: on a network this small the result would say nothing.
#
# .. _optim-groups:
#
# Parameter groups
# ----------------
# In place of parameters you may hand over dictionaries.
# Each becomes a group, and whatever it does not name comes from ``defaults``.
# Two uses are common: a lower rate for layers that have learned already
# (:ref:`save` fine-tunes that way), and no weight decay for biases and norms.

net = nn.Sequential(nn.Linear(1, 20), nn.LayerNorm(20), nn.ReLU(), nn.Linear(20, 1))
decayed = [p for p in net.parameters() if p.ndim > 1]
spared = [p for p in net.parameters() if p.ndim <= 1]
optimizer = optim.AdamW(
    [{"params": decayed}, {"params": spared, "weight_decay": 0.0}], lr=0.01
)
for number, group in enumerate(optimizer.param_groups):
    shapes = [tuple(p.shape) for p in group["params"]]
    print(number, group["weight_decay"], group["lr"], shapes)

# %%
# To change a setting later, change it in the groups.
# Changing ``defaults`` is a silent mistake: they only fill groups that are added
# afterwards.

optimizer.defaults["lr"] = 0.5
assert optimizer.param_groups[0]["lr"] == 0.01  # nothing has happened
for group in optimizer.param_groups:
    group["lr"] *= 0.1
new = nn.Linear(1, 1)
optimizer.add_param_group({"params": new.parameters()})
[group["lr"] for group in optimizer.param_groups]

# %%
# If you pass ``named_parameters()``, the names travel along, which helps when
# something is missing.

named = optim.SGD(net.named_parameters(), lr=0.1)
named.param_groups[0]["param_names"]

# %%
# .. _optim-state:
#
# Save and continue
# -----------------
# :meth:`~torch.optim.Optimizer.state_dict` holds the memory, numbered in the order of
# the parameters, and the settings of the groups.
# Is it worth saving?
# We stop a walk of Adam after 30 steps, and go on with the memory and without.


def go_on(x, optimizer, steps=30):
    """Take more steps down 4 x**2 and return the places."""
    places = []
    for _ in range(steps):
        optimizer.zero_grad()
        (4 * x**2).backward()
        optimizer.step()
        places.append(x.item())
    return places


x = torch.tensor(2.0, requires_grad=True)
optimizer = optim.Adam([x], lr=0.1)
go_on(x, optimizer)
saved, place = copy.deepcopy(optimizer.state_dict()), x.item()
unbroken = go_on(x, optimizer)

# %%
# The copy is needed because the dictionary holds the tensors of the memory
# themselves, which would change with every further step; writing it to a file is a copy
# as well.

second_walks = {}
for name in ("with its memory", "without"):
    x = torch.tensor(place, requires_grad=True)
    optimizer = optim.Adam([x], lr=0.7)
    if name == "without":
        optimizer = optim.Adam([x], lr=0.1)
    else:
        optimizer.load_state_dict(saved)
    second_walks[name] = go_on(x, optimizer)
    print(f"{name:15}: rate {optimizer.param_groups[0]['lr']}, {x.item():+.4f}")
assert second_walks["with its memory"] == unbroken != second_walks["without"]

# %%
# With the memory the walk goes on exactly as if nothing had happened.
# But look at the rate: we had asked for 0.7, and loading has brought the old 0.1 back.
# The settings are part of the state, so change the rate *after* loading.
# :ref:`save` writes all of this to a file.
#
# .. _optim-all:
#
# All optimizers on one sheet
# ---------------------------
# How many are there, and what does each remember?
# Ask PyTorch: we build each with its defaults for one matrix, take a step, and count
# the numbers that are kept, per number of the matrix.


def remembered(kind):
    """Return how many numbers an optimizer keeps per number of a matrix."""
    weight = nn.Parameter(torch.ones(64, 64))
    weight.grad = torch.ones(64, 64)
    if kind is optim.SparseAdam:
        weight.grad = weight.grad.to_sparse()
    optimizer = kind([weight])
    optimizer.step()
    kept = [value for value in optimizer.state[weight].values() if value is not None]
    return sum(torch.as_tensor(value).numel() for value in kept) / weight.numel()


kinds = {kind for kind in vars(optim).values() if isinstance(kind, type)}
kinds -= {optim.Optimizer, optim.LBFGS}
for kind in sorted(kinds, key=lambda kind: kind.__name__):
    rate = kind([torch.zeros(1, 1)]).defaults["lr"]
    print(f"{kind.__name__:10} rate {rate:5}, remembers {remembered(kind):.2f}")

# %%
# Adam and AdamW need twice the memory of the model, in addition to the model and its
# gradients.
# Adafactor keeps only a row and a column for each matrix.
# (L-BFGS is left out, since its memory grows with the steps.)
# Most of these names you may forget: Adadelta, Adagrad, Adamax, ASGD and Rprop are
# history or specialities; NAdam is Adam with Nesterov's idea, RAdam a more careful
# start, SparseAdam for sparse gradients of embeddings.
#
# .. _optim-foreach:
#
# One by one, or all at once
# ^^^^^^^^^^^^^^^^^^^^^^^^^^
# Most of them take ``foreach``, and some take ``fused``.
# These change how fast a step is, not what it computes.
# The plain form loops over the parameters in Python.
# ``foreach=True`` handles lists of tensors in one call and is the default on a GPU,
# where each call costs time; it needs some more memory.
# ``fused=True`` does the whole step in one kernel, where the device has one for that
# optimizer; it also escapes one of autograd's checks, as :ref:`errors-gradient` shows.

results = []
for settings in ({"foreach": False}, {"foreach": True}, {"fused": True}):
    torch.manual_seed(0)
    deep = nn.Sequential(*(nn.Linear(8, 8) for _ in range(20)))
    optimizer = optim.AdamW(deep.parameters(), lr=0.01, **settings)
    for _ in range(3):
        optimizer.zero_grad()
        deep(torch.ones(1, 8)).square().sum().backward()
        optimizer.step()
    results.append(nn.utils.parameters_to_vector(deep.parameters()).detach())
[torch.allclose(results[0], other, atol=1e-4) for other in results]

# %%
# .. _optim-mistakes:
#
# Five ways to lose the parameters
# --------------------------------
# The first three are caught.
# A generator can be used only once; a parameter that is *computed* from another is no
# leaf; and no parameter may be in two groups.

parameters = net.parameters()
count = sum(p.numel() for p in parameters)  # uses the generator up
with eatorch.show_error(ValueError):
    optim.SGD(parameters, lr=0.1)
with eatorch.show_error(ValueError):
    optim.SGD([0.01 * torch.ones(3, requires_grad=True)], lr=0.1)
groups = [{"params": net[3].parameters()}, {"params": net.parameters()}]
with eatorch.show_error(ValueError):
    optim.SGD(groups, lr=0.1)

# %%
# The cures: hand over ``net.parameters()`` afresh; write
# ``(0.01 * torch.ones(3)).requires_grad_()``; sort each parameter into one group.
# The next two mistakes are silent.
# If you exchange a layer *after* the optimizer was built, it goes on holding the old
# layer, and the new one never learns.
# And an optimizer that is built anew in each round forgets its memory; :ref:`mid` has
# shown what becomes of Adam then.

optimizer = optim.SGD(net.parameters(), lr=0.1)
net[3] = nn.Linear(20, 1)
before = net[3].weight.detach().clone()
functional.mse_loss(net(inputs), targets).backward()
optimizer.step()
assert torch.equal(net[3].weight, before)
held = {id(p) for group in optimizer.param_groups for p in group["params"]}
[name for name, p in net.named_parameters() if id(p) not in held]

# %%
# The last line names the parameters that the optimizer does not know.
# The rule for all of this: build the model, exchange what you want to exchange, move it
# to its device, and *then* build the optimizer, once.
#
# .. _optim-which:
#
# Which one, then?
# ----------------
# - Start with AdamW and a rate of 0.001. For transformers it is the usual choice, with
#   a rate that rises and falls (:ref:`schedule`).
# - SGD with momentum 0.9 is often as good for convolutional networks, if you search the
#   rate.
#   It needs half of Adam's memory.
# - L-BFGS for small smooth problems, on all data at once.
# - Muon, with AdamW for the rest, for the large matrices of large networks.
#
# .. admonition:: Then and now
#
#    - Older lessons write ``p.data.add_(-lr * p.grad.data)``, today a step stands under
#      :class:`torch.no_grad`. ``zero_grad`` filled with zeros before 2.0 and stores
#      ``None`` now.
#    - They list ten optimizers. The sheet above shows how many there are today, among
#      them AdamW, Adafactor and Muon.
#    - ``lr`` of SGD had to be given; today it is 0.001 if you say nothing.
#    - Courses write momentum as the moving average
#      :math:`v \leftarrow m v + (1 - m) g`. SGD of PyTorch *adds*, so
#      formulas and rates from such a course differ by the factor :math:`1 - m`. Others
#      put the rate into the velocity; that is the same as long as the rate stays.
#    - ``weight_decay`` of Adam was taken for weight decay until
#      `a paper of 2017 <https://arxiv.org/abs/1711.05101>`_ showed the difference.
#
# .. _optim-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _optim-ex1:
#
# Exercise 24-1: three groups
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``three_groups(parameters)``.
# From a list of three tensors it makes *one* SGD with three groups, with the rates
# 0.01, 0.02 and 0.03 and the momentums 0.9, 0.8 and 0.7, in this order.
# Return the optimizer and a list of all keys that a group has.
# Then print every key and value of the three groups.
#
# .. dropdown:: Hint
#
#    One dictionary per group.
#    Do not type the keys, ask a group for them.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def three_groups(parameters):
#           settings = zip(parameters, (0.01, 0.02, 0.03), (0.9, 0.8, 0.7))
#           optimizer = optim.SGD(
#               [{"params": [p], "lr": r, "momentum": m} for p, r, m in settings]
#           )
#           return optimizer, list(optimizer.param_groups[0])
#
#
#       optimizer, _ = three_groups([torch.zeros(2) for _ in range(3)])
#       for group in optimizer.param_groups:
#           for key, value in group.items():
#               print(key, value)


def three_groups(parameters):
    """Return an SGD with three groups, and the keys of a group."""
    ...  # your code here


eatorch.check("24-1", three_groups)

# %%
# .. _optim-ex2:
#
# Exercise 24-2: the limit of the rate
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``rate_limits(function)`` for a function of one number that is a parabola, open
# upwards, somewhere in the plane.
# Return the learning rate with which plain SGD arrives in one step, and the one beyond
# which it is thrown out.
# For ``lambda x: 4 * x**2`` that is 0.125 and 0.25.
#
# .. dropdown:: Hint
#
#    You need the second derivative, and for a parabola it is the same everywhere.
#    :ref:`autograd` derives twice with ``create_graph=True``, or with
#    :func:`torch.func.grad`.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def rate_limits(function):
#           curvature = torch.func.grad(torch.func.grad(function))(torch.tensor(1.0))
#           return 1 / curvature.item(), 2 / curvature.item()


def rate_limits(function):
    """Return the best rate and the largest bearable rate for a parabola."""
    ...  # your code here


eatorch.check("24-2", rate_limits)

# %%
# .. _optim-ex3:
#
# Exercise 24-3: 0.63 against 0.9
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# SGD with rate 0.01 walks down :math:`4x^2` from :math:`x = 2`.
# Write ``settled(momentum)``: the number of steps after which :math:`|x|` is below 0.01
# *and stays there*.
# Compare 0, 0.63 and 0.9.
# Which momentum is the best, to two decimals?
#
# .. dropdown:: Hint
#
#    ``descend`` of this lesson returns all places; 500 steps are enough up to a
#    momentum of 0.95.
#    Look for the *last* place that is too far away.
#
# .. dropdown:: Solution
#
#    0.63 settles first, and 0.9 needs more steps than no momentum at all.
#    Try ``min(range(96), key=lambda m: settled(m / 100))`` for the best.
#
#    .. code-block:: python
#
#       def settled(momentum):
#           make = partial(optim.SGD, lr=0.01, momentum=momentum)
#           far = descend(make, steps=500).abs() >= 0.01
#           return int(far.nonzero().max()) + 1


def settled(momentum):
    """Return the number of steps after which x stays close to 0."""
    ...  # your code here


eatorch.check("24-3", settled)

# %%
# .. _optim-ex4:
#
# Exercise 24-4: SGD in five lines
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# An optimizer of your own inherits from :class:`torch.optim.Optimizer` and brings a
# ``step``; groups, ``zero_grad`` and ``state_dict`` come for free.
# Write the ``step`` of plain SGD, without momentum.
# It has to respect the rate of each group, and to pass over parameters without a
# gradient.
#
# .. dropdown:: Hint
#
#    Two loops: over ``self.param_groups``, and over ``group["params"]``.
#    Change each parameter in place, unrecorded.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       class PlainSGD(optim.Optimizer):
#           def __init__(self, params, lr=0.1):
#               super().__init__(params, {"lr": lr})
#
#           @torch.no_grad()
#           def step(self):
#               for group in self.param_groups:
#                   for parameter in group["params"]:
#                       if parameter.grad is not None:
#                           parameter -= group["lr"] * parameter.grad


class PlainSGD(optim.Optimizer):
    """Gradient descent without a memory."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    ...  # your code here


eatorch.check("24-4", PlainSGD)

# %%
# .. _optim-minute:
#
# In one minute
# -------------
# - An optimizer holds the parameters themselves, in groups with settings, and a memory
#   for each. A step reads ``.grad`` and nothing else.
# - For curvature :math:`c` the best rate is :math:`1/c` and the limit :math:`2/c`.
# - Momentum adds up gradients: steady ones make steps up to :math:`1/(1 - m)` times as
#   long, changing signs cancel.
# - Adam divides by the usual size of the gradient; its first steps are as long as the
#   rate. For weight decay take AdamW.
# - L-BFGS needs a closure and all data; Muon is for hidden matrices.
# - Compare methods only after a search for the rate of each.
# - Build the optimizer last and once. Change settings in ``param_groups``, and the rate
#   after loading a state.
#
# .. _optim-next:
#
# Read next
# ---------
# - :ref:`schedule` changes the rate while you train.
# - :ref:`regular` shows what weight decay is good for.
# - :ref:`mid` for what happens when the memory is lost.
# - :ref:`save` for a checkpoint with the state of the optimizer.
