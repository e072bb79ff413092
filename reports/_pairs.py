"""The nearest pairs as pictures: a synthetic image beside the real training image that it comes nearest to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._names import clean
from ._numbers import number

Pixels = NDArray[np.uint8]
AS_IS = "as it is"


@dataclass(frozen=True)
class PairArrays:
    """Pairs as they were kept, nearest first; ``times``: images near the same patient; ``threshold``: copies lie
    below."""

    images: Pixels
    nearest: Pixels
    labels: NDArray[np.str_]
    nearest_labels: NDArray[np.str_]
    closeness: NDArray[np.float64]
    views: NDArray[np.str_] | None = None
    times: NDArray[np.int64] | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Pair:
    """Two pictures with their words."""

    synthetic: str
    real: str
    label: str
    real_label: str
    words: list[str]
    copy: bool


def read_pairs(arrays: Mapping[str, Any], kind: str) -> PairArrays | None:
    """The pairs of a gallery file: ``pair`` of the generator, ``control`` of the hold-out; None without.

    Galleries of older runs hold the nearest training image of every image instead.
    """
    if f"{kind}_images" in arrays:
        pictures = [np.asarray(arrays[f"{kind}_{part}"], np.uint8) for part in ("images", "nearest")]
        words = [
            np.asarray(arrays[f"{kind}_{part}"]).astype(str) for part in ("labels", "nearest_labels", "views")
        ]
        closeness, threshold = np.asarray(arrays[f"{kind}_closeness"], np.float64), float(arrays["threshold"])
        times = np.asarray(arrays["pair_times"], np.int64) if kind == "pair" else None
        return _checked(
            PairArrays(pictures[0], pictures[1], words[0], words[1], closeness, words[2], times, threshold)
        )
    if kind == "pair" and "nearest" in arrays and "distance" in arrays:
        distance = np.asarray(arrays["distance"], np.float64)
        order = np.argsort(distance, kind="stable")
        order = order[np.isfinite(distance[order])]
        labels = [np.asarray(arrays[key]).astype(str)[order] for key in ("labels", "nearest_label")]
        pictures = [np.asarray(arrays[key], np.uint8)[order] for key in ("images", "nearest")]
        return _checked(PairArrays(pictures[0], pictures[1], labels[0], labels[1], distance[order]))
    return None


def _checked(pairs: PairArrays) -> PairArrays:
    given = [pairs.nearest, pairs.labels, pairs.nearest_labels, pairs.closeness, pairs.views, pairs.times]
    if any(part is not None and len(part) != len(pairs.images) for part in given):
        raise ValueError("pairs of different lengths")
    if any(part.ndim != 4 or part.shape[-1] != 3 for part in (pairs.images, pairs.nearest)):
        raise ValueError(f"pairs of shape {pairs.images.shape}")
    return pairs


def pair_words(pairs: PairArrays, row: int) -> list[str]:
    """What stands under a pair: closeness against the threshold, the view, the patient's other near-copies.

    >>> blank = np.zeros((1, 2, 2, 3), np.uint8), np.array(["a"])
    >>> arrays = PairArrays(blank[0], blank[0], blank[1], blank[1], np.array([0.02]), threshold=0.4)
    >>> pair_words(arrays, 0)
    ['closeness 0.020, a near-copy (below 0.40)']
    """
    closeness = float(pairs.closeness[row])
    if pairs.threshold is None:
        return [f"distance {number(closeness)}"]
    near = is_copy(closeness, pairs.threshold)
    verdict = "a near-copy (below" if near else "no near-copy (not below"
    words = [f"closeness {closeness:.3f}, {verdict} {pairs.threshold:.2f})"]
    if pairs.views is not None and pairs.views[row] not in ("", AS_IS):
        words.append(f"real image shown {clean(pairs.views[row])}")
    if pairs.times is not None and near:
        times = int(pairs.times[row])
        words.append(f"{times} near-copies of this patient" if times != 1 else "the only one of this patient")
    return words


def is_copy(closeness: float, threshold: float) -> bool:
    """Whether a closeness counts as a copy; at a threshold of 0 only an exact one does."""
    return closeness < threshold or closeness == threshold == 0
