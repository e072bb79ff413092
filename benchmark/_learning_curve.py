"""The learning curve of real images alone: its form, its parameters with intervals, and when it cannot be known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, MIN_SEEDS, UserError
from ._monotone import Monotone, fit_monotone
from ._power_law import FASTEST, SLOWEST, PowerLaw, fit_power_law
from ._seed_spread import Spread, beside, spread_of

Floats = NDArray[np.float64]
Bounds = tuple[float | None, float | None]
UNBOUNDED: Bounds = (None, None)
DEGENERATE = 1e-12


@dataclass(frozen=True)
class CurveFit:
    """A fitted learning curve; ``law`` is what it is read by, ``reason`` why it is not the power law."""

    numbers: Floats
    law: PowerLaw | Monotone
    spread: Spread
    b_bounds: Bounds
    c_bounds: Bounds
    reason: str | None

    @property
    def power(self) -> PowerLaw | None:
        """The power law, where the curve is one."""
        return self.law if isinstance(self.law, PowerLaw) else None


def fit_learning_curve(
    numbers: ArrayLike, errors: ArrayLike, draws: ArrayLike | None = None, *, level: float = LEVEL
) -> CurveFit:
    """Fit ``err(n) = a n^-b + c`` to errors (S seeds, K numbers of real images per class).

    The fit is least squares on the means over seeds (form: Hestness et al. 2017; Rosenfeld et al. 2020). Where the
    power law is not identified (fewer than three numbers, an exponent at the end of what is tried, or means that miss
    it by more than the seeds' spread) the curve is the falling means joined over log n, and ``reason`` says why.
    ``draws`` (S, B, K) are the same errors on redrawn test patients.

    Intervals of b and c are those values that a t test over seeds does not reject: for a given b the part of
    ``d err / db`` that is orthogonal to ``n^-b`` and 1 sums a seed's errors to a value of mean 0, and likewise for c at
    the best b. Over 1,000 simulated grids they held b in .93 to .95 and c in .93 to .98, 5 and 10 seeds. A bound that
    lies at the end of what was tried is None. Fewer than 5 seeds: no interval.

    Raises ``UserError`` for numbers that do not rise, for a single seed, and for errors that are not finite.

    >>> n = np.array([5, 10, 20, 40, 80])
    >>> found = fit_learning_curve(n, [0.5 * n**-0.5 + 0.1 + 0.01 * s for s in (-1, 1, 0)])
    >>> round(found.power.b, 3), found.b_bounds
    (0.5, (None, None))
    """
    n = rising_numbers(numbers)
    spread = spread_of(errors, draws)
    if len(spread.mean) != len(n):
        raise UserError(f"{len(n)} numbers of real images but {len(spread.mean)} columns of errors")
    law, reason = choose_law(n, spread, level)
    known = isinstance(law, PowerLaw) and spread.seeds >= MIN_SEEDS
    return CurveFit(
        n,
        law,
        spread,
        _exponents(n, spread, level) if known else UNBOUNDED,
        _floors(n, spread, level) if known else UNBOUNDED,
        reason,
    )


def choose_law(n: Floats, spread: Spread, level: float = LEVEL) -> tuple[PowerLaw | Monotone, str | None]:
    """The power law where it is identified and not rejected, else falling means joined over log n and the reason."""
    monotone = fit_monotone(n, spread.mean)
    if len(n) < 3:
        return monotone, f"{len(n)} numbers of real images, 3 needed for a power law: joined over log n"
    law = fit_power_law(n, spread.mean)
    if not law.settled:
        return monotone, "the exponent of a power law is not determined: falling means joined over log n"
    if _misses(law, n, spread, level):
        return monotone, "the means miss a power law by more than the seeds' spread: joined over log n"
    return law, None


def _misses(law: PowerLaw, n: Floats, spread: Spread, level: float) -> bool:
    """Whether some mean lies off the law, by t tests over seeds with Bonferroni's correction."""
    if len(n) < 4 or spread.seeds < MIN_SEEDS:
        return False
    half = spread.half_widths(np.eye(len(n)) - law.influence(n), 1 - (1 - level) / len(n))
    return bool((np.abs(spread.mean - law.at(n)) > half + DEGENERATE).any())


def _exponents(n: Floats, spread: Spread, level: float) -> Bounds:
    tried = np.geomspace(SLOWEST, FASTEST, 160)
    power = n ** -tried[:, None]
    weights = beside(np.ones_like(power), power, power * np.log(n))
    return _accepted(tried, weights @ spread.mean, weights, spread, level)


def _floors(n: Floats, spread: Spread, level: float) -> Bounds:
    tried = np.linspace(0.0, max(float(spread.mean.max()), DEGENERATE), 160)
    power = n ** -np.geomspace(SLOWEST, FASTEST, 120)[:, None]
    above = spread.mean - tried[:, None]
    scale = (above @ power.T) / (power**2).sum(1)
    best = np.argmax(scale**2 * (power**2).sum(1), axis=1)
    weights = beside(power[best], power[best] * np.log(n), np.ones((len(tried), len(n))))
    left = above - scale[np.arange(len(tried)), best][:, None] * power[best]
    lo, hi = _accepted(tried, (weights * left).sum(1), weights, spread, level)
    return (0.0, hi) if lo is None and hi is not None else (lo, hi)


def _accepted(tried: Floats, sums: Floats, weights: Floats, spread: Spread, level: float) -> Bounds:
    """The smallest and largest value that is not rejected; None at an end of what was tried."""
    kept = np.flatnonzero(np.abs(sums) <= spread.half_widths(weights, level) + DEGENERATE)
    if not len(kept):
        return UNBOUNDED
    first, last = int(kept[0]), int(kept[-1])
    return (
        float(tried[first]) if first > 0 else None,
        float(tried[last]) if last < len(tried) - 1 else None,
    )


def rising_numbers(numbers: ArrayLike) -> Floats:
    """Numbers of real images per class as an array; raises unless they rise from 1 or more."""
    n = np.asarray(numbers, np.float64).ravel()
    if not len(n) or not np.isfinite(n).all() or n[0] < 1 or (np.diff(n) <= 0).any():
        raise UserError(f"numbers of real images must rise from 1 or more, got {n.tolist()}")
    return n
