"""Reward models as commands of their own: fit one, draw its learning curve, choose what to rate next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, atomic_folder, rng
from ..experts import RatingStore, latest
from ..imagesets import ImageSet, open_imageset
from ..metrics import CURVE_SIZES, RatedSet, RewardModel, choose_to_rate, reward_curve
from ._single import square
from ._work_data import with_groups
from ._work_feedback import criteria_answers, ordered_verdicts
from ._work_generate import condition_table


@dataclass(frozen=True)
class Ratings:
    """What was rated, in the images' order, and the real images that automatic feedback is taken from."""

    rated: RatedSet
    real_images: NDArray[np.uint8] | None
    real_conditions: pd.DataFrame | None


def fit_reward(
    images: str,
    store: str,
    out: Path,
    *,
    real: str | None,
    columns: Sequence[str],
    backbone: str,
    seed: int,
    progress: Progress,
    shuffle: bool = False,
    ensemble: int = 1,
) -> dict[str, Any]:
    """Fit a reward model on the store's ratings of the images, save it to ``out`` and return its card.

    ``shuffle`` fits the control whose verdicts changed places at random.
    """
    given = read_ratings(images, store, real=real, columns=columns)
    rated = given.rated
    _check_both(rated.verdicts, store)
    model = RewardModel(backbone, columns=tuple(columns), ensemble=ensemble)
    model.fit(
        rated.images,
        rated.conditions,
        rated.verdicts,
        criteria=rated.criteria,
        real_images=given.real_images,
        real_conditions=given.real_conditions,
        shuffle=shuffle,
        seed=seed,
        progress=progress,
    )
    with atomic_folder(out) as folder:
        model.save(folder)
    return dict(model.card)


def draw_reward_curve(
    images: str,
    store: str,
    *,
    real: str | None,
    columns: Sequence[str],
    backbone: str,
    n_test: int,
    sizes: Sequence[int],
    seeds: int,
    seed: int,
    progress: Progress,
) -> pd.DataFrame:
    """Return ``reward_curve``'s rows: ``n_test`` rated images, drawn once, test; the others are learned from."""
    given = read_ratings(images, store, real=real, columns=columns)
    total = len(given.rated)
    if not 20 <= n_test < total:
        raise UserError(
            f"--test {n_test} of {total} rated images",
            remedy="give a --test of 20 or more that leaves some to learn from",
        )
    order = rng(seed, "curve test").permutation(total)
    left = total - n_test
    wanted = list(sizes) or [n for n in CURVE_SIZES if n <= left]
    if not wanted:
        raise UserError(
            f"{left} ratings are left to learn from, 50 needed", remedy="rate more, or give --sizes"
        )
    return reward_curve(
        given.rated.take(order[n_test:]),
        given.rated.take(order[:n_test]),
        sizes=wanted,
        seeds=range(seed, seed + seeds),
        real_images=given.real_images,
        real_conditions=given.real_conditions,
        make=lambda: RewardModel(backbone, columns=tuple(columns)),
        progress=progress,
    )


def choose_images(images: str, reward: Path, n: int, *, how: str, store: str | None, seed: int) -> ImageSet:
    """Return the n images that are to be rated next, in that order, without those that the store has ratings of."""
    model = RewardModel.load(reward)
    opened = open_imageset(images)
    for column in model.columns[:1]:
        opened.column(column)
    if store is not None:
        rated = set(RatingStore(store, create=False).ratings()["image_key"])
        opened = opened.subset([i for i, key in enumerate(opened.image_keys) if key not in rated])
    if not 1 <= n <= len(opened):
        there = f"{len(opened)} images {'without ratings ' if store else ''}are there to choose from"
        raise UserError(f"--n {n}, but {there}", where=images, remedy="choose fewer, or give other --images")
    columns = [name for name in model.columns if name in opened.table.columns]
    rows = choose_to_rate(
        model, square(opened, model.image_size).images(), condition_table(opened, columns), n, how, seed=seed
    )
    return opened.subset(rows)


def read_ratings(images: str, store: str, *, real: str | None, columns: Sequence[str]) -> Ratings:
    """Return the images that the store has verdicts on, with answers, and real images of the same size."""
    opened = open_imageset(images)
    for column in columns:
        opened.column(column)
    ratings = ratings_of(opened, latest(RatingStore(store, create=False).ratings()), store)
    known = with_groups(square(opened, None))
    verdicts = ordered_verdicts(ratings, known)
    known, verdicts = known.subset(np.flatnonzero(verdicts == verdicts)), verdicts[verdicts == verdicts]
    if not len(known):
        raise UserError("no image of this set has a verdict", where=store, remedy="rate some first")
    pixels = known.images()
    true = with_groups(square(open_imageset(real), pixels.shape[1])) if real else None
    answers = criteria_answers(ratings[ratings["repeat"].fillna(0) == 0], known)
    return Ratings(
        RatedSet(
            pixels, condition_table(known, list(columns)), verdicts, answers if answers.shape[1] else None
        ),
        true.images() if true else None,
        condition_table(true, list(columns)) if true else None,
    )


def ratings_of(images: ImageSet, ratings: pd.DataFrame, store: str) -> pd.DataFrame:
    """The ratings of these very pixels: another set's image may bear the same file name."""
    keys = dict(zip(images.table["file_name"], images.image_keys, strict=True))
    named = ratings["image"].isin(list(keys)).to_numpy()
    same = (ratings["image"].map(keys) == ratings["image_key"]).to_numpy()
    if not same.any():
        fault = "the ratings are of other images with the same file names" if named.any() else (
            "no image of this set has a rating"
        )  # fmt: skip
        raise UserError(fault, where=store, remedy="give the --images that were rated")
    return ratings[same].reset_index(drop=True)


def _check_both(verdicts: NDArray[np.float64], store: str) -> None:
    """Automatic feedback alone knows wrong classes, not implausible images: it does not stand in for ratings."""
    if len(set(verdicts.tolist())) < 2:
        lacking = "implausible" if verdicts[0] else "plausible"
        longer = "" if verdicts[0] else ", or train the generator longer first"
        raise UserError(
            f"all ratings have the same verdict: none of the {len(verdicts)} rated images is {lacking}",
            where=store,
            remedy=f"rate more images, until some are {lacking}{longer}",
        )
