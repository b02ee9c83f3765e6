"""
.. _save:

Save, resume, fine-tune
=======================

Break a training run off and go on as if nothing had happened, bit for bit; read files
without trusting them; and let what one task has taught help with the next.

:Level: 3
:Hours: 1.5
:Needs: :ref:`module`, :ref:`optim`, :ref:`schedule`, :ref:`train`
:Data: 1,797 handwritten digits of 8 x 8 pixels (CC BY 4.0, from scikit-learn)
"""

import json
import pickle
import tempfile
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import eatorch
from eatorch.training import Trainer

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _save-file:
#
# What is in the file
# -------------------
# One network serves the whole page.
# Its *backbone* turns a picture of 12 x 12 pixels into 32 features, its *head* turns
# features into classes.
# The two names will be useful.


def digit_net(outputs=5):
    """Return a backbone that looks at pictures and a head that decides."""
    backbone = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(144, 32), nn.ReLU(),
    )  # fmt: skip
    net = nn.Sequential()
    net.add_module("backbone", backbone)
    net.add_module("head", nn.Linear(32, outputs))
    return net


# %%
# :ref:`module-state` has shown the state dict: parameters and buffers by name.
# :func:`torch.save` writes it, :func:`torch.load` reads it, and a network that was
# built in the same way takes the values in.
# The new network starts with other numbers and ends with the same.

folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
place = Path(folder.name)

torch.manual_seed(0)
model, file = digit_net(), place / "digits.pt"
torch.save(model.state_dict(), file)

again = digit_net()
assert not torch.equal(again.head.weight, model.head.weight)
again.load_state_dict(torch.load(file))
assert torch.equal(again.head.weight, model.head.weight)
print(f"{file.stat().st_size:,} bytes")

# %%
# Nothing about the file is secret.
# It is a zip archive: one member for the numbers of each tensor, in the raw form in
# which they lie in memory, and one called ``data.pkl`` that says which names, shapes
# and dtypes they have.

with zipfile.ZipFile(file) as archive:
    for member in archive.infolist():
        print(f"{member.file_size:6,} bytes  {member.filename}")
    raw = archive.read("digits/data/0")
first = np.frombuffer(raw, dtype="<f4").reshape(8, 1, 3, 3)
assert np.array_equal(first, model.backbone[0].weight.detach())

# %%
# So you can foretell its size: four bytes for each number in ``float32``, and a few
# kilobytes for the rest.
# What the file does *not* hold is how the layers are wired.
# Whoever loads it needs your code, and as a rule also the numbers that the inputs were
# prepared with, as in :ref:`image-save`.
#
# .. _save-where:
#
# Onto another device, or not at all
# ----------------------------------
# A tensor remembers its device, and ``load`` puts it back there.
# A file that was saved on a GPU therefore fails on a laptop, unless you say where to:
# ``map_location="cpu"`` is right in nearly all cases, since ``load_state_dict`` copies
# the values to wherever the model is.
#
# Two more wishes for large files.
# ``map_location="meta"`` reads names, shapes and dtypes, but no numbers.
# ``mmap=True`` leaves the numbers in the file until you touch them, and what you then
# change stays in memory.

shapes = torch.load(file, map_location="meta")
for name, tensor in shapes.items():
    print(f"{name:20} {tuple(tensor.shape)!s:15} {tensor.dtype} on {tensor.device}")

mapped = torch.load(file, mmap=True)
mapped["head.bias"].zero_()
assert torch.load(file)["head.bias"].any()  # the file is as it was

# %%
# .. _save-trust:
#
# A file can be a program
# -----------------------
# ``data.pkl`` is written by :mod:`pickle`, Python's way to store objects.
# A pickle is not a list of values.
# It is a list of *instructions*, and one of them is "call this function".
# Any object may ask for that:


class Guest:
    """Looks like a part of a checkpoint, and wants a function called."""

    def __reduce__(self):
        return print, ("You have only opened a file, and I am running.",)


parcel = pickle.dumps({"weights": torch.ones(2), "extra": Guest()})
pickle.loads(parcel)["extra"]

