"""
.. _transform:

Transforms and augmentation
===========================

Cut, turn, recolour and scale pictures with a few lines of tensor code, combine them at
random, and measure what that is good for.

:Level: 3
:Hours: 1
:Needs: :ref:`image`, :ref:`data`
:Data: photos of the Summer Palace by danielbuechele and of a dahlia by vultilion (both
    CC BY 2.0, from scikit-learn), portrait of Grace Hopper (public domain, from
    Matplotlib), handwritten digits of 8 x 8 pixels (CC BY 4.0)

Between the file and the model stands a *transform*: a function that takes a picture and
gives a picture.
Some prepare, and always do the same: cut to size, scale, normalise.
Others draw random numbers and make each look at a picture a little different; that is
*data augmentation*.
The library torchvision offers some fifty of them.
We need only tensors: each takes a few lines, and once you have written it, you know
what it does to your data.
A table near the end gives the names in torchvision.
"""

import math
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

import eatorch

torch.set_num_threads(1)  # on pictures this small, threads cost more than they bring

# %%
# .. _transform-tensor:
#
# Two steps before all others
# ---------------------------
# A file opens as bytes from 0 to 255, in the order height, width, channel.
# PyTorch's layers want floats, in the order channel, height, width.
# So the first transform does two things: it moves the axes, and it divides by 255.


def to_image(pixels):
    """Turn bytes (height, width, channel) into floats (channel, height, width)."""
    return pixels.permute(2, 0, 1).float() / 255


def resize(image, size, **options):
    """Scale a picture to (height, width)."""
    options = {"mode": "bilinear", "antialias": True} | options
    return functional.interpolate(image[None], size, **options)[0]


names = ["china", "flower", "grace_hopper"]
full = [to_image(eatorch.data.photo(name)) for name in names]
wide = resize(full[0], (96, 144))
[tuple(image.shape) for image in full], wide.shape, wide.dtype

# %%
# :func:`torch.nn.functional.interpolate` wants a batch, so ``image[None]`` adds an axis
# of one picture and ``[0]`` takes it away again.
#
# Why not stay with bytes?
# They take a quarter of the memory, and cutting or mirroring needs no more.
# But they cannot hold what arithmetic makes: 200 + 100 wraps around to 44, and the
# brightest parts of a picture turn dark, without a word.

dark = torch.tensor([100, 200], dtype=torch.uint8)
print("bytes:  ", dark + 100)
print("floats: ", ((dark / 255 + 100 / 255).clamp(0, 1) * 255).round())
with eatorch.show_error(RuntimeError):
    functional.conv2d(torch.zeros(1, 96, 144, 3), torch.zeros(8, 3, 3, 3))

# %%
# The error is what you get for the wrong order of axes: the layer finds 96 channels.
# It is the lucky case, since many functions take any order and return nonsense.
# A rule that prevents both mistakes: **call** ``to_image`` **once, where the file is
# opened, and let everything after it deal with floats from 0 to 1, channel first.**
#
# .. _transform-crop:
#
# Crops
# -----
# To crop is to slice the last two axes.
# With ``...`` for whatever stands before them, the function serves one picture, a mask
# without channels, and a whole batch.


def crop(image, top, left, height, width):
    return image[..., top : top + height, left : left + width]


def center_crop(image, size):
    height, width = image.shape[-2:]
    return crop(image, (height - size) // 2, (width - size) // 2, size, size)


def five_crop(image, size):
    """Return the four corners and the centre."""
    bottom, right = image.shape[-2] - size, image.shape[-1] - size
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
    pieces = [crop(image, *corner, size, size) for corner in corners]
    return [*pieces, center_crop(image, size)]


# %%
# Slices never complain.
# Ask for a piece that is larger than the picture, and a negative start counts from the
# end: twelve rows come instead of 120.
# A function that others use should check for this; below we do so where the place is
# drawn at random.

print(center_crop(wide, 96).shape, center_crop(wide, 120).shape)

# %%
# Now at random.
# Two small dice first, one for fractions, one for whole numbers.
# They use PyTorch's global generator; soon we shall see why that is a good choice here.


def uniform(low, high):
    return low + (high - low) * torch.rand(()).item()


def whole(low, high):
    return torch.randint(low, high + 1, ()).item()  # both ends included


def random_crop(image, size, padding=0, mode="constant"):
    """Pad on all sides, then cut a square anywhere."""
    image = functional.pad(image, [padding] * 4, mode=mode)
    bottom, right = image.shape[-2] - size, image.shape[-1] - size
    if min(bottom, right) < 0:
        raise ValueError(f"size must fit into {tuple(image.shape[-2:])}, got {size}")
    return crop(image, whole(0, bottom), whole(0, right), size, size)


# %%
# The most used of all crops also zooms: it draws an area and an aspect ratio, cuts such
# a window and scales it to the size that the model wants.
# The ratio is drawn on a log scale, so that "twice as wide" is as likely as "twice as
# high".
# A window that sticks out is drawn anew, ten times at most.


def random_resized_crop(image, size, scale=(0.08, 1), ratio=(3 / 4, 4 / 3)):
    height, width = image.shape[-2:]
    for _ in range(10):
        area = height * width * uniform(*scale)
        aspect = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))
        h, w = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < h <= height and 0 < w <= width:
            window = crop(image, whole(0, height - h), whole(0, width - w), h, w)
            return resize(window, (size, size))
    return resize(center_crop(image, min(height, width)), (size, size))


# %%
# From here on we use squares of 80 pixels, cut from the middle of the three photos.

photos = torch.stack([resize(center_crop(image, 420), (80, 80)) for image in full])
palace, flower, portrait = photos

torch.manual_seed(0)
with eatorch.show_error(ValueError):
    random_crop(palace, 100, padding=8)
row = [palace, *(random_resized_crop(palace, 80) for _ in range(6))]
row = [resize(image, (48, 48)) for image in row]  # small enough for the screen
fig, ax = plt.subplots(figsize=(5.6, 1.2), layout="constrained")
eatorch.plots.show_images(torch.stack(row), columns=7, ax=ax)
ax.set_title("One photo, then six random windows on it")
plt.show()

# %%
# With the usual ``scale=(0.08, 1)`` a window may show a twelfth of the picture.
# For a photo of a palace that is still "palace"; for a small object near the edge the
# label may have left the picture.
# Look at what your transform makes before you train with it.
#
# .. _transform-flip:
#
# Flips and quarter turns
# -----------------------
# These only move pixels, so they lose nothing.
# Unlike slices they copy; :func:`torch.rot90` takes the number of quarter turns.

upside = palace.flip(-2)
mirrored = palace.flip(-1)
turned = torch.rot90(palace, 1, (-2, -1))  # counter-clockwise
assert torch.equal(torch.rot90(palace, 2, (-2, -1)), palace.flip(-1, -2))
assert mirrored.data_ptr() != palace.data_ptr()


