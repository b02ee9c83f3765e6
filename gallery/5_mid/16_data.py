"""
.. _data:

Dataset and DataLoader
======================

Turn any pile of data into batches, know who does which step, and get the same order
again tomorrow.

:Level: 5
:Hours: 2
:Day: 14
:Needs: :ref:`image`, :ref:`tensor`
:Data: iris, 150 rows (CC BY 4.0); handwritten digits as PNG files (CC BY 4.0);
    sentences from the docstrings of NumPy and Python

A model wants tensors of many samples at once; a disk holds files, lines or rows.
Between the two stand a :class:`~torch.utils.data.Dataset`, which knows *one* sample at
a time, and a :class:`~torch.utils.data.DataLoader`, which makes batches of them.
In this lesson we watch every call between the two, rebuild them in eight lines, and
then bend each step to our needs.
"""

import inspect
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils import data
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

import eatorch

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _data-questions:
#
# Two questions
# -------------
# A data set has to answer two questions, and no more: *how many samples are there?* and
# *what is sample number i?*
# In Python these are ``len(dataset)`` and ``dataset[i]``, so a class with ``__len__``
# and ``__getitem__`` is enough.
# Here are 150 iris flowers, each with four measurements and its species.


class Flowers(Dataset):
    """Answer the two questions about the iris table."""

    def __init__(self):
        self.table = eatorch.data.iris()

    def __len__(self):
        return len(self.table)

    def __getitem__(self, index):
        return self.table.inputs[index], self.table.targets[index]


flowers = Flowers()
len(flowers), flowers[100]

# %%
# The loader asks both questions as often as it must, and hands out batches: 16 rows of
# measurements, and their 16 classes.
# For tensors that lie in memory you need not even write the class:
# :class:`~torch.utils.data.TensorDataset` answers for any number of tensors of equal
# length.
# And a plain list passes too, since it knows both answers.

table = eatorch.data.iris()
ready_made = data.TensorDataset(table.inputs, table.targets)
inputs, targets = next(iter(DataLoader(flowers, batch_size=16)))
other_inputs, _ = next(iter(DataLoader(ready_made, batch_size=16)))
assert torch.equal(inputs, other_inputs)
print(inputs.shape, targets.shape)
list(DataLoader([3, 1, 4, 1, 5], batch_size=2))

# %%
# .. _data-steps:
#
# The four steps of a batch
# -------------------------
# What happens between the ``for`` loop and the data?
# We let every part keep a diary, then read it.
# The parts do what they always do, and write down that they were called.

diary = []


class WatchedFlowers(Flowers):
    """Note each question that is asked."""

    def __len__(self):
        diary.append(("len", 6))
        return 6  # six flowers make a short diary

    def __getitem__(self, index):
        diary.append(("getitem", index))
        return super().__getitem__(index)


# %%
# The other two parts are a *batch sampler*, which deals out lists of indices, and a
# *collate function*, which makes one batch of a list of samples.


class WatchedBatches(data.BatchSampler):
    """Note each list of indices on its way out."""

    def __iter__(self):
        for indices in super().__iter__():
            diary.append(("sampler", " ".join(map(str, indices))))
            yield indices


def watched_collate(samples):
    diary.append(("collate", f"{len(samples)} rows"))
    return data.default_collate(samples)


# %%
# We put the four together, forget what they said while they were made, and run one
# epoch of two batches.

watched = WatchedFlowers()
generator = torch.Generator().manual_seed(0)
sampler = data.RandomSampler(watched, generator=generator)
batch_sampler = WatchedBatches(sampler, batch_size=3, drop_last=False)
loader = DataLoader(watched, batch_sampler=batch_sampler, collate_fn=watched_collate)
diary.clear()
for inputs, _ in loader:
    diary.append(("loop", str(tuple(inputs.shape))))
diary[:4]

# %%
# For a picture, each part gets a lane, and each entry of the diary a box in it.

lanes = {
    "loop": "your loop",
    "len": "1. how many?\nlen(dataset)",
    "sampler": "2. which ones?\nbatch_sampler",
    "getitem": "3. fetch each\ndataset[i]",
    "collate": "4. make a batch\ncollate_fn",
}


def draw_entry(ax, x, y, text):
    """Draw one call as a box with a text in it."""
    ax.add_patch(plt.Rectangle((x, y - 0.4), 0.94, 0.8, color=f"C{y}", alpha=0.35))
    ax.text(x + 0.47, y, text, ha="center", va="center", size=8)


# %%
# Drawn from left to right, one column for each entry, the diary becomes a timeline.

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for x, (lane, text) in enumerate(diary):
    draw_entry(ax, x, list(lanes).index(lane), str(text))
ax.set_yticks(range(5), lanes.values())
ax.set(xlim=(0, len(diary)), ylim=(4.5, -0.5), xlabel="order of the calls")
ax.set_title("Four steps make a batch, and nothing runs before the loop asks")
plt.show()

# %%
# Read it once more as a division of labour:
#
# 1. **len**: the sampler asks the data set how long it is, here twice before it begins
#    and once when it is through.
# 2. **sampler and batch_sampler**: the sampler orders all indices, the batch sampler
#    cuts that order into lists. Only indices travel here, no data.
# 3. **getitem**: the data set is asked for one sample after the other.
# 4. **collate_fn**: the list of samples becomes one batch, as a rule by stacking.
#
# Then your loop gets the batch, and only when it asks for the next one does step 2 go
# on: the loader is lazy.
# Arguments of :class:`~torch.utils.data.DataLoader` nearly all belong to one of the
# four: ``shuffle``, ``sampler``, ``batch_size``, ``drop_last`` and ``batch_sampler`` to
# the second, ``collate_fn`` to the fourth.
#
# .. _data-by-hand:
#
# The loader in eight lines
# -------------------------
# If that is all, we can do it ourselves.
# One detail is hard to guess: before it shuffles, a loader draws one number from the
# generator, the seed for its worker processes, even when there are none.
# So our version draws it too, and throws it away.


