"""Answers as agreement needs them: what counts of each rater, and the table of images by raters."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from ..core import UserError
from ._criteria_parts import questions_asked, refuse_mixed
from ._ratings import latest

VERDICT = "plausible"
"""The name under which the verdict on the whole image stands among the criteria."""
SCALED = "realism"
_NO_QUESTION = ("note", "verdict")
Matrix = list[list[object]]


def answer_table(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return what counts: each rater's last answer to each question, and his verdict as one more criterion.

    The columns of a ratings table; ``criterion`` is ``plausible`` for the verdict (``answer`` 1 or 0). Answers
    that were taken back, notes, and the row that carries the verdict alone are left out. Hidden repeats stay:
    ``repeat`` tells them.

    Raises ``UserError`` for answers to several criteria sets or versions: they are not of one kind.
    """
    last = latest(ratings)
    refuse_mixed(last)
    votes = last[last["plausible"].notna()]
    votes = votes.drop_duplicates(["rater", "image", "image_key", "repeat"], keep="last")
    votes = votes.assign(criterion=VERDICT, answer=votes["plausible"].astype("Int64").astype(str))
    given = last[~last["criterion"].isin(_NO_QUESTION) & last["answer"].notna()]
    table = pd.concat([votes, given], ignore_index=True)
    table["repeat"] = table["repeat"].fillna(0).astype(int)
    return table


def in_asked_order(answers: pd.DataFrame, questions: Sequence[str] = ()) -> list[str]:
    """The criteria of these answers: the verdict, the questions as their set has them, realism.

    The set's order is given, or known of a built-in set; what is in no known set stands by name.
    """
    place = {name: i for i, name in enumerate(questions or questions_asked(answers))}
    names = sorted(map(str, answers["criterion"].unique()))
    return sorted(names, key=lambda name: (name != VERDICT, name == SCALED, place.get(name, len(place))))


def first_showings(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers without hidden repeats, one of each rater, image and criterion."""
    first = answers[answers["repeat"] == 0]
    return first.drop_duplicates(["rater", "image_key", "criterion"], keep="last")


def repeat_pairs(answers: pd.DataFrame) -> pd.DataFrame:
    """Every rater's first answer and that at the first hidden repeat: ``rater, image_key, criterion, one,
    two``."""
    keys = ["rater", "image_key", "criterion"]
    again = answers[answers["repeat"] > 0].drop_duplicates([*keys, "repeat"], keep="last")
    again = again.sort_values("repeat", kind="stable").drop_duplicates(keys)
    first = first_showings(answers)[[*keys, "answer"]].rename(columns={"answer": "one"})
    return first.merge(again[[*keys, "answer"]].rename(columns={"answer": "two"}), on=keys)


def image_rows(part: pd.DataFrame) -> Matrix:
    """The answers to one criterion: a row for each image, an entry for each rater (None: not seen)."""
    wide = part.pivot(index="image_key", columns="rater", values="answer")
    return [[None if pd.isna(each) else each for each in row] for row in wide.to_numpy(dtype=object)]


def column_values(ratings: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of a ratings table, or what was requested under that name (text; missing: not told).

    Raises ``UserError`` for a name that is neither.
    """
    if name in ratings.columns:
        return ratings[name].map(lambda cell: None if pd.isna(cell) else str(cell)).astype(object)
    wishes = _requested(ratings)
    known = dict.fromkeys(key for wish in wishes for key in wish)
    if name not in known and len(ratings):
        raise UserError(
            f"the ratings have no column {name!r}",
            remedy=f"requested columns: {', '.join(known) or 'none'}; others: label, imageset, origin, rater",
        )
    cells = [None if wish.get(name) is None else str(wish[name]) for wish in wishes]
    return pd.Series(cells, index=ratings.index, dtype=object)


def requested_names(ratings: pd.DataFrame) -> list[str]:
    """The names of all that was requested of the rated images."""
    return list(dict.fromkeys(key for wish in _requested(ratings) for key in wish))


def columns_in(part: pd.DataFrame, by: Sequence[str], whole: pd.DataFrame) -> list[str]:
    """The columns ``by`` that a part of the ratings has; ``UserError`` for one that is nowhere in the whole."""
    for name in by:
        column_values(whole, name)
    known: Collection[str] = {*part.columns, *requested_names(part)}
    return [name for name in by if name in known]


def chosen_study(*tables: pd.DataFrame, study: str | None) -> list[pd.DataFrame]:
    """The tables (ratings, preferences) with the rows of one study, all rows when None.

    Raises ``UserError`` that names the studies there are when no table has any of it.
    """
    if study is None:
        return list(tables)
    names = [
        table["study"] if "study" in table.columns else pd.Series(None, table.index, dtype=object)
        for table in tables
    ]
    known = sorted({str(name) for column in names for name in column.dropna()})
    if study not in known:
        raise UserError(f"no ratings of a study {study!r}", remedy=f"known: {', '.join(known) or 'none'}")
    return [table[column == study] for table, column in zip(tables, names, strict=True)]


def _requested(ratings: pd.DataFrame) -> list[dict[str, Any]]:
    texts: Sequence[Any] = ratings["requested"].tolist() if "requested" in ratings.columns else []
    parsed = {text: _object(text) for text in {str(each) for each in texts if not pd.isna(each)}}
    return [parsed.get(str(text), {}) for text in texts] if len(texts) else [{}] * len(ratings)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
