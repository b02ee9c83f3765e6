"""
.. _conv:

Layers I: convolution, pooling, linear, activation
==================================================

Know of every basic layer what it does to each cell, what shape comes out and how many
parameters it has, before you run it.

:Level: 4
:Hours: 1.5
:Day: 15
:Needs: :ref:`tensor`, :ref:`autograd`
:Data: photo of the Summer Palace in Beijing by danielbuechele (CC BY 2.0, from
    scikit-learn), hand-made pictures of 5 x 5 cells

Networks for pictures are built from a handful of layers, and each layer is a few lines
of arithmetic.
We write that arithmetic out, draw which cell goes where, and then check three things
against PyTorch: the numbers, the shape, and the count of parameters.
"""

import itertools
import math
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap
from torch import nn
from torch.nn import functional

import eatorch

torch.manual_seed(0)
torch.set_num_threads(1)  # on tensors this small, threads cost more than they bring

# Panels without axes may fill the whole figure, the others leave room for labels.
FILL = {"left": 0, "right": 1, "bottom": 0, "top": 0.84, "wspace": 0.06}
ROOM = {"bottom": 0.18, "top": 0.84, "wspace": 0.3}

# %%
# .. _conv-maps:
#
# Batches of pictures, batches of maps
# ------------------------------------
# Layers for pictures read a tensor of four axes: ``(batch, channel, height, width)``,
# called NCHW.
# At the entrance the channels are colours.
# Behind the first layer they are *feature maps*: pictures too, each showing where one
# pattern was found.
# The four axes stay the same from the first layer to the last; only the sizes change.

picture = eatorch.data.photo("china")  # (height, width, channel), uint8
batch = picture.permute(2, 0, 1).unsqueeze(0).float() / 255  # (1, channel, h, w)
layer = nn.Conv2d(in_channels=3, out_channels=8, kernel_size=3)
maps = layer(batch)  # (1, 8, height, width)
picture.shape, batch.shape, maps.shape

# %%
# Three slips happen at this entrance, and each has its message.
# A picture file has its channels *last* (NHWC), it is made of bytes, and grey pictures
# come without an axis for their single channel.

with eatorch.show_error(RuntimeError):
    layer(picture.unsqueeze(0).float())  # NHWC
with eatorch.show_error(RuntimeError):
    layer(picture.permute(2, 0, 1))  # bytes
with eatorch.show_error(RuntimeError):
    nn.Conv2d(1, 8, kernel_size=3)(torch.zeros(5, 28, 28))  # five grey pictures

# %%
# The first message is worth learning by heart: "expected input to have 3 channels, but
# got 427" means that the height stands where the channels belong, and ``permute`` is
# the cure.
# In the third message, look at the added 1.
# PyTorch took the five pictures for *one* picture with five channels, because three
# axes mean a single picture without a batch.
# So here is the slip that gives no message at all: three grey pictures pass for one
# colour picture.

three_grey = torch.rand(3, 28, 28)  # (batch, height, width), meant as three pictures
layer(three_grey).shape, nn.Conv2d(1, 8, 3)(three_grey.unsqueeze(1)).shape

# %%
# .. _conv-cells:
#
# A convolution, cell by cell
# ---------------------------
# Lay a small table of weights, the *kernel*, over a corner of the picture.
# Multiply each weight with the number beneath it, add up the products, and write the
# sum into the first cell of the result.
# Move the kernel one cell and repeat.
# As code, that is a window and a sum:


def slide(image, kernel):
    """Move a kernel over an image and add up the products at every place."""
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    result = torch.zeros(rows, columns)
    for row, column in itertools.product(range(rows), range(columns)):
        window = image[row : row + height, column : column + width]
        result[row, column] = (window * kernel).sum()
    return result


# %%
# :class:`~torch.nn.Conv2d` and :func:`torch.nn.functional.conv2d` do the same.
# The function takes its weights as an argument, the layer owns them and learns them.
# (Much code imports :mod:`torch.nn.functional` as ``F``; it is the same module.)
# Both want axes for batch and channels, which ``[None, None]`` adds.

rows = [[1.0, 0, 2, 1, 0], [0, 1, 3, 0, 1], [2, 1, 0, 1, 2]]
rows += [[1, 0, 1, 3, 0], [0, 2, 1, 0, 1]]
image = torch.tensor(rows)  # (row, column)
kernel = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 2]])
result = slide(image, kernel)
assert torch.equal(
    result, functional.conv2d(image[None, None], kernel[None, None])[0, 0]
)

# %%
# Two of the nine places are drawn below.
# A helper draws a tensor and colours the cells that a mask selects.


def draw(ax, tensor, title, marked=None, colour="C1"):
    """Draw a small tensor and colour some of its cells."""
    eatorch.plots.draw_tensor(tensor, ax=ax)
    if marked is not None:
        chosen_cells = marked.expand(tensor.shape).flatten()
        for cell, chosen in zip(ax.patches, chosen_cells, strict=True):
            cell.set(facecolor=colour if chosen else "C0", alpha=0.6 if chosen else 0.2)
    ax.set_title(title, fontsize=10, pad=22 if tensor.ndim > 2 else 4)
    ax.axis("off")


# %%
# Orange cells are at work; above the result stand the products that are not zero.

fig, axes = plt.subplots(2, 3, figsize=(6.5, 4.5), gridspec_kw=FILL)
for panels, (row, column) in zip(axes, [(0, 0), (1, 2)], strict=True):
    under, place = torch.zeros(5, 5), torch.zeros(3, 3)
    under[row : row + 3, column : column + 3] = place[row, column] = 1
    terms = [image[row + n, column + n] * weight for n, weight in enumerate((1, 1, 2))]
    draw(panels[0], image, f"image, window at {row}, {column}", under)
    draw(panels[1], kernel, "kernel", torch.eye(3))
    draw(panels[2], result, " + ".join(f"{term:g}" for term in terms), place)
fig.suptitle("Nine cells and nine weights make one cell of the result")
plt.show()

# %%
# Count the places: a kernel of 3 fits into 5 cells in three positions, so 5 x 5 became
# 3 x 3.
# And note what did not happen.
# Wherever the window stood, the weights were the same, so a pattern is found wherever
# it lies, and nine weights are enough for a picture of any size.
#
# .. _conv-photo:
#
# Filters on a photo
# ------------------
# What a convolution finds depends on its kernel.
# Before networks learned their kernels, people chose them, and these classics still
# give you the best feeling for what a kernel does.
# Five kernels make one layer with five output channels, weight ``(5, 1, 3, 3)``.

classics = {
    "blur": torch.ones(3, 3) / 9,
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "vertical edges": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "horizontal edges": torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "any edges": torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
}
weight = torch.stack(list(classics.values())).unsqueeze(1)  # (5, 1, 3, 3)
grey = batch.mean(dim=1, keepdim=True)[..., 130:290, 180:420]  # (1, 1, 160, 240)
filtered = functional.conv2d(grey, weight)  # (1, 5, 158, 238)
{name: weights.sum().round().item() for name, weights in classics.items()}

# %%
# Look at the sums.
# A kernel that sums to 1 keeps the brightness; one that sums to 0 turns every even area
# into zero and leaves only what changes.

