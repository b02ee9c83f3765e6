"""
.. _rnn:

Layers III: recurrent networks
==============================

Rebuild RNN, GRU and LSTM by hand, pack names of different lengths, and let a network
tell from the spelling which language a name belongs to.

:Level: 4
:Hours: 1.5
:Needs: :ref:`autograd`, :ref:`module`, :ref:`data`, :ref:`series`
:Data: Names of countries and languages in 18 languages, from the Unicode CLDR
    (Unicode licence v3) as Babel carries it

In :ref:`series` an LSTM was a box with a state.
Now we open the box.
A recurrent layer turns out to be a loop of one line.
Most of the trouble with it comes from three questions: what shape does the state have,
where does a sequence end, and how far back does the gradient reach?
"""

from collections import Counter
from itertools import chain

import matplotlib.pyplot as plt
import torch
from babel import Locale
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, Dataset

import eatorch

torch.manual_seed(0)
torch.set_num_threads(1)  # on steps this small, threads cost more than they bring

# %%
# .. _rnn-loop:
#
# A loop with a memory
# --------------------
# A linear layer sees its whole input at once.
# A sequence, such as the letters of a name or the months of a year, arrives step by
# step and may be of any length.
# So a recurrent layer keeps a **state** :math:`h`, a vector of fixed size.
# At each step it is updated from the old state and the new input:
#
# .. math::
#
#    h_t = \tanh(W_{ih}\, x_t + b_{ih} + W_{hh}\, h_{t-1} + b_{hh})
#
# The weights are the same at every step; only the state changes.
# Drawn step by step, the loop unrolls into a chain.


def draw_chain(ax, inputs):
    """Draw a recurrent layer once for each of its inputs."""
    arrow, box = {"arrowstyle": "->", "color": "0.5"}, {"fc": "none", "ec": "C0"}
    for step, letter in enumerate(inputs, start=1):
        for height, text, frame in [(0, letter, None), (1, "layer", box)]:
            ax.text(step, height, text, ha="center", va="center", bbox=frame)
        ax.text(step, 2, f"$h_{step}$", ha="center", va="center", color="C1")
        ax.text(step + 0.5, 1.15, f"$h_{step}$", ha="center", color="C1")
        for start, end in [
            ((step, 0.2), (step, 0.75)),
            ((step, 1.25), (step, 1.85)),
            ((step - 0.75, 1), (step - 0.25, 1)),
        ]:
            ax.annotate("", end, start, arrowprops=arrow)


# %%
# Read the picture from left to right: the first state is a row of zeros, the last one
# has seen the whole word.

fig, ax = plt.subplots(figsize=(7, 2.2), layout="constrained")
draw_chain(ax, "Nepal")
ax.text(0.05, 1, "zeros", ha="center", va="center", color="C1")
ax.annotate("", (5.75, 1), (5.25, 1), arrowprops={"arrowstyle": "->", "color": "0.5"})
ax.set(xlim=(-0.2, 6), ylim=(-0.3, 2.3), xlabel="step", xticks=range(1, 6), yticks=[])
ax.set_title("One layer, used once per letter; the state carries on what was read")
plt.show()

# %%
# :class:`torch.nn.RNN` holds two matrices and two biases.
# We take them out, run the loop ourselves and get what the layer gets.


def rnn_step(x, h, *weights):
    """Return the next state of a plain recurrent layer."""
    w_ih, w_hh, b_ih, b_hh = weights
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)


def run_loop(step, layer, sequences, state):
    """Apply ``step`` to each step of ``sequences``; return the last state."""
    for x in sequences.unbind(dim=1):  # (batch, feature)
        state = step(x, state, *layer.parameters())
    return state


sequences = torch.randn(3, 7, 5)  # (batch, step, feature)
zeros = torch.zeros(3, 4)  # (batch, hidden)

# %%
# The layer returns two things: all states of its top layer, and the last state of
# each layer.

layer = nn.RNN(input_size=5, hidden_size=4, batch_first=True)
outputs, state = layer(sequences)  # (batch, step, hidden), (1, batch, hidden)
by_hand = run_loop(rnn_step, layer, sequences, zeros)  # (batch, hidden)
assert torch.allclose(by_hand, state[0], atol=1e-6)
assert torch.allclose(by_hand, outputs[:, -1], atol=1e-6)
outputs.shape, state.shape

# %%
# A sum over the steps would forget their order.
# The loop does not: backwards, the same steps end in another state.

backwards, _ = layer(sequences.flip(dims=[1]))
(outputs[:, -1] - backwards[:, -1]).abs().max()

# %%
# .. _rnn-gates:
#
# Gates: GRU and LSTM
# -------------------
# The plain layer overwrites its whole state at each step.
# A **gate** makes that a choice.
# It is a vector of numbers between 0 and 1, computed from :math:`x_t` and
# :math:`h_{t-1}` by a sigmoid :math:`\sigma`, and it is multiplied (:math:`\odot`)
# element by element: 1 lets pass, 0 blocks.
#
# :class:`torch.nn.GRU` has a reset gate :math:`r`, an update gate :math:`z` and a
# proposal :math:`n`:
#
# .. math:: r_t = \sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr})
#
# .. math:: z_t = \sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz})
#
# .. math:: n_t = \tanh(W_{in} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn}))
#
# .. math:: h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}
#
# The last line is the point: with :math:`z_t = 1` the old state passes unchanged.
# (In the original paper :math:`r_t` is multiplied with :math:`h_{t-1}` before the
# matrix.
# PyTorch does it after the matrix, which is faster.
# So weights from elsewhere may not fit.)


def gru_step(x, h, *weights):
    """Return the next state of a GRU."""
    w_ih, w_hh, b_ih, b_hh = weights
    r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, dim=-1)
    r_h, z_h, n_h = (h @ w_hh.T + b_hh).chunk(3, dim=-1)
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


gru = nn.GRU(5, 4, batch_first=True)
_, state = gru(sequences)
assert torch.allclose(run_loop(gru_step, gru, sequences, zeros), state[0], atol=1e-6)

# %%
# :class:`torch.nn.LSTM` keeps two vectors: the cell state :math:`c`, its memory, and
# :math:`h`, the part of it that it shows.
# Its gates are named input, forget and output; :math:`g` is the proposal:
#
# .. math:: i_t = \sigma(W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi})
#
# .. math:: f_t = \sigma(W_{if} x_t + b_{if} + W_{hf} h_{t-1} + b_{hf})
#
# .. math:: g_t = \tanh(W_{ig} x_t + b_{ig} + W_{hg} h_{t-1} + b_{hg})
#
# .. math:: o_t = \sigma(W_{io} x_t + b_{io} + W_{ho} h_{t-1} + b_{ho})
#
# .. math:: c_t = f_t \odot c_{t-1} + i_t \odot g_t
#
# .. math:: h_t = o_t \odot \tanh(c_t)


