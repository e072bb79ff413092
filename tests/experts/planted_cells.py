"""Drawn discs whose attributes are planted: width (small, big) and hue (red, blue), with rules for two kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synmedbench.experts import AttributeRules
from synmedbench.imagesets import ImageSet

RULES = AttributeRules.model_validate(
    {
        "name": "discs",
        "version": 1,
        "title": "drawn discs",
        "criteria": "blood",
        "sources": ["made up"],
        "attributes": {
            "width": {"criterion": "cell_size", "kappa": 0.64, "values": ["small", "big"]},
            "hue": {"criterion": "cytoplasm_colour", "kappa": 0.81, "values": ["red", "blue"]},
            "mood": {"criterion": "chromatin", "kappa": 0.9, "values": ["calm", "wild"]},
        },
        "classes": {
            "oak": {"width": ["big"], "hue": ["red"], "mood": ["calm"]},
            "elm": {"width": ["small"], "hue": ["red"]},
            "ash": {"hue": ["blue"], "mood": ["wild"]},
        },
        "class_only": {"moss": "nobody looked"},
    }
)
LOOKS = {"oak": ("big", "red"), "elm": ("small", "red"), "ash": ("big", "blue"), "moss": ("small", "green")}


def discs(n: int = 320, side: int = 24, seed: int = 0, attributes: bool = True) -> ImageSet:
    """``mood`` is a coin's: nothing in the pixels tells it. ``moss`` bears no attributes."""
    dice = np.random.default_rng(seed)
    labels = [list(LOOKS)[i % 4] for i in range(n)]
    pixels = np.stack([_disc(*LOOKS[label], side, dice) for label in labels])
    table = pd.DataFrame({"label": labels})
    if attributes:
        typed = [label != "moss" for label in labels]
        table["width"] = [
            LOOKS[each][0] if known else None for each, known in zip(labels, typed, strict=True)
        ]
        table["hue"] = [LOOKS[each][1] if known else None for each, known in zip(labels, typed, strict=True)]
        table["mood"] = [str(dice.choice(["calm", "wild"])) if known else None for known in typed]
    return ImageSet.from_arrays(pixels, table)


def _disc(width: str, hue: str, side: int, dice: np.random.Generator) -> NDArray[np.uint8]:
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    radius = side * ((0.36 if width == "big" else 0.2) + dice.uniform(-0.02, 0.02))
    inside = np.hypot(y - dice.normal(0, 0.5), x - dice.normal(0, 0.5)) < radius
    image = np.full((side, side, 3), 220.0) + dice.normal(0, 2, 3)
    colour = {"red": (170, 60, 90), "blue": (70, 60, 170), "green": (60, 160, 70)}[hue]
    image[inside] = np.array(colour) + dice.normal(0, 6, 3)
    return (image + dice.normal(0, 4, image.shape)).clip(0, 255).astype(np.uint8)
