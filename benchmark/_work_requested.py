"""In a run: does each generator give what it was asked for? Beside it stands the arm of real hold-out images."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from ..imagesets import ImageSet
from ..metrics import Score
from ._feature_input import Floats
from ._requested import LABELS, agreement_scores, judge_names, judges_of, tones_of
from ._stage import Work


def requested_rows(
    work: Work, features: dict[str, tuple[Any, Floats]], images: ImageSet, honoured: Collection[str]
) -> list[dict[str, Any]]:
    """Rows of label and tone agreement; ``features`` are by extractor its object and the images' features.

    A classifier of real training images says what each image shows (``domain`` holds one); the typology angle says how
    dark its skin is. What a generator does not honour, or was not asked for, is null with that reason.
    """
    said = {}
    for name, (extractor, found) in features.items():
        said.update(judges_of(name, extractor, found))
    said.update(tones_of(images))
    rows = []
    for key, metric, judge in judge_names(said):
        column = "label" if metric == LABELS else "skin_tone"
        by = [each for each in work.config["strata"] if each in honoured]
        scores = agreement_scores(
            metric,
            judge,
            said[key],
            images,
            by=by,
            min_n=work.config["min_stratum"],
            seed=work.config["seed"],
        )
        rows += [asdict(score if column in honoured else _not_asked(score, column)) for score in scores]
    return rows


def _not_asked(score: Score, column: str) -> Score:
    reason = f"the generator does not honour {column}, or was not asked for it"
    return replace(score, value=None, lo=None, hi=None, n_synthetic=0, reason=reason)
