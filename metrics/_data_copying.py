"""Data copying, C_T: are generated images nearer to the training set than unseen real ones, cell by cell?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, derive_seed, jackknife
from ._blocks import BLOCKS, Labels, paired_blocks
from ._checks import Features, as_pair
from ._neighbours import nearest

CELLS = 5
FEWEST = 10
"""Images of the hold-out, and of the generator, that a cell must hold to be compared."""


def data_copying_score(
    train: ArrayLike,
    synthetic: ArrayLike,
    holdout: ArrayLike,
    *,
    cells: int = CELLS,
    seed: int = 0,
    device: str = "cpu",
) -> float:
    """Data-copying score C_T (Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675).

    Space is cut into cells by k-means on the training images. In each, the distances to the nearest training image of
    synthetic (m_c) and of hold-out images (h_c) are compared by the Mann-Whitney statistic ``z = (U - m_c h_c / 2) /
    sqrt(m_c h_c (m_c + h_c + 1) / 12)``, U the pairs in which the synthetic image is the farther one, ties one half.
    C_T is the mean of z over cells, weighted by their share of the hold-out. Cells with under 10 images of either are
    left out.

    It grows with the square root of the numbers of images: read the sign and the size against ``N(0, < 1)``, not
    against other n. A generator that keeps to the middle of the data is negative too, without copying.

    Parameters
    ----------
    train, synthetic, holdout:
        Features, (n, D), (m, D), (h, D); the hold-out was never seen by the generator.
    cells, seed:
        Cells of k-means (1 compares all images at once), and its seed.

    Returns
    -------
    float
        Well below 0 (-3): copies; about 0: as far from the training images as unseen ones; well above 0: farther.

    Raises
    ------
    UserError
        For bad features, fewer training images than cells, no cell with 10 images of both.

    Example
    -------
    >>> import numpy as np
    >>> train, holdout, good = np.random.default_rng(0).standard_normal((3, 200, 4))
    >>> bool(abs(data_copying_score(train, good, holdout)) < 3), data_copying_score(train, train, holdout) < -5
    (True, True)
    """
    return _Distances.of(train, synthetic, holdout, cells, seed, device).score()


def data_copying_interval(
    train: ArrayLike,
    synthetic: ArrayLike,
    holdout: ArrayLike,
    *,
    groups_holdout: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    cells: int = CELLS,
    level: float = LEVEL,
    blocks: int = BLOCKS,
    seed: int = 0,
    device: str = "cpu",
) -> Interval:
    """C_T with a delete-block jackknife interval over synthetic and hold-out images, the training set and its cells
    being those they are. Arguments as in :func:`data_copying_score` and :func:`frechet_interval`.

    Example
    -------
    >>> import numpy as np
    >>> train, holdout, good = np.random.default_rng(0).standard_normal((3, 200, 4))
    >>> i = data_copying_interval(train, train + 0.01, holdout)
    >>> i.lo < i.value < i.hi < -5
    True
    """
    found = _Distances.of(train, synthetic, holdout, cells, seed, device)
    labels = paired_blocks(
        len(found.unseen), len(found.made), groups_holdout, groups_synthetic, blocks=blocks, seed=seed
    )
    left_out = [found.score((labels[0] != b, labels[1] != b)) for b in range(int(labels[0].max()) + 1)]
    return jackknife(left_out, found.score(), level)


@dataclass(frozen=True)
class _Distances:
    """Distance to the nearest training image, and cell, of every synthetic and every hold-out image; and the cells
    that hold enough of both."""

    made: Features
    unseen: Features
    made_cell: Labels
    unseen_cell: Labels
    compared: tuple[int, ...]

    @classmethod
    def of(
        cls, train: ArrayLike, synthetic: ArrayLike, holdout: ArrayLike, cells: int, seed: int, device: str
    ) -> _Distances:
        seen, made = as_pair(train, synthetic, names=("train", "synthetic"))
        _, unseen = as_pair(seen, holdout, names=("train", "holdout"))
        if not 1 <= cells <= len(seen):
            raise UserError(f"{cells} cells asked for, 1 to {len(seen)} possible", where="train")
        centres = _centres(seen, cells, seed)
        of_made, of_unseen = (nearest(rows, centres).indices[:, 0] for rows in (made, unseen))
        counts = [np.bincount(each, minlength=len(centres)) for each in (of_made, of_unseen)]
        compared = tuple(np.flatnonzero(np.minimum(*counts) >= FEWEST).tolist())
        if not compared:
            raise UserError(
                f"not enough data: no cell holds {FEWEST} synthetic and {FEWEST} hold-out images",
                remedy="take more images or fewer cells",
            )
        to_made, to_unseen = (nearest(rows, seen, device=device).distances[:, 0] for rows in (made, unseen))
        return cls(to_made, to_unseen, of_made, of_unseen, compared)

    def score(self, kept: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None) -> float:
        """Return C_T, of the kept hold-out and synthetic images alone where these are given."""
        unseen, made = kept or (np.ones(len(self.unseen), np.bool_), np.ones(len(self.made), np.bool_))
        scores, weights = [], []
        for cell in self.compared:
            theirs = self.unseen[unseen & (self.unseen_cell == cell)]
            ours = self.made[made & (self.made_cell == cell)]
            if len(theirs) and len(ours):
                scores.append(_mann_whitney(ours, theirs))
                weights.append(len(theirs))
        if not scores:
            raise UserError(
                "not enough data: no cell holds images of two patients", remedy="take fewer cells"
            )
        return float(np.average(scores, weights=weights))


def _centres(rows: Features, cells: int, seed: int) -> Features:
    """Return at most ``cells`` centres (fewer where fewer rows are distinct)."""
    from sklearn.cluster import KMeans

    distinct = np.unique(rows, axis=0) if cells > 1 else rows
    if cells == 1 or len(distinct) == 1:
        return rows.mean(axis=0, keepdims=True)
    scale = float(np.abs(rows).max()) or 1.0
    found = KMeans(min(cells, len(distinct)), n_init=3, random_state=derive_seed(seed, "cells")).fit(
        rows / scale
    )
    return np.asarray(found.cluster_centers_, dtype=np.float64) * scale


def _mann_whitney(ours: Features, theirs: Features) -> float:
    """Return z of U = the pairs in which ours is the larger one."""
    ranked = np.sort(theirs)
    below = np.searchsorted(ranked, ours, side="left")
    upto = np.searchsorted(ranked, ours, side="right")
    m, h = len(ours), len(theirs)
    return float(((below + upto).sum() / 2 - m * h / 2) / np.sqrt(m * h * (m + h + 1) / 12))
