"""White cells of `phantom-blood`: their parameters, and how they and the red cells around are painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._blood_looks import BAND_SHARE, CELLS, MIMICS, NUCLEAR, Batch, Dye
from ._drawing import Field, between, cloud, coverage, ellipse, mixed, pixel_grid, smooth_noise

ATYPICAL_SHARE = 1 / 20
RED_CELL_DYE = (0.10, 0.34, 0.26)


@dataclass(frozen=True)
class Cell:
    """The parameters of one white cell; `nucleus` is its share of the cell's area."""

    kind: str
    subtype: str
    atypical: bool
    cytoplasm: Dye
    granule_dye: Dye
    diameter: float
    nucleus: float
    lobes: int
    chromatin: float
    clumping: float
    stain: float
    granules: float
    granule_size: float
    waviness: float
    elongation: float


def draw_cell(rng: np.random.Generator, kind: str) -> Cell:
    """Draw one cell's parameters; neutrophils are segmented or band forms; one cell in twenty is atypical."""
    look, atypical = CELLS[kind], bool(rng.random() < ATYPICAL_SHARE)
    if atypical:
        look = mixed(look, CELLS[MIMICS[kind]], between(rng, (0.4, 0.8)))
    names = ("diameter", "nucleus", "chromatin", "clumping", "stain", "granules", "granule_size", "waviness")
    values = {name: between(rng, getattr(look, name)) for name in names}
    lobes = int(rng.integers(look.lobes[0], look.lobes[1] + 1)) if look.form != "none" else 0
    subtype = ""
    if kind == "neutrophil":
        subtype = "band" if rng.random() < BAND_SHARE else "segmented"
        lobes = 1 if subtype == "band" else lobes
    return Cell(
        kind,
        subtype,
        atypical,
        look.cytoplasm,
        look.granule_dye,
        lobes=max(lobes, int(look.form != "none")),
        elongation=between(rng, (1.0, 1.18)),
        **values,
    )


def paint_smear(rng: np.random.Generator, size: int, cell: Cell, batch: Batch) -> Field:
    """Return the (size, size, 3) image in [0, 1] of the cell among red cells on a stained smear."""
    y, x = pixel_grid(size)
    direction = rng.uniform(0.0, 2.0 * np.pi)
    light = rng.uniform(0.0, 0.04) * (np.cos(direction) * x + np.sin(direction) * y)
    density = np.zeros((size, size, 3))
    _red_cells(rng, density, cell, batch)
    _white_cell(rng, density, cell, batch)
    shade = light + cloud(rng, size, {4: 0.006, 24: 0.004, 48: 0.005})
    return np.clip(np.array(batch.ground) * np.exp(shade[..., None] - density), 0.0, 1.0)


def _red_cells(rng: np.random.Generator, density: Field, cell: Cell, batch: Batch) -> None:
    """Add about a dozen pink discs with a paler centre, apart from the white cell, free to overlap each other."""
    size = density.shape[0]
    y, x = pixel_grid(size)
    clearance = cell.diameter / 2 * (1.14 + cell.waviness) + 0.055
    for _ in range(int(rng.integers(9, 15))):
        radius = rng.uniform(0.115, 0.14)
        away, bearing = rng.uniform(clearance + radius, 0.78), rng.uniform(0.0, 2.0 * np.pi)
        centre = (away * np.sin(bearing), away * np.cos(bearing))
        distance = ellipse(y, x, centre, radius, rng.uniform(1.0, 1.2), rng.uniform(0.0, np.pi))
        if max(abs(centre[0]), abs(centre[1])) > 0.5 + radius:
            continue
        pallor = 1.0 - rng.uniform(0.4, 0.7) * np.exp(-(((distance + radius) / (0.55 * radius)) ** 2))
        disc = coverage(distance, 0.02, size) * pallor * rng.uniform(0.85, 1.1) * batch.eosin
        density += np.maximum(disc[..., None] * np.array(RED_CELL_DYE) - 0.35 * density, 0.0)


def _white_cell(rng: np.random.Generator, density: Field, cell: Cell, batch: Batch) -> None:
    size = density.shape[0]
    y, x = pixel_grid(size)
    centre = (float(rng.uniform(-0.03, 0.03)), float(rng.uniform(-0.03, 0.03)))
    turn, radius = float(rng.uniform(0.0, np.pi)), cell.diameter / 2
    outline = ellipse(y, x, centre, radius, cell.elongation, turn)
    outline = (
        outline
        + cell.waviness * radius * smooth_noise(rng, size, 7)
        + 0.01 * smooth_noise(rng, size, 4) * radius
    )
    body = coverage(outline, 0.02, size)
    texture = cloud(rng, size, {14: 0.05, 30: 0.06})
    cytoplasm = body * cell.stain * (1.0 + texture)
    if cell.kind == "monocyte":
        cytoplasm *= 1.0 - 0.5 * np.clip(smooth_noise(rng, size, 16) - 1.3, 0.0, 1.0)
    density += cytoplasm[..., None] * np.array(cell.cytoplasm) * batch.azure
    _granules(rng, density, body, cell, batch)
    if cell.lobes:
        shape = _nucleus(rng, size, cell, centre, turn, radius) * body
        pattern = 1.0 + cell.clumping * cloud(rng, size, {12: 0.7, 26: 0.7})
        dye = (cell.chromatin * batch.azure * pattern)[..., None] * np.array(NUCLEAR)
        density += shape[..., None] * np.maximum(dye - 0.75 * density, 0.0)
        if cell.kind == "basophil":
            _granules(rng, density, body, cell, batch)


