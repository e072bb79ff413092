"""Strata: the images that share a value of a column; skin tone by the field's groups."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError
from ._imageset import ImageSet
from ._tone_refusal import refuse_tone

TONE_GROUPS = ("I-II", "III-IV", "V-VI")
TONE_COLUMNS = ("skin_tone", "skin_tone_2")
"""The columns that hold skin tone; the second is another labeller's."""
UNKNOWN = "unknown"
MIN_STRATUM = 50
"""Fewer images than this in a stratum give a null score with the reason, never a number."""

_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}


def fitzpatrick(value: Any) -> int | None:
    """Read a Fitzpatrick type: 1..6, "I".."VI", "type 3"; anything else (also -1 and 0) is None, unknown.

    >>> fitzpatrick("IV"), fitzpatrick(3.0), fitzpatrick(-1)
    (4, 3, None)
    """
    if isinstance(value, str):
        text = value.strip().upper().removeprefix("FITZPATRICK").strip().removeprefix("TYPE").strip()
        if text in _ROMAN:
            return _ROMAN[text]
        try:
            value = float(text)
        except ValueError:
            return None
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return None
    number = float(value)
    return int(number) if number in (1, 2, 3, 4, 5, 6) else None


def tone_group(value: Any) -> str:
    """Return the group I-II, III-IV or V-VI of a Fitzpatrick type or group, or ``unknown``.

    >>> tone_group(2), tone_group("V"), tone_group("III-IV"), tone_group(None)
    ('I-II', 'V-VI', 'III-IV', 'unknown')
    """
    if isinstance(value, str) and value.strip().upper() in TONE_GROUPS:
        return value.strip().upper()
    number = fitzpatrick(value)
    return UNKNOWN if number is None else TONE_GROUPS[(number - 1) // 2]


def stratum_of(images: ImageSet, column: str) -> NDArray[np.object_]:
    """Return the stratum of every image by ``column``; ``skin_tone`` and ``skin_tone_2`` are grouped, missing values
    are ``unknown``.

    Raises ``UserError`` for tone by pixels on sets that carry no tone labels: it is never guessed; and for tone where
    it cannot be known (`refuse_tone`).
    """
    refused = refuse_tone(images, column)
    if refused:
        raise UserError(refused, remedy="choose another column")
    if column == "skin_tone" and column not in images.table.columns:
        raise UserError(
            f"the image set {images.about.name!r} has no column 'skin_tone', and tone is not read off pixels",
            remedy="add tone labels given by people, or choose another column",
        )
    values = images.column(column)
    if column in TONE_COLUMNS:
        return np.array([tone_group(value) for value in values], dtype=object)
    return np.array([UNKNOWN if pd.isna(value) else str(value) for value in values], dtype=object)


def count_strata(images: ImageSet, column: str) -> dict[str, int]:
    """Number of images by stratum, in order of the strata's names."""
    values, counts = np.unique(stratum_of(images, column).astype(str), return_counts=True)
    return {str(value): int(count) for value, count in zip(values, counts, strict=True)}


def too_small(name: str, n: int, needed: int = MIN_STRATUM) -> str | None:
    """Return the reason why a stratum of n images is not scored, or None when it is large enough.

    >>> too_small("V-VI", 14)
    'not enough data: 14 images in V-VI, 50 needed'
    """
    return None if n >= needed else f"not enough data: {n} images in {name}, {needed} needed"
