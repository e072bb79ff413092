"""Features of a frozen classifier, computed once for all cells that use the images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import registry
from ..imagesets import ImageSet
from ._cell_data import FEATURES, shelved, split_rows
from ._stage import Work

CHUNK = 2048
"""Images in memory at a time."""
USED = ("train", "val", "test")
"""The splits that a classifier sees."""


def embed(work: Work) -> None:
    """Keep ``features.npy``: one row (D,) for each image of the set; zeros for splits that no classifier sees."""
    images = shelved(work.inputs["images"])
    rows = np.arange(len(images), dtype=np.int64)
    if work.config["splits"]:
        rows = np.sort(np.concatenate([split_rows(work.inputs["images"], name) for name in USED]))
    model = registry("classifiers").build(work.config["model"])
    np.save(work.out / FEATURES, features_of_rows(model, images, rows, work), allow_pickle=False)


def features_of_rows(
    model: Any, images: ImageSet, rows: NDArray[np.int64], work: Work
) -> NDArray[np.float32]:
    """Features (N, D) of the given rows of a set, zeros elsewhere."""
    kept: NDArray[np.float32] | None = None
    with work.progress.task("features", len(rows)) as task:
        for start in range(0, len(rows), CHUNK):
            chosen = rows[start : start + CHUNK]
            found = np.asarray(model.embed(images.images(chosen)), dtype=np.float32)
            if kept is None:
                kept = np.zeros((len(images), found.shape[1]), dtype=np.float32)
            kept[chosen] = found
            task.advance(len(chosen))
    return np.zeros((len(images), 0), dtype=np.float32) if kept is None else kept