# %%
# Ours is polite.
# In place of ``print`` it could have named the function that deletes your files.
# Since PyTorch 2.6 ``load`` therefore reads with ``weights_only=True`` unless you say
# otherwise: tensors, numbers, strings and plain containers are let in, and everything
# else is refused *before* it is called.
# Read the message to its end, for there it names the guest.

torch.save({"weights": torch.ones(2), "extra": Guest()}, place / "parcel.pt")
with eatorch.show_error(pickle.UnpicklingError, lines=10):
    torch.load(place / "parcel.pt")

# %%
# Option (1), which comes first in the message, is the dangerous one.
# Before you think of trust, ask what the file wants:
# :func:`~torch.serialization.get_unsafe_globals_in_checkpoint` lists it and runs
# nothing.
# Here are the two guests that people meet most often in their *own* files: a whole
# model, and the result of NumPy's ``mean``.

accuracy = np.mean([0.9, 0.8])
for name, saved in {"model": model, "accuracy": {"accuracy": accuracy}}.items():
    torch.save(saved, place / f"{name}.pt")
    wanted = torch.serialization.get_unsafe_globals_in_checkpoint(place / f"{name}.pt")
    print(name, *sorted(wanted), sep="\n  ")

# %%
# For the first the cure is the state dict.
# A whole model would also bind the file to the place and the name of each class in it,
# and it could not be read any more once the code has moved.
# For the second it is ``float(accuracy)``: turn NumPy's numbers into Python's *before*
# you save.
# If you are left with an old file of your own, you can let single guests in, by name
# and for a moment.

guests = [nn.Sequential, nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Linear]
with torch.serialization.safe_globals(guests):
    old = torch.load(place / "model.pt")
assert torch.equal(old.head.weight, model.head.weight)
with eatorch.show_error(pickle.UnpicklingError, lines=1):
    torch.load(place / "model.pt")

# %%
# .. _save-safetensors:
#
# safetensors: nothing but numbers
# --------------------------------
# Files for others are best written in a format that cannot hold instructions at all.
# The most widely used one is called safetensors.
# It is so plain that you can read it without the package: eight bytes that give the
# length of a header, the header as JSON, and then the numbers.

shared = place / "digits.safetensors"
safetensors.torch.save_file(model.state_dict(), shared, metadata={"classes": "01234"})

content = shared.read_bytes()
length = int.from_bytes(content[:8], "little")
header, body = json.loads(content[8 : 8 + length]), content[8 + length :]
entry = header["backbone.0.weight"]
start, end = entry["data_offsets"]
by_hand = np.frombuffer(body[start:end], dtype="<f4").reshape(entry["shape"])
assert np.array_equal(by_hand, model.backbone[0].weight.detach())
header["__metadata__"], entry

# %%
# The package does it in a line, and can read a single tensor out of a large file.
# It takes tensors and, as metadata, strings, but not the nested dictionaries of an
# optimizer: it is a format for finished weights and not for resuming.
# It also refuses two names for one piece of memory, as *tied* weights have them;
# ``safetensors.torch.save_model`` then keeps one name of the two.

assert torch.equal(safetensors.torch.load_file(shared)["head.bias"], model.head.bias)
with safetensors.safe_open(shared, framework="pt") as opened:
    print(opened.metadata(), opened.get_tensor("head.bias").shape)

tied = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
tied[1].weight = tied[0].weight
with eatorch.show_error(RuntimeError, lines=2):
    safetensors.torch.save_file(tied.state_dict(), place / "tied.safetensors")

# %%
# .. _save-resume:
#
# Resume as if nothing had happened
# ---------------------------------
# A long run will be interrupted.
# What must a *checkpoint* hold so that the second half comes out as it would have done?
#
# To have something to learn, we make the digits harder: each one lies at a place of its
# own on a sheet of 12 x 12 pixels, with a little noise, and in each epoch at another.
# The first task is to tell 0 to 4 apart.


def on_sheets(digits):
    """Put digits on larger sheets, each at a random place."""
    sheets = 0.1 * torch.randn(len(digits), 1, 12, 12)
    shift = torch.randint(5, (2, len(digits), 1)) + torch.arange(8)  # (axis, digit, 8)
    which = torch.arange(len(digits))[:, None, None]
    sheets[which, 0, shift[0, :, :, None], shift[1, :, None, :]] += digits[:, 0]
    return sheets


