"""How well a classifier serves: overall, per stratum, per class, worst group and gap, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, UserError, rng, wilson
from ..imagesets import MIN_STRATUM
from ._measure_rows import HIGHER_IS_BETTER, MeasureRow, measure_rows
from ._weighted import Weights, targets_of
from ._weighted_test import WeightedTest

KEPT_BY_STRATUM = ("macro_auroc", "balanced_accuracy", "recall", "equalized_odds_difference")
"""Draws that are kept within strata too: a grid keeps them for every cell."""
REPLICATES = 300
POWER = 0.8
_SEED = 20240101


@dataclass(frozen=True)
class Measure:
    """A metric of a stratum, with its interval over test images; where ``value`` is None, ``reason`` says
    why.

    ``stratum`` is ``all``, ``column=value``, ``label=class`` (metric ``recall``), ``worst:column`` or
    ``gap:column``. ``detectable`` is the smallest difference that another classifier must have, tested on as many
    other images (patients, where grouped), to be told apart with 80% power; on the same images less may do.
    """

    metric: str
    stratum: str
    value: float | None
    lo: float | None
    hi: float | None
    level: float
    n_test: int
    reason: str | None = None
    detectable: float | None = None


def better_sign(metric: str, stratum: str = "all") -> int:
    """1 where a higher value serves patients better, else -1 (calibration errors, gaps between groups).

    >>> better_sign("macro_auroc"), better_sign("macro_auroc", "gap:sex"), better_sign("ece", "worst:sex")
    (1, -1, -1)
    """
    return 1 if HIGHER_IS_BETTER.get(metric, True) and not stratum.startswith("gap:") else -1


def draw_name(metric: str, stratum: str = "all") -> str:
    """The name under which a measure's bootstrap draws are kept.

    >>> draw_name("macro_auroc"), draw_name("recall", "label=mel")
    ('macro_auroc', 'recall@label=mel')
    """
    return metric if stratum == "all" else f"{metric}@{stratum}"


def measures_and_draws(
    probabilities: ArrayLike,
    labels: Sequence[str],
    classes: Sequence[str],
    *,
    strata: Mapping[str, ArrayLike] | None = None,
    groups: ArrayLike | None = None,
    min_n: int = MIN_STRATUM,
    level: float = LEVEL,
    replicates: int = REPLICATES,
    scaled: ArrayLike | None = None,
) -> tuple[list[Measure], dict[str, NDArray[np.float32]]]:
    """Measure as ``measures`` does, and keep the draws: ``draw_name`` -> (1 + B,), the value itself first.

    All metrics on all images; within strata those of ``KEPT_BY_STRATUM``. The draws of patients are the same for
    every classifier that is measured on the same test images, so the difference of two classifiers' draws is the
    paired bootstrap of their difference.
    """
    test = _test(probabilities, labels, classes, groups, replicates, scaled)
    rows = list(measure_rows(test, strata or {}, min_n))
    kept = {
        draw_name(row.metric, row.stratum): row.draws.astype(np.float32)
        for row in rows
        if row.draws is not None and (row.stratum == "all" or row.metric in KEPT_BY_STRATUM)
    }
    return _with_intervals(rows, level), kept


def measures(
    probabilities: ArrayLike,
    labels: Sequence[str],
    classes: Sequence[str],
    *,
    strata: Mapping[str, ArrayLike] | None = None,
    groups: ArrayLike | None = None,
    min_n: int = MIN_STRATUM,
    level: float = LEVEL,
    replicates: int = REPLICATES,
    scaled: ArrayLike | None = None,
) -> list[Measure]:
    """Measure class probabilities (N, K) against the labels.

    Macro AUROC (one against rest), balanced accuracy, macro F1, top-3 accuracy (more than 3 classes), ECE (15 bins)
    and Brier score (0 to 2), for all images and for every stratum; with ``scaled`` (temperature-scaled probabilities)
    ECE and Brier score of these too. The recall of each class; for each column of ``strata`` the worst group, the gap
    between best and worst, and the equalized odds difference (stratum ``gap:column``). A column that equals the
    labels gets no macro means.

    ``groups`` (patients, lesions) are resampled whole: percentile intervals of ``replicates`` bootstrap draws with
    one fixed seed, so that classifiers measured on the same test images are paired; Wilson's interval for a recall
    when every image is its own group. A stratum of fewer than ``min_n`` images, or (for macro means) without some
    class, gets None with the reason; the images of a single patient give a value without an interval. Intervals tell
    of the test images, not of the seeds.

    Raises ``UserError`` for labels outside ``classes``, probabilities that are not finite or do not sum to 1.

    Example
    -------
    >>> p = np.array([[0.9, 0.1], [0.2, 0.8]] * 30)
    >>> [(m.metric, m.value) for m in measures(p, ["a", "b"] * 30, ["a", "b"])][:2]
    [('macro_auroc', 1.0), ('balanced_accuracy', 1.0)]
    """
    test = _test(probabilities, labels, classes, groups, replicates, scaled)
    return _with_intervals(list(measure_rows(test, strata or {}, min_n)), level)


def replicate_measures(
    probabilities: ArrayLike,
    labels: Sequence[str],
    classes: Sequence[str],
    *,
    groups: ArrayLike | None = None,
    replicates: int = REPLICATES,
) -> dict[str, NDArray[np.float64]]:
    """Return every metric on all images and on each bootstrap draw of patients: metric -> (1 + B,).

    ``measures_and_draws`` gives them by stratum too, and the measures with them.

    >>> p = np.array([[0.9, 0.1], [0.2, 0.8]] * 30)
    >>> replicate_measures(p, ["a", "b"] * 30, ["a", "b"], replicates=5)["macro_auroc"].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    test = _test(probabilities, labels, classes, groups, replicates, None)
    found = test.values(test.sums(), whole=True)
    return {metric: found[metric] for metric in test.metrics}


