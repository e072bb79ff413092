"""Several raters, some answers missing, answers of any scale: Krippendorff's alpha."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import LEVEL, Interval, UserError
from ._agreement_fleiss import answer_counts
from ._agreement_interval import agreement_interval

Matrix = NDArray[np.float64]
SCALES = ("nominal", "ordinal", "interval", "ratio")


def krippendorff_alpha(
    answers: Sequence[Sequence[object]], scale: str = "nominal", level: float = LEVEL
) -> Interval:
    """Krippendorff's alpha: 1 - observed / expected disagreement, with a jackknife interval over images.

    ``answers`` has one row for each image, one entry for each rater (``None`` or NaN: not seen); images with
    one answer are left out. ``scale`` says how far two answers disagree: ``nominal`` (equal or not),
    ``ordinal`` (ranks between them), ``interval`` (squared difference) or ``ratio`` (squared difference over
    the sum); all but nominal need numbers, ratio none below 0 (Krippendorff 2011, Computing Krippendorff's
    alpha-reliability).

    Raises ``UserError`` for fewer than two images with two answers, and for one same answer throughout.

    >>> a = krippendorff_alpha([[1, 1], [2, 3], [3, 3], [2, 2], [5, 4]], "ordinal")
    >>> round(a.value, 3)
    0.885
    """
    if scale not in SCALES:
        raise UserError(f"no scale {scale!r}", remedy=f"known: {', '.join(SCALES)}")
    counts, kinds = answer_counts(answers)
    if len(kinds) < 2:
        raise UserError("alpha is undefined: all gave one same answer throughout")
    values = _values(kinds, scale)
    patterns, which = np.unique(counts, axis=0, return_inverse=True)
    pairs = _pairs(patterns)
    whole = np.einsum("p,pij->ij", np.bincount(which.ravel(), minlength=len(patterns)).astype(float), pairs)
    left = np.array([_alpha(whole - each, values, scale) for each in pairs])[which.ravel()]
    n = counts.sum(axis=1)
    equal = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    # The bound at perfect agreement takes two differing answers to differ as much as any two do.
    chance = float(((whole.sum(axis=0) / whole.sum()) ** 2).sum())
    return agreement_interval(_alpha(whole, values, scale), left, equal, chance, level)


def _values(kinds: Sequence[str], scale: str) -> Matrix:
    if scale == "nominal":
        return np.arange(float(len(kinds)))
    try:
        values = np.array([float(name) for name in kinds])
    except ValueError as error:
        raise UserError(f"{scale} answers must be numbers: {error}") from error
    if scale == "ratio" and (values < 0).any():
        raise UserError("answers on a ratio scale cannot be below 0")
    return values


def _pairs(counts: Matrix) -> Matrix:
    """The coincidences that each image adds: pairs of its answers, over their number less 1."""
    both = counts[:, :, None] * counts[:, None, :]
    own = counts[:, :, None] * np.eye(counts.shape[1])
    return (both - own) / (counts.sum(axis=1) - 1)[:, None, None]


def _alpha(pairs: Matrix, values: Matrix, scale: str) -> float:
    margins = pairs.sum(axis=0)
    apart = _disagreement(values, margins, scale)
    expected = float(margins @ apart @ margins)
    observed = float((pairs * apart).sum()) * (float(margins.sum()) - 1)
    return 1 - observed / expected if expected > 0 else math.nan


def _disagreement(values: Matrix, margins: Matrix, scale: str) -> Matrix:
    if scale == "nominal":
        return 1 - np.eye(len(values))
    if scale == "ordinal":
        # From the middle of one rank to the middle of the other, in answers given.
        middle = np.cumsum(margins) - margins / 2
        return (middle[:, None] - middle[None, :]) ** 2
    apart = values[:, None] - values[None, :]
    if scale == "interval":
        return apart**2
    total = values[:, None] + values[None, :]
    return np.divide(apart, total, out=np.zeros_like(apart), where=total > 0) ** 2
