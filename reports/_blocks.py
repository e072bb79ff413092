"""What the templates show: tables, figures with their table, and the page that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from ._estimates import Estimate
from ._names import clean, slug
from ._numbers import bracket, number
from ._style import svg


@dataclass(frozen=True)
class Cell:
    """A table cell: its text, a smaller second line, the value it sorts by, and its look (a CSS class)."""

    text: str
    small: str = ""
    sort: float | str | None = None
    look: str = ""


@dataclass(frozen=True)
class Column:
    """A table column; numbers are set to the right."""

    name: str
    numeric: bool = False
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its caption."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    head: int = 0
    """The column that names the row."""


@dataclass(frozen=True)
class Block:
    """A figure (where there is one), the sentence it allows, and its table."""

    anchor: str
    title: str
    says: str
    table: Table | None
    figure: Markup | None = None
    alt: str = ""
    open_table: bool = False
    notes: Sequence[str] = field(default_factory=tuple)


def block(
    anchor: str,
    title: str,
    says: str,
    table: Table | None,
    figure: Figure | None,
    alt: str,
    *notes: str,
    **more: Any,
) -> Block:
    """A block whose figure is drawn as inline SVG; without a figure its table stands open."""
    drawn = svg(figure, slug(anchor), clean(alt)) if figure is not None else None
    return Block(
        anchor, title, says, table, drawn, clean(alt), notes=notes, **{"open_table": drawn is None, **more}
    )


def text_cell(text: object, small: str = "", look: str = "") -> Cell:
    """A cell of words."""
    return Cell(clean(text), clean(small), clean(text).casefold(), look)


def value_cell(estimate: Estimate) -> Cell:
    """A cell of one estimate: value and bounds, the seeds below when they are few, or the reason."""
    if estimate.value is None:
        return Cell("–", clean(estimate.reason or "not measured"), None, "null")
    seeds = estimate.seeds_text
    return Cell(estimate.text, f"seeds {seeds}" if seeds else "", estimate.value)


def share_cell(estimate: Estimate) -> Cell:
    """A narrow cell of a share: the value, its bounds below."""
    if estimate.value is None:
        return value_cell(estimate)
    return Cell(number(estimate.value, 3), bracket(estimate.lo, estimate.hi, 3), estimate.value, "share")


@cache
def environment() -> Environment:
    """The templates, with autoescape on for everything and an error for a name that is not there."""
    made = Environment(
        loader=PackageLoader("synmedbench.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["clean"] = clean
    made.filters["slug"] = slug
    made.globals["asset"] = asset
    return made


def asset(name: str) -> Markup:
    """A style sheet or script of the package, to stand inside the page."""
    source, _, _ = environment().loader.get_source(environment(), name)  # type: ignore[union-attr]
    return Markup(source)


def render(template: str, **context: Any) -> str:
    """The page as HTML."""
    return environment().get_template(template).render(**context)
