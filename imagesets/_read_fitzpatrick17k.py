"""Read Fitzpatrick17k: clinical photographs of 114 skin conditions, with two labels of skin tone each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from ..core import UserError
from ._about import About
from ._imageset import ImageSet
from ._published import Missing, check_columns, choose_classes, find_file, make_set, open_folder, place_files
from ._strata import fitzpatrick
from ._tables import read_table

TABLES = ("fitzpatrick17k.csv", "fitzpatrick17k_labels_only.csv")
LABELS = ("label", "nine_partition_label", "three_partition_label")
WRONG, DIAGNOSTIC = "3 Wrongly labelled", "1 Diagnostic"
"""Verdicts of the dermatologists who looked at 504 of the images; the others bear none."""
ABOUT = About(
    name="fitzpatrick17k",
    licence="CC BY-NC-SA 3.0 (labels and images, by the two atlases' terms)",
    source="https://github.com/mattgroh/fitzpatrick17k",
    citation="Groh et al. 2021, Evaluating deep neural networks trained on clinical images in dermatology with the "
    "Fitzpatrick 17k dataset, CVPR workshops, arXiv:2104.09957",
    modality="clinical photograph",
    notes="Skin tone was judged from the photographs by two labelling services, not on the patients: they agree on "
    "47.9% of the images, within one type on 91.0%. There are no patients in the table.",
)


def read_fitzpatrick17k(
    argument: str | Path,
    *,
    csv: str | None = None,
    label: Literal["label", "nine_partition_label", "three_partition_label"] = "label",
    classes: int | str | Sequence[str] | None = None,
    qc: Literal["all", "not-wrong", "diagnostic"] = "all",
    keep: str | None = None,
    missing: Missing = "error",
) -> ImageSet:
    """Read Fitzpatrick17k from its table and a folder of images named ``MD5HASH.jpg``.

    ``skin_tone`` is Scale AI's label (``fitzpatrick_scale``; ``fitzpatrick`` in the first release), ``skin_tone_2``
    Centaur Labs'; -1 is missing. ``site`` is the atlas the image came from (dermaamin, atlasdermatologico), where the
    table has a ``url``. Images fetched by the user under the name in ``url_alphanum`` are found too.

    Parameters
    ----------
    argument:
        The folder with ``fitzpatrick17k.csv``; the images lie in it or below.
    csv:
        Another table, by its path or its name in the folder.
    label:
        The column that becomes ``label``: 114 conditions, 9 groups or 3.
    classes:
        Names of classes, or a number: the most frequent ones (10 are those of the code released with arXiv:2308.12453).
    qc:
        ``not-wrong`` leaves out the 17 images that dermatologists called wrongly labelled; ``diagnostic`` keeps
        the 348 alone of which they said that the image shows its condition. They looked at 504.
    keep:
        A table with ``md5hash``: only its images stay. The cleaned list Fitzpatrick17k-C (Abhishek et al. 2024,
        arXiv:2401.14497) is one; its column ``partition`` becomes ``given_split``.
    missing:
        ``drop`` leaves out rows whose image is not there; many links of the atlases are dead.

    Raises
    ------
    UserError
        For tables without the published columns, doubled images, unknown classes, and rows without an image.
    """
    folder = open_folder(argument)
    path = find_file(folder, csv, TABLES, "the table of Fitzpatrick17k")
    table = read_table(path, text=("md5hash", *LABELS, "qc", "url", "url_alphanum"))
    tone = "fitzpatrick_scale" if "fitzpatrick_scale" in table.columns else "fitzpatrick"
    check_columns(table, ("md5hash", tone, label), path)
    if label not in LABELS or qc not in ("all", "not-wrong", "diagnostic"):
        raise UserError(f"label {label!r} or qc {qc!r} is none of the choices", where=path,
                        remedy=f"label: {', '.join(LABELS)}; qc: all, not-wrong, diagnostic")  # fmt: skip
    table = _named(table, label, tone)
    if qc != "all":
        check_columns(table, ("qc",), path)
        wanted = table["qc"] == DIAGNOSTIC if qc == "diagnostic" else table["qc"] != WRONG
        table = table[wanted.fillna(qc == "not-wrong").astype(bool)].reset_index(drop=True)
    if keep is not None:
        table = _kept(table, find_file(folder, keep, (), "the list of images to keep"))
    table = choose_classes(table, classes, path)
    names = {"md5hash": table["md5hash"].tolist()}
    if "url_alphanum" in table.columns:
        names["url_alphanum"] = table["url_alphanum"].tolist()
    return make_set(folder, place_files(folder, table, names, missing, path), ABOUT)


def _named(table: pd.DataFrame, label: str, tone: str) -> pd.DataFrame:
    named = pd.DataFrame({"label": table[label].tolist()})
    named["skin_tone"] = _types(table[tone])
    if "fitzpatrick_centaur" in table.columns:
        named["skin_tone_2"] = _types(table["fitzpatrick_centaur"])
    for column in LABELS:
        if column != label and column in table.columns:
            named["condition" if column == "label" else column] = table[column].tolist()
    if "url" in table.columns:
        named["site"] = [_atlas(url) for url in table["url"]]
    for column in ("md5hash", "qc", "url_alphanum"):
        if column in table.columns:
            named[column] = table[column].tolist()
    return named


def _types(values: pd.Series) -> pd.Series:
    """Fitzpatrick types 1 to 6; the publishers' -1 is missing."""
    return pd.Series([fitzpatrick(value) for value in values], dtype="Int64")


def _atlas(url: object) -> str | None:
    text = str(url).lower()
    return next((name for name in ("dermaamin", "atlasdermatologico") if name in text), None)


def _kept(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The rows that the list names, with its partition; a list of other images is an error."""
    listed = read_table(path, text=("md5hash", "partition"))
    check_columns(listed, ("md5hash",), path)
    kept = table[table["md5hash"].isin(set(listed["md5hash"]))].reset_index(drop=True)
    if not len(kept):
        raise UserError(
            "the list names no image of the table", where=path, remedy="give the list of md5 hashes"
        )
    if "partition" in listed.columns:
        given = dict(zip(listed["md5hash"], listed["partition"], strict=True))
        kept["given_split"] = [given[name] for name in kept["md5hash"]]
    return kept
