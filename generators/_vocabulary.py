"""Condition columns as numbers: one vocabulary per column, with a null token for *not stated*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, did_you_mean
from ..imagesets import UNKNOWN, tone_group

NULL = 0
"""The token of a condition that is not stated: dropped in training, unknown, or not asked for."""


@dataclass(frozen=True)
class Vocabulary:
    """The values that each condition column takes; token 0 is null, token k is the k-th value."""

    values: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, table: pd.DataFrame, columns: Sequence[str]) -> Vocabulary:
        """Collect the values of ``columns`` in alphabetical order; ``skin_tone`` by its three groups."""
        values = {}
        for column in columns:
            if column not in table.columns:
                raise UserError(
                    f"the training images have no column {column!r} to condition on",
                    remedy=did_you_mean(column, map(str, table.columns)),
                )
            known = {value for value in column_values(table, column) if value != UNKNOWN}
            if not known:
                raise UserError(
                    f"the column {column!r} has no known value", remedy="condition on another column"
                )
            values[column] = tuple(sorted(known))
        return cls(values)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in the order in which they were asked for."""
        return tuple(self.values)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of tokens of each column, the null token counted."""
        return tuple(len(values) + 1 for values in self.values.values())

    def encode(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Return the (N, columns) tokens; a missing column or value is null, an unseen one is an error."""
        tokens = np.full((len(table), len(self.values)), NULL, np.int64)
        for k, (column, known) in enumerate(self.values.items()):
            if column not in table.columns:
                continue
            number = {value: i + 1 for i, value in enumerate(known)}
            number[UNKNOWN] = NULL
            for row, value in enumerate(column_values(table, column)):
                if value not in number:
                    raise UserError(
                        f"{column} {value!r} was not among the training images",
                        where=f"condition row {row}",
                        remedy=did_you_mean(value, known),
                    )
                tokens[row, k] = number[value]
        return tokens


def column_values(table: pd.DataFrame, column: str) -> list[str]:
    """Return a column as text: ``skin_tone`` as I-II, III-IV or V-VI, missing values as ``unknown``."""
    if column == "skin_tone":
        return [tone_group(value) for value in table[column]]
    return [_text(value) for value in table[column]]


def _text(value: Any) -> str:
    return UNKNOWN if pd.isna(value) else str(value)
