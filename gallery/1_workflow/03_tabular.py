"""
.. _tabular:

Tabular data
============

Tell malignant from benign tumours by 30 measurements, in the six steps that make
nearly every model, and say honestly how sure the answer is.

:Level: 3
:Hours: 1
:Day: 1
:Needs: :ref:`hello`
:Data: Breast Cancer Wisconsin (Diagnostic), 569 rows, CC BY 4.0, from scikit-learn
"""

import copy
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import eatorch

device = eatorch.device()
torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _tabular-steps:
#
# Six steps
# ---------
# Nearly every model is made in the same six steps:
#
# 1. **Prepare** the data: numbers only, no gaps, one scale, three separate parts.
# 2. **Define** the model: which layers, how many parameters.
# 3. **Train** it: show it batches, measure the loss, take a step downhill.
# 4. **Evaluate** it on rows that it has never seen.
# 5. **Use** it on new rows.
# 6. **Save** it and load it again.
#
# Preparing takes the most work, here as in practice: see how long step 1 is.
#
# .. _tabular-prepare:
#
# Step 1: prepare the data
# ------------------------
# Each row of our table is one patient.
# A thin needle took a few cells from a lump in the breast, a microscope took a picture,
# and a program measured the cell nuclei in it.
# There are ten properties, such as radius, texture or symmetry, and three columns for
# each: the mean over all nuclei, its standard error, and the mean of the three largest
# values, called "worst".
# The table gives no units.
#
# The file numbers its classes 0 for malignant and 1 for benign.
# We want to *find* the malignant tumours, so we turn the labels round: from here on 1
# means malignant.
# Whoever skips this will report the recall, the share that is found, of the wrong
# class.

table = eatorch.data.breast_cancer()
rows = table.inputs.clone()  # (row, column), float32
malignant = (table.targets == table.classes.index("malignant")).float()  # (row,)
columns = list(table.features)
print(f"{len(rows)} rows, {len(columns)} columns, {int(malignant.sum())} malignant")

# %%
# .. _tabular-split:
#
# Set rows aside first
# ^^^^^^^^^^^^^^^^^^^^
# Before we look at anything we shuffle the rows and cut them into three parts:
#
# - The **training set** is what the model learns from.
#   Every mean, median and limit on this page comes from it alone.
# - The **validation set** helps us to choose, here the *epoch* at which to stop: an
#   epoch has passed when every training row has been shown once.
# - The **test set** is opened once, at the end.
#
# Statistics taken from all the rows would smuggle a little of the test set into
# training.
# This is called a *leak*, and it makes results look better than they are.
#
# How many rows of each class did each part get?
# With rarer classes you would cut each class separately (*stratify*), so that every
# part gets its share.

generator = torch.Generator().manual_seed(0)
order = torch.randperm(len(rows), generator=generator)
train, valid, test = order.split([341, 114, 114])
parts = {"training": train, "validation": valid, "test": test}

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for label, name in enumerate(["benign", "malignant"]):
    counts = [int((malignant[part] == label).sum()) for part in parts.values()]
    places = np.arange(3) + 0.4 * label
    ax.bar_label(ax.bar(places, counts, width=0.38, label=name))
ax.set_xticks(np.arange(3) + 0.2, parts)
ax.set(title="Benign rows are the majority in all three parts", ylabel="rows")
ax.margins(y=0.15)
ax.legend()
plt.show()

# %%
# Keep the share of the majority in mind: a "model" that always says *benign* is right
# that often.
# That is the mark to beat.
#
# .. _tabular-look:
#
# Look at the columns
# ^^^^^^^^^^^^^^^^^^^
# First a single column, the mean radius of the nuclei.
# On the left is its histogram, on the right the same rows once per class.
# The areas on the right are scaled to one, so that we compare shapes and not class
# sizes.

radius = columns.index("mean radius")

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
left.hist(rows[train, radius].numpy(), bins=range(6, 30), color="0.5")
left.set(title="All training rows", xlabel="mean radius (image units)", ylabel="rows")
for label, name in enumerate(["benign", "malignant"]):
    values = rows[train, radius][malignant[train] == label].numpy()
    right.hist(values, bins=range(6, 30), density=True, alpha=0.6, label=name)
right.set(
    title="Density by class", xlabel="mean radius (image units)", ylabel="density"
)
right.legend()
fig.suptitle("Malignant tumours have larger nuclei, but the classes overlap")
plt.show()

# %%
# One column gets us far.
# Where the classes overlap, we need the others: how much news do they bring?
# A **correlation** of 1 or -1 means that a straight line computes one column from the
# other, and 0 that no straight line helps.

correlation = torch.corrcoef(rows[train].T)  # (column, column)
twins = int((correlation.triu(diagonal=1) > 0.9).sum())

fig, ax = plt.subplots(figsize=(7, 6), layout="constrained")
image = ax.imshow(correlation.numpy(), cmap="RdBu_r", vmin=-1, vmax=1)
ax.set_xticks(range(30), columns, rotation=90, fontsize=7)
ax.set_yticks(range(30), columns, fontsize=7)
ax.set(title=f"{twins} pairs of columns correlate above 0.9", xlabel="column")
ax.set_ylabel("column")
fig.colorbar(image, label="correlation (no unit)", shrink=0.8)
plt.show()

