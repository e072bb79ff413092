"""What may enter a metric: finite feature arrays of one width, and enough of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import UserError

LARGEST = 1e40
"""Beyond this size, sixth powers of a feature (the cubic kernel's) leave float64."""

Features = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
"""Features as they came, float32 or float64: what is compared in tiles and need not be copied."""


def as_features(features: ArrayLike, name: str = "features", *, least: int = 2) -> Features:
    """Return features as a contiguous float64 array of shape (n, D), or say what is wrong with them.

    Raises
    ------
    UserError
        (a ``ValueError``) for a rank other than 2, no columns, fewer than ``least`` rows, NaN or infinity,
        or values beyond 1e40.
    """
    return np.ascontiguousarray(as_rows(features, name, least=least), dtype=np.float64)


def as_rows(features: ArrayLike, name: str = "features", *, least: int = 2) -> Rows:
    """Return features checked as by :func:`as_features`, but float32 ones as they are: large sets are not copied."""
    single = getattr(features, "dtype", None) == np.float32
    try:
        array: Rows = np.ascontiguousarray(features, dtype=np.float32 if single else np.float64)
    except (TypeError, ValueError) as error:
        raise UserError("features must be numbers", where=name, remedy="pass an (n, D) array") from error
    if np.ndim(features) != 2:
        raise UserError(
            f"features have shape {np.shape(features)}",
            where=name,
            remedy="pass (n, D): a row for each image",
        )
    if array.shape[1] == 0:
        raise UserError("features have no columns", where=name)
    if len(array) < least:
        raise UserError(f"{_rows(len(array))} given, at least {least} needed", where=name)
    with np.errstate(over="ignore", invalid="ignore"):
        bad = ~np.isfinite(array.sum(axis=1, dtype=np.float64))
    if bad.any() and (bad := ~np.isfinite(array).all(axis=1)).any():
        raise UserError(
            f"{_rows(int(bad.sum()))} with NaN or infinity, the first is row {int(bad.argmax())}",
            where=name,
            remedy="look at that image and at its features",
        )
    if max(float(array.max()), -float(array.min())) > LARGEST:
        raise UserError(f"values beyond {LARGEST:g}", where=name, remedy="rescale the features")
    return array


def as_pair(
    real: ArrayLike, synthetic: ArrayLike, *, names: tuple[str, str] = ("real", "synthetic"), least: int = 2
) -> tuple[Features, Features]:
    """Return two feature arrays of one width, or say what is wrong with them."""
    x, y = as_row_pair(real, synthetic, names=names, least=least)
    return np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)


def as_row_pair(
    real: ArrayLike, synthetic: ArrayLike, *, names: tuple[str, str] = ("real", "synthetic"), least: int = 2
) -> tuple[Rows, Rows]:
    """Return two feature arrays of one width as :func:`as_rows`, or say what is wrong with them."""
    x, y = as_rows(real, names[0], least=least), as_rows(synthetic, names[1], least=least)
    if x.shape[1] != y.shape[1]:
        raise UserError(
            f"{names[0]} features have {x.shape[1]} columns and {names[1]} features {y.shape[1]}",
            remedy="take both from one extractor",
        )
    return x, y


def check_neighbours(k: int, n: int, name: str) -> None:
    """Refuse a neighbour count k that a set of n (others) cannot give."""
    if k < 1:
        raise UserError(f"k = {k} neighbours asked for, at least 1 needed")
    if k > n:
        raise UserError(
            f"k = {k} neighbours asked for, {n} others given", where=name, remedy="choose a smaller k"
        )


def unit_rows(features: Features, name: str = "features", *, first: int = 0) -> Features:
    """Return the rows scaled to length 1; a row of zeros has no direction and is refused.

    ``first`` is the number of the first row, for the message."""
    peak = np.abs(features).max(axis=1, keepdims=True)
    if (peak == 0).any():
        raise UserError(
            f"row {first + int((peak == 0).argmax())} is all zeros and has no direction",
            where=name,
            remedy="leave it out",
        )
    scaled = features / peak
    return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True), dtype=np.float64)


def _rows(n: int) -> str:
    return f"{n} row" if n == 1 else f"{n} rows"
