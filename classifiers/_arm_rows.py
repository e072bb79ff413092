"""The arms of an augmentation experiment as row numbers: what a classifier is trained on, apart from pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, did_you_mean, rng
from ._arm_draws import (
    Rows,
    aimed_rows,
    cells_of,
    given_groups,
    inverse_weights,
    oversampled,
    per_class,
    repeated,
)

Loss = Literal["cross-entropy", "focal"]
Mix = Literal["mixup", "cutmix"]

ARMS = (
    "real-only",
    "real-repeated",
    "classical",
    "randaugment",
    "mixup",
    "cutmix",
    "oversampled",
    "class-weighted",
    "group-weighted",
    "focal",
    "real+synthetic",
    "real+aimed-synthetic",
    "real+weighted-synthetic",
    "synthetic-then-real",
    "synthetic-only",
    "real+shuffled-synthetic",
    "extra-real",
)
"""``real-repeated`` has as many rows as ``real+synthetic``; ``classical``, ``randaugment``, ``mixup``, ``cutmix``,
``oversampled`` (rare cells of class x group repeated up to the largest), ``class-weighted``, ``group-weighted``
and ``focal`` see the real images alone. ``real+aimed-synthetic`` adds as many synthetic images as
``real+synthetic``, all of a rare tone or class; ``real+weighted-synthetic`` weighs them down in the loss;
``synthetic-then-real`` trains half of the steps on each; ``real+shuffled-synthetic`` (negative control) has the
synthetic images under permuted labels; ``extra-real`` (the ceiling) adds further real images instead."""
WITH_SYNTHETIC = (
    "real+synthetic",
    "real+aimed-synthetic",
    "real+weighted-synthetic",
    "synthetic-then-real",
    "synthetic-only",
    "real+shuffled-synthetic",
)
"""The arms that need a generator's images."""


def _none() -> Rows:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class ArmRows:
    """Row numbers into the real, the synthetic and the extra real images, and how they are trained on.

    ``labels`` and ``weights`` (of the loss) go with the three in this order, one after the other. ``first`` holds
    the positions, in that order, of the rows that the first half of the steps sees; the second half sees all
    others. Empty: every step sees every row.
    """

    real: Rows
    labels: tuple[str, ...]
    weights: NDArray[np.float64]
    synthetic: Rows = field(default_factory=_none)
    extra: Rows = field(default_factory=_none)
    augment: str | None = None
    loss: Loss = "cross-entropy"
    mix: Mix | None = None
    first: Rows = field(default_factory=_none)

    def __len__(self) -> int:
        return len(self.labels)