def batches_by_hand(dataset, batch_size, generator):
    """Yield what a shuffling DataLoader yields."""
    torch.empty((), dtype=torch.int64).random_(generator=generator)  # workers' seed
    order = torch.randperm(len(dataset), generator=generator).tolist()
    for start in range(0, len(order), batch_size):
        indices = order[start : start + batch_size]
        samples = [dataset[index] for index in indices]
        yield [torch.stack(column) for column in zip(*samples, strict=True)]


# %%
# Same seed, same batches, to the last number.
# (From the second epoch on they would differ: the sampler of PyTorch shuffles once more
# when it is through and uses none of it.)

ours, theirs = (torch.Generator().manual_seed(1) for _ in range(2))
loader = DataLoader(flowers, batch_size=16, shuffle=True, generator=theirs)
for own, ready in zip(batches_by_hand(flowers, 16, ours), loader, strict=True):
    assert all(map(torch.equal, own, ready))
own, ready = next(batches_by_hand(flowers, 16, ours)), next(iter(loader))
assert not torch.equal(own[0], ready[0])  # the second epoch
f"all {len(loader)} batches of the first epoch are equal"

# %%
# That hidden draw has a consequence which puzzles people: a loader *without* a
# generator draws from the global one, even if it does not shuffle.
# Look at your validation set once more or once less, and all later random numbers of
# the program change.

torch.manual_seed(0)
untouched = torch.rand(())
torch.manual_seed(0)
next(iter(DataLoader(flowers)))  # no shuffling here
assert torch.rand(()) != untouched

# %%
# .. _data-trace:
#
# From the loop to ``__getitem__``, call by call
# ----------------------------------------------
# A debugger shows the same path through PyTorch's own files, step by step.
# A few lines of Python print it at once: :func:`sys.setprofile` names a function that
# is told of every call and every return.
# We keep the calls into ``torch.utils.data`` and into our class, and leave out
# comprehensions.

folder = str(Path(torch.utils.data.__file__).parent)


def trace(action):
    """Print the tree of calls that an action makes."""
    depth = 0

    def note(frame, event, _):
        nonlocal depth
        name, file = frame.f_code.co_qualname, frame.f_code.co_filename
        if (folder in file or name.startswith("Flowers.")) and "<" not in name:
            if event == "call":
                print("  " * depth + name)
            depth += {"call": 1, "return": -1}.get(event, 0)

    sys.setprofile(note)
    action()
    sys.setprofile(None)


# %%
# The action is the first turn of a loop over batches of two.
# An ``iter`` and a ``next`` are all that ``for`` does to get there.

loader = DataLoader(flowers, batch_size=2, shuffle=True)
iterators = []


def first_turn():
    iterators.append(iter(loader))  # kept, or its end would be traced as well
    next(iterators[0])


trace(first_turn)

# %%
# Four names are worth remembering:
#
# - ``DataLoader.__iter__`` makes a **new iterator** for each epoch. That is why
#   ``next(iter(loader))`` gives a first batch again and again, freshly shuffled.
# - ``__next__`` is what each turn of the loop calls. It hands on to ``_next_data``,
#   and all that follows happens inside.
# - ``_next_index`` asks for indices: step 2, with step 1 in it.
# - ``fetch`` asks for the data: our ``__getitem__`` twice (step 3), then ``collate``
#   for the pair, and in it for the inputs and for the targets (step 4).
#
# When a loader fails, the traceback lists just these names.
# Read it from the bottom up: the lowest line of *your* file is the place.
#
# .. _data-folder:
#
# Your own data: a folder per class
# ---------------------------------
# Collections of pictures often come as folders that name the class.
# torchvision reads them with ``ImageFolder``; we build our own, because your data will
# seldom fit exactly.
# First we need such folders: the threes and eights of the handwritten digits.

scratch = tempfile.TemporaryDirectory()
root = eatorch.data.digit_folders(Path(scratch.name, "digits"), classes=[3, 8])
for path in sorted(root.iterdir()):
    files = sorted(file.name for file in path.iterdir())
    print(path.name, *files[:4], "...", files[-1], sep="  ")

# %%
# To turn the tree into a data set, follow a pattern that holds for nearly all data of
# your own: **make a list in** ``__init__``, **open a file in** ``__getitem__``.


class FolderDataset(Dataset):
    """Pictures in one folder per class; the folder's name is the class."""

    def __init__(self, root, transform=None):
        self.classes = sorted(path.name for path in root.iterdir() if path.is_dir())
        self.files = sorted(root.glob("*/*.png"))
        self.transform = transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        file = self.files[index]
        image = torch.from_numpy(np.array(Image.open(file), dtype=np.float32) / 255)
        image = image.unsqueeze(0)  # (channel, height, width)
        label = self.classes.index(file.parent.name)
        return (self.transform(image) if self.transform else image), label


# %%
# Two habits hide in these lines.
# ``sorted`` makes the order the same on every machine, for a file system may list files
# as it likes, and with another order the same seed splits the data differently.
# And the label is a plain ``int``: the default collate function makes ``int64`` of it,
# what :class:`~torch.nn.CrossEntropyLoss` wants.
#
# ``transform`` may be any function that takes a picture and gives a picture;
# :ref:`transform` is a lesson of its own about them.

