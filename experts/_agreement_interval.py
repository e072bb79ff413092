"""The interval of an agreement of several raters: a jackknife over images that stays within its range."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..core import LEVEL, Interval, jackknife, wilson

Matrix = NDArray[np.float64]


def agreement_interval(
    value: float, left_out: Matrix, equal: Matrix, chance: float, level: float = LEVEL
) -> Interval:
    """The interval of a measure 1 - observed / expected disagreement.

    ``left_out[i]`` is the measure without image i, ``equal[i]`` the share of equal pairs of its answers,
    ``chance`` the agreement expected by chance. The jackknife's t interval is made for log(1 - measure), so
    that it is longer towards 0 and never passes 1: in simulations it covers better than the symmetric one.
    Where all answers are equal it would have no width, and Wilson's bound on the share of images with equal
    answers is carried through the formula; where one image decides, all values are possible.
    """
    n = len(equal)
    if (equal == 1).all():
        bound = 1 - (1 - wilson(n, n, level).lo) / (1 - chance)
        return Interval(1.0, max(-1.0, bound), 1.0, level, "wilson on agreement")
    if not np.isfinite(left_out).all() or not math.isfinite(value):
        return Interval(value, -1.0, 1.0, level, "none: one image decides")
    plain = jackknife(left_out, value, level)
    stretch = math.exp(min(700.0, (plain.hi - value) / (1 - value)))
    low, high = 1 - (1 - value) * stretch, 1 - (1 - value) / stretch
    return Interval(value, max(-1.0, low), min(1.0, high), level, "jackknife over images", n - 1)


def missing(value: object) -> bool:
    """True for None and NaN (also pandas' own)."""
    return value is None or value != value or str(value) == "<NA>"
