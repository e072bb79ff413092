"""Small studies for the tests of the server: noise for images, real and synthetic from one distribution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synmedbench.experts import RatingStore, Study, StudySettings, load_criteria, open_study
from synmedbench.imagesets import About, ImageSet, Lineage, write_folder

CLASSES = ("basophil", "neutrophil")


def noise_set(n: int, seed: int, *, generator: str | None = None, side: int = 24) -> ImageSet:
    """Images of noise, all different, of two classes; synthetic when a generator is named."""
    pixels = np.random.default_rng(seed).integers(0, 256, (n, side, side, 3)).astype(np.uint8)
    table = pd.DataFrame({"label": [CLASSES[i % 2] for i in range(n)]})
    lineage = Lineage(generator=generator, seed=seed, trained_on="nothing") if generator else None
    return ImageSet.from_arrays(pixels, table, about=About(generator or "clinic"), lineage=lineage)


def small_study(
    store: str,
    *,
    n: int = 12,
    n_real: int = 12,
    side: int = 24,
    raters: tuple[str, ...] = ("anna", "ben"),
    **settings: Any,
) -> Study:
    """A study of noise in a store."""
    asked = StudySettings(
        name="noise", raters=raters, **{"overlap": 0.5, "repeats": 0.2, "real_share": 0.4, **settings}
    )
    made = noise_set(n, 1, generator="diffusion", side=side)
    real = noise_set(n_real, 2, side=side) if n_real else None
    return open_study(RatingStore(store), [made], load_criteria("blood"), asked, real=real)


def write_sets(folder: Path, n: int = 12, n_real: int = 12) -> tuple[Path, Path]:
    """The same images as folders, for the command."""
    write_folder(noise_set(n, 1, generator="diffusion"), folder / "made")
    write_folder(noise_set(n_real, 2), folder / "clinic")
    return folder / "made", folder / "clinic"


def url(folder: Path) -> str:
    """The address of a SQLite store in a folder."""
    return f"sqlite:///{folder / 'ratings.db'}"
