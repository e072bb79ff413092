"""What may enter a metric: finite feature arrays of one width, and enough of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import UserError

LARGEST = 1e40
"""Beyond this size, sixth powers of a feature (the cubic kernel's) leave float64."""

Features = NDArray[np.float64]


def as_features(features: ArrayLike, name: str = "features", *, least: int = 2) -> Features:
    """Return features as a contiguous float64 array of shape (n, D), or say what is wrong with them.

    Raises
    ------
    UserError
        (a ``ValueError``) for a rank other than 2, no columns, fewer than ``least`` rows, NaN or infinity,
        or values beyond 1e40.
    """
    try:
        array = np.ascontiguousarray(features, dtype=np.float64)
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
    bad = ~np.isfinite(array).all(axis=1)
    if bad.any():
        raise UserError(
            f"{_rows(int(bad.sum()))} with NaN or infinity, the first is row {int(bad.argmax())}",
            where=name,
            remedy="look at that image and at its features",
        )
    if np.abs(array).max() > LARGEST:
        raise UserError(f"values beyond {LARGEST:g}", where=name, remedy="rescale the features")
    return array


def as_pair(
    real: ArrayLike, synthetic: ArrayLike, *, names: tuple[str, str] = ("real", "synthetic"), least: int = 2
) -> tuple[Features, Features]:
    """Return two feature arrays of one width, or say what is wrong with them."""
    x, y = as_features(real, names[0], least=least), as_features(synthetic, names[1], least=least)
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


def unit_rows(features: Features, name: str = "features") -> Features:
    """Return the rows scaled to length 1; a row of zeros has no direction and is refused."""
    peak = np.abs(features).max(axis=1, keepdims=True)
    if (peak == 0).any():
        raise UserError(
            f"row {int((peak == 0).argmax())} is all zeros and has no direction",
            where=name,
            remedy="leave it out",
        )
    scaled = features / peak
    return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True), dtype=np.float64)


def _rows(n: int) -> str:
    return f"{n} row" if n == 1 else f"{n} rows"
