"""The threshold of a panel, and how many real images truly pass it: as calibrated, and others with noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import rng, wilson
from ._attribute_fitted import LABEL, Fitted, ranks_among, sorted_scores
from ._attribute_noise import guess_share

Floats = NDArray[np.float64]
FOLDS = 10
AS_CALIBRATED = "without annotators' noise, on the images that set the threshold"
WITH_NOISE = "with annotators' noise, each tenth of the held-out images at the threshold of the others"


def calibrate(
    fitted: Fitted,
    pixels: NDArray[np.uint8],
    labels: Sequence[str],
    pass_share: float,
    kappas: Mapping[str, float],
    seed: int,
) -> None:
    """Set the threshold on the lowest rank of held-out real images; write both pass shares on the card.

    ``pass_share`` is what the threshold was set to, on the images that set it and without noise of annotators.
    ``pass_share_with_noise`` is that of other real images, attributes being guessed now and then. Each tenth of
    the held-out images is judged by the ranks and the threshold of the others (halves would read too low: a
    threshold of half as many images is coarser), and the chance that an image passes is worked out over all
    guesses, not drawn from a few seeds. Its Wilson interval takes the images for independent, and one look at
    each.
    """
    scores = fitted.scores(pixels, labels)
    fitted.usual = dict(zip(fitted.columns, sorted_scores(scores), strict=True))
    ranks = ranks_among(scores, list(fitted.usual.values()))
    fitted.threshold = _threshold(ranks, pass_share)
    passed = np.nanmin(ranks, axis=1) > fitted.threshold
    held = crossed_holds(scores, labels, pass_share, seed)
    chance = pass_chances(fitted, held, labels, kappas)
    found = wilson(float(chance.sum()), len(chance))
    fitted.card |= {
        "threshold": fitted.threshold,
        "pass_share": float(passed.mean()),
        "pass_share_by_class": _by_class(passed, labels),
        "pass_share_is": AS_CALIBRATED,
        "pass_share_with_noise": {
            "value": round(found.value, 4),
            "lo": round(found.lo, 4),
            "hi": round(found.hi, 4),
            "level": found.level,
            "n": len(chance),
            "without_noise": round(float(held.all(axis=1).mean()), 4),
            "by_class": _by_class(chance, labels),
            "is": WITH_NOISE,
        },
    }


def crossed_holds(scores: Floats, labels: Sequence[str], pass_share: float, seed: int) -> NDArray[np.bool_]:
    """Return (images, columns): what holds, or is not asked, at the threshold of the other folds' images.

    Every class is spread over the folds.
    """
    holds = np.ones(scores.shape, bool)
    fold = _folds(labels, seed)
    for number in range(FOLDS):
        own, others = scores[fold == number], scores[fold != number]
        usual = sorted_scores(others)
        threshold = _threshold(ranks_among(others, usual), pass_share)
        holds[fold == number] = ~(ranks_among(own, usual) <= threshold)
    return holds


def pass_chances(
    fitted: Fitted, holds: NDArray[np.bool_], labels: Sequence[str], kappas: Mapping[str, float]
) -> Floats:
    """Return the chance that each image passes: that every column holds, attributes guessed now and then.

    A guess is drawn from the margins, and right as often as they are; columns are guessed independently.
    """
    chance = np.ones(len(labels))
    for place, name in enumerate(fitted.columns):
        column = holds[:, place].astype(np.float64)
        if name in fitted.heads and name != LABEL:
            margins, share = fitted.heads[name].margins, guess_share(kappas[name])
            right = {label: _share_of(margins, fitted.rules.allowed(label, name)) for label in set(labels)}
            column = (1 - share) * column + share * np.array([right[label] for label in labels])
        chance *= column
    return chance


def _threshold(ranks: Floats, pass_share: float) -> float:
    return float(np.quantile(np.nanmin(ranks, axis=1), 1 - pass_share))


def _folds(labels: Sequence[str], seed: int) -> NDArray[np.int64]:
    mixed = rng(seed, "folds").permutation(len(labels))
    by_class = mixed[np.argsort(np.array(labels, dtype=str)[mixed], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[by_class] = np.arange(len(labels)) % FOLDS
    return fold


def _share_of(margins: Mapping[str, float], allowed: set[str] | None) -> float:
    """How often a guess is right; where nothing is asked it always is."""
    if allowed is None:
        return 1.0
    return sum(share for value, share in margins.items() if value in allowed) / sum(margins.values())


def _by_class(passed: NDArray[Any], labels: Sequence[str]) -> dict[str, float]:
    means = pd.Series(passed).groupby(list(labels)).mean()
    return {str(label): round(float(share), 4) for label, share in means.items()}
