"""Intervals of precision, recall, density and coverage, by half-samples of patients without replacement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval
from ._balls import PRDC, Flags
from ._blocks import Labels, check_units, units
from ._checks import Rows, as_row_pair, check_neighbours
from ._half_intervals import density_interval, share_interval
from ._sweep import Swept, Wanted, sweep

REPLICATES = 200


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
        Half-samples; by default 200 (fewer, at least 40, where most images lie in most balls).

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 4))
    >>> i = prdc_interval(x, y, replicates=50).recall
    >>> 0 < i.lo < i.value < i.hi < 1
    True
    """
    x, y = as_row_pair(real, synthetic)
    return sweep_halves(x, y, k, (groups_real, groups_synthetic), replicates, seed, device).intervals(level)


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
    units: tuple[int, int]
    """Independent patients of both sets: no share is surer than that many images make it."""

    def intervals(self, level: float = LEVEL) -> PRDCIntervals:
        """Return the interval of each of the four numbers."""
        n, m = self.units
        halves, count = self.shares.T, len(self.shares)
        method = f"half-samples, {count} replicates"
        return PRDCIntervals(
            share_interval(self.whole.precision, halves[0], m, level, method),
            share_interval(self.whole.recall, halves[1], n, level, method),
            density_interval(self.whole.density, halves[2], self.n[1] * self.k, level, method),
            share_interval(self.whole.coverage, halves[3], n, level, method),
        )

    def coverage_of(self, chosen: Flags, level: float = LEVEL) -> Interval:
        """Return the coverage of some of the real images, by all synthetic ones."""
        kept = (self.half_kept & chosen).sum(axis=1)
        shares = (self.half_covered & chosen).sum(axis=1)[kept > 0] / kept[kept > 0]
        method = f"half-samples, {len(shares)} replicates"
        most = max(1, round(int(chosen.sum()) * self.units[0] / self.n[0]))
        return share_interval(float(self.covered[chosen].mean()), shares, most, level, method)


def sweep_halves(
    x: Rows,
    y: Rows,
    k: int,
    groups: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
    replicates: int | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> Halves:
    """Compute precision, recall, density and coverage on the whole sets and on their half-samples."""
    halves = halving_units(x, y, k, groups)
    wanted = Wanted(k=k, halves=halves, replicates=replicates or REPLICATES, seed=seed)
    return halves_from(sweep(x, y, wanted, device), k)


def halving_units(
    x: Rows, y: Rows, k: int, groups: tuple[ArrayLike | None, ArrayLike | None]
) -> tuple[Labels, Labels]:
    """Return the patients of both sets, or refuse what halves cannot carry."""
    found = []
    for rows, group, name in ((x, groups[0], "real"), (y, groups[1], "synthetic")):
        unit = units(len(rows), group, name)
        check_units(int(unit.max()) + 1, name)
        check_neighbours(k, len(rows) // 2 - 1, f"half of {name}")
        found.append(unit)
    return found[0], found[1]


def halves_from(swept: Swept, k: int) -> Halves:
    """Return what a sweep found of the whole sets and of their half-samples."""
    assert swept.hits is not None
    assert swept.halves is not None
    assert swept.units is not None
    halves = swept.halves
    return Halves(
        swept.hits.shares(k),
        swept.hits.covered,
        k,
        swept.n,
        halves.shares(k),
        halves.flags(halves.covered).T,
        halves.flags(halves.kept[0]).T,
        swept.units,
    )
