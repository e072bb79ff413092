"""Sliced Wasserstein distance: the mean over directions of the exact distance along each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, jackknife, rng
from ._blocks import BLOCKS, paired_blocks
from ._checks import Features, as_pair

PROJECTIONS = 128
TOGETHER = 16


def sliced_wasserstein(
    real: ArrayLike, synthetic: ArrayLike, *, projections: int = PROJECTIONS, seed: int = 0
) -> float:
    """Sliced 2-Wasserstein distance (Rabin et al. 2012; Bonneel et al. 2015), exact along each direction.

    ``sqrt(mean_u int_0^1 (F_u^-1(t) - G_u^-1(t))^2 dt)`` over seeded directions u, uniform on the sphere; F_u^-1 and
    G_u^-1 are the quantile functions of the features along u, steps of 1 / n and of 1 / m, so n and m may differ.
    Two points at distance d are at about ``d / sqrt(D)``.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D), n and m at least 2.
    projections, seed:
        How many directions, and the seed that draws them: equal for all sets of one width, so values compare. A
        rotation of both sets changes the value only by the directions' sampling error.

    Returns
    -------
    float
        In units of the features, 0 or more; lower is closer. It falls as n and m rise.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than two rows, fewer than one projection.

    Example
    -------
    >>> sliced_wasserstein([[0.0], [1.0]], [[3.0], [2.0], [2.0], [3.0]])
    2.0
    """
    x, y, directions = _checked(real, synthetic, projections, seed)
    return _distance(_sorted(x, directions), _sorted(y, directions))


def sliced_wasserstein_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    projections: int = PROJECTIONS,
    level: float = LEVEL,
    blocks: int = BLOCKS,
    seed: int = 0,
) -> Interval:
    """Sliced Wasserstein distance with a jackknife interval for its expectation at these n and directions.

    Arguments as in :func:`frechet_interval` and :func:`sliced_wasserstein`.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 200, 8))
    >>> i = sliced_wasserstein_interval(x, y + 1)
    >>> 0.8 < i.lo < i.value < i.hi < 1.2
    True
    """
    x, y, directions = _checked(real, synthetic, projections, seed)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    sides = _order(x, directions, labels[0]), _order(y, directions, labels[1])
    whole = _distance(sides[0][0], sides[1][0])
    count = int(labels[0].max()) + 1
    left_out = [_distance(*(_left(*side, block) for side in sides)) for block in range(count)]
    interval = jackknife(left_out, whole, level)
    return replace(interval, lo=max(0.0, interval.lo))


def _checked(
    real: ArrayLike, synthetic: ArrayLike, projections: int, seed: int
) -> tuple[Features, Features, Features]:
    x, y = as_pair(real, synthetic)
    if projections < 1:
        raise UserError(f"{projections} projections asked for, at least 1 needed")
    directions = rng(seed, "directions", x.shape[1]).standard_normal((projections, x.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centre = (x.sum(axis=0) + y.sum(axis=0)) / (len(x) + len(y))
    return x - centre, y - centre, directions


def _sorted(rows: Features, directions: Features) -> Features:
    """Return (projections, n): ascending positions along each direction."""
    return np.sort(directions @ rows.T, axis=1)


def _order(
    rows: Features, directions: Features, labels: NDArray[np.int64]
) -> tuple[Features, NDArray[np.int64]]:
    """Return ascending positions along each direction, and the block of each."""
    along = directions @ rows.T
    order = np.argsort(along, axis=1)
    return np.take_along_axis(along, order, axis=1), labels[order]


def _left(along: Features, block_of: NDArray[np.int64], block: int) -> Features:
    kept = block_of != block
    return along[kept].reshape(len(along), -1)


def _distance(x: Features, y: Features) -> float:
    """Return the distance of quantile functions, (projections, n) and (projections, m): both are steps, so the
    integral is a sum over the stretches between the ends of either's."""
    n, m = x.shape[1], y.shape[1]
    ends = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))
    widths = np.diff(ends, prepend=0) / (n * m)
    at_x, at_y = (ends - 1) // m, (ends - 1) // n
    total = 0.0
    for start in range(0, len(x), TOGETHER):
        part = slice(start, start + TOGETHER)
        total += float((((x[part][:, at_x] - y[part][:, at_y]) ** 2) @ widths).sum())
    return float(np.sqrt(total / len(x)))