digits = FolderDataset(root)
generator = torch.Generator().manual_seed(3)
images, labels = next(iter(DataLoader(digits, 8, shuffle=True, generator=generator)))
names = [digits.classes[label] for label in labels]
fig, ax = plt.subplots(figsize=(7.5, 1.7), layout="constrained")
eatorch.plots.show_images(images, names, columns=8, ax=ax)
ax.set_title("A batch from the folders, each picture below its label")
plt.show()
assert labels.dtype == torch.int64
len(digits), digits.classes, images.shape

# %%
# .. _data-files:
#
# One file per sample: handy, then slow
# -------------------------------------
# Folders are a good format to look at and a poor one to train from.
# Older courses go as far as cutting a collection of reviews into 25,000 files of one
# line each.
# Every sample then costs a search in the folder, an open and a close, and the disk
# hands out whole blocks, usually 4,096 bytes, however small the file.

files = digits.files
pixels = torch.stack([image for image, _ in digits]).mul(255).byte()
block = 4096
sizes = {
    "pixels": pixels.numel(),
    "PNG files": sum(file.stat().st_size for file in files),
    "their blocks": sum(-(-file.stat().st_size // block) * block for file in files),
}
for name, size in sizes.items():
    print(f"{name:12} {size:>9,} bytes")

# %%
# On a network drive or in the cloud, where an open takes milliseconds, a training run
# can spend most of its time waiting here.
# So convert once, and open one file: an array on disk that is *mapped* into memory is
# read where you index it, so it may be larger than your memory.

packed = Path(scratch.name, "digits.npy")
np.save(packed, pixels.numpy())
mapped = np.load(packed, mmap_mode="r")  # nothing is read yet
sample = torch.from_numpy(mapped[17].copy())  # this reads one picture
assert torch.equal(sample, pixels[17])
print(f"{len(files)} opens became 1, and {packed.stat().st_size:,} bytes")
del mapped  # Windows deletes no file that is still mapped

# %%
# The ``copy()`` is needed: a mapped array is read-only here, and PyTorch warns when
# tensors share memory that they must not write to.
#
# One file also lets you answer for a whole batch at once.
# If a data set has a method ``__getitems__``, the loader gives it the list of indices
# and asks only once.


class PackedDigits(Dataset):
    """Answer for a whole list of indices at once."""

    def __init__(self, pixels, labels):
        self.pixels, self.labels, self.questions = pixels, labels, 0

    def __len__(self):
        return len(self.pixels)

    def __getitems__(self, indices):
        self.questions += 1
        images = self.pixels[indices].float() / 255
        return images, self.labels[indices]


# %%
# What it returns is a batch already, so the collate function has nothing left to do.

labels = torch.tensor([label for _, label in digits])
packed_digits = PackedDigits(pixels, labels)
quick = DataLoader(packed_digits, batch_size=32, collate_fn=lambda batch: batch)
for (images, _), (slow, _) in zip(quick, DataLoader(digits, 32), strict=True):
    assert torch.equal(images, slow)
print(f"{len(packed_digits)} samples, {packed_digits.questions} questions")

# %%
# .. _data-collate:
#
# Step 4: what collate makes of your samples
# ------------------------------------------
# :func:`torch.utils.data.default_collate` decides by the type of the *first* sample.
# Tuples, lists and dictionaries are kept and their entries collated one by one; what
# stands inside becomes a tensor.
# Let us ask it:

samples = {
    "int": 3,
    "float": 3.0,
    "bool": True,
    "str": "three",
    "float32 tensor": torch.ones(2),
    "float64 array": np.ones(2),
    "int32 scalar": np.int32(3),
}
for name, sample in samples.items():
    made = data.default_collate([sample, sample])
    kind = f"{made.dtype}, shape {tuple(made.shape)}" if name != "str" else made
    print(f"{name:15} {kind}")
data.default_collate([{"age": 31, "name": "Ada"}, {"age": 27, "name": "Alan"}])

# %%
# The second line and the last two are traps.
# A Python float becomes ``float64``, and floats from NumPy and pandas are ``float64``
# unless you say otherwise, while layers hold ``float32``; and a label that NumPy kept
# as ``int32`` stays so.
# The loader is content, and it is the model or the loss that complains, far from the
# cause:

layer = nn.Linear(2, 2)
doubles = next(iter(DataLoader(np.ones((4, 2)), batch_size=4)))
narrow = data.default_collate([np.int32(1)] * 4)
with eatorch.show_error(RuntimeError):
    layer(doubles)
with eatorch.show_error(RuntimeError):
    nn.functional.cross_entropy(layer(doubles.float()), narrow)

# %%
# Cure both in the data set, not in the loop: ``torch.tensor(value,
# dtype=torch.float32)`` for measurements and targets of a regression, ``int(label)``
# for classes.
#
# A third kind of sample stops the loader at once: ``None``, which a ``__getitem__``
# without a ``return`` gives, or one that hides a broken file.
# Filter your list in ``__init__`` instead.

with eatorch.show_error(TypeError):
    data.default_collate([None, None])

# %%
# .. _data-lengths:
#
# Samples of unequal length
# -------------------------
# Sentences differ in length, and stacking needs equal shapes.
# This is one of the best known errors of a loader.
# We take sentences from docstrings and number their words; 0 stays free for padding.

texts = eatorch.data.docstrings(["numpy", "python"])
chosen = range(0, len(texts), len(texts) // 400)
words = [re.findall(r"\w+", texts.texts[index].lower()) for index in chosen]
vocabulary = {}
for sentence in words:
    for word in sentence:
        vocabulary.setdefault(word, len(vocabulary) + 1)
sentences = [torch.tensor([vocabulary[word] for word in each]) for each in words]
with eatorch.show_error(RuntimeError):
    next(iter(DataLoader(sentences, batch_size=16)))

# %%
# The cure is a collate function of our own: fill the short ones up, and keep the true
# lengths, so that a model can tell words from padding.
# :func:`torch.nn.utils.rnn.pad_sequence` does the padding.


def pad(samples):
    """Make one table of sentences, and their lengths."""
    lengths = torch.tensor([len(sample) for sample in samples])
    return nn.utils.rnn.pad_sequence(samples, batch_first=True), lengths


generator = torch.Generator().manual_seed(0)
mixed = DataLoader(sentences, 16, shuffle=True, collate_fn=pad, generator=generator)
tokens, lengths = next(iter(mixed))
tokens.shape, lengths

# %%
# It pads to the longest sentence *of the batch*, so one long sentence makes 15 others
# long, and a GPU computes the padding as well.
# Batches of similar length waste less.
# Which samples go together is the batch sampler's business, and any iterable of lists
# of indices will do: sort by length, cut into lists, shuffle the lists.

by_length = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
groups = [by_length[start : start + 16] for start in range(0, len(by_length), 16)]
shuffled = torch.randperm(len(groups), generator=generator).tolist()
similar = [groups[number] for number in shuffled]
grouped = DataLoader(sentences, batch_sampler=similar, collate_fn=pad)


def padding_share(loader):
    """Return the share of padding in an epoch."""
    counts = [(lengths.sum(), tokens.numel()) for tokens, lengths in loader]
    return 1 - sum(used for used, _ in counts) / sum(size for _, size in counts)


shares = padding_share(mixed), padding_share(grouped)
assert shares[1] < shares[0] / 3
print(f"padding: {shares[0]:.0%} shuffled, {shares[1]:.0%} grouped")

# %%
# The picture shows one batch of each kind, a bar for each sentence.
# The price of grouping: a sentence always meets the same neighbours, unless you sort
# anew each epoch with a little noise added to the lengths.

fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.9), sharex=True, layout="constrained")
kinds = {"shuffled": mixed, "grouped by length": grouped}
for ax, (name, loader) in zip(axes, kinds.items(), strict=True):
    tokens, lengths = next(iter(loader))
    own = lengths.numpy()
    ax.barh(range(16), own, label="words")
    rest = tokens.shape[1] - own
    ax.barh(range(16), rest, left=own, color="0.5", alpha=0.4, label="padding")
    ax.set(title=name, xlabel="length (words)", ylabel="sentence")
    ax.label_outer()
fig.legend(*ax.get_legend_handles_labels(), loc="outside right")
fig.suptitle("Sentences of similar length need almost no padding")
plt.show()

# %%
# .. _data-samplers:
#
# Step 2: samplers
# ----------------
# A sampler is an iterable of indices; even a list counts.
# ``shuffle=True`` is short for a :class:`~torch.utils.data.RandomSampler` and
# ``shuffle=False`` for a :class:`~torch.utils.data.SequentialSampler`.
# Here are others, dealing from ten samples.

ten = range(10)
seeded = {"generator": torch.Generator().manual_seed(0)}
dealers = {
    "every third": ten[::3],
    "RandomSampler": data.RandomSampler(ten, **seeded),
    "  with replacement": data.RandomSampler(ten, replacement=True, **seeded),
    "  15 of them": data.RandomSampler(ten, num_samples=15, **seeded),
    "SubsetRandomSampler": data.SubsetRandomSampler([1, 3, 5, 7], **seeded),
    "WeightedRandomSampler": data.WeightedRandomSampler([1] * 9 + [9], 10, **seeded),
}
for name, dealer in dealers.items():
    print(f"{name:22}", *dealer)
list(data.BatchSampler(ten, batch_size=4, drop_last=True))

# %%
# A sampler *is* the order, so it cannot be combined with ``shuffle``, nor a batch
# sampler with anything that would cut batches:

with eatorch.show_error(ValueError):
    DataLoader(flowers, sampler=data.RandomSampler(flowers), shuffle=True)
with eatorch.show_error(ValueError):
    DataLoader(flowers, batch_sampler=[[0, 1], [2]], batch_size=2)

# %%
# .. _data-balance:
#
# Rare classes: WeightedRandomSampler
# -----------------------------------
# Suppose we had found 50 setosa, but only 10 versicolor and 5 virginica.
# A shuffled batch may then lack a class altogether.
# :class:`~torch.utils.data.WeightedRandomSampler` draws with replacement, each sample
# in proportion to *its* weight; with one over the size of its class, all classes are
# drawn equally often on average.

rare = Subset(flowers, [*range(50), *range(50, 60), *range(100, 105)])
species = torch.tensor([int(target) for _, target in rare])
class_sizes = species.bincount()
weights = 1 / class_sizes[species]  # one weight per sample, not per class
generator = torch.Generator().manual_seed(2)
balanced = data.WeightedRandomSampler(weights, len(rare), generator=generator)
plain = data.RandomSampler(rare, generator=generator)
class_sizes, weights.shape

# %%
# One epoch of five batches, with and without weights:

fig, axes = plt.subplots(1, 2, figsize=(7.5, 3), sharey=True, layout="constrained")
kinds = {"shuffled": plain, "weighted": balanced}
for ax, (name, sampler) in zip(axes, kinds.items(), strict=True):
    batches = [batch for _, batch in DataLoader(rare, 13, sampler=sampler)]
    counts = torch.stack([batch.bincount(minlength=3) for batch in batches]).numpy()
    for number, label in enumerate(table.classes):
        below = counts[:, :number].sum(1)
        ax.bar(range(5), counts[:, number], bottom=below, label=label)
    ax.set(title=name, xlabel="batch", ylabel="samples")
    ax.label_outer()
    assert counts.all() == (name == "weighted")  # does each batch hold each class?
fig.legend(*ax.get_legend_handles_labels(), loc="outside right")
fig.suptitle("Weights bring every class into every batch")
plt.show()

# %%
# It is still chance: now and then even a weighted batch lacks a class, but rarely.
# Drawing with replacement has a price, and we can count it: the few virginica come
# again and again, and many setosa do not come at all in this epoch.

drawn = torch.tensor(list(balanced))
for number, label in enumerate(table.classes):
    own = drawn[species[drawn] == number]
    print(f"{label:10} {len(own)} draws of {len(own.unique())} different flowers")

# %%
# So the sampler makes no new information, and a model can learn five repeated flowers
# by heart.
# It also learns that all species are equally common, so its probabilities no longer
# match the world.
# Never weight the validation set; and try class weights in the loss as well
# (:class:`torch.nn.CrossEntropyLoss` takes ``weight=``), which move the same balance
# without repeating samples.
#
# The classic mistake is to pass *class* weights.
# There is no error: three weights mean three samples, and the model sees the first
# three flowers for ever.

wrong = data.WeightedRandomSampler(1 / class_sizes, 65, generator=generator)
assert set(wrong) <= {0, 1, 2}
sorted(set(wrong)), "all setosa"

# %%
# .. _data-split:
#
# Cut and join data sets
# ----------------------
# :class:`~torch.utils.data.Subset` is a data set and a list of indices into it.
# :func:`torch.utils.data.random_split` makes such lists by shuffling; fractions must
# sum to 1 and counts to the length, and a generator makes the split repeatable.
# We cut 80, 10 and 10 percent.
# ``+`` joins data sets end to end, as :class:`~torch.utils.data.ConcatDataset` does
# for many.

generator = torch.Generator().manual_seed(0)
training, validation, test = data.random_split(flowers, [0.8, 0.1, 0.1], generator)
assert not set(training.indices) & set(validation.indices)
joined = validation + test
assert isinstance(joined, data.ConcatDataset)
print(len(training), len(validation), len(test), "and joined", len(joined))
with eatorch.show_error(ValueError):
    data.random_split(flowers, [100, 40])

# %%
# ``random_split`` splits *rows*.
# Where rows belong together, several pictures of one patient, say, split the patients;
# where time runs, cut at a date.
#
# The parts share the data set they came from.
# That is cheap, and it is a trap: random changes to training pictures are switched on
# in the shared object, so they reach the validation pictures too, and nothing tells
# you.

parts = data.random_split(digits, [0.8, 0.2], torch.Generator().manual_seed(0))
clean = parts[1][0][0]  # the first validation picture
parts[0].dataset.transform = lambda image: image.flip(-1)  # "only for training"
assert not torch.equal(parts[1][0][0], clean)
assert parts[0].dataset is parts[1].dataset
digits.transform = None  # put it right again

# %%
# The cure is two data sets over the same files, and one split of the indices.

augmented = FolderDataset(root, transform=lambda image: image.flip(-1))
training = Subset(augmented, parts[0].indices)
validation = Subset(FolderDataset(root), parts[1].indices)
assert torch.equal(validation[0][0], clean)
len(training), len(validation)

# %%
# .. _data-order:
#
# The same order twice
# --------------------
# To shuffle is to use up random numbers, so the order depends on everything that drew
# numbers before.
# Create a model first, or one layer more, and the batches come differently, though the
# seed is the same.
# A generator of the loader's own cuts that tie.


def first_epoch(layers, generator=None):
    """Return the order of the first epoch, after making a few layers."""
    torch.manual_seed(0)
    for _ in range(layers):
        nn.Linear(4, 4)  # draws its weights
    loader = DataLoader(ten, 10, shuffle=True, generator=generator)
    return next(iter(loader)).tolist()


assert first_epoch(1) != first_epoch(2)
ours, theirs = (torch.Generator().manual_seed(0) for _ in range(2))
assert first_epoch(1, ours) == first_epoch(2, theirs)

# %%
# The generator walks on from epoch to epoch, so the second epoch has another order, as
# it should.
# To see the *same* order again, wind it back: seed it anew, or restore its state, which
# is what you save beside a model to go on after a break.

generator = torch.Generator().manual_seed(0)
loader = DataLoader(ten, batch_size=10, shuffle=True, generator=generator)
first = next(iter(loader))
state = generator.get_state()
second = next(iter(loader))
generator.set_state(state)
again = next(iter(loader))
assert torch.equal(second, again)
assert not torch.equal(first, second)
print("epoch 1", *first.tolist())
print("epoch 2", *second.tolist())
print("again  ", *again.tolist())

# %%
# .. _data-last:
#
# The last batch
# --------------
# Our 65 flowers in batches of 16 leave one over.
# It makes a batch of its own, and two things go wrong with small last batches.
# First, batch normalisation (:class:`torch.nn.BatchNorm1d`) needs a spread, and one
# sample has none: the run stops, after an almost complete epoch.

loader = DataLoader(rare, batch_size=16)
print([len(targets) for _, targets in loader])
norm = nn.BatchNorm1d(4)
with eatorch.show_error(ValueError):
    for inputs, _ in loader:
        norm(inputs)

# %%
# Second, the mean of the batch means is not the mean: the single flower counts as much
# as 16 others.
# Weight each batch by its size, or sum and divide at the end.

means = torch.stack([inputs[:, 2].mean() for inputs, _ in loader])
sizes = torch.tensor([len(targets) for _, targets in loader])
weighted = (means * sizes).sum() / sizes.sum()
truth = torch.stack([inputs[2] for inputs, _ in rare]).mean()
assert torch.isclose(weighted, truth)
print(f"petal length: {truth:.2f} cm, mean of batch means {means.mean():.2f} cm")

# %%
# ``drop_last=True`` leaves the rest out.
# That is right for training with shuffling, where every epoch leaves out other samples,
# and wrong for evaluation, where samples would go missing for good.
#
# .. _data-iterable:
#
# When nobody knows the length
# ----------------------------
# Some data cannot be asked for number i: a log that grows, lines of a huge file,
# answers from a server.
# All data sets so far were *map-style*; an *iterable-style* one, a
# :class:`~torch.utils.data.IterableDataset`, has an ``__iter__`` instead of the two
# questions.
# Steps 1 to 3 become one, "the next, please"; batches are cut and collated as before.

log = Path(scratch.name, "sentences.txt")
log.write_text("\n".join(" ".join(each) for each in words), encoding="utf-8")


class Lines(IterableDataset):
    """Read a text file line by line; workers share the lines among them."""

    def __init__(self, path):
        self.path = path

    def __iter__(self):
        worker = data.get_worker_info()  # None in the main process
        mine, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        with self.path.open(encoding="utf-8") as file:
            for number, line in enumerate(file):
                if number % workers == mine:
                    yield line.rstrip()


# %%
# Without a length and an order there is nothing to shuffle, and no ``len``.

stream = Lines(log)
print(next(iter(DataLoader(stream, batch_size=2))))
with eatorch.show_error(ValueError):
    DataLoader(stream, shuffle=True)
with eatorch.show_error(TypeError):
    len(DataLoader(stream))

# %%
# What can be done is to shuffle a little: keep a buffer full of samples, hand out a
# random one, and put the next in its place.


def shuffle_buffer(items, size, generator):
    """Yield the items in an order that is random within a window."""
    buffer = []
    for item in items:
        buffer.append(item)
        if len(buffer) >= size:
            chosen = int(torch.randint(size, (), generator=generator))
            yield buffer.pop(chosen)
    for chosen in torch.randperm(len(buffer), generator=generator).tolist():
        yield buffer[chosen]


# %%
# The picture shows how little that is.
# If the file is sorted by class, a small buffer still deals out one class after the
# other, so shuffle the file itself, once, before you stream it.

fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), sharey=True, layout="constrained")
for ax, size in zip(axes, (10, 100, 400), strict=True):
    generator = torch.Generator().manual_seed(0)
    order = list(shuffle_buffer(range(400), size, generator))
    assert sorted(order) == list(range(400))
    ax.scatter(range(400), order, s=3)
    ax.set(title=f"buffer of {size}", xlabel="place in the output")
