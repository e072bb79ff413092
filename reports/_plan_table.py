"""The plan of a run as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from ..benchmark import Detectable
from ._names import capital, clean, metric_name, stratum_name
from ._numbers import DASH, number


def plan_table(rows: Sequence[Detectable], title: str) -> Table:
    """The smallest differences that a run could show; the reasons of what it cannot stand below.

    >>> from ..benchmark import plan_numbers
    >>> plan_table(plan_numbers(300, 300), "300 and 300 images").row_count
    4
    """
    reasons: dict[str, int] = {}
    for row in rows:
        if row.reason:
            reasons.setdefault(clean(row.reason), len(reasons) + 1)
    words = ["smallest difference of two generators (or arms) shown in 80% of runs, level 0.95"]
    words += [f"({place}) {reason}" for reason, place in reasons.items()]
    table = Table(
        title=Text(clean(title)), caption=Text("\n".join(words)), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0),
        pad_edge=False, title_justify="left", caption_justify="left", title_style="bold", header_style="bold",
    )  # fmt: skip
    for name in ("What", "Group", "From"):
        table.add_column(name, overflow="fold")
    table.add_column("Smallest difference", justify="right")
    table.add_column("", overflow="fold")
    for place, row in enumerate(rows):
        last = place + 1 < len(rows) and rows[place + 1].what != row.what
        table.add_row(*map(Text, _cells(row, reasons)), end_section=last)
    return table


def _cells(row: Detectable, reasons: dict[str, int]) -> list[str]:
    group = "" if row.stratum == "all" else stratum_name(row.stratum)
    if row.difference is None:
        shown = f"none ({reasons[clean(row.reason)]})" if row.reason else DASH
    else:
        shown = number(row.difference) + (" SD" if row.unit == "SD between seeds" else "")
    measured = ", measured" if row.unit == row.what else ""
    return [capital(metric_name(row.what)) + measured, group, clean(row.counts), shown, clean(row.about)]
