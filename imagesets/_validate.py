"""Everything that is wrong with an image set, at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..core import UserError
from ._about import About
from ._cards import about_of, lineage_of, read_card
from ._faults import CHECKS, Fault
from ._find_files import TABLE_NAMES, find_images, find_table, is_inside, label_by_folder
from ._imageset import ImageSet
from ._inspect import Inspection, Look, inspect_set, look_at_files
from ._open import open_imageset
from ._tables import read_table, wrong_marks
from ._tone_refusal import tone_reason


def validate_imageset(what: str | Path | ImageSet) -> list[Fault]:
    """Return every fault of an image set: errors first, each with where it is and what to do.

    ``what`` is a folder, an ``.npz``, a ``.parquet``, a spec, or an open `ImageSet`. Errors: files that are
    missing, empty, truncated, no images, or outside the folder; doubled rows; missing labels; classes with
    one image; identical images under two labels; a patient, lesion or identical image in two given splits; a
    format, size or mode that gives the label away. Warnings: files that no row names, identical images,
    more than 8 bits, mixed sizes, modes or formats, backgrounds that betray a class, skin tone where it cannot
    be known. An empty list means that
    nothing was found, not that nothing is wrong.

    Example
    -------
    >>> import numpy as np
    >>> images = np.arange(12, dtype=np.uint8).reshape(4, 1, 1, 3)
    >>> s = ImageSet.from_arrays(images, pd.DataFrame({"label": ["a", "a", "a", "b"]}))
    >>> [fault.what for fault in validate_imageset(s)]
    ["the class 'b' has one image"]
    """
    try:
        early, seen = _look(what)
    except UserError as error:
        return [Fault(error.what, str(error.where or what), error.remedy or "mend the input")]
    found = [*early, *(fault for check in CHECKS for fault in check(seen))]
    return sorted(found, key=lambda fault: fault.severity != "error")


def has_errors(faults: Sequence[Fault]) -> bool:
    """True when one of the faults stops the set's use."""
    return any(fault.severity == "error" for fault in faults)


def _look(what: str | Path | ImageSet) -> tuple[list[Fault], Inspection]:
    path = None if isinstance(what, ImageSet) else Path(str(what)).expanduser()
    if path is not None and path.name in TABLE_NAMES:
        path = path.parent
    if path is not None and path.is_dir():
        return _look_at_folder(path)
    images = what if isinstance(what, ImageSet) else open_imageset(what)
    return _tone_faults(images.about, images.table), inspect_set(images)


def _tone_faults(about: About, table: pd.DataFrame) -> list[Fault]:
    """A warning for every column of skin tone where nobody can know it."""
    found = [(str(column), tone_reason(about, table, str(column))) for column in table.columns]
    remedy = "make no strata and no conditions of it; `tone_from: patient` in the card, if a person noted it there"
    return [Fault(reason, f"{about.name}, column {name!r}", remedy, "warning") for name, reason in found if reason]


def _look_at_folder(folder: Path) -> tuple[list[Fault], Inspection]:
    """Look at a folder without `read_folder`, which stops at rows that cannot be used."""
    faults = _card_faults(folder)
    found = find_images(folder)
    path = find_table(folder)
    if path is None:
        if not found:
            raise UserError(
                "no images are there", where=folder, remedy="give the folder that holds the images"
            )
        labels, splits = label_by_folder(found, folder)
        columns: dict[str, list[Any]] = {"file_name": found, "label": labels, "given_split": splits}
        table = pd.DataFrame({name: cells for name, cells in columns.items() if cells[0] is not None})
        return faults, Inspection(folder.name, table, look_at_files(folder, found))
    table = read_table(path)
    if "file_name" not in table.columns:
        raise UserError(
            "no column 'file_name'",
            where=path,
            remedy=wrong_marks(list(map(str, table.columns)))
            or "name the column that holds the files' names so",
        )
    if not len(table):
        raise UserError("the table has no rows", where=path)
    if not faults:
        faults = _tone_faults(about_of(read_card(folder), folder.name), table)
    names = ["" if pd.isna(name) else str(name) for name in table["file_name"]]
    strays = sorted(set(found) - set(names))
    return faults, Inspection(path.name, table, _look_at_rows(folder, names), strays)


def _look_at_rows(folder: Path, names: list[str]) -> list[Look]:
    looks = iter(look_at_files(folder, [name for name in names if is_inside(name)]))
    return [next(looks) if is_inside(name) else Look(fault=_name_fault(name)) for name in names]


def _name_fault(name: str) -> str:
    return f"{name!r} leads out of the folder" if name else "the row names no file"


def _card_faults(folder: Path) -> list[Fault]:
    try:
        lineage_of(read_card(folder), folder / "card.json")
    except UserError as error:
        return [Fault(error.what, str(error.where), error.remedy or "mend the card")]
    return []
