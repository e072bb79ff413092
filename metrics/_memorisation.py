"""Memorisation: are synthetic images nearer to single training images than real unseen images are?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, wilson
from ._checks import Features, as_features, as_pair
from ._neighbours import Indices, nearest

ALPHA = 0.01
"""A generator is memorising only below this p-value (adjusted over the generators that are compared)."""
CALIBRATION = 0.01
"""The quantile of the hold-out that sets the copy threshold."""
MARGIN = 0.9
"""Copies lie below this share of the hold-out's quantile: a generator that keeps to the middle of the data, or
blurs, comes a little nearer to single training images than the hold-out does, and copies none."""
SURROUNDINGS = 50
FEWEST_HOLDOUT = 50


class Pair(NamedTuple):
    """A synthetic image and its nearest training image, by row, and how near (0 copy, about 1 unrelated)."""

    synthetic: int
    train: int
    closeness: float


@dataclass(frozen=True, eq=False)
class MemorisationVerdict:
    """Whether a generator copies its training images, how much of it, how sure, and which images.

    ``p_value`` is of the exact precedence test that decides; ``p_rank`` of a Mann-Whitney test on all images,
    for information (a generator that keeps to the middle of the data moves it without copying). ``closeness``
    and ``nearest_train`` are per synthetic image; ``pairs`` are the nearest ones, nearest first. Over several
    generators, adjust the p-values (Benjamini-Hochberg) and ask :meth:`decide` again.
    """

    memorising: bool
    p_value: float
    p_rank: float
    copy_share: Interval
    holdout_share: float
    threshold: float
    n_train: int
    n_synthetic: int
    n_holdout: int
    closeness: NDArray[np.float64]
    nearest_train: NDArray[np.int64]
    pairs: tuple[Pair, ...]
    features: str
    words: str

    def decide(self, adjusted_p: float, alpha: float = ALPHA) -> bool:
        """Return the verdict at an adjusted p-value: below alpha, and more copies than in the hold-out."""
        return bool(adjusted_p < alpha and self.copy_share.value > self.holdout_share)


def memorisation(
    train: ArrayLike,
    synthetic: ArrayLike,
    holdout: ArrayLike,
    *,
    features: str = "these features",
    train_views: Sequence[ArrayLike] = (),
    level: float = LEVEL,
    shown: int = 20,
    device: str = "cpu",
) -> MemorisationVerdict:
    """Judge memorisation against what real, unseen images look like.

    The closeness of an image is its distance to the nearest training image over the mean distance to the next
    50 (after Carlini et al. 2023): 0 for a copy, near 1 where no training image stands out. So an image in a
    crowded or an average place is no copy for that. An image is a copy when its closeness is below 0.9 q, q the
    r-th smallest closeness in the hold-out, r = 1% of it.

    If the generator were as a hold-out, all orders of the pooled images would be equally likely, and the chance
    that c or more of m synthetic images come before the r-th of h hold-out images is exactly hypergeometric:
    P(at most r - 1 hold-out images among the first c + r - 1) (precedence test, Epstein 1954). The factor 0.9 can
    only lower c, so the p-value is never too small.

    Parameters
    ----------
    train, synthetic, holdout:
        Features, (n, D), (m, D), (h, D); the hold-out's patients were never seen by the generator; h at least
        50.
    features:
        Name of the extractor, for the words.
    train_views:
        Features of the same training images, row by row, under other views (flipped, cropped): a copy of a
        view is a copy. The hold-out is measured against the same views.
    level, shown:
        Level of the interval of the share; how many of the nearest pairs to list.

    Raises
    ------
    UserError
        For bad features, fewer than 50 hold-out images, a view that does not match the training images.

    Example
    -------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> train, holdout, good = rng.standard_normal((3, 200, 16))
    >>> memorisation(train, good, holdout).memorising, memorisation(train, train, holdout).memorising
    (False, True)
    """
    views, made, unseen = _checked(train, synthetic, holdout, train_views)
    closeness, found = _closeness(made, views, device)
    calibration, _ = _closeness(unseen, views, device)
    threshold, copies, expected, p_value = _precedence(closeness, calibration)
    share = wilson(int(copies.sum()), len(made), level)
    memorising = p_value < ALPHA and share.value > expected
    order = np.argsort(closeness, kind="stable")[:shown]
    return MemorisationVerdict(
        memorising=memorising,
        p_value=p_value,
        p_rank=_rank_test(closeness, calibration),
        copy_share=share,
        holdout_share=expected,
        threshold=threshold,
        n_train=len(views[0]),
        n_synthetic=len(made),
        n_holdout=len(unseen),
        closeness=closeness,
        nearest_train=found,
        pairs=tuple(Pair(int(i), int(found[i]), float(closeness[i])) for i in order),
        features=features,
        words=_words(memorising, share, expected, p_value, features),
    )


def _checked(
    train: ArrayLike, synthetic: ArrayLike, holdout: ArrayLike, train_views: Sequence[ArrayLike]
) -> tuple[list[Features], Features, Features]:
    seen, made = as_pair(train, synthetic, names=("train", "synthetic"))
    _, unseen = as_pair(seen, holdout, names=("train", "holdout"))
    if len(unseen) < FEWEST_HOLDOUT:
        raise UserError(f"not enough data: {len(unseen)} hold-out images, {FEWEST_HOLDOUT} needed")
    views = [seen, *(as_features(view, f"train view {i + 1}") for i, view in enumerate(train_views))]
    for number, view in enumerate(views):
        if view.shape != seen.shape:
            raise UserError(
                f"shape {view.shape}, the training images have {seen.shape}", where=f"train view {number}"
            )
    return views, made, unseen


def _closeness(queries: Features, views: list[Features], device: str) -> tuple[Features, Indices]:
    """Return d_1 / mean(d_2 ... d_51) over distinct training images, and the nearest one's row."""
    around = min(SURROUNDINGS + 1, len(views[0]))
    lists = [nearest(queries, view, around, device=device) for view in views]
    distances, indices = lists[0] if len(lists) == 1 else _nearest_view(lists, around)
    others = distances[:, 1:].mean(axis=1)
    closeness = np.divide(distances[:, 0], others, out=np.zeros(len(queries)), where=others > 0)
    return closeness, indices[:, 0]


