"""
.. _text:

Text data
=========

Turn sentences into batches of numbers in plain Python, let two small networks tell
whose documentation a sentence comes from, and find out what they really learned.

:Level: 5
:Hours: 2
:Day: 3
:Needs: :ref:`tabular`, :ref:`image`
:Data: Sentences from the docstrings of the installed NumPy and PyTorch (BSD licences)

The six steps are those of :ref:`tabular`.
New is the first one: a sentence is neither a row of numbers nor of fixed length.
"""

import io
import math
import re
from collections import Counter, defaultdict
from textwrap import shorten

import matplotlib.pyplot as plt
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

import eatorch

device = eatorch.device()
torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _text-sentences:
#
# Sentences with a label
# ----------------------
# Everything that you can ask ``help`` about carries a docstring.
# :func:`eatorch.data.docstrings` cuts those of NumPy and PyTorch into sentences, and
# the label of a sentence is the library it stands in.
# How many there are depends on your versions.
# Read the examples: could you tell the library without looking at the left?

texts = eatorch.data.docstrings(("numpy", "torch"))
labels = texts.targets  # (sentence,), int64: 0 is numpy, 1 is torch
for number, name in enumerate(texts.classes):
    mine = torch.where(labels == number)[0]
    print(f"{name}: {len(mine)} sentences")
    for place in mine[:: len(mine) // 3].tolist():
        print("   ", shorten(texts.texts[place], 76))

# %%
# .. _text-words:
#
# Cut sentences into words
# ------------------------
# A network calculates, so a text has to be cut into pieces that can be numbered, the
# **tokens**.
# We take the simplest pieces there are: runs of letters, in lower case.
# Digits, punctuation and the difference between *Tensor* and *tensor* get lost, which
# is a choice, and every such choice throws something away.


def words_of(text):
    """Cut a text into its words, in lower case."""
    return re.findall(r"[a-z]+", text.lower())


sentences = [words_of(text) for text in texts.texts]
words_of("Returns a new tensor with the same data as the :attr:`self` tensor.")

# %%
# Look at ``attr``: it is no English word but markup, the way in which PyTorch's
# authors typeset an argument.
# Keep it in mind, it will come back.
#
# .. _text-twins:
#
# Near-duplicates
# ---------------
# Before anything else we set sentences aside, as always.
# Cutting at random would be wrong here, because documentation repeats itself:
# *Applies a 1D convolution over* …, *Applies a 2D convolution over* …
# If one of the two is trained on and the other tested with, the test asks for
# something learned by heart.
#
# So we first measure how alike two sentences are: how many words they share, out of
# all the words that occur in either of them.
# This is called the **Jaccard index**.


def overlap(first, second):
    """Return the share of common words of two sets, 0 to 1."""
    return len(first & second) / len(first | second)


one = set(words_of("Applies a 1D max pooling over an input signal."))
other = set(words_of("Applies a 2D average pooling over an input signal."))
overlap(one, other)

# %%
# Comparing each sentence with each would take tens of millions of comparisons.
# A small thought saves nearly all of them: two sentences that share 60 % of their words
# must also share at least one of their *rarest* words, because the words that they do
# not share are too few to fill that list.
# So we look only at earlier sentences that have a rare word in common.


def near_pairs(sentences, limit=0.6):
    """Yield the numbers of two sentences that overlap by ``limit`` or more."""
    counts = Counter(word for words in sentences for word in words)
    sets = [set(words) for words in sentences]
    seen = defaultdict(list)  # rare word -> the sentences that hold it
    for number, words in enumerate(sets):
        rarest = sorted(words, key=lambda word: (counts[word], word))
        rarest = rarest[: len(words) - math.ceil(limit * len(words)) + 1]
        for earlier in set().union(*(seen[word] for word in rarest)):
            if overlap(words, sets[earlier]) >= limit:
                yield number, earlier
        for word in rarest:
            seen[word].append(number)


pairs = list(near_pairs(sentences))
print(f"{len(pairs)} pairs among {len(sentences)} sentences")

# %%
# If A is like B and B is like C, all three belong to one **family**, and a family must
# not be torn apart.
# Every sentence starts as its own parent, and each pair joins two families under one
# root.


def families(count, pairs):
    """Return for each sentence the number that stands for its family."""
    parent = list(range(count))

    def root(number):
        while parent[number] != number:
            parent[number] = parent[parent[number]]  # a short cut for the next time
            number = parent[number]
        return number

    for first, second in pairs:
        parent[root(first)] = root(second)
    return [root(number) for number in range(count)]


# %%
# Here is the largest family of all:

family = families(len(sentences), pairs)
sizes = Counter(family)
print(
    f"{len(sizes)} families, {sum(size == 1 for size in sizes.values())} of them single"
)
largest, _ = sizes.most_common(1)[0]
members = [place for place, root in enumerate(family) if root == largest]
for place in members[::15][:4]:
    print("   ", shorten(texts.texts[place], 76))

# %%
# .. _text-split:
#
# Split by family
# ---------------
# Now we shuffle the *families* and deal out 70 % of them for training, 15 % for
# validation and 15 % for the test.
# The last lines compare twenty validation sentences with every training sentence, the
# slow way, to see whether our short cut missed a pair.

roots = sorted(sizes)
order = torch.randperm(len(roots), generator=torch.Generator().manual_seed(0))
place_of = dict(zip(roots, order.tolist(), strict=True))
places = torch.tensor([place_of[root] / len(roots) for root in family])
part = torch.bucketize(places, torch.tensor([0.7, 0.85]))
train, valid, test = (torch.where(part == number)[0].tolist() for number in range(3))

for name, numbers in {"training": train, "validation": valid, "test": test}.items():
    share = (labels[numbers] == 1).float().mean()
    print(f"{name:10} {len(numbers):5} sentences, {share:.0%} of them from PyTorch")
for number in valid[::70][:20]:
    closest = max(overlap(set(sentences[number]), set(sentences[t])) for t in train)
    assert closest < 0.6

# %%
# Always answering *torch* would be right that often: the mark to beat.
#
# .. _text-counts:
#
# Count the words
# ---------------
# :class:`collections.Counter` counts anything.
# On the left are the most common words of the training sentences.
# On the right all words stand in a row, the most common first, and both axes are
# logarithmic.

counts = Counter(word for number in train for word in sentences[number])
common, often = zip(*counts.most_common(14), strict=True)

fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
left.barh(common[::-1], often[::-1])
left.set(title="The most common words", xlabel="times in training", ylabel="word")
right.loglog(range(1, len(counts) + 1), sorted(counts.values(), reverse=True))
right.set(title="All words by rank", xlabel="rank of the word (log scale)")
right.set_ylabel("times in training (log scale)")
fig.suptitle("A few words fill most of the text, and most words are rare")
plt.show()

once = sum(count == 1 for count in counts.values())
print(
    f"{len(counts)} different words, {once / len(counts):.0%} of them occur only once"
)

# %%
# Nearly all languages look like this, and it is called **Zipf's law**.
# A word that occurs once teaches next to nothing about the sentences to come.
#
# .. _text-vocabulary:
#
# A vocabulary
# ------------
# The **vocabulary** gives each word a number.
# It is a plain dictionary, and there are three things to decide:
#
# - Number 0 is ``<pad>``.
#   It fills short sentences up, so that a batch becomes a rectangle.
# - Number 1 is ``<unk>``, for *unknown*.
#   All words without a number of their own share it.
# - A word needs two occurrences to get a number.
#   That keeps the table small, and it has another good side: the words that occur once
#   become ``<unk>`` *in training too*, so that the network gets to know ``<unk>``.
#
# The words come from the training sentences alone.
# Counting the others as well would be a leak.

PAD, UNKNOWN = 0, 1


def build_vocabulary(sentences, *, at_least=2, size=None, without=()):
    """Number the words of some sentences, the most common first."""
    counts = Counter(word for words in sentences for word in words)
    kept = [word for word, count in counts.most_common() if count >= at_least]
    kept = [word for word in kept if word not in without][:size]
    return {word: number for number, word in enumerate(["<pad>", "<unk>", *kept])}


vocabulary = build_vocabulary(sentences[number] for number in train)
unknown = [w not in vocabulary for number in valid for w in sentences[number]]
print(f"{len(vocabulary)} numbers, from {list(vocabulary.items())[:4]}")
print(f"{sum(unknown) / len(unknown):.1%} of the validation words are unknown")

# %%
# .. _text-length:
#
# How long are they?
# ------------------
# Sentences differ in length, and a single very long one would stretch its whole batch.
# So we cut the longest after 30 words.
# How much do we lose?

LONGEST = 30
lengths = torch.tensor([len(sentences[number]) for number in train])

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
ax.hist(lengths.numpy(), bins=range(60), color="C0")
ax.axvline(LONGEST, color="C1", linestyle="--", label="cut here")
ax.set(title="Most sentences end before the cut")
ax.set(xlabel="words in the sentence", ylabel="training sentences")
ax.legend()
plt.show()

lost = (lengths - LONGEST).clamp(min=0).sum() / lengths.sum()
print(f"{(lengths > LONGEST).float().mean():.1%} of the sentences lose their end,")
print(f"{lost:.1%} of all words get lost")

# %%
# With all this decided, one function encodes a sentence and another one turns the
# numbers back into words, which is the best way to check the first.
# A text without a single letter from a to z becomes one ``<unk>``, since an empty
# sentence has no mean and no maximum.


def encode(words, vocabulary):
    """Return the numbers of the first words, shape ``(word,)``, int64."""
    numbers = [vocabulary.get(word, UNKNOWN) for word in words[:LONGEST]]
    return torch.tensor(numbers or [UNKNOWN])


def decode(tokens, vocabulary):
    """Return the words of some numbers, as one string."""
    words = list(vocabulary)  # a dictionary keeps its order, so the place is the number
    return " ".join(words[token] for token in tokens.tolist())


tokens = encode(words_of("Returns the tensor of a sonnet."), vocabulary)
print(tokens)
decode(tokens, vocabulary)

# %%
# .. _text-batch:
#
# Unequal sentences in one batch
# ------------------------------
# A :class:`~torch.utils.data.DataLoader` takes any object with ``len`` and ``[]``, so a
# list of pairs is a dataset already.
# But its usual way to make a batch stacks tensors of one shape.
# We hand it our own function as ``collate_fn``:
# :func:`~torch.nn.utils.rnn.pad_sequence` fills each sentence up with zeros, our
# ``<pad>``, to the length of the longest *in this batch*.


def samples(numbers, vocabulary):
    """Return a list of (tokens, label)."""
    return [(encode(sentences[n], vocabulary), labels[n]) for n in numbers]


def collate(batch):
    """Make one rectangle of sentences, shape ``(sentence, word)``, and its labels."""
    tokens, targets = zip(*batch, strict=True)
    return pad_sequence(tokens, batch_first=True), torch.stack(targets)


def loaders(train, valid, vocabulary):
    """Return loaders for training, shuffled, and for validation."""
    dice, seen = torch.Generator().manual_seed(0), samples(train, vocabulary)
    shuffled = DataLoader(seen, 64, shuffle=True, collate_fn=collate, generator=dice)
    return shuffled, DataLoader(samples(valid, vocabulary), 256, collate_fn=collate)


train_loader, valid_loader = loaders(train, valid, vocabulary)
tokens, targets = next(iter(train_loader))
tokens.shape, targets.shape

# %%
# What does such a rectangle hold?
# On the left a batch as it comes, on the right 64 sentences of nearly the same length,
# taken from the training sentences sorted by length.

ordered = sorted(train_loader.dataset, key=lambda sample: len(sample[0]))
similar, _ = collate(ordered[2000:2064])

fig, axes = plt.subplots(1, 2, figsize=(7, 3.2), layout="constrained", sharey=True)
for ax, batch, name in zip(
    axes, (tokens, similar), ("shuffled", "sorted"), strict=True
):
    ax.imshow((batch != PAD).numpy(), aspect="auto", cmap="Blues", vmin=-0.3, vmax=1.3)
    padding = (batch == PAD).float().mean()
    ax.set(title=name, xlabel=f"place in the sentence ({padding:.0%} padding)")
    ax.set_xlim(-0.5, LONGEST - 0.5)
axes[0].set_ylabel("sentence")
fig.suptitle("Sentences (dark) of like length need little padding (light)")
plt.show()

# %%
# Padding costs time and teaches nothing, so large models sort or *bucket* their
# sentences by length.
# Ours are short, and plain shuffling will do.
#
# .. _text-embedding:
#
# From numbers to vectors
# -----------------------
# Word 700 is not ten times word 70: the numbers are names.
# :class:`~torch.nn.Embedding` holds a table with one row of parameters per word and
# looks the rows up.
# That is the same as a one-hot code times a matrix, only that nobody has to multiply
# all those zeros.
# ``padding_idx`` names the row for ``<pad>``: it starts at zero and gets no gradient.

torch.manual_seed(0)
table = nn.Embedding(num_embeddings=5, embedding_dim=3, padding_idx=PAD)
looked_up = table(torch.tensor([[2, 4, 2, 0]]))  # (sentence, word, width)

one_hot = nn.functional.one_hot(torch.tensor([[2, 4, 2, 0]]), num_classes=5).float()
assert torch.equal(looked_up, one_hot @ table.weight)

looked_up.sum().backward()
table.weight.grad  # a row per word: how often it was looked up, but never row 0

# %%
# The table is trained like all other weights.
# Words that help towards the same answer end up with similar rows.
#
# .. _text-bag:
#
# A bag of words
# --------------
# The simplest network for text: average the vectors of all words and put a linear layer
# on top.
# The order of the words does not matter, hence the name **bag of words**.
# :class:`~torch.nn.EmbeddingBag` looks up and averages in one step, and leaves
# ``padding_idx`` out of the mean.
# Each class gets a logit, as in :ref:`image`.


class BagOfWords(nn.Module):
    """The mean of the word vectors, then one linear layer."""

    def __init__(self, words, outputs=2, width=16):
        super().__init__()
        self.embedding = nn.EmbeddingBag(words, width, mode="mean", padding_idx=PAD)
        self.output = nn.Linear(width, outputs)

    def forward(self, tokens):
        return self.output(self.embedding(tokens))  # (sentence, class)


torch.manual_seed(0)
bag = BagOfWords(len(vocabulary)).to(device)
eatorch.summary(bag, tokens.to(device))

# %%
# Almost all parameters sit in the table.
# Is the mean right? We compute it by hand: sum the vectors of the real words and divide
# by *their* number.

words = (tokens != PAD).unsqueeze(2)  # (sentence, word, 1)
vectors = bag.embedding.weight.detach().cpu()[tokens]  # (sentence, word, width)
by_hand = (vectors * words).sum(dim=1) / words.sum(dim=1)
assert torch.allclose(by_hand, bag.embedding(tokens.to(device)).cpu(), atol=1e-6)

# %%
# .. _text-train:
#
# Train, and know when to stop
# ----------------------------
# Two functions as in the lessons before: one epoch of training, and one measurement
# without.
# Both return the mean loss and the accuracy over all sentences.

cross_entropy = nn.CrossEntropyLoss()


def evaluate(model, loader):
    """Return the mean loss and the accuracy over all sentences of a loader."""
    model.eval()
    total, hits = 0.0, 0
    with torch.inference_mode():
        for tokens, targets in loader:
            logits = model(tokens.to(device)).cpu()  # (sentence, class)
            total += cross_entropy(logits, targets).item() * len(targets)
            hits += (logits.argmax(dim=1) == targets).sum().item()
    return total / len(loader.dataset), hits / len(loader.dataset)


# %%
# In training, the numbers are taken while the weights still move.


def train_epoch(model, loader, optimizer):
    """Show every sentence once; return the mean loss and the accuracy on the way."""
    model.train()
    total, hits = 0.0, 0
    for tokens, targets in loader:
        optimizer.zero_grad()
        logits = model(tokens.to(device))  # (sentence, class)
        loss = cross_entropy(logits, targets.to(device))
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
        hits += (logits.argmax(dim=1).cpu() == targets).sum().item()
    return total / len(loader.dataset), hits / len(loader.dataset)


# %%
# Around them goes a loop that can stop by itself.
# It keeps the weights of the epoch with the lowest validation loss so far.
# When ``patience`` epochs have passed without a new low, it gives up and puts those
# weights back: **early stopping**.


COLUMNS = "train_loss", "train_accuracy", "valid_loss", "valid_accuracy"


def fit(model, loaders, *, learning_rate, epochs=20, patience=2):
    """Train with early stopping; return one row of numbers per epoch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    history, lowest, best = [], math.inf, 0
    for epoch in range(epochs):
        row = train_epoch(model, loaders[0], optimizer) + evaluate(model, loaders[1])
        history.append(dict(zip(COLUMNS, row, strict=True)))
        if row[2] < lowest:  # the validation loss
            lowest, best = row[2], epoch
            weights = {name: w.clone() for name, w in model.state_dict().items()}
        elif epoch - best >= patience:
            break
    model.load_state_dict(weights)
    return history


# %%
# The first time we want to see what early stopping saves us from, so we are very
# patient.

history = fit(
    bag, (train_loader, valid_loader), learning_rate=1e-2, epochs=10, patience=10
)
best = min(range(10), key=lambda epoch: history[epoch]["valid_loss"])

fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
    eatorch.plots.plot_history(history, name, ax=ax)
    ax.axvline(best + 1, color="0.5", linestyle=":")
axes[0].set_ylabel("loss (nats)")
axes[1].set_ylabel("accuracy (share of sentences)")
fig.suptitle("From the dotted line on the network only learns by heart")
plt.show()

# %%
# On the left the validation loss falls, turns and climbs, while the training loss goes
# towards zero.
# On the right the gap stays: the training sentences are known almost perfectly, the
# others are not.
# The accuracy alone hides the turn.
# The loss shows it, because it also counts *how sure* the network is of its errors.
# More epochs do not help, and neither does a second try: this is overfitting.
# What helps is to stop in time, or more sentences.

last = history[-1]
assert last["train_accuracy"] > last["valid_accuracy"] + 0.05
assert last["valid_loss"] > history[best]["valid_loss"]
print(
    f"training   {history[best]['train_accuracy']:.3f} -> {last['train_accuracy']:.3f}"
)
print(
    f"validation {history[best]['valid_accuracy']:.3f} -> {last['valid_accuracy']:.3f}"
)

# %%
# .. _text-telling:
#
# Which words decide?
# -------------------
# A bag of words can be opened.
# A mean and a linear layer may change places: so each word has a score of its own, the
# logit for *torch* minus the logit for *numpy*, and the sentence gets the mean of the
# scores of its words, plus the bias.


def word_scores(model):
    """Return how far each word of the vocabulary speaks for torch, shape (word,)."""
    direction = model.output.weight[1] - model.output.weight[0]  # (width,)
    return (model.embedding.weight @ direction).detach().cpu()


scores = word_scores(bag)  # (word,)
bias = (bag.output.bias[1] - bag.output.bias[0]).item()
with torch.inference_mode():
    logits = bag(tokens.to(device)).cpu()  # (sentence, class)
for sentence, row in zip(tokens, logits, strict=True):
    mean = scores[sentence[sentence != PAD]].mean()
    assert torch.isclose(mean + bias, row[1] - row[0], atol=1e-4)

# %%
# Here are the strongest words of both sides, among those that occur at least 20 times.

frequent = [w for w in vocabulary if counts[w] >= 20]
ranked = sorted(frequent, key=lambda word: scores[vocabulary[word]].item())

fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.8), layout="constrained")
sides = {"numpy": ranked[:14][::-1], "torch": ranked[-14:]}
for ax, color, (name, chosen) in zip(axes, ("C0", "C1"), sides.items(), strict=True):
    strength = scores[[vocabulary[word] for word in chosen]].abs()
    ax.barh(chosen, strength.numpy(), color=color)
    ax.set(title=f"for {name}", xlabel="score without its sign (logits)", ylabel="word")
fig.suptitle("Names and markup are among the most telling words")
plt.show()

tenth = len(ranked) // 10  # who comes first depends a little on the version's texts
assert "ndarray" in ranked[:tenth]
assert {"tensor", "attr"} <= set(ranked[-tenth:])

# %%
# The network has not understood what the libraries do.
# It found out that one writes *ndarray* and the other *tensor*, and that PyTorch's
# authors mark arguments with ``:attr:``.
# Such shortcuts are as good as any other rule on *these* sentences, and useless on a
# forum post without them.
# We shall take them away below.
#
# .. _text-convolution:
#
# Windows of words
# ----------------
# "Not a view but a copy" and "not a copy but a view" are the same bag.
# To see order, a network has to look at neighbours.
# A **one-dimensional convolution** slides over the sentence as the kernels of
# :ref:`image` slide over a picture: each channel weighs three words at a time.
#
# Two things need care:
#
# - :class:`~torch.nn.Conv1d` takes ``(sentence, channel, place)``, while the embedding
#   returns ``(sentence, word, width)``: the last two axes change places.
# - From every channel we keep the strongest answer, wherever it stands.
#   Places that hold padding must not take part, so they are set to minus infinity
#   before the maximum: a **masked maximum**.


class WordWindows(nn.Module):
    """Weigh three words at a time and keep each channel's strongest answer."""

    def __init__(self, words, outputs=2, width=32, channels=32):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=PAD)
        with torch.no_grad():
            self.embedding.weight.mul_(0.1)  # small first logits; row 0 stays zero
        self.windows = nn.Conv1d(width, channels, kernel_size=3, padding="same")
        self.output = nn.Linear(channels, outputs)

    def maps(self, tokens):
        return self.windows(self.embedding(tokens).transpose(1, 2)).relu()

    def forward(self, tokens):
        padding = (tokens == PAD).unsqueeze(1)  # (sentence, 1, word)
        strongest = self.maps(tokens).masked_fill(padding, -torch.inf).amax(dim=2)
        return self.output(strongest)  # (sentence, class)


