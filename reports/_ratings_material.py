"""What the page of ratings is made from: the ratings of a store, whose images they are, and the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError
from ..experts import (
    RatingStore,
    agreement_summary,
    answer_table,
    chosen_criteria,
    chosen_study,
    column_values,
    criteria_parts,
    drift,
    from_studies,
    latest,
    origins,
    plausibility,
    rating_reach,
    refuse_mixed,
    requested_names,
    stored_criteria,
)
from ..imagesets import ImageSet, open_imageset
from ._names import plural

REAL = "real"
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class RatingsMaterial:
    """Ratings with their origins filled in, preferences, and where each picture lies."""

    ratings: pd.DataFrame
    preferences: pd.DataFrame
    columns: tuple[str, ...]
    study: str | None
    show_real: bool
    places: dict[str, tuple[ImageSet, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    """The questions in the order of their criteria set, where that is known."""

    def picture(self, key: str) -> Pixels | None:
        """The pixels of a rated image; None when it is in none of the sets that were given."""
        if key not in self.places:
            return None
        images, row = self.places[key]
        return images.image(row)

    @property
    def rated(self) -> bool:
        """True when any image has a verdict that was not taken back."""
        return bool((self.answers["criterion"] == "plausible").any()) if len(self.ratings) else False

    @property
    def in_studies(self) -> bool:
        """True when all ratings come from studies on the rating page, where the order of images is random."""
        return from_studies(latest(self.ratings))

    @cached_property
    def shares(self) -> pd.DataFrame:
        """`plausibility` of the verdict, by each asked column."""
        return plausibility(self.ratings, self.columns, questions=self.questions)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """`agreement_summary`, by each asked column."""
        return agreement_summary(self.ratings, self.columns, questions=self.questions)

    @cached_property
    def drifts(self) -> pd.DataFrame:
        """`drift` of every rater."""
        return drift(self.ratings)

    @cached_property
    def reach(self) -> pd.DataFrame:
        """`rating_reach`, by each asked column."""
        return rating_reach(self.ratings, self.columns)

    @cached_property
    def answers(self) -> pd.DataFrame:
        """What counts of the ratings."""
        return answer_table(self.ratings)


def read_ratings_material(
    store: str | RatingStore,
    *,
    images: Sequence[str | ImageSet] = (),
    real: str | ImageSet | None = None,
    by: Sequence[str] | None = None,
    study: str | None = None,
    criteria: str | None = None,
    show_real: bool = False,
) -> RatingsMaterial:
    """Read a store and the sets whose images were rated.

    Raises ``UserError`` for a store, a study or criteria that are not there, for answers to several criteria,
    and for a column that no image was asked for.
    """
    kept = RatingStore(store, create=False) if isinstance(store, str) else store
    ratings, preferences = chosen_study(kept.ratings(), kept.preferences(), study=study)
    ratings, preferences = chosen_criteria(ratings, preferences, criteria=criteria)
    refuse_mixed(ratings, preferences)
    if show_real and real is None:
        raise UserError(
            "no real images were given to show", remedy="add --real SET, or leave --show-real out"
        )
    sets = [(_opened(each), False) for each in images]
    sets += [(_opened(real), True)] if real is not None else []
    known, places = _known(sets)
    ratings = _with_origins(ratings, known)
    notes = _notes(ratings, known, bool(sets))
    (part,) = criteria_parts(ratings, preferences, stored_criteria(kept).values())
    return RatingsMaterial(
        ratings, preferences, _columns(ratings, by), study, show_real, places, notes, part.questions
    )


def _opened(images: str | ImageSet) -> ImageSet:
    return images if isinstance(images, ImageSet) else open_imageset(images)


def _known(sets: Sequence[tuple[ImageSet, bool]]) -> tuple[dict[str, str], dict[str, tuple[ImageSet, int]]]:
    """The origin and the place of each image, by its key; what is real stays real."""
    known: dict[str, str] = {}
    places: dict[str, tuple[ImageSet, int]] = {}
    for images, is_real in sets:
        for row, (key, origin) in enumerate(zip(images.image_keys, _names(images, is_real), strict=True)):
            known[key], places[key] = origin, (images, row)
    return known, places


def _names(images: ImageSet, is_real: bool) -> list[str]:
    if is_real:
        return [REAL] * len(images)
    if images.lineage is not None:
        return [images.lineage.generator] * len(images)
    if "generator" in images.table.columns:
        return [str(name) for name in images.table["generator"]]
    return [images.about.name] * len(images)


def _with_origins(ratings: pd.DataFrame, known: dict[str, str]) -> pd.DataFrame:
    """Origins that the store does not know are taken from the sets, then from the image set's name."""
    if not len(ratings):
        return ratings
    told = ratings["origin"]
    found = ratings["image_key"].map(known)
    filled = told.where(told.notna(), found.where(found.notna(), None))
    return ratings.assign(origin=filled).assign(origin=lambda table: origins(table))


def _columns(ratings: pd.DataFrame, by: Sequence[str] | None) -> tuple[str, ...]:
    if by is not None:
        for name in by:
            column_values(ratings, name)
        return tuple(dict.fromkeys(by))
    asked = requested_names(ratings)
    usual = [name for name in ("label", "skin_tone") if name in asked or ratings.get(name) is not None]
    return tuple(name for name in usual if len(ratings) and column_values(ratings, name).notna().any())


def _notes(ratings: pd.DataFrame, known: dict[str, str], given: bool) -> tuple[str, ...]:
    notes: list[Any] = []
    if given and len(ratings):
        strange = sorted(set(ratings["image_key"]) - set(known))
        if strange:
            notes.append(
                f"{len(strange)} of {plural(ratings['image_key'].nunique(), 'rated image')} "
                f"{'is' if len(strange) == 1 else 'are'} in none of the sets that were given: counted, and not shown"
            )
    simulated = sorted({str(name) for name in ratings["rater"] if str(name).startswith("simulated")})
    if simulated:
        of = f"{len(simulated)} of {plural(ratings['rater'].nunique(), 'rater')}"
        notes.append(f"{of} {'is' if len(simulated) == 1 else 'are'} simulated, not people")
    return tuple(notes)
