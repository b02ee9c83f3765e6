"""
.. _errors:

Common errors
=============

Meet the messages of PyTorch on purpose, each with its cause and its cure, and you will
know them when they come by themselves.

:Level: 2
:Hours: 1
:Needs: :ref:`autograd`, :ref:`module`, :ref:`data`
:Data: iris flowers (CC BY 4.0) and small tensors

Everybody who works with PyTorch reads error messages, beginners and old hands alike.
The difference is that old hands have met them before.
On this page the messages are made on purpose, each by a line or two; only a few that
need another machine are quoted.

In a hurry?
:ref:`The table <errors-table>` lists them all: search this page (Ctrl+F, or ⌘F on a
Mac) for three or four words of your message, but leave out its numbers, for they are
yours alone.
"""

import io
import re
import subprocess
import sys
import tempfile
import traceback
import warnings
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

import eatorch

# %%
# .. _errors-reading:
#
# Read it from the end
# --------------------
# When a program stops, Python prints a *traceback*: the chain of calls that led to the
# error, the outermost first, and then the message.
# Here is one, shortened to what matters.
# The flowers have four features, but somebody handed them over lying on their side.

torch.manual_seed(0)
torch.set_num_threads(1)  # tensors as small as ours gain nothing from more
iris = eatorch.data.iris()
flowers, species = iris.inputs, iris.targets  # (flower, feature), (flower,)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


def predict(rows):
    return net(rows).argmax(dim=1)


try:
    predict(flowers.T)
except RuntimeError as error:
    for call in traceback.extract_tb(error.__traceback__):
        print(f"{Path(call.filename).name}, in {call.name}:\n    {call.line}")
    print("RuntimeError:", error)

# %%
# Three steps, from the bottom up.
#
# - **The last line** says what is wrong.
#   Its first word is the kind of error, the rest are the words to search for.
# - **The lowest line of yours** says where.
#   Go up from the end, past all files of PyTorch (``module.py``, ``container.py``,
#   ``linear.py`` and others), to the first call that you wrote: here it is in
#   ``predict``.
#   The lines called ``_call_impl`` only pass the call on.
# - **The numbers in the message** are mostly your shapes.
#   Find out which tensor has them, and you are nearly done.
#   Here ``4x150`` is the batch and ``4x8`` the weights, inputs by outputs: the number
#   of columns of the first must be the number of rows of the second.
#
# On this page we need only the last line.
# The little helper ``meet`` runs a block that must fail, and prints its message with
# :func:`eatorch.show_error`.
# It also checks that the message holds the words which our table quotes, where ``…``
# stands for anything.
# So if a later PyTorch says it in other words, this page fails and gets mended, and
# what you read here is what you will see.

met = {}  # words of a message: kind of error


def holds(message, words):
    """Tell whether the words are in the message; … stands for anything."""
    pattern = ".*".join(map(re.escape, words.split("…")))
    return re.search(pattern, message, re.DOTALL) is not None


@contextmanager
def meet(words, lines=3):
    """Show the error of a block, and check that its message holds ``words``."""
    with eatorch.show_error(Exception, lines=lines):
        try:
            yield
        except Exception as error:
            message, met[words] = str(error), type(error).__name__
            assert holds(message, words), message
            raise


# %%
# .. _errors-shape:
#
# Shapes that do not fit
# ----------------------
# The largest family on this page.
# The cure begins the same way each time: print the shapes on the line before, and say
# aloud what each number stands for.

with meet("mat1 and mat2 shapes cannot be multiplied (…x… and …x…)"):
    net(flowers.T)
with meet("The size of tensor a (…) must match the size of tensor b (…)"):
    flowers - flowers.mean(dim=1)  # (flower, feature) minus (flower,)
with meet("shape '…' is invalid for input of size …"):
    flowers.reshape(150, 5)
with meet("Dimension out of range"):
    species.sum(dim=1)  # there is only axis 0

# %%
# In the second, ``keepdim=True`` leaves an axis of length 1, and :ref:`broadcasting
# <math-broadcasting>` does the rest.
# In the third, count: 150 times 5 is more than there are numbers; with one ``-1``,
# ``reshape`` counts for you.
#
# Pictures bring messages of their own.
# Image files hold the colours last, PyTorch's layers want them first.

picture = torch.zeros(28, 28, 3)  # (height, width, channel)
layer = nn.Conv2d(3, 8, kernel_size=3)
with meet("expected input… to have … channels, but got … channels instead"):
    layer(picture)
with meet("Expected 3D (unbatched) or 4D (batched) input to conv2d"):
    layer(torch.zeros(28, 28))
with meet("Kernel size can't be greater than actual input size"):
    layer(torch.zeros(3, 2, 2))
with meet("view size is not compatible with input tensor's size and stride"):
    picture.permute(2, 0, 1).view(-1)  # (height, width, channel) turned and flattened

# %%
# ``permute(2, 0, 1)`` is the cure of the first and ``unsqueeze(0)`` that of the second.
# In the third the picture has shrunk too far on its way: fewer poolings, or padding.
# The fourth is explained in :ref:`tensor`: after ``permute`` the numbers do not lie in
# the order that ``view`` needs, so take ``reshape`` or ``flatten``.
#
# The next ones are about *how many* numbers there are, in lists and in places where
# Python wants exactly one.

with meet("stack expects each tensor to be equal size"):
    torch.stack([torch.ones(3), torch.ones(4)])
with meet("Sizes of tensors must match except in dimension …"):
    torch.cat([torch.ones(2, 3), torch.ones(2, 4)])  # along axis 0
with meet("a Tensor with … elements cannot be converted to Scalar"):
    flowers.mean(dim=0).item()
with meet("Boolean value of Tensor with more than one value is ambiguous"):
    if species == 0:
        print("a setosa")
