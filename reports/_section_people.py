"""Memorisation as a risk to people, and the sample images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..benchmark import Memorisation, Record
from ._blocks import Cell, Column, Table, text_cell
from ._estimates import generator_order, reference_names
from ._gallery import (
    PAIR_BUDGET,
    STRIP_BUDGET,
    Gallery,
    Pair,
    affordable,
    closest_pairs,
    read_gallery,
    sides,
    strip,
)
from ._leaders import GATES, gate_of
from ._names import clean, column_name, listed
from ._numbers import interval, number, p_value

PAIRS = 6
MAX_SHOWN = 24
"""Generators whose images are shown on the page."""


@dataclass(frozen=True)
class Neighbours:
    """A generator's images that lie closest to real training images."""

    generator: str
    gate: str
    verdict: str
    pairs: list[Pair]
    folded: bool


@dataclass(frozen=True)
class Strips:
    """The sample images of one generator in one stratum: a strip of images for each class."""

    generator: str
    first: bool
    span: int
    stratum: str
    strips: list[tuple[str, str]]


@dataclass(frozen=True)
class Samples:
    """The grid of sample images."""

    classes: list[str]
    rows: list[Strips]
    stratum_name: str
    zoom: int
    note: str


def memorisation_table(record: Record) -> Table | None:
    """One row for each generator and seed; None when it was not measured."""
    if not record.memorisation:
        return None
    columns = [
        Column("Generator"), Column("Seed", True), Column("Verdict"), Column("Share nearer than real images are", True),
        Column("Same share, real hold-out", True), Column("p, adjusted", True), Column("Images", True),
    ]  # fmt: skip
    rows = [_row(found) for found in record.memorisation]
    return Table("Memorisation, calibrated against real held-out images", columns, rows)


def _row(found: Memorisation) -> list[Cell]:
    gate, _ = gate_of([found])
    p = found.p if found.p_adjusted is None else found.p_adjusted
    return [
        text_cell(found.generator),
        Cell(str(found.seed), "", found.seed),
        text_cell(GATES[gate], found.words, f"gate-{gate}"),
        Cell(interval(found.copy_share, found.lo, found.hi), "", found.copy_share),
        Cell(number(found.holdout_share), "", found.holdout_share),
        Cell(p_value(p) or "–", "", p),
        Cell(f"{found.n:,}", "", found.n),
    ]


def memorisation_says(record: Record) -> str:
    """Who gives back training patients, in one sentence."""
    if not record.memorisation:
        return "Memorisation was not measured in this run: whether these images are safe to share cannot be known."
    gates = {
        name: gate_of(m for m in record.memorisation if m.generator == name)[0] for name in _measured(record)
    }
    parts = []
    for gate, words in (
        ("copies", "give back training patients and must not be shared as if they were new people"),
        ("unknown", "could not be judged"),
        ("clear", "showed no more near-copies than real held-out images do"),
    ):
        names = [clean(name) for name, found in gates.items() if found == gate]
        if names:
            parts.append(f"{listed(names)} {words if len(names) > 1 else _singular(words)}")
    return "; ".join(parts) + "."


def _measured(record: Record) -> list[str]:
    return list(dict.fromkeys(found.generator for found in record.memorisation))


def _singular(words: str) -> str:
    return words.replace("give back", "gives back", 1).replace(
        "they were new people", "it held new people", 1
    )


def neighbours(record: Record, run: Path) -> list[Neighbours]:
    """The closest pairs of each generator that has a gallery with neighbours, those that copy first."""
    found = [(name, gallery) for name in _shown(record) if (gallery := read_gallery(run, name)) is not None]
    with_pairs = [(name, gallery) for name, gallery in found if gallery.nearest is not None][:MAX_SHOWN]
    each, side = affordable(
        PAIR_BUDGET // 2, PAIRS, len(with_pairs), sides([gallery for _, gallery in with_pairs])
    )
    references, result = reference_names(record), []
    for name, gallery in with_pairs:
        gate, _ = gate_of(m for m in record.memorisation if m.generator == name)
        pairs = closest_pairs(gallery, each, side)
        if pairs:
            folded = name in references and gate != "copies"
            result.append(Neighbours(clean(name), gate, GATES[gate], pairs, folded))
    return sorted(result, key=lambda group: (group.gate != "copies", group.folded))


def _shown(record: Record) -> list[str]:
    references = reference_names(record)
    names = generator_order(record)
    return [name for name in names if name not in references] + [name for name in names if name in references]


def samples(record: Record, run: Path) -> Samples | None:
    """Sample images by class and stratum, the real ones first; None when there is no gallery."""
    galleries: list[tuple[str, Gallery]] = []
    for name in ("_real", *_shown(record)):
        gallery = read_gallery(run, name)
        if gallery is not None and len(gallery.images):
            galleries.append((name, gallery))
    left_out = max(0, len(galleries) - MAX_SHOWN)
    galleries = galleries[:MAX_SHOWN]
    if not galleries:
        return None
    present = {str(label) for _, gallery in galleries for label in gallery.labels}
    classes = [name for name in record.data.classes if name in present] or sorted(present)
    strata = _strata(record, galleries)
    groups = len(galleries) * len(classes) * max(1, len(strata))
    most = max(1, (18 if strata else 24) // len(classes))
    each, side = affordable(STRIP_BUDGET, most, groups, sides([gallery for _, gallery in galleries]))
    rows = [row for name, gallery in galleries for row in _rows(name, gallery, classes, strata, each, side)]
    note = f"The first {each} of each class" + (" and group" if strata else "") + ", not chosen by eye."
    if left_out:
        note += f" {left_out} more generators are not shown."
    column = next((name for name, counts in record.data.strata.items() if set(strata) & set(counts)), "")
    return Samples(
        [clean(c) for c in classes], rows, column_name(column) if column else "group", _zoom(side), note
    )


def _strata(record: Record, galleries: list[tuple[str, Gallery]]) -> list[str]:
    present = {str(value) for _, gallery in galleries for value in gallery.strata} - {""}
    known = [value for values in record.data.strata.values() for value in values if value in present]
    return list(dict.fromkeys([*known, *sorted(present)]))[:8]


def _rows(
    name: str, gallery: Gallery, classes: list[str], strata: list[str], each: int, side: int
) -> list[Strips]:
    shown = "real" if name == "_real" else clean(name)
    groups: list[str | None] = [s for s in strata if (gallery.strata == s).any()] if strata else []
    groups = groups or [None]
    return [
        Strips(
            shown, place == 0, len(groups), clean(stratum or ""),
            [(strip(gallery, label, stratum, each, side), _alt(shown, label, stratum)) for label in classes],
        )
        for place, stratum in enumerate(groups)
    ]  # fmt: skip


def _alt(name: str, label: str, stratum: str | None) -> str:
    return clean(f"{name} images of {label}" + (f", {stratum}" if stratum else ""))


def _zoom(side: int) -> int:
    return side if side >= 56 else side * max(1, round(44 / side))
