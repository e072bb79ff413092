"""Scores on the ruler, the other metrics, and the patient groups."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Ranking, Record
from ._blocks import Block, Cell, Column, Table, block, text_cell, value_cell
from ._estimates import Scores, generator_order, reference_names
from ._figure_ruler import ruler_dots, ruler_figure
from ._figure_scores import MAX_METRICS, direction, scores_figure
from ._figure_strata import strata_figure
from ._leaders import Leader, leaders, ranking_reading
from ._names import capital, clean, column_name, listed, metric_name, metrics_in_order, split_stratum
from ._numbers import number

MOST_OPEN = 24
"""Rows up to which a table without a figure stands open."""


def ruler_block(record: Record) -> Block | None:
    """The ranking metric of every generator among the reference arms; None without a ranking."""
    ranking = record.ranking
    if ranking is None:
        return None
    figure = ruler_figure(record, ranking)
    name = metric_name(ranking.metric)
    alt = f"Dot plot of the {name} of each generator with its interval, among the reference arms in grey."
    return block(
        "ruler", f"{capital(name)} on the ruler", _ruler_says(record, ranking), _ruler_table(record, ranking),
        figure, alt,
        f"How the order was made: {clean(ranking.method)}." if ranking.method else "",
    )  # fmt: skip


def _ruler_table(record: Record, ranking: Ranking) -> Table:
    places = {line.generator: line for line in leaders(record)}
    rows = []
    for dot in ruler_dots(record, ranking):
        line, reading = places[dot.name], ranking_reading(record, dot.name)
        rows.append([
            text_cell(dot.name, line.kind, "reference" if dot.reference else ""),
            Cell(line.place or "unranked", _why(line), line.place or "~"),
            value_cell(dot.estimate),
            text_cell(reading.words if reading else ""),
            Cell(number(reading.blur_sigma) if reading else "–", "", reading.blur_sigma if reading else None),
        ])  # fmt: skip
    columns = [
        Column("Generator"), Column("Place"), Column(capital(metric_name(ranking.metric)), True),
        Column("Reads as"), Column("Equivalent blur (px)", True),
    ]  # fmt: skip
    caption = f"{capital(metric_name(ranking.metric))} in {clean(ranking.extractor)} features, best first"
    return Table(caption, columns, rows)


def _why(line: Leader) -> str:
    """Why a generator with a value is unranked; where the value is missing, its own cell says why."""
    return (line.reason or "") if line.value.value is not None else ""


def _ruler_says(record: Record, ranking: Ranking) -> str:
    ranked = [line for line in leaders(record) if line.ranked and line.kind != "reference"]
    if not ranked:
        return "No generator could be ranked; the reasons stand in the table."
    first = ranked[0]
    tied = next((row.tied_with for row in ranking.rows if row.generator == first.generator), [])
    words = f"{clean(first.generator)} comes first among the generators"
    if tied:
        words += f", but cannot be told apart from {listed(clean(name) for name in tied)}"
    return words + (f"; read off the ruler it is {clean(first.words)}." if first.words else ".")


def metrics_blocks(record: Record) -> list[Block]:
    """For each extractor, the metrics beside each other."""
    return [found for extractor in Scores(record).extractors if (found := _metrics_block(record, extractor))]


def _metrics_block(record: Record, extractor: str) -> Block | None:
    scores, ranking = Scores(record), record.ranking
    metrics = metrics_in_order(scores.metrics(extractor))
    if not metrics:
        return None
    shown = [m for m in metrics if not (ranking and (m, extractor) == (ranking.metric, ranking.extractor))]
    alt = f"Dot plots of {listed(metric_name(m) for m in shown)} in {extractor} features for each generator."
    says = (
        "Precision asks whether the images look real, recall and coverage whether all kinds of real images are there: "
        "a generator that gains one by losing the other has not become better."
        if {"precision", "recall"} <= set(metrics)
        else "Each value is read beside the grey reference arms, not on its own."
    )
    return block(
        f"metrics-{extractor}", f"Metrics in {clean(extractor)} features", says,
        _metrics_table(record, extractor, metrics), scores_figure(record, extractor, shown), alt,
        f"{len(shown) - MAX_METRICS} more metrics are in the table only." if len(shown) > MAX_METRICS else "",
    )  # fmt: skip


def _metrics_table(record: Record, extractor: str, metrics: Sequence[str]) -> Table:
    scores, references = Scores(record), reference_names(record)
    columns = [Column("Generator"), *(_metric_column(scores, metric) for metric in metrics)]
    rows = [
        [text_cell(name, "", "reference" if name in references else "")]
        + [value_cell(scores.get(name, extractor, metric)) for metric in metrics]
        for name in generator_order(record)
    ]
    return Table(f"All metrics in {clean(extractor)} features", columns, rows)


def _metric_column(scores: Scores, metric: str) -> Column:
    return Column(capital(metric_name(metric)), True, direction(scores.higher_is_better(metric)))


def strata_blocks(record: Record) -> list[Block]:
    """For each stratum column, the first metric measured by it as a figure, and all in a table."""
    scores = Scores(record)
    found = []
    for extractor in scores.extractors:
        strata = scores.strata(extractor)
        for column in dict.fromkeys(split_stratum(stratum)[0] for stratum in strata):
            mine = [stratum for stratum in strata if split_stratum(stratum)[0] == column]
            found.append(_strata_block(record, extractor, column, mine))
    return found


def _strata_block(record: Record, extractor: str, column: str, strata: Sequence[str]) -> Block:
    scores, names = Scores(record), generator_order(record)
    measured = metrics_in_order(
        m
        for m in scores.metrics(extractor)
        if any(scores.rows(n, extractor, m, s) for n in names for s in strata)
    )
    preferred = [m for m in measured if m in ("kernel_distance", "kid")] + measured
    words = column_name(column)
    rows = [
        [text_cell(name), text_cell(metric_name(metric))]
        + [value_cell(scores.get(name, extractor, metric, stratum)) for stratum in strata]
        for metric in measured
        for name in names
        if any(scores.rows(name, extractor, metric, stratum) for stratum in strata)
    ]
    columns = [Column("Generator"), Column("Metric")]
    columns += [Column(clean(split_stratum(stratum)[1] or stratum), True) for stratum in strata]
    table = Table(f"By {words}, {clean(extractor)} features", columns, rows)
    missing = sum(1 for row in rows for cell in row[2:] if cell.look == "null")
    says = (
        f"Groups whose intervals overlap cannot be told apart; {missing} of {sum(len(row) - 2 for row in rows)} "
        "values could not be given, each with its reason in the table."
        if missing
        else "Groups whose intervals overlap cannot be told apart from these images."
    )
    alt = f"Dot plot of the {metric_name(preferred[0])} of each generator, one marker for each {words}."
    figure = strata_figure(record, extractor, preferred[0], column)
    title = f"{capital(metric_name(preferred[0]))} by {words}, {clean(extractor)} features"
    open_table = figure is None and len(rows) <= MOST_OPEN
    return block(f"strata-{column}-{extractor}", title, says, table, figure, alt, open_table=open_table)
