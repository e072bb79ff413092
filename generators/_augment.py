"""Classical augmentation of one image: two random changes of shape and two of colour, after RandAugment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

Image = NDArray[np.float64]
Change = Callable[[Image, np.random.Generator, float], Image]


def classical_augmentation(
    image: NDArray[np.uint8], draw: np.random.Generator, strength: float = 1.0
) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8: flipped, two of turn / zoom / shift, two of light / contrast / colour.

    The recipe follows RandAugment (Cubuk et al. 2020): a fixed number of changes, each drawn with equal
    chance at a random size up to ``strength``.
    """
    changed = image.astype(np.float64)
    for axis in (0, 1):
        if draw.random() < 0.5:
            changed = np.flip(changed, axis)
    for group in (SHAPES, COLOURS):
        for k in draw.choice(len(group), size=2, replace=False):
            changed = group[int(k)](changed, draw, strength)
    return np.rint(changed).clip(0, 255).astype(np.uint8)


def _turn(image: Image, draw: np.random.Generator, strength: float) -> Image:
    angle = strength * np.deg2rad(draw.uniform(-30.0, 30.0))
    return _warp(
        image, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]), np.zeros(2)
    )


def _zoom(image: Image, draw: np.random.Generator, strength: float) -> Image:
    return _warp(image, np.eye(2) * np.exp(strength * draw.uniform(-0.15, 0.15)), np.zeros(2))


def _shift(image: Image, draw: np.random.Generator, strength: float) -> Image:
    return _warp(image, np.eye(2), strength * draw.uniform(-0.1, 0.1, 2) * image.shape[:2])


def _warp(image: Image, matrix: NDArray[np.float64], shift: NDArray[np.float64]) -> Image:
    centre = (np.array(image.shape[:2]) - 1) / 2
    offset = centre - matrix @ centre + shift
    channels = [affine_transform(image[..., c], matrix, offset, order=1, mode="reflect") for c in range(3)]
    return np.stack(channels, axis=-1)


def _light(image: Image, draw: np.random.Generator, strength: float) -> Image:
    return image * (1.0 + strength * draw.uniform(-0.15, 0.15))


def _contrast(image: Image, draw: np.random.Generator, strength: float) -> Image:
    mean = image.mean()
    return mean + (image - mean) * (1.0 + strength * draw.uniform(-0.2, 0.2))


def _colour(image: Image, draw: np.random.Generator, strength: float) -> Image:
    grey = image.mean(axis=-1, keepdims=True)
    return grey + (image - grey) * (1.0 + strength * draw.uniform(-0.25, 0.25))


def _balance(image: Image, draw: np.random.Generator, strength: float) -> Image:
    return image * (1.0 + strength * draw.uniform(-0.04, 0.04, 3))


SHAPES: tuple[Change, ...] = (_turn, _zoom, _shift)
COLOURS: tuple[Change, ...] = (_light, _contrast, _colour, _balance)
