"""Sections of the ratings page on the raters: agreement, pace and drift."""

from __future__ import annotations

import pandas as pd

from ..experts import agreement, ceiling_line, drift_lines, paradox, plausibility, telling_real
from ._blocks import Block, Cell, Column, Table, block, text_cell
from ._figure_ratings import agreement_figure, raters_figure
from ._names import capital, plural
from ._numbers import bracket, number, signed
from ._ratings_cells import Row, count_of, criterion_of, group_of, p_small, value_of
from ._ratings_material import RatingsMaterial


def agreement_blocks(material: RatingsMaterial) -> list[Block]:
    """All raters together, by criterion; then every two raters and each with himself."""
    summary = material.summary
    whole = summary[summary["column"] == "all"]
    shown = summary[(summary["column"] == "all") | summary["value"].notna()]
    left = plural(len(summary) - len(shown), "row")
    says = [ceiling_line(material.shares[material.shares["column"] == "all"])]
    for _, part in whole.groupby("criterion", sort=False):
        told = paradox({row["measure"]: row for row in part.to_dict("records")})
        says += [f"{criterion_of(part['criterion'].iloc[0])}: {told}"] if told else []
    columns = [
        Column("Criterion"), Column("Group"), Column("Measure"), Column("Value", True), Column("Images", True),
        Column("Raters", True), Column("Interval", False),
    ]  # fmt: skip
    rows = [
        [
            text_cell(criterion_of(row["criterion"])), text_cell(group_of(row)), text_cell(_MEASURES[row["measure"]]),
            value_of(row, "value"), count_of(row["n_images"]), count_of(row["n_raters"]),
            text_cell(row["method"] if pd.notna(row["method"]) else ""),
        ]
        for row in shown.to_dict("records")
    ]  # fmt: skip
    blocks = [
        block(
            "agreement-all", "All raters together", " ".join(capital(each.rstrip(".")) + "." for each in says),
            Table("Agreement by criterion, 95% intervals", columns, rows), agreement_figure(whole),
            "Dot plot of the agreement of raters by criterion.",
            "Intervals hold for these raters on other images. Alpha and kappa leave out what chance would give; "
            "AC1 does so too, but does not fall to 0 where nearly all answers are the same one.",
            f"Left out of the table: {left} of single groups that the data cannot carry."
            if len(summary) > len(shown) else "",
        )
    ]  # fmt: skip
    pairs = agreement(material.ratings, questions=material.questions)
    if len(pairs):
        blocks.append(_pair_block(pairs))
    return blocks


def rater_blocks(material: RatingsMaterial) -> list[Block]:
    """Pass rates, pace and drift of each rater, and whether he tells real images from synthetic ones."""
    rates = plausibility(material.ratings, ["rater"])
    rates = rates[rates["column"] == "rater"]
    drifts = material.drifts
    lines = drift_lines(drifts, reasons=False)
    columns = [Column("Rater"), Column("What"), Column("First third, or rater", True),
               Column("Last third, or others", True), Column("Change", True), Column("Showings", True),
               Column("p, after Holm", True)]  # fmt: skip
    rows = [_drift_row(row) for row in drifts.to_dict("records")]
    blocks = [
        block(
            "raters-drift", "Strictness, pace and drift", _stands_out(drifts),
            Table("What was tested of each rater", columns, rows), raters_figure(rates, drifts),
            "Pass rates of each rater on real and synthetic images, and seconds an image.",
            *(capital(each.rstrip(".")) + "." for each in lines),
            (_RANDOM if material.in_studies else "")
            + "Verdict trends are changes of the pass rate, pace trends factors, from first image to last.",
        )
    ]  # fmt: skip
    telling = telling_real(material.ratings)
    if len(telling):
        blocks.append(_telling_block(telling))
    return blocks


