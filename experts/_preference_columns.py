"""The preferences table: one row per event, rater and pair of images; rows are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..core import UserError
from ._ratings import is_whole

PREFERENCE_COLUMNS: Mapping[str, str] = {
    "event_id": "unique name of the row; sending it again changes nothing",
    "time": "when it was answered, ISO 8601 in UTC",
    "rater": "who answered; simulated experts begin with 'simulated'",
    "study": "name of the study on the rating page",
    "imageset": "name of the image set, or both names where they differ",
    "label": "the class that was requested of both",
    "requested": "all that was requested of both and shown, as JSON",
    "image_a": "file name of the first image",
    "image_key_a": "content key of its pixels",
    "origin_a": "real, or the name of its generator",
    "image_b": "file name of the second image",
    "image_key_b": "content key of its pixels",
    "origin_b": "real, or the name of its generator",
    "preferred": "a, b or equal: which is more plausible",
    "criteria": "name of the criteria set",
    "criteria_version": "its version",
    "repeat": "0, or the number of the hidden repeat",
    "withdrawn": "0; 1 when the rater takes this answer back",
    "seconds": "time the rater took for the pair",
    "left": "a or b: which stood on the left",
}
"""Columns of a preferences table and their meaning, in order."""

_WHOLE = ("criteria_version", "repeat", "withdrawn")
_DEFAULTS: Mapping[str, Any] = {"criteria_version": 1, "repeat": 0, "withdrawn": 0}
_NEEDED = ("event_id", "rater", "image_a", "image_key_a", "image_b", "image_key_b", "preferred")
_PAIR = ["rater", "image_a", "image_key_a", "image_b", "image_key_b", "repeat"]
_SHOWN = 10


def latest_preferences(preferences: pd.DataFrame) -> pd.DataFrame:
    """Return the preferences that hold: the last event of each rater, pair and repeat, less what was taken back."""
    last = preferences.drop_duplicates(_PAIR, keep="last")
    return last[last["withdrawn"].fillna(0) == 0]


def check_preferences(preferences: pd.DataFrame, *, where: object = "preferences") -> pd.DataFrame:
    """Return the table with every column in order; raise one ``UserError`` that names all faulty rows (10 shown)."""
    missing = [name for name in _NEEDED if name not in preferences.columns]
    if missing:
        raise UserError(f"the preferences lack the columns {', '.join(missing)}", where=where)
    strange = [str(name) for name in preferences.columns if name not in PREFERENCE_COLUMNS]
    if strange:
        raise UserError(f"unknown columns: {', '.join(strange)}", where=where, remedy="remove or rename them")
    whole = preferences.reindex(columns=list(PREFERENCE_COLUMNS)).reset_index(drop=True)
    for name, value in _DEFAULTS.items():
        whole[name] = [value if pd.isna(cell) else cell for cell in whole[name]]
    rows = whole.to_dict("records")
    faults = [f"row {i + 1}: {fault}" for i, row in enumerate(rows) if (fault := _fault(row))]
    doubled = whole["event_id"][whole["event_id"].duplicated()].tolist()
    faults += [f"event_id {each!r} stands twice" for each in dict.fromkeys(doubled)]
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise UserError(f"{len(faults)} faults: {'; '.join(faults[:_SHOWN])}{more}", where=where)
    return tidy_preferences(whole)


def tidy_preferences(preferences: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the types of the schema: whole numbers, seconds as decimals, the rest text."""
    typed = preferences.copy()
    for name in _WHOLE:
        typed[name] = typed[name].astype("Int64")
    typed["seconds"] = pd.to_numeric(typed["seconds"]).astype("float64")
    for name in typed.columns.difference([*_WHOLE, "seconds"]):
        cells = [None if pd.isna(value) or value == "" else str(value) for value in typed[name]]
        typed[name] = pd.Series(cells, index=typed.index, dtype=object)
    return typed


def _fault(row: Mapping[Any, Any]) -> str | None:
    empty = [name for name in _NEEDED if pd.isna(row[name]) or row[name] == ""]
    if empty:
        return f"{', '.join(empty)} missing"
    if row["preferred"] not in ("a", "b", "equal"):
        return f"preferred must be a, b or equal, got {row['preferred']!r}"
    if not pd.isna(row["left"]) and row["left"] not in ("a", "b"):
        return f"left must be a or b, got {row['left']!r}"
    if row["withdrawn"] not in (0, 1):
        return f"withdrawn must be 0 or 1, got {row['withdrawn']!r}"
    if not pd.isna(row["seconds"]) and not _is_duration(row["seconds"]):
        return f"seconds must be a number from 0, got {row['seconds']!r}"
    whole = [name for name in _WHOLE if not is_whole(row[name])]
    return f"{whole[0]} must be a whole number, got {row[whole[0]]!r}" if whole else None


def _is_duration(value: Any) -> bool:
    try:
        return 0 <= float(value) < float("inf")
    except (TypeError, ValueError):
        return False
