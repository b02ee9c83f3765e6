"""
.. _graph:

The dynamic graph
=================

Open the record that ``backward`` reads: draw it, walk it by hand, add an operation of
your own, and see when it vanishes.

:Level: 5
:Hours: 2
:Day: 7
:Needs: :ref:`tensor`, :ref:`autograd`
:Data: none, only numbers that you can check with pencil and paper

:ref:`autograd` asked for slopes and got them.
This lesson opens the machine.
The record, or *computation graph*, is no theory: it is made of Python objects that you
can hold, print and even call.
Whoever has walked through one of them reads PyTorch's error messages with other eyes.
"""

import warnings

import matplotlib.pyplot as plt
import torch
from torch.autograd.graph import saved_tensors_hooks

import eatorch
from eatorch.plots import draw_graph

# %%
# .. _graph-forward:
#
# Two things happen on each line
# ------------------------------
# Take the smallest network there is, one neuron: a weight, a bias, a ReLU, and the
# squared distance to a target.
# Each line *calculates at once*: you can print the result, step through with a
# debugger, use ``if`` and ``for``.
# And each line writes, on the side, one node of the record.

w = torch.tensor(0.5, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
x, target = torch.tensor(4.0), torch.tensor(1.0)

product = w * x
total = product + b
active = torch.relu(total)
error = active - target
loss = error**2
[t.item() for t in (product, total, active, error, loss)]

# %%
# :func:`eatorch.plots.draw_graph` draws the record behind a result.
# Neither ``x`` nor ``target`` is in it, although both took part: nobody asked for their
# slope.
# On the right ``x`` asks as well, and at once it belongs to the record.

asking = x.clone().requires_grad_()
wider = (torch.relu(w * asking + b) - target) ** 2

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 6), layout="constrained")
draw_graph(loss, names={"w": w, "b": b}, ax=left)
draw_graph(wider, names={"w": w, "b": b, "x": asking}, ax=right)
left.set_title("x is a plain number")
right.set_title("x asks for its slope")
fig.suptitle("Only what asks for a gradient enters the record")
plt.show()

# %%
# .. _graph-walk:
#
# Walk it
# -------
# A graph has two kinds of things.
# *Nodes* are the operations, each with the rule for its own slope.
# *Edges* say where a gradient goes next.
# You enter by ``grad_fn`` of the result, and ``next_functions`` holds the edges.
# That is all you need to walk through any record of PyTorch, here in five lines.


def show_record(function, depth=0):
    """Print a node and, indented below it, the nodes that made its inputs."""
    print("    " * depth + function.name())
    for earlier, _ in function.next_functions:
        if earlier is not None:  # an input that asked for no gradient
            show_record(earlier, depth + 1)


show_record(loss.grad_fn)

# %%
# The names end in ``Backward`` because a node holds the way *back*; the way forward is
# already done.
# Each path ends at ``AccumulateGrad``, the node of a leaf.
# It knows its leaf and adds to its ``.grad`` what arrives: this is where gradients add
# up.

_, (to_b, _) = total.grad_fn.next_functions
assert to_b.variable is b

# %%
# The second entry of an edge is a number.
# It matters for an operation with several results: the edge says which of them was
# used.
# Both halves below come from the same node, as result 0 and result 1.

halves = torch.tensor([3.0, 5.0], requires_grad=True).unbind()
edges = (halves[0] * halves[1]).grad_fn.next_functions
[(node.name(), number) for node, number in edges]

# %%
# .. _graph-chain:
#
# The chain rule by hand
# ----------------------
# A node is a function: hand it the gradient of its output, and it returns the gradients
# of its inputs.
# Start with 1 at the loss, hand on what comes out, and you have written ``backward``.


def send_back(function, gradient, arrived):
    """Follow each edge with a gradient; add up in ``arrived`` what reaches a leaf."""
    if (leaf := getattr(function, "variable", None)) is not None:
        arrived[leaf] = arrived.get(leaf, 0) + gradient
        return
    shares = function(gradient)
    shares = shares if isinstance(shares, tuple) else (shares,)
    told = [None if share is None else share.item() for share in shares]
    print(f"{function.name():14} gets {gradient.item():4} and hands on", *told)
    for (earlier, _), share in zip(function.next_functions, shares, strict=True):
        if earlier is not None:
            send_back(earlier, share, arrived)


