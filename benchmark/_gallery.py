"""What a report shows of a generator: its images in order of class and tone, each beside its nearest patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..imagesets import ImageSet, stratum_of

MOST = 1200


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
    folder: Path, images: ImageSet, train: ImageSet, nearest: ArrayLike, distances: ArrayLike
) -> None:
    """Keep the images with the nearest real training image of each, as arrays without pickles."""
    order, labels, tones = arrange(images)
    neighbours = np.asarray(nearest)[order]
    content: dict[str, Any] = {
        "images": images.images(order),
        "labels": labels,
        "strata": tones,
        "nearest": train.images(neighbours),
        "nearest_label": np.array(train.labels, dtype=str)[neighbours],
        "distance": np.asarray(distances, dtype=np.float64)[order],
    }
    np.savez(folder / "gallery.npz", allow_pickle=False, **content)


def write_real_gallery(path: Path, images: ImageSet) -> None:
    """Keep real images in the same arrangement."""
    order, labels, tones = arrange(images)
    np.savez(path, allow_pickle=False, images=images.images(order), labels=labels, strata=tones)