# %%
# The darkest blocks are radius, perimeter and area, three ways to measure size.
# So the 30 columns hold far fewer than 30 independent facts.
#
# .. _tabular-gaps:
#
# Gaps, and what they say
# ^^^^^^^^^^^^^^^^^^^^^^^
# This table is complete. Real ones are not.
# So we punch holes into two columns on purpose, in the two ways in which values get
# lost:
#
# - *Mean texture* gets lost **by chance** in one row of ten, like a smudged form.
# - *Worst area* gets lost mostly where it is **large**, like with a ruler that is too
#   short.

generator = torch.Generator().manual_seed(1)
chance = torch.rand(len(rows), 2, generator=generator)
texture, area = columns.index("mean texture"), columns.index("worst area")
rows[chance[:, 0] < 0.1, texture] = torch.nan
rows[(rows[:, area] > 1200) & (chance[:, 1] < 0.7), area] = torch.nan
gaps = rows.isnan()  # (row, column), bool
gaps.sum(dim=0)[[texture, area]]  # how many in each

# %%
# A network cannot calculate with ``nan``: a single one turns every later result into
# ``nan``.
# The usual cure is to fill each gap with the **median** of its column.

medians = rows[train].nanmedian(dim=0).values  # (column,)
filled = torch.where(gaps, medians, rows)  # (row, column)
lost, values = gaps[train, area], filled[train, area]  # (training row,)
filled.isnan().any()

# %%
# No ``nan`` is left, but look at the price.
# On the left are the filled areas, on the right we ask how many of the filled rows are
# malignant, and how many of the measured ones.

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
pair, colors = [values[~lost].numpy(), values[lost].numpy()], ["0.5", "C1"]
left.hist(pair, 40, stacked=True, color=colors, label=["measured", "filled"])
left.set(title="Values after filling", xlabel="worst area (image units)", ylabel="rows")
left.legend()
for place, column in enumerate([texture, area]):
    for gap in (0, 1):
        share = malignant[train][gaps[train, column] == gap].mean().item()
        right.bar(place + 0.4 * gap - 0.2, 100 * share, width=0.38, color=colors[gap])
right.set_xticks([0, 1], ["mean texture", "worst area"])
right.set(title="How many are malignant", ylabel="malignant (% of rows)")
fig.suptitle(
    "Rows that lost their area are malignant, rows without texture may be either"
)
plt.show()

# %%
# With the median filled in, the largest tumours look harmless.
# A gap in the area is itself news, a gap in the texture is not: there the bars differ
# by chance only, as we know, for we made the gaps.
# The cure is a **missing flag**: a new column that is 1 where the value was missing and
# 0 elsewhere.
# The network can then find out by itself what a gap means.
# The flags belong to the two columns of which we know that values get lost.
#
# .. _tabular-onehot:
#
# Bins as one-hot columns
# ^^^^^^^^^^^^^^^^^^^^^^^
# Some columns hold categories: a blood group, a town, an age class.
# To number them 0, 1, 2, 3 would claim that the last is three times the second.
# **One-hot** coding gives each category a column of its own, and each row a single 1.
# Our table has no such column, so we make one: the training quartiles cut the mean
# radius into four bins.

edges = rows[train, radius].quantile(torch.tensor([0.25, 0.5, 0.75]))
bins = torch.bucketize(rows[train[:12], radius], edges)  # (row,), 0 to 3
one_hot = nn.functional.one_hot(bins, num_classes=4)  # (row, bin)

fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
ax.imshow(one_hot.T.numpy(), cmap="Blues", vmax=1.6)
for (place, row), value in np.ndenumerate(one_hot.T.numpy()):
    ax.text(row, place, value, ha="center", va="center", color="black")
ax.set_xticks(range(12))
ax.set_yticks(range(4), ["smallest", "small", "large", "largest"])
ax.set(title="Each row lights one of the four new columns", xlabel="training row")
ax.set_ylabel("bin of the mean radius")
plt.show()

# %%
# .. _tabular-scale:
#
# One scale for all columns
# ^^^^^^^^^^^^^^^^^^^^^^^^^
# An area counts in hundreds, a fractal dimension error in thousandths.
# A step downhill is the slope times a *learning rate* (0.3 under
# :ref:`hello-gradient`), and no such rate suits both.
# So we **standardise**: from each column subtract its mean, then divide by its standard
# deviation.
# Both numbers are taken from the training rows and then serve all the others, today's
# and tomorrow's.

means, deviations = filled[train].mean(dim=0), filled[train].std(dim=0)  # (column,)
standardised = (filled - means) / deviations  # (row, column)

fig, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for ax, values in zip(axes, [filled[train], standardised[train]], strict=True):
    low, middle, high = values.quantile(torch.tensor([0.05, 0.5, 0.95]), dim=0).numpy()
    ax.vlines(range(1, 31), low, high, linewidth=3)
    ax.plot(range(1, 31), middle, "o", markersize=3, color="C1")
    ax.set_xlabel("number of the column")
axes[0].set(title="As measured", yscale="log", ylabel="middle 90 %, own units")
axes[1].set(title="Standardised", ylabel="middle 90 %, deviations")
fig.suptitle("Standardising brings all columns to one scale")
plt.show()

