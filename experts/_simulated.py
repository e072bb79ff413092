"""Simulated experts: what they share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import rng
from ..imagesets import ImageSet
from ._ratings import make_ratings
from ._verdicts import plausible_from

ALIEN_COLUMNS = (
    "file_name",
    "split",
    "given_split",
    "source",
    "patient_id",
    "lesion_id",
    "generator",
    "sample_index",
)
"""Columns that say where an image comes from, not what was requested of it."""
REAL = "real"


class SimulatedExpert(Protocol):
    """Rates images as a person would; its name begins with ``simulated``."""

    name: str
    criteria_name: str
    criteria_version: int

    def answers(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        """Return yes, no or cannot tell for every image (row) and criterion (column)."""

    def rate(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        """Return the ratings table of all images (columns of ``RATING_COLUMNS``); an image is plausible where no
        answer is no and one is yes. A hidden repeat (``repeat`` from 1) is a new look."""
        answers = self.answers(images, seed=seed, repeat=repeat)
        return ratings_of(self, answers, images, seed=seed, repeat=repeat)


class RowMemory:
    """Rows that were worked out before, by image and request: several raters and repeats look once.

    >>> memory = RowMemory()
    >>> [memory.rows(["a", "b"], lambda new: np.zeros((len(new), 3)), 3).shape for _ in range(2)]
    [(2, 3), (2, 3)]
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, NDArray[Any]] = {}

    def rows(
        self, keys: Sequence[Hashable], work_out: Callable[[list[int]], NDArray[Any]], width: int
    ) -> NDArray[Any]:
        """Return (keys, width) rows; ``work_out`` is called once, with the places of keys not seen before."""
        new = list({key: place for place, key in enumerate(keys) if key not in self._known}.values())
        if new:
            self._known |= {keys[place]: row for place, row in zip(new, work_out(new), strict=True)}
        return np.stack([self._known[key] for key in keys]) if len(keys) else np.zeros((0, width))


def ratings_of(
    expert: SimulatedExpert, answers: pd.DataFrame, images: ImageSet, *, seed: int, repeat: int = 0
) -> pd.DataFrame:
    """Return an expert's answers as a ratings table; plausible where none is no and one is yes.

    A column ``verdict`` holds what stands against the image beyond the questions; in the table it is the
    verdict itself. ``repeat`` numbers the showing: 0 the first, 1 the first hidden repeat.
    """
    plausible = plausible_from(answers)
    if "verdict" in answers.columns:
        answers = answers.assign(verdict=np.where(plausible == 1, "yes", "no"))
    table = make_ratings(
        answers,
        plausible.tolist(),
        rater=expert.name,
        images=images.column("file_name").tolist(),
        image_keys=images.image_keys,
        imageset=images.about.name,
        requested=requested_of(images),
        criteria=expert.criteria_name,
        criteria_version=expert.criteria_version,
        seed=seed,
    )
    table["origin"] = np.repeat(np.array(origins_of(images), dtype=object), len(answers.columns))
    if repeat:
        table["repeat"] = repeat
        table["repeat"] = table["repeat"].astype("Int64")
        table["event_id"] = [f"{event}:{repeat}" for event in table["event_id"]]
    return table


def origins_of(images: ImageSet) -> list[str]:
    """Return ``real``, or the name of the generator, of every image: by its lineage, else by the table's column
    ``generator``; a set with neither is real."""
    if images.lineage is not None:
        return [images.lineage.generator] * len(images)
    if "generator" in images.table.columns:
        return [REAL if pd.isna(name) else str(name) for name in images.table["generator"]]
    return [REAL] * len(images)


def requested_of(images: ImageSet) -> pd.DataFrame:
    """Return what was requested of each image: the columns of its table, less names, splits, patients, where it
    comes from (`ALIEN_COLUMNS`) and true parameters."""
    kept = [
        name
        for name in images.table.columns
        if name not in ALIEN_COLUMNS and not str(name).startswith("true_")
    ]
    return images.table[kept]


def flips(
    keys: Sequence[str], criteria: Sequence[str], noise: Mapping[str, float], seed: int, repeat: int = 0
) -> NDArray[np.bool_]:
    """Return which answers are flipped, (images, criteria): by (seed, the image's content, criterion, repeat)
    alone."""
    return draws(keys, criteria, seed, repeat) < [noise[c] for c in criteria]


def draws(keys: Sequence[str], criteria: Sequence[str], seed: int, repeat: int = 0) -> NDArray[np.float64]:
    """Return one number in [0, 1) for every image and criterion, (images, criteria)."""
    again = (repeat,) if repeat else ()
    found = {key: [rng(seed, "flip", key, name, *again).random() for name in criteria] for key in set(keys)}
    return np.array([found[key] for key in keys]).reshape(len(keys), len(criteria))
