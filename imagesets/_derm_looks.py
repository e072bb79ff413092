"""What each disease of `phantom-derm` looks like: ranges from which one lesion's parameters are drawn.

Lengths are fractions of the frame's side. A lesion filters the light of the skin below it: `depth` is how strongly
and `hue` how much in red, green and blue, so brown stays brown and red stays red on every skin tone.
"""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]

BROWN = (0.66, 1.02, 1.28)
RED = (0.28, 1.25, 1.05)
PINK = (0.22, 1.15, 0.85)
SALMON = (0.25, 0.98, 0.85)
VIOLET = (0.85, 1.45, 0.70)
CRIMSON = (0.45, 1.60, 1.30)


@dataclass(frozen=True)
class Look:
    """Ranges of one disease. `clearing` is how much paler the middle is, `core` how much darker."""

    diameter: Range
    count: tuple[int, int] = (1, 1)
    elongation: Range = (1.0, 1.2)
    irregularity: Range = (0.0, 0.05)
    softness: Range = (0.10, 0.20)
    depth: Range = (0.4, 0.6)
    hue: tuple[float, float, float] = BROWN
    variegation: Range = (0.0, 0.12)
    clearing: Range = (0.0, 0.0)
    core: Range = (0.0, 0.0)
    scale: Range = (0.0, 0.0)
    pallor: Range = (0.0, 0.0)
    cluster: Range = (0.0, 0.0)
    detail: str = "none"


LOOKS: dict[str, Look] = {
    "melanoma": Look(
        diameter=(0.40, 0.58),
        elongation=(1.15, 1.6),
        irregularity=(0.20, 0.32),
        softness=(0.10, 0.22),
        depth=(0.95, 1.40),
        variegation=(0.26, 0.42),
        detail="veil",
    ),
    "psoriasis": Look(
        diameter=(0.40, 0.58),
        count=(1, 2),
        elongation=(1.0, 1.4),
        irregularity=(0.08, 0.16),
        softness=(0.08, 0.18),
        depth=(0.46, 0.64),
        hue=SALMON,
        variegation=(0.05, 0.15),
        scale=(0.38, 0.58),
        detail="silver",
    ),
    "vitiligo": Look(
        diameter=(0.32, 0.54),
        count=(1, 3),
        elongation=(1.0, 1.6),
        irregularity=(0.14, 0.26),
        softness=(0.06, 0.14),
        depth=(0.0, 0.0),
        variegation=(0.0, 0.0),
        pallor=(0.60, 0.88),
    ),
    "acne": Look(
        diameter=(0.085, 0.125),
        count=(6, 11),
        elongation=(1.0, 1.15),
        softness=(0.5, 0.8),
        depth=(0.42, 0.65),
        hue=RED,
        cluster=(0.36, 0.40),
        detail="pustules",
    ),
    "nevus": Look(
        diameter=(0.18, 0.32),
        elongation=(1.0, 1.25),
        irregularity=(0.0, 0.07),
        softness=(0.2, 0.45),
        depth=(0.55, 0.95),
        variegation=(0.04, 0.14),
        clearing=(-0.25, 0.0),
    ),
    "tinea": Look(
        diameter=(0.46, 0.66),
        elongation=(1.0, 1.2),
        irregularity=(0.05, 0.12),
        softness=(0.10, 0.20),
        depth=(0.36, 0.52),
        hue=(0.42, 1.15, 1.05),
        variegation=(0.12, 0.25),
        clearing=(0.72, 0.92),
        detail="scurf",
    ),
    "basal-cell-carcinoma": Look(
        diameter=(0.30, 0.44),
        elongation=(1.0, 1.3),
        irregularity=(0.04, 0.10),
        softness=(0.12, 0.22),
        depth=(0.20, 0.30),
        hue=PINK,
        variegation=(0.0, 0.10),
        core=(0.60, 0.90),
        detail="pearl",
    ),
    "seborrheic-keratosis": Look(
        diameter=(0.34, 0.52),
        elongation=(1.2, 1.6),
        irregularity=(0.04, 0.11),
        softness=(0.04, 0.08),
        depth=(0.42, 0.70),
        variegation=(0.08, 0.16),
        detail="plugs",
    ),
    "eczema": Look(
        diameter=(0.44, 0.60),
        elongation=(1.0, 1.5),
        irregularity=(0.14, 0.24),
        softness=(0.60, 0.90),
        depth=(0.36, 0.52),
        hue=RED,
        variegation=(0.18, 0.32),
        detail="scratches",
    ),
    "urticaria": Look(
        diameter=(0.18, 0.28),
        count=(3, 5),
        elongation=(1.0, 1.5),
        irregularity=(0.06, 0.14),
        softness=(0.2, 0.35),
        depth=(0.32, 0.46),
        hue=PINK,
        clearing=(0.35, 0.60),
        cluster=(0.30, 0.34),
    ),
    "cherry-angioma": Look(
        diameter=(0.16, 0.28),
        elongation=(1.0, 1.2),
        irregularity=(0.0, 0.06),
        softness=(0.08, 0.18),
        depth=(0.75, 1.05),
        hue=CRIMSON,
        variegation=(0.05, 0.15),
        detail="glint",
    ),
    "lichen-planus": Look(
        diameter=(0.11, 0.16),
        count=(5, 9),
        elongation=(1.0, 1.3),
        irregularity=(0.10, 0.20),
        softness=(0.10, 0.25),
        depth=(0.42, 0.60),
        hue=VIOLET,
        variegation=(0.0, 0.1),
        cluster=(0.24, 0.29),
        detail="lace",
    ),
}

MIMICS: dict[str, str] = {
    "melanoma": "nevus",
    "nevus": "melanoma",
    "psoriasis": "tinea",
    "tinea": "psoriasis",
    "vitiligo": "urticaria",
    "acne": "lichen-planus",
    "lichen-planus": "acne",
    "basal-cell-carcinoma": "cherry-angioma",
    "cherry-angioma": "basal-cell-carcinoma",
    "seborrheic-keratosis": "melanoma",
    "eczema": "psoriasis",
    "urticaria": "eczema",
}
"""Which disease an atypical case of another looks half like."""

DISEASES: tuple[str, ...] = tuple(LOOKS)
"""The diseases in their fixed order: the first six are clearly distinct at 32 px."""

# individual typology angle in degrees, by Fitzpatrick type, as drawn (before illumination)
TYPOLOGY_ANGLE: dict[int, Range] = {
    1: (57.5, 66.0),
    2: (44.0, 52.5),
    3: (31.0, 38.5),
    4: (13.0, 25.0),
    5: (-24.0, 4.0),
    6: (-54.0, -36.0),
}


@dataclass(frozen=True)
class Site:
    """A made-up clinic: the gain of its lamp by channel, its fall-off to the corners, and its share of patients."""

    gain: tuple[float, float, float]
    vignette: float
    share: float


SITES: dict[str, Site] = {
    "north-clinic": Site((1.0, 1.0, 1.0), 0.05, 0.5),
    "harbour-hospital": Site((1.025, 0.995, 0.965), 0.10, 0.3),
    "hill-practice": Site((0.98, 1.0, 1.02), 0.02, 0.2),
}
