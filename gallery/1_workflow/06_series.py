"""
.. _series:

Time series
===========

Forecast the carbon dioxide in the air with an LSTM, one month ahead and eight years
ahead, and find out where a rule of one line does better.

:Level: 5
:Hours: 2
:Day: 4
:Needs: :ref:`tabular`, :ref:`image`
:Data: Carbon dioxide above Mauna Loa, 526 months, public domain, in the package
"""

import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

import eatorch

torch.set_num_threads(1)  # on batches this small, threads cost more than they bring

# %%
# .. _series-level:
#
# A series that keeps climbing
# ----------------------------
# On a volcano in Hawaii, far from any chimney, the carbon dioxide in the air has been
# measured since 1958.
# We have one mean per month, in parts per million (ppm), up to the end of 2001.
#
# In the lessons before we shuffled the rows and then cut them into three parts.
# Here that is forbidden: a forecast knows the past and nothing else.
# So we **split by time**: train on the months up to 1987, choose on 1988 to 1993, test
# once on the eight years from 1994.

series = eatorch.data.co2()
level, dates = series.values[:, 0], series.dates  # (month,), ppm
cuts = np.array(["1988-01", "1994-01"], dtype="datetime64[M]")
valid_start, test_start = np.searchsorted(dates, cuts).tolist()
end = len(level)
parts = [(0, valid_start), (valid_start, test_start), (test_start, end)]

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for (start, stop), name in zip(parts, ["training", "validation", "test"], strict=True):
    label = f"{name}, {stop - start} months"
    ax.plot(dates[start:stop], level[start:stop], label=label)
ax.set(title="The test years lie higher than anything seen in training")
ax.set(xlabel="year", ylabel="carbon dioxide (ppm)")
ax.legend()
plt.show()
assert level[test_start:].min() > level[:valid_start].nan_to_num().max()

# %%
# Three things happen at once: a slow rise, a wave that repeats every year (plants
# breathe in during the northern summer), and a little noise.
# And the curve has holes.
#
# .. _series-change:
#
# Changes instead of levels
# -------------------------
# A network is good *between* the values it was trained on, and helpless beyond them.
# All test levels lie beyond.
# The cure is old and simple: take the **difference** from each month to the next.
# (With an epidemic it is the same: the total of cases is a level, the new cases of a
# day are its difference.)

first = torch.tensor([torch.nan])  # the first month has no month before it
change = torch.cat([first, level.diff()])  # (month,), ppm per month

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for start, stop in parts:
    left.plot(dates[start:stop], change[start:stop], linewidth=0.8)
left.set(title="Change of each month", xlabel="year", ylabel="change (ppm per month)")
left.set_xticks(dates[22::120], range(1960, 2001, 10))  # Januaries
months = dates.astype(int) % 12  # 0 is January
train_months = np.arange(len(dates)) < valid_start
means = [change[train_months & (months == m)].nanmean().item() for m in range(12)]
right.bar(range(1, 13), means, color="0.5")
right.set(title="Mean change, training years", xlabel="month of the year")
right.set(xticks=range(1, 13), ylabel="change (ppm per month)")
fig.suptitle("The changes stay in one range and repeat every year")
plt.show()

# %%
# A difference throws nothing away: the last level and the changes after it give back
# every level, by :func:`torch.cumsum`.
# Remember this sum, it will come back as our undoing.

after = level[test_start - 1] + change[test_start:].cumsum(0)
torch.allclose(after, level[test_start:], atol=1e-2)

# %%
# .. _series-gaps:
#
# Gaps in time
# ------------
# Five months were not measured, and the loader says so with ``nan``.
# A difference needs two months, so the gaps grow:

print("missing months: ", *dates[level.isnan().numpy()])
print("missing changes:", int(change.isnan().sum()), "with the first month")

# %%
# Should we fill them?
# February to April 1964 are missing in a row.
# The usual filling is a straight line from January to May.
# We try it on the years in which those months are known, and see how far it misses.

january = np.flatnonzero((months == 0) & train_months)
years = torch.stack([level[m : m + 5] for m in january])  # (year, January to May)
years = years[~years.isnan().any(dim=1)]
steps = torch.linspace(0, 1, 5)
lines = years[:, :1] + steps * (years[:, 4:] - years[:, :1])
misses = (lines - years)[:, 1:4]
print(f"{len(years)} years, typical miss {misses.square().mean().sqrt():.2f} ppm")

# %%
# That is about the whole error of a one-month forecast, as we shall see, and a network
# trained on such lines would learn them.
# We invent nothing and leave out every window that touches a gap.
# Where a series has many gaps this gets expensive; then fill them, with a missing flag
# as a second feature, as in :ref:`tabular-gaps`.
# Never just drop the missing months and push the rest together: May would then follow
# January.
#
# .. _series-scale:
#
# Scale with the training part only
# ---------------------------------
# Mean and standard deviation come from the training months and serve all others.
# Whoever takes them from all months has looked into the future.

known = change[:valid_start]
known = known[~known.isnan()]
mean, deviation = known.mean(), known.std()
scaled = (change - mean) / deviation  # (month,)
print(f"mean {mean:.3f}, standard deviation {deviation:.3f} ppm per month")

