"""The contrasts that were written down before the run, in full."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Contrast
from ._augmentation import Grid, setting_words, side_words
from ._augmentation_cells import count_cell, detectable_cell, gain_cell, too_few, verdict_cell
from ._blocks import Cell, Column, Table, text_cell
from ._figure_augmentation_groups import registered_figure
from ._names import capital, clean, listed
from ._numbers import DASH, number, p_value
from ._parts import Part


def registered_part(grid: Grid) -> Part | None:
    """Registered contrasts with McNemar's test and equivalence; None where none was registered."""
    rows = [row for row in grid.part.contrasts if row.id is not None]
    if not rows:
        return None
    cells = [
        [
            text_cell(row.id or "", setting_words(row, grid)),
            text_cell(f"{_side(row, row.a)} less {_side(row, row.b)}"),
            _number(row),
            gain_cell(row),
            _mcnemar(row),
            _margin(row),
            detectable_cell(row),
            verdict_cell(row),
        ]
        for row in rows
    ]
    columns = [
        Column("Contrast"),
        Column("Arms"),
        Column("Real per class", True),
        Column("Difference", True),
        Column("Error rates differ", True, "McNemar p < .05, seeds"),
        Column("Margin", True, "of equivalence"),
        Column("Could show", True, "with 80% power, before correction"),
        Column("Verdict"),
    ]
    return Part(
        "registered",
        "Contrasts registered before the run",
        _says(rows),
        Table(
            "Registered contrasts, positive where the first arm serves better; p after Holm over all of them",
            columns,
            cells,
        ),
        registered_figure(rows),
        "Difference of each registered contrast with its interval; zero and the margins of equivalence are marked.",
        notes=(
            "McNemar's test asks within one seed whether the two classifiers err equally often on the same test "
            "images; the verdict rests on the differences over seeds.",
        ),
        open_table=len(rows) <= 12,
    )


def _number(row: Contrast) -> Cell:
    """The number of real images; 0 stands for the mean over all of them."""
    return count_cell(row.n_real_train) if row.n_real_train else Cell("all", "mean over them", 0)


def _side(row: Contrast, side: str) -> str:
    return side_words(side, row.ratio if "/" in side else 0.0)


def _mcnemar(row: Contrast) -> Cell:
    known = [p for p in row.mcnemar_p if p is not None]
    if not known:
        return Cell(DASH, "", None, "null")
    fewer = sum(p < 0.05 for p in known)
    return Cell(f"{fewer} of {len(known)}", f"smallest {p_value(min(known))}", fewer)


def _margin(row: Contrast) -> Cell:
    if row.margin is None:
        return Cell(DASH, "", None, "null")
    return Cell(
        f"±{number(row.margin, 3)}",
        f"inside: {p_value(row.p_equivalent)}" if row.p_equivalent is not None else "",
        row.margin,
    )


def _says(rows: Sequence[Contrast]) -> str:
    few = too_few(rows)
    if few:
        return few
    parts = []
    for verdict in dict.fromkeys(row.verdict for row in rows):
        names = listed(clean(row.id) for row in rows if row.verdict == verdict)
        parts.append(f"{verdict}: {names}")
    return f"{capital('; '.join(parts))}."