arrived = {}
with torch.no_grad():  # the way back needs no record of its own
    send_back(loss.grad_fn, torch.tensor(1.0), arrived)

# %%
# Read the lines as the chain rule:
#
# .. math::
#
#    \frac{\partial L}{\partial w}
#    = \underbrace{2\,e}_{4} \cdot \underbrace{1}_{\text{minus}}
#    \cdot \underbrace{1}_{\text{ReLU}} \cdot \underbrace{1}_{\text{plus}}
#    \cdot \underbrace{x}_{4} = 16
#
# The square multiplies by twice the error 2, which is 4.
# A difference, a sum and a ReLU above zero pass on what they get.
# A sum passes the *same* number to both sides, so ``b`` gets 4.
# A product multiplies by the *other* factor, so ``w`` gets 4 times 4.
# And ``backward`` agrees.

loss.backward(retain_graph=True)  # we want to look at this record once more
assert arrived[w] == w.grad
assert arrived[b] == b.grad
w.grad, b.grad

# %%
# Our walk follows each path by itself and adds up at the leaves.
# PyTorch's engine is cleverer: where paths meet it waits until all have reported, adds
# up, and goes on only once.
#
# .. _graph-saved:
#
# What a node remembers
# ---------------------
# To multiply by the other factor, the product must have kept it.
# Attributes that begin with ``_saved`` let you look; they are made for looking, and
# their names may change.
# Notice what is *not* kept: ``w`` would be needed only for the slope of ``x``, and
# nobody asked for that.

kept = product.grad_fn
kept._saved_other, kept._saved_self, active.grad_fn._saved_result.item()

# %%
# These memories are the price of training.
# :class:`~torch.autograd.graph.saved_tensors_hooks` lets you watch them, and even
# change them: ``pack`` is called when a tensor goes into the record, ``unpack`` when
# ``backward`` takes it out.
# We count what a chain of layers keeps, apart from its weights and its input, which
# exist anyway.
# Two nodes often share a tensor, so each piece of memory counts once.

generator = torch.Generator().manual_seed(0)
batch = torch.randn(256, 64, generator=generator)  # (sample, feature)
weights = [torch.randn(64, 64, generator=generator) / 8 for _ in range(6)]
weights = [weight.requires_grad_() for weight in weights]
known = {tensor.data_ptr() for tensor in [batch, *weights]}


def deep(layers):
    """Send the batch through the first layers."""
    hidden = batch
    for weight in weights[:layers]:
        hidden = torch.tanh(hidden @ weight)
    return hidden


# %%
# With ``torch.bfloat16`` the hooks store what is counted in two bytes a number instead
# of four, and make ``float32`` of it again on the way back.


def run_watched(layers, dtype=torch.float32):
    """Return the result and how many bytes its record keeps."""
    seen = {}  # it holds the tensors, so that no address is used twice

    def pack(tensor):
        if (place := tensor.data_ptr()) in known:
            return tensor
        if place not in seen:
            seen[place] = tensor, tensor.to(dtype)
        return seen[place][1]

    with saved_tensors_hooks(pack, torch.Tensor.float):
        result = deep(layers)
    return result, sum(packed.nbytes for _, packed in seen.values())


# %%
# The result itself stays exact.
# Only the memories are blurred, and with them the gradient, a little.

exact, _ = run_watched(6)
blurred, _ = run_watched(6, torch.bfloat16)
assert torch.equal(exact, blurred)
true, near = (torch.autograd.grad(y.sum(), weights[0])[0] for y in (exact, blurred))
print(f"relative error of the gradient: {(near - true).norm() / true.norm():.1%}")

# %%
# Half the memory for so small an error is a bargain.
# Ready-made hooks of the same kind are
# :class:`~torch.autograd.graph.save_on_cpu`, which parks the memories outside the
# graphics card.
# :func:`torch.utils.checkpoint.checkpoint` goes further: it keeps only the inputs of a
# piece and calculates the rest again on the way back.

