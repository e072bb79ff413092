"""Clinical plausibility by the judges R, E and H, and what alignment did to it."""

from __future__ import annotations

from ..benchmark import Audit, Record
from ._blocks import Block, Cell, Column, Table, block, text_cell, value_cell
from ._estimates import Scores, reference_names
from ._figure_plausibility import (
    ROLES,
    gain_estimate,
    gains_figure,
    judged,
    plausibility_figure,
    plausibility_order,
)
from ._names import JUDGES, capital, clean, listed
from ._numbers import bracket, signed

PLACES = 3


def plausibility_block(record: Record) -> Block | None:
    """The share judged plausible by each judge; None when no judge looked."""
    names = plausibility_order(record)
    if not names:
        return None
    scores, references = Scores(record), reference_names(record)
    kinds = {entry.name: entry.kind for entry in record.generators}
    rows = [
        [text_cell(name, kinds.get(name, ""), "reference" if name in references else "")]
        + [value_cell(judged(scores, name, judge)) for judge in JUDGES]
        for name in names
    ]
    columns = [Column("Generator"), *(Column(ROLES[judge], True) for judge in JUDGES)]
    return block(
        "plausibility-figure", "Judged plausible, before and after alignment",
        "H alone judges: R was trained to be pleased and E was used to choose, so a gain that only they see is not "
        "a clinical one.",
        Table("Plausibility by judge", columns, rows), plausibility_figure(record),
        "Dot plots of the plausibility of each generator by the judges R, E and H.",
    )  # fmt: skip


def audit_block(record: Record) -> Block | None:
    """The verdict on each aligner with its gains on R, E and H; None without audits."""
    if not record.audits:
        return None
    rows = [
        [text_cell(audit.aligner), text_cell(audit.control), text_cell(audit.verdict, audit.words, "verdict")]
        + [_gain_cell(audit, judge) for judge in JUDGES]
        for audit in record.audits
    ]
    columns = [
        Column("Aligner"),
        Column("Control"),
        Column("Verdict"),
        *(Column(f"Gain on {j}", True) for j in JUDGES),
    ]
    return block(
        "audits", "Gain of alignment over its control", _says(record),
        Table("Audit of each aligner against the control with the same extra steps", columns, rows),
        gains_figure(record, record.audits),
        "Dot plots of the gain of each aligner over its control on the judges R, E and H; zero is marked.",
        open_table=True,
    )  # fmt: skip


def _gain_cell(audit: Audit, judge: str) -> Cell:
    found = gain_estimate(audit.gains.get(judge, []))
    if found.value is None:
        return value_cell(found)
    text = f"{signed(found.value, PLACES)} {bracket(found.lo, found.hi, PLACES)}".strip()
    seeds = " · ".join(signed(gain, PLACES) for _, gain, _, _ in found.per_seed)
    return Cell(text, f"seeds {seeds}" if found.few else "", found.value)


def _says(record: Record) -> str:
    parts = []
    for verdict in dict.fromkeys(audit.verdict for audit in record.audits):
        names = listed(clean(audit.aligner) for audit in record.audits if audit.verdict == verdict)
        parts.append(f"{verdict}: {names}")
    simulated = (
        " H is simulated here, not people." if any(audit.simulated_h for audit in record.audits) else ""
    )
    return capital("; ".join(parts)) + "." + simulated if parts else ""
