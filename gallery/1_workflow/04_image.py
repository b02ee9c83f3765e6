"""
.. _image:

Image data
==========

Read pictures from folders, build a convolutional network layer by layer, and measure
honestly how well it reads the writing of people it has never met.

:Level: 4
:Hours: 2
:Day: 2
:Needs: :ref:`tabular`
:Data: 1,797 handwritten digits of 8 x 8 pixels (Alpaydin and Kaynak, CC BY 4.0) and a
   photo of a flower (vultilion, CC BY 2.0), both from scikit-learn

The six steps are those of :ref:`tabular`; new are the data and the layers.
We begin with two classes, 3 against 8, and then tell all ten digits apart.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import eatorch

device = eatorch.device()
torch.set_num_threads(1)  # on pictures this small, threads cost more than they bring

# %%
# .. _image-folders:
#
# Pictures in folders
# -------------------
# Picture collections are handed around as folders: one file per picture, one folder per
# class, and the name of the folder is the label.
# We write the digits that scikit-learn carries into such folders, so that everything
# below works for your own pictures too.

folder = tempfile.TemporaryDirectory()
root = eatorch.data.digit_folders(folder.name)  # PNG files, one folder per digit
for place in sorted(root.iterdir())[:4]:
    files = sorted(place.glob("*.png"))
    print(f"{place.name}/  {len(files)} files, {files[0].name} to {files[-1].name}")

# %%
# `Pillow <https://pillow.readthedocs.io>`_ opens a file, and NumPy shows what is
# inside: a table of numbers.
# These are *bytes*, ``uint8``, from 0 for paper to 255 for ink.

with Image.open(root / "3" / "0005.png") as picture:
    pixels = np.array(picture)  # (height, width), uint8

fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
eatorch.plots.draw_tensor(torch.from_numpy(pixels), ax=left)
right.imshow(pixels, cmap="gray")
right.set(xlabel="column, 0 to 7", ylabel="row, 0 to 7")
fig.suptitle("A grey picture is a table of bytes, one for each pixel")
plt.show()

# %%
# .. _image-hands:
#
# Whose hand is it?
# -----------------
# Before we cut the files into training, validation and test set, ask how the collection
# came about.
# Its description says that 13 people wrote these digits, but not who wrote which.
# Are files with neighbouring numbers by the same hand?
# For each digit we look for the most similar other picture of the same class, and count
# how far away its file number is.

collection = eatorch.data.digits()
gaps = []
for digit in range(10):
    same = collection.images[collection.targets == digit].flatten(1)  # (file, pixel)
    distances = torch.cdist(same, same).fill_diagonal_(torch.inf)  # not with itself
    gaps.append((distances.argmin(dim=1) - torch.arange(len(same))).abs())
gaps = torch.cat(gaps)

fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
ax.hist(gaps.numpy(), bins=range(1, 181, 5))
ax.set(title="The most similar digit usually lies close by in the folder")
ax.set(xlabel="files between a digit and the one most like it", ylabel="digits")
plt.show()
chance = torch.pdist(torch.arange(180.0)[:, None]).median()  # of all pairs of files
print(f"half are at most {gaps.median()} files away, by chance {chance:.0f}")
assert gaps.median() < 20

# %%
# So neighbouring files seem to be mostly by the same hand.
# If we shuffled before cutting, most test digits would have a twin by the same hand in
# the training set, and the test would be too easy: a *leak*, as with the
# statistics in :ref:`tabular`.
# We want to know how the network reads *new* people.
# So we cut each folder in file order: the first 60 % to learn from, the next 20 % to
# choose by, the last 20 % for the test.
#
# .. _image-dataset:
#
# A dataset of our own
# --------------------
# A :class:`~torch.utils.data.Dataset` answers two questions: how many samples are there
# (``__len__``), and what is the sample with this number (``__getitem__``).
# Ours collects the names of the files once, and opens a file only when its picture is
# asked for, so that a collection may be larger than the memory.
# Two functions may be plugged in: ``transform`` for the picture, ``target_transform``
# for the label.

PARTS = {"training": (0.0, 0.6), "validation": (0.6, 0.8), "test": (0.8, 1.0)}


def files_of(folder, part):
    """Return the files of one part of a folder, in the order of their names."""
    files = sorted(folder.glob("*.png"))  # glob alone promises no order
    first, last = (round(share * len(files)) for share in PARTS[part])
    return files[first:last]


# %%
# The label is the place of the folder's name in ``classes``.
# We pass this list instead of sorting the names, since sorted names would put a class
# "10" before "2".


class DigitFolder(Dataset):
    def __init__(self, root, classes, part, transform, target_transform=None):
        self.classes = classes
        self.files = [file for name in classes for file in files_of(root / name, part)]
        self.transform, self.target_transform = transform, target_transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, number):
        with Image.open(self.files[number]) as picture:
            image = self.transform(picture)
        label = self.classes.index(self.files[number].parent.name)
        return image, self.target_transform(label) if self.target_transform else label


# %%
# Our first ``transform`` turns a picture into what layers calculate with: ``float32``
# from 0 to 1, with an axis for the channels in front.
# Grey pictures have one channel, colour pictures three.


def to_tensor(picture):
    """Turn a grey picture into float32 from 0 to 1, (channel, height, width)."""
    pixels = torch.from_numpy(np.array(picture))  # np.array copies, so we own the bytes
    return pixels.unsqueeze(0).float() / 255


ten = [str(digit) for digit in range(10)]
plain = DigitFolder(root, ten, "training", to_tensor)
image, label = plain[0]
len(plain), image.shape, image.dtype, label

# %%
# .. _image-normalise:
#
# Where do the mean and the deviation come from?
# ----------------------------------------------
# Many tutorials subtract 0.5 and divide by 0.5 without a word.
# Nothing is special about these numbers.
# We want what we wanted from the columns of a table: mean 0 and standard deviation 1.
# So we measure both, over all pixels of the *training* pictures, and put them into the
# ``transform`` that every picture has to pass from now on.

pixels = torch.stack([image for image, _ in plain])  # (picture, channel, height, width)
mean, deviation = pixels.mean().item(), pixels.std().item()


def prepare(picture):
    """Turn a grey picture into a standardised tensor."""
    return (to_tensor(picture) - mean) / deviation


print(f"mean {mean:.3f}, standard deviation {deviation:.3f}")

# %%
# .. _image-layout:
#
# N, C, H, W
# ----------
# Layers for pictures expect four axes in this order: **N** pictures, **C** channels,
# **H** rows (height), **W** columns (width).
# Square grey pictures hide every mistake, so we try a colour photo that is wider than
# high.
# Note who says what: Pillow gives *width* first, NumPy *height* first, with the
# channels at the end.

flower = eatorch.data.photo("flower")  # (height, width, channel)
print("Pillow ", Image.fromarray(flower.numpy()).size)
print("NumPy  ", flower.numpy().shape)
batch = flower.permute(2, 0, 1).unsqueeze(0)  # (picture, channel, height, width)
print("layers ", tuple(batch.shape))

# %%
# :meth:`~torch.Tensor.permute` moves axes and takes their numbers along.
# :meth:`~torch.Tensor.view` can produce the same *shape*, but it leaves the numbers in
# line and only cuts the line elsewhere.
# No error, just this:

moved = flower.permute(2, 0, 1)  # (channel, height, width)
cut = flower.view(3, 427, 640)  # the same shape, and nonsense
assert moved.shape == cut.shape

fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.8), layout="constrained")
for ax, channels, name in [(axes[0], moved, "permute"), (axes[1], cut, "view")]:
    ax.imshow(channels[0].numpy(), cmap="gray")
    ax.set(title=f"channel 0 after {name}", xlabel="column (pixels)")
    ax.set_ylabel("row (pixels)")
fig.suptitle("permute keeps the picture, view shreds it")
plt.show()

# %%
# On the right the top of the flower fills the whole frame: each row of the photo became
# three rows, its parts are woven into one another, and the colours lie side by side as
# if they were neighbours.
# Look at a picture from your loader before you train on it.
# It takes a minute and saves days.
#
# .. _image-loader:
#
# Batches, and a look at them
# ---------------------------
# Our first task is 3 against 8.
# Its loss will want labels of ``float32``, so here ``target_transform`` has work to do.
# A plain ``float`` would not do: :class:`~torch.utils.data.DataLoader` makes
# ``float64`` of Python's floats.


def as_float(label):
    return torch.tensor(label, dtype=torch.float32)


def loader(classes, part, target_transform=None):
    """Deal out one part of the folders; only training pictures are shuffled."""
    dataset = DigitFolder(root, classes, part, prepare, target_transform)
    generator = torch.Generator().manual_seed(0)
    shuffle = part == "training"
    return DataLoader(dataset, batch_size=32, shuffle=shuffle, generator=generator)


# %%
# The training pictures come in a new order in each epoch, so that a batch holds both
# classes.
# The validation pictures do not need it: no step is taken there, and a metric over all
# of them does not depend on the order.

train_pair = loader(["3", "8"], "training", as_float)
valid_pair = loader(["3", "8"], "validation", as_float)
images, labels = next(iter(train_pair))
print(f"images {tuple(images.shape)} {images.dtype}")
print(f"labels {tuple(labels.shape)} {labels.dtype}")

names = ["38"[int(label)] for label in labels[:9]]
fig, ax = plt.subplots(figsize=(7.5, 1.8), layout="constrained")
eatorch.plots.show_images(images[:9], names, columns=9, ax=ax)
ax.set_title("Nine digits, each below its label")
plt.show()

# %%
# .. _image-convolution:
#
# What a convolution does
# -----------------------
# A linear layer has a weight of its own for each pixel, so what it learns about the
# left edge it does not know about the right one.
# A **convolution** has a small window of weights, the **kernel**, and slides it over
# the whole picture: at each place it multiplies the pixels under the window by the
# weights and adds everything up.
# Here is a kernel that answers to upper edges, where paper lies above ink:

kernel = torch.tensor([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]])
digit = to_tensor(Image.open(root / "3" / "0005.png"))  # (channel, height, width)
edges = nn.functional.conv2d(digit.unsqueeze(0), kernel.view(1, 1, 3, 3))

by_hand = (digit[0, 0:3, 2:5] * kernel).sum()  # window at the top, two to the right
assert torch.isclose(edges[0, 0, 0, 2], by_hand)
edges.shape  # 8 pixels hold a window of 3 at 6 places

# %%
# In the right picture, bright means "ink begins here", dark means "ink ends here".

fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.9), layout="constrained")
pictures = {"picture": digit[0], "kernel": kernel, "result": edges[0, 0]}
for ax, (name, values) in zip(axes, pictures.items(), strict=True):
    ax.imshow(values.numpy(), cmap="gray")
    ax.set(title=f"{name}, {len(values)} x {len(values)}", xlabel="column")
    ax.set_ylabel("row")
fig.suptitle("The kernel marks upper edges bright and lower edges dark")
plt.show()

# %%
# Nobody writes kernels by hand: training finds them.
# With ``padding=1`` a border of zeros is laid around the picture first, and the result
# keeps its size.
# A layer holds several kernels, and each of them looks at *all* channels and has one
# bias.
# So the number of parameters is
#
# .. math::
#
#    \text{kernels} \times (\text{channels} \times \text{height} \times
#    \text{width} + 1)
#
# with the height and the width of the window, not of the picture.

for channels, kernels in [(1, 16), (16, 32), (3, 32)]:
    layer = nn.Conv2d(channels, kernels, kernel_size=3, padding=1)
    count = sum(parameter.numel() for parameter in layer.parameters())
    assert count == kernels * (channels * 3 * 3 + 1)
    print(f"{channels:2} channels, {kernels} kernels: {count:5} parameters")

# %%
# .. _image-layers:
#
# Three more layers
# -----------------
# - :class:`~torch.nn.MaxPool2d` keeps the largest value of each 2 x 2 block and halves
#   height and width: *that* there is an edge matters more than where exactly.
# - :class:`~torch.nn.AdaptiveMaxPool2d` is told the size of its *result* instead.
#   ``AdaptiveMaxPool2d(1)`` leaves one number per channel, whatever comes in, so that
#   the network takes pictures of any size.
# - :class:`~torch.nn.Dropout2d` switches off whole channels at random during training,
#   so that no channel can rely on another.
#   The others are divided by the share that stays, so that the mean stays the same on
#   average.
#   After ``eval()`` it does nothing.

for size in [(8, 8), (9, 15)]:
    maps = torch.rand(1, 32, *size)
    halved, single = nn.MaxPool2d(2)(maps), nn.AdaptiveMaxPool2d(1)(maps)
    print(size, "->", tuple(halved.shape[2:]), "and", tuple(single.shape[2:]))

torch.manual_seed(1)
dropout = nn.Dropout2d(0.5)
print("training ", dropout(torch.ones(1, 6, 2, 2)).amax(dim=(2, 3)).tolist())
print("after eval", dropout.eval()(torch.ones(1, 6, 2, 2)).amax(dim=(2, 3)).tolist())

# %%
# .. _image-model:
#
# The network
# -----------
# A subclass of :class:`~torch.nn.Module` says in ``__init__`` which layers there are
# and in ``forward`` how a batch goes through them.
# After each convolution comes a :class:`~torch.nn.ReLU`, which turns negative values
# into zero.
# Without it, two convolutions in a row would be nothing but one larger convolution.
# :class:`~torch.nn.Flatten` turns ``(N, 32, 1, 1)`` into ``(N, 32)`` for the linear
# layers.


class DigitNet(nn.Module):
    """Return logits for grey pictures, (N,) for one output, else (N, outputs)."""

    def __init__(self, outputs, activation=nn.ReLU):
        super().__init__()
        layers = [nn.Conv2d(1, 16, 3, padding=1), activation(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(16, 32, 3, padding=1), activation(), nn.Dropout2d(0.2)]
        layers += [nn.AdaptiveMaxPool2d(1), nn.Flatten()]
        layers += [nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, outputs)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images):
        return self.layers(images).squeeze(1)  # drops that axis only if it has length 1


# %%
# :func:`eatorch.summary` sends one batch through and lists what comes out of each
# layer.
torch.manual_seed(0)
model = DigitNet(outputs=1).to(device)
eatorch.summary(model, images.to(device))

# %%
# The same as a picture, with the shapes as they really were.
# Follow C, H and W: the maps get more and smaller until one number per channel is left.

ax = eatorch.plots.draw_flow(eatorch.summary(model, images.to(device)))
ax.set_title("A batch of 32 pictures on its way through the network")
plt.show()

# %%
# .. _image-train:
#
# Training in functions
# ---------------------
# In :ref:`tabular` the training loop stood in the open.
# Now we put it into functions, each with one duty, that serve both tasks.
# ``train_step`` learns from one batch:


def train_step(model, images, labels, loss_function, optimizer):
    """Take one step downhill; return the mean loss of the batch."""
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model(images.to(device)), labels.to(device))
    loss.backward()
    optimizer.step()
    return loss.item()


# %%
# ``valid_step`` looks at one batch and learns nothing.
# It returns the logits too, because some metrics cannot be put together from the
# values of single batches.


@torch.inference_mode()
def valid_step(model, images, labels, loss_function):
    """Return the mean loss of the batch and its logits."""
    model.eval()
    logits = model(images.to(device))
    return loss_function(logits, labels.to(device)).item(), logits.cpu()


# %%
# ``validate`` collects all logits of the epoch and computes the metric *once*.
# The loss is weighted by the size of the batches, as before.


def validate(model, loader, loss_function, metric):
    """Return the mean loss and the metric over all pictures of a loader."""
    total, logits, truth = 0.0, [], []
    for images, labels in loader:
        loss, outputs = valid_step(model, images, labels, loss_function)
        total += loss * len(labels)
        logits.append(outputs)
        truth.append(labels)
    return total / len(loader.dataset), metric(torch.cat(truth), torch.cat(logits))


# %%
# ``train_model`` ties them together and writes one line of history per epoch.


def train_model(model, loaders, loss_function, metric, *, epochs):
    """Train the model; return one dictionary of numbers per epoch."""
    optimizer, history = torch.optim.AdamW(model.parameters(), lr=3e-3), []
    train_loader, valid_loader = loaders
    for epoch in range(1, epochs + 1):
        total = 0.0
        for images, labels in train_loader:
            loss = train_step(model, images, labels, loss_function, optimizer)
            total += loss * len(labels)
        line = {"epoch": epoch, "train_loss": total / len(train_loader.dataset)}
        valid_loss, score = validate(model, valid_loader, loss_function, metric)
        line |= {"valid_loss": valid_loss, f"valid_{metric.__name__}": score}
        history.append(line)
    return history


# %%
# .. _image-pair:
#
# 3 against 8
# -----------
# One logit decides: above zero means 8.
# The loss is :class:`~torch.nn.BCEWithLogitsLoss`, the metric is the AUC: the chance
# that a random 8 gets a higher logit than a random 3.
# We also ask the *untrained* network, as epoch 0, to see where training starts.


def auc(truth, logits):
    return roc_auc_score(truth, logits)


binary = nn.BCEWithLogitsLoss()
loss, before = validate(model, valid_pair, binary, auc)
pair_history = [{"epoch": 0, "valid_loss": loss, "valid_auc": before}]
pair_history += train_model(model, (train_pair, valid_pair), binary, auc, epochs=5)

fig, axes = plt.subplots(1, 2, figsize=(7.5, 3), layout="constrained")
eatorch.plots.plot_history(pair_history, "loss", ax=axes[0]).set_ylabel("loss (nats)")
eatorch.plots.plot_history(pair_history, "auc", ax=axes[1]).set_ylabel("AUC (share)")
fig.suptitle("All eights rank above all threes long before the loss is low")
plt.show()
early, late = pair_history[1], pair_history[-1]
assert before < 0.95
assert early["valid_auc"] == 1  # after one epoch, and the loss is still high:
assert early["valid_loss"] > 10 * late["valid_loss"]

# %%
# An AUC of 1 means that *some* threshold separates the two classes.
# It does not say that zero is that threshold, nor that the network is sure: that is
# what the loss still works on.
#
# Why not average the AUC of the batches, as older tutorials do?
# An AUC compares *pairs*, and pairs that lie in different batches would never be
# compared.
# It gets worse: our validation files come class by class, so the first batch holds no 8
# at all, and then there is nothing to compare.

images, labels = next(iter(valid_pair))
_, logits = valid_step(model, images, labels, binary)
print("classes in the first batch:", labels.unique().tolist())
metric = eatorch.metrics.AUC()
metric.update(logits, labels)
with eatorch.show_error(ValueError):
    metric.compute()

# %%
# .. _image-ten:
#
# All ten digits
# --------------
# With ten classes the network returns ten logits per picture, one for each class.
# **Softmax** turns them into probabilities that add up to one, and the loss is the
# negative logarithm of the probability given to the right class:
#
# .. math::
#
#    p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad \ell = -\log p_y
#
# :class:`~torch.nn.CrossEntropyLoss` does both at once.
# It wants the logits, ``float32`` of shape ``(N, 10)``, and the *numbers* of the right
# classes, ``int64`` of shape ``(N,)``.
# An untrained network should lose about :math:`\log 10 \approx 2.3`, like a guesser who
# gives each class a tenth.

train_ten, valid_ten = loader(ten, "training"), loader(ten, "validation")
images, labels = next(iter(train_ten))

torch.manual_seed(0)
model = DigitNet(outputs=10).to(device).eval()
with torch.inference_mode():
    logits = model(images.to(device)).cpu()  # (N, 10)
right = logits.softmax(dim=1)[torch.arange(32), labels]  # (N,)
loss = nn.CrossEntropyLoss()(logits, labels)
assert torch.isclose(loss, -right.log().mean())
assert sum(parameter.numel() for parameter in model.parameters()) == 6_186
print(f"labels {labels.dtype}, loss {loss.item():.2f}, a guesser's {np.log(10):.2f}")

# %%
# The same functions train it, with another loss and another metric.
# The class with the highest logit is the answer.


def accuracy(truth, logits):
    return (logits.argmax(dim=1) == truth).double().mean().item()


cross_entropy = nn.CrossEntropyLoss()
loaders = train_ten, valid_ten
history = train_model(model, loaders, cross_entropy, accuracy, epochs=6)

fig, axes = plt.subplots(1, 2, figsize=(7.5, 3), layout="constrained")
eatorch.plots.plot_history(history, "loss", ax=axes[0]).set_ylabel("loss (nats)")
eatorch.plots.plot_history(history, "accuracy", ax=axes[1])
axes[1].set_ylabel("accuracy (share)")
fig.suptitle("Ten classes take more epochs; at first validation looks better")
plt.show()

# %%
# Why is the validation loss lower at first?
# The training loss is measured while the weights still change, and with channels
# switched off by dropout.
# It is no sign of a bug.
#
# .. _image-inside:
#
# What has it learned?
# --------------------
# The 16 kernels of the first layer are small enough to look at.
# Red weights want ink, blue weights want paper.

kernels = model.layers[0].weight.detach().cpu()  # (kernel, channel, height, width)
limit = kernels.abs().max().item()

fig, ax = plt.subplots(figsize=(8, 1.9), layout="constrained")
eatorch.plots.show_images(kernels, range(16), columns=16, cmap="RdBu_r", ax=ax)
ax.images[0].set_clim(-limit, limit)  # white is zero
fig.colorbar(ax.images[0], ax=ax, location="bottom", label="weight (no unit)")
ax.set_title(
    "Some of the 16 kernels set ink against paper, others are hard to name", pad=16
)
plt.show()

# %%
# And this is what they make of one digit.
# Each map is bright where its kernel found what it looks for.

digit = prepare(Image.open(root / "3" / "0005.png")).unsqueeze(0)  # (1, 1, 8, 8)
with torch.inference_mode():
    maps = model.layers[:2](digit.to(device))[0].cpu()  # (channel, height, width)

ax = eatorch.plots.show_images(maps, [f"kernel {number}" for number in range(16)])
ax.set_title("Sixteen views of the same 3, after the first convolution and ReLU")
plt.show()

# %%
# .. _image-errors:
#
# Its worst errors
# ----------------
# An accuracy says how often, not what.
# Two questions always pay: which classes get mixed up, and what do the pictures look
# like on which the network was surest of the wrong answer?
# The **confusion matrix** answers the first: it counts the pictures, in one row for
# each right class and one column for each answer.
# We ask the validation set, because we may still want to change something.


@torch.inference_mode()
def logits_of(model, loader):
    """Return all logits, (picture, class), and all labels, (picture,)."""
    model.eval()
    outputs = [(model(images.to(device)).cpu(), labels) for images, labels in loader]
    return tuple(torch.cat(parts) for parts in zip(*outputs, strict=True))


logits, truth = logits_of(model, valid_ten)
metric = eatorch.metrics.ConfusionMatrix(10)
metric.update(logits, truth)
ax = eatorch.plots.plot_confusion(metric.compute())
ax.set_title("Nearly all validation pictures lie on the diagonal")
plt.show()
print(f"{int((logits.argmax(1) != truth).sum())} of {len(truth)} are wrong")

# %%
# Now the pictures, those with the highest loss first.
# Which of them would you have read right?

losses = nn.CrossEntropyLoss(reduction="none")(logits, truth)  # (picture,)
worst = losses.argsort(descending=True)[:8].tolist()
chances, guesses = logits.softmax(dim=1).max(dim=1)  # (picture,)
titles = [f"{truth[n]} as {guesses[n]}, {chances[n]:.0%}" for n in worst]
pictures = torch.stack([valid_ten.dataset[n][0] for n in worst])

fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
eatorch.plots.show_images(pictures, titles, columns=4, ax=ax)
ax.set_title("The eight digits with the highest loss: label, answer, probability")
plt.show()

# %%
# .. _image-test:
#
# People it has never met
# -----------------------
# Now the test set, once.
# Beside the network stands a logistic regression: one linear layer on the 64 pixels.
# A third pair of bars asks more of both: there every test picture is moved one pixel to
# the right, which would hardly disturb a human reader.


def tensors(part):
    """Return all pictures of one part and their labels."""
    pairs = list(DigitFolder(root, ten, part, prepare))
    labels = torch.tensor([label for _, label in pairs])
    return torch.stack([image for image, _ in pairs]), labels


linear = LogisticRegression(max_iter=2000)
pictures, labels = tensors("training")
linear.fit(pictures.flatten(1), labels)
parts = {"validation": tensors("validation"), "test": tensors("test")}

# %%
# A picture moves when it loses its last column and gets a column of paper in front.

pictures, labels = parts["test"]
paper = pictures.min().item()
moved = nn.functional.pad(pictures[..., :-1], (1, 0), value=paper)
parts["test, moved"] = (moved, labels)

scores = {"network": [], "logistic regression": []}
for pictures, labels in parts.values():
    _, logits = valid_step(model, pictures, labels, cross_entropy)
    scores["network"].append(accuracy(labels, logits))
    scores["logistic regression"].append(linear.score(pictures.flatten(1), labels))
for name, values in scores.items():
    print(f"{name:20}", *(f"{value:.3f}" for value in values))

# %%
# The same numbers as bars.

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for place, (name, values) in enumerate(scores.items()):
    bars = ax.bar(np.arange(3) + 0.4 * place, values, width=0.38, label=name)
    ax.bar_label(bars, fmt="%.2f")
ax.set_xticks(np.arange(3) + 0.2, parts)
ax.set(title="Other hands cost accuracy, and one pixel to the side costs far more")
ax.set(ylabel="accuracy (share of pictures)", ylim=(0, 1.3))
ax.legend(ncols=2)
plt.show()

network, simple = scores.values()
assert min(network[0] - network[1], simple[0] - simple[1]) > 0.03
assert abs(network[1] - simple[1]) < 0.05  # level, as long as nothing moves
assert simple[2] + 0.05 < network[2] < network[1] - 0.1

# %%
# Two lessons from one figure:
#
# - Both models read the hands of the test set worse than those of the validation set,
#   although training has hardly seen either.
#   A fifth of 13 writers is not even three, so a single unusual hand decides about
#   several points.
#   An interval computed from the number of *pictures* would be too narrow, since
#   pictures by the same hand are not independent of each other.
# - On pictures that sit neatly in their frame, one linear layer keeps up.
#   Move them, and it falls behind: a convolution finds a stroke wherever it lies.
#   Yet the network suffers too, since it has seen only centred digits.
#   The cure is to move the training pictures at random, in the ``transform``.
#
# .. _image-leak:
#
# What shuffling first would have promised
# ----------------------------------------
# Suppose we had shuffled all files before cutting, as is common.
# Same network, same seed, same sizes; only now every writer has pictures in all three
# parts.

pieces = [tensors(part) for part in PARTS]
pictures, labels = (torch.cat(column) for column in zip(*pieces, strict=True))
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
train, valid, test = order.split([len(labels) for _, labels in pieces])
mixed = [TensorDataset(pictures[some], labels[some]) for some in (train, valid, test)]

# %%
# Training and test as before:

torch.manual_seed(0)
flattered = DigitNet(outputs=10).to(device)
generator = torch.Generator().manual_seed(0)
mixed_train = DataLoader(mixed[0], batch_size=32, shuffle=True, generator=generator)
mixed_loaders = mixed_train, DataLoader(mixed[1], batch_size=32)
train_model(flattered, mixed_loaders, cross_entropy, accuracy, epochs=6)

_, logits = valid_step(flattered, *mixed[2].tensors, cross_entropy)
print(f"test accuracy {accuracy(mixed[2].tensors[1], logits):.3f} after shuffling")
print(f"              {network[1]:.3f} on people it has never met")
assert accuracy(mixed[2].tensors[1], logits) > network[1] + 0.02

# %%
# Is the whole gap due to shuffling?
# Not for sure: the two tests hold different people, and the last ones may simply be
# harder to read.
# To see the leak by itself, we ask the *same* pictures twice, and take the simplest
# reader there is: it answers what the nearest training picture shows.
# The first time it knows the training pictures alone.
# The second time some of them make room for half of the test people's pictures.
# The other half is the test, both times.
# We average over twenty random halves.


def read(known, asked):
    """Return the share that the nearest known picture reads right."""
    nearest = known[distances[asked][:, known].argmin(dim=1)]
    return (labels[nearest] == labels[asked]).double().mean().item()


distances = torch.cdist(pictures.flatten(1), pictures.flatten(1))
ours, _, theirs = torch.arange(len(labels)).split([len(column) for _, column in pieces])
generator, pairs = torch.Generator().manual_seed(0), []
for _ in range(20):
    half, asked = theirs[torch.randperm(len(theirs), generator=generator)].split(180)
    kept = ours[torch.randperm(len(ours), generator=generator)][len(half) :]
    pairs.append((read(ours, asked), read(torch.cat([kept, half]), asked)))
strangers, acquainted = np.mean(pairs, axis=0)
print(f"never met: {strangers:.1%}, met before: {acquainted:.1%} of the same pictures")
assert 1 - acquainted < 0.6 * (1 - strangers)

# %%
# Same people, same number of training pictures, and far fewer errors: that is the leak.
# Still, neither number is wrong; they answer different questions.
# A phone that learns its owner's writing may expect the first, an app for everybody the
# second.
# So ask of every collection what its samples share: the writer, the patient, the
# camera, the day.
# Whatever will be new in use must be new in the test.
#
# .. _image-use:
#
# Use it on a file
# ----------------
# ``predict`` takes any picture file: grey, 8 x 8 pixels, standardised.
# In the last line a ``None`` as index adds the axis N, since layers want a batch even
# of one.


def predict(picture):
    """Return the probability of each digit for a picture."""
    model.eval()
    grey = picture.convert("L").resize((8, 8))
    with torch.inference_mode():
        return model(prepare(grey)[None].to(device))[0].softmax(dim=0).cpu()


with Image.open(root / "3" / "0180.png") as picture:
    three = picture.copy()
predict(three).argmax().item()  # the class

# %%
# Photograph your own digit, and it may well be misread.
# You write dark on white, while the collection has bright ink on dark paper.
# Turn the picture upside down or swap its colours, and the network answers all the
# same, because it has no way of saying "this is no digit".

variants = {
    "as it is": three,
    "colours swapped": Image.fromarray(255 - np.array(three)),
    "upside down": three.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "turned by 90°": three.transpose(Image.Transpose.ROTATE_90),
}
fig, axes = plt.subplots(1, 4, figsize=(7.5, 2.6), layout="constrained")
for ax, (name, variant) in zip(axes, variants.items(), strict=True):
    chances = predict(variant)
    ax.imshow(np.array(variant), cmap="gray", vmin=0, vmax=255)
    ax.set_xlabel(f"{name}:\n{chances.argmax()}, {chances.max():.0%}")
    ax.set(xticks=[], yticks=[])
fig.suptitle("The network gives an answer to everything: class and probability")
plt.show()

# %%
# .. _image-save:
#
# Save and load
# -------------
# The file needs the weights, and all that its inputs were prepared with: mean,
# deviation and the order of the classes.
# To load, build the same network and fill it.

file = Path(folder.name) / "digits.pt"
extra = {"mean": mean, "deviation": deviation, "classes": ten}
torch.save({"weights": model.state_dict(), **extra}, file)

loaded = torch.load(file, weights_only=True, map_location=device)
again = DigitNet(outputs=len(loaded["classes"])).to(device).eval()
again.load_state_dict(loaded["weights"])

with torch.inference_mode():
    assert torch.equal(again(images.to(device)), model.eval()(images.to(device)))
print(f"{file.stat().st_size / 1e3:.0f} kB:", *loaded)

# %%
# .. _image-mistakes:
#
# Classic mistakes
# ----------------
# **The channel forgotten.**
# A batch of grey pictures without the axis C: the layer takes the 32 pictures for 32
# channels of one picture.
# Cure: ``images.unsqueeze(1)``.

with eatorch.show_error(RuntimeError):
    model(torch.zeros(32, 8, 8, device=device))

# %%
# **Bytes straight from the file.**
# Layers calculate in ``float32``.
# Cure: ``.float() / 255``, as in ``to_tensor``.

with eatorch.show_error(RuntimeError):
    model(torch.zeros(1, 1, 8, 8, dtype=torch.uint8, device=device))

# %%
# **Names instead of numbers.**
# Two classes "3" and "8" are numbered 0 and 1.
# Whoever passes 3 and 8 as labels names classes that do not exist.
# Cure: ``classes.index(name)``.

with eatorch.show_error(IndexError):
    cross_entropy(torch.zeros(2, 2), torch.tensor([3, 8]))

# %%
# **A picture of another size.**
# A network that goes from the maps straight to a linear layer fits one size only.
# Cure: :class:`~torch.nn.AdaptiveMaxPool2d` in between, as in ours.

rigid = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Flatten(), nn.Linear(256, 10))
with eatorch.show_error(RuntimeError):
    rigid(torch.zeros(1, 1, 9, 9))
model(torch.zeros(1, 1, 9, 9, device=device)).shape  # ours does not mind

# %%
# **eval() forgotten.**
# No error: dropout stays on, and the same pictures get new answers at each call.
# Here is the least sure answer of one batch, asked for twice.
# Cure: ``model.eval()`` before you validate, ``model.train()`` before you go on.

model.train()
with torch.inference_mode():
    answers = [model(images.to(device)).softmax(dim=1) for _ in range(2)]
twice = [chances.max(dim=1).values.min().item() for chances in answers]
model.eval()
assert twice[0] != twice[1]
[f"{chance:.3f}" for chance in twice]

# %%
# **Softmax twice.**
# No error either: a softmax at the end of the network, then a loss that applies its
# own.
# Even a perfect answer now costs 1.46, and the gradients are weak.
# Cure: return logits.

perfect = torch.tensor([[50.0] + [0.0] * 9]).softmax(dim=1)
cross_entropy(perfect, torch.tensor([0])).item()

# %%
# .. admonition:: Then and now
#
#    - The course that our 20-day path follows had no ReLU after its convolutions.
#      The maximum in the pooling layers bends a little by itself, so nothing showed;
#      the first exercise measures it.
#    - Its AUC was the mean over batches, which is no AUC.
#      Collect the logits and compute it once per epoch.
#    - Its validation loader shuffled.
#      That changes no metric that is computed over the whole epoch.
#    - Layouts were described as width before height.
#      PyTorch's layers take N, C, H, W; width comes first only in Pillow.
#    - Networks ended in a sigmoid with :class:`~torch.nn.BCELoss`.
#      Today they return logits, for :class:`~torch.nn.BCEWithLogitsLoss` or
#      :class:`~torch.nn.CrossEntropyLoss`.
#    - ``ImageFolder`` and ``ToTensor`` of torchvision did what our dataset and
#      ``to_tensor`` do.
#      ``v2.ToTensor`` is deprecated: write ``v2.ToImage()`` and then
#      ``v2.ToDtype(torch.float32, scale=True)``.
#    - ``target_transform`` was a ``lambda``.
#      Worker processes on Windows and macOS cannot receive one; a named function they
#      can.
#
# .. _image-exercises:
#
# Exercises
# ---------
#
# .. _image-ex1:
#
# Exercise 04-1: leave ReLU out
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A function *without a bend* obeys :math:`f(a + b) - f(a) - f(b) + f(0) = 0`, for any
# two pictures.
# Write a function that returns the largest absolute value of the left side, a single
# number.
# Mind that ``model`` may contain dropout.
# Then try it on two convolutions in a row, with and without a ReLU between them, and on
# ``DigitNet(10, activation=nn.Identity)``.
# Train that network too: how much accuracy does it lose?
#
# .. dropdown:: Hint
#
#    A picture of zeros is ``torch.zeros_like(first)``.
#    ``model.eval()`` stops the dropout.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def bend(model, first, second):
#           model.eval()
#           with torch.inference_mode():
#               both, zero = model(first + second), model(torch.zeros_like(first))
#               return (both - model(first) - model(second) + zero).abs().max().item()
#
#
#       torch.manual_seed(0)
#       one, two = nn.Conv2d(1, 16, 3), nn.Conv2d(16, 32, 3)
#       straight = DigitNet(10, activation=nn.Identity).to(device)
#       pair = torch.rand(2, 4, 1, 8, 8)
#       print("two convolutions ", bend(nn.Sequential(one, two), *pair))
#       print("with a ReLU      ", bend(nn.Sequential(one, nn.ReLU(), two), *pair))
#       print("DigitNet, no ReLU", bend(straight, *pair.to(device)))
#       train_model(straight, loaders, cross_entropy, accuracy, epochs=6)
#       print("accuracy", validate(straight, valid_ten, cross_entropy, accuracy)[1])
#
#    Two convolutions in a row do not bend at all, apart from rounding: they are a
#    single convolution in disguise.
#    The network without ReLU still bends, thanks to its pooling layers and the ReLU
#    between the linear ones, and on these tiny pictures it loses a few points at most.
#    That is why such a slip can live in a tutorial for years.
#    Put two convolutions in a row without a pooling layer between them, and the second
#    is wasted.


def bend(model, first, second):
    """Return how far the model is from a function without a bend."""
    ...  # your code here


eatorch.check("04-1", bend)

# %%
# .. _image-ex2:
#
# Exercise 04-2: AUC per batch, AUC per epoch
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that cuts labels and scores into batches of ``size`` and returns two
# numbers: the plain mean of the AUCs of the batches, and the AUC over everything.
# Skip batches in which only one class occurs.
# The last batch may be smaller.
# Then ask "8 or not?" of the test set, with column 8 of the logits as scores, the
# pictures in random order and batches of 16.
# Which of the two numbers still changes when you change ``size`` or the order?
#
# .. dropdown:: Hint
#
#    ``torch.Tensor.split`` cuts both tensors alike.
#    ``len(labels.unique())`` tells how many classes a batch holds.
#    In ``roc_auc_score`` the truth comes first.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def two_aucs(truth, scores, size):
#           batches = zip(truth.split(size), scores.split(size), strict=True)
#           mixed = [pair for pair in batches if len(pair[0].unique()) > 1]
#           areas = [roc_auc_score(*pair) for pair in mixed]
#           return sum(areas) / len(areas), roc_auc_score(truth, scores)
#
#
#       pictures, labels = tensors("test")
#       _, logits = valid_step(model, pictures, labels, cross_entropy)
#       generator = torch.Generator().manual_seed(0)
#       order = torch.randperm(len(labels), generator=generator)
#       eight, scores = (labels == 8)[order].int(), logits[order, 8]
#       for size in (8, 16, 64):
#           batches, whole = two_aucs(eight, scores, size)
#           print(f"batches of {size:2}: {batches:.4f}, all at once {whole:.4f}")
#
#    The mean of batches changes with the size of the batch and with the order, the AUC
#    over all does not.
#    A metric that depends on how the pictures were dealt out does not measure the
#    network.


def two_aucs(truth, scores, size):
    """Return the mean of the batches' AUCs and the AUC over all samples."""
    ...  # your code here


