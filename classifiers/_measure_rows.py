"""The measures of a test set by stratum, each with its draws, before intervals are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import UserError
from ..imagesets import UNKNOWN, too_small
from ._equalized_odds import Sums, equalized_odds_difference
from ._weighted_test import WeightedTest, recalls_of

METRICS = (
    "macro_auroc", "balanced_accuracy", "macro_f1", "top3", "ece", "brier", "ece_scaled", "brier_scaled"
)  # fmt: skip
HIGHER_IS_BETTER = {
    "macro_auroc": True,
    "balanced_accuracy": True,
    "macro_f1": True,
    "top3": True,
    "recall": True,
    "ece": False,
    "brier": False,
    "ece_scaled": False,
    "brier_scaled": False,
    "equalized_odds_difference": False,
}
MACRO = ("macro_auroc", "balanced_accuracy", "macro_f1")
"""Measures that need an image of every class."""


@dataclass(frozen=True)
class MeasureRow:
    """A measure before its interval: its draws (the value first), or the reason why there are none."""

    metric: str
    stratum: str
    n: int
    draws: NDArray[np.float64] | None
    reason: str | None = None
    hits: int | None = None
    """Of a share of independent images: Wilson's interval then takes the draws' place."""


def measure_rows(test: WeightedTest, strata: Mapping[str, ArrayLike], min_n: int) -> Iterator[MeasureRow]:
    """Every measure on all images, of every class and in every stratum; see ``measures``."""
    sums = test.sums()
    yield from _stratum(test, sums, "all", min_n)
    yield from _recalls(test, sums, min_n)
    for column, values in strata.items():
        yield from _column(test, column, np.asarray(values).astype(str), min_n)


def _stratum(
    test: WeightedTest, sums: Sums, stratum: str, min_n: int, metrics: Sequence[str] = METRICS
) -> Iterator[MeasureRow]:
    n, absent = len(test), test.absent()
    small = too_small(stratum.partition("=")[2] or stratum, n, min_n)
    lacking = f"no image of {', '.join(absent)} in {stratum}" if absent else None
    whole = not absent and any(metric in MACRO for metric in metrics)
    found = {} if small else test.values(sums, whole)
    for metric in test.metrics:
        if metric in metrics:
            reason = small or (lacking if metric in MACRO else None)
            yield MeasureRow(metric, stratum, n, None if reason else found[metric], reason)


def _column(test: WeightedTest, column: str, values: NDArray[np.str_], min_n: int) -> Iterator[MeasureRow]:
    if len(values) != len(test):
        raise UserError(f"the column {column!r} has {len(values)} values for {len(test)} images")
    is_label = np.array_equal(values, np.asarray(test.classes)[test.targets])
    metrics = [metric for metric in METRICS if not (is_label and metric in MACRO)]
    rows: list[MeasureRow] = []
    sums: dict[str, Sums] = {}
    for name in sorted(set(values.tolist())):
        part = test.subset(values == name)
        sums[name] = part.sums()
        rows += _stratum(part, sums[name], f"{column}={name}", min_n, metrics)
    for metric in dict.fromkeys(row.metric for row in rows):
        mine = [row for row in rows if row.metric == metric]
        yield from mine
        yield from _across(metric, column, mine, len(values))
    if not is_label:
        yield _odds(column, rows, sums, len(values))


def _across(metric: str, column: str, rows: Sequence[MeasureRow], n: int) -> Iterator[MeasureRow]:
    """Worst group and gap over the scored groups; groups that could not be scored are named in the reason."""
    drawn, note = _scored(column, rows)
    if len(drawn) < 2:
        for kind in ("worst", "gap"):
            yield MeasureRow(metric, f"{kind}:{column}", n, None, _too_few(column))
        return
    table = np.stack(list(drawn.values()))
    worst = table.min(0) if HIGHER_IS_BETTER[metric] else table.max(0)
    yield MeasureRow(metric, f"worst:{column}", n, worst, note)
    yield MeasureRow(metric, f"gap:{column}", n, table.max(0) - table.min(0), note)


def _odds(column: str, rows: Sequence[MeasureRow], sums: Mapping[str, Sums], n: int) -> MeasureRow:
    metric, stratum = "equalized_odds_difference", f"gap:{column}"
    drawn, note = _scored(column, [row for row in rows if row.metric == "balanced_accuracy"])
    if len(drawn) < 2:
        return MeasureRow(metric, stratum, n, None, _too_few(column))
    found = equalized_odds_difference([sums[name] for name in drawn])
    found[np.isnan(list(drawn.values())).any(0)] = np.nan
    return MeasureRow(metric, stratum, n, found, note)


def _scored(column: str, rows: Sequence[MeasureRow]) -> tuple[dict[str, NDArray[np.float64]], str | None]:
    """The draws of the groups that were scored, and a note that names the others; ``unknown`` is no group."""
    drawn, left_out = {}, []
    for row in rows:
        name = row.stratum.removeprefix(f"{column}=")
        if row.draws is not None and name != UNKNOWN:
            drawn[name] = row.draws
        elif name != UNKNOWN:
            left_out.append(name)
    return drawn, f"without {', '.join(left_out)}: not scored" if left_out else None


def _too_few(column: str) -> str:
    return f"fewer than two groups of {column} could be scored"


def _recalls(test: WeightedTest, sums: Sums, min_n: int) -> Iterator[MeasureRow]:
    alone = len(np.unique(test.groups)) == len(test)
    table = recalls_of(sums)
    rows = []
    for k, name in enumerate(test.classes):
        mine = test.targets == k
        n = int(mine.sum())
        reason = too_small(name, n, min_n)
        if test.single(mine):
            table[1:, k] = np.nan
        hits = int(sums["hits"][0, k]) if alone and reason is None else None
        rows.append(MeasureRow("recall", f"label={name}", n, None if reason else table[:, k], reason, hits))
    yield from rows
    yield from _across("recall", "label", rows, len(test))
