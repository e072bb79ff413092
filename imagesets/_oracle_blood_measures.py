"""What the blood oracle measures, from pixels alone.

The smear's own background is the reference: what departs from it is dye, measured as optical density by channel.
The white cell is the connected stain with the most azure; its nucleus is told from cytoplasm by Otsu's threshold.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ._oracle_regions import (
    SIDE,
    Field,
    Mask,
    averaged,
    component_sizes,
    components,
    fill_holes,
    inner_distance,
    largest,
    mean_over,
    moments,
    quantile_over,
    seam,
    straight_edges,
)

DARKEST = 0.02
STAINED = 0.085
FINER = 2
OF_SMEAR = ("grain", "ground", "evenness", "seam", "straight_edge")


def measure_blood(images: NDArray[np.uint8]) -> pd.DataFrame:
    """Measure (N, H, W, 3) uint8 images; what cannot be measured is NaN. One row per image, see `docs/phantoms.md`."""
    parts = [_measure(images[start : start + 512]) for start in range(0, len(images), 512)]
    return pd.concat(parts, ignore_index=True)


def _measure(images: NDArray[np.uint8]) -> pd.DataFrame:
    small = averaged(images)
    logs = np.log(small + DARKEST)
    ground = _ground(logs)
    density = ground[:, None, None, :] - logs
    stained = ndimage.gaussian_filter(density.mean(axis=3), sigma=(0, 0.4, 0.4)) > STAINED
    cell = _white_cell(stained, density)
    stain = density[..., 0] + 0.5 * density[..., 1]
    depth = inner_distance(cell)
    _, light, dark = otsu(stain, cell)
    table = pd.DataFrame(
        {
            **_cell_shape(cell, depth, density),
            **_nucleus(cell, stain, light, dark),
            **_cytoplasm(cell, depth, stain > (light + 0.45 * (dark - light))[:, None, None], density),
            **_smear(logs, ground, stained, cell, density),
        }
    )
    table.loc[~cell.any(axis=(1, 2)), [name for name in table.columns if name not in OF_SMEAR]] = np.nan
    return table.astype(float)


def _ground(logs: Field) -> Field:
    """Return the (N, 3) logarithm of the bare smear: the median of the brightest fifth of the pixels."""
    flat = logs.reshape(len(logs), -1, 3)
    order = np.argsort(flat.mean(axis=2), axis=1)[:, -(SIDE * SIDE // 5) :]
    return np.asarray(np.median(np.take_along_axis(flat, order[..., None], axis=1), axis=1))


def _white_cell(stained: Mask, density: Field) -> Mask:
    labels, owner = components(fill_holes(stained))
    azure = np.clip(density[..., 0] - 0.22, 0.0, None)
    score = component_sizes(labels, azure)
    cell = largest(labels, owner, score) & (labels > 0)
    enough = (azure * cell).sum(axis=(1, 2)) > 0.5
    opened = ndimage.binary_opening(cell, structure=np.ones((1, 2, 2), bool))
    cell = np.where((opened.sum((1, 2)) >= 6)[:, None, None], opened, cell)
    labels, owner = components(cell)
    cell = largest(labels, owner, component_sizes(labels, azure)) & cell
    return np.asarray(cell & enough[:, None, None])


def _cell_shape(cell: Mask, depth: Field, density: Field) -> dict[str, Field]:
    area = cell.sum(axis=(1, 2)).astype(float)
    cy, cx, elongation, _, _ = moments(cell)
    total = density.mean(axis=3)
    slope = ndimage.gaussian_gradient_magnitude(total, sigma=(0, 0.5, 0.5))
    rim = cell & (depth <= 1.5)
    with np.errstate(invalid="ignore", divide="ignore"):
        sharpness = mean_over(slope, rim) / quantile_over(total, cell, 0.25)
    return {
        "cell_diameter": 2.0 * np.sqrt(area / np.pi) / SIDE,
        "cell_elongation": elongation,
        "off_centre": np.hypot(cy - (SIDE - 1) / 2, cx - (SIDE - 1) / 2) / SIDE,
        "sharpness": sharpness,
    }


def otsu(values: Field, mask: Mask, bins: int = 48) -> tuple[Field, Field, Field]:
    """Return, image by image, Otsu's threshold inside the mask and the means below and above it (Otsu 1979)."""
    low, high = quantile_over(values, mask, 0.01), quantile_over(values, mask, 0.99)
    span = np.maximum(np.nan_to_num(high - low), 1e-6)[:, None, None]
    place = np.clip((values - np.nan_to_num(low)[:, None, None]) / span * bins, 0, bins - 1).astype(int)
    index = place + bins * np.arange(len(values))[:, None, None]
    size = len(values) * bins
    count = np.bincount(index[mask], minlength=size).reshape(-1, bins).astype(float)
    total = np.bincount(index[mask], weights=values[mask], minlength=size).reshape(-1, bins)
    below, sum_below = count.cumsum(1), total.cumsum(1)
    above, sum_above = below[:, -1:] - below, sum_below[:, -1:] - sum_below
    with np.errstate(invalid="ignore", divide="ignore"):
        between = np.nan_to_num(below * above * (sum_below / below - sum_above / above) ** 2)
        best = between.argmax(axis=1)
        rows = np.arange(len(values))
        dark, light = (sum_above / above)[rows, best], (sum_below / below)[rows, best]
    return (light + dark) / 2.0, light, dark


