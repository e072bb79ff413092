"""Lesions of `phantom-derm`: their parameters, where they lie, and how they are painted on skin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ._derm_looks import LOOKS, MIMICS
from ._drawing import Field, between, blend, cloud, coverage, ellipse, mixed, pixel_grid, smooth_noise

ATYPICAL_SHARE = 1 / 20
SILVER = (0.93, 0.90, 0.87)
IVORY = (0.96, 0.88, 0.82)
PUS = (0.95, 0.87, 0.68)


@dataclass(frozen=True)
class Lesion:
    """The parameters of one patient's lesion, as drawn from its disease's `Look`."""

    disease: str
    atypical: bool
    hue: tuple[float, float, float]
    diameter: float
    count: int
    elongation: float
    irregularity: float
    softness: float
    depth: float
    variegation: float
    clearing: float
    core: float
    scale: float
    pallor: float
    cluster: float


def draw_lesion(rng: np.random.Generator, disease: str) -> Lesion:
    """Draw one lesion's parameters; one in twenty is atypical, half like its mimic."""
    atypical = bool(rng.random() < ATYPICAL_SHARE)
    look = LOOKS[disease]
    if atypical:
        look = mixed(look, LOOKS[MIMICS[disease]], between(rng, (0.4, 0.8)))
    count = int(rng.integers(look.count[0], look.count[1] + 1))
    names = (
        "diameter",
        "elongation",
        "irregularity",
        "softness",
        "depth",
        "variegation",
        "clearing",
        "core",
        "scale",
        "pallor",
        "cluster",
    )
    values = {name: between(rng, getattr(look, name)) for name in names}
    lesion = Lesion(disease=disease, atypical=atypical, hue=look.hue, count=count, **values)
    if count > 1 and not look.cluster[1]:
        return replace(lesion, diameter=lesion.diameter * (0.86 if count == 2 else 0.74))
    return lesion


def places(rng: np.random.Generator, lesion: Lesion) -> list[tuple[float, float, float]]:
    """Return (y, x, radius) for each spot: apart from each other, away from the frame's edge, the largest first."""
    radius = lesion.diameter / 2
    if lesion.count == 1:
        return [(*rng.uniform(-0.04, 0.04, 2), radius)]
    if not lesion.cluster:
        return _satellites(rng, lesion, radius)
    sizes = radius * rng.uniform(0.85, 1.15, lesion.count)
    for slack in (1.0, 0.9, 0.8, 0.7):
        found: list[tuple[float, float, float]] = []
        for r in sizes:
            for _ in range(40):
                y, x = rng.uniform(-lesion.cluster, lesion.cluster, 2)
                if all(np.hypot(y - v, x - u) > slack * (r + s) * 1.2 + 0.055 for v, u, s in found):
                    found.append((float(y), float(x), float(r)))
                    break
        if len(found) == lesion.count:
            break
    return found


def _satellites(rng: np.random.Generator, lesion: Lesion, radius: float) -> list[tuple[float, float, float]]:
    turn = rng.uniform(0.0, 2.0 * np.pi)
    spots = [(-0.13 * np.sin(turn), -0.13 * np.cos(turn), radius)]
    for k in range(1, lesion.count):
        small = radius * rng.uniform(0.28, 0.42)
        far = radius * np.sqrt(lesion.elongation) * 1.12 + small + 0.05
        bearing = turn + (rng.uniform(-0.25, 0.25) if lesion.count == 2 else (0.75 if k == 1 else -0.75))
        y = np.clip(spots[0][0] + far * np.sin(bearing), small - 0.46, 0.46 - small)
        x = np.clip(spots[0][1] + far * np.cos(bearing), small - 0.46, 0.46 - small)
        spots.append((float(y), float(x), float(small)))
    return spots


def paint_lesion(rng: np.random.Generator, log_skin: Field, lesion: Lesion, turn: float) -> Field:
    """Return the (size, size, 3) image in [0, 1] of the lesion on the skin whose logarithm is given."""
    look, size = LOOKS[lesion.disease], log_skin.shape[0]
    border = cloud(rng, size, {4: 0.75, 9: 0.45})
    mosaic = cloud(rng, size, {5: 0.8, 12: 0.5})
    fleck = cloud(rng, size, {16: 0.55, 30: 0.6, 52: 0.55})
    distances = [
        _outline(spot, lesion, border, turn if k == 0 else turn + 1.7 * k, size)
        for k, spot in enumerate(places(rng, lesion))
    ]
    if look.detail == "pustules":
        log_skin = log_skin - _flare(distances, size)[..., None] * 0.10 * np.array(lesion.hue)
    image = log_skin
    for distance, radius in distances:
        inside = coverage(distance, lesion.softness * radius, size)
        image = image - (inside * _filter(distance, radius, lesion, mosaic))[..., None] * np.array(lesion.hue)
    photo = np.exp(image)
    for distance, radius in distances:
        inside = coverage(distance, lesion.softness * radius, size)
        _finish(rng, photo, inside, distance, radius, lesion, look.detail, fleck)
    return np.clip(photo, 0.0, 1.0)


