"""Cells that the tables of the ratings page share."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ._blocks import Cell
from ._names import clean, column_name
from ._numbers import bracket, number, p_value, signed

Row = dict[Any, Any]


def value_of(row: Row, name: str, *, sign: bool = False) -> Cell:
    """``value [lo, hi]``, or a dash with the reason."""
    if pd.isna(row[name]):
        return Cell("–", clean(row["reason"]) if pd.notna(row.get("reason")) else "", None, "null")
    text = signed(row[name], 3) if sign else number(row[name], 3)
    return Cell(f"{text} {bracket(row['lo'], row['hi'], 3)}", "", row[name])


def count_of(n: int) -> Cell:
    """A whole number."""
    return Cell(f"{int(n):,}", "", int(n))


def p_small(p: float) -> str:
    """A p-value in words; nothing where there is none."""
    return p_value(p) if pd.notna(p) else ""


def group_of(row: Row) -> str:
    """The group of a row in words."""
    return "all" if row["column"] == "all" else f"{column_name(row['column'])} {row['group']}"


def criterion_of(name: str) -> str:
    """A criterion in words."""
    return "verdict" if name == "plausible" else clean(name).replace("_", " ")