eatorch.check("04-2", two_aucs)

# %%
# .. _image-ex3:
#
# Exercise 04-3: N, C, H, W
# ^^^^^^^^^^^^^^^^^^^^^^^^^
# A colour photo is 640 pixels wide and 427 high.
# Which shapes do these five have?
# Answer with a list of five tuples, without running code first.
#
# 1. The NumPy array that ``np.array(picture)`` makes of it.
# 2. The batch that holds nothing but this photo, ready for a layer.
# 3. What ``nn.Conv2d(3, 16, kernel_size=5)`` makes of that batch.
# 4. What ``nn.MaxPool2d(2)`` makes of the third.
# 5. What ``nn.Flatten()`` makes of ``nn.AdaptiveMaxPool2d(1)`` of the fourth.
#
# .. dropdown:: Hint
#
#    A window of 5 fits at 4 places fewer than there are pixels.
#    Pooling drops what does not fill a whole 2 x 2 block.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       shapes = [
#           (427, 640, 3),
#           (1, 3, 427, 640),
#           (1, 16, 423, 636),
#           (1, 16, 211, 318),
#           (1, 16),
#       ]
#
#       maps = nn.Conv2d(3, 16, kernel_size=5)(torch.zeros(shapes[1]))
#       pooled = nn.MaxPool2d(2)(maps)
#       single = nn.Flatten()(nn.AdaptiveMaxPool2d(1)(pooled))
#       assert [maps.shape, pooled.shape, single.shape] == shapes[2:]
#
#    Height before width everywhere, channels last in NumPy and second in PyTorch.

