"""Do the extractors put the generators in the same order? Rank correlation, with an exact test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

Scores = Mapping[str, Mapping[str, float | None]]
"""Extractor -> generator -> score."""
FEWEST = 5
"""Generators: with four, no order is rarer than 1 in 24, so nothing could be shown at 5% on two sides."""
EXACT_RHO = 9
"""Generators up to which all orders are gone through for Spearman's coefficient."""


@dataclass(frozen=True)
class Agreement:
    """How far two extractors agree on the order of generators by one metric.

    ``tau`` is Kendall's tau-b, ``rho`` Spearman's coefficient (from -1, reversed, to 1, the same order); ``p`` and
    ``p_rho`` are their two-sided probabilities under independent orders; ``lo`` and ``hi`` bound tau at 95%. All
    are None with a ``reason`` where the data cannot tell.
    """

    metric: str
    first: str
    second: str
    n: int
    tau: float | None = None
    lo: float | None = None
    hi: float | None = None
    p: float | None = None
    rho: float | None = None
    p_rho: float | None = None
    method: str = ""
    reason: str | None = None


def extractor_agreement(scores_by_extractor: Scores, *, metric: str = "") -> list[Agreement]:
    """Return the agreement of every pair of extractors on the generators that both scored.

    Kendall's tau-b with its exact p-value (Kendall 1938) where no scores are tied, else by the normal
    approximation with the variance corrected for ties; the interval is by a jackknife over generators on
    Fisher's scale. Spearman's p-value is exact up to 9 generators, else by the t distribution. Under 5
    generators, and where one extractor gives all the same score, values are None with the reason. The generators
    are taken as they are: this says nothing of others.

    >>> scores = {"a": dict(zip("uvwxy", [1, 2, 3, 4, 5])), "b": dict(zip("uvwxy", [1, 2, 3, 5, 4]))}
    >>> (found,) = extractor_agreement(scores, metric="kernel_distance")
    >>> round(found.tau, 3), round(found.p, 4), round(found.rho, 3)
    (0.8, 0.0833, 0.9)
    """
    return [
        _of_pair(metric, a, b, scores_by_extractor[a], scores_by_extractor[b])
        for a, b in combinations(scores_by_extractor, 2)
    ]


def kendall_tau(x: Sequence[float], y: Sequence[float]) -> float:
    """Kendall's tau-b: concordant less discordant pairs, by the geometric mean of the pairs not tied in each."""
    signs = _signs(np.asarray(x, float)), _signs(np.asarray(y, float))
    untied = [float((s != 0).sum()) for s in signs]
    return float((signs[0] * signs[1]).sum() / math.sqrt(untied[0] * untied[1])) if all(untied) else math.nan