# %%
# The mean looks like nothing, a tenth of a ppm per month.
# It is the whole climb: more than one ppm per year.
#
# .. _series-windows:
#
# Windows
# -------
# A network learns from samples.
# We get them by sliding a **window** over the series: some months to read, and the next
# one to forecast.
# :meth:`~torch.Tensor.unfold` cuts all windows at once.
# On six numbers, with windows of three to read and one to forecast:

toy = torch.arange(10, 16)
windows = toy.unfold(dimension=0, size=4, step=1)  # (window, month)

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6), layout="constrained")
eatorch.plots.draw_tensor(toy[None], ax=left)
eatorch.plots.draw_tensor(windows, ax=right)
right.axvspan(2.5, 3.5, color="C1", alpha=0.3)
left.set(title="Series", xlabel="month", yticks=[], ylabel="")
right.set(title="Windows, the target shaded", xlabel="month of the window")
right.set_ylabel("window")
fig.suptitle("Each window starts one month after the one above it")
plt.show()

# %%
# No number was copied: ``unfold`` gives a **view**, a second way to read the numbers of
# ``toy`` where they lie (how, you will see in :ref:`tensor`).
# ``data_ptr`` tells where in memory a tensor begins.
# A :class:`~torch.utils.data.Dataset` class with its own ``__getitem__`` would do the
# same, window by window.

assert windows.data_ptr() == toy.data_ptr()

# %%
# Now the real ones: two years to read, one month to forecast.
# A recurrent layer wants three axes, *(window, month, feature)*, even if there is
# only one feature.
# A window belongs to the part in which its *last* month lies: to read the past of
# another part is allowed, to be judged on it is not.


def cut(values, length=24):
    """Cut training, validation and test windows of ``length + 1`` months."""
    windows = values.unfold(0, length + 1, 1)[..., None]  # (window, month, 1)
    last = torch.arange(len(windows)) + length  # month that each window forecasts
    whole = ~windows.isnan().any(dim=1)[:, 0]  # touches no gap
    return [windows[whole & (start <= last) & (last < stop)] for start, stop in parts]


train, valid, test = cut(scaled)
lost = len(scaled) - 24 - sum(map(len, (train, valid, test)))
print(*(tuple(part.shape) for part in (train, valid, test)), f"{lost} windows lost")

# %%
# Five missing months cost more than seven times as many windows.
# That is the price of honesty, and longer windows pay more: exercise 06-1 counts it.
#
# .. _series-naive:
#
# Rules of one line
# -----------------
# Before any network: what does a forecast cost that nobody had to train?
# Three rules for next month:
#
# - **last value**: as this month;
# - **last year**: as the same month a year ago;
# - **last year plus drift**: as a year ago, plus what the past year has added.
#
# We judge by the root of the mean squared error (RMSE), since it is in ppm.


def rmse(forecast, months):
    """Return the root mean squared error in ppm."""
    return (forecast - level[months]).square().mean().sqrt().item()


def rules(months):
    """Forecast each of ``months`` from the months before it, in three ways."""
    drift = level[months - 1] - level[months - 13]  # the rise of the past year
    year_ago = level[months - 12]
    return {
        "last value": level[months - 1],
        "last year": year_ago,
        "last year plus drift": year_ago + drift,
    }


test_months = torch.arange(test_start, end)
for name, forecast in rules(test_months).items():
    print(f"{name:22}{rmse(forecast, test_months):.2f} ppm")

# %%
# The third rule knows the season and the rise.
# That is the mark to beat.
#
# .. _series-lstm:
#
# A layer with a memory
# ---------------------
# A **recurrent** layer reads one month after the other and carries a **state** along.
# :class:`~torch.nn.LSTM` has two of them, the hidden state :math:`h` that it shows, and
# the cell state :math:`c` that it keeps:
#
# .. math::
#
#    c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(c_t)
#
# Here :math:`t` counts the months, :math:`\odot` multiplies number by number, and
# :math:`\tanh` squeezes every number to between -1 and 1.
# The gates :math:`f`, :math:`i` and :math:`o` lie between 0 and 1 and decide what to
# forget, what to write and what to show; :math:`g` is what could be written.
# All four are computed from this month's input and the :math:`h` of the month before.
# :class:`~torch.nn.GRU` makes do with one state and three such computations instead of
# four.


class Forecaster(nn.Module):
    """Forecast the next change after each month of the input."""

    def __init__(self, layer=nn.LSTM, hidden=16):
        super().__init__()
        self.recurrent = layer(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, changes, state=None):
        """Return forecasts (window, month, 1) and the state after the last month."""
        outputs, state = self.recurrent(changes, state)
        return self.head(outputs), state


# %%
# Both kinds of layer, their parameters, and what comes out of them:

for layer in (nn.LSTM, nn.GRU):
    model = Forecaster(layer)
    forecasts, state = model(train[:32, :-1])
    print(layer.__name__, sum(p.numel() for p in model.recurrent.parameters()))
    print("  forecasts", tuple(forecasts.shape))
    states = state if isinstance(state, tuple) else (state,)
    print("  state    ", *(tuple(part.shape) for part in states))

