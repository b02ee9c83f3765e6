"""
.. _module:

Functions and modules
=====================

Move from loose functions to objects that own their parameters, and know what happens on
each line when you write ``self.layer = ...``.

:Level: 4
:Hours: 1
:Day: 13
:Needs: :ref:`autograd`, :ref:`mid`
:Data: 100 points near the parabola :math:`y = x^2`, made here

PyTorch offers almost every layer twice: as a function in :mod:`torch.nn.functional` and
as a class in :mod:`torch.nn`.
The class is the function plus a memory.
This lesson opens that memory: who fills it, what belongs in it, and which mistakes
leave it empty without a word.
"""

import sys

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.utils import parametrize

import eatorch

torch.set_num_threads(1)  # on tensors this small, threads cost more than they bring

# %%
# .. _module-twins:
#
# Twins
# -----
# Call each pair on the same numbers and compare.
# A function wants everything at each call.
# A class takes its settings once, when the object is made, and keeps what it learns.
# (Much code writes ``import torch.nn.functional as F``; it is the same module.)

torch.manual_seed(0)
rows, words = torch.randn(4, 6), torch.tensor([2, 0, 1])
linear, norm, table = nn.Linear(6, 3), nn.LayerNorm(6), nn.Embedding(5, 3)

# %%
# Each class stands beside what the function returns.

twins = {
    nn.ReLU(): functional.relu(rows),
    nn.GELU(): functional.gelu(rows),
    nn.MaxPool1d(2): functional.max_pool1d(rows, 2),
    linear: functional.linear(rows, linear.weight, linear.bias),
    norm: functional.layer_norm(rows, (6,), norm.weight, norm.bias),
    table: functional.embedding(words, table.weight),
}
for module, by_function in twins.items():
    by_class = module(words if module is table else rows)
    assert torch.equal(by_class, by_function)
    kept = ", ".join(name for name, _ in module.named_parameters()) or "nothing"
    print(f"{type(module).__name__:10} {by_class.flatten()[0]:8.4f}   keeps {kept}")

# %%
# Not merely close: equal to the last bit, for the class calls the function.
# The last column is the rule for choosing.
# If there is **nothing to keep**, take either; a function is shorter in ``forward``, a
# class fits into :class:`~torch.nn.Sequential`.
# If there are **parameters, running averages or a mode** for training and evaluation,
# take the class.
#
# .. _module-net:
#
# A network, loose and bound
# --------------------------
# Our task is small enough to see everything: 100 points scatter around a parabola, and
# a network with one hidden layer of ten units is to find the curve.

generator = torch.Generator().manual_seed(0)
x = torch.linspace(-1, 1, 100).unsqueeze(1)  # (point, 1)
y = x.square() + 0.05 * torch.randn(100, 1, generator=generator)  # (point, 1)


def curve(x, weight1, bias1, weight2, bias2):
    """Return the network's curve at ``x``; its parameters come from outside."""
    hidden = functional.relu(functional.linear(x, weight1, bias1))
    return functional.linear(hidden, weight2, bias2)


# %%
# It works, but somebody has to carry the four tensors around: to the optimizer, to the
# GPU, into the file, and in the right order.
# For fifty layers there would be a hundred of them.
# The class carries them itself.
# Write the layers in ``__init__`` and the path of the data in ``forward``; the rest
# comes from :class:`torch.nn.Module`.


class Curve(nn.Module):
    """A hidden layer between one number and another."""

    def __init__(self, width=10):
        super().__init__()
        self.hidden = nn.Linear(1, width)
        self.output = nn.Linear(width, 1)

    def forward(self, x):
        return self.output(functional.relu(self.hidden(x)))


# %%
# The twins agree here too.
# And the way back exists: :func:`torch.func.functional_call` runs a module with tensors
# of your choice in place of its own.

net = Curve()
loose = [parameter.detach().clone() for parameter in net.parameters()]
names = [name for name, _ in net.named_parameters()]
assert torch.equal(net(x), curve(x, *loose))
named = dict(zip(names, loose, strict=True))
assert torch.equal(net(x), functional_call(net, named, x))
print(names)
net

# %%
# .. _module-fit:
#
# Watch it fit
# ^^^^^^^^^^^^
# One line hands all parameters to the optimizer.
# On the way we keep copies of them, so that we can look back.

optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
frames = {}
for step in range(401):
    if step in (0, 5, 10, 20, 50, 400):
        frames[step] = {name: p.detach().clone() for name, p in net.named_parameters()}
    loss = functional.mse_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
# Each frame is the same module, called with the parameters of that moment.
# A unit with ReLU has one kink, so ten units bend a line in at most ten places.