def spearman_rho(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's coefficient: Pearson's of the ranks, ties at their mean."""
    a, b = (_ranks(np.asarray(v, float)) for v in (x, y))
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / size) if size > 0 else math.nan


def kendall_p(x: Sequence[float], y: Sequence[float]) -> float:
    """Two-sided p-value of tau under independent orders: exact without ties, else the normal approximation."""
    n, s = len(x), float((_signs(np.asarray(x, float)) * _signs(np.asarray(y, float))).sum() / 2)
    if len(set(x)) == n == len(set(y)):
        counts = _inversions(n)
        pairs = n * (n - 1) // 2
        extreme = sum(c for k, c in enumerate(counts) if abs(pairs - 2 * k) >= abs(s) - 1e-9)
        return min(1.0, extreme / math.factorial(n))
    return math.erfc(max(abs(s) - 1, 0.0) / math.sqrt(2 * _tied_variance(x, y)))


def spearman_p(x: Sequence[float], y: Sequence[float]) -> float:
    """Two-sided p-value of rho under independent orders: over all orders up to 9, else by the t distribution."""
    n, found = len(x), spearman_rho(x, y)
    if n <= EXACT_RHO:
        return _rho_by_orders(tuple(_ranks(np.asarray(x, float))), tuple(_ranks(np.asarray(y, float))))
    from scipy import stats

    if abs(found) >= 1 - 1e-12:
        return 0.0
    return float(2 * stats.t.sf(abs(found) * math.sqrt((n - 2) / (1 - found**2)), n - 2))


def _of_pair(
    metric: str, a: str, b: str, x: Mapping[str, float | None], y: Mapping[str, float | None]
) -> Agreement:
    both = [(float(u), float(v)) for name in x if _known(u := x[name]) and _known(v := y.get(name))]  # type: ignore[arg-type]
    n = len(both)
    if n < FEWEST:
        reason = f"not enough data: {n} generators scored by both, {FEWEST} needed"
        return Agreement(metric, a, b, n, reason=reason)
    first, second = ([pair[k] for pair in both] for k in (0, 1))
    for name, values in ((a, first), (b, second)):
        if len(set(values)) == 1:
            return Agreement(metric, a, b, n, reason=f"{name} gives all generators the same score")
    tau = kendall_tau(first, second)
    lo, hi = _interval(first, second, tau)
    ties = "exact" if len(set(first)) == n == len(set(second)) else "normal approximation, ties"
    return Agreement(
        metric, a, b, n, tau, lo, hi, kendall_p(first, second), spearman_rho(first, second),
        spearman_p(first, second), f"Kendall tau-b; p {ties}; jackknife over generators on Fisher's scale",
    )  # fmt: skip


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _interval(x: list[float], y: list[float], tau: float) -> tuple[float | None, float | None]:
    """Jackknife over generators of atanh(tau), with t quantiles; None where an order without one is undefined.

    Full agreement has no spread to estimate from, and no interval.
    """
    from scipy import stats

    n = len(x)
    left = [kendall_tau(x[:i] + x[i + 1 :], y[:i] + y[i + 1 :]) for i in range(n)]
    if abs(tau) > 1 - 1e-9 or any(math.isnan(t) or abs(t) > 1 - 1e-9 for t in left):
        return None, None
    z = np.arctanh(left)
    error = math.sqrt((n - 1) / n * float(((z - z.mean()) ** 2).sum()))
    reach = float(stats.t.ppf(0.975, n - 1)) * error
    return math.tanh(math.atanh(tau) - reach), math.tanh(math.atanh(tau) + reach)


def _signs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.sign(values[:, None] - values[None])
    return found


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = (values[None] < values[:, None]).sum(1) + (
        values[None] == values[:, None]
    ).sum(1) / 2
    return found


@lru_cache(maxsize=32)
def _inversions(n: int) -> tuple[int, ...]:
    """How many orders of n have 0, 1, 2, ... inversions (Mahonian numbers)."""
    counts = [1]
    for k in range(2, n + 1):
        counts = [
            sum(counts[j] for j in range(max(0, i - k + 1), min(i, len(counts) - 1) + 1))
            for i in range(len(counts) + k - 1)
        ]
    return tuple(counts)


def _tied_variance(x: Sequence[float], y: Sequence[float]) -> float:
    """Variance of concordant less discordant pairs under independence, with ties (Kendall 1970, chapter 4)."""
    n = len(x)
    t, u = (np.unique(v, return_counts=True)[1].astype(float) for v in (x, y))
    whole = n * (n - 1) * (2 * n + 5) - sum(float((c * (c - 1) * (2 * c + 5)).sum()) for c in (t, u))
    triples = float((t * (t - 1) * (t - 2)).sum()) * float((u * (u - 1) * (u - 2)).sum())
    pairs = float((t * (t - 1)).sum()) * float((u * (u - 1)).sum())
    return whole / 18 + triples / (9 * n * (n - 1) * (n - 2)) + pairs / (2 * n * (n - 1))


@lru_cache(maxsize=256)
def _rho_by_orders(x: tuple[float, ...], y: tuple[float, ...]) -> float:
    a = np.array(x) - np.mean(x)
    b = np.array(list(permutations(y))) - np.mean(y)
    sums = b @ a
    return float((np.abs(sums) >= abs(float(a @ (np.array(y) - np.mean(y)))) - 1e-9).mean())