def lstm_step(x, state, *weights):
    """Return the next hidden and cell state of an LSTM."""
    (h, c), (w_ih, w_hh, b_ih, b_hh) = state, weights
    gates = x @ w_ih.T + b_ih + h @ w_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


lstm = nn.LSTM(5, 4, batch_first=True)
_, states = lstm(sequences)
by_hand = run_loop(lstm_step, lstm, sequences, (zeros, zeros))
for mine, theirs in zip(by_hand, states, strict=True):
    assert torch.allclose(mine, theirs[0], atol=1e-6)

# %%
# ``chunk`` shows how PyTorch stores the gates: stacked on top of each other in one
# matrix, in the order r, z, n for the GRU and i, f, g, o for the LSTM.
# You need this order when you want to reach into a layer, as we shall soon.
#
# Now the picture.
# Boxes are vectors, arrows say what is computed from what.

INPUT = (0, 0)  # where the arrows begin
CELLS = {
    "RNN": {"$h_{t-1},\\,x_t$": INPUT, "tanh": (2.2, 1), "$h_t$": (4.4, 2)},
    "GRU": {
        "$h_{t-1},\\,x_t$": INPUT,
        "$h_{t-1}$": (0, 2), "× $z$": (1.3, 2), "+": (3.2, 2), "$h_t$": (4.4, 2),
        "$z$": (1.3, 1), "$(1-z)\\,n$": (3.2, 1), "$r$": (2.2, 0),
    },
    "LSTM": {
        "$h_{t-1},\\,x_t$": INPUT,
        "$c_{t-1}$": (0, 2), "× $f$": (1.3, 2), "+": (3.2, 2), "$c_t$": (4.4, 2),
        "$f$": (1.3, 1), "$i\\,g$": (3.2, 1), "$o$": (2.2, 0), "$h_t$": (4.4, 0),
    },
}  # fmt: skip

# %%
# Each arrow is a pair of box numbers.

ARROWS = {
    "RNN": [(0, 1), (1, 2)],
    "GRU": [(0, 5), (0, 6), (0, 7), (7, 6), (5, 2), (5, 6), (6, 3)],
    "LSTM": [(0, 5), (0, 6), (0, 7), (5, 2), (6, 3), (7, 8), (4, 8)],
}

# %%
# One more thing goes into the picture: in colour, the road that a state can travel
# without passing through any weights.


def draw_cell(ax, boxes, arrows, road):
    """Draw boxes and arrows, those of the road in colour."""
    look = {"ha": "center", "va": "center", "bbox": {"fc": "none", "ec": "0.5"}}
    frames = [ax.text(*xy, text, **look).get_bbox_patch() for text, xy in boxes.items()]
    places = list(boxes.values())
    for start, end in [*arrows, *road]:
        line = {"arrowstyle": "->", "color": "0.5"}
        if (start, end) in road:
            line = {"arrowstyle": "->", "color": "C1", "linewidth": 3}
        line |= {"patchA": frames[start], "patchB": frames[end]}
        ax.annotate("", places[end], places[start], arrowprops=line)


# %%
# In the plain layer everything squeezes through the weights and ``tanh``.

fig, panels = plt.subplots(1, 3, figsize=(10, 2.8), layout="constrained")
for ax, (name, boxes) in zip(panels, CELLS.items(), strict=True):
    road = [] if name == "RNN" else [(1, 2), (2, 3), (3, 4)]
    draw_cell(ax, boxes, ARROWS[name], road)
    ax.set(title=name, xlim=(-0.9, 4.9), ylim=(-0.5, 2.5))
    ax.axis("off")
fig.suptitle("Gates lay a road on which the state travels past the weights")
plt.show()

# %%
# .. _rnn-shapes:
#
# Shapes, and what ``batch_first`` does not touch
# -----------------------------------------------
# These shapes are looked up again and again, so we let the layers print them.
# Three sequences of seven steps with five features, four hidden numbers:

print("batch_first layers directions  input      output     state h_n")
for first, layers, both in [(0, 1, 0), (1, 1, 0), (1, 2, 0), (1, 1, 1), (1, 2, 1)]:
    layer = nn.GRU(5, 4, layers, batch_first=bool(first), bidirectional=bool(both))
    batch = sequences if first else sequences.transpose(0, 1)
    outputs, state = layer(batch)
    shapes = "  ".join(str(tuple(each.shape)) for each in (batch, outputs, state))
    print(f"{bool(first)!s:11} {layers:<6} {1 + both:<10}  {shapes}")

# %%
# ``batch_first=True`` swaps the first two axes of input and output.
# The state **ignores** it: it is always *(layers × directions, batch, hidden)*, on the
# way in and on the way out.
# An LSTM returns two such states as a pair, ``(h_n, c_n)``.
#
# .. _rnn-last:
#
# The last output and the last state
# ----------------------------------
# In one direction the last step of the output is the last state of the top layer.
# In two directions it is not.
# The backward half of a layer reads from the end, so at the last step it has seen a
# single letter.

reader = nn.GRU(5, 4, batch_first=True, bidirectional=True)
outputs, state = reader(sequences)
assert torch.equal(outputs[:, -1, :4], state[0])  # forward: last step
assert torch.equal(outputs[:, 0, 4:], state[1])  # backward: first step

# %%
# So take the state, not the output: ``torch.cat([state[-2], state[-1]], dim=1)`` joins
# the two directions of the top layer.
# The picture counts the letters that have been read where an output is made.

seen = torch.stack([torch.arange(1, 8), torch.arange(7, 0, -1)])
fig, ax = plt.subplots(figsize=(7, 2.2), layout="constrained")
eatorch.plots.draw_tensor(seen, ax=ax)
for corner, label in {(5.5, -0.5): "h_n", (-0.5, 0.5): None}.items():
    frame = {"fill": False, "edgecolor": "C1", "linewidth": 4, "label": label}
    frame["zorder"] = 3  # above the span
    ax.add_patch(plt.Rectangle(corner, 1, 1, **frame))
ax.axvspan(5.5, 6.5, color="C2", alpha=0.3, label="output[:, -1]")
ax.set(xlabel="step", ylabel="", yticks=[0, 1], yticklabels=["forward", "backward"])
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set_title("At the last step the backward direction has read one letter only")
plt.show()

# %%
# .. _rnn-mistakes:
#
# Three mistakes with shapes
# --------------------------
# The state you hand in must have its own shape, whatever ``batch_first`` says.

gru = nn.GRU(5, 4, batch_first=True)
with eatorch.show_error(RuntimeError):
    gru(sequences, torch.zeros(3, 1, 4))  # batch first, as the input