fig, axes = plt.subplots(2, 3, figsize=(8, 4.2), layout="constrained")
for ax, (step, parameters) in zip(axes.flat, frames.items(), strict=True):
    fitted = functional_call(net, parameters, x).detach()
    ax.scatter(x, y, s=5, color="0.6")
    ax.plot(x, fitted, color="C1", linewidth=2)
    ax.set(title=f"after {step} steps", xlabel="x", ylabel="y", ylim=(-0.3, 1.1))
    ax.label_outer()
fig.suptitle("A broken line bends itself into a parabola")
plt.show()

# %%
# The noise has a variance of :math:`0.05^2 = 0.0025`.
# A network that knew the parabola exactly would be left with about this error, and ours
# comes near.

left_over = functional.mse_loss(net(x), y).item()
assert left_over < 2 * 0.05**2
f"{left_over:.4f}"

# %%
# .. _module-assign:
#
# What an assignment does
# -----------------------
# We never told the module which parameters it has.
# We wrote ``self.hidden = ...``, and it knew.
# Python turns such a line into a call of ``__setattr__``, and ``nn.Module`` has its
# own, which sorts what comes in.
# Three dictionaries are its drawers: one for parameters, one for *buffers*, which are
# tensors that belong to the module but are not learned, and one for child modules.
# We trace it by code: a module that reports in which drawer each value ended up.


def place_of(module, name):
    """Return the dictionary of the module that holds ``name``."""
    drawers = ("_parameters", "_buffers", "_modules")
    found = [drawer for drawer in drawers if name in vars(module)[drawer]]
    return found[0] if found else "__dict__"


class Shelf(nn.Module):
    """Report where each assignment lands."""

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        print(f"{name:7} {type(value).__name__:10} -> {place_of(self, name)}")


# %%
# Six assignments.
# Before you read the answers: which of them will an optimizer see?

shelf = Shelf()
shelf.scale = nn.Parameter(torch.ones(3))
shelf.asks = torch.ones(3, requires_grad=True)
shelf.mean = nn.Buffer(torch.zeros(3))
shelf.note = torch.zeros(3)
shelf.layer = nn.Linear(3, 2)
shelf.layers = [nn.Linear(3, 2), nn.Linear(2, 1)]
[name for name, _ in shelf.named_parameters()]

# %%
# The *type* decides, nothing else.
#
# - A :class:`~torch.nn.parameter.Parameter` goes to ``_parameters``. A plain tensor
#   does not, even if it asks for a gradient.
# - A :class:`~torch.nn.parameter.Buffer` goes to ``_buffers``. It is a tensor with a
#   mark, which is why its type reads ``Tensor``.
# - A module goes to ``_modules``.
# - Everything else stays an ordinary attribute in ``__dict__``. The list is such a
#   thing, and nobody looks inside.
#
# The picture is drawn from the object itself.

