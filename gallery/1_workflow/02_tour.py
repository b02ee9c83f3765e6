"""
.. _tour:

The 60-minute tour: LeNet
=========================

Build, train and judge the network that once read bank cheques, and know what every line
of it does.

:Level: 2
:Hours: 1
:Needs: :ref:`hello`
:Data: handwritten digits, 1,797 pictures of 8 x 8 pixels, CC BY 4.0, from scikit-learn

PyTorch's own first course is called the *60 Minute Blitz*, but a careful reader can
easily spend four hours on it.
This page goes the same way, from a network to a tested classifier.
An hour is enough to read and run it; take another hour or two for the exercises.
What tensors and gradients are in full is the matter of :ref:`tensor` and
:ref:`autograd`, and you do not need them to begin.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import eatorch

device = eatorch.device()
torch.set_num_threads(1)  # on pictures this small, threads cost more than they bring

# %%
# .. _tour-map:
#
# The whole tour on one map
# -------------------------
# To train a network means to answer three questions and then to repeat:
#
# 1. **Which function?** A network is a function with thousands of adjustable numbers,
#    its *parameters*.
# 2. **How wrong is it?** The *loss* turns answers and right answers into one number.
# 3. **Which way is better?** The *gradient* says for each parameter how the loss
#    changes with it, and an *optimizer* moves them all a little the other way.
#
# The rest is a loop:

stations = ["batch of pictures\nand labels", "network\ngives logits"]
stations += ["loss\none number", "backward\ngradients", "optimizer\nnew weights"]

fig, ax = plt.subplots(figsize=(8, 2.2), layout="constrained")
for place, station in enumerate(stations):
    frame = {"boxstyle": "round", "facecolor": "none", "edgecolor": "C0"}
    ax.text(place, 0, station, ha="center", va="center", bbox=frame)
    arrow = {"arrowstyle": "->", "color": "0.5"}
    if place:
        ax.annotate("", (place - 0.36, 0), (place - 0.6, 0), arrowprops=arrow)
arrow["connectionstyle"] = "arc3,rad=-0.25"
ax.annotate("", (0, -0.3), (4, -0.3), arrowprops=arrow)
ax.text(2, -0.85, "next batch", ha="center")
ax.set(title="One step of training goes once round", xlim=(-0.5, 4.5), ylim=(-1.2, 0.5))
ax.axis("off")
plt.show()

# %%
# One round is a *step*.
# When every training picture has been used once, an *epoch* is over.
# At the end we judge the network by pictures that it has never seen.
#
# .. _tour-data:
#
# The pictures
# ------------
# Courses like this one often begin with a download that is slow or gone.
# Ours are part of scikit-learn: 1,797 digits that 13 people wrote on forms.
# They were scanned at 32 x 32 and then shrunk to 8 x 8.
# LeNet was designed for 32 x 32, so we enlarge them back to that size.
# It brings back no detail, it only makes room: why the network needs room, we shall see
# below.

digits = eatorch.data.digits()
small, labels = digits.images, digits.targets  # (1797, 1, 8, 8), (1797,)
large = functional.interpolate(small, size=(32, 32), mode="bilinear")
small.shape, large.shape

# %%
# A batch of pictures has four axes, always in this order:
# ``(batch, channel, height, width)``.
# Grey pictures have one channel, colour pictures three.
# A label is simply the digit, a whole number (``int64``).

first = [int((labels == digit).nonzero()[0]) for digit in range(10)]
blocks = small[first].repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)

fig, axes = plt.subplots(2, 1, figsize=(8, 2.6), layout="constrained")
eatorch.plots.show_images(blocks, range(10), columns=10, ax=axes[0])
eatorch.plots.show_images(large[first], columns=10, ax=axes[1])
fig.suptitle("One sample per class: 8 x 8 pixels, and enlarged to 32 x 32")
plt.show()

# %%
# .. _tour-holdout:
#
# Hold some back
# ^^^^^^^^^^^^^^
# A network can learn its pictures by heart.
# So we shuffle and cut three parts: one to train on, one to watch the training
# (*validation*), and one to *hold out* until the very end (*test*).
#
# Networks also learn faster from numbers around zero, so we subtract the mean and
# divide by the standard deviation, both taken from the training part alone.

order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
train, valid, test = order.split([1097, 300, 400])

images = (large - large[train].mean()) / large[train].std()
print(f"values from {images.min().item():.2f} to {images.max().item():.2f}")
torch.stack([labels[part].bincount() for part in (train, valid, test)])

# %%
# Each digit makes up roughly a tenth of each part, so a network that guesses is right
# about one time in ten.
# That is the mark to beat.
#
# A :class:`~torch.utils.data.DataLoader` deals the training pictures out in shuffled
# batches.
# :func:`next` of :func:`iter` takes the first one.


def deal(part):
    """Return a loader of shuffled batches, the same ones for each new loader."""
    pairs = TensorDataset(images[part], labels[part])
    generator = torch.Generator().manual_seed(0)
    return DataLoader(pairs, batch_size=32, shuffle=True, generator=generator)


batch, answers = next(iter(deal(train)))
batch.shape, answers.shape

# %%
# .. _tour-network:
#
# The network
# -----------
# LeNet-5 (1998) is a short chain:
#
# - A **convolution** slides a small window of weights over the picture and notes at
#   each place how well they match.
#   One window gives one *feature map*; six windows give six maps.
# - **ReLU** replaces negative numbers by zero.
#   Without such a bend the whole chain would be one single linear function.
# - **Max pooling** keeps the largest of each 2 x 2 pixels and so halves height and
#   width.
# - The same three again, with 16 maps.
# - **Flatten** lays all numbers of a picture in one row, and three **linear** layers
#   turn the row into ten numbers, one per class.
#
# In PyTorch a network is a class.
# ``__init__`` makes the layers that hold parameters, ``forward`` says what happens to a
# batch.
# You never write ``backward``: autograd derives it.


class LeNet(nn.Module):
    """Ten logits for each grey picture of 32 x 32 pixels."""

    def __init__(self):
        super().__init__()  # prepares the module to find its layers
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):  # (batch, 1, 32, 32)
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = torch.flatten(x, start_dim=1)  # keeps the batch axis
        x = functional.relu(self.fc1(x))
        return self.fc3(functional.relu(self.fc2(x)))  # (batch, 10)


# %%
# The seed makes the random start the same each time.
# ``named_parameters`` lists what training will adjust, ``numel`` counts the numbers.

torch.manual_seed(0)
net = LeNet()
for name, parameter in net.named_parameters():
    print(f"{name:13}{tuple(parameter.shape)!s:16}{parameter.numel():6,}")
sum(parameter.numel() for parameter in net.parameters())

# %%
# Most of the parameters sit in the first linear layer, hardly any in the convolutions:
# a window is small and is used at every place.
#
# .. _tour-shapes:
#
# Walk one picture through
# ^^^^^^^^^^^^^^^^^^^^^^^^
# In many books figure and code tell different sizes.
# We draw ours from the numbers themselves: send one picture through, station by
# station, and keep what comes out.
# The last line makes sure that our walk is what ``forward`` does.

with torch.no_grad():
    x = batch[:1]  # one picture, still with its batch axis
    walk = {"input": x}
    for number, conv in enumerate([net.conv1, net.conv2], start=1):
        walk[f"conv{number}\nReLU"] = x = functional.relu(conv(x))
        walk[f"pool {number}"] = x = functional.max_pool2d(x, 2)
    walk["flatten"] = x = torch.flatten(x, start_dim=1)
    walk["fc1\nReLU"] = x = functional.relu(net.fc1(x))
    walk["fc2\nReLU"] = x = functional.relu(net.fc2(x))
    walk["fc3"] = net.fc3(x)
    assert torch.equal(walk["fc3"], net(batch[:1]))

# %%
# Each sheet below is a map, drawn to scale.
# A vector is a bar whose height grows with the root of its length.


def draw_station(ax, left, shape):
    """Draw maps as shifted sheets, or a vector as a bar; return the right edge."""
    style = {"facecolor": "C0", "edgecolor": "0.9", "linewidth": 0.6}
    if len(shape) == 1:
        height = 1.5 * shape[0] ** 0.5
        ax.add_patch(plt.Rectangle((left, -height / 2), 3, height, **style))
        return left + 3
    for sheet in range(shape[0]):
        corner = (left + 0.7 * sheet, -shape[1] / 2 - 0.35 * sheet)
        ax.add_patch(plt.Rectangle(corner, shape[2], shape[1], **style))
    return left + shape[2] + 0.7 * (shape[0] - 1)


# %%
# The labels below come from the tensors' own shapes, without the batch axis.

fig, ax = plt.subplots(figsize=(9, 2.9), layout="constrained")
left = 0
for name, tensor in walk.items():
    shape = tuple(tensor.shape[1:])
    right = draw_station(ax, left, shape)
    size = " × ".join(map(str, shape))
    ax.text((left + right) / 2, -24, size, ha="center", va="top", fontsize=8)
    ax.text((left + right) / 2, 19, name, ha="center", va="bottom", fontsize=8)
    left = right + 13
ax.set(xlim=(-4, left - 4), ylim=(-29, 28), aspect="equal")
ax.set_title("LeNet: pictures shrink, maps multiply, ten numbers remain")
ax.axis("off")
plt.show()

# %%
# .. _tour-400:
#
# Why 16 * 5 * 5?
# ^^^^^^^^^^^^^^^
# The first linear layer must know how many numbers come in.
# A window of 5 pixels in a row of 32 fits at 28 places: :math:`32 - 5 + 1`.
# The picture counts them for a shorter row.

fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
ax.bar(range(12), 0.8, width=0.9, bottom=0.1, color="0.5", alpha=0.4)
for start in range(12 - 5 + 1):
    ax.plot([start - 0.4, start + 4.4], [1.3 + 0.25 * start] * 2, color="C0", lw=3)
    ax.text(start + 4.6, 1.3 + 0.25 * start, f"place {start + 1}", va="center")
ax.set(xlabel="pixel", yticks=[], xlim=(-0.6, 13.5), xticks=range(12))
ax.set_title("A window of 5 fits into a row of 12 at 12 - 5 + 1 = 8 places")
ax.spines[["left", "top", "right"]].set_visible(False)
plt.show()

# %%
# So a convolution with a window of :math:`k` and without padding turns a side of
# :math:`n` into :math:`n - k + 1`, and pooling by 2 halves it, rounding down.
# Convolution, pooling, convolution, pooling:
#
# .. math::
#
#    32 \to 28 \to 14 \to 10 \to 5
#
# After the second pooling there are 16 maps of 5 x 5, hence ``16 * 5 * 5``.
# With 28 x 28 pictures it would be another number, and with 8 x 8 there is no room for
# the second window at all:

for side in (32, 28, 8):
    path = [side]
    for _ in range(2):
        path += [path[-1] - 5 + 1, (path[-1] - 5 + 1) // 2]
    count = f"16 * {path[-1]} * {path[-1]} = {16 * path[-1] ** 2}"
    print(path, count if min(path) > 0 else "does not fit")

# %%
# That is why we enlarged the digits.
# PyTorch says the same of an 8 x 8 picture, in its own words:

with eatorch.show_error(RuntimeError):
    net(small[:1])

# %%
# .. _tour-logits:
#
# What comes out: logits
# ----------------------
# The ten numbers are called **logits**.
# A logit is a score without bounds: the higher, the more the network leans to that
# class.
# It is no probability, and its sign alone says nothing.
# Only the *differences* between the ten count, as :func:`~torch.softmax` shows: it
# turns logits into ten positive numbers whose sum is 1,
#
# .. math::
#
#    p_j = \frac{e^{z_j}}{\sum_k e^{z_k}},
#
# and adding 5 to all the logits changes none of them.

logits = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
for shift in (0, 5):
    print((logits + shift).tolist(), "->", (logits + shift).softmax(dim=1))

# %%
# ``dim=1`` is the axis of the classes; ``dim=0`` would run over the batch.
# A difference of 1 means 2.7 times as likely, whatever the two logits are.
# The largest logit is also the largest probability, so the predicted class is
# ``argmax`` of the logits, and no softmax is needed for it.
# Let us look at the untrained network's answer to one picture.

with torch.no_grad():
    logits = net(batch[:1])  # (1, 10)

fig, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
axes[0].bar(range(10), logits[0].numpy())
axes[0].set(xlabel="class", ylabel="logit", xticks=range(10))
axes[1].bar(range(10), 100 * logits.softmax(dim=1)[0].numpy(), color="C1")
axes[1].set(xlabel="class", ylabel="softmax (%)", xticks=range(10), ylim=(0, 100))
fig.suptitle("Before training all classes look alike")
plt.show()

# %%
# .. _tour-loss:
#
# How wrong is it?
# ----------------
# The first loss that comes to mind is the **mean squared error**: for a 3 we want
# a 1 in place 3 and 0 elsewhere (*one-hot*), and square the distance to that.
# :class:`~torch.nn.MSELoss` takes two tensors of the same shape and floats.

wanted = functional.one_hot(answers, num_classes=10).float()  # (32, 10)
output = net(batch)  # (32, 10)
nn.MSELoss()(output, wanted)

# %%
# It is the mean over all 320 numbers, and it works.
# The usual loss for classes is another one, the **cross entropy**: the negative
# logarithm of the probability that softmax gives to the right class.
# :class:`~torch.nn.CrossEntropyLoss` takes the logits and the class *numbers*, and does
# softmax and logarithm itself.
# Here it is by hand, to see that nothing else is in it:

chances = output.softmax(dim=1)[torch.arange(32), answers]  # of the right classes
print("by hand         ", -chances.log().mean().item())
print("CrossEntropyLoss", nn.CrossEntropyLoss()(output, answers).item())
print("log(10)         ", torch.tensor(10.0).log().item())

# %%
# Whoever has no idea gives each class one tenth, and that costs :math:`\log 10`.
# The logarithm is the natural one, so the unit of the loss is called *nat*.
# So you can tell at once whether an untrained network starts as it should.
#
# Why is the second loss better for classes?
# Let only the right class's logit move, keep the other nine at zero, and look at the
# loss and at its slope, the pull that training feels.

z = torch.linspace(-8, 8, 161, requires_grad=True)  # logit of the right class
rows = functional.pad(z[:, None], (0, 9))  # (point, 10): the other nine are zero
right_class = torch.zeros(161, dtype=torch.int64)
one_hot = functional.one_hot(right_class, num_classes=10).float()
curves = {
    "MSELoss": (rows - one_hot).square().mean(dim=1),
    "softmax, MSELoss": (rows.softmax(dim=1) - one_hot).square().mean(dim=1),
    "CrossEntropyLoss": functional.cross_entropy(rows, right_class, reduction="none"),
}
pulls = {
    name: torch.autograd.grad(curve.sum(), z, retain_graph=True)[0]
    for name, curve in curves.items()
}

# %%
# On the left the losses, on the right their slopes.

fig, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for name, curve in curves.items():
    axes[0].plot(z.detach(), curve.detach(), label=name)
    axes[1].plot(z.detach(), pulls[name], label=name)
axes[0].set(xlabel="logit of the right class", ylabel="loss", ylim=(0, 6))
axes[1].set(xlabel="logit of the right class", ylabel="slope of the loss")
axes[0].legend()
fig.suptitle("Cross entropy pulls hard while wrong and lets go once right")
plt.show()

# %%
# - ``MSELoss`` on the raw numbers climbs again to the right of 1: the network is
#   punished for being *too* right, and spends its effort on hitting exactly 1 and 0.
# - Softmax in front cures that, but breaks the left side: far off, its slope is nearly
#   zero, and the worst mistakes teach nothing.
# - Cross entropy pulls with a slope close to -1 while the answer is wrong and lets go
#   once it is right.
#
# .. _tour-step:
#
# One step, slowly
# ----------------
# Now one round of the loop, line by line.
# The optimizer is **SGD**, *stochastic gradient descent*: "stochastic", because each
# step sees only one random batch.
# It gets the parameters, so that it knows what to move, and a *learning rate* ``lr``.
# Its ``momentum`` lets a step keep nine tenths of the speed of the one before; the
# first step has none before it.
#
# First clear the old gradients.
# There are none yet:

loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

optimizer.zero_grad()
print(net.conv1.bias.grad)

# %%
# **Forward.** The batch goes in, logits come out, the loss is one number.
# While it computes, PyTorch writes down every operation; ``grad_fn`` is the last one in
# that record.

loss = loss_function(net(batch), answers)
loss

# %%
# **Backward.** PyTorch reads the record from its end to its start.
# Now each parameter has a ``grad`` of its own shape: how fast the loss grows when that
# number grows.

loss.backward()
net.conv1.bias.grad

# %%
# **Step.** The optimizer moves each parameter against its gradient:
# new = old - learning rate * gradient.
# We keep the old numbers and check.

old = [parameter.detach().clone() for parameter in net.parameters()]
optimizer.step()
for before, parameter in zip(old, net.parameters(), strict=True):
    assert torch.allclose(parameter, before - 0.01 * parameter.grad)

# %%
# Each of the 61,706 parameters has moved by its own amount, those with gradient 0 not
# at all, and the points lie on one line through zero.

pairs = zip(net.parameters(), old, strict=True)
moves = [new.detach() - before for new, before in pairs]
slopes = [parameter.grad for parameter in net.parameters()]
assert sum(move.numel() for move in moves) == 61_706

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for layer, (name, _) in enumerate(net.named_parameters()):
    if name.endswith("bias"):
        ax.plot(slopes[layer], 1000 * moves[layer], "o", label=name, markersize=4)
ax.set(xlabel="gradient", ylabel="change of the parameter (thousandths)")
ax.set_title("Each parameter moves against its gradient, by lr times its size")
ax.legend(fontsize=8)
plt.show()

# %%
# (Only the biases are drawn, the weights lie on the same line.)
# Did it help?
# The same batch again:

print(f"loss before the step {loss.item():.4f}")
print(f"loss after the step  {loss_function(net(batch), answers).item():.4f}")

# %%
# A little.
# Training is this, some hundred times.
#
# What about ``zero_grad``?
# ``backward`` *adds* to what is already in ``grad``.
# Without clearing, a second batch would be mixed with the first:

gradient = net.conv1.bias.grad.clone()
loss_function(net(batch), answers).backward()  # no zero_grad before it
added = net.conv1.bias.grad
optimizer.zero_grad()
loss_function(net(batch), answers).backward()
assert torch.allclose(added, gradient + net.conv1.bias.grad)
added.norm() / net.conv1.bias.grad.norm()  # about twice as long as it should be

# %%
# .. _tour-loop:
#
# The loop
# --------
# You know every line of it.
# ``net.train()`` and later ``net.eval()`` switch layers that behave differently in
# training; LeNet has none, but keep the habit.
# ``loss.item()`` takes the plain number out of the tensor.


def train_epoch(net, loader, loss_function, optimizer):
    """Use every picture once; return the loss and the size of each batch."""
    net.train()
    record = []
    for batch, answers in loader:
        optimizer.zero_grad()
        loss = loss_function(net(batch.to(device)), answers.to(device))
        loss.backward()
        optimizer.step()
        record.append((loss.item(), len(answers)))
    return record


# %%
# To predict we need no gradients: :class:`~torch.inference_mode` switches the record
# off.


def predict(net, part):
    """Return the logits for one part of the pictures, on the CPU."""
    net.eval()
    with torch.inference_mode():
        return net(images[part].to(device)).cpu()  # (picture, 10)


def accuracy(net, part):
    """Return the share of pictures whose largest logit is at the right class."""
    hits = predict(net, part).argmax(dim=1) == labels[part]
    return hits.float().mean().item()


def mean_loss(record):
    """Return the mean over all pictures of an epoch, not over its batches."""
    return sum(loss * size for loss, size in record) / sum(size for _, size in record)


# %%
# .. _tour-counter:
#
# What the counters count
# ^^^^^^^^^^^^^^^^^^^^^^^
# Loops often print a counter and a "running loss", and readers wonder what they mean.
# Count for yourself:

pictures, batches = len(train), len(deal(train))
print(f"{pictures} pictures / 32 per batch -> {batches} batches, so {batches} steps")
print(f"the last batch holds {pictures - 32 * (batches - 1)} pictures")
print(f"12 epochs make {12 * batches} steps")

# %%
# The counter restarts in each epoch and ends at the number of *batches*, not of
# pictures.
# The loss of one batch jumps about, since each batch is easier or harder than the last.
# A *running loss* is the mean of several of them.
# Ours starts afresh with each epoch and gives every picture the same weight: the last
# batch is smaller, so it counts less.
# One more thing to know: it is measured while the weights move, so it is the mean
# over an epoch's *different* networks, and a little behind the last of them.


def fit(loss_function, learning_rate, *, part=train, epochs=12):
    """Train a fresh LeNet; return it, its batch losses and validation accuracies."""
    torch.manual_seed(0)
    net = LeNet().to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
    loader, records, scores = deal(part), [], []
    for _ in range(epochs):
        records.append(train_epoch(net, loader, loss_function, optimizer))
        scores.append(accuracy(net, valid))
    return net, records, scores


net, records, scores = fit(nn.CrossEntropyLoss(), 0.01)
for epoch in range(0, 12, 2):
    running = mean_loss(records[epoch])
    print(f"epoch {epoch + 1:2}: loss {running:.3f}, validation {scores[epoch]:.3f}")

# %%
# Every step is a grey dot, every epoch an orange one.

steps = [loss for record in records for loss, _ in record]
ends = [batches * (epoch + 1) for epoch in range(12)]

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
left.plot(steps, ".", color="0.6", markersize=3, label="one batch")
left.plot(ends, [mean_loss(r) for r in records], "o-", color="C1", label="one epoch")
left.axhline(
    torch.tensor(10.0).log().item(), color="0.5", linestyle=":", label="log(10)"
)
left.set(xlabel="step", ylabel="cross entropy (nats)")
left.legend()
right.plot(range(1, 13), [100 * score for score in scores], "o-")
right.set(xlabel="epoch", ylabel="validation accuracy (%)", ylim=(0, 100))
fig.suptitle("The loss waits at log(10), then falls, and the accuracy climbs")
plt.show()

# %%
# In the first epoch the loss hardly moves, although the accuracy already rises.
# That is common: the gradients that come back through five layers of random weights
# are small at first.
# Do not stop too early.
#
# .. _tour-two-losses:
#
# And with MSELoss?
# ^^^^^^^^^^^^^^^^^
# The same network, start and batches, only the loss differs.
# To be fair, MSELoss may also have a learning rate ten times larger, because it
# averages over the ten outputs too, and so its gradients are smaller.


def squared_error(output, answers):
    """Return the mean squared distance to the one-hot labels."""
    return functional.mse_loss(output, functional.one_hot(answers, 10).float())


runs = {"CrossEntropyLoss, lr 0.01": scores[:6]}
for learning_rate in (0.01, 0.1):
    _, _, found = fit(squared_error, learning_rate, epochs=6)
    runs[f"MSELoss, lr {learning_rate}"] = found

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for name, found in runs.items():
    ax.plot(range(1, 7), [100 * score for score in found], "o-", label=name)
ax.set(xlabel="epoch", ylabel="validation accuracy (%)", ylim=(0, 100))
ax.set_title("MSELoss learns too, once its learning rate is ten times larger")
ax.legend()
plt.show()
assert runs["MSELoss, lr 0.01"][-1] + 0.2 < scores[5] < found[-1] + 0.05

# %%
# So it is not true that MSELoss cannot learn classes.
# With the same learning rate it lags far behind, with the larger one it keeps up.
# Cross entropy remains the better habit: its gradients do not shrink as the number of
# classes grows, and softmax of its logits can be read as probabilities.
# The numbers that MSELoss trains are drawn to 0 and 1: even for a perfect answer,
# softmax of those gives only 23 %, which is :math:`e / (e + 9)`.
#
# .. _tour-test:
#
# The test
# --------
# Now the held-out pictures, once.

logits = predict(net, test)  # (400, 10)
guesses, truth = logits.argmax(dim=1), labels[test]
wrong = guesses != truth
print(f"{int(wrong.sum())} of {len(test)} are wrong")
print(f"accuracy {1 - wrong.float().mean().item():.4f}")

# %%
# One number hides who is behind the errors.
# The **accuracy per class** looks at each digit's pictures alone.

shares = torch.stack([(guesses[truth == d] == d).float().mean() for d in range(10)])
counts = truth.bincount()

fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
bars = ax.bar(range(10), 100 * shares.numpy())
ax.bar_label(bars, [f"{count} pictures" for count in counts], fontsize=7)
ax.set(xlabel="right class", ylabel="accuracy (%)", xticks=range(10), ylim=(0, 110))
ax.set_title("One digit is much harder for the network than the others")
plt.show()
lowest, second = shares.sort().values[:2].tolist()
print(f"lowest bar {lowest:.1%}, the next one {second:.1%}")
assert lowest < second - 0.1

# %%
# The counts are small: with some 40 pictures per class, a single one moves its bar by
# more than two percent.
# So read nothing into small differences.
# Only the lowest bar stands out.
#
# What is taken for what?
# The **confusion matrix** counts it: one row for each right class, one column for each
# answer.
# Each picture adds 1 to one cell.

matrix = torch.zeros(10, 10, dtype=torch.int64)  # (right class, class given)
for right_digit, guess in zip(truth, guesses, strict=True):
    matrix[right_digit, guess] += 1
assert matrix.trace() == len(test) - wrong.sum()  # the diagonal holds the right ones

fig, ax = plt.subplots(figsize=(5, 5), layout="constrained")
eatorch.plots.plot_confusion(matrix, ax=ax)
ax.set_title("Nearly all test pictures lie on the diagonal")
plt.show()

# %%
# Always look at the errors themselves.
# Above each picture: what it is, what the network said, and how sure it was.

chance = logits.softmax(dim=1).max(dim=1).values
worst = wrong.nonzero().squeeze(1)
worst = worst[chance[worst].argsort(descending=True)][:8]
told = [f"{truth[n]} read as {guesses[n]}\n{100 * chance[n]:.0f} %" for n in worst]

fig, ax = plt.subplots(figsize=(8, 2), layout="constrained")
eatorch.plots.show_images(large[test[worst]], told, ax=ax)
ax.set_title("The surest errors of the network", pad=26)
plt.show()

# %%
# Some would puzzle you as well, others are plain errors, and the network is often sure
# of them.
# A high softmax is no proof.
#
# .. _tour-strangers:
#
# What did we test?
# ^^^^^^^^^^^^^^^^^
# Thirteen people wrote these digits, and our shuffle has put pictures of each of them
# into training *and* test.
# So we tested new pictures by known hands.
# The file does not name the writers, but it seems to go from one to the next.
# Cut it without shuffling, and the last pictures come from hands that training has
# hardly seen:

known, strangers = torch.arange(1097), torch.arange(1397, 1797)  # in file order
apart, _, _ = fit(nn.CrossEntropyLoss(), 0.01, part=known)
print(f"shuffled      {accuracy(net, test):.3f}")
print(f"in file order {accuracy(apart, strangers):.3f}")
assert accuracy(apart, strangers) < accuracy(net, test) - 0.02

# %%
# The same network, as many pictures, and many more errors.
# (The last hands may also be harder to read than most.)
# Both numbers are right, they answer different questions.
# If your model will meet strangers, hold out *people*, not pictures.
#
# .. _tour-inside:
#
# A look inside
# -------------
# What has the first layer learned?
# Above its six windows of 5 x 5 weights, below what each of them makes of one picture,
# after ReLU.


def stretched(sheets):
    """Scale each sheet by itself, from black for its lowest number to white."""
    low, high = sheets.amin((1, 2), keepdim=True), sheets.amax((1, 2), keepdim=True)
    return (sheets - low) / (high - low)


net.cpu()
with torch.inference_mode():
    maps = functional.relu(net.conv1(images[test[:1]]))[0]  # (6, 28, 28)
windows = net.conv1.weight.detach()[:, 0]  # (6, 5, 5)

fig, axes = plt.subplots(2, 1, figsize=(8, 3.4), layout="constrained")
eatorch.plots.show_images(stretched(windows), columns=6, ax=axes[0])
eatorch.plots.show_images(stretched(maps), columns=6, ax=axes[1])
fig.suptitle("Six windows, and where each of them answers to one picture")
plt.show()

# %%
# Some windows answer to ink, some to the paper beside it, some to an edge on one side.
# Nobody told them to, the gradients did.
#
# .. _tour-mistakes:
#
# Classic mistakes
# ----------------
# **A picture without its batch axis.**
# A convolution takes ``(channel, height, width)`` too and hides the mistake.
# It surfaces three lines later, because ``flatten`` now keeps the *channels* apart: 16
# rows of 25 instead of one row of 400.
# Cure: ``picture.unsqueeze(0)``, or the slice ``images[:1]`` instead of ``images[0]``.

with eatorch.show_error(RuntimeError):
    net(images[0])

# %%
# **Pictures of another size.**
# MNIST's are 28 x 28, so 256 numbers meet a layer for 400.
# The same message comes when ``16 * 5 * 5`` is miscounted.
# Cure: count again, or enlarge the pictures.

with eatorch.show_error(RuntimeError):
    net(torch.zeros(2, 1, 28, 28))

# %%
# **view(-1, 400) instead of flatten.**
# Older code lays the numbers out with ``view(-1, 400)``.
# If the size is wrong and 400 happens to divide the total, pictures are silently mixed:
# here 25 pictures of 28 x 28 become 16 rows.
# Only the loss notices.
# ``torch.flatten(x, start_dim=1)`` would have kept the batch axis, and failed at once.

features = torch.zeros(25, 16, 4, 4)  # after the second pooling
rows = features.view(-1, 400)
with eatorch.show_error(ValueError):
    nn.CrossEntropyLoss()(net.fc3(net.fc2(net.fc1(rows))), labels[:25])

# %%
# **Softmax before CrossEntropyLoss.**
# No error and no warning, but softmax is now applied twice.
# Even a perfect answer keeps a loss of 1.46, and the gradients on the way there are
# tiny: after four epochs this network has hardly begun.

three = torch.tensor([3])
perfect = functional.one_hot(three, 10).float()  # 100 % for a 3
print(f"a perfect answer  {nn.CrossEntropyLoss()(perfect, three).item():.2f}")


def softmax_twice(output, answers):
    """Compute the cross entropy of probabilities, as if they were logits."""
    return nn.CrossEntropyLoss()(output.softmax(dim=1), answers)


_, twice, _ = fit(softmax_twice, 0.01, epochs=4)
for name, seen in {"softmax twice": twice, "softmax once": records[:4]}.items():
    print(f"{name:17}", *(f"{mean_loss(record):.2f}" for record in seen))

# %%
# **One-hot where numbers are wanted, numbers where one-hot is wanted.**
# CrossEntropyLoss takes class numbers of dtype ``int64``; as floats they fail.
# (It also takes ten *probabilities* per picture as floats, so a float one-hot works.)
# MSELoss wants two equal shapes.

with eatorch.show_error(RuntimeError):
    nn.CrossEntropyLoss()(torch.zeros(32, 10), answers.float())

# %%
# .. admonition:: Then and now
#
#    - The Blitz tells you that ``torch.nn`` takes nothing but batches.
#      By now many layers accept a single sample, which is why a missing batch axis is
#      noticed so late.
#    - ``super(LeNet, self).__init__()`` is ``super().__init__()`` today.
#    - A method ``num_flat_features`` and ``x.view(-1, ...)`` became
#      :func:`torch.flatten` with ``start_dim=1``.
#    - By hand the step was ``f.data.sub_(f.grad.data * lr)``; today it stands under
#      :class:`~torch.no_grad`, or the optimizer takes it.
#    - :meth:`~torch.optim.Optimizer.zero_grad` filled with zeros; since PyTorch 2.0 it
#      sets ``grad`` to ``None``.
#    - Inputs were wrapped in ``Variable`` and the loss was read as ``loss.data[0]``;
#      today it is ``loss.item()``.
#    - ``dataiter.next()`` is gone: write ``next(dataiter)``.
#    - ``torch.max(outputs.data, 1)`` under ``no_grad`` became ``argmax(dim=1)`` under
#      :class:`~torch.inference_mode`.
#    - ``"cuda:0" if torch.cuda.is_available() else "cpu"`` asked for one kind of
#      accelerator only; :func:`eatorch.device` asks for any.
#    - CIFAR-10 came by download through torchvision, four pictures per batch, and the
#      loop printed its running loss every 2,000 *batches*.
#
# .. _tour-exercises:
#
# Exercises
# ---------
#
# .. _tour-ex1:
#
# Exercise 02-1: which shape after each layer?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that takes the side of a square grey picture and returns five shapes
# as a list of tuples, without the batch axis: after ``conv1``, the first pooling,
# ``conv2``, the second pooling and ``flatten``.
# For 32 the list begins with ``(6, 28, 28)`` and ends with ``(400,)``.
# Calculate, do not run the network: first on paper for 32, then in code for any side.
#
# .. dropdown:: Hint
#
#    A window of 5 takes 4 from the side.
#    Pooling by 2 drops an odd last row: ``//``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def layer_shapes(side):
#           shapes = []
#           for maps in (6, 16):
#               side = side - 5 + 1
#               shapes.append((maps, side, side))
#               side = side // 2
#               shapes.append((maps, side, side))
#           return [*shapes, (16 * side * side,)]
#
#
#       assert layer_shapes(32)[3] == tuple(walk["pool 2"].shape[1:])
#
#    Pooling keeps the number of maps, a convolution sets it.
#    The height and width never enter the parameters of a convolution: only the first
#    linear layer fixes the size of the pictures.


def layer_shapes(side):
    """Return the shapes after conv1, pool, conv2, pool and flatten."""
    ...  # your code here


eatorch.check("02-1", layer_shapes)

# %%
# .. _tour-ex2:
#
# Exercise 02-2: MSE or cross entropy, who pulls how hard?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that takes logits ``(batch, 10)`` and class numbers ``(batch,)`` and
# returns a pair of tensors of the shape of the logits: the gradient of ``MSELoss``
# against the one-hot labels, and the gradient of ``CrossEntropyLoss``, each with
# respect to the logits.
#
# Then try two answers to a picture of a 3: logit 12 for the 3 and zeros elsewhere,
# which is right and sure, and logit 12 for the 8, which is wrong and sure.
# Which loss would change what in each case?
#
# .. dropdown:: Hint
#
#    Start from ``logits.clone().requires_grad_()``.
#    ``torch.autograd.grad(loss, logits)`` returns the gradient in a tuple and leaves
#    nothing behind in ``grad``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def two_pulls(logits, answers):
#           logits = logits.clone().requires_grad_()
#           one_hot = functional.one_hot(answers, num_classes=10).float()
#           squared = nn.MSELoss()(logits, one_hot)
#           entropy = nn.CrossEntropyLoss()(logits, answers)
#           (first,) = torch.autograd.grad(squared, logits)
#           (second,) = torch.autograd.grad(entropy, logits)
#           return first, second
#
#
#       for digit in (3, 8):
#           sure = torch.zeros(1, 10)
#           sure[0, digit] = 12.0
#           for pull in two_pulls(sure, torch.tensor([3])):
#               print(f"pull on the 3 {pull[0, 3]:6.2f}, on the 8 {pull[0, 8]:6.2f}")
#
#    Right and sure: cross entropy leaves it in peace, MSELoss pulls the 12 down with
#    all its might, to 1.
#    Wrong and sure: both pull the 8 down, and cross entropy also pulls the 3 up, with
#    the same force.
#    MSELoss pulls at the 3 with a twelfth of its force only: it sees a small distance
#    from 0 to 1.


def two_pulls(logits, answers):
    """Return the gradients of MSELoss and CrossEntropyLoss for the logits."""
    ...  # your code here


eatorch.check("02-2", two_pulls)

# %%
# .. _tour-ex3:
#
# Exercise 02-3: leave ``zero_grad`` out and watch
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Train once without it, everything else as above, and look at the loss:
#
# .. code-block:: python
#
#    torch.manual_seed(0)
#    forgetful = LeNet()
#    optimizer = torch.optim.SGD(forgetful.parameters(), lr=0.01, momentum=0.9)
#    seen = []
#    for batch, answers in deal(train):
#        loss = nn.CrossEntropyLoss()(forgetful(batch), answers)
#        loss.backward()
#        optimizer.step()
#        seen.append(loss.item())
#    plt.plot(seen)
#    plt.show()
#
# Now say with numbers what goes wrong.
# A single weight begins at ``start``, and ``gradients`` lists the gradient that each
# batch alone would give.
# Write a function that returns the list of weights after each step of plain SGD (no
# momentum) when ``zero_grad`` is forgotten.
#
# .. dropdown:: Hint
#
#    ``grad`` is a sum that is never cleared: after the third batch it holds all three.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def forgetful_weights(start, gradients, learning_rate):
#           weight, grad, weights = start, 0.0, []
#           for gradient in gradients:
#               grad += gradient
#               weight -= learning_rate * grad
#               weights.append(weight)
#           return weights
#
#
#       torch.manual_seed(0)
#       forgetful = LeNet()
#       optimizer = torch.optim.SGD(forgetful.parameters(), lr=0.01, momentum=0.9)
#       seen = []
#       for _ in range(3):
#           for batch, answers in deal(train):
#               loss = nn.CrossEntropyLoss()(forgetful(batch), answers)
#               loss.backward()
#               optimizer.step()
#               seen.append(loss.item())
#       assert max(seen) > 3
#       assert sum(seen[-10:]) / 10 > mean_loss(records[2])
#
#    Each step repeats all the steps before it, and an early gradient never goes away.
#    The weights run faster and faster past the goal: the loss first falls and then
#    shoots up, above that of a network that has no idea.
#    PyTorch gives no error, since adding gradients up is sometimes what you want.


def forgetful_weights(start, gradients, learning_rate):
    """Return the weight after each step when the gradients are never cleared."""
    ...  # your code here


eatorch.check("02-3", forgetful_weights)

# %%
# .. _tour-ex4:
#
# Exercise 02-4: why 16 * 5 * 5?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# MNIST has grey pictures of 28 x 28, CIFAR-10 colour pictures of 32 x 32.
# Write a function that takes the number of channels and the side of the pictures and
# returns a network like LeNet for them: two convolutions with windows of 5 and with 6
# and 16 maps, each with ReLU and pooling by 2, then three linear layers, ten logits.
# What must change for the channels, and what for the side?
#
# .. dropdown:: Hint
#
#    Channels concern the first layer alone, the side only the first linear layer.
#    ``nn.Sequential`` with ``nn.ReLU``, ``nn.MaxPool2d`` and ``nn.Flatten`` saves you
#    the class.
#    :func:`eatorch.summary` shows the shapes that you get.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def lenet_for(channels, side):
#           left = ((side - 4) // 2 - 4) // 2
#           return nn.Sequential(
#               nn.Conv2d(channels, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
#               nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
#               nn.Flatten(),
#               nn.Linear(16 * left * left, 120), nn.ReLU(),
#               nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
#           )
#
#
#       print(eatorch.summary(lenet_for(3, 32), torch.zeros(1, 3, 32, 32)))
#
#    Colour changes only ``conv1``, from 1 to 3 channels.
#    The side changes only the first linear layer: 16 maps of 5 x 5 are left of 32 x 32,
#    and 16 maps of 4 x 4 of 28 x 28.


def lenet_for(channels, side):
    """Return a LeNet for square pictures of that many channels and pixels."""
    ...  # your code here


eatorch.check("02-4", lenet_for)

# %%
# .. _tour-minute:
#
# In one minute
# -------------
# - One step: ``zero_grad``, forward, loss, ``backward``, ``step``.
#   One epoch: every training picture once.
# - Pictures come as ``(batch, channel, height, width)``; one picture is a batch of one.
# - A window of 5 takes 4 from the side, pooling halves it: 32, 28, 14, 10, 5, and so
#   ``16 * 5 * 5``.
# - Logits are scores without bounds; only their differences count.
#   Softmax makes probabilities of them, ``argmax`` needs no softmax.
# - :class:`~torch.nn.CrossEntropyLoss` takes logits and class numbers, with no softmax
#   before it.
#   No idea among ten classes costs log(10).
# - An epoch's loss is a mean over pictures, measured while the weights move.
# - Hold data out, look at classes and at errors, and ask whom the test stands for.
#
# .. _tour-next:
#
# Read next
# ---------
# - :ref:`tabular` is day 1 of the 20-day path: the same steps, on a table, in full.
# - :ref:`tensor` and :ref:`autograd` explain the two things that this tour took for
#   granted.
# - :class:`torch.nn.Conv2d`, :class:`torch.nn.CrossEntropyLoss` and
#   :class:`torch.optim.SGD` in the PyTorch documentation.
# - LeCun, Bottou, Bengio and Haffner, `Gradient-based learning applied to document
#   recognition <https://doi.org/10.1109/5.726791>`_ (1998): LeNet-5 reads cheques.
#   Its output layer and its subsampling differ a little from ours.
