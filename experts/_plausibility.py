"""How plausible raters find each generator's images, beside the ceiling that real images set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..core import LEVEL, UserError, holm
from ._agreement_answers import SCALED, VERDICT, answer_table, column_values, in_asked_order
from ._share_interval import Difference, paired_difference, share_interval

REAL = "real"
MARGIN = 0.05
"""As plausible as real: not more than this below the pass rate of real images."""
MIN_OF_KIND = 10
"""Fewer images of a kind give no share with an interval."""
LESS, AS, MORE, NOT_SHOWN, UNKNOWN = (
    "less plausible than real", "as plausible as real", "passed more often than real", "not shown",
    "cannot be known",
)  # fmt: skip
PLAUSIBILITY_COLUMNS = (
    "column", "group", "criterion", "origin", "n", "n_images", "n_raters", "cannot_tell", "share", "lo", "hi",
    "level", "scope", "lo_these", "hi_these", "difference", "difference_lo", "difference_hi", "lower", "p_less", "p_as",
    "margin", "verdict", "reason", "blinded",
)  # fmt: skip
_ALPHA = 1 - LEVEL
_ONE_VOTE = ["rater", "image", "image_key", "origin", "criterion"]


def plausibility(
    ratings: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    criteria: bool = False,
    margin: float = MARGIN,
    questions: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the share judged plausible of each origin, and its difference to the real images' share.

    One row for each ``origin`` (``real``, a generator's name, or ``unknown``) and each group: ``column`` and
    ``group`` are ``all``, then each value of each column of ``by`` (``rater`` gives each rater's own pass
    rates). ``criterion`` is ``plausible``, the verdict; with ``criteria`` True each question follows, its
    share that of *yes* among *yes* and *no* (``cannot_tell`` are counted apart), in the order of ``questions``
    (default: that of a built-in set).

    ``share, lo, hi`` respect raters and images (``scope`` says of whom they speak); ``lo_these, hi_these`` hold
    for these raters alone on other images, and are shorter. ``difference`` to real is
    taken within raters (`paired_difference`), with its 95% interval; ``lower`` is its one-sided 95% bound.
    ``p_less`` (two-sided, no difference) and ``p_as`` (one-sided, ``margin`` or more below real) are Holm's
    over the rows of a column and kind of criterion. ``verdict``: *less plausible than real* and *as plausible
    as real* (by non-inferiority alone) where shown, else *not shown*, or *cannot be known* with a ``reason``.
    A share is null with a reason below 10 images. ``blinded`` is True where all these ratings come from a study
    on the rating page, which shows real and synthetic images alike.

    Raises ``UserError`` for a column that the ratings do not have, a margin outside (0, 1), and answers to
    several criteria (`criteria_parts` takes them apart).
    """
    if not 0 < margin < 1:
        raise UserError(f"a margin lies between 0 and 1, got {margin}")
    votes = vote_table(ratings, criteria=criteria)
    rows: list[dict[str, Any]] = []
    for column in ("all", *by):
        parts = (
            [("all", votes)] if column == "all" else votes.groupby(column_values(votes, column), sort=True)
        )
        found = [
            {"column": column, "group": str(group), **row}
            for group, part in parts
            for row in _rows(part, margin, questions)
        ]
        rows += _judged(found, margin)
    table = pd.DataFrame(rows, columns=list(PLAUSIBILITY_COLUMNS))
    numbers = [
        "share",
        "lo",
        "hi",
        "lo_these",
        "hi_these",
        "difference",
        "difference_lo",
        "difference_hi",
        "lower",
        "p_less",
        "p_as",
    ]
    return table.astype(dict.fromkeys(numbers, "float64"))


def vote_table(ratings: pd.DataFrame, *, criteria: bool = False) -> pd.DataFrame:
    """The answers at first showings with ``vote`` (1, 0, or NaN for cannot tell) and ``origin`` filled in.

    Two generators may give the same image (one picks from the other's, or both copy): each has its vote, and
    the intervals know by the image's key that they are one.
    """
    answers = answer_table(ratings)
    answers = answers[answers["repeat"] == 0].assign(origin=origins(answers))
    answers = answers.drop_duplicates(_ONE_VOTE, keep="last")
    kept = answers["criterion"] == VERDICT
    if criteria:
        kept = answers["criterion"] != SCALED
    answers = answers[kept].reset_index(drop=True)
    votes = answers["answer"].map({"1": 1.0, "yes": 1.0, "0": 0.0, "no": 0.0}).astype("float64")
    return answers.assign(vote=votes)


