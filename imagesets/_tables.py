"""Tables as CSV or Parquet, so that what was written is what is read."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core import UserError, write_text

TEXT_COLUMNS = frozenset(
    {"file_name", "label", "patient_id", "lesion_id", "split", "given_split", "source", "image_id"}
)
"""Columns that are names, and read as text even where all their cells are digits."""

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|-?inf")
_TRUTH = {"True": True, "False": False, "true": True, "false": False}


def read_table(
    path: str | Path, *, text: Collection[str] = (), types: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read a ``.csv`` (comma, UTF-8, header) or ``.parquet`` table.

    A CSV column is read by the type that ``types`` names (``text``, ``integer``, ``number``, ``truth``); else
    as text when it is one of ``text`` or of the name columns; else as the narrowest type that *all* its cells
    are written in (``007`` is text: a leading zero is no number). An empty cell is missing.

    Raises ``UserError`` with the line for a ragged row, and for text that is not UTF-8 or a broken Parquet
    file.
    """
    path = Path(path)
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    header, rows = _read_cells(path)
    wanted = dict(types or {})
    columns = {}
    for number, name in enumerate(header):
        kind = wanted.get(name) or ("text" if name in TEXT_COLUMNS or name in text else None)
        columns[name] = _typed([row[number] for row in rows], kind)
    return pd.DataFrame(columns, index=range(len(rows)))


def write_csv(table: pd.DataFrame, path: str | Path) -> None:
    """Write the table as CSV (UTF-8, missing cells empty, shortest exact decimals), atomically."""
    cells = [[_cell(value) for value in table[name].tolist()] for name in table.columns]
    lines = [map(str, table.columns), *zip(*cells, strict=True)]
    write_text(path, "".join(",".join(map(_quoted, line)) + "\n" for line in lines))


def column_types(table: pd.DataFrame) -> dict[str, str]:
    """Return the type of each column by the names that `read_table` takes."""
    return {str(name): _type_of(table[name]) for name in table.columns}


def wrong_marks(names: Collection[str]) -> str | None:
    """What to do about a table whose one column is a whole line, or None.

    >>> wrong_marks(["file_name;label"])
    'its cells are parted by semicolons: save it with commas'
    """
    only = next(iter(names)) if len(names) == 1 else ""
    found = [name for mark, name in ((";", "semicolons"), ("\t", "tabs")) if mark in only]
    return f"its cells are parted by {found[0]}: save it with commas" if found else None


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow

    try:
        return pd.read_parquet(path)
    except FileNotFoundError as error:
        raise UserError("the file does not exist", where=path) from error
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise UserError("not a readable Parquet table", where=path, remedy="write it again") from error


def _read_cells(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError("the file does not exist", where=path) from error
    except UnicodeDecodeError as error:
        raise UserError("the table is not UTF-8 text", where=path, remedy="save it as UTF-8 CSV") from error
    reader = csv.reader(io.StringIO(content, newline=""))
    rows, ragged = [], []
    header: list[str] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if not header:
                header = [cell.strip() for cell in cells]
            elif len(cells) != len(header):
                ragged.append(f"line {reader.line_num} has {len(cells)} cells")
            else:
                rows.append(cells)
    except csv.Error as error:
        raise UserError(f"line {reader.line_num} is not CSV: {error}", where=path) from error
    _check_header(path, header)
    if ragged:
        shown = "; ".join(ragged[:10]) + (f" and {len(ragged) - 10} more" if len(ragged) > 10 else "")
        raise UserError(
            f"the header has {len(header)} columns, but {shown}",
            where=path,
            remedy="quote cells that hold commas",
        )
    return header, rows


def _check_header(path: Path, header: list[str]) -> None:
    if not header:
        raise UserError("the table is empty", where=path)
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise UserError(f"the header names {', '.join(map(repr, doubled))} twice", where=path)


def _typed(cells: list[str], kind: str | None) -> pd.Series:
    filled = [cell for cell in cells if cell]
    if kind is None:
        kind = _narrowest(filled)
    gaps = len(filled) < len(cells)
    try:
        if kind == "truth":
            values: list[Any] = [_TRUTH[cell] if cell else None for cell in cells]
            return pd.Series(values, dtype="boolean" if gaps else "bool")
        if kind == "integer":
            return pd.Series(
                [int(cell) if cell else None for cell in cells], dtype="Int64" if gaps else "int64"
            )
        if kind == "number":
            return pd.Series([float(cell) if cell else math.nan for cell in cells], dtype="float64")
    except (KeyError, ValueError, OverflowError):
        pass
    text = pd.Series([cell or None for cell in cells], dtype=object)
    return text.astype("str") if not gaps else text


def _narrowest(filled: list[str]) -> str:
    if not filled:
        return "text"
    if all(cell in _TRUTH for cell in filled):
        return "truth"
    if all(_INTEGER.fullmatch(cell) for cell in filled):
        return "integer"
    return "number" if all(_NUMBER.fullmatch(cell) for cell in filled) else "text"


def _type_of(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "truth"
    if pd.api.types.is_integer_dtype(column):
        return "integer"
    return "number" if pd.api.types.is_float_dtype(column) else "text"


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)


def _quoted(cell: str) -> str:
    """Quote by RFC 4180; a lone carriage return too, which Python's writer leaves bare before 3.13."""
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell
