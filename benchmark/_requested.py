"""Do images show what was asked for? Predicted class against requested label, measured against requested tone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval
from ..imagesets import (
    MOST_UNDEFINED,
    UNKNOWN,
    ImageSet,
    individual_typology_angle,
    measured_tones,
    stratum_of,
    too_small,
)
from ..metrics import Score, label_agreement

LABELS, TONES = "label_agreement", "tone_agreement"
PIXELS = "pixels"
"""The judge of tones: the typology angle of the image itself."""
UNDEFINED = "undefined"
_COLUMNS = {LABELS: "label", TONES: "skin_tone"}


def judges_of(name: str, extractor: Any, features: NDArray[Any]) -> dict[str, NDArray[np.str_]]:
    """The class of every image by the classifier that an extractor holds (``domain`` does), under its name."""
    fitted = getattr(extractor, "fitted", None)
    network, classes = getattr(fitted, "network", None), getattr(fitted, "classes", ())
    if network is None or len(classes) < 2:
        return {}
    weight, bias = (
        p.detach().cpu().numpy().astype(np.float64) for p in (network.head.weight, network.head.bias)
    )
    scores = features.astype(np.float64) @ weight.T + bias
    return {f"{LABELS}:{name}": np.array(classes, dtype=np.str_)[scores.argmax(axis=1)]}


def tones_of(images: ImageSet) -> dict[str, NDArray[np.str_]]:
    """The tone group of every image by its typology angle, or ``undefined``; nothing where no tone is known."""
    if "skin_tone" not in images.table.columns:
        return {}
    defined = ~np.isnan(individual_typology_angle(images))
    tones = np.full(len(images), UNDEFINED, dtype="<U9")
    if defined.any():
        tones[defined] = measured_tones(images.subset(defined))
    return {f"{TONES}:{PIXELS}": tones}


def agreement_scores(
    metric: str,
    judge: str,
    said: ArrayLike,
    images: ImageSet,
    *,
    by: Sequence[str] = (),
    min_n: int = 50,
    seed: int = 0,
    real: bool = False,
) -> list[Score]:
    """The share of images of which the judge says what was asked for, balanced over what was asked for, by stratum.

    ``said`` is one answer for each image. Images without a request do not count; tones are null where more of them
    are undefined than a judgement bears.
    """
    answers, asked = np.asarray(said).astype(np.str_), requested(images, _COLUMNS[metric])
    counted = asked != ""
    doubt = _doubt(metric, answers, counted)
    job = _Agreement(metric, judge, answers, asked, seed, real, doubt)
    found = [job.score("all", counted, None)]
    for name in by:
        if name not in images.table.columns:
            continue
        strata = stratum_of(images, name).astype(np.str_)
        for value in sorted(set(strata.tolist())):
            mine = counted & (strata == value)
            few = too_small(str(value), int(mine.sum()), min_n)
            found.append(job.score(f"{name}={value}", mine, few))
    return found


def requested(images: ImageSet, column: str) -> NDArray[np.str_]:
    """What was asked for, by image; empty where nothing was."""
    if column not in images.table.columns:
        return np.full(len(images), "", dtype=np.str_)
    if column == "skin_tone":
        tones = stratum_of(images, column)
        return np.array(["" if tone == UNKNOWN else str(tone) for tone in tones], dtype=np.str_)
    return np.array(["" if pd.isna(label) else str(label) for label in images.table[column]], dtype=np.str_)


class _Agreement:
    """Scores of one judge."""

    def __init__(
        self,
        metric: str,
        judge: str,
        answers: NDArray[np.str_],
        asked: NDArray[np.str_],
        seed: int,
        real: bool,
        doubt: str | None,
    ) -> None:
        self.metric, self.judge, self.answers, self.asked = metric, judge, answers, asked
        self.seed, self.real, self.doubt = seed, real, doubt

    def score(self, stratum: str, mine: NDArray[np.bool_], few: str | None) -> Score:
        n = int(mine.sum())
        interval, reason = None, self.doubt or few
        if not reason:
            interval, reason = self._measured(mine)
        counts = (n, 0) if self.real else (0, n)
        known = (None, None, None, LEVEL, "none")
        if interval is not None:
            known = (interval.value, interval.lo, interval.hi, interval.level, interval.method)  # type: ignore[assignment]
        return Score(
            self.metric, self.judge, *known, *counts, stratum, self.seed, True, None if interval else reason
        )

    def _measured(self, mine: NDArray[np.bool_]) -> tuple[Interval | None, str | None]:
        found = label_agreement(self.answers[mine], self.asked[mine])
        only = list(found.classes.values())
        interval = only[0] if len(only) == 1 and found.balanced else found.balanced
        return interval, found.reason


def _doubt(metric: str, answers: NDArray[np.str_], counted: NDArray[np.bool_]) -> str | None:
    """Why nothing can be said of any stratum."""
    if not counted.any():
        return f"no image bears a {_COLUMNS[metric].replace('_', ' ')}"
    share = float((answers[counted] == UNDEFINED).mean()) if metric == TONES else 0.0
    if share > MOST_UNDEFINED:
        return (
            f"the skin's typology angle is undefined for {share:.0%} of the images, at most {MOST_UNDEFINED:.0%} "
            "allowed: tone cannot be read off these pixels"
        )
    return None


def judge_names(said: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(key, metric, judge) of every answer that was kept."""
    return [
        (key, *key.partition(":")[::2]) for metric in _COLUMNS for key in said if key.startswith(f"{metric}:")
    ]
