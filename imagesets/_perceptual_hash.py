"""Fingerprints: the low frequencies of an image, by which the same photograph is known again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from ..core import UserError
from ._imageset import ImageSet, Pixels
from ._views import AS_IS

SIDE = 32
"""Side in pixels at which an image is transformed."""
COARSE, KEPT = 8, 16
"""The lowest 8 x 8 frequencies make the hash; those above, up to 16 x 16, are its independent witness."""
LEAST_DETAIL = 0.1
"""Grey levels (root mean square): below it the finer frequencies hold the rounding of pixels and nothing else."""
_ROUNDING = 1e-3
"""Frequencies below it are 0 but for the last digits of a float, whose sign means nothing."""
_BATCH = 1024

Field32 = NDArray[np.float32]


@dataclass(frozen=True)
class Fingerprints:
    """The lowest 16 x 16 frequencies of each image's grey levels, as an (n, 16, 16) float32 array.

    The first axis of a block is the vertical, the second the horizontal frequency (DCT-II, orthonormal).
    """

    frequencies: Field32

    def __len__(self) -> int:
        return len(self.frequencies)

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """(n,) hashes of 64 bits: the signs of the lowest 8 x 8 frequencies; the mean's bit is always 0."""
        bits = self.signs > 0
        bits[:, 0] = False
        return np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64)

    @property
    def signs(self) -> Field32:
        """(n, 64) of +1 and -1 (0 for the mean), whose products count the bits that two hashes share."""
        low = self.frequencies[:, :COARSE, :COARSE].reshape(len(self), COARSE * COARSE)
        signs = np.where(low > _ROUNDING, np.float32(1), np.float32(-1))
        signs[:, 0] = 0
        return signs

    @property
    def details(self) -> Field32:
        """(n, 192) of the finer frequencies, of length 1; 0 throughout where an image has no detail."""
        fine = self.frequencies[:, _FINE]
        length = np.linalg.norm(fine, axis=1, keepdims=True)
        seen = length / SIDE >= LEAST_DETAIL
        return np.where(seen, fine / np.where(seen, length, 1), 0).astype(np.float32)

    def subset(self, rows: ArrayLike) -> Fingerprints:
        """The fingerprints of the given rows, or of those where a mask is true."""
        return Fingerprints(self.frequencies[np.asarray(rows)])

    def seen(self, view: str) -> Fingerprints:
        """The fingerprints of the same images mirrored or turned, without looking at a pixel again.

        A mirrored cosine is the same cosine (even frequencies) or its negative (odd ones); a transposed image has
        transposed frequencies.
        """
        transposed, down, across = _MOVES[view]
        block = self.frequencies.swapaxes(1, 2) if transposed else self.frequencies
        odd = np.where(np.arange(KEPT) % 2, np.float32(-1), np.float32(1))
        return Fingerprints(block * (odd[:, None] if down else 1) * (odd[None, :] if across else 1))


def fingerprints(images: ImageSet | Pixels) -> Fingerprints:
    """Return the fingerprint of every image, from its grey levels at 32 x 32 pixels (antialiased bicubic).

    An image of less than 16 pixels a side has no finer frequencies: they are 0.

    Raises ``UserError`` for an array that is not (n, H, W, 3) uint8.

    >>> pixels = np.random.default_rng(0).integers(0, 255, (3, 40, 40, 3)).astype(np.uint8)
    >>> mirrored = fingerprints(pixels[:, :, ::-1])
    >>> fingerprints(pixels).seen("across").hashes.tolist() == mirrored.hashes.tolist()
    True
    """
    parts = [np.zeros((0, KEPT, KEPT))]
    for grey, small in _greys(images):
        block = np.einsum("uy,nyx,vx->nuv", _COSINES, grey, _COSINES, optimize=True)
        block[small] *= ~_FINE
        parts.append(block)
    return Fingerprints(np.concatenate(parts).astype(np.float32))


def perceptual_hash(images: ImageSet | Pixels) -> NDArray[np.uint64]:
    """Return a 64-bit hash of every image: the signs of its lowest frequencies.

    The image is brought to 32 x 32 grey levels, transformed by the DCT-II, and of the lowest 8 x 8 frequencies the
    signs are kept (the scheme of Zauner 2010, *Implementation and benchmarking of perceptual image hash functions*,
    with 0 for its median: then the hash of a mirrored image is a fixed change of the image's hash). Brightness,
    contrast, blur, size and JPEG leave most bits as they are; a crop of a tenth or a shift of a twentieth does not.

    >>> pixels = np.random.default_rng(0).integers(0, 255, (1, 40, 40, 3)).astype(np.uint8)
    >>> bool(perceptual_hash(pixels)[0] == perceptual_hash(pixels // 2)[0])
    True
    """
    return fingerprints(images).hashes


def _greys(images: ImageSet | Pixels) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield (n, 32, 32) grey levels and which images are too small for finer frequencies, some at a time."""
    if not isinstance(images, ImageSet):
        given = np.asarray(images)
        if given.ndim != 4 or given.shape[-1] != 3 or given.dtype != np.uint8 or 0 in given.shape[1:]:
            raise UserError(f"images must be an (n, H, W, 3) uint8 array, got {given.shape} {given.dtype}")
        images = ImageSet.from_arrays(given)
    for start in range(0, len(images), _BATCH):
        rows = range(start, min(start + _BATCH, len(images)))
        read = [images.image(row) for row in rows]
        small = np.array([min(image.shape[:2]) < KEPT for image in read], np.bool_)
        yield np.stack([_grey(image) for image in read]), small


def _grey(image: Pixels) -> NDArray[np.float64]:
    levels = Image.fromarray(image).convert("L").convert("F")
    return np.asarray(levels.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)


def _cosines() -> NDArray[np.float64]:
    """The first 16 rows of the orthonormal DCT-II matrix for 32 samples."""
    frequency, sample = np.arange(KEPT)[:, None], np.arange(SIDE)[None, :]
    rows = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * sample + 1) * frequency / (2 * SIDE))
    rows[0] /= np.sqrt(2)
    return rows


def _fine() -> NDArray[np.bool_]:
    frequency = np.arange(KEPT)
    return np.maximum(frequency[:, None], frequency[None, :]) >= COARSE


_COSINES = _cosines()
_FINE = _fine()
_MOVES: Mapping[str, tuple[bool, bool, bool]] = MappingProxyType({
    AS_IS: (False, False, False),
    "across": (False, False, True),
    "down": (False, True, False),
    "both": (False, True, True),
    "turn:90": (True, True, False),
    "turn:270": (True, False, True),
    "transpose:1": (True, False, False),
    "transpose:-1": (True, True, True),
})  # fmt: skip
"""Whether a view transposes, then negates the odd vertical and the odd horizontal frequencies."""
