"""Errors of cells that belong together: the same seeds in every column, with the draws of patients they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..classifiers import better_sign
from ..core import MIN_SEEDS
from ._cell_key import CellKey
from ._cell_table import CellTable, row_variance
from ._compared import ONE_PATIENT

Floats = NDArray[np.float64]
REAL_ONLY = "real-only"
OVERALL = ("macro_auroc", "balanced_accuracy")
BY_STRATUM = "macro_auroc"
BY_CLASS = "recall"
NO_PATIENTS = "; patients were not redrawn"


class Setting(NamedTuple):
    """Where cells are compared: one classifier, measure, group of patients and test set."""

    classifier: str
    metric: str
    stratum: str
    test_set: str


@dataclass(frozen=True)
class Block:
    """Errors (S, P) of P cells over the seeds that all of them have, and draws (S, B, P) over patients, if kept.

    ``doubt`` says why nothing may be concluded from them: training that had not converged, a single patient.
    """

    seeds: list[int]
    errors: Floats
    draws: Floats | None
    doubt: str | None = None

    def columns(self, chosen: slice | Sequence[int]) -> Block:
        """Some of the cells."""
        picked = None if self.draws is None else self.draws[:, :, chosen]
        return Block(self.seeds, self.errors[:, chosen], picked, self.doubt)


class GridErrors:
    """A grid of classifiers, looked up by setting; lower is better throughout: 1 - value, or a calibration error."""

    def __init__(self, table: CellTable) -> None:
        self.table = table
        self.lines = table.lines()
        self._values: dict[tuple[CellKey, str, str], dict[int, float]] = {}

    def settings(self) -> list[Setting]:
        """Every setting in which real images alone were measured, of the measures that are analysed."""
        found: dict[Setting, None] = {}
        for key, rows in self.table.rows.items():
            if key.arm == REAL_ONLY:
                for metric, stratum in rows:
                    if _analysed(metric, stratum):
                        found[Setting(key.classifier, metric, stratum, key.test_set)] = None
        return list(found)

    def cells(self, setting: Setting) -> Iterator[CellKey]:
        """The cells of a setting, their seed 0."""
        for key in self.lines:
            if (key.classifier, key.test_set) == (setting.classifier, setting.test_set):
                yield key

    def real_only(self, setting: Setting) -> list[CellKey]:
        """Real images alone, by rising number.

        Where the seeds that all numbers have are fewer than 5, the numbers that lack a seed of the others are left
        out (see ``left_out``); else all are kept, and compared over the seeds they share.
        """
        cells = self._alone(setting)
        seeds = [set(self._of(key, setting)) for key in cells]
        if seeds and len(set.intersection(*seeds)) >= MIN_SEEDS:
            return cells
        most = max(seeds, key=len, default=set())
        return [key for key, its in zip(cells, seeds, strict=True) if most and its >= most]

    def left_out(self, setting: Setting) -> list[int]:
        """Numbers of real images that were measured and are not on the curve, for they lack seeds."""
        kept = self.real_only(setting)
        return [key.n_real for key in self._alone(setting) if key not in kept]

    def _alone(self, setting: Setting) -> list[CellKey]:
        alone = [key for key in self.cells(setting) if key.arm == REAL_ONLY and self._of(key, setting)]
        return sorted(alone, key=lambda key: key.n_real)

    def block(self, cells: Sequence[CellKey], setting: Setting) -> Block | None:
        """The cells' errors over the seeds that all of them have; None where there is no such seed."""
        values = [self._of(key, setting) for key in cells]
        seeds = sorted(set.intersection(*(set(each) for each in values))) if values else []
        if not seeds:
            return None
        errors = np.array([[each[seed] for each in values] for seed in seeds], np.float64)
        draws, one_patient = self._draws(cells, setting, seeds)
        doubt = self._unconverged(cells, seeds) or (ONE_PATIENT if one_patient else None)
        return Block(seeds, errors, draws, doubt)

    def _unconverged(self, cells: Sequence[CellKey], seeds: Sequence[int]) -> str | None:
        used = [self.lines[key][seed] for key in cells for seed in seeds]
        off = sum(key in self.table.off_plateau for key in used)
        if not off:
            return None
        return f"training had not converged in {off} of {len(used)} cells: what is seen may be training time"

    def _of(self, key: CellKey, setting: Setting) -> dict[int, float]:
        """The error of each seed that has one."""
        name = (key, setting.metric, setting.stratum)
        if name not in self._values:
            rows = {
                seed: self.table.rows[its].get((setting.metric, setting.stratum))
                for seed, its in self.lines[key].items()
            }
            self._values[name] = {
                seed: _error(row.value, setting)
                for seed, row in rows.items()
                if row is not None and row.value is not None
            }
        return self._values[name]

    def _draws(
        self, cells: Sequence[CellKey], setting: Setting, seeds: Sequence[int]
    ) -> tuple[Floats | None, bool]:
        """The draws, if kept for every cell; and whether the images are a single patient's, who cannot be redrawn."""
        used = [[self.lines[key][seed] for key in cells] for seed in seeds]
        drawn = [
            [self.table.draw({key: 1.0}, setting.metric, setting.stratum) for key in row] for row in used
        ]
        flat = [each for row in drawn for each in row if each is not None]
        if len(flat) < len(seeds) * len(cells) or len({len(each) for each in flat}) != 1 or len(flat[0]) < 2:
            name = setting.metric, setting.stratum
            return None, any(np.isnan(row_variance(self.table.rows[key][name])) for row in used for key in row)
        table = np.array(drawn, np.float64).transpose(0, 2, 1)
        table = table[:, np.isfinite(table).all((0, 2))]
        if table.shape[1] < 2:
            return None, True
        return -better_sign(setting.metric, setting.stratum) * table, False


def _analysed(metric: str, stratum: str) -> bool:
    if stratum == "all":
        return metric in OVERALL
    if stratum.startswith("gap:") or "label" in (stratum.partition("=")[0], stratum.partition(":")[2]):
        return metric == BY_CLASS and stratum.startswith("label=")
    return metric == BY_STRATUM


def _error(value: float, setting: Setting) -> float:
    return 1 - value if better_sign(setting.metric, setting.stratum) > 0 else value