with meet("Expected more than 1 value per channel when training"):
    nn.BatchNorm1d(4)(flowers[:1])

# %%
# A condition needs one answer: ask ``(species == 0).any()`` or ``.all()``.
# The same message also comes from ``nn.CrossEntropyLoss(scores, species)``: the class
# takes settings, and is *made* first, then called.
# The last one hits at the end of an epoch, when a single sample is left over: let the
# loader drop it with ``drop_last=True`` (more in :ref:`norm`).
#
# .. _errors-dtype:
#
# The wrong kind of number
# ------------------------
# Layers hold ``float32``.
# Python and NumPy make ``float64`` (called ``Double`` in messages) and ``int64``
# (``Long``), and pictures come as ``uint8`` (``Byte`` or ``unsigned char``).
# Nothing is converted silently on the way into a layer.

table = flowers.numpy().astype("float64")  # as NumPy and pandas give it
with meet("mat1 and mat2 must have the same dtype, but got … and …"):
    net(torch.from_numpy(table))
with meet("Input type (…) and bias type (…) should be the same"):
    layer(torch.zeros(3, 28, 28, dtype=torch.uint8))
with meet("argument 'input' (position 1) must be Tensor, not …"):
    net(table)
with meet("can't convert np.ndarray of type numpy.object_", lines=1):
    torch.tensor(np.array([5.1, "unknown"], dtype=object))

# %%
# The cure belongs to where the data enters: ``torch.tensor(table,
# dtype=torch.float32)``.
# An array of *objects* is a table with text or gaps in it: clean it first, see
# :ref:`tabular`.
# Whole numbers have limits, too.

counts = torch.tensor([1, 2, 3])  # int64
with meet("result type Float can't be cast to the desired output type Long"):
    counts += 0.5
with meet("Only Tensors of floating point and complex dtype can require gradients"):
    torch.tensor([1, 2, 3], requires_grad=True)
with meet("could not infer output dtype"):
    counts.mean()

# %%
# .. _errors-target:
#
# Targets and indices
# -------------------
# A loss for classes wants the *number* of the class, from 0, as ``int64``, one for each
# sample.
# Each slip has a message of its own.

scores = net(flowers)  # (flower, class)
with meet("Target … is out of bounds"):
    nn.functional.cross_entropy(scores, species + 1)  # classes 1, 2, 3
with meet("expected target dtype to be Long or Byte, but got …"):
    nn.functional.cross_entropy(scores, species.float())
with meet("0D or 1D target tensor expected, multi-target not supported"):
    nn.functional.cross_entropy(scores, species[:, None])  # (flower, 1)
with meet("Expected floating point type for target with class probabilities, got …"):
    nn.functional.cross_entropy(scores, nn.functional.one_hot(species))
with meet("Expected input batch_size (…) to match target batch_size (…)"):
    nn.functional.cross_entropy(scores, species[:100])

# %%
# One-hot targets have the shape of the scores, so the loss takes them for probabilities
# and wants fractions.
# An index is a whole number, and it must exist.

with meet("index out of range in self"):
    nn.Embedding(3, 2)(species + 1)  # a table with the rows 0, 1, 2
with meet("Expected tensor for argument #1 'indices' to have", lines=1):
    nn.Embedding(3, 2)(species.float())
with meet("index … is out of bounds for dimension … with size …"):
    flowers[150]  # there are 150, so the last one is flowers[149]

# %%
# A loss for yes or no wants a ``float`` of exactly the shape of the scores, and
# ``binary_cross_entropy`` wants probabilities.

setosa = (species == 0).float()  # (flower,)
with meet("Target size (…) must be the same as input size (…)"):
    nn.functional.binary_cross_entropy_with_logits(scores[:, :1], setosa)
with meet("all elements of input should be between 0 and 1"):
    nn.functional.binary_cross_entropy(10 * scores[:, 0], setosa)
with meet("Found dtype … but expected Float"):
    nn.functional.binary_cross_entropy(scores[:, 0].sigmoid(), setosa.double())

# %%
# Cure of the first: ``scores[:, 0]``, or ``setosa[:, None]``.
# Cure of the second: hand the raw scores to ``binary_cross_entropy_with_logits``.
# :ref:`loss` says which loss wants what.
#
# .. _errors-gradient:
#
# On the way back
# ---------------
# These speak of the record that autograd keeps.
# :ref:`graph` takes it apart; here are the lines that you will meet.

w = torch.ones(3, requires_grad=True)
with meet("element 0 of tensors does not require grad and does not have a grad_fn"):
    w.detach().sum().backward()  # the record was cut off
with meet("grad can be implicitly created only for scalar outputs"):
    (2 * w).backward()  # three numbers: the slope of which?
loss = (w * w).sum()
loss.backward()
with meet("Trying to backward through the graph a second time", lines=1):
    loss.backward()

# %%
# The first has many faces: the loss was computed under ``no_grad``, or went through
# ``.item()``, NumPy or ``argmax``, or all parameters are frozen.
# ``loss.requires_grad_()`` silences it and is no cure: then nothing learns.
#
# The next ones come from changing, reading or handing over tensors that autograd
# watches.

with meet("a leaf Variable that requires grad is being used in an in-place operation"):
    w -= 0.1 * w.grad  # the step of gradient descent, without no_grad
grown = w.exp()
grown += 1  # exp had kept its result for the way back
with meet("has been modified by an inplace operation", lines=2):
    grown.sum().backward()
with meet("Can't call numpy() on Tensor that requires grad"):
    grown.numpy()
with meet("can't optimize a non-leaf Tensor"):
    torch.optim.SGD([2 * w], lr=0.1)
with meet("unsupported operand type(s) for *: 'float' and 'NoneType'"):
    0.1 * torch.ones(3, requires_grad=True).grad  # no backward yet