def _granules(rng: np.random.Generator, density: Field, body: Field, cell: Cell, batch: Batch) -> None:
    """Add dots of the cell's granule dye: bumps of a noise whose lattice is the granules' size."""
    if cell.granules <= 0:
        return
    size = density.shape[0]
    fine = min(size, round(0.9 / cell.granule_size))
    bumps = 0.85 * smooth_noise(rng, size, fine) + 0.5 * smooth_noise(rng, size, max(4, fine // 2))
    dots = np.clip(0.5 + 0.55 * (bumps + 2.0 * (cell.granules - 0.5)), 0.0, 1.0)
    density += (0.75 * body * dots)[..., None] * np.array(cell.granule_dye) * batch.azure


def _nucleus(
    rng: np.random.Generator, size: int, cell: Cell, centre: tuple[float, float], turn: float, radius: float
) -> Field:
    """Return the nucleus's coverage: round, oval, kidney-shaped, a curved band, or lobes on thin bridges."""
    form = CELLS[cell.kind].form
    own = radius * np.sqrt(cell.nucleus)
    if form == "lobed":
        return (
            _band(size, cell, centre, turn, radius, rng)
            if cell.lobes == 1
            else _lobes(size, cell, centre, turn, radius, rng)
        )
    y, x = pixel_grid(size)
    room = max(radius * 0.92 - own, 0.0)
    bearing = rng.uniform(0.0, 2.0 * np.pi)
    push = rng.uniform(0.2, 0.8) * room
    middle = (centre[0] + push * np.sin(bearing), centre[1] + push * np.cos(bearing))
    stretch = {
        "round": rng.uniform(1.0, 1.12),
        "oval": rng.uniform(1.1, 1.3),
        "kidney": rng.uniform(1.25, 1.45),
    }[form]
    distance = ellipse(y, x, middle, own * (1.06 if form == "kidney" else 1.0), stretch, turn)
    distance = distance + 0.03 * own * smooth_noise(rng, size, 7)
    if form == "kidney":
        side = turn + np.pi / 2 if rng.random() < 0.5 else turn - np.pi / 2
        reach = own / np.sqrt(stretch)
        dent = (middle[0] + 1.12 * reach * np.sin(side), middle[1] + 1.12 * reach * np.cos(side))
        bite = ellipse(y, x, dent, own * rng.uniform(0.48, 0.6))
        return coverage(distance, 0.02, size) * (1.0 - coverage(bite, 0.03, size))
    return coverage(distance, 0.02, size)


def _arc(
    cell: Cell, centre: tuple[float, float], turn: float, radius: float, sweep: float, knots: int
) -> list[tuple[float, float]]:
    """Return points on an arc about the cell's centre, from which bands and lobes hang."""
    ring = 0.50 * radius
    angles = turn + np.linspace(-sweep / 2, sweep / 2, knots)
    return [(centre[0] + ring * float(np.sin(a)), centre[1] + ring * float(np.cos(a))) for a in angles]


def _band(
    size: int, cell: Cell, centre: tuple[float, float], turn: float, radius: float, rng: np.random.Generator
) -> Field:
    sweep = rng.uniform(2.9, 3.7)
    width = cell.nucleus * np.pi * radius**2 / (0.50 * radius * sweep + 1.0 * radius * 0.35) / 2
    uneven = 0.12 * width * smooth_noise(rng, size, 7)
    return _chain(size, _arc(cell, centre, turn, radius, sweep, 22), [width] * 22, uneven)


def _lobes(
    size: int, cell: Cell, centre: tuple[float, float], turn: float, radius: float, rng: np.random.Generator
) -> Field:
    sweep = {2: rng.uniform(2.0, 2.5), 3: rng.uniform(2.8, 3.5), 4: rng.uniform(3.8, 4.5)}[cell.lobes]
    lobe = radius * np.sqrt(0.95 * cell.nucleus / cell.lobes)
    points = _arc(cell, centre, turn, radius, sweep, cell.lobes)
    uneven = 0.10 * lobe * smooth_noise(rng, size, 8)
    lobes = _chain(size, points, [float(lobe * rng.uniform(0.86, 1.1)) for _ in points], uneven)
    bridge = _chain(size, _arc(cell, centre, turn, radius, sweep, 18), [0.22 * lobe] * 18, uneven)
    return np.maximum(lobes, 0.7 * bridge)


def _chain(size: int, points: list[tuple[float, float]], radii: list[float], uneven: Field) -> Field:
    """Return the coverage of the union of discs, with an uneven outline."""
    y, x = pixel_grid(size)
    nearest = np.full((size, size), np.inf)
    for (v, u), r in zip(points, radii, strict=True):
        nearest = np.minimum(nearest, np.hypot(y - v, x - u) - r)
    return coverage(nearest + uneven, 0.018, size)
