"""Permutation test of "the two sets have one distribution" by kernel distance, on sums between patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import UserError, did_you_mean, rng
from ._blocks import Labels, block_labels, check_units, units
from ._checks import as_pair, unit_rows
from ._kernel import CMMD_SCALE, KERNEL_OF, block_sums

MOST_UNITS = 2000
"""More patients (or images) than this in both sets together are dealt to blocks, and the blocks permuted."""
PERMUTATIONS = 999


@dataclass(frozen=True)
class KernelTest:
    """A kernel distance, the p-value of "no difference at all", and what was permuted (``units`` of both sets)."""

    metric: str
    value: float
    p: float
    permutations: int
    units: tuple[int, int]
    method: str


def kernel_test(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    metric: str = "kernel_distance",
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    device: str = "cpu",
) -> KernelTest:
    """Test whether real and synthetic features could have one distribution (Gretton et al. 2012).

    If they had, any deal of the pooled patients to the two sets would be equally likely; p is the share of random
    deals whose distance is as large as the one seen, the seen one counted: (1 + c) / (1 + permutations). Whole
    patients are dealt, and the kernel is summed between patients once, so a deal costs one small product.

    Units must be alike in both sets: patients with many images against single images are not exchangeable, and p is
    then no exact probability.

    Parameters
    ----------
    real, synthetic, groups_real, groups_synthetic, device:
        As in :func:`kernel_interval`.
    metric:
        ``"kernel_distance"`` (KID) or ``"cmmd"``.
    permutations, seed:
        How many deals, and by which seed; p is at least 1 / (1 + permutations).

    Raises
    ------
    UserError
        For bad features, fewer than 10 patients or images of a set, another metric.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 8))
    >>> kernel_test(x, y).p > 0.05, kernel_test(x, y + 0.3).p
    (True, 0.001)
    """
    if metric not in KERNEL_OF:
        raise UserError(f"no kernel metric is called {metric!r}", remedy=did_you_mean(metric, KERNEL_OF))
    if permutations < 1:
        raise UserError(f"{permutations} permutations asked for, at least 1 needed")
    x, y = as_pair(real, synthetic)
    if metric == "cmmd":
        x, y = unit_rows(x, "real"), unit_rows(y, "synthetic")
    labels, what = _dealt(units(len(x), groups_real), units(len(y), groups_synthetic, "synthetic"), seed)
    counts = int(labels[0].max()) + 1, int(labels[1].max()) + 1
    sums = block_sums(x, y, labels, KERNEL_OF[metric], device)
    pooled = _pooled(sums.xx, sums.yy, sums.xy, counts)
    sizes = np.concatenate([sums.sizes[0][: counts[0]], sums.sizes[1][: counts[1]]]).astype(np.float64)
    seen, *others = _distances(pooled, sizes, _deals(counts, permutations, seed), biased=metric == "cmmd")
    reached = int((np.array(others) >= seen - 1e-12 * abs(seen)).sum())
    value = max(0.0, CMMD_SCALE * seen) if metric == "cmmd" else float(seen)
    method = f"permutation of {what}, {permutations} deals"
    return KernelTest(metric, value, (1 + reached) / (1 + permutations), permutations, counts, method)


def _dealt(real: Labels, synthetic: Labels, seed: int) -> tuple[tuple[Labels, Labels], str]:
    """Return what is permuted, numbered within each set: units, or blocks of nearly equal size in both sets."""
    n, m = int(real.max()) + 1, int(synthetic.max()) + 1
    check_units(n, "real")
    check_units(m, "synthetic")
    if n + m <= MOST_UNITS:
        return (real, synthetic), "patients or images"
    of_real = max(1, round(MOST_UNITS * n / (n + m)))
    blocks = max(10, of_real), max(10, MOST_UNITS - of_real)
    labels = tuple(
        block_labels(unit, min(count, int(unit.max()) + 1), seed + side)
        for side, (unit, count) in enumerate(zip((real, synthetic), blocks, strict=True))
    )
    return (labels[0], labels[1]), "blocks of patients or images"


def _pooled(
    xx: NDArray[np.float64], yy: NDArray[np.float64], xy: NDArray[np.float64], counts: tuple[int, int]
) -> NDArray[np.float64]:
    n, m = counts
    return np.block([[xx[:n, :n], xy[:n, :m]], [xy[:n, :m].T, yy[:m, :m]]])


def _deals(counts: tuple[int, int], permutations: int, seed: int) -> NDArray[np.float64]:
    """Return (1 + permutations, units): 1 where a unit plays real; the first row is the deal that was seen."""
    n, total = counts[0], sum(counts)
    deals = np.zeros((1 + permutations, total))
    deals[0, :n] = 1
    source = rng(seed, "kernel test")
    for deal in deals[1:]:
        deal[source.permutation(total)[:n]] = 1
    return deals


def _distances(
    pooled: NDArray[np.float64], sizes: NDArray[np.float64], deals: NDArray[np.float64], *, biased: bool
) -> NDArray[np.float64]:
    """Return the squared MMD of every deal from the kernel's sums between units."""
    of_real = deals @ pooled
    xx = (of_real * deals).sum(axis=1)
    xy = (of_real * (1 - deals)).sum(axis=1)
    yy = pooled.sum() - xx - 2 * xy
    n = deals @ sizes
    m = sizes.sum() - n
    own = (n**2, m**2) if biased else (n * (n - 1), m * (m - 1))
    return np.asarray(xx / own[0] + yy / own[1] - 2 * xy / (n * m), dtype=np.float64)
