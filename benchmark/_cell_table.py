"""The grid's rows by cell, and what two sides of a comparison share: paired seeds, paired draws of patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..classifiers import draw_name
from ..core import mcnemar
from ._cell_key import CellKey, cell_key
from ._record import CellRow

Draws = Mapping[CellKey, Mapping[str, NDArray[np.floating]]]
Predictions = Mapping[CellKey, tuple[ArrayLike, ArrayLike]]
Mix = Mapping[CellKey, float]
"""Cells and their weights, which sum to 1; in most comparisons one cell."""
Side = Mapping[int, Mix]
"""Seed -> the cells whose mean is this side's value."""

NO_INTERVAL = "no interval"
"""How the reason of a row begins whose images are a single patient's."""
OFF_PLATEAU = "not at its plateau"
"""How the reason of a cell begins whose training had not converged."""
PATIENTS = "patients"
"""Among a cell's draws: how many patients its test images are of, by ``draw_name``, (1,)."""


class CellTable:
    """Rows of a grid of classifiers, found by cell, metric and stratum.

    ``draws`` are the bootstrap draws over test patients, the same for all cells of a test set; ``predictions`` the
    class probabilities and the labels' numbers. Both may lack cells.
    """

    def __init__(
        self, cells: Sequence[CellRow], draws: Draws | None = None, predictions: Predictions | None = None
    ) -> None:
        self.rows: dict[CellKey, dict[tuple[str, str], CellRow]] = {}
        self.off_plateau: set[CellKey] = set()
        for row in cells:
            key = cell_key(row)
            self.rows.setdefault(key, {})[row.metric, row.stratum] = row
            if row.reason is not None and row.reason.startswith(OFF_PLATEAU):
                self.off_plateau.add(key)
        self.draws: Draws = {} if draws is None else draws
        self.predictions: Predictions = {} if predictions is None else predictions
        self._right: dict[CellKey, NDArray[np.bool_] | None] = {}

    def lines(self) -> dict[CellKey, dict[int, CellKey]]:
        """Every arm in every setting, over its seeds: the key at seed 0 -> seed -> key."""
        found: dict[CellKey, dict[int, CellKey]] = {}
        for key in self.rows:
            found.setdefault(replace(key, seed=0), {})[key.seed] = key
        return found

    def value(self, cells: Mix, metric: str, stratum: str) -> float | None:
        """Weighted mean of the cells' values; None where one of them is missing."""
        total = 0.0
        for key, weight in cells.items():
            row = self.rows.get(key, {}).get((metric, stratum))
            if row is None or row.value is None:
                return None
            total += weight * row.value
        return total if cells else None

    def draw(self, cells: Mix, metric: str, stratum: str) -> NDArray[np.float64] | None:
        """Weighted mean of the cells' bootstrap draws, (B,); None where one of them was not kept."""
        name, total = draw_name(metric, stratum), None
        for key, weight in cells.items():
            kept = self.draws[key].get(name) if key in self.draws else None
            if kept is None or (total is not None and total.shape != (len(kept) - 1,)):
                return None
            part = np.multiply(kept[1:], weight, dtype=np.float64)
            total = part if total is None else total + part
        return total

    def patients(self, cells: Iterable[CellKey], stratum: str) -> int | None:
        """Patients behind the test images of a stratum, the fewest of the cells; None where one cell kept no number.

        For the worst group and the gap of a column: those of the column's smallest group that was measured.
        """
        found = [self._patients(key, stratum) for key in cells]
        known = [each for each in found if each is not None]
        return min(known) if known and len(known) == len(found) else None

    def _patients(self, key: CellKey, stratum: str) -> int | None:
        kind, of_column, column = stratum.partition(":")
        if of_column and kind in ("worst", "gap"):
            rows = self.rows.get(key, {}).items()
            groups = {s for (_, s), row in rows if s.startswith(f"{column}=") and row.value is not None}
            known = [self._patients(key, group) for group in groups]
            return min((each for each in known if each is not None), default=None)
        kept = self.draws[key].get(draw_name(PATIENTS, stratum)) if key in self.draws else None
        return None if kept is None or not len(kept) else int(kept[0])

    def n_test(self, side: Side, metric: str, stratum: str) -> int:
        """Test images behind a side; the fewest of its cells."""
        rows = [self.rows.get(key, {}).get((metric, stratum)) for cells in side.values() for key in cells]
        return min((row.n_test for row in rows if row is not None), default=0)

    def shared_seeds(self, a: Side, b: Side, metric: str, stratum: str) -> list[int]:
        """Seeds in which both sides were measured."""
        return [
            seed
            for seed in sorted(set(a) & set(b))
            if self.value(a[seed], metric, stratum) is not None
            and self.value(b[seed], metric, stratum) is not None
        ]

    def difference_draws(self, a: Mix, b: Mix, metric: str, stratum: str) -> NDArray[np.float64] | None:
        """``a`` less ``b`` in every draw of the patients, which both share; None where one side's were not kept."""
        first, second = self.draw(a, metric, stratum), self.draw(b, metric, stratum)
        if first is None or second is None or first.shape != second.shape:
            return None
        return first - second

    def safe_variance(self, a: Mix, b: Mix, metric: str, stratum: str) -> float:
        """Variance of ``a`` less ``b`` over patients, without draws: the sum of both sides' variances.

        Two classifiers on the same patients are positively correlated, so this is on the safe side; and the variance
        of a mean over cells is at most the mean of their variances.
        """
        return sum(
            weight * row_variance(self.rows[key][metric, stratum])
            for side in (a, b)
            for key, weight in side.items()
        )

    def mcnemar(self, a: CellKey, b: CellKey) -> float | None:
        """Exact McNemar p of the two classifiers' hits on the same test images; None without predictions."""
        first, second = self._hits(a), self._hits(b)
        if first is None or second is None or len(first) != len(second):
            return None
        return _mcnemar(int((first & ~second).sum()), int((second & ~first).sum()))

    def _hits(self, key: CellKey) -> NDArray[np.bool_] | None:
        if key not in self._right:
            self._right[key] = None
            if key in self.predictions:
                probabilities, labels = self.predictions[key]
                self._right[key] = np.asarray(probabilities).argmax(1) == np.asarray(labels)
        return self._right[key]


