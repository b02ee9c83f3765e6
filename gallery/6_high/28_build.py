"""
.. _build:

Three ways to build a model
===========================

Write one network in seven spellings with the same output to the last bit, and know
which of them will still load today's file next year.

:Level: 4
:Hours: 1
:Day: 18
:Needs: :ref:`module`, :ref:`conv`
:Data: none, only random numbers in the shape of pictures

There are three ways to make a model of layers: line them up in a
:class:`~torch.nn.Sequential`, write a class of your own, or mix the two, with
containers inside a class.
They compute the same.
What differs is what you may do later: name a layer, change it, skip it, share it, load
an old file into it.
:ref:`module` opened a single module; now we put many together.
"""

import copy
from collections import OrderedDict

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional

import eatorch
from eatorch.drawings import draw_flow

torch.set_num_threads(1)  # on tensors this small, threads cost more than they bring

# %%
# .. _build-seven:
#
# One net, seven spellings
# ------------------------
# The net is small: one convolution and two linear layers for grey pictures of 8 x 8
# pixels and ten classes.
# Its **first way** is a line: what leaves one layer enters the next.
# :class:`~torch.nn.Sequential` needs nothing but the layers, in order, and numbers them
# from 0.


def in_a_line():
    """Spelling 1: layers as arguments."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )


pictures = torch.randn(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
report = eatorch.summary(in_a_line(), pictures)
draw_flow(report).set_title("Seven layers in a line, and the shape after each")
plt.show()

# %%
# Where does the 128 come from?
# From the shape in the picture: 8 maps of 4 x 4 cells.
#
# Numbers say little in an error or in a file.
# An :class:`~collections.OrderedDict` gives names.


def with_names():
    """Spelling 2: names and layers."""
    layers = OrderedDict()
    layers["conv"] = nn.Conv2d(1, 8, 3, padding=1)
    layers["relu1"] = nn.ReLU()
    layers["pool"] = nn.MaxPool2d(2)
    layers["flat"] = nn.Flatten()
    layers["hidden"] = nn.Linear(128, 32)
    layers["relu2"] = nn.ReLU()
    layers["output"] = nn.Linear(32, 10)
    return nn.Sequential(layers)


# %%
# And ``add_module`` adds one layer at a time, which is handy when a loop or an ``if``
# decides what comes next.


def one_by_one():
    """Spelling 3: an empty line that grows."""
    net = nn.Sequential()
    for name, layer in with_names().named_children():
        net.add_module(name, layer)
    return net


# %%
# It has to be an ``OrderedDict``.
# A plain dictionary or a list is taken for a single layer and refused; put a star
# before a list to hand over its members.

for wrong in ({"conv": nn.Conv2d(1, 8, 3)}, [nn.Conv2d(1, 8, 3)]):
    with eatorch.show_error(TypeError):
        nn.Sequential(wrong)
nn.Sequential(*[nn.Conv2d(1, 8, 3)])

# %%
# The **second way** is a class: the layers in ``__init__``, the path of the data in
# ``forward``.
# You write more, and in return the path is yours: it is ordinary Python.


class Attributes(nn.Module):
    """Spelling 4: each layer an attribute, the path in forward."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.hidden = nn.Linear(128, 32)
        self.output = nn.Linear(32, 10)

    def forward(self, x):
        x = functional.max_pool2d(self.conv(x).relu(), 2)
        x = self.hidden(x.flatten(1)).relu()
        return self.output(x)


# %%
# The **third way** is a class with containers.
# The usual one groups what runs straight into blocks; ``forward`` only tells how the
# blocks are connected.


class Blocks(nn.Module):
    """Spelling 5: lines inside a class."""

    def __init__(self):
        super().__init__()
        conv = nn.Conv2d(1, 8, 3, padding=1)
        self.features = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


