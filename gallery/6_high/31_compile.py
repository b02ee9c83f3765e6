"""
.. _compile:

torch.compile and torch.export
==============================

Watch PyTorch turn a program into one fixed graph, find what tears that graph apart,
know what the first call costs, and take a trained network out of Python.

:Level: 4
:Hours: 1
:Needs: :ref:`graph`, :ref:`image`, :ref:`module`
:Data: handwritten digits (CC BY 4.0, from scikit-learn)

PyTorch runs your program line by line, and that is why it is so pleasant to debug.
A machine that knows the *whole* calculation in advance could do better: merge steps,
plan memory, leave Python out.
:func:`torch.compile` does so behind your back and falls back to Python where it must.
:func:`torch.export.export` takes no half measures: it gives you the whole graph as an
object, or an error.

:ref:`graph` ended with a first look at such plans, and we go on from there.
What runs live on this page needs no compiler.
What does need one, speed, was *recorded*, and is called so.
"""

import io
import json
import time
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import torch
from functorch.compile import make_boxed_func
from torch import nn
from torch._dynamo.backends.common import aot_autograd
from torch.export import Dim, export
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils.data import TensorDataset

import eatorch

torch.set_num_threads(1)  # tiny layers, and times that do not depend on the cores

# %%
# .. _compile-network:
#
# A network to work on
# --------------------
# A small convolutional network reads digits of 8 x 8 pixels.
# We train it for a few epochs, so that we can later check that the compiled and the
# exported network still *know* what it has learned.


class DigitNet(nn.Module):
    """Two convolutions and a linear layer."""

    def __init__(self):
        super().__init__()
        self.eyes = nn.Sequential(
            *[nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)],
            *[nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)],
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, 10))

    def forward(self, images):
        return self.head(self.eyes(images))


# %%
# The last fifth of the digits is held out.

eatorch.seed_everything(0)
digits = eatorch.data.digits()
train, valid = eatorch.data.loaders(TensorDataset(digits.images, digits.targets), 64)
net = DigitNet()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
trainer = eatorch.training.Trainer(net, nn.CrossEntropyLoss(), optimizer, device="cpu")
trainer.fit(train, epochs=6, progress=False)

net.eval()
images, targets = (torch.cat(part) for part in zip(*valid, strict=True))


def accuracy(model):
    """Return the share of held-out digits that a model reads rightly."""
    with torch.no_grad():
        return (model(images).argmax(dim=1) == targets).float().mean().item()


assert accuracy(net) > 0.9
print(f"{len(images)} held-out digits, accuracy {accuracy(net):.3f}")

# %%
# .. _compile-capture:
#
# What is captured
# ----------------
# ``torch.compile`` returns at once, for it has nothing to do yet.
# The work begins with the first call.
# Three parts of PyTorch share it:
#
# .. list-table::
#    :header-rows: 1
#
#    * - Part
#      - What it does
#    * - Dynamo
#      - reads the bytecode of your functions (the small steps that Python makes of
#        them) and follows it with stand-ins for the tensors, which have shapes but no
#        numbers; all operations on them go into a graph
#    * - AOTAutograd
#      - writes down the way back as well, ahead of time, and breaks large operations up
#        into basic ones
#    * - the *backend*
#      - gets graphs and returns functions that calculate the same; the usual one,
#        *inductor*, writes C++ for the CPU or Triton for a GPU and has it compiled
#
# A backend may be any function.
# Ours keeps the graph and runs it unchanged, so that we can look at it.

plans = []


def keep(plan, _examples):
    """Stand in for a compiler: keep the graph and run it as it is."""
    plans.append(plan)
    return plan.forward


torch.compiler.reset()  # forget what was compiled before, for instance in a notebook
compiled = torch.compile(net, backend=keep)
with torch.no_grad():
    assert torch.allclose(compiled(images), net(images), atol=1e-5)
