"""Which columns of a table are features: those that are numbered, or one that holds lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ..core import UserError

_NUMBERED = re.compile(r"f(0|[1-9]\d*)")
LISTS = "features"
"""A column (of Parquet) whose cells are whole feature vectors."""


def feature_columns(names: Iterable[str]) -> list[str]:
    """The columns that hold features, ``f0, f1, ...`` in the order of their numbers; an age beside them is none.

    >>> feature_columns(["file_name", "f1", "f0", "label"]), feature_columns(["label", "features"])
    (['f0', 'f1'], ['features'])
    """
    named = list(names)
    if LISTS in named:
        return [LISTS]
    numbered = [(int(found.group(1)), name) for name in named if (found := _NUMBERED.fullmatch(name))]
    return [name for _, name in sorted(numbered)]


def array_and_columns(table: pd.DataFrame, where: str) -> tuple[Any, dict[str, Any]]:
    """The (N, D) features of a table and its other columns; ``UserError`` where cells are missing or no numbers."""
    chosen = feature_columns(map(str, table.columns))
    others = {str(name): table[name] for name in table.columns if str(name) not in chosen}
    if chosen == [LISTS]:
        lengths = {np.size(cell) for cell in table[LISTS]}
        if len(lengths) > 1:
            raise UserError(f"the vectors of {LISTS!r} differ in length: {sorted(lengths)[:3]}", where=where)
        return np.array([np.asarray(cell, np.float64) for cell in table[LISTS]]), others
    if chosen != [f"f{i}" for i in range(len(chosen))]:
        raise UserError(
            "features stand in columns f0, f1, ... without a gap",
            where=where,
            remedy=f"there are {len(chosen)}, up to {chosen[-1]}",
        )
    for name in chosen:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise UserError(
                f"the column {name!r} holds cells that are no numbers", where=where, remedy="mend them"
            )
    return table[chosen].to_numpy(dtype=np.float64, na_value=np.nan), others