# %%
# A single sequence needs no batch axis.
# That is handy, and a trap: with the axis forgotten, two axes are read as
# *(step, feature)*.
# Here a table of three samples slips in as one sequence of three steps.

outputs, state = gru(torch.randn(3, 5))
outputs.shape, state.shape

# %%
# The third mistake raises nothing at all.
# Leave out ``batch_first=True``, and the first axis counts as time.
# The shapes fit, the loss may even fall, but the layer now reads *across* the samples.
# The test is simple: change one sample and see whether another one moves.


def leaks(layer):
    """Tell whether sample 0 reaches the output of another sample."""
    changed = sequences.clone()
    changed[0] += 1
    difference = layer(sequences)[0] - layer(changed)[0]
    return bool(difference[1:].abs().max() > 0)


print("batch_first=True ", leaks(gru))
print("batch_first=False", leaks(nn.GRU(5, 4)))
assert leaks(nn.GRU(5, 4))
assert not leaks(gru)

# %%
# .. _rnn-cells:
#
# Cells and layers
# ----------------
# :class:`torch.nn.RNNCell`, :class:`torch.nn.GRUCell` and :class:`torch.nn.LSTMCell`
# are a single step; the loop is yours.
# They have the same parameters under almost the same names, so we can load them.

cell = nn.GRUCell(5, 4)
own = gru.state_dict()
cell.load_state_dict({name.removesuffix("_l0"): own[name] for name in own})
state = zeros
for x in sequences.unbind(dim=1):
    state = cell(x, state)
assert torch.allclose(state, gru(sequences)[1][0], atol=1e-6)
list(own)

# %%
# .. list-table::
#    :header-rows: 1
#
#    * - You want
#      - Take
#    * - to read a sequence that is there
#      - the layer: its loop does not run in Python, and several layers, two directions
#        and packed sequences are built in
#    * - to feed each answer back as the next input, or to do something at each step
#      - the cell, or the layer step by step with its state, as in :ref:`series-free`
#    * - dropout
#      - ``dropout=`` of the layer acts between stacked layers only; with one layer
#        PyTorch warns and drops nothing
#
# .. _rnn-count:
#
# Count the parameters
# --------------------
# Let there be :math:`g` blocks: one in the RNN, three in the GRU, four in the LSTM.
# For inputs of size :math:`n` and :math:`m` hidden numbers, one layer in one direction
# has
#
# .. math:: g\,(n\,m + m\,m + 2\,m)
#
# parameters: :math:`W_{ih}`, :math:`W_{hh}` and two biases.
# A GRU has three quarters of the parameters of an LSTM, always.

size_of = {}
for kind, blocks in {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}.items():
    size_of[kind] = sum(p.numel() for p in kind(32, 64).parameters())
    assert size_of[kind] == blocks * (32 * 64 + 64 * 64 + 2 * 64)
    print(f"{kind.__name__:4} {size_of[kind]:6}")
assert size_of[nn.GRU] / size_of[nn.LSTM] == 3 / 4

# %%
# Why two biases, if they are only added?
# One would do for RNN and LSTM; PyTorch keeps the layout of NVIDIA's library.
# In the GRU :math:`b_{hn}` does stand alone, inside the bracket behind :math:`r`.
# A second layer reads the states of the first, so its :math:`n` is :math:`m`, or
# :math:`2m` behind two directions.
# Two directions double the count.
#
# .. _rnn-lag:
#
# How far back does the gradient reach?
# -------------------------------------
# To learn from a letter ten steps back, its gradient has to come back ten steps.
# On the way through a plain layer it is multiplied by the same matrix and by the slope
# of ``tanh`` once per step.
# We measure what arrives: the gradient of the last output by the input, sorted by lag.


def by_lag(layer, sequences):
    """Return the mean length of the gradient that reaches each step, lag 0 first."""
    sequences = sequences.clone().requires_grad_()
    outputs, _ = layer(sequences)
    outputs[:, -1].sum().backward()
    return sequences.grad.norm(dim=2).mean(dim=0).flip(0)  # (lag,)


# %%
# Five layers: the three as PyTorch makes them, an RNN whose :math:`W_{hh}` doubles the
# length of every vector, and an LSTM whose forget gate starts open.
# For that, its bias gets a 2 in the second block, ``f``; the sigmoid of 2 is about 0.9.

hidden = 64
layers = {kind.__name__: kind(8, hidden, batch_first=True) for kind in size_of}
layers["RNN, doubling"] = nn.RNN(8, hidden, batch_first=True)
layers["LSTM, open gate"] = nn.LSTM(8, hidden, batch_first=True)
nn.init.orthogonal_(layers["RNN, doubling"].weight_hh_l0, gain=2)
with torch.no_grad():
    layers["LSTM, open gate"].bias_ih_l0[hidden : 2 * hidden] = 2

noise = torch.randn(16, 40, 8)  # (batch, step, feature)
lags = {name: by_lag(layer, noise) for name, layer in layers.items()}
radius = torch.linalg.eigvals(layers["RNN"].weight_hh_l0.detach()).abs().max()

# %%
# The dotted line is a forecast without any data: the largest eigenvalue of
# :math:`W_{hh}` (in absolute value), to the power of the lag.

fig, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
for number, (name, lengths) in enumerate(lags.items()):
    ax.semilogy(lengths, color=f"C{number}", label=name)
forecast = lags["RNN"][0] * radius ** torch.arange(40)
ax.semilogy(forecast, ":", color="0.5", label="eigenvalue to the power of the lag")
ax.set(xlabel="lag (steps before the end)", ylabel="length of the gradient")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set_title("Fresh gates are half shut: only the open one carries the gradient")
plt.show()

for name in ("RNN", "GRU", "LSTM"):
    assert lags[name][30] < 1e-4 * lags[name][0]
assert lags["LSTM, open gate"][30] > 0.1 * lags["LSTM, open gate"][0]
assert lags["RNN, doubling"][30] > 10 * lags["RNN, doubling"][0]

# %%
# Did you expect the GRU and the LSTM far above the RNN?
# Many texts say so, but a *fresh* gate stands at about one half, and what is roughly
# halved at each step is soon gone, only a little later than in the RNN.
# The difference is that a gate can **learn** to open, and that you can open it at the
# start.
# The RNN has only its matrix, the same for every input: if that shrinks, the gradient
# **vanishes**; if it stretches by more than the slopes of ``tanh`` take back, the
# gradient **explodes**.
#
# .. _rnn-clip:
#
# Clip what explodes
# ------------------
# Against explosions there is :func:`torch.nn.utils.clip_grad_norm_`, known from
# :ref:`series-train`.
# It shortens the gradient of all parameters together and keeps its direction.

