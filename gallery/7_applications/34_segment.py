"""
.. _segment:

Classification and segmentation
===============================

Teach one network to say what is on a picture and another to say which pixels it covers,
and measure both on pictures they have never met.

:Level: 4
:Hours: 1.5
:Needs: :ref:`image`, :ref:`conv`, :ref:`norm`
:Data: handwritten digits (1,797 pictures, CC BY 4.0, from scikit-learn), photos of the
    Summer Palace by danielbuechele and of a dahlia by vultilion (both CC BY 2.0, from
    scikit-learn), portrait of Grace Hopper (US Navy, public domain) and a scan of a
    head (both from Matplotlib)

*Classification* gives one answer for a whole picture.
*Segmentation* gives one answer for every pixel: part of the thing, or not.
We start with the first, find out that its network half knows the second, and build what
is missing.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib import cbook
from torch import nn
from torch.nn import functional

import eatorch
from eatorch.metrics import Dice, IoU

torch.manual_seed(0)
torch.set_num_threads(1)  # on pictures this small, threads cost more than they bring

# %%
# .. _segment-scenes:
#
# Scenes whose answer we know
# ---------------------------
# To measure a segmentation we need the right answer for every pixel, a *mask*.
# People draw masks by hand, which takes minutes for each picture.
# We get ours for nothing: we paste handwritten digits on patches of photographs, and so
# we know which pixels we painted.
#
# Before anything is pasted, everything is divided.
# Digits of one part never appear in another one; they are cut in the order of the
# collection, because neighbours are mostly by the same hand (:ref:`image`).
# The photos are cut as well: training patches come from the left 60 % of the columns,
# validation patches from the next 20 %, test patches from the rest.
# Otherwise the networks could learn the backgrounds by heart.

SIZE, DIGIT = 32, 14  # pixels: a scene, and the digit on it
PARTS = {"training": (0.0, 0.6), "validation": (0.6, 0.8), "test": (0.8, 1.0)}
collection = eatorch.data.digits()
ink = functional.interpolate(collection.images, size=DIGIT, mode="bilinear")
photos = torch.stack([eatorch.data.photo(name) for name in ("china", "flower")])
photos = 0.7 * photos.permute(0, 3, 1, 2) / 255  # (photo, channel, height, width)


def draw(part, total, generator, room=0):
    """Draw a number below total from one part, at least room before its end."""
    first, last = (int(share * total) for share in PARTS[part])
    return int(torch.randint(first, last - room, (), generator=generator))


# %%
# A digit is painted in a light colour of its own: where ``ink`` is 1 the colour covers
# the photo, where it is 0.5 both are mixed.
# Pixels with more than half of the colour belong to the mask.
# The photos were darkened by 30 % above, since light digits would vanish in a bright
# sky.


def scene(part, generator):
    """Return a picture, its mask and the number of the digit on it."""
    top = int(torch.randint(photos.shape[2] - SIZE, (), generator=generator))
    left = draw(part, photos.shape[3], generator, room=SIZE - 1)
    which = int(torch.randint(2, (), generator=generator))
    patch = photos[which, :, top : top + SIZE, left : left + SIZE]
    number = draw(part, len(ink), generator)
    x, y = torch.randint(SIZE - DIGIT + 1, (2,), generator=generator).tolist()
    rest = SIZE - DIGIT
    cover = functional.pad(ink[number], (x, rest - x, y, rest - y))  # (1, h, w)
    colour = 0.5 + 0.5 * torch.rand(3, 1, 1, generator=generator)
    return patch * (1 - cover) + colour * cover, (cover[0] > 0.5).float(), number


# %%
# 1,500 scenes to learn from, 200 to watch the training, 400 for the test.
# ``channels_last`` changes nothing but the order in memory: the three colours of a
# pixel lie side by side, which makes convolutions faster on many processors.


def scenes(part, count):
    """Return pictures, masks and labels of one part."""
    generator = torch.Generator().manual_seed(list(PARTS).index(part))
    made = [scene(part, generator) for _ in range(count)]
    images, masks, numbers = zip(*made, strict=True)
    images = torch.stack(images).to(memory_format=torch.channels_last)
    return images, torch.stack(masks), collection.targets[list(numbers)]


train, valid, test = (
    scenes("training", 1500),
    scenes("validation", 200),
    scenes("test", 400),
)
images, masks, labels = test
print(f"images {tuple(images.shape)}, masks {tuple(masks.shape)} {masks.dtype}")
print(f"{train[1].mean():.1%} of the training pixels belong to a digit")

# %%
# The labels above are what the first network has to find, the masks below are for the
# second.

fig, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
row = torch.cat([images[:8], masks[:8, None].expand(-1, 3, -1, -1)])
eatorch.plots.show_images(row, [*labels[:8].tolist(), *[""] * 8], ax=ax)
fig.suptitle("Eight scenes: the label is one number, the mask has one for every pixel")
plt.show()

# %%
# .. _segment-pattern:
#
# A class score measures how well a pattern fits
# ----------------------------------------------
# How does a network classify?
# The picture goes in as a tensor, one *score* (logit) for each class comes out, and the
# class with the highest score is the answer.
# To see what a score is, take the smallest classifier, a single linear layer, and the
# plain 8 x 8 digits without any photo.

edges = [int(share * len(collection)) for share in (0.6, 0.8)]
parts = collection.images.flatten(1).tensor_split(edges)  # (picture, 64) each
targets = collection.targets.tensor_split(edges)
linear = nn.Linear(64, 10)
optimizer = torch.optim.AdamW(linear.parameters(), lr=0.02)
for _ in range(150):
    optimizer.zero_grad()
    functional.cross_entropy(linear(parts[0]), targets[0]).backward()
    optimizer.step()

# %%
# Its weight has one row of 64 numbers for each class, as many as the picture has
# pixels.
# So each row can be laid over the picture: multiply pixel by pixel, add up, add the
# bias.
# That is the score.

patterns = linear.weight.detach().view(10, 8, 8)
picture = parts[2][5].view(8, 8)
scores = torch.stack([(pattern * picture).sum() for pattern in patterns])
scores += linear.bias.detach()
assert torch.allclose(scores, linear(parts[2][5]), atol=1e-5)

largest = patterns.abs().max().item()
fig, ax = plt.subplots(figsize=(8, 1.6), layout="constrained")
cells = (patterns / largest + 1) / 2  # zero becomes the middle of the colours
eatorch.plots.show_images(cells, range(10), columns=10, cmap="PuOr", ax=ax)
fig.suptitle("Ten learned patterns: purple wants ink at this place, orange wants paper")
plt.show()

# %%
# The zero, for example, wants a ring of ink with paper in the middle.
# The pattern that fits best gives the answer.
# Now move the test digits sideways, by one pixel and by two, and match again:

rows = parts[2].view(-1, 8, 8)
moved = {shift: rows.roll(shift, dims=2).flatten(1) for shift in range(3)}
right = {
    shift: (linear(pixels).argmax(dim=1) == targets[2]).float().mean().item()
    for shift, pixels in moved.items()
}
assert right[0] > 0.8
assert right[2] < 0.6
{f"moved by {shift}": round(share, 2) for shift, share in right.items()}

# %%
# Fixed patterns break as soon as the thing moves, and on our scenes it may be anywhere,
# in any colour.
# The cure is not a better last layer.
# It is to match patterns not on the pixels but on *features*, maps made by
# convolutions, which find the same pattern everywhere (:ref:`conv`).
#
# .. _segment-residual:
#
# Residual blocks: learn only the change
# --------------------------------------
# Good features need several layers, one upon the other.
# But plain stacks of layers get hard to train when they get deep: each layer has to
# pass on all that its successors will need, and the gradient has to come back through
# all of them.
# A *residual block* adds its input to its result, :math:`y = x + f(x)`.
# What should be kept passes untouched, and the layers inside learn only the change.


def conv(inputs, outputs, stride=1):
    """Return a 3 x 3 convolution with batch norm, which makes a bias superfluous."""
    layer = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


# %%
# The block is two of these, and a way past them.


class Residual(nn.Module):
    """Two convolutions, and a way past them."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.change = nn.Sequential(
            conv(inputs, outputs, stride), nn.ReLU(), conv(outputs, outputs)
        )
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x):
        return functional.relu(self.shortcut(x) + self.change(x))


