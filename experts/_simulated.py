"""Simulated experts: what they share."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import rng
from ..imagesets import ImageSet

ALIEN_COLUMNS = ("file_name", "split", "given_split", "source", "patient_id", "lesion_id")


class SimulatedExpert(Protocol):
    """Rates images as a person would; its name begins with ``simulated``."""

    name: str

    def rate(self, images: ImageSet, *, seed: int) -> pd.DataFrame:
        """Return the ratings table of all images (columns of ``RATING_COLUMNS``)."""


def requested_of(images: ImageSet) -> pd.DataFrame:
    """Return what was requested of each image: the columns of its table, less names, splits, patients and
    true parameters."""
    kept = [
        name
        for name in images.table.columns
        if name not in ALIEN_COLUMNS and not str(name).startswith("true_")
    ]
    return images.table[kept]


def flips(
    keys: list[str], criteria: tuple[str, ...], noise: dict[str, float], seed: int
) -> NDArray[np.bool_]:
    """Return which answers are flipped, (images, criteria): by (seed, the image's content, criterion)
    alone."""
    draws = {key: [rng(seed, "flip", key, name).random() for name in criteria] for key in set(keys)}
    return np.array([draws[key] for key in keys]).reshape(len(keys), len(criteria)) < [
        noise[c] for c in criteria
    ]
