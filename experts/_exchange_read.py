"""Files of any form, read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..core import UserError, did_you_mean
from ..imagesets import ImageSet, read_table, wrong_marks
from ._criteria import CriteriaSet
from ._exchange_forms import COLUMN_TYPES, FORMS
from ._exchange_formulas import unguarded
from ._exchange_images import check_images_form, from_images_form
from ._exchange_known import Known, known_of_set, known_of_store, match_images
from ._exchange_ratings import from_ratings_form
from ._label_studio_read import LabelStudioAnnotations
from ._preference_columns import check_preferences
from ._preference_files import from_pairs, read_jsonl
from ._ratings import RATING_COLUMNS, check_ratings


@dataclass
class Incoming:
    """What a file holds, checked: ratings or preferences, and what is to be told."""

    ratings: pd.DataFrame | None = None
    preferences: pd.DataFrame | None = None
    told: list[str] = field(default_factory=list)


def read_exchange(
    path: str | Path,
    form: str | None = None,
    *,
    rater: str | None = None,
    criteria: CriteriaSet | None = None,
    imageset: str | None = None,
    images: ImageSet | None = None,
    rated: pd.DataFrame | None = None,
    keep_unknown: bool = False,
) -> Incoming:
    """Read a file in any of `FORMS` (None: guessed from its columns).

    ``images`` is the set that was rated: every image must be in it (unless ``keep_unknown``), and content keys,
    labels and requests come from it where the file lacks them. Without it, keys that lack are looked up among
    ``rated``, the ratings that are there already.
    """
    form, table, rows, told = _read(path, form, criteria)
    known = known_of_set(images) if images is not None else None
    if imageset is not None:
        named = table["imageset"].fillna(imageset) if "imageset" in table.columns else imageset
        table = table.assign(imageset=named)
    look = _Lookup(known, rated, keep_unknown, path, told)
    if form in ("preferences", "preference-events"):
        return Incoming(preferences=_preferences(table, form, look, rater, criteria), told=told)
    if form == "events":
        ratings = check_ratings(look.images(table) if "image" in table.columns else table, where=path)
    elif form == "images":
        check_images_form(table, rater, path)
        ratings = from_images_form(look.images(table), rater=rater, where=path, criteria=criteria)
    else:
        ratings = from_ratings_form(look.images(table), where=path, rater=rater, criteria=criteria, rows=rows)
    return Incoming(ratings=ratings, told=told)


def guess_form(columns: Iterable[str], where: object = "the table") -> str:
    """Return the form that a table with these columns has.

    >>> guess_form(["rater", "image", "plausible"]), guess_form(["image", "plausible"])
    ('ratings', 'images')
    """
    names = {str(name) for name in columns}
    if {"image_a", "image_b"} <= names:
        return "preference-events"
    if {"chosen", "rejected"} & names:
        return "preferences"
    if {"criterion", "answer"} <= names:
        return "events"
    if "rater" in names:
        return "ratings"
    if "image" in names:
        return "images"
    raise UserError(
        f"these columns belong to no form: {', '.join(sorted(names)[:8])}",
        where=where,
        remedy=wrong_marks(names) or "one row per rater and image needs rater, image and plausible",
    )


@dataclass
class _Lookup:
    """Fills in what a file does not say of its images."""

    known: Known | None
    rated: pd.DataFrame | None
    keep_unknown: bool
    where: str | Path
    told: list[str]

    def images(self, table: pd.DataFrame, suffix: str = "") -> pd.DataFrame:
        if f"image{suffix}" not in table.columns:
            raise UserError(f"there is no column 'image{suffix}'", where=self.where)
        key = f"image_key{suffix}"
        if self.known is None and key in table.columns and table[key].notna().all():
            return table
        known = self.known or known_of_store(
            self.rated if self.rated is not None else pd.DataFrame(columns=list(RATING_COLUMNS))
        )
        whole, lines = match_images(
            table,
            known,
            where=self.where,
            keep_unknown=self.keep_unknown,
            all_known=self.known is not None,
            suffix=suffix,
        )
        self.told += [line for line in lines if line not in self.told]
        return whole


def _read(
    path: str | Path, form: str | None, criteria: CriteriaSet | None
) -> tuple[str, pd.DataFrame, list[str] | None, list[str]]:
    suffix = Path(path).suffix.lower()
    if form is not None and form not in FORMS:
        raise UserError(f"no form {form!r}", remedy=did_you_mean(form, FORMS))
    if suffix == ".json" or form == "label-studio":
        if form not in (None, "label-studio") or suffix != ".json":
            raise UserError("Label Studio's annotations are read from .json", where=path)
        found = LabelStudioAnnotations(path, criteria)
        return "label-studio", found.table, found.rows, found.told
    if suffix not in (".csv", ".parquet", ".jsonl"):
        raise UserError("ratings are read from .csv, .parquet, .jsonl or Label Studio's .json", where=path)
    table = read_jsonl(path) if suffix == ".jsonl" else read_table(path, text=_Every())
    if not len(table):
        raise UserError("the file holds no rows", where=path)
    form = form or guess_form(table.columns, path)
    if suffix == ".csv" and form in ("events", "preference-events"):
        table = read_table(path, text=_Every(), types=COLUMN_TYPES)
    return form, unguarded(table) if suffix == ".csv" else table, None, []


class _Every(frozenset[str]):
    """All names: every column of a CSV is read as text, and what it must be is checked with the row's number."""

    def __contains__(self, name: object) -> bool:
        return True


def _preferences(
    table: pd.DataFrame, form: str, look: _Lookup, rater: str | None, criteria: CriteriaSet | None
) -> pd.DataFrame:
    if form == "preference-events":
        for suffix in ("_a", "_b"):
            table = look.images(table, suffix)
        return check_preferences(table, where=look.where)
    names = {"chosen": "image_a", "chosen_key": "image_key_a", "chosen_origin": "origin_a"}
    names |= {"rejected": "image_b", "rejected_key": "image_key_b", "rejected_origin": "origin_b"}
    if {"chosen", "rejected"} <= {str(name) for name in table.columns}:
        table = table.rename(columns=names)
        for suffix in ("_a", "_b"):
            table = look.images(table, suffix)
    back = {new: old for old, new in names.items()}
    return from_pairs(table.rename(columns=back), where=look.where, rater=rater, criteria=criteria)
