"""What drives performance, whether plausible images help more, and what synthetic images alone give away."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import PlausibilityGain, Sharing, VarianceShare
from ._augmentation import Grid, is_main, setting_order, setting_words, tested_on
from ._augmentation_cells import bounded, count_cell, some, value_cell
from ._blocks import Cell, Column, Table, text_cell
from ._figure_augmentation_causes import factor_words, plausibility_figure, sharing_figure, variance_figure
from ._names import capital, clean, listed, metric_name, plural, split_stratum, stratum_name
from ._numbers import bracket, p_value
from ._parts import Part


def causes_parts(grid: Grid) -> list[Part | None]:
    """Variance, plausibility and sharing."""
    return [variance_part(grid), plausibility_part(grid), sharing_part(grid)]


def variance_part(grid: Grid) -> Part | None:
    """The share of variance that goes with each factor of the grid; None where it was not taken."""
    rows = sorted(grid.part.variance, key=lambda row: setting_order(row, grid))
    if not rows:
        return None
    groups: dict[str, list[VarianceShare]] = {}
    for row in rows:
        groups.setdefault(_setting(row), []).append(row)
    columns = [Column("Factor"), Column("Setting"), Column("Share of variance", True), Column("Cells", True)]
    cells = [
        [
            text_cell(factor_words(row.factor)),
            text_cell(_setting(row), clean(row.reason or "") if row.share is not None else ""),
            value_cell(row.share, row.lo, row.hi, row.reason, places=3),
            count_cell(row.cells),
        ]
        for row in rows
    ]
    return Part(
        "variance",
        "What drives performance",
        _variance_says(grid, rows),
        bounded(Table("Share of the variance of a measure over the cells of the grid", columns, cells)),
        variance_figure(groups),
        "Bars of the share of variance that goes with each factor of the grid, with intervals.",
        notes=(
            "Shares of this grid's variance: a grid with other numbers of real images or other ratios has others.",
        ),
    )


def _setting(row: VarianceShare) -> str:
    parts = [clean(row.classifier), metric_name(row.metric)]
    if row.stratum != "all":
        groups = split_stratum(row.stratum)[1] == ""
        parts.append(f"by {stratum_name(row.stratum)}" if groups else stratum_name(row.stratum))
    parts += [tested_on(row.test_set)] if row.test_set != "test" else []
    return ", ".join(parts)


def _variance_says(grid: Grid, rows: Sequence[VarianceShare]) -> str:
    first = [row for row in rows if row.classifier == grid.classifiers[0] and is_main(row, grid)] or list(
        rows
    )
    one = [row for row in first if _setting(row) == _setting(first[0])]
    known = sorted(
        (row for row in one if row.share is not None and row.factor != "rest"),
        key=lambda row: -(row.share or 0.0),
    )
    if not known:
        return f"What drives performance is not known: {clean(one[0].reason or 'not measured')}."
    top, *others = known
    second = f", {_percent(others[0])} with the {factor_words(others[0].factor)}" if others else ""
    measure = metric_name(top.metric)
    first_of_all = f"{_percent(top)} of the variance of {measure} goes with the {factor_words(top.factor)}"
    return f"In this grid {first_of_all}{second}."


def _percent(row: VarianceShare) -> str:
    low, high = (None if bound is None else 100 * bound for bound in (row.lo, row.hi))
    return f"{100 * (row.share or 0.0):.0f}% {bracket(low, high, 0)}".strip()


def plausibility_part(grid: Grid) -> Part | None:
    """Whether generators that are judged more plausible bring a larger gain; None where it was not asked."""
    rows = grid.part.plausibility
    if not rows:
        return None
    cells = [
        [
            text_cell(metric_name(row.measure), setting_words(row, grid)),
            Cell(
                value_cell(row.slope, row.lo, row.hi, row.words).text, _slope_small(row), row.slope, "share"
            ),
            count_cell(row.n_generators),
            count_cell(row.n_rows),
            text_cell(capital(row.verdict), row.words, "words"),
        ]
        for row in rows
    ]
    columns = [
        Column("Measure"),
        Column("Gain per unit of it", True),
        Column("Generators", True),
        Column("Rows", True),
        Column("Verdict"),
    ]
    method = next((clean(row.method) for row in rows if row.method), "")
    return Part(
        "plausibility-gain",
        "Plausibility against gain",
        _plausible_says(rows),
        bounded(
            Table("Gain over real images alone by the generator's plausibility", columns, cells, note=method)
        ),
        plausibility_figure(rows),
        "Gain of each generator and class over the generator's plausibility; a line only where a slope was shown.",
        notes=(
            "Shown is said only where generators that are better by the measure bring more, after correction for the "
            "number of measures.",
            "Marks of one generator are not independent of each other: the number of generators is what counts.",
        ),
    )


def _slope_small(row: PlausibilityGain) -> str:
    return ", ".join(filter(None, [bracket(row.lo, row.hi), p_value(row.p)]))


def _plausible_says(rows: Sequence[PlausibilityGain]) -> str:
    for verdict, words in _PLAUSIBLE.items():
        measures = [metric_name(row.measure) for row in rows if row.verdict == verdict]
        if measures and verdict == "shown":
            return words.format(listed(dict.fromkeys(measures)))
    fewest = max(row.n_generators for row in rows)
    if any(row.verdict == "not shown" for row in rows):
        return f"That more plausible generators bring a larger gain is not shown ({plural(fewest, 'generator')})."
    return f"Whether more plausible generators bring a larger gain cannot be known from {plural(fewest, 'generator')}."


_PLAUSIBLE = {
    "shown": "Over the generators of this grid, those with better {} bring a larger gain; that one causes the other is "
    "not shown."
}


def sharing_part(grid: Grid) -> Part | None:
    """Utility kept by synthetic images alone against patients given away; None where it was not measured."""
    rows = sorted(grid.part.sharing, key=lambda row: setting_order(row, grid))
    main = _most_images([row for row in rows if is_main(row, grid)] or rows)
    if not rows:
        return None
    cells = [
        [
            text_cell(
                row.generator,
                ", ".join(
                    filter(None, ["open-set" if row.open_set else "closed-set", setting_words(row, grid)])
                ),
            ),
            count_cell(row.n_real_train),
            count_cell(row.ratio),
            value_cell(row.kept, row.kept_lo, row.kept_hi, row.words, places=2),
            value_cell(row.copy_share, row.copy_lo, row.copy_hi, "not measured", places=3),
            text_cell({True: "yes", False: "not shown", None: "not known"}[row.memorising], "", "verdict"),
        ]
        for row in rows
    ]
    columns = [
        Column("Generator"),
        Column("Real per class", True),
        Column("Synthetic per real", True),
        Column("Utility kept", True),
        Column("Near-copies", True),
        Column("Memorising"),
    ]
    return Part(
        "sharing",
        "Synthetic images instead of patients",
        _sharing_says(main),
        bounded(Table("Utility kept by synthetic images alone, and patients given away", columns, cells)),
        sharing_figure(main),
        "Utility kept by synthetic images alone over the share of near-copies; memorising generators are crossed.",
        notes=(
            "Kept: 0 a guess, 1 as good as the real images. Crossed: memorising; open mark: not known. A generator "
            "that was not caught copying is not thereby private. Drawn: each generator at the most real images "
            "and the largest ratio; the table has all.",
        ),
    )


def _most_images(rows: Sequence[Sharing]) -> list[Sharing]:
    """Each generator with the most real images and the largest ratio: one mark for each."""
    most: dict[str, Sharing] = {}
    for row in sorted(rows, key=lambda row: (row.n_real_train, row.ratio)):
        most[row.generator] = row
    return list(most.values())


def _kept(row: Sharing) -> str:
    low, high = (None if bound is None else 100 * bound for bound in (row.kept_lo, row.kept_hi))
    return f"{100 * (row.kept or 0.0):.0f}% {bracket(low, high, 0)}".strip()


def _sharing_says(rows: Sequence[Sharing]) -> str:
    known = [row for row in rows if row.kept is not None]
    if not known:
        return "What synthetic images alone keep of the utility is not known; the reasons stand in the table."
    kept = some([f"{clean(row.generator)} {_kept(row)}" for row in known], 4)
    copying = some([clean(row.generator) for row in rows if row.memorising])
    said = f"Of the utility of the real images, their synthetic images alone keep: {kept}"
    if copying:
        verb = "give" if " and " in copying else "gives"
        return f"{said}; {copying} {verb} back training patients, which no utility outweighs."
    if any(row.memorising is None for row in rows):
        return f"{said}; whether patients are given away is not known of every generator."
    return f"{said}; no generator was caught giving back training patients."