# %%
# All of this goes into one function.
# Whatever the model will ever see has to come through this door, so that training and
# use cannot drift apart.


def prepare(raw):
    """Turn rows of the table, gaps included, into inputs for the network."""
    gaps = raw.isnan()
    filled = torch.where(gaps, medians, raw)
    flags = gaps[:, [texture, area]].float()
    bins = torch.bucketize(filled[:, radius].contiguous(), edges)
    one_hot = nn.functional.one_hot(bins, num_classes=4).float()
    return torch.cat([(filled - means) / deviations, flags, one_hot], dim=1)


inputs = prepare(rows)  # (row, 30 columns + 2 flags + 4 bins)
inputs.shape, inputs.dtype

# %%
# .. _tabular-batches:
#
# Rows in batches
# ^^^^^^^^^^^^^^^
# A :class:`~torch.utils.data.TensorDataset` ties each row to its label.
# A :class:`~torch.utils.data.DataLoader` deals the rows out in *batches*, here 32 rows
# at a time, and each batch makes one step.
# It shuffles the training rows anew in each epoch, and takes its random numbers from a
# ``generator`` of our own, so that a run can be repeated.
# Validation and test rows need no shuffling.
# ``device`` is the GPU if there is one, else the CPU: inputs, labels and model must all
# be there.


def dataset(inputs, part):
    """Tie the inputs of one part of the table to their labels, on the device."""
    return TensorDataset(inputs[part].to(device), malignant[part].to(device))


def shuffled(dataset):
    """Deal a data set out in shuffled batches, the same way for each new loader."""
    generator = torch.Generator().manual_seed(0)
    return DataLoader(dataset, batch_size=32, shuffle=True, generator=generator)


train_set, valid_set = dataset(inputs, train), dataset(inputs, valid)
train_loader, valid_loader = shuffled(train_set), DataLoader(valid_set, batch_size=32)

[len(labels) for _, labels in shuffled(train_set)]  # rows in each batch

# %%
# The last batch is smaller than the others.
# This will matter as soon as we average.
#
# .. _tabular-define:
#
# Step 2: define the model
# ------------------------
# :class:`~torch.nn.Sequential` chains layers.
# Each :class:`~torch.nn.Linear` multiplies by weights and adds a bias, each
# :class:`~torch.nn.ReLU` bends the line.
# The last layer gives a single number per row, the **logit**: above zero it speaks for
# malignant, below for benign, and the farther from zero the surer.
# No sigmoid stands at the end: the loss will see to that.
#
# The seed in front makes each new network start from the same weights.


def network(width):
    """Return a fresh network for inputs of ``width`` columns."""
    torch.manual_seed(0)
    layers = [nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(8, 1)).to(device)


model = network(inputs.shape[1])
for name, parameter in model.named_parameters():
    print(f"{name:10}{tuple(parameter.shape)!s:10}{parameter.numel():4}")
sum(parameter.numel() for parameter in model.parameters())  # in all

# %%
# Check one line by hand: the first layer has 36 weights for each of its 16 outputs.
# :func:`eatorch.summary` counts for you from now on.
# It sends a batch through the model and shows the shape that comes out of each layer:

eatorch.summary(model, inputs[:32].to(device))

# %%
# There are about twice as many parameters as training rows.
# Such a network can learn the training rows by heart, so we had better watch it.
#
# .. _tabular-loss:
#
# From logit to loss
# ^^^^^^^^^^^^^^^^^^
# The sigmoid turns a logit :math:`z` into a probability, and the loss is the negative
# logarithm of the probability that the model gave to what really was the case:
#
# .. math::
#
#    p = \sigma(z) = \frac{1}{1 + e^{-z}}
#
# .. math::
#
#    \ell = -y \log p - (1 - y) \log(1 - p)
#
# The label :math:`y` is 1 or 0, so only one of the two terms counts.
# The logarithm is the natural one, so the unit of the loss is called *nat*.
# :class:`~torch.nn.BCEWithLogitsLoss` does both in one go.
# Why not one after the other?
# Let a network be sure of the wrong class, and look at the gradient, the only thing it
# can learn from.

label = torch.zeros(1)  # benign
for value in (2.0, 20.0, 200.0):
    logit = torch.tensor([value], requires_grad=True)
    detour = nn.BCELoss()(logit.sigmoid(), label)
    direct = nn.BCEWithLogitsLoss()(logit, label)
    print(f"logit {value:.0f}")
    for name, loss in {"sigmoid, BCELoss": detour, "BCEWithLogitsLoss": direct}.items():
        (gradient,) = torch.autograd.grad(loss, logit)
        print(f"    {name:18} loss {loss:5.1f}   gradient {gradient.item():.2f}")

# %%
# With a logit of 20 the sigmoid rounds to exactly 1.
# The detour then reports a loss of 100, wherever the logit stands, and a gradient of
# zero: the worst mistakes teach nothing.
# With logits the gradient stays at 1, and the network gets pulled back.
#
# .. _tabular-train:
#
# Step 3: train
# -------------
# How do we judge a model?
# By two numbers: the mean loss over all rows and the accuracy.
# A batch gives us the mean over its own rows.
# We multiply it by their number before we add it up, because batches differ in size.
# ``inference_mode`` tells PyTorch that no gradients will be wanted, which saves time
# and memory.
# ``eval`` and later ``train`` switch layers that behave differently in training; ours
# has none of them, but the habit will pay.