def random_flip(image, axis, p=0.5):
    return image.flip(axis) if torch.rand(()) < p else image


# %%
# Flipping is not always allowed.
# A mirrored cat is a cat; mirrored text is not text, and a six on its head is a nine.
# **A transform must keep the label true.**
# At the end we measure what happens if it does not.
#
# .. _transform-affine:
#
# Rotate, shift, zoom, shear: affine maps
# ---------------------------------------
# All four have one form: a matrix of 2 x 3 numbers turns the place of a pixel in the
# *output* into the place in the *input* to fetch its colour from.
# This is the direction opposite to what one expects, and for a good reason: each output
# pixel gets exactly one colour, and no holes are left.
#
# PyTorch splits the work in two.
# :func:`torch.nn.functional.affine_grid` applies the matrix to all places, and
# :func:`torch.nn.functional.grid_sample` fetches.
# Places are counted from -1 at the left or upper edge to 1 at the other.
# But what is "the edge": the outer border of the last pixel, or its centre?
# ``align_corners`` answers.

eye = torch.eye(2, 3)[None]  # the map that moves nothing
for align in (False, True):
    grid = functional.affine_grid(eye, (1, 1, 4, 4), align_corners=align)
    print(f"align_corners={align!s:6}", grid[0, 0, :, 0])

# %%
# These are the places of four pixels in a row of a 4 x 4 picture.
# A drawing shows what the numbers mean.

fig, axes = plt.subplots(2, 1, figsize=(6, 2.4), sharex=True, layout="constrained")
for ax, align in zip(axes, (False, True), strict=True):
    centres = functional.affine_grid(eye, (1, 1, 4, 4), align_corners=align)[0, 0, :, 0]
    half = (centres[1] - centres[0]).item() / 2
    for number, centre in enumerate(centres.tolist()):
        box = plt.Rectangle((centre - half, 0), 2 * half, 1, ec="0.5", fc=f"C{number}")
        box.set_alpha(0.4)
        ax.add_patch(box)
        ax.plot(centre, 0.5, "o", color=f"C{number}")
    for edge in (-1, 1):
        ax.axvline(edge, color="0.5", linestyle="--")
    ax.set(xlim=(-1.5, 1.5), yticks=[], title=f"align_corners={align}")
axes[1].set_xlabel("normalised place")
fig.suptitle("The dashed edges lie on pixel borders or on pixel centres")
plt.show()

# %%
# With ``False``, the default, pixels are small squares that fill the range from -1 to
# 1, so the range means the same area at every resolution: choose this.
# With ``True`` they are points, and the first and the last lie on -1 and 1.
# Both give the same picture for the same flag in both functions.
# The classic mistake is to mix them: "nothing" then zooms and blurs.


def looked_up(image, align_grid, align_sample):
    """Send a picture through the map that should move nothing."""
    grid = functional.affine_grid(eye, (1, *image.shape), align_corners=align_grid)
    return functional.grid_sample(image[None], grid, align_corners=align_sample)[0]


for flags in [(False, False), (True, True), (True, False)]:
    change = (looked_up(palace, *flags) - palace).abs().max().item()
    print(flags, f"largest change {change:.3f}")

# %%
# One trap is left.
# From -1 to 1 is the *whole* width and the *whole* height, so in a picture that is not
# square one step means different lengths, and a rotation also shears.
# We therefore write our matrix in pixels from the centre, and convert.


def affine(image, matrix, mode="bilinear", fill="zeros"):
    """Fetch each pixel from ``matrix`` times its place, in pixels from the centre."""
    half = torch.tensor([image.shape[-1], image.shape[-2]]) / 2  # x first, then y
    theta = matrix / half[:, None]
    theta[:, :2] *= half
    grid = functional.affine_grid(theta[None], (1, *image.shape), align_corners=False)
    options = {"mode": mode, "padding_mode": fill, "align_corners": False}
    return functional.grid_sample(image[None], grid, **options)[0]


# %%
# The matrix of a rotation, a zoom, a shear and a shift in one.
# A zoom by 2 fetches from half the distance, and a shift to the right fetches from the
# left, because the matrix points backwards.


def matrix_of(degrees=0.0, scale=1.0, shear=0.0, shift=(0.0, 0.0)):
    angle = math.radians(degrees)
    turn = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    slant = torch.tensor([[1, math.tan(math.radians(shear))], [0, 1]])
    linear = turn @ slant / scale
    return torch.cat([linear, -linear @ torch.tensor(shift)[:, None]], dim=1)


quarter = affine(palace, matrix_of(90))
assert torch.allclose(quarter, turned, atol=1e-4)  # our own check on direction
moved = affine(palace, matrix_of(shift=(10.0, 0.0)))
assert torch.allclose(moved[..., 10:], palace[..., :-10], atol=1e-4)

# %%
# Two asserts are worth more than a glance: a quarter turn must equal
# :func:`torch.rot90`, and a shift must move columns.
# Now the trap, on the wide picture: the matrix of PyTorch's coordinates, and ours.

naive = matrix_of(30)[None]
grid = functional.affine_grid(naive, (1, *wide.shape), align_corners=False)
slanted = functional.grid_sample(wide[None], grid, align_corners=False)[0]
tilted = {"original": wide, "matrix in -1 ... 1": slanted}
tilted["matrix in pixels"] = affine(wide, matrix_of(30))
fig, axes = plt.subplots(1, 3, figsize=(5.4, 1.35), layout="constrained")
for ax, (name, image) in zip(axes, tilted.items(), strict=True):
    ax.imshow(image.permute(1, 2, 0).clamp(0, 1).numpy())
    ax.set_title(name, fontsize=9)
    ax.axis("off")
fig.suptitle("Rotated in normalised coordinates, a wide picture slants")
plt.show()

# %%
# .. _transform-modes:
#
# Between pixels and beyond the edge
# ----------------------------------
# A place seldom falls on the centre of a pixel.
# ``mode`` says what to do: take the nearest, or mix the four (*bilinear*) or sixteen
# (*bicubic*) around it.
# To see the difference, we enlarge one eye of Grace Hopper.
# When you *shrink*, the danger is another one: a small picture that looks at every
# ninth pixel only misses what lies between.
# ``antialias=True`` averages over all of them.

eye_window = crop(full[2], 174, 200, 30, 40)
big, small = (90, 120), (48, 72)
shown = {
    mode: resize(eye_window, big, mode=mode, antialias=False)
    for mode in ("nearest", "bilinear", "bicubic")
}
shown["shrunk, nearest"] = resize(full[0], small, mode="nearest", antialias=False)
shown["bilinear, no antialias"] = resize(full[0], small, antialias=False)
shown["bilinear, antialias"] = resize(full[0], small)
for name in list(shown)[3:]:
    shown[name] = crop(shown[name], 2, 6, 27, 36)  # the roofs

# %%
# The enlarged eye stands in the upper row, the roofs of the shrunk palace in the lower.

