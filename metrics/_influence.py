"""How much each image moves a distance: the distance with it, less the distance without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Features, as_pair

BLOCK = 2**22
"""Kernel values that are in memory at once."""
FLAT = 1e-12
"""Eigenvalues below this share of the largest are rounding."""


class Influence(NamedTuple):
    """By image, ``distance - distance without the image``: above 0 it holds the sets apart. Shapes (n,) and (m,)."""

    real: Features
    synthetic: Features


def kernel_influence(real: ArrayLike, synthetic: ArrayLike) -> Influence:
    """Influence of every image on the kernel distance (KID), exact for leaving it out.

    The distance is a sum over pairs, so without image j it is the same sums less row j: the pairs of j with its own
    set and with the other. To first order this is the witness function ``mean k(y, .) - mean k(x, .)`` at the image
    (Gretton et al. 2012). The estimate is unbiased, so a lone strange image, which no other resembles, moves it either
    way: look for such images with :func:`precision_reach`.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D), n and m at least 3.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than three rows.

    Example
    -------
    >>> x, y = np.random.default_rng(0).standard_normal((2, 60, 3))
    >>> y[:4] = 3
    >>> sorted(np.argsort(kernel_influence(x, y).synthetic)[-4:].tolist())
    [0, 1, 2, 3]
    """
    x, y = as_pair(real, synthetic, least=3)
    return Influence(_kernel_left_out(x, y), _kernel_left_out(y, x))


def frechet_influence(real: ArrayLike, synthetic: ArrayLike) -> Influence:
    """Influence of every image on the Frechet distance, in closed form, to first order.

    The means without an image are exact. Without image j the covariance of its set is ``S - z z'`` but for a factor,
    and the shared spread ``tr (S1 S2)^(1/2)`` falls by ``h / (1 + (1 - l)^(1/2))``, where ``h = z' T z``, ``T`` is the
    optimal map from this set's Gaussian to the other's (half of it is the gradient: Dowson and Landau 1982), and ``l``
    is the image's leverage. That is exact where the image lies in one direction of its own, as all do when there are
    fewer images than features, and the derivative where it is one of many.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D), n and m at least 3.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than three rows.

    Example
    -------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.standard_normal((2, 60, 3))
    >>> y[7] = 9
    >>> int(frechet_influence(x, y).synthetic.argmax())
    7
    """
    x, y = as_pair(real, synthetic, least=3)
    centre = (x.sum(axis=0) + y.sum(axis=0)) / (len(x) + len(y))
    x, y = x - centre, y - centre
    return Influence(_frechet_left_out(x, y), _frechet_left_out(y, x))


def _kernel_left_out(x: Features, y: Features) -> Features:
    """Influence of each row of x."""
    n, m = len(x), len(y)
    own = _row_sums(x, x) - _cubic(np.einsum("ij,ij->i", x, x) / x.shape[1])
    cross = _row_sums(x, y)
    whole_own, whole_cross = own.sum(), cross.sum()
    with_all = whole_own / (n * (n - 1)) - 2 * whole_cross / (n * m)
    without = (whole_own - 2 * own) / ((n - 1) * (n - 2)) - 2 * (whole_cross - cross) / ((n - 1) * m)
    return np.asarray(with_all - without, dtype=np.float64)


def _row_sums(x: Features, y: Features) -> Features:
    return _by_block(x, len(y), lambda rows: _cubic(rows @ y.T / y.shape[1]).sum(axis=1))


def _cubic(products: Features) -> Features:
    base = products + 1
    return np.asarray(base * base * base, dtype=np.float64)


def _by_block(x: Features, width: int, measure: Callable[[Features], Features]) -> Features:
    step = max(1, BLOCK // max(1, width))
    return np.concatenate([measure(x[start : start + step]) for start in range(0, len(x), step)])


def _frechet_left_out(x: Features, y: Features) -> Features:
    """Influence of each row of x."""
    n = len(x)
    gap, xc, yc = x.mean(axis=0) - y.mean(axis=0), x - x.mean(axis=0), y - y.mean(axis=0)
    spread = float((xc**2).sum()) / (n - 1)
    shared, fall = _shared_falls(xc, yc)
    squares = np.einsum("ij,ij->i", xc, xc)
    factor, weight = (n - 1) / (n - 2), n / (n - 1) ** 2
    gap_without = np.einsum("ij,ij->i", gap - xc / (n - 1), gap - xc / (n - 1))
    spread_without = factor * (spread - weight * squares)
    shared_without = np.sqrt(factor) * (shared - fall)
    before = float(gap @ gap) + spread - 2 * shared
    return np.asarray(before - (gap_without + spread_without - 2 * shared_without), dtype=np.float64)


def _shared_falls(xc: Features, yc: Features) -> tuple[float, Features]:
    """Return tr (Sx Sy)^(1/2), and by how much it falls without each row of x."""
    n = len(xc)
    root = (np.linalg.qr(yc, mode="r") if len(yc) > yc.shape[1] else yc) / np.sqrt(len(yc) - 1)
    turned = xc @ root.T
    squares, directions = np.linalg.eigh(turned.T @ turned / (n - 1))
    kept = squares > FLAT * max(float(squares[-1]), 0.0)
    squares, directions = squares[kept], directions[:, kept]
    if not len(squares):
        return 0.0, np.zeros(n)
    parts = (turned @ directions) ** 2 * (n / (n - 1) ** 2)
    height = parts @ squares**-0.5
    leverage = np.minimum(1.0, parts @ squares**-1.0)
    return float(np.sqrt(squares).sum()), height / (1 + np.sqrt(1 - leverage))
