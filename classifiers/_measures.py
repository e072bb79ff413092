"""How well a classifier serves: overall, per stratum, per class, worst group and gap, with intervals."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, UserError, rng, wilson
from ..imagesets import MIN_STRATUM, UNKNOWN, too_small
from ._weighted import targets_of, weighted_auroc, weighted_ece, weighted_f1, weighted_recalls

METRICS = ("macro_auroc", "balanced_accuracy", "macro_f1", "ece")
HIGHER_IS_BETTER = {
    "macro_auroc": True,
    "balanced_accuracy": True,
    "macro_f1": True,
    "ece": False,
    "recall": True,
}
REPLICATES = 300
_SEED = 20240101


@dataclass(frozen=True)
class Measure:
    """A metric of a stratum, with its interval over test images; where ``value`` is None, ``reason`` says
    why.

    ``stratum`` is ``all``, ``column=value``, ``label=class`` (metric ``recall``), ``worst:column`` or
    ``gap:column``.
    """

    metric: str
    stratum: str
    value: float | None
    lo: float | None
    hi: float | None
    level: float
    n_test: int
    reason: str | None = None


class _Test:
    """A test set's predictions and its bootstrap weights (row 0: the images as they are)."""

    def __init__(
        self,
        p: NDArray[np.float64],
        targets: NDArray[np.int64],
        classes: Sequence[str],
        weights: NDArray[np.float64],
    ) -> None:
        self.p, self.targets, self.classes, self.weights = p, targets, tuple(classes), weights
        self.predicted = p.argmax(1).astype(np.int64)

    def subset(self, mask: NDArray[np.bool_]) -> _Test:
        return _Test(self.p[mask], self.targets[mask], self.classes, self.weights[:, mask])

    def absent(self) -> list[str]:
        return [name for k, name in enumerate(self.classes) if not (self.targets == k).any()]

    def values(self, metric: str) -> NDArray[np.float64]:
        """The metric under every weighting; a replicate without a class takes the mean over the others."""
        k = len(self.classes)
        right = self.predicted == self.targets
        if metric == "ece":
            return weighted_ece(self.p.max(1), right, self.weights)
        if metric == "macro_auroc":
            each = np.stack(
                [weighted_auroc(self.p[:, i], self.targets == i, self.weights) for i in range(k)], axis=1
            )
        elif metric == "macro_f1":
            each = weighted_f1(self.predicted, self.targets, k, self.weights)
        else:
            each = weighted_recalls(right, self.targets, k, self.weights)
        return _mean(each)


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
) -> list[Measure]:
    """Measure class probabilities (N, K) against the labels.

    Macro AUROC (one against rest), balanced accuracy, macro F1 and ECE (15 bins) for all images and for every
    stratum; the recall of each class; for each column of ``strata`` the worst group and the gap between
    best and worst. ``groups`` (patients, lesions) are resampled whole: percentile intervals of
    ``replicates`` bootstrap draws with one fixed seed, so that classifiers measured on the same test images
    are paired; Wilson's interval for a recall when every image is its own group. A stratum of fewer than
    ``min_n`` images, or (but for the ECE) without some class, gets None with the reason. Intervals tell of
    the test images, not of the seeds.

    Raises ``UserError`` for labels outside ``classes``, probabilities that are not finite or do not sum to 1.

    Example
    -------
    >>> p = np.array([[0.9, 0.1], [0.2, 0.8]] * 30)
    >>> [(m.metric, m.value) for m in measures(p, ["a", "b"] * 30, ["a", "b"])][:2]
    [('macro_auroc', 1.0), ('balanced_accuracy', 1.0)]
    """
    everything, codes = _test(probabilities, labels, classes, groups, replicates)
    found = [_measure(everything, metric, "all", min_n, level)[0] for metric in METRICS]
    found += _recalls(everything, codes, min_n, level)
    for column, values in (strata or {}).items():
        found += _column(everything, column, np.asarray(values).astype(str), min_n, level)
    return found


