"""``texture``: colour, edges, grain and shape, measured by formula; needs no weights, no labels, no training."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Progress, UserError, content_key
from ..imagesets import ImageSet, fit_square
from ._extractor import Images, pixel_batches
from ._texture_matrix import haralick
from ._texture_shape import shapes

Batch = NDArray[np.float32]
FARTHEST = 10.0
"""Features end at this many spreads from the mean, so that one feature of a foreign image does not drown the rest."""
WIDTH = 307
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class TextureExtractor:
    """Hand-made features of colour and texture (no weights, no labels): the extractor that always works.

    Per image: mean, spread and quantiles of the three opponent colour channels; a joint chroma histogram;
    histograms of gradient orientation on a 4 x 4 grid (Dalal & Triggs 2005); uniform local binary patterns
    (Ojala et al. 2002); amplitude in five octave bands; colours on a 5 x 5 grid; contrast, homogeneity, energy and
    correlation of grey-level co-occurrence at 1, 2 and 4 pixels (Haralick et al. 1973); area, place, moments,
    eccentricity and solidity of the largest dark or saturated region. Standardised by the images given to
    ``fit``. It sees blur, noise, colour casts and compression; it does not know what a nucleus is. It ranks, it
    does not judge.

    Parameters
    ----------
    size:
        Side in pixels at which the features are measured.

    Example
    -------
    >>> extractor, images = TextureExtractor(size=32), ImageSet.from_arrays(np.zeros((2, 32, 32, 3), np.uint8))
    >>> extractor.fit(images)
    >>> extractor.features(images).shape
    (2, 307)
    """

    version = 2

    def __init__(self, *, size: int = 64) -> None:
        if size < 16:
            raise UserError(f"texture needs at least 16 pixels a side, got {size}")
        self.name = "texture"
        self.size = size
        self.scale: tuple[Batch, Batch] | None = None

    @property
    def key(self) -> str:
        """Content key of what the features depend on."""
        return content_key("texture", self.version, self.size, list(self.scale) if self.scale else None)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Take mean and spread of every feature from these images."""
        raw = self._raw(train)
        spread = raw.std(axis=0)
        self.scale = (raw.mean(axis=0), np.where(spread > 1e-4, spread, 1.0).astype(np.float32))

    def features(self, images: Images, *, batch_size: int = 128) -> Batch:
        """Return (N, 307) float32 features of (N, H, W, 3) uint8 images or of an image set."""
        if self.scale is None:
            raise UserError(
                "texture is not fitted yet", remedy="call fit with the real training images first"
            )
        mean, spread = self.scale
        scaled = (self._raw(images, batch_size) - mean) / spread
        return np.clip(scaled, -FARTHEST, FARTHEST).astype(np.float32)

    def save(self, folder: Any) -> None:
        """Keep the size and the scale."""
        if self.scale is None:
            raise UserError("texture is not fitted yet: there is nothing to save")
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            folder / "texture.npz",
            size=self.size,
            mean=self.scale[0],
            spread=self.scale[1],
            allow_pickle=False,
        )

    @classmethod
    def load(cls, folder: Any) -> TextureExtractor:
        """Read what ``save`` wrote."""
        with np.load(folder / "texture.npz", allow_pickle=False) as kept:
            extractor = cls(size=int(kept["size"]))
            extractor.scale = (kept["mean"], kept["spread"])
        return extractor

    def _raw(self, images: Images, batch_size: int = 128) -> Batch:
        parts = [
            describe(
                np.stack([fit_square(image, self.size) for image in batch]).astype(np.float32)
                / np.float32(255)
            )
            for batch in pixel_batches(images, batch_size, self.size)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, WIDTH), np.float32)


def describe(batch: Batch) -> Batch:
    """Return the raw features (n, 307) of images (n, S, S, 3) in [0, 1]."""
    parts: list[Callable[[Batch], Any]] = [
        _colour, _chroma, _orientations, _patterns, _bands, _thumbnail, _co_occurrence, shapes,
    ]  # fmt: skip
    return np.concatenate([part(batch) for part in parts], axis=1).astype(np.float32)


