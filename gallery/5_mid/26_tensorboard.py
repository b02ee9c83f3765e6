"""
.. _tensorboard:

TensorBoard
===========

Log a training so that you can look into it while it runs and compare it with others a
month later, and read every number back.

:Level: 3
:Hours: 1
:Day: 17
:Needs: :ref:`module`, :ref:`high`
:Data: 1,797 handwritten digits of 8 x 8 pixels (CC BY 4.0, from scikit-learn)

A training that prints its loss is forgotten when the window is closed.
TensorBoard keeps what you log in files and draws it in the browser: curves, histograms,
pictures, tables of settings.
It is a package of its own and needs no TensorFlow; install it with
``pip install tensorboard``, or ``%pip install tensorboard`` in a notebook.

This page is printed and cannot hold a running TensorBoard.
So we do what TensorBoard itself does: open the files, read the numbers, draw them.
"""

import io
import math
import struct
import tempfile
import warnings
from collections import OrderedDict
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from torch import nn
from torch.utils.tensorboard import SummaryWriter

import eatorch

# %%
# .. _tensorboard-write:
#
# A writer and a file
# -------------------
# Two programs share the work and never talk to each other.
# Your program has a *writer*, which appends *events* to a file.
# TensorBoard reads the file and serves a web page.
# So you can look while the training runs, after it has crashed, or on another computer
# to which you copied the file.
#
# An event has a *tag*, which names the curve, a *step*, which is its place on the
# horizontal axis, and a value.
# Here is a parabola, written with
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_scalar`.

scratch = tempfile.TemporaryDirectory()  # vanishes with the program
root = Path(scratch.name)

with SummaryWriter(root / "parabola") as writer:
    for step in range(-10, 11):
        writer.add_scalar("y", step**2, step)

(file,) = (root / "parabola").iterdir()
print(file.name[:19], "…", file.stat().st_size, "bytes")

# %%
# You name a folder, never the file.
# The rest of the file's name is the time, the computer, the process and a counter, so
# that no two writers get in each other's way.
# Without an argument the folder is ``runs/`` plus date and computer, inside the folder
# in which you started Python.
#
# .. _tensorboard-file:
#
# What is in an event file?
# -------------------------
# The format is so simple that a few lines can read it.
# One record follows the other: the length of the content in 8 bytes, a checksum of the
# length in 4, the content, and a checksum of the content in 4.
# The content is a small message, which the class ``Event`` decodes.


def records(path):
    """Return the events of a file, read byte by byte."""
    content, at, events = path.read_bytes(), 0, []
    while at < len(content):
        (length,) = struct.unpack("<Q", content[at : at + 8])
        events.append(Event.FromString(content[at + 12 : at + 12 + length]))
        at += 8 + 4 + length + 4
    return events


first, *points = records(file)
assert len(points) == 21
print(first.file_version)
for event in points[:3]:
    print(event.step, event.summary.value[0].tag, event.summary.value[0].simple_value)

# %%
# The file only ever grows at its end.
# That is why a second program can read it meanwhile, and why a crash costs no more than
# the last events, which had not been written yet.
#
# For everyday reading there is ``EventAccumulator``, which comes with TensorBoard.
# It takes a folder.
# By default it saves memory and keeps only some values of each tag, of histograms a
# single one; a 0 in ``size_guidance`` means all.


def read(folder):
    """Load everything that was logged to a folder."""
    everything = {"scalars": 0, "histograms": 0, "images": 0, "tensors": 0}
    return EventAccumulator(str(folder), size_guidance=everything).Reload()


def curve(run, tag):
    """Return the steps and the values of a scalar."""
    events = run.Scalars(tag)
    return [event.step for event in events], [event.value for event in events]


# %%
# The parabola comes back as it went in.

steps, values = curve(read(root / "parabola"), "y")
assert values == [step**2 for step in range(-10, 11)]
fig, ax = plt.subplots(figsize=(5, 2.6), layout="constrained")
ax.plot(steps, values, "o-", markersize=4)
ax.set(xlabel="step", ylabel="y", title="A parabola went to disk and came back")
plt.show()

# %%
# .. _tensorboard-server:
#
# Start the server
# ----------------
# In a terminal, name the folder *above* your runs, and open the address that is
# printed, usually http://localhost:6006.
# While a training writes, the round arrow at the top right brings in what is new; with
# *Reload data* in the settings the page does so by itself.
#
# .. code-block:: text
#
#    tensorboard --logdir runs
#
# In Jupyter, Colab or VS Code the page appears inside the notebook:
#
# .. code-block:: text
#
#    %load_ext tensorboard
#    %tensorboard --logdir runs
#
# What people ask again and again:
#
# - *No dashboards are active*: TensorBoard found no event file.
#   The path is wrong, or you stand in another folder than the training did.
# - *The training runs on a server.* Log in with
#   ``ssh -L 6006:localhost:6006 name@server``, which passes the port on, start
#   TensorBoard on the server, and open the address on your own computer.
#   ``--bind_all`` also works, but then everybody in the network can look in.
# - *The port is in use.* Take another: ``--port 6007``.
# - *Points or pictures are missing.* To stay fast the server picks a random 1,000
#   points of a curve and 10 pictures of a tag; nothing is lost in the file.
#   ``--samples_per_plugin images=100,scalars=10000`` shows more of both.
#
# Does a server really show what we logged?
# The test suite of this site starts one with the command above on a curve like ours,
# fetches it over HTTP and compares each value; it also counts the points of a long
# curve.
# You can ask the server yourself, since the page in the browser has no other source:
#
# .. code-block:: text
#
#    curl "http://localhost:6006/data/plugin/scalars/scalars?run=parabola&tag=y"
#
# The answer is a list of time, step and value for each point.
#
# .. _tensorboard-training:
#
# Log a training
# --------------
# Now the real thing.
# We log the loss of each batch and, after each epoch, loss and accuracy on the
# validation set, and what every parameter and its gradient look like.
# Tags with a slash are grouped: all ``loss/…`` stand side by side.

torch.set_num_threads(1)  # on a net this small, threads cost more than they bring
digits = eatorch.data.digits()
torch.manual_seed(0)
order = torch.randperm(len(digits))
images, targets = digits.images[order], digits.targets[order]
train_images, valid_images = images[:1400], images[1400:]  # (picture, 1, 8, 8)
train_targets, valid_targets = targets[:1400], targets[1400:]
measure = nn.CrossEntropyLoss()

# %%
# ``report`` is called after each epoch.


def report(writer, net, step):
    """Log what is worth a look once per epoch."""
    with torch.no_grad():
        output = net(valid_images)
    right = (output.argmax(1) == valid_targets).float().mean()
    writer.add_scalar("loss/valid", measure(output, valid_targets), step)
    writer.add_scalar("accuracy/valid", right, step)
    for name, parameter in net.named_parameters():
        writer.add_histogram(f"weight/{name}", parameter, step)
        writer.add_histogram(f"gradient/{name}", parameter.grad, step)


# %%
# The step counts *batches*, in both functions.
# If one curve counts batches and the other epochs, they cannot be compared.
# And the layers have names, so the tags will have names.


def build():
    """Return a net with two hidden layers, always from the same start."""
    torch.manual_seed(0)
    layers = OrderedDict(flat=nn.Flatten(), first=nn.Linear(64, 32), bend1=nn.ReLU())
    layers.update(second=nn.Linear(32, 32), bend2=nn.ReLU(), last=nn.Linear(32, 10))
    return nn.Sequential(layers)


# %%
# The loop itself is the one you know.


def train(folder, rate, epochs=10):
    """Train a net, log it to a folder and return it."""
    net, step = build(), 0
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    with SummaryWriter(folder) as writer:
        for _ in range(epochs):
            for rows in torch.randperm(len(train_images)).split(50):
                loss = measure(net(train_images[rows]), train_targets[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                writer.add_scalar("loss/train", loss, step)
                step += 1
            report(writer, net, step)
    return net


# %%
# .. _tensorboard-runs:
#
# One folder, one run
# -------------------
# Each folder with an event file is a *run*.
# TensorBoard draws one chart for each tag, and in it one line for each run.
# So give each training a folder of its own, and put into its name what you changed.

rates = [0.03, 0.3, 3.0]
nets = {rate: train(root / "digits" / f"rate {rate}", rate) for rate in rates}


def tree(folder):
    """Print what lies in a folder, without the endings of event files."""
    for path in sorted(folder.rglob("*")):
        print("  " * len(path.relative_to(folder).parts), path.name[:19])


tree(root / "digits")

# %%
# This is the page that TensorBoard shows, drawn from the files.

runs = {rate: read(root / "digits" / f"rate {rate}") for rate in rates}
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
for ax, tag in zip(axes, ("loss/train", "loss/valid", "accuracy/valid"), strict=True):
    for rate in rates:
        steps, values = curve(runs[rate], tag)
        ax.plot(steps, values, label=f"rate {rate}")
    ax.set(title=tag, xlabel="step (batches)", ylabel=tag.partition("/")[0])
axes[0].set_ylim(0, 3)  # the largest rate starts with peaks far above
axes[2].legend(fontsize=8)
fig.suptitle("Three runs: one learns, one is too slow, one learns nothing")
plt.show()

# %%
# The smallest rate is too slow for so few epochs.
# The largest ends no better than guessing among ten classes, at
# :math:`\ln 10 \approx 2.3`.
# Why?
# The histograms will tell, two sections below.

ends = {rate: curve(runs[rate], "loss/valid")[1][-1] for rate in rates}
assert ends[0.3] < 0.5 < ends[0.03] < math.log(10) < ends[3.0] + 0.05
{rate: round(loss, 2) for rate, loss in ends.items()}

# %%
# What if *different* curves of one training belong into one chart, such as the losses
# of training and validation?
# They need the same tag, hence different runs.
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_scalars`, with an s, does
# that: it makes a folder, and so a run, for each curve.

