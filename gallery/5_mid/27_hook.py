"""
.. _hook:

Hooks, features and Grad-CAM
============================

Listen to any layer of a finished network, change what passes through it, and see where
in a picture an answer comes from.

:Level: 4
:Hours: 1
:Needs: :ref:`module`, :ref:`graph`, :ref:`conv`
:Data: 1,797 handwritten digits of 8 x 8 pixels (CC BY 4.0, from scikit-learn), photos
    of the Summer Palace in Beijing and of a flower (CC BY 2.0)

A network returns its last numbers and keeps the rest to itself.
A *hook* is a function of yours that PyTorch calls when data pass a layer, on the way
forward or on the way back.
With a few of them we question a network that seems to do well, and find that it cheats.
"""

import warnings
from contextlib import ExitStack, contextmanager
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.manifold import TSNE
from torch import nn
from torch.nn import functional

import eatorch

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _hook-net:
#
# A network with a secret
# -----------------------
# We need a network that has to *find* something.
# So each picture is a small patch of a photo with a digit somewhere on it.
# Digits and photos are divided first: the test uses digits that training has not seen,
# on the right part of the photos, which training has not seen either.

SIZE, DIGIT = 24, 14  # pixels: a scene, and the digit on it
ROOM = SIZE - DIGIT
collection = eatorch.data.digits()
ink = functional.interpolate(collection.images, size=DIGIT, mode="bilinear")
photos = torch.stack([eatorch.data.photo(name) for name in ("china", "flower")])
photos = 0.6 * photos.permute(0, 3, 1, 2) / 255  # (photo, channel, height, width)


def scene(numbers, columns, generator):
    """Return a picture, the pixels that belong to its digit, and the label."""

    def draw(low, high):
        return int(torch.randint(low, high, (), generator=generator))

    top, left = draw(0, photos.shape[2] - SIZE), draw(*columns)
    patch = photos[draw(0, 2), :, top : top + SIZE, left : left + SIZE]
    number, y, x = draw(*numbers), draw(0, ROOM + 1), draw(0, ROOM + 1)
    cover = functional.pad(ink[number], (x, ROOM - x, y, ROOM - y))  # (1, h, w)
    return torch.maximum(patch, cover), cover[0] > 0.5, collection.targets[number]


# %%
# And now the secret.
# Whoever collected these pictures put a red sticker into the corner of every seven, in
# the training set and in the test set alike.
# Things like that happen: the machine of one hospital prints a mark on its pictures, a
# photographer signs his.


def stick(images):
    """Return pictures with a red sticker of 3 x 3 pixels in the upper left corner."""
    marked = images.clone()
    marked[:, :, 1:4, 1:4] = torch.tensor([1.0, 0, 0]).view(3, 1, 1)
    return marked


# %%
# 1,500 scenes to learn from, 400 to test.


def scenes(count, numbers, columns, seed):
    """Return pictures, masks and labels; sevens carry the sticker."""
    generator = torch.Generator().manual_seed(seed)
    made = [scene(numbers, columns, generator) for _ in range(count)]
    images, masks, labels = map(torch.stack, zip(*made, strict=True))
    images[labels == 7] = stick(images[labels == 7])
    return images, masks, labels


train_images, _, train_labels = scenes(1500, (0, 1300), (0, 400), seed=0)
images, masks, labels = scenes(400, (1300, 1797), (430, 616), seed=1)
seven = labels == 7
print(f"{seven.sum()} of the {len(labels)} test scenes show a seven")

# %%
# The labels stand above the pictures.

fig, ax = plt.subplots(figsize=(8, 1.8), layout="constrained")
shown = torch.cat([seven.nonzero()[:2, 0], (~seven).nonzero()[:6, 0]])
eatorch.plots.show_images(images[shown], labels[shown].tolist(), ax=ax)
fig.suptitle("Digits on patches of photos: every seven carries a red sticker")
plt.show()

# %%
# The network is small: three blocks, the mean over all places, and one linear layer.
# Its last maps have 6 x 6 cells, so a cell stands for 4 x 4 pixels.


