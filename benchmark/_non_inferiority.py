"""Non-inferiority: is a loss smaller than a margin that was set before?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core import MIN_SEEDS, Interval, UserError, describe_seeds, interval_pvalue, paired_t
from ._audit import ROUNDING

ONE_SIDED = 0.95


@dataclass(frozen=True)
class NonInferiority:
    """The mean difference with the bounds of a one-sided 95% test each way, its p-value, and what follows.

    ``p`` is of a loss of the margin or more; ``shown`` is None where nothing can be known.
    """

    value: float | None
    lo: float | None
    hi: float | None
    p: float | None
    shown: bool | None
    words: str


def non_inferiority(
    a: Sequence[float], b: Sequence[float], margin: float, *, min_seeds: int = MIN_SEEDS
) -> NonInferiority:
    """Test over paired seeds whether a is worse than b by less than ``margin`` (higher is better).

    ``t = (mean(a - b) + margin) / (s / sqrt(n))`` against Student's t, one-sided at 5%: shown when the lower bound of
    the 90% interval of the mean difference lies above ``-margin``. It speaks of other training runs on the same real
    images. Raises ``UserError`` for a margin that is not above 0.

    >>> found = non_inferiority([.50, .51, .49, .50, .50], [.51, .50, .50, .50, .51], 0.05)
    >>> found.shown, round(found.lo, 2)
    (True, -0.01)
    """
    if not margin > 0:
        raise UserError(f"a margin must be above 0, got {margin:g}")
    differences = [x - y for x, y in zip(a, b, strict=True)]
    if not differences:
        return NonInferiority(None, None, None, None, None, "one of the two sides was not measured")
    mean = sum(differences) / len(differences)
    if len(differences) < min_seeds:
        words = f"difference {describe_seeds(differences)}; nothing is claimed from so few"
        return NonInferiority(mean, None, None, None, None, words)
    interval = paired_t(a, b, level=2 * ONE_SIDED - 1)
    if interval.hi - interval.lo < ROUNDING:
        words = f"every seed gave the same difference, {mean:.3f}: there is no spread to judge it by"
        return NonInferiority(mean, None, None, None, None, words)
    p = _one_sided(interval, -margin)
    shown = interval.lo > -margin
    verb = "a loss below" if shown else "a loss of"
    words = (
        f"difference {interval.value:.3f}, with 95% confidence above {interval.lo:.3f} ({len(differences)} seeds): "
        f"{verb} the margin of {margin:g} is {'shown' if shown else 'not ruled out'}"
    )
    return NonInferiority(interval.value, interval.lo, interval.hi, p, shown, words)


def _one_sided(interval: Interval, point: float) -> float:
    """The p-value of the mean being ``point`` or less."""
    both = interval_pvalue(interval, point)
    return both / 2 if interval.value > point else 1 - both / 2