wild = layers["RNN, doubling"]
wild(noise)[0][:, -1].sum().backward()
before = torch.cat([p.grad.flatten() for p in wild.parameters()])
norm = nn.utils.clip_grad_norm_(wild.parameters(), max_norm=1.0)
after = torch.cat([p.grad.flatten() for p in wild.parameters()])
cosine = torch.cosine_similarity(before, after, dim=0)
print(f"length {norm:.0f} before, {after.norm():.2f} after, cosine {cosine:.4f}")

# %%
# A gradient that is already infinite or NaN cannot be shortened.
# By default one NaN then turns *all* gradients into NaN, and an infinite one sets the
# others to zero, silently.
# Ask for an error, and you learn of it at once.

wild.weight_hh_l0.grad[0, 0] = torch.nan
with eatorch.show_error(RuntimeError):
    nn.utils.clip_grad_norm_(wild.parameters(), max_norm=1.0, error_if_nonfinite=True)

# %%
# Against vanishing, clipping does nothing.
# Gates help, or shorter sequences, or a direct look back as in :ref:`attention`.
#
# .. _rnn-detach:
#
# Endless sequences: carry the state, cut the graph
# -------------------------------------------------
# A classic toy: the network reads a sine wave, one value at a time, and has to answer
# with the cosine.
# One value does not tell: a sine of 0 may be on its way up or down.
# Only the past does, and the past sits in the state.
#
# The wave never ends, so we train on pieces of ten steps and hand the state on from
# piece to piece.


class Follower(nn.Module):
    """Answer each value of a wave with one number."""

    def __init__(self, hidden=32):
        super().__init__()
        self.recurrent = nn.RNN(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, wave, state=None):
        """Return the answers, shape (batch, step, 1), and the state to go on with."""
        outputs, state = self.recurrent(wave, state)
        return self.head(outputs), state


def piece(number):
    """Return ten steps of sine and cosine, half a turn, each (1, step, 1)."""
    angle = (torch.arange(10) + 10 * number) * torch.pi / 10
    return angle.sin()[None, :, None], angle.cos()[None, :, None]


# %%
# The obvious loop fails in its second round.

torch.manual_seed(0)
follower, state = Follower(), None
with eatorch.show_error(RuntimeError):
    for number in range(2):
        sine, cosine = piece(number)
        answers, state = follower(sine, state)
        (answers - cosine).square().mean().backward()

# %%
# The state of the first piece still hangs on the graph of the first piece, and
# ``backward`` has freed that graph (:ref:`autograd-once` says why).
# The message proposes ``retain_graph=True``.
# Do not: each round would then go back to the very first piece, slower and slower, and
# as soon as the optimizer steps, it fails anyway.

optimizer, state = torch.optim.Adam(follower.parameters(), lr=0.01), None
with eatorch.show_error(RuntimeError, lines=3):
    for number in range(2):
        sine, cosine = piece(number)
        answers, state = follower(sine, state)
        (answers - cosine).square().mean().backward(retain_graph=True)
        optimizer.step()

# %%
# The cure is to keep the numbers of the state and let go of its past:
# :meth:`~torch.Tensor.detach`.
# This is *truncated backpropagation through time*: values flow on without end,
# gradients flow back to the start of the piece.

torch.manual_seed(0)
follower, state, losses = Follower(), None, []
optimizer = torch.optim.Adam(follower.parameters(), lr=0.01)
for number in range(150):
    sine, cosine = piece(number)
    answers, state = follower(sine, state)
    state = state.detach()  # of an LSTM: both states
    loss = (answers - cosine).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
losses[0], losses[-1]

# %%
# Does ``detach`` really cut?
# We ask for the gradient that the second piece sends to the *input* of the first, with
# and without the cut.
# The answers are equal to the last bit; the gradient is there or not.

first, second = (piece(number)[0] for number in (0, 1))
first.requires_grad_()
_, state = follower(first)
whole, cut = follower(second, state)[0], follower(second, state.detach())[0]
(reached,) = torch.autograd.grad(whole.sum(), first)
(nothing,) = torch.autograd.grad(cut.sum(), first, allow_unused=True)
assert torch.equal(whole, cut)
reached.norm(), nothing

# %%
# And what was the carried state good for?
# The same trained network, with the state handed on, and with zeros at the start of
# each piece:

curves = {"state carried on": [], "state forgotten": []}
truth = torch.cat([piece(number)[1] for number in range(6)], dim=1)[0, :, 0]
with torch.inference_mode():
    for name, answers in curves.items():
        state = None
        for number in range(6):
            answer, state = follower(piece(number)[0], state)
            answers.append(answer[0, :, 0])
            state = state if name == "state carried on" else None

# %%
# Each piece begins at a grey line.
# The first one is hard for both: nobody can know the direction after one value.

fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.plot(truth, color="0.5", linewidth=5, alpha=0.4, label="cosine")
for (name, answers), style in zip(curves.items(), ["-", "--"], strict=True):
    ax.plot(torch.cat(answers), style, label=name)
for number in range(6):
    ax.axvline(10 * number, color="0.5", linewidth=0.5)
ax.set(xlabel="step", ylabel="answer", xlim=(0, 59))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set_title("Without its state the network has to find the direction again each time")
plt.show()

errors = {name: torch.cat(each)[10:] - truth[10:] for name, each in curves.items()}
typical = {name: each.square().mean().sqrt() for name, each in errors.items()}
assert typical["state forgotten"] > 5 * typical["state carried on"]

# %%
# .. _rnn-pack:
#
# Sequences of different lengths
# ------------------------------
# Names have different lengths, a tensor has one.
# The way out has two stages.
# :func:`~torch.nn.utils.rnn.pad_sequence` fills the short ones up with zeros.
# :func:`~torch.nn.utils.rnn.pack_padded_sequence` sorts them by length and stores the
# real steps only, step by step, with a note of how many sequences are still running:
# ``batch_sizes``.

words = ["Togo", "Japan", "USA"]
codes = [torch.tensor([ord(letter) for letter in word]) for word in words]
padded = pad_sequence(codes, batch_first=True)  # (name, letter)
lengths = torch.tensor([len(word) for word in words])
packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
packed.batch_sizes, packed.sorted_indices

# %%
# The result is a :class:`~torch.nn.utils.rnn.PackedSequence`, a tuple; its first two
# parts hold the letters and the batch sizes.
# We draw them with one colour per step.
# The packed row holds all first letters, then all second letters, and no filling.


def draw_letters(ax, rows, steps):
    """Draw rows of letter codes as cells, coloured by step; 0 is padding."""
    for row, (letters, numbers) in enumerate(zip(rows, steps, strict=True)):
        for column, (code, step) in enumerate(zip(letters, numbers, strict=True)):
            color = f"C{step}" if code else "0.5"
            cell = plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fc=color, ec="0.5")
            cell.set_alpha(0.35 if code else 0.15)
            ax.add_patch(cell)
            ax.text(column, row, chr(code) if code else "0", ha="center", va="center")
    ax.set(xlim=(-0.5, len(rows[0]) - 0.5), ylim=(len(rows) - 0.5, -0.5), aspect=1)
    ax.set_yticks(range(len(rows)))


