"""Tone agreement: is the skin of each image as dark as was asked for?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import LEVEL, UserError
from ..imagesets import UNKNOWN, ImageSet, Pixels, measured_tones, tone_group
from ._label_agreement import label_agreement
from ._score import EVERYTHING, Score, Setting, not_enough, scored, too_few

NAME = "tone_agreement"
FEWEST = 10


def tone_agreement(
    images: Pixels | ImageSet,
    requested: Sequence[Any],
    *,
    min_n: int = FEWEST,
    level: float = LEVEL,
    seed: int = 0,
    stratum: str = EVERYTHING,
) -> Score:
    """Balanced share of images whose measured tone group is the requested one, over the groups asked for.

    Measured by the individual typology angle (:func:`synmedbench.imagesets.individual_typology_angle`), in the groups
    I-II, III-IV, V-VI; an image whose angle is undefined agrees with none. Images without a requested tone are left
    out. The interval is Wilson's, as in :func:`label_agreement`.

    Parameters
    ----------
    images:
        (n, H, W, 3) uint8 sRGB, or an image set: the synthetic images.
    requested:
        For each, a Fitzpatrick type (1 to 6, "IV") or group ("V-VI").
    min_n:
        Images that a requested group needs.
    level, seed, stratum:
        Written into the score.

    Returns
    -------
    Score
        In [0, 1], on the extractor ``pixels``; None with its reason where the angle is undefined for more than 10% of
        the images (dermoscopy), or a requested group has fewer than ``min_n``.

    Raises
    ------
    UserError
        For numbers of images and tones that differ, or another array type.

    Example
    -------
    >>> image = np.full((20, 8, 8, 3), (90, 60, 45), np.uint8)
    >>> tone_agreement(image, ["V"] * 20).value, tone_agreement(image, ["V"] * 14 + [2] * 6).reason
    (1.0, 'not enough data: 6 images in I-II, 10 needed')
    """
    asked = np.array([tone_group(tone) for tone in requested], dtype=object)
    if len(asked) != len(images):
        raise UserError(f"{len(asked)} requested tones for {len(images)} images")
    known, setting = asked != UNKNOWN, Setting("pixels", level, seed)
    counts = (0, int(known.sum()))
    if not known.any():
        return not_enough(NAME, "no image has a requested skin tone", counts, True, setting, stratum)
    chosen = images.subset(known) if isinstance(images, ImageSet) else np.asarray(images)[known]
    few = [too_few(n, "images", min_n, name) for name, n in _counts(asked[known]).items() if n < min_n]
    if few:
        return not_enough(NAME, few[0], counts, True, setting, stratum)
    try:
        measured = measured_tones(chosen)
    except UserError as error:
        return not_enough(NAME, str(error), counts, True, setting, stratum)
    found = label_agreement(measured, asked[known], min_n=min_n, level=level).balanced
    assert found is not None
    return scored(NAME, found, counts, True, setting, stratum)


def _counts(groups: np.ndarray[Any, Any]) -> dict[str, int]:
    names, counts = np.unique(groups.astype(str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}
