"""Table cells of contrasts and their verdicts, and the sentence that a list of verdicts allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..benchmark import Contrast
from ..core import MIN_SEEDS
from ._augmentation import BETTER, UNKNOWN, WORSE
from ._blocks import Cell, Table
from ._names import capital, clean, listed, plural
from ._numbers import DASH, bracket, number, p_value, signed

PLACES = 3
MAX_TABLE = 300
"""A table of the page holds at most this many rows; the record has all."""


def gain_cell(row: Contrast | None, *, verdict: bool = False) -> Cell:
    """A gain with its sign, bounds and adjusted p (or its verdict); each seed where they are few; else the reason."""
    if row is None:
        return Cell(DASH, "not compared", None, "null")
    if row.value is None:
        return Cell(DASH, clean(row.doubt or row.words), None, "null")
    said = bracket(row.lo, row.hi, PLACES)
    if not said and row.per_seed:
        said = "seeds " + " · ".join(signed(each, PLACES) for each in row.per_seed)
    if verdict and row.verdict in (BETTER, WORSE):
        said += f", {row.verdict}"
    elif not verdict and row.p_adjusted is not None:
        said += f", {p_value(row.p_adjusted)}"
    return Cell(signed(row.value, PLACES), said, row.value, "share" if row.lo is not None else "")


def verdict_cell(row: Contrast) -> Cell:
    """The verdict, and why nothing can be known where that is it."""
    why = clean(row.doubt or row.words) if row.verdict == UNKNOWN and row.value is not None else ""
    return Cell(capital(row.verdict), why, row.verdict, "verdict")


def value_cell(
    value: float | None, lo: float | None, hi: float | None, reason: str | None = None, **how: Any
) -> Cell:
    """A value with its bounds below it, or the reason why there is none."""
    if value is None:
        return Cell(DASH, clean(reason or ""), None, "null")
    places = how.get("places")
    write = signed if how.get("sign") else number
    return Cell(write(value, places), bracket(lo, hi, places), value, "share")


def count_cell(value: float) -> Cell:
    """A number of images or a ratio."""
    return Cell(f"{value:g}", "", value)


def detectable_cell(row: Contrast) -> Cell:
    """The smallest true difference that such a comparison would show."""
    return Cell(number(row.detectable, PLACES), "", row.detectable)


def open_cell(value: float, lo: float | None, hi: float | None, **how: Any) -> Cell:
    """A value whose interval may be open on one side, where it leaves what was trained."""
    cell = value_cell(value, lo, hi, **how)
    if (lo is None) == (hi is None):
        return cell
    bound = number(hi if lo is None else lo, how.get("places"))
    return Cell(cell.text, f"below {bound}" if lo is None else f"above {bound}", cell.sort, cell.look)


def bounded(table: Table) -> Table:
    """The table, cut to what a page can hold; its note says what was left out."""
    if len(table.rows) <= MAX_TABLE:
        return table
    note = f"The first {MAX_TABLE} of {len(table.rows):,} rows; all are in record.json."
    kept = {name: getattr(table, name) for name in ("caption", "columns", "head")}
    return Table(**kept, rows=list(table.rows)[:MAX_TABLE], note=f"{table.note} {note}".strip())


def seeds_of(rows: Sequence[Contrast]) -> int:
    """The largest number of seeds of the contrasts."""
    return max((len(row.per_seed) for row in rows), default=0)


def too_few(rows: Sequence[Contrast]) -> str:
    """Why nothing is claimed, or an empty text."""
    if any(row.verdict != UNKNOWN for row in rows):
        return ""
    seeds = seeds_of(rows)
    if 0 < seeds < MIN_SEEDS:
        return f"Nothing can be concluded: {plural(seeds, 'seed')}, {MIN_SEEDS} needed; each seed is drawn."
    return "Nothing can be concluded: the reasons stand in the table."


def tally(rows: Sequence[Contrast], what: str, baseline: str) -> str:
    """How many of the contrasts were shown to be better or worse, at which numbers of real images.

    ``what`` names the settings, ``baseline`` what they were compared with.
    """
    better = [row for row in rows if row.verdict == BETTER]
    worse = [row for row in rows if row.verdict == WORSE]
    rest = len(rows) - len(better) - len(worse)
    verb = "is" if len(better) == 1 else "are"
    gained = f"{len(better) or 'none'} {verb} shown to be better than {baseline}{_where(better, rows)}"
    lost = f"{len(worse) or 'none'} worse{_where(worse, rows)}"
    left = f"; for the other {rest:,} neither is shown, which is not 'no effect'" if rest else ""
    return f"Of {plural(len(rows), what)}, {gained} and {lost}{left}."


def _where(rows: Sequence[Contrast], among: Sequence[Contrast]) -> str:
    """At which numbers of real images, where it is not all of them."""
    numbers = sorted({row.n_real_train for row in rows})
    everywhere = len(numbers) == len({row.n_real_train for row in among})
    return "" if not numbers or everywhere else f" (at {listed(map(str, numbers))} real a class)"


def some(words: Sequence[str], most: int = 3) -> str:
    """The first few, and how many more there are."""
    kept = list(dict.fromkeys(words))
    more = len(kept) - most
    return listed([*kept[:most], f"{more:,} more"] if more > 0 else kept)


def nowhere(settings: int) -> str:
    """In none of the settings.

    >>> nowhere(3), nowhere(1)
    ('in any of 3 settings', 'in the one setting')
    """
    return "in the one setting" if settings == 1 else f"in any of {plural(settings, 'setting')}"