# %%
# Look at the shapes.
# The forecasts come back as *(window, month, 1)*, because we asked for
# ``batch_first=True``.
# The states do **not** obey it: they are always *(layer, window, hidden)*.
#
# .. _series-forcing:
#
# Teacher forcing
# ---------------
# The network answers after *every* month of the window, not only after the last.
# So we can compare all of its answers with the changes that came, 24 of them for one
# window.
# Whatever it answers, next it is fed the true change.
# This is called **teacher forcing**.
# In real use, beyond the last known month, nobody can feed it the truth, and it has to
# read its own answers: it is **free-running**.


def unroll(ax, title, *, free):
    """Draw a recurrent network over five months."""
    line, box = {"arrowstyle": "->", "color": "0.5"}, {"fc": "none", "ec": "0.5"}
    for month in range(5):
        own = free and month > 1
        ax.text(month, 1, "LSTM", ha="center", va="center", bbox=box)
        ax.text(month, 0, "own" if own else "true", ha="center", color=f"C{int(own)}")
        ax.text(month, 2, "answer", ha="center", va="center", color="C1")
        ax.annotate("", (month, 0.8), (month, 0.25), arrowprops=line)
        ax.annotate("", (month, 1.85), (month, 1.2), arrowprops=line)
        ax.annotate("", (month + 0.7, 1), (month + 0.3, 1), arrowprops=line)
        if own:
            back = {**line, "color": "C1", "connectionstyle": "arc3,rad=0.1"}
            ax.annotate("", (month - 0.2, 0.2), (month - 0.9, 1.85), arrowprops=back)
    ax.set(xlim=(-0.5, 4.8), ylim=(-0.3, 2.3), title=title, xlabel="month", yticks=[])


# %%
# The picture shows both; the arrow between the boxes is the state.

fig, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
unroll(axes[0], "Teacher forcing", free=False)
unroll(axes[1], "Free-running from month 2 on", free=True)
fig.suptitle("Free-running, the network reads its own answers")
plt.show()

# %%
# .. _series-train:
#
# Training with clipped gradients
# -------------------------------
# Going backwards through a recurrent layer multiplies by the same weights once per
# month.
# Such products can vanish, and they can explode.
# :func:`~torch.nn.utils.clip_grad_norm_` shortens the gradient of *all* parameters
# together to a given length if it is longer.
# It belongs between ``backward`` and ``step``, and returns the length (the **norm**)
# *before* the cut, which is worth keeping.
#
# All windows fit into one tensor, so a list of shuffled row numbers replaces the data
# loader.
# May we shuffle after all?
# Yes: *within* the training windows, the order in which we show them gives nothing
# away.


def train_epoch(model, windows, optimizer, generator):
    """Show each window once, in random order; return the gradient norms."""
    model.train()
    norms = []
    for rows in torch.randperm(len(windows), generator=generator).split(32):
        batch = windows[rows]  # (window, month, 1)
        forecasts, _ = model(batch[:, :-1])
        loss = (forecasts - batch[:, 1:]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0))
        optimizer.step()
    return norms


# %%
# To judge, only the last month of each window counts: the one that belongs to the part.


def one_step(model, windows):
    """Forecast the last month of each window from the months before it."""
    model.eval()
    with torch.inference_mode():
        forecasts, _ = model(windows[:, :-1])
    return forecasts[:, -1, 0]  # (window,), scaled


# %%
# After each epoch we note both errors and keep a copy of the weights; in the end the
# best ones in validation go back into the model.


