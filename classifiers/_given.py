"""What a classifier is given, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..core import UserError
from ._backbone import reduction_of
from ._weighted import targets_of


def checked_labels(
    labels: Sequence[str],
    rows: int,
    classes: Sequence[str] | None,
    sample_weights: NDArray[np.float64] | None,
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float64]]:
    """Return the names of the classes, the number of every row's class, and its weight, with mean 1."""
    names = tuple(classes) if classes is not None else tuple(sorted(set(labels)))
    targets = targets_of(labels, names)
    weights = _mean_one(sample_weights, len(targets))
    if len(targets) != rows:
        raise UserError(f"{rows} images but {len(targets)} labels")
    if len(names) < 2:
        raise UserError(f"a classifier needs at least two classes, got {list(names)}")
    if not rows:
        raise UserError("there is nothing to train on: no image at all")
    return names, targets, weights


def check_features(parts: Sequence[NDArray[np.float32]]) -> None:
    """Raise ``UserError`` unless all are finite and of one shape (N, D)."""
    shape = parts[0].shape
    for part in parts:
        if part.ndim != 2 or part.shape != shape or not part.shape[1]:
            shapes = ", ".join(str(each.shape) for each in parts)
            raise UserError(f"features must be (N, D), and views of the same shape, got {shapes}")
        if not np.isfinite(part).all():
            row = int(np.flatnonzero(~np.isfinite(part).all(1))[0])
            raise UserError("the features hold numbers that are not finite", where=f"row {row}")


def check_first(first: NDArray[np.int64] | None, rows: int) -> None:
    """Raise ``UserError`` unless the rows of the first half exist, each once, and leave some for the second."""
    if first is None or not len(first):
        return
    named = np.asarray(first)
    if named.ndim != 1 or named.dtype.kind not in "iu" or named.min() < 0 or named.max() >= rows:
        raise UserError(f"the rows of the first half must be row numbers from 0 to {rows - 1}")
    if len(np.unique(named)) != len(named):
        raise UserError("a row is named twice for the first half of training")
    if len(named) == rows:
        raise UserError("every row belongs to the first half of training, none to the second")


def check_side(backbone: nn.Module, name: str, side: int) -> None:
    """Raise ``UserError`` where images are smaller than the network's stride: nothing would be left to pool."""
    stride = reduction_of(backbone)
    if side < stride:
        raise UserError(
            f"images of {side} x {side} pixels are smaller than the stride of {name!r}, {stride}",
            remedy=f"set in_size={2 * stride}, or take a model with a smaller stride",
        )


def _mean_one(weights: NDArray[np.float64] | None, n: int) -> NDArray[np.float64]:
    if weights is None:
        return np.ones(n)
    given = np.asarray(weights, np.float64)
    if given.shape != (n,) or not np.isfinite(given).all() or given.min() < 0 or given.sum() == 0:
        raise UserError(f"sample weights must be {n} finite numbers from 0 up, not all 0")
    return given / given.mean()