# %%
# Above each step of the packed row stands its batch size.

fig, (left, right) = plt.subplots(
    1, 2, figsize=(9, 2.4), width_ratios=[5, 12], layout="constrained"
)
draw_letters(left, padded.tolist(), [range(5)] * 3)
left.set(title="Padded", xlabel="step", ylabel="name")
cells, sizes, *_ = packed
steps = torch.arange(5).repeat_interleave(sizes).tolist()
draw_letters(right, [cells.tolist()], [steps])
for end, size in zip(sizes.cumsum(dim=0), sizes, strict=True):
    right.text(end - size / 2 - 0.5, -0.8, f"{size}", ha="center", va="center")
right.set(title="Packed, with batch sizes\n", xlabel="place", yticks=[])
fig.suptitle("Packing keeps the real letters and drops the padding")
plt.show()

# %%
# A recurrent layer takes the packed sequence as it is.
# The output comes back packed; :func:`~torch.nn.utils.rnn.pad_packed_sequence` pads it
# again.
# The state comes back as always, in *your* order, each sequence stopped at its own end.

vectors = torch.randn(128, 5)  # a random vector for each code
features = vectors[padded]  # (name, letter, feature)
packed = pack_padded_sequence(features, lengths, batch_first=True, enforce_sorted=False)
outputs, state = gru(packed)
outputs, ends = pad_packed_sequence(outputs, batch_first=True)
alone = [gru(vectors[code])[1] for code in codes]  # each name without any padding
assert torch.allclose(state, torch.stack(alone, dim=1), atol=1e-6)
outputs.shape, ends

# %%
# ``enforce_sorted=True``, the default, wants the longest sequence first and stores no
# order.
# It is needed for the export to ONNX only; everybody else writes
# ``enforce_sorted=False``.

with eatorch.show_error(RuntimeError):
    pack_padded_sequence(features, lengths, batch_first=True)

# %%
# A name without letters has no last state, so a length of zero is refused.
# Filter such samples out in the data set, or give each sequence a start sign.
# (On a GPU a third rule bites: a tensor of lengths has to stay on the CPU.)

with eatorch.show_error(RuntimeError):
    pack_padded_sequence(
        features, torch.tensor([4, 5, 0]), batch_first=True, enforce_sorted=False
    )

# %%
# .. _rnn-padding:
#
# What padding does if you do not pack
# ------------------------------------
# Nothing complains without packing.
# The layer reads the filling as if it were letters, and the state wanders on after the
# end of the name.
# We read "USA" with more and more filling.

usa = vectors[codes[2]]  # (letter, feature)
filling = vectors[0].expand(12, 5)
_, right_state = gru(usa)
path, _ = gru(torch.cat([usa, filling]))  # (step, hidden)
drift = (path[2:] - right_state).norm(dim=1)

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
left.plot(range(1, 16), path.detach(), marker=".")
left.axvline(3, color="0.5", linestyle=":")
left.set(title="State, dotted: end of the name", xlabel="step", ylabel="hidden numbers")
right.plot(drift.detach(), marker=".")
right.set(title="Distance from the right state", xlabel="zeros read after the name")
right.set(ylabel="distance", ylim=(0, None))
fig.suptitle("Padding moves the state on after the name has ended")
plt.show()

# %%
# So the prediction for a name would depend on its neighbours in the batch: the longest
# of them decides how much filling the others get.
# With ``output[:, -1]`` there is a second version of this mistake, even after packing.
# Beyond the end of a sequence the unpacked output is zero:

print("output[:, -1]     ", outputs[:, -1, 0].detach())
print("at the right place", outputs[torch.arange(3), ends - 1, 0].detach())
print("state[-1]         ", state[-1, :, 0].detach())
assert torch.equal(outputs[torch.arange(3), ends - 1], state[-1])
assert (outputs[[0, 2], -1] == 0).all()

# %%
# Only Japan, the longest, came out right in the first line.
# Take ``state[-1]``, and all is well.
#
# .. _rnn-names:
#
# Names of eighteen languages
# ---------------------------
# Now to work.
# Every language has its own names for countries and languages.
# The Unicode consortium collects them, and :func:`eatorch.data.names_by_language` hands
# them out.
# Here are our languages, the number of their names, and one name in all of them:

names = eatorch.data.names_by_language()
counts = torch.bincount(names.targets).tolist()
for code, count in zip(names.classes, counts, strict=True):
    locale = Locale.parse(code)
    germany = locale.territories["DE"]
    note = "" if germany in names.texts else "(shared)"
    print(f"{code}  {locale.english_name:11}{count:4}  {germany} {note}")
print(len(names), "names")

# %%
# What about names that several languages share?
# *Tyskland* is Danish and Swedish, *Angola* is Angola nearly everywhere.
# Such a name has no right answer, so the loader leaves it out.
# Close relatives lose most: Swedish alone beside Vietnamese would keep far more.

pair = eatorch.data.names_by_language(["sv", "vi"])
print("Swedish names beside Vietnamese only:", torch.bincount(pair.targets)[0].item())
print("Swedish names beside 17 languages:   ", counts[names.classes.index("sv")])
assert not {"Tyskland", "Angola"} & set(names.texts)
assert len(set(names.texts)) == len(names)

# %%
# The last line says more: each name occurs once, so no name can be in
# two parts.
# We shuffle and cut: train on 6,000, choose on 1,000, judge on the rest, once.

shuffled = torch.randperm(len(names), generator=torch.Generator().manual_seed(0))
parts = shuffled.split([6000, 1000, len(names) - 7000])
train_rows, valid_rows, test_rows = (rows.tolist() for rows in parts)

# %%
# The network needs numbers.
# Zero is padding, one stands for any letter that the network does not know.
# Letters that occur only once in the training part get the one too, so that the network
# meets the unknown in training and not only in use.

found = Counter(chain.from_iterable(names.texts[row] for row in train_rows))
known = sorted(letter for letter, times in found.items() if times > 1)
number_of = {letter: number for number, letter in enumerate(known, start=2)}


def encode(text):
    """Return the number of each letter, int64, shape (letter,)."""
    return torch.tensor([number_of.get(letter, 1) for letter in text])


print(len(number_of), "letters;", "Togo:", encode("Togo"), "東:", encode("東"))

# %%
# A :class:`~torch.utils.data.Dataset` gives one name, a collate function makes a batch
# of several, as in :ref:`data`.


