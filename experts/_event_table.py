"""Tables of events, ratings and comparisons alike: their columns, their faults, their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..core import UserError

DEFAULTS: Mapping[str, Any] = {"criteria_version": 1, "repeat": 0, "withdrawn": 0}
_APART = ("study", "criteria", "criteria_version")
_SHOWN = 10


@dataclass(frozen=True)
class EventTable:
    """What a table of events holds: ``columns``, those that no row may leave empty (``needed``; ``given`` may be
    empty, but must be there), those of whole numbers, and ``fault``: what is wrong with a row, or None."""

    word: str
    columns: Sequence[str]
    needed: Sequence[str]
    whole: Sequence[str]
    fault: Callable[[Mapping[Any, Any]], str | None]
    given: Sequence[str] = ()

    def checked(self, table: pd.DataFrame, where: object) -> pd.DataFrame:
        """Return the table with every column in order; raise one ``UserError`` that names all faulty rows."""
        missing = [name for name in (*self.needed, *self.given) if name not in table.columns]
        if missing:
            raise UserError(f"the {self.word} lack the columns {', '.join(missing)}", where=where)
        strange = [str(name) for name in table.columns if name not in self.columns]
        if strange:
            raise UserError(
                f"unknown columns: {', '.join(strange)}", where=where, remedy="remove or rename them"
            )
        whole = table.reindex(columns=list(self.columns)).reset_index(drop=True)
        for name, value in DEFAULTS.items():
            whole[name] = [value if pd.isna(cell) else cell for cell in whole[name]]
        rows = whole.to_dict("records")
        faults = [f"row {i + 1}: {fault}" for i, row in enumerate(rows) if (fault := self._fault(row))]
        doubled = whole["event_id"][whole["event_id"].duplicated()].tolist()
        faults += [f"event_id {each!r} stands twice" for each in dict.fromkeys(doubled)]
        if faults:
            more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
            raise UserError(f"{len(faults)} faults: {'; '.join(faults[:_SHOWN])}{more}", where=where)
        return self.tidy(whole)

    def tidy(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table with the types of the schema: whole numbers, seconds as decimals, the rest text."""
        typed = table.copy()
        for name in self.whole:
            typed[name] = typed[name].astype("Int64")
        typed["seconds"] = pd.to_numeric(typed["seconds"]).astype("float64")
        for name in typed.columns.difference([*self.whole, "seconds"]):
            cells = [None if pd.isna(value) or value == "" else str(value) for value in typed[name]]
            typed[name] = pd.Series(cells, index=typed.index, dtype=object)
        return typed

    def _fault(self, row: Mapping[Any, Any]) -> str | None:
        empty = [name for name in self.needed if pd.isna(row[name]) or row[name] == ""]
        if empty:
            return f"{', '.join(empty)} missing"
        strange = [name for name, value in row.items() if isinstance(value, str) and not is_kept(value)]
        if strange:
            return f"{', '.join(map(str, strange))} has letters that cannot be kept"
        if fault := self.fault(row):
            return fault
        if row["withdrawn"] not in (0, 1):
            return f"withdrawn must be 0 or 1, got {row['withdrawn']!r}"
        if not pd.isna(row["seconds"]) and not is_duration(row["seconds"]):
            return f"seconds must be a number from 0, got {row['seconds']!r}"
        broken = [name for name in DEFAULTS if not is_whole(row[name])]
        return f"{broken[0]} must be a whole number, got {row[broken[0]]!r}" if broken else None


def that_hold(table: pd.DataFrame, of_one: Sequence[str]) -> pd.DataFrame:
    """Return the last event of each thing that was judged, less those that take an answer back.

    What is said or taken back in another study, or of other criteria, leaves an answer as it is. A table of an
    older version, without the column ``withdrawn``, has nothing taken back.
    """
    of_one = [name for name in (*of_one, *_APART) if name in table.columns]
    last = table.drop_duplicates(of_one, keep="last")
    return last[last["withdrawn"].fillna(0) == 0] if "withdrawn" in last.columns else last


def is_kept(text: str) -> bool:
    """Databases keep Unicode without the zero byte; half of a surrogate pair is none."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def is_whole(value: Any) -> bool:
    """Databases keep whole numbers from 0 to 2^31 - 1 as they are."""
    text = str(value).removesuffix(".0")
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**31


def is_duration(value: Any) -> bool:
    """Seconds are a number from 0, and not infinite."""
    try:
        return 0 <= float(value) < float("inf")
    except (TypeError, ValueError):
        return False
