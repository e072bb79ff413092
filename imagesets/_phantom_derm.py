"""``phantom-derm``: twelve made-up skin diseases on skin of Fitzpatrick types I to VI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, rng
from ._about import About
from ._derm_lesions import draw_lesion, paint_lesion
from ._derm_looks import DISEASES, SITES
from ._derm_skin import paint_hair, paint_skin, skin_colour
from ._drawing import canvas_side, check_extent, choose_names, to_pixels
from ._imageset import ImageSet

ABOUT = About(
    name="phantom-derm",
    licence="CC0-1.0",
    source="synthetic phantom, made by synmedbench",
    citation="synmedbench, phantom-derm, version 1",
    oracle="phantom-derm",
    notes="Drawn by rules, not photographed: no statement about patients can be drawn from it.",
    modality="drawn clinical photograph",
)


def phantom_derm(
    *,
    n: int = 3000,
    size: int = 32,
    seed: int = 0,
    diseases: int | Sequence[str] = 12,
    tones: Sequence[int] = (1, 2, 3, 4, 5, 6),
    images_per_patient: float = 1.25,
) -> ImageSet:
    """Draw ``n`` photographs of skin lesions; image ``i`` depends on (seed, i) and the other arguments but ``n``.

    Parameters
    ----------
    n, size:
        Number of images (at least 1) and their side in pixels (32 to 256).
    diseases:
        How many of the fixed order ``synmedbench.imagesets.DISEASES`` (the first six are clearly distinct at 32 px),
        or their names.
    tones:
        The Fitzpatrick types to draw; types and diseases are crossed and balanced.
    images_per_patient:
        At least 1; with 1.25 every fourth patient has two images, of the same lesion.

    Returns
    -------
    An image set with columns ``file_name, label, skin_tone, patient_id, lesion_id, site`` and what was drawn,
    ``true_*`` (lengths as fractions of the side, ``true_typology_angle`` in degrees).

    Example
    -------
    >>> phantom_derm(n=4, size=32, diseases=6).images().shape
    (4, 32, 32, 3)
    """
    check_extent(n, size)
    chosen = choose_diseases(diseases)
    kinds = _check_tones(tones)
    if images_per_patient < 1:
        raise UserError("images_per_patient must be at least 1", where="phantom-derm")
    drawn = [_draw(seed, i, int(i / images_per_patient), size, chosen, kinds) for i in range(n)]
    table = pd.DataFrame([row for _, row in drawn])
    return ImageSet.from_arrays(np.stack([image for image, _ in drawn]), table, about=ABOUT)


def choose_diseases(diseases: int | Sequence[str]) -> tuple[str, ...]:
    """Return disease names for a number of them or for names; raise ``UserError`` for what is unknown."""
    return choose_names(diseases, DISEASES, kind="disease", where="phantom-derm")


def _check_tones(tones: Sequence[int]) -> tuple[int, ...]:
    kinds = tuple(tones)
    if not kinds or any(tone not in range(1, 7) for tone in kinds):
        raise UserError(f"tones must be Fitzpatrick types 1 to 6, got {list(kinds)}", where="phantom-derm")
    return kinds


def _draw(
    seed: int, index: int, patient: int, size: int, diseases: tuple[str, ...], tones: tuple[int, ...]
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Return image ``index`` and its table row."""
    disease, tone = _assign(seed, patient, diseases, tones)
    person = rng(seed, patient, "patient")
    site = str(person.choice(list(SITES), p=[each.share for each in SITES.values()]))
    colour, angle = skin_colour(person, tone)
    lesion = draw_lesion(person, disease)
    view = rng(seed, index, "view")
    side = canvas_side(size)
    log_skin = paint_skin(view, side, colour, SITES[site])
    photo = paint_lesion(view, log_skin, lesion, turn=float(view.uniform(0.0, 2.0 * np.pi)))
    if view.random() < 0.25:
        paint_hair(view, photo, int(view.integers(1, 4)))
    row = {
        "file_name": f"images/pd_{index:06d}.png",
        "label": disease,
        "skin_tone": tone,
        "patient_id": f"pd-p{patient:06d}",
        "lesion_id": f"pd-l{patient:06d}",
        "site": site,
        "true_typology_angle": angle,
        **{f"true_{name}": value for name, value in asdict(lesion).items() if name not in ("disease", "hue")},
    }
    return to_pixels(photo, size, view), row


def _assign(seed: int, patient: int, diseases: tuple[str, ...], tones: tuple[int, ...]) -> tuple[str, int]:
    """Cross diseases and tones in shuffled blocks, so that any run of patients is nearly balanced."""
    cells = len(diseases) * len(tones)
    order = rng(seed, patient // cells, "block").permutation(cells)
    cell = int(order[patient % cells])
    return diseases[cell % len(diseases)], tones[cell // len(diseases)]
