"""Several simulated raters with habits of their own, and hidden repeats: a panel to try things on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..core import UserError, derive_seed, rng
from ..imagesets import ImageSet
from ._simulated import SimulatedExpert, draws

_SPREAD = 0.5
"""Noise of the raters: from half to one and a half times the given one; bias: from -1/2 to 1/2."""
MOST_RATERS = 100


class NoisyRater(SimulatedExpert):
    """An expert's answers as one rater gives them: yes becomes no with chance noise (1 + bias), no becomes yes
    with noise (1 - bias). A bias above 0 is a strict rater. A hidden repeat flips anew."""

    def __init__(self, expert: SimulatedExpert, name: str, *, noise: float = 0.0, bias: float = 0.0) -> None:
        if not 0 <= noise < 0.5 or not -1 <= bias <= 1 or noise * (1 + abs(bias)) >= 0.5:
            raise UserError(
                f"a rater errs with noise (1 + |bias|) from 0 to below 0.5, got noise {noise} and bias {bias}",
                where=name,
            )
        self.expert, self.noise, self.bias = expert, noise, bias
        self.name = name if name.startswith("simulated") else f"simulated: {name}"
        self.criteria_name, self.criteria_version = expert.criteria_name, expert.criteria_version

    def answers(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        """Return the expert's answers with this rater's errors."""
        return self.blur(
            self.expert.answers(images, seed=seed, repeat=repeat), images, seed=seed, repeat=repeat
        )

    def blur(self, right: pd.DataFrame, images: ImageSet, *, seed: int, repeat: int = 0) -> pd.DataFrame:
        """Return answers with errors; ``cannot tell`` stays."""
        chance = draws(images.image_keys, [str(name) for name in right.columns], seed, repeat)
        words = right.to_numpy(dtype=object)
        to_no = (words == "yes") & (chance < self.noise * (1 + self.bias))
        to_yes = (words == "no") & (chance < self.noise * (1 - self.bias))
        words = np.where(to_no, "no", np.where(to_yes, "yes", words))
        return pd.DataFrame(words, columns=right.columns)


class Habit(NamedTuple):
    """What makes a rater another: how often, and to which side, he errs."""

    noise: float
    bias: float


def habits(raters: int, noise: float) -> list[Habit]:
    """Return habits spread evenly: noise from half to one and a half times the given one, bias from lenient to
    strict in another order, so that the strictest is not the noisiest.

    >>> [(round(h.noise, 3), round(h.bias, 2)) for h in habits(3, 0.06)]
    [(0.03, 0.0), (0.06, 0.5), (0.09, -0.5)]
    """
    if raters == 1:
        return [Habit(noise, 0.0)]
    steps = np.linspace(-_SPREAD, _SPREAD, raters)
    return [
        Habit(noise * float(1 + step), float(b))
        for step, b in zip(steps, np.roll(steps, -(raters // 2)), strict=True)
    ]


def simulate_ratings(
    expert: SimulatedExpert,
    images: ImageSet,
    *,
    raters: int = 3,
    noise: float = 0.05,
    repeats: float = 0.1,
    seed: int = 0,
) -> pd.DataFrame:
    """Return ratings of several simulated raters who all see what ``expert`` sees, each with errors of his own.

    Each rater judges every image once and a random share ``repeats`` of them again (``repeat`` 1). An expert
    with noise of its own (an attribute panel, a noisy oracle) draws it anew for each rater and repeat.
    Raises ``UserError`` for no images, no or over 100 raters, and shares outside their range.

    >>> from synmedbench.imagesets import open_imageset
    >>> from synmedbench.experts import OracleExpert
    >>> cells = open_imageset("phantom-blood?n=10&size=32")
    >>> ratings = simulate_ratings(OracleExpert("phantom-blood", noise=0.0), cells, raters=2)
    >>> ratings.groupby("rater")["image"].count().tolist()
    [77, 77]
    """
    _check(images, raters, noise, repeats)
    again = images.subset(
        np.sort(rng(seed, "repeats").permutation(len(images))[: round(repeats * len(images))])
    )
    tables = []
    for number, habit in enumerate(habits(raters, noise), start=1):
        name = expert.name if raters == 1 else f"{expert.name} #{number}"
        rater = NoisyRater(expert, name, noise=habit.noise, bias=habit.bias)
        own = derive_seed(seed, "rater", number)
        tables.append(rater.rate(images, seed=own))
        if len(again):
            tables.append(rater.rate(again, seed=own, repeat=1))
    return pd.concat(tables, ignore_index=True)


def _check(images: ImageSet, raters: int, noise: float, repeats: float) -> None:
    if not len(images):
        raise UserError("there are no images to rate", where=images.about.name)
    if not 1 <= raters <= MOST_RATERS:
        raise UserError(f"raters must be from 1 to {MOST_RATERS}, got {raters}")
    if not 0 <= repeats <= 1:
        raise UserError(f"repeats are a share from 0 to 1, got {repeats}")
    if not 0 <= noise * (1 + _SPREAD) ** 2 < 0.5:
        raise UserError(f"noise must be from 0 to below {0.5 / (1 + _SPREAD) ** 2:.2f}, got {noise}")