def collate(pairs):
    """Make a batch of digits and labels, on new sheets each time."""
    digits, labels = zip(*pairs, strict=True)
    return on_sheets(torch.stack(digits)), torch.stack(labels)


# %%
# 700 of these digits are for training.

pictures = eatorch.data.digits()
generator = torch.Generator().manual_seed(0)
order = torch.randperm(len(pictures), generator=generator)
images, targets = pictures.images[order], pictures.targets[order]
low = targets < 5
dataset = TensorDataset(images[low][:700], targets[low][:700])

# %%
# All that a training run consists of goes into one object.
# Thirty epochs, Adam, and a learning rate that falls along a cosine.


class Run:
    """A training run: all objects that change while it goes on."""

    def __init__(self, seed):
        torch.manual_seed(seed)
        self.model = digit_net()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, 30)
        self.shuffle = torch.Generator().manual_seed(seed)
        self.batches = DataLoader(
            dataset, 100, shuffle=True, generator=self.shuffle, collate_fn=collate
        )
        self.epoch, self.losses, self.rates = 0, [], []


# %%
# The loop is the one of :ref:`train`, and it notes the loss of every batch.


def train(run, until):
    """Go on until so many epochs are done."""
    run.model.train()
    while run.epoch < until:
        run.rates.append(run.optimizer.param_groups[0]["lr"])
        for inputs, labels in run.batches:
            run.optimizer.zero_grad()
            loss = functional.cross_entropy(run.model(inputs), labels)
            loss.backward()
            run.optimizer.step()
            run.losses.append(loss.item())
        run.scheduler.step()
        run.epoch += 1
    return run


# %%
# A run saves what it has after 25 epochs, and goes on to its end.
# Count the kinds of state: the weights, the optimizer's averages, the scheduler's
# position, and two streams of random numbers, one for the order of the digits, the
# other for their places and the noise.

unbroken = train(Run(seed=0), until=25)
checkpoint = {
    "model": unbroken.model.state_dict(),
    "optimizer": unbroken.optimizer.state_dict(),
    "scheduler": unbroken.scheduler.state_dict(),
    "shuffle": unbroken.shuffle.get_state(),
    "random": torch.get_rng_state(),
    "epoch": unbroken.epoch,
}
torch.save(checkpoint, place / "run.pt")

saved_at = len(unbroken.losses)
train(unbroken, until=30)
rest = unbroken.losses[saved_at:]

# %%
# Now suppose that it was killed right after saving, and that a new process begins.
# We give that another seed, so that nothing fits by accident, and hand it more and more
# of the checkpoint.
# First build everything, then load everything.


def resume(*parts):
    """Continue the run with its weights and the other parts named."""
    state, run = torch.load(place / "run.pt"), Run(seed=1)
    run.model.load_state_dict(state["model"])
    run.epoch = state["epoch"]
    if "optimizer" in parts:
        run.optimizer.load_state_dict(state["optimizer"])
    if "scheduler" in parts:
        run.scheduler.load_state_dict(state["scheduler"])
    if "random" in parts:
        run.shuffle.set_state(state["shuffle"])
        torch.set_rng_state(state["random"])
    return train(run, until=30)


# %%
# Three checkpoints as they are often met, and the whole one.
# We compare the loss of each batch, and at the end every weight, for equality in all
# bits.

resumed = {
    "weights": resume(),
    "+ optimizer": resume("optimizer"),
    "+ scheduler": resume("optimizer", "scheduler"),
    "+ random": resume("optimizer", "scheduler", "random"),
}
for name, run in resumed.items():
    same = sum(ours == theirs for ours, theirs in zip(run.losses, rest, strict=True))
    ends = zip(run.model.parameters(), unbroken.model.parameters(), strict=True)
    equal = all(torch.equal(ours, theirs) for ours, theirs in ends)
    print(f"{name:12} {same:2} of {len(rest)} losses equal, all weights equal: {equal}")
assert resumed["+ random"].losses == rest
assert equal

