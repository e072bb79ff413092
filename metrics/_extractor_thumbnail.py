"""``thumbnail``: what is where in the picture, whatever its brightness: made to recognise copies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, UserError, content_key
from ..imagesets import ImageSet
from ._extractor import Images, pixel_batches
from ._feature_cache import Features

FAINTEST = 1.0
"""Grey levels of contrast below which an image counts as flat and is not amplified."""


class ThumbnailExtractor:
    """The image averaged to a few cells a side, each channel without its mean, the whole of length 1.

    Two images are near when they show the same thing in the same place. Brightness, contrast, JPEG, blur and noise
    hardly move it, a crop, a shift or a mirror does: those are looked for as views. No weights, no training, about
    0.05 ms an image. It knows nothing of medicine and ranks no generator; it recognises copies.

    Parameters
    ----------
    cells:
        Cells a side; images need at least as many pixels.

    Example
    -------
    >>> image = np.random.default_rng(0).integers(0, 128, (1, 32, 32, 3)).astype(np.uint8)
    >>> dark, bright = ThumbnailExtractor().features(np.concatenate([image, 2 * image]))
    >>> dark.shape, float(np.abs(dark - bright).max()) < 1e-5
    ((192,), True)
    """

    version = 1
    learns = False
    name = "thumbnail"

    def __init__(self, *, cells: int = 8) -> None:
        if not 2 <= cells <= 64:
            raise UserError(f"thumbnail of {cells} cells a side is out of range", remedy="choose 2 to 64")
        self.cells = cells

    @property
    def key(self) -> str:
        """Content key of what the features depend on."""
        return content_key("thumbnail", self.version, self.cells)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Learn nothing."""

    def features(self, images: Images, *, batch_size: int = 256) -> Features:
        """Return (N, 3 cells^2) float32 features of (N, H, W, 3) uint8 images or of an image set."""
        parts = [self._of(batch) for batch in pixel_batches(images, batch_size, 256)]
        return np.concatenate(parts) if parts else np.zeros((0, 3 * self.cells**2), np.float32)

    def save(self, folder: str | Path) -> None:
        """Keep the number of cells."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / "thumbnail.json").write_text(json.dumps({"cells": self.cells}))

    @classmethod
    def load(cls, folder: str | Path) -> ThumbnailExtractor:
        """Read what ``save`` wrote."""
        return cls(**json.loads((Path(folder) / "thumbnail.json").read_text()))

    def _of(self, batch: NDArray[np.uint8]) -> Features:
        down, across = (averaging(side, self.cells) for side in batch.shape[1:3])
        cells = np.einsum("iy,nyxc,jx->nijc", down, batch.astype(np.float32), across, optimize=True)
        cells -= cells.mean(axis=(1, 2), keepdims=True)
        flat = cells.reshape(len(batch), -1)
        contrast = np.sqrt(np.square(flat).mean(axis=1, keepdims=True))
        length = np.sqrt(flat.shape[1]) * np.maximum(contrast, FAINTEST)
        return np.asarray(flat / length, dtype=np.float32)


def averaging(side: int, cells: int) -> NDArray[Any]:
    """Return (cells, side) weights that average ``side`` pixels to cells of equal width; each row sums to 1.

    >>> averaging(4, 2).tolist()
    [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    """
    width = side / cells
    starts = np.arange(cells)[:, None] * width
    pixels = np.arange(side)[None]
    covered = np.minimum(starts + width, pixels + 1) - np.maximum(starts, pixels)
    return np.asarray(covered.clip(min=0) / width, dtype=np.float32)
