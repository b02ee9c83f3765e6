"""
.. _device:

GPU, mixed precision, several processes
=======================================

Write one program for every device, time it without fooling yourself, and train a
network in two real processes whose weights agree bit for bit.

:Level: 4
:Hours: 1.5
:Day: 20
:Needs: :ref:`graph`, :ref:`module`, :ref:`data`
:Data: random matrices; two rings of points (generated)

Training gets faster in three ways: on a processor that does many things at once, with
numbers of half the size, and with several processes that share the work.
Each of the three has its own way of failing in silence.
A clock shows a fraction of the true time, a weight stops moving, two processes train on
the same half of the data.
So this lesson measures and compares at every step.

You need no GPU for it.
Where there is one the cells use it, and figures that were recorded on a real GPU stand
beside ours, if somebody has recorded them.
"""

import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.distributed.run import get_args_parser
from torch.utils import benchmark, data

import eatorch
from eatorch.recorded import gpu_record, gpu_report

# %%
# .. _device-gpu:
#
# What a GPU is, and what CUDA is
# -------------------------------
# A CPU has a few cores, and each of them is fast and clever.
# A GPU has thousands, and each of them is slow and simple.
# They are worth having when a task falls apart into *many small parts that do not wait
# for each other*.
# Pictures on a screen do: every pixel can be computed by itself, and for this GPUs were
# built.
# Networks do too: a product of two matrices of 1,000 rows and columns is a million
# sums, and none of them needs the result of another.
# A loop in which each step needs the last one does not, and no GPU will help it.
#
# *CUDA* is not a piece of hardware.
# It is NVIDIA's software, the language in which programs talk to NVIDIA's GPUs.
# PyTorch brings the parts of it that it needs; see :ref:`install`.
# The name of the device is ``"cuda"``, on GPUs from AMD as well; Intel's are ``"xpu"``
# and Apple's ``"mps"``.
# PyTorch's word for all of them is *accelerator*, and :mod:`torch.accelerator` works
# with whichever there is.
# Several of a kind are numbered: ``"cuda:0"``, ``"cuda:1"``.
# Here is what this machine has.

torch.set_num_threads(1)  # on layers this small, threads cost more than they bring
accelerator = torch.accelerator.current_accelerator(check_available=True)
print("accelerator:", accelerator, "| how many:", torch.accelerator.device_count())
print("CUDA of this PyTorch:", torch.version.cuda)
print("cores:", os.cpu_count(), "| threads in use:", torch.get_num_threads())
print("widest instructions of the CPU:", torch.backends.cpu.get_cpu_capability())

# %%
# .. _device-agnostic:
#
# One program for every device
# ----------------------------
# :ref:`tensor` has shown that a tensor lives on one device, and that tensors must share
# one to be added or multiplied.
# For a program this means four habits.
#
# 1. Choose the device once, at the top: ``device = eatorch.device()``.
# 2. Move the model once, before the optimizer is made.
# 3. Move each batch, inputs *and* targets, in the loop.
# 4. Make new tensors where they are needed: ``torch.zeros(3, device=device)``, or
#    :func:`torch.zeros_like`. Fetch results with ``item()`` or ``cpu()``.
#
# A linear regression with a hundred thousand points, written so, runs everywhere.

device = eatorch.device()
torch.manual_seed(0)
points = torch.rand(100_000, 2)
values = points @ torch.tensor([[2.0], [-3.0]]) + 10

line = nn.Linear(2, 1).to(device)
optimizer = torch.optim.SGD(line.parameters(), lr=0.5)
x, y = points.to(device), values.to(device)
for _ in range(200):
    optimizer.zero_grad()
    nn.functional.mse_loss(line(x), y).backward()
    optimizer.step()
assert (line.weight.cpu() - torch.tensor([2.0, -3.0])).abs().max() < 0.1
print(line.weight.device, line.weight.detach().cpu(), line.bias.item())

# %%
# It is close to 2, -3 and 10, wherever it was computed.
#
# ``to`` hides a trap, for it means two things.
# A **tensor** stays where it is, and you get another one.
# A **module** is changed in place, and you get the same one back.
# A move to another dtype shows it on any machine.

tensor, module = torch.ones(2), nn.Linear(2, 1)
weight = module.weight
tensor.to(torch.float64)  # thrown away
same = module.to(torch.float64)
assert same is module
assert weight is module.weight  # still the parameter that an optimizer knows
print("tensor:", tensor.dtype, " module:", module.weight.dtype)

# %%
# So write ``x = x.to(device)``, while ``model.to(device)`` alone is enough.
# The parameters remain the same objects, so an optimizer that was made earlier still
# holds them.
# Its own tensors, such as momentum from earlier steps, do not move along, and that is
# why the documentation asks you to move first.
#
# If one tensor is left behind, PyTorch says so.
# The device ``meta``, which has shapes and no numbers, plays the other device.

left_behind = nn.Linear(2, 1, device="meta")
with eatorch.show_error(RuntimeError):
    left_behind(torch.ones(3, 2))

# %%
# Between a CPU and a GPU the message begins "Expected all tensors to be on the same
# device".
# Print ``x.device`` and ``next(model.parameters()).device``, and you see who it is.
# A tensor that a module keeps as a plain attribute is a frequent one; register it as a
# buffer (:ref:`module`).
#
# Old programs ask for CUDA in many places.
# This is how the words translate; the right-hand side is the same for all makers.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Only CUDA
#      - Any accelerator
#    * - ``torch.cuda.is_available()``
#      - :func:`torch.accelerator.is_available`
#    * - ``torch.cuda.device_count()``
#      - :func:`torch.accelerator.device_count`
#    * - ``x.cuda()``
#      - ``x.to(device)``
#    * - ``torch.cuda.synchronize()``
#      - :func:`torch.accelerator.synchronize`
#    * - ``torch.cuda.max_memory_allocated()``
#      - :func:`torch.accelerator.max_memory_allocated`
#    * - ``torch.cuda.empty_cache()``
#      - :func:`torch.accelerator.empty_cache`
#    * - ``torch.cuda.amp.autocast()``
#      - :class:`torch.autocast`
#
# The first two answer on every machine; ``synchronize`` and the questions about memory
# raise an error where there is no accelerator.
# On Apple's, older versions of PyTorch do not answer those about memory either.