loss_function = nn.BCEWithLogitsLoss()


def evaluate(model, loader):
    """Return the mean loss and the accuracy over all rows of a loader."""
    model.eval()
    total, hits = 0.0, 0
    with torch.inference_mode():
        for batch, labels in loader:
            logits = model(batch).squeeze(1)  # (batch, 1) -> (batch,)
            total += loss_function(logits, labels).item() * len(labels)
            hits += ((logits > 0) == (labels == 1)).sum().item()
    return total / len(loader.dataset), hits / len(loader.dataset)


evaluate(model, valid_loader)

# %%
# An untrained network guesses: its loss is close to :math:`\log(2) \approx 0.69`, the
# loss of a coin, and its accuracy is mere luck.
#
# Now the loop, in full.
# For each batch: forget the old gradients, predict, measure the loss, find the
# gradients, take a step.
# After each epoch: write a line of history and keep a copy of the weights.
# :class:`~torch.optim.AdamW` steps downhill with a step size of its own for each
# parameter, and pulls all weights a little towards zero.

optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
history, snapshots = [], []
for _ in range(30):
    model.train()
    total, hits = 0.0, 0
    for batch, labels in train_loader:
        optimizer.zero_grad()
        logits = model(batch).squeeze(1)  # (batch,)
        loss = loss_function(logits, labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)  # the batch mean counts once per row
        hits += ((logits > 0) == (labels == 1)).sum().item()
    history.append((total / 341, hits / 341, *evaluate(model, valid_loader)))
    snapshots.append(copy.deepcopy(model.state_dict()))

# %%
# The history, every third epoch.
# The training columns are measured *during* the epoch, while the weights still move,
# the validation columns after it.
# So early on validation looks better.

print("         training          validation")
print("epoch    loss  accuracy    loss  accuracy")
for epoch in range(0, 30, 3):
    print(f"{epoch + 1:5}", *(f"{number:8.3f}" for number in history[epoch]))

# %%
# The numbers become clear as curves.

curves = np.array(history)  # (epoch, 4)
best = int(curves[:, 2].argmin())  # the epoch of the lowest validation loss, from 0

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for ax, first, name in [
    (left, 0, "loss (nats, log scale)"),
    (right, 1, "accuracy (share of rows)"),
]:
    ax.plot(range(1, 31), curves[:, first], label="training")
    ax.plot(range(1, 31), curves[:, first + 2], label="validation")
    ax.axvline(best + 1, color="0.5", linestyle=":", label="lowest validation loss")
    ax.set(xlabel="epoch", ylabel=name)
left.set_yscale("log")
left.legend()
fig.suptitle("Training loss falls to the end, validation loss turns back up")
plt.show()

# %%
# From the dotted line on, the network learns the training rows by heart: it
# **overfits**.
# We go back to the weights of that epoch.

model.load_state_dict(snapshots[best])

# %%
# .. _tabular-reload:
#
# A bug worth knowing
# ^^^^^^^^^^^^^^^^^^^
# Where does that last line belong?
# *After* the loop.
# You will meet published loops that reload the best weights *inside*, after every
# epoch.
# Then each epoch that sets no record is thrown away, and the next one starts from the
# old weights.
# Let us try both.
# The two functions below repeat the loop above in fewer lines; we shall need them
# again.


