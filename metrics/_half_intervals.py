"""Intervals from half-samples: of a share, and of a density."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core import Interval, wilson


def share_interval(
    share: float,
    halves: NDArray[np.float64],
    most: int,
    level: float,
    method: str,
    variance: float | None = None,
) -> Interval:
    """Wilson's interval at the effective number of images: as many as vary, when independent, like the halves.

    ``most`` is how many there can be; ``variance`` is the halves' own unless another is given.

    >>> i = share_interval(0.5, np.array([0.4, 0.6, 0.5, 0.5]), 100, 0.95, "half-samples")
    >>> round(i.lo, 2), i.value, round(i.hi, 2)
    (0.35, 0.5, 0.65)
    """
    mean = float(halves.mean()) if len(halves) > 1 else share
    if variance is None:
        variance = float(halves.var(ddof=1)) if len(halves) > 1 else 0.0
    effective = min(float(most), max(1.0, mean * (1 - mean) / variance)) if variance > 0 else float(most)
    interval = wilson(share * effective, effective, level)
    return replace(
        interval, value=share, lo=min(interval.lo, share), hi=max(interval.hi, share), method=method
    )


def density_interval(
    density: float, halves: NDArray[np.float64], balls: int, level: float, method: str
) -> Interval:
    """Student's t; where no ball held anything, up to the Poisson rate that would do so now and then."""
    from scipy.stats import t

    half = float(t.ppf(0.5 + level / 2, len(halves) - 1)) * float(halves.std(ddof=1))
    hi = density + half if density > 0 else -float(np.log((1 - level) / 2)) / balls
    return Interval(density, max(0.0, density - half), hi, level, method)