axes[0].set_ylabel("place in the file")
fig.suptitle("A small buffer leaves the stream nearly in its old order")
plt.show()

# %%
# .. _data-workers:
#
# Workers: who fetches while the model computes?
# ----------------------------------------------
# With ``num_workers=0`` your program does all four steps itself, between two steps of
# training.
# With ``num_workers=2`` two more processes do steps 3 and 4, ahead of time, while the
# main process keeps the sampler and the order.
# Each worker has **its own copy of the data set**, and much follows from that.
# A script of its own will show it.
# Its stream does *not* share the work unless told to, and throws dice of two kinds.

script = Path(scratch.name, "workers.py")
worker_script = """
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

class Numbers(IterableDataset):
    def __init__(self, share):
        self.share = share
        self.own = torch.Generator().manual_seed(0)

    def __iter__(self):
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if self.share else (0, 1)
        for number in range(first, 4, step):
            dice = torch.rand(()), torch.rand((), generator=self.own)
            yield f"{number}{worker.id:9}{dice[0]:14.3f}{dice[1]:12.3f}"
"""

# %%
# The second half runs it twice, below a line that every script with workers needs:
# as it is, and then mended in two places.

worker_script += """
def reseed(number):
    get_worker_info().dataset.own.manual_seed(torch.initial_seed())

if __name__ == "__main__":
    for share, start in (False, None), (True, reseed):
        print(f"number   worker   global dice    own dice   ({share = })")
        loader = DataLoader(
            Numbers(share), batch_size=None, num_workers=2, worker_init_fn=start,
            generator=torch.Generator().manual_seed(0))
        print(*loader, sep="\\n")
"""
script.write_text(worker_script, encoding="utf-8")
command = [sys.executable, str(script)]
told = subprocess.run(command, capture_output=True, text=True, check=True)
print(told.stdout)