with SummaryWriter(root / "both") as writer:
    for step in range(5):
        losses = {"train": 1 / (step + 1), "valid": 1.2 / (step + 1)}
        writer.add_scalars("loss", losses, step)

tree(root / "both")
read(root / "both" / "loss_train").Tags()["scalars"]

# %%
# It is handy for two curves.
# For a hundred runs the extra folders fill the list of runs, and two writers, one per
# folder, give you the names you want: :ref:`exercise 26-2 <tensorboard-ex2>`.
#
# .. _tensorboard-smooth:
#
# The slider called smoothing
# ---------------------------
# The loss jumps from batch to batch, and TensorBoard smooths it by default, with a
# weight of 0.6.
# The thick line is then an average over the past: at each step, ``weight`` of the
# old average and ``1 - weight`` of the new value.
# Started at zero that average would be too small in the beginning, so it is divided by
# the sum of its weights.


def smooth(values, weight):
    """Average a curve over its past as TensorBoard's slider does."""
    average, smoothed = 0.0, []
    for count, value in enumerate(values, start=1):
        average = weight * average + (1 - weight) * value
        smoothed.append(average / (1 - weight**count))
    return smoothed


steps, values = curve(runs[0.3], "loss/train")
late = smooth(values, 0.95)
assert sum(late) > sum(values)  # it lies above, on average

