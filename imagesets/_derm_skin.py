"""Skin of a given typology angle, lit by a given clinic's lamp: the ground on which `phantom-derm` paints."""

from __future__ import annotations

import numpy as np

from ._derm_looks import TYPOLOGY_ANGLE, Site
from ._drawing import Field, between, cloud, pixel_grid, smooth_noise

_LAB_TO_XYZ_WHITE = np.array([0.95047, 1.0, 1.08883])
_XYZ_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def lab_to_srgb(lightness: float, a: float, b: float) -> Field:
    """Return the sRGB triple in [0, 1] of a CIELAB colour (D65 white)."""
    fy = (lightness + 16.0) / 116.0
    f = np.array([fy + a / 500.0, fy, fy - b / 200.0])
    xyz = _LAB_TO_XYZ_WHITE * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(_XYZ_TO_RGB @ xyz, 0.0, 1.0)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def skin_colour(rng: np.random.Generator, tone: int) -> tuple[Field, float]:
    """Return an sRGB skin colour of Fitzpatrick type `tone`, and its typology angle in degrees.

    The angle is atan((L* - 50) / b*) (Chardon et al. 1991); b* follows the melanin curve: highest in the middle.
    """
    angle = between(rng, TYPOLOGY_ANGLE[tone])
    b = 17.0 - 5.0 * ((angle - 15.0) / 60.0) ** 2 + rng.normal(0.0, 0.7)
    a = 10.5 - 1.5 * angle / 60.0 + rng.normal(0.0, 0.9)
    lightness = 50.0 + b * np.tan(np.radians(angle))
    return lab_to_srgb(float(lightness), float(a), float(b)), angle


def paint_skin(rng: np.random.Generator, size: int, colour: Field, site: Site) -> Field:
    """Return the (size, size, 3) logarithm of bare skin: light, mottling, pores and furrows."""
    y, x = pixel_grid(size)
    direction = rng.uniform(0.0, 2.0 * np.pi)
    light = rng.uniform(0.02, 0.12) * (np.cos(direction) * x + np.sin(direction) * y)
    light = light - site.vignette * 2.0 * (x**2 + y**2 - 0.2) + rng.normal(0.0, 0.008)
    mottling = cloud(rng, size, {3: 0.012, 6: 0.012})
    flush = smooth_noise(rng, size, 4)
    grain = cloud(rng, size, {16: 0.016, 32: 0.020, 64: 0.018, 128: 0.014})
    if size >= 96:
        grain = grain - 0.035 * np.exp(-3.0 * np.abs(smooth_noise(rng, size, 28)))
    skin = np.log(np.maximum(colour, 0.02)) + np.log(site.gain)
    skin = skin + (light + mottling + grain)[..., None] * np.array([0.85, 1.0, 1.1])
    return np.asarray(skin + flush[..., None] * np.array([0.004, -0.010, -0.008]))


def paint_hair(rng: np.random.Generator, image: Field, amount: int) -> None:
    """Lay a few thin, faint, slightly curved hairs over the image in place."""
    size = image.shape[0]
    y, x = pixel_grid(size)
    for _ in range(amount):
        angle, offset = rng.uniform(0.0, np.pi), rng.uniform(-0.45, 0.45)
        along = np.cos(angle) * x + np.sin(angle) * y
        across = -np.sin(angle) * x + np.cos(angle) * y - offset - rng.uniform(-0.5, 0.5) * along**2
        line = np.exp(-((across / max(0.004, 0.35 / size)) ** 2)) * (np.abs(along) < rng.uniform(0.2, 0.5))
        image *= 1.0 - (0.28 * min(1.0, 96 / size + 0.5) * line)[..., None]