def fit(train, valid, seed=0, epochs=30, layer=nn.LSTM):
    """Train a network; return it at its best, its history and gradient norms."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model, history, norms, snapshots = Forecaster(layer), [], [], []
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(epochs):
        norms += train_epoch(model, train, optimizer, generator)
        errors = [one_step(model, part) - part[:, -1, 0] for part in (train, valid)]
        history.append([error.square().mean().sqrt().item() for error in errors])
        snapshots.append(copy.deepcopy(model.state_dict()))
    best = int(np.argmin([valid_error for _, valid_error in history]))
    model.load_state_dict(snapshots[best])
    return model, history, norms


# %%
# Thirty epochs, and the longest gradient that they met:

model, history, norms = fit(train, valid)
longest = max(norms).item()
f"longest gradient {longest:.2f}"

# %%
# On the left the two errors, on the right the length of the gradient at each step.

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
curves = deviation * torch.tensor(history)  # (epoch, part), ppm
left.plot(range(1, 31), curves[:, 0], label="training")
left.plot(range(1, 31), curves[:, 1], label="validation")
left.set(xlabel="epoch", ylabel="one-step RMSE (ppm)", title="Errors")
left.legend()
right.plot(norms, linewidth=0.8, color="C2")
right.axhline(1, color="0.5", linestyle=":", label="cut from here on")
right.set(
    xlabel="step", ylabel="norm of the gradient", title="Gradients", ylim=(0, 1.2)
)
right.legend(loc="center right")
fig.suptitle("The errors fall quickly, and no gradient needs clipping")
plt.show()

assert longest < 1

# %%
# Clipping never had to act: the windows are short and the data clean.
# Then why have it?
# Files of this very station mark a missing month by -99.99.
# Somebody will forget to turn this into ``nan``.
# One such month in one window:

batch = train[:32].clone()
fall = torch.tensor([-99.99 - 315, 315 + 99.99])  # ppm, down and up again
batch[0, 10:12, 0] = (fall - mean) / deviation
victim = copy.deepcopy(model)
forecasts, _ = victim(batch[:, :-1])
(forecasts - batch[:, 1:]).square().mean().backward()
before = nn.utils.clip_grad_norm_(victim.parameters(), max_norm=1.0)
after = nn.utils.get_total_norm([p.grad for p in victim.parameters()])
usual = torch.stack(norms).median()
print(f"norm {before:.2f} before clipping, {after:.2f} after, usually {usual:.2f}")
assert before > 10 * usual

# %%
# Unclipped, that single window would have drowned all the others.
# Clipping limits the damage; it does not mend the data.
# So keep the norms and look at them: a leap means that something is wrong.
#
# The other kind of layer trains in the same way, ``fit(train, valid, layer=nn.GRU)``,
# and all that follows works with it too.
# Which of the two to use is a choice, hence one for the validation years: exercise 06-1
# makes it.
#
# .. _series-one:
#
# One month ahead
# ---------------
# Now the test years.
# A forecast of the change, plus the level of the month before, is a forecast of the
# level.

forecasts = {
    **rules(test_months),
    "LSTM": level[test_months - 1] + mean + deviation * one_step(model, test),
}
errors = {name: rmse(values, test_months) for name, values in forecasts.items()}

fig, ax = plt.subplots(figsize=(7, 2.4), layout="constrained")
colors = ["0.5", "0.5", "0.5", "C0"]
ax.bar_label(ax.barh(list(errors), list(errors.values()), color=colors), fmt=" %.2f")
ax.set(title="One month ahead, the network beats all three rules")
ax.set(xlabel="RMSE on the test months (ppm)", ylabel="forecast by")
ax.margins(x=0.12)
plt.show()

# %%
# Is it luck?
# We draw the test months anew, with replacement, a thousand times, as in
# :ref:`tabular-roc`, and count how often the network still wins.

rule, network = forecasts["last year plus drift"], forecasts["LSTM"]
gain = (rule - level[test_months]).square() - (network - level[test_months]).square()
generator = torch.Generator().manual_seed(0)
draws = torch.randint(len(gain), (1000, len(gain)), generator=generator)
wins = (gain[draws].mean(dim=1) > 0).float().mean().item()
print(f"the network wins {wins:.1%} of the draws")
assert wins > 0.9

# %%
# .. _series-lag:
#
# Does it only lag behind?
# ^^^^^^^^^^^^^^^^^^^^^^^^
# The question asked most often about such forecasts: the curve looks perfect, only
# shifted by one step.
# A network that has learned nothing but "as last month" draws exactly this curve, and
# on a chart of eight years you cannot see the shift.
# So compare the forecast with the month that it was made for, and with the month
# before:

close = rmse(network, test_months), rmse(network, test_months - 1)
print("RMSE to its month {:.2f} ppm, to the month before {:.2f} ppm".format(*close))
assert close[0] < close[1] / 2

# %%
# A forecast that lags is nearer to the month before.
# Ours is not, and the last two years show it.

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
ax.plot(dates[-24:], level[-24:], ".-", color="0.5", label="measured")
ax.plot(dates[-24:], network[-24:], label="LSTM")
ax.plot(dates[-24:], forecasts["last value"][-24:], ":", label="last value")
ax.set(title="Last value lags by a month, the network turns with the season")
ax.set(xlabel="month", ylabel="carbon dioxide (ppm)")
ax.legend()
plt.show()

# %%
# .. _series-free:
#
# Eight years ahead
# -----------------
# So much for the easy task.
# Now we stand at the end of 1993 and want all the months to 2001.
# The network reads the last two known years, then runs free: each answer is its next
# input, and ``state`` carries the memory on.
# ``shocks`` are for later.


def free_run(model, starts, months, shocks=None):
    """Forecast ``months`` levels from each start on; return (start, month) in ppm."""
    history = torch.stack([scaled[start - 24 : start] for start in starts])[..., None]
    answers = []
    model.eval()
    with torch.inference_mode():
        output, state = model(history)
        for month in range(months):
            answers.append(output[:, -1:])  # (start, 1, 1)
            if shocks is not None:
                answers[-1] = answers[-1] + shocks[:, month, None, None]
            output, state = model(answers[-1], state)
    changes = mean + deviation * torch.cat(answers, dim=1)[..., 0]
    known = level[torch.tensor(starts) - 1]  # the last level before each start
    return known[:, None] + changes.cumsum(dim=1)


# %%
# The rule needs a drift for eight years.
# How many past years should it average over?
# That is a choice, so we make it on the validation years, as always.


def drifting(start, months, years):
    """Repeat the year before ``start``, raised by the mean drift of past years."""
    year = level[start - 12 : start]
    drift = (year - level[start - 12 - 12 * years : start - 12 * years]).mean() / years
    ahead = torch.arange(months)
    return year[ahead % 12] + (ahead // 12 + 1) * drift


print("drift over   RMSE in validation")
for years in (1, 5, 10, 20):
    path = drifting(valid_start, test_start - valid_start, years)
    print(f"{years:2} years     {rmse(path, torch.arange(*parts[1])):5.2f} ppm")

# %%
# Ten years it is, by a hair.
# And against a single lucky network we take five, which differ in nothing but the seed.

fits = [(model, history), *(fit(train, valid, seed)[:2] for seed in range(1, 5))]
models = [each for each, _ in fits]
best_epochs = [1 + int(np.argmin([row[1] for row in rows])) for _, rows in fits]
paths = torch.cat([free_run(each, [test_start], len(test)) for each in models])
rule = drifting(test_start, len(test), years=10)
misses = [rmse(path, test_months) for path in paths]
rule_miss = rmse(rule, test_months)
print("five networks", *(f"{miss:.2f}" for miss in misses), "ppm")
print(f"last year plus drift {rule_miss:.2f} ppm")

assert np.mean(misses) > rule_miss

# %%
# The rule of one line wins.
# In the table the Decembers, with the mean of the five networks.

print("December  measured    LSTM  last year plus drift")
for month in range(11, len(test), 12):
    values = level[test_start + month], paths[:, month].mean(), rule[month]
    print(f"{1994 + month // 12:8}", "  ".join(f"{value:8.1f}" for value in values))

# %%
# And all of it as a picture.

fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.2), width_ratios=[2, 1], layout="constrained"
)
left.plot(dates[test_start:], level[test_start:], color="0.5", label="measured")
for number, path in enumerate(paths):
    label = "five LSTMs" if number == 0 else None
    left.plot(dates[test_start:], path, color="C0", linewidth=0.7, label=label)
left.plot(dates[test_start:], rule, color="C1", label="last year plus drift")
left.set(xlabel="year", ylabel="carbon dioxide (ppm)", title="Free-running paths")
left.legend()
names = ["drift", *(f"seed {seed}" for seed in range(5))]
right.barh(names, [rule_miss, *misses], color=["C1", *["C0"] * 5])
right.set(xlabel="RMSE (ppm)", ylabel="forecast by", title="Error over eight years")
fig.suptitle("Over eight years the rule is nearer than the networks")
plt.show()

# %%
# .. _series-why:
#
# Why does the better forecaster lose?
# ------------------------------------
# One month ahead, each of the five is better than the rule.
# All five keep the season to the end, and all five climb too slowly.
# Look at the mean of the one-step errors, with their sign, and at how far the path has
# gone astray in the end:

print("mean error per month   times 96   free-running error at the end")
for each, path in zip(models, paths, strict=True):
    bias = deviation * (one_step(each, test) - test[:, -1, 0]).mean()
    print(f"{bias:12.3f} ppm {len(test) * bias:13.1f} {path[-1] - level[-1]:20.1f}")
    one_month = level[test_months - 1] + mean + deviation * one_step(each, test)
    assert rmse(one_month, test_months) < errors["last year plus drift"]
    assert bias < 0
    assert path[-1] < level[-1]

# %%
# A twentieth of a ppm per month is nothing in a one-step forecast: noise is several
# times larger, and the next true month wipes it out.
# Free-running, nothing wipes it out.
# The levels are the *sum* of the changes, so 96 small errors of the same sign add up to
# several ppm.
#
# And where does the sign come from?
# The network has learned the mean climb of *its* years:

for name, (start, stop) in zip(["training", "validation", "test"], parts, strict=True):
    print(f"{name:10} {12 * change[start:stop].nanmean():.2f} ppm per year")
climb = [12 * change[start:stop].nanmean() for start, stop in parts]
assert climb[0] < climb[2]

# %%
# People burned more coal, oil and gas each decade, and the climb got steeper.
# No split and no scaling can teach the network that: the future differs from *all* of
# its past.
# The rule with ten years of drift looks at recent years only, so it is wrong by less.
# It is no prophet either.
# These are its errors in the test years, had we chosen otherwise:

for years in (1, 5, 10, 20):
    path = drifting(test_start, len(test), years)
    print(f"drift over {years:2} years  {rmse(path, test_months):.2f} ppm")
assert rmse(drifting(test_start, len(test), 5), test_months) > np.mean(misses)

# %%
# Five years were nearly as good as ten in validation, and would have lost in the test.
# So the victory hung on the hair by which we chose ten.
#
# .. _series-fair:
#
# Was it a fair match?
# ^^^^^^^^^^^^^^^^^^^^
# Not quite.
# The rule took its drift from the years up to 1993, but the weights of the networks
# come from the years up to 1987.
# A forecaster in earnest would train once more on *all* years before the test, for as
# many epochs as were best in validation.


def retrain(seed, epochs):
    """Train a new network on all windows before the test."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = Forecaster()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(epochs):
        train_epoch(model, torch.cat([train, valid]), optimizer, generator)
    return model