def origins(ratings: pd.DataFrame) -> pd.Series:
    """Whose image it is: the column ``origin``, else the image set's name, else ``unknown``."""
    known = ratings["origin"] if "origin" in ratings.columns else pd.Series(None, ratings.index, dtype=object)
    sets = ratings["imageset"] if "imageset" in ratings.columns else pd.Series(None, ratings.index)
    return known.where(known.notna(), sets).map(lambda each: "unknown" if pd.isna(each) else str(each))


def from_studies(ratings: pd.DataFrame) -> bool:
    """True when there are ratings and all come from a study on the rating page."""
    return bool(len(ratings)) and "study" in ratings.columns and bool(ratings["study"].notna().all())


def generators_in(names: Sequence[str]) -> list[str]:
    """The origins but the real one, in order."""
    return sorted({str(each) for each in names} - {REAL})


def _rows(votes: pd.DataFrame, margin: float, questions: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for criterion in in_asked_order(votes, questions):
        part = votes[votes["criterion"] == criterion]
        sure = part[part["vote"].notna()]
        for origin in [
            *generators_in(part["origin"].tolist()),
            *([REAL] if (part["origin"] == REAL).any() else []),
        ]:
            mine = sure[sure["origin"] == origin]
            row = {
                "criterion": criterion, "origin": origin, "n": len(mine),
                "n_images": mine["image_key"].nunique(), "n_raters": mine["rater"].nunique(),
                "cannot_tell": int(((part["origin"] == origin) & part["vote"].isna()).sum()),
                "level": LEVEL, "margin": margin, "blinded": from_studies(mine), **_share(mine),
            }  # fmt: skip
            if origin != REAL:
                apart = _difference(sure, origin, margin)
                row |= apart if row["reason"] is None else {**apart, "reason": row["reason"]}
            rows.append(row)
    return rows


def _share(mine: pd.DataFrame) -> dict[str, Any]:
    n = mine["image_key"].nunique()
    if n < MIN_OF_KIND:
        return {"reason": f"not enough data: {n} image{'' if n == 1 else 's'}, {MIN_OF_KIND} needed"}
    i = share_interval(mine["vote"], mine["rater"], mine["image_key"])
    these = share_interval(mine["vote"], mine["rater"], mine["image_key"], these_alone=True)
    found = {"share": i.value, "lo": i.lo, "hi": i.hi, "scope": i.method, "reason": None}
    return found | {"lo_these": these.lo, "hi_these": these.hi}


def _difference(sure: pd.DataFrame, origin: str, margin: float) -> dict[str, Any]:
    if not (sure["origin"] == REAL).any():
        return {"verdict": UNKNOWN, "reason": "no real images were rated: there is no ceiling"}
    found = difference_between(sure, origin, REAL)
    return {"verdict": UNKNOWN, "reason": found} if isinstance(found, str) else _told(found, margin)


def difference_between(votes: pd.DataFrame, origin: str, other: str) -> Difference | str:
    """The share of one origin less that of another, within raters; or why it cannot be told."""
    both = votes[votes["origin"].isin([origin, other]) & votes["vote"].notna()]
    counts = both.groupby("origin")["image_key"].nunique()
    n, n_other = int(counts.get(origin, 0)), int(counts.get(other, 0))
    if min(n, n_other) < MIN_OF_KIND:
        images = f"{n} image{'' if n == 1 else 's'} of {origin}, {n_other} of {other}"
        return f"not enough data: {images}, {MIN_OF_KIND} of each needed"
    try:
        return paired_difference(both["vote"], both["origin"] == origin, both["rater"], both["image_key"])
    except UserError:
        return "no rater saw images of both: the difference would be that of the raters"


def _told(d: Difference, margin: float) -> dict[str, Any]:
    return {
        "difference": d.interval.value, "difference_lo": d.interval.lo, "difference_hi": d.interval.hi,
        "lower": d.lower(), "p_less": d.p_value(), "p_as": d.p_above(-margin),
    }  # fmt: skip


def _judged(rows: list[dict[str, Any]], margin: float) -> list[dict[str, Any]]:
    """The rows with Holm's p-values and verdicts; the verdict and the questions are families of their own."""
    for verdicts in (True, False):
        family = [r for r in rows if (r["criterion"] == VERDICT) is verdicts and "p_less" in r]
        for name in ("p_less", "p_as"):
            for row, p in zip(family, holm([r[name] for r in family]), strict=True):
                row[name] = float(p)
        for row in family:
            row["verdict"] = _verdict(row)
    return rows


def _verdict(row: dict[str, Any]) -> str:
    if row["p_as"] < _ALPHA:
        return AS
    if row["p_less"] < _ALPHA:
        return LESS if row["difference"] < 0 else MORE
    return NOT_SHOWN
