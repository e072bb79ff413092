"""What the dermatology oracle measures, from pixels alone.

The skin of each image is its own reference: a plane fitted to the logarithm of the outer ring. What departs from
it is lesion, measured as the light it takes away, so one rule serves every skin tone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ._oracle_regions import (
    SIDE,
    Field,
    Labels,
    Mask,
    averaged,
    close_rings,
    component_sizes,
    components,
    ellipse_radius,
    inner_distance,
    largest,
    mean_over,
    moments,
    quantile_over,
    seam,
)

DARKEST = 0.02
RING = 3
FAINTEST = 0.085


def measure_derm(images: NDArray[np.uint8]) -> pd.DataFrame:
    """Measure (N, H, W, 3) uint8 images; what cannot be measured is NaN. One row per image, see `docs/phantoms.md`."""
    parts = [_measure(images[start : start + 512]) for start in range(0, len(images), 512)]
    return pd.concat(parts, ignore_index=True)


def _measure(images: NDArray[np.uint8]) -> pd.DataFrame:
    small = averaged(images)
    logs = np.log(small + DARKEST)
    skin = _skin_plane(logs)
    excess = logs - skin
    mask, strength = _lesion_mask(excess)
    labels, owner = components(mask)
    sizes = component_sizes(labels, np.where(mask, 1.0, 0.0))
    main = largest(labels, owner, sizes) & mask
    found = main.any(axis=(1, 2))
    lesion = mask & (strength > 0)
    columns = {
        **_extent(mask, main, labels, owner, sizes),
        **_shape(mask, main, strength),
        **_colour(excess, small, lesion),
        **_surface(excess, strength, mask, logs),
        "typology_angle": _typology_angle(np.exp(skin) - DARKEST),
    }
    table = pd.DataFrame(columns)
    of_lesion = [
        name for name in table.columns if name not in ("grain", "seam", "evenness", "typology_angle")
    ]
    table.loc[~found, of_lesion] = np.nan
    return table.astype(float)


def _skin_plane(logs: Field) -> Field:
    """Fit a plane to the logarithm of the outer ring, robustly (Tukey's biweight), by image and channel."""
    number = len(logs)
    line = np.linspace(-1.0, 1.0, SIDE)
    y, x = np.meshgrid(line, line, indexing="ij")
    design = np.stack([np.ones_like(x), x, y], axis=-1).reshape(-1, 3)
    ring = np.ones((SIDE, SIDE), bool)
    ring[RING:-RING, RING:-RING] = False
    rows = design[ring.ravel()]
    values = logs.reshape(number, -1, 3)[:, ring.ravel()]
    start = np.median(values, axis=1, keepdims=True)
    fitted = np.broadcast_to(start, values.shape)
    coefficients = np.zeros((number, 3, 3))
    for _ in range(5):
        distance = np.sqrt(((values - fitted) ** 2).mean(axis=2))
        spread = np.maximum(1.4826 * np.median(distance, axis=1, keepdims=True), 0.01)
        weight = np.clip(1.0 - (distance / (4.0 * spread)) ** 2, 0.0, None) ** 2 + 1e-6
        gram = np.einsum("pi,np,pj->nij", rows, weight, rows, optimize=True) + 1e-6 * np.eye(3)
        right = np.einsum("pi,np,npc->nic", rows, weight, values, optimize=True)
        coefficients = np.linalg.solve(gram, right)
        fitted = np.einsum("pi,nic->npc", rows, coefficients)
    return np.einsum("pi,nic->npc", design, coefficients).reshape(logs.shape)


def _lesion_mask(excess: Field) -> tuple[Mask, Field]:
    """Return the filled lesions and the smoothed strength with which each pixel departs from the skin."""
    smooth = ndimage.gaussian_filter(excess, sigma=(0, 0.6, 0.6, 0))
    strength = np.sqrt((smooth**2).mean(axis=3))
    typical = quantile_over(strength, strength > FAINTEST, 0.6)
    threshold = np.fmax(0.5 * typical, FAINTEST)[:, None, None]
    mask = close_rings(strength > threshold)
    labels, _ = components(mask)
    sizes = component_sizes(labels)
    return np.asarray(mask & (sizes[labels] >= 3)), strength


def _extent(
    mask: Mask, main: Mask, labels: Labels, owner: NDArray[np.int64], sizes: Field
) -> dict[str, Field]:
    number = len(mask)
    area = main.sum(axis=(1, 2)).astype(float)
    total = mask.sum(axis=(1, 2)).astype(float)
    counted = sizes[1:] >= np.maximum(3.0, 0.08 * area[owner[1:]])
    count = np.bincount(owner[1:][counted], minlength=number).astype(float)
    _, _, _, variance, _ = moments(mask)
    cy, cx, _, _, _ = moments(main)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = area / total
    return {
        "diameter": 2.0 * np.sqrt(area / np.pi) / SIDE,
        "spot_diameter": 2.0
        * np.sqrt(_median_by(owner[1:][counted], sizes[1:][counted], number) / np.pi)
        / SIDE,
        "coverage": total / SIDE**2,
        "count": count,
        "main_share": share,
        "spread": np.sqrt(variance) / SIDE,
        "off_centre": np.hypot(cy - (SIDE - 1) / 2, cx - (SIDE - 1) / 2) / SIDE,
    }


def _median_by(owner: NDArray[np.int64], values: Field, number: int) -> Field:
    """Return the median of the values of each owner 0 .. number - 1, NaN where it has none."""
    order = np.lexsort((values, owner))
    counts = np.bincount(owner, minlength=number)
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
    ordered = np.append(values[order], np.nan)
    low, high = starts + np.maximum(counts - 1, 0) // 2, starts + np.maximum(counts, 1) // 2
    last = len(ordered) - 1
    middle = (ordered[np.minimum(low, last)] + ordered[np.minimum(high, last)]) / 2.0
    return np.where(counts > 0, middle, np.nan)


def _shape(mask: Mask, main: Mask, strength: Field) -> dict[str, Field]:
    _, _, elongation, _, _ = moments(main)
    radius = ellipse_radius(main)
    area = np.maximum(main.sum(axis=(1, 2)), 1)
    wrong = (main ^ (radius <= 1.0)).sum(axis=(1, 2)) / area
    core = mean_over(strength, main & (radius < 0.45))
    rim = mean_over(strength, main & (radius > 0.6) & (radius < 0.95))
    peak = quantile_over(strength, main, 0.9)
    slope = ndimage.gaussian_gradient_magnitude(strength, sigma=(0, 0.5, 0.5))
    sharp = mean_over(slope, mask & (inner_distance(mask) <= 1.5)) / peak
    with np.errstate(invalid="ignore", divide="ignore"):
        filling = core / rim
    return {"elongation": elongation, "irregularity": wrong, "core_to_rim": filling, "sharpness": sharp}


def _colour(excess: Field, small: Field, lesion: Mask) -> dict[str, Field]:
    """Return the light taken away, channel against channel, over the lesion without its soft border."""
    deep = lesion & (inner_distance(lesion) > 1.2)
    enough = deep.sum(axis=(1, 2)) >= 4
    region = np.where(enough[:, None, None], deep, lesion)
    red, green, blue = np.moveaxis(mean_over(excess, region), -1, 0)
    luminance = excess.mean(axis=3)
    flush = excess[..., 0] - (excess[..., 1] + excess[..., 2]) / 2.0
    high = quantile_over(luminance, region, 0.92)
    low = quantile_over(luminance, region, 0.08)
    middle = quantile_over(luminance, region, 0.5)
    depth = -(red + green + blue) / 3.0
    return {
        "depth": depth,
        "redness": red - (green + blue) / 2.0,
        "flush": quantile_over(flush, region, 0.8),
        "violet": blue - green,
        "lightness": _lightness_and_b(mean_over(small, region))[0],
        "contrast_range": high - low,
        "pale_flecks": high - middle,
        "dark_flecks": middle - low,
    }


def _surface(excess: Field, strength: Field, mask: Mask, logs: Field) -> dict[str, Field]:
    """Return grain, evenness and seams of the skin beside the lesions."""
    luminance = excess.mean(axis=3)
    rough = luminance - ndimage.uniform_filter(luminance, size=(0, 3, 3), mode="nearest")
    bare = ~ndimage.binary_dilation(mask, structure=np.ones((1, 5, 5), bool))
    grain = 1.4826 * quantile_over(np.abs(rough), bare, 0.5)
    slow = ndimage.uniform_filter(luminance, size=(0, 5, 5), mode="nearest")
    evenness = np.sqrt(mean_over(slow**2, bare))
    return {"grain": grain, "evenness": evenness, "seam": seam(logs, bare & (strength < FAINTEST))}


def _lightness_and_b(rgb: Field) -> tuple[Field, Field]:
    """Return CIELAB L* and b* of (N, 3) sRGB colours in [0, 1] (D65 white)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    relative = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    return 116.0 * f[:, 1] - 16.0, 200.0 * (f[:, 1] - f[:, 2])


def _typology_angle(skin: Field) -> Field:
    """Return atan((L* - 50) / b*) in degrees of each image's mean skin colour (Chardon et al. 1991)."""
    lightness, b = _lightness_and_b(np.clip(skin.mean(axis=(1, 2)), 0.0, 1.0))
    return np.asarray(np.degrees(np.arctan2(lightness - 50.0, np.where(np.abs(b) < 1e-6, 1e-6, b))))