# %%
# Only the last one is the run itself.
# The picture shows what the others lose.

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
means = torch.tensor(unbroken.losses).reshape(30, -1).mean(1)
left.plot(range(1, 31), means, color="0.6", linewidth=6, label="unbroken")
right.plot(range(1, 31), unbroken.rates, color="0.6", linewidth=6)
styles = {"weights": "C1o-", "+ optimizer": "C2s-", "+ random": "C0.--"}
for name, style in styles.items():
    run = resumed[name]
    means = torch.tensor(run.losses).reshape(5, -1).mean(1)
    left.plot(range(26, 31), means, style, label=name)
    right.plot(range(26, 31), run.rates, style)
left.set(xlabel="epoch", ylabel="training loss", yscale="log")
right.set(xlabel="epoch", ylabel="learning rate")
left.legend(fontsize=8)
fig.suptitle("Weights alone throw the run back, the whole checkpoint continues it")
plt.show()

# %%
# With the weights alone, Adam starts again without its averages, and the learning rate
# jumps back to its beginning: together they throw the loss back up.
# With the optimizer the rate is right at first, since it is kept there; but a new
# scheduler counts from 0 and lets it fall too slowly.
# The random streams do not make the run better or worse.
# They make it *the same*, and that is worth having: only then can you tell a mistake in
# your code from chance.
#
# - If you draw from Python's or NumPy's random numbers as well, save their states too.
#   On a GPU there is one more stream per device.
#   :func:`eatorch.checkpoint.rng_state` collects them all.
# - Save between two epochs.
#   In the middle of one, a ``DataLoader`` cannot tell how far it has come.
# - Bit for bit is a promise for the same machine, the same versions and the same number
#   of threads.
#   On a GPU some operations add up in an order of their own;
#   ``torch.use_deterministic_algorithms(True)`` asks for others where there are any.
#
# .. _save-atomic:
#
# Whole or not at all
# -------------------
# A process is most likely to be killed while it is busy, and saving is busy work.
# If you write over the only checkpoint and are stopped halfway, you have none.
# So write beside it, and rename when all is done: a rename happens or does not happen,
# there is no half of it.


def save_whole(state, path):
    """Write a file so that its name always leads to a whole one."""
    beside = path.with_suffix(".new")
    torch.save(state, beside)
    beside.replace(path)


save_whole(checkpoint, place / "whole.pt")
content = (place / "whole.pt").read_bytes()
(place / "cut.pt").write_bytes(content[:-100])
with eatorch.show_error(lines=2):
    torch.load(place / "cut.pt")

# %%
# *Failed finding central directory*: the list of its members stands at the end of a zip
# archive, and the end is what is missing.
# People meet this message after a download that broke off, or a full disk.
# Keep the last two or three checkpoints all the same, for a disk can fail too.
#
# The :class:`eatorch.training.Trainer` of :ref:`high` does all this for you.
# ``save`` takes every state of this section and writes as above, ``resume`` puts all of
# it back.


def new_trainer(seed):
    """Return a trainer with its batches, as a new process would build them."""
    run = Run(seed)
    loss, parts = nn.CrossEntropyLoss(), (run.optimizer, run.scheduler)
    trainer = Trainer(run.model, loss, parts[0], scheduler=parts[1], device="cpu")
    return trainer, run.batches


whole, batches = new_trainer(seed=0)
whole.fit(batches, epochs=3, progress=False)
first, batches = new_trainer(seed=0)
first.fit(batches, epochs=2, progress=False)
first.save(place / "trainer.pt")
second, batches = new_trainer(seed=1)
second.resume(place / "trainer.pt").fit(batches, epochs=3, progress=False)
assert second.history.to_dict() == whole.history.to_dict()

# %%
# .. _save-transfer:
#
# Transfer: begin with what another task has taught
# -------------------------------------------------
# *Transfer learning means to start the training for one task with what a network has
# learned in another.*
# The usual case: much data there, little here.
# Our unbroken run has learned 0 to 4 from 700 pictures.
# Now it is to tell 5 to 9 apart, with only a few pictures of each.
# How well does it know its own task?

torch.manual_seed(1)
old_images, old_targets = on_sheets(images[low][700:]), targets[low][700:]
new_images, new_targets = on_sheets(images[~low]), targets[~low] - 5  # 0 to 4 again


@torch.no_grad()
def accuracy_of(net, inputs, labels):
    """Return the share of right answers."""
    return (net.eval()(inputs).argmax(1) == labels).float().mean().item()


