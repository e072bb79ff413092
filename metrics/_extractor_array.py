"""``array``: features that the user computed elsewhere, joined to images by name or by order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, content_key, did_you_mean, file_hash
from ..imagesets import FolderSource, ImageSet, read_table
from ._extractor import Images
from ._feature_cache import Features

NAMES = "file_name"
_COLUMN = re.compile(r"f(0|[1-9]\d*)")
_BROKEN = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile)


class ArrayExtractor:
    """Features from files: ``array:FILE``, or ``array?files={name of an image set or its folder: FILE, ...}``.

    A ``.npy`` holds (N, D) numbers in the order of the image set; an ``.npz`` holds them as ``features``, and may
    hold ``file_name``; a ``.csv`` or ``.parquet`` has columns ``f0, f1, ...`` and may have ``file_name``. With names a
    file serves every image set whose names it holds; without names it belongs to one set, and its number of rows
    must be that set's number of images.

    Pixels have no features here: what needs the features of changed images (mirrored copies) cannot use it
    (``from_pixels`` is False).
    """

    version = 1
    learns = False
    from_pixels = False
    name = "array"

    def __init__(self, argument: str | None = None, *, files: Mapping[str, str] | None = None) -> None:
        if (argument is None) == (files is None):
            raise UserError("array needs one file, or files for image sets by name",
                            remedy="write array:FILE or array?files={real: a.npy, synthetic: b.npy}")  # fmt: skip
        given = {"": argument} if files is None else dict(files)
        self.paths = {str(name): Path(str(path)).expanduser() for name, path in given.items()}
        self._read: dict[Path, tuple[Features, list[str] | None]] = {}
        self._owners: dict[Path, str] = {}
        self._named: dict[tuple[Path, str], str] = {}

    @property
    def key(self) -> str:
        """Content key of the files."""
        for path in self.paths.values():
            _check_there(path)
        return content_key(
            "array", self.version, {name: file_hash(path) for name, path in self.paths.items()}
        )

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Read the files, so that what is wrong is told at once; learns nothing."""
        for path in self.paths.values():
            self._table(path)

    def features(self, images: Images, *, batch_size: int = 128) -> Features:
        """Return the (N, D) float32 rows that belong to the images of a set."""
        if not isinstance(images, ImageSet):
            raise UserError("features that were brought exist for their images alone, not for other pixels",
                            where="array", remedy="use an extractor that looks at pixels")  # fmt: skip
        path = self._path_of(images)
        found, names = self._table(path)
        if names is not None and NAMES in images.table.columns:
            named = _rows_by_name(images, names, path)
            self._check_names(images, path)
            return found[named]
        rows = _rows_by_order(images, len(found), path)
        self._check_owner(images, path)
        return found[rows]

    def _check_names(self, images: ImageSet, path: Path) -> None:
        """One name must not stand for two images, such as ``images/000000.png`` of two folders."""
        for name, key in zip(images.table[NAMES], images.image_keys, strict=True):
            if self._named.setdefault((path, str(name)), key) != key:
                raise UserError(
                    f"{name!r} is the name of different images in two sets",
                    where=path,
                    remedy="give each set its own file: array?files={real: a.npz, synthetic: b.npz}",
                )

    def _check_owner(self, images: ImageSet, path: Path) -> None:
        """Rows in order belong to one set; two sets of one size must not share them in silence."""
        last = len(images.source) - 1
        owner = content_key(last, images.source.read(0), images.source.read(last)) if last >= 0 else ""
        if self._owners.setdefault(path, owner) != owner:
            raise UserError(
                f"features in order serve one image set, and {images.about.name!r} is another",
                where=path,
                remedy="write array?files={real: a.npy, synthetic: b.npy}, or add a column file_name",
            )

    def _path_of(self, images: ImageSet) -> Path:
        if "" in self.paths:
            return self.paths[""]
        folder = images.source.root.resolve().name if isinstance(images.source, FolderSource) else None
        if folder is not None and folder in self.paths:
            return self.paths[folder]
        if images.about.name not in self.paths:
            near = did_you_mean(images.about.name, self.paths)
            raise UserError(
                f"no features were given for the image set {images.about.name!r}",
                where="array",
                remedy=f"{near}; or give the feature files themselves in place of the image sets",
            )
        return self.paths[images.about.name]

    def _table(self, path: Path) -> tuple[Features, list[str] | None]:
        if path not in self._read:
            _check_there(path)
            found, names = _read(path)
            self._read[path] = _checked(found, path), names
            if names is not None and len(names) != len(found):
                raise UserError(f"{len(found)} rows of features but {len(names)} names", where=path)
        return self._read[path]


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise UserError("the features are not there", where=path, remedy="put the file there")


