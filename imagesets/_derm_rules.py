"""The written clinical rules of `phantom-derm`, as ranges of what the oracle measures.

Lengths are fractions of the frame's side; colours are differences of logarithms from the patient's own skin, so
no rule knows a skin colour. Most ranges hold about 998 in
1000 typical cases of other seeds (32 to 128 px); a few are narrower, where a neighbouring class would pass.
"""

from __future__ import annotations

from ._oracle_rules import Rule, RuleSet

TEXTURE = Rule(
    "skin has its fine grain, even light and no seam",
    {"grain": (0.0085, 0.027), "evenness": (0.0, 0.045), "seam": (0.0, 9.0)},
)

# individual typology angle, degrees: the classes of Chardon et al. 1991 with a margin for the clinic's light
TONE_RANGES: dict[int, tuple[float, float]] = {
    1: (52.0, 75.0),
    2: (38.5, 57.0),
    3: (25.0, 44.0),
    4: (6.0, 31.5),
    5: (-31.5, 13.0),
    6: (-65.0, -28.0),
}
TONE_GROUP_RANGES: dict[str, tuple[float, float]] = {
    "I-II": (38.5, 75.0),
    "III-IV": (6.0, 44.0),
    "V-VI": (-65.0, 13.0),
}

DERM_RULES: RuleSet = {
    "melanoma": {
        "size": Rule(
            "large: about two fifths of the frame or more",
            {"diameter": (0.25, 0.73), "coverage": (0.05, 0.42)},
        ),
        "morphology": Rule(
            "asymmetric, uneven border, solid to the rim",
            {
                "elongation": (1.0, 2.7),
                "irregularity": (0.01, 0.41),
                "core_to_rim": (0.65, 1.7),
                "sharpness": (0.41, 0.81),
            },
        ),
        "colour": Rule(
            "dark brown to black, in many shades",
            {
                "depth": (0.59, 1.7),
                "redness": (0.03, 0.75),
                "violet": (-0.33, 0.08),
                "contrast_range": (0.16, 1.7),
            },
        ),
        "distribution": Rule(
            "one lesion, near the middle",
            {"count": (0.5, 1.5), "main_share": (0.96, 1.0), "off_centre": (0.0, 0.16)},
        ),
    },
    "psoriasis": {
        "size": Rule("large plaque", {"diameter": (0.23, 0.64), "coverage": (0.05, 0.32)}),
        "morphology": Rule(
            "oval plaque with a clear border",
            {
                "elongation": (1.0, 2.1),
                "irregularity": (0.0, 1.0),
                "core_to_rim": (0.38, 2.1),
                "sharpness": (0.41, 0.77),
            },
        ),
        "colour": Rule(
            "red ground under silvery scale",
            {
                "flush": (-0.17, 0.44),
                "pale_flecks": (0.07, 0.65),
                "contrast_range": (0.2, 1.1),
                "violet": (0.05, 0.16),
                "lightness": (40.0, 70.0),
            },
        ),
        "distribution": Rule(
            "one plaque, at most a satellite or two",
            {"count": (0.5, 3.5), "main_share": (0.48, 1.0), "off_centre": (0.0, 0.22)},
        ),
    },
    "vitiligo": {
        "size": Rule("medium to large patch", {"diameter": (0.19, 0.61), "coverage": (0.04, 0.29)}),
        "morphology": Rule(
            "map-like patch with a sharp border, even inside",
            {
                "elongation": (1.0, 2.6),
                "irregularity": (0.0, 0.52),
                "core_to_rim": (0.87, 2.0),
                "sharpness": (0.48, 0.88),
            },
        ),
        "colour": Rule(
            "ivory: far paler than any skin",
            {"lightness": (70.0, 92.0), "redness": (-0.32, -0.03), "contrast_range": (0.025, 0.19)},
        ),
        "distribution": Rule(
            "one main patch, at most two satellites",
            {"count": (0.5, 3.5), "main_share": (0.55, 1.0), "off_centre": (0.0, 0.19)},
        ),
    },
    "acne": {
        "size": Rule("small papules", {"spot_diameter": (0.095, 0.19), "coverage": (0.05, 0.22)}),
        "morphology": Rule("soft papules, some with a pale top", {"sharpness": (0.43, 1.7)}),
        "colour": Rule(
            "red",
            {
                "depth": (0.14, 0.57),
                "redness": (0.23, 0.58),
                "violet": (0.035, 0.15),
                "contrast_range": (0.065, 0.76),
            },
        ),
        "distribution": Rule(
            "five to twelve, scattered over the frame",
            {"count": (4.5, 12.5), "main_share": (0.1, 0.7), "spread": (0.17, 0.29)},
        ),
    },
    "nevus": {
        "size": Rule("small", {"diameter": (0.17, 0.34), "coverage": (0.02, 0.095)}),
        "morphology": Rule(
            "round, regular border, darkest in the middle",
            {
                "elongation": (1.0, 1.6),
                "irregularity": (0.0, 0.36),
                "core_to_rim": (1.0, 2.2),
                "sharpness": (0.27, 0.82),
            },
        ),
        "colour": Rule(
            "even mid-brown",
            {
                "depth": (0.38, 1.2),
                "redness": (0.2, 0.55),
                "violet": (-0.28, -0.1),
                "contrast_range": (0.035, 0.86),
            },
        ),
        "distribution": Rule(
            "one, near the middle",
            {"count": (0.5, 2.5), "main_share": (0.79, 1.0), "off_centre": (0.0, 0.065)},
        ),
    },
    "tinea": {
        "size": Rule("large ring", {"diameter": (0.27, 0.71), "coverage": (0.1, 0.39)}),
        "morphology": Rule(
            "ring with a clear middle and an active rim",
            {
                "elongation": (1.0, 2.6),
                "irregularity": (0.0, 1.4),
                "core_to_rim": (0.08, 1.1),
                "sharpness": (0.52, 0.83),
            },
        ),
        "colour": Rule(
            "dull red with fine pale scale",
            {
                "flush": (0.13, 0.38),
                "depth": (0.05, 0.38),
                "violet": (0.02, 0.07),
                "contrast_range": (0.13, 0.61),
            },
        ),
        "distribution": Rule(
            "one ring, near the middle",
            {"count": (0.5, 3.5), "main_share": (0.51, 1.0), "off_centre": (0.0, 0.18)},
        ),
    },
    "basal-cell-carcinoma": {
        "size": Rule("medium nodule", {"diameter": (0.16, 0.43), "coverage": (0.02, 0.14)}),
        "morphology": Rule(
            "round nodule with a much darker middle",
            {
                "elongation": (1.0, 1.8),
                "irregularity": (0.0, 0.45),
                "core_to_rim": (1.1, 5.0),
                "sharpness": (0.17, 0.66),
            },
        ),
        "colour": Rule(
            "pink rim, crimson middle",
            {"flush": (0.34, 0.84), "redness": (0.18, 0.75), "violet": (0.1, 0.3), "depth": (0.095, 0.69)},
        ),
        "distribution": Rule(
            "one, near the middle",
            {"count": (0.5, 4.5), "main_share": (0.55, 1.0), "off_centre": (0.0, 0.095)},
        ),
    },
    "seborrheic-keratosis": {
        "size": Rule("medium to large", {"diameter": (0.29, 0.55), "coverage": (0.065, 0.24)}),
        "morphology": Rule(
            "oval, sharply stuck on",
            {
                "elongation": (1.0, 2.0),
                "irregularity": (0.0, 0.47),
                "core_to_rim": (0.51, 1.7),
                "sharpness": (0.47, 0.79),
            },
        ),
        "colour": Rule(
            "tan to brown with dark and cream plugs",
            {
                "depth": (0.21, 0.85),
                "redness": (0.1, 0.38),
                "violet": (-0.2, -0.06),
                "pale_flecks": (0.045, 0.65),
                "dark_flecks": (0.075, 0.57),
            },
        ),
        "distribution": Rule(
            "one, near the middle",
            {"count": (0.5, 2.5), "main_share": (0.95, 1.0), "off_centre": (0.0, 0.08)},
        ),
    },
    "eczema": {
        "size": Rule("large", {"diameter": (0.35, 0.71), "coverage": (0.1, 0.4)}),
        "morphology": Rule(
            "ill-defined: soft border, strongest inside",
            {
                "elongation": (1.0, 2.3),
                "irregularity": (0.0, 0.27),
                "core_to_rim": (0.77, 1.8),
                "sharpness": (0.36, 0.68),
            },
        ),
        "colour": Rule(
            "red",
            {
                "depth": (0.16, 0.62),
                "redness": (0.2, 0.62),
                "violet": (0.045, 0.15),
                "contrast_range": (0.095, 0.51),
            },
        ),
        "distribution": Rule(
            "one area, near the middle",
            {"count": (0.5, 1.5), "main_share": (0.99, 1.0), "off_centre": (0.0, 0.14)},
        ),
    },
    "urticaria": {
        "size": Rule("medium wheals", {"spot_diameter": (0.14, 0.72), "coverage": (0.07, 0.41)}),
        "morphology": Rule(
            "sharp wheals, paler in the middle",
            {"sharpness": (0.59, 1.1), "core_to_rim": (0.43, 1.4)},
        ),
        "colour": Rule(
            "pale pink",
            {
                "depth": (0.065, 0.27),
                "redness": (0.12, 0.29),
                "violet": (0.055, 0.12),
                "contrast_range": (0.095, 0.35),
            },
        ),
        "distribution": Rule(
            "three to five, spread out",
            {"count": (1.5, 7.5), "main_share": (0.2, 1.0), "spread": (0.14, 0.29)},
        ),
    },
    "cherry-angioma": {
        "size": Rule("small", {"diameter": (0.16, 0.36), "coverage": (0.02, 0.11)}),
        "morphology": Rule(
            "round, smooth border",
            {
                "elongation": (1.0, 1.6),
                "irregularity": (0.0, 0.3),
                "core_to_rim": (0.88, 2.1),
                "sharpness": (0.27, 0.86),
            },
        ),
        "colour": Rule(
            "crimson",
            {
                "depth": (0.43, 1.3),
                "redness": (0.34, 1.1),
                "violet": (0.13, 0.34),
                "contrast_range": (0.025, 1.2),
            },
        ),
        "distribution": Rule(
            "one, near the middle",
            {"count": (0.5, 2.5), "main_share": (0.79, 1.0), "off_centre": (0.0, 0.085)},
        ),
    },
    "lichen-planus": {
        "size": Rule("small papules", {"spot_diameter": (0.09, 0.36), "coverage": (0.04, 0.21)}),
        "morphology": Rule("sharp polygonal papules", {"sharpness": (0.44, 0.95)}),
        "colour": Rule(
            "violet",
            {
                "depth": (0.21, 0.58),
                "redness": (0.02, 0.13),
                "violet": (0.19, 0.45),
                "contrast_range": (0.055, 0.61),
            },
        ),
        "distribution": Rule(
            "several, grouped",
            {"count": (1.5, 9.5), "main_share": (0.14, 0.92), "spread": (0.12, 0.22)},
        ),
    },
}
