"""What readers of published sets share: find the table, find each row's file, and name columns alike."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import pandas as pd

from ..core import UserError, did_you_mean
from ._about import About
from ._find_files import find_images
from ._imageset import ImageSet
from ._read_folder import FolderSource

Missing = Literal["error", "drop"]
NOT_KNOWN = frozenset({"", "unknown", "nan", "na", "n/a", "none"})
AGE_EDGES = (0, 20, 40, 60, 80)
_SHOWN = 10


def open_folder(argument: str | Path) -> Path:
    """Return the folder, or raise a ``UserError`` that says what is there instead."""
    folder = Path(argument).expanduser()
    if not folder.is_dir():
        raise UserError("the folder does not exist" if not folder.exists() else "not a folder", where=folder)
    return folder


def find_file(folder: Path, given: str | Path | None, names: Sequence[str], what: str) -> Path:
    """Return the table: the one given (its path, or its name in the folder), else the first of ``names`` that is
    there."""
    if given is not None:
        for path in (folder / str(given), Path(str(given)).expanduser()):
            if path.is_file():
                return path
        raise UserError(f"{what} does not exist", where=folder / str(given))
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise UserError(
            f"{what} is not there", where=folder, remedy=f"put {names[0]} into this folder, beside the images"
        )
    return found


def check_columns(table: pd.DataFrame, needed: Collection[str], path: Path) -> None:
    """Raise once for all columns that the published table has and this one lacks."""
    there = list(map(str, table.columns))
    lacking = [name for name in needed if name not in there]
    if lacking:
        raise UserError(
            f"no column {', '.join(map(repr, lacking))}", where=path, remedy=did_you_mean(lacking[0], there)
        )


def place_files(
    folder: Path, table: pd.DataFrame, names: Mapping[str, Sequence[Any]], missing: Missing, path: Path
) -> pd.DataFrame:
    """Return the table with ``file_name`` first: for each row the image whose name without suffix is one of the row's.

    ``names`` gives candidates by what they are called in errors, in order of preference; an image is looked for in
    all folders below. With ``missing="drop"`` rows without an image are left out, with a warning that counts them.
    """
    if missing not in ("error", "drop"):
        raise UserError(f"missing must be 'error' or 'drop', got {missing!r}", where=folder)
    index = _index(folder)
    files: list[str | None] = [None] * len(table)
    for column in names.values():
        for row, name in enumerate(column):
            if files[row] is None and isinstance(name, str) and name:
                files[row] = index.get(_stem(name))
    _check_doubled(files, path)
    absent = [row for row, file in enumerate(files) if file is None]
    if len(absent) == len(table):
        raise UserError(
            f"none of the {len(table)} rows has an image below this folder",
            where=folder,
            remedy=f"put the images into this folder or one inside it, named by {' or '.join(names)}",
        )
    if absent:
        first = next(iter(names.values()))
        shown = ", ".join(str(first[row]) for row in absent[:_SHOWN])
        more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
        what = f"{len(absent)} of {len(table)} rows have no image: {shown}{more}"
        if missing == "error":
            raise UserError(what, where=path, remedy="missing=drop leaves these rows out")
        warnings.warn(f"{path}: {what}; they were left out", stacklevel=3)
    placed = table.copy()
    placed.insert(0, "file_name", files)
    return placed[placed["file_name"].notna()].reset_index(drop=True)


def make_set(folder: Path, table: pd.DataFrame, about: About) -> ImageSet:
    """Return the set of a table whose ``file_name`` is relative to the folder."""
    if not len(table):
        raise UserError("no image is left", where=folder, remedy="choose other classes, or fewer conditions")
    return ImageSet(FolderSource(folder, [str(name) for name in table["file_name"]]), table, about=about)


def known(values: Sequence[Any] | pd.Series) -> list[str | None]:
    """Text, with what the publishers write for "not known" as None.

    >>> known(["male", "unknown", float("nan"), "", "female "])
    ['male', None, None, None, 'female']
    """
    cleaned = [None if pd.isna(value) else str(value).strip() for value in values]
    return [None if value is None or value.lower() in NOT_KNOWN else value for value in cleaned]


def age_group(age: Any) -> str | None:
    """The group of an age in years, twenty years wide; None where it is missing or no age.

    >>> [age_group(each) for each in (0, 19.0, 20, "85", None, float("nan"), -1)]
    ['0-19', '0-19', '20-39', '80+', None, None, None]
    """
    try:
        years = float(age)
    except (TypeError, ValueError):
        return None
    if not 0 <= years <= 120:
        return None
    low = max(edge for edge in AGE_EDGES if years >= edge)
    return "80+" if low == AGE_EDGES[-1] else f"{low}-{low + 19}"


def ages(values: Sequence[Any] | pd.Series) -> pd.Series:
    """Ages in years as float64, NaN where missing or not a number."""
    return pd.to_numeric(pd.Series(known(values), dtype=object), errors="coerce").astype("float64")


def choose_classes(
    table: pd.DataFrame, classes: int | str | Sequence[str] | None, path: Path
) -> pd.DataFrame:
    """Return the rows of the named classes, or of the ``classes`` most frequent ones (ties in alphabetical order)."""
    if classes is None:
        return table
    counts = table["label"].value_counts()
    if isinstance(classes, int):
        if not 1 <= classes <= len(counts):
            raise UserError(f"classes must be from 1 to {len(counts)}, got {classes}", where=path)
        wanted = sorted(counts.index, key=lambda name: (-counts[name], name))[:classes]
    else:
        wanted = [classes] if isinstance(classes, str) else [str(each) for each in classes]
        unknown = [name for name in wanted if name not in counts.index]
        if unknown:
            raise UserError(
                f"no class is called {', '.join(map(repr, unknown))}",
                where=path,
                remedy=did_you_mean(unknown[0], list(counts.index)),
            )
    return table[table["label"].isin(list(wanted))].reset_index(drop=True)


def _index(folder: Path) -> dict[str, str]:
    """Files by lower-case name without suffix; the least deep one where a name occurs twice."""
    found: dict[str, str] = {}
    for name in sorted(find_images(folder), key=lambda name: (name.count("/"), name)):
        found.setdefault(_stem(name), name)
    return found


def _stem(name: str) -> str:
    base = PurePosixPath(name.replace(os.sep, "/")).name
    stem, suffix = os.path.splitext(base)
    return (stem if suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff") else base).lower()


def _check_doubled(files: Sequence[str | None], path: Path) -> None:
    first: dict[str, int] = {}
    doubled = []
    for row, file in enumerate(files):
        if file is not None and first.setdefault(file, row) != row:
            doubled.append(f"rows {first[file] + 1} and {row + 1} ({file})")
    if doubled:
        more = f"; and {len(doubled) - _SHOWN} more" if len(doubled) > _SHOWN else ""
        raise UserError(
            f"{len(doubled)} images have two rows: {'; '.join(doubled[:_SHOWN])}{more}",
            where=path,
            remedy="remove one of each",
        )