def train_epoch(model, loader, optimizer):
    """Show every row once; return the mean loss over the rows."""
    model.train()
    total = 0.0
    for batch, labels in loader:
        optimizer.zero_grad()
        loss = loss_function(model(batch).squeeze(1), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


# %%
# The last ``if`` is the bug, to be switched on.


def fit(train_set, valid_set, *, reload_inside=False):
    """Train a fresh network; return it with (training, validation) losses."""
    model = network(train_set.tensors[0].shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    loader, losses, lowest = shuffled(train_set), [], float("inf")
    for _ in range(30):
        train_loss = train_epoch(model, loader, optimizer)
        valid_loss, _ = evaluate(model, DataLoader(valid_set, batch_size=32))
        losses.append((train_loss, valid_loss))
        if valid_loss < lowest:
            lowest, weights = valid_loss, copy.deepcopy(model.state_dict())
        if reload_inside:
            model.load_state_dict(weights)
    model.load_state_dict(weights)
    return model, losses


# %%
# Without the bug ``fit`` repeats the training from above number for number, since the
# weights start alike and the batches come in the same order.
# With it, we get this:

_, wrong_losses = fit(train_set, valid_set, reload_inside=True)
lows = np.minimum.accumulate([valid_loss for _, valid_loss in wrong_losses])
undone = int((np.diff(lows) == 0).sum())  # epochs without a new record

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
ax.plot(range(1, 31), curves[:, 0], label="after the loop")
ax.plot(range(1, 31), [train_loss for train_loss, _ in wrong_losses], label="inside it")
ax.set(xlabel="epoch", ylabel="training loss (nats, log scale)", yscale="log")
ax.set_title("Reloading inside the loop throws epochs away")
ax.legend(title="best weights reloaded")
plt.show()
print(f"{undone} of 30 epochs were undone")

# %%
# Reloaded after the loop, the network goes on learning; reloaded inside, it keeps being
# thrown back.
# On a small task like this one the result may even be as good, since weights that never
# get far cannot overfit.
# But you pay for epochs that are thrown away, the optimizer's memory no longer fits the
# weights, and a curve like this hides when overfitting began.
#
# .. _tabular-evaluate:
#
# Step 4: evaluate
# ----------------
# Now the test rows, once.
# We count the four things that can happen, and call malignant the positive class:

model.eval()
with torch.inference_mode():
    logits = model(inputs[test].to(device)).squeeze(1).cpu()  # (row,)
truth, found = malignant[test] == 1, logits > 0

hits, missed = int((truth & found).sum()), int((truth & ~found).sum())
alarms, quiet = int((~truth & found).sum()), int((~truth & ~found).sum())
print(f"malignant: {hits} found, {missed} missed")
print(f"benign: {quiet} cleared, {alarms} false alarms")
print(f"accuracy  {(hits + quiet) / len(test):.3f}  of all rows are right")
print(f"          {curves[best, 3]:.3f}  it was on the validation rows")
print(f"recall    {hits / (hits + missed):.3f}  of the malignant rows are found")
print(f"precision {hits / (hits + alarms):.3f}  of the alarms are real")

# %%
# .. _tabular-sure:
#
# How sure can we be?
# ^^^^^^^^^^^^^^^^^^^
# A test set of 114 rows is tiny: one row more or less right moves the accuracy by
# almost a percent.
# Which accuracies on *all* patients fit what we saw?
# The **Wilson interval** answers for any share, with 95 % confidence.
# For comparison we judge three other "models" on the same rows: always saying benign, a
# logistic regression (one linear layer) and a random forest (many decision trees).


def wilson(hits, rows, z=1.96):
    """Return the 95 % interval for a share: ``hits`` out of so many ``rows``."""
    middle = (hits + z**2 / 2) / (rows + z**2)
    half = z / (rows + z**2) * np.sqrt(hits * (rows - hits) / rows + z**2 / 4)
    return middle - half, middle + half


right_rows = {"always benign": int((~truth).sum()), "this network": hits + quiet}
for other in (
    LogisticRegression(max_iter=1000),
    RandomForestClassifier(random_state=0),
):
    other.fit(inputs[train], malignant[train])
    guess = other.predict(inputs[test])
    right_rows[type(other).__name__] = int((guess == malignant[test].numpy()).sum())

# %%
# And as a picture, with the interval of each:

fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
for place, count in enumerate(right_rows.values()):
    low, high = wilson(count, len(test))
    ax.plot([100 * low, 100 * high], [place, place], linewidth=3, color="C0")
    ax.plot(100 * count / len(test), place, "o", color="C1")
ax.set_yticks(range(4), right_rows)
ax.margins(y=0.15)
ax.set(title="114 test rows cannot tell the three trained models apart")
ax.set(xlabel="accuracy on the test rows and its 95 % interval (%)", ylabel="model")
plt.show()

assert wilson(hits + quiet, 114)[0] > wilson(right_rows["always benign"], 114)[1]

# %%
# All three are clearly better than the mark to beat: its interval ends below theirs.
# Among themselves the test set cannot rank them: the intervals overlap almost
# completely.
# So do not believe a ranking that rests on the third digit.
# On tables, simple models and ensembles of trees are hard to beat: always try them too
# (see the first paper under "Read next").
#
# The validation rows had promised a little more:
# partly by chance, and partly because we chose the epoch that suited them best.
# That is why the test rows had to wait.
#
# .. _tabular-roc:
#
# All thresholds at once: ROC and AUC
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Accuracy and recall depend on where we cut, here at a logit of 0.
# The **ROC curve** shows all cuts: we walk down the rows from the highest logit to the
# lowest, one step up for each malignant row, one step right for each benign one.
# The area under it, **AUC**, is the chance that a malignant row, drawn by lot, gets a
# higher logit than a benign one.
# We compute it as just that, by comparing each with each.

ranked = truth[logits.argsort(descending=True)]  # (row,), the most suspicious first
recall = ranked.cumsum(0) / ranked.sum()
false_alarms = (~ranked).cumsum(0) / (~ranked).sum()

wins = (logits[truth][:, None] > logits[~truth]).double()  # (malignant, benign)
auc = wins.mean().item()
assert np.isclose(auc, roc_auc_score(truth, logits))  # scikit-learn agrees

# %%
# How far can chance move it?
# We draw new test sets from our rows, with replacement, a thousand times, and see how
# the area varies.
# This is called the **bootstrap**, and it needs no formula.

dice = torch.Generator().manual_seed(0)
areas = torch.empty(1000).double()
for draw in range(1000):
    up, across = (torch.randint(size, (size,), generator=dice) for size in wins.shape)
    areas[draw] = wins[up][:, across].mean()
low, high = areas.quantile(torch.tensor([0.025, 0.975]).double()).tolist()
print(f"AUC {auc:.3f}, 95 % of the draws between {low:.3f} and {high:.3f}")

# %%
# On the left the logits that lead to the curve on the right.

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2), layout="constrained")
for label, name in enumerate(["benign", "malignant"]):
    left.hist(logits[truth == bool(label)].numpy(), bins=20, alpha=0.6, label=name)
