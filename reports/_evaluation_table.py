"""The table of an evaluation: metric by metric, groups indented below, real images beside; also as Markdown and CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..benchmark import Record, ScoreRow
from ._estimates import Estimate, Scores, generator_order, reference_names
from ._names import JUDGES, capital, clean, metric_name, metrics_in_order, split_stratum, stratum_name
from ._numbers import DASH, interval

MOST_SIDE_BY_SIDE = 3
"""Generators that fit beside each other in 100 columns."""
_TOO_FEW = re.compile(r"not enough data: (\d+) .*?, (\d+) needed")
_TOO_FEW_WORDS = "null (n of m): not enough data, n images where m are needed"


@dataclass(frozen=True)
class Line:
    """A row of the table: a metric over all images, or one group of it, indented."""

    metric: str
    extractor: str
    group: str
    cells: list[str]
    opens: bool


@dataclass(frozen=True)
class Lines:
    """The whole table: the names of what is side by side, the rows, and the words below."""

    names: list[str]
    rows: list[Line]
    below: list[str]


def evaluation_table(record: Record) -> Table:
    """Every score of an evaluation with its interval, real images beside it; the reasons of nulls below."""
    lines = evaluation_lines(record)
    table = Table(
        title=Text(clean(record.name)),
        caption=Text("\n".join(lines.below)),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        header_style="bold",
    )
    table.add_column("Metric", overflow="fold")
    table.add_column("Features", overflow="fold")
    for name in lines.names:
        table.add_column(escape(clean(name)), justify="right", overflow="fold")
    for place, line in enumerate(lines.rows):
        head = [f"  {line.group}" if line.group else line.metric, "" if line.group else line.extractor]
        ends = place + 1 < len(lines.rows) and lines.rows[place + 1].opens
        table.add_row(*map(Text, [*head, *line.cells]), end_section=ends)
    return table


def evaluation_markdown(record: Record) -> str:
    """The same table as Markdown."""
    lines = evaluation_lines(record)
    head = ["Metric", "Group", "Features", *lines.names]
    rows = [head, ["---", "---", "---", *["---:"] * len(lines.names)]]
    rows += [[line.metric, line.group, line.extractor, *line.cells] for line in lines.rows]
    table = ["| " + " | ".join(clean(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([*table, "", *(f"- {words}" for words in lines.below)]) + "\n"


def evaluation_csv(record: Record) -> str:
    """Every score row of the record as CSV, with all its fields; an empty cell is null."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    fields = list(ScoreRow.model_fields)
    writer.writerow(fields)
    for row in record.scores:
        writer.writerow(["" if (cell := getattr(row, name)) is None else cell for name in fields])
    return text.getvalue()


def evaluation_lines(record: Record) -> Lines:
    """What the table holds, in order."""
    scores, references = Scores(record), reference_names(record)
    order = sorted(generator_order(record), key=lambda name: name in references)
    shown, left_out = order[:MOST_SIDE_BY_SIDE], order[MOST_SIDE_BY_SIDE:]
    reasons: dict[str, int] = {}
    rows = [line for key in _measured(scores) for line in _lines(scores, shown, *key, reasons)]
    below = [f"{clean(record.data.name)}, licence: {clean(record.data.licence)}"]
    below += [_TOO_FEW_WORDS] if any(" of " in cell for line in rows for cell in line.cells) else []
    below += [f"({number}) {reason}" for reason, number in reasons.items()]
    below += [f"note: {clean(note)}" for note in record.data.notes]
    below += [f"not shown here, but in the record: {', '.join(map(clean, left_out))}"] if left_out else []
    return Lines(shown, rows, below)


def _measured(scores: Scores) -> list[tuple[str, str]]:
    """Extractor and metric, in the order of the table."""
    judges = [judge for judge in JUDGES if scores.metrics(judge)]
    return [
        (extractor, metric)
        for extractor in [*scores.extractors, *judges]
        for metric in metrics_in_order(scores.metrics(extractor))
    ]


def _lines(
    scores: Scores, shown: Sequence[str], extractor: str, metric: str, reasons: dict[str, int]
) -> list[Line]:
    title = metric_title(metric) + {True: " ↑", False: " ↓", None: ""}[scores.higher_is_better(metric)]
    strata = [
        stratum
        for stratum in ["all", *_in_order(scores.strata(extractor))]
        if any(scores.rows(name, extractor, metric, stratum) for name in shown)
    ]
    whole = (
        [] if "all" in strata or not strata else [Line(title, clean(extractor), "", [""] * len(shown), True)]
    )
    return whole + [
        Line(
            title,
            clean(extractor),
            "" if stratum == "all" else stratum_name(stratum),
            [_cell(scores.get(name, extractor, metric, stratum), reasons) for name in shown],
            stratum == "all" and len(strata) > 1,
        )
        for stratum in strata
    ]


def _in_order(strata: Sequence[str]) -> list[str]:
    """Column by column as they came, the values of each in the order of the alphabet."""
    columns = list(dict.fromkeys(split_stratum(stratum)[0] for stratum in strata))
    return sorted(strata, key=lambda stratum: (columns.index(split_stratum(stratum)[0]), stratum))


def metric_title(metric: str) -> str:
    """The metric in words, its options in brackets.

    >>> metric_title("vendi_score?q=2"), metric_title("coverage")
    ('Vendi score (q=2)', 'Coverage')
    """
    name, _, options = metric.partition("?")
    return capital(metric_name(name)) + (f" ({clean(options).replace('&', ', ')})" if options else "")


def _cell(found: Estimate, reasons: dict[str, int]) -> str:
    """The value with its bounds; for a null how few there are, or the number of its reason."""
    if found.value is not None:
        return interval(found.value, found.lo, found.hi)
    if found.reason in (None, "not measured"):
        return DASH
    few = _TOO_FEW.fullmatch(clean(found.reason))
    if few:
        return f"null ({few.group(1)} of {few.group(2)})"
    return f"null ({reasons.setdefault(clean(found.reason), len(reasons) + 1)})"
