"""Sample images: strips by class and stratum, and the nearest real image beside each synthetic one."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..benchmark import gallery_name
from ._pairs import Pair, PairArrays, is_copy, pair_words, read_pairs

Pixels = NDArray[np.uint8]
STRIP_BUDGET = 1_200_000
"""Pixels that all sample strips of a page may have (noise images take 4 bytes each as text)."""
PAIR_BUDGET = 500_000
"""Pixels that all pairs of a page may have."""
THUMBNAIL = 96
"""Larger images are shown reduced to this side."""


@dataclass(frozen=True)
class Gallery:
    """The images of one generator, and where known its nearest pairs and those of the hold-out."""

    images: Pixels
    labels: NDArray[np.str_]
    strata: NDArray[np.str_]
    pairs: PairArrays | None = None
    control: PairArrays | None = None


def read_gallery(run: Path, name: str) -> Gallery | None:
    """The gallery of a generator (or ``_real``), or None when there is none that can be read."""
    path = run / "gallery" / f"{gallery_name(name)}.npz"
    if not path.is_file():
        return None
    try:
        return _load(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _load(path: Path) -> Gallery:
    with np.load(path, allow_pickle=False) as arrays:
        images = np.asarray(arrays["images"], dtype=np.uint8)
        if images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(f"images of shape {images.shape}")
        n = len(images)
        labels = _words(arrays, "labels", n)
        pairs, control = read_pairs(arrays, "pair"), read_pairs(arrays, "control")
        return Gallery(images, labels, _words(arrays, "strata", n), pairs, control)


def _words(arrays: object, key: str, n: int) -> NDArray[np.str_]:
    if key in arrays and len(arrays[key]) == n:  # type: ignore[operator,index]
        return np.asarray(arrays[key]).astype(str)  # type: ignore[index]
    return np.full(n, "", dtype="<U1")


def strip(gallery: Gallery, label: str, stratum: str | None, n: int, side: int) -> str:
    """The first ``n`` images of the class and stratum side by side, as a PNG data URI; '' when there is none."""
    chosen = gallery.labels == label
    if stratum is not None:
        chosen &= gallery.strata == stratum
    rows = np.flatnonzero(chosen)[:n]
    if not len(rows):
        return ""
    gap = max(1, side // 24)
    canvas = np.zeros((side, len(rows) * (side + gap) - gap, 4), dtype=np.uint8)
    for place, row in enumerate(rows):
        left = place * (side + gap)
        canvas[:, left : left + side, :3] = resized(gallery.images[row], side)
        canvas[:, left : left + side, 3] = 255
    return data_uri(canvas)


def closest_pairs(pairs: PairArrays | None, n: int, side: int) -> list[Pair]:
    """The ``n`` images that lie nearest to a real training image as pictures, the closest first."""
    if pairs is None:
        return []
    return [
        Pair(
            data_uri(resized(pairs.images[row], side)), data_uri(resized(pairs.nearest[row], side)),
            str(pairs.labels[row]), str(pairs.nearest_labels[row]), pair_words(pairs, row),
            pairs.threshold is not None and is_copy(float(pairs.closeness[row]), pairs.threshold),
        )
        for row in range(min(n, len(pairs.images)))
    ]  # fmt: skip


def affordable(budget: int, images_each: int, groups: int, side: int) -> tuple[int, int]:
    """How many images each of ``groups`` may show (at most ``images_each``), and at what side, within the budget."""
    side = min(side, THUMBNAIL)
    while side > 24 and groups * side * side > budget:
        side = side * 3 // 4
    return max(1, min(images_each, budget // max(1, groups * side * side))), side


def sides(galleries: Sequence[Gallery]) -> int:
    """The largest side among the galleries' images."""
    return max((max(gallery.images.shape[1:3]) for gallery in galleries), default=32)


def data_uri(pixels: Pixels) -> str:
    """The pixels as a PNG data URI."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def resized(image: Pixels, side: int) -> Pixels:
    """The image at ``side`` x ``side`` pixels, for a page."""
    if image.shape[:2] == (side, side):
        return image
    smaller = side < max(image.shape[:2])
    way = Image.Resampling.LANCZOS if smaller else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(image).resize((side, side), way))
