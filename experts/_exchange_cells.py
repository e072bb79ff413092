"""Cells of a foreign table, read by what they must be; all faulty ones are named at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..core import UserError
from ._count_words import counted

_SHOWN = 10
_LARGEST = 2**31 - 1
YES_NO: Mapping[str, str] = {
    "yes": "yes",
    "no": "no",
    "cannot tell": "cannot tell",
    "cannot_tell": "cannot tell",
}
TRUTH: Mapping[str, int] = {
    **dict.fromkeys(("1", "true", "yes", "plausible"), 1),
    **dict.fromkeys(("0", "false", "no", "implausible"), 0),
}


class Cells:
    """The cells of a table: text, numbers or nothing, whatever type its file gave them.

    ``rows`` names the rows in faults, such as ``row 3`` or ``task 12, annotation 1``.
    """

    def __init__(self, table: pd.DataFrame, rows: Sequence[str] | None = None) -> None:
        self.table = table.reset_index(drop=True)
        self.rows = list(rows) if rows is not None else [f"row {i + 1}" for i in range(len(table))]
        self.faults: list[str] = []

    def text(self, name: str) -> list[str | None]:
        """Return a column as text; empty cells, and a column that is not there, are None."""
        if name not in self.table.columns:
            return [None] * len(self.table)
        return [_as_text(cell) for cell in self.table[name].tolist()]

    def words(self, name: str, known: Mapping[str, Any], asked: str) -> list[Any]:
        """Return what the words of a column stand for, by small letters."""
        found = []
        for row, cell in zip(self.rows, self.text(name), strict=True):
            meant = known.get(_plain(cell)) if cell is not None else None
            if cell is not None and meant is None:
                self.faults.append(f"{row}: {name} must be {asked}, got {_shown(cell)}")
            found.append(meant)
        return found

    def whole(self, name: str, low: int, high: int = _LARGEST) -> list[int | None]:
        """Return a column of whole numbers within the bounds."""
        found: list[int | None] = []
        for row, cell in zip(self.rows, self.text(name), strict=True):
            number = _number(cell)
            if cell is not None and (
                number is None or number != math.floor(number) or not low <= number <= high
            ):
                span = f"from {low} to {high}" if high < _LARGEST else f"from {low}"
                self.faults.append(f"{row}: {name} must be a whole number {span}, got {_shown(cell)}")
                number = None
            found.append(None if number is None else int(number))
        return found

    def seconds(self, name: str) -> list[float | None]:
        """Return a column of durations."""
        found = []
        for row, cell in zip(self.rows, self.text(name), strict=True):
            number = _number(cell)
            if cell is not None and (number is None or number < 0):
                self.faults.append(f"{row}: {name} must be a number from 0, got {_shown(cell)}")
                number = None
            found.append(number)
        return found

    def needed(self, name: str) -> list[str | None]:
        """Return a column of text that has no empty cell."""
        cells = self.text(name)
        self.faults += [
            f"{row}: {name} missing" for row, cell in zip(self.rows, cells, strict=True) if cell is None
        ]
        return cells

    def check(self, where: object) -> None:
        """Raise one ``UserError`` that names the faults so far, ten of them with their rows."""
        if self.faults:
            shown = "; ".join(self.faults[:_SHOWN])
            more = f"; and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
            raise UserError(f"{counted(len(self.faults), 'fault')}: {shown}{more}", where=where)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as mappings, missing cells as None."""
    plain = table.astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return [{str(name): cell for name, cell in row.items()} for row in rows]


def _as_text(cell: Any) -> str | None:
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace") or None
    return str(cell) or None


def _plain(cell: str) -> str:
    return " ".join(cell.lower().split())


def _number(cell: str | None) -> float | None:
    """Python's own readings that no table means are none: underscores, infinities, NaN."""
    if cell is None or "_" in cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _shown(cell: str) -> str:
    return repr(cell) if len(cell) <= 40 else repr(cell[:37] + "...")