depths = range(1, 7)
full = [run_watched(layers)[1] / 1024 for layers in depths]
half = [run_watched(layers, torch.bfloat16)[1] / 1024 for layers in depths]
with torch.no_grad():
    none = [run_watched(layers)[1] / 1024 for layers in depths]
assert full[-1] == 4 * sum(weight.nbytes for weight in weights) / 1024

fig, axes = plt.subplots(figsize=(7, 3), layout="constrained")
styles = {"recorded": (full, "o-"), "kept in bfloat16": (half, "s-")}
for name, (kept, style) in (styles | {"no_grad": (none, "^-")}).items():
    axes.plot(depths, kept, style, label=name)
axes.set(xlabel="layers", ylabel="kept for backward (KiB)")
axes.set_title("The record grows by the same piece with each layer")
axes.legend()
plt.show()

# %%
# For six layers it is four times what the weights themselves take: in training, the
# record is often what fills a graphics card.
# Without a record the same layers keep nothing.
#
# A memory must stay as it was.
# PyTorch counts the changes of each tensor, and ``backward`` compares.
# :func:`torch.exp` is its own slope, so its node keeps the *result*, and changing that
# in place is a classic mistake.

grown = torch.exp(w)
scaled = grown * 3
grown += 1  # on the memory of exp
with eatorch.show_error(RuntimeError, lines=5):
    scaled.backward()

# %%
# The message names the culprit: "output 0 of Exp" was kept at version 0 and is found at
# version 1.
# Cure: write ``grown = grown + 1``, which makes a new tensor.
# If the place is hard to find, run once under
# :class:`torch.autograd.detect_anomaly`, which also shows the line of the forward pass.
#
# .. _graph-freed:
#
# The record vanishes
# -------------------
# :ref:`autograd` met the error of the second ``backward``.
# Now we can see what happens.
# The record of ``loss`` still remembers, because we asked for it with ``retain_graph``.
# After a plain ``backward`` the nodes and edges are still there; only the memories are
# gone.

w.grad = b.grad = None
before = loss.grad_fn._saved_self.item()
loss.backward()
with eatorch.show_error(RuntimeError, lines=5):
    loss.grad_fn._saved_self
before, loss.grad_fn.next_functions[0][0].name()

# %%
# That explains a riddle: sometimes a second ``backward`` works.
# A sum needs no memory, so there is nothing to miss.
# Do not rely on it: one more operation, and it fails.

shifted = w + b
for _ in range(2):
    shifted.backward()  # no complaint

# %%
# In real programs nobody writes ``backward`` twice in a row.
# The error comes from two *results* that share a piece of the record.
# Here two losses share ``hidden``.
# The first ``backward`` empties the shared node, the second finds nothing.


def two_losses():
    """Return two losses that share a hidden value."""
    hidden = torch.exp(w)
    return (hidden - 1) ** 2, (hidden - 2) ** 2


first, second = two_losses()
first.backward()
with eatorch.show_error(RuntimeError, lines=1):
    second.backward()

# %%
# There are two cures.
# The better one: add the losses and go back once, which also walks the shared piece
# only once.
# The other: keep the memories on all readings but the last.
# Both give the same gradient.

first, second = two_losses()
(at_once,) = torch.autograd.grad(first + second, w)

first, second = two_losses()
w.grad = None
first.backward(retain_graph=True)
second.backward()
assert torch.allclose(w.grad, at_once)

# %%
# .. _graph-carried:
#
# A state that is carried on
# --------------------------
# The second place is a loop that carries a value from round to round, as recurrent
# networks, running averages and games do.
# Round 2 starts from the ``state`` of round 1, so its record goes on into the record of
# round 1, which has been read and emptied.


def next_state(state):
    """Let the state run through one round."""
    return torch.tanh(w * state + 1)


state = torch.tensor(1.0)
with eatorch.show_error(RuntimeError, lines=1):
    for round_number in range(1, 4):
        state = next_state(state)
        print("round", round_number)
        (state**2).backward()