def _with_intervals(rows: Sequence[MeasureRow], level: float) -> list[Measure]:
    drawn = [row.draws for row in rows if row.draws is not None]
    bounds = iter(_bounds(np.stack(drawn)[:, 1:], level)) if drawn else iter(())
    found = []
    for row in rows:
        plain = Measure(row.metric, row.stratum, None, None, None, level, row.n, row.reason)
        if row.draws is None:
            found.append(plain)
            continue
        lo, hi, spread = next(bounds)
        value = float(row.draws[0])
        if row.hits is not None:
            share = wilson(row.hits, row.n, level)
            lo, hi = share.lo, share.hi
            spread = (hi - lo) / 2 / NormalDist().inv_cdf(0.5 + level / 2)
        if not np.isfinite(value):
            found.append(replace(plain, reason=row.reason or "not defined on these images"))
        elif not np.isfinite(lo):
            found.append(
                replace(plain, value=value, reason=row.reason or "no interval: one patient's images")
            )
        else:
            found.append(replace(plain, value=value, lo=lo, hi=hi, detectable=_detectable(spread, level)))
    return found


def _bounds(table: NDArray[np.float64], level: float) -> list[tuple[float, float, float]]:
    """Percentile bounds and standard deviation of every row of draws."""
    tail = (1 - level) / 2
    whole = np.isfinite(table).all(1)
    found = np.full((len(table), 3), np.nan)
    found[whole, :2] = np.quantile(table[whole], [tail, 1 - tail], axis=1).T
    found[whole, 2] = table[whole].std(1, ddof=1)
    for i in np.flatnonzero(~whole & (np.isfinite(table).sum(1) > 1)):
        known = table[i][np.isfinite(table[i])]
        found[i] = (*np.quantile(known, [tail, 1 - tail]), known.std(ddof=1))
    return [(float(lo), float(hi), float(spread)) for lo, hi, spread in found]


def _detectable(spread: float, level: float) -> float | None:
    """Two classifiers, so twice the variance; None where no draw differs: nothing is known of the spread then."""
    normal = NormalDist()
    quantiles = normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(POWER)
    return quantiles * float(np.sqrt(2)) * spread if np.isfinite(spread) and spread > 0 else None


def _test(
    probabilities: ArrayLike,
    labels: Sequence[str],
    classes: Sequence[str],
    groups: ArrayLike | None,
    replicates: int,
    scaled: ArrayLike | None,
) -> WeightedTest:
    p = _probabilities(probabilities, len(classes))
    targets = targets_of(labels, classes)
    if len(targets) != len(p):
        raise UserError(f"{len(p)} rows of probabilities but {len(targets)} labels")
    q = None if scaled is None else _probabilities(scaled, len(classes))
    if q is not None and len(q) != len(p):
        raise UserError(f"{len(p)} rows of probabilities but {len(q)} temperature-scaled ones")
    if replicates < 2:
        raise UserError(f"a bootstrap needs at least 2 replicates, got {replicates}")
    codes = _group_codes(groups, len(targets))
    return WeightedTest.of(p, targets, classes, _bootstrap_weights(codes, replicates), q, codes)


def _bootstrap_weights(codes: NDArray[np.int64], replicates: int) -> Weights:
    """(N, 1 + B): ones, then how often each image's group was drawn with replacement."""
    return _drawn(int(codes.max()) + 1, replicates)[codes]


@lru_cache(maxsize=4)
def _drawn(groups: int, replicates: int) -> Weights:
    """(Groups, 1 + B); cells of a grid share their test set, and with it the draws."""
    drawn = rng(_SEED, "bootstrap").multinomial(groups, np.full(groups, 1 / groups), size=replicates)
    return np.concatenate([np.ones((groups, 1)), drawn.T.astype(np.float64)], axis=1)


def _group_codes(groups: ArrayLike | None, n: int) -> NDArray[np.int64]:
    if groups is None:
        return np.arange(n, dtype=np.int64)
    given = np.asarray(groups)
    if given.shape != (n,):
        raise UserError(f"{given.shape} groups for {n} images")
    return np.unique(given.astype(str), return_inverse=True)[1].astype(np.int64)


def _probabilities(values: ArrayLike, classes: int) -> NDArray[np.float64]:
    p = np.asarray(values, np.float64)
    if p.ndim != 2 or p.shape[1] != classes or not len(p):
        raise UserError(f"probabilities must be (N, {classes}) with N > 0, got {p.shape}")
    if not np.isfinite(p).all() or np.abs(p.sum(1) - 1).max() > 1e-3 or p.min() < -1e-9:
        raise UserError("every row of the probabilities must be finite, at least 0 and sum to 1")
    return p