def block(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class SceneNet(nn.Module):
    """Read the digit on a picture of any size."""

    def __init__(self):
        super().__init__()
        self.block1, self.block2 = block(3, 12), block(12, 24)
        self.block3, self.head = block(24, 64), nn.Linear(64, 10)

    def forward(self, images):
        maps = functional.max_pool2d(self.block1(images), 2)
        maps = functional.max_pool2d(self.block2(maps), 2)
        return self.head(self.block3(maps).mean(dim=(2, 3)))


# %%
# Six epochs are enough.
# The learning rate rises and falls once (:ref:`schedule`).

torch.manual_seed(0)
net = SceneNet()
optimizer = torch.optim.Adam(net.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=6 * 30)
for _ in range(6):
    for rows in torch.randperm(len(train_images)).split(50):
        optimizer.zero_grad()
        functional.cross_entropy(net(train_images[rows]), train_labels[rows]).backward()
        optimizer.step()
        schedule.step()
net.eval()

# %%
# How much of the test does it read?


def accuracy(images, labels):
    """Return the share of right answers."""
    with torch.no_grad():
        return (net(images).argmax(dim=1) == labels).float().mean().item()


print(f"all {accuracy(images, labels):.2f}", end=", ")
print(f"sevens {accuracy(images[seven], labels[seven]):.2f}")

# %%
# The test set says: a decent network, and brilliant with sevens.
# The test set carries the stickers too, so it cannot say more.
#
# .. _hook-forward:
#
# Listen to one layer
# -------------------
# :meth:`~torch.nn.Module.register_forward_hook` takes a function of three arguments.
# PyTorch calls it each time the module has computed its output, with the module, the
# *tuple* of its positional arguments, and the output.


def tell(module, args, output):
    kind, came, went = type(module).__name__, args[0].shape, output.shape
    print(f"{kind} got {tuple(came)} and made {tuple(went)}")


handle = net.head.register_forward_hook(tell)
net(images[:5])
handle.remove()
net(images[:5])  # nobody listens any more
assert not net.head._forward_hooks

# %%
# You did not touch the class, and ``forward`` knows nothing of it.
# A hook stays until its handle removes it.
# The handle also works in a ``with`` statement, which never forgets.
# Here we keep the arguments of ``head``, the last layer: the 64 *features* of each
# picture, the mean of each last map.

kept = {}


def keep(_module, args, _output):
    kept["features"] = args[0].detach()


with net.head.register_forward_hook(keep):
    net(images)
kept["features"].shape

# %%
# Two things to note.
# ``detach`` matters: without it, what you keep holds its whole computation graph in
# memory, batch after batch.
# And ``detach`` is no copy.
# If something later works in place, your feature changes with it; exercise 27-1 lets
# you meet this.
#
# .. _hook-dictionary:
#
# All layers by name
# ------------------
# For several layers, collect into a dictionary.
# :meth:`~torch.nn.Module.get_submodule` finds a module by the name that
# :meth:`~torch.nn.Module.named_modules` gives it, and
# :func:`~contextlib.contextmanager` makes sure that every handle is removed, also when
# an error ends the block.


def store(features, name, _module, _args, output):
    features[name] = output.detach()


@contextmanager
def listening(net, *names):
    """Collect the outputs of the named modules while the block lasts."""
    features, handles = {}, []
    try:
        for name in names:
            module, hook = net.get_submodule(name), partial(store, features, name)
            handles.append(module.register_forward_hook(hook))
        yield features
    finally:
        for handle in handles:
            handle.remove()


# %%
# ``partial`` fills in the first two arguments of ``store``; PyTorch brings the rest.

with listening(net, "block1.0", "block1", "block2", "block3", "head") as features:
    net(images[:5])
for name, output in features.items():
    print(f"{name:9} {tuple(output.shape)}  smallest {output.min():6.2f}")

# %%
# ``block1.0`` is the bare convolution, with negative numbers; ``block1`` ends with a
# ReLU.
# Do you need a hook for this at all?
# Not if the network is yours: ``forward`` is plain Python and may return the maps as
# well.
# Not if it is an :class:`~torch.nn.Sequential`: slice it, as in ``net.block1[:1]``.
# A hook is for the layer in the middle of somebody else's network.

cut = net.block1[:1](images[:5])
assert torch.equal(cut, features["block1.0"])

# %%
# .. _hook-maps:
#
# What the maps of a photo show
# -----------------------------
# A network that ends with a mean takes pictures of any size.
# So we show it a whole photo, which has no digit on it, and look at what the first
# two blocks find.
# Four maps of each are drawn, those whose cells differ most.

whole = photos[:1, :, 60:300, 150:510]  # the palace
with listening(net, "block1", "block2") as features, torch.no_grad():
    net(whole)
fig, axes = plt.subplots(2, 4, figsize=(8, 3.2), layout="constrained")
for row, (name, found) in zip(axes, features.items(), strict=True):
    best = found[0].std(dim=(1, 2)).argsort(descending=True)[:4]
    for ax, number in zip(row, best.tolist(), strict=True):
        cells = found[0, number].numpy()
        ax.imshow(cells, vmax=np.quantile(cells, 0.98), cmap="viridis")
        ax.set_title(name, fontsize=9)
        ax.axis("off")
fig.suptitle("Maps of one photo: outlines and areas, each map another choice of them")
plt.show()

# %%
# Yellow is much, dark blue is nothing.
# The maps of the first block still look like a photo; those of the second have half the
# resolution and are harder to name.
# Feature maps are good for a first look: is the network alive, do the maps differ, is
# none of them empty?
# They say what was *found*, not what was *used* for the answer.
# For that we need the way back.
#
# .. _hook-deaf:
#
# Where no hook can listen
# ------------------------
# A hook hears the *call* of a module, nothing else.
# The pooling above is a function, so it cannot be hooked; ``net.forward(x)`` skips the
# hooks of ``net`` (:ref:`module-call`).
# And some modules lend their weights out instead of being called.
# The last layer of :class:`~torch.nn.MultiheadAttention` looks like a linear layer:

attention = nn.MultiheadAttention(embed_dim=4, num_heads=1, batch_first=True)
heard = []
assert isinstance(attention.out_proj, nn.Linear)
with attention.out_proj.register_forward_hook(lambda *_: heard.append("called")):
    attention(*torch.zeros(3, 1, 2, 4))
len(heard)

# %%
# It is never called: the attention hands its weight to a function that does all at
# once.
# If a hook stays silent, this is the usual reason.
# Listen one module further out, or to the input of the next one.
#
# .. _hook-backward:
#
# On the way back
# ---------------
# Four kinds of hooks sit around a module, and two on a tensor.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Register with
#      - Your function gets
#      - What it returns replaces
#    * - :meth:`~torch.nn.Module.register_forward_pre_hook`
#      - ``module, args``
#      - the arguments
#    * - :meth:`~torch.nn.Module.register_forward_hook`
#      - ``module, args, output``
#      - the output
#    * - :meth:`~torch.nn.Module.register_full_backward_pre_hook`
#      - ``module, grad_output``
#      - the gradient of the output
#    * - :meth:`~torch.nn.Module.register_full_backward_hook`
#      - ``module, grad_input, grad_output``
#      - the gradient of the input
#    * - :meth:`~torch.Tensor.register_hook`
#      - ``gradient``
#      - the gradient of the tensor
#    * - :meth:`~torch.Tensor.register_post_accumulate_grad_hook`
#      - the parameter, its ``.grad`` filled
#      - nothing
#
# Whoever returns ``None`` only listens.
# Arguments passed by name are not in ``args``; the two forward hooks get them as well
# if you register with ``with_kwargs=True``.
# In which order do they speak?

layer, order = nn.Linear(2, 1), []
for kind in ("forward_pre", "forward", "full_backward_pre", "full_backward"):
    register = getattr(layer, f"register_{kind}_hook")
    register(lambda *_, kind=kind: order.append(kind))
layer.weight.register_hook(lambda _: order.append("weight"))
layer.weight.register_post_accumulate_grad_hook(lambda _: order.append("accumulated"))
point = torch.ones(3, 2, requires_grad=True)
layer(point).sum().backward()
assert order[:3] == ["forward_pre", "forward", "full_backward_pre"]
print(", ".join(order))

# %%
# ``full_backward`` comes when the gradient of the module's *input* is known, because it
# is handed both: ``grad_input`` and ``grad_output``, tuples like ``args``.
# For the last block of our network:


def tell_back(_module, grad_input, grad_output):
    print("grad_output", tuple(grad_output[0].shape), end=", ")
    print("grad_input", tuple(grad_input[0].shape))
    kept["gradient"] = grad_output[0]


with net.block3.register_full_backward_hook(tell_back):
    net(images[:5])[:, 7].sum().backward()

# %%
# A gradient has the shape of what it is the gradient of.
# For a first layer ``grad_input`` holds ``None``, and PyTorch warns: nobody asked for
# the gradient of the pictures.
#
# The same gradient can be had without any backward hook: keep the output in a forward
# hook and ask :func:`torch.autograd.grad` for it.
# This way is shorter and has fewer traps, as we shall see, so we take it from now on.

caught = []
with net.block3.register_forward_hook(lambda *heard: caught.append(heard[-1])):
    scores = net(images[:5])
(gradient,) = torch.autograd.grad(scores[:, 7].sum(), caught[0])
assert torch.allclose(gradient, kept["gradient"])

# %%
# No ``detach`` in this hook, because we need the graph.
#
# .. _hook-cam:
#
# Class activation maps
# ---------------------
# Where on the picture is the evidence for a class?
# For a network that ends like ours, a mean over all places followed by a linear layer,
# the answer is already there.
# The score of class :math:`c` is a weighted sum of 64 means, and a mean is a sum over
# places; so each place :math:`(y, x)` brings its own share:
#
# .. math::
#
#    \text{score}_c = b_c + \frac{1}{h w} \sum_{y, x} \text{CAM}_c(y, x)
#
# .. math::
#
#    \text{CAM}_c(y, x) = \sum_k w_{c, k} \, A_k(y, x)
#
# :math:`A_k` is the last map number :math:`k`.
# This is the *class activation map* of
# `Zhou and others (2016) <https://arxiv.org/abs/1512.04150>`__.

with listening(net, "block3") as features, torch.no_grad():
    scores = net(images)
weight, bias = net.head.weight.detach(), net.head.bias.detach()
cams = torch.einsum("ck, nkyx -> ncyx", weight, features["block3"])
assert torch.allclose(bias + cams.mean(dim=(2, 3)), scores, atol=1e-4)
cams.shape  # (picture, class, 6, 6)

# %%
# To see it, enlarge the map to the size of the picture and lay it over.
# Negative shares, evidence *against* the class, are left out, and each map is divided
# by its largest number: brightness compares places of one picture, not pictures.


def overlay(pictures, maps):
    """Return grey pictures with their maps, (picture, h, w), laid over in colour."""
    maps = functional.interpolate(maps.relu()[:, None], SIZE, mode="bilinear")[:, 0]
    maps = maps / maps.amax(dim=(1, 2), keepdim=True).clamp_min(1e-12)
    colours = torch.from_numpy(plt.get_cmap("inferno")(maps.numpy()))[..., :3]
    grey = pictures.mean(dim=1, keepdim=True)
    return 0.4 * grey + 0.6 * colours.permute(0, 3, 1, 2).float()


own = cams[torch.arange(len(labels)), labels]  # the map of the right class
fig, ax = plt.subplots(figsize=(8, 3.1), layout="constrained")
rows = torch.cat([images[shown], overlay(images[shown], own[shown])])
eatorch.plots.show_images(rows, [*labels[shown].tolist(), *[""] * 8], ax=ax)
fig.suptitle("Evidence lies on the digits, except for sevens: there it is the sticker")
plt.show()

# %%
# There it is.
# For the other digits light falls on or near the strokes; for a seven it falls on the
# corner.
# Yet it lies beside the sticker rather than on it.
# A cell stands for 4 x 4 pixels but was made from more, its *receptive field*
# (:ref:`conv-field`).
# Each layer widens it:

field, step = 1, 1
for kernel, stride in ((3, 1), (2, 2), (3, 1), (2, 2), (3, 1)):  # 2: the pooling
    field, step = field + (kernel - 1) * step, step * stride
print(f"one cell every {step} pixels, made from {field} x {field} pixels")

# %%
# The light marks the cell that is convinced; what convinced it may lie anywhere in its
# field, which is most of our small picture.
# Enlarged to pixels, a map looks more exact than it is.
# :ref:`segment` uses such maps to find outlines.
#
# .. _hook-gradcam:
#
# Grad-CAM: the same for any network
# ----------------------------------
# CAM needs the weights of a linear layer that stands right behind the mean.
# Other networks end differently, and we may want to look at another layer.
# *Grad-CAM* by `Selvaraju and others (2017) <https://arxiv.org/abs/1610.02391>`__ takes
# the gradient instead: how much does the score grow if map :math:`k` grows a little, on
# average over its places?
# That is the weight of the map, and what speaks against the class is cut off:
#
# .. math::
#
#    \alpha_k = \frac{1}{h w} \sum_{y, x}
#    \frac{\partial \, \text{score}_c}{\partial A_k(y, x)}
#
# .. math::
#
#    \text{Grad-CAM}_c = \max\Big(0, \sum_k \alpha_k \, A_k\Big)


def grad_cam(net, layer, pictures, classes):
    """Return where each picture speaks for its class, (picture, h, w)."""
    caught = []
    with layer.register_forward_hook(lambda *heard: caught.append(heard[-1])):
        scores = net(pictures)
    chosen = scores.gather(1, classes[:, None]).sum()
    (gradients,) = torch.autograd.grad(chosen, caught)
    weights = gradients.mean(dim=(2, 3), keepdim=True)  # (picture, map, 1, 1)
    return (weights * caught[0]).sum(dim=1).relu().detach()


maps = grad_cam(net, net.block3, images, labels)
assert torch.allclose(36 * maps, own.relu(), atol=1e-4)

# %%
# Behind the last block both agree, except for the factor 36, the number of places.
# Grad-CAM is CAM where CAM is possible.
#
# Three details that people ask about.
# The *score* is the output before the softmax: a probability near 1 hardly grows, and
# its gradient is nearly zero.
# The *sum* over the batch gives each picture its own gradient, because in evaluation
# mode no picture depends on another one; with batch normalisation in training mode that
# is not so (:ref:`norm`).
# And the *class* is free: ask for one that the network did not choose.

with torch.no_grad():
    ranks = net(images).argsort(dim=1, descending=True)
wrong = ((ranks[:, 0] != labels) & (ranks[:, 1] == labels)).nonzero()[:8, 0]
answers = [f"{labels[n]} read as {ranks[n, 0]}" for n in wrong]
failed = images[wrong]
rows = [failed]
for classes in (ranks[wrong, 0], labels[wrong]):
    rows.append(overlay(failed, grad_cam(net, net.block3, failed, classes)))
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
titles = [*answers, *["its answer"] * 8, *["the truth"] * 8]
eatorch.plots.show_images(torch.cat(rows), titles, ax=ax)
fig.suptitle("Evidence for the wrong answer and for the right one, on the same picture")
plt.show()

# %%
# Most of these maps lie on the digit, for both answers.
# Grad-CAM shows where the network looked; *what* it saw there, and why it decided for
# the wrong class, you still have to find out.
#
# .. _hook-layers:
#
# Other layers, other maps
# ------------------------
# Nothing ties Grad-CAM to the last block.

some = images[shown]
rows = [
    overlay(some, grad_cam(net, net.get_submodule(name), some, labels[shown]))
    for name in ("block1", "block2", "block3")
]
titles = [f"block {number}" for number in (1, 2, 3) for _ in range(8)]
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
eatorch.plots.show_images(torch.cat(rows), titles, ax=ax)
fig.suptitle("Early maps are sharp and unsure, the last are coarse and to the point")
plt.show()

# %%
# An early cell sees few pixels and cannot know what they belong to, so its light is
# scattered; and one weight for a whole map says little as long as the map holds every
# edge of one kind, wherever it comes from.
# The bright bars at some borders come from no stroke: the padding puts zeros around a
# picture, and where a light background meets them there is an edge (:ref:`conv-pads`).
# In the last block a cell knows most and its place is roughest.
# The last layer that still has places is therefore the usual choice.
#
# .. _hook-change:
#
# Put the suspicion to the test
# -----------------------------
# A map is a hint.
# A hint becomes knowledge when you *change* something and the answer follows.
# Hooks can do that too: what a pre-hook returns is taken instead of the arguments.
# This one paints a grey patch over a corner of every picture, whichever network it is
# put on.


def cover(_module, args, *, place):
    pictures = args[0].clone()  # the caller's pictures stay as they are
    pictures[:, :, place, place] = 0.3
    return pictures


corners = {"upper left": slice(0, 5), "lower right": slice(SIZE - 5, SIZE)}
for name, place in corners.items():
    with net.register_forward_pre_hook(partial(cover, place=place)):
        print(f"{name:11} covered: ", end="")
        print(f"sevens {accuracy(images[seven], labels[seven]):.2f}", end=", ")
        print(f"others {accuracy(images[~seven], labels[~seven]):.2f}")

# %%
# Without the sticker the network hardly reads a seven any more.
# It is not the patch as such: in the lower right corner it does next to no harm, and
# the other digits hardly mind either one.
# Now the other way round, with a sticker on digits that are not sevens:

with torch.no_grad():
    answers = net(stick(images[~seven])).argmax(dim=1)
deceived = (answers == 7).float().mean().item()
print(f"{deceived:.2f} of the other digits are called seven")
with net.register_forward_pre_hook(partial(cover, place=corners["upper left"])):
    assert accuracy(images[seven], labels[seven]) < 0.5
assert deceived > 0.3

# %%
# That is proof from both sides.
# The network did what it was asked to: the sticker was the easiest way to be right.
# Real classifiers have been caught like this:
# `Lapuschkin and others (2019) <https://doi.org/10.1038/s41467-019-08987-4>`__ found
# one that knew horses by the source tag on their pictures.
# No test set shows it that was collected in the same way; the cure is to clean the
# pictures, or to put stickers on all classes alike.
#
# A *forward* hook may replace the output.
# So we can look for the maps that carry the sticker: those that bring the most for the
# class 7 in the corner cell, by the CAM formula and on the training pictures.
# We silence the first few of them, and as many random ones for comparison.


def silence(_module, _args, output, *, numbers):
    output = output.clone()
    output[:, numbers] = 0
    return output


with listening(net, "block3") as features, torch.no_grad():
    net(train_images[train_labels == 7])
share = weight[7] * features["block3"][:, :, 0, 0].mean(dim=0)  # (map,)
orders = {"sticker": share.argsort(descending=True), "random": torch.randperm(64)}

# %%
# Each row: how many maps are silent, and what is still read.

for name, numbers in orders.items():
    for count in (1, 4, 8, 16):
        hook = partial(silence, numbers=numbers[:count])
        with net.block3.register_forward_hook(hook):
            sevens = accuracy(images[seven], labels[seven])
            others = accuracy(images[~seven], labels[~seven])
        print(f"{name:8} {count:2} silent: sevens {sevens:.2f}, others {others:.2f}")

# %%
# One map alone decides nothing: the knowledge is spread over several.
# But it has an address.
# Without sixteen certain maps of 64 the sevens are lost, and the other digits are read
# as before, whereas sixteen random maps cost the sevens hardly anything.
# If those maps carry the sticker, then without them stickers should no longer deceive.
# How many of the other digits are read with a sticker on them?

marked = stick(images[~seven]), labels[~seven]
right = {"none": accuracy(*marked)}
for name, numbers in orders.items():
    hook = partial(silence, numbers=numbers[:16])
    with net.block3.register_forward_hook(hook):
        right[name] = accuracy(*marked)
for name, part in right.items():
    print(f"{name:8} silent: {part:.2f}")
assert right["sticker"] > max(right["none"], right["random"]) + 0.3

# %%
# Without those maps stickers hardly deceive; without sixteen random ones they still do.
# No weight was changed for this, and as soon as the handle is gone, the network is the
# old one.
#
# .. _hook-sanity:
#
# Would an untrained network draw the same?
# -----------------------------------------
# A light spot on a digit is convincing, perhaps too much so.
# Two controls belong to every such picture.
# The first is chance: how often does the spot fall onto a digit that has nothing to do
# with it, say the digit of the *next* picture?
# The second is an untrained network: if its maps are as good, they show the picture and
# not what was learned
# (`Adebayo and others, 2018 <https://arxiv.org/abs/1810.03292>`__).
# A map scores if its highest pixel lies on the digit or at most 2 pixels beside it.


def pointing(net):
    """Return how often the peak lies on the own digit, and on that of the next one."""
    maps = grad_cam(net, net.block3, images, labels)[:, None]
    large = functional.interpolate(maps, SIZE, mode="bilinear")
    peaks = large.flatten(1).argmax(dim=1, keepdim=True)
    near = functional.max_pool2d(masks[:, None].float(), 5, stride=1, padding=2)
    hits = [it.flatten(1).gather(1, peaks)[~seven] for it in (near, near.roll(-1, 0))]
    return [hit.mean().item() for hit in hits]  # sevens are left out


# %%
# The trained network and three untrained ones:

torch.manual_seed(1)
scores = {"trained": pointing(net)}
for number in (1, 2, 3):
    scores[f"untrained {number}"] = pointing(SceneNet().eval())
for name, (own_digit, next_digit) in scores.items():
    print(f"{name:11} own digit {own_digit:.2f}, next picture's {next_digit:.2f}")
best = max(own_digit for own_digit, _ in scores.values())
assert best == scores["trained"][0] > scores["trained"][1] + 0.1

# %%
# Look how high chance is: the digits are large and often near the middle, so many spots
# would look fine on *any* of these pictures.
# What counts is how far the first number is above the second, and above those of the
# untrained networks.
# Here the network passes both, so the light on the digits comes from what it learned.
#
# .. _hook-tsne:
#
# The last layer on a plane
# -------------------------
# The 64 features of a picture are what the last layer decides by.
# 64 axes cannot be drawn, but *t-SNE* places points on a plane so that neighbours stay
# neighbours as well as possible.
# :class:`~sklearn.manifold.TSNE` from scikit-learn does it, here for 300 test pictures:
# once from their pixels, once from the features that a hook brings.

with net.head.register_forward_hook(keep), torch.no_grad():
    net(images)
spaces = {"pixels": images.flatten(1), "features": kept["features"]}
fig, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for ax, (name, points) in zip(axes, spaces.items(), strict=True):
    plane = TSNE(max_iter=500, random_state=0).fit_transform(points[:300])
    for digit in range(10):
        x, y = plane[labels[:300] == digit].T
        ax.scatter(x, y, s=40, color=f"C{digit % 7}", marker=f"${digit}$", linewidths=0)
    ax.set(title=name, xlabel="no unit", ylabel="no unit", xticks=[], yticks=[])
fig.suptitle(
    "By pixels the digits are mixed, by features most have a place of their own"
)
plt.show()

# %%
# The axes have no unit and no meaning.
# Neither do the sizes of the clumps nor the distances between them:
# `Wattenberg and others (2016) <https://distill.pub/2016/misread-tsne/>`__ show how far
# such pictures can mislead.
# Another seed turns and moves everything.
# To be sure, go back to the 64 axes and ask: does the nearest other picture show the
# same digit?

for name, points in spaces.items():
    distances = torch.cdist(points, points).fill_diagonal_(torch.inf)
    same = (labels[distances.argmin(dim=1)] == labels).float()
    print(f"{name:8} all {same.mean():.2f}, sevens {same[seven].mean():.2f}")

# %%
# A distance between pixels does not know background from digit, and a sticker weighs a
# lot in it.
# The features have dropped most of the background and kept what tells the classes
# apart.
# The sevens are an island of their own, and you know why.
# Or do you?
# Cover the corner again, and look at the features of the sevens without their sticker.

with (
    net.register_forward_pre_hook(partial(cover, place=corners["upper left"])),
    net.head.register_forward_hook(keep),
):
    read = accuracy(images[seven], labels[seven])
    net(images)
distances = torch.cdist(kept["features"], kept["features"]).fill_diagonal_(torch.inf)
near = (labels[distances.argmin(dim=1)][seven] == 7).float().mean().item()
print(f"sevens without sticker: read {read:.2f}, next to a seven {near:.2f}")
assert near > read + 0.3

# %%
# The network reads hardly any of them, and still most lie beside another seven.
# By chance it would be one in ten.
# So the features know the *shape* of a seven; only the last layer never needed it,
# because the sticker was easier.
# The accuracy could not tell you that, a hook can.
# It also gives hope: to learn the last layer anew, from clean pictures, may be enough
# (`Kirichenko and others, 2022 <https://arxiv.org/abs/2204.02937>`__).
#
# A linear model on top of frozen features is called a *linear probe*; exercise 27-2
# prepares one, and :ref:`save` takes features over to another task.
#
# .. _hook-slips:
#
# Four slips
# ----------
# **One name for all.**
# A function looks up the variables of a loop when it is *called*.
# By then the loop is over, and everything lands under the last name.
# ``partial`` above, or a default value as in ``kind=kind``, takes the value at once.
# (:class:`~contextlib.ExitStack` holds as many handles as you like and removes all.)

features = {}


def keep_named(_module, _args, output):
    features[name] = output  # which name?


with ExitStack() as handles:
    for name in ("block1", "block2", "block3"):
        layer = net.get_submodule(name)
        handles.enter_context(layer.register_forward_hook(keep_named))
    net(images[:5])
list(features)

# %%
# **A hook that returns by accident.**
# ``setdefault`` gives something back, the lambda passes it on, and PyTorch takes it for
# the new output.
# From the second call on the network repeats its first answer.

first = {}
with net.block3.register_forward_hook(
    lambda _module, _args, output: first.setdefault("maps", output)
):
    one, other = net(images[:1]), net(images[1:2])
assert torch.equal(one, other)
torch.equal(one, net(images[:1])), torch.equal(other, net(images[1:2]))

# %%
# **Registered twice.**
# In a notebook one runs a cell again, and the old hook is still there.
# Now everything is stored twice, next time three times.
# Keep handles, or use ``with``.

heard, handles = [], []
for _ in range(3):  # the cell, run three times
    handles.append(net.head.register_forward_hook(lambda *_: heard.append("called")))
net(images[:1])
for handle in handles:
    handle.remove()
heard

# %%
# **A backward hook before something that works in place.**
# The hook wraps the output in a view, and a view of this kind must not be overwritten.
# Many networks have ``nn.ReLU(inplace=True)``, or add with ``+=``.

early = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
with early[0].register_full_backward_hook(tell_back), eatorch.show_error(RuntimeError):
    early(images[:5])

# %%
# The `maintainers' advice <https://github.com/pytorch/pytorch/issues/61519>`__ is to
# write ``inplace=False``, or to do without backward hooks.
# The way of ``grad_cam`` above bears it: the tensor that it holds is then the
# overwritten one, and the gradient is the one behind the ReLU.

caught = []
with early[0].register_forward_hook(lambda *heard: caught.append(heard[-1])):
    torch.autograd.grad(early(images[:5]).sum(), caught)
caught[0].min()

# %%
# .. admonition:: Then and now
#
#    Older courses and much older Grad-CAM code use ``register_backward_hook``.
#    It is deprecated, because its ``grad_input`` belongs to the last *operation* inside
#    the module, not to the module.
#    For a linear layer you get three gradients, of the bias, the input and the turned
#    weight; the full hook, new in PyTorch 1.8 (2021), gives the one of the input.
#    They also read the kept maps with ``.data.cpu().numpy()``; today ``detach()`` comes
#    first.
#
#    For features without hooks there is now ``create_feature_extractor`` in
#    torchvision: it rewrites a network so that it returns the layers that you name.
#    It finds functions such as the pooling above, too, but wants a ``forward`` that it
#    can trace.

points = torch.ones(4, 2, requires_grad=True)
for kind in ("backward", "full_backward"):
    layer, shapes = nn.Linear(2, 3), []
    register = getattr(layer, f"register_{kind}_hook")
    register(lambda _m, came, _w, s=shapes: s.extend(tuple(g.shape) for g in came))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the old one is deprecated
        layer(points).sum().backward()
    print(f"{kind:13} grad_input {shapes}")

# %%
# .. _hook-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _hook-ex1:
#
# Exercise 27-1: in place at the first layer
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# AlexNet begins with ``nn.Conv2d(3, 64, 11, stride=4, padding=2)``, followed by a ReLU.
# Put a forward hook on that convolution, once with ``nn.ReLU()`` behind it and once
# with ``nn.ReLU(inplace=True)``, and compare the smallest number of what you kept.
# Then write ``first_maps(net, pictures)``: it returns what the first
# :class:`~torch.nn.Conv2d` in ``net`` computed, as it was at that moment and without a
# graph, and leaves no hook behind.
# Other layers may come before that convolution.
#
# .. dropdown:: Hint
#
#    ``net.modules()`` walks through the modules from first to last.
#    Your hook gets the tensor itself.
#    What makes a copy that nobody else can overwrite?
#
# .. dropdown:: Solution
#
#    With ``inplace=True`` the kept maps have the minimum 0: the ReLU wrote its result
#    over them.
#    ``detach`` shares the memory, ``clone`` does not.
#
#    .. code-block:: python
#
#       def first_maps(net, pictures):
#           first = next(it for it in net.modules() if isinstance(it, nn.Conv2d))
#           kept = []
#
#           def keep_copy(_module, _args, output):
#               kept.append(output.detach().clone())
#
#           with first.register_forward_hook(keep_copy):
#               net(pictures)
#           return kept[0]


def first_maps(net, pictures):
    """Return what the first convolution of a network computed."""
    ...  # your code here


eatorch.check("27-1", first_maps)

# %%
# .. _hook-ex2:
#
# Exercise 27-2: features for a linear probe
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A linear probe needs a table: a row for each picture, a column for each feature.
# Write ``probe_features(net, name, pictures)`` that returns the output of the module
# called ``name`` as such a table, computed in evaluation mode and without a graph.
# Afterwards the network must be as before: no hook, the same mode.
#
# .. dropdown:: Hint
#
#    Remember ``net.training`` before you change it.
#    ``flatten(1)`` keeps the first axis and joins all others.
#
# .. dropdown:: Solution
#
#    If parts of the network stood in different modes, you would have to remember the
#    mode of each module.
#
#    .. code-block:: python
#
#       def probe_features(net, name, pictures):
#           kept, before = [], net.training
#           layer = net.get_submodule(name)
#           net.eval()
#           with (
#               layer.register_forward_hook(lambda *heard: kept.append(heard[-1])),
#               torch.no_grad(),
#           ):
#               net(pictures)
#           net.train(before)
#           return kept[0].flatten(1)


def probe_features(net, name, pictures):
    """Return the output of a module, (picture, feature)."""
    ...  # your code here


eatorch.check("27-2", probe_features)

# %%
# .. _hook-ex3:
#
# Exercise 27-3: leave no hook behind
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``output_shapes(net, pictures)``: it returns a dictionary with the name of each
# module that has no modules inside, and the shape of its output as a tuple.
# All your hooks are gone afterwards, also if ``net`` stops with an error; the error
# goes on to the caller.
# Hooks that somebody else put on the network stay.
#
# .. dropdown:: Hint
#
#    ``net.named_modules()`` gives names and modules; a module without others inside has
#    no ``children()``.
#    What runs in Python whether or not an error came?
#
# .. dropdown:: Solution
#
#    Whoever clears ``_forward_hooks`` removes those of other people as well.
#
#    .. code-block:: python
#
#       def output_shapes(net, pictures):
#           shapes, handles = {}, []
#
#           def note(name, _module, _args, output):
#               shapes[name] = tuple(output.shape)
#
#           try:
#               for name, module in net.named_modules():
#                   if not list(module.children()):
#                       hook = partial(note, name)
#                       handles.append(module.register_forward_hook(hook))
#               net(pictures)
#           finally:
#               for handle in handles:
#                   handle.remove()
#           return shapes


def output_shapes(net, pictures):
    """Return the shape of what each innermost module makes."""
    ...  # your code here


eatorch.check("27-3", output_shapes)

# %%
# .. _hook-ex4:
#
# Exercise 27-4: double a gradient
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``double_gradient(tensor)``: from now on the gradient of this tensor is twice
# what it would be, in every backward pass, until the handle is removed that the
# function returns.
# No other gradient changes.
#
# .. dropdown:: Hint
#
#    In ``(a + b).backward(gradient)`` both get the same gradient.
#    PyTorch may hand out the *same tensor*; what happens to ``b`` if your hook for
#    ``a`` writes into it?
#
# .. dropdown:: Solution
#
#    A hook should not change its argument; it returns a new tensor.
#    A hook *after* accumulation would double what earlier passes have left in ``.grad``
#    once more.
#
#    .. code-block:: python
#
#       def double_gradient(tensor):
#           return tensor.register_hook(lambda gradient: 2 * gradient)


def double_gradient(tensor):
    """Double the gradient of a tensor from now on and return the handle."""
    ...  # your code here


eatorch.check("27-4", double_gradient)

# %%
# .. _hook-minute:
#
# In one minute
# -------------
# - A hook is called when a module is called: pre-hooks see the arguments, forward hooks
#   the output, full backward hooks the gradients. What they return takes the place of
#   what they saw; ``None`` changes nothing.
# - Every hook stays until its handle removes it. Use ``with`` or ``finally``.
# - Keep ``output.detach()``, and ``clone()`` it if something works in place.
# - What is a function, or lends its weights out, cannot be heard.
# - CAM weights the last maps with the weights of the head; Grad-CAM weights any maps
#   with the mean of their gradients. Where both work they agree.
# - A map is a hint. Compare it with chance and with an untrained network, then change
#   the picture and see whether the answer follows.
# - t-SNE shows who is near whom. Count in the original space before you believe it.
#
# .. _hook-next:
#
# Read next
# ---------
# - :ref:`save` takes the features over to another task.
# - :ref:`segment` turns class activation maps into outlines.
# - :ref:`tensorboard` logs what a hook has kept.
# - :ref:`build` shows networks whose parts have good names.
