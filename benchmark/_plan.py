"""Before a run: the smallest differences that its numbers of images, patients, ratings and seeds could show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ..core import (
    MIN_SEEDS,
    Progress,
    derive_seed,
    detectable_mean_difference,
    detectable_share_difference,
    silent,
)
from ..imagesets import UNKNOWN, ImageSet, too_small
from ._plan_measure import measured_spread
from ._recipe import Recipe
from ._work_data import GROUP, divide, group_column, open_data, with_groups
from ._work_generate import conditions_among

PLAUSIBLE, EVEN = 0.8, 0.5
"""The shares that differences are counted from: what a fair generator reaches, and where shares vary most."""
EVERYTHING = "all"


@dataclass(frozen=True)
class Detectable:
    """The smallest difference that some numbers show in 80% of runs, at level 0.95; or the reason for none.

    ``unit`` says what the difference is counted in: ``share``, ``SD between seeds``, or the metric's own.
    """

    what: str
    stratum: str
    counts: str
    difference: float | None
    unit: str
    about: str = ""
    reason: str | None = None


def plan_recipe(
    recipe: Recipe, *, measure: bool = True, progress: Progress | None = None
) -> list[Detectable]:
    """Return what a recipe's numbers could show, overall and by stratum; nothing is fitted or sampled.

    Shares: the smallest rise that two independent generators could show (arcsine approximation), counted in
    patients where images share them. Differences over seeds: in units of their standard deviation (t). Distances
    and coverage have no formula: with ``measure`` real images play the generator, at the run's numbers and split
    by patients ten times over, and the spread of the metric between real images is what a difference must exceed.
    """
    images = open_data(recipe.imageset)
    split = with_groups(divide(images, recipe.splits.model_dump(), group_column(images, recipe.imageset)))
    numbers = _Numbers(recipe, split)
    rows = [*numbers.shares(), *numbers.seeds(), *numbers.ratings()]
    return [*rows, *(numbers.distances(progress or silent()) if measure else [])]


def plan_numbers(
    n_real: int, n_synthetic: int, *, seeds: int = MIN_SEEDS, ratings: int | None = None
) -> list[Detectable]:
    """Return what bare numbers could show: images of the reference and of each generator, seeds, ratings an arm.

    >>> [round(row.difference, 3) for row in plan_numbers(300, 200, seeds=5)]
    [0.099, 0.138, 0.113, 1.662]
    """
    rows = [
        share_row("share judged plausible", EVERYTHING, n_synthetic, n_synthetic, PLAUSIBLE),
        share_row("precision", EVERYTHING, n_synthetic, n_synthetic, EVEN),
        share_row("recall, coverage", EVERYTHING, n_real, n_real, EVEN),
        seeds_row("any score, over seeds", seeds),
    ]
    return rows + ([_rated(ratings)] if ratings else [])


def share_row(what: str, stratum: str, n: int, images: int, base: float) -> Detectable:
    """The smallest rise of a share above ``base``, of n independent images or patients on each side."""
    counts = f"{images} images" + (f" of {n} patients" if n < images else "")
    difference = detectable_share_difference(n, n, base)
    if difference >= 1 - base:
        reason = f"not enough data: {counts} would not show a rise from {base:.2f} to 1.00"
        return Detectable(what, stratum, counts, None, "share", reason=reason)
    return Detectable(what, stratum, counts, difference, "share", f"above {base:.2f}")


def seeds_row(what: str, seeds: int) -> Detectable:
    """The smallest mean difference over seeds; fewer than 5 claim nothing."""
    unit, counts = "SD between seeds", f"{seeds} seed" + ("" if seeds == 1 else "s")
    if seeds < MIN_SEEDS:
        would = detectable_mean_difference(MIN_SEEDS, 1.0)
        reason = f"not enough data: {counts}, {MIN_SEEDS} needed (which show {would:.2f} SD)"
        return Detectable(what, EVERYTHING, counts, None, unit, reason=reason)
    return Detectable(what, EVERYTHING, counts, detectable_mean_difference(seeds, 1.0), unit, "paired seeds")


def _rated(ratings: int) -> Detectable:
    difference = detectable_share_difference(ratings, ratings, PLAUSIBLE)
    return Detectable(
        "share judged plausible by raters",
        EVERYTHING,
        f"{ratings} ratings an arm",
        difference,
        "share",
        f"above {PLAUSIBLE:.2f}",
    )


class _Numbers:
    """The recipe's numbers on its images."""

    def __init__(self, recipe: Recipe, split: ImageSet) -> None:
        self.recipe, self.split = recipe, split
        of = split.column("split").to_numpy()
        self.parts = {name: split.subset(of == name) for name in ("train", "reference", "holdout", "test")}
        columns, seed = list(recipe.conditions), derive_seed(recipe.seeds[0], "conditions")
        holdout = self.parts["holdout"].table
        self.asked = conditions_among(holdout, columns, recipe.n_images, seed, scored=True).table
        self.columns = list(dict.fromkeys(["label", *recipe.imageset.strata]))

    def shares(self) -> Iterator[Detectable]:
        """Shares of synthetic images, of real ones, and of a classifier's test patients, by stratum."""
        made = [("share judged plausible by H", PLAUSIBLE)] if self.recipe.alignment else []
        for what, base in [*made, ("precision", EVEN)]:
            yield from self._by_stratum(what, self.asked, base, strata=what != "precision")
        yield from self._by_stratum("coverage", self.parts["reference"].table, EVEN)
        if self.recipe.classifiers:
            yield from self._by_stratum("accuracy of a classifier", self.parts["test"].table, PLAUSIBLE)

    def seeds(self) -> Iterator[Detectable]:
        """What is claimed of generators and of classifiers is claimed over seeds."""
        yield seeds_row("any score of generators", len(self.recipe.seeds))
        if self.recipe.classifiers:
            yield seeds_row("gain of a classifier", len(self.recipe.seeds))

    def ratings(self) -> Iterator[Detectable]:
        """What as many ratings of two arms would show as R is fitted on."""
        if self.recipe.alignment:
            yield _rated(self.recipe.alignment.experts.ratings)

    def distances(self, progress: Progress) -> Iterator[Detectable]:
        """The spread of metrics between real images at the run's numbers."""
        pool = [self.parts["reference"], self.parts["holdout"]]
        for found in measured_spread(self.recipe, self.parts["train"], pool, len(self.asked), progress):
            yield Detectable(
                found.metric,
                found.stratum,
                found.counts,
                found.difference,
                found.metric,
                found.words,
                found.reason,
            )

    def _by_stratum(
        self, what: str, table: pd.DataFrame, base: float, *, strata: bool = True
    ) -> Iterator[Detectable]:
        yield share_row(what, EVERYTHING, _independent(table), len(table), base)
        for column in self.columns if strata else []:
            if column not in table.columns:
                reason = f"generators are not asked for {column}"
                yield Detectable(what, column, "", None, "share", reason=reason)
                continue
            values = _values(table, column)
            for value in sorted(set(_values(self.split.table, column)) - {UNKNOWN}):
                yield self._stratum(what, f"{column}={value}", table[values == value], base)

    def _stratum(self, what: str, stratum: str, table: pd.DataFrame, base: float) -> Detectable:
        few = too_small(stratum.partition("=")[2], len(table), self.recipe.imageset.min_stratum)
        if few:
            return Detectable(what, stratum, f"{len(table)} images", None, "share", reason=few)
        return share_row(what, stratum, _independent(table), len(table), base)


def _values(table: pd.DataFrame, column: str) -> pd.Series:
    return table[column].astype(object).where(table[column].notna(), UNKNOWN).astype(str)


def _independent(table: pd.DataFrame) -> int:
    """Patients where the images share them, else images."""
    return int(table[GROUP].nunique()) if GROUP in table.columns else len(table)