# %%
# The second of these rests on a count: PyTorch counts the in-place changes of each
# tensor, and ``backward`` compares.
# The step of an optimizer is such a change, so a ``backward`` through a record that
# has kept the old weights is caught.
# But the step with ``fused=True`` (:ref:`optim-foreach`) is not counted in the PyTorch
# of this page.
# Below, the square is recorded where the weight is 1, and its slope there is 2.


def slope_after_step(**settings):
    """Record a square, take a step, and only then go back."""
    weight = torch.ones(1, requires_grad=True)
    loss = (weight**2).sum()
    weight.grad = torch.ones(1)
    torch.optim.SGD([weight], lr=0.1, **settings).step()
    return torch.autograd.grad(loss, weight)[0].item()


with eatorch.show_error(RuntimeError, lines=2):
    slope_after_step()
assert abs(slope_after_step(fused=True) - 2) > 0.1
slope_after_step(fused=True)

# %%
# That is the slope at the *new* weight, and nobody complains.
# It can happen where two networks train in turn, as in :ref:`generate`, or where a
# record is used twice.
# So call every ``backward`` of a record before the step; and when you write such a
# loop, try it first without ``fused=True``.
#
# .. _errors-module:
#
# Modules
# -------
# Two classes with slips.
# The first forgets to call ``super().__init__()``.
# The second keeps its layers in a plain list, where an optimizer does not find them
# (see :ref:`module-lists`).


class Unborn(nn.Module):
    def __init__(self):  # without super().__init__()
        self.layer = nn.Linear(4, 3)


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 3)]


# %%
# ``Listed`` has another fault, for which a wrong indentation is enough: it has no
# ``forward``.
# And the fourth message comes from any call that forgets something.

with meet("cannot assign module before Module.__init__() call"):
    Unborn()
with meet('is missing the required "forward" function'):
    Listed()(flowers)
with meet("optimizer got an empty parameter list"):
    torch.optim.SGD(Listed().parameters(), lr=0.1)
with meet("missing 1 required positional argument: …"):
    nn.CrossEntropyLoss()(scores)

# %%
# A network that is trained by several processes sits in a wrapper, and the wrapper does
# not know your methods.
# One process is enough to see it (:ref:`device` has real ones).
# What you wrote is found in ``.module``.

store = torch.distributed.HashStore()
torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
wrapped = nn.parallel.DistributedDataParallel(nn.Linear(4, 3))
with meet("'DistributedDataParallel' object has no attribute …"):
    wrapped.in_features
torch.distributed.destroy_process_group()
wrapped.module.in_features

# %%
# .. _errors-data:
#
# Data sets and loaders
# ---------------------
# A loader checks its settings when it is made.
# With the samples it finds fault only when it is asked for a batch, sometimes deep
# inside ``default_collate``, the function that stacks samples.


class Endless(Dataset):
    def __getitem__(self, index):
        return index


with meet("num_samples should be a positive integer value"):
    DataLoader([], shuffle=True)  # most often a wrong folder
with meet("object of type '…' has no len()"):
    DataLoader(Endless(), shuffle=True)
with meet("default_collate: batch must contain tensors", lines=2):
    next(iter(DataLoader([None, None], batch_size=2)))
with meet("object has no attribute 'next'"):
    iter(DataLoader(flowers)).next()

# %%
# ``None`` in a batch comes from a ``__getitem__`` that forgets its ``return``.
# ``next(batches)`` has replaced the method of older tutorials.
# Samples of unequal shape end in "stack expects each tensor to be equal size", which
# you know already; :ref:`data-lengths` has the cure.
#
# Some errors need a program of their own.
# This function runs a script, prints what stops it, and checks the words like ``meet``.


