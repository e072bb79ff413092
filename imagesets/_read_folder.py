"""Read a folder of images: with a table, with one folder for each class, or loose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..core import UserError, did_you_mean
from ._cards import about_of, lineage_of, read_card
from ._decode import decode, range_of, read_bytes
from ._find_files import find_images, find_table, is_inside, label_by_folder
from ._imageset import ImageSet, Pixels
from ._tables import read_table, wrong_marks
from ._window import Window, decoding_rule, read_window

_SHOWN = 10


class FolderSource:
    """Images that are files, decoded when they are asked for."""

    def __init__(self, root: str | Path, files: Sequence[str], window: Window | None = None) -> None:
        self.root, self.files, self.window = Path(root), list(files), window

    def __len__(self) -> int:
        return len(self.files)

    def read(self, row: int) -> Pixels:
        return decode(self.root / self.files[row], self.window)


def read_folder(
    argument: str | Path,
    *,
    label: str = "label",
    file_name: str = "file_name",
    window: str | Sequence[float] | None = None,
) -> ImageSet:
    """Read an image set from a folder; the pixels are decoded when they are used.

    Three forms are read. With ``metadata.csv`` or ``metadata.parquet`` the table says which files belong to
    the set (column ``file_name``, relative to the folder) and all its columns are kept. Without a table,
    folders are classes (``melanoma/x.png``), below ``train``, ``val``, ``test`` if there are such, kept as
    ``given_split``. Images that lie loose, or in one folder ``images``, have no label. ``card.json`` or the
    front matter of
    ``README.md`` gives licence, source, citation and lineage.

    Parameters
    ----------
    argument:
        The folder.
    label:
        The column that becomes ``label``; an older ``label`` is then kept as ``original_label``.
    file_name:
        The column that holds the files' names.
    window:
        For images of more than 8 bits a channel, the values that become 0 and 255: ``0-4095``, or ``set`` for
        the lowest and the highest of this set (every image is read once for it). Without it each image has its
        own range, and brightness cannot be compared between images, nor between sets. The set's
        ``about.decoding`` states it.

    Raises
    ------
    UserError
        For a folder without images; and once for all rows whose file is missing, doubled or outside the
        folder, each with its row. `validate_imageset` lists every other fault.
    """
    folder = Path(argument).expanduser()
    if not folder.is_dir():
        raise UserError("the folder does not exist" if not folder.exists() else "not a folder", where=folder)
    card = read_card(folder)
    path = find_table(folder)
    if path is None:
        table = _table_of_files(folder)
        if label != "label":
            raise UserError(f"there is no table to hold the column {label!r}", where=folder)
    else:
        table = read_table(path, text=(label, file_name), types=_column_types(card))
        table = _name_columns(table, path, label, file_name)
        _check_files(table, folder, path)
    files = [str(name) for name in table["file_name"]]
    chosen = _range_of_set(folder, files) if window == "set" else read_window(window)
    source = FolderSource(folder, files, chosen)
    about = about_of(card, folder.resolve().name)
    if chosen is not None:
        about = replace(about, decoding=decoding_rule(chosen))
    return ImageSet(source, table, about=about, lineage=lineage_of(card, folder / "card.json"))


def _range_of_set(folder: Path, files: Sequence[str]) -> Window | None:
    return range_of((read_bytes(folder / name), folder / name) for name in files)


def _column_types(card: dict[str, Any]) -> dict[str, str]:
    types = card.get("columns")
    return {str(k): str(v) for k, v in types.items()} if isinstance(types, dict) else {}


def _table_of_files(folder: Path) -> pd.DataFrame:
    files = find_images(folder)
    if not files:
        raise UserError("no images are there", where=folder, remedy="give the folder that holds the images")
    labels, splits = label_by_folder(files, folder)
    table = pd.DataFrame({"file_name": files})
    if labels[0] is not None:
        table["label"] = labels
    if splits[0] is not None:
        table["given_split"] = splits
    return table


def _name_columns(table: pd.DataFrame, path: Path, label: str, file_name: str) -> pd.DataFrame:
    for name, usual in ((file_name, "file_name"), (label, "label")):
        if name not in table.columns and (name != usual or usual == "file_name"):
            there = list(map(str, table.columns))
            hint = wrong_marks(there) or did_you_mean(name, there)
            raise UserError(f"no column {name!r}", where=path, remedy=hint)
    if label != "label":
        table = table.rename(columns={"label": "original_label"})
        table["label"] = [None if pd.isna(value) else str(value) for value in table[label]]
    elif label in table.columns:
        table["label"] = [None if pd.isna(value) else str(value) for value in table["label"]]
    return table.rename(columns={file_name: "file_name"}) if file_name != "file_name" else table


def _check_files(table: pd.DataFrame, folder: Path, path: Path) -> None:
    """Raise once for every row whose file cannot be used."""
    faults: list[str] = []
    seen: dict[str, int] = {}
    for row, value in enumerate(table["file_name"], start=1):
        fault = _fault_of(value, folder, seen)
        if fault:
            faults.append(f"row {row}: {fault}")
        else:
            seen[str(value)] = row
    if not len(table):
        raise UserError("the table has no rows", where=path)
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise UserError(
            f"{len(faults)} of {len(table)} rows cannot be used: {'; '.join(faults[:_SHOWN])}{more}",
            where=path,
            remedy="mend the rows; `synmedbench validate` lists every fault",
        )


def _fault_of(value: object, folder: Path, seen: dict[str, int]) -> str | None:
    if value is None or value != value or value == "":
        return "no file name"
    name = str(value)
    if not is_inside(name):
        return f"{name!r} leads out of the folder"
    if name in seen:
        return f"{name!r} is also row {seen[name]}"
    return None if (folder / name).is_file() else f"{name!r} does not exist"
