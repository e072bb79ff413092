"""One measured number with all that is needed to read it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

from ..core import LEVEL, Interval

EVERYTHING = "all"
"""The stratum of a score over all images."""


@dataclass(frozen=True)
class Score:
    """A metric's value on one extractor and one stratum, with its interval, or the reason why there is none.

    ``value`` is None exactly where the data cannot support a number; then ``reason`` says why. ``lo`` and
    ``hi`` may be None beside a value, where only the interval is out of reach; ``reason`` says that, too.
    ``n_real`` and ``n_synthetic`` are the images that entered, ``higher_is_better`` is None where neither is.
    """

    metric: str
    extractor: str
    value: float | None
    lo: float | None
    hi: float | None
    level: float
    method: str
    n_real: int
    n_synthetic: int
    stratum: str
    seed: int
    higher_is_better: bool | None
    reason: str | None = None

    def __post_init__(self) -> None:
        for number in (self.value, self.lo, self.hi):
            assert number is None or math.isfinite(number), f"{self.metric} is {number}"
        assert self.value is not None or self.reason, f"{self.metric} has neither a value nor a reason"


class Options(TypedDict):
    """Keywords that every interval takes."""

    level: float
    seed: int


@dataclass(frozen=True)
class Setting:
    """What the scores of one comparison share."""

    extractor: str = "array"
    level: float = LEVEL
    seed: int = 0

    @property
    def options(self) -> Options:
        """Return the keywords that every interval takes."""
        return {"level": self.level, "seed": self.seed}


def scored(
    metric: str,
    interval: Interval,
    counts: tuple[int, int],
    higher_is_better: bool | None,
    setting: Setting,
    stratum: str = EVERYTHING,
) -> Score:
    """Return the score that an interval makes."""
    return Score(
        metric, setting.extractor, interval.value, interval.lo, interval.hi, interval.level, interval.method,
        *counts, stratum, setting.seed, higher_is_better,
    )  # fmt: skip


def not_enough(
    metric: str,
    reason: str,
    counts: tuple[int, int],
    higher_is_better: bool | None,
    setting: Setting,
    stratum: str = EVERYTHING,
    value: float | None = None,
) -> Score:
    """Return the score of what cannot be known: null with its reason (or a value without an interval).

    >>> not_enough("coverage", "14 images in V-VI, 50 needed", (14, 300), True, Setting()).value
    """
    return Score(
        metric, setting.extractor, value, None, None, setting.level, "none",
        *counts, stratum, setting.seed, higher_is_better, reason,
    )  # fmt: skip


def too_few(counted: int, what: str, needed: int, stratum: str | None = None) -> str:
    """Say how many there are and how many are needed.

    >>> too_few(14, "images", 50, "V-VI")
    'not enough data: 14 images in V-VI, 50 needed'
    """
    where = f" in {stratum}" if stratum else ""
    return f"not enough data: {counted} {what}{where}, {needed} needed"
