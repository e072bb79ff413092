"""The self-check for a terminal: one table for each extractor, metrics by faults."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from ..benchmark import SelfCheck
from ..imagesets import planted_fault
from ._names import clean
from ._self_check_words import LEGEND, mark, metric_rows, planted_names, row_name
from ._tables import _table as plain_table

_UNITS = {
    "sigma in pixels": "px",
    "quality": "quality",
    "sigma in grey levels": "grey",
    "grey levels": "grey",
    "share": "%",
}
_STYLES = {"no": "yellow", "WRONG": "bold red", ".": "dim", "?": "dim"}


def self_check_tables(document: SelfCheck) -> list[Table]:
    """One table for each extractor: from what strength each metric sees each planted fault."""
    return [_table(document, extractor) for extractor in document.extractors]


def self_check_lines(document: SelfCheck) -> list[str]:
    """What stands below the tables: the legend, the findings, what could not be planted, and what failed."""
    lines = [LEGEND, *document.summary]
    lines += [f"{fault.title}: not planted, {fault.reason}" for fault in document.faults if not fault.planted]
    lines += [f"{fault.title}: {fault.reason}" for fault in document.faults if fault.planted and fault.reason]
    return [
        *map(clean, lines),
        *(f"{clean(cell.stage)} failed: {clean(cell.error)}" for cell in document.failed),
    ]


def self_check_markdown(document: SelfCheck, extractor: str) -> str:
    """The table of one extractor in Markdown, without the control."""
    faults = [name for name in planted_names(document) if name != "control"]
    heads = [f"{planted_fault(name).title}, {_UNITS[planted_fault(name).unit]}" for name in faults]
    lines = [["Metric", *heads], ["---", *["---:"] * len(faults)]]
    for row in metric_rows(document, extractor):
        marks = [mark(document.curve(extractor, row[0], fault, row[1])) for fault in faults]
        lines.append([row_name(row), *(each.replace("~", "\\~") for each in marks)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _table(document: SelfCheck, extractor: str) -> Table:
    faults = planted_names(document)
    title = (
        f"{clean(document.name)}, {clean(extractor)} features: from what strength each metric sees each fault"
    )
    caption = (
        f"{document.n_synthetic} images damaged, {document.n_real} in the reference, {document.splits} splits by "
        "patient; p < .05 after Benjamini-Hochberg over the whole check"
    )
    table = plain_table(title, caption)
    table.add_column("Metric", overflow="fold")
    for name in faults:
        fault = planted_fault(name)
        table.add_column(f"{_short(fault.title)}\n{_UNITS[fault.unit]}", justify="right", overflow="fold")
    for row in metric_rows(document, extractor):
        marks = [mark(document.curve(extractor, row[0], fault, row[1])) for fault in faults]
        table.add_row(row_name(row), *(Text(each, style=_STYLES.get(each, "")) for each in marks))
    return table


def _short(title: str) -> str:
    return {
        "Colour cast": "Cast", "Dropped class": "Class\ngone", "Dropped group": "Group\ngone",
        "Mode collapse": "Collapse", "Swapped labels": "Labels", "Control: no fault": "Control",
    }.get(title, title)  # fmt: skip