def _opponent(batch: Batch) -> Batch:
    red, green, blue = np.moveaxis(batch, -1, 0)
    return np.stack([batch @ _LUMA, red - green, (red + green) / 2 - blue], axis=-1)


def _colour(batch: Batch) -> Batch:
    flat = _opponent(batch).reshape(len(batch), -1, 3)
    quantiles = np.quantile(flat, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    return np.concatenate([flat.mean(1), flat.std(1), *quantiles], axis=1)


def _chroma(batch: Batch, bins: int = 6) -> Batch:
    opponent = _opponent(batch).reshape(len(batch), -1, 3)
    cell = np.clip(((opponent[..., 1:] + 0.4) / 0.8 * bins).astype(int), 0, bins - 1)
    code = cell[..., 0] * bins + cell[..., 1]
    return _histogram(code, bins * bins)


def _orientations(batch: Batch, grid: int = 4, bins: int = 8) -> Batch:
    grey = batch @ _LUMA
    dy, dx = np.gradient(grey, axis=(1, 2))
    strength = np.hypot(dx, dy)
    turn = np.minimum((np.mod(np.arctan2(dy, dx), np.pi) / np.pi * bins).astype(int), bins - 1)
    side = grey.shape[1] // grid
    maps = np.stack([np.where(turn == b, strength, 0.0) for b in range(bins)], axis=-1)
    cut = maps[:, : side * grid, : side * grid].reshape(len(batch), grid, side, grid, side, bins)
    return np.sqrt(cut.mean(axis=(2, 4))).reshape(len(batch), -1)


def _patterns(batch: Batch) -> Batch:
    grey = batch @ _LUMA
    centre = grey[:, 1:-1, 1:-1]
    size = grey.shape[1]
    steps = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    signs = [grey[:, y : y + size - 2, x : x + size - 2] >= centre for y, x in steps]
    ones = np.sum(signs, axis=0)
    changes = np.sum([signs[i] != signs[i - 1] for i in range(8)], axis=0)
    code = np.where(changes <= 2, ones, 9).reshape(len(batch), -1)
    return _histogram(code, 10)


def _bands(batch: Batch) -> Batch:
    """Root of the variance in octave bands: its logarithm would make the faintest band the loudest feature."""
    channels = np.ascontiguousarray(np.moveaxis(_opponent(batch), -1, 1))
    levels = [channels, *(_smoothed(channels, sigma) for sigma in (0.7, 1.4, 2.8, 5.6))]
    differences = [*(a - b for a, b in pairwise(levels)), levels[-1]]
    return np.concatenate([d.std(axis=(2, 3)) for d in differences], axis=1)


def _smoothed(channels: Batch, sigma: float) -> Batch:
    """Gaussian blur as two matrix products, with mirrored edges."""
    kernel = _blur_matrix(channels.shape[-1], sigma)
    return np.asarray(kernel @ channels @ kernel.T, dtype=np.float32)


@lru_cache(maxsize=16)
def _blur_matrix(size: int, sigma: float) -> Batch:
    return ndimage.gaussian_filter1d(np.eye(size, dtype=np.float64), sigma, axis=0).astype(np.float32)


def _co_occurrence(batch: Batch) -> Any:
    return haralick(batch @ _LUMA)


def _thumbnail(batch: Batch, side: int = 5) -> Batch:
    opponent = _opponent(batch)
    edges = np.linspace(0, batch.shape[1], side + 1).astype(int)
    means = [
        opponent[:, edges[i] : edges[i + 1], edges[j] : edges[j + 1]].mean(axis=(1, 2))
        for i in range(side)
        for j in range(side)
    ]
    return np.concatenate(means, axis=1)


def _histogram(code: NDArray[Any], bins: int) -> Batch:
    counts = np.zeros((len(code), bins), np.float32)
    for b in range(bins):
        counts[:, b] = (code == b).mean(axis=1)
    return np.sqrt(counts)