def patient_counts(
    groups: ArrayLike, strata: Mapping[str, ArrayLike] | None = None
) -> dict[str, NDArray[np.int64]]:
    """How many patients a test set has, in all and in every stratum: kept beside the draws, as ``PATIENTS``.

    >>> found = patient_counts([1, 1, 2, 3], {"sex": ["f", "f", "f", "m"]})
    >>> {name: each.tolist() for name, each in found.items()}
    {'patients': [3], 'patients@sex=f': [2], 'patients@sex=m': [1]}
    """
    numbers = np.asarray(groups)
    found = {draw_name(PATIENTS, "all"): np.array([len(np.unique(numbers))])}
    for column, values in (strata or {}).items():
        names = np.asarray(values)
        for name in np.unique(names):
            of_name = np.array([len(np.unique(numbers[names == name]))])
            found[draw_name(PATIENTS, f"{column}={name}")] = of_name
    return found


def row_variance(row: CellRow) -> float:
    """Variance of a measure over test images, from the width of its interval.

    0 where no interval was taken, NaN where none could be.
    """
    if row.lo is None or row.hi is None:
        return float("nan") if row.reason is not None and row.reason.startswith(NO_INTERVAL) else 0.0
    return float(((row.hi - row.lo) / 2 / NormalDist().inv_cdf(0.5 + row.level / 2)) ** 2)


def variance_within(
    drawn: Sequence[NDArray[np.float64] | None], otherwise: Sequence[float]
) -> tuple[list[float], bool]:
    """The patients' variance for every seed, and whether it comes from paired draws.

    All seeds meet the same patients, so their *mean* difference is what is redrawn: the part of the patients' variance
    that each seed has to itself shrinks with the number of seeds, the shared part does not. (It is counted once more
    in the variance between seeds: on the safe side.) Without draws for every seed: ``otherwise``. NaN where the draws
    are, as those of a single patient.
    """
    known = [each for each in drawn if each is not None]
    if not known or len(known) < len(drawn) or len({len(each) for each in known}) > 1:
        return list(otherwise), False
    mean = np.mean(known, axis=0)
    mean = mean[np.isfinite(mean)]
    return [float(mean.var(ddof=1)) if len(mean) > 1 else float("nan")] * len(drawn), True


_mcnemar = cache(mcnemar)