# %%
# The same five seeds, before and after:

later = [retrain(seed, epochs) for seed, epochs in enumerate(best_epochs)]
again = [free_run(each, [test_start], len(test))[0] for each in later]
later_misses = [rmse(path, test_months) for path in again]
print("networks to 1987", *(f"{miss:.2f}" for miss in misses), "ppm")
print("networks to 1993", *(f"{miss:.2f}" for miss in later_misses), "ppm")
print(f"last year plus drift {rule_miss:.2f} ppm")
assert np.mean(later_misses) < np.mean(misses)
assert min(later_misses) < rule_miss < max(later_misses)

# %%
# Six more years bring the networks closer: now some of them beat the rule, and others
# do not.
# They differ in nothing but the seed, and yet further from each other than their mean
# is from the rule.
# So the rule's victory is narrow, and partly luck.
# What stands is the reason: over a long horizon the slow rise decides, and the network
# knows no more about it than a rule does.
#
# What you can do:
#
# - Say for which horizon a model is good. Ours is for the next month.
# - Train again whenever a new month arrives; nobody needs to run free for eight years.
# - Give the rise to a rule and only the rest to a network.
# - Train on the task that you have: let it run free for some months *in training* and
#   take the loss over those, or forecast twelve months at once with a wider
#   last layer.
# - More seeds? Now and then one of them beats the rule. You cannot know beforehand
#   which one, and whoever picks it on the test years has trained on them.
#
# .. _series-fan:
#
# How sure can a forecast be?
# ---------------------------
# A single line claims too much.
# We let the network run free 200 times, and after each answer add a **shock**: a
# one-step error drawn from the validation months.
# The paths spread out into a **fan**.