# %%
# Here the message leads astray.
# With ``retain_graph=True`` it goes away, but each round now walks through all earlier
# ones, and memory and time grow without end.
# What we mean is: the old state is a given number.
# :meth:`~torch.Tensor.detach` says so.
# To see the difference we walk through the record again and count its nodes.


def nodes_behind(tensor):
    """Return all nodes of the record behind a tensor, each once."""
    found, waiting = set(), [tensor.grad_fn]
    while waiting:
        function = waiting.pop()
        if function is not None and function not in found:
            found.add(function)
            waiting += [earlier for earlier, _ in function.next_functions]
    return found


# %%
# Now twenty rounds with each of the two.

sizes = {"retain_graph=True": [], "state.detach()": []}
for cure, counted in sizes.items():
    state = torch.tensor(1.0)
    for _ in range(20):
        state = next_state(state.detach() if "detach" in cure else state)
        counted.append(len(nodes_behind(state**2)))
        (state**2).backward(retain_graph="retain" in cure)

# %%
# The rule: recompute what this round needs, detach what is only carried on, and keep
# ``retain_graph`` for the rare case that you read the *same* record twice.

fig, axes = plt.subplots(figsize=(7, 3), layout="constrained")
for (cure, counted), marker in zip(sizes.items(), "os", strict=True):
    axes.plot(range(1, 21), counted, marker=marker, markersize=4, label=cure)
axes.set(xlabel="round", ylabel="nodes behind the loss", xticks=range(2, 21, 2))
axes.set_title("retain_graph silences the message, detach removes its cause")
axes.legend()
plt.show()

# %%
# .. _graph-leaf:
#
# Who is a leaf?
# --------------
# A tensor is a leaf if no *recorded* operation made it.
# So there are two kinds of leaves, and the second is often forgotten: tensors that ask
# for a gradient, and all tensors without a record, such as your data and whatever you
# calculate from it.

cases = {
    "w": w,
    "x": x,
    "2 * x": 2 * x,
    "2 * w": 2 * w,
    "w.detach()": w.detach(),
    "w.double()": w.double(),
    "w.to('cpu')": w.to("cpu"),
}
print("tensor       leaf   asks   made by")
for name, tensor in cases.items():
    made_by = tensor.grad_fn.name() if tensor.grad_fn else "-"
    print(f"{name:13}{tensor.is_leaf!s:7}{tensor.requires_grad!s:7}{made_by}")

# %%
# Two lines deserve a second look.
# ``w.double()`` calculates, so it is no leaf; ``w.to('cpu')`` had nothing to do and
# returned ``w`` itself.
# With ``"cuda"`` in it the same line *does* copy, and the copy is no leaf.
# This makes a classic mistake: a weight that is scaled or moved *after* it was told to
# ask for a gradient.
# ``backward`` fills the leaf at its beginning, which nobody holds any more.

weight = torch.ones(3, requires_grad=True) * 0.1
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    weight.sum().backward()
    print("grad:", weight.grad)
print(str(caught[0].message).partition(". Its")[0])

# %%
# The result is ``None``, with a warning only, and only when you look.
# An optimizer is stricter.
# Cure: first make the number, then ask: ``(torch.ones(3) * 0.1).requires_grad_()``.

with eatorch.show_error(ValueError):
    torch.optim.SGD([weight], lr=0.1)

# %%
# .. _graph-hooks:
#
# Listen on the way back
# ----------------------
# If you *want* the gradient of a tensor on the way, you know
# :meth:`~torch.Tensor.retain_grad`.
# :meth:`~torch.Tensor.register_hook` can do more: it takes a function of yours and
# calls it when the gradient passes.
# It may look, and if it returns a tensor, that one travels on in its place.
# ``retain_grad`` always comes last, so it keeps what your hook has made of it.

x = torch.tensor(2.0, requires_grad=True)
y = 3 * x
y.retain_grad()
handle = y.register_hook(lambda gradient: gradient / 10)
(y**2).backward()
handle.remove()  # a hook stays until it is removed
y.grad, x.grad

# %%
# Without the hook it would be 12 and 36.
# Hooks show what happens inside a long chain.
# Each of thirty steps multiplies by a factor, so on the way back the gradient is
# multiplied by it again and again.
# One run has a hook that also limits the gradient.


