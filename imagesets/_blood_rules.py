"""The written rules of `phantom-blood`, as ranges of what the oracle measures.

Lengths are fractions of the frame's side, shares fractions of the cell's area; dyes are optical densities against
the smear's own background. Most ranges hold about
998 in 1000 typical cells of other seeds (32 to 128 px); a platelet's size is narrower.
"""

from __future__ import annotations

from ._oracle_rules import Rule, RuleSet

SMEAR = Rule(
    "one stained cell in the middle of a pale, even, focused smear with pink red cells",
    {
        "grain": (0.003, 0.0125),
        "ground": (-0.11, -0.015),
        "evenness": (0.0, 0.04),
        "seam": (0.0, 5.6),
        "straight_edge": (0.0, 4.3),
        "red_cells": (0.0, 0.5),
        "red_cell_pink": (0.0, 0.32),
        "sharpness": (0.7, 3.4),
        "off_centre": (0.0, 0.12),
        "cell_elongation": (1.0, 1.6),
    },
)

# lobes counted in the nucleus of a neutrophil whose subtype is asked for
SUBTYPE_RULES: dict[str, Rule] = {
    "segmented": Rule("two lobes or more on thin bridges", {"lobes": (1.5, 5.5)}),
    "band": Rule("one curved piece", {"lobes": (0.5, 1.5)}),
}

