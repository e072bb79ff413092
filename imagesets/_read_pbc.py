"""Read PBC: 17,092 single blood cells in eight classes, with the morphology of WBCAtt where it is given."""

from __future__ import annotations

import warnings
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Literal

import pandas as pd

from ..core import UserError, file_hash
from ._about import About
from ._find_files import find_images
from ._imageset import ImageSet
from ._published import check_columns, make_set, open_folder
from ._tables import read_table

CLASSES = ("basophil", "eosinophil", "erythroblast", "ig", "lymphocyte", "monocyte", "neutrophil", "platelet")
ROOT = "PBC_dataset_normal_DIB"
ATTRIBUTES = (
    "cell_size", "cell_shape", "nucleus_shape", "nuclear_cytoplasmic_ratio", "chromatin_density", "cytoplasm_vacuole",
    "cytoplasm_texture", "cytoplasm_colour", "granule_type", "granule_colour", "granularity",
)  # fmt: skip
ABOUT = About(
    name="pbc",
    licence="images CC BY 4.0; attributes (WBCAtt) MIT",
    source="https://doi.org/10.17632/snkd93bnjr.1",
    citation="Acevedo et al. 2020, A dataset of microscopic peripheral blood cell images for development of automatic "
    "recognition systems, Data in Brief 30, 105474; attributes: Tsutsui, Pang and Wen 2023, WBCAtt, NeurIPS",
    modality="blood smear",
    notes="Patients are not named. The class ig has another background than most others: any classifier can use it.",
)
_SPLITS = ("train", "val", "test")


def read_pbc(
    argument: str | Path,
    *,
    wbcatt: str | None = None,
    conflicts: Literal["drop", "keep"] = "drop",
) -> ImageSet:
    """Read PBC from the folder with one folder for each class, or from the one that holds ``PBC_dataset_normal_DIB``.

    ``label`` is the folder's name; ``subtype`` the prefix of the file's name (``BNE_191112.jpg``: a band neutrophil),
    which splits ``ig`` into MMY, MY, PMY (and IG where it was not told) and ``neutrophil`` into BNE and SNE. Hidden
    files are passed over: the release holds a stray ``.DS_...`` image.

    Parameters
    ----------
    argument:
        The folder.
    wbcatt:
        The folder with ``pbc_attr_v1_train.csv``, ``_val`` and ``_test``, or one such table: its 11 attributes are
        joined by file name, and ``wbcatt_split`` says whose split an image is. 10,298 cells of five classes have them.
    conflicts:
        ``drop`` leaves out files that are byte-identical and lie in two classes (the release has such a pair:
        nobody can say which label is right), with a warning; ``keep`` leaves them in.

    Raises
    ------
    UserError
        For a folder without these classes, and for attributes whose class is another than the image's folder.
    """
    folder = open_folder(argument)
    folder = folder / ROOT if (folder / ROOT).is_dir() else folder
    files = [name for name in find_images(folder) if PurePosixPath(name).parts[0].lower() in CLASSES]
    if not files:
        raise UserError("no class of PBC is there", where=folder, remedy=f"give the folder that holds {CLASSES[0]}, "
                        f"{CLASSES[1]}, ... with their images")  # fmt: skip
    labels = [PurePosixPath(name).parts[0].lower() for name in files]
    table = pd.DataFrame({"file_name": files, "label": labels})
    table["subtype"] = [PurePosixPath(name).stem.partition("_")[0].upper() for name in files]
    if conflicts == "drop":
        table = _without_conflicts(folder, table)
    elif conflicts != "keep":
        raise UserError(f"conflicts must be 'drop' or 'keep', got {conflicts!r}", where=folder)
    if wbcatt is not None:
        table = _with_attributes(table, Path(wbcatt).expanduser())
    return make_set(folder, table, ABOUT)


def _without_conflicts(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Leave out byte-identical files of two classes; only files of one size are read."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for row, name in enumerate(table["file_name"]):
        by_size[(folder / name).stat().st_size].append(row)
    labels, names = table["label"].tolist(), table["file_name"].tolist()
    wrong: set[int] = set()
    for rows in by_size.values():
        if len({labels[row] for row in rows}) < 2:
            continue
        same: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            same[file_hash(folder / names[row])].append(row)
        wrong.update(row for each in same.values() if len({labels[row] for row in each}) > 1 for row in each)
    if wrong:
        shown = ", ".join(names[row] for row in sorted(wrong)[:4])
        warnings.warn(
            f"{folder}: {len(wrong)} images lie in two classes and were left out: {shown}", stacklevel=3
        )
    return table.drop(index=sorted(wrong)).reset_index(drop=True)


def _with_attributes(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    rows = _attributes(path)
    names = [PurePosixPath(name).name for name in table["file_name"]]
    found = rows.reindex(names).reset_index(drop=True)
    other = [
        f"{name} ({label}, there {given})"
        for name, label, given in zip(names, table["label"], found["label"], strict=True)
        if isinstance(given, str) and given.lower() != label
    ]
    if other:
        raise UserError(f"{len(other)} images have another class: {', '.join(other[:4])}", where=path)
    if found["label"].isna().all():
        raise UserError("the attributes name no image of the set", where=path)
    return table.assign(**{name: found[name].to_numpy(object) for name in (*ATTRIBUTES, "wbcatt_split")})


def _attributes(path: Path) -> pd.DataFrame:
    """All rows of WBCAtt's tables by file name, with the split they stand in."""
    tables = [path] if path.is_file() else [path / f"pbc_attr_v1_{split}.csv" for split in _SPLITS]
    there = [each for each in tables if each.is_file()]
    if not there:
        raise UserError(
            "no table of WBCAtt is there", where=path, remedy="give the folder of pbc_attr_v1_train.csv"
        )
    parts = []
    for each in there:
        part = read_table(each, text=("img_name", "label", *ATTRIBUTES))
        check_columns(part, ("img_name", "label", *ATTRIBUTES), each)
        split = next((name for name in _SPLITS if each.stem.lower().endswith(name)), None)
        parts.append(part[["img_name", "label", *ATTRIBUTES]].assign(wbcatt_split=split))
    rows = pd.concat(parts, ignore_index=True)
    doubled = rows["img_name"][rows["img_name"].duplicated()]
    if len(doubled):
        raise UserError(f"{len(doubled)} images have two rows, such as {doubled.iloc[0]}", where=path)
    return rows.set_index("img_name")