# %%
# While a curve falls, its average lies mostly above it, because it still remembers.

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.plot(steps, values, color="0.6", linewidth=1, label="each batch")
for weight in (0.6, 0.95):
    ax.plot(steps, smooth(values, weight), linewidth=2, label=f"smoothing {weight}")
ax.set(xlabel="step (batches)", ylabel="loss", title="More smoothing, later news")
ax.legend()
plt.show()

# %%
# Smoothing calms the eye and hides things: a single bad batch, or how noisy a run is.
# Before you compare two runs, look at the pale lines too, and use the same slider.
# The files keep the real values.
#
# .. _tensorboard-histograms:
#
# Histograms over time
# --------------------
# A curve shows one number per step,
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_histogram` a whole tensor of
# any shape.
# Stored are not the values but how many fall into each of some 1,500 buckets.
# The buckets are narrow near zero and wide far away, each a tenth wider than its
# neighbour, so that they fit weights of 0.0001 as well as of 1,000.
# A bell that moves to the right will show what that means for a picture.

torch.manual_seed(0)
with SummaryWriter(root / "bell") as writer:
    for step in range(4):
        writer.add_histogram("bell", torch.randn(20_000) + step, step)

bells = [event.histogram_value for event in read(root / "bell").Histograms("bell")]
print(f"{bells[2].num:g} values between {bells[2].min:.1f} and {bells[2].max:.1f}")
print(len(bells[2].bucket), "buckets in use")
(bell_file,) = (root / "bell").iterdir()
size, small = bell_file.stat().st_size, file.stat().st_size
print(f"{size / 4:,.0f} bytes for a histogram, {small / 21:.0f} for a point")
assert size / 4 > 100 * small / 21

# %%
# Each bucket has its right edge in ``bucket_limit`` and its count in ``bucket``.
# The wide ones catch more, merely because they are wide, and near zero there is a gap.
# So TensorBoard's page spreads the counts over 30 equal buckets before it draws, and
# whoever reads the file has to do the same: add the counts up, read the sum off at
# equal distances, and take the differences.


def even(bell, edges):
    """Spread the counts of a histogram over other buckets."""
    below = np.interp(edges, bell.bucket_limit, np.cumsum(bell.bucket))
    return np.diff(below)


edges = np.linspace(-4.5, 7.5, 31)
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for step, bell in enumerate(bells):
    left.stairs(bell.bucket[1:], bell.bucket_limit, label=f"step {step}")
    right.stairs(even(bell, edges), edges, linewidth=2)
left.set(title="buckets in the file", xlabel="value", ylabel="count")
right.set(title="30 equal buckets", xlabel="value", ylabel="count")
left.legend(fontsize=8)
fig.suptitle("In equal buckets you see the bell that moves one to the right each step")
plt.show()

# %%
# Now back to the run that learns nothing.
# We ask for the gradients of its last epoch, and of the good run for comparison.


def largest(run, name):
    """Return the largest absolute gradient that was logged last."""
    last = run.Histograms(f"gradient/{name}")[-1].histogram_value
    return max(abs(last.min), abs(last.max))


for name, _ in nets[0.3].named_parameters():
    good, bad = largest(runs[0.3], name), largest(runs[3.0], name)
    assert good > 0
    assert (bad == 0) == (name != "last.bias")
    print(f"{name:13} {good:.4f} {bad:.4f}")

# %%
# In the right column, all but the last bias have a gradient of exactly zero.
# The long steps have pushed the units of a hidden layer so far that each of them
# gives a negative number for every picture.
# :class:`~torch.nn.ReLU` turns those into 0, and its slope there is 0 too.
# So the weights in front of it get no gradient because of the slope, and those behind
# it none because their input is 0.
# Such units are called *dead*.
# Only the last bias is left, and it learns how frequent the classes are.

for rate in (0.3, 3.0):
    with torch.no_grad():
        alive = nets[rate][:-1](train_images).amax(0) > 0  # (unit of the second layer,)
    assert alive.any() == (rate == 0.3)
    print(f"rate {rate}: {alive.sum()} of {len(alive)} units answer to some picture")

# %%
# A loss curve could only say *that* something is wrong.
# Log gradients once per epoch rather than once per step: the sizes above tell how much
# more room a histogram takes than a point of a curve.
#
# .. _tensorboard-pictures:
#
# Pictures
# --------
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_image` takes one picture,
# ``(channel, height, width)``;
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_images` takes a batch and
# lays it out in rows of eight, which older code did with ``make_grid`` of torchvision.
# Both expect floats from 0 to 1, or bytes from 0 to 255.
# What lies outside is cut off, without a word: here is the same batch four times.

batch = valid_images[:16]  # (16, 1, 8, 8), from 0 to 1
standard = (batch - batch.mean()) / batch.std()
low, high = standard.min(), standard.max()
variants = {
    "from 0 to 1": batch,
    "floats to 255": batch * 255,
    "standardised": standard,
    "scaled back": (standard - low) / (high - low),
}
with SummaryWriter(root / "pictures") as writer:
    for tag, pictures in variants.items():
        writer.add_images(tag, pictures, 0)

# %%
# In the file each picture is a PNG.


def picture(folder, tag, number=-1):
    """Return a logged picture, (height, width, 3), from 0 to 1."""
    content = read(folder).Images(tag)[number].encoded_image_string
    return plt.imread(io.BytesIO(content))


fig, axes = plt.subplots(2, 2, figsize=(7, 2.6), layout="constrained")
for ax, tag in zip(axes.flat, variants, strict=True):
    ax.imshow(picture(root / "pictures", tag))
    ax.set_title(tag, fontsize=10)
    ax.axis("off")
fig.suptitle(
    "Values outside 0 to 1 are cut off: bring pictures back before you log them"
)
plt.show()

# %%
# Floats up to 255 lose all greys, and a standardised batch loses what is darker than
# its mean.
#
# Weights can be pictures, too.
# Each of the 32 units of the first layer has 64 weights, one for each pixel.
# And :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_figure` logs any figure
# of Matplotlib, then closes it.

