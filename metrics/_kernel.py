"""Kernel distances (KID, CMMD): the whole set in row blocks, with a block jackknife from the same sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, jackknife
from ._blocks import Labels, paired_blocks
from ._checks import Features, as_pair, unit_rows
from ._products import product_blocks, squared_norms

KERNEL_BLOCKS = 50
BANDWIDTH = 10.0
CMMD_SCALE = 1000.0

Kernel = Callable[[Features], Features]
"""Products x.y in, kernel values out."""


def kernel_distance(real: ArrayLike, synthetic: ArrayLike, *, device: str = "cpu") -> float:
    """Kernel distance (KID on Inception features): squared MMD with the cubic polynomial kernel, unbiased.

    ``mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean k(x_i, y_j)``, ``k(x, y) = (x.y / D +
    1)^3`` (Binkowski et al. 2018): the full U-statistic, not a mean over random subsets.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D), n and m at least 2.
    device:
        Where the products are made: ``"cpu"`` or a CUDA device's name.

    Returns
    -------
    float
        0 in expectation for equal distributions, whatever n and m; so it may fall below 0. Lower is closer.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than two rows.

    Example
    -------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((100, 8))
    >>> kernel_distance(x, x[::-1] + 1) > 1
    True
    """
    x, y = as_pair(real, synthetic)
    return _Sums(x, y, _one_block(x, y), _cubic(x.shape[1]), device).unbiased()


def kernel_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    level: float = LEVEL,
    blocks: int = KERNEL_BLOCKS,
    seed: int = 0,
    device: str = "cpu",
) -> Interval:
    """Kernel distance with a delete-block jackknife interval, at the price of the distance alone.

    Arguments as in :func:`frechet_interval`; the estimate is unbiased, so the interval is for the distance of
    the two distributions.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 200, 8))
    >>> i = kernel_interval(x, y)
    >>> i.lo < 0 < i.hi
    True
    """
    x, y = as_pair(real, synthetic)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    sums = _Sums(x, y, labels, _cubic(x.shape[1]), device)
    left_out = [sums.unbiased(without=block) for block in range(sums.count)]
    return jackknife(left_out, sums.unbiased(), level)


def cmmd(real: ArrayLike, synthetic: ArrayLike, *, device: str = "cpu") -> float:
    """CMMD: squared MMD of unit-length features, Gaussian kernel of bandwidth 10, biased, times 1000.

    ``1000 (mean k(x, x') + mean k(y, y') - 2 mean k(x, y))``, ``k(x, y) = exp(-|x - y|^2 / 200)``, all pairs
    with themselves included, as published (Jayasumana et al. 2024, on CLIP features). Shapes and errors as in
    :func:`kernel_distance`, and a row of zeros is refused.

    Example
    -------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((100, 8))
    >>> cmmd(x, x)
    0.0
    """
    x, y = _units(real, synthetic)
    return max(0.0, CMMD_SCALE * _Sums(x, y, _one_block(x, y), _gaussian, device).biased())


def cmmd_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    level: float = LEVEL,
    blocks: int = KERNEL_BLOCKS,
    seed: int = 0,
    device: str = "cpu",
) -> Interval:
    """CMMD with a jackknife interval for its expectation at these n; as :func:`frechet_interval`.

    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 8))
    >>> cmmd_interval(x, y).method
    'jackknife, 50 blocks'
    """
    x, y = _units(real, synthetic)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    sums = _Sums(x, y, labels, _gaussian, device)
    left_out = [CMMD_SCALE * sums.biased(without=block) for block in range(sums.count)]
    interval = jackknife(left_out, max(0.0, CMMD_SCALE * sums.biased()), level)
    return replace(interval, lo=max(0.0, interval.lo))


def _units(real: ArrayLike, synthetic: ArrayLike) -> tuple[Features, Features]:
    x, y = as_pair(real, synthetic)
    return unit_rows(x, "real"), unit_rows(y, "synthetic")


def _cubic(width: int) -> Kernel:
    def kernel(products: Features) -> Features:
        base = products / width + 1
        return base * base * base

    return kernel


def _gaussian(products: Features) -> Features:
    """On rows of length 1, |x - y|^2 = 2 - 2 x.y; less 1, since the constant cancels and costs digits."""
    return np.asarray(np.expm1((products - 1) / BANDWIDTH**2), dtype=np.float64)


def _one_block(x: Features, y: Features) -> tuple[Labels, Labels]:
    return np.zeros(len(x), dtype=np.int64), np.zeros(len(y), dtype=np.int64)


class _Sums:
    """Sums of the kernel between blocks: from them the distance, and the distance without any block."""

    def __init__(
        self, x: Features, y: Features, labels: tuple[Labels, Labels], kernel: Kernel, device: str
    ) -> None:
        lx, ly = labels
        self.count = int(lx.max()) + 1
        self.sizes = np.bincount(lx, minlength=self.count), np.bincount(ly, minlength=self.count)
        self.xx = _block_sums(x, x, lx, lx, kernel, device)
        self.yy = _block_sums(y, y, ly, ly, kernel, device)
        self.xy = _block_sums(x, y, lx, ly, kernel, device)
        self.dx = np.bincount(lx, weights=kernel(squared_norms(x)), minlength=self.count)
        self.dy = np.bincount(ly, weights=kernel(squared_norms(y)), minlength=self.count)

    def unbiased(self, without: int | None = None) -> float:
        """Return the U-statistic: no image is paired with itself."""
        xx, yy, xy, dx, dy, n, m = self._left(without)
        return (xx - dx) / (n * (n - 1)) + (yy - dy) / (m * (m - 1)) - 2 * xy / (n * m)

    def biased(self, without: int | None = None) -> float:
        """Return the V-statistic: all pairs."""
        xx, yy, xy, _, _, n, m = self._left(without)
        return xx / n**2 + yy / m**2 - 2 * xy / (n * m)

    def _left(self, without: int | None) -> tuple[float, float, float, float, float, int, int]:
        keep = np.arange(self.count) != without
        square = np.ix_(keep, keep)
        n, m = int(self.sizes[0][keep].sum()), int(self.sizes[1][keep].sum())
        pairs = (float(matrix[square].sum()) for matrix in (self.xx, self.yy, self.xy))
        xx, yy, xy = pairs
        return xx, yy, xy, float(self.dx[keep].sum()), float(self.dy[keep].sum()), n, m


def _block_sums(
    x: Features, y: Features, lx: Labels, ly: Labels, kernel: Kernel, device: str
) -> NDArray[np.float64]:
    members_x, members_y = np.eye(int(lx.max()) + 1)[lx], np.eye(int(ly.max()) + 1)[ly]
    sums = np.zeros((members_x.shape[1], members_y.shape[1]))
    for rows, products in product_blocks(x, y, device):
        sums += members_x[rows].T @ (kernel(products) @ members_y)
    return sums
