"""From what was measured of each image to the rows of the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, parse_spec, registry, rng, wilson
from ..imagesets import stratum_of
from ..metrics import PANEL, Score, by_stratum, metric_cards, score_panel
from ._evaluate_copies import judge as judge_copying
from ._evaluate_material import Material, Part
from ._feature_input import Floats
from ._record import Memorisation, ScoreRow
from ._requested import LABELS, TONES, agreement_scores, judge_names

SYNTHETIC, CEILING, FLOOR = "synthetic", "real-holdout", "real, half against half"
MIN_STRATUM = 50
PLAUSIBLE, COPIES = "plausible_share", "copy_share"
NO_HOLDOUT = "copies cannot be told from chance without --holdout images the generator never saw"
OTHERS = (COPIES, "frechet_distance_floor", PLAUSIBLE, LABELS, TONES)
"""Rows that are made elsewhere than in the panel."""
_FIELDS = (
    "metric", "extractor", "stratum", "n_real", "n_synthetic", "value", "lo", "hi", "level", "method",
    "higher_is_better", "reason",
)  # fmt: skip


def panel_of(metrics: Sequence[str], *, train: bool, holdout: bool) -> list[str]:
    """The metrics of the panel that are asked for, or all that these sets allow."""
    given = {"real", "synthetic", *(["train"] if train else []), *(["holdout"] if holdout else [])}
    everything = [name for name in PANEL if name != COPIES and _reads(name) <= given]
    return [name for name in metrics if name not in OTHERS] or everything


def _reads(spec: str) -> set[str]:
    """The sets that a metric reads, by its card; a metric of a plug-in reads the real and the synthetic one."""
    card = metric_cards().get(parse_spec(spec).name)
    return {"real", "synthetic"} if card is None else set(card.reads)


def all_rows(
    material: Material, metrics: Sequence[str], by: Sequence[str]
) -> tuple[list[ScoreRow], list[Memorisation]]:
    """Every row that is asked for, extractor by extractor, and the verdict on copies."""
    panel = _built(panel_of(metrics, train=material.train is not None, holdout=material.held is not None))
    wanted = {*metrics}
    rows: list[ScoreRow] = []
    copies: list[Memorisation] = []
    for name in material.keys:
        rows += _Comparison(material, name, panel, list(by)).rows()
    if wants_copies(metrics):
        copies, found = _copies(material)
        rows += found
    rows += _answers(material, list(by))
    rows += _plausible(material)
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
        apart = [(name, metric) for name, metric in self.panel if "holdout" not in _reads(name)]
        theirs = self.scores(other, reference, apart) if halved else [_undivided(score) for score in ours]
        found = [_row(SYNTHETIC, score, self.material) for score in ours]
        found += [_row(label, score, self.material) for score in theirs]
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
        self, other: Floats, reference: NDArray[np.bool_], panel: Sequence[tuple[str, Any]]
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
            column=column,
            groups=self.material.true.groups[reference],
            extractor=self.name,
            min_n=MIN_STRATUM,
            seed=self.material.seed,
        )
        whose = "synthetic" if generator == SYNTHETIC else "hold-out"
        told = found if known else [_without_column(score, column, whose) for score in found]
        beside = generator == SYNTHETIC
        return [
            _row(generator, score, self.material)
            for score in told
            if beside or score.metric != "frechet_distance_floor"
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


def _row(generator: str, score: Score, material: Material) -> ScoreRow:
    known = {key: value for key, value in asdict(score).items() if key in _FIELDS}
    return ScoreRow(generator=generator, imageset=material.true.about.name, seed=material.seed, **known)


def _answers(material: Material, by: list[str]) -> list[ScoreRow]:
    """Label and tone agreement, of the synthetic images and of real ones that the judge never saw."""
    beside, label = (material.held, CEILING) if material.held is not None else (material.true, FLOOR)
    found = []
    for key, metric, judge in judge_names(material.fake.said):
        for generator, part in ((SYNTHETIC, material.fake), (label, beside)):
            if key not in part.said:
                continue
            unseen = part is material.true and judge in material.reference
            rows = np.flatnonzero(material.reference[judge]) if unseen else np.arange(len(part))
            scores = agreement_scores(
                metric, judge, part.said[key][rows], part.labelled().subset(rows), by=by, min_n=MIN_STRATUM,
                seed=material.seed, real=generator != SYNTHETIC,
            )  # fmt: skip
            found += [_row(generator, score, material) for score in scores]
    return found


def _plausible(material: Material) -> list[ScoreRow]:
    """The share that the reward model calls plausible."""
    verdict = material.fake.said.get(PLAUSIBLE)
    if verdict is None:
        return []
    share = wilson(int(verdict.sum()), len(verdict))
    return [
        ScoreRow(
            generator=SYNTHETIC,
            imageset=material.fake.about.name,
            extractor="R",
            metric=PLAUSIBLE,
            n_synthetic=len(verdict),
            seed=material.seed,
            value=share.value,
            lo=share.lo,
            hi=share.hi,
            method=share.method,
            higher_is_better=True,
        )
    ]


def wants_copies(metrics: Sequence[str]) -> bool:
    """True where copies are asked for, by name or with everything."""
    return not metrics or COPIES in metrics


def _copies(material: Material) -> tuple[list[Memorisation], list[ScoreRow]]:
    """The verdict on copies and its rows: the synthetic images' share, and the hold-out's own."""
    entry = judge_copying(material, generator=SYNTHETIC).entry
    decided = [entry] if entry.memorising is not None else []
    n = len(material.fake)
    if entry.copy_share is None:
        reason = NO_HOLDOUT if material.held is None else _why(entry)
        return decided, [_copy_row(material, entry, SYNTHETIC, n, reason=reason)]
    ours = _copy_row(material, entry, SYNTHETIC, n, entry.copy_share, entry.lo, entry.hi)
    return decided, [ours, _copy_row(material, entry, CEILING, entry.n_holdout or 0, entry.holdout_share)]


def _copy_row(
    material: Material,
    entry: Memorisation,
    generator: str,
    n: int,
    value: float | None = None,
    lo: float | None = None,
    hi: float | None = None,
    *,
    reason: str | None = None,
) -> ScoreRow:
    return ScoreRow(
        generator=generator,
        imageset=material.true.about.name,
        extractor=entry.extractor,
        metric=COPIES,
        n_real=len(material.sources),
        n_synthetic=n,
        seed=material.seed,
        value=value,
        lo=lo,
        hi=hi,
        method="wilson" if lo is not None else "",
        higher_is_better=False,
        reason=reason,
    )


def _why(entry: Memorisation) -> str:
    """The reason alone, of an entry's words."""
    reason = entry.words.partition("cannot be known: ")[2].partition(". ")[0].rstrip(".")
    return reason or entry.words


def check_names(metrics: Sequence[str], *, reward: bool, train: bool, holdout: bool) -> None:
    """Refuse a metric that cannot be measured with what is given, and say what it lacks."""
    from ..core import did_you_mean

    known = [
        *metric_cards(),
        *registry("metrics").names(),
        *(name for name in OTHERS if reward or name != PLAUSIBLE),
    ]
    for spec in metrics:
        name = parse_spec(spec).name
        if name not in known:
            raise UserError(f"no metric {spec!r} is measured here", remedy=did_you_mean(name, known))
        if name != COPIES and "train" in _reads(spec) and not train:
            raise UserError(
                f"{name} needs the images that the generator was trained on", remedy="give them with --train"
            )
        if name != COPIES and "holdout" in _reads(spec) and not holdout:
            raise UserError(
                f"{name} needs real images that the generator never saw", remedy="give them with --holdout"
            )