try:
    torch.accelerator.synchronize()
    print("There is an accelerator, and we have waited for it.")
except RuntimeError as error:
    print(f"RuntimeError: {error}")

# %%
# .. _device-clock:
#
# How a clock lies
# ----------------
# "My GPU multiplies two huge matrices in ten microseconds!"
# It does not.
# Work for a GPU is *ordered*: the call puts the order into a queue and returns, and the
# GPU works the queue off in its own time.
# Your program waits only when it needs a number.
#
# You can build such a device out of one thread.
# This one takes orders, returns at once, and does real work in order.


class PretendDevice:
    """Take orders and return at once, like a GPU; work them off one by one."""

    def __init__(self):
        self.pool, self.orders = ThreadPoolExecutor(max_workers=1), []

    def order(self, work, *inputs):
        self.orders.append(self.pool.submit(work, *inputs))

    def synchronize(self):
        for order in self.orders:
            order.result()  # waits until this one is done
        self.orders.clear()


# %%
# Eight products of two matrices, timed as it is often done, and then with the wait.

pretend = PretendDevice()
pretend.order(torch.ones, 1)  # the first order starts the thread
pretend.synchronize()
for size in (150, 600):
    big = torch.randn(size, size)
    start = time.perf_counter()
    for _ in range(8):
        pretend.order(torch.matmul, big, big)
    ordered = time.perf_counter() - start
    pretend.synchronize()
    done = time.perf_counter() - start
    print(f"{size}: ordered in {1000 * ordered:.2f} ms, done in {1000 * done:.2f} ms")

# %%
# The first time is what it took to *write eight orders*, and it says nothing about
# matrices.
# Those of 600 rows are 64 times the work of those of 150, and only the second time
# knows it.
# A GPU gives you the same wrong number, and to make things worse, the missing time
# turns up somewhere else.
# We time three lines one by one: two products, and a line that needs the result.

spans = []


def product():
    """Multiply, and note when."""
    begin = time.perf_counter()
    result = big @ big
    spans.append((begin, time.perf_counter()))
    return result


start = time.perf_counter()
pretend.order(product)
second = time.perf_counter()
pretend.order(product)
third = time.perf_counter()
pretend.synchronize()  # a real program asks for a number here: loss.item()
lines = [(start, second), (second, third), (third, time.perf_counter())]

# %%
# Above, what your program does, one colour for each line; below, what the device does.

fig, ax = plt.subplots(figsize=(8, 2.4), layout="constrained")
for row, bars in enumerate((spans, lines)):
    for number, (begin, end) in enumerate(bars):
        left = 1000 * (begin - start)
        ax.barh(row, 1000 * (end - begin), left=left, color=f"C{number}")
ax.set_yticks([0, 1], ["the device", "your program"])
ax.set(xlabel="time in ms", ylim=(-0.6, 1.6))
ax.set_title("The line that waits is blamed for the work that others ordered")
plt.show()
for name, (begin, end) in zip(("order", "order", "loss.item()"), lines, strict=True):
    print(f"{name:12} {1000 * (end - begin):7.2f} ms")

# %%
# Most of the time falls on the line that waits, and it does no work itself.
# Whoever reads such times concludes that ``loss.item()`` is slow and the products are
# free.
# On a GPU these lines wait: ``item()``, ``tolist()``, ``cpu()``, ``print`` of a tensor
# and ``if tensor > 0``.
# So do ``nonzero()`` and a mask in brackets, for the *shape* of their result depends on
# the numbers.
# Two rules follow.
# Whoever times single lines has to wait after each; and ask for numbers rarely: add
# losses up on the device (``total += loss.detach()``) and call ``item()`` once per
# epoch.
#
# .. _device-right:
#
# Time it right: warm up, wait, repeat
# ------------------------------------
# There are three sources of error, and each has a cure.
#
# - *The first call is special.* On a GPU it starts CUDA, loads programs and libraries
#   and fetches memory from the driver; that can take seconds. On a CPU, layers prepare
#   themselves for a shape. **Warm up** before you measure.
# - *Calls return early.* **Wait** for the device before you start the clock and before
#   you stop it.
# - *Machines do other things.* **Repeat**, and take the median, which a few slow runs
#   do not move.


