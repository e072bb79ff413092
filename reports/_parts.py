"""A part of a page before it is drawn: the same part stands in the run report and on a results page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from ._blocks import Block, Table, block

OPEN = 30
"""Rows of a table that stands open where there is no figure."""


@dataclass(frozen=True)
class Part:
    """A figure, its table, and the one sentence that they allow."""

    anchor: str
    title: str
    says: str
    table: Table | None
    figure: Figure | None = None
    alt: str = ""
    notes: Sequence[str] = ()
    open_table: bool = False


def as_block(part: Part) -> Block:
    """The part as a report shows it: the figure as inline SVG; without a figure a short table stands open."""
    short = part.table is not None and len(part.table.rows) <= OPEN
    return block(
        part.anchor, part.title, part.says, part.table, part.figure, part.alt, *part.notes,
        open_table=part.open_table or (part.figure is None and short),
    )  # fmt: skip
