"""Power: how many planted copies would the memorisation test have found, with these very images?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, rng, wilson
from ._checks import Features, as_features, as_pair
from ._closeness import Views, closeness_to, named_views
from ._memorisation import FEWEST_HOLDOUT
from ._precedence import ALPHA, below, calibrate, precedence_p

SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
EXACT = "exact"
POWER = 0.8
FEWEST_HONEST = 20


class PowerPoint(NamedTuple):
    """A planted share of copies, their number, and the share of trials in which the test found them."""

    share: float
    copies: int
    detected: Interval


@dataclass(frozen=True, eq=False)
class CopyPower:
    """How often planted copies are found at p < .01, by kind of copy.

    ``curves``: points by rising share, for ``exact`` copies and each disguise. ``false_alarm``: the same without
    any copy. ``smallest``: the smallest share found in 80% of trials or more (None: not even half of all images).
    ``recognised``: the share of single copies of each kind that lie below the copy threshold. ``n_synthetic`` and
    ``n_holdout`` are the numbers of the trials. Without enough images all is empty, and ``reason`` says why.
    """

    curves: Mapping[str, tuple[PowerPoint, ...]]
    false_alarm: Interval | None
    smallest: Mapping[str, float | None]
    recognised: Mapping[str, Interval]
    n_train: int
    n_holdout: int
    n_synthetic: int
    repeats: int
    features: str
    reason: str | None
    words: str


def planted_copy_power(
    train: ArrayLike,
    unseen: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    train_views: Views = (),
    disguised: Mapping[str, ArrayLike] | None = None,
    shares: Sequence[float] = SHARES,
    n_holdout: int | None = None,
    n_synthetic: int | None = None,
    repeats: int = 400,
    features: str = "these features",
    level: float = LEVEL,
    seed: int = 0,
    device: str = "cpu",
) -> CopyPower:
    """Plant copies of training images among real unseen ones and count how often memorisation is found.

    In every trial the unseen real images are parted by patient at random: ``n_holdout`` of them calibrate, others
    play a generator that copies nobody, so that the set that judges is never the set that is judged. A share of
    the latter is replaced by copies, and the test of :func:`memorisation` is taken at p < .01. Distances are
    computed once; the trials draw from them.

    Parameters
    ----------
    train, unseen:
        Features (n, D) of the training images, and (u, D) of all real images whose patients the generator never
        saw: the hold-out, and more where there are more.
    groups:
        The patient of each unseen image (default: each image its own).
    train_views:
        As for :func:`memorisation`.
    disguised:
        Features of copies of training images that were changed (a JPEG, a crop that is none of the views), by
        kind: (k, D), any number of rows. ``exact`` copies are always planted.
    n_holdout, n_synthetic:
        Images of the two parts (default: half and half). Fewer are taken where there are not enough.
    repeats:
        Trials; the intervals are Wilson's over them.

    Example
    -------
    >>> train, unseen = np.random.default_rng(0).standard_normal((2, 400, 16))
    >>> power = planted_copy_power(train, unseen, repeats=100)
    >>> [point.detected.value for point in power.curves["exact"]], power.smallest
    ([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], {'exact': 0.045})
    """
    seen, real = as_pair(train, unseen, names=("train", "unseen"), least=1)
    views = list(named_views(seen, train_views).values())
    owners = np.arange(len(real)) if groups is None else np.asarray(groups)
    if owners.shape != (len(real),):
        raise UserError(f"shape {owners.shape} for {len(real)} images", where="groups")
    if min(shares, default=0.0) <= 0 or max(shares, default=1.0) >= 1 or repeats < 1:
        raise UserError("shares of copies lie between 0 and 1, and there is at least one trial")
    sizes = _sizes(owners, n_holdout, n_synthetic)
    if isinstance(sizes, str):
        return _unknown(len(seen), features, sizes)
    kinds = {name: as_features(each, name, least=1) for name, each in (disguised or {}).items()}
    near = {name: closeness_to(each, views, device).values for name, each in kinds.items()}
    near = {EXACT: np.zeros(1), **near}
    trials = _Trials(closeness_to(real, views, device).values, owners, near, sizes, repeats, seed)
    curves = {
        name: tuple(
            PowerPoint(share, count, trials.detected(name, count, level))
            for share, count in ((share, max(1, round(share * trials.n))) for share in sorted(shares))
        )
        for name in near
    }
    false_alarm = trials.detected(EXACT, 0, level)
    smallest = {name: trials.smallest(name) for name in near}
    return CopyPower(
        curves=curves,
        false_alarm=false_alarm,
        smallest=smallest,
        recognised={
            name: wilson(trials.recognised(name) * len(near[name]), len(near[name]), level) for name in kinds
        },
        n_train=len(seen),
        n_holdout=trials.h,
        n_synthetic=trials.n,
        repeats=repeats,
        features=features,
        reason=None,
        words=_words(curves[EXACT], smallest[EXACT], false_alarm, trials.h, trials.n),
    )


def _sizes(owners: NDArray[Any], n_holdout: int | None, n_synthetic: int | None) -> tuple[int, int] | str:
    """Images that calibrate and images that are judged, or why there are not enough."""
    n, largest = len(owners), int(np.unique(owners, return_counts=True)[1].max())
    calibrating = max(FEWEST_HOLDOUT, min(n_holdout or n // 2, n - FEWEST_HONEST - largest))
    honest = min(n_synthetic or n, n - calibrating - largest + 1)
    if honest < FEWEST_HONEST:
        needed = FEWEST_HOLDOUT + FEWEST_HONEST
        return (
            f"not enough data: {n} real unseen images (up to {largest} of one patient), {needed} needed: "
            f"{FEWEST_HOLDOUT} that calibrate and {FEWEST_HONEST} others that play a generator"
        )
    return calibrating, honest


class _Trials:
    """All trials at once: for each, which of its honest images and which of its copies count as copies."""

    def __init__(
        self,
        real: Features,
        owners: NDArray[Any],
        near: Mapping[str, Features],
        sizes: tuple[int, int],
        repeats: int,
        seed: int,
    ) -> None:
        self.h, self.n = sizes
        numbers = np.unique(owners, return_inverse=True)[1].ravel()
        self.honest = np.zeros((repeats, self.n + 1), dtype=np.int64)
        self.planted = {name: np.zeros((repeats, self.n + 1), dtype=np.int64) for name in near}
        self.known = np.zeros((repeats, 4))
        for trial in range(repeats):
            draw = rng(seed, "planted copies", trial)
            calibrating, judged = _parted(numbers, self.h, self.n, draw)
            known = calibrate(real[calibrating], numbers[calibrating])
            self.known[trial] = known.rank, known.units, known.leaked, known.share
            self.honest[trial, 1:] = below(real[judged], known.threshold).cumsum()
            for name, values in near.items():
                drawn = draw.choice(values, self.n, replace=len(values) < self.n)
                self.planted[name][trial, 1:] = below(drawn, known.threshold).cumsum()

    def found(self, name: str, copies: int) -> NDArray[np.bool_]:
        """In which trials the test finds so many copies of the kind among the n images."""
        count = self.honest[:, self.n - copies] + self.planted[name][:, copies]
        rank, units, leaked, share = self.known.T
        p = precedence_p(count, self.n, rank, units, leaked)
        return np.asarray((p < ALPHA) & (count / self.n > share), dtype=np.bool_)

    def detected(self, name: str, copies: int, level: float) -> Interval:
        found = self.found(name, copies)
        return wilson(int(found.sum()), len(found), level)

    def recognised(self, name: str) -> float:
        return float(self.planted[name][:, -1].mean() / self.n)

    def smallest(self, name: str) -> float | None:
        """Bisect for the smallest number of copies, up to half of all, that is found often enough."""
        low, high = 0, self.n // 2
        if self.found(name, high).mean() < POWER:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.found(name, middle).mean() >= POWER else (middle, high)
        return high / self.n


def _parted(
    owners: NDArray[np.int64], calibrating: int, judged: int, draw: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Patients in random order: the first calibrate until there are enough images, the rest may be judged."""
    turn = draw.permutation(int(owners.max()) + 1)[owners]
    order = np.argsort(turn, kind="stable")
    cut = calibrating
    while turn[order[cut]] == turn[order[cut - 1]]:
        cut += 1
    return order[:cut], draw.permutation(order[cut:])[:judged]


def _words(exact: Sequence[PowerPoint], smallest: float | None, false_alarm: Interval, h: int, n: int) -> str:
    found = ", ".join(
        f"{100 * point.share:.3g}% copies in {point.detected.value:.0%}" for point in reversed(exact)
    )
    least = (
        f"the absence of a verdict means little below {smallest:.1%} copies"
        if smallest is not None
        else "the absence of a verdict means nothing here"
    )
    return (
        f"With {h} real unseen images that calibrate and {n} images judged, this test finds {found} of trials, and "
        f"calls a set without copies memorising in {false_alarm.value:.1%}: {least}"
    )


def _unknown(n_train: int, features: str, reason: str) -> CopyPower:
    words = f"How many copies this test would find cannot be known: {reason}"
    return CopyPower({}, None, {}, {}, n_train, 0, 0, 0, features, reason, words)
