"""Sums of a kernel between blocks of patients, tile by tile: from them the distance, and it without any block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core import UserError
from ._blocks import Labels
from ._products import Rows, times

if TYPE_CHECKING:
    from torch import Tensor

BANDWIDTH = 10.0

Units = tuple[Labels | None, Labels | None]
"""The patients of two sets, numbered; None where they are not known."""

Kernel = Callable[["Tensor", Rows, Rows, slice, slice], "Tensor"]
"""A tile of centred products in (left as it was), kernel values less one constant out: it cancels in every distance."""


def cubic(products: Tensor, a: Rows, b: Rows, rows: slice, columns: slice) -> Tensor:
    """``(x.y / D + 1)^3 - B^3`` with ``B = c.c / D + 1``: what is subtracted would only cost digits."""
    width = a.original.shape[1]
    base = a.offset / width + 1
    apart = products / width
    apart += a.lean[rows, None] / width
    apart += b.lean[columns] / width
    value = apart + 3 * base
    value *= apart
    value += 3 * base**2
    value *= apart
    return value


def gaussian(products: Tensor, a: Rows, b: Rows, rows: slice, columns: slice) -> Tensor:
    """``exp(-|u - v|^2 / 200) - 1`` of rows of length 1, where ``|u - v|^2 = 2 - 2 u.v``.

    The exponent lies in -0.02 ... 0, where five terms of the series leave 1e-13.
    """
    cosine = products + a.lean[rows, None]
    cosine += b.lean[columns] + a.offset
    cosine /= a.lengths[rows, None]
    cosine /= b.lengths[columns]
    exponent = cosine.sub_(1).div_(BANDWIDTH**2)
    value = exponent / 5
    for term in (4, 3, 2):
        value += 1
        value *= exponent
        value /= term
    value += 1
    value *= exponent
    return value


KERNELS: dict[str, Kernel] = {"cubic": cubic, "gaussian": gaussian}


@dataclass(frozen=True, eq=False)
class BlockSums:
    """Kernel sums between blocks, how many images a block has, and how many ordered pairs in it were left out.

    Left out are an image with itself and, for the cubic kernel, two images of one patient: they are alike for another
    reason than that the sets are.
    """

    xx: NDArray[np.float64]
    yy: NDArray[np.float64]
    xy: NDArray[np.float64]
    sizes: tuple[NDArray[np.int64], NDArray[np.int64]]
    same: tuple[NDArray[np.int64], NDArray[np.int64]]

    @property
    def count(self) -> int:
        """Return the number of blocks."""
        return len(self.xx)

    def unbiased(self, without: int | None = None) -> float:
        """Return the U-statistic: no image is paired with itself or with another one of its patient."""
        xx, yy, xy, n, m = self._left(without)
        same_x, same_y = (int(same.sum() - (0 if without is None else same[without])) for same in self.same)
        if n * n == same_x or m * m == same_y:
            raise UserError("not enough data: all images of a set are of one patient, 2 patients needed")
        return xx / (n * n - same_x) + yy / (m * m - same_y) - 2 * xy / (n * m)

    def biased(self, without: int | None = None) -> float:
        """Return the V-statistic: all pairs, an image with itself counting 0 (as the Gaussian kernel less 1)."""
        xx, yy, xy, n, m = self._left(without)
        return xx / n**2 + yy / m**2 - 2 * xy / (n * m)

    def _left(self, without: int | None) -> tuple[float, float, float, int, int]:
        n, m = (int(size.sum()) for size in self.sizes)
        xx, yy, xy = float(self.xx.sum()), float(self.yy.sum()), float(self.xy.sum())
        if without is None:
            return xx, yy, xy, n, m
        keep = np.arange(self.count) != without
        square = np.ix_(keep, keep)
        n, m = n - int(self.sizes[0][without]), m - int(self.sizes[1][without])
        return float(self.xx[square].sum()), float(self.yy[square].sum()), float(self.xy[square].sum()), n, m


class KernelSums:
    """Collects the sums between the blocks of one set and of another (or of the same), tile by tile."""

    def __init__(
        self,
        kernel: str,
        a: Rows,
        b: Rows,
        labels: tuple[Labels, Labels],
        count: int,
        unit: Labels | None = None,
    ) -> None:
        import torch

        self.kernel, self.a, self.b = KERNELS[kernel], a, b
        alike = None if kernel != "cubic" else unit
        self.unit = None if alike is None else torch.from_numpy(alike).to(a.centred.device)
        self.left, self.right = (
            _members(each, count, rows) for each, rows in zip(labels, (a, b), strict=True)
        )
        self.sums = np.zeros((count, count))

    def offer_own(self, rows: slice, columns: slice, products: Tensor) -> None:
        """Take a tile on or above the diagonal of a set's products with itself."""
        values = self.kernel(products, self.a, self.b, rows, columns)
        if self.unit is not None:
            values.masked_fill_(self.unit[rows, None] == self.unit[columns], 0)
        elif rows == columns:
            values.fill_diagonal_(0)
        part = self._between(values, rows, columns)
        self.sums += part if rows == columns else part + part.T

    def offer(self, rows: slice, columns: slice, products: Tensor) -> None:
        """Take a tile of products of the two sets."""
        self.sums += self._between(self.kernel(products, self.a, self.b, rows, columns), rows, columns)

    def _between(self, values: Tensor, rows: slice, columns: slice) -> NDArray[np.float64]:
        inner = times(values, self.right[columns]).double()
        return np.asarray(times(self.left[rows].double().T, inner).cpu().numpy(), dtype=np.float64)


def sizes(labels: tuple[Labels, Labels], count: int) -> tuple[Labels, Labels]:
    """Return how many images each block has, in both sets."""
    of_x, of_y = (np.bincount(each, minlength=count) for each in labels)
    return of_x, of_y


def same_pairs(kernel: str, labels: Labels, count: int, unit: Labels | None) -> Labels:
    """Return, for every block, how many ordered pairs were left out (whole patients lie in one block)."""
    if unit is None or kernel != "cubic":
        return np.bincount(labels, minlength=count)
    return np.bincount(labels, weights=np.bincount(unit)[unit], minlength=count).astype(np.int64)


def _members(labels: Labels, count: int, rows: Rows) -> Tensor:
    import torch

    members = torch.zeros((len(labels), count), dtype=rows.centred.dtype)
    members[torch.arange(len(labels)), torch.from_numpy(labels)] = 1
    return members.to(rows.centred.device)
