"""Intervals of precision, recall, density and coverage, by half-samples of patients without replacement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, rng, wilson
from ._blocks import Labels, check_units, units
from ._checks import Features, as_pair, check_neighbours
from ._neighbours import Neighbours, neighbour_lists
from ._prdc import PRDC, Flags, hits
from ._products import product_blocks, squared_norms

REPLICATES = 200
FEWEST_REPLICATES = 40
PAIRS = 1_200_000_000
"""Comparisons that replicates may cost in all: 200 replicates up to about 2,400 + 2,400 images."""


class PRDCIntervals(NamedTuple):
    """The four numbers of :class:`PRDC`, each with its interval."""

    precision: Interval
    recall: Interval
    density: Interval
    coverage: Interval


def prdc_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    k: int = 5,
    *,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    replicates: int | None = None,
    level: float = LEVEL,
    seed: int = 0,
    device: str = "cpu",
) -> PRDCIntervals:
    """Precision, recall, density and coverage with intervals for their expectation at these n and k.

    Half of the patients of each set are drawn without replacement, again and again. With halves, the variance
    between them is that of the whole set (subsampling factor (m / n) / (1 - m / n) = 1; Politis, Romano and
    Wolf 1999). A bootstrap would put duplicates at distance zero. Shares get Wilson's interval at the
    effective number of images that this variance implies (never more than there are), density a t interval.

    Parameters
    ----------
    real, synthetic, k, device:
        As in :func:`prdc`; halves must have more than k images.
    groups_real, groups_synthetic:
        The patient of each row, where known.
    replicates:
        Half-samples; by default 200, fewer (at least 40) where the sets are large.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 4))
    >>> i = prdc_interval(x, y, replicates=50).recall
    >>> 0 < i.lo < i.value < i.hi < 1
    True
    """
    x, y = as_pair(real, synthetic)
    sweep = sweep_halves(x, y, k, (groups_real, groups_synthetic), replicates, seed, device)
    return sweep.intervals(level)


@dataclass(frozen=True)
class Halves:
    """The sweep's outcome: the four numbers, theirs in each half-sample, and coverage image by image."""

    whole: PRDC
    covered: Flags
    k: int
    n: tuple[int, int]
    shares: NDArray[np.float64]
    half_covered: Flags
    half_kept: Flags

    def intervals(self, level: float = LEVEL) -> PRDCIntervals:
        """Return the interval of each of the four numbers."""
        n, m = self.n
        halves, count = self.shares.T, len(self.shares)
        method = f"half-samples, {count} replicates"
        return PRDCIntervals(
            _share_interval(self.whole.precision, halves[0], m, level, method),
            _share_interval(self.whole.recall, halves[1], n, level, method),
            _density_interval(self.whole.density, halves[2], m * self.k, level, method),
            _share_interval(self.whole.coverage, halves[3], n, level, method),
        )

    def coverage_of(self, chosen: Flags, level: float = LEVEL) -> Interval:
        """Return the coverage of some of the real images, by all synthetic ones."""
        kept = (self.half_kept & chosen).sum(axis=1)
        shares = (self.half_covered & chosen).sum(axis=1)[kept > 0] / kept[kept > 0]
        method = f"half-samples, {len(shares)} replicates"
        return _share_interval(float(self.covered[chosen].mean()), shares, int(chosen.sum()), level, method)