# %%
# These two tables teach three things.
#
# - **Not shared, all samples come twice**, once from each worker. A map-style data set
#   is safe from this, since the main process deals out the indices; an iterable one
#   must share by itself, with :func:`torch.utils.data.get_worker_info` as ``Lines``
#   does.
# - **The global dice differ** from worker to worker: the loader seeds PyTorch, Python's
#   ``random`` and NumPy's old global functions in each worker, all from its generator.
# - **The data set's own dice are the same** in both workers, for the generator was
#   copied with the data set. An augmentation that draws from it, or from a
#   :class:`numpy.random.Generator`, repeats itself. The second table has the cure: a
#   ``worker_init_fn`` runs in each worker at its start, finds the worker's copy in
#   ``get_worker_info().dataset``, and takes :func:`torch.initial_seed` as seed. It is
#   the seed of the global dice, so both fall alike; what counts is that the workers
#   differ.
#
# Now the line ``if __name__ == "__main__":``.
# On Windows and macOS a worker starts as a fresh Python that *imports your script* to
# find the classes in it (Linux does something similar from Python 3.14 on).
# Without the guard the import makes a loader with workers, which import the script,
# and so on.
# Python notices; here is the smallest script that meets it.

unguarded = """
import multiprocessing
context = multiprocessing.get_context("spawn")
context.Process(target=print, args=("hello",)).start()
"""
script.write_text(unguarded, encoding="utf-8")
told = subprocess.run(command, capture_output=True, text=True, check=False)
complaint = told.stderr.partition("RuntimeError:")[2]
assert "hello" not in told.stdout
print("RuntimeError:", *complaint.splitlines()[1:8], sep="\n")

