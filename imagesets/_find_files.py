"""Which files of a folder are images, and which names a table may give."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..core import UserError

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm"}
)
TABLE_NAMES = ("metadata.csv", "metadata.parquet")
SPLIT_FOLDERS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def find_images(folder: Path) -> list[str]:
    """Return the image files below a folder, as relative POSIX paths in order; hidden ones are left out."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        for name in files:
            if Path(name).suffix.lower() in IMAGE_SUFFIXES and not name.startswith("."):
                found.append((Path(root) / name).relative_to(folder).as_posix())
    return sorted(found)


def find_table(folder: Path) -> Path | None:
    """Return the folder's ``metadata.csv`` or ``metadata.parquet``; two of them are an error."""
    there = [folder / name for name in TABLE_NAMES if (folder / name).is_file()]
    if len(there) > 1:
        raise UserError("both metadata.csv and metadata.parquet are there", where=folder, remedy="keep one")
    return there[0] if there else None


def is_inside(name: str) -> bool:
    """True for a relative name that stays inside its folder, on any system.

    >>> is_inside("images/a.png"), is_inside("../a.png"), is_inside("/etc/a.png"), is_inside("C:\\\\a.png")
    (True, False, False, False)
    """
    windows = PureWindowsPath(name)
    rooted = PurePosixPath(name).is_absolute() or bool(windows.drive or windows.root)
    return bool(name) and not rooted and ".." not in windows.parts


def label_by_folder(files: list[str], folder: Path) -> tuple[list[str | None], list[str | None]]:
    """Return label and given split of each file from the folders it lies in.

    ``class/x.png`` has a label, ``train/class/x.png`` a split besides; files that lie loose, or all in one
    folder
    ``images``, have neither. Loose files beside class folders are an error, for nobody can tell what was
    meant.
    """
    parts = [PurePosixPath(name).parts[:-1] for name in files]
    splits: list[str | None] = [None] * len(files)
    if files and all(len(p) >= 2 and p[0].lower() in SPLIT_FOLDERS for p in parts):
        splits = [SPLIT_FOLDERS[p[0].lower()] for p in parts]
        parts = [p[1:] for p in parts]
    tops = {p[:1] for p in parts}
    if len(tops) == 1 and next(iter(tops)) in ((), ("images",)):
        return [None] * len(files), splits
    if () in tops:
        raise UserError(
            "some images lie loose and others in folders, so labels cannot be told",
            where=folder,
            remedy="add a metadata.csv with file_name and label, or put every image into its class's folder",
        )
    return [p[0] for p in parts], splits