# %%
# Each channel has a weight for every number of three word vectors, and a bias.

torch.manual_seed(0)
windows = WordWindows(len(vocabulary)).to(device)
eatorch.summary(windows, tokens.to(device))

# %%
# A check that every model for padded text should pass: a sentence alone gets the same
# logits as in a batch that fills it up.
# Here it needs both the mask and the zero row: at the last word the window already
# looks at the first ``<pad>``, and has to find there the same zeros as beyond the edge.

with torch.inference_mode():
    short = tokens[(tokens != PAD).sum(dim=1).argmin()].to(device)  # with its padding
    alone = windows(short[short != PAD][None])
    assert torch.allclose(alone, windows(short[None]), atol=1e-6)
    careless = windows.output(windows.maps(short[None]).amax(dim=2))  # no mask
    assert not torch.allclose(alone, careless, atol=1e-6)

# %%
# It trains in the same loop, this time with early stopping at work.

history = fit(windows, (train_loader, valid_loader), learning_rate=3e-3)
for epoch, row in enumerate(history, start=1):
    print(f"epoch {epoch}", *(f"{name} {value:.3f} " for name, value in row.items()))
_, bag_accuracy = evaluate(bag, valid_loader)
_, windows_accuracy = evaluate(windows, valid_loader)
print(f"bag of words {bag_accuracy:.3f}, windows of words {windows_accuracy:.3f}")

