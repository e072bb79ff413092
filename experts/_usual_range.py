"""Whether an image lies within what real images show: its sharpness and noise, its background, its seams."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..core import UserError
from ._drawn_features import opponent

Floats = NDArray[np.float64]
_SIGMAS = (0.6, 1.2, 2.4)
_SMALLEST, _COMPONENTS, _NEIGHBOURS = 1e-6, 48, 5


def fine_structure(images: NDArray[np.uint8]) -> Floats:
    """Return (N, 9): log energy of lightness and of two opponent colours in three bands, finest first.

    Blur lowers the fine bands, noise raises them, a machine's pattern changes their proportions.
    """
    from scipy.ndimage import gaussian_filter

    channels = opponent(images.astype(np.float32) / 255.0)
    layers = [channels, *(gaussian_filter(channels, (0, s, s, 0), mode="reflect") for s in _SIGMAS)]
    bands = [((finer - coarser) ** 2).mean((1, 2)) for finer, coarser in pairwise(layers)]
    return np.log(np.concatenate(bands, axis=1) + _SMALLEST).astype(np.float64)


def background(images: NDArray[np.uint8]) -> Floats:
    """Return (N, 6): median and spread of red, green and blue in the outer eighth of the image."""
    side = images.shape[1]
    rim = np.ones(images.shape[1:3], bool)
    edge = max(1, side // 8)
    rim[edge:-edge, edge:-edge] = False
    pixels = images[:, rim].astype(np.float64) / 255.0
    return np.concatenate([np.median(pixels, axis=1), np.log(pixels.std(axis=1) + 1e-3)], axis=1)


def seams(images: NDArray[np.uint8]) -> Floats:
    """Return (N, 2): log of the sharpest step between two neighbouring columns, and rows, over the median step.

    A seam runs through the whole image in one line; the outlines of cells do not.
    """
    grey = images.astype(np.float64).mean(-1)
    found = []
    for axis in (1, 2):
        steps = np.median(np.abs(np.diff(grey, axis=axis)), axis=3 - axis)
        found.append(np.log((steps.max(1) + 1.0) / (np.median(steps, axis=1) + 1.0)))
    return np.stack(found, axis=1)


@dataclass(frozen=True)
class UsualRange:
    """Where real images lie in some measures; the distance of others from there.

    The distance is Mahalanobis's from the mean of the real images (``neighbours`` is empty), or, for many
    features, the mean distance to the 5 nearest of them among their first 48 principal components, each
    scaled to unit spread.
    """

    centre: Floats
    whiten: Floats
    neighbours: Floats

    @classmethod
    def fit(cls, measures: NDArray[np.floating], *, nearest: bool = False) -> UsualRange:
        """Learn the range of real images from an (N, D) array; raises ``UserError`` for fewer than 10."""
        values = np.asarray(measures, np.float64)
        if len(values) < 10:
            raise UserError(f"a usual range needs at least 10 real images, got {len(values)}")
        centre = values.mean(0)
        _, spread, axes = np.linalg.svd(values - centre, full_matrices=False)
        kept = min(_COMPONENTS, len(values) // 4, int((spread > 1e-9 * max(spread[0], 1e-12)).sum()))
        whiten = axes[:kept].T * (np.sqrt(len(values)) / np.maximum(spread[:kept], 1e-12))
        seen = (values - centre) @ whiten if nearest else np.zeros((0, kept))
        return cls(centre, whiten, seen)

    def distance(self, measures: NDArray[np.floating]) -> Floats:
        """Return one distance per row, from 0; the larger, the less usual."""
        place = (np.asarray(measures, np.float64) - self.centre) @ self.whiten
        if not len(self.neighbours):
            return np.sqrt((place**2).sum(1))
        return np.array([_nearest(row, self.neighbours) for row in place])


def _nearest(row: Floats, real: Floats) -> float:
    squares = ((real - row) ** 2).sum(1)
    count = min(_NEIGHBOURS, len(squares))
    return float(np.sqrt(np.partition(squares, count - 1)[:count]).mean())