# %%
# From a :class:`~torch.utils.data.DataLoader` you also see "worker exited
# unexpectedly".
# In a notebook on such a system the guard does not help, for there is no script to
# import: put the data set and the collate function into a module of their own.
# Lambdas cannot be sent to such workers either; use functions with a name.
#
# How many workers?
# Start with 0.
# If the GPU waits, try 2, then 4, and measure; each takes memory and a start-up time,
# and for tensors that are in memory anyway, workers often make things slower.
# Four more answers to common questions:
#
# - **An error inside a worker** is easiest to find with ``num_workers=0``.
# - **Memory grows from epoch to epoch.** A long list of Python objects in the data set
#   is slowly copied into every worker, because even reading an object changes its
#   reference counter. Keep large tables in one tensor or one array.
# - **CUDA in a worker** fails or wastes memory. Return CPU tensors, and move the whole
#   batch to the GPU in the loop.
# - **A batch never comes.** Set ``timeout``, and you get an error in its place.
#
# .. _data-arguments:
#
# All arguments of DataLoader
# ---------------------------
# Courses of 2020 explain twelve.
# How many are there today?

arguments = inspect.signature(DataLoader).parameters
print(len(arguments), "arguments")
for name, argument in arguments.items():
    default = "" if argument.default is argument.empty else repr(argument.default)
    print(f"{name:24} {default}")

