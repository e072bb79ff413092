"""Until when: how the gain goes with the ratio, and where the next synthetic image stops paying."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Contrast, Saturation
from ._augmentation import Grid, is_main, row_side, setting_order, side_words
from ._augmentation_cells import bounded, count_cell, nowhere, open_cell, some
from ._blocks import Cell, Column, Table, text_cell
from ._figure_augmentation_worth import saturation_figure
from ._names import capital, clean, metric_name, plural
from ._numbers import DASH, number, values
from ._openness import open_note, side_small
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
            "'Saturated' is said only of a shown gain that is larger than a margin that was registered, where two "
            "one-sided tests (Holm over all rows) show the largest ratio to give what this one gives.",
            open_note(map(row_side, rows), grid),
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
        notes=(open_note(map(row_side, rows), grid),),
    )


def _saturation_says(rows: Sequence[Saturation]) -> str:
    known = [row for row in rows if row.pays_until is not None or row.censored is not None]
    paying = [row for row in known if _gain(row) > 0]
    levelling = [row for row in paying if row.pays_until]
    settings = plural(len(rows), "setting")
    if not known:
        return f"Where the next synthetic image stops paying is not known {nowhere(len(rows))}."
    said = []
    if levelling:
        least, most = (number(pick(row.pays_until or 0.0 for row in levelling)) for pick in (min, max))
        where = f"at ratio {least}" if least == most else f"between ratio {least} and {most}"
        said.append(
            f"in {len(levelling)} of {settings} the next synthetic image is estimated to stop paying {where}"
        )
        saturated = sum(row.equivalent_beyond is True for row in paying)
        said.append(f"saturation, tested as equivalence, is shown in {saturated or 'none'}")
    for words, side in _CENSORED.items():
        if count := sum(row.censored == side for row in paying):
            said.append(f"in {count} of {settings} {words}")
    costs = [row for row in known if row.chosen != "none" and _gain(row) <= 0]
    if costs:
        said.append(f"in {len(costs)} of {settings} a loss fits best")
    if nothing := len(known) - len(paying) - len(costs):
        said.append(f"in {nothing} of {settings} no gain at any ratio fits best")
    said += _declines(paying)
    return capital("; ".join(said)) + "."


_CENSORED = {
    "the largest ratio is estimated to pay still": "above",
    "it is estimated to stop paying at or before the smallest ratio": "below",
}


def _gain(row: Saturation) -> float:
    """The chosen model's gain: above 0 only where synthetic images are estimated to help."""
    if row.chosen in (None, "none"):
        return 0.0
    return next((m.parameters.get("gain", 0.0) for m in row.models if m.name == row.chosen), 0.0)


def _declines(rows: Sequence[Saturation]) -> list[str]:
    peaks = [
        f"{side_words(row_side(row))} at {row.n_real_train} real a class"
        for row in rows
        if row.chosen == "peak"
    ]
    return [f"a decline after a peak fits best for {some(peaks)}"] if peaks else []


def _chosen(row: Saturation) -> str:
    """The chosen model, and that it is of a loss where it is."""
    if row.chosen is None:
        return DASH
    return f"{row.chosen}, a loss" if row.chosen != "none" and _gain(row) <= 0 else row.chosen


def _saturation_table(grid: Grid, rows: Sequence[Saturation]) -> Table:
    cells = [
        [
            text_cell(side_words(row_side(row)), side_small(row, grid)),
            count_cell(row.n_real_train),
            text_cell(_chosen(row), _weights(row) or clean(row.reason or "")),
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