shapes = ...  # your code here

eatorch.check("04-3", shapes)

# %%
# .. _image-ex4:
#
# Exercise 04-4: fewer parameters, same accuracy
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# ``DigitNet(10)`` has 6,186 parameters.
# Write a function that returns a fresh network with at most 3,000 that is still right
# on at least 93 % of the validation pictures.
# The check trains it itself: 15 epochs, batches of 32,
# :class:`~torch.optim.AdamW` with a learning rate of 0.003.
# How small can you go, and do the kernels or the linear layers cost most?
#
# .. dropdown:: Hint
#
#    The parameters of a convolution grow with channels *times* kernels.
#    Halve both, and a quarter is left.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def small_network():
#           layers = [nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
#           layers += [nn.Conv2d(8, 16, 3, padding=1), nn.ReLU()]
#           layers += [nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(64, 10)]
#           return nn.Sequential(*layers)
#
#
#       print(eatorch.summary(small_network(), torch.zeros(1, 1, 8, 8)))
#
#    Fewer than 2,000 parameters do.
#    ``nn.Sequential(nn.Flatten(), nn.Linear(64, 10))`` passes with 650: on centred
#    digits of 8 x 8 pixels a linear layer is hard to beat.
#    The bars above show what it cannot do: read a digit that has moved.


