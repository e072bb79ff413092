"""How far images lie outside the other set's nearest-neighbour balls: precision, recall, coverage by image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Features, as_pair, check_neighbours
from ._neighbours import nearest, nearest_others

BLOCK = 2**22
PAIRS = 2**22


class Reach(NamedTuple):
    """Of every image, how far it lies from the ball that decides, over that ball's radius, and whose ball it is.

    Below 1 the image is inside (counted by the metric), from 1 on outside; infinite where every ball has radius 0.
    """

    ratio: Features
    other: NDArray[np.int64]


def precision_reach(real: ArrayLike, synthetic: ArrayLike, k: int = 5) -> Reach:
    """By synthetic image, how far outside all real balls: ``precision`` is the share below 1.

    A ball around each image reaches to its k-th nearest other image of its own set, as in :func:`prdc`. ``other`` is
    the row of the real image whose ball is nearest.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D).
    k:
        Neighbour that sets a ball's radius.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than two rows, k >= n.

    Example
    -------
    >>> found = precision_reach([[0.0], [1.0], [2.0]], [[0.5], [5.0]], k=1)
    >>> found.ratio.tolist(), found.other.tolist()
    ([0.5, 3.0], [0, 2])
    """
    x, y = as_pair(real, synthetic)
    check_neighbours(k, len(x) - 1, "real")
    return _nearest_ball(y, x, nearest_others(x, k).distances[:, -1])


def recall_reach(real: ArrayLike, synthetic: ArrayLike, k: int = 5) -> Reach:
    """By real image, how far outside all synthetic balls: ``recall`` is the share below 1.

    As :func:`precision_reach` with the sets exchanged; k < m.

    >>> recall_reach([[0.5], [5.0]], [[0.0], [1.0], [2.0]], k=1).ratio.tolist()
    [0.5, 3.0]
    """
    x, y = as_pair(real, synthetic)
    check_neighbours(k, len(y) - 1, "synthetic")
    return _nearest_ball(x, y, nearest_others(y, k).distances[:, -1])


def coverage_reach(real: ArrayLike, synthetic: ArrayLike, k: int = 5) -> Reach:
    """By real image, how far its nearest synthetic image is, over its own ball's radius.

    ``coverage`` is the share below 1; ``other`` is that synthetic image's row. Arguments and errors as in
    :func:`precision_reach`.

    >>> found = coverage_reach([[0.0], [1.0], [5.0]], [[0.5]], k=1)
    >>> found.ratio.tolist()
    [0.5, 0.5, 1.125]
    """
    x, y = as_pair(real, synthetic, least=1)
    check_neighbours(k, len(x) - 1, "real")
    found, radii = nearest(x, y), nearest_others(x, k).distances[:, -1]
    return Reach(_over(found.distances[:, 0], radii), found.indices[:, 0])


def _over(distances: Features, radii: Features) -> Features:
    """A ball of radius 0 holds nothing, not even its centre."""
    return np.divide(distances, radii, out=np.full(np.shape(distances), np.inf), where=radii > 0)


def _nearest_ball(points: Features, centres: Features, radii: Features) -> Reach:
    """Return the least distance over radius, decided and reported by differences of rows."""
    middle = centres.mean(axis=0)
    p, c = points - middle, centres - middle
    nps, nc = np.einsum("ij,ij->i", p, p), np.einsum("ij,ij->i", c, c)
    slack = 4 * float(np.finfo(np.float64).eps) * (points.shape[1] + 16)
    ratio, other = np.full(len(p), np.inf), np.zeros(len(p), dtype=np.int64)
    holds = radii > 0
    step = max(1, BLOCK // len(c))
    for start in range(0, len(p) if holds.any() else 0, step):
        rows = slice(start, start + step)
        norms = nps[rows, None] + nc
        low = (norms * (1 - slack) - 2 * (p[rows] @ c.T)).clip(min=0)
        low = np.divide(low, radii**2, out=np.full(low.shape, np.inf), where=holds)
        first = low.argmin(axis=1)
        here = np.arange(len(first))
        best = _measured(p[rows], c, here, first) / radii[first]
        possible = low <= (best**2 * (1 + 1e-12))[:, None]
        at, which = np.nonzero(possible)
        exact = _measured(p[rows], c, at, which) / radii[which]
        order = np.lexsort((which, exact, at))
        leads = order[np.unique(at[order], return_index=True)[1]]
        ratio[rows], other[rows] = exact[leads], which[leads]
    return Reach(ratio, other)


def _measured(x: Features, y: Features, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Features:
    found = np.empty(len(rows))
    step = max(1, PAIRS // x.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        gap = x[rows[part]] - y[columns[part]]
        found[part] = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    return found
