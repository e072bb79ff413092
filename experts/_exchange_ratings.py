"""Ratings with one row per rater and image, one column per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..core import UserError, content_key, did_you_mean
from ._criteria import RESERVED, CriteriaSet
from ._exchange_cells import TRUTH, YES_NO, Cells
from ._ratings import RATING_COLUMNS, check_ratings, latest

ANSWER = "answer_"
"""Columns of questions begin with it, because a question may be called label or time."""

OF_IMAGE = (
    "image",
    "image_key",
    "imageset",
    "study",
    "origin",
    "label",
    "requested",
    "criteria",
    "criteria_version",
)
"""Columns that say what was judged, and by which criteria: the same for all raters of an image."""
_IDENTITY = ("rater", *OF_IMAGE, "repeat")
RATING_FORM: Mapping[str, str] = {
    "event": "name of the rating, where it was made on the rating page; else missing",
    **{name: RATING_COLUMNS[name] for name in _IDENTITY},
    "time": RATING_COLUMNS["time"],
    "seconds": RATING_COLUMNS["seconds"],
    "plausible": "the rater's verdict on the whole image: 1 plausible, 0 not",
    "realism": "1 to 5",
    "note": "any text",
}
"""Columns of the form ``ratings``; then one column ``answer_ID`` for each question."""


def ratings_form(events: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rater and image (and repeat, study and criteria version): what holds after `latest`.

    Columns: those of `RATING_FORM`, then ``answer_ID`` for each question. Where answers of several moments hold,
    verdict, time and seconds are the last ones.
    """
    held = latest(events).reset_index(drop=True)
    group = held.groupby(list(_IDENTITY), dropna=False, sort=False).ngroup().to_numpy()
    last = np.array([rows[-1] for rows in pd.Series(group).groupby(group).indices.values()], dtype=int)
    wide = held.loc[last, [*_IDENTITY, "time", "seconds", "plausible"]].reset_index(drop=True)
    wide.insert(0, "event", pd.Series(_events(held, group), dtype=object, index=wide.index))
    for name, column in [(name, name) for name in ("realism", "note")] + [
        (name, ANSWER + name) for name in _questions(held)
    ]:
        chosen = (held["criterion"] == name).to_numpy()
        cells: list[Any] = [None] * len(wide)
        for at, answer in zip(group[chosen], held["answer"][chosen], strict=True):
            cells[at] = answer
        wide[column] = pd.Series(cells, dtype=object, index=wide.index)
    wide["realism"] = pd.Series([None if x is None else int(x) for x in wide["realism"]], dtype="Int64")
    return wide