def small_network():
    """Return a fresh network: (N, 1, 8, 8) in, (N, 10) out, few parameters."""
    ...  # your code here


eatorch.check("04-4", small_network)

# %%
# .. _image-minute:
#
# In one minute
# -------------
# - Ask who made the samples, and cut so that the test holds new people.
# - A dataset has ``__len__`` and ``__getitem__``; ``transform`` prepares the picture,
#   ``target_transform`` the label.
# - Mean and deviation come from the training pictures.
# - Layers take N, C, H, W in ``float32``; use ``permute``, never ``view``, to get
#   there.
# - A convolution slides small kernels over the picture, has
#   kernels x (channels x height x width + 1) parameters, and is followed by ReLU.
# - One logit with :class:`~torch.nn.BCEWithLogitsLoss` for two classes, one logit per
#   class with :class:`~torch.nn.CrossEntropyLoss` for more.
# - Compute an AUC once, over all outputs of the epoch.
# - Look at the worst errors, and save the preparation with the weights.
#
# .. _image-next:
#
# Read next
# ---------
# - :ref:`text` is day 3: sentences, which are neither numbers nor of one length.
# - :ref:`tensor` explains axes, shapes and why ``view`` does what it does.
# - :ref:`tabular` treats thresholds, intervals and calibration, which hold here too.
# - :class:`torch.nn.Conv2d` and :class:`torch.utils.data.Dataset` in the PyTorch
#   documentation.
# - LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
#   recognition" (1998), the paper that made convolutional networks read digits.