def wait_for(device):
    """Wait until a device has done its work; a CPU has when a call returns."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


# %%
# All three cures in one function:


def seconds(work, device, warmup=3, repeats=7):
    """Return the median time of one call of ``work``."""
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        wait_for(device)
        start = time.perf_counter()
        work()
        wait_for(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


# %%
# A convolution, once without the three cures and once with them.
# PyTorch has such a clock on board, :class:`torch.utils.benchmark.Timer`.
# It warms up, waits, repeats, and uses one thread unless you tell it otherwise.

pictures = torch.randn(8, 3, 48, 48, device=device)
layer = nn.Conv2d(3, 24, 5).to(device)
start = time.perf_counter()
layer(pictures)
careless = time.perf_counter() - start
careful = seconds(lambda: layer(pictures), device)
timer = benchmark.Timer("layer(pictures)", globals=globals())
official = timer.blocked_autorange(min_run_time=0.1).median
print(f"first call {1000 * careless:.2f} ms, careful {1000 * careful:.2f} ms")
print(f"torch.utils.benchmark {1000 * official:.2f} ms")

# %%
# The first is usually far off.
# The last two agree on a quiet machine.
# On a busy one the last can be longer: each of its measurements is a mean over many
# calls, and a mean feels every interruption, while the median of single calls does not.
# :ref:`Exercise 30-1 <device-ex1>` has you write such a clock.
#
# .. _device-size:
#
# Which size pays?
# ----------------
# How long does a product of two square matrices take, and does a second thread help?
# We ask for sizes from 8 to 1,024, and repeat the small ones more often.
# If there is a GPU, or a record of one, its times go into the same picture.

sizes = [2**n for n in range(3, 11)]
curves = {}
for threads in (1, 2):
    torch.set_num_threads(threads)
    matrices = [torch.randn(size, size) for size in sizes]
    cpu = torch.device("cpu")
    curves[f"this CPU, threads: {threads}"] = [
        seconds(lambda a=a: a @ a, cpu, repeats=max(7, 2048 // len(a)))
        for a in matrices
    ]
torch.set_num_threads(1)
if device.type != "cpu":
    there = [a.to(device) for a in matrices]
    curves["this accelerator"] = [seconds(lambda a=a: a @ a, device) for a in there]

# %%
# The record is read by :func:`eatorch.recorded.gpu_record`, which gives ``None`` if
# there is none.

record = gpu_record()
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for number, (name, times) in enumerate(curves.items()):
    ax.loglog(sizes, times, "o-", label=name, color=f"C{number}")
if record:
    squares = record["tables"]["product of two square matrices"]
    for name, column in {"CPU": "cpu_s", record["device"]: "device_s"}.items():
        kept = [(row["size"], row[column]) for row in squares if row[column]]
        ax.loglog(*zip(*kept, strict=True), "s:", label=f"recorded: {name}")
cube = [curves["this CPU, threads: 1"][-1] * (n / 1024) ** 3 for n in sizes]
ax.loglog(sizes, cube, "--", color="0.5", label="cube of the size")
ax.set(xlabel="rows and columns", ylabel="seconds, median", ylim=(2e-7, None))
ax.set_title("A small product costs the call, a large one the work")
ax.legend(fontsize=8)
plt.show()

# %%
# On the right each doubling of the size takes about eight times as long, as
# :math:`2 n^3` multiplications and additions should; the dashed line shows that slope.
# On the left the curve is nearly flat.
# The call itself takes a microsecond or more, whatever is in the matrices: Python looks
# the function up, PyTorch checks shapes and dtypes and fetches memory.
# Whether a second thread helps on the right depends on whether a second core is free;
# on a busy machine it can make things slower.
# In the flat part neither a second thread nor a GPU can help, and a GPU's flat part is
# higher and reaches further right: an order costs more than a call, and the thousands
# of cores want to be fed.
# That is the first half of the answer.
#
# The second half is the way there and back.
# Compare how many operations a task has for each byte that has to travel.


def operations_per_byte(operations, numbers):
    """Return how much work a task has for each byte; a float32 has four."""
    return operations / (4 * numbers)


n, tokens = 1024, 256
tasks = {
    "add two vectors": (n, 3 * n),
    "matrix times vector": (2 * n**2, n**2 + 2 * n),
    "product of 64 x 64": (2 * 64**3, 3 * 64**2),
    "product of 1024 x 1024": (2 * n**3, 3 * n**2),
    "linear layer, 256 samples": (2 * tokens * n**2, n**2 + 2 * tokens * n),
    "the same, one sample": (2 * n**2, n**2 + 2 * n),
}
for name, (operations, numbers) in tasks.items():
    print(f"{name:26} {operations_per_byte(operations, numbers):8.2f} per byte")

# %%
# A product of large matrices does more than a hundred operations with each byte: worth
# a journey.
# Adding two vectors does a twelfth of an operation: the copy takes longer than the sum,
# and the GPU loses however fast it is.
# For the same reason large batches keep a GPU busy and single samples do not.
#
# A GPU does *not* help
#
# - where the model or the batch is small: each of its operations sits in the flat part;
# - where steps wait for each other: a recurrent network token by token, a game move by
#   move;
# - where numbers travel to it, are used once, and travel back;
# - where it waits for data: read and decode in workers (:ref:`data-workers`);
# - where the program asks for a number after every step.
#
# .. _device-record:
#
# What a real GPU says
# --------------------
# The script ``benchmarks/record_gpu.py`` of this site's repository takes the times of a
# real GPU, by the three rules above, and writes them into a file with the names of the
# devices, the versions, the date and the command.
# What the next cell prints is therefore *recorded*: it was not measured while this page
# was made.
# If nobody has recorded anything yet it says so, and there are no other figures from a
# GPU on this page.

print(gpu_report(record))

# %%
# If you have a GPU at hand, run the script there; it takes a few minutes.
# In such a table look for five things.
#
# - The *first call* beside the second: that is what the warm-up removes.
# - The size from which on the GPU wins, once with the matrices already there and once
#   with the copies; the second is larger.
# - The column *not waited*: it stops growing where the true time goes on.
# - *Pinned* beside *pageable* copies, explained below.
# - The small network: whether its step is faster on the GPU at all.
#
# .. _device-transfer:
#
# Moving data, and memory
# -----------------------
# The operating system may move a program's memory about, so a GPU cannot fetch from it
# directly: the data are first copied into *pinned* (page-locked) memory, which stays
# where it is.
# If your batch is already there, one copy is saved, and ``non_blocking=True`` lets the
# program go on while the batch travels.
# Let the data loader do both.

pin = device.type not in ("cpu", "mps")
table = eatorch.data.rings((300, 300))
rings = data.TensorDataset(table.inputs, table.targets)
loader = data.DataLoader(rings, batch_size=100, pin_memory=pin)
for inputs, targets in loader:
    x = inputs.to(device, non_blocking=True)
    y = targets.to(device, non_blocking=True)
print("pinned:", pin, "| last batch on", x.device, y.device)

# %%
# Three facts that people find out late.
#
# - Without an accelerator, and on Apple's, ``pin_memory=True`` pins nothing and warns;
#   hence the variable.
# - ``x.pin_memory().to(device, non_blocking=True)`` in the loop is seldom faster than
#   ``x.to(device)``: pinning is itself a copy, and your program waits for it. The
#   loader does it in a thread of its own.
# - On the way **back**, ``non_blocking=True`` is dangerous: you may read the tensor
#   before the numbers are in it. Our pretend device shows how.

answer, arrived = torch.ones(2), torch.zeros(2)
pretend.order(torch.matmul, big, big)  # the device is busy
pretend.order(arrived.copy_, answer)  # a copy that does not block
too_early = arrived.clone()
pretend.synchronize()
pretend.pool.shutdown()
assert torch.equal(arrived, answer)
print("read at once:", too_early, " read after the wait:", arrived)

# %%
# No error, no warning: old numbers, if you are too early.
# Use ``cpu()``, which waits, or call ``synchronize`` before you look.
#
# Now memory, for "out of memory" is the commonest error on a GPU.
#
# - PyTorch keeps memory that it no longer needs for the next tensor, so other programs
#   (``nvidia-smi`` among them) see more in use than your tensors take.
#   :func:`torch.accelerator.memory_allocated` counts the tensors,
#   :func:`torch.accelerator.memory_reserved` what PyTorch holds.
# - :func:`torch.accelerator.empty_cache` hands back what is *unused*. It frees no
#   tensor and cures no "out of memory"; for that the last variable that holds the
#   tensor has to go, with ``del`` or at the end of a function.
# - Most memory in training goes to what is kept for ``backward``: :ref:`graph` measures
#   it and shows what reduces it. Otherwise: a smaller batch with accumulated gradients,
#   ``torch.no_grad()`` in evaluation, ``loss.item()`` instead of ``loss`` in lists,
#   and numbers of two bytes, which come next.
#
# .. _device-bfloat:
#
# Half the bytes: bfloat16 and its error
# --------------------------------------
# Numbers of two bytes need half the memory, travel in half the time, and on many GPUs
# and some CPUs are multiplied far faster.
# :ref:`tensor-dtype` has listed them: ``float16`` has the finer steps, ``bfloat16`` the
# range of ``float32``.
# How large is the error of a product?

torch.manual_seed(0)
errors = {dtype: [] for dtype in (torch.bfloat16, torch.float16, torch.float32)}
for size in sizes[:6]:
    a, b = torch.randn(2, size, size, dtype=torch.float64)
    exact = a @ b
    for dtype, found in errors.items():
        wrong = (a.to(dtype) @ b.to(dtype)).double() - exact
        found.append((wrong.norm() / exact.norm()).item())
assert all(2**-10 < error < 2**-6 for error in errors[torch.bfloat16])

# %%
# The dotted lines are half of each dtype's step at 1.

fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
for number, (dtype, found) in enumerate(errors.items()):
    name = str(dtype).removeprefix("torch.")
    ax.loglog(sizes[:6], found, "o-", color=f"C{number}", label=name)
    ax.axhline(torch.finfo(dtype).eps / 2, linestyle=":", color=f"C{number}")
ax.set(xlabel="rows and columns", ylabel="relative error", xticks=sizes[:6])
ax.set_xticks(sizes[:6], map(str, sizes[:6]))
ax.minorticks_off()
ax.set_title("The error of a product stays near its dtype's step at every size")
ax.legend(fontsize=8)
plt.show()

# %%
# Two or three digits are right in ``bfloat16``, and longer sums do not make it worse.
# The reason is that the sum inside a product is kept in ``float32`` and rounded only at
# its end.
# (For ``float32`` there is no such reserve, and its error grows slowly.)
# If *you* add one by one, each step is rounded, and that is another story.

ones = torch.ones(1000, dtype=torch.bfloat16)
total = torch.tensor(0.0, dtype=torch.bfloat16)
for one in ones:
    total += one
assert total == 256
print("one by one:", total.item(), " sum():", ones.sum().item())
print("1 - 0.001:", (ones[0] - 0.001).item())

# %%
# From 256 on the step of ``bfloat16`` is 2, so adding 1 changes nothing any more.
# And a weight of 1 cannot lose a thousandth.
# But this is just what an optimizer does: it changes large numbers by small amounts.
# What becomes of a training whose weights are ``bfloat16``?
#
# .. _device-autocast:
#
# Mixed precision with autocast
# -----------------------------
# The idea of *mixed precision*: keep the weights in ``float32``, and multiply in two
# bytes.
# Inside :class:`torch.autocast` every operation decides for itself.
# Here is what it decides on this page's CPU.

x = torch.randn(8, 16)
layer = nn.Linear(16, 16)
kinds = torch.zeros(8, dtype=torch.long)
with torch.autocast("cpu", dtype=torch.bfloat16):
    low = layer(x)
    results = {
        "linear": low,
        "x @ x.mT": x @ x.mT,
        "relu of linear": low.relu(),
        "linear + x": low + x,
        "cross entropy": nn.functional.cross_entropy(low, kinds),
    }
for name, result in results.items():
    print(f"{name:16} {str(result.dtype).removeprefix('torch.')}")
assert layer.weight.dtype == torch.float32

# %%
# Products come out in ``bfloat16``, though ``x`` and the weights are ``float32``; what
# follows takes what it gets; losses are computed in ``float32``.
# (The full lists differ between devices; the documentation of :mod:`torch.amp` has
# them.)
# Now four ways to train the same network with the same steps of plain gradient descent:
#
# - everything in ``float32``;
# - with autocast;
# - everything in ``bfloat16``;
# - everything in ``bfloat16``, except that a ``float32`` copy of each weight collects
#   the steps.


def train(dtype, *, autocast=False, copy=False, rate=0.05):
    """Return the losses of 300 steps, and the share of weights that a step moved."""
    torch.manual_seed(0)
    layers = nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2)
    model = nn.Sequential(*layers).to(device, dtype)
    exact = [p.detach().float() for p in model.parameters()]
    losses, moved = [], []
    for _ in range(300):
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            loss = nn.functional.cross_entropy(model(inputs.to(dtype)), targets)
        model.zero_grad()
        loss.backward()
        moved.append(step(model, exact, rate, copy=copy))
        losses.append(loss.item())
    return losses, statistics.mean(moved)


# %%
# The step is written out, so that we can count what it moves.

inputs, targets = table.inputs.to(device) / 3, table.targets.to(device)


@torch.no_grad()
def step(model, exact, rate, *, copy):
    """Walk downhill; return the share of weights that are not what they were."""
    moved = total = 0
    for weight, kept in zip(model.parameters(), exact, strict=True):
        before = weight.clone()
        if copy:
            kept.sub_(rate * weight.grad)
            weight.copy_(kept)  # rounds
        else:
            weight.sub_(rate * weight.grad)
        moved += (weight != before).sum().item()
        total += weight.numel()
    return moved / total


# %%
# Three of the four multiply in ``bfloat16``.
# Which of them fall behind?

ways = {
    "float32": train(torch.float32),
    "autocast": train(torch.float32, autocast=True),
    "bfloat16": train(torch.bfloat16),
    "bfloat16, float32 copy": train(torch.bfloat16, copy=True),
}
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
for (name, (losses, _)), style in zip(ways.items(), ("-", "--", "-", ":"), strict=True):
    ax.plot(losses, style, label=name, linewidth=2)
ax.set(xlabel="step", ylabel="cross entropy")
ax.set_title("Weights in bfloat16 lose small steps; a float32 copy saves them")
ax.legend(fontsize=8)
plt.show()
for name, (losses, moved) in ways.items():
    print(f"{name:24} last loss {losses[-1]:.3f}, moved by a step: {moved:.0%}")

# %%
# Only the one that keeps its weights in ``bfloat16`` and nowhere else.
# Most of its steps are less than half of what separates a weight from its neighbour in
# ``bfloat16``, so they are rounded away, every time.
# The fourth way is the test of this explanation: gradients just as coarse, but the
# steps are collected where they fit, and the training is back on the line.
# Autocast needs no copy, for its weights *are* ``float32``.

last = {name: losses[-1] for name, (losses, _) in ways.items()}
assert abs(last["autocast"] - last["float32"]) < 0.02
assert abs(last["bfloat16, float32 copy"] - last["float32"]) < 0.05
assert last["bfloat16"] > last["float32"] + 0.05
assert ways["bfloat16"][1] < 0.5

# %%
# So the rules are short.
#
# - Wrap the **forward pass and the loss**; call ``backward()`` and ``step()`` outside.
# - To train, do not convert the model yourself: no ``half()``, no ``bfloat16()``. A
#   model that only predicts may be converted, for nothing has to change its weights.
# - Use ``bfloat16`` where the hardware knows it, and measure whether it is faster
#   *there*: without such instructions, and on small models, it can well be slower.
# - On NVIDIA's newer GPUs there is a third way: with
#   ``torch.set_float32_matmul_precision("high")`` products of ``float32`` may round
#   their inputs to 10 bits (TF32). Nothing else changes.
#
# Is ``bfloat16`` faster on this machine?

for size in (64, 512):
    a = torch.randn(size, size, device=device)
    plain = seconds(lambda a=a: a @ a, device)
    low = a.bfloat16()
    half = seconds(lambda a=low: a @ a, device)
    print(f"{size:4}: bfloat16 takes {half / plain:.2f} times as long as float32")

# %%
# .. _device-scaler:
#
# Why float16 needs a GradScaler
# ------------------------------
# Older GPUs are fast in ``float16`` only.
# Its steps are finer than those of ``bfloat16``, but its smallest positive number is
# :math:`2^{-24}`, about 6e-8, and what is less than half of that becomes zero.
# How small are gradients?
# Take those of a trained network's hidden values; the mean over the batch has divided
# them by the number of samples already.

torch.manual_seed(0)
many = eatorch.data.rings((2000, 2000))
model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for _ in range(100):
    hidden = model[0](many.inputs / 3)
    hidden.retain_grad()
    optimizer.zero_grad()
    nn.functional.cross_entropy(model[1:](hidden), many.targets).backward()
    optimizer.step()
gradient = hidden.grad.flatten()
gradient = gradient[gradient != 0]

# %%
# The picture shows their sizes, as they are and multiplied by 65,536.
# What lies to the left of the grey band becomes zero in ``float16``.

scale = 2.0**16
lost = (gradient.half() == 0).double().mean().item()
lost_scaled = ((scale * gradient).half() == 0).double().mean().item()
assert (scale * gradient).half().isfinite().all()
assert lost_scaled < 0.1 * lost

fig, ax = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
for name, factor in {"as they are": 1, "times 65,536": scale}.items():
    powers = (factor * gradient).abs().log2().numpy()
    ax.hist(powers, bins=80, alpha=0.6, label=name)
ax.axvspan(-25, 16, color="0.5", alpha=0.2, label="neither 0 nor inf in float16")
ax.set(xlabel="size of a gradient, as a power of two", ylabel="number of gradients")
ax.set_title("A factor lifts small gradients into the range of float16")
ax.legend(fontsize=8)
plt.show()
f"lost as they are {lost:.0%}, with the factor {lost_scaled:.1%}"

# %%
# That is all a :class:`torch.amp.GradScaler` does: it multiplies the loss, and the
# chain rule multiplies every gradient; before the step it divides again.
# The factor is found by trial.
# If a gradient overflows, the step is *skipped* and the factor halved; after 2,000 good
# steps it is doubled.
# We run one good step and one with an overflow.

weight = nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for factor in (2.0, float("inf")):
    loss = (factor * weight).sum()
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)  # divides, and looks for inf and nan
    scaler.update()
    print(f"gradient {factor}: {weight.tolist()}, factor {scaler.get_scale():,.0f}")

# %%
# The overflow left the weights alone.
# To clip gradients in between, call ``scaler.unscale_(optimizer)`` first, or you clip
# the scaled ones.
# ``bfloat16`` has the range of ``float32`` and needs no scaler.
#
# Forget the scaler and float16 fails in silence.
# Other mixtures are told, such as a batch that was converted by hand:

with eatorch.show_error(RuntimeError):
    layer(x.bfloat16())

# %%
# .. _device-mean:
#
# Two processes, one step
# -----------------------
# The last way to be faster is to share the work.
# *Data parallel* training starts the same script in several processes.
# Each has the whole model and, at every step, its own part of the batch.
# Each computes the gradients of its part.
# Then they *average* the gradients, and all take the same step.
# Why is that allowed?
# The loss of a batch is a mean.
# With two halves of :math:`m` samples each, and :math:`g_i` the gradient of sample
# :math:`i`,
#
# .. math::
#
#    \frac{1}{2m} \sum_{i=1}^{2m} g_i = \frac{1}{2} \left( \frac{1}{m} \sum_{i \le m}
#    g_i + \frac{1}{m} \sum_{i > m} g_i \right)
#
# so the mean over all is the mean of the two means.
# In one process it looks like this:

x, y = table.inputs[::5], table.targets[::5]  # 120 points, of both rings
torch.manual_seed(0)
model = nn.Linear(2, 2)


def gradient_of(x, y):
    """Return the gradient of the mean loss with respect to the weight."""
    loss = nn.functional.cross_entropy(model(x), y)
    return torch.autograd.grad(loss, model.weight)[0]


whole = gradient_of(x, y)
for cut in (60, 20):
    averaged = (gradient_of(x[:cut], y[:cut]) + gradient_of(x[cut:], y[cut:])) / 2
    print(f"cut at {cut}: off by {(averaged - whole).abs().max():.1e}")

# %%
# Equal parts agree to the last digits.
# Unequal parts do not: a plain mean gives the samples of the small part too much
# weight.
# In :ref:`exercise 30-4 <device-ex4>` you repair it.
# DDP, below, takes the plain mean, so give all processes batches of the same size.
#
# .. _device-sampler:
#
# Who gets which samples?
# -----------------------
# The processes are numbered; the number is called *rank*, and their count *world size*.
# A :class:`~torch.utils.data.DistributedSampler` deals the indices out.
# Every process shuffles all indices with the same seed and takes every second one.
# Here it deals 11 samples to two processes, in three epochs.

samplers = [data.DistributedSampler(range(11), num_replicas=2, rank=r) for r in (0, 1)]
fig, axes = plt.subplots(1, 3, figsize=(8, 2.2), sharey=True, layout="constrained")
for epoch, ax in enumerate(axes):
    for rank, sampler in enumerate(samplers):
        sampler.set_epoch(epoch)
        for place, index in enumerate(sampler):
            again = 2 * place + rank >= 11  # beyond the last one
            ax.bar(place, 0.9, bottom=rank, color="C1" if again else "C0", alpha=0.35)
            ax.text(place, rank + 0.45, index, ha="center", va="center")
    ax.set(title=f"epoch {epoch}", xlabel="place", yticks=[0.45, 1.45])
axes[0].set_yticklabels(["rank 0", "rank 1"])
fig.suptitle("Each index goes to one process; one comes twice to fill the last place")
plt.show()

# %%
# All get equally many, for they must take equally many steps: a process that waits for
# the gradients of one that has finished waits in vain.
# So the sampler fills up with samples from the start (orange), or leaves some out with
# ``drop_last=True``.
# In a test set the doubled samples would count twice; for a fair score remove them.
#
# The sampler knows nothing of epochs unless you tell it.
# Without ``set_epoch`` every epoch has the same order:

silent = data.DistributedSampler(range(11), num_replicas=2, rank=0)
first, second = list(silent), list(silent)
assert first == second
silent.set_epoch(1)
assert list(silent) != first
first, list(silent)

# %%
# .. _device-torchrun:
#
# Two real processes
# ------------------
# Now for real.
# The script below is a complete program for one process or for a hundred.
# Its first half finds out who it is.
# The launcher, ``torchrun``, tells every process in environment variables: ``RANK`` and
# ``WORLD_SIZE``, and ``LOCAL_RANK`` and ``LOCAL_WORLD_SIZE``, which count on this
# machine only.
# Messages go through a *backend*: NCCL between NVIDIA's GPUs, gloo between CPUs.
# We take GPUs if there is one for each process.

script = """
import os, sys
import torch
from torch import distributed as dist, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset
import eatorch