def from_ratings_form(
    table: pd.DataFrame,
    *,
    where: object = "ratings",
    rater: str | None = None,
    criteria: CriteriaSet | None = None,
    rows: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the ratings table (columns of ``RATING_COLUMNS``) of a table with one row per rater and image.

    ``rater`` fills in where the table names none; with ``criteria`` the columns may be called by the questions'
    ids alone. A rating without a name gets one from its content, so that a second import adds nothing.

    Raises ``UserError`` that names all faulty rows, unknown columns and unknown questions.
    """
    questions = _columns(table, criteria, where)
    cells = Cells(table, rows)
    base = _base(cells, rater, criteria)
    answers = {
        name: cells.words(column, YES_NO, "yes, no or cannot tell") for name, column in questions.items()
    }
    realism = cells.whole("realism", 1, 5)
    given = {
        **answers,
        "realism": [None if x is None else str(x) for x in realism],
        "note": cells.text("note"),
    }
    _check_answered(cells, base, given)
    if rows is None:
        _check_once(cells, base)
    cells.check(where)
    return check_ratings(_long(base, given), where=where)


def _events(held: pd.DataFrame, group: np.ndarray[Any, Any]) -> list[str | None]:
    """Return the rating's name for each group whose rows all carry it and that has its verdict as a row."""
    names: dict[int, set[str | None]] = {}
    verdict: set[int] = set()
    for at, event, criterion in zip(group, held["event_id"], held["criterion"], strict=True):
        mark = f":{criterion}"
        names.setdefault(at, set()).add(event.removesuffix(mark) if event.endswith(mark) else None)
        if criterion == "verdict":
            verdict.add(at)
    return [next(iter(names[at])) if len(names[at]) == 1 and at in verdict else None for at in sorted(names)]


def _questions(held: pd.DataFrame) -> list[str]:
    return [name for name in dict.fromkeys(held["criterion"]) if name not in RESERVED]


def _columns(table: pd.DataFrame, criteria: CriteriaSet | None, where: object) -> dict[str, str]:
    """Return the columns by question, and refuse what is neither a question nor a column of the form."""
    ids = criteria.ids if criteria is not None else ()
    names = [str(name) for name in table.columns]
    questions = {
        name.removeprefix(ANSWER): name for name in names if name.startswith(ANSWER) and name != ANSWER
    }
    questions |= {
        name: name for name in names if name in ids and name not in RATING_FORM and name not in questions
    }
    for name in RESERVED:
        questions.pop(name, None)
    strange = [name for name in names if name not in RATING_FORM and name not in questions.values()]
    if strange:
        hint = did_you_mean(strange[0], [*RATING_FORM, *ids])
        hint = hint if hint.startswith("did") else f"questions are called {ANSWER}ID, or give --criteria"
        raise UserError(f"unknown columns: {', '.join(map(repr, strange[:10]))}", where=where, remedy=hint)
    unknown = [name for name in questions if criteria is not None and name not in ids]
    if criteria is not None and unknown:
        raise UserError(
            f"{criteria.name} version {criteria.version} has no question {unknown[0]!r}",
            where=where,
            remedy=did_you_mean(unknown[0], ids),
        )
    return questions


def _base(cells: Cells, rater: str | None, criteria: CriteriaSet | None) -> pd.DataFrame:
    """Return what all rows of one rating share, checked."""
    if rater is not None:
        named = cells.text("rater")
        others = sorted({name for name in named if name is not None and name != rater})
        if others:
            cells.faults.append(
                f"the raters are named there already, such as {others[0]!r}: leave --rater out"
            )
        cells.table["rater"] = rater
    whole = {"criteria_version": cells.whole("criteria_version", 1), "repeat": cells.whole("repeat", 0)}
    base = {
        name: cells.text(name) for name in _IDENTITY if name not in ("rater", "image", "image_key", *whole)
    }
    base |= {name: cells.needed(name) for name in ("rater", "image", "image_key")}
    base["time"], base["event"] = cells.text("time"), cells.text("event")
    numbers: dict[str, list[Any]] = {
        "criteria_version": [1 if x is None else x for x in whole["criteria_version"]],
        "repeat": [0 if x is None else x for x in whole["repeat"]],
        "seconds": cells.seconds("seconds"),
        "plausible": cells.words("plausible", TRUTH, "0 or 1"),
    }
    if criteria is not None:
        other = {
            f"{name} version {version}"
            for name, version in zip(base["criteria"], numbers["criteria_version"], strict=True)
            if name is not None and (name, version) != (criteria.name, criteria.version)
        }
        if other:
            cells.faults.append(
                f"the answers are to {min(other)}, not to {criteria.name} version {criteria.version}"
            )
        base["criteria"] = [criteria.name] * len(cells.table)
        numbers["criteria_version"] = [criteria.version] * len(cells.table)
    return pd.DataFrame({**base, **numbers}, dtype=object)


def _check_answered(cells: Cells, base: pd.DataFrame, given: Mapping[str, Sequence[Any]]) -> None:
    for i, row in enumerate(cells.rows):
        if base["plausible"].iat[i] is None and all(answers[i] is None for answers in given.values()):
            cells.faults.append(f"{row}: nothing is answered")


def _check_once(cells: Cells, base: pd.DataFrame) -> None:
    """One row per rater and image: a second one of the same moment contradicts the first or repeats it."""
    names = ["rater", "image", "image_key", "repeat", "study", "criteria", "criteria_version", "time"]
    first: dict[tuple[Any, ...], str] = {}
    for row, key in zip(cells.rows, base[names].itertuples(index=False, name=None), strict=True):
        if key in first:
            cells.faults.append(f"{row}: rater {key[0]!r} rated image {key[1]!r} already in {first[key]}")
        first.setdefault(key, row)


def _long(base: pd.DataFrame, given: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return one row per answer; a rating of the page, and one without any answer, has its verdict as a row."""
    records = base.to_dict("records")
    answers = list(zip(*given.values(), strict=True))
    rows = []
    seen: set[str] = set()
    for record, cells in zip(records, answers, strict=True):
        named = record.pop("event")
        event = named or content_key(*record.values(), *cells)
        if event in seen and not named:
            continue
        seen.add(event)
        answered = [(name, cell) for name, cell in zip(given, cells, strict=True) if cell is not None]
        if record["plausible"] is not None and (named or not answered):
            answered.append(("verdict", "yes" if record["plausible"] else "no"))
        for criterion, answer in answered:
            rows.append(
                {**record, "event_id": f"{event}:{criterion}", "criterion": criterion, "answer": answer}
            )
    return pd.DataFrame(rows, columns=list(RATING_COLUMNS), dtype=object)
