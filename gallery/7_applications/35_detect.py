"""
.. _detect:

Object detection
================

Build a small detector that lists what is on a picture, with a box around each thing,
and measure how often what and where are both right.

:Level: 5
:Hours: 1.5
:Needs: :ref:`conv`, :ref:`segment`
:Data: handwritten digits (1,797 pictures, CC BY 4.0, from scikit-learn) on pictures of
    noise

A classifier gives one answer for a picture, a segmenter one for each pixel.
A *detector* gives a list: for each thing a class, a box, and how sure it is.
Nobody tells it how long the list has to be, and that is the whole difficulty: a network
has a fixed number of outputs, a list has not.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional

import eatorch

torch.manual_seed(0)
torch.set_num_threads(1)  # on pictures this small, threads cost more than they bring

# %%
# .. _detect-scenes:
#
# Scenes with one digit or two
# ----------------------------
# A scene is a square of noise with one digit or two, of different sizes.
# As in :ref:`segment`, the training, validation and test scenes use different digits,
# mostly by different hands.
#
# A *box* is four numbers: the left, top, right and bottom edge in pixels from the upper
# left corner.
# Right and bottom lie just behind the last pixel of ink, so that the width is right
# minus left.

SIZE = 32  # pixels
PARTS = {"training": (0.0, 0.6), "validation": (0.6, 0.8), "test": (0.8, 1.0)}
collection = eatorch.data.digits()

# %%
# A digit is drawn in a size and a place of its own.


def paste(image, number, generator):
    """Draw a digit somewhere on the image and return its box."""
    size = int(torch.randint(10, 17, (), generator=generator))
    shape = collection.images[number, None]  # (1, 1, 8, 8)
    ink = functional.interpolate(shape, size=size, mode="bilinear")[0, 0]
    left, top = torch.randint(SIZE - size + 1, (2,), generator=generator).tolist()
    window = image[top : top + size, left : left + size]
    window.copy_(torch.maximum(window, ink))
    rows, columns = (ink > 0.5).nonzero(as_tuple=True)
    inside = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    return (torch.stack(inside) + torch.tensor([left, top, left, top])).float()


# %%
# Boxes may touch but not overlap; where a digit would cover another one, it is drawn
# again elsewhere.


def apart(box, other):
    """Tell whether two boxes have no pixel in common."""
    return bool((box[2:] <= other[:2]).any() or (other[2:] <= box[:2]).any())


# %%
# So a scene is made digit by digit.


def scene(part, generator):
    """Return a picture, its boxes and their labels."""
    first, last = (int(share * len(collection)) for share in PARTS[part])
    image = 0.7 * torch.rand(SIZE, SIZE, generator=generator)
    boxes, numbers = [], []
    for _ in range(int(torch.randint(1, 3, (), generator=generator))):
        covers = True
        while covers:
            number = int(torch.randint(first, last, (), generator=generator))
            trial = image.clone()
            box = paste(trial, number, generator)
            covers = not all(apart(box, other) for other in boxes)
        image, boxes, numbers = trial, [*boxes, box], [*numbers, number]
    return image[None], torch.stack(boxes), collection.targets[numbers]


# %%
# Pictures of one size fit into one tensor.
# Lists of different lengths do not, so boxes and labels stay lists with one tensor per
# scene.


def scenes(part, count):
    """Return pictures, and for each its boxes and its labels."""
    generator = torch.Generator().manual_seed(list(PARTS).index(part))
    made = [scene(part, generator) for _ in range(count)]
    images, boxes, labels = zip(*made, strict=True)
    return torch.stack(images), boxes, labels


train, valid, test = (
    scenes("training", 2400),
    scenes("validation", 200),
    scenes("test", 400),
)
print(f"images {tuple(test[0].shape)}, boxes of the first three scenes:")
[tuple(boxes.shape) for boxes in test[1][:3]]

# %%
# One function draws scenes with boxes; it serves the whole lesson.


def draw(axes, images, found, colour="C2"):
    """Draw each scene with its boxes and what is written above them."""
    for ax, image, (boxes, names) in zip(axes.flat, images, found, strict=True):
        ax.imshow(image[0].numpy(), cmap="gray", extent=(0, SIZE, SIZE, 0))
        for (left, top, right, bottom), name in zip(boxes.tolist(), names, strict=True):
            frame = [left, right, right, left, left], [top, top, bottom, bottom, top]
            ax.plot(*frame, color=colour)
            paper = {"facecolor": colour, "edgecolor": "none", "pad": 1}
            told = {"color": "white", "fontsize": 8, "va": "bottom", "bbox": paper}
            ax.text(left, max(top, 4), name, **told)
        ax.axis("off")


# %%
# The first six test scenes, with the right answers:

fig, axes = plt.subplots(1, 6, figsize=(8, 1.7), layout="constrained")
draw(axes, test[0][:6], [(test[1][n], test[2][n].tolist()) for n in range(6)])
fig.suptitle("What we want from the detector: every digit, its class and its box")
plt.show()

# %%
# .. _detect-iou:
#
# How well do two boxes agree?
# ----------------------------
# By their intersection over union, as with masks (:ref:`segment`).
# For boxes nobody has to count pixels.
# The intersection of two boxes is a box again: its left edge is the larger of the two
# left edges, its right edge the smaller of the two right ones.
# With axes for both lists, broadcasting compares every box with every other.


def areas(boxes):
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)


def box_iou(boxes, others):
    """Return the IoU of each box with each of the others: (boxes, others)."""
    upper = torch.maximum(boxes[:, None, :2], others[:, :2])
    lower = torch.minimum(boxes[:, None, 2:], others[:, 2:])
    shared = (lower - upper).clamp(min=0).prod(dim=2)
    return shared / (areas(boxes)[:, None] + areas(others) - shared)


# %%
# To check it, we paint boxes as masks and count.

corners = torch.randint(0, 20, (5, 2))
boxes = torch.cat([corners, corners + torch.randint(1, 12, (5, 2))], dim=1)
painted = torch.zeros(5, SIZE, SIZE, dtype=torch.bool)
for mask, (left, top, right, bottom) in zip(painted, boxes.tolist(), strict=True):
    mask[top:bottom, left:right] = True
shared = (painted[:, None] & painted).sum(dim=(2, 3))
either = (painted[:, None] | painted).sum(dim=(2, 3))
assert torch.allclose(box_iou(boxes, boxes), shared / either)

# %%
# Two mistakes with boxes give no message, only wrong numbers.
# The first is to forget ``clamp``.
# Two boxes that are apart in both directions have a negative width and a negative
# height, and their product is positive:

one, far = torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([[10.0, 10, 14, 14]])
size = torch.minimum(one[:, 2:], far[:, 2:]) - torch.maximum(one[:, :2], far[:, :2])
f"shared without clamp {size.prod().item():g}, IoU {box_iou(one, far).item():g}"

# %%
# The second is to mix the formats.
# Some tools write left, top, *width*, *height* (COCO), some the centre and the size
# (YOLO), in pixels or in parts of the picture.
# Read as edges, such a box may have its right side left of its left side:

pixels = torch.tensor([[20.0, 12, 26, 20]])  # left, top, right, bottom
coco = torch.cat([pixels[:, :2], pixels[:, 2:] - pixels[:, :2]], dim=1)
print("left, top, width, height:", coco[0].tolist())
print("IoU with itself, read as edges:", box_iou(coco, pixels).item())
assert (coco[:, 2:] <= coco[:, :2]).any()  # check every file for boxes like this

# %%
# Such *degenerate* boxes, also those of width 0, can turn losses into NaN: a negative
# width has no logarithm, and that of 0 is minus infinity.
# The detectors of torchvision therefore refuse them in training: "All bounding boxes
# should have positive height and width."
#
# .. _detect-threshold:
#
# What a threshold can do
# -----------------------
# The ink is brighter than most of the noise.
# The simplest detector draws one box around everything brighter than 0.7, which the
# noise never is.


def bright_box(image):
    rows, columns = (image[0] > 0.7).nonzero(as_tuple=True)
    edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    return torch.stack(edges).float()


simple = {1: [], 2: []}
for image, right in zip(test[0], test[1], strict=True):
    simple[len(right)].append(box_iou(bright_box(image)[None], right).max().item())
means = {count: sum(values) / len(values) for count, values in simple.items()}
assert means[1] > 0.6 > means[2] + 0.1
for count, mean in means.items():
    print(f"digits: {count}, mean IoU of the bright box and the best one: {mean:.2f}")

# %%
# With a single digit that works, and for such a task nobody needs a network.
# With two it fails, and it can never say *which* digit it is.
#
# .. _detect-grid:
#
# A grid turns lists into maps
# ----------------------------
# How does a list of any length fit into a fixed output?
# Lay a grid over the picture, here 8 x 8 cells of 4 pixels.
# The cell in which the centre of a box lies becomes responsible for it; all others
# answer "nothing here".
# A cell says fifteen numbers, so the network's output has fifteen maps:
#
# - 1 *objectness*: is there the centre of something?
# - 4 for the box: where in the cell the centre lies (two numbers from 0 to 1), and the
#   logarithms of width and height, in units of a typical digit.
# - 10 scores, one for each class.
#
# Encoding turns boxes and labels into six target maps: objectness, box, and the number
# of the class.

CELL, CELLS, TYPICAL = 4, 8, 10.0  # pixels per cell, cells per side, pixels


def encode(boxes, labels):
    """Return what the maps should say, shape (6, 8, 8)."""
    target = torch.zeros(6, CELLS, CELLS)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 / CELL  # in cells
    column, row = centres.long().T
    target[0, row, column] = 1
    target[1:3, row, column] = (centres - centres.floor()).T
    target[3:5, row, column] = ((boxes[:, 2:] - boxes[:, :2]) / TYPICAL).log().T
    target[5, row, column] = labels.float()
    return target


# %%
# One condition has to hold: no two digits of a scene may need the same cell.

targets = torch.stack([encode(*pair) for pair in zip(*train[1:], strict=True)])
digits = sum(len(boxes) for boxes in train[1])
assert targets[:, 0].sum() == digits  # no two digits share a cell
print(f"{digits} digits, so {targets[:, 0].mean():.1%} of the cells are responsible")

# %%
# Why logarithms?
# A width must be positive, and half and double should be equally far from 1.
#
# Decoding goes the other way, for every cell of every picture: 64 boxes with a class
# and a score each, whether anything is there or not.
# The network is free to say any number, so a sigmoid keeps the centre inside its cell
# and the exponential keeps the sizes positive.
# The score is the chance that something is there times the chance of its class.


def decode(maps):
    """Return boxes (batch, 64, 4), scores and labels (batch, 64)."""
    cells = torch.arange(CELLS)
    corners = torch.stack(torch.meshgrid(cells, cells, indexing="xy"))  # (2, 8, 8)
    centres = CELL * (corners + maps[:, 1:3].sigmoid())
    half = TYPICAL * maps[:, 3:5].exp() / 2
    boxes = torch.cat([centres - half, centres + half], dim=1)
    chance, labels = maps[:, 5:].softmax(dim=1).max(dim=1)
    scores = maps[:, 0].sigmoid() * chance
    return boxes.flatten(2).mT, scores.flatten(1), labels.flatten(1)


# %%
# Does decoding undo encoding?
# For a scene with two digits we build the maps of a perfect network and look at the two
# boxes with the highest scores.
# Each of them should be a box of the scene.
# (A ``meshgrid`` with the wrong ``indexing`` swaps x and y, which this test catches.)

pair = [len(right) for right in train[1]].index(2)
perfect = torch.zeros(1, 15, CELLS, CELLS)
perfect[0, 0] = 40 * targets[pair, 0] - 20  # surely yes or surely no
perfect[0, 1:3] = targets[pair, 1:3].logit(eps=1e-6)  # 0 has no finite logit
perfect[0, 3:5] = targets[pair, 3:5]
boxes, scores, _ = decode(perfect)
best = boxes[0, scores[0].topk(2).indices]
assert (box_iou(train[1][pair], best).max(dim=1).values > 0.999).all()
best

# %%
# .. _detect-train:
#
# The detector and its three losses
# ---------------------------------
# The network is a plain stack of convolutions that makes 8 x 8 maps of 32 x 32 pixels;
# its last layer, a 1 x 1 convolution, makes them fifteen.


def block(inputs, outputs, stride=1):
    layer = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


detector = nn.Sequential(
    block(1, 16, stride=2),
    block(16, 32, stride=2),
    block(32, 32),
    block(32, 32),
    nn.Conv2d(32, 15, kernel_size=1),
)
print(eatorch.summary(detector, test[0][:1], depth=1))

# %%
# The loss has three parts.
# Objectness is a yes-or-no question for every cell.
# Box and class count only in the cells that are responsible for something: what should
# an empty cell say about its box?


def losses(maps, target):
    """Return the losses of objectness, box and class, each per digit."""
    there = target[:, 0] > 0  # (batch, 8, 8)
    objectness = functional.binary_cross_entropy_with_logits(
        maps[:, 0], target[:, 0], reduction="sum"
    )
    said = maps.movedim(1, -1)[there]  # (digits, 15)
    right = target.movedim(1, -1)[there]  # (digits, 6)
    place = torch.cat([said[:, 1:3].sigmoid(), said[:, 3:5]], dim=1)
    box = functional.smooth_l1_loss(place, right[:, 1:5])
    kind = functional.cross_entropy(said[:, 5:], right[:, 5].long())
    return torch.stack([objectness / there.sum(), 10 * box, kind])


# %%
# Smooth L1 is a square for small errors and a straight line for large ones
# (:ref:`loss`).
# The factor 10 brings the small numbers of the box nearer to the others; detectors have
# such weights, and where they matter they are chosen on validation data.
# The rest is the usual loop, with a learning rate that rises and falls
# (:ref:`schedule`).

optimizer = torch.optim.AdamW(detector.parameters())
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=8 * 60)
curves = []
for _ in range(8):
    sums = torch.zeros(3)
    for rows in torch.randperm(len(targets)).split(40):
        parts = losses(detector(train[0][rows]), targets[rows])
        optimizer.zero_grad()
        parts.sum().backward()
        optimizer.step()
        scheduler.step()
        sums += parts.detach()
    curves.append(sums / 60)

# %%
# All three fall together, from one and the same features.

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
names = ("objectness", "10 x box", "class")
for name, values in zip(names, torch.stack(curves).T, strict=True):
    ax.semilogy(range(1, 9), values.numpy(), "o-", label=name)
ax.set(xlabel="epoch", ylabel="training loss per digit")
ax.set_title("One network learns three things at once")
ax.legend()
plt.show()

# %%
# .. _detect-nms:
#
# Too many boxes: non-maximum suppression
# ---------------------------------------
# What does the trained detector say about a new scene?
# We look at the validation scenes; the test waits.
# A digit covers several cells, and neighbours of the responsible one may answer too,
# each with a box of its own.

detector.eval()
with torch.inference_mode():
    maps = detector(valid[0])
boxes, scores, labels = decode(maps)
first_six = zip(boxes[:6], scores[:6], labels[:6], strict=True)
unsure = [
    (box[sure > 0.05], kind[sure > 0.05].tolist()) for box, sure, kind in first_six
]

# %%
# All boxes with a score above 0.05 and, below, the objectness of the cells, from dark
# (0) to yellow (1):

fig, axes = plt.subplots(2, 6, figsize=(8, 3), layout="constrained")
draw(axes[0], valid[0][:6], unsure, "C1")
for ax, chance in zip(axes[1], maps[:6, 0].sigmoid(), strict=True):
    ax.imshow(chance.numpy(), cmap="viridis", vmin=0, vmax=1)
    ax.axis("off")
fig.suptitle("Boxes on top, objectness below: several cells claim one digit")
plt.show()

# %%
# *Non-maximum suppression* (NMS) cleans up.
# Take the box with the highest score, throw away all that overlap it by more than a
# threshold, and repeat with what is left.


def nms(boxes, scores, overlap=0.3):
    """Return the numbers of the boxes to keep, best first."""
    order, keep = scores.argsort(descending=True), []
    while len(order):
        best, others = order[0], order[1:]
        keep.append(best.item())
        order = others[box_iou(boxes[best, None], boxes[others])[0] <= overlap]
    return keep


# %%
# Each scene is cleaned up on its own.
# Boxes with a score below ``least`` are not even looked at.


def detect(outputs, least):
    """Return boxes, scores and labels for each scene, cleaned up."""
    found = []
    for scene_outputs in zip(*outputs, strict=True):
        sure = scene_outputs[1] > least
        boxes, scores, labels = (values[sure] for values in scene_outputs)
        keep = nms(boxes, scores)
        found.append((boxes[keep], scores[keep], labels[keep]))
    return found


# %%
# NMS has a price.
# Two things that really overlap look to it like one thing found twice, and the weaker
# one is lost.
# Libraries therefore usually run it for each class alone; a crowd of the same class
# stays hard.
# Our digits never overlap, so ours need not ask for the class: two boxes at one place
# are one digit, even if they call it 1 and 7.

before = sum(int((row > 0.3).sum()) for row in scores)
found = detect((boxes, scores, labels), least=0.3)
after = sum(len(kept) for kept, _, _ in found)
total = sum(len(right) for right in valid[1])
print(f"{before} boxes, {after} after NMS, {total} digits")
assert after < before

# %%
# .. _detect-measure:
#
# What counts as found?
# ---------------------
# A detection is right if its class is right and its IoU with a digit is at least 0.5.
# And each digit can be found only once: the most certain box gets it, a second box on
# the same digit is a false alarm.


def judge(boxes, labels, right_boxes, right_labels, iou=0.5):
    """Tell for each box, best first, whether it found a digit of its own."""
    overlap = box_iou(boxes, right_boxes)
    overlap[labels[:, None] != right_labels] = 0
    hits = []
    for row in overlap:
        best, which = row.max(dim=0)
        hits.append(bool(best >= iou))
        if hits[-1]:
            overlap[:, which] = 0  # nobody else may find it
    return hits


# %%
# Which score is high enough to report?
# A low limit finds more digits (*recall*) and raises more false alarms, so fewer of its
# boxes are right (*precision*).
# We try all limits: sort all boxes of all scenes by their score and go down the list.


def rank(found, right_boxes, right_labels):
    """Return scores and hits of all boxes of all scenes, best score first."""
    hits = []
    for (boxes, _, labels), *right in zip(
        found, right_boxes, right_labels, strict=True
    ):
        hits += judge(boxes, labels, *right)
    scores = torch.cat([scores for _, scores, _ in found])
    order = scores.argsort(descending=True)
    return scores[order], torch.tensor(hits)[order]


def precision_recall(hits, total):
    right = hits.cumsum(dim=0)
    return right / torch.arange(1, len(hits) + 1), right / total


# %%
# On the validation scenes we choose the limit at which the *F1 score* is highest: twice
# the product of precision and recall, divided by their sum.

ranked, hits = rank(detect((boxes, scores, labels), least=0.02), *valid[1:])
precision, recall = precision_recall(hits, total)
f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-9)
limit = ranked[f1.argmax()]
f"report boxes with a score of at least {limit:.2f}"

# %%
# Now the test, once.
# Along the list precision jumps up and down, so the usual rule takes for each recall
# the best precision that is reached there or further down.
# The mean of that over all digits, where a digit never found counts as 0, is the
# *average precision* (AP), the area under the curve of precision over recall.
# It needs no limit.
# Papers report its mean over all classes, mAP, and often over several IoU thresholds as
# well; ours counts all digits together at 0.5.

with torch.inference_mode():
    outputs = decode(detector(test[0]))
total = sum(len(right) for right in test[1])
ranked, hits = rank(detect(outputs, least=0.02), *test[1:])
precision, recall = precision_recall(hits, total)
best_from_here = precision.flip(0).cummax(dim=0).values.flip(0)
average = (best_from_here[hits].sum() / total).item()
at = (ranked >= limit).sum() - 1
print(f"test: precision {precision[at]:.2f}, recall {recall[at]:.2f}, AP {average:.2f}")
assert average > 0.6

# %%
# Precision and recall need both to be right, what and where.
# Which of the two goes wrong more often?
# We forgive the class, and look how well the reported boxes lie; then we ask for the
# class of those that do.

reported = detect(outputs, least=limit.item())
overlaps, same = [], []
for (kept, _, classes), right, names in zip(reported, *test[1:], strict=True):
    if len(kept):
        best, which = box_iou(kept, right).max(dim=1)
        overlaps.append(best)
        same.append((classes == names[which])[best >= 0.5])
overlaps, same = torch.cat(overlaps), torch.cat(same).float().mean()
there = overlaps >= 0.5
print(f"boxes that lie on a digit: {there.float().mean():.0%}", end=", ")
print(f"with a mean IoU of {overlaps[there].mean():.2f}; right class: {same:.0%}")
assert there.float().mean() > same

# %%
# The where is the easier half: most of what is counted as wrong is a good box with the
# wrong class.
# On the left is the curve for all limits, on the right the IoU of the reported boxes;
# the dotted line is the 0.5 that counts as found.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
left.plot(recall.numpy(), precision.numpy())
left.plot(recall[at], precision[at], "o", color="C1", label="chosen limit")
left.set(
    title="All limits at once", xlabel="recall", ylabel="precision", ylim=(0, 1.05)
)
left.legend()
right.hist(overlaps.numpy(), bins=20, range=(0, 1))
right.axvline(0.5, color="0.5", linestyle=":")
right.set(title="Where the boxes lie", xlabel="IoU with the best digit", ylabel="boxes")
fig.suptitle("A lower limit finds more and errs more; most boxes lie well")
plt.show()

# %%
# And some scenes, in orange with class and score.

told = [
    (
        kept,
        [f"{digit} {sure:.2f}" for digit, sure in zip(classes, certainty, strict=True)],
    )
    for kept, certainty, classes in reported[:12]
]
fig, axes = plt.subplots(2, 6, figsize=(8, 3), layout="constrained")
draw(axes, test[0][:12], told, "C1")
fig.suptitle("The detector's list for twelve test scenes")
plt.show()

# %%
# Noise is a kind background, and two digits are no crowd.
# But every part of this page, grid, responsible cells, three losses, NMS and AP, is
# found in detectors for photographs too.
#
# .. _detect-stages:
#
# Two stages: Faster R-CNN
# ------------------------
# Our detector is of the *one-stage* kind: one pass, and every cell answers.
# *Two-stage* detectors look twice.
# First a *region proposal network* (RPN) asks of every place on the features "could
# there be anything?", for several standard boxes called *anchors*.
# Then the best few hundred proposals are cut out of the features, brought to one size,
# and a second network says for each the class and a better box.
# The best known is Faster R-CNN.
#
# We send one picture through its stages, with layers of the right kind but without
# training, because the shapes are what we want to see.
# The network that makes the features, often a ResNet (:ref:`segment`), is called the
# *backbone*; here one convolution stands for all of it and makes one cell of 16 x 16
# pixels.

photo = torch.rand(1, 3, 480, 640)
backbone = nn.Conv2d(3, 256, kernel_size=16, stride=16)
features = backbone(photo)
anchors = 9  # at each place: three sizes, three shapes
hidden = nn.Conv2d(256, 256, 3, padding=1)(features).relu()
objectness = nn.Conv2d(256, anchors, 1)(hidden)
changes = nn.Conv2d(256, 4 * anchors, 1)(hidden)
best = objectness.flatten(1).topk(300).indices[0]  # of all anchors

# %%
# Anchors are fixed boxes; the network only says how to move and stretch them.
# We take two short cuts: each proposal is a square of 128 pixels, less at the edges,
# that stays where it is, and the NMS among the proposals is left out.
# The regions are cut out in whole cells and pooled to 7 x 7 by
# :func:`torch.nn.functional.adaptive_max_pool2d`; today's RoIAlign interpolates between
# cells instead.

row, column = best // 40 % 30, best % 40
windows = [
    features[:, :, max(y - 4, 0) : y + 4, max(x - 4, 0) : x + 4]
    for y, x in zip(row.tolist(), column.tolist(), strict=True)
]
regions = torch.cat([functional.adaptive_max_pool2d(part, 7) for part in windows])
vectors = nn.Linear(256 * 7 * 7, 128)(regions.flatten(1)).relu()
classes = nn.Linear(128, 10 + 1)(vectors)  # ten digits and "background"
refined = nn.Linear(128, 4 * 11)(vectors)  # a box for each class

# %%
# All shapes in the drawing are those of the tensors above.

steps = {
    "picture": (photo, (0, 0.5)),
    "features": (features, (1, 0.5)),
    "objectness of anchors": (objectness, (2, 1)),
    "changes of anchors": (changes, (2, 0)),
    "pooled regions": (regions, (3, 0.5)),
    "vectors": (vectors, (4, 0.5)),
    "class scores": (classes, (5, 1)),
    "refined boxes": (refined, (5, 0)),
}
links = [(0, 1), (1, 2), (1, 3), (1, 4), (2, 4), (3, 4), (4, 5), (5, 6), (5, 7)]
places = [place for _, place in steps.values()]

# %%
# Blue is the first stage, green the second, and the lines are read from left to right.
# The features are used twice: the second stage cuts its regions out of them.

fig, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
for link in links:
    ax.plot(*zip(*(places[end] for end in link), strict=True), color="0.6", zorder=0)
for number, (name, (tensor, place)) in enumerate(steps.items()):
    box = {"boxstyle": "round", "facecolor": "C0" if number < 4 else "C2"}
    told = f"{name}\n{tuple(tensor.shape)}"
    words = {"ha": "center", "va": "center", "fontsize": 7, "color": "white"}
    ax.text(*place, told, bbox=box, **words)
ax.set(xlim=(-0.6, 5.6), ylim=(-0.3, 1.3), frame_on=False, xticks=[], yticks=[])
ax.set_title("First ask where something might be, then what it is")
plt.show()

# %%
# 30 x 40 places with 9 anchors are 10,800 candidates, of which 300 go on.
# Of the 11 classes number 0 is "background", for proposals that were wrong, so the
# labels of things begin with 1.
# In our detector objectness does that job.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Question
#      - One stage (YOLO, SSD, ours)
#      - Two stages (Faster R-CNN)
#    * - Passes over a region
#      - one, for all cells at once
#      - two: proposal, then a second look
#    * - "Nothing here" is said by
#      - low objectness or low class scores
#      - first the RPN, then the class "background"
#    * - Work
#      - the same for every picture
#      - grows with the number of proposals
#    * - Often chosen for
#      - speed, video, phones
#      - exact boxes, small things
#    * - NMS
#      - at the end
#      - on the proposals and again at the end
#
# .. admonition:: Then and now
#
#    Courses fine-tune torchvision's Faster R-CNN on the 170 pictures of PennFudan with
#    ``pretrained=True``; today it is ``weights="DEFAULT"``.
#    Its targets are a list with one dictionary per picture: ``boxes`` as edges, float,
#    and ``labels`` from 1, since 0 is the background; with labels from 0 it trains
#    without a message and never finds the first class.
#    The number of classes for a new last layer counts the background too.
#    In training mode the network returns a dictionary of losses, after ``eval()`` a
#    list of detections.
#    What we wrote by hand stands in ``torchvision.ops``: ``box_iou``, ``nms``,
#    ``batched_nms`` (for each class alone), ``box_convert`` (between the formats).
#
#    Anchors are no longer a must: many detectors since 2019 predict from centres, as
#    ours does.
#    DETR (2020) and its relatives go further and match predictions one to one with the
#    things, so that they need no NMS.
#
# .. _detect-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _detect-ex1:
#
# Exercise 35-1: the flow with shapes
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Draw the flow of Faster R-CNN on paper for one picture of 320 x 480 pixels (height,
# width), a backbone with 512 channels and cells of 32 pixels, 3 anchors at each place,
# 100 proposals pooled to 7 x 7, and 20 classes besides the background.
# Then give six shapes, in this order: the features, the objectness, the changes of the
# anchors, the pooled regions, the class scores, the refined boxes (one for each class,
# the background included).
#
# .. dropdown:: Hint
#
#    Up to the proposals the first axis counts pictures, behind them it counts
#    proposals.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       shapes = [(1, 512, 10, 15), (1, 3, 10, 15), (1, 12, 10, 15)]
#       shapes += [(100, 512, 7, 7), (100, 21), (100, 84)]

shapes = ...  # your code here

eatorch.check("35-1", shapes)

# %%
# .. _detect-ex2:
#
# Exercise 35-2: NMS by hand
# ^^^^^^^^^^^^^^^^^^^^^^^^^^
# Five boxes of 10 x 10 pixels stand in one row, all at the same height.
# Their left edges are 0, 2, 5, 12 and 9, their scores 0.6, 0.9, 0.8, 0.5 and 0.7.
# Boxes that overlap a better one by an IoU of more than 0.3 are thrown away.
# Give the numbers of the boxes that are kept, counted from 0, the best first.
#
# .. dropdown:: Hint
#
#    Two such boxes at a distance of d pixels share 10 - d columns and together cover
#    10 + d.
#    For which d is that more than 0.3?
#    A box that has been thrown away throws nobody away.
#
# .. dropdown:: Solution
#
#    (10 - d) / (10 + d) is more than 0.3 up to d = 5.
#    Box 1 is best; 0 (d = 2) and 2 (d = 3) go.
#    Of the rest box 4 is best; 3 (d = 3) goes.
#    Box 2 would have removed box 4, but it was gone already.
#
#    .. code-block:: python
#
#       kept = [1, 4]

kept = ...  # your code here

eatorch.check("35-2", kept)

# %%
# .. _detect-ex3:
#
# Exercise 35-3: two digits, one cell
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A cell can be responsible for one digit only; a second one in the same cell is
# overwritten and lost.
# Write ``lost(boxes, cell)``: how many of the boxes ``(boxes, 4)`` of one picture are
# lost on a grid with cells of ``cell`` pixels?
# If three centres share a cell, two are lost.
#
# .. dropdown:: Hint
#
#    Compute column and row of each centre, as ``encode`` does.
#    How many *different* pairs are there?
#
# .. dropdown:: Solution
#
#    A finer grid loses fewer, which is one reason why detectors use several grids.
#
#    .. code-block:: python
#
#       def lost(boxes, cell):
#           centres = (boxes[:, :2] + boxes[:, 2:]) / 2
#           places = (centres / cell).floor()
#           return len(boxes) - len(places.unique(dim=0))


def lost(boxes, cell):
    """Return how many boxes find their cell taken."""
    ...  # your code here


eatorch.check("35-3", lost)

# %%
# .. _detect-ex4:
#
# Exercise 35-4: one stage or two?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Cover the table above.
# Which detectors does each statement describe, ``"one"``, ``"two"`` or ``"both"``?
# Give a list of six strings.
#
# 1. Candidate regions are cut out of the features before they get a class.
# 2. Boxes that overlap a better one are removed at the end.
# 3. Each cell of the features says class and box directly.
# 4. The work grows with the number of proposals.
# 5. A backbone of convolutions makes the features.
# 6. Class 0 is the background, for proposals that turn out to be empty.
#
# .. dropdown:: Hint
#
#    Ask of each: does it need a list of proposals?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       stages = ["two", "both", "one", "two", "both", "two"]

stages = ...  # your code here

eatorch.check("35-4", stages)

# %%
# .. _detect-minute:
#
# In one minute
# -------------
# - A detector returns a list of boxes, classes and scores. A grid makes the list fit
#   into maps: the cell with the centre is responsible.
# - Know your box format: edges, or corner and size, or centre and size. Check that
#   right is larger than left and bottom larger than top.
# - IoU compares boxes; forget ``clamp`` and distant boxes overlap.
# - Objectness is trained in all cells, box and class only where something is.
# - NMS keeps the best of several boxes that overlap; things that really overlap may get
#   lost.
# - A detection counts if class and IoU are right, and each thing only once. Precision,
#   recall and AP come from going down the list of scores.
# - Two stages propose first and classify then; one stage does both at once.
#
# .. _detect-next:
#
# Read next
# ---------
# - :ref:`segment` answers for each pixel instead of each thing.
# - :ref:`loss` has the losses of which ours was composed.
# - :ref:`schedule` explains the learning rate that rises and falls.
# - :ref:`save` shows how to start from trained weights.
