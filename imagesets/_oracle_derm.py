"""The oracle of `phantom-derm`: its measurements against its written rules."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._derm_rules import DERM_RULES, TEXTURE, TONE_GROUP_RANGES, TONE_RANGES
from ._oracle import check_batch, verdicts
from ._oracle_derm_measures import measure_derm
from ._oracle_rules import by_label, within
from ._strata import fitzpatrick, tone_group


class DermOracle:
    """The oracle of `phantom-derm`; conditions have `label` and may have `skin_tone` (1..6 or a group)."""

    name: str = "phantom-derm"
    criteria: tuple[str, ...] = ("size", "morphology", "colour", "distribution", "texture", "tone")

    def measure(self, images: NDArray[np.uint8]) -> pd.DataFrame:
        """Return `measure_derm`'s table."""
        check_batch(images)
        return measure_derm(images)

    def judge(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> pd.DataFrame:
        """Return which criteria hold for the requested label and tone, and `plausible`, all of them."""
        check_batch(images, conditions)
        return judge_derm(measure_derm(images), conditions)


def judge_derm(measured: pd.DataFrame, conditions: pd.DataFrame) -> pd.DataFrame:
    """Judge a table of measurements against the requested labels and tones."""
    nothing = [None] * len(measured)
    labels = list(conditions["label"]) if "label" in conditions else nothing
    tones = list(conditions["skin_tone"]) if "skin_tone" in conditions else nothing
    held = {name: by_label(measured, labels, DERM_RULES, name) for name in DermOracle.criteria[:4]}
    held["texture"] = within(measured, TEXTURE.ranges)
    held["tone"] = np.array(
        [_tone_holds(angle, tone) for angle, tone in zip(measured["typology_angle"], tones, strict=True)],
        bool,
    )
    return verdicts(held)


def _tone_holds(angle: float, tone: object) -> bool:
    """Say whether a typology angle fits a requested type (1..6) or group; an unknown tone asks for nothing."""
    number = fitzpatrick(tone)
    if number is not None:
        low, high = TONE_RANGES[number]
    elif tone_group(tone) in TONE_GROUP_RANGES:
        low, high = TONE_GROUP_RANGES[tone_group(tone)]
    else:
        return True
    return bool(low <= angle <= high)
