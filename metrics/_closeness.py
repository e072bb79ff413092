"""Closeness: how near an image is to one training image, for a place as crowded as its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import UserError
from ._checks import Features, as_features
from ._neighbours import nearest

SURROUNDINGS = 50
BLOCK = 2048
AS_IS = "as-is"

Views = Mapping[str, ArrayLike] | Sequence[ArrayLike]


class Closeness(NamedTuple):
    """Per image: its closeness (0 a copy, near 1 unrelated), the nearest training row, and which view of it."""

    values: Features
    train: NDArray[np.int64]
    view: NDArray[np.int64]


def closeness_to(queries: Features, views: Sequence[Features], device: str = "cpu") -> Closeness:
    """Return d_1 / mean(d_2 ... d_51) over training rows, after Carlini et al. 2023.

    Each training image counts once, by its view that is nearest. Where all 51 distances are 0 the closeness is 0.

    >>> train = np.array([[0.0], [1.0], [3.0]])
    >>> closeness_to(np.array([[0.0], [2.0]]), [train]).values.tolist()
    [0.0, 0.6666666666666666]
    """
    around = min(SURROUNDINGS + 1, len(views[0]))
    parts = [_block(queries[at : at + BLOCK], views, around, device) for at in range(0, len(queries), BLOCK)]
    return Closeness(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def named_views(train: Features, views: Views) -> dict[str, Features]:
    """Return the training features as they are and under each view, by name; all must be of one shape."""
    given = views if isinstance(views, Mapping) else {f"train view {i + 1}": v for i, v in enumerate(views)}
    found = {AS_IS: train, **{name: as_features(view, name, least=1) for name, view in given.items()}}
    for name, view in found.items():
        if view.shape != train.shape:
            raise UserError(f"shape {view.shape}, the training images have {train.shape}", where=name)
    return found


def _block(queries: Features, views: Sequence[Features], around: int, device: str) -> Closeness:
    lists = [nearest(queries, view, around, device=device) for view in views]
    distances = np.concatenate([found.distances for found in lists], axis=1)
    rows = np.concatenate([found.indices for found in lists], axis=1)
    which = np.broadcast_to(np.repeat(np.arange(len(views)), around), rows.shape)
    if len(views) > 1:
        distances, rows, which = _each_row_once(distances, rows, which, around)
    others = distances[:, 1:].mean(axis=1)
    values = np.divide(distances[:, 0], others, out=np.zeros(len(queries)), where=others > 0)
    return Closeness(values, rows[:, 0], which[:, 0].astype(np.int64))


def _each_row_once(
    distances: Features, rows: NDArray[np.int64], which: NDArray[np.int64], count: int
) -> tuple[Features, NDArray[np.int64], NDArray[np.int64]]:
    """Keep the nearest ``count`` distinct training rows of each query, each by its nearest view."""
    by_row = np.lexsort((distances, rows), axis=1)
    distances, rows = np.take_along_axis(distances, by_row, 1), np.take_along_axis(rows, by_row, 1)
    distances[:, 1:][rows[:, 1:] == rows[:, :-1]] = np.inf
    best = np.argsort(distances, axis=1, kind="stable")[:, :count]
    found = np.take_along_axis(np.take_along_axis(which, by_row, 1), best, 1)
    return np.take_along_axis(distances, best, 1), np.take_along_axis(rows, best, 1), found
