"""Rows that judges and the search for copies make: label and tone agreement, plausibility, copies."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from ..core import wilson
from ..metrics import Score
from ._evaluate_copies import judge as judge_copying
from ._evaluate_material import Material
from ._evaluate_names import CEILING, COPIES, FLOOR, MIN_STRATUM, PLAUSIBLE, SYNTHETIC
from ._record import Memorisation, ScoreRow
from ._requested import agreement_scores, judge_names

NO_HOLDOUT = "copies cannot be told from chance without --holdout images the generator never saw"
_FIELDS = (
    "metric", "extractor", "stratum", "n_real", "n_synthetic", "value", "lo", "hi", "level", "method",
    "higher_is_better", "reason",
)  # fmt: skip


def score_row(generator: str, score: Score, material: Material) -> ScoreRow:
    """A score as the record has it."""
    known = {key: value for key, value in asdict(score).items() if key in _FIELDS}
    return ScoreRow(generator=generator, imageset=material.true.about.name, seed=material.seed, **known)


def answer_rows(material: Material, by: list[str]) -> list[ScoreRow]:
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
            found += [score_row(generator, score, material) for score in scores]
    return found


def plausible_rows(material: Material) -> list[ScoreRow]:
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


def copy_rows(material: Material) -> tuple[list[Memorisation], list[ScoreRow]]:
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
    reason = entry.words.partition("annot be known: ")[2].partition(". ")[0].rstrip(".")
    return reason or entry.words
