"""The oracle of `phantom-blood`: its measurements against its written rules."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._blood_rules import BLOOD_RULES, SMEAR, SUBTYPE_RULES
from ._oracle import check_batch, verdicts
from ._oracle_blood_measures import measure_blood
from ._oracle_rules import by_label, within


class BloodOracle:
    """The oracle of `phantom-blood`; conditions have `label` and may have `subtype` (segmented or band)."""

    name: str = "phantom-blood"
    criteria: tuple[str, ...] = (
        "cell_size",
        "nucleus_shape",
        "nucleus_cytoplasm_ratio",
        "chromatin",
        "cytoplasm_colour",
        "granules",
        "smear",
    )
    refines: Mapping[str, tuple[str, tuple[str, ...]]] = {"subtype": ("nucleus_shape", tuple(SUBTYPE_RULES))}
    """Further columns that may be asked for: the criterion that answers for each, and its values."""

    def measure(self, images: NDArray[np.uint8]) -> pd.DataFrame:
        """Return `measure_blood`'s table."""
        check_batch(images)
        return measure_blood(images)

    def judge(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> pd.DataFrame:
        """Return which criteria hold for the requested cell type, and `plausible`, all of them."""
        check_batch(images, conditions)
        measured = measure_blood(images)
        labels = list(conditions["label"]) if "label" in conditions else [None] * len(images)
        held = {name: by_label(measured, labels, BLOOD_RULES, name) for name in self.criteria[:-1]}
        if "subtype" in conditions:
            held["nucleus_shape"] &= _subtype_holds(measured, conditions["subtype"])
        held["smear"] = within(measured, SMEAR.ranges)
        return verdicts(held)


def _subtype_holds(measured: pd.DataFrame, subtypes: pd.Series) -> NDArray[np.bool_]:
    """Return where the requested subtype's rule holds; other or missing subtypes ask for nothing."""
    held = np.ones(len(measured), bool)
    for name, rule in SUBTYPE_RULES.items():
        asked = (subtypes.astype(object) == name).to_numpy(dtype=bool)
        held[asked] = within(measured.loc[asked], rule.ranges)
    return held
