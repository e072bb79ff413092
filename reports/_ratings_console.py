"""Ratings for a terminal: sentences and tables that a person can read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from ..experts import (
    CriteriaPart,
    CriteriaSet,
    agreement,
    agreement_summary,
    columns_in,
    comparison_lines,
    criteria_parts,
    drift,
    drift_lines,
    paradox,
    plausibility,
    several_words,
    summary_lines,
    verdict_lines,
    with_kappa,
)
from ._names import capital, clean, column_name
from ._numbers import bracket, number

_NOTHING = (
    "no ratings yet: serve images to raters with: synmedbench rate IMAGES --criteria NAME --store STORE"
)


def agreement_text(
    ratings: pd.DataFrame,
    preferences: pd.DataFrame | None = None,
    by: Sequence[str] = (),
    sets: Iterable[CriteriaSet] = (),
) -> list[Text | Table]:
    """The verdicts, the shares by rater, agreement by criterion and pair, and the raters' drift.

    Of several criteria each set and version has its own below a heading; ``sets`` are the store's.
    """
    if not len(ratings) and (preferences is None or not len(preferences)):
        return [Text(_NOTHING)]
    parts = criteria_parts(ratings, preferences, sets)
    if len(parts) == 1:
        return _part(parts[0], by)
    text: list[Text | Table] = [Text(capital(clean(several_words(parts))))]
    for part in parts:
        text.append(Text(f"\nCriteria {clean(part.spec)}", style="bold underline"))
        text += _part(part, columns_in(part.ratings, by, ratings))
    return text


def _part(part: CriteriaPart, by: Sequence[str]) -> list[Text | Table]:
    ratings, said = part.ratings, list[Text | Table]()
    if len(ratings):
        said += [Text(clean(line)) for line in verdict_lines(ratings)]
        said += [_shares(ratings), *_agreements(part, by), *_pairs(part)]
        said += [Text(clean(line)) for line in drift_lines(drift(ratings))]
    if len(part.preferences):
        said += [Text(clean(line)) for line in comparison_lines(part.preferences)]
    return said


def _table(title: str, *columns: str, numeric: Sequence[str] = ()) -> Table:
    table = Table(
        title=Text(title), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, title_justify="left",
        title_style="bold", header_style="bold",
    )  # fmt: skip
    for name in columns:
        number_ = name in numeric
        table.add_column(name, overflow="fold", justify="right" if number_ else "left", no_wrap=number_)
    return table


def _shares(ratings: pd.DataFrame) -> Table:
    rows = plausibility(ratings, ["rater"])
    table = _table("share judged plausible, 95% interval", "Rater", "Images of", "Share", "Ratings",
                   numeric=("Ratings",))  # fmt: skip
    for row in rows[rows["column"] == "rater"].to_dict("records"):
        table.add_row(clean(row["group"]), clean(row["origin"]), _value(row, "share"), f"{row['n']:,}")
    return table


def _agreements(part: CriteriaPart, by: Sequence[str]) -> list[Text | Table]:
    ratings = part.ratings
    summary = agreement_summary(ratings, by, questions=part.questions)
    if not (summary["n_images"] > 0).any():
        return [Text(clean(line)) for line in summary_lines(ratings)]
    head = ("Criterion", "Images", *_SHOWN)
    title = "agreement of all raters (alpha: Krippendorff's; himself: on hidden repeats), 95% interval"
    table = _table(
        title,
        *head,
        numeric=("Images", *_SHOWN),
    )
    reasons: dict[str, int] = {}
    told: list[str] = []
    for (column, group, criterion), of_one in summary.groupby(["column", "group", "criterion"], sort=False):
        rows = {row["measure"]: row for row in of_one.to_dict("records")}
        if any(row["n_images"] for row in rows.values()):
            name = "verdict" if criterion == "plausible" else clean(criterion)
            where = "" if column == "all" else f", {column_name(str(column))} {clean(group)}"
            cells = [_short(rows.get(measure), reasons) for measure in _SHOWN.values()]
            table.add_row(name + where, f"{rows['share equal']['n_images']:,}", *cells)
            told += [f"{name}: {each}" for each in [paradox(rows)] if each and column == "all"]
    table.caption = Text("\n".join(f"({place}) {reason}" for reason, place in reasons.items()))
    table.caption_justify = "left"
    without = summary[(summary["column"] == "all") & (summary["n_images"] == 0)]
    if (without["measure"] == "share equal").any() and not (
        summary[summary["measure"] == "share equal"]["n_images"] > 0
    ).any():
        told.append(summary_lines(ratings)[0])
    return [table, *(Text(capital(clean(line))) for line in told)]


def _pairs(part: CriteriaPart) -> list[Text | Table]:
    pairs, without = with_kappa(agreement(part.ratings, questions=part.questions))
    told = [Text(capital(clean(line))) for line in without]
    if not len(pairs):
        return [*told]
    table = _table("Cohen's kappa of two raters, and of each with himself, 95% interval", "Raters", "Criterion",
                   "Kappa", "Equal", "Images", numeric=("Equal", "Images"))  # fmt: skip
    for row in pairs.to_dict("records"):
        name = "verdict" if row["criterion"] == "plausible" else clean(row["criterion"])
        table.add_row(
            f"{clean(row['rater_a'])}, {clean(row['rater_b'])}", name, _value(row, "kappa"), f"{row['agree']:.0%}",
            f"{row['n']:,}",
        )  # fmt: skip
    return [table, *told]


_SHOWN = {
    "Equal": "share equal", "Alpha": "krippendorff alpha", "AC1": "gwet ac1", "Himself": "again: alpha",
}  # fmt: skip


def _short(row: dict[Any, Any] | None, reasons: dict[str, int]) -> str:
    """``0.71 [0.60, 0.80]``, or the number of the reason below the table."""
    if row is None:
        return ""
    if pd.isna(row["value"]):
        return f"null ({reasons.setdefault(clean(row['reason']), len(reasons) + 1)})"
    return f"{number(row['value'], 2)} {bracket(row['lo'], row['hi'], 2)}"


def _value(row: dict[Any, Any], name: str) -> str:
    if pd.isna(row[name]):
        return f"null: {clean(row['reason'])}"
    return f"{number(row[name], 3)} {bracket(row['lo'], row['hi'], 3)}"