teacher = unbroken.model
known = accuracy_of(teacher, old_images, old_targets)
assert known > 0.9
torch.save(teacher.state_dict(), place / "teacher.pt")
print(f"0 to 4: {known:.1%} of {len(old_images)} digits that it has not seen")

# %%
# The backbone goes over, the head does not: it names other classes.
# With another number of classes it would not even fit, and ``strict=False`` does not
# help, since it forgives *names* and not shapes.
# Our case is worse.
# Five classes there and five here: the old head fits without a word, and its answers
# mean nothing here.
# So drop the head by name, and read what ``load_state_dict`` returns.

state = torch.load(place / "teacher.pt")
with eatorch.show_error(RuntimeError, lines=5):
    digit_net(outputs=3).load_state_dict(state, strict=False)

student = digit_net()
body = {name: values for name, values in state.items() if not name.startswith("head.")}
missing, unexpected = student.load_state_dict(body, strict=False)
assert not unexpected
missing

# %%
# ``missing_keys`` names the new head and nothing else: just as it should be.
#
# .. _save-fair:
#
# Frozen, free, or from scratch: a fair comparison
# ------------------------------------------------
# Three ways to go on.
#
# - *From scratch*: forget the teacher.
# - *Frozen*: the backbone stays as it is, and only the head learns; also called feature
#   extraction.
# - *Fine-tuned*: the backbone begins as the teacher's, and everything learns.
#
# Fair means: the same few pictures, the same number of steps, and for each way the same
# chance to find its learning rate, on pictures that are neither trained on nor tested.


def take_steps(net, optimizer, rows, steps=50):
    """Train on some of the new pictures, given by their rows."""
    for _ in range(steps):
        some = rows[torch.randperm(len(rows))[:32]]
        optimizer.zero_grad()
        functional.cross_entropy(net(new_images[some]), new_targets[some]).backward()
        optimizer.step()


# %%
# Only the start and what may learn are different.


def adapt(way, rows, rate, seed, steps):
    """Return a network that has learned from a few of the new pictures."""
    torch.manual_seed(seed)
    net = digit_net()
    if way != "from scratch":
        net.load_state_dict(body, strict=False)
    net.backbone.requires_grad_(way != "frozen")
    learning = [p for p in net.parameters() if p.requires_grad]
    take_steps(net, torch.optim.Adam(learning, lr=rate), rows, steps)
    return net


# %%
# 300 pictures are the pool that the few are drawn from, 200 choose the rate, the rest
# is the test.
# Which pictures are drawn matters a great deal, so we repeat every training with
# several draws, the *same* draws for each way.

pool, valid, test = torch.arange(len(new_images)).tensor_split([300, 500])


def draw(each, seed):
    """Return the rows of so many pictures of each class."""
    generator = torch.Generator().manual_seed(seed)
    mixed = pool[torch.randperm(len(pool), generator=generator)]
    return torch.cat([mixed[new_targets[mixed] == c][:each] for c in range(5)])


def accuracies(way, rate, each, seeds, part, *, steps=50):
    """Return the accuracy for each draw."""
    nets = [adapt(way, draw(each, seed), rate, seed, steps) for seed in seeds]
    return torch.tensor(
        [accuracy_of(net, new_images[part], new_targets[part]) for net in nets]
    )


# %%
# First the rates, with one draw of thirty pictures of each class.
# Each way tries the same three.

rates = {}
for way in ("from scratch", "frozen", "fine-tuned"):
    found = {}
    for rate in (0.003, 0.01, 0.03):
        found[rate] = accuracies(way, rate, 30, [0], valid).item()
    rates[way] = max(found, key=found.get)
    print(f"{way:12}", {rate: f"{share:.1%}" for rate, share in found.items()})

# %%
# One draw may choose a rate, but it says little about the ways.
# For that we take the test, with three other draws, and with fewer pictures as well.

counts = (3, 30)  # pictures of each class
results = {
    way: torch.stack([accuracies(way, rate, n, range(10, 13), test) for n in counts])
    for way, rate in rates.items()
}  # way: (count, draw)
for way, shares in results.items():
    print(f"{way:12}", *(f"{share:6.1%}" for share in shares.mean(1)))