left.axvline(0, color="0.5", linestyle=":")
left.set(title="Logits of the test rows", xlabel="logit", ylabel="rows")
left.legend()
right.plot(false_alarms.numpy(), recall.numpy(), color="C2")
right.plot([0, 1], [0, 1], color="0.5", linestyle=":")
right.plot(alarms / (alarms + quiet), hits / (hits + missed), "o", label="cut at 0")
right.legend()
right.set(title="ROC curve", xlabel="false alarms (share of benign)")
right.set_ylabel("recall (share of malignant)")
fig.suptitle("The logits separate the two classes almost fully")
plt.show()

# %%
# .. _tabular-calibration:
#
# Do the probabilities mean what they say?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A model is **calibrated** if, of all rows to which it gives 80 %, about 80 % are
# malignant.
# We sort the test rows into five bins by probability and compare.

probabilities = logits.sigmoid()
bins = torch.bucketize(probabilities, torch.tensor([0.2, 0.4, 0.6, 0.8]))

fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ax.plot([0, 1], [0, 1], color="0.5", linestyle=":", label="perfectly calibrated")
for inside in [bins == number for number in bins.unique()]:
    count, seen = int(inside.sum()), int(truth[inside].sum())
    said = probabilities[inside].mean().item()
    ax.plot([said, said], wilson(seen, count), color="C0")
    ax.plot(said, seen / count, "o", color="C0")
    ax.text(said + 0.03, seen / count, f"{count} rows", va="center")
ax.set(title="Hardly any row lies between the ends", xlim=(-0.05, 1.25))
ax.set_xticks(np.linspace(0, 1, 6))
ax.set(xlabel="mean predicted probability", ylabel="share that is malignant")
ax.legend()
plt.show()

# %%
# At the lower end the network is as right as it claims to be, at the upper end it is a
# little too sure of itself.
# In between a bin holds a row or two, and its interval says *anything is possible*.
# To learn more about it takes more patients, not a better plot.
#
# .. _tabular-use:
#
# Step 5: use
# -----------
# A new row comes in raw, perhaps with a gap.
# It comes through the same door as the training rows, the sigmoid turns the logit into
# a probability, and :func:`torch.where` turns the probability into a class.
# (This is a lesson. A diagnosis is made by a doctor.)


def predict(raw):
    """Return the probability of malignant for raw rows of the table."""
    model.eval()
    with torch.inference_mode():
        return model(prepare(raw).to(device)).squeeze(1).sigmoid().cpu()


new = rows[test[20:26]]
probabilities = predict(new)
classes = torch.where(probabilities >= 0.5, 1, 0)  # 1 is malignant
for row, probability, label in zip(new, probabilities, classes, strict=True):
    gap = "area missing" if row[area].isnan() else ""
    print(f"{probability:6.1%} malignant -> {['benign', 'malignant'][label]:10} {gap}")

# %%
# Where to cut is not for the network to say.
# To miss a tumour is worse than to alarm a healthy patient, which speaks for a
# **threshold** below 0.5.
# We look at the price on the validation rows, because a threshold is a choice, and the
# test set is not there to choose by.

sick, chance = malignant[valid] == 1, predict(rows[valid])
for threshold in (0.9, 0.5, 0.1, 0.01):
    missed = int((sick & (chance < threshold)).sum())
    alarms = int((~sick & (chance >= threshold)).sum())
    print(f"threshold {threshold:4}: {missed} missed, {alarms} false alarms")

# %%
# .. _tabular-save:
#
# Step 6: save
# ------------
# The network alone is useless without the medians, means and edges that its inputs were
# prepared with.
# So everything goes into one dictionary of tensors.
# ``state_dict`` holds the parameters by name, and ``weights_only=True`` (the default
# since PyTorch 2.6) reads tensors and plain containers, and never runs code from the
# file.

folder = tempfile.TemporaryDirectory()
file = Path(folder.name) / "tumour.pt"
numbers = {"medians": medians, "means": means, "deviations": deviations, "edges": edges}
torch.save({"weights": model.state_dict(), **numbers}, file)

loaded = torch.load(file, weights_only=True, map_location=device)
again = network(36)
again.load_state_dict(loaded["weights"])

sample = inputs[test].to(device)
assert torch.equal(again(sample), model(sample))
list(loaded)

# %%
# Older courses also save the whole model.
# That file holds the *name* of each class instead of its code, breaks when the code
# moves, and to read it Python must run whatever the file says.
# PyTorch refuses:

torch.save(model, file)
with eatorch.show_error(lines=10):
    torch.load(file)
folder.cleanup()

# %%
# ``weights_only=False`` would read the file.
# Use it for files that you made yourself, and for no others.
#
# .. _tabular-mistakes:
#
# Classic mistakes
# ----------------
# **Labels as whole numbers.**
# The table stores its classes as ``int64``.
# This loss calculates with its labels, so they have to be ``float32``: ``.float()``.

with eatorch.show_error(RuntimeError):
    loss_function(torch.zeros(3), torch.tensor([0, 1, 1]))