weights = nets[0.3].first.weight.detach().view(32, 1, 8, 8)
low, high = weights.min(), weights.max()
confusion = eatorch.metrics.ConfusionMatrix(10)
with torch.no_grad():
    confusion.update(nets[0.3](valid_images), valid_targets)
with SummaryWriter(root / "pictures") as writer:
    writer.add_images("weights", (weights - low) / (high - low), 0)
    fig, ax = plt.subplots(figsize=(4, 4), layout="constrained", facecolor="white")
    eatorch.plots.plot_confusion(confusion.compute(), ax=ax)
    writer.add_figure("confusion", fig, 0)

# %%
# If you log them every epoch, a slider above the picture goes through time.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
left.imshow(picture(root / "pictures", "weights"))
right.imshow(picture(root / "pictures", "confusion"))
left.set_title("add_images: weights of the first layer", fontsize=10)
right.set_title("add_figure: what was taken for what", fontsize=10)
left.axis("off")
right.axis("off")
fig.suptitle("Weights and whole figures, read back from the event file")
plt.show()

# %%
# .. _tensorboard-settings:
#
# Settings and notes
# ------------------
# A month later you will want to know how a run was made.
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_hparams` logs settings, the
# *hyperparameters*, together with the result, and TensorBoard shows all runs as a table
# that you can sort.
# Call it once, at the end.
# Unless you say ``run_name="."``, it opens a subfolder named after the time, and each
# training counts as two runs.
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_text` takes notes in
# Markdown.

