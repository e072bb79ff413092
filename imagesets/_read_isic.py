"""Read images of the ISIC archive: a challenge's folder, or what the archive's own download gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import UserError, did_you_mean
from ._about import About
from ._imageset import ImageSet
from ._published import (
    Missing,
    age_group,
    ages,
    check_columns,
    choose_classes,
    known,
    make_set,
    open_folder,
    place_files,
)
from ._strata import fitzpatrick
from ._tables import read_table

IDS = ("isic_id", "image", "image_name", "image_id")
"""Columns that name the image, by release: the archive, the challenges of 2018 and 2019, of 2020, HAM10000."""
LABELS = ("diagnosis", "dx", "diagnosis_1", "benign_malignant", "target")
"""Columns that become ``label`` where there is no ground truth, the first that is there."""
RENAMED = {
    "sex": ("sex",),
    "localization": ("localization", "anatom_site_general", "anatom_site_general_challenge"),
    "site": ("dataset", "attribution"),
    "lesion_id": ("lesion_id",),
    "patient_id": ("patient_id",),
}
ABOUT = About(
    name="isic",
    licence="by image, in copyright_license: CC-0, CC BY or CC BY-NC 4.0; challenges of 2018 and 2019 CC BY-NC 4.0",
    source="https://www.isic-archive.com",
    citation="International Skin Imaging Collaboration; cite the sources named in the column site",
    notes="HAM10000 is part of the challenges of 2018, 2019 and 2020: never an external test set for them.",
)
_SPLIT = re.compile(r"(training|train|validation|val|test)", re.IGNORECASE)
_SPLITS = {"training": "train", "train": "train", "validation": "val", "val": "val", "test": "test"}


def read_isic(
    argument: str | Path,
    *,
    label: str | None = None,
    image_type: str | None = None,
    classes: int | str | Sequence[str] | None = None,
    tone_from: str = "",
    missing: Missing = "error",
) -> ImageSet:
    """Read a folder of ISIC images with the tables that were published with them.

    Every ``.csv`` in the folder is read. One whose other columns are 0 and 1, one 1 a row, is ground truth
    (``ISIC_2019_Training_GroundTruth.csv``: MEL, NV, ...), joined by image or, where it names no image, by lesion
    (MILK10k). The rest are metadata with one of the columns ``isic_id``, ``image``, ``image_name``, ``image_id``
    (``metadata.csv``, ``train.csv``, ``ISIC_2019_Training_Metadata.csv``, ``..._Training_LesionGroupings.csv``);
    they are joined too, and the first that has a cell gives it. Train, validation or test in a table's name becomes
    ``given_split`` where there are several. The images lie below, as ``ISIC_0000000.jpg`` or with ``_downsampled``.

    Columns become ``label``, ``sex``, ``age``, ``age_group``, ``localization``, ``site`` (the clinic that is to be
    named), ``lesion_id``, ``patient_id``, ``skin_tone`` (``fitzpatrick_skin_type``); all others stay as they are.

    Parameters
    ----------
    argument:
        The folder.
    label:
        The column that becomes ``label`` (default: the ground truth, else the first of diagnosis, dx, diagnosis_1,
        benign_malignant, target).
    image_type:
        Keep the images alone whose ``image_type`` begins with it: ``dermoscopic`` or ``clinical``.
    classes:
        Names of classes, or a number: the most frequent ones.
    tone_from:
        ``patient``, where you know that skin type was noted on the patient: else it is refused in dermoscopy.
    missing:
        ``drop`` leaves out rows without an image.

    Raises
    ------
    UserError
        For a folder without such tables, ground truth with no class or two, two tables that contradict each other on
        an image, and rows without an image.
    """
    folder = open_folder(argument)
    table, truth = _joined(folder)
    table = _labelled(table, truth, label, folder)
    if image_type is not None:
        check_columns(table, ("image_type",), folder)
        wanted = table["image_type"].astype(str).str.lower().str.startswith(image_type.lower())
        table = table[wanted].reset_index(drop=True)
    table = _named(choose_classes(table, classes, folder))
    names = table.pop("_image").tolist()
    either = {"the image's name": names, "its downsampled form": [f"{name}_downsampled" for name in names]}
    placed = place_files(folder, table.assign(image_id=names), either, missing, folder)
    return make_set(folder, placed, replace(ABOUT, modality=_modality(placed), tone_from=tone_from))


def _joined(folder: Path) -> tuple[pd.DataFrame, pd.Series | None]:
    """All metadata by image (column ``_image``), and the ground truth by image."""
    metadata: list[pd.DataFrame] = []
    truths: list[pd.DataFrame] = []
    for path in sorted(folder.glob("*.csv")):
        table = read_table(path, text=(*IDS, "lesion_id", "patient_id"))
        key = next((name for name in (*IDS, "lesion_id") if name in table.columns), None)
        if key is None:
            continue
        split = _SPLIT.search(path.stem)
        table = table.assign(given_split=_SPLITS[split.group(1).lower()] if split else None)
        found = _one_hot(table.drop(columns="given_split"), key, path)
        if found is not None:
            truths.append(
                pd.DataFrame({key: table[key], "_truth": found, "given_split": table["given_split"]})
            )
        elif key != "lesion_id":
            metadata.append(table.rename(columns={key: "_image"}))
    if not metadata and not truths:
        raise UserError(
            "no table that names ISIC images is there", where=folder,
            remedy=f"put metadata.csv here; the image's name stands in {', '.join(IDS[:-1])} or {IDS[-1]}",
        )  # fmt: skip
    return _merge(metadata, truths, folder)


def _one_hot(table: pd.DataFrame, key: str, path: Path) -> list[str] | None:
    """The class of each row, or None where the table is no ground truth."""
    columns = [name for name in table.columns if name != key and not str(name).startswith("score_weight")]
    if len(columns) < 2:
        return None
    values = table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    if not len(values) or not np.isin(values, (0.0, 1.0)).all():
        return None
    wrong = np.flatnonzero(values.sum(axis=1) != 1)
    if len(wrong) == len(values):
        return None
    if len(wrong):
        shown = ", ".join(str(table[key].iloc[row]) for row in wrong[:10])
        raise UserError(
            f"{len(wrong)} rows have no class or several: {shown}", where=path, remedy="mend these rows"
        )
    return [str(columns[place]) for place in values.argmax(axis=1)]


def _merge(
    metadata: Sequence[pd.DataFrame], truths: Sequence[pd.DataFrame], folder: Path
) -> tuple[pd.DataFrame, pd.Series | None]:
    by_image = [table for table in truths if "lesion_id" not in table.columns]
    stacked = [*metadata, *(_as_image(table) for table in by_image)]
    rows = pd.concat(stacked, ignore_index=True) if stacked else pd.DataFrame({"_image": []})
    rows["_image"] = rows["_image"].astype(object)
    _check_agreement(rows, folder)
    table = rows.groupby("_image", sort=False).first().reset_index()
    if len(set(table["given_split"].dropna())) < 2:
        table = table.drop(columns="given_split")
    by_lesion = [table_ for table_ in truths if "lesion_id" in table_.columns]
    truth = table.pop("_truth") if "_truth" in table.columns else None
    if by_lesion and "lesion_id" in table.columns:
        given = pd.concat(by_lesion).drop_duplicates("lesion_id").set_index("lesion_id")["_truth"]
        found = table["lesion_id"].map(given)
        truth = found if truth is None else truth.fillna(found)
    if not len(table):
        raise UserError(
            "the ground truth names lesions, but no table says which images they have", where=folder
        )
    return table, truth


def _as_image(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={name: "_image" for name in IDS if name in table.columns})


def _check_agreement(rows: pd.DataFrame, folder: Path) -> None:
    """Two tables may both name an image's class or lesion, if they say the same."""
    for column in ("_truth", "lesion_id", "patient_id"):
        if column in rows.columns:
            several = rows.dropna(subset=[column]).groupby("_image")[column].nunique()
            bad = several[several > 1]
            if len(bad):
                raise UserError(
                    f"{len(bad)} images have two values of {column.strip('_')}, such as {bad.index[0]}",
                    where=folder,
                )


