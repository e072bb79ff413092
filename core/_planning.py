"""Before the work: how many are needed, and what a given number could show."""

from __future__ import annotations

import math
from statistics import NormalDist

from ._errors import UserError


def detectable_share_difference(
    n_a: int, n_b: int, base: float = 0.8, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Smallest rise of a share above ``base`` that n_a and n_b images tell apart (arcsine approximation, Cohen 1988).

    >>> round(detectable_share_difference(200, 200, 0.8), 2)
    0.1
    """
    if n_a < 1 or n_b < 1 or not 0 <= base < 1:
        raise UserError("a plan needs n >= 1 in both groups and a base share in [0, 1)")
    normal = NormalDist()
    effect = (normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)) * math.sqrt(1 / n_a + 1 / n_b)
    angle = math.asin(math.sqrt(base)) + effect / 2
    return 1.0 - base if angle >= math.pi / 2 else math.sin(angle) ** 2 - base


def ratings_needed(base: float, target: float, *, power: float = 0.8, level: float = 0.95) -> int:
    """Number of ratings *per arm* that tells two shares apart.

    >>> 190 < ratings_needed(0.8, 0.9) < 210
    True
    """
    if not (0 <= base <= 1 and 0 <= target <= 1) or base == target:
        raise UserError("a plan needs two different shares in [0, 1]")
    normal = NormalDist()
    effect = 2 * abs(math.asin(math.sqrt(target)) - math.asin(math.sqrt(base)))
    return math.ceil(2 * ((normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)) / effect) ** 2)


def detectable_mean_difference(
    n_seeds: int, spread: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Smallest mean paired difference that ``n_seeds`` seeds can show, given the spread (SD) of the differences.

    t quantiles stand in for the normal ones (a two-step approximation; exact within 5% from 4 seeds on).
    """
    if n_seeds < 2 or spread < 0:
        raise UserError("a plan over seeds needs at least 2 seeds and a spread >= 0")
    from scipy.stats import t

    freedom = n_seeds - 1
    quantiles = t.ppf(0.5 + level / 2, freedom) + t.ppf(power, freedom)
    return float(quantiles * spread / math.sqrt(n_seeds))
