"""The arms of an augmentation experiment: what a classifier is trained on, all else equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, did_you_mean, rng

ARMS = (
    "real-only",
    "real-repeated",
    "real+synthetic",
    "synthetic-only",
    "real+shuffled-synthetic",
    "classical",
)
"""``real-repeated`` has as many rows as ``real+synthetic``; ``real+shuffled-synthetic`` (negative control)
has the synthetic images under permuted labels; ``classical`` trains on the real images with classical
augmentation."""
WITH_SYNTHETIC = ("real+synthetic", "synthetic-only", "real+shuffled-synthetic")


@dataclass(frozen=True)
class TrainingSet:
    """Images (N, H, W, 3) uint8, labels, loss weights, and the arm's own augmentation (or None)."""

    images: NDArray[np.uint8]
    labels: tuple[str, ...]
    weights: NDArray[np.float64]
    augment: str | None = None

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
    synthetic_weight: float = 1.0,
) -> TrainingSet:
    """Return what the classifier of an arm is trained on.

    ``ratio`` synthetic images per real one are drawn class by class, so that the class balance is the real
    one's; the draw of a smaller ratio lies within that of a larger one at the same seed. ``UserError`` when
    a class has fewer synthetic images than that, and for an unknown arm.

    Example
    -------
    >>> images = np.zeros((4, 8, 8, 3), np.uint8)
    >>> len(training_set("real+synthetic", images, list("aabb"), images, list("aabb"), ratio=0.5, seed=0))
    6
    """
    if arm not in ARMS:
        raise UserError(f"no arm {arm!r}", remedy=did_you_mean(arm, ARMS))
    labels = [str(label) for label in real_labels]
    real = TrainingSet(
        real_images, tuple(labels), np.ones(len(labels)), "classical" if arm == "classical" else None
    )
    if arm in ("real-only", "classical"):
        return real
    if arm == "real-repeated":
        return _repeated(real, ratio, seed)
    if synthetic_images is None or synthetic_labels is None:
        raise UserError(f"the arm {arm!r} needs synthetic images")
    added = _drawn(real, synthetic_images, [str(s) for s in synthetic_labels], ratio, seed, synthetic_weight)
    if arm == "synthetic-only":
        return added
    if arm == "real+shuffled-synthetic":
        order = rng(seed, "shuffled").permutation(len(added))
        added = TrainingSet(added.images, tuple(added.labels[i] for i in order), added.weights)
    return _joined(real, added)


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


def _drawn(
    real: TrainingSet,
    images: NDArray[np.uint8],
    labels: Sequence[str],
    ratio: float,
    seed: int,
    weight: float,
) -> TrainingSet:
    names = np.asarray(labels)
    chosen = []
    for name, count in sorted(_counts(real.labels).items()):
        rows = np.flatnonzero(names == name)
        needed = round(ratio * count)
        if len(rows) < needed:
            raise UserError(
                f"the arm needs {needed} synthetic images of {name!r}, there are {len(rows)}",
                remedy="generate more, or lower the ratio or the number of real images",
            )
        chosen.append(rng(seed, "synthetic", name).permutation(rows)[:needed])
    rows = np.concatenate(chosen).astype(np.int64)
    if not len(rows):
        raise UserError(f"a ratio of {ratio} gives no synthetic image at all")
    return TrainingSet(images[rows], tuple(names[rows].tolist()), np.full(len(rows), float(weight)))


def _repeated(real: TrainingSet, ratio: float, seed: int) -> TrainingSet:
    total = sum(count + round(ratio * count) for count in _counts(real.labels).values())
    order = rng(seed, "repeated").permutation(len(real))
    rows = np.concatenate([np.arange(len(real)), np.resize(order, max(0, total - len(real)))])
    return TrainingSet(real.images[rows], tuple(real.labels[i] for i in rows), real.weights[rows])


def _counts(labels: Sequence[str]) -> dict[str, int]:
    names, counts = np.unique(np.asarray(labels), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _joined(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    return TrainingSet(
        np.concatenate([first.images, second.images]),
        first.labels + second.labels,
        np.concatenate([first.weights, second.weights]),
    )
