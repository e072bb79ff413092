"""Every metric of one damaged set as a plain number: its interval comes from the splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from .. import metrics as library
from ..core import UserError, registry
from ..imagesets import MIN_STRATUM
from ..metrics import PRDC, metric_cards, nearest, nearest_others, prdc

Features = NDArray[np.float32]
Labels = NDArray[np.str_]
K = 5
FEWEST_IN_STRATUM = 20
"""Fewest images of a stratum, of each set, for its kernel distance."""


@dataclass(frozen=True)
class Found:
    """A metric's value on one set, or the reason why it has none."""

    metric: str
    stratum: str
    value: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Player:
    """The features of what plays a generator, of the reference and of the training images, and the labels of all.

    ``strata`` maps a column to its values in the reference and in the player; ``predicted`` has the player's
    classes as a classifier of real training images sees them, where there is one.
    """

    real: Features
    fake: Features
    train: Features
    strata: dict[str, tuple[Labels, Labels]]
    predicted: Labels | None = None

    @cached_property
    def balls(self) -> PRDC:
        return prdc(self.real, self.fake, K)

    @cached_property
    def levels(self) -> tuple[float, float]:
        """Alpha-precision and beta-recall."""
        found = library.alpha_precision_beta_recall(self.real, self.fake)
        return found.alpha_precision, found.beta_recall

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """Which reference images have an image of the player within the distance of their k-th neighbour."""
        radius = nearest_others(self.real, K)[0][:, -1]
        return np.asarray(nearest(self.real, self.fake, 1)[0][:, 0] < radius)


def measure(player: Player, metrics: Sequence[str]) -> list[Found]:
    """Return the value of every metric named, and of coverage and kernel distance in the worst stratum."""
    found = [_guarded(name, "all", partial(_whole, player, name)) for name in metrics]
    for column in player.strata:
        for name, worst in (("coverage", _worst_coverage), ("kernel_distance", _worst_kernel)):
            if name in metrics:
                found.append(_guarded(name, f"worst:{column}", partial(worst, player, column)))
    return found


def coverage_of(player: Player, column: str, value: str) -> float | None:
    """Coverage of one stratum's reference images by all of the player's; None where these are too few."""
    mine = player.strata[column][0] == value
    return float(player.covered[mine].mean()) if mine.sum() >= MIN_STRATUM else None


def _guarded(metric: str, stratum: str, value: Callable[[], float]) -> Found:
    try:
        number = float(value())
    except UserError as error:
        return Found(metric, stratum, None, str(error))
    if not np.isfinite(number):
        return Found(metric, stratum, None, f"the value is {number}")
    return Found(metric, stratum, number)


def _whole(player: Player, name: str) -> float:
    cards = metric_cards()
    if name in cards:
        fewest = min(len(player.real), len(player.fake), len(player.train))
        if fewest < cards[name].needs_n:
            raise UserError(f"not enough data: {fewest} images, {cards[name].needs_n} needed")
    if name in _DIRECT:
        return _DIRECT[name](player)
    return float(registry("metrics").build(name)(player.real, player.fake))


def _label_agreement(player: Player) -> float:
    if player.predicted is None or "label" not in player.strata:
        raise UserError("the images have no labels")
    return float(library.label_agreement(player.predicted, player.strata["label"][1]).overall.value)


def _intra_class(player: Player) -> float:
    """The mean over classes of how far two synthetic images are apart, over that of two real ones."""
    if "label" not in player.strata:
        raise UserError("the images have no labels")
    of_real, of_fake = player.strata["label"]
    ratios = [
        library.intra_class_ratio(player.real[of_real == value], player.fake[of_fake == value])
        for value in np.unique(of_real).tolist()
        if min((of_real == value).sum(), (of_fake == value).sum()) >= FEWEST_IN_STRATUM
    ]
    if not ratios:
        raise UserError(f"not enough data: no class has {FEWEST_IN_STRATUM} images in both sets")
    return float(np.mean(ratios))


def _worst_coverage(player: Player, column: str) -> float:
    values = np.unique(player.strata[column][0]).tolist()
    shares = [share for value in values if (share := coverage_of(player, column, value)) is not None]
    if not shares:
        raise UserError(f"not enough data: no value of {column} has {MIN_STRATUM} reference images")
    return min(shares)


def _worst_kernel(player: Player, column: str) -> float:
    of_real, of_fake = player.strata[column]
    distances = []
    for value in np.unique(of_real).tolist():
        mine, made = of_real == value, of_fake == value
        if min(mine.sum(), made.sum()) >= FEWEST_IN_STRATUM:
            distances.append(library.kernel_distance(player.real[mine], player.fake[made]))
    if not distances:
        raise UserError(f"not enough data: no value of {column} has {FEWEST_IN_STRATUM} images in both sets")
    return max(distances)


_DIRECT: dict[str, Callable[[Player], float]] = {
    "frechet_distance": lambda p: library.frechet_distance(p.real, p.fake),
    "kernel_distance": lambda p: library.kernel_distance(p.real, p.fake),
    "cmmd": lambda p: library.cmmd(p.real, p.fake),
    "precision": lambda p: p.balls.precision,
    "recall": lambda p: p.balls.recall,
    "density": lambda p: p.balls.density,
    "coverage": lambda p: p.balls.coverage,
    "alpha_precision": lambda p: p.levels[0],
    "beta_recall": lambda p: p.levels[1],
    "sliced_wasserstein": lambda p: library.sliced_wasserstein(p.real, p.fake),
    "vendi_score": lambda p: library.vendi_score(p.fake),
    "intra_class_distance": _intra_class,
    "label_agreement": _label_agreement,
    "authenticity": lambda p: library.authenticity(p.train, p.fake),
    "data_copying_score": lambda p: library.data_copying_score(p.train, p.fake, p.real),
    "closest_record_ratio": lambda p: library.closest_record_ratio(p.train, p.fake, p.real).share.value,
    "copy_share": lambda p: library.memorisation(p.train, p.fake, p.real).copy_share.value,
}