assert len(plans) == 1

# %%
# The plan is a list of nodes.
# Inputs and parameters are *placeholders*, the rest are calls, one for each operation.
# No module is left, no ``Sequential``, no attribute: Dynamo has looked into all of
# them.
# Dropout is listed, but it was told that nobody is training.


def show_plan(plan):
    """Print each call of a graph with the shape of its result."""
    for node in plan.graph.nodes:
        if "call" in node.op:
            target = getattr(node.target, "__name__", str(node.target))
            shape = tuple(node.meta["example_value"].shape)
            print(f"{node.name:10} {node.op:14} {target:12.12} {shape}")


show_plan(plans[0])

# %%
# Nobody asked for gradients here, so this graph leads one way.
# AOTAutograd adds the way back.
# ``aot_autograd`` of PyTorch makes a backend out of two functions, one for each way;
# ours keep the graphs once more.
# (The function around ``plan.forward`` only changes how inputs are handed over.)

ways = {}


def keep_as(way):
    """Return a stand-in for a compiler that keeps its graph under a name."""

    def keep_way(plan, _examples):
        ways[way] = plan
        return make_boxed_func(plan.forward)

    return keep_way


backend = aot_autograd(fw_compiler=keep_as("forward"), bw_compiler=keep_as("backward"))

# %%
# Both graphs are there after one call and one ``backward``.
# The operations are smaller now, and those that end in ``_backward`` are the nodes that
# :ref:`graph` found behind ``grad_fn``, written down before any number has gone back.

torch.compiler.reset()
compiled = torch.compile(net, backend=backend)
plain = torch.autograd.grad(net(images).square().mean(), net.parameters())
again = torch.autograd.grad(compiled(images).square().mean(), net.parameters())
for ours, theirs in zip(plain, again, strict=True):
    assert torch.allclose(ours, theirs, atol=1e-5)
for way, plan in ways.items():
    names = [node.name for node in plan.graph.nodes if "call" in node.op]
    print(f"{way}, {len(names)} operations:", *names[:2], "…", *names[-3:])

# %%
# .. _compile-guards:
#
# When a plan does not fit
# ------------------------
# What was true while Dynamo followed the program is written down as *guards*: this
# shape, this dtype, gradients on or off, evaluation mode, the value of that Python
# number.
# Each call checks them first.
# If one fails, the function is captured once more, and both plans are kept.
# So the question "compiled or not?" has a number as its answer: how often?

torch.compiler.reset()
plans.clear()
compiled = torch.compile(net, backend=keep)
with torch.no_grad():
    for batch in [64, 64, 48, 30, 200, 1, 64]:
        compiled(images[:batch])
        print(f"batch of {batch:3}: plans so far {len(plans)}")
compiled(images[:64])
print(f"with gradients: plans so far {len(plans)}")

# %%
# The second *size* costs a second plan, but not the third.
# Having seen two sizes, Dynamo makes the axis *dynamic*: in the plan it has no number
# any more but a name.
# A batch of 1 is a case of its own, because an axis of length 1 broadcasts.
# ``dynamic=True`` starts with names at once, ``dynamic=False`` makes a plan for each
# size.

placeholders = [node for node in plans[1].graph.nodes if node.op == "placeholder"]
shapes = [getattr(node.meta["example_value"], "shape", "") for node in placeholders]
assert len(plans) == 4
[shape for shape in shapes if len(shape) == 4 and shape[1:] == (1, 8, 8)]

# %%
# A *Python number* that steers a loop is guarded by its value.
# Here every new ``rounds`` costs a new plan.
# After 8 plans for one function (``torch._dynamo.config.recompile_limit``) PyTorch
# gives up, warns, and runs whatever does not fit the old plans without any plan.
# With the environment variable ``TORCH_LOGS=recompiles`` it prints which guard has
# failed.


def wander(x, rounds):
    """Take the sine several times."""
    for _ in range(rounds):
        x = torch.sin(x)
    return x