for rate in rates:
    folder = root / "digits" / f"rate {rate}"
    accuracy = curve(runs[rate], "accuracy/valid")[1][-1]
    with SummaryWriter(folder) as writer:
        settings = {"rate": rate, "hidden": 32}
        writer.add_hparams(settings, {"final/accuracy": accuracy}, run_name=".")
        writer.add_text("note", "Plain SGD, **two** hidden layers of 32 units")
    print(rate, round(read(folder).Scalars("final/accuracy")[0].value, 2))

# %%
# We chose among three rates by this validation accuracy, so it is a little too kind to
# the winner; :ref:`tabular` keeps a test set for that reason.
#
# .. _tensorboard-callback:
#
# With a trainer
# --------------
# In :ref:`high` a :class:`~eatorch.training.Trainer` does the loop, and a callback does
# the logging: :class:`eatorch.callbacks.TensorBoard`.
# Its steps count epochs, so give such runs a folder apart from runs that count batches.
# Other training libraries have callbacks like it.

net = build()
optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
trainer = eatorch.training.Trainer(net, measure, optimizer)
everything = torch.utils.data.TensorDataset(images, targets)
loaders = eatorch.data.loaders(everything, 50)
board = eatorch.callbacks.TensorBoard(root / "trainer")
trainer.fit(*loaders, epochs=3, callbacks=[board], progress=False)
read(root / "trainer").Tags()["scalars"]

# %%
# .. _tensorboard-graph:
#
# The graph
# ---------
# Old courses draw the model with
# :meth:`~torch.utils.tensorboard.writer.SummaryWriter.add_graph`.
# It still works, but it runs the model through ``torch.jit.trace``, which is
# deprecated, and everything that Python decides, an ``if`` or a loop, is frozen to what
# happened on this one input.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with SummaryWriter(root / "graph") as writer:
        writer.add_graph(nets[0.3], valid_images[:1])
print(caught[0].message)
print(len(read(root / "graph").Graph().node), "nodes")

# %%
# For a table of layers and shapes use :func:`eatorch.summary`; the record that autograd
# keeps is drawn in :ref:`graph`.
#
# .. _tensorboard-mistakes:
#
# Classic mistakes
# ----------------
# **The same folder twice.**
# Run a script again without a new folder, and both trainings become one run.
# The line jumps back to the start and zigzags through the chart.

for attempt in (1, 2):
    with SummaryWriter(root / "same") as writer:
        for step in range(30):
            writer.add_scalar("loss", math.exp(-attempt * step / 20), step)

