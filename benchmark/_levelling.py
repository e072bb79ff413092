"""Levelling down: a gap between groups that closes because the better served group got worse."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..classifiers import better_sign
from ..core import LEVEL, MIN_SEEDS, Interval, benjamini_hochberg, paired_t_within, within_pvalue
from ..imagesets import UNKNOWN
from ._cell_key import CellKey
from ._cell_table import CellTable, Draws, variance_within
from ._compared import ADDING, MIN_PATIENTS, ONE_PATIENT, ROUNDING, few_patients
from ._labellers import column_of
from ._record import CellRow
from ._record_augmentation import Levelling

METRICS = ("macro_auroc", "balanced_accuracy")
ONE_SIDED = (1 - LEVEL) / 2
"""Level of the one-sided tests: that of one end of the intervals that are shown."""


def levelling(
    cells: Sequence[CellRow],
    draws: Draws | None = None,
    *,
    baseline: str = "real-only",
    metrics: Sequence[str] = METRICS,
    columns: Sequence[str] | None = None,
) -> list[Levelling]:
    """Say for each arm that adds synthetic images, and each column, whether the gap between groups was levelled down.

    The two groups are those that both arms together serve best and worst, chosen for each seed by its *other* seeds: a
    group chosen for the luck of one arm, or of one seed, would seem to lose when it is measured again. (Of two groups,
    a gap closes exactly where the group that both serve better loses more.) Changes are the arm's less the
    baseline's, positive where the group is served better; the gap's change is the better group's less the worse
    group's: negative means that the gap closed. The groups are named where every seed chose the same two.

    Flagged (Mittelstadt et al. 2023 call it levelling down) where three things hold over 5 seeds or more: the gap
    closed, the better group got worse, and its loss is the larger part of the closing (the mean of both changes is
    below 0). The p-value is the largest of the three one-sided ones (all must hold), adjusted by Benjamini and
    Hochberg over all rows and judged at .025, one end of the intervals that are shown. ``columns``: all but the
    label by default; ``unknown`` is nobody's group.

    >>> levelling([])
    []
    """
    table = CellTable(cells, draws)
    found = [
        _change(table, a, b, metric, column)
        for a, b in _pairs(table, baseline)
        for metric in metrics
        for column in (_columns(table, a) if columns is None else columns)
    ]
    kept = [each for each in found if each is not None]
    _flag(kept)
    return [each.row for each in kept]


@dataclass
class _Change:
    """A row with what its flag is decided by."""

    row: Levelling
    p: float | None = None
    groups: list[tuple[str, str]] = field(default_factory=list)


def _pairs(table: CellTable, baseline: str) -> list[tuple[dict[int, CellKey], dict[int, CellKey]]]:
    """The seeds' cells of every line, and those of the baseline in the same setting."""
    lines = table.lines()
    bases = {
        (key.n_real, key.classifier, key.test_set): cells
        for key, cells in lines.items()
        if key.side == baseline
    }
    return [
        (cells, bases[setting])
        for key, cells in lines.items()
        if key.arm in ADDING and (setting := (key.n_real, key.classifier, key.test_set)) in bases
    ]


def _columns(table: CellTable, cells: Mapping[int, CellKey]) -> list[str]:
    names = {
        column_of(stratum): None
        for key in cells.values()
        for _, stratum in table.rows[key]
        if "=" in stratum and not stratum.startswith("label=")
    }
    return list(names)


def _change(
    table: CellTable, a: Mapping[int, CellKey], b: Mapping[int, CellKey], metric: str, column: str
) -> _Change | None:
    seeds = sorted(set(a) & set(b))
    groups = _groups(table, [cells[seed] for cells in (a, b) for seed in seeds], metric, column)
    if len(groups) < 2 or not seeds:
        return None
    key, sign = a[seeds[0]], better_sign(metric)
    row = Levelling(
        classifier=key.classifier,
        metric=metric,
        stratum=f"gap:{column}",
        test_set=key.test_set,
        a=key.side,
        b=b[seeds[0]].side,
        column=column,
        n_real_train=key.n_real,
        ratio=key.ratio,
        words="",
    )
    found = _Change(row)
    if len(seeds) < MIN_SEEDS:
        row.words = (
            f"{len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}, {MIN_SEEDS} needed: nothing is claimed"
        )
        return found
    served = {
        group: [
            sign * sum(_value(table, cells[seed], metric, f"{column}={group}") for cells in (a, b))
            for seed in seeds
        ]
        for group in groups
    }
    found.groups = [_extremes(served, left_out) for left_out in range(len(seeds))]
    _measure(found, table, [(a[seed], b[seed]) for seed in seeds], metric, column)
    return found


def _groups(table: CellTable, keys: Sequence[CellKey], metric: str, column: str) -> list[str]:
    """Groups that every cell could be scored in."""
    found: Counter[str] = Counter(
        stratum.partition("=")[2]
        for key in keys
        for (its_metric, stratum), row in table.rows[key].items()
        if its_metric == metric and stratum.startswith(f"{column}=") and row.value is not None
    )
    return [group for group, times in found.items() if times == len(keys) and group != UNKNOWN]


def _extremes(served: Mapping[str, Sequence[float]], left_out: int) -> tuple[str, str]:
    """The groups served best and worst over all seeds but one."""
    means = {group: sum(values) - values[left_out] for group, values in served.items()}
    return max(means, key=means.__getitem__), min(means, key=means.__getitem__)


