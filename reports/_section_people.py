"""The sample images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..benchmark import Record
from ._estimates import generator_order, reference_names
from ._gallery import STRIP_BUDGET, Gallery, affordable, read_gallery, sides, strip
from ._names import clean, column_name

MAX_SHOWN = 24
"""Generators whose images are shown on the page."""


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


def shown_names(record: Record) -> list[str]:
    references = reference_names(record)
    names = generator_order(record)
    return [name for name in names if name not in references] + [name for name in names if name in references]


def samples(record: Record, run: Path) -> Samples | None:
    """Sample images by class and stratum, the real ones first; None when there is no gallery."""
    galleries: list[tuple[str, Gallery]] = []
    for name in ("_real", *shown_names(record)):
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