fig, axes = plt.subplots(2, 3, figsize=(7, 3.7), gridspec_kw=FILL)
panels = {"the photo": grey[0, 0], **dict(zip(classics, filtered[0], strict=True))}
for ax, (name, pixels) in zip(axes.flat, panels.items(), strict=True):
    darkest = -1 if "edges" in name else 0
    ax.imshow(pixels.numpy(), cmap="gray", vmin=darkest, vmax=1)
    ax.set_title(name, fontsize=10)
    ax.axis("off")
fig.suptitle("One operation, five kernels: smooth, sharpen, or look for edges")
plt.show()

# %%
# In the last three pictures, middle grey is zero.
# The posts of the palace stand out among the vertical edges and its eaves among the
# horizontal ones: these two kernels answer to one direction each, the last to all.
# Networks trained on many photos find kernels for edges by themselves.
#
# .. _conv-flip:
#
# Is this really a convolution?
# -----------------------------
# In mathematics a convolution *flips* its kernel first.
# Deep-learning libraries do not, and what they compute is called cross-correlation.
# NumPy has both, so we can tell: a single 1 shows which way round a kernel lands.

signal, weights = torch.tensor([0.0, 0, 1, 0, 0]), torch.tensor([1.0, 2, 3])
arrays = signal.numpy(), weights.numpy()
print("np.convolve      ", np.convolve(*arrays, mode="valid"))
print("np.correlate     ", np.correlate(*arrays, mode="valid"))
ours = functional.conv1d(signal[None, None], weights[None, None])[0, 0]
turned = functional.conv1d(signal[None, None], weights.flip(0)[None, None])[0, 0]
print("functional.conv1d", ours.numpy(), " with the kernel flipped", turned.numpy())
assert np.array_equal(turned.numpy(), np.convolve(*arrays, mode="valid"))

# %%
# In two dimensions the flip is a half turn, ``kernel.flip(0, 1)``.
# The image is again a single 1, in the middle of 5 x 5 cells.

dot = torch.zeros(5, 5)
dot[2, 2] = 1
steps = torch.arange(1.0, 10).view(3, 3)
straight, flipped = slide(dot, steps), slide(dot, steps.flip(0, 1))
assert torch.equal(flipped, steps)
straight, flipped

# %%
# ``conv2d`` leaves the kernel turned round, a true convolution leaves it as it is.
# For learning the difference does not matter: the network would simply learn the
# flipped weights.
# It matters when you bring a kernel from a textbook or from signal processing.
#
# .. _conv-channels:
#
# Many channels in, many channels out
# -----------------------------------
# A colour picture has three channels, and a kernel for it has three sheets, one for
# each.
# With 3 x 3 cells on each sheet, all 27 products go into *one* sum.
# So a kernel reads all input channels and makes one map; a layer has as many kernels as
# it has output channels, and each kernel adds a bias of its own:
#
# .. math::
#
#    \text{out}_{o}(y, x) = b_o + \sum_{c} \sum_{i} \sum_{j}
#    w_{o, c, i, j} \, \text{in}_{c}(y + i, x + j)

small = nn.Conv2d(in_channels=3, out_channels=2, kernel_size=2, bias=False)
with torch.no_grad():
    small.weight.copy_(torch.randint(-1, 2, small.weight.shape))
    colours = torch.randint(0, 4, (3, 3, 3)).float()  # (channel, height, width)
    both = small(colours)  # (2, 2, 2)

# %%
# Small whole numbers keep the picture readable: three sheets of input above, two
# kernels below, each with the map that it makes.

fig = plt.figure(figsize=(6.5, 4.8))
places = fig.add_gridspec(3, 2, width_ratios=[3, 1], **FILL | {"hspace": 0.5})
draw(fig.add_subplot(places[0, 0]), colours, "input: three channels")
for number, colour in enumerate(("C1", "C2")):
    left, right = (fig.add_subplot(places[number + 1, n]) for n in (0, 1))
    draw(left, small.weight[number], f"kernel {number}", torch.ones(1), colour)
    draw(right, both[number], f"map {number}", torch.ones(1), colour)
fig.suptitle("Each kernel has a sheet for every input channel and makes one map")
plt.show()

# %%
# Now the parameters can be counted without running anything.
# A kernel has (input channels x height x width) weights and one bias, and there is one
# kernel for each output channel:
#
# .. math::
#
#    \text{parameters} = (\text{in} \cdot k_h \cdot k_w + 1) \cdot \text{out}
#
# The size of the picture does not appear.

for inputs, outputs, size in [(3, 32, 3), (3, 32, (3, 5)), (64, 128, 3), (64, 128, 1)]:
    layer = nn.Conv2d(inputs, outputs, size)
    height, width = layer.kernel_size
    formula = (inputs * height * width + 1) * outputs
    counted = sum(parameter.numel() for parameter in layer.parameters())
    assert formula == counted
    print(f"{inputs:3} -> {outputs:3}, {height} x {width}: {counted:6,} parameters")

# %%
# The last line shows a kernel of 1 x 1.
# It looks at a single pixel, and mixes its channels: a :class:`~torch.nn.Linear` layer
# applied at every pixel.
#
# .. _conv-size:
#
# Padding, stride, dilation: how large is the result?
# ---------------------------------------------------
# Three arguments change where the kernel goes.
# ``padding`` surrounds the input with zeros, ``stride`` is how far the kernel moves at
# each step, ``dilation`` spreads its weights apart.
# To see what they do, one axis is enough.
# We ask PyTorch itself which inputs reach which output: each row of the identity matrix
# is an input with a single 1, and where its answer is not zero, there is a link.


def draw_reach(ax, *, size=7, kernel_size=3, padding=0, stride=1, dilation=1):
    """Draw which cells of an input, below, make each cell of the output, above."""
    ones = torch.eye(size + 2 * padding).unsqueeze(1)  # (input, 1, cell), padded
    weights = torch.ones(1, 1, kernel_size)
    links = functional.conv1d(ones, weights, stride=stride, dilation=dilation)[:, 0]
    middle = dilation * (kernel_size - 1) / 2 - padding
    for start, end in links.nonzero().tolist():
        x = start - padding
        zero = x not in range(size)
        ax.plot([x, end * stride + middle], [0, 1], color="0.6" if zero else "C0")
        ax.plot(x, 0, "s", markersize=11, color="0.6" if zero else "C0")
        ax.plot(end * stride + middle, 1, "s", markersize=11, color="C1")
    ax.set(xlabel="cell of the input", xlim=(-1.6, size + 0.6), ylim=(-0.4, 1.4))
    ax.set_yticks([0, 1], ["input", "output"])


# %%
# Blue cells are the input, grey ones the zeros added around it, orange ones the output.

cases = [{}, {"padding": 1}, {"stride": 2}, {"dilation": 2}]
fig, axes = plt.subplots(2, 2, figsize=(7.6, 4), gridspec_kw=ROOM | {"hspace": 0.8})
for ax, case in zip(axes.flat, cases, strict=True):
    draw_reach(ax, **case)
    told = ", ".join(f"{name}={value}" for name, value in case.items())
    ax.set_title(told or "kernel_size=3", fontsize=10)
fig.suptitle("Padding adds places, stride skips places, dilation spreads the kernel")
plt.show()

# %%
# From the drawing we can read the rule.
# A kernel of size :math:`k` with dilation :math:`d` covers :math:`d (k - 1) + 1` cells
# of an input that padding has made :math:`2 p` longer.
# The first place is free, and each step of :math:`s` that still fits adds another:
#
# .. math::
#
#    \text{out} = \left\lfloor
#    \frac{\text{in} + 2 p - d (k - 1) - 1}{s} \right\rfloor + 1
#
# Is it true?
# We try a whole grid of arguments, also those that leave no place for the kernel.


