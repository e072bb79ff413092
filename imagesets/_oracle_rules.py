"""Written rules as data: what must hold for a class, criterion by criterion, and how they are applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, did_you_mean


@dataclass(frozen=True)
class Rule:
    """A rule in words, and the same as closed ranges of what the oracle measures."""

    words: str
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


RuleSet = Mapping[str, Mapping[str, Rule]]


def within(measurements: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]) -> NDArray[np.bool_]:
    """Return where every measurement lies in its range; what could not be measured does not."""
    held = np.ones(len(measurements), bool)
    for name, (low, high) in ranges.items():
        values = measurements[name].to_numpy(float)
        with np.errstate(invalid="ignore"):
            held &= (values >= low) & (values <= high)
    return held


def by_label(
    measurements: pd.DataFrame, labels: Sequence[object], rules: RuleSet, criterion: str
) -> NDArray[np.bool_]:
    """Return where the criterion of each row's class holds; rows that ask for no class (None) hold."""
    names = pd.Series(list(labels), dtype=object)
    held = names.isna().to_numpy(dtype=bool, copy=True)
    for name in names.dropna().unique():
        if name not in rules:
            raise UserError(
                f"the oracle has no rule for the class {name!r}",
                where="label",
                remedy=did_you_mean(str(name), rules),
            )
        rows = (names == name).to_numpy(dtype=bool)
        held[rows] = within(measurements.loc[rows], rules[str(name)][criterion].ranges)
    return held
