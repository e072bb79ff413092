"""Faults of the pixels: blur, JPEG, noise, a colour cast."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, did_you_mean, rng
from ._imageset import Pixels


def damage_pixels(images: Pixels, fault: str, strength: float, seed: int = 0) -> Pixels:
    """Return (n, H, W, 3) uint8 images with a fault of the pixels; image i depends on (seed, i) and itself alone.

    >>> damage_pixels(np.full((1, 8, 8, 3), 100, np.uint8), "cast", 8.0)[0, 0, 0].tolist()
    [108, 100, 92]
    """
    changes: dict[str, Callable[[Pixels, float, int, int], Pixels]] = {
        "blur": _blurred, "jpeg": _compressed, "noise": _noisy, "cast": _cast,
    }  # fmt: skip
    if fault not in changes:
        raise UserError(f"{fault!r} is no fault of the pixels", remedy=did_you_mean(fault, changes))
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise UserError(f"images must be an (N, H, W, 3) uint8 array, got {images.shape} {images.dtype}")
    if not np.isfinite(strength) or strength < 0 or (fault == "jpeg" and not 1 <= strength <= 100):
        raise UserError(f"{fault} of strength {strength} cannot be planted", remedy="see its unit")
    made = [changes[fault](image, strength, seed, i) for i, image in enumerate(images)]
    return np.stack(made) if made else images.copy()


def _blurred(image: Pixels, sigma: float, seed: int, index: int) -> Pixels:
    from scipy.ndimage import gaussian_filter

    return _rounded(gaussian_filter(image.astype(np.float32), (sigma, sigma, 0.0), mode="reflect"))


def _compressed(image: Pixels, quality: float, seed: int, index: int) -> Pixels:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=round(quality), subsampling="4:2:0")
    with Image.open(buffer) as read:
        return np.asarray(read.convert("RGB"))


def _noisy(image: Pixels, sigma: float, seed: int, index: int) -> Pixels:
    return _rounded(image + sigma * rng(seed, "noise", index).standard_normal(image.shape))


def _cast(image: Pixels, levels: float, seed: int, index: int) -> Pixels:
    return _rounded(image + np.array([levels, 0.0, -levels]))


def _rounded(image: NDArray[np.floating]) -> Pixels:
    return np.rint(image).clip(0, 255).astype(np.uint8)
