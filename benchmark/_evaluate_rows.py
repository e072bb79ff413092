"""From what was measured of each image to the rows of the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import registry, rng
from ..imagesets import stratum_of
from ..metrics import BY_STRATUM, Score, by_stratum, metric_cards, score_panel
from ._evaluate_judged import answer_rows, copy_rows, plausible_rows, score_row
from ._evaluate_material import Material, Part
from ._evaluate_names import (
    CEILING,
    FLOOR,
    FLOOR_METRIC,
    MIN_STRATUM,
    SYNTHETIC,
    panel_of,
    reads,
    wants_copies,
)
from ._feature_input import Floats
from ._record import Memorisation, ScoreRow


def all_rows(
    material: Material, metrics: Sequence[str], by: Sequence[str]
) -> tuple[list[ScoreRow], list[Memorisation]]:
    """Every row that is asked for, extractor by extractor, and the verdict on copies."""
    panel = _built(panel_of(metrics, train=material.train is not None, holdout=material.held is not None))
    wanted = {*metrics}
    rows: list[ScoreRow] = []
    copies: list[Memorisation] = []
    for name in material.keys if panel or FLOOR_METRIC in wanted else ():
        rows += _Comparison(material, name, panel, list(by)).rows()
    if wants_copies(metrics):
        copies, found = copy_rows(material)
        rows += found
    rows += answer_rows(material, list(by))
    rows += plausible_rows(material)
    return [row for row in rows if not wanted or row.metric in wanted], copies


def _built(names: Sequence[str]) -> list[tuple[str, Any]]:
    """Each metric with the name that its row bears: options belong to it (``vendi_score?q=2``)."""
    return [(name, name if name in metric_cards() else registry("metrics").build(name)) for name in names]


@dataclass(frozen=True)
class _Comparison:
    """The sets on one extractor."""

    material: Material
    name: str
    panel: Sequence[tuple[str, Any]]
    by: list[str]

    def rows(self) -> list[ScoreRow]:
        ours = self.scores(self.fake, self.reference, self.panel)
        label, other, reference, part = self.real_beside()
        halved = len(other) > 0
        apart = [(name, metric) for name, metric in self.panel if "holdout" not in reads(name)]
        theirs = (
            self.scores(other, reference, apart, part.groups)
            if halved
            else [_undivided(score) for score in ours]
        )
        found = [score_row(SYNTHETIC, score, self.material) for score in ours]
        found += [score_row(label, score, self.material) for score in theirs]
        for column in self.by:
            found += self.strata(SYNTHETIC, column, self.fake, self.reference, self.material.fake)
            found += self.strata(label, column, other, reference, part) if halved else []
        return found

    @property
    def fake(self) -> Floats:
        return self.material.fake.features[self.name]

    @property
    def true(self) -> Floats:
        return self.material.true.features[self.name]

    @property
    def reference(self) -> NDArray[np.bool_]:
        return self.material.reference[self.name]

    def scores(
        self,
        other: Floats,
        reference: NDArray[np.bool_],
        panel: Sequence[tuple[str, Any]],
        sources: NDArray[np.int64] | None = None,
    ) -> list[Score]:
        train, held = self.material.train, self.material.held
        found = score_panel(
            self.true[reference],
            other,
            extractor=self.name,
            metrics=[metric for _, metric in panel],
            train=None if train is None else train.features[self.name],
            holdout=None if held is None else held.features[self.name],
            groups=self.material.true.groups[reference],
            synthetic_groups=sources,
            train_groups=None if train is None else train.groups,
            holdout_groups=None if held is None else held.groups,
            seed=self.material.seed,
        )
        return [_named(score, name) for score, (name, _) in zip(found, panel, strict=True)]

    def real_beside(self) -> tuple[str, Floats, NDArray[np.bool_], Part]:
        """Real images in the synthetic ones' place, since no number means anything without theirs.

        As many hold-out images as synthetic ones, drawn by the seed, against the same reference; without a hold-out
        one half of the reference's patients against the other.
        """
        seed, held, true = self.material.seed, self.material.held, self.material.true
        if held is not None:
            drawn = rng(seed, "ceiling").permutation(len(held))[: len(self.fake)]
            return CEILING, held.features[self.name][drawn], self.reference, _part(held, drawn)
        names = rng(seed, "floor").permutation(np.unique(true.groups[self.reference]))
        apart = self.reference & np.isin(true.groups, names[: len(names) // 2])
        return FLOOR, self.true[apart], self.reference & ~apart, _part(true, np.flatnonzero(apart))

    @property
    def by_group(self) -> list[Any]:
        """The metrics of every group: the customary ones, and what else was asked for and can be told of a group."""
        known = ("real", "synthetic", *(() if self.material.train is None else ("train",)))
        more = [
            metric for name, metric in self.panel if name not in BY_STRATUM and set(reads(name)) <= set(known)
        ]
        return [*BY_STRATUM, *more]

    def strata(
        self, generator: str, column: str, other: Floats, reference: NDArray[np.bool_], part: Part
    ) -> list[ScoreRow]:
        known = column in part.table.columns
        real = stratum_of(self.material.true.labelled(), column).astype(str)
        asked = (
            stratum_of(part.labelled(), column).astype(str) if known else np.full(len(part), "", dtype=str)
        )
        found = by_stratum(
            self.true[reference],
            other,
            real[reference],
            asked,
            metrics=self.by_group,
            column=column,
            groups=self.material.true.groups[reference],
            synthetic_groups=None if generator == SYNTHETIC else part.groups,
            train=None if self.material.train is None else self.material.train.features[self.name],
            extractor=self.name,
            min_n=MIN_STRATUM,
            seed=self.material.seed,
        )
        whose = "synthetic" if generator == SYNTHETIC else "hold-out"
        told = found if known else [_without_column(score, column, whose) for score in found]
        beside = generator == SYNTHETIC
        return [
            score_row(generator, score, self.material)
            for score in told
            if beside or score.metric != FLOOR_METRIC
        ]


def _part(part: Part, rows: NDArray[np.int64]) -> Part:
    return replace(
        part, table=part.table.iloc[rows].reset_index(drop=True), groups=part.groups[rows],
        keys=[part.keys[row] for row in rows.tolist()], features={}, views={}, said={},
    )  # fmt: skip


def _undivided(score: Score) -> Score:
    reason = "not enough data: 1 independent patient or image, 2 needed to set one half against the other"
    return replace(score, value=None, lo=None, hi=None, n_synthetic=0, reason=reason)


def _named(score: Score, name: str) -> Score:
    return replace(score, metric=name) if "?" in name else score


def _without_column(score: Score, column: str, whose: str) -> Score:
    if score.metric == "coverage":
        return score
    reason = f"the {whose} images bear no column {column!r}"
    return replace(score, value=None, lo=None, hi=None, n_synthetic=0, reason=reason)