@dataclass(frozen=True)
class _Gain:
    """What an arm gave a group, by seed: values, draws of the patients, and variances where there are no draws."""

    values: list[float]
    drawn: list[NDArray[np.float64] | None]
    safe: list[float]
    patients: int | None

    def less(self, other: _Gain) -> _Gain:
        """One group's gain less another's; they are different patients, so the variances add."""
        return self._sum(other, 1.0, -1.0)

    def mean(self, other: _Gain) -> _Gain:
        """Mean of two groups' gains."""
        return self._sum(other, 0.5, 0.5)

    def _sum(self, other: _Gain, a: float, b: float) -> _Gain:
        counts = [each for each in (self.patients, other.patients) if each is not None]
        return _Gain(
            [a * x + b * y for x, y in zip(self.values, other.values, strict=True)],
            [
                None if x is None or y is None or x.shape != y.shape else a * x + b * y
                for x, y in zip(self.drawn, other.drawn, strict=True)
            ],
            [a * a * x + b * b * y for x, y in zip(self.safe, other.safe, strict=True)],
            min(counts, default=None),
        )

    def tested(self) -> tuple[Interval, float] | None:
        """Interval over seeds, patients within, and one-sided p of a mean not below 0; None for one patient."""
        within, _ = variance_within(self.drawn, self.safe)
        if any(math.isnan(each) for each in within):
            return None
        interval = paired_t_within(self.values, within, patients=self.patients)
        half = within_pvalue(self.values, within, patients=self.patients) / 2
        return interval, half if interval.value < 0 else 1 - half


def _gain(
    table: CellTable, pairs: Sequence[tuple[CellKey, CellKey]], metric: str, strata: Sequence[str]
) -> _Gain:
    sign = better_sign(metric)
    each = list(zip(pairs, strata, strict=True))
    return _Gain(
        [
            sign * (_value(table, a, metric, where) - _value(table, b, metric, where))
            for (a, b), where in each
        ],
        [table.difference_draws({a: 1.0}, {b: 1.0}, metric, where) for (a, b), where in each],
        [table.safe_variance({a: 1.0}, {b: 1.0}, metric, where) for (a, b), where in each],
        min((n for pair, where in each if (n := table.patients(pair, where)) is not None), default=None),
    )


def _measure(
    found: _Change, table: CellTable, pairs: Sequence[tuple[CellKey, CellKey]], metric: str, column: str
) -> None:
    row = found.row
    gains = [
        _gain(table, pairs, metric, [f"{column}={groups[side]}" for groups in found.groups])
        for side in (0, 1)
    ]
    if len(set(found.groups)) == 1:
        row.better_group, row.worse_group = found.groups[0]
    fewest = min((gain.patients for gain in gains if gain.patients is not None), default=MIN_PATIENTS)
    tested = [each.tested() for each in (*gains, gains[0].less(gains[1]), gains[0].mean(gains[1]))]
    known = [each for each in tested if each is not None]
    if fewest < MIN_PATIENTS or len(known) < len(tested):
        row.words = few_patients(fewest) if fewest < MIN_PATIENTS else ONE_PATIENT
        return
    (better, worse, gap, _), p = zip(*known, strict=True)
    row.better_change, row.better_lo, row.better_hi = better.value, better.lo, better.hi
    row.worse_change, row.worse_lo, row.worse_hi = worse.value, worse.lo, worse.hi
    row.gap_change, row.gap_lo, row.gap_hi = gap.value, gap.lo, gap.hi
    if min(better.hi - better.lo, gap.hi - gap.lo) > ROUNDING:
        better_lost, _, gap_closed, mostly_loss = p
        found.p = max(better_lost, gap_closed, mostly_loss)


def _flag(found: Sequence[_Change]) -> None:
    tested = [each for each in found if each.p is not None]
    for each, adjusted in zip(
        tested, benjamini_hochberg([each.p for each in tested if each.p is not None]), strict=True
    ):
        row = each.row
        row.p, row.p_adjusted = each.p, float(adjusted)
        row.flagged = bool(adjusted < ONE_SIDED)
    for each in found:
        each.row.words = each.row.words or _words(each.row)


def _words(row: Levelling) -> str:
    if row.flagged is None:
        return "every seed gave the same changes: there is no spread to judge them by"
    change = _figures(row.gap_change, row.gap_lo, row.gap_hi)
    better = row.better_group or "the group served best"
    worse = row.worse_group or "the group served worst"
    gap = f"between {better} and {worse} the gap changed by {change}"
    parts = (
        f"{better} by {_figures(row.better_change, row.better_lo, row.better_hi)}, "
        f"{worse} by {_figures(row.worse_change, row.worse_lo, row.worse_hi)}"
    )
    if row.better_group is None:
        parts += "; which groups these are differs by seed"
    verdict = (
        f"levelled down: the gap closed because {better} is served worse"
        if row.flagged
        else "no levelling down shown"
    )
    return f"{verdict}; {gap} ({parts})"


def _figures(value: float | None, lo: float | None, hi: float | None) -> str:
    return "-" if value is None else f"{value:+.3f} [{lo:+.3f}, {hi:+.3f}]"


def _value(table: CellTable, key: CellKey, metric: str, stratum: str) -> float:
    value = table.rows[key][metric, stratum].value
    assert value is not None
    return value