fig, axes = plt.subplots(2, 3, figsize=(5, 2.5), layout="constrained")
for ax, (name, image) in zip(axes.flat, shown.items(), strict=True):
    ax.imshow(image.permute(1, 2, 0).clamp(0, 1).numpy(), interpolation="nearest")
    ax.set_title(name, fontsize=9)
    ax.axis("off")
fig.suptitle("Enlarge with a smooth mode, shrink with antialias")
plt.show()

# %%
# In the lower left pictures the roof breaks into stairs and specks.
# ``antialias`` goes with the smooth modes of ``interpolate``, such as bilinear and
# bicubic; ``grid_sample`` has none, so shrink first and rotate then.
# ``mode="area"`` averages too.
#
# And bicubic overshoots: beside a sharp edge it leaves the range from 0 to 1.

cubic = shown["bicubic"]
print(f"from {cubic.min():.3f} to {cubic.max():.3f}; ", end="")
print(f"input from {eye_window.min():.3f} to {eye_window.max():.3f}")
assert cubic.min() < eye_window.min()

# %%
# What comes from beyond the edge?
# :func:`torch.nn.functional.pad` knows four ways, ``grid_sample`` three, under other
# names.

padded = {
    mode: functional.pad(portrait[None], [26] * 4, mode=mode)[0]
    for mode in ("constant", "replicate", "reflect", "circular")
}
tilt = matrix_of(degrees=20, scale=0.7)
for fill in ("zeros", "border", "reflection"):
    padded[f'grid_sample\n"{fill}"'] = affine(portrait, tilt, fill=fill)
fig, axes = plt.subplots(1, 7, figsize=(5.4, 1.35), layout="constrained")
for ax, (name, image) in zip(axes, padded.items(), strict=True):
    ax.imshow(image.permute(1, 2, 0).clamp(0, 1).numpy())
    ax.set_title(name if "\n" in name else f'pad\n"{name}"', fontsize=7)
    ax.axis("off")
fig.suptitle("Seven answers to the question what lies outside a picture")
plt.show()

# %%
# Zeros are easy to recognise, for you and for the model: it may learn that black
# corners mean "this is a training picture".
# Reflection hides the edge, at the price of a second collar.
#
# .. _transform-colour:
#
# Colours
# -------
# Brightness, contrast and saturation are one idea with three partners: mix the picture
# with black, with its mean grey, or with its own grey version.
# A factor below 1 goes towards the partner, above 1 away from it.


def blend(image, partner, factor):
    return (factor * image + (1 - factor) * partner).clamp(0, 1)


def grayscale(image):
    weights = torch.tensor([0.299, 0.587, 0.114])  # the eye sees green best
    grey = (weights[:, None, None] * image).sum(-3, keepdim=True)
    return grey.expand_as(image)


def brightness(image, factor):
    return blend(image, torch.zeros(()), factor)


def contrast(image, factor):
    return blend(image, grayscale(image).mean((-3, -2, -1), keepdim=True), factor)


def saturation(image, factor):
    return blend(image, grayscale(image), factor)


# %%
# Hue is different: it turns the wheel of colours.
# In the cube of red, green and blue, that is a rotation around the diagonal from black
# to white, the line of greys.
# The matrix exponential (:func:`torch.linalg.matrix_exp`) makes a rotation from its
# axis.


def hue(image, degrees):
    """Turn colours around the line of greys; 120 makes green of red."""
    spin = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    rotation = torch.linalg.matrix_exp(math.radians(degrees) * spin)
    return torch.einsum("ij,...jhw->...ihw", rotation, image).clamp(0, 1)


red = torch.tensor([1.0, 0, 0])[:, None, None]
assert torch.allclose(hue(red, 120).flatten(), torch.tensor([0.0, 1, 0]), atol=1e-5)
changes = [brightness(flower, 0.5), brightness(flower, 1.5)]
changes += [contrast(flower, 0.4), contrast(flower, 1.8)]
changes += [saturation(flower, 0), saturation(flower, 2)]
changes += [hue(flower, 60), hue(flower, -120)]

# %%
# torchvision turns hue in another colour space (HSV) and counts in whole turns, so its
# colours differ a little from ours.

words = ["bright 0.5", "1.5", "contrast 0.4", "1.8"]
words += ["saturate 0", "2", "hue 60°", "hue -120°"]
fig, ax = plt.subplots(figsize=(6.2, 1.3), layout="constrained")
changes = [resize(image, (32, 32)) for image in changes]  # small, for the screen
eatorch.plots.show_images(torch.stack(changes), words, ax=ax)
ax.set_title("Four properties of colour, each turned down and up")
plt.show()

# %%
# *Colour jitter* draws all four factors, and their order too, since another order gives
# another picture.
# Two more that people use: *erasing* a rectangle, so that the model does not rely on
# one detail, and *blurring*, a convolution with a bell.


def color_jitter(image, strength=0.4, degrees=36):
    steps = [brightness, contrast, saturation]
    jobs = [partial(s, factor=uniform(1 - strength, 1 + strength)) for s in steps]
    jobs.append(partial(hue, degrees=uniform(-degrees, degrees)))
    for index in torch.randperm(len(jobs)).tolist():
        image = jobs[index](image)
    return image


def random_erasing(image, share=(0.02, 0.2)):
    height, width = image.shape[-2:]
    side = math.sqrt(uniform(*share))
    h, w = round(side * height), round(side * width)
    result = image.clone()  # a slice of the input itself would spoil the data set
    crop(result, whole(0, height - h), whole(0, width - w), h, w).fill_(0.5)
    return result


# %%
# The blur runs along the rows, then along the columns: a bell in two dimensions is the
# product of two in one.
# The channels go in as a batch, for each is blurred alone.


def gaussian_blur(image, sigma):
    reach = math.ceil(3 * sigma)
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    bell = (bell / bell.sum())[None, None, None]  # (1, 1, 1, width)
    image = functional.pad(image[:, None], [reach] * 4, mode="reflect")
    image = functional.conv2d(image, bell)
    return functional.conv2d(image, bell.transpose(-1, -2))[:, 0]


assert torch.allclose(gaussian_blur(palace * 0 + 0.3, 2), palace * 0 + 0.3)

# %%
# .. _transform-compose:
#
# Build with them: all, some, one, any order
# ------------------------------------------
# A transform takes a picture and gives a picture, so a chain of them is a transform
# again.
# Four small classes make every combination.


class Compose:
    """Apply all, in order."""

    def __init__(self, *transforms):
        self.transforms = transforms

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image


class RandomApply(Compose):
    """Apply all with probability p, or none."""

    def __init__(self, *transforms, p=0.5):
        super().__init__(*transforms)
        self.p = p

    def __call__(self, image):
        return super().__call__(image) if torch.rand(()) < self.p else image


# %%
# ``RandomChoice`` takes one, ``RandomOrder`` shuffles.