# %%
# Ordered by what they act on:
#
# .. list-table::
#    :header-rows: 1
#    :widths: 26 74
#
#    * - Argument
#      - What it does, and when you need it
#    * - ``dataset``
#      - The source: with ``__getitem__`` (map-style) or an ``IterableDataset``.
#    * - ``batch_size``
#      - Samples per batch. ``None`` switches batches off: samples come one by one.
#    * - ``shuffle``
#      - A new random order each epoch. For training; not for evaluation.
#    * - ``sampler``
#      - Your own order of indices. Excludes ``shuffle``.
#    * - ``batch_sampler``
#      - Your own lists of indices. Excludes ``batch_size``, ``shuffle``, ``sampler``
#        and ``drop_last``.
#    * - ``drop_last``
#      - Leave out an incomplete last batch. For training with batch normalisation.
#    * - ``generator``
#      - Random numbers for the order and for the workers' seeds. Give one, always.
#    * - ``collate_fn``
#      - Makes a batch of a list of samples: padding, dictionaries, own types.
#    * - ``num_workers``
#      - Processes that fetch and collate. 0: the main process does it.
#    * - ``worker_init_fn``
#      - Runs in each worker at its start, with the worker's number: seeds of your own,
#        opening a file or a connection.
#    * - ``prefetch_factor``
#      - Batches that each worker prepares in advance, 2 if you say nothing. More evens
#        out uneven samples and costs memory.
#    * - ``persistent_workers``
#      - Keep workers from epoch to epoch instead of starting new ones. Saves time where
#        epochs are short; the copies of the data set then live on, changes to yours do
#        not reach them.
#    * - ``in_order``
#      - ``True``: batches come in the order of the sampler, even if a later one is
#        ready first. ``False`` waits less and gives up repeatability.
#    * - ``timeout``
#      - Seconds to wait for a worker before an error; 0 waits for ever.
#    * - ``multiprocessing_context``
#      - How workers start: ``"fork"``, ``"spawn"`` or ``"forkserver"``.
#    * - ``pin_memory``
#      - Copy batches into page-locked memory, from which a GPU can fetch them while
#        the CPU goes on (``batch.to(device, non_blocking=True)``). Needs an
#        accelerator.
#    * - ``pin_memory_device``
#      - Deprecated; the current accelerator is used.
#
# Settings for workers are checked when there are none:

with eatorch.show_error(ValueError):
    DataLoader(flowers, prefetch_factor=4)
with eatorch.show_error(ValueError):
    DataLoader(flowers, persistent_workers=True)

# %%
# .. admonition:: Then and now
#
#    Old tutorials take a batch with ``iter(loader).next()``.
#    That was Python 2's spelling and it is gone: write ``next(iter(loader))``.
#
#    They cure equal random numbers in all workers with ``worker_init_fn`` and
#    ``np.random.seed``.
#    Since version 1.9 the loader seeds NumPy itself, and only generators of your own
#    need care.
#
#    ``torchtext`` and its ``Field`` are no longer developed; padding is the few lines
#    above.
#    A sampler no longer takes ``data_source`` in its base class, and
#    ``pin_memory_device`` does nothing but warn.
#    And where a course cuts a text into 25,000 files, keep the one file.
#
# The first of these, run today:

with eatorch.show_error(AttributeError):
    iter(DataLoader(flowers)).next()
scratch.cleanup()