steps, values = curve(read(root / "same"), "loss")
fig, ax = plt.subplots(figsize=(5, 2.6), layout="constrained")
ax.plot(steps, values, "o-", markersize=3)
ax.set(xlabel="step", ylabel="loss", title="Two trainings in one folder are one line")
plt.show()

# %%
# If you *continue* a training after a crash, the same folder is right.
# Then pass ``purge_step``, the step at which you go on: what an earlier attempt logged
# from there on is hidden.

with SummaryWriter(root / "same", purge_step=10) as writer:
    writer.add_scalar("loss", 0.5, 10)
steps, _ = curve(read(root / "same"), "loss")
assert max(steps) == 10
steps

# %%
# The reader reports what it hides; the message speaks of TensorFlow, which plays no
# part here.
# Both old attempts are cut at step 10, and they still stand one after the other: the
# files cannot be un-mixed, so choose the folder well.
#
# **Forgetting the step.**
# Without ``global_step`` every point lies at step 0, and you see a vertical line.

with SummaryWriter(root / "no step") as writer:
    for value in (0.9, 0.5, 0.3):
        writer.add_scalar("loss", value)
curve(read(root / "no step"), "loss")

# %%
# **A whole tensor as a scalar, a picture without its channel, a list.**
# These three have messages.

with SummaryWriter(root / "refused") as writer:
    with eatorch.show_error(AssertionError):
        writer.add_scalar("loss", torch.zeros(2), 0)
    with eatorch.show_error(AssertionError):
        writer.add_image("digit", valid_images[0, 0], 0)
    with eatorch.show_error(NotImplementedError):
        writer.add_histogram("weights", [1.0, 2.0], 0)

# %%
# The second is cured by ``dataformats="HW"``.
#
# **NaN in a histogram.**
# As long as one finite value is left, NaN is skipped silently.
# If all are NaN, the message is misleading: it is your training that is broken.

some, none = torch.tensor([1.0, torch.nan, torch.nan]), torch.full((3,), torch.nan)
with SummaryWriter(root / "nan") as writer:
    writer.add_histogram("gradient", some, 0)
    with eatorch.show_error(ValueError):
        writer.add_histogram("gradient", none, 1)
(event,) = read(root / "nan").Histograms("gradient")
counted = sum(event.histogram_value.bucket)
f"{event.histogram_value.num:g} values, {counted:g} of them in buckets"

# %%
# **A writer that is never closed.**
# Events wait in a queue for a thread that writes them.
# If the program ends before, the last ones can be lost; where TensorFlow is installed
# as well, its files hold back up to two minutes more (``flush_secs``).
# ``with`` closes the writer, even after an error; in a notebook call ``flush`` before
# you look.
#
# .. admonition:: Then and now
#
#    - The writer once came in a package of its own, tensorboardX. It has been part of
#      PyTorch as ``torch.utils.tensorboard`` since 1.1 (2019).
#    - ``add_graph`` traces the model and warns. ``iter(loader).next()``, which stands
#      in the same examples, is gone; write ``next(iter(loader))``.
#    - ``make_grid`` for a simple sheet is no longer needed, ``add_images`` lays it out.
#    - Times and memory of the GPU were once shown by a plugin for TensorBoard, which is
#      deprecated; :class:`torch.profiler.profile` writes a trace that a browser opens.
#
# .. _tensorboard-exercises:
#
# Exercises
# ---------
# Where a function gets a folder, it is a ``Path``: to an empty folder, or to one with
# the files to read.
#
# .. _tensorboard-ex1:
#
# Exercise 26-1: a straight line
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``log_line(folder)``: it logs :math:`y = 2x` under the tag ``"y = 2x"``, for
# the steps 0 to 99, into ``folder``, and returns the folder.
# When it returns, the writer is closed.
#
# .. dropdown:: Hint
#
#    The parabola above, with another formula.
#    What closes the writer?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def log_line(folder):
#           with SummaryWriter(folder) as writer:
#               for x in range(100):
#                   writer.add_scalar("y = 2x", 2 * x, x)
#           return folder


def log_line(folder):
    """Log y = 2x for the steps 0 to 99."""
    ...  # your code here


eatorch.check("26-1", log_line)