class RandomChoice(Compose):
    """Apply one of them."""

    def __call__(self, image):
        return self.transforms[whole(0, len(self.transforms) - 1)](image)


class RandomOrder(Compose):
    """Apply all, in an order drawn anew each time."""

    def __call__(self, image):
        for index in torch.randperm(len(self.transforms)).tolist():
            image = self.transforms[index](image)
        return image


# %%
# A pipeline for training, then, and eight looks at one photo.

train_transform = Compose(
    partial(random_resized_crop, size=64, scale=(0.5, 1)),
    partial(random_flip, axis=-1),
    RandomApply(color_jitter, p=0.8),
    RandomChoice(partial(gaussian_blur, sigma=1), random_erasing, nn.Identity()),
)
torch.manual_seed(3)
looks = torch.stack([train_transform(portrait) for _ in range(8)])
fig, ax = plt.subplots(figsize=(5.6, 1.15), layout="constrained")
eatorch.plots.show_images(looks, ax=ax)
ax.set_title("Eight looks at one portrait, from one pipeline")
plt.show()

# %%
# Your own transform needs no base class.
# Here is noise, with one question asked early: pictures in bytes would come out as
# garbage, so the function refuses them.


class GaussianNoise:
    """Add noise of a given strength to floats from 0 to 1."""

    def __init__(self, sigma):
        self.sigma = sigma

    def __call__(self, image):
        if not image.is_floating_point():
            raise TypeError(f"image must be floats from 0 to 1, got {image.dtype}")
        return (image + self.sigma * torch.randn_like(image)).clamp(0, 1)


with eatorch.show_error(TypeError):
    GaussianNoise(0.1)(eatorch.data.photo("china"))

# %%
# .. _transform-random:
#
# Whose dice?
# -----------
# Each function above draws from PyTorch's *global* generator, so
# :func:`torch.manual_seed` repeats it all.
# It does not repeat what Python's :mod:`random` or NumPy draw: stay with one kind of
# dice.

torch.manual_seed(3)
again = torch.stack([train_transform(portrait) for _ in range(8)])
assert torch.equal(again, looks)
torch.manual_seed(4)
assert not torch.equal(train_transform(portrait), looks[0])

# %%
# Why not a generator of the transform's own?
# In a data loader with workers, each worker gets a *copy* of the data set, and of the
# generator in it: all would roll the same numbers.
# The global generator is seeded differently in each worker, by the loader itself;
# :ref:`data` tells more.
# On a whole batch in the main process, as further below, a generator of one's own is
# fine.
#
# .. _transform-gallery:
#
# Twenty-two in one picture
# -------------------------
# Courses like to present twenty-two transforms in four groups: five crops, three
# flips and turns, eleven operations on the picture, three combinations.
# We have nearly all.
# For pictures, a helper puts the five pieces of a crop back to their places.


def in_place(pieces):
    """Lay the four corners and the centre out as on a die."""
    size = pieces[0].shape[-1]
    sheet = torch.full((3, 3 * size + 8, 3 * size + 8), 0.8)
    spots = [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)]
    for piece, (y, x) in zip(pieces, spots, strict=True):
        crop(sheet, y * (size + 4), x * (size + 4), size, size).copy_(piece)
    return sheet


def ten_crop(image, size):
    return five_crop(image, size) + five_crop(image.flip(-1), size)


# %%
# ``ten_crop`` adds the same five of the mirrored picture.

torch.manual_seed(1)
ten = ten_crop(palace, 26)
crops = {
    "CenterCrop": center_crop(palace, 56),
    "RandomCrop": random_crop(palace, 72, padding=16),
    "RandomResizedCrop": random_resized_crop(palace, 80),
    "FiveCrop": in_place(five_crop(palace, 26)),
    "TenCrop": torch.cat([in_place(ten[:5]), in_place(ten[5:])], dim=-1),
}

# %%
# One is new, the *linear transformation*: flatten the picture, subtract the mean of the
# data set, multiply by a matrix.
# Its usual matrix *whitens*: it aims at pixels that are uncorrelated over the data set
# and equally strong.
# Corners that are always empty cannot get there; the small number in the code keeps
# their noise down, and the others come nearer to it.
# It is made from eigenvectors, and needs as many rows as the picture has numbers, so it
# is for small pictures; ours are the digits.

digits = eatorch.data.digits()
flat = digits.images.flatten(1)  # (pictures, 64)
values, vectors = torch.linalg.eigh(flat.T.cov())
strength = (values.clamp(min=0) + 0.01).rsqrt()  # 0.01: do not blow up empty corners
whitening = vectors * strength @ vectors.T


def linear_transformation(image, matrix, mean):
    return ((image.flatten() - mean) @ matrix).view(image.shape)


digit = digits.images[0]
white = linear_transformation(digit, whitening, flat.mean(0))
white = (white - white.min()) / (white.max() - white.min())  # to show it
pair = torch.cat([digit, white], dim=-1).expand(3, -1, -1)

# %%
# Both stand side by side in the picture below, the digit and the whitened digit: what a
# pixel has in common with its neighbours is gone, and edges stay.
# The other operations are those from above.

centred = palace - palace.mean((1, 2), keepdim=True)
operations = {
    "Resize": resize(palace, (20, 20)),
    "Pad": functional.pad(palace, [20] * 4, value=0.8),
    "ColorJitter": color_jitter(palace, 0.6, 90),
    "Grayscale": grayscale(palace),
    "RandomGrayscale": RandomApply(grayscale, p=0.1)(palace),
    "RandomAffine": affine(palace, matrix_of(15, 0.8, 15, (8.0, -8.0))),
    "RandomErasing": random_erasing(palace),
    "LinearTransformation": pair,
    "Lambda (a blur)": gaussian_blur(palace, 2),
    "ToTensor": resize(to_image(eatorch.data.photo("china")[:, 110:537]), (80, 80)),
    "Normalize": centred / palace.std((1, 2), keepdim=True),
}

# %%
# The three turns and the three combinations close the list.
# A random one may also do nothing, and then its picture is the original.

turns = {
    "RandomHorizontalFlip": random_flip(palace, -1, p=1),
    "RandomVerticalFlip": random_flip(palace, -2, p=1),
    "RandomRotation": affine(palace, matrix_of(uniform(-45, 45))),
}
parts = (partial(random_flip, axis=-2), color_jitter, random_erasing)
combined = {
    "RandomApply": RandomApply(*parts)(palace),
    "RandomChoice": RandomChoice(*parts)(palace),
    "RandomOrder": RandomOrder(*parts)(palace),
}
gallery = {"original": palace} | crops | turns | combined | operations
assert len(gallery) == 1 + 22

# %%
# The upper row shows the crops, the second the turns and combinations, the others the
# operations.
# Normalised pictures have numbers below 0 and above 1, which the screen cuts off: that
# one looks wrong and is right.

fig, axes = plt.subplots(4, 6, figsize=(6.2, 4.2), layout="constrained")
for ax in axes.flat:
    ax.axis("off")
