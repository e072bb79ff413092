"""Precision, recall, density and coverage by k-nearest-neighbour balls, in one blocked sweep."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Features, as_pair, check_neighbours
from ._neighbours import neighbour_lists, pair_distances
from ._products import product_blocks, rounding, squared_norms

Flags = NDArray[np.bool_]


class PRDC(NamedTuple):
    """Precision, recall and coverage are shares in [0, 1]; density is 0 or more, about 1 for real images."""

    precision: float
    recall: float
    density: float
    coverage: float


class Hits(NamedTuple):
    """What the sweep saw: per synthetic image, how many real balls hold it; per real image, whether it is
    recalled (lies in a synthetic ball) and covered (its own ball holds a synthetic image)."""

    holders: NDArray[np.int64]
    recalled: Flags
    covered: Flags

    def shares(self, k: int) -> PRDC:
        """Return the four numbers."""
        return PRDC(
            precision=float((self.holders > 0).mean()),
            recall=float(self.recalled.mean()),
            density=float(self.holders.mean()) / k,
            coverage=float(self.covered.mean()),
        )


def prdc(real: ArrayLike, synthetic: ArrayLike, k: int = 5, *, device: str = "cpu") -> PRDC:
    """Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020).

    A ball around each image reaches to its k-th nearest other image of its own set, boundary excluded
    (``<``).

    * precision: share of synthetic images in at least one real ball (how many are plausible);
    * recall: share of real images in at least one synthetic ball (how much of reality can be made);
    * density: real balls that hold a synthetic image, on average, over k;
    * coverage: share of real images whose ball holds a synthetic image.

    Memory is O(block x n). Distances too near a boundary for the rounding of matrix products are measured
    again by float64 differences, so copies on a boundary are decided right.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D).
    k:
        Neighbour that sets a ball's radius; at most n - 1 and m - 1.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than two rows, k >= n or k >= m.

    Example
    -------
    >>> real = [[0.0], [1.0], [2.0], [3.0]]
    >>> prdc(real, [[0.5], [0.6]], k=1)
    PRDC(precision=1.0, recall=0.0, density=2.0, coverage=0.5)
    """
    x, y = as_pair(real, synthetic)
    check_neighbours(k, len(x) - 1, "real")
    check_neighbours(k, len(y) - 1, "synthetic")
    reach_x = neighbour_lists(x, x, k, others=True, device=device)[0].distances[:, -1]
    reach_y = neighbour_lists(y, y, k, others=True, device=device)[0].distances[:, -1]
    return hits(x, y, reach_x, reach_y, device=device).shares(k)


def hits(x: Features, y: Features, reach_x: Features, reach_y: Features, *, device: str = "cpu") -> Hits:
    """Sweep real against synthetic once, given the radius of each ball."""
    centre = x.mean(axis=0)
    xs, ys = x - centre, y - centre
    nx, ny = squared_norms(xs), squared_norms(ys)
    slack = rounding(x.shape[1])
    holders = np.zeros(len(y), dtype=np.int64)
    recalled, covered = np.zeros(len(x), dtype=np.bool_), np.zeros(len(x), dtype=np.bool_)
    for rows, products in product_blocks(xs, ys, device):
        norms = nx[rows, None] + ny
        squares = norms - 2 * products
        norms *= slack
        in_real = _inside(squares, norms, reach_x[rows, None], x[rows], y)
        in_synthetic = _inside(squares, norms, reach_y[None, :], x[rows], y)
        holders += in_real.sum(axis=0)
        recalled[rows] = in_synthetic.any(axis=1)
        covered[rows] = in_real.any(axis=1)
    return Hits(holders, recalled, covered)


def _inside(squares: Features, margin: Features, reach: Features, x: Features, y: Features) -> Flags:
    """Return which distances are below ``reach``; the doubtful ones are measured by differences."""
    gap = squares - reach**2
    inside = gap < 0
    doubtful = np.abs(gap) < margin + 1e-15 * reach**2
    if doubtful.any():
        rows, columns = np.nonzero(doubtful)
        limits = np.broadcast_to(reach, squares.shape)[rows, columns]
        inside[rows, columns] = pair_distances(x, y, rows, columns) < limits
    return inside