BLOOD_RULES: RuleSet = {
    "neutrophil": {
        "cell_size": Rule("medium to large", {"cell_diameter": (0.5, 0.64)}),
        "nucleus_shape": Rule(
            "a curved band, or lobes on thin bridges",
            {
                "nucleus_roundness": (0.15, 0.43),
                "nucleus_spread": (1.2, 3.7),
                "nucleus_elongation": (1.0, 2.1),
            },
        ),
        "nucleus_cytoplasm_ratio": Rule("a third of the cell or less", {"nucleus_share": (0.19, 0.42)}),
        "chromatin": Rule("dense", {"chromatin": (1.1, 2.0), "clumping": (0.055, 0.18)}),
        "cytoplasm_colour": Rule(
            "pale pink",
            {
                "cytoplasm_azure": (0.16, 0.28),
                "cytoplasm_eosin": (0.14, 0.25),
                "cytoplasm_orange": (-0.08, -0.04),
            },
        ),
        "granules": Rule("fine and pale", {"granularity": (0.05, 0.14)}),
    },
    "eosinophil": {
        "cell_size": Rule("medium to large", {"cell_diameter": (0.53, 0.68)}),
        "nucleus_shape": Rule(
            "two lobes",
            {
                "nucleus_roundness": (0.36, 0.64),
                "nucleus_spread": (1.2, 3.7),
                "nucleus_elongation": (1.9, 3.7),
            },
        ),
        "nucleus_cytoplasm_ratio": Rule("about a quarter of the cell", {"nucleus_share": (0.16, 0.39)}),
        "chromatin": Rule("dense", {"chromatin": (1.1, 2.0), "clumping": (0.055, 0.17)}),
        "cytoplasm_colour": Rule(
            "orange-pink",
            {
                "cytoplasm_azure": (0.12, 0.2),
                "cytoplasm_eosin": (0.32, 0.54),
                "cytoplasm_orange": (0.23, 0.41),
            },
        ),
        "granules": Rule("many, orange", {"granularity": (0.06, 0.12)}),
    },
    "basophil": {
        "cell_size": Rule("medium", {"cell_diameter": (0.46, 0.61)}),
        "nucleus_shape": Rule(
            "hidden below granules",
            {
                "nucleus_roundness": (0.12, 0.86),
                "nucleus_spread": (1.0, 1.9),
                "nucleus_elongation": (1.0, 1.5),
            },
        ),
        "nucleus_cytoplasm_ratio": Rule("blurred by granules", {"nucleus_share": (0.46, 0.74)}),
        "chromatin": Rule("hidden", {"chromatin": (1.5, 2.4), "clumping": (0.085, 0.18)}),
        "cytoplasm_colour": Rule(
            "lilac",
            {
                "cytoplasm_azure": (0.12, 0.72),
                "cytoplasm_eosin": (0.11, 0.37),
                "cytoplasm_orange": (-0.33, 0.14),
            },
        ),
        "granules": Rule("coarse, dark purple", {"cell_granularity": (0.18, 0.33)}),
    },
    "lymphocyte": {
        "cell_size": Rule("small", {"cell_diameter": (0.35, 0.49)}),
        "nucleus_shape": Rule(
            "round",
            {
                "nucleus_roundness": (0.57, 0.99),
                "nucleus_spread": (1.0, 1.1),
                "nucleus_elongation": (1.0, 1.3),
            },
        ),
        "nucleus_cytoplasm_ratio": Rule("most of the cell", {"nucleus_share": (0.53, 0.78)}),
        "chromatin": Rule("dense and even", {"chromatin": (1.4, 2.3), "clumping": (0.045, 0.15)}),
        "cytoplasm_colour": Rule(
            "a thin rim of clear blue",
            {
                "cytoplasm_azure": (0.22, 0.53),
                "cytoplasm_eosin": (-0.09, 0.08),
                "cytoplasm_orange": (-0.4, -0.11),
            },
        ),
        "granules": Rule("none", {"cell_granularity": (0.11, 0.25)}),
    },
    "monocyte": {
        "cell_size": Rule("the largest", {"cell_diameter": (0.6, 0.81)}),
        "nucleus_shape": Rule(
            "kidney-shaped",
            {
                "nucleus_roundness": (0.22, 0.61),
                "nucleus_spread": (1.0, 1.6),
                "nucleus_elongation": (1.2, 2.0),
            },
        ),
        "nucleus_cytoplasm_ratio": Rule("about half of the cell", {"nucleus_share": (0.31, 0.56)}),
        "chromatin": Rule("loose", {"chromatin": (1.0, 1.7), "clumping": (0.065, 0.17)}),
        "cytoplasm_colour": Rule(
            "grey-blue",
            {
                "cytoplasm_azure": (0.29, 0.51),
                "cytoplasm_eosin": (0.01, 0.06),
                "cytoplasm_orange": (-0.3, -0.17),
            },
        ),
        "granules": Rule("none or dust", {"granularity": (0.025, 0.075)}),
    },
    "immature-granulocyte": {
        "cell_size": Rule("large", {"cell_diameter": (0.55, 0.71)}),
        "nucleus_shape": Rule(
            "oval, unlobed",
            {
                "nucleus_roundness": (0.59, 0.93),
                "nucleus_spread": (1.0, 1.1),
                "nucleus_elongation": (1.0, 1.5),
            },
        ),
        "nucleus_cytoplasm_ratio": Rule("half of the cell or more", {"nucleus_share": (0.46, 0.67)}),
        "chromatin": Rule("loose to medium", {"chromatin": (1.2, 2.0), "clumping": (0.055, 0.15)}),
        "cytoplasm_colour": Rule(
            "lilac",
            {
                "cytoplasm_azure": (0.21, 0.48),
                "cytoplasm_eosin": (0.16, 0.31),
                "cytoplasm_orange": (-0.21, 0.045),
            },
        ),
        "granules": Rule("purple, some", {"granularity": (0.035, 0.26)}),
    },
    "erythroblast": {
        "cell_size": Rule("small", {"cell_diameter": (0.33, 0.47)}),
        "nucleus_shape": Rule(
            "round",
            {
                "nucleus_roundness": (0.72, 1.0),
                "nucleus_spread": (1.0, 1.1),
                "nucleus_elongation": (1.0, 1.3),
            },
        ),
        "nucleus_cytoplasm_ratio": Rule("about a third of the cell", {"nucleus_share": (0.23, 0.48)}),
        "chromatin": Rule("the densest", {"chromatin": (1.6, 2.7), "clumping": (0.03, 0.12)}),
        "cytoplasm_colour": Rule(
            "grey-pink",
            {
                "cytoplasm_azure": (0.15, 0.47),
                "cytoplasm_eosin": (0.08, 0.18),
                "cytoplasm_orange": (-0.13, 0.08),
            },
        ),
        "granules": Rule("none", {"granularity": (0.02, 0.21)}),
    },
    "platelet": {
        "cell_size": Rule("the smallest", {"cell_diameter": (0.14, 0.28)}),
        "nucleus_shape": Rule("no nucleus"),
        "nucleus_cytoplasm_ratio": Rule("no nucleus"),
        "chromatin": Rule(
            "purple granules stand for it",
            {"chromatin": (0.65, 1.9), "clumping": (0.005, 0.27)},
        ),
        "cytoplasm_colour": Rule(
            "purple-pink",
            {
                "cytoplasm_azure": (0.075, 0.45),
                "cytoplasm_eosin": (0.035, 0.22),
                "cytoplasm_orange": (-0.25, 0.13),
            },
        ),
        "granules": Rule("whatever fits"),
    },
}