plans.clear()
compiled = torch.compile(wander, backend=keep)
for rounds in [1, 2, 3, 2, 1]:
    compiled(torch.ones(3), rounds)
assert len(plans) == 3
[sum("call" in node.op for node in plan.graph.nodes) for plan in plans]

# %%
# .. _compile-breaks:
#
# Find the graph breaks
# ---------------------
# Some lines cannot go into a graph.
# Then Dynamo ends the graph before the line, lets Python run it, and begins a new graph
# behind it.
# That is a *graph break*.
# The result stays right, and as a rule nobody tells you; but nothing is merged across
# the gap, and between two graphs Python is back.
#
# Here is a careful version of our network.
# If the hidden values grow too large it scales them down, and it reports how far it is.
# At the end a softmax makes probabilities.


def careful(images):
    hidden = net.eyes(images)
    if hidden.max() > 10:
        hidden = hidden * (10 / hidden.max())
    scores = net.head(hidden)
    print("pictures read:", len(images))
    return scores.softmax(dim=1)


# %%
# ``torch._dynamo.explain`` runs the function once and counts.
# (The underscore says that the name may change; the documentation has it all the same.)

torch.compiler.reset()
with torch.no_grad():
    torn = torch._dynamo.explain(careful)(images)
assert torn.graph_break_count == 2
for reason in torn.break_reasons:
    print("break at:", reason.user_stack[-1].line)
print("graphs:", torn.graph_count)

# %%
# To learn more, forbid them.
# With ``fullgraph=True`` what cannot be captured is an error, and its message has
# hints.

with torch.no_grad(), eatorch.show_error(RuntimeError, lines=3):
    torch.compile(careful, backend="eager", fullgraph=True)(images)

# %%
# .. _compile-repair:
#
# Remove them
# -----------
# The ``if`` asks for the *value* of a tensor.
# A plan has no values, so both ways must be written as one calculation, without a
# question.
# Here the scale is at most 1; more generally there is :func:`torch.where`.
# The report moves out to the caller.


def smooth(images):
    hidden = net.eyes(images)
    scale = (10 / hidden.max()).clamp(max=1)
    return net.head(hidden * scale).softmax(dim=1)


large = 100 * images  # so that both ways of the old if are tried
with torch.no_grad():
    whole = torch._dynamo.explain(smooth)(images)
    for batch in [images, large]:
        assert torch.allclose(smooth(batch), careful(batch), atol=1e-4)
        torch.compile(smooth, backend="eager", fullgraph=True)(batch)
assert net.eyes(images).max() < 10 < net.eyes(large).max()
whole.graph_count, whole.graph_break_count

# %%
# A repair must not change what the function does, so both were compared on two batches.
# The picture shows the graphs of both as bars.


def calls(plan):
    """Count the operations of a graph."""
    return sum("call" in node.op for node in plan.graph.nodes)


fig, axes = plt.subplots(figsize=(7, 2.3), layout="constrained")
for row, found in enumerate([torn, whole]):
    start = 0
    for number, plan in enumerate(found.graphs):
        axes.barh(row, calls(plan) - 0.15, left=start, color=f"C{number}", height=0.5)
        start += calls(plan)
axes.set(yticks=[0, 1], yticklabels=["careful", "smooth"], xlabel="operations")
axes.invert_yaxis()
axes.set_title("Two breaks cut the work into three graphs, the repair makes it one")
plt.show()

