"""Inception score: for parity with older tables alone; it never sees a real image."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from ..core import LEVEL, Interval, UserError, jackknife
from ._blocks import BLOCKS, block_labels, check_units, units
from ._checks import Features, as_features

TOLERANCE = 1e-4


def inception_score(probabilities: ArrayLike, splits: int = 1) -> float:
    """Inception score (Salimans et al. 2016, arXiv 1606.03498): ``exp(mean_i KL(p_i || mean_j p_j))``.

    Parameters
    ----------
    probabilities:
        (n, C): a classifier's probabilities of each synthetic image's class; rows sum to 1.
    splits:
        The customary 10 cut the rows, in the order given, into consecutive parts and average their scores: that adds
        the bias of small n. 1 takes all rows together.

    Returns
    -------
    float
        1 (all images alike, or all undecided) to C; it rises with n. Blind to realism, to copies, and to variety
        inside a class.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, fewer than two rows, negative values, rows that do not sum to 1, splits
        below 1 or above n.

    Example
    -------
    >>> round(inception_score([[1.0, 0.0], [0.0, 1.0]]), 12), inception_score([[0.5, 0.5], [0.5, 0.5]])
    (2.0, 1.0)
    """
    p = _checked(probabilities)
    if not 1 <= splits <= len(p):
        raise UserError(f"{splits} splits asked for, 1 to {len(p)} possible for {len(p)} rows")
    ends = [number * len(p) // splits for number in range(splits + 1)]
    parts = [p[start:stop] for start, stop in pairwise(ends)]
    return float(
        np.mean([_score(_negative_entropies(part).sum(), part.sum(axis=0), len(part)) for part in parts])
    )


def inception_score_interval(
    probabilities: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    level: float = LEVEL,
    blocks: int = BLOCKS,
    seed: int = 0,
) -> Interval:
    """Inception score (of all rows together) with a jackknife interval for its expectation at this n.

    ``groups`` is the source of each row, where known; other arguments as in :func:`frechet_interval`.

    Example
    -------
    >>> import numpy as np
    >>> i = inception_score_interval(np.random.default_rng(0).dirichlet(np.ones(4), 200))
    >>> 1 < i.lo < i.value < i.hi < 4
    True
    """
    p = _checked(probabilities)
    unit = units(len(p), groups, "probabilities")
    count = int(unit.max()) + 1
    check_units(count, "probabilities")
    labels = block_labels(unit, min(blocks, count), seed)
    entropies, whole = _negative_entropies(p), p.sum(axis=0)
    left_out = []
    for block in range(int(labels.max()) + 1):
        gone = labels == block
        left_out.append(_score(entropies[~gone].sum(), whole - p[gone].sum(axis=0), int((~gone).sum())))
    interval = jackknife(left_out, _score(entropies.sum(), whole, len(p)), level)
    return replace(interval, lo=max(1.0, interval.lo), hi=min(float(p.shape[1]), interval.hi))


def _checked(probabilities: ArrayLike) -> Features:
    p = as_features(probabilities, "probabilities")
    sums = p.sum(axis=1)
    if p.min() < 0 or np.abs(sums - 1).max() > TOLERANCE:
        bad = int(((p < 0).any(axis=1) | (np.abs(sums - 1) > TOLERANCE)).argmax())
        raise UserError(
            f"row {bad} is no distribution: its smallest value is {p[bad].min():g}, its sum {sums[bad]:g}",
            where="probabilities",
            remedy="pass a classifier's class probabilities, after the softmax",
        )
    return p / sums[:, None]


def _negative_entropies(p: Features) -> Features:
    """Return sum_c p log p of each row, 0 log 0 being 0."""
    return np.asarray((p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1))


def _score(negative_entropies: float, sums: Features, n: int) -> float:
    mean = sums.clip(min=0) / n
    spread = float(negative_entropies / n - (mean * np.log(np.where(mean > 0, mean, 1.0))).sum())
    return min(float(len(mean)), max(1.0, float(np.exp(spread))))