def listen(factor, limit=torch.inf):
    """Return the gradient that arrives at each of 30 steps, the last step first."""
    state = torch.tensor(1.0, requires_grad=True)
    passing = []

    def hear(gradient):
        passing.append(gradient.item())
        return gradient.clamp(-limit, limit)

    for _ in range(30):
        state = state * factor
        state.register_hook(hear)
    state.backward()
    return passing


# %%
# On a logarithmic scale repeated multiplication is a straight line.
# Here you see the *vanishing* and the *exploding* gradient of deep networks.

fig, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
for factor, marker in [(0.8, "v"), (1.0, "s"), (1.25, "^")]:
    label = f"factor {factor}"
    axes.semilogy(listen(factor), marker=marker, markersize=4, label=label)
axes.semilogy(listen(1.25, limit=10), "x--", markersize=4, label="1.25, limited to 10")
axes.set(xlabel="steps back from the end", ylabel="gradient")
axes.set_title("Thirty factors in a row: the gradient vanishes, stays or explodes")
fig.legend(loc="outside right center")
plt.show()

# %%
# The limited run hovers just above 10, because the hook hears the number before it cuts
# it.
# For parameters there is also
# :meth:`~torch.Tensor.register_post_accumulate_grad_hook`, which is called after
# ``.grad`` was filled.
#
# .. _graph-function:
#
# An operation of your own
# ------------------------
# A node with your own rule is a subclass of :class:`torch.autograd.Function` with three
# static methods.
# ``forward`` calculates, ``setup_context`` packs for the way back, and ``backward``
# turns the gradient of the output into the gradient of each input.
# Pack tensors with ``save_for_backward``: then they are freed like all others, and a
# change in place is noticed.


class OwnReLU(torch.autograd.Function):
    """``max(0, x)``, with its own rule for the way back."""

    @staticmethod
    def forward(x):
        return x.clamp(min=0)

    @staticmethod
    def setup_context(ctx, _inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, gradient):
        (output,) = ctx.saved_tensors
        return gradient * (output > 0)


# %%
# We save the *output* rather than the input.
# It tells as much, since it is above zero exactly where the slope is 1, and the next
# operation probably keeps it anyway.
# You never call ``forward`` yourself: ``apply`` calls it and adds the node.

x = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)
y = OwnReLU.apply(x)
y.backward(gradient=torch.tensor([10.0, 20.0, 30.0]))
assert OwnReLU.forward(x).grad_fn.name().startswith("Clamp")  # your rule is not used
y.grad_fn.name(), x.grad

# %%
# :func:`~torch.autograd.gradcheck` compares the rule with difference quotients.
# Do this for every rule that you write by hand.

torch.autograd.gradcheck(OwnReLU.apply, x.detach().double().requires_grad_())

# %%
# Check away from corners, though.
# At 0 there is no slope to agree on: from the left it is 0, from the right it is 1, and
# the quotient says 0.5.

with eatorch.show_error(RuntimeError, lines=6):
    corner = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(OwnReLU.apply, corner)

# %%
# The slip that everybody makes once: ``backward`` returns the slope and forgets to
# multiply by the incoming gradient.
# That breaks the chain.
# At the end of a chain it even looks right, because there the incoming gradient is 1.


class Forgetful(OwnReLU):
    """A ReLU that ignores what comes from behind it."""

    @staticmethod
    def backward(ctx, gradient):
        (output,) = ctx.saved_tensors
        return (output > 0).to(gradient.dtype)


at_end, inside = (
    torch.autograd.grad(end(Forgetful.apply(x)), x)[0]
    for end in (torch.sum, lambda y: (10 * y).sum())
)
at_end, inside  # the second should be ten times the first

# %%
# Both are the same, and so the gradient inside the chain is wrong.
# ``gradcheck`` sends in several gradients, one after the other, and is not deceived.

with eatorch.show_error(RuntimeError, lines=7):
    torch.autograd.gradcheck(Forgetful.apply, x.detach().double().requires_grad_())