for ax, (name, image) in zip(axes.flat, gallery.items(), strict=False):
    smooth = "nearest" if image.shape[-1] < 32 else "bilinear"
    ax.imshow(image.permute(1, 2, 0).clamp(0, 1).numpy(), interpolation=smooth)
    ax.set_title(name, fontsize=6)
fig.suptitle("Twenty-two transforms of one photo")
plt.show()

# %%
# .. _transform-normalise:
#
# Normalise, and look at the histograms
# -------------------------------------
# Networks learn more easily from numbers around 0 with a spread around 1.
# Normalising subtracts a mean and divides by a standard deviation, one pair for each
# channel, computed **once, from the training set**, and then used everywhere.
# Our training set has three photos.

mean = photos.mean((0, 2, 3))  # over pictures, height and width: one per channel
std = photos.std((0, 2, 3))


class Normalize:
    """Subtract the mean and divide by the standard deviation, channel by channel."""

    def __init__(self, mean, std):
        self.mean = mean.view(-1, 1, 1)  # (channel, 1, 1)
        self.std = std.view(-1, 1, 1)

    def __call__(self, image):
        return (image - self.mean) / self.std

    def inverse(self, image):
        return image * self.std + self.mean


# %%
# Afterwards each channel has mean 0 and standard deviation 1.

normalize = Normalize(mean, std)
normalised = normalize(photos)
assert torch.allclose(normalised.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
print("before:", mean, std)
print("after: ", normalised.mean((0, 2, 3)).round(decimals=5).abs(), end=" ")
print(normalised.std((0, 2, 3)))

# %%
# The histograms tell what has happened, and what has not.

fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.6), sharey=True, layout="constrained")
for ax, images in zip(axes, (photos, normalised), strict=True):
    for channel, colour in enumerate(("C1", "C2", "C0")):
        values = images[:, channel].flatten().numpy()
        ax.hist(values, bins=40, histtype="step", color=colour, label="RGB"[channel])
axes[0].set(title="before: 0 to 1", xlabel="value", ylabel="pixels per bin")
axes[1].set(title="after: around 0", xlabel="value in standard deviations")
axes[1].legend()
fig.suptitle("Normalising moves and stretches the histogram, its shape stays")
plt.show()

# %%
# The name misleads: nothing becomes a *normal distribution*.
# The bumps are where they were, only the axis has other numbers.
#
# To show such a picture, go back first; ``inverse`` is exact up to rounding.
# And save the six numbers with the model: they are part of it.
#
# You will often read ``mean=[0.485, 0.456, 0.406]`` and ``std=[0.229, 0.224, 0.225]``.
# These belong to the ImageNet photos.
# Use them with a model that was trained with them, and your own data's numbers when you
# train from the start.

assert torch.allclose(normalize.inverse(normalised), photos, atol=1e-6)

# %%
# .. _transform-mistakes:
#
# Five mistakes around normalising
# --------------------------------
# **The mean has the wrong shape.**
# Three numbers meet the last axis, the width.
# Be glad of the error: a picture three pixels wide would have passed.

with eatorch.show_error(RuntimeError):
    palace - mean  # (3, 80, 80) - (3,)
with eatorch.show_error(RuntimeError):
    normalize(eatorch.data.photo("china") / 255)  # channel last

# %%
# **Bytes are normalised with the numbers of floats.**
# No error this time, and the network gets numbers that are hundreds of times too large.

pixels = eatorch.data.photo("china").permute(2, 0, 1)
wrong = normalize(pixels)
print(f"right: {normalised.min():.1f} to {normalised.max():.1f}")
print(f"wrong: {wrong.min():.1f} to {wrong.max():.1f}")

# %%
# **Normalised before the colours.**
# Brightness and its relatives cut to the range from 0 to 1, and everything darker than
# the mean is below 0 by now.

too_early = brightness(normalised, 1.2)
share = (too_early == 0).float().mean().item()
in_time = normalize(brightness(photos, 1.2))
lost = (brightness(photos, 1.2) == 0).float().mean().item()
print(f"black afterwards: {share:.0%} instead of {lost:.0%}")
assert share > 0.4

# %%
# **Normalised before padding.**
# Zero is black for a picture, and mean grey after normalising.
# Either may be what you want, but they are two different things; exercise 17-4 asks
# which steps may change places.
#
# **The mean of the test set.**
# Numbers computed from the test set, or from each picture by itself, are a
# different transform from the one the model was trained with.
#
# So the usual order is: bytes to floats, geometry, colour, normalise, and last of all
# what should act on normalised numbers.
#
# .. _transform-where:
#
# One by one in the data set, or all at once on the GPU
# -----------------------------------------------------
# A transform usually runs in ``__getitem__``, on one picture, in the worker processes
# of the loader.
# There the pictures may differ in size, and each gets its own dice.


class Photos(Dataset):
    """Three photos, transformed whenever one is asked for."""

    def __init__(self, images, transform):
        self.images, self.transform = images, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(self.images[index]), index


loader = DataLoader(Photos(full, Compose(train_transform, normalize)), batch_size=3)
torch.manual_seed(0)
first, second = next(iter(loader))[0], next(iter(loader))[0]
assert first.shape == second.shape == (3, 3, 64, 64)
assert not torch.equal(first, second)

# %%
# Here you see what "more data" means.
# The data set still has three pictures; nothing was added on disk.
# But each epoch sees other versions of them.
#
# The other place is after the loader, on the whole batch and on the GPU.
# That is faster for cheap transforms, and it holds a trap: a function written for one
# picture rolls its dice *once* and treats all pictures alike.

torch.manual_seed(0)
flips = [random_flip(photos, -1) for _ in range(100)]
every = [torch.equal(flipped, photos.flip(-1)) for flipped in flips]
none = [torch.equal(flipped, photos) for flipped in flips]
print(f"all flipped {sum(every)} times, none flipped {sum(none)} times, mixed 0 times")
assert sum(every) + sum(none) == 100

# %%
# For a batch, draw one number for each picture.
# ``affine_grid`` takes a matrix per picture anyway, and :func:`torch.where` chooses
# picture by picture.
# Here a generator of our own is welcome, and its device must be the batch's.


def spread(shape, reach, generator):
    """Draw numbers from -reach to reach."""
    device = generator.device
    return reach * (2 * torch.rand(shape, generator=generator, device=device) - 1)


