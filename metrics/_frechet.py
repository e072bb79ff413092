"""Frechet distance between two sets of features, exact for few images and for many, with its interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, jackknife
from ._blocks import BLOCKS, Labels, paired_blocks
from ._checks import Features, as_pair, as_row_pair
from ._first_order import frechet_to_first_order, takes_derivative
from ._moments import Moments
from ._parallel import each

MANY = 4
"""Images a feature from which on a jackknifed distance takes the derivative."""
POWER_STEPS = 6
WELL_SPREAD = 1e-12
"""Below this ratio of eigenvalues, the square roots of their rounding errors would show."""


def frechet_distance(real: ArrayLike, synthetic: ArrayLike) -> float:
    """Frechet (2-Wasserstein) distance of Gaussians fitted to two sets of features; FID on Inception's.

    ``|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)`` with unbiased covariances (Dowson and Landau 1982;
    Heusel et al. 2017). With centred features Xc (n, D) and Yc (m, D) the last trace is the nuclear norm of
    ``Xc Yc^T / sqrt((n - 1)(m - 1))``, used where n or m is at most D; else the square roots of the
    eigenvalues of ``L^T S2 L``, ``S1 = L L^T``. Nothing is added to a diagonal and nothing is complex.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D), n and m at least 2.

    Returns
    -------
    float
        In squared units of the features, 0 or more; lower is closer. It falls as n and m rise: compare at
        equal n.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than two rows.

    Example
    -------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((100, 8))
    >>> round(frechet_distance(x, x + 0.5), 9)
    2.0
    """
    x, y = as_row_pair(real, synthetic)
    if min(len(x), len(y)) > x.shape[1]:
        return frechet_distance_from_moments(Moments.of(x), Moments.of(y))
    return _distance(*_recentre(*as_pair(x, y)))


def frechet_distance_from_moments(real: Moments, synthetic: Moments) -> float:
    """Frechet distance from the moments of two sets alone, as :func:`frechet_distance` has it from features.

    The sets may have been gathered anywhere, in any number of shards (:class:`Moments`). Raises
    :class:`UserError` for different D or fewer than two rows.

    Example
    -------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((100, 8))
    >>> a, b = Moments.of(x), Moments.from_batches([x[:30] + 0.5, x[30:] + 0.5])
    >>> round(frechet_distance_from_moments(a, b), 9)
    2.0
    """
    if real.width != synthetic.width:
        raise UserError(
            f"moments of {real.width} and of {synthetic.width} columns", remedy="take both from one extractor"
        )
    s1, s2, gap = real.covariance, synthetic.covariance, real.mean - synthetic.mean
    if min(real.n, synthetic.n) > real.width:
        shared = _shared_spread_of_covariances(s1, s2)
    else:
        shared = _nuclear_norm(_root_of_rank(s2, synthetic.n - 1).T @ _root_of_rank(s1, real.n - 1))
    return max(0.0, float(gap @ gap + np.trace(s1) + np.trace(s2) - 2 * shared))


def frechet_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    level: float = LEVEL,
    blocks: int = BLOCKS,
    seed: int = 0,
) -> Interval:
    """Frechet distance with a delete-block jackknife interval.

    The interval is for the *expected distance at these numbers of images*, never for infinitely many: the
    distance's own bias stays in it. A bootstrap is no choice here, its duplicates double that bias.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D).
    groups_real, groups_synthetic:
        The patient of each row, where known: whole patients are left out together.
    level, blocks, seed:
        The interval's level, how many blocks (as many as there are patients, where those are fewer), and how
        the patients are dealt to them.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 200, 8))
    >>> i = frechet_interval(x, y)
    >>> i.lo < i.value < i.hi, i.method
    (True, 'jackknife, 20 blocks')
    """
    x, y = as_pair(real, synthetic)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    interval = jackknife(frechet_without_blocks(x, y, labels), frechet_distance(x, y), level)
    return replace(interval, lo=max(0.0, interval.lo))


def frechet_without_blocks(x: Features, y: Features, labels: tuple[Labels, Labels]) -> NDArray[np.float64]:
    """Return the distance without block b of both sets, for every b: exact, or to first order for many images."""
    x, y = _recentre(x, y)
    count = int(labels[0].max()) + 1
    left = [(labels[0] != block, labels[1] != block) for block in range(count)]
    fewest = min(min(int(kx.sum()), int(ky.sum())) for kx, ky in left)
    if takes_derivative(fewest, x.shape[1], MANY):
        first = frechet_to_first_order(x, y, labels)
        if first is not None:
            return first.clip(min=0)
    distances = _from_moments(x, y, left) if fewest > x.shape[1] else _from_products(x, y, left)
    return distances.clip(min=0)


def _recentre(x: Features, y: Features) -> tuple[Features, Features]:
    """Move both sets by one common vector: the distance stays, a large offset no longer costs digits."""
    centre = (x.sum(axis=0) + y.sum(axis=0)) / (len(x) + len(y))
    return x - centre, y - centre


def _distance(x: Features, y: Features) -> float:
    gap = x.mean(axis=0) - y.mean(axis=0)
    xc, yc = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = (xc**2).sum() / (len(x) - 1) + (yc**2).sum() / (len(y) - 1)
    return max(0.0, float(gap @ gap + spread - 2 * _shared_spread(xc, yc)))


def _shared_spread(xc: Features, yc: Features) -> float:
    """Return tr (S1 S2)^(1/2) of centred features."""
    (n, width), m = xc.shape, len(yc)
    if min(n, m) > width:
        return _shared_spread_of_covariances(xc.T @ xc / (n - 1), yc.T @ yc / (m - 1))
    return _nuclear_norm(_thin(xc) @ _thin(yc).T) / float(np.sqrt((n - 1) * (m - 1)))


def _thin(rows: Features) -> Features:
    """Return at most D rows with the same Gram matrix of columns."""
    return np.asarray(np.linalg.qr(rows, mode="r")) if len(rows) > rows.shape[1] else rows


def _shared_spread_of_covariances(s1: Features, s2: Features) -> float:
    try:
        first, second = (np.asarray(np.linalg.cholesky(s), dtype=np.float64) for s in (s1, s2))
    except np.linalg.LinAlgError:
        return _nuclear_norm(_root(s2).T @ _root(s1))
    product = second.T @ first
    if _smallest_square(first, second) > WELL_SPREAD * _largest_square(product):
        squares = np.linalg.eigvalsh(product.T @ product)
        if squares[0] > WELL_SPREAD * squares[-1]:
            return float(np.sqrt(squares).sum())
    return _nuclear_norm(product)


@np.errstate(over="ignore")
def _smallest_square(first: Features, second: Features) -> float:
    """Estimate the smallest eigenvalue of P^T P, P = second^T first, both triangular, by inverse iteration.

    It costs next to nothing, and an eigenvalue problem whose answer could not be used costs much.
    """
    from scipy.linalg import solve_triangular

    vector, size = np.ones(len(first)), 1.0
    for _ in range(POWER_STEPS):
        vector = solve_triangular(first, vector, lower=True, trans="T", check_finite=False)
        vector = solve_triangular(second, vector, lower=True, check_finite=False)
        vector = solve_triangular(second, vector, lower=True, trans="T", check_finite=False)
        vector = solve_triangular(first, vector, lower=True, check_finite=False)
        size = float(np.linalg.norm(vector))
        if not 0 < size < np.inf:
            return 0.0
        vector = vector / size
    return 1 / size


@np.errstate(over="ignore")
def _largest_square(product: Features) -> float:
    vector, size = np.ones(len(product)), 1.0
    for _ in range(POWER_STEPS):
        vector = product.T @ (product @ vector)
        size = float(np.linalg.norm(vector))
        if not 0 < size < np.inf:
            return np.inf
        vector = vector / size
    return size


def _root(s: Features) -> Features:
    """Return L with L L^T = s: Cholesky's, or that of the eigenvectors where s is singular."""
    try:
        return np.asarray(np.linalg.cholesky(s), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(s)
        return np.asarray(vectors * np.sqrt(values.clip(min=0)), dtype=np.float64)


def _root_of_rank(s: Features, rank: int) -> Features:
    """Return L with L L^T = s, of at most ``rank`` columns: few rows leave no more, the rest is rounding."""
    values, vectors = np.linalg.eigh(s)
    kept = slice(max(0, len(s) - rank), None)
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept].clip(min=0)), dtype=np.float64)