torch.set_num_threads(1)
enough = torch.accelerator.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"])
device = eatorch.device(None if enough else "cpu")  # knows LOCAL_RANK
if enough:
    torch.accelerator.set_device_index(device)
dist.init_process_group(dist.get_default_backend_for_device(device))
rank, world = dist.get_rank(), dist.get_world_size()
"""

# %%
# The second half makes data and model.
# We start each process with *another seed* on purpose.
# :class:`~torch.nn.parallel.DistributedDataParallel`, DDP for short, sends the weights
# of rank 0 to all others when it is made.

script += """
table = eatorch.data.rings((300, 300))
numbered = TensorDataset(table.inputs / 3, table.targets, torch.arange(600))
sampler = DistributedSampler(numbered, seed=0)
loader = DataLoader(numbered, batch_size=25, sampler=sampler)  # 25 for each process

torch.manual_seed(rank)
model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2)).to(device)
mine = model[0].weight[0, 0].item()
ddp = DistributedDataParallel(model)
optimizer = torch.optim.SGD(ddp.parameters(), lr=0.5)
seen = []
print(f"rank {rank} of {world}: first weight {mine:.4f}", end=", ")
print(f"with DDP {model[0].weight[0, 0].item():.4f}")
"""

# %%
# The rest is the loop you know.
# There is no line about the exchange of gradients: DDP has put hooks on the parameters.
# In a large model the gradients of the late layers are already on their way while
# ``backward()`` is still computing those of the early ones.
# At the end each process writes down what it has seen and learned.

script += """
for epoch in range(5):
    sampler.set_epoch(epoch)
    for x, y, numbers in loader:
        loss = nn.functional.cross_entropy(ddp(x.to(device)), y.to(device))
        optimizer.zero_grad()
        loss.backward()  # averages the gradients of all processes
        optimizer.step()
        seen.append(numbers)
