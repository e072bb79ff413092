"""The self-check as one HTML page: the verdicts, then the curves of every fault with their tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..benchmark import CheckCurve, SelfCheck
from ..core import write_text
from ..imagesets import planted_fault
from ._blocks import Block, Cell, Column, Table, block, render, text_cell
from ._figure_self_check import self_check_figure
from ._names import clean, listed, plural
from ._numbers import interval, p_value
from ._section_run import moment
from ._self_check_words import LEGEND, curves_of, level_text, look, mark, metric_rows, planted_names, row_name

_FIGURE_NOTE = (
    "Upwards is the expected way (for what is only watched: upwards). A spread is the standard deviation of the "
    "undamaged score over splits; within the grey band (three spreads, the 95% prediction interval at five splits) one "
    "score cannot tell. Filled: moved, after correction. Lines: 95% interval of the paired difference."
)


def build_self_check_page(document: SelfCheck, out: str | Path) -> Path:
    """Write the page of a self-check and return its path; it needs no network."""
    target = Path(out)
    write_text(target, self_check_html(document))
    return target


def self_check_html(document: SelfCheck) -> str:
    """The page as HTML."""
    faults = planted_names(document)
    return render(
        "self_check.html",
        document=document,
        created=moment(document.created),
        summary=[clean(line) for line in document.summary],
        legend=LEGEND,
        tables=[_verdicts(document, extractor) for extractor in document.extractors],
        blocks=[_fault_block(document, fault) for fault in faults],
        missing=[(f.title, clean(f.reason)) for f in document.faults if f.reason],
        dropped=[(column, ", ".join(map(clean, values))) for column, values in document.dropped.items()],
        images=plural(document.data.n, "image"),
    )


def _verdicts(document: SelfCheck, extractor: str) -> Table:
    faults = planted_names(document)
    columns = [
        Column("Metric"),
        *(Column(planted_fault(f).title, True, planted_fault(f).unit) for f in faults),
    ]
    rows = []
    for row in metric_rows(document, extractor):
        curves = [document.curve(extractor, row[0], fault, row[1]) for fault in faults]
        rows.append(
            [text_cell(row_name(row)), *(Cell(mark(c), "", mark(c), f"check-{look(c)}") for c in curves)]
        )
    return Table(f"{clean(extractor)} features", columns, rows)


def _fault_block(document: SelfCheck, name: str) -> Block:
    fault = planted_fault(name)
    curves = curves_of(document, name)
    alt = f"How far each metric moves as {fault.title.lower()} grows, one panel for each extractor."
    return block(
        f"fault-{name}", fault.title, _says(curves, name), _table(curves, name), self_check_figure(document, name), alt,
        f"Planted: {fault.about}.", _FIGURE_NOTE,
    )  # fmt: skip


def _says(curves: Sequence[CheckCurve], fault: str) -> str:
    if fault == "control":
        moved = sum(c.verdict == "moves" for c in curves)
        return f"Nothing is wrong with these images: {moved} of {len(curves)} metrics moved."
    asked = [c for c in curves if c.expected]
    seen = [c for c in asked if c.verdict == "sees"]
    blind = [c for c in asked if c.verdict not in ("sees", "cannot be known")]
    words = f"{len(seen)} of {len(asked)} metrics that should see it do"
    names = [f"{row_name((c.metric, c.stratum))} ({clean(c.extractor)}: {c.verdict})" for c in blind[:6]]
    more = f" and {len(blind) - 6} more" if len(blind) > 6 else ""
    return words + (f"; not {listed(names)}{more}." if names else ".")


def _table(curves: Sequence[CheckCurve], fault: str) -> Table:
    known = planted_fault(fault)
    strengths = list(dict.fromkeys(point.strength for curve in curves for point in curve.points))
    columns = [
        Column("Metric"), Column("Features"), Column("Verdict"), Column("Undamaged", True),
        *(Column(known.number(s), True) for s in strengths), Column("Worth a blur of (px)", True),
    ]  # fmt: skip
    rows = [_row(curve, strengths) for curve in curves]
    return Table(f"{known.title}, {known.unit}: means over splits, paired differences below", columns, rows)


def _row(curve: CheckCurve, strengths: Sequence[float]) -> list[Cell]:
    points = {point.strength: point for point in curve.points}
    cells = [
        text_cell(row_name((curve.metric, curve.stratum))),
        text_cell(curve.extractor),
        Cell(curve.verdict, clean(curve.words), curve.verdict, f"check-{look(curve)}"),
        Cell(level_text(curve.undamaged), "", curve.undamaged.value),
    ]
    for strength in strengths:
        point = points.get(strength)
        if point is None or point.value is None:
            cells.append(Cell("–", clean(point.reason) if point else "", None, "null"))
            continue
        change = interval(point.difference, point.difference_lo, point.difference_hi)
        cells.append(Cell(level_text(point), f"{change}, {p_value(point.p_adjusted)}", point.value))
    blur = "–" if curve.as_blur is None else f"{curve.as_blur:.2g}"
    return [*cells, Cell(blur, "", curve.as_blur)]
