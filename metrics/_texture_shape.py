"""Shape of an image's object: the largest region that is darker and more saturated than the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
BINS = 32
TURNS = 16
"""Directions in which the region's extent is measured for its convex hull."""
N_SHAPE = 10


def shapes(batch: NDArray[np.float32]) -> Floats:
    """Return ten numbers for each of (n, S, S, 3) images in [0, 1], all 0 where there is no region:

    area share, centre (down and across, from -1 to 1), root of the second moments (in sides), eccentricity,
    solidity (area by convex area), circularity (area by that of the disc with the same moments), two third
    moments (lopsidedness), and the difference in darkness and saturation between region and rest.
    """
    score = _darkness(batch)
    region = largest_region(np.greater(score, _otsu(score)[:, None, None]))
    found = np.asarray(region.any(axis=(1, 2)))
    return np.where(found[:, None], _measure(region, score), 0.0)


def largest_region(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return of each mask (n, S, S) its largest connected part (8 neighbours)."""
    around = np.zeros((3, 3, 3), bool)
    around[1] = True
    parts, n = ndimage.label(mask, structure=around)
    if n == 0:
        return np.zeros_like(mask)
    areas = np.bincount(parts.ravel(), minlength=n + 1)
    areas[0] = 0
    first = parts.reshape(len(mask), -1)
    largest = areas[first].argmax(axis=1)
    chosen = np.take_along_axis(first, largest[:, None], axis=1)
    found: NDArray[np.bool_] = (first == chosen) & (chosen > 0)
    return found.reshape(mask.shape)


def _darkness(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Darkness plus saturation, from 0 to 2."""
    return 1.0 - batch.mean(axis=-1) + batch.max(axis=-1) - batch.min(axis=-1)


def _otsu(score: NDArray[np.float32]) -> Floats:
    """The threshold of each image that parts it with the largest variance between (Otsu 1979), by histogram."""
    flat = score.reshape(len(score), -1)
    low, high = flat.min(axis=1, keepdims=True), flat.max(axis=1, keepdims=True)
    step = np.where(high > low, (high - low) / BINS, 1.0)
    cell = np.minimum(((flat - low) / step).astype(np.intp), BINS - 1)
    counts = np.bincount((cell + np.arange(len(cell))[:, None] * BINS).ravel(), minlength=len(cell) * BINS)
    share = counts.reshape(-1, BINS) / flat.shape[1]
    below, value = share.cumsum(axis=1), (share * np.arange(BINS)).cumsum(axis=1)
    parted = below * (1 - below)
    between = np.where(parted > 1e-12, (value[:, -1:] * below - value) ** 2 / np.maximum(parted, 1e-12), 0.0)
    best = between[:, :-1].argmax(axis=1)
    found: Floats = (low + step * (best[:, None] + 1))[:, 0].astype(np.float64)
    return found


def _measure(region: NDArray[np.bool_], score: NDArray[np.float32]) -> Floats:
    n, side = len(region), region.shape[1]
    place = (np.arange(side) + 0.5) / side * 2 - 1
    weight = region.astype(np.float64)
    area = np.maximum(weight.sum(axis=(1, 2)), 1.0)
    rows, columns = weight.sum(axis=2), weight.sum(axis=1)
    down, across = rows @ place / area, columns @ place / area
    y, x = place - down[:, None], place - across[:, None]
    pixel = (2 / side) ** 2 / 12
    yy = (rows * y**2).sum(1) / area + pixel
    xx = (columns * x**2).sum(1) / area + pixel
    yx = np.einsum("nij,ni,nj->n", weight, y, x, optimize=True) / area
    long = (yy + xx) / 2 + np.hypot((yy - xx) / 2, yx)
    short = np.maximum(yy + xx - long, pixel)
    size = np.sqrt(yy + xx)
    third = [(rows * y**3).sum(1) / area / size**3, (columns * x**3).sum(1) / area / size**3]
    share = area / side**2
    rest = np.maximum(side**2 - area, 1.0)
    inside = (score * weight).sum(axis=(1, 2))
    contrast = inside / area - (score.sum(axis=(1, 2), dtype=np.float64) - inside) / rest
    disc = 4 * np.pi * np.sqrt(long * short) / 4
    return np.stack(
        [share, down, across, size, np.sqrt(np.maximum(1 - short / long, 0)), area / _hull_areas(region),
         share / disc, *np.abs(third), contrast], axis=1,
    ).reshape(n, N_SHAPE)  # fmt: skip


def _hull_areas(region: NDArray[np.bool_]) -> Floats:
    """Areas in pixels of the regions' convex hulls, from their extents in 16 directions and the opposite ones.

    With the extent h(t) in direction t, the polygon of the lines at h has the area
    1/2 sum h_i ((h_(i+1) - h_i cos d) + (h_(i-1) - h_i cos d)) / sin d, d being the angle between directions.
    """
    side = region.shape[1]
    place = np.arange(side) - (side - 1) / 2
    turns = np.arange(TURNS) * np.pi / TURNS
    half = (np.abs(np.sin(turns)) + np.abs(np.cos(turns))) / 2
    ends = []
    for turn in turns:
        along = (place[:, None] * np.sin(turn) + place[None] * np.cos(turn)).astype(np.float32)
        ends.append([np.where(region, sign * along, -np.inf).max(axis=(1, 2)) for sign in (1, -1)])
    extents = np.concatenate(
        [np.stack([a for a, _ in ends], 1) + half, np.stack([b for _, b in ends], 1) + half], 1
    )
    extents = np.where(np.isfinite(extents), extents, 1.0)
    d = np.pi / TURNS
    edge = (np.roll(extents, -1, 1) + np.roll(extents, 1, 1) - 2 * extents * np.cos(d)) / np.sin(d)
    found: Floats = np.maximum(0.5 * (extents * np.maximum(edge, 0)).sum(1), 1.0)
    return found
