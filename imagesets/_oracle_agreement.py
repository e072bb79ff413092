"""How well the oracles' measurements agree with what the phantoms drew."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ..core import UserError, did_you_mean
from ._imageset import ImageSet
from ._oracle import open_oracle
from ._phantom_blood import phantom_blood
from ._phantom_derm import phantom_derm

# drawn parameter, measurement, which images, whether both are in the same unit
_DERM_PAIRS = (
    ("typology_angle", "typology_angle", "all", True),
    ("count", "count", "all", True),
    ("diameter", "diameter", "one lesion", True),
    ("elongation", "elongation", "one lesion", True),
    ("irregularity", "irregularity", "one lesion", False),
    ("depth", "depth", "nevus, cherry-angioma, eczema, acne", True),
    ("variegation", "contrast_range", "one lesion, pigment alone", False),
    ("clearing", "core_to_rim", "tinea, urticaria", False),
    ("pallor", "lightness", "vitiligo", False),
)
_BLOOD_PAIRS = (
    ("diameter", "cell_diameter", "all", True),
    ("elongation", "cell_elongation", "all", True),
    ("nucleus", "nucleus_share", "all but platelets and basophils", True),
    ("lobes", "lobes", "all but platelets and basophils", True),
    ("chromatin", "chromatin", "all but platelets and basophils", False),
    ("granules", "granularity", "neutrophil, eosinophil, immature-granulocyte, monocyte", False),
)


def oracle_agreement(name: str, n: int = 1200, seed: int = 0) -> pd.DataFrame:
    """Compare what a phantom drew with what its oracle measures, on ``n`` images of 32 px.

    Returns one row per parameter: ``drawn``, ``measured``, ``images`` (which), ``n``, ``rank_correlation``
    (Spearman) and, where both have one unit, ``mean_absolute_error`` and ``bias``. Raises ``UserError`` for a name
    that is no phantom.

    Example
    -------
    >>> bool(oracle_agreement("phantom-blood", n=64)["rank_correlation"].iloc[0] > 0.9)
    True
    """
    makers: dict[str, tuple[Callable[..., ImageSet], tuple[tuple[str, str, str, bool], ...]]] = {
        "phantom-derm": (phantom_derm, _DERM_PAIRS),
        "phantom-blood": (phantom_blood, _BLOOD_PAIRS),
    }
    if name not in makers:
        raise UserError(f"no phantom is called {name!r}", remedy=did_you_mean(name, makers))
    maker, pairs = makers[name]
    images = maker(n=n, seed=seed)
    measured = open_oracle(name).measure(images.images())
    rows = [_compare(images, measured, drawn, column, which, same) for drawn, column, which, same in pairs]
    return pd.DataFrame(rows)


def _compare(
    images: ImageSet, measured: pd.DataFrame, drawn: str, column: str, which: str, same_unit: bool
) -> dict[str, object]:
    chosen = _chosen(images.table, which) & measured[column].notna()
    true, seen = images.table.loc[chosen, f"true_{drawn}"].astype(float), measured.loc[chosen, column]
    gap = (seen - true) if same_unit else (seen - true) * float("nan")
    return {
        "drawn": drawn,
        "measured": column,
        "images": which,
        "n": int(chosen.sum()),
        "rank_correlation": float(true.rank().corr(seen.rank())),
        "mean_absolute_error": float(gap.abs().mean()),
        "bias": float(gap.mean()),
    }


def _chosen(table: pd.DataFrame, which: str) -> pd.Series:
    """Return the rows that a description such as `one lesion` or a list of labels stands for."""
    label = table["label"].astype(str)
    if which == "all":
        return label.notna()
    if which == "all but platelets and basophils":
        return ~label.isin(["platelet", "basophil"])
    if which.startswith("one lesion"):
        alone = table["true_count"] == 1
        pigment = label.isin(["melanoma", "nevus", "cherry-angioma", "eczema"])
        return alone & pigment if which.endswith("pigment alone") else alone
    return label.isin(which.split(", "))
