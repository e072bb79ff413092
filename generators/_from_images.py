"""Images that play a generator: for each requested condition, one that bears it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, rng
from ..imagesets import UNKNOWN, ImageSet
from ._contracts import Conditions, GeneratorCard
from ._vocabulary import column_values

IDENTITY = ("file_name", "patient_id", "lesion_id", "split", "source", "sample_index", "prompt")
"""Columns that say which image it is, not what it shows: never matched."""


class FromImages:
    """A generator that answers each condition with one of the given images.

    An image matches when it has the requested value in every column that both tables know; the k-th request
    for the same values gets the k-th match, in an order shuffled by the seed (``in_order``: as they stand).
    So no image comes twice before all have come once; with ``reuse`` they then start again, without it a lack
    is an error that names the values, how many there are and how many are needed.
    """

    def __init__(
        self,
        images: ImageSet | None,
        name: str,
        *,
        kind: str = "reference",
        reuse: bool = True,
        in_order: bool = False,
        size: int | None = None,
        card: GeneratorCard | None = None,
    ) -> None:
        self.images, self.reuse, self.in_order, self.size = images, reuse, in_order, size
        self.card = card or GeneratorCard(name=name, kind=kind)
        if images is not None:
            self.card = dataclasses.replace(
                self.card, columns=matching_columns(images.table), licence=self.card.licence
            )

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Do nothing: the images are given."""

    def use(self, images: ImageSet) -> None:
        """Draw from these images from now on."""
        if not len(images):
            raise UserError("there are no images to draw from", where=images.about.name)
        self.images = images
        self.card = dataclasses.replace(
            self.card,
            columns=matching_columns(images.table),
            trained_on=images.content_hash,
            licence=images.about.licence,
        )

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield the matching images, changed by ``change``."""
        images = self._given()
        rows = self.assign(conditions.table, seed)
        for start in range(0, len(indices), batch_size):
            chosen = list(indices[start : start + batch_size])
            found = images.images([rows[i] for i in chosen], size=self.size)
            yield np.stack([self.change(image, seed, i) for image, i in zip(found, chosen, strict=True)])

    def change(self, image: NDArray[np.uint8], seed: int, index: int) -> NDArray[np.uint8]:
        """Return the image as it shall be shown; here as it is."""
        return image

    def assign(self, table: pd.DataFrame, seed: int) -> list[int]:
        """Return, for each condition row, the row number of the image that answers it."""
        images = self._given()
        columns = [column for column in self.card.columns if column in table.columns]
        held = {column: np.array(column_values(images.table, column), dtype=object) for column in columns}
        asked = list(zip(*(column_values(table, column) for column in columns), strict=True)) or [()] * len(
            table
        )
        matches: dict[tuple[str, ...], NDArray[np.int64]] = {}
        served: dict[tuple[str, ...], int] = {}
        needed = Counter(asked)
        rows = []
        for wanted in asked:
            if wanted not in matches:
                matches[wanted] = self._matches(columns, held, wanted, seed)
            k = served.get(wanted, 0)
            served[wanted] = k + 1
            rows.append(self._kth(matches[wanted], k, columns, wanted, needed[wanted]))
        return rows

    def _matches(
        self, columns: Sequence[str], held: dict[str, NDArray[np.object_]], wanted: tuple[str, ...], seed: int
    ) -> NDArray[np.int64]:
        mask = np.ones(len(self._given()), bool)
        for column, value in zip(columns, wanted, strict=True):
            if value != UNKNOWN:
                mask &= held[column] == value
        rows = np.flatnonzero(mask)
        return rows if self.in_order else rng(seed, self.card.name, *wanted).permutation(rows)

    def _kth(
        self, rows: NDArray[np.int64], k: int, columns: Sequence[str], wanted: tuple[str, ...], needed: int
    ) -> int:
        if len(rows) and (self.reuse or k < len(rows)):
            return int(rows[k % len(rows)])
        values = ", ".join(f"{column} {value!r}" for column, value in zip(columns, wanted, strict=True))
        raise UserError(
            f"{self.card.name} has {len(rows)} images with {values or 'any value'}, {needed} are needed",
            where=self._given().about.name,
            remedy="ask for fewer images, or give more",
        )

    def _given(self) -> ImageSet:
        if self.images is None:
            raise UserError(f"{self.card.name} has no images yet", remedy="call fit first")
        return self.images


def matching_columns(table: pd.DataFrame, most: int = 64) -> tuple[str, ...]:
    """Return the columns that conditions are matched by: text or whole numbers, few values, label first."""
    found = []
    for column in map(str, table.columns):
        if column in IDENTITY or column.startswith("true_"):
            continue
        values = table[column].dropna()
        if pd.api.types.is_float_dtype(values) and not (values == values.round()).all():
            continue
        if 0 < values.astype(str).nunique() <= most or column == "label":
            found.append(column)
    return tuple(sorted(found, key=lambda column: (column != "label", found.index(column))))


class RealHoldout(FromImages):
    """Real images that no generator saw, played as a generator: the ceiling of every score."""

    def __init__(self, images: ImageSet, *, reuse: bool = False, size: int | None = None) -> None:
        super().__init__(images, "real-holdout", reuse=reuse, size=size)
        self.card = dataclasses.replace(self.card, licence=images.about.licence, trained_on="nothing")