# %%
# .. _tensorboard-ex2:
#
# Exercise 26-2: training and validation in one chart
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``log_losses(folder, train, valid)``.
# ``train`` and ``valid`` are lists with the loss of each epoch.
# Log them so that TensorBoard, started on ``folder``, draws both as two lines in *one*
# chart, with the epochs 1, 2, 3, … as steps, and return the folder.
# The names of the runs should contain ``train`` and ``valid``.
# When it returns, every writer is closed.
#
# .. dropdown:: Hint
#
#    One chart means one tag, two lines mean two runs.
#    There is a method that does both, or you open two writers.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def log_losses(folder, train, valid):
#           for name, losses in {"train": train, "valid": valid}.items():
#               with SummaryWriter(f"{folder}/{name}") as writer:
#                   for epoch, loss in enumerate(losses, start=1):
#                       writer.add_scalar("loss", loss, epoch)
#           return folder
#
#    With ``add_scalars("loss", {"train": …, "valid": …}, epoch)`` the runs are called
#    ``loss_train`` and ``loss_valid``.


def log_losses(folder, train, valid):
    """Log two lists of losses as two lines of one chart."""
    ...  # your code here


eatorch.check("26-2", log_losses)

# %%
# .. _tensorboard-ex3:
#
# Exercise 26-3: a sheet of pictures
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``sheet(pictures, columns)`` that makes one picture of a batch: a tensor
# ``(picture, channel, height, width)`` becomes ``(channel, rows * height,
# columns * width)``, filled row by row.
# Where the last row is not full, the rest is 0.
# Use no loop if you can.
#
# .. dropdown:: Hint
#
#    First add empty pictures until the last row is full.
#    Then split the first axis in two, rows and columns, and ask yourself which axis has
#    to stand next to which before you merge them.
#
# .. dropdown:: Solution
#
#    A pixel of the sheet counts first the rows of pictures, then the rows inside a
#    picture, so these two axes must be neighbours.
#
#    .. code-block:: python
#
#       def sheet(pictures, columns):
#           rows = math.ceil(len(pictures) / columns)
#           shape = (rows * columns, *pictures.shape[1:])
#           full = pictures.new_zeros(shape)
#           full[: len(pictures)] = pictures
#           _, channels, height, width = shape
#           grid = full.view(rows, columns, channels, height, width)
#           grid = grid.permute(2, 0, 3, 1, 4)  # channel, row, height, column, width
#           return grid.reshape(channels, rows * height, columns * width)


def sheet(pictures, columns):
    """Lay a batch of pictures out on one sheet."""
    ...  # your code here


eatorch.check("26-3", sheet)

# %%
# .. _tensorboard-ex4:
#
# Exercise 26-4: who is dead?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Somebody sends you the folder of a run, but not the model.
# Write ``dead(folder)``: it returns a list of those tags that begin with
# ``"gradient/"`` and whose *last* histogram holds nothing but zeros.
#
# .. dropdown:: Hint
#
#    ``read(folder)`` gives an accumulator, its ``Tags()["histograms"]`` the names, its
#    ``Histograms(tag)`` the events in their order.
#    What do you know if the smallest and the largest value are 0?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def dead(folder):
#           events, found = read(folder), []
#           for tag in events.Tags()["histograms"]:
#               last = events.Histograms(tag)[-1].histogram_value
#               if tag.startswith("gradient/") and last.min == last.max == 0:
#                   found.append(tag)
#           return found


def dead(folder):
    """Return the tags of gradients that are zero in the end."""
    ...  # your code here


eatorch.check("26-4", dead)

# %%
# .. _tensorboard-minute:
#
# In one minute
# -------------
# - A writer appends events (tag, step, value) to a file, and TensorBoard, a program of
#   its own, reads it: ``tensorboard --logdir runs``.
# - One folder is one run. The same tag in several runs makes several lines in one
#   chart; two trainings in one folder make a zigzag.
# - Close the writer with ``with``, always give a step, and count all curves alike.
# - Scalars for losses, histograms for weights and gradients, pictures from 0 to 1,
#   figures for all else, ``add_hparams`` for settings.
# - ``EventAccumulator`` brings every number back, for figures and tables of your own.
#
# .. _tensorboard-next:
#
# Read next
# ---------
# - :ref:`high` for the trainer and other callbacks.
# - :ref:`norm` for the starts and layers that keep units alive.
# - :ref:`schedule` for better learning rates than the three above.
# - :ref:`hook` takes gradients and feature maps out of any layer, ready to be logged.