def _labelled(table: pd.DataFrame, truth: pd.Series | None, label: str | None, folder: Path) -> pd.DataFrame:
    if label is None and truth is not None:
        return table.assign(label=truth.to_numpy(object))
    column = label or next((name for name in LABELS if name in table.columns), None)
    there = [str(name) for name in table.columns if not str(name).startswith("_")]
    if column is None or column not in there:
        raise UserError(
            f"no column {column!r} to be the label"
            if column
            else "no ground truth and no diagnosis is there",
            where=folder,
            remedy=did_you_mean(column or "diagnosis", there),
        )
    texts: list[object] = [None if pd.isna(value) else str(value) for value in table[column]]
    return table.assign(label=pd.Series(texts, index=table.index, dtype=object))


def _named(table: pd.DataFrame) -> pd.DataFrame:
    named = pd.DataFrame({"_image": table["_image"], "label": table["label"]})
    for name, candidates in RENAMED.items():
        column = next((each for each in candidates if each in table.columns), None)
        if column is not None:
            named[name] = known(table[column])
    age = next((name for name in ("age_approx", "age") if name in table.columns), None)
    if age is not None:
        named["age"] = ages(table[age])
        named["age_group"] = [age_group(each) for each in named["age"]]
    if "fitzpatrick_skin_type" in table.columns:
        named["skin_tone"] = pd.Series(
            [fitzpatrick(each) for each in table["fitzpatrick_skin_type"]], dtype="Int64"
        )
    used = {*named.columns, *(each for group in RENAMED.values() for each in group), "age_approx", "_image"}
    for column in table.columns:
        if column not in used:
            named[str(column)] = table[column].to_numpy(object)
    return named


def _modality(table: pd.DataFrame) -> str:
    """Dermoscopy unless the table says what its images are."""
    return "" if "image_type" in table.columns else "dermoscopy"