# %%
# What does it look at?
# Here is one sentence, with padding at its end.
# Each row is a channel, each dot its strongest window, and the word below a dot is the
# middle one of three.

number = min(valid, key=lambda number: abs(len(sentences[number]) - 11))
sentence = nn.functional.pad(encode(sentences[number], vocabulary), (0, 3))
end = len(sentence) - 3  # the padding begins here
with torch.inference_mode():
    maps = windows.maps(sentence[None].to(device))[0].cpu()  # (channel, word)
strongest = maps[:, :end].max(dim=1)
shown = strongest.values.argsort(descending=True)[:10]

# %%
# The ten channels with the strongest answers:

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
image = ax.imshow(maps[shown].numpy(), cmap="Blues", aspect="auto", vmin=0)
ax.plot(strongest.indices[shown].numpy(), range(10), "o", color="C1")
ax.axvspan(end - 0.5, end + 2.5, color="0.5", alpha=0.4)  # the mask
names = decode(sentence, vocabulary).split()
ax.set_xticks(range(len(names)), names, rotation=45, ha="right")
ax.set(
    title="Each channel answers most to one window", ylabel="channel, strongest first"
)
ax.set_xlabel("word (grey: masked padding)")
fig.colorbar(image, label="answer of the channel (no unit)")
plt.show()