def jiggle(images, degrees, pixels, generator):
    """Turn and shift each square picture of a batch a little, in its own way."""
    angle = spread(len(images), math.radians(degrees), generator)
    x, y = spread((2, len(images)), 2 * pixels / images.shape[-1], generator)
    cos, sin = angle.cos(), angle.sin()
    theta = torch.stack([cos, -sin, x, sin, cos, y], dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(theta, images.shape, align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


# %%
# The half turn is the one that will do harm.


def half_turn(images, generator):
    """Turn about half of the pictures upside down."""
    chosen = torch.rand(len(images), generator=generator, device=images.device) < 0.5
    return torch.where(chosen[:, None, None, None], images.flip(-1, -2), images)


# %%
# Twelve digits, each with its own turn:

generator = torch.Generator().manual_seed(0)
twelve = digits.images[:12]
both = torch.cat([twelve, jiggle(twelve, 15, 1, generator)])
fig, ax = plt.subplots(figsize=(7.5, 1.6), layout="constrained")
eatorch.plots.show_images(both, columns=12, ax=ax)
ax.set_title("Each digit of a batch (above) is turned and shifted by itself (below)")
plt.show()

# %%
# .. _transform-mask:
#
# Picture and mask must move together
# -----------------------------------
# In segmentation the label is a picture too: a *mask* that names the class of each
# pixel.
# What moves the picture must move the mask, with the *same* numbers.
# Our mask is made by colour: what is clearly more red than blue is flower.
# The mistake is to call a random transform twice.


def outline(image):
    return (image[0] > image[2] + 0.15).long()


mask = outline(flower)  # (height, width), 1 is flower


def random_shift(image):
    return random_crop(image, 56)


torch.manual_seed(2)
apart = random_shift(flower), random_shift(mask)  # two calls, two places
joint = random_shift(torch.cat([flower, mask[None]]))  # one call: mask as 4th channel
together = joint[:3], joint[3].long()

# %%
# Since ``crop`` takes any number of channels, the mask can travel as a fourth one.
# To measure the damage, we make the mask anew from each cropped picture and compare.

pictures = {"original": (flower, mask), "two calls": apart, "one call": together}
fig, axes = plt.subplots(1, 3, figsize=(3.9, 1.6), layout="constrained")
for ax, (name, (image, shape)) in zip(axes, pictures.items(), strict=True):
    ax.imshow(image.permute(1, 2, 0).numpy(), interpolation="bilinear")
    ax.contour(shape.numpy(), [0.5], colors="C0")
    ax.set_title(name, fontsize=9)
    ax.axis("off")
    print(f"{name}: {(outline(image) == shape).float().mean():.0%} of the pixels agree")
fig.suptitle("Two calls tear picture and mask apart")
plt.show()

# %%
# A second trap waits where pixels are mixed.
# Classes are names, not amounts: half-way between class 1 and class 3 there is no
# class 2.
# So turn the picture with ``bilinear`` and the mask with ``nearest``, and draw the
# angle once.
# Colours change the picture only.

classes = mask[None].float() * 3  # suppose that the flower is class 3
angle = uniform(-30, 30)
mixed = affine(classes, matrix_of(angle))
kept = affine(classes, matrix_of(angle), mode="nearest")
print("bilinear:", len(mixed.unique()), "different values")
print("nearest: ", kept.unique())
assert set(kept.unique().tolist()) == {0, 3}

# %%
# .. _transform-mix:
#
# Mix two pictures and their labels
# ---------------------------------
# MixUp and CutMix break the rule that a picture shows one thing, and keep the label
# true by mixing it as well.
# MixUp fades one picture into the other; CutMix pastes a rectangle of one into the
# other.
# The label becomes a vector of shares, which
# :func:`torch.nn.functional.cross_entropy` accepts in place of a class.


def mixup(images, labels, share):
    """Fade each picture into its neighbour in the batch; labels are one-hot."""
    other, other_labels = images.roll(1, 0), labels.roll(1, 0)
    mix = share * images + (1 - share) * other
    return mix, share * labels + (1 - share) * other_labels


def cutmix(images, labels, window):
    """Paste a window of each picture's neighbour into it; window is as for crop."""
    mix = images.clone()
    pasted = crop(mix, *window)
    pasted.copy_(crop(images.roll(1, 0), *window))
    share = 1 - pasted[0, 0].numel() / images[0, 0].numel()
    return mix, share * labels + (1 - share) * labels.roll(1, 0)


# %%
# Each new label still sums to 1.

one_hot = functional.one_hot(torch.arange(3), 3).float()
faded, faded_labels = mixup(photos, one_hot, share=0.6)
pasted, pasted_labels = cutmix(photos, one_hot, (8, 8, 50, 50))
assert torch.allclose(faded_labels.sum(1), torch.ones(3))
functional.cross_entropy(torch.zeros(3, 3), pasted_labels)  # shares are fine
mixed = torch.cat([faded[:2], pasted[:2]])
labels = [*faded_labels[:2], *pasted_labels[:2]]
words = ["/".join(f"{100 * share:.0f}" for share in label) for label in labels]
fig, ax = plt.subplots(figsize=(4.2, 1.7), layout="constrained")
eatorch.plots.show_images(functional.avg_pool2d(mixed, 2), words, columns=4, ax=ax)
ax.set_title("MixUp, then CutMix, with percents of\npalace, flower and portrait")
plt.show()

# %%
# In training, ``share`` is drawn anew for each batch, from a Beta distribution,
# which gives numbers from 0 to 1.
#
# .. _transform-measure:
#
# Does it help? 200 digits, four ways
# -----------------------------------
# Enough of pictures; what does augmentation bring?
# A small network learns from 200 digits.
# It gets them as they are, turned and shifted a little, turned and shifted a lot, or
# turned upside down half of the time.
# We test on the other 1,597 digits, as they are, and again after moving them as much as
# the third way does, as a hand-held camera might.

jiggled_test = partial(jiggle, degrees=15, pixels=1)
ways = {
    "as they are": None,
    "5°, 1/4 pixel": partial(jiggle, degrees=5, pixels=0.25),
    "15°, 1 pixel": jiggled_test,
    "half turns": half_turn,
}


# %%
# The training loop is the usual one; the transform comes in where the network gets its
# batch.


def train(augment, images, targets, generator, epochs=40):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for rows in torch.randperm(len(images), generator=generator).split(100):
            batch = images[rows]
            if augment:
                batch = augment(batch, generator=generator)
            loss = functional.cross_entropy(model(batch), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


# %%
# One run proves nothing: another 200 digits and other first weights change the result
# by percents.
# So we repeat with five seeds, and within a seed all four ways get the same digits and
# the same first weights.
# The third column counts only sixes and nines.


@torch.no_grad()
def scores(model, images, targets):
    """Return accuracy on plain digits, moved digits, and plain sixes and nines."""
    moved = jiggled_test(images, generator=torch.Generator().manual_seed(9))
    right = model(images).argmax(1) == targets
    moved_right = model(moved).argmax(1) == targets
    heads = (targets == 6) | (targets == 9)
    return [hits.float().mean() for hits in (right, moved_right, right[heads])]


# %%
# Twenty small networks:

results = torch.zeros(len(ways), 5, 3)  # (way, seed, score)
for seed in range(5):
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(seed))
    images, targets = digits.images[order], digits.targets[order]
    for number, augment in enumerate(ways.values()):
        torch.manual_seed(seed)  # the same first weights for each way
        generator = torch.Generator().manual_seed(seed)
        model = train(augment, images[:200], targets[:200], generator)
        results[number, seed] = torch.stack(scores(model, images[200:], targets[200:]))

# %%
# A dot is a seed, a bar the mean of five.

fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True, layout="constrained")
tests = ["plain test digits", "moved test digits", "plain sixes and nines"]
for ax, name, table in zip(axes, tests, results.unbind(-1), strict=True):
    for way, row in enumerate(table):
        ax.plot(row, [way] * 5, "o", color=f"C{way}", alpha=0.6)
        ax.plot([row.mean()] * 2, [way - 0.3, way + 0.3], color=f"C{way}", linewidth=3)
    ax.set(title=name, xlabel="accuracy", yticks=range(4), yticklabels=ways)
axes[0].invert_yaxis()
fig.suptitle("Augmentation prepares for what it shows, and a false label harms")
plt.show()

# %%
# And the means in numbers, with the check of each sentence that follows.

plain, moved, heads = results.mean(1).unbind(-1)
for name, *row in zip(ways, plain, moved, heads, strict=True):
    print(f"{name:14}", *(f"{value:6.1%}" for value in row))
others = results[[0, 1, 3], :, 1].amax(0)  # on moved digits, the best of each seed
assert (results[2, :, 1] > others + 0.05).all()
assert plain[2] < plain[0]
assert (plain[1] - plain[0]).abs() < 0.01
assert (results[3, :, 0] < results[0, :, 0]).all()  # half turns, every seed
assert heads[0] - heads[3] > plain[0] - plain[3]

# %%
# - On **moved** digits, training on moved digits wins with every seed, and by far.
#   That is what augmentation is for: it shows the model what it will meet.
# - On **plain** digits the strong kind *costs* accuracy. These digits were centred and
#   scaled by their makers, so there is nothing to be ready for, and the network has a
#   harder task in the same 40 epochs. The mild kind lies so close to none that five
#   seeds cannot tell which is better.
# - **Half turns** harm with every seed, and sixes and nines most: about half of their
#   training labels are false.
#
# How much of that cost is haste?
# Two of the seeds again, with four times the epochs.

late = torch.zeros(2, 2)  # (way, seed)
for seed in range(2):
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(seed))
    images, targets = digits.images[order], digits.targets[order]
    for number, augment in enumerate((None, jiggled_test)):
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        longer = train(augment, images[:200], targets[:200], generator, epochs=160)
        late[number, seed] = scores(longer, images[200:], targets[200:])[0]