def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Return the size of the result along one axis; below 1 means: does not fit."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


# %%
# Where the formula says zero or less, PyTorch has to refuse.

outcomes = {"right": 0, "refused": 0}
grid = itertools.product(range(1, 13), range(1, 5), range(1, 4), range(3), range(1, 4))
for size, kernel_size, *rest in grid:
    expected = output_size(size, kernel_size, *rest)
    ones, weights = torch.ones(1, 1, size), torch.ones(1, 1, kernel_size)
    try:
        came = functional.conv1d(ones, weights, None, *rest).shape[-1]
    except RuntimeError:
        assert expected < 1
        outcomes["refused"] += 1
    else:
        assert came == expected
        outcomes["right"] += 1
outcomes

# %%
# Not one exception in all these cases.
# Height and width follow the rule independently of each other, and so do the pooling
# layers further down.
# As a picture, with real layers as dots on the lines of the formula:

fig, ax = plt.subplots(figsize=(6.5, 3.2), gridspec_kw=ROOM)
sizes = torch.arange(3, 25)
for stride in (1, 2, 3):
    layer = nn.Conv1d(1, 1, kernel_size=3, stride=stride, padding=1)
    real = [layer(torch.ones(1, 1, size)).shape[-1] for size in sizes]
    ax.plot(sizes, output_size(sizes, 3, stride, 1), label=f"stride {stride}")
    ax.plot(sizes, real, "o", markersize=4, color=f"C{stride - 1}")
ax.set(xlabel="size of the input (cells)", ylabel="size of the output (cells)")
ax.set_title("Real layers lie on the formula, and strides make stairs")
ax.legend()
plt.show()

# %%
# The stairs come from rounding down: where a stride does not divide evenly, the last
# cells of the padded input are never looked at, and different inputs give the same
# output size.
# Remember two recipes rather than the formula:
#
# - **Keep the size**: an odd kernel, stride 1, ``padding`` :math:`= d (k - 1) / 2`, or
#   simply ``padding="same"``.
# - **Halve the size**: ``kernel_size=3, stride=2, padding=1``, which turns even sizes
#   into exactly half.
#
# ``padding="same"`` has limits.
# With a stride it cannot keep the size, and PyTorch says so.
# A dilation of 0 would put all weights on one cell; "no dilation" is 1.

with eatorch.show_error(ValueError):
    nn.Conv2d(3, 8, kernel_size=3, stride=2, padding="same")
with eatorch.show_error(RuntimeError):
    nn.Conv2d(3, 8, kernel_size=3, dilation=0)(batch)

# %%
# An even kernel has no middle.
# ``"same"`` then has to pad one side more than the other, and it chooses the end.
# PyTorch warns of the extra copy that this costs; we silence it here and look at where
# a single 1 lands.

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    even = functional.conv1d(signal[None, None], torch.ones(1, 1, 2), padding="same")
odd = functional.conv1d(signal[None, None], torch.ones(1, 1, 3), padding="same")
signal, even[0, 0], odd[0, 0]

# %%
# The answer of the even kernel leans to the left, that of the odd kernel is centred.
# That is why nearly all kernels have odd sizes.
#
# .. _conv-pads:
#
# What to put outside the picture
# -------------------------------
# ``padding`` puts zeros *around the input*, and the bias is added afterwards to every
# cell of the output.
# So the border of a picture is mixed with black.
# Blur a white square and look at its edges: only 6 of 9 cells were inside, in the
# corners 4 of 9.

white = torch.ones(1, 1, 4, 4)
functional.conv2d(white, torch.full((1, 1, 3, 3), 1 / 9), padding=1)

# %%
# Other layers fill the border from the picture itself.
# Each is a layer without parameters, and ``padding_mode="reflect"`` and its relatives
# build them into a convolution.

pads = [nn.ZeroPad2d, nn.ReplicationPad2d, nn.ReflectionPad2d, nn.CircularPad2d]
corner = batch[:, :, 150:270, 200:320]  # (1, 3, 120, 120)
fig, axes = plt.subplots(1, 4, figsize=(8, 2.5), gridspec_kw=FILL)
for ax, pad in zip(axes, pads, strict=True):
    ax.imshow(pad(40)(corner)[0].permute(1, 2, 0).numpy())
    ax.plot([40, 160, 160, 40, 40], [40, 40, 160, 160, 40], color="C1")
    ax.set_title(pad.__name__, fontsize=10)
    ax.axis("off")
fig.suptitle("Black, stretched, mirrored, wrapped: four ways to continue a picture")
plt.show()

# %%
# The function :func:`torch.nn.functional.pad` does it all with one trap: it counts from
# the *last* axis, so the order is left, right, top, bottom.

wide = functional.pad(torch.zeros(1, 1, 5, 5), (1, 2, 0, 0))
tall = functional.pad(torch.zeros(1, 1, 5, 5), (0, 0, 1, 2))
wide.shape, tall.shape

# %%
# .. _conv-dims:
#
# 1d, 2d, 3d: along how many axes does the kernel move?
# -----------------------------------------------------
# The digit counts the axes along which the kernel slides, not the axes of the tensor.
# Text and time series have one, pictures two, films and body scans three.
# Batch and channel always come first and never count.

for axes_count, kind in enumerate((nn.Conv1d, nn.Conv2d, nn.Conv3d), start=1):
    layer = kind(4, 8, kernel_size=3, padding=1)
    result = layer(torch.zeros(2, 4, *[10] * axes_count))
    counted = sum(parameter.numel() for parameter in layer.parameters())
    assert counted == (4 * 3**axes_count + 1) * 8
    shapes = f"weight {tuple(layer.weight.shape)}, output {tuple(result.shape)}"
    print(f"{kind.__name__}: {shapes}, {counted} parameters")

# %%
# For a film the third axis is time.
# A kernel that is two frames deep and one pixel wide can subtract each frame from the
# next.
# In our film the palace stands still and a small square crosses the picture:

film = grey[0, :, None, ::2, ::2].repeat(1, 4, 1, 1)  # (channel, time, height, width)
for time in range(4):
    film[0, time, 8:18, 10 + 27 * time : 20 + 27 * time] = 0
difference = torch.tensor([-1.0, 1]).view(1, 1, 2, 1, 1)  # two frames, one pixel
changes = functional.conv3d(film.unsqueeze(0), difference)[0]  # (1, 3, 80, 120)
assert (changes != 0).float().mean() < 0.03

# %%
# Four frames, and below them what changed from each to the next:

fig, axes = plt.subplots(2, 1, figsize=(8, 2.9), gridspec_kw=FILL)
for ax, frames, darkest in [(axes[0], film[0], 0), (axes[1], changes[0], -1)]:
    gaps = functional.pad(frames, (0, 8), value=torch.nan)  # right of each frame
    strip = gaps.permute(1, 0, 2).flatten(1)  # (height, all frames side by side)
    ax.imshow(strip.numpy(), cmap="gray", vmin=darkest, vmax=1)
    ax.axis("off")
fig.suptitle("A kernel along time sees only what moves")
plt.show()