# %%
# .. _text-flattery:
#
# What the random split would have told us
# ----------------------------------------
# We now do what we warned of: cut at random, families or not.
# Some validation sentences then have a near-duplicate, a *twin*, among the training
# sentences.
# How much does that help?
# We train a second network without the families of the validation sentences and set
# both the same exam.

mixed = torch.randperm(len(sentences), generator=torch.Generator().manual_seed(0))
exam, rest = mixed[: len(valid)].tolist(), mixed[len(valid) :].tolist()
inside = set(rest)
twins = {a for a, b in pairs if b in inside} | {b for a, b in pairs if a in inside}

related = {family[number] for number in exam}
strangers = [number for number in rest if family[number] not in related]
print(f"{len(rest)} training sentences, {len(strangers)} without relatives of the exam")
print(f"{len(twins.intersection(exam))} of {len(exam)} exam sentences have a twin")

# %%
# Each network is asked about the sentences with a twin and about the others.

marks = {}
for name, chosen in {"random split": rest, "no relatives": strangers}.items():
    own = build_vocabulary(sentences[number] for number in chosen)
    torch.manual_seed(0)
    model = BagOfWords(len(own)).to(device)
    fit(model, loaders(chosen, exam, own), learning_rate=1e-2)
    for twin in (True, False):
        asked = [number for number in exam if (number in twins) == twin]
        _, marks[name, twin] = evaluate(model, loaders([0], asked, own)[1])
    print(f"{name}: twins {marks[name, True]:.3f}, others {marks[name, False]:.3f}")