early = results[[0, 2], :2, 0]
print(f"none minus 15°: {(early[0] - early[1]).mean():.1%} after 40 epochs", end=", ")
print(f"{(late[0] - late[1]).mean():.1%} after 160")
assert (late[0] - late[1]).mean() < (early[0] - early[1]).mean() / 2

# %%
# Much of it: augmentation asks for longer training.
#
# So choose transforms by the question: *can this happen to my data, and does the label
# stay true?*
# Then measure, over several seeds.
#
# .. _transform-test:
#
# No dice at test time
# --------------------
# A validation set is a yardstick; it should not change its length.
# Here is the last model, measured on the pictures as they are, and then four times with
# random transforms left on.

print(f"{results[-1, -1, 0]:.2%}, then", end="  ")
generator = torch.Generator().manual_seed(0)
with torch.no_grad():
    for _ in range(4):
        outputs = model(jiggle(images[200:], 15, 1, generator))
        right = outputs.argmax(1) == targets[200:]
        print(f"{right.float().mean():.2%}", end="  ")
print()

# %%
# Four measurements, four answers, and none of them near the first.
# Early stopping on such a curve picks an epoch by luck.
# So validation and test get a transform without dice, with the same size and the same
# normalising: often a resize, a centre crop and ``Normalize``.

test_transform = Compose(
    partial(resize, size=(72, 72)), partial(center_crop, size=64), normalize
)
assert torch.equal(test_transform(portrait), test_transform(portrait))
test_transform(portrait).shape

# %%
# In a data loader these are two data sets over the same files, one per transform, as
# :ref:`data` showed.
# What looks like an exception is none: *test-time augmentation* averages the
# predictions for several fixed views, which is what ``FiveCrop`` and ``TenCrop`` were
# made for.
#
# .. _transform-names:
#
# The names in torchvision
# ------------------------
# If you have torchvision, import ``v2`` from ``torchvision.transforms``.
# Its classes take tensors ``(..., channel, height, width)`` as ours do, draw from the
# same global generator, and know how to move boxes and masks along.
#
# .. list-table::
#    :header-rows: 1
#
#    * - Here
#      - Class in ``v2``
#      - Function in ``v2.functional``
#    * - ``center_crop``
#      - ``CenterCrop``
#      - ``center_crop``
#    * - ``random_crop``
#      - ``RandomCrop``
#      - ``crop``
#    * - ``random_resized_crop``
#      - ``RandomResizedCrop``
#      - ``resized_crop``
#    * - ``five_crop``, ``ten_crop``
#      - ``FiveCrop``, ``TenCrop``
#      - ``five_crop``, ``ten_crop``
#    * - ``random_flip``
#      - ``RandomHorizontalFlip``, ``RandomVerticalFlip``
#      - ``horizontal_flip``, ``vertical_flip``
#    * - ``affine`` with ``matrix_of``
#      - ``RandomRotation``, ``RandomAffine``
#      - ``rotate``, ``affine``
#    * - ``resize``
#      - ``Resize``
#      - ``resize``
#    * - ``functional.pad``
#      - ``Pad``
#      - ``pad``
#    * - ``brightness`` to ``hue``, ``color_jitter``
#      - ``ColorJitter``
#      - ``adjust_brightness``, ``adjust_contrast``, ``adjust_saturation``,
#        ``adjust_hue``
#    * - ``grayscale``
#      - ``Grayscale``, ``RandomGrayscale``
#      - ``rgb_to_grayscale``
#    * - ``random_erasing``
#      - ``RandomErasing``
#      - ``erase``
#    * - ``gaussian_blur``, ``GaussianNoise``
#      - ``GaussianBlur``, ``GaussianNoise``
#      - ``gaussian_blur``, ``gaussian_noise``
#    * - ``linear_transformation``
#      - ``LinearTransformation``
#      -
#    * - ``to_image``
#      - ``ToImage``, then ``ToDtype(torch.float32, scale=True)``
#      - ``to_image``, ``to_dtype``
#    * - ``Normalize``
#      - ``Normalize``
#      - ``normalize``
#    * - a function of your own
#      - ``Lambda``
#      -
#    * - ``Compose``, ``RandomApply``, ``RandomChoice``, ``RandomOrder``
#      - ``Compose``, ``RandomApply``, ``RandomChoice``, ``RandomOrder``
#      -
#    * - ``mixup``, ``cutmix``
#      - ``MixUp``, ``CutMix``
#      -
#
# Two differences matter: their combining classes take a list, not several arguments,
# and ``ToDtype`` scales only with ``scale=True``.
#
# .. admonition:: Then and now
#
#    Older courses load pictures with Pillow, keep them as Pillow objects through most
#    of the pipeline, and end it with ``ToTensor()``.
#    That step is deprecated in torchvision's ``v2``: one name hid two jobs, moving axes
#    and dividing by 255, and it divided only if the input was bytes.
#    Today one writes ``ToImage()`` early and ``ToDtype(torch.float32, scale=True)``
#    before normalising, and everything between works on tensors, on batches and on the
#    GPU too.
#
#    Old code also seeds Python's ``random`` for its transforms; since version 0.8
#    torchvision draws from PyTorch's generator.
#    And to move a mask along, people used to restore the seed between two calls, which
#    breaks as soon as the two draw differently.
#    ``v2`` takes both at once, as our fourth channel does.
#
# .. _transform-exercises:
#
# Exercises
# ---------
# Replace the dots in each cell, run it, and read the answer of the check.
#
# .. _transform-ex1:
#
# Exercise 17-1: ten different pictures
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Write ``save_ten(image, folder)``: it takes floats from 0 to 1 of shape
# ``(3, height, width)`` and writes ten augmented versions of them as ``0.png`` to
# ``9.png`` into the folder.
# No two files may be equal, each must have the size of the input, and the same seed
# of PyTorch must give the same files.
# Then look at your ten.
#
# .. dropdown:: Hint
#
#    Combine transforms of this page with ``Compose``, and scale back where a crop made
#    the picture smaller.
#    :func:`matplotlib.pyplot.imsave` writes an array ``(height, width, 3)`` of floats
#    from 0 to 1.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def save_ten(image, folder):
#           height, width = image.shape[-2:]
#           for number in range(10):
#               view = random_resized_crop(image, 64, scale=(0.5, 1))
#               view = color_jitter(random_flip(view, -1))
#               view = resize(view, (height, width)).clamp(0, 1)
#               plt.imsave(folder / f"{number}.png", view.permute(1, 2, 0).numpy())


