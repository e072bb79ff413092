"""Features that the user brings instead of images: an array, and a table beside it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, content_key
from ..imagesets import About, ImageSet, Pixels, read_table
from ._feature_columns import array_and_columns, feature_columns

Floats = NDArray[np.floating[Any]]
TABLES = (".csv", ".parquet")
_BROKEN = (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError)


class FeatureSource:
    """Stands where pixels would be: rows of features, of which no image can be shown."""

    def __init__(self, features: Floats, where: str) -> None:
        self.features, self.where = features, where

    def __len__(self) -> int:
        return len(self.features)

    def read(self, row: int) -> Pixels:
        """Refuse: there are no pixels."""
        raise UserError("these are features, there are no images", where=self.where, remedy="give images")


class BroughtFeatures:
    """Stands where an extractor would be: the features of each set are the rows that the user brought."""

    name = "array"
    learns = False
    key = "array"

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Do nothing."""

    def features(self, images: ImageSet, *, batch_size: int = 128) -> Floats:
        """Return the rows of the set, in the type in which they came."""
        assert isinstance(images.source, FeatureSource)
        return images.source.features[images.rows]


def holds_features(images: ImageSet) -> bool:
    """True where the set is made of features, without images."""
    return isinstance(images.source, FeatureSource)


def names_features(spec: str) -> bool:
    """True where a path holds features: ``.npy``; ``.npz`` with ``features``; a table with feature columns."""
    path = Path(spec).expanduser()
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return True
    if not path.is_file():
        return False
    if suffix == ".npz":
        return "features" in _names_in(path)
    return suffix in TABLES and path.stem != "metadata" and bool(feature_columns(_column_names(path)))


def open_features(spec: str) -> ImageSet:
    """Open a feature file as a set without pixels.

    ``.npy`` holds (N, D) numbers, its table lies beside it (``x.csv`` or ``x.parquet`` beside ``x.npy``);
    ``.npz`` holds ``features`` (N, D) and columns of N cells such as ``label`` and ``patient_id``; a ``.csv`` or
    ``.parquet`` holds feature columns ``f0, f1, ...`` beside the others. Nothing is unpickled.

    Raises ``UserError`` for a broken file, a rank other than 2, NaN or infinity (with the row), a table of
    another length.
    """
    path = Path(spec).expanduser()
    if not path.is_file():
        raise UserError("no such file", where=spec, remedy="give a feature file or an image set")
    suffix = path.suffix.lower()
    if suffix in TABLES:
        features, columns = array_and_columns(read_table(path), str(path))
    elif suffix == ".npz":
        features, columns = _read_npz(path)
    else:
        features, columns = _read_npy(path)
    _check(features, path)
    table = _table(columns, len(features), path)
    images = ImageSet(FeatureSource(features, str(path)), table, about=About(path.stem))
    images.__dict__["image_keys"] = [content_key("features", row) for row in features]
    return images


def check_widths(sets: Mapping[str, ImageSet]) -> None:
    """Refuse sets of which some are features and some are images, or whose features differ in number."""
    kinds = {name: holds_features(images) for name, images in sets.items()}
    if len(set(kinds.values())) > 1:
        arrays = next(name for name, is_array in kinds.items() if is_array)
        others = next(name for name, is_array in kinds.items() if not is_array)
        raise UserError(
            f"{arrays} holds features and {others} images", remedy="give all as features, or all as images"
        )
    widths = {name: _width(images) for name, images in sets.items()}
    if len(set(widths.values())) > 1:
        told = ", ".join(f"{name} {width}" for name, width in widths.items())
        raise UserError(f"the features differ in number: {told}", remedy="take all from one extractor")


def _width(images: ImageSet) -> int:
    return images.source.features.shape[1] if isinstance(images.source, FeatureSource) else 0


def _names_in(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [Path(name).stem for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return []


def _column_names(path: Path) -> list[str]:
    if path.suffix.lower() == ".csv":
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return [cell.strip().strip('"') for cell in file.readline().split(",")]
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return []


def _read_npy(path: Path) -> tuple[Any, dict[str, Any]]:
    try:
        features = np.load(path, allow_pickle=False)
    except _BROKEN as error:
        raise UserError(
            f"not a readable array: {error}", where=path, remedy="write it with numpy.save"
        ) from error
    beside = [path.with_suffix(suffix) for suffix in TABLES if path.with_suffix(suffix).is_file()]
    if len(beside) > 1:
        raise UserError(f"two tables lie beside it: {beside[0].name} and {beside[1].name}", where=path,
                        remedy="remove one")  # fmt: skip
    return features, dict(read_table(beside[0])) if beside else {}


def _read_npz(path: Path) -> tuple[Any, dict[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except _BROKEN as error:
        raise UserError(
            f"not a readable archive: {error}", where=path, remedy="write it with numpy.savez"
        ) from error
    return found.pop("features"), found


def _check(features: Any, path: Path) -> None:
    if not isinstance(features, np.ndarray) or features.dtype.kind not in "fiu":
        raise UserError("features must be numbers", where=path, remedy="write an (N, D) array of floats")
    if features.ndim != 2 or 0 in features.shape:
        raise UserError(
            f"features have shape {features.shape}", where=path, remedy="write (N, D): a row for each image"
        )
    bad = ~np.isfinite(features).all(axis=1)
    if bad.any():
        raise UserError(
            f"{int(bad.sum())} of {len(features)} rows hold NaN or infinity, the first is row {int(bad.argmax()) + 1}",
            where=path,
            remedy="look at that image and at its features",
        )


def _table(columns: Mapping[str, Any], n: int, path: Path) -> pd.DataFrame:
    for name, cells in columns.items():
        if np.shape(cells) != (n,):
            raise UserError(
                f"{n} rows of features, but the column {name!r} has shape {np.shape(cells)}",
                where=path,
                remedy="give one cell for each row, in the same order",
            )
    table = pd.DataFrame({name: np.asarray(cells) for name, cells in columns.items()}, index=range(n))
    if "label" in table.columns:
        table["label"] = [None if pd.isna(label) else str(label) for label in table["label"]]
    if "file_name" not in table.columns:
        table.insert(0, "file_name", [f"row {row + 1}" for row in range(n)])
    return table
