"""Alpha-precision and beta-recall: do both sets spread about their centres alike, at every distance at once?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval
from ._blocks import Labels, check_units, units
from ._checks import Features, Rows, as_pair, as_row_pair
from ._half_intervals import share_interval
from ._neighbours import Neighbours, nearest, nearest_others
from ._sweep import half_samples

REPLICATES = 200
LISTED = 12
"""Nearest images that are listed for the half-samples: that a half keeps none of them has chance 2^-12."""
AT_ONCE = 25
STRETCH = 1024


class AlphaBeta(NamedTuple):
    """Integrated alpha-precision and beta-recall, both in [0, 1]."""

    alpha_precision: float
    beta_recall: float


class AlphaBetaIntervals(NamedTuple):
    """The two numbers of :class:`AlphaBeta`, each with its interval."""

    alpha_precision: Interval
    beta_recall: Interval


def alpha_precision_beta_recall(real: ArrayLike, synthetic: ArrayLike, *, device: str = "cpu") -> AlphaBeta:
    """Integrated alpha-precision and beta-recall (Alaa et al. 2022, arXiv 2102.08921), on the features as given.

    The alpha-support of a set is the ball about its mean that holds the share alpha of it.

    * alpha-precision: ``1 - 2 int |P_a - a| da``, P_a the share of synthetic images in the real a-support.
    * beta-recall: ``1 - 2 int |R_b - b| db``, R_b the share of real images whose nearest synthetic image lies in the
      synthetic b-support and no farther away than their nearest other real image.

    The integrals are exact: both curves are steps. The supports are those of *all* images of a set. (Public versions
    take the synthetic radii from the images that are some real image's nearest one alone, so images that are near to
    nothing real do not count; and a grid of 30 steps.)

    Read both beside real against real: two samples of one distribution at equal n have an alpha-precision near 1, but
    a beta-recall of only about one half, since another real image is as often the nearer one.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D), n and m at least 2.
    device:
        Where neighbours are searched: ``"cpu"`` or a CUDA device's name.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than two rows.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 400, 2))
    >>> alpha, beta = alpha_precision_beta_recall(x, y)
    >>> alpha > 0.9, 0.4 < beta < 0.6
    (True, True)
    >>> alpha, beta = alpha_precision_beta_recall(x, y * 0.01)
    >>> alpha < 0.1, beta < 0.1
    (True, True)
    """
    x, y = as_row_pair(real, synthetic)
    return alpha_beta_from_neighbours(x, y, nearest_others(x, device=device), nearest(x, y, device=device))


def alpha_beta_from_neighbours(x: Rows, y: Rows, own: Neighbours, found: Neighbours) -> AlphaBeta:
    """Return the two numbers, each real image's nearest other real one and nearest synthetic one being known."""
    centre, own_centre = (rows.mean(axis=0, dtype=np.float64) for rows in (x, y))
    return alpha_beta_from(
        _lengths(x, centre), _lengths(y, centre), _lengths(y, own_centre),
        own.distances[:, 0], found.distances[:, 0], found.indices[:, 0],
    )  # fmt: skip


def alpha_beta_from(
    real_radii: Features,
    synthetic_radii: Features,
    synthetic_own_radii: Features,
    nearest_real: Features,
    nearest_synthetic: Features,
    nearest_index: NDArray[np.int64],
) -> AlphaBeta:
    """Return the two numbers from distances that are already known.

    Parameters
    ----------
    real_radii, synthetic_radii:
        (n,) and (m,): distances of real and of synthetic images to the mean of the real ones.
    synthetic_own_radii:
        (m,): distances of synthetic images to the mean of the synthetic ones.
    nearest_real, nearest_synthetic, nearest_index:
        (n,): each real image's distance to its nearest other real image, to its nearest synthetic image, and the row
        of the latter.

    Example
    -------
    >>> import numpy as np
    >>> line, zero = np.arange(10.0), np.zeros(10)
    >>> alpha_beta_from(line, line, line, zero + 1, zero, np.arange(10))
    AlphaBeta(alpha_precision=0.9, beta_recall=0.9)
    """
    level = _levels(synthetic_own_radii, synthetic_own_radii[nearest_index])
    reached = np.where(nearest_synthetic <= nearest_real, level, 1.0)
    return AlphaBeta(_agreement(_levels(real_radii, synthetic_radii)), _agreement(reached))


def alpha_beta_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    replicates: int = REPLICATES,
    level: float = LEVEL,
    seed: int = 0,
    device: str = "cpu",
) -> AlphaBetaIntervals:
    """Alpha-precision and beta-recall with intervals for their expectation at these n.

    Half of the patients of each set are drawn without replacement, again and again; the variance between halves is
    that of the whole set (Politis, Romano and Wolf 1999), as for precision and recall. Both get Wilson's interval at
    the number of images that this variance stands for. Alpha-precision is made of absolute differences, which lie
    lower on halves where the sets agree: the halves' spread is taken about the whole sets' value. Arguments as in
    :func:`alpha_precision_beta_recall` and :func:`prdc_interval`.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 4))
    >>> i = alpha_beta_interval(x, y).beta_recall
    >>> 0 < i.lo < i.value < i.hi < 1
    True
    """
    x, y = as_pair(real, synthetic)
    unit = _units(x, y, (groups_real, groups_synthetic))
    listed = (LISTED + int(np.bincount(each).max()) for each in unit)
    own = nearest_others(x, min(next(listed), len(x) - 1), device=device)
    found = nearest(x, y, min(next(listed), len(y)), device=device)
    whole = alpha_beta_from_neighbours(x, y, own, found)
    return alpha_beta_intervals_from(
        (x, y), (groups_real, groups_synthetic), whole, (own, found),
        replicates=replicates, level=level, seed=seed,
    )  # fmt: skip


