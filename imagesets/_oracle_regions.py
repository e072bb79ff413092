"""Measuring regions in a whole batch of images at once: the tools of the oracles.

Everything is measured at 32 px, to which larger images are averaged, so that one rule serves all sizes.
Arrays are (N, 32, 32) or (N, 32, 32, 3); lengths come back as fractions of the frame's side.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.float64]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]

SIDE = 32
EIGHT = np.zeros((3, 3, 3), bool)
EIGHT[1] = True
FOUR = np.zeros((3, 3, 3), bool)
FOUR[1] = ndimage.generate_binary_structure(2, 1)


@lru_cache(maxsize=32)
def _averaging(size: int) -> Field:
    """Return the (32, size) weights that average `size` pixels into 32 equal boxes (or spread fewer)."""
    edges = np.linspace(0.0, size, SIDE + 1)
    cells = np.arange(size)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    weights = np.clip(overlap, 0.0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def averaged(images: NDArray[np.uint8]) -> Field:
    """Return (N, 32, 32, 3) float images in [0, 1], averaged over equal boxes from any height and width."""
    height, width = images.shape[1:3]
    scaled = images.astype(np.float64) / 255.0
    if (height, width) == (SIDE, SIDE):
        return scaled
    rows = np.einsum("ih,nhwc->niwc", _averaging(height), scaled, optimize=True)
    return np.einsum("jw,niwc->nijc", _averaging(width), rows, optimize=True)


def components(mask: Mask) -> tuple[Labels, NDArray[np.int64]]:
    """Label 8-connected regions image by image; return labels (0 outside) and the image of each label."""
    labels, number = ndimage.label(mask, structure=EIGHT)
    owner = np.zeros(number + 1, np.int64)
    where = np.nonzero(labels)
    owner[labels[where]] = where[0]
    return labels.astype(np.int64), owner


def component_sizes(labels: Labels, weight: Field | None = None) -> Field:
    """Return each label's area in pixels (or its sum of `weight`); entry 0 is the outside."""
    flat = labels.ravel()
    number = int(flat.max(initial=0)) + 1
    return np.bincount(flat, None if weight is None else weight.ravel(), minlength=number).astype(np.float64)


def largest(labels: Labels, owner: NDArray[np.int64], score: Field) -> Mask:
    """Return the mask of each image's component with the highest score (empty where there is none)."""
    number = labels.shape[0]
    best = np.full(number, -np.inf)
    np.maximum.at(best, owner[1:], score[1:])
    winner = np.zeros(len(score), bool)
    winner[1:] = score[1:] >= best[owner[1:]]
    return np.asarray(winner[labels])


def fill_holes(mask: Mask) -> Mask:
    """Return the mask with every hole that does not touch the frame's edge filled."""
    frame = np.zeros(mask.shape, bool)
    frame[:, [0, -1], :] = True
    frame[:, :, [0, -1]] = True
    outside = ndimage.binary_propagation(frame & ~mask, structure=FOUR, mask=~mask)
    return np.asarray(~outside)


def inner_distance(mask: Mask) -> Field:
    """Return each pixel's distance in pixels to the outside of its own image's mask (the frame's rim counts)."""
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    return np.asarray(ndimage.distance_transform_edt(padded, sampling=(1e6, 1, 1))[:, 1:-1, 1:-1])


def mean_over(values: Field, weight: NDArray[np.generic]) -> Field:
    """Return the weighted mean over each image's pixels, NaN where the weight is zero; values (N, H, W[, C])."""
    w = weight.astype(np.float64)
    total = w.sum(axis=(1, 2))
    if values.ndim == 4:
        summed, total = (values * w[..., None]).sum(axis=(1, 2)), total[:, None]
    else:
        summed = (values * w).sum(axis=(1, 2))
    return np.asarray(np.where(total > 1e-9, summed / np.maximum(total, 1e-9), np.nan))


def quantile_over(values: Field, mask: Mask, q: float) -> Field:
    """Return the quantile of the values inside each image's mask, NaN where it is empty."""
    inside = np.where(mask, values, np.inf).reshape(len(values), -1)
    ordered = np.sort(inside, axis=1)
    count = mask.reshape(len(mask), -1).sum(axis=1)
    rank = np.clip(np.rint(q * (count - 1)).astype(int), 0, ordered.shape[1] - 1)
    return np.where(count > 0, ordered[np.arange(len(values)), rank], np.nan)