def _nuclear_norm(matrix: Features) -> float:
    return float(np.linalg.svd(matrix, compute_uv=False).sum())


Kept = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def _from_products(x: Features, y: Features, left: list[Kept]) -> Features:
    """Few images: every distance from the one matrix X Y^T, at a cost free of D."""
    products = x @ y.T

    def distance(kept: Kept) -> float:
        kx, ky = kept
        (gx, tx), (gy, ty) = _mean_and_trace(x[kx]), _mean_and_trace(y[ky])
        centred = products[np.ix_(kx, ky)]
        centred = centred - centred.mean(axis=0) - centred.mean(axis=1, keepdims=True) + centred.mean()
        shared = _nuclear_norm(centred) / float(np.sqrt((kx.sum() - 1) * (ky.sum() - 1)))
        return float((gx - gy) @ (gx - gy)) + tx + ty - 2 * shared

    return np.array(each(distance, left), dtype=np.float64)


def _mean_and_trace(rows: Features) -> tuple[Features, float]:
    mean = rows.mean(axis=0)
    return mean, float(((rows - mean) ** 2).sum()) / (len(rows) - 1)


def _from_moments(x: Features, y: Features, left: list[Kept]) -> Features:
    """Many images: every distance from the whole set's moments less the block's."""
    whole_x, whole_y = x.T @ x, y.T @ y

    def distance(kept: Kept) -> float:
        gx, s1 = _moments(whole_x, x, kept[0])
        gy, s2 = _moments(whole_y, y, kept[1])
        shared = _shared_spread_of_covariances(s1, s2)
        return float((gx - gy) @ (gx - gy) + np.trace(s1) + np.trace(s2)) - 2 * shared

    return np.array(each(distance, left), dtype=np.float64)


def _moments(whole: Features, rows: Features, kept: NDArray[np.bool_]) -> tuple[Features, Features]:
    block, n = rows[~kept], int(kept.sum())
    mean = (rows.sum(axis=0) - block.sum(axis=0)) / n
    return mean, (whole - block.T @ block - n * np.outer(mean, mean)) / (n - 1)
