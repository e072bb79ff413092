"""Distance inside a class: how different its images are from each other, synthetic beside real."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, jackknife
from ._blocks import BLOCKS, Labels, paired_blocks, units
from ._checks import Features, as_features, as_pair
from ._products import rounding

SIDE = 1024


def intra_class_distance(features: ArrayLike, labels: ArrayLike) -> dict[str, float]:
    """Mean distance between two images of one class, for every class, in order of the classes' names.

    The U-statistic ``mean_{i < j} |f_i - f_j|``: unbiased at every n. On perceptual features (such as LPIPS's or
    Inception's) it is the intra-class perceptual distance (Zhu et al. 2017, arXiv 1711.11586; Ojha et al. 2021, arXiv
    2104.06820).

    Parameters
    ----------
    features, labels:
        (n, D), and the class of each row; a class of one image has no distance and is refused.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, labels that do not match, a class of fewer than two images.

    Example
    -------
    >>> intra_class_distance([[0.0], [1.0], [2.0], [5.0], [5.0]], ["a", "a", "a", "b", "b"])
    {'a': 1.3333333333333333, 'b': 0.0}
    """
    rows = as_features(features)
    of_row = _classes(labels, len(rows))
    found = {}
    for name in np.unique(of_row).tolist():
        mine = of_row == name
        if mine.sum() < 2:
            raise UserError("not enough data: 1 image, 2 needed", where=f"class {name!r}")
        found[name] = _Pairs.of(rows[mine], np.arange(int(mine.sum()))).mean()
    return found


def intra_class_ratio(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
) -> float:
    """Mean distance between two synthetic images over that between two real ones, of one class (or of any set).

    1 where they vary alike; a collapsed class shows near 0, noise above 1. Shapes and errors as in
    :func:`frechet_distance`; real images that are all alike are refused.

    Example
    -------
    >>> intra_class_ratio([[0.0], [2.0]], [[5.0], [6.0]])
    0.5
    """
    x, y = as_pair(real, synthetic)
    of_real = _Pairs.of(x, units(len(x), groups_real))
    of_made = _Pairs.of(y, units(len(y), groups_synthetic, "synthetic"))
    return _over(of_made.mean(), of_real.mean())


def intra_class_interval(
    real: ArrayLike,
    synthetic: ArrayLike,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    level: float = LEVEL,
    blocks: int = BLOCKS,
    seed: int = 0,
) -> Interval:
    """:func:`intra_class_ratio` with a delete-block jackknife interval; arguments as in :func:`frechet_interval`.

    Where patients are known, pairs inside one patient are left out of both means: two photographs of one lesion are
    alike for another reason.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 8))
    >>> i = intra_class_interval(x, y * 0.5)
    >>> 0.4 < i.lo < 0.5 < i.hi < 0.6
    True
    """
    x, y = as_pair(real, synthetic)
    labels = paired_blocks(len(x), len(y), groups_real, groups_synthetic, blocks=blocks, seed=seed)
    of_real = _Pairs.of(x, units(len(x), groups_real), labels[0])
    of_made = _Pairs.of(y, units(len(y), groups_synthetic, "synthetic"), labels[1])
    left_out = [_over(of_made.mean(block), of_real.mean(block)) for block in range(len(of_real.sums))]
    interval = jackknife(left_out, _over(of_made.mean(), of_real.mean()), level)
    return replace(interval, lo=max(0.0, interval.lo))


@dataclass(frozen=True)
class _Pairs:
    """Sums and numbers of the distances of ordered pairs of different units, block by block, both (B, B)."""

    sums: Features
    counts: Features

    @classmethod
    def of(cls, rows: Features, unit: Labels, block: Labels | None = None) -> _Pairs:
        block = np.zeros(len(rows), dtype=np.int64) if block is None else block
        rows = rows - rows.mean(axis=0)
        member = np.eye(int(block.max()) + 1)[block]
        sums = np.zeros((member.shape[1], member.shape[1]))
        for i in range(0, len(rows), SIDE):
            for j in range(i, len(rows), SIDE):
                here, there = slice(i, i + SIDE), slice(j, j + SIDE)
                distances = _distances(rows[here], rows[there])
                distances[unit[here, None] == unit[there]] = 0
                part = member[here].T @ distances @ member[there]
                sums += part if i == j else part + part.T
        same = np.bincount(unit)[unit]
        counts = np.outer(member.sum(axis=0), member.sum(axis=0)) - np.diag(same @ member)
        return cls(sums, counts)

    def mean(self, without: int | None = None) -> float:
        """Return the mean distance, of all pairs or of those that leave a block out."""
        kept = np.arange(len(self.sums)) != (-1 if without is None else without)
        pairs = np.ix_(kept, kept)
        assert self.counts[pairs].sum() > 0
        return float(self.sums[pairs].sum() / self.counts[pairs].sum())


def _distances(x: Features, y: Features) -> Features:
    """Return (n, m) distances of centred rows; what rounding alone could have made is 0."""
    norms = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1)
    squares = norms - 2 * x @ y.T
    squares[squares <= rounding(x.shape[1]) * norms] = 0
    return np.sqrt(squares)


def _over(made: float, real: float) -> float:
    if real <= 0:
        raise UserError("the real images are all alike: nothing to compare with", where="real")
    return made / real


def _classes(labels: ArrayLike, n: int) -> NDArray[np.str_]:
    given = np.asarray(labels, dtype=object)
    if given.shape != (n,):
        raise UserError(f"{given.shape} labels for {n} rows", where="labels", remedy="give one for each row")
    return given.astype(str)