def _nearest_view(lists: Sequence[tuple[Features, Indices]], count: int) -> tuple[Features, Indices]:
    """Merge the lists of all views; each training image counts once, by its nearest view."""
    distances = np.concatenate([d for d, _ in lists], axis=1)
    indices = np.concatenate([i for _, i in lists], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    distances, indices = np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1)
    kept_d, kept_i = np.empty((len(distances), count)), np.empty((len(distances), count), dtype=np.int64)
    for row, (d, i) in enumerate(zip(distances, indices, strict=True)):
        first = np.sort(np.unique(i, return_index=True)[1])[:count]
        kept_d[row], kept_i[row] = d[first], i[first]
    return kept_d, kept_i


def _precedence(closeness: Features, calibration: Features) -> tuple[float, NDArray[np.bool_], float, float]:
    """Return threshold, which images are copies, the hold-out's share of them, and the p-value."""
    from scipy.stats import fisher_exact, hypergeom

    m, h = len(closeness), len(calibration)
    rank = max(1, int(CALIBRATION * h))
    threshold = float(np.sort(calibration)[rank - 1])
    if threshold == 0:
        # The hold-out itself holds duplicates of training images: compare the shares of exact duplicates.
        copies, leaked = closeness == 0, int((calibration == 0).sum())
        table = [[int(copies.sum()), m - int(copies.sum())], [leaked, h - leaked]]
        return threshold, copies, leaked / h, float(fisher_exact(table, alternative="greater").pvalue)
    threshold *= MARGIN
    copies = closeness < threshold
    count = int(copies.sum())
    p_value = float(hypergeom(m + h, h, count + rank - 1).cdf(rank - 1)) if count else 1.0
    return threshold, copies, float((calibration < threshold).mean()), p_value


def _rank_test(closeness: Features, calibration: Features) -> float:
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(closeness, calibration, alternative="less").pvalue)


def _words(memorising: bool, share: Interval, expected: float, p_value: float, features: str) -> str:
    counted = (
        f"{share.value:.1%} of the images [{share.lo:.1%}, {share.hi:.1%}] are as near to one training image "
    )
    among = f"as {expected:.1%} of real unseen images are, on {features} (p = {p_value:.2g})"
    return ("memorising: " if memorising else "not shown to memorise: ") + counted + among
