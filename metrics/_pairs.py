"""Distances of single pairs by float64 differences: what decides and what is reported."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._checks import Features

CHUNK = 2**18
"""Numbers at a time: small enough to stay in the processor's cache."""

Indices = NDArray[np.int64]


def pair_distances(x: NDArray[Any], y: NDArray[Any], rows: Indices, columns: Indices) -> Features:
    """Return |x[rows] - y[columns]| by differences, a bounded number at a time.

    >>> pair_distances(np.array([[0.0, 3.0]]), np.array([[4.0, 0.0]]), np.array([0]), np.array([0])).tolist()
    [5.0]
    """
    step = max(1, CHUNK // x.shape[1])
    distances = np.empty(len(rows))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        gap = x[rows[part]].astype(np.float64, copy=False) - y[columns[part]]
        distances[part] = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    return distances
