"""The preferences table: one row per event, rater and pair of images; rows are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ._event_table import EventTable, that_hold

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

_PAIR = ("rater", "image_a", "image_key_a", "image_b", "image_key_b", "repeat")


def latest_preferences(preferences: pd.DataFrame) -> pd.DataFrame:
    """Return the preferences that hold: the last event of each rater, pair and repeat, less what was taken back."""
    return that_hold(preferences, _PAIR)


def check_preferences(preferences: pd.DataFrame, *, where: object = "preferences") -> pd.DataFrame:
    """Return the table with every column in order; raise one ``UserError`` that names all faulty rows (10 shown)."""
    return PREFERENCES_TABLE.checked(preferences, where)


def tidy_preferences(preferences: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the types of the schema: whole numbers, seconds as decimals, the rest text."""
    return PREFERENCES_TABLE.tidy(preferences)


def _fault(row: Mapping[Any, Any]) -> str | None:
    if row["preferred"] not in ("a", "b", "equal"):
        return f"preferred must be a, b or equal, got {row['preferred']!r}"
    if not pd.isna(row["left"]) and row["left"] not in ("a", "b"):
        return f"left must be a or b, got {row['left']!r}"
    return None


PREFERENCES_TABLE = EventTable(
    word="preferences",
    columns=tuple(PREFERENCE_COLUMNS),
    needed=("event_id", "rater", "image_a", "image_key_a", "image_b", "image_key_b", "preferred"),
    whole=("criteria_version", "repeat", "withdrawn"),
    fault=_fault,
)
