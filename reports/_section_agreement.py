"""Do the extractors agree on the order of the generators?"""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import AgreementRow, Record
from ._blocks import Block, Cell, Column, Table, block, text_cell
from ._names import capital, clean, listed, metric_name
from ._numbers import DASH, number, p_value


def agreement_block(record: Record) -> Block | None:
    """One sentence and a table of rank correlations; None with a single extractor."""
    if not record.agreement:
        return None
    rows = [
        [
            text_cell(metric_name(row.metric)), text_cell(f"{clean(row.first)} and {clean(row.second)}"),
            text_cell(row.over), Cell(str(row.n), "", row.n), _tau(row), Cell(_bare(row.p), "", row.p), _rho(row),
        ]
        for row in record.agreement
    ]  # fmt: skip
    columns = [
        Column("Metric"), Column("Extractors"), Column("Over"), Column("n", True), Column("Kendall's tau", True),
        Column("p", True), Column("Spearman's rho", True),
    ]  # fmt: skip
    table = Table("Rank agreement of the extractors", columns, rows)
    return block(
        "agreement", "Do the extractors agree?", agreement_says(record.agreement), table, None, "",
        "With the reference arms the agreement is higher, because every extractor sees a strong blur: read the rows "
        "over generators alone first.",
    )  # fmt: skip


def agreement_says(rows: Sequence[AgreementRow]) -> str:
    """The reading in one sentence, over generators alone."""
    alone = [row for row in rows if row.over == "generators"]
    told = [row for row in alone if row.tau is not None]
    if not told:
        reason = next((row.reason for row in alone if row.reason), "nothing was measured")
        return f"Whether the extractors order the generators alike cannot be told: {clean(reason)}."
    shown = [row for row in told if row.p is not None and row.p < 0.05 and (row.tau or 0) > 0]
    against = [row for row in told if (row.tau or 0) < 0]
    words = f"Of {len(told)} comparisons of two extractors, {len(shown)} show the same order beyond chance (p < .05)"
    if against:
        names = listed(dict.fromkeys(capital(metric_name(row.metric)) for row in against))
        words += f"; {names} is ordered rather the other way by one of them"
    return words + "."


def _tau(row: AgreementRow) -> Cell:
    if row.tau is None:
        return Cell(DASH, clean(row.reason or "not measured"), None, "null")
    bounds = f"{number(row.lo)} to {number(row.hi)}" if row.lo is not None and row.hi is not None else ""
    return Cell(number(row.tau), bounds, row.tau)


def _rho(row: AgreementRow) -> Cell:
    if row.rho is None:
        return Cell(DASH, "", None)
    return Cell(number(row.rho), p_value(row.p_rho) if row.p_rho is not None else "", row.rho)


def _bare(p: float | None) -> str:
    return p_value(p).removeprefix("p ").removeprefix("= ") if p is not None else DASH