# %%
# .. _conv-groups:
#
# groups: channels that keep to themselves
# ----------------------------------------
# Normally every kernel reads every input channel.
# With ``groups=2`` the channels are cut into two halves, and a kernel reads only one of
# them.
# Ask a layer which input channel reaches which map, again with the identity matrix,
# this time as eight pictures of a single pixel:

reach = {}
for groups in (1, 2, 8):
    layer = nn.Conv2d(8, 8, kernel_size=1, groups=groups, bias=False)
    one_each = torch.eye(8)[:, :, None, None]  # (picture, channel, 1, 1)
    reach[groups] = layer(one_each).detach()[:, :, 0, 0].T  # (map, input channel)
    assert (reach[groups] != 0).sum() == layer.weight.numel() == 64 / groups

fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.9), gridspec_kw=ROOM)
for ax, (groups, links) in zip(axes, reach.items(), strict=True):
    ax.imshow(links.where(links != 0, torch.nan).numpy(), cmap="viridis")
    ax.set(title=f"groups={groups}", xlabel="input channel", ylabel="output map")
fig.suptitle("Groups cut the connections, and each group has weights of its own")
plt.show()

# %%
# Some courses say that the groups *share* their kernels.
# The colours say otherwise, and so does a layer taken apart: two groups are two
# layers side by side, each with its own half of the weights.

layer = nn.Conv2d(4, 6, kernel_size=3, groups=2, bias=False)
inputs = torch.randn(1, 4, 7, 7)
first, second = layer.weight.chunk(2)  # (3, 2, 3, 3) each
halves = (
    functional.conv2d(inputs[:, :2], first),
    functional.conv2d(inputs[:, 2:], second),
)
assert torch.allclose(layer(inputs), torch.cat(halves, dim=1), atol=1e-6)
assert not torch.equal(first, second)
layer.weight.shape

# %%
# Both channel counts must be divisible by ``groups``, and the parameter formula becomes
# (in / groups x height x width + 1) x out.
#
# As many groups as channels make a *depthwise* convolution: every channel is filtered
# alone.
# A 1 x 1 convolution behind it mixes the channels again.
# This pair, called *depthwise separable*, looks at the same cells as one ordinary layer
# for a fraction of the weights, which is why networks for phones are often made of it.

ordinary = nn.Conv2d(64, 128, kernel_size=3, padding=1)
separable = nn.Sequential(
    nn.Conv2d(64, 64, kernel_size=3, padding=1, groups=64),  # depthwise
    nn.Conv2d(64, 128, kernel_size=1),  # pointwise
)
counts = [sum(p.numel() for p in net.parameters()) for net in (ordinary, separable)]
assert counts == [(64 * 9 + 1) * 128, (1 * 9 + 1) * 64 + (64 * 1 + 1) * 128]
f"{counts[0]:,} or {counts[1]:,} parameters, {counts[0] / counts[1]:.1f} times fewer"

# %%
# The price: it can compute only what can be written as a filter per channel followed by
# a mixture.
#
# .. _conv-pool:
#
# Pooling: fewer cells, same channels
# -----------------------------------
# Pooling slides a window too, but it has no weights.
# :class:`~torch.nn.MaxPool2d` keeps the largest number under the window,
# :class:`~torch.nn.AvgPool2d` the mean.
# The stride is as large as the window unless you say otherwise, so windows do not
# overlap, and the output size follows the formula from above.
# Each channel is pooled alone.
# By hand it is a view with two axes more, which count the cells inside each window, and
# the largest along these two.

grid = torch.tensor([[1.0, 5, 2, 0], [3, 4, 1, 7], [0, 2, 9, 6], [8, 1, 3, 2]])
pool = nn.MaxPool2d(kernel_size=2, return_indices=True)
largest, where = pool(grid[None, None])  # (1, 1, 2, 2) each
mean = nn.AvgPool2d(kernel_size=2)(grid[None, None])
back = nn.MaxUnpool2d(kernel_size=2)(largest, where)  # (1, 1, 4, 4)
by_hand = grid.view(2, 2, 2, 2).amax(dim=(1, 3))  # (window, cell, window, cell)
assert torch.equal(largest[0, 0], by_hand)
assert not list(pool.parameters())
where

# %%
# ``return_indices=True`` also returns where each maximum came from, counted through the
# whole map.
# :class:`~torch.nn.MaxUnpool2d` needs these places to put the maxima back; everything
# else stays zero.

fig, axes = plt.subplots(1, 4, figsize=(8, 2.5), gridspec_kw=FILL)
draw(axes[0], grid, "input", back[0, 0] > 0)
draw(axes[1], largest[0, 0], "MaxPool2d(2)", largest[0, 0] > 0)
draw(axes[2], mean[0, 0], "AvgPool2d(2)")
draw(axes[3], back[0, 0], "MaxUnpool2d(2)", back[0, 0] > 0)
fig.suptitle("Max pooling keeps the largest of each window, unpooling puts it back")
plt.show()

# %%
# Without the indices, unpooling cannot work:

with eatorch.show_error(TypeError):
    nn.MaxUnpool2d(kernel_size=2)(largest)

# %%
# Adaptive pooling turns the question round: you name the size of the *output*, and the
# layer chooses its windows.
# Seven cells into three do not go evenly, so the windows overlap; here is which cells
# each mean was taken from.

row = torch.arange(7.0)
means = nn.AdaptiveAvgPool1d(3)(row[None, None])[0, 0]
for n, mean in enumerate(means):
    start, end = n * 7 // 3, math.ceil((n + 1) * 7 / 3)
    assert mean == row[start:end].mean()
    print(f"output {n}: mean of cells {start} to {end - 1}")

# %%
# ``AdaptiveAvgPool2d(1)`` makes one mean of each map, whatever its size, and
# :class:`~torch.nn.FractionalMaxPool2d` shrinks by a factor such as 0.7 with windows
# drawn at random.
#
# .. _conv-flatten:
#
# From maps to a decision
# -----------------------
# At the end of a network :class:`~torch.nn.Flatten` lays all maps of a picture in one
# line, and a linear layer reads that line.
# Its size has to be known when the layer is built.
# This is LeNet in short, made for pictures of 32 x 32; :func:`eatorch.summary` shows
# the shape behind each layer.

