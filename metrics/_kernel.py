"""Kernel distances (KID, CMMD): the whole set in tiles, with a block jackknife from the same sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ..core import LEVEL, Interval, jackknife
from ._blocks import Labels, paired_blocks, units
from ._checks import Features, as_pair, as_row_pair, unit_rows
from ._checks import Rows as Array
from ._kernel_sums import BlockSums, Units
from ._sweep import Wanted, sweep

KERNEL_BLOCKS = 50
CMMD_SCALE = 1000.0
KERNEL_OF = {"kernel_distance": "cubic", "cmmd": "gaussian"}


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
    x, y = as_row_pair(real, synthetic)
    return block_sums(x, y, _one_block(x, y), "cubic", device).unbiased()


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
    the two distributions. Where patients are known, pairs of images of one patient are left out of both means, so the
    value differs from :func:`kernel_distance`, which knows no patients.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 200, 8))
    >>> i = kernel_interval(x, y)
    >>> i.lo < 0 < i.hi
    True
    """
    x, y = as_row_pair(real, synthetic)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    unit = grouped_units(x, y, (groups_real, groups_synthetic))
    return kid_from(block_sums(x, y, labels, "cubic", device, unit), level)


def cmmd(real: ArrayLike, synthetic: ArrayLike, *, device: str = "cpu") -> float:
    """CMMD: squared MMD of unit-length features, Gaussian kernel of bandwidth 10, biased, times 1000.

    ``1000 (mean k(x, x') + mean k(y, y') - 2 mean k(x, y))``, ``k(x, y) = exp(-|x - y|^2 / 200)``, all pairs
    with themselves included, as published (Jayasumana et al. 2024, on CLIP features). Shapes and errors as in
    :func:`kernel_distance`, and a row of zeros is refused.

    Example
    -------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((100, 8))
    >>> round(cmmd(x, x), 9)
    0.0
    """
    x, y = unit_pair(real, synthetic)
    return max(0.0, CMMD_SCALE * block_sums(x, y, _one_block(x, y), "gaussian", device).biased())


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
    x, y = unit_pair(real, synthetic)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    return cmmd_from(block_sums(x, y, labels, "gaussian", device), level)


def kid_from(sums: BlockSums, level: float = LEVEL) -> Interval:
    """Return the kernel distance and its interval from the cubic kernel's sums."""
    left_out = [sums.unbiased(without=block) for block in range(sums.count)]
    return jackknife(left_out, sums.unbiased(), level)


def cmmd_from(sums: BlockSums, level: float = LEVEL) -> Interval:
    """Return CMMD and its interval from the Gaussian kernel's sums."""
    left_out = [CMMD_SCALE * sums.biased(without=block) for block in range(sums.count)]
    interval = jackknife(left_out, max(0.0, CMMD_SCALE * sums.biased()), level)
    return replace(interval, lo=max(0.0, interval.lo))


def block_sums(
    x: Array,
    y: Array,
    labels: tuple[Labels, Labels],
    kernel: str,
    device: str,
    unit: Units = (None, None),
) -> BlockSums:
    """Return the kernel's sums between all blocks, by a sweep for them alone."""
    wanted = Wanted(kernels=(kernel,), labels=labels, patients=unit)
    return sweep(x, y, wanted, device).kernels[kernel]


def grouped_units(x: Array, y: Array, groups: tuple[ArrayLike | None, ArrayLike | None]) -> Units:
    """Return the patients of both sets, numbered; None where they are not known."""
    of_x, of_y = (
        None if group is None else units(len(rows), group, name)
        for rows, group, name in zip((x, y), groups, ("real", "synthetic"), strict=True)
    )
    return of_x, of_y


def unit_pair(real: ArrayLike, synthetic: ArrayLike) -> tuple[Features, Features]:
    """Return both sets with rows of length 1."""
    x, y = as_pair(real, synthetic)
    return unit_rows(x, "real"), unit_rows(y, "synthetic")


def _one_block(x: Array, y: Array) -> tuple[Labels, Labels]:
    return np.zeros(len(x), dtype=np.int64), np.zeros(len(y), dtype=np.int64)