# %%
# Dots are single draws, lines their means.

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for number, (way, shares) in enumerate(results.items()):
    beside = torch.tensor(counts) * 1.04 ** (number - 1)
    ax.plot(beside, shares, ".", color=f"C{number}", alpha=0.6)
    ax.plot(beside, shares.mean(1), color=f"C{number}", label=way)
ax.set(xlabel="pictures of each class", ylabel="accuracy (share)", xscale="log")
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.legend()
fig.suptitle("With few pictures frozen features do well, with more they fall behind")
plt.show()

# %%
# With three pictures of each class there is too little to learn features from, and the
# teacher's are better than none.
# With thirty there is enough to mend them.
# They were made for other digits; the frozen network can only weigh them anew, with
# 5 x 32 weights and 5 biases, and the one that may change them leaves it behind.
# The one from scratch is behind as well.
# But is that for want of a teacher, or for want of time?
# Let both learn for twice as many steps, on the first two draws.

means = {way: shares.mean(1) for way, shares in results.items()}
assert means["frozen"][0] > means["from scratch"][0]
assert means["frozen"][1] < means["fine-tuned"][1] - 0.05

lead = torch.zeros(2)
for way, sign in (("fine-tuned", 1), ("from scratch", -1)):
    longer = accuracies(way, rates[way], 30, [10, 11], test, steps=100)
    both = torch.stack([results[way][1, :2].mean(), longer.mean()])
    print(f"{way:12} 50 steps {both[0]:.1%}, 100 steps {both[1]:.1%}")
    lead += sign * both
assert 0 < lead[0] > lead[1]

# %%
# The lead has shrunk: a good part of what the teacher gave was a head start, and steps
# can make up for that.
# Whoever trains all ways for the same short time and stops there praises the teacher
# too much.
#
# Nothing here is a law.
# With a teacher that has seen more, on a task that is more alike, frozen features carry
# further; where the old task has little to do with the new one, neither may help.
# So ask the validation set.
# (Who has only 15 pictures to learn from has no 200 for choosing a rate.
# Here they serve all three ways alike; in your own case, take the rate from a similar
# task, or choose by cross-validation, :ref:`train`.)

# %%
# .. _save-groups:
#
# Forgetting, and how to go gently
# --------------------------------
# What has become of the old task?
# We put the teacher's head back on the backbone of a student, and ask.
#
# Between frozen and free lies a backbone that may change, but slowly.
# Parameter groups (:ref:`optim`) give each part of a network a rate of its own.
# Here the backbone learns at 0, 0.1 and 1 times the rate of the head; 0 is frozen.


def adapt_gently(factor, rows):
    """Fine-tune with a backbone that learns ``factor`` times as fast as the head."""
    torch.manual_seed(0)
    net = digit_net()
    net.load_state_dict(body, strict=False)
    slow = {"params": net.backbone.parameters(), "lr": 0.01 * factor}
    fast = {"params": net.head.parameters(), "lr": 0.01}
    take_steps(net, torch.optim.Adam([slow, fast]), rows)
    return net


# %%
# Thirty pictures of each class, as on the right of the figure.

old_task = []
for factor in (0.0, 0.1, 1.0):
    net = adapt_gently(factor, draw(30, seed=0))
    new = accuracy_of(net, new_images[test], new_targets[test])
    both = nn.Sequential(net.backbone, teacher.head)
    old_task.append(accuracy_of(both, old_images, old_targets))
    print(f"factor {factor}: 5 to 9 {new:.1%}, 0 to 4 {old_task[-1]:.1%}")
assert old_task[0] == known > old_task[2] + 0.1
assert old_task[1] > old_task[2]

# %%
# The frozen backbone serves both tasks, each with its own head.
# The free one has changed under the old head: this is called *catastrophic forgetting*.
# The slow one keeps most of the old task, and learns more of the new one than the
# frozen one.
# A tenth is a usual beginning.

# %%
# .. _save-mistakes:
#
# Classic mistakes
# ----------------
# **A prefix in all names.**
# ``DataParallel`` and ``DistributedDataParallel`` wrap the model and put ``module.`` in
# front of every name, ``torch.compile`` puts ``_orig_mod.`` there.
# Best save the state dict of the model *inside*.
# If you have such a file already, take the prefix off.