gain = [marks["random split", twin] - marks["no relatives", twin] for twin in (0, 1)]
assert gain[1] > abs(gain[0])

# %%
# Sentences with a twin are easy anyway, because stock phrases are.
# But on top of that the first network had seen their relatives, and gets marks for
# remembering them.
# The other sentences are our control: there the second network does about as well,
# although it had fewer sentences to learn from.
# So it is not the amount of text that makes the difference.
# The network did not get better, the exam got easier.
# Reviews by one author, posts that quote each other, articles of one news agency, texts
# that were machine-translated back and forth: look for twins in every collection of
# texts.
#
# .. _text-giveaway:
#
# Without the give-away words
# ---------------------------
# Now the shortcuts.
# Suppose the network is meant for questions in a forum, where nobody writes ``:attr:``.
# We forbid the names of the libraries, of their main types, and the markup: left out of
# the vocabulary, they all become ``<unk>``.

NAMES = "numpy np scipy torch pytorch aten cuda"
TYPES = "ndarray ndarrays array arrays tensor tensors"
MARKUP = "attr math text class func meth ref mod"
giveaways = set(f"{NAMES} {TYPES} {MARKUP}".split())
plain_vocabulary = build_vocabulary(
    (sentences[number] for number in train), without=giveaways
)
plain_loaders = loaders(train, valid, plain_vocabulary)
share = sum(counts[word] for word in giveaways) / counts.total()
print(f"{len(giveaways)} words of {len(vocabulary)} are hidden,")
print(f"they were {share:.1%} of all training words")

# %%
# Both networks are trained anew, with nothing else changed.

torch.manual_seed(0)
plain_bag = BagOfWords(len(plain_vocabulary)).to(device)
fit(plain_bag, plain_loaders, learning_rate=1e-2)

torch.manual_seed(0)
plain_windows = WordWindows(len(plain_vocabulary)).to(device)
fit(plain_windows, plain_loaders, learning_rate=3e-3)

before = [bag_accuracy, windows_accuracy]
after = [evaluate(model, plain_loaders[1])[1] for model in (plain_bag, plain_windows)]
assert min(before) > max(after)

# %%
# The drop is the part of the result that rested on shortcuts:

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for shift, name, values in [
    (-0.2, "all words", before),
    (0.2, "give-aways hidden", after),
]:
    bars = ax.bar([shift, 1 + shift], [100 * v for v in values], width=0.38, label=name)
    ax.bar_label(bars, fmt="%.1f", padding=2)
majority = 100 * (labels[valid] == 1).float().mean().item()
ax.axhline(majority, color="0.5", linestyle=":", label="always torch")
ax.set_xticks([0, 1], ["bag of words", "windows of words"])
ax.set(ylim=(0, 105), xlabel="network", ylabel="validation accuracy (%)")
ax.set_title("Without the give-away words both networks lose accuracy")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
# They are still far above the dotted line, so the rest of the wording tells a lot too.
# Which of the two numbers is *the* accuracy?
# Both are true, for different questions: the higher one for sentences out of
# documentation, the lower one for texts in which nobody drops names.
# And the list of give-aways is our own: the first exercise lets the network draw it up.
#
# .. _text-test:
#
# The test
# --------
# Everything is chosen, so now the test sentences, once.
# For comparison we take a classic from scikit-learn: word counts, rare words weighted
# up (**TF-IDF**), and a logistic regression.
# The last column is the 95 % interval, computed as if the sentences were independent.
# They are not: a family is right or wrong as a whole, so the true interval is wider.
# Do not wonder, then, if the test differs from the validation by more than that.

classic = TfidfVectorizer(tokenizer=words_of, token_pattern=None, min_df=2)
columns = classic.fit_transform([texts.texts[number] for number in train])
regression = LogisticRegression(C=10).fit(columns, labels[train].numpy())
columns = classic.transform([texts.texts[number] for number in test])
results = {
    "always torch": (labels[test] == 1).float().mean().item(),
    "TF-IDF, logistic regression": regression.score(columns, labels[test].numpy()),
}
_, test_loader = loaders(train, test, vocabulary)
_, plain_test_loader = loaders(train, test, plain_vocabulary)
results["bag of words"] = evaluate(bag, test_loader)[1]
results["windows of words"] = evaluate(windows, test_loader)[1]

# %%
# The two networks without give-aways come last.

results["bag, give-aways hidden"] = evaluate(plain_bag, plain_test_loader)[1]
results["windows, give-aways hidden"] = evaluate(plain_windows, plain_test_loader)[1]
for name, share in results.items():
    half = 1.96 * math.sqrt(share * (1 - share) / len(test))
    print(f"{name:28}{share:.3f}  ± {half:.3f}")

