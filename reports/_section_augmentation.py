"""What synthetic images were worth to a classifier: the parts of the report, in the order in which one asks."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Contrast, Record
from ._augmentation import (
    ALONE,
    BETTER,
    MIXED,
    REPEATED,
    SHUFFLED,
    WORSE,
    Grid,
    arm_of,
    generator_of,
    side_words,
)
from ._augmentation_cells import bounded, count_cell, detectable_cell, gain_cell, tally, too_few, verdict_cell
from ._blocks import Block, Column, Table, text_cell
from ._figure_augmentation import arms_figure, gains_figure
from ._names import clean, listed, metric_name
from ._openness import open_note
from ._parts import Part, as_block
from ._section_augmentation_causes import causes_parts
from ._section_augmentation_fairness import fairness_parts
from ._section_augmentation_groups import group_parts
from ._section_augmentation_registered import registered_part
from ._section_augmentation_saturation import saturation_parts
from ._section_augmentation_training import training_parts
from ._section_augmentation_worth import worth_parts

MARKS = "Bars are 95% intervals; filled marks are shown after correction for their number, open ones are not."


def augmentation_blocks(record: Record) -> list[Block]:
    """The parts as blocks of the run report; empty where no grid was analysed."""
    return [as_block(part) for part in augmentation_parts(record)]


def augmentation_parts(record: Record) -> list[Part]:
    """Registered contrasts, gains by number and ratio, arms, groups, worth, causes, sharing and training."""
    if record.augmentation is None:
        return []
    grid = Grid(record)
    found: list[Part | None] = [registered_part(grid)]
    for classifier in grid.classifiers:
        found += [gains_part(grid, classifier), arms_part(grid, classifier)]
    found += [
        *group_parts(grid),
        *fairness_parts(grid),
        *worth_parts(grid),
        *saturation_parts(grid),
        *causes_parts(grid),
        *training_parts(grid),
    ]
    return [part for part in found if part is not None]


def gains_part(grid: Grid, classifier: str) -> Part | None:
    """Real and synthetic images together against real images alone, by number and ratio."""
    rows = [row for row in grid.gains(classifier) if arm_of(row.a) == MIXED]
    if not rows:
        return None
    return Part(
        f"gains-{classifier}",
        grid.titled("Gain by number of real images and ratio", classifier),
        _gain_says(grid, rows),
        _gain_table(grid, rows),
        gains_figure(rows, grid.metric),
        f"Gain in {metric_name(grid.metric)} of {clean(classifier)} over real images alone, by number of real images "
        "per class; a line for each ratio, a panel for each generator; zero is marked.",
        notes=("" if too_few(rows) else MARKS, open_note((row.a for row in rows), grid)),
    )


def arms_part(grid: Grid, classifier: str) -> Part | None:
    """Every other arm and control against real images alone, at one ratio."""
    rows = [row for row in grid.gains(classifier) if arm_of(row.a) != MIXED]
    if not rows:
        return None
    drawn = [row for row in grid.focus(rows) if arm_of(row.a) != ALONE]
    notes = {
        "Label-shuffled synthetic images: what they gain is not owed to what the labels say.": SHUFFLED,
        "Extra real images are the ceiling.": "extra-real",
        "Synthetic images alone are not drawn: they stand in the table, and in the part on sharing.": ALONE,
    }
    said = [words for words, arm in notes.items() if any(arm_of(row.a) == arm for row in rows)]
    return Part(
        f"arms-{classifier}",
        grid.titled("Other arms and controls", classifier),
        _arms_says(grid, rows),
        _gain_table(grid, rows),
        arms_figure(drawn, grid.metric),
        f"Gain in {metric_name(grid.metric)} of {clean(classifier)} over real images alone, by number of real images "
        "per class; a line for each arm, a panel for each generator and one for the arms without; zero is marked.",
        notes=(" ".join(said),),
    )


def _gain_says(grid: Grid, rows: Sequence[Contrast]) -> str:
    few = too_few(rows)
    if few:
        return few
    said = tally(rows, "setting", "real images alone")
    checks = [
        (words, [other for row in rows if row.verdict == BETTER and (other := grid.same_place(row, over))])
        for over, words in _CONTROLS.items()
    ]
    known = [
        f"{sum(row.verdict == BETTER for row in found)} of {len(found)} {words}{_reach(grid, words)}"
        for words, found in checks
        if found
    ]
    return f"{said[:-1]}; of those shown to be better, {' and '.join(known)}." if known else said


_CONTROLS = {
    REPEATED: "also beat real images repeated",
    SHUFFLED: "also beat label-shuffled synthetic images",
}


def _reach(grid: Grid, words: str) -> str:
    """How often the repeated real images were seen: not always as often as the synthetic ones would ask for."""
    most = max((cell.ratio for cell in grid.record.cells if cell.arm == REPEATED), default=0.0)
    return f" up to ×{most:g}" if words == _CONTROLS[REPEATED] and most else ""


def _arms_says(grid: Grid, rows: Sequence[Contrast]) -> str:
    few = too_few(rows)
    if few:
        return few
    shuffled = [row for row in rows if arm_of(row.a) == SHUFFLED and row.verdict == BETTER]
    parts = [f"{_ARM_VERDICTS[verdict]}: {_arms_with(rows, verdict)}" for verdict in _ARM_VERDICTS]
    if shuffled:
        parts.append(
            f"label-shuffled images gained too in {len(shuffled)}: a gain of that size is not the labels'"
        )
    return f"{'; '.join(parts)}; of all others neither is shown."


_ARM_VERDICTS = {BETTER: "Shown to be better than real images alone", WORSE: "shown to be worse"}


def _arms_with(rows: Sequence[Contrast], verdict: str) -> str:
    """The arms with this verdict, each with in how many of its settings."""
    counts = {
        arm: [row.verdict for row in rows if arm_of(row.a) == arm]
        for arm in dict.fromkeys(arm_of(r.a) for r in rows)
    }
    told = [
        f"{clean(arm)} (in {found.count(verdict)} of {len(found)})"
        for arm, found in counts.items()
        if verdict in found
    ]
    return listed(told) or "none"


def _gain_table(grid: Grid, rows: Sequence[Contrast]) -> Table:
    over = [control for control in _CONTROLS if any(grid.same_place(row, control) for row in rows)]
    cells = [
        [
            text_cell(side_words(row.a), grid.openness(row.a)),
            count_cell(row.n_real_train),
            count_cell(row.ratio),
            gain_cell(row),
            *(gain_cell(grid.same_place(row, control)) for control in over),
            detectable_cell(row),
            verdict_cell(row),
        ]
        for row in sorted(
            rows, key=lambda row: (generator_of(row.a) or "", row.a, row.n_real_train, row.ratio)
        )
    ]
    names = {REPEATED: "Over real repeated", SHUFFLED: "Over shuffled labels"}
    columns = [
        Column("Arm"),
        Column("Real per class", True),
        Column("Synthetic per real", True),
        Column("Over real alone", True, metric_name(grid.metric)),
        *(Column(names[c], True) for c in over),
        Column("Could show", True, "with 80% power, before correction"),
        Column("Verdict"),
    ]
    seeds = (
        "Paired by seed, same real images and initial weights; p after Benjamini-Hochberg, over gains of arms that add "
        "synthetic images and over all other comparisons apart."
    )
    return bounded(
        Table("Gain over other arms at the same number of real images", columns, cells, note=seeds)
    )