def _nucleus(cell: Mask, stain: Field, light: Field, dark: Field) -> dict[str, Field]:
    step = np.where(dark - light > 0.05, dark - light, np.nan)
    share = np.clip((stain - light[:, None, None]) / step[:, None, None], 0.0, 1.0)
    area = cell.sum(axis=(1, 2))
    fine = ndimage.zoom(
        np.nan_to_num(share) * cell, (1, FINER, FINER), order=1, mode="grid-constant", grid_mode=True
    )
    nucleus = fill_holes(fine > 0.55)
    depth = inner_distance(nucleus)
    deepest = depth.max(axis=(1, 2))
    pixels = nucleus.sum(axis=(1, 2)).astype(float)
    _, _, elongation, variance, _ = moments(nucleus)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {
            "nucleus_share": (np.nan_to_num(share) * cell).sum(axis=(1, 2)) / area,
            "nucleus_roundness": np.pi * deepest**2 / pixels,
            "nucleus_spread": variance / (pixels / (4.0 * np.pi)),
            "nucleus_elongation": elongation,
            "lobes": _count_lobes(depth, deepest),
            "chromatin": dark,
            "nucleus_step": dark - light,
        }
    coarse = share > 0.75
    middle = mean_over(stain, coarse)
    columns["clumping"] = np.sqrt(mean_over((stain - middle[:, None, None]) ** 2, coarse)) / middle
    return columns


def _count_lobes(depth: Field, deepest: Field) -> Field:
    """Count the parts into which the nucleus falls when it is shrunk by three fifths of its greatest depth."""
    cores = depth > np.maximum(0.6 * deepest, 1.0)[:, None, None]
    labels, owner = components(cores)
    number = component_sizes(labels)
    real = number[1:] >= 2
    return np.bincount(owner[1:][real], minlength=len(depth)).astype(float)


def _cytoplasm(cell: Mask, depth: Field, nucleus: Mask, density: Field) -> dict[str, Field]:
    """Return the dye and the granules of the cell beside its nucleus, away from both borders where that leaves any."""
    whole = cell & ~nucleus
    clear = (
        whole
        & (depth > 1.2)
        & ~ndimage.binary_dilation(nucleus & cell, structure=ndimage.generate_binary_structure(2, 1)[None])
    )
    region = np.where((clear.sum(axis=(1, 2)) >= 5)[:, None, None], clear, whole)
    red, green, blue = np.moveaxis(mean_over(density, region), -1, 0)
    rough = density[..., 1] - ndimage.uniform_filter(density[..., 1], size=(0, 3, 3), mode="nearest")
    inner = cell & (depth > 1.5)
    deep = clear & (depth > 1.5)
    return {
        "cytoplasm_azure": red,
        "cytoplasm_eosin": green - red,
        "cytoplasm_orange": blue - red,
        "granularity": np.sqrt(mean_over(rough**2, deep)),
        "cell_granularity": np.sqrt(mean_over(rough**2, inner)),
    }


def _smear(logs: Field, ground: Field, stained: Mask, cell: Mask, density: Field) -> dict[str, Field]:
    bare = ~ndimage.binary_dilation(stained, structure=np.ones((1, 3, 3), bool))
    brightness = logs.mean(axis=3)
    rough = brightness - ndimage.uniform_filter(brightness, size=(0, 3, 3), mode="nearest")
    others = stained & ~ndimage.binary_dilation(cell, structure=np.ones((1, 3, 3), bool))
    red, green, _ = np.moveaxis(mean_over(density, others), -1, 0)
    return {
        "grain": 1.4826 * quantile_over(np.abs(rough), bare, 0.5),
        "ground": ground.mean(axis=1),
        "evenness": np.sqrt(mean_over((brightness - ground.mean(axis=1)[:, None, None]) ** 2, bare)),
        "seam": seam(logs, bare),
        "straight_edge": straight_edges(brightness),
        "red_cells": others.mean(axis=(1, 2)),
        "red_cell_pink": np.nan_to_num(green - red),
    }