# %%
# .. _data-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _data-ex1:
#
# Exercise 16-1: the way to ``__getitem__``
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``path_to(action, name)``: it runs ``action()`` and returns the list of calls
# that are *open*, from the action itself down to the first call of a function called
# ``name``.
# A call that has returned by then does not belong to it; if ``name`` is never called,
# the list is empty.
# Take the short names (``frame.f_code.co_name``), leave nothing out, and switch the
# profiler off at the end.
# Then use it to list the calls from ``next(iterator)`` of a loader down to
# ``__getitem__``.
#
# .. dropdown:: Hint
#
#    Keep a list: a ``"call"`` puts a name at its end, a ``"return"`` takes one away.
#    When the wanted name comes for the first time, copy the list.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def path_to(action, name):
#           calls, found = [], []
#
#           def note(frame, event, _):
#               if event == "call":
#                   calls.append(frame.f_code.co_name)
#                   if calls[-1] == name and not found:
#                       found.extend(calls)
#               elif event == "return":
#                   calls.pop()
#
#           sys.setprofile(note)
#           try:
#               action()
#           finally:
#               sys.setprofile(None)
#           return found
#
#       iterator = iter(DataLoader(flowers))
#       path_to(lambda: next(iterator), "__getitem__")


def path_to(action, name):
    """Return the open calls when ``name`` is called first, the outermost first."""
    ...  # your code here


eatorch.check("16-1", path_to)

# %%
# .. _data-ex2:
#
# Exercise 16-2: cats and dogs
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A well-known competition hands its pictures out in *one* folder, and the class stands
# in the file's name: ``cat.0.png``, ``dog.12.png``.
# Write the data set ``CatsAndDogs(folder)``.
# Sample i is a pair: the picture as a ``float32`` tensor of shape
# ``(1, height, width)`` from 0 to 1, and the label 0 for a cat or 1 for a dog.
# Order the files by name with ``sorted``.
# Other files that lie in the folder are not pictures.
#
# .. dropdown:: Hint
#
#    Start from ``FolderDataset``.
#    Little changes: the pattern of ``glob``, and where the label comes from.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       class CatsAndDogs(Dataset):
#           def __init__(self, folder):
#               self.files = sorted(Path(folder).glob("*.png"))
#
#           def __len__(self):
#               return len(self.files)
#
#           def __getitem__(self, index):
#               file = self.files[index]
#               pixels = np.array(Image.open(file), dtype=np.float32) / 255
#               label = ["cat", "dog"].index(file.name.split(".")[0])
#               return torch.from_numpy(pixels).unsqueeze(0), label


class CatsAndDogs(Dataset):
    """Pictures in one folder; the name of the file begins with the class."""

    def __init__(self, folder): ...  # your code here

    def __len__(self): ...  # your code here

    def __getitem__(self, index): ...  # your code here


eatorch.check("16-2", CatsAndDogs)

# %%
# .. _data-ex3:
#
# Exercise 16-3: pad and mask
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Samples are pairs of a sentence (``int64``, shape ``(words,)``) and an ``int`` label.
# Write ``collate(samples)`` that returns three tensors: the sentences filled up with 0
# to the longest, a mask that is ``True`` where a word stands, and the labels.
# Careful: here 0 is also the number of a word.
#
# .. dropdown:: Hint
#
#    The sentence itself cannot tell padding from words; its length can.
#    Compare ``torch.arange(longest)`` with the lengths as a column.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def collate(samples):
#           sentences, labels = zip(*samples, strict=True)
#           lengths = torch.tensor([len(sentence) for sentence in sentences])
#           tokens = nn.utils.rnn.pad_sequence(sentences, batch_first=True)
#           mask = torch.arange(tokens.shape[1]) < lengths.unsqueeze(1)
#           return tokens, mask, torch.tensor(labels)


def collate(samples):
    """Return tokens and mask, both ``(batch, longest)``, and labels ``(batch,)``."""
    ...  # your code here


eatorch.check("16-3", collate)

# %%
# .. _data-ex4:
#
# Exercise 16-4: the order of epoch seven
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A run stops in its seventh epoch, and you want to go on as if nothing had happened.
# Write ``loader_for_epoch(dataset, epoch)``: a shuffling loader with batches of four
# whose order depends on the epoch's number alone.
# Same epoch, same order, whatever ran before; another epoch, another order; and the
# global random numbers are left alone.
#
# .. dropdown:: Hint
#
#    Whose random numbers does ``shuffle=True`` use, and what is the simplest seed that
#    differs from epoch to epoch?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def loader_for_epoch(dataset, epoch):
#           generator = torch.Generator().manual_seed(epoch)
#           return DataLoader(dataset, 4, shuffle=True, generator=generator)


def loader_for_epoch(dataset, epoch):
    """Return a loader whose order follows from the number of the epoch."""
    ...  # your code here


eatorch.check("16-4", loader_for_epoch)

# %%
# .. _data-summary:
#
# In one minute
# -------------
# - A data set answers ``len`` and ``[i]``; a loader does the rest in four steps: how
#   many, which ones, fetch each, make a batch.
# - Fetch in ``__getitem__``, list in ``__init__``, sort the list, and give targets the
#   dtype that the loss wants.
# - ``collate_fn`` is the place for unequal lengths, ``batch_sampler`` for what goes
#   together, ``WeightedRandomSampler`` for rare classes, with one weight per sample.
# - A generator of its own makes the order repeatable and lets the rest of the program
#   alone.
# - Parts of a split share their data set, transforms included.
# - The last batch is smaller: weight means by size.
# - Workers are copies: share streams among them, seed your own generators, and guard
#   the script.
#
# .. _data-next:
#
# Read next
# ---------
# - :ref:`transform` changes pictures on their way through ``__getitem__``.
# - :ref:`text` and :ref:`series` build data sets of sentences and of sliding windows.
# - :ref:`module` is the other half of every training script.
