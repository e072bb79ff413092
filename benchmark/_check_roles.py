"""Who plays what in the self-check: reference, player, spare images and training images, split by patient."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, derive_seed, rng
from ..imagesets import MIN_STRATUM, ImageSet, split_by_group, stratum_of

Rows = NDArray[np.int64]
Labels = NDArray[np.str_]
FRACTIONS = {"reference": 0.3, "pool": 0.4, "train": 0.3}
LARGEST_DROPPED = 0.5
"""A value that more than this share of the images bear is never dropped: too few others could stand in."""
MOST_DROPPED = 4
"""Values of a column that go missing in turn; a seed draws them where there are more."""
_SPARE = 0.15
NEEDED = 200
"""Fewest images with which a self-check is begun: reference and player need 50 each."""


@dataclass(frozen=True)
class Roles:
    """One split: row numbers of the reference, the player, the spare and the training images.

    ``dropped`` names the values of a column that go missing, one at a time; they are the same in every split.
    """

    seed: int
    reference: Rows
    player: Rows
    spare: Rows
    train: Rows
    dropped: dict[str, tuple[str, ...]]


def values_of(images: ImageSet, column: str) -> Labels:
    """The column's strata as text."""
    return np.array([str(value) for value in stratum_of(images, column)], dtype=np.str_)


def droppable(images: ImageSet, column: str) -> list[str]:
    """The values of a column that can go missing: common enough to be scored, rare enough to be replaced."""
    values, counts = np.unique(values_of(images, column), return_counts=True)
    shares = counts / len(images)
    fit = (counts * FRACTIONS["reference"] >= MIN_STRATUM) & (shares <= LARGEST_DROPPED)
    return [str(value) for value in values[fit]] if len(values) > 1 else []


def cast_roles(images: ImageSet, columns: Sequence[str], splits: int, seed: int) -> list[Roles]:
    """Return the roles of every split; patients, lesions and identical images never stand on two sides.

    The reference (30%) is what scores are measured against; from the pool (40%) comes the player, a set of real
    images that is then damaged, and the spare images that take the place of what is removed from it; training
    images (30%) are what learned extractors see and what copies are copies of.
    """
    if len(images) < NEEDED:
        raise UserError(
            f"too few images for a self-check: {len(images)}, {NEEDED} needed",
            where=images.about.name,
            remedy="give more real images: 30% play the reference and as many are damaged, 50 of each at least",
        )
    named = {column: droppable(images, column) for column in columns}
    shares = {column: values_of(images, column) for column in columns}
    largest = max(
        [float((shares[column] == value).mean()) for column in columns for value in named[column]],
        default=0.0,
    )
    dropped = {
        column: tuple(map(str, rng(seed, "dropped", column).permutation(found)[:MOST_DROPPED]))
        for column, found in named.items()
        if found
    }
    return [_cast(images, number, seed, max(largest, _SPARE), dropped) for number in range(splits)]


def _cast(
    images: ImageSet, number: int, seed: int, spared: float, dropped: dict[str, tuple[str, ...]]
) -> Roles:
    drawn = derive_seed(seed, "split", number)
    labelled = "label" in images.table.columns
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        split = split_by_group(
            images, fractions=FRACTIONS, stratify="label" if labelled else None, seed=drawn, allow_small=True
        )
    sides = split.table["split"].to_numpy()
    labels = values_of(images, "label") if labelled else np.full(len(images), "all")
    pool = np.flatnonzero(sides == "pool")
    pool = pool[_by_turns(labels[pool], drawn)]
    count = int((1 - spared) * len(pool))
    while count and not _enough_spare(images, pool[:count], pool[count:], dropped):
        count -= 1
    return Roles(
        drawn,
        np.flatnonzero(sides == "reference"),
        np.sort(pool[:count]),
        np.sort(pool[count:]),
        np.flatnonzero(sides == "train"),
        dropped,
    )


def _enough_spare(images: ImageSet, player: Rows, spare: Rows, dropped: Mapping[str, Sequence[str]]) -> bool:
    """True when, for every value that goes missing, as many spare images of other values stand by."""
    columns = {column: values_of(images, column) for column in dropped}
    return all(
        (columns[column][player] == value).sum() <= (columns[column][spare] != value).sum()
        for column, values in dropped.items()
        for value in values
    )


def _by_turns(labels: Labels, seed: int) -> Rows:
    """An order in which every beginning has all classes in their shares."""
    shuffled = rng(seed, "player").permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        mine = shuffled[labels[shuffled] == label]
        place[mine] = (np.arange(len(mine)) + 0.5) / len(mine)
    return np.argsort(place, kind="stable")
