"""What an extractor is: images to features; and ``extract``, which keeps them by content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, UserError, content_key
from ..imagesets import ImageSet, fit_square
from ._feature_cache import Features, cached_features

Images = ImageSet | NDArray[np.uint8]


@runtime_checkable
class Extractor(Protocol):
    """Maps images to feature vectors; all that a researcher must write.

    ``key`` is a content key of everything the features depend on (weights and preprocessing), ``learns`` is
    True when ``fit`` uses the images that it is given: scores must then be measured on other images.
    """

    name: str
    learns: bool

    @property
    def key(self) -> str:
        """Content key of weights and preprocessing; equal keys mean equal features."""

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Learn from real training images; most extractors do nothing."""

    def features(self, images: Images, *, batch_size: int = 128) -> Features:
        """Return (N, D) float32 features of (N, H, W, 3) uint8 images or of an image set."""


def extract(extractor: Extractor, images: ImageSet, cache: str | Path | None = None) -> Features:
    """Return the (N, D) float32 features of an image set, from the folder ``cache`` where they are known.

    The cache's key is the content of images and extractor, never a name or a path. Raises ``UserError``
    when an extractor gives another number of rows than there are images, or numbers that are not finite.
    """
    key = content_key("features", 1, images.content_hash, extractor.key)
    return cached_features(cache, key, len(images), lambda: _checked(extractor, images))


def _checked(extractor: Extractor, images: ImageSet) -> Features:
    found = np.asarray(extractor.features(images), np.float32)
    if found.ndim != 2 or len(found) != len(images):
        raise UserError(f"the extractor {extractor.name!r} gave {found.shape} for {len(images)} images")
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(1))[0])
        raise UserError(
            f"the extractor {extractor.name!r} gave numbers that are not finite", where=f"image {row}"
        )
    return found


def pixel_batches(images: Images, batch_size: int, size: int | None) -> Iterator[NDArray[np.uint8]]:
    """Yield (n, H, W, 3) uint8 batches in order; a batch of several sizes is brought to ``size`` where given."""
    for start in range(0, len(images), batch_size):
        rows = range(start, min(start + batch_size, len(images)))
        if not isinstance(images, ImageSet):
            yield images[rows.start : rows.stop]
            continue
        read = [images.image(i) for i in rows]
        if size is not None and len({image.shape for image in read}) > 1:
            read = [fit_square(image, size) for image in read]
        yield _stack(read, images)


def _stack(read: list[NDArray[np.uint8]], images: ImageSet) -> NDArray[np.uint8]:
    if len({image.shape for image in read}) > 1:
        raise UserError(
            "the images have several sizes", where=images.about.name, remedy="give the extractor a size"
        )
    return np.stack(read)