net = nn.Sequential(
    nn.Conv2d(1, 6, kernel_size=5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(6, 16, kernel_size=5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(16 * 5 * 5, 10),
)
print(eatorch.summary(net, torch.zeros(1, 1, 32, 32)))

# %%
# Give it pictures of another size and the line has another length.
# The message speaks of matrices: the first shape is (batch x length that came), the
# second (length expected x outputs).

larger = torch.zeros(4, 1, 48, 48)
with eatorch.show_error(RuntimeError):
    net(larger)
with eatorch.show_error(RuntimeError):
    net(torch.zeros(1, 32, 32))  # one picture without a batch

# %%
# The convolutions did not mind; only the last layer did.
# In the second case a single picture went in without its batch axis.
# Convolutions and pools accept that, but ``Flatten`` keeps the first axis, and took the
# 16 maps for 16 pictures.
#
# There are two cures for the size: :class:`~torch.nn.LazyLinear` waits for the first
# batch and takes its length, once and for all; an adaptive pool makes every size fit.

pooled = nn.Sequential(*net[:6], nn.AdaptiveAvgPool2d(5), *net[6:])
lazy = nn.Sequential(*net[:7], nn.LazyLinear(10))
pooled(larger).shape, lazy(larger).shape, lazy[-1].in_features

# %%
# .. _conv-unfold:
#
# A convolution is a matrix product
# ---------------------------------
# :class:`~torch.nn.Unfold` copies every window of a picture into a column.
# Then one product of matrices does the whole convolution, and matrix products are what
# processors do best.
# The coloured column is the window at 1, 2 that we drew at the beginning.

columns = functional.unfold(image[None, None], kernel_size=3)[0]  # (weight, place)
product = kernel.flatten() @ columns  # (place,)
assert torch.equal(product.view(3, 3), slide(image, kernel))

chosen = torch.arange(9) == 1 * 3 + 2
fig, axes = plt.subplots(1, 2, figsize=(7, 3.5), gridspec_kw=FILL)
draw(axes[0], columns, "unfold: a column for every place", chosen)
draw(axes[1], product.view(3, 3), "kernel @ columns, folded", chosen.view(3, 3))
fig.suptitle("Unfold turns windows into columns, and a matrix product does the rest")
plt.show()

# %%
# With channels and a bias it works the same way, here on the photograph:

layer = nn.Conv2d(3, 8, kernel_size=3)
part = batch[..., :60, :80]  # (1, 3, 60, 80)
with torch.no_grad():
    product = layer.weight.flatten(1) @ functional.unfold(part, 3)  # (1, 8, place)
    by_matrix = product.view(1, 8, 58, 78) + layer.bias.view(8, 1, 1)
    assert torch.allclose(by_matrix, layer(part), atol=1e-5)
layer.weight.flatten(1).shape, functional.unfold(part, 3).shape

# %%
# :class:`~torch.nn.Fold` goes back and *adds* where windows overlap.
# So it does not undo ``unfold`` by itself; divide by how often each cell was copied.

ones = torch.ones(1, 1, 5, 5)
times = functional.fold(functional.unfold(ones, 3), output_size=(5, 5), kernel_size=3)
again = functional.fold(columns[None], output_size=(5, 5), kernel_size=3) / times
assert torch.allclose(again[0, 0], image)
times[0, 0]

# %%
# There is a second matrix in a convolution.
# Write the 25 cells of the image as one line; then each of the 9 results is a weighted
# sum of that line, and the whole layer is a 9 x 25 matrix.
# The identity matrix makes it visible; weights of 1 are blue, those of 2 orange.

line = torch.eye(25).view(25, 1, 5, 5)
matrix = functional.conv2d(line, kernel[None, None]).flatten(1).T  # (9, 25)
assert torch.equal((matrix @ image.flatten()).view(3, 3), slide(image, kernel))

fig, ax = plt.subplots(figsize=(7, 3), gridspec_kw=ROOM)
blue_orange = ListedColormap(["C0", "C1"])
ax.imshow(matrix.where(matrix != 0, torch.nan).numpy(), cmap=blue_orange)
ax.set(xlabel="cell of the image, row by row", ylabel="cell of the result")
ax.set_title("A convolution is a linear layer that repeats the same few weights")
plt.show()

# %%
# A linear layer from 25 to 9 has 225 weights, all free.
# The convolution keeps nearly all of them at zero and repeats the others in each row:
# nine weights in all, of which our kernel uses three.
# That is its whole secret: local, and the same everywhere.
#
# .. _conv-transpose:
#
# ConvTranspose2d: scatter instead of gather
# ------------------------------------------
# Multiply with the *transpose* of that matrix and you go the other way, from 9 cells to
# 25.
# A convolution gathers nine cells into one; its transpose scatters one cell over nine.
# Each input cell stamps a copy of the kernel, multiplied by its number, and where
# stamps overlap, they add up.

result = slide(image, kernel)
scattered = functional.conv_transpose2d(result[None, None], kernel[None, None])[0, 0]
assert torch.equal(scattered.flatten(), matrix.T @ result.flatten())

few = torch.tensor([[1.0, 2], [3, 4]])
stamp = torch.ones(1, 1, 3, 3)
stamps = []
for place in range(4):
    alone = torch.where(torch.arange(4).view(2, 2) == place, few, 0)
    stamps.append(functional.conv_transpose2d(alone[None, None], stamp, stride=2)[0, 0])
total = functional.conv_transpose2d(few[None, None], stamp, stride=2)[0, 0]
assert torch.equal(total, sum(stamps))

# %%
# Four cells, a kernel of ones and ``stride=2``: now the stride is the distance between
# two stamps.

fig, axes = plt.subplots(2, 3, figsize=(6.5, 4.5), gridspec_kw=FILL)
draw(axes[0, 0], few, "input")
for number, (ax, made) in enumerate(zip(axes.flat[1:5], stamps, strict=True)):
    draw(ax, made, f"stamp of the {number + 1}", made > 0, f"C{number + 1}")
draw(axes[1, 2], total, "sum: stamps overlap", sum(made > 0 for made in stamps) > 1)
fig.suptitle("A transposed convolution stamps its kernel once for every input cell")
plt.show()

# %%
# The orange cells of the sum were hit more than once.
# Remember this pattern; it returns below.
#
# Sizes run backwards as well: a convolution from 5 to 3 becomes a transposed one from 3
# to 5.
#
# .. math::
#
#    \text{out} = (\text{in} - 1) s - 2 p + d (k - 1) + e + 1
#
# The extra :math:`e` is the argument ``output_padding``, the one that people ask about.
# A stride rounds down, so inputs of 7 and of 8 cells both give 4.
# On the way back PyTorch cannot know which one you mean: ``output_padding=1`` picks the
# larger one, and ``output_size`` says it outright.
# It adds no zeros; the extra cells are computed like all others.

down = nn.Conv1d(1, 1, kernel_size=3, stride=2, padding=1)
up = nn.ConvTranspose1d(1, 1, kernel_size=3, stride=2, padding=1)
four = down(torch.ones(1, 1, 8))
assert four.shape == down(torch.ones(1, 1, 7)).shape == (1, 1, 4)
up(four).shape, up(four, output_size=[8]).shape

# %%
# The formula stands the same test as the first:

grid = itertools.product(range(2, 7), range(1, 5), range(1, 4), range(3), range(1, 4))
checked = 0
for size, k, s, p, d in grid:
    for extra in range(max(s, d)):  # PyTorch wants it below stride or dilation
        expected = (size - 1) * s - 2 * p + d * (k - 1) + extra + 1
        if expected < 1:
            continue
        ones, weights = torch.ones(1, 1, size), torch.ones(1, 1, k)
        came = functional.conv_transpose1d(ones, weights, None, s, p, extra, 1, d)
        assert came.shape[-1] == expected
        checked += 1
checked

# %%
# Two more surprises.
# The weight has its channels the other way round, ``(in, out, height, width)``.
# And the layer is no inverse: it restores the *shape* of the input, not its numbers, as
# ``scattered`` above is not ``image``.

assert not torch.equal(scattered, image)
nn.Conv2d(4, 6, 3).weight.shape, nn.ConvTranspose2d(4, 6, 3).weight.shape

# %%
# .. _conv-checkerboard:
#
# Checkerboards, and how to avoid them
# ------------------------------------
# Stamps that overlap unevenly leave a pattern.
# We let an even grey area pass through three ways of doubling a picture, all with
# weights of one, and look at how often each cell is hit.

flat = torch.ones(1, 1, 6, 6)
double = nn.Upsample(scale_factor=2, mode="nearest")
three, four = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 4, 4)
ways = {
    "kernel 3, stride 2": functional.conv_transpose2d(flat, three, stride=2),
    "kernel 4, stride 2": functional.conv_transpose2d(flat, four, stride=2),
    "Upsample, then kernel 3": functional.conv2d(double(flat), three),
}
inside = [hits[..., 2:-2, 2:-2].unique().tolist() for hits in ways.values()]
assert inside == [[1, 2, 4], [4], [9]]

# %%
# Away from the rim, only the first of them is uneven.

fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.9), gridspec_kw=FILL)
for ax, (name, hits) in zip(axes, ways.items(), strict=True):
    ax.imshow(hits[0, 0].numpy(), cmap="viridis", vmin=0, vmax=9)
    ax.set_title(name, fontsize=10)
    ax.axis("off")