class Names(Dataset):
    """Names as numbers of letters, with the numbers of their languages."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        row = self.rows[index]
        return encode(names.texts[row]), names.targets[row]


# %%
# ``collate`` pads, and remembers how long each name was.


def collate(samples):
    """Return padded letters (name, letter), lengths (name,) and targets (name,)."""
    letters, targets = zip(*samples, strict=True)
    lengths = torch.tensor([len(each) for each in letters])
    return pad_sequence(letters, batch_first=True), lengths, torch.stack(targets)


def batches(rows, **options):
    """Return a loader over rows of the names."""
    return DataLoader(Names(rows), batch_size=64, collate_fn=collate, **options)


letters, lengths, targets = next(iter(batches(valid_rows)))
assert (letters == 0).float().mean() > 0.5
letters.shape, lengths[:8], f"{(letters == 0).float().mean():.0%} padding"

# %%
# More than half of this batch is padding that packing spares us.
#
# .. _rnn-train:
#
# The network and its training
# ----------------------------
# An :class:`~torch.nn.Embedding` turns each number into a vector, the recurrent layer
# reads, a linear layer judges the last state.


class Reader(nn.Module):
    """Read a name letter by letter and score the languages."""

    def __init__(self, layer, hidden=64):
        super().__init__()
        self.embedding = nn.Embedding(len(number_of) + 2, 32, padding_idx=0)
        self.recurrent = layer(32, hidden, batch_first=True)
        self.head = nn.Linear(hidden, len(names.classes))

    def forward(self, letters, lengths):
        """Return logits (name, language) for padded letters (name, letter)."""
        packed = pack_padded_sequence(
            self.embedding(letters), lengths, batch_first=True, enforce_sorted=False
        )
        _, state = self.recurrent(packed)
        return self.head(state[-1])


# %%
# To judge, we need no gradients.


def predict(model, rows):
    """Return the logits of all names in ``rows``, shape (name, language)."""
    with torch.inference_mode():
        return torch.cat([model(each, ends) for each, ends, _ in batches(rows)])


# %%
# The loop is the usual one, with a learning rate that rises and falls
# (:class:`~torch.optim.lr_scheduler.OneCycleLR`) and with clipping.


def fit(layer, epochs=5):
    """Train a reader; return it with its accuracy in validation after each epoch."""
    torch.manual_seed(0)
    order = torch.Generator().manual_seed(0)
    train = batches(train_rows, shuffle=True, generator=order)
    model, history = Reader(layer), []
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = OneCycleLR(optimizer, 0.01, total_steps=epochs * len(train))
    for _ in range(epochs):
        for letters, lengths, targets in train:
            train_step(model, optimizer, letters, lengths, targets)
            scheduler.step()
        guesses = predict(model, valid_rows).argmax(dim=1)
        history.append((guesses == names.targets[valid_rows]).float().mean().item())
    return model, history


# %%
# One step, with clipping between ``backward`` and ``step``:


def train_step(model, optimizer, letters, lengths, targets):
    """Improve the model a little on one batch."""
    loss = cross_entropy(model(letters, lengths), targets)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()


histories, models = {}, {}
for layer in (nn.RNN, nn.GRU):
    models[layer.__name__], histories[layer.__name__] = fit(layer)

# %%
# Two layers, the same batches in the same order:

fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
for name, history in histories.items():
    ax.plot(range(1, len(history) + 1), history, marker=".", label=name)
ax.set(xlabel="epoch", ylabel="accuracy in validation", xticks=range(1, 6))
ax.legend()
ax.set_title("The GRU learns faster than the plain RNN and ends higher")
plt.show()

# %%
# .. _rnn-honest:
#
# Against counting
# ----------------
# Is that good?
# A result means little without a simple rival.
# Ours does not read at all: it counts, and a logistic regression weighs the counts.
# Once it counts single letters, once it counts up to three letters in a row, with a
# space before and after each word to mark beginning and end.

train_texts, test_texts = (
    [names.texts[row] for row in rows] for rows in (train_rows, test_rows)
)
targets = names.targets[test_rows]
scores = {name: predict(model, test_rows) for name, model in models.items()}
for name, longest in {"letter counts": 1, "triplet counts": 3}.items():
    counter = CountVectorizer(
        analyzer="char_wb", ngram_range=(1, longest), lowercase=False
    )
    rival = LogisticRegression(max_iter=1000)
    rival.fit(counter.fit_transform(train_texts), names.targets[train_rows])
    chances = rival.predict_proba(counter.transform(test_texts))
    scores[name] = torch.from_numpy(chances)

# %%
# ``top 3`` counts a name as right if its language is among the three likeliest.

results = {}
for name, score in scores.items():
    hits = score.topk(3).indices == targets[:, None]  # (name, place)
    results[name] = hits[:, 0].float().mean().item(), hits.any(1).float().mean().item()
    print(f"{name:14}  top 1 {results[name][0]:.3f}   top 3 {results[name][1]:.3f}")
error = (0.75 * 0.25 / len(targets)) ** 0.5
print(f"{len(targets)} names; standard error of an accuracy about {error:.3f}")
assert results["letter counts"][0] < results["RNN"][0] < results["GRU"][0]
assert results["GRU"][0] - results["RNN"][0] > 2 * error
assert results["triplet counts"][0] > results["GRU"][0] - error

# %%
# As bars, with the share of the largest class as the lowest mark:

fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
order = sorted(results, key=lambda name: results[name][0])
for offset, (place, label) in enumerate([(0, "top 1"), (1, "top 3")]):
    heights = [y + 0.4 * offset for y in range(len(order))]
    values = [results[name][place] for name in order]
    ax.bar_label(ax.barh(heights, values, height=0.38, label=label), fmt=" %.2f")
ax.axvline(max(counts) / len(names), color="0.5", linestyle=":", label="largest class")
ax.set_yticks([y + 0.2 for y in range(len(order))], order)
ax.set(xlabel="share of the test names that are right", xlim=(0, 1.1))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set_title("The GRU beats the RNN and letter counts, but not triplet counts")
plt.show()

# %%
# That is sobering, and it is the truth about many small data sets.
# Order matters: the counts of single letters come last.
# The gates are worth it: the GRU is ahead of the RNN by more than two standard errors.
# (That is one run each; other seeds move both by a few points.)
# But six thousand names are few for a network that has to find out by itself which
# letters in a row betray a language.
# A linear model that is *given* them does as well or better.
# Recurrent layers pay where the counts run out: with much more data, with order over
# long distances, with answers at every step.
#
# One more honest look.
# A country and its language often share a stem, *Island* and *isländska*.
# Names with such a relative in the training part should be easier:


def stems(rows):
    """Return the first five letters and the language of each name."""
    return [(names.texts[row][:5].lower(), int(names.targets[row])) for row in rows]


learned = set(stems(train_rows))
met = torch.tensor([stem in learned for stem in stems(test_rows)])
right = scores["GRU"].argmax(dim=1) == targets
print(f"stem met in training {right[met].float().mean():.3f}  ({met.sum()} names)")
print(f"stem is new          {right[~met].float().mean():.3f}  ({(~met).sum()} names)")

# %%
# .. _rnn-confusion:
#
# Which languages are mistaken for which?
# ---------------------------------------
# Rows are the right languages, columns the answers of the GRU.

matrix = eatorch.metrics.ConfusionMatrix(len(names.classes))
matrix.update(scores["GRU"], targets)
table = matrix.compute()

fig, ax = plt.subplots(figsize=(8, 7.5), layout="constrained")
eatorch.plots.plot_confusion(table, names.classes, ax=ax)
ax.set_title("Relatives such as German and Dutch are mixed up most")
plt.show()

# %%
# The largest numbers beside the diagonal, both directions added:

mutual = (table + table.T).triu(diagonal=1)
values, places = mutual.flatten().topk(5)
for value, place in zip(values.tolist(), places.tolist(), strict=True):
    pair = [names.classes[index] for index in divmod(place, len(table))]
    print(f"{value:3}", " and ".join(Locale.parse(code).english_name for code in pair))
assert mutual[names.classes.index("de"), names.classes.index("nl")] in values

# %%
# Nobody told the network about language families.
# Other pairs are no relatives, English and Indonesian for one: both are written almost
# only with the letters a to z, and names such as *Karachay-Balkar* tell little.
#
# .. _rnn-type:
#
# Type a name
# -----------
# Write your own words into the list and run the cell.
# One name is a batch of one, with nothing to pad.


def top_three(model, name):
    """Return the three likeliest languages of a name, with their probabilities."""
    with torch.inference_mode():
        logits = model(encode(name)[None], torch.tensor([len(name)]))
    best = logits[0].softmax(dim=0).topk(3)
    return [
        (Locale.parse(names.classes[index]).english_name, round(probability, 2))
        for probability, index in zip(*map(torch.Tensor.tolist, best), strict=True)
    ]


typed = ["São Paulo", "Hà Nội", "kwiaty", "Jyväskylä", "Łódź", "Königsberg", "Angola"]
for name in typed:
    guesses = top_three(models["GRU"], name)
    told = ", ".join(f"{language} {share:.2f}" for language, share in guesses)
    print(f"{name:11}{told}")
assert top_three(models["GRU"], "Łódź")[0][0] != "Polish"

# %%
# Two cities, Polish flowers and a Finnish town are words that the data does not hold,
# and yet the spelling tells.
# Then it goes wrong: Łódź lies in Poland, and Königsberg is a German name.
# *Angola* belongs to most of the eighteen, and one of them gets the largest share.
# The same happens with a language that the network never met: the softmax has to give
# its shares to somebody.
#
# .. _rnn-inside:
#
# Watch it read
# -------------
# The state after each letter is in the output.
# If we send every one of them through the last layer, we see how the opinion forms.


def read_aloud(model, name):
    """Return states (letter, hidden) and probabilities (letter, language)."""
    with torch.inference_mode():
        states, _ = model.recurrent(model.embedding(encode(name)))
        return states, model.head(states).softmax(dim=1)


name = "Jyväskylä"
states, opinions = read_aloud(models["GRU"], name)
ordered = states[:, states[-1].argsort()]  # by the value after the last letter
states.shape, opinions.shape

# %%
# Above, the 64 hidden numbers, ordered by their last value; below, the four languages
# with the highest probability on the way.

fig, (top, bottom) = plt.subplots(
    2, 1, figsize=(8, 5.5), sharex=True, height_ratios=[3, 2], layout="constrained"
)
image = top.imshow(ordered.T, "RdBu_r", aspect="auto", interpolation="nearest")
image.set_clim(-1, 1)
fig.colorbar(image, ax=top, label="value")
top.set(ylabel="hidden number", title="Hidden state after each letter")
for language in opinions.max(dim=0).values.topk(4).indices.tolist():
    label = Locale.parse(names.classes[language]).english_name
    bottom.plot(opinions[:, language], marker=".", label=label)
bottom.set(ylabel="probability", xlabel="letter read", ylim=(-0.05, 1.05))
bottom.set_xticks(range(len(name)), name)
bottom.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))
fig.suptitle("Letter by letter the state fills and the opinion forms")
plt.show()

# %%
# Red and blue numbers that stay the same over several letters are remembered; others
# flicker with each letter.
#
# Last, back to the gradient.
# How far back do *trained* networks look?
# We take the names of at least twenty letters, cut them to their last twenty, and
# measure as before, in fresh readers and in trained ones.

long = torch.stack([encode(text)[-20:] for text in names.texts if len(text) >= 20])
reach = {}
for name, model in models.items():
    fresh = Reader(type(model.recurrent))
    for label, reader in {"fresh": fresh, "trained": model}.items():
        vectors = reader.embedding(long).detach()  # (name, letter, feature)
        gradients = by_lag(reader.recurrent, vectors)
        reach[f"{name}, {label}"] = gradients / gradients[0]

# %%
# Dotted lines are fresh, full ones trained.

fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
for number, (name, gradients) in enumerate(reach.items()):
    style = ":" if "fresh" in name else "-"
    ax.semilogy(gradients, style, color=f"C{number // 2}", label=name)
ax.set(xlabel="lag (letters before the end)", ylabel="gradient, relative to lag 0")
ax.set_xticks(range(0, 20, 5))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set_title("Training teaches both to look back, the GRU farther")
plt.show()

assert reach["GRU, trained"][15] > reach["RNN, trained"][15]
assert reach["RNN, trained"][15] > 100 * reach["RNN, fresh"][15]

# %%
# Here is the promised learning.
# The GRU has its gates for it; the RNN can only let its matrix grow, for all inputs at
# once.
# In the fresh layer above, the largest eigenvalue was less than one.
# And now?

after = torch.linalg.eigvals(models["RNN"].recurrent.weight_hh_l0.detach()).abs().max()
assert radius < 1 < after
print(f"largest eigenvalue, fresh {radius:.2f}, trained {after:.2f}")

# %%
# Now only the slopes of ``tanh``, none above one, keep the gradient from exploding.

# %%
# .. admonition:: Then and now
#
#    - To carry a state on, old code wrote ``h = Variable(h.data)``.
#      That cuts the graph too; today it is ``h.detach()``.
#      ``h.data`` remains, but it hides changes from autograd (see :ref:`autograd-off`).
#    - First states of zeros, ``init_hidden()``, were written by hand; leave them out,
#      the layer begins with zeros.
#    - Before PyTorch 1.1 (2019) you sorted each batch by length, then sorted it back.
#      Now ``enforce_sorted=False`` does both.
#    - ``clip_grad_norm`` without the underscore is deprecated.
#    - A widely copied lesson on names stripped the accents off all letters, built its
#      own cell, trained on one name at a time for 200,000 steps, and measured on the
#      names that it had learned.
#      Accents give much away, batches are many times faster, and only names that the
#      network has not seen tell how good it is.

# %%
# .. _rnn-exercises:
#
# Exercises
# ---------
#
# .. _rnn-ex1:
#
# Exercise 20-1: your own name
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Which language does your own name sound like, and the names of your friends?
# Write a function that judges a whole list of names at once: ``model`` is called once,
# as ``model(letters, lengths)``, and row :math:`i` of the result belongs to name
# :math:`i`.
# Use ``encode``.
# Then put your names in.
#
# .. dropdown:: Hint
#
#    ``pad_sequence`` wants a list of tensors, and the lengths are those *before* the
#    padding.
#    Logits become probabilities by a softmax; over which axis?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def probabilities(model, names):
#           codes = [encode(name) for name in names]
#           lengths = torch.tensor([len(code) for code in codes])
#           with torch.inference_mode():
#               logits = model(pad_sequence(codes, batch_first=True), lengths)
#           return logits.softmax(dim=1)
#
#
#       mine = ["Torvalds", "Curie", "Fibonacci"]
#       for name, row in zip(mine, probabilities(models["GRU"], mine), strict=True):
#           print(name, names.classes[row.argmax()], f"{row.max():.2f}")
#
#    Each name gets the same answer alone and in company, because it was packed.


def probabilities(model, names):
    """Return the probability of each language, shape (name, language)."""
    ...  # your code here


eatorch.check("20-1", probabilities)

# %%
# .. _rnn-ex2:
#
# Exercise 20-2: three quarters
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that counts the parameters of a stack of layers in one direction
# without building it.
# ``kind`` is ``"RNN"``, ``"GRU"`` or ``"LSTM"``.
# Then find out: is the ratio of GRU to LSTM still 3/4 with several layers, and with a
# linear layer behind them?
#
# .. dropdown:: Hint
#
#    The formula above holds for one layer.
#    What does the second layer read?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def count_parameters(kind, inputs, hidden, layers):
#           blocks = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
#           first = inputs * hidden + hidden * hidden + 2 * hidden
#           later = hidden * hidden + hidden * hidden + 2 * hidden
#           return blocks * (first + (layers - 1) * later)
#
#
#       built = nn.LSTM(32, 64, num_layers=3)
#       assert count_parameters("LSTM", 32, 64, 3) == sum(
#           p.numel() for p in built.parameters()
#       )
#
#    Each layer has the factor 3 or 4, so the stack keeps the ratio.
#    A linear layer behind it has the same size for both, and moves the ratio towards 1.


def count_parameters(kind, inputs, hidden, layers):
    """Return the number of parameters of a recurrent stack."""
    ...  # your code here


eatorch.check("20-2", count_parameters)

# %%
# .. _rnn-ex3:
#
# Exercise 20-3: a state of the right shape
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that makes the first state, all zeros, for any RNN or GRU layer and
# any batch of three axes.
# The layer knows its ``batch_first``, ``num_layers``, ``bidirectional`` and
# ``hidden_size``.
#
# .. dropdown:: Hint
#
#    Two things depend on ``batch_first``: where you read the batch size, and ... is
#    there a second one?
#
# .. dropdown:: Solution
#
#    Only the place of the batch size depends on it.
#    The shape of the state does not.
#
#    .. code-block:: python
#
#       def first_state(layer, sequences):
#           batch = sequences.shape[0 if layer.batch_first else 1]
#           directions = 2 if layer.bidirectional else 1
#           return torch.zeros(layer.num_layers * directions, batch, layer.hidden_size)


def first_state(layer, sequences):
    """Return zeros of the shape that ``layer`` wants as its first state."""
    ...  # your code here


eatorch.check("20-3", first_state)

# %%
# .. _rnn-ex4:
#
# Exercise 20-4: languages with a script of their own
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Chinese, Japanese, Russian and Arabic are far easier to tell apart than our eighteen.
# Why?
# Write a function that returns for each language the share of its names that hold at
# least one letter which *no other* language uses.
# ``texts`` are the names, ``targets`` a tensor with the number of the language of each.
# Then compare the eighteen languages with
# ``eatorch.data.names_by_language(["zh", "ja", "ru", "ar"])``.
#
# .. dropdown:: Hint
#
#    Collect the set of letters of each language first.
#    A letter is own if it is in exactly one of the sets.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def own_letters(texts, targets):
#           languages = targets.tolist()
#           alphabets = [set() for _ in range(max(languages) + 1)]
#           for text, language in zip(texts, languages, strict=True):
#               alphabets[language] |= set(text)
#           users = Counter(chain.from_iterable(alphabets))
#           own = [{c for c in letters if users[c] == 1} for letters in alphabets]
#           hits = torch.tensor(
#               [bool(own[k] & set(t)) for t, k in zip(texts, languages, strict=True)]
#           ).float()
#           return torch.stack([hits[targets == k].mean() for k in range(len(own))])
#
#
#       scripts = eatorch.data.names_by_language(["zh", "ja", "ru", "ar"])
#       for data in (names, scripts):
#           shares = own_letters(data.texts, data.targets).tolist()
#           print({k: round(s, 2) for k, s in zip(data.classes, shares, strict=True)})
#
#    Nearly every name in a script of its own holds a letter that gives the language
#    away, so a rule of one line will do, and a network that gets them all right has
#    shown nothing.
#    Chinese and Japanese share many characters, yet Japanese writes the names of most
#    countries in katakana.
#    Among the eighteen only Vietnamese comes near.


def own_letters(texts, targets):
    """Return the share of names with a letter of its own, shape (language,)."""
    ...  # your code here


eatorch.check("20-4", own_letters)

# %%
# .. _rnn-minute:
#
# In one minute
# -------------
# - A recurrent layer is a loop: new state = function of old state and input, with the
#   same weights at each step.
# - ``batch_first`` swaps the axes of input and output.
#   The state stays *(layers × directions, batch, hidden)*.
# - Take the last *state*, not ``output[:, -1]``: it is right for two directions and for
#   packed sequences.
# - RNN, GRU, LSTM: one, three, four blocks of parameters.
# - Gradients shrink or grow by a factor per step.
#   Gates can learn to stay open; clipping stops explosions, not vanishing.
# - Carry a state on with ``detach()``, in each round.
# - Pad, then pack with ``enforce_sorted=False`` and the true lengths.
# - Compare with counts before you praise a network.
#
# .. _rnn-next:
#
# Read next
# ---------
# - :ref:`series`: an LSTM at work on months instead of letters.
# - :ref:`attention`: looking back directly, without a state in between.
# - :ref:`data`: data sets, collate functions and loaders.
