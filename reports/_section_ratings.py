"""Sections of the ratings page on the images: plausibility, what could be told apart, comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..experts import bradley_terry, comparison_lines, plausibility, win_shares
from ._blocks import Block, Cell, Column, Table, block, text_cell
from ._figure_ratings import ceiling_figure, group_title, strengths_figure
from ._names import capital, column_name, plural
from ._numbers import bracket, number, p_value, signed
from ._ratings_cells import Row, count_of, criterion_of, group_of, p_small, value_of
from ._ratings_material import REAL, RatingsMaterial


def plausibility_blocks(material: RatingsMaterial) -> list[Block]:
    """The shares by origin, by each asked column, and by criterion."""
    table = material.shares
    origins = sorted(set(table["origin"]) - {REAL})
    blocks = [
        _share_block(
            "plausibility-all", "By generator", table[table["column"] == "all"], origins, "Generator"
        )
    ]
    for column in material.columns:
        part = table[table["column"] == column]
        if len(part):
            title = f"By {column_name(column)}"
            blocks.append(_share_block(f"by-{column}", title, part, origins, group_title(column)))
    criteria = plausibility(material.ratings, criteria=True, questions=material.questions)
    criteria = criteria[criteria["criterion"] != "plausible"]
    if len(criteria):
        blocks.append(_share_block("by-criterion", "By criterion", criteria, origins, "Criterion"))
    return [each for each in blocks if each.table is not None and each.table.rows]


def reach_block(material: RatingsMaterial) -> Block | None:
    """What was told apart, and what could have been; None where nothing was rated."""
    table = material.reach
    if not len(table):
        return None
    columns = [Column("Generator"), Column("Beside"), Column("Group"), Column("Difference", True),
               Column("Could have been shown from", True), Column("Ratings", True), Column("Verdict")]  # fmt: skip
    rows = [
        [
            text_cell(row["origin"]), text_cell(row["other"]), text_cell(group_of(row)),
            value_of(row, "difference", sign=True),
            Cell(number(row["detectable"], 2) if row["detectable"] < 1 else "none", "", row["detectable"])
            if pd.notna(row["detectable"]) else Cell("–", "", None, "null"),
            Cell(f"{row['n']:,}", f"beside {row['n_other']:,}", row["n"]),
            text_cell(row["verdict"], p_small(row["p_adjusted"]), "verdict"),
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return block(
        "reach-table", "What these ratings show, and could have shown",
        "A difference that is not shown and smaller than what could have been shown says nothing either way.",
        Table("Differences of shares, within raters", columns, rows), None, "",
        "Could have been shown: in 80% of such studies, at level 0.95. Plan the next study with: synmedbench "
        "ratings plan.", open_table=len(rows) <= 20,
    )  # fmt: skip


def comparison_blocks(material: RatingsMaterial) -> list[Block]:
    """Preferences between two images: win shares and strengths."""
    if not len(material.preferences):
        return []
    wins = win_shares(material.preferences)
    columns = [Column("Origin"), Column("Against"), Column("Preferred", True),
               Column("These raters", True), Column("Comparisons", True),
               Column("Ties", True), Column("Verdict")]  # fmt: skip
    rows = [
        [
            text_cell(row["origin"]), text_cell("all others" if row["other"] == "all" else row["other"]),
            value_of(row, "share"),
            Cell(bracket(row["lo_these"], row["hi_these"], 3) if pd.notna(row["share"]) else ""),
            count_of(row["n"]), count_of(row["ties"]),
            text_cell(row["verdict"], p_small(row["p_adjusted"]), "verdict"),
        ]
        for row in wins.to_dict("records")
    ]  # fmt: skip
    says = ". ".join(capital(each) for each in comparison_lines(material.preferences)[:1]) + "."
    blocks = [
        block(
            "wins",
            "Which of two was preferred",
            says,
            Table("Win shares", columns, rows),
            None,
            "",
            open_table=True,
        )
    ]
    strengths = bradley_terry(material.preferences)
    if len(strengths):
        blocks.append(_strength_block(strengths))
    return blocks


def _share_block(anchor: str, title: str, table: pd.DataFrame, origins: Sequence[str], head: str) -> Block:
    grouped = head != "Generator"
    name = "criterion" if head == "Criterion" else "group"
    share = "Answered yes" if head == "Criterion" else "Judged plausible"
    columns = [*([Column(head)] if grouped else []), Column("Generator"), Column(share, True),
               Column("These raters", True), Column("To real images", True), Column("Ratings", True),
               Column("Verdict")]  # fmt: skip
    rows = [
        [*([text_cell(criterion_of(row[name]))] if grouped else []), *_share_cells(row)]
        for row in table.to_dict("records")
    ]
    figure = ceiling_figure(
        table.assign(group=table["criterion"]) if head == "Criterion" else table, origins, share.lower()
    )
    scopes = [each for each in table["scope"].dropna().unique()]
    said = (
        _SCOPE[str(scopes[0])]
        if len(scopes) == 1
        else "Intervals speak of other raters where there are 3 or more."
    )
    note = "Answers 'cannot tell' are left out of the shares by criterion." if head == "Criterion" else ""
    few = int(table["share"].isna().sum())
    rows_have = f"{plural(len(table), 'row')} {'has' if few == 1 else 'have'}"
    left = f"{few} of {rows_have} too few images for a share: the table says how many." if few else ""
    alt = f"Shares judged plausible {title.lower()}, with the real images' share as a dashed line."
    return block(anchor, title, said, Table(f"Judged plausible {title.lower()}", columns, rows), figure, alt, note,
                 left)  # fmt: skip


def _share_cells(row: Row) -> list[Cell]:
    these: str = "" if pd.isna(row["lo_these"]) else bracket(row["lo_these"], row["hi_these"], 3)
    look = "reference" if row["origin"] == REAL else ""
    apart = Cell("–", "", None, "null")
    if pd.notna(row["difference"]):
        bounds = bracket(row["difference_lo"], row["difference_hi"], 3)
        apart = Cell(f"{signed(row['difference'], 3)} {bounds}", "", row["difference"])
    verdict = "the ceiling" if row["origin"] == REAL else row["verdict"] if pd.notna(row["verdict"]) else ""
    why = row["reason"] if pd.notna(row["reason"]) and pd.notna(row["share"]) else ""
    if verdict == "as plausible as real":
        why = f"within {row['margin']:g}, {p_value(row['p_as'])}"
    elif pd.notna(row["p_less"]):
        why = p_value(row["p_less"])
    unsure = f"{row['cannot_tell']} cannot tell" if row["cannot_tell"] else ""
    raters = f"{plural(row['n_images'], 'image')}, {plural(row['n_raters'], 'rater')}"
    small = f"{raters}; {unsure}" if unsure else raters
    return [
        text_cell(row["origin"], "", look), value_of(row, "share"), Cell(these), apart,
        Cell(f"{row['n']:,}", small, row["n"]), text_cell(verdict, why, "verdict"),
    ]  # fmt: skip


def _strength_block(strengths: pd.DataFrame) -> Block:
    columns = [Column("Origin"), Column("Strength", True), Column("Comparisons", True)]
    rows = [
        [text_cell(row["origin"]), value_of(row, "strength", sign=True), count_of(row["n"])]
        for row in strengths.to_dict("records")
    ]
    return block(
        "strengths", "Strengths from all pairs", "Log odds of being preferred to an origin of average strength "
        "(Bradley and Terry); a tie is half a win each way.", Table("Strengths", columns, rows),
        strengths_figure(strengths), "Dot plot of each origin's strength.",
    )  # fmt: skip


_SCOPE = {
    "raters and images": "Thin lines hold for other raters and other images; thick ones for these raters alone. "
    "Differences are taken within raters, so that a strict rater moves none.",
    "images; these raters alone": "Fewer than 3 raters: all intervals hold for these raters alone, on other images.",
}
