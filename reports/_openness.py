"""Which arms trained on images of a generator that saw more patients than the classifier was given."""

from __future__ import annotations

from collections.abc import Iterable

from ..benchmark import Equivalence, Saturation
from ._augmentation import Grid, row_side, setting_words

OPEN_NOTE = (
    "Open-set generators saw more real images than the classifier was given: a gain at few real images is partly "
    "hidden real data. Closed-set ones saw the classifier's own images alone."
)


def side_small(row: Equivalence | Saturation, grid: Grid) -> str:
    """The small line below an arm: open-set or closed-set, and what differs from the main setting."""
    return ", ".join(filter(None, [grid.openness(row_side(row)), setting_words(row, grid)]))


def open_note(sides: Iterable[str], grid: Grid) -> str:
    """What open-set means, where the generator of some side is; else an empty text."""
    return OPEN_NOTE if any(grid.openness(side) == "open-set" for side in sides) else ""
