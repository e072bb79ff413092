"""Generators compared pair by pair on the ranking metric, from what every score stage kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..core import (
    LEVEL,
    MIN_SEEDS,
    Interval,
    UserError,
    benjamini_hochberg,
    interval_pvalue,
    paired_t_within,
)
from ..metrics import Difference, LeftOut, difference_of
from ._record import Comparison

CEILING = "real-holdout"
ALPHA = 0.05

Kept = Mapping[tuple[str, int, str], LeftOut]
"""(Generator, seed, metric) -> its value and replicates on the ranking's extractor."""


@dataclass(frozen=True)
class Asked:
    """What is compared: one metric on one extractor, over all seeds of the run."""

    metric: str
    extractor: str
    seeds: Sequence[int]
    higher_is_better: bool


def compare_pairs(
    kept: Kept, kinds: Mapping[str, str], asked: Asked, reasons: Mapping[tuple[str, int], str] | None = None
) -> list[Comparison]:
    """Compare all generators with each other and with real hold-out images; p-values adjusted over all pairs.

    Reference arms are a ruler and no competitors: only the real hold-out is compared. From fewer than 5 seeds no
    generator is said to be better: the p-values are of these images alone. ``reasons`` say why a generator's
    replicates of a seed could not be kept.
    """
    names = [name for name, kind in kinds.items() if kind != "reference"]
    pairs = list(combinations(names, 2))
    pairs += [(name, CEILING) for name in names if CEILING in kinds]
    found = [_compared(a, b, kept, asked, reasons or {}) for a, b in pairs]
    tested = [each for each in found if each.p is not None]
    adjusted = benjamini_hochberg([each.p for each in tested if each.p is not None])
    for each, p in zip(tested, adjusted.tolist(), strict=True):
        each.p_adjusted = p
        if p < ALPHA and each.value and each.scope == "seeds":
            each.better = each.a if (each.value > 0) == asked.higher_is_better else each.b
    return found


def variance_of(difference: Difference) -> float:
    """Variance over images of a difference, from the width of its interval."""
    return _error(difference) ** 2


def _compared(a: str, b: str, kept: Kept, asked: Asked, reasons: Mapping[tuple[str, int], str]) -> Comparison:
    row = Comparison(a=a, b=b, metric=asked.metric, extractor=asked.extractor)
    differences = []
    for seed in asked.seeds:
        sides = [kept.get((name, seed, asked.metric)) for name in (a, b)]
        first, second = sides
        if first is None or second is None:
            missing = a if first is None else b
            row.reason = reasons.get((missing, seed), f"{missing} has no replicates of seed {seed}")
            return row
        try:
            differences.append(difference_of(first, second))
        except UserError as error:
            row.reason = str(error)
            return row
    interval, row.p = _over_seeds(differences)
    row.value, row.lo, row.hi = interval.value, interval.lo, interval.hi
    row.level, row.method = interval.level, interval.method
    row.per_seed = [each.value for each in differences]
    row.scope = "seeds" if len(differences) >= MIN_SEEDS else "images"
    return row


def _over_seeds(differences: Sequence[Difference]) -> tuple[Interval, float]:
    """Return the mean difference with its interval and p-value.

    From 5 seeds on: t over seeds, the images' variance added. With fewer, the images' variance alone: the seeds
    share the real images, so that of the mean is taken to be that of one seed, and nothing is said of other seeds.
    """
    values = [each.value for each in differences]
    if len(values) == 1:
        return differences[0], differences[0].p
    variances = [variance_of(each) for each in differences]
    if len(values) >= MIN_SEEDS:
        interval = paired_t_within(values, variances)
        return interval, interval_pvalue(interval)
    mean, error = sum(values) / len(values), math.sqrt(sum(variances) / len(variances))
    freedom = differences[0].freedom
    half = error * _quantile(freedom, LEVEL)
    method = f"{differences[0].method}, mean of {len(values)} seeds"
    interval = Interval(mean, mean - half, mean + half, LEVEL, method, freedom)
    return interval, interval_pvalue(interval)


def _error(difference: Difference) -> float:
    return (difference.hi - difference.lo) / 2 / _quantile(difference.freedom, difference.level)


def _quantile(freedom: float | None, level: float) -> float:
    from scipy.stats import norm, t

    p = 0.5 + level / 2
    return float(norm.ppf(p) if freedom is None else t.ppf(p, freedom))
