"""Text that a spreadsheet would take for a formula, kept from being one in CSV files.

A rater's note such as ``=HYPERLINK(...)`` would be carried out where the file is opened. As OWASP's page on CSV
injection advises, an apostrophe is put before such a cell; reading takes it off again.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"'*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def guarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe before every text that a spreadsheet would calculate.

    >>> guarded(pd.DataFrame({"note": ["=1+1", "-2", "fine", "'=1"]}))["note"].tolist()
    ["'=1+1", '-2', 'fine', "''=1"]
    """
    return _by_cell(table, lambda cell: "'" + cell if _is_formula(cell) else cell)


def unguarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it was before `guarded`.

    >>> unguarded(pd.DataFrame({"note": ["'=1+1", "-2", "'tis fine", "''=1"]}))["note"].tolist()
    ['=1+1', '-2', "'tis fine", "'=1"]
    """
    return _by_cell(table, lambda cell: cell[1:] if cell[:1] == "'" and _is_formula(cell) else cell)


def _is_formula(cell: str) -> bool:
    return bool(_FORMULA.match(cell)) and not _NUMBER.fullmatch(cell)


def _by_cell(table: pd.DataFrame, change: Any) -> pd.DataFrame:
    """The table with its texts changed; every other cell, and every column without text, stays as it is."""
    changed = {}
    for name in table.columns:
        cells = table[name].tolist()
        new = [change(cell) if isinstance(cell, str) else cell for cell in cells]
        if any(a is not b for a, b in zip(cells, new, strict=True)):
            changed[name] = pd.Series(new, index=table.index, dtype=table[name].dtype)
    return table.assign(**changed) if changed else table
