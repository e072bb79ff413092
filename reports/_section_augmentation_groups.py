"""For whom: gains by patient group and class, and on other test sets."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Contrast
from ._augmentation import (
    ADDING,
    BETTER,
    TEST,
    WORSE,
    Grid,
    arm_of,
    group_words,
    place_of,
    side_words,
    tested_on,
)
from ._augmentation_cells import bounded, count_cell, gain_cell, some, tally, too_few
from ._blocks import Column, Table, text_cell
from ._figure_augmentation_groups import groups_figure
from ._names import clean, column_name, metric_name, split_stratum
from ._parts import Part

SECOND = "_2"
"""What a column of a second labeller ends with."""


def group_parts(grid: Grid) -> list[Part | None]:
    """A part for each column of groups, and one for other test sets."""
    return [*(column_part(grid, column) for column in grid.columns()), other_sets_part(grid)]


def column_part(grid: Grid, column: str) -> Part | None:
    """Gains of the arms that add synthetic images, by the values of a column."""
    metric = grid.column_metric(column)
    strata = [s for s in _strata(grid, metric) if split_stratum(s)[0] == column and split_stratum(s)[1]]
    by_group = {stratum: _rows(grid, metric, stratum) for stratum in strata}
    by_group = {stratum: rows for stratum, rows in by_group.items() if rows}
    rows = [row for found in by_group.values() for row in found]
    if not rows:
        return None
    first = grid.classifiers[0]
    drawn = [
        (group_words(s), [row for row in found if row.classifier == first]) for s, found in by_group.items()
    ]
    numbers = sorted({row.n_real_train for row in rows})
    return Part(
        f"by-{column}",
        f"Gain by {column_name(column)}",
        _group_says(grid, rows, column),
        _group_table(grid, by_group, metric),
        groups_figure(drawn, metric_name(metric), numbers),
        f"Gain in {metric_name(metric)} over real images alone by {column_name(column)}: a row for each group, a mark "
        "for each arm, a panel for each number of real images; zero is marked.",
        notes=(_drawn_note(grid, len(drawn), numbers),),
    )


def _strata(grid: Grid, metric: str) -> list[str]:
    return list(
        dict.fromkeys(
            row.stratum for row in grid.part.contrasts if row.metric == metric and row.test_set == TEST
        )
    )


def _rows(grid: Grid, metric: str, stratum: str) -> list[Contrast]:
    found = []
    for classifier in grid.classifiers:
        rows = grid.gains(classifier, metric=metric, stratum=stratum)
        found += grid.focus([row for row in rows if arm_of(row.a) in ADDING])
    return found


def _drawn_note(grid: Grid, groups: int, numbers: Sequence[int]) -> str:
    said = [
        "One ratio for each arm, the same in every group; filled marks are shown after correction for their number."
    ]
    if len(numbers) > 3:
        said.append("Drawn: the fewest, the middle and the most real images; the table has all.")
    if groups > 40:
        said.append(f"Drawn: the first 40 of {groups} groups.")
    if len(grid.classifiers) > 1:
        said.append(f"Drawn: {clean(grid.classifiers[0])}.")
    return " ".join(said)


def _group_says(grid: Grid, rows: Sequence[Contrast], column: str) -> str:
    few = too_few(rows)
    if few:
        return few
    worse = [row for row in rows if row.verdict == WORSE]
    said = tally(rows, "comparison", "real images alone")
    parts = [said[:-1]]
    if worse:
        parts.append(
            "served worse: " + some([f"{group_words(row.stratum)} ({side_words(row.a)})" for row in worse])
        )
    stands = _under_second(grid, rows, column)
    return "; ".join([*parts, *([stands] if stands else [])]) + "."


def _under_second(grid: Grid, rows: Sequence[Contrast], column: str) -> str:
    """How many of the verdicts shown under the first labeller stand under the second.

    The second's interval is read before correction: its family is another.
    """
    pairs = []
    for row in rows:
        value = split_stratum(row.stratum)[1]
        others = grid.gains(row.classifier, metric=row.metric, stratum=f"{column}{SECOND}={value}")
        other = next((found for found in others if place_of(found) == place_of(row)), None)
        if row.verdict in (BETTER, WORSE) and other is not None:
            bound = other.lo if row.verdict == BETTER else other.hi
            sign = 1 if row.verdict == BETTER else -1
            pairs.append(bound is not None and other.doubt is None and sign * bound > 0)
    if not pairs:
        return ""
    return f"{sum(pairs)} of {len(pairs)} of these verdicts stand under the second labeller, before correction"


def _group_table(grid: Grid, by_group: dict[str, list[Contrast]], metric: str) -> Table:
    numbers = sorted({row.n_real_train for rows in by_group.values() for row in rows})
    lines: dict[tuple[str, str, str, float], dict[int, Contrast]] = {}
    for stratum, rows in by_group.items():
        for row in rows:
            lines.setdefault((stratum, row.classifier, row.a, row.ratio), {})[row.n_real_train] = row
    cells = [
        [
            text_cell(group_words(stratum), f"{max(row.n_test for row in found.values()):,} test images"),
            text_cell(side_words(side, ratio), classifier if len(grid.classifiers) > 1 else ""),
            *(gain_cell(found.get(n), verdict=True) for n in numbers),
        ]
        for (stratum, classifier, side, ratio), found in lines.items()
    ]
    columns = [Column("Group"), Column("Arm"), *(Column(f"{n} real", True, "a class") for n in numbers)]
    return bounded(Table(f"Gain in {metric_name(metric)} over real images alone, by group", columns, cells))


def other_sets_part(grid: Grid) -> Part | None:
    """Gains on a site left out of training and on external images; None where there is no other test set."""
    sets = grid.test_sets()
    if not sets:
        return None
    by_set = {
        name: [
            row
            for classifier in grid.classifiers
            for row in grid.focus([r for r in grid.gains(classifier, test_set=name) if arm_of(r.a) in ADDING])
        ]
        for name in [TEST, *sets]
    }
    rows = [row for name in sets for row in by_set[name]]
    if not rows:
        return None
    first, told = grid.classifiers[0], {row.a for row in rows}
    by_set[TEST] = [row for row in by_set[TEST] if row.a in told]
    drawn = [(tested_on(name), [r for r in found if r.classifier == first]) for name, found in by_set.items()]
    numbers = sorted({row.n_real_train for row in rows})
    cells = [
        [
            text_cell(tested_on(row.test_set), f"{row.n_test:,} test images"),
            text_cell(side_words(row.a, row.ratio)),
            text_cell(row.classifier),
            count_cell(row.n_real_train),
            gain_cell(row, verdict=True),
        ]
        for found in by_set.values()
        for row in found
    ]
    columns = [
        Column("Test set"),
        Column("Arm"),
        Column("Classifier"),
        Column("Real per class", True),
        Column("Gain", True, metric_name(grid.metric)),
    ]
    return Part(
        "other-test-sets",
        "Other sites and other image sets",
        too_few(rows) or tally(rows, "comparison", "real images alone"),
        bounded(Table("Gain over real images alone, by test set", columns, cells)),
        groups_figure(drawn, metric_name(grid.metric), numbers),
        "Gain over real images alone by test set: a row for each, a mark for each arm; zero is marked.",
        notes=(
            "The sentence counts the other test sets alone; the run's own test images stand beside them.",
        ),
    )