def replicate_measures(
    probabilities: ArrayLike,
    labels: Sequence[str],
    classes: Sequence[str],
    *,
    groups: ArrayLike | None = None,
    replicates: int = REPLICATES,
) -> dict[str, NDArray[np.float64]]:
    """Return every metric on all images and on each bootstrap draw of patients: metric -> (1 + B,).

    The draws are the same for every classifier that is measured on the same test images, so the difference of
    two classifiers' replicates is the paired bootstrap of their difference.

    >>> p = np.array([[0.9, 0.1], [0.2, 0.8]] * 30)
    >>> replicate_measures(p, ["a", "b"] * 30, ["a", "b"], replicates=5)["macro_auroc"].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    everything, _ = _test(probabilities, labels, classes, groups, replicates)
    return {metric: everything.values(metric) for metric in METRICS}


def _test(
    probabilities: ArrayLike,
    labels: Sequence[str],
    classes: Sequence[str],
    groups: ArrayLike | None,
    replicates: int,
) -> tuple[_Test, NDArray[np.int64]]:
    p = _probabilities(probabilities, len(classes))
    targets = targets_of(labels, classes)
    if len(targets) != len(p):
        raise UserError(f"{len(p)} rows of probabilities but {len(targets)} labels")
    codes = _group_codes(groups, len(targets))
    return _Test(p, targets, classes, _bootstrap_weights(codes, replicates)), codes


def _column(test: _Test, column: str, values: NDArray[np.str_], min_n: int, level: float) -> list[Measure]:
    if len(values) != len(test.targets):
        raise UserError(f"the column {column!r} has {len(values)} values for {len(test.targets)} images")
    names = sorted(set(values.tolist()))
    found: list[Measure] = []
    for metric in METRICS:
        drawn: dict[str, NDArray[np.float64]] = {}
        left_out = []
        for name in names:
            measure, replicates = _measure(
                test.subset(values == name), metric, f"{column}={name}", min_n, level
            )
            found.append(measure)
            if replicates is not None and name != UNKNOWN:
                drawn[name] = replicates
            elif name != UNKNOWN:
                left_out.append(name)
        found += _across(metric, column, drawn, left_out, len(values), level)
    return found


def _across(
    metric: str, column: str, drawn: dict[str, NDArray[np.float64]], left_out: list[str], n: int, level: float
) -> list[Measure]:
    """Worst group and gap over the scored groups; groups that could not be scored are named in the reason."""
    note = f"without {', '.join(left_out)}: not scored" if left_out else None
    if len(drawn) < 2:
        why = f"fewer than two groups of {column} could be scored"
        return [
            Measure(metric, f"{kind}:{column}", None, None, None, level, n, why) for kind in ("worst", "gap")
        ]
    table = np.stack(list(drawn.values()))
    worst = table.min(0) if HIGHER_IS_BETTER[metric] else table.max(0)
    gap = table.max(0) - table.min(0)
    return [
        _with_interval(metric, f"worst:{column}", worst, n, level, note),
        _with_interval(metric, f"gap:{column}", gap, n, level, note),
    ]


def _measure(
    test: _Test, metric: str, stratum: str, min_n: int, level: float
) -> tuple[Measure, NDArray[np.float64] | None]:
    n = len(test.targets)
    reason = too_small(stratum.partition("=")[2] or stratum, n, min_n)
    if reason is None and metric != "ece" and test.absent():
        reason = f"no image of {', '.join(test.absent())} in {stratum}"
    if reason is not None:
        return Measure(metric, stratum, None, None, None, level, n, reason), None
    replicates = test.values(metric)
    return _with_interval(metric, stratum, replicates, n, level), replicates


def _recalls(test: _Test, codes: NDArray[np.int64], min_n: int, level: float) -> list[Measure]:
    right = test.predicted == test.targets
    table = weighted_recalls(right, test.targets, len(test.classes), test.weights)
    alone = len(np.unique(codes)) == len(codes)
    found = []
    for k, name in enumerate(test.classes):
        mine = test.targets == k
        n = int(mine.sum())
        reason = too_small(name, n, min_n)
        if reason is not None:
            found.append(Measure("recall", f"label={name}", None, None, None, level, n, reason))
        elif alone:
            i = wilson(int(right[mine].sum()), n, level)
            found.append(Measure("recall", f"label={name}", i.value, i.lo, i.hi, level, n))
        else:
            found.append(_with_interval("recall", f"label={name}", table[:, k], n, level))
    return found


def _with_interval(
    metric: str, stratum: str, replicates: NDArray[np.float64], n: int, level: float, note: str | None = None
) -> Measure:
    tail = (1 - level) / 2
    lo, hi = np.nanquantile(replicates[1:], [tail, 1 - tail])
    return Measure(metric, stratum, float(replicates[0]), float(lo), float(hi), level, n, note)


def _bootstrap_weights(codes: NDArray[np.int64], replicates: int) -> NDArray[np.float64]:
    """(1 + B, N): ones, then how often each image's group was drawn with replacement."""
    n_groups = int(codes.max()) + 1
    drawn = rng(_SEED, "bootstrap").multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=replicates)
    return np.concatenate([np.ones((1, len(codes))), drawn[:, codes].astype(np.float64)])


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


def _mean(each: NDArray[np.float64]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(each, axis=1)
