"""Table cells of alignment: differences with their sign, prices, distances, steps and times."""

from __future__ import annotations

from ..benchmark import Audit, Price
from ._alignment import AlignmentRow
from ._blocks import Cell
from ._estimates import Estimate
from ._numbers import DASH, bracket, duration, number, signed

PLACES = 3


def gain_cell(found: Estimate) -> Cell:
    """A difference with its sign and bounds; the seeds below when they are few."""
    if found.value is None:
        return Cell(DASH, "", None, "null")
    few = " · ".join(signed(gain, PLACES) for _, gain, _, _ in found.per_seed) if found.few else ""
    small = bracket(found.lo, found.hi, PLACES) or (f"seeds {few}" if few else "")
    return Cell(signed(found.value, PLACES), small, found.value, "share" if found.lo is not None else "")


def price_cell(price: Price | None, lost: Estimate) -> Cell:
    """The loss of recall or coverage with its lower bound and what that says; the bare difference without a price."""
    if price is None or price.value is None:
        return gain_cell(lost)
    low = "" if price.lo is None else f"> {signed(price.lo, PLACES)}, "
    return Cell(signed(price.value, PLACES), f"{low}{_SHORT[price.verdict]}", price.value, "share")


_SHORT = {
    "not inferior": "not inferior",
    "not shown": "not shown",
    "cannot be known from these data": "too few seeds",
}


def change_cell(row: AlignmentRow, metric: str) -> Cell:
    """What was measured of the aligner itself: the mean over seeds and its bounds."""
    found = row.beside[metric]
    if found.value is None:
        return Cell(DASH, "", None, "null")
    return Cell(number(found.value), bracket(found.lo, found.hi), found.value, "share")


def path_cell(audit: Audit) -> Cell:
    """The path KL of what was sampled: its mean, its range below; a bound is marked as one."""
    known = [value for value in audit.path_kl if value is not None]
    if not known:
        return Cell(DASH, "", None, "null")
    mean = sum(known) / len(known)
    small = f"{number(min(known))} to {number(max(known))}" if max(known) > min(known) else ""
    return Cell(("≤ " if audit.path_kl_bound else "") + number(mean), small, mean, "share")


def stop_cell(audit: Audit) -> Cell:
    """The steps at which the seeds were stopped, and how many they had."""
    known = [step for step in audit.stopped_at if step is not None]
    if not known:
        return Cell(DASH, "", None, "null")
    span = str(known[0]) if len(set(known)) == 1 else f"{min(known)} to {max(known)}"
    return Cell(span, f"of {audit.steps} steps" if audit.steps else "", sum(known) / len(known), "share")


def time_cell(audit: Audit) -> Cell:
    if not audit.seconds:
        return Cell(DASH, "", None, "null")
    mean = sum(audit.seconds) / len(audit.seconds)
    return Cell(duration(mean), "", mean)