def meet_in_script(words, text, *options, name="script.py"):
    """Run a script in an empty folder, and show the error that it stops with."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, *options, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = re.compile(r"^(\w+Error): *(.*)", re.DOTALL | re.MULTILINE)
    met[words], message = last.search(done.stderr).groups()
    assert holds(message, words), message
    print(f"{met[words]}: {message.strip()}")


# %%
# The first script starts a process the way that the workers of a loader are started on
# Windows and macOS, and lacks the line ``if __name__ == "__main__":``.
# :ref:`data` tells why it matters.

unguarded = """
import multiprocessing
context = multiprocessing.get_context("spawn")
context.Process(target=print).start()
"""
meet_in_script("has finished its bootstrapping phase", unguarded)

# %%
# .. _errors-start:
#
# Before it starts
# ----------------
# Two messages have nothing to do with your code, only with the place where it lies or
# runs.
# A script called ``torch.py`` imports *itself*.
# And a Python without its packages stands for the wrong virtual environment.

wanted = "import torch\nprint(torch.ones(2))"
meet_in_script("has no attribute 'ones'", wanted, name="torch.py")
meet_in_script("No module named 'torch'", wanted, "-I", "-S")  # -S: no packages

# %%
# Rename the script.
# The same happens with ``random.py``, ``copy.py`` or ``numpy.py``.
# For the second, ``python -m pip show torch`` asks exactly that Python which you start
# the script with; :doc:`/start/install` helps further.
#
# .. _errors-file:
#
# Files
# -----
# :ref:`save` tells what to save and why.
# If you load what somebody else saved, these are the messages.


def saved(thing):
    """Return a file in memory that holds ``thing``."""
    file = io.BytesIO()
    torch.save(thing, file)
    file.seek(0)
    return file


with meet("Weights only load failed", lines=1):
    torch.load(saved(nn.Linear(4, 3)))  # a whole model, and not its state_dict
with meet("failed finding central directory", lines=2):
    torch.load(io.BytesIO(saved(net.state_dict()).read()[:-100]))
with meet("No such file or directory"):
    torch.load("no_such_folder/weights.pt")

# %%
# The first is a protection: a whole model is stored as a *pickle*, Python's format for
# objects of any kind, and a pickle may run any code while it is loaded.
# Ask for the ``state_dict``, or pass ``weights_only=False`` if you trust the sender as
# you would trust their program.
# The second means that the end of the file is missing, as after an interrupted
# download.
#
# When the file is read, its names and shapes must fit.

states = {f"module.{name}": value for name, value in net.state_dict().items()}
with meet("Missing key(s) in state_dict: …Unexpected key(s) in state_dict: …", lines=5):
    net.load_state_dict(states)
with meet("size mismatch for …: copying a param with shape …", lines=4):
    nn.Linear(4, 5).load_state_dict(nn.Linear(4, 3).state_dict())
small, large = (torch.optim.SGD(part.parameters()) for part in (layer, net))
with meet("parameter group that doesn't match the size of optimizer's group"):
    large.load_state_dict(small.state_dict())

# %%
# The prefix ``module.`` is the wrapper of several processes again: save
# ``wrapped.module.state_dict()``, or cut the prefix off when you load.
# The second wants the same numbers for the layers as when the file was written.
#
# One more comes with whole models.
# A pickle holds no code, only the *name* of each class and the module where it is.
# We write such a file by hand, and let it ask for a class ``Net`` that is not there.

named = io.BytesIO(b"cbuiltins\nNet\n.")  # "the class Net of the module builtins"
with meet("Can't get attribute …"):
    torch.load(named, weights_only=False)

# %%
# .. _errors-device:
#
# Devices
# -------
# All tensors of an operation must lie on one device.
# A page that must run everywhere has only the CPU, but PyTorch brings a second device
# along: tensors on ``meta`` have a shape and no numbers.

with meet("is not on the expected device"):
    net(flowers.to("meta"))
with meet("Cannot copy out of meta tensor; no data!", lines=2):
    nn.Linear(4, 3, device="meta").to("cpu")
with meet("device type at start of device string: …", lines=4):
    flowers.to("gpu")  # it is called "cuda", or "mps" on a Mac

# %%
# On a GPU the first reads differently.
# These messages are only quoted and *not* caught here, for they need a GPU, a PyTorch
# without support for one, or Windows.
# :ref:`device` tells how to write programs that never meet them.
#
# .. list-table::
#    :header-rows: 1
#    :widths: auto
#    :class: glossary
#
#    * - Message, not run here
#      - Cause
#      - Cure
#    * - ``Expected all tensors to be on the same device``
#      - The model was moved to the GPU and the batch was not, or the other way round.
#      - Move both with ``.to(device)``. A module moves in place, a tensor does not:
#        write ``x = x.to(device)``.
#    * - ``Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor)``
#      - The same, told by a convolution: the batch stayed on the CPU.
#      - ``x = x.to(device)``
#    * - ``Torch not compiled with CUDA enabled``
#      - ``.cuda()`` with a PyTorch for the CPU.
#      - Take the device from :func:`eatorch.device`, or install the build for your GPU.
#    * - ``CUDA out of memory``
#      - Batch, model and record do not fit into the memory of the GPU.
#      - A smaller batch. Keep ``loss.item()`` and not ``loss``, predict under
#        ``no_grad``. See :ref:`device`.
#    * - ``CUDA error: device-side assert triggered``
#      - Mostly a class number or an index that is too large.
#      - The GPU reports late and elsewhere. Run the same lines once on the CPU, and you
#        get the clear message.
#    * - ``Attempting to deserialize object on a CUDA device``
#      - The file was saved on a GPU, and there is none here.
#      - ``torch.load(file, map_location="cpu")``
#    * - ``use_libuv was requested but PyTorch was build without libuv support``
#      - ``torchrun`` on Windows.
#      - Start it under WSL, the Linux inside Windows. See :ref:`device`.

# %%
# .. _errors-nan:
#
# NaN, and nobody complains
# -------------------------
# NaN, "not a number", is no error for PyTorch.
# It spreads from tensor to tensor until the loss prints ``nan``, far from where it was
# born.
# Most puzzling are those that arise on the way *back*, like here: the distance of a
# number from zero, as the root of its square.

x = torch.linspace(-1, 1, 9, requires_grad=True)
distance = (x**2).sqrt()
distance.sum().backward()
assert distance.isfinite().all()
assert x.grad.isnan().nonzero().tolist() == [[4]]  # only the one in the middle

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
left.plot(x.detach(), distance.detach(), "o-", color="C0")
left.set(xlabel="x", ylabel="distance from zero")
right.plot(x.detach(), x.grad, "o-", color="C1")
right.set(xlabel="x", ylabel="slope")
fig.suptitle("All values are there, but at zero the slope is missing")
plt.show()

# %%
# The rule for the square root divides by the root, and the rule for the square
# multiplies by ``x``: at zero that is infinity times zero.
# :class:`torch.autograd.detect_anomaly` looks for it.
# Under it ``backward`` stops at the first NaN, names the operation, and prints as a
# warning where the forward pass called it.
# (``torch.autograd.set_detect_anomaly(True)`` switches it on for the whole program.)

with (
    warnings.catch_warnings(record=True, action="always") as heard,
    torch.autograd.detect_anomaly(),
):
    distance = (x**2).sqrt()
    with meet("Function '…' returned nan values in its …th output"):
        distance.sum().backward()
told = str(heard[-1].message).splitlines()
[line.strip() for line in told if line.startswith("Error") or "**2" in line]

# %%
# It stops at the square, where infinity met zero; the infinity came from the root, one
# step before on the way back.
# So look at the neighbour, too.
# The cure keeps the root away from zero: ``(x**2 + 1e-12).sqrt()``, or ``clamp`` before
# a logarithm.
# Anomaly detection slows training down, so switch it off again.
#
# A cure that looks right and is not: :func:`torch.where` *after* the calculation.
# It picks the right value, but the way back goes through both branches, and zero times
# infinity is NaN.

x = torch.tensor([0.0, 1.0], requires_grad=True)
late = torch.where(x > 0, x.sqrt(), 0.0)
(late_slope,) = torch.autograd.grad(late.sum(), x)
early = torch.where(x > 0, torch.where(x > 0, x, 1.0).sqrt(), 0.0)
(early_slope,) = torch.autograd.grad(early.sum(), x)
assert torch.equal(late, early)
late_slope, early_slope

# %%
# .. _errors-silent:
#
# Wrong, and silent
# -----------------
# The worst slips bring no error at all.
# Here the predictions are perfect, so the loss should be 0.
# But their shapes are ``(5, 1)`` and ``(5,)``, and broadcasting compares each with
# each.
# :func:`~torch.nn.functional.mse_loss` at least warns; written by hand it does not.

truth = torch.arange(5.0)  # (sample,)
perfect = truth[:, None]  # (sample, 1), as a layer gives it
with warnings.catch_warnings(record=True, action="always") as heard:
    warned = nn.functional.mse_loss(perfect, truth)
    silent = (perfect - truth).square().mean()
assert len(heard) == 1
print(str(heard[0].message).partition(". This")[0])
warned.item(), silent.item(), nn.functional.mse_loss(perfect[:, 0], truth).item()

# %%
# Read warnings as you read errors.
# To get the traceback of a warning, start Python with ``python -W error script.py``.
#
# No message at all comes with these:
#
# - ``zero_grad`` is missing, and gradients pile up (:ref:`autograd`);
# - ``eval()`` is missing, and with dropout the predictions change from call to call
#   (:ref:`train`);
# - a softmax stands before a loss that has its own (:ref:`loss`);
# - ``reshape`` where ``permute`` was meant: the shape is right, the picture is
#   scrambled (:ref:`structure`);
# - layers in a plain list are never trained (:ref:`module-lists`).
#
# Three habits find many of them: assert the shapes in the first batch; compare
# the first loss with that of pure guessing, :math:`\ln(\text{classes})`; and before the
# long training let the model learn a single batch by heart.
# If it cannot do that, something is wrong.

torch.manual_seed(0)
learner = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 3))
rows, answers = flowers[::15], species[::15]  # one batch of ten flowers
optimizer = torch.optim.Adam(learner.parameters(), lr=0.05)
assert learner(rows).shape == (10, 3)
for step in range(200):
    loss = nn.functional.cross_entropy(learner(rows), answers)
    if step == 0:
        print(f"first loss {loss.item():.2f}, guessing {np.log(3):.2f}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
assert loss < 0.05
print(f"last loss {loss.item():.4f}")

# %%
# .. _errors-table:
#
# The table
# ---------
# All messages of this page, in the order in which we met them; ``…`` stands for what is
# different with you.
# Each was caught above, in the PyTorch that built this page.
#
# .. list-table::
#    :header-rows: 1
#    :widths: auto
#    :class: glossary
#
#    * - Message
#      - Cause
#      - Cure
#    * - ``mat1 and mat2 shapes cannot be multiplied (…x… and …x…)``
#      - The columns of the batch are not the ``in_features`` of the layer.
#      - Print ``x.shape`` before the layer. Is a ``flatten`` missing, or the batch
#        axis?
#    * - ``The size of tensor a (…) must match the size of tensor b (…)``
#      - Two shapes cannot be broadcast.
#      - ``keepdim=True`` in the reduction, or ``unsqueeze``. See
#        :ref:`math-broadcasting`.
#    * - ``shape '…' is invalid for input of size …``
#      - The new shape has more or fewer numbers.
#      - Count, or leave one axis to ``-1``.
#    * - ``Dimension out of range``
#      - There is no such axis; axes count from 0.
#      - Look at ``x.ndim``; ``dim=-1`` is the last axis.
#    * - ``expected input… to have … channels, but got … channels instead``
#      - The colours stand last, or there are more of them than the layer expects.
#      - ``permute(2, 0, 1)``, or another ``in_channels``. See :ref:`conv`.
#    * - ``Expected 3D (unbatched) or 4D (batched) input to conv2d``
#      - The channel axis is missing, or there is an axis too many.
#      - ``x[None]`` adds one in front, ``x[:, None]`` behind the first.
#    * - ``Kernel size can't be greater than actual input size``
#      - The picture has become smaller than the kernel.
#      - Fewer poolings, ``padding``, or larger pictures.
#    * - ``view size is not compatible with input tensor's size and stride``
#      - The numbers do not lie in the order that ``view`` needs.
#      - ``reshape`` or ``flatten``. See :ref:`structure`.
#    * - ``stack expects each tensor to be equal size``
#      - Samples of unequal shape, often inside a loader.
#      - Crop or pad, or a ``collate_fn``. See :ref:`data-lengths`.
#    * - ``Sizes of tensors must match except in dimension …``
#      - ``cat`` joins along one axis; the others differ.
#      - Another ``dim``, or make the other axes equal.
#    * - ``a Tensor with … elements cannot be converted to Scalar``
#      - ``item()`` wants exactly one number.
#      - Reduce first, with ``mean()`` or ``sum()``; or ``tolist()``.
#    * - ``Boolean value of Tensor with more than one value is ambiguous``
#      - A condition on many numbers; or scores handed to ``nn.CrossEntropyLoss(…)``
#        itself.
#      - ``.any()`` or ``.all()``; or ``nn.CrossEntropyLoss()(scores, targets)``.
#    * - ``Expected more than 1 value per channel when training``
#      - Batch normalisation met a batch of one sample.
#      - ``drop_last=True``, a larger batch, or ``eval()`` for predicting. See
#        :ref:`norm`.
#    * - ``mat1 and mat2 must have the same dtype, but got … and …``
#      - The batch is ``float64`` or whole numbers, the weights are ``float32``.
#      - ``x.float()``, best where the data enters.
#    * - ``Input type (…) and bias type (…) should be the same``
#      - The same for a convolution; bytes of a picture, for instance.
#      - ``x.float() / 255``
#    * - ``argument 'input' (position 1) must be Tensor, not …``
#      - An array or a list went into a layer.
#      - ``torch.tensor(x, dtype=torch.float32)``
#    * - ``can't convert np.ndarray of type numpy.object_``
#      - Text, gaps or rows of unequal length in a table.
#      - Clean the column; ``astype("float32")`` finds the culprit. See :ref:`tabular`.
#    * - ``result type Float can't be cast to the desired output type Long``
#      - A fraction does not fit into whole numbers in place; or yes-no targets are
#        ``int64``.
#      - ``x = x + 0.5``, or ``x.float()`` first.
#    * - ``Only Tensors of floating point and complex dtype can require gradients``
#      - Whole numbers have no slope.
#      - Write ``1.0`` for ``1``, or pass ``dtype``.
#    * - ``could not infer output dtype``
#      - The mean of whole numbers.
#      - ``x.float().mean()``
#    * - ``Target … is out of bounds``
#      - A class number is negative, or not smaller than the number of classes.
#      - Number from 0, or give the last layer more outputs.
#    * - ``expected target dtype to be Long or Byte, but got …``
#      - Class numbers as fractions or as ``int32``.
#      - ``targets.long()``
#    * - ``0D or 1D target tensor expected, multi-target not supported``
#      - The targets have an axis too many; mostly they are a column.
#      - ``targets.squeeze(1)``
#    * - ``Expected floating point type for target with class probabilities, got …``
#      - The targets are one-hot, as whole numbers.
#      - ``targets.argmax(dim=1)``, or ``targets.float()``.
#    * - ``Expected input batch_size (…) to match target batch_size (…)``
#      - Scores and targets of different batches, or a wrong ``reshape`` in the model.
#      - Compare ``len(scores)`` with ``len(targets)``; ``flatten`` from axis 1.
#    * - ``index out of range in self``
#      - An embedding has fewer rows than the largest index asks for.
#      - ``num_embeddings`` is at least the largest index plus 1.
#    * - ``Expected tensor for argument #1 'indices' to have``
#      - The indices of an embedding are fractions.
#      - ``indices.long()``. See :ref:`text`.
#    * - ``index … is out of bounds for dimension … with size …``
#      - There are fewer entries than the index asks for; the first has number 0.
#      - Print ``len(x)``; ``x[-1]`` is the last entry.
#    * - ``Target size (…) must be the same as input size (…)``
#      - Scores are a column, targets a row.
#      - ``scores.squeeze(1)``
#    * - ``all elements of input should be between 0 and 1``
#      - Scores went where probabilities belong; or NaN.
#      - ``binary_cross_entropy_with_logits``
#    * - ``Found dtype … but expected Float``
#      - The targets are ``float64`` or whole numbers.
#      - ``targets.float()``
#    * - ``element 0 of tensors does not require grad and does not have a grad_fn``
#      - No path leads from the loss back to a parameter.
#      - Look for ``no_grad``, ``item``, ``detach``, ``argmax`` or frozen parameters.
#    * - ``grad can be implicitly created only for scalar outputs``
#      - ``backward`` of several numbers.
#      - ``loss.mean().backward()``, or pass ``gradient``. See :ref:`autograd`.
#    * - ``Trying to backward through the graph a second time``
#      - The record was read before, often through a state or a loss that is carried on.
#      - Add the losses, ``detach()`` what is carried on. See :ref:`graph-freed`.
#    * - ``a leaf Variable that requires grad is being used in an in-place operation``
#      - A parameter is changed while autograd records.
#      - Under ``torch.no_grad()``, or leave it to an optimizer.
#    * - ``has been modified by an inplace operation``
#      - A tensor that the way back needs was changed.
#      - ``x = x + 1`` for ``x += 1``. See :ref:`graph-saved`.
#    * - ``Can't call numpy() on Tensor that requires grad``
#      - NumPy knows no record.
#      - ``x.detach().numpy()``; for a number ``x.item()``.
#    * - ``can't optimize a non-leaf Tensor``
#      - The tensor was calculated after it had asked for a gradient.
#      - Calculate first, then ``requires_grad_()``. See :ref:`graph-leaf`.
#    * - ``unsupported operand type(s) for *: 'float' and 'NoneType'``
#      - ``grad`` is ``None``: no ``backward`` yet, or the parameter took no part.
#      - Call ``backward()`` first; is each layer used in ``forward``?
#    * - ``cannot assign module before Module.__init__() call``
#      - ``super().__init__()`` is missing.
#      - Make it the first line of ``__init__``.
#    * - ``is missing the required "forward" function``
#      - No ``forward``, a misspelt one, or one that is wrongly indented.
#      - Check name and indentation.
#    * - ``optimizer got an empty parameter list``
#      - Layers stand in a plain list, or none are there.
#      - ``nn.ModuleList``. See :ref:`module-lists`.
#    * - ``missing 1 required positional argument: …``
#      - A call forgets something, like the targets of a loss.
#      - Read the name in the message.
#    * - ``'DistributedDataParallel' object has no attribute …``
#      - The wrapper does not know your methods.
#      - ``model.module.…``. See :ref:`device`.
#    * - ``num_samples should be a positive integer value``
#      - The data set is empty.
#      - Print ``len(dataset)``; check folder and file pattern.
#    * - ``object of type '…' has no len()``
#      - A data set without ``__len__`` cannot be shuffled.
#      - Write ``__len__``. See :ref:`data`.
#    * - ``default_collate: batch must contain tensors``
#      - A sample is ``None`` or an object of your own.
#      - ``return`` in ``__getitem__``, or a ``collate_fn``.
#    * - ``object has no attribute 'next'``
#      - An old way of writing.
#      - ``next(batches)``
#    * - ``has finished its bootstrapping phase``
#      - Worker processes without the guard, on Windows or macOS.
#      - ``if __name__ == "__main__":``, or ``num_workers=0``. See :ref:`data`.
#    * - ``has no attribute 'ones'``
#      - A script of yours is called ``torch.py``.
#      - Give it another name.
#    * - ``No module named 'torch'``
#      - Another Python than the one PyTorch was installed for.
#      - Activate the environment. See :doc:`/start/install`.
#    * - ``Weights only load failed``
#      - The file holds more than tensors, often a whole model.
#      - Save the ``state_dict``; ``weights_only=False`` only if you trust the sender.
#        See :ref:`save`.
#    * - ``failed finding central directory``
#      - The file is cut off, or is no file of PyTorch.
#      - Download or save it again; compare the size.
#    * - ``No such file or directory``
#      - The path counts from the folder in which you started Python.
#      - Print ``Path.cwd()``.
#    * - ``Missing key(s) in state_dict: …Unexpected key(s) in state_dict: …``
#      - The names differ: another model, or the prefix ``module.`` of a wrapper.
#      - Compare ``state.keys()`` with ``model.state_dict().keys()``. See :ref:`save`.
#    * - ``size mismatch for …: copying a param with shape …``
#      - The same names, but other sizes.
#      - Build the model with the sizes it had then, or leave this layer out.
#    * - ``parameter group that doesn't match the size of optimizer's group``
#      - The optimizer was saved with other parameters.
#      - Build model and optimizer as they were, or start the optimizer anew.
#    * - ``Can't get attribute …``
#      - The file holds a whole model, and its class has moved.
#      - Put the class back under its name; next time save the ``state_dict``.
#    * - ``is not on the expected device``
#      - Tensors on two devices.
#      - ``.to(device)`` for model *and* batch. See :ref:`device`.
#    * - ``Cannot copy out of meta tensor; no data!``
#      - The model was built on ``meta``, without numbers.
#      - ``to_empty(device=…)``, then load the weights.
#    * - ``device type at start of device string: …``
#      - No device has that name.
#      - ``"cuda"``, ``"mps"`` or ``"cpu"``; best :func:`eatorch.device`.
#    * - ``Function '…' returned nan values in its …th output``
#      - Anomaly detection found the first NaN on the way back.
#      - Keep roots, logarithms and divisions away from zero. See :ref:`errors-nan`.

# %%
# Each row had its cell, which also wrote down the kind of the error.
# What can you learn from the *kind* of an error?
# We count.

kinds = list(met.values())
names = sorted(set(kinds), key=kinds.count, reverse=True)
assert names[0] == "RuntimeError"
assert len(met) >= 50

fig, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
bars = axes.barh(names, [kinds.count(name) for name in names])
axes.bar_label(bars, padding=3)
axes.set(xlabel="messages on this page", xlim=(0, 1.1 * kinds.count(names[0])))
axes.invert_yaxis()
axes.set_title("Most messages are a RuntimeError: the words tell, not the kind")
plt.show()

# %%
# ``RuntimeError`` is what PyTorch's C++ says unless somebody chose a better word.
# The rarer kinds tell more: an ``IndexError`` speaks of a number that is out of range,
# an ``AttributeError`` of a name, a ``TypeError`` of the kind of thing that you handed
# over.
#
# .. _errors-ask:
#
# When you must ask
# -----------------
# Search for the words of the message without your numbers.
# If nothing helps, make the program smaller until only the error is left, with tensors
# from ``torch.randn`` in place of your data.
# Often you find the cause on the way.
# Otherwise ask with these three: the small program, the whole traceback as text (no
# picture of the screen), and what ``python -m torch.utils.collect_env`` prints.
#
# .. admonition:: Then and now
#
#    Messages change, and old answers quote old words.
#
#    - ``size mismatch, m1: [150 x 4], m2: [3 x 8]`` says ``mat1 and mat2 shapes cannot
#      be multiplied`` today.
#    - ``invalid argument 0: Sizes of tensors must match except in dimension 0`` from a
#      loader says ``stack expects each tensor to be equal size``.
#    - ``Expected object of backend CPU but got backend CUDA`` says ``Expected all
#      tensors to be on the same device``.
#    - ``expected scalar type Long but found Float`` from a loss for classes says
#      ``expected target dtype to be Long or Byte``.
#    - ``cur_target >= 0 && cur_target < n_classes``, an assertion that failed, says
#      ``Target … is out of bounds``.
#    - ``invalid index of a 0-dim tensor`` came from ``loss.data[0]``; write
#      ``loss.item()``.
#    - ``DataParallel``, whose wrapper brings the same ``module.`` and the same
#      ``AttributeError``, has given way to ``DistributedDataParallel``.
#    - Since PyTorch 2.6 ``torch.load`` refuses whole models unless you say
#      ``weights_only=False``.

# %%
# .. _errors-exercises:
#
# Exercises
# ---------
# Try each first without the table.
#
# .. _errors-ex1:
#
# Exercise 33-1: five messages and a silence
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# This function learns for ten steps and returns the ten losses.
# At least it should: five errors that you know by now stop it, one after the other, and
# a sixth slip says nothing.
# It gets ``rows`` of shape ``(150, 4)`` in ``float64`` and ``labels`` of shape
# ``(150, 1)`` in ``int64`` with the classes 1, 2 and 3, as an old file holds them.
# Delete the line with the three dots, and let the check tell you the first message.
# Keep the seed, the hidden width, the optimizer and its rate.
#
# .. dropdown:: Hint
#
#    The five are: the dtype of the rows, a number in the first layer, the shape of the
#    labels, their numbers, and an array made of losses that still have a record.
#    What does a loop need that calls ``backward`` more than once?
#
# .. dropdown:: Solution
#
#    ``labels.flatten() - 1`` mends two at once.
#
#    .. code-block:: python
#
#       def learn(rows, labels):
#           """Return the losses of ten steps as an array."""
#           rows = rows.float()
#           labels = labels.flatten() - 1
#           torch.manual_seed(0)
#           net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
#           optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
#           losses = []
#           for _ in range(10):
#               optimizer.zero_grad()
#               loss = nn.functional.cross_entropy(net(rows), labels)
#               loss.backward()
#               optimizer.step()
#               losses.append(loss.item())
#           return np.array(losses)


def learn(rows, labels):
    """Return the losses of ten steps as an array."""
    return ...  # your code here: delete this line, then mend what follows
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(10):
        loss = nn.functional.cross_entropy(net(rows), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return np.array(losses)


eatorch.check("33-1", learn)

# %%
# .. _errors-ex2:
#
# Exercise 33-2: error, warning or silence?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# What happens in each of the seven lines below the first?
# Answer with a list of ``"error"``, ``"warning"`` and ``"silence"``, in this order, and
# before you run them.
#
# .. code-block:: python
#
#    labels = torch.tensor([1, 2, 3])
#    nn.functional.mse_loss(torch.zeros(3, 1), torch.zeros(3))
#    (torch.zeros(3, 1) - torch.zeros(3)).square().mean()
#    torch.zeros(3, 2) - torch.zeros(3)
#    nn.functional.cross_entropy(torch.zeros(3, 3), labels)
#    nn.functional.cross_entropy(torch.zeros(3, 4).softmax(dim=1), labels)
#    torch.zeros(28, 28, 3).reshape(3, 28, 28)
#    torch.zeros(28, 28, 3).permute(2, 0, 1).view(-1)
#
# .. dropdown:: Hint
#
#    Which shapes can be broadcast?
#    How many classes has each row of scores?
#    Wrong results are no errors.
#
# .. dropdown:: Solution
#
#    Four of seven pass without a word or with a warning only, and all four are wrong.
#    The fifth squeezes its scores twice, and the sixth scrambles the picture.
#
#    .. code-block:: python
#
#       outcomes = [
#           "warning",
#           "silence",
#           "error",
#           "error",
#           "silence",
#           "silence",
#           "error",
#       ]

outcomes = ...  # your code here: ["...", ...]

eatorch.check("33-2", outcomes)

# %%
# .. _errors-ex3:
#
# Exercise 33-3: where NaN is born
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``first_nan(function, x)``: it finds out by anomaly detection which operation
# makes the first NaN on the way back of ``function(x).sum()``.
# It returns the name in quotes from the message, such as ``"PowBackward0"``, or an
# empty string if the way back is clean.
# Afterwards anomaly detection must be off again, and ``x`` as it was.
#
# .. dropdown:: Hint
#
#    Give a copy of ``x`` to the function, one that asks for a gradient.
#    ``detect_anomaly`` warns when it starts: :class:`warnings.catch_warnings` takes
#    ``action="ignore"``.
#    ``text.split("'")`` cuts at the quotes.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def first_nan(function, x):
#           """Return the operation that makes the first NaN on the way back."""
#           x = x.detach().clone().requires_grad_()
#           with (
#               warnings.catch_warnings(action="ignore"),
#               torch.autograd.detect_anomaly(),
#           ):
#               try:
#                   function(x).sum().backward()
#               except RuntimeError as error:
#                   return str(error).split("'")[1]
#           return ""


def first_nan(function, x):
    """Return the operation that makes the first NaN on the way back."""
    ...  # your code here


eatorch.check("33-3", first_nan)

# %%
# .. _errors-ex4:
#
# Exercise 33-4: add a row
# ^^^^^^^^^^^^^^^^^^^^^^^^
# Which message of PyTorch have *you* met that is not in the table?
# Make a row of it: a tuple of the words to search for, a function that fails with them,
# and a function that shows the cure and returns its result.
# Both take no arguments.
# In the words ``…`` stands for anything, and there should be no numbers of yours.
# If you think that others meet it too, :doc:`propose it </contributing/index>` for this
# page.
#
# .. dropdown:: Hint
#
#    You have never met another one?
#    Ask for the largest five of three numbers, take the inverse of a matrix of zeros,
#    or copy a tensor that has a record with :func:`copy.deepcopy`.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       row = (
#           "selected index k out of range",
#           lambda: torch.ones(3).topk(5),
#           lambda: torch.ones(3).topk(3),
#       )

row = ...  # your code here: ("words", broken, cured)

eatorch.check("33-4", row)

# %%
# .. _errors-minute:
#
# In one minute
# -------------
# - Read a traceback from its end: the message, then the lowest line that is yours.
# - Numbers in a message are mostly your shapes; find the tensor that has them.
# - Print shape, dtype and device on the line before, and most errors explain
#   themselves.
# - Layers want ``float32``, class targets want ``int64`` from 0, all on one device.
# - The record behind a loss is read once, and what it keeps must not change.
# - On a GPU an error may come late: run the line once on the CPU.
# - NaN is no error; anomaly detection finds its birth.
# - The worst slips are silent: read warnings, assert shapes, learn one batch by heart.
#
# .. _errors-next:
#
# Read next
# ---------
# - :ref:`graph` explains the errors of ``backward``, :ref:`data` those of loaders,
#   :ref:`save` those of files and :ref:`device` those of GPUs.
# - :func:`eatorch.show_error` prints a message and carries on;
#   :ref:`eatorch.faults <api-faults>` explains what goes wrong in the trainer.
# - The FAQ of PyTorch, `Frequently asked questions
#   <https://docs.pytorch.org/docs/stable/notes/faq.html>`_, is mostly about memory.