# %%
# A :class:`~torch.nn.ModuleList` is a list of layers, a
# :class:`~torch.nn.ModuleDict` a dictionary.
# Neither has a ``forward``: they keep layers, and you say when to call them.


class Listed(nn.Module):
    """Spelling 6: a list, walked through by forward."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(in_a_line())

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


# %%
# With a dictionary, ``forward`` picks by name.


class Keyed(nn.Module):
    """Spelling 7: a dictionary, from which forward picks by name."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict(with_names().named_children())

    def forward(self, x):
        for name in ("conv", "relu1", "pool", "flat", "hidden", "relu2", "output"):
            x = self.layers[name](x)
        return x


# %%
# Now the test.
# A layer draws its first weights when it is *made*.
# All seven make the three layers with weights in the same order, so one seed must give
# seven equal nets.

spellings = (in_a_line, with_names, one_by_one, Attributes, Blocks, Listed, Keyed)
nets = {}
for build in spellings:
    torch.manual_seed(0)
    nets[build.__name__] = build()
outputs = [net(pictures) for net in nets.values()]
assert all(torch.equal(output, outputs[0]) for output in outputs)
for name, net in nets.items():
    weights = [key for key in net.state_dict() if key.endswith("weight")]
    print(f"{name:10}", *(f"{key:22}" for key in weights))

# %%
# Equal to the last bit.
# Only the *names* differ, and the names are the path from the model down to the number.
# They look like a detail until you have a file.
#
# .. _build-names:
#
# Names are a promise
# -------------------
# A saved model is a dictionary of names and tensors.
# Put the same seven layers into blocks, and yesterday's file no longer fits.

state = nets["Attributes"].state_dict()
torch.manual_seed(1)
moved = Blocks()
with eatorch.show_error(RuntimeError, lines=7):
    moved.load_state_dict(state)

# %%
# The numbers are all there, under other names.
# So rename them.
# (``strict=False`` would silence the error and load *nothing*: no name fits.)

nothing = moved.load_state_dict(state, strict=False)
assert len(nothing.missing_keys) == len(state)
new_names = {"conv": "features.0", "hidden": "head.0", "output": "head.2"}
renamed = {}
for name, tensor in state.items():
    layer, _, kind = name.rpartition(".")
    renamed[f"{new_names[layer]}.{kind}"] = tensor
moved.load_state_dict(renamed)
assert torch.equal(moved(pictures), outputs[0])
print(*renamed, sep="\n")

# %%
# Tempting and dangerous is to pair the two dictionaries by *position*: it works only
# while both classes make their layers in the same order, and where two layers have the
# same shape nobody notices when they do not.
#
# .. _build-shift:
#
# Numbers shift
# ^^^^^^^^^^^^^
# A common way to break a file is one more layer in a numbered line.
# A ``Sequential`` can be changed like a list, and then it counts anew.

line = nets["in_a_line"]
before = line.state_dict()
line.insert(1, nn.BatchNorm2d(8))  # also: append, extend, pop, del line[1]
with eatorch.show_error(RuntimeError, lines=7):
    line.load_state_dict(before)
del line[1]
line.load_state_dict(before)

# %%
# Everything behind the new layer has moved up by one, ``4`` to ``5`` and ``6`` to
# ``7``.
# A layer *without* weights shifts the names as well, so even one more
# :class:`~torch.nn.Dropout` breaks the file.
# Named layers stay where they are: give names to what you will save.
#
# Names have rules, too.
# A dot would look like a path, and an attribute of the class is taken.
# But a plain assignment is *not* refused.
# Below, the layer called ``train`` is registered, and yet ``hidden.train`` is still the
# method of the class: the layer cannot be reached by its name.

for name in ("conv.1", "keys"):
    with eatorch.show_error(KeyError):
        nn.ModuleDict({name: nn.ReLU()})
hidden = nn.Module()
hidden.train = nn.Linear(2, 2)
with eatorch.show_error(ValueError):
    hidden.train(torch.ones(1, 2))
list(hidden.state_dict())

# %%
# .. _build-slice:
#
# A slice is no copy
# ^^^^^^^^^^^^^^^^^^
# Indexing takes a layer out of a line and slicing a shorter line: the quick way to cut
# off a head and look at the features.
# The layers are the same objects, so what you do to the slice happens to the net.

line = nets["in_a_line"]
features = line[:4]
assert features[0] is line[0]
own = copy.deepcopy(features)
with torch.no_grad():
    features[0].bias.fill_(5.0)
assert line[0].bias.unique().item() == 5
assert not torch.equal(own[0].bias, line[0].bias)
features(pictures).shape, line[-1]

# %%
# .. _build-beyond:
#
# What a line cannot do
# ---------------------
# A line has one input and one output and no way round a layer.
# Two inputs fail at once:

with eatorch.show_error(TypeError):
    line(pictures, pictures)

# %%
# The answer is rarely to give up the line.
# Put the one thing that does not run straight into a small module of its own, and the
# rest stays a line.
# Here are two that you will write again and again: a way round a block, and a window
# that lets you see what passes.


class Residual(nn.Module):
    """Add what goes into a block to what comes out of it."""

    def __init__(self, *layers):
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.body(x)


class Peek(nn.Module):
    """Print a summary of what passes, and pass it on unchanged."""

    def forward(self, x):
        print(f"{tuple(x.shape)!s:13} mean {x.mean():5.2f}  spread {x.std():.2f}")
        return x


# %%
# In a class you would write ``print`` into ``forward``.
# Both are allowed: it is Python, and it runs when the data come by.

torch.manual_seed(0)
straight = nn.Sequential(
    nn.Flatten(),
    nn.Linear(64, 32),
    Peek(),
    Residual(nn.Linear(32, 32), nn.ReLU()),
    Peek(),
)
straight(pictures).shape

# %%
# .. _build-branch:
#
# Branches and loops
# ^^^^^^^^^^^^^^^^^^
# For an ``if`` or a loop you need a class.
# This one drops whole blocks by chance while it trains, a trick called *stochastic
# depth*; in evaluation it uses all of them.
# (The published recipe also scales the blocks then; we leave that out.)


class RandomDepth(nn.Module):
    """Residual blocks, each of which is skipped by chance in training."""

    def __init__(self, width, blocks, skip=0.5):
        super().__init__()
        made = (Residual(nn.Linear(width, width), nn.Tanh()) for _ in range(blocks))
        self.blocks, self.skip = nn.ModuleList(made), skip

    def forward(self, x):
        self.used = []
        for number, block in enumerate(self.blocks):
            if self.training and torch.rand(()) < self.skip:
                continue
            x = block(x)
            self.used.append(number)
        return x


# %%
# What happens to the layers that were passed by?
# The graph holds only what ran (:ref:`graph`), so they get *no* gradient: ``None``, not
# zero, and the optimizer leaves them alone.

torch.manual_seed(2)
deep = RandomDepth(width=4, blocks=6)
deep(torch.randn(3, 4)).sum().backward()
learned = [n for n, b in enumerate(deep.blocks) if b.body[0].weight.grad is not None]
assert learned == deep.used
assert 0 < len(learned) < 6
print("used in training:  ", deep.used)
deep.eval()(torch.randn(3, 4))
print("used in evaluation:", deep.used)

# %%
# An ``if`` decides once for the whole batch.
# Asked about each row, it cannot answer:

x = torch.tensor([[1.0], [-2.0]])
with eatorch.show_error(RuntimeError):
    x if x > 0 else 0.1 * x
torch.where(x > 0, x, 0.1 * x)  # a choice for each number

# %%
# .. _build-share:
#
# Sharing weights
# ---------------
# One layer used twice is the simplest kind of sharing; :ref:`module` counts it.
# It also happens by accident, when a list of layers is made.
# Here are three ways to ask for three layers; look at how many numbers there are to
# learn:

torch.manual_seed(0)
layer = nn.Linear(4, 4, bias=False)
repeated = {
    "[layer] * 3": [layer] * 3,
    "three deep copies": [copy.deepcopy(layer) for _ in range(3)],
    "three new layers": [nn.Linear(4, 4, bias=False) for _ in range(3)],
}
stacks = {name: nn.Sequential(*layers) for name, layers in repeated.items()}
x = torch.randn(8, 4)
for name, stack in stacks.items():
    stack(x).square().mean().backward()
    torch.optim.SGD(stack.parameters(), lr=2.0).step()
    print(f"{name:18} {sum(p.numel() for p in stack.parameters())} numbers")

# %%
# Look at the weights after one step of training.

fig, panels = plt.subplots(3, 3, figsize=(6, 5), layout="constrained")
for line_of, (name, stack) in zip(panels, stacks.items(), strict=True):
    for number, (ax, layer) in enumerate(zip(line_of, stack, strict=True)):
        weight = layer.weight.detach()
        image = ax.imshow(weight, cmap="RdBu", vmin=-0.6, vmax=0.6)
        ax.set(xticks=[], yticks=[], xlabel=f"layer {number}: input")
    line_of[0].set_ylabel(f"{name}\noutput")
fig.colorbar(image, ax=panels, label="weight", extend="both")
fig.suptitle("One layer three times, three that began alike, three of their own")
plt.show()
first, second, _ = stacks["[layer] * 3"]
assert first is second
first, second, _ = stacks["three deep copies"]
assert not torch.equal(first.weight, second.weight)

# %%
# Above there is one layer in three places.
# In the middle are three layers that began with equal numbers and drifted apart.
# Below are three that were drawn separately, which is what you nearly always
# want.
# ``nn.TransformerEncoder`` is built the second way: its layers are deep copies of one.
#
# .. _build-tie:
#
# Tie two layers
# ^^^^^^^^^^^^^^
# Layers of different kinds can share as well.
# A language model turns words into vectors and, at the end, vectors into scores for
# words: two tables of one shape, and often one and the same.
# Assign the *parameter*, not its numbers.


class Tied(nn.Module):
    """Words to vectors and back, with one table for both."""

    def __init__(self, words, width):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.scores = nn.Linear(width, words, bias=False)
        self.scores.weight = self.embed.weight

    def forward(self, x):
        return self.scores(self.embed(x))


tied = Tied(words=1000, width=16)
tied.scores.weight is tied.embed.weight, sum(p.numel() for p in tied.parameters())

# %%
# 16,000 numbers instead of 32,000.
# What does a tie survive?
# We ask the model itself, after each of five things that are done to models.

saved = tied.state_dict()
loaded, assigned = Tied(1000, 16), Tied(1000, 16)
loaded.load_state_dict(saved)
assigned.load_state_dict(saved, assign=True)
fates = {
    "deepcopy": copy.deepcopy(tied),
    "load_state_dict": loaded,
    "load_state_dict(assign=True)": assigned,
    "double()": copy.deepcopy(tied).double(),
    'to("meta")': copy.deepcopy(tied).to("meta"),
}
held = {name: net.scores.weight is net.embed.weight for name, net in fates.items()}
assert list(held.values()) == [True, True, False, True, False]
held

# %%
# Two of them cut it without a word, and from then on the tables go apart in training.
# After ``assign=True``, and after a trip to ``meta`` (where a model has shapes but no
# numbers), tie again.
# And note what the state dict holds: the shared table under *both* names.
# Should the two ever differ, the last one loaded wins.
#
# .. _build-containers:
#
# Which containers count
# ----------------------
# That layers in a plain list are overlooked you have seen in :ref:`module`.
# Here is the full account: each way to hold a layer, five questions, answered by
# asking.


def hold(container):
    """Return a module that holds a dropout and a linear layer in a container."""
    net, layers = nn.Module(), {"drop": nn.Dropout(), "linear": nn.Linear(2, 2)}
    if container is nn.Sequential:
        net.held = container(*layers.values())
    else:
        named = container in (dict, nn.ModuleDict)
        net.held = container(layers if named else layers.values())
    return net


# %%
# Is a container a layer itself?


def can_run(held):
    """Tell whether a container is a layer itself."""
    try:
        held(torch.ones(1, 2))
    except (TypeError, NotImplementedError):
        return False
    return True


# %%
# Now the questions.


def answers(container):
    """Say what reaches the layers in a container."""
    net = hold(container)
    held = list(net.held.values() if hasattr(net.held, "values") else net.held)
    runs = can_run(net.held)
    net.eval().to("meta")
    return {
        "found by\nparameters()": bool(list(net.parameters())),
        "saved in the\nstate dict": bool(net.state_dict()),
        "moved\nby to()": held[1].weight.is_meta,
        "switched\nby eval()": not held[0].training,
        "can be\ncalled": runs,
    }


# %%
# Filled means yes.

kinds = (list, tuple, dict, nn.ModuleList, nn.ModuleDict, nn.Sequential)
table = {kind.__name__: answers(kind) for kind in kinds}
fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
for row, found in enumerate(table.values()):
    for column, yes in enumerate(found.values()):
        face = "C2" if yes else "none"
        ax.scatter(column, row, s=160, facecolor=face, edgecolor="C2" if yes else "0.5")
ax.set(ylim=(5.5, -0.5), xlim=(-0.5, 4.5), xlabel="question", ylabel="held in a")
ax.set_yticks(range(6), table)
ax.set_xticks(range(5), next(iter(table.values())))
ax.set_title("PyTorch sees its own containers and looks into no other")
plt.show()
assert [sum(found.values()) for found in table.values()] == [0, 0, 0, 4, 4, 5]

# %%
# A list *inside* a ``ModuleList`` is refused, so nest the containers instead.
# A ``ModuleDict`` is the right one where a word chooses the layer:


