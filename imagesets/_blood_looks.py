"""What each cell type of `phantom-blood` looks like: ranges from which one cell's parameters are drawn.

Lengths are fractions of the frame's side. Dyes filter light: the nucleus takes up the blue-violet (azure and
eosin together), granules and cytoplasm their own mixtures, red cells eosin alone.
"""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]
Dye = tuple[float, float, float]

NUCLEAR: Dye = (0.95, 1.35, 0.50)
PALE_PINK: Dye = (0.16, 0.32, 0.12)
LILAC: Dye = (0.22, 0.36, 0.12)
BLUE_GREY: Dye = (0.40, 0.42, 0.16)
SKY: Dye = (0.42, 0.34, 0.07)
GREY_PINK: Dye = (0.30, 0.40, 0.22)
ORANGE: Dye = (0.10, 0.48, 0.46)
PURPLE: Dye = (0.85, 1.30, 0.45)
AZURE: Dye = (0.45, 0.80, 0.25)


@dataclass(frozen=True)
class CellLook:
    """Ranges of one cell type. `nucleus` is the nucleus's share of the cell's area."""

    diameter: Range
    nucleus: Range
    form: str
    lobes: tuple[int, int] = (1, 1)
    chromatin: Range = (0.85, 1.05)
    clumping: Range = (0.08, 0.16)
    cytoplasm: Dye = PALE_PINK
    stain: Range = (0.85, 1.15)
    granules: Range = (0.0, 0.0)
    granule_dye: Dye = AZURE
    granule_size: Range = (0.020, 0.026)
    waviness: Range = (0.0, 0.03)


CELLS: dict[str, CellLook] = {
    "neutrophil": CellLook(
        diameter=(0.50, 0.62),
        nucleus=(0.26, 0.36),
        form="lobed",
        lobes=(3, 4),
        cytoplasm=PALE_PINK,
        granules=(0.05, 0.20),
        granule_dye=(0.25, 0.48, 0.15),
        granule_size=(0.012, 0.016),
    ),
    "eosinophil": CellLook(
        diameter=(0.52, 0.64),
        nucleus=(0.24, 0.34),
        form="lobed",
        lobes=(2, 2),
        cytoplasm=(0.10, 0.36, 0.26),
        granules=(0.55, 0.75),
        granule_dye=ORANGE,
        granule_size=(0.018, 0.024),
    ),
    "basophil": CellLook(
        diameter=(0.44, 0.56),
        nucleus=(0.34, 0.46),
        form="lobed",
        lobes=(2, 2),
        chromatin=(0.62, 0.78),
        cytoplasm=LILAC,
        granules=(0.50, 0.70),
        granule_dye=PURPLE,
        granule_size=(0.022, 0.030),
    ),
    "lymphocyte": CellLook(
        diameter=(0.34, 0.45),
        nucleus=(0.66, 0.84),
        form="round",
        chromatin=(0.98, 1.18),
        cytoplasm=SKY,
        stain=(0.9, 1.3),
    ),
    "monocyte": CellLook(
        diameter=(0.62, 0.76),
        nucleus=(0.40, 0.54),
        form="kidney",
        chromatin=(0.66, 0.82),
        clumping=(0.14, 0.24),
        cytoplasm=BLUE_GREY,
        waviness=(0.04, 0.09),
    ),
    "immature-granulocyte": CellLook(
        diameter=(0.54, 0.68),
        nucleus=(0.52, 0.66),
        form="oval",
        chromatin=(0.80, 0.98),
        clumping=(0.08, 0.15),
        cytoplasm=LILAC,
        stain=(1.0, 1.4),
        granules=(0.20, 0.40),
        granule_dye=AZURE,
        granule_size=(0.014, 0.019),
    ),
    "erythroblast": CellLook(
        diameter=(0.32, 0.42),
        nucleus=(0.30, 0.48),
        form="round",
        chromatin=(1.2, 1.5),
        clumping=(0.04, 0.10),
        cytoplasm=GREY_PINK,
        stain=(1.0, 1.4),
    ),
    "platelet": CellLook(
        diameter=(0.13, 0.22),
        nucleus=(0.0, 0.0),
        form="none",
        cytoplasm=(0.38, 0.58, 0.16),
        stain=(0.8, 1.2),
        granules=(0.35, 0.65),
        granule_dye=PURPLE,
        granule_size=(0.016, 0.022),
        waviness=(0.06, 0.14),
    ),
}

MIMICS: dict[str, str] = {
    "neutrophil": "immature-granulocyte",
    "eosinophil": "neutrophil",
    "basophil": "immature-granulocyte",
    "lymphocyte": "erythroblast",
    "monocyte": "immature-granulocyte",
    "immature-granulocyte": "monocyte",
    "erythroblast": "lymphocyte",
    "platelet": "erythroblast",
}
"""Which cell type an atypical cell of another looks half like."""

CELL_TYPES: tuple[str, ...] = tuple(CELLS)
"""The cell types in their fixed order."""

BAND_SHARE = 0.4
"""Share of band forms (one curved, unsegmented nucleus) among the neutrophils."""


@dataclass(frozen=True)
class Batch:
    """A made-up staining site: background colour, strength of azure and of eosin, and its share of patients."""

    ground: Dye
    azure: float
    eosin: float
    share: float


BATCHES: dict[str, Batch] = {
    "stain-a": Batch((0.985, 0.925, 0.865), 1.0, 1.0, 0.5),
    "stain-b": Batch((0.955, 0.915, 0.885), 1.10, 0.92, 0.3),
    "stain-c": Batch((0.975, 0.900, 0.870), 0.92, 1.08, 0.2),
}