def save_ten(image, folder):
    """Write ten different versions of ``image`` into ``folder``, a path."""
    ...  # your code here


eatorch.check("17-1", save_ten)

# %%
# .. _transform-ex2:
#
# Exercise 17-2: salt and pepper
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# A faulty sensor makes single pixels white (salt) or black (pepper).
# Write ``salt_and_pepper(image, share)``: each *pixel* is hit with probability
# ``share``, and half of those hit turn white in all channels, the others black.
# The input stays as it is, and the result has its shape.
#
# .. dropdown:: Hint
#
#    One random number per pixel, shape ``(height, width)``, decides both whether it is
#    hit and by what.
#    :func:`torch.where` spreads that decision over the channels.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def salt_and_pepper(image, share):
#           dice = torch.rand(image.shape[-2:])
#           salted = torch.where(dice < share / 2, torch.ones(()), image)
#           pepper = (dice >= share / 2) & (dice < share)
#           return torch.where(pepper, torch.zeros(()), salted)


def salt_and_pepper(image, share):
    """Return ``image`` with a share of its pixels white or black."""
    ...  # your code here


eatorch.check("17-2", salt_and_pepper)

# %%
# .. _transform-ex3:
#
# Exercise 17-3: half turns that tell the truth
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# Half turns harmed because the labels stayed as they were.
# Write ``honest_half_turn(images, labels)``: turn a batch of digits by 180 degrees, and
# return only those that are digits afterwards, with the labels that are right then.
# A 0, a 1 and an 8 stay what they are, a 6 becomes a 9 and a 9 a 6; all others are left
# out.
# Keep the order of the batch, and return a pair of pictures and labels.
#
# .. dropdown:: Hint
#
#    A table with ten places says what each digit becomes, for instance -1 for "no
#    digit".
#    Indexing it with the labels translates them all at once.
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       def honest_half_turn(images, labels):
#           table = torch.tensor([0, 1, -1, -1, -1, -1, 9, -1, 8, 6])
#           turned = table[labels]
#           kept = turned >= 0
#           return images[kept].flip(-1, -2), turned[kept]


def honest_half_turn(images, labels):
    """Turn digits upside down, and their labels with them."""
    ...  # your code here


eatorch.check("17-3", honest_half_turn)

# %%
# .. _transform-ex4:
#
# Exercise 17-4: may they change places?
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
# For which of these pairs does the order not matter, apart from rounding?
# The picture is square with floats from 0 to 1 and an even number of pixels,
# ``normalize`` has a mean and a standard deviation per channel, unequal ones.
#
# 1. ``normalize`` and a centre crop
# 2. ``normalize`` and padding with zeros
# 3. ``normalize`` and padding by reflection
# 4. ``normalize`` and ``brightness`` by 1.2
# 5. a horizontal flip and a crop of the left half
# 6. a horizontal flip and a centre crop to an even size
# 7. ``normalize`` and ``resize`` (bilinear)
# 8. ``normalize`` and ``grayscale``
#
# Answer with a list of eight: ``True`` if they may change places.
# Decide first, then try it with the functions of this page.
#
# .. dropdown:: Hint
#
#    Ask what a step does to a value: does it only *move* or *average* values of one
#    channel with weights that sum to 1?
#    Then a line ``a * value + b`` passes through it unchanged.
#    And is there a step that brings in a number of its own?
#
# .. dropdown:: Solution
#
#    .. code-block:: python
#
#       may_swap = [
#           True,  # a crop only chooses values
#           False,  # the zeros are normalised too, or they are not
#           True,  # reflection copies values
#           False,  # 1.2 * (x - mean) is not 1.2 * x - mean, and there is the cut
#           False,  # the left half of the mirrored picture is the right half
#           True,  # the centre stays the centre
#           True,  # bilinear weights sum to 1
#           False,  # grey mixes channels that have different means
#       ]

may_swap = ...  # your code here

eatorch.check("17-4", may_swap)

# %%
# .. _transform-summary:
#
# In one minute
# -------------
# - Go to floats from 0 to 1 and channel first, once, where the file is opened.
# - Crops are slices, flips move pixels, and everything else about geometry is
#   ``affine_grid`` with ``grid_sample``. Use the same ``align_corners`` in both.
# - Shrink with ``antialias``; turn pictures bilinear and masks nearest, with the same
#   numbers.
# - Order: floats, geometry, colour, normalise. Mean and standard deviation come from
#   the training set and have the shape ``(channel, 1, 1)``.
# - On a batch, draw one number per picture.
# - Random transforms are for training only, must keep the label true, and have to prove
#   themselves over several seeds.
#
# .. _transform-next:
#
# Read next
# ---------
# - :ref:`conv` builds the layers that read these pictures.
# - :ref:`image` trains a whole network on digits from files.
# - :ref:`data` has the data sets and loaders that call your transform.
