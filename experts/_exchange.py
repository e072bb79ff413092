"""Ratings and preferences as files, both ways and in several forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from ..core import UserError, atomic_file, did_you_mean, write_json, write_text
from ..imagesets import ImageSet, read_table, write_csv
from ._criteria import CriteriaSet
from ._criteria_store import stored_criteria
from ._exchange_forms import COLUMN_TYPES, FORMS
from ._exchange_formulas import guarded, unguarded
from ._exchange_fresh import fresh_rows, rated_there
from ._exchange_images import images_form
from ._exchange_ratings import ratings_form
from ._exchange_read import read_exchange
from ._exchange_shown import shown_columns
from ._label_studio import criteria_answered, label_studio_tasks
from ._label_studio_config import labeling_config
from ._preference_files import write_jsonl
from ._preferences import compared_pairs, verdict_pairs
from ._ratings import check_ratings
from ._store import RatingStore


def write_ratings(ratings: pd.DataFrame, path: str | Path) -> None:
    """Write a table as ``.csv`` or ``.parquet``, atomically. In a CSV, text that a spreadsheet would take for a
    formula begins with an apostrophe, which `read_ratings` and `import_ratings` take off again."""
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        write_csv(guarded(ratings), path)
    elif suffix == ".parquet":
        with atomic_file(path) as temporary:
            ratings.to_parquet(temporary, index=False)
    else:
        raise UserError("ratings are written as .csv or .parquet", where=path)


def read_ratings(path: str | Path) -> pd.DataFrame:
    """Read a ratings table (form ``events``) from ``.csv`` or ``.parquet``; all faulty rows are named in one
    ``UserError``."""
    if Path(path).suffix.lower() not in (".csv", ".parquet"):
        raise UserError("ratings are read from .csv or .parquet", where=path)
    table = read_table(path, types=COLUMN_TYPES)
    return check_ratings(unguarded(table) if Path(path).suffix.lower() == ".csv" else table, where=path)


def exported(
    store: RatingStore,
    form: str = "events",
    *,
    study: str | None = None,
    criteria: str | None = None,
    by: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return a store's ratings or preferences in one of `FORMS` (not label-studio), of one study and criteria set if
    named. ``by``: conditions in which the images of a pair must agree (None: in what its study's raters were told)."""
    table, _ = _exported(store, form, study, criteria, by)
    return table


def export_ratings(
    store: RatingStore,
    path: str | Path,
    form: str = "events",
    *,
    study: str | None = None,
    criteria: str | CriteriaSet | None = None,
    by: Sequence[str] | None = None,
    images: ImageSet | None = None,
    prefix: str = "",
    embed: bool = False,
    told: Callable[[str], None] | None = None,
) -> int:
    """Write a store's ratings to a file in one of `FORMS` and return the number of rows (or tasks).

    The suffix says how: ``.csv`` or ``.parquet``; ``.jsonl`` too for preferences; ``.json`` for label-studio.
    ``by``: see `exported`. ``images``, ``prefix`` and ``embed`` are those of `label_studio_tasks`, whose labeling
    interface is written beside the tasks, as ``.xml``. ``told`` gets what was left out.
    """
    _check_suffix(path, form)
    name = criteria.name if isinstance(criteria, CriteriaSet) else criteria
    if form == "label-studio":
        rows = store.ratings(**_chosen(study, name))
        asked = (
            criteria
            if isinstance(criteria, CriteriaSet)
            else criteria_answered(rows, stored_criteria(store).values())
        )
        tasks = label_studio_tasks(rows, images, criteria=asked, prefix=prefix, embed=embed)
        write_json(path, tasks)
        write_text(Path(path).with_suffix(".xml"), labeling_config(asked))
        return len(tasks)
    table, lines = _exported(store, form, study, name, by)
    for line in lines:
        (told or (lambda _: None))(line)
    if Path(path).suffix.lower() == ".jsonl":
        write_jsonl(table, path)
    else:
        write_ratings(table, path)
    return len(table)


def import_ratings(
    store: RatingStore | str,
    path: str | Path,
    form: str | None = None,
    *,
    rater: str | None = None,
    criteria: CriteriaSet | None = None,
    imageset: str | None = None,
    images: ImageSet | None = None,
    keep_unknown: bool = False,
    told: Callable[[str], None] | None = None,
) -> int:
    """Add what a file holds (see `read_exchange`) to a store, all or nothing, and return how many rows were new.

    A store that is named by its address is made where there is none, once the file has been read without a fault.

    What is there already is not doubled: neither an event of the same name, nor (where the file does not name
    events) an answer that the store holds in the same words.
    """
    rated = rated_there(store)
    found = read_exchange(
        path,
        form,
        rater=rater,
        criteria=criteria,
        imageset=imageset,
        images=images,
        rated=rated,
        keep_unknown=keep_unknown,
    )
    for line in found.told:
        (told or (lambda _: None))(line)
    store = RatingStore(store) if isinstance(store, str) else store
    if found.preferences is not None:
        return store.add_preferences(found.preferences)
    assert found.ratings is not None
    return store.add(fresh_rows(found.ratings, rated))


def _exported(
    store: RatingStore, form: str, study: str | None, criteria: str | None, by: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str]]:
    if form not in FORMS or form == "label-studio":
        raise UserError(f"no table of form {form!r}", remedy=did_you_mean(form, FORMS))
    if form in ("preferences", "preference-events"):
        given = store.preferences(**_chosen(study, criteria))
        if form == "preference-events":
            return given, []
        parts = [compared_pairs(given), verdict_pairs(_rows(store, study, criteria), by=by, shown=shown_columns(store))]
        kept = [part.table for part in parts if len(part.table)] or [parts[0].table]
        names = ("comparisons", "verdicts")
        lines = [f"{name}: {line}" for name, part in zip(names, parts, strict=True) for line in part.lines]
        return pd.concat(kept, ignore_index=True), lines
    events = _rows(store, study, criteria)
    made = {"events": lambda table: table, "ratings": ratings_form, "images": images_form}
    return made[form](events), []


def _rows(store: RatingStore, study: str | None, criteria: str | None) -> pd.DataFrame:
    rows = store.ratings(**_chosen(study, criteria))
    if not len(rows) and (study, criteria) != (None, None):
        _refuse_strange(store, "study", study)
        _refuse_strange(store, "criteria", criteria)
    return rows


def _refuse_strange(store: RatingStore, column: str, name: str | None) -> None:
    tables = (store.ratings(), store.preferences())
    known = {str(each) for table in tables for each in table[column].dropna()}
    if name is not None and name not in known and any(len(table) for table in tables):
        raise UserError(f"no ratings of {column} {name!r}", where=store.place, remedy=did_you_mean(name, known))


def _chosen(study: str | None, criteria: str | None) -> dict[str, str]:
    return {name: value for name, value in (("study", study), ("criteria", criteria)) if value is not None}


def _check_suffix(path: str | Path, form: str) -> None:
    if form not in FORMS:
        raise UserError(f"no form {form!r}", remedy=did_you_mean(form, FORMS))
    suffixes = {"label-studio": (".json",), "preferences": (".csv", ".parquet", ".jsonl")}
    known = suffixes.get(form, (".csv", ".parquet"))
    if Path(path).suffix.lower() not in known:
        raise UserError(f"the form {form} is written as {' or '.join(known)}", where=path)