def alpha_beta_intervals_from(
    sets: tuple[Features, Features],
    groups: tuple[ArrayLike | None, ArrayLike | None],
    whole: AlphaBeta,
    lists: tuple[Neighbours, Neighbours],
    *,
    replicates: int = REPLICATES,
    level: float = LEVEL,
    seed: int = 0,
) -> AlphaBetaIntervals:
    """Return both intervals, the values and the lists of neighbours (as :func:`alpha_beta_halves` wants them) known."""
    unit = _units(*sets, groups)
    kept = (
        half_samples(unit[0], replicates, seed, "real"),
        half_samples(unit[1], replicates, seed, "synthetic"),
    )
    halves = alpha_beta_halves(*sets, kept, *lists)
    (alpha, beta), (of_alpha, of_beta) = whole, halves.T
    real_units, made_units = (int(each.max()) + 1 for each in unit)
    method = f"half-samples, {len(halves)} replicates"
    about_alpha = float(((of_alpha - alpha) ** 2).mean())
    return AlphaBetaIntervals(
        share_interval(alpha, of_alpha, made_units, level, method, about_alpha),
        share_interval(beta, of_beta, real_units, level, method),
    )


def _units(
    x: Features, y: Features, groups: tuple[ArrayLike | None, ArrayLike | None]
) -> tuple[Labels, Labels]:
    unit = units(len(x), groups[0]), units(len(y), groups[1], "synthetic")
    for each, name in zip(unit, ("real", "synthetic"), strict=True):
        check_units(int(each.max()) + 1, name)
    return unit


def alpha_beta_halves(
    x: Features,
    y: Features,
    kept: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    own: Neighbours,
    found: Neighbours,
) -> Features:
    """Return (replicates, 2): both numbers on each half-sample, from lists of neighbours, nearest first.

    ``kept`` is (replicates, n) and (replicates, m); ``own`` lists each real image's nearest other real ones, ``found``
    its nearest synthetic ones. Centres move with the half-samples; radii come from one product for many of them.
    """
    origin = x.mean(axis=0)
    x, y = x - origin, y - origin
    values = np.empty((len(kept[0]), 2))
    for start in range(0, len(values), AT_ONCE):
        of_x, of_y = (each[start : start + AT_ONCE] for each in kept)
        centre, own_centre = _means(x, of_x), _means(y, of_y)
        radii = _radii(x, centre), _radii(y, centre), _radii(y, own_centre)
        for row, (kx, ky) in enumerate(zip(of_x, of_y, strict=True)):
            to_real, _ = _first_kept(own, kx, kx)
            to_synthetic, at = _first_kept(found, kx, ky)
            values[start + row] = alpha_beta_from(
                radii[0][kx, row], radii[1][ky, row], radii[2][ky, row],
                to_real, to_synthetic, (np.cumsum(ky) - 1)[at],
            )  # fmt: skip
    return values


def _levels(reference: Features, radii: Features) -> Features:
    """Return the smallest support, as a share of the reference set, that each radius lies in."""
    return np.searchsorted(np.sort(reference), radii, side="left") / len(reference)


def _agreement(levels: Features) -> float:
    """Return ``1 - 2 int_0^1 |F(a) - a| da`` with F(a) the share of levels below a."""
    edges = np.concatenate([[0.0], np.sort(levels), [1.0]])
    height = np.arange(len(levels) + 1) / len(levels)
    upper, lower = edges[1:] - height, edges[:-1] - height
    area = float((upper * np.abs(upper) - lower * np.abs(lower)).sum()) / 2
    return min(1.0, max(0.0, 1 - 2 * area))


def _first_kept(
    lists: Neighbours, rows: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> tuple[Features, NDArray[np.int64]]:
    """Return distance and row of each row's nearest kept neighbour (where the list holds none, of a kept one beyond
    its end)."""
    indices, distances = lists.indices[rows], lists.distances[rows]
    there = kept[indices]
    place = np.where(there.any(axis=1), there.argmax(axis=1), -1)
    line = np.arange(len(place))
    return distances[line, place], np.where(place >= 0, indices[line, place], int(kept.argmax()))


def _means(rows: Features, kept: NDArray[np.bool_]) -> Features:
    weights = kept.astype(np.float64)
    return np.asarray(weights @ rows / weights.sum(axis=1, keepdims=True))


def _radii(rows: Features, centres: Features) -> Features:
    """Return (rows, centres) distances."""
    squares = (rows**2).sum(axis=1)[:, None] - 2 * rows @ centres.T + (centres**2).sum(axis=1)
    return np.sqrt(squares.clip(min=0))


def _lengths(rows: Rows, centre: Features) -> Features:
    """Return the distance of every row to the centre, a stretch of rows at a time."""
    parts = (rows[start : start + STRETCH] - centre for start in range(0, len(rows), STRETCH))
    return np.concatenate([np.sqrt(np.einsum("ij,ij->i", part, part)) for part in parts])
