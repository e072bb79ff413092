"""Small grids of classifiers whose gains are planted: rows of a record with the draws of their test patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synmedbench.benchmark import CellRow
from synmedbench.benchmark._cell_key import CellKey
from synmedbench.classifiers import draw_name

Side = tuple[str, str | None, float]
REAL: Side = ("real-only", None, 0.0)
MIXED: Side = ("real+synthetic", "diffusion", 2.0)


@dataclass(frozen=True)
class PlantedGrid:
    """``gain`` of an arm in a stratum over ``base``; seeds move all arms alike (``level``) and each by itself
    (``noise``); the test patients move all seeds of an arm alike (``patients``, a share ``common`` of it all arms)."""

    gain: Mapping[tuple[Side, str], float] = field(default_factory=dict)
    sides: Sequence[Side] = (REAL, MIXED)
    strata: Mapping[str, float] = field(default_factory=lambda: {"all": 0.8})
    seeds: int = 5
    level: float = 0.02
    noise: float = 0.02
    patients: float = 0.02
    common: float = 0.7
    n_real: int = 8
    metric: str = "macro_auroc"
    classifier: str = "timm:resnet10t"

    def sampled(
        self, draw: np.random.Generator, count: int = 60
    ) -> tuple[list[CellRow], dict[CellKey, dict[str, np.ndarray]]]:
        """Rows and draws of one experiment."""
        rows, draws = [], {}
        shared = {stratum: self._patients(draw, count) for stratum in self.strata}
        own = {(side, stratum): self._patients(draw, count) for side in self.sides for stratum in self.strata}
        for seed in range(self.seeds):
            level = draw.normal(0, self.level)
            for side in self.sides:
                key = CellKey(*side[:2], self.n_real, side[2], self.classifier, seed)
                draws[key] = {}
                for stratum, base in self.strata.items():
                    mean = base + self.gain.get((side, stratum), 0.0) + level + draw.normal(0, self.noise)
                    parts = (
                        self.common**0.5 * shared[stratum],
                        (1 - self.common) ** 0.5 * own[side, stratum],
                    )
                    found = mean + sum(parts)
                    found[1:] += parts[0][0] + parts[1][0]
                    draws[key][draw_name(self.metric, stratum)] = found.astype(np.float32)
                    rows.append(self.row(key, stratum, float(found[0]), 1.96 * self.patients))
        return rows, draws

    def _patients(self, draw: np.random.Generator, count: int) -> np.ndarray:
        """What this test set's patients add, and what redrawing them would."""
        return draw.normal(0, self.patients, 1 + count)

    def row(self, key: CellKey, stratum: str, value: float, half: float) -> CellRow:
        """One row of the record."""
        return CellRow(
            arm=key.arm, generator=key.generator, n_real_train=key.n_real, ratio=key.ratio,
            classifier=key.classifier, seed=key.seed, stratum=stratum, n_test=400, metric=self.metric,
            value=value, lo=value - half, hi=value + half, test_set=key.test_set,
        )  # fmt: skip