# %%
# When is it worth the trouble?
# If the operation leaves PyTorch (NumPy, a C library), if you know a shorter or more
# exact rule, or if you want another slope than the true one.
# In all other cases compose ready operations: their rules are tested already.
#
# .. _graph-off:
#
# Three ways out of the record
# ----------------------------
# You know ``no_grad`` and ``detach`` from :ref:`autograd`.
# Side by side with :class:`torch.inference_mode` they look alike, and all three results
# are leaves without a record.

with torch.no_grad():
    quiet = w * w
with torch.inference_mode():
    strict = w * w
cut = (w * w).detach()
for name, tensor in {"no_grad": quiet, "inference_mode": strict, "detach": cut}.items():
    print(f"{name:15} leaf={tensor.is_leaf}  inference={tensor.is_inference()}")

# %%
# The first and the third may come back into a recorded calculation, as constants.
# An inference tensor may come back only where no node has to keep it: a sum takes it, a
# product refuses.
# PyTorch does not even count its changes, so it could never notice a spoiled memory.
# That makes it a little faster, and right for pure prediction.

(w * quiet + w * cut + strict).backward()
with eatorch.show_error(RuntimeError, lines=5):
    w * strict

# %%
# ``detach`` in the middle of a calculation removes one path and leaves the others.
# For :math:`w^3` at 2 the slope is 12.
# If we detach the square, only the last factor counts, and 4 is left.
# (An operation that uses ``w`` twice gets a single arrow in the picture.)

w = torch.tensor(2.0, requires_grad=True)
cubes = {"w² recorded": (w * w) * w, "w² detached": (w * w).detach() * w}
fig, panels = plt.subplots(1, 2, figsize=(6, 3.4), layout="constrained")
for axes, (name, cube) in zip(panels, cubes.items(), strict=True):
    draw_graph(cube, names={"w": w}, ax=axes)
    (slope,) = torch.autograd.grad(cube, w)
    axes.set_title(f"{name}: slope {slope.item():g}")
fig.suptitle("detach cuts one path, and its share of the slope is missing")
plt.show()

# %%
# .. _graph-dynamic:
#
# Dynamic and static
# ------------------
# The record is made by running, and made anew in each run.
# So it may be different each time: a loop of random length is no problem at all.


def wander(w, rounds):
    """Multiply by ``w`` and take the sine, ``rounds`` times."""
    y = w
    for _ in range(rounds):
        y = torch.sin(w * y)
    return y


# %%
# A generator draws three lengths, and each run writes a record that fits it.

generator = torch.Generator().manual_seed(5)
lengths = torch.randint(1, 4, (3,), generator=generator).tolist()
fig, panels = plt.subplots(1, 3, figsize=(7, 6), layout="constrained")
for axes, rounds in zip(panels, lengths, strict=True):
    draw_graph(wander(w, rounds), names={"w": w}, ax=axes)
    axes.set_title(f"rounds: {rounds}")
for axes in panels:  # one scale for all three
    axes.set_ylim(bottom=min(other.get_ylim()[0] for other in panels))
fig.suptitle("One function, three runs, three records")
plt.show()

# %%
# The other way is to write down the whole plan first and run it afterwards.
# This is a *static* graph, as in TensorFlow 1.
# Today's PyTorch has it as :func:`torch.compile`: it watches a run, cuts a static graph
# out of it and hands that to a compiler.
# We put our own function in the compiler's place, only to see what is handed over.

plans = []


def look_at_plan(module, _examples):
    """Stand in for a compiler: note the operations and run them unchanged."""
    plans.append([str(node) for node in module.graph.nodes if "call" in node.op])
    return module.forward


planned = torch.compile(wander, backend=look_at_plan, dynamic=False)
for rounds in [2, 3, 2, 3]:
    assert torch.equal(planned(w, rounds), wander(w, rounds))
    print(f"{rounds} rounds, plans so far: {len(plans)}")
plans

