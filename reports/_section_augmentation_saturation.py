"""Until when: how the gain goes with the ratio, and where the next synthetic image stops paying."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Contrast, Saturation
from ._augmentation import Grid, is_main, row_side, setting_order, setting_words, side_words
from ._augmentation_cells import bounded, count_cell, nowhere, open_cell, some
from ._blocks import Cell, Column, Table, text_cell
from ._figure_augmentation_worth import saturation_figure
from ._names import capital, clean, metric_name, plural
from ._numbers import DASH, number, values
from ._parts import Part


def saturation_parts(grid: Grid) -> list[Part | None]:
    """For each classifier the gain over the ratio; then the same by group and measure."""
    return [
        *(saturation_part(grid, classifier) for classifier in grid.classifiers),
        group_saturation_part(grid),
    ]


def saturation_part(grid: Grid, classifier: str) -> Part | None:
    """Gain over the ratio, the model that was chosen, and the ratio at which the next image stops paying."""
    rows = [row for row in grid.part.saturation if row.classifier == classifier and is_main(row, grid)]
    if not rows:
        return None
    groups: dict[str, list[tuple[Saturation, list[Contrast]]]] = {}
    gains = grid.gains(classifier)
    for row in sorted(rows, key=lambda row: row.n_real_train):
        mine = [gain for gain in gains if gain.a == row_side(row) and gain.n_real_train == row.n_real_train]
        groups.setdefault(side_words(row_side(row)), []).append((row, mine))
    return Part(
        f"saturation-{classifier}",
        grid.titled("Until which ratio synthetic images pay", classifier),
        _saturation_says(rows),
        bounded(_saturation_table(grid, rows)),
        saturation_figure(groups, grid.metric),
        f"Gain in {metric_name(grid.metric)} of {clean(classifier)} over the number of synthetic images per real one: "
        "a line for each number of real images; strips below mark where the next image stops paying.",
        notes=(
            "Strips under the lines: the ratio from which the next synthetic image adds nothing, with its interval. "
            "'Saturated' is said only where two one-sided tests show the largest ratio to give what this one gives.",
        ),
    )


def group_saturation_part(grid: Grid) -> Part | None:
    """The same by group, by other measures and on other test sets: a table."""
    rows = [row for row in grid.part.saturation if not is_main(row, grid)]
    if not rows:
        return None
    return Part(
        "saturation-by-group",
        "Until which ratio synthetic images pay, by group and measure",
        _saturation_says(rows),
        bounded(_saturation_table(grid, rows)),
    )


def _saturation_says(rows: Sequence[Saturation]) -> str:
    known = [row for row in rows if row.pays_until is not None]
    paying = [row for row in known if row.pays_until]
    beyond = [row for row in rows if row.censored == "above"]
    saturated = [row for row in paying if row.equivalent_beyond]
    settings = plural(len(rows), "setting")
    if not known and not beyond:
        return f"Where the next synthetic image stops paying is not known {nowhere(len(rows))}."
    said = []
    if paying:
        least, most = (number(pick(row.pays_until or 0.0 for row in paying)) for pick in (min, max))
        where = f"at ratio {least}" if least == most else f"between ratio {least} and {most}"
        said.append(
            f"in {len(paying)} of {settings} the next synthetic image is estimated to stop paying {where}"
        )
        said.append(f"saturation, tested as equivalence, is shown in {len(saturated) or 'none'}")
    if beyond:
        said.append(f"in {len(beyond)} of {settings} the largest ratio is estimated to pay still")
    if len(known) > len(paying):
        said.append(f"in {len(known) - len(paying)} of {settings} no gain at any ratio fits best")
    said += _declines(rows)
    return capital("; ".join(said)) + "."


def _declines(rows: Sequence[Saturation]) -> list[str]:
    peaks = [
        f"{side_words(row_side(row))} at {row.n_real_train} real a class"
        for row in rows
        if row.chosen == "peak"
    ]
    return [f"a decline after a peak fits best for {some(peaks)}"] if peaks else []


def _saturation_table(grid: Grid, rows: Sequence[Saturation]) -> Table:
    cells = [
        [
            text_cell(side_words(row_side(row)), setting_words(row, grid)),
            count_cell(row.n_real_train),
            text_cell(row.chosen or DASH, _weights(row) or clean(row.reason or "")),
            _pays_cell(row),
            text_cell({True: "shown", False: "not shown", None: DASH}[row.equivalent_beyond]),
        ]
        for row in sorted(
            rows, key=lambda row: (*setting_order(row, grid), row.arm, row.generator or "", row.n_real_train)
        )
    ]
    columns = [
        Column("Arm"),
        Column("Real per class", True),
        Column("Model chosen", False, "Akaike weights"),
        Column("Pays until", True, "synthetic per real"),
        Column("Saturation"),
    ]
    return Table("How the worth of synthetic images goes with the ratio", columns, cells)


def _weights(row: Saturation) -> str:
    known = sorted((m for m in row.models if m.weight is not None), key=lambda m: -(m.weight or 0.0))
    return ", ".join(f"{model.name} {number(model.weight, 2)}" for model in known)


def _pays_cell(row: Saturation) -> Cell:
    if row.pays_until is not None:
        return open_cell(row.pays_until, row.pays_lo, row.pays_hi)
    tried = values(sorted(row.ratios)) if row.ratios else ""
    words = {"above": f"beyond the largest ratio ({tried})", "below": f"below the smallest ratio ({tried})"}
    return Cell(DASH, words.get(row.censored or "", clean(row.reason or row.words)), None, "null")
