"""What a report shows of a generator: its images in order of class and tone, each beside its nearest patient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..imagesets import ImageSet, stratum_of, view, view_words
from ..metrics import Pair
from ._copies import Copies

MOST = 1200
PAIRS = 12
"""Nearest pairs that are kept as pictures."""


def arrange(images: ImageSet) -> tuple[NDArray[np.int64], NDArray[np.str_], NDArray[np.str_]]:
    """Return the order by class and tone, and in that order the classes and tones ("" where there are none)."""
    labels = np.array(images.labels, dtype=str)
    tones = (
        stratum_of(images, "skin_tone").astype(str)
        if "skin_tone" in images.table.columns
        else np.full(len(images), "", dtype=str)
    )
    order = np.lexsort((tones, labels))[:MOST] if len(images) <= MOST else _spread(labels, tones)
    return order, labels[order], tones[order]


def _spread(labels: NDArray[np.str_], tones: NDArray[np.str_]) -> NDArray[np.int64]:
    """A selection with about the same number of every class and tone."""
    cells: dict[tuple[str, str], int] = {}
    turn = np.zeros(len(labels), dtype=np.int64)
    for i, cell in enumerate(zip(labels.tolist(), tones.tolist(), strict=True)):
        turn[i] = cells[cell] = cells.get(cell, -1) + 1
    chosen = np.sort(np.argsort(turn, kind="stable")[:MOST])
    return chosen[np.lexsort((tones[chosen], labels[chosen]))]


def write_gallery(
    folder: Path,
    images: ImageSet,
    train: ImageSet,
    holdout: ImageSet,
    copies: Copies,
    owners: NDArray[np.int64],
) -> None:
    """Keep the images, and the nearest pairs with the hold-out's nearest pairs, as arrays without pickles.

    In a pair the training image stands as the view shows it that came nearest.
    """
    order, labels, tones = arrange(images)
    content: dict[str, Any] = {"images": images.images(order), "labels": labels, "strata": tones}
    if copies.verdict is not None:
        verdict, pairs = copies.verdict, copies.verdict.pairs[:PAIRS]
        whose = owners[verdict.nearest_train[verdict.copies]]
        times = [int((whose == owners[pair.train]).sum()) for pair in pairs]
        content |= {"threshold": np.float64(verdict.threshold), "pair_times": np.array(times, dtype=np.int64)}
        content |= _pair_arrays("pair", images, train, pairs)
        content |= _pair_arrays("control", holdout, train, verdict.holdout_pairs[:PAIRS])
    np.savez(folder / "gallery.npz", **content)


def _pair_arrays(kind: str, images: ImageSet, train: ImageSet, pairs: Sequence[Pair]) -> dict[str, Any]:
    rows = np.array([pair.synthetic for pair in pairs], dtype=np.int64)
    others = np.array([pair.train for pair in pairs], dtype=np.int64)
    nearest = [view(train.images([pair.train]), pair.view)[0] for pair in pairs]
    return {
        f"{kind}_images": images.images(rows),
        f"{kind}_nearest": np.stack(nearest),
        f"{kind}_labels": np.array(images.labels, dtype=str)[rows],
        f"{kind}_nearest_labels": np.array(train.labels, dtype=str)[others],
        f"{kind}_closeness": np.array([pair.closeness for pair in pairs]),
        f"{kind}_views": np.array([view_words(pair.view) for pair in pairs]),
    }


def write_real_gallery(path: Path, images: ImageSet) -> None:
    """Keep real images in the same arrangement."""
    order, labels, tones = arrange(images)
    np.savez(path, images=images.images(order), labels=labels, strata=tones)
