"""Tiles of X Y^T: the one expensive thing, in float32 where sets are large, on the processor or a CUDA device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._checks import Features

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 1024
SMALL = 4e9
"""Up to this many multiplications (n x m x D) products are made in float64: they cost a fraction of a second."""
WIDE = 30.0
"""Rows that are longer than this many typical gaps between rows leave float32 too few digits for the gaps."""


@dataclass(frozen=True, eq=False)
class Rows:
    """One set ready for products: centred rows in working precision, and the originals for exact differences.

    ``lean`` holds c.x of the centred rows, c the common centre: with it products of the *uncentred* rows are known,
    ``x.y = xs.ys + lean_x + lean_y + c.c``. ``norms`` are squared lengths of the centred rows, ``lengths`` those of the
    originals (not squared).
    """

    original: NDArray[Any]
    centred: Tensor
    norms: Tensor
    lean: Tensor
    lengths: Tensor
    offset: float

    def __len__(self) -> int:
        return len(self.original)

    @property
    def slack(self) -> float:
        """Bound on the error of ``|x|^2 + |y|^2 - 2 x.y``, relative to ``|x|^2 + |y|^2``."""
        return rounding(self.original.shape[1], str(self.centred.dtype).removeprefix("torch."))

    def slices(self) -> list[slice]:
        """Return consecutive stretches of at most 1,024 rows."""
        return [slice(start, min(start + SIDE, len(self))) for start in range(0, len(self), SIDE)]


def rows_of(*sets: NDArray[Any], device: str = "cpu") -> tuple[Rows, ...]:
    """Centre all sets on the first one's median and bring them to one working precision on the device.

    A mean would follow a single huge row, and cost all others their digits. A set that is given twice is prepared
    once.
    """
    import torch

    some = sets[0][:: max(1, len(sets[0]) // SIDE)]
    centre = np.median(some, axis=0).astype(np.float64)
    precision = torch.float32 if _may_be_single(sets, centre) else torch.float64
    ready: dict[int, Rows] = {}
    for rows in sets:
        if id(rows) not in ready:
            ready[id(rows)] = _prepared(rows, centre, precision, device)
    return tuple(ready[id(rows)] for rows in sets)


def _prepared(rows: NDArray[Any], centre: Features, precision: Any, device: str) -> Rows:
    import torch

    centred = torch.empty(rows.shape, dtype=precision)
    norms, lean, lengths = np.empty((3, len(rows)))
    for start in range(0, len(rows), SIDE):
        part = slice(start, start + SIDE)
        given = rows[part].astype(np.float64)
        shifted = given - centre
        lengths[part] = np.sqrt(squared_norms(given))
        norms[part], lean[part] = squared_norms(shifted), shifted @ centre
        centred[part] = torch.from_numpy(shifted)
    of_rows = [torch.from_numpy(each).to(device, precision) for each in (norms, lean, lengths)]
    return Rows(rows, centred.to(device), of_rows[0], of_rows[1], of_rows[2], float(centre @ centre))


def _may_be_single(sets: tuple[NDArray[Any], ...], centre: Features) -> bool:
    """Large sets whose images lie not too near each other for their lengths: float32 then decides nearly all."""
    if len(sets[0]) * len(sets[-1]) * sets[0].shape[1] <= SMALL:
        return False
    lengths = [np.abs(rows - centre.astype(rows.dtype)).max(axis=1) for rows in sets]
    apart = min(float(np.median(_gaps(rows))) for rows in sets)
    usual, longest = max(float(np.quantile(each, 0.99)) for each in lengths), max(map(np.max, lengths))
    return bool(0 < usual < WIDE * apart and 1e-12 < longest < 1e12)


def _gaps(rows: NDArray[Any]) -> NDArray[Any]:
    """Return the largest coordinate of the differences between some rows and the next ones."""
    some = rows[:SIDE]
    return np.asarray(np.abs(some - np.roll(some, 1, axis=0)).max(axis=1))


def tile(a: Rows, b: Rows, rows: slice, columns: slice) -> Tensor:
    """Return the products of some centred rows with others."""
    return times(a.centred[rows], b.centred[columns].T)


def times(a: Tensor, b: Tensor) -> Tensor:
    """Return the matrix product a b: NumPy's on the processor (1.5 times as fast as torch's), torch's on a device."""
    import torch

    return torch.from_numpy(a.numpy() @ b.numpy()) if a.device.type == "cpu" else a @ b


def low_squares(a: Rows, b: Rows, rows: slice, columns: slice, products: Tensor) -> Tensor:
    """Turn a tile of products into lower bounds of the squared distances, whatever the rounding was (in place)."""
    products *= -2
    products += a.norms[rows, None] * (1 - a.slack)
    products += b.norms[columns] * (1 - a.slack)
    return products


def own_tiles(a: Rows) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield the tiles on and above the diagonal of X X^T: those on it first."""
    stretches = a.slices()
    for rows in stretches:
        yield rows, rows, tile(a, a, rows, rows)
    for number, rows in enumerate(stretches):
        for columns in stretches[number + 1 :]:
            yield rows, columns, tile(a, a, rows, columns)


def cross_tiles(a: Rows, b: Rows) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield all tiles of X Y^T, a row and a column of them first (so that lists of neighbours start short)."""
    over, under = a.slices(), b.slices()
    first = [(rows, under[0]) for rows in over] + [(over[0], columns) for columns in under[1:]]
    rest = [(rows, columns) for rows in over[1:] for columns in under[1:]]
    for rows, columns in first + rest:
        yield rows, columns, tile(a, b, rows, columns)


def squared_norms(x: Features) -> Features:
    """Return the squared length of each row."""
    return np.asarray(np.einsum("ij,ij->i", x, x), dtype=np.float64)


def rounding(width: int, precision: str = "float64") -> float:
    """Bound on the error of ``|x|^2 + |y|^2 - 2 x.y``, relative to ``|x|^2 + |y|^2``, u being half of epsilon.

    In float64 the bound that always holds, ``D u`` for a sum of D products. In float32 that one would leave too many
    pairs open; ``12 sqrt(D) u`` holds for any one product but with a chance below 1e-30, rounding errors being
    independent (Higham and Mary 2019, doi 10.1137/18M1226312).

    >>> rounding(2048) < 1e-12 < rounding(2048, "float32") < 1e-4
    True
    """
    terms = width if precision == "float64" else 6 * np.sqrt(width)
    return float(np.finfo(precision).eps * (terms + 16))