trained = list(results.values())[1:4]
assert max(trained) - min(trained) < 0.05
assert min(trained) > results["always torch"] + 0.1

# %%
# Sobering, but typical: on a few thousand short texts the network that sees the order
# of words is about as good as the bag of words, and the bag about as good as a method
# from before deep learning.
# Topics hang on *which* words occur.
# Order pays where it changes the meaning, and with far more text to learn it from.
# So start with the bag: it trains in seconds, and it can be read.
#
# .. _text-errors:
#
# Read the errors
# ---------------
# Which validation sentences does the bag without give-aways get most wrong?


def chances(model, loader):
    """Return the probability of torch for all sentences of a loader."""
    model.eval()
    with torch.inference_mode():
        logits = torch.cat([model(tokens.to(device)).cpu() for tokens, _ in loader])
    return logits.softmax(dim=1)[:, 1]  # (sentence,)


said = chances(plain_bag, plain_loaders[1])
wrong_by = (said - labels[valid]).abs()  # 0 is right and sure, 1 is wrong and sure
for place in wrong_by.argsort(descending=True)[:6].tolist():
    truth = texts.classes[labels[valid[place]]]
    print(f"{said[place]:4.0%} torch, it is {truth}:")
    print("   ", shorten(texts.texts[valid[place]], 76))

# %%
# Read more of them.
# You will meet sentences that could stand in either library: there nobody can be sure,
# and the network should not be either.
# Others were hidden by us: the only telling word is now ``<unk>``.
# And some are typical words of the one library in a sentence of the other.
# How often is the network wrong when it *is* sure?

sure = (said - 0.5).abs() > 0.45
right = (said > 0.5) == (labels[valid] == 1)
print(f"surer than 95 %: {sure.float().mean():.0%} of the sentences,")
print(f"                 {right[sure].float().mean():.1%} of those are right")
print(f"the others:      {right[~sure].float().mean():.1%} are right")
assert right[sure].float().mean() > right[~sure].float().mean()

# %%
# .. _text-use:
#
# Use it
# ------
# New sentences come through the same door: cut, encode, and a batch of one.
# Unknown words are no problem, as ``<unk>`` has a vector.
# A text in another script has no words at all in our sense.
# The network answers all the same, and the answer means nothing.


def predict(text, model, vocabulary):
    """Return the probability that a sentence comes from PyTorch."""
    tokens = encode(words_of(text), vocabulary).unsqueeze(0)  # (1, word)
    with torch.inference_mode():
        return model.eval()(tokens.to(device)).softmax(dim=1)[0, 1].item()


for text in (
    "Return the sorted unique elements of a masked array.",
    "Applies dropout to the gradients of the module on the GPU.",
    "Shall I compare thee to a summer's day?",
    "今天天气很好。",
):
    print(f"{predict(text, bag, vocabulary):4.0%} torch  {text}")

# %%
# Does order matter?
# We sort the words of every validation sentence by the alphabet: the bag cannot notice,
# the windows do.

alphabetical = [
    (encode(sorted(sentences[n][:LONGEST]), vocabulary), labels[n]) for n in valid
]
sorted_loader = DataLoader(alphabetical, 256, collate_fn=collate)
for model, before in ((bag, bag_accuracy), (windows, windows_accuracy)):
    moved = (chances(model, valid_loader) - chances(model, sorted_loader)).abs()
    _, after = evaluate(model, sorted_loader)
    print(f"{type(model).__name__:12}moved by {moved.mean():.3f}, accuracy {after:.3f}")
    assert (moved.max() < 1e-4) == (model is bag)
    assert abs(after - before) < 0.05

# %%
# The windows of words give other probabilities now, and still they are right about as
# often.
# So they had learned little from the order: they too live on *which* words occur.
#
# .. _text-save:
#
# Save it
# -------
# Weights without their vocabulary are worthless, because nobody knows which row belongs
# to which word.
# So both go into one file.

text = "Return a copy of the array collapsed into one dimension."
file = io.BytesIO()  # a file in memory; a path such as "bag.pt" does as well
torch.save({"weights": bag.state_dict(), "vocabulary": vocabulary}, file)
file.seek(0)
loaded = torch.load(file, weights_only=True, map_location=device)

again = BagOfWords(len(loaded["vocabulary"])).to(device)
again.load_state_dict(loaded["weights"])
assert predict(text, again, loaded["vocabulary"]) == predict(text, bag, vocabulary)

# %%
# .. _text-mistakes:
#
# Classic mistakes
# ----------------
# **A number beyond the table.**
# A table of five rows has the numbers 0 to 4.
# The message does not say which number is wrong, and on a GPU it is an even less clear
# *device-side assert*: compare ``tokens.max()`` with ``num_embeddings``.
# The usual causes are a table that forgot ``<pad>`` and ``<unk>``, or a vocabulary that
# grew after the network was made.

with eatorch.show_error(IndexError):
    nn.Embedding(5, 3)(torch.tensor([1, 5]))

# %%
# **Unequal lengths, stacked.**
# This is what the loader does without our ``collate_fn``.

with eatorch.show_error(RuntimeError):
    next(iter(DataLoader(train_loader.dataset, batch_size=4)))

# %%
# **Words where channels belong.**
# Cure: ``transpose(1, 2)`` between the embedding and the convolution.
# If a sentence had by chance as many words as its vectors have numbers, there would be
# no error.

vectors = windows.embedding(tokens.to(device))  # (sentence, word, width)
with eatorch.show_error(RuntimeError):
    windows.windows(vectors)

# %%
# **reshape instead of transpose.**
# It repairs the shape and no error comes, but it tears the vectors apart and mixes the
# words.
# How many numbers are still in their place, leaving the zeros of the padding aside?

turned = vectors.transpose(1, 2)  # (sentence, width, word)
torn = vectors.reshape(turned.shape)
share = (torn == turned)[turned != 0].float().mean()
assert share < 0.05
f"{share:.1%} of the numbers are in their place"

# %%
# **Padding in the mean.**
# ``mean(dim=1)`` divides by the length of the rectangle.
# Then a sentence gets another vector in each batch, according to the longest of its
# neighbours.
# Here is the length of its mean vector, with more and more padding:

words = table(torch.tensor([[2, 4, 3]]))
for padding in (0, 3, 30):
    mean = nn.functional.pad(words, (0, 0, 0, padding)).mean(dim=1)
    print(f"{padding:2} times <pad>: {mean.norm().item():.3f}")

# %%
# **An initialisation that fills row 0.**
# ``padding_idx`` keeps the row as it is, it does not make it zero.
# If you initialise the table yourself, or load vectors from a file, set that row back.

torch.manual_seed(0)
table = nn.Embedding(5, 3, padding_idx=PAD)
nn.init.normal_(table.weight)
print(table(torch.tensor(PAD)).detach())  # no longer zero
with torch.no_grad():
    table.weight[PAD] = 0

# %%
# **A vocabulary built again.**
# No error, as long as the numbers fit: but each word now gets the row of another one.
# We encode the validation sentences with a vocabulary of their own:

own = build_vocabulary(sentences[number] for number in valid)
assert len(own) <= len(vocabulary)
_, misread = evaluate(bag, loaders([0], valid, own)[1])
assert misread < bag_accuracy - 0.1
print(f"accuracy {bag_accuracy:.3f} -> {misread:.3f}")

# %%
# .. admonition:: Then and now
#
#    - ``torchtext`` used to do all this with ``Field``, ``TabularDataset``,
#      ``BucketIterator`` and ``Vocab``.
#      They first moved to ``torchtext.legacy`` and then disappeared.
#      The last release of the package (0.18) belongs to PyTorch 2.3, and the project is
#      archived.
#      A dictionary and ``collate_fn`` need no such package.
#    - Others take ``Dictionary`` from gensim for the vocabulary.
#      It numbers the words, but it keeps no 0 free for the padding: shift its numbers
#      by two.
#    - Batches came with the words first, and lessons began by turning them.
#      ``pad_sequence(..., batch_first=True)`` gives ``(sentence, word)`` at once.
#    - Every text was padded to a fixed length such as 200.
#      Pad to the longest of the batch.
#    - The course that our 20-day path follows pooled without a mask and trained for 20
#      epochs on film reviews: training reached 0.93, validation stayed at 0.79 to 0.80,
#      and readers were told to try again.
#      It is overfitting, and a second try shows it again.
#    - It trained with Adagrad through ``compile`` and ``fit`` of a wrapper in the style
#      of Keras.
#      Today AdamW is the usual first choice, and :class:`eatorch.training.Trainer` is
#      our wrapper.
#    - Words gave way to pieces of words.
#      Large language models cut rare words into frequent parts
#      (**byte pair encoding**), so that hardly anything is unknown.
#      Numbering, padding, masking and the table stay the same.
#    - Chinese puts no spaces between words: number the characters, or cut with a tool
#      such as jieba.
#
# .. _text-exercises:
#
# Exercises
# ---------
#
# .. _text-ex1:
#
# Exercise 05-1: let the network name its give-aways
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Our list of give-aways was made by hand.
# Write a function that takes the score of each word, the vocabulary and a number, and
# returns the *set* of so many words with the strongest scores, no matter for which
# side.
# ``<pad>`` and ``<unk>`` are no words.
# Then hide 50, 200 and 800 words and train again: how far does the accuracy fall?
#
# .. dropdown:: Hint
#
#    A strong score is far from zero, in either direction: ``scores.abs()``.
#    Sort the words of the vocabulary by it, without the first two.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def most_telling(scores, vocabulary, count):
#           strength = scores.abs().tolist()
#           words = [word for word in vocabulary if word not in ("<pad>", "<unk>")]
#           words.sort(key=lambda word: strength[vocabulary[word]], reverse=True)
#           return set(words[:count])
#
#
#       falls = []
#       for count in (50, 200, 800):
#           hidden = most_telling(scores, vocabulary, count)
#           fewer = build_vocabulary((sentences[n] for n in train), without=hidden)
#           torch.manual_seed(0)
#           model = BagOfWords(len(fewer)).to(device)
#           both = loaders(train, valid, fewer)
#           fit(model, both, learning_rate=1e-2)
#           falls.append(evaluate(model, both[1])[1])
#           print(f"{count:4} words hidden: {falls[-1]:.3f}")
#       assert falls[-1] < bag_accuracy
#
#    Every round costs some accuracy, and still the network beats the majority: the
#    next words take over.
#    A list by hand never holds all the shortcuts, and a list by the network also hides
#    words that mean something.
#    Where to draw the line depends on what the network is for.


def most_telling(scores, vocabulary, count):
    """Return the set of ``count`` words whose scores are farthest from zero."""
    ...  # your code here


eatorch.check("05-1", most_telling)

# %%
# .. _text-ex2:
#
# Exercise 05-2: how large a vocabulary?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that takes training sentences, validation sentences (both lists of
# lists of words) and a size.
# It returns the share of the validation words, counted as often as they occur, that are
# unknown if only so many of the most common training words get a number.
# Plot it for sizes from 10 to 3000, and train with some of them: from where on do more
# words hardly help?
#
# .. dropdown:: Hint
#
#    ``Counter(...).most_common(size)`` gives pairs of word and count.
#    Count all validation words, and those that are not among the kept ones.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def unknown_share(train_sentences, valid_sentences, size):
#           counts = Counter(word for words in train_sentences for word in words)
#           known = {word for word, _ in counts.most_common(size)}
#           unknown = [w not in known for words in valid_sentences for w in words]
#           return sum(unknown) / len(unknown)
#
#
#       seen, unseen = [[sentences[n] for n in numbers] for numbers in (train, valid)]
#       gains = []
#       for size in (10, 100, 1000, 3000):
#           smaller = build_vocabulary(seen, size=size)
#           torch.manual_seed(0)
#           model = BagOfWords(len(smaller)).to(device)
#           both = loaders(train, valid, smaller)
#           fit(model, both, learning_rate=1e-2)
#           gains.append(evaluate(model, both[1])[1])
#           share = unknown_share(seen, unseen, size)
#           print(f"{size:5} words: {share:.1%} unknown, accuracy {gains[-1]:.3f}")
#       assert gains[0] < gains[1] < gains[2]
#
#    The first hundred words already cover about half of the text.
#    After the first thousand the accuracy hardly moves, although the table goes on
#    growing with every word.


