"""Grey-level co-occurrence (Haralick et al. 1973): how often two grey levels stand at a distance of each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 16
DISTANCES = (1, 2, 4)
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def co_occurrence(grey: NDArray[np.float32], distance: int) -> NDArray[np.float64]:
    """Return the matrices (n, 16, 16) of images (n, S, S) in [0, 1]: symmetric, over four directions, of sum 1."""
    level = np.minimum((grey * LEVELS).astype(np.intp), LEVELS - 1)
    base = (np.arange(len(level)) * LEVELS**2)[:, None, None]
    counts = np.zeros(len(level) * LEVELS**2, np.float64)
    for down, across in _DIRECTIONS:
        first, second = _pairs(level, down * distance, across * distance)
        counts += np.bincount((first * LEVELS + second + base).ravel(), minlength=len(counts))
    matrix = counts.reshape(-1, LEVELS, LEVELS)
    both = matrix + matrix.transpose(0, 2, 1)
    return both / both.sum(axis=(1, 2), keepdims=True)


def haralick(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return contrast, homogeneity, energy and correlation at each distance, (n, 12).

    Contrast is its root, in units of the largest possible; a constant image has homogeneity, energy and correlation 1.
    """
    return np.concatenate([_properties(co_occurrence(grey, distance)) for distance in DISTANCES], axis=1)


def _properties(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    i, j = np.indices((LEVELS, LEVELS)).astype(np.float64)
    apart = (i - j) ** 2
    mean = (matrix * i).sum(axis=(1, 2), keepdims=True)
    spread = (matrix * (i - mean) ** 2).sum(axis=(1, 2))
    together = (matrix * (i - mean) * (j - mean)).sum(axis=(1, 2))
    contrast = (matrix * apart).sum(axis=(1, 2)) / (LEVELS - 1) ** 2
    homogeneity = (matrix / (1 + apart)).sum(axis=(1, 2))
    energy = np.sqrt((matrix**2).sum(axis=(1, 2)))
    flat = spread < 1e-12
    correlation = np.where(flat, 1.0, together / np.where(flat, 1.0, spread))
    return np.stack([np.sqrt(contrast), homogeneity, energy, correlation], axis=1)


def _pairs(level: NDArray[np.intp], down: int, across: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Each pixel, and the one ``down`` rows below and ``across`` columns to its right, where both are there."""
    rows, columns = level.shape[1] - down, level.shape[2] - abs(across)
    left = max(-across, 0)
    first = level[:, :rows, left : left + columns]
    second = level[:, down : down + rows, left + across : left + across + columns]
    return first, second