def _outline(
    spot: tuple[float, float, float], lesion: Lesion, border: Field, turn: float, size: int
) -> tuple[Field, float]:
    y, x = pixel_grid(size)
    y0, x0, radius = spot
    distance = ellipse(y, x, (y0, x0), radius, lesion.elongation, turn)
    return distance + lesion.irregularity * radius * border, radius


def _flare(distances: list[tuple[Field, float]], size: int) -> Field:
    return np.asarray(sum(np.exp(-((np.maximum(d, 0.0) / (0.6 * r)) ** 2)) for d, r in distances))


def _filter(distance: Field, radius: float, lesion: Lesion, mosaic: Field) -> Field:
    """Return how strongly the lesion filters the light: depth, mosaic, pale or dark middle."""
    strength = lesion.depth * np.exp(lesion.variegation * mosaic)
    depth_inside = -distance / radius  # 0 at the border, 1 in the middle
    middle = 1.0 / (1.0 + np.exp(-(depth_inside - 0.42) / 0.06))
    strength = strength * (1.0 - lesion.clearing * middle)
    if lesion.core:
        strength = strength + lesion.core * (1.0 / (1.0 + np.exp(-(depth_inside - 0.58) / 0.05)))
    return np.asarray(strength)


def _finish(
    rng: np.random.Generator,
    photo: Field,
    inside: Field,
    distance: Field,
    radius: float,
    lesion: Lesion,
    detail: str,
    fleck: Field,
) -> None:
    """Paint what lies on top of the pigment: pallor, scale, pus, veil, plugs, glints."""
    size = photo.shape[0]
    y, x = pixel_grid(size)
    if lesion.pallor:
        relief = photo / np.maximum(np.mean(photo, axis=(0, 1)), 0.02)
        blend(photo, np.array(IVORY) * np.sqrt(relief), inside * lesion.pallor)
    if detail == "silver":
        cut = float(np.quantile(fleck[inside > 0.5], 1.0 - lesion.scale)) if (inside > 0.5).any() else 0.0
        flake = 1.0 / (1.0 + np.exp(-(fleck - cut) / 0.15))
        blend(photo, SILVER, inside * flake * (distance < -0.12 * radius) * 0.62)
    elif detail == "veil":
        veil = np.exp(-((smooth_noise(rng, size, 5) - 1.1) ** 2) / 0.3)
        blend(photo, (0.30, 0.32, 0.40), inside * veil * 0.35)
    elif detail == "pustules" and rng.random() < 0.45:
        blend(photo, PUS, np.exp(-(((distance + radius) / (0.38 * radius)) ** 2)) * 0.55)
    elif detail == "scurf":
        blend(photo, SILVER, inside * np.clip(fleck - 0.5, 0, 1) * (distance > -0.35 * radius) * 0.45)
    elif detail == "pearl":
        ring = np.exp(-((distance / radius + 0.24) ** 2) / 0.010)
        lit = 0.5 + 0.5 * np.tanh(-(x + y) * 12.0)
        blend(photo, (1.0, 0.93, 0.92), inside * ring * (0.12 + 0.28 * lit))
    elif detail == "plugs":
        blend(photo, (0.13, 0.08, 0.06), inside * np.clip((fleck - 0.85) * 1.6, 0, 1) * 0.60)
        blend(photo, (0.93, 0.84, 0.68), inside * np.clip((-fleck - 0.85) * 1.6, 0, 1) * 0.40)
    elif detail == "scratches":
        stripes = np.clip(smooth_noise(rng, size, 20) - 1.0, 0, 1)
        photo *= 1.0 - (inside * stripes * 0.25)[..., None] * np.array([0.4, 1.0, 1.0])
    elif detail == "glint":
        spot = ellipse(y, x, (-0.15 * radius, -0.15 * radius), 0.16 * radius)
        blend(photo, (1.0, 0.9, 0.9), inside * coverage(spot, 0.2 * radius, size) * 0.5)
    elif detail == "lace":
        blend(photo, (0.86, 0.80, 0.86), inside * (np.abs(fleck) < 0.12) * 0.28)