fig.suptitle("A kernel that the stride does not divide weaves a checkerboard")
plt.show()

# %%
# So choose a kernel size that the stride divides, or enlarge first and convolve then.
# Training can learn to balance the weights, but it starts from this pattern.
#
# :class:`~torch.nn.Upsample`, as a function :func:`torch.nn.functional.interpolate`,
# has no weights.
# ``nearest`` repeats cells, ``linear`` (for pictures ``bilinear``) slides from one to
# the next.
# With ``align_corners=True`` the first and the last number stay at the ends, and the
# way between them is divided evenly.
# With ``False``, the default, a number is the middle of its cell, and cells keep their
# width in proportion; beyond the outermost middles the ends are repeated.

ends = torch.tensor([[[0.0, 30]]])  # (batch, channel, cell)
print(functional.interpolate(ends, scale_factor=2, mode="nearest"))
print(functional.interpolate(ends, scale_factor=2, mode="linear", align_corners=False))
print(functional.interpolate(ends, scale_factor=2, mode="linear", align_corners=True))

# %%
# .. _conv-linear:
#
# Linear and Embedding: matrix products
# -------------------------------------
# :class:`~torch.nn.Linear` is a matrix product and a bias, :math:`y = x W^T + b`.
# It works on the last axis and leaves all others alone.
# Its weight is stored as ``(out, in)``, hence the transpose.
#
# :class:`~torch.nn.Embedding` looks like something else: whole numbers go in, and out
# comes a row of its table for each.
# Write the numbers as one-hot rows, and it is a matrix product as well, with a
# shortcut.

linear = nn.Linear(4, 3)
embedding = nn.Embedding(num_embeddings=5, embedding_dim=3)
inputs, words = torch.randn(2, 4), torch.tensor([3, 0, 3, 1])
one_hot = functional.one_hot(words, num_classes=5).float()  # (word, number of the word)
assert torch.equal(one_hot @ embedding.weight, embedding(words))
assert torch.allclose(inputs @ linear.weight.T + linear.bias, linear(inputs))
counts = [sum(p.numel() for p in net.parameters()) for net in (linear, embedding)]
assert counts == [(4 + 1) * 3, 5 * 3]
linear(torch.zeros(2, 7, 4)).shape, embedding(torch.zeros(2, 7).long()).shape

# %%
# Small whole numbers once more, above for the linear layer, with bias 0, and below for
# the embedding.
# Follow the orange cells: above, a row of the weight meets the input and makes one
# number; below, a one-hot row is all zeros but for a single 1, so the embedding skips
# the product and copies a row.

with torch.no_grad():
    linear.weight.copy_(torch.arange(12.0).view(3, 4) % 5)
    linear.bias.zero_()
    embedding.weight.copy_(torch.arange(15.0).view(5, 3))
vector, second = torch.tensor([1.0, 0, 2, 1]), torch.tensor([[0], [1], [0]])
asked, row = (words == 0)[:, None], (torch.arange(5) == 0)[:, None]

fig, axes = plt.subplots(2, 3, figsize=(6.8, 4.2), gridspec_kw=FILL | {"hspace": 0.3})
draw(axes[0, 0], linear.weight, "weight of Linear(4, 3)", second)
draw(axes[0, 1], vector[:, None], "input", torch.ones(1))
draw(axes[0, 2], linear(vector)[:, None], "output", second)
draw(axes[1, 0], one_hot.int(), "one-hot words 3, 0, 3, 1", asked)
draw(axes[1, 1], embedding.weight, "weight of Embedding(5, 3)", row)
draw(axes[1, 2], embedding(words), "output", asked)
fig.suptitle("A linear layer multiplies rows, an embedding only picks them")
plt.show()

# %%
# It wants whole numbers, below the size of its table.
# ``padding_idx`` names a word that fills up short sentences: its row is zero and stays
# zero, because it gets no gradient.

with eatorch.show_error(IndexError):
    embedding(torch.tensor([5]))
with eatorch.show_error(RuntimeError):
    embedding(torch.tensor([1.0]))
padded = nn.Embedding(5, 3, padding_idx=0)
padded(words).sum().backward()
padded.weight[0].tolist(), padded.weight.grad.sum(dim=1).tolist()

# %%
# .. _conv-dropout:
#
# Dropout, in short
# -----------------
# :class:`~torch.nn.Dropout` sets cells picked at random to zero while the network
# trains, so that no cell can rely on a single other one.
# The survivors are divided by 1 - p, which keeps the mean on average.
# In evaluation it does nothing, which is why forgetting ``eval()`` makes predictions
# flicker.
# On maps use :class:`~torch.nn.Dropout2d`: neighbouring cells tell almost the same, so
# it drops whole channels.

dropout = nn.Dropout(p=0.5)
training = dropout(torch.ones(8))
evaluation = dropout.eval()(torch.ones(8))
channels = nn.Dropout2d(p=0.5)(torch.ones(1, 8, 4, 4)).mean(dim=(2, 3))
training, evaluation, channels

# %%
# .. _conv-activations:
#
# Activations: bend the line
# --------------------------
# Two linear layers in a row are one linear layer, and ten are too.
# The same holds for convolutions.
# Only a bend between them makes a network more than a matrix.

first, second = nn.Linear(4, 6, bias=False), nn.Linear(6, 2, bias=False)
single = second.weight @ first.weight  # (2, 4)
assert torch.allclose(second(first(inputs)), inputs @ single.T, atol=1e-6)
assert not torch.allclose(second(first(inputs).relu()), inputs @ single.T)

# %%
# An *activation* is such a bend, applied to every cell alone, without changing the
# shape.
# Here are eight, with their derivatives, since training lives on the derivative.
# A tensor that records gradients has to be detached before Matplotlib turns it into a
# NumPy array.

bends = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": functional.relu,
    "leaky_relu": lambda x: functional.leaky_relu(x, negative_slope=0.1),
    "elu": functional.elu,
    "softplus": functional.softplus,
    "gelu": functional.gelu,
    "silu": functional.silu,
}