# %%
# A sum needs two equal shapes.
# Where the block changes the number of channels or halves the size, the shortcut gets a
# 1 x 1 convolution with the same stride.
# Without it:

features = torch.rand(1, 16, 8, 8)
with eatorch.show_error(RuntimeError):
    features + conv(16, 32, stride=2)(features)
Residual(16, 32, stride=2)(features).shape

# %%
# If the layers inside answer zero, the block is no obstacle at all.
# Here their last batch norm is set to zero, and the features come out as they went in.

block = Residual(16, 16)
nn.init.zeros_(block.change[2][1].weight)
assert torch.equal(block(features), features)

# %%
# Does it matter?
# We stack ten blocks for the plain digits, once with the shortcuts and once with
# shortcuts that return zero.
# Both have the same layers, the same first weights and get the same batches.


class Cut(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)


def deep(shortcuts):
    """Return a network of ten blocks for 8 x 8 digits."""
    torch.manual_seed(0)
    blocks = [Residual(8, 8) for _ in range(10)]
    for block in blocks:
        block.shortcut = nn.Identity() if shortcuts else Cut()
    pooled = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 10))
    return nn.Sequential(conv(1, 8), *blocks, pooled)


# %%
# 25 steps are enough to see the difference.


def losses_of(model, steps=25, batch=64):
    """Train on the plain digits and return the loss of each step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(steps):
        rows = torch.randint(len(parts[0]), (batch,), generator=generator)
        scores = model(parts[0][rows].view(-1, 1, 8, 8))
        loss = functional.cross_entropy(scores, targets[0][rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %%
# Twenty convolutions in the blocks of each; the dotted line is the loss of guessing.

curves = {"with shortcuts": losses_of(deep(True)), "without": losses_of(deep(False))}
fig, ax = plt.subplots(figsize=(6.5, 3), layout="constrained")
for name, losses in curves.items():
    ax.plot(range(1, 26), losses, label=name)
ax.axhline(np.log(10), color="0.5", linestyle=":", label="guessing")
ax.set(xlabel="step", ylabel="training loss")
ax.set_title("The same twenty layers learn sooner if the input can get past them")
ax.legend()
plt.show()
assert np.mean(curves["with shortcuts"][-5:]) < 0.6 * np.mean(curves["without"][-5:])

# %%
# .. _segment-resnet:
#
# A small ResNet says what is there
# ---------------------------------
# A ResNet is a stack of such blocks.
# Ours has three, behind a first convolution; two steps of 2 make 8 x 8 maps of 32 x 32
# pixels.
# At the end each map is replaced by its mean, and a linear layer matches the patterns.
# The mean does not care *where* something was found.


class SmallResNet(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.features = nn.Sequential(
            conv(3, width, stride=2),
            nn.ReLU(),
            Residual(width, 2 * width),
            Residual(2 * width, 2 * width, stride=2),
            Residual(2 * width, 4 * width),
        )
        self.head = nn.Linear(4 * width, 10)

    def forward(self, images):
        features = self.features(images)  # (batch, channel, 8, 8)
        return self.head(features.mean(dim=(2, 3)))  # (batch, class)


# %%
# Both tasks of this lesson use the same loop, each with its own loss and its own
# targets.
# The learning rate rises first and then falls (:ref:`schedule`).


def fit(model, loss, data, measure, *, epochs):
    """Train in batches of 25; yield what ``measure`` says after each epoch."""
    inputs, targets = data
    optimizer = torch.optim.AdamW(model.parameters())
    steps = epochs * len(inputs) // 25
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    for _ in range(epochs):
        model.train()
        for rows in torch.randperm(len(inputs)).split(25):
            optimizer.zero_grad()
            loss(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()
            scheduler.step()
        yield measure(model)


# %%
# First the labels, with seeds for the first weights and for the order of the batches.
# After each epoch we measure on the validation scenes; the test scenes wait until the
# end.


def answer(model, images):
    """Return the outputs of a trained model."""
    with torch.inference_mode():
        return model.eval()(images)


def valid_accuracy(model):
    return (answer(model, valid[0]).argmax(dim=1) == valid[2]).float().mean().item()


torch.manual_seed(0)
classifier = SmallResNet()
entropy = nn.CrossEntropyLoss()
known = train[0], train[2]  # pictures and labels, no masks
history = list(fit(classifier, entropy, known, valid_accuracy, epochs=8))

# %%
# Now the test, once.
# Beside it stands the single linear layer, trained the same way on the same scenes: all
# it can do is to match fixed patterns with the pixels.

torch.manual_seed(0)
flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE * SIZE, 10))
list(fit(flat, entropy, known, valid_accuracy, epochs=8))
answers = {}
for name, model in {"linear layer": flat, "small ResNet": classifier}.items():
    answers[name] = answer(model, images).argmax(dim=1)
    print(f"{name}: {(answers[name] == labels).float().mean():.2f} right")
assert (answers["small ResNet"] == labels).float().mean() > 0.5
assert (answers["linear layer"] == labels).float().mean() < 0.3

# %%
# The linear layer stays near guessing, one in ten.
# The ResNet reads most scenes (how many, depends on the seed too: the network is small
# and its training short), and where it fails you may hesitate yourself:

wrong = (answers["small ResNet"] != labels).nonzero()[:8, 0]
told = [f"{labels[n]} read as {answers['small ResNet'][n]}" for n in wrong]
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
left.plot(range(1, 9), history, "o-")
left.set(xlabel="epoch", ylabel="validation accuracy", title="While training")
eatorch.plots.show_images(images[wrong], told, columns=4, ax=right)
right.set_title("Test scenes that it gets wrong")
fig.suptitle("Features made by residual blocks read a digit wherever it lies")
plt.show()

# %%
# .. _segment-map:
#
# The classifier half knows where
# -------------------------------
# Look again at the last two lines of ``forward``: first the mean over all places, then
# the patterns.
# Both are linear, so they may change places.
# Match the patterns at *every* place, which is a 1 x 1 convolution with the same
# weights, and take the mean of the results: the answer is the same.
# But between the two stands a map of scores.

weight, bias = classifier.head.weight.detach(), classifier.head.bias.detach()
scores = answer(classifier, images)
features = answer(classifier.features, images)
maps = functional.conv2d(features, weight[:, :, None, None], bias)
assert torch.allclose(maps.mean(dim=(2, 3)), scores, atol=1e-4)
own = maps[torch.arange(len(labels)), labels]  # (scene, 8, 8), map of the right class
own.shape

# %%
# Such a map is called a class activation map; :ref:`hook` takes one from the middle of
# any network.
# Enlarge it, take its highest pixel, and count how often that lies on the digit or at
# most two pixels beside it.

large = functional.interpolate(own[:, None], size=SIZE, mode="bilinear")[:, 0]
near = functional.max_pool2d(masks[:, None], 5, stride=1, padding=2)[:, 0]
peaks = large.flatten(1).argmax(dim=1, keepdim=True)
hits = near.flatten(1).gather(1, peaks).mean().item()
print(f"{hits:.0%} of the peaks, by chance {near.mean():.0%}")
assert hits > 3 * near.mean()

fig, axes = plt.subplots(2, 1, figsize=(8, 2.6), layout="constrained")
eatorch.plots.show_images(images[:8], ax=axes[0])
eatorch.plots.show_images(large[:8], cmap="viridis", ax=axes[1])
fig.suptitle("Bright where the classifier found its evidence: it was shown labels only")
plt.show()

# %%
# Nobody has shown this network a mask.
# Still, a classifier that answers at every place is nearly a segmentation.
# What is missing is the outline: 8 x 8 answers for 32 x 32 pixels.
#
# .. _segment-unet:
#
# U-Net: down for the what, up for the where
# ------------------------------------------
# To recognise a thing a network has to see far, so it makes its maps small; to draw an
# outline it needs every pixel.
# A *U-Net* does both.
# On its way down it halves the maps and adds channels.
# On its way up, transposed convolutions double the maps again, and at each size a *skip
# connection* hands over the maps from the way down, which still have their details.
# They are joined with :func:`torch.cat`, so that the next convolution reads both.


def double(inputs, outputs):
    """Return two convolutions with their activations."""
    return nn.Sequential(
        conv(inputs, outputs), nn.ReLU(), conv(outputs, outputs), nn.ReLU()
    )


# %%
# One size of the U is a module: down, everything deeper, up again, and the join.
# What is "deeper" may be another such module, so the U is built from the inside out.


class Level(nn.Module):
    def __init__(self, inputs, width, deeper):
        super().__init__()
        self.down = double(inputs, width)
        self.deeper = deeper  # gives maps of half the size and twice the width
        self.up = nn.ConvTranspose2d(2 * width, width, kernel_size=2, stride=2)
        self.join = double(2 * width, width)

    def merge(self, below, skip):
        return torch.cat([below, skip], dim=1)

    def forward(self, maps):
        skip = self.down(maps)
        below = self.up(self.deeper(functional.max_pool2d(skip, 2)))
        return self.join(self.merge(below, skip))


# %%
# Two halvings will do for our scenes: 32, 16, 8 pixels.
# The last layer, a 1 x 1 convolution, turns the channels of each pixel into its logit.
# A kernel of 2 with stride 2 makes a square of four from each pixel, without overlap,
# so no stamps can add up to a checkerboard (:ref:`conv`).


def unet(level=Level, outputs=1, width=8):
    """Return a U-Net for colour pictures."""
    bottom = double(2 * width, 4 * width)
    body = level(3, width, deeper=level(width, 2 * width, deeper=bottom))
    return nn.Sequential(body, nn.Conv2d(width, outputs, kernel_size=1))


# %%
# We draw the U from the shapes that :func:`eatorch.summary` measures.

layers = eatorch.summary(unet(), images[:1]).layers
shapes = {layer.name: layer.output for layer in layers}
places = {"0.down": (0, 2), "0.deeper.down": (0.6, 1), "0.deeper.deeper": (1.8, 0)}
places |= {"0.deeper.join": (3, 1), "0.join": (3.6, 2), "1": (4.8, 2)}
fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
for name, place in places.items():
    told = f"{name}\n{shapes[name]}"
    words = {"ha": "center", "va": "center", "fontsize": 9, "color": "white"}
    ax.text(*place, told, bbox={"boxstyle": "round", "facecolor": "C0"}, **words)
ax.plot(*zip(*places.values(), strict=True), color="0.6", zorder=0)
for one, other in (("0.down", "0.join"), ("0.deeper.down", "0.deeper.join")):
    ax.plot(*zip(places[one], places[other], strict=True), color="C1", zorder=0)
ax.set_title("Grey goes down and up again, orange carries the details across")
ax.set(xlim=(-0.6, 5.4), ylim=(-0.4, 2.4), frame_on=False, xticks=[], yticks=[])
plt.show()

# %%
# Two questions come up wherever people build a U-Net.
# The first is this message:

net = unet()
odd = torch.rand(1, 3, 30, 30)
with eatorch.show_error(RuntimeError):
    net(odd)

# %%
# 30 pixels become 15, then 7, and coming back 14, which cannot be joined with 15.
# Either the height and the width are multiples of 4 (two halvings), or you pad the
# picture, and cut the answer back to size:

padded = functional.pad(odd, (0, -30 % 4, 0, -30 % 4), mode="reflect")
padded.shape, net(padded)[..., :30, :30].shape

# %%
# The second question is about the loss.
# Each pixel is a yes-or-no question, so :class:`~torch.nn.BCEWithLogitsLoss` fits, but
# it wants both sides in the same shape and as floats.
# A mask comes without an axis for channels, and often as bool or int64.

loss = nn.BCEWithLogitsLoss()
logits = net(images[:2])
with eatorch.show_error(ValueError):
    loss(logits, masks[:2])  # (2, 1, 32, 32) and (2, 32, 32)
with eatorch.show_error(RuntimeError):
    loss(logits[:, 0], masks[:2].long())
loss(logits[:, 0], masks[:2])

# %%
# .. _segment-measure:
#
# Pixel accuracy, IoU and Dice
# ----------------------------
# How good is a mask?
# Counting right pixels is the obvious measure, and a bad one.
# We measure an answer without any digit at all:

nothing = torch.zeros_like(masks)
print(f"pixel accuracy of an empty mask: {(nothing == masks).float().mean():.3f}")

# %%
# Most pixels are background, so an empty mask is right almost everywhere.
# Two other measures look only at pixels that somebody marked.
# Let A be the marked pixels and B the right ones.
# *Intersection over union* (IoU) divides what they share by all that either covers;
# *Dice* divides twice the shared part by the sum of both.
#
# .. math::
#
#    \text{IoU} = \frac{|A \cap B|}{|A \cup B|}
#
# .. math::
#
#    \text{Dice} = \frac{2 \, |A \cap B|}{|A| + |B|}
#    = \frac{2 \, \text{IoU}}{1 + \text{IoU}}


def overlap(marked, right):
    """Return IoU and Dice of two boolean masks."""
    shared = (marked & right).sum()
    total = marked.sum() + right.sum()
    return (shared / (total - shared)).item(), (2 * shared / total).item()


right = masks[0] > 0
side = {shift: overlap(right.roll(shift, dims=1), right) for shift in range(4)}
for shift, (iou, dice) in side.items():
    assert np.isclose(dice, 2 * iou / (1 + iou))
    print(f"right mask, moved by {shift} pixels: IoU {iou:.2f}, Dice {dice:.2f}")

# %%
# Both are 1 for a perfect mask and 0 for one that shares nothing, and each can be
# computed from the other, so they agree on which of two masks is better.
# Dice is the kinder number: compare only like with like.
# Thin strokes are a hard case: one pixel to the side costs a lot.
#
# :class:`eatorch.metrics.Dice` and :class:`eatorch.metrics.IoU` count pixels over *all*
# pictures and divide once.
# The mean of one Dice per picture is another number, because there a small thing counts
# as much as a large one; and where nothing is to be marked and nothing is marked, Dice
# is 0 / 0, which our metrics call 1.
# Papers use both ways, so say which one you mean.
#
# .. _segment-baseline:
#
# What a single threshold reaches
# -------------------------------
# Our digits are lighter than most of the photos.
# Before a network may impress us, it has to beat the simplest rule: everything brighter
# than a threshold is digit.
# The threshold is chosen on the training scenes.


def dice_of(marked, right):
    metric = Dice()
    metric.update(marked, right)
    return metric.compute()


grey = {"training": train[0].mean(dim=1), "test": images.mean(dim=1)}
tried = {
    edge: dice_of(grey["training"] > edge, train[1])
    for edge in torch.linspace(0.3, 0.95, 27).tolist()
}
edge = max(tried, key=tried.get)
bright = grey["test"] > edge  # (scene, height, width)
print(f"brighter than {edge:.2f}: Dice {tried[edge]:.2f} in training", end=", ")
print(f"{dice_of(bright, masks):.2f} in the test")

# %%
# A rule that suits one strip of a photo need not suit the next.
#
# .. _segment-train:
#
# Train the U-Net, with and without its skips
# -------------------------------------------
# The loop is ready; only the loss and the targets are new.
# In real life masks cost far more work than labels, so 400 scenes must do.
# Do the skip connections earn their place?
# We train a second network whose ``merge`` hands over zeros instead of the maps:
# the same layers, first weights, scenes, batches and steps.


class WithoutSkips(Level):
    def merge(self, below, skip):
        return torch.cat([below, torch.zeros_like(skip)], dim=1)


def pixel_loss(logits, masks):
    return functional.binary_cross_entropy_with_logits(logits.squeeze(1), masks)


def valid_dice(model):
    return dice_of(answer(model, valid[0]).squeeze(1) > 0, valid[1])


# %%
# A logit above 0 means a chance above one half, so there a pixel is marked.

nets, histories = {}, {}
for name, level in {"U-Net": Level, "without skips": WithoutSkips}.items():
    torch.manual_seed(0)
    nets[name] = unet(level)
    few = train[0][:400], train[1][:400]
    histories[name] = list(fit(nets[name], pixel_loss, few, valid_dice, epochs=4))

# %%
# The dotted line is the brightness threshold.

fig, ax = plt.subplots(figsize=(6.5, 3), layout="constrained")
for name, measured in histories.items():
    ax.plot(range(1, 5), measured, "o-", label=name)
threshold = dice_of(valid[0].mean(dim=1) > edge, valid[1])
ax.axhline(threshold, color="0.5", linestyle=":", label="brightness threshold")
ax.set(xlabel="epoch", ylabel="Dice on the validation scenes", xticks=range(1, 5))
ax.set_title("Skip connections carry the outlines, and Dice rises with them")
ax.legend()
plt.show()

# %%
# Now the test scenes, with all measures side by side.

marks = {"empty": nothing > 0, "threshold": bright}
for name, net in nets.items():
    marks[name] = answer(net, images)[:, 0] > 0
results = {name: dice_of(marked, masks) for name, marked in marks.items()}
for name, marked in marks.items():
    iou = IoU()
    iou.update(marked, masks)
    pixels = (marked == (masks > 0)).float().mean()
    row = f"pixel accuracy {pixels:.3f}   IoU {iou.compute():.2f}"
    print(f"{name:14} {row}   Dice {results[name]:.2f}")
assert results["U-Net"] > results["without skips"] + 0.05
assert results["U-Net"] > results["threshold"] + 0.1

# %%
# Read the first column and then the last.
# Pixel accuracy puts a mask with nothing on it almost level with the U-Net and far
# above the threshold; Dice tells them apart.
# The eight scenes from the beginning:

one_each = [images[:8], masks[:8, None].expand(-1, 3, -1, -1)]
one_each += [marks[name][:8, None].float().expand(-1, 3, -1, -1) for name in nets]
names = ["scene", "right mask", "U-Net", "no skips"]
fig, axes = plt.subplots(4, 1, figsize=(8, 4.6), layout="constrained")
for ax, name, row in zip(axes, names, one_each, strict=True):
    eatorch.plots.show_images(row, ax=ax)
    ax.set_title(name, fontsize=9, loc="left")
fig.suptitle("Without skips the U-Net knows where the digit is, but not its strokes")
plt.show()

# %%
# These test scenes have new digits by new hands and new places on the photos.
# They are still the same two photos, so do not expect these numbers on holiday pictures
# of your own.
#
# .. _segment-dice-loss:
#
# Dice as a loss
# --------------
# If Dice is what we want, why not train for it?
# Counting marked pixels has no useful gradient: a step from no to yes is flat
# everywhere.
# So the *soft* Dice adds up probabilities instead of pixels, and the loss is 1 minus
# that.


def soft_dice_loss(logits, masks):
    """Return 1 minus the soft Dice, averaged over the pictures."""
    chances = logits.sigmoid().flatten(1)
    right = masks.flatten(1)
    shared = (chances * right).sum(dim=1)
    return (1 - (2 * shared + 1) / (chances.sum(dim=1) + right.sum(dim=1) + 1)).mean()


sure = 40 * (masks[:8] - 0.5)  # logits of a network that is right and certain
no = torch.full_like(sure, -20)  # and of one that marks nothing
assert soft_dice_loss(sure, masks[:8]) < 1e-4
assert soft_dice_loss(no, torch.zeros_like(sure)) < 1e-4
soft_dice_loss(-sure, masks[:8]).item(), soft_dice_loss(no, masks[:8]).item()

# %%
# Whoever marks the wrong pixels, or none, gets a loss near 1.
#
# Two details cause trouble again and again.
# The loss needs probabilities, so the sigmoid belongs inside, while a loss "with
# logits" has it already: never apply it twice.
# And the 1 above and below the line is for pictures without any digit: the shared part
# is 0 there whatever the network says, so without the 1 the loss would stay at 1.
# With it, an empty answer to an empty picture costs nothing, as the second assertion
# shows.
#
# Which loss is better depends on the data.
# Cross entropy has a steady gradient at every pixel; soft Dice does not care how much
# background there is, but may stand still at the beginning.
# A common choice is the sum of both.
#
# .. _segment-classes:
#
# Several classes, and pixels nobody has labelled
# -----------------------------------------------
# With several classes, the network gives one map for each, and
# :class:`~torch.nn.CrossEntropyLoss` compares logits ``(batch, class, height, width)``
# with class numbers ``(batch, height, width)``, int64 and without a channel axis.
# Pixels whose number equals ``ignore_index`` do not count at all.
# This makes a small wonder possible: label a few strokes of one picture, and let the
# network paint the rest.


def paint(picture, strokes, steps=20):
    """Learn from rectangles of two classes; return the class of each pixel."""
    target = torch.full(picture.shape[1:], 255)  # (height, width), 255: not labelled
    for number, boxes in enumerate(strokes):
        for left, top, right, bottom in boxes:
            target[top:bottom, left:right] = number
    torch.manual_seed(0)
    net = unet(outputs=2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        logits = net(picture[None])
        functional.cross_entropy(logits, target[None], ignore_index=255).backward()
        optimizer.step()
    return net(picture[None])[0].argmax(dim=0)  # its own batch: no eval()


# %%
# This is also the answer to "how do I get a mask of my own portrait?", the homework of
# many courses.
# We try a portrait, and a scan of a head, where the brain is wanted.
# Both are made smaller first, to sizes that 4 divides.

portrait = eatorch.data.photo("grace_hopper").permute(2, 0, 1).float() / 255
portrait = functional.avg_pool2d(portrait, 4)[:, :148]  # (3, 148, 128)
with cbook.get_sample_data("s1045.ima.gz") as file:
    values = np.frombuffer(file.read(), np.uint16).reshape(256, 256)
scan = torch.tensor(values / values.max(), dtype=torch.float32)
scan = functional.avg_pool2d(scan[None], 2).expand(3, -1, -1)  # (3, 128, 128)

# %%
# Strokes are rectangles (left, top, right, bottom), first those of the background, then
# those of the thing.

strokes = {
    "portrait": (
        [(0, 0, 30, 40), (100, 0, 128, 60), (0, 70, 6, 90)],
        [(46, 24, 84, 76), (16, 108, 120, 148)],
    ),
    "scan": (
        [(0, 0, 128, 10), (28, 78, 62, 110), (0, 10, 12, 128), (74, 76, 110, 128)],
        [(50, 34, 84, 58), (36, 46, 46, 56)],
    ),
}
pictures = {"portrait": portrait, "scan": scan}
painted = {name: paint(pictures[name], strokes[name]) for name in pictures}

# %%
# Blue rectangles taught "background", orange ones "thing".

fig, axes = plt.subplots(1, 4, figsize=(8, 2.6), layout="constrained")
for name, (left, right) in zip(pictures, axes.reshape(2, 2), strict=True):
    image, mask = pictures[name].permute(1, 2, 0), painted[name]
    left.imshow(image.numpy())
    for number, boxes in enumerate(strokes[name]):
        for x, y, end, low in boxes:
            frame = [x, end, end, x, x], [y, y, low, low, y]
            left.plot(*frame, color=f"C{number}", clip_on=False)
    right.imshow((image * (0.15 + 0.85 * mask[..., None])).numpy())
    for ax in (left, right):
        ax.axis("off")
fig.suptitle("A few rectangles of labels are painted out to a whole mask")
plt.show()

# %%
# We have no right mask to measure with, but we can draw more rectangles that training
# has not seen.

held_out = {
    "portrait": (
        [(4, 44, 28, 64), (112, 64, 128, 86)],
        [(60, 78, 80, 92), (20, 98, 40, 106)],
    ),
    "scan": (
        [(100, 0, 128, 60), (20, 90, 28, 100)],
        [(60, 20, 76, 28), (70, 60, 86, 66)],
    ),
}

# %%
# Which share of their pixels is right?

for name, mask in painted.items():
    hits = [
        (mask[top:bottom, left:right] == number).flatten()
        for number, boxes in enumerate(held_out[name])
        for left, top, right, bottom in boxes
    ]
    print(f"{name}: {torch.cat(hits).float().mean():.0%} of the held-out pixels")

# %%
# A network like this knows one picture and no other.
# For masks of *any* portrait you need many portraits with masks, or a network that has
# seen them: published weights of a segmentation model, or an interactive one that takes
# your strokes or clicks as a second input.
# The steps for a picture of your own are the same ones: load it as
# ``(3, height, width)`` from 0 to 1, shrink it, cut it to a multiple of 4, write down a
# handful of rectangles, paint, look, add rectangles where it fails.
#
# .. admonition:: Then and now
#
#    Courses of 2019 and 2020 load their networks with ``torch.hub.load`` and
#    ``pretrained=True``: a ResNet-18 for classes, a DeepLab for masks.
#    In torchvision ``pretrained`` has given way to ``weights``, whose value also
#    carries the class names and the right preprocessing (``weights.transforms()``);
#    the old courses type mean and deviation of the training pictures in by hand.
#    Whatever the source: call ``eval()`` before you ask, since batch norm answers
#    otherwise.
#
#    The first U-Net used convolutions without padding, so its maps shrank at each step
#    and the skip connections had to be cropped.
#    Today ``padding=1`` keeps the sizes, and nothing is cropped.
#
# .. _segment-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _segment-ex1:
#
# Exercise 34-1: which of the two?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Explain classification and segmentation in your own words, aloud or on paper.
# Then test yourself: which of the two does each statement describe,
# ``"classification"``, ``"segmentation"`` or ``"both"``?
# Give a list of six strings.
#
# 1. The output has the height and width of the input.
# 2. The mean over all places makes the answer independent of where the thing is.
# 3. Convolutions find features, and at the end a pattern is matched with them.
# 4. One label for each picture is all that training needs.
# 5. On our scenes, an answer that never finds anything still scores 0.94 in the usual
#    accuracy, because most answers should be "no".
# 6. With random cropping, the target must be cropped along with the picture.
#
# .. dropdown:: Hint
#
#    Ask of each statement: is there one answer for a picture, or one for each pixel?
#
# .. dropdown:: Solution
#
#    In our words: a classifier turns a picture into features, forgets where they were,
#    and says which of its patterns fits them best.
#    A segmenter asks the same question at every pixel; for that it has to bring the
#    features back to the size of the picture, and the skip connections tell it where
#    the edges run.
#
#    .. code-block:: python
#
#       kinds = ["segmentation", "classification", "both"]
#       kinds += ["classification", "segmentation", "segmentation"]

kinds = ...  # your code here

eatorch.check("34-1", kinds)

# %%
# .. _segment-ex2:
#
# Exercise 34-2: cut out your portrait
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Take a portrait of your own (or ``portrait``), paint its mask with a few rectangles,
# and put the person in front of another picture.
# For the last step write ``cut_out(picture, mask, background)``: where the mask is not
# 0 the result shows the picture, elsewhere the background.
# Both pictures are floats ``(3, height, width)``, the mask is ``(height, width)``, of
# bools or whole numbers.
# None of the three may be changed.
#
# .. dropdown:: Hint
#
#    :func:`torch.where` chooses element by element and broadcasts its condition.
#    What must the condition be, if the mask holds 0 and 1?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def cut_out(picture, mask, background):
#           return torch.where(mask > 0, picture, background)
#
#    Try ``cut_out(portrait, painted["portrait"], photos[1, :, 100:248, 200:328])``.


def cut_out(picture, mask, background):
    """Return the marked part of a picture in front of a background."""
    ...  # your code here


eatorch.check("34-2", cut_out)

# %%
# .. _segment-ex3:
#
# Exercise 34-3: a U-Net for any size
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Our U-Net failed on 30 x 30 pixels, because 14 and 15 cannot be joined.
# Write ``merge(below, skip)`` that always can: maps from below that are too small are
# padded with zeros at the right and at the bottom up to the size of ``skip``, and then
# both are joined along the channels, ``below`` first.
# Height and width may differ, and either may be short.
#
# .. dropdown:: Hint
#
#    :func:`torch.nn.functional.pad` counts from the last axis: left, right, top,
#    bottom.
#
# .. dropdown:: Solution
#
#    Give it to a subclass of ``Level`` as its method and any size will do:
#    ``merge = staticmethod(merge)``.
#
#    .. code-block:: python
#
#       def merge(below, skip):
#           height = skip.shape[2] - below.shape[2]
#           width = skip.shape[3] - below.shape[3]
#           below = functional.pad(below, (0, width, 0, height))
#           return torch.cat([below, skip], dim=1)


def merge(below, skip):
    """Join two batches of maps; those from below may be smaller."""
    ...  # your code here


eatorch.check("34-3", merge)

# %%
# .. _segment-ex4:
#
# Exercise 34-4: Dice or pixel accuracy?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``scores(marked, right)``: it returns the pair (pixel accuracy, Dice) of two
# boolean masks of the same shape.
# Two empty masks agree, so their Dice is 1.
# Then try it on masks of your own: how small can you make Dice while 99 % of the pixels
# are right?
#
# .. dropdown:: Hint
#
#    ``marked == right`` counts agreement on both kinds of pixels, ``marked & right``
#    only the shared ones.
#    Look at the total before you divide.
#
# .. dropdown:: Solution
#
#    One marked pixel beside one right pixel on a large picture: nearly every pixel is
#    right, and Dice is 0.
#
#    .. code-block:: python
#
#       def scores(marked, right):
#           accuracy = (marked == right).float().mean().item()
#           total = (marked.sum() + right.sum()).item()
#           shared = (marked & right).sum().item()
#           return accuracy, 2 * shared / total if total else 1.0


def scores(marked, right):
    """Return pixel accuracy and Dice of two boolean masks."""
    ...  # your code here


eatorch.check("34-4", scores)

# %%
# .. _segment-minute:
#
# In one minute
# -------------
# - A class score is the match of a pattern with features. The mean over all places
#   makes the answer independent of the place; without the mean you get a map.
# - A residual block returns input plus change, so deep stacks start by passing things
#   on.
# - A U-Net goes down to see far and up to draw; skip connections carry the details.
# - Sizes have to be divisible by two for each halving, or padded.
# - One class: ``BCEWithLogitsLoss``, floats, equal shapes. Several classes:
#   ``CrossEntropyLoss`` with class numbers ``(batch, height, width)``.
# - Pixel accuracy flatters. Report Dice or IoU on scenes that share neither things nor
#   backgrounds with training, next to a baseline.
#
# .. _segment-next:
#
# Read next
# ---------
# - :ref:`transform` moves pictures and their masks together.
# - :ref:`conv` shows the transposed convolution stamp by stamp.
# - :ref:`hook` asks finished networks where they look.
# - :ref:`save` adapts a trained network to classes of your own.
