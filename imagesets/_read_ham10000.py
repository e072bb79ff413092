"""Read HAM10000: 10,015 dermoscopic images of 7,470 lesions, 7 diagnoses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ._about import About
from ._imageset import ImageSet
from ._published import (
    Missing,
    age_group,
    ages,
    check_columns,
    choose_classes,
    find_file,
    known,
    make_set,
    open_folder,
    place_files,
)
from ._tables import read_table

TABLES = ("HAM10000_metadata.csv", "HAM10000_metadata")
ABOUT = About(
    name="ham10000",
    licence="CC BY-NC 4.0: non-commercial, attribution",
    source="https://doi.org/10.7910/DVN/DBW86T",
    citation="Tschandl, Rosendahl and Kittler 2018, The HAM10000 dataset, Scientific Data 5, 180161",
    modality="dermoscopy",
    notes="Several images of one lesion are common; patients are not named. Ages are rounded to 5 years.",
)


def read_ham10000(
    argument: str | Path,
    *,
    csv: str | None = None,
    classes: int | str | Sequence[str] | None = None,
    missing: Missing = "error",
) -> ImageSet:
    """Read HAM10000 from the folder that holds ``HAM10000_metadata`` (with or without ``.csv``) and the images.

    The images, ``ISIC_0024306.jpg`` and on, lie in ``HAM10000_images_part_1`` and ``_part_2``, or anywhere below.
    ``label`` is the diagnosis ``dx``; ``dx_type``, ``lesion_id``, ``sex``, ``age``, ``age_group``, ``localization``
    are kept, and ``site`` is the column ``dataset`` (camera and clinic), where the release has it. "unknown" and
    missing ages are missing. Skin tone cannot be known here: see `refuse_tone`.

    Raises
    ------
    UserError
        For a table without the published columns, doubled images, and rows without an image.
    """
    folder = open_folder(argument)
    path = find_file(folder, csv, TABLES, "the table of HAM10000")
    table = read_table(
        path, text=("lesion_id", "image_id", "dx", "dx_type", "sex", "localization", "dataset")
    )
    check_columns(table, ("lesion_id", "image_id", "dx"), path)
    named = pd.DataFrame({"label": table["dx"].tolist(), "lesion_id": table["lesion_id"].tolist()})
    for column in ("dx_type", "sex", "localization"):
        if column in table.columns:
            named[column] = known(table[column])
    if "age" in table.columns:
        named["age"] = ages(table["age"])
        named["age_group"] = [age_group(age) for age in named["age"]]
    if "dataset" in table.columns:
        named["site"] = known(table["dataset"])
    named["image_id"] = table["image_id"].tolist()
    named = choose_classes(named, classes, path)
    return make_set(
        folder, place_files(folder, named, {"image_id": named["image_id"].tolist()}, missing, path), ABOUT
    )
