"""The ratings table: one row per event, rater, image and criterion; rows are added, never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..core import UserError, content_key

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

_NEEDED = ("event_id", "rater", "image", "image_key", "criterion", "answer", "plausible")
_DEFAULTS: Mapping[str, Any] = {"criteria_version": 1, "repeat": 0, "withdrawn": 0}
_WHOLE = ("criteria_version", "plausible", "repeat", "withdrawn")
_SHOWN = 10


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
    missing = [name for name in _NEEDED if name not in ratings.columns]
    if missing:
        raise UserError(f"the ratings lack the columns {', '.join(missing)}", where=where)
    strange = [str(name) for name in ratings.columns if name not in RATING_COLUMNS]
    if strange:
        raise UserError(f"unknown columns: {', '.join(strange)}", where=where, remedy="remove or rename them")
    whole = ratings.reindex(columns=list(RATING_COLUMNS)).reset_index(drop=True)
    for name, value in _DEFAULTS.items():
        whole[name] = [value if pd.isna(cell) else cell for cell in whole[name]]
    faults = [
        f"row {i + 1}: {fault}" for i, row in enumerate(whole.to_dict("records")) if (fault := _fault(row))
    ]
    doubled = whole["event_id"][whole["event_id"].duplicated()].tolist()
    faults += [f"event_id {each!r} stands twice" for each in dict.fromkeys(doubled)]
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise UserError(f"{len(faults)} faults: {'; '.join(faults[:_SHOWN])}{more}", where=where)
    return tidy(whole)


def tidy(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the types of the schema: whole numbers, seconds as decimals, the rest text."""
    typed = ratings.copy()
    for name in _WHOLE:
        typed[name] = typed[name].astype("Int64")
    typed["seconds"] = pd.to_numeric(typed["seconds"]).astype("float64")
    for name in typed.columns.difference([*_WHOLE, "seconds"]):
        cells = [None if pd.isna(value) or value == "" else str(value) for value in typed[name]]
        typed[name] = pd.Series(cells, index=typed.index, dtype=object)
    return typed


def latest(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the answers that hold: the last event of each rater, image, criterion and repeat, less those
    whose last event takes the answer back.

    Every reader of ratings begins here. Later rows supersede earlier ones; a table of an older version, without
    the column ``withdrawn``, has nothing taken back.
    """
    last = ratings.drop_duplicates(["rater", "image", "image_key", "criterion", "repeat"], keep="last")
    return last[last["withdrawn"].fillna(0) == 0] if "withdrawn" in last.columns else last


def _fault(row: Mapping[Any, Any]) -> str | None:
    empty = [name for name in _NEEDED if name != "plausible" and (pd.isna(row[name]) or row[name] == "")]
    if empty:
        return f"{', '.join(empty)} missing"
    strange = [name for name, value in row.items() if isinstance(value, str) and not _is_kept(value)]
    if strange:
        return f"{', '.join(map(str, strange))} has letters that cannot be kept"
    if row["criterion"] == "realism" and str(row["answer"]) not in tuple("12345"):
        return f"realism must be 1 to 5, got {row['answer']!r}"
    if row["criterion"] not in ("realism", "note") and row["answer"] not in ANSWERS:
        return f"answer must be one of {', '.join(ANSWERS)}, got {row['answer']!r}"
    if not pd.isna(row["plausible"]) and row["plausible"] not in (0, 1):
        return f"plausible must be 0 or 1, got {row['plausible']!r}"
    if row["withdrawn"] not in (0, 1):
        return f"withdrawn must be 0 or 1, got {row['withdrawn']!r}"
    if not pd.isna(row["seconds"]) and not _is_duration(row["seconds"]):
        return f"seconds must be a number from 0, got {row['seconds']!r}"
    whole = [name for name in _DEFAULTS if not is_whole(row[name])]
    return f"{whole[0]} must be a whole number, got {row[whole[0]]!r}" if whole else None


def _is_kept(text: str) -> bool:
    """Databases keep Unicode without the zero byte; half of a surrogate pair is none."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def is_whole(value: Any) -> bool:
    """Databases keep whole numbers from 0 to 2^31 - 1 as they are."""
    text = str(value).removesuffix(".0")
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**31


def _is_duration(value: Any) -> bool:
    try:
        return 0 <= float(value) < float("inf")
    except (TypeError, ValueError):
        return False


def as_json(row: Mapping[Any, Any]) -> str:
    """Return what was requested as JSON: the cells that are not missing, by column."""
    kept = {str(name): _plain(value) for name, value in row.items() if not pd.isna(value)}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
