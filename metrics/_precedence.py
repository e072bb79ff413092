"""The exact precedence test: do too many synthetic images come before the hold-out's first ones?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Features

ALPHA = 0.01
"""A generator is memorising only below this p-value (adjusted over the generators that are compared)."""
CALIBRATION = 0.01
"""The quantile of the hold-out that sets the copy threshold."""
MARGIN = 0.9
"""Copies lie below this share of the hold-out's quantile: a generator that keeps to the middle of the data, or
blurs, comes a little nearer to single training images than the hold-out does, and copies none."""


class Calibration(NamedTuple):
    """What the hold-out says of real unseen images.

    ``threshold``: closeness below which an image is a copy (0 where the hold-out itself holds copies: then only
    exact ones count). ``rank``: the threshold rests on the rank-th smallest unit. ``units``: hold-out patients, or
    images where patients are not known. ``leaked``: units that are themselves exact copies, if they set the
    threshold. ``share``: the share of hold-out images that count as copies.
    """

    threshold: float
    rank: int
    units: int
    leaked: int
    share: float


def calibrate(closeness: Features, groups: ArrayLike | None = None) -> Calibration:
    """Return the threshold that real unseen images set; each patient (``groups``) counts once, by the nearest image.

    Images of one patient are alike, so they are not many witnesses but one. By the nearest image the unit comes
    before the patient's other images: the test can only become more careful.

    >>> calibrate(np.linspace(0.5, 1, 100)).threshold
    0.45
    """
    units = closeness if groups is None else _smallest_of_each(closeness, np.asarray(groups))
    rank = max(1, int(CALIBRATION * len(units)))
    threshold = MARGIN * float(np.partition(units, rank - 1)[rank - 1])
    if threshold == 0:
        leaked = closeness == 0
        return Calibration(0.0, rank, len(units), int((units == 0).sum()), float(leaked.mean()))
    return Calibration(threshold, rank, len(units), 0, float((closeness < threshold).mean()))


def below(closeness: Features, threshold: ArrayLike) -> NDArray[np.bool_]:
    """Return which images are copies; at a threshold of 0 only the exact ones are."""
    limit = np.asarray(threshold)
    return np.asarray((closeness < limit) | ((limit == 0) & (closeness == 0)), dtype=np.bool_)


def precedence_p(count: Any, n: int, rank: Any, units: Any, leaked: Any = 0) -> NDArray[np.float64]:
    """Return the chance of ``count`` or more copies among ``n`` images, if these were as the hold-out is.

    P(at most rank - 1 hold-out units among the first count + rank - 1 of all), which is hypergeometric (precedence
    test, Epstein 1954). Where the hold-out leaked, Fisher's exact test compares the shares of exact copies.
    All but ``n`` may be arrays.

    >>> float(precedence_p(3, 10, 1, 10).round(4)), float(precedence_p(0, 10, 1, 10))
    (0.1053, 1.0)
    """
    from scipy.stats import hypergeom

    count, rank, units, leaked = np.broadcast_arrays(count, rank, units, leaked)
    first = hypergeom.cdf(rank - 1, n + units, units, np.minimum(count + rank - 1, n + units))
    fisher = hypergeom.sf(count - 1, n + units, count + leaked, n)
    p = np.where(leaked > 0, fisher, first)
    return np.asarray(np.where(count > 0, np.minimum(p, 1.0), 1.0), dtype=np.float64)


def fewest_copies(n: int, known: Calibration, alpha: float = ALPHA) -> int | None:
    """Return the fewest copies among ``n`` images that the test can find at all; None when not even n are enough.

    >>> fewest_copies(360, Calibration(0.4, 1, 140, 0, 0.0))
    14
    """
    counts = np.arange(1, n + 1)
    p = precedence_p(counts, n, known.rank, known.units, known.leaked)
    found = np.flatnonzero((p < alpha) & (counts / n > known.share))
    return int(counts[found[0]]) if len(found) else None


def _smallest_of_each(values: Features, groups: NDArray[Any]) -> Features:
    names, numbers = np.unique(groups, return_inverse=True)
    smallest = np.full(len(names), np.inf)
    np.minimum.at(smallest, numbers.ravel(), values)
    return smallest
