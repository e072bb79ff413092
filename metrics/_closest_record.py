"""Distance to the closest record: are synthetic images nearer to training images than to unseen real ones?"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..core import LEVEL, Interval, rng, wilson
from ._blocks import Labels, check_units, units
from ._checks import Features, as_pair
from ._neighbours import nearest

PERMUTATIONS = 9999
AT_ONCE = 250


class ClosestRecord(NamedTuple):
    """Share of synthetic images whose nearest real image is a training image, expected 1/2, with its p-values.

    ``p_value`` (one-sided) is of the permutation test, which is right however many synthetic images share a nearest
    one; ``p_binomial`` is the customary exact binomial one, which takes them for independent.
    """

    share: Interval
    p_value: float
    p_binomial: float
    n_each: int


def closest_record_ratio(
    train: ArrayLike,
    synthetic: ArrayLike,
    holdout: ArrayLike,
    *,
    groups_train: ArrayLike | None = None,
    groups_holdout: ArrayLike | None = None,
    level: float = LEVEL,
    seed: int = 0,
    device: str = "cpu",
) -> ClosestRecord:
    """Share of synthetic images that are nearer to a training image than to any of an equally large hold-out.

    Where the generator has learnt the distribution and no single image, training and hold-out patients are
    exchangeable, and 1/2 is expected; copies push the share up. Ties count one half. Whole patients of the larger set
    are drawn (seeded) until it is as large as the smaller.

    Synthetic images that share a nearest real image are not independent. With w_j of them at real image j, the share
    varies like that of ``n_e = (sum w)^2 / sum w^2`` independent ones: Wilson's interval is taken at n_e, and the
    p-value by dealing the labels train and hold-out anew to the patients (9,999 times).

    Parameters
    ----------
    train, synthetic, holdout:
        Features, (n, D), (m, D), (h, D); the hold-out was never seen by the generator.
    groups_train, groups_holdout:
        The patient of each row, where known.

    Raises
    ------
    UserError
        For bad features; "not enough data" for fewer than 10 patients or images of the smaller set.

    Example
    -------
    >>> import numpy as np
    >>> train, holdout, good = np.random.default_rng(0).standard_normal((3, 200, 4))
    >>> fair, copied = closest_record_ratio(train, good, holdout), closest_record_ratio(train, train, holdout)
    >>> fair.share.lo < 0.5 < fair.share.hi, copied.share.value, copied.p_value < 0.001
    (True, 1.0, True)
    """
    seen, made = as_pair(train, synthetic, names=("train", "synthetic"))
    _, unseen = as_pair(seen, holdout, names=("train", "holdout"))
    unit_seen, unit_unseen = (
        units(len(seen), groups_train, "train"),
        units(len(unseen), groups_holdout, "holdout"),
    )
    size = min(len(seen), len(unseen))
    kept = _about(unit_seen, size, seed, "train"), _about(unit_unseen, size, seed, "holdout")
    unit = np.concatenate([unit_seen[kept[0]], unit_unseen[kept[1]] + int(unit_seen.max()) + 1])
    for name, rows, each in (("train", kept[0], unit_seen), ("holdout", kept[1], unit_unseen)):
        check_units(len(np.unique(each[rows])), name)
    won = _won(made, seen[kept[0]], unseen[kept[1]], device)
    weights = np.asarray(np.bincount(won.record, won.weight, minlength=len(unit)), dtype=np.float64)
    share = float(weights[: len(kept[0])].sum() / len(made))
    effective = float(weights.sum() ** 2 / (_by_unit(weights, unit) ** 2).sum())
    interval = wilson(share * effective, effective, level)
    method = f"wilson, {effective:.0f} effective images"
    return ClosestRecord(
        replace(interval, value=share, method=method),
        _permuted(weights, unit, len(kept[0]), seed),
        _binomial(won, len(kept[0])),
        size,
    )


class _Won(NamedTuple):
    """For every synthetic image the real image that it is nearest to; both, with half a weight, for ties."""

    record: Labels
    weight: Features


def _won(made: Features, seen: Features, unseen: Features, device: str) -> _Won:
    to_seen, to_unseen = nearest(made, seen, device=device), nearest(made, unseen, device=device)
    gap = to_seen.distances[:, 0] - to_unseen.distances[:, 0]
    return _Won(
        np.concatenate([to_seen.indices[:, 0], to_unseen.indices[:, 0] + len(seen)]),
        np.concatenate([np.where(gap < 0, 1.0, np.where(gap == 0, 0.5, 0.0)),
                        np.where(gap > 0, 1.0, np.where(gap == 0, 0.5, 0.0))]),
    )  # fmt: skip


def _about(unit: Labels, size: int, seed: int, name: str) -> Labels:
    """Return rows of whole units, in seeded order, until there are as many as asked for (the last unit may be cut)."""
    if len(unit) == size:
        return np.arange(size)
    order = rng(seed, "closest", name).permutation(int(unit.max()) + 1)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return np.sort(np.argsort(place[unit], kind="stable")[:size])


def _by_unit(weights: Features, unit: Labels) -> Features:
    """Return each unit's sum of weights."""
    return np.asarray(np.bincount(np.unique(unit, return_inverse=True)[1], weights), dtype=np.float64)


def _permuted(weights: Features, unit: Labels, n_train: int, seed: int) -> float:
    """Return the share of relabellings of whole patients that give the training side as much weight."""
    by_unit = _by_unit(weights, unit)
    train_units = len(np.unique(unit[:n_train]))
    observed = weights[:n_train].sum()
    generator, as_much = rng(seed, "closest", "relabel"), 0
    for start in range(0, PERMUTATIONS, AT_ONCE):
        rows = min(AT_ONCE, PERMUTATIONS - start)
        keys = generator.random((rows, len(by_unit)))
        chosen = np.argpartition(keys, train_units - 1, axis=1)[:, :train_units]
        as_much += int((by_unit[chosen].sum(axis=1) >= observed - 1e-9).sum())
    return (as_much + 1) / (PERMUTATIONS + 1)


def _binomial(won: _Won, n_train: int) -> float:
    """Return the exact one-sided p-value over images that are nearer to one side, as if they were independent."""
    from scipy.stats import binomtest

    clear = won.weight == 1
    n = int(clear.sum())
    return (
        float(binomtest(int((won.record[clear] < n_train).sum()), n, alternative="greater").pvalue)
        if n
        else 1.0
    )
