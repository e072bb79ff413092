"""Where skin tone cannot be known: dermoscopy and images without skin."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ._about import About
from ._imageset import ImageSet

MODALITY_COLUMNS = ("modality", "image_type")
"""Columns that say of every image how it was taken; the second is the ISIC archive's."""
_TONE = re.compile(r"skin[_ ]?(tone|type)|fitzpatrick|typology|(^|[_ -])(monk|ita)([_ -]|$)", re.IGNORECASE)
_DERMOSCOPY = re.compile(r"derm(o|a|ato)scop", re.IGNORECASE)
_NO_SKIN = re.compile(
    r"blood|smear|microscop|histolog|patholog|cytolog|cells?\b|x-?ray|radiograph|\bct\b|tomograph|ultrasound|"
    r"fundus|retina|magnetic|\bmri\b",
    re.IGNORECASE,
)
_ARCHIVE_NAME = re.compile(r"(^|/)ISIC_\d{7}(_downsampled)?\.", re.IGNORECASE)
_ON_PATIENT = re.compile(r"patient|in person|bedside", re.IGNORECASE)
DERMOSCOPY_REASON = (
    "a dermoscope shows a lesion under its own light, often polarised or through a fluid: the colour of the skin "
    "around it follows the camera (on HAM10000 the typology angle is undefined for 39% of the images, and the camera "
    "explains 43% of the variance of b*)"
)


def is_tone(column: str) -> bool:
    """True for a column that speaks of skin tone.

    >>> [is_tone(name) for name in ("skin_tone_2", "fitzpatrick_scale", "ita", "localization", "tonsil")]
    [True, True, True, False, False]
    """
    return bool(_TONE.search(column))


def refuse_tone(images: ImageSet, column: str) -> str | None:
    """Return why ``column`` can be neither a stratum nor a condition of this set, or None where it can.

    Only columns of skin tone (`is_tone`) are ever refused: where the set is dermoscopy, and where it shows no skin
    (blood cells, sections, X-rays). What the set is, is told in this order: by its card's ``modality``; by a column
    ``modality`` or ``image_type``, where one dermoscopic image is enough; by its files, named as the ISIC archive
    names them, or its lesions, named as HAM10000's are. Tone noted on the patient by a person, which the card says by
    ``tone_from: patient``, is never refused.

    >>> table = pd.DataFrame({"skin_tone": ["II"], "sex": ["male"]})
    >>> cells = ImageSet.from_arrays(np.zeros((1, 8, 8, 3), np.uint8), table, about=About("x", modality="blood smear"))
    >>> refuse_tone(cells, "skin_tone")
    "skin tone cannot be known in 'x': its images show no skin (blood smear)"
    >>> refuse_tone(cells, "sex") is None
    True
    """
    return tone_reason(images.about, images.table, column)


def tone_reason(about: About, table: pd.DataFrame, column: str) -> str | None:
    """What `refuse_tone` says of a set of which only the card and the table are at hand."""
    if not is_tone(column) or _ON_PATIENT.search(about.tone_from):
        return None
    name = about.name
    what, sign = _modality(about, table)
    if _DERMOSCOPY.search(what):
        return f"skin tone cannot be known in {name!r}, which is dermoscopy ({sign}): {DERMOSCOPY_REASON}"
    if _NO_SKIN.search(what):
        return f"skin tone cannot be known in {name!r}: its images show no skin ({sign})"
    return None


def _modality(about: About, table: pd.DataFrame) -> tuple[str, str]:
    """What the set is, and by what sign; two empty texts where nothing says it."""
    if about.modality:
        return about.modality, about.modality
    for column in MODALITY_COLUMNS:
        if column in table.columns:
            return _of_rows(table, column)
    for column, pattern, words in (
        ("file_name", _ARCHIVE_NAME, "its files bear names of the ISIC archive"),
        ("lesion_id", re.compile(r"^HAM_\d+$"), "its lesions bear names of HAM10000"),
    ):
        if column in table.columns and len(table):
            named = np.mean([bool(pattern.search(str(value))) for value in table[column]])
            if named > 0.5:
                return "dermoscopy", words
    return "", ""


def _of_rows(table: pd.DataFrame, column: str) -> tuple[str, str]:
    values = table[column].dropna().astype(str)
    for pattern in (_DERMOSCOPY, _NO_SKIN):
        found = [value for value in values if pattern.search(value)]
        if found:
            return found[0], f"{column} is {found[0]!r} in {len(found)} of {len(table)} rows"
    return "", ""