def _read(path: Path) -> tuple[NDArray[Any], list[str] | None]:
    kind = path.suffix.lower()
    if kind in (".csv", ".parquet"):
        table = read_table(path, text=(NAMES,))
        names = [str(name) for name in table[NAMES]] if NAMES in table.columns else None
        return _numbered_columns(table, path), names
    if kind not in (".npy", ".npz"):
        raise UserError(
            "not a form of features that is read", where=path, remedy="give .npy, .npz, .csv or .parquet"
        )
    try:
        loaded = np.load(path, allow_pickle=False)
        if kind == ".npy":
            return loaded, None
        with loaded:
            names = [str(name) for name in loaded[NAMES]] if NAMES in loaded.files else None
            return loaded["features"], names
    except _BROKEN as error:
        reason = "no array 'features'" if isinstance(error, KeyError) else str(error).partition("\n")[0]
        raise UserError(
            f"not readable: {reason}", where=path, remedy="write it with numpy.save or savez"
        ) from error


def _numbered_columns(table: pd.DataFrame, path: Path) -> NDArray[Any]:
    """The columns ``f0, f1, ...`` in the order of their numbers: an age beside them is no feature."""
    names = sorted(
        (name for name in map(str, table.columns) if _COLUMN.fullmatch(name)), key=lambda n: int(n[1:])
    )
    if names != [f"f{i}" for i in range(len(names))] or not names:
        raise UserError("features stand in columns f0, f1, ... without a gap", where=path,
                        remedy=f"there are {', '.join(names[:4]) or 'none'}")  # fmt: skip
    return table[names].to_numpy()


def _checked(found: NDArray[Any], path: Path) -> Features:
    if found.ndim != 2 or found.dtype.kind not in "fiu" or found.shape[1] == 0:
        raise UserError(f"features are (N, D) numbers, got {found.shape} {found.dtype}", where=path)
    with np.errstate(over="ignore"):
        features: Features = found.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise UserError(f"{len(bad)} rows hold NaN or infinity, first row {int(bad[0]) + 1}", where=path)
    return features


def _rows_by_name(images: ImageSet, names: list[str], path: Path) -> list[int]:
    place = {name: row for row, name in enumerate(names)}
    if len(place) < len(names):
        raise UserError(
            f"{len(names) - len(place)} names stand twice", where=path, remedy="keep one row a name"
        )
    wanted = [str(name) for name in images.table[NAMES]]
    missing = [name for name in wanted if name not in place]
    if missing:
        raise UserError(f"{len(missing)} of {len(wanted)} images of {images.about.name!r} have no features, such as "
                        f"{missing[0]!r}", where=path)  # fmt: skip
    return [place[name] for name in wanted]


def _rows_by_order(images: ImageSet, n: int, path: Path) -> NDArray[np.int64]:
    """The rows of a part of a set are those of its images in the whole."""
    if n == len(images.source):
        return images.rows
    raise UserError(
        f"{n} rows of features for the {len(images.source)} images of {images.about.name!r}",
        where=path,
        remedy=f"give one row for each image, in order, or a column {NAMES!r}",
    )
