"""Read DDI, Diverse Dermatology Images: 656 clinical photographs with pathology, and the tone of the skin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ..core import UserError
from ._about import About
from ._imageset import ImageSet
from ._published import Missing, check_columns, choose_classes, find_file, make_set, open_folder, place_files
from ._tables import read_table

TABLES = ("ddi_metadata.csv",)
TONES = {"12": "I-II", "34": "III-IV", "56": "V-VI"}
ABOUT = About(
    name="ddi",
    licence="Stanford University Dataset Research Use Agreement: research only, no redistribution",
    source="https://ddi-dataset.github.io",
    citation="Daneshjou et al. 2022, Disparities in dermatology AI performance on a diverse, curated clinical image "
    "set, Science Advances 8, eabq6147",
    modality="clinical photograph",
    notes="Skin tone by chart review and two dermatologists, in three groups. The 656 images are of 570 patients, who "
    "are not named in the table: images of one patient cannot be kept together.",
)
_OLD_KEY = "malignancy(malig=1)"
_TRUE, _FALSE = {"true", "1", "1.0"}, {"false", "0", "0.0"}


def read_ddi(
    argument: str | Path,
    *,
    label: Literal["malignant", "disease"] = "malignant",
    classes: int | str | Sequence[str] | None = None,
    missing: Missing = "error",
) -> ImageSet:
    """Read DDI from the folder that holds ``ddi_metadata.csv`` and ``000001.png`` ... (beside it, or in ``images``).

    ``label`` is ``malignant`` or ``benign``; with ``label=disease`` it is the disease (78 of them, most with a few
    images). ``skin_tone`` is I-II, III-IV or V-VI (the table's 12, 34, 56).

    Raises
    ------
    UserError
        For a table without the published columns, a tone or a malignancy that is none, and rows without an image.
    """
    folder = open_folder(argument)
    path = find_file(folder, None, TABLES, "the table of DDI")
    table = read_table(path, text=("DDI_file", "skin_tone", "disease", "malignant", _OLD_KEY))
    key = "malignant" if "malignant" in table.columns else _OLD_KEY
    check_columns(table, ("DDI_file", "skin_tone", key if key in table.columns else "malignant"), path)
    if label not in ("malignant", "disease"):
        raise UserError(f"label must be 'malignant' or 'disease', got {label!r}", where=path)
    malignancy = [_malignancy(value, row, path) for row, value in enumerate(table[key], start=1)]
    named = pd.DataFrame({"label": malignancy})
    named["skin_tone"] = [_tone(value, row, path) for row, value in enumerate(table["skin_tone"], start=1)]
    if "disease" in table.columns:
        named["disease"] = table["disease"].tolist()
    elif label == "disease":
        check_columns(table, ("disease",), path)
    if label == "disease":
        named = named.rename(columns={"label": "malignancy", "disease": "label"})
    named = named.assign(DDI_file=table["DDI_file"].tolist())
    named = choose_classes(named, classes, path)
    return make_set(
        folder, place_files(folder, named, {"DDI_file": named["DDI_file"].tolist()}, missing, path), ABOUT
    )


def _malignancy(value: Any, row: int, path: Path) -> str:
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise UserError(f"row {row}: malignant is {value!r}", where=path, remedy="write True or False")
    return "malignant" if text in _TRUE else "benign"


def _tone(value: Any, row: int, path: Path) -> str | None:
    if pd.isna(value):
        return None
    text = str(value).strip().removesuffix(".0")
    if text not in TONES:
        raise UserError(f"row {row}: skin_tone is {value!r}", where=path, remedy="write 12, 34 or 56")
    return TONES[text]
