"""The ratings table: one row per event, rater, image and criterion; rows are added, never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..core import content_key
from ._event_table import EventTable, that_hold

ANSWERS = ("yes", "no", "cannot tell")

RATING_COLUMNS: Mapping[str, str] = {
    "event_id": "unique name of the row; sending it again changes nothing",
    "time": "when it was answered, ISO 8601 in UTC; missing for simulated experts",
    "rater": "who answered; simulated experts begin with 'simulated'",
    "image": "file name of the image in its set",
    "image_key": "content key of the image's pixels",
    "imageset": "name of the image set",
    "label": "the class that was requested",
    "requested": "all that was requested, as JSON",
    "criterion": "id of the question; or realism, or note",
    "answer": "yes, no or cannot tell; realism 1 to 5; note any text",
    "criteria": "name of the criteria set",
    "criteria_version": "its version",
    "plausible": "the rater's verdict on the whole image: 1 plausible, 0 not; the same in all rows of a rating",
    "repeat": "0, or the number of the hidden repeat for agreement of a rater with himself",
    "seconds": "time the rater took for the image; missing for simulated experts",
    "study": "name of the study on the rating page; missing for simulated experts",
    "origin": "real, or the name of the generator; never told to a rater; missing when unknown",
    "withdrawn": "0; 1 when the rater takes this answer back",
}
"""Columns of a ratings table and their meaning, in order."""


def make_ratings(
    answers: pd.DataFrame,
    plausible: Sequence[int],
    *,
    rater: str,
    images: Sequence[str],
    image_keys: Sequence[str],
    imageset: str,
    requested: pd.DataFrame,
    criteria: str,
    criteria_version: int,
    seed: int,
) -> pd.DataFrame:
    """Return the ratings table of one rater: from one answer per image (row) and criterion (column).

    Event ids are made from what was rated and answered, so that two equal calls give equal tables.
    """
    wishes = [as_json(row) for row in requested.to_dict("records")]
    labels = requested["label"].tolist() if "label" in requested.columns else [None] * len(images)
    rows = []
    for i, image in enumerate(images):
        for criterion in answers.columns:
            answer = str(answers[criterion].iloc[i])
            made_from = (rater, seed, imageset, image, image_keys[i], wishes[i], criterion, answer)
            rows.append(
                {
                    "event_id": content_key(*made_from),
                    "time": None,
                    "rater": rater,
                    "image": image,
                    "image_key": image_keys[i],
                    "imageset": imageset,
                    "label": None if pd.isna(labels[i]) else str(labels[i]),
                    "requested": wishes[i],
                    "criterion": criterion,
                    "answer": answer,
                    "criteria": criteria,
                    "criteria_version": criteria_version,
                    "plausible": int(plausible[i]),
                    "repeat": 0,
                    "seconds": None,
                    "study": None,
                    "origin": None,
                    "withdrawn": 0,
                }
            )
    return tidy(pd.DataFrame(rows, columns=list(RATING_COLUMNS)))


def check_ratings(ratings: pd.DataFrame, *, where: object = "ratings") -> pd.DataFrame:
    """Return the table with every column in order; raise one ``UserError`` that names all faulty rows (10
    shown)."""
    return RATINGS_TABLE.checked(ratings, where)


def tidy(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the types of the schema: whole numbers, seconds as decimals, the rest text."""
    return RATINGS_TABLE.tidy(ratings)


def latest(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the answers that hold: the last event of each rater, image, criterion and repeat in a study, less
    those whose last event takes the answer back. Every reader of ratings begins here."""
    return that_hold(ratings, ("rater", "image", "image_key", "criterion", "repeat"))


def _fault(row: Mapping[Any, Any]) -> str | None:
    if row["criterion"] == "realism" and str(row["answer"]) not in tuple("12345"):
        return f"realism must be 1 to 5, got {row['answer']!r}"
    if row["criterion"] not in ("realism", "note") and row["answer"] not in ANSWERS:
        return f"answer must be one of {', '.join(ANSWERS)}, got {row['answer']!r}"
    if not pd.isna(row["plausible"]) and row["plausible"] not in (0, 1):
        return f"plausible must be 0 or 1, got {row['plausible']!r}"
    return None


RATINGS_TABLE = EventTable(
    word="ratings",
    columns=tuple(RATING_COLUMNS),
    needed=("event_id", "rater", "image", "image_key", "criterion", "answer"),
    whole=("criteria_version", "plausible", "repeat", "withdrawn"),
    fault=_fault,
    given=("plausible",),
)


def as_json(row: Mapping[Any, Any]) -> str:
    """Return what was requested as JSON: the cells that are not missing, by column."""
    kept = {str(name): plain(value) for name, value in row.items() if not pd.isna(value)}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)


def plain(value: Any) -> Any:
    """Return a cell as Python has it: NumPy's numbers are no JSON."""
    return value.item() if hasattr(value, "item") else value