def _pair_block(pairs: pd.DataFrame) -> Block:
    columns = [Column("Raters"), Column("Criterion"), Column("Cohen's kappa", True), Column("AC1", True),
               Column("Equal", True), Column("Images", True)]  # fmt: skip
    rows = [
        [
            text_cell(f"{row['rater_a']} and {row['rater_b']}", _weighted(row)),
            text_cell(criterion_of(row["criterion"])), value_of(row, "kappa"),
            Cell(number(row["ac1"], 2), "", row["ac1"]) if pd.notna(row["ac1"]) else Cell("–", "", None, "null"),
            Cell(f"{row['agree']:.0%}", "", row["agree"]), count_of(row["n"]),
        ]
        for row in pairs.to_dict("records")
    ]  # fmt: skip
    again = int(pairs["rater_b"].eq(pairs["rater_a"] + ", again").sum())
    between, within = plural(len(pairs) - again, "row"), plural(again, "row")
    says = f"{between} of two raters and a criterion, {within} of a rater with himself on hidden repeats."
    return block("agreement-pairs", "Every two raters, and each with himself", says,
                 Table("Cohen's kappa, 95% intervals", columns, rows), None, "",
                 open_table=len(rows) <= 12)  # fmt: skip


def _telling_block(telling: pd.DataFrame) -> Block:
    columns = [Column("Rater"), Column("AUROC", True), Column("Real", True), Column("Synthetic", True),
               Column("Verdict")]  # fmt: skip
    rows = [
        [text_cell(row["rater"]), value_of(row, "auroc"), count_of(row["n_real"]), count_of(row["n_synthetic"]),
         text_cell(row["verdict"], p_small(row["p_adjusted"]), "verdict")]
        for row in telling.to_dict("records")
    ]  # fmt: skip
    return block(
        "raters-real", "Do raters tell real from synthetic?",
        "By how real an image looks to them, 1 to 5: 0.5 is chance, 1 is always. "
        + ("Verdicts hold after Holm's correction over the raters." if len(telling) > 1 else ""),
        Table("AUROC of realism, real images against synthetic ones", columns, rows), None, "", open_table=True,
    )  # fmt: skip


def _weighted(row: Row) -> str:
    return f"{row['weights']} weights" if pd.notna(row["weights"]) else ""


def _stands_out(drifts: pd.DataFrame) -> str:
    shown = int(drifts["shown"].sum())
    return (
        f"{plural(shown, 'thing')} stand{'s' if shown == 1 else ''} out." if shown else "Nothing stands out."
    )


def _drift_row(row: Row) -> list[Cell]:
    pace, share = row["what"].startswith("pace"), row["what"] == "too fast"
    places = 1 if pace else 2
    change = "–"
    if pd.notna(row["value"]):
        value = f"{number(row['value'], 2)}" if pace or share else signed(row["value"], 2)
        change = f"{'x ' if pace else ''}{value} {bracket(row['lo'], row['hi'], 2)}"
    ends = [
        Cell(number(row[each], places) + (" s" if pace else ""), "", row[each])
        if pd.notna(row[each]) else Cell("–", "", None, "null")
        for each in ("first", "last")
    ]  # fmt: skip
    reason = row["reason"] if pd.notna(row["reason"]) else ""
    p = Cell(number(row["p_adjusted"], 3), "shown" if row["shown"] else "", row["p_adjusted"])
    p = p if pd.notna(row["p_adjusted"]) else Cell("–", "", None, "null")
    return [text_cell(row["rater"]), text_cell(row["what"], reason), *ends, Cell(change, "", row["value"]),
            count_of(row["n"]), p]  # fmt: skip


_RANDOM = (
    "The order of images is random for each rater, so that neither verdict nor pace should move along the session. "
)
_MEASURES = {
    "share equal": "share of equal answers", "fleiss kappa": "Fleiss's kappa",
    "krippendorff alpha": "Krippendorff's alpha", "gwet ac1": "Gwet's AC1",
    "again: share equal": "with himself: share equal", "again: alpha": "with himself: alpha",
}  # fmt: skip