wrapped = {f"module.{name}": values for name, values in model.state_dict().items()}
with eatorch.show_error(RuntimeError, lines=3):
    again.load_state_dict(wrapped)
nn.modules.utils.consume_prefix_in_state_dict_if_present(wrapped, "module.")
again.load_state_dict(wrapped)

# %%
# **A slice with its whole tensor.**
# A view shares the memory of what it was cut from (:ref:`tensor`), and ``save`` keeps
# that bond: it stores all of the memory.
# Clone what you want to save alone.

large = torch.zeros(1000, 100)
sizes = []
for saved in (large[:3], large[:3].clone()):
    torch.save(saved, place / "slice.pt")
    sizes.append((place / "slice.pt").stat().st_size)
assert sizes[0] > 400_000 > 100 * sizes[1]
sizes

# %%
# **Another optimizer, other groups.**
# The state of an optimizer goes by the order of the parameters, not by their names.
# If you freeze, split or reorder before you build the optimizer, do it in the same way
# when you resume.
# The lucky case is an error; two parameters of one shape that have changed places go
# unnoticed.
#
# One more slip has no message at all: a loaded network is in training mode, like any
# new one.
# Call ``eval()`` before you use it (:ref:`image-mistakes`), and ``train()`` before you
# resume.

halves = [{"params": model.backbone.parameters()}, {"params": model.head.parameters()}]
with eatorch.show_error(ValueError):
    torch.optim.Adam(halves).load_state_dict(unbroken.optimizer.state_dict())
folder.cleanup()

# %%
# .. admonition:: Then and now
#
#    - Until PyTorch 2.5, ``torch.load`` ran whatever the file said unless you wrote
#      ``weights_only=True``. Since 2.6 it is the default, and old courses that save
#      whole models fail with the message above.
#    - Files are often called ``.pth.tar``. Only the very first versions wrote tar
#      archives; since 1.6 they are zip archives.
#    - Ready-made networks came with ``pretrained=True``. Today you name the weights you
#      mean, as in ``resnet18(weights=ResNet18_Weights.DEFAULT)``, and the object brings
#      along the preparation that its inputs need. They have to be downloaded, so we
#      trained our own.
#    - A frozen parameter was made with ``parameter.requires_grad = False`` in a loop.
#      It still works; ``module.requires_grad_(False)`` says it in one line.
#    - ``model.module.state_dict()`` was a must after ``DataParallel``. Unwrap first, or
#      use the function above.
#
# .. _save-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _save-ex1:
#
# Exercise 32-1: 0.123 goes on a journey
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``carry(build, file)``.
# It makes a network by ``build()``, sets all its parameters to 0.123, saves its state
# dict in ``file``, makes a *second* network, fills it from the file and returns it.
# Buffers stay as they are.
# Print a weight of the second network before and after loading to see it happen.
#
# .. dropdown:: Hint
#
#    :func:`torch.nn.init.constant_` fills a parameter.
#    ``load_state_dict`` fills the network, and returns a message instead of a network.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def carry(build, file):
#           first, second = build(), build()
#           for parameter in first.parameters():
#               nn.init.constant_(parameter, 0.123)
#           torch.save(first.state_dict(), file)
#           print("before:", next(second.parameters()).flatten()[0].item())
#           second.load_state_dict(torch.load(file))
#           print("after: ", next(second.parameters()).flatten()[0].item())
#           return second


def carry(build, file):
    """Carry 0.123 through a file into a second network, and return that."""
    ...  # your code here


eatorch.check("32-1", carry)

# %%
# .. _save-ex2:
#
# Exercise 32-2: who is let in?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Seven things are saved with :func:`torch.save`.
# Which of them does ``torch.load`` read with ``weights_only=True``?
# Give seven times ``True`` or ``False``.
#
# 1. ``model.state_dict()``
# 2. ``{"losses": [0.5, 0.4], "name": "first"}``
# 3. ``model``
# 4. ``{"optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}``
# 5. ``{"accuracy": np.mean([0.9, 0.8])}``
# 6. ``{"shape": torch.Size([3]), "dtype": torch.float32}``
# 7. ``{"folder": Path("runs")}``
#
# .. dropdown:: Hint
#
#    Tensors, numbers, strings, plain containers, and PyTorch's own small types.
#    Save and load each of them, and read the errors: that is the better half of the
#    exercise.
#
# .. dropdown:: Solution
#
#    The model is an object of your class, the mean is a NumPy number, and the folder an
#    object of the class ``Path``.
#    ``str(folder)`` and ``float(accuracy)`` would do.
#
#    .. code-block:: python
#
#       opened = [True, True, False, True, False, True, False]