residuals = valid[:, -1, 0] - one_step(model, valid)  # (month,), scaled
generator = torch.Generator().manual_seed(0)
draws = torch.randint(len(residuals), (200, len(test)), generator=generator)
fan = free_run(model, [test_start] * 200, len(test), shocks=residuals[draws])

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for low, high, alpha in [(0.05, 0.95, 0.25), (0.25, 0.75, 0.5)]:
    band = fan.quantile(torch.tensor([low, high]), dim=0)
    label = f"{high - low:.0%} of the paths"
    ax.fill_between(dates[test_start:], *band, color="C0", alpha=alpha, label=label)
ax.plot(dates[test_start:], level[test_start:], color="C1", label="measured")
ax.set(title="The fan opens with time, and the truth climbs out of it")
ax.set(xlabel="year", ylabel="carbon dioxide (ppm)")
ax.legend(loc="upper left")
plt.show()

# %%
# Nine months in ten should lie in the wide band.
# We count:

low, high = fan.quantile(torch.tensor([0.05, 0.95]), dim=0)
inside = ((level[test_start:] > low) & (level[test_start:] < high)).float().mean()
print(f"{inside:.0%} of the months lie inside the 90 % band")
assert inside < 0.9

# %%
# A fan like this knows the noise of one step and nothing of a bias that all steps
# share.
# So it promises more than it keeps.
# The spread over several seeds (the thin lines further up) does not help either: all of
# them learned from the same years.
# Always count how often the truth fell inside, on years that you had held back.
#
# .. _series-mistakes:
#
# Classic mistakes
# ----------------
# **Levels and a shuffled split.**
# Let us do what many pages do: train on the scaled levels, and shuffle the windows
# before splitting.
# Then the same with a split by time.

past = level[:valid_start][~level[:valid_start].isnan()]
scaled_level = (level - past.mean()) / past.std()
by_time = cut(scaled_level)
together = torch.cat(by_time)
generator = torch.Generator().manual_seed(0)
order = torch.randperm(len(together), generator=generator)
shuffled = [together[rows] for rows in order.split([len(part) for part in by_time])]
found = {}
for name, (a, b, c) in {"shuffled": shuffled, "by time": by_time}.items():
    errors = one_step(fit(a, b, epochs=10)[0], c) - c[:, -1, 0]
    found[name] = past.std().item() * errors.square().mean().sqrt().item()
    print(f"{name:9} test RMSE {found[name]:.2f} ppm")
assert found["by time"] > 5 * found["shuffled"]

# %%
# Shuffled, each test month has its neighbours in the training set, the *later* ones
# too: the leak makes the model look many times better than it is.
# By time, the same model fails, since it never saw such levels and cannot reach them.
# No error message tells you.
#
# **The feature forgotten.**
# Two axes are not rejected: the layer takes them for *one* sequence without a
# batch, and then complains about something else.

with eatorch.show_error(ValueError, RuntimeError):
    model(train[:32, :-1, 0])

# %%
# Cure: ``[..., None]`` adds the missing last axis.
#
# **The default order.**
# Without ``batch_first=True`` the first axis is time.
# No error: the layer reads 32 windows as 32 *months* of 24 series, and learns nonsense.
# Only the state gives it away: it should have 32 in the middle.