# %%
# The loop is gone: it has been unrolled for this one length.
# Each new length costs a new plan, each known one is served from the store.
# PyTorch checks first whether a plan fits, and that check is called a *guard*.
# So the dynamic graph is for writing programs and finding errors, and the static one
# for running the same thing a million times.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Question
#      - Dynamic: recorded by running
#      - Static: planned, then run
#    * - When is the graph made?
#      - in each run
#      - once, before the runs
#    * - May ``if`` and ``for`` depend on the data?
#      - yes, it is plain Python
#      - only with special operations such as ``torch.cond``, or a plan for each case
#    * - Where does an error show?
#      - on the line that made it
#      - often in the plan, far from your line
#    * - Can the whole be improved?
#      - no, each operation is run as it comes
#      - yes: operations are merged, memory is planned
#    * - Does it run without Python?
#      - only if you write the program again in C++, where autograd records just the
#        same
#      - yes, the plan can be handed out, see :func:`torch.export.export`

# %%
# .. admonition:: Then and now
#
#    Older tutorials build graphs with ``Variable``.
#    Before PyTorch 0.4 (2018) a tensor was numbers only, and whoever wanted a slope
#    wrapped it.
#    The wrapper held the tensor in ``data`` and added what this lesson is about:
#    ``grad`` for the slope, ``grad_fn`` for the node that made it, ``requires_grad``
#    and ``is_leaf``.
#    It built the graph silently, just as tensors do today.
#    In 0.4 both became one class: every tensor has these attributes, and ``dtype`` and
#    ``device`` arrived in the same release.
#    ``Variable(t)`` still runs and returns a plain :class:`torch.Tensor`.
#
#    - ``volatile=True`` on a wrapper is ``torch.no_grad()`` today, and ``.data`` is
#      ``.detach()``.
#    - A ``Function`` was once an object that you called.
#      Such an object is refused today: the methods are static and you write ``apply``.
#    - ``forward(ctx, x)`` in one piece still works.
#      ``setup_context``, since 2.0, is what :mod:`torch.func` needs.
#    - To *see* a graph people used ``SummaryWriter.add_graph`` of TensorBoard.
#      It runs ``torch.jit.trace``, which is deprecated and warns.

# %%
# .. _graph-exercises:
#
# Exercises
# ---------
# For the first one put the keyboard aside.
#
# .. _graph-ex1:
#
# Exercise 09-1: nodes and edges on paper
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Let ``x = 2`` and ``w = 1``, both asking for a gradient, and
# :math:`y = (x + w)(w + 1)`.
# Draw the record behind ``y``.
# How many nodes does it have, counting operations and leaves, and how many edges?
# And what is the slope of ``y`` for ``w``?
# Give a tuple of three numbers.
# Then think about the names: textbooks often make the *values* the nodes and the
# operations the edges.
# Which is which in PyTorch?
#
# .. dropdown:: Hint
#
#    ``w`` is used twice, but there is one ``w``.
#    The number 1 asks for nothing.
#    Two paths lead back from ``y`` to ``w``, and each brings its share.
#
# .. dropdown:: Solution
#
#    Nodes: one product, two sums, and the leaves ``x`` and ``w``.
#    Edges: two below the product, two below the first sum, one below the second.
#    The paths bring :math:`w + 1 = 2` and :math:`x + w = 3`.
#    In PyTorch the operations are nodes, and gradients travel along the edges.
#    ``len(nodes_behind(y))`` and :func:`eatorch.plots.draw_graph` confirm it.
#
#    .. code-block:: python
#
#       answer = (5, 5, 5)

answer = ...  # your code here: (nodes, edges, slope)

eatorch.check("09-1", answer)

# %%
# .. _graph-ex2:
#
# Exercise 09-2: how long was the loop?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Somebody ran ``wander`` with a random number of rounds and gives you only the result.
# Write a function that finds the number in the record.
# It should also work for zero rounds.
# Could you do the same with the result of ``planned``?
#
# .. dropdown:: Hint
#
#    Each round takes the sine once.
#    After zero rounds the result is ``w`` itself.
#    What is the ``grad_fn`` of a leaf?
#
# .. dropdown:: Solution
#
#    A dynamic record is new for each run, so it tells the story of that run.
#    A static plan has one length only, fixed before it runs.
#    Our stand-in runs the operations of the plan one by one, so you can still count.
#    A real compiler makes one node of the whole plan, and nothing is left to count.
#
#    .. code-block:: python
#
#       def rounds_of(result):
#           """Return how many rounds of ``wander`` made ``result``."""
#           names = [node.name() for node in nodes_behind(result)]
#           return sum(name.startswith("Sin") for name in names)