class Chooser(nn.Module):
    """A layer with an activation of your choice."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.bend = nn.ModuleDict({"relu": nn.ReLU(), "prelu": nn.PReLU()})

    def forward(self, x, bend="relu"):
        return self.bend[bend](self.linear(x))


chooser = Chooser()
chooser(torch.ones(1, 3), "prelu").shape, list(chooser.state_dict())

# %%
# .. _build-assign:
#
# Put your own numbers in
# -----------------------
# Sometimes you know the weights: from a formula, a paper, another program.
# A parameter may be written to, only not on the record.

edge = nn.Conv2d(1, 1, 3, bias=False)
kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
with eatorch.show_error(RuntimeError):
    edge.weight.copy_(kernel)  # the shape would fit: (1, 1, 3, 3)
with torch.no_grad():
    edge.weight.copy_(kernel)
ramp = torch.arange(5.0).expand(1, 1, 5, 5)
edge(ramp).unique()

# %%
# The ramp rises by 1 from column to column, and the kernel answers 8 everywhere.
#
# The other way, a *new* parameter under the old name, is legal and a trap: the
# optimizer was given the old one and goes on holding it.


def moves(change):
    """Tell whether a step still moves the weight after a change to it."""
    net = nn.Linear(2, 1, bias=False)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    change(net)
    before = net.weight.detach().clone()
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return not torch.equal(before, net.weight)


def overwrite(net):
    nn.init.ones_(net.weight)  # does its work under no_grad


def replace(net):
    net.weight = nn.Parameter(torch.ones(1, 2))


moves(overwrite), moves(replace)

# %%
# No error, and no learning.
# Replace parameters and layers *before* you make the optimizer.
# The same holds for a layer that is made in ``forward``: it is new at each call, drawn
# afresh, and no optimizer knows it.


class Fickle(nn.Module):
    def forward(self, x):
        return nn.Linear(2, 1)(x)  # a classic mistake: made in forward


fickle = Fickle()
same = torch.equal(fickle(torch.ones(1, 2)), fickle(torch.ones(1, 2)))
same, list(fickle.parameters())

# %%
# .. _build-alexnet:
#
# A large one from a plan
# -----------------------
# AlexNet won a contest of picture recognition in 2012 and began an era.
# We build the one-column variant that later libraries ship.
# Its convolutions follow a scheme, so we write down the *plan* and let a loop do the
# building.


def from_plan(plan, channels=3):
    """Build convolutions and pools; each step is "pool" or four numbers."""
    layers = []
    for step in plan:
        if step == "pool":
            layers.append(nn.MaxPool2d(3, stride=2))
        else:
            maps, size, stride, padding = step
            layers += [nn.Conv2d(channels, maps, size, stride, padding), nn.ReLU()]
            channels = maps
    return nn.Sequential(*layers)


first = [(64, 11, 4, 2), "pool", (192, 5, 1, 2), "pool"]
plan = [*first, (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1), "pool"]

# %%
# The class is spelling 5, two blocks.
# We build it on the device ``meta``: it has all shapes and not a single number, so that
# even a giant is made at once.


class AlexNet(nn.Module):
    """The picture classifier of 2012, in one column."""

    def __init__(self, classes=1000):
        super().__init__()
        self.features = from_plan(plan)
        hidden = [nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU()]
        hidden += [nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU()]
        self.classifier = nn.Sequential(*hidden, nn.Linear(4096, classes))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


# %%
# Now ``meta`` and a picture of the usual size.

with torch.device("meta"):
    alexnet = AlexNet()
    photo = torch.empty(1, 3, 224, 224)
count = sum(p.numel() for p in alexnet.parameters())
assert count == 61_100_840
assert alexnet(photo).shape == (1, 1000)
print(f"{count:,} numbers, {4 * count / 1e6:.0f} MB if they were there")

# %%
# A line can be walked layer by layer, which gives a table of the whole net.
# *Work* counts the multiplications of one picture: each number of a kernel is used at
# every place of the output map.

rows, x = [], photo
for layer in (*alexnet.features, nn.Flatten(), *alexnet.classifier):
    x = layer(x)
    if (weight := getattr(layer, "weight", None)) is None:
        continue
    places = x[0, 0].numel()
    rows.append((type(layer).__name__, weight.numel(), weight.numel() * places))
    name, numbers, work = rows[-1]
    print(f"{name:7} {tuple(x.shape)!s:17} {numbers:11,} weights {work:12,} products")

# %%
# Where are the numbers, and where is the work?

names = [f"{name.lower()} {n}" for n, (name, _, _) in enumerate(rows, start=1)]
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
shares = {}
for ax, column, label in zip(axes, (1, 2), ("weights", "products"), strict=True):
    values = torch.tensor([row[column] for row in rows]) / 1e6
    colours = ["C0" if row[0] == "Conv2d" else "C1" for row in rows]
    ax.barh(names, values, color=colours)
    ax.set(xlabel=f"{label} (millions)")
    shares[label] = round((values[:5].sum() / values.sum()).item(), 2)
axes[0].invert_yaxis()
axes[0].set_ylabel("layer")
fig.suptitle("The linear layers hold the numbers, the convolutions do the work")
plt.show()
assert shares == {"weights": 0.04, "products": 0.92}
shares  # of the convolutions

# %%
# The five convolutions hold 4 % of the weights and do 92 % of the work.
# So a file's size tells you little about a model's speed, and later nets saved most of
# their numbers by leaving out the large linear layers.
#
# .. _build-choose:
#
# Which way when
# --------------
# .. list-table::
#    :header-rows: 1
#
#    * - You have
#      - Take
#      - Because
#    * - a straight path, a quick try
#      - ``Sequential``
#      - nothing to write, nothing to forget
#    * - a straight path that will be saved
#      - ``Sequential`` with an ``OrderedDict``
#      - names survive when a layer is added
#    * - several inputs, a way round, a branch, a loop
#      - a class
#      - ``forward`` is Python
#    * - blocks that repeat
#      - a class for the block, ``ModuleList`` or ``Sequential`` around it
#      - one place to change
#    * - layers chosen by a word
#      - ``ModuleDict``
#      - a dictionary that PyTorch looks into
#
# Most published models are the third way: a class whose attributes are lines and lists
# of blocks.
#
# .. admonition:: Then and now
#
#    - Older code calls ``add_module`` for each layer; the arguments or an
#      ``OrderedDict`` do the same.
#    - ``append``, ``extend`` and ``insert`` of ``Sequential`` are newer; before, one
#      listed the children and built another line.
#    - ``view(x.size(0), -1)`` between two blocks is :class:`~torch.nn.Flatten` or
#      ``flatten(1)`` today.
#    - Weights were set through ``weight.data``; write under ``no_grad``.
#    - ``nn.Container`` is deprecated, it was an ``nn.Module`` with another name.
#    - The AlexNet of the paper ran in two columns on two GPUs and had layers for local
#      normalisation; the variant here dates from 2014.
#
# .. _build-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _build-ex1:
#
# Exercise 28-1: AlexNet with names
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``alexnet(classes)``: the same net as *one* flat ``Sequential`` with named
# layers.
# The layers with weights are called ``conv1`` to ``conv5`` and ``fc6`` to ``fc8``, for
# they are the first to the eighth; choose the other names yourself.
# The check builds it on ``meta``, so you need not fear its size.
#
# .. dropdown:: Hint
#
#    An ``OrderedDict`` can be filled line by line or in a loop.
#    ``from_plan(plan)`` yields the layers in order; count the convolutions.
#    No name may come twice: a second ``relu`` would replace the first without a word.
#
# .. dropdown:: Solution
#
#    Print ``list(alexnet(1000).state_dict())`` on ``meta`` to see the sixteen keys.
#
#    .. code-block:: python
#
#       def alexnet(classes):
#           layers, number = OrderedDict(), 0
#           for place, layer in enumerate(from_plan(plan)):
#               conv = isinstance(layer, nn.Conv2d)
#               number += conv
#               layers[f"conv{number}" if conv else f"step{place}"] = layer
#           layers["flatten"] = nn.Flatten()
#           for number, (before, after) in {6: (9216, 4096), 7: (4096, 4096)}.items():
#               layers[f"drop{number}"] = nn.Dropout()
#               layers[f"fc{number}"] = nn.Linear(before, after)
#               layers[f"relu{number}"] = nn.ReLU()
#           layers["fc8"] = nn.Linear(4096, classes)
#           return nn.Sequential(layers)


def alexnet(classes):
    """Return AlexNet as one line of named layers."""
    ...  # your code here


eatorch.check("28-1", alexnet)

# %%
# .. _build-ex2:
#
# Exercise 28-2: share and count once
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# An autoencoder squeezes a row into few numbers and stretches it out again.
# Write ``TiedCoder(inputs, hidden)``: ``forward`` returns
# :math:`\tanh(x W^T + b)\, W + c`, and the *one* matrix :math:`W` of shape
# ``(hidden, inputs)`` serves both ways.
# It should have ``inputs * hidden + hidden + inputs`` numbers and no more.
# How the parameters are called is up to you.
#
# .. dropdown:: Hint
#
#    A linear layer holds :math:`W` and :math:`b`.
#    For the way back you need no second layer, only a function, the same weight turned
#    round, and a bias that is a parameter.
#
# .. dropdown:: Solution
#
#    ``nn.Parameter(self.encode.weight.T)`` would look right at first, but is a second
#    parameter: an optimizer moves both.
#
#    .. code-block:: python
#
#       class TiedCoder(nn.Module):
#           def __init__(self, inputs, hidden):
#               super().__init__()
#               self.encode = nn.Linear(inputs, hidden)
#               self.back = nn.Parameter(torch.zeros(inputs))
#
#           def forward(self, x):
#               code = self.encode(x).tanh()
#               return functional.linear(code, self.encode.weight.T, self.back)


class TiedCoder(nn.Module):
    """Squeeze rows and stretch them again, with one matrix for both."""

    ...  # your code here


eatorch.check("28-2", TiedCoder)

# %%
# .. _build-ex3:
#
# Exercise 28-3: as deep as you ask
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A model that can stop early is useful on a slow phone.
# Write ``AnyDepth(blocks, heads)``, made from two plain lists of modules of equal
# length.
# ``forward(x, depth=None)`` runs the first ``depth`` blocks one after the other and
# then the head that belongs to the last of them; without a ``depth``, all of them.
# Blocks that are not needed must not run.
#
# .. dropdown:: Hint
#
#    The lists have to become containers that PyTorch sees.
#    Their slices are containers as well.
#    The head of depth 1 has index 0.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       class AnyDepth(nn.Module):
#           def __init__(self, blocks, heads):
#               super().__init__()
#               self.blocks = nn.ModuleList(blocks)
#               self.heads = nn.ModuleList(heads)
#
#           def forward(self, x, depth=None):
#               if depth is None:
#                   depth = len(self.blocks)
#               for block in self.blocks[:depth]:
#                   x = block(x)
#               return self.heads[depth - 1](x)


class AnyDepth(nn.Module):
    """Blocks with a head behind each of them."""

    ...  # your code here


eatorch.check("28-3", AnyDepth)

# %%
# .. _build-ex4:
#
# Exercise 28-4: rename the keys
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``rename(state, names)`` for old files.
# ``names`` maps the old path of a module to its new one, such as
# ``{"conv": "features.0"}``, and everything below it moves along.
# Return a new dictionary with the tensors in the same order; other keys stay as they
# are, and ``state`` itself does not change.
# Beware: ``conv`` is neither ``conv1`` nor ``body.conv``.
# Renaming must happen at once: ``{"a": "b", "b": "a"}`` swaps two modules.
# No old path in ``names`` lies inside another one.
#
# .. dropdown:: Hint
#
#    Compare with the dot: the key is below ``conv`` if it starts with ``"conv."``.
#    Decide for each key once, and do not work on the result of an earlier renaming.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def rename(state, names):
#           def new(key):
#               for old, path in names.items():
#                   if key.startswith(f"{old}."):
#                       return path + key[len(old) :]
#               return key
#
#           return {new(key): tensor for key, tensor in state.items()}


def rename(state, names):
    """Return the state dict with the modules in ``names`` moved."""
    ...  # your code here


eatorch.check("28-4", rename)

# %%
# .. _build-minute:
#
# In one minute
# -------------
# - A line (``Sequential``), a class, or a class with containers: the same layers, made
#   in the same order from the same seed, give the same bits.
# - Names are the path to a number, and a file knows nothing else. Give names to what
#   you save; numbers shift when a layer is put in.
# - What a line cannot do, a small module can: a way round, a look inside.
# - ``if`` and loops belong in ``forward``; layers belong in ``__init__``.
# - ``[layer] * 3`` is one layer. Tie weights by assigning the parameter, and tie again
#   after ``assign=True``.
# - Only PyTorch's own containers are looked into.
# - Write numbers into parameters under ``no_grad``; a replaced parameter is unknown to
#   an optimizer that was made before.
#
# .. _build-next:
#
# Read next
# ---------
# - :ref:`train` feeds such a model, in three ways as well.
# - :ref:`save` writes state dicts to files and reads them with care.
# - :ref:`module` if the drawers of a module are not familiar yet.
# - :ref:`conv` for the layers themselves, with the rule behind each shape.