_, (hidden, _) = nn.LSTM(1, 16)(train[:32, :-1])
tuple(hidden.shape)  # (layer, 24 "windows", hidden)

# %%
# **A state with the batch in front.**
# The state never obeys ``batch_first``.
# With an :class:`~torch.nn.LSTM` it is also a *pair*.

zeros = torch.zeros(32, 1, 16)  # (window, layer, hidden), the wrong way round
with eatorch.show_error(RuntimeError):
    model(train[:32, :-1], (zeros, zeros))

# %%
# Cure: ``torch.zeros(1, 32, 16)`` twice, or no state at all, which means zeros.
#
# **One gap left in.**
# A single ``nan`` in one window, a single step:

batch = train[:32].clone()
batch[0, 3] = torch.nan
victim = Forecaster()
(victim(batch[:, :-1])[0] - batch[:, 1:]).square().mean().backward()
torch.optim.SGD(victim.parameters(), lr=0.01).step()
all(parameter.isnan().all() for parameter in victim.parameters())

# %%
# Every weight is lost, and no message was printed.
# ``clip_grad_norm_(..., error_if_nonfinite=True)`` stops in time:

with eatorch.show_error(RuntimeError):
    nn.utils.clip_grad_norm_(victim.parameters(), 1.0, error_if_nonfinite=True)

# %%
# .. _series-percent:
#
# **A loss in percent.**
# To make small and large values count alike, the squared error is often divided by the
# squared target.
# See what the gradient does as the target goes to zero, always with the same error of
# one:

for target in (100.0, 1.0, 0.01, 0.0):
    forecast = torch.tensor(target + 1, requires_grad=True)
    loss = ((forecast - target) / target) ** 2
    loss.backward()
    print(f"target {target:6} loss {loss.item():9.4g} gradient {forecast.grad:9.4g}")

# %%
# One day without a single case, and training is over.
# Our changes cross zero twice a year.
# Compare errors with those of a naive rule instead of with the target: exercise 06-3.
#
# .. admonition:: Then and now
#
#    - An older course fits an epidemic of 47 days and uses the training set as its own
#      validation set.
#      Today: split by time and keep the last years for the test, even if they are few.
#    - Its loss is the squared error in percent, which explodes at zero, as you saw.
#      Today: differences, scaled by the training part, and a plain squared error.
#    - Its network answers with a *relative* change of the last value.
#      The idea is good, and the same as ours: forecast changes, not levels.
#    - Forecasts were added to a table one by one with ``DataFrame.append``, which
#      pandas 2.0 removed.
#      Collect them in a list and join once, by :func:`torch.cat` or ``pandas.concat``.
#    - Five LSTM layers with three hidden numbers each were stacked for a few dozen
#      windows.
#      Start with one layer, and with the rules of one line.
#    - Old code wraps the states in ``Variable(torch.zeros(...))``.
#      Leave them out: the layer starts from zeros by itself.
#
# .. _series-exercises:
#
# Exercises
# ---------
#
# .. _series-ex1:
#
# Exercise 06-1: what a longer window costs
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Windows of two years were a guess.
# Longer ones show more of the past, but there are fewer of them, and each gap destroys
# more.
# Write a function that counts the windows without a gap: ``known`` is a tensor of
# bools, one per month, ``length`` the number of months to read; one more is the target.
# Then train with some lengths, and with a GRU, and compare the validation errors.
#
# .. dropdown:: Hint
#
#    ``unfold`` works on bools too.
#    A window is whole if *all* of its months are known.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def whole_windows(known, length):
#           windows = known.unfold(0, length + 1, 1)  # (window, month)
#           return windows.all(dim=1).sum().item()
#
#
#       for length in (3, 12, 24, 48):
#           short_train, short_valid, _ = cut(scaled, length)
#           lowest = min(error for _, error in fit(short_train, short_valid)[1])
#           count = whole_windows(~scaled.isnan(), length)
#           print(f"{length:3} months  {count} windows  {deviation * lowest:.2f} ppm")
#       lowest = min(error for _, error in fit(train, valid, layer=nn.GRU)[1])
#       print(f" 24 months  with a GRU   {deviation * lowest:.2f} ppm")
#       assert whole_windows(~scaled.isnan(), 24) == len(train) + len(valid) + len(test)
#
#    Three months do not tell the network which season it is, and the error shows it.
#    From one year on little is gained.
#    The GRU does about as well as the LSTM, with fewer parameters.


def whole_windows(known, length):
    """Count the windows of ``length`` months and a target that have no gap."""
    ...  # your code here


eatorch.check("06-1", whole_windows)

