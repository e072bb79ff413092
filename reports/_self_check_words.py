"""How the self-check's verdicts are shown: one short mark for each, and what the marks mean."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import CheckCurve, CheckPoint, SelfCheck
from ..imagesets import planted_fault
from ._names import capital, column_name, metric_name, metrics_in_order
from ._numbers import interval

UNTOUCHED = "."
LEGEND = (
    "0.5: moves the right way from this strength on, and one score tells. (0.5): barely: the right way, but "
    "never beyond the spread of real against real, or, a kind missing altogether, by less than the mildest blur. "
    "no: does not see it. WRONG: moves the wrong way. "
    "~0.5: moves, which is not asked of it. .: not asked of it, and still. ?: cannot be known."
)
Row = tuple[str, str]
"""Metric and stratum."""


def mark(curve: CheckCurve | None) -> str:
    """The verdict in a few characters.

    >>> mark(None)
    '.'
    """
    if curve is None:
        return UNTOUCHED
    start = "" if curve.seen_from is None else planted_fault(curve.fault).number(curve.seen_from)
    return {
        "sees": start,
        "barely sees": f"({start})",
        "does not see": "no",
        "wrong way": "WRONG",
        "moves": f"~{start}",
        "still": UNTOUCHED,
        "cannot be known": "?",
    }[curve.verdict]


def look(curve: CheckCurve | None) -> str:
    """The CSS class of the verdict's cell."""
    if curve is None:
        return "still"
    return curve.verdict.replace(" ", "-").replace("cannot-be-known", "unknown")


def metric_rows(document: SelfCheck, extractor: str) -> list[Row]:
    """Metric and stratum of every row of the table, in the order of the pages; the worst strata at the end."""
    mine = [curve for curve in document.curves if curve.extractor == extractor]
    strata = ["all", *sorted({c.stratum for c in mine if c.stratum.startswith("worst:")})]
    strata += sorted({c.stratum for c in mine if c.stratum.startswith("dropped:")})
    names = metrics_in_order(curve.metric for curve in mine)
    there = {(curve.metric, curve.stratum) for curve in mine}
    return [(name, stratum) for stratum in strata for name in names if (name, stratum) in there]


def row_name(row: Row) -> str:
    """A row in words.

    >>> row_name(("coverage", "worst:label")), row_name(("coverage", "dropped:skin_tone"))
    ('Coverage, worst class', 'Coverage, missing skin tone')
    """
    metric, stratum = row
    kind, colon, column = stratum.partition(":")
    where = {"worst": "worst", "dropped": "missing"}.get(kind, kind)
    return capital(metric_name(metric)) + (f", {where} {column_name(column)}" if colon else "")


def planted_names(document: SelfCheck) -> list[str]:
    """Faults that were planted, in the document's order."""
    return [fault.name for fault in document.faults if fault.planted]


def level_text(point: CheckPoint) -> str:
    """The mean over splits with its interval, or why there is none."""
    return (
        point.reason or "not measured" if point.value is None else interval(point.value, point.lo, point.hi)
    )


def curves_of(document: SelfCheck, fault: str) -> Sequence[CheckCurve]:
    """All curves of one fault."""
    return [curve for curve in document.curves if curve.fault == fault]
