"""Shares of verdicts, and their differences, where several raters saw the same images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, wilson

Vector = NDArray[np.float64]
MIN_RATERS = 3
"""With fewer raters nothing is said of other raters: the interval holds for these on other images."""
OTHERS, THESE = "raters and images", "images; these raters alone"


@dataclass(frozen=True)
class Spread:
    """The variance of an estimate with its degrees of freedom, and of what it speaks."""

    variance: float
    freedom: float
    scope: str


def share_interval(
    votes: ArrayLike, raters: ArrayLike, images: ArrayLike, level: float = LEVEL, *, these_alone: bool = False
) -> Interval:
    """The share of votes that are 1, with an interval that respects that votes share raters and images.

    The variance is taken two ways (clusters of raters plus clusters of images less single votes: Cameron,
    Gelbach and Miller 2011), turned into an effective number of votes, and given to Wilson's interval at t's
    quantile. From 3 raters on it speaks of other raters too; below, or with ``these_alone``, of these raters
    on other images (``method`` says which).

    >>> i = share_interval([1, 1, 1, 0] * 10, ["anna"] * 20 + ["ben"] * 20, list(range(40)))
    >>> round(i.value, 2), round(i.lo, 2), i.method
    (0.75, 0.59, 'images; these raters alone')
    """
    y, who, what = _checked(votes, raters, images)
    n, share = len(y), float(y.mean())
    spread = two_way((y - share) / n, who * (not these_alone), what)
    level_here = _as_level(spread.freedom, level)
    distinct = len(np.unique(what))
    if share in (0.0, 1.0):
        effective = float(distinct)
    else:
        plain = share * (1 - share)
        effective = min(float(n), plain / spread.variance if spread.variance > 0 else n)
    found = wilson(share * effective, effective, level_here)
    return Interval(share, found.lo, found.hi, level, spread.scope, spread.freedom)


def two_way(influence: Vector, raters: NDArray[np.int64], images: NDArray[np.int64]) -> Spread:
    """The variance of an estimate whose votes have these influences (they add up to 0)."""
    by_rater, n_raters = clustered(influence, raters)
    by_image, n_images = clustered(influence, images)
    if n_raters < MIN_RATERS:
        return Spread(by_image, max(1, n_images - 1), THESE)
    single = float((influence**2).sum())
    variance = max(by_rater + by_image - single, by_image, by_rater)
    parts = by_rater**2 / (n_raters - 1) + by_image**2 / max(1, n_images - 1)
    freedom = variance**2 / parts if parts > 0 else n_images - 1
    return Spread(variance, max(1.0, freedom), OTHERS)


def clustered(influence: Vector, clusters: NDArray[np.int64]) -> tuple[float, int]:
    """The variance where the clusters alone are independent, and their number."""
    sums = np.bincount(clusters, weights=influence)
    sums = sums[np.bincount(clusters) > 0]
    n = len(sums)
    return float(n / max(1, n - 1) * (sums**2).sum()), n


@dataclass(frozen=True)
class Difference:
    """A difference of two shares with its interval and what tests need."""

    interval: Interval
    error: float
    n_first: int
    n_second: int
    n_raters: int

    def p_value(self, point: float = 0.0) -> float:
        """Two-sided p-value of a true difference of ``point``."""
        from scipy.stats import t

        return float(2 * t.sf(abs(self.interval.value - point) / self.error, self.interval.freedom))

    def p_above(self, point: float) -> float:
        """One-sided p-value of a true difference of ``point`` or less."""
        from scipy.stats import t

        return float(t.sf((self.interval.value - point) / self.error, self.interval.freedom))

    def detectable(self, power: float = 0.8, level: float = LEVEL) -> float:
        """The smallest true difference that would have been shown with this power."""
        from scipy.stats import t

        freedom = self.interval.freedom
        return float(t.ppf(0.5 + level / 2, freedom) + t.ppf(power, freedom)) * self.error

    def lower(self, level: float = LEVEL) -> float:
        """The one-sided lower bound."""
        from scipy.stats import t

        return self.interval.value - float(t.ppf(level, self.interval.freedom)) * self.error


def paired_difference(
    votes: ArrayLike,
    first: ArrayLike,
    pairs: ArrayLike,
    images: ArrayLike,
    level: float = LEVEL,
    *,
    pairs_are_raters: bool = True,
) -> Difference:
    """Share among ``first`` less share among the others, within each of ``pairs`` (the rater) and then meaned.

    Each pair weighs n1 n2 / (n1 + n2) (Mantel and Haenszel), so that a strict rater who saw more of the one
    kind moves nothing, and a pair with one kind alone is left out. The interval is t's with the two-way
    variance of `share_interval`, never smaller than that of independent votes after adding one success and
    one failure to each side (Agresti and Caffo 2000). With ``pairs_are_raters`` False the pairs are fixed
    groups (such as real and synthetic), and images alone are drawn.

    Raises ``UserError`` when no pair has both kinds.
    """
    y, who, what = _checked(votes, pairs, images)
    one = np.asarray(first, dtype=bool)
    n1 = np.bincount(who, weights=one, minlength=who.max() + 1).astype(np.float64)
    n2 = np.bincount(who, weights=~one, minlength=who.max() + 1).astype(np.float64)
    both = (n1 > 0) & (n2 > 0)
    if not both.any():
        raise UserError("no rater saw images of both kinds")
    kept = both[who]
    y, who, what, one = y[kept], who[kept], what[kept], one[kept]
    weight = np.divide(n1 * n2, n1 + n2, out=np.zeros_like(n1), where=both)
    weight /= weight.sum()
    passed1 = np.bincount(who, weights=y * one, minlength=len(n1)).astype(np.float64)
    passed2 = np.bincount(who, weights=y * ~one, minlength=len(n1)).astype(np.float64)
    share1, share2 = (_ratio(passed1, n1), _ratio(passed2, n2))
    apart = share1 - share2
    value = float(weight @ apart)
    inner = np.where(one, (y - share1[who]) / n1[who], -(y - share2[who]) / n2[who]) * weight[who]
    spread = _difference_spread(inner, weight, apart - value, who, what, both, pairs_are_raters)
    floor = _floor(y[one], what[one]) + _floor(y[~one], what[~one])
    error = math.sqrt(max(spread.variance, floor))
    half = _t(0.5 + level / 2, spread.freedom) * error
    found = Interval(
        value, max(-1.0, value - half), min(1.0, value + half), level, spread.scope, spread.freedom
    )
    return Difference(found, error, int(one.sum()), int((~one).sum()), int(both.sum()))


def _difference_spread(
    inner: Vector, weight: Vector, apart: Vector, who: NDArray[np.int64], what: NDArray[np.int64],
    both: NDArray[np.bool_], raters: bool,
) -> Spread:  # fmt: skip
    by_image, n_images = clustered(inner, what)
    n_pairs = int(both.sum())
    if not raters or n_pairs < MIN_RATERS:
        return Spread(by_image, max(1, n_images - 2), THESE)
    # The pairs' differences hold the noise of their votes already: it is taken off once.
    by_rater = float((weight**2 * apart**2)[both].sum()) / max(1e-9, 1 - float((weight**2).sum()))
    variance = max(by_rater + by_image - float((inner**2).sum()), by_image, by_rater)
    parts = by_rater**2 / (n_pairs - 1) + by_image**2 / max(1, n_images - 2)
    return Spread(variance, max(1.0, variance**2 / parts) if parts > 0 else n_images - 2, OTHERS)


def _floor(y: Vector, images: NDArray[np.int64]) -> float:
    n = len(y) if 0 < y.mean() < 1 else len(np.unique(images))
    share = (float(y.mean()) * n + 1) / (n + 2)
    return share * (1 - share) / (n + 2)


def _checked(
    votes: ArrayLike, raters: ArrayLike, images: ArrayLike
) -> tuple[Vector, NDArray[np.int64], NDArray[np.int64]]:
    y = np.asarray(votes, dtype=np.float64).ravel()
    who = np.unique(np.asarray(raters).astype(str), return_inverse=True)[1].ravel()
    what = np.unique(np.asarray(images).astype(str), return_inverse=True)[1].ravel()
    if not len(y) or not (len(y) == len(who) == len(what)):
        raise UserError("a share needs votes, each with its rater and its image")
    if not ((y >= 0) & (y <= 1)).all():
        raise UserError("votes lie between 0 and 1")
    return y, who, what


def _ratio(a: Vector, b: Vector) -> Vector:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _as_level(freedom: float, level: float) -> float:
    """The level whose normal quantile is t's quantile at ``level``."""
    return min(1 - 1e-12, 2 * NormalDist().cdf(min(8.0, _t(0.5 + level / 2, freedom))) - 1)


def _t(p: float, freedom: float) -> float:
    from scipy.stats import t

    return float(t.ppf(p, freedom))
