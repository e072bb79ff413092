"""Whether a value that the training labels lack was taught by ratings alone."""

from __future__ import annotations

from ..benchmark import ConceptRow, Record
from ..core import MIN_SEEDS, t_interval
from ._blocks import Block, Cell, Column, Table, block, text_cell
from ._names import capital, clean, listed
from ._numbers import bracket, number, signed

PLACES = 3
_SHARES = ("asked_confirmed", "other_confirmed", "plausible", "both")


def concept_block(record: Record) -> Block | None:
    """Arms by value: asked for and seen, seen though another was asked for, plausible; None without a concept."""
    if not record.concepts:
        return None
    arms = list(dict.fromkeys(row.method for row in record.concepts))
    values = list(dict.fromkeys(row.value for row in record.concepts if row.value is not None))
    words = {verdict.method: verdict for verdict in record.concept_verdicts}
    rows = []
    for arm in arms:
        found = words.get(arm)
        verdict = text_cell(found.verdict, found.words, "verdict") if found else text_cell("–", "control")
        for value in values:
            mine = [row for row in record.concepts if (row.method, row.value) == (arm, value)]
            rows.append(
                [text_cell(arm), text_cell(value), verdict, *(_share(mine, name) for name in _SHARES)]
            )
    columns = [
        Column("Arm"),
        Column("Asked for"),
        Column("Verdict"),
        Column("Asked for and seen", True),
        Column("Seen though another was asked for", True),
        Column("Plausible for its class", True),
        Column("Seen and plausible", True),
    ]
    return block(
        "concept", f"A new concept: {listed(map(clean, values))}", _says(record),
        Table("Shares of images by H, mean over seeds", columns, rows, note=_price(record)), None, "",
        open_table=True,
    )  # fmt: skip


def _share(rows: list[ConceptRow], name: str) -> Cell:
    given = [float(value) for row in rows if (value := getattr(row, name)) is not None]
    if not given:
        reason = next((row.reason for row in rows if row.reason), "not measured")
        return Cell("–", clean(reason), None, "null")
    mean = sum(given) / len(given)
    seeds = " · ".join(number(value, PLACES) for value in given)
    if len(given) < MIN_SEEDS:
        return Cell(number(mean, PLACES), f"seeds {seeds}", mean)
    found = t_interval(given)
    return Cell(f"{number(mean, PLACES)} {bracket(found.lo, found.hi, PLACES)}", "", mean)


def _says(record: Record) -> str:
    parts = []
    for verdict in dict.fromkeys(each.verdict for each in record.concept_verdicts):
        names = listed(clean(each.method) for each in record.concept_verdicts if each.verdict == verdict)
        parts.append(f"{verdict}: {names}")
    rule = (
        "Taught means: over the untaught base, as many steps on real images and shuffled ratings, H sees the value "
        "asked for more often, and more often than where another value was asked for."
    )
    return f"{capital('; '.join(parts))}. {rule}" if parts else rule


def _price(record: Record) -> str:
    parts = []
    for verdict in record.concept_verdicts:
        if verdict.price:
            mean = sum(verdict.price) / len(verdict.price)
            shown = signed(mean, PLACES)
            if len(verdict.price) >= MIN_SEEDS:
                found = t_interval(verdict.price)
                shown += f" {bracket(found.lo, found.hi, PLACES)}"
            parts.append(f"{clean(verdict.method)} {shown}")
    if not parts:
        return ""
    return f"All other requests, plausible by H, less real-only's: {'; '.join(parts)}."
