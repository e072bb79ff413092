"""CIELAB coordinates of sRGB pixels (D65 white, 2 degree observer)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError

Field = NDArray[np.float64]

_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_CODES = np.arange(256) / 255.0
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4)
_KNEE = 6 / 29


def srgb_to_lab(pixels: NDArray[Any]) -> Field:
    """Return L* (0 to 100), a* and b* of uint8 sRGB pixels (..., 3), as (..., 3) float64.

    IEC 61966-2-1 to linear light and XYZ; CIE 15 from there, relative to the white (255, 255, 255), whose a* and b*
    are 0 exactly.

    Example
    -------
    >>> srgb_to_lab(np.array([[255, 255, 255], [0, 0, 0]], np.uint8)).round(9).tolist()
    [[100.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    given = np.asarray(pixels)
    if given.dtype != np.uint8 or given.ndim < 1 or given.shape[-1] != 3:
        raise UserError(f"pixels must be (..., 3) uint8, got {given.shape} {given.dtype}")
    relative = _LINEAR[given] @ (_RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)).T
    f = np.where(relative > _KNEE**3, np.cbrt(relative), relative / (3 * _KNEE**2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    lab = np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)
    return np.asarray(lab + 0.0, dtype=np.float64)