def unknown_share(train_sentences, valid_sentences, size):
    """Return the share of validation words outside the ``size`` most common ones."""
    ...  # your code here


eatorch.check("05-2", unknown_share)

# %%
# .. _text-ex3:
#
# Exercise 05-3: where does overfitting start?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that takes the validation losses of a whole run and a ``patience``,
# and returns the epoch, counted from 0, whose weights ``fit`` would keep: the lowest
# loss before it stops.
# It stops after ``patience`` epochs in a row without a new low, and never sees what
# comes later.
# Find out with it: with a quarter of the training sentences, does overfitting start
# earlier or later?
#
# .. dropdown:: Hint
#
#    Walk through the losses and remember the best epoch so far.
#    Leave the loop when the current epoch is ``patience`` epochs behind it.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def kept_epoch(losses, patience):
#           best = 0
#           for epoch, loss in enumerate(losses):
#               if loss < losses[best]:
#                   best = epoch
#               elif epoch - best >= patience:
#                   break
#           return best
#
#
#       lowest = []
#       for step in (4, 1):
#           torch.manual_seed(0)
#           model = BagOfWords(len(vocabulary)).to(device)
#           both = loaders(train[::step], valid, vocabulary)
#           rows = fit(model, both, learning_rate=1e-2, epochs=15, patience=15)
#           losses = [row["valid_loss"] for row in rows]
#           best = kept_epoch(losses, patience=2)
#           lowest.append(losses[best])
#           steps = (best + 1) * len(both[0])
#           print(f"{len(train[::step])} sentences: epoch {best + 1}, {steps} steps,")
#           print(f"    loss {losses[best]:.3f}, in the end {losses[-1]:.3f}")
#       assert lowest[0] > lowest[1]
#
#    Count steps and not epochs: with a quarter of the sentences an epoch has a quarter
#    of the steps.
#    So the turn comes in a later epoch, but after fewer steps, and at a higher loss.
#    More text moves the turn back and lowers it.


def kept_epoch(losses, patience):
    """Return the epoch whose weights early stopping keeps, counted from 0."""
    ...  # your code here


eatorch.check("05-3", kept_epoch)

# %%
# .. _text-ex4:
#
# Exercise 05-4: five libraries
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# ``docstrings`` also knows scikit-learn, Matplotlib and Python's own library.
# Write a function that takes the size of a vocabulary and the number of classes and
# returns a network: tokens of shape ``(sentence, word)`` come in, one logit per class
# goes out, and padding changes nothing.
# Build it as you like, it need not be one of ours.
# Then train it on all five.
#
# .. dropdown:: Hint
#
#    The loss takes logits, so nothing comes after the last linear layer.
#    If you average, leave the padding out.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def network_for(words, classes):
#           return nn.Sequential(
#               nn.EmbeddingBag(words, 32, padding_idx=PAD), nn.Linear(32, classes)
#           )
#
#
#       five = eatorch.data.docstrings(
#           ("numpy", "torch", "sklearn", "matplotlib", "python")
#       )
#       cut = [words_of(text) for text in five.texts]
#       root = torch.tensor(families(len(cut), near_pairs(cut)))
#       fate = torch.rand(len(cut), generator=torch.Generator().manual_seed(0))[root]
#       seen, unseen = torch.where(fate < 0.8)[0], torch.where(fate >= 0.8)[0]
#       numbers = build_vocabulary(cut[n] for n in seen.tolist())
#       pairs_of = [
#           [(encode(cut[n], numbers), five.targets[n]) for n in part.tolist()]
#           for part in (seen, unseen)
#       ]
#       both = [DataLoader(p, 64, shuffle=True, collate_fn=collate) for p in pairs_of]
#       torch.manual_seed(0)
#       model = network_for(len(numbers), 5).to(device)
#       fit(model, both, learning_rate=1e-2)
#       majority = five.targets[unseen].bincount().max().item() / len(unseen)
#       print(f"accuracy {evaluate(model, both[1])[1]:.3f}, majority {majority:.3f}")
#       assert evaluate(model, both[1])[1] > majority + 0.2
#
#    Only the number of outputs has changed.
#    Sentences of one family get one fate, since all of them look up the random number
#    of their root.
#    Draw :func:`eatorch.plots.plot_confusion` to see which libraries get mixed up.


def network_for(words, classes):
    """Return a network from padded tokens to one logit per class."""
    ...  # your code here


eatorch.check("05-4", network_for)

# %%
# .. _text-minute:
#
# In one minute
# -------------
# - Cut text into tokens, number them with a vocabulary from the training texts, keep 0
#   for ``<pad>`` and 1 for ``<unk>``.
# - Look for near-duplicates first, and split by family.
# - ``pad_sequence`` in a ``collate_fn`` makes a rectangle of each batch.
# - Padding must not change an answer: ``padding_idx``, a mean over real words, a masked
#   maximum. Test it with a sentence alone and in a batch.
# - ``EmbeddingBag`` and a linear layer are a strong start and can be read word by word.
# - ``Conv1d`` sees neighbours and takes channels before places.
# - Watch the validation loss, keep the best weights and stop in time.
# - Ask which words decide, hide the give-aways, and tell both results.
# - Save the vocabulary with the weights.
#
# .. _text-next:
#
# Read next
# ---------
# - :ref:`series` is day 4: numbers in an order, where the split follows time.
# - :ref:`rnn` reads a text word by word, :ref:`attention` lets every word look at every
#   other one.
# - :ref:`data` treats data sets, loaders and ``collate_fn`` in full.
# - :class:`torch.nn.Embedding`, :class:`torch.nn.EmbeddingBag` and
#   :func:`torch.nn.utils.rnn.pad_sequence` in the PyTorch documentation.
# - Kim, `Convolutional Neural Networks for Sentence Classification
#   <https://arxiv.org/abs/1408.5882>`_ (2014), the model behind our windows of words.
# - Joulin, Grave, Bojanowski and Mikolov, `Bag of Tricks for Efficient Text
#   Classification <https://arxiv.org/abs/1607.01759>`_ (2016), why bags are so hard to
#   beat.
# - Geirhos and others, `Shortcut Learning in Deep Neural Networks
#   <https://arxiv.org/abs/2004.07780>`_ (2020), on give-aways of every kind.