print(f"rank {rank} of {world}: last loss {loss.item():.4f} on its own part")
names = list(ddp.state_dict())
found = {"weights": model.cpu().state_dict(), "seen": seen, "names": names}
torch.save(found, os.path.join(sys.argv[1], f"{rank}.pt"))
dist.destroy_process_group()
"""

# %%
# We write it into a folder and start it as you would in a terminal.
# There the short form is ``torchrun --standalone --nproc-per-node=2 train.py folder``.
#
# .. note::
#
#    On Windows ``torchrun`` stops with ``use_libuv was requested but PyTorch was build
#    without libuv support``, for PyTorch's wheels for Windows lack that library (as of
#    version 2.13).
#    Run this page under WSL there, the Linux inside Windows.

scratch = TemporaryDirectory()
folder = Path(scratch.name)
(folder / "train.py").write_text(script, encoding="utf-8")
command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
command += ["--nproc-per-node", "2", str(folder / "train.py"), str(folder)]
start = time.perf_counter()
told = subprocess.run(command, capture_output=True, text=True, check=False)
assert told.returncode == 0, told.stderr
together = time.perf_counter() - start
print(*sorted(told.stdout.splitlines()), sep="\n")  # the ranks print as they like

# %%
# Two processes began with different weights, and DDP made them equal.
# Each has a loss of its own, since each sees its own half.
# And the weights after 60 steps?

ranks = [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
left, right = (found["weights"] for found in ranks)
equal = {name: torch.equal(left[name], right[name]) for name in left}
assert all(equal.values())
equal

# %%
# Equal bit for bit: both applied the same averaged gradient to the same weights.
# Did they share the data properly, each sample once per epoch?

halves = [torch.stack(found["seen"]).view(5, -1) for found in ranks]  # (epoch, sample)
for epoch in range(5):
    dealt = torch.cat([half[epoch] for half in halves])
    assert torch.equal(dealt.sort().values, torch.arange(600))
print([tuple(half.shape) for half in halves])

# %%
# Now the same training in this process alone.
# It begins with the weights of rank 0 and takes *the whole batch*, the 25 samples of
# both ranks, at each step.

torch.manual_seed(0)
alone = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(alone.parameters(), lr=0.5)
start = time.perf_counter()
for parts in zip(*(found["seen"] for found in ranks), strict=True):
    batch = torch.cat(parts)
    output = alone(table.inputs[batch] / 3)
    loss = nn.functional.cross_entropy(output, table.targets[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
single = time.perf_counter() - start
difference = max((alone.state_dict()[n] - left[n]).abs().max().item() for n in left)
assert 0 < difference < 1e-4
f"largest difference of a weight {difference:.1e}"

# %%
# Within rounding the same, but not bit for bit: a mean of two means adds the same
# numbers in another order (:ref:`math-floats`).
# And was it faster?

print(f"two processes {together:.1f} s, one process {single:.2f} s")
assert single < together
scratch.cleanup()

# %%
# Of course not.
# Starting Python and PyTorch three times, once for the launcher, takes far longer than
# sixty tiny steps.
# Data parallel training pays when a step on one device takes long beside the exchange
# of the gradients.
#
# What else changes with several processes?
#
# - **The batch grows.** ``batch_size=25`` counts per process, so a step sees 50
#   samples.
#   Nobody adapts the learning rate for you.
# - **Print, save and log on rank 0 only**, or all write to the same file at once. A
#   score has to be collected from all ranks first, for instance with
#   :func:`torch.distributed.all_reduce`.
# - **Save** ``model.state_dict()`` **of the inner model.** The wrapper's names begin
#   with ``module.``, and a plain model does not know them.

print(ranks[0]["names"][0], "instead of", next(iter(left)))
with eatorch.show_error(RuntimeError):
    alone.load_state_dict({f"module.{name}": value for name, value in left.items()})

# %%
# - **Batch norm** takes the statistics of the samples in its own process (:ref:`norm`);
#   on GPUs :class:`torch.nn.SyncBatchNorm` joins them.
# - **Every parameter has to take part in the loss**, on every rank, or DDP stops with
#   an error at the next step; ``find_unused_parameters=True`` searches for them, which
#   costs time.
# - **If one rank fails, all others wait.** ``torchrun`` ends them and shows who failed
#   first.
#
# In a notebook there is no script to launch.
# :func:`eatorch.parallel.launch` starts a function in several processes, and
# :class:`eatorch.training.Trainer` does all of this section by itself: the same script,
# started by ``torchrun``, shares the data, prints on rank 0, and collects the metrics.
#
# .. _device-more:
#
# Several GPUs, several machines
# ------------------------------
# The script stays as it is; the command changes.
#
# .. list-table::
#    :header-rows: 1
#    :widths: 28 72
#
#    * - Where
#      - Command
#    * - one process
#      - ``torchrun --standalone --nproc-per-node=1 train.py folder``
#    * - every GPU of one machine
#      - ``torchrun --standalone --nproc-per-node=gpu train.py folder``
#    * - two machines with 4 GPUs each
#      - ``torchrun --nnodes=2 --nproc-per-node=4 --rdzv-id=7 --rdzv-backend=c10d
#        --rdzv-endpoint=first.example:29500 train.py folder``, the same on **both**
#
# The last line names a meeting place, the *rendezvous*: an address and port of one of
# the machines that all of them can reach.
# Each process then has a ``RANK`` from 0 to 7 and a ``LOCAL_RANK`` from 0 to 3, which
# is the GPU it takes.
# The data and the script have to be on both machines, at the same path.
# We have only one machine, but the launcher can at least read the line:

line = "--nnodes=2 --nproc-per-node=4 --rdzv-id=7 --rdzv-backend=c10d "
line += "--rdzv-endpoint=first.example:29500 train.py folder"
read = get_args_parser().parse_args(line.split())
print(read.nnodes, read.nproc_per_node, read.rdzv_backend, read.rdzv_endpoint)
print(read.training_script, read.training_script_args)

# %%
# A model that does not fit on one device is another matter: then the *weights* are
# shared out as well, by :func:`torch.distributed.fsdp.fully_shard`.
#
# .. _device-server:
#
# Before you use a borrowed machine
# ---------------------------------
# On a server in a laboratory, or in a notebook in the cloud (:ref:`install-gpu`), find
# out and write down first what you have there.
#
# .. list-table::
#    :header-rows: 1
#    :widths: 36 64
#
#    * - Question
#      - Where the answer is
#    * - Which GPUs, how much memory, who uses them?
#      - ``nvidia-smi``
#    * - Which of them are mine?
#      - ``CUDA_VISIBLE_DEVICES=2,3`` in front of the command hides the others, and
#        ``"cuda:0"`` is then number 2
#    * - Which versions?
#      - ``python -m torch.utils.collect_env``; the driver has to be new enough for the
#        CUDA of PyTorch
#    * - How many cores may I use?
#      - ``nproc``; :func:`os.cpu_count` may count those of others too
#    * - Where is room for data?
#      - ``df -h``
#    * - What happens when I log out?
#      - start the training within ``tmux``, and save checkpoints (:ref:`save`)
#
# Threads belong on this list.
# PyTorch takes as many as there are cores, for each process.
# Four processes on eight cores then ask for 32 threads and get in each other's way.
# ``torchrun`` sets one thread per process unless ``OMP_NUM_THREADS`` says otherwise,
# and this site sets one for each lesson.
#
# .. admonition:: Then and now
#
#    - :class:`torch.nn.DataParallel` was one line: ``model = nn.DataParallel(model)``.
#      One process drove all GPUs of a machine with threads, copied the model at every
#      step, and kept the first GPU busier than the rest. Its documentation has long
#      sent readers to DDP. Its files have the names with ``module.`` too.
#    - Processes were started with ``python -m torch.distributed.launch``, and the
#      script read an argument ``--local_rank``. ``torchrun`` sets environment
#      variables.
#    - ``torch.cuda.amp.autocast`` and ``torch.cuda.amp.GradScaler``, and the package
#      apex before them, are now :class:`torch.autocast` and
#      :class:`torch.amp.GradScaler`; the old names warn.
#    - Comparisons of CPU and GPU often went without a warm-up and without waiting. The
#      first lets the GPU look too slow, the second too fast.
#    - ``x.cuda()`` in every second line; today ``to(device)``.
#
# .. _device-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _device-ex1:
#
# Exercise 30-1: a clock that does not lie
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``median_time(work, wait, clock, warmup=3, repeats=5)``.
# It returns the median time of one call of ``work()``.
# ``wait()`` waits for the device, and ``clock()`` tells the time.
# Then compare your CPU and a GPU if you have one, with a product of two matrices of
# 2,000 rows: pass ``time.perf_counter`` as clock.
# Write both names down beside the times, the CPU's and the GPU's
# (``torch.cuda.get_device_name()``): a time without them says nothing.
#
# .. dropdown:: Hint
#
#    The device may still be busy with the warm-up when you start the clock.
#    And it may still be busy with the work when you want to stop it.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def median_time(work, wait, clock, warmup=3, repeats=5):
#           for _ in range(warmup):
#               work()
#           times = []
#           for _ in range(repeats):
#               wait()
#               start = clock()
#               work()
#               wait()
#               times.append(clock() - start)
#           return statistics.median(times)


def median_time(work, wait, clock, warmup=3, repeats=5):
    """Return the median time of one call of ``work``."""
    ...  # your code here


eatorch.check("30-1", median_time)

# %%
# .. _device-ex2:
#
# Exercise 30-2: what is left of it?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Predict what these six expressions give.
# All tensors are made with ``dtype=torch.bfloat16``, unless the line says otherwise.
# Answer with a list.
#
# 1. ``torch.tensor(256.0) + 1``
# 2. ``torch.tensor(256.0) + 3``
# 3. ``torch.ones(301).sum()``
# 4. ``torch.ones(301, dtype=torch.float32).sum()``
# 5. 301 times ``total += 1``, beginning with ``total = torch.tensor(0.0)``
# 6. ``torch.tensor(1.0) - 0.01``: is it less than 1? Answer ``True`` or ``False``.
#
# ``bfloat16`` keeps eight significant binary digits, so from 256 to 512 it knows even
# numbers only, and just below 1 its step is 1/256.
# A result half way between two neighbours goes to the one whose last binary digit is 0.
#
# .. dropdown:: Hint
#
#    Which even numbers lie around 257, and around 259?
#    In this range the multiples of 4 end in 0, and the even numbers between them in 1.
#
# .. dropdown:: Solution
#
#    257 lies between 256 and 258 and goes to 256; 259 lies between 258 and 260 and goes
#    to 260.
#    ``sum()`` adds in ``float32`` inside and rounds once: 301 lies between 300 and 302,
#    and 300 is the multiple of 4.
#    One by one the total gets stuck at 256.
#    And 0.01 is more than a step below 1, so the sixth is really less.
#
#    .. code-block:: python
#
#       predicted = [256, 260, 300, 301, 256, True]

predicted = ...  # your code here

eatorch.check("30-2", predicted)

# %%
# .. _device-ex3:
#
# Exercise 30-3: where a GPU does not help
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A rough model of both devices: a call takes a fixed time and then works at a steady
# rate.
# Write ``gpu_wins(n, cpu, gpu)``: is a product of two ``float32`` matrices of ``n``
# rows and columns faster on the GPU, if both matrices begin on the CPU and the result
# is needed there?
# ``cpu`` and ``gpu`` are dictionaries with ``"call"`` (seconds per call) and ``"rate"``
# (multiplications and additions per second); ``gpu`` also has ``"copy"``, the bytes per
# second on the way there or back.
# Count :math:`2n^3` operations, and no fixed time for the copies.
#
# Then put in numbers of a machine you know.
# From which size on does its GPU win?
#
# .. dropdown:: Hint
#
#    Three matrices travel, two there and one back.
#    How many bytes are that?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def gpu_wins(n, cpu, gpu):
#           operations, travelling = 2 * n**3, 3 * n**2 * 4
#           on_cpu = cpu["call"] + operations / cpu["rate"]
#           on_gpu = gpu["call"] + operations / gpu["rate"]
#           return on_gpu + travelling / gpu["copy"] < on_cpu


def gpu_wins(n, cpu, gpu):
    """Tell whether the product is faster on the GPU, the copies included."""
    ...  # your code here


eatorch.check("30-3", gpu_wins)

# %%
# .. _device-ex4:
#
# Exercise 30-4: unequal parts
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Several processes have computed the gradient of their *mean* loss, each from a batch
# of its own size.
# Write ``joined(gradients, sizes)``.
# It returns the gradient of the mean loss over all samples together.
# ``gradients`` is a list of tensors of one shape, ``sizes`` a list of batch sizes.
#
# .. dropdown:: Hint
#
#    Turn each mean back into a sum first.
#    What do you divide by in the end?
#
# .. dropdown:: Solution
#
#    For equal sizes it is the plain mean, which DDP takes.
#
#    .. code-block:: python
#
#       def joined(gradients, sizes):
#           parts = zip(gradients, sizes, strict=True)
#           return sum(size * gradient for gradient, size in parts) / sum(sizes)


def joined(gradients, sizes):
    """Return the gradient of the mean loss over the samples of all processes."""
    ...  # your code here


eatorch.check("30-4", joined)

# %%
# .. _device-minute:
#
# In one minute
# -------------
# - One ``device`` at the top, ``to(device)`` for the model once and for each batch;
#   a tensor is copied, a module is changed in place.
# - A GPU is told what to do and works later. Warm up, wait with
#   :func:`torch.accelerator.synchronize`, repeat, take the median, name the devices.
# - It pays for much work per byte and per call, not for small models, chains of steps
#   and data used once.
# - Mixed precision: weights ``float32``, products ``bfloat16``, by
#   :class:`torch.autocast` around forward pass and loss. ``float16`` needs a
#   :class:`torch.amp.GradScaler`.
# - Several processes: ``torchrun``, a :class:`~torch.utils.data.DistributedSampler`
#   with ``set_epoch``, and DDP, which averages gradients so that all weights stay
#   equal.
#   Count batches per process, save on rank 0, save the inner model.
#
# .. _device-next:
#
# Read next
# ---------
# :ref:`compile` speeds up one device by joining operations.
# :ref:`save` shows how to load a file from a GPU on a machine without one.
# The messages of this page and many others are in :ref:`errors`.
