"""The report on alignment: the verdict on each aligner, its way, its price, and how far R could be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..benchmark import Audit, Price, Record
from ._alignment import BESIDE, KEPT, AlignmentRow, alignment_rows
from ._alignment_cells import change_cell, gain_cell, path_cell, price_cell, stop_cell, time_cell
from ._blocks import Block, Column, Table, block, text_cell
from ._figure_plausibility import gains_figure
from ._names import JUDGES, capital, clean, listed
from ._section_alignment_reward import reward_blocks
from ._section_alignment_trail import trajectory_block

CHIPS = {
    "helped": "clear",
    "hacked": "copies",
    "not shown": "notshown",
    "cannot be known from these data": "unknown",
}


@dataclass(frozen=True)
class AuditLine:
    """An aligner's verdict as the section opens with it."""

    name: str
    verdict: str
    chip: str
    words: str
    prices: Sequence[str]


def audit_lines(record: Record) -> list[AuditLine]:
    """The verdicts in the record's order, each with its words and what it cost."""
    return [
        AuditLine(
            clean(audit.aligner), audit.verdict, CHIPS[audit.verdict], capital(clean(audit.words)),
            [_price_words(price) for price in audit.prices],
        )
        for audit in record.audits
    ]  # fmt: skip


def _price_words(price: Price) -> str:
    words = clean(price.words)
    return capital(words if price.metric in words.lower() else f"{price.metric}: {words}")


def alignment_blocks(record: Record) -> list[Block]:
    """Gains and prices, trajectories, and R before and after; empty where nothing was aligned."""
    found = [gains_block(record), price_block(record), trajectory_block(record), *reward_blocks(record)]
    return [part for part in found if part is not None]


def gains_block(record: Record) -> Block | None:
    """Gain of each aligner over its control on R, E and H, and over the base on H; None without audits."""
    rows = _audited(record)
    if not rows:
        return None
    cells = [
        [
            text_cell(row.name, f"control: {audit.control}"), text_cell(audit.verdict, "", "verdict"),
            *(gain_cell(row.over_control[judge]) for judge in JUDGES), gain_cell(row.over_base["H"]),
        ]
        for row, audit in rows
    ]  # fmt: skip
    columns = [
        Column("Aligner"), Column("Verdict"), *(Column(f"Gain on {judge}", True) for judge in JUDGES),
        Column("H over the base", True),
    ]  # fmt: skip
    return block(
        "audits", "Gain of alignment over its control", _says(record),
        Table("Audit of each aligner against the control with the same extra steps", columns, cells),
        gains_figure(record, record.audits),
        "Dot plots of the gain of each aligner over its control on the judges R, E and H; zero is marked.",
        "R was trained to be pleased and E chose where to stop: what counts is H.",
        open_table=True,
    )  # fmt: skip


def price_block(record: Record) -> Block | None:
    """What each aligner cost in recall, coverage, distance and time; None where nothing of it is known."""
    rows = [
        [
            text_cell(row.name),
            *(price_cell(_price(audit, metric), row.lost[metric]) for metric in KEPT),
            *(change_cell(row, metric) for metric in BESIDE),
            path_cell(audit), stop_cell(audit), time_cell(audit),
        ]
        for row, audit in _audited(record)
    ]  # fmt: skip
    if not any(cell.sort is not None for row in rows for cell in row[1:]):
        return None
    columns = [
        Column("Aligner"), Column("Recall", True, "less the control's"), Column("Coverage", True, "less the control's"),
        Column("Vendi score", True), Column("Near-copies", True), Column("Agrees with label", True),
        Column("Path KL", True, "nats an image"), Column("Stopped at", True), Column("Time", True, "a seed"),
    ]  # fmt: skip
    return block(
        "prices", "What it cost", _price_says(record), Table("The price of each aligner", columns, rows), None, "",
        "Recall and coverage stand with the one-sided 95% lower bound of their difference to the control, which must "
        "lie above the margin. Path KL: how far the images went from the base's; a bound is marked with ≤.",
    )  # fmt: skip


def _audited(record: Record) -> list[tuple[AlignmentRow, Audit]]:
    return [(row, row.audit) for row in alignment_rows(record) if row.audit is not None]


def _price(audit: Audit, metric: str) -> Price | None:
    return next((price for price in audit.prices if price.metric == metric), None)


def _price_says(record: Record) -> str:
    """Who kept recall and coverage within the margin, and of whom that was not shown."""
    known = [audit for audit in record.audits if audit.prices]
    kept = [audit for audit in known if all(price.verdict == "not inferior" for price in audit.prices)]
    if not known:
        return "No margin was set for recall and coverage: differences to the control are given without a verdict."
    margin = known[0].prices[0].margin
    if not kept:
        return f"No aligner was shown to keep recall and coverage within {margin:g} of its control's."
    names = listed(clean(audit.aligner) for audit in kept)
    return f"Recall and coverage are within {margin:g} of the control's for {names}; for the others that is not shown."


def _says(record: Record) -> str:
    parts = []
    for verdict in dict.fromkeys(audit.verdict for audit in record.audits):
        names = listed(clean(audit.aligner) for audit in record.audits if audit.verdict == verdict)
        parts.append(f"{verdict}: {names}")
    simulated = (
        " H is simulated here, not people." if any(audit.simulated_h for audit in record.audits) else ""
    )
    return capital("; ".join(parts)) + "." + simulated