def rounds_of(result):
    """Return how many rounds of ``wander`` made ``result``."""
    ...  # your code here


eatorch.check("09-2", rounds_of)

# %%
# .. _graph-ex3:
#
# Exercise 09-3: what Variable once added
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Today a tensor has these eight attributes, among others: ``data``, ``device``,
# ``dtype``, ``grad``, ``grad_fn``, ``is_leaf``, ``requires_grad``, ``shape``.
# Which of them did a ``Variable`` have that a bare tensor of those days had not?
# Give a set of names.
#
# .. dropdown:: Hint
#
#    What does a record need, and what do plain numbers need?
#    One of the names led from the wrapper to the numbers inside.
#
# .. dropdown:: Solution
#
#    The shape belongs to the numbers.
#    ``dtype`` and ``device`` came in 0.4, when there was no wrapper any more.
#
#    .. code-block:: python
#
#       added = {"data", "grad", "grad_fn", "requires_grad", "is_leaf"}

added = ...  # your code here: {"...", "..."}

eatorch.check("09-3", added)

# %%
# .. _graph-ex4:
#
# Exercise 09-4: a rule for the hypotenuse
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a :class:`torch.autograd.Function` for :math:`c = \sqrt{a^2 + b^2}`, with both
# legs ``a`` and ``b`` as inputs and a rule of your own for the way back.
# It should work for tensors of any shape and pass
# :func:`~torch.autograd.gradcheck`.
#
# .. dropdown:: Hint
#
#    Two inputs, so ``backward`` returns two gradients, in the same order.
#    The slope of ``c`` for ``a`` is :math:`a / c`.
#    Do not forget what comes from behind.
#
# .. dropdown:: Solution
#
#    ``torch.autograd.gradcheck(Hypotenuse.apply, ...)`` with two tensors in
#    ``float64`` returns ``True``.
#
#    .. code-block:: python
#
#       class Hypotenuse(torch.autograd.Function):
#           """The long side of a right-angled triangle."""
#
#           @staticmethod
#           def forward(a, b):
#               return torch.sqrt(a**2 + b**2)
#
#           @staticmethod
#           def setup_context(ctx, inputs, output):
#               ctx.save_for_backward(*inputs, output)
#
#           @staticmethod
#           def backward(ctx, gradient):
#               a, b, c = ctx.saved_tensors
#               return gradient * a / c, gradient * b / c


class Hypotenuse(torch.autograd.Function):
    """The long side of a right-angled triangle."""

    ...  # your code here


eatorch.check("09-4", Hypotenuse)

# %%
# .. _graph-minute:
#
# In one minute
# -------------
# - Each line calculates at once and adds one node to the record, if an input asks for a
#   gradient.
# - ``grad_fn`` is the way in, ``next_functions`` are the edges, and each path ends at
#   a leaf.
# - A node turns the gradient of its output into those of its inputs: that is the chain
#   rule.
# - Nodes keep tensors.
#   They cost memory, must not be changed in place, and are freed by ``backward``.
# - "A second time": add losses that share a piece, detach what is carried on, use
#   ``retain_graph`` last.
# - A leaf is what no recorded operation made: weights *and* data.
# - A ``Function`` of your own multiplies by the incoming gradient, and ``gradcheck``
#   watches over it.
# - The record is new in each run; :func:`torch.compile` is the way to a fixed plan.
#
# .. _graph-next:
#
# Read next
# ---------
# - :ref:`low` trains with nothing but tensors and this record.
# - :ref:`autograd` for ``gradient``, Jacobians and second derivatives.
# - :func:`eatorch.plots.draw_graph` draws the graph of your own model.
# - :mod:`torch.autograd` in the documentation of PyTorch, and its note
#   `Autograd mechanics <https://docs.pytorch.org/docs/stable/notes/autograd.html>`_.
# - The `guide to PyTorch 0.4
#   <https://pytorch.org/blog/pytorch-0_4_0-migration-guide/>`_, for the end of
#   ``Variable``.