def moments(weight: NDArray[np.generic]) -> tuple[Field, Field, Field, Field, Field]:
    """Return centre (y, x), longer and shorter axis ratio's square root terms and angle of each image's weight.

    The five arrays are: centre y, centre x, elongation (at least 1), variance (mean of both axes, pixels squared)
    and angle of the long axis.
    """
    w = weight.astype(np.float64)
    y, x = np.mgrid[: w.shape[1], : w.shape[2]].astype(np.float64)
    total = np.where(w.sum(axis=(1, 2)) > 0, w.sum(axis=(1, 2)), np.nan)
    cy, cx = (w * y).sum((1, 2)) / total, (w * x).sum((1, 2)) / total
    dy, dx = y - cy[:, None, None], x - cx[:, None, None]
    pixel = 1.0 / 12.0
    vy, vx = (w * dy**2).sum((1, 2)) / total + pixel, (w * dx**2).sum((1, 2)) / total + pixel
    cross = (w * dy * dx).sum((1, 2)) / total
    spread = np.sqrt(((vx - vy) / 2.0) ** 2 + cross**2)
    mean = (vx + vy) / 2.0
    elongation = np.sqrt((mean + spread) / np.maximum(mean - spread, pixel / 2))
    return cy, cx, elongation, mean, 0.5 * np.arctan2(2.0 * cross, vx - vy)


def ellipse_radius(mask: NDArray[np.generic]) -> Field:
    """Return each pixel's radius in units of the ellipse with the mask's area, centre and axes (1 on its rim)."""
    cy, cx, elongation, _, angle = moments(mask)
    y, x = np.mgrid[: mask.shape[1], : mask.shape[2]].astype(np.float64)
    dy, dx = y - cy[:, None, None], x - cx[:, None, None]
    cos, sin, stretch = (v[:, None, None] for v in (np.cos(angle), np.sin(angle), np.sqrt(elongation)))
    along, across = (cos * dx + sin * dy) / stretch, (-sin * dx + cos * dy) * stretch
    area = mask.astype(np.float64).sum(axis=(1, 2))
    radius = np.sqrt(np.maximum(area, 0.5) / np.pi)[:, None, None]
    return np.asarray(np.hypot(along, across) / radius)


def seam(logs: Field, bare: Mask) -> Field:
    """Return how far the strongest straight step through the bare ground stands out, in standard errors.

    For each pair of neighbouring columns (and rows) the mean step of brightness and of two colour differences over
    the pairs of bare pixels, minus the steps beside it: nature has none, a collage has one.
    """
    signals = np.stack([logs.mean(axis=3), logs[..., 0] - logs[..., 1], logs[..., 1] - logs[..., 2]])
    flipped = np.swapaxes(signals, 2, 3)
    across = _standard_steps(signals, bare)
    return np.maximum(across, _standard_steps(flipped, np.swapaxes(bare, 1, 2)))


def _standard_steps(signals: Field, bare: Mask) -> Field:
    pair = bare[:, :, 1:] & bare[:, :, :-1]
    count = pair.sum(axis=1).astype(float)
    change = np.diff(signals, axis=3) * pair
    total = np.maximum(count.sum(axis=1), 1.0)[:, None]
    spread = np.sqrt((change**2).sum(axis=(2, 3)) / total[:, 0]) + 1e-3
    mean = change.sum(axis=2) / np.maximum(count, 1.0)
    usual = ndimage.median_filter(mean, size=(1, 1, 9), mode="nearest")
    score = (mean - usual) * np.sqrt(count) / spread[..., None]
    return np.asarray(np.sqrt((np.where(count >= 4, score, 0.0) ** 2).sum(axis=0)).max(axis=1))


def close_rings(mask: Mask) -> Mask:
    """Return the mask with its holes filled, also large ones whose rim is broken by a pixel."""
    filled = fill_holes(mask)
    closed = ndimage.binary_closing(filled, structure=FOUR)
    holes = ndimage.binary_opening(fill_holes(closed) & ~closed, structure=EIGHT)
    return np.asarray(
        filled | (ndimage.binary_dilation(holes, structure=EIGHT, iterations=2) & fill_holes(closed))
    )


def straight_edges(brightness: Field) -> Field:
    """Return how much the strongest straight edge through the whole frame stands out of those beside it.

    The mean absolute step from one column to the next over all rows (and the same for rows), against the mean of
    the steps one and two places away: a drawn border is never straight through a frame, a collage's is.
    """
    columns = np.abs(np.diff(brightness, axis=2)).mean(axis=1)
    rows = np.abs(np.diff(brightness, axis=1)).mean(axis=2)
    steps = np.stack([columns, rows])
    beside = ndimage.convolve1d(steps, np.array([0.25, 0.25, 0.0, 0.25, 0.25]), axis=2, mode="nearest")
    return np.asarray((steps / np.maximum(beside, 0.004))[:, :, 2:-2].max(axis=(0, 2)))
