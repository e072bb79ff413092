"""What the synthetic images were worth to a classifier."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import CellRow, Record
from ..core import MIN_SEEDS
from ._blocks import Block, Cell, Column, Table, block, text_cell, value_cell
from ._estimates import estimate
from ._figure_curves import curves_figure
from ._names import capital, clean, metric_name, plural, stratum_name
from ._utility import (
    OWN_TEST,
    arm_label,
    best_gain,
    classifiers_of,
    gains,
    metric_of,
    metric_words,
    series,
    utility_metrics,
)

MAX_STRATA = 14
"""A table with more groups than this shows the worst groups and the gaps alone."""


def curve_blocks(record: Record) -> list[Block]:
    """The learning curves of each classifier."""
    metric = metric_of(record)
    blocks = []
    for classifier in classifiers_of(record):
        alt = f"Learning curves: {metric_name(metric)} of {classifier} over real training images per class, by arm."
        blocks.append(
            block(
                f"curves-{classifier}", f"Learning curves, {clean(classifier)}", _curve_says(record, classifier),
                _curve_table(record, classifier), curves_figure(record, classifier, metric), alt,
            )
        )  # fmt: skip
    return blocks


def _curve_says(record: Record, classifier: str) -> str:
    seeds = len({cell.seed for cell in record.cells if cell.classifier == classifier})
    if seeds < MIN_SEEDS:
        return f"Every seed is drawn ({plural(seeds, 'seed')}): too few to claim a difference; {MIN_SEEDS} are needed."
    return "Bars are intervals over seeds; where they overlap the paired gains decide, not this figure."


def _curve_table(record: Record, classifier: str) -> Table:
    lines = {metric: series(record, classifier, metric) for metric in utility_metrics(record)}
    counts = sorted({n for group in lines.values() for line in group for n, _ in line.points})
    rows = []
    for metric, group in lines.items():
        for line in group:
            points = dict(line.points)
            cells = [
                value_cell(points[n]) if n in points else Cell("–", "not run", None, "null") for n in counts
            ]
            rows.append([text_cell(line.label), text_cell(metric_name(metric)), *cells])
    columns = [Column("Arm"), Column("Measure"), *(Column(f"{n} real", True) for n in counts)]
    return Table(f"{clean(classifier)}: each arm by real training images per class", columns, rows)


def gains_block(record: Record) -> Block | None:
    """The paired gain of every setting over real-only; None when there is no pair."""
    found = gains(record, metric_of(record))
    if not found:
        return None
    rows = [
        [
            text_cell(gain.generator), text_cell(gain.classifier), Cell(str(gain.n_real_train), "", gain.n_real_train),
            Cell(f"{gain.ratio:g}", "", gain.ratio), Cell(gain.text, gain.seeds_text, gain.mean),
        ]
        for settings in found.values()
        for gain in settings
    ]  # fmt: skip
    columns = [
        Column("Generator"), Column("Classifier"), Column("Real per class", True), Column("Synthetic per real", True),
        Column(f"Gain in {metric_words(record)}", True),
    ]  # fmt: skip
    best = [best for settings in found.values() if (best := best_gain(settings))]
    top = max(best, key=lambda gain: gain.mean)
    tried = sum(gain.of for gain in best)
    picked = f", picked from {tried} settings and therefore flattering" if tried > 1 else ""
    says = f"The largest gain is {top.text} with {clean(top.generator)} ({top.setting}){picked}."
    table = Table("Gain over real-only at the same number of real images, paired by seed", columns, rows)
    return block("gains", "Gain over real images alone", says, table, None, "", open_table=True)


def groups_block(record: Record) -> Block | None:
    """The measures by stratum and of the worst group; None when only 'all' was measured."""
    cells = [cell for cell in record.cells if cell.test_set == OWN_TEST]
    strata = list(dict.fromkeys(cell.stratum for cell in cells if cell.stratum != "all"))
    if not strata:
        return None
    strata.sort(key=lambda stratum: not stratum.startswith("worst:"))
    if len(strata) > MAX_STRATA:
        strata = [stratum for stratum in strata if stratum.startswith(("worst:", "gap:"))] or strata[:MAX_STRATA]
    metric = _group_metric(record)
    keyed: dict[tuple[str, str, int], dict[str, list[CellRow]]] = {}
    for cell in cells:
        if cell.metric == metric:
            key = (cell.classifier, arm_label(cell.arm, cell.generator, cell.ratio), cell.n_real_train)
            keyed.setdefault(key, {}).setdefault(cell.stratum, []).append(cell)
    several = len({key[0] for key in keyed}) > 1
    rows = [
        [text_cell(arm, classifier if several else ""), Cell(str(n), "", n)]
        + [value_cell(estimate(by_stratum.get(stratum, []))) for stratum in ("all", *strata)]
        for (classifier, arm, n), by_stratum in keyed.items()
    ]
    columns = [Column("Arm"), Column("Real per class", True), Column("All", True)]
    columns += [Column(capital(stratum_name(stratum)), True) for stratum in strata]
    return block(
        "worst-group", "Worst group and patient groups", _worst_says(record, metric, strata),
        Table(f"{capital(metric_name(metric))} of the classifiers by patient group", columns, rows), None, "",
        open_table=len(rows) <= 24,
    )  # fmt: skip


def _group_metric(record: Record) -> str:
    worst = [cell.metric for cell in record.cells if cell.stratum.startswith("worst:")]
    metric = metric_of(record)
    return metric if not worst or metric in worst else worst[0]


def _worst_says(record: Record, metric: str, strata: Sequence[str]) -> str:
    worst = next((stratum for stratum in strata if stratum.startswith("worst:")), None)
    if worst is None:
        return "No worst group was recorded; the groups stand side by side."
    values: dict[str, list[CellRow]] = {}
    for cell in record.cells:
        if (cell.stratum, cell.metric, cell.test_set) == (worst, metric, OWN_TEST):
            label = f"{arm_label(cell.arm, cell.generator, cell.ratio)}, {cell.n_real_train} real a class"
            values.setdefault(label, []).append(cell)
    known = {label: found for label, cells in values.items() if (found := estimate(cells)).value is not None}
    if not known:
        return f"The {stratum_name(worst)} could not be determined; the reasons stand in the table."
    best = max(known, key=lambda label: known[label].value or 0.0)
    return (
        f"The {stratum_name(worst)} was served best by {best}: {metric_name(metric)} {known[best].text}. "
        "A mean that rises while this falls is no progress."
    )