# %%
# **A column against a row.**
# The network returns ``(batch, 1)``, the labels are ``(batch,)``.
# Cure: ``.squeeze(1)``, with the 1, since a bare ``squeeze()`` would also drop the
# batch when it has one row.
# Be glad about this error: :class:`~torch.nn.MSELoss` only warns, compares each with
# each and learns nonsense.

with eatorch.show_error(ValueError):
    loss_function(torch.zeros(3, 1), torch.zeros(3))

# %%
# **Rows straight from NumPy.**
# NumPy counts in ``float64``, layers in ``float32``.
# Cure: ``torch.from_numpy(array).float()``.

with eatorch.show_error(RuntimeError):
    nn.Linear(36, 1)(torch.from_numpy(np.zeros((1, 36))))

# %%
# **Sigmoid twice.**
# No error at all: a sigmoid at the end of the network, then a loss that applies its
# own.
# The "logit" is now stuck between 0 and 1, and even a perfect answer costs 0.31:

perfect = torch.tensor([50.0]).sigmoid()  # as sure of malignant as can be
loss_function(perfect, torch.ones(1)).item()

# %%
# .. admonition:: Then and now
#
#    - Older courses end the network with a sigmoid and use :class:`~torch.nn.BCELoss`.
#      Today the network returns logits, and :class:`~torch.nn.BCEWithLogitsLoss` does
#      the rest.
#    - Layers were appended one by one with ``add_module``.
#      Today you hand them to :class:`~torch.nn.Sequential` all at once.
#    - ``pandas.get_dummies`` once gave numbers and since pandas 2.0 gives ``bool``.
#      Write ``get_dummies(frame).astype("float32")`` before you make a tensor of it.
#    - Values were taken out by ``tensor.data``, which hides changes from autograd.
#      Today it is :meth:`~torch.Tensor.detach`, or :class:`~torch.inference_mode`
#      around the whole prediction.
#    - An epoch's loss used to be the plain mean of batch means.
#      Weigh them by the number of rows.
#    - Whole models were saved, and loaded with ``torch.load(file)``.
#      Since PyTorch 2.6 this fails, as you saw: save the ``state_dict``.
#
# .. _tabular-exercises:
#
# Exercises
# ---------
#
# .. _tabular-ex1:
#
# Exercise 03-1: no scaling, what breaks?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# First watch it break.
# This trains on the filled columns as they were measured:
#
# .. code-block:: python
#
#    _, raw_losses = fit(dataset(filled, train), dataset(filled, valid))
#    plt.plot([valid_loss for _, valid_loss in raw_losses])
#    plt.show()
#
# The validation loss jumps about and stays high.
# Now find out why.
# Take a model of a single linear layer, all weights and its bias zero.
# Write a function that returns the gradient of the mean loss for each weight, a tensor
# of shape ``(column,)``.
# Then compare the largest with the smallest, for ``filled[train]`` and for
# ``standardised[train]``: which learning rate would you choose?
#
# .. dropdown:: Hint
#
#    Make the weights a tensor of zeros with ``requires_grad=True``.
#    The logits are ``inputs @ weights``.
#    After ``backward`` the gradient is in ``weights.grad``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def weight_gradients(inputs, labels):
#           weights = torch.zeros(inputs.shape[1], requires_grad=True)
#           nn.BCEWithLogitsLoss()(inputs @ weights, labels).backward()
#           return weights.grad
#
#
#       lowest = []
#       for values in (filled, standardised):
#           size = weight_gradients(values[train], malignant[train]).abs()
#           _, losses = fit(dataset(values, train), dataset(values, valid))
#           lowest.append(min(valid_loss for _, valid_loss in losses))
#           print(f"largest / smallest gradient {size.max() / size.min():8.0f}")
#           print(f"lowest validation loss      {lowest[-1]:8.3f}")
#       assert lowest[0] > 3 * lowest[1]
#
#    Without scaling the gradients differ by a factor of about a hundred thousand, with
#    it by less than a hundred.
#    The lowest validation loss is more than three times as high.
#    A learning rate that is right for the areas leaves the small columns unused, and
#    one that is right for those makes the areas jump.
#    AdamW divides each step by the usual size of its gradient and so softens the blow,
#    but it cannot undo that the areas drown everything else inside the network.


def weight_gradients(inputs, labels):
    """Return the gradient of the loss for each weight of a linear model at zero."""
    ...  # your code here


eatorch.check("03-1", weight_gradients)

