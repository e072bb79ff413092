"""Short lists of nearest neighbours that grow tile by tile, in memory O(n x length)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._checks import Features
from ._pairs import Indices
from ._products import Rows

if TYPE_CHECKING:
    from torch import Tensor

SPARE = 8
WAITING = 1_000_000
"""Candidates beyond four lists a row that may wait before they are sorted in."""


@dataclass(frozen=True, eq=False)
class Shortlist:
    """The candidates of every query, (n, length): row numbers, lower bounds of the squared distances (ascending), and
    the half-width of what rounding leaves open: the squared distance lies in low ... low + 2 pad."""

    indices: Indices
    low: Features
    pad: Features
    complete: bool
    others: bool

    @property
    def high(self) -> Features:
        """Return upper bounds of the squared distances."""
        return self.low + 2 * self.pad

    def could_be_nearer(self, distances: Features) -> NDArray[np.bool_]:
        """Return which queries may have a reference outside their list at this distance or nearer."""
        if self.complete:
            return np.zeros(len(distances), dtype=np.bool_)
        return np.asarray(self.low[:, -1] <= distances**2 * (1 + 1e-12), dtype=np.bool_)


class Shortlists:
    """Collects, for every query, the ``length`` references with the lowest bounds, tile by tile.

    A reference enters only when its bound is below the query's present limit (the worst of a full list), so that after
    the first tile few enter: one comparison for each pair, and no tile is ever sorted.
    """

    def __init__(self, queries: Rows, references: Rows, length: int, *, others: bool = False) -> None:
        import torch

        self.queries, self.references, self.others = queries, references, others
        self.offered = len(references) - int(others)
        self.length = min(length, self.offered)
        self.limit: Tensor = torch.full_like(queries.norms, torch.inf)
        self.parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.floating]]] = []
        self.waiting = 0

    def offer_own(self, rows: slice, columns: slice, low: Tensor) -> None:
        """Take a tile on or above the diagonal of a set's own distances: its columns are queries, too."""
        if rows == columns:
            low.fill_diagonal_(float("inf"))
            self.offer(rows, columns, low)
        else:
            self.offer(rows, columns, low)
            self.offer(columns, rows, low.T)

    def offer(self, rows: slice, columns: slice, low: Tensor) -> None:
        """Take a tile of lower bounds of squared distances, queries by references."""
        limit = self.limit[rows]
        if low.shape[1] > self.length and bool(limit.isinf().any()):
            best = low.topk(self.length, dim=1, largest=False)
            self.limit[rows] = limit.minimum(best.values[:, -1])
            own = np.repeat(np.arange(rows.start, rows.stop), self.length)
            self._keep(own, best.indices.flatten().cpu().numpy() + columns.start, best.values.flatten())
            return
        at = (low < limit[:, None]).nonzero()
        if len(at):
            found = at.cpu().numpy()
            self._keep(found[:, 0] + rows.start, found[:, 1] + columns.start, low[at[:, 0], at[:, 1]])

    def _keep(self, rows: Indices, columns: Indices, low: Tensor) -> None:
        self.parts.append((rows.astype(np.int32), columns.astype(np.int32), low.cpu().numpy()))
        self.waiting += len(rows)
        if self.waiting > 4 * len(self.queries) * self.length + WAITING:
            self._sort_in()

    def finish(self) -> Shortlist:
        """Return the lists, every one of the same length."""
        self._sort_in()
        shape = len(self.queries), self.length
        _, columns, low = self.parts[0]
        indices = columns.reshape(shape).astype(np.int64)
        norms = (each.norms.cpu().numpy().astype(np.float64) for each in (self.queries, self.references))
        own, other = norms
        pad = self.queries.slack * (own[:, None] + other[indices])
        complete = self.length == self.offered
        return Shortlist(indices, low.reshape(shape).astype(np.float64), pad, complete, self.others)

    def _sort_in(self) -> None:
        """Keep the best of each query, and lower its limit."""
        import torch

        rows, columns, low = (np.concatenate(each) for each in zip(*self.parts, strict=True))
        order = _by_row(rows, low)
        rows, columns, low = rows[order], columns[order], low[order]
        start = np.searchsorted(rows, np.arange(len(self.queries)))
        rank = np.arange(len(rows)) - start[rows]
        kept = rank < self.length
        self.parts = [(rows[kept], columns[kept], low[kept])]
        self.waiting = int(kept.sum())
        full = rank == self.length - 1
        limit = self.limit.cpu().numpy().copy()
        limit[rows[full]] = low[full]
        self.limit = torch.from_numpy(limit).to(self.limit.device)


def _by_row(rows: NDArray[np.int32], low: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the order by row, then by bound. Floats that are not negative sort like their bits."""
    if low.dtype != np.float32:
        return np.lexsort((low, rows))
    bits = low.clip(min=0).view(np.uint32).astype(np.uint64)
    return np.argsort(rows.astype(np.uint64) << np.uint64(32) | bits)
