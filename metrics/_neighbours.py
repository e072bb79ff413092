"""Exact nearest neighbours: found by matrix products, decided and reported by float64 differences."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Features, as_row_pair, as_rows, check_neighbours
from ._pairs import Indices, pair_distances
from ._parallel import one_torch_thread
from ._products import cross_tiles, low_squares, own_tiles, rounding, rows_of, squared_norms
from ._shortlists import SPARE, Shortlist, Shortlists

ROWS_AGAIN = 256


class Neighbours(NamedTuple):
    """Distances and row numbers of the k nearest references of each query, both (n, k), nearest first."""

    distances: Features
    indices: Indices


def nearest(queries: ArrayLike, references: ArrayLike, k: int = 1, *, device: str = "cpu") -> Neighbours:
    """Return the k nearest references of every query by Euclidean distance, exactly.

    Candidates come from ``|x|^2 + |y|^2 - 2 x.y`` in tiles; each is measured again as ``|x - y|`` in float64, and a
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
    x, y = as_row_pair(queries, references, names=("queries", "references"), least=1)
    check_neighbours(k, len(y), "references")
    return neighbour_lists(x, y, k, device=device)[0]


def nearest_others(features: ArrayLike, k: int = 1, *, device: str = "cpu") -> Neighbours:
    """Return the k nearest *other* rows of every row of one set; as :func:`nearest`.

    >>> nearest_others([[0.0], [1.0], [3.0]]).distances.ravel().tolist()
    [1.0, 1.0, 2.0]
    """
    x = as_rows(features)
    check_neighbours(k, len(x) - 1, "features")
    return neighbour_lists(x, x, k, others=True, device=device)[0]


@one_torch_thread()
def neighbour_lists(
    x: NDArray[Any], y: NDArray[Any], k: int, *, length: int = 0, others: bool = False, device: str = "cpu"
) -> tuple[Neighbours, Neighbours]:
    """Return the k nearest exactly, and a longer list of ``length`` to the precision of the products.

    With ``others`` the sets are one and a row is not its own neighbour.
    """
    a, b = rows_of(x, x if others else y, device=device)
    lists = Shortlists(a, b, max(k + SPARE, length), others=others)
    if others:
        for rows, columns, products in own_tiles(a):
            lists.offer_own(rows, columns, low_squares(a, a, rows, columns, products))
    else:
        for rows, columns, products in cross_tiles(a, b):
            lists.offer(rows, columns, low_squares(a, b, rows, columns, products))
    found = lists.finish()
    return settled(x, y, found, k), longer(found, length)


def longer(found: Shortlist, length: int) -> Neighbours:
    """Return the first ``length`` of the lists, distances to the precision of the products."""
    about = found.low[:, :length] + found.pad[:, :length]
    return Neighbours(np.sqrt(about.clip(min=0)), found.indices[:, :length])


def settled(x: NDArray[Any], y: NDArray[Any], found: Shortlist, k: int) -> Neighbours:
    """Measure the candidates; where one passed over could still be nearer, measure all that could."""
    ceiling = np.partition(found.high, k - 1, axis=1)[:, k - 1 : k]
    order = np.argsort(found.indices, axis=1)
    columns = np.take_along_axis(found.indices, order, axis=1)
    possible = np.take_along_axis(found.low <= ceiling, order, axis=1)
    measured = _measured(x, y, columns, possible)
    order = np.argsort(measured, axis=1, kind="stable")[:, :k]
    distances = np.take_along_axis(measured, order, axis=1)
    indices = np.take_along_axis(columns, order, axis=1)
    open_rows = np.flatnonzero(found.could_be_nearer(distances[:, -1]))
    for start in range(0, len(open_rows), ROWS_AGAIN):
        rows = open_rows[start : start + ROWS_AGAIN]
        distances[rows], indices[rows] = _again(x, y, rows, distances[rows, -1], k, found.others)
    return Neighbours(distances, indices)


def kth_distance(x: NDArray[Any], y: NDArray[Any], found: Shortlist, k: int) -> Features:
    """Return the exact distance of the k-th nearest alone: only those that may be the k-th are measured."""
    lowest = np.partition(found.low, k - 1, axis=1)[:, k - 1 : k]
    highest = np.partition(found.high, k - 1, axis=1)[:, k - 1 : k]
    nearer = found.high < lowest
    measured = _measured(x, y, found.indices, (found.low <= highest) & ~nearer)
    rank = k - 1 - nearer.sum(axis=1)
    reach = np.take_along_axis(np.sort(measured, axis=1), rank[:, None], axis=1)[:, 0]
    open_rows = np.flatnonzero(found.could_be_nearer(reach))
    for start in range(0, len(open_rows), ROWS_AGAIN):
        rows = open_rows[start : start + ROWS_AGAIN]
        reach[rows] = _again(x, y, rows, reach[rows], k, found.others)[0][:, -1]
    return reach


def _measured(x: NDArray[Any], y: NDArray[Any], columns: Indices, which: NDArray[np.bool_]) -> Features:
    """Return the distances of the chosen candidates, infinity for the others."""
    distances = np.full(columns.shape, np.inf)
    rows, at = np.nonzero(which)
    distances[rows, at] = pair_distances(x, y, rows, columns[rows, at])
    return distances


def _again(
    x: NDArray[Any], y: NDArray[Any], rows: Indices, reach: Features, k: int, others: bool
) -> tuple[Features, Indices]:
    """Find the k nearest of some rows among all that float64 products cannot rule out."""
    centre = y.mean(axis=0, dtype=np.float64)
    mine, slack = x[rows].astype(np.float64) - centre, rounding(x.shape[1])
    limit = (reach**2 * (1 + 1e-12))[:, None]
    candidates: list[list[Indices]] = [[] for _ in rows]
    for start in range(0, len(y), ROWS_AGAIN * 16):
        other = y[start : start + ROWS_AGAIN * 16].astype(np.float64) - centre
        norms = squared_norms(mine)[:, None] + squared_norms(other)
        near = norms * (1 - slack) - 2 * mine @ other.T <= limit
        for number in range(len(rows)):
            candidates[number].append(np.flatnonzero(near[number]) + start)
    distances, indices = np.empty((len(rows), k)), np.empty((len(rows), k), dtype=np.int64)
    for number, row in enumerate(rows):
        possible = np.concatenate(candidates[number])
        possible = possible[possible != row] if others else possible
        again = pair_distances(x, y, np.full(len(possible), row), possible)
        best = np.argsort(again, kind="stable")[:k]
        distances[number], indices[number] = again[best], possible[best]
    return distances, indices
