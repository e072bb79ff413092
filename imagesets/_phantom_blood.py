"""``phantom-blood``: eight made-up white blood cell types on stained smears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, rng
from ._about import About
from ._blood_cells import draw_cell, paint_smear
from ._blood_looks import BATCHES, CELL_TYPES
from ._drawing import canvas_side, check_extent, choose_names, to_pixels
from ._imageset import ImageSet

ABOUT = About(
    name="phantom-blood",
    licence="CC0-1.0",
    source="synthetic phantom, made by synmedbench",
    citation="synmedbench, phantom-blood, version 1",
    oracle="phantom-blood",
    notes="Drawn by rules, not photographed: no statement about patients can be drawn from it.",
    modality="drawn blood smear",
)


def phantom_blood(
    *,
    n: int = 3000,
    size: int = 32,
    seed: int = 0,
    cell_types: int | Sequence[str] = 8,
    images_per_patient: int = 8,
) -> ImageSet:
    """Draw ``n`` photographs of white blood cells; image ``i`` depends on (seed, i) and the arguments but ``n``.

    Parameters
    ----------
    n, size:
        Number of images (at least 1) and their side in pixels (32 to 256).
    cell_types:
        How many of the fixed order ``synmedbench.imagesets.CELL_TYPES``, or their names.
    images_per_patient:
        Cells of one patient, whose smear was stained at one site.

    Returns
    -------
    An image set with columns ``file_name, label, subtype, patient_id, site`` and what was drawn, ``true_*``
    (lengths as fractions of the side). ``subtype`` is ``segmented`` or ``band`` for neutrophils, else empty.

    Example
    -------
    >>> phantom_blood(n=8, size=32).table["label"].nunique()
    8
    """
    check_extent(n, size)
    chosen = choose_names(cell_types, CELL_TYPES, kind="cell type", where="phantom-blood")
    if images_per_patient < 1:
        raise UserError("images_per_patient must be at least 1", where="phantom-blood")
    drawn = [_draw(seed, i, i // images_per_patient, size, chosen) for i in range(n)]
    table = pd.DataFrame([row for _, row in drawn])
    return ImageSet.from_arrays(np.stack([image for image, _ in drawn]), table, about=ABOUT)


def _draw(
    seed: int, index: int, patient: int, size: int, kinds: tuple[str, ...]
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Return image ``index`` and its table row."""
    order = rng(seed, index // len(kinds), "block").permutation(len(kinds))
    kind = kinds[int(order[index % len(kinds)])]
    person = rng(seed, patient, "patient")
    site = str(person.choice(list(BATCHES), p=[each.share for each in BATCHES.values()]))
    view = rng(seed, index, "view")
    cell = draw_cell(view, kind)
    photo = paint_smear(view, canvas_side(size), cell, BATCHES[site])
    hidden = ("kind", "subtype", "cytoplasm", "granule_dye")
    row = {
        "file_name": f"images/pb_{index:06d}.png",
        "label": kind,
        "subtype": cell.subtype,
        "patient_id": f"pb-p{patient:06d}",
        "site": site,
        **{f"true_{name}": value for name, value in asdict(cell).items() if name not in hidden},
    }
    return to_pixels(photo, size, view, grain=0.006), row
