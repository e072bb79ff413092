"""Skin tone read off pixels, where pixels allow it: the individual typology angle (ITA)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..core import UserError
from ._cielab import Field, srgb_to_lab
from ._imageset import ImageSet, Pixels
from ._strata import TONE_GROUPS

BORDER = 10
"""The border is one part in so many of the shorter side wide."""
LIGHTNESS = (15.0, 88.0)
HUE = (30.0, 80.0)
"""Hue angles of skin in degrees, atan2(b*, a*): below, a pink or violet cast; above, yellow or green."""
LEAST_B = 2.0
"""At b* near 0 the angle turns by tens of degrees for one step of a pixel."""
LEAST_SKIN = 0.5
MOST_UNDEFINED = 0.1
"""A set with a larger share of undefined images is refused: what is left would not stand for it."""
GROUP_ANGLES = (41.0, 10.0)
"""I-II above the first, V-VI at most the second."""


def individual_typology_angle(images: Pixels | ImageSet) -> Field:
    """Return each image's individual typology angle in degrees, NaN where it is undefined.

    ``atan2(L* - 50, b*)`` (Chardon et al. 1991) of the median L* and b* (CIELAB, D65) over the skin of the image's
    border: a frame of a tenth of the shorter side, where a lesion seldom reaches. A pixel counts as skin at L* of 15
    to 88, b* above 2 and a hue angle atan2(b*, a*) of 30 to 80 degrees. Where less than half of the frame is skin, the
    angle is undefined: dark corners, other backgrounds, and the pink or violet cast of a lamp that turns b* to 0.

    Light, camera and white balance move it by tens of degrees. It compares images of one camera; it is no diagnosis
    and makes no strata.

    Parameters
    ----------
    images:
        (n, H, W, 3) uint8 sRGB, or an image set.

    Returns
    -------
    Field
        (n,): about 55 and more for very light, -30 and less for dark skin.

    Raises
    ------
    UserError
        For an array of another rank or type.

    Example
    -------
    >>> skin, pink = np.full((8, 8, 3), (224, 172, 140), np.uint8), np.full((8, 8, 3), (230, 170, 200), np.uint8)
    >>> individual_typology_angle(np.stack([skin, pink])).round(1).tolist()
    [45.6, nan]
    """
    return np.array([_angle(image) for image in _each(images)], dtype=np.float64)


def measured_tones(images: Pixels | ImageSet) -> list[str]:
    """Return each image's tone group by its typology angle, I-II, III-IV, V-VI, or ``undefined``.

    I-II are ITA above 41 degrees (very light, light), III-IV above 10 (intermediate, tan), V-VI the rest (brown,
    dark): the classes of Chardon et al. 1991 and Del Bino and Bernerd 2013, two and two.

    Raises
    ------
    UserError
        For no images, and where more than 10% are undefined, with their share and why.

    Example
    -------
    >>> measured_tones(np.full((1, 8, 8, 3), (90, 60, 45), np.uint8))
    ['V-VI']
    """
    angles = individual_typology_angle(images)
    if not len(angles):
        raise UserError("not enough data: 0 images, 1 needed")
    undefined = np.isnan(angles)
    if undefined.mean() > MOST_UNDEFINED:
        raise UserError(
            f"the typology angle is undefined for {int(undefined.sum())} of {len(angles)} images "
            f"({undefined.mean():.0%}; at most {MOST_UNDEFINED:.0%} allowed): their border has no colour of skin "
            f"(b* at most {LEAST_B:g}, or a hue outside {HUE[0]:g} to {HUE[1]:g} degrees)",
            remedy="use tone labels given by people",
        )
    group = np.digitize(-np.nan_to_num(angles), [-each for each in GROUP_ANGLES], right=False)
    return ["undefined" if bad else TONE_GROUPS[g] for bad, g in zip(undefined, group, strict=True)]


def _each(images: Pixels | ImageSet) -> Iterator[Pixels]:
    if isinstance(images, ImageSet):
        return (images.image(row) for row in range(len(images)))
    given = np.asarray(images)
    if given.ndim != 4 or given.shape[-1] != 3 or given.dtype != np.uint8 or 0 in given.shape[1:]:
        raise UserError(f"images must be an (n, H, W, 3) uint8 array, got {given.shape} {given.dtype}")
    return iter(given)


def _angle(image: Pixels) -> float:
    """Return the angle of one image's border."""
    width = max(1, min(image.shape[:2]) // BORDER)
    frame = np.ones(image.shape[:2], dtype=np.bool_)
    frame[width:-width, width:-width] = False
    lab = srgb_to_lab(image[frame])
    skin = lab[_of_skin(lab)]
    if len(skin) < LEAST_SKIN * len(lab):
        return float("nan")
    lightness, _, b = np.median(skin, axis=0)
    return float(np.degrees(np.arctan2(lightness - 50.0, b)))


def _of_skin(lab: Field) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    lightness, a, b = lab.T
    hue = np.degrees(np.arctan2(b, a))
    light = (lightness >= LIGHTNESS[0]) & (lightness <= LIGHTNESS[1])
    return np.asarray(light & (b > LEAST_B) & (hue >= HUE[0]) & (hue <= HUE[1]), dtype=np.bool_)