def sweep_halves(
    x: Features,
    y: Features,
    k: int,
    groups: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
    replicates: int | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> Halves:
    """Compute precision, recall, density and coverage on the whole sets and on their half-samples."""
    if replicates is None:
        replicates = int(np.clip(PAIRS // (len(x) * len(y)), FEWEST_REPLICATES, REPLICATES))
    kept_x = _half_samples(units(len(x), groups[0]), replicates, seed, "real", k)
    kept_y = _half_samples(units(len(y), groups[1], "synthetic"), replicates, seed, "synthetic", k)
    exact_x, near_x = _own_neighbours(x, k, groups[0], device)
    exact_y, near_y = _own_neighbours(y, k, groups[1], device)
    found = hits(x, y, exact_x.distances[:, -1], exact_y.distances[:, -1], device=device)
    radii = _reach_in_halves(near_x, kept_x, k), _reach_in_halves(near_y, kept_y, k)
    shares, covered = _sweep(x, y, radii, (kept_x, kept_y), k, device)
    return Halves(found.shares(k), found.covered, k, (len(x), len(y)), shares, covered, kept_x)


def _half_samples(unit: Labels, replicates: int, seed: int, name: str, k: int) -> Flags:
    """Return (replicates, n): which rows each half-sample keeps, whole units at a time."""
    count = int(unit.max()) + 1
    check_units(count, name)
    check_neighbours(k, len(unit) // 2 - 1, f"half of {name}")
    kept = np.zeros((replicates, len(unit)), dtype=np.bool_)
    for replicate in range(replicates):
        half = rng(seed, name, replicate).permutation(count)[: count // 2]
        kept[replicate] = np.isin(unit, half)
    return kept


def _own_neighbours(
    x: Features, k: int, groups: ArrayLike | None, device: str
) -> tuple[Neighbours, Neighbours]:
    """Return the k nearest others exactly, and a list long enough that half of it holds k."""
    largest = int(np.bincount(units(len(x), groups)).max())
    length = min(len(x) - 1, 4 * k + 20 + 2 * min(largest, 200))
    return neighbour_lists(x, x, k, length=length, others=True, device=device)


def _reach_in_halves(near: Neighbours, kept: Flags, k: int) -> NDArray[np.float32]:
    """Return (replicates, n): the distance of the k-th nearest other image that the half-sample kept."""
    distances = near.distances.astype(np.float32)
    reach = np.empty(kept.shape, dtype=np.float32)
    for replicate, keep in enumerate(kept):
        rank = np.cumsum(keep[near.indices], axis=1, dtype=np.int16)
        at = np.where(rank[:, -1] >= k, np.argmax(rank >= k, axis=1), rank.shape[1] - 1)
        reach[replicate] = distances[np.arange(len(at)), at]
    return reach


def _sweep(
    x: Features,
    y: Features,
    radii: tuple[NDArray[np.float32], NDArray[np.float32]],
    kept: tuple[Flags, Flags],
    k: int,
    device: str,
) -> tuple[NDArray[np.float64], Flags]:
    """Return (replicates, 4) of the four numbers, and which real images each half-sample covers."""
    centre = x.mean(axis=0)
    xs, ys = x - centre, y - centre
    nx, ny = squared_norms(xs), squared_norms(ys)
    columns = [np.flatnonzero(keep) for keep in kept[1]]
    holders = [np.zeros(len(column), dtype=np.int64) for column in columns]
    recalled, covered = np.zeros_like(kept[0]), np.zeros_like(kept[0])
    for rows, products in product_blocks(xs, ys, device):
        distances = np.sqrt((nx[rows, None] + ny - 2 * products).clip(min=0)).astype(np.float32)
        for replicate, column in enumerate(columns):
            row = np.flatnonzero(kept[0][replicate, rows])
            part, at = distances[np.ix_(row, column)], row + rows.start
            in_real = part < radii[0][replicate, at, None]
            holders[replicate] += in_real.sum(axis=0)
            covered[replicate, at] = in_real.any(axis=1)
            recalled[replicate, at] = (part < radii[1][replicate, column]).any(axis=1)
    n = kept[0].sum(axis=1)
    precision = [(held > 0).mean() for held in holders]
    density = [held.mean() / k for held in holders]
    return np.stack([precision, recalled.sum(axis=1) / n, density, covered.sum(axis=1) / n], axis=1), covered


def _share_interval(share: float, halves: NDArray[np.float64], n: int, level: float, method: str) -> Interval:
    """Wilson's interval at the effective number of images: as many as vary, when independent, like the halves."""
    mean, variance = (float(halves.mean()), float(halves.var(ddof=1))) if len(halves) > 1 else (share, 0.0)
    effective = min(float(n), max(1.0, mean * (1 - mean) / variance)) if variance > 0 else float(n)
    interval = wilson(share * effective, effective, level)
    return replace(
        interval, value=share, lo=min(interval.lo, share), hi=max(interval.hi, share), method=method
    )


def _density_interval(
    density: float, halves: NDArray[np.float64], balls: int, level: float, method: str
) -> Interval:
    """Student's t; where no ball held anything, up to the Poisson rate that would do so now and then."""
    from scipy.stats import t

    half = float(t.ppf(0.5 + level / 2, len(halves) - 1)) * float(halves.std(ddof=1))
    hi = density + half if density > 0 else -float(np.log((1 - level) / 2)) / balls
    return Interval(density, max(0.0, density - half), hi, level, method)