opened = [...]  # your code here

eatorch.check("32-2", opened)

# %%
# .. _save-ex3:
#
# Exercise 32-3: a photograph of a run
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Sometimes you want to go back without a file, to the best epoch or to the last one
# before the loss became ``nan``.
# Write ``snapshot(model, optimizer, scheduler, epoch)``.
# It returns a dictionary with the keys ``"model"``, ``"optimizer"``, ``"scheduler"``,
# ``"random"`` and ``"epoch"``, where ``"random"`` is the state of the stream that
# PyTorch draws from unless you hand it a generator.
# The run goes on afterwards, and the snapshot must not.
# The check saves it later, reads it with ``weights_only=True``, resumes, and compares
# all losses.
#
# .. dropdown:: Hint
#
#    Whose tensors are in ``model.state_dict()``?
#    And one level further down, in that of the optimizer?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def snapshot(model, optimizer, scheduler, epoch):
#           from copy import deepcopy
#
#           return deepcopy(
#               {
#                   "model": model.state_dict(),
#                   "optimizer": optimizer.state_dict(),
#                   "scheduler": scheduler.state_dict(),
#                   "random": torch.get_rng_state(),
#                   "epoch": epoch,
#               }
#           )


def snapshot(model, optimizer, scheduler, epoch):
    """Return all that a run needs to come back to this moment."""
    ...  # your code here


eatorch.check("32-3", snapshot)

# %%
# .. _save-ex4:
#
# Exercise 32-4: to each its rate
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``groups(net, rate)`` for any network with a ``backbone`` and a ``head``.
# It returns the list of parameter groups for an optimizer: the head learns with
# ``rate``, the backbone with a tenth of it, and what is frozen is in no group.
# Some layers of the backbone may be frozen, or all.
#
# .. dropdown:: Hint
#
#    A group is a dictionary with ``"params"`` and ``"lr"``.
#    Ask each parameter for its ``requires_grad``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def groups(net, rate):
#           body = [p for p in net.backbone.parameters() if p.requires_grad]
#           head = [p for p in net.head.parameters() if p.requires_grad]
#           return [{"params": body, "lr": rate / 10}, {"params": head, "lr": rate}]


def groups(net, rate):
    """Return parameter groups: the head fast, the backbone slowly, no frozen ones."""
    ...  # your code here


eatorch.check("32-4", groups)

# %%
# .. _save-minute:
#
# In one minute
# -------------
# - Save state dicts. A whole model binds the file to your code.
# - A pickle can run programs. Leave ``weights_only`` alone, ask
#   ``get_unsafe_globals_in_checkpoint``, and give others safetensors.
# - A checkpoint holds model, optimizer, scheduler, random states and the epoch. Then
#   the resumed run equals the unbroken one in all bits.
# - Write beside the old file, then rename.
# - ``map_location="cpu"`` for files from elsewhere.
# - Transfer: load the backbone by name, give it a new head, read what
#   ``load_state_dict`` returns.
# - Whether to freeze is a question for the validation set, and depends on how much data
#   you have.
#
# .. _save-next:
#
# Read next
# ---------
# - :ref:`errors` collects the messages of files, shapes and devices.
# - :ref:`module` explains what is in a state dict, and what freezing does.
# - :ref:`norm` shows the trap of a frozen BatchNorm.
# - :ref:`device` saves from several processes.
# - `Serialization semantics <https://docs.pytorch.org/docs/2.13/notes/serialization.html>`_
#   in the PyTorch documentation.
# - `The safetensors format <https://huggingface.co/docs/safetensors>`_.
# - Yosinski and others, `How transferable are features in deep neural networks?
#   <https://arxiv.org/abs/1411.1792>`_ (2014)
