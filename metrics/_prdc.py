"""Precision, recall, density and coverage by k-nearest-neighbour balls, in one sweep."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ._balls import PRDC
from ._checks import as_row_pair, check_neighbours
from ._sweep import Wanted, sweep


def prdc(real: ArrayLike, synthetic: ArrayLike, k: int = 5, *, device: str = "cpu") -> PRDC:
    """Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020).

    A ball around each image reaches to its k-th nearest other image of its own set, boundary excluded
    (``<``).

    * precision: share of synthetic images in at least one real ball (how many are plausible);
    * recall: share of real images in at least one synthetic ball (how much of reality can be made);
    * density: real balls that hold a synthetic image, on average, over k;
    * coverage: share of real images whose ball holds a synthetic image.

    Memory is O(tile + n). Distances too near a boundary for the rounding of matrix products are measured
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
    x, y = as_row_pair(real, synthetic)
    check_neighbours(k, len(x) - 1, "real")
    check_neighbours(k, len(y) - 1, "synthetic")
    found = sweep(x, y, Wanted(k=k), device).hits
    assert found is not None
    return found.shares(k)
