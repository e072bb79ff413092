"""Ratings with one row per image: over all raters out, of one rater in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..core import UserError
from ._count_words import counted
from ._criteria import RESERVED, CriteriaSet
from ._exchange_cells import Cells
from ._exchange_ratings import ANSWER, OF_IMAGE, from_ratings_form
from ._ratings import RATING_COLUMNS, latest

YES = "yes_"
IMAGE_FORM: Mapping[str, str] = {
    **{name: RATING_COLUMNS[name] for name in OF_IMAGE},
    "n_raters": "raters with a verdict on the image, hidden repeats left out",
    "n_plausible": "how many of them found it plausible",
    "share": "n_plausible / n_raters",
    "verdict": "1 when more than half found it plausible, else 0 (also at a tie)",
    "realism": "mean of the raters' realism, 1 to 5",
}
"""Columns of the form ``images``; then one column ``yes_ID`` for each question: the share of yes among the raters who
answered yes or no."""


def images_form(events: pd.DataFrame) -> pd.DataFrame:
    """Return one row per image (and study and criteria version), over all raters: what holds after `latest`.

    Columns: those of `IMAGE_FORM`, then ``yes_ID`` for each question. Hidden repeats are left out.
    """
    held = latest(events)
    held = held[held["repeat"].fillna(0) == 0].reset_index(drop=True)
    group = held.groupby(list(OF_IMAGE), dropna=False, sort=False).ngroup()
    first = ~group.duplicated()
    wide = held.loc[first, list(OF_IMAGE)].set_index(group[first])
    known = held["plausible"].notna()
    votes = held[known].assign(at=group[known]).drop_duplicates(["at", "rater"], keep="last")
    counts = votes.groupby("at")["plausible"].agg(["size", "sum"]).reindex(wide.index).fillna(0)
    wide["n_raters"], wide["n_plausible"] = counts["size"].astype("Int64"), counts["sum"].astype("Int64")
    some = wide["n_raters"] > 0
    wide["share"] = (wide["n_plausible"] / wide["n_raters"].where(some)).astype("Float64").astype("float64")
    wide["verdict"] = (wide["share"] > 0.5).astype("Int64").where(some)
    wide["realism"] = _means(held, group, held["criterion"] == "realism", wide.index)
    for name in [name for name in dict.fromkeys(held["criterion"]) if name not in RESERVED]:
        wide[YES + name] = _means(held, group, held["criterion"] == name, wide.index)
    return wide.reset_index(drop=True)


def from_images_form(
    table: pd.DataFrame, *, rater: str | None, where: object = "ratings", criteria: CriteriaSet | None = None
) -> pd.DataFrame:
    """Return the ratings table of one rater's table with one row per image: ``image`` and ``plausible`` at least.

    A table of `images_form` is read when each of its images was judged by one rater. Raises ``UserError`` for one
    aggregated over several raters, without a rater's name, and for an image that stands twice.
    """
    check_images_form(table, rater, where)
    one = table.rename(columns={"n_plausible": "plausible"} if "plausible" not in table.columns else {})
    one = one.drop(
        columns=[name for name in ("n_raters", "n_plausible", "share", "verdict") if name in one.columns]
    )
    for name in [str(name) for name in one.columns if str(name).startswith(YES)]:
        one[ANSWER + name.removeprefix(YES)] = [_word(cell) for cell in Cells(one).text(name)]
        one = one.drop(columns=name)
    _refuse_doubled(one, where)
    return from_ratings_form(one, where=where, rater=rater, criteria=criteria)


def check_images_form(table: pd.DataFrame, rater: str | None, where: object) -> None:
    """Raise ``UserError`` for what no single row can mend: no rater's name, several raters, no verdicts."""
    if not rater:
        raise UserError(
            "one row per image, but whose judgement?", where=where, remedy="name the rater: --rater anna"
        )
    _refuse_aggregated(table, where)
    if "plausible" not in table.columns and "n_plausible" not in table.columns:
        raise UserError("there is no column 'plausible'", where=where, remedy="write 1 or 0 for each image")


def _means(held: pd.DataFrame, group: pd.Series, chosen: pd.Series, index: pd.Index) -> pd.Series:
    """Return the mean by image of realism, or of yes = 1 and no = 0; who cannot tell is left out."""
    answers = held["answer"][chosen]
    told = answers.where(answers != "cannot tell").map({"yes": 1.0, "no": 0.0}.get, na_action="ignore")
    numbers = told if (held["criterion"][chosen] != "realism").all() else pd.to_numeric(answers)
    return numbers.astype("float64").groupby(group[chosen]).mean().reindex(index).astype("float64")


def _refuse_aggregated(table: pd.DataFrame, where: object) -> None:
    numbers = {
        name: pd.to_numeric(table[name], errors="coerce") for name in ("n_raters", "share") if name in table
    }
    several = "n_raters" in numbers and (numbers["n_raters"] > 1).any()
    parts = "share" in numbers and ((numbers["share"] > 0) & (numbers["share"] < 1)).any()
    if several or parts:
        raise UserError(
            "the table is aggregated over several raters: it does not say who answered what",
            where=where,
            remedy="export it with --form ratings or --form events, and import that",
        )


def _refuse_doubled(table: pd.DataFrame, where: object) -> None:
    if "image" not in table.columns:
        raise UserError("there is no column 'image'", where=where, remedy="name each image's file")
    names = ["image", "image_key"] if "image_key" in table.columns else ["image"]
    doubled = table["image"][table.duplicated(names)].dropna().unique().tolist()
    if doubled:
        raise UserError(
            f"{counted(len(doubled), 'image', 'stands', 'stand')} there twice, such as {doubled[0]!r}",
            where=where,
            remedy="keep one row per image, or name raters in a column and use --form ratings",
        )


def _word(cell: Any) -> str | None:
    """A share over one rater is his answer; anything else is left for the check of answers."""
    return {"1": "yes", "1.0": "yes", "0": "no", "0.0": "no"}.get(cell, cell) if cell is not None else None