# %%
# .. _tabular-ex2:
#
# Exercise 03-2: what is a flag worth?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that fills each gap with the median of its column and appends one
# flag column for *each* column, with gaps or without, so that all tables come out
# equally wide.
# Rows of shape ``(row, column)`` become ``(row, 2 * column)``.
#
# Then train on the worst area alone, once with its flag and once without, and compare
# the AUC on the validation rows.
# With all 30 columns the flag hardly changes anything: can you say why?
#
# .. dropdown:: Hint
#
#    ``torch.where`` fills, ``isnan().float()`` flags, ``torch.cat(..., dim=1)`` puts
#    both side by side.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def with_flags(rows, medians):
#           gaps = rows.isnan()
#           return torch.cat([torch.where(gaps, medians, rows), gaps.float()], dim=1)
#
#
#       both = with_flags(rows[:, [area]], medians[[area]])
#       both[:, 0] = standardised[:, area]
#       areas = []
#       for values in (both[:, :1], both):
#           trained, _ = fit(dataset(values, train), dataset(values, valid))
#           score = trained(values[valid].to(device)).squeeze(1).detach().cpu()
#           areas.append(roc_auc_score(malignant[valid], score))
#       print(f"AUC {areas[0]:.2f} without the flag, {areas[1]:.2f} with it")
#       assert areas[0] < 0.85 < 0.95 < areas[1]
#
#    Alone, the filled area has lost its most telling rows, and the flag brings them
#    back: the AUC climbs from below 0.85 to above 0.95.
#    Among 30 columns it is not missed: radius and perimeter still say how large the
#    tumour is.


def with_flags(rows, medians):
    """Fill the gaps of each column with its median and append a flag per column."""
    ...  # your code here


eatorch.check("03-2", with_flags)

# %%
# .. _tabular-ex3:
#
# Exercise 03-3: a threshold for recall 0.99
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Screening must miss almost nobody.
# Write a function that returns the *largest* threshold at which at least the wanted
# share of the malignant rows is found, when a row counts as found if its probability is
# the threshold or more.
# Call it with ``predict(rows[valid])``, ``malignant[valid]`` and 0.99, then look at the
# test rows: does the promise hold?
#
# .. dropdown:: Hint
#
#    Only the probabilities of the malignant rows matter.
#    Sort them from high to low: how many of them must lie at or above the threshold?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def threshold_for_recall(probabilities, labels, recall):
#           sick = probabilities[labels == 1].sort(descending=True).values
#           needed = int(np.ceil(recall * len(sick) - 1e-9))  # forgive rounding
#           return sick[needed - 1].item()
#
#
#       threshold = threshold_for_recall(predict(rows[valid]), malignant[valid], 0.99)
#       found = predict(rows[test])[malignant[test] == 1] >= threshold
#       print(f"threshold {threshold:.3f}")
#       print(f"found {found.sum()} of {len(found)} malignant test rows")
#
#    With so few malignant rows, 99 % means all of them: the threshold hangs on a single
#    patient, the least suspicious one.
#    Whether it keeps its promise on new rows is up to chance.


def threshold_for_recall(probabilities, labels, recall):
    """Return the largest threshold that finds the wanted share of malignant rows."""
    ...  # your code here


eatorch.check("03-3", threshold_for_recall)

# %%
# .. _tabular-ex4:
#
# Exercise 03-4: the mean of batch means
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# How wrong is the plain mean?
# Write a function that takes the mean loss of each batch and the number of rows in
# each, and returns the plain mean of the batch means *minus* the true mean over all
# rows.
# Think first: what comes out when all batches are equally large, and which rows does
# the plain mean favour when the last batch is small?
#
# .. dropdown:: Hint
#
#    The true mean is the sum of ``loss * size`` over all batches, divided by the number
#    of rows.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def plain_minus_true(losses, sizes):
#           losses, sizes = torch.tensor(losses), torch.tensor(sizes)
#           return (losses.mean() - (losses * sizes).sum() / sizes.sum()).item()
#
#
#       losses, sizes = [], []
#       with torch.inference_mode():
#           for batch, labels in shuffled(train_set):
#               losses.append(loss_function(model(batch).squeeze(1), labels).item())
#               sizes.append(len(labels))
#       print(plain_minus_true(losses, sizes))
#
#    Equal batches: zero.
#    A small last batch: each of its rows counts for more than the others do, so a
#    single bad row in it can spoil the epoch's number.


def plain_minus_true(losses, sizes):
    """Return how far the plain mean of batch means lies above the true mean."""
    ...  # your code here


eatorch.check("03-4", plain_minus_true)

# %%
# .. _tabular-minute:
#
# In one minute
# -------------
# - Six steps: prepare, define, train, evaluate, use, save.
# - Split first; take every mean, median and limit from the training rows, and send all
#   rows through one ``prepare``.
# - A gap becomes the median plus a flag, a category becomes one-hot columns, and all
#   columns get one scale.
# - The network returns logits; :class:`~torch.nn.BCEWithLogitsLoss` wants float labels
#   of the same shape.
# - Batch means times batch size, summed and divided by the rows: that is an epoch's
#   loss.
# - Keep the weights of the best validation epoch, and load them after the loop.
# - State the interval with the number, and try a simple model first.
# - Save ``state_dict`` together with the numbers of the preparation.
#
# .. _tabular-next:
#
# Read next
# ---------
# - :ref:`image` is day 2: the same six steps, on pictures.
# - :ref:`tensor` explains the shapes and dtypes that this lesson took for granted.
# - :ref:`autograd` shows what ``backward`` does.
# - :class:`torch.utils.data.DataLoader` and :class:`torch.nn.BCEWithLogitsLoss` in the
#   PyTorch documentation.
# - Grinsztajn, Oyallon and Varoquaux, `Why do tree-based models still outperform deep
#   learning on typical tabular data? <https://arxiv.org/abs/2207.08815>`_ (2022)
# - Wilson, "Probable inference, the law of succession, and statistical inference"
#   (1927), for the interval.
