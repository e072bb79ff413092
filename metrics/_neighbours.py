"""Exact nearest neighbours: found by matrix products, decided and reported by float64 differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Features, as_features, as_pair, check_neighbours
from ._products import product_blocks, rounding, squared_norms

SPARE = 8
CHUNK = 2**22

Indices = NDArray[np.int64]


class Neighbours(NamedTuple):
    """Distances and row numbers of the k nearest references of each query, both (n, k), nearest first."""

    distances: Features
    indices: Indices


def nearest(queries: ArrayLike, references: ArrayLike, k: int = 1, *, device: str = "cpu") -> Neighbours:
    """Return the k nearest references of every query by Euclidean distance, exactly.

    Candidates come from ``|x|^2 + |y|^2 - 2 x.y`` in row blocks; each is measured again as ``|x - y|``, and a
    row is accepted only when no reference that was passed over can be nearer, whatever the rounding. So
    identical rows are at exactly 0.0 (matrix products alone put them at 1e-2). Ties go to the lower row
    number.

    Parameters
    ----------
    queries, references:
        Features, (n, D) and (m, D), at least one row each.
    k:
        Neighbours of each query, 1 to m.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, no rows, k over m.

    Example
    -------
    >>> distances, indices = nearest([[0.0, 3.0]], [[4.0, 0.0], [0.0, 3.0]], k=2)
    >>> distances.tolist(), indices.tolist()
    ([[0.0, 5.0]], [[1, 0]])
    """
    x, y = as_pair(queries, references, names=("queries", "references"), least=1)
    check_neighbours(k, len(y), "references")
    return neighbour_lists(x, y, k, device=device)[0]


def nearest_others(features: ArrayLike, k: int = 1, *, device: str = "cpu") -> Neighbours:
    """Return the k nearest *other* rows of every row of one set; as :func:`nearest`.

    >>> nearest_others([[0.0], [1.0], [3.0]]).distances.ravel().tolist()
    [1.0, 1.0, 2.0]
    """
    x = as_features(features)
    check_neighbours(k, len(x) - 1, "features")
    return neighbour_lists(x, x, k, others=True, device=device)[0]


def neighbour_lists(
    x: Features, y: Features, k: int, *, length: int = 0, others: bool = False, device: str = "cpu"
) -> tuple[Neighbours, Neighbours]:
    """Return the k nearest exactly, and a longer list of ``length`` to the precision of the products.

    With ``others`` the sets are one and a row is not its own neighbour.
    """
    centre = y.mean(axis=0)
    xs, ys = x - centre, y - centre
    slack = rounding(x.shape[1])
    nx, ny = squared_norms(xs), squared_norms(ys)
    offered = len(y) - int(others)
    wanted = min(max(k + SPARE, length), offered)
    exact, lists = [], []
    for rows, products in product_blocks(xs, ys, device):
        low = products
        low *= -2
        low += (1 - slack) * nx[rows, None]
        low += (1 - slack) * ny
        if others:
            low[np.arange(len(low)), np.arange(rows.start, rows.stop)] = np.inf
        found, bounds = _smallest(low, wanted)
        exact.append(_settle(x[rows], y, k, found, bounds, low, offered))
        about = bounds + slack * (nx[rows, None] + ny[found])
        lists.append((np.sqrt(about[:, :length].clip(min=0)), found[:, :length]))
    return _joined(exact), _joined(lists)


def pair_distances(x: Features, y: Features, rows: Indices, columns: Indices) -> Features:
    """Return |x[rows] - y[columns]| by differences, a bounded number at a time."""
    step = max(1, CHUNK // x.shape[1])
    distances = np.empty(len(rows))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        gap = x[rows[part]] - y[columns[part]]
        distances[part] = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    return distances


def _smallest(values: Features, count: int) -> tuple[Indices, Features]:
    """Return the ``count`` smallest of each row, in order."""
    if count < values.shape[1]:
        found = np.argpartition(values, count - 1, axis=1)[:, :count]
    else:
        found = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    taken = np.take_along_axis(values, found, axis=1)
    order = np.argsort(taken, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(taken, order, axis=1)


def _settle(
    x: Features, y: Features, k: int, found: Indices, bounds: Features, low: Features, offered: int
) -> tuple[Features, Indices]:
    """Measure the candidates; where one passed over could still be nearer, measure all that could."""
    count = min(k + SPARE, offered)
    columns = np.sort(found[:, :count], axis=1)
    rows = np.repeat(np.arange(len(x)), count)
    measured = pair_distances(x, y, rows, columns.ravel()).reshape(columns.shape)
    order = np.argsort(measured, axis=1, kind="stable")[:, :k]
    distances = np.take_along_axis(measured, order, axis=1)
    indices = np.take_along_axis(columns, order, axis=1)
    if count < offered:
        for row in np.flatnonzero(bounds[:, count - 1] <= distances[:, -1] ** 2 * (1 + 1e-12)):
            possible = np.flatnonzero(low[row] <= distances[row, -1] ** 2 * (1 + 1e-12))
            again = pair_distances(x, y, np.full(len(possible), row), possible)
            best = np.argsort(again, kind="stable")[:k]
            distances[row], indices[row] = again[best], possible[best]
    return distances, indices


def _joined(parts: list[tuple[Features, Indices]]) -> Neighbours:
    return Neighbours(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