def slope(function, x):
    """Return the derivative of a function at each number of ``x``."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x).sum(), x)[0]


# %%
# Blue is the function, orange its derivative.

x = torch.linspace(-4, 4, 401)
fig, axes = plt.subplots(2, 4, figsize=(7.5, 4), sharex=True, sharey=True)
for ax, (name, bend) in zip(axes.flat, bends.items(), strict=True):
    ax.plot(x, bend(x), label="function")
    ax.plot(x, slope(bend, x), "--", label="derivative")
    ax.set(title=name, xlabel="input", ylabel="output", ylim=(-1.3, 2.5))
    ax.label_outer()
axes[0, 0].legend(fontsize=8)
fig.suptitle("The old bends go flat on both sides, the newer ones at most on the left")
plt.show()

# %%
# How large can each derivative get, and what is left of it at -3 and at 3?

for name, bend in bends.items():
    left, right = slope(bend, torch.tensor([-3.0, 3.0])).tolist()
    highest = slope(bend, x).max()
    print(f"{name:10} highest {highest:.2f}, at -3 {left:5.2f}, at 3 {right:5.2f}")
assert slope(torch.sigmoid, x).max() <= 0.25
assert slope(torch.relu, torch.zeros(1)) == 0  # PyTorch's choice at the kink

# %%
# - **sigmoid** and **tanh** squeeze everything into a strip. Keep the sigmoid for
#   outputs that mean a probability, and leave it to the loss
#   (:class:`~torch.nn.BCEWithLogitsLoss`).
# - **relu** is the first choice: cheap, and its derivative is 1 for everything
#   positive. A unit whose input is negative for every sample gets no gradient and may
#   never wake up.
# - **leaky_relu** and **elu** give that side a little slope.
# - **softplus**, **gelu** and **silu** have no kink; the last two are usual in
#   transformers and modern networks.
#
# :class:`~torch.nn.Threshold` is the general form of relu: numbers up to a threshold
# are replaced.
#
# .. _conv-vanish:
#
# Why flat bends hurt deep networks
# ---------------------------------
# The backward pass multiplies one derivative per layer.
# If each is at most a quarter, twenty of them leave almost nothing, and the first
# layers do not learn: the gradient *vanishes*.
# We build twenty layers with each of three bends, initialised as usual for that bend,
# and measure the gradient that reaches each layer.


def gradient_sizes(bend, name, depth=20, width=64):
    """Return the mean size of the gradient at the weights of each layer."""
    torch.manual_seed(0)
    gain = nn.init.calculate_gain(name)
    layers = [nn.Linear(width, width, bias=False) for _ in range(depth)]
    signal = torch.randn(128, width)
    for layer in layers:
        nn.init.normal_(layer.weight, std=gain / math.sqrt(width))
        signal = bend(layer(signal))
    signal.sum().backward()
    return [layer.weight.grad.abs().mean().item() for layer in layers]


sizes = {
    name: gradient_sizes(bends[name], name) for name in ("relu", "tanh", "sigmoid")
}
assert sizes["sigmoid"][0] < 1e-6 * sizes["sigmoid"][-1]

# %%
# The vertical axis counts in powers of ten.

fig, ax = plt.subplots(figsize=(6.5, 3.2), gridspec_kw=ROOM)
for name, values in sizes.items():
    ax.semilogy(range(1, 21), values, "o-", markersize=4, label=name)
ax.set(xlabel="layer, 1 is next to the input", ylabel="mean size of the gradient")
ax.set_xticks(range(1, 21, 3))
ax.set_title("Through sigmoids the gradient vanishes, through relu it arrives")
ax.legend()
plt.show()

# %%
# With two or three layers any bend will do, so choose freely.
# With twenty, the sigmoid starves its first layers by many powers of ten.
# The others hold, but only because their weights were given the right spread; too much
# of it, and gradients *explode* instead.
# How to choose the spread is a lesson of its own, :ref:`norm`.
#
# .. _conv-own:
#
# An activation of your own
# -------------------------
# Write it with tensor operations, and autograd finds the derivative.
# This one is a smooth relu made of a square root.
# :func:`torch.autograd.gradcheck` compares the derivative with small differences; it
# wants ``float64``.


class Squareplus(nn.Module):
    """A smooth relu: half of x plus the root of x squared plus 4."""

    def forward(self, x):
        return (x + (x * x + 4).sqrt()) / 2


smooth = Squareplus()
points = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(smooth, points)
slope(smooth, torch.tensor([-3.0, 0, 3]))

# %%
# "Differentiable" is more than "has an output".
# A step from 0 to 1 bends too, but a comparison cuts the graph, and even where PyTorch
# has a derivative for a step, it is zero everywhere: nothing to learn from.

start = torch.tensor([-1.0, 2.0], requires_grad=True)
with eatorch.show_error(RuntimeError):
    (start > 0).float().sum().backward()
slope(torch.sign, torch.tensor([-1.0, 2.0]))

# %%
# .. _conv-field:
#
# How far does one cell see?
# --------------------------
# A cell behind three layers was made from a whole patch of the picture, its *receptive
# field*.
# The gradient draws it: ask one cell in the middle of the result which inputs it
# depends on.
# All weights are ones, so that nothing cancels.


def receptive_field(*layers, size=21):
    """Return how strongly the middle cell of the result depends on each input."""
    net = nn.Sequential(*layers)
    for layer in net:
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    picture = torch.zeros(1, 1, size, size, requires_grad=True)
    result = net(picture)
    result[0, 0, result.shape[2] // 2, result.shape[3] // 2].backward()
    return picture.grad[0, 0]


def conv(dilation=1, stride=1):
    return nn.Conv2d(1, 1, 3, stride, padding=dilation, dilation=dilation, bias=False)


# %%
# Four stacks, each of three convolutions of 3 x 3:

stacks = {
    "plain": [conv(), conv(), conv()],
    "pooled between": [conv(), nn.AvgPool2d(2), conv(), nn.AvgPool2d(2), conv()],
    "dilation 1, 2, 4": [conv(1), conv(2), conv(4)],
    "dilation 2, 2, 2": [conv(2), conv(2), conv(2)],
}
fields = {name: receptive_field(*layers) for name, layers in stacks.items()}
fig, axes = plt.subplots(1, 4, figsize=(8, 2.7), gridspec_kw=FILL)
for ax, (name, field) in zip(axes, fields.items(), strict=True):
    width = (field > 0).any(dim=0).nonzero().aminmax()
    ax.imshow(field.where(field > 0, torch.nan).numpy(), cmap="viridis")
    ax.set_title(f"{name}: {width.max - width.min + 1} cells", fontsize=9)
    ax.axis("off")
fig.suptitle("Pooling and dilation widen the view, equal dilations leave holes")
plt.show()

# %%
# Yellow cells count most: even inside the field, the middle matters more than the rim,
# because more paths lead there.
# Equal dilations see only every other cell.
#
# The width can be computed as well.
# Each layer adds :math:`d (k - 1)` steps, and a step is as long as the product of all
# strides before it, pools included:
#
# .. math::
#
#    r = 1 + \sum_{l} d_l (k_l - 1) \prod_{m < l} s_m

for name, layers in stacks.items():
    width, step = 1, 1
    for layer in layers:
        dilation = layer.dilation[0] if isinstance(layer, nn.Conv2d) else 1
        size, stride = (np.ravel(n)[0] for n in (layer.kernel_size, layer.stride))
        width += dilation * (size - 1) * step
        step *= stride
    seen = (fields[name] > 0).any(dim=0).nonzero().aminmax()
    assert seen.max - seen.min + 1 == width
    print(f"{name:17} {width}")

# %%
# .. admonition:: Then and now
#
#    Course notes still in use give the parameters of a convolution from 3 to 32
#    channels with a 3 x 3 kernel as 873.
#    They add one bias for each of the nine places of a kernel, instead of one for each
#    of the 32 kernels; the layer itself says 896, as you saw above.
#    The same notes let groups share their kernels, which they do not, and an exercise
#    sheet of another course asks for dilation 0 where it means 1.
#
#    ``padding="same"`` arrived in 2021 with PyTorch 1.9; older code computes the number
#    itself.
#    ``F.upsample`` is deprecated, write :func:`torch.nn.functional.interpolate`; what
#    was ``F.sigmoid`` and ``F.tanh`` is :func:`torch.sigmoid` and :func:`torch.tanh`.
#    And a tensor on its way to a plot is detached with ``detach()``, where old
#    tutorials write ``.data.numpy()`` on a ``Variable``.
#
# .. _conv-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _conv-ex1:
#
# Exercise 18-1: a convolution by hand
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A picture has three channels of 5 x 5 cells.
# The first is filled with 1, the second with 2, the third with 3.
# A layer without bias has two kernels of 3 x 3: all weights of the first are 1, all of
# the second are 2.
# Take paper and give five numbers, in this order:
#
# 1. any cell of the first map, without padding
# 2. any cell of the second map, without padding
# 3. with ``padding=1``, a corner of the first map
# 4. with ``padding=1``, a cell on its edge, not in a corner
# 5. with ``padding=1``, a cell inside
#
# .. dropdown:: Hint
#
#    Add up the three channels first: what lies under the window at one cell?
#    Then count how many of the nine cells are inside the picture.
#
# .. dropdown:: Solution
#
#    Each cell under the window brings 1 + 2 + 3 = 6.
#    Inside, nine cells count, on an edge six, in a corner four; the second kernel
#    doubles everything.
#
#    .. code-block:: python
#
#       numbers = [9 * 6, 2 * 9 * 6, 4 * 6, 6 * 6, 9 * 6]

numbers = ...  # your code here

eatorch.check("18-1", numbers)

# %%
# .. _conv-ex2:
#
# Exercise 18-2: a picture in three dimensions
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# :func:`torch.nn.functional.conv3d` slides along depth, height and width.
# Take the colours of a picture as its depth.
# Write ``conv2d_by_3d(pictures, weight)`` that gives the numbers and the shape of
# ``functional.conv2d(pictures, weight)`` but calls ``functional.conv3d``.
# ``pictures`` has the shape ``(batch, channel, height, width)``, ``weight``
# ``(out, channel, k, k)``.
#
# .. dropdown:: Hint
#
#    The depth needs an axis of its own, so something else must become the single
#    channel.
#    How often does a kernel fit along the depth if it is as deep as the picture?
#
# .. dropdown:: Solution
#
#    A kernel as deep as the picture has one place along the depth, so the result has a
#    depth of 1 there, which ``squeeze`` takes away.
#    A kernel that is *less* deep would slide over the colours too: it has fewer
#    weights, and treats red and green as it treats green and blue.
#
#    .. code-block:: python
#
#       def conv2d_by_3d(pictures, weight):
#           maps = functional.conv3d(pictures.unsqueeze(1), weight.unsqueeze(1))
#           return maps.squeeze(2)  # (batch, out, 1, height, width) before


def conv2d_by_3d(pictures, weight):
    """Return what ``conv2d`` returns, computed by ``conv3d``."""
    ...  # your code here


eatorch.check("18-2", conv2d_by_3d)

# %%
# .. _conv-ex3:
#
# Exercise 18-3: count the parameters
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``conv_parameters(inputs, outputs, size, groups=1, bias=True)`` that returns how
# many numbers a :class:`~torch.nn.Conv2d` with these arguments learns, without building
# one.
# ``size`` is the pair ``(height, width)`` of the kernel.
#
# .. dropdown:: Hint
#
#    How many sheets has one kernel, how many kernels are there, and how many biases?
#    Only one of the three depends on ``groups``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def conv_parameters(inputs, outputs, size, groups=1, bias=True):
#           height, width = size
#           kernel = inputs // groups * height * width
#           return outputs * (kernel + (1 if bias else 0))


def conv_parameters(inputs, outputs, size, groups=1, bias=True):
    """Return the number of parameters of a Conv2d."""
    ...  # your code here


eatorch.check("18-3", conv_parameters)

# %%
# .. _conv-ex4:
#
# Exercise 18-4: an activation of your own
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``soft_knee(x)``: it returns ``x`` where x is at least 0, and ``x / (1 - x)``
# where x is negative, so that the negative side levels off at -1.
# The derivative has to be right for every number: 1 on the right,
# :math:`1 / (1 - x)^2` on the left.
# The check also looks at x = 1. Why?
#
# .. dropdown:: Hint
#
#    :func:`torch.where` computes *both* branches for all numbers, and the gradient
#    visits both.
#    What does the unused branch do at x = 1, and what is zero times infinity?
#
# .. dropdown:: Solution
#
#    On the negative side, 1 - x is the same as 1 + \|x\|, which is never zero.
#    Limiting x before the division does it too: ``x.clamp(max=0)``.
#
#    .. code-block:: python
#
#       def soft_knee(x):
#           return torch.where(x >= 0, x, x / (1 + x.abs()))


def soft_knee(x):
    """Return x where it is at least 0, and x / (1 - x) where it is negative."""
    ...  # your code here


eatorch.check("18-4", soft_knee)

# %%
# .. _conv-ex5:
#
# Exercise 18-5: does padding add zeros or the bias?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Settle it by writing it.
# ``conv_padded(pictures, weight, bias, padding)`` returns what
# ``functional.conv2d(pictures, weight, bias, padding=padding)`` returns, but calls it
# without its ``padding`` argument: you pad yourself.
# ``padding`` is a whole number, the same on all four sides.
#
# .. dropdown:: Hint
#
#    :func:`torch.nn.functional.pad` wants four numbers for two axes.
#    What do the new cells hold, and which cells of the *result* does the bias reach?
#
# .. dropdown:: Solution
#
#    The input is padded with zeros; the bias is added to each cell of the output, on
#    the border and inside alike.
#
#    .. code-block:: python
#
#       def conv_padded(pictures, weight, bias, padding):
#           padded = functional.pad(pictures, (padding, padding, padding, padding))
#           return functional.conv2d(padded, weight, bias)


def conv_padded(pictures, weight, bias, padding):
    """Return a padded convolution without using the padding argument."""
    ...  # your code here


eatorch.check("18-5", conv_padded)

# %%
# .. _conv-minute:
#
# In one minute
# -------------
# - Pictures and maps are ``(batch, channel, height, width)``. Three axes mean one
#   picture without a batch.
# - A kernel has a sheet for every input channel and makes one map. A layer learns
#   (in / groups x height x width + 1) x out numbers, whatever the picture's size.
# - Out = floor((in + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, for
#   convolutions and pools alike.
# - Padding is zeros around the input; the bias is added everywhere.
# - Groups do not share kernels. Depthwise and 1 x 1 together replace an ordinary layer
#   cheaply.
# - A convolution is a matrix product; its transpose scatters. It restores shapes, not
#   numbers, and it checkers unless the stride divides the kernel.
# - Without a bend, layers collapse into one. Flat bends starve deep networks.
#
# .. _conv-next:
#
# Read next
# ---------
# - :ref:`norm` gives the weights the right spread and keeps it there.
# - :ref:`image` trains a network of these layers on handwriting.
# - :ref:`module` shows how a layer such as ``Linear`` is written.
# - :ref:`attention` replaces the fixed window by one that each cell chooses.