# %%
# .. _series-ex2:
#
# Exercise 06-2: a leak through the scaling
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write a function that standardises a series by the mean and the standard deviation of
# its first ``stop`` values.
# Gaps stay gaps and must not spoil the two numbers.
# Then ask what a scaling over all months would have given away, for ``level`` and for
# ``change``.
#
# .. dropdown:: Hint
#
#    Pick the known values first: ``past[~past.isnan()]``.
#    There is a ``nanmean`` in PyTorch, but no ``nanstd``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def standardise(values, stop):
#           past = values[:stop]
#           past = past[~past.isnan()]
#           return (values - past.mean()) / past.std()
#
#
#       for name, values in {"level": level, "change": change}.items():
#           honest = standardise(values, valid_start)[test_start:].mean()
#           leaky = standardise(values, len(values))[test_start:].mean()
#           print(f"{name:6} test mean {honest:5.2f}, with the leak {leaky:5.2f}")
#       assert standardise(level, valid_start)[test_start:].mean() > 2
#
#    Scaled by the past, the test levels stand on average more than two deviations above
#    the mean that the network knows, as they should.
#    The leak pulls them back into reach: it tells the network in 1958 how high the air
#    will climb by 2001.
#    With changes the difference is small, but you only know that afterwards.


def standardise(values, stop):
    """Standardise ``values`` by the known ones among the first ``stop``."""
    ...  # your code here


eatorch.check("06-2", standardise)

# %%
# .. _series-ex3:
#
# Exercise 06-3: an error without percent
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Divide by something that does not vanish.
# The **scaled error** is the mean absolute error of a forecast, divided by the mean
# absolute error that the rule "as ``season`` months ago" makes *within the past*.
# Below 1 means: better than the rule used to be.
# Write it. ``past`` has no gaps.
#
# .. dropdown:: Hint
#
#    Within the past, the rule forecasts ``past[season:]`` by ``past[:-season]``.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def scaled_error(forecast, truth, past, season):
#           rule = (past[season:] - past[:-season]).abs().mean()
#           return ((forecast - truth).abs().mean() / rule).item()
#
#
#       truth, past = level[test_start:], level[80:test_start]  # no gap from 80 on
#       for name, values in forecasts.items():
#           print(f"{name:22}{scaled_error(values, truth, past, season=12):.2f}")
#       assert scaled_error(forecasts["LSTM"], truth, past, season=12) < 1
#
#    This metric is known as **MASE**, the mean absolute scaled error.
#    The number has no unit, so series in ppm, in dollars and in cases can be compared,
#    and months with a target of zero do no harm.


def scaled_error(forecast, truth, past, season):
    """Return the mean absolute error, relative to that of a naive rule in the past."""
    ...  # your code here


eatorch.check("06-3", scaled_error)

# %%
# .. _series-ex4:
#
# Exercise 06-4: where the rule overtakes
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# One month ahead the network wins, 96 months ahead it loses.
# Where do the curves cross?
# Write a function that returns the RMSE for each horizon: ``forecasts`` has shape
# ``(start, horizon)``, and ``forecasts[i, k]`` is meant for month ``starts[i] + k`` of
# ``series``.
# Then compare ``free_run`` with ``drifting`` from every month of the test years that
# leaves 48 months to forecast.
#
# .. dropdown:: Hint
#
#    ``series.unfold(0, horizons, 1)[starts]`` is the truth, of the same shape as the
#    forecasts.
#    Which axis has to be averaged away?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def horizon_errors(forecasts, series, starts):
#           truth = series.unfold(0, forecasts.shape[1], 1)[starts]  # (start, horizon)
#           return (forecasts - truth).square().mean(dim=0).sqrt()
#
#
#       starts = list(range(test_start, end - 47))
#       by_network = torch.stack([free_run(each, starts, 48) for each in models])
#       by_rule = torch.stack([drifting(start, 48, years=10) for start in starts])
#       curves = {
#           "LSTM": horizon_errors(by_network.mean(dim=0), level, starts),
#           "last year plus drift": horizon_errors(by_rule, level, starts),
#       }
#       for name, curve in curves.items():
#           plt.plot(range(1, 49), curve, label=name)
#       plt.xlabel("months ahead")
#       plt.ylabel("RMSE (ppm)")
#       plt.legend()
#       plt.show()
#       assert curves["LSTM"][0] < curves["last year plus drift"][0]
#
#    The network is ahead in the first months.
#    Its error then grows with each month, because its bias adds up.


def horizon_errors(forecasts, series, starts):
    """Return the RMSE over all starts for each horizon, a tensor ``(horizon,)``."""
    ...  # your code here


eatorch.check("06-4", horizon_errors)

# %%
# .. _series-minute:
#
# In one minute
# -------------
# - Split by time, never shuffled: a forecast knows only the past.
# - Turn a climbing level into changes, and scale them by the training part.
# - Cut windows with ``unfold``, leave out those that touch a gap, and give them the
#   shape *(window, month, feature)* with ``batch_first=True``.
#   States are *(layer, window, hidden)* all the same.
# - Clip gradients between ``backward`` and ``step``, and watch their norms.
# - Before praising a network, write down the last value, last year, and last year plus
#   drift.
# - Teacher forcing and free-running are different tasks: small errors of one sign add
#   up.
# - A fan from one-step errors knows nothing of a shared bias: count how often the truth
#   falls inside.
#
# .. _series-next:
#
# Read next
# ---------
# - :ref:`tensor` is day 5: views, strides and shapes from the ground up.
# - :ref:`rnn`: the recurrent layers themselves, gate by gate.
# - :ref:`attention`: another way to look back.