fig, axes = plt.subplots(1, 4, figsize=(8, 2.3), layout="constrained")
plain = {name: shelf.__dict__[name] for name in ("asks", "note", "layers")}
drawers = {name: vars(shelf)[name] for name in ("_parameters", "_buffers", "_modules")}
drawers["__dict__"] = plain
for ax, (drawer, held) in zip(axes, drawers.items(), strict=True):
    color = "0.5" if held is plain else "C2"
    ax.set_title(drawer, fontsize=10)
    for row, (name, value) in enumerate(held.items()):
        frame = {"boxstyle": "round", "facecolor": "none", "edgecolor": color}
        text = f"{name}\n{type(value).__name__}"
        ax.text(0.5, 0.8 - 0.34 * row, text, ha="center", va="center", bbox=frame)
    ax.set(xlim=(0, 1), ylim=(-0.1, 1), xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
fig.suptitle("What lies in three drawers is registered; the fourth is overlooked")
plt.show()

# %%
# Which code did the sorting?
# :func:`sys.setprofile` calls us at each function call, and we note those from the file
# of ``nn.Module``.


def calls_of(name, value):
    """Return the functions of that file that run when a value is assigned."""
    target, seen = nn.Module(), []
    home = nn.Module.__setattr__.__code__.co_filename

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename == home:
            seen.append(frame.f_code.co_name)

    sys.setprofile(note)
    setattr(target, name, value)
    sys.setprofile(None)
    return seen


# %%
# A parameter or a buffer is passed on to its register method, which you may also call
# yourself.
# A child module is simply put into the dictionary.
# ``remove_from`` clears the name everywhere else, and a plain tensor falls through.
# ``__getattr__`` is the way back: Python calls it for names that are not in
# ``__dict__``, and it looks into the drawers.
# Here the register methods use it to ask whether the name is taken.

values = {
    "parameter": nn.Parameter(torch.ones(1)),
    "buffer": nn.Buffer(torch.ones(1)),
    "module": nn.ReLU(),
    "tensor": torch.ones(1),
}
for name, value in values.items():
    print(f"{name:10}", " > ".join(calls_of(name, value)))

# %%
# A registered name keeps its kind.
# You may assign ``None`` to it or something of the same kind; a plain tensor, a number
# or a list is refused, which saves you from overwriting a weight with a mere result.
# (The name of a buffer takes any tensor, and it stays a buffer.)
# To change the *numbers*, write into the tensor, without a record.

with eatorch.show_error(TypeError):
    net.output.bias = torch.zeros(1)
with torch.no_grad():
    net.output.bias.add_(0.0)  # allowed: the parameter stays, its numbers may change

# %%
# .. _module-init:
#
# What the super call is for
# --------------------------
# The dictionaries have to exist before anything can be put into them.
# Making them is nearly the whole work of ``Module.__init__``, which
# ``super().__init__()`` calls.

made = vars(nn.Module())
stores = [name for name, value in made.items() if isinstance(value, dict | set)]
print(len(stores), "stores; without the hooks:")
print([name for name in stores if "hook" not in name])
made["training"]

# %%
# Older courses count eight of them.
# The number has grown with PyTorch, mostly by hooks, and may grow again; the three
# drawers have stayed.
#
# Forget the call, and the first layer finds no drawer.
# The message is clear, if you know what it means.


class Forgetful(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(3, 2)


class Sleeper(nn.Module):
    def __init__(self):
        self.width = 3  # an ordinary attribute needs no drawer

    def forward(self, x):
        return x * self.width


with eatorch.show_error(AttributeError):
    Forgetful()
with eatorch.show_error(AttributeError):
    Sleeper()(torch.ones(3))

# %%
# The second one is nastier: it is built without complaint, and the error comes at the
# first call, about a name that you never wrote.
# Whenever a message speaks of a missing ``_modules``, ``_parameters`` or
# ``_backward_hooks``, look for the missing ``super().__init__()``.
# It belongs on the first line.
#
# .. _module-lists:
#
# Parameters and layers in lists
# ------------------------------
# The plain list is the most expensive mistake of this lesson, because **nothing
# fails**.
# Here is a network whose hidden layers come in a container.
# We build it twice, once with a plain list and once with a
# :class:`~torch.nn.ModuleList`.


class Deep(nn.Module):
    """Two hidden layers in a container, and an output layer."""

    def __init__(self, container):
        super().__init__()
        self.layers = container([nn.Linear(1, 8), nn.Linear(8, 8)])
        self.output = nn.Linear(8, 1)

    def forward(self, x):
        for layer in self.layers:
            x = functional.relu(layer(x))
        return self.output(x)


# %%
# We train both for a while and ask whether the first layer has moved.

for container in (list, nn.ModuleList):
    torch.manual_seed(0)  # both begin with the same numbers
    deep = Deep(container)
    first = deep.layers[0].weight.detach().clone()
    optimizer = torch.optim.Adam(deep.parameters(), lr=0.01)
    for _ in range(100):
        optimizer.zero_grad()
        loss = functional.mse_loss(deep(x), y)
        loss.backward()
        optimizer.step()
    count = sum(p.numel() for p in deep.parameters())
    moved = not torch.equal(first, deep.layers[0].weight)
    assert moved == (container is nn.ModuleList) == (loss.item() < 0.02)
    print(f"{container.__name__:10} {count:2} numbers, loss {loss:.3f}, moved: {moved}")

# %%
# With the list nothing looks wrong: a loss, and no message.
# But only the output layer learns, so the loss stays high.
# The hidden layers are missing everywhere at once: the optimizer does not train them,
# ``to`` does not move them, ``eval`` does not reach them, and the file does not hold
# them.
# Cure: :class:`~torch.nn.ModuleList`, or :class:`~torch.nn.ModuleDict` in place of a
# dictionary.
# If *all* layers are in the list, you are lucky and the optimizer complains:

with eatorch.show_error(ValueError):
    torch.optim.SGD(nn.Module().parameters(), lr=0.1)

# %%
# For single parameters there are :class:`~torch.nn.ParameterList` and
# :class:`~torch.nn.ParameterDict`.
# They turn plain tensors into parameters as they come in.
# A polynomial is a good use: one coefficient per power.


class Polynomial(nn.Module):
    """A sum of powers of x with learned coefficients."""

    def __init__(self, degree):
        super().__init__()
        self.powers = nn.ParameterList(torch.zeros(1) for _ in range(degree + 1))
        self.scale = nn.ParameterDict({"x": torch.ones(1), "y": torch.ones(1)})

    def forward(self, x):
        terms = [c * (x * self.scale["x"]) ** k for k, c in enumerate(self.powers)]
        return self.scale["y"] * sum(terms)


polynomial = Polynomial(degree=2)
[name for name, p in polynomial.named_parameters() if p.requires_grad]

# %%
# The names show the path: attribute, then place or key.
# It learns the parabola with the same few lines as before.
# Multiplied by the scales, the coefficients should come out near 0, 0 and 1.

optimizer = torch.optim.Adam(polynomial.parameters(), lr=0.05)
for _ in range(200):
    optimizer.zero_grad()
    functional.mse_loss(polynomial(x), y).backward()
    optimizer.step()
scale_x, scale_y = polynomial.scale["x"].item(), polynomial.scale["y"].item()
learned = [c.item() * scale_x**k * scale_y for k, c in enumerate(polynomial.powers)]
assert all(abs(c - true) < 0.1 for c, true in zip(learned, (0, 0, 1), strict=True))
[f"{coefficient:.2f}" for coefficient in learned]

# %%
# One more way to lose a parameter: calculate with it before you assign it.
# The result of a calculation, and that includes ``to`` with another device or dtype, is
# a plain tensor.
# Prepare the numbers first, and wrap them last.

lost = nn.Parameter(torch.ones(3)) * 0.1
lost_too = nn.Parameter(torch.ones(3)).to(torch.float64)
kept = nn.Parameter(torch.ones(3, dtype=torch.float64) * 0.1)
assert not lost.is_leaf
[isinstance(tensor, nn.Parameter) for tensor in (lost, lost_too, kept)]

# %%
# .. _module-linear:
#
# Linear, written by yourself
# ---------------------------
# Now nothing is left to hide in :class:`~torch.nn.Linear`: two parameters and one
# function.
# ``extra_repr`` adds what is worth knowing to the printed line.


class SimpleLinear(nn.Module):
    """Multiply by a matrix and add a bias."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self):
        return f"{self.weight.shape[1]} -> {self.weight.shape[0]}"


# %%
# Since the names are the same, PyTorch's layer lends it its numbers, and the two agree.

simple = SimpleLinear(6, 3)
simple.load_state_dict(linear.state_dict())
assert torch.equal(simple(rows), linear(rows))
simple

# %%
# .. _module-buffers:
#
# Buffers: state that is not learned
# ----------------------------------
# Some numbers belong to a model although no optimizer should touch them: the mean and
# standard deviation of the training data, a mask, the running average of a norm layer.
# They have to move and be saved with the model.
# That is a *buffer*.
# There are two ways to write it, old and new, and with ``persistent=False`` it moves
# but is not saved, for what can be computed again.


class Standardise(nn.Module):
    """Bring each column to mean 0 and standard deviation 1 in the training data."""

    def __init__(self, data):
        super().__init__()
        self.register_buffer("mean", data.mean(0))
        self.deviation = nn.Buffer(data.std(0))
        self.order = nn.Buffer(torch.arange(data.shape[1]), persistent=False)

    def forward(self, x):
        return ((x - self.mean) / self.deviation)[:, self.order]


# %%
# Three questions to three kinds of state.

model = nn.Sequential(Standardise(rows), nn.Linear(6, 1))
saved, learned = model.state_dict(), dict(model.named_parameters())
print(f"{'name':13} {'learned':8} {'saved':6} after double()")
model.double()
for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
    print(f"{name:13} {name in learned!s:8} {name in saved!s:6} {tensor.dtype}")

# %%
# ``double()`` reached parameters and buffers, but left the whole numbers whole, for
# only floating-point numbers are converted.
#
# What if you write ``self.mean = data.mean(0)``, a plain tensor?
# On the CPU all goes well, until somebody moves the model to a GPU.
# We move it to the device ``meta``, which every machine has (see :ref:`tensor`).


class Forgotten(nn.Module):
    """As above, but the mean is a plain attribute."""

    def __init__(self, data):
        super().__init__()
        self.mean = data.mean(0)

    def forward(self, x):
        return x - self.mean


forgotten = Forgotten(rows).to("meta")
with eatorch.show_error(RuntimeError):
    forgotten(rows.to("meta"))
list(forgotten.state_dict())

# %%
# Two faults in one: it did not move, and it is not in the state dict.
# The second is worse: the file does not hold the mean, so whoever loads it works with
# whatever mean the new object happens to have, and no message says so.
# Cure: ``self.mean = nn.Buffer(...)``, as above.
#
# .. _module-state:
#
# The state dict
# ^^^^^^^^^^^^^^
# :meth:`~torch.nn.Module.state_dict` is a flat dictionary: parameters and persistent
# buffers, by their path.
# :meth:`~torch.nn.Module.load_state_dict` checks the names and the shapes, and tells
# you what is missing and what it does not know.
# With ``strict=False`` it takes the names that match and returns the others; shapes
# that do not fit remain an error.

with eatorch.show_error(RuntimeError, lines=6):
    net.load_state_dict({"hidden.weight": torch.ones(10, 1), "out.bias": torch.ones(1)})

# %%
# One trap lies in the word "dictionary": the tensors in it are the model's own, not
# copies.
# ``best = model.state_dict()`` follows the training and ends as the *last* state.
# Clone what you want to keep, as we did for the frames.

best = net.state_dict()
copied = {name: tensor.clone() for name, tensor in best.items()}
with torch.no_grad():
    net.output.bias += 1
    print("own:", torch.equal(best["output.bias"], net.output.bias), end=", ")
    print("copy:", torch.equal(copied["output.bias"], net.output.bias))
    net.output.bias -= 1  # put the curve right again

# %%
# .. _module-tree:
#
# A tree of modules
# -----------------
# A model is built in two steps: small modules first, then their assembly into larger
# ones.
# The result is a tree.
# This one reads texts of 200 words and says how likely each of them is praise.
# It is large enough to look around in.


class TextNet(nn.Module):
    """Embed 200 words, run two convolutions over them, decide."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10_000, 3, padding_idx=1)
        self.conv = nn.Sequential()
        self.conv.add_module("conv_1", nn.Conv1d(3, 16, kernel_size=5))
        self.conv.add_module("pool_1", nn.MaxPool1d(2))
        self.conv.add_module("relu_1", nn.ReLU())
        self.conv.add_module("conv_2", nn.Conv1d(16, 128, kernel_size=2))
        self.conv.add_module("pool_2", nn.MaxPool1d(2))
        self.conv.add_module("relu_2", nn.ReLU())
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(6144, 1), nn.Sigmoid())

    def forward(self, words):
        return self.dense(self.conv(self.embedding(words).mT))  # mT: (text, 3, word)


# %%
# Four methods walk through it.
# The *children* are one level down; the *modules* are all of them, the root included,
# whose name is empty.
# The *named* ones add the path.

text_net = TextNet()
print("children:", [type(child).__name__ for child in text_net.children()])
print("named:   ", [name for name, _ in text_net.named_children()])
print("modules: ", len(list(text_net.modules())))
print("paths:   ", [name for name, _ in text_net.named_modules()][:5], "...")
text_net.get_submodule("conv.conv_1")

# %%
# Thirteen modules, three of them children.
# Parameters are found the same way, with their paths.
# How many numbers has each?

numbers = {name: p.numel() for name, p in text_net.named_parameters()}
assert len(list(text_net.modules())) == 13
assert sum(numbers.values()) == 40_625
for name, count in numbers.items():
    print(f"{name:20} {count:6,}")

# %%
# Let us draw the tree from the module itself: one row for each module, indented by the
# number of dots in its path, with the numbers that it holds *itself*.


def label_of(module):
    """Return class and own numbers, blue if they learn and orange if frozen."""
    own = list(module.parameters(recurse=False))
    if not own:
        return type(module).__name__, "0.5"
    color = "C0" if any(p.requires_grad for p in own) else "C1"
    return f"{type(module).__name__}  {sum(p.numel() for p in own):,}", color


# %%
# A child's line starts at its parent, whose row we remember by its path.


def draw_tree(ax, model):
    """Draw the modules as an indented tree."""
    rows = {}
    for row, (path, module) in enumerate(model.named_modules()):
        parent, _, name = path.rpartition(".")
        rows[path], depth = row, path.count(".") + bool(path)
        if path:
            corner = [rows[parent] + 0.4, row, row]
            ax.plot([depth - 0.8, depth - 0.8, depth - 0.1], corner, color="0.7")
        text, color = label_of(module)
        ax.text(depth, row, f"{name or 'root'}: {text}", va="center", color=color)
    ax.set(xlim=(-0.1, 5), ylim=(len(rows) - 0.5, -0.5))
    ax.axis("off")


# %%
# .. _module-freeze:
#
# Freeze a part
# ^^^^^^^^^^^^^
# On the right the embedding is frozen, as you would do with one that was trained on far
# more text than you have.
# :meth:`~torch.nn.Module.requires_grad_`, with the underscore, reaches every parameter
# below.

fig, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
draw_tree(axes[0], text_net)
text_net.embedding.requires_grad_(False)
draw_tree(axes[1], text_net)
axes[0].set_title("as built")
axes[1].set_title("embedding frozen")
fig.suptitle("The tree of modules: blue learns, orange is frozen, grey has no numbers")
plt.show()

# %%
# Of 40,625 numbers, 30,000 are frozen.
# After a step of training, for which random words will do, they are untouched, while
# the others have moved.
# The optimizer may keep the frozen ones in its list: it skips what has no gradient.

frozen = sum(p.numel() for p in text_net.parameters() if not p.requires_grad)
assert (frozen, sum(numbers.values())) == (30_000, 40_625)
before = {name: p.detach().clone() for name, p in text_net.named_parameters()}

texts = torch.randint(10_000, (8, 200), generator=generator)  # (text, word)
praise = torch.randint(2, (8, 1), generator=generator).float()  # (text, 1)
optimizer = torch.optim.SGD(text_net.parameters(), lr=0.1)
functional.binary_cross_entropy(text_net(texts), praise).backward()
optimizer.step()
for name, p in text_net.named_parameters():
    print(f"{name:20} {'as before' if torch.equal(p, before[name]) else 'has moved'}")

# %%
# Without the underscore nothing happens.
# ``requires_grad`` is no setting of a *module*, so Python makes an ordinary attribute
# of that name, and no one reads it.

text_net.dense.requires_grad = False  # a classic mistake: no error, no effect
place_of(text_net.dense, "requires_grad"), text_net.dense[1].weight.requires_grad

# %%
# .. _module-apply:
#
# Do something everywhere
# ^^^^^^^^^^^^^^^^^^^^^^^
# :meth:`~torch.nn.Module.apply` calls your function with each module, children before
# their parent.
# Its usual work is to set the first weights.


def start_small(module):
    """Set the weights of linear layers to small random numbers, biases to zero."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)


text_net.apply(start_small)
visited = []
net.apply(lambda module: visited.append(type(module).__name__))
assert text_net.dense[1].bias.item() == 0
assert text_net.dense[1].weight.abs().max() < 0.1
visited

# %%
# .. _module-mode:
#
# Training and evaluation
# -----------------------
# ``net.train()`` and ``net.eval()`` do one thing: they set the flag ``training`` of
# each module in the tree.
# Whether anybody reads it is another question.
# Dropout does, and so do the batch norms; most modules do not.
#
# Here a function and its class part ways.
# ``functional.dropout`` is a function, it belongs to no tree, and unless you tell it
# otherwise it *always* trains.


class Careless(nn.Module):
    def forward(self, x):
        return functional.dropout(x, 0.5)


class Careful(nn.Module):
    def forward(self, x):
        return functional.dropout(x, 0.5, training=self.training)


ones = torch.ones(1000)
for module in (nn.Dropout(0.5), Careless(), Careful()):
    module.eval()
    dropped = (module(ones) == 0).float().mean()
    name = type(module).__name__
    print(f"{name:9} drops {dropped:3.0%} of the numbers in evaluation")

# %%
# Three things are often taken for one.
# The *mode* changes what some layers compute.
# ``no_grad`` changes whether a record is written.
# Freezing changes which parameters ask for a gradient.
# None implies another: a frozen batch norm in training mode goes on changing its
# running mean, because that is a buffer.

batch_norm = nn.BatchNorm1d(6).requires_grad_(False)
running = batch_norm.running_mean.clone()
batch_norm(rows)
print("frozen, in training: the running mean moved:", end=" ")
print(not torch.equal(batch_norm.running_mean, running))
running = batch_norm.running_mean.clone()
batch_norm.eval()(rows)
print("frozen, in evaluation:                      ", end=" ")
print(not torch.equal(batch_norm.running_mean, running))
net.eval()(x).requires_grad  # evaluation mode, and yet a record

# %%
# .. _module-call:
#
# Call the module, not forward
# ----------------------------
# You write ``forward``, but you call ``net(x)``.
# ``Module.__call__`` runs the hooks and, between them, ``forward``.
# Whoever calls ``forward`` directly gets the same numbers and skips the hooks of that
# module.

heard = []
handle = net.register_forward_hook(lambda *_: heard.append("hook"))
by_call, after_call = net(x), len(heard)
by_forward, after_forward = net.forward(x), len(heard)
handle.remove()
assert torch.equal(by_call, by_forward)
after_call, after_forward

# %%
# The hook heard one call of two.
# Hooks are how tools listen in: :func:`eatorch.summary` learns the shapes from them,
# and the pruning tools of :mod:`torch.nn.utils.prune` prepare the weight in one.
# With ``forward`` they go deaf, and no message tells you.
#
# The most common message about ``forward`` has a simple cause: the method is missing,
# misspelt, or indented one step too far.
# A ``ModuleList`` has none by design: it keeps layers, and does not know in which order
# you want to call them.


class Misspelt(nn.Module):
    def foward(self, x):
        return x


for module in (Misspelt(), nn.ModuleList([nn.ReLU()])):
    with eatorch.show_error(NotImplementedError):
        module(rows)

# %%
# .. _module-shared:
#
# One module in two places
# ------------------------
# Nothing forbids using a layer twice; its gradient is then the sum of both uses.
# ``parameters()`` and ``modules()`` count it once.
# The state dict lists it under both names, and if you count there, you count twice.


class Echo(nn.Module):
    """The same layer, before and after a ReLU."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = self.first

    def forward(self, x):
        return self.second(functional.relu(self.first(x)))


echo = Echo()
once = sum(p.numel() for p in echo.parameters())
twice = sum(tensor.numel() for tensor in echo.state_dict().values())
assert twice == 2 * once
both = [name for name, _ in echo.named_modules(remove_duplicate=False)]
once, twice, [name for name, _ in echo.named_modules()], both

# %%
# .. _module-parametrize:
#
# A weight with a rule
# --------------------
# Sometimes a weight has to stay symmetric, orthogonal or positive.
# Repairing it after each step is clumsy.
# A *parametrisation* is a module that makes the weight from a free parameter each time
# it is read.

torch.manual_seed(1)


class Symmetric(nn.Module):
    """Mirror the upper triangle into the lower one."""

    def forward(self, weight):
        return weight.triu() + weight.triu(1).mT


square = nn.Linear(6, 6, bias=False)
looks = {"free": square.weight.detach().clone()}
parametrize.register_parametrization(square, "weight", Symmetric())
looks["with the rule"] = square.weight.detach()
type(square).__name__, list(square.state_dict())

# %%
# The layer has changed its class, and the free numbers live under a longer name, which
# you meet again in the state dict.
# Then we train it to a target that is *not* symmetric.

target = torch.randn(6, 6) / 2
optimizer = torch.optim.SGD(square.parameters(), lr=0.3)
for _ in range(100):
    optimizer.zero_grad()
    (square.weight - target).square().sum().backward()
    optimizer.step()
looks["after training"] = square.weight.detach()
nearest = (target + target.mT) / 2
assert torch.equal(square.weight, square.weight.mT)
assert torch.allclose(square.weight, nearest, atol=1e-3)

# %%
# It ends at the symmetric matrix nearest to the target, and was symmetric at each step.

fig, axes = plt.subplots(1, 3, figsize=(7, 2.7), layout="constrained")
for ax, (name, weight) in zip(axes, looks.items(), strict=True):
    cells = ax.imshow(weight.numpy(), cmap="RdBu", vmin=-1, vmax=1)
    ax.set(title=name, xlabel="input", ylabel="output", xticks=[], yticks=[])
fig.colorbar(cells, ax=axes, label="weight", extend="both")
fig.suptitle("The rule holds from the moment it is registered, also in training")
plt.show()

# %%
# :func:`~torch.nn.utils.parametrize.remove_parametrizations` makes an ordinary weight
# of it again.
# Ready-made rules are :func:`~torch.nn.utils.parametrizations.orthogonal`,
# :func:`~torch.nn.utils.parametrizations.spectral_norm` and
# :func:`~torch.nn.utils.parametrizations.weight_norm`.
#
# .. admonition:: Then and now
#
#    - Older courses write ``super(Net, self).__init__()``; Python 3 needs no arguments.
#    - They wrap data into ``Variable`` and set weights by ``weight.data.fill_()``;
#      today tensors do without the wrapper, and :mod:`torch.nn.init` sets the numbers,
#      or an in-place operation under ``no_grad``.
#    - They animate the fit with ``plt.ion()``; frames in one figure can be read at
#      leisure.
#    - ``nn.Buffer`` came with PyTorch 2.5; before, ``register_buffer`` was the only
#      way, and it still works.
#    - ``torch.nn.utils.weight_norm`` works by a hook and is deprecated; its successor
#      of the same name in :mod:`torch.nn.utils.parametrizations` is a parametrisation.
#    - A classifier such as ``TextNet`` now ends without the sigmoid, which has moved
#      into the loss; :ref:`mid` shows why.
#
# .. _module-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _module-ex1:
#
# Exercise 15-1: watch the drawer fill
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# When does ``_modules`` fill?
# Others find out by stepping through with a debugger; you write it down by code.
# ``filling(net_class)`` builds a ``net_class()`` and returns a list with one pair for
# each assignment ``self.name = value`` on it: the name, and the list of the names that
# are in its ``_modules`` right after.
# For ``Curve`` that is ``[("hidden", ["hidden"]), ("output", ["hidden", "output"])]``.
#
# .. dropdown:: Hint
#
#    Make a subclass of ``net_class`` inside the function, with a ``__setattr__`` like
#    that of ``Shelf``.
#    A dictionary changes later; a list made from it does not.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def filling(net_class):
#           steps = []
#
#           class Traced(net_class):
#               def __setattr__(self, name, value):
#                   super().__setattr__(name, value)
#                   steps.append((name, list(self._modules)))
#
#           Traced()
#           return steps


def filling(net_class):
    """Return the name of each assignment and what ``_modules`` then holds."""
    ...  # your code here


eatorch.check("15-1", filling)

# %%
# .. _module-ex2:
#
# Exercise 15-2: your own Linear
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``OwnLinear(inputs, outputs, bias=True)`` so that nobody can tell it from
# :class:`~torch.nn.Linear`: with the same seed it has the same numbers, and the state
# dict of the one fits the other.
# PyTorch draws the weight first and then the bias, both evenly between
# :math:`-1/\sqrt{\text{inputs}}` and :math:`1/\sqrt{\text{inputs}}`.
# With ``bias=False`` the attribute ``bias`` is there and is ``None``.
#
# .. dropdown:: Hint
#
#    Make the tensor with :func:`torch.empty`, wrap it, and fill it with
#    :func:`torch.nn.init.uniform_`.
#    Look at the shape of ``linear.weight``.
#    ``functional.linear`` takes ``None`` for a bias.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       class OwnLinear(nn.Module):
#           def __init__(self, inputs, outputs, bias=True):
#               super().__init__()
#               bound = inputs**-0.5
#               self.weight = nn.Parameter(torch.empty(outputs, inputs))
#               nn.init.uniform_(self.weight, -bound, bound)
#               if bias:
#                   self.bias = nn.Parameter(torch.empty(outputs))
#                   nn.init.uniform_(self.bias, -bound, bound)
#               else:
#                   self.register_parameter("bias", None)
#
#           def forward(self, x):
#               return functional.linear(x, self.weight, self.bias)


class OwnLinear(nn.Module):
    """Multiply by a matrix and add a bias, as ``nn.Linear`` does."""

    ...  # your code here


eatorch.check("15-2", OwnLinear)

# %%
# .. _module-ex3:
#
# Exercise 15-3: freeze and count
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``freeze(net, path)``: it freezes the module at ``path``, such as ``"conv"`` or
# ``"conv.conv_1"``, and returns how many numbers of the whole net are frozen and how
# many there are, as ``(frozen, total)``.
# Beware: a net may have a ``conv`` and a ``conv_last``, it may be frozen in part
# already, and it may share a layer.
#
# .. dropdown:: Hint
#
#    A beginning of a name is not a path.
#    The net can hand out the module that you want; then you need no names at all.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def freeze(net, path):
#           net.get_submodule(path).requires_grad_(False)
#           total = sum(p.numel() for p in net.parameters())
#           frozen = sum(p.numel() for p in net.parameters() if not p.requires_grad)
#           return frozen, total


def freeze(net, path):
    """Freeze the module at ``path``; return the numbers frozen, and all of them."""
    ...  # your code here


eatorch.check("15-3", freeze)

# %%
# .. _module-ex4:
#
# Exercise 15-4: the missing super call
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Seven classes made from :class:`torch.nn.Module`.
# Each has a body as in the list, and ``layer`` stands for ``nn.Linear(2, 3)``, which
# holds 9 numbers.
# For each, build the object and count the numbers in ``parameters()``: what comes out,
# or is it ``"error"``?
#
# .. code-block:: python
#
#    def __init__(self): super().__init__(); self.layer = layer  # 1
#    def __init__(self): self.layer = layer  # 2
#    def __init__(self): self.layer = layer; super().__init__()  # 3
#    def __init__(self): self.width = 3; super().__init__(); self.layer = layer  # 4
#    def __init__(self): super().__init__; self.layer = layer  # 5
#    def __init__(self): super().__init__(); self.layer = layer; super().__init__()  # 6
#    layer = layer  # 7: in the class itself, without an __init__
#
# Answer with a list of seven entries, whole numbers or ``"error"``.
# Decide first, then try them.
#
# .. dropdown:: Hint
#
#    ``super().__init__()`` makes *new, empty* drawers each time it runs.
#    And ``__setattr__`` of an object sees only what is assigned to that object.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       counts = [
#           9,  # drawers first, then the layer
#           "error",  # no drawer for the layer
#           "error",  # it comes too late
#           9,  # a plain number needs no drawer
#           "error",  # named, but not called: the brackets are missing
#           0,  # the second call makes the drawers new and empty
#           0,  # an attribute of the class: no object was assigned anything
#       ]

counts = ...  # your code here

eatorch.check("15-4", counts)

# %%
# .. _module-summary:
#
# In one minute
# -------------
# - A module is a function with a memory; without anything to remember, the function
#   will do.
# - ``self.name = value`` is sorted by type: ``Parameter``, ``Buffer`` and ``Module``
#   are registered, all else is not. The drawers come from ``super().__init__()``.
# - Registered means: moved, saved, switched between training and evaluation, and, for
#   parameters, found by the optimizer. Lists of layers go into ``ModuleList``.
# - What is learned is a parameter; what belongs to the model and is not learned is a
#   buffer.
# - Freeze with ``requires_grad_(False)``. Freezing, ``eval`` and ``no_grad`` are three
#   different things.
# - Call ``net(x)``, never ``net.forward(x)``, and clone a state dict that is to last.
#
# .. _module-next:
#
# Read next
# ---------
# - :ref:`data` feeds such a module, batch by batch.
# - :ref:`conv` and :ref:`norm` look at what the layers compute.
# - :ref:`mid` puts module, loss and optimizer together into a training loop.
