"""Frechet distance extrapolated to infinitely many images, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, jackknife, rng
from ._blocks import BLOCKS, Labels, paired_blocks, units
from ._checks import Features, as_pair
from ._frechet import frechet_distance_from_moments
from ._moments import Moments
from ._parallel import each

PER_FEATURE = 5
"""Images for each feature below which the distance is no straight line in 1 / N."""
SUBSETS = (1 / 2, 2 / 3, 1.0)
"""Sizes of the nested subsets, equally spaced in 1 / N."""


def frechet_distance_infinity(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    seed: int = 0,
) -> float:
    """Frechet distance extrapolated to infinitely many images (Chong and Forsyth 2020, arXiv 1911.07023).

    The distance is biased upwards by about ``c / N``. It is measured on nested subsets of 1/2, 2/3 and all of *both*
    sets, and a straight line in 1 / N is fitted by least squares: its value at 1 / N = 0 is returned. Subsets grow
    from both ends of one seeded order of the patients, so every image counts alike.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D), n and m at least 5 D.
    groups_real, groups_synthetic:
        The patient of each row, where known: patients are not split.
    seed:
        Of the order in which the subsets grow.

    Returns
    -------
    float
        In squared units of the features; for equal distributions 0 in expectation, so it may fall below 0. Sets of
        different n compare.

    Raises
    ------
    UserError
        For bad features, and "not enough data: ..., ... needed" where n or m is below 5 D.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 400, 8))
    >>> bool(abs(frechet_distance_infinity(x, y)) < 0.1), frechet_distance_infinity(x, y, seed=1) < 0.1
    (True, True)
    """
    x, y = _checked(real, synthetic)
    return _Nested.of(x, y, groups_real, groups_synthetic, seed).extrapolated()


def frechet_infinity_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    level: float = LEVEL,
    blocks: int = BLOCKS,
    seed: int = 0,
) -> Interval:
    """:func:`frechet_distance_infinity` with a delete-block jackknife interval by patient.

    The interval is for the distance of the two distributions. The whole extrapolation is made again without each
    block.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 400, 8))
    >>> i = frechet_infinity_interval(x, y)
    >>> i.lo < 0 < i.hi, i.method
    (True, 'jackknife, 20 blocks')
    """
    x, y = _checked(real, synthetic)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    nested = _Nested.of(x, y, groups_real, groups_synthetic, seed)
    count = int(labels[0].max()) + 1
    left_out = each(lambda b: nested.extrapolated((labels[0] == b, labels[1] == b)), range(count))
    return jackknife(left_out, nested.extrapolated(), level)


def _checked(real: ArrayLike, synthetic: ArrayLike) -> tuple[Features, Features]:
    x, y = as_pair(real, synthetic)
    needed = PER_FEATURE * x.shape[1]
    n, name = min((len(x), "real"), (len(y), "synthetic"))
    if n < needed:
        raise UserError(
            f"not enough data: {n} {name} images, {needed} needed ({PER_FEATURE} for each of {x.shape[1]} features)"
        )
    centre = (x.sum(axis=0) + y.sum(axis=0)) / (len(x) + len(y))
    return x - centre, y - centre


@dataclass(frozen=True)
class _Segments:
    """One set cut into the stretches between the subsets' ends, with count, sum and second moment of each."""

    rows: Features
    segment: Labels
    counts: NDArray[np.int64]
    sums: Features
    squares: Features

    @classmethod
    def of(cls, rows: Features, segment: Labels, count: int) -> _Segments:
        parts = [rows[segment == number] for number in range(count)]
        return cls(
            rows,
            segment,
            np.array([len(part) for part in parts], dtype=np.int64),
            np.stack([part.sum(axis=0) for part in parts]),
            np.stack([part.T @ part for part in parts]),
        )

    def without(self, left_out: NDArray[np.bool_]) -> _Segments:
        gone = _Segments.of(self.rows[left_out], self.segment[left_out], len(self.counts))
        return _Segments(
            self.rows,
            self.segment,
            self.counts - gone.counts,
            self.sums - gone.sums,
            self.squares - gone.squares,
        )

    def moments(self, chosen: Sequence[int]) -> Moments:
        """Return the moments of some stretches together."""
        n, picked = int(self.counts[list(chosen)].sum()), list(chosen)
        if n < 2:
            raise UserError("not enough data: a patient holds nearly all images", remedy="use more patients")
        mean = self.sums[picked].sum(axis=0) / n
        return Moments(n, mean, self.squares[picked].sum(axis=0) - n * np.outer(mean, mean))


@dataclass(frozen=True)
class _Nested:
    """Both sets, cut at the subsets' ends, and which stretches each subset is made of."""

    x: _Segments
    y: _Segments
    subsets: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls,
        x: Features,
        y: Features,
        groups_real: ArrayLike | None,
        groups_synthetic: ArrayLike | None,
        seed: int,
    ) -> _Nested:
        cuts = np.unique([*SUBSETS, *(1 - share for share in SUBSETS)])[1:-1]
        pieces = range(len(cuts) + 1)
        edges = np.concatenate([[0.0], cuts, [1.0]])
        subsets = [
            tuple(piece for piece in pieces if inside(edges[piece], edges[piece + 1], share))
            for share in SUBSETS
            for inside in (_from_start, _from_end)
        ]
        found = [
            _Segments.of(rows, np.searchsorted(cuts, _places(rows, group, name, seed)), len(pieces))
            for rows, group, name in ((x, groups_real, "real"), (y, groups_synthetic, "synthetic"))
        ]
        return cls(found[0], found[1], tuple(dict.fromkeys(subsets)))

    def extrapolated(self, left_out: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None) -> float:
        """Return the straight line's value at 1 / N = 0, without some rows of both sets."""
        x, y = (
            (self.x, self.y)
            if left_out is None
            else (self.x.without(left_out[0]), self.y.without(left_out[1]))
        )
        inverse, distances, weights = [], [], []
        for subset in self.subsets:
            of_x, of_y = x.moments(subset), y.moments(subset)
            distances.append(frechet_distance_from_moments(of_x, of_y))
            inverse.append((1 / of_x.n + 1 / of_y.n) / (1 / int(x.counts.sum()) + 1 / int(y.counts.sum())))
            weights.append(2.0 if len(subset) == len(x.counts) else 1.0)
        return _intercept(np.array(inverse), np.array(distances), np.array(weights))


def _from_start(lo: float, hi: float, share: float) -> bool:
    return hi <= share + 1e-9


def _from_end(lo: float, hi: float, share: float) -> bool:
    return lo >= 1 - share - 1e-9


def _places(rows: Features, groups: ArrayLike | None, name: str, seed: int) -> Features:
    """Return each row's place in [0, 1] in a shuffled order of whole patients."""
    unit = units(len(rows), groups, name)
    sizes = np.bincount(unit)
    order = rng(seed, "infinity", name).permutation(len(sizes))
    middle = np.empty(len(sizes))
    middle[order] = np.cumsum(sizes[order]) - sizes[order] / 2
    return np.asarray(middle[unit] / len(rows))


def _intercept(inverse: Features, distances: Features, weights: Features) -> float:
    """Return a of the least-squares line a + b / N (the whole set counts twice, once for each end)."""
    centre = np.average(inverse, weights=weights)
    level = np.average(distances, weights=weights)
    steps = inverse - centre
    slope = float((weights * steps * (distances - level)).sum() / (weights * steps**2).sum())
    return float(level - slope * centre)
