"""The rows of a record that one trained classifier gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..classifiers import Measure
from ..imagesets import UNKNOWN, too_small
from ._recipe_classifiers import classifier_name

MAIN = ("macro_auroc", "balanced_accuracy")
"""The metrics that stand with a reason where nothing could be measured."""
_FIELDS = ("stratum", "n_test", "metric", "value", "lo", "hi", "level", "reason", "detectable")


def measured_rows(found: Sequence[Measure], config: Mapping[str, Any], test_set: str) -> list[dict[str, Any]]:
    """The cell's long-form rows: every measure, overall, by stratum and by class."""
    fixed = fixed_part(config, test_set)
    return [{**fixed, **{name: _plain(getattr(row, name)) for name in _FIELDS}} for row in found]


def absent_rows(
    config: Mapping[str, Any], known: Mapping[str, Sequence[str]], strata: Mapping[str, NDArray[np.str_]]
) -> list[dict[str, Any]]:
    """Null rows for the values of a column that no test image has."""
    return [
        {**row, "stratum": f"{column}={value}"}
        for column, values in known.items()
        for value in sorted(set(values) - set(strata[column].tolist()) - {UNKNOWN})
        for row in null_rows(config, 0, too_small(value, 0, config["min_stratum"]) or "no test image")
    ]


def null_rows(
    config: Mapping[str, Any], n_test: int, reason: str, test_set: str | None = None
) -> list[dict[str, Any]]:
    """What stands for a cell that could not be trained, or a test set without an image."""
    fixed = fixed_part(config, test_set)
    return [{**fixed, "n_test": n_test, "metric": metric, "value": None, "reason": reason} for metric in MAIN]


def fixed_part(config: Mapping[str, Any], test_set: str | None = None) -> dict[str, Any]:
    """What all rows of a cell have in common."""
    return {
        "arm": config["arm"],
        "generator": config["generator"],
        "n_real_train": config["n_real"],
        "ratio": config["ratio"],
        "classifier": config.get("classifier") or classifier_name(config["model"]),
        "seed": config["seed"],
        "test_set": test_set or config.get("test_set", "test"),
        "open_set": config.get("open_set"),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
