"""The forms that a file of ratings may have."""

from __future__ import annotations

from collections.abc import Mapping

from ._ratings import RATING_COLUMNS

FORMS: Mapping[str, str] = {
    "events": "one row per rater, image and question, with what was taken back: everything",
    "ratings": "one row per rater and image, one column per question",
    "images": "one row per image, over all raters",
    "preferences": "pairs of a chosen and a rejected image, from comparisons and verdicts",
    "preference-events": "one row per rater and comparison: everything",
    "label-studio": "tasks with their annotations, as JSON",
}
"""Forms of a file, and what a row of it is."""

COLUMN_TYPES = {name: "text" for name in RATING_COLUMNS} | {
    "criteria_version": "integer",
    "plausible": "integer",
    "repeat": "integer",
    "seconds": "number",
    "withdrawn": "integer",
}
"""How the columns of a CSV of events are read."""
