"""The arms of an augmentation experiment: what a classifier is trained on, all else equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, rng
from ._arm_rows import WITH_SYNTHETIC, ArmRows, Loss, Mix, Rows, arm_rows


@dataclass(frozen=True)
class TrainingSet:
    """Images (N, H, W, 3) uint8, labels, loss weights, and how the arm trains (see ``ArmRows``)."""

    images: NDArray[np.uint8]
    labels: tuple[str, ...]
    weights: NDArray[np.float64]
    augment: str | None = None
    loss: Loss = "cross-entropy"
    mix: Mix | None = None
    first: Rows = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.labels)


def training_set(
    arm: str,
    real_images: NDArray[np.uint8],
    real_labels: Sequence[str],
    synthetic_images: NDArray[np.uint8] | None = None,
    synthetic_labels: Sequence[str] | None = None,
    *,
    ratio: float = 1.0,
    seed: int,
    synthetic_weight: float | None = None,
    extra_images: NDArray[np.uint8] | None = None,
    extra_labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    aimed: Sequence[bool] | NDArray[np.bool_] | None = None,
) -> TrainingSet:
    """Return what the classifier of an arm is trained on: the rows of ``arm_rows`` with their pixels.

    ``synthetic_weight`` weighs the synthetic images of any arm in the loss (default: 0.3 in
    ``real+weighted-synthetic``, 1 elsewhere). ``UserError`` as ``arm_rows``.

    Example
    -------
    >>> images = np.zeros((4, 8, 8, 3), np.uint8)
    >>> len(training_set("real+synthetic", images, list("aabb"), images, list("aabb"), ratio=0.5, seed=0))
    6
    """
    rows = arm_rows(
        arm,
        real_labels,
        synthetic_labels if synthetic_images is not None else None,
        ratio=ratio,
        seed=seed,
        extra_labels=extra_labels if extra_images is not None else None,
        groups=groups,
        aimed=aimed,
        **({} if synthetic_weight is None else {"synthetic_weight": synthetic_weight}),
    )
    if synthetic_weight is not None and arm in WITH_SYNTHETIC:
        rows = _weighed(rows, synthetic_weight)
    parts = [(real_images, rows.real), (synthetic_images, rows.synthetic), (extra_images, rows.extra)]
    pixels = [images[taken] for images, taken in parts if images is not None and len(taken)]
    whole = len(rows) == len(real_images) and np.array_equal(rows.real, np.arange(len(real_images)))
    return TrainingSet(
        real_images if whole else np.concatenate(pixels),
        rows.labels,
        rows.weights,
        rows.augment,
        rows.loss,
        rows.mix,
        rows.first,
    )


def _weighed(rows: ArmRows, weight: float) -> ArmRows:
    """The same rows, the synthetic ones with this weight."""
    weights = rows.weights.copy()
    weights[len(rows.real) : len(rows.real) + len(rows.synthetic)] = weight
    return replace(rows, weights=weights)


def subset_per_class(labels: Sequence[str], n_per_class: int, seed: int) -> NDArray[np.int64]:
    """Return ``n_per_class`` row numbers of every class, ascending; nested: those of 8 are among those of 32.

    Raises ``UserError`` that names a class with fewer images.

    >>> subset_per_class(["a", "b", "a", "b"], 2, seed=0).tolist()
    [0, 1, 2, 3]
    """
    names = np.asarray([str(label) for label in labels])
    chosen = []
    for name in sorted(set(names.tolist())):
        rows = np.flatnonzero(names == name)
        if len(rows) < n_per_class:
            raise UserError(
                f"the class {name!r} has {len(rows)} images, {n_per_class} were asked for",
                remedy="ask for fewer a class, or leave the class out",
            )
        chosen.append(rng(seed, "subset", name).permutation(rows)[:n_per_class])
    return np.sort(np.concatenate(chosen)).astype(np.int64)
