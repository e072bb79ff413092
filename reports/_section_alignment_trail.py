"""The report's block on trajectories: what each step of alignment bought and cost."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Record, fallen_from
from ..core import MIN_SEEDS
from ._blocks import Block, Cell, Column, Table, block, share_cell, text_cell
from ._estimates import Estimate
from ._figure_alignment import Trail, trails, trajectory_figure
from ._names import clean, listed
from ._numbers import DASH, bracket, number

_POINT = ("path_kl", "R", "E", "H", "coverage", "vendi", "label_agreement", "near_copies")
_POINT_NAMES = {
    "path_kl": "Path KL", "R": "R", "E": "E", "H": "H", "coverage": "Coverage", "vendi": "Vendi, by the base's",
    "label_agreement": "Agrees with label", "near_copies": "Near-copies",
}  # fmt: skip


def trajectory_block(record: Record) -> Block | None:
    """Judges and diversity along each alignment; None when no trajectory was measured."""
    ways = trails(record)
    if not ways:
        return None
    rows = [_point_cells(way, step) for way in ways for step in way.steps]
    columns = [
        Column("Aligner"),
        Column("Step", True),
        *(Column(_POINT_NAMES[what], True) for what in _POINT),
    ]
    return block(
        "trajectories", "What each step of alignment bought and cost", _trail_says(ways),
        Table("Means over seeds at each measured state, on images that are not the scored ones", columns, rows),
        trajectory_figure(record),
        "Lines of R, E, H, coverage, the Vendi score and near-copies over the path KL from the base, by aligner.",
        *_reasons(record),
    )  # fmt: skip


def _point_cells(way: Trail, step: int) -> list[Cell]:
    chosen = sum(p.chosen for points in way.seeds.values() for p in points if p.step == step)
    sampled = f"sampled, {chosen} of {len(way.seeds)} seeds" if chosen else ""
    base = "the base" if way.trained and step == 0 else "" if way.trained else "not trained"
    cells = [
        share_cell(way.at(step, what)) if what != "path_kl" else _kl_cell(way.at(step, what))
        for what in _POINT
    ]
    note = ", ".join(filter(None, [base, sampled if way.trained else ""]))
    return [text_cell(way.name, note), Cell(str(step) if way.trained else DASH, "", step), *cells]


def _kl_cell(found: Estimate) -> Cell:
    if found.value is None:
        return Cell(DASH, "", None, "null")
    return Cell(number(found.value), bracket(found.lo, found.hi), found.value, "share")


def _trail_says(ways: Sequence[Trail]) -> str:
    """Where H, at the last step, lies significantly below its own peak along the way."""
    fell, seeds = [], 0
    for way in ways:
        lines = [[p.H for p in points if p.step in way.steps] for points in way.seeds.values() if way.trained]
        whole = [[float(h) for h in line if h is not None] for line in lines]
        if len(whole) < MIN_SEEDS or whole != lines:
            continue
        seeds = max(seeds, len(whole))
        peak = fallen_from(whole)
        if peak is not None:
            fell.append(f"{clean(way.name)} (peak at step {way.steps[peak]})")
    if not seeds:
        return f"Whether H turned along the way is not known: {MIN_SEEDS} seeds are needed."
    if not fell:
        return "For no aligner does H, at the last step, lie significantly below its own peak along the way."
    return f"At the last step H lies significantly below its own peak along the way for {listed(fell)}."


def _reasons(record: Record) -> list[str]:
    found: dict[str, list[str]] = {}
    for point in record.trajectories:
        names = found.setdefault(_plain(point.reason), []) if point.reason else []
        if clean(point.generator) not in names:
            names.append(clean(point.generator))
    told = "; ".join(f"{listed(who)} ({why})" for why, who in found.items())
    return [f"Not measured: {told}."] if told else []


def _plain(reason: str) -> str:
    words = clean(reason)
    for name in ("path_kl", "label_agreement", "near_copies"):
        words = words.replace(f"{name}:", f"{_POINT_NAMES[name]}:")
    return words