# %%
# Common causes, and what to write in their place:
#
# .. list-table::
#    :header-rows: 1
#
#    * - Line that breaks the graph
#      - Write instead
#    * - ``if x.sum() > 0:``
#      - :func:`torch.where`, ``clamp``, or ``torch.cond`` if one way is costly
#    * - ``print(x)``, writing to a log or a file
#      - after the call, with what it returns
#    * - ``x.item()``, ``float(x)``, ``x.tolist()``
#      - keep it a tensor, and convert after the call
#    * - ``x[x > 0]``, ``x.nonzero()``: the shape depends on values
#      - ``torch.where(x > 0, x, 0)`` keeps the shape
#    * - a library that Dynamo cannot follow
#      - call it outside, or mark it with :func:`torch.compiler.disable`: one break that
#        you have chosen
#
# Let us check the table, with one cure for comparison.


def report(x):
    print("  so many numbers:", len(x))
    return x + 1


breakers = {
    "if": lambda x: x + 1 if x.sum() > 0 else x,
    "print": lambda x: report(2 * x),
    "tolist": lambda x: x + sum((2 * x).tolist()),
    "x[x > 0]": lambda x: x[x > 0].sum(),
    "where": lambda x: torch.where(x > 0, x, 0).sum(),
}
for name, function in breakers.items():
    found = torch._dynamo.explain(function)(torch.ones(3))
    print(f"{name:9} breaks: {found.graph_break_count}")
    assert (found.graph_break_count > 0) == (name != "where")

# %%
# Answers to what people ask most:
#
# - *Where do I put* ``torch.compile``?
#   Around the model, or around the step of training: the largest piece without breaks.
#   ``net.compile()`` does it in place, and the names in the state dict stay as they
#   are, as the cell below shows.
# - *Do breaks matter?*
#   One between two large pieces hardly, one in an inner loop very much.
# - *Is* ``fullgraph=True`` *the same as no breaks?*
#   Not quite.
#   It also lets single numbers and unknown shapes into the graph: ``float(x.sum())``
#   and ``x[x > 0]`` pass with it, and break without.
# - *Something is wrong after compiling. Whose fault is it?*
#   Change the backend, step by step: ``eager`` only captures, ``aot_eager`` adds the
#   way back, ``inductor`` compiles.
#   The first that goes wrong is the one to look at.

torch.compiler.reset()
for function in [lambda x: x * float(x.sum()), breakers["x[x > 0]"]]:
    whole_graph = torch.compile(function, backend="eager", fullgraph=True)
    assert torch.equal(whole_graph(torch.ones(3)), function(torch.ones(3)))
around = torch.compile(net, backend="aot_eager")
assert torch.allclose(around(images), net(images), atol=1e-5)
inside = DigitNet()
inside.compile(backend="aot_eager")
next(iter(around.state_dict())), next(iter(inside.state_dict()))

# %%
# .. _compile-cost:
#
# What the first call costs
# -------------------------
# First live, with the backend ``eager``, which runs the captured graph as it is.
# Nothing is compiled, so nothing can become faster.
# What the first call costs more is the price of capturing and of writing guards alone.


