"""Ratings by the criteria that they answer: one set and version at a time, for answers to several are not mixed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from ..core import UserError
from ._criteria import CriteriaSet, list_criteria, load_criteria
from ._criteria_versions import by_version
from ._preference_columns import latest_preferences
from ._ratings import latest

Key = tuple[str, int]
_UNNAMED = "unnamed"


@dataclass(frozen=True)
class CriteriaPart:
    """Ratings and preferences that answer one version of one criteria set, with its questions in order.

    ``questions`` is empty where the set is not known; an empty ``criteria`` is a set that was not named.
    """

    criteria: str
    version: int
    ratings: pd.DataFrame
    preferences: pd.DataFrame
    questions: tuple[str, ...]

    @property
    def spec(self) -> str:
        """``skin:2``, as it is chosen."""
        return _spec((self.criteria, self.version))


def criteria_parts(
    ratings: pd.DataFrame, preferences: pd.DataFrame | None = None, sets: Iterable[CriteriaSet] = ()
) -> list[CriteriaPart]:
    """Return the ratings and preferences of each criteria set and version, sorted by both; one or more parts.

    ``sets`` are those that a store's studies keep; questions of built-in sets are known without them.

    >>> rows = {"rater": "a", "image": "x", "image_key": "k", "criterion": "size", "answer": ["yes", "no"]}
    >>> table = pd.DataFrame({**rows, "criteria": ["mine", "skin"], "criteria_version": 1, "repeat": 0})
    >>> [(part.spec, len(part.ratings)) for part in criteria_parts(table)]
    [('mine:1', 1), ('skin:1', 1)]
    """
    compared = pd.DataFrame() if preferences is None else preferences
    keys = _keys(ratings, compared)
    if len(keys) < 2:
        name, version = keys[0] if keys else ("", 1)
        return [CriteriaPart(name, version, ratings, compared, questions_of(name, version, sets))]
    known = tuple(sets)
    return [
        CriteriaPart(*key, _of_key(ratings, key), _of_key(compared, key), questions_of(*key, known))
        for key in keys
    ]


def chosen_criteria(*tables: pd.DataFrame, criteria: str | None) -> list[pd.DataFrame]:
    """Return the tables (ratings, preferences) with the rows of one set (``skin``) or version (``skin:2``).

    All rows when None. Raises ``UserError`` that names what there is when no table has any of it.
    """
    if criteria is None:
        return list(tables)
    keys = _keys(*tables)
    asked = [key for key in keys if criteria in (key[0] or _UNNAMED, _spec(key))]
    if not asked:
        known = ", ".join(map(_spec, keys)) or "none"
        raise UserError(f"no ratings by criteria {criteria!r}", remedy=f"known: {known}")
    return [
        pd.concat([_of_key(table, key) for key in asked]).sort_index() if len(table) else table
        for table in tables
    ]


def refuse_mixed(*tables: pd.DataFrame) -> None:
    """Raise ``UserError`` when ratings or preferences answer more than one set or version of criteria."""
    keys = _keys(*tables)
    if len(keys) > 1:
        raise UserError(
            f"answers to several criteria are not mixed: {', '.join(map(_spec, keys))}",
            remedy=f"choose one: --criteria {_spec(keys[0])} (in Python: chosen_criteria, criteria_parts)",
        )


def questions_of(name: str, version: int, sets: Iterable[CriteriaSet] = ()) -> tuple[str, ...]:
    """Return the questions of a set in its order, from ``sets`` or the built-in ones; none where it is not known."""
    built_in = [_built_in(name)] if name in list_criteria() else []
    for known in (*sets, *built_in):
        if known is not None and (known.name, known.version) == (name, version):
            return tuple(known.ids)
    return ()


def questions_asked(ratings: pd.DataFrame) -> tuple[str, ...]:
    """Return the questions of the built-in set that these ratings answer, in its order; else none."""
    keys = _table_keys(ratings)
    return questions_of(*keys[0]) if len(keys) == 1 else ()


@cache
def _built_in(name: str) -> CriteriaSet | None:
    try:
        return load_criteria(name)
    except UserError:
        return None


def _spec(key: Key) -> str:
    return f"{key[0] or _UNNAMED}:{key[1]}"


def _keys(*tables: pd.DataFrame) -> list[Key]:
    """What the answers that hold were given to."""
    given = {key for table in tables for key in _table_keys(table)}
    if len(given) < 2:
        return sorted(given)
    held = [latest_preferences(t) if "preferred" in t.columns else latest(t) for t in tables if len(t)]
    return sorted({key for table in held for key in _table_keys(table)})


def _table_keys(table: pd.DataFrame) -> Sequence[Key]:
    if not len(table) or "criteria" not in table.columns:
        return []
    return list(by_version(table[["criteria", "criteria_version"]].drop_duplicates()))


def _of_key(table: pd.DataFrame, key: Key) -> pd.DataFrame:
    if not len(table) or "criteria" not in table.columns:
        return table
    return by_version(table).get(key, table.iloc[:0])
