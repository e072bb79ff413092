"""What a file adds to a store: the answers that are not there."""

from __future__ import annotations

import pandas as pd

from ..core import UserError
from ._ratings import RATING_COLUMNS, latest
from ._store import RatingStore

_SAME = (
    "rater",
    "image",
    "image_key",
    "criterion",
    "repeat",
    "answer",
    "plausible",
    "criteria",
    "criteria_version",
)


def fresh_rows(new: pd.DataFrame, rated: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose answer is not in the store: of the same moment, or where no time is told, as the last."""
    if not len(rated) or new["event_id"].isin(rated["event_id"]).all():
        return new
    known = _words(rated, timed=True) | _words(latest(rated), timed=False)
    timed, bare = _each(new, timed=True), _each(new, timed=False)
    has_time = new["time"].notna().to_numpy()
    named = new["event_id"].isin(rated["event_id"]).to_numpy()
    there = [
        not same_event and (a in known if moment else b in known)
        for a, b, moment, same_event in zip(timed, bare, has_time, named, strict=True)
    ]
    return new[[not each for each in there]]


def _words(table: pd.DataFrame, *, timed: bool) -> set[tuple[object, ...]]:
    return set(_each(table, timed=timed))


def _each(table: pd.DataFrame, *, timed: bool) -> list[tuple[object, ...]]:
    chosen = table[[*_SAME, "time"] if timed else list(_SAME)].astype(object)
    return list(chosen.where(chosen.notna(), None).itertuples(index=False, name=None))


def rated_there(store: RatingStore | str) -> pd.DataFrame:
    """Return what is there; a store that cannot be used is told when it is opened to be written."""
    if isinstance(store, RatingStore):
        return store.ratings()
    try:
        return RatingStore(store, create=False).ratings()
    except UserError:
        return pd.DataFrame(columns=list(RATING_COLUMNS))