def arm_rows(
    arm: str,
    real_labels: Sequence[str],
    synthetic_labels: Sequence[str] | None = None,
    *,
    ratio: float = 1.0,
    seed: int,
    synthetic_weight: float = 0.3,
    extra_labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    aimed: Sequence[bool] | NDArray[np.bool_] | None = None,
) -> ArmRows:
    """Return which rows an arm trains on.

    Parameters
    ----------
    ratio:
        Synthetic (or extra real) images per real one, drawn class by class, so that the class balance is the
        real one's. The draw of a smaller ratio lies within that of a larger one at the same seed.
    synthetic_weight:
        Weight of a synthetic image in the loss of ``real+weighted-synthetic``; a real one has 1.
    extra_labels:
        Labels of real images that are not among ``real_labels``; ``extra-real`` draws from them.
    groups:
        One per real row (a tone, a site): ``group-weighted`` needs them, ``oversampled`` uses them.
    aimed:
        One per synthetic row: whether it is of the rare tone or class that ``real+aimed-synthetic`` takes.

    Raises ``UserError`` for an unknown arm, for what an arm needs and was not given, and when a class has too few
    images to draw from.

    Example
    -------
    >>> rows = arm_rows("real+synthetic", list("aabb"), list("abab"), ratio=0.5, seed=0)
    >>> len(rows), rows.real.tolist(), rows.labels
    (6, [0, 1, 2, 3], ('a', 'a', 'b', 'b', 'a', 'b'))
    """
    labels = tuple(str(label) for label in real_labels)
    _check(arm, labels, ratio, synthetic_weight)
    real = ArmRows(np.arange(len(labels), dtype=np.int64), labels, np.ones(len(labels)))
    if arm in _REAL_ALONE:
        return replace(real, **_REAL_ALONE[arm])
    if arm == "real-repeated":
        return _taken(real, repeated(labels, ratio, seed))
    if arm == "oversampled":
        return _taken(real, oversampled(cells_of(labels, groups), seed))
    if arm == "class-weighted":
        return replace(real, weights=inverse_weights(labels))
    if arm == "group-weighted":
        return replace(real, weights=inverse_weights(given_groups(groups, labels)))
    if arm == "extra-real":
        names = _needed(extra_labels, arm, "further real images")
        rows = per_class(labels, names, ratio, seed, "extra", "further real images")
        return _joined(real, _added(names, extra=rows))
    names = _needed(synthetic_labels, arm, "synthetic images")
    if arm == "real+aimed-synthetic":
        rows = aimed_rows(labels, names, aimed, ratio, seed)
    else:
        rows = per_class(labels, names, ratio, seed, "synthetic", "synthetic images")
    return _with_synthetic(arm, real, _added(names, synthetic=rows), seed, synthetic_weight)


_REAL_ALONE: dict[str, dict[str, Any]] = {
    "real-only": {},
    "classical": {"augment": "classical"},
    "randaugment": {"augment": "randaugment"},
    "mixup": {"mix": "mixup"},
    "cutmix": {"mix": "cutmix"},
    "focal": {"loss": "focal"},
}


def _with_synthetic(arm: str, real: ArmRows, added: ArmRows, seed: int, weight: float) -> ArmRows:
    if arm == "synthetic-only":
        return added
    if arm == "real+shuffled-synthetic":
        order = rng(seed, "shuffled").permutation(len(added))
        added = replace(added, labels=tuple(added.labels[i] for i in order))
    if arm == "real+weighted-synthetic":
        added = replace(added, weights=np.full(len(added), float(weight)))
    both = _joined(real, added)
    if arm == "synthetic-then-real":
        return replace(both, first=np.arange(len(real), len(both), dtype=np.int64))
    return both


def _check(arm: str, labels: Sequence[str], ratio: float, weight: float) -> None:
    if arm not in ARMS:
        raise UserError(f"no arm {arm!r}", remedy=did_you_mean(arm, ARMS))
    if not labels:
        raise UserError(f"the arm {arm!r} has no real images")
    if not (math.isfinite(ratio) and ratio >= 0):
        raise UserError(f"the ratio must be a number from 0 up, got {ratio}")
    if not (math.isfinite(weight) and weight >= 0):
        raise UserError(f"the weight of synthetic images must be a number from 0 up, got {weight}")


def _needed(labels: Sequence[str] | None, arm: str, what: str) -> list[str]:
    if labels is None:
        raise UserError(f"the arm {arm!r} needs {what}")
    return [str(label) for label in labels]


def _added(names: Sequence[str], **rows: Rows) -> ArmRows:
    """Synthetic or extra rows alone."""
    (chosen,) = rows.values()
    return ArmRows(_none(), tuple(names[i] for i in chosen), np.ones(len(chosen)), **rows)  # type: ignore[arg-type]


def _taken(real: ArmRows, rows: Rows) -> ArmRows:
    return replace(real, real=rows, labels=tuple(real.labels[i] for i in rows), weights=real.weights[rows])


def _joined(real: ArmRows, added: ArmRows) -> ArmRows:
    return replace(
        real,
        labels=real.labels + added.labels,
        weights=np.concatenate([real.weights, added.weights]),
        synthetic=added.synthetic,
        extra=added.extra,
    )
