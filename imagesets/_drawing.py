"""Soft-edged drawing on small float images: what the phantoms are painted with.

Lengths are fractions of the frame's side and the origin is the frame's centre, so a drawing means the same at
every size. Random textures come from coarse lattices that are interpolated: a larger image of the same seed
shows the same thing in more detail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LookT = TypeVar("LookT", bound="DataclassInstance")
Field = NDArray[np.float64]

SMALLEST, LARGEST = 32, 256
SUPERSAMPLED_BELOW = 96


@lru_cache(maxsize=16)
def pixel_grid(size: int) -> tuple[Field, Field]:
    """Return the (y, x) of every pixel centre, each (size, size), from -0.5 to 0.5."""
    line = (np.arange(size) + 0.5) / size - 0.5
    y, x = np.meshgrid(line, line, indexing="ij")
    return y, x


@lru_cache(maxsize=256)
def _interpolation(size: int, cells: int) -> Field:
    """Return the (size, cells + 3) weights of a cubic B-spline over a lattice of `cells` intervals."""
    position = (np.arange(size) + 0.5) / size * cells
    first = np.floor(position).astype(int)
    t = position - first
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], 1) / 6
    matrix = np.zeros((size, cells + 3))
    for k in range(4):
        np.add.at(matrix, (np.arange(size), first + k), weights[:, k])
    # unit variance on average: independent lattice values, separable weights
    return matrix / np.sqrt((matrix**2).sum(1).mean())


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Field:
    """Return (size, size) smooth noise of mean 0 and about unit variance, with `cells` features a side."""
    weights = _interpolation(size, cells)
    return np.asarray(weights @ rng.standard_normal((cells + 3, cells + 3)) @ weights.T)


def cloud(rng: np.random.Generator, size: int, octaves: dict[int, float]) -> Field:
    """Return a sum of smooth noises, `{cells: amplitude}`; octaves finer than the pixels are left out."""
    total = np.zeros((size, size))
    for cells, amplitude in octaves.items():
        if cells <= size:
            total += amplitude * smooth_noise(rng, size, cells)
    return total


def ellipse(
    y: Field,
    x: Field,
    centre: tuple[float, float],
    radius: float,
    elongation: float = 1.0,
    angle: float = 0.0,
) -> Field:
    """Return the signed distance (negative inside, about in frame units) to an ellipse of area pi radius**2."""
    dy, dx = y - centre[0], x - centre[1]
    stretch = np.sqrt(elongation)
    along = (np.cos(angle) * dx + np.sin(angle) * dy) / stretch
    across = (-np.sin(angle) * dx + np.cos(angle) * dy) * stretch
    return np.hypot(along, across) - radius


def coverage(distance: Field, softness: float, size: int) -> Field:
    """Return how much of each pixel is inside: 1 where `distance` is well below 0, a smooth step in between."""
    width = max(softness, 1.0 / size)
    t = np.clip(0.5 - distance / width, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def blend(image: Field, colour: Field | tuple[float, float, float], alpha: Field) -> None:
    """Lay `colour` over the (size, size, 3) image in place, with the (size, size) opacity `alpha`."""
    image += alpha[..., None] * (np.asarray(colour) - image)


def canvas_side(size: int) -> int:
    """Return the side to paint at: twice `size` where pixels are coarse, so that edges are anti-aliased."""
    return 2 * size if size < SUPERSAMPLED_BELOW else size


def to_pixels(canvas: Field, size: int, rng: np.random.Generator, grain: float = 0.008) -> NDArray[np.uint8]:
    """Return the (size, size, 3) uint8 photograph of a canvas in [0, 1]: averaged, with sensor noise, rounded."""
    factor = canvas.shape[0] // size
    image = canvas.reshape(size, factor, size, factor, 3).mean(axis=(1, 3))
    noise = rng.standard_normal((size, size, 1)) + 0.4 * rng.standard_normal((size, size, 3))
    image = image + grain * (0.35 + 0.65 * image) * noise
    return np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)


def between(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Return one uniform draw from `bounds`."""
    return float(rng.uniform(bounds[0], bounds[1]))


def mixed(look: LookT, other: LookT, share: float) -> LookT:
    """Return a dataclass whose every tuple of numbers lies `share` of the way from `look` to `other`.

    Whole numbers are rounded to whole numbers; text is kept from `look`.
    """
    changed = {}
    for each in fields(look):
        ours, theirs = getattr(look, each.name), getattr(other, each.name)
        if not isinstance(ours, str):
            between_both = [a + share * (b - a) for a, b in zip(ours, theirs, strict=True)]
            changed[each.name] = tuple(
                round(v) if isinstance(a, int) else v for v, a in zip(between_both, ours, strict=True)
            )
    return replace(look, **changed)


def check_extent(n: int, size: int) -> None:
    """Raise ``UserError`` unless at least one image of 32 to 256 px is asked for."""
    if n < 1:
        raise UserError(f"n must be at least 1, got {n}")
    if not SMALLEST <= size <= LARGEST:
        raise UserError(f"size {size} is out of range", remedy=f"choose {SMALLEST} to {LARGEST} px")


def choose_names(
    wanted: int | str | Sequence[str], known: Sequence[str], *, kind: str, where: str
) -> tuple[str, ...]:
    """Return the first ``wanted`` of the ``known`` names, or the names themselves after checking each."""
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(known):
            raise UserError(
                f"{wanted} is no possible number of {kind} names",
                where=where,
                remedy=f"choose 1 to {len(known)}",
            )
        return tuple(known[:wanted])
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for name in names:
        if name not in known:
            raise UserError(f"unknown {kind} {name!r}", where=where, remedy=did_you_mean(name, known))
    if not names or len(set(names)) < len(names):
        raise UserError(f"each {kind} must be named once", where=where)
    return names
