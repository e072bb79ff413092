"""Fairness against performance: the worst group beside the mean, and gaps that closed the wrong way."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Contrast, Levelling
from ._augmentation import ADDING, TEST, Grid, arm_of, place_of, setting_words, side_words
from ._augmentation_cells import bounded, count_cell, gain_cell, some, value_cell
from ._blocks import Cell, Column, Table, text_cell
from ._figure_augmentation_groups import fairness_figure
from ._names import clean, column_name
from ._parts import Part
from ._utility import BASELINE


def fairness_parts(grid: Grid) -> list[Part | None]:
    """A part for each column of groups."""
    worst = [
        row.stratum.removeprefix("worst:") for row in grid.part.contrasts if row.stratum.startswith("worst:")
    ]
    columns = dict.fromkeys([row.column for row in grid.part.levelling] + worst)
    return [fairness_part(grid, column) for column in columns]


def fairness_part(grid: Grid, column: str) -> Part | None:
    """The worst group against the mean, and gaps that closed because the better group got worse."""
    metric = grid.column_metric(column)
    levels = [
        row
        for row in grid.part.levelling
        if row.column == column and arm_of(row.a) in ADDING and arm_of(row.b) == BASELINE
    ]
    asked = [row for row in levels if row.test_set == TEST and row.metric == metric] or levels
    mine = _one_ratio(asked)
    pairs = _worst_pairs(grid, column, metric)
    if not mine and not pairs:
        return None
    name = column_name(column)
    return Part(
        f"fairness-{column}",
        f"Fairness against performance, by {name}",
        _fair_says(asked),
        _fair_table(grid, levels) if levels else _worst_table(pairs, name),
        fairness_figure(pairs, mine, f"worst {name}", name),
        f"Left: gain of the worst {name} over the gain of all. Right: change of the {name} served worst over that "
        "of the one served best; where the gap closes because the better group got worse is shaded.",
        notes=(
            "Above the dotted diagonal the gap closes. Filled marks: shown on the left, flagged on the right. "
            "Drawn: one ratio for each arm, and all that is flagged.",
        ),
    )


def _one_ratio(rows: Sequence[Levelling]) -> list[Levelling]:
    """The largest ratio of each arm, and every flagged row: what is flagged is never left out of the figure."""
    most = {row.a: max(other.ratio for other in rows if other.a == row.a) for row in rows}
    return [row for row in rows if row.ratio == most[row.a] or row.flagged]


def _worst_pairs(grid: Grid, column: str, metric: str) -> list[tuple[Contrast, Contrast]]:
    found = []
    for classifier in grid.classifiers:
        overall = {place_of(row): row for row in grid.gains(classifier, metric=metric)}
        for row in grid.focus(grid.gains(classifier, metric=metric, stratum=f"worst:{column}")):
            if arm_of(row.a) in ADDING and place_of(row) in overall:
                found.append((overall[place_of(row)], row))
    return found


def _fair_says(levels: Sequence[Levelling]) -> str:
    if not levels:
        return "Whether a gap closed because the better group got worse was not tested."
    known = [row for row in levels if row.flagged is not None]
    flagged = [row for row in known if row.flagged]
    if not known:
        return "Whether a gap closed because the better group got worse cannot be known from these data."
    if not flagged:
        return (
            f"In none of {len(known)} settings is it shown that the gap closed because the better group got worse; "
            "that does not show that it never does."
        )
    names = some([f"{side_words(row.a, row.ratio)} at {row.n_real_train} real a class" for row in flagged])
    where = f"in {len(flagged)} of {len(known)}: {names}"
    return f"Levelled down, the gap closed because the better group got worse, {where}."


_FLAGS = {True: "levelled down", False: "not shown", None: "cannot be known"}


def _fair_table(grid: Grid, levels: Sequence[Levelling]) -> Table:
    cells = [
        [
            text_cell(side_words(row.a, row.ratio), setting_words(row, grid)),
            count_cell(row.n_real_train),
            value_cell(row.gap_change, row.gap_lo, row.gap_hi, row.words, places=3, sign=True),
            _group_change(row.better_group, row.better_change, row.better_lo, row.better_hi),
            _group_change(row.worse_group, row.worse_change, row.worse_lo, row.worse_hi),
            text_cell(_FLAGS[row.flagged], row.words, "words"),
        ]
        for row in levels
    ]
    columns = [
        Column("Arm"),
        Column("Real per class", True),
        Column("Change of the gap", True),
        Column("Group served best", True),
        Column("Group served worst", True),
        Column("Verdict"),
    ]
    return bounded(Table("What became of the gap between groups, against real images alone", columns, cells))


def _group_change(group: str | None, value: float | None, lo: float | None, hi: float | None) -> Cell:
    cell = value_cell(value, lo, hi, places=3, sign=True)
    return Cell(
        cell.text, f"{clean(group)}: {cell.small}".strip(": ") if group else cell.small, cell.sort, cell.look
    )


def _worst_table(pairs: Sequence[tuple[Contrast, Contrast]], name: str) -> Table:
    cells = [
        [
            text_cell(side_words(a.a, a.ratio), a.classifier),
            count_cell(a.n_real_train),
            gain_cell(a),
            gain_cell(w),
        ]
        for a, w in pairs
    ]
    columns = [
        Column("Arm"),
        Column("Real per class", True),
        Column("All", True),
        Column(f"Worst {name}", True),
    ]
    return bounded(Table("Gain over real images alone: all groups, and the worst", columns, cells))
