"""One sweep over the tiles of X X^T, Y Y^T and X Y^T that feeds every metric made from pairs of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core import rng
from ._balls import Balls, HalfHits, Hits, Reaches
from ._blocks import Labels
from ._checks import Rows as Array
from ._kernel_sums import BlockSums, KernelSums, Units, same_pairs, sizes
from ._neighbours import Neighbours, kth_distance, longer, settled
from ._parallel import one_torch_thread
from ._products import Rows, cross_tiles, low_squares, own_tiles, rows_of
from ._shortlists import SPARE, Shortlist, Shortlists

MOST_LISTED = 2**15 - 1
"""Places in a list of neighbours are 16-bit numbers."""


@dataclass(frozen=True)
class Wanted:
    """What a sweep is to collect.

    ``k`` sets the balls' radius (None: no balls); ``halves`` the units of both sets of whose half-samples the balls
    are wanted, too; ``kernels`` the kernels to be summed between the blocks ``labels`` (pairs within one of
    ``patients`` left out); ``neighbours`` each image's nearest other one of its own set and of the other set;
    ``listed`` how many neighbours of each real image are to be listed besides, among the real and the synthetic ones.
    """

    k: int | None = None
    halves: tuple[Labels, Labels] | None = None
    replicates: int = 0
    kernels: tuple[str, ...] = ()
    labels: tuple[Labels, Labels] | None = None
    patients: Units = (None, None)
    neighbours: bool = False
    listed: tuple[int, int] = (0, 0)
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Swept:
    """What a sweep has collected; parts that were not wanted are None."""

    n: tuple[int, int]
    units: tuple[int, int] | None = None
    hits: Hits | None = None
    halves: HalfHits | None = None
    kernels: dict[str, BlockSums] = field(default_factory=dict)
    own: tuple[Neighbours, Neighbours] | None = None
    to_synthetic: Neighbours | None = None
    to_real: Neighbours | None = None
    listed: tuple[Neighbours, Neighbours] | None = None


@one_torch_thread()
def sweep(x: Array, y: Array, wanted: Wanted, device: str = "cpu") -> Swept:
    """Make each of the three products once, tile by tile, and give every tile to all that want it.

    Memory is O(tile + n x list); on the processor or a CUDA device through the same code.
    """
    a, b = rows_of(x, y, device=device)
    own_x, own_y = _own(a, 0, wanted), _own(b, 1, wanted)
    balls = None
    if wanted.k is not None:
        assert own_x.reaches is not None
        assert own_y.reaches is not None
        balls = Balls(a, b, own_x.reaches, own_y.reaches)
    to_y = Shortlists(a, b, max(1 + SPARE, wanted.listed[1])) if wanted.neighbours else None
    to_x = Shortlists(b, a, 1 + SPARE) if wanted.neighbours else None
    sums = [KernelSums(name, a, b, _labels(wanted), _count(wanted)) for name in wanted.kernels]
    for rows, columns, products in cross_tiles(a, b):
        for each in sums:
            each.offer(rows, columns, products)
        if balls is None and to_y is None:
            continue
        low = low_squares(a, b, rows, columns, products)
        if balls is not None:
            balls.offer(rows, columns, low)
        if to_y is not None and to_x is not None:
            to_y.offer(rows, columns, low)
            to_x.offer(columns, rows, low.T)
    found = to_y.finish() if to_y else None
    return Swept(
        n=(len(x), len(y)),
        units=_numbers(wanted.halves) if wanted.halves else None,
        hits=balls.hits() if balls else None,
        halves=balls.halves if balls else None,
        kernels=_block_sums(wanted, own_x, own_y, sums),
        own=(own_x.nearest, own_y.nearest) if own_x.nearest and own_y.nearest else None,
        to_synthetic=settled(x, y, found, 1) if found else None,
        to_real=settled(y, x, to_x.finish(), 1) if to_x else None,
        listed=(own_x.listed, longer(found, wanted.listed[1])) if found and own_x.listed else None,
    )


@dataclass(frozen=True, eq=False)
class _Own:
    """What the products of one set with itself gave."""

    sums: list[NDArray[np.float64]]
    reaches: Reaches | None = None
    nearest: Neighbours | None = None
    listed: Neighbours | None = None


def _own(a: Rows, side: int, wanted: Wanted) -> _Own:
    length = _length(a, side, wanted)
    lists = Shortlists(a, a, length, others=True) if length else None
    labels = _labels(wanted)[side] if wanted.kernels else np.zeros(0, dtype=np.int64)
    sums = [
        KernelSums(name, a, a, (labels, labels), _count(wanted), wanted.patients[side])
        for name in wanted.kernels
    ]
    if lists is None and not sums:
        return _Own([])
    for rows, columns, products in own_tiles(a):
        for each in sums:
            each.offer_own(rows, columns, products)
        if lists is not None:
            lists.offer_own(rows, columns, low_squares(a, a, rows, columns, products))
    found = lists.finish() if lists else None
    return _Own(
        [each.sums for each in sums],
        _reaches(a, found, side, wanted) if found and wanted.k is not None else None,
        settled(a.original, a.original, found, 1) if found and wanted.neighbours else None,
        longer(found, wanted.listed[0]) if found and wanted.listed[0] else None,
    )


def _length(a: Rows, side: int, wanted: Wanted) -> int:
    """Return how long the lists must be: so long that half of one holds k, whole patients being left out."""
    listed = max(1 + SPARE if wanted.neighbours else 0, wanted.listed[0] if side == 0 else 0)
    if wanted.k is None:
        return listed
    if wanted.halves is None:
        return max(wanted.k + SPARE, listed)
    largest = int(np.bincount(wanted.halves[side]).max())
    return min(len(a) - 1, MOST_LISTED, max(4 * wanted.k + 20 + 2 * min(largest, 200), listed))


def _reaches(a: Rows, found: Shortlist, side: int, wanted: Wanted) -> Reaches:
    assert wanted.k is not None
    radius = kth_distance(a.original, a.original, found, wanted.k)
    if wanted.halves is None:
        return Reaches(radius)
    kept = half_samples(wanted.halves[side], wanted.replicates, wanted.seed, ("real", "synthetic")[side])
    near = longer(found, found.indices.shape[1])
    return Reaches(radius, near.distances.astype(np.float32), _places(near.indices, kept, wanted.k))


def half_samples(unit: Labels, replicates: int, seed: int, name: str) -> NDArray[np.bool_]:
    """Return (replicates, n): which rows each half-sample keeps, whole units at a time."""
    count = int(unit.max()) + 1
    kept = np.zeros((replicates, count), dtype=np.bool_)
    for replicate in range(replicates):
        kept[replicate, rng(seed, name, replicate).permutation(count)[: count // 2]] = True
    return kept[:, unit]


def _places(indices: NDArray[np.int64], kept: NDArray[np.bool_], k: int) -> NDArray[np.int16]:
    """Return (n, replicates): the place in its list of each image's k-th neighbour that was kept; -1 for images left
    out."""
    places = np.full(kept.shape[::-1], -1, dtype=np.int16)
    for replicate, keep in enumerate(kept):
        lists = indices[keep]
        rank = np.cumsum(keep[lists], axis=1, dtype=np.int16)
        enough = rank[:, -1] >= k
        places[keep, replicate] = np.where(enough, np.argmax(rank >= k, axis=1), rank.shape[1] - 1)
    return places


def _block_sums(
    wanted: Wanted, own_x: _Own, own_y: _Own, cross: Sequence[KernelSums]
) -> dict[str, BlockSums]:
    return {
        name: BlockSums(xx, yy, each.sums, sizes(_labels(wanted), _count(wanted)), _same(name, wanted))
        for name, xx, yy, each in zip(wanted.kernels, own_x.sums, own_y.sums, cross, strict=True)
    }


def _numbers(units: tuple[Labels, Labels]) -> tuple[int, int]:
    return int(units[0].max()) + 1, int(units[1].max()) + 1


def _same(kernel: str, wanted: Wanted) -> tuple[Labels, Labels]:
    of_x, of_y = (
        same_pairs(kernel, labels, _count(wanted), patients)
        for labels, patients in zip(_labels(wanted), wanted.patients, strict=True)
    )
    return of_x, of_y


def _labels(wanted: Wanted) -> tuple[Labels, Labels]:
    assert wanted.labels is not None
    return wanted.labels


def _count(wanted: Wanted) -> int:
    return int(max(each.max() for each in _labels(wanted))) + 1