def seconds(call):
    """Return how long one call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


torch.compiler.reset()
compiled = torch.compile(net, backend="eager")
with torch.no_grad():
    net(images)  # warm-up of the plain network
    plain = min(seconds(lambda: net(images)) for _ in range(10))
    first, *later = (seconds(lambda: compiled(images)) for _ in range(11))
print(f"plain {1e3 * plain:.1f} ms")
print(f"captured: first {1e3 * first:.1f} ms, later {1e3 * min(later):.1f} ms")

# %%
# Whoever forgets this measures the compiler and not the program: always time a compiled
# function *after* a first call with the same shapes.
#
# Now with inductor.
# It needs a C++ compiler, which a fresh machine may not have, and far more time.
# So the following was **not** measured while this page was built.
# ``benchmarks/record_compile.py`` of this project has recorded it, once, on the machine
# and with the command that the record names.

record = json.loads((files("eatorch.data") / "compile.json").read_text("utf-8"))
for name in ["device", "torch", "python", "compiler", "date", "command"]:
    print(f"{name:9} {record[name]}")

# %%
# Four cases, one thread, each in a fresh process:
#
# - ``chain``: eight element-wise steps on a million numbers;
# - ``predict``: the layers of our network without dropout, forwards, 512 digits;
# - ``train``: one step of training of these layers with 512 digits;
# - ``average``: the same step with average pooling in place of max pooling.
#
# The first two columns are the times of one call, plain and compiled, after the first.
# Their ratio is below 1 where compiling has gained.
# The first call is given twice: with an empty cache on disk, and in a new process that
# finds there what inductor has kept.
# All these are seconds of processor time, those of the C++ compiler included.
# On the clock you wait longer when the machine has other work, as this one had; the
# last column tells how long the first call took.

print("case      plain     compiled  ratio  first call  with cache  on the clock")
for row in record["cases"]:
    steady = f"{1e3 * row['plain_s']:6.2f} ms {1e3 * row['compiled_s']:6.2f} ms"
    once = f"{row['first_cpu_s']:7.1f} s {row['again_cpu_s']:9.1f} s"
    print(
        f"{row['case']:8}{steady}  {row['ratio']:.2f} {once} {row['first_s']:10.1f} s"
    )

# %%
# None of the answers is "always compile".
#
# - The *chain* gains most.
#   Plain PyTorch reads and writes a million numbers in each step; the compiled function
#   does all steps while a number is at hand.
#   This merging is called *fusion*.
# - *Predicting* gains less: a library calculates the convolutions, with or without
#   inductor, and only the steps around them can be merged.
# - The *training step* has become slower.
#   That is not the fate of training, for with another pooling the same step gains.
#   You cannot see this in the source: what inductor writes for one operation may be
#   slower than what PyTorch brings along, and in the next version it may be faster.
#   So measure *your* network.
#
# When is the first call paid back?

gains = {row["case"]: row["ratio"] for row in record["cases"]}
assert gains["chain"] < gains["predict"] < 1 < gains["train"]
assert gains["average"] < 1

calls_made = np.logspace(0, 5, 200)
fig, panels = plt.subplots(2, 2, figsize=(7.5, 5), layout="constrained")
for axes, row in zip(panels.flat, record["cases"], strict=True):
    spent = row["first_cpu_s"] + (calls_made - 1) * row["compiled_s"]
    axes.loglog(calls_made, calls_made * row["plain_s"], label="plain")
    axes.loglog(calls_made, spent, "--", label="compiled")
    axes.set(title=row["case"], xlabel="calls", ylabel="recorded time (s)")
panels[0, 0].legend()
fig.suptitle("The first call is paid back after many calls, or never")
plt.show()

# %%
# Where the lines cross, compiling begins to pay; for ``train`` they never will.
# Small operations on a GPU often gain more, since each of them costs a launch there
# (:ref:`device`).
# The rule is the same everywhere: count your calls, measure after the first one, and be
# ready to leave it out.
#
# And where there is *no* C++ compiler?
# Then inductor ends with ``InvalidCxxCompiler: No working C++ compiler found``, at the
# first call and not at the line where you wrote ``torch.compile``.
# :class:`eatorch.training.Trainer` with ``compile=True`` goes on without compiling in
# this case, and warns once.
#
# .. _compile-export:
#
# Export: the graph as a thing of its own
# ---------------------------------------
# A compiled function lives in your process and needs your classes.
# :func:`torch.export.export` makes an
# :class:`~torch.export.ExportedProgram`: graph, weights, and the conditions under which
# the graph holds.
# It takes example inputs, for their shapes.

program = export(net, (images[:32],))
steps = [node for node in program.graph.nodes if node.op == "call_function"]
for node in steps:
    print(f"{node.name:12} {node.target!s:28} {tuple(node.meta['val'].shape)}")

# %%
# The operations are those of ATen, PyTorch's C++ library.
# The dropout is listed again, and does nothing.
# That is a decision for good: an exported program cannot change between training and
# evaluation.
# So two classic mistakes: exporting before ``eval()``, and expecting any batch size.

net.train()
unsteady = export(net, (images[:32],)).module()
net.eval()
first, second = unsteady(images[:32]), unsteady(images[:32])
assert not torch.equal(first, second)  # its dropout draws anew in each call
with eatorch.show_error(AssertionError):
    program.module()(images[:7])
with eatorch.show_error(NotImplementedError):
    unsteady.eval()

# %%
# .. _compile-dim:
#
# Any batch size
# --------------
# The example had 32 pictures, so the program insists on 32.
# A :class:`~torch.export.Dim` gives an axis a name in place of a number.
# Export then follows the program with that name, and proves that the graph holds for
# all sizes, or says why not.

free = export(net, (images[:32],), dynamic_shapes={"images": {0: Dim("batch")}})
anywhere = free.module()
for batch in [1, 7, 32, len(images)]:
    with torch.no_grad():
        assert torch.allclose(anywhere(images[:batch]), net(images[:batch]), atol=1e-5)
assert abs(accuracy(anywhere) - accuracy(net)) < 0.01
for name, sizes in free.range_constraints.items():
    print(f"{name} may be from {sizes.lower} to {sizes.upper}")
with eatorch.show_error(AssertionError):
    anywhere(torch.zeros(1, 1, 9, 9))  # height and width have kept their numbers

# %%
# It reads all held-out digits in one batch, as accurately as the network that it was
# made from.
# ``s`` with a number is the name that PyTorch uses inside for our ``batch``, and
# ``int_oo`` is its infinity.
#
# Two refusals to know:


class Stubborn(DigitNet):
    """A network that has the batch size of its author built in."""

    def forward(self, images):
        return self.head(self.eyes(images).reshape(32, 32, 2, 2))


shapes = {"images": {0: Dim("batch")}}
with eatorch.show_error(Exception, lines=5):
    export(Stubborn().eval(), (images[:32],), dynamic_shapes=shapes)
with eatorch.show_error(Exception, lines=5):
    export(net, (images[:1],), dynamic_shapes=shapes)

# %%
# Both messages say *specialized*: the name had to become a number again.
# The first time it is the fault of the network, and ``reshape(-1, ...)`` or
# ``len(images)`` is the cure.
# The second time it is that of the example: sizes 0 and 1 are special to PyTorch, as we
# saw with the plans.
# Take an example batch of 2 or more, and the program runs with 1 as well.
# If you do not know which axes can be free, ``Dim.AUTO`` lets PyTorch decide.
#
# .. _compile-file:
#
# Out of Python
# -------------
# :func:`torch.export.save` writes graph and weights into one file, usually with the
# ending ``.pt2``.
# Whoever loads it needs neither the class nor your script.

file = io.BytesIO()
torch.export.save(free, file)
print(f"one file of {len(file.getvalue()) / 1024:.0f} KiB")
file.seek(0)
loaded = torch.export.load(file).module()
with torch.no_grad():
    assert torch.equal(loaded(images), anywhere(images))

# %%
# This file is where other tools begin: AOTInductor compiles it into a library that C++
# programs load, ExecuTorch brings it to phones, and ``torch.onnx.export`` goes through
# the same graph to other frameworks.
# Compared with the files of :ref:`save`, a ``state_dict`` is for going on with
# *training*, an exported program for *using*.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Question
#      - :func:`torch.compile`
#      - :func:`torch.export.export`
#    * - What do you get?
#      - a function for this process
#      - an object to look at, save and hand on
#    * - A line cannot be captured?
#      - graph break, Python helps out
#      - error
#    * - Another shape?
#      - one more plan
#      - error, unless the axis was made free
#    * - Training?
#      - yes
#      - mostly for using; the weights are in it
#
# .. _compile-profile:
#
# Where the time goes
# -------------------
# Before you compile anything, look where the time is spent.
# :class:`torch.profiler.profile` writes down each operation with its time.
# ``record_function`` puts a name of your own into the list.
# Self time is what an operation spends itself, without those that it calls.

with torch.no_grad(), profile(activities=[ProfilerActivity.CPU]) as watched:
    for _ in range(5):
        with record_function("eyes"):
            hidden = net.eyes(images)
        with record_function("head"):
            net.head(hidden)

spent = watched.key_averages()
named = {event.key: event.cpu_time_total for event in spent}
print(f"eyes {named['eyes'] / 5e3:.2f} ms, head {named['head'] / 5e3:.2f} ms per batch")

# %%
# ``watched.key_averages().table()`` prints all of it, and ``export_chrome_trace``
# writes a file that the trace viewer of a browser opens.
# We draw the six entries with the largest self time.

top = sorted(spent, key=lambda event: event.self_cpu_time_total, reverse=True)[:6]
fig, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.barh([event.key for event in top], [e.self_cpu_time_total / 5e3 for e in top])
axes.set(xlabel="self time per batch (ms)")
axes.invert_yaxis()
axes.set_title("The profiler splits the time of a prediction by operation")
plt.show()

# %%
# The names and their order differ from machine to machine.
# Look at what leads the list: convolutions and matrix products come from a library and
# stay as they are, so there compiling has little to win; long rows of small
# element-wise operations are what fusion is for.
# The profiler itself costs time, so compare shares, and measure totals without it.
#
# .. admonition:: Then and now
#
#    - *Static graphs first.*
#      TensorFlow 1 wanted the whole graph before any number.
#      Since PyTorch 2.0 (2023) one line adds the static graph to a dynamic program,
#      and takes it away again.
#    - *TorchScript.*
#      ``torch.jit.trace`` recorded one run and silently kept only the way that the
#      ``if`` took; ``torch.jit.script`` translated a part of Python.
#      Both are deprecated and warn: use :func:`torch.compile` for speed and
#      :func:`torch.export.export` for files.
#    - *ONNX.*
#      ``torch.onnx.export`` once recorded a run with TorchScript, and ``dynamic_axes``
#      told which axes were free.
#      Today it goes through :func:`torch.export.export` unless told otherwise
#      (``dynamo=True``), and takes the same ``dynamic_shapes``.

# %%
# .. _compile-exercises:
#
# Exercises
# ---------
# None of them needs a C++ compiler.
#
# .. _compile-ex1:
#
# Exercise 31-1: mend a graph break
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# This function limits a vector to length 1.
# It breaks the graph once.
# What is the cause?
# Write ``limited`` so that it returns the same for every vector, also for that of
# zeros, and is captured as one graph, with and without ``fullgraph=True``.
#
# .. code-block:: python
#
#    def limited(x):
#        length = x.norm()
#        if length > 1:
#            x = x / length
#        return x
#
# .. dropdown:: Hint
#
#    What do you divide by when the vector is short?
#    ``clamp`` can choose between two numbers without asking.
#
# .. dropdown:: Solution
#
#    The cause is the ``if``: it asks for a value, and a plan has none.
#    Divide always, but never by less than 1.
#
#    .. code-block:: python
#
#       def limited(x):
#           """Return ``x``, shortened to length 1 if it is longer."""
#           return x / x.norm().clamp(min=1)


def limited(x):
    """Return ``x``, shortened to length 1 if it is longer."""
    ...  # your code here


eatorch.check("31-1", limited)

# %%
# .. _compile-ex2:
#
# Exercise 31-2: a program for any batch
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that exports a network for pictures of shape
# ``(batch, 1, 8, 8)``, so that the program runs with any batch size and gives the same
# result each time, even if the network has dropout and came in training mode.
# It returns the exported program.
#
# .. dropdown:: Hint
#
#    Which mode must be on while you export?
#    What must the size of the example batch not be?
#    ``dynamic_shapes`` may also be a tuple with one entry for each input, so you need
#    no name.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def exported(net):
#           """Return ``net`` as a program for any number of pictures."""
#           example = torch.zeros(2, 1, 8, 8)
#           return export(net.eval(), (example,), dynamic_shapes=({0: Dim("batch")},))


def exported(net):
    """Return ``net`` as a program for any number of pictures."""
    ...  # your code here


eatorch.check("31-2", exported)

# %%
# .. _compile-ex3:
#
# Exercise 31-3: how many plans?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# ``planned = torch.compile(wander, backend=keep)`` is new, and is called seven times,
# in this order.
# How many plans are there after each call?
# Give a list of seven numbers, and say for yourself which of the calls would have cost
# something in a dynamic graph.
#
# .. code-block:: python
#
#    planned(torch.ones(3), 2)
#    planned(torch.zeros(3), 2)
#    planned(torch.ones(3), 5)
#    planned(torch.ones(3), 2)
#    planned(torch.ones(4), 2)
#    planned(torch.ones(9), 2)
#    planned(torch.ones(3).double(), 2)
#
# .. dropdown:: Hint
#
#    Values of tensors are never guarded; shape, dtype and the number of rounds are.
#    The second size brings a plan for all sizes from 2 on.
#
# .. dropdown:: Solution
#
#    New plans come with the first call, with 5 rounds, with a second size and with
#    another dtype.
#    A dynamic graph is written anew in every call, so each of them costs the same
#    there, and none costs much.
#
#    .. code-block:: python
#
#       plan_counts = [1, 1, 2, 2, 3, 3, 4]

plan_counts = ...  # your code here: [..., ...]

eatorch.check("31-3", plan_counts)

# %%
# .. _compile-ex4:
#
# Exercise 31-4: when does it pay?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# The first call of a compiled function takes ``first`` seconds, each later one
# ``compiled``, and a plain one always ``plain``.
# ``first`` is the largest of the three.
# Write a function that returns the smallest number of calls after which the compiled
# function has taken less time in all, or ``math.inf`` if that never happens.
#
# .. dropdown:: Hint
#
#    What do ``n`` calls cost on each side?
#    Remember that the first call is one of them.
#
# .. dropdown:: Solution
#
#    ``first + (n - 1) * compiled < n * plain`` holds for all ``n`` above
#    ``(first - compiled) / (plain - compiled)``, if the compiled function is faster.
#
#    .. code-block:: python
#
#       def calls_until_worth(first, compiled, plain):
#           """Return from how many calls on compiling has paid."""
#           if compiled >= plain:
#               return float("inf")
#           return int((first - compiled) / (plain - compiled)) + 1


def calls_until_worth(first, compiled, plain):
    """Return from how many calls on compiling has paid."""
    ...  # your code here


eatorch.check("31-4", calls_until_worth)

# %%
# .. _compile-minute:
#
# In one minute
# -------------
# - The first call of a compiled function captures a graph and hands it to a backend;
#   guards decide whether later calls may use it.
# - New dtypes, modes and Python numbers bring new plans; a second size makes the axis
#   dynamic; 1 is special.
# - Graph breaks are silent: ``explain`` counts them, ``fullgraph=True`` refuses what
#   cannot be captured.
# - Values steer no plan: ``torch.where`` and ``clamp`` for ``if``; ``print`` and
#   ``item`` outside.
# - Measure after the first call, count your calls, and expect that it may not pay.
# - ``export`` gives graph and weights as one object; ``Dim`` frees the batch axis, and
#   ``eval()`` comes first.
# - Profile before you compile.
#
# .. _compile-next:
#
# Read next
# ---------
# - :ref:`graph` for the dynamic graph, and :ref:`device` for honest timing.
# - :class:`eatorch.training.Trainer` takes ``compile=True``.
# - PyTorch's documentation of :mod:`torch.compiler` and :func:`torch.export.export`.
